//! The commented YAML that an editor opens with: what is there, and everything that could stand
//! there, so that nobody has to look names up.

use crate::output::text;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write;

/// What may stand in a role or policy, as far as the caller may see it.
#[derive(Default)]
pub struct Vocabulary {
    /// Actions.
    pub actions: Vec<Value>,
    /// Roles.
    pub roles: Vec<Value>,
    /// Environments in their order.
    pub environments: Vec<Value>,
    /// Some projects.
    pub projects: Vec<Value>,
}

const HOW: &str = "# Save and close to go on. Leave it as it is, or empty it, to cancel.\n";

/// A role as an editor shows it.
pub fn role(role: &Value, vocabulary: &Vocabulary) -> String {
    let mut yaml = format!("# A role is a named set of actions.\n{HOW}\n");
    head(&mut yaml, role);
    yaml += "actions:\n";
    let permits = role.get("permits").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    for permit in permits {
        let title = vocabulary.actions.iter().find(|action| action["name"] == permit["action"]).map(title);
        let _written = writeln!(yaml, "  - {}{}", permit_item(permit), title.unwrap_or_default());
    }
    let is_there = |action: &&Value| permits.iter().any(|permit| permit["action"] == action["name"]);
    let rest: Vec<&Value> = vocabulary.actions.iter().filter(|action| !is_there(action)).collect();
    if !rest.is_empty() {
        yaml += "\n  # Take the first # away to permit:\n";
        offer(&mut yaml, &rest);
    }
    yaml += "\n# An action may be narrowed: {action: NAME, project: NAME, domain: NAME}\n";
    environments(&mut yaml, vocabulary);
    yaml
}

/// Actions by category, each on a line that counts once its first # is taken away.
fn offer(yaml: &mut String, actions: &[&Value]) {
    let mut categories: BTreeMap<(bool, String), Vec<&Value>> = BTreeMap::new();
    for action in actions {
        // Rolecall's own operations come after those of the product.
        let name = text(action, "name");
        let own = name == "*" || name.starts_with("rolecall.");
        categories.entry((own, text(action, "category"))).or_default().push(action);
    }
    for ((own, category), actions) in categories {
        let heading = match (category.is_empty(), own) {
            (false, _) => category,
            (true, true) => "Rolecall itself".to_owned(),
            (true, false) => "Others".to_owned(),
        };
        let _written = writeln!(yaml, "  # {heading}");
        for action in actions {
            let _written = writeln!(yaml, "  # - {}{}", scalar(&text(action, "name")), title(action));
        }
    }
}

/// A policy as an editor shows it.
pub fn policy(policy: &Value, vocabulary: &Vocabulary) -> String {
    let mut yaml = format!("# A policy binds roles to projects and domains (environments), or to everything.\n{HOW}\n");
    head(&mut yaml, policy);
    yaml += "bindings:\n";
    let bindings = policy.get("bindings").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    for binding in bindings {
        yaml += &binding_item(binding);
    }
    if bindings.is_empty() {
        yaml += "  # Take the # away and put names in; leave project or domain out for all of them.\n";
        yaml += "  # - role: NAME\n  #   resource:\n  #     project: NAME\n  #     domain: NAME\n";
    } else {
        yaml += "  # - role: NAME\n  #   resource: {project: NAME, domain: NAME}\n";
    }
    yaml += "\n# Roles:\n";
    for role in &vocabulary.roles {
        let _written = writeln!(yaml, "#   {}{}", scalar(&text(role, "name")), comment(&text(role, "description")));
    }
    environments(&mut yaml, vocabulary);
    let names: Vec<String> = vocabulary.projects.iter().map(|project| scalar(&text(project, "name"))).collect();
    if !names.is_empty() {
        let _written = writeln!(yaml, "# Projects: {}", names.join(", "));
    }
    yaml
}

fn head(yaml: &mut String, thing: &Value) {
    for field in ["name", "description"] {
        let _written = writeln!(yaml, "{field}: {}", scalar(&text(thing, field)));
    }
}

fn environments(yaml: &mut String, vocabulary: &Vocabulary) {
    let names: Vec<String> =
        vocabulary.environments.iter().map(|environment| scalar(&text(environment, "name"))).collect();
    if !names.is_empty() {
        let _written = writeln!(yaml, "# Domains: {}", names.join(", "));
    }
}

fn permit_item(permit: &Value) -> String {
    let action = scalar(&text(permit, "action"));
    let parts: String = [("project", "project"), ("environment", "domain")]
        .iter()
        .map(|(field, key)| (key, text(permit, field)))
        .filter(|(_, value)| !value.is_empty())
        .fold(String::new(), |parts, (key, value)| format!("{parts}, {key}: {}", flow_scalar(&value)));
    if parts.is_empty() { action } else { format!("{{action: {}{parts}}}", flow_scalar(&text(permit, "action"))) }
}

