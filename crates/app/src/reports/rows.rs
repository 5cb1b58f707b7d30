//! What reports give out: rows in our own words, which a dialect words in its own.

use super::kept::{Kept, KeptSession};
use touchline_analysis::sessions::{ContactFacts, Figures, Micros, Span};
use touchline_model::events::{ContactChannel, ContactStatus};
use touchline_model::{
    ContactId, ConversationId, CustomerId, Direction, GroupId, InboxId, Timestamp, UserId,
    events::{ConversationStatus, CustomAttribute},
};

/// One agent's work on one contact, or a contact that nobody has worked on or that is still open (contract gladly §4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkSessionRow {
    /// Given when the contact ends; the same for ever (contract gladly X-12).
    pub id: Option<String>,
    /// The contact.
    pub contact_id: ContactId,
    /// When it was queued or begun.
    pub created_at: Timestamp,
    /// Its customer then.
    pub customer_id: CustomerId,
    /// Its conversation then.
    pub conversation_id: ConversationId,
    /// Where it started.
    pub inbox_id: InboxId,
    /// Its channel.
    pub channel: ContactChannel,
    /// Who began it.
    pub direction: Direction,
    /// When this agent first took it; known once it has ended.
    pub agent_accepted_at: Option<Timestamp>,
    /// When it was first offered to anybody.
    pub routed_at: Option<Timestamp>,
    /// Whose work this is.
    pub agent_id: Option<UserId>,
    /// When its service level was fulfilled.
    pub fulfilled_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// How it ended.
    pub status: Option<ContactStatus>,
    /// Whether it was fulfilled in time; unknown until fulfilled, and without a due date.
    pub within_sla: Option<bool>,
    /// Worked on it while it ran; known once it has ended, like the next two.
    pub handle: Option<Micros>,
    /// Worked on it afterwards; may still grow.
    pub after_contact: Option<Micros>,
    /// Had the customer open without having worked on it; may still grow.
    pub unknown: Option<Micros>,
    /// Where the contact was when this agent took it.
    pub accepted_inbox_id: Option<InboxId>,
}

/// A [`WorkSessionRow`] that borrows its texts: for reports of millions of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkSessionView<'a> {
    /// Given when the contact ends; the same for ever (contract gladly X-12).
    pub id: Option<&'a str>,
    /// The contact.
    pub contact_id: &'a str,
    /// When it was queued or begun.
    pub created_at: Timestamp,
    /// Its customer then.
    pub customer_id: &'a str,
    /// Its conversation then.
    pub conversation_id: &'a str,
    /// Where it started.
    pub inbox_id: &'a str,
    /// Its channel.
    pub channel: ContactChannel,
    /// Who began it.
    pub direction: Direction,
    /// When this agent first took it; known once it has ended.
    pub agent_accepted_at: Option<Timestamp>,
    /// When it was first offered to anybody.
    pub routed_at: Option<Timestamp>,
    /// Whose work this is.
    pub agent_id: Option<&'a str>,
    /// When its service level was fulfilled.
    pub fulfilled_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// How it ended.
    pub status: Option<ContactStatus>,
    /// Whether it was fulfilled in time; unknown until fulfilled, and without a due date.
    pub within_sla: Option<bool>,
    /// Worked on it while it ran; known once it has ended, like the next two.
    pub handle: Option<Micros>,
    /// Worked on it afterwards; may still grow.
    pub after_contact: Option<Micros>,
    /// Had the customer open without having worked on it; may still grow.
    pub unknown: Option<Micros>,
    /// Where the contact was when this agent took it.
    pub accepted_inbox_id: Option<&'a str>,
}

impl<'a> WorkSessionView<'a> {
    /// The row of one of a contact's sessions.
    pub(super) fn new(contact: &Kept<'a>, session: &KeptSession<'a>) -> Self {
        let at = Timestamp::from_micros;
        let (accepted_at, accepted_inbox_id) = session.accepted.unzip();
        Self {
            id: session.id,
            contact_id: contact.contact,
            created_at: at(contact.created_at),
            customer_id: contact.customer,
            conversation_id: contact.conversation,
            inbox_id: contact.inbox_created,
            channel: contact.channel,
            direction: contact.direction,
            agent_accepted_at: accepted_at.map(at),
            routed_at: contact.routed_at.map(at),
            agent_id: session.agent,
            fulfilled_at: contact.fulfilled.map(|it| at(it.0)),
            ended_at: contact.ended.map(|it| at(it.0)),
            status: contact.ended.map(|it| it.1),
            within_sla: contact.within_sla(),
            handle: session.times.map(|it| Micros(it.0)),
            after_contact: session.times.map(|it| Micros(it.1)),
            unknown: session.times.map(|it| Micros(it.2)),
            accepted_inbox_id,
        }
    }

