//! Why a YAML tree does not fit the catalog's types, in the words of someone who writes a file.

use super::yaml::Position;
use crate::name::nearest;
use crate::refusal::shown;
use serde::de::{Error, Expected, Unexpected};
use std::fmt;

/// What does not fit, and where once that is known.
#[derive(Debug)]
pub(super) struct Misfit {
    pub position: Option<Position>,
    pub message: String,
}

impl Misfit {
    /// The innermost place that is known stays.
    pub fn at(mut self, position: Position) -> Self {
        self.position.get_or_insert(position);
        self
    }
}

impl std::error::Error for Misfit {}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for Misfit {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Misfit { position: None, message: message.to_string() }
    }

    fn invalid_type(unexpected: Unexpected, expected: &dyn Expected) -> Self {
        let expected = expected.to_string();
        let expected = plain(&expected);
        let quotes = match unexpected {
            Unexpected::Bool(_) | Unexpected::Unsigned(_) | Unexpected::Signed(_) | Unexpected::Float(_)
                if expected == "text" =>
            {
                "; put it in quotes"
            }
            _ => "",
        };
        Misfit::custom(format!("this must be {expected}, not {}{quotes}", found(unexpected)))
    }

    fn invalid_value(unexpected: Unexpected, expected: &dyn Expected) -> Self {
        Misfit::invalid_type(unexpected, expected)
    }

    fn unknown_field(field: &str, known: &'static [&'static str]) -> Self {
        Misfit::custom(format!("no key is named \"{}\" here; {}", shown(field), choice(field, known)))
    }

    fn unknown_variant(variant: &str, known: &'static [&'static str]) -> Self {
        Misfit::custom(format!("\"{}\" cannot stand here; {}", shown(variant), choice(variant, known)))
    }

    fn missing_field(field: &'static str) -> Self {
        Misfit::custom(format!("the key \"{field}\" is missing here"))
    }
}

fn choice(given: &str, known: &[&'static str]) -> String {
    match nearest(given, known.iter().copied()) {
        Some(nearest) => format!("did you mean \"{nearest}\"?"),
        None => format!("it may be {}", known.join(", ")),
    }
}

/// Serde's words for what a type takes, in the words of someone who writes a file.
fn plain(expected: &str) -> &str {
    match expected {
        "a string" => "text",
        "u32" => "a whole number from 0 to 4294967295",
        "a boolean" => "true or false",
        "a sequence" => "a list",
        "a permit" => "the name of an action, or a mapping with the key \"action\"",
        _ => "a mapping of keys to values",
    }
}

fn found(unexpected: Unexpected) -> String {
    match unexpected {
        Unexpected::Bool(value) => format!("{value}"),
        Unexpected::Unsigned(value) => format!("the number {value}"),
        Unexpected::Signed(value) => format!("the number {value}"),
        Unexpected::Float(value) => format!("the number {value}"),
        Unexpected::Str(value) => format!("the text \"{}\"", shown(value)),
        Unexpected::Seq => "a list".to_owned(),
        Unexpected::Map => "a mapping of keys to values".to_owned(),
        Unexpected::Unit | Unexpected::Option => "nothing".to_owned(),
        other => other.to_string(),
    }
}
