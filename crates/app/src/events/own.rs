//! What a contact that came without events tells of itself: it started, its agent took it, it ended. So that reports
//! cover every contact. The events follow the contact; events from elsewhere replace them.

use super::{
    OWN_INBOX,
    families::{OWN_PREFIX, number},
};
use crate::{App, AppError};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use std::collections::{HashMap, HashSet};
use touchline_model::{
    Channel, Contact, ContactChannel, Direction, Event, EventContent, Initiator, TenantId, Timestamp,
    events::{Assignee, ContactChange, ContactEvent, ContactStatus, OtherInitiator},
};
use touchline_store::{Batch, NewEvent, NodeSort, StoreError};
use uuid::Uuid;

/// The namespace of the ids of our own events; drawn once, never to be changed.
const NAMESPACE: Uuid = Uuid::from_u128(0x3f1d_97a2_0c64_4e0b_8a5e_d6c1_72b0_49e3);

/// Contacts whose events are derived together.
const TOGETHER: usize = 100;

fn own_id(contact: &str, what: &str) -> String {
    let id = Uuid::new_v5(&NAMESPACE, format!("{contact}/{what}").as_bytes());
    format!("own-{}", URL_SAFE_NO_PAD.encode(id.as_bytes()))
}

/// The id of the start of a contact, if we derived it.
pub(super) fn start_id(contact: &str) -> String {
    own_id(contact, "started")
}

/// What is known about events of some contacts before they are written.
pub(crate) struct OwnEvents {
    epoch: i64,
    families: HashMap<String, i64>,
    /// Contacts that others tell of.
    told: HashSet<String>,
    held: bool,
}

impl App {
    /// Reads what is to be known to derive the events of these contacts.
    pub(crate) async fn own_events(
        &self,
        tenant: &TenantId,
        contacts: &[String],
    ) -> Result<OwnEvents, AppError> {
        let epoch = self.store.family_epoch(tenant).await?;
        let nodes = self.store.event_nodes(tenant, NodeSort::Contact, contacts).await?;
        let mut told = vec![];
        if !nodes.is_empty() {
            let mut families: Vec<i64> = nodes.iter().map(|(_, family)| *family).collect();
            families.sort_unstable();
            families.dedup();
            told = self.store.told_contacts(tenant, &families, contacts).await?;
        }
        let families = nodes.into_iter().collect();
        Ok(OwnEvents { epoch, families, told: told.into_iter().collect(), held: false })
    }

    /// Derives the events of contacts that have none, because they came with an older release. The contacts themselves
    /// do not change, so nobody who follows them hears of it.
    pub(crate) async fn derive_missing_events(&self, tenant: &TenantId) -> Result<(), AppError> {
        let mut after = String::new();
        loop {
            let ids = self.store.silent_contacts(tenant, &after, TOGETHER).await?;
            let Some(last) = ids.last() else { return Ok(()) };
            let mut batch = Batch::new(tenant);
            let (mut new, mut touched) = (Vec::new(), Vec::new());
            for row in self.store.contact_rows(tenant, &ids).await? {
                let contact = &row.contact.value;
                let family = number(NodeSort::Contact, contact.id.as_str());
                batch.hold_contact(contact.id.as_str(), row.contact.seq);
                batch.put_node(NodeSort::Contact, contact.id.as_str(), family);
                let own = |event| NewEvent { event, family: Some(family), own: true };
                new.extend(events_of(contact).into_iter().map(own));
                touched.push((family, contact.started_at, end_of(contact)));
            }
            batch.add_events(&new);
            for (family, first, settled) in touched {
                batch.touch_family(family, first, settled);
            }
            match self.store.apply(batch).await {
                Ok(_) => after.clone_from(last),
                // Somebody changed one of them at this moment, and its events came with that: look again.
                Err(StoreError::Conflict) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

impl OwnEvents {
    /// Writes the events of a contact whose change was added to the batch just before. `before` is the contact as it
    /// was.
    pub(crate) fn write(&mut self, batch: &mut Batch, contact: &Contact, before: Option<&Contact>) {
        let id = contact.id.as_str();
        let known = self.families.get(id).copied();
        if self.told.contains(id)
            || (known.is_some() && before.is_some_and(|before| tells_the_same(contact, before)))
        {
            return;
        }
        let family = known.unwrap_or_else(|| number(NodeSort::Contact, id));
        let events = events_of(contact);
        match known {
            // A family that others join at this moment would leave these events behind.
            Some(_) if !self.held => {
                self.held = true;
                batch.hold_families(self.epoch);
            }
            Some(_) => {}
            None => _ = batch.put_node(NodeSort::Contact, id, family),
        }
        if known.is_some() {
            batch.drop_own_events(family, id);
        }
        let end = end_of(contact);
        let new: Vec<NewEvent> =
            events.into_iter().map(|event| NewEvent { event, family: Some(family), own: true }).collect();
        batch.add_own_events(&new).touch_family(family, contact.started_at, end);
    }
}

fn tells_the_same(one: &Contact, other: &Contact) -> bool {
    let told = |it: &Contact| (it.channel, it.direction, it.agent_id.clone(), it.started_at, it.duration);
    told(one) == told(other)
}

fn end_of(contact: &Contact) -> Timestamp {
    let end = contact.started_at.micros().saturating_add(contact.duration.micros().max(0));
    Timestamp::from_micros(end)
}

/// The events of a contact: started, accepted by its agent, ended.
fn events_of(contact: &Contact) -> Vec<Event> {
    let id = contact.id.as_str();
    let agent = contact.agent_id.as_ref();
    let thread = format!("{OWN_PREFIX}{id}");
    let channel = match contact.channel {
        Channel::Call => ContactChannel::PhoneCall,
        Channel::Chat => ContactChannel::Chat,
        Channel::Mail => ContactChannel::Email,
    };
    let outbound = contact.direction == Direction::Outbound;
    let system = || Initiator::Other(OtherInitiator::System, String::new());
    let by_agent = || agent.cloned().map_or_else(system, Initiator::Agent);
    let starter = if outbound { by_agent() } else { Initiator::Customer(thread.as_str().into()) };
    let event = |what: &str, timestamp, initiator, assigned: bool, change| Event {
        id: own_id(id, what).into(),
        timestamp,
        initiator,
        content: EventContent::Contact(ContactEvent {
            contact_id: contact.id.clone(),
            channel,
            conversation_id: thread.as_str().into(),
            customer_id: thread.as_str().into(),
            assignee_before: Assignee {
                inbox_id: OWN_INBOX.into(),
                agent_id: agent.filter(|_| assigned).cloned(),
            },
            change,
        }),
    };
    let start = ContactChange::Started { due_at: None, entry_point: None, final_ivr_selection: None };
    let mut events = vec![event("started", contact.started_at, starter, false, start)];
    if let Some(agent_id) = agent.filter(|_| !outbound).cloned() {
        let accepted = ContactChange::OfferAccepted { agent_id };
        events.push(event("accepted", contact.started_at, by_agent(), false, accepted));
    }
    let status = if agent.is_some() { ContactStatus::Answered } else { ContactStatus::Unknown };
    let ended = ContactChange::Ended { status, reason: None };
    events.push(event("ended", end_of(contact), system(), true, ended));
    events
}
