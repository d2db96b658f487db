//! Exit codes and what is said on which stream.

use crate::house::{House, Ran, bare};

#[test]
fn exit_codes_tell_apart_denied_wrong_use_and_refused() {
    let house = House::union();
    assert_eq!(house.run(&["check", "ada@example.com", "administer_account"]).code, 0);
    house.run(&["create", "user", "--email", "grace@example.com"]).ok();
    assert_eq!(house.run(&["check", "grace@example.com", "administer_account"]).code, 1);
    assert_eq!(house.run(&["explain", "grace@example.com", "administer_account"]).code, 1);
    for wrong in [
        vec!["chek"],
        vec!["check"],
        vec!["create", "role", "x"],
        vec!["create", "policy", "x"],
        vec!["create", "assignment", "--policy", "Viewer"],
        vec!["create", "assignment", "--email", "grace@example.com"],
        vec!["update", "user", "grace@example.com"],
        vec![],
    ] {
        assert_eq!(house.run(&wrong).code, 2, "{wrong:?}");
    }
    house.run(&["get", "role", "Viewr"]).refused(3, "no role named \"Viewr\"; did you mean \"Viewer\"?");
    house
        .run(&["create", "assignment", "--email", "grace@example.com", "--policy", "Viewr"])
        .refused(3, "did you mean \"Viewer\"?");
    house.run(&["check", "grace@example.com", "administer_acount"]).refused(3, "did you mean \"administer_account\"?");
}

#[test]
fn a_wrong_credential_and_an_absent_server_are_said_with_their_mend() {
    let house = House::union();
    let run = |name: &str, value: &str| Ran::of(house.command().env(name, value).arg("whoami").output().unwrap());
    run("ROLECALL_TOKEN", "").refused(3, "set ROLECALL_TOKEN or give --token");
    run("ROLECALL_TOKEN", "wrong-but-long-enough").refused(3, "set ROLECALL_TOKEN or give --token");
    run("ROLECALL_URL", "localhost").refused(3, "is not an address");
    let gone = house.url.clone();
    drop(house);
    Ran::of(bare().args(["whoami", "--url", &gone]).output().unwrap()).refused(3, "rolecall serve");
}

#[test]
fn a_deletion_is_done_only_when_somebody_said_so() {
    let house = House::union();
    house.run(&["create", "group", "Ops"]).ok();
    house.run(&["delete", "group", "Ops"]).refused(2, "say --yes");
    house.run_with("n\n", &["delete", "group", "Ops"]).refused(3, "left as it was");
    house.run_with("y\n", &["delete", "group", "Ops"]).ok();
    house.run(&["get", "group", "Ops"]).refused(3, "no group");
}

#[test]
fn standard_output_has_nothing_but_data() {
    let house = House::union();
    let made = house.run(&["create", "user", "--email", "grace@example.com", "-o", "json"]).ok();
    assert!(made.json()["subject"].as_str().unwrap().starts_with("usr_"));
    assert_eq!(made.err, "");
    let said = house.run(&["create", "group", "Ops", "--member", "grace@example.com"]).ok();
    assert_eq!(said.out, "");
    assert!(said.err.starts_with("created group \"Ops\""), "{said:?}");
    let yaml = house.run(&["get", "user", "grace@example.com", "-o", "yaml"]).ok().out;
    assert!(yaml.lines().any(|line| line == "email: grace@example.com"), "{yaml}");
    let table = house.run(&["get", "user"]).ok().out;
    assert!(!table.contains('\u{1b}') && table.lines().all(|line| !line.ends_with(' ')), "{table:?}");
}

#[test]
fn a_dry_run_shows_who_would_gain_what_and_changes_nothing() {
    let house = House::union();
    house.run(&["create", "user", "--email", "grace@example.com", "--name", "Grace"]).ok();
    let dry =
        house.run(&["create", "assignment", "--email", "grace@example.com", "--policy", "Viewer", "--dry-run"]).ok();
    assert!(dry.out.contains("Grace gains view_flyte_executions everywhere\n"), "{dry:?}");
    assert_eq!(house.run(&["check", "grace@example.com", "view_flyte_executions"]).code, 1);
    house.run(&["delete", "user", "grace@example.com", "--dry-run"]).ok();
    house.run(&["get", "user", "grace@example.com"]).ok();
}

#[test]
fn a_mistake_in_a_file_is_said_with_file_and_line_and_nothing_is_done() {
    let house = House::union();
    let text = "name: R\nactions:\n- view_flyte_inventory\n- view_flyte_inventry\n";
    let ran = house.run_with(text, &["create", "role", "R", "--file", "-"]).refused(3, "-, line 4: ");
    assert!(ran.err.contains("did you mean \"view_flyte_inventory\"?"), "{ran:?}");
    house
        .run_with("name: Other\nactions: []\n", &["create", "role", "R", "--file", "-"])
        .refused(3, "make them the same");
    house
        .run_with("bindings:\n- role: Nope\n", &["create", "policy", "P", "--file", "-"])
        .refused(3, "line 2: no role named \"Nope\"");
    house
        .run_with("actions:\n- a\u{0}b\n", &["create", "role", "R", "--file", "-"])
        .refused(3, "line 2: the character U+0000");
    house.run(&["create", "role", "R", "--file", "/nowhere.yaml"]).refused(3, "cannot read /nowhere.yaml");
    house.run(&["get", "role", "R"]).refused(3, "no role");
}

#[test]
fn names_in_every_script_come_back_as_they_went_in() {
    let house = House::union();
    for name in ["Производство", "生产 运行", "تشغيل", "a/b?c#d%", "~7", "it's \"odd\" $HOME", "🚀"]
    {
        house.run(&["create", "role", name, "--action", "view_flyte_inventory"]).ok();
        assert_eq!(house.run(&["get", "role", name, "-o", "json"]).ok().json()["name"], name);
    }
}

#[test]
fn every_list_takes_the_flags_that_its_help_offers() {
    let house = House::union();
    let nouns =
        ["role", "policy", "user", "application", "member", "group", "project", "environment", "action", "token"];
    for noun in nouns {
        house.run(&["get", noun, "--search", "e", "--sort", "-name", "--limit", "2", "--at", "revision:2"]).ok();
    }
    house.run(&["create", "user", "--email", "grace@example.com", "--policy", "Viewer", "--from", "7d"]).ok();
    let given = |active: &str| {
        house.run(&["get", "assignment", "--email", "grace@example.com", "--active", active, "--limit", "5"]).ok().out
    };
    assert!(!given("true").contains("Viewer"));
    assert!(given("false").contains("Viewer") && given("any").contains("Viewer"));
    house.run(&["get", "assignment", "--sort", "name"]).refused(2, "cannot be sorted");
}
