//! Events as they are written: one envelope, and a content whose fields depend on the type.

use super::{
    AgentStatusChange as Status, AgentStatusEvent, AgentView, Assignee, ChannelType, ContactChange,
    ContactChannel, ContactEvent, Context, ConversationChange, ConversationEvent, CustomAttribute, Event,
    EventContent, EventKind, FulfilledType, Initiator, InitiatorKind, OtherInitiator, StatusReason,
    TaskChange, TransferType,
};
use crate::{
    ContactId, ConversationId, CustomerId, EventId, Invalid, MessageId, TaskId, Timestamp, UserId,
    validate as v,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// An event as it is written. Turning it into an [`Event`] checks that exactly the fields of its type are there, and
/// says by path what is wrong: `content.contactId`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Event")]
pub struct EventWire {
    /// Id; a second event with the same id is the same event.
    pub id: EventId,
    /// What kind of event it is.
    #[serde(rename = "type")]
    pub kind: EventKind,
    /// When it was recorded.
    pub timestamp: Timestamp,
    /// Who did it.
    pub initiator: InitiatorWire,
    /// Details; which fields belong here depends on the type.
    pub content: Box<ContentWire>,
}

/// Who did it, as it is written.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Initiator")]
pub struct InitiatorWire {
    /// What they are.
    #[serde(rename = "type")]
    pub kind: InitiatorKind,
    /// Their id; needed for customers and agents.
    #[serde(default)]
    pub id: String,
}

macro_rules! content {
    ($($(#[$doc:meta])* $name:literal $field:ident: $type:ty,)+) => {
        /// The details of an event, as they are written. Which fields belong here depends on the type.
        #[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        #[schemars(rename = "EventContent")]
        pub struct ContentWire {$(
            $(#[$doc])*
            #[serde(rename = $name, default, skip_serializing_if = "Option::is_none")]
            pub $field: Option<$type>,
        )+}

        impl ContentWire {
            /// The first field that is there.
            fn first_present(&self) -> Option<&'static str> {
                $(if self.$field.is_some() { return Some($name); })+
                None
            }
        }
        /// The name of each field on the wire.
        #[allow(dead_code, reason = "one for each field, although not every refusal needs its name")]
        mod wire_name {
            $(#[expect(non_upper_case_globals, reason = "named as the field it belongs to")]
            pub(super) const $field: &str = $name;)+
        }
    };
}

content! {
    /// The contact.
    "contactId" contact_id: ContactId,
    /// The contact's channel.
    "channel" channel: ContactChannel,
    /// The conversation.
    "conversationId" conversation_id: ConversationId,
    /// The customer.
    "customerId" customer_id: CustomerId,
    /// To whom the contact was assigned just before.
    "context" context: Context,
    /// The agent.
    "agentId" agent_id: UserId,
    /// Whose it is now.
    "assignee" assignee: Assignee,
    /// Until when the service level wants an answer.
    "dueAt" due_at: Timestamp,
    /// The address that the customer reached.
    "entryPoint" entry_point: String,
    /// The last choice in the telephone menu.
    "finalIVRSelection" final_ivr_selection: String,
    /// Why this agent.
    "matchReasons" match_reasons: Vec<serde_json::Value>,
    /// Why; the values depend on the type.
    "reason" reason: String,
    /// The message.
    "messageId" message_id: MessageId,
    /// With or without a word to the next agent.
    "transferType" transfer_type: TransferType,
    /// How the service level was fulfilled.
    "fulfilledType" fulfilled_type: FulfilledType,
    /// How a contact ended, or how a conversation stands.
    "status" status: String,
    /// Into which conversation.
    "intoConversationId" into_conversation_id: ConversationId,
    /// Into which customer.
    "intoCustomerId" into_customer_id: CustomerId,
    /// All topics of a conversation.
    "topicIds" topic_ids: Vec<String>,
    /// All fields of the organisation's own.
    "customAttributes" custom_attributes: Vec<CustomAttribute>,
    /// When it happened.
    "occurredAt" occurred_at: Timestamp,
    /// What the agent is busy with now.
    "activeReason" active_reason: StatusReason,
    /// Why the agent is away.
    "awayReason" away_reason: StatusReason,
    /// Since when the agent has been away.
    "awayAt" away_at: Timestamp,
    /// What the agent is available for.
    "availableFor" available_for: Vec<ChannelType>,
    /// The task.
    "taskId" task_id: TaskId,
    /// When the view was opened.
    "startAt" start_at: Timestamp,
    /// When the view was left.
    "endAt" end_at: Timestamp,
}

/// The content of one event while it is read: what was used is taken out, so that a rest can be refused.
struct Reading {
    kind: EventKind,
    content: ContentWire,
}

/// Takes a field that the type needs.
macro_rules! need {
    ($from:expr, $field:ident) => {
        $from.content.$field.take().ok_or_else(|| {
            Invalid::new(
                format!("content.{}", wire_name::$field),
                format!("is missing, {} needs it", $from.kind),
            )
        })
    };
}
/// Takes an id that the type needs.
macro_rules! need_id {
    ($from:expr, $field:ident) => {
        need!($from, $field).and_then(|id| {
            v::id(wire_name::$field, &id.0).map_err(|e| e.under("content"))?;
            Ok::<_, Invalid>(id)
        })
    };
}
/// Takes a text that the type needs and that has to be one of a list.
macro_rules! need_name {
    ($from:expr, $field:ident) => {
        need!($from, $field).and_then(|text| one_of(wire_name::$field, text))
    };
}

/// Reads a name of a closed list; the refusal lists all of them.
fn one_of<T: DeserializeOwned>(field: &str, text: String) -> Result<T, Invalid> {
    serde_json::from_value(serde_json::Value::String(text))
        .map_err(|e| Invalid::new(format!("content.{field}"), format!("has an {e}")))
}

impl TryFrom<EventWire> for Event {
    type Error = Invalid;
    fn try_from(wire: EventWire) -> Result<Self, Invalid> {
        v::id("id", &wire.id.0)?;
        let initiator = initiator(wire.initiator)?;
        let mut reading = Reading { kind: wire.kind, content: *wire.content };
        let content = reading.event()?;
        match reading.content.first_present() {
            Some(name) => {
                Err(Invalid::new(format!("content.{name}"), format!("does not belong to {}", wire.kind)))
            }
            None => Ok(Self { id: wire.id, timestamp: wire.timestamp, initiator, content }),
        }
    }
}

fn initiator(wire: InitiatorWire) -> Result<Initiator, Invalid> {
    let other = match wire.kind {
        InitiatorKind::Customer | InitiatorKind::Agent => {
            v::id("initiator.id", &wire.id)?;
            return Ok(match wire.kind {
                InitiatorKind::Agent => Initiator::Agent(wire.id.into()),
                _ => Initiator::Customer(wire.id.into()),
            });
        }
        InitiatorKind::Automation => OtherInitiator::Automation,
        InitiatorKind::Internal => OtherInitiator::Internal,
        InitiatorKind::External => OtherInitiator::External,
        InitiatorKind::Application => OtherInitiator::Application,
        InitiatorKind::System => OtherInitiator::System,
    };
    v::bounded("initiator.id", &wire.id, v::MAX_ID)?;
    Ok(Initiator::Other(other, wire.id))
}

fn assignee(path: &str, assignee: Assignee) -> Result<Assignee, Invalid> {
    v::id("inboxId", &assignee.inbox_id.0)
        .and_then(|()| v::maybe_id("agentId", assignee.agent_id.as_ref().map(UserId::as_str)))
        .map_err(|e| e.under(path))?;
    Ok(assignee)
}

impl Reading {
    fn event(&mut self) -> Result<EventContent, Invalid> {
        use EventKind as K;
        Ok(match self.kind {
            K::ContactStarted
            | K::ContactOffered
            | K::ContactOfferAccepted
            | K::ContactOfferRejected
            | K::ContactJoined
            | K::ContactMessageSent
            | K::ContactMessageReceived
            | K::ContactHoldStarted
            | K::ContactHoldEnded
            | K::ContactTransferred
            | K::ContactFulfilled
            | K::ContactEnded => EventContent::Contact(ContactEvent {
                contact_id: need_id!(self, contact_id)?,
                channel: need!(self, channel)?,
                conversation_id: need_id!(self, conversation_id)?,
                customer_id: need_id!(self, customer_id)?,
                assignee_before: assignee("content.context.assignee", need!(self, context)?.assignee)?,
                change: self.contact_change()?,
            }),
            K::ConversationCreated
            | K::ConversationClosed
            | K::ConversationReopened
            | K::ConversationAssigneeUpdated
            | K::ConversationStatusUpdated => {
                let customer_id = Some(need_id!(self, customer_id)?);
                self.conversation(customer_id)?
            }
            K::ConversationMerged | K::ConversationTopicsUpdated | K::ConversationAttributesUpdated => {
                let customer_id = match self.content.customer_id {
                    Some(_) => Some(need_id!(self, customer_id)?),
                    None => None,
                };
                self.conversation(customer_id)?
            }
            K::CustomerMerged => EventContent::CustomerMerged {
                customer_id: need_id!(self, customer_id)?,
                into_customer_id: need_id!(self, into_customer_id)?,
            },
            K::AgentLoggedIn => self.status(Status::LoggedIn)?,
            K::AgentLoggedOut => self.status(Status::LoggedOut)?,
            K::AgentWentAway => self.status(Status::WentAway)?,
            K::AgentReturnedFromAway => self.status(Status::ReturnedFromAway)?,
            K::AgentChangedActiveReason => self.status(Status::ChangedActiveReason)?,
            K::AgentAvailabilityUpdated => EventContent::Availability {
                agent_id: need_id!(self, agent_id)?,
                available_for: need!(self, available_for)?,
                occurred_at: self.content.occurred_at.take(),
            },
            K::TaskCreated => self.task(TaskChange::Created)?,
            K::TaskClosed => self.task(TaskChange::Closed)?,
            K::TaskReopened => self.task(TaskChange::Reopened)?,
            K::TaskCommentAdded => self.task(TaskChange::CommentAdded)?,
            K::TaskContentUpdated => self.task(TaskChange::ContentUpdated)?,
            K::TaskDueDateUpdated => self.task(TaskChange::DueDateUpdated)?,
            K::AgentView => self.view()?,
        })
    }

    fn contact_change(&mut self) -> Result<ContactChange, Invalid> {
        use EventKind as K;
        Ok(match self.kind {
            K::ContactOffered => ContactChange::Offered {
                agent_id: need_id!(self, agent_id)?,
                match_reasons: self.content.match_reasons.take().unwrap_or_default(),
            },
            K::ContactOfferAccepted => ContactChange::OfferAccepted { agent_id: need_id!(self, agent_id)? },
            K::ContactOfferRejected => ContactChange::OfferRejected {
                agent_id: need_id!(self, agent_id)?,
                reason: need_name!(self, reason)?,
            },
            K::ContactJoined => ContactChange::Joined,
            K::ContactMessageSent => ContactChange::MessageSent { message_id: need_id!(self, message_id)? },
            K::ContactMessageReceived => {
                ContactChange::MessageReceived { message_id: need_id!(self, message_id)? }
            }
            K::ContactHoldStarted => ContactChange::HoldStarted { reason: need_name!(self, reason)? },
            K::ContactHoldEnded => ContactChange::HoldEnded { reason: need_name!(self, reason)? },
            K::ContactTransferred => ContactChange::Transferred {
                assignee: assignee("content.assignee", need!(self, assignee)?)?,
                reason: need_name!(self, reason)?,
                transfer_type: need!(self, transfer_type)?,
            },
            K::ContactFulfilled => ContactChange::Fulfilled { fulfilled_type: need!(self, fulfilled_type)? },
            K::ContactEnded => ContactChange::Ended {
                status: need_name!(self, status)?,
                reason: self.content.reason.take().map(|text| one_of("reason", text)).transpose()?,
            },
            // Only contact events come here, so what is left is the start.
            _ => ContactChange::Started {
                due_at: self.content.due_at.take(),
                entry_point: self.text("entryPoint", |c| &mut c.entry_point)?,
                final_ivr_selection: self.text("finalIVRSelection", |c| &mut c.final_ivr_selection)?,
            },
        })
    }

    fn text(
        &mut self,
        name: &str,
        field: impl Fn(&mut ContentWire) -> &mut Option<String>,
    ) -> Result<Option<String>, Invalid> {
        let text = field(&mut self.content).take();
        v::maybe_text(name, text.as_deref()).map_err(|e| e.under("content"))?;
        Ok(text)
    }

    fn conversation(&mut self, customer_id: Option<CustomerId>) -> Result<EventContent, Invalid> {
        use EventKind as K;
        let conversation_id = need_id!(self, conversation_id)?;
        let change = match self.kind {
            K::ConversationClosed => ConversationChange::Closed { assignee: self.assignee()? },
            K::ConversationReopened => ConversationChange::Reopened { assignee: self.assignee()? },
            K::ConversationAssigneeUpdated => ConversationChange::AssigneeUpdated {
                assignee: assignee("content.assignee", need!(self, assignee)?)?,
            },
            K::ConversationStatusUpdated => ConversationChange::StatusUpdated {
                status: need_name!(self, status)?,
                assignee: self.assignee()?,
            },
            K::ConversationMerged => {
                ConversationChange::Merged { into_conversation_id: need_id!(self, into_conversation_id)? }
            }
            K::ConversationTopicsUpdated => {
                ConversationChange::TopicsUpdated { topic_ids: need!(self, topic_ids)? }
            }
            K::ConversationAttributesUpdated => {
                ConversationChange::AttributesUpdated { custom_attributes: need!(self, custom_attributes)? }
            }
            // Only conversation events come here, so what is left is the creation.
            _ => ConversationChange::Created { assignee: self.assignee()? },
        };
        Ok(EventContent::Conversation(ConversationEvent { conversation_id, customer_id, change }))
    }

    fn assignee(&mut self) -> Result<Option<Assignee>, Invalid> {
        self.content.assignee.take().map(|given| assignee("content.assignee", given)).transpose()
    }

    fn status(&mut self, change: Status) -> Result<EventContent, Invalid> {
        Ok(EventContent::AgentStatus(AgentStatusEvent {
            agent_id: need_id!(self, agent_id)?,
            occurred_at: need!(self, occurred_at)?,
            change,
            active_reason: self.content.active_reason.take(),
            away_reason: self.content.away_reason.take(),
            away_at: self.content.away_at.take(),
        }))
    }

    fn task(&mut self, change: TaskChange) -> Result<EventContent, Invalid> {
        Ok(EventContent::Task { task_id: need_id!(self, task_id)?, change })
    }

    fn view(&mut self) -> Result<EventContent, Invalid> {
        let view = AgentView {
            agent_id: need_id!(self, agent_id)?,
            customer_id: need_id!(self, customer_id)?,
            conversation_id: need_id!(self, conversation_id)?,
            start_at: need!(self, start_at)?,
            end_at: need!(self, end_at)?,
        };
        match view.start_at <= view.end_at {
            true => Ok(EventContent::View(view)),
            false => Err(Invalid::new("content.endAt", "must not be before `startAt`")),
        }
    }
}
