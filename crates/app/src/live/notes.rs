//! What a call is to the organisation: a contact, told by events as it goes on (contract gladly §8). Calls among ourselves
//! are none.

use super::{
    board::{CallId, CallKind, Cause, DeviceId, Happened, numbers::Route},
    known::Known,
};
use crate::events::OWN_INBOX;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use touchline_model::{
    Channel, Contact, ContactChannel, ContactId, ContactState, Direction, Event, EventContent, InboxId,
    Initiator, MediaTime, Timestamp, UserId, Validate,
    events::{
        Assignee, ContactChange, ContactEvent, ContactStatus, EndReason, FulfilledType, HoldReason,
        OtherInitiator, RejectReason, TransferReason, TransferType,
    },
};

/// Names of what is said of every call.
const OURS: [&str; 4] = ["customer_number", "dialled_number", "inbox", "cut"];
/// Fields that people may attach; a contact takes 500, ours among them.
const MOST_ATTACHED: usize = 490;

/// The inbox of a queue in the reports.
pub(crate) fn inbox_of(queue: &str) -> InboxId {
    InboxId(format!("queue-{queue}"))
}

/// The contact of a call that goes on. Kept in the store as well, for the day on which the power fails.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Note {
    pub(crate) contact: ContactId,
    outbound: bool,
    /// The customer's number, and the one that was dialled.
    customer: String,
    dialled: String,
    inbox: InboxId,
    /// Whose it is now.
    agent: Option<UserId>,
    /// Whose it was last.
    last_agent: Option<UserId>,
    began: Timestamp,
    answered: Option<Timestamp>,
    holding: bool,
    /// It has been recorded at some time.
    recorded: bool,
    /// What people have attached to the call.
    #[serde(default)]
    data: Map<String, Value>,
    /// Events told so far.
    events: u32,
}

/// What has to be written of it.
pub(crate) struct Ended {
    pub(crate) event: Event,
    pub(crate) contact: Contact,
}

impl Note {
    /// The note of a call that begins, if it is one with somebody outside.
    pub(crate) fn begin(
        known: &Known,
        call: CallId,
        at: Timestamp,
        what: &Happened,
    ) -> Option<(Self, Event)> {
        let Happened::Started { kind, ani, dnis, by } = what else { return None };
        let outbound = match kind {
            CallKind::Inbound => false,
            CallKind::Outbound => true,
            CallKind::Internal | CallKind::Consult => return None,
        };
        let user = by.as_ref().and_then(|device| known.user_of(device)).cloned();
        let mut note = Self {
            contact: ContactId(call.to_string()),
            outbound,
            customer: ani.clone().unwrap_or_else(|| dnis.clone()),
            dialled: dnis.clone(),
            inbox: inbox_at(known, dnis).unwrap_or_else(|| OWN_INBOX.into()),
            agent: None,
            last_agent: None,
            began: at,
            answered: None,
            holding: false,
            recorded: false,
            data: Map::new(),
            events: 0,
        };
        let initiator = match &user {
            Some(user) if outbound => Initiator::Agent(user.clone()),
            _ => Initiator::Customer(note.thread().as_str().into()),
        };
        let entry_point = (!outbound).then(|| dnis.clone()).filter(|it| !it.is_empty());
        let change = ContactChange::Started { due_at: None, entry_point, final_ivr_selection: None };
        let event = note.event(at, initiator, change);
        // What an agent begins is that agent's.
        (note.agent, note.last_agent) = (user.clone().filter(|_| outbound), user.filter(|_| outbound));
        Some((note, event))
    }

    /// The customer and the thread of a call: its own, for nobody should be known by a telephone number.
    fn thread(&self) -> String {
        format!("call:{}", self.contact)
    }

    pub(crate) fn is_recorded(&mut self) {
        self.recorded = true;
    }

