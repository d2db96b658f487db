//! Access tokens (RFC 9068): signed, short, and worth something only while their parent token and its owner count
//! in the newest state. Nothing is written when one is issued.

use super::jwt::{self, Unsound};
use super::scope::{Scope, Scopes};
use crate::clock::random;
use crate::{Error, Service};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use rolecall_model::Timestamp;
use rolecall_model::id::{OrganizationId, TokenKey};
use rolecall_store::OrganizationKey;
use serde::{Deserialize, Serialize};

/// How long an access token counts.
pub(crate) const ACCESS_SECONDS: i64 = 600;
/// How far another node's clock may be ahead.
const AHEAD_SECONDS: i64 = 30;
/// The kind that its header names.
const KIND: &str = "at+jwt";

/// What an access token says.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Access {
    pub iss: String,
    pub sub: String,
    pub aud: String,
    pub client_id: String,
    /// The organization.
    pub org: OrganizationId,
    pub scope: String,
    pub jti: String,
    pub iat: i64,
    pub exp: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nbf: Option<i64>,
    /// The token without which it does not count.
    pub tok: TokenKey,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<i64>,
}

/// What a sound access token says to whoever guards the API.
pub(crate) struct Verified {
    pub organization: OrganizationKey,
    /// The token without which it does not count.
    pub parent: TokenKey,
    pub until: Timestamp,
}

/// For what and whom an access token is issued.
pub(crate) struct Granting<'a> {
    pub organization: OrganizationKey,
    pub subject: String,
    pub client: &'a str,
    pub scopes: Scopes,
    pub parent: TokenKey,
    pub auth_time: Option<Timestamp>,
}

/// Whether a credential looks like an access token: three parts, the first a JSON object.
pub(crate) fn is_access_token(text: &str) -> bool {
    text.starts_with("eyJ") && text.bytes().filter(|byte| *byte == b'.').count() == 2
}

impl Access {
    pub(crate) fn organization(&self) -> OrganizationKey {
        OrganizationKey(self.org.bytes())
    }

    pub(crate) fn scopes(&self) -> Scopes {
        Scopes::read(&self.scope)
    }

    fn verified(&self) -> Verified {
        let until = Timestamp::from_micros(0).plus_seconds(self.exp);
        Verified { organization: self.organization(), parent: self.tok, until }
    }
}

impl Service {
    /// Signs an access token.
    pub(crate) async fn issue_access_token(&self, granting: &Granting<'_>) -> Result<String, Error> {
        let iat = seconds(self.now());
        let access = Access {
            iss: self.public_url().to_owned(),
            sub: granting.subject.clone(),
            aud: self.public_url().to_owned(),
            client_id: granting.client.to_owned(),
            org: OrganizationId::from_bytes(granting.organization.0),
            scope: granting.scopes.to_string(),
            jti: BASE64.encode(&random()?[..16]),
            iat,
            exp: iat + ACCESS_SECONDS,
            nbf: None,
            tok: granting.parent,
            auth_time: granting.auth_time.map(seconds),
        };
        self.signing_keys().await?.signing()?.sign(KIND, &access)
    }

    /// Checks the signature, the kind, the issuer, the audience, the time and the scope of an access token for the API.
    ///
    /// # Errors
    /// `Unauthenticated`.
    pub(crate) async fn verify_access_token(&self, text: &str) -> Result<Verified, Error> {
        let access = self.read_access_token(text).await?;
        if !access.scopes().has(Scope::All) {
            return refused("the access token says only who somebody is; ask for the scope \"all\" to act as them");
        }
        Ok(access.verified())
    }

    /// Checks everything of an access token that stands in it but the scope.
    pub(crate) async fn read_access_token(&self, text: &str) -> Result<Access, Error> {
        let keys = self.keys_with(&jwt::named_key(text).or_else(unsound)?).await?;
        let now = self.now();
        let access: Access = jwt::verify(text, KIND, keys.checking(now)).or_else(unsound)?;
        if access.iss != self.public_url() {
            return refused("the access token was issued by another server");
        }
        if access.aud != self.public_url() {
            return refused("the access token is for another server");
        }
        let now = seconds(now);
        if now >= access.exp {
            return refused("the access token has expired; refresh it or sign in again");
        }
        if access.iat.max(access.nbf.unwrap_or(access.iat)) > now + AHEAD_SECONDS {
            return refused("the access token does not count yet; compare the clocks");
        }
        Ok(access)
    }
}

/// Whole seconds since 1970, as tokens tell time.
pub(crate) fn seconds(instant: Timestamp) -> i64 {
    instant.micros().div_euclid(1_000_000)
}

fn unsound<T>(why: Unsound) -> Result<T, Error> {
    refused(match why {
        Unsound::Malformed => "the access token cannot be read; it was cut or mistyped",
        Unsound::Algorithm => "the access token is signed in a way that does not count here; it must be ES256",
        Unsound::Kind => "this is no access token but another kind of token; send the access token",
        Unsound::Key => "the key that signed the access token is not known here; sign in again",
        Unsound::Signature => "the signature of the access token is wrong; it was changed or is not from here",
    })
}

fn refused<T>(why: &str) -> Result<T, Error> {
    Err(Error::Unauthenticated(why.to_owned()))
}
