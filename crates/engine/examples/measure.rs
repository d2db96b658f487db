//! Imports a workload file in process, compares every verdict, and times each kind of question.
//!
//! `cargo run --release -p rolecall-engine --example measure -- L.data.jsonl L.queries.jsonl`
//!
//! Times on a shared machine mean little by themselves: compare them with a floor taken in the same
//! minute.

use rolecall_engine::{Index, Place, Question};
use rolecall_model::assignment::{AssignmentCommand, GrantRef};
use rolecall_model::catalog::{Catalog, builtin};
use rolecall_model::command::SubjectRef;
use rolecall_model::decide::decide;
use rolecall_model::id::{ActionId, OrganizationId};
use rolecall_model::import::WorkloadReader;
use rolecall_model::moment::{Actor, Moment};
use rolecall_model::organization::NewOrganization;
use rolecall_model::policy::BindingRef;
use rolecall_model::provenance::{Source, Terms};
use rolecall_model::scope::ScopeRef;
use rolecall_model::{Command, Org, Timestamp};
use std::error::Error;
use std::hint::black_box;
use std::io::{BufRead, BufReader};
use std::sync::Arc;
use std::time::Instant;

const NOW: Timestamp = Timestamp::from_micros(1_795_000_000_000_000);

type Outcome<T> = Result<T, Box<dyn Error>>;

struct Query {
    subject: String,
    action: String,
    project: String,
    environment: String,
    allow: bool,
}

fn main() -> Outcome<()> {
    let mut arguments = std::env::args().skip(1);
    let (Some(data), Some(queries)) = (arguments.next(), arguments.next()) else {
        return Err("name a data file and a queries file of the workload".into());
    };
    let index = import(&data)?;
    let queries = read(&queries)?;
    let wrong = queries.iter().filter(|query| named(&index, query) != query.allow).count();
    println!("{} of {} verdicts wrong; index {} bytes", wrong, queries.len(), index.heap_bytes());
    let questions: Vec<Question> = queries.iter().filter_map(|query| numbers(&index, query)).collect();
    time_questions(&index, &queries, &questions);
    time_changes(index, &queries)
}

fn import(file: &str) -> Outcome<Index> {
    let catalog = Arc::new(Catalog::read(builtin("none").unwrap_or_default())?);
    let (id, name, title) = (OrganizationId::new(7), "load".to_owned(), String::new());
    let found = Command::Found(Box::new(NewOrganization { id, name, title, catalog }));
    let founded = decide(&Org::empty(), found, &Moment::new(NOW, Actor::System, [1; 32]))?.org;
    let start = Instant::now();
    let mut reader = WorkloadReader::new();
    for line in BufReader::new(std::fs::File::open(file)?).split(b'\n') {
        reader.line(&line?).map_err(|bad| format!("line {}: {}", bad.line, bad.message))?;
    }
    let workload = reader.finish().map_err(|bad| bad.message)?;
    let command = Command::Import(Arc::new(workload));
    let org = decide(&founded, command, &Moment::new(NOW, Actor::System, [2; 32]))?.org;
    println!("read and decided in {:?}", start.elapsed());
    let start = Instant::now();
    let index = Index::build(org);
    println!("index built in {:?}", start.elapsed());
    Ok(index)
}

fn read(file: &str) -> Outcome<Vec<Query>> {
    let text = |value: &serde_json::Value, key: &str| value[key].as_str().unwrap_or_default().to_owned();
    let lines = std::fs::read_to_string(file)?;
    let queries = lines.lines().map(|line| {
        let value: serde_json::Value = serde_json::from_str(line)?;
        Ok(Query {
            subject: text(&value, "subject"),
            action: text(&value, "action"),
            project: text(&value, "project"),
            environment: text(&value, "environment"),
            allow: value["allow"].as_bool().unwrap_or_default(),
        })
    });
    queries.collect()
}

fn named(index: &Index, query: &Query) -> bool {
    let (project, environment) = (Some(query.project.as_str()), Some(query.environment.as_str()));
    index.check_named(&query.subject, &query.action, project, environment, NOW).allowed
}

fn numbers(index: &Index, query: &Query) -> Option<Question> {
    let (subject, _) = index.org().find_principal(&query.subject)?;
    let action = index.org().action_named(&query.action)?.id;
    let place = index.place_named(Some(&query.project), Some(&query.environment));
    Some(Question { subject, action, place, at: NOW })
}

/// The mean time of one, over some rounds.
fn time<T>(what: &str, rounds: usize, items: &[T], mut ask: impl FnMut(&T)) {
    let start = Instant::now();
    for _ in 0..rounds {
        items.iter().for_each(&mut ask);
    }
    let count = u32::try_from(rounds * items.len()).unwrap_or(u32::MAX).max(1);
    println!("{what:<24} {:>12?} each", start.elapsed() / count);
}

fn time_questions(index: &Index, queries: &[Query], questions: &[Question]) {
    time("check, names", 50, queries, |query| {
        _ = black_box(named(index, query));
    });
    time("check, numbers", 50, questions, |question| {
        _ = black_box(index.check(question));
    });
    time("explain", 1, questions, |question| {
        drop(black_box(index.explain(question)));
    });
    time("where_can", 1, questions, |q| {
        drop(black_box(index.where_can(q.subject, q.action, q.at)));
    });
    time("what_can", 1, questions, |q| {
        drop(black_box(index.what_can(q.subject, q.place, q.at)));
    });
    time("access_of", 1, questions, |q| {
        drop(black_box(index.access_of(q.subject, q.at)));
    });
    let few: Vec<(ActionId, Place)> = questions.iter().take(3).map(|q| (q.action, q.place)).collect();
    time("who_can, first 100", 10, &few, |(action, place)| {
        drop(black_box(index.who_can(*action, *place, NOW, None, 100)));
    });
    time("who_can, whole", 3, &few, |(action, place)| {
        println!("    {} may", black_box(index.who_can_all(*action, *place, NOW).count()));
    });
    println!("of {} numbers of subjects", index.org().principal_bound());
}

/// Grants and ends a role for some subjects, publishing after each.
fn time_changes(mut index: Index, queries: &[Query]) -> Outcome<()> {
    let role = index.org().roles.iter().last().ok_or("no role")?.id;
    let (mut decided, mut advanced, mut dropped) = (Vec::new(), Vec::new(), Vec::new());
    for (number, query) in queries.iter().take(1_000).enumerate() {
        let scope = ScopeRef { project: Some(query.project.as_str().into()), environment: None };
        let role = rolecall_model::Ref::Number(role.number());
        let grant = GrantRef::Role(BindingRef { role, scope });
        let subject = SubjectRef::Any(query.subject.as_str().into());
        let command = AssignmentCommand::Grant(subject, grant, Terms::of(Source::Manual));
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&number.to_be_bytes());
        let start = Instant::now();
        let decision = decide(index.org(), command.into(), &Moment::new(NOW, Actor::System, seed))?;
        decided.push(start.elapsed());
        let start = Instant::now();
        let next = index.advance(decision.org, &decision.touched);
        advanced.push(start.elapsed());
        let start = Instant::now();
        index = next;
        dropped.push(start.elapsed());
    }
    let steps = [("grant, decided", decided), ("grant, index advanced", advanced), ("grant, old one dropped", dropped)];
    for (what, mut times) in steps {
        times.sort_unstable();
        let at = |percent: usize| times.get(times.len() * percent / 100).copied().unwrap_or_default();
        println!("{what:<24} p50 {:?}, p99 {:?}", at(50), at(99));
    }
    Ok(())
}
