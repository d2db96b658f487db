//! Measures an import and a start at size: how long they take, how much memory, and whether small
//! changes wait while a checkpoint is written.
//!
//! `import_peak import FILE DATABASE` loads a workload into a new database; `import_peak start
//! DATABASE` opens it again, in a process of its own.

use bytes::Bytes;
use rolecall_model::Command;
use rolecall_model::catalog::{Catalog, builtin};
use rolecall_model::project::{NewProject, ProjectCommand};
use rolecall_service::{Ctx, FirstStart, Options, Request, Service, execute, import};
use rolecall_store::{OpenOptions, SqliteStore};
use std::error::Error;
use std::io::Read;
use std::sync::Arc;
use std::time::Instant;

const TOKEN: &str = "a-token-for-measuring";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["import", file, database] => load(file, database).await,
        ["start", database] => start(database).await,
        _ => Err("usage: import_peak import FILE DATABASE | start DATABASE".into()),
    }
}

async fn load(file: &str, database: &str) -> Result<(), Box<dyn Error>> {
    let service = open(database).await?;
    let catalog = Catalog::read(builtin("none").ok_or("no catalog")?).map_err(|_| "the catalog is broken")?;
    let (organization, admin_token) = ("measured".to_owned(), Some(TOKEN.to_owned()));
    let first = FirstStart {
        organization,
        title: String::new(),
        catalog: Arc::new(catalog),
        admin_email: None,
        admin_password: None,
        admin_token,
    };
    service.first_start(first).await?;
    let ctx = enter(&service).await?;
    let (mut file, began) = (std::fs::File::open(file)?, Instant::now());
    let pieces = std::iter::from_fn(move || {
        let mut piece = vec![0; 1 << 18];
        match file.read(&mut piece) {
            Ok(0) => None,
            Ok(count) => {
                piece.truncate(count);
                Some(Ok(Bytes::from(piece)))
            }
            Err(error) => Some(Err(error)),
        }
    });
    let done = import(&ctx, futures::stream::iter(pieces)).await?;
    say("imported", began);
    drop(done);
    // The checkpoint is being written now.
    let mut slowest = std::time::Duration::ZERO;
    for number in 0..50 {
        let ctx = enter(&service).await?;
        let began = Instant::now();
        execute(&ctx, project(number)).await?;
        slowest = slowest.max(began.elapsed());
    }
    println!("slowest of 50 changes beside the checkpoint: {slowest:?}");
    let began = Instant::now();
    drop(ctx);
    service.close().await;
    say("closed", began);
    Ok(())
}

async fn start(database: &str) -> Result<(), Box<dyn Error>> {
    let began = Instant::now();
    let service = open(database).await?;
    let ctx = enter(&service).await?;
    say("started", began);
    println!("{} users at revision {}", ctx.org().user_count(), ctx.revision());
    drop(ctx);
    service.close().await;
    Ok(())
}

async fn open(database: &str) -> Result<Service, Box<dyn Error>> {
    let store = SqliteStore::open(database, OpenOptions::default()).await?;
    Ok(Service::open(Arc::new(store), Options::default()).await?)
}

async fn enter(service: &Service) -> Result<Ctx, rolecall_service::Error> {
    let request = Request {
        credential: Some(TOKEN),
        facade: "measure",
        request_id: "",
        idempotency_key: None,
        if_match: None,
        dry_run: false,
        at_least: None,
        at: None,
    };
    service.enter(request).await
}

fn project(number: u32) -> Command {
    let name = format!("beside-{number}");
    let (title, description) = (String::new(), String::new());
    ProjectCommand::Create(NewProject { name, title, description, attributes: serde_json::Map::new() }).into()
}

fn say(what: &str, began: Instant) {
    println!("{what} in {:.1?}, peak {}", began.elapsed(), peak().unwrap_or_default());
}

/// The most memory this process ever had, as Linux counts it.
fn peak() -> Option<String> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().to_owned())
}
