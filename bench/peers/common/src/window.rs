//! The workload with times: one grant in twenty has a start and an end. Which ones follows from what is granted to whom,
//! so that every engine and the oracle agree without a word in the file.

use crate::world::{Grant, Holder};

/// The instant every question is about, in microseconds since 1970.
pub const NOW: i64 = 1_795_000_000_000_000;
const DAY: i64 = 86_400_000_000;

/// When a grant counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// From this instant, in microseconds since 1970.
    pub from: i64,
    /// Until just before this one.
    pub until: i64,
}

impl Window {
    /// Whether it is open at [`NOW`].
    pub fn is_open(self) -> bool {
        self.from <= NOW && NOW < self.until
    }
}

/// The window of a grant, if it is one of those with a window: as many are over, open and ahead.
pub fn of(holder: Holder, grant: Grant) -> Option<Window> {
    let (kind, number) = match holder {
        Holder::User(number) => (0, number),
        Holder::Application(number) => (1, number),
        Holder::Group(number) => (2, number),
    };
    let what = match grant {
        Grant::Policy(number) => u64::from(number) << 1 | 1,
        Grant::Role(binding) => {
            let project = binding.project.map_or(0, |project| u64::from(project) + 1);
            let environment = binding.environment.map_or(0, |environment| u64::from(environment) + 1);
            (project << 24 | environment << 16 | u64::from(binding.role)) << 1
        }
    };
    let drawn = mix(mix(kind << 32 | u64::from(number)) ^ what);
    if !drawn.is_multiple_of(20) {
        return None;
    }
    let day = i64::try_from(drawn / 20 % 3).unwrap_or(0) - 1;
    let from = NOW + day * 2 * DAY - DAY;
    Some(Window { from, until: from + 2 * DAY - 1 })
}

/// Spreads a number over all 64 bits (the finisher of `SplitMix64`).
fn mix(mut number: u64) -> u64 {
    number = (number ^ number >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    number = (number ^ number >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ number >> 31
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_policy_in_twenty_has_a_window_and_a_third_of_those_is_open() {
        let windows: Vec<_> = (0..60_000).filter_map(|user| of(Holder::User(user), Grant::Policy(7))).collect();
        let open = windows.iter().filter(|window| window.is_open()).count();
        assert!((2_700..3_300).contains(&windows.len()), "{}", windows.len());
        assert!((800..1_200).contains(&open), "{open}");
    }
}
