//! License expressions (SPDX): `OR`, `AND`, `WITH`, parentheses, and the slash that old crates write for `OR`.

use anyhow::{bail, ensure};
use std::iter::Peekable;
use std::vec::IntoIter;

/// Whether an expression can be met with licenses that are allowed. `A WITH B` is asked as one license of that name;
/// `A+` (or any later version) is asked as `A`.
pub(super) fn accepted(expression: &str, allowed: impl Fn(&str) -> bool) -> anyhow::Result<bool> {
    let mut parser = Parser { words: words(expression).into_iter().peekable(), allowed };
    let accepted = parser.any()?;
    ensure!(parser.words.next().is_none(), "the license {expression:?} goes on after its end");
    Ok(accepted)
}

fn words(expression: &str) -> Vec<String> {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    spaced.split_whitespace().map(str::to_owned).collect()
}

struct Parser<F> {
    words: Peekable<IntoIter<String>>,
    allowed: F,
}

impl<F: Fn(&str) -> bool> Parser<F> {
    fn any(&mut self) -> anyhow::Result<bool> {
        let mut accepted = self.all()?;
        while self.take("OR") {
            accepted |= self.all()?;
        }
        Ok(accepted)
    }

    fn all(&mut self) -> anyhow::Result<bool> {
        let mut accepted = self.one()?;
        while self.take("AND") {
            accepted &= self.one()?;
        }
        Ok(accepted)
    }

    fn one(&mut self) -> anyhow::Result<bool> {
        if self.take("(") {
            let accepted = self.any()?;
            ensure!(self.take(")"), "a license expression lacks a closing parenthesis");
            return Ok(accepted);
        }
        let Some(mut license) = self.words.next() else { bail!("a license expression ends too early") };
        if self.take("WITH") {
            let Some(exception) = self.words.next() else { bail!("a license expression ends after WITH") };
            license = format!("{license} WITH {exception}");
        }
        Ok((self.allowed)(license.trim_end_matches('+')))
    }

    fn take(&mut self, word: &str) -> bool {
        self.words.next_if(|next| next == word).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_mit_and_isc(expression: &str) -> bool {
        accepted(expression, |license| ["MIT", "ISC"].contains(&license)).unwrap()
    }

    #[test]
    fn one_allowed_choice_is_enough() {
        assert!(with_mit_and_isc("GPL-3.0 OR MIT"));
        assert!(with_mit_and_isc("GPL-3.0/MIT"));
        assert!(with_mit_and_isc("Apache-2.0 WITH LLVM-exception OR Apache-2.0 OR MIT"));
        assert!(!with_mit_and_isc("GPL-3.0 OR Apache-2.0"));
    }

    #[test]
    fn every_part_of_an_and_must_be_allowed() {
        assert!(with_mit_and_isc("MIT AND ISC"));
        assert!(!with_mit_and_isc("(MIT OR Apache-2.0) AND Unicode-3.0"));
        assert!(!with_mit_and_isc("GPL-3.0 OR MIT AND Unicode-3.0"));
    }

    #[test]
    fn an_exception_is_a_license_of_its_own_and_a_plus_is_not() {
        assert!(!with_mit_and_isc("MIT WITH strange-exception"));
        assert!(with_mit_and_isc("MIT+"));
    }

    #[test]
    fn a_broken_expression_is_an_error() {
        for broken in ["", "MIT OR", "(MIT", "MIT ISC", "MIT WITH"] {
            assert!(accepted(broken, |_| true).is_err(), "{broken:?}");
        }
    }
}
