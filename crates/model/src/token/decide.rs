//! The rules of tokens.

use super::{MOST_SESSIONS, MOST_TOKENS, NewToken, Token, TokenChange, TokenCommand, TokenKind};
use crate::command::SubjectRef;
use crate::decide::Draft;
use crate::id::{PrincipalId, TokenId, TokenKey};
use crate::name::parse_name;
use crate::organization::{Org, Stamp};
use crate::refusal::{Kind, Refusal};
use crate::resolve;
use crate::time::Timestamp;

impl Draft<'_> {
    pub(crate) fn decide_token(&mut self, command: TokenCommand) -> Result<(), Refusal> {
        match command {
            TokenCommand::Issue(new) => self.issue_token(&new),
            TokenCommand::Revoke(key) => self.revoke_token(key),
            TokenCommand::Shorten(key, until) => self.shorten_token(key, until),
            TokenCommand::EndSessions { subject, except } => self.end_sessions(&subject, except),
        }
    }

    fn shorten_token(&mut self, key: TokenKey, until: Timestamp) -> Result<(), Refusal> {
        let before = self.known_token(key)?;
        if before.until.is_some_and(|end| end <= until) {
            return Ok(());
        }
        if until <= self.now() {
            self.change(TokenChange::Revoked(before));
            return Ok(());
        }
        let after = Token { until: Some(until), ..before.clone() };
        self.change(TokenChange::Changed { before, after });
        Ok(())
    }

    pub(crate) fn end_sessions(&mut self, subject: &SubjectRef, except: Option<TokenKey>) -> Result<(), Refusal> {
        let (principal, _) = resolve::principal(&self.org, subject, "subject").map_err(Refusal::of_target)?;
        let theirs = self.org.tokens_of(principal).filter_map(|id| self.org.token(id));
        let ending = theirs.filter(|token| token.kind.is_passing() && Some(token.key) != except);
        let ending: Vec<Token> = ending.map(|row| row.value.clone()).collect();
        for token in ending {
            self.change(TokenChange::Revoked(token));
        }
        Ok(())
    }

    /// Ends the sessions or grants of a subject that are over, and the oldest when there are too many.
    fn make_room(&mut self, principal: PrincipalId, kind: TokenKind) {
        let theirs = self.org.tokens_of(principal).filter_map(|id| self.org.token(id));
        let mut theirs: Vec<Token> = theirs.filter(|row| row.kind == kind).map(|row| row.value.clone()).collect();
        theirs.sort_by_key(|token| (token.issued, token.id));
        let mut living = theirs.iter().filter(|token| token.counts_at(self.now())).count();
        for token in theirs {
            let counts = token.counts_at(self.now());
            if counts && living < MOST_SESSIONS {
                continue;
            }
            living -= usize::from(counts);
            self.change(TokenChange::Revoked(token));
        }
    }

    fn issue_token(&mut self, new: &NewToken) -> Result<(), Refusal> {
        let (principal, _) = resolve::principal(&self.org, &new.subject, "subject")?;
        if self.org.token_of_key(new.key).is_some() {
            return Err(Refusal::new(Kind::Taken, "key", "this key belongs to another token; draw a new one"));
        }
        let name = parse_name(&new.name, "name")?;
        if new.kind.is_passing() {
            self.make_room(principal, new.kind);
        }
        let theirs = self.org.tokens_of(principal).filter_map(|id| self.org.token(id));
        let living = theirs.filter(|token| !token.kind.is_passing() && token.counts_at(self.now())).count();
        if living >= MOST_TOKENS && !new.kind.is_passing() {
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
        let token = Token { kind: new.kind, client: new.client.clone(), ..token };
        self.change(TokenChange::Issued(token));
        Ok(())
    }

    fn revoke_token(&mut self, key: TokenKey) -> Result<(), Refusal> {
        let token = self.known_token(key)?;
        self.change(TokenChange::Revoked(token));
        Ok(())
    }

    fn known_token(&self, key: TokenKey) -> Result<Token, Refusal> {
        let found = self.org.token_of_key(key).map(|row| row.value.clone());
        found.ok_or_else(|| Refusal::new(Kind::Unknown, "", format!("no token has the key {key}")).of_target())
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
            TokenChange::Issued(token) | TokenChange::Changed { after: token, .. } => {
                self.put_token(token.clone(), stamp.revision);
            }
            TokenChange::Revoked(token) => self.remove_token(token.id),
        }
    }
}
