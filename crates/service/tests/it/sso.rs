//! Single sign-on: who somebody is that comes back from a provider, and how memberships follow it.

use crate::fixture::*;
use crate::word::*;
use rolecall_model::command::{Command, Ref};
use rolecall_model::membership::MembershipCommand;
use rolecall_model::principal::{Identity, Principal};
use rolecall_model::provenance::{Source, Terms};
use rolecall_model::provider::{NewProvider, ProviderCommand, ProviderPatch};
use rolecall_model::refusal::Kind;
use rolecall_model::user::UserPatch;
use rolecall_service::history::{Cursor, Filter, Item, list};
use rolecall_service::sso::{self, Arrival, Barred, Claimed, Failure, Who};
use rolecall_service::{Done, Error, SignedIn, Visitor};
use serde_json::{Map, Value, json};
use std::net::{IpAddr, Ipv4Addr};

const VISITOR: Visitor<'static> = Visitor {
    address: IpAddr::V4(Ipv4Addr::LOCALHOST),
    browser: "Firefox on Linux",
    request_id: "r7",
    facade: "signin",
};
const ISSUER: &str = "https://idp.example.com";

fn new_provider(name: &str) -> NewProvider {
    let mut new = NewProvider {
        name: name.to_owned(),
        issuer: ISSUER.to_owned(),
        client_id: "rolecall".to_owned(),
        ..NewProvider::default()
    };
    new.group_sync.path = "$.groups".into();
    new
}

/// A house with a provider that does what a test wants of it.
async fn house(change: impl FnOnce(&mut NewProvider)) -> House {
    let house = shop().await;
    add(&house, "okta", change).await;
    house
}

async fn add(house: &House, name: &str, change: impl FnOnce(&mut NewProvider)) {
    let mut new = new_provider(name);
    change(&mut new);
    sso::create_provider(&house.root().ctx().await, new, Some("a-client-secret".to_owned())).await.unwrap();
}

/// A house whose provider lets people in and syncs groups, with two mapped groups and one that is not.
async fn synced() -> House {
    let house = house(|new| {
        new.create_users = true;
        new.link_by_email = true;
        new.group_sync.enabled = true;
    })
    .await;
    let groups = ["red", "blue", "plain"].map(|name| group(name, &[], &[]));
    let house = house.with(Command::Batch(groups.into())).await;
    house.with(sso_names("red", &["RED", "ROUGE"])).await.with(sso_names("blue", &["BLUE"])).await
}

fn map(claims: Value) -> Map<String, Value> {
    let Value::Object(mut claims) = claims else { panic!("claims are an object") };
    claims.entry("sub").or_insert_with(|| json!("00u1"));
    claims
}

async fn arrives_with(house: &House, arrival: Arrival) -> Result<SignedIn, Failure> {
    let client = sso::client(&house.service, None, "okta").await.unwrap();
    sso::arrive(&house.service, &client, &arrival, &VISITOR).await
}

async fn tries(house: &House, claims: Value) -> Result<SignedIn, Failure> {
    arrives_with(house, arrival(claims)).await
}

fn arrival(claims: Value) -> Arrival {
    let claims = map(claims);
    let sub = claims["sub"].as_str().unwrap().to_owned();
    Arrival { issuer: ISSUER.to_owned(), sub, claims, ..Arrival::default() }
}

async fn arrives(house: &House, claims: Value) -> SignedIn {
    tries(house, claims).await.unwrap()
}

async fn barred(house: &House, claims: Value, why: Barred) {
    let before = house.revision().await;
    match tries(house, claims).await {
        Err(Failure::Barred(barred)) => assert_eq!(barred, why),
        other => panic!("not barred: {other:?}"),
    }
    assert_eq!(house.revision().await, before, "somebody who was not let in changed something");
}

fn grace() -> Value {
    json!({"name": "Grace Hopper", "email": "grace@example.com", "email_verified": true})
}

fn grace_in(groups: Value) -> Value {
    let mut claims = grace();
    claims["groups"] = groups;
    claims
}

