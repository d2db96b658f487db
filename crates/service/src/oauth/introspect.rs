//! What a token is worth, for those it is shown to (RFC 7662), and who somebody is, for the client they signed in to.

use super::access::{Access, is_access_token, seconds};
use super::application::{ClientProof, Known};
use super::scope::Scope;
use super::{Fault, refresh};
use crate::organization::Organization;
use crate::{Error, Service, View};
use rolecall_model::Timestamp;
use rolecall_model::id::{PrincipalId, TokenKey};
use rolecall_model::principal::Principal;
use rolecall_store::OrganizationKey;
use serde::Serialize;
use std::sync::Arc;

/// What a token is worth. Of a token that is worth nothing here, nothing more is said.
#[derive(Debug, Default, Serialize)]
#[serde(default)]
pub struct Introspection {
    /// Whether it counts, in the organization of whoever asks.
    pub active: bool,
    /// What it was granted for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// Which client it was issued to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// By what people know its subject.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// `Bearer`, when it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_type: Option<&'static str>,
    /// When it stops to count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exp: Option<i64>,
    /// When it was issued.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iat: Option<i64>,
    /// Whose it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub: Option<String>,
    /// For whom it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aud: Option<String>,
    /// Who issued it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iss: Option<String>,
    /// Its own id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jti: Option<String>,
}

/// Who somebody is (`OpenID` Connect Core, 5.3).
#[derive(Debug, Serialize)]
pub struct UserInfo {
    /// For good.
    pub sub: String,
    /// What people call them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// By what people know them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preferred_username: Option<String>,
    /// The address of a picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub picture: Option<String>,
    /// Their address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

/// A token that counts in the newest state.
struct Living {
    view: Arc<View>,
    principal: PrincipalId,
    /// When it stops to, if it does.
    until: Option<Timestamp>,
    issued: Timestamp,
}

impl Living {
    fn owner(&self) -> Option<&Principal> {
        self.view.org().principal(self.principal)
    }
}

fn living(service: &Service, organization: &Organization, key: TokenKey) -> Option<Living> {
    let view = organization.view();
    let token = view.org().token_of_key(key).filter(|token| token.counts_at(service.now()))?;
    let (principal, until, issued) = (token.principal, token.until, token.issued);
    let active = view.org().principal(principal).is_some_and(|principal| principal.active);
    active.then_some(Living { view, principal, until, issued })
}

/// The access token and what keeps it alive, if both count.
async fn living_access(service: &Service, text: &str) -> Result<(Access, Living), Error> {
    let access = service.read_access_token(text).await?;
    let organization = service.organization(access.organization()).await?;
    let living = living(service, &organization, access.tok);
    let gone =
        || Error::Unauthenticated("the access token's grant was revoked or has expired; sign in again".to_owned());
    Ok((access, living.ok_or_else(gone)?))
}

/// What counts for nothing is no failure here.
fn if_any<T>(found: Result<T, Error>) -> Result<Option<T>, Error> {
    match found {
        Err(Error::Unauthenticated(_)) => Ok(None),
        other => other.map(Some),
    }
}

impl Service {
    /// What a token is worth, for an application that shows its secret.
    ///
    /// # Errors
    /// `invalid_client` for all others.
    pub async fn introspect(&self, proof: &ClientProof, token: Option<&str>) -> Result<Introspection, Fault> {
        let Known::Application(asker) = self.client(proof).await? else {
            return Err(Fault::client("only an application that shows its secret may ask about tokens"));
        };
        let Some(token) = token.filter(|token| !token.is_empty()) else {
            return Err(Fault::request("token is missing"));
        };
        let organization = asker.organization.key;
        let found = if is_access_token(token) {
            self.of_access(token, organization).await?
        } else if token.contains('.') {
            self.of_refresh(token, organization).await?
        } else {
            self.of_secret(token, organization).await?
        };
        Ok(found.unwrap_or_default())
    }

