//! What a provider says of somebody: in its ID token, and at its userinfo endpoint where the token is silent.

use rolecall_model::name::{LONGEST_IDENTIFIER, LONGEST_TEXT, LONGEST_TITLE};
use rolecall_model::provider::GroupSync;
use serde_json::{Map, Value};
use serde_json_path::JsonPath;

/// Somebody comes back from a provider, whose proof was checked.
#[derive(Clone, Debug, Default)]
pub struct Arrival {
    /// The provider's issuer identifier, as the token has it.
    pub issuer: String,
    /// What the provider knows the person by, for good.
    pub sub: String,
    /// The claims of the ID token.
    pub claims: Map<String, Value>,
    /// The claims of the userinfo endpoint, when it was asked.
    pub userinfo: Option<Map<String, Value>>,
    /// That the userinfo endpoint should have been asked and gave no answer.
    pub is_partial: bool,
}

/// What a provider says of somebody's groups. The three cases are not the same: only a list says anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claimed {
    /// Nothing stands where the groups should.
    Absent,
    /// Something stands there that is no list of texts.
    Malformed,
    /// The names; perhaps none.
    Names(Vec<String>),
}

/// An address a provider names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    pub text: String,
    /// Whether the provider has seen that it belongs to the person: said so in so many words.
    pub is_verified: bool,
}

impl Arrival {
    /// The address. Whether it is verified is said by whoever names it: one of the userinfo endpoint does not
    /// vouch for another one of the token.
    pub(super) fn address(&self) -> Option<Address> {
        let of = |claims: &Map<String, Value>| {
            let text = claims.get("email")?.as_str()?.trim().to_lowercase();
            let is_verified = claims.get("email_verified") == Some(&Value::Bool(true));
            (!text.is_empty()).then_some(Address { text, is_verified })
        };
        let asked = self.userinfo.as_ref().and_then(of);
        match (of(&self.claims), asked) {
            (Some(own), Some(asked)) if own.text == asked.text && !self.claims.contains_key("email_verified") => {
                Some(asked)
            }
            (Some(own), _) => Some(own),
            (None, asked) => asked,
        }
    }

    /// What people call the person: on one line, not too long.
    pub(super) fn name(&self) -> Option<String> {
        let name: String = self.text("name")?.chars().map(|c| if is_odd(c) { ' ' } else { c }).collect();
        let words: Vec<&str> = name.split_whitespace().collect();
        let name: String = words.join(" ").chars().take(LONGEST_TITLE).collect();
        Some(name.trim().to_owned()).filter(|name| !name.is_empty())
    }

    /// The sign-in name, when it can be one. One that looks like an address is none: nobody has verified it.
    pub(super) fn username(&self) -> Option<String> {
        let name = self.text("preferred_username")?.trim();
        let fits = !name.is_empty() && name.chars().count() <= LONGEST_IDENTIFIER && !name.contains(['@', ':']);
        (fits && !name.chars().any(|c| is_odd(c) || c.is_whitespace())).then(|| name.to_owned())
    }

    /// The address of a picture, when it can be kept.
    pub(super) fn picture(&self) -> Option<String> {
        let address = self.text("picture")?.trim();
        let fits = address.starts_with("https://") && address.len() <= LONGEST_TEXT && !address.contains(is_odd);
        fits.then(|| address.to_owned())
    }

    /// The person's groups.
    pub(super) fn groups(&self, sync: &GroupSync) -> Claimed {
        let of = |claims: &Map<String, Value>| claimed(&sync.path, &Value::Object(claims.clone()));
        match of(&self.claims) {
            Claimed::Absent => self.userinfo.as_ref().map_or(Claimed::Absent, of),
            said => said,
        }
    }

    fn text(&self, claim: &str) -> Option<&str> {
        let of = |claims: &Map<String, Value>| claims.contains_key(claim);
        let source = if of(&self.claims) { Some(&self.claims) } else { self.userinfo.as_ref() };
        source?.get(claim)?.as_str()
    }
}

/// What stands in lines and names that people read, but must not.
fn is_odd(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}' | '\u{2028}' | '\u{2029}')
}

/// Reads a `JSONPath`, or says at which character it goes wrong.
pub(super) fn parse(path: &str) -> Result<JsonPath, String> {
    JsonPath::parse(path)
        .map_err(|error| format!("it goes wrong at character {}: {}", error.position(), error.message()))
}

/// What stands at a path: a list of texts there, or texts that the path picks from a list.
fn claimed(path: &str, value: &Value) -> Claimed {
    let Ok(whole) = parse(path) else { return Claimed::Malformed };
    let found = whole.query(value).all();
    let segments = segments(path);
    match segments.iter().position(|segment| !segment.picks_one) {
        None => found.first().map_or(Claimed::Absent, |found| listed(found)),
        Some(first) => picked(path, value, &found, &segments, first),
    }
}

/// A list as it stands there.
fn listed(value: &Value) -> Claimed {
    match value.as_array() {
        Some(items) => texts(items.iter()),
        None => Claimed::Malformed,
    }
}