async fn find(house: &House, who: &str) -> Principal {
    let ctx = house.root().ctx().await;
    ctx.org().find_principal(&known(who)).unwrap().1.clone()
}

async fn groups_of(house: &House, who: &str) -> Vec<String> {
    let ctx = house.root().ctx().await;
    let (_, user) = ctx.org().find_principal(&known(who)).unwrap();
    user.memberships.iter().map(|m| ctx.org().group(m.group).unwrap().name.to_string()).collect()
}

async fn sources(house: &House, group: &str, who: &str) -> Vec<Source> {
    let ctx = house.root().ctx().await;
    let (id, _) = ctx.org().find_principal(&known(who)).unwrap();
    let group = ctx.org().group_named(group).unwrap().id;
    ctx.org().membership_terms(group, id).map(|terms| terms.sources).unwrap_or_default()
}

/// Waits until so many events are there and gives them, oldest first.
async fn events(house: &House, count: usize) -> Vec<(String, String)> {
    let ctx = house.root().ctx().await;
    loop {
        let (items, _) = list(&ctx, &Filter::default(), Cursor::NEWEST, 1_000).await.unwrap();
        let events = items.into_iter().rev().filter_map(|item| match item {
            Item::Event(event) => Some((event.kind, event.message)),
            Item::Entry(_) => None,
        });
        let events: Vec<_> = events.collect();
        if events.len() >= count {
            return events;
        }
        tokio::task::yield_now().await;
    }
}

/// Waits until so many events are there and gives their kinds, oldest first.
async fn kinds(house: &House, count: usize) -> Vec<String> {
    events(house, count).await.into_iter().map(|(kind, _)| kind).collect()
}

#[tokio::test]
async fn only_somebody_of_the_domains_is_added_and_the_address_must_be_verified() {
    let house = house(|new| {
        new.create_users = true;
        new.email_domains = vec!["example.com".to_owned()];
    })
    .await;
    let from = |email: &str, verified: bool| json!({"sub": email, "email": email, "email_verified": verified});
    barred(&house, from("eve@evil.example", true), Barred::OtherDomain).await;
    barred(&house, from("grace@example.com", false), Barred::OtherDomain).await;
    barred(&house, json!({"name": "Nobody"}), Barred::OtherDomain).await;
    arrives(&house, from("grace@example.com", true)).await;
    assert_eq!(find(&house, "grace").await.identities().len(), 1);
}

#[tokio::test]
async fn somebody_new_is_added_with_the_defaults_in_the_entry_of_the_session() {
    let house = house(|new| {
        new.create_users = true;
        new.defaults = vec![grant("role Maintainer at blog")];
    })
    .await;
    let before = house.revision().await;
    let signed_in = arrives(&house, grace()).await;
    assert_eq!(house.revision().await, before + 1, "one entry");
    let grace = find(&house, "grace").await;
    assert_eq!(grace.subject.to_string(), signed_in.subject);
    assert_eq!((grace.name.as_str(), grace.assignments.len()), ("Grace Hopper", 1));
    assert_eq!(grace.identities().len(), 1);
    let request = rolecall_service::Request {
        credential: Some(signed_in.session.expose()),
        facade: "signin",
        request_id: "r8",
        idempotency_key: None,
        if_match: None,
        dry_run: false,
        at_least: None,
        at: None,
    };
    let ctx = house.service.enter_session(request).await.unwrap();
    assert_eq!(ctx.org().principal(ctx.principal()).unwrap().subject, grace.subject);
}

#[tokio::test]
async fn somebody_unknown_is_not_let_in_when_the_provider_may_not_add_anybody() {
    let house = house(|_| {}).await;
    barred(&house, grace(), Barred::Unknown).await;
    let events = events(&house, 1).await;
    assert_eq!(events[0].0, "sign_in_failed");
    assert!(events[0].1.contains("okta") && !events[0].1.contains("grace"), "{events:?}");
}

#[tokio::test]
async fn what_is_said_to_somebody_not_let_in_does_not_tell_who_exists() {
    let house = house(|_| {}).await.with(user("grace")).await;
    let known = tries(&house, grace()).await.unwrap_err().to_string();
    let unknown = json!({"email": "nobody@example.com", "email_verified": true});
    assert_eq!(known, tries(&house, unknown).await.unwrap_err().to_string());
    barred(&house, grace(), Barred::NotLinked).await;
}

