//! What a filter means for a type of resource, and whether one fulfils it. Case matters where the
//! schema says so.

use crate::attribute_path::AttributePath;
use crate::fault::Fault;
use crate::filter::{Filter, Operator};
use crate::schema::{Attribute, Kind, Located, Type};
use rolecall_model::Timestamp;
use rolecall_model::name::fold;
use serde_json::Value;

/// A filter whose attributes were found in the schema.
#[derive(Clone, Debug)]
pub(crate) enum Condition {
    And(Vec<Condition>),
    Or(Vec<Condition>),
    Not(Box<Condition>),
    Present(Located),
    Compare(Comparison),
    Within(Located, Box<Condition>),
    /// Nothing fulfils it: it asks about another type of resource.
    Never,
}

/// A comparison of an attribute with a value.
#[derive(Clone, Debug)]
pub(crate) struct Comparison {
    pub at: Located,
    pub operator: Operator,
    pub wanted: Wanted,
    /// The value as it was written.
    pub literal: Value,
}

/// The value that is compared with.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Wanted {
    /// A text; without case where case does not matter.
    Text(String),
    Flag(bool),
    Instant(Timestamp),
    /// An instant as revisions: the first at or after it, and the first after it.
    Revisions(u64, u64),
    Nothing,
}

/// What is tested.
pub(crate) trait Row {
    /// The answer to a comparison, when it is known without the resource.
    fn quick(&self, comparison: &Comparison) -> Option<bool>;
    /// The resource.
    fn resource(&self) -> &Value;
}

/// A value of a complex attribute.
struct Element<'a>(&'a Value);

impl Row for Element<'_> {
    fn quick(&self, _: &Comparison) -> Option<bool> {
        None
    }
    fn resource(&self) -> &Value {
        self.0
    }
}

impl Condition {
    /// A filter on resources of a type.
    ///
    /// # Errors
    /// `invalidFilter`: an attribute that is not there, or a comparison that means nothing.
    pub(crate) fn of(filter: &Filter, kind: Type) -> Result<Self, Fault> {
        build(filter, &|path| kind.locate(path).map(Some).map_err(|fault| fault.worded("invalidFilter")))
    }

    /// A filter on resources of several types: what only another type has, nothing of this one fulfils.
    ///
    /// # Errors
    /// As [`Condition::of`], when no type has the attribute.
    pub(crate) fn among(filter: &Filter, kind: Type) -> Result<Self, Fault> {
        build(filter, &|path| match kind.locate(path) {
            Ok(at) => Ok(Some(at)),
            Err(_) if Type::ALL.iter().any(|other| other.locate(path).is_ok()) => Ok(None),
            Err(fault) => Err(fault.worded("invalidFilter")),
        })
    }

    /// A filter on the values of a complex attribute.
    ///
    /// # Errors
    /// As [`Condition::of`].
    pub(crate) fn on_parts(filter: &Filter, of: &'static Attribute) -> Result<Self, Fault> {
        build(filter, &|path| part_of(of, path).map(Some))
    }

    /// Whether a row fulfils it.
    pub(crate) fn holds(&self, row: &dyn Row) -> bool {
        match self {
            Condition::And(tests) => tests.iter().all(|test| test.holds(row)),
            Condition::Or(tests) => tests.iter().any(|test| test.holds(row)),
            Condition::Not(test) => !test.holds(row),
            Condition::Never => false,
            Condition::Present(at) => values(row.resource(), at).into_iter().any(is_present),
            Condition::Compare(comparison) => comparison.holds(row),
            Condition::Within(at, test) => values(row.resource(), at).into_iter().any(|value| test.holds_for(value)),
        }
    }

    /// Whether a value of a complex attribute fulfils it.
    pub(crate) fn holds_for(&self, value: &Value) -> bool {
        self.holds(&Element(value))
    }

    /// Every comparison in it.
    pub(crate) fn comparisons(&mut self) -> Vec<&mut Comparison> {
        match self {
            Condition::And(tests) | Condition::Or(tests) => tests.iter_mut().flat_map(Condition::comparisons).collect(),
            Condition::Not(test) | Condition::Within(_, test) => test.comparisons(),
            Condition::Compare(comparison) => vec![comparison],
            Condition::Present(_) | Condition::Never => Vec::new(),
        }
    }

