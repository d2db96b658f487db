//! The rule, clause by clause.

use crate::world::{World, always, between, group, permit, role_at, scope, second, user};
use rolecall_engine::{Decision, Part, Place, Question};
use rolecall_model::Command;
use rolecall_model::action::{ActionCommand, Level, NewAction};
use rolecall_model::assignment::{AssignmentCommand, GrantRef};
use rolecall_model::id::{ActionId, Holder, PrincipalId};
use rolecall_model::policy::BindingRef;
use rolecall_model::project::ProjectCommand;
use rolecall_model::role::{RoleCommand, RolePatch};
use rolecall_model::user::{UserCommand, UserPatch};

fn ada() -> World {
    World::new().user("ada").user("bob").role("Viewer", &["view"]).role("Deployer", &["deploy"])
}

#[test]
fn a_role_held_at_an_environment_of_a_project_counts_there_and_nowhere_else() {
    let world = ada().grant(user("ada"), role_at("Viewer", "shop/production"));
    assert!(world.may("ada", "view", "shop/production"));
    for place in ["shop/development", "blog/production", "shop", "*/production", "*", "mars/production"] {
        assert!(!world.may("ada", "view", place), "{place}");
    }
    assert!(!world.may("bob", "view", "shop/production"));
}

#[test]
fn a_role_held_at_a_project_counts_in_all_its_environments_known_or_not() {
    let world = ada().grant(user("ada"), role_at("Viewer", "shop"));
    for place in ["shop/production", "shop/development", "shop", "shop/mars"] {
        assert!(world.may("ada", "view", place), "{place}");
    }
    assert!(!world.may("ada", "view", "blog/production") && !world.may("ada", "view", "*"));
}

#[test]
fn a_role_held_at_an_environment_counts_in_every_project_known_or_not() {
    let world = ada().grant(user("ada"), role_at("Viewer", "*/production"));
    for place in ["shop/production", "blog/production", "*/production", "mars/production"] {
        assert!(world.may("ada", "view", place), "{place}");
    }
    assert!(!world.may("ada", "view", "shop/development") && !world.may("ada", "view", "shop"));
}

#[test]
fn rights_in_each_environment_are_not_a_right_in_all_at_once() {
    let world = ada()
        .grant(user("ada"), role_at("Viewer", "shop/development"))
        .grant(user("ada"), role_at("Viewer", "shop/production"));
    assert!(!world.may("ada", "view", "shop"));
}

#[test]
fn an_action_that_includes_others_gives_them_all() {
    let world = ada().role("Owner", &["administer"]).grant(user("ada"), role_at("Owner", "shop"));
    assert!(world.may("ada", "administer", "shop") && world.may("ada", "view", "shop/production"));
    assert!(!world.may("ada", "bill", "*"));
}

#[test]
fn everything_includes_actions_that_are_made_later() {
    let mut world = ada().grant(user("ada"), role_at("Admin", "*"));
    world.must(Command::from(ActionCommand::Create(NewAction {
        name: "later".to_owned(),
        level: Level::Organization,
        title: String::new(),
        description: String::new(),
        category: String::new(),
        includes: Vec::new(),
        attributes: serde_json::Map::default(),
    })));
    assert!(world.may("ada", "later", "*") && !world.may("bob", "later", "*"));
}

#[test]
fn a_permit_counts_where_it_meets_its_binding() {
    let world = ada()
        .role("Careful", &["deploy@*/development", "view"])
        .role("Keeper", &["administer@blog", "bill"])
        .grant(user("ada"), role_at("Careful", "shop"))
        .grant(user("bob"), role_at("Keeper", "*"));
    assert!(world.may("ada", "deploy", "shop/development") && world.may("ada", "view", "shop/production"));
    assert!(!world.may("ada", "deploy", "shop/production") && !world.may("ada", "deploy", "blog/development"));
    assert!(world.may("bob", "administer", "blog") && world.may("bob", "deploy", "blog/production"));
    assert!(!world.may("bob", "administer", "shop") && world.may("bob", "bill", "*"));
}

#[test]
fn a_group_gives_its_members_what_it_was_given_and_takes_it_along_when_they_leave() {
    let world = ada().group("team", &["ada"]).grant(group("team"), role_at("Viewer", "shop"));
    assert!(world.may("ada", "view", "shop") && !world.may("bob", "view", "shop"));
    let mut world = world.join("team", "bob", always());
    assert!(world.may("bob", "view", "shop"));
    world.must(rolecall_model::group::GroupCommand::Delete("team".into()));
    assert!(!world.may("ada", "view", "shop") && !world.may("bob", "view", "shop"));
}

#[test]
fn a_policy_gives_all_its_bindings_also_through_a_group() {
    let world = ada()
        .policy("team", &[("Viewer", "shop"), ("Deployer", "blog/development")])
        .group("makers", &["bob"])
        .grant(user("ada"), GrantRef::Policy("team".into()))
        .grant(group("makers"), GrantRef::Policy("team".into()));
    for who in ["ada", "bob"] {
        assert!(world.may(who, "view", "shop/production") && world.may(who, "deploy", "blog/development"));
        assert!(!world.may(who, "deploy", "shop/production") && !world.may(who, "view", "blog/production"));
    }
}

#[test]
fn everyone_has_what_the_catalog_gives_everyone_unless_disabled() {
    let world = ada().disable("bob");
    assert!(world.may("ada", "greet", "*") && !world.may("bob", "greet", "*"));
}

