//! What is remembered of credentials: whose a secret is, by its hash, and when it was last used.
//! Whether it counts is not remembered: the published state is asked each time.

use super::{TokenUse, refused};
use crate::Error;
use crate::organization::Organization;
use crate::view::View;
use rolecall_model::Timestamp;
use rolecall_model::id::{PrincipalId, TokenId, TokenKey};
use rolecall_model::token::TokenKind;
use rolecall_store::OrganizationKey;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

/// Secrets remembered; beyond it the memory starts anew.
const REMEMBERED: usize = 100_000;
/// A use this long after the one before is noted, in microseconds. So a token that asks 100,000 times
/// a second does not make its readers share a written cache line.
const NOTED_EVERY: i64 = 1_000_000;
/// No use since the last ones were written down.
const NONE: i64 = i64::MIN;

/// A secret seen before: whose it is.
pub(crate) struct Known {
    pub(crate) organization: Arc<Organization>,
    /// The number of its token. By number it is found in a few nanoseconds, by key in 150.
    pub(crate) token: TokenId,
    key: TokenKey,
    /// When it was used and that is not written down yet, in microseconds since 1970.
    used: AtomicI64,
    /// When it was used last, as far as is known here, in microseconds since 1970.
    last: AtomicI64,
    /// When an access token ends; none for a token itself.
    access_until: Option<Timestamp>,
}

impl Known {
    pub(super) const fn new(organization: Arc<Organization>, key: TokenKey, token: TokenId) -> Self {
        let (used, last) = (AtomicI64::new(NONE), AtomicI64::new(NONE));
        Known { organization, token, key, used, last, access_until: None }
    }

    /// The same as an access token, which ends by itself.
    pub(super) const fn passing(mut self, until: Timestamp) -> Self {
        self.access_until = Some(until);
        self
    }

    pub(super) const fn key(&self) -> TokenKey {
        self.key
    }

    pub(super) fn is_session(&self, view: &View) -> bool {
        view.org().token(self.token).is_some_and(|token| token.kind == TokenKind::Session)
    }

    pub(super) fn was_used_at(&self, micros: i64) {
        self.last.fetch_max(micros, Ordering::Relaxed);
    }

    /// Whether it is a session that, as far as is known here, nobody used for too long.
    pub(super) fn is_idle(&self, view: &View, now: Timestamp) -> bool {
        let org = view.org();
        let Some(token) = org.token(self.token).filter(|token| token.kind == TokenKind::Session) else { return false };
        let last = Timestamp::from_micros(self.last.load(Ordering::Relaxed).max(token.issued.micros()));
        now >= last.plus_seconds(org.sign_in_rules().idle_seconds.into())
    }

    /// Whose it is, if it counts in a state at an instant; its use is noted.
    pub(super) fn count_at(&self, for_use: TokenUse, view: &View, now: Timestamp) -> Result<PrincipalId, Error> {
        let org = view.org();
        let Some(token) = org.token(self.token).filter(|token| token.key == self.key) else {
            return refused("the token was revoked; issue a new one");
        };
        let is_grant = token.kind == TokenKind::Grant && for_use == TokenUse::Bearer;
        let takes =
            if self.access_until.is_some() { is_grant || for_use.takes(token.kind) } else { for_use.takes(token.kind) };
        if !takes {
            return refused(for_use.refusal());
        }
        if self.access_until.is_some_and(|until| now >= until) {
            return refused("the access token has expired; refresh it or sign in again");
        }
        if token.kind == TokenKind::Session && self.is_idle(view, now) {
            return refused("the session has ended because nobody used it; sign in again");
        }
        if !token.counts_at(now) {
            return refused("the token has expired; issue a new one");
        }
        if !org.principal(token.principal).is_some_and(|principal| principal.active) {
            return refused("whose token this is has been disabled; ask an administrator");
        }
        self.use_at(now.micros());
        Ok(token.principal)
    }

    fn use_at(&self, now: i64) {
        let noted = self.used.load(Ordering::Relaxed);
        if self.last.load(Ordering::Relaxed) < now - NOTED_EVERY {
            self.last.store(now, Ordering::Relaxed);
        }
        if noted == NONE || now.saturating_sub(noted) >= NOTED_EVERY {
            self.used.store(now, Ordering::Relaxed);
        }
    }

    /// When it was used since this was last asked.
    fn take_use(&self) -> Option<i64> {
        Some(self.used.swap(NONE, Ordering::Relaxed)).filter(|used| *used != NONE)
    }

    fn is_at(&self) -> (OrganizationKey, TokenKey) {
        (self.organization.key, self.key)
    }
}

