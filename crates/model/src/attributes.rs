//! Extra attributes: values that a façade must return but the model does not interpret, such as
//! foreign names and numbers.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};
use std::sync::Arc;

/// A map of names to JSON values; shared when copied, nothing when empty.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Attributes(Option<Arc<Map<String, Value>>>);

impl Attributes {
    /// The value of this name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.as_ref()?.get(name)
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// All values by name.
    pub fn iter(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.0.iter().flat_map(|map| map.iter())
    }

    /// The same attributes with those of `patch` put over them; a null takes one away.
    #[must_use]
    pub fn merged(&self, patch: &Map<String, Value>) -> Self {
        let mut map = self.0.as_deref().cloned().unwrap_or_default();
        for (name, value) in patch {
            if value.is_null() {
                map.remove(name);
            } else {
                map.insert(name.clone(), value.clone());
            }
        }
        map.into()
    }
}

impl From<Map<String, Value>> for Attributes {
    fn from(map: Map<String, Value>) -> Self {
        Attributes((!map.is_empty()).then(|| Arc::new(map)))
    }
}

impl Serialize for Attributes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let empty = Map::new();
        let map = self.0.as_deref().unwrap_or(&empty);
        if serializer.is_human_readable() {
            return map.serialize(serializer);
        }
        // A binary format cannot read a value of unknown type back, so it keeps JSON text.
        serializer.serialize_str(&serde_json::to_string(map).map_err(serde::ser::Error::custom)?)
    }
}

impl<'de> Deserialize<'de> for Attributes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            return Option::<Map<String, Value>>::deserialize(deserializer).map(|map| map.unwrap_or_default().into());
        }
        let text = String::deserialize(deserializer)?;
        let map: Map<String, Value> = serde_json::from_str(&text).map_err(serde::de::Error::custom)?;
        Ok(map.into())
    }
}
