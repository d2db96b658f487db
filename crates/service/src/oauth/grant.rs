//! A grant: what somebody lets a client do for them. It is a token of its own, so that it is listed, ends and is
//! revoked as tokens are; whatever the client holds counts only while it does. One entry begins it, one ends it.

use super::Fault;
use super::access::{ACCESS_SECONDS, Granting, seconds};
use super::client::Client;
use super::refresh::Family;
use super::scope::{Scope, Scopes};
use crate::event::Event;
use crate::execute::{Asked, Origin, submit};
use crate::organization::Organization;
use crate::{Ctx, Error, Service};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use rolecall_model::command::SubjectRef;
use rolecall_model::id::{OrganizationId, PrincipalId, TokenKey};
use rolecall_model::moment::Actor;
use rolecall_model::scope::ScopeRef;
use rolecall_model::token::{NewToken, TokenCommand, TokenKind};
use rolecall_model::{Command, Timestamp};
use rolecall_store::{OrganizationKey, Row};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;
use std::sync::Arc;

/// How long a grant lasts that has a refresh token.
const GRANT_SECONDS: i64 = 30 * 24 * 60 * 60;
/// The façade's name in entries.
pub(crate) const FACADE: &str = "oauth";
/// The kind under which the store keeps families of refresh tokens.
pub(crate) const REFRESH: &str = "refresh";

/// What a client is given (RFC 6749, 5.1).
#[derive(Serialize)]
pub struct Tokens {
    /// The access token.
    pub access_token: String,
    /// Always `Bearer`.
    pub token_type: &'static str,
    /// Seconds for which the access token counts.
    pub expires_in: i64,
    /// What the next access token is had for, once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    /// Who signed in, when and for whom (`OpenID` Connect).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token: Option<String>,
    /// What was granted.
    pub scope: String,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tokens(… for {})", self.scope)
    }
}

/// Who agreed, in which session: kept with a ticket until the client comes for it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Agreement {
    pub organization: OrganizationId,
    pub principal: PrincipalId,
    pub session: TokenKey,
    pub auth_time: Timestamp,
}

/// What a client comes for, and with whose agreement.
pub(crate) struct Wanted<'a> {
    pub agreement: &'a Agreement,
    pub client: &'static Client,
    pub scopes: Scopes,
    pub host: Option<&'a str>,
    pub nonce: Option<&'a str>,
}

impl Agreement {
    /// The agreement of a caller, which only somebody with a session can give.
    pub(crate) fn of(ctx: &Ctx) -> Result<Self, Fault> {
        let session = ctx.token().and_then(|id| ctx.org().token(id)).filter(|token| token.kind == TokenKind::Session);
        let Some(session) = session else {
            return Err(Fault::refused("access_denied", "only somebody who has signed in can agree; sign in first"));
        };
        let (session, auth_time) = (session.key, session.issued);
        Ok(Agreement { organization: ctx.organization(), principal: ctx.principal(), session, auth_time })
    }
}

/// Begins a grant under a key that nothing has yet, and gives the client what belongs to it.
pub(crate) async fn begin(
    service: &Service,
    wanted: &Wanted<'_>,
    key: TokenKey,
    request_id: &str,
) -> Result<Tokens, Fault> {
    let Wanted { agreement, client, scopes, .. } = wanted;
    let organization = service.organization(OrganizationKey(agreement.organization.bytes())).await?;
    let session = session_of(service, &organization, agreement)?;
    let until = service.now().plus_seconds(if scopes.lasts() { GRANT_SECONDS } else { ACCESS_SECONDS });
    let mut rows = Vec::new();
    let mut refresh_token = None;
    if scopes.lasts() {
        let (family, text, hash) = Family::begin(client.id, *scopes, agreement.auth_time)?;
        let (owner, expires_at, data) = (key.bytes(), until.micros(), super::written(&family)?);
        rows.push(Row::Ticket { kind: REFRESH, hash, owner, expires_at, data });
        refresh_token = Some(text);
    }
    let command = Command::Token(TokenCommand::Issue(NewToken {
        key,
        name: client.called_on(wanted.host),
        subject: SubjectRef::Number(agreement.principal.number()),
        scope: ScopeRef::ORGANIZATION,
        actions: None,
        until: Some(until),
        kind: TokenKind::Grant,
        client: Some(client.id.into()),
    }));
    let actor = Actor::Principal { id: agreement.principal, token: Some(session) };
    let origin = Origin { actor, facade: FACADE, request: request_id.to_owned() };
    let asked = Asked { command, origin, if_match: None, idempotency: None, rows };
    submit(service, &organization, asked).await.map_err(not_granted)?;
    let parent = Parent { organization: &organization, key, auth_time: agreement.auth_time };
    let tokens = parent.tokens(service, client.id, *scopes, wanted.nonce).await?;
    Ok(Tokens { refresh_token, ..tokens })
}

