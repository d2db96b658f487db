//! Sign-in providers as a file has them: one, or a list of them.

use super::{Binding, read};
use crate::failure::Failure;
use serde::Deserialize;
use serde_json::{Value, json};
use serde_saphyr::Spanned;
use std::path::PathBuf;

/// A sign-in provider as a file has it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProviderFile {
    /// Its name, when the file says it.
    pub name: Option<String>,
    title: Option<String>,
    issuer: Option<String>,
    client_id: Option<String>,
    /// Where its client secret stands: a file of its own, so that this one can be shown around.
    pub client_secret_file: Option<PathBuf>,
    scopes: Option<Vec<String>>,
    active: Option<bool>,
    link_by_email: Option<bool>,
    create_users: Option<bool>,
    email_domains: Option<Vec<String>>,
    default_policies: Option<Vec<String>>,
    default_roles: Option<Vec<Binding>>,
    group_sync: Option<GroupSync>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct GroupSync {
    enabled: Option<bool>,
    path: Option<String>,
    add_groups_scope: Option<bool>,
}

/// A provider and the line on which it begins.
pub type Placed = (ProviderFile, u64);

impl ProviderFile {
    /// Reads one, or a list.
    pub fn read_all(text: &str) -> Result<Vec<Placed>, Failure> {
        let is_content = |line: &&str| !line.is_empty() && !line.starts_with('#') && *line != "---";
        let begins = text.lines().map(str::trim_start).find(is_content);
        if begins.is_some_and(|line| line.starts_with('-') || line.starts_with('[')) {
            let all: Vec<Spanned<ProviderFile>> = read(text)?;
            return Ok(all.into_iter().map(|one| (one.value, one.referenced.line())).collect());
        }
        Ok(vec![(read(text)?, 1)])
    }

    /// The body that makes or changes it; nothing more than was written.
    pub fn body(&self) -> Value {
        let text = |text: &Option<String>| text.as_ref().map(|text| json!(text));
        let roles = self.default_roles.as_ref().map(|roles| roles.iter().map(Binding::body).collect::<Vec<_>>().into());
        let sync = self.group_sync.as_ref().map(|sync| {
            crate::command::body([
                ("enabled", sync.enabled.map(Value::from)),
                ("path", text(&sync.path)),
                ("add_groups_scope", sync.add_groups_scope.map(Value::from)),
            ])
        });
        crate::command::body([
            ("name", text(&self.name)),
            ("title", text(&self.title)),
            ("issuer", text(&self.issuer)),
            ("client_id", text(&self.client_id)),
            ("scopes", self.scopes.as_ref().map(|scopes| json!(scopes))),
            ("active", self.active.map(Value::from)),
            ("link_by_email", self.link_by_email.map(Value::from)),
            ("create_users", self.create_users.map(Value::from)),
            ("email_domains", self.email_domains.as_ref().map(|domains| json!(domains))),
            ("default_policies", self.default_policies.as_ref().map(|names| json!(names))),
            ("default_roles", roles),
            ("group_sync", sync),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_provider_and_a_list_of_them_are_read() {
        let one = "name: okta\nissuer: https://acme.okta.com\ngroup_sync: {enabled: true, path: $.groups}\n";
        let all = ProviderFile::read_all(one).unwrap();
        assert_eq!(all[0].0.body()["group_sync"], json!({ "enabled": true, "path": "$.groups" }));
        let list = "# ours\n- name: okta\n  default_roles: [{role: R, domain: production}]\n- name: entra\n  client_secret_file: entra.secret\n";
        let all = ProviderFile::read_all(list).unwrap();
        assert_eq!(all.len(), 2);
        assert_eq!(all[0].0.body()["default_roles"], json!([{ "role": "R", "environment": "production" }]));
        assert_eq!(all[1].1, 4);
        assert_eq!(all[1].0.body(), json!({ "name": "entra" }), "a secret is no part of it");
    }

    #[test]
    fn a_mistake_is_said_with_its_line_and_a_secret_cannot_stand_there() {
        for (text, line) in
            [("name: okta\nisuer: x\n", "line 2"), ("- name: okta\n- name: x\n  client_secret: y\n", "line 3")]
        {
            let said = ProviderFile::read_all(text).unwrap_err().lines(0).join("\n");
            assert!(said.starts_with(line), "{said}");
        }
    }
}
