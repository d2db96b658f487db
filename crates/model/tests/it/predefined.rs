//! A predefined noun never changes; roles, actions and catalogs are what they must be.

use crate::fixture::*;
use crate::word::*;
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
    let mut catalog =
        rolecall_model::catalog::Catalog::read(rolecall_model::catalog::builtin("none").unwrap()).unwrap();
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
