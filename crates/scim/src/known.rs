//! Users by what only SCIM knows of them: their `userName` and `externalId`. Made when it is first asked,
//! and kept up by what changed since.

use rolecall_model::id::PrincipalId;
use rolecall_model::name::{Text, fold};
use rolecall_model::principal::Principal;
use rolecall_service::View;
use serde::Deserialize;
use std::borrow::Cow;
use std::collections::HashMap;

/// Who has which `userName` and `externalId`. Whom it names is to be looked at again: what it says may be of
/// a newer state than the one that is read.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// The state it knows.
    revision: u64,
    names: HashMap<Text, Vec<PrincipalId>>,
    externals: HashMap<Text, Vec<PrincipalId>>,
    of: HashMap<PrincipalId, Head>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Head {
    name: Option<Text>,
    external: Option<Text>,
}

/// The two, read without the rest.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Read<'a> {
    #[serde(borrow, default)]
    user_name: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    external_id: Option<Cow<'a, str>>,
}

impl Head {
    fn of(principal: &Principal) -> Option<Self> {
        let read: Read<'_> = serde_json::from_str(principal.scim()?).ok()?;
        let name = read.user_name.map(|name| fold(name.trim()));
        Some(Head { name, external: read.external_id.map(Text::from) })
    }
}

impl Known {
    /// The state it knows.
    pub(crate) const fn revision(&self) -> u64 {
        self.revision
    }

    /// Learns what changed up to this state.
    pub(crate) fn learn(&mut self, view: &View) {
        if view.revision() <= self.revision {
            return;
        }
        for (id, principal) in view.org().principals() {
            if principal.changed.0 > self.revision {
                self.put(id, Head::of(principal));
            }
        }
        self.revision = view.revision();
    }

    /// Learns what a command of our own changed; nothing else when it was the next one.
    pub(crate) fn learn_own(&mut self, view: &View, revision: u64, changed: Option<PrincipalId>) {
        if view.revision() != revision || self.revision + 1 != revision {
            return;
        }
        if let Some(id) = changed {
            self.put(id, view.org().principal(id).and_then(Head::of));
        }
        self.revision = revision;
    }

    fn put(&mut self, id: PrincipalId, head: Option<Head>) {
        if self.of.get(&id) == head.as_ref() {
            return;
        }
        if let Some(old) = self.of.remove(&id) {
            let [names, externals] = [&mut self.names, &mut self.externals];
            for (all, key) in [(names, old.name), (externals, old.external)] {
                if let Some(key) = key
                    && let Some(ids) = all.get_mut(&key)
                {
                    ids.retain(|other| *other != id);
                    if ids.is_empty() {
                        all.remove(&key);
                    }
                }
            }
        }
        if let Some(head) = head {
            let [names, externals] = [&mut self.names, &mut self.externals];
            for (all, key) in [(names, &head.name), (externals, &head.external)] {
                if let Some(key) = key {
                    all.entry(key.clone()).or_default().push(id);
                }
            }
            self.of.insert(id, head);
        }
    }

    /// Who has this `userName`, in any case.
    pub(crate) fn named(&self, name: &str) -> &[PrincipalId] {
        self.names.get(&fold(name.trim())).map(Vec::as_slice).unwrap_or_default()
    }

    /// Who has this `externalId`.
    pub(crate) fn external(&self, id: &str) -> &[PrincipalId] {
        self.externals.get(id).map(Vec::as_slice).unwrap_or_default()
    }
}
