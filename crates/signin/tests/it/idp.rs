//! A small provider in this process, which says what a test wants, also what no provider should.

use axum::extract::{Form, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

pub const CLIENT: &str = "rolecall";
pub const SECRET: &str = "a secret/with+odd letters";
pub const ACCESS_TOKEN: &str = "the-access-token";

/// A signing key and its name.
pub struct Key {
    pub kid: String,
    pair: EcdsaKeyPair,
}

impl Key {
    pub fn new(kid: &str) -> Self {
        let random = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random).unwrap();
        Key { kid: kid.to_owned(), pair }
    }

    pub fn public(&self) -> &[u8] {
        self.pair.public_key().as_ref()
    }

    fn jwk(&self) -> Value {
        let (x, y) = self.public()[1..].split_at(32);
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        json!({"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": self.kid, "x": text(x), "y": text(y)})
    }

    pub fn sign(&self, claims: &Value) -> String {
        self.sign_with(&json!({"alg": "ES256", "typ": "JWT", "kid": self.kid}), claims)
    }

    pub fn sign_with(&self, header: &Value, claims: &Value) -> String {
        let message = message(header, claims);
        let signature = self.pair.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
    }
}

/// The two parts of a token that are signed.
pub fn message(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}", part(header), part(claims))
}

pub fn hash(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(text))
}

/// What a browser was sent to the provider with.
#[derive(Clone, Debug)]
pub struct Asked(pub HashMap<String, String>);

impl Asked {
    pub fn of(address: &str) -> Self {
        let query = address.split_once('?').expect("a query").1;
        Asked(
            query.split('&').filter_map(|pair| pair.split_once('=')).map(|(k, v)| (k.to_owned(), decoded(v))).collect(),
        )
    }

    pub fn get(&self, name: &str) -> &str {
        self.0.get(name).map(String::as_str).unwrap_or_default()
    }
}

pub fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let hex: Vec<u8> = rest.by_ref().take(2).collect();
                bytes.push(u8::from_str_radix(std::str::from_utf8(&hex).unwrap(), 16).unwrap());
            }
            byte => bytes.push(byte),
        }
    }
    String::from_utf8(bytes).unwrap()
}

#[derive(Clone)]
struct Granted {
    challenge: String,
    id_token: Option<String>,
    userinfo: Option<Value>,
}

/// How the provider behaves.
#[derive(Default)]
struct Mood {
    granted: HashMap<String, Granted>,
    userinfo: Option<Value>,
    metadata: Map<String, Value>,
    keys: Vec<Value>,
    token_moved: bool,
    token_huge: bool,
    /// How the client showed its secret.
    shown: Vec<String>,
    fetched: HashMap<&'static str, usize>,
}

/// A running provider.
#[derive(Clone)]
pub struct Idp {
    pub issuer: String,
    pub key: Arc<Key>,
    mood: Arc<Mutex<Mood>>,
}

impl Idp {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let key = Arc::new(Key::new("one"));
        let mood = Mood { keys: vec![key.jwk()], ..Mood::default() };
        let idp = Idp { issuer, key, mood: Arc::new(Mutex::new(mood)) };
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(metadata))
            .route("/jwks", get(keys))
            .route("/token", post(token))
            .route("/userinfo", get(userinfo))
            .with_state(idp.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        idp
    }

    fn mood<T>(&self, change: impl FnOnce(&mut Mood) -> T) -> T {
        change(&mut self.mood.lock().unwrap())
    }

    /// Says something else in its metadata.
    pub fn says(&self, name: &str, value: Value) {
        self.mood(|mood| mood.metadata.insert(name.to_owned(), value));
    }

    /// Publishes this key alone.
    pub fn publishes(&self, key: &Key) {
        self.mood(|mood| mood.keys = vec![key.jwk()]);
    }

    pub fn moves_its_token_endpoint(&self) {
        self.mood(|mood| mood.token_moved = true);
    }

    pub fn answers_without_end(&self) {
        self.mood(|mood| mood.token_huge = true);
    }

    pub fn fetched(&self, what: &'static str) -> usize {
        self.mood(|mood| mood.fetched.get(what).copied().unwrap_or_default())
    }

    pub fn shown(&self) -> Vec<String> {
        self.mood(|mood| mood.shown.clone())
    }

    /// Sound claims for whoever was sent here, but for what a test changes.
    pub fn claims(&self, asked: &Asked, more: &Value) -> Value {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
        let mut claims = json!({
            "iss": self.issuer,
            "sub": "00u1",
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "nonce": asked.get("nonce"),
            "name": "Grace Hopper",
            "email": "grace@example.com",
            "email_verified": true,
        });
        for (name, value) in more.as_object().unwrap() {
            if value.is_null() {
                claims.as_object_mut().unwrap().remove(name);
            } else {
                claims[name] = value.clone();
            }
        }
        claims
    }

    /// A code for a token with these claims.
    #[allow(clippy::needless_pass_by_value, reason = "callers hand over what they write in place")]
    pub fn code(&self, asked: &Asked, more: Value) -> String {
        let id_token = self.key.sign(&self.claims(asked, &more));
        self.code_for(asked, Some(id_token), None)
    }

    /// A code for this token and these claims at the userinfo endpoint.
    pub fn code_for(&self, asked: &Asked, id_token: Option<String>, userinfo: Option<Value>) -> String {
        let challenge = asked.get("code_challenge").to_owned();
        self.mood(|mood| {
            let code = format!("a-code-{}", mood.granted.len());
            mood.granted.insert(code.clone(), Granted { challenge, id_token, userinfo });
            code
        })
    }
}

