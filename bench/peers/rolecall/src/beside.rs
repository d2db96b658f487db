//! Checks while 200 changes a second are decided and published by another thread.

use crate::by_names;
use crate::changes::{change, grant};
use arc_swap::ArcSwap;
use bench_common::clock::{overhead_ns, since, thread_cpu_ns};
use bench_common::measure::at;
use bench_common::{Binding, Question, World};
use rolecall_engine::Index;
use rolecall_model::command::SubjectRef;
use serde_json::{Value, json};
use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

const A_CHANGE: Duration = Duration::from_millis(5);
const TURNS: usize = 3;

/// Quiet and busy in turns.
pub(crate) fn measure(index: &Index, world: &World, questions: &[Question], budget: Duration) -> anyhow::Result<Value> {
    let published = ArcSwap::from_pointee(index.clone());
    let (mut quiet, mut busy) = (Vec::new(), Vec::new());
    for _ in 0..TURNS {
        quiet.push(ask(&published, questions, budget));
        busy.push(ask_while_changing(&published, world, questions, budget)?);
    }
    Ok(json!({ "quiet": quiet, "busy": busy }))
}

fn ask_while_changing(
    published: &ArcSwap<Index>,
    world: &World,
    questions: &[Question],
    budget: Duration,
) -> anyhow::Result<Value> {
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let writer = scope.spawn(|| write(published, world, &done));
        let mut asked = ask(published, questions, budget);
        done.store(true, Relaxed);
        let changes = writer.join().map_err(|_| anyhow::anyhow!("the writer ended badly"))??;
        asked["changes"] = changes.into();
        Ok(asked)
    })
}

/// Gives and takes roles, one change each five milliseconds. How many it made.
fn write(published: &ArcSwap<Index>, world: &World, done: &AtomicBool) -> anyhow::Result<u64> {
    let role = world.roles.iter().position(|role| !role.is_wide).unwrap_or(0);
    let role = u16::try_from(role)?;
    let mut next = Instant::now();
    let mut changes = 0;
    for number in (0..world.projects).cycle() {
        let binding = Binding { role, project: Some(number), environment: Some(1) };
        let (there, back) = grant(world, &SubjectRef::Any(format!("u-{number}").into()), binding);
        for command in [there, back] {
            change(published, command, changes)?;
            changes += 1;
            next += A_CHANGE;
            thread::sleep(next.saturating_duration_since(Instant::now()));
        }
        if done.load(Relaxed) {
            break;
        }
    }
    Ok(changes)
}

/// Rounds by CPU time of this thread, then single checks by the wall; every check takes the newest index.
fn ask(published: &ArcSwap<Index>, questions: &[Question], budget: Duration) -> Value {
    let check = |question: &Question| by_names(&published.load(), question);
    let (begin, mut means) = (Instant::now(), Vec::new());
    while means.is_empty() || begin.elapsed() < budget {
        let cpu = thread_cpu_ns();
        let allowed = questions.iter().filter(|question| check(black_box(question))).count();
        black_box(allowed);
        means.push((thread_cpu_ns() - cpu) as f64 / questions.len().max(1) as f64);
    }
    means.sort_unstable_by(f64::total_cmp);
    let (overhead, begin, mut samples) = (overhead_ns(), Instant::now(), Vec::with_capacity(1 << 20));
    while samples.is_empty() || begin.elapsed() < budget {
        for question in questions {
            let start = Instant::now();
            black_box(check(black_box(question)));
            samples.push(since(start).saturating_sub(overhead));
        }
    }
    samples.sort_unstable();
    json!({ "mean_ns": means[means.len() / 2], "p50_ns": at(&samples, 50), "p99_ns": at(&samples, 99) })
}
