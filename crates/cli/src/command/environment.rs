//! Environments (Union: domains) from the command line.

use super::noun::{Listing, Noun, body, cleared};
use crate::failure::Failure;
use crate::output::{self, text};
use crate::session::Session;
use clap::Args;
use reqwest::Method;
use rolecall_client::Ask;
use serde_json::{Value, json};

/// Environments as people see them.
pub const ENVIRONMENT: Noun = Noun {
    word: "environment",
    path: "/environments",
    columns: &[("NAME", |one| text(one, "name")), ("TITLE", |one| text(one, "title"))],
    rows: &[
        ("name", |one| text(one, "name")),
        ("title", |one| text(one, "title")),
        ("number", |one| text(one, "number")),
    ],
};

/// `create environment`
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  rolecall create environment canary --title \"Canary\"")]
pub struct Create {
    /// Its name, which never changes
    name: String,
    /// What people read
    #[arg(long)]
    title: Option<String>,
}

/// `get environment`
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  rolecall get environment")]
pub struct Get {
    /// One of them
    name: Option<String>,
    #[command(flatten)]
    listing: Listing,
}

/// `update environment`
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  rolecall update environment canary --title \"Canary (5%)\"\n  rolecall update environment --order development,staging,canary,production"
)]
pub struct Update {
    /// Its name
    #[arg(required_unless_present = "order")]
    name: Option<String>,
    /// What people read
    #[arg(long)]
    title: Option<String>,
    /// All environments in their new order, separated by commas
    #[arg(long, value_delimiter = ',', conflicts_with_all = ["name", "title"], value_name = "NAMES")]
    order: Vec<String>,
}

impl Create {
    pub async fn run(self, session: &Session) -> Result<(), Failure> {
        let body = body([("name", Some(json!(self.name))), ("title", self.title.map(|title| json!(title)))]);
        ENVIRONMENT.create(session, body).await
    }
}

impl Get {
    pub async fn run(self, session: &Session) -> Result<(), Failure> {
        if self.name.is_some() || self.listing.sort.is_some() {
            return ENVIRONMENT.show(session, self.name.as_deref(), &self.listing, ENVIRONMENT.list()).await;
        }
        let mut items = in_order(
            session,
            ENVIRONMENT.list().query("search", self.listing.search.as_ref()).query("at", self.listing.at.as_ref()),
        )
        .await?;
        items.truncate(self.listing.limit.unwrap_or(usize::MAX));
        output::list(session.format, &items, ENVIRONMENT.columns, "there is no environment to show")
    }
}

/// Environments in the order that their organization gives them, not in that of their making.
pub async fn in_order(session: &Session, ask: Ask) -> Result<Vec<Value>, Failure> {
    let mut items = session.client.list(ask).await?;
    items.sort_by_key(|one| one["position"].as_u64());
    Ok(items)
}

impl Update {
    pub async fn run(self, session: &Session) -> Result<(), Failure> {
        let Some(name) = self.name else {
            let ask = Ask::new(Method::PUT, "/environments/order").body(json!({ "environments": self.order }));
            return session.make(ask, |_| "the environments have a new order".to_owned()).await;
        };
        ENVIRONMENT.patch(session, &name, body([("title", cleared(self.title.as_ref()))])).await
    }
}
