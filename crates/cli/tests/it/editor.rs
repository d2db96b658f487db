//! The editor loop: a mistake opens it again, nothing typed is lost.

use crate::house::{Editor, House};
use crate::walkthrough::ROLE;
use std::process::Command;

const CREATE: [&str; 4] = ["create", "role", "Production Runner", "--edit"];

fn is_there(house: &House) -> bool {
    house.run(&["get", "role", "Production Runner"]).code == 0
}

#[test]
fn a_mistake_opens_the_editor_again_with_the_reason_above_what_was_typed() {
    let house = House::union();
    let wrong = ROLE.replace("create_flyte_executions", "create_flyte_execution");
    let broken = ROLE.replace("actions:", "actions");
    let editor = Editor::typing(&[&broken, &wrong, ROLE]);
    editor.run(&house, &CREATE).ok();
    assert_eq!(editor.openings(), 3);
    let second = editor.shown(2);
    assert!(second.starts_with("#! line ") && second.ends_with(&broken), "{second}");
    let third = editor.shown(3);
    assert!(third.contains("did you mean \"create_flyte_executions\"?") && third.ends_with(&wrong), "{third}");
    // The line that is named is the one where it stands now.
    let line: usize = third.strip_prefix("#! line ").unwrap().split(':').next().unwrap().parse().unwrap();
    assert_eq!(third.lines().nth(line - 1), Some("- create_flyte_execution"));
    assert!(is_there(&house));
}

#[test]
fn the_template_lists_the_valid_actions_with_their_titles() {
    let house = House::union();
    let editor = Editor::typing(&[]);
    let ran = editor.run(&house, &CREATE).ok();
    assert!(ran.err.contains("unchanged"), "{ran:?}");
    let shown = editor.shown(1);
    for line in [
        "name: Production Runner",
        "  # Executions",
        "  # - create_flyte_executions  # Create executions",
        "# Domains: development, staging, production",
    ] {
        assert!(shown.lines().any(|found| found == line), "{shown}");
    }
    assert!(!is_there(&house));
}

#[test]
fn an_emptied_text_cancels() {
    let house = House::union();
    let ran = Editor::typing(&["# nothing\n\n"]).run(&house, &CREATE).ok();
    assert!(ran.err.contains("empty"), "{ran:?}");
    assert!(!is_there(&house));
}

#[test]
fn a_mistake_that_is_given_up_is_kept_and_said() {
    let house = House::union();
    let wrong = ROLE.replace("create_flyte_executions", "fly_away");
    let editor = Editor::typing(&[&wrong]);
    editor.run(&house, &CREATE).refused(3, "kept in");
    assert_eq!(editor.openings(), 2);
    assert!(editor.kept().unwrap().ends_with(&wrong));
}

#[test]
fn what_was_typed_is_kept_when_the_server_goes_away() {
    let house = House::union();
    let url = house.url.clone();
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("editor.sh");
    std::fs::write(&script, format!("printf '{}' > \"$1\"\n", ROLE.replace('\n', "\\n"))).unwrap();
    drop(house);
    let mut command: Command = crate::house::bare();
    command.env("ROLECALL_URL", url).env("TMPDIR", folder.path()).env("EDITOR", format!("sh {}", script.display()));
    let ran = crate::house::Ran::of(command.args(CREATE).output().unwrap()).refused(3, "no server answers");
    let path = ran.err.trim_end().rsplit(' ').next().unwrap();
    assert_eq!(std::fs::read_to_string(path).unwrap(), ROLE);
}

#[test]
fn an_editor_that_fails_changes_nothing_and_its_file_is_kept() {
    let house = House::union();
    let mut command = house.command();
    let folder = tempfile::tempdir().unwrap();
    command.env("TMPDIR", folder.path()).env("EDITOR", "sh -c 'echo half >> \"$1\"; exit 7' sh");
    crate::house::Ran::of(command.args(CREATE).output().unwrap()).refused(3, "kept in");
    let kept = std::fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap().path();
    assert!(std::fs::read_to_string(kept).unwrap().ends_with("half\n"));
    assert!(!is_there(&house));
}

#[test]
fn a_role_that_somebody_changed_meanwhile_is_not_overwritten_unasked() {
    let house = House::union();
    house.run(&["create", "role", "Production Runner", "--action", "view_flyte_inventory"]).ok();
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("editor.sh");
    let token = crate::house::TOKEN;
    let meanwhile = format!(
        "ROLECALL_URL={} ROLECALL_TOKEN={token} {} update role 'Production Runner' --description meanwhile",
        house.url,
        env!("CARGO_BIN_EXE_rolecall")
    );
    let text = "if grep -q '^#!' \"$1\"; then cp \"$1\" \"$(dirname \"$0\")/seen\"; exit 0; fi\n";
    std::fs::write(&script, format!("{text}{meanwhile}\necho '  - view_flyte_executions' > \"$1.new\"; sed 's/^description.*/description: mine/' \"$1\" > \"$1.new\"; mv \"$1.new\" \"$1\"\n")).unwrap();
    let mut command = house.command();
    command.env("TMPDIR", folder.path()).env("EDITOR", format!("sh {}", script.display()));
    crate::house::Ran::of(command.args(["update", "role", "Production Runner"]).output().unwrap())
        .refused(3, "changed the role meanwhile");
    assert!(std::fs::read_to_string(folder.path().join("seen")).unwrap().contains("saving again"));
    assert!(house.run(&["get", "role", "Production Runner"]).ok().out.contains("meanwhile"));
}

#[test]
fn a_predefined_role_opens_no_editor() {
    let house = House::union();
    let editor = Editor::typing(&[]);
    editor.run(&house, &["update", "role", "Admin"]).refused(3, "never changes");
    assert_eq!(editor.openings(), 0);
}
