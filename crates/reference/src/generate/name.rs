//! Names that are hard to tell apart: prefixes of each other, alike in their first and last bytes
//! and in length, different only in case, and in several scripts.

use super::random::Random;

/// Words in several scripts, none of which is another when case is taken away.
const WORDS: [&str; 8] = ["Dev", "Отдел", "売上", "مشروع", "Café", "Παραγωγή", "उत्पाद", "🚀"];

/// Kinds of names.
const FAMILIES: usize = 8;

/// How many names each family has.
pub(super) const EACH: usize = 12;

/// A name of a family: another one for each family and each index below [`EACH`], also when case is
/// taken away; without spaces.
pub(super) fn name(family: usize, index: usize) -> String {
    let nearly = |shown: &str, fill: &str, length: usize| {
        // Alike at both ends and in length: only the middle tells them apart.
        let mut middle = vec![fill; length];
        if let Some(place) = middle.get_mut(index % length) {
            *place = if index < length { "x" } else { "y" };
        }
        format!("{shown}{}{shown}", middle.concat())
    };
    match family % FAMILIES {
        0 => format!("{}-{index}", WORDS[index % WORDS.len()]),
        // Each the beginning of the next.
        1 => "abcdefghijklmnopqrstuvwxyzabcdefghijkl"[..=index * 3].to_owned(),
        2 => format!("n{index:02}"),
        // 15 and 16 bytes, 17, 32 and more.
        3 => nearly("Beginn", "-", 3 + index / 6) + &index.to_string(),
        4 => nearly("begin.0123", "_", 12),
        5 => nearly("Средина", "о", 14),
        6 => nearly("middle-of-a-long-name", ".", 14),
        _ => format!("Ångström-{}", ["é", "É?", "ñ", "ø", "ß", "ж", "я", "ц", "λ", "δ", "ω", "ü"][index % EACH]),
    }
}

/// A name that may be another's in another case, and may have spaces where they are allowed.
pub(super) fn any(random: &mut Random, spaces: bool) -> String {
    let plain = name(random.below(FAMILIES), random.below(EACH));
    let named = if random.percent(15) { in_another_case(&plain) } else { plain };
    if spaces && random.percent(20) { format!("the {named}") } else { named }
}

/// The `index`th name of a catalog. Where case matters two in a row differ in nothing else.
pub(super) fn nth(start: usize, index: usize, exact: bool) -> String {
    let (which, capital) = if exact { (index / 2, index % 2 == 1) } else { (index, false) };
    let family = (start + which) % FAMILIES;
    let (round, place) = (which / FAMILIES / EACH, which / FAMILIES % EACH);
    let plain = name(family, place);
    let plain = if round == 0 { plain } else { format!("{plain}/{round}") };
    let other = in_another_case(&plain);
    match capital {
        false => plain,
        // Not every script has large and small letters.
        true if other == plain => plain + "′",
        true => other,
    }
}

/// The same name with large and small letters exchanged, as far as each has exactly one other.
pub fn in_another_case(name: &str) -> String {
    name.chars().map(other_case).collect()
}

fn other_case(c: char) -> char {
    let only = |mut all: Vec<char>| if all.len() == 1 { all.pop() } else { None };
    let large = only(c.to_uppercase().collect()).filter(|large| only(large.to_lowercase().collect()) == Some(c));
    let small = only(c.to_lowercase().collect());
    match (large, small) {
        (Some(large), _) if large != c => large,
        (_, Some(small)) => small,
        _ => c,
    }
}
