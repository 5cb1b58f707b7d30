//! How soon callers of queues are answered, as this node has seen it since it began.

use super::board::{CallId, numbers::QueueEvent};
use std::collections::{BTreeMap, VecDeque};
use touchline_model::Timestamp;

/// What is kept of a queue at most, in callers and in seconds: a day, wherever it begins.
const MOST: usize = 20_000;
const KEPT_SECS: i64 = 26 * 3_600;

/// How soon callers of a queue were answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServiceLevel {
    /// Callers who were answered within the threshold.
    pub in_time: usize,
    /// Callers that count: who was answered, who gave up after the threshold, and who was sent elsewhere. Who hangs up
    /// before nobody could have been expected to answer.
    pub of: usize,
    /// The threshold, in seconds.
    pub within_secs: u16,
    /// What was before is not known: the server began to count then.
    pub since: Timestamp,
}

/// How a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Answered,
    GaveUp,
    SentOn,
}

#[derive(Clone, Copy, Debug)]
struct Wait {
    ended: Timestamp,
    micros: i64,
    end: End,
}

/// Waits in queues, those that go on and those that are over.
#[derive(Default)]
pub(crate) struct Service {
    began: Timestamp,
    waiting: BTreeMap<CallId, (String, Timestamp)>,
    over: BTreeMap<String, VecDeque<Wait>>,
}

impl Service {
    pub(crate) fn begin(&mut self, now: Timestamp) {
        self.began = now;
    }

    /// A queue is told something.
    pub(crate) fn told(&mut self, now: Timestamp, event: &QueueEvent) {
        let (call, end) = match event {
            QueueEvent::Arrived { call, queue } => {
                if let Ok(call) = call.as_str().parse() {
                    self.waiting.insert(call, (queue.clone(), now));
                }
                return;
            }
            QueueEvent::Answered { call, .. } => (call, End::Answered),
            QueueEvent::Gone(call) => (call, End::GaveUp),
            _ => return,
        };
        if let Ok(call) = call.as_str().parse() {
            self.end(now, call, end);
        }
    }

    /// A queue sends a caller elsewhere.
    pub(crate) fn sent_on(&mut self, now: Timestamp, call: CallId) {
        self.end(now, call, End::SentOn);
    }

    fn end(&mut self, now: Timestamp, call: CallId, end: End) {
        let Some((queue, arrived)) = self.waiting.remove(&call) else { return };
        let over = self.over.entry(queue).or_default();
        let oldest = now.plus_secs(-KEPT_SECS);
        while over.len() >= MOST || over.front().is_some_and(|it| it.ended < oldest) {
            over.pop_front();
        }
        over.push_back(Wait { ended: now, micros: now.micros() - arrived.micros(), end });
    }

    /// How soon callers of a queue were answered whose wait ended at `from` or later.
    pub(crate) fn level(&self, queue: &str, from: Timestamp, within_secs: u16) -> ServiceLevel {
        let limit = i64::from(within_secs) * 1_000_000;
        let (mut in_time, mut of) = (0, 0);
        for wait in self.over.get(queue).into_iter().flatten().filter(|it| it.ended >= from) {
            let is_soon = wait.micros <= limit;
            in_time += usize::from(is_soon && wait.end == End::Answered);
            of += usize::from(!(is_soon && wait.end == End::GaveUp));
        }
        ServiceLevel { in_time, of, within_secs, since: self.began.max(from) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use touchline_model::ContactId;

    #[test]
    fn who_is_answered_in_time_counts_and_who_hangs_up_at_once_does_not() {
        let at = |secs: i64| Timestamp::from_micros(secs * 1_000_000);
        let mut service = Service::default();
        service.begin(at(5));
        let id = |n: u128| ContactId(CallId(n).to_string());
        let mut wait = |n: u128, from: i64, to: i64, end: Option<bool>| {
            service.told(at(from), &QueueEvent::Arrived { call: id(n), queue: "7000".to_owned() });
            match end {
                Some(true) => {
                    service.told(at(to), &QueueEvent::Answered { call: id(n), agent: "ana".into() })
                }
                Some(false) => service.told(at(to), &QueueEvent::Gone(id(n))),
                None => service.sent_on(at(to), CallId(n)),
            }
            // The end of the search is told of everybody, and counts once.
            service.told(at(to), &QueueEvent::Gone(id(n)));
        };
        wait(1, 100, 120, Some(true));
        wait(2, 100, 121, Some(true));
        wait(3, 100, 105, Some(false));
        wait(4, 100, 160, Some(false));
        wait(5, 100, 101, None);
        wait(6, 10, 11, Some(true));
        let level = |from, within| {
            let it = service.level("7000", at(from), within);
            (it.in_time, it.of, it.since)
        };
        assert_eq!(level(50, 20), (1, 4, at(50)));
        assert_eq!(level(50, 21), (2, 4, at(50)));
        assert_eq!(level(0, 20), (2, 5, at(5)), "not before it began to count");
        assert_eq!(service.level("7001", at(0), 20).of, 0);
    }

    #[test]
    fn what_is_older_than_a_day_is_forgotten() {
        let at = |secs: i64| Timestamp::from_micros(secs * 1_000_000);
        let mut service = Service::default();
        for (n, secs) in [(1, 0), (2, 3_600), (3, 27 * 3_600)] {
            let call = ContactId(CallId(n).to_string());
            service.told(at(secs), &QueueEvent::Arrived { call: call.clone(), queue: "7000".to_owned() });
            service.told(at(secs), &QueueEvent::Answered { call, agent: "ana".into() });
        }
        assert_eq!(service.level("7000", at(0), 20).of, 2);
    }
}
