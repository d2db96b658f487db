//! Which attributes an answer shows: `attributes` and `excludedAttributes` (RFC 7644, section 3.9).

use crate::attribute_path::AttributePath;
use crate::fault::Fault;
use crate::schema::{Attribute, Returned, Schema, Type};
use serde_json::{Map, Value};

/// Names that one request may have.
const MOST_NAMES: usize = 200;

/// Which attributes an answer shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Selection {
    /// What is shown unless somebody says otherwise.
    #[default]
    Usual,
    /// Only these, and what is always shown.
    Only(Vec<AttributePath>),
    /// Not these, unless they are always shown.
    Without(Vec<AttributePath>),
}

impl Selection {
    /// Reads both parameters, each a list of names with commas between. A name that is none selects nothing.
    ///
    /// # Errors
    /// `invalidValue` when both are given.
    pub(crate) fn parse(only: Option<&str>, without: Option<&str>) -> Result<Self, Fault> {
        let given = |list: Option<&str>| list.filter(|list| !list.trim().is_empty()).map(str::to_owned);
        match (given(only), given(without)) {
            (None, None) => Ok(Selection::Usual),
            (Some(only), None) => Ok(Selection::Only(names(&only)?)),
            (None, Some(without)) => Ok(Selection::Without(names(&without)?)),
            (Some(_), Some(_)) => {
                Err(Fault::invalid_value("attributes and excludedAttributes cannot be given together; leave one out"))
            }
        }
    }

    /// Whether an attribute of the resource itself may be shown, in part at least.
    pub(crate) fn wants(&self, name: &str) -> bool {
        let is = |path: &AttributePath| path.name.eq_ignore_ascii_case(name);
        match self {
            Selection::Usual => true,
            Selection::Only(paths) => paths.iter().any(is),
            Selection::Without(paths) => !paths.iter().any(|path| is(path) && path.part.is_none()),
        }
    }

    /// The resource as it is shown.
    pub(crate) fn of(&self, kind: Type, resource: Value) -> Value {
        let Value::Object(resource) = resource else { return resource };
        let mut shown = Map::new();
        for (name, value) in resource {
            let extension = kind.extensions().iter().find(|schema| schema.urn == name);
            let value = match extension {
                Some(schema) => self.extension(schema, value),
                None => match AttributePath::parse(&name).ok().and_then(|path| kind.locate(&path).ok()?.attribute) {
                    Some(attribute) => self.attribute(kind.core().urn, attribute, value),
                    None => None,
                },
            };
            if let Some(value) = value {
                shown.insert(name, value);
            }
        }
        shown.into()
    }

    fn extension(&self, schema: &Schema, value: Value) -> Option<Value> {
        let is_whole = |path: &AttributePath| path.to_string().eq_ignore_ascii_case(schema.urn);
        match self {
            Selection::Usual => return Some(value),
            Selection::Only(paths) if paths.iter().any(is_whole) => return Some(value),
            Selection::Without(paths) if paths.iter().any(is_whole) => return None,
            _ => {}
        }
        let Value::Object(value) = value else { return None };
        let shown: Map<String, Value> = value
            .into_iter()
            .filter_map(|(name, value)| {
                let attribute = schema.attributes.iter().find(|attribute| attribute.name == name)?;
                Some((name, self.attribute(schema.urn, attribute, value)?))
            })
            .collect();
        (!shown.is_empty()).then(|| shown.into())
    }

    fn attribute(&self, urn: &str, attribute: &Attribute, value: Value) -> Option<Value> {
        let core = Type::ALL.iter().any(|kind| kind.core().urn == urn);
        let is = |path: &&AttributePath| {
            let here = path.urn.as_deref().map_or(core, |named| named.eq_ignore_ascii_case(urn));
            here && path.name.eq_ignore_ascii_case(attribute.name)
        };
        if attribute.returned == Returned::Always {
            return Some(value);
        }
        match self {
            Selection::Usual => Some(parts(attribute, value, &|part| part.returned != Returned::Request)),
            Selection::Only(paths) => {
                let named: Vec<_> = paths.iter().filter(is).collect();
                if named.is_empty() {
                    return None;
                }
                let is_part = |part: &Attribute| {
                    let mut parts = named.iter().filter_map(|path| path.part.as_deref());
                    parts.any(|named| named.eq_ignore_ascii_case(part.name))
                };
                let whole = named.iter().any(|path| path.part.is_none());
                let wanted = |part: &Attribute| whole && part.returned != Returned::Request || is_part(part);
                Some(parts(attribute, value, &wanted))
            }
            Selection::Without(paths) => {
                let named: Vec<_> = paths.iter().filter(is).collect();
                if named.iter().any(|path| path.part.is_none()) {
                    return None;
                }
                let is_part = |part: &Attribute| {
                    let mut parts = named.iter().filter_map(|path| path.part.as_deref());
                    parts.any(|named| named.eq_ignore_ascii_case(part.name))
                };
                Some(parts(attribute, value, &|part| part.returned != Returned::Request && !is_part(part)))
            }
        }
    }
}

