//! A map that forgets what was not touched for longest.

use std::{
    collections::{BTreeMap, HashMap},
    hash::Hash,
};

/// At most so many entries; the least recently touched goes first.
#[derive(Debug)]
pub(crate) struct Lru<K, V> {
    most: usize,
    tick: u64,
    entries: HashMap<K, (u64, V)>,
    order: BTreeMap<u64, K>,
}

impl<K: Clone + Eq + Hash, V> Lru<K, V> {
    pub(crate) fn new(most: usize) -> Self {
        Self { most: most.max(1), tick: 0, entries: HashMap::new(), order: BTreeMap::new() }
    }

    /// The entry of that key, made if there is none; it counts as touched now. Also what had to go for it.
    pub(crate) fn touch(&mut self, key: &K, make: impl FnOnce() -> V) -> (&mut V, Option<V>) {
        self.tick += 1;
        let mut gone = None;
        if !self.entries.contains_key(key)
            && self.entries.len() >= self.most
            && let Some((_, oldest)) = self.order.pop_first()
        {
            gone = self.entries.remove(&oldest).map(|(_, value)| value);
        }
        let tick = self.tick;
        self.order.insert(tick, key.clone());
        let entry = self.entries.entry(key.clone()).or_insert_with(|| (tick, make()));
        if entry.0 != tick {
            self.order.remove(&std::mem::replace(&mut entry.0, tick));
        }
        (&mut entry.1, gone)
    }

    /// The entry of that key; it does not count as touched.
    pub(crate) fn peek(&self, key: &K) -> Option<&V> {
        self.entries.get(key).map(|(_, value)| value)
    }

    pub(crate) fn remove(&mut self, key: &K) -> Option<V> {
        let (tick, value) = self.entries.remove(key)?;
        self.order.remove(&tick);
        Some(value)
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_recently_touched_entry_makes_room() {
        let mut lru = Lru::new(2);
        for (key, gone) in [("a", None), ("b", None), ("a", None), ("c", Some(1))] {
            let (entry, evicted) = lru.touch(&key, || 0);
            *entry += 1;
            assert_eq!(evicted, gone, "{key}");
        }
        assert_eq!(
            (lru.peek(&"a"), lru.peek(&"b"), lru.peek(&"c"), lru.len()),
            (Some(&2), None, Some(&1), 2)
        );
        assert_eq!((lru.remove(&"a"), lru.len(), lru.order.len()), (Some(2), 1, 1));
    }
}
