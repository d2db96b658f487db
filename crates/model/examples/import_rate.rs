//! How long an import takes: reads a workload file, decides it, writes it as the log does, reads
//! that back and carries it out, and prints seconds, bytes and the most memory used so far.
//!
//! `cargo run --release -p rolecall-model --example import_rate -- L.data.jsonl`

use rolecall_model::catalog::{Catalog, builtin};
use rolecall_model::command::Command;
use rolecall_model::decide::{Decision, decide};
use rolecall_model::entry::{Entry, READS, chain_hash, forget};
use rolecall_model::id::OrganizationId;
use rolecall_model::import::{Workload, WorkloadReader};
use rolecall_model::moment::{Actor, Moment};
use rolecall_model::organization::NewOrganization;
use rolecall_model::user::{NewUser, UserCommand};
use rolecall_model::{Change, Org, Timestamp};
use std::error::Error;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::sync::Arc;
use std::time::Instant;

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("name a workload file")?;
    let founded = found()?;
    small(&founded)?;
    let read = timed("read", || read(&path))?;
    println!("{:>28} {}", "bytes in memory", read.size());
    let command = Command::Import(Arc::new(read));
    let moment = Moment::new(Timestamp::default(), Actor::System, [2; 32]);
    let decision = timed("decide and apply", || decide(&founded, command, &moment))?;
    let entry = entry(&decision, decision.changes.clone());
    let encoded = timed("encode", || entry.encode(&[0; 32], &mut || [7; 16]))?;
    println!("{:>28} {}", "bytes in the log", encoded.body.iter().map(Vec::len).sum::<usize>());
    let hash = timed("chain hash", || chain_hash(&[0; 32], &encoded.body))?;
    assert_eq!(hash, encoded.hash, "the chain holds");
    let back = timed("decode", || Entry::decode(&encoded.body))?;
    assert_eq!(back, entry, "read as it was written");
    let mut again = founded.clone();
    timed("apply", || again.apply(&back.stamp(), &back.changes));
    println!("{:>28} {}", "users", again.user_count());
    drop(again);
    timed("index", || decision.org.clone().index());
    let Some(Change::Imported(workload)) = entry.changes.first() else {
        return Err("nothing was imported".into());
    };
    let last = workload.subjects().last().ok_or("nobody was imported")?;
    let left = timed("forget one", || forget(&encoded.body, last))?;
    assert!(left.is_some(), "found");
    Ok(())
}

fn read(path: &str) -> Result<Workload, Box<dyn Error>> {
    let mut reader = WorkloadReader::new();
    let mut file = BufReader::with_capacity(1 << 20, File::open(path)?);
    let mut line = Vec::new();
    while file.read_until(b'\n', &mut line)? > 0 {
        reader.line(&line)?;
        line.clear();
    }
    Ok(reader.finish()?)
}

fn found() -> Result<Org, Box<dyn Error>> {
    let catalog = Catalog::read(builtin("none").ok_or("there is no such catalog")?)?;
    let new = NewOrganization {
        id: OrganizationId::new(1),
        name: "example".into(),
        title: String::new(),
        catalog: Arc::new(catalog),
    };
    let moment = Moment::new(Timestamp::default(), Actor::System, [1; 32]);
    Ok(decide(&Org::empty(), Command::Found(Box::new(new)), &moment)?.org)
}

/// How long an ordinary entry takes: a new user.
fn small(org: &Org) -> Result<(), Box<dyn Error>> {
    const TIMES: u32 = 10_000;
    let email = Some("ada@example.com".to_owned());
    let user = UserCommand::Create(NewUser { email, ..NewUser::default() });
    let moment = Moment::new(Timestamp::default(), Actor::System, [3; 32]);
    let decision = decide(org, user.into(), &moment)?;
    let entry = entry(&decision, decision.changes.clone());
    let start = Instant::now();
    for _ in 0..TIMES {
        std::hint::black_box(entry.encode(&[0; 32], &mut || [7; 16])?);
    }
    println!("{:>28} {:?}", "encode a small entry", start.elapsed() / TIMES);
    let encoded = entry.encode(&[0; 32], &mut || [7; 16])?;
    let start = Instant::now();
    for _ in 0..TIMES {
        std::hint::black_box(Entry::decode(&encoded.body)?);
    }
    println!("{:>28} {:?}", "decode it", start.elapsed() / TIMES);
    Ok(())
}

fn entry(decision: &Decision, changes: Vec<Change>) -> Entry {
    Entry {
        revision: decision.stamp.revision,
        at: decision.stamp.at,
        actor: decision.stamp.actor,
        facade: "example".into(),
        request: "".into(),
        idempotency: None,
        reads: READS,
        changes,
    }
}

fn timed<T>(what: &str, run: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let done = run();
    println!("{what:>28} {:.3} s{}", start.elapsed().as_secs_f64(), peak());
    done
}

/// The most memory that this process has had, where the system says so.
fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    peak.map(|peak| format!(", peak {}", peak.trim())).unwrap_or_default()
}
