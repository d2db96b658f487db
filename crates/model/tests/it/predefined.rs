//! A predefined noun never changes; nothing refers to what is not there.

use crate::fixture::*;
use crate::word::*;
use rolecall_model::change::Change;
use rolecall_model::command::{Command, Ref};
use rolecall_model::refusal::Kind;
use rolecall_model::resource_type::{ResourceTypeCommand, Stands};
use rolecall_model::user::NewUser;

#[test]
fn a_predefined_noun_never_changes() {
    let kind = || Ref::from("cart");
    let commands: Vec<Command> = vec![
        change_role("Admin", |p| p.name = Some("Boss".into())),
        change_role("Admin", |p| p.description = Some("other".into())),
        set_permits("Maintainer", &["view"]),
        permit_more("Maintainer", &["view"]),
        withdraw("Admin", &["*"]),
        delete_role("Admin"),
        change_policy("Admin", |p| p.name = Some("Boss".into())),
        set_bindings("Admin", &[]),
        bind("Admin", &["Maintainer at shop"]),
        unbind("Admin", &["Admin"]),
        delete_policy("Admin"),
        set_includes("deploy", &[]),
        set_includes("rolecall.users.write", &["view"]),
        set_includes("*", &["view"]),
        delete_action("view"),
        delete_action("*"),
        delete_action("rolecall.users.write"),
        ResourceTypeCommand::Delete(kind()).into(),
        ResourceTypeCommand::Change { target: kind(), stands: Some(Stands::ForProject), actions: None }.into(),
        ResourceTypeCommand::Delete("project".into()).into(),
        delete_environment("production"),
        archive("shop"),
        delete_project("shop"),
    ];
    for actor in ["the installation", "ada"] {
        let world = shop().by(actor);
        for command in &commands {
            let refusal = world.refusal(command.clone());
            assert_eq!(refusal.kind, Kind::Predefined, "{command:?}: {refusal}");
            assert!(refusal.message.contains("comes with the catalog"), "{refusal}");
        }
    }
}

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
        (give("ada", "role runner at blog/staging"), delete_environment("staging"), "an assignment of user \"ada@example.com\""),
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
    let world = shop().with(role("runner", &["view"])).with(group("team", &[], &["role runner at blog/staging", "role runner"]));
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
    world.refuses(give("nobody", "policy Admin"), Kind::Unknown, "no user or application is known as \"nobody@example.com\"");
    world.refuses(join("none", "ada"), Kind::Unknown, "no group named \"none\"");
    let world = world.with(group("team", &[], &[]));
    world.refuses(join("team", "the-bot"), Kind::Unknown, "\"the-bot\" is an application, not a user");
    world.refuses(delete_application("ada@example.com"), Kind::Unknown, "\"ada@example.com\" is a user, not an application");
    world.refuses(delete_user("the-bot"), Kind::Unknown, "is an application, not a user");
}

#[test]
fn the_target_of_a_command_is_told_from_what_it_names() {
    let world = shop();
    assert!(world.refusal(delete_role("none")).target);
    assert!(!world.refusal(give("ada", "role none")).target);
}

#[test]
fn a_command_without_effect_writes_nothing() {
    let mut world = shop().with(role("runner", &["view"])).with(policy("team", &["runner at shop"]));
    world = world.with(user("bob").given("policy team")).with(group("crew", &["bob", "ada"], &["policy team"]));
    let before = bytes(&world.org);
    let idle: Vec<Command> = vec![
        give("bob", "policy team"),
        join("crew", "bob"),
        set_permits("runner", &["view", "view"]),
        permit_more("runner", &["view"]),
        withdraw("runner", &["deploy"]),
        bind("team", &["runner at shop"]),
        unbind("team", &["runner at blog"]),
        set_bindings("team", &["runner at shop"]),
        set_members("crew", &["bob", "ada"]),
        change_user("bob", |p| (p.active, p.email) = (Some(true), Some(Some("BOB@example.com".into())))),
        change_user("bob", |p| p.password = Some(false)),
        order(&["development", "staging", "production"]),
        restore("shop"),
        sso_names("crew", &[]),
        Command::Batch(vec![give("bob", "policy team"), join("crew", "ada")]),
        Command::Batch(Vec::new()),
    ];
    for command in idle {
        assert_eq!(world.changes(command.clone()), 0, "{command:?}");
        assert_eq!(before, bytes(&world.org), "{command:?}");
    }
}

#[test]
fn a_batch_is_all_or_nothing_and_sees_what_it_did() {
    let mut world = shop();
    let good = vec![role("r", &["view"]), policy("p", &["r at shop"]), user("bob").given("policy p").into()];
    assert_eq!(world.clone().changes(Command::Batch(good.clone())), 4);
    let bad = [good, vec![give("bob", "policy none")]].concat();
    let refusal = world.refusal(Command::Batch(bad));
    assert_eq!((refusal.field.as_str(), refusal.kind), ("commands[3].policy", Kind::Unknown));
    assert_eq!(world.changes(Command::Batch(vec![Command::Batch(vec![role("r", &[])])])), 1);
}