#[tokio::test]
async fn a_verified_address_links_only_when_the_organization_allows_it() {
    let house = house(|new| new.link_by_email = true).await.with(user("grace")).await;
    let signed_in = arrives(&house, grace()).await;
    let grace_ = find(&house, "grace").await;
    assert_eq!(signed_in.subject, grace_.subject.to_string());
    assert_eq!(grace_.identities()[0].sub, "00u1");
    // From then on the account counts, whatever the address.
    let moved = json!({"email": "hopper@example.com", "email_verified": true});
    assert_eq!(arrives(&house, moved).await.subject, signed_in.subject);
}

#[tokio::test]
async fn an_address_that_is_not_verified_in_so_many_words_links_nobody() {
    let house = house(|new| new.link_by_email = true).await.with(user("grace")).await;
    for verified in [json!(false), json!("true"), json!("false"), json!(1), json!(null)] {
        barred(&house, json!({"email": "grace@example.com", "email_verified": verified}), Barred::Unknown).await;
    }
    barred(&house, json!({"email": "grace@example.com"}), Barred::Unknown).await;
    // Nor is it kept for somebody new: whoever has it would be taken for that one later.
    let house = shop().await.with(user("grace")).await;
    add(&house, "okta", |new| new.create_users = true).await;
    let signed_in = arrives(&house, json!({"email": "ada@example.com", "name": "Ada"})).await;
    let new = find(&house, &signed_in.subject).await;
    assert_eq!((new.email.as_deref(), new.external_id.as_deref()), (None, Some("okta:00u1")));
}

#[tokio::test]
async fn an_address_verified_at_the_userinfo_endpoint_does_not_verify_another_one_of_the_token() {
    let house = house(|new| new.link_by_email = true).await.with(user("grace")).await;
    let userinfo = map(json!({"email": "eve@example.com", "email_verified": true}));
    let arrival = Arrival { userinfo: Some(userinfo), ..arrival(json!({"email": "grace@example.com"})) };
    let failure = arrives_with(&house, arrival).await.unwrap_err();
    assert!(matches!(failure, Failure::Barred(Barred::Unknown)), "{failure:?}");
}

#[tokio::test]
async fn a_disabled_user_is_neither_let_in_nor_linked() {
    let house = house(|new| new.link_by_email = true).await.with(user("grace").disabled()).await;
    barred(&house, grace(), Barred::Disabled).await;
    let house = house.with(enable("grace")).await;
    arrives(&house, grace()).await;
    let house = house.with(disable("grace")).await;
    barred(&house, grace(), Barred::Disabled).await;
}

#[tokio::test]
async fn who_gets_the_address_of_another_at_the_provider_does_not_get_its_user() {
    let house = house(|new| new.link_by_email = true).await.with(user("grace")).await;
    arrives(&house, grace()).await;
    let mut heir = grace();
    heir["sub"] = json!("00u2");
    barred(&house, heir.clone(), Barred::LinkedElsewhere).await;
    let unlink = change_user("grace", |patch| patch.unlink = Some(Ref::from("okta")));
    let house = house.with(unlink).await;
    arrives(&house, heir).await;
}

#[tokio::test]
async fn a_provider_that_is_switched_off_lets_nobody_in() {
    let house = house(|new| new.create_users = true).await;
    let client = sso::client(&house.service, None, "okta").await.unwrap();
    let off = ProviderPatch { active: Some(false), ..ProviderPatch::default() };
    let house = house.with(ProviderCommand::Change(Ref::from("okta"), off)).await;
    let failure = sso::arrive(&house.service, &client, &arrival(grace()), &VISITOR).await.unwrap_err();
    assert!(matches!(failure, Failure::Barred(Barred::Off)), "{failure:?}");
    assert!(sso::client(&house.service, None, "okta").await.is_err());
    assert!(house.service.sign_in_door(None).await.unwrap().providers.is_empty());
}

