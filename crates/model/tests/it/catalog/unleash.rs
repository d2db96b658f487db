//! Unleash's catalog against the tables of a fresh server.

use super::{includes, organization, permits, read, role, sorted};
use rolecall_model::action::Level;
use rolecall_model::catalog::CatalogRole;
use rolecall_model::organization::{NameRule, ProjectRule};
use rolecall_model::role::Bindable;
use serde_json::json;

/// Root permissions: number, name, display name, and whether an Editor holds them.
const ROOT: &str = "
    1  | ADMIN                        | Admin                                | -
    4  | CREATE_ADDON                 | Create addons                        | E
    6  | UPDATE_ADDON                 | Update addons                        | E
    5  | DELETE_ADDON                 | Delete addons                        | E
    57 | READ_FRONTEND_API_TOKEN      | Read Frontend tokens                 | E
    54 | CREATE_FRONTEND_API_TOKEN    | Create Frontend tokens               | -
    55 | UPDATE_FRONTEND_API_TOKEN    | Update Frontend tokens               | -
    56 | DELETE_FRONTEND_API_TOKEN    | Delete Frontend tokens               | -
    53 | READ_CLIENT_API_TOKEN        | Read Backend tokens                  | E
    50 | CREATE_CLIENT_API_TOKEN      | Create Backend tokens                | -
    51 | UPDATE_CLIENT_API_TOKEN      | Update Backend tokens                | -
    52 | DELETE_CLIENT_API_TOKEN      | Delete Backend tokens                | -
    9  | UPDATE_APPLICATION           | Update applications                  | E
    18 | CREATE_CONTEXT_FIELD         | Create context fields                | E
    17 | UPDATE_CONTEXT_FIELD         | Update context fields                | E
    19 | DELETE_CONTEXT_FIELD         | Delete context fields                | E
    12 | CREATE_PROJECT               | Create projects                      | E
    20 | READ_ROLE                    | Read roles                           | -
    31 | CREATE_SEGMENT               | Create segments                      | E
    32 | UPDATE_SEGMENT               | Edit segments                        | E
    33 | DELETE_SEGMENT               | Delete segments                      | E
    3  | CREATE_STRATEGY              | Create activation strategies         | E
    15 | UPDATE_STRATEGY              | Update strategies                    | E
    16 | DELETE_STRATEGY              | Delete strategies                    | E
    59 | CREATE_TAG_TYPE              | Create tag types                     | E
    10 | UPDATE_TAG_TYPE              | Update tag types                     | E
    11 | DELETE_TAG_TYPE              | Delete tag types                     | E
    70 | RELEASE_PLAN_TEMPLATE_CREATE | Create release plan template         | E
    71 | RELEASE_PLAN_TEMPLATE_UPDATE | Update release plan template         | E
    72 | RELEASE_PLAN_TEMPLATE_DELETE | Delete release plan template         | -
    73 | UPDATE_MAINTENANCE_MODE      | Change maintenance mode state        | -
    74 | UPDATE_INSTANCE_BANNERS      | Change instance banners              | -
    75 | UPDATE_AUTH_CONFIGURATION    | Change authentication settings (SSO) | -
    76 | READ_LOGS                    | Read instance logs and login history | -
    77 | UPDATE_CORS                  | Update CORS settings                 | -
";

/// Project permissions, and which of Editor, Owner and Member hold them.
const PROJECT: &str = "
    13 | UPDATE_PROJECT                  | Update project                                                   | EO
    60 | PROJECT_USER_ACCESS_READ        | View only access to Project User Access                          | -
    64 | PROJECT_USER_ACCESS_WRITE       | Write access to Project User Access                              | -
    61 | PROJECT_DEFAULT_STRATEGY_READ   | View only access to default strategy configuration for project   | -
    65 | PROJECT_DEFAULT_STRATEGY_WRITE  | Write access to default strategy configuration for project       | -
    62 | PROJECT_CHANGE_REQUEST_READ     | View only access to change request configuration for project     | -
    66 | PROJECT_CHANGE_REQUEST_WRITE    | Write access to change request configuration for project         | -
    63 | PROJECT_SETTINGS_READ           | View only access to project settings                             | -
    67 | PROJECT_SETTINGS_WRITE          | Write access to project settings                                 | -
    14 | DELETE_PROJECT                  | Delete project                                                   | EO
    2  | CREATE_FEATURE                  | Create feature flags                                             | EOM
    7  | UPDATE_FEATURE                  | Update feature flags                                             | EOM
    8  | DELETE_FEATURE                  | Delete feature flags                                             | EOM
    30 | MOVE_FEATURE_TOGGLE             | Change feature flag project                                      | EO
    29 | UPDATE_FEATURE_VARIANTS         | Create/edit variants                                             | EOM
    58 | UPDATE_FEATURE_DEPENDENCY       | Update feature dependency                                        | EOM
    42 | READ_PROJECT_API_TOKEN          | Read api tokens for a specific project                           | EOM
    43 | CREATE_PROJECT_API_TOKEN        | Create api tokens for a specific project                         | EOM
    44 | DELETE_PROJECT_API_TOKEN        | Delete api tokens for a specific project                         | EOM
    45 | UPDATE_PROJECT_SEGMENT          | Create/edit project segment                                      | O
    78 | UPDATE_PROJECT_CONTEXT          | Create/edit project context                                      | O
    79 | UPDATE_PROJECT_RELEASE_TEMPLATE | Create/edit project release template                             | O
