//! What is known of a contact, as far as reports ask.

use super::{Micros, within_sla};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use touchline_model::events::{ContactChannel, ContactStatus, EndReason, FulfilledType, InitiatorKind};
use touchline_model::{ContactId, ConversationId, CustomerId, Direction, InboxId, Timestamp, UserId};
use uuid::Uuid;

/// How handle time is found (contract gladly X-8).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HandleTime {
    /// From the spans during which agents had the customer on their screens.
    Views,
    /// From the spans during which the contact was assigned; there is no after-contact and no unknown time then.
    Assignment,
}

/// What an organisation has chosen: setting `handle_time_source` (contract gladly X-8).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum HandleTimeSource {
    /// By views, unless the organisation has never sent one.
    #[default]
    Auto,
    /// By views.
    Views,
    /// By assignment.
    Assignment,
}

impl HandleTimeSource {
    /// What it comes to, when the organisation has or has not a view among the events visible at the horizon
    /// (contract gladly R-12).
    pub const fn resolve(self, has_views: bool) -> HandleTime {
        match self {
            Self::Views => HandleTime::Views,
            Self::Auto if has_views => HandleTime::Views,
            Self::Auto | Self::Assignment => HandleTime::Assignment,
        }
    }
}

/// A contact as it is known at the horizon. Absent is what has not happened by then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactFacts {
    /// The contact.
    pub contact_id: ContactId,
    /// Its conversation when it started; not rewritten by mergers.
    pub conversation_id: ConversationId,
    /// Its customer when it started; not rewritten by mergers.
    pub customer_id: CustomerId,
    /// Its channel.
    pub channel: ContactChannel,
    /// Who began it: us (outbound) or somebody else (contract gladly §4 column 8, X-22).
    pub direction: Direction,
    /// Who began it, in detail.
    pub initiator: InitiatorKind,
    /// When it was queued or begun.
    pub created_at: Timestamp,
    /// Where it started.
    pub inbox_created: InboxId,
    /// The address that the customer reached; inbound only.
    pub entry_point: Option<String>,
    /// Last choice in the telephone menu; calls only (contract gladly R-16).
    pub final_ivr_selection: Option<String>,
    /// Until when the service level wants an answer.
    pub due_at: Option<Timestamp>,
    /// When it was first offered to somebody; inbound only (contract gladly X-23).
    pub routed_at: Option<Timestamp>,
    /// Who took it first.
    pub first_accepted: Option<Accepted>,
    /// When and how its service level was fulfilled; the first time counts (contract gladly R-14).
    pub fulfilled: Option<Fulfilled>,
    /// When and how it ended; the first time counts (contract gladly R-14).
    pub ended: Option<Ended>,
    /// Where it is now, or was when it ended.
    pub inbox_current: InboxId,
    /// Whose it is now, or was when it ended.
    pub agent_current: Option<UserId>,
    /// How often it was transferred.
    pub transfers: u64,
    /// How long the customer was on hold, calls only: up to the end, for an open contact up to the horizon.
    pub hold: Micros,
    /// Its rows in the Work Sessions report: one while it is open; later one for each agent, or one without an
    /// agent. Sorted by agent.
    pub sessions: Vec<WorkSession>,
    /// When which agent worked on it, for the Agent Summary; of an open contact too, up to the horizon. Sorted.
    pub intervals: Vec<Interval>,
}

/// An agent took a contact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The agent.
    pub agent_id: UserId,
    /// When.
    pub at: Timestamp,
    /// In which inbox the contact was then.
    pub inbox_id: InboxId,
}

/// The service level was fulfilled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fulfilled {
    /// When.
    pub at: Timestamp,
    /// How.
    pub how: FulfilledType,
}

/// The contact ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// When.
    pub at: Timestamp,
    /// How.
    pub status: ContactStatus,
    /// Why, where known.
    pub reason: Option<EndReason>,
}

/// One agent's work on one contact: a row of the Work Sessions report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkSession {
    /// Given when the contact ends (contract gladly X-12).
    pub id: Option<String>,
    /// Nobody while the contact is open, and when nobody worked on it.
    pub agent_id: Option<UserId>,
    /// When this agent first took it, and in which inbox; known once the contact has ended.
    pub accepted: Option<(Timestamp, InboxId)>,
    /// Durations, once the contact has ended.
    pub times: Option<SessionTimes>,
}

