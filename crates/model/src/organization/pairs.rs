//! A persistent set of pairs of numbers, for going back from a first to all its seconds: from a role
//! to its holders, from a role to the policies that bind it.
//!
//! Seconds stand in sorted runs of a few hundred, so that a role with a million holders takes four
//! bytes for each, is counted without a look at them, and costs a change one run.

use imbl::OrdMap;
use std::sync::Arc;

/// Seconds in a run, at most: a change copies one, a kilobyte.
const RUN: usize = 256;
/// Seconds in a run when many are laid out at once: room for some more.
const LAID_OUT: usize = 192;

/// A first, and the smallest second that belongs into a run.
type Key = (u32, u32);

/// Pairs of a first and a second number.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pairs {
    /// No run is empty.
    runs: OrdMap<Key, Arc<[u32]>>,
}

impl Pairs {
    /// All seconds of a first, in order.
    pub(crate) fn of(&self, first: u32) -> impl Iterator<Item = u32> + '_ {
        self.runs_of(first).flat_map(|run| run.iter().copied())
    }

    /// How many seconds a first has.
    pub(crate) fn count(&self, first: u32) -> usize {
        self.runs_of(first).map(|run| run.len()).sum()
    }

    fn runs_of(&self, first: u32) -> impl Iterator<Item = &Arc<[u32]>> {
        self.runs.range((first, 0)..=(first, u32::MAX)).map(|(_, run)| run)
    }

    /// The run to which a pair belongs, and its key.
    fn run(&self, first: u32, second: u32) -> Option<(Key, &Arc<[u32]>)> {
        let (key, run) = self.runs.get_prev(&(first, second))?;
        (key.0 == first).then_some((*key, run))
    }

    /// Adds a pair; twice is once.
    pub(crate) fn insert(&mut self, first: u32, second: u32) {
        let Some((key, run)) = self.run(first, second) else {
            self.insert_before(first, second);
            return;
        };
        let Err(at) = run.binary_search(&second) else { return };
        let mut longer = Vec::with_capacity(run.len() + 1);
        longer.extend_from_slice(&run[..at]);
        longer.push(second);
        longer.extend_from_slice(&run[at..]);
        self.put(key, &longer);
    }

    /// Adds a pair whose second is before all others of its first.
    fn insert_before(&mut self, first: u32, second: u32) {
        let next = self.runs.get_next(&(first, second)).filter(|(key, _)| key.0 == first);
        let next = next.map(|(key, run)| (*key, Arc::clone(run)));
        let mut longer = vec![second];
        if let Some((key, run)) = next {
            self.runs.remove(&key);
            longer.extend_from_slice(&run);
        }
        self.put((first, 0), &longer);
    }

    /// Puts a run in its place, as two when it has become too long.
    fn put(&mut self, key: Key, run: &[u32]) {
        if run.len() <= RUN {
            self.runs.insert(key, run.into());
            return;
        }
        let (low, high) = run.split_at(run.len() / 2);
        self.runs.insert(key, low.into());
        self.runs.insert((key.0, high[0]), high.into());
    }

    /// Takes a pair away, if it is there.
    pub(crate) fn remove(&mut self, first: u32, second: u32) {
        let Some((key, run)) = self.run(first, second) else { return };
        let Ok(at) = run.binary_search(&second) else { return };
        if run.len() == 1 {
            self.runs.remove(&key);
            return;
        }
        let shorter: Arc<[u32]> = run[..at].iter().chain(&run[at + 1..]).copied().collect();
        self.runs.insert(key, shorter);
    }

    /// Adds many pairs. When they are many beside those that are there, all are laid out anew: ten
    /// times as fast as one by one.
    pub(crate) fn extend(&mut self, pairs: Vec<(u32, u32)>) {
        let there: usize = self.runs.values().map(|run| run.len()).sum();
        if pairs.len() < there / 8 {
            for (first, second) in pairs {
                self.insert(first, second);
            }
            return;
        }
        let mut all = pairs;
        all.extend(self.runs.iter().flat_map(|(key, run)| run.iter().map(|second| (key.0, *second))));
        // As one number they are compared in one step.
        all.sort_unstable_by_key(|pair| u64::from(pair.0) << 32 | u64::from(pair.1));
        all.dedup();
        self.runs = all
            .chunk_by(|left, right| left.0 == right.0)
            .flat_map(|same| same.chunks(LAID_OUT).enumerate())
            .map(|(number, run)| {
                let from = if number == 0 { 0 } else { run[0].1 };
                ((run[0].0, from), run.iter().map(|pair| pair.1).collect::<Arc<[u32]>>())
            })
            .collect();
    }

    /// About how many bytes it occupies; what is shared with copies is counted whole.
    pub(crate) fn heap_bytes(&self) -> usize {
        // A run has two counts before it, and a place in a node that is about two thirds full.
        let place = size_of::<(Key, Arc<[u32]>)>() * 3 / 2;
        self.runs.values().map(|run| place + 2 * size_of::<usize>() + size_of_val(&**run)).sum()
    }
}

#[cfg(test)]
impl Pairs {
    /// All pairs, in order.
    pub(crate) fn all(&self) -> Vec<(u32, u32)> {
        self.runs.iter().flat_map(|(key, run)| run.iter().map(|second| (key.0, *second))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// Numbers that look random, the same each time.
    fn numbers() -> impl FnMut(u32) -> u32 {
        let mut state = 7_u64;
        move |below| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            u32::try_from(state >> 33).unwrap() % below
        }
    }

    fn same(pairs: &Pairs, expected: &BTreeSet<(u32, u32)>, firsts: u32) {
        for first in 0..firsts {
            let wanted: Vec<u32> = expected.range((first, 0)..=(first, u32::MAX)).map(|pair| pair.1).collect();
            assert_eq!(pairs.of(first).collect::<Vec<_>>(), wanted);
            assert_eq!(pairs.count(first), wanted.len());
        }
        assert!(pairs.runs.values().all(|run| !run.is_empty() && run.len() <= RUN));
    }

    #[test]
    fn pairs_added_and_taken_away_in_any_order_are_as_a_set() {
        let mut next = numbers();
        let (mut pairs, mut expected) = (Pairs::default(), BTreeSet::new());
        for round in 0..60_000 {
            let (first, second) = (next(4), next(3_000));
            // More is added at first, more taken away later.
            if next(10) < if round < 30_000 { 8 } else { 2 } {
                pairs.insert(first, second);
                expected.insert((first, second));
            } else {
                pairs.remove(first, second);
                expected.remove(&(first, second));
            }
        }
        same(&pairs, &expected, 5);
    }

    #[test]
    fn many_at_once_are_as_one_by_one_and_a_copy_keeps_its_own() {
        let mut next = numbers();
        let mut many = |count: u32| (0..count).map(|_| (next(3), next(1 << 20))).collect::<Vec<_>>();
        let (mut pairs, mut expected) = (Pairs::default(), BTreeSet::new());
        for count in [0, 10_000, 9_000, 20, 1] {
            let (before, old) = (pairs.clone(), expected.clone());
            let more = many(count);
            expected.extend(more.iter().copied());
            pairs.extend(more);
            same(&pairs, &expected, 4);
            same(&before, &old, 4);
        }
    }
}
