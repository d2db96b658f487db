//! Bad catalogs: each mistake is answered with what to mend and where it stands. In the texts, `»`
//! marks that place and is taken out before reading.

use super::read;
use rolecall_model::catalog::{Catalog, CatalogBinding, CatalogError, CatalogPermit, LONGEST_FILE};

/// Good as it stands; what is wrong is put behind it.
const GOOD: &str = "\
name: test
administrator: {role: Boss}
environments: [{name: production}]
initial_projects: [{name: web}]
actions:
  - {name: view, level: environment}
  - {name: manage, level: organization}
  - {name: all, level: organization, includes: ['*']}
slots: [{name: rank, default: Plain}]
roles:
  - {name: Boss, bindable: anywhere, permits: [all]}
  - {name: Plain, bindable: organization, slot: rank}
  - {name: Worker, bindable: project, permits: [view]}
  - {name: Wide, bindable: organization, permits: [view]}
policies:
  - {name: Bosses, bindings: [{role: Boss}]}
";

/// `GOOD` with one piece replaced.
fn with(piece: &str, by: &str) -> String {
    assert_eq!(GOOD.matches(piece).count(), 1, "{piece}");
    GOOD.replace(piece, by)
}

fn and(more: &str) -> String {
    format!("{GOOD}{more}")
}

/// Requires that a text is refused at its mark, with a message that has `part` in it.
fn refused(marked: &str, part: &str) {
    let (before, _) = marked
        .split_once('»')
        .unwrap_or_else(|| panic!("no mark in {marked}"));
    let line = before.matches('\n').count() as u64 + 1;
    let column = before.rsplit('\n').next().unwrap().chars().count() as u64 + 1;
    let error = Catalog::read(&marked.replacen('»', "", 1)).expect_err(marked);
    assert!(
        error.message.contains(part),
        "{error}\nis not about: {part}\n{marked}"
    );
    assert_eq!(
        (error.line, error.column),
        (line, column),
        "{error}\n{marked}"
    );
}

fn all_refused<'a>(cases: impl IntoIterator<Item = (String, &'a str)>) {
    for (marked, part) in cases {
        refused(&marked, part);
    }
}

#[test]
fn the_catalog_that_the_bad_ones_are_made_from_is_good() {
    assert_eq!(
        Catalog::read(GOOD).map(|catalog| catalog.check()),
        Ok(Ok(()))
    );
}

#[test]
fn an_error_says_line_column_and_the_nearest_name() {
    let text = GOOD.replace(
        "permits: [view]}\n  - {name: Wide",
        "permits: [veiw]}\n  - {name: Wide",
    );
    let error = Catalog::read(&text).unwrap_err();
    assert_eq!(
        error.to_string(),
        "line 13, column 49: no action named \"veiw\"; did you mean \"view\"?"
    );
}

#[test]
fn broken_yaml_is_refused_where_it_breaks() {
    all_refused([
        ("»".to_owned(), "the file is empty"),
        ("»just words".to_owned(), "must be a mapping"),
        ("»- a\n- b".to_owned(), "not a list"),
        ("name: »[x".to_owned(), "unclosed bracket"),
        ("name: »'x".to_owned(), "unclosed quote"),
        (
            "name: x\n»name: y".to_owned(),
            "the key \"name\" is there twice",
        ),
        (
            "name: x\n---\n»name: y".to_owned(),
            "a second document begins here",
        ),
        (
            "name: x\nactions: »*these".to_owned(),
            "no anchor of this name",
        ),
        ("name: a»\0b".to_owned(), "U+0000"),
        ("name: x\ntitle: \"»\u{1b}[31m\"".to_owned(), "U+001B"),
    ]);
}

#[test]
fn a_star_without_quotes_is_answered_with_how_to_write_it() {
    all_refused([
        (
            with("permits: [all]", "permits: [»*]"),
            "write \"*\" in quotes",
        ),
        (
            with("permits: [all]", "permits: [{action: »*}]"),
            "write \"*\" in quotes",
        ),
        (
            and("  - name: More\n    permits:\n      - »*\n"),
            "write \"*\" in quotes",
        ),
    ]);
}

