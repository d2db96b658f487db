//! Projects from the command line: they are archived and restored, too.

use super::noun::{Listing, Noun, body};
use crate::failure::Failure;
use crate::output::text;
use crate::session::Session;
use clap::{Args, ValueEnum};
use reqwest::Method;
use rolecall_client::Ask;
use serde_json::{Value, json};

/// Projects as people see them.
pub const PROJECT: Noun = Noun {
    word: "project",
    path: "/projects",
    columns: &[
        ("NAME", |one| text(one, "name")),
        ("TITLE", |one| text(one, "title")),
        ("STATE", state),
        ("DESCRIPTION", |one| text(one, "description")),
    ],
    rows: &[
        ("name", |one| text(one, "name")),
        ("title", |one| text(one, "title")),
        ("description", |one| text(one, "description")),
        ("state", state),
        ("number", |one| text(one, "number")),
    ],
};

fn state(project: &Value) -> String {
    let is = |field: &str| project.get(field) == Some(&Value::Bool(true));
    match (is("archived"), is("named_only")) {
        (true, _) => "archived".to_owned(),
        (_, true) => "named, not created".to_owned(),
        _ => String::new(),
    }
}

/// `create project`
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  rolecall create project checkout --title \"Checkout\" --description \"Takes payments\""
)]
pub struct Create {
    /// Its name, which never changes
    name: String,
    /// What people read
    #[arg(long)]
    title: Option<String>,
    /// What it is for
    #[arg(long)]
    description: Option<String>,
}

/// Which projects to list.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Archived {
    /// Only archived ones
    Only,
    /// Those too
    Also,
}

/// `get project`
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  rolecall get project\n  rolecall get project --archived only")]
pub struct Get {
    /// One of them
    name: Option<String>,
    /// Archived projects too, or only those
    #[arg(long, value_enum, num_args = 0..=1, default_missing_value = "also", value_name = "WHICH")]
    archived: Option<Archived>,
    #[command(flatten)]
    listing: Listing,
}

/// `update project`
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  rolecall update project checkout --description \"Takes payments and refunds\"")]
pub struct Update {
    /// Its name
    name: String,
    /// What people read
    #[arg(long)]
    title: Option<String>,
    /// What it is for
    #[arg(long)]
    description: Option<String>,
}

impl Create {
    pub async fn run(self, session: &Session) -> Result<(), Failure> {
        let fields = [
            ("name", Some(json!(self.name))),
            ("title", self.title.map(Value::from)),
            ("description", self.description.map(Value::from)),
        ];
        PROJECT.create(session, body(fields)).await
    }
}

impl Get {
    pub async fn run(self, session: &Session) -> Result<(), Failure> {
        let archived = self.archived.map(|which| match which {
            Archived::Only => "true",
            Archived::Also => "any",
        });
        PROJECT.show(session, self.name.as_deref(), &self.listing, PROJECT.list().query("archived", archived)).await
    }
}

impl Update {
    pub async fn run(self, session: &Session) -> Result<(), Failure> {
        let fields = [("title", self.title.map(Value::from)), ("description", self.description.map(Value::from))];
        PROJECT.patch(session, &self.name, body(fields)).await
    }
}

/// Hides a project and refuses new grants there, or takes that back.
pub async fn archive(session: &Session, name: &str, archived: bool) -> Result<(), Failure> {
    let (verb, done) = if archived { ("archive", "archived") } else { ("restore", "restored") };
    let ask = Ask::new(Method::POST, format!("{}/{verb}", PROJECT.one(name)));
    session.make(ask, |_| format!("{done} project \"{name}\"")).await
}
