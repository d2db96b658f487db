//! Tokens: credentials of a user or application. The state knows that a token exists, whose it is
//! and what it narrows; the secret is only a hash, in the store.

mod decide;

use crate::collection::Numbered;
use crate::command::SubjectRef;
use crate::id::{ActionId, PrincipalId, TokenId, TokenKey};
use crate::name::Text;
use crate::scope::{Scope, ScopeRef};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Most living tokens of one subject; sessions and grants to OAuth clients are counted apart.
pub const MOST_TOKENS: usize = 100;
/// Most living sessions of one subject, and most living grants; beyond it the oldest ends.
pub const MOST_SESSIONS: usize = 50;

/// Longest time for which a rotated token goes on to count, in seconds: 30 days.
pub const LONGEST_OVERLAP: u32 = 30 * 86_400;
/// The client id of the application that acts for the SCIM client.
pub const SCIM_CLIENT: &str = "scim";

/// What a token is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenKind {
    /// For programs of whoever it belongs to.
    #[default]
    Personal,
    /// An application's client secret (OAuth 2.0, RFC 6749).
    Secret,
    /// A browser in which somebody signed in.
    Session,
    /// What somebody granted to an OAuth client: the family of its refresh tokens.
    Grant,
    /// The SCIM client's.
    Scim,
}

impl TokenKind {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            TokenKind::Personal => "personal",
            TokenKind::Secret => "secret",
            TokenKind::Session => "session",
            TokenKind::Grant => "grant",
            TokenKind::Scim => "scim",
        }
    }

    /// Whether it ends by itself and is not kept once it has.
    pub const fn is_passing(self) -> bool {
        matches!(self, TokenKind::Session | TokenKind::Grant)
    }
}

/// A token.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Token {
    /// Its number.
    pub id: TokenId,
    /// By which the store finds its secret; also its unique name in the table.
    pub key: TokenKey,
    /// What it is called, for people.
    pub name: Text,
    /// Whose it is.
    pub principal: PrincipalId,
    /// Where at most its holder acts through it.
    pub scope: Scope,
    /// The only actions its holder can do through it, with what they include; none means all.
    pub actions: Option<Vec<ActionId>>,
    /// When it was issued.
    pub issued: Timestamp,
    /// When it stops to count; none means never.
    pub until: Option<Timestamp>,
    /// Its key as text, the table's unique name.
    key_text: Text,
    /// What it is for.
    #[serde(default)]
    pub kind: TokenKind,
    /// The OAuth client it was granted to.
    #[serde(default)]
    pub client: Option<Text>,
}

impl Token {
    /// A token; its key is its name in the table.
    #[expect(clippy::too_many_arguments, reason = "a record has as many fields as it has")]
    pub fn new(
        id: TokenId,
        key: TokenKey,
        name: Text,
        principal: PrincipalId,
        scope: Scope,
        actions: Option<Vec<ActionId>>,
        issued: Timestamp,
        until: Option<Timestamp>,
    ) -> Self {
        let key_text = compact_str::format_compact!("{key}");
        let (kind, client) = (TokenKind::default(), None);
        Token { id, key, name, principal, scope, actions, issued, until, key_text, kind, client }
    }

    /// Whether it narrows nothing: through it one is oneself.
    pub fn is_whole(&self) -> bool {
        self.scope == Scope::ORGANIZATION && self.actions.is_none()
    }
}

impl Numbered for Token {
    fn number(&self) -> u32 {
        self.id.number()
    }
    #[expect(
        clippy::misnamed_getters,
        reason = "the table files it under its key; what people call it need not be unique"
    )]
    fn name(&self) -> &Text {
        &self.key_text
    }
}

/// What somebody wants to do to a token.
#[derive(Clone, Debug, PartialEq)]
pub enum TokenCommand {
    /// Issue one. The caller of `decide` keeps the secret's hash under `key`.
    Issue(NewToken),
    /// Issue one, unless its subject has one of this name and kind, or has `most` of the kind.
    IssueApart {
        /// The new one.
        new: NewToken,
        /// As many of a kind as its subject has at most.
        most: usize,
    },
    /// Let it count no longer.
    Revoke(TokenKey),
    /// Let it count only until then, when it counts for longer now.
    Shorten(TokenKey, Timestamp),
    /// Replace one by another of the same subject, name, kind, reach and end; the old one counts for a while.
    Rotate {
        /// The old one.
        old: TokenKey,
        /// By which the store finds the new one's secret.
        fresh: TokenKey,
        /// For so many seconds the old one goes on to count; none ends it at once.
        overlap: u32,
    },
    /// Set up the SCIM connection: its application, if it is not there yet, and its one token.
    ConnectScim(TokenKey),
    /// End all sessions and grants to OAuth clients of a subject, but this one.
    EndSessions {
        /// Whose.
        subject: SubjectRef,
        /// Which one stays.
        except: Option<TokenKey>,
    },
}

/// A new token.
#[derive(Clone, Debug, PartialEq)]
pub struct NewToken {
    /// By which the store finds its secret.
    pub key: TokenKey,
    /// What it is called.
    pub name: String,
    /// Whose it is.
    pub subject: SubjectRef,
    /// Where at most its holder acts through it.
    pub scope: ScopeRef,
    /// The only actions its holder can do through it; none means all.
    pub actions: Option<Vec<crate::command::Ref>>,
    /// When it stops to count; none means never.
    pub until: Option<Timestamp>,
    /// What it is for.
    pub kind: TokenKind,
    /// The OAuth client it is granted to.
    pub client: Option<Text>,
}

/// What has happened to a token.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenChange {
    /// It was issued.
    Issued(Token),
    /// It counts no longer.
    Revoked(Token),
    /// It was given another end.
    Changed {
        /// As it was.
        before: Token,
        /// As it is.
        after: Token,
    },
}
