//! Who subscribes to what.

use crate::{
    channel::{Channel, Pattern, each_pattern},
    ids::SessionKey,
};
use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

/// Subscribers by realm and pattern.
#[derive(Debug, Default)]
pub(super) struct Index {
    realms: HashMap<Arc<str>, HashMap<Arc<str>, BTreeSet<SessionKey>>>,
    len: usize,
}

impl Index {
    /// Pairs of a session and a pattern.
    pub(super) const fn len(&self) -> usize {
        self.len
    }

    /// Adds a pair; gives the pattern back in the copy that all its subscribers share.
    pub(super) fn add(&mut self, realm: &Arc<str>, pattern: Pattern, key: SessionKey) -> Pattern {
        let patterns = self.realms.entry(Arc::clone(realm)).or_default();
        let shared = match patterns.get_key_value(pattern.as_str()) {
            Some((shared, _)) => pattern.sharing(shared),
            None => pattern,
        };
        let subscribers = patterns.entry(Arc::clone(shared.shared())).or_default();
        self.len += usize::from(subscribers.insert(key));
        shared
    }

    /// Removes a pair; a pattern without subscribers is forgotten.
    pub(super) fn remove(&mut self, realm: &Arc<str>, pattern: &Pattern, key: SessionKey) {
        let Some(patterns) = self.realms.get_mut(realm) else { return };
        if let Some(subscribers) = patterns.get_mut(pattern.as_str()) {
            self.len -= usize::from(subscribers.remove(&key));
            if subscribers.is_empty() {
                patterns.remove(pattern.as_str());
            }
        }
        if patterns.is_empty() {
            self.realms.remove(realm);
        }
    }

    /// Adds all sessions of a realm that subscribe to a channel, each once (S2.1), oldest first.
    pub(super) fn subscribers(&self, realm: &str, channel: &Channel, into: &mut Vec<SessionKey>) {
        let Some(patterns) = self.realms.get(realm) else { return };
        let mut found = 0;
        each_pattern(channel, |pattern| {
            if let Some(subscribers) = patterns.get(pattern) {
                into.extend(subscribers);
                found += 1;
            }
        });
        if found > 1 {
            into.sort_unstable();
            into.dedup();
        }
    }
}
