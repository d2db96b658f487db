//! What a path under `/scim/v2` is about, for requests and for the operations of a bulk alike.

use crate::fault::Fault;
use crate::schema::Type;
use axum::http::Method;

/// What a request is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// All resources of all types.
    Root,
    /// A search sent as a body, among these types.
    Search(Option<Type>),
    /// All resources of a type.
    All(Type),
    /// The resource of this id.
    One(Type, String),
    Bulk,
    Me,
    Provider,
    ResourceTypes(Option<String>),
    Schemas(Option<String>),
}

impl Target {
    /// What a path is about: without the prefix, percent-encoded.
    pub(crate) fn of(path: &str) -> Option<Self> {
        let segments: Vec<String> =
            path.split('/').filter(|segment| !segment.is_empty()).map(decoded).collect::<Option<_>>()?;
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        let kind = |name: &str| Type::ALL.into_iter().find(|kind| kind.endpoint() == name);
        Some(match segments.as_slice() {
            [] => Target::Root,
            [".search"] => Target::Search(None),
            ["Bulk"] => Target::Bulk,
            ["Me"] => Target::Me,
            ["ServiceProviderConfig"] => Target::Provider,
            ["ResourceTypes"] => Target::ResourceTypes(None),
            ["ResourceTypes", name] => Target::ResourceTypes(Some((*name).to_owned())),
            ["Schemas"] => Target::Schemas(None),
            ["Schemas", id] => Target::Schemas(Some((*id).to_owned())),
            [endpoint] => Target::All(kind(endpoint)?),
            [endpoint, ".search"] => Target::Search(Some(kind(endpoint)?)),
            [endpoint, id] => Target::One(kind(endpoint)?, (*id).to_owned()),
            _ => return None,
        })
    }

    /// With which methods it may be asked.
    pub(crate) const fn methods(&self) -> &'static [Method] {
        match self {
            Target::Search(_) | Target::Bulk => &[Method::POST],
            Target::All(_) => &[Method::GET, Method::POST],
            Target::One(..) => &[Method::GET, Method::PUT, Method::PATCH, Method::DELETE],
            Target::Root | Target::Provider | Target::ResourceTypes(_) | Target::Schemas(_) => &[Method::GET],
            Target::Me => &[Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE],
        }
    }

    /// Refuses another method.
    ///
    /// # Errors
    /// 405.
    pub(crate) fn require(&self, method: &Method) -> Result<(), Fault> {
        if self.methods().contains(method) {
            return Ok(());
        }
        let possible: Vec<&str> = self.methods().iter().map(Method::as_str).collect();
        Err(Fault::new(405, format!("{method} is not possible here; {} is", possible.join(", "))))
    }
}

/// A segment without its percent signs; none when that is no text.
fn decoded(segment: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let mut digit = || char::from(rest.next()?).to_digit(16);
            bytes.push(u8::try_from(digit()? * 16 + digit()?).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_leads_where_the_standard_says() {
        for (path, target) in [
            ("", Target::Root),
            ("/", Target::Root),
            ("/Users", Target::All(Type::User)),
            ("/Users/", Target::All(Type::User)),
            ("/Users/usr_1", Target::One(Type::User, "usr_1".to_owned())),
            ("/Groups/%67rp_1", Target::One(Type::Group, "grp_1".to_owned())),
            ("/Groups/.search", Target::Search(Some(Type::Group))),
            ("/.search", Target::Search(None)),
            ("/Schemas/urn:x", Target::Schemas(Some("urn:x".to_owned()))),
            ("/Me", Target::Me),
        ] {
            assert_eq!(Target::of(path), Some(target), "{path}");
        }
        for path in ["/users", "/Odd", "/Users/a/b", "/Users/%ff", "/Users/%4", "/Me/x"] {
            assert_eq!(Target::of(path), None, "{path}");
        }
    }
}