async fn metadata(State(idp): State<Idp>) -> Response {
    let at = |path: &str| json!(format!("{}{path}", idp.issuer));
    let mut metadata = json!({
        "issuer": idp.issuer,
        "authorization_endpoint": at("/authorize"),
        "token_endpoint": at("/token"),
        "userinfo_endpoint": at("/userinfo"),
        "jwks_uri": at("/jwks"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        // A provider may well offer what must not be taken.
        "id_token_signing_alg_values_supported": ["ES256", "HS256", "none"],
    });
    idp.mood(|mood| {
        *mood.fetched.entry("metadata").or_default() += 1;
        for (name, value) in &mood.metadata {
            metadata[name] = value.clone();
        }
    });
    Json(metadata).into_response()
}

async fn keys(State(idp): State<Idp>) -> Response {
    Json(idp.mood(|mood| {
        *mood.fetched.entry("keys").or_default() += 1;
        json!({"keys": mood.keys})
    }))
    .into_response()
}

async fn token(State(idp): State<Idp>, headers: HeaderMap, Form(form): Form<HashMap<String, String>>) -> Response {
    let field = |name: &str| form.get(name).cloned().unwrap_or_default();
    let basic = headers.get("authorization").and_then(|value| value.to_str().ok()).and_then(|value| {
        let pair = String::from_utf8(STANDARD.decode(value.strip_prefix("Basic ")?).ok()?).ok()?;
        let (id, secret) = pair.split_once(':')?;
        Some((decoded(id), decoded(secret)))
    });
    let (how, shown) = match basic {
        Some(pair) => ("basic", pair),
        None => ("post", (field("client_id"), field("client_secret"))),
    };
    let refused = |why: &str| (StatusCode::BAD_REQUEST, Json(json!({"error": why}))).into_response();
    if shown != (CLIENT.to_owned(), SECRET.to_owned()) {
        return refused("invalid_client");
    }
    let (granted, moved, huge) = idp.mood(|mood| {
        mood.shown.push(how.to_owned());
        let granted = mood.granted.remove(&field("code"));
        mood.userinfo = granted.as_ref().and_then(|granted| granted.userinfo.clone());
        (granted, mood.token_moved, mood.token_huge)
    });
    if moved {
        return Redirect::temporary("https://example.com/token").into_response();
    }
    if huge {
        return vec![b' '; 3 << 20].into_response();
    }
    let Some(granted) = granted else { return refused("invalid_grant") };
    if hash(&field("code_verifier")) != granted.challenge || !field("redirect_uri").ends_with("/signin/sso/callback") {
        return refused("invalid_grant");
    }
    let mut answer = json!({"access_token": ACCESS_TOKEN, "token_type": "Bearer", "expires_in": 300});
    if let Some(id_token) = granted.id_token {
        answer["id_token"] = json!(id_token);
    }
    Json(answer).into_response()
}

async fn userinfo(State(idp): State<Idp>, headers: HeaderMap) -> Response {
    let shown = headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
    assert_eq!(shown, format!("Bearer {ACCESS_TOKEN}"));
    match idp.mood(|mood| {
        *mood.fetched.entry("userinfo").or_default() += 1;
        mood.userinfo.clone()
    }) {
        Some(claims) => Json(claims).into_response(),
        None => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
