//! What an import makes, held against the same content made by ordinary commands.

use super::*;
use crate::action::{ActionCommand, Level, NewAction};
use crate::application::{ApplicationCommand, NewApplication};
use crate::assignment::Granted;
use crate::assignment::{Assignment, GrantRef};
use crate::command::Ref;
use crate::environment::{EnvironmentCommand, NewEnvironment};
use crate::group::{GroupCommand, NewGroup};
use crate::id::{Holder, RoleId};
use crate::policy::{BindingRef, NewPolicy, PolicyCommand};
use crate::project::{NewProject, ProjectCommand};
use crate::refusal::Kind;
use crate::role::{Bindable, NewRole, PermitRef, RoleCommand};
use crate::scope::ScopeRef;
use crate::user::{NewUser, UserCommand};
use serde_json::{Map, Value};

/// The commands that a workload's lines stand for.
fn commands(text: &str) -> Command {
    Command::Batch(text.lines().filter_map(|line| command(&serde_json::from_str(line).unwrap())).collect())
}

fn command(line: &Value) -> Option<Command> {
    let name = line["id"].as_str().unwrap_or_default().to_owned();
    let attributes = Map::new();
    Some(match line["t"].as_str()? {
        // Union's catalog has this one already, and then it is the same environment.
        "environment" => EnvironmentCommand::Create(NewEnvironment { name, title: String::new(), attributes }).into(),
        "action" => ActionCommand::Create(NewAction {
            name,
            level: Level::Environment,
            title: String::new(),
            description: String::new(),
            category: String::new(),
            includes: Vec::new(),
            attributes,
        })
        .into(),
        "role" => {
            let bindable = if line["level"] == "organization" { Bindable::Organization } else { Bindable::Anywhere };
            RoleCommand::Create(NewRole {
                name,
                description: String::new(),
                bindable: Some(bindable),
                slot: None,
                permits: list(line, "permissions").iter().flat_map(permits).collect(),
                attributes,
            })
            .into()
        }
        "project" => {
            let (title, description) = (String::new(), String::new());
            ProjectCommand::Create(NewProject { name, title, description, attributes }).into()
        }
        "policy" => {
            let bindings = list(line, "bindings").iter().map(binding).collect();
            PolicyCommand::Create(NewPolicy { name, description: String::new(), bindings, attributes }).into()
        }
        "group" => GroupCommand::Create(NewGroup { name, grants: grants(line), ..NewGroup::default() }).into(),
        "user" => {
            let groups = list(line, "groups").iter().map(|group| Ref::from(group.as_str().unwrap())).collect();
            UserCommand::Create(NewUser { external_id: Some(name), grants: grants(line), groups, ..NewUser::default() })
                .into()
        }
        "application" => {
            let (external_id, grants) = (Some(name.clone()), grants(line));
            ApplicationCommand::Create(NewApplication { name, external_id, grants, ..NewApplication::default() }).into()
        }
        _ => return None,
    })
}

fn list<'a>(line: &'a Value, key: &str) -> &'a [Value] {
    line[key].as_array().map(Vec::as_slice).unwrap_or_default()
}

fn permits(permission: &Value) -> Vec<PermitRef> {
    let action = Ref::from(permission["action"].as_str().unwrap());
    let Some(environments) = permission["environments"].as_array() else {
        return vec![PermitRef { action, scope: ScopeRef::ORGANIZATION }];
    };
    let at =
        |environment: &Value| ScopeRef { project: None, environment: Some(Ref::from(environment.as_str().unwrap())) };
    environments.iter().map(|environment| PermitRef { action: action.clone(), scope: at(environment) }).collect()
}

fn binding(binding: &Value) -> BindingRef {
    let part = |key: &str| binding[key].as_str().map(Ref::from);
    let scope = ScopeRef { project: part("project"), environment: part("environment") };
    BindingRef { role: part("role").unwrap(), scope }
}

fn grants(line: &Value) -> Vec<GrantRef> {
    let roles = list(line, "grants").iter().map(|grant| GrantRef::Role(binding(grant)));
    let policies = list(line, "policies").iter().map(|policy| GrantRef::Policy(Ref::from(policy.as_str().unwrap())));
    roles.chain(policies).collect()
}

