//! The measuring loop: compare every verdict first, then take the time.

use crate::allocator::{calls, live_bytes};
use crate::clock::{cpu_ns, overhead_ns, resident_bytes, since};
use serde::Serialize;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// What it cost to make something that is kept.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Built {
    pub seconds: f64,
    pub cpu_seconds: f64,
    /// What stays allocated.
    pub heap_bytes: i64,
    /// What the process grew by.
    pub resident_bytes: i64,
}

/// Makes something and says what it cost.
pub fn built<T>(work: impl FnOnce() -> T) -> (T, Built) {
    let (heap, resident, cpu, begin) = (live_bytes(), resident_bytes(), cpu_ns(), Instant::now());
    let made = work();
    let cost = Built {
        seconds: begin.elapsed().as_secs_f64(),
        cpu_seconds: (cpu_ns() - cpu) as f64 / 1e9,
        heap_bytes: live_bytes() - heap,
        resident_bytes: resident_bytes() - resident,
    };
    (made, cost)
}

/// What a kind of check costs. Times are in nanoseconds.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Timing {
    /// Questions whose verdict was compared before anything was timed.
    pub verified: usize,
    pub wrong: usize,
    /// Mean of the very first pass, by the wall.
    pub first_pass_ns: f64,
    /// Questions in a round; as many as fit.
    pub asked: usize,
    pub rounds: usize,
    /// CPU time of the process for each check: the median round.
    pub mean_ns: f64,
    /// The quickest round.
    pub best_ns: f64,
    /// Single checks by the wall, less the clock's own cost: the median pass.
    pub p50_ns: u64,
    pub p99_ns: u64,
    /// After the caches have been overwritten: each question once.
    pub cold_mean_ns: f64,
    pub cold_p99_ns: u64,
    pub allocations_per_check: f64,
}

/// Compares, which takes ten times the budget at most, then measures, in phases of about the budget each.
pub fn timing<Q>(budget: Duration, questions: &[(Q, bool)], mut check: impl FnMut(&Q) -> bool) -> Timing {
    let mut timing = Timing::default();
    verify(&mut timing, budget * 10, questions, &mut check);
    let fitting = (budget.as_nanos() as f64 / 7.0 / timing.first_pass_ns.max(1.0)).round();
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a positive number of questions")]
    let fitting = (fitting as usize).clamp(20.min(timing.verified), timing.verified);
    let questions = &questions[..fitting];
    timing.asked = fitting;
    rounds(&mut timing, budget, questions, &mut check);
    percentiles(&mut timing, budget, questions, &mut check);
    cold(&mut timing, budget, questions, &mut check);
    timing
}

/// All questions, or as many as fit the budget.
fn verify<Q>(timing: &mut Timing, budget: Duration, questions: &[(Q, bool)], check: &mut impl FnMut(&Q) -> bool) {
    let begin = Instant::now();
    for (question, allow) in questions {
        if timing.verified >= 20 && timing.verified.is_multiple_of(16) && begin.elapsed() > budget {
            break;
        }
        timing.verified += 1;
        timing.wrong += usize::from(check(question) != *allow);
    }
    timing.first_pass_ns = since(begin) as f64 / timing.verified.max(1) as f64;
}

/// Rounds by CPU time until the budget is used up. Nothing else allocates meanwhile.
fn rounds<Q>(timing: &mut Timing, budget: Duration, questions: &[(Q, bool)], check: &mut impl FnMut(&Q) -> bool) {
    let mut means = Vec::with_capacity(MOST_ROUNDS);
    let (begin, before) = (Instant::now(), calls());
    while means.len() < MOST_ROUNDS && (means.len() < 3 || begin.elapsed() < budget) {
        means.push(round(questions, check));
    }
    timing.allocations_per_check = (calls() - before) as f64 / (means.len() * questions.len()).max(1) as f64;
    timing.rounds = means.len();
    means.sort_unstable_by(f64::total_cmp);
    timing.mean_ns = means[means.len() / 2];
    timing.best_ns = means[0];
}

