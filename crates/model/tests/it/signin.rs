//! Signing in, as far as the state knows: means to, sessions, sign-in providers and their groups, what
//! SCIM manages.

use crate::fixture::*;
use crate::word::*;
use rolecall_model::command::Command;
use rolecall_model::id::{ProviderId, TokenId, TokenKey};
use rolecall_model::membership::MembershipCommand;
use rolecall_model::moment::Actor;
use rolecall_model::organization::{SettingsPatch, SignInPatch};
use rolecall_model::principal::{Identity, PrincipalKind, Subject};
use rolecall_model::provenance::Source;
use rolecall_model::provider::{GroupSync, NewProvider, ProviderCommand, ProviderPatch};
use rolecall_model::refusal::Kind;
use rolecall_model::token::{MOST_SESSIONS, TokenCommand, TokenKind};
use rolecall_model::user::{NewUser, UserCommand};

fn provider(name: &str, change: impl FnOnce(&mut NewProvider)) -> Command {
    let mut new = NewProvider {
        name: name.to_owned(),
        issuer: format!("https://{name}.example"),
        client_id: "rolecall".to_owned(),
        ..NewProvider::default()
    };
    change(&mut new);
    ProviderCommand::Create(new).into()
}

fn change_provider(name: &str, change: impl FnOnce(&mut ProviderPatch)) -> Command {
    let mut patch = ProviderPatch::default();
    change(&mut patch);
    ProviderCommand::Change(name.into(), patch).into()
}

fn delete_provider(name: &str) -> Command {
    ProviderCommand::Delete(name.into()).into()
}

fn account(number: u32, sub: &str) -> Identity {
    let provider = ProviderId::new(number).unwrap();
    Identity { provider, issuer: "https://okta.example".into(), sub: sub.into() }
}

fn link(who: &str, sub: &str) -> Command {
    change_user(who, |patch| patch.link = Some(account(1, sub)))
}

fn sync(who: &str, provider: &str, names: &[&str]) -> Command {
    let names = names.iter().map(|name| (*name).to_owned()).collect();
    MembershipCommand::Sync { user: subject(who), provider: provider.into(), names }.into()
}

fn rules(change: impl FnOnce(&mut SignInPatch)) -> Command {
    let mut sign_in = SignInPatch::default();
    change(&mut sign_in);
    SettingsPatch { sign_in, ..SettingsPatch::default() }.into()
}

fn session(key: u128, who: &str) -> Command {
    token(key, who).but(|token| token.kind = TokenKind::Session).until(second(100_000)).into()
}

fn okta() -> World {
    shop().with(provider("okta", |_| ())).with(user("bob").password())
}

const SYNC: fn(&mut NewProvider) = |new| {
    new.group_sync = GroupSync { enabled: true, path: "$.groups".into(), add_groups_scope: false };
};

#[test]
fn an_administrator_remains_whatever_ends_the_ways_to_sign_in() {
    let only_linked = okta().with(link("ada", "1")).with(change_user("ada", |p| p.password = Some(false)));
    let ends: [(&str, Command); 3] = [
        ("a provider is switched off", change_provider("okta", |p| p.active = Some(false))),
        ("a provider is deleted", delete_provider("okta")),
        ("the link is taken away", change_user("ada", |p| p.unlink = Some("okta".into()))),
    ];
    for (what, command) in ends {
        only_linked.refuses(command.clone(), Kind::LastAdministrator, "nobody would be left");
        assert!(okta().with(link("ada", "1")).takes(command), "{what}: a password is left");
    }
    okta().refuses(rules(|r| r.passwords = Some(false)), Kind::LastAdministrator, "nobody would be left");
    assert!(okta().with(link("ada", "1")).takes(rules(|r| r.passwords = Some(false))), "a link is left");
    let passkey = okta().with(change_user("ada", |p| p.passkeys = Some(1)));
    assert!(passkey.takes(rules(|r| r.passwords = Some(false))), "a passkey is left");
}