/// All that an organization is, but for ids drawn at random and the order of provenances.
fn shown(org: &Org) -> String {
    let given = |assignments: &[Assignment]| -> Vec<String> {
        assignments.iter().map(|a| format!("{:?} {:?}", a.grant, org.provenances.get(a.provenance))).collect()
    };
    let mut text = String::new();
    let _ = writeln!(text, "{:?} {:?}", org.environment_order(), org.actions.iter().collect::<Vec<_>>());
    let _ = writeln!(text, "{:?}", org.environments.iter().collect::<Vec<_>>());
    let _ = writeln!(text, "{:?}", org.roles.iter().collect::<Vec<_>>());
    let _ = writeln!(text, "{:?}", org.projects.iter().collect::<Vec<_>>());
    let _ = writeln!(text, "{:?}", org.policies.iter().collect::<Vec<_>>());
    for group in org.groups.iter() {
        let (profile, members) = (group.profile(), &group.members);
        let _ = writeln!(
            text,
            "{:?} {profile:?} {members:?} {:?} {:?}",
            group.id,
            given(&group.assignments),
            group.changed
        );
    }
    for (id, principal) in org.principals() {
        let mut profile = principal.profile();
        // An ordinary command makes a client id from the name; a workload's applications have none.
        profile.client_id = None;
        let joined: Vec<_> =
            principal.memberships.iter().map(|m| (m.group, org.provenances.get(m.provenance))).collect();
        let _ =
            writeln!(text, "{id:?} {profile:?} {:?} {joined:?} {:?}", given(&principal.assignments), principal.kind());
        let _ = writeln!(text, "{:?} {:?}", principal.created, principal.changed);
    }
    let _ = writeln!(text, "{} {}", org.user_count(), org.application_count());
    for role in org.roles.iter() {
        let _ = writeln!(text, "{:?}", org.holders_of(Granted::Role(role.id)).collect::<Vec<_>>());
    }
    for policy in org.policies.iter() {
        let _ = writeln!(text, "{:?}", org.holders_of(Granted::Policy(policy.id)).collect::<Vec<_>>());
    }
    text
}

#[test]
fn an_import_comes_to_what_ordinary_commands_come_to() {
    for catalog in ["none", "unleash"] {
        let org = founded(catalog);
        for text in [SMALL, &generated(300)] {
            let imported = import(&org, text).unwrap();
            let made = run(&org, commands(text)).unwrap();
            assert_eq!(shown(&imported.org), shown(&made.org), "{catalog}");
            assert_eq!(imported.changes.len(), 1);
            assert!(imported.touched.all);
        }
    }
}

#[test]
fn indexes_are_as_they_would_be_derived_anew() {
    let org = import(&founded("unleash"), SMALL).unwrap().org;
    let mut again = org.clone();
    again.index();
    assert_eq!(shown(&org), shown(&again));
    for org in [org, again] {
        let subject = org.principals().next().unwrap().1.subject.to_string();
        for (id, (number, principal)) in ["u-0", "Юлия", "a-0"].into_iter().zip(org.principals()) {
            assert_eq!(org.find_principal(id).unwrap().0, number);
            assert_eq!(org.find_principal(&principal.subject.to_string()).unwrap().0, number);
        }
        assert!(org.find_principal(&subject).is_some());
        let group = org.group_named("g-0").unwrap();
        assert_eq!(org.group_of_subject(group.subject).unwrap().id, group.id);
        assert_eq!(group.members.len(), 2);
        let role = org.role_named("org-0").unwrap().id;
        assert_eq!(org.holders_of(Granted::Role(role)).count(), 1);
        assert!(org.project_named("p-1").is_some() && org.policy_named("pol-0").is_some());
    }
}

#[test]
fn every_user_of_an_import_holds_each_slot_once() {
    let org = import(&founded("unleash"), SMALL).unwrap().org;
    let default = org.slots.iter().next().unwrap().default;
    let holds = |role: RoleId, holder| org.holders_of(Granted::Role(role)).any(|other| other == holder);
    assert!(org.principals().all(|(id, _)| holds(default, Holder::Principal(id))));
}