/// The durations of a work session (contract gladly X-8).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SessionTimes {
    /// Worked on the contact while it ran.
    pub handle: Micros,
    /// The same agent with the same customer afterwards; may still grow (contract gladly 9.11).
    pub after_contact: Micros,
    /// Time afterwards of an agent who did not work on the contact; may still grow.
    pub unknown: Micros,
}

/// A stretch of one agent's work on a contact.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Interval {
    /// When it began.
    pub start: Timestamp,
    /// When it was over.
    pub end: Timestamp,
    /// The agent.
    pub agent_id: UserId,
    /// The contact's channel.
    pub channel: ContactChannel,
    /// What kind of work it was.
    pub kind: IntervalKind,
}

/// What kind of work an interval is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IntervalKind {
    /// Handling the contact.
    Handle,
    /// Work after its end.
    AfterContact,
    /// The customer was on hold.
    Hold,
}

impl ContactFacts {
    /// Which instant decides about its rows in the Work Sessions report: its end, or while it is open its start
    /// (contract gladly 9.4).
    pub fn anchor(&self) -> Timestamp {
        self.ended.map_or(self.created_at, |ended| ended.at)
    }
    /// Whether its service level was met: unknown until fulfilled, and without a due date (contract gladly X-24).
    pub fn within_sla(&self) -> Option<bool> {
        within_sla(self.fulfilled.map(|fulfilled| fulfilled.at), self.due_at)
    }
    fn inbound(&self) -> Option<()> {
        (self.direction == Direction::Inbound).then_some(())
    }
    /// Queued to first accepted; inbound only (contract gladly §5 column 28).
    pub fn queued_to_accepted(&self) -> Option<Micros> {
        self.inbound()?;
        Some(Micros::between(self.created_at, self.first_accepted.as_ref()?.at))
    }
    /// Queued to fulfilled; inbound only (contract gladly §5 column 29).
    pub fn queued_to_fulfilled(&self) -> Option<Micros> {
        self.inbound()?;
        Some(Micros::between(self.created_at, self.fulfilled?.at))
    }
    /// Queued to ended; inbound only (contract gladly §5 column 30).
    pub fn queued_to_ended(&self) -> Option<Micros> {
        self.inbound()?;
        Some(Micros::between(self.created_at, self.ended?.at))
    }
    /// First accepted to fulfilled; inbound only, negative when fulfilled first (contract gladly §5 column 31).
    pub fn accepted_to_fulfilled(&self) -> Option<Micros> {
        self.inbound()?;
        Some(Micros::between(self.first_accepted.as_ref()?.at, self.fulfilled?.at))
    }
    /// Handle time of all agents; unknown while open (contract gladly §5 column 32).
    pub fn handle_time(&self) -> Option<Micros> {
        self.sessions.iter().map(|session| session.times.map(|times| times.handle)).sum()
    }
    /// After-contact time of all agents; unknown while open (contract gladly §5 column 33).
    pub fn after_contact_time(&self) -> Option<Micros> {
        self.sessions.iter().map(|session| session.times.map(|times| times.after_contact)).sum()
    }
    /// Hold time; calls that have ended only (contract gladly §5 column 34).
    pub fn hold_time(&self) -> Option<Micros> {
        (self.channel == ContactChannel::PhoneCall && self.ended.is_some()).then_some(self.hold)
    }
    /// Talk time; calls that have ended and were accepted only (contract gladly §5 column 35).
    pub fn talk_time(&self) -> Option<Micros> {
        let hold = self.hold_time()?;
        Some(Micros::between(self.first_accepted.as_ref()?.at, self.ended?.at) - hold)
    }
}

/// The namespace of work-session ids; drawn once, never to be changed.
const NAMESPACE: Uuid = Uuid::from_u128(0x5d0c_1f0e_6a52_4c8b_9e4d_71b2_3a96_f8c7);

/// The id of the work session of an agent on a contact, of nobody with an empty agent: 22 characters, always the
/// same for the same two (contract gladly X-12).
pub fn session_id(contact: &ContactId, agent: Option<&UserId>) -> String {
    let name = format!("{contact}/{}", agent.map_or("", UserId::as_str));
    URL_SAFE_NO_PAD.encode(Uuid::new_v5(&NAMESPACE, name.as_bytes()))
}
