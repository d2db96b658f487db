//! Secrets as they are shown: recognizable by a prefix, guarded against typing errors by a checksum,
//! free of characters that need escaping. Only hashes of them are kept.

use crate::Error;
use crate::clock::random;
use sha2::{Digest, Sha256};
use std::fmt;

/// By which a secret of ours is recognized, by people and by scanners of source code.
pub const PREFIX: &str = "rolecall_";

const LETTERS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// Random characters: 32 of 62 are 190 bits.
const RANDOM: usize = 32;
/// Characters of the checksum: six of 62 hold a CRC-32.
const CHECK: usize = 6;

/// A secret, shown once. It prints nothing by accident.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// A fresh secret.
    ///
    /// # Errors
    /// When the operating system gives no randomness.
    pub fn generate() -> Result<Self, Error> {
        let mut text = String::from(PREFIX);
        while text.len() < PREFIX.len() + RANDOM {
            // Bytes above 247 are thrown away, so that every character is as likely as any other.
            let letters = random()?.into_iter().filter(|byte| *byte < 248);
            let letters = letters.map(|byte| char::from(LETTERS[usize::from(byte % 62)]));
            text.extend(letters.take(PREFIX.len() + RANDOM - text.len()));
        }
        let check = checksum(&text);
        text.push_str(&check);
        Ok(Secret(text))
    }

    /// A secret somebody chose.
    pub fn chosen(text: String) -> Self {
        Secret(text)
    }

    /// The text, to be shown once.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The hash that is kept. The secret is long and random, so a plain hash is as good as a slow one.
    pub fn hash(&self) -> [u8; 32] {
        hash(&self.0)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// The hash under which a secret is found.
pub(crate) fn hash(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

/// Whether a text looks like one of our secrets but was mistyped or cut.
pub(crate) fn is_mistyped(text: &str) -> bool {
    let Some(rest) = text.strip_prefix(PREFIX) else { return false };
    if rest.len() != RANDOM + CHECK || !rest.is_ascii() {
        return true;
    }
    let (body, check) = text.split_at(PREFIX.len() + RANDOM);
    checksum(body) != check
}

fn checksum(body: &str) -> String {
    let mut rest = crc32fast::hash(body.as_bytes());
    let mut letters = [b'0'; CHECK];
    for place in letters.iter_mut().rev() {
        *place = LETTERS[(rest % 62) as usize];
        rest /= 62;
    }
    letters.iter().map(|byte| char::from(*byte)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fresh_secret_is_whole_and_one_wrong_letter_is_noticed() {
        let secret = Secret::generate().unwrap();
        let text = secret.expose();
        assert_eq!(text.len(), 47);
        assert!(!is_mistyped(text));
        assert!(is_mistyped(&text[..46]));
        let other = if text.ends_with('0') { "1" } else { "0" };
        assert!(is_mistyped(&format!("{}{other}", &text[..46])));
        assert!(!is_mistyped("a-token-of-ones-own-choice"));
    }

    #[test]
    fn a_secret_prints_nothing() {
        assert_eq!(format!("{:?}", Secret::generate().unwrap()), "Secret(…)");
    }
}
