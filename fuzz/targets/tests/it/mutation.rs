use rolecall_fuzz::Parser;
use rolecall_fuzz::mutation::Mutation;
use rolecall_fuzz::run::{Clean, Until, mutations};
use rolecall_fuzz::saved;

fn inputs() -> Vec<Vec<u8>> {
    vec![b"{\"name\": \"team 7\"}".to_vec(), b"- a\n- b\n".to_vec(), Vec::new()]
}

fn made(seed: u64) -> Vec<Vec<u8>> {
    let mut mutation = Mutation::new(seed);
    (0..1_000).map(|_| mutation.next(&inputs())).collect()
}

#[test]
fn the_same_seed_makes_the_same_inputs_and_another_seed_others() {
    assert_eq!(made(1), made(1));
    assert_ne!(made(1), made(2));
}

#[test]
fn mutations_differ_from_what_they_were_made_of_and_stay_bounded() {
    let made = made(1);
    assert!(made.iter().filter(|data| !inputs().contains(data)).count() > 800);
    assert!(made.iter().any(|data| data.len() > 1_000));
    assert!(made.iter().all(|data| data.len() <= 64 * 1024));
}

fn refuses_a_brace(data: &[u8]) {
    assert!(!data.contains(&b'}'));
}

#[test]
fn a_panic_is_found_and_its_input_handed_back() {
    let parser: Parser = Box::new(refuses_a_brace);
    let found = mutations(&parser, &inputs(), 1, Until::Inputs(1_000)).expect_err("there is a brace somewhere");
    assert!(found.0.contains(&b'}'));
}

#[test]
fn a_parser_that_takes_everything_is_tried_as_often_as_asked() {
    let parser: Parser = Box::new(|_| ());
    assert!(matches!(mutations(&parser, &inputs(), 1, Until::Inputs(50)), Ok(Clean { tried: 50, .. })));
}

#[test]
fn an_input_that_is_kept_is_read_again() {
    let folder = tempfile::tempdir().expect("a temporary directory");
    std::fs::create_dir(folder.path().join("brittle")).expect("a folder");
    let path = saved::keep(folder.path(), "brittle", b"}").expect("it is written");
    let inputs = saved::read(folder.path(), "brittle").expect("it is read");
    assert_eq!((inputs.len(), inputs[0].data.as_slice()), (1, b"}".as_slice()));
    assert!(path.ends_with(format!("brittle/{}", inputs[0].name)));
}

#[test]
fn a_target_without_saved_inputs_is_an_error() {
    let folder = tempfile::tempdir().expect("a temporary directory");
    assert!(saved::read(folder.path(), "brittle").is_err());
    std::fs::create_dir(folder.path().join("brittle")).expect("a folder");
    assert!(saved::read(folder.path(), "brittle").is_err());
}
