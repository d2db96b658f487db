//! Two ways to write a permit: the action's name alone, or a mapping that narrows it.

use super::CatalogPermit;
use crate::name::Text;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// A permit written out.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Long {
    action: Text,
    #[serde(default)]
    project: Option<Text>,
    #[serde(default)]
    environment: Option<Text>,
}

impl From<Long> for CatalogPermit {
    fn from(long: Long) -> Self {
        let Long { action, project, environment } = long;
        CatalogPermit { action, project, environment }
    }
}

impl<'de> Deserialize<'de> for CatalogPermit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Asked for as a struct, not as anything: binary formats can tell no other way.
        let fields = &["action", "project", "environment"];
        deserializer.deserialize_struct("CatalogPermit", fields, PermitVisitor)
    }
}

struct PermitVisitor;

impl<'de> Visitor<'de> for PermitVisitor {
    type Value = CatalogPermit;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a permit")
    }

    fn visit_str<E: Error>(self, action: &str) -> Result<CatalogPermit, E> {
        Ok(CatalogPermit { action: Text::from(action), project: None, environment: None })
    }

    fn visit_map<A: MapAccess<'de>>(self, access: A) -> Result<CatalogPermit, A::Error> {
        Long::deserialize(MapAccessDeserializer::new(access)).map(Into::into)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, access: A) -> Result<CatalogPermit, A::Error> {
        Long::deserialize(SeqAccessDeserializer::new(access)).map(Into::into)
    }
}
