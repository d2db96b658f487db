//! Which words of a line are equal to one: the step that every line of a check takes.

use super::LINE;

/// One bit for each word that is equal to `wanted`.
///
/// Every x86-64 processor has these vector instructions: a dozen where the plain loop takes sixty,
/// which makes a check from numbers a third shorter. None of the outcomes can be foreseen, so there
/// must be no branch in either.
#[cfg(target_arch = "x86_64")]
#[inline]
pub(super) fn words(words: &[u32; LINE], wanted: u32) -> u32 {
    // SAFETY: SSE2 is part of x86-64.
    unsafe { at_once(words, wanted) }
}

#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "sse2")]
#[expect(clippy::cast_possible_wrap, clippy::cast_sign_loss, reason = "the bits are what is compared")]
fn at_once(words: &[u32; LINE], wanted: u32) -> u32 {
    use std::arch::x86_64::{
        _mm_cmpeq_epi32, _mm_movemask_epi8, _mm_packs_epi16, _mm_packs_epi32, _mm_set_epi32, _mm_set1_epi32,
    };
    let (quarters, _) = words.as_chunks::<4>();
    let wanted = _mm_set1_epi32(wanted as i32);
    let equal = |at: usize| {
        let [a, b, c, d] = quarters[at].map(|word| word as i32);
        _mm_cmpeq_epi32(_mm_set_epi32(d, c, b, a), wanted)
    };
    let (first, last) = (_mm_packs_epi32(equal(0), equal(1)), _mm_packs_epi32(equal(2), equal(3)));
    _mm_movemask_epi8(_mm_packs_epi16(first, last)) as u32
}

#[cfg(not(target_arch = "x86_64"))]
#[inline]
pub(super) fn words(words: &[u32; LINE], wanted: u32) -> u32 {
    plainly(words, wanted)
}

/// The same one by one.
#[cfg(any(test, not(target_arch = "x86_64")))]
fn plainly(words: &[u32; LINE], wanted: u32) -> u32 {
    words.iter().zip(0..).fold(0, |found, (word, at)| found | u32::from(*word == wanted) << at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_find_the_same_words() {
        let mut line = [7; LINE];
        for at in 0..LINE {
            line[at] = u32::MAX - 1;
            for wanted in [0, 7, u32::MAX - 1, u32::MAX, 1 << 31] {
                assert_eq!(words(&line, wanted), plainly(&line, wanted));
            }
            assert_eq!(words(&line, u32::MAX - 1), (2 << at) - 1);
        }
    }
}
