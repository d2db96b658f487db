use rolecall_fuzz::run::{Until, mutations, once};
use rolecall_fuzz::{TARGETS, find, saved};
use std::collections::BTreeSet;

/// Enough to meet the usual mistakes on every build; `cargo xtask fuzz` looks longer.
const MUTATIONS: usize = 3_000;

#[test]
fn no_saved_input_makes_a_parser_panic() {
    for target in TARGETS {
        let parser = (target.start)();
        for input in saved::read(&saved::folder(), target.name).expect("saved inputs") {
            assert!(once(&parser, &input.data).is_ok(), "{} panics on {}", target.name, input.name);
        }
    }
}

#[test]
fn no_mutation_of_a_saved_input_makes_a_parser_panic() {
    for target in TARGETS {
        let parser = (target.start)();
        let inputs = saved::read(&saved::folder(), target.name).expect("saved inputs");
        let inputs: Vec<_> = inputs.into_iter().map(|input| input.data).collect();
        if let Err(found) = mutations(&parser, &inputs, 1, Until::Inputs(MUTATIONS)) {
            panic!("{} panics on {:?}: mend it, then save the input", target.name, found.0.escape_ascii().to_string());
        }
    }
}

#[test]
fn every_folder_of_saved_inputs_belongs_to_a_target_and_every_name_is_taken_once() {
    let names: BTreeSet<_> = TARGETS.iter().map(|target| target.name).collect();
    assert_eq!(names.len(), TARGETS.len());
    for folder in std::fs::read_dir(saved::folder()).expect("saved inputs") {
        let name = folder.expect("a folder").file_name().to_string_lossy().into_owned();
        assert!(find(&name).is_some(), "fuzz/saved/{name} belongs to no target");
    }
}
