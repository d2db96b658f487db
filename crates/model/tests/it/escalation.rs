//! No escalation: granting is every command after which somebody may do more, or act as another.

use crate::fixture::*;
use crate::word::*;
use rolecall_model::change::Change;
use rolecall_model::command::Command;
use rolecall_model::moment::{Actor, Moment};
use rolecall_model::operation;
use rolecall_model::provenance::{Source, Terms};
use rolecall_model::refusal::Kind;

/// A command by which `eve` would let somebody deploy.
struct Granting {
    what: &'static str,
    command: fn() -> Command,
    /// Where it would give that.
    at: &'static str,
}

/// Every way to grant. Each would give `deploy` (with the `view` it includes) and nothing else.
const GRANTING: &[Granting] = &[
    Granting { what: "a role", at: "shop/production", command: || give("bob", "role deployer at shop/production") },
    Granting { what: "a policy", at: "shop/production", command: || give("bob", "policy deployment") },
    Granting { what: "a role to a group", at: "shop", command: || give("group empty", "role deployer at shop") },
    Granting { what: "a policy to an application", at: "shop/production", command: || give("robot-one", "policy deployment") },
    Granting { what: "to oneself", at: "*", command: || give("eve", "role deployer") },
    Granting { what: "a membership", at: "shop/production", command: || join("deployers", "bob") },
    Granting { what: "members, all", at: "shop/production", command: || set_members("deployers", &["carl", "bob"]) },
    Granting { what: "a new user with a role", at: "shop/production", command: || user("dora").given("role deployer at shop/production").into() },
    Granting { what: "a new user in a group", at: "shop/production", command: || user("dora").in_group("deployers").into() },
    Granting { what: "a new application", at: "shop/production", command: || application("other", &["policy deployment"]) },
    Granting { what: "a new group with members", at: "blog", command: || group("new", &["bob"], &["role deployer at blog"]) },
    Granting { what: "a role's permits, more", at: "shop/production", command: || permit_more("used", &["deploy"]) },
    Granting { what: "a role's permits, all", at: "shop/production", command: || set_permits("used", &["view", "deploy at shop/production"]) },
    Granting { what: "a role's permits through a policy", at: "blog/staging", command: || permit_more("bound", &["deploy"]) },
    Granting { what: "a policy's bindings, more", at: "blog", command: || bind("held", &["deployer at blog"]) },
    Granting { what: "a policy's bindings, all", at: "blog", command: || set_bindings("held", &["deployer at blog"]) },
    Granting { what: "what an action includes", at: "*", command: || set_includes("peek", &["deploy"]) },
    Granting { what: "a group's SSO names", at: "shop/production", command: || sso_names("deployers", &["sso-deployers"]) },
    Granting { what: "a token of another", at: "shop/production", command: || token(9, "carl").into() },
    Granting { what: "a narrow token of another", at: "shop/production", command: || token(9, "carl").but(|t| t.actions = Some(vec!["deploy".into()])).into() },
    Granting { what: "a password of another", at: "shop/production", command: || change_user("carl", |p| p.password = Some(true)) },
    Granting { what: "another password of another", at: "shop/production", command: || change_user("paula", |p| p.password = Some(true)) },
    Granting { what: "another password beside a name", at: "shop/production", command: || change_user("paula", |p| (p.password, p.name) = (Some(true), Some("Paula".into()))) },
    Granting { what: "an email of another", at: "shop/production", command: || change_user("carl", |p| p.email = Some(Some("eve2@example.com".into()))) },
    Granting { what: "a username of another", at: "shop/production", command: || change_user("carl", |p| p.username = Some(Some("eve-2".into()))) },
    Granting { what: "an external id of another", at: "shop/production", command: || change_user("carl", |p| p.external_id = Some(Some("eve-2".into()))) },
    Granting { what: "an external id of an application", at: "shop/production", command: || change_application("deploy-bot", |p| p.external_id = Some(Some("eve-2".into()))) },
    Granting { what: "enabling a user", at: "shop/production", command: || enable("zoe") },
    Granting { what: "a later end", at: "shop/production", command: || give_on("tim", "role deployer at shop/production", between(None, Some(900))) },
    Granting { what: "no end any more", at: "shop/production", command: || give("tim", "role deployer at shop/production") },
    Granting { what: "an earlier start", at: "shop/production", command: || give_on("late", "role deployer at shop/production", between(Some(100), None)) },
    Granting { what: "a later end of a membership", at: "shop/production", command: || join("deployers", "tina") },
    Granting { what: "another source", at: "shop/production", command: || give("sue", "role deployer at shop/production") },
    Granting { what: "another source of a membership", at: "shop/production", command: || join("deployers", "sue") },
    Granting { what: "in the catalog's name", at: "shop/production", command: || give_on("bob", "role deployer at shop/production", Terms::of(Source::Catalog)) },
    Granting { what: "for a time to come", at: "shop/production", command: || give_on("bob", "role deployer at shop/production", between(Some(500), Some(900))) },
];

