//! No escalation, through the service: alone, in a batch and as a dry run; and through tokens that
//! narrow.

use crate::fixture::*;
use crate::word::*;
use rolecall_model::command::Command;
use rolecall_model::operation;
use rolecall_model::provenance::{Source, Terms};
use rolecall_model::refusal::Kind;
use rolecall_service::Error;

/// A command by which `eve` would let somebody deploy, and where.
type Granting = (&'static str, &'static str, fn() -> Command);

const GRANTING: &[Granting] = &[
    ("a role", "shop/production", || give("bob", "role deployer at shop/production")),
    ("a policy", "shop/production", || give("bob", "policy deployment")),
    ("a role to a group", "shop", || give("group empty", "role deployer at shop")),
    ("a policy to an application", "shop/production", || give("robot-one", "policy deployment")),
    ("to oneself", "*", || give("eve", "role deployer")),
    ("a membership", "shop/production", || join("deployers", "bob")),
    ("members, all", "shop/production", || set_members("deployers", &["carl", "bob"])),
    ("a new user with a role", "shop/production", || user("dora").given("role deployer at shop/production").into()),
    ("a new user in a group", "shop/production", || user("dora").in_group("deployers").into()),
    ("a new application", "shop/production", || application("other", &["policy deployment"])),
    ("a new group with members", "blog", || group("new", &["bob"], &["role deployer at blog"])),
    ("a role's permits, more", "shop/production", || permit_more("used", &["deploy"])),
    ("a role's permits, all", "shop/production", || set_permits("used", &["view", "deploy at shop/production"])),
    ("a role's permits through a policy", "blog/staging", || permit_more("bound", &["deploy"])),
    ("a policy's bindings, more", "blog", || bind("held", &["deployer at blog"])),
    ("a policy's bindings, all", "blog", || set_bindings("held", &["deployer at blog"])),
    ("what an action includes", "*", || set_includes("peek", &["deploy"])),
    ("a group's SSO names", "shop/production", || sso_names("deployers", &["sso-deployers"])),
    ("a token of another", "shop/production", || token(9, "carl").into()),
    ("a password of another", "shop/production", || change_user("carl", |p| p.password = Some(true))),
    ("an email of another", "shop/production", || {
        change_user("carl", |p| p.email = Some(Some("eve2@example.com".into())))
    }),
    ("an external id of another", "shop/production", || {
        change_user("carl", |p| p.external_id = Some(Some("eve-2".into())))
    }),
    ("enabling a user", "shop/production", || enable("zoe")),
    ("a later end", "shop/production", || give_on("tim", "role deployer at shop/production", between(None, Some(900)))),
    ("in the catalog's name", "shop/production", || {
        give_on("bob", "role deployer at shop/production", Terms::of(Source::Catalog))
    }),
    ("for a time to come", "shop/production", || {
        give_on("bob", "role deployer at shop/production", between(Some(500), Some(900)))
    }),
];

/// Eve may use every command, but holds no product action and may give nothing she does not hold.
async fn world() -> House {
    let is_writing = |name: &&str| name.rsplit('.').next().is_some_and(|word| matches!(word, "write" | "create"));
    let writes: Vec<&str> = operation::own().filter_map(operation::name).filter(is_writing).collect();
    let mut setup = vec![role("clerk", &writes), user("eve").given("role clerk").into()];
    setup.extend([role("deployer", &["deploy"]), policy("deployment", &["deployer at shop/production"])]);
    setup.extend([
        action("peek", &[]),
        role("used", &["view"]),
        role("bound", &["view"]),
        policy("held", &["bound at blog/staging"]),
    ]);
    setup.extend(["bob", "carl", "tim"].map(|who| user(who).into()));
    setup.extend([group("deployers", &["carl"], &["policy deployment"]), group("empty", &[], &[])]);
    setup.extend([give("bob", "role used at shop/production"), give("bob", "policy held")]);
    setup.push(user("zoe").given("policy deployment").disabled().into());
    setup.extend([
        application("robot one", &[]),
        give_on("tim", "role deployer at shop/production", between(None, Some(600))),
    ]);
    shop().await.with(Command::Batch(setup)).await
}

#[tokio::test]
async fn no_escalation() {
    let house = world().await;
    let eve = house.by("eve").await;
    for (what, _, command) in GRANTING {
        let refusal = eve.refusal(command()).await;
        assert_eq!(refusal.kind, Kind::NotHeld, "{what}: {refusal}");
        assert_eq!(refusal.details.len(), 1, "{what}: {refusal}");
    }
}

#[tokio::test]
async fn who_holds_it_there_may_grant_it_by_every_command() {
    let mut house = world().await;
    let places: std::collections::BTreeSet<&str> = GRANTING.iter().map(|(_, at, _)| *at).collect();
    for at in places {
        house = house.with(give("eve", &format!("role deployer at {at}"))).await;
        let eve = house.by("eve").await;
        for (what, _, command) in GRANTING.iter().filter(|(_, needed, _)| *needed == at) {
            let dry = eve.dry(command()).await;
            assert!(dry.is_ok(), "{what} at {at}: {dry:?}");
        }
        house = house.with(end("eve", &format!("role deployer at {at}"))).await;
    }
}

#[tokio::test]
async fn a_token_narrows_what_its_holder_may_give_on_every_path() {
    let house = world().await.with(give("eve", "role deployer")).await;
    let elsewhere = house.by_narrow("eve", |new| new.scope = scope("blog")).await;
    let less = house.by_narrow("eve", |new| new.actions = Some(vec!["rolecall.assignments.write".into()])).await;
    for narrow in [&elsewhere, &less] {
        let error = narrow.error(give("bob", "role deployer at shop/production")).await;
        assert!(matches!(error, Error::Forbidden { .. } | Error::NotFound { .. } | Error::Refused(_)), "{error:?}");
    }
    let here = house.by_narrow("eve", |new| new.scope = scope("shop")).await;
    here.takes(give("bob", "role deployer at shop/production")).await;
}

#[tokio::test]
async fn a_batch_cannot_launder_a_grant() {
    let house = world().await;
    let eve = house.by("eve").await;
    let through = vec![role("mine", &["view"]), give("eve", "role mine"), permit_more("mine", &["deploy"])];
    eve.refuses(Command::Batch(through), Kind::NotHeld).await;
}

#[tokio::test]
async fn a_right_lost_while_a_command_waits_is_lost() {
    let house = world().await.with(give("eve", "role deployer")).await;
    let (eve, root) = (house.by("eve").await, house.root());
    let (ctx, command) = (eve.ctx().await, give("bob", "role deployer at shop/production"));
    root.takes(end("eve", "role clerk")).await;
    // Her context still reads the state in which she was a clerk.
    let error = rolecall_service::execute(&ctx, command).await.unwrap_err();
    assert!(matches!(error, Error::Forbidden { .. }), "{error:?}");
}

#[tokio::test]
async fn a_command_is_judged_by_what_its_names_mean_when_it_is_decided() {
    let house =
        shop().await.with(role("viewer", &["view", "rolecall.assignments.write", "rolecall.policies.read"])).await;
    let house =
        house.with(policy("views", &["viewer at blog"])).await.with(user("eve").given("role viewer at blog")).await;
    let house = house.with(give("eve", "role Everyone")).await.with(user("bob")).await;
    let ctx = house.by("eve").await.ctx().await;
    house.root().takes(bind("views", &["viewer at shop"])).await;
    let error = rolecall_service::execute(&ctx, give("bob", "policy views")).await.unwrap_err();
    assert!(matches!(error, Error::Forbidden { .. } | Error::NotFound { .. }), "{error:?}");
}
