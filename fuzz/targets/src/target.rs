//! The targets, a file for each crate whose parsers they try.

pub(crate) mod authzen;
mod house;
pub(crate) mod log;
pub(crate) mod model;
pub(crate) mod rest;
pub(crate) mod scim;
pub(crate) mod server;

/// Bytes as text, as a parser of text meets them: what is not UTF-8 is replaced.
fn text(data: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(data)
}
