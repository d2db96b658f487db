//! Signing in, over the wire: invitations and resets, passwords, sessions, rotation, client secrets, the SCIM connection.

use crate::house::House;
use rolecall_model::Command;
use rolecall_model::command::SubjectRef;
use rolecall_model::group::{GroupCommand, NewGroup};
use rolecall_model::user::{NewUser, UserCommand, UserPatch};
use rolecall_service::{LinkKind, Request, Step, Visitor, execute};
use serde_json::{Value, json};
use std::net::{IpAddr, Ipv4Addr};

const GOOD: &str = "Gelb 7 Ampel? Fluss";
const BETTER: &str = "Blau 8 Laterne! Wiese";
const ADA: &str = "ada@example.com";

fn visitor() -> Visitor<'static> {
    Visitor {
        address: IpAddr::V4(Ipv4Addr::LOCALHOST),
        browser: "A browser of tests",
        request_id: "r1",
        facade: "signin",
    }
}

fn token_of(link: &str) -> &str {
    link.split_once("token=").unwrap().1
}

/// The secret of a session that a link opens.
async fn choose(house: &House, kind: LinkKind, link: &str, password: &str) -> String {
    match house.service.use_link(kind, token_of(link), password.to_owned(), &visitor()).await.unwrap() {
        Step::Done(signed_in) => signed_in.session.expose().to_owned(),
        other => panic!("{other:?}"),
    }
}

async fn sign_in(house: &House, who: &str, password: &str) -> String {
    match house.service.sign_in(None, who, password.to_owned(), &visitor()).await.unwrap() {
        Step::Done(signed_in) => signed_in.session.expose().to_owned(),
        other => panic!("{other:?}"),
    }
}

async fn counts(house: &House, session: &str) -> bool {
    let request = Request { facade: "test", credential: Some(session), ..plain() };
    house.service.enter_session(request).await.is_ok()
}

const fn plain() -> Request<'static> {
    Request {
        credential: None,
        facade: "test",
        request_id: "r1",
        idempotency_key: None,
        if_match: None,
        dry_run: false,
        at_least: None,
        at: None,
    }
}

/// Adds Ada, who chooses a password by her invitation. Answers with her session.
async fn with_ada(house: &House) -> String {
    let made = house.post("users", json!({"email": ADA})).await.is(201).json();
    choose(house, LinkKind::Invitation, made["invitation"]["link"].as_str().unwrap(), GOOD).await
}

async fn revision(house: &House) -> u64 {
    house.get("organization").await.json()["revision"].as_u64().unwrap()
}

#[tokio::test]
async fn who_is_added_is_invited_and_the_link_is_shown_once_and_counts_once() {
    let house = House::union().await;
    let made = house.post("users", json!({"email": ADA, "name": "Ada"})).await.is(201);
    assert_eq!(made.header("cache-control"), Some("no-store"));
    let invitation = &made.json()["invitation"];
    assert_eq!(invitation["mailed"], false);
    assert_eq!(invitation["expires"], "2026-11-21T11:06:40Z", "three days");
    let link = invitation["link"].as_str().unwrap();
    assert!(link.starts_with("http://127.0.0.1:7400/signin/invitation?token=rolecall_"), "{link}");
    assert!(!house.get(&format!("users/{ADA}")).await.text.contains("token="));
    choose(&house, LinkKind::Invitation, link, GOOD).await;
    let again = house.service.use_link(LinkKind::Invitation, token_of(link), BETTER.to_owned(), &visitor()).await;
    assert!(again.unwrap_err().to_string().contains("does not count any more"));
    let user = house.get(&format!("users/{ADA}")).await.is(200).json();
    assert_eq!(
        (&user["can_sign_in"], &user["second_factor"], &user["passkeys"]),
        (&json!(true), &json!(false), &json!(0))
    );
}

