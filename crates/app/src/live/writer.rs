//! Writes what has happened into the store, in order, and again until it is written.

use super::{
    Live,
    boards::locked,
    notes::{Ended, Note},
    switchboard::Write,
};
use crate::{AppError, contacts::ContactUpload};
use std::time::Duration;
use touchline_model::{Caller, Event, TenantId};
use touchline_store::{AuditNote, Batch, OpenCallRow};

/// How long the store is left alone that could not write.
const AGAIN: Duration = Duration::from_secs(1);
/// Changes that are written together.
const TOGETHER: usize = 200;

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
        for (_, write) in locked(&self.boards().writes).iter().take(count) {
            match write {
                Write::Told { note, events: new } => {
                    batch.put_open_call(&self.open_call(node, note)?);
                    events.extend(new.iter().cloned());
                }
                Write::Ended(end) => {
                    events.push(end.event.clone());
                    ended.push(end.contact.clone());
                }
                Write::Status(new) => events.extend(new.iter().cloned()),
                Write::Audit { by, action, object, detail } => {
                    let by = Caller::system(tenant.clone(), &format!("user:{by}"));
                    batch.audit(AuditNote::new(&by, action, object.clone(), detail.clone()));
                }
            }
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
        if ended.is_empty() {
            return Ok(());
        }
        let ids: Vec<String> = ended.iter().map(|it| it.id.0.clone()).collect();
        let uploads = ended.into_iter().map(|contact| ContactUpload::new(contact, None)).collect();
        for put in self.app.put_contacts(&caller, uploads).await? {
            if let Err(error) = put {
                tracing::warn!(%error, %tenant, "the contact of a call was not kept");
            }
        }
        let mut batch = Batch::new(tenant);
        for id in ids {
            batch.end_open_call(&id);
        }
        self.app.store.apply(batch).await?;
        Ok(())
    }

    fn open_call(&self, node: &str, note: &Note) -> Result<OpenCallRow, AppError> {
        Ok(OpenCallRow {
            contact: note.contact.0.clone(),
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
