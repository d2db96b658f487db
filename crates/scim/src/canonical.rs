//! Resources as clients send them, in the schema's own form: names in its case, values of its kinds,
//! without what is empty, read-only or unknown. What is a text stays as it was sent.

use crate::attribute_path::AttributePath;
use crate::condition;
use crate::fault::Fault;
use crate::schema::{Attribute, Kind, Located, Mutability, Schema, Type, named};
use rolecall_model::refusal::shown;
use serde_json::{Map, Value};

/// Values that an attribute may have; members of groups are counted elsewhere.
pub(crate) const MOST_VALUES: usize = 200;

/// A resource as it was sent in whole, in the schema's form.
///
/// # Errors
/// `invalidSyntax` when it is no object, `invalidValue` when a value cannot be what it is.
pub(crate) fn resource(kind: Type, sent: Value) -> Result<Map<String, Value>, Fault> {
    let Value::Object(sent) = sent else {
        return Err(Fault::invalid_syntax("the body must be a JSON object"));
    };
    let mut resource = Map::new();
    for (name, value) in sent {
        let Ok(path) = AttributePath::parse(&name) else { continue };
        let Ok(at) = kind.locate(&path) else { continue };
        match at {
            Located { extension: Some(schema), attribute: None, .. } => {
                let kept = extension(schema, value)?;
                if !kept.is_empty() {
                    resource.insert(schema.urn.to_owned(), kept.into());
                }
            }
            Located { attribute: Some(attribute), part: None, extension } if is_kept(attribute) => {
                let Some(value) = self::value(attribute, value)? else { continue };
                within(&mut resource, extension, |home| {
                    home.insert(attribute.name.to_owned(), value);
                    Ok(())
                })?;
            }
            _ => {}
        }
    }
    Ok(resource)
}

/// Whether a client may write it.
pub(crate) fn is_kept(attribute: &Attribute) -> bool {
    attribute.mutability != Mutability::ReadOnly
}

/// Changes the attributes of an extension, which goes when none are left, or those of the resource itself.
///
/// # Errors
/// What the change says.
pub(crate) fn within(
    resource: &mut Map<String, Value>,
    extension: Option<&'static Schema>,
    change: impl FnOnce(&mut Map<String, Value>) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let Some(schema) = extension else { return change(resource) };
    let mut inner = match resource.remove(schema.urn) {
        Some(Value::Object(inner)) => inner,
        _ => Map::new(),
    };
    let changed = change(&mut inner);
    if !inner.is_empty() {
        resource.insert(schema.urn.to_owned(), inner.into());
    }
    changed
}

/// The attributes of an extension.
fn extension(schema: &'static Schema, sent: Value) -> Result<Map<String, Value>, Fault> {
    object(schema.attributes, schema.urn, sent)
}

fn object(attributes: &'static [Attribute], words: &str, sent: Value) -> Result<Map<String, Value>, Fault> {
    let sent = match sent {
        Value::Null => return Ok(Map::new()),
        Value::Object(sent) => sent,
        other => return Err(Fault::invalid_value(format!("{words} must be an object, not {}", short(&other)))),
    };
    let mut kept = Map::new();
    for (name, value) in sent {
        let Some(attribute) = named(attributes, &name).filter(|attribute| is_kept(attribute)) else { continue };
        if let Some(value) = self::value(attribute, value)? {
            kept.insert(attribute.name.to_owned(), value);
        }
    }
    Ok(kept)
}

/// A value of an attribute; none when it is empty.
///
/// # Errors
/// `invalidValue`.
pub(crate) fn value(attribute: &'static Attribute, sent: Value) -> Result<Option<Value>, Fault> {
    if !attribute.many {
        return one(attribute, sent);
    }
    let sent = match sent {
        Value::Array(all) => all,
        other => vec![other],
    };
    let mut kept = Vec::new();
    for value in sent {
        kept.extend(one(attribute, value)?);
    }
    if kept.len() > MOST_VALUES && attribute.name != "members" {
        return Err(Fault::invalid_value(format!(
            "{} may have {MOST_VALUES} values, not {}",
            attribute.name,
            kept.len()
        )));
    }
    Ok((!kept.is_empty()).then(|| kept.into()))
}

