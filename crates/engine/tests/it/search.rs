//! Reverse questions: complete, ordered, paged.

use crate::world::{World, group, role_at, user};
use rolecall_model::id::PrincipalId;

fn world() -> World {
    World::new()
        .user("ada")
        .user("bob")
        .user("cyd")
        .user("dan")
        .role("Viewer", &["view", "deploy@shop/development"])
        .group("team", &["bob", "dan"])
        .grant(user("ada"), role_at("Viewer", "*/production"))
        .grant(user("ada"), role_at("Viewer", "shop"))
        .grant(user("ada"), role_at("Viewer", "shop/production"))
        .grant(group("team"), role_at("Viewer", "shop"))
}

#[test]
fn who_can_lists_all_by_number_page_by_page() {
    let world = world();
    let ids = |names: &[&str]| -> Vec<PrincipalId> { names.iter().map(|name| world.id(name)).collect() };
    let (view, shop) = (world.action("view"), world.place("shop/production"));
    let all: Vec<_> = world.index.who_can_all(view, shop, world.now).collect();
    assert_eq!(all, ids(&["ada", "bob", "dan"]));
    let (first, next) = world.index.who_can(view, shop, world.now, None, 2);
    assert_eq!((first, next), (ids(&["ada", "bob"]), Some(world.id("bob"))));
    let (second, end) = world.index.who_can(view, shop, world.now, next, 2);
    assert_eq!((second, end), (ids(&["dan"]), None));
}

#[test]
fn a_page_that_ends_exactly_is_the_last() {
    let world = world();
    let page = world.index.who_can(world.action("view"), world.place("shop"), world.now, None, 3);
    assert_eq!((page.0.len(), page.1), (3, None));
}

#[test]
fn where_can_answers_with_the_fewest_scopes() {
    let world = world();
    let found = world.index.where_can(world.id("ada"), world.action("view"), world.now);
    assert_eq!(found, [world.scope("*/production"), world.scope("shop")]);
    let found = world.index.where_can(world.id("ada"), world.action("deploy"), world.now);
    assert_eq!(found, [world.scope("shop/development")]);
    assert!(world.index.where_can(world.id("cyd"), world.action("view"), world.now).is_empty());
}

#[test]
fn what_can_lists_the_actions_at_a_place() {
    let world = world();
    let what = |who: &str, at: &str| world.index.what_can(world.id(who), world.place(at), world.now);
    let ids = |names: &[&str]| -> Vec<_> { names.iter().map(|name| world.action(name)).collect() };
    assert_eq!(what("bob", "shop/development"), ids(&["view", "deploy", "greet"]));
    assert_eq!(what("bob", "shop/production"), ids(&["view", "greet"]));
    assert_eq!(what("cyd", "shop/production"), ids(&["greet"]));
}

#[test]
fn access_names_each_right_once_with_every_source() {
    let world = world();
    let rights = world.index.access_of(world.id("ada"), world.now);
    let view: Vec<_> = rights.iter().filter(|right| right.action == world.action("view")).collect();
    let scopes: Vec<_> = view.iter().map(|right| right.scope).collect();
    assert_eq!(scopes, [world.scope("*/production"), world.scope("shop")]);
    assert!(view.iter().all(|right| right.sources.iter().all(|s| s.scope.covers(right.scope))));
    assert_eq!(world.index.grants_of(world.id("ada")).len(), 4);
}

#[test]
fn the_index_says_what_it_weighs() {
    let (small, large) = (World::new(), world());
    assert!(large.index.heap_bytes() > small.index.heap_bytes());
}
