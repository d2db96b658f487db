//! Conditions on the items of a list. A field or function that means nothing here is refused: a list that ignored it would
//! show what was not asked for.

use crate::fault::invalid;
use crate::wire::common::ListRequest;
use crate::wire::common::filter::Function;
use buffa::Enumeration;
use connectrpc::ConnectError;
use rolecall_model::refusal::shown;

/// A condition on one field.
#[derive(Clone, Debug)]
struct Condition {
    field: String,
    function: Function,
    values: Vec<String>,
}

/// Conditions that must all hold.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filters(Vec<Condition>);

impl Filters {
    /// The conditions of a request, on these fields.
    ///
    /// # Errors
    /// `invalid_argument` for another field, and for a function that text does not have.
    pub(crate) fn of(request: &ListRequest, fields: &[&str]) -> Result<Self, ConnectError> {
        if !request.raw_filters.is_empty() {
            return Err(invalid("raw filters are not understood here; send filters"));
        }
        let conditions = request.filters.iter().map(|filter| {
            let function = filter.function.as_known().ok_or_else(|| invalid("this filter function is not known"))?;
            condition(function, &filter.field, filter.values.clone(), fields)
        });
        conditions.collect::<Result<_, _>>().map(Filters)
    }

    /// Conditions written as text, such as `eq(state, 0)+contains(name, shop)`.
    ///
    /// # Errors
    /// `invalid_argument`, as [`of`](Self::of), and for what is not written so.
    pub(crate) fn written(text: &str, fields: &[&str]) -> Result<Self, ConnectError> {
        let conditions = text.split('+').map(str::trim).filter(|part| !part.is_empty()).map(|part| {
            let strange = || invalid(format!("\"{}\" is no filter; write one such as eq(name, shop)", shown(part)));
            let (name, rest) = part.split_once('(').ok_or_else(strange)?;
            let (field, values) = rest.strip_suffix(')').and_then(|rest| rest.split_once(',')).ok_or_else(strange)?;
            let function = match name.trim() {
                "eq" => Function::EQUAL,
                "ne" => Function::NOT_EQUAL,
                "contains" => Function::CONTAINS,
                "value_in" => Function::VALUE_IN,
                _ => return Err(strange()),
            };
            let values = values.split(';').map(|value| value.trim().to_owned()).collect();
            condition(function, field.trim(), values, fields)
        });
        conditions.collect::<Result<_, _>>().map(Filters)
    }

    /// Whether there are none.
    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether an item, given by its fields, is to be listed.
    pub(crate) fn keep<'t>(&self, field: impl Fn(&str) -> &'t str) -> bool {
        self.0.iter().all(|condition| condition.holds(field(&condition.field)))
    }

    /// The one value that a field must have, when the conditions say so.
    pub(crate) fn only(&self, field: &str) -> Option<&str> {
        let exact = |condition: &&Condition| condition.field == field && condition.function == Function::EQUAL;
        self.0.iter().find(exact)?.values.first().map(String::as_str)
    }
}

fn condition(function: Function, field: &str, values: Vec<String>, fields: &[&str]) -> Result<Condition, ConnectError> {
    if !fields.contains(&field) {
        let known = fields.join(", ");
        return Err(invalid(format!("lists are not filtered by \"{}\" here, but by {known}", shown(field))));
    }
    let ordered =
        [Function::GREATER_THAN, Function::GREATER_THAN_OR_EQUAL, Function::LESS_THAN, Function::LESS_THAN_OR_EQUAL];
    if ordered.contains(&function) {
        return Err(invalid(format!("{field} is text, and {} is for numbers", function.proto_name())));
    }
    let needs_none = matches!(function, Function::EXISTS | Function::NOT_EXISTS);
    if values.is_empty() && !needs_none {
        return Err(invalid(format!("the filter on {field} has no value")));
    }
    Ok(Condition { field: field.to_owned(), function, values })
}

impl Condition {
    fn holds(&self, text: &str) -> bool {
        let any = |holds: &dyn Fn(&str) -> bool| self.values.iter().any(|value| holds(value));
        // Addresses are kept in small letters, however they were typed.
        let is = |value: &str| value == text || (self.field == "email" && value.to_lowercase() == text);
        match self.function {
            Function::EQUAL | Function::VALUE_IN => any(&is),
            Function::NOT_EQUAL => !any(&is),
            Function::CONTAINS => any(&|value| text.contains(value)),
            Function::CONTAINS_CASE_INSENSITIVE => {
                let text = text.to_lowercase();
                any(&|value| text.contains(&value.to_lowercase()))
            }
            Function::ENDS_WITH => any(&|value| text.ends_with(value)),
            Function::NOT_ENDS_WITH => !any(&|value| text.ends_with(value)),
            Function::EXISTS => !text.is_empty(),
            Function::NOT_EXISTS => text.is_empty(),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keeps(filters: &str, name: &str) -> bool {
        Filters::written(filters, &["name"]).unwrap().keep(|_| name)
    }

    #[test]
    fn conditions_hold_together() {
        assert!(keeps("", "shop") && keeps("eq(name, shop)+contains(name,ho)", "shop"));
        assert!(!keeps("eq(name,shop)+ne(name,shop)", "shop"));
        assert!(keeps("value_in(name, blog;shop)", "shop") && !keeps("value_in(name, blog)", "shop"));
    }

    #[test]
    fn what_means_nothing_here_is_refused() {
        for text in ["shop", "eq(name)", "eq(color, red)", "like(name, x)", "eq name, x)"] {
            assert!(Filters::written(text, &["name"]).is_err(), "{text}");
        }
    }

    #[test]
    fn an_address_is_found_however_it_is_typed() {
        let filters = Filters::written("eq(email, Ada@Example.com)", &["email"]).unwrap();
        assert!(filters.keep(|_| "ada@example.com"));
        assert_eq!(filters.only("email"), Some("Ada@Example.com"));
    }
}
