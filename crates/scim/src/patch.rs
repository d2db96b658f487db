//! PATCH (RFC 7644, section 3.5.2): operations on a resource in the schema's form. All of them or none.

use crate::attribute_path::AttributePath;
use crate::canonical::{self, is_kept, is_primary, within};
use crate::condition::Condition;
use crate::fault::Fault;
use crate::filter::{Operator, PatchPath};
use crate::schema::{Attribute, Kind, Located, Schema, Type};
use rolecall_model::refusal::shown;
use serde_json::{Map, Value};

/// Operations that one request may have.
const MOST_OPERATIONS: usize = 1_000;

/// What is done at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    Add,
    Replace,
    Remove,
}

/// One thing to do at one place.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub deed: Deed,
    pub at: Located,
    /// Which of several values.
    pub which: Option<Condition>,
    pub value: Value,
}

/// The steps of a request.
///
/// # Errors
/// What cannot be read, and at which operation.
pub(crate) fn steps(kind: Type, body: Value) -> Result<Vec<Step>, Fault> {
    let Some(Value::Array(operations)) = field(body, "Operations") else {
        return Err(Fault::invalid_syntax("the body must have a list \"Operations\""));
    };
    if operations.len() > MOST_OPERATIONS {
        let count = operations.len();
        return Err(Fault::new(413, format!("{count} operations are too many; at most {MOST_OPERATIONS} are taken")));
    }
    let mut steps = Vec::new();
    for (index, operation) in operations.into_iter().enumerate() {
        read(kind, operation, &mut steps).map_err(|fault| fault.under(&format!("Operations[{index}]")))?;
    }
    Ok(steps)
}