    /// Whether it looks at this attribute of the resource itself.
    pub(crate) fn looks_at(&self, name: &str) -> bool {
        let is = |at: &Located| at.extension.is_none() && at.attribute.is_some_and(|attribute| attribute.name == name);
        match self {
            Condition::And(tests) | Condition::Or(tests) => tests.iter().any(|test| test.looks_at(name)),
            Condition::Not(test) => test.looks_at(name),
            Condition::Compare(comparison) => is(&comparison.at),
            Condition::Within(at, _) | Condition::Present(at) => is(at),
            Condition::Never => false,
        }
    }

    /// Comparisons all of which every row must fulfil.
    pub(crate) fn necessary(&self) -> Vec<&Comparison> {
        match self {
            Condition::And(tests) => tests.iter().flat_map(Condition::necessary).collect(),
            Condition::Compare(comparison) => vec![comparison],
            _ => Vec::new(),
        }
    }
}

fn part_of(of: &'static Attribute, path: &AttributePath) -> Result<Located, Fault> {
    let part = if path.urn.is_none() && path.part.is_none() { of.part(&path.name) } else { None };
    let unknown = || Fault::invalid_filter(format!("{} has no part \"{path}\"", of.name));
    Ok(Located { extension: None, attribute: Some(part.ok_or_else(unknown)?), part: None })
}

/// Where an attribute is; none when only another type has it.
type Locate<'a> = &'a dyn Fn(&AttributePath) -> Result<Option<Located>, Fault>;

fn build(filter: &Filter, locate: Locate<'_>) -> Result<Condition, Fault> {
    let each = |filters: &[Filter]| filters.iter().map(|filter| build(filter, locate)).collect::<Result<Vec<_>, _>>();
    Ok(match filter {
        Filter::And(filters) => Condition::And(each(filters)?),
        Filter::Or(filters) => Condition::Or(each(filters)?),
        Filter::Not(filter) => Condition::Not(Box::new(build(filter, locate)?)),
        Filter::Present(path) => locate(path)?.map_or(Condition::Never, Condition::Present),
        Filter::Compare(path, operator, value) => match locate(path)? {
            Some(at) => Condition::Compare(comparison(at, *operator, value)?),
            None => Condition::Never,
        },
        Filter::Within(path, inner) => {
            let Some(at) = locate(path)? else { return Ok(Condition::Never) };
            let Some(attribute) = at.part.or(at.attribute).filter(|attribute| attribute.kind == Kind::Complex) else {
                return Err(Fault::invalid_filter(format!("{path} has no parts that brackets could select by")));
            };
            Condition::Within(at, Box::new(Condition::on_parts(inner, attribute)?))
        }
    })
}

fn comparison(at: Located, operator: Operator, value: &Value) -> Result<Comparison, Fault> {
    let words = at.words();
    let wrong = |said: &str| Err(Fault::invalid_filter(format!("{words} {said}")));
    let Some(attribute) = at.compared() else { return wrong("has parts; compare one of them") };
    let equality = matches!(operator, Operator::Equal | Operator::NotEqual);
    let within = matches!(operator, Operator::Contains | Operator::StartsWith | Operator::EndsWith);
    let wanted = match (attribute.kind, value) {
        (_, Value::Null) if equality => Wanted::Nothing,
        (Kind::Flag, _) if !equality => return wrong("is true or false; compare it with eq or ne"),
        (Kind::Flag, Value::Bool(flag)) => Wanted::Flag(*flag),
        (Kind::Flag, Value::String(text)) => match flag(text) {
            Some(flag) => Wanted::Flag(flag),
            None => return wrong("is true or false"),
        },
        (Kind::Instant, _) if within => return wrong("is a time; compare it with eq, ne, gt, ge, lt or le"),
        (Kind::Instant, Value::String(text)) => match text.parse() {
            Ok(instant) => Wanted::Instant(instant),
            Err(_) => return wrong("is a time such as 2026-11-21T14:00:00Z"),
        },
        (Kind::Text | Kind::Reference, Value::String(text)) => Wanted::Text(compared(attribute, text)),
        (Kind::Text | Kind::Reference, Value::Number(number)) => Wanted::Text(number.to_string()),
        _ => return wrong("cannot be compared with such a value"),
    };
    Ok(Comparison { at, operator, wanted, literal: value.clone() })
}

