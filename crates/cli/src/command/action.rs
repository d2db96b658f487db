//! Actions from the command line.

use super::noun::{Listing, Noun, body, some};
use crate::failure::Failure;
use crate::output::text;
use crate::session::Session;
use clap::{Args, ValueEnum};
use serde_json::{Value, json};

/// Actions as people see them.
pub const ACTION: Noun = Noun {
    word: "action",
    path: "/actions",
    columns: &[
        ("NAME", |one| text(one, "name")),
        ("LEVEL", |one| text(one, "level")),
        ("CATEGORY", |one| text(one, "category")),
        ("TITLE", |one| text(one, "title")),
    ],
    rows: &[
        ("name", |one| text(one, "name")),
        ("title", |one| text(one, "title")),
        ("description", |one| text(one, "description")),
        ("level", |one| text(one, "level")),
        ("category", |one| text(one, "category")),
        ("includes", |one| text(one, "includes")),
        ("predefined", |one| text(one, "predefined")),
    ],
};

/// What an action is done to.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Level {
    /// The organization as a whole
    Organization,
    /// A project
    Project,
    /// A project in an environment
    Environment,
}

impl Level {
    const fn word(self) -> &'static str {
        match self {
            Level::Organization => "organization",
            Level::Project => "project",
            Level::Environment => "environment",
        }
    }
}

/// `create action`
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  rolecall create action report.read --level project --title \"Read reports\" --category Reports"
)]
pub struct Create {
    /// Its name, as programs ask for it
    name: String,
    /// What it is done to
    #[arg(long, value_enum)]
    level: Level,
    #[command(flatten)]
    words: Words,
}

/// What people read of an action, and what it includes.
#[derive(Args, Debug)]
pub struct Words {
    /// What people read
    #[arg(long)]
    title: Option<String>,
    /// What it lets one do
    #[arg(long)]
    description: Option<String>,
    /// Under what heading it stands
    #[arg(long)]
    category: Option<String>,
    /// An action that whoever may do this may do too; may be repeated
    #[arg(long = "include", value_name = "ACTION")]
    includes: Vec<String>,
}

impl Words {
    fn fields(self) -> [(&'static str, Option<Value>); 4] {
        [
            ("title", self.title.map(Value::from)),
            ("description", self.description.map(Value::from)),
            ("category", self.category.map(Value::from)),
            ("includes", some(&self.includes)),
        ]
    }
}

/// `get action`
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  rolecall get action\n  rolecall get action --category Executions\n  rolecall get action create_flyte_executions"
)]
pub struct Get {
    /// One of them
    name: Option<String>,
    /// Only those of this level
    #[arg(long, value_enum)]
    level: Option<Level>,
    /// Only those under this heading
    #[arg(long)]
    category: Option<String>,
    #[command(flatten)]
    listing: Listing,
}

/// `update action`
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  rolecall update action report.read --title \"Read and download reports\"")]
pub struct Update {
    /// Its name
    name: String,
    #[command(flatten)]
    words: Words,
}

impl Create {
    pub async fn run(self, session: &Session) -> Result<(), Failure> {
        let [title, description, category, includes] = self.words.fields();
        let fields = [
            ("name", Some(json!(self.name))),
            ("level", Some(json!(self.level.word()))),
            title,
            description,
            category,
            includes,
        ];
        ACTION.create(session, body(fields)).await
    }
}

impl Get {
    pub async fn run(self, session: &Session) -> Result<(), Failure> {
        let ask = ACTION.list().query("level", self.level.map(Level::word)).query("category", self.category.as_ref());
        ACTION.show(session, self.name.as_deref(), &self.listing, ask).await
    }
}

impl Update {
    pub async fn run(self, session: &Session) -> Result<(), Failure> {
        ACTION.patch(session, &self.name, body(self.words.fields())).await
    }
}
