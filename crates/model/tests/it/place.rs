//! Projects and environments: open projects, archiving, order, who creates a project.

use crate::fixture::*;
use crate::word::*;
use rolecall_model::change::Change;
use rolecall_model::command::Command;
use rolecall_model::project::ProjectChange;
use rolecall_model::refusal::Kind;

fn named_only(world: &World, project: &str) -> bool {
    world.org.project_named(project).unwrap().named_only
}

#[test]
fn naming_an_unknown_open_project_registers_it_in_the_same_entry() {
    let mut world = union().with(policy("p", &["Viewer at flytesnacks/production"]));
    assert!(named_only(&world, "flytesnacks"));
    let changes = &world.log.last().unwrap().1;
    assert!(matches!(&changes[..], [Change::Project(ProjectChange::Created(_)), Change::Policy(_)]));
    assert_eq!(world.changes(give("ada", "role Viewer at other")), 2);
    assert_eq!(world.changes(give("ada", "role Viewer at OTHER/staging")), 1, "it is known by now");
    assert_eq!(world.changes(bind("p", &["Viewer at third", "Viewer at Third/staging"])), 2);
    assert_eq!(world.changes(user("bob").given("role Viewer at fourth")), 3);
}

#[test]
fn what_an_open_project_is_named_in_must_be_sound_all_the_same() {
    let world = union();
    world.refuses(policy("p", &["Viewer at new/nowhere"]), Kind::Unknown, "no environment named \"nowhere\"");
    world.refuses(policy("p", &["Viewr at new"]), Kind::Unknown, "did you mean \"Viewer\"?");
    let refusal = world.refusal(give("ada", "role Viewer at a\u{0}b"));
    assert_eq!((refusal.kind, refusal.field.as_str()), (Kind::Invalid, "project"));
    world.refuses(unbind("none", &["Viewer at new"]), Kind::Unknown, "policy");
    world.refuses(role("r", &["view_flyte_inventory at new"]), Kind::Unknown, "no project named \"new\"");
    world.refuses(end("ada", "role Viewer at new"), Kind::Unknown, "no project named \"new\"");
}

#[test]
fn a_closed_project_must_be_there() {
    shop().refuses(give("ada", "role Admin at garden"), Kind::Unknown, "no project named \"garden\"");
}

#[test]
fn a_project_that_was_only_named_can_be_created() {
    let mut world = union().with(give("ada", "role Viewer at snacks"));
    let id = world.org.project_named("snacks").unwrap().id;
    assert_eq!(world.changes(project("snacks")), 1);
    assert!(!named_only(&world, "snacks"));
    assert_eq!(world.org.project_named("snacks").unwrap().id, id);
    world.refuses(project("Snacks"), Kind::Taken, "there is already a project named \"snacks\"");
}

#[test]
fn an_archived_project_takes_no_new_grant() {
    let world = shop().with(role("runner", &["view"])).with(user("bob").given("role runner at blog"));
    let world = world.with(policy("team", &["runner at blog"])).with(group("crew", &[], &[])).with(archive("blog"));
    let grants: Vec<Command> = vec![
        give("bob", "role runner at blog/staging"),
        give("group crew", "role runner at blog"),
        policy("new", &["runner at blog"]),
        bind("team", &["runner at blog/staging"]),
        user("carl").given("role runner at blog").into(),
        application("the bot", &["role runner at blog"]),
        group("new", &[], &["role runner at blog"]),
    ];
    for grant in &grants {
        world.refuses(grant.clone(), Kind::Archived, "the project \"blog\" is archived; restore it");
    }
    // What is there stays, and can be taken away.
    assert_eq!(world.held("bob"), ["role \"runner\" at project \"blog\""]);
    assert!(world.takes(end("bob", "role runner at blog")));
    assert!(world.takes(set_bindings("team", &["runner at blog", "runner at shop"])));
    let world = world.with(restore("blog"));
    assert!(grants.into_iter().all(|grant| world.takes(grant)));
}

#[test]
fn who_creates_a_project_gets_what_the_catalog_says() {
    let world = shop().by("ada").with(project("garden"));
    assert_eq!(world.held("ada"), ["policy \"Admin\"", "role \"Maintainer\" at project \"garden\""]);
    let world = shop().with(project("garden"));
    assert_eq!(world.held("ada"), ["policy \"Admin\""], "the installation itself gets nothing");
}

#[test]
fn environments_keep_the_order_given() {
    let order_of = |world: &World| -> Vec<String> {
        let order = world.org.environment_order().iter();
        order.map(|id| world.org.environment(*id).unwrap().name.to_string()).collect()
    };
    let world = shop().with(environment("demo"));
    assert_eq!(order_of(&world), ["development", "staging", "production", "demo"]);
    let world = world.with(order(&["demo", "production", "development", "staging"]));
    assert_eq!(order_of(&world), ["demo", "production", "development", "staging"]);
    let world = world.with(delete_environment("development")).with(environment("last"));
    assert_eq!(order_of(&world), ["demo", "production", "staging", "last"]);
    world.refuses(order(&["demo", "production"]), Kind::Invalid, "must name every environment; \"staging\" is missing");
    world.refuses(order(&["demo", "demo"]), Kind::Invalid, "stands twice");
}

#[test]
fn numbers_are_never_used_again() {
    let world = shop().with(environment("e")).with(project("p")).with(role("r", &[])).with(policy("q", &[]));
    let world = world.with(group("g", &[], &[])).with(action("a", &[])).with(user("bob")).with(token(5, "ada"));
    let numbers = |world: &World| {
        let org = &world.org;
        [
            org.environment_named("e").unwrap().id.number(),
            org.project_named("p").unwrap().id.number(),
            org.role_named("r").unwrap().id.number(),
            org.policy_named("q").unwrap().id.number(),
            org.group_named("g").unwrap().id.number(),
            org.action_named("a").unwrap().id.number(),
            org.find_principal("bob@example.com").unwrap().0.number(),
            org.tokens.iter().last().unwrap().id.number(),
        ]
    };
    let before = numbers(&world);
    let world = world.with(delete_environment("e")).with(delete_project("p")).with(delete_role("r"));
    let world = world.with(delete_policy("q")).with(delete_group("g")).with(delete_action("a"));
    let world = world.with(delete_user("bob")).with(revoke(5));
    // Also not after the state was written and read.
    let mut world = world;
    world.org = postcard::from_bytes(&bytes(&world.org)).unwrap();
    world.org.index();
    let world = world.with(environment("e")).with(project("p")).with(role("r", &[])).with(policy("q", &[]));
    let world = world.with(group("g", &[], &[])).with(action("a", &[])).with(user("bob")).with(token(6, "ada"));
    let after = numbers(&world);
    assert!(before.iter().zip(after).all(|(before, after)| after == before + 1), "{before:?} {after:?}");
}