#[test]
fn an_account_at_a_provider_belongs_to_one_user() {
    let world = okta().with(link("bob", "7"));
    world.refuses(link("ada", "7"), Kind::Taken, "belongs to another user");
    world.refuses(link("ada", ""), Kind::Invalid, "cannot be kept");
    let (id, _) = world.org.find_identity(&account(1, "7")).unwrap();
    assert_eq!(world.org.principal(id).unwrap().email.as_deref(), Some(&*known("bob")));
    assert!(world.org.find_identity(&account(1, "8")).is_none());
    let gone = world.with(delete_provider("okta"));
    assert!(gone.org.find_identity(&account(1, "7")).is_none());
    assert_eq!(gone.org.principal(id).unwrap().sign_in.identities, 0);
}

#[test]
fn no_question_finds_a_user_by_an_account_at_a_provider() {
    let world = okta().with(link("bob", "7"));
    for text in ["sign-in account\u{1f}1\u{1f}https://okta.example\u{1f}7", "7", "https://okta.example"] {
        assert!(world.org.find_principal(text).is_none(), "{text}");
    }
}

#[test]
fn groups_follow_a_provider_and_members_by_hand_are_left_alone() {
    let world =
        okta().with(group("crew", &[], &[])).with(group("hand", &["bob"], &[])).with(group("free", &["bob"], &[]));
    let world = world.with(sso_names("crew", &["Crew", "crew-two"])).with(sso_names("hand", &["Hand"]));
    let mut world = world.with(sync("bob", "okta", &["crew-two", "nobody"]));
    assert_eq!(world.members("crew").len(), 1, "a mapped group gains its user");
    assert_eq!(world.changes(sync("bob", "okta", &["crew-two", "nobody"])), 0, "again changes nothing");
    assert_eq!(world.members("hand").len(), 1, "who was put in by hand stays without a name");
    let world = world.with(sync("bob", "okta", &["Hand", "CREW"]));
    assert_eq!(world.members("crew").len(), 0, "names are compared to the letter");
    let world = world.with(sync("bob", "okta", &["Hand"])).with(sync("bob", "okta", &[]));
    assert_eq!(world.members("hand").len(), 1, "a name does not turn a hand-made membership into the provider's");
    assert_eq!(world.members("free").len(), 1, "a group without names is nobody's");
}

#[test]
fn a_group_whose_names_were_taken_away_is_left_alone() {
    let world = okta().with(group("crew", &[], &[])).with(sso_names("crew", &["Crew"]));
    let world = world.with(sync("bob", "okta", &["Crew"])).with(sso_names("crew", &[]));
    assert_eq!(world.with(sync("bob", "okta", &[])).members("crew").len(), 1);
}

#[test]
fn a_membership_of_two_providers_ends_with_the_last() {
    let world = okta().with(provider("entra", |_| ())).with(group("crew", &[], &[])).with(sso_names("crew", &["Crew"]));
    let world = world.with(sync("bob", "okta", &["Crew"])).with(sync("bob", "entra", &["Crew"]));
    let world = world.with(sync("bob", "okta", &[]));
    assert_eq!(world.members("crew").len(), 1, "the other one still says so");
    assert_eq!(world.clone().with(sync("bob", "entra", &[])).members("crew").len(), 0);
    assert_eq!(world.with(delete_provider("entra")).members("crew").len(), 0, "and goes with it");
}

#[test]
fn who_may_not_give_the_defaults_admits_nobody_more_to_them() {
    let world = shop().with(role("deployer", &["deploy"])).with(role("keeper", &["rolecall.providers.write"]));
    let world = world.with(provider("okta", |new| {
        new.create_users = true;
        new.defaults = vec![grant("role deployer at shop")];
        new.email_domains = vec![" Example.com ".to_owned(), "other.example".to_owned(), "example.com".to_owned()];
    }));
    let admits = |address: Option<&str>| world.org.providers.get(1).unwrap().admits(address);
    assert!(admits(Some("ada@example.com")) && admits(Some("ada@other.example")));
    assert!(!admits(Some("ada@sub.example.com")) && !admits(Some("example.com")) && !admits(None));
    let world = world.with(user("eve").password().given("role keeper")).by("eve");
    let to = |domains: &[&str]| {
        let domains = domains.iter().map(|&domain| domain.to_owned()).collect();
        change_provider("okta", |patch| patch.email_domains = Some(domains))
    };
    assert!(world.takes(to(&["example.com"])), "fewer");
    for wider in [&[][..], &["example.com", "third.example"]] {
        assert_eq!(world.refusal(to(wider)).kind, Kind::NotHeld, "{wider:?}");
    }
    for odd in ["example", "@example.com", ".example.com", "a b.example", ""] {
        assert_eq!(world.refusal(to(&[odd])).field, "email_domains[0]", "{odd}");
    }
}

