//! Work on the database itself, with the server stopped: recovery and restoring a backup.

use crate::key;
use crate::settings::{DEFAULT_DATABASE, database, seal_key};
use clap::Args;
use rolecall_service::recover::{Recovered, Wanted};
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
    /// The address by which browsers reach the server, for the link to choose a password
    #[arg(long, env = "ROLECALL_PUBLIC_URL", value_name = "URL", default_value = "http://127.0.0.1:7400")]
    pub public_url: String,
    #[arg(long, env = "ROLECALL_KEY", hide = true, hide_env_values = true)]
    key: Option<String>,
    #[arg(long, env = "ROLECALL_KEY_FILE", hide = true)]
    key_file: Option<PathBuf>,
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
    // Whoever has lost the key too is helped all the same: the token needs none.
    let key = match seal_key(args.key.clone(), args.key_file.as_deref()) {
        Ok(given) => {
            key::of(&store, given).await.inspect_err(|error| tracing::warn!(%error, "there will be no link")).ok()
        }
        Err(error) => {
            tracing::warn!(%error, "there will be no link");
            None
        }
    };
    let wanted = Wanted {
        organization: args.organization.as_deref(),
        email: args.email.as_deref(),
        public_url: args.public_url.trim_end_matches('/'),
        key: key.as_deref(),
    };
    let recovered = rolecall_service::recover::recover(&store, &wanted).await;
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
