//! Members: users and applications in one list, as Union shows them.

use super::application::APPLICATION;
use super::noun::{Listing, Noun};
use super::user::{USER, holds, state};
use crate::failure::Failure;
use crate::output::{self, Column, text};
use crate::session::Session;
use clap::Args;
use serde_json::{Value, json};

const COLUMNS: &[Column] = &[
    ("KIND", |one| text(one, "kind")),
    ("SUBJECT", |one| text(one, "subject")),
    ("NAME", |one| text(one, "name")),
    ("KNOWN AS", known_as),
    ("POLICIES", holds),
    ("STATE", state),
];

fn known_as(member: &Value) -> String {
    let names = ["email", "client_id", "username", "external_id"].map(|field| text(member, field));
    names.into_iter().find(|name| !name.is_empty()).unwrap_or_default()
}

/// `get member`
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  rolecall get member")]
pub struct Get {
    #[command(flatten)]
    listing: Listing,
}

impl Get {
    pub async fn run(self, session: &Session) -> Result<(), Failure> {
        let mut members = self.some(session, &USER, usize::MAX).await?;
        let rest = self.listing.limit.unwrap_or(usize::MAX).saturating_sub(members.len());
        if rest > 0 {
            members.extend(self.some(session, &APPLICATION, rest).await?);
        }
        output::list(session.format, &members, COLUMNS, "there is no member to show")
    }

    async fn some(&self, session: &Session, noun: &Noun, most: usize) -> Result<Vec<Value>, Failure> {
        let listing = &self.listing;
        let ask = noun
            .list()
            .query("search", listing.search.as_ref())
            .query("sort", listing.sort.as_ref())
            .query("at", listing.at.as_ref());
        let mut items = session.client.list_up_to(ask, most.min(listing.limit.unwrap_or(usize::MAX))).await?;
        for item in &mut items {
            item["kind"] = json!(noun.word);
        }
        Ok(items)
    }
}