#[tokio::test]
async fn nobody_is_invited_who_should_not_be() {
    let house = House::union().await;
    let none = |view: &Value| view.get("invitation").is_none() && view.get("warning").is_none();
    for body in [
        json!({"username": "no-address"}),
        json!({"email": "a@example.com", "invite": false}),
        json!({"email": "b@example.com", "active": false}),
    ] {
        assert!(none(&house.post("users", body.clone()).await.is(201).json()), "{body}");
    }
    let asked = house.post("users", json!({"username": "asked", "invite": true})).await.is(201).json();
    assert!(asked["invitation"]["link"].is_string(), "{asked}");
    let dry = house.post("users?dry_run=true", json!({"email": "c@example.com"})).await.is(200);
    assert!(!dry.text.contains("token="), "{}", dry.text);
    let many = json!({"operations": [{"op": "user.create", "body": {"email": "d@example.com"}}]});
    assert!(!house.post("batch", many).await.is(200).text.contains("token="));
    let invites = json!({"operations": [{"op": "user.create", "body": {"email": "e@example.com", "invite": true}}]});
    assert_eq!(house.post("batch", invites).await.refused(422, "invalid").field(), "operations[0].body.invite");
    house.patch("organization/sign-in", json!({"passwords": false})).await.refused(409, "last_administrator");
    let root = house.service.enter(Request { credential: Some(crate::house::ADMIN), ..plain() }).await.unwrap();
    let patch = UserPatch { passkeys: Some(1), ..UserPatch::default() };
    let root_user = SubjectRef::User("root@example.com".into());
    execute(&root, UserCommand::Change(root_user, patch).into()).await.unwrap();
    house.patch("organization/sign-in", json!({"passwords": false})).await.is(200);
    assert!(none(&house.post("users", json!({"email": "f@example.com"})).await.is(201).json()));
    let before = revision(&house).await;
    let refused = house.post("users", json!({"email": "g@example.com", "invite": true})).await.refused(409, "not_now");
    assert_eq!((refused.field().as_str(), revision(&house).await), ("invite", before));
    let refused = house.post("users/f@example.com/invitation", json!({})).await.refused(409, "not_now");
    assert!(refused.detail().contains("passwords are switched off"), "{}", refused.text);
}

#[tokio::test]
async fn a_request_that_is_repeated_invites_nobody_again_and_says_so() {
    let house = House::union().await;
    let ask = || house.ask("POST", "users").json(&json!({"email": ADA})).header("idempotency-key", "k");
    let first = ask().send().await.is(201).json();
    let second = ask().send().await.is(201);
    assert_eq!(second.header("idempotency-replayed"), Some("true"));
    let second = second.json();
    assert_eq!(second["subject"], first["subject"]);
    assert!(second.get("invitation").is_none());
    assert!(second["warning"].as_str().unwrap().contains("nobody was invited again"));
    choose(&house, LinkKind::Invitation, first["invitation"]["link"].as_str().unwrap(), GOOD).await;
}

#[tokio::test]
async fn a_new_link_replaces_the_old_one_and_there_is_one_a_minute() {
    let house = House::union().await;
    let first = house.post("users", json!({"email": ADA, "invite": false})).await.is(201).json();
    let path = format!("users/{}", first["subject"].as_str().unwrap());
    let invitation = house.ask("POST", &format!("{path}/invitation")).send().await.is(200);
    assert_eq!(invitation.header("cache-control"), Some("no-store"));
    let limited = house.ask("POST", &format!("{path}/invitation")).send().await.refused(429, "too_many_tries");
    assert!(limited.header("retry-after").unwrap().parse::<u64>().unwrap() > 0);
    // The letter about a lost password is another.
    let reset = house.ask("POST", &format!("{path}/reset")).send().await.is(200).json();
    let old = invitation.json()["link"].as_str().unwrap().to_owned();
    assert!(house.service.look_at_link(LinkKind::Invitation, token_of(&old)).await.is_err());
    let link = reset["link"].as_str().unwrap();
    assert!(link.contains("/signin/reset?token="));
    assert!(house.service.look_at_link(LinkKind::Invitation, token_of(link)).await.is_err(), "each kind has its page");
    assert_eq!(house.service.look_at_link(LinkKind::Reset, token_of(link)).await.unwrap().identifier, ADA);
    house.clock.pass(3_600);
    assert!(house.service.look_at_link(LinkKind::Reset, token_of(link)).await.is_err(), "an hour has passed");
    house.ask("POST", "users/nobody/invitation").send().await.refused(404, "not_found");
    house.patch(&path, json!({"active": false})).await.is(200);
    house.ask("POST", &format!("{path}/reset")).send().await.refused(409, "not_now");
}