    /// What happened, as events.
    pub(crate) fn happened(
        &mut self,
        known: &Known,
        at: Timestamp,
        what: &Happened,
        others: &[DeviceId],
    ) -> Vec<Event> {
        let mut all = Vec::new();
        let user = |device: &DeviceId| known.user_of(device).cloned();
        match what {
            Happened::Offered(device) => {
                if let Some(agent_id) = user(device) {
                    let change = ContactChange::Offered { agent_id, match_reasons: vec![] };
                    all.push(self.event(at, system(), change));
                }
            }
            Happened::Accepted(device) => {
                self.answered.get_or_insert(at);
                // Who joins somebody is told by `Joined`.
                if let Some(agent) = user(device)
                    && self.agent.as_ref().is_none_or(|it| *it == agent)
                {
                    self.accepted(at, agent, &mut all);
                }
            }
            Happened::Reached(_) => _ = self.answered.get_or_insert(at),
            Happened::Missed(device, cause) => {
                if let Some(agent_id) = user(device) {
                    let (initiator, reason) = match cause {
                        Cause::Declined | Cause::Busy | Cause::Normal => {
                            (Initiator::Agent(agent_id.clone()), RejectReason::Declined)
                        }
                        Cause::NoAnswer => (system(), RejectReason::Missed),
                        Cause::Unreachable => (system(), RejectReason::DeviceError),
                    };
                    all.push(self.event(at, initiator, ContactChange::OfferRejected { agent_id, reason }));
                }
            }
            Happened::Held(device) | Happened::Retrieved(device) => {
                let on = matches!(what, Happened::Held(_));
                if let Some(agent) = user(device)
                    && self.agent.as_ref() == Some(&agent)
                    && self.holding != on
                {
                    self.hold(at, Initiator::Agent(agent), on, &mut all);
                }
            }
            Happened::Transferred { from, to, warm } => {
                let by = user(from).map_or_else(system, Initiator::Agent);
                if self.holding {
                    self.hold(at, by.clone(), false, &mut all);
                }
                self.transferred(known, at, by, to, *warm, others, &mut all);
            }
            Happened::Joined(number) => {
                if let Some(agent) = known.user_at(number).filter(|it| self.agent.as_ref() != Some(*it)) {
                    all.push(self.event(at, Initiator::Agent(agent.clone()), ContactChange::Joined));
                }
            }
            // In a conference, somebody else goes on with it.
            Happened::Left(number) => {
                let left = known.user_at(number).filter(|it| self.agent.as_ref() == Some(*it));
                let next = others.iter().filter_map(&user).find(|it| Some(it) != left);
                if let (Some(left), Some(next)) = (left.cloned(), next) {
                    let by = Initiator::Agent(left);
                    self.hands_to(at, by, self.inbox.clone(), Some(next), TransferType::Warm, &mut all);
                }
            }
            Happened::Overflowed(to) => {
                let inbox = inbox_at(known, to).unwrap_or_else(|| self.inbox.clone());
                // People of the same queue, or of none, are no other place.
                if inbox != self.inbox {
                    self.goes_on_to(at, inbox, &mut all);
                }
            }
            Happened::Attached(data) => self.data.clone_from(data),
            Happened::Started { .. } | Happened::Supervised { .. } | Happened::Ended { .. } => {}
        }
        all
    }

    fn accepted(&mut self, at: Timestamp, agent: UserId, all: &mut Vec<Event>) {
        let by = Initiator::Agent(agent.clone());
        all.push(self.event(at, by.clone(), ContactChange::OfferAccepted { agent_id: agent.clone() }));
        if !self.outbound && self.last_agent.is_none() {
            let fulfilled = ContactChange::Fulfilled { fulfilled_type: FulfilledType::Responded };
            self.agent = Some(agent.clone());
            all.push(self.event(at, by, fulfilled));
        }
        self.agent = Some(agent.clone());
        self.last_agent = Some(agent);
    }

    fn hold(&mut self, at: Timestamp, by: Initiator, on: bool, all: &mut Vec<Event>) {
        let reason = HoldReason::Manual;
        let change = match on {
            true => ContactChange::HoldStarted { reason },
            false => ContactChange::HoldEnded { reason },
        };
        all.push(self.event(at, by, change));
        self.holding = on;
    }

    #[expect(clippy::too_many_arguments, reason = "it is one fact with its circumstances")]
    fn transferred(
        &mut self,
        known: &Known,
        at: Timestamp,
        by: Initiator,
        to: &str,
        warm: bool,
        others: &[DeviceId],
        all: &mut Vec<Event>,
    ) {
        let next = known.user_at(to).cloned();
        let inbox = inbox_at(known, to).unwrap_or_else(|| self.inbox.clone());
        let kind = if warm { TransferType::Warm } else { TransferType::Cold };
        self.hands_to(at, by, inbox, next.clone(), kind, all);
        // Who was asked before is there already.
        let there = |user: &UserId| others.iter().any(|it| known.user_of(it) == Some(user));
        match next.filter(|it| warm && there(it)) {
            Some(agent) => self.accepted(at, agent, all),
            // Nobody has it until somebody takes it.
            None => self.agent = None,
        }
    }

    /// Nobody was found: the call goes to another queue by itself.
    fn goes_on_to(&mut self, at: Timestamp, inbox: InboxId, all: &mut Vec<Event>) {
        let assignee = Assignee { inbox_id: inbox.clone(), agent_id: None };
        let (reason, transfer_type) = (TransferReason::Automation, TransferType::Cold);
        all.push(self.event(at, system(), ContactChange::Transferred { assignee, reason, transfer_type }));
        (self.inbox, self.agent) = (inbox, None);
    }

