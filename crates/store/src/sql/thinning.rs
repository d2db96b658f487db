//! Which checkpoints may go: a pure rule of revisions and times.

use std::collections::HashSet;

/// Checkpoints that are kept whatever their age.
const ALWAYS: usize = 3;
const DAY: i64 = 24 * 60 * 60 * 1_000_000;
const WEEK: i64 = 7 * DAY;

/// The revisions to drop, out of all with their times (microseconds), newest first.
pub fn superfluous(newest_first: &[(u64, i64)], now: i64) -> Vec<u64> {
    let mut taken = HashSet::new();
    let mut drop = Vec::new();
    for (place, (revision, at)) in newest_first.iter().enumerate() {
        let fresh = taken.insert(period(*at, now));
        if place >= ALWAYS && !fresh {
            drop.push(*revision);
        }
    }
    drop
}

/// The stretch of time that shares one checkpoint: a day in the last week, else a week. Counted from the epoch, so
/// that a checkpoint stays in its stretch while it ages.
fn period(at: i64, now: i64) -> (bool, i64) {
    let recent = now.saturating_sub(at) < WEEK;
    (recent, at.div_euclid(if recent { DAY } else { WEEK }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 20_000 * DAY + DAY / 2;

    fn kept(ages_in_hours: &[i64]) -> Vec<i64> {
        let all: Vec<(u64, i64)> =
            ages_in_hours.iter().zip(1..).map(|(age, number)| (number, NOW - age * (DAY / 24))).collect();
        let gone = superfluous(&all, NOW);
        all.iter().zip(ages_in_hours).filter(|((number, _), _)| !gone.contains(number)).map(|(_, age)| *age).collect()
    }

    #[test]
    fn the_newest_three_stay() {
        assert_eq!(kept(&[0, 0, 1, 1, 2]), [0, 0, 1]);
        assert_eq!(kept(&[]), [0; 0]);
    }

    #[test]
    fn one_a_day_stays_for_a_week_and_then_one_a_week() {
        let hourly: Vec<i64> = (0..24 * 60).collect();
        let kept = kept(&hourly);
        let in_week = kept.iter().filter(|age| **age < 24 * 7).count();
        assert!((8..=3 + 8).contains(&in_week), "{kept:?}");
        assert!((7..=9).contains(&(kept.len() - in_week)), "{kept:?}");
    }

    #[test]
    fn thinning_twice_drops_nothing_more() {
        let all: Vec<(u64, i64)> = (0..500u64).map(|n| (500 - n, NOW - i64::try_from(n).unwrap() * DAY / 5)).collect();
        let gone: HashSet<u64> = superfluous(&all, NOW).into_iter().collect();
        let left: Vec<_> = all.into_iter().filter(|(revision, _)| !gone.contains(revision)).collect();
        assert_eq!(superfluous(&left, NOW), [0; 0]);
    }
}
