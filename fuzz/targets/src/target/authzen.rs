//! `AuthZEN`: bodies of questions, batches and searches, and the page tokens in them.

use super::house::House;
use crate::Parser;

/// Whole requests: the first line is method and path, the rest is the body.
pub(crate) fn requests() -> Parser {
    let house =
        House::new(|service| rolecall_authzen::router(service, "https://rbac.example.com").0);
    Box::new(move |data| house.send(data, ""))
}