#[tokio::test]
async fn a_token_of_another_issuer_and_userinfo_of_another_sub_count_for_nobody() {
    let house = house(|new| new.create_users = true).await;
    let foreign = Arrival { issuer: "https://evil.example".to_owned(), ..arrival(grace()) };
    assert!(matches!(arrives_with(&house, foreign).await, Err(Failure::Barred(Barred::OtherIssuer))));
    let mixed = Arrival { userinfo: Some(map(json!({"sub": "00u2"}))), ..arrival(grace()) };
    assert!(matches!(arrives_with(&house, mixed).await, Err(Failure::Barred(Barred::OtherSubject))));
}

#[tokio::test]
async fn nobody_new_is_added_on_half_of_what_the_provider_says() {
    let house = house(|new| new.create_users = true).await;
    let partial = Arrival { is_partial: true, ..arrival(json!({})) };
    assert!(matches!(arrives_with(&house, partial.clone()).await, Err(Failure::Barred(Barred::Partial))));
    arrives(&house, grace()).await;
    arrives_with(&house, partial).await.unwrap();
}

#[tokio::test]
async fn the_name_follows_the_provider_and_the_address_does_not() {
    let house = house(|new| new.create_users = true).await;
    arrives(&house, grace()).await;
    let married = json!({"name": "Grace Murray", "email": "murray@example.com", "email_verified": true});
    arrives(&house, married).await;
    let user = find(&house, "grace").await;
    assert_eq!((user.name.as_str(), user.email.as_deref()), ("Grace Murray", Some("grace@example.com")));
    let events = events(&house, 1).await;
    assert_eq!(events[0].0, "sso_address_differs");
    assert!(!events[0].1.contains("murray"), "no person's values in events: {events:?}");
    // A sign-in without a name, or with the same, changes nothing.
    arrives(&house, json!({"email": "grace@example.com"})).await;
    assert_eq!(find(&house, "grace").await.name, "Grace Murray");
}

#[tokio::test]
async fn the_name_of_a_user_whom_scim_manages_is_scims() {
    let house = house(|new| new.link_by_email = true).await;
    let house = house.with(user("grace").but(|new| new.scim = Some("{}".to_owned()))).await;
    let before = find(&house, "grace").await.name;
    arrives(&house, grace()).await;
    arrives(&house, grace()).await;
    assert_eq!(find(&house, "grace").await.name, before);
}

#[tokio::test]
async fn nothing_is_synced_unless_it_is_switched_on() {
    let house = house(|new| new.create_users = true).await.with(group("red", &[], &[])).await;
    let house = house.with(sso_names("red", &["RED"])).await;
    arrives(&house, grace_in(json!(["RED"]))).await;
    assert!(groups_of(&house, "grace").await.is_empty());
}

#[tokio::test]
async fn sync_1_a_mapped_group_that_is_named_is_joined_as_the_providers() {
    let house = synced().await;
    arrives(&house, grace_in(json!(["ROUGE", "other"]))).await;
    assert_eq!(groups_of(&house, "grace").await, ["red"]);
    assert_eq!(sources(&house, "red", "grace").await, [Source::Sso("okta".into())]);
}

#[tokio::test]
async fn sync_2_a_group_that_is_named_no_longer_is_left() {
    let house = synced().await;
    arrives(&house, grace_in(json!(["RED", "BLUE"]))).await;
    assert_eq!(groups_of(&house, "grace").await, ["red", "blue"]);
    arrives(&house, grace_in(json!(["BLUE"]))).await;
    assert_eq!(groups_of(&house, "grace").await, ["blue"]);
}

#[tokio::test]
async fn sync_3_memberships_by_hand_are_never_touched_nor_made_the_providers() {
    let house = synced().await.with(user("grace")).await;
    let house = house.with(join("red", "grace")).await.with(join("plain", "grace")).await;
    arrives(&house, grace_in(json!(["RED"]))).await;
    assert_eq!(sources(&house, "red", "grace").await, [Source::Manual]);
    arrives(&house, grace_in(json!([]))).await;
    assert_eq!(groups_of(&house, "grace").await, ["red", "plain"]);
}

