//! Names and identifiers: what they must look like, and which of them are one.

use crate::fixture::*;
use crate::word::*;
use rolecall_model::command::Command;
use rolecall_model::refusal::Kind;
use rolecall_model::user::NewUser;

type Set = fn(&mut NewUser);

#[test]
fn identifiers_share_one_space_whatever_their_kind_and_case() {
    let world =
        shop().with(user("bob").but(|u| (u.username, u.external_id) = (Some("Robert".into()), Some("Ext-7".into()))));
    let world = world.with(application("Deploy Bot", &[]));
    let clashes: [(&str, Set); 7] = [
        ("email", |u| u.email = Some("BOB@Example.com".into())),
        ("username", |u| u.username = Some("ROBERT".into())),
        ("username", |u| u.username = Some("ext-7".into())),
        ("external_id", |u| u.external_id = Some("Robert".into())),
        ("external_id", |u| u.external_id = Some("EXT-7".into())),
        ("external_id", |u| u.external_id = Some("deploy-bot".into())),
        ("username", |u| u.username = Some("Deploy-Bot".into())),
    ];
    for (field, set) in clashes {
        let refusal = world.refusal(user("carl").but(set));
        assert_eq!((refusal.kind, refusal.field.as_str()), (Kind::Taken, field), "{refusal}");
    }
    world.refuses(application("deploy  bot", &[]), Kind::Taken, "is known as \"deploy-bot\"");
    world.refuses(application("robert", &[]), Kind::Taken, "is known as \"robert\"");
    let change = change_application("deploy-bot", |p| {
        p.external_id = Some(Some("bob@example.com".into()));
    });
    world.refuses(change, Kind::Invalid, "must equal the user's own email");
    assert!(world.takes(change_user("bob", |p| p.external_id = Some(Some("bob@example.com".into())))));
    assert!(world.takes(change_user("bob", |p| p.username = Some(Some("EXT-7".into())))), "one's own");
}

#[test]
fn one_look_up_finds_whom_an_identifier_means() {
    let world =
        shop().with(user("bob").but(|u| (u.username, u.external_id) = (Some("Robert".into()), Some("Ext-7".into()))));
    let bob = world.org.find_principal("bob@example.com").unwrap().0;
    let subject = world.org.principal(bob).unwrap().subject.to_string();
    for known in ["BOB@example.COM", "robert", "ROBERT", "Ext-7", subject.as_str()] {
        assert_eq!(world.org.find_principal(known).map(|(id, _)| id), Some(bob), "{known}");
    }
    for unknown in ["ext-7", "bob", "", "@", &subject.to_uppercase(), "usr_"] {
        assert!(world.org.find_principal(unknown).is_none(), "{unknown}");
    }
}

#[test]
fn an_identifier_is_free_once_nobody_has_it() {
    let world = shop().with(user("bob"));
    assert!(!world.takes(user("bob")));
    let moved = world.clone().with(change_user("bob", |p| {
        p.email = Some(Some("robert@example.com".into()));
    }));
    assert!(moved.takes(user("bob")));
    assert!(world.with(delete_user("bob")).takes(user("bob")));
}

#[test]
fn only_an_email_or_its_own_copy_contains_an_at_sign() {
    let world = shop();
    let refused: [(&str, Set); 5] = [
        ("username", |u| u.username = Some("bob@home".into())),
        ("external_id", |u| {
            u.external_id = Some("other@example.com".into());
        }),
        ("email", |u| u.email = Some("bob".into())),
        ("email", |u| u.email = Some("bob@".into())),
        ("email", |u| u.email = Some("bob@a@b".into())),
    ];
    for (field, set) in refused {
        let refusal = world.refusal(user("bob").but(set));
        assert_eq!((refusal.kind, refusal.field.as_str()), (Kind::Invalid, field), "{refusal}");
    }
    assert!(world.takes(user("bob").but(|u| u.external_id = Some("Bob@Example.com".into()))));
    let change = change_application("the-bot", |p| p.external_id = Some(Some("a@b".into())));
    assert!(!world.with(application("the bot", &[])).takes(change));
}

#[test]
fn the_prefixes_of_opaque_ids_are_reserved() {
    let world = shop();
    for name in ["usr_1", "app_x", "GRP_x", "org_", "tok_1"] {
        world.refuses(user(name), Kind::Invalid, "which only opaque ids do");
    }
    world.refuses(group("grp_x", &[], &[]), Kind::Invalid, "which only opaque ids do");
    let world = world.with(group("team", &[], &[]));
    world.refuses(change_group("team", |p| p.name = Some("grp_x".into())), Kind::Invalid, "which only opaque ids do");
}

#[test]
fn a_user_needs_something_to_be_found_by() {
    let world = shop().with(user("bob"));
    world.refuses(user("carl").but(|u| u.email = None), Kind::Invalid, "needs an email, a username or an external_id");
    world.refuses(change_user("bob", |p| p.email = Some(None)), Kind::Invalid, "needs an email");
    assert!(world.takes(user("carl").but(|u| (u.email, u.external_id) = (None, Some("7".into())))));
}