/// Nanoseconds of CPU time for each check of one pass.
fn round<Q>(questions: &[(Q, bool)], check: &mut impl FnMut(&Q) -> bool) -> f64 {
    let cpu = cpu_ns();
    let mut allowed = 0;
    for (question, _) in questions {
        allowed += usize::from(check(black_box(question)));
    }
    black_box(allowed);
    (cpu_ns() - cpu) as f64 / questions.len().max(1) as f64
}

const MOST_ROUNDS: usize = 2_000;
const MOST_PASSES: usize = 15;
const COLD_PASSES: usize = 5;

fn percentiles<Q>(timing: &mut Timing, budget: Duration, questions: &[(Q, bool)], check: &mut impl FnMut(&Q) -> bool) {
    let begin = Instant::now();
    let (mut middle, mut high) = (Vec::new(), Vec::new());
    while middle.len() < MOST_PASSES && (middle.is_empty() || begin.elapsed() < budget) {
        let samples = single(questions, check);
        middle.push(at(&samples, 50));
        high.push(at(&samples, 99));
    }
    timing.p50_ns = median(middle);
    timing.p99_ns = median(high);
}

/// What a check costs when nothing of the engine is in a cache: after a start, or long after the last question. The mean
/// is by CPU time, the percentile by the wall, each of a pass of its own.
fn cold<Q>(timing: &mut Timing, budget: Duration, questions: &[(Q, bool)], check: &mut impl FnMut(&Q) -> bool) {
    let begin = Instant::now();
    let mut other = vec![1_u8; CACHES];
    let (mut means, mut high) = (Vec::new(), Vec::new());
    while means.len() < COLD_PASSES && (means.is_empty() || begin.elapsed() < budget * 4) {
        overwrite_caches(&mut other);
        means.push(round(questions, check));
        overwrite_caches(&mut other);
        high.push(at(&single(questions, check), 99));
    }
    means.sort_unstable_by(f64::total_cmp);
    timing.cold_mean_ns = means[means.len() / 2];
    timing.cold_p99_ns = median(high);
}

fn overwrite_caches(other: &mut [u8]) {
    for byte in other.iter_mut().step_by(64) {
        *byte = byte.wrapping_add(1);
    }
    black_box(other);
}

/// More than the caches of a large server hold.
const CACHES: usize = 160 << 20;

/// Every question once, each timed alone; sorted.
fn single<Q>(questions: &[(Q, bool)], check: &mut impl FnMut(&Q) -> bool) -> Vec<u64> {
    let overhead = overhead_ns();
    let samples = questions.iter().map(|(question, _)| {
        let begin = Instant::now();
        black_box(check(black_box(question)));
        since(begin).saturating_sub(overhead)
    });
    let mut samples: Vec<u64> = samples.collect();
    samples.sort_unstable();
    samples
}

/// A percentile of sorted samples.
pub fn at(samples: &[u64], percent: usize) -> u64 {
    samples.get((samples.len().saturating_sub(1)) * percent / 100).copied().unwrap_or(0)
}

/// The one in the middle.
pub fn median(mut samples: Vec<u64>) -> u64 {
    samples.sort_unstable();
    samples.get(samples.len() / 2).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_verdict_is_counted() {
        let questions: Vec<(u32, bool)> = (0..100).map(|number| (number, number % 2 == 0)).collect();
        let timing = timing(Duration::from_millis(5), &questions, |number| number % 2 == 0 || *number == 7);
        assert_eq!((timing.verified, timing.wrong), (100, 1));
    }

    #[test]
    fn percentiles_are_taken_from_sorted_samples() {
        let samples: Vec<u64> = (0..=100).collect();
        assert_eq!((at(&samples, 50), at(&samples, 99), median(vec![9, 1, 5])), (50, 99, 5));
    }
}
