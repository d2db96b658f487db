//! Device codes (RFC 8628): a terminal without a browser shows a short code, somebody types it on a page where they
//! have signed in and agrees there, and the terminal comes for what they agreed to.

use super::client::{Client, host_name};
use super::grant::{Agreement, Tokens, Wanted, begin};
use super::scope::Scopes;
use super::{Fault, read, written};
use crate::clock::random;
use crate::secret::{self, Secret};
use crate::token::fresh_key;
use crate::{Ctx, Error, Service};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
use rolecall_model::Timestamp;
use rolecall_store::{OrganizationKey, StoreError, Ticket};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::IpAddr;

/// The kinds under which the store keeps both codes.
const DEVICE: &str = "device";
const USER_CODE: &str = "user_code";
/// How long both count.
const SECONDS: i64 = 600;
/// How long they are remembered, so that a late one is told that it is late.
const KEPT_SECONDS: i64 = 2 * SECONDS;
/// Seconds between two polls at least, and what too quick ones cost (RFC 8628, 3.5).
const INTERVAL: i64 = 5;
/// Letters of a code that people type: no vowels, so no words; nothing that looks like another (RFC 8628, 6.1).
const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
const LENGTH: usize = 8;
/// How often another one is drawn when it is taken.
const DRAWS: usize = 8;
/// How often a change is tried that another one crosses.
const CROSSINGS: usize = 8;

/// What a terminal is told.
#[derive(Serialize)]
pub struct DeviceStart {
    /// With which the terminal asks.
    pub device_code: String,
    /// What somebody types.
    pub user_code: String,
    /// Where.
    pub verification_uri: String,
    /// Where, the code included.
    pub verification_uri_complete: String,
    /// Seconds for which both codes count.
    pub expires_in: i64,
    /// Seconds between two polls at least.
    pub interval: i64,
}

impl fmt::Debug for DeviceStart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DeviceStart(…)")
    }
}

/// What somebody who typed a code is asked.
#[derive(Debug)]
pub struct DeviceAsked {
    /// The code, as it is shown.
    pub code: String,
    /// Who asks.
    pub client: &'static Client,
    /// What for.
    pub scopes: Scopes,
    /// On which machine it says it runs.
    pub host: Option<String>,
    /// From which address it asked.
    pub address: String,
    /// When.
    pub at: Timestamp,
}

/// A terminal that waits.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Device {
    client: String,
    scope: String,
    host: Option<String>,
    address: String,
    at: Timestamp,
    until: Timestamp,
    interval: i64,
    polled: Timestamp,
    state: State,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum State {
    Waiting,
    Denied,
    Allowed(Agreement),
}

/// A typed code leads to the terminal that waits.
#[derive(Serialize, Deserialize)]
struct Typed {
    device: String,
}

/// Begins: the terminal is told what to show and with what to ask.
///
/// # Errors
/// `unauthorized_client`, `invalid_scope`; when too many begin from one address.
pub(crate) async fn start(
    service: &Service,
    client: &'static Client,
    scope: Option<&str>,
    host: Option<&str>,
    address: IpAddr,
) -> Result<DeviceStart, Fault> {
    if !client.has_device {
        return Err(Fault::refused("unauthorized_client", "this client has a browser; use the authorization code"));
    }
    service.limits().address(address)?;
    let scopes = Scopes::asked(scope, Scopes::EVERYTHING)?;
    let Some(home) = service.home() else {
        return Err(Fault::refused("temporarily_unavailable", "no organization has been made yet"));
    };
    let (secret, now) = (Secret::generate()?, service.now());
    let device = Device {
        client: client.id.to_owned(),
        scope: scopes.to_string(),
        host: host_name(host),
        address: address.to_string(),
        at: now,
        until: now.plus_seconds(SECONDS),
        interval: INTERVAL,
        polled: now.plus_seconds(-INTERVAL),
        state: State::Waiting,
    };
    // Nobody knows yet of which organization it will be; the ticket stands with the one that is always there.
    let organization = OrganizationKey(home.bytes());
    let ticket =
        |data| Ticket { organization, owner: [0; 16], expires_at: now.plus_seconds(KEPT_SECONDS).micros(), data };
    service.store().put_ticket(DEVICE, secret.hash(), &ticket(written(&device)?)).await?;
    let typed = ticket(written(&Typed { device: BASE64.encode(secret.hash()) })?);
    let user_code = draw(service, &typed).await?;
    let verification_uri = format!("{}/device", service.public_url());
    Ok(DeviceStart {
        device_code: secret.expose().to_owned(),
        verification_uri_complete: format!("{verification_uri}?user_code={user_code}"),
        verification_uri,
        user_code,
        expires_in: SECONDS,
        interval: INTERVAL,
    })
}

