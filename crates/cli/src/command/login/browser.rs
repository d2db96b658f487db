//! By a browser on the same machine: authorization code with PKCE, called back on the loopback (RFC 8252).

use super::SCOPE;
use crate::credentials::CLIENT;
use crate::failure::Failure;
use crate::output;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use rolecall_client::{Client, escaped};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// How long somebody may take to sign in.
const PATIENCE: Duration = Duration::from_mins(10);
/// How long a connection may take to say what it wants, and how much it may say.
const HASTE: Duration = Duration::from_secs(5);
const LONGEST: usize = 16 * 1024;

/// What the server sent the browser back with.
struct Called {
    stream: TcpStream,
    parameters: Vec<(String, String)>,
}

pub(super) async fn sign_in(
    client: &Client,
    metadata: &Value,
    host: &str,
    organization: Option<&str>,
) -> Result<Value, Failure> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let callback = format!("http://127.0.0.1:{}/callback", listener.local_addr()?.port());
    let (state, verifier) = (random()?, random()?);
    let challenge = BASE64.encode(Sha256::digest(&verifier));
    let mut asked = vec![
        ("client_id", CLIENT),
        ("response_type", "code"),
        ("redirect_uri", callback.as_str()),
        ("scope", SCOPE),
        ("state", state.as_str()),
        ("code_challenge", challenge.as_str()),
        ("code_challenge_method", "S256"),
        ("host", host),
    ];
    asked.extend(organization.map(|name| ("organization", name)));
    let pairs: Vec<String> = asked.iter().map(|(name, value)| format!("{name}={}", escaped(value))).collect();
    let endpoint = output::text(metadata, "authorization_endpoint");
    if !endpoint.starts_with("http") {
        return Err(Failure::failed("the server does not say where people sign in"));
    }
    let address = format!("{endpoint}?{}", pairs.join("&"));
    output::say(&format!(
        "Sign in with your browser. If it does not open by itself, open this address:\n\n    {address}\n"
    ));
    open(&address);
    let waiting = tokio::time::timeout(PATIENCE, called_back(&listener, &state)).await;
    let called = waiting.map_err(|_| Failure::failed("nobody signed in within ten minutes; try again"))??;
    let outcome = exchange(client, metadata, &called.parameters, &callback, &verifier).await;
    let (title, said) = match &outcome {
        Ok(_) => ("You are signed in", "The terminal goes on by itself. You can close this window."),
        Err(_) => ("You are not signed in", "The terminal says why. You can close this window."),
    };
    answer(called.stream, "200 OK", title, said).await;
    outcome
}

async fn exchange(
    client: &Client,
    metadata: &Value,
    parameters: &[(String, String)],
    callback: &str,
    verifier: &str,
) -> Result<Value, Failure> {
    let get = |name: &str| parameters.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    // An answer of another server is not taken to this one (RFC 9207).
    if get("iss") != metadata.get("issuer").and_then(Value::as_str) {
        return Err(Failure::failed("the answer is of another server; try again"));
    }
    if let Some(error) = get("error") {
        return Err(Failure::failed(get("error_description").unwrap_or(error).to_owned()));
    }
    let code = get("code").ok_or_else(|| Failure::failed("the answer has no code; try again"))?;
    let fields = [
        ("grant_type", "authorization_code"),
        ("client_id", CLIENT),
        ("code", code),
        ("redirect_uri", callback),
        ("code_verifier", verifier),
    ];
    Ok(client.form("/oauth2/token", &fields).await?)
}

/// Waits for the browser to come back with our state. Whatever else asks is told that nothing is here.
async fn called_back(listener: &TcpListener, state: &str) -> Result<Called, Failure> {
    loop {
        let (mut stream, _) = listener.accept().await?;
        let read = tokio::time::timeout(HASTE, target(&mut stream)).await;
        let Ok(Some(target)) = read else { continue };
        let parameters = target.strip_prefix("/callback?").map(query).unwrap_or_default();
        if parameters.iter().any(|(name, value)| name == "state" && value == state) {
            return Ok(Called { stream, parameters });
        }
        answer(stream, "404 Not Found", "Nothing is here", "This is not the answer that the terminal waits for.").await;
    }
}

/// The target of a request: the second word of its first line.
async fn target(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        if head.len() > LONGEST || stream.read_buf(&mut head).await.ok()? == 0 {
            return None;
        }
    }
    let head = String::from_utf8(head).ok()?;
    let mut words = head.lines().next()?.split(' ');
    (words.next()? == "GET").then_some(())?;
    words.next().map(str::to_owned)
}

async fn answer(mut stream: TcpStream, status: &str, title: &str, said: &str) {
    let page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{title}</title><body style=\"font:16px/1.5 system-ui,sans-serif;max-width:26rem;margin:3rem auto\">\
         <h1>{title}</h1><p>{said}</p></body></html>"
    );
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\nCache-Control: no-store\r\n\
         Referrer-Policy: no-referrer\r\nConnection: close\r\n\r\n",
        page.len()
    );
    // A browser that went away has nothing to be told.
    let _written = stream.write_all(format!("{head}{page}").as_bytes()).await;
    let _closed = stream.shutdown().await;
}

fn query(text: &str) -> Vec<(String, String)> {
    let pairs = text.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    pairs.map(|(name, value)| (unescaped(name), unescaped(value))).collect()
}

fn unescaped(text: &str) -> String {
    let (mut bytes, mut rest) = (Vec::new(), text.bytes());
    while let Some(byte) = rest.next() {
        let mut digit = || char::from(rest.next().unwrap_or(b'0')).to_digit(16).unwrap_or(0);
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => u8::try_from(digit() * 16 + digit()).unwrap_or(b'?'),
            byte => byte,
        });
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn random() -> Result<String, Failure> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| Failure::failed(format!("the system gives no randomness: {error}")))?;
    Ok(BASE64.encode(bytes))
}

/// Opens the browser, if there is one; the address is printed in any case.
fn open(address: &str) {
    let program = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let mut command = std::process::Command::new(program);
    command.arg(address).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let _opened_or_not = command.spawn();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_read_as_browsers_write_it() {
        let read = query("code=a%20b&state=x%2By+z&iss=http%3A%2F%2F127.0.0.1%3A7400&empty");
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let expected =
            [pair("code", "a b"), pair("state", "x+y z"), pair("iss", "http://127.0.0.1:7400"), pair("empty", "")];
        assert_eq!(read, expected);
        assert_eq!(unescaped("100%"), "100\0");
    }
}
