//! Slots: exactly one role of a slot for users and applications, at most one for groups, at the
//! organization and without an end.

use crate::fixture::*;
use crate::word::*;
use rolecall_model::provenance::{Source, Terms};
use rolecall_model::refusal::Kind;

const VIEWER: &str = "role \"Viewer\" at the organization";
const EDITOR: &str = "role \"Editor\" at the organization";

#[test]
fn who_is_given_none_has_the_default() {
    let world = unleash().with(user("bob")).with(application("the bot", &[])).with(group("team", &["bob"], &[]));
    assert_eq!(world.held("bob"), [VIEWER]);
    assert_eq!(world.held("the-bot"), [VIEWER]);
    assert!(world.held("group team").is_empty());
    assert_eq!(world.terms("bob", VIEWER).unwrap(), Terms::of(Source::Catalog));
}

#[test]
fn who_is_given_one_at_once_has_no_other() {
    let world = unleash().with(user("bob").given("role Editor")).with(application("the bot", &["role Editor"]));
    assert_eq!(world.held("bob"), [EDITOR]);
    assert_eq!(world.held("the-bot"), [EDITOR]);
}

#[test]
fn another_one_replaces_it_in_the_same_entry() {
    let mut world = unleash().with(user("bob")).with(group("team", &[], &["role Editor"]));
    assert_eq!(world.changes(give("bob", "role Editor")), 2);
    assert_eq!(world.held("bob"), [EDITOR]);
    assert_eq!(world.changes(slot("bob", "root", Some("Viewer"))), 2);
    assert_eq!(world.held("bob"), [VIEWER]);
    assert_eq!(world.changes(slot("bob", "root", Some("Viewer"))), 0);
    assert_eq!(world.changes(give("group team", "role Viewer")), 2);
    assert_eq!(world.held("group team"), [VIEWER]);
}

#[test]
fn a_user_and_an_application_always_have_one() {
    let world = unleash().with(user("bob")).with(application("the bot", &[]));
    for who in ["bob", "the-bot"] {
        world.refuses(end(who, "role Viewer"), Kind::NotNow, "a root role is always held");
        world.refuses(slot(who, "root", None), Kind::Invalid, "always has a root role");
    }
}

#[test]
fn a_group_may_have_none() {
    let world = unleash().with(group("team", &[], &["role Editor"]));
    assert!(world.clone().with(slot("group team", "root", None)).held("group team").is_empty());
    assert!(world.with(end("group team", "role Editor")).held("group team").is_empty());
}

#[test]
fn it_has_no_end() {
    let world = unleash().with(user("bob"));
    world.refuses(give_on("bob", "role Editor", between(None, Some(9))), Kind::Invalid, "is held without an end");
}

#[test]
fn one_of_several_sources_may_go_but_not_the_last() {
    let world = unleash().with(user("bob")).with(give_on("bob", "role Viewer", Terms::of(Source::Scim)));
    assert_eq!(world.terms("bob", VIEWER).unwrap().sources, [Source::Catalog, Source::Scim]);
    let world = world.with(end_from("bob", "role Viewer", Some(Source::Scim)));
    assert_eq!(world.terms("bob", VIEWER).unwrap().sources, [Source::Catalog]);
    world.refuses(end_from("bob", "role Viewer", Some(Source::Catalog)), Kind::NotNow, "always held");
    assert!(world.takes(end_from("bob", "role Viewer", Some(Source::Scim))));
}

#[test]
fn a_role_of_ones_own_belongs_to_it_too() {
    let world = unleash().with(role_of_slot("Auditor", "root", &["READ_LOGS"])).with(user("bob").given("role Auditor"));
    assert_eq!(world.held("bob"), ["role \"Auditor\" at the organization"]);
    let world = world.with(slot("bob", "root", Some("Viewer")));
    assert!(world.takes(delete_role("Auditor")));
    world.refuses(slot("bob", "root", Some("Owner")), Kind::Invalid, "does not belong to the slot");
    world.refuses(slot("bob", "rot", Some("Viewer")), Kind::Unknown, "did you mean \"root\"?");
}

#[test]
fn other_roles_stand_beside_it() {
    let world = unleash().with(user("bob").given("role Owner at default").given("role Member at default"));
    assert_eq!(world.held("bob").len(), 3);
}
