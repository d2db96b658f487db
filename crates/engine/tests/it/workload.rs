//! The published workload, smallest size: every verdict as its oracle says.

use rolecall_bench::workload::{self, Size};
use rolecall_engine::Index;
use rolecall_model::catalog::{Catalog, builtin};
use rolecall_model::decide::decide;
use rolecall_model::id::OrganizationId;
use rolecall_model::import::WorkloadReader;
use rolecall_model::moment::{Actor, Moment};
use rolecall_model::organization::NewOrganization;
use rolecall_model::{Command, Org, Timestamp};
use std::path::Path;
use std::sync::Arc;

const NOW: Timestamp = Timestamp::from_micros(1_795_000_000_000_000);

fn run(index: &Index, command: Command) -> Index {
    let decision = decide(index.org(), command, &Moment::new(NOW, Actor::System, [7; 32])).unwrap();
    index.advance(decision.org, &decision.touched)
}

fn imported(file: &Path) -> Index {
    let catalog = Arc::new(Catalog::read(builtin("none").unwrap()).unwrap());
    let (id, name, title) = (OrganizationId::new(7), "load".to_owned(), String::new());
    let found = NewOrganization { id, name, title, catalog };
    let index = run(&Index::build(Org::empty()), Command::Found(Box::new(found)));
    let mut reader = WorkloadReader::new();
    for line in std::fs::read_to_string(file).unwrap().lines() {
        reader.line(line.as_bytes()).unwrap();
    }
    run(&index, Command::Import(Arc::new(reader.finish().unwrap())))
}

#[test]
fn all_verdicts_of_the_small_workload_are_right() {
    for seed in 1..=3 {
        let dir = tempfile::tempdir().unwrap();
        workload::write(Size::S, seed, dir.path()).unwrap();
        let index = imported(&dir.path().join("S.data.jsonl"));
        let queries = std::fs::read_to_string(dir.path().join("S.queries.jsonl")).unwrap();
        let mut asked = 0;
        for line in queries.lines() {
            let query: serde_json::Value = serde_json::from_str(line).unwrap();
            let text = |key: &str| query[key].as_str().unwrap();
            let (project, environment) = (Some(text("project")), Some(text("environment")));
            let found = index.check_named(text("subject"), text("action"), project, environment, NOW);
            assert_eq!(found.allowed, query["allow"].as_bool().unwrap(), "{line}");
            asked += 1;
        }
        assert_eq!(asked, 10_000);
    }
}