#[tokio::test]
async fn who_may_only_write_users_takes_no_administrator_over() {
    let house = House::new("none").await;
    let clerk = house.user("clerk@example.com", &[]).await;
    let permits = json!([{"action": "rolecall.users.write"}, {"action": "rolecall.users.read"}]);
    house.post("roles", json!({"name": "clerk", "permits": permits})).await.is(201);
    house.post("assignments", json!({"subject": "clerk@example.com", "role": "clerk"})).await.is(201);
    let root = "users/root@example.com";
    let by_clerk = |method: &'static str, path: String| house.ask(method, &path).token(&clerk);
    for kind in ["invitation", "reset"] {
        by_clerk("POST", format!("{root}/{kind}")).send().await.refused(403, "not_held");
    }
    by_clerk("PATCH", root.into()).json(&json!({"email": "mine@example.com"})).send().await.refused(403, "not_held");
    let token = json!({"subject": "root@example.com", "name": "mine"});
    by_clerk("POST", "tokens".into()).json(&token).send().await.refused(403, "forbidden");
    let set_up = json!({"subject": "root@example.com", "name": "laptop"});
    let key = house.post("tokens", set_up).await.is(201).json()["key"].as_str().unwrap().to_owned();
    by_clerk("POST", format!("tokens/{key}/rotate")).json(&json!({})).send().await.refused(404, "not_found");
    by_clerk("DELETE", format!("{root}/sessions")).send().await.refused(403, "forbidden");
    // For somebody without rights it may do all of that.
    by_clerk("POST", "users".into()).json(&json!({"email": ADA})).send().await.is(201);
    by_clerk("POST", format!("users/{ADA}/reset")).send().await.is(200);
    by_clerk("DELETE", format!("users/{ADA}/second-factor")).send().await.is(200);
}

#[tokio::test]
async fn a_link_that_was_shown_counts_no_more_once_the_account_may_do_more_than_its_maker() {
    let house = House::new("none").await;
    let clerk = house.user("clerk@example.com", &[]).await;
    let permits = json!([{"action": "rolecall.users.write"}, {"action": "rolecall.users.read"}]);
    house.post("roles", json!({"name": "clerk", "permits": permits})).await.is(201);
    house.post("roles", json!({"name": "boss", "permits": [{"action": "*"}]})).await.is(201);
    house.post("assignments", json!({"subject": "clerk@example.com", "role": "clerk"})).await.is(201);
    let made = house.ask("POST", "users").token(&clerk).json(&json!({"email": ADA})).send().await.is(201).json();
    let link = made["invitation"]["link"].as_str().unwrap().to_owned();
    assert!(house.service.look_at_link(LinkKind::Invitation, token_of(&link)).await.is_ok());
    house.post("assignments", json!({"subject": ADA, "role": "boss"})).await.is(201);
    let used = house.service.use_link(LinkKind::Invitation, token_of(&link), GOOD.to_owned(), &visitor()).await;
    assert!(used.unwrap_err().to_string().contains("does not count any more"));
}

#[tokio::test]
async fn the_rules_for_signing_in_are_read_and_changed() {
    let house = House::union().await;
    let path = "organization/sign-in";
    let usual = json!({"passwords": true, "second_factor": "optional", "session_idle_seconds": 28_800,
        "session_seconds": 172_800, "invite_seconds": 259_200});
    assert_eq!(house.get(path).await.is(200).json(), usual);
    let changed = json!({"second_factor": "required", "session_idle_seconds": 600});
    let now = house.patch(path, changed).await.is(200).json();
    assert_eq!((&now["second_factor"], &now["session_idle_seconds"]), (&json!("required"), &json!(600)));
    assert_eq!(house.get(path).await.json(), now);
    for (body, field) in [
        (json!({"session_idle_seconds": 5}), "session_idle_seconds"),
        (json!({"session_seconds": 300}), "session_idle_seconds"),
        (json!({"invite_seconds": 9_999_999}), "invite_seconds"),
        (json!({"second_factor": "always"}), "second_factor"),
    ] {
        assert_eq!(house.patch(path, body.clone()).await.refused(422, "invalid").field(), field, "{body}");
    }
    let change = &house.get("history?limit=1").await.json()["items"][0]["changes"][0];
    let before = &change["before"]["sign_in"]["session_idle_seconds"];
    assert_eq!((&change["noun"], before), (&json!("organization"), &json!(28_800)));
}

