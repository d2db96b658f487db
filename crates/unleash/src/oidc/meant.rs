//! What settings of OpenID Connect mean to Rolecall, and where they and the provider differ.

use crate::fault::Fault;
use crate::role;
use crate::settings::{Settings, flag, text};
use rolecall_model::Org;
use rolecall_model::assignment::{Grant, GrantRef};
use rolecall_model::provider::{GroupSync, Provider};
use serde_json::Value;

/// What discovery adds to an issuer.
const DISCOVERY: &str = "/.well-known/openid-configuration";
/// The root role of new users when none is named.
const USUAL_ROLE: &str = "Editor";

/// What Rolecall acts by, in its own words.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Meant {
    pub issuer: Option<String>,
    pub client_id: Option<String>,
    pub create_users: bool,
    pub domains: Vec<String>,
    pub role: Option<u32>,
    pub sync: bool,
    pub path: String,
    pub groups_scope: bool,
}

impl Meant {
    /// What settings mean.
    pub(super) fn of(settings: &Settings, org: &Org) -> Result<Self, Fault> {
        let issuer = text(settings, "discoverUrl").map(|url| url.strip_suffix(DISCOVERY).unwrap_or(url).to_owned());
        Ok(Meant {
            issuer,
            client_id: text(settings, "clientId").map(str::to_owned),
            create_users: flag(settings, "autoCreate"),
            domains: domains(settings),
            role: role_of(settings, org)?,
            sync: flag(settings, "enableGroupSyncing"),
            path: text(settings, "groupJsonPath").map(json_path).unwrap_or_default(),
            groups_scope: flag(settings, "addGroupsScope"),
        })
    }

    /// What a provider does.
    pub(super) fn of_provider(provider: &Provider) -> Self {
        let GroupSync { enabled: sync, path, add_groups_scope: groups_scope } = provider.group_sync.clone();
        let roles = provider.defaults.iter().filter_map(|grant| match grant {
            Grant::Role(binding) => Some(binding.role.number()),
            Grant::Policy(_) => None,
        });
        Meant {
            issuer: Some(provider.issuer.to_string()),
            client_id: Some(provider.client_id.to_string()),
            create_users: provider.create_users,
            domains: provider.email_domains.iter().map(ToString::to_string).collect(),
            role: roles.into_iter().next(),
            sync,
            path: path.into(),
            groups_scope,
        }
    }

    pub(super) fn sync(&self) -> GroupSync {
        GroupSync { enabled: self.sync, path: self.path.as_str().into(), add_groups_scope: self.groups_scope }
    }

    pub(super) fn defaults(&self) -> Vec<GrantRef> {
        self.role.map(role::root_grant).into_iter().collect()
    }

    /// Whether both find the same provider: an issuer that ends in a slash is found at the same address as one without.
    pub(super) fn has_issuer_of(&self, other: &Meant) -> bool {
        let plain = |issuer: &Option<String>| issuer.as_ref().map(|issuer| issuer.trim_end_matches('/').to_owned());
        plain(&self.issuer) == plain(&other.issuer)
    }

    /// Puts what a provider does in place of what was sent, wherever it is something else by now.
    pub(super) fn correct(&self, truth: &Meant, settings: &mut Settings) {
        let mut put = |differs: bool, name: &str, value: Value| {
            if differs {
                settings.insert(name.to_owned(), value);
            }
        };
        let (issuer, client_id) = (truth.issuer.clone(), truth.client_id.clone());
        put(
            self.issuer.is_some() && !self.has_issuer_of(truth),
            "discoverUrl",
            issuer.map(|url| url + DISCOVERY).into(),
        );
        put(self.client_id.is_some() && self.client_id != truth.client_id, "clientId", client_id.into());
        put(self.create_users != truth.create_users, "autoCreate", truth.create_users.into());
        put(self.domains != truth.domains, "emailDomains", truth.domains.join(",").into());
        put(self.role != truth.role, "defaultRootRoleId", truth.role.unwrap_or_default().into());
        put(self.sync != truth.sync, "enableGroupSyncing", truth.sync.into());
        put(self.path != truth.path, "groupJsonPath", truth.path.as_str().into());
        put(self.groups_scope != truth.groups_scope, "addGroupsScope", truth.groups_scope.into());
    }
}

/// The domains of addresses that are let in, in small letters.
fn domains(settings: &Settings) -> Vec<String> {
    let all = text(settings, "emailDomains").unwrap_or_default();
    let mut domains: Vec<String> = Vec::new();
    for domain in all.split(',').map(|domain| domain.trim().trim_start_matches('@').to_lowercase()) {
        if !domain.is_empty() && !domains.contains(&domain) {
            domains.push(domain);
        }
    }
    domains
}

/// The root role of new users: by id, else by name, else the usual one when there are new users.
fn role_of(settings: &Settings, org: &Org) -> Result<Option<u32>, Fault> {
    let unknown = |name: &str| {
        let message = format!("The `/body/{name}` property must name a root role.");
        Fault::bad_at(&format!("/body/{name}"), message)
    };
    let id = settings.get("defaultRootRoleId").and_then(Value::as_u64).and_then(|id| u32::try_from(id).ok());
    if let Some(id) = id.filter(|id| *id > 0) {
        let known = org.roles.get(id).filter(|row| role::is_root(org, row));
        return known.map(|row| Some(row.id.number())).ok_or_else(|| unknown("defaultRootRoleId"));
    }
    let given = text(settings, "defaultRootRole");
    let name = given.or_else(|| flag(settings, "autoCreate").then_some(USUAL_ROLE));
    let Some(name) = name else { return Ok(None) };
    match org.role_named(name).filter(|row| role::is_root(org, row)) {
        Some(row) => Ok(Some(row.id.number())),
        None if given.is_none() => Ok(None),
        None => Err(unknown("defaultRootRole")),
    }
}

/// A path as this protocol has it (`groups`, `realm.groups`, or the name of a claim that is an address) as a `JSONPath`.
fn json_path(path: &str) -> String {
    if path.starts_with('$') {
        return path.to_owned();
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '[' | ']' | '*');
    let begins = path.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if begins && path.chars().all(plain) {
        return format!("$.{path}");
    }
    format!("$['{}']", path.replace('\\', "\\\\").replace('\'', "\\'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_names_and_a_claim_that_is_an_address_are_both_found() {
        for (path, found) in [
            ("groups", "$.groups"),
            ("realm_access.roles", "$.realm_access.roles"),
            ("groups[*].name", "$.groups[*].name"),
            ("$.groups", "$.groups"),
            ("https://example.com/groups", "$['https://example.com/groups']"),
            ("it's", "$['it\\'s']"),
        ] {
            assert_eq!(json_path(path), found);
        }
    }

    #[test]
    fn domains_are_read_however_they_are_written() {
        let settings =
            Settings::from_iter([("emailDomains".to_owned(), " Example.com, @other.example,,example.com ".into())]);
        assert_eq!(domains(&settings), ["example.com", "other.example"]);
    }
}
