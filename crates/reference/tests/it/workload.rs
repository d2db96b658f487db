//! The benchmark's small workload, imported: the engine, the reference and the workload's own oracle
//! agree.

use rolecall_bench::workload::{Size, write};
use rolecall_engine::{Index, Place};
use rolecall_model::Timestamp;
use rolecall_model::command::Command;
use rolecall_model::import::WorkloadReader;
use rolecall_model::moment::Actor;
use rolecall_reference::generate::{Deed, Random, Told, founded};
use std::fs::read_to_string;
use std::sync::Arc;

/// An organization of the `none` catalog with a workload in it, and the questions of the workload.
fn imported(seed: u64) -> (Told, Index, Vec<rolecall_bench::verify::Question>) {
    let dir = tempfile::tempdir().unwrap();
    write(Size::S, seed, dir.path()).unwrap();
    let lines = read_to_string(dir.path().join("S.data.jsonl")).unwrap();
    let mut reader = WorkloadReader::new();
    for line in lines.lines() {
        reader.line(line.as_bytes()).unwrap();
    }
    let yaml = rolecall_model::catalog::builtin("none").unwrap();
    let yaml = yaml.replace("name: Administrator", "name: Admin").replace("Administrator", "Admin");
    let catalog = Arc::new(rolecall_model::catalog::Catalog::read(&yaml).unwrap());
    let mut told = founded(&catalog).unwrap();
    let index = Index::build(told.org.clone());
    let decision = told.tell(Command::Import(Arc::new(reader.finish().unwrap())), Actor::System).unwrap();
    told.state.learn_workload(&lines).unwrap();
    let index = index.advance(told.org.clone(), &decision.touched);
    let questions = read_to_string(dir.path().join("S.queries.jsonl")).unwrap();
    (told, index, rolecall_bench::verify::read(questions.as_bytes()).unwrap())
}

#[test]
fn every_verdict_of_the_small_workload_is_right() {
    for seed in 1..=3 {
        let (told, index, questions) = imported(seed);
        let at = Timestamp::from_micros(told.at);
        assert_eq!(questions.len(), 10_000);
        for (number, q) in questions.iter().enumerate() {
            let (project, environment) = (Some(q.project.as_str()), Some(q.environment.as_str()));
            let answer = index.check_named(&q.subject, &q.action, project, environment, at);
            assert_eq!(answer.allowed, q.allow, "seed {seed}: {q}");
            if number % 25 == 0 {
                let answer = told.state.check_named(&q.subject, &q.action, project, environment, told.at);
                assert_eq!(answer, q.allow, "the reference, seed {seed}: {q}");
            }
        }
    }
}

#[test]
fn an_imported_organization_goes_on_like_any_other() {
    let (mut told, mut index, _) = imported(4);
    let mut random = Random::new(4);
    let mut taken = 0;
    while taken < 25 {
        let Ok(decision) = told.act(Deed(random.next())) else {
            continue;
        };
        index = index.advance(told.org.clone(), &decision.touched);
        taken += 1;
    }
    let rebuilt = Index::build(told.org.clone());
    let (people, actions): (Vec<u32>, Vec<u32>) =
        (told.state.people.keys().copied().collect(), told.state.actions.keys().copied().collect());
    for _ in 0..400 {
        let place = *random.one(&told.state.grid()).unwrap();
        let (subject, action) = (*random.one(&people).unwrap(), *random.one(&actions).unwrap());
        let question = rolecall_reference::Question { subject, action, place, at: told.at };
        let expected = told.state.check(&question);
        let asked = crate::words::question(&question);
        assert_eq!(index.check(&asked).allowed, expected, "advanced: {question:?}");
        assert_eq!(rebuilt.check(&asked).allowed, expected, "rebuilt: {question:?}");
    }
    let (what, at) = (rolecall_model::id::ActionId::new(2003).unwrap(), Timestamp::from_micros(told.at));
    let everywhere = rolecall_reference::Place {
        project: rolecall_reference::Asked::All,
        environment: rolecall_reference::Asked::All,
    };
    let everybody: Vec<u32> =
        index.who_can_all(what, Place::ORGANIZATION, at).map(rolecall_model::id::PrincipalId::number).collect();
    assert_eq!(everybody, told.state.who_can(2003, everywhere, told.at));
}
