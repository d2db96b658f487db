//! A client for Rolecall's HTTP API: addresses, credentials, retries, pages and errors in one place.
//! It speaks JSON values and leaves their meaning to the caller.
//!
//! ```no_run
//! use rolecall_client::{Ask, Client, Connection, Method, segment};
//! # async fn example() -> Result<(), rolecall_client::ClientError> {
//! let token = std::env::var("ROLECALL_TOKEN").ok();
//! let client = Client::new(Connection { url: "http://127.0.0.1:7400".to_owned(), token, ..Connection::default() })?;
//! let user = client.ask(&Ask::new(Method::GET, format!("/users/{}", segment("ada@example.com")))).await?;
//! println!("{}", user["email"]);
//! # Ok(())
//! # }
//! ```
//!
//! With the feature `follow` it also keeps a copy of an organization in process and answers questions from it: see
//! `Follower`. Without it neither model nor engine is built.

mod error;
#[cfg(feature = "follow")]
mod follow;
mod oauth;
mod page;
mod transfer;

pub use error::ClientError;
#[cfg(feature = "follow")]
pub use follow::{FollowError, FollowOptions, Follower, Stale, now};
pub use oauth::escaped;
pub use reqwest::Method;
#[cfg(feature = "follow")]
pub use rolecall_engine as engine;
#[cfg(feature = "follow")]
pub use rolecall_model as model;

use reqwest::{Response, StatusCode, Url};
use serde_json::Value;
use std::time::Duration;

/// How often a request is tried again that may be repeated safely.
const TRIES: u32 = 4;

/// Where the server is and who asks.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: Url,
    token: Option<String>,
}

/// How to reach the server.
#[derive(Clone, Debug, Default)]
pub struct Connection {
    /// Its address, such as `http://127.0.0.1:7400`.
    pub url: String,
    /// The credential.
    pub token: Option<String>,
    /// A certificate authority to trust beside the system's, as PEM.
    pub ca_certificate: Option<Vec<u8>>,
}

/// One request.
#[derive(Clone, Debug)]
pub struct Ask {
    method: Method,
    path: String,
    query: Vec<(String, String)>,
    body: Option<Value>,
    if_match: Option<u64>,
}

impl Ask {
    /// A request for a path below `/api/v1`, its parts already escaped.
    pub fn new(method: Method, path: impl Into<String>) -> Self {
        Ask { method, path: path.into(), query: Vec::new(), body: None, if_match: None }
    }

    /// The same request with a query parameter, if it has a value.
    #[must_use]
    pub fn query(mut self, name: &str, value: Option<impl ToString>) -> Self {
        self.query.extend(value.map(|value| (name.to_owned(), value.to_string())));
        self
    }

