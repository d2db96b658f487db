//! The proof of who somebody is: the answer is the provider's, the code becomes tokens, the ID token is sound
//! (`OpenID` Connect Core 1.0, section 3.1.3.7), and the userinfo endpoint speaks of the same person.

use super::known::Known;
use super::{Answered, Wrong, chain, client_id, redirect_uri};
use crate::shell::Shell;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openidconnect::core::{
    CoreClient, CoreClientAuthMethod, CoreIdToken, CoreIdTokenClaims, CoreIdTokenVerifier, CoreJwsSigningAlgorithm,
};
use openidconnect::http::header::{ACCEPT, AUTHORIZATION};
use openidconnect::{
    AccessToken, AccessTokenHash, AuthType, AuthorizationCode, ClaimsVerificationError, ClientSecret, Nonce,
    OAuth2TokenResponse, PkceCodeVerifier, SignatureVerificationError, TokenResponse, http,
};
use rolecall_model::Timestamp;
use rolecall_service::sso::{Arrival, Client, Pending};
use serde_json::{Map, Value};
use std::time::{Duration, SystemTime};

/// How far a provider's clock may be ahead of ours, in seconds.
const AHEAD: i64 = 120;
/// How old an ID token may be that was made a moment ago, in seconds.
const OLDEST: i64 = 3_600;

/// Signatures that count: of public keys only. `none` proves nothing, and an HMAC only that somebody knows the
/// client secret.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// Proves who comes back.
pub(super) async fn of(shell: &Shell, pending: &Pending, answered: Answered) -> Result<Arrival, Wrong> {
    let client = &pending.client;
    let known = shell.sso.known(client).await?;
    require_sender(client, &known, answered.iss.as_deref())?;
    if !answered.error.is_empty() {
        return Err(declined(&answered));
    }
    if answered.code.is_empty() {
        return Err(Wrong::Unproven("there is no code in the answer".to_owned()));
    }
    let (access_token, id_token) = exchange(shell, pending, &known, answered.code).await?;
    let nonce = Nonce::new(pending.nonce.clone());
    let first = verify(client, &known, &id_token, &nonce, pending.now);
    let claims = match first {
        // The provider may have a new key since it was asked.
        Err(ClaimsVerificationError::SignatureVerification(error)) if may_be_a_new_key(&error) => {
            let known = shell.sso.with_new_keys(client, &known).await?;
            verify(client, &known, &id_token, &nonce, pending.now).map(|claims| (claims, known))
        }
        first => first.map(|claims| (claims, known)),
    };
    let (claims, known) = claims.map_err(|error| unproven(&error))?;
    require_party(client, claims)?;
    require_access_token(client, &known, claims, &id_token, &access_token, pending.now)?;
    let sub = claims.subject().to_string();
    let said = payload(&id_token)?;
    let mut arrival =
        Arrival { issuer: claims.issuer().to_string(), sub, claims: said, userinfo: None, is_partial: false };
    if client.wants_userinfo(&arrival.claims) {
        match userinfo(&known, &access_token).await {
            Ok(claims) => arrival.userinfo = claims,
            Err(error) => {
                let provider = &client.provider.name;
                tracing::warn!(%provider, error, "the userinfo endpoint gave no answer");
                arrival.is_partial = true;
            }
        }
    }
    require_same_person(&arrival)?;
    Ok(arrival)
}

/// Refuses an answer that says it comes from another provider (RFC 9207): else one provider could pass off its
/// code for another's.
fn require_sender(client: &Client, known: &Known, iss: Option<&str>) -> Result<(), Wrong> {
    let must = known.metadata.additional_metadata().authorization_response_iss_parameter_supported;
    match iss {
        Some(iss) if client.provider.issuer == *iss => Ok(()),
        Some(_) => Err(Wrong::Unproven("the answer comes from another provider".to_owned())),
        None if must => Err(Wrong::Unproven("the answer does not say from whom it comes".to_owned())),
        None => Ok(()),
    }
}

fn declined(answered: &Answered) -> Wrong {
    let plain = |text: &str| -> String {
        text.chars().filter(|c| c.is_ascii_graphic() || *c == ' ').filter(|c| *c != '"').take(300).collect()
    };
    let code = plain(&answered.error);
    if code != "access_denied" && !answered.error_description.is_empty() {
        return Wrong::Declined(format!("{code}: {}", plain(&answered.error_description)));
    }
    Wrong::Declined(code)
}

async fn exchange(
    shell: &Shell,
    pending: &Pending,
    known: &Known,
    code: String,
) -> Result<(AccessToken, CoreIdToken), Wrong> {
    let client = &pending.client;
    let secret = client.secret.as_ref().map(|secret| ClientSecret::new(secret.expose().to_owned()));
    let asking = CoreClient::from_provider_metadata(known.metadata.clone(), client_id(client), secret)
        .set_auth_type(auth_type(known))
        .set_redirect_uri(redirect_uri(&shell.service)?);
    let request = asking.exchange_code(AuthorizationCode::new(code));
    let request = request.map_err(|_| Wrong::Broken("the provider's metadata has no token endpoint".to_owned()))?;
    let ask = |request| known.way.clone().fetch(request);
    let answer = request.set_pkce_verifier(PkceCodeVerifier::new(pending.verifier.clone())).request_async(&ask).await;
    let answer = answer.map_err(|error| Wrong::Broken(format!("the code was not exchanged: {}", chain(&error))))?;
    let id_token = answer.id_token().cloned();
    let id_token = id_token.ok_or_else(|| Wrong::Broken("the provider gave no ID token".to_owned()))?;
    Ok((answer.access_token().clone(), id_token))
}

