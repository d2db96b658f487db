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

/// Most living tokens of one subject.
pub const MOST_TOKENS: usize = 100;

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
        Token { id, key, name, principal, scope, actions, issued, until, key_text }
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
    /// Let it count no longer.
    Revoke(TokenKey),
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
}

/// What has happened to a token.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenChange {
    /// It was issued.
    Issued(Token),
    /// It counts no longer.
    Revoked(Token),
}