#[tokio::test]
async fn sessions_are_listed_and_ended_by_their_owner_and_by_who_may() {
    let house = House::union().await;
    let session = with_ada(&house).await;
    let other = sign_in(&house, ADA, GOOD).await;
    let bobs = house.user("bob@example.com", &[]).await;
    let listed = house.get(&format!("sessions?subject={ADA}")).await.is(200).json()["items"].clone();
    assert_eq!(listed.as_array().unwrap().len(), 2);
    let first = &listed[0];
    assert_eq!(
        (&first["name"], &first["kind"], &first["current"]),
        (&json!("A browser of tests"), &json!("session"), &json!(false))
    );
    assert_eq!(first["until"], "2026-11-20T11:06:40Z");
    assert!(first.get("last_used").is_none());
    assert!(counts(&house, &session).await);
    assert!(house.get("sessions").await.json()["items"][0]["last_used"].is_string());
    // Among tokens there is none of them.
    let tokens = house.get("tokens").await.json()["items"].clone();
    assert!(tokens.as_array().unwrap().iter().all(|token| token["kind"] == "personal"), "{tokens}");
    let key = first["key"].as_str().unwrap();
    house.get(&format!("tokens/{key}")).await.refused(404, "not_found");
    house.delete(&format!("tokens/{key}")).await.refused(404, "not_found");
    house.post(&format!("tokens/{key}/rotate"), json!({})).await.refused(404, "not_found");
    assert!(house.ask("GET", "sessions").token(&bobs).send().await.json()["items"].as_array().unwrap().is_empty());
    house.ask("DELETE", &format!("sessions/{key}")).token(&bobs).send().await.refused(404, "not_found");
    house.ask("DELETE", &format!("users/{ADA}/sessions")).token(&bobs).send().await.refused(404, "not_found");
    house.delete(&format!("sessions/{key}")).await.is(204);
    assert!(!counts(&house, &session).await && counts(&house, &other).await);
    house.delete(&format!("sessions/{key}")).await.refused(404, "not_found");
    let adas = house.token_of(ADA).await;
    house.ask("DELETE", &format!("users/{ADA}/sessions")).token(&adas).send().await.is(204);
    assert!(!counts(&house, &other).await);
    house.ask("GET", "me").token(&adas).send().await.is(200);
    // A session that nobody used for too long is over, and not listed.
    let idle = sign_in(&house, ADA, GOOD).await;
    house.clock.pass(8 * 3_600);
    assert!(house.get("sessions").await.json()["items"].as_array().unwrap().is_empty());
    assert!(!counts(&house, &idle).await);
}

#[tokio::test]
async fn a_session_is_no_bearer_and_a_token_no_session() {
    let house = House::union().await;
    let session = with_ada(&house).await;
    house.ask("GET", "me").token(&session).send().await.refused(401, "unauthenticated");
    assert!(!counts(&house, crate::house::ADMIN).await);
}

#[tokio::test]
async fn one_changes_ones_own_password_and_guessing_the_old_one_is_slowed_down() {
    let house = House::union().await;
    let session = with_ada(&house).await;
    let token = house.token_of(ADA).await;
    let ask =
        |old: &str, new: &str| house.ask("POST", "me/password").token(&token).json(&json!({"old": old, "new": new}));
    assert_eq!(ask("wrong", BETTER).send().await.refused(422, "invalid").field(), "old");
    let weak = ask(GOOD, "short").send().await.refused(422, "invalid");
    assert_eq!((weak.field().as_str(), weak.json()["details"].as_array().unwrap().len()), ("new", 4), "{}", weak.text);
    assert!(ask(GOOD, GOOD).send().await.refused(422, "invalid").detail().contains("last 5"));
    ask(GOOD, BETTER).send().await.is(204);
    assert!(!counts(&house, &session).await, "other sessions end");
    sign_in(&house, ADA, BETTER).await;
    house.post("me/password", json!({"old": "x", "new": BETTER})).await.refused(409, "not_now");
    let mut answers = Vec::new();
    for _ in 0..12 {
        answers.push(ask("wrong", GOOD).send().await);
    }
    let last = answers.pop().unwrap().refused(429, "too_many_tries");
    assert!(last.header("retry-after").is_some());
}

