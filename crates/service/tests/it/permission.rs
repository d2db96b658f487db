//! Permission comes before everything: what one may not see is not found, what one may see but not
//! do is forbidden, and neither says more.

use crate::fixture::*;
use crate::word::*;
use rolecall_engine::Place;
use rolecall_model::command::Command;
use rolecall_model::organization::SettingsPatch;
use rolecall_model::refusal::Kind;
use rolecall_service::Error;
use std::sync::Arc;

/// A command, the action it needs, and the action by which its target is seen, if it has one.
type Needed = (&'static str, Option<&'static str>, fn() -> Command);

/// Every command that needs something in the whole organization.
const EVERYWHERE: &[Needed] = &[
    ("rolecall.settings.write", None, || SettingsPatch { title: Some("T".into()), ..SettingsPatch::default() }.into()),
    ("rolecall.import", None, || Command::Import(Arc::default())),
    ("rolecall.actions.write", None, || action("new", &[])),
    ("rolecall.actions.write", Some("rolecall.actions.read"), || delete_action("own")),
    ("rolecall.actions.write", Some("rolecall.actions.read"), || set_includes("own", &[])),
    ("rolecall.actions.write", None, || resource_type("new", &[])),
    ("rolecall.roles.write", None, || role("new", &[])),
    ("rolecall.roles.write", Some("rolecall.roles.read"), || delete_role("own")),
    ("rolecall.roles.write", Some("rolecall.roles.read"), || permit_more("own", &[])),
    ("rolecall.roles.write", Some("rolecall.roles.read"), || withdraw("own", &[])),
    ("rolecall.roles.write", Some("rolecall.roles.read"), || change_role("own", |_| {})),
    ("rolecall.policies.write", None, || policy("new", &[])),
    ("rolecall.policies.write", Some("rolecall.policies.read"), || delete_policy("own")),
    ("rolecall.policies.write", Some("rolecall.policies.read"), || bind("own", &[])),
    ("rolecall.policies.write", Some("rolecall.policies.read"), || unbind("own", &[])),
    ("rolecall.policies.write", Some("rolecall.policies.read"), || change_policy("own", |_| {})),
    ("rolecall.environments.write", None, || environment("new")),
    ("rolecall.environments.write", None, || order(&["staging", "development", "production"])),
    ("rolecall.environments.write", Some("rolecall.environments.read"), || delete_environment("staging")),
    ("rolecall.projects.create", None, || project("new")),
    ("rolecall.users.write", None, || user("new").into()),
    ("rolecall.users.write", Some("rolecall.users.read"), || delete_user("bob")),
    ("rolecall.users.write", Some("rolecall.users.read"), || disable("bob")),
    ("rolecall.applications.write", None, || application("new", &[])),
    ("rolecall.applications.write", Some("rolecall.applications.read"), || delete_application("robot")),
    ("rolecall.applications.write", Some("rolecall.applications.read"), || change_application("robot", |_| {})),
    ("rolecall.groups.write", None, || group("new", &[], &[])),
    ("rolecall.groups.write", Some("rolecall.groups.read"), || delete_group("team")),
    ("rolecall.groups.write", Some("rolecall.groups.read"), || change_group("team", |_| {})),
    ("rolecall.groups.write", Some("rolecall.groups.read"), || join("team", "bob")),
    ("rolecall.groups.write", Some("rolecall.groups.read"), || leave("team", "bob")),
];

async fn world() -> House {
    // Nobody is given anything here just for being there.
    let catalog = SHOP.replace("everyone: [{role: Everyone}]", "everyone: []");
    let setup = vec![
        action("own", &[]),
        role("own", &[]),
        policy("own", &[]),
        user("bob").into(),
        user("eve").into(),
        application("robot", &[]),
        group("team", &[], &[]),
        project("secret"),
    ];
    House::of(&catalog).await.with(user("ada").given("policy Admin").password()).await.with(Command::Batch(setup)).await
}

#[tokio::test]
async fn every_command_needs_its_action_and_hides_its_target() {
    let mut house = world().await;
    for (number, (needed, read, command)) in EVERYWHERE.iter().enumerate() {
        let (reader, writer) = (format!("reader{number}"), format!("writer{number}"));
        let eve = house.by("eve").await;
        match (read, eve.error(command()).await) {
            (None, Error::Forbidden { action, .. }) => assert_eq!(action, *needed),
            (Some(_), Error::NotFound { .. }) => {}
            (_, other) => panic!("{needed}: {other:?}"),
        }
        house = house.with(role(&writer, &[needed])).await;
        if let Some(read) = read {
            house = house.with(role(&reader, &[read])).await.with(give("eve", &format!("role {reader}"))).await;
            let error = house.by("eve").await.error(command()).await;
            assert!(matches!(&error, Error::Forbidden { action, .. } if action == needed), "{error:?}");
            house = house.with(end("eve", &format!("role {reader}"))).await;
        }
        house = house.with(give("eve", &format!("role {writer}"))).await;
        match house.by("eve").await.dry(command()).await {
            Ok(_) | Err(Error::Refused(_)) => {}
            Err(other) => panic!("{needed}: {other:?}"),
        }
        house = house.with(end("eve", &format!("role {writer}"))).await;
    }
}

