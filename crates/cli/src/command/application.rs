//! Applications (Unleash: service accounts) from the command line.

use super::noun::{Listing, Noun, TermArgs, body, cleared, some};
use super::user::{holds, names, roles, state};
use crate::failure::Failure;
use crate::output::{self, text};
use crate::session::Session;
use clap::Args;
use reqwest::Method;
use rolecall_client::Ask;
use serde_json::{Value, json};

/// Applications as people see them.
pub const APPLICATION: Noun = Noun {
    word: "application",
    path: "/applications",
    columns: &[
        ("SUBJECT", |one| text(one, "subject")),
        ("NAME", |one| text(one, "name")),
        ("CLIENT ID", |one| text(one, "client_id")),
        ("POLICIES", holds),
        ("STATE", state),
    ],
    rows: &[
        ("subject", |one| text(one, "subject")),
        ("name", |one| text(one, "name")),
        ("client id", |one| text(one, "client_id")),
        ("client secret", |one| text(one, "client_secret")),
        ("description", |one| text(one, "description")),
        ("policies", |one| names(one, "policies", "policy")),
        ("roles", roles),
        ("state", state),
    ],
};

/// `create application`
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  rolecall create application \"Nightly runner\" --policy \"Team Prod Access\"\n  rolecall create application \"Deploy bot\" --policy Contributor -o json"
)]
pub struct Create {
    /// What people call it
    name: String,
    /// What it is for
    #[arg(long)]
    description: Option<String>,
    /// The id it signs in with; one is made unless given
    #[arg(long, value_name = "ID")]
    client_id: Option<String>,
    /// A policy to give; may be repeated
    #[arg(long = "policy", value_name = "NAME")]
    policies: Vec<String>,
    #[command(flatten)]
    terms: TermArgs,
}

/// `get application`
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  rolecall get application\n  rolecall get application nightly-runner -o yaml")]
pub struct Get {
    /// One of them: subject, client id or any other identifier
    subject: Option<String>,
    #[command(flatten)]
    listing: Listing,
}

/// `update application`
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  rolecall update application nightly-runner --disable")]
pub struct Update {
    /// Subject, client id or any other identifier
    subject: String,
    /// What people call it
    #[arg(long)]
    name: Option<String>,
    /// What it is for
    #[arg(long)]
    description: Option<String>,
    /// The id it signs in with; empty takes it away
    #[arg(long, value_name = "ID")]
    client_id: Option<String>,
    /// Nothing it holds counts any more
    #[arg(long, conflicts_with = "enable")]
    disable: bool,
    /// What it holds counts again
    #[arg(long)]
    enable: bool,
}

impl Create {
    pub async fn run(self, session: &Session) -> Result<(), Failure> {
        let fields = [
            ("name", Some(json!(self.name))),
            ("description", self.description.map(Value::from)),
            ("client_id", self.client_id.map(Value::from)),
            ("policies", some(&self.policies)),
            ("terms", self.terms.given()),
            ("secret", Some(json!(true))),
        ];
        let ask = Ask::new(Method::POST, APPLICATION.path).body(body(fields));
        let Some(made) = session.change(ask).await? else { return Ok(()) };
        output::item(session.format, &made, APPLICATION.rows)?;
        if session.format == output::Format::Table {
            output::say("the client secret is shown only now; keep it somewhere safe");
        }
        Ok(())
    }
}

impl Get {
    pub async fn run(self, session: &Session) -> Result<(), Failure> {
        APPLICATION.show(session, self.subject.as_deref(), &self.listing, APPLICATION.list()).await
    }
}

impl Update {
    pub async fn run(self, session: &Session) -> Result<(), Failure> {
        let active = (self.disable || self.enable).then_some(json!(self.enable));
        let fields = [
            ("name", self.name.map(Value::from)),
            ("description", self.description.map(Value::from)),
            ("client_id", cleared(self.client_id.as_ref())),
            ("active", active),
        ];
        APPLICATION.patch(session, &self.subject, body(fields)).await
    }
}