#[tokio::test]
async fn a_rotated_token_reaches_no_further_and_the_old_one_counts_for_a_while() {
    let house = House::union().await;
    house.post("users", json!({"email": ADA, "policies": ["Viewer"]})).await.is(201);
    let body =
        json!({"subject": ADA, "name": "ci", "actions": ["rolecall.access.check"], "until": "2027-01-01T00:00:00Z"});
    let old = house.post("tokens", body).await.is(201).json();
    let (key, secret) = (old["key"].as_str().unwrap(), old["token"].as_str().unwrap());
    // The narrow token renews itself, and no other of its holder.
    let other = house.post("tokens", json!({"subject": ADA, "name": "other"})).await.is(201).json();
    let path = format!("tokens/{}/rotate", other["key"].as_str().unwrap());
    house.ask("POST", &path).token(secret).json(&json!({})).send().await.refused(404, "not_found");
    let path = format!("tokens/{key}/rotate");
    house.post(&path, json!({"overlap_seconds": 3_000_000})).await.refused(422, "invalid");
    let ask =
        || house.ask("POST", &path).token(secret).json(&json!({"overlap_seconds": 600})).header("idempotency-key", "k");
    let before = revision(&house).await;
    let answer = ask().send().await.is(201);
    assert_eq!((answer.header("cache-control"), revision(&house).await), (Some("no-store"), before + 1));
    let new = answer.json();
    for same in ["subject", "name", "kind", "actions", "until"] {
        assert_eq!(new[same], old[same], "{same}");
    }
    assert_ne!(new["key"], old["key"]);
    let fresh = new["token"].as_str().unwrap();
    house.ask("GET", "me").token(fresh).send().await.is(200);
    house.ask("GET", "users").token(fresh).send().await.refused(403, "forbidden");
    let repeated = ask().send().await.refused(409, "not_now");
    assert!(repeated.detail().contains(new["key"].as_str().unwrap()), "{}", repeated.text);
    house.clock.pass(599);
    house.ask("GET", "me").token(secret).send().await.is(200);
    house.clock.pass(1);
    house.ask("GET", "me").token(secret).send().await.refused(401, "unauthenticated");
    // Without an overlap the old one ends at once.
    let path = format!("tokens/{}/rotate", new["key"].as_str().unwrap());
    house.ask("POST", &path).token(fresh).json(&json!({})).send().await.is(201);
    house.ask("GET", "me").token(fresh).send().await.refused(401, "unauthenticated");
}

#[tokio::test]
async fn an_application_has_several_client_secrets_and_its_administrator_rotates_them() {
    let house = House::union().await;
    let body = json!({"name": "Runner", "secret": true, "policies": ["Contributor"]});
    let first = house.post("applications", body).await.is(201).json()["client_secret"].as_str().unwrap().to_owned();
    let second = house.post("applications/runner/secrets", json!({"name": "spring"})).await.is(201).json();
    assert_eq!((&second["kind"], &second["name"]), (&json!("secret"), &json!("spring")));
    for secret in [first.as_str(), second["token"].as_str().unwrap()] {
        house.ask("GET", "me").token(secret).send().await.is(200);
    }
    let listed = house.get("tokens?subject=runner").await.json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);
    assert_eq!((&listed["items"][0]["name"], &listed["items"][0]["kind"]), (&json!("client secret"), &json!("secret")));
    house.post("applications/nobody/secrets", json!({})).await.refused(404, "not_found");
    house.post("users", json!({"email": ADA})).await.is(201);
    house.post(&format!("applications/{ADA}/secrets"), json!({})).await.refused(404, "not_found");
    let path = format!("tokens/{}/rotate", second["key"].as_str().unwrap());
    assert_eq!(house.post(&path, json!({})).await.is(201).json()["kind"], "secret");
    // Who may write tokens, and holds nothing else, would become the application.
    house.post("roles", json!({"name": "keeper", "permits": [{"action": "rolecall.tokens.write"}, {"action": "rolecall.tokens.read"}]})).await.is(201);
    house.post("assignments", json!({"subject": ADA, "role": "keeper"})).await.is(201);
    let keeper = house.token_of(ADA).await;
    let key = listed["items"][0]["key"].as_str().unwrap();
    let by_keeper = |path: String| house.ask("POST", &path).token(&keeper).json(&json!({}));
    by_keeper(format!("tokens/{key}/rotate")).send().await.refused(403, "not_held");
    by_keeper("applications/runner/secrets".into()).send().await.refused(403, "not_held");
}

