//! From an event to the shape in which it is written.

use super::{
    AgentStatusChange as Status, ContactChange, ContentWire, Context, ConversationChange, Event,
    EventContent, EventKind, EventWire, InitiatorWire, TaskChange,
};

impl EventContent {
    /// What kind of event has this content.
    pub const fn kind(&self) -> EventKind {
        match self {
            Self::Contact(contact) => match &contact.change {
                ContactChange::Started { .. } => EventKind::ContactStarted,
                ContactChange::Offered { .. } => EventKind::ContactOffered,
                ContactChange::OfferAccepted { .. } => EventKind::ContactOfferAccepted,
                ContactChange::OfferRejected { .. } => EventKind::ContactOfferRejected,
                ContactChange::Joined => EventKind::ContactJoined,
                ContactChange::MessageSent { .. } => EventKind::ContactMessageSent,
                ContactChange::MessageReceived { .. } => EventKind::ContactMessageReceived,
                ContactChange::HoldStarted { .. } => EventKind::ContactHoldStarted,
                ContactChange::HoldEnded { .. } => EventKind::ContactHoldEnded,
                ContactChange::Transferred { .. } => EventKind::ContactTransferred,
                ContactChange::Fulfilled { .. } => EventKind::ContactFulfilled,
                ContactChange::Ended { .. } => EventKind::ContactEnded,
            },
            Self::Conversation(conversation) => match &conversation.change {
                ConversationChange::Created { .. } => EventKind::ConversationCreated,
                ConversationChange::Closed { .. } => EventKind::ConversationClosed,
                ConversationChange::Reopened { .. } => EventKind::ConversationReopened,
                ConversationChange::AssigneeUpdated { .. } => EventKind::ConversationAssigneeUpdated,
                ConversationChange::StatusUpdated { .. } => EventKind::ConversationStatusUpdated,
                ConversationChange::Merged { .. } => EventKind::ConversationMerged,
                ConversationChange::TopicsUpdated { .. } => EventKind::ConversationTopicsUpdated,
                ConversationChange::AttributesUpdated { .. } => EventKind::ConversationAttributesUpdated,
            },
            Self::AgentStatus(status) => match status.change {
                Status::LoggedIn => EventKind::AgentLoggedIn,
                Status::LoggedOut => EventKind::AgentLoggedOut,
                Status::WentAway => EventKind::AgentWentAway,
                Status::ReturnedFromAway => EventKind::AgentReturnedFromAway,
                Status::ChangedActiveReason => EventKind::AgentChangedActiveReason,
            },
            Self::Availability { .. } => EventKind::AgentAvailabilityUpdated,
            Self::Task { change, .. } => match change {
                TaskChange::Created => EventKind::TaskCreated,
                TaskChange::Closed => EventKind::TaskClosed,
                TaskChange::Reopened => EventKind::TaskReopened,
                TaskChange::CommentAdded => EventKind::TaskCommentAdded,
                TaskChange::ContentUpdated => EventKind::TaskContentUpdated,
                TaskChange::DueDateUpdated => EventKind::TaskDueDateUpdated,
            },
            Self::View(_) => EventKind::AgentView,
            Self::CustomerMerged { .. } => EventKind::CustomerMerged,
        }
    }
}

impl From<Event> for EventWire {
    fn from(event: Event) -> Self {
        Self {
            kind: event.kind(),
            id: event.id,
            timestamp: event.timestamp,
            initiator: InitiatorWire { kind: event.initiator.kind(), id: event.initiator.id().to_owned() },
            content: Box::new(content(event.content)),
        }
    }
}