#[test]
fn a_token_apart_has_a_name_of_its_own_among_its_kind_and_is_not_one_too_many() {
    let named = |key: u128, name: &str, kind: TokenKind| {
        let mut new = None;
        // What is under way is made as every other, and handed to another word.
        if let Command::Token(TokenCommand::Issue(token)) =
            token(key, "bob").but(|token| (token.name, token.kind) = (name.to_owned(), kind)).into()
        {
            new = Some(token);
        }
        Command::from(TokenCommand::IssueApart { new: new.unwrap(), most: 2 })
    };
    let world = shop().with(user("bob").password()).with(named(1, "ci", TokenKind::Personal));
    let taken = world.refusal(named(2, " ci ", TokenKind::Personal));
    assert_eq!((taken.kind, taken.field.as_str()), (Kind::Taken, "name"));
    assert!(world.takes(named(2, "ci", TokenKind::Session)), "another kind");
    let world = world.with(named(2, "cd", TokenKind::Personal));
    assert_eq!(world.refusal(named(3, "third", TokenKind::Personal)).kind, Kind::TooMany);
    assert_eq!(world.refusal(named(3, "ci", TokenKind::Personal)).kind, Kind::Taken, "the name comes first");
    assert!(world.with(revoke(1)).takes(named(3, "ci", TokenKind::Personal)));
}

#[test]
fn a_subject_that_was_drawn_beforehand_is_a_users_and_belongs_to_one() {
    let drawn = |bits: u128, kind| Some(Subject::new(kind, bits));
    let new = |who: &str, subject| {
        Command::from(UserCommand::Create(NewUser { username: Some(who.into()), subject, ..NewUser::default() }))
    };
    let world = shop().with(new("bob", drawn(7, PrincipalKind::User)));
    assert_eq!(world.org.find_principal("bob").unwrap().1.subject, Subject::new(PrincipalKind::User, 7));
    assert_eq!(world.refusal(new("cat", drawn(7, PrincipalKind::User))).kind, Kind::Taken);
    assert_eq!(world.refusal(new("cat", drawn(8, PrincipalKind::Application))).kind, Kind::Taken);
}

#[test]
fn a_provider_gives_only_what_its_administrator_may_give() {
    let world = shop().with(role("deployer", &["deploy"])).with(role("keeper", &["rolecall.providers.write"]));
    let world = world.with(group("crew", &[], &["role deployer at shop"])).with(sso_names("crew", &["Crew"]));
    let world = world.with(user("eve").password().given("role keeper")).by("eve");
    assert!(world.takes(provider("okta", |_| ())), "one by which nobody gains anything");
    assert!(world.takes(provider("okta", |new| new.create_users = true)), "users without rights");
    let refused: [(&str, Command); 3] = [
        (
            "defaults",
            provider("okta", |new| {
                new.create_users = true;
                new.defaults = vec![grant("role deployer at shop")];
            }),
        ),
        ("group_sync", provider("okta", SYNC)),
        ("link_by_email", provider("okta", |new| new.link_by_email = true)),
    ];
    for (field, command) in refused {
        let refusal = world.refusal(command);
        assert_eq!((refusal.kind, refusal.field.as_str()), (Kind::NotHeld, field), "{}", refusal.message);
    }
}

