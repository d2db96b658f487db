//! An administrator always remains, through the service: alone, in a batch and as a dry run.

use crate::fixture::*;
use crate::word::*;
use rolecall_model::command::Command;
use rolecall_model::refusal::Kind;

#[tokio::test]
async fn an_administrator_always_remains() {
    let house = shop().await;
    let ends: &[fn() -> Command] = &[
        || delete_user("ada"),
        || erase_user("ada"),
        || disable("ada"),
        || change_user("ada", |p| p.password = Some(false)),
        || end("ada", "policy Admin"),
        || give_on("ada", "policy Admin", between(None, Some(1_000_000))),
        || give_on("ada", "policy Admin", between(Some(1_000_000), None)),
    ];
    for actor in [house.root(), house.by("ada").await] {
        for end in ends {
            actor.refuses(end(), Kind::LastAdministrator).await;
        }
    }
}

#[tokio::test]
async fn an_administrator_always_remains_whatever_makes_one() {
    let house = shop().await.with(role("root", &["*"])).await.with(policy("roots", &["root"])).await;
    let house = house.with(group("roots", &["ada"], &["policy roots"])).await.with(end("ada", "policy Admin")).await;
    let root = house.root();
    let ends: &[fn() -> Command] = &[
        || withdraw("root", &["*"]),
        || set_permits("root", &["* at */production"]),
        || unbind("roots", &["root"]),
        || set_bindings("roots", &["root at shop"]),
        || delete_policy("roots"),
        || leave("roots", "ada"),
        || set_members("roots", &[]),
        || end("group roots", "policy roots"),
        || delete_group("roots"),
        || disable("ada"),
    ];
    for end in ends {
        root.refuses(end(), Kind::LastAdministrator).await;
    }
}

#[tokio::test]
async fn an_administrator_always_remains_in_a_slot() {
    let house = unleash().await;
    let root = house.root();
    root.refuses(slot("ada", "root", Some("Viewer")), Kind::LastAdministrator).await;
    root.refuses(give("ada", "role Editor"), Kind::LastAdministrator).await;
    root.refuses(delete_user("ada"), Kind::LastAdministrator).await;
}

#[tokio::test]
async fn a_batch_may_hand_over_and_may_not_leave_nobody() {
    let house = shop().await;
    let root = house.root();
    let and_away = vec![user("eva").given("policy Admin").password().into(), delete_user("ada"), delete_user("eva")];
    root.refuses(Command::Batch(and_away), Kind::LastAdministrator).await;
    root.takes(Command::Batch(vec![end("ada", "policy Admin"), user("eva").given("policy Admin").password().into()]))
        .await;
    root.refuses(delete_user("eva"), Kind::LastAdministrator).await;
}

#[tokio::test]
async fn of_two_administrators_who_remove_each_other_at_once_one_remains() {
    let house = shop().await.with(user("eva").given("policy Admin").password()).await;
    let (ada, eva) = (house.by("ada").await, house.by("eva").await);
    let before = house.store.arrived.load(std::sync::atomic::Ordering::SeqCst);
    let door = house.store.hold().await;
    let (one, two, ()) = tokio::join!(ada.run(disable("eva")), eva.run(disable("ada")), async {
        house.store.at_the_door(before + 1).await;
        drop(door);
    });
    assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");
}
