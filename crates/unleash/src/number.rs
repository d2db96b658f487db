//! Ids on the wire: positive integers of 32 bits. Clients decode them as floats, so `3.0` is `3`; a path and some fields
//! have them as digits.

use serde::de::{self, Deserialize, Deserializer, Visitor};
use std::fmt;

/// An id that a body names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Number(pub u32);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Digits)
    }
}

struct Digits;

impl Visitor<'_> for Digits {
    type Value = Number;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an id, which is a positive integer")
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Number, E> {
        let unfit = || E::invalid_value(de::Unexpected::Unsigned(value), &self);
        // Ids are signed on the wire.
        let number = i32::try_from(value).ok().filter(|number| *number > 0).ok_or_else(unfit)?;
        Ok(Number(number.unsigned_abs()))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Number, E> {
        match u64::try_from(value) {
            Ok(value) => self.visit_u64(value),
            Err(_) => Err(E::invalid_value(de::Unexpected::Signed(value), &self)),
        }
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Number, E> {
        if value.fract() != 0.0 || !(1.0..=f64::from(i32::MAX)).contains(&value) {
            return Err(E::invalid_value(de::Unexpected::Float(value), &self));
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number in the range")]
        Ok(Number(value as u32))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Number, E> {
        digits(value).map(Number).ok_or_else(|| E::invalid_value(de::Unexpected::Str(value), &self))
    }
}

/// The id that digits say.
pub(crate) fn digits(text: &str) -> Option<u32> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse::<i32>().ok().filter(|number| plain && *number > 0).map(i32::unsigned_abs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_positive_integer_however_it_is_written() {
        for text in ["3", "3.0", "\"3\"", "3e0"] {
            assert_eq!(serde_json::from_str::<Number>(text).unwrap(), Number(3), "{text}");
        }
        for text in ["0", "-3", "3.5", "\"x\"", "\"\"", "\"+3\"", "2147483648", "4294967299", "1e30", "null", "[3]"] {
            assert!(serde_json::from_str::<Number>(text).is_err(), "{text}");
        }
    }
}
