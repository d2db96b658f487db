//! What a name is filed and found by: its bytes as two words when it is short, else a hash. Made
//! once for a name and used in any table.

use super::folded_chars;
use foldhash::fast::RandomState;
use std::hash::BuildHasher;
use std::sync::LazyLock;
use unicode_normalization::UnicodeNormalization;

/// Bytes of the longest name that a key holds whole. Two words are compared in a nanosecond; four
/// would be twice the memory for names that are looked at in their record anyway.
pub const KEPT_WHOLE: u16 = 16;
/// The length of a name that a key does not hold.
const LONGER: u16 = KEPT_WHOLE + 1;

/// What a name is filed and found by.
#[derive(Clone, Copy, Debug)]
pub struct NameKey {
    /// Without case: the first and the last eight bytes, or the hash and nothing.
    pub(crate) folded: [u64; 2],
    /// The same to the letter.
    pub(crate) exact: [u64; 2],
    /// Bytes; more than [`KEPT_WHOLE`] when the name is not held whole.
    pub(crate) length: u16,
    /// Seeded anew in each process, since names come from outside.
    pub(crate) hash: u64,
}

impl NameKey {
    /// The key of a name. Neither allocates nor locks.
    #[inline]
    pub fn of(name: &str) -> Self {
        match short(name.as_bytes()) {
            Some(exact) => Self::of_short(exact, name.len()),
            None => Self::of_long(name),
        }
    }

    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "at most 16")]
    fn of_short(exact: [u64; 2], length: usize) -> Self {
        let (folded, length) = (exact.map(lower), length as u16);
        NameKey { folded, exact, length, hash: mix(folded, length) }
    }

    /// One that is long, or not in ASCII.
    #[inline(never)]
    fn of_long(name: &str) -> Self {
        let hash = if name.is_ascii() {
            hash_bytes(name.bytes().map(|byte| byte.to_ascii_lowercase()))
        } else if name.nfc().all(|c| c.is_ascii()) {
            // The few signs that are another way to write an ASCII character.
            return Self::of(&name.nfc().collect::<super::Text>());
        } else {
            let mut buffer = [0; 4];
            let mut hasher = Lanes::new();
            for c in folded_chars(name) {
                c.encode_utf8(&mut buffer).bytes().for_each(|byte| hasher.push(byte));
            }
            hasher.finish()
        };
        NameKey { folded: [hash, 0], exact: [hash, 0], length: LONGER, hash }
    }

    /// The hash of a name that was filed with these words, in whatever case.
    #[inline]
    pub(crate) fn hash_of(words: [u64; 2], length: u16) -> u64 {
        if length > KEPT_WHOLE { words[0] } else { mix(words.map(lower), length) }
    }

    /// The words of a name that was filed to the letter, without case.
    pub(crate) fn folded_words(words: [u64; 2], length: u16) -> [u64; 2] {
        if length > KEPT_WHOLE { words } else { words.map(lower) }
    }
}

/// The first and the last eight bytes of a short ASCII text; with its length they tell it from any
/// other.
#[inline]
fn short(bytes: &[u8]) -> Option<[u64; 2]> {
    let words = if let (Some(first), Some(last)) = (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
        if bytes.len() > KEPT_WHOLE as usize {
            return None;
        }
        [u64::from_le_bytes(*first), u64::from_le_bytes(*last)]
    } else if let (Some(first), Some(last)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        [u64::from(u32::from_le_bytes(*first)) | u64::from(u32::from_le_bytes(*last)) << 32, 0]
    } else {
        let byte = |at: usize| bytes.get(at).copied().map_or(0, u64::from);
        [byte(0) | byte(1) << 8 | byte(2) << 16, 0]
    };
    ((words[0] | words[1]) & HIGH_BITS == 0).then_some(words)
}

const HIGH_BITS: u64 = 0x8080_8080_8080_8080;

