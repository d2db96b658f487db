//! Providers and their client secrets. A secret is sealed with the server's key, written beside the entry that
//! sets it, and never shown again.

use super::claim;
use crate::ctx::Ctx;
use crate::execute::{Done, execute_with};
use crate::organization::Organization;
use crate::secret::Secret;
use crate::{Error, Service};
use rolecall_engine::Place;
use rolecall_model::command::Ref;
use rolecall_model::provider::{GroupSync, NewProvider, Provider, ProviderCommand, ProviderPatch};
use rolecall_model::refusal::Kind;
use rolecall_model::{Refusal, operation as op, resolve};
use rolecall_store::{OrganizationKey, Row};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// The kind under which the store keeps client secrets.
pub(crate) const PROVIDER: &str = "provider";
/// The longest client secret, in bytes.
const LONGEST_SECRET: usize = 4_096;

/// A provider with all that is needed to speak to it.
#[derive(Clone)]
pub struct Client {
    pub(super) organization: Arc<Organization>,
    /// The name of the organization.
    pub named: String,
    /// The provider.
    pub provider: Provider,
    /// The revision that last changed it.
    pub revision: u64,
    /// The client secret, when it has one.
    pub secret: Option<Secret>,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Client({} of {:?})", self.provider.name, self.organization.key)
    }
}

impl Client {
    /// By which a cache knows the provider: another after each change of it.
    pub fn key(&self) -> ([u8; 16], u32, u64) {
        (self.organization.key.0, self.provider.id.number(), self.revision)
    }

    /// Whether the userinfo endpoint should be asked: the token is silent on something it would be needed for.
    pub fn wants_userinfo(&self, claims: &serde_json::Map<String, serde_json::Value>) -> bool {
        let sync = &self.provider.group_sync;
        let token = claim::Arrival { claims: claims.clone(), ..claim::Arrival::default() };
        !claims.contains_key("email") || sync.enabled && token.groups(sync) == claim::Claimed::Absent
    }
}

/// Adds a provider. A public client has no secret.
///
/// # Errors
/// What stands in the way; then nothing has changed.
pub async fn create_provider(ctx: &Ctx, new: NewProvider, secret: Option<String>) -> Result<Done, Error> {
    sound_path(&new.group_sync)?;
    let digest = digest(&(&new, &secret));
    let mut rows = Vec::new();
    if let Some(secret) = secret {
        rows.push(row(ctx, new.name.trim(), &secret)?);
    }
    execute_with(ctx, ProviderCommand::Create(new).into(), digest, rows).await
}

/// Changes what is given of a provider, and its secret when one is given; an inner none takes it away.
///
/// # Errors
/// What stands in the way; then nothing has changed.
#[allow(clippy::option_option, reason = "in a merge patch, absent, null and a value are three things")]
pub async fn change_provider(
    ctx: &Ctx,
    target: Ref,
    mut patch: ProviderPatch,
    secret: Option<Option<String>>,
) -> Result<Done, Error> {
    if let Some(sync) = &patch.group_sync {
        sound_path(sync)?;
    }
    patch.secret = secret.is_some();
    let digest = digest(&(&target, &patch, &secret));
    let mut rows = Vec::new();
    // What is not there is said by the command, after it is known whether the caller may ask.
    let name = resolve::provider(ctx.org(), &target, "").ok().and_then(|id| ctx.org().provider(id));
    if let (Some(secret), Some(provider)) = (secret, name) {
        rows.push(match secret {
            Some(secret) => row(ctx, &provider.name, &secret)?,
            None => Row::SecretGone { kind: PROVIDER, key: secret_key(&provider.name) },
        });
    }
    execute_with(ctx, ProviderCommand::Change(target, patch).into(), digest, rows).await
}

fn digest(request: &impl std::fmt::Debug) -> [u8; 32] {
    Sha256::digest(format!("{request:?}")).into()
}

/// Refuses a path that cannot be read, where it goes wrong.
fn sound_path(sync: &GroupSync) -> Result<(), Error> {
    let path = sync.path.trim();
    if path.is_empty() {
        return Ok(());
    }
    claim::parse(path).map(|_| ()).map_err(|why| {
        let message = format!("group_sync.path is no JSONPath (RFC 9535) such as $.groups: {why}");
        Refusal::invalid("group_sync.path", message).into()
    })
}

fn row(ctx: &Ctx, name: &str, secret: &str) -> Result<Row, Error> {
    let secret = secret.trim();
    if secret.is_empty() || secret.len() > LONGEST_SECRET || secret.contains(char::is_control) {
        let message = "client_secret must be what the provider gave, one line; null when it gave none";
        return Err(Refusal::new(Kind::Invalid, "client_secret", message).into());
    }
    let key = ctx.organization.key;
    let sealed = ctx.service.key().seal(&purpose(key, name), secret.as_bytes())?;
    Ok(Row::Secret { kind: PROVIDER, key: secret_key(name), hash: None, data: Some(sealed) })
}

/// The key of a provider's secret. It is made of the name, which never changes, because the number is not known
/// before the provider is there.
pub(crate) fn secret_key(name: &str) -> [u8; 16] {
    let digest: [u8; 32] = Sha256::new().chain_update("provider").chain_update(name).finalize().into();
    let mut key = [0; 16];
    key.copy_from_slice(&digest[..16]);
    key
}

/// A sealed secret opens only as the same provider's.
fn purpose(organization: OrganizationKey, name: &str) -> String {
    format!("{PROVIDER} {:032x} {name}", u128::from_be_bytes(organization.0))
}

/// A provider's client secret, for protocols whose clients must be shown it again.
///
/// # Errors
/// `Forbidden` for who may not change providers.
pub async fn shown_secret(ctx: &Ctx, name: &str) -> Result<Option<Secret>, Error> {
    ctx.require(op::PROVIDERS_WRITE, Place::ORGANIZATION)?;
    let secret = secret_of(&ctx.service, ctx.organization.key, name).await?;
    if secret.is_some() {
        let name = rolecall_model::refusal::shown(name);
        crate::event::note(ctx, "provider_secret_shown", &format!("the client secret of \"{name}\""));
    }
    Ok(secret)
}

async fn secret_of(service: &Service, organization: OrganizationKey, name: &str) -> Result<Option<Secret>, Error> {
    let stored = service.store().secret(organization, PROVIDER, secret_key(name)).await?;
    let sealed = stored.and_then(|stored| stored.data);
    let open = |sealed: Vec<u8>| service.key().open(&purpose(organization, name), &sealed);
    let secret = sealed.map(open).transpose()?.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    Ok(secret.map(Secret::chosen))
}

/// A provider with all that is needed to sign somebody in by it.
///
/// # Errors
/// `NotFound` when it is not there or switched off.
pub async fn client(service: &Service, organization: Option<&str>, name: &str) -> Result<Client, Error> {
    let found = service.named_organization(organization).await?;
    client_of(service, found, name).await
}

pub(super) async fn client_of(service: &Service, organization: Arc<Organization>, name: &str) -> Result<Client, Error> {
    let view = organization.view();
    let row = view.org().provider_named(name).filter(|row| row.active);
    let row = row.ok_or_else(|| Error::not_found("way to sign in", name))?;
    let secret = secret_of(service, organization.key, &row.name).await?;
    let (provider, revision) = (row.value.clone(), row.changed.0);
    let named = view.org().settings().map(|settings| settings.name.to_string()).unwrap_or_default();
    Ok(Client { organization, named, provider, revision, secret })
}
