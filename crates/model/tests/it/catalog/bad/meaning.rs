//! Mistakes in what a file means: names, numbers, references, places.

use super::{all_refused, and, refused, with};
use rolecall_model::catalog::Catalog;

#[test]
fn a_name_that_cannot_be_one_is_refused() {
    let long = "x".repeat(101);
    all_refused([
        (with("name: view,", "name: »'',"), "missing here, or empty"),
        (with("name: Worker", &format!("name: »{long}")), "101 characters long"),
        (with("name: Worker", "name: »\"Wor\\nker\""), "U+000A"),
        (with("name: view", "name: »view all"), "without spaces"),
        (with("name: view", "name: »'*'"), "cannot be an action's name"),
        (with("name: view", "name: »rolecall.view"), "Rolecall's own"),
        (with("name: view", "name: »Rolecall.View"), "Rolecall's own"),
        (and(&format!("title: »{}\n", "x".repeat(201))), "title is 201 characters long"),
    ]);
}

#[test]
fn two_nouns_of_one_name_are_refused_by_the_catalogs_own_rule() {
    all_refused([
        (with("{name: production}]", "{name: production}, {name: »production}]"), "already an environment named"),
        (with("[{name: web}]", "[{name: web}, {name: »Web}]"), "names are folded"),
        (with("{name: manage,", "{name: »VIEW,"), "already an action named \"view\"; names are folded"),
        (with("name: Wide", "name: »Worker"), "already a role named"),
        (and("  - {name: »Bosses}\n"), "already a policy named"),
        (with("default: Plain}]", "default: Plain}, {name: »rank, default: Plain}]"), "already a slot named"),
        (and("resource_types: [{name: »Project, stands: within}]\n"), "is always there"),
        (and("resource_types: [{name: a, stands: within}, {name: »a, stands: within}]\n"), "already a resource type"),
    ]);
    let exact = and("names: exact\n").replace("[{name: web}]", "[{name: web}, {name: Web}]");
    assert_eq!(Catalog::read(&exact).map(|catalog| catalog.initial_projects.len()), Ok(2));
}

#[test]
fn names_are_trimmed_and_composed_before_they_are_compared() {
    let text = with("name: Worker", "name: \" Caf\u{e9} \"") + "creator: [\"Cafe\u{301}\"]\n";
    let catalog = Catalog::read(&text).unwrap();
    assert_eq!((catalog.roles[2].name.as_str(), catalog.creator[0].as_str()), ("Café", "Café"));
}

#[test]
fn a_number_is_one_to_999_and_nobody_elses() {
    all_refused([
        (with("{name: view, ", "{name: view, number: »0, "), "from 1 to 999"),
        (with("{name: view, ", "{name: view, number: »1000, "), "from 1 to 999"),
        (with("name: Worker,", "name: Worker, number: »4000000000,"), "from 1 to 999"),
        (with("{name: Bosses, ", "{name: Bosses, number: »0, "), "from 1 to 999"),
        (
            with("{name: view, ", "{name: view, number: 7, ").replace("{name: manage, ", "{name: manage, number: »7, "),
            "the number 7 belongs to \"view\" already",
        ),
        (with("name: Worker,", "name: Worker, number: »2,"), "belongs to \"Plain\" already, which has none written"),
    ]);
}

#[test]
fn a_reference_to_what_is_not_there_is_refused_with_the_nearest_name() {
    all_refused([
        (with("includes: ['*']", "includes: ['*', »mange]"), "no action named \"mange\"; did you mean \"manage\"?"),
        (with("includes: ['*']", "includes: ['*', »rolecall.users.raed]"), "did you mean \"rolecall.users.read\"?"),
        (with("permits: [all]", "permits: [all, »al]"), "no action named \"al\"; did you mean \"all\"?"),
        (with("permits: [all]", "permits: [all, {action: »zebra}]"), "no action named \"zebra\""),
        (
            with("permits: [all]", "permits: [all, {action: view, project: »wbe}]"),
            "no project named \"wbe\"; did you mean \"web\"?",
        ),
        (
            with("permits: [all]", "permits: [all, {action: view, environment: »producton}]"),
            "did you mean \"production\"?",
        ),
        (with("default: Plain", "default: »Plan"), "no role named \"Plan\"; did you mean \"Plain\"?"),
        (
            with("slot: rank", "slot: »rnak").replace("slots: [{name: rank, default: Plain}]\n", "slots: []\n"),
            "no slot named \"rnak\"",
        ),
        (with("[{role: Boss}]", "[{role: Boss}, {role: »Bos}]"), "no role named \"Bos\"; did you mean \"Boss\"?"),
        (with("[{role: Boss}]", "[{role: Boss}, {role: Boss, project: »wbe}]"), "no project named"),
        (with("[{role: Boss}]", "[{role: Boss}, {role: Boss, environment: »test}]"), "no environment named \"test\""),
        (and("everyone: [{role: »Wade}]\n"), "no role named \"Wade\"; did you mean \"Wide\"?"),
        (and("creator: [»Workre]\n"), "no role named \"Workre\"; did you mean \"Worker\"?"),
        (and("resource_types: [{name: page, stands: within, actions: [»viwe]}]\n"), "no action named \"viwe\""),
        (with("{role: Boss}\nenv", "{role: »Bos}\nenv"), "no role named \"Bos\""),
        (with("{role: Boss}\nenv", "{policy: »Boses}\nenv"), "no policy named \"Boses\"; did you mean \"Bosses\"?"),
    ]);
}

