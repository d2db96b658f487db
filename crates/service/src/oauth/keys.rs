//! The keys that sign tokens: made on first need, kept sealed among the settings of the installation, and
//! exchanged for new ones in time. A newer key signs; the older ones check until nothing they signed counts.

use super::jwt::SigningKey;
use crate::{Error, Service};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use rolecall_model::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// The setting under which they are kept, and the purpose they are sealed for.
const SETTING: &str = "oauth_keys";
/// How long a key signs.
const SIGNS_SECONDS: i64 = 90 * 24 * 60 * 60;
/// How long a key checks after its successor was made: longer than anything signed by it counts.
const CHECKS_SECONDS: i64 = 60 * 60;
/// How long a node goes by what it read; by then it knows of a key that another node made.
const KNOWN_FOR: Duration = Duration::from_mins(1);
/// How soon a node looks again for a key that it does not know.
const ASKED_AGAIN: Duration = Duration::from_secs(2);

/// The keys at an instant, the newest first.
pub(crate) struct KeySet {
    keys: Vec<(SigningKey, Timestamp)>,
    read: Instant,
}

/// What this node knows of the keys.
#[derive(Default)]
pub(crate) struct Keys {
    known: RwLock<Option<Arc<KeySet>>>,
    /// Held while they are read or made.
    reading: tokio::sync::Mutex<()>,
}

/// A key as it is kept.
#[derive(Clone, Serialize, Deserialize)]
struct Kept {
    pkcs8: String,
    made: Timestamp,
}

impl KeySet {
    fn of(kept: &[Kept]) -> Result<Self, Error> {
        let read = |one: &Kept| {
            let pkcs8 = BASE64.decode(&one.pkcs8).map_err(|_| Error::Damaged("a signing key is no base64".to_owned()));
            Ok((SigningKey::read(&Zeroizing::new(pkcs8?))?, one.made))
        };
        Ok(KeySet { keys: kept.iter().map(read).collect::<Result<_, Error>>()?, read: Instant::now() })
    }

    /// The key that signs.
    pub(crate) fn signing(&self) -> Result<&SigningKey, Error> {
        let newest = self.keys.first().map(|(key, _)| key);
        newest.ok_or_else(|| Error::Internal("there is no signing key".to_owned()))
    }

    /// The keys whose signatures count.
    pub(crate) fn checking(&self, now: Timestamp) -> impl Iterator<Item = &SigningKey> {
        let made = self.keys.iter().map(|(_, made)| *made);
        let successors = std::iter::once(None).chain(made.map(Some));
        let counts = move |successor: Option<Timestamp>| successor.is_none_or(|made| still_checks(made, now));
        self.keys.iter().zip(successors).filter(move |(_, successor)| counts(*successor)).map(|((key, _), _)| key)
    }

    /// Their public halves (RFC 7517).
    pub(crate) fn public(&self, now: Timestamp) -> Value {
        json!({ "keys": self.checking(now).map(SigningKey::public).collect::<Vec<_>>() })
    }

    fn is_fresh(&self, now: Timestamp) -> bool {
        self.read.elapsed() < KNOWN_FOR && self.keys.first().is_some_and(|(_, made)| signs(*made, now))
    }
}

fn signs(made: Timestamp, now: Timestamp) -> bool {
    now < made.plus_seconds(SIGNS_SECONDS)
}

fn still_checks(successor_made: Timestamp, now: Timestamp) -> bool {
    now < successor_made.plus_seconds(CHECKS_SECONDS)
}

impl Keys {
    fn known(&self) -> Option<Arc<KeySet>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Service {
    /// The keys that count now; made when there is none or the newest has signed for long enough.
    pub(crate) async fn signing_keys(&self) -> Result<Arc<KeySet>, Error> {
        self.keys_that(|known| known.is_fresh(self.now())).await
    }

    /// The same, read again when the key of this name is not known here: another node may have made it.
    pub(crate) async fn keys_with(&self, kid: &str) -> Result<Arc<KeySet>, Error> {
        let has = |known: &KeySet| known.keys.iter().any(|(key, _)| key.kid == kid);
        self.keys_that(|known| known.is_fresh(self.now()) && (has(known) || known.read.elapsed() < ASKED_AGAIN)).await
    }

    /// The public halves of the keys that count, for everybody who checks a token of ours.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn public_keys(&self) -> Result<Value, Error> {
        Ok(self.signing_keys().await?.public(self.now()))
    }

