//! SCIM: filters, paths, names of attributes, and what PATCH makes of a user.

use super::text;
use rolecall_scim::parse;
use serde_json::Value;

/// A filter: it is tried on a user, or it is said what is wrong with it.
pub(crate) fn filter(data: &[u8]) {
    if let Err(said) = parse::filter(&text(data)) {
        assert!(!said.is_empty());
    }
}

/// A path of PATCH, which may hold a filter.
pub(crate) fn path(data: &[u8]) {
    if let Err(said) = parse::path(&text(data)) {
        assert!(!said.is_empty());
    }
}

/// Names of attributes: the first line is `attributes`, the second `excludedAttributes`.
pub(crate) fn selection(data: &[u8]) {
    let text = text(data);
    let mut lines = text.lines();
    let (only, without) = (lines.next(), lines.next());
    if let Ok(shown) = parse::selection(only, without) {
        assert_eq!(shown["id"], "usr_1", "the id is always shown");
    }
}

/// A user on the first line, and the body of PATCH after it. What comes of it is in the form that it would have if it
/// were sent.
pub(crate) fn patch(data: &[u8]) {
    let end = data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len());
    let (Ok(user), Ok(body)) =
        (serde_json::from_slice(&data[..end]), serde_json::from_slice(data.get(end + 1..).unwrap_or_default()))
    else {
        return;
    };
    if let Ok(patched) = parse::patched(user, body) {
        let nothing = serde_json::json!({"Operations": []});
        let again: Value = parse::patched(patched.clone(), nothing).expect("what was patched is a user");
        assert_eq!(again, patched, "what was patched is in the schema's form");
    }
}
