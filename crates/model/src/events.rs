//! What happens in a contact centre, as events that are never changed afterwards: the truth that reports are
//! worked out from.
//!
//! The shapes, and the texts in `type`, are those of the reporting contract (gladly §8, R-23), which took them from
//! the public description of a vendor's event stream; they are also what the native API accepts and gives. Reading
//! is strict: an unknown type or field, a missing or an unfit one is refused, and the refusal names its path
//! ([`EventWire`]).

mod names;
mod wire;
mod written;

#[cfg(test)]
mod tests;

pub use names::{
    AgentStatusChange, ChannelType, ContactChannel, ContactStatus, ConversationStatus, EndReason, EventKind,
    FulfilledType, HoldReason, InitiatorKind, RejectReason, TaskChange, TransferReason, TransferType,
};
pub use wire::{ContentWire, EventWire, InitiatorWire};

use crate::{ContactId, ConversationId, CustomerId, EventId, InboxId, MessageId, TaskId, Timestamp, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "EventWire", into = "EventWire")]
pub struct Event {
    /// Id; a second event with the same id is the same event.
    pub id: EventId,
    /// When it was recorded. What a report may see is decided by this time (contract gladly ).
    pub timestamp: Timestamp,
    /// Who did it.
    pub initiator: Initiator,
    /// What happened.
    pub content: EventContent,
}

/// Who did it (contract gladly §8).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Initiator {
    /// The customer.
    Customer(CustomerId),
    /// One of us.
    Agent(UserId),
    /// Somebody or something else, with an id of its own kind, which may be empty.
    Other(OtherInitiator, String),
}

/// Initiators that are neither customer nor agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OtherInitiator {
    /// A rule.
    Automation,
    /// Somebody of the organisation who is no agent.
    Internal,
    /// Somebody outside who is no customer.
    External,
    /// A program, through an interface.
    Application,
    /// The system itself.
    System,
}

impl Initiator {
    /// Its kind, with the customer and the agent.
    pub const fn kind(&self) -> InitiatorKind {
        match self {
            Self::Customer(_) => InitiatorKind::Customer,
            Self::Agent(_) => InitiatorKind::Agent,
            Self::Other(OtherInitiator::Automation, _) => InitiatorKind::Automation,
            Self::Other(OtherInitiator::Internal, _) => InitiatorKind::Internal,
            Self::Other(OtherInitiator::External, _) => InitiatorKind::External,
            Self::Other(OtherInitiator::Application, _) => InitiatorKind::Application,
            Self::Other(OtherInitiator::System, _) => InitiatorKind::System,
        }
    }
    /// The agent who did it, if one did.
    pub const fn agent(&self) -> Option<&UserId> {
        if let Self::Agent(id) = self { Some(id) } else { None }
    }
    /// The id, whatever it is an id of; may be empty.
    pub fn id(&self) -> &str {
        match self {
            Self::Customer(id) => id.as_str(),
            Self::Agent(id) => id.as_str(),
            Self::Other(_, id) => id,
        }
    }
}

/// To whom something is assigned: always an inbox, perhaps an agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Assignee {
    /// The inbox.
    pub inbox_id: InboxId,
    /// The agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<UserId>,
}

/// The assignee just before an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Context {
    /// To whom the contact was assigned.
    pub assignee: Assignee,
}

/// Why an agent is active or away, from a list of the organisation's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StatusReason {
    /// Its id.
    pub id: String,
    /// Its name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
}

