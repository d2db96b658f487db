//! Tokens from the command line: issued once, listed without their secret, revoked.

use super::noun::{Listing, Noun, Place, body, some};
use crate::failure::Failure;
use crate::output::{self, scope, text, time};
use crate::session::Session;
use crate::when::When;
use clap::{Args, Subcommand};
use reqwest::Method;
use rolecall_client::{Ask, segment};
use serde_json::{Value, json};

/// Tokens as people see them.
pub const TOKEN: Noun = Noun {
    word: "token",
    path: "/tokens",
    columns: &[
        ("KEY", |one| text(one, "key")),
        ("NAME", |one| text(one, "name")),
        ("KIND", |one| text(one, "kind")),
        ("SUBJECT", |one| text(one, "subject")),
        ("WHERE", scope),
        ("UNTIL", |one| time(one, "until")),
        ("LAST USED", |one| time(one, "last_used")),
    ],
    rows: &[
        ("key", |one| text(one, "key")),
        ("name", |one| text(one, "name")),
        ("kind", |one| text(one, "kind")),
        ("token", |one| text(one, "token")),
        ("subject", |one| text(one, "subject")),
        ("where", scope),
        ("actions", |one| text(one, "actions")),
        ("issued", |one| time(one, "issued")),
        ("until", |one| time(one, "until")),
        ("last used", |one| time(one, "last_used")),
    ],
};

/// `create token`
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  rolecall create token laptop --until 90d\n  rolecall create token ci --subject nightly-runner --project checkout --environment production\n  rolecall create token reader --action rolecall.access.check -o json"
)]
pub struct Create {
    /// What it is for, to tell it from others
    name: String,
    /// Whose it is: an email, client id or subject [default: oneself]
    #[arg(long, value_name = "WHO")]
    subject: Option<String>,
    #[command(flatten)]
    place: Place,
    /// An action that it may be used for, and no others; may be repeated
    #[arg(long = "action", value_name = "ACTION")]
    actions: Vec<String>,
    /// When it stops to count
    #[arg(long, value_name = "WHEN", value_parser = crate::when::future)]
    until: Option<When>,
}

/// `get token`
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  rolecall get token --subject nightly-runner")]
pub struct Get {
    /// One of them
    key: Option<String>,
    /// Only those of this user or application
    #[arg(long, value_name = "WHO")]
    subject: Option<String>,
    #[command(flatten)]
    listing: Listing,
}

/// `create secret`
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  rolecall create secret --application nightly-runner\n  rolecall create secret --application nightly-runner --name spring --until 90d"
)]
pub struct CreateSecret {
    /// Whose it is: a client id or any other identifier
    #[arg(long, value_name = "WHO")]
    application: String,
    /// What it is called, to tell it from others [default: client secret]
    #[arg(long)]
    name: Option<String>,
    /// When it stops to count
    #[arg(long, value_name = "WHEN", value_parser = crate::when::future)]
    until: Option<When>,
}

/// What can be rotated.
#[derive(Subcommand, Debug)]
pub enum Rotated {
    /// A token or client secret: a new one of the same reach, shown once
    #[command(
        after_help = "Examples:\n  rolecall rotate token KEY\n  rolecall rotate token KEY --overlap 1h\n\nDuring the overlap both count."
    )]
    Token(Rotate),
}

/// `rotate token`
#[derive(Args, Debug)]
pub struct Rotate {
    /// Which one, by its key
    key: String,
    /// For how long the old one goes on to count [default: it ends at once]
    #[arg(long, value_name = "SPAN", value_parser = crate::when::seconds)]
    overlap: Option<i64>,
}

/// Makes a change that issues a token and shows it.
async fn issue(session: &Session, ask: Ask) -> Result<(), Failure> {
    let Some(made) = session.change(ask).await? else { return Ok(()) };
    output::item(session.format, &made, TOKEN.rows)?;
    if session.format == output::Format::Table {
        output::say("the token is shown only now; keep it somewhere safe");
    }
    Ok(())
}

impl CreateSecret {
    pub async fn run(self, session: &Session) -> Result<(), Failure> {
        let fields = [("name", self.name.map(Value::from)), ("until", self.until.map(|when| json!(when.0)))];
        let path = format!("/applications/{}/secrets", segment(&self.application));
        issue(session, Ask::new(Method::POST, path).body(body(fields))).await
    }
}

impl Rotated {
    pub async fn run(self, session: &Session) -> Result<(), Failure> {
        let Rotated::Token(Rotate { key, overlap }) = self;
        let fields = [("overlap_seconds", overlap.map(Value::from))];
        issue(session, Ask::new(Method::POST, format!("{}/rotate", TOKEN.one(&key))).body(body(fields))).await
    }
}

impl Create {
    pub async fn run(self, session: &Session) -> Result<(), Failure> {
        let fields = [
            ("name", Some(json!(self.name))),
            ("subject", self.subject.map(Value::from)),
            ("project", self.place.project.map(Value::from)),
            ("environment", self.place.environment.map(Value::from)),
            ("actions", some(&self.actions)),
            ("until", self.until.map(|when| json!(when.0))),
        ];
        issue(session, Ask::new(Method::POST, TOKEN.path).body(body(fields))).await
    }
}

impl Get {
    pub async fn run(self, session: &Session) -> Result<(), Failure> {
        TOKEN
            .show(session, self.key.as_deref(), &self.listing, TOKEN.list().query("subject", self.subject.as_ref()))
            .await
    }
}