async fn draw(service: &Service, typed: &Ticket) -> Result<String, Fault> {
    for _ in 0..DRAWS {
        // Bytes above 239 are thrown away, so that every letter is as likely as any other.
        let letters = random()?.into_iter().filter(|byte| *byte < 240);
        let code: String = letters.take(LENGTH).map(|byte| char::from(LETTERS[usize::from(byte % 20)])).collect();
        if code.len() < LENGTH {
            continue;
        }
        match service.store().put_ticket(USER_CODE, secret::hash(&code), typed).await {
            Err(StoreError::Taken(_)) => {}
            other => return other.map(|()| shown(&code)).map_err(Fault::from),
        }
    }
    Err(Fault::refused("temporarily_unavailable", "no code is free; try again"))
}

fn shown(code: &str) -> String {
    let (first, second) = code.split_at(LENGTH / 2);
    format!("{first}-{second}")
}

/// A code as somebody typed it, in any case and with whatever between its letters.
fn as_drawn(typed: &str) -> Option<String> {
    let code: String = typed.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_uppercase();
    let sound = code.len() == LENGTH && code.bytes().all(|letter| LETTERS.contains(&letter));
    (sound && typed.len() <= 40).then_some(code)
}

/// What somebody who typed a code is asked.
///
/// # Errors
/// `invalid_grant` when the code is wrong or late, `slow_down` when too many were tried.
pub async fn device_asked(ctx: &Ctx, typed: &str, address: IpAddr) -> Result<DeviceAsked, Fault> {
    count_try(ctx, address)?;
    let (code, _, device, _) = typed_device(ctx, typed).await?;
    let client = Client::named(&device.client).ok_or_else(wrong_code)?;
    let scopes = Scopes::read(&device.scope);
    let Device { host, address, at, .. } = device;
    Ok(DeviceAsked { code: shown(&code), client, scopes, host, address, at })
}

/// Somebody agrees, or does not. The code counts no longer then.
///
/// # Errors
/// As [`device_asked`]; `access_denied` when this caller cannot agree.
pub async fn decide_device(ctx: &Ctx, typed: &str, allow: bool, address: IpAddr) -> Result<(), Fault> {
    count_try(ctx, address)?;
    let state = if allow { State::Allowed(Agreement::of(ctx)?) } else { State::Denied };
    let store = ctx.service().store();
    for _ in 0..CROSSINGS {
        let (code, hash, device, ticket) = typed_device(ctx, typed).await?;
        let after = written(&Device { state: state.clone(), ..device })?;
        // A poll may cross it.
        if store.change_ticket(DEVICE, hash, &ticket.data, after).await? {
            store.take_ticket(USER_CODE, secret::hash(&code)).await?;
            return Ok(());
        }
    }
    Err(Fault::refused("temporarily_unavailable", "the terminal asks too quickly; try again"))
}

/// A code has 34 bits, and whoever guesses one has signed in: a few tries a minute are enough for people.
fn count_try(ctx: &Ctx, address: IpAddr) -> Result<(), Error> {
    let limits = ctx.service().limits();
    limits.address(address)?;
    limits.account(ctx.organization.key, &format!("code of a terminal by {:?}", ctx.principal()))
}