#[test]
fn users_and_applications_draw_from_one_counter() {
    let world = shop().with(user("bob")).with(application("the bot", &[])).with(user("carl"));
    let number = |known| world.org.find_principal(known).unwrap().0.number();
    assert_eq!(
        [number("ada@example.com"), number("bob@example.com"), number("the-bot"), number("carl@example.com")],
        [1, 2, 3, 4]
    );
    let bring =
        |number| user("dora").but(move |u: &mut NewUser| u.number = rolecall_model::id::PrincipalId::new(number));
    world.refuses(bring(3), Kind::Taken, "the number 3 was given");
    assert!(world.takes(bring(40)));
    world.refuses(bring(40_000_000), Kind::Invalid, "too far above");
    let world = world.with(bring(40)).with(user("eva"));
    assert_eq!(world.org.find_principal("eva@example.com").unwrap().0.number(), 41);
}

#[test]
fn names_that_are_folded_clash() {
    let taken: [(Command, Command); 6] = [
        (role("Dev", &[]), role("dEV", &[])),
        (policy("Équipe", &[]), policy("E\u{301}QUIPE", &[])),
        (group("Отдел", &[], &[]), group("ОТДЕЛ", &[], &[])),
        (project("garden"), project(" Garden ")),
        (environment("Demo"), environment("demo")),
        (action("peek", &[]), action("PEEK", &[])),
    ];
    for (first, second) in taken {
        shop().with(first).refuses(second, Kind::Taken, "there is already");
    }
    let world = shop().with(role("Dev", &[]));
    assert!(world.takes(change_role("DEV", |p| p.name = Some("DEV".into()))), "one's own name in another case");
    assert!(world.takes(give("ada", "role dev")));
}

#[test]
fn names_that_are_exact_do_not_clash() {
    let world =
        unleash().with(role("Dev", &[])).with(role("dev", &[])).with(group("G", &[], &[])).with(group("g", &[], &[]));
    world.refuses(role("dev", &[]), Kind::Taken, "there is already");
    world.refuses(delete_role("DEV"), Kind::Unknown, "did you mean");
}

#[test]
fn names_are_kept_trimmed_and_composed_in_every_script() {
    for (given, kept) in
        [("  Dev ", "Dev"), ("Cafe\u{301}", "Café"), ("売上", "売上"), ("مشروع", "مشروع"), ("🚀 x", "🚀 x")]
    {
        let world = shop().with(role(given, &["view"]));
        assert_eq!(world.org.role_named(kept).unwrap().name, kept);
        assert!(world.takes(delete_role(given.trim())) && world.takes(delete_role(kept)));
    }
    for odd in ["", " ", "a\u{0}b", "a\nb", "\u{202E}evil", &"x".repeat(101)] {
        assert_eq!(shop().refusal(role(odd, &[])).kind, Kind::Invalid, "{odd:?}");
        assert_eq!(shop().refusal(group(odd, &[], &[])).kind, Kind::Invalid, "{odd:?}");
        assert_eq!(shop().refusal(project(odd)).kind, Kind::Invalid, "{odd:?}");
    }
}

#[test]
fn nobody_defines_rolecalls_own_actions() {
    for name in ["rolecall.users.write", "rolecall.mine", "ROLECALL.x", "*", "two words"] {
        assert_eq!(shop().refusal(action(name, &[])).kind, Kind::Invalid, "{name}");
    }
}

#[test]
fn members_and_sso_names_keep_the_order_last_given() {
    let world = shop().with(user("bob")).with(user("carl")).with(group("team", &["carl", "ada"], &[]));
    assert_eq!(world.members("team"), ["carl@example.com", "ada@example.com"]);
    let world = world.with(join("team", "bob"));
    assert_eq!(world.members("team"), ["carl@example.com", "ada@example.com", "bob@example.com"]);
    let mut world = world.with(set_members("team", &["bob", "ada", "carl", "bob"]));
    assert_eq!(world.members("team"), ["bob@example.com", "ada@example.com", "carl@example.com"]);
    assert_eq!(world.changes(set_members("team", &["ada", "carl"])), 1, "who stays is not touched");
    world = world.with(sso_names("team", &["z", "a", "z", " m "]));
    assert_eq!(world.org.group_named("team").unwrap().sso_names, ["z", "a", "m"]);
    world = world.with(sso_names("team", &["a", "z"]));
    assert_eq!(world.org.group_named("team").unwrap().sso_names, ["a", "z"]);
}

#[test]
fn who_stays_in_a_group_keeps_its_provenance() {
    let world = shop().with(user("bob")).with(group("team", &[], &[])).by("ada").with(join_on(
        "team",
        "bob",
        between(None, Some(900)),
    ));
    let world = world.by("the installation").with(set_members("team", &["ada", "bob"]));
    let (id, bob) = world.org.find_principal("bob@example.com").unwrap();
    let provenance = world.org.provenances.get(bob.memberships[0].provenance).unwrap();
    assert_eq!(
        (provenance.terms.until, provenance.actor.principal().map(rolecall_model::id::PrincipalId::number)),
        (Some(second(900)), Some(1))
    );
    assert_eq!(id.number(), 2);
}

#[test]
fn a_key_belongs_to_one_token() {
    let world = shop().with(token(5, "ada"));
    world.refuses(token(5, "ada"), Kind::Taken, "draw a new one");
    world.refuses(token(6, "ada").but(|t| t.until = Some(second(0))), Kind::Invalid, "has passed");
    world.refuses(revoke(6), Kind::Unknown, "no token has the key");
}
