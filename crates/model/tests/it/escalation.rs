//! No escalation: granting is every command after which somebody may do more, or act as another.

use crate::fixture::*;
use crate::word::*;
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
    Granting {
        what: "a policy to an application",
        at: "shop/production",
        command: || give("robot-one", "policy deployment"),
    },
    Granting { what: "to oneself", at: "*", command: || give("eve", "role deployer") },
    Granting { what: "a membership", at: "shop/production", command: || join("deployers", "bob") },
    Granting { what: "members, all", at: "shop/production", command: || set_members("deployers", &["carl", "bob"]) },
    Granting {
        what: "a new user with a role",
        at: "shop/production",
        command: || user("dora").given("role deployer at shop/production").into(),
    },
    Granting {
        what: "a new user in a group",
        at: "shop/production",
        command: || user("dora").in_group("deployers").into(),
    },
    Granting {
        what: "a new application",
        at: "shop/production",
        command: || application("other", &["policy deployment"]),
    },
    Granting {
        what: "a new group with members",
        at: "blog",
        command: || group("new", &["bob"], &["role deployer at blog"]),
    },
    Granting { what: "a role's permits, more", at: "shop/production", command: || permit_more("used", &["deploy"]) },
    Granting {
        what: "a role's permits, all",
        at: "shop/production",
        command: || set_permits("used", &["view", "deploy at shop/production"]),
    },
    Granting {
        what: "a role's permits through a policy",
        at: "blog/staging",
        command: || permit_more("bound", &["deploy"]),
    },
    Granting { what: "a policy's bindings, more", at: "blog", command: || bind("held", &["deployer at blog"]) },
    Granting { what: "a policy's bindings, all", at: "blog", command: || set_bindings("held", &["deployer at blog"]) },
    Granting { what: "what an action includes", at: "*", command: || set_includes("peek", &["deploy"]) },
    Granting {
        what: "a group's SSO names",
        at: "shop/production",
        command: || sso_names("deployers", &["sso-deployers"]),
    },
    Granting { what: "a token of another", at: "shop/production", command: || token(9, "carl").into() },
    Granting {
        what: "a narrow token of another",
        at: "shop/production",
        command: || token(9, "carl").but(|t| t.actions = Some(vec!["deploy".into()])).into(),
    },
    Granting {
        what: "a password of another",
        at: "shop/production",
        command: || change_user("carl", |p| p.password = Some(true)),
    },
    Granting {
        what: "another password of another",
        at: "shop/production",
        command: || change_user("paula", |p| p.password = Some(true)),
    },
    Granting {
        what: "another password beside a name",
        at: "shop/production",
        command: || {
            change_user("paula", |p| {
                (p.password, p.name) = (Some(true), Some("Paula".into()));
            })
        },
    },
    Granting {
        what: "an email of another",
        at: "shop/production",
        command: || change_user("carl", |p| p.email = Some(Some("eve2@example.com".into()))),
    },
    Granting {
        what: "a username of another",
        at: "shop/production",
        command: || change_user("carl", |p| p.username = Some(Some("eve-2".into()))),
    },
    Granting {
        what: "an external id of another",
        at: "shop/production",
        command: || change_user("carl", |p| p.external_id = Some(Some("eve-2".into()))),
    },
    Granting {
        what: "an external id of an application",
        at: "shop/production",
        command: || change_application("deploy-bot", |p| p.external_id = Some(Some("eve-2".into()))),
    },
    Granting { what: "enabling a user", at: "shop/production", command: || enable("zoe") },
    Granting {
        what: "a later end",
        at: "shop/production",
        command: || give_on("tim", "role deployer at shop/production", between(None, Some(900))),
    },
    Granting {
        what: "no end any more",
        at: "shop/production",
        command: || give("tim", "role deployer at shop/production"),
    },
    Granting {
        what: "an earlier start",
        at: "shop/production",
        command: || give_on("late", "role deployer at shop/production", between(Some(100), None)),
    },
    Granting { what: "a later end of a membership", at: "shop/production", command: || join("deployers", "tina") },
    Granting {
        what: "another source",
        at: "shop/production",
        command: || give("sue", "role deployer at shop/production"),
    },
    Granting { what: "another source of a membership", at: "shop/production", command: || join("deployers", "sue") },
    Granting {
        what: "in the catalog's name",
        at: "shop/production",
        command: || give_on("bob", "role deployer at shop/production", Terms::of(Source::Catalog)),
    },
    Granting {
        what: "for a time to come",
        at: "shop/production",
        command: || give_on("bob", "role deployer at shop/production", between(Some(500), Some(900))),
    },
];

/// Eve may use every command, but holds no product action and may give nothing she does not hold.
pub fn world() -> World {
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
