//! Why somebody may do something, drawn as paths; or what comes nearest, and who could grant it.

use super::check::{Question, code, sentence};
use crate::failure::Failure;
use crate::output::{self, Format, place, scope, shown, text, verdict};
use crate::session::Session;
use serde_json::Value;
use std::fmt::Write;
use std::process::ExitCode;

/// `explain`
pub async fn explain(session: &Session, question: &Question) -> Result<ExitCode, Failure> {
    let answer = session.client.ask(&question.ask("/explain")).await?;
    let allowed = answer["allowed"] == Value::Bool(true);
    match session.format {
        Format::Table => output::print(&drawn(question, &answer, allowed))?,
        format => output::data(format, &answer)?,
    }
    Ok(code(allowed))
}

fn drawn(question: &Question, answer: &Value, allowed: bool) -> String {
    let asked = super::body(question.place.fields());
    let mut text = format!("{}: {}\n", verdict(allowed), shown(&sentence(allowed, &question.subject, &question.action, &asked)));
    let items = |field: &str| answer.get(field).and_then(Value::as_array).cloned().unwrap_or_default();
    for path in items("paths") {
        text += "\n";
        text += &tree(&question.subject, &steps(&path));
    }
    if allowed {
        return text;
    }
    if answer["inactive"] == Value::Bool(true) {
        let _written = writeln!(text, "\n{} is disabled, so nothing it holds counts.", shown(&question.subject));
    }
    let misses = items("misses");
    if misses.is_empty() && answer["inactive"] != Value::Bool(true) {
        text += "\nNothing comes near: no role that reaches them permits it anywhere.\n";
    }
    for (index, miss) in misses.iter().enumerate() {
        text += if index == 0 { "\nnearest misses:\n" } else { "" };
        text += &nearest(&question.subject, miss);
    }
    if answer["capped"] == Value::Bool(true) {
        text += "\nThere are more than these.\n";
    }
    text
}

/// A chain as a tree: each step below what it hangs on.
fn tree(subject: &str, steps: &[String]) -> String {
    let mut lines = format!("{}\n", shown(subject));
    for (depth, step) in steps.iter().enumerate() {
        let _written = writeln!(lines, "{}└─ {}", "   ".repeat(depth), shown(step));
    }
    lines
}

/// The steps of a path, from the subject to the permit.
fn steps(path: &Value) -> Vec<String> {
    let mut steps = Vec::new();
    match text(path, "via").as_str() {
        "group" => steps.push(format!("group {}{}", text(path, "holder_name"), terms(&path["membership"]))),
        "everyone" => steps.push("everyone".to_owned()),
        _ => {}
    }
    let role = format!("role {} ({})", text(path, "role"), scope(path));
    let given = given(path);
    match text(path, "policy") {
        policy if policy.is_empty() => steps.push(format!("{role}{given}")),
        policy => steps.extend([format!("policy {policy}{given}"), role]),
    }
    steps.extend(permit(path));
    steps
}

/// The permit, and through which actions it includes the one asked about.
fn permit(path: &Value) -> Option<String> {
    let permit = path.get("permit").filter(|permit| permit.is_object())?;
    let narrowed = match scope(permit) {
        all if all == "everywhere" => String::new(),
        scope => format!(" ({scope})"),
    };
    let through: Vec<&str> = path.get("through").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let includes = if through.len() > 1 { format!(", which includes {}", through[1..].join(", which includes ")) } else { String::new() };
    Some(format!("permits {}{narrowed}{includes}", text(permit, "action")))
}

/// Who gave it, when, why, from when and until when.
fn given(path: &Value) -> String {
    let assignment = path.get("assignment").filter(|assignment| assignment.is_object()).unwrap_or(path);
    terms(assignment)
}

fn terms(terms: &Value) -> String {
    let part = |word: &str, field: &str| match text(terms, field) {
        value if value.is_empty() => None,
        value => Some(format!("{word}{value}")),
    };
    let actor = part("by ", "actor_name").or_else(|| part("by ", "actor"));
    let reason = part("\"", "reason").map(|reason| format!("{reason}\""));
    let parts = [actor, part("on ", "at"), reason, part("from ", "from"), part("until ", "until")];
    let said: Vec<String> = parts.into_iter().flatten().collect();
    if said.is_empty() { String::new() } else { format!("  [{}]", said.join(", ")) }
}

/// One near miss: what differs, the path as far as it goes, and how it could be given.
fn nearest(subject: &str, miss: &Value) -> String {
    let mut said = format!("\n  {} ({} differs)\n", shown(&text(miss, "sentence")), text(miss, "differs"));
    let path = miss.get("path").filter(|path| path.is_object()).unwrap_or(miss);
    for line in tree(subject, &steps(path)).lines() {
        let _written = writeln!(said, "    {line}");
    }
    let granters = miss.get("could_grant").and_then(Value::as_array).into_iter().flatten();
    let names: Vec<String> = granters.map(|one| format!("{} ({})", text(one, "name"), text(one, "subject"))).collect();
    if !names.is_empty() {
        let _written = writeln!(said, "    who could grant it: {}", shown(&names.join(", ")));
    }
    if let Some(command) = miss.get("command").and_then(command) {
        let _written = writeln!(said, "    the command: {}", shown(&command));
    }
    said
}

/// An operation as the command that does it.
fn command(operation: &Value) -> Option<String> {
    let body = &operation["body"];
    let target = quoted(&text(operation, "target"));
    let place = || {
        let parts = [("--project", text(body, "project")), ("--environment", text(body, "environment"))];
        parts.into_iter().filter(|(_, name)| !name.is_empty()).map(|(flag, name)| format!(" {flag} {}", quoted(&name))).collect::<String>()
    };
    match operation["op"].as_str()? {
        "assignment.create" => {
            let who = who(&text(body, "subject"));
            let what = match text(body, "policy") {
                policy if policy.is_empty() => format!("--role {}{}", quoted(&text(body, "role")), place()),
                policy => format!("--policy {}", quoted(&policy)),
            };
            Some(format!("rolecall create assignment {who} {what}"))
        }
        "group.add_members" => {
            let members = body.get("members").and_then(Value::as_array).into_iter().flatten();
            let names = members.map(|one| one.as_str().map_or_else(|| text(one, "user"), str::to_owned));
            let flags: String = names.map(|name| format!(" --add-member {}", quoted(&name))).collect();
            Some(format!("rolecall update group {target}{flags}"))
        }
        _ => None,
    }
}

fn who(subject: &str) -> String {
    let flag = match subject {
        email if email.contains('@') => "--email",
        application if application.starts_with("app_") => "--creds-subject",
        _ => "--user-subject",
    };
    format!("{flag} {}", quoted(subject))
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '@' | '/' | ':' | '+');
    if !word.is_empty() && word.chars().all(plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', "'\\''")) }
}

/// A path in one line: `group Checkout › policy Team Prod Access › role Production Runner (checkout/production)`.
pub fn source_line(path: &Value) -> String {
    let mut parts = Vec::new();
    match text(path, "via").as_str() {
        "group" => parts.push(format!("group {}", text(path, "holder_name"))),
        "everyone" => parts.push("everyone".to_owned()),
        _ => {}
    }
    let policy = text(path, "policy");
    if !policy.is_empty() {
        parts.push(format!("policy {policy}"));
    }
    parts.push(format!("role {} {}", text(path, "role"), place(path)));
    let until = text(path, "until");
    let end = if until.is_empty() { until } else { format!(" until {until}") };
    format!("{}{end}", parts.join(" › "))
}
