//! Conversations as they stand now (contract gladly §7.1): folded from the events of a family.

use super::{ConversationView, CustomerConversations};
use crate::{App, AppError, events::own_contact, require};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use touchline_model::{
    Ability, Caller, ConversationId, CustomerId, Event, EventContent, Seq, TenantId, Timestamp, UserId,
    events::{Assignee, ContactChange, ConversationChange, ConversationStatus},
};
use touchline_store::NodeSort;

impl App {
    /// A conversation as it stands now; `None` when there is none, or it became part of another.
    pub async fn conversation(
        &self,
        caller: &Caller,
        id: &str,
    ) -> Result<Option<ConversationView>, AppError> {
        require(caller, Ability::ReadReports)?;
        let events = self.events_around(&caller.tenant, NodeSort::Conversation, id).await?;
        let Threads { mut open, .. } = Threads::fold(&events);
        Ok(open.remove(&ConversationId::from(id)))
    }

    /// The conversations of a customer, and of those who became part of this one; `None` when nothing is known of the
    /// customer (contract gladly R-25).
    pub async fn conversations_of(
        &self,
        caller: &Caller,
        customer: &str,
    ) -> Result<Option<CustomerConversations>, AppError> {
        require(caller, Ability::ReadReports)?;
        let events = self.events_around(&caller.tenant, NodeSort::Customer, customer).await?;
        let customer = CustomerId::from(customer);
        let threads = Threads::fold(&events);
        if !threads.customers.contains(&customer) {
            return Ok(None);
        }
        let stays = threads.stays(&customer);
        if stays != customer {
            return Ok(Some(CustomerConversations::Moved(stays)));
        }
        let mut all: Vec<ConversationView> =
            threads.open.into_values().filter(|it| it.customer_id == customer).collect();
        all.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
        Ok(Some(CustomerConversations::Here(all)))
    }

    /// Every event of the family of something, in order of arrival.
    async fn events_around(
        &self,
        tenant: &TenantId,
        sort: NodeSort,
        id: &str,
    ) -> Result<Vec<Event>, AppError> {
        let (sort, id) = match own_contact(id) {
            Some(contact) => (NodeSort::Contact, contact),
            None => (sort, id),
        };
        self.derive_events(tenant).await?;
        let found = self.store.event_nodes(tenant, sort, &[id.to_owned()]).await?;
        let Some((_, family)) = found.first() else { return Ok(vec![]) };
        let ever = Timestamp::from_micros(i64::MAX);
        let events = self.store.events_of_families(tenant, &[*family], ever, Seq::MAX).await?;
        Ok(events.into_iter().map(|(_, event)| event).collect())
    }
}

/// The conversations of a family.
#[derive(Default)]
struct Threads {
    open: BTreeMap<ConversationId, ConversationView>,
    /// Those that became part of another.
    gone: HashSet<ConversationId>,
    customers: BTreeSet<CustomerId>,
    /// Who became part of whom; the first time counts.
    merged: HashMap<CustomerId, CustomerId>,
    /// Contacts that are not known to have started count nowhere (contract gladly R-15).
    started: HashSet<String>,
    /// What was said of a conversation before it was known.
    early: HashMap<ConversationId, (Vec<String>, Vec<touchline_model::events::CustomAttribute>)>,
}

impl Threads {
    fn fold(events: &[Event]) -> Self {
        let mut threads = Self::default();
        let started = |event: &&Event| event.kind() == touchline_model::EventKind::ContactStarted;
        threads.started =
            events.iter().filter(started).filter_map(|it| Some(it.contact_id()?.0.clone())).collect();
        let mut sorted: Vec<&Event> = events.iter().collect();
        // By time, at the same time by arrival (contract gladly R-14).
        sorted.sort_by_key(|event| event.timestamp);
        for event in sorted {
            threads.happened(event);
        }
        let resolved: Vec<(ConversationId, CustomerId)> =
            threads.open.iter().map(|(id, it)| (id.clone(), threads.stays(&it.customer_id))).collect();
        for (id, customer) in resolved {
            if let Some(thread) = threads.open.get_mut(&id) {
                thread.customer_id = customer;
            }
        }
        threads
    }

    /// Who a customer is by now.
    fn stays(&self, customer: &CustomerId) -> CustomerId {
        let (mut now, mut seen) = (customer, HashSet::from([customer]));
        while let Some(next) = self.merged.get(now).filter(|next| seen.insert(next)) {
            now = next;
        }
        now.clone()
    }