#[test]
fn who_may_set_a_provider_up_cannot_become_who_is_linked_to_it() {
    let world = shop().with(role("keeper", &["rolecall.providers.write"])).with(provider("okta", |_| ()));
    let world = world.with(link("ada", "1")).with(user("eve").password().given("role keeper")).by("eve");
    let ways: [(&str, Command); 3] = [
        ("another issuer", change_provider("okta", |p| p.issuer = Some("https://evil.example".into()))),
        ("another client", change_provider("okta", |p| p.client_id = Some("evil".into()))),
        ("another secret", change_provider("okta", |p| p.secret = true)),
    ];
    for (what, command) in ways {
        assert_eq!(world.refusal(command).kind, Kind::NotHeld, "{what}");
    }
    assert!(world.takes(change_provider("okta", |p| p.title = Some("Okta".into()))));
}

#[test]
fn who_may_write_users_cannot_weaken_or_become_an_administrator() {
    let world = okta().with(role("desk", &["rolecall.users.write", "rolecall.tokens.write"]));
    let world = world.with(change_user("ada", |p| p.codes = Some(true)));
    let world = world.with(user("eve").password().given("role desk")).by("eve");
    let ways: [(&str, Command); 8] = [
        ("a password", change_user("ada", |p| p.password = Some(true))),
        ("an address", change_user("ada", |p| p.email = Some(Some("eve@evil.example".into())))),
        ("a username", change_user("ada", |p| p.username = Some(Some("eve-too".into())))),
        ("a link", link("ada", "1")),
        ("a passkey", change_user("ada", |p| p.passkeys = Some(1))),
        ("no second factor", change_user("ada", |p| p.codes = Some(false))),
        ("a token", token(9, "ada").into()),
        ("a session", session(9, "ada")),
    ];
    for (what, command) in ways {
        assert_eq!(world.refusal(command).kind, Kind::NotHeld, "{what}");
    }
    assert_eq!(world.refusal(token(9, "eve").but(|t| t.kind = TokenKind::Scim)).kind, Kind::NotHeld, "SCIM's token");
}

#[test]
fn what_a_new_user_is_given_by_a_provider_cannot_be_deleted() {
    let world = shop().with(role("deployer", &["deploy"])).with(policy("crew", &["deployer at shop"]));
    let world = world.with(provider("okta", |new| {
        new.defaults = vec![grant("role deployer at blog/staging"), grant("policy crew")];
    }));
    for command in [delete_policy("crew"), delete_environment("staging"), delete_project("blog")] {
        world.refuses(command, Kind::InUse, "the sign-in provider \"okta\"");
    }
}

#[test]
fn a_disabled_user_loses_its_sessions_for_good_and_keeps_its_tokens() {
    let world = okta().with(session(1, "bob")).with(token(2, "bob")).with(session(3, "ada"));
    let world = world.with(disable("bob")).with(enable("bob"));
    let there = |key| world.org.token_of_key(TokenKey::new(key)).is_some();
    assert_eq!((there(1), there(2), there(3)), (false, true, true));
}

#[test]
fn beyond_the_most_sessions_the_oldest_ends() {
    let mut world = okta();
    for key in 0..=u128::try_from(MOST_SESSIONS).unwrap() {
        world = world.with(session(100 + key, "bob"));
    }
    let there = |key| world.org.token_of_key(TokenKey::new(key)).is_some();
    assert_eq!((there(100), there(101)), (false, true));
    let later = world.at(200_000).with(token(7, "bob").but(|t| t.kind = TokenKind::Session).until(second(300_000)));
    let theirs = later.org.tokens_of(later.org.find_principal(&known("bob")).unwrap().0).count();
    assert_eq!(theirs, 1, "those that are over are not kept");
}

#[test]
fn sessions_end_together_but_for_the_one_that_is_kept() {
    let world = okta().with(session(1, "bob")).with(session(2, "bob")).with(token(3, "bob"));
    let end = TokenCommand::EndSessions { subject: subject("bob"), except: Some(TokenKey::new(2)) };
    let world = world.with(end);
    let there = |key| world.org.token_of_key(TokenKey::new(key)).is_some();
    assert_eq!((there(1), there(2), there(3)), (false, true, true));
}

