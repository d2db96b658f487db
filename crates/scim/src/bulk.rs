//! Bulk (RFC 7644, section 3.7): many operations in one request, each by itself, in order. One that names
//! what a later one makes waits for it.

use crate::call::{Answer, Ask, Call};
use crate::fault::Fault;
use crate::resource::version;
use crate::route::Target;
use crate::urn;
use axum::http::Method;
use rolecall_model::refusal::shown;
use serde_json::{Map, Value, json};
use std::collections::HashMap;

/// Operations that one request may have.
pub(crate) const MOST_OPERATIONS: usize = 1_000;
/// Bytes that one request may have.
pub(crate) const LARGEST_BULK: usize = 4 << 20;

const REFERENCE: &str = "bulkId:";

/// An operation, or why it cannot be read.
type Sent = Result<Operation, Fault>;

/// An operation as it was sent.
struct Operation {
    method: Method,
    bulk_id: Option<String>,
    version: Option<String>,
    path: String,
    data: Option<Value>,
}

/// Carries out a bulk.
///
/// # Errors
/// When the whole cannot be read; what goes wrong with an operation stands in the answer.
pub(crate) async fn carry_out(call: &Call, body: Value) -> Result<Value, Fault> {
    let (operations, most_errors) = read(body)?;
    let mut ids: HashMap<String, Option<String>> = HashMap::new();
    for id in operations.iter().filter_map(|operation| operation.as_ref().ok()?.bulk_id.clone()) {
        ids.insert(id, None);
    }
    let mut answers: Vec<Option<Value>> = operations.iter().map(|_| None).collect();
    let mut waiting: Vec<(usize, Sent)> = operations.into_iter().enumerate().collect();
    let mut errors = 0;
    while !waiting.is_empty() {
        let before = waiting.len();
        let mut later = Vec::new();
        for (index, operation) in waiting {
            if most_errors.is_some_and(|most| errors >= most) {
                break;
            }
            let operation = match operation {
                Ok(operation) if operation.waits_for(&ids) => {
                    later.push((index, Ok(operation)));
                    continue;
                }
                operation => operation,
            };
            let (answer, failed) = one(call, operation, &mut ids).await;
            errors += usize::from(failed);
            answers[index] = Some(answer);
        }
        if later.len() == before {
            // They wait for each other, or for what failed.
            for (index, operation) in later {
                let stuck = Fault::new(409, "it names a bulkId that no operation has made");
                let operation = operation.ok();
                answers[index] = Some(answer(operation.as_ref(), Err(&stuck), None));
            }
            break;
        }
        waiting = later;
    }
    let answers: Vec<Value> = answers.into_iter().flatten().collect();
    Ok(json!({"schemas": [urn::BULK], "Operations": answers}))
}

/// The operations of a bulk, and after how many errors it stops.
fn read(body: Value) -> Result<(Vec<Sent>, Option<usize>), Fault> {
    let Value::Object(body) = body else { return Err(Fault::invalid_syntax("the body must be a JSON object")) };
    let (mut operations, mut most_errors) = (None, None);
    for (name, value) in body {
        match name.to_ascii_lowercase().as_str() {
            "operations" => operations = value.as_array().cloned(),
            "failonerrors" => most_errors = value.as_u64(),
            _ => {}
        }
    }
    let Some(operations) = operations else {
        return Err(Fault::invalid_syntax("the body must have a list \"Operations\""));
    };
    if operations.len() > MOST_OPERATIONS {
        let count = operations.len();
        return Err(Fault::new(413, format!("{count} operations are too many; at most {MOST_OPERATIONS} are taken")));
    }
    let most_errors = most_errors.map(|most| usize::try_from(most).unwrap_or(usize::MAX).max(1));
    Ok((operations.iter().map(Operation::read).collect(), most_errors))
}

impl Operation {
    fn read(sent: &Value) -> Result<Self, Fault> {
        let text = |name: &str| sent.get(name).and_then(Value::as_str).map(str::to_owned);
        let word = text("method").unwrap_or_default().to_ascii_uppercase();
        let method = match word.as_str() {
            "POST" => Method::POST,
            "PUT" => Method::PUT,
            "PATCH" => Method::PATCH,
            "DELETE" => Method::DELETE,
            _ => return Err(Fault::invalid_syntax("method must be POST, PUT, PATCH or DELETE")),
        };
        let bulk_id = text("bulkId").filter(|id| !id.is_empty());
        if method == Method::POST && bulk_id.is_none() {
            return Err(Fault::invalid_syntax("POST needs a bulkId"));
        }
        let Some(path) = text("path") else { return Err(Fault::invalid_syntax("path is missing")) };
        Ok(Operation { method, bulk_id, version: text("version"), path, data: sent.get("data").cloned() })
    }

