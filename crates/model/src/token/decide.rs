//! The rules of tokens.

use super::{
    LONGEST_OVERLAP, MOST_SESSIONS, MOST_TOKENS, NewToken, SCIM_CLIENT, Token, TokenChange, TokenCommand, TokenKind,
};
use crate::application::{ApplicationCommand, NewApplication};
use crate::command::SubjectRef;
use crate::decide::Draft;
use crate::id::{PrincipalId, TokenId, TokenKey};
use crate::name::parse_name;
use crate::organization::{Org, Stamp};
use crate::principal::PrincipalKind;
use crate::refusal::{Kind, Refusal};
use crate::resolve;
use crate::scope::ScopeRef;
use crate::time::Timestamp;

impl Draft<'_> {
    pub(crate) fn decide_token(&mut self, command: TokenCommand) -> Result<(), Refusal> {
        match command {
            TokenCommand::Issue(new) => self.issue_token(&new),
            TokenCommand::IssueApart { new, most } => {
                self.require_apart(&new, most)?;
                self.issue_token(&new)
            }
            TokenCommand::Revoke(key) => self.revoke_token(key),
            TokenCommand::Shorten(key, until) => self.shorten_token(key, until),
            TokenCommand::Rotate { old, fresh, overlap } => self.rotate_token(old, fresh, overlap),
            TokenCommand::ConnectScim(key) => self.connect_scim(key),
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

    fn rotate_token(&mut self, old: TokenKey, fresh: TokenKey, overlap: u32) -> Result<(), Refusal> {
        let token = self.known_token(old)?;
        if token.kind.is_passing() {
            let message = format!("a {} is not rotated; end it and sign in again", token.kind.word());
            return Err(Refusal::new(Kind::NotNow, "", message));
        }
        if !token.counts_at(self.now()) {
            return Err(Refusal::new(Kind::NotNow, "", "the token has expired; issue a new one"));
        }
        if overlap > LONGEST_OVERLAP {
            let message = format!("overlap_seconds must be 0 to {LONGEST_OVERLAP}, not {overlap}");
            return Err(Refusal::invalid("overlap_seconds", message));
        }
        // The old one goes first, so that who has as many as there may be can rotate.
        self.shorten_token(old, self.now().plus_seconds(overlap.into()))?;
        self.require_room(token.principal)?;
        self.require_fresh(fresh)?;
        let id = TokenId::at(self.org.tokens.next_number(1));
        let Token { name, principal, scope, actions, until, kind, client, .. } = token;
        let new = Token::new(id, fresh, name, principal, scope, actions, self.now(), until);
        self.change(TokenChange::Issued(Token { kind, client, ..new }));
        Ok(())
    }

    fn connect_scim(&mut self, key: TokenKey) -> Result<(), Refusal> {
        match self.org.find_principal(SCIM_CLIENT) {
            None => self.decide_application(ApplicationCommand::Create(NewApplication {
                name: "SCIM".to_owned(),
                client_id: Some(SCIM_CLIENT.to_owned()),
                description: "Acts for the SCIM client of the identity provider.".to_owned(),
                ..NewApplication::default()
            }))?,
            Some((_, found)) if found.kind() == PrincipalKind::User => {
                let message = format!(
                    "a user is known by \"{SCIM_CLIENT}\", which the connection's application needs; rename the user"
                );
                return Err(Refusal::new(Kind::Taken, "", message));
            }
            Some((_, found)) if !found.active => {
                let message = format!("the application \"{SCIM_CLIENT}\" is disabled; enable it first");
                return Err(Refusal::new(Kind::NotNow, "", message));
            }
            Some(_) => {}
        }
        let older: Vec<Token> =
            self.org.tokens.iter().filter(|row| row.kind == TokenKind::Scim).map(|row| row.value.clone()).collect();
        for token in older {
            self.change(TokenChange::Revoked(token));
        }
        self.issue_token(&NewToken {
            key,
            name: "SCIM client".to_owned(),
            subject: SubjectRef::Application(SCIM_CLIENT.into()),
            scope: ScopeRef::ORGANIZATION,
            actions: None,
            until: None,
            kind: TokenKind::Scim,
            client: None,
        })
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
        self.require_fresh(new.key)?;
        self.require_kind(new.kind, principal)?;
        let name = parse_name(&new.name, "name")?;
        if new.kind.is_passing() {
            self.make_room(principal, new.kind);
        }
        if !new.kind.is_passing() {
            self.require_room(principal)?;
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

    /// Refuses a token called as another of its subject and kind, and one too many. Those that have expired count too,
    /// as they are still listed.
    fn require_apart(&self, new: &NewToken, most: usize) -> Result<(), Refusal> {
        let (principal, _) = resolve::principal(&self.org, &new.subject, "subject")?;
        let name = parse_name(&new.name, "name")?;
        let theirs = self.org.tokens_of(principal).filter_map(|id| self.org.token(id));
        let theirs: Vec<_> = theirs.filter(|token| token.kind == new.kind).collect();
        if theirs.iter().any(|token| token.name == name) {
            let message =
                format!("there is a token named \"{}\" already; choose another name", crate::refusal::shown(&name));
            return Err(Refusal::new(Kind::Taken, "name", message));
        }
        if theirs.len() >= most {
            let message =
                format!("there are {most} tokens already, which is as many as there may be; delete one first");
            return Err(Refusal::new(Kind::TooMany, "", message));
        }
        Ok(())
    }

    fn require_fresh(&self, key: TokenKey) -> Result<(), Refusal> {
        if self.org.token_of_key(key).is_some() {
            return Err(Refusal::new(Kind::Taken, "key", "this key belongs to another token; draw a new one"));
        }
        Ok(())
    }

    /// A client secret belongs to a client: an application with a client id.
    fn require_kind(&self, kind: TokenKind, principal: PrincipalId) -> Result<(), Refusal> {
        let has_client_id = self.org.principal(principal).is_some_and(|owner| owner.client_id().is_some());
        if kind == TokenKind::Secret && !has_client_id {
            let message = "only an application that has a client id can have a client secret; issue a token instead";
            return Err(Refusal::new(Kind::NotNow, "", message));
        }
        Ok(())
    }

    fn require_room(&self, principal: PrincipalId) -> Result<(), Refusal> {
        let theirs = self.org.tokens_of(principal).filter_map(|id| self.org.token(id));
        let living = theirs.filter(|token| !token.kind.is_passing() && token.counts_at(self.now())).count();
        if living >= MOST_TOKENS {
            let message =
                format!("a subject has at most {MOST_TOKENS} tokens at once; revoke some that are no longer used");
            return Err(Refusal::new(Kind::TooMany, "", message));
        }
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