/// Eight ASCII bytes in small letters, at once: a byte from `A` to `Z` carries into its high bit
/// when 0x3f is added and does not when 0x25 is, and that bit moved down twice is the one to set.
#[inline]
const fn lower(word: u64) -> u64 {
    const ONES: u64 = HIGH_BITS >> 7;
    let from_a = word + ONES * 0x3f;
    let after_z = word + ONES * 0x25;
    word | ((from_a & !after_z & HIGH_BITS) >> 2)
}

#[inline]
fn seeds() -> [u64; 2] {
    static SEEDS: LazyLock<[u64; 2]> = LazyLock::new(|| {
        let random = RandomState::default();
        [random.hash_one(1_u8), random.hash_one(2_u8)]
    });
    *SEEDS
}

/// One multiplication, both halves of the product folded: 2 ns where a hash of the bytes as a text
/// took 6.
#[inline]
fn mix(words: [u64; 2], length: u16) -> u64 {
    let seeds = seeds();
    fold_product(words[0] ^ seeds[0], words[1] ^ seeds[1] ^ u64::from(length))
}

#[inline]
#[expect(clippy::cast_possible_truncation, reason = "both halves are kept")]
const fn fold_product(a: u64, b: u64) -> u64 {
    let product = a as u128 * b as u128;
    product as u64 ^ (product >> 64) as u64
}

fn hash_bytes(bytes: impl Iterator<Item = u8>) -> u64 {
    let mut lanes = Lanes::new();
    bytes.for_each(|byte| lanes.push(byte));
    lanes.finish()
}

/// Bytes gathered into words, and words multiplied into a hash.
struct Lanes {
    state: u64,
    word: u64,
    length: u64,
}

impl Lanes {
    fn new() -> Self {
        Lanes { state: seeds()[1], word: 0, length: 0 }
    }

    #[inline]
    fn push(&mut self, byte: u8) {
        self.word = self.word << 8 | u64::from(byte);
        self.length += 1;
        if self.length.is_multiple_of(8) {
            self.state = fold_product(self.state ^ self.word, seeds()[0] | 1);
            self.word = 0;
        }
    }

    fn finish(self) -> u64 {
        fold_product(self.state ^ self.word, seeds()[0] ^ self.length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(a: &str, b: &str) -> (bool, bool) {
        let (a, b) = (NameKey::of(a), NameKey::of(b));
        let is_one = a.length == b.length && a.folded == b.folded;
        assert_eq!(is_one, a.hash == b.hash);
        (is_one, is_one && a.exact == b.exact)
    }

    #[test]
    fn a_key_tells_short_names_apart_and_knows_case() {
        let all: Vec<String> = (0..=20).map(|n| "abcdefghijklmnopqrstuvw"[..n].to_owned()).collect();
        for (at, a) in all.iter().enumerate() {
            assert_eq!(same(a, a), (true, true));
            assert!(all[at + 1..].iter().all(|b| same(a, b) == (false, false)), "{a}");
            let shouted = a.to_uppercase();
            assert_eq!(same(a, &shouted), (true, a.is_empty() || a.len() > 16), "{a}");
        }
    }

    #[test]
    fn only_letters_change_case() {
        let ascii: String = (0..128_u8).map(char::from).collect();
        for start in 0..112 {
            let (text, folded) = (&ascii[start..start + 16], ascii[start..start + 16].to_ascii_lowercase());
            assert_eq!(NameKey::of(text).folded, NameKey::of(&folded).exact, "{text:?}");
        }
    }

    #[test]
    fn a_name_written_otherwise_has_the_same_key() {
        // Composed and not, capital and small, and the Kelvin sign, which is a K.
        for (a, b) in [("Ökonomie", "o\u{308}konomie"), ("ÉTÉ", "été"), ("\u{212a}elvin", "kelvin")] {
            assert!(same(a, b).0, "{a} {b}");
        }
        assert_ne!(NameKey::of("naïve").hash, NameKey::of("naive").hash);
    }
}