/// A field of an object, its name in any case.
fn field(object: Value, name: &str) -> Option<Value> {
    let Value::Object(object) = object else { return None };
    object.into_iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

fn read(kind: Type, operation: Value, steps: &mut Vec<Step>) -> Result<(), Fault> {
    let Value::Object(operation) = operation else {
        return Err(Fault::invalid_syntax("an operation must be an object"));
    };
    let (mut op, mut path, mut value) = (Value::Null, Value::Null, Value::Null);
    for (name, given) in operation {
        match name.to_ascii_lowercase().as_str() {
            "op" => op = given,
            "path" => path = given,
            "value" => value = given,
            _ => {}
        }
    }
    let deed = deed(&op)?;
    let path = match path {
        Value::Null => None,
        Value::String(text) if text.trim().is_empty() => None,
        Value::String(text) => Some(text),
        _ => return Err(Fault::invalid_path("path must be a text")),
    };
    match path {
        Some(path) => steps.push(step(kind, deed, &path, value)?),
        None if deed == Deed::Remove => return Err(Fault::no_target("remove needs a path that says what")),
        None => whole(kind, deed, value, steps)?,
    }
    Ok(())
}

fn deed(op: &Value) -> Result<Deed, Fault> {
    let word = op.as_str().unwrap_or_default().to_ascii_lowercase();
    match word.as_str() {
        "add" => Ok(Deed::Add),
        "replace" => Ok(Deed::Replace),
        "remove" => Ok(Deed::Remove),
        _ => Err(Fault::invalid_syntax(format!("op must be add, replace or remove, not {}", shown(&op.to_string())))),
    }
}

/// A value without a path names attributes itself. What it may not write is passed over there, as in a whole
/// resource: some clients send the id along.
fn whole(kind: Type, deed: Deed, value: Value, steps: &mut Vec<Step>) -> Result<(), Fault> {
    let Value::Object(value) = value else {
        return Err(Fault::invalid_value("without a path, value must be an object of attributes"));
    };
    for (name, value) in value {
        let Ok(path) = PatchPath::parse(&name) else { continue };
        let Ok(at) = kind.locate(&path.attribute) else { continue };
        if at.attribute.is_none_or(is_kept) {
            steps.push(step(kind, deed, &name, value)?);
        }
    }
    Ok(())
}

fn step(kind: Type, deed: Deed, path: &str, value: Value) -> Result<Step, Fault> {
    let PatchPath { attribute, filter, part } = PatchPath::parse(path)?;
    let mut at = kind.locate(&attribute)?;
    let mut which = None;
    if let (Some(filter), Some(of)) = (&filter, at.attribute) {
        if !of.many || of.kind != Kind::Complex || at.part.is_some() {
            return Err(Fault::invalid_path(format!("{attribute} has no values that brackets could select")));
        }
        which = Some(Condition::on_parts(filter, of)?);
        if let Some(part) = part {
            let path = AttributePath { part: Some(part), ..attribute };
            at = kind.locate(&path)?;
        }
    }
    if let Some(fixed) = [at.attribute, at.part].into_iter().flatten().find(|attribute| !is_kept(attribute)) {
        return Err(Fault::mutability(format!("{} is read-only; leave it out", fixed.name)));
    }
    if deed != Deed::Remove && value.is_null() && at.attribute.is_none_or(|attribute| attribute.required) {
        return Err(Fault::invalid_value(format!("{} needs a value", at.words())));
    }
    Ok(Step { deed, at, which, value })
}

/// Carries out a step.
///
/// # Errors
/// `mutability`, `noTarget`, `invalidValue`.
pub(crate) fn apply(resource: &mut Map<String, Value>, step: Step) -> Result<(), Fault> {
    let Step { deed, at, which, value } = step;
    let Some(attribute) = at.attribute else {
        return match at.extension {
            Some(schema) => whole_extension(resource, schema, deed, value),
            None => Ok(()),
        };
    };
    if deed == Deed::Remove && attribute.required && at.part.is_none() {
        return Err(Fault::mutability(format!("{} must be there and cannot be removed", attribute.name)));
    }
    // A value of null is the same as none.
    let deed = if value.is_null() { Deed::Remove } else { deed };
    within(resource, at.extension, |home| match (attribute.many, at.part) {
        (true, part) => many(home, attribute, part, deed, which.as_ref(), value),
        (false, Some(part)) => one_part(home, attribute, part, deed, value),
        (false, None) => one(home, attribute, deed, value),
    })
}

fn whole_extension(
    resource: &mut Map<String, Value>,
    schema: &'static Schema,
    deed: Deed,
    value: Value,
) -> Result<(), Fault> {
    if deed == Deed::Remove {
        resource.remove(schema.urn);
        return Ok(());
    }
    let Value::Object(value) = value else {
        return Err(Fault::invalid_value(format!("{} must be an object", schema.urn)));
    };
    for (name, value) in value {
        let attribute = crate::schema::named(schema.attributes, &name).filter(|attribute| is_kept(attribute));
        if let Some(attribute) = attribute {
            let at = Located { extension: Some(schema), attribute: Some(attribute), part: None };
            apply(resource, Step { deed, at, which: None, value })?;
        }
    }
    Ok(())
}

/// A single value: a complex one keeps the parts that are not named.
fn one(home: &mut Map<String, Value>, attribute: &'static Attribute, deed: Deed, value: Value) -> Result<(), Fault> {
    if deed == Deed::Remove {
        home.remove(attribute.name);
        return Ok(());
    }
    let emptied: Vec<&str> = match &value {
        Value::Object(parts) if attribute.kind == Kind::Complex => {
            let nothing = parts.iter().filter(|(_, value)| value.is_null());
            nothing.filter_map(|(name, _)| Some(attribute.part(name)?.name)).collect()
        }
        _ => Vec::new(),
    };
    let new = canonical::one(attribute, value)?;
    match (home.get_mut(attribute.name), new) {
        (Some(Value::Object(present)), new) if attribute.kind == Kind::Complex => {
            present.retain(|name, _| !emptied.contains(&name.as_str()));
            match new {
                Some(Value::Object(parts)) => present.extend(parts),
                _ if emptied.is_empty() => present.clear(),
                _ => {}
            }
            if present.is_empty() {
                home.remove(attribute.name);
            }
        }
        (_, Some(new)) => {
            home.insert(attribute.name.to_owned(), new);
        }
        (_, None) => {
            home.remove(attribute.name);
        }
    }
    Ok(())
}

fn one_part(
    home: &mut Map<String, Value>,
    attribute: &'static Attribute,
    part: &'static Attribute,
    deed: Deed,
    value: Value,
) -> Result<(), Fault> {
    let new = if deed == Deed::Remove { None } else { canonical::one(part, value)? };
    let mut parts = match home.remove(attribute.name) {
        Some(Value::Object(parts)) => parts,
        _ => Map::new(),
    };
    set(&mut parts, part, new);
    if !parts.is_empty() {
        home.insert(attribute.name.to_owned(), parts.into());
    }
    Ok(())
}

fn set(parts: &mut Map<String, Value>, part: &Attribute, value: Option<Value>) {
    match value {
        Some(value) => parts.insert(part.name.to_owned(), value),
        None => parts.remove(part.name),
    };
}

/// Several values, of which a filter may select some.
fn many(
    home: &mut Map<String, Value>,
    attribute: &'static Attribute,
    part: Option<&'static Attribute>,
    deed: Deed,
    which: Option<&Condition>,
    value: Value,
) -> Result<(), Fault> {
    let mut present = match home.remove(attribute.name) {
        Some(Value::Array(present)) => present,
        _ => Vec::new(),
    };
    let first = present.iter().position(is_primary);
    match (which, part) {
        (None, None) => all(&mut present, attribute, deed, value)?,
        (which, part) => selected(&mut present, attribute, part, deed, which, value)?,
    }
    present.retain(|value| value.as_object().is_none_or(|parts| !parts.is_empty()));
    // A new first value takes the place of the old one.
    if let Some(first) = first
        && deed != Deed::Remove
        && present.iter().filter(|value| is_primary(value)).count() == 2
        && let Some(Value::Object(old)) = present.get_mut(first)
    {
        old.insert("primary".to_owned(), false.into());
    }
    if !present.is_empty() {
        home.insert(attribute.name.to_owned(), present.into());
    }
    Ok(())
}

/// All values of an attribute.
fn all(present: &mut Vec<Value>, attribute: &'static Attribute, deed: Deed, value: Value) -> Result<(), Fault> {
    let given = match canonical::value(attribute, value)? {
        Some(Value::Array(given)) => given,
        _ => Vec::new(),
    };
    match deed {
        Deed::Replace => *present = given,
        Deed::Add => {
            for value in given {
                if !present.contains(&value) {
                    present.push(value);
                }
            }
        }
        Deed::Remove if given.is_empty() => present.clear(),
        // Not in the standard, yet what some clients send: the values to remove.
        Deed::Remove => present.retain(|value| !given.iter().any(|given| is_the_same(value, given))),
    }
    Ok(())
}

/// Whether a value is the one that somebody names, perhaps only by its `value`.
fn is_the_same(present: &Value, named: &Value) -> bool {
    match (present.get("value"), named.get("value")) {
        (Some(present), Some(named)) => present == named,
        _ => present == named,
    }
}

fn selected(
    present: &mut Vec<Value>,
    attribute: &'static Attribute,
    part: Option<&'static Attribute>,
    deed: Deed,
    which: Option<&Condition>,
    value: Value,
) -> Result<(), Fault> {
    let is_meant = |value: &Value| which.is_none_or(|which| which.holds_for(value));
    if deed == Deed::Remove {
        match part {
            None => present.retain(|value| !is_meant(value)),
            Some(part) => {
                for parts in present.iter_mut().filter(|value| is_meant(value)).filter_map(Value::as_object_mut) {
                    parts.remove(part.name);
                }
            }
        }
        return Ok(());
    }
    let new = canonical::one(part.unwrap_or(attribute), value)?;
    let mut found = false;
    for value in present.iter_mut().filter(|value| is_meant(value)) {
        found = true;
        change(value, part, deed, new.clone());
    }
    if found {
        return Ok(());
    }
    if deed == Deed::Replace && which.is_some() {
        return Err(Fault::no_target(format!("none of {} is as the path says", attribute.name)));
    }
    // Adding to a value that is not there makes it, as the filter describes it.
    let mut made = Value::Object(which.map(described).unwrap_or_default());
    change(&mut made, part, Deed::Add, new);
    present.push(made);
    Ok(())
}

fn change(value: &mut Value, part: Option<&'static Attribute>, deed: Deed, new: Option<Value>) {
    match (part, new) {
        (Some(part), new) => {
            if let Some(parts) = value.as_object_mut() {
                set(parts, part, new);
            }
        }
        (None, Some(Value::Object(new))) if deed == Deed::Add => {
            if let Some(parts) = value.as_object_mut() {
                parts.extend(new);
            }
        }
        (None, new) => *value = new.unwrap_or_else(|| Map::new().into()),
    }
}

/// What a filter says of the parts of a value.
fn described(which: &Condition) -> Map<String, Value> {
    let equal = which.necessary().into_iter().filter(|comparison| comparison.operator == Operator::Equal);
    let part = |comparison: &crate::condition::Comparison| {
        let attribute = comparison.at.attribute?;
        let value = canonical::one(attribute, comparison.literal.clone()).ok()??;
        Some((attribute.name.to_owned(), value))
    };
    equal.filter_map(part).collect()
}

#[cfg(test)]
#[allow(clippy::needless_pass_by_value, reason = "literals are handed over as they are written")]
mod tests {
    use super::*;
    use serde_json::json;

    const ENTERPRISE: &str = crate::schema::ENTERPRISE;

    fn patched(resource: Value, operations: Value) -> Result<Value, Fault> {
        let Value::Object(mut resource) = resource else { panic!("an object") };
        for step in steps(Type::User, json!({"Operations": operations}))? {
            apply(&mut resource, step)?;
        }
        Ok(resource.into())
    }

    fn ada() -> Value {
        json!({"userName": "ada", "name": {"givenName": "Ada", "familyName": "King"}, "title": "Countess",
            "emails": [{"value": "w", "type": "work", "primary": true}, {"value": "h", "type": "home"}]})
    }

    fn holds(operations: Value, expected: &Value) {
        let mut whole = ada();
        for (name, value) in expected.as_object().unwrap() {
            whole[name] = value.clone();
        }
        whole.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        assert_eq!(patched(ada(), operations.clone()).unwrap(), whole, "{operations}");
    }

    #[test]
    fn a_single_value_is_set_kept_in_part_and_taken_away() {
        holds(json!([{"op": "replace", "path": "title", "value": "Dr."}]), &json!({"title": "Dr."}));
        holds(json!([{"op": "Remove", "path": "TITLE"}]), &json!({"title": null}));
        holds(json!([{"op": "add", "path": "title", "value": null}]), &json!({"title": null}));
        holds(
            json!([{"op": "replace", "path": "name", "value": {"familyName": "Lovelace"}}]),
            &json!({"name": {"givenName": "Ada", "familyName": "Lovelace"}}),
        );
        holds(
            json!([{"op": "add", "path": "name.middleName", "value": "B"}]),
            &json!({"name": {"givenName": "Ada", "familyName": "King", "middleName": "B"}}),
        );
        holds(
            json!([{"op": "remove", "path": "name.givenName"}, {"op": "remove", "path": "name.familyName"}]),
            &json!({"name": null}),
        );
    }

    #[test]
    fn a_value_without_a_path_names_its_attributes_also_with_dots() {
        holds(
            json!([{"op": "Add", "value": {"name.givenName": "A", "active": "False", "id": "x", "odd": 1,
                format!("{ENTERPRISE}:department"): "Engines"}}]),
            &json!({"name": {"givenName": "A", "familyName": "King"}, "active": false, ENTERPRISE: {"department": "Engines"}}),
        );
        holds(
            json!([{"op": "replace", "value": {ENTERPRISE: {"costCenter": "7", "manager": {"value": "m"}}}}]),
            &json!({ENTERPRISE: {"costCenter": "7", "manager": {"value": "m"}}}),
        );
        holds(
            json!([{"op": "add", "path": format!("{ENTERPRISE}:manager"), "value": "m"}, {"op": "remove", "path": format!("{ENTERPRISE}:manager.value")}]),
            &json!({}),
        );
    }

    #[test]
    fn several_values_are_added_once_replaced_and_selected() {
        let (work, home) =
            (json!({"value": "w", "type": "work", "primary": true}), json!({"value": "h", "type": "home"}));
        holds(
            json!([{"op": "add", "path": "emails", "value": [home, {"value": "o"}]}]),
            &json!({"emails": [work, home, {"value": "o"}]}),
        );
        holds(
            json!([{"op": "replace", "path": "emails", "value": {"value": "o"}}]),
            &json!({"emails": [{"value": "o"}]}),
        );
        holds(
            json!([{"op": "replace", "path": "emails[type eq \"work\"].value", "value": "x"}]),
            &json!({"emails": [{"value": "x", "type": "work", "primary": true}, home]}),
        );
        holds(json!([{"op": "remove", "path": "emails[type eq \"Work\"]"}]), &json!({"emails": [home]}));
        holds(json!([{"op": "remove", "path": "emails", "value": [{"value": "h"}]}]), &json!({"emails": [work]}));
        holds(json!([{"op": "remove", "path": "emails"}]), &json!({"emails": null}));
        holds(json!([{"op": "remove", "path": "emails[type eq \"other\"]"}]), &json!({}));
    }

    #[test]
    fn adding_to_a_value_that_is_not_there_makes_it_and_replacing_it_does_not() {
        holds(
            json!([{"op": "Add", "path": "phoneNumbers[type eq \"mobile\"].value", "value": "1"}]),
            &json!({"phoneNumbers": [{"type": "mobile", "value": "1"}]}),
        );
        let replace = json!([{"op": "replace", "path": "phoneNumbers[type eq \"mobile\"].value", "value": "1"}]);
        assert_eq!(patched(ada(), replace).unwrap_err().word, Some("noTarget"));
    }

    #[test]
    fn a_new_first_value_takes_the_place_of_the_old_one() {
        holds(
            json!([{"op": "add", "path": "emails", "value": [{"value": "n", "primary": true}]}]),
            &json!({"emails":
            [{"value": "w", "type": "work", "primary": false}, {"value": "h", "type": "home"}, {"value": "n", "primary": true}]}),
        );
        holds(
            json!([{"op": "replace", "path": "emails[type eq \"home\"].primary", "value": "True"}]),
            &json!({"emails":
            [{"value": "w", "type": "work", "primary": false}, {"value": "h", "type": "home", "primary": true}]}),
        );
    }

    #[test]
    fn what_cannot_be_done_says_why() {
        for (operation, word) in [
            (json!({"op": "copy", "path": "title"}), "invalidSyntax"),
            (json!(7), "invalidSyntax"),
            (json!({"op": "remove"}), "noTarget"),
            (json!({"op": "remove", "path": "userName"}), "mutability"),
            (json!({"op": "replace", "path": "userName", "value": null}), "invalidValue"),
            (json!({"op": "replace", "path": "id", "value": "x"}), "mutability"),
            (json!({"op": "replace", "path": "groups", "value": []}), "mutability"),
            (json!({"op": "add", "path": "meta.created", "value": "x"}), "mutability"),
            (json!({"op": "add", "path": "odd", "value": "x"}), "invalidPath"),
            (json!({"op": "add", "path": "title[a eq 1]", "value": "x"}), "invalidPath"),
            (json!({"op": "add", "path": 7, "value": "x"}), "invalidPath"),
            (json!({"op": "add", "path": "emails[size eq 1]", "value": "x"}), "invalidFilter"),
            (json!({"op": "add", "value": "x"}), "invalidValue"),
            (json!({"op": "add", "path": "active", "value": "x"}), "invalidValue"),
        ] {
            let fault = patched(ada(), json!([operation])).unwrap_err();
            assert_eq!((fault.status, fault.word), (400, Some(word)), "{operation}");
            assert!(fault.detail.len() > 20, "{}", fault.detail);
        }
        assert!(steps(Type::User, json!({})).is_err());
    }
}
