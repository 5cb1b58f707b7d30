//! Addresses that open nothing rest like those that do: otherwise five wrong passwords would tell who has a log-in.

use sha2::{Digest, Sha256};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};
use touchline_model::Timestamp;

/// Addresses that are remembered at most; beyond them a new one never rests.
const MOST: usize = 10_000;
/// An address that nobody has tried for so many seconds may be forgotten.
const FORGET_SECS: i64 = 86_400;

struct Stranger {
    attempts: i64,
    until: Option<Timestamp>,
    last: Timestamp,
}

/// Attempts at addresses without a log-in, as this node has seen them since it started. Addresses are kept as hashes.
#[derive(Default)]
pub(crate) struct Strangers(Mutex<HashMap<[u8; 32], Stranger>>);

impl Strangers {
    /// Counts an attempt; `rest_after` says for how many seconds the address rests after so many of them. The error is
    /// until when it rests already.
    pub(super) fn attempt(
        &self,
        email: &str,
        now: Timestamp,
        rest_after: fn(i64) -> Option<i64>,
    ) -> Result<(), Timestamp> {
        let key: [u8; 32] = Sha256::digest(email.as_bytes()).into();
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            known.retain(|_, it| now < it.last.plus_secs(FORGET_SECS));
        }
        if known.len() >= MOST && !known.contains_key(&key) {
            return Ok(());
        }
        let it = known.entry(key).or_insert(Stranger { attempts: 0, until: None, last: now });
        if let Some(until) = it.until.filter(|until| now < *until) {
            return Err(until);
        }
        it.attempts += 1;
        it.until = rest_after(it.attempts).map(|secs| now.plus_secs(secs));
        it.last = now;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_an_end_to_the_addresses_that_are_remembered() {
        let (strangers, now) = (Strangers::default(), Timestamp::from_micros(0));
        let rest = |_| Some(1);
        for n in 0..MOST {
            strangers.attempt(&format!("{n}@example.com"), now, rest).unwrap();
        }
        assert_eq!(strangers.attempt("0@example.com", now, rest), Err(now.plus_secs(1)));
        for _ in 0..2 {
            strangers.attempt("one-more@example.com", now, rest).unwrap();
        }
        let later = now.plus_secs(FORGET_SECS);
        strangers.attempt("one-more@example.com", later, rest).unwrap();
        assert_eq!(strangers.attempt("one-more@example.com", later, rest), Err(later.plus_secs(1)));
        assert_eq!(strangers.0.lock().unwrap().len(), 1, "the others are forgotten");
    }
}