/// A flag as clients write it: some send `"False"`.
pub(crate) fn flag(text: &str) -> Option<bool> {
    let is = |word: &str| text.trim().eq_ignore_ascii_case(word);
    if is("true") { Some(true) } else { is("false").then_some(false) }
}

/// A text as it is compared.
fn compared(attribute: &Attribute, text: &str) -> String {
    if attribute.case_exact { text.to_owned() } else { fold(text).into() }
}

impl Comparison {
    fn holds(&self, row: &dyn Row) -> bool {
        if let Some(known) = row.quick(self) {
            return known;
        }
        let values = values(row.resource(), &self.at);
        let values: Vec<&Value> = values.into_iter().filter_map(plain).collect();
        match (self.operator, &self.wanted) {
            (Operator::Equal, Wanted::Nothing) => !values.into_iter().any(is_present),
            (Operator::NotEqual, Wanted::Nothing) => values.into_iter().any(is_present),
            (Operator::NotEqual, _) => !values.into_iter().any(|value| self.is_fulfilled_by(value, Operator::Equal)),
            (operator, _) => values.into_iter().any(|value| self.is_fulfilled_by(value, operator)),
        }
    }

    /// Whether a text fulfils it, without a look at any resource.
    pub(crate) fn holds_for_text(&self, text: &str) -> bool {
        match self.operator {
            Operator::NotEqual => !self.is_fulfilled_by_text(text, Operator::Equal),
            operator => self.is_fulfilled_by_text(text, operator),
        }
    }

    /// Whether a flag fulfils it; none when it compares with something else.
    pub(crate) fn holds_for_flag(&self, flag: bool) -> Option<bool> {
        let Wanted::Flag(wanted) = self.wanted else { return None };
        Some((wanted == flag) == (self.operator == Operator::Equal))
    }

    /// Whether a revision fulfils a comparison with an instant.
    pub(crate) fn holds_for_revision(&self, revision: u64) -> Option<bool> {
        let Wanted::Revisions(first, after) = self.wanted else { return None };
        Some(match self.operator {
            Operator::Equal => (first..after).contains(&revision),
            Operator::NotEqual => !(first..after).contains(&revision),
            Operator::Greater => revision >= after,
            Operator::GreaterOrEqual => revision >= first,
            Operator::Less => revision < first,
            Operator::LessOrEqual => revision < after,
            Operator::Contains | Operator::StartsWith | Operator::EndsWith => false,
        })
    }

    fn is_fulfilled_by(&self, value: &Value, operator: Operator) -> bool {
        match (&self.wanted, value) {
            (Wanted::Flag(wanted), Value::Bool(flag)) => wanted == flag,
            (Wanted::Instant(wanted), Value::String(text)) => {
                text.parse::<Timestamp>().is_ok_and(|instant| orders(operator, instant.cmp(wanted)))
            }
            (Wanted::Text(_), Value::String(text)) => self.is_fulfilled_by_text(text, operator),
            _ => false,
        }
    }

    fn is_fulfilled_by_text(&self, text: &str, operator: Operator) -> bool {
        let (Wanted::Text(wanted), Some(attribute)) = (&self.wanted, self.at.compared()) else { return false };
        let text = compared(attribute, text);
        match operator {
            Operator::Contains => text.contains(wanted.as_str()),
            Operator::StartsWith => text.starts_with(wanted.as_str()),
            Operator::EndsWith => text.ends_with(wanted.as_str()),
            operator => orders(operator, text.as_str().cmp(wanted)),
        }
    }
}