    async fn keys_that(&self, will_do: impl Fn(&KeySet) -> bool) -> Result<Arc<KeySet>, Error> {
        let keys = &self.oauth().keys;
        if let Some(known) = keys.known().filter(|known| will_do(known)) {
            return Ok(known);
        }
        let _one_at_a_time = keys.reading.lock().await;
        if let Some(known) = keys.known().filter(|known| will_do(known)) {
            return Ok(known);
        }
        let known = Arc::new(KeySet::of(&self.read_or_make_keys().await?)?);
        *keys.known.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&known));
        Ok(known)
    }

    async fn read_or_make_keys(&self) -> Result<Vec<Kept>, Error> {
        let now = self.now();
        let mut kept = self.read_keys().await?;
        if kept.first().is_some_and(|newest| signs(newest.made, now)) {
            return Ok(kept);
        }
        // The newest checks for a while; those before it were of use to nothing for long.
        kept.truncate(1);
        let pkcs8 = BASE64.encode(Zeroizing::new(SigningKey::generate()?));
        kept.insert(0, Kept { pkcs8, made: now });
        let plain = Zeroizing::new(serde_json::to_vec(&kept).map_err(|error| Error::Internal(error.to_string()))?);
        self.store().set(SETTING, self.key().seal(SETTING, &plain)?).await?;
        tracing::info!("a new key signs access tokens");
        // Another node may have made one in the same moment; the one that stands is everybody's.
        self.read_keys().await
    }

    async fn read_keys(&self) -> Result<Vec<Kept>, Error> {
        let Some(sealed) = self.store().setting(SETTING).await? else { return Ok(Vec::new()) };
        // Sealed with a key that is gone, they are of no use; what they signed ends within minutes anyway.
        let Ok(plain) = self.key().open(SETTING, &sealed).map(Zeroizing::new) else {
            tracing::warn!("the signing keys were sealed with another server key; new ones are made");
            return Ok(Vec::new());
        };
        serde_json::from_slice(&plain).map_err(|_| Error::Damaged("the signing keys cannot be read".to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(made: i64) -> Kept {
        Kept { pkcs8: BASE64.encode(SigningKey::generate().unwrap()), made: at(made) }
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(0).plus_seconds(seconds)
    }

    #[test]
    fn the_newest_key_signs_and_the_one_before_it_checks_for_a_while() {
        let set = KeySet::of(&[kept(1_000), kept(0)]).unwrap();
        let (newer, older) = (&set.keys[0].0, &set.keys[1].0);
        assert_eq!(set.signing().unwrap().kid, newer.kid);
        let checking = |now| set.checking(at(now)).map(|key| key.kid.clone()).collect::<Vec<_>>();
        assert_eq!(checking(1_000), [newer.kid.as_str(), older.kid.as_str()]);
        assert_eq!(checking(1_000 + CHECKS_SECONDS - 1), [newer.kid.as_str(), older.kid.as_str()]);
        assert_eq!(checking(1_000 + CHECKS_SECONDS), [newer.kid.as_str()]);
        assert_eq!(checking(1_000 + 2 * SIGNS_SECONDS), [newer.kid.as_str()], "the last one is never nobody");
    }

    #[test]
    fn what_is_shown_of_a_key_is_its_public_half() {
        let set = KeySet::of(&[kept(0)]).unwrap();
        let shown = set.public(at(0));
        let key = shown["keys"][0].as_object().unwrap();
        assert_eq!(key.keys().collect::<Vec<_>>(), ["alg", "crv", "kid", "kty", "use", "x", "y"]);
        assert!(key["x"].as_str().unwrap().len() == 43 && key["y"].as_str().unwrap().len() == 43);
    }
}
