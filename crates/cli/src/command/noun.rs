//! What every noun's commands share: reading one or a list, changing, deleting.

use crate::failure::Failure;
use crate::output::{self, Column};
use crate::session::{Session, confirm};
use crate::when::{When, past};
use clap::Args;
use reqwest::Method;
use rolecall_client::{Ask, segment};
use serde_json::{Map, Value, json};

/// A noun of the API and how people see it.
pub struct Noun {
    /// Its word, such as `role`.
    pub word: &'static str,
    /// Its path, such as `/roles`.
    pub path: &'static str,
    /// The columns of a list.
    pub columns: &'static [Column],
    /// The lines of one.
    pub rows: &'static [Column],
}

/// How to list.
#[derive(Args, Clone, Debug, Default)]
pub struct Listing {
    /// Only those that have this text
    #[arg(long, value_name = "TEXT")]
    pub search: Option<String>,
    /// Sort by name, number, created or changed; a leading - turns it round
    #[arg(long, value_name = "KEY", allow_hyphen_values = true)]
    pub sort: Option<String>,
    /// At most so many
    #[arg(long, value_name = "NUMBER")]
    pub limit: Option<usize>,
    /// As it was then: an instant, a date, a span such as 7d (ago), or revision:N
    #[arg(long, value_name = "WHEN", value_parser = moment)]
    pub at: Option<String>,
}

/// A moment of the past as the server reads it.
pub fn moment(text: &str) -> Result<String, String> {
    if text.starts_with("revision:") {
        return Ok(text.to_owned());
    }
    past(text).map(|When(instant)| instant)
}

impl Noun {
    /// The path of one of them.
    pub fn one(&self, name: &str) -> String {
        format!("{}/{}", self.path, segment(name))
    }

    /// A request for the list.
    pub fn list(&self) -> Ask {
        Ask::new(Method::GET, self.path)
    }

    /// Prints one, or the list that a request asks for.
    pub async fn show(
        &self,
        session: &Session,
        name: Option<&str>,
        listing: &Listing,
        ask: Ask,
    ) -> Result<(), Failure> {
        let Some(name) = name else { return self.show_list(session, listing, ask).await };
        let ask = Ask::new(Method::GET, self.one(name)).query("at", listing.at.as_ref());
        output::item(session.format, &session.client.ask(&ask).await?, self.rows)
    }

    async fn show_list(&self, session: &Session, listing: &Listing, ask: Ask) -> Result<(), Failure> {
        let ask = ask
            .query("search", listing.search.as_ref())
            .query("sort", listing.sort.as_ref())
            .query("at", listing.at.as_ref());
        let items = session.client.list_up_to(ask, listing.limit.unwrap_or(usize::MAX)).await?;
        output::list(session.format, &items, self.columns, &format!("there is no {} to show", self.word))
    }

    /// Makes one.
    pub async fn create(&self, session: &Session, body: Value) -> Result<(), Failure> {
        session.make(Ask::new(Method::POST, self.path).body(body), |made| format!("created {}", self.named(made))).await
    }

    /// Changes one.
    pub async fn patch(&self, session: &Session, name: &str, body: Value) -> Result<(), Failure> {
        if body.as_object().is_some_and(Map::is_empty) {
            return Err(Failure::wrong_use(format!(
                "say what to change of the {}; --help lists what can be",
                self.word
            )));
        }
        session
            .make(Ask::new(Method::PATCH, self.one(name)).body(body), |made| format!("updated {}", self.named(made)))
            .await
    }

    /// Deletes one, after asking.
    pub async fn delete(&self, session: &Session, name: &str, yes: bool) -> Result<(), Failure> {
        confirm(yes || session.is_dry_run(), &format!("delete {} \"{}\"?", self.word, output::shown(name)))?;
        let ask = Ask::new(Method::DELETE, self.one(name));
        session.make(ask, |_| format!("deleted {} \"{}\"", self.word, output::shown(name))).await
    }

    /// A thing in a sentence: its word and name.
    pub fn named(&self, thing: &Value) -> String {
        let subject = match output::text(thing, "subject") {
            subject if subject.is_empty() => subject,
            subject => format!(" ({subject})"),
        };
        format!("{} \"{}\"{subject}", self.word, output::shown(&output::text(thing, "name")))
    }
}

/// A body of the fields that were given.
pub fn body<const N: usize>(fields: [(&str, Option<Value>); N]) -> Value {
    let given = fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(given.collect())
}

/// A text that was given; empty takes the value away.
pub fn cleared(text: Option<&String>) -> Option<Value> {
    text.map(|text| if text.is_empty() { Value::Null } else { json!(text) })
}

/// A list that has something in it.
pub fn some(items: &[String]) -> Option<Value> {
    (!items.is_empty()).then(|| json!(items))
}

/// Where something counts.
#[derive(Args, Clone, Debug, Default)]
pub struct Place {
    /// The project; all unless given
    #[arg(long, short, value_name = "NAME")]
    pub project: Option<String>,
    /// The environment (Union: domain); all unless given
    #[arg(long, short, visible_alias = "domain", value_name = "NAME")]
    pub environment: Option<String>,
}

impl Place {
    /// Whether neither part was given.
    pub const fn is_everywhere(&self) -> bool {
        self.project.is_none() && self.environment.is_none()
    }
}

/// On what terms something is given.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Terms")]
pub struct TermArgs {
    /// When it begins to count: an instant, a date, or a span from now such as 7d
    #[arg(long, value_name = "WHEN", value_parser = crate::when::future)]
    pub from: Option<When>,
    /// When it stops to count
    #[arg(long, value_name = "WHEN", value_parser = crate::when::future)]
    pub until: Option<When>,
    /// Why
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// Who approved it: an email or any other identifier
    #[arg(long, value_name = "WHO")]
    pub approver: Option<String>,
}

impl TermArgs {
    /// The terms as the wire has them.
    pub fn fields(&self) -> [(&'static str, Option<Value>); 4] {
        [
            ("from", self.from.as_ref().map(|when| json!(when.0))),
            ("until", self.until.as_ref().map(|when| json!(when.0))),
            ("reason", self.reason.as_ref().map(|text| json!(text))),
            ("approver", self.approver.as_ref().map(|text| json!(text))),
        ]
    }

    /// The terms, if any were given.
    pub fn given(&self) -> Option<Value> {
        Some(body(self.fields())).filter(|terms| terms.as_object().is_some_and(|terms| !terms.is_empty()))
    }
}