#[tokio::test]
async fn the_scim_connection_is_set_up_seen_and_ended() {
    let house = House::union().await;
    let path = "organization/scim";
    let url = "http://127.0.0.1:7400/scim/v2";
    assert_eq!(house.get(path).await.is(200).json(), json!({"enabled": false, "url": url}));
    house.delete(path).await.refused(404, "not_found");
    let first = house.ask("PUT", path).send().await.is(200);
    assert_eq!(first.header("cache-control"), Some("no-store"));
    let first = first.json();
    let secret = first["token"].as_str().unwrap().to_owned();
    assert_eq!(first["url"], url);
    let enter = async |secret: &str| house.service.enter_scim(Request { credential: Some(secret), ..plain() }).await;
    assert!(enter(&secret).await.is_ok());
    house.ask("GET", "me").token(&secret).send().await.refused(401, "unauthenticated");
    let state = house.get(path).await.json();
    assert!(state["enabled"] == true && state["issued"].is_string() && state["last_used"].is_string(), "{state}");
    let application = house.get("applications/scim").await.is(200).json();
    assert!(
        application["policies"].as_array().unwrap().is_empty() && application["roles"].as_array().unwrap().is_empty()
    );
    let second = house.ask("PUT", path).send().await.is(200).json()["token"].as_str().unwrap().to_owned();
    assert!(enter(&secret).await.is_err() && enter(&second).await.is_ok(), "one at a time");
    assert_eq!(house.get("tokens?subject=scim").await.json()["items"][0]["kind"], "scim");
    // A keeper of providers may not let somebody else act for everybody.
    let permits = json!([{"action": "rolecall.providers.write"}, {"action": "rolecall.providers.read"}]);
    house.post("roles", json!({"name": "keeper", "permits": permits})).await.is(201);
    let keeper = house.user("keeper@example.com", &[]).await;
    house.post("assignments", json!({"subject": "keeper@example.com", "role": "keeper"})).await.is(201);
    house.ask("PUT", path).token(&keeper).send().await.refused(403, "not_held");
    for _ in 0..2 {
        house.ask("DELETE", path).token(&keeper).header("idempotency-key", "k").send().await.is(204);
    }
    house.ask("DELETE", path).token(&keeper).send().await.refused(404, "not_found");
    assert!(enter(&second).await.is_err());
    assert_eq!(house.get(path).await.json()["enabled"], false);
}

#[tokio::test]
async fn what_scim_manages_is_changed_here_only_once_it_is_unlinked() {
    let house = House::union().await;
    let secret = house.ask("PUT", "organization/scim").send().await.json()["token"].as_str().unwrap().to_owned();
    let scim = house.service.enter_scim(Request { credential: Some(&secret), ..plain() }).await.unwrap();
    let known = Some("{}".to_owned());
    let user = NewUser { email: Some(ADA.into()), scim: known.clone(), ..NewUser::default() };
    execute(&scim, UserCommand::Create(user).into()).await.unwrap();
    let group = NewGroup { name: "team".into(), scim: known, ..NewGroup::default() };
    execute(&scim, Command::from(GroupCommand::Create(group))).await.unwrap();
    let user = format!("users/{ADA}");
    let refused = house.patch(&user, json!({"name": "Countess"})).await.refused(409, "managed");
    assert!(refused.detail().contains("unlink it here first"), "{}", refused.text);
    house.patch("groups/team", json!({"name": "crew"})).await.refused(409, "managed");
    house.get("/problems/managed").await.is(200);
    house.ask("POST", &format!("{user}/unlink")).send().await.is(200);
    house.patch(&user, json!({"name": "Countess"})).await.is(200);
    house.ask("POST", "groups/team/unlink").send().await.is(200);
    house.patch("groups/team", json!({"name": "crew"})).await.is(200);
    // What nobody manages is left as it is.
    let before = revision(&house).await;
    house.ask("POST", &format!("{user}/unlink")).send().await.is(200);
    assert_eq!(revision(&house).await, before);
}
