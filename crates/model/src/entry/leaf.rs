//! Finding personal values in the text of an entry. The text is cut, never parsed and written
//! again: numbers would not all survive that to the digit, and the chain would break.

use super::BadEntry;
use crate::principal::{ERASED_LEAF, LEAF, Subject};
use sha2::{Digest, Sha256};
use std::ops::Range;

/// The key beside which a leaf's salt stands.
const SALT: &str = "$salt";
/// The key under which attributes stand, whose own keys are anybody's.
const FREE: &[u8] = b"attributes";
/// How deeply an entry is nested at most; what reads it as JSON goes no deeper either.
const DEEPEST: usize = 128;

/// One personal value, or the hash of one that was erased.
pub(super) struct Leaf<'a> {
    /// Where it stands, braces included.
    pub(super) span: Range<usize>,
    /// Whose it is: the nearest `subject` around it.
    pub(super) subject: Option<[u8; 16]>,
    /// The key it stands under.
    field: &'a [u8],
    pub(super) content: Content<'a>,
}

pub(super) enum Content<'a> {
    /// A value as JSON text without its quotes, and its salt in hexadecimal once it has one.
    Value { value: &'a [u8], salt: Option<&'a [u8]> },
    /// The hash of an erased value, in hexadecimal.
    Erased(&'a [u8]),
}

impl Leaf<'_> {
    /// The form in which the chain covers it, which is also the form it has once erased.
    pub(super) fn canonical(&self, fresh: Option<&str>) -> String {
        let hash = match &self.content {
            Content::Erased(hash) => String::from_utf8_lossy(hash).into_owned(),
            Content::Value { value, salt } => {
                let salt = fresh.map(str::as_bytes).or(*salt).unwrap_or_default();
                hex(&self.hash(salt, value))
            }
        };
        format!("{{\"{ERASED_LEAF}\":\"{hash}\"}}")
    }

    fn hash(&self, salt: &[u8], value: &[u8]) -> [u8; 32] {
        let length = |part: &[u8]| u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes();
        let digest = Sha256::new()
            .chain_update(salt)
            .chain_update(self.subject.unwrap_or_default())
            .chain_update(length(self.field))
            .chain_update(self.field)
            .chain_update(value);
        digest.finalize().into()
    }
}

/// The text that follows a fresh value: its salt and the closing brace.
pub(super) fn salted(salt: &str) -> String {
    format!(",\"{SALT}\":\"{salt}\"}}")
}

/// Bytes in hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble & 15)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(*byte)]).collect()
}

/// An object or array around the place the scan has come to.
#[derive(Clone, Default)]
struct Frame {
    object: bool,
    /// Whether the next string is a key.
    key_next: bool,
    key: Range<usize>,
    subject: Option<[u8; 16]>,
}

/// Calls `found` for every leaf, in order.
///
/// # Errors
/// `Broken` where the text is not what this code writes.
pub(super) fn scan<'a>(text: &'a [u8], mut found: impl FnMut(Leaf<'a>)) -> Result<(), BadEntry> {
    let mut stack: Vec<Frame> = Vec::with_capacity(8);
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => {
                let end = string_end(text, at)?;
                string(text, at + 1..end - 1, stack.last_mut());
                at = end;
            }
            b'{' | b'[' => {
                let around = stack.last().cloned().unwrap_or_default();
                let field = text.get(around.key.clone()).unwrap_or_default();
                if *byte == b'{' && field == FREE {
                    at = object_end(text, at)?;
                } else if let Some((end, content)) = leaf(text, at)? {
                    found(Leaf { span: at..end, subject: around.subject, field, content });
                    at = end;
                } else if stack.len() == DEEPEST {
                    return Err(BadEntry::broken("it is nested too deeply"));
                } else {
                    let object = *byte == b'{';
                    stack.push(Frame { object, key_next: object, ..around });
                    at += 1;
                }
            }
            b'}' | b']' => {
                stack.pop().ok_or_else(unbalanced)?;
                at += 1;
            }
            b',' => {
                if let Some(frame) = stack.last_mut() {
                    frame.key_next = frame.object;
                }
                at += 1;
            }
            _ => at += 1,
        }
    }
    if stack.is_empty() { Ok(()) } else { Err(unbalanced()) }
}

fn unbalanced() -> BadEntry {
    BadEntry::broken("its braces do not match")
}

/// Notes a key, or the subject that is the value of one.
fn string(text: &[u8], span: Range<usize>, frame: Option<&mut Frame>) {
    let Some(frame) = frame else { return };
    if frame.key_next {
        frame.key_next = false;
        frame.key = span;
    } else if frame.object && text.get(frame.key.clone()) == Some(b"subject") {
        let value = text.get(span).and_then(|value| std::str::from_utf8(value).ok());
        frame.subject = value.and_then(|value| value.parse::<Subject>().ok()).map(Subject::bytes);
    }
}

/// One past the closing quote of the string that begins at `start`.
fn string_end(text: &[u8], start: usize) -> Result<usize, BadEntry> {
    let mut at = start + 1;
    loop {
        match text.get(at) {
            Some(b'"') => return Ok(at + 1),
            Some(b'\\') => at += 2,
            Some(_) => at += 1,
            None => return Err(BadEntry::broken("a text has no end")),
        }
    }
}

/// One past the closing brace of the object that begins at `start`.
fn object_end(text: &[u8], start: usize) -> Result<usize, BadEntry> {
    let mut depth = 0_usize;
    let mut at = start;
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => at = string_end(text, at)? - 1,
            b'{' => depth += 1,
            b'}' if depth == 1 => return Ok(at + 1),
            b'}' => depth -= 1,
            _ => {}
        }
        at += 1;
    }
    Err(unbalanced())
}

/// The leaf that begins at `start`, if one does, and where it ends.
fn leaf(text: &[u8], start: usize) -> Result<Option<(usize, Content<'_>)>, BadEntry> {
    let rest = text.get(start..).unwrap_or_default();
    let Some(key) = rest.strip_prefix(b"{\"$").and(Some(start + 1)) else {
        return Ok(None);
    };
    let (name, value, at) = pair(text, key)?;
    let odd = || BadEntry::broken("a personal value has an unknown form");
    if name == ERASED_LEAF.as_bytes() {
        return if text.get(at) == Some(&b'}') { Ok(Some((at + 1, Content::Erased(value)))) } else { Err(odd()) };
    }
    if name != LEAF.as_bytes() {
        return Err(odd());
    }
    match text.get(at) {
        Some(b'}') => Ok(Some((at + 1, Content::Value { value, salt: None }))),
        Some(b',') => match pair(text, at + 1)? {
            (name, salt, end) if name == SALT.as_bytes() && text.get(end) == Some(&b'}') => {
                Ok(Some((end + 1, Content::Value { value, salt: Some(salt) })))
            }
            _ => Err(odd()),
        },
        _ => Err(odd()),
    }
}

/// A key and a value, both texts, and where they end.
fn pair(text: &[u8], start: usize) -> Result<(&[u8], &[u8], usize), BadEntry> {
    let odd = || BadEntry::broken("a personal value is not a text");
    if text.get(start) != Some(&b'"') {
        return Err(odd());
    }
    let colon = string_end(text, start)?;
    if text.get(colon) != Some(&b':') || text.get(colon + 1) != Some(&b'"') {
        return Err(odd());
    }
    let end = string_end(text, colon + 1)?;
    let name = text.get(start + 1..colon - 1).ok_or_else(odd)?;
    let value = text.get(colon + 2..end - 1).ok_or_else(odd)?;
    Ok((name, value, end))
}