/// A value of a field of the organisation's own; the same id may repeat (contract gladly §7.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CustomAttribute {
    /// Id of the field.
    pub id: String,
    /// Any JSON value.
    pub value: serde_json::Value,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventContent {
    /// Something about a contact.
    Contact(ContactEvent),
    /// Something about a conversation.
    Conversation(ConversationEvent),
    /// An agent came, went, or changed what they are busy with.
    AgentStatus(AgentStatusEvent),
    /// An agent became available for kinds of channels; for none when the list is empty.
    Availability {
        /// The agent.
        agent_id: UserId,
        /// For what.
        available_for: Vec<ChannelType>,
        /// When it happened, if not when it was recorded.
        occurred_at: Option<Timestamp>,
    },
    /// Something about a task.
    Task {
        /// The task.
        task_id: TaskId,
        /// What happened to it.
        change: TaskChange,
    },
    /// A span during which an agent had a customer's profile open (contract gladly X-8).
    View(AgentView),
    /// Two customers turned out to be one; `customer_id` is gone from now on (contract gladly R-23).
    CustomerMerged {
        /// Who is gone.
        customer_id: CustomerId,
        /// Who stays.
        into_customer_id: CustomerId,
    },
}

/// Something about a contact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactEvent {
    /// The contact.
    pub contact_id: ContactId,
    /// Its channel.
    pub channel: ContactChannel,
    /// Its conversation at that time.
    pub conversation_id: ConversationId,
    /// Its customer at that time.
    pub customer_id: CustomerId,
    /// To whom it was assigned just before.
    pub assignee_before: Assignee,
    /// What happened.
    pub change: ContactChange,
}

/// What happens to a contact (contract gladly §8).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ContactChange {
    /// It was queued (inbound) or begun by us (outbound).
    Started {
        /// Until when the service level wants an answer.
        due_at: Option<Timestamp>,
        /// The address that the customer reached.
        entry_point: Option<String>,
        /// The last choice in the telephone menu.
        final_ivr_selection: Option<String>,
    },
    /// It was offered to an agent.
    Offered {
        /// The agent.
        agent_id: UserId,
        /// Why this agent; kept as given.
        match_reasons: Vec<serde_json::Value>,
    },
    /// An agent took it.
    OfferAccepted {
        /// The agent.
        agent_id: UserId,
    },
    /// An agent did not take it.
    OfferRejected {
        /// The agent.
        agent_id: UserId,
        /// Why.
        reason: RejectReason,
    },
    /// An agent joined: the initiator (contract gladly R-22).
    Joined,
    /// We sent a message.
    MessageSent {
        /// The message.
        message_id: MessageId,
    },
    /// The customer sent one.
    MessageReceived {
        /// The message.
        message_id: MessageId,
    },
    /// The customer was put on hold.
    HoldStarted {
        /// Why.
        reason: HoldReason,
    },
    /// And taken back.
    HoldEnded {
        /// Why.
        reason: HoldReason,
    },
    /// It went to another inbox or agent.
    Transferred {
        /// Whose it is now.
        assignee: Assignee,
        /// Why.
        reason: TransferReason,
        /// With or without a word to the next agent.
        transfer_type: TransferType,
    },
    /// The service level was fulfilled.
    Fulfilled {
        /// How.
        fulfilled_type: FulfilledType,
    },
    /// It ended.
    Ended {
        /// How.
        status: ContactStatus,
        /// Why, where known.
        reason: Option<EndReason>,
    },
}

/// Something about a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConversationEvent {
    /// The conversation.
    pub conversation_id: ConversationId,
    /// Its customer. Our own events (merged, topics, attributes) may leave it out (contract gladly R-23).
    pub customer_id: Option<CustomerId>,
    /// What happened.
    pub change: ConversationChange,
}

/// What happens to a conversation (contract gladly §8, R-23).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConversationChange {
    /// It began.
    Created {
        /// Whose it is, where said.
        assignee: Option<Assignee>,
    },
    /// It was resolved.
    Closed {
        /// Whose it is, where said.
        assignee: Option<Assignee>,
    },
    /// It was taken up again.
    Reopened {
        /// Whose it is, where said.
        assignee: Option<Assignee>,
    },
    /// It changed hands; its open contacts did not (contract gladly R-17).
    AssigneeUpdated {
        /// Whose it is now.
        assignee: Assignee,
    },
    /// Its status was set.
    StatusUpdated {
        /// To what.
        status: ConversationStatus,
        /// Whose it is, where said.
        assignee: Option<Assignee>,
    },
    /// It became part of another; its id is gone.
    Merged {
        /// Of which one.
        into_conversation_id: ConversationId,
    },
    /// Its topics were set.
    TopicsUpdated {
        /// All of them.
        topic_ids: Vec<String>,
    },
    /// Its fields of the organisation's own were set.
    AttributesUpdated {
        /// All of them.
        custom_attributes: Vec<CustomAttribute>,
    },
}

