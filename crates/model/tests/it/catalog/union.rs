//! Union's catalog against what its documents and its client say.

use super::{includes, permits, read, role, sorted};
use rolecall_model::action::Level::{self, Environment, Organization, Project};
use rolecall_model::organization::{NameRule, ProjectRule};
use rolecall_model::role::Bindable;
use serde_json::json;

/// The client's enum `Action`, without the numbers that cannot be put into a role.
const ACTIONS: [(u32, &str, Level); 19] = [
    (5, "view_flyte_inventory", Environment),
    (6, "view_flyte_executions", Environment),
    (7, "register_flyte_inventory", Environment),
    (8, "create_flyte_executions", Environment),
    (9, "administer_project", Project),
    (10, "manage_permissions", Organization),
    (11, "administer_account", Organization),
    (12, "manage_cluster", Organization),
    (13, "edit_execution_related_attributes", Environment),
    (14, "edit_cluster_related_attributes", Environment),
    (15, "edit_unused_attributes", Environment),
    (16, "support_system_logs", Organization),
    (17, "view_identities", Organization),
    (18, "manage_tenant", Organization),
    (19, "manage_queue", Organization),
    (20, "view_cluster_config", Organization),
    (21, "view_llm_gateway", Organization),
    (22, "manage_llm_gateway", Organization),
    (23, "manage_llm_gateway_keys", Organization),
];

#[test]
fn union_has_every_action_of_the_client_with_its_number() {
    let union = read("union");
    let found: Vec<_> = union.actions.iter().map(|a| (a.number.unwrap(), a.name.as_str(), a.level)).collect();
    assert_eq!(found, ACTIONS);
    for action in &union.actions {
        assert_eq!(action.attributes.get("union"), Some(&json!({ "number": action.number })));
        assert!(!action.description.is_empty() && !action.category.is_empty(), "{}", action.name);
    }
}

#[test]
fn unions_built_in_roles_hold_what_the_document_says() {
    let union = read("union");
    let expected: [(&str, u32, &[&str]); 3] = [
        ("Admin", 1, &["*"]),
        (
            "Contributor",
            2,
            &["create_flyte_executions", "register_flyte_inventory", "view_flyte_executions", "view_flyte_inventory"],
        ),
        ("Viewer", 3, &["view_flyte_executions", "view_flyte_inventory"]),
    ];
    for (name, number, actions) in expected {
        let role = role(&union, name);
        assert_eq!(permits(role), actions);
        assert_eq!((role.number, role.bindable), (Some(number), Bindable::Anywhere));
        assert_eq!(role.attributes.get("union"), Some(&json!({ "role_type": number })));
    }
}

#[test]
fn each_of_unions_built_in_policies_binds_its_role_to_the_whole_organization() {
    let union = read("union");
    let names: Vec<_> = union.policies.iter().map(|policy| policy.name.as_str()).collect();
    assert_eq!(names, ["Admin", "Contributor", "Viewer"]);
    for policy in &union.policies {
        let [binding] = policy.bindings.as_slice() else { panic!("{} has one binding", policy.name) };
        assert_eq!(binding.role, policy.name);
        assert_eq!((&binding.project, &binding.environment), (&None, &None));
    }
}

#[test]
fn union_has_its_three_domains_folded_names_and_open_projects() {
    let union = read("union");
    let domains: Vec<_> = union.environments.iter().map(|e| e.name.as_str()).collect();
    assert_eq!(domains, ["development", "staging", "production"]);
    assert_eq!((union.names, union.projects), (NameRule::Folded, ProjectRule::Open));
}

#[test]
fn managing_permissions_in_union_includes_users_applications_and_assignments() {
    let own = [
        "access.check",
        "access.read",
        "actions.read",
        "applications.read",
        "applications.write",
        "assignments.grant",
        "assignments.read",
        "assignments.write",
        "environments.read",
        "groups.read",
        "policies.read",
        "projects.read",
        "roles.read",
        "tokens.read",
        "tokens.write",
        "users.read",
        "users.write",
    ];
    let union = read("union");
    let own = sorted(own.map(|name| format!("rolecall.{name}")));
    assert_eq!(includes(&union, "manage_permissions"), own);
    assert_eq!(includes(&union, "administer_project"), ["rolecall.projects.read", "rolecall.projects.write"]);
}

#[test]
fn whoever_has_no_policy_in_union_sees_no_more_than_the_names_of_domains_and_actions() {
    let union = read("union");
    assert_eq!(union.everyone.len(), 1);
    let everyone = role(&union, &union.everyone[0].role);
    assert_eq!(permits(everyone), ["rolecall.actions.read", "rolecall.environments.read"]);
}
