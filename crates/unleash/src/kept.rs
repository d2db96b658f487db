//! What is kept for this protocol beside what the model knows: one object under `unleash` in a noun's attributes.

use rolecall_model::attributes::Attributes;
use serde_json::{Map, Value};

const KEY: &str = "unleash";

/// A value that is kept.
pub(crate) fn kept<'a>(attributes: &'a Attributes, name: &str) -> Option<&'a Value> {
    attributes.get(KEY)?.get(name)
}

/// A text that is kept.
pub(crate) fn text<'a>(attributes: &'a Attributes, name: &str) -> Option<&'a str> {
    kept(attributes, name)?.as_str()
}

/// Attributes to put over the present ones, so that these values are kept beside those that are; a null takes one away.
/// None when they are kept already: then there is nothing to change.
pub(crate) fn with<const N: usize>(present: &Attributes, values: [(&str, Value); N]) -> Option<Map<String, Value>> {
    let before = present.get(KEY).and_then(Value::as_object).cloned().unwrap_or_default();
    let mut after = before.clone();
    for (name, value) in values {
        if value.is_null() {
            after.remove(name);
        } else {
            after.insert(name.to_owned(), value);
        }
    }
    let kept = if after.is_empty() { Value::Null } else { Value::Object(after.clone()) };
    (before != after).then(|| Map::from_iter([(KEY.to_owned(), kept)]))
}

/// The attributes of something new.
pub(crate) fn fresh<const N: usize>(values: [(&str, Value); N]) -> Map<String, Value> {
    with(&Attributes::default(), values).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_value_is_kept_beside_the_others_and_what_is_kept_already_is_no_change() {
        let present = Attributes::from(fresh([("mode", json!("open")), ("gone", json!(1))]));
        let patch = with(&present, [("stickiness", json!("x")), ("gone", Value::Null)]).unwrap();
        assert_eq!(patch["unleash"], json!({"mode": "open", "stickiness": "x"}));
        assert_eq!(with(&present, [("mode", json!("open"))]), None);
        assert!(with(&present, [("mode", Value::Null), ("gone", Value::Null)]).unwrap()["unleash"].is_null());
        assert_eq!(text(&present, "mode"), Some("open"));
    }
}
