//! A small world in whole seconds, and a second way to work out its handle and after-contact time: by asking what is
//! the case in every single second. Slow and obvious, to compare with.

use super::world::{Log, t};
use proptest::prelude::*;
use touchline_model::Timestamp;
use touchline_model::events::{ContactChannel, Initiator};

/// Seconds after nine o'clock.
pub(crate) fn at(second: i64) -> String {
    t("09:00").plus_secs(second).to_string()
}
pub(crate) fn instant(second: i64) -> Timestamp {
    t("09:00").plus_secs(second)
}

#[derive(Clone, Debug)]
pub(crate) struct Contact {
    pub(crate) customer: usize,
    pub(crate) channel: usize,
    /// The agent who began it; a customer did when nobody.
    pub(crate) starter: Option<usize>,
    pub(crate) start: i64,
    pub(crate) end: Option<i64>,
    pub(crate) taker: Option<usize>,
}

#[derive(Clone, Debug)]
pub(crate) struct View {
    pub(crate) agent: usize,
    pub(crate) customer: usize,
    pub(crate) start: i64,
    pub(crate) end: i64,
}

#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) contacts: Vec<Contact>,
    pub(crate) views: Vec<View>,
    /// Conversation (one for each customer) and second.
    pub(crate) closes: Vec<(usize, i64)>,
    /// When customer 0 became customer 1.
    pub(crate) merged: Option<i64>,
}

pub(crate) const AGENTS: usize = 3;

pub(crate) fn worlds() -> impl Strategy<Value = World> {
    let contact = (
        0..2_usize,
        0..ContactChannel::ALL.len(),
        prop::option::of(0..2_usize),
        0..100_i64,
        prop::option::weighted(0.8, 1..60_i64),
        prop::option::of(0..AGENTS),
    )
        .prop_map(|(customer, channel, starter, start, long, taker)| {
            let end = long.map(|long| start + long);
            Contact { customer, channel, starter, start, end, taker }
        });
    let view = (0..AGENTS, 0..2_usize, 0..140_i64, 1..40_i64)
        .prop_map(|(agent, customer, start, long)| View { agent, customer, start, end: start + long });
    let closes = prop::collection::vec((0..2_usize, 0..160_i64), 0..4);
    let contacts = prop::collection::vec(contact, 1..7);
    let views = prop::collection::vec(view, 0..12);
    (contacts, views, closes, prop::option::weighted(0.4, 0..150_i64))
        .prop_map(|(contacts, views, closes, merged)| World { contacts, views, closes, merged })
}

impl World {
    /// Its events, by contact; not in order of time.
    pub(crate) fn log(&self) -> Log {
        let mut log = Log::default();
        for (id, contact) in self.contacts.iter().enumerate() {
            let id = format!("c{id}");
            log.customer = format!("k{}", contact.customer);
            log.conversation = format!("v{}", contact.customer);
            let who = match contact.starter {
                Some(agent) => Initiator::Agent(format!("a{agent}").into()),
                None => Initiator::Customer(log.customer.as_str().into()),
            };
            log.begins(&at(contact.start), &id, ContactChannel::ALL[contact.channel], who, None);
            if let Some(agent) = contact.taker {
                log.accepted(&at(contact.start), &id, &format!("a{agent}"));
            }
            if let Some(end) = contact.end {
                log.ends(&at(end), &id);
            }
        }
        for view in &self.views {
            log.customer = format!("k{}", view.customer);
            log.looks(&format!("a{}", view.agent), &at(view.start), &at(view.end));
        }
        for (conversation, second) in &self.closes {
            log.conversation = format!("v{conversation}");
            log.closed(&at(*second));
        }
        if let Some(second) = self.merged {
            log.merged(&at(second), "k0", "k1");
        }
        log
    }

    /// The same world as it is known at a second.
    pub(crate) fn known_at(&self, horizon: i64) -> Self {
        let mut known = self.clone();
        known.contacts.retain(|contact| contact.start <= horizon);
        for contact in &mut known.contacts {
            contact.end = contact.end.filter(|end| *end <= horizon);
        }
        known.views.retain(|view| view.end <= horizon);
        known.closes.retain(|(_, second)| *second <= horizon);
        known.merged = known.merged.filter(|second| *second <= horizon);
        known
    }

    /// Who a customer is in that second.
    fn who(&self, customer: usize, second: i64) -> usize {
        if self.merged.is_some_and(|merged| merged <= second) { 1 } else { customer }
    }
    fn open(&self, contact: usize, second: i64) -> bool {
        let contact = &self.contacts[contact];
        contact.start <= second && contact.end.is_none_or(|end| second < end)
    }
    fn rank(&self, contact: usize) -> (usize, i64, usize) {
        (self.contacts[contact].channel, self.contacts[contact].start, contact)
    }
    /// Contacts that are open in that second, of the customer of this one.
    fn rivals(&self, contact: usize, second: i64) -> Vec<usize> {
        let customer = self.who(self.contacts[contact].customer, second);
        let same = |other: &usize| self.who(self.contacts[*other].customer, second) == customer;
        (0..self.contacts.len()).filter(|other| self.open(*other, second)).filter(same).collect()
    }
    fn stacked(&self, contact: usize, horizon: i64) -> bool {
        let Some(starter) = self.contacts[contact].starter else { return false };
        let higher = |other: &usize| {
            self.contacts[*other].starter == Some(starter) && self.rank(*other) < self.rank(contact)
        };
        (0..horizon)
            .any(|second| self.open(contact, second) && self.rivals(contact, second).iter().any(higher))
    }
    fn stop(&self, contact: usize, horizon: i64) -> i64 {
        let Contact { customer, end, .. } = self.contacts[contact];
        let end = end.expect("it ended");
        let closes = self.closes.iter().filter(|(id, at)| *id == customer && *at >= end).map(|(_, at)| *at);
        let next = (0..self.contacts.len()).filter(|other| *other != contact).filter_map(|other| {
            let Contact { customer: theirs, start, .. } = self.contacts[other];
            (start >= end && self.who(theirs, start) == self.who(customer, start)).then_some(start)
        });
        closes.chain(next).chain([horizon]).min().unwrap()
    }

    /// Seconds of handle time and of time afterwards of an agent on a contact, of those known at the horizon.
    pub(crate) fn seconds(&self, contact: usize, agent: usize, horizon: i64) -> (i64, i64) {
        let mine = &self.contacts[contact];
        if mine.starter == Some(agent) && self.stacked(contact, horizon) {
            return (0, 0);
        }
        let (mut handle, mut afterwards) = (0, 0);
        for second in 0..horizon {
            let customer = self.who(mine.customer, second);
            let looks = |view: &View| {
                let inside = view.start <= second && second < view.end;
                inside && view.agent == agent && self.who(view.customer, second) == customer
            };
            if !self.views.iter().any(looks) {
                continue;
            }
            let rivals = self.rivals(contact, second);
            match rivals.iter().min_by_key(|other| self.rank(**other)) {
                Some(top) if *top == contact => handle += 1,
                Some(_) => {}
                None if mine.end.is_some_and(|end| end <= second && second < self.stop(contact, horizon)) => {
                    afterwards += 1;
                }
                None => {}
            }
        }
        (handle, afterwards)
    }
}
