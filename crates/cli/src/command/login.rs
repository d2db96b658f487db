//! Signing in and out at a terminal: by a browser on the same machine, or by a code typed into any browser.

mod browser;
mod terminal;

use crate::credentials::{self, CLIENT, Credential};
use crate::failure::Failure;
use crate::output::{self, Format, text};
use crate::session::{Change, Global, Session};
use clap::Args;
use rolecall_client::Client;
use serde_json::Value;

/// What is asked for: to act as whoever signs in, for as long as they let it.
const SCOPE: &str = "openid profile offline_access all";

/// `login`
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  rolecall login\n  rolecall login --device\n  rolecall login --url https://roles.example.com --organization acme\n\nWithout a display a code is shown, to be typed into a browser anywhere. What is given is kept in\n$XDG_CONFIG_HOME/rolecall/credentials.json for each server; --token and ROLECALL_TOKEN go before it."
)]
pub struct Login {
    /// Show a code to be typed into a browser anywhere, also where there is a display
    #[arg(long)]
    device: bool,
    /// Sign in to this organization [default: the server's own]
    #[arg(long, value_name = "NAME", conflicts_with = "device")]
    organization: Option<String>,
}

/// Signs in and keeps what is given.
pub async fn login(global: &Global, login: &Login) -> Result<(), Failure> {
    let client = global.client()?;
    let metadata = client.metadata().await?;
    let host = host_name();
    let answer = if login.device || (login.organization.is_none() && !has_display()) {
        terminal::sign_in(&client, &host).await?
    } else {
        browser::sign_in(&client, &metadata, &host, login.organization.as_deref()).await?
    };
    let credential = Credential::of(&answer).ok_or_else(|| Failure::failed("the server gave no token"))?;
    let before = credentials::keep(&client, credential).await?;
    if let Some(before) = before {
        // Nobody would end it otherwise. When that fails, it ends by itself.
        let _ended = give_back(&client, &before).await;
    }
    let signed_in = Global { token: None, ..global.clone() };
    let session = Session::begin(&signed_in, Change::default()).await?;
    let me = session.read("/me".to_owned()).await?;
    session.done(
        &me,
        &format!(
            "you are signed in to {} as {} of {}",
            client.url(),
            text(&me, "identifier"),
            text(&me, "organization")
        ),
    )?;
    if global.token.as_ref().is_some_and(|token| !token.is_empty()) && global.output == Format::Table {
        output::say("ROLECALL_TOKEN or --token is given and goes before it; unset it to act as who you signed in as");
    }
    Ok(())
}

/// Gives back what was given and forgets it.
pub async fn logout(global: &Global) -> Result<(), Failure> {
    let client = global.client()?;
    let Some(credential) = credentials::forget(&client).await? else {
        output::say(&format!("you were not signed in to {}", client.url()));
        return Ok(());
    };
    give_back(&client, &credential).await.map_err(|failure| {
        failure.with_detail("it is forgotten here, but the server was not told; end it on your account page".to_owned())
    })?;
    output::say(&format!("you are signed out of {}", client.url()));
    Ok(())
}

async fn give_back(client: &Client, credential: &Credential) -> Result<Value, Failure> {
    let fields = [("client_id", CLIENT), ("token", credential.to_give_back())];
    Ok(client.form("/oauth2/revoke", &fields).await?)
}

fn has_display() -> bool {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    cfg!(target_os = "macos") || set("DISPLAY") || set("WAYLAND_DISPLAY")
}

/// The machine's name, by which people recognize what they allowed.
fn host_name() -> String {
    let read = |path: &str| std::fs::read_to_string(path).ok();
    let name = read("/proc/sys/kernel/hostname").or_else(|| read("/etc/hostname")).unwrap_or_default();
    name.trim().to_owned()
}