#[test]
fn a_file_that_unfolds_into_more_than_fits_is_refused_at_once() {
    let level = |pair: &[&str]| {
        format!(
            "{}: &{} [{}]\n",
            pair[1],
            pair[1],
            vec![format!("*{}", pair[0]); 10].join(", ")
        )
    };
    let levels = ["a", "b", "c", "d", "e", "f", "g", "h", "i"];
    let bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n".to_owned()
        + &levels.windows(2).map(level).collect::<String>();
    assert!(
        Catalog::read(&bomb)
            .unwrap_err()
            .message
            .contains("more than a catalog may hold")
    );
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
        (
            with("level: environment", "»levle: environment"),
            "did you mean \"level\"?",
        ),
        (
            with("{name: view, level: environment}", "»{name: view}"),
            "the key \"level\" is missing",
        ),
        (
            with("{name: view, level: environment}", "»{level: environment}"),
            "the key \"name\" is missing",
        ),
        (
            with("{name: production}", "»{title: Production}"),
            "the key \"name\" is missing",
        ),
        (
            with("permits: [all]", "permits: [»{project: web}]"),
            "the key \"action\" is missing",
        ),
        (
            with("permits: [all]", "permits: [{action: all, »porject: web}]"),
            "did you mean \"project\"?",
        ),
        (
            with(
                "name: Worker, bindable: project",
                "name: Worker, »bindable: ",
            ),
            "\"bindable\" has no value",
        ),
    ]);
}

#[test]
fn a_place_left_empty_does_not_come_to_mean_everywhere() {
    all_refused([
        (
            with(
                "permits: [all]",
                "permits: [all, {action: view, »project: }]",
            ),
            "\"project\" has no value",
        ),
        (
            with(
                "[{role: Boss}]",
                "[{role: Boss}, {role: Boss, »environment: ~}]",
            ),
            "\"environment\" has no value",
        ),
    ]);
}

#[test]
fn a_value_of_the_wrong_type_is_refused_with_the_right_one() {
    all_refused([
        (
            with("name: test", "name: »5"),
            "this must be text, not the number 5; put it in quotes",
        ),
        (
            with("name: Boss,", "name: »true,"),
            "this must be text, not true; put it in quotes",
        ),
        (
            and("creator: »Worker\n"),
            "this must be a list, not the text \"Worker\"",
        ),
        (
            with("[{name: production}]", "[»production]"),
            "must be a mapping of keys to values, not the text",
        ),
        (
            with(
                "[{name: production}]",
                "[{name: production, protected: »yes}]",
            ),
            "true or false",
        ),
        (
            with("{name: view, ", "{name: view, number: »one, "),
            "a whole number",
        ),
        (
            with("{name: view, ", "{name: view, number: »-1, "),
            "a whole number",
        ),
        (
            with("{name: view, ", "{name: view, attributes: »here, "),
            "a mapping",
        ),
        (
            with("level: environment", "level: »enviroment"),
            "did you mean \"environment\"?",
        ),
        (
            with(
                "name: Worker, bindable: project",
                "name: Worker, bindable: »global",
            ),
            "organization, project, anywhere",
        ),
        (and("names: »folden\n"), "did you mean \"folded\"?"),
        (
            with("permits: [all]", "permits: [»[all]]"),
            "the name of an action, or a mapping",
        ),
        (
            with("{role: Boss}\nenv", "»Boss\nenv"),
            "it may be role, policy",
        ),
        (
            with("{role: Boss}\nenv", "»{role: Boss, policy: Bosses}\nenv"),
            "exactly one key",
        ),
        (
            with("{role: Boss}\nenv", "{role: »[Boss]}\nenv"),
            "this must be text",
        ),
    ]);
}

#[test]
fn a_name_that_cannot_be_one_is_refused() {
    let long = "x".repeat(101);
    all_refused([
        (with("name: view,", "name: »'',"), "missing here, or empty"),
        (
            with("name: Worker", &format!("name: »{long}")),
            "101 characters long",
        ),
        (with("name: Worker", "name: »\"Wor\\nker\""), "U+000A"),
        (with("name: view", "name: »view all"), "without spaces"),
        (
            with("name: view", "name: »'*'"),
            "cannot be an action's name",
        ),
        (with("name: view", "name: »rolecall.view"), "Rolecall's own"),
        (with("name: view", "name: »Rolecall.View"), "Rolecall's own"),
        (
            and(&format!("title: »{}\n", "x".repeat(201))),
            "title is 201 characters long",
        ),
    ]);
}