fn binding_item(binding: &Value) -> String {
    let mut yaml = format!("  - role: {}\n", scalar(&text(binding, "role")));
    let parts = [("project", text(binding, "project")), ("domain", text(binding, "environment"))];
    if parts.iter().any(|(_, value)| !value.is_empty()) {
        yaml += "    resource:\n";
    }
    for (key, value) in parts.iter().filter(|(_, value)| !value.is_empty()) {
        let _written = writeln!(yaml, "      {key}: {}", scalar(value));
    }
    yaml
}

fn title(action: &Value) -> String {
    comment(&text(action, "title"))
}

/// Words after a value, as a comment of one line.
fn comment(words: &str) -> String {
    let words: String = words.split_whitespace().collect::<Vec<_>>().join(" ");
    if words.is_empty() { words } else { format!("  # {words}") }
}

/// Text as YAML: plain where that reads as the same text, else in quotes.
pub fn scalar(text: &str) -> String {
    let plain =
        |c: char| c.is_alphanumeric() || matches!(c, ' ' | '_' | '-' | '.' | '/' | '(' | ')' | '@' | ',' | ';' | '+');
    let begins = text.starts_with(|c: char| c.is_alphabetic());
    let is_word = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"].contains(&text.to_lowercase().as_str());
    let is_plain = begins && !is_word && !text.ends_with(' ') && text.chars().all(plain);
    if is_plain { text.to_owned() } else { Value::from(text).to_string() }
}

/// The same between braces, where a comma separates.
fn flow_scalar(text: &str) -> String {
    if text.contains(',') { Value::from(text).to_string() } else { scalar(text) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::{PolicyFile, RoleFile};
    use serde_json::json;

    fn vocabulary() -> Vocabulary {
        Vocabulary {
            actions: vec![
                json!({ "name": "run", "title": "Run things", "category": "Executions" }),
                json!({ "name": "view", "title": "View: all\nof it", "category": "Inventory" }),
                json!({ "name": "rolecall.users.read", "title": "Read users", "category": "" }),
            ],
            roles: vec![json!({ "name": "Runner", "description": "runs # things" })],
            environments: vec![json!({ "name": "production" })],
            projects: vec![json!({ "name": "123" })],
        }
    }

    #[test]
    fn what_an_editor_shows_is_read_back_as_the_same_thing() {
        let permits =
            json!([{ "action": "run" }, { "action": "view", "project": "a, b", "environment": "production" }]);
        let shown = role(
            &json!({ "name": "yes", "description": "it's: \"odd\" # no\ncomment", "permits": permits }),
            &vocabulary(),
        );
        let body = RoleFile::read(&shown).unwrap().body();
        assert_eq!(body["name"], "yes");
        assert_eq!(body["description"], "it's: \"odd\" # no\ncomment");
        assert_eq!(body["permits"], permits);
        let bindings = json!([{ "role": "Runner" }, { "role": "- x", "project": "{p}", "environment": "production" }]);
        let shown = policy(&json!({ "name": "P", "description": "", "bindings": bindings }), &vocabulary());
        assert_eq!(PolicyFile::read(&shown).unwrap().body()["bindings"], bindings);
    }

    #[test]
    fn every_action_is_offered_under_its_category_and_counts_once_its_sign_is_taken_away() {
        let shown = role(&json!({ "name": "New", "description": "", "permits": [] }), &vocabulary());
        assert_eq!(RoleFile::read(&shown).unwrap().body(), json!({ "name": "New", "description": "" }));
        assert!(shown.contains("  # Executions\n  # - run  # Run things\n"), "{shown}");
        assert!(shown.contains("  # Rolecall itself\n  # - rolecall.users.read"), "{shown}");
        let taken = shown.replace("# - ", "- ");
        let permits = json!([{ "action": "run" }, { "action": "view" }, { "action": "rolecall.users.read" }]);
        assert_eq!(RoleFile::read(&taken).unwrap().body()["permits"], permits);
    }

    #[test]
    fn text_that_yaml_would_read_as_something_else_is_quoted() {
        for text in ["", "true", "No", "12", "- a", "a: b", "a #b", "*", "~", "a ", " a", "\"", "{", "é\u{7}"] {
            let read: std::collections::BTreeMap<String, String> =
                serde_saphyr::from_str(&format!("k: {}\n", scalar(text))).unwrap();
            assert_eq!(read["k"], text);
        }
        assert_eq!(scalar("Production Runner"), "Production Runner");
    }
}
