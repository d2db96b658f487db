//! Signing in, from the command line.

use crate::house::House;

#[test]
fn who_is_added_is_invited_and_links_are_made_again() {
    let house = House::union();
    let made = house.run(&["create", "user", "--email", "bob@example.com"]).ok();
    assert!(made.err.contains("created user") && made.err.contains("hand over this link"), "{made:?}");
    assert!(made.out.starts_with("http") && made.out.contains("/signin/invitation?token=rolecall_"), "{made:?}");
    let quiet = house.run(&["create", "user", "--email", "cat@example.com", "--no-invitation"]).ok();
    assert!(quiet.out.is_empty() && !quiet.err.contains("link"), "{quiet:?}");
    let invitation = house.run(&["create", "invitation", "--email", "cat@example.com"]).ok();
    assert!(invitation.out.contains("/signin/invitation?token="), "{invitation:?}");
    let reset = house.run(&["create", "reset", "--email", "bob@example.com", "-o", "json"]).ok().json();
    assert!(reset["mailed"] == false && reset["link"].as_str().unwrap().contains("/signin/reset?token="), "{reset}");
    house.run(&["create", "reset", "--email", "bob@example.com"]).refused(3, "a link was made a moment ago");
    house.run(&["create", "reset", "--email", "bob@example.com", "--dry-run"]).refused(2, "leave --dry-run out");
}

#[test]
fn how_people_sign_in_is_shown_and_changed() {
    let house = House::union();
    let shown = house.run(&["get", "sign-in"]).ok().out;
    assert!(shown.contains("session idle   8h") && shown.contains("invitation     3d"), "{shown}");
    let words = ["update", "sign-in", "--second-factor", "required", "--session-idle", "90m", "--session", "12h"];
    let changed = house.run(&words).ok().out;
    assert!(changed.contains("required") && changed.contains("90m") && changed.contains("12h"), "{changed}");
    assert_eq!(house.run(&["get", "sign-in", "-o", "json"]).ok().json()["session_seconds"], 43_200);
    house.run(&["update", "sign-in"]).refused(2, "say what to change");
    house.run(&["update", "sign-in", "--session", "5s"]).refused(3, "session_seconds must be");
}

#[test]
fn tokens_and_client_secrets_are_rotated() {
    let house = House::union();
    let issued = house.run(&["create", "token", "laptop", "-o", "json"]).ok().json();
    let key = issued["key"].as_str().unwrap();
    let rotated = house.run(&["rotate", "token", key, "--overlap", "1h", "-o", "json"]).ok().json();
    assert_eq!(rotated["name"], "laptop");
    assert_ne!(rotated["token"], issued["token"]);
    for token in [&issued["token"], &rotated["token"]] {
        let mut command = house.command();
        let who = command.env("ROLECALL_TOKEN", token.as_str().unwrap()).arg("whoami").output().unwrap();
        assert!(who.status.success());
    }
    house.run(&["create", "application", "Runner"]).ok();
    let secret = house.run(&["create", "secret", "--application", "runner", "--name", "spring"]).ok();
    assert!(secret.out.contains("spring") && secret.out.contains("rolecall_"), "{secret:?}");
    assert!(house.run(&["get", "token", "--subject", "runner"]).ok().out.contains("secret"));
}

#[test]
fn scim_is_connected_and_what_it_manages_let_go() {
    let house = House::union();
    assert!(house.run(&["get", "scim-token"]).ok().out.contains("not connected"));
    let made = house.run(&["create", "scim-token"]).ok();
    assert!(made.out.contains("/scim/v2") && made.out.contains("rolecall_"), "{made:?}");
    assert!(house.run(&["get", "scim-token"]).ok().out.contains("connected"));
    house.run(&["create", "user", "--email", "bob@example.com"]).ok();
    house.run(&["create", "group", "Crew"]).ok();
    assert!(house.run(&["unlink", "user", "bob@example.com"]).ok().err.contains("can be changed here again"));
    house.run(&["unlink", "group", "Crew"]).ok();
    house.run(&["delete", "scim-token", "--yes"]).ok();
    house.run(&["delete", "scim-token", "--yes"]).refused(3, "there is no SCIM connection");
}

#[test]
fn sessions_are_listed_and_ended() {
    let house = House::union();
    house.run(&["create", "user", "--email", "bob@example.com"]).ok();
    assert!(house.run(&["get", "session"]).ok().out.is_empty());
    let said = house.run(&["delete", "session", "--user", "bob@example.com", "--yes"]).ok().err;
    assert!(said.contains("ended all sessions of \"bob@example.com\""), "{said}");
    let none = "tok_00000000000000000000000000";
    house.run(&["delete", "session", none, "--yes"]).refused(3, "no token has the key");
    house.run(&["delete", "session", "--yes"]).refused(2, "required");
    house.run(&["delete", "second-factor", "bob@example.com", "--yes"]).ok();
}