    /// Whether it names what another operation is yet to make.
    fn waits_for(&self, ids: &HashMap<String, Option<String>>) -> bool {
        let is_awaited = |id: &str| matches!(ids.get(id), Some(None)) && self.bulk_id.as_deref() != Some(id);
        let in_path = self.path.split('/').filter_map(|segment| segment.strip_prefix(REFERENCE)).any(is_awaited);
        in_path || self.data.as_ref().is_some_and(|data| names(data, &is_awaited))
    }
}

/// Whether a value names a bulk id of which something is true.
fn names(value: &Value, is: &dyn Fn(&str) -> bool) -> bool {
    match value {
        Value::String(text) => text.strip_prefix(REFERENCE).is_some_and(is),
        Value::Array(all) => all.iter().any(|value| names(value, is)),
        Value::Object(all) => all.values().any(|value| names(value, is)),
        _ => false,
    }
}

/// Puts ids in the place of bulk ids.
fn resolve(value: &mut Value, ids: &HashMap<String, Option<String>>) -> Result<(), Fault> {
    match value {
        Value::String(text) => {
            if let Some(id) = text.strip_prefix(REFERENCE) {
                *text = made(id, ids)?;
            }
            Ok(())
        }
        Value::Array(all) => all.iter_mut().try_for_each(|value| resolve(value, ids)),
        Value::Object(all) => all.values_mut().try_for_each(|value| resolve(value, ids)),
        _ => Ok(()),
    }
}

fn made(id: &str, ids: &HashMap<String, Option<String>>) -> Result<String, Fault> {
    let unknown = || Fault::invalid_value(format!("no operation has made the bulkId \"{}\"", shown(id)));
    ids.get(id).cloned().flatten().ok_or_else(unknown)
}

async fn one(
    call: &Call,
    operation: Result<Operation, Fault>,
    ids: &mut HashMap<String, Option<String>>,
) -> (Value, bool) {
    let mut operation = match operation {
        Ok(operation) => operation,
        Err(fault) => return (answer(None, Err(&fault), None), true),
    };
    let done = Box::pin(carry_out_one(call, &mut operation, ids)).await;
    if let (Ok(done), Some(id)) = (&done, &operation.bulk_id)
        && let Some(made) = done.location.as_deref().and_then(|location| location.rsplit('/').next())
    {
        ids.insert(id.clone(), Some(made.to_owned()));
    }
    let location = call.location_of(&operation.path);
    (answer(Some(&operation), done.as_ref(), location), done.is_err())
}

async fn carry_out_one(
    call: &Call,
    operation: &mut Operation,
    ids: &HashMap<String, Option<String>>,
) -> Result<Answer, Fault> {
    let mut segments = Vec::new();
    for segment in operation.path.split('/') {
        segments.push(match segment.strip_prefix(REFERENCE) {
            Some(id) => made(id, ids)?,
            None => segment.to_owned(),
        });
    }
    operation.path = segments.join("/");
    let nothing = || Fault::new(404, format!("there is nothing at \"{}\"", shown(&operation.path)));
    let target = Target::of(&operation.path).ok_or_else(nothing)?;
    if !matches!(target, Target::All(_) | Target::One(..)) {
        return Err(Fault::invalid_path("an operation is about /Users, /Groups or one of them"));
    }
    target.require(&operation.method)?;
    let mut body = operation.data.take();
    if let Some(body) = &mut body {
        resolve(body, ids)?;
    }
    let (method, if_match) = (operation.method.clone(), operation.version.clone());
    call.renewed()?.carry_out(Ask { method, target, if_match, body, ..Ask::default() }).await
}

fn answer(operation: Option<&Operation>, done: Result<&Answer, &Fault>, location: Option<String>) -> Value {
    let mut told = Map::new();
    let mut tell = |name: &str, value: Value| told.insert(name.to_owned(), value);
    if let Some(operation) = operation {
        tell("method", operation.method.as_str().into());
        if let Some(id) = &operation.bulk_id {
            tell("bulkId", id.as_str().into());
        }
    }
    match done {
        Ok(done) => {
            tell("status", done.status.to_string().into());
            if let Some(revision) = done.revision {
                tell("version", version(revision).into());
            }
            if let Some(location) = done.location.clone().or(location) {
                tell("location", location.into());
            }
        }
        Err(fault) => {
            tell("status", fault.status.to_string().into());
            tell("response", fault.body());
            if let Some(location) = location.filter(|_| operation.is_some_and(|one| one.method != Method::POST)) {
                tell("location", location.into());
            }
        }
    }
    told.into()
}
