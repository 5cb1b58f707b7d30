//! A resource as its fields, in the order in which they were written: some of them may be chosen, others added.

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{MapAccess, Visitor},
    ser::SerializeMap,
};
use serde_json::value::{RawValue, to_raw_value};
use std::fmt;

/// Fields in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fields(Vec<(String, Box<RawValue>)>);

impl Fields {
    /// The fields of something that is written as an object. Nothing, if it is not.
    pub(crate) fn of(value: &impl Serialize) -> Self {
        let text = serde_json::to_string(value).unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// The same with one more field.
    #[must_use]
    pub(crate) fn with(mut self, name: &str, value: &impl Serialize) -> Self {
        self.set(name, value);
        self
    }

    /// Adds a field, or replaces it.
    pub(crate) fn set(&mut self, name: &str, value: &impl Serialize) {
        // What we write has string keys and no odd numbers, so this never fails.
        let Ok(value) = to_raw_value(value) else { return };
        match self.0.iter_mut().find(|(found, _)| found == name) {
            Some((_, old)) => *old = value,
            None => self.0.push((name.to_owned(), value)),
        }
    }

    /// The JSON of a field.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(found, _)| found == name).map(|(_, value)| value.get())
    }

    /// Keeps `id` and these; names that are no fields are ignored (OC-06).
    pub(crate) fn keep(&mut self, names: &[&str]) {
        self.0.retain(|(name, _)| name == "id" || names.contains(&name.as_str()));
    }

    /// Whether a field has this value, or a list of them has it, as it would be written without quotes.
    pub(crate) fn matches(&self, name: &str, wanted: &str) -> bool {
        let is = |value: &serde_json::Value| match value {
            serde_json::Value::String(text) => text == wanted,
            other => serde_json::to_string(other).is_ok_and(|text| text == wanted),
        };
        match self.get(name).and_then(|json| serde_json::from_str(json).ok()) {
            Some(serde_json::Value::Array(values)) => values.iter().any(is),
            Some(value) => is(&value),
            None => false,
        }
    }
}

impl Serialize for Fields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Fields;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[derive(Serialize)]
    struct Sample {
        z: u8,
        id: &'static str,
        a: Vec<&'static str>,
    }

    #[test]
    fn fields_keep_their_order_whatever_is_chosen_and_added() {
        let mut fields =
            Fields::of(&Sample { z: 7, id: "x", a: vec!["b", "c"] }).with("m", &json!({ "n": 1 }));
        assert_eq!(serde_json::to_string(&fields).unwrap(), r#"{"z":7,"id":"x","a":["b","c"],"m":{"n":1}}"#);
        assert!(fields.matches("z", "7") && fields.matches("a", "c") && fields.matches("id", "x"));
        assert!(!fields.matches("id", "\"x\"") && !fields.matches("q", ""));
        fields.keep(&["m", "q"]);
        assert_eq!(serde_json::to_string(&fields).unwrap(), r#"{"id":"x","m":{"n":1}}"#);
        assert_eq!(serde_json::to_string(&Fields::of(&7)).unwrap(), "{}");
    }
}
