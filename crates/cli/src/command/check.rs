//! Questions: may somebody, who may, where, what, and who am I.

use super::noun::{Place, body, moment};
use crate::failure::{DENIED, Failure};
use crate::output::{self, Format, place, text, verdict};
use crate::session::Session;
use clap::Args;
use reqwest::Method;
use rolecall_client::Ask;
use serde_json::{Value, json};
use std::process::ExitCode;

/// Who, what and where.
#[derive(Args, Debug)]
pub struct Question {
    /// Who: an email, subject, client id or any other identifier
    pub subject: String,
    /// What: an action
    pub action: String,
    #[command(flatten)]
    pub place: Place,
    /// As it was then: an instant, a date, a span such as 7d (ago), or revision:N
    #[arg(long, value_name = "WHEN", value_parser = moment)]
    pub at: Option<String>,
}

impl Question {
    /// A request that asks it.
    pub fn ask(&self, path: &str) -> Ask {
        let [project, environment] = self.place.fields();
        let body =
            body([("subject", Some(json!(self.subject))), ("action", Some(json!(self.action))), project, environment]);
        Ask::new(Method::POST, path).query("at", self.at.as_ref()).body(body)
    }
}

impl Place {
    /// The place as the wire has it.
    pub fn fields(&self) -> [(&'static str, Option<Value>); 2] {
        let value = |text: &Option<String>| text.as_ref().map(|text| json!(text));
        [("project", value(&self.project)), ("environment", value(&self.environment))]
    }

    /// A request narrowed to the place.
    fn narrow(&self, ask: Ask) -> Ask {
        ask.query("project", self.project.as_ref()).query("environment", self.environment.as_ref())
    }
}

/// The exit code of a verdict.
pub fn code(allowed: bool) -> ExitCode {
    if allowed { ExitCode::SUCCESS } else { ExitCode::from(DENIED) }
}

/// `check`
pub async fn check(session: &Session, question: &Question) -> Result<ExitCode, Failure> {
    let answer = session.client.ask(&question.ask("/check")).await?;
    let allowed = answer["allowed"] == Value::Bool(true);
    match session.format {
        Format::Table => output::print(&format!("{}\n", verdict(allowed)))?,
        format => output::data(format, &answer)?,
    }
    Ok(code(allowed))
}

/// `who-can`
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  rolecall who-can create_flyte_executions --project checkout --environment production"
)]
pub struct WhoCan {
    /// An action
    action: String,
    #[command(flatten)]
    place: Place,
    /// At most so many
    #[arg(long, value_name = "NUMBER")]
    limit: Option<usize>,
}

impl WhoCan {
    pub async fn run(self, session: &Session) -> Result<(), Failure> {
        let ask = self.place.narrow(Ask::new(Method::GET, "/who-can").query("action", Some(&self.action)));
        let items = session.client.list_up_to(ask, self.limit.unwrap_or(usize::MAX)).await?;
        let columns: &[output::Column] = &[
            ("KIND", |one| text(one, "kind")),
            ("SUBJECT", |one| text(one, "subject")),
            ("NAME", |one| text(one, "name")),
            ("KNOWN AS", |one| text(one, "identifier")),
        ];
        output::list(session.format, &items, columns, "nobody can")
    }
}

/// `where-can`
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  rolecall where-can grace@example.com create_flyte_executions")]
pub struct WhereCan {
    /// Who: an email, subject, client id or any other identifier
    subject: String,
    /// An action
    action: String,
}

impl WhereCan {
    pub async fn run(self, session: &Session) -> Result<(), Failure> {
        let ask = Ask::new(Method::GET, "/where-can")
            .query("subject", Some(&self.subject))
            .query("action", Some(&self.action));
        let answer = session.client.ask(&ask).await?;
        let scopes = answer["scopes"].as_array().cloned().unwrap_or_default();
        let columns: &[output::Column] =
            &[("PROJECT", |one| or_all(one, "project")), ("ENVIRONMENT", |one| or_all(one, "environment"))];
        output::list(session.format, &scopes, columns, "nowhere")
    }
}

fn or_all(scope: &Value, part: &str) -> String {
    match text(scope, part) {
        all if all.is_empty() => "*".to_owned(),
        one => one,
    }
}

/// `what-can`
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  rolecall what-can grace@example.com --project checkout --environment production")]
pub struct WhatCan {
    /// Who: an email, subject, client id or any other identifier
    subject: String,
    #[command(flatten)]
    place: Place,
}

impl WhatCan {
    pub async fn run(self, session: &Session) -> Result<(), Failure> {
        let ask = self.place.narrow(Ask::new(Method::GET, "/what-can").query("subject", Some(&self.subject)));
        let answer = session.client.ask(&ask).await?;
        let actions = answer["actions"].as_array().cloned().unwrap_or_default();
        match session.format {
            Format::Table => output::print(
                &actions.iter().filter_map(Value::as_str).map(|name| format!("{name}\n")).collect::<String>(),
            ),
            format => output::data(format, &Value::Array(actions)),
        }
    }
}

/// `whoami`
pub async fn whoami(session: &Session) -> Result<(), Failure> {
    let me = session.read("/me".to_owned()).await?;
    let rows: &[output::Column] = &[
        ("subject", |me| text(me, "subject")),
        ("name", |me| text(me, "name")),
        ("kind", |me| text(me, "kind")),
        ("email", |me| text(me, "email")),
        ("known as", |me| text(me, "identifier")),
        ("groups", |me| text(me, "groups")),
        ("organization", |me| text(me, "organization")),
        ("administrator", |me| if me["administrator"] == Value::Bool(true) { "yes".to_owned() } else { String::new() }),
        ("token", |me| {
            me.get("token").map(|token| format!("{} {}", text(token, "name"), text(token, "key"))).unwrap_or_default()
        }),
    ];
    output::item(session.format, &me, rows)
}

/// A question as a sentence.
pub fn sentence(allowed: bool, subject: &str, action: &str, scope: &Value) -> String {
    let may = if allowed { "may" } else { "may not" };
    format!("{subject} {may} {action} {}", place(scope))
}
