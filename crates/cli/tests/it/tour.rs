//! The README's tour, run as it is written: every command, and what it says.
//!
//! In a block of `console`, `$` begins a command and `>` goes on with it; what follows is what it
//! says, where `…` stands for anything.

use crate::house::{House, bare};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

struct Step {
    command: String,
    said: Vec<String>,
}

fn steps() -> Vec<Step> {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md")).unwrap();
    let mut steps: Vec<Step> = Vec::new();
    for block in readme.split("```console\n").skip(1) {
        for line in block.split("\n```").next().unwrap().lines() {
            match (line.strip_prefix("$ "), line.strip_prefix("> ")) {
                (Some(command), _) => steps.push(Step { command: command.to_owned(), said: Vec::new() }),
                (_, Some(more)) => steps.last_mut().unwrap().command.extend(["\n", more]),
                _ => steps.last_mut().unwrap().said.push(line.to_owned()),
            }
        }
    }
    steps
}

/// A command as a shell runs it, with the binary on its path.
fn shell(folder: &Path, command: &str) -> Command {
    let binary = Path::new(env!("CARGO_BIN_EXE_rolecall")).parent().unwrap();
    let path = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap());
    let surroundings = bare();
    let mut shell = Command::new("sh");
    for (name, value) in surroundings.get_envs().filter(|(_, value)| value.is_none()) {
        assert!(value.is_none());
        shell.env_remove(name);
    }
    shell.env("PATH", path).current_dir(folder).args(["-c", command]);
    shell
}

/// Whether a line is what was written, with `…` for anything.
fn fits(written: &str, line: &str) -> bool {
    let mut parts = written.split('…');
    let Some(mut rest) = line.strip_prefix(parts.next().unwrap()) else { return false };
    for part in parts {
        match rest.find(part) {
            // The last part is the end of the line.
            _ if part.is_empty() => rest = "",
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.is_empty()
}

#[test]
fn the_tour_of_the_readme_goes_as_it_is_written() {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let mut variables: Vec<(String, String)> = Vec::new();
    let mut house: Option<House> = None;
    let mut ran = 0;
    for Step { command, said } in steps() {
        if let Some((name, value)) = command.strip_prefix("export ").and_then(|export| export.split_once('=')) {
            variables.push((name.to_owned(), value.to_owned()));
            continue;
        }
        if command.ends_with("rolecall serve") {
            // Only the port is the test's own: many tests run at once.
            let mut server = shell(folder.path(), &format!("exec env {command}"));
            server.envs(variables.clone()).env("ROLECALL_LISTEN", "127.0.0.1:0").env("ROLECALL_LOG_FORMAT", "json");
            house = Some(House::begin(server, &folder));
            continue;
        }
        let mut shell = shell(folder.path(), &format!("exec 2>&1\n{command}"));
        shell.envs(variables.clone()).env("ROLECALL_URL", &house.as_ref().expect("the tour starts a server first").url);
        let output = String::from_utf8(shell.output().unwrap().stdout).unwrap();
        let lines: Vec<&str> = output.lines().collect();
        let same = lines.len() == said.len() && said.iter().zip(&lines).all(|(written, line)| fits(written, line));
        assert!(same, "$ {command}\nthe README says:\n{}\nit said:\n{output}", said.join("\n"));
        ran += 1;
    }
    assert!(ran > 8, "the tour has only {ran} commands");
}

#[test]
fn an_ellipsis_stands_for_anything() {
    assert!(fits("a … c …", "a b c d"));
    assert!(fits("plain", "plain"));
    assert!(!fits("a … c", "a b c d"));
    assert!(!fits("plain", "plain and more"));
}