/// Eve may use every command, but holds no product action and may give nothing she does not hold.
fn world() -> World {
    let is_writing = |name: &&str| name.rsplit('.').next().is_some_and(|word| matches!(word, "write" | "create"));
    let writes: Vec<&str> = operation::own().filter_map(operation::name).filter(is_writing).collect();
    let sso = Terms::of(Source::Sso("corp".into()));
    let world = shop().with(role("clerk", &writes)).with(user("eve").given("role clerk"));
    let world = world.with(role("deployer", &["deploy"])).with(policy("deployment", &["deployer at shop/production"]));
    let world = world.with(action("peek", &[])).with(role("used", &["view"])).with(role("bound", &["view"]));
    let world = world.with(policy("held", &["bound at blog/staging"]));
    let world = ["bob", "carl", "tim", "tina", "late", "sue"].iter().fold(world, |world, who| world.with(user(who)));
    let world = world.with(group("deployers", &["carl"], &["policy deployment"])).with(group("empty", &[], &[]));
    let world = world.with(give("bob", "role used at shop/production")).with(give("bob", "policy held"));
    let world = world.with(user("zoe").given("policy deployment").disabled());
    let world = world.with(user("paula").given("policy deployment").password());
    let world = world.with(application("robot one", &[])).with(application("deploy bot", &["policy deployment"]));
    let world = world.with(give_on("tim", "role deployer at shop/production", between(None, Some(600))));
    let world = world.with(give_on("late", "role deployer at shop/production", between(Some(600), None)));
    let world = world.with(join_on("deployers", "tina", between(None, Some(600))));
    let world = world.with(give_on("sue", "role deployer at shop/production", sso.clone()));
    world.with(join_on("deployers", "sue", sso))
}

#[test]
fn no_escalation() {
    let world = world();
    for granting in GRANTING {
        let refusal = world.clone().by("eve").refusal((granting.command)());
        assert_eq!(refusal.kind, Kind::NotHeld, "{}: {refusal}", granting.what);
        assert_eq!(refusal.details, ["deploy"], "{}: {refusal}", granting.what);
    }
}

#[test]
fn who_holds_it_there_may_grant_it_by_every_command() {
    for granting in GRANTING {
        let world = world().with(give("eve", &format!("role deployer at {}", granting.at)));
        // Giving it to herself changes nothing then, and is taken all the same.
        assert!(world.by("eve").takes((granting.command)()), "{}", granting.what);
    }
}

#[test]
fn who_holds_it_elsewhere_only_may_not_grant_it() {
    for granting in GRANTING {
        let elsewhere = ["blog/development", "shop/staging", "*/development"];
        let world = elsewhere.iter().fold(world(), |w, at| w.with(give("eve", &format!("role deployer at {at}"))));
        world.by("eve").refuses((granting.command)(), Kind::NotHeld, "deploy");
    }
}

#[test]
fn who_may_grant_gives_product_actions_without_holding_them() {
    let world = world().with(role("granter", &["rolecall.assignments.grant"]));
    for granting in GRANTING {
        let world = world.clone().with(give("eve", &format!("role granter at {}", granting.at)));
        assert!(world.by("eve").takes((granting.command)()), "{}", granting.what);
    }
}

#[test]
fn who_may_grant_does_not_give_rolecalls_own_actions_nor_everything() {
    let world = world().with(role("granter", &["rolecall.assignments.grant"])).with(give("eve", "role granter"));
    let world = world.with(role("auditor", &["rolecall.audit.read"])).with(action("snoop", &["rolecall.audit.read"]));
    let world = world.with(role("snooper", &["snoop"])).by("eve");
    world.refuses(give("bob", "role auditor"), Kind::NotHeld, "rolecall.audit.read");
    world.refuses(give("bob", "role snooper"), Kind::NotHeld, "rolecall.audit.read");
    world.refuses(give("bob", "policy Admin"), Kind::NotHeld, "\"*\"");
    world.refuses(give("bob", "role Admin at shop"), Kind::NotHeld, "\"*\"");
    // The action is in use by nobody yet, but whoever may read its roles would read the audit.
    world.refuses(set_includes("peek", &["rolecall.audit.read"]), Kind::NotHeld, "rolecall.audit.read");
}

#[test]
fn who_may_escalate_gives_anything_there_and_nowhere_else() {
    let world = world().with(role("owner", &["rolecall.assignments.escalate"]));
    for granting in GRANTING {
        let there = world.clone().with(give("eve", &format!("role owner at {}", granting.at)));
        assert!(there.by("eve").takes((granting.command)()), "{}", granting.what);
    }
    let world = world.with(give("eve", "role owner at shop")).by("eve");
    assert!(world.takes(give("bob", "role Admin at shop")));
    assert!(world.takes(give("bob", "role Maintainer at shop")));
    world.refuses(give("bob", "role Maintainer at blog"), Kind::NotHeld, "administer");
    world.refuses(give("bob", "policy Admin"), Kind::NotHeld, "\"*\"");
}

