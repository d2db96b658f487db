//! Importing a workload through the command.

use crate::house::{House, TOKEN};
use rolecall_bench::verify::{Server, read, verify};
use rolecall_bench::workload::{Size, write};
use std::fs::File;
use std::io::BufReader;
use std::sync::Arc;

fn empty() -> House {
    House::start(&Arc::new(tempfile::tempdir().unwrap()), |command| {
        command.env("ROLECALL_ADMIN_TOKEN", TOKEN);
    })
}

fn assert_all_right(house: &House, folder: &std::path::Path) {
    let questions = read(BufReader::new(File::open(folder.join("S.queries.jsonl")).unwrap())).unwrap();
    let server = Server { url: house.url.clone(), token: TOKEN.to_owned(), batch: 500 };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let outcome = runtime.block_on(verify(&server, &questions)).unwrap();
    assert_eq!((outcome.right, outcome.wrong), (10_000, 0), "{outcome}");
}

#[test]
fn every_verdict_of_workload_s_is_right_after_import_and_restart() {
    let files = tempfile::tempdir().unwrap();
    write(Size::S, 1, files.path()).unwrap();
    let house = empty();
    let data = files.path().join("S.data.jsonl");
    let ran = house.run(&["import", "--format", "workload", data.to_str().unwrap()]).ok();
    assert!(ran.err.starts_with("imported "), "{ran:?}");
    assert_all_right(&house, files.path());
    let (_, folder) = house.stop();
    assert_all_right(&House::start(&folder, |_| {}), files.path());
}

#[test]
fn the_first_bad_line_is_named_and_nothing_is_done() {
    let files = tempfile::tempdir().unwrap();
    write(Size::S, 1, files.path()).unwrap();
    let data = std::fs::read_to_string(files.path().join("S.data.jsonl")).unwrap();
    let mut lines: Vec<&str> = data.lines().collect();
    lines[699] = "{\"t\": \"user\", \"id\": 7";
    let house = empty();
    let before = house.run(&["inspect", "-o", "json"]).ok().json();
    house.run_with(&lines.join("\n"), &["import", "--format", "workload", "-"]).refused(3, "line 700");
    assert_eq!(house.run(&["inspect", "-o", "json"]).ok().json(), before);
}

#[test]
fn a_bad_line_at_the_front_of_a_long_file_is_named_too() {
    let house = empty();
    let long = "not json\n".repeat(2_000_000);
    house.run_with(&long, &["import", "-"]).refused(3, "line 1");
}

#[test]
fn a_file_that_is_not_there_stops_before_anything_is_sent() {
    empty().run(&["import", "/nowhere.jsonl"]).refused(3, "cannot read /nowhere.jsonl");
}
