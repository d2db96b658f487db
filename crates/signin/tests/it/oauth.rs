//! OAuth 2.0 and `OpenID` Connect: each flow, and each attack on it.

mod access;
mod authorize;
mod code;
mod credentials;
mod device;
mod discovery;
mod house;
mod refresh;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use house::{Answer, Browser, House, form};
use serde_json::Value;
use sha2::{Digest, Sha256};

const VERIFIER: &str = "what-only-the-client-knows-until-it-comes-for-tokens";
const CALLBACK: &str = "http://127.0.0.1:41234/callback";
const CLI: &str = "rolecall-cli";
const EVERYTHING: &str = "openid profile email offline_access all";

fn challenge() -> String {
    BASE64.encode(Sha256::digest(VERIFIER))
}

/// The address of a sound request, with these parameters in place of its own; one without a value is left out.
fn request(changes: &[(&str, &str)]) -> String {
    let challenge = challenge();
    let sound = [
        ("client_id", CLI),
        ("redirect_uri", CALLBACK),
        ("response_type", "code"),
        ("scope", EVERYTHING),
        ("state", "the client's own & secret"),
        ("nonce", "n-once"),
        ("code_challenge", challenge.as_str()),
        ("code_challenge_method", "S256"),
        ("host", "ada-laptop"),
    ];
    let kept = sound.iter().filter(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
    let all = kept.chain(changes).filter(|(_, value)| !value.is_empty()).copied();
    format!("/oauth2/authorize?{}", form(all))
}

impl Browser<'_> {
    /// Answers the question of a request: where the browser is sent then.
    async fn decide(&mut self, address: &str, decision: &str) -> Answer {
        let page = self.get(address).await.is(200);
        self.submit(&page, "/oauth2/authorize", &[("decision", decision)]).await
    }

    /// The code for a sound request with these changes.
    async fn code(&mut self, changes: &[(&str, &str)]) -> String {
        let (address, answer) = self.decide(&request(changes), "allow").await.sent();
        assert!(!answer.contains_key("error"), "{address} {answer:?}");
        answer["code"].clone()
    }
}

impl House {
    /// Shows a code at the token endpoint, with these parameters in place of the sound ones.
    async fn exchange(&self, code: &str, changes: &[(&str, &str)]) -> Answer {
        let sound = [
            ("grant_type", "authorization_code"),
            ("client_id", CLI),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        let kept = sound.iter().filter(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
        let all: Vec<_> = kept.chain(changes).filter(|(_, value)| !value.is_empty()).copied().collect();
        self.token(&all).await
    }

    /// The whole flow for somebody: what the client is given.
    async fn tokens_of(&self, email: &str, scope: &str) -> Answer {
        let code = self.browser_of(email).await.code(&[("scope", scope)]).await;
        self.exchange(&code, &[]).await.is(200)
    }

    async fn refresh(&self, token: &str, more: &[(&str, &str)]) -> Answer {
        let fields = [("grant_type", "refresh_token"), ("client_id", CLI), ("refresh_token", token)];
        self.token(&[&fields, more].concat()).await
    }

    /// An application with a secret: its id and secret.
    async fn application(&self, admin: &str, name: &str) -> (String, String) {
        let body = serde_json::json!({ "name": name, "secret": true });
        let made = self.api("POST", "/applications", admin, &body).await.is(201);
        (made.field("client_id"), made.field("client_secret"))
    }
}

/// The parts of a signed token, unchecked.
fn parts(token: &str) -> (Value, Value) {
    let mut parts = token.split('.').map(|part| BASE64.decode(part).unwrap());
    let mut read = || serde_json::from_slice(&parts.next().unwrap()).unwrap();
    (read(), read())
}
