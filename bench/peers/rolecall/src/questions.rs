//! The questions besides the check, each beside a check in the same minute.

use anyhow::ensure;
use bench_common::clock::{overhead_ns, since};
use bench_common::measure::at;
use rolecall_engine::{Index, Question};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::hint::black_box;
use std::time::{Duration, Instant};

type Asked = (Question, bool);

/// Times them all. An explanation must say what the check says, and a list of who may holds whom the check allows.
pub(crate) fn measure(index: &Index, questions: &[Asked], budget: Duration) -> anyhow::Result<Value> {
    let explained = questions.iter().filter(|(question, allow)| index.explain(question).denial.is_none() != *allow);
    let unlike = explained.count();
    ensure!(unlike == 0, "{unlike} explanations differ from the verdict");
    let (allowed, denied): (Vec<Asked>, Vec<Asked>) = questions.iter().copied().partition(|(_, allow)| *allow);
    let check = each(budget, questions, |question| index.check(question).allowed);
    let mut kinds = vec![
        kind("check", &check),
        kind("explain an allow", &each(budget, &allowed, |question| index.explain(question))),
        kind("explain a denial", &each(budget, &denied, |question| index.explain(question))),
        kind("where_can", &each(budget, questions, |q| index.where_can(q.subject, q.action, q.at))),
        kind("what_can", &each(budget, questions, |q| index.what_can(q.subject, q.place, q.at))),
        kind("access_of", &each(budget, questions, |q| index.access_of(q.subject, q.at))),
        kind(
            "who_can, first 100",
            &each(budget, &questions[..200], |q| index.who_can(q.action, q.place, q.at, None, 100)),
        ),
    ];
    let some = &questions[..5];
    let whole = each(budget, some, |q| index.who_can_all(q.action, q.place, q.at).count());
    kinds.push(kind("who_can, whole", &whole));
    for (question, allow) in some {
        let all: BTreeSet<_> = index.who_can_all(question.action, question.place, question.at).collect();
        ensure!(all.contains(&question.subject) == *allow, "who_can differs from the verdict");
    }
    Ok(json!({ "kinds": kinds, "subjects": index.org().principal_bound() }))
}

struct Times {
    mean_ns: f64,
    samples: Vec<u64>,
}

fn kind(name: &str, times: &Times) -> Value {
    let Times { mean_ns, samples } = times;
    json!({ "kind": name, "mean_ns": mean_ns, "p50_ns": at(samples, 50), "p99_ns": at(samples, 99) })
}

/// Asks each question alone until all have been asked once and the budget is used up.
fn each<T>(budget: Duration, questions: &[Asked], mut ask: impl FnMut(&Question) -> T) -> Times {
    let (overhead, begin) = (overhead_ns(), Instant::now());
    let mut samples = Vec::new();
    for (question, _) in questions.iter().cycle() {
        if samples.len() >= questions.len() && begin.elapsed() > budget {
            break;
        }
        let start = Instant::now();
        let answer = black_box(ask(black_box(question)));
        samples.push(since(start).saturating_sub(overhead));
        drop(answer);
    }
    samples.sort_unstable();
    Times { mean_ns: samples.iter().sum::<u64>() as f64 / samples.len().max(1) as f64, samples }
}