/// An agent came, went, or changed what they are busy with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentStatusEvent {
    /// The agent.
    pub agent_id: UserId,
    /// When it happened; counts and durations go by it (contract gladly R-18).
    pub occurred_at: Timestamp,
    /// What happened.
    pub change: AgentStatusChange,
    /// What the agent is busy with now.
    pub active_reason: Option<StatusReason>,
    /// Why the agent is away.
    pub away_reason: Option<StatusReason>,
    /// Since when the agent has been away.
    pub away_at: Option<Timestamp>,
}

/// A span during which an agent had a customer's profile open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentView {
    /// The agent.
    pub agent_id: UserId,
    /// The customer.
    pub customer_id: CustomerId,
    /// The conversation that was shown.
    pub conversation_id: ConversationId,
    /// When it was opened.
    pub start_at: Timestamp,
    /// When it was left; never before `start_at`.
    pub end_at: Timestamp,
}

impl Event {
    /// What kind of event it is.
    pub const fn kind(&self) -> EventKind {
        self.content.kind()
    }
    /// When it happened, as far as known: `occurredAt`, otherwise when it was recorded (contract gladly R-18).
    pub fn happened_at(&self) -> Timestamp {
        match &self.content {
            EventContent::AgentStatus(status) => status.occurred_at,
            EventContent::Availability { occurred_at, .. } => occurred_at.unwrap_or(self.timestamp),
            _ => self.timestamp,
        }
    }
    /// The contact it is about.
    pub fn contact_id(&self) -> Option<&ContactId> {
        if let EventContent::Contact(contact) = &self.content { Some(&contact.contact_id) } else { None }
    }
    /// The conversation it is about; for a merger the one that is gone.
    pub fn conversation_id(&self) -> Option<&ConversationId> {
        match &self.content {
            EventContent::Contact(contact) => Some(&contact.conversation_id),
            EventContent::Conversation(conversation) => Some(&conversation.conversation_id),
            EventContent::View(view) => Some(&view.conversation_id),
            _ => None,
        }
    }
    /// The customer it is about; for a merger the one who is gone.
    pub fn customer_id(&self) -> Option<&CustomerId> {
        match &self.content {
            EventContent::Contact(contact) => Some(&contact.customer_id),
            EventContent::Conversation(conversation) => conversation.customer_id.as_ref(),
            EventContent::View(view) => Some(&view.customer_id),
            EventContent::CustomerMerged { customer_id, .. } => Some(customer_id),
            EventContent::AgentStatus(_) | EventContent::Availability { .. } | EventContent::Task { .. } => {
                None
            }
        }
    }
    /// The agent for whom it counts: the one that it names (offers, status, views), the one to whom the contact
    /// was assigned (its end, holds), otherwise the agent who did it (contract gladly §6, R-22).
    pub fn agent_id(&self) -> Option<&UserId> {
        match &self.content {
            EventContent::AgentStatus(status) => Some(&status.agent_id),
            EventContent::Availability { agent_id, .. } => Some(agent_id),
            EventContent::View(view) => Some(&view.agent_id),
            EventContent::Contact(contact) => match &contact.change {
                ContactChange::Offered { agent_id, .. }
                | ContactChange::OfferAccepted { agent_id }
                | ContactChange::OfferRejected { agent_id, .. } => Some(agent_id),
                ContactChange::Ended { .. }
                | ContactChange::HoldStarted { .. }
                | ContactChange::HoldEnded { .. } => contact.assignee_before.agent_id.as_ref(),
                _ => self.initiator.agent(),
            },
            _ => self.initiator.agent(),
        }
    }
}
