//! Things that turn out to be one: from which instant on two ids mean the same.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use touchline_model::Timestamp;

/// The beginning of time: an id has always meant itself.
const ALWAYS: Timestamp = Timestamp::from_micros(i64::MIN);

/// Which id went into which, and when. An id goes only once: the first merger counts.
#[derive(Debug)]
pub(super) struct Mergers<'a, T> {
    into: HashMap<&'a T, (Timestamp, &'a T)>,
    /// Every id that was ever part of a merger.
    involved: HashSet<&'a T>,
}

impl<T> Default for Mergers<'_, T> {
    fn default() -> Self {
        Self { into: HashMap::new(), involved: HashSet::new() }
    }
}

impl<'a, T: Hash + Eq> Mergers<'a, T> {
    /// `gone` became part of `stays` at that instant.
    pub(super) fn add(&mut self, at: Timestamp, gone: &'a T, stays: &'a T) {
        self.into.entry(gone).or_insert((at, stays));
        self.involved.extend([gone, stays]);
    }

    /// Whether nothing was ever merged.
    pub(super) fn is_empty(&self) -> bool {
        self.into.is_empty()
    }

    /// What an id has meant, from when on; never empty. A circle is followed once.
    fn meanings(&self, id: &'a T) -> Vec<(Timestamp, &'a T)> {
        let mut meanings = vec![(ALWAYS, id)];
        let (mut seen, mut now, mut since) = (HashSet::from([id]), id, ALWAYS);
        while let Some((at, next)) = self.into.get(now) {
            if !seen.insert(next) {
                break;
            }
            (now, since) = (next, since.max(*at));
            meanings.push((since, now));
        }
        meanings
    }

    /// From when on the two mean the same; `None` when they never do.
    pub(super) fn same_since(&self, one: &'a T, other: &'a T) -> Option<Timestamp> {
        if one == other {
            return Some(ALWAYS);
        }
        if self.is_empty() {
            return None;
        }
        let others: HashMap<&T, Timestamp> =
            self.meanings(other).into_iter().map(|(since, id)| (id, since)).collect();
        let both = |(since, id): (Timestamp, &T)| others.get(id).map(|other| since.max(*other));
        self.meanings(one).into_iter().filter_map(both).min()
    }

    /// Itself, and every id that at some time means the same, with the instant from which on it does.
    pub(super) fn kin(&self, id: &'a T) -> Vec<(&'a T, Timestamp)> {
        if !self.involved.contains(id) {
            return vec![(id, ALWAYS)];
        }
        let same = |other: &&'a T| self.same_since(id, other).map(|since| (*other, since));
        self.involved.iter().filter_map(same).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(micros: i64) -> Timestamp {
        Timestamp::from_micros(micros)
    }

    #[test]
    fn two_ids_mean_the_same_from_the_later_of_their_mergers_on() {
        let mut mergers = Mergers::default();
        mergers.add(at(10), &"a", &"c");
        mergers.add(at(20), &"b", &"c");
        mergers.add(at(5), &"c", &"d");
        assert_eq!(mergers.same_since(&"a", &"b"), Some(at(20)));
        assert_eq!(mergers.same_since(&"a", &"c"), Some(at(10)));
        assert_eq!(mergers.same_since(&"d", &"c"), Some(at(5)));
        assert_eq!(mergers.same_since(&"a", &"e"), None);
        assert_eq!(mergers.same_since(&"e", &"e"), Some(ALWAYS));
    }

    #[test]
    fn a_circle_of_mergers_ends() {
        let mut mergers = Mergers::default();
        mergers.add(at(1), &"a", &"b");
        mergers.add(at(2), &"b", &"a");
        mergers.add(at(9), &"a", &"z");
        assert_eq!(mergers.same_since(&"a", &"b"), Some(at(1)));
        assert_eq!(mergers.same_since(&"a", &"z"), None, "the first merger of an id counts");
    }
}