    fn hands_to(
        &mut self,
        at: Timestamp,
        by: Initiator,
        inbox: InboxId,
        next: Option<UserId>,
        transfer_type: TransferType,
        all: &mut Vec<Event>,
    ) {
        let assignee = Assignee { inbox_id: inbox.clone(), agent_id: next.clone() };
        let reason = TransferReason::Manual;
        all.push(self.event(at, by, ContactChange::Transferred { assignee, reason, transfer_type }));
        self.inbox = inbox;
        self.agent = next;
        self.last_agent = self.agent.clone().or(self.last_agent.take());
    }

    /// The end of the call. `by` is the agent who hung up, if one did; `cut`: the server was killed meanwhile.
    pub(crate) fn end(mut self, at: Timestamp, by: Option<UserId>, cut: bool) -> Ended {
        let status = match (self.answered, self.outbound, cut) {
            (_, _, true) if self.answered.is_none() => ContactStatus::Unknown,
            (Some(_), ..) => ContactStatus::Answered,
            (None, true, _) => ContactStatus::Unanswered,
            (None, false, _) => ContactStatus::Abandoned,
        };
        let reason = match (status, &by) {
            (ContactStatus::Answered, Some(_)) => Some(EndReason::AgentEnded),
            (ContactStatus::Abandoned, None) => Some(EndReason::CustomerAbandoned),
            _ => None,
        };
        let initiator = match by {
            Some(agent) => Initiator::Agent(agent),
            None if cut => system(),
            None => Initiator::Customer(self.thread().as_str().into()),
        };
        // Always of the same id: a call ends once, however often the server was killed.
        let mut event = self.event(at, initiator, ContactChange::Ended { status, reason });
        event.id = format!("{}-ended", self.contact).into();
        Ended { event, contact: self.into_contact(at, cut) }
    }

    fn into_contact(self, at: Timestamp, cut: bool) -> Contact {
        let mut metadata = Map::new();
        metadata.insert("customer_number".to_owned(), self.customer.into());
        metadata.insert("dialled_number".to_owned(), self.dialled.into());
        if self.inbox.as_str() != OWN_INBOX {
            metadata.insert("inbox".to_owned(), self.inbox.0.into());
        }
        if cut {
            metadata.insert("cut".to_owned(), true.into());
        }
        let spoken = self.answered.map(|from| (at.micros() - from.micros()).max(0));
        let waits = self.recorded && self.answered.is_some();
        let state = if waits { ContactState::UPLOADED } else { ContactState::COMPLETE };
        let mut contact = Contact {
            id: self.contact,
            channel: Channel::Call,
            direction: if self.outbound { Direction::Outbound } else { Direction::Inbound },
            agent_id: self.agent.or(self.last_agent),
            started_at: self.began,
            duration: MediaTime::from_micros(spoken.unwrap_or_default()),
            state: Some(ContactState::new(state)),
            original_path: None,
            metadata,
            crm_matches: vec![],
        };
        attach(&mut contact, self.data);
        contact
    }

    fn event(&mut self, timestamp: Timestamp, initiator: Initiator, change: ContactChange) -> Event {
        self.events += 1;
        let thread = self.thread();
        Event {
            id: format!("{}-{}", self.contact, self.events).into(),
            timestamp,
            initiator,
            content: EventContent::Contact(ContactEvent {
                contact_id: self.contact.clone(),
                channel: ContactChannel::PhoneCall,
                conversation_id: thread.as_str().into(),
                customer_id: thread.as_str().into(),
                assignee_before: Assignee { inbox_id: self.inbox.clone(), agent_id: self.agent.clone() },
                change,
            }),
        }
    }
}

/// Adds what people have attached to a call to the metadata of its contact: what is neither a value nor a list of values
/// as JSON text. What a contact does not take is left out, rather than the contact with it.
fn attach(contact: &mut Contact, data: Map<String, Value>) {
    let plain = |value: &Value| !value.is_object() && !value.is_array();
    for (key, value) in data.into_iter().take(MOST_ATTACHED) {
        let value = match &value {
            Value::Array(list) if list.iter().all(plain) => value,
            it if plain(it) => value,
            it => Value::String(it.to_string()),
        };
        // Ours are not overwritten by anybody.
        let key = if OURS.contains(&key.as_str()) { format!("attached_{key}") } else { key };
        let ours = std::mem::replace(&mut contact.metadata, Map::from_iter([(key, value)]));
        let taken = contact.validate().is_ok();
        let one = std::mem::replace(&mut contact.metadata, ours);
        if taken {
            contact.metadata.extend(one);
        }
    }
}

fn system() -> Initiator {
    Initiator::Other(OtherInitiator::System, String::new())
}

/// The inbox of a number, if a queue has it.
fn inbox_at(known: &Known, number: &str) -> Option<InboxId> {
    let trunk = super::board::numbers::Caller::Trunk("");
    match known.plan.route(number, trunk) {
        Route::Queue(queue) => Some(inbox_of(&queue.number)),
        _ => None,
    }
}
