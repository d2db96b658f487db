//! Our own API: paths, queries, bodies and page tokens.

use super::house::House;
use crate::Parser;

/// Whole requests: the first line is method and path, the rest is the body. Changes are only tried, so that what fails
/// fails again alone.
pub(crate) fn requests() -> Parser {
    let house = House::new(|service| rolecall_rest::router(service).0);
    Box::new(move |data| house.send(data, "dry_run=true"))
}
