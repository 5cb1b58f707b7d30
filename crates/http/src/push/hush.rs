//! What somebody's own request causes is told after its answer (contract genesys-voice OC-03).

use super::Hub;
use std::collections::HashMap;
use touchline_bayeux::{Event, Identity, Instant, Millis};

/// The longest that news may wait for an answer to be written: half of what the contract allows from the change on.
const LONGEST: Millis = Millis(100);
/// Events that may wait; with the next one, all of them go.
const MOST: usize = 256;

/// While it lives, events for a user wait, for 100 ms at most; then they go out in their order.
#[derive(Debug)]
pub struct Hush {
    hub: Hub,
    identity: Identity,
}

impl Hush {
    pub(super) fn begin(hub: &Hub, identity: Identity) -> Self {
        hub.with(|state, now| state.quiet.begin(&identity, now.at));
        Self { hub: hub.clone(), identity }
    }
}

impl Drop for Hush {
    fn drop(&mut self) {
        self.hub.with(|state, now| {
            for event in state.quiet.end(&self.identity) {
                state.publish(now.at, &self.identity, &event);
            }
        });
    }
}

#[derive(Debug)]
struct Waiting {
    requests: usize,
    until: Instant,
    events: Vec<Event>,
}

/// Whose events wait.
#[derive(Debug, Default)]
pub(super) struct Quiet(HashMap<Identity, Waiting>);

impl Quiet {
    fn begin(&mut self, identity: &Identity, now: Instant) {
        let until = now.plus(LONGEST);
        let fresh = || Waiting { requests: 0, until, events: Vec::new() };
        self.0.entry(identity.clone()).or_insert_with(fresh).requests += 1;
    }

    /// The events that waited, when nobody's answer is outstanding any more.
    fn end(&mut self, identity: &Identity) -> Vec<Event> {
        let Some(waiting) = self.0.get_mut(identity) else { return vec![] };
        waiting.requests = waiting.requests.saturating_sub(1);
        if waiting.requests > 0 {
            return vec![];
        }
        self.0.remove(identity).map(|waiting| waiting.events).unwrap_or_default()
    }

    /// What is to be published now of an event and of those before it: all or nothing, so that their order stays.
    pub(super) fn sift(&mut self, identity: &Identity, event: Event, now: Instant) -> Vec<Event> {
        let Some(waiting) = self.0.get_mut(identity) else { return vec![event] };
        waiting.events.push(event);
        let is_over = waiting.until <= now || waiting.events.len() > MOST;
        if is_over { std::mem::take(&mut waiting.events) } else { vec![] }
    }

    /// When something that waits must go.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.0.values().filter(|it| !it.events.is_empty()).map(|it| it.until).min()
    }

    /// What has waited for too long.
    pub(super) fn overdue(&mut self, now: Instant) -> Vec<(Identity, Vec<Event>)> {
        let due = self.0.iter_mut().filter(|(_, it)| it.until <= now && !it.events.is_empty());
        due.map(|(identity, it)| (identity.clone(), std::mem::take(&mut it.events))).collect()
    }
}
