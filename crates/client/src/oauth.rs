//! The server's OAuth 2.0 endpoints, for who signs in by them: forms in, JSON out.

use crate::{Client, ClientError};
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use serde::Deserialize;
use serde_json::Value;

/// A refusal in the words of OAuth 2.0 (RFC 6749, 5.2).
#[derive(Deserialize, Default)]
#[serde(default)]
struct Refusal {
    error: String,
    error_description: String,
}

impl Client {
    /// What the server says of its endpoints (RFC 8414).
    ///
    /// # Errors
    /// When it cannot be reached or says nothing of the kind.
    pub async fn metadata(&self) -> Result<Value, ClientError> {
        let url = format!("{}/.well-known/oauth-authorization-server", self.url());
        let response = self.http.get(url).send().await.map_err(|error| self.unreachable(&error))?;
        crate::read(response).await
    }

    /// Sends a form to an endpoint and reads the JSON answer; null when there is none. It is sent once: what it
    /// shows may count once.
    ///
    /// # Errors
    /// When the server cannot be reached, or refuses: then with OAuth's own word as the code.
    pub async fn form(&self, path: &str, fields: &[(&str, &str)]) -> Result<Value, ClientError> {
        let body: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={}", escaped(value))).collect();
        let request = self.http.post(format!("{}{path}", self.url())).body(body.join("&"));
        let request =
            request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").header(ACCEPT, "application/json");
        let response = request.send().await.map_err(|error| self.unreachable(&error))?;
        let status = response.status();
        if status.is_success() {
            return crate::read(response).await;
        }
        let bytes = response.bytes().await.map_err(|error| ClientError::Broken(error.to_string()))?;
        let Refusal { error, error_description } = serde_json::from_slice(&bytes).unwrap_or_default();
        if error.is_empty() {
            return Err(ClientError::refused(status.as_u16(), &bytes));
        }
        let message = if error_description.is_empty() { error.clone() } else { error_description };
        Err(ClientError::Refused { status: status.as_u16(), code: error, message, field: None, details: Vec::new() })
    }
}

/// A value as it may stand in a form or a query.
pub fn escaped(value: &str) -> String {
    let mut safe = String::with_capacity(value.len());
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            safe.push(char::from(byte));
        } else {
            crate::push_escaped(&mut safe, byte);
        }
    }
    safe
}
