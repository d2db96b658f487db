//! Dates on the wire: RFC 3339 in UTC, with milliseconds.

use rolecall_model::Timestamp;

/// A date as the wire has it.
pub(crate) fn date(at: Timestamp) -> String {
    jiff::Timestamp::from_microsecond(at.micros()).map_or_else(|_| at.to_string(), |at| format!("{at:.3}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_has_three_digits_of_a_second_whatever_it_is() {
        assert_eq!(date(Timestamp::from_micros(0)), "1970-01-01T00:00:00.000Z");
        assert_eq!(date(Timestamp::from_micros(1_795_000_000_123_999)), "2026-11-18T11:06:40.123Z");
    }
}
