//! An administrator always remains: an active user who holds every one of Rolecall's own actions in
//! the whole organization by a grant without an end, and who can sign in.

use crate::fixture::*;
use crate::word::*;
use rolecall_model::command::Command;
use rolecall_model::operation;
use rolecall_model::refusal::Kind;

/// How ada is an administrator, and each command that would end it.
struct Way {
    what: &'static str,
    world: fn() -> World,
    ends: &'static [fn() -> Command],
}

const WAYS: &[Way] = &[
    Way {
        what: "by a predefined policy",
        world: shop,
        ends: &[
            || delete_user("ada"),
            || erase_user("ada"),
            || disable("ada"),
            || change_user("ada", |p| p.password = Some(false)),
            || end("ada", "policy Admin"),
            || give_on("ada", "policy Admin", between(None, Some(1_000_000))),
            || give_on("ada", "policy Admin", between(Some(1_000_000), None)),
        ],
    },
    Way {
        what: "by a role of one's own",
        world: || shop().with(role("root", &["*"])).with(give("ada", "role root")).with(end("ada", "policy Admin")),
        ends: &[
            || withdraw("root", &["*"]),
            || set_permits("root", &["* at */production"]),
            || set_permits("root", &["rolecall.users.write", "rolecall.assignments.escalate"]),
            || end("ada", "role root"),
            || delete_user("ada"),
        ],
    },
    Way {
        what: "by every single action",
        world: || {
            let all: Vec<&str> = operation::own().filter_map(operation::name).collect();
            shop().with(role("root", &all)).with(give("ada", "role root")).with(end("ada", "policy Admin"))
        },
        ends: &[|| withdraw("root", &["rolecall.metrics.read"]), || withdraw("root", &["rolecall.audit.read"])],
    },
    Way {
        what: "by a policy of one's own",
        world: || {
            let world = shop().with(role("root", &["*"])).with(policy("roots", &["root"]));
            world.with(give("ada", "policy roots")).with(end("ada", "policy Admin"))
        },
        ends: &[
            || unbind("roots", &["root"]),
            || set_bindings("roots", &["root at shop"]),
            || delete_policy("roots"),
            || withdraw("root", &["*"]),
        ],
    },
    Way {
        what: "by a group",
        world: || shop().with(group("roots", &["ada"], &["policy Admin"])).with(end("ada", "policy Admin")),
        ends: &[
            || leave("roots", "ada"),
            || set_members("roots", &[]),
            || join_on("roots", "ada", between(None, Some(1_000_000))),
            || join_on("roots", "ada", between(Some(1_000_000), None)),
            || end("group roots", "policy Admin"),
            || give_on("group roots", "policy Admin", between(None, Some(1_000_000))),
            || delete_group("roots"),
            || delete_user("ada"),
        ],
    },
    Way {
        what: "by what an action includes",
        world: || {
            let world = shop().with(action("all", &["*"])).with(role("root", &["all"]));
            world.with(give("ada", "role root")).with(end("ada", "policy Admin"))
        },
        ends: &[|| set_includes("all", &["view"]), || set_permits("root", &["view"])],
    },
    Way {
        what: "by a slot",
        world: unleash,
        ends: &[
            || slot("ada", "root", Some("Viewer")),
            || give("ada", "role Editor"),
            || delete_user("ada"),
            || disable("ada"),
        ],
    },
];

#[test]
fn an_administrator_always_remains() {
    for way in WAYS {
        for (index, end) in way.ends.iter().enumerate() {
            let world = (way.world)();
            for actor in ["the installation", "ada"] {
                let refusal = world.clone().by(actor).refusal(end());
                assert_eq!(refusal.kind, Kind::LastAdministrator, "{}, {index}: {refusal}", way.what);
            }
        }
    }
}

#[test]
fn with_another_administrator_each_of_those_commands_is_taken() {
    for way in WAYS {
        for (index, end) in way.ends.iter().enumerate() {
            let world = (way.world)();
            let admin = if way.what == "by a slot" { "role Admin" } else { "policy Admin" };
            let world = world.with(user("eva").given(admin).password());
            assert!(world.takes(end()), "{}, {index}", way.what);
        }
    }
}

#[test]
fn who_is_no_full_administrator_does_not_replace_one() {
    for who in [
        user("eva").given("policy Admin"),
        user("eva").given("policy Admin").password().disabled(),
        user("eva").given("role Admin at shop").password(),
        user("eva").given("role Admin at */production").password(),
        user("eva").given("policy Admin").password().but(|u| u.terms = between(None, Some(1_000_000))),
        user("eva").given("policy Admin").password().but(|u| u.terms = between(Some(50), None)),
    ] {
        shop().with(who).refuses(
            delete_user("ada"),
            Kind::LastAdministrator,
            "make another user an administrator first",
        );
    }
    let application = application("robot one", &["policy Admin"]);
    shop().with(application).refuses(delete_user("ada"), Kind::LastAdministrator, "");
}

#[test]
fn a_batch_may_hand_over() {
    let hand_over = vec![end("ada", "policy Admin"), user("eva").given("policy Admin").password().into()];
    assert!(shop().takes(Command::Batch(hand_over)));
    let and_away = vec![user("eva").given("policy Admin").password().into(), delete_user("ada"), delete_user("eva")];
    shop().refuses(Command::Batch(and_away), Kind::LastAdministrator, "");
}

#[test]
fn applications_count_until_a_user_has_been_an_administrator() {
    let catalog = rolecall_model::catalog::Catalog::read(rolecall_model::catalog::builtin("none").unwrap()).unwrap();
    let world = World::of(&catalog).with(application("robot one", &["policy Administrator"]));
    assert!(!world.org.had_administrator());
    world.refuses(delete_application("robot-one"), Kind::LastAdministrator, "");
    world.refuses(end("robot-one", "policy Administrator"), Kind::LastAdministrator, "");
    let two = world.clone().with(application("second", &["policy Administrator"]));
    assert!(two.takes(delete_application("robot-one")));
    let world = world.with(user("ada").given("policy Administrator").password());
    assert!(world.org.had_administrator());
    assert!(world.takes(delete_application("robot-one")));
    world.refuses(delete_user("ada"), Kind::LastAdministrator, "");
}

#[test]
fn an_organization_without_an_administrator_can_still_be_changed() {
    let catalog = rolecall_model::catalog::Catalog::read(rolecall_model::catalog::builtin("none").unwrap()).unwrap();
    let world = World::of(&catalog).with(user("bob"));
    assert!(world.takes(delete_user("bob")));
}

#[test]
fn the_end_of_somebody_elses_grant_is_none_of_its_business() {
    let world = shop().with(user("bob").given("role Admin at shop")).with(group("g", &["bob"], &["policy Admin"]));
    assert!(world.takes(delete_user("bob")));
    assert!(world.takes(delete_group("g")));
}

#[test]
fn a_stale_hint_hides_no_loss() {
    // Eva is the one remembered last; when she goes, ada is found; when ada goes too, nobody is.
    let world = shop().with(user("eva").given("policy Admin").password());
    let world = world.with(disable("ada")).with(enable("ada")).with(delete_user("eva"));
    world.refuses(disable("ada"), Kind::LastAdministrator, "");
    let mut read: rolecall_model::Org = postcard::from_bytes(&bytes(&world.org)).unwrap();
    read.index();
    let mut world = world;
    world.org = read;
    world.refuses(disable("ada"), Kind::LastAdministrator, "");
}
