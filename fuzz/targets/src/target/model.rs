//! Names, ids, times, scopes.

use super::text;
use rolecall_model::Timestamp;
use rolecall_model::id::{GroupSubject, OrganizationId, TokenKey};
use rolecall_model::name::{parse_name, parse_text};
use std::fmt::Display;
use std::str::FromStr;

/// A name that is kept is kept as it is: parsing it again changes nothing.
pub(crate) fn name(data: &[u8]) {
    if let Ok(name) = parse_name(&text(data), "name") {
        assert_eq!(parse_name(&name, "name").ok(), Some(name));
    }
    for longest in [0, 10, 2_000] {
        if let Ok(kept) = parse_text(&text(data), "text", longest) {
            assert!(kept.chars().count() <= longest);
        }
    }
}

/// Opaque ids are read as they are shown.
pub(crate) fn id(data: &[u8]) {
    shown_as_read::<OrganizationId>(&text(data));
    shown_as_read::<GroupSubject>(&text(data));
    shown_as_read::<TokenKey>(&text(data));
}

/// Instants are read as they are shown.
pub(crate) fn time(data: &[u8]) {
    shown_as_read::<Timestamp>(&text(data));
}

fn shown_as_read<T: FromStr + Display + PartialEq>(raw: &str) {
    if let Ok(read) = raw.parse::<T>() {
        let again = read.to_string().parse::<T>();
        assert!(
            again.is_ok_and(|again| again == read),
            "{raw:?} is read as {read}, and that is read otherwise"
        );
    }
}
