//! What needs no server: help and completions.

use crate::house::{Ran, bare};

fn run(arguments: &[&str]) -> Ran {
    Ran::of(bare().args(arguments).output().unwrap())
}

#[test]
fn help_lists_by_task_and_every_command_shows_an_example() {
    let help = run(&["--help"]).ok().out;
    for part in ["People and what they may do:", "Questions:", "Exit codes: 0 allowed or done, 1 denied"] {
        assert!(help.contains(part), "{help}");
    }
    assert!(
        run(&["help", "create", "role"])
            .ok()
            .out
            .contains("Examples:\n  rolecall create role \"Production Runner\" --edit")
    );
    assert!(run(&["explain", "--help"]).ok().out.contains("rolecall explain grace@example.com"));
}

#[test]
fn completions_know_verbs_and_nouns() {
    for shell in ["bash", "zsh", "fish"] {
        let script = run(&["completions", shell]).ok().out;
        assert!(script.contains("who-can") && script.contains("assignment"), "{shell}");
    }
    assert_eq!(run(&["completions", "cmd"]).code, 2);
}

#[test]
fn the_api_document_is_printed_without_a_server() {
    let document = run(&["openapi"]).ok().json();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    assert!(document["paths"]["/api/v1/roles"].is_object());
}

#[test]
fn a_secret_in_the_environment_is_not_shown_by_help() {
    let shown =
        Ran::of(bare().args(["whoami", "--help"]).env("ROLECALL_TOKEN", "very-secret-indeed").output().unwrap()).ok();
    assert!(!shown.out.contains("very-secret-indeed"));
}