#[tokio::test]
async fn sync_4_a_group_whose_mapping_is_empty_now_is_left_alone() {
    let house = synced().await;
    arrives(&house, grace_in(json!(["RED"]))).await;
    let house = house.with(sso_names("red", &[])).await;
    arrives(&house, grace_in(json!([]))).await;
    assert_eq!(groups_of(&house, "grace").await, ["red"]);
}

#[tokio::test]
async fn sync_5_an_empty_list_takes_away_all_that_came_from_the_provider() {
    let house = synced().await;
    arrives(&house, grace_in(json!(["RED", "BLUE"]))).await;
    arrives(&house, grace_in(json!([]))).await;
    assert!(groups_of(&house, "grace").await.is_empty());
    // The first is seen in its entry; the second did nothing, which is an event.
    arrives(&house, grace_in(json!([]))).await;
    assert_eq!(kinds(&house, 1).await, ["sso_groups_empty"]);
}

#[tokio::test]
async fn sync_6_an_absent_and_a_malformed_claim_change_nothing_and_are_told_apart() {
    let house = synced().await;
    arrives(&house, grace_in(json!(["RED"]))).await;
    arrives(&house, grace()).await;
    for odd in [json!("BLUE"), json!(["BLUE", 7]), json!({"BLUE": true}), json!(null)] {
        arrives(&house, grace_in(odd)).await;
    }
    assert_eq!(groups_of(&house, "grace").await, ["red"]);
    let malformed = std::iter::repeat_n("sso_groups_malformed", 4);
    let expected: Vec<&str> = std::iter::once("sso_groups_absent").chain(malformed).collect();
    assert_eq!(kinds(&house, 5).await, expected);
}

#[tokio::test]
async fn sync_7_names_are_compared_to_the_letter() {
    let house = synced().await;
    arrives(&house, grace_in(json!(["red", " RED", "Blue"]))).await;
    assert!(groups_of(&house, "grace").await.is_empty());
}

#[tokio::test]
async fn groups_that_only_the_userinfo_endpoint_says_count() {
    let house = synced().await;
    let userinfo = map(grace_in(json!(["BLUE"])));
    let client = sso::client(&house.service, None, "okta").await.unwrap();
    assert!(client.wants_userinfo(&map(grace())));
    assert!(!client.wants_userinfo(&map(grace_in(json!([])))));
    arrives_with(&house, Arrival { userinfo: Some(userinfo), ..arrival(grace()) }).await.unwrap();
    assert_eq!(groups_of(&house, "grace").await, ["blue"]);
}

#[tokio::test]
async fn two_providers_keep_a_membership_until_both_have_dropped_it() {
    let house = synced().await;
    arrives(&house, grace_in(json!(["RED"]))).await;
    add(&house, "entra", |new| {
        new.link_by_email = true;
        new.group_sync.enabled = true;
    })
    .await;
    let client = sso::client(&house.service, None, "entra").await.unwrap();
    sso::arrive(&house.service, &client, &arrival(grace_in(json!(["RED"]))), &VISITOR).await.unwrap();
    assert_eq!(sources(&house, "red", "grace").await.len(), 2);
    arrives(&house, grace_in(json!([]))).await;
    assert_eq!(groups_of(&house, "grace").await, ["red"]);
    let house = house.with(ProviderCommand::Delete(Ref::from("entra"))).await;
    assert!(groups_of(&house, "grace").await.is_empty(), "what came from a provider alone goes with it");
}

/// A house whose only administrator is one by a group that follows the provider.
async fn administered_by_the_provider() -> House {
    let house = synced().await.with(give("group red", "policy Admin")).await;
    arrives(&house, json!({"sub": "00u9", "email": "boss@example.com", "email_verified": true, "groups": ["RED"]}))
        .await;
    house.with(delete_user("ada")).await
}

