//! Who gains and who loses what, exactly.

use crate::world::{World, always, group, permit, role_at, user};
use rolecall_engine::{Delta, Difference, difference, differences};
use rolecall_model::Command;
use rolecall_model::assignment::AssignmentCommand;
use rolecall_model::role::{RoleCommand, RolePatch};
use rolecall_model::user::{UserCommand, UserPatch};

fn world() -> World {
    World::new()
        .user("ada")
        .user("bob")
        .role("Viewer", &["view"])
        .group("team", &["ada", "bob"])
        .grant(user("ada"), role_at("Viewer", "shop/development"))
}

fn run(world: &mut World, command: impl Into<Command>) -> Difference {
    let (before, touched) = world.must(command);
    difference(&before, &world.index, &touched, world.now)
}

fn delta(world: &World, who: &str, at: &str, except: &[&str]) -> Delta {
    let except = except.iter().map(|at| world.scope(at)).collect();
    Delta { subject: world.id(who), action: world.action("view"), scope: world.scope(at), except }
}

#[test]
fn a_gain_excepts_where_it_was_held_already() {
    let mut world = world();
    let grant = AssignmentCommand::Grant(group("team"), role_at("Viewer", "*"), always());
    let found = run(&mut world, grant);
    assert_eq!(found.gains, [delta(&world, "ada", "*", &["shop/development"]), delta(&world, "bob", "*", &[])]);
    assert!(found.losses.is_empty());
}

#[test]
fn a_loss_excepts_where_it_is_still_held() {
    let mut world = world().grant(group("team"), role_at("Viewer", "shop"));
    let end = AssignmentCommand::End {
        subject: group("team"),
        grant: role_at("Viewer", "shop"),
        source: None,
        quietly: false,
    };
    let found = run(&mut world, end);
    let losses = [delta(&world, "ada", "shop", &["shop/development"]), delta(&world, "bob", "shop", &[])];
    assert_eq!(found.losses, losses);
    assert!(found.gains.is_empty());
}

#[test]
fn what_was_held_already_is_no_gain() {
    let mut world = world().grant(group("team"), role_at("Viewer", "shop"));
    let grant = AssignmentCommand::Grant(user("bob"), role_at("Viewer", "shop/production"), always());
    assert_eq!(run(&mut world, grant), Difference::default());
}

#[test]
fn a_changed_role_concerns_each_of_its_holders() {
    let mut world = world();
    let permits = Some(vec![permit("bill")]);
    let found = run(&mut world, RoleCommand::Change("Viewer".into(), RolePatch { permits, ..RolePatch::default() }));
    assert_eq!(found.losses, [delta(&world, "ada", "shop/development", &[])]);
    assert_eq!(found.gains.iter().map(|gain| gain.action).collect::<Vec<_>>(), [world.action("bill")]);
}

#[test]
fn who_is_disabled_loses_all_and_gains_it_back_when_enabled() {
    let mut world = world();
    let active = |active| UserPatch { active: Some(active), ..UserPatch::default() };
    let lost = run(&mut world, UserCommand::Change(user("ada"), active(false))).losses;
    assert_eq!(lost.len(), 2);
    let gained = run(&mut world, UserCommand::Change(user("ada"), active(true))).gains;
    assert_eq!(lost, gained);
}

#[test]
fn differences_can_be_read_in_pages_and_say_how_many_there_can_be() {
    let mut world = world();
    let grant = AssignmentCommand::Grant(group("team"), role_at("Viewer", "*"), always());
    let (before, touched) = world.must(grant);
    let mut first = differences(&before, &world.index, &touched, world.now);
    assert_eq!(first.candidates(), 2);
    assert_eq!(first.next().map(|each| each.subject), Some(world.id("ada")));
    let rest = differences(&before, &world.index, &touched, world.now).after(Some(world.id("ada")));
    assert_eq!(rest.map(|each| each.subject).collect::<Vec<_>>(), [world.id("bob")]);
}
