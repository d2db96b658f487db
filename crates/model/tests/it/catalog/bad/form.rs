//! Mistakes in a file's form: broken YAML, keys and types.

use super::{GOOD, all_refused, and, with};
use rolecall_model::catalog::{BUILTIN, Catalog, CatalogError, LONGEST_FILE, builtin};

#[test]
fn broken_yaml_is_refused_where_it_breaks() {
    all_refused([
        ("»".to_owned(), "the file is empty"),
        ("»just words".to_owned(), "must be a mapping"),
        ("»- a\n- b".to_owned(), "not a list"),
        ("name: »[x".to_owned(), "unclosed bracket"),
        ("name: »'x".to_owned(), "unclosed quote"),
        ("name: x\n»name: y".to_owned(), "the key \"name\" is there twice"),
        ("name: x\n---\n»name: y".to_owned(), "a second document begins here"),
        ("name: x\nactions: »*these".to_owned(), "no anchor of this name"),
        ("name: a»\0b".to_owned(), "U+0000"),
        ("name: x\ntitle: \"»\u{1b}[31m\"".to_owned(), "U+001B"),
    ]);
}

#[test]
fn a_star_without_quotes_is_answered_with_how_to_write_it() {
    all_refused([
        (with("permits: [all]", "permits: [»*]"), "write \"*\" in quotes"),
        (with("permits: [all]", "permits: [{action: »*}]"), "write \"*\" in quotes"),
        (and("  - name: More\n    permits:\n      - »*\n"), "write \"*\" in quotes"),
    ]);
}

#[test]
fn a_file_that_unfolds_into_more_than_fits_is_refused_at_once() {
    let level =
        |pair: &[&str]| format!("{}: &{} [{}]\n", pair[1], pair[1], vec![format!("*{}", pair[0]); 10].join(", "));
    let levels = ["a", "b", "c", "d", "e", "f", "g", "h", "i"];
    let bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n".to_owned() + &levels.windows(2).map(level).collect::<String>();
    assert!(Catalog::read(&bomb).unwrap_err().message.contains("more than a catalog may hold"));
    assert!(Catalog::read(&"[".repeat(100_000)).is_err());
    assert!(Catalog::read(&"{a: ".repeat(40)).is_err());
    let long = format!("name: x\ndescription: {}", "x".repeat(LONGEST_FILE));
    let error = Catalog::read(&long).unwrap_err();
    assert_eq!((error.line, error.column), (1, 1));
    assert!(error.message.contains("at most 1048576 bytes"), "{error}");
}

#[test]
fn a_key_that_is_unknown_missing_or_empty_is_named() {
    all_refused([
        (and("»rolse: []\n"), "did you mean \"roles\"?"),
        (and("»colour: red\n"), "it may be name, title"),
        (with("level: environment", "»levle: environment"), "did you mean \"level\"?"),
        (with("{name: view, level: environment}", "»{name: view}"), "the key \"level\" is missing"),
        (with("{name: view, level: environment}", "»{level: environment}"), "the key \"name\" is missing"),
        (with("{name: production}", "»{title: Production}"), "the key \"name\" is missing"),
        (with("permits: [all]", "permits: [»{project: web}]"), "the key \"action\" is missing"),
        (with("permits: [all]", "permits: [{action: all, »porject: web}]"), "did you mean \"project\"?"),
        (with("name: Worker, bindable: project", "name: Worker, »bindable: "), "\"bindable\" has no value"),
    ]);
}

#[test]
fn a_place_left_empty_does_not_come_to_mean_everywhere() {
    all_refused([
        (with("permits: [all]", "permits: [all, {action: view, »project: }]"), "\"project\" has no value"),
        (with("[{role: Boss}]", "[{role: Boss}, {role: Boss, »environment: ~}]"), "\"environment\" has no value"),
    ]);
}

#[test]
fn a_value_of_the_wrong_type_is_refused_with_the_right_one() {
    all_refused([
        (with("name: test", "name: »5"), "this must be text, not the number 5; put it in quotes"),
        (with("name: Boss,", "name: »true,"), "this must be text, not true; put it in quotes"),
        (and("creator: »Worker\n"), "this must be a list, not the text \"Worker\""),
        (with("[{name: production}]", "[»production]"), "must be a mapping of keys to values, not the text"),
        (with("[{name: production}]", "[{name: production, protected: »yes}]"), "true or false"),
        (with("{name: view, ", "{name: view, number: »one, "), "a whole number"),
        (with("{name: view, ", "{name: view, number: »-1, "), "a whole number"),
        (with("{name: view, ", "{name: view, attributes: »here, "), "a mapping"),
        (with("level: environment", "level: »enviroment"), "did you mean \"environment\"?"),
        (with("name: Worker, bindable: project", "name: Worker, bindable: »global"), "organization, project, anywhere"),
        (and("names: »folden\n"), "did you mean \"folded\"?"),
        (with("permits: [all]", "permits: [»[all]]"), "the name of an action, or a mapping"),
        (with("{role: Boss}\nenv", "»Boss\nenv"), "it may be role, policy"),
        (with("{role: Boss}\nenv", "»{role: Boss, policy: Bosses}\nenv"), "exactly one key"),
        (with("{role: Boss}\nenv", "{role: »[Boss]}\nenv"), "this must be text"),
    ]);
}

#[test]
fn whatever_is_cut_from_a_catalog_it_is_read_or_refused_and_never_more() {
    let texts = BUILTIN.into_iter().filter_map(builtin);
    for text in texts.chain([GOOD]) {
        for end in (0..text.len()).step_by(211).filter(|end| text.is_char_boundary(*end)) {
            if let Err(CatalogError { line, column, message }) = Catalog::read(&text[..end]) {
                assert!(line > 0 && column > 0 && !message.is_empty(), "at {end}");
            }
        }
    }
}
