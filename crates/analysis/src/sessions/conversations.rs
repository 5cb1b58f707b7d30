//! How conversations stand (contract gladly §7.1).

use std::collections::{HashMap, HashSet};
use touchline_model::events::{
    Assignee, ContactChange, ContactEvent, ConversationChange, ConversationEvent, ConversationStatus,
    CustomAttribute, Event, EventContent,
};
use touchline_model::{ContactId, ConversationId, CustomerId, Timestamp};

/// A conversation as it is known at the horizon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConversationFacts {
    /// The conversation.
    pub conversation_id: ConversationId,
    /// Whose it is, under the name that the customer has by now.
    pub customer_id: CustomerId,
    /// When it was created, or its first contact started (contract gladly R-23).
    pub created_at: Timestamp,
    /// When it was closed; only while it is (contract gladly R-33).
    pub closed_at: Option<Timestamp>,
    /// To whom it is assigned, where that was ever said.
    pub assignee: Option<Assignee>,
    /// How it stands.
    pub status: ConversationStatus,
    /// Its topics.
    pub topic_ids: Vec<String>,
    /// Its fields of the organisation's own.
    pub custom_attributes: Vec<CustomAttribute>,
    /// Into which conversation it went; it is gone then.
    pub merged_into: Option<ConversationId>,
}

/// The conversations that these events are about, by start and id: all events of a customer, or only those of one
/// conversation and of its customer's mergers. Order of time and of arrival count as in [`super::customer`].
///
/// A conversation follows its contacts: whoever takes one or is handed one has the conversation, until
/// `CONVERSATION_ASSIGNEE/UPDATED` says otherwise, which leaves contacts alone (contract gladly R-17).
pub fn conversations<'a>(
    events: impl IntoIterator<Item = &'a Event>,
    horizon: Timestamp,
) -> Vec<ConversationFacts> {
    let mut visible: Vec<&Event> = events.into_iter().filter(|event| event.timestamp <= horizon).collect();
    visible.sort_by_key(|event| event.timestamp);
    // What happened to a contact whose start has not arrived counts nowhere (contract gladly R-15).
    let started: HashSet<&ContactId> = visible.iter().filter_map(|event| starts(event)).collect();
    let mut drafts: HashMap<&ConversationId, Draft> = HashMap::new();
    let mut customers: HashMap<&CustomerId, &CustomerId> = HashMap::new();
    for event in visible {
        match &event.content {
            EventContent::Contact(contact) if started.contains(&contact.contact_id) => {
                drafts.entry(&contact.conversation_id).or_default().contact(event.timestamp, contact);
            }
            EventContent::Conversation(conversation) => {
                let draft = drafts.entry(&conversation.conversation_id).or_default();
                draft.conversation(event.timestamp, conversation);
            }
            EventContent::CustomerMerged { customer_id, into_customer_id } => {
                customers.entry(customer_id).or_insert(into_customer_id);
            }
            _ => {}
        }
    }
    let facts = |(id, draft): (&ConversationId, Draft)| draft.facts(id, &customers);
    let mut found: Vec<ConversationFacts> = drafts.into_iter().filter_map(facts).collect();
    found.sort_by(|a, b| (a.created_at, &a.conversation_id).cmp(&(b.created_at, &b.conversation_id)));
    found
}

fn starts(event: &Event) -> Option<&ContactId> {
    match &event.content {
        EventContent::Contact(ContactEvent { contact_id, change: ContactChange::Started { .. }, .. }) => {
            Some(contact_id)
        }
        _ => None,
    }
}

/// A conversation while its events are read.
#[derive(Debug, Default)]
struct Draft {
    created_at: Option<Timestamp>,
    first_contact: Option<Timestamp>,
    customer_id: Option<CustomerId>,
    closed_at: Option<Timestamp>,
    assignee: Option<Assignee>,
    status: Option<ConversationStatus>,
    topic_ids: Vec<String>,
    custom_attributes: Vec<CustomAttribute>,
    merged_into: Option<ConversationId>,
}

impl Draft {
    fn contact(&mut self, at: Timestamp, contact: &ContactEvent) {
        self.customer_id.get_or_insert_with(|| contact.customer_id.clone());
        match &contact.change {
            ContactChange::Started { .. } => {
                self.first_contact.get_or_insert(at);
                self.assignee.get_or_insert_with(|| contact.assignee_before.clone());
            }
            ContactChange::OfferAccepted { agent_id } => {
                let inbox_id = contact.assignee_before.inbox_id.clone();
                self.assignee = Some(Assignee { inbox_id, agent_id: Some(agent_id.clone()) });
            }
            ContactChange::Transferred { assignee, .. } => self.assignee = Some(assignee.clone()),
            _ => {}
        }
    }

    fn conversation(&mut self, at: Timestamp, event: &ConversationEvent) {
        if let Some(customer_id) = &event.customer_id {
            self.customer_id.get_or_insert_with(|| customer_id.clone());
        }
        match &event.change {
            ConversationChange::Created { assignee } => {
                self.created_at.get_or_insert(at);
                self.assign(assignee.as_ref());
            }
            ConversationChange::Closed { assignee } => {
                self.stand(ConversationStatus::Closed, at);
                self.assign(assignee.as_ref());
            }
            ConversationChange::Reopened { assignee } => {
                self.stand(ConversationStatus::Open, at);
                self.assign(assignee.as_ref());
            }
            ConversationChange::StatusUpdated { status, assignee } => {
                self.stand(*status, at);
                self.assign(assignee.as_ref());
            }
            ConversationChange::AssigneeUpdated { assignee } => self.assign(Some(assignee)),
            ConversationChange::Merged { into_conversation_id } => {
                self.merged_into.get_or_insert_with(|| into_conversation_id.clone());
            }
            ConversationChange::TopicsUpdated { topic_ids } => self.topic_ids.clone_from(topic_ids),
            ConversationChange::AttributesUpdated { custom_attributes } => {
                self.custom_attributes.clone_from(custom_attributes);
            }
        }
    }

    fn assign(&mut self, assignee: Option<&Assignee>) {
        if let Some(assignee) = assignee {
            self.assignee = Some(assignee.clone());
        }
    }

    /// A conversation that is closed again stays closed since the first time.
    fn stand(&mut self, status: ConversationStatus, at: Timestamp) {
        self.status = Some(status);
        self.closed_at = match status {
            ConversationStatus::Closed => self.closed_at.or(Some(at)),
            ConversationStatus::Open | ConversationStatus::Waiting => None,
        };
    }

    /// `None` for one that was only heard of, but neither created nor given a contact.
    fn facts(
        self,
        id: &ConversationId,
        gone: &HashMap<&CustomerId, &CustomerId>,
    ) -> Option<ConversationFacts> {
        let created_at = self.created_at.or(self.first_contact)?;
        let mut customer_id = self.customer_id?;
        // Mergers may run in a circle, so no more steps than there are mergers.
        for _ in 0..gone.len() {
            let Some(next) = gone.get(&customer_id) else { break };
            customer_id = (*next).clone();
        }
        Some(ConversationFacts {
            conversation_id: id.clone(),
            customer_id,
            created_at,
            closed_at: self.closed_at,
            assignee: self.assignee,
            status: self.status.unwrap_or(ConversationStatus::Open),
            topic_ids: self.topic_ids,
            custom_attributes: self.custom_attributes,
            merged_into: self.merged_into,
        })
    }
}
