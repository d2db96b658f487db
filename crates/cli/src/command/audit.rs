//! The audit: who did what, when.

use super::noun::moment;
use crate::failure::Failure;
use crate::output::{self, Column, text, time};
use crate::session::Session;
use clap::Args;
use reqwest::Method;
use rolecall_client::Ask;
use serde_json::Value;

/// `audit`
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  rolecall audit --since 7d\n  rolecall audit --actor ada@example.com --noun policy\n  rolecall audit --text \"Team Prod Access\" --limit 20 -o json\n  rolecall audit --verify"
)]
pub struct Audit {
    /// Only what this one did
    #[arg(long, value_name = "WHO")]
    actor: Option<String>,
    /// Only what concerns this noun, such as role or assignment
    #[arg(long)]
    noun: Option<String>,
    /// Only from then on: an instant, a date, or a span such as 7d (ago)
    #[arg(long, value_name = "WHEN", value_parser = moment)]
    since: Option<String>,
    /// Only before then
    #[arg(long, value_name = "WHEN", value_parser = moment)]
    until: Option<String>,
    /// Only what has this text
    #[arg(long)]
    text: Option<String>,
    /// At most so many, newest first
    #[arg(long, value_name = "NUMBER", default_value = "100")]
    limit: usize,
    /// Check that the whole history is as it was written
    #[arg(long)]
    verify: bool,
}

const COLUMNS: &[Column] = &[
    ("WHEN", |one| time(one, "at")),
    ("REVISION", |one| text(one, "revision")),
    ("WHO", |one| first(one, &["actor_name", "actor"])),
    ("HOW", |one| text(one, "facade")),
    ("WHAT", what),
];

fn first(value: &Value, fields: &[&str]) -> String {
    fields.iter().map(|field| text(value, field)).find(|text| !text.is_empty()).unwrap_or_default()
}

/// What happened in a few words: the changes of an entry, or what an event says.
fn what(item: &Value) -> String {
    let changes = item.get("changes").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let said: Vec<String> = changes.iter().take(3).map(change).collect();
    match changes.len() {
        0 => first(item, &["message", "event"]),
        1..=3 => said.join("; "),
        many => format!("{}; … ({many} in all)", said.join("; ")),
    }
}

fn change(change: &Value) -> String {
    let words = [text(change, "noun"), text(change, "happened"), first(change, &["name", "subject"])];
    words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

impl Audit {
    pub async fn run(self, session: &Session) -> Result<(), Failure> {
        if self.verify {
            return verify(session).await;
        }
        let ask = Ask::new(Method::GET, "/history")
            .query("actor", self.actor.as_ref())
            .query("noun", self.noun.as_deref().map(noun));
        let ask = ask
            .query("since", self.since.as_ref())
            .query("until", self.until.as_ref())
            .query("text", self.text.as_ref());
        let items = session.client.list_up_to(ask, self.limit).await?;
        output::list(session.format, &items, COLUMNS, "nothing happened")
    }
}

/// The history knows users and applications as principals.
fn noun(word: &str) -> &str {
    if matches!(word, "user" | "application" | "member") { "principal" } else { word }
}

async fn verify(session: &Session) -> Result<(), Failure> {
    let verified = session.read("/history/verify".to_owned()).await?;
    session.done(
        &verified,
        &format!(
            "the history is whole: {} entries, {} events; its head is {}",
            text(&verified, "entries"),
            text(&verified, "events"),
            text(&verified, "head")
        ),
    )
}
