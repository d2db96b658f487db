//! Nothing refers to what is not there: what is named cannot be deleted, what goes takes along what
//! hangs on it, and an unknown name is refused with the nearest known one.

use crate::fixture::*;
use crate::word::*;
use rolecall_model::command::Command;
use rolecall_model::refusal::Kind;

#[test]
fn a_role_that_a_policy_binds_cannot_be_deleted() {
    let world = shop().with(role("runner", &["view"])).with(policy("team", &["runner at shop/production"]));
    world.refuses(delete_role("runner"), Kind::InUse, "is bound by policy \"team\"");
    assert_eq!(world.refusal(delete_role("runner")).details, ["policy \"team\""]);
    assert!(world.clone().with(delete_policy("team")).takes(delete_role("runner")));
    assert!(world.with(unbind("team", &["runner at shop/production"])).takes(delete_role("runner")));
}

#[test]
fn a_role_that_somebody_holds_cannot_be_deleted() {
    let world = shop().with(role("runner", &["view"])).with(user("bob").given("role runner at shop"));
    world.refuses(delete_role("runner"), Kind::InUse, "is held by user \"bob@example.com\"");
    let world = world.with(group("team", &[], &["role runner at blog"]));
    world.refuses(delete_role("runner"), Kind::InUse, "is held by 2 subjects");
    let world = world.with(end("bob", "role runner at shop")).with(delete_group("team"));
    assert!(world.takes(delete_role("runner")));
}

#[test]
fn an_action_that_is_used_cannot_be_deleted() {
    let world = shop().with(action("peek", &[]));
    assert!(world.takes(delete_action("peek")));
    let uses: [(Command, &str); 4] = [
        (role("peeker", &["peek at shop"]), "role \"peeker\""),
        (action("stare", &["peek"]), "action \"stare\""),
        (resource_type("shelf", &["peek"]), "resource type \"shelf\""),
        (token(5, "ada").but(|t| t.actions = Some(vec!["peek".into()])).into(), "token \"tok_"),
    ];
    for (uses, words) in uses {
        let world = world.clone().with(uses);
        world.refuses(delete_action("peek"), Kind::InUse, words);
    }
}

#[test]
fn a_place_that_is_named_cannot_be_deleted() {
    let world = shop().with(role("runner", &["view"]));
    let uses: Vec<(Command, Command, &str)> = vec![
        (role("there", &["view at blog"]), delete_project("blog"), "role \"there\""),
        (policy("there", &["runner at blog"]), delete_project("blog"), "policy \"there\""),
        (token(5, "ada").but(|t| t.scope = scope("blog")).into(), delete_project("blog"), "token \"tok_"),
        (role("there", &["view at */staging"]), delete_environment("staging"), "role \"there\""),
        (policy("there", &["runner at */staging"]), delete_environment("staging"), "policy \"there\""),
        (
            give("ada", "role runner at blog/staging"),
            delete_environment("staging"),
            "an assignment of user \"ada@example.com\"",
        ),
        (group("g", &[], &["role runner at */staging"]), delete_environment("staging"), "an assignment of group \"g\""),
        (token(5, "ada").but(|t| t.scope = scope("*/staging")).into(), delete_environment("staging"), "token \"tok_"),
    ];
    for (use_it, delete, words) in uses {
        assert!(world.takes(delete.clone()));
        world.clone().with(use_it).refuses(delete, Kind::InUse, words);
    }
}

#[test]
fn what_everyone_has_somewhere_keeps_that_place() {
    let yaml = "
name: test
environments: [{name: one}, {name: two}]
initial_projects: [{name: here}, {name: there}]
actions: [{name: view, level: environment}]
roles:
  - {name: Admin, bindable: anywhere, permits: ['*']}
  - {name: Viewer, bindable: anywhere, permits: [view]}
everyone: [{role: Viewer, project: here, environment: one}]
administrator: {role: Admin}
";
    let world = World::of(&rolecall_model::catalog::Catalog::read(yaml).unwrap());
    world.refuses(delete_environment("one"), Kind::InUse, "what everyone has");
    world.refuses(delete_project("here"), Kind::InUse, "what everyone has");
    assert!(world.takes(delete_environment("two")) && world.takes(delete_project("there")));
}

#[test]
fn deleting_a_project_takes_the_assignments_there_away() {
    let world = shop().with(role("runner", &["view"])).with(group(
        "team",
        &[],
        &["role runner at blog/staging", "role runner"],
    ));
    let mut world = world.with(user("bob").given("role runner at blog").given("role runner at shop"));
    // A deletion is one word; the cascade is carried by whoever applies it.
    assert_eq!(world.changes(delete_project("blog")), 1);
    assert_eq!(world.held("bob"), ["role \"runner\" at project \"shop\""]);
    assert_eq!(world.held("group team"), ["role \"runner\" at the organization"]);
}

