//! Events that wait for a session, and those that it has not acknowledged (S8, S9.1).

use crate::{event::Event, settings::Settings, time::Instant, wire::Members};
use std::collections::VecDeque;

/// How much may wait.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) events: usize,
    pub(crate) bytes: usize,
}

impl Limits {
    pub(crate) const fn of(settings: &Settings) -> Self {
        Self { events: settings.max_queue, bytes: settings.max_queue_bytes }
    }
}

/// First in, first out.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    events: VecDeque<Waiting>,
    bytes: usize,
    /// How many of them are not lazy.
    urgent: usize,
    /// When a lazy event has waited long enough.
    lazy_deadline: Option<Instant>,
    ack: Option<Box<Batches>>,
}

#[derive(Debug)]
struct Waiting {
    event: Event,
    is_lazy: bool,
}

/// Which batch carried what.
#[derive(Debug, Default)]
struct Batches {
    /// The number of the last connect reply.
    last: u64,
    /// How many events have been acknowledged, ever: the place of the first that waits.
    acknowledged: u64,
    /// Batches that are not acknowledged, each with the place behind the last event that it carried. Both grow.
    sent: VecDeque<(u64, u64)>,
}

impl Queue {
    pub(crate) fn new(with_ack: bool) -> Self {
        Self { ack: with_ack.then(Box::default), ..Self::default() }
    }

    pub(crate) fn len(&self) -> usize {
        self.events.len()
    }

    pub(crate) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether something waits that does not like to.
    pub(crate) const fn is_urgent(&self) -> bool {
        self.urgent > 0
    }

    pub(crate) const fn lazy_deadline(&self) -> Option<Instant> {
        self.lazy_deadline
    }

    /// Adds an event; `false` if that is one too many. `lazy_until` makes it a lazy one.
    pub(crate) fn push(&mut self, event: &Event, lazy_until: Option<Instant>, limits: Limits) -> bool {
        let bytes = self.bytes.saturating_add(event.size());
        if self.events.len() >= limits.events || bytes > limits.bytes {
            return false;
        }
        self.bytes = bytes;
        match lazy_until {
            None => self.urgent += 1,
            Some(until) => {
                self.lazy_deadline.get_or_insert(until);
            }
        }
        self.events.push_back(Waiting { event: event.clone(), is_lazy: lazy_until.is_some() });
        true
    }

    fn pop(&mut self) -> Option<Event> {
        let Waiting { event, is_lazy } = self.events.pop_front()?;
        self.bytes = self.bytes.saturating_sub(event.size());
        self.urgent = self.urgent.saturating_sub(usize::from(!is_lazy));
        if self.events.is_empty() {
            self.lazy_deadline = None;
            // An idle session shall not remember its busiest hour.
            if self.events.capacity() > 64 {
                self.events = VecDeque::new();
            }
        }
        Some(event)
    }

    /// The next event for a web socket, which is gone from here.
    pub(crate) fn next(&mut self) -> Option<Event> {
        self.pop()
    }

    /// The lazy events have waited long enough.
    pub(crate) fn stop_waiting(&mut self) {
        self.lazy_deadline = None;
    }

    /// Begins a batch: the number for the next connect reply, if the client acknowledges.
    pub(crate) fn begin_batch(&mut self) -> Option<u64> {
        let ack = self.ack.as_mut()?;
        ack.last += 1;
        Some(ack.last)
    }

    /// The whole queue goes to one response (B25). Events that must be acknowledged stay here as well.
    pub(crate) fn deliver(&mut self) -> Members {
        let mut members = Members::with_room(self.bytes);
        self.lazy_deadline = None;
        if let Some(ack) = &mut self.ack {
            for waiting in &self.events {
                members.push(waiting.event.json());
            }
            let end = ack.acknowledged + self.events.len() as u64;
            // A batch that carried nothing new need not be remembered: what acknowledges it acknowledges the one before.
            let last_end = ack.sent.back().map_or(ack.acknowledged, |(_, end)| *end);
            if end > last_end {
                ack.sent.push_back((ack.last, end));
            }
        } else {
            while let Some(event) = self.pop() {
                members.push(event.json());
            }
        }
        members
    }

    /// The client has seen everything up to this batch (S9.1).
    pub(crate) fn acknowledge(&mut self, batch: u64) {
        let Some(ack) = &mut self.ack else { return };
        let mut upto = ack.acknowledged;
        while let Some((_, end)) = ack.sent.front().copied().filter(|(sent, _)| *sent <= batch) {
            upto = end;
            ack.sent.pop_front();
        }
        let count = upto - ack.acknowledged;
        ack.acknowledged = upto;
        for _ in 0..count {
            self.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channel::Channel;

    const LIMITS: Limits = Limits { events: 3, bytes: 200 };

    fn event(n: u32) -> Event {
        Event::new(Channel::parse("/a").unwrap(), &n).unwrap()
    }

    fn body(queue: &mut Queue) -> String {
        String::from_utf8(queue.deliver().into_array().to_vec()).unwrap()
    }

    // covers(bayeux): S9.1
    #[test]
    fn what_is_not_acknowledged_comes_again_before_what_is_new() {
        let mut queue = Queue::new(true);
        assert!(queue.push(&event(1), None, LIMITS));
        assert_eq!(queue.begin_batch(), Some(1));
        assert_eq!(body(&mut queue), r#"[{"channel":"/a","data":1}]"#);
        assert!(queue.push(&event(2), None, LIMITS));
        queue.acknowledge(0);
        assert_eq!(queue.begin_batch(), Some(2));
        assert_eq!(body(&mut queue), r#"[{"channel":"/a","data":1},{"channel":"/a","data":2}]"#);
        queue.acknowledge(1);
        assert_eq!(queue.len(), 1, "the first was in batch 1 as well");
        queue.acknowledge(2);
        assert!((queue.len() == 0) && queue.bytes() == 0 && !queue.is_urgent());
        assert_eq!(queue.begin_batch(), Some(3));
    }

    // covers(bayeux): S9.1
    #[test]
    fn an_acknowledgement_from_the_future_takes_nothing_that_was_not_sent() {
        let mut queue = Queue::new(true);
        assert!(queue.push(&event(1), None, LIMITS));
        queue.acknowledge(u64::MAX);
        assert_eq!(queue.len(), 1);
    }

    // covers(bayeux): S9.1
    #[test]
    fn a_client_that_never_acknowledges_costs_no_memory_for_batches() {
        let mut queue = Queue::new(true);
        assert!(queue.push(&event(1), None, LIMITS));
        for _ in 0..1_000 {
            queue.begin_batch();
            queue.deliver();
        }
        assert_eq!(queue.ack.as_ref().unwrap().sent.len(), 1);
        queue.acknowledge(700);
        assert!((queue.len() == 0));
    }

    // covers(bayeux): B15
    #[test]
    fn there_is_room_for_so_many_events_and_so_many_bytes() {
        let mut queue = Queue::new(false);
        assert!((0..3).all(|n| queue.push(&event(n), None, LIMITS)));
        assert!(!queue.push(&event(3), None, LIMITS));
        assert_eq!(queue.len(), 3);
        let mut queue = Queue::new(false);
        let long = Event::new(Channel::parse("/a").unwrap(), &"x".repeat(150)).unwrap();
        assert!(queue.push(&long, None, LIMITS));
        assert!(!queue.push(&long, None, LIMITS));
    }
}
