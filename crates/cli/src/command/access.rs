//! Every right of somebody, with where each comes from.

use super::explain::source_line;
use super::noun::moment;
use crate::failure::Failure;
use crate::output::{self, Column, scope, text};
use crate::session::Session;
use clap::Args;
use reqwest::Method;
use rolecall_client::{Ask, segment};
use serde_json::Value;

/// `access`
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  rolecall access grace@example.com")]
pub struct Access {
    /// Who: an email, subject, client id or any other identifier
    subject: String,
    /// As it was then: an instant, a date, a span such as 7d (ago), or revision:N
    #[arg(long, value_name = "WHEN", value_parser = moment)]
    at: Option<String>,
}

const COLUMNS: &[Column] = &[("ACTION", |right| text(right, "action")), ("WHERE", scope), ("THROUGH", sources)];

fn sources(right: &Value) -> String {
    let sources = right.get("sources").and_then(Value::as_array).into_iter().flatten();
    let mut lines: Vec<String> = sources.map(source_line).collect();
    // Several permits of one role may give the same right.
    lines.dedup();
    lines.join("\n")
}

impl Access {
    pub async fn run(self, session: &Session) -> Result<(), Failure> {
        let path = format!("/subjects/{}/access", segment(&self.subject));
        let answer = session.client.ask(&Ask::new(Method::GET, path).query("at", self.at.as_ref())).await?;
        if session.format != output::Format::Table {
            return output::data(session.format, &answer);
        }
        let rights = answer["rights"].as_array().cloned().unwrap_or_default();
        output::list(session.format, &rights, COLUMNS, "no rights at all")
    }
}
