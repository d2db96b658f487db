use super::*;
use serde_json::json;

const RULES: &str = r#"
    [graph]
    targets = []
    [licenses]
    allow = ["MIT"]
    exceptions = [{ crate = "imbl", allow = ["MPL-2.0"] }]
    [bans]
    deny = [{ crate = "openssl", reason = "one TLS library" }]
    skip = [{ crate = "syn@2.0.1", reason = "somebody is behind" }]
"#;

fn package(name: &str, version: &str, license: &str) -> Package {
    let value = json!({
        "id": "", "name": name, "version": version, "license": license, "source": REGISTRY, "dependencies": [],
    });
    serde_json::from_value(value).unwrap()
}

/// What is wrong with these crates, beside two of syn that the rules know.
fn wrong(more: Vec<Package>) -> Vec<String> {
    let mut packages = vec![package("syn", "2.0.1", "MIT"), package("syn", "3.0.0", "MIT")];
    packages.extend(more);
    broken(&toml::from_str(RULES).unwrap(), &packages)
}

#[test]
fn what_is_on_the_list_passes() {
    assert!(wrong(vec![package("serde", "1.0.0", "MIT OR Apache-2.0")]).is_empty());
}

#[test]
fn a_license_that_is_not_on_the_list_is_named() {
    assert_eq!(
        wrong(vec![package("tar", "1.0.0", "GPL-3.0")]),
        ["tar 1.0.0 has the license GPL-3.0, which is not on the list"]
    );
}

#[test]
fn an_exception_holds_for_its_crate_alone() {
    assert!(wrong(vec![package("imbl", "7.0.0", "MPL-2.0+")]).is_empty());
    assert_eq!(wrong(vec![package("tar", "1.0.0", "MPL-2.0")]).len(), 1);
}

#[test]
fn a_banned_crate_is_named_with_its_reason() {
    assert_eq!(wrong(vec![package("openssl", "1.0.0", "MIT")]), ["openssl 1.0.0 may not come in: one TLS library"]);
}

#[test]
fn a_crate_from_elsewhere_is_named() {
    let mut elsewhere = package("fork", "1.0.0", "MIT");
    elsewhere.source = Some("git+https://example.org/fork".to_owned());
    assert_eq!(
        wrong(vec![elsewhere]),
        ["fork 1.0.0 comes from git+https://example.org/fork, which is not the registry"]
    );
}

#[test]
fn a_second_version_that_is_not_skipped_is_named() {
    let two = vec![package("base64", "0.1.0", "MIT"), package("base64", "0.2.0", "MIT")];
    assert_eq!(wrong(two), ["base64 is there in more than one version: 0.1.0, 0.2.0"]);
}

#[test]
fn a_skip_that_is_not_needed_any_more_must_go() {
    let wrong = broken(&toml::from_str(RULES).unwrap(), &[package("syn", "3.0.0", "MIT")]);
    assert_eq!(wrong, ["syn@2.0.1 is skipped in deny.toml but is not there twice: take the row out"]);
}

#[test]
fn the_rules_of_this_repository_can_be_read() {
    let text = std::fs::read_to_string(root().join("deny.toml")).unwrap();
    let rules: Rules = toml::from_str(&text).unwrap();
    assert!(rules.bans.skip.iter().all(|skip| skip.parts().is_some() && !skip.reason.is_empty()));
}
