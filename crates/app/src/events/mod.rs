//! Events: taken in, given out, and derived from the contacts that Touchline handles itself.

mod coming;
mod families;
mod own;

pub(crate) use coming::Ways;

pub(crate) use families::own_contact;

use crate::{
    App, AppError,
    audit::counted,
    records::{ATTEMPTS, Put, PutResults, PutStatus, taken},
    require,
};
use coming::{Belonging, Coming};
use families::{Families, Node, nodes_of};
use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
};
use touchline_model::{Ability, Caller, ContactId, Event, Invalid, Kind, TenantId};
use touchline_store::{Arrival, AuditNote, Batch, NewEvent, StoredEvent};

/// The inbox of contacts that came without events.
pub const OWN_INBOX: &str = "touchline";

impl App {
    /// Takes events in, in any order and at any time. Good ones are written together; each bad one gets its own error.
    ///
    /// An event that is there just so is unchanged; the same id with anything else is refused, for what happened does
    /// not change. Events of a contact that is not known to have started are kept, and count once it has (contract
    /// gladly X-31). Events about a contact replace what we derived for it ourselves.
    pub async fn put_events(&self, caller: &Caller, events: Vec<Event>) -> Result<PutResults, AppError> {
        require(caller, Ability::WriteContacts)?;
        for attempt in 0..ATTEMPTS {
            match self.try_put_events(caller, &events, attempt > 0).await {
                Err(AppError::Conflict(_)) => {}
                other => return other,
            }
        }
        Err(AppError::Conflict("others keep sending events about the same customers; try again".to_owned()))
    }

    /// With `alone`, when nothing else of the tenant is on its way: batches that all build on one that failed would fail
    /// each other for ever.
    async fn try_put_events(
        &self,
        caller: &Caller,
        events: &[Event],
        alone: bool,
    ) -> Result<PutResults, AppError> {
        let tenant = &caller.tenant;
        let way = self.ways.of(tenant);
        // Until the batch is handed over, not until it is written.
        let turn = way.turn.lock().await;
        let road = if alone { Some(way.road.write().await) } else { None };
        // Before the store is asked: whatever arrives in between is found there.
        let coming = way.coming();
        let ids: Vec<&str> = events.iter().map(|event| event.id.as_str()).collect();
        let (stored, erased) = tokio::try_join!(
            async { Ok(self.store.events_by_id(tenant, &ids).await?) },
            self.erased_of(tenant, events)
        )?;
        let mut known: HashMap<&str, &Event> = HashMap::with_capacity(events.len());
        known.extend(stored.iter().map(|(stored, _)| (stored.event.id.as_str(), &stored.event)));
        let (mut results, mut fresh): (PutResults, Vec<&Event>) = (Vec::with_capacity(events.len()), vec![]);
        for event in events {
            let id = event.id.0.clone();
            results.push(match (known.get(event.id.as_str()), event.contact_id()) {
                (Some(before), _) if *before == event => Ok(Put { id, status: PutStatus::Unchanged }),
                (Some(_), _) => Err(taken(Kind::Event, &id)),
                (None, _) if own::is_own_id(&id) => {
                    Err(Invalid::new("id", "begins with `own-`, as only what the server derives itself does")
                        .into())
                }
                (None, Some(contact)) if erased.contains(contact.as_str()) => {
                    Err(AppError::Gone(contact.0.clone()))
                }
                (None, _) => {
                    known.insert(event.id.as_str(), event);
                    fresh.push(event);
                    Ok(Put { id, status: PutStatus::Created })
                }
            });
        }
        if let Some(first) = fresh.first() {
            let object = first.id.0.clone();
            let ids: Vec<&str> = fresh.iter().map(|it| it.id.as_str()).collect();
            let detail = counted(Kind::Event, &ids);
            let about = contacts_of(fresh.iter().copied());
            let (mut batch, nodes) = self.batch_of(tenant, fresh, &coming).await?;
            if !about.is_empty() {
                batch.hold_unerased(&about);
            }
            if let Some(earlier) = coming.last_event() {
                batch.hold_event(earlier);
            }
            let last = ids.last().copied().unwrap_or_default().to_owned();
            batch.audit(AuditNote::new(caller, "event.put", object, detail));
            let written = self.store.submit(batch).await?;
            if road.is_some() {
                written.done().await?;
            } else {
                let on_its_way = way.sets_out(last, nodes).await;
                drop(turn);
                written.done().await?;
                drop(on_its_way);
            }
        }
        Ok(results)
    }