#[tokio::test]
async fn the_last_administrator_remains_one_whatever_the_provider_says_and_is_let_in() {
    let house = administered_by_the_provider().await;
    arrives(&house, json!({"sub": "00u9", "groups": []})).await;
    assert_eq!(groups_of(&house, "boss").await, ["red"]);
    assert_eq!(kinds(&house, 1).await, ["sso_groups_kept"]);
}

#[tokio::test]
async fn a_provider_by_which_the_last_administrator_signs_in_cannot_go() {
    let house = administered_by_the_provider().await;
    let off = ProviderPatch { active: Some(false), ..ProviderPatch::default() };
    let root = house.root();
    root.refuses(ProviderCommand::Change(Ref::from("okta"), off), Kind::LastAdministrator).await;
    root.refuses(ProviderCommand::Delete(Ref::from("okta")), Kind::LastAdministrator).await;
    let unlink = change_user("boss", |patch| patch.unlink = Some(Ref::from("okta")));
    root.refuses(unlink, Kind::LastAdministrator).await;
    let house = house.with(user("eve").given("policy Admin").password()).await;
    house.root().takes(ProviderCommand::Delete(Ref::from("okta"))).await;
}

#[tokio::test]
async fn a_client_secret_is_sealed_read_by_nobody_and_goes_with_its_provider() {
    let house = house(|_| {}).await;
    let client = sso::client(&house.service, None, "okta").await.unwrap();
    assert_eq!(client.secret.as_ref().unwrap().expose(), "a-client-secret");
    assert!(!format!("{client:?}").contains("a-client-secret"));
    let ctx = house.root().ctx().await;
    let change = |secret: Option<Option<String>>| {
        sso::change_provider(&ctx, Ref::from("okta"), ProviderPatch::default(), secret)
    };
    let done = change(Some(Some("another".to_owned()))).await.unwrap();
    assert_eq!(done.changes.len(), 1, "that it was replaced is seen");
    assert_eq!(sso::client(&house.service, None, "okta").await.unwrap().secret.unwrap().expose(), "another");
    change(Some(None)).await.unwrap();
    assert!(sso::client(&house.service, None, "okta").await.unwrap().secret.is_none());
    change(Some(Some("a-third".to_owned()))).await.unwrap();
    let house = house.with(ProviderCommand::Delete(Ref::from("okta"))).await;
    sso::create_provider(&house.root().ctx().await, new_provider("okta"), None).await.unwrap();
    assert!(sso::client(&house.service, None, "okta").await.unwrap().secret.is_none());
    let file = std::fs::read(house.path()).unwrap();
    let wal = std::fs::read(house.path().with_extension("db-wal")).unwrap_or_default();
    for text in ["a-client-secret", "a-third"] {
        let shown = [&file, &wal].iter().any(|bytes| bytes.windows(text.len()).any(|part| part == text.as_bytes()));
        assert!(!shown, "the secret lies readable in the database");
    }
}

#[tokio::test]
async fn a_path_that_cannot_be_read_is_refused_at_its_place() {
    let house = shop().await;
    let mut new = new_provider("okta");
    new.group_sync.path = "$.groups[".into();
    let error = sso::create_provider(&house.root().ctx().await, new, None).await.unwrap_err();
    let Error::Refused(refusal) = error else { panic!("{error:?}") };
    assert_eq!(refusal.field, "group_sync.path");
    assert!(refusal.to_string().contains("character"), "{refusal}");
}

async fn tried(house: &House, claims: Value) -> sso::Trial {
    let ctx = house.root().ctx().await;
    let before = house.revision().await;
    let trial = sso::dry_run(&ctx, &Ref::from("okta"), map(claims), None).await.unwrap();
    assert_eq!(house.revision().await, before, "a dry run wrote something");
    trial
}

