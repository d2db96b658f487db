//! What `cargo metadata` says of the workspace and of everything that it is built from.

use crate::command::{cargo, output};
use anyhow::Context as _;
use serde::Deserialize;
use std::collections::BTreeSet;

#[derive(Deserialize)]
pub(crate) struct Metadata {
    pub(crate) packages: Vec<Package>,
    workspace_members: BTreeSet<String>,
}

#[derive(Deserialize)]
pub(crate) struct Package {
    id: String,
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) license: Option<String>,
    /// Where it comes from; `None` is a path.
    pub(crate) source: Option<String>,
    pub(crate) dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    /// `None` is an ordinary one; else `dev` or `build`.
    pub(crate) kind: Option<String>,
}

impl Metadata {
    /// Reads what the lock file resolves to on some targets, or on all when none is named.
    pub(crate) fn read(targets: &[String]) -> anyhow::Result<Self> {
        let mut command = cargo(&["metadata", "--format-version", "1", "--locked"]);
        for target in targets {
            command.args(["--filter-platform", target]);
        }
        serde_json::from_slice(&output(&mut command)?).context("cargo metadata answers in an unknown form")
    }

    /// The workspace's own packages.
    pub(crate) fn members(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| self.workspace_members.contains(&package.id))
    }
}
