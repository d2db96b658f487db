//! Reading filters and paths, token by token.

use super::{DEEPEST, Filter, LONGEST, Operator, PatchPath};
use crate::attribute_path::AttributePath;
use crate::fault::Fault;
use rolecall_model::refusal::shown;
use serde_json::Value;

#[derive(Clone, Debug, PartialEq)]
enum Token<'a> {
    Open,
    Close,
    OpenBracket,
    CloseBracket,
    Word(&'a str),
    Text(String),
}

impl Token<'_> {
    fn is_word(&self, wanted: &str) -> bool {
        matches!(self, Token::Word(word) if word.eq_ignore_ascii_case(wanted))
    }
}

pub(super) fn filter(text: &str) -> Result<Filter, Fault> {
    let mut reader = Reader::new(text)?;
    let filter = reader.any()?;
    reader.end()?;
    Ok(filter)
}

pub(super) fn path(text: &str) -> Result<PatchPath, Fault> {
    let mut reader = Reader::new(text.trim())?;
    let attribute = match reader.next()? {
        Some(Token::Word(word)) => AttributePath::parse(word)?,
        _ => return Err(reader.wrong("the name of an attribute")),
    };
    let (mut filter, mut part) = (None, None);
    if reader.takes(&Token::OpenBracket)? {
        filter = Some(reader.bracketed()?);
        part = reader.part()?;
    }
    reader.end()?;
    Ok(PatchPath { attribute, filter, part })
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    peeked: Option<(Token<'a>, usize)>,
    depth: usize,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str) -> Result<Self, Fault> {
        if text.len() > LONGEST {
            return Err(Fault::invalid_filter(format!("a filter may have {LONGEST} bytes; make it shorter")));
        }
        Ok(Reader { text, at: 0, peeked: None, depth: 0 })
    }

    /// `or` binds weakest.
    fn any(&mut self) -> Result<Filter, Fault> {
        let mut terms = vec![self.all()?];
        while self.takes_word("or")? {
            terms.push(self.all()?);
        }
        Ok(one_or(terms, Filter::Or))
    }

    fn all(&mut self) -> Result<Filter, Fault> {
        let mut terms = vec![self.term()?];
        while self.takes_word("and")? {
            terms.push(self.term()?);
        }
        Ok(one_or(terms, Filter::And))
    }

    fn term(&mut self) -> Result<Filter, Fault> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(Fault::invalid_filter(format!("a filter may be {DEEPEST} levels deep; make it flatter")));
        }
        let term = match self.next()? {
            Some(Token::Open) => {
                let inner = self.any()?;
                self.expect(&Token::Close, "a closing parenthesis")?;
                inner
            }
            Some(token) if token.is_word("not") => Filter::Not(Box::new(self.term()?)),
            Some(Token::Word(word)) => self.comparison(word)?,
            _ => return Err(self.wrong("the name of an attribute")),
        };
        self.depth -= 1;
        Ok(term)
    }

    fn comparison(&mut self, word: &str) -> Result<Filter, Fault> {
        let path = AttributePath::parse(word).map_err(|fault| fault.worded("invalidFilter"))?;
        if !self.takes(&Token::OpenBracket)? {
            return self.operation(path);
        }
        let inner = self.bracketed()?;
        let Some(part) = self.part()? else { return Ok(Filter::Within(path, Box::new(inner))) };
        // Not in the grammar, yet `emails[type eq "work"].value eq "x"` is what some clients send.
        let compared = self.operation(AttributePath { urn: None, name: part, part: None })?;
        Ok(Filter::Within(path, Box::new(Filter::And(vec![inner, compared]))))
    }

    fn operation(&mut self, path: AttributePath) -> Result<Filter, Fault> {
        let said = "an operator: eq, ne, co, sw, ew, gt, ge, lt, le or pr";
        let Some(Token::Word(word)) = self.next()? else { return Err(self.wrong(said)) };
        if word.eq_ignore_ascii_case("pr") {
            return Ok(Filter::Present(path));
        }
        let Some(operator) = Operator::named(word) else { return Err(self.wrong(said)) };
        let value = match self.next()? {
            Some(Token::Text(text)) => Value::String(text),
            Some(Token::Word(word)) => self.literal(word)?,
            _ => return Err(self.wrong("a value: \"text\" in quotes, a number, true, false or null")),
        };
        Ok(Filter::Compare(path, operator, value))
    }

    fn literal(&self, word: &str) -> Result<Value, Fault> {
        let lower = word.to_ascii_lowercase();
        match serde_json::from_str(&lower) {
            Ok(value @ (Value::Null | Value::Bool(_) | Value::Number(_))) => Ok(value),
            _ => Err(self.wrong("a value: \"text\" in quotes, a number, true, false or null")),
        }
    }

    /// A filter up to its closing bracket, the opening one read already.
    fn bracketed(&mut self) -> Result<Filter, Fault> {
        let inner = self.any()?;
        self.expect(&Token::CloseBracket, "a closing bracket")?;
        Ok(inner)
    }

    /// The part after a closing bracket, such as `.value`.
    fn part(&mut self) -> Result<Option<String>, Fault> {
        let Some(Token::Word(word)) = self.peek()? else { return Ok(None) };
        let Some(part) = word.strip_prefix('.') else { return Ok(None) };
        let path = AttributePath::parse(part).map_err(|fault| fault.worded("invalidFilter"))?;
        self.next()?;
        if path.urn.is_some() || path.part.is_some() {
            return Err(self.wrong("the name of one part"));
        }
        Ok(Some(path.name))
    }

    fn takes_word(&mut self, wanted: &str) -> Result<bool, Fault> {
        let is = self.peek()?.is_some_and(|token| token.is_word(wanted));
        if is {
            self.next()?;
        }
        Ok(is)
    }

    fn takes(&mut self, wanted: &Token<'_>) -> Result<bool, Fault> {
        let is = self.peek()?.is_some_and(|token| token == wanted);
        if is {
            self.next()?;
        }
        Ok(is)
    }

    fn expect(&mut self, wanted: &Token<'_>, words: &str) -> Result<(), Fault> {
        if self.takes(wanted)? {
            return Ok(());
        }
        // What stands there instead is read, so that the message points after it.
        self.next()?;
        Err(self.wrong(words))
    }

    fn end(&mut self) -> Result<(), Fault> {
        match self.next()? {
            None => Ok(()),
            Some(_) => Err(self.wrong("the end, or \"and\" or \"or\"")),
        }
    }

    fn peek(&mut self) -> Result<Option<&Token<'a>>, Fault> {
        if self.peeked.is_none() {
            let before = self.at;
            self.peeked = self.scan()?.map(|token| (token, self.at));
            self.at = before;
        }
        Ok(self.peeked.as_ref().map(|(token, _)| token))
    }

    fn next(&mut self) -> Result<Option<Token<'a>>, Fault> {
        if let Some((token, at)) = self.peeked.take() {
            self.at = at;
            return Ok(Some(token));
        }
        self.scan()
    }

    fn scan(&mut self) -> Result<Option<Token<'a>>, Fault> {
        let rest = &self.text[self.at..];
        let start = rest.len() - rest.trim_start().len();
        let rest = &rest[start..];
        let Some(first) = rest.bytes().next() else { return Ok(None) };
        let single = match first {
            b'(' => Some(Token::Open),
            b')' => Some(Token::Close),
            b'[' => Some(Token::OpenBracket),
            b']' => Some(Token::CloseBracket),
            _ => None,
        };
        if let Some(token) = single {
            self.at += start + 1;
            return Ok(Some(token));
        }
        if first == b'"' {
            let length = quoted(rest).ok_or_else(|| self.wrong("a closing quote"))?;
            let text = serde_json::from_str(&rest[..length]);
            self.at += start + length;
            return text.map(|text| Some(Token::Text(text))).map_err(|_| self.wrong("a text as JSON writes it"));
        }
        let ends = |c: char| c.is_whitespace() || matches!(c, '(' | ')' | '[' | ']' | '"');
        let word = &rest[..rest.find(ends).unwrap_or(rest.len())];
        self.at += start + word.len();
        Ok(Some(Token::Word(word)))
    }

    fn wrong(&self, wanted: &str) -> Fault {
        let before = shown(&self.text[..self.at]);
        Fault::invalid_filter(format!("there must be {wanted}, and this is read so far: `{before}`"))
    }
}