#[test]
fn a_token_is_shortened_and_never_lengthened() {
    let shorten = |seconds| TokenCommand::Shorten(TokenKey::new(1), second(seconds));
    let mut world = okta().with(token(1, "bob").until(second(1_000)));
    assert_eq!(world.changes(shorten(2_000)), 0);
    let world = world.with(shorten(500));
    assert_eq!(world.org.token_of_key(TokenKey::new(1)).unwrap().until, Some(second(500)));
    assert!(world.with(shorten(0)).org.token_of_key(TokenKey::new(1)).is_none(), "an end that has come revokes it");
}

#[test]
fn what_scim_manages_is_not_changed_by_hand_until_it_is_unlinked() {
    let scim = Actor::Scim(TokenId::new(1).unwrap());
    let world = okta().acting(scim).with(user("carl").but(|new| new.scim = Some("{}".into())));
    let world =
        world.with(group("crew", &["carl"], &[])).with(change_group("crew", |p| p.scim = Some(Some("{}".into()))));
    let world = world.with(change_user("carl", |p| p.name = Some("Carl".into()))).by("ada");
    world.refuses(change_user("carl", |p| p.name = Some("Karl".into())), Kind::Managed, "is managed by SCIM");
    world.refuses(disable("carl"), Kind::Managed, "unlink it here first");
    world.refuses(change_group("crew", |p| p.name = Some("team".into())), Kind::Managed, "is managed by SCIM");
    world.refuses(set_members("crew", &[]), Kind::Managed, "is managed by SCIM");
    world.refuses(join("crew", "bob"), Kind::Managed, "is managed by SCIM");
    world.refuses(leave("crew", "carl"), Kind::Managed, "is managed by SCIM");
    assert!(world.takes(change_group("crew", |p| p.description = Some("All".into()))), "what it does not manage");
    assert!(world.takes(give("carl", "policy Admin")), "rights are ours");
    let unlinked =
        world.with(change_user("carl", |p| p.scim = Some(None))).with(change_group("crew", |p| p.scim = Some(None)));
    assert!(unlinked.takes(change_user("carl", |p| p.name = Some("Karl".into()))));
    assert!(unlinked.takes(set_members("crew", &[])));
}

#[test]
fn members_that_scim_sets_are_its_own() {
    let world = okta().acting(Actor::Scim(TokenId::new(1).unwrap())).with(group("crew", &[], &[]));
    let world = world.with(set_members("crew", &["bob"]));
    let (bob, _) = world.org.find_principal(&known("bob")).unwrap();
    let crew = world.org.group_named("crew").unwrap().id;
    assert_eq!(world.org.membership_terms(crew, bob).unwrap().sources, [Source::Scim]);
}

#[test]
fn rules_of_signing_in_stay_within_reason() {
    let world = shop();
    for (command, words) in [
        (rules(|r| r.idle_seconds = Some(5)), "must be 60 to"),
        (rules(|r| r.session_seconds = Some(60)), "must not be more than session_seconds"),
        (rules(|r| r.invite_seconds = Some(1)), "must be 300 to"),
    ] {
        world.refuses(command, Kind::Invalid, words);
    }
}

#[test]
fn a_provider_is_what_can_be_asked() {
    let world = shop();
    let cases: [(Command, &str); 7] = [
        (provider("Okta", |_| ()), "small letters, digits and hyphens"),
        (provider("callback", |_| ()), "and not \"callback\""),
        (provider("okta", |new| new.issuer = "http://okta.example".into()), "begins with https://"),
        (provider("okta", |new| new.issuer = "https://okta.example?x".into()), "without query"),
        (provider("okta", |new| new.client_id = String::new()), "client_id must not be empty"),
        (provider("okta", |new| new.scopes = vec!["two words".into()]), "one word"),
        (provider("okta", |new| new.group_sync.enabled = true), "such as $.groups"),
    ];
    for (command, words) in cases {
        world.refuses(command, Kind::Invalid, words);
    }
    assert!(world.takes(provider("okta", |new| new.issuer = "http://127.0.0.1:9000".into())), "on this machine");
    world.with(provider("okta", |_| ())).refuses(provider("okta", |_| ()), Kind::Taken, "already");
}
