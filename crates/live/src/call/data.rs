//! Data that people attach to a call (contract genesys-voice §5.4, OC-23).

use crate::Refused;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, btree_map};

/// How much one call keeps: keys and values as JSON, in bytes. Whoever attaches a bit more with each request would
/// otherwise fill the memory, and every message about the call carries all of it.
const MOST_BYTES: usize = 256 * 1024;
/// How many values one call keeps. Older values of a key count, for they are kept.
const MOST_VALUES: usize = 1_000;

/// Values by key; the newest of a key last (OC-23). Never more than the limits.
#[derive(Clone, Debug, Default)]
pub(crate) struct CallData {
    values: BTreeMap<String, Vec<Value>>,
    count: usize,
    bytes: usize,
    /// It has changed since somebody asked.
    changed: bool,
}

fn size(key: &str, value: &Value) -> usize {
    key.len().saturating_add(value.to_string().len())
}

impl CallData {
    /// The data of a call that begins.
    pub(crate) fn new(data: Map<String, Value>) -> Result<Self, Refused> {
        let mut kept = Self::default();
        kept.attach(data)?;
        Ok(kept)
    }

    /// All values by key.
    pub(crate) fn iter(&self) -> btree_map::Iter<'_, String, Vec<Value>> {
        self.values.iter()
    }

    /// Adds all of it, or nothing when that would be too much.
    pub(crate) fn attach(&mut self, data: Map<String, Value>) -> Result<(), Refused> {
        self.make_room(&data, (0, 0))?;
        self.changed |= !data.is_empty();
        for (key, value) in data {
            self.values.entry(key).or_default().push(value);
        }
        Ok(())
    }

    /// Puts all of it in the place of what is there by the same keys, or nothing when that would be too much.
    pub(crate) fn update(&mut self, data: Map<String, Value>) -> Result<(), Refused> {
        let (mut count, mut bytes) = (0_usize, 0_usize);
        for key in data.keys() {
            let (values, size) = self.weight(key);
            count += values;
            bytes += size;
        }
        self.make_room(&data, (count, bytes))?;
        self.changed |= !data.is_empty();
        self.values.extend(data.into_iter().map(|(key, value)| (key, vec![value])));
        Ok(())
    }

    /// Forgets a key.
    pub(crate) fn remove(&mut self, key: &str) {
        let (count, bytes) = self.weight(key);
        self.count = self.count.saturating_sub(count);
        self.bytes = self.bytes.saturating_sub(bytes);
        self.changed |= self.values.remove(key).is_some();
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        *self = Self { changed: self.changed || !self.values.is_empty(), ..Self::default() };
    }

    /// The newest value of each key, if anything has changed since this was asked last.
    pub(crate) fn news(&mut self) -> Option<Map<String, Value>> {
        let newest = |(key, values): (&String, &Vec<Value>)| Some((key.clone(), values.last()?.clone()));
        std::mem::take(&mut self.changed).then(|| self.values.iter().filter_map(newest).collect())
    }

    /// How many values, and how many bytes, are kept by a key.
    fn weight(&self, key: &str) -> (usize, usize) {
        let values = self.values.get(key).map(Vec::as_slice).unwrap_or_default();
        (values.len(), values.iter().map(|value| size(key, value)).sum())
    }

    /// Counts what is about to come, and what is about to go for it.
    fn make_room(&mut self, coming: &Map<String, Value>, going: (usize, usize)) -> Result<(), Refused> {
        let come: usize = coming.iter().map(|(key, value)| size(key, value)).sum();
        let count = self.count.saturating_sub(going.0).saturating_add(coming.len());
        let bytes = self.bytes.saturating_sub(going.1).saturating_add(come);
        if count > MOST_VALUES || bytes > MOST_BYTES {
            return Err(Refused::NotNow(
                "the call has as much data as it may have: 1,000 values or 256 KiB; delete some first",
            ));
        }
        (self.count, self.bytes) = (count, bytes);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn of(pairs: &[(u8, u8)]) -> Map<String, Value> {
        pairs
            .iter()
            .map(|(key, value)| (format!("k{}", key % 5), json!("x".repeat((*value).into()))))
            .collect()
    }

    proptest! {
        // The two numbers are kept beside the values, and must never drift away from them.
        #[test]
        fn what_is_counted_is_what_is_there(
            steps in proptest::collection::vec((0..4_u8, proptest::collection::vec(any::<(u8, u8)>(), 0..6)), 0..40)
        ) {
            let mut kept = CallData::default();
            for (what, pairs) in steps {
                match what {
                    0 => kept.attach(of(&pairs)).unwrap(),
                    1 => kept.update(of(&pairs)).unwrap(),
                    2 => kept.remove(&format!("k{}", pairs.len())),
                    _ if pairs.len() == 5 => kept.clear(),
                    _ => {}
                }
                let all = || kept.iter().flat_map(|(key, values)| values.iter().map(move |value| (key, value)));
                prop_assert_eq!(kept.count, all().count());
                prop_assert_eq!(kept.bytes, all().map(|(key, value)| size(key, value)).sum::<usize>());
            }
        }
    }
}
