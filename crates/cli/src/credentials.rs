//! What `rolecall login` keeps: tokens for each server, in a file that only its owner reads. A process that renews
//! them holds a lock, since a refresh token counts once.

use crate::failure::Failure;
use rolecall_client::{Client, ClientError};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// What the command is to the server.
pub const CLIENT: &str = "rolecall-cli";
/// Seconds before its end when an access token is renewed: long enough for a request and for clocks that differ.
const EARLY: u64 = 60;

/// The tokens for one server.
#[derive(Clone, Serialize, Deserialize)]
pub struct Credential {
    access_token: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    /// Seconds since 1970.
    expires_at: u64,
}

/// The file.
#[derive(Default, Serialize, Deserialize)]
struct Kept {
    servers: BTreeMap<String, Credential>,
}

impl Credential {
    /// The tokens of an answer of the token endpoint.
    pub fn of(answer: &Value) -> Option<Self> {
        let text = |name: &str| answer.get(name).and_then(Value::as_str).map(str::to_owned);
        let seconds = answer.get("expires_in").and_then(Value::as_u64)?;
        let (access_token, refresh_token) = (text("access_token")?, text("refresh_token"));
        Some(Credential { access_token, refresh_token, expires_at: now() + seconds })
    }

    /// What ends all of it when it is given back.
    pub fn to_give_back(&self) -> &str {
        self.refresh_token.as_ref().unwrap_or(&self.access_token)
    }

    fn counts(&self) -> bool {
        now() + EARLY < self.expires_at
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

/// The folder of the file; none when the system says no home.
fn folder() -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let base = set("XDG_CONFIG_HOME").filter(|path| path.is_absolute());
    Some(base.or_else(|| Some(set("HOME")?.join(".config")))?.join("rolecall"))
}

fn required_folder() -> Result<PathBuf, Failure> {
    let folder = folder().ok_or_else(|| Failure::failed("there is no folder to keep credentials in; set HOME"))?;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(|error| at(&folder, &error))?;
    Ok(folder)
}

fn at(path: &Path, error: &std::io::Error) -> Failure {
    Failure::failed(format!("{}: {error}", path.display()))
}

fn read(folder: &Path) -> Result<Kept, Failure> {
    let path = folder.join("credentials.json");
    match fs::read(&path) {
        Ok(text) => serde_json::from_slice(&text).map_err(|_| {
            Failure::failed(format!("{} cannot be read; remove it and run \"rolecall login\"", path.display()))
        }),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Kept::default()),
        Err(error) => Err(at(&path, &error)),
    }
}

/// Writes the file whole, beside the old one and then in its place.
fn write(folder: &Path, kept: &Kept) -> Result<(), Failure> {
    let path = folder.join("credentials.json");
    let text = serde_json::to_string_pretty(kept).map_err(|error| Failure::failed(error.to_string()))?;
    // Such a file is its owner's alone from the beginning (mode 0600).
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(|error| at(folder, &error))?;
    file.write_all(text.as_bytes()).and_then(|()| file.as_file().sync_all()).map_err(|error| at(&path, &error))?;
    file.persist(&path).map_err(|error| at(&path, &error.error))?;
    Ok(())
}

/// Held while the file is changed; let go of when it is dropped, also by a process that dies.
async fn lock(folder: &Path) -> Result<File, Failure> {
    let path = folder.join("credentials.lock");
    let file = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&path);
    let file = file.map_err(|error| at(&path, &error))?;
    let locked = tokio::task::spawn_blocking(move || file.lock().map(|()| file)).await;
    locked.map_err(|error| Failure::failed(error.to_string()))?.map_err(|error| at(&path, &error))
}

/// What is kept for a server, renewed if it is about to end.
pub async fn find(client: &Client) -> Result<Option<String>, Failure> {
    let Some(folder) = folder().filter(|folder| folder.exists()) else { return Ok(None) };
    let Some(found) = read(&folder)?.servers.remove(client.url()) else { return Ok(None) };
    if found.counts() {
        return Ok(Some(found.access_token));
    }
    let _lock = lock(&folder).await?;
    let mut kept = read(&folder)?;
    // Another process may have renewed it, or signed out, while this one waited.
    let Some(found) = kept.servers.get(client.url()).cloned() else { return Ok(None) };
    if found.counts() {
        return Ok(Some(found.access_token));
    }
    let renewed = match renew(client, &found).await {
        Ok(renewed) => renewed,
        Err(over @ (ClientError::Refused { .. } | ClientError::Broken(_))) if over.status().is_none_or(|s| s < 500) => {
            kept.servers.remove(client.url());
            write(&folder, &kept)?;
            return Err(Failure::failed(format!("{over}; run \"rolecall login\"")));
        }
        Err(error) => return Err(error.into()),
    };
    let token = renewed.access_token.clone();
    kept.servers.insert(client.url().to_owned(), renewed);
    write(&folder, &kept)?;
    Ok(Some(token))
}

async fn renew(client: &Client, found: &Credential) -> Result<Credential, ClientError> {
    let over = || ClientError::Broken("the sign-in has ended".to_owned());
    let refresh_token = found.refresh_token.as_deref().ok_or_else(over)?;
    let fields = [("grant_type", "refresh_token"), ("client_id", CLIENT), ("refresh_token", refresh_token)];
    let answer = client.form("/oauth2/token", &fields).await?;
    Credential::of(&answer).ok_or_else(|| ClientError::Broken("no token is in it".to_owned()))
}

/// Keeps tokens for a server; answers what was kept before.
pub async fn keep(client: &Client, credential: Credential) -> Result<Option<Credential>, Failure> {
    let folder = required_folder()?;
    let _lock = lock(&folder).await?;
    let mut kept = read(&folder)?;
    let before = kept.servers.insert(client.url().to_owned(), credential);
    write(&folder, &kept)?;
    Ok(before)
}

/// Forgets what is kept for a server, and answers it.
pub async fn forget(client: &Client) -> Result<Option<Credential>, Failure> {
    let Some(folder) = folder().filter(|folder| folder.exists()) else { return Ok(None) };
    let _lock = lock(&folder).await?;
    let mut kept = read(&folder)?;
    let gone = kept.servers.remove(client.url());
    if gone.is_some() {
        write(&folder, &kept)?;
    }
    Ok(gone)
}
