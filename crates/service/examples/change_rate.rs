//! How many durable changes a second come through the service, from one client and from sixteen at
//! once, beside bare `INSERT` commits of the same size in a database with the same settings, taken
//! in turns so that a busy disk disturbs all alike.
//!
//! `cargo run --release -p rolecall-service --example change_rate -- FOLDER [ROUNDS]`

use rolecall_model::Command;
use rolecall_model::catalog::{Catalog, builtin};
use rolecall_model::project::{NewProject, ProjectCommand};
use rolecall_service::{Ctx, FirstStart, Options, Request, Service, execute};
use rolecall_store::{Log, OpenOptions, OrganizationKey, SqliteStore};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Executor, SqliteConnection};
use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

const TOKEN: &str = "a-token-for-measuring";
/// Changes of one client in a round.
const CHANGES: u64 = 100;
const CLIENTS: u64 = 16;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

#[tokio::main]
async fn main() -> Outcome<()> {
    let mut words = std::env::args().skip(1);
    let folder = words.next().ok_or("usage: change_rate FOLDER [ROUNDS]")?;
    let rounds = words.next().map_or(Ok(10), |rounds| rounds.parse::<u64>())?;
    let store = Arc::new(SqliteStore::open(Path::new(&folder).join("changes.db"), OpenOptions::default()).await?);
    let service = Service::open(Arc::<SqliteStore>::clone(&store), Options::default()).await?;
    let key = found(&service).await?;
    let count = AtomicU64::new(0);
    changes(&service, &count, 1).await?;
    let size = store.record(key, enter(&service).await?.revision()).await?.map_or(0, |record| record.size());
    println!("an entry has {size} bytes");
    let mut bare = bare(&Path::new(&folder).join("bare.db")).await?;
    let mut spent = [Duration::ZERO; 3];
    for _ in 0..rounds {
        let began = Instant::now();
        for _ in 0..CHANGES {
            sqlx::query("INSERT INTO bare (body) VALUES ($1)").bind(vec![7_u8; size]).execute(&mut bare).await?;
        }
        spent[0] += began.elapsed();
        let began = Instant::now();
        changes(&service, &count, 1).await?;
        spent[1] += began.elapsed();
        let began = Instant::now();
        changes(&service, &count, CLIENTS).await?;
        spent[2] += began.elapsed();
    }
    let rate =
        |changes: u64, spent: Duration| f64::from(u32::try_from(rounds * changes).unwrap_or(0)) / spent.as_secs_f64();
    let [bare, one, many] = [rate(CHANGES, spent[0]), rate(CHANGES, spent[1]), rate(CHANGES * CLIENTS, spent[2])];
    println!("bare inserts    {bare:>9.0} a second");
    println!("one client      {one:>9.0} a second, {:.2} x bare", one / bare);
    println!("sixteen clients {many:>9.0} a second, {:.2} x one", many / one);
    service.close().await;
    Ok(())
}

/// Lets so many clients make their changes at the same time, each waiting for its answer.
async fn changes(service: &Service, count: &AtomicU64, clients: u64) -> Outcome<()> {
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..clients {
        let first = count.fetch_add(CHANGES, Ordering::Relaxed);
        let service = service.clone();
        tasks.spawn(async move {
            for number in first..first + CHANGES {
                execute(&enter(&service).await?, project(number)).await?;
            }
            Outcome::Ok(())
        });
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    Ok(())
}

async fn found(service: &Service) -> Outcome<OrganizationKey> {
    let catalog = Catalog::read(builtin("none").ok_or("no catalog")?).map_err(|_| "the catalog is broken")?;
    let start = FirstStart {
        organization: "measured".to_owned(),
        title: String::new(),
        catalog: Arc::new(catalog),
        admin_email: None,
        admin_password: None,
        admin_token: Some(TOKEN.to_owned()),
    };
    Ok(OrganizationKey(service.first_start(start).await?.organization.bytes()))
}

async fn bare(path: &Path) -> Outcome<SqliteConnection> {
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
    let options = options.journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Full);
    let mut connection = options.connect().await?;
    connection.execute("CREATE TABLE bare (number INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT").await?;
    Ok(connection)
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

fn project(number: u64) -> Command {
    let name = format!("project-{number}");
    let (title, description) = (String::new(), String::new());
    ProjectCommand::Create(NewProject { name, title, description, attributes: serde_json::Map::new() }).into()
}
