//! By a code that is typed into a browser anywhere (RFC 8628).

use super::SCOPE;
use crate::credentials::CLIENT;
use crate::failure::Failure;
use crate::output::{self, text};
use rolecall_client::{Client, ClientError};
use serde_json::Value;
use std::time::{Duration, Instant};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// Seconds between two polls when the server does not say.
const INTERVAL: u64 = 5;

pub(super) async fn sign_in(client: &Client, host: &str) -> Result<Value, Failure> {
    let started = client.form("/oauth2/device", &[("client_id", CLIENT), ("scope", SCOPE), ("host", host)]).await?;
    let number = |name: &str| started.get(name).and_then(Value::as_u64);
    output::say(&format!(
        "Open this address in any browser:\n\n    {}\n\nand type this code there:\n\n    {}\n",
        output::shown(&text(&started, "verification_uri")),
        output::shown(&text(&started, "user_code"))
    ));
    let end = Instant::now() + Duration::from_secs(number("expires_in").unwrap_or(600));
    let mut interval = Duration::from_secs(number("interval").unwrap_or(INTERVAL).max(1));
    let code = text(&started, "device_code");
    let fields = [("grant_type", GRANT), ("client_id", CLIENT), ("device_code", code.as_str())];
    while Instant::now() < end {
        tokio::time::sleep(interval).await;
        match client.form("/oauth2/token", &fields).await {
            Err(ClientError::Refused { code, .. }) if code == "authorization_pending" => {}
            Err(ClientError::Refused { code, .. }) if code == "slow_down" => interval += Duration::from_secs(INTERVAL),
            // A server that starts again, or a line that breaks, is waited for.
            Err(ClientError::Refused { status: 429 | 500.., .. } | ClientError::Unreachable { .. }) => {
                interval = interval.max(Duration::from_secs(INTERVAL));
            }
            other => return Ok(other?),
        }
    }
    Err(Failure::failed("nobody typed the code in time; try again"))
}
