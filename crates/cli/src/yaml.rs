//! Reading what people write: roles and policies as YAML. A mistake in form is said with its line;
//! names are looked up by the server, whose refusals are put on the line of what they are about.

mod provider;

pub use provider::ProviderFile;

use crate::failure::Failure;
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, Deserializer, MapAccess, Visitor};
use serde_json::{Map, Value, json};
use serde_saphyr::{MessageFormatter, Spanned, UserMessageFormatter};
use std::fmt;

/// A role as a file has it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoleFile {
    /// Its name, when the file says it.
    pub name: Option<String>,
    description: Option<String>,
    #[serde(alias = "permits")]
    actions: Option<Vec<Spanned<Permit>>>,
    bindable: Option<String>,
    slot: Option<String>,
    attributes: Option<Map<String, Value>>,
}

/// A policy as a file has it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyFile {
    /// Its name, when the file says it.
    pub name: Option<String>,
    description: Option<String>,
    bindings: Option<Vec<Spanned<Binding>>>,
    attributes: Option<Map<String, Value>>,
}

/// An action by its name, or with where it is narrowed to.
#[derive(Debug)]
struct Permit(PermitParts);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PermitParts {
    action: String,
    project: Option<String>,
    #[serde(alias = "domain")]
    environment: Option<String>,
}

/// A role and where it counts, in Union's form (`resource`) or flat.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Binding {
    role: String,
    resource: Option<Resource>,
    project: Option<String>,
    #[serde(alias = "domain")]
    environment: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Resource {
    /// Union's client writes it at bindings for the whole organization. The credential decides the
    /// organization, so it says nothing more.
    #[serde(rename = "organization")]
    _organization: Option<String>,
    project: Option<String>,
    #[serde(alias = "domain")]
    environment: Option<String>,
}

impl<'de> Deserialize<'de> for Permit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Permit;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of an action, or a mapping with the key \"action\"")
            }
            fn visit_str<E>(self, name: &str) -> Result<Permit, E> {
                Ok(Permit(PermitParts { action: name.to_owned(), project: None, environment: None }))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Permit, A::Error> {
                PermitParts::deserialize(MapAccessDeserializer::new(map)).map(Permit)
            }
        }
        deserializer.deserialize_any(Either)
    }
}

impl RoleFile {
    /// Reads it.
    pub fn read(text: &str) -> Result<Self, Failure> {
        read(text)
    }

    /// The body that makes it; nothing more than was written.
    pub fn body(&self) -> Value {
        let permits = self.actions.as_ref().map(|actions| {
            let permit = |Permit(parts): &Permit| {
                place(json!({ "action": parts.action }), parts.project.as_ref(), parts.environment.as_ref())
            };
            actions.iter().map(|action| permit(&action.value)).collect::<Vec<_>>()
        });
        let fields = [
            ("name", self.name.as_ref().map(|name| json!(name))),
            ("description", self.description.as_ref().map(|text| json!(text))),
            ("permits", permits.map(Value::from)),
            ("bindable", self.bindable.as_ref().map(|word| json!(word))),
            ("slot", self.slot.as_ref().map(|name| json!(name))),
            ("attributes", self.attributes.clone().map(Value::Object)),
        ];
        crate::command::body(fields)
    }

    /// The same failure, on the line of the action that it is about.
    pub fn locate(&self, failure: Failure) -> Failure {
        let lines: Vec<u64> = self.actions.iter().flatten().map(|action| action.referenced.line()).collect();
        locate(failure, "permits", &lines)
    }
}

impl PolicyFile {
    /// Reads it.
    pub fn read(text: &str) -> Result<Self, Failure> {
        let file: PolicyFile = read(text)?;
        for binding in file.bindings.iter().flatten() {
            let twice = binding.value.resource.is_some()
                && (binding.value.project.is_some() || binding.value.environment.is_some());
            if twice {
                let mistake =
                    Failure::mistake("this binding says its place twice; keep `resource` or the keys beside it");
                return Err(mistake.on_line(Some(binding.referenced.line())));
            }
        }
        Ok(file)
    }

    /// The body that makes it; nothing more than was written.
    pub fn body(&self) -> Value {
        let bindings =
            self.bindings.as_ref().map(|bindings| bindings.iter().map(|one| one.value.body()).collect::<Vec<_>>());
        let fields = [
            ("name", self.name.as_ref().map(|name| json!(name))),
            ("description", self.description.as_ref().map(|text| json!(text))),
            ("bindings", bindings.map(Value::from)),
            ("attributes", self.attributes.clone().map(Value::Object)),
        ];
        crate::command::body(fields)
    }

    /// The same failure, on the line of the binding that it is about.
    pub fn locate(&self, failure: Failure) -> Failure {
        let lines: Vec<u64> = self.bindings.iter().flatten().map(|binding| binding.referenced.line()).collect();
        locate(failure, "bindings", &lines)
    }
}

impl Binding {
    fn body(&self) -> Value {
        let (project, environment) = match &self.resource {
            Some(resource) => (&resource.project, &resource.environment),
            None => (&self.project, &self.environment),
        };
        place(json!({ "role": self.role }), project.as_ref(), environment.as_ref())
    }
}

