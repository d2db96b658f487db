//! Names and texts, and what makes two names one. What a name must look like is decided here and
//! nowhere else.

mod key;

pub use key::{KEPT_WHOLE, NameKey};

use crate::refusal::Refusal;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// A short text; up to 24 bytes are stored without a heap allocation.
pub type Text = compact_str::CompactString;

/// The longest name, in characters.
pub const LONGEST_NAME: usize = 100;
/// The longest title, in characters.
pub const LONGEST_TITLE: usize = 200;
/// The longest description or reason, in characters.
pub const LONGEST_TEXT: usize = 2_000;
/// The longest identifier of a user or application, in characters.
pub const LONGEST_IDENTIFIER: usize = 254;

/// A name as it is kept: trimmed, in normal form C, 1 to [`LONGEST_NAME`] characters, none of them
/// a control character.
///
/// # Errors
/// `Invalid`, naming `field`.
pub fn parse_name(raw: &str, field: &str) -> Result<Text, Refusal> {
    let name = parse_text(raw, field, LONGEST_NAME)?;
    if name.is_empty() {
        return Err(Refusal::invalid(field, format!("{field} must not be empty")));
    }
    Ok(name)
}

/// A text as it is kept: trimmed, in normal form C, at most `longest` characters, no control
/// characters but line breaks and tabs.
///
/// # Errors
/// `Invalid`, naming `field`.
pub fn parse_text(raw: &str, field: &str, longest: usize) -> Result<Text, Refusal> {
    let text = normal(raw.trim());
    let line = longest <= LONGEST_IDENTIFIER;
    if let Some(odd) = text.chars().find(|c| is_odd(*c) || (line && c.is_control())) {
        let code = u32::from(odd);
        let message = format!("{field} has a character that cannot be shown (U+{code:04X}); leave it out");
        return Err(Refusal::invalid(field, message));
    }
    let length = text.chars().count();
    if length > longest {
        let message = format!("{field} is {length} characters long; at most {longest} are kept");
        return Err(Refusal::invalid(field, message));
    }
    Ok(text)
}

/// Whether a character is a control character other than a line break or tab, or one that turns
/// the direction of what stands around it and so can make two names look alike.
fn is_odd(c: char) -> bool {
    (c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
        || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}' | '\u{2028}' | '\u{2029}')
}

fn normal(raw: &str) -> Text {
    match is_nfc_quick(raw.chars()) {
        IsNormalized::Yes => Text::from(raw),
        _ => raw.nfc().collect(),
    }
}

/// A name with case taken away: what makes `Dev` and `dev` one.
pub fn fold(name: &str) -> Text {
    if name.is_ascii() {
        let mut folded = Text::from(name);
        folded.make_ascii_lowercase();
        return folded;
    }
    folded_chars(name).collect()
}

/// The characters of a name with case taken away. Case folding can leave normal form, so it is
/// restored.
fn folded_chars(name: &str) -> impl Iterator<Item = char> + '_ {
    name.nfc().flat_map(char::to_lowercase).nfc()
}

/// Whether two names are one: to the letter, or but for case when `folded`.
#[inline]
pub fn same_name(kept: &str, asked: &str, folded: bool) -> bool {
    if kept == asked {
        return true;
    }
    if kept.is_ascii() && asked.is_ascii() {
        return folded && kept.eq_ignore_ascii_case(asked);
    }
    if folded { folded_chars(kept).eq(folded_chars(asked)) } else { kept.nfc().eq(asked.nfc()) }
}

/// The known name most like `asked`, if one is like it at all.
pub fn nearest<'a>(asked: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let asked = fold(asked);
    let distance = |name: &str| strsim::damerau_levenshtein(&asked, &fold(name));
    // A very large organization must not make one typing error cost seconds.
    let close = known
        .filter(|name| name.len().abs_diff(asked.len()) <= 3)
        .take(20_000)
        .map(|name| (distance(name), name))
        .min_by_key(|(distance, _)| *distance)?;
    (close.0 <= 1.max(asked.chars().count() / 3)).then_some(close.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_trimmed_and_composed() {
        assert_eq!(parse_name("  Cafe\u{301} ", "name").unwrap(), "Café");
    }

    #[test]
    fn names_in_every_script_are_names() {
        for name in ["Производство", "生产", "إنتاج", "उत्पादन", "παραγωγή", "🚀 launch"]
        {
            assert_eq!(parse_name(name, "name").unwrap(), name);
        }
    }

    #[test]
    fn a_name_without_characters_or_with_unseen_ones_is_refused() {
        for name in ["", "   ", "a\0b", "a\nb", "a\u{202E}b", "\u{1b}[31m"] {
            assert!(parse_name(name, "name").is_err(), "{name:?}");
        }
        assert!(parse_name(&"x".repeat(101), "name").is_err());
        assert!(parse_name(&"é".repeat(100), "name").is_ok());
    }

    #[test]
    fn names_that_differ_in_case_are_one_only_when_folded() {
        for (a, b) in [("Dev", "dEV"), ("ÉTÉ", "e\u{301}te\u{301}"), ("STRASSE", "strasse")] {
            assert!(same_name(a, b, true), "{a} {b}");
            assert!(!same_name(a, b, false));
        }
    }

    #[test]
    fn a_typing_error_finds_the_name_meant() {
        assert_eq!(nearest("Edtor", ["Admin", "Editor", "Viewer"].into_iter()), Some("Editor"));
        assert_eq!(nearest("zebra", ["Admin", "Editor", "Viewer"].into_iter()), None);
    }
}