#[test]
fn deleting_a_policy_takes_it_from_all_who_have_it() {
    let world = shop().with(policy("team", &["Maintainer at shop"])).with(user("bob").given("policy team"));
    let world = world.with(group("g", &["bob"], &["policy team"])).with(application("the bot", &["policy team"]));
    let mut world = world;
    assert_eq!(world.changes(delete_policy("team")), 1);
    assert!(world.held("bob").is_empty() && world.held("group g").is_empty() && world.held("the-bot").is_empty());
}

#[test]
fn deleting_a_user_takes_memberships_assignments_and_tokens_away() {
    let world = shop().with(role("runner", &["view"])).with(user("bob").given("role runner"));
    let world = world.with(group("team", &["bob", "ada"], &[])).with(token(5, "bob")).with(delete_user("bob"));
    assert_eq!(world.members("team"), ["ada@example.com"]);
    assert!(world.org.tokens.is_empty());
    assert!(world.takes(delete_role("runner")));
    world.refuses(delete_user("bob"), Kind::Unknown, "no user is known as \"bob@example.com\"");
}

#[test]
fn deleting_a_group_takes_its_memberships_away() {
    let world = shop().with(group("team", &["ada"], &["role Maintainer at shop"])).with(delete_group("team"));
    let (_, ada) = world.org.find_principal("ada@example.com").unwrap();
    assert!(ada.memberships.is_empty());
}

#[test]
fn an_unknown_name_is_refused_with_the_nearest_known_one() {
    let world = shop().with(role("Editor", &["view"])).with(policy("Team", &[])).with(group("Crew", &[], &[]));
    let asked: Vec<(Command, &str, &str)> = vec![
        (give("ada", "role Edtor at shop"), "role", "no role named \"Edtor\"; did you mean \"Editor\"?"),
        (give("ada", "policy Taem"), "policy", "did you mean \"Team\"?"),
        (give("ada", "role Editor at shp"), "project", "did you mean \"shop\"?"),
        (give("ada", "role Editor at shop/prodution"), "environment", "did you mean \"production\"?"),
        (role("r", &["view", "veiw"]), "permits[1].action", "did you mean \"view\"?"),
        (role("r", &["view at shop/stagin"]), "permits[0].environment", "did you mean \"staging\"?"),
        (policy("p", &["Editor at blgo"]), "bindings[0].project", "did you mean \"blog\"?"),
        (policy("p", &["Admn"]), "bindings[0].role", "did you mean \"Admin\"?"),
        (join("Crw", "ada"), "group", "did you mean \"Crew\"?"),
        (user("bob").in_group("crow").into(), "groups[0]", "did you mean \"Crew\"?"),
        (user("bob").given("role Editr").into(), "grants[0].role", "did you mean \"Editor\"?"),
        (action("a", &["deplyo"]), "includes[0]", "did you mean \"deploy\"?"),
        (slot("ada", "rot", Some("Editor")), "slot", "no slot named \"rot\""),
        (delete_project("blgo"), "project", "did you mean \"blog\"?"),
        (order(&["prodction", "staging", "development"]), "order[0]", "did you mean \"production\"?"),
        (resource_type("x", &["veiw"]), "actions[0]", "did you mean \"view\"?"),
        (role("r", &["zzzzzzzzz"]), "permits[0].action", "no action named \"zzzzzzzzz\""),
    ];
    for (command, field, words) in asked {
        let refusal = world.refusal(command);
        assert_eq!((refusal.kind, refusal.field.as_str()), (Kind::Unknown, field), "{refusal}");
        assert!(refusal.message.ends_with(words), "{refusal} does not end with {words}");
    }
}

#[test]
fn an_unknown_subject_is_refused() {
    let world = shop().with(application("the bot", &[]));
    world.refuses(
        give("nobody", "policy Admin"),
        Kind::Unknown,
        "no user or application is known as \"nobody@example.com\"",
    );
    world.refuses(join("none", "ada"), Kind::Unknown, "no group named \"none\"");
    let world = world.with(group("team", &[], &[]));
    world.refuses(join("team", "the-bot"), Kind::Unknown, "\"the-bot\" is an application, not a user");
    world.refuses(
        delete_application("ada@example.com"),
        Kind::Unknown,
        "\"ada@example.com\" is a user, not an application",
    );
    world.refuses(delete_user("the-bot"), Kind::Unknown, "is an application, not a user");
}

#[test]
fn the_target_of_a_command_is_told_from_what_it_names() {
    let world = shop();
    assert!(world.refusal(delete_role("none")).target);
    assert!(!world.refusal(give("ada", "role none")).target);
}