#[tokio::test]
async fn what_is_not_there_reads_like_what_may_not_be_seen() {
    let house = world().await;
    let eve = house.by("eve").await;
    let pairs: &[(Command, Command, &str, &str)] = &[
        (delete_role("own"), delete_role("nil"), "own", "nil"),
        (delete_policy("own"), delete_policy("nil"), "own", "nil"),
        (delete_group("team"), delete_group("nil"), "team", "nil"),
        (delete_user("bob"), delete_user("nil"), "bob", "nil"),
        (delete_project("secret"), delete_project("nil"), "secret", "nil"),
        (archive("secret"), archive("nil"), "secret", "nil"),
        (give("bob", "role own at secret"), give("bob", "role own at nil"), "secret", "nil"),
        (give("bob", "role own at secret/staging"), give("bob", "role own at nil/staging"), "secret", "nil"),
        (give("bob", "policy own"), give("bob", "policy nil"), "own", "nil"),
        (user("x").given("role own at secret").into(), user("x").given("role own at nil").into(), "secret", "nil"),
    ];
    for (there, nowhere, name, other) in pairs {
        let there = eve.error(there.clone()).await.to_string();
        assert_eq!(there.replace(name, other), eve.error(nowhere.clone()).await.to_string());
    }
}

#[tokio::test]
async fn a_project_is_seen_by_who_may_read_it_in_any_environment() {
    let house = world().await.with(role("viewer", &["view"])).await;
    let id = house.root().ctx().await.org().project_named("secret").unwrap().id;
    assert!(!house.by("eve").await.ctx().await.sees_project(id));
    let mut house = house;
    for at in ["secret/staging", "secret", "*/production", "*"] {
        house = house.with(give("eve", &format!("role viewer at {at}"))).await;
        assert!(house.by("eve").await.ctx().await.sees_project(id), "{at}");
        let error = house.by("eve").await.error(archive("secret")).await;
        assert!(matches!(&error, Error::Forbidden { .. }), "{at}: {error:?}");
        house = house.with(end("eve", &format!("role viewer at {at}"))).await;
    }
    let elsewhere = house.with(give("eve", "role viewer at blog")).await;
    assert!(!elsewhere.by("eve").await.ctx().await.sees_project(id));
    let narrow = elsewhere.with(give("eve", "role viewer at secret/staging")).await;
    assert!(!narrow.by_narrow("eve", |new| new.scope = scope("blog")).await.ctx().await.sees_project(id));
    assert!(narrow.by_narrow("eve", |new| new.scope = scope("secret/staging")).await.ctx().await.sees_project(id));
}

#[tokio::test]
async fn giving_and_taking_need_the_right_there() {
    let house = world().await.with(role("giver", &["view", "rolecall.assignments.write"])).await;
    let house = house
        .with(give("eve", "role giver at secret/staging"))
        .await
        .with(policy("two", &["own at secret/staging", "own at blog"]))
        .await;
    let eve = house.by("eve").await;
    eve.dry(give("bob", "role own at secret/staging")).await.unwrap();
    for command in [
        give("bob", "role own at secret"),
        give("bob", "role own at secret/production"),
        give("bob", "role own"),
        give("bob", "policy two"),
    ] {
        assert!(matches!(eve.error(command).await, Error::Forbidden { .. } | Error::NotFound { .. }));
    }
    let house = house.with(give("bob", "role own at secret")).await;
    let error = house.by("eve").await.error(end("bob", "role own at secret")).await;
    assert!(matches!(error, Error::Forbidden { .. }));
}

#[tokio::test]
async fn the_permission_is_decided_before_the_rest_of_the_command() {
    let house = world().await;
    let eve = house.by("eve").await;
    // A name that nobody could have is not looked at.
    assert!(matches!(eve.error(role("", &["no such action"])).await, Error::Forbidden { .. }));
    assert!(matches!(eve.error(project("a\u{0}b")).await, Error::Forbidden { .. }));
    let root = house.root();
    root.refuses(role("", &["no such action"]), Kind::Invalid).await;
    // One forbidden command of a batch forbids it whole.
    let batch = vec![join("team", "bob"), role("mine", &[])];
    assert!(matches!(eve.error(Command::Batch(batch)).await, Error::NotFound { .. }));
}

#[tokio::test]
async fn refused_commands_are_noted_beside_the_log() {
    let house = world().await;
    house.by("eve").await.error(project("mine")).await;
    house.root().refuses(delete_user("ada"), Kind::LastAdministrator).await;
    let house = house.restarted().await;
    let ctx = house.root().ctx().await;
    let filter = rolecall_service::history::Filter { noun: Some("event".into()), ..Default::default() };
    let (items, more) =
        rolecall_service::history::list(&ctx, &filter, rolecall_service::history::Cursor::NEWEST, 100).await.unwrap();
    assert!(more.is_none());
    let kinds: Vec<String> = items
        .into_iter()
        .map(|item| match item {
            rolecall_service::history::Item::Event(event) => event.kind,
            rolecall_service::history::Item::Entry(entry) => panic!("{entry:?}"),
        })
        .collect();
    assert_eq!(kinds.iter().filter(|kind| *kind == "forbidden").count(), 3, "{kinds:?}");
    assert_eq!(kinds.iter().filter(|kind| *kind == "last_administrator").count(), 3, "{kinds:?}");
    rolecall_service::history::verify(&ctx).await.unwrap();
    assert!(matches!(
        house.by("eve").await.ctx().await.require(rolecall_model::operation::AUDIT_READ, Place::ORGANIZATION),
        Err(Error::Forbidden { .. })
    ));
}