#[test]
fn a_disabled_subject_may_do_nothing_until_it_is_enabled() {
    let mut world = ada().grant(user("ada"), role_at("Viewer", "shop")).disable("ada");
    assert!(!world.may("ada", "view", "shop"));
    let patch = UserPatch { active: Some(true), ..UserPatch::default() };
    world.must(UserCommand::Change(user("ada"), patch));
    assert!(world.may("ada", "view", "shop"));
}

#[test]
fn a_grant_counts_from_its_start_until_just_before_its_end() {
    let world = ada().grant_on(user("ada"), role_at("Viewer", "shop"), between(Some(10), Some(20)));
    let may = |at| world.may_at("ada", "view", "shop", second(at));
    assert_eq!([0, 9, 10, 19, 20, 99].map(may), [false, false, true, true, false, false]);
}

#[test]
fn a_grant_of_a_group_counts_while_both_it_and_the_membership_do() {
    let world = ada().group("team", &[]).join("team", "ada", between(Some(5), None)).grant_on(
        group("team"),
        role_at("Viewer", "shop"),
        between(None, Some(10)),
    );
    let may = |at| world.may_at("ada", "view", "shop", second(at));
    assert_eq!([0, 4, 5, 9, 10, 99].map(may), [false, false, true, true, false, false]);
}

#[test]
fn a_changed_role_changes_what_its_holders_may_do() {
    let mut world = ada().grant(user("ada"), role_at("Viewer", "shop"));
    let permits = Some(vec![permit("bill"), permit("deploy@*/development")]);
    world.must(RoleCommand::Change("Viewer".into(), RolePatch { permits, ..RolePatch::default() }));
    assert!(world.may("ada", "deploy", "shop/development") && !world.may("ada", "view", "shop/production"));
}

#[test]
fn archiving_a_project_changes_no_answer() {
    let mut world = ada().grant(user("ada"), role_at("Viewer", "shop"));
    world.must(ProjectCommand::Archive("shop".into()));
    assert!(world.may("ada", "view", "shop/production"));
}

#[test]
fn a_deleted_subject_is_unknown() {
    let mut world = ada().grant(user("ada"), role_at("Viewer", "shop"));
    let question = world.question("ada", "view", "shop");
    world.must(UserCommand::Delete(user("ada")));
    assert_eq!(world.index.check(&question), Decision::DENIED);
    assert_eq!(world.index.check_named("ada", "view", Some("shop"), None, world.now), Decision::DENIED);
}

#[test]
fn unknown_subjects_and_actions_are_denied_even_to_administrators() {
    let world = ada().grant(user("ada"), role_at("Admin", "*"));
    let known = world.question("ada", "view", "shop");
    let subject = PrincipalId::new(4_000_000_000).unwrap();
    let action = ActionId::new(4_000_000_000).unwrap();
    assert!(!world.index.check(&Question { subject, ..known }).allowed);
    assert!(!world.index.check(&Question { action, ..known }).allowed);
    let nowhere = Place { project: Part::Unknown, environment: Part::Unknown };
    assert!(world.index.check(&Question { place: nowhere, ..known }).allowed);
    for (who, action) in [("eve", "view"), ("ada", "fly"), ("", ""), ("ada", "")] {
        assert!(!world.index.check_named(who, action, None, None, world.now).allowed);
    }
    assert!(world.index.check_named("ADA", "View", Some("nowhere"), Some("never"), world.now).allowed);
}

#[test]
fn an_allow_names_who_gave_it() {
    let world = ada()
        .policy("team", &[("Viewer", "shop")])
        .group("makers", &["ada"])
        .grant(group("makers"), GrantRef::Policy("team".into()));
    let giver = world.index.check(&world.question("ada", "view", "shop/production")).giver.unwrap();
    assert_eq!(giver.holder, Holder::Group(world.index.org().group_named("makers").unwrap().id));
    assert_eq!(giver.binding.scope, world.scope("shop"));
    assert_eq!(world.index.check(&world.question("ada", "bill", "*")).giver, None);
}

#[test]
fn a_subject_with_very_many_grants_has_each_of_them() {
    let mut world = ada();
    for number in 0..40 {
        let name = format!("p{number}");
        world.must(ProjectCommand::Create(rolecall_model::project::NewProject {
            name: name.clone(),
            title: String::new(),
            description: String::new(),
            attributes: serde_json::Map::default(),
        }));
        let environment = ["*", "development", "production"][number % 3];
        world = world.grant(user("ada"), role_at("Viewer", &format!("{name}/{environment}")));
        world = world.group(&name, &["bob"]).grant(group(&name), role_at("Deployer", &format!("{name}/production")));
    }
    for number in 0..40 {
        let place = format!("p{number}/production");
        assert_eq!(world.may("ada", "view", &place), number % 3 != 1, "{place}");
        assert!(world.may("bob", "deploy", &place));
    }
    let last = AssignmentCommand::End {
        subject: user("ada"),
        grant: GrantRef::Role(BindingRef { role: "Viewer".into(), scope: scope("p39") }),
        source: None,
        quietly: false,
    };
    world.must(last);
    assert!(!world.may("ada", "view", "p39/production") && world.may("ada", "view", "p38/production"));
}

#[test]
fn a_published_index_keeps_its_answers_while_the_next_differs() {
    let mut world = ada();
    let (before, _) = world.must(AssignmentCommand::Grant(user("ada"), role_at("Viewer", "shop"), always()));
    let question = world.question("ada", "view", "shop");
    assert!(!before.check(&question).allowed && world.index.check(&question).allowed);
    assert_eq!(before.check_many(&[question, question]), [Decision::DENIED; 2]);
}
