//! How many streams of levels each person reads at once: a few windows, not thousands, for each keeps asking who is on the
//! call.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};
use touchline_model::{Caller, TenantId};

/// Streams a person at most.
const MOST: usize = 8;

type Who = (TenantId, String);

/// Who reads how many.
#[derive(Clone, Debug, Default)]
pub(crate) struct Readers(Arc<Mutex<HashMap<Who, usize>>>);

/// A stream that is read, until this is dropped.
pub(super) struct Reading {
    readers: Readers,
    who: Who,
}

impl Readers {
    /// Another stream; `None` where there are enough.
    pub(super) fn begin(&self, caller: &Caller) -> Option<Reading> {
        let who = (caller.tenant.clone(), caller.actor.clone());
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = all.entry(who.clone()).or_default();
        if *count >= MOST {
            return None;
        }
        *count += 1;
        Some(Reading { readers: self.clone(), who })
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        let mut all = self.readers.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = all.get_mut(&self.who) {
            *count -= 1;
            if *count == 0 {
                all.remove(&self.who);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_reads_a_few_at_once_and_another_one_is_not_held_up() {
        let readers = Readers::default();
        let (ana, bob) = (Caller::system("acme".into(), "ana"), Caller::system("acme".into(), "bob"));
        let mut read: Vec<_> = (0..MOST).filter_map(|_| readers.begin(&ana)).collect();
        assert_eq!(read.len(), MOST);
        assert!(readers.begin(&ana).is_none());
        assert!(readers.begin(&bob).is_some());
        read.pop();
        assert!(readers.begin(&ana).is_some());
        drop(read);
        assert!(readers.0.lock().unwrap().is_empty());
    }
}
