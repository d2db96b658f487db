//! `deny.toml` as far as we read it ourselves; cargo-deny reads the rest.

use serde::Deserialize;

#[derive(Deserialize)]
pub(super) struct Rules {
    pub(super) graph: Graph,
    pub(super) licenses: Licenses,
    pub(super) bans: Bans,
}

#[derive(Deserialize)]
pub(super) struct Graph {
    pub(super) targets: Vec<String>,
}

#[derive(Deserialize)]
pub(super) struct Licenses {
    allow: Vec<String>,
    exceptions: Vec<Exception>,
}

#[derive(Deserialize)]
struct Exception {
    #[serde(rename = "crate")]
    name: String,
    allow: Vec<String>,
}

#[derive(Deserialize)]
pub(super) struct Bans {
    pub(super) deny: Vec<Named>,
    pub(super) skip: Vec<Named>,
}

/// A crate, perhaps in one version (`name@version`), and why the row is there.
#[derive(Deserialize)]
pub(super) struct Named {
    #[serde(rename = "crate")]
    pub(super) name: String,
    pub(super) reason: String,
}

impl Named {
    /// Name and version, when there is a version.
    pub(super) fn parts(&self) -> Option<(&str, &str)> {
        self.name.split_once('@')
    }
}

impl Rules {
    /// Whether a crate may have a license.
    pub(super) fn allows(&self, name: &str, license: &str) -> bool {
        let exceptions = self.licenses.exceptions.iter().filter(|exception| exception.name == name);
        let mut lists = exceptions.map(|exception| &exception.allow).chain(std::iter::once(&self.licenses.allow));
        lists.any(|list| list.iter().any(|allowed| allowed == license))
    }
}
