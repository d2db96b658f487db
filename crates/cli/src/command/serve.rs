//! The server and the work on its database.

use crate::failure::Failure;
use crate::output;
use crate::session::Session;
use clap::Args;
use rolecall_server::{RecoverArgs, RestoreArgs};
use serde_json::json;
use std::path::PathBuf;

/// `backup`
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  rolecall backup rolecall-2030-01-31.db\n\nThe server goes on meanwhile. `rolecall restore` puts a backup back.\nThe key beside the database (its name with .key behind it, or ROLECALL_KEY) belongs to the backup:\nwithout it, sealed secrets cannot be read. Keep a copy of it, but in another place."
)]
pub struct Backup {
    /// The file to write; it must not be there yet
    file: PathBuf,
}

impl Backup {
    pub async fn run(self, session: &Session) -> Result<(), Failure> {
        let bytes = session.client.backup(&self.file).await?;
        let file = self.file.display().to_string();
        session.done(&json!({ "file": file, "bytes": bytes }), &format!("wrote {bytes} bytes to {file}"))
    }
}

/// `restore FILE`
pub async fn restore(args: &RestoreArgs) -> Result<(), Failure> {
    let path = rolecall_server::restore(args).await?;
    output::say(&format!("{} holds the backup {} now; start the server", path.display(), args.file.display()));
    Ok(())
}

/// `recover`
pub async fn recover(args: &RecoverArgs, format: output::Format) -> Result<(), Failure> {
    let done = rolecall_server::recover(args).await?;
    let token = done.token.expose();
    let told = json!({ "organization": done.organization, "subject": done.subject, "token": token, "link": done.link });
    let rows: &[output::Column] = &[
        ("organization", |one| output::text(one, "organization")),
        ("subject", |one| output::text(one, "subject")),
        ("token", |one| output::text(one, "token")),
        ("link", |one| output::text(one, "link")),
    ];
    output::item(format, &told, rows)?;
    if format == output::Format::Table {
        output::say(
            "this is an administrator now; token and link are shown only here. Start the server, then open the link \
             to choose a password: passwords count again, and a second factor of this account is gone",
        );
    }
    Ok(())
}

/// `openapi`
pub fn openapi() -> Result<(), Failure> {
    let document = rolecall_server::openapi().to_pretty_json().map_err(|error| Failure::failed(error.to_string()))?;
    output::print(&format!("{document}\n"))
}
