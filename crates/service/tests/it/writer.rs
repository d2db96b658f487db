//! The one writer: many clients share one transaction, nothing is lost, nothing half done, and a
//! mistake does not end it.

use crate::fixture::*;
use crate::watched::Fault;
use crate::word::*;
use futures::future::join_all;
use rolecall_model::command::Command;
use rolecall_model::refusal::Kind;
use rolecall_service::{Error, NewToken, execute, issue_token};
use std::sync::Arc;
use std::sync::atomic::Ordering;

#[tokio::test]
async fn many_clients_share_one_transaction() {
    let house = shop().await;
    let root = house.root();
    let (arrived, appended) = (house.store.arrived.load(Ordering::SeqCst), house.store.appended());
    let door = house.store.hold().await;
    let ctx = root.ctx().await;
    let first = execute(&ctx, project("first"));
    let rest = join_all((0..20).map(|n| execute(&ctx, project(&format!("p{n}")))));
    let (first, rest, ()) = tokio::join!(first, rest, async {
        house.store.at_the_door(arrived + 1).await;
        drop(door);
    });
    assert!(first.is_ok() && rest.iter().all(Result::is_ok));
    assert!(house.store.appended() - appended <= 2, "{} transactions", house.store.appended() - appended);
}

#[tokio::test]
async fn each_command_is_one_entry_with_a_revision_of_its_own() {
    let house = shop().await;
    let before = house.revision().await;
    let ctx = house.root().ctx().await;
    let done = join_all((0..20).map(|n| execute(&ctx, project(&format!("p{n}"))))).await;
    let mut revisions: Vec<u64> = done.into_iter().map(|done| done.unwrap().revision).collect();
    revisions.sort_unstable();
    assert_eq!(revisions, (before + 1..=before + 20).collect::<Vec<_>>());
    let nothing = house.root().takes(Command::Batch(Vec::new())).await;
    assert_eq!((nothing.revision, nothing.changes.len()), (before + 20, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_concurrent_writers_on_one_policy_lose_nothing() {
    let mut setup = vec![policy("all", &[]), role("held", &[])];
    setup.extend((0..20).flat_map(|n| [action(&format!("act{n}"), &[]), role(&format!("role{n}"), &["view"])]));
    let house = shop().await.with(Command::Batch(setup)).await;
    let ctx = house.root().ctx().await;
    let writers = (0..20).flat_map(|n| {
        let (ctx, other) = (ctx.clone(), ctx.clone());
        [
            tokio::spawn(async move { execute(&ctx, bind("all", &[&format!("role{n}")])).await }),
            tokio::spawn(async move { execute(&other, permit_more("held", &[&format!("act{n}")])).await }),
        ]
    });
    for done in join_all(writers).await {
        done.unwrap().unwrap();
    }
    let house = house.restarted().await;
    let ctx = house.root().ctx().await;
    assert_eq!(ctx.org().policy_named("all").unwrap().bindings.len(), 20);
    assert_eq!(ctx.org().role_named("held").unwrap().permits.len(), 20);
}

#[tokio::test]
async fn waiting_commands_see_what_those_before_them_leave() {
    let house = shop().await;
    let ctx = house.root().ctx().await;
    let same = join_all((0..5).map(|_| execute(&ctx, project("one")))).await;
    assert_eq!(same.iter().filter(|done| done.is_ok()).count(), 1);
    for refused in same.into_iter().filter_map(Result::err) {
        assert!(matches!(refused, Error::Refused(refusal) if refusal.kind == Kind::Taken));
    }
}

#[tokio::test]
async fn pending_state_is_never_readable() {
    let house = shop().await;
    let root = house.root();
    let arrived = house.store.arrived.load(Ordering::SeqCst);
    let door = house.store.hold().await;
    let (done, ()) = tokio::join!(root.run(project("pending")), async {
        house.store.at_the_door(arrived + 1).await;
        assert!(root.ctx().await.org().project_named("pending").is_none());
        drop(door);
    });
    assert!(done.unwrap().view.org().project_named("pending").is_some());
}

#[tokio::test]
async fn a_caller_who_goes_away_does_not_harm_the_others() {
    let house = shop().await;
    let root = house.root();
    let arrived = house.store.arrived.load(Ordering::SeqCst);
    let door = house.store.hold().await;
    let ctx = root.ctx().await;
    let gone = tokio::spawn({
        let ctx = ctx.clone();
        async move { execute(&ctx, project("gone")).await }
    });
    house.store.at_the_door(arrived + 1).await;
    gone.abort();
    let stays = tokio::spawn(async move { execute(&ctx, project("stays")).await });
    tokio::task::yield_now().await;
    drop(door);
    stays.await.unwrap().unwrap();
    assert!(root.ctx().await.org().project_named("gone").is_some(), "what was on its way is carried out");
}

#[tokio::test]
async fn when_another_node_was_first_the_batch_is_decided_again() {
    let house = shop().await;
    house.store.fail(&[Fault::Raced, Fault::Raced]);
    house.root().takes(project("patient")).await;
    house.store.fail(&[Fault::Raced; 8]);
    let error = house.root().run(project("unlucky")).await.unwrap_err();
    assert!(matches!(error, Error::Busy { .. }), "{error:?}");
    house.root().takes(project("later")).await;
    let ctx = house.root().ctx().await;
    assert!(ctx.org().project_named("unlucky").is_none());
    rolecall_service::history::verify(&ctx).await.unwrap();
}

#[tokio::test]
async fn a_full_disk_refuses_and_changes_nothing() {
    let house = shop().await;
    let state = house.state().await;
    house.store.fail(&[Fault::Full]);
    let error = house.root().run(project("too much")).await.unwrap_err();
    assert!(matches!(&error, Error::Busy { message, .. } if message.contains("disk")), "{error:?}");
    assert_eq!(house.state().await, state);
    house.root().takes(project("fits")).await;
}

#[tokio::test]
async fn a_panic_does_not_end_the_writer() {
    let house = shop().await;
    let root = house.root();
    house.store.fail(&[Fault::Panic]);
    assert!(matches!(root.run(project("unlucky")).await, Err(Error::Internal(_))));
    let ctx = root.ctx().await;
    house.clock.break_once();
    assert!(matches!(execute(&ctx, project("unlucky")).await, Err(Error::Internal(_))));
    root.takes(project("lucky")).await;
    rolecall_service::history::verify(&root.ctx().await).await.unwrap();
}

#[tokio::test]
async fn only_the_command_whose_secret_is_taken_is_refused() {
    let house = shop().await.with(user("bob")).await;
    let ctx = house.root().ctx().await;
    let row = |key: u8| rolecall_store::Row::Secret { kind: "token", key: [key; 16], hash: Some([7; 32]), data: None };
    let with_secret =
        |n: u8| rolecall_service::execute_with(&ctx, project(&format!("secret{n}")), [0; 32], vec![row(n)]);
    let arrived = house.store.arrived.load(Ordering::SeqCst);
    let door = house.store.hold().await;
    let (first, one, other, plain, ()) = tokio::join!(
        execute(&ctx, project("first")),
        with_secret(1),
        with_secret(2),
        execute(&ctx, project("plain")),
        async {
            house.store.at_the_door(arrived + 1).await;
            drop(door);
        }
    );
    assert!(first.is_ok() && plain.is_ok());
    assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
    let refused = one.err().or(other.err()).unwrap();
    assert!(matches!(refused, Error::Refused(refusal) if refusal.kind == Kind::Taken));
}

#[tokio::test]
async fn closing_answers_what_waits() {
    let house = shop().await;
    let root = house.root();
    let arrived = house.store.arrived.load(Ordering::SeqCst);
    let door = house.store.hold().await;
    let ctx = root.ctx().await;
    let many: Vec<_> = (0..50)
        .map(|n| {
            let ctx = ctx.clone();
            tokio::spawn(async move { execute(&ctx, project(&format!("p{n}"))).await })
        })
        .collect();
    house.store.at_the_door(arrived + 1).await;
    let closing = tokio::spawn({
        let service = house.service.clone();
        async move { service.close().await }
    });
    drop(door);
    let mut done = 0;
    for each in join_all(many).await {
        match each.unwrap() {
            Ok(_) => done += 1,
            Err(error) => assert!(matches!(error, Error::Closing), "{error:?}"),
        }
    }
    closing.await.unwrap();
    drop((ctx, root));
    let house = house.restarted().await;
    let projects = house.root().ctx().await.org().projects.iter().filter(|p| p.name.starts_with('p')).count();
    assert_eq!(projects, done, "what was acknowledged is there and nothing else");
}

#[tokio::test]
async fn a_checkpoint_does_not_hold_the_writer_up() {
    let house = House::keeping_every(2).await;
    let saves = house.store.hold_saves().await;
    for n in 0..10 {
        house.root().takes(project(&format!("p{n}"))).await;
    }
    drop(saves);
    let house = house.restarted().await;
    assert!(house.root().ctx().await.org().project_named("p9").is_some());
}

#[tokio::test]
async fn if_match_is_looked_at_on_the_pending_state() {
    let house = shop().await.with(role("runner", &["view"])).await;
    let root = house.root();
    let read = root.ctx().await.org().role_named("runner").unwrap().changed.0;
    let asked = Asked { if_match: Some(read), ..Asked::default() };
    let ctx = root.asking(asked).await;
    let (one, two) = tokio::join!(
        execute(&ctx, permit_more("runner", &["deploy"])),
        execute(&ctx, permit_more("runner", &["bill"]))
    );
    assert!(one.is_ok() != two.is_ok(), "of two who read the same, one is late");
    let late = one.err().or(two.err()).unwrap();
    let now = root.ctx().await.org().role_named("runner").unwrap().changed.0;
    assert!(matches!(late, Error::Precondition { revision } if revision == now));
}

#[tokio::test]
async fn secrets_go_with_the_token_and_with_its_holder() {
    let house = shop().await.with(user("bob")).await;
    let ctx = house.root().ctx().await;
    let mut keys = Vec::new();
    for _ in 0..2 {
        let new = NewToken { name: "t".into(), ..new_token("bob") };
        let (done, _) = issue_token(&ctx, new).await.unwrap();
        keys.push(
            done.changes
                .iter()
                .find_map(|change| match change {
                    rolecall_model::Change::Token(rolecall_model::token::TokenChange::Issued(token)) => Some(token.key),
                    _ => None,
                })
                .unwrap(),
        );
    }
    let organization = rolecall_store::OrganizationKey(ctx.organization().bytes());
    let store: Arc<dyn rolecall_store::Store> = Arc::<crate::watched::Watched>::clone(&house.store);
    let kept = async |key: rolecall_model::id::TokenKey| {
        store.secret(organization, "token", key.bytes()).await.unwrap().is_some()
    };
    assert!(kept(keys[0]).await && kept(keys[1]).await);
    house.root().takes(Command::from(rolecall_model::token::TokenCommand::Revoke(keys[0]))).await;
    assert!(!kept(keys[0]).await && kept(keys[1]).await);
    house.root().takes(delete_user("bob")).await;
    assert!(!kept(keys[1]).await);
}