#[test]
fn two_nouns_of_one_name_are_refused_by_the_catalogs_own_rule() {
    all_refused([
        (
            with(
                "{name: production}]",
                "{name: production}, {name: »production}]",
            ),
            "already an environment named",
        ),
        (
            with("[{name: web}]", "[{name: web}, {name: »Web}]"),
            "names are folded",
        ),
        (
            with("{name: manage,", "{name: »VIEW,"),
            "already an action named \"view\"; names are folded",
        ),
        (with("name: Wide", "name: »Worker"), "already a role named"),
        (and("  - {name: »Bosses}\n"), "already a policy named"),
        (
            with(
                "default: Plain}]",
                "default: Plain}, {name: »rank, default: Plain}]",
            ),
            "already a slot named",
        ),
        (
            and("resource_types: [{name: »Project, stands: within}]\n"),
            "is always there",
        ),
        (
            and("resource_types: [{name: a, stands: within}, {name: »a, stands: within}]\n"),
            "already a resource type",
        ),
    ]);
    let exact = and("names: exact\n").replace("[{name: web}]", "[{name: web}, {name: Web}]");
    assert_eq!(
        Catalog::read(&exact).map(|catalog| catalog.initial_projects.len()),
        Ok(2)
    );
}

#[test]
fn names_are_trimmed_and_composed_before_they_are_compared() {
    let text = with("name: Worker", "name: \" Caf\u{e9} \"") + "creator: [\"Cafe\u{301}\"]\n";
    let catalog = Catalog::read(&text).unwrap();
    assert_eq!(
        (catalog.roles[2].name.as_str(), catalog.creator[0].as_str()),
        ("Café", "Café")
    );
}

#[test]
fn a_number_is_one_to_999_and_nobody_elses() {
    all_refused([
        (
            with("{name: view, ", "{name: view, number: »0, "),
            "from 1 to 999",
        ),
        (
            with("{name: view, ", "{name: view, number: »1000, "),
            "from 1 to 999",
        ),
        (
            with("name: Worker,", "name: Worker, number: »4000000000,"),
            "from 1 to 999",
        ),
        (
            with("{name: Bosses, ", "{name: Bosses, number: »0, "),
            "from 1 to 999",
        ),
        (
            with("{name: view, ", "{name: view, number: 7, ")
                .replace("{name: manage, ", "{name: manage, number: »7, "),
            "the number 7 belongs to \"view\" already",
        ),
        (
            with("name: Worker,", "name: Worker, number: »2,"),
            "belongs to \"Plain\" already, which has none written",
        ),
    ]);
}

#[test]
fn a_reference_to_what_is_not_there_is_refused_with_the_nearest_name() {
    all_refused([
        (
            with("includes: ['*']", "includes: ['*', »mange]"),
            "no action named \"mange\"; did you mean \"manage\"?",
        ),
        (
            with("includes: ['*']", "includes: ['*', »rolecall.users.raed]"),
            "did you mean \"rolecall.users.read\"?",
        ),
        (
            with("permits: [all]", "permits: [all, »al]"),
            "no action named \"al\"; did you mean \"all\"?",
        ),
        (
            with("permits: [all]", "permits: [all, {action: »zebra}]"),
            "no action named \"zebra\"",
        ),
        (
            with(
                "permits: [all]",
                "permits: [all, {action: view, project: »wbe}]",
            ),
            "no project named \"wbe\"; did you mean \"web\"?",
        ),
        (
            with(
                "permits: [all]",
                "permits: [all, {action: view, environment: »producton}]",
            ),
            "did you mean \"production\"?",
        ),
        (
            with("default: Plain", "default: »Plan"),
            "no role named \"Plan\"; did you mean \"Plain\"?",
        ),
        (
            with("slot: rank", "slot: »rnak")
                .replace("slots: [{name: rank, default: Plain}]\n", "slots: []\n"),
            "no slot named \"rnak\"",
        ),
        (
            with("[{role: Boss}]", "[{role: Boss}, {role: »Bos}]"),
            "no role named \"Bos\"; did you mean \"Boss\"?",
        ),
        (
            with(
                "[{role: Boss}]",
                "[{role: Boss}, {role: Boss, project: »wbe}]",
            ),
            "no project named",
        ),
        (
            with(
                "[{role: Boss}]",
                "[{role: Boss}, {role: Boss, environment: »test}]",
            ),
            "no environment named \"test\"",
        ),
        (
            and("everyone: [{role: »Wade}]\n"),
            "no role named \"Wade\"; did you mean \"Wide\"?",
        ),
        (
            and("creator: [»Workre]\n"),
            "no role named \"Workre\"; did you mean \"Worker\"?",
        ),
        (
            and("resource_types: [{name: page, stands: within, actions: [»viwe]}]\n"),
            "no action named \"viwe\"",
        ),
        (
            with("{role: Boss}\nenv", "{role: »Bos}\nenv"),
            "no role named \"Bos\"",
        ),
        (
            with("{role: Boss}\nenv", "{policy: »Boses}\nenv"),
            "no policy named \"Boses\"; did you mean \"Bosses\"?",
        ),
    ]);
}

