//! A dry run changes nothing and says exactly what then happens.

use crate::fixture::*;
use crate::word::*;
use rolecall_engine::{Delta, Place, Question};
use rolecall_model::command::Command;
use rolecall_model::id::PrincipalId;
use rolecall_model::scope::Scope;
use rolecall_service::View;
use std::collections::BTreeSet;

/// Everything anybody may do at any place, asked one by one.
fn everything(view: &View, at: rolecall_model::Timestamp) -> BTreeSet<(PrincipalId, u32, Scope)> {
    let org = view.org();
    let projects = std::iter::once(None).chain(org.projects.iter().map(|row| Some(row.id)));
    let places: Vec<Scope> = projects
        .flat_map(|p| {
            std::iter::once(None).chain(org.environments.iter().map(|row| Some(row.id))).map(move |e| Scope::new(p, e))
        })
        .collect();
    let mut allowed = BTreeSet::new();
    for (subject, _) in org.principals() {
        for action in org.actions.iter() {
            for place in &places {
                let question = Question { subject, action: action.id, place: Place::from(*place), at };
                if view.index().check(&question).allowed {
                    allowed.insert((subject, action.id.number(), *place));
                }
            }
        }
    }
    allowed
}

fn says(deltas: &[Delta], (subject, action, place): (PrincipalId, u32, Scope)) -> bool {
    deltas.iter().any(|d| d.subject == subject && d.action.number() == action && d.covers(Place::from(place)))
}

#[tokio::test]
async fn a_dry_run_changes_nothing_and_equals_what_then_happens() {
    let mut house = shop().await.with(user("bob")).await.with(user("eve")).await;
    house = house.with(group("team", &["bob"], &[])).await.with(role("deployer", &["deploy"])).await;
    let commands: Vec<Command> = vec![
        give("bob", "role deployer at shop/production"),
        give("group team", "role Maintainer at blog"),
        join("team", "eve"),
        policy("all", &["deployer at blog", "deployer at */staging"]),
        give("eve", "policy all"),
        bind("all", &["deployer at shop"]),
        permit_more("deployer", &["bill"]),
        action("peek", &["view"]),
        disable("bob"),
        enable("bob"),
        Command::Batch(vec![leave("team", "eve"), end("eve", "policy all"), user("new").given("role deployer").into()]),
        delete_group("team"),
        delete_user("eve"),
    ];
    for command in commands {
        let root = house.root();
        let (state, before) = (house.state().await, root.ctx().await);
        let dry = root.dry(command.clone()).await.unwrap();
        assert_eq!(house.state().await, state, "a dry run changed something: {command:?}");
        assert_eq!(dry.revision, before.revision());
        let difference = dry.difference.unwrap();
        assert!(difference.is_complete());
        let real = root.takes(command.clone()).await;
        assert_eq!(dry.changes.len(), real.changes.len(), "{command:?}");
        let (old, new) = (everything(before.view(), second(0)), everything(&real.view, second(0)));
        assert_eq!(everything(&dry.view, second(0)), new, "{command:?}");
        for gained in new.difference(&old) {
            assert!(says(&difference.gains, *gained), "{gained:?} of {command:?} was not said");
        }
        for lost in old.difference(&new) {
            assert!(says(&difference.losses, *lost), "{lost:?} of {command:?} was not said");
        }
        for kept in old.intersection(&new) {
            assert!(
                !says(&difference.gains, *kept) && !says(&difference.losses, *kept),
                "{kept:?} of {command:?} was said"
            );
        }
    }
}

#[tokio::test]
async fn a_dry_run_leaves_no_secret_and_no_key_behind() {
    let house = shop().await.with(user("bob")).await;
    let root = house.root();
    let ctx = root.asking(Asked { dry_run: true, key: Some("k"), ..Asked::default() }).await;
    let (_, secret) = rolecall_service::issue_token(&ctx, new_token("bob")).await.unwrap();
    assert!(secret.is_none());
    let ctx = root.asking(Asked { key: Some("k"), ..Asked::default() }).await;
    let (done, secret) = rolecall_service::issue_token(&ctx, new_token("bob")).await.unwrap();
    assert!(secret.is_some() && !done.repeated, "the key was free still");
}

#[tokio::test]
async fn a_dry_run_asks_for_the_same_rights_and_revisions() {
    let house = shop().await.with(role("runner", &["view"])).await.with(user("bob")).await;
    let bob = house.by("bob").await;
    assert!(bob.dry(delete_role("runner")).await.is_err());
    let root = house.root();
    let stale = Asked { dry_run: true, if_match: Some(1), ..Asked::default() };
    let error = root.run_with(stale, delete_role("runner")).await.unwrap_err();
    assert!(matches!(error, rolecall_service::Error::Precondition { .. }));
}

#[tokio::test]
async fn a_caller_who_only_rehearses_changes_nothing_and_is_refused_as_otherwise() {
    let house = shop().await;
    let (ctx, revision) = (house.root().ctx().await.rehearsing(), house.revision().await);
    let done = rolecall_service::execute(&ctx, project("free")).await.unwrap();
    assert!(!done.changes.is_empty() && done.difference.is_some());
    assert_eq!(house.revision().await, revision);
    assert!(rolecall_service::execute(&ctx, project("shop")).await.is_err(), "the name is taken");
}