";

/// Environment permissions, likewise.
const ENVIRONMENT: &str = "
    25 | CREATE_FEATURE_STRATEGY             | Create activation strategies   | EOM
    26 | UPDATE_FEATURE_STRATEGY             | Update activation strategies   | EOM
    27 | DELETE_FEATURE_STRATEGY             | Delete activation strategies   | EOM
    28 | UPDATE_FEATURE_ENVIRONMENT          | Enable/disable flags           | EOM
    37 | UPDATE_FEATURE_ENVIRONMENT_VARIANTS | Update variants                | EOM
    35 | APPROVE_CHANGE_REQUEST              | Approve/Reject change requests | -
    36 | APPLY_CHANGE_REQUEST                | Apply change requests          | -
    38 | SKIP_CHANGE_REQUEST                 | Skip change request process    | -
";

struct Row {
    number: u32,
    name: &'static str,
    title: &'static str,
    holders: &'static str,
}

fn rows(table: &'static str) -> Vec<Row> {
    let lines = table.lines().map(str::trim).filter(|line| !line.is_empty());
    lines
        .map(|line| {
            let cells: Vec<_> = line.split('|').map(str::trim).collect();
            Row { number: cells[0].parse().unwrap(), name: cells[1], title: cells[2], holders: cells[3] }
        })
        .collect()
}

/// The names that a holder has in a table, each with `suffix`.
fn held(table: &'static str, holder: char, suffix: &str) -> Vec<String> {
    let rows = rows(table).into_iter().filter(|row| row.holders.contains(holder));
    rows.map(|row| format!("{}{suffix}", row.name)).collect()
}

#[test]
fn unleash_has_every_permission_with_its_number_display_name_and_level() {
    let unleash = read("unleash");
    let tables = [
        (ROOT, Level::Organization, "root"),
        (PROJECT, Level::Project, "project"),
        (ENVIRONMENT, Level::Environment, "environment"),
    ];
    let expected: Vec<_> = tables
        .into_iter()
        .flat_map(|(table, level, kind)| rows(table).into_iter().map(move |row| (row, level, kind)))
        .collect();
    assert_eq!(unleash.actions.len(), expected.len());
    for (action, (row, level, kind)) in unleash.actions.iter().zip(expected) {
        assert_eq!((action.name.as_str(), action.title.as_str()), (row.name, row.title));
        assert_eq!((action.number, action.level), (Some(row.number), level), "{}", row.name);
        assert_eq!(action.attributes.get("unleash"), Some(&json!({ "id": row.number, "type": kind })));
        assert!(!action.description.is_empty() && !action.category.is_empty(), "{}", row.name);
    }
}

#[test]
fn an_editor_has_its_root_permissions_everywhere_and_the_others_in_the_default_project() {
    let mut expected = held(ROOT, 'E', "");
    expected.extend(held(PROJECT, 'E', "@default"));
    expected.extend(held(ENVIRONMENT, 'E', "@default"));
    assert_eq!(permits(role(&read("unleash"), "Editor")), sorted(expected));
}

#[test]
fn an_owner_has_its_permissions_and_may_give_anything_in_its_project() {
    let mut expected = held(PROJECT, 'O', "");
    expected.extend(held(ENVIRONMENT, 'O', ""));
    expected.push("rolecall.assignments.escalate".to_owned());
    assert_eq!(permits(role(&read("unleash"), "Owner")), sorted(expected));
}

#[test]
fn a_member_has_exactly_its_permissions() {
    let mut expected = held(PROJECT, 'M', "");
    expected.extend(held(ENVIRONMENT, 'M', ""));
    assert_eq!(permits(role(&read("unleash"), "Member")), sorted(expected));
}

#[test]
fn an_admin_holds_admin_alone_which_includes_everything_and_viewer_and_reader_hold_nothing() {
    let unleash = read("unleash");
    assert_eq!(permits(role(&unleash, "Admin")), ["ADMIN"]);
    assert_eq!(includes(&unleash, "ADMIN"), ["*"]);
    assert!(permits(role(&unleash, "Viewer")).is_empty());
    assert!(permits(role(&unleash, "Reader")).is_empty());
}