#[tokio::test]
async fn a_dry_run_says_who_it_would_be_which_groups_and_what_they_give() {
    let house = synced().await.with(give("group red", "role Maintainer at shop")).await.with(user("bob")).await;
    let trial = tried(&house, grace_in(json!(["RED"]))).await;
    assert!(matches!(trial.who, Who::New(_)), "{:?}", trial.who);
    assert_eq!(trial.groups, Some(Claimed::Names(vec!["RED".to_owned()])));
    assert_eq!((trial.joined.len(), trial.left.len()), (1, 0));
    let Done { difference, .. } = trial.done.unwrap();
    assert!(!difference.unwrap().gains.is_empty());
    let bob = json!({"email": "bob@example.com", "email_verified": true, "sub": "00u3"});
    assert!(matches!(tried(&house, bob).await.who, Who::Linked(_)));
    arrives(&house, grace_in(json!(["RED"]))).await;
    let trial = tried(&house, grace_in(json!([]))).await;
    assert!(matches!(trial.who, Who::Known(_)));
    assert_eq!((trial.joined.len(), trial.left.len()), (0, 1));
    assert!(!trial.done.unwrap().difference.unwrap().losses.is_empty());
    assert_eq!(tried(&house, grace()).await.groups, Some(Claimed::Absent));
    assert_eq!(tried(&house, grace_in(json!(7))).await.groups, Some(Claimed::Malformed));
    let foreign = json!({"iss": "https://other.example"});
    assert_eq!(tried(&house, foreign).await.who, Who::Barred(Barred::OtherIssuer));
}

#[tokio::test]
async fn a_dry_run_of_who_is_not_let_in_says_why() {
    let house = house(|_| {}).await.with(user("grace")).await;
    assert_eq!(tried(&house, grace()).await.who, Who::Barred(Barred::NotLinked));
    assert_eq!(tried(&house, json!({})).await.who, Who::Barred(Barred::Unknown));
    let ctx = house.root().ctx().await;
    let error = sso::dry_run(&ctx, &Ref::from("okta"), Map::new(), None).await.unwrap_err();
    assert!(error.to_string().contains("sub"), "{error}");
}

#[tokio::test]
async fn a_dry_run_is_for_who_may_set_up_providers() {
    let house = house(|_| {}).await.with(role("reader", &["rolecall.providers.read", "rolecall.users.read"])).await;
    let house = house.with(user("eve").given("role reader")).await;
    let ctx = house.by("eve").await.ctx().await;
    let error = sso::dry_run(&ctx, &Ref::from("okta"), map(grace()), None).await.unwrap_err();
    assert!(matches!(error, Error::Forbidden { .. }), "{error:?}");
}

#[tokio::test]
async fn a_sign_in_under_way_counts_once_for_ten_minutes_and_in_one_browser() {
    let house = house(|_| {}).await;
    let start = || sso::begin(&house.service, (Some("test"), "okta"), [1; 32], "/account", &VISITOR);
    let resume = |state: String, binding: [u8; 32]| {
        let service = house.service.clone();
        async move { sso::resume(&service, &state, binding, &VISITOR).await }
    };
    let begun = start().await.unwrap();
    assert!(begun.verifier.len() >= 43);
    assert!(matches!(resume(begun.state.clone(), [2; 32]).await, Err(Failure::OtherBrowser)));
    let pending = resume(begun.state.clone(), [1; 32]).await.unwrap();
    assert_eq!((&pending.nonce, &pending.verifier), (&begun.nonce, &begun.verifier));
    assert_eq!(pending.return_to, "/account");
    assert!(matches!(resume(begun.state, [1; 32]).await, Err(Failure::Stale)), "it counts once");
    assert!(matches!(resume("made-up".to_owned(), [1; 32]).await, Err(Failure::Stale)));
    let begun = start().await.unwrap();
    house.clock.set(600);
    assert!(matches!(resume(begun.state, [1; 32]).await, Err(Failure::Stale)), "it took too long");
    let begun = start().await.unwrap();
    let elsewhere = ProviderPatch { issuer: Some("https://other.example".to_owned()), ..ProviderPatch::default() };
    house.root().takes(ProviderCommand::Change(Ref::from("okta"), elsewhere)).await;
    assert!(matches!(resume(begun.state, [1; 32]).await, Err(Failure::Stale)), "the provider is another");
}

#[tokio::test]
async fn two_first_sign_ins_at_once_make_one_user() {
    let house = house(|new| new.create_users = true).await;
    let (one, other) = tokio::join!(tries(&house, grace()), tries(&house, grace()));
    assert_eq!(one.unwrap().subject, other.unwrap().subject);
}

