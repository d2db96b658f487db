//! OAuth 2.0 and `OpenID` Connect: what our own clients and applications are granted, and the access tokens for it.
//! One file for each flow; what they share is the `grant`. Not here: wire forms and pages (`rolecall-signin`).

mod access;
mod application;
mod authorize;
mod client;
mod code;
mod device;
mod fault;
mod grant;
mod introspect;
mod jwt;
mod keys;
mod refresh;
mod revoke;
mod scope;

pub(crate) use access::{Verified, is_access_token};
pub use application::ClientProof;
pub use authorize::{Authorization, AuthorizeRequest, Rejected, Step};
pub use client::{CLIENTS, Client, escaped};
pub use device::{DeviceAsked, DeviceStart, decide_device, device_asked};
pub use fault::Fault;
pub use grant::Tokens;
pub use introspect::{Introspection, UserInfo};
pub use scope::{Scope, Scopes};

use crate::{Error, Service};
use application::Known;
use code::Shown;
use keys::Keys;
use rolecall_store::Ticket;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::net::IpAddr;

/// The grant type of device codes (RFC 8628, 3.4).
pub const DEVICE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// The algorithm of every signature.
pub const ALGORITHM: &str = jwt::ALGORITHM;

/// What this node keeps in memory for it.
#[derive(Default)]
pub(crate) struct Oauth {
    keys: Keys,
}

/// What a client asks of the token endpoint.
#[derive(Clone, Default)]
pub struct TokenRequest {
    /// Who asks.
    pub client: ClientProof,
    /// By which flow.
    pub grant_type: Option<String>,
    /// The authorization code.
    pub code: Option<String>,
    /// Where the code came back to.
    pub redirect_uri: Option<String>,
    /// What the challenge was made of.
    pub code_verifier: Option<String>,
    /// The refresh token.
    pub refresh_token: Option<String>,
    /// The device code.
    pub device_code: Option<String>,
    /// What for.
    pub scope: Option<String>,
}

impl Service {
    /// Gives a client tokens for what it shows.
    ///
    /// # Errors
    /// In the words of OAuth 2.0.
    pub async fn token(&self, request: &TokenRequest, request_id: &str) -> Result<Tokens, Fault> {
        let Some(grant_type) = request.grant_type.as_deref() else { return Err(missing("grant_type")) };
        let known = self.client(&request.client).await?;
        let scope = request.scope.as_deref();
        match (grant_type, known) {
            ("authorization_code", Known::Public(client)) => {
                let code = request.code.as_deref().ok_or_else(|| missing("code"))?;
                let (redirect_uri, verifier) = (request.redirect_uri.as_deref(), request.code_verifier.as_deref());
                code::exchange(self, client, &Shown { code, redirect_uri, verifier }, request_id).await
            }
            ("refresh_token", Known::Public(client)) => {
                let token = request.refresh_token.as_deref().ok_or_else(|| missing("refresh_token"))?;
                refresh::refresh(self, client, token, scope, request_id).await
            }
            (DEVICE_GRANT, Known::Public(client)) => {
                let code = request.device_code.as_deref().ok_or_else(|| missing("device_code"))?;
                device::poll(self, client, code, request_id).await
            }
            ("client_credentials", Known::Application(application)) => {
                application::credentials(self, &application, scope).await
            }
            ("authorization_code" | "refresh_token" | DEVICE_GRANT, Known::Application(_)) => {
                let message = "an application acts as itself; use grant_type=client_credentials";
                Err(Fault::refused("unauthorized_client", message))
            }
            ("client_credentials", Known::Public(_)) => {
                let message = "this client acts for people; let somebody sign in";
                Err(Fault::refused("unauthorized_client", message))
            }
            _ => Err(Fault::refused("unsupported_grant_type", "this grant_type is not known here")),
        }
    }

    /// Begins the flow of a terminal without a browser.
    ///
    /// # Errors
    /// In the words of OAuth 2.0.
    pub async fn start_device(
        &self,
        client: &ClientProof,
        scope: Option<&str>,
        host: Option<&str>,
        address: IpAddr,
    ) -> Result<DeviceStart, Fault> {
        match self.client(client).await? {
            Known::Public(client) => device::start(self, client, scope, host, address).await,
            Known::Application(_) => {
                let message = "an application acts as itself; use grant_type=client_credentials";
                Err(Fault::refused("unauthorized_client", message))
            }
        }
    }
}

fn missing(parameter: &str) -> Fault {
    Fault::request(format!("{parameter} is missing"))
}

/// What a ticket of ours holds.
fn read<T: DeserializeOwned>(ticket: &Ticket) -> Result<T, Error> {
    serde_json::from_slice(&ticket.data).map_err(|_| Error::Damaged("a ticket cannot be read".to_owned()))
}

/// What a ticket of ours is to hold.
fn written(data: &impl Serialize) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(data).map_err(|error| Error::Internal(error.to_string()))
}
