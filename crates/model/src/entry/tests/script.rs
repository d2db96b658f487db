//! What the golden logs tell: a small organization in which everything happens once, and one whose people and machines
//! sign in.

mod happening;
mod sign_in;

use crate::catalog::Catalog;
use crate::change::Change;
use crate::command::Command;
use crate::decide::decide;
use crate::entry::{Entry, READS};
use crate::id::{OrganizationId, PrincipalId, TokenId};
use crate::moment::{Actor, Moment};
use crate::organization::{NewOrganization, Org, SettingsPatch};
use crate::principal::{PrincipalChange, Subject};
use crate::time::Timestamp;
use happening::{given, gone, nouns, people, role, user};
use std::sync::Arc;

/// Every word of the log, noun and verb.
pub(super) const WORDS: [&str; 38] = [
    "action.changed",
    "action.created",
    "action.deleted",
    "assignment.changed",
    "assignment.ended",
    "assignment.granted",
    "environment.changed",
    "environment.created",
    "environment.deleted",
    "environment.ordered",
    "group.changed",
    "group.created",
    "group.deleted",
    "group.ordered",
    "imported",
    "membership.added",
    "membership.changed",
    "membership.removed",
    "organization.founded",
    "organization.titled",
    "policy.changed",
    "policy.created",
    "policy.deleted",
    "principal.changed",
    "principal.created",
    "principal.deleted",
    "principal.erased",
    "project.changed",
    "project.created",
    "project.deleted",
    "resource_type.changed",
    "resource_type.created",
    "resource_type.deleted",
    "role.changed",
    "role.created",
    "role.deleted",
    "token.issued",
    "token.revoked",
];

/// Every word that came with the second version.
pub(super) const SIGN_IN_WORDS: [&str; 5] =
    ["organization.sign_in_set", "provider.changed", "provider.created", "provider.deleted", "token.changed"];

/// A word that no other part of the log has.
pub(super) const ERASED_PERSON: &str = "mallory";

const CATALOG: &str = "
name: golden
title: Golden
names: exact
projects: open
environments: [{name: development, title: Development}, {name: production, protected: true}]
initial_projects: [{name: default, title: Default, description: Always there., protected: true}]
actions:
  - {name: view, number: 1, level: environment, title: View, description: See it., category: Basics}
  - {name: deploy, number: 2, level: environment, includes: [view], attributes: {foreign: {name: DEPLOY, number: 7}}}
  - {name: administer, level: project, includes: [deploy, rolecall.projects.write]}
  - {name: bill, level: organization}
slots: [{name: root, default: Viewer}]
roles:
  - {name: Admin, number: 1, bindable: organization, slot: root, permits: ['*']}
  - {name: Viewer, number: 2, bindable: organization, slot: root, permits: [view, {action: deploy, project: default, environment: development}]}
  - {name: Owner, bindable: project, permits: [administer]}
  - {name: Anything, bindable: anywhere, permits: [deploy]}
policies:
  - {name: Everything, number: 1, bindings: [{role: Anything}, {role: Owner, project: default}]}
everyone: [{role: Anything, environment: development}]
creator: [Owner]
resource_types: [{name: cart, stands: within, actions: [view]}]
administrator: {role: Admin}
";

const WORKLOAD: &str = r#"{"t":"meta","format":1}
{"t":"environment","id":"test"}
{"t":"action","id":"flag.read"}
{"t":"action","id":"flag.update"}
{"t":"role","id":"org-0","level":"organization","permissions":[{"action":"flag.read"}]}
{"t":"role","id":"prj-0","level":"project","permissions":[{"action":"flag.update","environments":["test"]}]}
{"t":"project","id":"p-0"}
{"t":"policy","id":"pol-0","bindings":[{"role":"org-0"},{"role":"prj-0","project":"p-0","environment":"test"}]}
{"t":"group","id":"g-0","grants":[{"role":"prj-0","project":"p-0"}]}
{"t":"user","id":"u-0","grants":[{"role":"org-0"}],"groups":["g-0"],"policies":[]}
{"t":"user","id":"u-1","grants":[],"groups":["g-0"],"policies":["pol-0"]}
{"t":"application","id":"a-0","grants":[{"role":"prj-0","environment":"test"}],"groups":[],"policies":[]}
"#;

/// The noun and verb of a change.
pub(super) fn word(change: &Change) -> String {
    if matches!(change, Change::Imported(_)) {
        return "imported".to_owned();
    }
    let value = serde_json::to_value(change).unwrap();
    let (noun, rest) = value.as_object().unwrap().iter().next().unwrap();
    format!("{noun}.{}", rest.as_object().unwrap().keys().next().unwrap())
}

/// Which golden log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    /// The first.
    One,
    /// With sign-in providers, sessions and SCIM.
    Two,
}

/// Whose values are erased from a golden log.
pub(super) fn erased_subject(version: Version) -> Subject {
    let erased = entries(version).into_iter().flat_map(|entry| entry.changes).find_map(|change| match change {
        Change::Principal(PrincipalChange::Erased { subject }) => Some(subject),
        _ => None,
    });
    erased.unwrap()
}

/// The history, entry by entry.
pub(super) fn entries(version: Version) -> Vec<Entry> {
    let mut org = Org::empty();
    let mut entries = Vec::new();
    for (number, (actor, command)) in (1_u8..).zip(commands(version)) {
        let now = Timestamp::from_micros(1_795_000_000_000_000 + i64::from(number) * 1_500_001);
        let moment = Moment::new(now, actor, [number; 32]);
        let decision = decide(&org, command, &moment).unwrap_or_else(|refusal| panic!("entry {number}: {refusal}"));
        entries.push(Entry {
            revision: decision.stamp.revision,
            at: decision.stamp.at,
            actor,
            facade: if number % 2 == 0 { "rest" } else { "union" }.into(),
            request: compact_str::format_compact!("request-{number}"),
            idempotency: (number % 3 == 0).then(|| compact_str::format_compact!("key \"{number}\"")),
            reads: if version == Version::One { 1 } else { READS },
            changes: decision.changes,
        });
        org = decision.org;
    }
    entries
}

fn commands(version: Version) -> Vec<(Actor, Command)> {
    match version {
        Version::One => first(),
        Version::Two => {
            let begun = [found(), user("ada", &[role("Admin", None, None)])].map(|command| (Actor::System, command));
            begun.into_iter().chain(sign_in::happened()).collect()
        }
    }
}

fn first() -> Vec<(Actor, Command)> {
    let ada = PrincipalId::new(1).unwrap();
    let by_ada = Actor::Principal { id: ada, token: None };
    let by_token = Actor::Principal { id: ada, token: TokenId::new(1) };
    let mut all = vec![(Actor::System, found()), (Actor::System, user("ada", &[role("Admin", None, None)]))];
    all.extend(people().into_iter().map(|command| (by_ada, command)));
    all.push((
        Actor::Home,
        Command::Settings(SettingsPatch { title: Some("Golden 金".to_owned()), ..SettingsPatch::default() }),
    ));
    all.extend(nouns().into_iter().map(|command| (by_token, command)));
    all.extend(given().into_iter().map(|command| (by_ada, command)));
    all.extend(gone().into_iter().map(|command| (by_ada, command)));
    all.push((by_ada, Command::Import(Arc::new(crate::import::tests::read(WORKLOAD).unwrap()))));
    all
}

fn found() -> Command {
    let catalog = Arc::new(Catalog::read(CATALOG).unwrap());
    let new = NewOrganization { id: OrganizationId::new(77), name: "golden".into(), title: String::new(), catalog };
    Command::Found(Box::new(new))
}
