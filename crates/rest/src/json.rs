//! Reading JSON strictly: no unknown field, no field twice, no surprise in depth or encoding; and
//! every complaint names the field.

use crate::problem::Problem;
use rolecall_model::name::nearest;
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::collections::HashSet;
use std::fmt;

/// Reads a body.
///
/// # Errors
/// `malformed` when it is not JSON; `invalid` with the field when it is not what is wanted.
pub(crate) fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let text = utf8(bytes)?;
    // What is no JSON at all, or too deep, is said first.
    walk(text, Once::default())?;
    // A list would be taken for an object's fields in an order that nobody described.
    if text.trim_start().starts_with('[') {
        return Err(Problem::invalid("", "the body must be a JSON object, not a list"));
    }
    walk(text, Once { lists: true, ..Once::default() })?;
    let mut reader = serde_json::Deserializer::from_str(text);
    serde_path_to_error::deserialize(&mut reader).map_err(|error| misfit(&error))
}

fn walk(text: &str, once: Once) -> Result<(), Problem> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let walked = once.deserialize(&mut deserializer).and_then(|()| deserializer.end());
    walked.map_err(|error| unreadable(&error))
}

/// Reads a part of a body that was read before.
///
/// # Errors
/// `invalid` with the field.
pub(crate) fn read_value<T: DeserializeOwned>(value: Value) -> Result<T, Problem> {
    serde_path_to_error::deserialize(value).map_err(|error| misfit(&error))
}

fn utf8(bytes: &[u8]) -> Result<&str, Problem> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(Problem::malformed("the body is empty; send a JSON object"));
    }
    std::str::from_utf8(bytes).map_err(|error| {
        Problem::malformed(format!("the body is not UTF-8: the byte at {} does not fit", error.valid_up_to()))
    })
}

fn unreadable(error: &serde_json::Error) -> Problem {
    let said = error.to_string();
    if said.starts_with("recursion limit") {
        return Problem::malformed("the body is nested too deeply; at most 127 levels are read");
    }
    if said.starts_with(LIST) {
        return Problem::invalid("", format!("{LIST} (line {}, column {})", error.line(), error.column()));
    }
    if let Some(field) = said.strip_prefix(TWICE) {
        let field = field.split_once('`').map_or(field, |(field, _)| field);
        let detail = format!("the field \"{field}\" stands twice (line {}); leave one out", error.line());
        return Problem::malformed(detail).at(field);
    }
    let control = if said.contains("control character") {
        "; write control characters as escapes, or leave them out"
    } else {
        ""
    };
    Problem::malformed(format!("the body is not JSON: {said}{control}"))
}

/// Turns serde's words into ours.
fn misfit<E: std::error::Error>(error: &serde_path_to_error::Error<E>) -> Problem {
    let path = error.path().to_string();
    let path = if path == "." { "" } else { path.as_str() };
    let said = error.inner().to_string();
    let said = said.split(" at line ").next().unwrap_or_default();
    let mut quoted = said.split('`').skip(1).step_by(2);
    if said.starts_with("unknown field") {
        let name = quoted.next().unwrap_or_default();
        let parent = path.strip_suffix(name).map_or(path, |parent| parent.trim_end_matches('.'));
        let detail = match nearest(name, quoted.clone()) {
            Some(near) => format!("there is no field \"{name}\" here; did you mean \"{near}\"?"),
            None => format!("there is no field \"{name}\" here; known are {}", quoted.collect::<Vec<_>>().join(", ")),
        };
        return Problem::invalid(join(parent, name), detail);
    }
    if said.starts_with("missing field") {
        let name = quoted.next().unwrap_or_default();
        return Problem::invalid(join(path, name), format!("{name} is missing"));
    }
    if said.starts_with("unknown variant") {
        let name = quoted.next().unwrap_or_default();
        let known: Vec<&str> = quoted.collect();
        let near = nearest(name, known.iter().copied()).map(|near| format!("; did you mean \"{near}\"?"));
        let rest = near.unwrap_or_else(|| format!("; choose one of {}", known.join(", ")));
        return Problem::invalid(path, format!("\"{name}\" is not possible here{rest}"));
    }
    // What a structure is called in the source says nothing to a caller.
    let said = said.split("expected struct ").next().filter(|before| before.len() < said.len());
    let object = said.map(|before| format!("{before}expected an object"));
    Problem::invalid(
        path,
        object.unwrap_or_else(|| error.inner().to_string().split(" at line ").next().unwrap_or_default().to_owned()),
    )
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

const TWICE: &str = "field twice: `";
const LIST: &str = "a list stands where an object must";

/// Walks a whole document and refuses a field that stands twice in one object, and a list where only
/// an object can stand: directly in another list, or as terms.
#[derive(Clone, Copy, Default)]
struct Once {
    /// Whether lists are looked at, too.
    lists: bool,
    /// Whether a list cannot stand here.
    no_list: bool,
    /// Whether it is below extra attributes, which are free.
    free: bool,
}

impl<'de> DeserializeSeed<'de> for Once {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Once {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }
    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }
    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }
    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }
    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }
    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }
    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        if self.lists && self.no_list && !self.free {
            return Err(A::Error::custom(LIST));
        }
        while items.next_element_seed(Once { no_list: true, ..self })?.is_some() {}
        Ok(())
    }
    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        let mut seen = HashSet::new();
        while let Some(name) = fields.next_key::<String>()? {
            if !seen.insert(name.clone()) {
                return Err(A::Error::custom(format!("{TWICE}{name}`")));
            }
            let free = self.free || name == "attributes";
            fields.next_value_seed(Once { no_list: name == "terms" || name == "body", free, ..self })?;
        }
        Ok(())
    }
}