#[test]
fn to_hold_every_single_action_is_not_to_hold_future_ones() {
    let all: Vec<&str> = operation::own().filter_map(operation::name).filter(|n| !n.ends_with("escalate")).collect();
    let world = shop().with(role("all", &[all, vec!["view", "deploy", "administer", "bill"]].concat()));
    let world = world.with(user("eve").given("role all")).with(user("bob")).by("eve");
    world.refuses(give("bob", "policy Admin"), Kind::NotHeld, "\"*\"");
}

#[test]
fn granting_counts_on_what_the_actor_holds_now() {
    let world = world().with(give_on("eve", "role deployer", between(Some(100), Some(200))));
    let give = || give("bob", "role deployer at shop");
    assert!(!world.clone().by("eve").at(99).takes(give()));
    assert!(world.clone().by("eve").at(100).takes(give()));
    assert!(world.clone().by("eve").at(199).takes(give()));
    assert!(!world.clone().by("eve").at(200).takes(give()));
    assert!(!world.clone().with(disable("eve")).at(150).by("eve").takes(give()));
}

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
        give_on("sue", "role deployer at shop/production", Terms { until: Some(second(9)), ..Terms::of(Source::Sso("corp".into())) }),
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
    let parts = || vec![role("mine", &["deploy"]), policy("my policy", &["mine at shop"]), give("eve", "policy my policy")];
    let refusal = world.refusal(Command::Batch(parts()));
    assert_eq!((refusal.kind, refusal.field.as_str()), (Kind::NotHeld, "commands[2]"));
    let backwards = vec![policy("my policy", &["used at shop"]), give("eve", "policy my policy")];
    assert!(!world.takes(Command::Batch(backwards.clone())));
    let empty_first = vec![role("mine", &[]), give("eve", "role mine"), permit_more("mine", &["deploy"])];
    let refusal = world.refusal(Command::Batch(empty_first));
    assert_eq!((refusal.kind, refusal.field.as_str()), (Kind::NotHeld, "commands[2].permits"));
}

type Removal = fn() -> Command;

#[test]
fn removing_or_disabling_a_holder_of_own_actions_needs_those_actions() {
    let world = world().with(role("auditor", &["rolecall.audit.read"]));
    let world = world.with(user("olga").given("role auditor at shop")).with(group("auditors", &["bob"], &["role auditor at shop"]));
    let world = world.with(application("audit bot", &["role auditor at shop"]));
    let removals: [(&str, Removal); 8] = [
        ("delete", || delete_user("olga")),
        ("disable", || disable("olga")),
        ("erase", || erase_user("olga")),
        ("delete a member", || delete_user("bob")),
        ("disable a member", || disable("bob")),
        ("an application", || delete_application("audit-bot")),
        ("disable an application", || change_application("audit-bot", |p| p.active = Some(false))),
        ("a group", || delete_group("auditors")),
    ];
    for (what, removal) in removals {
        let refusal = world.clone().by("eve").refusal(removal());
        assert_eq!((refusal.kind, refusal.details.as_slice()), (Kind::NotHeld, &["rolecall.audit.read".to_owned()][..]), "{what}");
        let elsewhere = world.clone().with(give("eve", "role auditor at blog"));
        assert!(!elsewhere.by("eve").takes(removal()), "{what}");
        let holding = world.clone().with(give("eve", "role auditor at shop"));
        assert!(holding.by("eve").takes(removal()), "{what}");
    }
    let world = world.by("eve");
    assert!(world.takes(delete_user("carl")), "product actions protect nobody");
}

#[test]
fn the_installation_and_the_home_organization_give_anything() {
    let world = world();
    let moment = Moment::new(second(0), Actor::Home, [3; 32]);
    for granting in GRANTING {
        assert!(world.clone().by("the installation").takes((granting.command)()));
        let decision = rolecall_model::decide::decide(&world.org, (granting.command)(), &moment);
        assert!(decision.is_ok(), "{}", granting.what);
    }
}

#[test]
fn every_granting_command_says_which_action_is_missing_where() {
    let refusal = world().by("eve").refusal(give("bob", "role deployer at shop/production"));
    assert_eq!(
        refusal.message,
        "this would give \"deploy\" at project \"shop\" in \"production\", which you do not hold there; \
         ask somebody who does, or who may give anything there"
    );
}

#[test]
fn a_replaced_password_is_a_change_of_its_own() {
    let mut world = world();
    let both = change_user("paula", |p| (p.password, p.name) = (Some(true), Some("Paula".into())));
    assert_eq!(world.changes(both), 2);
    let changes = &world.log.last().unwrap().1;
    assert!(matches!(&changes[1], Change::Principal(_)));
}
