//! Contacts that may fit, newest first, from the index that leads back furthest with the fewest of them.

use crate::App;
use std::collections::VecDeque;
use touchline_model::{TenantId, Timestamp};
use touchline_store::{CallKey, CallStream, StoreError};

/// Contacts that are read from an index to see how far back so many of them reach.
const SAMPLE: usize = 64;
/// Contacts read from one stream at once at least.
const FEWEST: usize = 16;

/// The contacts of some streams together, each once.
pub(super) struct Candidates {
    since: Timestamp,
    parts: Vec<Part>,
    /// Put together already.
    ready: VecDeque<CallKey>,
    /// The last one put together.
    last: Option<CallKey>,
}

struct Part {
    stream: CallStream,
    waiting: VecDeque<CallKey>,
    /// Where to read on.
    after: CallKey,
    ended: bool,
}

impl Candidates {
    /// Contacts of any of these streams after a place, none of which began before `since`.
    pub(super) fn new(streams: Vec<CallStream>, after: &CallKey, since: Timestamp) -> Self {
        let part = |stream| Part { stream, waiting: VecDeque::new(), after: after.clone(), ended: false };
        let parts = streams.into_iter().map(part).collect();
        Self { since, parts, ready: VecDeque::new(), last: None }
    }

    /// The next of them, at most `limit`; fewer only at the end.
    pub(super) async fn next(
        &mut self,
        app: &App,
        tenant: &TenantId,
        limit: usize,
    ) -> Result<Vec<CallKey>, StoreError> {
        let each = (2 * limit / self.parts.len().max(1)).clamp(FEWEST.min(limit), limit);
        while self.ready.len() < limit {
            for part in &mut self.parts {
                while part.waiting.is_empty() && !part.ended {
                    let found = app.store.newest(tenant, &part.stream, &part.after, self.since, each).await?;
                    if let Some(last) = found.keys.last() {
                        part.after.clone_from(last);
                    }
                    (part.waiting, part.ended) = (found.keys.into(), found.ended);
                }
            }
            if !self.put_together() {
                break;
            }
        }
        let limit = limit.min(self.ready.len());
        Ok(self.ready.drain(..limit).collect())
    }

    /// Puts together what has been read, until a part must be read on. False at the end.
    fn put_together(&mut self) -> bool {
        loop {
            let waiting = self.parts.iter_mut().filter(|part| !part.waiting.is_empty());
            let Some(newest) = waiting.min_by(|a, b| a.waiting.front().cmp(&b.waiting.front())) else {
                return false;
            };
            let key = newest.waiting.pop_front();
            let read_on = newest.waiting.is_empty() && !newest.ended;
            if let Some(key) = key.filter(|key| self.last.as_ref() != Some(key)) {
                self.ready.push_back(key.clone());
                self.last = Some(key);
            }
            if read_on {
                return true;
            }
        }
    }

    /// How many there are, up to [`SAMPLE`], and how far back so many reach.
    async fn sample(&mut self, app: &App, tenant: &TenantId) -> Result<(usize, Timestamp), StoreError> {
        let sample = self.next(app, tenant, SAMPLE).await?;
        let reach = sample.last().filter(|_| sample.len() == SAMPLE).map(|last| last.started_at);
        let rank = (sample.len(), reach.unwrap_or_default());
        for key in sample.into_iter().rev() {
            self.ready.push_front(key);
        }
        Ok(rank)
    }
}

/// Of several ways to read the contacts that may fit, the one with the fewest.
pub(super) async fn fewest(
    app: &App,
    tenant: &TenantId,
    mut ways: Vec<Candidates>,
) -> Result<Candidates, StoreError> {
    let mut best = 0;
    if ways.len() > 1 {
        let mut ranks = Vec::with_capacity(ways.len());
        for way in &mut ways {
            ranks.push(way.sample(app, tenant).await?);
        }
        best = (0..ranks.len()).min_by_key(|at| ranks[*at]).unwrap_or_default();
    }
    Ok(ways.swap_remove(best))
}
