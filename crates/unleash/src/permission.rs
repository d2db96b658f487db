//! Permissions: the actions of the catalog that this protocol has a number and a kind for (`attributes.unleash`), asked
//! for by whoever puts a role together. Our own actions have neither, and are neither shown nor touched.

use crate::answer::{self, Reply};
use crate::call::Call;
use crate::kept::{self, kept};
use crate::number::Number;
use rolecall_model::Org;
use rolecall_model::action::Action;
use rolecall_model::collection::Row;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The kinds of permissions: where they count.
pub(crate) const KINDS: [&str; 3] = ["root", "project", "environment"];

/// The kind of a permission; none for an action that is none.
pub(crate) fn kind(action: &Action) -> Option<&'static str> {
    let kind = kept::text(&action.attributes, "type")?;
    KINDS.into_iter().find(|known| *known == kind)
}

fn id(action: &Action) -> u32 {
    let kept = kept(&action.attributes, "id").and_then(Value::as_u64).and_then(|id| u32::try_from(id).ok());
    kept.unwrap_or(action.id.number())
}

/// Every permission, by number.
pub(crate) fn all(org: &Org) -> impl Iterator<Item = (&Row<Action>, &'static str)> {
    org.actions.iter().filter_map(|action| Some((action, kind(action)?)))
}

/// A permission as the wire has it.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Shown<'a> {
    pub id: u32,
    pub name: &'a str,
    pub display_name: &'a str,
    #[serde(rename = "type")]
    pub kind: &'static str,
}

/// A permission as the wire has it.
pub(crate) fn shown<'a>(action: &'a Action, kind: &'static str) -> Shown<'a> {
    Shown { id: id(action), name: &action.name, display_name: &action.title, kind }
}

/// The same with an environment, which is null where it does not matter: an empty one would be another.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Placed<'a> {
    #[serde(flatten)]
    pub permission: Shown<'a>,
    pub environment: Option<&'a str>,
}

/// A permission as somebody names it: by name, else by number.
#[derive(Debug, Deserialize)]
pub(crate) struct Named {
    pub name: Option<String>,
    pub id: Option<Number>,
    pub environment: Option<String>,
}

impl Named {
    /// The permission that is meant.
    pub(crate) fn find<'a>(&self, org: &'a Org) -> Option<(&'a Row<Action>, &'static str)> {
        match (&self.name, self.id) {
            (Some(name), _) => org.action_named(name).and_then(|action| Some((action, kind(action)?))),
            (None, Some(wanted)) => all(org).find(|(action, _)| id(action) == wanted.0),
            (None, None) => None,
        }
    }

    /// How it was named.
    pub(crate) fn words(&self) -> String {
        match (&self.name, self.id) {
            (Some(name), _) => rolecall_model::refusal::shown(name),
            (None, Some(id)) => id.0.to_string(),
            (None, None) => "one without a name and an id".to_owned(),
        }
    }
}

/// Everything that a role can hold.
pub(crate) async fn list(call: Call) -> Reply {
    let org = call.org();
    let of = |wanted: &str| -> Vec<_> {
        all(org).filter(|(_, kind)| *kind == wanted).map(|(action, kind)| shown(action, kind)).collect()
    };
    let environments = org.environment_order().iter().filter_map(|id| org.environment(*id)).map(|environment| {
        let name = environment.name.as_str();
        let placed = of("environment").into_iter().map(|permission| Placed { permission, environment: Some(name) });
        json!({"name": name, "permissions": placed.collect::<Vec<_>>()})
    });
    let environments: Vec<_> = environments.collect();
    let permissions = json!({"root": of("root"), "project": of("project"), "environments": environments});
    answer::ok(&json!({"version": 1, "permissions": permissions}))
}