#[test]
fn open_projects_do_not_open_the_catalog_itself() {
    let text = and("projects: open\n").replace(
        "[{role: Boss}]",
        "[{role: Boss}, {role: Boss, project: »shop}]",
    );
    refused(&text, "no project named \"shop\"");
}

#[test]
fn a_circle_of_inclusions_is_named() {
    all_refused([
        (
            with(
                "{name: view, level: environment}",
                "{name: view, level: environment, includes: [»view]}",
            ),
            "\"view\" cannot include itself",
        ),
        (
            with(
                "{name: view, level: environment}",
                "{name: view, level: environment, includes: [manage]}",
            )
            .replace(
                "level: organization}\n  - {name: all",
                "level: organization, includes: [more]}\n  - {name: all",
            )
            .replace(
                "slots:",
                "  - {name: more, level: project, includes: [rolecall.users.read, »view]}\nslots:",
            ),
            "in a circle: view, manage, more, view",
        ),
    ]);
}

#[test]
fn a_long_chain_of_inclusions_is_no_circle() {
    let chain = |i: usize| {
        format!(
            "  - {{name: a{i}, level: project, includes: [a{}]}}\n",
            i + 1
        )
    };
    let actions: String = (0..5_000).map(chain).collect();
    let text = with(
        "slots:",
        &format!("{actions}  - {{name: a5000, level: project, includes: [view]}}\nslots:"),
    );
    assert_eq!(
        Catalog::read(&text).map(|catalog| catalog.actions.len()),
        Ok(5_004)
    );
}

#[test]
fn what_stands_twice_in_a_list_is_refused() {
    all_refused([
        (
            with("permits: [all]", "permits: [all, »all]"),
            "\"all\" is there twice",
        ),
        (
            with(
                "permits: [all]",
                "permits: [all, {action: view, project: web}, »{action: View, project: WEB}]",
            ),
            "is there twice",
        ),
        (
            with("includes: ['*']", "includes: ['*', »'*']"),
            "\"*\" is there twice",
        ),
        (
            with("[{role: Boss}]", "[{role: Boss}, {role: »boss}]"),
            "is there twice",
        ),
        (and("creator: [Worker, »Worker]\n"), "is there twice"),
    ]);
}

#[test]
fn a_role_for_projects_holds_nothing_of_the_organization_and_names_no_project() {
    let worker = "project, permits: [view]";
    all_refused([
        (
            with(worker, "project, permits: [»manage]"),
            "an action of the organization",
        ),
        (
            with(worker, "project, permits: [»rolecall.users.read]"),
            "an action of the organization",
        ),
        (
            with(worker, "project, permits: [{action: view, project: »web}]"),
            "leave the project out",
        ),
    ]);
    let through = with(
        worker,
        "project, permits: [part, {action: view, environment: production}]",
    )
    .replace(
        "slots:",
        "  - {name: part, level: project, includes: [manage]}\nslots:",
    );
    assert!(Catalog::read(&through).is_ok(), "through inclusions it may");
}

