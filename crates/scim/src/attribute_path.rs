//! Names of attributes as clients write them: `userName`, `name.givenName`, either with the schema's
//! name in front.

use crate::fault::Fault;
use rolecall_model::refusal::shown;
use std::fmt;

/// The longest that is read, in bytes.
pub(crate) const LONGEST: usize = 512;

/// An attribute as somebody names it. Which one it is, [`Type::locate`](crate::schema::Type) says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AttributePath {
    /// The schema in front.
    pub urn: Option<String>,
    /// The attribute.
    pub name: String,
    /// The part of a complex one.
    pub part: Option<String>,
}

impl AttributePath {
    /// Reads a path such as `name.givenName` or `urn:…:User:name.givenName`.
    ///
    /// # Errors
    /// `invalidPath`.
    pub(crate) fn parse(text: &str) -> Result<Self, Fault> {
        let bad = || {
            let said = format!("\"{}\" is not the name of an attribute; write it like name.givenName", shown(text));
            Fault::invalid_path(said)
        };
        let text = text.trim();
        if text.len() > LONGEST {
            return Err(bad());
        }
        let (urn, rest) = match text.rsplit_once(':') {
            Some((urn, rest)) if is_urn(urn) => (Some(urn.to_owned()), rest),
            Some(_) => return Err(bad()),
            None => (None, text),
        };
        let (name, part) = match rest.split_once('.') {
            Some((name, part)) => (name, Some(part)),
            None => (rest, None),
        };
        if !is_name(name) || part.is_some_and(|part| !is_name(part)) {
            return Err(bad());
        }
        Ok(AttributePath { urn, name: name.to_owned(), part: part.map(str::to_owned) })
    }
}

impl fmt::Display for AttributePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(urn) = &self.urn {
            write!(f, "{urn}:")?;
        }
        f.write_str(&self.name)?;
        if let Some(part) = &self.part {
            write!(f, ".{part}")?;
        }
        Ok(())
    }
}

fn is_urn(text: &str) -> bool {
    let begins = text.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("urn:"));
    begins && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b':' | b'.' | b'-' | b'_'))
}

fn is_name(text: &str) -> bool {
    let letters = text.strip_prefix('$').unwrap_or(text);
    letters.bytes().next().is_some_and(|b| b.is_ascii_alphabetic())
        && letters.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_shown_as_it_was_written() {
        for text in [
            "userName",
            "name.givenName",
            "members.$ref",
            "urn:ietf:params:scim:schemas:core:2.0:User:name.givenName",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
        ] {
            assert_eq!(AttributePath::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_no_attribute_is_called_is_refused() {
        for text in
            ["", ".", "a.", ".b", "a.b.c", "1a", "a b", "x:y", "urn:", "urn:x:", "a\"", "ä", "$", &"a".repeat(600)]
        {
            assert!(AttributePath::parse(text).is_err(), "{text}");
        }
    }
}