    async fn of_access(&self, text: &str, asker: OrganizationKey) -> Result<Option<Introspection>, Fault> {
        let Some((access, living)) = if_any(living_access(self, text).await)? else { return Ok(None) };
        if access.organization() != asker {
            return Ok(None);
        }
        let username = living.owner().map(|owner| owner.best_identifier().to_string());
        let until = living.until.map_or(i64::MAX, seconds);
        Ok(Some(Introspection {
            active: true,
            scope: Some(access.scope),
            client_id: Some(access.client_id),
            username,
            token_type: Some("Bearer"),
            exp: Some(access.exp.min(until)),
            iat: Some(access.iat),
            sub: Some(access.sub),
            aud: Some(access.aud),
            iss: Some(access.iss),
            jti: Some(access.jti),
        }))
    }

    async fn of_refresh(&self, text: &str, asker: OrganizationKey) -> Result<Option<Introspection>, Fault> {
        let Some((family, true, ticket)) = refresh::find(self, text).await? else { return Ok(None) };
        if ticket.organization != asker {
            return Ok(None);
        }
        let organization = self.organization(ticket.organization).await?;
        let Some(living) = living(self, &organization, TokenKey::from_bytes(ticket.owner)) else { return Ok(None) };
        Ok(Some(Introspection {
            active: true,
            scope: Some(family.scope),
            client_id: Some(family.client),
            username: living.owner().map(|owner| owner.best_identifier().to_string()),
            exp: living.until.map(seconds),
            iat: Some(seconds(living.issued)),
            sub: living.owner().map(|owner| owner.subject.to_string()),
            iss: Some(self.public_url().to_owned()),
            ..Introspection::default()
        }))
    }

    /// A token of ours that is its own bearer.
    async fn of_secret(&self, text: &str, asker: OrganizationKey) -> Result<Option<Introspection>, Fault> {
        let Some(caller) = if_any(self.authenticate(Some(text), self.now()).await)? else { return Ok(None) };
        let org = caller.view.org();
        let (Some(token), Some(owner)) = (org.token(caller.known.token), org.principal(caller.principal)) else {
            return Ok(None);
        };
        if caller.known.organization.key != asker {
            return Ok(None);
        }
        Ok(Some(Introspection {
            active: true,
            username: Some(owner.best_identifier().to_string()),
            token_type: Some("Bearer"),
            exp: token.until.map(seconds),
            iat: Some(seconds(token.issued)),
            sub: Some(owner.subject.to_string()),
            iss: Some(self.public_url().to_owned()),
            ..Introspection::default()
        }))
    }

    /// Who somebody is, for the client that has an access token for it.
    ///
    /// # Errors
    /// `invalid_token`, `insufficient_scope` (RFC 6750, 3.1).
    pub async fn user_info(&self, token: &str) -> Result<UserInfo, Fault> {
        let invalid = |why: &str| Fault::refused("invalid_token", why.to_owned());
        if !is_access_token(token) {
            return Err(invalid("only an access token counts here"));
        }
        let (access, living) = match living_access(self, token).await {
            Err(Error::Unauthenticated(why)) => return Err(invalid(&why)),
            other => other?,
        };
        let scopes = access.scopes();
        if !scopes.has(Scope::OpenId) {
            return Err(Fault::refused("insufficient_scope", "the access token was not granted \"openid\""));
        }
        let Some(owner) = living.owner() else { return Err(invalid("whose token this is has gone")) };
        let profile = |value: Option<String>| value.filter(|_| scopes.has(Scope::Profile));
        let picture = owner.rare.as_ref().and_then(|rare| rare.picture.as_ref()).map(ToString::to_string);
        Ok(UserInfo {
            sub: access.sub,
            name: profile(Some(owner.name.to_string())),
            preferred_username: profile(Some(owner.best_identifier().to_string())),
            picture: profile(picture),
            email: owner.email.as_ref().map(ToString::to_string).filter(|_| scopes.has(Scope::Email)),
        })
    }
}