#[test]
fn a_slots_roles_are_for_the_organization_and_its_default_is_one_of_them() {
    all_refused([
        (
            with("default: Plain", "default: »Wide"),
            "is not of this slot",
        ),
        (
            with("bindable: organization, slot", "bindable: »anywhere, slot"),
            "held at the organization",
        ),
        (
            with("[{role: Boss}]", "[{role: Boss}, {role: »Plain}]"),
            "belongs to a slot",
        ),
        (and("everyone: [{role: »Plain}]\n"), "belongs to a slot"),
    ]);
}

#[test]
fn a_role_is_only_bound_where_it_can_be() {
    all_refused([
        (
            with("[{role: Boss}]", "[{role: Boss}, {role: »Worker}]"),
            "is for projects; name the project",
        ),
        (
            with(
                "[{role: Boss}]",
                "[{role: Boss}, {role: Wide, project: »web}]",
            ),
            "is for the organization; leave the project out",
        ),
        (
            and("everyone: [{role: »Worker, environment: production}]\n"),
            "name the project",
        ),
        (and("creator: [»Wide]\n"), "cannot be given at a project"),
    ]);
    let fits = with(
        "[{role: Boss}]",
        "[{role: Boss}, {role: Worker, project: web}, {role: Wide, environment: production}]",
    );
    assert!(Catalog::read(&fits).is_ok());
}

#[test]
fn a_catalog_without_a_real_administrator_is_refused() {
    all_refused([
        (
            format!("»{}", with("administrator: {role: Boss}\n", "")),
            "the key \"administrator\" is missing",
        ),
        (
            with("{role: Boss}\nenv", "{role: »Wide}\nenv"),
            "does not give \"*\" in the whole organization",
        ),
        (
            with("permits: [all]", "permits: [{action: all, project: web}]")
                .replace("{role: Boss}\nenv", "{role: »Boss}\nenv"),
            "does not give \"*\"",
        ),
        (
            with("{role: Boss}\nenv", "{policy: »Bosses}\nenv")
                .replace("[{role: Boss}]", "[{role: Boss, project: web}]"),
            "the policy \"Bosses\" does not give \"*\"",
        ),
    ]);
    assert!(Catalog::read(&with("{role: Boss}\nenv", "{policy: Bosses}\nenv")).is_ok());
}

#[test]
fn of_several_mistakes_the_first_in_the_file_is_said() {
    let text = with("includes: ['*']", "includes: ['*', nothing]")
        .replace("default: Plain", "default: Plan");
    let text = text.replace(
        "[{name: production}]",
        "[{name: production}, {name: »production}]",
    );
    refused(
        &text.replace("administrator: {role: Boss}\n", ""),
        "already an environment",
    );
}

#[test]
fn a_catalog_in_memory_is_checked_by_path() {
    let mut none = read("none");
    none.roles[0].permits.push(CatalogPermit {
        action: "fly".into(),
        ..CatalogPermit::default()
    });
    let fault = none.check().unwrap_err();
    assert_eq!(fault.path, "roles[0].permits[1].action");
    assert_eq!(
        fault.to_string(),
        "roles[0].permits[1].action: no action named \"fly\""
    );

    let mut none = read("none");
    none.everyone.push(CatalogBinding {
        role: " Administrator".into(),
        ..CatalogBinding::default()
    });
    assert_eq!(none.check().unwrap_err().path, "everyone[0].role");
    none.everyone.clear();
    none.name = " none".into();
    assert_eq!(
        none.check().unwrap_err().message,
        "a name has no blanks around it and is in normal form; write \"none\""
    );
}

#[test]
fn whatever_is_cut_from_a_catalog_it_is_read_or_refused_and_never_more() {
    let texts =
        ["union", "unleash", "none"].map(|name| rolecall_model::catalog::builtin(name).unwrap());
    for text in texts.into_iter().chain([GOOD]) {
        for end in (0..text.len())
            .step_by(211)
            .filter(|end| text.is_char_boundary(*end))
        {
            if let Err(CatalogError {
                line,
                column,
                message,
            }) = Catalog::read(&text[..end])
            {
                assert!(line > 0 && column > 0 && !message.is_empty(), "at {end}");
            }
        }
    }
}
