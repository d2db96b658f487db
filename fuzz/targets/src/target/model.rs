//! Names, identifiers, ids, times and the catalog.

use super::text;
use rolecall_model::Timestamp;
use rolecall_model::catalog::Catalog;
use rolecall_model::id::{GroupSubject, OrganizationId, TokenKey};
use rolecall_model::name::{parse_name, parse_text};
use rolecall_model::principal::{Subject, parse_identifiers};
use std::fmt::Display;
use std::str::FromStr;

/// A name that is kept is kept as it is: parsing it again changes nothing.
pub(crate) fn name(data: &[u8]) {
    let raw = text(data);
    if let Ok(name) = parse_name(&raw, "name") {
        assert_eq!(parse_name(&name, "name").ok(), Some(name));
    }
    for longest in [0, 10, 2_000] {
        if let Ok(kept) = parse_text(&raw, "text", longest) {
            assert!(kept.chars().count() <= longest);
        }
    }
}

/// Identifiers that are kept are kept as they are. Lines are email, username, external id and client id.
pub(crate) fn identifier(data: &[u8]) {
    let raw = text(data);
    let mut lines = raw.split('\n').map(Some).chain(std::iter::repeat(None));
    let mut line = || lines.next().flatten().filter(|line| !line.is_empty());
    let Ok(kept) = parse_identifiers(line(), line(), line(), line()) else {
        return;
    };
    let again = parse_identifiers(
        kept.email.as_deref(),
        kept.username.as_deref(),
        kept.external_id.as_deref(),
        kept.client_id.as_deref(),
    );
    assert_eq!(again.ok(), Some(kept));
}

/// Opaque ids are read as they are shown.
pub(crate) fn id(data: &[u8]) {
    shown_as_read::<OrganizationId>(&text(data));
    shown_as_read::<GroupSubject>(&text(data));
    shown_as_read::<TokenKey>(&text(data));
    shown_as_read::<Subject>(&text(data));
}

/// Instants are read as they are shown.
pub(crate) fn time(data: &[u8]) {
    shown_as_read::<Timestamp>(&text(data));
}

fn shown_as_read<T: FromStr + Display + PartialEq>(raw: &str) {
    if let Ok(read) = raw.parse::<T>() {
        let again = read.to_string().parse::<T>();
        assert!(again.is_ok_and(|again| again == read), "{raw:?} is read as {read}, which is read otherwise");
    }
}

/// A catalog that is accepted reads back the same from the log, and an error points into the file.
pub(crate) fn catalog(data: &[u8]) {
    let raw = text(data);
    match Catalog::read(&raw) {
        Ok(catalog) => {
            let logged = serde_json::to_string(&catalog).unwrap_or_default();
            assert_eq!(serde_json::from_str::<Catalog>(&logged).ok(), Some(catalog));
        }
        Err(error) => assert!(error.line > 0 && error.column > 0 && !error.message.is_empty(), "{error:?}"),
    }
}
