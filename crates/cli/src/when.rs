//! Instants as people write them: a date, an RFC 3339 instant, or a span from now such as `7d`.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// An instant in RFC 3339, as the server reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct When(pub String);

impl std::fmt::Display for When {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// An instant in the future when a span is given.
pub fn future(text: &str) -> Result<When, String> {
    read(text, Timestamp::now(), 1)
}

/// An instant in the past when a span is given.
pub fn past(text: &str) -> Result<When, String> {
    read(text, Timestamp::now(), -1)
}

fn read(text: &str, now: Timestamp, sign: i64) -> Result<When, String> {
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Ok(When(instant.to_string()));
    }
    if let Ok(date) = text.parse::<Date>()
        && let Ok(midnight) = date.to_zoned(TimeZone::UTC)
    {
        return Ok(When(midnight.timestamp().to_string()));
    }
    let wrong = || {
        "write an instant (2030-01-31T09:00:00Z), a date (2030-01-31, from midnight UTC) or a span (90m, 12h, 7d, 2w)"
            .to_owned()
    };
    let seconds = span(text).ok_or_else(wrong)?;
    let then = now.checked_add(SignedDuration::from_secs(sign * seconds)).map_err(|_| wrong())?;
    Ok(When(then.to_string()))
}

/// A span of time such as `1h`, in seconds.
pub fn seconds(text: &str) -> Result<i64, String> {
    span(text).ok_or_else(|| "write a span (90s, 30m, 12h, 7d, 2w)".to_owned())
}

/// A span in seconds as people write it.
pub fn spoken(seconds: u64) -> String {
    let units = [(86_400, "d"), (3_600, "h"), (60, "m")];
    let whole = units.iter().find(|(unit, _)| seconds > 0 && seconds.is_multiple_of(*unit));
    whole.map_or_else(|| format!("{seconds}s"), |(unit, letter)| format!("{}{letter}", seconds / unit))
}

/// A span such as `7d` in seconds.
fn span(text: &str) -> Option<i64> {
    let unit = text.chars().next_back()?;
    let number: i64 = text.strip_suffix(unit)?.parse().ok().filter(|number| *number >= 0)?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 60 * 60,
        'd' => 24 * 60 * 60,
        'w' => 7 * 24 * 60 * 60,
        _ => return None,
    };
    number.checked_mul(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str, sign: i64) -> Result<String, String> {
        let now = "2030-01-01T00:00:00Z".parse().unwrap();
        read(text, now, sign).map(|when| when.0)
    }

    #[test]
    fn a_date_is_its_midnight_and_a_span_counts_from_now() {
        assert_eq!(at("2031-02-03", 1).unwrap(), "2031-02-03T00:00:00Z");
        assert_eq!(at("7d", 1).unwrap(), "2030-01-08T00:00:00Z");
        assert_eq!(at("90m", -1).unwrap(), "2029-12-31T22:30:00Z");
        assert_eq!(at("2031-02-03T04:05:06+02:00", 1).unwrap(), "2031-02-03T02:05:06Z");
    }

    #[test]
    fn a_span_reads_as_it_is_written() {
        for text in ["1h", "36h", "2d", "90s", "5m"] {
            assert_eq!(spoken(u64::try_from(seconds(text).unwrap()).unwrap()), text);
        }
        assert_eq!((spoken(0).as_str(), spoken(86_400).as_str()), ("0s", "1d"));
        assert!(seconds("soon").is_err() && seconds("-1h").is_err());
    }

    #[test]
    fn what_is_no_time_says_how_to_write_one() {
        for text in ["", "soon", "7y", "-3d", "9999999999999999w", "d"] {
            assert!(at(text, 1).unwrap_err().contains("7d"), "{text}");
        }
    }
}
