//! Where records come from: when the entry was made that made them, and by whom. Entries never change, so what was read
//! once is remembered.

use crate::ctx::Ctx;
use crate::organization::read;
use crate::{Error, history};
use futures::StreamExt;
use rolecall_model::Timestamp;
use rolecall_model::moment::Actor;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

/// Entries remembered; beyond it the memory starts anew.
const MOST: usize = 1 << 20;

/// What is remembered of entries.
#[derive(Debug, Default)]
pub(crate) struct Origins {
    instants: Mutex<HashMap<u64, Timestamp>>,
    actors: Mutex<HashMap<u64, Actor>>,
}

/// When entries were made, by revision.
///
/// # Errors
/// When the log cannot be read.
pub async fn instants(ctx: &Ctx, revisions: impl Iterator<Item = u64>) -> Result<HashMap<u64, Timestamp>, Error> {
    let known = &ctx.organization.origins.instants;
    let (mut found, missing) = known_of(known, revisions);
    for revision in missing {
        let at = history::instant_of(ctx, revision).await?;
        keep(known, revision, at);
        found.insert(revision, at);
    }
    Ok(found)
}

/// Who made entries, by revision.
///
/// # Errors
/// When the log cannot be read.
pub async fn actors(ctx: &Ctx, revisions: impl Iterator<Item = u64>) -> Result<HashMap<u64, Actor>, Error> {
    let known = &ctx.organization.origins.actors;
    let (mut found, missing) = known_of(known, revisions);
    for revision in missing {
        let mut records = ctx.service.store().before(ctx.organization.key, revision.saturating_add(1), 1);
        let Some(record) = records.next().await.transpose()? else { continue };
        let actor = read(record).await?.actor;
        keep(known, revision, actor);
        found.insert(revision, actor);
    }
    Ok(found)
}

/// Those that are remembered, and the others, each once.
fn known_of<T: Copy>(known: &Mutex<HashMap<u64, T>>, wanted: impl Iterator<Item = u64>) -> (HashMap<u64, T>, Vec<u64>) {
    let known = known.lock().unwrap_or_else(PoisonError::into_inner);
    let (mut found, mut missing) = (HashMap::new(), Vec::new());
    for revision in wanted {
        match known.get(&revision) {
            Some(kept) => drop(found.insert(revision, *kept)),
            None => missing.push(revision),
        }
    }
    missing.sort_unstable();
    missing.dedup();
    (found, missing)
}

fn keep<K: Eq + Hash, T>(known: &Mutex<HashMap<K, T>>, key: K, value: T) {
    let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
    if known.len() >= MOST {
        known.clear();
    }
    known.insert(key, value);
}
