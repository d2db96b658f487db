//! What a client may be granted: who somebody is, and everything they may do. Finer limits are those of tokens.

use super::Fault;
use std::fmt;

/// A word of a scope (RFC 6749, 3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Who signed in, as an ID token.
    OpenId,
    /// What people call them.
    Profile,
    /// Their address.
    Email,
    /// A refresh token, so that the grant lasts.
    Offline,
    /// Whatever the subject may do through the API.
    All,
}

impl Scope {
    /// Every word there is.
    pub const ALL: [Scope; 5] = [Scope::OpenId, Scope::Profile, Scope::Email, Scope::Offline, Scope::All];

    /// The word itself.
    pub const fn word(self) -> &'static str {
        match self {
            Scope::OpenId => "openid",
            Scope::Profile => "profile",
            Scope::Email => "email",
            Scope::Offline => "offline_access",
            Scope::All => "all",
        }
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// What is granted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scopes(u8);

impl Scopes {
    /// Everything a person can grant.
    pub const EVERYTHING: Scopes = Scopes(0b1_1111);
    /// What an application is granted, which is nobody who signs in.
    pub const APPLICATION: Scopes = Scopes(Scope::All.bit());

    /// What is asked for, of what can be granted; `all` when nothing is. Words that mean nothing here are left out, as
    /// OpenID Connect says (3.1.2.1).
    ///
    /// # Errors
    /// `invalid_scope` when nothing of it means anything here.
    pub fn asked(text: Option<&str>, grantable: Scopes) -> Result<Self, Fault> {
        let Some(text) = text.filter(|text| !text.trim().is_empty()) else { return Ok(Scopes::APPLICATION) };
        let asked = Scopes(Scopes::read(text).0 & grantable.0);
        if asked.0 == 0 {
            return Err(Fault::refused(
                "invalid_scope",
                format!("nothing of this scope is known here; {grantable} is"),
            ));
        }
        Ok(asked)
    }

    /// The words of a text that mean something here.
    pub(crate) fn read(text: &str) -> Self {
        let known = |word: &str| Scope::ALL.into_iter().find(|scope| scope.word() == word);
        Scopes(text.split(' ').filter_map(known).fold(0, |bits, scope| bits | scope.bit()))
    }

    /// Whether a word is among them.
    pub const fn has(self, scope: Scope) -> bool {
        self.0 & scope.bit() != 0
    }

    /// Whether all of another is in it.
    pub const fn covers(self, other: Scopes) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether a refresh token belongs to it: who speaks OpenID Connect asks for one, plain OAuth 2.0 has no word for it.
    pub const fn lasts(self) -> bool {
        self.has(Scope::Offline) || !self.has(Scope::OpenId)
    }

    /// The words.
    pub fn words(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.into_iter().filter(move |scope| self.has(*scope))
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, scope) in self.words().enumerate() {
            write!(f, "{}{}", if index == 0 { "" } else { " " }, scope.word())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(text: &str) -> String {
        Scopes::asked(Some(text), Scopes::EVERYTHING).map_or_else(|fault| fault.code().to_owned(), |s| s.to_string())
    }

    #[test]
    fn a_scope_is_what_of_it_is_known_and_everything_when_it_is_empty() {
        assert_eq!(asked("email openid"), "openid email");
        assert_eq!(asked("openid openid phone"), "openid");
        assert_eq!(asked(""), "all");
        assert_eq!(asked("phone"), "invalid_scope");
        assert_eq!(asked("ALL"), "invalid_scope");
        assert_eq!(Scopes::asked(None, Scopes::EVERYTHING).unwrap().to_string(), "all");
        assert!(Scopes::asked(Some("openid"), Scopes::APPLICATION).is_err());
    }

    #[test]
    fn a_scope_narrows_and_never_widens() {
        let granted = Scopes::read("openid all");
        assert!(granted.covers(Scopes::read("all")) && granted.covers(granted));
        assert!(!granted.covers(Scopes::read("all email")));
    }
}