/// How the provider wants to be shown the client secret: in a header, unless it only takes it in the body.
fn auth_type(known: &Known) -> AuthType {
    let takes = |method: &CoreClientAuthMethod| {
        known.metadata.token_endpoint_auth_methods_supported().is_some_and(|methods| methods.contains(method))
    };
    if !takes(&CoreClientAuthMethod::ClientSecretBasic) && takes(&CoreClientAuthMethod::ClientSecretPost) {
        return AuthType::RequestBody;
    }
    AuthType::BasicAuth
}

fn verifier<'a>(client: &Client, known: &Known, now: Timestamp) -> CoreIdTokenVerifier<'a> {
    let (issuer, keys) = (known.metadata.issuer().clone(), known.metadata.jwks().clone());
    let seconds = now.micros().div_euclid(1_000_000);
    let instant = SystemTime::UNIX_EPOCH + Duration::from_micros(u64::try_from(now.micros()).unwrap_or_default());
    CoreIdTokenVerifier::new_public_client(client_id(client), issuer, keys)
        .set_allowed_algs(ALGORITHMS)
        .set_time_fn(move || instant.into())
        .set_issue_time_verifier_fn(move |issued| {
            let age = seconds - issued.timestamp();
            if (-AHEAD..=OLDEST).contains(&age) { Ok(()) } else { Err(format!("it was issued {age} seconds ago")) }
        })
}

fn verify<'a>(
    client: &Client,
    known: &Known,
    id_token: &'a CoreIdToken,
    nonce: &Nonce,
    now: Timestamp,
) -> Result<&'a CoreIdTokenClaims, ClaimsVerificationError> {
    id_token.claims(&verifier(client, known, now), nonce)
}

const fn may_be_a_new_key(error: &SignatureVerificationError) -> bool {
    matches!(
        error,
        SignatureVerificationError::NoMatchingKey
            | SignatureVerificationError::AmbiguousKeyId(_)
            | SignatureVerificationError::CryptoError(_)
    )
}

fn unproven(error: &(dyn std::error::Error + 'static)) -> Wrong {
    Wrong::Unproven(format!("the ID token is not sound: {}", chain(error)))
}

/// Refuses a token that was made for another client, although this one is in its audience.
fn require_party(client: &Client, claims: &CoreIdTokenClaims) -> Result<(), Wrong> {
    match claims.authorized_party() {
        Some(party) if *party != client_id(client) => {
            Err(Wrong::Unproven("the ID token is not sound: it was made for another client".to_owned()))
        }
        _ => Ok(()),
    }
}

/// Refuses an access token that is not the one the ID token came with, when it says which.
fn require_access_token(
    client: &Client,
    known: &Known,
    claims: &CoreIdTokenClaims,
    id_token: &CoreIdToken,
    access_token: &AccessToken,
    now: Timestamp,
) -> Result<(), Wrong> {
    let Some(expected) = claims.access_token_hash() else { return Ok(()) };
    let verifier = verifier(client, known, now);
    let algorithm = id_token.signing_alg().map_err(|error| unproven(&error))?;
    let key = id_token.signing_key(&verifier).map_err(|error| unproven(&error))?;
    let actual = AccessTokenHash::from_token(access_token, algorithm, key).map_err(|error| unproven(&error))?;
    if actual == *expected {
        return Ok(());
    }
    Err(Wrong::Unproven("the access token is not the one that the ID token came with".to_owned()))
}

/// All claims of a token whose signature was checked.
fn payload(id_token: &CoreIdToken) -> Result<Map<String, Value>, Wrong> {
    let text = id_token.to_string();
    let part = text.split('.').nth(1).unwrap_or_default();
    let bytes = URL_SAFE_NO_PAD.decode(part.trim_end_matches('=')).map_err(|error| unproven(&error))?;
    serde_json::from_slice(&bytes).map_err(|error| unproven(&error))
}

/// What the userinfo endpoint says, when there is one.
async fn userinfo(known: &Known, access_token: &AccessToken) -> Result<Option<Map<String, Value>>, String> {
    let Some(endpoint) = known.metadata.userinfo_endpoint() else { return Ok(None) };
    let request = http::Request::get(endpoint.as_str())
        .header(ACCEPT, "application/json")
        .header(AUTHORIZATION, format!("Bearer {}", access_token.secret()))
        .body(Vec::new())
        .map_err(|error| error.to_string())?;
    let answer = known.way.clone().fetch(request).await.map_err(|error| chain(&error))?;
    if answer.status() != http::StatusCode::OK {
        return Err(format!("it answered {}", answer.status()));
    }
    let claims =
        serde_json::from_slice(answer.body()).map_err(|error| format!("its answer is no JSON object: {error}"));
    claims.map(Some)
}

/// Refuses claims of the userinfo endpoint that are of somebody else (section 5.3.4).
fn require_same_person(arrival: &Arrival) -> Result<(), Wrong> {
    let Some(claims) = &arrival.userinfo else { return Ok(()) };
    if claims.get("sub").and_then(Value::as_str) == Some(arrival.sub.as_str()) {
        return Ok(());
    }
    Err(Wrong::Unproven("the userinfo endpoint speaks of somebody else".to_owned()))
}