#[test]
fn open_projects_do_not_open_the_catalog_itself() {
    let text = and("projects: open\n").replace("[{role: Boss}]", "[{role: Boss}, {role: Boss, project: »shop}]");
    refused(&text, "no project named \"shop\"");
}

#[test]
fn a_circle_of_inclusions_is_named() {
    all_refused([
        (
            with("{name: view, level: environment}", "{name: view, level: environment, includes: [»view]}"),
            "\"view\" cannot include itself",
        ),
        (
            with("{name: view, level: environment}", "{name: view, level: environment, includes: [manage]}")
                .replace(
                    "level: organization}\n  - {name: all",
                    "level: organization, includes: [more]}\n  - {name: all",
                )
                .replace("slots:", "  - {name: more, level: project, includes: [rolecall.users.read, »view]}\nslots:"),
            "in a circle: view, manage, more, view",
        ),
    ]);
}

#[test]
fn a_long_chain_of_inclusions_is_no_circle() {
    let chain = |i: usize| format!("  - {{name: a{i}, level: project, includes: [a{}]}}\n", i + 1);
    let actions: String = (0..5_000).map(chain).collect();
    let text = with("slots:", &format!("{actions}  - {{name: a5000, level: project, includes: [view]}}\nslots:"));
    assert_eq!(Catalog::read(&text).map(|catalog| catalog.actions.len()), Ok(5_004));
}

#[test]
fn what_stands_twice_in_a_list_is_refused() {
    all_refused([
        (with("permits: [all]", "permits: [all, »all]"), "\"all\" is there twice"),
        (
            with("permits: [all]", "permits: [all, {action: view, project: web}, »{action: View, project: WEB}]"),
            "is there twice",
        ),
        (with("includes: ['*']", "includes: ['*', »'*']"), "\"*\" is there twice"),
        (with("[{role: Boss}]", "[{role: Boss}, {role: »boss}]"), "is there twice"),
        (and("creator: [Worker, »Worker]\n"), "is there twice"),
    ]);
}

#[test]
fn a_role_for_projects_holds_nothing_of_the_organization_and_names_no_project() {
    let worker = "project, permits: [view]";
    all_refused([
        (with(worker, "project, permits: [»manage]"), "an action of the organization"),
        (with(worker, "project, permits: [»rolecall.users.read]"), "an action of the organization"),
        (with(worker, "project, permits: [{action: view, project: »web}]"), "leave the project out"),
    ]);
    let through = with(worker, "project, permits: [part, {action: view, environment: production}]")
        .replace("slots:", "  - {name: part, level: project, includes: [manage]}\nslots:");
    assert!(Catalog::read(&through).is_ok(), "through inclusions it may");
}

#[test]
fn a_slots_roles_are_for_the_organization_and_its_default_is_one_of_them() {
    all_refused([
        (with("default: Plain", "default: »Wide"), "is not of this slot"),
        (with("bindable: organization, slot", "bindable: »anywhere, slot"), "held at the organization"),
        (with("[{role: Boss}]", "[{role: Boss}, {role: »Plain}]"), "belongs to a slot"),
        (and("everyone: [{role: »Plain}]\n"), "belongs to a slot"),
    ]);
}

#[test]
fn a_role_is_only_bound_where_it_can_be() {
    all_refused([
        (with("[{role: Boss}]", "[{role: Boss}, {role: »Worker}]"), "is for projects; name the project"),
        (
            with("[{role: Boss}]", "[{role: Boss}, {role: Wide, project: »web}]"),
            "is for the organization; leave the project out",
        ),
        (and("everyone: [{role: »Worker, environment: production}]\n"), "name the project"),
        (and("creator: [»Wide]\n"), "cannot be given at a project"),
    ]);
    let fits =
        with("[{role: Boss}]", "[{role: Boss}, {role: Worker, project: web}, {role: Wide, environment: production}]");
    assert!(Catalog::read(&fits).is_ok());
}

#[test]
fn a_catalog_without_a_real_administrator_is_refused() {
    all_refused([
        (format!("»{}", with("administrator: {role: Boss}\n", "")), "the key \"administrator\" is missing"),
        (with("{role: Boss}\nenv", "{role: »Wide}\nenv"), "does not give \"*\" in the whole organization"),
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
