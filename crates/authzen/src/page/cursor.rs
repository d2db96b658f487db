//! Page tokens, as opaque text.

use super::LIFETIME;
use crate::fault::Fault;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rolecall_model::Timestamp;

/// What a page token says. It grants nothing: permissions are decided anew for every page.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Cursor {
    pub(super) revision: u64,
    pub(super) at: Timestamp,
    pub(super) issued: Timestamp,
    pub(super) query: u64,
    pub(super) after: u32,
    pub(super) limit: u32,
}

impl Cursor {
    pub(super) fn write(&self) -> String {
        let mut bytes = [0; 40];
        let (at, issued) = (self.at.micros().to_be_bytes(), self.issued.micros().to_be_bytes());
        let (revision, query) = (self.revision.to_be_bytes(), self.query.to_be_bytes());
        let parts = [&revision[..], &at, &issued, &query, &self.after.to_be_bytes(), &self.limit.to_be_bytes()];
        for (place, byte) in bytes.iter_mut().zip(parts.concat()) {
            *place = byte;
        }
        URL_SAFE_NO_PAD.encode(bytes)
    }

    fn parse(token: &str) -> Option<Self> {
        let bytes: [u8; 40] = URL_SAFE_NO_PAD.decode(token).ok()?.try_into().ok()?;
        let long = |start: usize| Some(u64::from_be_bytes(bytes.get(start..start + 8)?.try_into().ok()?));
        let short = |start: usize| Some(u32::from_be_bytes(bytes.get(start..start + 4)?.try_into().ok()?));
        Some(Cursor {
            revision: long(0)?,
            at: Timestamp::from_micros(long(8)?.cast_signed()),
            issued: Timestamp::from_micros(long(16)?.cast_signed()),
            query: long(24)?,
            after: short(32)?,
            limit: short(36)?,
        })
    }

    /// A token that counts now, for this query.
    pub(super) fn read(token: &str, now: Timestamp, query: u64, limit: Option<usize>) -> Result<Self, Fault> {
        let fault = |message: &str| Err(Fault::bad_request(message.to_owned()));
        let Some(cursor) = Cursor::parse(token) else {
            return fault("page.token is not a page token of this server; send the next_token of the answer before");
        };
        if now.micros().abs_diff(cursor.issued.micros()) > LIFETIME.unsigned_abs() {
            return fault(
                "the page has expired, as page tokens count for five minutes; start again without page.token",
            );
        }
        if cursor.query != query {
            return fault("page.token belongs to another question; repeat the question of the page before unchanged");
        }
        if limit.is_some_and(|limit| limit != cursor.limit as usize) {
            return fault("page.limit differs from that of the page before; leave it out or repeat it unchanged");
        }
        Ok(cursor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_token_is_read_as_it_was_written() {
        let at = Timestamp::from_micros(1_795_000_000_123_456);
        let cursor = Cursor { revision: u64::MAX, at, issued: at.plus_seconds(-7), query: 42, after: 7, limit: 1_000 };
        assert_eq!(Cursor::parse(&cursor.write()), Some(cursor));
        assert_eq!(Cursor::parse("alsehrq3495u8"), None);
        assert_eq!(Cursor::parse(""), None);
    }
}
