//! Work on the database itself, with the server stopped: recovery and restoring a backup.

use crate::settings::{DEFAULT_DATABASE, database};
use clap::Args;
use rolecall_service::recover::Recovered;
use rolecall_store::{OpenOptions, SqliteStore, Store};
use std::path::PathBuf;

/// What `rolecall recover` can be told.
#[derive(Args, Clone, Debug)]
pub struct RecoverArgs {
    /// The database
    #[arg(long, env = "ROLECALL_DATABASE", default_value = DEFAULT_DATABASE, value_name = "URL")]
    pub database: String,
    /// The organization; the home one unless named
    #[arg(long, value_name = "NAME")]
    pub organization: Option<String>,
    /// Whose address shall be an administrator; without it an application is made
    #[arg(long, value_name = "EMAIL")]
    pub email: Option<String>,
}

/// What `rolecall restore` can be told.
#[derive(Args, Clone, Debug)]
pub struct RestoreArgs {
    /// The backup
    pub file: PathBuf,
    /// The database to put in its place; one that is there is kept aside
    #[arg(long, env = "ROLECALL_DATABASE", default_value = DEFAULT_DATABASE, value_name = "URL")]
    pub database: String,
}

/// Makes an administrator again. The server must be stopped.
///
/// # Errors
/// When the server runs on that database, or the organization is not there.
pub async fn recover(args: &RecoverArgs) -> anyhow::Result<Recovered> {
    let path = database(&args.database)?;
    if !path.exists() {
        anyhow::bail!("there is no database at {}; name it with --database", path.display());
    }
    let store = SqliteStore::open(&path, OpenOptions::default()).await?;
    let recovered =
        rolecall_service::recover::recover(&store, args.organization.as_deref(), args.email.as_deref()).await;
    store.close().await?;
    Ok(recovered?)
}

/// Puts a backup in the database's place. The server must be stopped.
///
/// # Errors
/// When the server runs on that database, or the file is not a whole backup.
pub async fn restore(args: &RestoreArgs) -> anyhow::Result<PathBuf> {
    let path = database(&args.database)?;
    rolecall_store::restore(&args.file, &path).await?;
    Ok(path)
}