fn texts<'a>(mut items: impl Iterator<Item = &'a Value>) -> Claimed {
    let names = items.try_fold(Vec::new(), |mut names, item| {
        names.push(item.as_str()?.to_owned());
        Some(names)
    });
    names.map_or(Claimed::Malformed, Claimed::Names)
}

/// What a path picks that may pick many, from `segments[first]` on. That it picks nothing means an empty list
/// only when the list it picks from is there.
fn picked(path: &str, value: &Value, found: &[&Value], segments: &[Segment], first: usize) -> Claimed {
    if let [one] = found
        && one.is_array()
    {
        return listed(one);
    }
    let upto = |end: usize| parse(path.get(..end).unwrap_or_default()).map(|path| path.query(value).all());
    let Some(segment) = segments.get(first) else { return Claimed::Malformed };
    let start = first.checked_sub(1).and_then(|before| segments.get(before)).map(|before| before.end);
    let from = match start.map(upto) {
        None => vec![value],
        Some(Ok(nodes)) => nodes,
        Some(Err(_)) => return Claimed::Malformed,
    };
    let Ok(items) = upto(segment.end) else { return Claimed::Malformed };
    match from.first() {
        None => Claimed::Absent,
        Some(from) if from.is_array() && items.is_empty() => Claimed::Names(Vec::new()),
        Some(from) if from.is_object() && items.is_empty() => Claimed::Absent,
        // Something was picked, but what should be in it is not: a list with holes is no list of names.
        _ if found.is_empty() => Claimed::Malformed,
        _ => {
            let rest_picks_one = segments.iter().skip(first + 1).all(|segment| segment.picks_one);
            if rest_picks_one && found.len() != items.len() { Claimed::Malformed } else { texts(found.iter().copied()) }
        }
    }
}

/// A step of a path.
struct Segment {
    /// Where it ends in the text.
    end: usize,
    /// Whether it picks one thing at most.
    picks_one: bool,
}

