//! What no escalation leaves free and what else it guards: tokens, oneself, consequences of the
//! catalog, batches, and removing those who hold more.

use crate::escalation::world;
use crate::fixture::*;
use crate::word::*;
use rolecall_model::change::Change;
use rolecall_model::command::Command;
use rolecall_model::provenance::{Source, Terms};
use rolecall_model::refusal::Kind;

type Removal = fn() -> Command;

#[test]
fn a_token_gives_no_more_than_it_may_do_itself() {
    let world = world().with(give("eve", "role deployer")).with(user("fay"));
    let narrow = |change: fn(&mut rolecall_model::token::NewToken)| {
        world.clone().with(token(1, "eve").but(change)).by("eve").through(1)
    };
    assert!(narrow(|_| ()).takes(give("bob", "role deployer at shop")));
    let only_view = narrow(|t| t.actions = Some(vec!["view".into()]));
    only_view.refuses(give("bob", "role deployer at shop"), Kind::NotHeld, "deploy");
    let only_blog = narrow(|t| t.scope = scope("blog"));
    only_blog.refuses(give("bob", "role deployer at shop"), Kind::NotHeld, "deploy");
    assert!(only_blog.takes(give("bob", "role deployer at blog/staging")));
    only_blog.refuses(token(2, "eve"), Kind::NotHeld, "");
    only_blog.refuses(change_user("eve", |p| p.password = Some(true)), Kind::NotHeld, "");
    let expired = narrow(|t| t.until = Some(second(100))).at(100);
    expired.refuses(give("bob", "role deployer at shop"), Kind::NotHeld, "deploy");
    let revoked = narrow(|_| ()).by("the installation").with(revoke(1)).by("eve").through(1);
    revoked.refuses(give("bob", "role deployer at shop"), Kind::NotHeld, "deploy");
}

#[test]
fn acting_as_oneself_gives_nothing() {
    let world = world().by("carl");
    assert!(world.takes(token(1, "carl")));
    assert!(world.takes(change_user("carl", |p| p.password = Some(true))));
    assert!(world.takes(change_user("carl", |p| p.email = Some(Some("karl@example.com".into())))));
}

#[test]
fn a_token_of_another_that_can_do_less_needs_less() {
    let world = world().with(role("viewer", &["view"])).with(give("eve", "role viewer at shop/production")).by("eve");
    assert!(world.takes(token(9, "carl").but(|t| t.actions = Some(vec!["view".into()]))));
    assert!(world.takes(token(9, "carl").but(|t| t.scope = scope("blog"))));
    assert!(world.takes(token(9, "carl").but(|t| t.actions = Some(vec!["bill".into()]))));
    assert!(!world.takes(token(9, "carl").but(|t| t.actions = Some(vec!["*".into()]))));
}

#[test]
fn what_the_catalog_prescribes_needs_no_right() {
    let world = world().by("eve").with(project("garden"));
    assert_eq!(world.held("eve").last().unwrap(), "role \"Maintainer\" at project \"garden\"");
    // She owns it now, so she may give there what she holds, and no more.
    let world = world.with(give("bob", "role deployer at garden"));
    world.refuses(give("bob", "role deployer at shop"), Kind::NotHeld, "deploy");

    let clerk = role("clerk", &["rolecall.users.write", "rolecall.groups.write", "rolecall.assignments.write"]);
    let world = unleash().with(clerk).with(user("eve").given("role clerk"));
    let world = world.by("eve").with(user("bob"));
    assert_eq!(world.held("bob"), ["role \"Viewer\" at the organization"]);
}

#[test]
fn taking_and_narrowing_give_nothing() {
    let world = world().by("eve");
    for command in [
        end("bob", "role used at shop/production"),
        leave("deployers", "carl"),
        set_members("deployers", &["tina"]),
        withdraw("used", &["view"]),
        unbind("held", &["bound at blog/staging"]),
        delete_policy("deployment"),
        give_on("tim", "role deployer at shop/production", between(None, Some(300))),
        give_on(
            "sue",
            "role deployer at shop/production",
            Terms { until: Some(second(9)), ..Terms::of(Source::Sso("corp".into())) },
        ),
        change_user("carl", |p| p.name = Some("Carl the Great".into())),
        change_user("paula", |p| p.password = Some(false)),
        role("unused", &["deploy"]),
    ] {
        assert!(world.takes(command.clone()), "{command:?}");
    }
}

#[test]
fn a_batch_cannot_launder_a_grant() {
    let world = world().by("eve");
    let parts =
        || vec![role("mine", &["deploy"]), policy("my policy", &["mine at shop"]), give("eve", "policy my policy")];
    let refusal = world.refusal(Command::Batch(parts()));
    assert_eq!((refusal.kind, refusal.field.as_str()), (Kind::NotHeld, "commands[2]"));
    let backwards = vec![policy("my policy", &["used at shop"]), give("eve", "policy my policy")];
    assert!(!world.takes(Command::Batch(backwards.clone())));
    let empty_first = vec![role("mine", &[]), give("eve", "role mine"), permit_more("mine", &["deploy"])];
    let refusal = world.refusal(Command::Batch(empty_first));
    assert_eq!((refusal.kind, refusal.field.as_str()), (Kind::NotHeld, "commands[2].permits"));
}

#[test]
fn removing_or_disabling_a_holder_of_own_actions_needs_those_actions() {
    let world = world().with(role("auditor", &["rolecall.audit.read"]));
    let world = world.with(user("olga").given("role auditor at shop").password()).with(group(
        "auditors",
        &["bob"],
        &["role auditor at shop"],
    ));
    let world = world.with(application("audit bot", &["role auditor at shop"]));
    let removals: [(&str, Removal); 9] = [
        ("delete", || delete_user("olga")),
        ("disable", || disable("olga")),
        ("lock out", || change_user("olga", |p| p.password = Some(false))),
        ("erase", || erase_user("olga")),
        ("delete a member", || delete_user("bob")),
        ("disable a member", || disable("bob")),
        ("an application", || delete_application("audit-bot")),
        ("disable an application", || change_application("audit-bot", |p| p.active = Some(false))),
        ("a group", || delete_group("auditors")),
    ];
    for (what, removal) in removals {
        let refusal = world.clone().by("eve").refusal(removal());
        assert_eq!(
            (refusal.kind, refusal.details.as_slice()),
            (Kind::NotHeld, &["rolecall.audit.read".to_owned()][..]),
            "{what}"
        );
        let elsewhere = world.clone().with(give("eve", "role auditor at blog"));
        assert!(!elsewhere.by("eve").takes(removal()), "{what}");
        let holding = world.clone().with(give("eve", "role auditor at shop"));
        assert!(holding.by("eve").takes(removal()), "{what}");
    }
    let world = world.by("eve");
    assert!(world.takes(delete_user("carl")), "product actions protect nobody");
}

#[test]
fn a_replaced_password_is_a_change_of_its_own() {
    let mut world = world();
    let both = change_user("paula", |p| {
        (p.password, p.name) = (Some(true), Some("Paula".into()));
    });
    assert_eq!(world.changes(both), 2);
    let changes = &world.log.last().unwrap().1;
    assert!(matches!(&changes[1], Change::Principal(_)));
}
