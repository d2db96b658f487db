//! Imports a workload into a fresh database, starts again, asks every question of the workload's
//! oracle, and says how long each took and how much memory was used at most.
//!
//! `cargo run --release -p rolecall-service --example import_rate -- DATA.jsonl QUERIES.jsonl FOLDER`

use bytes::Bytes;
use rolecall_model::catalog::{Catalog, builtin};
use rolecall_service::{Ctx, FirstStart, Options, Request, Service, access, import};
use rolecall_store::{OpenOptions, SqliteStore};
use std::error::Error;
use std::io::{BufRead, Read};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

const TOKEN: &str = "a-token-for-measuring";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().collect();
    let [_, data, queries, folder] = args.as_slice() else {
        return Err("usage: import_rate DATA.jsonl QUERIES.jsonl FOLDER".into());
    };
    let database = Path::new(folder).join("import_rate.db");
    let service = open(&database).await?;
    let catalog = Catalog::read(builtin("none").ok_or("no catalog")?)?;
    let start = FirstStart {
        organization: "measured".to_owned(),
        title: String::new(),
        catalog: Arc::new(catalog),
        admin_email: None,
        admin_password: None,
        admin_token: Some(TOKEN.to_owned()),
    };
    service.first_start(start).await?;
    let ctx = enter(&service).await?;
    let begin = Instant::now();
    let file = std::fs::File::open(data)?;
    let pieces = futures::stream::unfold(file, |mut file| async move {
        let mut piece = vec![0; 1 << 16];
        match file.read(&mut piece) {
            Ok(0) => None,
            Ok(count) => {
                piece.truncate(count);
                Some((Ok(Bytes::from(piece)), file))
            }
            Err(error) => Some((Err(error), file)),
        }
    });
    let done = import(&ctx, pieces).await?;
    println!("imported revision {} in {:.1?}, peak {} MiB", done.revision, begin.elapsed(), peak());
    drop((ctx, done));
    let begin = Instant::now();
    service.close().await;
    println!("closed in {:.1?}, peak {} MiB", begin.elapsed(), peak());
    drop(service);
    let begin = Instant::now();
    let service = open(&database).await?;
    let ctx = enter(&service).await?;
    println!("started in {:.1?}, peak {} MiB", begin.elapsed(), peak());
    let (mut right, mut wrong) = (0, 0);
    for line in std::io::BufReader::new(std::fs::File::open(queries)?).lines() {
        let query: serde_json::Value = serde_json::from_str(&line?)?;
        let text = |name: &str| query[name].as_str().unwrap_or_default();
        let place = access::place(ctx.org(), Some(text("project")), Some(text("environment")));
        let allowed = access::check(&ctx, text("subject"), text("action"), place)?;
        if Some(allowed) == query["allow"].as_bool() { right += 1 } else { wrong += 1 }
    }
    println!("{right} right, {wrong} wrong; index takes about {} MiB", ctx.index().heap_bytes() >> 20);
    service.close().await;
    Ok(())
}

async fn open(database: &Path) -> Result<Service, Box<dyn Error>> {
    let store = SqliteStore::open(database, OpenOptions::default()).await?;
    Ok(Service::open(Arc::new(store), Options::default()).await?)
}

async fn enter(service: &Service) -> Result<Ctx, Box<dyn Error>> {
    let request = Request {
        credential: Some(TOKEN),
        facade: "example",
        request_id: "",
        idempotency_key: None,
        if_match: None,
        dry_run: false,
        at_least: None,
        at: None,
    };
    Ok(service.enter(request).await?)
}

/// The largest resident memory so far, in MiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|text| text.trim().trim_end_matches(" kB").trim().parse::<u64>().ok()).unwrap_or(0) / 1024
}