/// The session in which it was agreed to, if it goes on.
fn session_of(
    service: &Service,
    organization: &Organization,
    agreement: &Agreement,
) -> Result<rolecall_model::id::TokenId, Fault> {
    let (view, now) = (organization.view(), service.now());
    let active = view.org().principal(agreement.principal).is_some_and(|principal| principal.active);
    let session = view.org().token_of_key(agreement.session).filter(|_| active);
    let session = session.filter(|token| token.principal == agreement.principal && token.counts_at(now));
    let ended = || Fault::grant("whoever agreed has signed out since, or was disabled; ask them again");
    session.map(|token| token.id).ok_or_else(ended)
}

/// What the writer refuses concerns who agreed, not the server.
fn not_granted(error: Error) -> Fault {
    match error {
        Error::Forbidden { .. } | Error::NotFound { .. } | Error::Refused(_) => Fault::grant(error.to_string()),
        error => Fault::Failed(error),
    }
}

/// The token without which nothing counts that is given for it.
pub(crate) struct Parent<'a> {
    pub organization: &'a Organization,
    pub key: TokenKey,
    pub auth_time: Timestamp,
}

/// Who signed in, when and for whom (`OpenID` Connect Core, 2).
#[derive(Serialize)]
struct Identity<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    iat: i64,
    exp: i64,
    auth_time: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<&'a str>,
    at_hash: String,
    org: String,
}

impl Parent<'_> {
    /// An access token, and an ID token if the scope says so.
    pub(crate) async fn tokens(
        &self,
        service: &Service,
        client: &str,
        scopes: Scopes,
        nonce: Option<&str>,
    ) -> Result<Tokens, Fault> {
        let view = self.organization.view();
        let owner = view.org().token_of_key(self.key).and_then(|token| view.org().principal(token.principal));
        let Some(subject) = owner.map(|owner| owner.subject.to_string()) else {
            return Err(Fault::grant("the grant was revoked; ask for another"));
        };
        let (parent, auth_time) = (self.key, Some(self.auth_time));
        let organization = self.organization.key;
        let granting = Granting { organization, subject, client, scopes, parent, auth_time };
        let access_token = service.issue_access_token(&granting).await?;
        let id_token = if scopes.has(Scope::OpenId) {
            Some(self.identity(service, &granting, &access_token, nonce).await?)
        } else {
            None
        };
        Ok(Tokens {
            access_token,
            token_type: "Bearer",
            expires_in: ACCESS_SECONDS,
            refresh_token: None,
            id_token,
            scope: scopes.to_string(),
        })
    }

    async fn identity(
        &self,
        service: &Service,
        granting: &Granting<'_>,
        access_token: &str,
        nonce: Option<&str>,
    ) -> Result<String, Error> {
        let iat = seconds(service.now());
        let identity = Identity {
            iss: service.public_url(),
            sub: &granting.subject,
            aud: granting.client,
            iat,
            exp: iat + ACCESS_SECONDS,
            auth_time: seconds(self.auth_time),
            nonce,
            at_hash: BASE64.encode(&Sha256::digest(access_token)[..16]),
            org: self.organization.id().to_string(),
        };
        service.signing_keys().await?.signing()?.sign("JWT", &identity)
    }
}

/// Ends a grant, and with it all that was given for it. Nothing happens when it has ended.
pub(crate) async fn end(
    service: &Service,
    organization: &Arc<Organization>,
    key: TokenKey,
    actor: Actor,
    request_id: &str,
) -> Result<(), Error> {
    if organization.view().org().token_of_key(key).is_none() {
        service.store().drop_tickets_of(organization.key, REFRESH, key.bytes()).await?;
        return Ok(());
    }
    let origin = Origin { actor, facade: FACADE, request: request_id.to_owned() };
    let command = TokenCommand::Revoke(key).into();
    let rows = vec![Row::TicketsGone { kind: REFRESH, owner: key.bytes() }];
    let asked = Asked { command, origin, if_match: None, idempotency: None, rows };
    match submit(service, organization, asked).await {
        // Somebody else was quicker.
        Err(Error::NotFound { .. } | Error::Refused(_)) => Ok(()),
        other => other.map(|_| ()),
    }
}

/// Ends a grant because what counts once was shown twice: one of the two who did is a thief, and nobody knows which.
pub(crate) async fn end_as_stolen(
    service: &Service,
    organization: &Arc<Organization>,
    key: TokenKey,
    what: &str,
    request_id: &str,
) -> Result<(), Error> {
    let principal = organization.view().org().token_of_key(key).map(|token| token.principal.number());
    let event = Event {
        position: 0,
        at: service.now(),
        principal,
        facade: FACADE.to_owned(),
        request: request_id.to_owned(),
        kind: "reused".to_owned(),
        message: format!("{what} was used a second time, so the grant {key} was revoked"),
    };
    service.events().note(organization, event);
    end(service, organization, key, Actor::System, request_id).await
}