fn content(content: EventContent) -> ContentWire {
    let mut wire = ContentWire::default();
    match content {
        EventContent::Contact(contact) => {
            wire.contact_id = Some(contact.contact_id);
            wire.channel = Some(contact.channel);
            wire.conversation_id = Some(contact.conversation_id);
            wire.customer_id = Some(contact.customer_id);
            wire.context = Some(Context { assignee: contact.assignee_before });
            contact_change(&mut wire, contact.change);
        }
        EventContent::Conversation(conversation) => {
            wire.conversation_id = Some(conversation.conversation_id);
            wire.customer_id = conversation.customer_id;
            conversation_change(&mut wire, conversation.change);
        }
        EventContent::AgentStatus(status) => {
            wire.agent_id = Some(status.agent_id);
            wire.occurred_at = Some(status.occurred_at);
            wire.active_reason = status.active_reason;
            wire.away_reason = status.away_reason;
            wire.away_at = status.away_at;
        }
        EventContent::Availability { agent_id, available_for, occurred_at } => {
            wire.agent_id = Some(agent_id);
            wire.available_for = Some(available_for);
            wire.occurred_at = occurred_at;
        }
        EventContent::Task { task_id, .. } => wire.task_id = Some(task_id),
        EventContent::View(view) => {
            wire.agent_id = Some(view.agent_id);
            wire.customer_id = Some(view.customer_id);
            wire.conversation_id = Some(view.conversation_id);
            wire.start_at = Some(view.start_at);
            wire.end_at = Some(view.end_at);
        }
        EventContent::CustomerMerged { customer_id, into_customer_id } => {
            wire.customer_id = Some(customer_id);
            wire.into_customer_id = Some(into_customer_id);
        }
    }
    wire
}

fn contact_change(wire: &mut ContentWire, change: ContactChange) {
    match change {
        ContactChange::Started { due_at, entry_point, final_ivr_selection } => {
            wire.due_at = due_at;
            wire.entry_point = entry_point;
            wire.final_ivr_selection = final_ivr_selection;
        }
        ContactChange::Offered { agent_id, match_reasons } => {
            wire.agent_id = Some(agent_id);
            wire.match_reasons = Some(match_reasons).filter(|reasons| !reasons.is_empty());
        }
        ContactChange::OfferAccepted { agent_id } => wire.agent_id = Some(agent_id),
        ContactChange::OfferRejected { agent_id, reason } => {
            wire.agent_id = Some(agent_id);
            wire.reason = Some(reason.name().to_owned());
        }
        ContactChange::Joined => {}
        ContactChange::MessageSent { message_id } | ContactChange::MessageReceived { message_id } => {
            wire.message_id = Some(message_id);
        }
        ContactChange::HoldStarted { reason } | ContactChange::HoldEnded { reason } => {
            wire.reason = Some(reason.name().to_owned());
        }
        ContactChange::Transferred { assignee, reason, transfer_type } => {
            wire.assignee = Some(assignee);
            wire.reason = Some(reason.name().to_owned());
            wire.transfer_type = Some(transfer_type);
        }
        ContactChange::Fulfilled { fulfilled_type } => wire.fulfilled_type = Some(fulfilled_type),
        ContactChange::Ended { status, reason } => {
            wire.status = Some(status.name().to_owned());
            wire.reason = reason.map(|reason| reason.name().to_owned());
        }
    }
}

fn conversation_change(wire: &mut ContentWire, change: ConversationChange) {
    match change {
        ConversationChange::Created { assignee }
        | ConversationChange::Closed { assignee }
        | ConversationChange::Reopened { assignee } => wire.assignee = assignee,
        ConversationChange::AssigneeUpdated { assignee } => wire.assignee = Some(assignee),
        ConversationChange::StatusUpdated { status, assignee } => {
            wire.status = Some(status.name().to_owned());
            wire.assignee = assignee;
        }
        ConversationChange::Merged { into_conversation_id } => {
            wire.into_conversation_id = Some(into_conversation_id);
        }
        ConversationChange::TopicsUpdated { topic_ids } => wire.topic_ids = Some(topic_ids),
        ConversationChange::AttributesUpdated { custom_attributes } => {
            wire.custom_attributes = Some(custom_attributes);
        }
    }
}
