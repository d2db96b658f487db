//! Every allow has its paths, every denial its nearest misses.

use crate::world::{World, always, between, group, role_at, second, user};
use rolecall_engine::{Lack, Question, Reason, Window};
use rolecall_model::assignment::GrantRef;
use rolecall_model::id::Holder;

fn ada() -> World {
    World::new().user("ada").user("bob").role("Viewer", &["view"]).role("Owner", &["administer"])
}

fn lacks(world: &World, question: &Question) -> Vec<Lack> {
    let explanation = world.index.explain(question);
    assert!(!explanation.allowed && explanation.paths.is_empty());
    let denial = explanation.denial.unwrap();
    assert!(!denial.capped);
    denial.misses.iter().map(|miss| miss.lack).collect()
}

#[test]
fn an_allow_shows_every_path_with_its_terms_and_what_is_included_through_what() {
    let world = ada()
        .group("team", &["ada"])
        .policy("owners", &[("Owner", "shop")])
        .grant(user("ada"), role_at("Viewer", "*/production"))
        .grant(group("team"), GrantRef::Policy("owners".into()));
    let explanation = world.index.explain(&world.question("ada", "view", "shop/production"));
    assert!(explanation.allowed && explanation.denial.is_none());
    let [own, through_group] = explanation.paths.as_slice() else { panic!("{explanation:?}") };
    assert_eq!(own.source.path.holder, Holder::Principal(world.id("ada")));
    assert_eq!(own.through, [world.action("view")]);
    assert_eq!(own.source.scope, world.scope("*/production"));
    let team = world.index.org().group_named("team").unwrap().id;
    assert_eq!(through_group.source.path.holder, Holder::Group(team));
    assert_eq!(through_group.through, ["administer", "deploy", "view"].map(|name| world.action(name)));
    let org = world.index.org();
    assert!(through_group.source.path.policy().is_some());
    assert!(through_group.source.path.membership_provenance(org).is_some());
    assert_eq!(through_group.source.path.assignment_provenance(org).unwrap().terms, always());
}

#[test]
fn what_everything_includes_is_shown_as_included_in_everything() {
    let world = ada().grant(user("ada"), role_at("Admin", "*"));
    let explanation = world.index.explain(&world.question("ada", "bill", "*"));
    assert_eq!(explanation.paths[0].through, ["*", "bill"].map(|name| world.action(name)));
}

#[test]
fn a_denial_names_a_right_held_elsewhere_the_nearest_first() {
    let world = ada()
        .grant(user("ada"), role_at("Viewer", "blog/development"))
        .grant(user("ada"), role_at("Viewer", "shop/development"));
    let found = lacks(&world, &world.question("ada", "view", "shop/production"));
    let wanted = ["shop/development", "blog/development"].map(|at| Lack::Scope(world.scope(at)));
    assert_eq!(found, wanted);
}

#[test]
fn a_denial_names_a_grant_that_is_over_or_still_to_come() {
    let world = ada().grant_on(user("ada"), role_at("Viewer", "shop"), between(Some(10), Some(20)));
    let window = Window { from: Some(second(10)), until: Some(second(20)) };
    assert_eq!(lacks(&world, &world.question("ada", "view", "shop")), [Lack::Time(window)]);
}

#[test]
fn a_denial_names_the_groups_to_join_and_no_others() {
    let world = ada()
        .group("right", &["bob"])
        .group("elsewhere", &["bob"])
        .group("other", &["bob"])
        .group("through", &[])
        .policy("owners", &[("Owner", "*")])
        .grant(group("right"), role_at("Viewer", "shop"))
        .grant(group("elsewhere"), role_at("Viewer", "blog"))
        .grant(group("through"), GrantRef::Policy("owners".into()));
    let found = lacks(&world, &world.question("ada", "view", "shop/production"));
    let id = |name: &str| world.index.org().group_named(name).unwrap().id;
    assert_eq!(found, [Lack::Membership(id("right")), Lack::Membership(id("through"))]);
}

#[test]
fn a_denial_names_a_role_held_there_that_lacks_the_action() {
    let world = ada().grant(user("ada"), role_at("Viewer", "shop"));
    let explanation = world.index.explain(&world.question("ada", "deploy", "shop/production"));
    let misses = explanation.denial.unwrap().misses;
    let roles: Vec<_> = misses.iter().map(|miss| (miss.lack, miss.path.binding.role)).collect();
    let id = |name: &str| world.index.org().role_named(name).unwrap().id;
    assert_eq!(roles, [(Lack::Action, id("Viewer"))]);
}

#[test]
fn what_differs_in_two_things_is_no_near_miss() {
    let world = ada()
        .group("team", &[])
        .grant_on(user("ada"), role_at("Viewer", "blog"), between(Some(10), None))
        .grant_on(group("team"), role_at("Viewer", "shop"), between(Some(10), None));
    let found = lacks(&world, &world.question("ada", "view", "shop/production"));
    assert_eq!(found, []);
}

#[test]
fn a_denial_says_when_the_subject_is_disabled_or_unknown_or_the_action_is() {
    let world = ada().grant(user("ada"), role_at("Viewer", "shop")).disable("ada");
    let question = world.question("ada", "view", "shop");
    let reason = |question: &Question| world.index.explain(question).denial.unwrap().reason;
    assert_eq!(reason(&question), Reason::Inactive);
    let subject = rolecall_model::id::PrincipalId::new(99).unwrap();
    assert_eq!(reason(&Question { subject, ..question }), Reason::UnknownSubject);
    let action = rolecall_model::id::ActionId::new(99).unwrap();
    assert_eq!(reason(&Question { subject: world.id("bob"), action, ..question }), Reason::UnknownAction);
}

#[test]
fn a_list_of_misses_that_was_cut_says_so() {
    let mut world = ada();
    for number in 0..30 {
        let name = format!("g{number}");
        world = world.group(&name, &[]).grant(group(&name), role_at("Viewer", "shop"));
    }
    let denial = world.index.explain(&world.question("ada", "view", "shop")).denial.unwrap();
    assert!(denial.capped);
    let joins = denial.misses.iter().filter(|miss| matches!(miss.lack, Lack::Membership(_)));
    assert_eq!(joins.count(), rolecall_engine::MOST_MISSES);
}