    /// The same with memory of its own.
    pub fn to_row(&self) -> WorkSessionRow {
        WorkSessionRow {
            id: self.id.map(str::to_owned),
            contact_id: self.contact_id.into(),
            created_at: self.created_at,
            customer_id: self.customer_id.into(),
            conversation_id: self.conversation_id.into(),
            inbox_id: self.inbox_id.into(),
            channel: self.channel,
            direction: self.direction,
            agent_accepted_at: self.agent_accepted_at,
            routed_at: self.routed_at,
            agent_id: self.agent_id.map(Into::into),
            fulfilled_at: self.fulfilled_at,
            ended_at: self.ended_at,
            status: self.status,
            within_sla: self.within_sla,
            handle: self.handle,
            after_contact: self.after_contact,
            unknown: self.unknown,
            accepted_inbox_id: self.accepted_inbox_id.map(Into::into),
        }
    }
}

impl WorkSessionRow {
    /// The instant that decides about its window: the contact's end, while it is open its start (contract gladly 9.4).
    pub fn anchor(&self) -> Timestamp {
        self.ended_at.unwrap_or(self.created_at)
    }
}

/// A contact as the Contact Export has it (contract gladly §5); its methods give the durations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactRow {
    /// What is known of it. Its sessions are there, its intervals are not.
    pub facts: ContactFacts,
    /// Name of the inbox where it started; empty when the directory does not know it, like the other names.
    pub inbox_created_name: String,
    /// Name of the inbox where it is now.
    pub inbox_current_name: String,
    /// Name of the agent who took it first.
    pub first_accepted_name: Option<String>,
    /// Name of the agent whose it is.
    pub agent_current_name: Option<String>,
}

/// What an agent did in a bucket of time (contract gladly §6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentSummaryRow {
    /// The bucket, cut at the window.
    pub bucket: Span,
    /// Who, as the directory knows them now.
    pub agent: std::sync::Arc<AgentInfo>,
    /// Counts and durations.
    pub figures: Figures,
}

/// An agent as the directory knows them now. Of somebody whom it does not know all but the id is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AgentInfo {
    /// Id.
    pub id: UserId,
    /// Given and family name.
    pub name: String,
    /// E-mail address.
    pub email: String,
    /// Whether the person still works here.
    pub active: bool,
    /// Roles in the pages.
    pub roles: Vec<String>,
    /// Names of the inboxes, sorted.
    pub inboxes: Vec<String>,
    /// Names of the teams, sorted.
    pub teams: Vec<String>,
}

/// A team: a leaf of the tree of people, with who is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TeamInfo {
    /// Id.
    pub id: GroupId,
    /// Name.
    pub name: String,
    /// Its members, sorted.
    pub agent_ids: Vec<UserId>,
}

/// A conversation as it stands now (contract gladly §7.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConversationView {
    /// Id.
    pub id: ConversationId,
    /// Its customer; of merged customers the one who stayed.
    pub customer_id: CustomerId,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was closed; absent while it is not.
    pub closed_at: Option<Timestamp>,
    /// Whose it is.
    pub agent_id: Option<UserId>,
    /// Where it is; absent when no event has said so.
    pub inbox_id: Option<InboxId>,
    /// Where it stands.
    pub status: ConversationStatus,
    /// Topics that it was given.
    pub topic_ids: Vec<String>,
    /// Fields of the organisation's own.
    pub custom_attributes: Vec<CustomAttribute>,
}

/// What there is of a customer (contract gladly R-25).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CustomerConversations {
    /// All conversations, the oldest first.
    Here(Vec<ConversationView>),
    /// The customer became part of another; ask for that one.
    Moved(CustomerId),
}
