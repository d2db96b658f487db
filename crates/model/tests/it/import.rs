//! The invariants through the door of a bulk import.

use crate::fixture::*;
use crate::word::*;
use rolecall_model::command::Command;
use rolecall_model::import::WorkloadReader;
use rolecall_model::refusal::Kind;
use std::sync::Arc;

/// A workload of these lines.
fn import(lines: &[&str]) -> Command {
    let mut reader = WorkloadReader::new();
    let meta = [r#"{"t":"meta","format":1,"size":"S","seed":1}"#];
    for line in meta.iter().chain(lines) {
        reader.line(line.as_bytes()).unwrap();
    }
    Command::Import(Arc::new(reader.finish().unwrap()))
}

const ONE_USER: &[&str] = &[
    r#"{"t":"environment","id":"dev"}"#,
    r#"{"t":"action","id":"flag.read"}"#,
    r#"{"t":"role","id":"org-1","level":"organization","permissions":[{"action":"flag.read"}]}"#,
    r#"{"t":"role","id":"prj-1","level":"project","permissions":[{"action":"flag.read","environments":["dev"]}]}"#,
    r#"{"t":"project","id":"p-1"}"#,
    r#"{"t":"policy","id":"pol-1","bindings":[{"role":"prj-1","project":"p-1","environment":"dev"}]}"#,
    r#"{"t":"group","id":"g-1","grants":[{"role":"prj-1","project":"p-1"}]}"#,
    r#"{"t":"user","id":"u-1","grants":[{"role":"org-1"}],"groups":["g-1"],"policies":["pol-1"]}"#,
    r#"{"t":"application","id":"a-1","grants":[],"groups":[],"policies":["pol-1"]}"#,
];

#[test]
fn an_import_brings_what_its_lines_say() {
    let mut world = shop();
    assert_eq!(world.changes(import(ONE_USER)), 1);
    assert_eq!(world.held("u-1"), ["role \"org-1\" at the organization", "policy \"pol-1\""]);
    assert_eq!(world.held("group g-1"), ["role \"prj-1\" at project \"p-1\""]);
    assert_eq!(world.members("g-1"), ["u-1"]);
    let world = world.with(user("bob"));
    assert_eq!(world.org.find_principal("bob@example.com").unwrap().0.number(), 4, "numbers go on");
}

#[test]
fn no_escalation_by_an_import() {
    let world =
        shop().with(role("importer", &["rolecall.import", "rolecall.users.write", "rolecall.assignments.write"]));
    let world = world.with(user("eve").given("role importer"));
    world.clone().by("eve").refuses(import(ONE_USER), Kind::NotHeld, "rolecall.assignments.grant");
    let world = world.with(permit_more("importer", &["rolecall.assignments.grant"]));
    assert!(world.by("eve").takes(import(ONE_USER)));
}

#[test]
fn an_import_gives_nobody_one_of_rolecalls_own_actions() {
    // Its roles permit only actions that its own lines bring, and those may not have such names.
    for name in ["rolecall.users.write", "*", "Rolecall.x"] {
        let line = format!(r#"{{"t":"action","id":"{name}"}}"#);
        let mut reader = WorkloadReader::new();
        reader.line(br#"{"t":"meta","format":1,"size":"S","seed":1}"#).unwrap();
        let read = reader.line(line.as_bytes());
        let refused = read.is_err() || !shop().takes(Command::Import(Arc::new(reader.finish().unwrap())));
        assert!(refused, "{name}");
    }
    let unknown = br#"{"t":"role","id":"r","level":"organization","permissions":[{"action":"rolecall.users.write"}]}"#;
    let mut reader = WorkloadReader::new();
    reader.line(br#"{"t":"meta","format":1,"size":"S","seed":1}"#).unwrap();
    assert!(reader.line(unknown).is_err());
}

#[test]
fn an_import_changes_no_noun_that_is_there() {
    let world = shop().with(role("mine", &[])).with(user("bob").but(|u| u.external_id = Some("u-7".into())));
    let taken: [(&str, &str); 6] = [
        (r#"{"t":"role","id":"Admin","level":"organization","permissions":[]}"#, "Admin"),
        (r#"{"t":"role","id":"MINE","level":"organization","permissions":[]}"#, "mine"),
        (r#"{"t":"policy","id":"Admin","bindings":[]}"#, "Admin"),
        (r#"{"t":"action","id":"view"}"#, "view"),
        (r#"{"t":"project","id":"shop"}"#, "shop"),
        (r#"{"t":"user","id":"U-7","grants":[],"groups":[],"policies":[]}"#, "U-7"),
    ];
    for (line, words) in taken {
        let refusal = world.refusal(import(&[line]));
        assert_eq!(refusal.kind, Kind::Taken, "{refusal}");
        assert!(refusal.message.contains(words), "{refusal}");
    }
}

#[test]
fn an_import_fills_slots() {
    let world = unleash().with(import(&[r#"{"t":"user","id":"u-1","grants":[],"groups":[],"policies":[]}"#]));
    assert_eq!(world.held("u-1"), ["role \"Viewer\" at the organization"]);
}

#[test]
fn who_was_imported_is_no_administrator_and_the_last_one_remains() {
    shop().with(import(ONE_USER)).refuses(delete_user("ada"), Kind::LastAdministrator, "");
}

#[test]
fn an_import_of_nothing_writes_nothing() {
    assert_eq!(shop().changes(import(&[])), 0);
}

#[test]
fn what_was_imported_is_bound_by_the_same_rules() {
    let world = shop().with(import(ONE_USER));
    world.refuses(delete_role("prj-1"), Kind::InUse, "is bound by");
    world.refuses(delete_action("flag.read"), Kind::InUse, "role \"org-1\"");
    world.refuses(user("u-1"), Kind::Taken, "is known as \"u-1\"");
    let world = world.with(delete_policy("pol-1")).with(delete_project("p-1"));
    assert!(world.held("group g-1").is_empty());
    let world = world.with(delete_user("u-1"));
    assert!(world.members("g-1").is_empty());
}
