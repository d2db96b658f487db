//! What users and groups have in common: where they are, what is said of them beside their attributes, and
//! what is asked before they are changed.

use crate::fault::Fault;
use crate::schema::Type;
use rolecall_model::Timestamp;
use serde_json::{Map, Value, json};

/// What an answer says beside the attributes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame<'a> {
    /// The address of the façade.
    pub base: &'a str,
    /// Whether the groups of a user are wanted.
    pub groups: bool,
    /// Whether the members of a group are wanted.
    pub members: bool,
}

/// What is known of a resource itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Meta {
    pub revision: u64,
    pub created: Option<Timestamp>,
    pub modified: Option<Timestamp>,
}

/// The address of a resource.
pub(crate) fn location(base: &str, kind: Type, id: &str) -> String {
    format!("{base}/{}/{id}", kind.endpoint())
}

/// The entity tag of a revision.
pub(crate) fn version(revision: u64) -> String {
    format!("W/\"{revision}\"")
}

/// Puts what every resource has beside its attributes.
pub(crate) fn frame(resource: &mut Map<String, Value>, kind: Type, id: &str, meta: Meta, base: &str) {
    let extensions = kind.extensions().iter().map(|schema| schema.urn).filter(|urn| resource.contains_key(*urn));
    let schemas: Vec<&str> = std::iter::once(kind.core().urn).chain(extensions).collect();
    let mut about = json!({
        "resourceType": kind.word(), "location": location(base, kind, id), "version": version(meta.revision),
    });
    for (name, instant) in [("created", meta.created), ("lastModified", meta.modified)] {
        if let (Some(instant), Some(about)) = (instant, about.as_object_mut()) {
            about.insert(name.to_owned(), instant.to_string().into());
        }
    }
    resource.insert("schemas".to_owned(), json!(schemas));
    resource.insert("id".to_owned(), id.into());
    resource.insert("meta".to_owned(), about);
}

/// What is kept beside a user or group, read back.
pub(crate) fn kept(text: Option<&str>) -> Option<Map<String, Value>> {
    serde_json::from_str(text?).ok()
}

/// A text attribute, trimmed; none when it is blank.
pub(crate) fn text<'v>(resource: &'v Map<String, Value>, name: &str) -> Option<&'v str> {
    Some(resource.get(name)?.as_str()?.trim()).filter(|text| !text.is_empty())
}

/// Refuses a change of what is at another revision than the client read.
///
/// # Errors
/// 412.
pub(crate) fn require_tag(if_match: Option<&str>, revision: u64) -> Result<(), Fault> {
    let Some(tags) = if_match else { return Ok(()) };
    if has_tag(tags, revision) {
        return Ok(());
    }
    let version = version(revision);
    Err(Fault::new(412, format!("it was changed since you read it and is {version} now; read it again and repeat")))
}

/// Whether a list of entity tags has the one of a revision, or is `*`.
pub(crate) fn has_tag(tags: &str, revision: u64) -> bool {
    let wanted = format!("\"{revision}\"");
    tags.split(',').map(str::trim).any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == wanted)
}