/// The steps of a sound path (RFC 9535).
fn segments(path: &str) -> Vec<Segment> {
    let bytes = path.as_bytes();
    let mut all = Vec::new();
    let mut at = path.find('$').map_or(0, |root| root + 1);
    while at < bytes.len() {
        let start = at + bytes[at..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        let is_deep = bytes[start..].starts_with(b"..");
        let from = start + if is_deep { 2 } else { usize::from(bytes.get(start) == Some(&b'.')) };
        let end = if bytes.get(from) == Some(&b'[') { bracket_end(bytes, from) } else { word_end(bytes, from) };
        if end <= start {
            break;
        }
        let text = path.get(from..end).unwrap_or_default();
        all.push(Segment { end, picks_one: !is_deep && picks_one(text) });
        at = end;
    }
    all
}

fn word_end(bytes: &[u8], from: usize) -> usize {
    let inside = |byte: &&u8| !matches!(byte, b'.' | b'[') && !byte.is_ascii_whitespace();
    from + bytes.get(from..).unwrap_or_default().iter().take_while(inside).count()
}

/// Where a bracket closes, whatever stands in quotes and in brackets within it.
fn bracket_end(bytes: &[u8], from: usize) -> usize {
    let (mut depth, mut quote, mut escaped) = (0_usize, None, false);
    for (index, byte) in bytes.iter().enumerate().skip(from) {
        match (quote, byte) {
            (Some(_), _) if escaped => escaped = false,
            (Some(_), b'\\') => escaped = true,
            (Some(open), byte) if open == *byte => quote = None,
            (None, b'\'' | b'"') => quote = Some(*byte),
            (None, b'[') => depth += 1,
            (None, b']') => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return index + 1;
        }
    }
    bytes.len()
}

/// Whether a step is a name or a place in a list.
fn picks_one(step: &str) -> bool {
    let Some(inner) = step.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) else { return step != "*" };
    let inner = inner.trim();
    if inner.parse::<i64>().is_ok() {
        return true;
    }
    let quote = inner.chars().next().filter(|quote| matches!(quote, '\'' | '"'));
    let Some(rest) = quote.and_then(|quote| inner.get(1..).map(|rest| (quote, rest))) else { return false };
    let (quote, rest) = rest;
    let mut escaped = false;
    let closes = rest.char_indices().find(|(_, c)| {
        let closes = !escaped && *c == quote;
        escaped = !escaped && *c == '\\';
        closes
    });
    closes.is_some_and(|(at, _)| at + 1 == rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn names(names: &[&str]) -> Claimed {
        Claimed::Names(names.iter().map(|&name| name.to_owned()).collect())
    }

    fn arrival(claims: &Value, userinfo: Option<&Value>) -> Arrival {
        let map = |value: &Value| value.as_object().unwrap().clone();
        Arrival { claims: map(claims), userinfo: userinfo.map(map), ..Arrival::default() }
    }

    #[test]
    fn absent_malformed_and_empty_are_three_things() {
        let cases = [
            ("$.groups", json!({"groups": ["a", "b"]}), names(&["a", "b"])),
            ("$.groups", json!({"groups": []}), names(&[])),
            ("$.groups", json!({}), Claimed::Absent),
            ("$.groups", json!({"groups": null}), Claimed::Malformed),
            ("$.groups", json!({"groups": "a"}), Claimed::Malformed),
            ("$.groups", json!({"groups": {"a": true}}), Claimed::Malformed),
            ("$.groups", json!({"groups": ["a", 7]}), Claimed::Malformed),
            ("$.groups", json!({"groups": ["a", null]}), Claimed::Malformed),
            ("$['https://example.com/groups']", json!({"https://example.com/groups": ["a"]}), names(&["a"])),
            ("$.realm_access.roles", json!({"realm_access": {"roles": ["a"]}}), names(&["a"])),
            ("$.realm_access.roles", json!({"realm_access": {}}), Claimed::Absent),
            ("$.lists[0]", json!({"lists": [["a"]]}), names(&["a"])),
        ];
        for (path, claims, expected) in cases {
            assert_eq!(claimed(path, &claims), expected, "{path} in {claims}");
        }
    }

    #[test]
    fn a_path_may_pick_the_names_out_of_a_list() {
        let cases = [
            ("$.groups[*].name", json!({"groups": [{"name": "a"}, {"name": "b"}]}), names(&["a", "b"])),
            ("$.groups[*].name", json!({"groups": [{"name": "a"}]}), names(&["a"])),
            ("$.groups[*].name", json!({"groups": []}), names(&[])),
            ("$.groups[*].name", json!({}), Claimed::Absent),
            ("$.groups[*].name", json!({"groups": [{"id": 1}]}), Claimed::Malformed),
            ("$.groups[*].name", json!({"groups": [{"name": "a"}, {"id": 1}]}), Claimed::Malformed),
            ("$.groups[*].name", json!({"groups": [{"name": 1}]}), Claimed::Malformed),
            ("$.groups[*].name", json!({"groups": "a"}), Claimed::Malformed),
            ("$.groups[*]", json!({"groups": ["a", "b"]}), names(&["a", "b"])),
            (
                "$.groups[?@.kind == 'team'].name",
                json!({"groups": [{"kind": "team", "name": "a"}, {"kind": "role", "name": "b"}]}),
                names(&["a"]),
            ),
            ("$.groups[?@.kind == 'team'].name", json!({"groups": [{"kind": "role", "name": "b"}]}), names(&[])),
            ("$.groups[?@ == 'a]\\'b'].name", json!({"groups": []}), names(&[])),
            ("$..groups", json!({"a": {"groups": ["a"]}}), names(&["a"])),
            ("$..groups", json!({"a": 1}), Claimed::Absent),
            ("$[*]", json!({"sub": "x", "exp": 7}), Claimed::Malformed),
        ];
        for (path, claims, expected) in cases {
            assert_eq!(claimed(path, &claims), expected, "{path} in {claims}");
        }
    }

    #[test]
    fn a_path_that_cannot_be_read_says_where() {
        let said = parse("$.groups[").unwrap_err();
        assert!(said.contains("at character 8") || said.contains("at character 9"), "{said}");
        assert!(parse("groups").is_err());
    }

    #[test]
    fn groups_of_the_userinfo_endpoint_count_when_the_token_is_silent() {
        let sync = GroupSync { enabled: true, path: "$.groups".into(), add_groups_scope: false };
        let groups = |claims: Value, userinfo: Value| arrival(&claims, Some(&userinfo)).groups(&sync);
        assert_eq!(groups(json!({}), json!({"groups": ["a"]})), names(&["a"]));
        assert_eq!(groups(json!({"groups": []}), json!({"groups": ["a"]})), names(&[]));
        assert_eq!(groups(json!({"groups": 7}), json!({"groups": ["a"]})), Claimed::Malformed);
    }

    #[test]
    fn one_address_does_not_verify_another() {
        let address = |claims: Value, userinfo: Value| arrival(&claims, Some(&userinfo)).address().unwrap();
        let verified = json!({"email": "A@example.com", "email_verified": true});
        assert!(address(json!({}), verified.clone()).is_verified);
        assert_eq!(address(json!({}), verified.clone()).text, "a@example.com");
        assert!(address(json!({"email": "a@example.com"}), verified.clone()).is_verified);
        assert!(!address(json!({"email": "b@example.com"}), verified.clone()).is_verified);
        assert!(!address(json!({"email": "a@example.com", "email_verified": false}), verified.clone()).is_verified);
        for odd in [json!("true"), json!(1), json!(null)] {
            assert!(!address(json!({"email": "a@example.com", "email_verified": odd}), json!({})).is_verified);
        }
    }

    #[test]
    fn a_name_is_one_line_and_a_username_is_no_address() {
        let name = |name: &str| arrival(&json!({"name": name}), None).name();
        assert_eq!(name(" Grace\n\u{202E} Hopper ").as_deref(), Some("Grace Hopper"));
        assert_eq!(name("\u{7}"), None);
        assert_eq!(name(&"é".repeat(300)).map(|name| name.chars().count()), Some(200));
        let username = |name: &str| arrival(&json!({"preferred_username": name}), None).username();
        assert_eq!(username("grace").as_deref(), Some("grace"));
        assert_eq!(username("grace@example.com"), None);
        assert_eq!(username("a b"), None);
    }
}
