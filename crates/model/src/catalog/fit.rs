//! Fits a YAML tree into the catalog's types. What is said when it does not fit is in `misfit.rs`.

use super::misfit::Misfit;
use super::yaml::{Content, Key, Node};
use serde::de::value::{BorrowedStrDeserializer, StrDeserializer};
use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, EnumAccess, Error, IntoDeserializer, MapAccess, SeqAccess, Unexpected,
    VariantAccess, Visitor,
};
use unicode_normalization::UnicodeNormalization;

/// Reads a value of any type from a tree.
pub(super) fn fit<'de, T: Deserialize<'de>>(node: &'de Node) -> Result<T, Misfit> {
    T::deserialize(Fit(node)).map_err(|misfit| misfit.at(node.at))
}

/// A tree as something that types are read from.
struct Fit<'de>(&'de Node);

impl<'de> Fit<'de> {
    /// Text as a catalog keeps it: trimmed and in normal form C.
    fn text<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match &self.0.content {
            Content::Text(text) => visitor.visit_string(text.trim().nfc().collect()),
            _ => self.deserialize_any(visitor),
        }
    }
}

impl<'de> Deserializer<'de> for Fit<'de> {
    type Error = Misfit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match &self.0.content {
            Content::Nothing => visitor.visit_unit(),
            Content::Truth(value) => visitor.visit_bool(*value),
            Content::Whole(value) => visitor.visit_u64(*value),
            Content::Negative(value) => visitor.visit_i64(*value),
            Content::Fraction(value) => visitor.visit_f64(*value),
            Content::Text(value) => visitor.visit_borrowed_str(value),
            Content::List(items) => visitor.visit_seq(Items(items.iter())),
            Content::Mapping(entries) => visitor.visit_map(Entries::new(entries, true)),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        self.text(visitor)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        self.text(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match &self.0.content {
            Content::Nothing => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        match &self.0.content {
            Content::Mapping(entries) => visitor.visit_map(Entries::new(entries, false)),
            // A struct without keys is not written as a list; only a permit takes text.
            Content::List(_) => Err(Misfit::invalid_type(Unexpected::Seq, &visitor)),
            _ => self.text(visitor),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        known: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        match &self.0.content {
            Content::Text(text) => visitor.visit_enum(Variant { name: text, value: None }),
            Content::Mapping(entries) => match entries.as_slice() {
                [(key, value)] => visitor
                    .visit_enum(Variant { name: &key.name, value: Some(value) })
                    .map_err(|misfit| misfit.at(key.at)),
                _ => Err(Misfit::custom(format!("exactly one key stands here: {}", known.join(" or ")))),
            },
            _ => Err(Misfit::custom(format!("this must be one of {}", known.join(", ")))),
        }
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char bytes byte_buf unit unit_struct
        seq tuple tuple_struct map identifier ignored_any
    }
}

struct Items<'de>(std::slice::Iter<'de, Node>);

impl<'de> SeqAccess<'de> for Items<'de> {
    type Error = Misfit;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Misfit> {
        let Some(item) = self.0.next() else {
            return Ok(None);
        };
        seed.deserialize(Fit(item)).map(Some).map_err(|misfit| misfit.at(item.at))
    }
}

struct Entries<'de> {
    rest: std::slice::Iter<'de, (Key, Node)>,
    value: Option<&'de Node>,
    /// Whether a key without a value means null rather than a mistake.
    nulls: bool,
}

impl<'de> Entries<'de> {
    fn new(entries: &'de [(Key, Node)], nulls: bool) -> Self {
        Entries { rest: entries.iter(), value: None, nulls }
    }
}

impl<'de> MapAccess<'de> for Entries<'de> {
    type Error = Misfit;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Misfit> {
        let Some((key, value)) = self.rest.next() else {
            return Ok(None);
        };
        self.value = Some(value);
        let name: BorrowedStrDeserializer<'de, Misfit> = BorrowedStrDeserializer::new(&key.name);
        let name = seed.deserialize(name).map_err(|misfit| misfit.at(key.at))?;
        // `project:` with nothing behind it must not come to mean all projects.
        if !self.nulls && matches!(value.content, Content::Nothing) {
            let message = format!("\"{}\" has no value; give one or leave the key out", key.name);
            return Err(Misfit { position: Some(key.at), message });
        }
        Ok(Some(name))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Misfit> {
        let Some(value) = self.value.take() else {
            return Err(Misfit::custom("a value was asked for before its key"));
        };
        seed.deserialize(Fit(value)).map_err(|misfit| misfit.at(value.at))
    }
}

/// A word out of several, perhaps with a value.
struct Variant<'de> {
    name: &'de str,
    value: Option<&'de Node>,
}

impl<'de> EnumAccess<'de> for Variant<'de> {
    type Error = Misfit;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Misfit> {
        let name: StrDeserializer<'_, Misfit> = self.name.into_deserializer();
        Ok((seed.deserialize(name)?, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'de> {
    type Error = Misfit;

    fn unit_variant(self) -> Result<(), Misfit> {
        match self.value {
            None => Ok(()),
            Some(_) => Err(Misfit::custom(format!("\"{}\" takes no value", self.name))),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Misfit> {
        match self.value {
            Some(value) => seed.deserialize(Fit(value)).map_err(|misfit| misfit.at(value.at)),
            None => Err(Misfit::custom(format!("\"{}\" needs a value", self.name))),
        }
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Misfit> {
        Err(Misfit::invalid_type(Unexpected::TupleVariant, &visitor))
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], visitor: V) -> Result<V::Value, Misfit> {
        Err(Misfit::invalid_type(Unexpected::StructVariant, &visitor))
    }
}
