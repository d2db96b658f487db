//! How many durable appends a second, beside bare `INSERT` commits of the same size with the same settings, taken in
//! turns so that a busy disk disturbs both alike.
//!
//! `cargo run --release -p rolecall-store --example append_rate [ROUNDS]`

use std::{path::Path, time::Instant};

use bytes::Bytes;
use rolecall_store::{
    Log, OpenOptions, OrganizationKey, OrganizationRow, Plain, Record, SqliteStore, Store, StoreError,
};
use sqlx::{
    ConnectOptions, Connection, Executor, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};

const SIZE: usize = 500;
const APPENDS: u64 = 200;
const GROUP: u64 = 16;
const ORG: OrganizationKey = OrganizationKey([1; 16]);

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let rounds = std::env::args().nth(1).map_or(Ok(10), |rounds| rounds.parse::<u32>())?;
    let folder = tempfile::tempdir()?;
    let mut bare = bare(&folder.path().join("bare.db")).await?;
    let store = SqliteStore::open(folder.path().join("rolecall.db"), OpenOptions::default()).await?;
    let row = OrganizationRow { key: ORG, name: "bench".into(), home: true, created_at: 0 };
    store.found(&row, &[], vec![]).await?;
    let (mut inserts, mut singles, mut groups) = (0.0, 0.0, 0.0);
    let mut head = 0;
    for _ in 0..rounds {
        let began = Instant::now();
        insert(&mut bare).await?;
        inserts += began.elapsed().as_secs_f64();
        let began = Instant::now();
        append(&store, &mut head, 1).await?;
        singles += began.elapsed().as_secs_f64();
        let began = Instant::now();
        append(&store, &mut head, GROUP).await?;
        groups += began.elapsed().as_secs_f64();
    }
    let commits = f64::from(rounds) * 200.0;
    println!("bare inserts            {:>9.0} a second", commits / inserts);
    println!("appends of one entry    {:>9.0} a second, {:.2} x bare", commits / singles, inserts / singles);
    let entries = commits * 16.0;
    println!("entries in groups of 16 {:>9.0} a second, {:.2} x single", entries / groups, 16.0 * singles / groups);
    store.close().await?;
    Ok(())
}

async fn bare(path: &Path) -> Result<SqliteConnection, sqlx::Error> {
    let mut connection = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .connect()
        .await?;
    connection.execute("CREATE TABLE bare (number INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT").await?;
    connection.ping().await?;
    Ok(connection)
}

async fn insert(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    for _ in 0..APPENDS {
        let body = vec![7u8; SIZE];
        sqlx::query("INSERT INTO bare (body) VALUES ($1)").bind(body).execute(&mut *connection).await?;
    }
    Ok(())
}

async fn append(store: &SqliteStore, head: &mut u64, group: u64) -> Result<(), StoreError> {
    for _ in 0..APPENDS {
        let records: Vec<Record> = (1..=group).map(|next| record(*head + next)).collect();
        store.append(ORG, *head, &records, vec![]).await?;
        *head += group;
    }
    Ok(())
}

fn record(revision: u64) -> Record {
    Record { revision, at: 0, hash: [7; 32], body: vec![Bytes::from(vec![7; SIZE])], subjects: vec![] }
}
