//! Terms: where a grant or membership comes from, and from when until when it counts.

use crate::fixture::*;
use crate::word::*;
use rolecall_model::membership::MembershipCommand;
use rolecall_model::provenance::{Source, Terms};
use rolecall_model::refusal::Kind;

const ADMIN: &str = "policy \"Admin\"";

fn sso() -> Source {
    Source::Sso("corp".into())
}

fn from_sso(from: Option<i64>, until: Option<i64>) -> Terms {
    Terms { sources: vec![sso()], ..between(from, until) }
}

#[test]
fn terms_are_joined_over_sources() {
    let cases = [
        // By hand, by sign-in, both: the wider window of the two.
        (between(None, Some(10)), from_sso(None, Some(20)), (None, Some(20))),
        (between(None, Some(30)), from_sso(None, Some(20)), (None, Some(30))),
        (between(None, Some(30)), from_sso(None, None), (None, None)),
        (between(None, None), from_sso(Some(5), Some(20)), (None, None)),
        (between(Some(8), Some(9)), from_sso(Some(5), Some(20)), (Some(5), Some(20))),
    ];
    for (by_hand, by_sso, (from, until)) in cases {
        for (first, second) in [(&by_hand, &by_sso), (&by_sso, &by_hand)] {
            let world = shop().with(user("bob")).with(give_on("bob", "policy Admin", first.clone()));
            let world = world.with(give_on("bob", "policy Admin", second.clone()));
            let terms = world.terms("bob", ADMIN).unwrap();
            assert_eq!(terms.sources, [Source::Manual, sso()]);
            assert_eq!((terms.from, terms.until), (from.map(second_of), until.map(second_of)));
            assert_eq!(world.held("bob").len(), 1);
        }
    }
}

fn second_of(seconds: i64) -> rolecall_model::Timestamp {
    second(seconds)
}

#[test]
fn the_same_source_sets_the_terms_anew() {
    let world = shop().with(user("bob")).with(give_on("bob", "policy Admin", between(None, Some(90))));
    let world = world.with(give_on("bob", "policy Admin", between(Some(5), Some(10))));
    assert_eq!(world.terms("bob", ADMIN).unwrap(), between(Some(5), Some(10)));
}

#[test]
fn a_grant_ends_with_its_last_source() {
    let world =
        shop().with(user("bob").given("policy Admin")).with(give_on("bob", "policy Admin", from_sso(None, None)));
    let world = world.with(end_from("bob", "policy Admin", Some(sso())));
    assert_eq!(world.terms("bob", ADMIN).unwrap().sources, [Source::Manual]);
    let world = world.with(end_from("bob", "policy Admin", Some(Source::Manual)));
    assert!(world.held("bob").is_empty());
    world.refuses(end("bob", "policy Admin"), Kind::Unknown, "user \"bob@example.com\" does not have policy \"Admin\"");
}

#[test]
fn a_membership_ends_with_its_last_source() {
    let remove =
        |source| MembershipCommand::Remove { group: "team".into(), user: subject("bob"), source, quietly: false };
    let world = shop().with(user("bob")).with(group("team", &["bob"], &[]));
    let world = world.with(join_on("team", "bob", from_sso(None, None))).with(remove(Some(Source::Manual)));
    assert_eq!(world.members("team"), ["bob@example.com"]);
    let world = world.with(remove(Some(sso())));
    assert!(world.members("team").is_empty());
    world.refuses(remove(None), Kind::Unknown, "is not in group \"team\"");
}

#[test]
fn a_source_that_gave_nothing_takes_nothing() {
    let mut world = shop().with(user("bob").given("policy Admin"));
    assert_eq!(world.changes(end_from("bob", "policy Admin", Some(sso()))), 0);
}

#[test]
fn an_end_comes_after_its_start() {
    let world = shop().with(user("bob")).with(group("team", &[], &[]));
    for terms in [between(Some(5), Some(5)), between(Some(6), Some(5))] {
        let refusal = world.refusal(give_on("bob", "policy Admin", terms.clone()));
        assert_eq!((refusal.kind, refusal.field.as_str()), (Kind::Invalid, "until"));
        assert!(!world.takes(join_on("team", "bob", terms)));
    }
    assert!(world.takes(give_on("bob", "policy Admin", between(Some(-20), Some(-10)))));
}

#[test]
fn an_approver_is_somebody_of_the_organization() {
    let world = shop().with(user("bob"));
    let approved = |number| Terms { approver: rolecall_model::id::PrincipalId::new(number), ..by_hand() };
    assert!(world.takes(give_on("bob", "policy Admin", approved(1))));
    world.refuses(give_on("bob", "policy Admin", approved(99)), Kind::Unknown, "the approver is not");
}

#[test]
fn a_record_says_who_gave_it_when_and_why() {
    let why = Terms { reason: Some("  on call ".into()), ..by_hand() };
    let world = shop().with(user("bob")).by("ada").at(70).with(give_on("bob", "policy Admin", why));
    let (id, bob) = world.org.find_principal("bob@example.com").unwrap();
    let provenance = world.org.provenances.get(bob.assignments[0].provenance).unwrap();
    assert_eq!(provenance.terms.reason.as_deref(), Some("on call"));
    assert_eq!((provenance.at, provenance.revision), (second(70), world.org.revision()));
    assert_eq!(provenance.actor.principal(), world.org.find_principal("ada@example.com").map(|(id, _)| id));
    assert_eq!(id.number(), 2);
}

#[test]
fn an_entry_is_never_before_its_predecessor() {
    let world = shop().at(100).with(user("bob")).at(50).with(user("carl"));
    assert_eq!(world.org.at(), second(100));
    assert_eq!(world.log.last().unwrap().0.at, second(100));
}