/// Eve may set up providers and change groups, but holds little else.
async fn eves() -> House {
    let own = ["providers", "groups", "users", "assignments"].map(|noun| format!("rolecall.{noun}.write"));
    let mut permits: Vec<&str> = own.iter().map(String::as_str).collect();
    permits.extend(["rolecall.providers.read", "rolecall.users.read", "rolecall.groups.read"]);
    let house = shop().await.with(role("clerk", &permits)).await.with(user("eve").given("role clerk")).await;
    let house = house.with(group("admins", &[], &["policy Admin"])).await.with(sso_names("admins", &["ADMINS"])).await;
    add(&house, "okta", |_| {}).await;
    let linked = |new: &mut rolecall_model::user::NewUser| {
        let provider = rolecall_model::id::ProviderId::new(1).unwrap();
        new.identity = Some(Identity { provider, issuer: ISSUER.into(), sub: "boss".into() });
    };
    house.with(user("boss").given("policy Admin").but(linked)).await
}

#[tokio::test]
async fn nobody_sets_up_a_provider_that_gives_more_than_one_holds() {
    let house = eves().await;
    let eve = house.by("eve").await;
    let provider = |change: fn(&mut NewProvider)| {
        let mut new = new_provider("evil");
        change(&mut new);
        Command::from(ProviderCommand::Create(new))
    };
    let change = |change: fn(&mut ProviderPatch)| {
        let mut patch = ProviderPatch::default();
        change(&mut patch);
        Command::from(ProviderCommand::Change(Ref::from("okta"), patch))
    };
    let refused: [(&str, Command); 9] = [
        ("linking by address", provider(|new| new.link_by_email = true)),
        (
            "new users with a policy",
            provider(|new| {
                new.create_users = true;
                new.defaults = vec![grant("policy Admin")];
            }),
        ),
        ("groups that give rights", provider(|new| new.group_sync.enabled = true)),
        ("linking by address, later", change(|patch| patch.link_by_email = Some(true))),
        (
            "groups, later",
            change(|patch| {
                let path = "$.groups".into();
                patch.group_sync =
                    Some(rolecall_model::provider::GroupSync { enabled: true, path, add_groups_scope: false });
            }),
        ),
        ("another issuer under who is linked", change(|patch| patch.issuer = Some("https://evil.example".to_owned()))),
        ("another client under who is linked", change(|patch| patch.client_id = Some("evil".to_owned()))),
        ("another secret under who is linked", change(|patch| patch.secret = true)),
        (
            "a link to an administrator",
            change_user("boss", |patch| {
                let provider = rolecall_model::id::ProviderId::new(1).unwrap();
                patch.link = Some(Identity { provider, issuer: ISSUER.into(), sub: "eve".into() });
            }),
        ),
    ];
    for (what, command) in refused {
        let refusal = eve.refusal(command).await;
        assert_eq!(refusal.kind, Kind::NotHeld, "{what}: {refusal}");
    }
    let off = ProviderPatch { active: Some(false), ..ProviderPatch::default() };
    eve.refuses(ProviderCommand::Change(Ref::from("okta"), off), Kind::NotHeld).await;
    eve.takes(provider(|new| new.create_users = true)).await;
}

#[tokio::test]
async fn nobody_syncs_memberships_or_claims_a_provider_by_hand_beyond_ones_rights() {
    let house = eves().await;
    let eve = house.by("eve").await;
    let sync =
        MembershipCommand::Sync { user: subject("eve"), provider: Ref::from("okta"), names: vec!["ADMINS".into()] };
    eve.refuses(sync, Kind::NotHeld).await;
    let as_provider = join_on("admins", "eve", Terms::of(Source::Sso("okta".into())));
    eve.refuses(as_provider, Kind::NotHeld).await;
    let patch = UserPatch { unlink: Some(Ref::from("okta")), ..UserPatch::default() };
    let unlink = rolecall_model::user::UserCommand::Change(subject("boss"), patch);
    eve.refuses(unlink, Kind::NotHeld).await;
}