    /// Which of the contacts that events are about were erased.
    async fn erased_of(&self, tenant: &TenantId, events: &[Event]) -> Result<HashSet<String>, AppError> {
        let contacts = contacts_of(events);
        if contacts.is_empty() {
            return Ok(HashSet::new());
        }
        Ok(self.store.tombstones(tenant, &contacts).await?.into_iter().map(|it| it.id).collect())
    }

    /// The batch that writes events, and what it says about families.
    async fn batch_of(
        &self,
        tenant: &TenantId,
        fresh: Vec<&Event>,
        coming: &Coming,
    ) -> Result<(Batch, Belonging), AppError> {
        let named: Vec<Vec<Node<'_>>> = fresh.iter().map(|event| nodes_of(event)).collect();
        let mut families = Families::read(&self.store, tenant, &named, coming).await?;
        let of_each: Vec<Option<usize>> =
            fresh.iter().zip(&named).map(|(event, nodes)| families.join(nodes, event.timestamp)).collect();
        let mut batch = Batch::new(tenant);
        families.write(&mut batch);
        // What we derived ourselves makes room for what somebody knows better.
        let replaced = self.own_of(tenant, &families, &fresh).await?;
        for (contact, family) in &replaced {
            batch.drop_own_events(*family, contact);
        }
        let new: Vec<NewEvent<'_>> = fresh
            .iter()
            .zip(&of_each)
            .map(|(event, family)| NewEvent {
                event: Cow::Borrowed(*event),
                family: family.map(|family| families.of(family)),
                own: false,
            })
            .collect();
        batch.add_events(&new);
        for (family, first, settled) in families.touched(&fresh, &of_each) {
            batch.touch_family(family, first, settled);
        }
        let mut belonging = Belonging::new();
        for ((sort, id), family) in families.fresh() {
            belonging.entry(sort).or_default().insert(id.to_owned(), family);
        }
        Ok((batch, belonging))
    }

    /// Contacts of these events for which there are events of our own, with their families.
    async fn own_of(
        &self,
        tenant: &TenantId,
        families: &Families<'_>,
        fresh: &[&Event],
    ) -> Result<Vec<(String, i64)>, AppError> {
        let known: HashSet<&str> = fresh
            .iter()
            .filter_map(|event| event.contact_id())
            .map(ContactId::as_str)
            .filter(|contact| families.knew_contact(contact))
            .collect();
        if known.is_empty() {
            return Ok(vec![]);
        }
        let starts: Vec<String> = known.iter().map(|contact| own::start_id(contact)).collect();
        let found = self.store.events_by_id(tenant, &starts).await?;
        let ours = found.iter().filter(|(_, own)| *own).filter_map(|(it, _)| it.event.contact_id());
        Ok(ours.filter_map(|id| Some((id.0.clone(), families.of_contact(id.as_str())?))).collect())
    }

    /// Events after a place in the order of arrival.
    pub async fn events_after(
        &self,
        caller: &Caller,
        after: Arrival,
        limit: usize,
    ) -> Result<Vec<StoredEvent>, AppError> {
        require(caller, Ability::ReadReports)?;
        self.derive_events(&caller.tenant).await?;
        Ok(self.store.events_after(&caller.tenant, after, limit).await?)
    }

    /// One event.
    pub async fn event(&self, caller: &Caller, id: &str) -> Result<StoredEvent, AppError> {
        require(caller, Ability::ReadReports)?;
        self.derive_events(&caller.tenant).await?;
        let found = self.store.events_by_id(&caller.tenant, &[id]).await?;
        let none = || AppError::NotFound { kind: Kind::Event, id: id.to_owned() };
        found.into_iter().next().map(|(it, _)| it).ok_or_else(none)
    }
}

/// The contacts that events are about, each once.
fn contacts_of<'a>(events: impl IntoIterator<Item = &'a Event>) -> Vec<String> {
    let contacts: HashSet<&ContactId> = events.into_iter().filter_map(Event::contact_id).collect();
    contacts.into_iter().map(|id| id.0.clone()).collect()
}