    /// The same request with a JSON body.
    #[must_use]
    pub fn body(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    /// The same request, to be refused unless the target is still at this revision.
    #[must_use]
    pub const fn if_match(mut self, revision: Option<u64>) -> Self {
        self.if_match = revision;
        self
    }
}

impl Client {
    /// A client for a server.
    ///
    /// # Errors
    /// When the address or the certificate authority cannot be read.
    pub fn new(connection: Connection) -> Result<Self, ClientError> {
        // Installing twice is no error worth telling: the first one stays.
        let _installed_before = rustls::crypto::ring::default_provider().install_default();
        let base = Url::parse(&connection.url)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
            .ok_or_else(|| ClientError::Address(connection.url.clone()))?;
        let mut http = reqwest::Client::builder()
            .user_agent(concat!("rolecall/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(Duration::from_secs(10))
            .redirect(reqwest::redirect::Policy::none());
        if let Some(pem) = &connection.ca_certificate {
            let certificates = reqwest::Certificate::from_pem_bundle(pem).map_err(|_| ClientError::Certificate)?;
            for certificate in certificates {
                http = http.add_root_certificate(certificate);
            }
        }
        let http = http.build().map_err(|_| ClientError::Certificate)?;
        Ok(Client { http, base, token: connection.token })
    }

    /// The same client with another credential.
    #[must_use]
    pub fn with_token(self, token: Option<String>) -> Self {
        Client { token, ..self }
    }

    /// The server's address.
    pub fn url(&self) -> &str {
        self.base.as_str().trim_end_matches('/')
    }

    /// Sends a request and reads the JSON answer; null when there is none.
    ///
    /// # Errors
    /// When the server cannot be reached, or refuses.
    pub async fn ask(&self, ask: &Ask) -> Result<Value, ClientError> {
        let key = (ask.method != Method::GET).then(fresh_key);
        let mut wait = Duration::from_millis(200);
        for attempt in 1..=TRIES {
            let answered = self.send(ask, key.as_deref()).await;
            match answered {
                Ok(response) if attempt < TRIES && is_passing(response.status()) => {}
                Err(error) if attempt < TRIES && error.is_connect() => {}
                Ok(response) => return read(response).await,
                Err(error) => return Err(self.unreachable(&error)),
            }
            tokio::time::sleep(wait).await;
            wait *= 2;
        }
        Err(ClientError::Unreachable { url: self.url().to_owned(), why: "it does not answer".to_owned() })
    }

    async fn send(&self, ask: &Ask, key: Option<&str>) -> reqwest::Result<Response> {
        let mut request = self.request(ask.method.clone(), &ask.path).query(&ask.query);
        if let Some(key) = key {
            request = request.header("Idempotency-Key", key);
        }
        if let Some(revision) = ask.if_match {
            request = request.header("If-Match", format!("\"{revision}\""));
        }
        if let Some(body) = &ask.body {
            request = request.json(body);
        }
        request.send().await
    }

    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let url = format!("{}/api/v1{path}", self.url());
        let request = self.http.request(method, url);
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    fn unreachable(&self, error: &reqwest::Error) -> ClientError {
        let mut why = error.to_string();
        let mut source = std::error::Error::source(error);
        while let Some(cause) = source {
            why = cause.to_string();
            source = cause.source();
        }
        if why.contains("certificate") {
            return ClientError::Untrusted { url: self.url().to_owned(), why };
        }
        ClientError::Unreachable { url: self.url().to_owned(), why }
    }
}

/// Whether an answer says only that it is too early or too much at once.
fn is_passing(status: StatusCode) -> bool {
    matches!(status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS | StatusCode::BAD_GATEWAY)
}

async fn read(response: Response) -> Result<Value, ClientError> {
    let status = response.status();
    let bytes = response.bytes().await.map_err(|error| ClientError::Broken(error.to_string()))?;
    if status.is_success() {
        if bytes.is_empty() {
            return Ok(Value::Null);
        }
        return serde_json::from_slice(&bytes).map_err(|error| ClientError::Broken(error.to_string()));
    }
    Err(ClientError::refused(status.as_u16(), &bytes))
}

/// A key under which the server recognizes a repeated request.
fn fresh_key() -> String {
    uuid::Uuid::now_v7().to_string()
}

/// A part of a path, escaped so that any name can stand in it.
pub fn segment(name: &str) -> String {
    // A leading ~ means a number to the server.
    let name = if name.starts_with('~') { format!("~{name}") } else { name.to_owned() };
    let mut escaped = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') && name != "." && name != ".." {
            escaped.push(char::from(byte));
        } else {
            push_escaped(&mut escaped, byte);
        }
    }
    escaped
}

fn push_escaped(text: &mut String, byte: u8) {
    text.push('%');
    let digits = [byte >> 4, byte & 15].map(|digit| char::from_digit(u32::from(digit), 16).unwrap_or('0'));
    text.extend(digits.map(|digit| digit.to_ascii_uppercase()));
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Client({})", self.url())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_name_can_stand_in_a_path() {
        assert_eq!(segment("Production Runner"), "Production%20Runner");
        assert_eq!(segment("a/b?c#d"), "a%2Fb%3Fc%23d");
        assert_eq!(segment("~7"), "~~7");
        assert_eq!(segment(".."), "%2E%2E");
        assert_eq!(segment("é"), "%C3%A9");
    }

    #[test]
    fn an_address_that_is_none_is_refused() {
        let connection = Connection { url: "localhost:7400".to_owned(), ..Connection::default() };
        assert!(matches!(Client::new(connection), Err(ClientError::Address(_))));
    }
}