    fn happened(&mut self, event: &Event) {
        match &event.content {
            EventContent::Contact(contact) => {
                if !self.started.contains(contact.contact_id.as_str()) {
                    return;
                }
                let Some(thread) = self.thread(&contact.conversation_id, &contact.customer_id, event) else {
                    return;
                };
                match &contact.change {
                    ContactChange::Started { .. } => {
                        let starter = event.initiator.agent();
                        give(thread, &contact.assignee_before, starter);
                    }
                    ContactChange::OfferAccepted { agent_id } => {
                        give(thread, &contact.assignee_before, Some(agent_id));
                        thread.agent_id = Some(agent_id.clone());
                    }
                    ContactChange::Transferred { assignee, .. } => give(thread, assignee, None),
                    _ => {}
                }
            }
            EventContent::Conversation(conversation) => {
                let id = &conversation.conversation_id;
                self.customers.extend(conversation.customer_id.clone());
                if let ConversationChange::Merged { .. } = conversation.change {
                    self.open.remove(id);
                    self.gone.insert(id.clone());
                    return;
                }
                let customer = conversation.customer_id.as_ref();
                let Some(thread) = (match customer {
                    Some(customer) => self.thread(id, customer, event),
                    None => self.open.get_mut(id),
                }) else {
                    self.remember(id, &conversation.change);
                    return;
                };
                change(thread, &conversation.change, event.timestamp);
            }
            EventContent::View(view) => _ = self.customers.insert(view.customer_id.clone()),
            EventContent::CustomerMerged { customer_id, into_customer_id } => {
                self.customers.extend([customer_id.clone(), into_customer_id.clone()]);
                self.merged.entry(customer_id.clone()).or_insert_with(|| into_customer_id.clone());
            }
            _ => {}
        }
    }

    /// A conversation, which begins with the first that is heard of it (contract gladly R-23); none when it is gone.
    fn thread(
        &mut self,
        id: &ConversationId,
        customer: &CustomerId,
        event: &Event,
    ) -> Option<&mut ConversationView> {
        self.customers.insert(customer.clone());
        if self.gone.contains(id) {
            return None;
        }
        let early = &mut self.early;
        Some(self.open.entry(id.clone()).or_insert_with(|| {
            let (topic_ids, custom_attributes) = early.remove(id).unwrap_or_default();
            ConversationView {
                id: id.clone(),
                customer_id: customer.clone(),
                created_at: event.timestamp,
                closed_at: None,
                agent_id: None,
                inbox_id: None,
                status: ConversationStatus::Open,
                topic_ids,
                custom_attributes,
            }
        }))
    }

    fn remember(&mut self, id: &ConversationId, change: &ConversationChange) {
        let (topics, attributes) = self.early.entry(id.clone()).or_default();
        match change {
            ConversationChange::TopicsUpdated { topic_ids } => topics.clone_from(topic_ids),
            ConversationChange::AttributesUpdated { custom_attributes } => {
                attributes.clone_from(custom_attributes);
            }
            _ => {}
        }
    }
}

fn give(thread: &mut ConversationView, assignee: &Assignee, starter: Option<&UserId>) {
    thread.inbox_id = Some(assignee.inbox_id.clone());
    thread.agent_id = assignee.agent_id.clone().or_else(|| starter.cloned());
}

fn change(thread: &mut ConversationView, change: &ConversationChange, at: Timestamp) {
    let mut stand = |status: ConversationStatus| {
        thread.status = status;
        thread.closed_at = match status {
            ConversationStatus::Closed => thread.closed_at.or(Some(at)),
            ConversationStatus::Open | ConversationStatus::Waiting => None,
        };
    };
    let assignee = match change {
        ConversationChange::Created { assignee } => assignee.as_ref(),
        ConversationChange::Closed { assignee } => {
            stand(ConversationStatus::Closed);
            assignee.as_ref()
        }
        // Contract gladly R-33.
        ConversationChange::Reopened { assignee } => {
            stand(ConversationStatus::Open);
            assignee.as_ref()
        }
        ConversationChange::StatusUpdated { status, assignee } => {
            stand(*status);
            assignee.as_ref()
        }
        ConversationChange::AssigneeUpdated { assignee } => Some(assignee),
        ConversationChange::TopicsUpdated { topic_ids } => {
            thread.topic_ids.clone_from(topic_ids);
            None
        }
        ConversationChange::AttributesUpdated { custom_attributes } => {
            thread.custom_attributes.clone_from(custom_attributes);
            None
        }
        ConversationChange::Merged { .. } => None,
    };
    if let Some(assignee) = assignee {
        give(thread, assignee, None);
    }
}
