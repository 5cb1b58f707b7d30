//! The vendor's rate limit (contract §1.3, X-12): excess requests wait in a queue, first come, first served.
//!
//! One queue per tenant: the vendor limits an instance, and each of its customers has one. A second is a second of
//! the wall clock; each lets 5 requests go from 06:00 to 21:00 US Eastern, and 25 in the night.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, PoisonError},
    time::Duration,
};
use touchline_model::{Clock, TenantId, Timestamp, time::eastern};

/// After this long in the queue a request is given up.
const PATIENCE_SECS: i64 = 60;
const MICROS: i64 = 1_000_000;

/// Requests that may go in the second of this instant.
pub fn per_second(now: Timestamp) -> usize {
    match eastern(now).hour() {
        6..21 => 5,
        _ => 25,
    }
}

/// A place in the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(u64);

/// What a waiting request shall do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is its turn.
    Go,
    /// It has waited too long.
    TimedOut,
    /// Ask again at this instant, or later.
    AskAt(Timestamp),
}

/// The queue of one tenant. Pure: told the time, and asked.
#[derive(Debug, Default)]
pub struct Queue {
    waiting: VecDeque<(Ticket, Timestamp)>,
    /// Let go, but not told yet; with the second it was in.
    granted: HashMap<Ticket, i64>,
    /// The second that is being used up, and how many went in it.
    second: Option<i64>,
    gone: usize,
    next: u64,
}

impl Queue {
    /// A request arrives.
    pub fn arrive(&mut self, now: Timestamp) -> Ticket {
        let ticket = Ticket(self.next);
        self.next += 1;
        self.waiting.push_back((ticket, now));
        ticket
    }

    /// What the request with this ticket shall do now. After [`Verdict::Go`] and [`Verdict::TimedOut`] its ticket is
    /// used up.
    pub fn ask(&mut self, ticket: Ticket, now: Timestamp) -> Verdict {
        self.advance(now);
        if self.granted.remove(&ticket).is_some() {
            return Verdict::Go;
        }
        // Tickets grow along the queue.
        match self.waiting.binary_search_by_key(&ticket, |(waiting, _)| *waiting) {
            Err(_) => Verdict::TimedOut,
            Ok(at) => {
                let (_, since) = self.waiting[at];
                let next_second = Timestamp::from_micros((now.micros().div_euclid(MICROS) + 1) * MICROS);
                Verdict::AskAt(next_second.min(since.plus_secs(PATIENCE_SECS)))
            }
        }
    }

    /// The client of this ticket is gone. What it had of this second goes to the next one.
    pub fn leave(&mut self, ticket: Ticket) {
        self.waiting.retain(|(waiting, _)| *waiting != ticket);
        if let Some(second) = self.granted.remove(&ticket)
            && self.second == Some(second)
        {
            self.gone = self.gone.saturating_sub(1);
        }
    }

    /// Requests that wait for their turn.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }
    /// Whether nobody waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    fn advance(&mut self, now: Timestamp) {
        let second = now.micros().div_euclid(MICROS);
        if self.second != Some(second) {
            // A clock that was set back must neither stop the queue nor make anybody wait for the old time.
            if self.second.is_some_and(|before| second < before) {
                self.waiting.iter_mut().for_each(|(_, since)| *since = (*since).min(now));
            }
            (self.second, self.gone) = (Some(second), 0);
        }
        while self.waiting.front().is_some_and(|(_, since)| since.plus_secs(PATIENCE_SECS) <= now) {
            self.waiting.pop_front();
        }
        while self.gone < per_second(now)
            && let Some((ticket, _)) = self.waiting.pop_front()
        {
            self.granted.insert(ticket, second);
            self.gone += 1;
        }
    }
}

/// The request has waited a minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the request waited a minute for its turn")]
pub struct QueueTimeout;

/// The queues of all tenants.
#[derive(Debug, Default)]
pub struct Limiter(Mutex<HashMap<TenantId, Queue>>);

impl Limiter {
    /// Waits for the turn of a request. When the returned future is dropped, the request leaves the queue.
    pub async fn turn(&self, tenant: &TenantId, clock: &dyn Clock) -> Result<(), QueueTimeout> {
        let ticket = self.with(tenant, |queue| queue.arrive(clock.now()));
        let mut place = Place { limiter: self, tenant, ticket: Some(ticket) };
        loop {
            let now = clock.now();
            match self.with(tenant, |queue| queue.ask(ticket, now)) {
                Verdict::Go => {
                    place.ticket = None;
                    return Ok(());
                }
                Verdict::TimedOut => {
                    place.ticket = None;
                    return Err(QueueTimeout);
                }
                Verdict::AskAt(at) => {
                    let micros = at.micros().saturating_sub(now.micros()).clamp(1_000, MICROS);
                    tokio::time::sleep(Duration::from_micros(micros.unsigned_abs())).await;
                }
            }
        }
    }

    /// Requests of a tenant that wait for their turn.
    pub fn waiting(&self, tenant: &TenantId) -> usize {
        self.with(tenant, |queue| queue.len())
    }

    fn with<T>(&self, tenant: &TenantId, what: impl FnOnce(&mut Queue) -> T) -> T {
        let mut queues = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        what(queues.entry(tenant.clone()).or_default())
    }
}

/// Leaves the queue when its request is dropped.
struct Place<'a> {
    limiter: &'a Limiter,
    tenant: &'a TenantId,
    ticket: Option<Ticket>,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            self.limiter.with(self.tenant, |queue| queue.leave(ticket));
        }
    }
}