#[test]
fn an_environment_that_is_there_already_is_the_same_one() {
    let org = founded("union");
    let before = org.environment_named("staging").unwrap().id;
    let after = import(&org, SMALL).unwrap().org;
    assert_eq!(after.environment_named("STAGING").unwrap().id, before);
    assert_eq!(after.environments.len(), org.environments.len() + 1);
    let role = after.role_named("prj-0").unwrap();
    assert_eq!(role.permits[2].scope.environment, Some(before));
}

#[test]
fn a_project_that_was_only_named_is_made() {
    let org = founded("union");
    let scope = ScopeRef { project: Some("p-1".into()), environment: None };
    let role = org.roles.iter().next().unwrap().name.clone();
    let binding = BindingRef { role: Ref::Name(role), scope };
    let (name, description, attributes) = ("names it".to_owned(), String::new(), Map::new());
    let policy = NewPolicy { name, description, bindings: vec![binding], attributes };
    let named = run(&org, PolicyCommand::Create(policy).into()).unwrap().org;
    assert!(named.project_named("p-1").unwrap().named_only);
    let after = import(&named, SMALL).unwrap().org;
    let made = after.project_named("p-1").unwrap();
    assert_eq!((made.id, made.named_only), (named.project_named("p-1").unwrap().id, false));
    let group = after.group_named("g-0").unwrap();
    assert_eq!(format!("{:?}", group.assignments[0].grant).matches(&format!("{:?}", made.id)).count(), 1);
}

#[test]
fn a_name_or_identifier_that_is_taken_is_refused_with_its_line() {
    let org = import(&founded("none"), SMALL).unwrap().org;
    let refused = |text: &str| {
        let refusal = import(&org, &format!("{{\"t\":\"meta\",\"format\":1}}\n{text}")).expect_err(text);
        assert_eq!(refusal.kind, Kind::Taken);
        refusal.message
    };
    for (kind, id) in
        [("action", "flag.read"), ("role", "PRJ-0"), ("project", "p-0"), ("policy", "pol-0"), ("group", "G-0")]
    {
        let more = match kind {
            "role" => r#","level":"project","permissions":[]"#,
            "policy" => r#","bindings":[]"#,
            _ => "",
        };
        let message = refused(&format!("\n{{\"t\":\"{kind}\",\"id\":\"{id}\"{more}}}"));
        assert!(message.starts_with("line 3: there is already a"), "{message}");
        assert!(message.contains(&format!("{kind} \"{}\"", id.to_lowercase())), "{message}");
    }
    for kind in ["user", "application"] {
        let message = refused(&format!("{{\"t\":\"{kind}\",\"id\":\"new\"}}\n{{\"t\":\"{kind}\",\"id\":\"A-0\"}}"));
        assert_eq!(message, "line 3: another user or application is known as \"A-0\"");
    }
    let message = refused("{\"t\":\"project\",\"id\":\"new\"}\n{\"t\":\"project\",\"id\":\"New\"}");
    assert!(message.starts_with("line 3: the project \"New\" differs"), "{message}");
}

#[test]
fn too_many_environments_are_refused() {
    let many = |count: usize| {
        (0..count).fold(String::from("{\"t\":\"meta\",\"format\":1}\n"), |text, e| {
            format!("{text}{{\"t\":\"environment\",\"id\":\"e-{e}\"}}\n")
        })
    };
    let org = founded("none");
    let room = 200 - org.environments.len();
    assert!(import(&org, &many(room)).is_ok());
    assert_eq!(import(&org, &many(room + 1)).unwrap_err().kind, Kind::TooMany);
}

#[test]
fn an_import_of_nothing_changes_nothing() {
    let decision = import(&founded("none"), "{\"t\":\"meta\",\"format\":1}").unwrap();
    assert!(decision.changes.is_empty());
    assert!(run(&founded("none"), Command::Import(Arc::default())).unwrap().changes.is_empty());
}
