//! What is known of providers: their metadata (`OpenID` Connect Discovery 1.0) and keys, for ten minutes.

use super::fetch::Way;
use super::{Wrong, chain};
use openidconnect::core::{
    CoreAuthDisplay, CoreClaimName, CoreClaimType, CoreClientAuthMethod, CoreGrantType, CoreJsonWebKey,
    CoreJsonWebKeySet, CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm, CoreResponseMode,
    CoreResponseType, CoreSubjectIdentifierType,
};
use openidconnect::{AdditionalProviderMetadata, IssuerUrl, ProviderMetadata};
use rolecall_service::sso::Client;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long metadata and keys are taken as they were.
const KEPT: Duration = Duration::from_mins(10);
/// Most providers that are remembered.
const MOST: usize = 1_000;

/// Metadata beyond Discovery 1.0.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct More {
    /// Whether the provider says who it is when it sends a browser back (RFC 9207).
    #[serde(default)]
    pub authorization_response_iss_parameter_supported: bool,
}

impl AdditionalProviderMetadata for More {}

/// A provider's metadata.
pub(crate) type Metadata = ProviderMetadata<
    More,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

/// What is known of a provider.
#[derive(Debug)]
pub(crate) struct Known {
    pub metadata: Metadata,
    pub way: Way,
    since: Instant,
}

type Key = ([u8; 16], u32, u64);

/// What is known of all of them. One that was changed here is another.
#[derive(Debug, Default)]
pub(crate) struct Providers {
    way: std::sync::OnceLock<Way>,
    known: Mutex<HashMap<Key, Arc<Known>>>,
}

impl Providers {
    /// What is known of a provider; asked for when nothing is, or for too long.
    pub(crate) async fn known(&self, client: &Client) -> Result<Arc<Known>, Wrong> {
        let kept = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&client.key()).cloned();
        if let Some(known) = kept.filter(|known| known.since.elapsed() < KEPT) {
            return Ok(known);
        }
        let way = self.way()?.to(&client.provider.issuer);
        let broken = |what: String| Wrong::Broken(format!("the provider's metadata cannot be read: {what}"));
        let issuer = IssuerUrl::new(client.provider.issuer.to_string()).map_err(|error| broken(chain(&error)))?;
        let ask = |request| way.clone().fetch(request);
        let metadata = Metadata::discover_async(issuer, &ask).await.map_err(|error| broken(chain(&error)))?;
        // Browsers are sent there.
        let door = metadata.authorization_endpoint().as_str();
        way.require_safe(door).map_err(|error| broken(error.to_string()))?;
        Ok(self.remember(client, Known { metadata, way, since: Instant::now() }))
    }

    /// The same with the provider's newest keys: it signed with one that is not known.
    pub(crate) async fn with_new_keys(&self, client: &Client, known: &Known) -> Result<Arc<Known>, Wrong> {
        let ask = |request| known.way.clone().fetch(request);
        let broken =
            |error: &dyn std::error::Error| Wrong::Broken(format!("the provider's keys cannot be read: {error}"));
        let keys = CoreJsonWebKeySet::fetch_async(known.metadata.jwks_uri(), &ask).await;
        let keys = keys.map_err(|error| broken(&error))?;
        let (metadata, way) = (known.metadata.clone().set_jwks(keys), known.way.clone());
        Ok(self.remember(client, Known { metadata, way, since: known.since }))
    }

    fn remember(&self, client: &Client, known: Known) -> Arc<Known> {
        let known = Arc::new(known);
        let mut all = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST {
            all.clear();
        }
        let (organization, number, revision) = client.key();
        // As it was before a change it is asked for no more.
        all.retain(|key, _| (key.0, key.1) != (organization, number) || key.2 == revision);
        all.insert(client.key(), Arc::clone(&known));
        known
    }

    fn way(&self) -> Result<Way, Wrong> {
        if let Some(way) = self.way.get() {
            return Ok(way.clone());
        }
        let way = Way::new().map_err(|error| Wrong::Broken(format!("this server cannot ask others: {error}")))?;
        Ok(self.way.get_or_init(|| way).clone())
    }
}
