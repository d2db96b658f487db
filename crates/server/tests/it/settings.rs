//! Settings from flags, variables and a file, as a command line reads them.

use clap::{Args, Command, FromArgMatches};
use rolecall_server::ServeArgs;
use std::path::Path;

fn parsed(arguments: &[&str]) -> ServeArgs {
    let command = ServeArgs::augment_args(Command::new("serve"));
    let line = std::iter::once("serve").chain(arguments.iter().copied());
    ServeArgs::from_arg_matches(&command.get_matches_from(line)).unwrap()
}

fn written(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

fn refusal(arguments: &[&str]) -> String {
    parsed(arguments).settle().err().map(|error| format!("{error:#}")).expect("a refusal")
}

#[test]
fn a_flag_counts_before_the_file_and_the_file_before_the_default() {
    let folder = tempfile::tempdir().unwrap();
    let file = written(
        folder.path(),
        "r.toml",
        "listen = \"127.0.0.1:7001\"\ndatabase = \"sqlite:/tmp/from-file.db\"\nlog-format = \"text\"\n",
    );
    let settings = parsed(&["--config", &file, "--database", "sqlite:/tmp/from-flag.db"]).settle().unwrap();
    assert_eq!(settings.listen.port(), 7001);
    assert_eq!(settings.database, Path::new("/tmp/from-flag.db"));
    assert_eq!((settings.log.as_str(), settings.log_json), ("info", false));
    assert_eq!(settings.public_url, "http://127.0.0.1:7001");
}

#[test]
fn secrets_are_read_from_files_without_their_last_line_break() {
    let folder = tempfile::tempdir().unwrap();
    let token = written(folder.path(), "token", "a-token-from-a-file\n");
    let settings = parsed(&["--admin-token-file", &token]).settle().unwrap();
    assert_eq!(settings.first.unwrap().admin_token.as_deref(), Some("a-token-from-a-file"));
    let both = refusal(&["--admin-token-file", &token, "--admin-token", "another-long-token"]);
    assert!(both.contains("both set"), "{both}");
    let missing = refusal(&["--admin-token-file", "/nowhere/token"]);
    assert!(missing.contains("ROLECALL_ADMIN_TOKEN_FILE /nowhere/token cannot be read"), "{missing}");
    let short = written(folder.path(), "short", "short\n");
    assert!(refusal(&["--admin-token-file", &short]).contains("16"));
}

#[test]
fn key_and_mail_server_are_read_from_files_that_the_settings_file_names() {
    let folder = tempfile::tempdir().unwrap();
    let key = written(folder.path(), "key", &format!("{}\n", "0f".repeat(32)));
    let url = written(folder.path(), "url", "smtps://user:pass@mail.example\n");
    let text = format!("key-file = {key:?}\nsmtp-url-file = {url:?}\nmail-from = \"Roles <roles@mail.example>\"\n");
    let file = written(folder.path(), "r.toml", &text);
    let settings = parsed(&["--config", &file]).settle().unwrap();
    assert!(settings.key.is_some());
    assert_eq!(settings.mail.unwrap().destination(), "mail.example:465");
    let flags = ["--config", &file, "--smtp-url", "smtp://localhost:25?tls=none", "--key", &"1e".repeat(32)];
    let settings = parsed(&flags).settle().unwrap();
    assert_eq!(settings.mail.unwrap().destination(), "localhost:25");
    let none = parsed(&["--smtp-url", "", "--mail-from", "", "--key", ""]).settle().unwrap();
    assert!(none.mail.is_none() && none.key.is_none());
    let refused = refusal(&["--config", &file, "--smtp-ca", "/nowhere/ca.pem"]);
    assert!(refused.contains("--smtp-ca /nowhere/ca.pem cannot be read"), "{refused}");
}

#[test]
fn a_settings_file_that_cannot_be_is_refused_with_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let cases = [
        ("lisen = \"127.0.0.1:1\"", "lisen"),
        ("listen = 7400", "line 1"),
        ("listen = ", "line 1"),
        ("admin-token = \"in-the-clear-here\"", "admin-token"),
    ];
    for (text, expected) in cases {
        let file = written(folder.path(), "r.toml", text);
        let said = refusal(&["--config", &file]);
        assert!(said.contains(expected) && said.contains(&file), "{said}");
    }
    let missing = refusal(&["--config", "/nowhere/r.toml"]);
    assert!(missing.contains("/nowhere/r.toml cannot be read"), "{missing}");
}

#[test]
fn a_catalog_of_ones_own_is_refused_with_line_and_column() {
    let folder = tempfile::tempdir().unwrap();
    let file = written(folder.path(), "own.yaml", "name: own\nactions: [\n");
    let said = refusal(&["--catalog", &file]);
    assert!(said.contains(&file) && said.contains("line") && said.contains("column"), "{said}");
}

#[test]
fn an_empty_setting_says_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let token = written(folder.path(), "token", "a-token-from-a-file");
    let settings = parsed(&["--listen", "", "--admin-token", "", "--admin-token-file", &token]).settle().unwrap();
    assert_eq!(settings.listen.to_string(), rolecall_server::DEFAULT_LISTEN);
    assert!(settings.first.unwrap().admin_token.is_some());
    assert!(parsed(&["--admin-email", "", "--catalog", ""]).settle().unwrap().first.is_none());
}
