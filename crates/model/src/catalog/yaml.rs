//! YAML as a tree in which every value knows where it stands in the file. What the values mean is
//! not decided here.

use super::read::CatalogError;
use crate::refusal::shown;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{MessageFormatter, Spanned, UserMessageFormatter};
use std::fmt;

/// Deepest nesting of lists and mappings.
const DEEPEST: usize = 32;
/// Most values in one file, those that an alias repeats counted each time.
const MOST_VALUES: usize = 200_000;

/// Where something stands: line and column, both from 1, in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Position {
    pub line: u64,
    pub column: u64,
}

/// A value and where it stands.
#[derive(Debug)]
pub(super) struct Node {
    pub at: Position,
    pub content: Content,
}

#[derive(Debug)]
pub(super) enum Content {
    Nothing,
    Truth(bool),
    Whole(u64),
    Negative(i64),
    Fraction(f64),
    Text(String),
    List(Vec<Node>),
    Mapping(Vec<(Key, Node)>),
}

/// A key of a mapping and where it stands.
#[derive(Debug)]
pub(super) struct Key {
    pub at: Position,
    pub name: String,
}

impl Node {
    /// Reads one document.
    pub fn parse(yaml: &str) -> Result<Node, CatalogError> {
        let options = serde_saphyr::options! {
            budget: serde_saphyr::budget! { max_depth: DEEPEST, max_nodes: MOST_VALUES },
            alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: MOST_VALUES },
            strict_booleans: true,
            with_snippet: false,
        };
        match serde_saphyr::from_str_with_options::<Located>(yaml, options) {
            Ok(root) => Ok(root.0),
            Err(error) => Err(broken(yaml, &error)),
        }
    }

    /// Where the value at a path such as `roles[2].permits[0].action` stands, or as much of the path
    /// as there is.
    pub fn position(&self, path: &str) -> Position {
        let mut node = self;
        for step in path.split(['.', '[']).filter(|step| !step.is_empty()) {
            let next = match (&node.content, step.strip_suffix(']')) {
                (Content::List(items), Some(index)) => index.parse::<usize>().ok().and_then(|index| items.get(index)),
                (Content::Mapping(entries), None) => {
                    entries.iter().find(|(key, _)| key.name == step).map(|(_, value)| value)
                }
                _ => None,
            };
            let Some(next) = next else { break };
            node = next;
        }
        node.at
    }
}

fn broken(yaml: &str, error: &serde_saphyr::Error) -> CatalogError {
    let at = position(error.location().unwrap_or(serde_saphyr::Location::UNKNOWN));
    let line = usize::try_from(at.line - 1).ok().and_then(|line| yaml.lines().nth(line));
    let message = match line {
        Some(line) if has_bare_star(line) => "YAML reads a bare * as an alias; write \"*\" in quotes".to_owned(),
        _ => words(error),
    };
    CatalogError { line: at.line, column: at.column, message }
}

/// The parser's words, except where they speak of its own insides.
fn words(error: &serde_saphyr::Error) -> String {
    use serde_saphyr::Error as Broken;
    match error {
        Broken::DuplicateMappingKey { key: Some(key), .. } => {
            format!("the key \"{}\" is there twice; leave one out", shown(key))
        }
        Broken::UnknownAnchor { .. } => {
            "no anchor of this name stands before; text that begins with \"*\" is written in quotes".to_owned()
        }
        Broken::MultipleDocuments { .. } => "a second document begins here; a file holds one catalog".to_owned(),
        Broken::AliasError { .. }
        | Broken::AliasReplayLimitExceeded { .. }
        | Broken::AliasReplayStackDepthExceeded { .. }
        | Broken::Budget { .. } => {
            format!("this is more than a catalog may hold ({MOST_VALUES} values, {DEEPEST} levels deep)")
        }
        error => {
            let mut message = UserMessageFormatter.format_message(error).into_owned();
            if let Some(first) = message.get_mut(..1) {
                first.make_ascii_lowercase();
            }
            message
        }
    }
}

/// Whether a line has a `*` that YAML takes for an alias: `- *`, `[*]`, `action: *`.
fn has_bare_star(line: &str) -> bool {
    line.match_indices('*').any(|(index, _)| {
        let before = line[..index].chars().next_back();
        let after = line[index + 1..].chars().next();
        matches!(before, None | Some(' ' | '[' | ',')) && matches!(after, None | Some(' ' | ',' | ']' | '}'))
    })
}

fn position(location: serde_saphyr::Location) -> Position {
    Position { line: location.line().max(1), column: location.column().max(1) }
}

struct Located(Node);

impl<'de> Deserialize<'de> for Located {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<Content>::deserialize(deserializer)?;
        Ok(Located(Node { at: position(spanned.referenced), content: spanned.value }))
    }
}

impl<'de> Deserialize<'de> for Content {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ContentVisitor)
    }
}

struct ContentVisitor;

impl<'de> Visitor<'de> for ContentVisitor {
    type Value = Content;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<Content, E> {
        Ok(Content::Nothing)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Content, E> {
        Ok(Content::Truth(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Content, E> {
        Ok(Content::Whole(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Content, E> {
        Ok(u64::try_from(value).map_or(Content::Negative(value), Content::Whole))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Content, E> {
        Ok(Content::Fraction(value))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Content, E> {
        Ok(Content::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Content, A::Error> {
        let mut items = Vec::new();
        while let Some(Located(item)) = access.next_element()? {
            items.push(item);
        }
        Ok(Content::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Content, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = access.next_key::<Spanned<String>>()? {
            let key = Key { at: position(key.referenced), name: key.value };
            let Located(value) = access.next_value()?;
            entries.push((key, value));
        }
        Ok(Content::Mapping(entries))
    }
}