async fn typed_device(ctx: &Ctx, typed: &str) -> Result<(String, [u8; 32], Device, Ticket), Fault> {
    let code = as_drawn(typed).ok_or_else(wrong_code)?;
    let store = ctx.service().store();
    let ticket = store.ticket(USER_CODE, secret::hash(&code)).await?.ok_or_else(wrong_code)?;
    let hash = BASE64.decode(read::<Typed>(&ticket)?.device).ok().and_then(|hash| hash.try_into().ok());
    let hash: [u8; 32] = hash.ok_or_else(wrong_code)?;
    let ticket = store.ticket(DEVICE, hash).await?.ok_or_else(wrong_code)?;
    let device: Device = read(&ticket)?;
    if device.state != State::Waiting {
        return Err(wrong_code());
    }
    if ctx.now() >= device.until {
        return Err(Fault::grant("this code has expired; let the terminal show another"));
    }
    Ok((code, hash, device, ticket))
}

fn wrong_code() -> Fault {
    Fault::grant("no terminal waits with this code; compare it letter by letter, or let the terminal show another")
}

/// The terminal asks whether somebody has agreed.
pub(crate) async fn poll(
    service: &Service,
    client: &'static Client,
    code: &str,
    request_id: &str,
) -> Result<Tokens, Fault> {
    let (hash, now) = (secret::hash(code), service.now());
    let unknown = || Fault::grant("the device code is not known here, or was used");
    let ticket = service.store().ticket(DEVICE, hash).await?.ok_or_else(unknown)?;
    let device: Device = read(&ticket)?;
    if device.client != client.id {
        return Err(Fault::grant("the device code was issued to another client"));
    }
    if now >= device.until {
        return Err(Fault::refused("expired_token", "nobody agreed in time; begin again"));
    }
    if now < device.polled.plus_seconds(device.interval) {
        return slower(service, hash, &ticket, device).await;
    }
    match &device.state {
        State::Denied => {
            service.store().take_ticket(DEVICE, hash).await?;
            Err(Fault::refused("access_denied", "whoever was asked did not agree"))
        }
        State::Waiting => {
            let after = written(&Device { polled: now, ..device })?;
            // When somebody decided meanwhile, the next poll learns of it.
            let _noted = service.store().change_ticket(DEVICE, hash, &ticket.data, after).await?;
            Err(Fault::refused("authorization_pending", "nobody has agreed yet; ask again"))
        }
        State::Allowed(_) => {
            // Whoever takes it is the one who gets what was agreed to.
            let taken = service.store().take_ticket(DEVICE, hash).await?.ok_or_else(unknown)?;
            let device: Device = read(&taken)?;
            let State::Allowed(agreement) = &device.state else { return Err(unknown()) };
            let (scopes, host) = (Scopes::read(&device.scope), device.host.as_deref());
            let wanted = Wanted { agreement, client, scopes, host, nonce: None };
            begin(service, &wanted, fresh_key()?, request_id).await
        }
    }
}

/// Who asks too quickly waits longer from now on.
async fn slower(service: &Service, hash: [u8; 32], ticket: &Ticket, device: Device) -> Result<Tokens, Fault> {
    let interval = device.interval + INTERVAL;
    let after = written(&Device { interval, polled: service.now(), ..device })?;
    let _noted = service.store().change_ticket(DEVICE, hash, &ticket.data, after).await?;
    Err(Fault::refused("slow_down", format!("ask every {interval} seconds at most")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_however_it_is_typed() {
        for typed in ["BCDF-GHJK", "bcdfghjk", " bcdf ghjk ", "b-c-d-f-g-h-j-k", "BCDF\u{2013}GHJK"] {
            assert_eq!(as_drawn(typed).as_deref(), Some("BCDFGHJK"), "{typed}");
        }
        for odd in ["", "BCDF", "BCDF-GHJA", "BCDF-GHJ1", "BCDFGHJKL", &"-".repeat(100)] {
            assert_eq!(as_drawn(odd), None, "{odd}");
        }
        assert_eq!(shown("BCDFGHJK"), "BCDF-GHJK");
    }
}