/// Adds where something counts; `*` is everywhere.
fn place(mut value: Value, project: Option<&String>, environment: Option<&String>) -> Value {
    for (name, part) in [("project", project), ("environment", environment)] {
        if let Some(part) = part.filter(|part| !part.is_empty() && *part != "*") {
            value[name] = json!(part);
        }
    }
    value
}

/// Puts a refusal about `list[3].…` on the line of that item.
fn locate(failure: Failure, list: &str, lines: &[u64]) -> Failure {
    let rest = failure.field().and_then(|field| field.strip_prefix(list)).and_then(|rest| rest.strip_prefix('['));
    let index = rest.and_then(|rest| rest.split(']').next()).and_then(|index| index.parse::<usize>().ok());
    let line = index.and_then(|index| lines.get(index)).copied();
    failure.on_line(line)
}

fn read<T: DeserializeOwned>(text: &str) -> Result<T, Failure> {
    refuse_odd_characters(text)?;
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! { max_depth: 32, max_nodes: 200_000 },
        with_snippet: false,
    };
    serde_saphyr::from_str_with_options::<T>(text, options).map_err(|error| {
        let line = error.location().map(|at| at.line()).filter(|line| *line > 0);
        Failure::mistake(words(text, line, &error)).on_line(line)
    })
}

/// To the parser a null byte is the end of the file.
fn refuse_odd_characters(text: &str) -> Result<(), Failure> {
    for (line, text) in (1..).zip(text.lines()) {
        if let Some(odd) = text.chars().find(|c| c.is_control() && !matches!(c, '\t' | '\r' | '\u{85}')) {
            let mistake =
                Failure::mistake(format!("the character U+{:04X} cannot stand here; leave it out", u32::from(odd)));
            return Err(mistake.on_line(Some(line)));
        }
    }
    Ok(())
}

/// The parser's words, without its snippet and its capital letter.
fn words(text: &str, line: Option<u64>, error: &serde_saphyr::Error) -> String {
    let written = line
        .and_then(|line| usize::try_from(line - 1).ok())
        .and_then(|line| text.lines().nth(line))
        .unwrap_or_default();
    if written.trim_start_matches([' ', '-']).starts_with('*') || written.contains(": *") {
        return "YAML reads a bare * as an alias; write \"*\" in quotes".to_owned();
    }
    let said = UserMessageFormatter.format_message(error).into_owned();
    let mut letters = said.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const WALKTHROUGH: &str = "name: Team Prod Access\ndescription: Production execution access for the team\nbindings:\n  - role: Production Runner\n    resource:\n      project: my-project\n      domain: production\n";

    #[test]
    fn the_policy_of_unions_walkthrough_is_read_as_it_stands() {
        let body = PolicyFile::read(WALKTHROUGH).unwrap().body();
        let binding = json!({ "role": "Production Runner", "project": "my-project", "environment": "production" });
        assert_eq!(body["bindings"], json!([binding]));
        assert_eq!(body["name"], "Team Prod Access");
    }

    #[test]
    fn flat_keys_and_a_resource_mean_the_same() {
        let flat = "bindings: [{role: R, project: p, environment: e}]";
        let nested = "bindings: [{role: R, resource: {project: p, domain: e}}]";
        assert_eq!(PolicyFile::read(flat).unwrap().body(), PolicyFile::read(nested).unwrap().body());
        let whole = "bindings: [{role: R, resource: {organization: acme}}, {role: R, project: '*'}]";
        assert_eq!(PolicyFile::read(whole).unwrap().body()["bindings"], json!([{ "role": "R" }, { "role": "R" }]));
    }

    #[test]
    fn actions_are_names_or_narrowed() {
        let body = RoleFile::read("actions:\n- view\n- {action: run, domain: production}\n").unwrap().body();
        assert_eq!(body["permits"], json!([{ "action": "view" }, { "action": "run", "environment": "production" }]));
        assert_eq!(RoleFile::read("actions:\ndescription:\n").unwrap().body(), json!({}));
    }

    #[test]
    fn a_mistake_is_said_with_its_line() {
        let cases = [
            ("name: x\nacions: []\n", "line 2", "acions"),
            ("actions:\n- [a]\n", "line 2", "name of an action"),
            ("actions:\n- *\n", "line 2", "quotes"),
            ("actions:\n  - a\n - b\n", "line 3", ""),
            ("name: a\nname: b\n", "line 2", "name"),
            ("name: a\u{0}b\n", "line 1", "U+0000"),
            ("actions:\n- {action: run, projct: shop}\n", "line 2", "projct"),
        ];
        for (text, line, said) in cases {
            let failure = RoleFile::read(text).unwrap_err();
            let message = failure.lines(0).join("\n");
            assert!(message.starts_with(line) && message.contains(said), "{text:?}: {message}");
        }
        let twice = PolicyFile::read("bindings:\n- {role: R, project: p, resource: {project: q}}\n").unwrap_err();
        assert!(twice.lines(0)[0].starts_with("line 2: "), "{twice:?}");
    }
}
