//! Filters (RFC 7644, section 3.4.2.2) as clients write them, and the paths of PATCH (section 3.5.2),
//! which may hold one. What a filter means for a type of resource is in `condition.rs`.

mod read;

use crate::attribute_path::AttributePath;
use crate::fault::Fault;
use serde_json::Value;

/// The longest filter that is read, in bytes.
pub(crate) const LONGEST: usize = 8 << 10;
/// How deep parentheses, brackets and `not` may stand in each other.
pub(crate) const DEEPEST: usize = 32;

/// How a value is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Equal,
    NotEqual,
    Contains,
    StartsWith,
    EndsWith,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

impl Operator {
    fn named(word: &str) -> Option<Self> {
        const ALL: [(&str, Operator); 9] = [
            ("eq", Operator::Equal),
            ("ne", Operator::NotEqual),
            ("co", Operator::Contains),
            ("sw", Operator::StartsWith),
            ("ew", Operator::EndsWith),
            ("gt", Operator::Greater),
            ("ge", Operator::GreaterOrEqual),
            ("lt", Operator::Less),
            ("le", Operator::LessOrEqual),
        ];
        ALL.iter().find(|(name, _)| name.eq_ignore_ascii_case(word)).map(|(_, operator)| *operator)
    }
}

/// A filter.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Filter {
    /// All of them.
    And(Vec<Filter>),
    /// Any of them.
    Or(Vec<Filter>),
    /// Not this one.
    Not(Box<Filter>),
    /// The attribute has a value.
    Present(AttributePath),
    /// The attribute compares so with a value.
    Compare(AttributePath, Operator, Value),
    /// One of the attribute's values fulfils a filter on its parts.
    Within(AttributePath, Box<Filter>),
}

impl Filter {
    /// Reads a filter.
    ///
    /// # Errors
    /// `invalidFilter`, saying where it cannot be read.
    pub(crate) fn parse(text: &str) -> Result<Self, Fault> {
        read::filter(text)
    }
}

/// What an operation of PATCH is about.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PatchPath {
    /// The attribute, with its part when there is no filter.
    pub attribute: AttributePath,
    /// Which of its values.
    pub filter: Option<Filter>,
    /// The part of those values.
    pub part: Option<String>,
}

impl PatchPath {
    /// Reads a path such as `emails[type eq "work"].value`.
    ///
    /// # Errors
    /// `invalidPath`, saying where it cannot be read.
    pub(crate) fn parse(text: &str) -> Result<Self, Fault> {
        read::path(text).map_err(|fault| fault.worded("invalidPath"))
    }
}