#[test]
fn unleashs_predefined_roles_have_their_numbers_types_and_places() {
    let unleash = read("unleash");
    let known: Vec<&CatalogRole> = unleash.roles.iter().filter(|r| !r.attributes.is_empty()).collect();
    let names: Vec<_> = known.iter().map(|role| role.name.as_str()).collect();
    assert_eq!(names, ["Admin", "Editor", "Viewer", "Owner", "Member", "Reader"]);
    for (number, role) in (1..).zip(known) {
        let root = number <= 3;
        let kind = if root { "root" } else { "project" };
        assert_eq!(role.number, Some(number));
        assert_eq!(role.attributes.get("unleash"), Some(&json!({ "type": kind })));
        assert_eq!(role.bindable, if root { Bindable::Organization } else { Bindable::Project });
        assert_eq!(role.slot.as_deref(), root.then_some("root"));
    }
}

#[test]
fn everyone_has_one_root_role_and_is_a_viewer_when_given_none() {
    let slots = read("unleash").slots;
    assert_eq!(slots.len(), 1);
    assert_eq!((slots[0].name.as_str(), slots[0].default.as_str()), ("root", "Viewer"));
}

#[test]
fn updating_the_project_includes_the_eight_finer_permissions_but_not_deleting_it() {
    let unleash = read("unleash");
    let finer = rows(PROJECT).into_iter().filter(|row| row.name.starts_with("PROJECT_"));
    let mut expected: Vec<_> = finer.map(|row| row.name.to_owned()).collect();
    assert_eq!(expected.len(), 8);
    expected.push("rolecall.projects.write".to_owned());
    assert_eq!(includes(&unleash, "UPDATE_PROJECT"), sorted(expected));

    let org = organization(&unleash);
    let id = |name| org.action_named(name).unwrap().id;
    assert!(org.closure().includes(id("UPDATE_PROJECT"), id("rolecall.assignments.write")));
    assert!(!org.closure().includes(id("UPDATE_PROJECT"), id("DELETE_PROJECT")));
    assert!(!org.closure().includes(id("PROJECT_SETTINGS_WRITE"), id("PROJECT_SETTINGS_READ")));
}

#[test]
fn permissions_over_what_rolecall_keeps_include_its_own_actions() {
    let unleash = read("unleash");
    for (action, own) in [
        ("CREATE_PROJECT", "rolecall.projects.create"),
        ("DELETE_PROJECT", "rolecall.projects.delete"),
        ("PROJECT_USER_ACCESS_READ", "rolecall.assignments.read"),
        ("PROJECT_USER_ACCESS_WRITE", "rolecall.assignments.write"),
        ("PROJECT_CHANGE_REQUEST_WRITE", "rolecall.projects.write"),
        ("PROJECT_SETTINGS_WRITE", "rolecall.projects.write"),
        ("READ_ROLE", "rolecall.roles.read"),
        ("READ_LOGS", "rolecall.audit.read"),
    ] {
        assert_eq!(includes(&unleash, action), [own]);
    }
    let signing_in = ["rolecall.providers.read", "rolecall.providers.write", "rolecall.settings.write"];
    assert_eq!(includes(&unleash, "UPDATE_AUTH_CONFIGURATION"), signing_in);
    let with_any = unleash.actions.iter().filter(|action| !action.includes.is_empty());
    assert_eq!(with_any.count(), 11, "and ADMIN and UPDATE_PROJECT");
}

#[test]
fn every_user_of_unleash_may_view_every_project_but_neither_users_nor_roles_groups_or_tokens() {
    let unleash = read("unleash");
    assert_eq!(unleash.everyone.len(), 1);
    let binding = &unleash.everyone[0];
    assert_eq!((&binding.project, &binding.environment), (&None, &None));
    let everyone = permits(role(&unleash, &binding.role));
    assert_eq!(everyone, ["rolecall.actions.read", "rolecall.environments.read", "rolecall.projects.read"]);
}

#[test]
fn whoever_creates_a_project_in_unleash_owns_it() {
    assert_eq!(read("unleash").creator, ["Owner"]);
}

#[test]
fn unleash_has_a_default_project_that_stays_two_environments_and_exact_names() {
    let unleash = read("unleash");
    let environments: Vec<_> = unleash.environments.iter().map(|e| e.name.as_str()).collect();
    assert_eq!(environments, ["development", "production"]);
    let projects: Vec<_> = unleash.initial_projects.iter().map(|p| (p.name.as_str(), p.protected)).collect();
    assert_eq!(projects, [("default", true)]);
    assert_eq!((unleash.names, unleash.projects), (NameRule::Exact, ProjectRule::Closed));
}