#[test]
fn too_much_at_once_is_refused() {
    let world = shop().with(role("r", &["view"]));
    let many: Vec<String> = (0..1_001).map(|i| format!("r at shop{i}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    world.refuses(policy("p", &many), Kind::TooMany, "at most 1000 bindings; this one would have 1001");
    world.refuses(role("q", &vec!["view"; 2_001]), Kind::TooMany, "at most 2000 permits");
    let endless: Vec<Command> = vec![Command::Batch(Vec::new()); 100_001];
    world.refuses(Command::Batch(endless), Kind::TooMany, "100001 changes are too many");
}

#[test]
fn includes_never_go_in_a_circle() {
    let world = shop().with(action("a", &[])).with(action("b", &["a"])).with(action("c", &["b"]));
    world.refuses(set_includes("a", &["c"]), Kind::Invalid, "\"c\" includes \"a\" already");
    world.refuses(set_includes("a", &["a"]), Kind::Invalid, "includes \"a\" already");
    world.refuses(set_includes("a", &["*"]), Kind::Invalid, "\"*\" includes \"a\" already");
}

#[test]
fn a_role_for_projects_holds_nothing_of_the_organization() {
    let world = shop();
    world.refuses(role_for_projects("r", &["bill"]), Kind::Invalid, "\"bill\" is an action of the organization");
    world.refuses(role_for_projects("r", &["view at shop"]), Kind::Invalid, "leave the project out of its permits");
    let world = world.with(role_for_projects("r", &["view at */production"]));
    world.refuses(permit_more("r", &["bill"]), Kind::Invalid, "is an action of the organization");
    world.refuses(give("ada", "role r"), Kind::Invalid, "is for projects; name the project");
    world.refuses(give("ada", "role r at */production"), Kind::Invalid, "is for projects; name the project");
    world.refuses(policy("p", &["r"]), Kind::Invalid, "is for projects; name the project");
    assert!(world.takes(give("ada", "role r at shop/staging")));
    let refusal = world.refusal(give("ada", "role r"));
    assert_eq!(refusal.field, "project");
}

#[test]
fn a_role_of_the_organization_is_bound_nowhere_else() {
    let world = unleash().with(project("shop")).with(role_of_slot("Auditor", "root", &["READ_LOGS"]));
    world.refuses(give("ada", "role Auditor at shop"), Kind::Invalid, "is for the organization; leave the project out");
    world.refuses(give("ada", "role Auditor at */production"), Kind::Invalid, "leave the scope out");
    world.refuses(policy("p", &["Auditor"]), Kind::Invalid, "belongs to the slot \"root\"");
}

#[test]
fn an_organization_is_made_once_and_first() {
    let world = shop();
    let again = Command::Found(Box::new(rolecall_model::organization::NewOrganization {
        id: rolecall_model::id::OrganizationId::new(9),
        name: "again".into(),
        title: String::new(),
        catalog: std::sync::Arc::default(),
    }));
    world.refuses(again, Kind::NotNow, "has been made already");
    let mut empty = world.clone();
    empty.org = rolecall_model::Org::empty();
    let user = rolecall_model::user::UserCommand::Create(NewUser::default());
    empty.refuses(user, Kind::NotNow, "has not been made yet");
}

#[test]
fn a_catalog_with_a_fault_makes_no_organization() {
    let mut catalog = rolecall_model::catalog::Catalog::read(rolecall_model::catalog::builtin("none").unwrap()).unwrap();
    catalog.creator.push("Nobody".into());
    let mut world = shop();
    world.org = rolecall_model::Org::empty();
    let found = Command::Found(Box::new(rolecall_model::organization::NewOrganization {
        id: rolecall_model::id::OrganizationId::new(9),
        name: "new".into(),
        title: String::new(),
        catalog: std::sync::Arc::new(catalog),
    }));
    let refusal = world.refusal(found);
    assert_eq!((refusal.kind, refusal.field.as_str()), (Kind::Invalid, "catalog.creator[0]"), "{refusal}");
}

#[test]
fn every_entry_says_before_and_after() {
    let mut world = shop().with(role("runner", &["view"]));
    world = world.with(permit_more("runner", &["deploy"]));
    let (stamp, changes) = world.log.last().unwrap();
    assert_eq!(stamp.revision.0, 4);
    let Change::Role(rolecall_model::role::RoleChange::Changed { before, after }) = &changes[0] else { panic!("{changes:?}") };
    assert_eq!((before.permits.len(), after.permits.len()), (1, 2));
}