/// A field that may be left out but not be null.
///
/// # Errors
/// When the value is not what is wanted.
pub(crate) fn given<'de, D: Deserializer<'de>, T: serde::Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// A field that may be left out, and whose null takes the value away.
///
/// # Errors
/// When the value is not what is wanted.
pub(crate) fn nullable<'de, D: Deserializer<'de>, T: serde::Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    <Option<T> as serde::Deserialize>::deserialize(deserializer).map(Some)
}

/// A field that must be there, and may be null.
///
/// # Errors
/// When the value is not what is wanted.
pub(crate) fn explicit<'de, D: Deserializer<'de>, T: serde::Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    <Option<T> as serde::Deserialize>::deserialize(deserializer)
}

/// Extra attributes as they come over the wire.
pub(crate) type Attributes = Map<String, Value>;

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Deserialize, Debug)]
    #[serde(deny_unknown_fields)]
    struct Outer {
        #[expect(dead_code, reason = "only read")]
        permits: Vec<Inner>,
    }

    #[derive(serde::Deserialize, Debug)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        #[expect(dead_code, reason = "only read")]
        action: String,
    }

    fn said(body: &str) -> (String, Option<String>) {
        let problem = read::<Outer>(body.as_bytes()).unwrap_err();
        (problem.detail.clone(), problem.field.clone())
    }

    #[test]
    fn a_mistake_is_named_with_its_field() {
        let (detail, field) = said(r#"{"permits":[{"action":"a"},{"actoin":"b"}]}"#);
        assert_eq!(detail, "there is no field \"actoin\" here; did you mean \"action\"?");
        assert_eq!(field.as_deref(), Some("permits[1].actoin"));
        let (detail, field) = said(r#"{"permits":[{}]}"#);
        assert_eq!((detail.as_str(), field.as_deref()), ("action is missing", Some("permits[0].action")));
        let (detail, field) = said(r#"{"permits":[{"action":3}]}"#);
        assert_eq!(detail, "invalid type: integer `3`, expected a string");
        assert_eq!(field.as_deref(), Some("permits[0].action"));
    }

    #[test]
    fn a_field_that_stands_twice_is_refused() {
        let (detail, field) = said("{\"permits\":[],\n\"permits\":[]}");
        assert_eq!(detail, "the field \"permits\" stands twice (line 2); leave one out");
        assert_eq!(field.as_deref(), Some("permits"));
    }

    #[test]
    fn what_is_not_json_is_said_to_be_so() {
        for body in ["", "  ", "{", "[1,]", "nul", "\u{0}", "{\"permits\":\"a\u{0}\"}", "{}{}", "{'permits':[]}"] {
            assert_eq!(read::<Outer>(body.as_bytes()).unwrap_err().code, "malformed", "{body:?}");
        }
        assert_eq!(read::<Outer>(b"{\"permits\":[\"\xff\"]}").unwrap_err().code, "malformed");
        let deep = format!("{{\"permits\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000));
        assert!(said(&deep).0.contains("nested too deeply"));
    }
}