/// A value with the parts that are wanted.
fn parts(attribute: &Attribute, value: Value, wanted: &dyn Fn(&Attribute) -> bool) -> Value {
    match value {
        Value::Array(all) => all.into_iter().map(|value| parts(attribute, value, wanted)).collect(),
        Value::Object(all) if !attribute.parts.is_empty() => {
            let keep = |name: &str| attribute.parts.iter().find(|part| part.name == name).is_some_and(wanted);
            all.into_iter().filter(|(name, _)| keep(name)).collect()
        }
        other => other,
    }
}

fn names(list: &str) -> Result<Vec<AttributePath>, Fault> {
    let names: Vec<&str> = list.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
    if names.len() > MOST_NAMES {
        return Err(Fault::invalid_value(format!("{} names are too many; at most {MOST_NAMES} are read", names.len())));
    }
    Ok(names.into_iter().filter_map(|name| AttributePath::parse(name).ok()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::ENTERPRISE;
    use serde_json::json;

    fn shown(only: Option<&str>, without: Option<&str>) -> Value {
        let ada = json!({
            "schemas": ["x"], "id": "usr_1", "userName": "ada", "title": "Dr.", "name": {"givenName": "Ada", "familyName": "K"},
            "emails": [{"value": "w", "type": "work"}], ENTERPRISE: {"department": "d", "costCenter": "c"},
        });
        Selection::parse(only, without).unwrap().of(Type::User, ada)
    }

    #[test]
    fn only_what_is_named_is_shown_beside_id_and_schemas() {
        let always = json!({"schemas": ["x"], "id": "usr_1"});
        assert_eq!(shown(Some("odd, a b,"), None), always);
        let mut some = always.clone();
        some["userName"] = "ada".into();
        some["name"] = json!({"givenName": "Ada"});
        some["emails"] = json!([{"type": "work"}]);
        some[ENTERPRISE] = json!({"department": "d"});
        let names = format!("USERNAME,name.givenName,emails.type,{ENTERPRISE}:department");
        assert_eq!(shown(Some(&names), None), some);
    }

    #[test]
    fn what_is_excluded_is_not_shown_unless_it_always_is() {
        let some = json!({"schemas": ["x"], "id": "usr_1", "userName": "ada", "name": {"familyName": "K"}, ENTERPRISE: {"costCenter": "c"}});
        let names = format!("id,title,name.givenName,emails,{ENTERPRISE}:department");
        assert_eq!(shown(None, Some(&names)), some);
        assert!(shown(None, Some(ENTERPRISE)).get(ENTERPRISE).is_none());
    }

    #[test]
    fn what_is_shown_only_on_request_is_shown_when_it_is_named() {
        let group = json!({"id": "grp_1", "displayName": "g", "members": [{"value": "usr_1", "display": "Ada"}]});
        let shown = |only| Selection::parse(only, None).unwrap().of(Type::Group, group.clone())["members"].clone();
        assert_eq!(shown(None), json!([{"value": "usr_1"}]));
        assert_eq!(shown(Some("members")), json!([{"value": "usr_1"}]));
        assert_eq!(shown(Some("members.value,members.display")), json!([{"value": "usr_1", "display": "Ada"}]));
    }

    #[test]
    fn both_at_once_are_refused() {
        assert!(Selection::parse(Some("a"), Some("b")).is_err());
        assert_eq!(Selection::parse(Some(" "), None).unwrap(), Selection::Usual);
    }
}
