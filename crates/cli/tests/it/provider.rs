//! Sign-in providers by flags, by file and in an editor; and what claims would come to.

use crate::house::{Editor, House};
use serde_json::json;

const LIST: &str = "\
- name: okta
  title: Okta
  issuer: https://acme.okta.example
  client_id: 0oa1
  client_secret_file: okta.secret
  create_users: true
  group_sync: {enabled: true, path: $.groups}
- name: entra
  issuer: https://login.microsoftonline.example/tenant/v2.0
  client_id: 7c1
";

#[test]
fn providers_are_set_up_by_a_file_and_changed_by_flags_and_in_an_editor() {
    let house = House::union();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("providers.yaml");
    std::fs::write(&file, LIST).unwrap();
    std::fs::write(folder.path().join("okta.secret"), "a-client-secret\n").unwrap();
    let file = file.to_str().unwrap();
    let ran = house.run(&["create", "provider", "--file", file]).ok();
    assert!(ran.err.contains("created provider \"okta\"") && ran.err.contains("\"entra\""), "{ran:?}");
    house.run(&["create", "provider", "--file", file]).refused(3, "providers.yaml, line 1");
    house.run(&["update", "provider", "--file", file]).ok();
    house.run(&["update", "provider", "okta", "--title", "Acme", "--groups", "$.teams[*].name"]).ok();
    let okta = house.run(&["get", "provider", "okta", "-o", "json"]).ok().json();
    assert_eq!((&okta["title"], &okta["create_users"]), (&json!("Acme"), &json!(true)));
    assert_eq!(okta["group_sync"]["path"], "$.teams[*].name");
    let editor = Editor::typing(&["title: Sign-in\nactive: false\n"]);
    editor.run(&house, &["update", "provider", "okta"]).ok();
    assert!(editor.shown(1).contains("issuer: \"https://acme.okta.example\""), "{}", editor.shown(1));
    assert!(!editor.shown(1).contains("a-client-secret"));
    let listed = house.run(&["get", "provider"]).ok().out;
    assert!(listed.contains("Sign-in") && listed.contains("entra"), "{listed}");
    house.run(&["delete", "provider", "entra", "--yes"]).ok();
}

#[test]
fn a_client_secret_is_never_an_argument() {
    let house = House::union();
    let plain = ["create", "provider", "okta", "--issuer", "https://acme.okta.example", "--client-id", "0oa1"];
    house.run(&plain).refused(2, "--client-secret-file");
    house.run(&[&plain[..], &["--client-secret", "x"]].concat()).refused(2, "");
    house.run_with("a-client-secret\n", &[&plain[..], &["--client-secret-file", "-"]].concat()).ok();
}

#[test]
fn a_mistake_in_the_path_of_groups_is_said_with_its_place() {
    let house = House::union();
    let make =
        ["create", "provider", "okta", "--issuer", "https://acme.okta.example", "--client-id", "0oa1", "--public"];
    house.run(&[&make[..], &["--groups", "$.groups["]].concat()).refused(3, "character");
}

#[test]
fn a_dry_run_takes_claims_or_a_whole_token() {
    let house = House::union();
    let make =
        ["create", "provider", "okta", "--issuer", "https://acme.okta.example", "--client-id", "0oa1", "--public"];
    house.run(&[&make[..], &["--create-users", "--groups", "$.groups"]].concat()).ok();
    house.run(&["create", "group", "Team", "--sso-name", "TEAM", "--policy", "Admin"]).ok();
    let claims = json!({"sub": "1", "email": "grace@example.com", "email_verified": true, "groups": ["TEAM"]});
    let check = ["check-sign-in", "okta", "--claims", "-"];
    let ran = house.run_with(&claims.to_string(), &check).ok();
    assert!(ran.out.contains("new") && ran.out.contains("Team") && ran.out.contains("gains"), "{ran:?}");
    let token = "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.c2ln";
    let would = house.run_with(token, &[&check[..], &["-o", "json"]].concat()).ok().json();
    assert_eq!((&would["who"], &would["groups"]), (&json!("new"), &json!("absent")));
    house.run(&["update", "provider", "okta", "--create-users", "false"]).ok();
    let nobody = house.run_with(&claims.to_string(), &check);
    assert_eq!(nobody.code, 1, "{nobody:?}");
    house.run_with("neither", &check).refused(3, "no claims");
}
