//! Writes what has happened into the store, in order, and again until it is written.

use super::{
    Live,
    boards::locked,
    notes::{Ended, Note},
    presence::left_behind,
    switchboard::Write,
};
use crate::{AppError, contacts::ContactUpload};
use serde::Serialize;
use std::{collections::BTreeMap, time::Duration};
use touchline_model::{Caller, Event, TenantId, UserId};
use touchline_store::{AuditNote, Batch, OpenCallRow};

/// How long the store is left alone that could not write.
const AGAIN: Duration = Duration::from_secs(1);
/// Changes that are written together.
const TOGETHER: usize = 200;

/// Begins the rows, among those of open calls, of people who are at work. A call's id has no such sign in it.
const AT_WORK: &str = "at-work:";

/// Who writes, for the audit trail.
const ACTOR: &str = "telephony";

impl Live {
    /// Waits until everything that has happened so far is written. An outage of the database is waited for.
    pub async fn written(&self) {
        let boards = self.boards();
        let _writing = boards.writing.lock().await;
        loop {
            let due: Vec<(TenantId, usize)> = {
                let writes = locked(&boards.writes);
                let tenant = writes.front().map(|it| it.0.clone());
                let same = writes.iter().take(TOGETHER).take_while(|it| Some(&it.0) == tenant.as_ref());
                let count = same.count();
                tenant.map(|it| (it, count)).into_iter().collect()
            };
            let Some((tenant, count)) = due.into_iter().next() else { return };
            // They stay where they are until they are written: whoever waits here may be dropped.
            match self.write_first(&tenant, count).await {
                Ok(()) => drop(locked(&boards.writes).drain(..count)),
                Err(error @ (AppError::Unavailable(_) | AppError::DiskFull)) => {
                    tracing::warn!(%error, %tenant, "what happened in calls cannot be written; it is tried again");
                    tokio::time::sleep(AGAIN).await;
                }
                Err(error) => {
                    tracing::error!(%error, %tenant, "what happened in calls could not be written");
                    drop(locked(&boards.writes).drain(..count));
                }
            }
        }
    }

    async fn write_first(&self, tenant: &TenantId, count: usize) -> Result<(), AppError> {
        let node = &self.boards().settings().node;
        let (mut batch, mut events) = (Batch::new(tenant), Vec::<Event>::new());
        let mut ended = Vec::new();
        // Of several changes, the last one counts.
        let mut at_work_now: BTreeMap<String, (bool, UserId)> = BTreeMap::new();
        for (_, write) in locked(&self.boards().writes).iter().take(count) {
            match write {
                Write::Told { note, events: new } => {
                    batch.put_open_call(&self.open(node, note.contact.0.clone(), note)?);
                    events.extend(new.iter().cloned());
                }
                Write::Ended(end) => {
                    events.push(end.event.clone());
                    ended.push(end.contact.clone());
                }
                Write::Status { user, at_work, events: new } => {
                    at_work_now.insert(format!("{AT_WORK}{user}"), (*at_work, user.clone()));
                    events.extend(new.iter().cloned());
                }
                Write::Audit { by, action, object, detail } => {
                    let by = Caller::system(tenant.clone(), &format!("user:{by}"));
                    batch.audit(AuditNote::new(&by, action, object.clone(), detail.clone()));
                }
            }
        }
        for (row, (_, user)) in at_work_now.iter().filter(|(_, (at_work, _))| *at_work) {
            batch.put_open_call(&self.open(node, row.clone(), user)?);
        }
        // First what an end after a crash needs, then what happened, then the contacts, and only then is forgotten what
        // the end would need. Whatever was written already is found to be there.
        self.app.store.apply(batch).await?;
        let caller = Caller::system(tenant.clone(), ACTOR);
        for (at, put) in self.app.put_events(&caller, events).await?.into_iter().enumerate() {
            match put {
                Ok(_) => {}
                Err(error) => tracing::warn!(%error, %tenant, at, "an event of a call was not taken"),
            }
        }
        let left = at_work_now.into_iter().filter(|(_, (at_work, _))| !at_work).map(|(row, _)| row);
        let over: Vec<String> = ended.iter().map(|it| it.id.0.clone()).chain(left).collect();
        if over.is_empty() {
            return Ok(());
        }
        let uploads: Vec<_> = ended.into_iter().map(|contact| ContactUpload::new(contact, None)).collect();
        let puts = match uploads.is_empty() {
            true => vec![],
            false => self.app.put_contacts(&caller, uploads).await?,
        };
        for put in puts {
            if let Err(error) = put {
                tracing::warn!(%error, %tenant, "the contact of a call was not kept");
            }
        }
        let mut batch = Batch::new(tenant);
        for id in over {
            batch.end_open_call(&id);
        }
        self.app.store.apply(batch).await?;
        Ok(())
    }

    /// What is to be ended should the server be killed.
    fn open(&self, node: &str, contact: String, note: &impl Serialize) -> Result<OpenCallRow, AppError> {
        Ok(OpenCallRow {
            contact,
            node: node.to_owned(),
            seen_at: self.now(),
            note: serde_json::to_value(note).map_err(|e| AppError::Internal(Box::new(e)))?,
        })
    }

    /// Ends the calls with which this node was killed, once: they are marked as cut at the time at which it was alive for
    /// sure.
    pub(super) async fn recover(&self) -> Result<(), AppError> {
        let boards = self.boards();
        let recover = || async {
            for (tenant, row) in self.app.store.open_calls(&boards.settings().node).await? {
                if let Some(user) = row.contact.strip_prefix(AT_WORK) {
                    let user = UserId(user.to_owned());
                    let events = left_behind(&user, row.seen_at);
                    let write = Write::Status { user, at_work: false, events };
                    locked(&boards.writes).push_back((tenant, write));
                    continue;
                }
                match serde_json::from_value::<Note>(row.note) {
                    Ok(note) => {
                        let end: Ended = note.end(row.seen_at, None, true);
                        locked(&boards.writes).push_back((tenant, Write::Ended(Box::new(end))));
                    }
                    Err(error) => {
                        tracing::error!(%error, %tenant, contact = row.contact, "a call that was cut cannot be ended");
                    }
                }
            }
            Ok::<(), AppError>(())
        };
        boards.recovered.get_or_try_init(recover).await?;
        Ok(())
    }
}