fn orders(operator: Operator, order: std::cmp::Ordering) -> bool {
    match operator {
        Operator::Equal => order.is_eq(),
        Operator::NotEqual => order.is_ne(),
        Operator::Greater => order.is_gt(),
        Operator::GreaterOrEqual => order.is_ge(),
        Operator::Less => order.is_lt(),
        Operator::LessOrEqual => order.is_le(),
        Operator::Contains | Operator::StartsWith | Operator::EndsWith => false,
    }
}

/// What stands at a place of a resource; several values when the attribute has several.
pub(crate) fn values<'v>(resource: &'v Value, at: &Located) -> Vec<&'v Value> {
    let base = match at.extension {
        Some(schema) => resource.get(schema.urn),
        None => Some(resource),
    };
    let Some(base) = base else { return Vec::new() };
    let Some(attribute) = at.attribute else { return vec![base] };
    let all = match base.get(attribute.name) {
        Some(Value::Array(all)) => all.iter().collect(),
        Some(one) => vec![one],
        None => Vec::new(),
    };
    match at.part {
        Some(part) => all.into_iter().filter_map(|value| value.get(part.name)).collect(),
        None => all,
    }
}

/// The value that stands for a complex one when it is compared.
fn plain(value: &Value) -> Option<&Value> {
    if value.is_object() { value.get("value") } else { Some(value) }
}

fn is_present(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(all) => !all.is_empty(),
        Value::Object(parts) => parts.values().any(is_present),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn ada() -> Value {
        json!({
            "id": "usr_1", "userName": "Ada@Example.com", "externalId": "A1", "active": true, "title": "",
            "name": {"familyName": "Lovelace"},
            "emails": [{"value": "ada@example.com", "type": "work", "primary": true}, {"value": "a@home.org", "type": "home"}],
            "meta": {"created": "2026-01-02T03:04:05Z"},
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "Engines"},
        })
    }

    fn holds(filter: &str) -> bool {
        Condition::of(&Filter::parse(filter).unwrap(), Type::User).unwrap().holds_for(&ada())
    }

    #[test]
    fn the_filters_that_the_standard_shows_hold_as_it_says() {
        for filter in [
            "userName eq \"ada@example.COM\"",
            "urn:ietf:params:scim:schemas:core:2.0:User:userName sw \"ada\"",
            "name.familyName co \"LACE\"",
            "userName ew \"example.com\" and not (title pr)",
            "active eq true",
            "Active ne \"False\"",
            "externalId eq \"A1\"",
            "emails eq \"a@home.org\"",
            "emails.type eq \"home\"",
            "emails[type eq \"work\" and value co \"@example\"]",
            "emails[type eq \"work\"].value eq \"ada@example.com\"",
            "meta.created gt \"2026-01-02T03:04:04Z\" and meta.created le \"2026-01-02T04:04:05+01:00\"",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department eq \"engines\"",
            "userType eq null and userType ne \"Employee\"",
            "name pr and emails pr",
            "userName gt \"abc\" and userName lt \"B\"",
        ] {
            assert!(holds(filter), "{filter}");
            assert!(!holds(&format!("not ({filter})")), "{filter}");
        }
    }

    #[test]
    fn what_differs_does_not_hold() {
        for filter in [
            "externalId eq \"a1\"",
            "emails[type eq \"home\" and value co \"@example\"]",
            "title pr",
            "userType pr",
            "active eq false",
            "emails ne \"a@home.org\"",
            "name.givenName eq \"Ada\"",
        ] {
            assert!(!holds(filter), "{filter}");
        }
    }

    #[test]
    fn a_comparison_that_means_nothing_is_refused() {
        for filter in [
            "name eq \"x\"",
            "active gt true",
            "active eq \"perhaps\"",
            "meta.created co \"2026\"",
            "meta.created eq \"yesterday\"",
            "userName eq true",
            "userNme eq \"x\"",
            "userName[a pr]",
            "emails[size eq 1]",
            "department pr",
        ] {
            let fault = Condition::of(&Filter::parse(filter).unwrap(), Type::User).unwrap_err();
            assert_eq!(fault.word, Some("invalidFilter"), "{filter}");
        }
    }
}
