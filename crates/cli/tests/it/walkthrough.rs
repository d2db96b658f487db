//! Union's document, typed as it stands with `rolecall` in place of `flyte`.

use crate::house::{Editor, House};

pub const ROLE: &str = "name: Production Runner\ndescription: Can view and execute workflows\nactions:\n- view_flyte_inventory\n- view_flyte_executions\n- create_flyte_executions\n";
pub const POLICY: &str = "name: Team Prod Access\ndescription: Production execution access for the team\nbindings:\n- role: Production Runner\n  resource:\n    project: my-project\n    domain: production\n";

/// The user exists, the project does not.
fn walked() -> House {
    let house = House::union();
    house.run(&["create", "user", "--email", "user@example.com", "--name", "A user"]).ok();
    Editor::typing(&[ROLE]).run(&house, &["create", "role", "Production Runner", "--edit"]).ok();
    Editor::typing(&[POLICY]).run(&house, &["create", "policy", "Team Prod Access", "--edit"]).ok();
    house.run(&["create", "assignment", "--email", "user@example.com", "--policy", "Team Prod Access"]).ok();
    house
}

const QUESTION: [&str; 6] =
    ["user@example.com", "create_flyte_executions", "--project", "my-project", "--domain", "production"];

fn asked<'a>(verb: &'a str, domain: &'a str) -> Vec<&'a str> {
    let mut question = vec![verb];
    question.extend(QUESTION);
    question.pop();
    question.push(domain);
    question
}

#[test]
fn who_may_run_in_production_is_denied_in_development_and_explain_says_why() {
    let house = walked();
    let allowed = house.run(&asked("check", "production")).ok();
    assert_eq!(allowed.out, "allowed\n");
    let denied = house.run(&asked("check", "development"));
    assert_eq!((denied.code, denied.out.as_str()), (1, "denied\n"));
    let why = house.run(&asked("explain", "production")).ok().out;
    for step in [
        "└─ policy Team Prod Access",
        "└─ role Production Runner (my-project/production)",
        "└─ permits create_flyte_executions",
    ] {
        assert!(why.contains(step), "{why}");
    }
    let why_not = house.run(&asked("explain", "development"));
    assert_eq!(why_not.code, 1);
    let command = "rolecall create assignment --email user@example.com --role 'Production Runner' --project my-project --environment development";
    for part in ["nearest misses", "scope differs", "production", "who could grant it: ada@example.com", command] {
        assert!(why_not.out.contains(part), "{}", why_not.out);
    }
}

#[test]
fn the_command_that_explain_proposes_mends_the_denial() {
    let house = walked();
    let why_not = house.run(&asked("explain", "development")).out;
    let command = why_not.lines().find_map(|line| line.trim().strip_prefix("by the command: rolecall ")).unwrap();
    let words: Vec<String> = command
        .split('\'')
        .enumerate()
        .flat_map(|(index, part)| {
            if index % 2 == 1 { vec![part.to_owned()] } else { part.split_whitespace().map(str::to_owned).collect() }
        })
        .collect();
    house.run(&words.iter().map(String::as_str).collect::<Vec<_>>()).ok();
    house.run(&asked("check", "development")).ok();
}

#[test]
fn every_command_of_the_documents_reference_works() {
    let house = walked();
    let subject = house.run(&["get", "user", "user@example.com", "-o", "json"]).ok().json()["subject"]
        .as_str()
        .unwrap()
        .to_owned();
    let application = house.run(&["create", "application", "Runner", "--policy", "Viewer", "-o", "json"]).ok().json();
    let creds = application["subject"].as_str().unwrap();
    assert!(application["client_id"].is_string() && application["client_secret"].is_string(), "{application}");
    house.run(&["create", "assignment", "--creds-subject", creds, "--policy", "Team Prod Access"]).ok();
    house.run(&["create", "assignment", "--user-subject", &subject, "--policy", "Viewer"]).ok();
    for words in [
        vec!["get", "role"],
        vec!["get", "role", "Production Runner"],
        vec!["get", "policy"],
        vec!["get", "policy", "Team Prod Access"],
        vec!["get", "assignment"],
        vec!["get", "assignment", "--user-subject", &subject],
        vec!["get", "assignment", "--creds-subject", creds],
        vec!["get", "user"],
        vec!["get", "user", &subject],
        vec!["get", "member"],
    ] {
        assert!(!house.run(&words).ok().out.is_empty(), "{words:?}");
    }
    house.run_with("y\n", &["delete", "assignment", "--creds-subject", creds, "--policy", "Team Prod Access"]).ok();
    house.run(&["delete", "assignment", "--user-subject", &subject, "--policy", "Viewer", "--yes"]).ok();
    house.run(&["delete", "role", "Production Runner", "--yes"]).refused(3, "Team Prod Access");
    house.run(&["delete", "assignment", "--email", "user@example.com", "--policy", "Team Prod Access", "--yes"]).ok();
    house.run(&["delete", "policy", "Team Prod Access", "--yes"]).ok();
    house.run_with("y\n", &["delete", "role", "Production Runner"]).ok();
    house.run(&["delete", "user", &subject, "--yes"]).ok();
    house.run(&["get", "user", &subject]).refused(3, "no user");
}

#[test]
fn update_opens_the_present_definition() {
    let house = walked();
    let more = format!("{ROLE}- register_flyte_inventory\n");
    let editor = Editor::typing(&[&more]);
    editor.run(&house, &["update", "role", "Production Runner"]).ok();
    assert!(
        editor.shown(1).contains(
            "name: Production Runner\ndescription: Can view and execute workflows\nactions:\n  - view_flyte_inventory"
        ),
        "{}",
        editor.shown(1)
    );
    house.run(&["check", "user@example.com", "register_flyte_inventory", "-p", "my-project", "-e", "production"]).ok();
    let staging = POLICY.replace("production\n", "staging\n");
    let editor = Editor::typing(&[&staging]);
    editor.run(&house, &["update", "policy", "Team Prod Access"]).ok();
    assert!(
        editor.shown(1).contains(
            "  - role: Production Runner\n    resource:\n      project: my-project\n      domain: production\n"
        ),
        "{}",
        editor.shown(1)
    );
    assert_eq!(house.run(&asked("check", "production")).code, 1);
    house.run(&asked("check", "staging")).ok();
}

#[test]
fn a_project_that_a_policy_names_is_registered_by_it() {
    let house = walked();
    let projects = house.run(&["get", "project"]).ok().out;
    assert!(projects.contains("my-project") && projects.contains("named, not created"), "{projects}");
    assert!(house.run(&["access", "user@example.com"]).ok().out.contains("my-project/production"));
    assert!(
        house
            .run(&["who-can", "create_flyte_executions", "-p", "my-project", "-e", "production"])
            .ok()
            .out
            .contains("user@example.com")
    );
}
