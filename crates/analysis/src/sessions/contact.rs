//! One contact's own events, read in order.

use super::{Accepted, Ended, Fulfilled, Micros, Span};
use touchline_model::events::{
    Assignee, ContactChange, ContactChannel, ContactEvent, Event, EventContent, InitiatorKind,
};
use touchline_model::{CustomerId, Direction, InboxId, Timestamp, UserId};

/// What the events of a contact alone say about it.
#[derive(Debug)]
pub(super) struct Draft<'a> {
    /// Its start; ids, channel and customer are taken from there.
    pub(super) start: &'a ContactEvent,
    pub(super) initiator: InitiatorKind,
    /// The agent who began it.
    pub(super) starter: Option<&'a UserId>,
    pub(super) created_at: Timestamp,
    /// How far it is known: to its end, or to the horizon.
    pub(super) known: Span,
    pub(super) due_at: Option<Timestamp>,
    pub(super) entry_point: Option<&'a String>,
    pub(super) final_ivr_selection: Option<&'a String>,
    first_offered: Option<Timestamp>,
    /// Who took it, each agent once, in order.
    pub(super) accepted: Vec<Accepted>,
    pub(super) fulfilled: Option<Fulfilled>,
    pub(super) ended: Option<Ended>,
    pub(super) transfers: u64,
    /// Agents who certainly worked on it (contract gladly X-11), with repetitions.
    pub(super) workers: Vec<&'a UserId>,
    pub(super) inbox: &'a InboxId,
    pub(super) agent: Option<&'a UserId>,
    /// When it was assigned to whom, by offers that were taken (contract gladly ).
    pub(super) assigned: Vec<(&'a UserId, Span)>,
    /// Whose is a running assignment, and since when.
    assigning: Vec<(&'a UserId, Timestamp)>,
    /// When the customer was on hold, and whose the contact was then; calls only.
    pub(super) holds: Vec<(Option<&'a UserId>, Span)>,
    /// Since when the customer has been on hold, and whose the contact is.
    holding: Option<(Option<&'a UserId>, Timestamp)>,
}

impl<'a> Draft<'a> {
    /// Reads the events of one contact, ordered by time. `None` while its start is not among them (contract gladly
    /// ); a second start is ignored.
    pub(super) fn read(events: &[(&'a Event, &'a ContactEvent)], horizon: Timestamp) -> Option<Self> {
        let mut draft = events.iter().find_map(|(event, contact)| Self::started(event, contact, horizon))?;
        for (event, contact) in events {
            draft.happened(event, contact);
        }
        if draft.ended.is_none() {
            draft.stop(horizon);
        }
        Some(draft)
    }

    fn started(event: &'a Event, start: &'a ContactEvent, horizon: Timestamp) -> Option<Self> {
        let ContactChange::Started { due_at, entry_point, final_ivr_selection } = &start.change else {
            return None;
        };
        let starter = event.initiator.agent();
        let Assignee { inbox_id, agent_id } = &start.assignee_before;
        Some(Self {
            start,
            initiator: event.initiator.kind(),
            starter,
            created_at: event.timestamp,
            known: Span::new(event.timestamp, horizon),
            due_at: *due_at,
            entry_point: entry_point.as_ref(),
            final_ivr_selection: final_ivr_selection.as_ref(),
            first_offered: None,
            accepted: Vec::new(),
            fulfilled: None,
            ended: None,
            transfers: 0,
            workers: starter.into_iter().collect(),
            inbox: inbox_id,
            // What an agent begins is that agent's, unless it is said to be somebody else's.
            agent: agent_id.as_ref().or(starter),
            assigned: Vec::new(),
            // Outbound time runs from the start (contract gladly X-8).
            assigning: starter.map(|agent| (agent, event.timestamp)).into_iter().collect(),
            holds: Vec::new(),
            holding: None,
        })
    }

    fn happened(&mut self, event: &'a Event, contact: &'a ContactEvent) {
        let at = event.timestamp;
        let open = self.ended.is_none();
        match &contact.change {
            ContactChange::Started { .. } | ContactChange::OfferRejected { .. } => {}
            ContactChange::MessageReceived { .. } => {}
            ContactChange::Offered { .. } => {
                self.first_offered.get_or_insert(at);
            }
            ContactChange::OfferAccepted { agent_id } => {
                self.workers.push(agent_id);
                if !self.accepted.iter().any(|accepted| accepted.agent_id == *agent_id) {
                    let inbox_id = contact.assignee_before.inbox_id.clone();
                    self.accepted.push(Accepted { agent_id: agent_id.clone(), at, inbox_id });
                }
                if open {
                    self.hand_to(Some(agent_id), at);
                    if !self.assigning.iter().any(|(agent, _)| *agent == agent_id) {
                        self.assigning.push((agent_id, at));
                    }
                }
            }
            ContactChange::Joined | ContactChange::MessageSent { .. } => {
                self.workers.extend(event.initiator.agent());
            }
            ContactChange::HoldStarted { .. } => {
                if open && self.is_call() && self.holding.is_none() {
                    let agent = contact.assignee_before.agent_id.as_ref().or(self.agent);
                    self.holding = Some((agent, at));
                }
            }
            ContactChange::HoldEnded { .. } => self.end_hold(at),
            ContactChange::Transferred { assignee, .. } => {
                self.transfers += 1;
                if open {
                    self.inbox = &assignee.inbox_id;
                    self.hand_to(assignee.agent_id.as_ref(), at);
                    self.stop_assignments(at, assignee.agent_id.as_ref());
                }
            }
            ContactChange::Fulfilled { fulfilled_type } => {
                self.fulfilled.get_or_insert(Fulfilled { at, how: *fulfilled_type });
            }
            ContactChange::Ended { status, reason } => {
                if open {
                    self.ended = Some(Ended { at, status: *status, reason: *reason });
                    self.known.end = at;
                    self.stop(at);
                }
            }
        }
    }

    pub(super) fn is_call(&self) -> bool {
        self.start.channel == ContactChannel::PhoneCall
    }

    /// The contact is somebody else's from now on, and so is a hold that runs.
    fn hand_to(&mut self, agent: Option<&'a UserId>, at: Timestamp) {
        if let Some((holder, since)) = self.holding
            && holder != agent
        {
            self.holds.push((holder, Span::new(since, at)));
            self.holding = Some((agent, at));
        }
        self.agent = agent;
    }

    fn end_hold(&mut self, at: Timestamp) {
        if let Some((holder, since)) = self.holding.take() {
            self.holds.push((holder, Span::new(since, at)));
        }
    }

    /// Ends the time of everybody but `except`.
    fn stop_assignments(&mut self, at: Timestamp, except: Option<&UserId>) {
        let assigned = &mut self.assigned;
        self.assigning.retain(|(agent, since)| {
            let stays = Some(*agent) == except;
            if !stays {
                assigned.push((agent, Span::new(*since, at)));
            }
            stays
        });
    }

    /// Whatever runs is over.
    fn stop(&mut self, at: Timestamp) {
        self.end_hold(at);
        self.stop_assignments(at, None);
    }

    pub(super) fn customer(&self) -> &'a CustomerId {
        &self.start.customer_id
    }

    /// Contract gladly §4 column 8 and X-22.
    pub(super) fn direction(&self) -> Direction {
        match self.initiator {
            InitiatorKind::Customer | InitiatorKind::Internal | InitiatorKind::External => Direction::Inbound,
            InitiatorKind::Agent
            | InitiatorKind::Application
            | InitiatorKind::System
            | InitiatorKind::Automation => Direction::Outbound,
        }
    }

    /// Contract gladly X-23.
    pub(super) fn routed_at(&self) -> Option<Timestamp> {
        match self.direction() {
            Direction::Inbound => self.first_offered.or(self.accepted.first().map(|accepted| accepted.at)),
            Direction::Outbound | Direction::Screenshare => None,
        }
    }

    /// Time on hold, up to the end or the horizon.
    pub(super) fn hold(&self) -> Micros {
        self.holds.iter().map(|(_, span)| span.length()).sum()
    }

    /// Orders simultaneous contacts, the highest first (contract gladly R-4).
    pub(super) fn rank(&self) -> (u8, Timestamp, &'a str) {
        (self.start.channel.rank(), self.created_at, self.start.contact_id.as_str())
    }
}

/// The contact that an event is about.
pub(super) fn of_contact(event: &Event) -> Option<(&Event, &ContactEvent)> {
    match &event.content {
        EventContent::Contact(contact) => Some((event, contact)),
        _ => None,
    }
}