/// A single value of an attribute.
///
/// # Errors
/// `invalidValue`.
pub(crate) fn one(attribute: &'static Attribute, sent: Value) -> Result<Option<Value>, Fault> {
    let sent = match sent {
        Value::Null => return Ok(None),
        // Some clients write one value as a list of one.
        Value::Array(mut all) if all.len() < 2 => match all.pop() {
            Some(only) => only,
            None => return Ok(None),
        },
        other => other,
    };
    let wrong = |wanted: &str, sent: &Value| {
        Err(Fault::invalid_value(format!("{} must be {wanted}, not {}", attribute.name, short(sent))))
    };
    match (attribute.kind, sent) {
        (Kind::Complex, Value::String(text)) if attribute.part("value").is_some() => {
            let text = Some(text).filter(|text| !text.is_empty());
            Ok(text.map(|text| Map::from_iter([("value".to_owned(), text.into())]).into()))
        }
        (Kind::Complex, sent) => {
            let parts = object(attribute.parts, attribute.name, sent)?;
            Ok((!parts.is_empty()).then(|| parts.into()))
        }
        // Some clients write a plain value as an object with a value.
        (_, Value::Object(mut parts)) if parts.get("value").is_some_and(|value| !value.is_object()) => {
            one(attribute, parts.remove("value").unwrap_or_default())
        }
        (Kind::Flag, Value::Bool(flag)) => Ok(Some(flag.into())),
        (Kind::Flag, Value::String(text)) => match condition::flag(&text) {
            Some(flag) => Ok(Some(flag.into())),
            None => wrong("true or false", &Value::String(text)),
        },
        (Kind::Flag, sent) => wrong("true or false", &sent),
        (_, Value::String(text)) => Ok(Some(text.into())),
        (_, Value::Number(number)) => Ok(Some(number.to_string().into())),
        (_, sent) => wrong("a text", &sent),
    }
}

/// A value as a message shows it.
fn short(value: &Value) -> String {
    match value {
        Value::Object(_) => "an object".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        other => shown(&other.to_string()),
    }
}

/// Refuses a resource without what it must have, or with two first values of one kind.
///
/// # Errors
/// `invalidValue`.
pub(crate) fn require_sound(kind: Type, resource: &Map<String, Value>) -> Result<(), Fault> {
    for attribute in kind.core().attributes {
        let value = resource.get(attribute.name);
        let blank = value.is_none_or(|value| value.as_str().is_some_and(|text| text.trim().is_empty()));
        if attribute.required && blank {
            return Err(Fault::invalid_value(format!("{} must be there and not be empty", attribute.name)));
        }
        let primary = value.and_then(Value::as_array).into_iter().flatten().filter(|value| is_primary(value)).count();
        if primary > 1 {
            return Err(Fault::invalid_value(format!("only one of {} may be primary, not {primary}", attribute.name)));
        }
    }
    Ok(())
}

/// Whether a value says that it is the first of its kind.
pub(crate) fn is_primary(value: &Value) -> bool {
    value.get("primary").and_then(Value::as_bool) == Some(true)
}

#[cfg(test)]
#[allow(clippy::needless_pass_by_value, reason = "literals are handed over as they are written")]
mod tests {
    use super::*;
    use serde_json::json;

    fn user(sent: Value) -> Result<Value, Fault> {
        resource(Type::User, sent).map(Value::from)
    }

    #[test]
    fn names_get_the_case_of_the_schema_and_values_its_kinds() {
        let sent = json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "ID": "x", "username": "Ada ", "ACTIVE": "False",
            "Emails": [{"VALUE": "a@b.c", "Primary": "true", "odd": 1}, null, {}], "title": null, "phoneNumbers": [],
            "groups": [{"value": "g"}], "meta": {"version": "1"}, "password": "secret",
            "URN:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"employeenumber": 7, "manager": "usr_1"},
        });
        let kept = json!({
            "userName": "Ada ", "active": false, "emails": [{"value": "a@b.c", "primary": true}],
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":
                {"employeeNumber": "7", "manager": {"value": "usr_1"}},
        });
        assert_eq!(user(sent).unwrap(), kept);
    }

    #[test]
    fn a_value_of_another_kind_is_refused() {
        for sent in [
            json!({"userName": true}),
            json!({"userName": {"a": 1}}),
            json!({"userName": ["a", "b"]}),
            json!({"active": "perhaps"}),
            json!({"active": 1}),
            json!({"name": "Ada"}),
            json!({"emails": [{"value": ["a", "b"]}]}),
        ] {
            assert_eq!(user(sent.clone()).unwrap_err().word, Some("invalidValue"), "{sent}");
        }
        assert_eq!(user(json!([])).unwrap_err().word, Some("invalidSyntax"));
    }

    #[test]
    fn a_resource_has_what_it_must_have_and_one_first_value() {
        let sound = |sent| require_sound(Type::User, &resource(Type::User, sent).unwrap());
        assert!(sound(json!({"userName": "a", "emails": [{"value": "a", "primary": true}, {"value": "b"}]})).is_ok());
        assert!(sound(json!({"userName": " "})).is_err());
        let two = json!({"value": "a", "primary": true});
        assert!(sound(json!({"userName": "a", "emails": [two, two]})).is_err());
    }
}