/// SHA-256 is as even as a hash can be, so its first bytes are hash enough: 15 ns less than the
/// standard one. Only secrets that the store knows get in, so nobody can crowd a bucket.
#[derive(Default)]
struct FirstBytes(u64);

impl Hasher for FirstBytes {
    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.first_chunk().map_or(0, |first| u64::from_le_bytes(*first));
    }
    fn write_usize(&mut self, _length: usize) {}
    fn finish(&self) -> u64 {
        self.0
    }
}

#[derive(Default)]
struct Memory {
    by_hash: HashMap<[u8; 32], Arc<Known>, BuildHasherDefault<FirstBytes>>,
    by_key: HashMap<(OrganizationKey, TokenKey), Arc<Known>>,
}

/// Secrets seen before, and when tokens were last used.
#[derive(Default)]
pub(crate) struct Credentials {
    memory: RwLock<Memory>,
    /// Uses of secrets that are remembered no longer, and those that could not be written.
    waiting: Mutex<HashMap<(OrganizationKey, TokenKey), i64>>,
    /// Held while uses are written down, so that who waits for it finds all of them written.
    pub(super) flushing: tokio::sync::Mutex<()>,
}

impl Credentials {
    pub(super) fn find(&self, hash: &[u8; 32]) -> Option<Arc<Known>> {
        self.memory.read().unwrap_or_else(PoisonError::into_inner).by_hash.get(hash).cloned()
    }

    pub(super) fn remember(&self, hash: [u8; 32], known: Known) -> Arc<Known> {
        let known = Arc::new(known);
        let mut memory = self.memory.write().unwrap_or_else(PoisonError::into_inner);
        if memory.by_hash.len() >= REMEMBERED {
            self.keep_uses(std::mem::take(&mut *memory).by_key.into_values());
        }
        memory.by_hash.insert(hash, Arc::clone(&known));
        let before = memory.by_key.insert(known.is_at(), Arc::clone(&known));
        self.keep_uses(before.into_iter());
        known
    }

    /// Forgets a secret whose token is there no more.
    pub(super) fn forget_gone(&self, hash: &[u8; 32], known: &Known, view: &View) {
        if view.org().token(known.token).is_some_and(|token| token.key == known.key) {
            return;
        }
        let mut memory = self.memory.write().unwrap_or_else(PoisonError::into_inner);
        memory.by_hash.remove(hash);
        self.keep_uses(memory.by_key.remove(&known.is_at()).into_iter());
    }

    /// Forgets the secrets of an organization that is gone.
    pub(crate) fn forget_organization(&self, organization: OrganizationKey) {
        let mut memory = self.memory.write().unwrap_or_else(PoisonError::into_inner);
        memory.by_hash.retain(|_, known| known.organization.key != organization);
        memory.by_key.retain(|(key, _), _| *key != organization);
        drop(memory);
        self.waiting().retain(|(key, _), _| *key != organization);
    }

    /// All uses that are not written down yet, by organization; from now on they count as written.
    pub(super) fn take_uses(&self) -> HashMap<OrganizationKey, Vec<([u8; 16], i64)>> {
        let memory = self.memory.read().unwrap_or_else(PoisonError::into_inner);
        self.keep_uses(memory.by_key.values().cloned());
        drop(memory);
        let mut by_organization: HashMap<_, Vec<_>> = HashMap::new();
        for ((organization, key), at) in std::mem::take(&mut *self.waiting()) {
            by_organization.entry(organization).or_default().push((key.bytes(), at));
        }
        by_organization
    }

    pub(super) fn put_back(&self, organization: OrganizationKey, uses: &[([u8; 16], i64)]) {
        let mut waiting = self.waiting();
        for (key, at) in uses {
            let noted = waiting.entry((organization, TokenKey::from_bytes(*key))).or_insert(*at);
            *noted = (*noted).max(*at);
        }
    }

    pub(super) fn used(&self, organization: OrganizationKey, key: TokenKey) -> Option<Timestamp> {
        let at = (organization, key);
        let memory = self.memory.read().unwrap_or_else(PoisonError::into_inner);
        let here = memory.by_key.get(&at).map(|known| known.used.load(Ordering::Relaxed)).filter(|used| *used != NONE);
        here.max(self.waiting().get(&at).copied()).map(Timestamp::from_micros)
    }

    fn keep_uses(&self, those: impl Iterator<Item = Arc<Known>>) {
        let mut waiting = self.waiting();
        for known in those {
            if let Some(used) = known.take_use() {
                let noted = waiting.entry(known.is_at()).or_insert(used);
                *noted = (*noted).max(used);
            }
        }
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, HashMap<(OrganizationKey, TokenKey), i64>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
