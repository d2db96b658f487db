//! Instants as the log keeps them: microseconds since 1970, in UTC.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// An instant in microseconds since 1970-01-01T00:00:00Z, from year -9999 to 9999.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The instant so many microseconds after 1970; what lies outside the calendar is moved to its edge.
    pub const fn from_micros(micros: i64) -> Self {
        const EDGE: i64 = 253_402_207_200_000_000;
        const START: i64 = -377_705_023_201_000_000;
        Timestamp(if micros > EDGE {
            EDGE
        } else if micros < START {
            START
        } else {
            micros
        })
    }

    /// Microseconds since 1970.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// The instant so many seconds later (earlier when negative).
    #[must_use]
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Timestamp::from_micros(self.0.saturating_add(seconds.saturating_mul(1_000_000)))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(instant) => fmt::Display::fmt(&instant, f),
            Err(_) => write!(f, "{}µs", self.0),
        }
    }
}

/// Said of a text that is not an instant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a time; write it like 2026-11-21T14:00:00Z")]
pub struct NotATime(String);

impl FromStr for Timestamp {
    type Err = NotATime;
    fn from_str(text: &str) -> Result<Self, NotATime> {
        let instant: jiff::Timestamp = text.trim().parse().map_err(|_| NotATime(text.to_owned()))?;
        Ok(Timestamp::from_micros(instant.as_microsecond()))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() { serializer.collect_str(self) } else { serializer.serialize_i64(self.0) }
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
            text.parse().map_err(serde::de::Error::custom)
        } else {
            i64::deserialize(deserializer).map(Timestamp::from_micros)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_read_as_it_is_shown() {
        for micros in [0, 1, -1, 1_795_000_000_123_456, i64::MAX, i64::MIN] {
            let instant = Timestamp::from_micros(micros);
            assert_eq!(instant.to_string().parse(), Ok(instant));
        }
        assert!("yesterday".parse::<Timestamp>().is_err());
    }
}
