//! Bad catalogs: each mistake is answered with what to mend and where it stands. In the texts, `»`
//! marks that place and is taken out before reading.

mod form;
mod meaning;

use super::read;
use rolecall_model::catalog::{Catalog, CatalogBinding, CatalogPermit};

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
    let (before, _) = marked.split_once('»').unwrap_or_else(|| panic!("no mark in {marked}"));
    let line = before.matches('\n').count() as u64 + 1;
    let column = before.rsplit('\n').next().unwrap().chars().count() as u64 + 1;
    let error = Catalog::read(&marked.replacen('»', "", 1)).expect_err(marked);
    assert!(error.message.contains(part), "{error}\nis not about: {part}\n{marked}");
    assert_eq!((error.line, error.column), (line, column), "{error}\n{marked}");
}

fn all_refused<'a>(cases: impl IntoIterator<Item = (String, &'a str)>) {
    for (marked, part) in cases {
        refused(&marked, part);
    }
}

#[test]
fn the_catalog_that_the_bad_ones_are_made_from_is_good() {
    assert_eq!(Catalog::read(GOOD).map(|catalog| catalog.check()), Ok(Ok(())));
}

#[test]
fn an_error_says_line_column_and_the_nearest_name() {
    let text = GOOD.replace("permits: [view]}\n  - {name: Wide", "permits: [veiw]}\n  - {name: Wide");
    let error = Catalog::read(&text).unwrap_err();
    assert_eq!(error.to_string(), "line 13, column 49: no action named \"veiw\"; did you mean \"view\"?");
}

#[test]
fn of_several_mistakes_the_first_in_the_file_is_said() {
    let text = with("includes: ['*']", "includes: ['*', nothing]").replace("default: Plain", "default: Plan");
    let text = text.replace("[{name: production}]", "[{name: production}, {name: »production}]");
    refused(&text.replace("administrator: {role: Boss}\n", ""), "already an environment");
}

#[test]
fn a_catalog_in_memory_is_checked_by_path() {
    let mut none = read("none");
    none.roles[0].permits.push(CatalogPermit { action: "fly".into(), ..CatalogPermit::default() });
    let fault = none.check().unwrap_err();
    assert_eq!(fault.path, "roles[0].permits[1].action");
    assert_eq!(fault.to_string(), "roles[0].permits[1].action: no action named \"fly\"");

    let mut none = read("none");
    none.everyone.push(CatalogBinding { role: " Administrator".into(), ..CatalogBinding::default() });
    assert_eq!(none.check().unwrap_err().path, "everyone[0].role");
    none.everyone.clear();
    none.name = " none".into();
    assert_eq!(
        none.check().unwrap_err().message,
        "a name has no blanks around it and is in normal form; write \"none\""
    );
}
