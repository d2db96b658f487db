//! Tokens from the command line: issued once, listed without their secret, revoked.

use super::noun::{Listing, Noun, Place, body, some};
use crate::failure::Failure;
use crate::output::{self, scope, text, time};
use crate::session::Session;
use crate::when::When;
use clap::Args;
use reqwest::Method;
use rolecall_client::Ask;
use serde_json::{Value, json};

/// Tokens as people see them.
pub const TOKEN: Noun = Noun {
    word: "token",
    path: "/tokens",
    columns: &[
        ("KEY", |one| text(one, "key")),
        ("NAME", |one| text(one, "name")),
        ("SUBJECT", |one| text(one, "subject")),
        ("WHERE", scope),
        ("UNTIL", |one| time(one, "until")),
        ("LAST USED", |one| time(one, "last_used")),
    ],
    rows: &[
        ("key", |one| text(one, "key")),
        ("name", |one| text(one, "name")),
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
        let Some(made) = session.change(Ask::new(Method::POST, TOKEN.path).body(body(fields))).await? else {
            return Ok(());
        };
        output::item(session.format, &made, TOKEN.rows)?;
        if session.format == output::Format::Table {
            output::say("the token is shown only now; keep it somewhere safe");
        }
        Ok(())
    }
}

impl Get {
    pub async fn run(self, session: &Session) -> Result<(), Failure> {
        TOKEN
            .show(session, self.key.as_deref(), &self.listing, TOKEN.list().query("subject", self.subject.as_ref()))
            .await
    }
}
