//! The benchmark's workload, imported: the engine, the reference and the workload's own oracle
//! agree, and go on doing so.

use crate::compare::{Depth, Step};
use crate::count::Count;
use rolecall_bench::verify::Question;
use rolecall_bench::workload::{Size, write};
use rolecall_engine::Index;
use rolecall_model::Timestamp;
use rolecall_model::command::Command;
use rolecall_model::environment::{EnvironmentCommand, NewEnvironment};
use rolecall_model::import::WorkloadReader;
use rolecall_model::moment::Actor;
use rolecall_model::organization::Touched;
use rolecall_reference::generate::{Deed, Random, Shape, Story, Told, founded};
use std::collections::BTreeSet;
use std::fs::read_to_string;
use std::sync::Arc;

/// A workload: its lines and its questions.
struct Drawn {
    lines: String,
    questions: Vec<Question>,
}

impl Drawn {
    fn new(size: Size, name: &str, seed: u64) -> Self {
        let dir = tempfile::tempdir().unwrap();
        write(size, seed, dir.path()).unwrap();
        let lines = read_to_string(dir.path().join(format!("{name}.data.jsonl"))).unwrap();
        let questions = read_to_string(dir.path().join(format!("{name}.queries.jsonl"))).unwrap();
        Drawn { lines, questions: rolecall_bench::verify::read(questions.as_bytes()).unwrap() }
    }

    /// Every so-manieth subject and all that is asked about these.
    fn slice(self, share: usize) -> Self {
        let is_subject = |line: &str| line.starts_with(r#"{"t":"user""#) || line.starts_with(r#"{"t":"application""#);
        let kept = self.lines.lines().enumerate();
        let kept = kept.filter(|(number, line)| !is_subject(line) || number % share == 0).map(|(_, line)| line);
        let lines: String = kept.flat_map(|line| [line, "\n"]).collect();
        let ids: BTreeSet<String> = lines.lines().filter(|line| is_subject(line)).map(id).collect();
        let questions = self.questions.into_iter().filter(|question| ids.contains(&question.subject)).collect();
        Drawn { lines, questions }
    }

    /// Imports it into an organization that may have something already.
    fn import(&self, told: &mut Told) -> Touched {
        let mut reader = WorkloadReader::new();
        for line in self.lines.lines() {
            reader.line(line.as_bytes()).unwrap();
        }
        let workload = Command::Import(Arc::new(reader.finish().unwrap()));
        let touched = told.tell(workload, Actor::System).unwrap().touched;
        told.state.learn_workload(&self.lines).unwrap();
        touched
    }

    /// Asks the engine every question, the reference every so-manieth.
    fn is_answered(&self, told: &Told, index: &Index, share: usize) {
        let at = Timestamp::from_micros(told.at);
        for (number, q) in self.questions.iter().enumerate() {
            let (project, environment) = (Some(q.project.as_str()), Some(q.environment.as_str()));
            let answer = index.check_named(&q.subject, &q.action, project, environment, at);
            assert_eq!(answer.allowed, q.allow, "{q}");
            if number % share == 0 {
                let answer = told.state.check_named(&q.subject, &q.action, project, environment, told.at);
                assert_eq!(answer, q.allow, "the reference: {q}");
            }
        }
    }
}

fn id(line: &str) -> String {
    let line: serde_json::Value = serde_json::from_str(line).unwrap();
    line["id"].as_str().unwrap().to_owned()
}

#[test]
fn every_verdict_of_the_small_workload_is_right() {
    for seed in 1..=3 {
        let drawn = Drawn::new(Size::S, "S", seed);
        assert_eq!(drawn.questions.len(), 10_000);
        let mut told = founded(&Story::new(seed, 0).catalog).unwrap();
        let touched = drawn.import(&mut told);
        let index = Index::build(told.org.clone()).advance(told.org.clone(), &touched);
        drawn.is_answered(&told, &index, 25);
    }
}

#[test]
fn the_verdicts_of_a_slice_of_the_middle_workload_are_right() {
    let drawn = Drawn::new(Size::M, "M", 5).slice(50);
    assert!(drawn.questions.len() >= 100, "{}", drawn.questions.len());
    let mut told = founded(&Story::new(5, 0).catalog).unwrap();
    drawn.import(&mut told);
    drawn.is_answered(&told, &Index::build(told.org.clone()), 4);
}

#[test]
fn an_organization_that_something_was_imported_into_goes_on_like_any_other() {
    let mut count = Count::default();
    for seed in 1..=2 {
        count.join(&goes_on(seed).unwrap());
    }
    println!("imported: {count}");
    assert!(count.asked >= 30_000 && count.allowed * 20 > count.asked, "{count}");
}

/// A story into whose middle a workload is imported.
pub fn goes_on(seed: u64) -> Result<Count, String> {
    let (mut random, mut count) = (Random::new(seed), Count { organizations: 1, ..Count::default() });
    let catalog = Story::of(&Shape::middle(0), &mut random).catalog;
    let mut told = founded(&catalog).map_err(|refusal| refusal.to_string())?;
    // An environment of the same name is the same environment.
    let dev = NewEnvironment { name: "dev".to_owned(), title: String::new(), attributes: serde_json::Map::default() };
    told.tell(EnvironmentCommand::Create(dev).into(), Actor::System).map_err(|refusal| refusal.to_string())?;
    let mut index = Index::build(told.org.clone());
    for step in 0..40 {
        let before = (told.clone(), index.clone());
        let touched = match step {
            15 => Drawn::new(Size::S, "S", seed).import(&mut told),
            _ => match told.act(Deed::any(random.next())) {
                Ok(decision) => decision.touched,
                Err(_) => continue,
            },
        };
        count.commands += 1;
        index = index.advance(told.org.clone(), &touched);
        let step = Step { before: (&before.0, &before.1), after: (&told, &index), touched: &touched };
        step.agrees(Depth::Part(10, 4, 6), &mut random, &mut count).map_err(|why| format!("workload {seed}: {why}"))?;
    }
    Ok(count)
}