/// Bytes of the quoted text at the beginning, its quotes too.
fn quoted(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some(at + 1),
            _ => {}
        }
    }
    None
}

fn one_or(mut terms: Vec<Filter>, many: fn(Vec<Filter>) -> Filter) -> Filter {
    match terms.pop() {
        Some(only) if terms.is_empty() => only,
        Some(last) => {
            terms.push(last);
            many(terms)
        }
        None => many(terms),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> AttributePath {
        AttributePath::parse(name).unwrap()
    }

    fn equal(name: &str, value: &str) -> Filter {
        Filter::Compare(named(name), Operator::Equal, value.into())
    }

    #[test]
    fn and_binds_closer_than_or_and_not_closest() {
        let read = filter("a eq \"1\" or b eq \"2\" and not (c eq \"3\")").unwrap();
        let right = Filter::And(vec![equal("b", "2"), Filter::Not(Box::new(equal("c", "3")))]);
        assert_eq!(read, Filter::Or(vec![equal("a", "1"), right]));
        let grouped = filter("(a eq \"1\" OR b Eq \"2\") AND c PR").unwrap();
        let left = Filter::Or(vec![equal("a", "1"), equal("b", "2")]);
        assert_eq!(grouped, Filter::And(vec![left, Filter::Present(named("c"))]));
    }

    #[test]
    fn values_are_texts_numbers_flags_and_null() {
        for (written, value) in [
            ("\"a \\\"b\\\" \\u00e9\"", Value::from("a \"b\" é")),
            ("7", 7.into()),
            ("-1.5", (-1.5).into()),
            ("True", true.into()),
            ("false", false.into()),
            ("NULL", Value::Null),
        ] {
            let read = filter(&format!("a eq {written}")).unwrap();
            assert_eq!(read, Filter::Compare(named("a"), Operator::Equal, value), "{written}");
        }
    }

    #[test]
    fn a_filter_on_parts_stands_in_brackets() {
        let read = filter("emails[type eq \"work\" and value eq \"x\"]").unwrap();
        let inner = Filter::And(vec![equal("type", "work"), equal("value", "x")]);
        assert_eq!(read, Filter::Within(named("emails"), Box::new(inner.clone())));
        // As Entra writes it.
        assert_eq!(filter("emails[type eq \"work\"].value eq \"x\"").unwrap(), read);
    }

    #[test]
    fn a_path_may_select_values_and_name_a_part_of_them() {
        let read = path("urn:ietf:params:scim:schemas:core:2.0:User:emails[type eq \"work\"].value").unwrap();
        assert_eq!(read.attribute.name, "emails");
        assert_eq!((read.filter, read.part.as_deref()), (Some(equal("type", "work")), Some("value")));
        let plain = path("name.givenName").unwrap();
        assert_eq!((plain.attribute, plain.filter, plain.part), (named("name.givenName"), None, None));
    }

    #[test]
    fn what_cannot_be_read_is_refused_and_says_where() {
        for text in [
            "",
            "a",
            "a eq",
            "a is \"b\"",
            "a eq b",
            "a eq \"b",
            "a eq \"b\" c",
            "(a pr",
            "a pr)",
            "not",
            "e[a pr",
            "e[]",
            "a eq \"b\" and",
            "or a pr",
            "a pr or or b pr",
            "a eq {}",
            "e[a pr].b",
            "e[a pr].b.c eq 1",
            "a eq \"\\x\"",
        ] {
            let fault = filter(text).unwrap_err();
            assert_eq!((fault.status, fault.word), (400, Some("invalidFilter")), "{text}");
        }
        for text in ["", "[a pr]", "e[a pr", "e[a pr].b c", "a b", "e[a pr].b.c", "e[a is 1]"] {
            assert_eq!(PatchPath::parse(text).unwrap_err().word, Some("invalidPath"), "{text}");
        }
        assert!(filter("a pr and b eq c").unwrap_err().detail.ends_with("`a pr and b eq c`"));
    }

    #[test]
    fn what_is_too_deep_or_too_long_is_refused_and_what_is_long_is_not() {
        let deep = |depth: usize| format!("{}a pr{}", "(".repeat(depth), ")".repeat(depth));
        assert!(filter(&deep(DEEPEST - 1)).is_ok() && filter(&deep(DEEPEST)).is_err());
        assert!(filter(&format!("{}(a pr)", "not ".repeat(100))).is_err());
        assert!(filter(&vec!["a pr"; 700].join(" or ")).is_ok());
        assert!(filter(&vec!["a pr"; 2_000].join(" or ")).is_err());
    }
}
