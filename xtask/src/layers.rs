//! The drawing of the house as a rule: which of our crates may import which. Test code may import what it likes.

use crate::metadata::{Metadata, Package};
use anyhow::{bail, ensure};

const PREFIX: &str = "rolecall-";

/// Each crate with all that it may import of ours. A crate that is not drawn may not exist.
const DRAWN: [(&str, &[&str]); 17] = [
    ("model", &[]),
    ("reference", &["model"]),
    ("engine", &["model"]),
    ("store", &["model"]),
    ("service", &["model", "engine", "store"]),
    ("rest", &["model", "engine", "service"]),
    ("authzen", &["model", "engine", "service"]),
    ("proto-build", &[]),
    ("connect", &["model", "engine", "service", "proto-build"]),
    ("union", &["model", "engine", "service", "proto-build"]),
    ("unleash", &["model", "engine", "service"]),
    ("signin", &["model", "engine", "service"]),
    ("scim", &["model", "service"]),
    ("mail", &["service"]),
    (
        "server",
        &[
            "model", "engine", "store", "service", "rest", "authzen", "connect", "union", "unleash", "signin", "scim",
            "mail",
        ],
    ),
    ("client", &["model", "engine"]),
    ("cli", &["client", "server"]),
];

/// Stand outside of the house and may look at all of it; nothing in it may import them.
const OUTSIDE: [&str; 2] = ["bench", "fuzz"];

/// Fails with every import that points the wrong way.
pub(crate) fn check(metadata: &Metadata) -> anyhow::Result<()> {
    let mut wrong = Vec::new();
    for package in metadata.members() {
        wrong.extend(wrong_imports(package)?);
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

fn wrong_imports(package: &Package) -> anyhow::Result<Vec<String>> {
    let imports = package.dependencies.iter().filter(|dependency| dependency.kind.as_deref() != Some("dev"));
    wrong(&package.name, imports.map(|dependency| dependency.name.as_str()))
}

fn wrong<'a>(name: &str, imports: impl Iterator<Item = &'a str>) -> anyhow::Result<Vec<String>> {
    let Some(room) = name.strip_prefix(PREFIX) else {
        return Ok(Vec::new());
    };
    if OUTSIDE.contains(&room) {
        return Ok(Vec::new());
    }
    let Some((_, may)) = DRAWN.iter().find(|(drawn, _)| *drawn == room) else {
        bail!("{name} has no place among the layers: give it one in xtask/src/layers.rs");
    };
    let ours = imports.filter_map(|import| import.strip_prefix(PREFIX));
    Ok(ours.filter(|import| !may.contains(import)).map(|import| format!("{room} imports {import}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong_of(name: &str, imports: &[&str]) -> Vec<String> {
        wrong(name, imports.iter().copied()).unwrap()
    }

    #[test]
    fn an_import_that_points_down_is_fine() {
        assert!(wrong_of("rolecall-service", &["rolecall-model", "rolecall-store", "serde"]).is_empty());
    }

    #[test]
    fn an_import_that_points_up_or_sideways_is_named() {
        assert_eq!(wrong_of("rolecall-model", &["rolecall-store"]), ["model imports store"]);
        assert_eq!(wrong_of("rolecall-rest", &["rolecall-authzen"]), ["rest imports authzen"]);
        assert_eq!(wrong_of("rolecall-client", &["rolecall-store"]), ["client imports store"]);
    }

    #[test]
    fn nothing_in_the_house_imports_what_stands_outside() {
        assert_eq!(wrong_of("rolecall-server", &["rolecall-bench"]), ["server imports bench"]);
        assert!(wrong_of("rolecall-bench", &["rolecall-server"]).is_empty());
    }

    #[test]
    fn a_crate_without_a_place_is_refused() {
        let error = wrong("rolecall-attic", std::iter::empty()).unwrap_err();
        assert!(error.to_string().contains("rolecall-attic has no place"), "{error}");
    }
}
