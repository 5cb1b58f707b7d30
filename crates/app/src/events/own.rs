//! What a contact that came without events tells of itself: it started, its agent took it, it ended. So that reports
//! cover every contact. The events follow the contact, a moment later; events from elsewhere replace them.

use super::{
    OWN_INBOX,
    families::{OWN_PREFIX, number},
};
use crate::{App, AppError};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
};
use touchline_model::{
    Channel, Contact, ContactChannel, Direction, Event, EventContent, Initiator, Stored, TenantId, Timestamp,
    events::{Assignee, ContactChange, ContactEvent, ContactStatus, OtherInitiator},
};
use touchline_store::{Batch, NewEvent, NodeSort, Position, StoreError};
use uuid::Uuid;

/// The namespace of the ids of our own events; drawn once, never to be changed.
const NAMESPACE: Uuid = Uuid::from_u128(0x3f1d_97a2_0c64_4e0b_8a5e_d6c1_72b0_49e3);

/// Contacts whose events are derived together.
const TOGETHER: usize = 500;
/// Conflicts in a row after which a contact is left out: the last of them concerned it alone.
const PATIENCE: u32 = 24;

/// What a contact can tell, in the order in which it does.
const KINDS: [&str; 3] = ["started", "accepted", "ended"];

fn own_id(contact: &str, what: &str) -> String {
    let id = Uuid::new_v5(&NAMESPACE, format!("{contact}/{what}").as_bytes());
    format!("own-{}", URL_SAFE_NO_PAD.encode(id.as_bytes()))
}

/// Whether an id is one of those that are kept for what we derive.
pub(super) fn is_own_id(id: &str) -> bool {
    id.starts_with("own-")
}

/// The id of the start of a contact, if we derived it.
pub(super) fn start_id(contact: &str) -> String {
    own_id(contact, "started")
}

impl App {
    /// Derives the events of contacts that changed, up to now. Not with their changes: bringing contacts in must not
    /// wait for it. Whoever reads events or reports calls this first, and every node does every ten seconds.
    pub(crate) async fn derive_events(&self, tenant: &TenantId) -> Result<(), AppError> {
        let Some(now) = self.store.tenant_state(tenant).await? else { return Ok(()) };
        let mut conflicts: u32 = 0;
        loop {
            let from = self.store.own_events_up_to(tenant).await?;
            // Fewer and fewer, down to the contact that does not let the others through.
            let together = (TOGETHER >> (conflicts / 2)).max(1);
            let changed = self.store.feed::<Contact>(tenant, from, together).await?;
            let Some(last) = changed.last() else { return Ok(()) };
            let to = (last.modified, last.seq);
            match self.derive(tenant, &changed, (from, to)).await {
                // What comes after that may wait for the next time: there may be no end to it.
                Ok(()) if to.1 >= now.seq => return Ok(()),
                Ok(()) => conflicts = conflicts.saturating_sub(1),
                // Somebody else has derived them, erased one or told of one: look again.
                Err(StoreError::Conflict) if self.store.own_events_up_to(tenant).await? != from => {
                    conflicts = 0
                }
                Err(StoreError::Conflict) if conflicts < PATIENCE => conflicts += 1,
                Err(StoreError::Conflict) => {
                    let contact = last.value.id.as_str();
                    tracing::warn!(%tenant, contact, "a contact cannot tell its events: their ids are taken");
                    let mut batch = Batch::new(tenant);
                    batch.move_own_events(from, to);
                    match self.store.apply(batch).await {
                        Ok(_) | Err(StoreError::Conflict) => conflicts = 0,
                        Err(error) => return Err(error.into()),
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Derives the events of contacts that were read between two places.
    async fn derive(
        &self,
        tenant: &TenantId,
        changed: &[Stored<Contact>],
        (from, to): (Position, Position),
    ) -> Result<(), StoreError> {
        let ids: Vec<String> = changed.iter().map(|it| it.value.id.0.clone()).collect();
        let epoch = self.store.family_epoch(tenant).await?;
        let nodes = self.store.event_nodes(tenant, NodeSort::Contact, &ids).await?;
        let families: HashMap<String, i64> = nodes.into_iter().collect();
        let told = self.told(tenant, &families).await?;
        let before = self.derived(tenant, families.keys().filter(|id| !told.contains(*id))).await?;

        let mut batch = Batch::new(tenant);
        batch.move_own_events(from, to);
        let (mut new, mut touched, mut again) = (Vec::new(), Vec::new(), Vec::new());
        for contact in changed.iter().map(|it| &it.value).filter(|it| !told.contains(it.id.as_str())) {
            let id = contact.id.as_str();
            let events = events_of(contact);
            let known = families.get(id).copied();
            let was = KINDS.iter().filter_map(|what| before.get(&own_id(id, what)));
            if known.is_some() && was.eq(&events) {
                continue;
            }
            let family = known.unwrap_or_else(|| number(NodeSort::Contact, id, contact.started_at));
            if known.is_some() {
                again.push((id.to_owned(), family));
                batch.drop_own_events(family, id);
            } else {
                batch.put_node(NodeSort::Contact, id, family);
            }
            touched.push((family, contact.started_at, end_of(contact)));
            new.extend(events.into_iter().map(|event| NewEvent {
                event: Cow::Owned(event),
                family: Some(family),
                own: true,
            }));
        }
        if !again.is_empty() {
            // A family that others join at this moment would leave these events behind, and so would a contact that
            // somebody tells of at this moment.
            batch.hold_families(epoch).hold_untold(&again);
        }
        if !new.is_empty() {
            batch.hold_unerased(&ids).add_events(&new);
        }
        for (family, first, settled) in touched {
            batch.touch_family(family, first, settled);
        }
        self.store.apply(batch).await.map(|_| ())
    }

    /// Contacts that somebody else tells of.
    async fn told(
        &self,
        tenant: &TenantId,
        families: &HashMap<String, i64>,
    ) -> Result<HashSet<String>, StoreError> {
        if families.is_empty() {
            return Ok(HashSet::new());
        }
        let mut numbers: Vec<i64> = families.values().copied().collect();
        numbers.sort_unstable();
        numbers.dedup();
        let contacts: Vec<String> = families.keys().cloned().collect();
        Ok(self.store.told_contacts(tenant, &numbers, &contacts).await?.into_iter().collect())
    }

    /// What was derived of contacts before, by the events' ids.
    async fn derived(
        &self,
        tenant: &TenantId,
        contacts: impl Iterator<Item = &String>,
    ) -> Result<HashMap<String, Event>, StoreError> {
        let ids: Vec<String> = contacts.flat_map(|id| KINDS.map(|what| own_id(id, what))).collect();
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let found = self.store.events_by_id(tenant, &ids).await?;
        Ok(found.into_iter().map(|(it, _)| (it.event.id.0.clone(), it.event)).collect())
    }
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
