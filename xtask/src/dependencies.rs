//! The rules of `deny.toml` about licenses, versions, banned crates and sources, read without cargo-deny: building that
//! takes longer than building us. Advisories need its database and are left to it.

mod license;
mod rules;

use crate::command::root;
use crate::metadata::{Metadata, Package};
use anyhow::{Context as _, ensure};
use rules::Rules;
use std::collections::{BTreeMap, BTreeSet};

/// The one registry that crates may come from, as `cargo metadata` names it.
const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Fails with every crate that breaks a rule.
pub(crate) fn check() -> anyhow::Result<()> {
    let text = std::fs::read_to_string(root().join("deny.toml")).context("cannot read deny.toml")?;
    let rules: Rules = toml::from_str(&text).context("deny.toml is not in order")?;
    let metadata = Metadata::read(&rules.graph.targets)?;
    let wrong = broken(&rules, &metadata.packages);
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

fn broken(rules: &Rules, packages: &[Package]) -> Vec<String> {
    let mut wrong: Vec<String> = Vec::new();
    wrong.extend(packages.iter().filter_map(|package| license_broken(rules, package)));
    wrong.extend(packages.iter().filter_map(|package| ban_broken(rules, package)));
    wrong.extend(packages.iter().filter_map(source_broken));
    wrong.extend(version_broken(rules, packages));
    wrong
}

fn license_broken(rules: &Rules, package: &Package) -> Option<String> {
    let Package { name, version, license, .. } = package;
    let Some(license) = license else {
        return Some(format!("{name} {version} names no license"));
    };
    match license::accepted(license, |id| rules.allows(name, id)) {
        Ok(true) => None,
        Ok(false) => Some(format!("{name} {version} has the license {license}, which is not on the list")),
        Err(error) => Some(format!("{name} {version}: {error}")),
    }
}

fn ban_broken(rules: &Rules, package: &Package) -> Option<String> {
    let ban = rules.bans.deny.iter().find(|ban| ban.name == package.name)?;
    Some(format!("{} {} may not come in: {}", package.name, package.version, ban.reason))
}

fn source_broken(package: &Package) -> Option<String> {
    let source = package.source.as_deref().filter(|source| *source != REGISTRY)?;
    Some(format!("{} {} comes from {source}, which is not the registry", package.name, package.version))
}

/// Names in more than one version beyond those that are skipped, and skips that are not needed any more.
fn version_broken(rules: &Rules, packages: &[Package]) -> Vec<String> {
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for package in packages {
        versions.entry(&package.name).or_default().insert(&package.version);
    }
    let twice: BTreeMap<_, _> = versions.into_iter().filter(|(_, versions)| versions.len() > 1).collect();
    let mut wrong: Vec<String> = twice.iter().filter_map(|(name, versions)| too_many(rules, name, versions)).collect();
    for skip in &rules.bans.skip {
        let needed = skip
            .parts()
            .is_some_and(|(name, version)| twice.get(name).is_some_and(|versions| versions.contains(version)));
        if !needed {
            wrong.push(format!("{} is skipped in deny.toml but is not there twice: take the row out", skip.name));
        }
    }
    wrong
}

fn too_many(rules: &Rules, name: &str, versions: &BTreeSet<&str>) -> Option<String> {
    let skipped = |version: &str| rules.bans.skip.iter().any(|skip| skip.parts() == Some((name, version)));
    let left = versions.iter().filter(|version| !skipped(version)).count();
    let list = versions.iter().copied().collect::<Vec<_>>().join(", ");
    (left > 1).then(|| format!("{name} is there in more than one version: {list}"))
}

#[cfg(test)]
mod tests;
