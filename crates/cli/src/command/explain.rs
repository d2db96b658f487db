//! Why somebody may do something, drawn as paths; or what comes nearest, and who could grant it.

use super::application::APPLICATION;
use super::check::{Question, code, sentence};
use super::user::USER;
use crate::failure::Failure;
use crate::output::{self, Format, place, scope, shown, text, verdict};
use crate::session::Session;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::process::ExitCode;

/// `explain`
pub async fn explain(session: &Session, question: &Question) -> Result<ExitCode, Failure> {
    let mut answer = session.client.ask(&question.ask("/explain")).await?;
    let allowed = answer["allowed"] == Value::Bool(true);
    if session.format == Format::Table {
        name_actors(session, &mut answer).await;
        name_subject(&question.subject, &mut answer);
    }
    match session.format {
        Format::Table => output::print(&drawn(question, &answer, allowed))?,
        format => output::data(format, &answer)?,
    }
    Ok(code(allowed))
}

/// Puts names in the place of the subjects of those who gave something, as far as they can be read.
async fn name_actors(session: &Session, answer: &mut Value) {
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    for list in ["paths", "misses"] {
        let paths = answer.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten();
        for path in paths {
            for part in ["membership", "assignment"] {
                let Some(actor) = path.get_mut(part).and_then(|terms| terms.get_mut("actor")) else { continue };
                let subject = actor.as_str().unwrap_or_default().to_owned();
                if !names.contains_key(&subject) {
                    names.insert(subject.clone(), name_of(session, &subject).await);
                }
                *actor = Value::from(names.get(&subject).cloned().unwrap_or(subject));
            }
        }
    }
}

/// Says in the commands whom the question named, in its own words.
fn name_subject(named: &str, answer: &mut Value) {
    let subject = answer["subject"].clone();
    for miss in answer.get_mut("misses").and_then(Value::as_array_mut).into_iter().flatten() {
        for place in ["/mend/body/subject", "/mend/body/members/0/user"] {
            if let Some(found) = miss.pointer_mut(place).filter(|found| **found == subject) {
                *found = Value::from(named);
            }
        }
    }
}

async fn name_of(session: &Session, subject: &str) -> String {
    let noun = match subject {
        user if user.starts_with("usr_") => &USER,
        application if application.starts_with("app_") => &APPLICATION,
        _ => return subject.to_owned(),
    };
    let read = session.read(noun.one(subject)).await;
    read.map(|one| text(&one, "name")).ok().filter(|name| !name.is_empty()).unwrap_or_else(|| subject.to_owned())
}

fn drawn(question: &Question, answer: &Value, allowed: bool) -> String {
    let asked = super::body(question.place.fields());
    let mut text =
        format!("{}: {}\n", verdict(allowed), shown(&sentence(allowed, &question.subject, &question.action, &asked)));
    let items = |field: &str| answer.get(field).and_then(Value::as_array).cloned().unwrap_or_default();
    for path in items("paths") {
        text += "\n";
        text += &tree(&question.subject, &steps(&path));
    }
    if allowed {
        return text;
    }
    if answer["reason"] == "inactive" {
        let _written = writeln!(text, "\n{} is disabled, so nothing it holds counts.", shown(&question.subject));
    }
    let misses = items("misses");
    if misses.is_empty() && answer["reason"] != "inactive" {
        text += "\nNothing comes near: no role that reaches them permits it anywhere.\n";
    }
    for (index, miss) in misses.iter().enumerate() {
        text += if index == 0 { "\nnearest misses:\n" } else { "" };
        text += &nearest(&question.subject, output::text(answer, "subject").starts_with("app_"), miss);
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
    let given = terms(&path["assignment"]);
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
    let through: Vec<&str> =
        path.get("through").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let includes = if through.len() > 1 {
        format!(", which includes {}", through[1..].join(", which includes "))
    } else {
        String::new()
    };
    Some(format!("permits {}{narrowed}{includes}", text(permit, "action")))
}

/// Who gave it, when, why, from when and until when.
fn terms(terms: &Value) -> String {
    let part = |word: &str, field: &str| match text(terms, field) {
        value if value.is_empty() => None,
        value => Some(format!("{word}{value}")),
    };
    let time = |word: &str, field: &str| part(word, field).map(|_| format!("{word}{}", output::time(terms, field)));
    let reason = part("\"", "reason").map(|reason| format!("{reason}\""));
    let parts = [part("by ", "actor"), time("on ", "at"), reason, time("from ", "from"), time("until ", "until")];
    let said: Vec<String> = parts.into_iter().flatten().collect();
    if said.is_empty() { String::new() } else { format!("  [{}]", said.join(", ")) }
}

/// One near miss: what differs, the path as far as it goes, and how it could be given.
fn nearest(subject: &str, is_application: bool, miss: &Value) -> String {
    let mut said = format!("\n  {} differs: {}\n", text(miss, "differs"), shown(&text(miss, "sentence")));
    for line in tree(subject, &steps(miss)).lines() {
        let _written = writeln!(said, "    {line}");
    }
    let granters = miss.get("could_grant").and_then(Value::as_array).into_iter().flatten();
    let names: Vec<String> = granters.map(|one| granter(&text(one, "name"), &text(one, "identifier"))).collect();
    if !names.is_empty() {
        let more = if miss["more_could"] == Value::Bool(true) { " and more" } else { "" };
        let _written = writeln!(said, "    who could grant it: {}{more}", shown(&names.join(", ")));
    }
    if let Some(command) = miss.get("mend").and_then(|mend| command(mend, is_application)) {
        let _written = writeln!(said, "    by the command: {}", shown(&command));
    }
    said
}

fn granter(name: &str, identifier: &str) -> String {
    if name == identifier || name.is_empty() { identifier.to_owned() } else { format!("{name} ({identifier})") }
}

/// An operation as the command that does it.
fn command(operation: &Value, is_application: bool) -> Option<String> {
    let body = &operation["body"];
    let target = quoted(&text(operation, "target"));
    let place = || {
        let parts = [("--project", text(body, "project")), ("--environment", text(body, "environment"))];
        parts
            .into_iter()
            .filter(|(_, name)| !name.is_empty())
            .map(|(flag, name)| format!(" {flag} {}", quoted(&name)))
            .collect::<String>()
    };
    match operation["op"].as_str()? {
        "assignment.create" => {
            let who = who(&text(body, "subject"), is_application);
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
        "role.permit" => {
            let permits = body.get("permits").and_then(Value::as_array).into_iter().flatten();
            let flags: String =
                permits.map(|permit| format!(" --add-action {}", quoted(&text(permit, "action")))).collect();
            Some(format!("rolecall update role {target}{flags}"))
        }
        _ => None,
    }
}

fn who(subject: &str, is_application: bool) -> String {
    let flag = match subject {
        _ if is_application => "--creds-subject",
        email if email.contains('@') => "--email",
        _ => "--user-subject",
    };
    format!("{flag} {}", quoted(subject))
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '@' | '/' | ':' | '+');
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
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
    let until = output::time(&path["assignment"], "until");
    let end = if until.is_empty() { until } else { format!(" until {until}") };
    format!("{}{end}", parts.join(" › "))
}
