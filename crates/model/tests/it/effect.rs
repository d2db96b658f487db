//! What a command comes to: nothing without effect, all of a batch or nothing, never too much.

use crate::fixture::*;
use crate::word::*;
use rolecall_model::change::Change;
use rolecall_model::command::Command;
use rolecall_model::refusal::Kind;

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
        change_user("bob", |p| {
            (p.active, p.email) = (Some(true), Some(Some("BOB@example.com".into())));
        }),
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
fn every_entry_says_before_and_after() {
    let mut world = shop().with(role("runner", &["view"]));
    world = world.with(permit_more("runner", &["deploy"]));
    let (stamp, changes) = world.log.last().unwrap();
    assert_eq!(stamp.revision.0, 4);
    let Change::Role(rolecall_model::role::RoleChange::Changed { before, after }) = &changes[0] else {
        panic!("{changes:?}")
    };
    assert_eq!((before.permits.len(), after.permits.len()), (1, 2));
}
