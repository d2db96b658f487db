//! The rules of tokens.

use super::{MOST_TOKENS, NewToken, Token, TokenChange, TokenCommand};
use crate::decide::Draft;
use crate::id::{TokenId, TokenKey};
use crate::name::parse_name;
use crate::organization::{Org, Stamp};
use crate::refusal::{Kind, Refusal};
use crate::resolve;

impl Draft<'_> {
    pub(crate) fn decide_token(&mut self, command: TokenCommand) -> Result<(), Refusal> {
        match command {
            TokenCommand::Issue(new) => self.issue_token(&new),
            TokenCommand::Revoke(key) => self.revoke_token(key),
        }
    }

    fn issue_token(&mut self, new: &NewToken) -> Result<(), Refusal> {
        let (principal, _) = resolve::principal(&self.org, &new.subject, "subject")?;
        if self.org.token_of_key(new.key).is_some() {
            return Err(Refusal::new(Kind::Taken, "key", "this key belongs to another token; draw a new one"));
        }
        let name = parse_name(&new.name, "name")?;
        let theirs = self.org.tokens_of(principal).filter_map(|id| self.org.token(id));
        let living = theirs.filter(|token| token.counts_at(self.now())).count();
        if living >= MOST_TOKENS {
            let message =
                format!("a subject has at most {MOST_TOKENS} tokens at once; revoke some that are no longer used");
            return Err(Refusal::new(Kind::TooMany, "", message));
        }
        if let Some(until) = new.until.filter(|until| *until <= self.now()) {
            return Err(Refusal::invalid("until", format!("until ({until}) has passed; name a time to come")));
        }
        let mut actions = None;
        for (index, action) in new.actions.iter().flatten().enumerate() {
            let id = resolve::action(&self.org, action, &format!("actions[{index}]"))?;
            actions.get_or_insert_with(Vec::new).push(id);
        }
        let actions = if new.actions.is_some() { Some(actions.unwrap_or_default()) } else { None };
        let scope = resolve::scope(&self.org, &new.scope, "scope")?;
        let id = TokenId::at(self.org.tokens.next_number(1));
        let token = Token::new(id, new.key, name, principal, scope, actions, self.now(), new.until);
        self.change(TokenChange::Issued(token));
        Ok(())
    }

    fn revoke_token(&mut self, key: TokenKey) -> Result<(), Refusal> {
        let Some(token) = self.org.token_of_key(key).map(|row| row.value.clone()) else {
            return Err(Refusal::new(Kind::Unknown, "", format!("no token has the key {key}")).of_target());
        };
        self.change(TokenChange::Revoked(token));
        Ok(())
    }
}

impl Token {
    /// Whether it has not come to its end.
    pub fn counts_at(&self, instant: crate::time::Timestamp) -> bool {
        self.until.is_none_or(|until| instant < until)
    }
}

impl Org {
    pub(crate) fn apply_token(&mut self, change: &TokenChange, stamp: &Stamp) {
        match change {
            TokenChange::Issued(token) => self.put_token(token.clone(), stamp.revision),
            TokenChange::Revoked(token) => self.remove_token(token.id),
        }
    }
}
