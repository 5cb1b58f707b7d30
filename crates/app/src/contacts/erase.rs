//! Erasing a contact: everything that was said is gone, a tombstone stays (contract c360 ).

use super::{fields, find};
use crate::{App, AppError, records::ATTEMPTS, require};
use touchline_model::{Ability, Caller, Invalid};
use touchline_store::{AuditNote, Batch, StoreError};

impl App {
    /// Erases a contact: recording, transcript, results, fields and events; also one of which only events tell. A reason
    /// goes to the audit trail.
    ///
    /// # Errors
    /// [`AppError::Invalid`] naming `reason` when one is given that says nothing.
    pub async fn erase_contact(
        &self,
        caller: &Caller,
        id: &str,
        reason: Option<&str>,
    ) -> Result<(), AppError> {
        require(caller, Ability::DeleteContacts)?;
        let reason = reason.map(str::trim);
        if reason == Some("") {
            return Err(Invalid::new("reason", "must not be empty").into());
        }
        let note = || AuditNote::new(caller, "contact.delete", id, reason.unwrap_or_default());
        for _ in 0..ATTEMPTS {
            let row = match self.contact_row(caller, id).await {
                Err(AppError::NotFound { kind, id: unknown }) => {
                    let mut batch = Batch::new(&caller.tenant);
                    let since = self.store.told_since(&caller.tenant, id).await?;
                    let since = since.ok_or(AppError::NotFound { kind, id: unknown })?;
                    batch.bury(id, since).erase_events(id).audit(note());
                    match self.store.apply(batch).await {
                        Err(StoreError::Conflict) => continue,
                        other => return Ok(other.map(|_| ())?),
                    }
                }
                other => other?,
            };
            let contact = &row.contact.value;
            let mut batch = Batch::new(&caller.tenant);
            // The index of words is cleaned with the words themselves, which are gone after this.
            let said = self.store.transcripts(&caller.tenant, &[id.to_owned()]).await?;
            if let Some(said) = said.get(id) {
                batch.unindex_words(id, &find::words_of(said));
            }
            batch.erase(&row);
            batch.erase_events(id);
            for key in fields::keys(contact) {
                batch.delete_field(key, contact.started_at, id);
            }
            let whisper = self.store.whispers(&caller.tenant, &[id.to_owned()]).await?.remove(id);
            let sound: Vec<_> = row.recording.iter().chain(&whisper).collect();
            for it in &sound {
                self.forget_recording_later(&mut batch, &it.sha256);
            }
            batch.audit(note());
            match self.store.apply(batch).await {
                Err(StoreError::Conflict) => {}
                Err(error) => return Err(error.into()),
                Ok(_) => {
                    for it in sound {
                        self.drop_recording_now(caller, &it.sha256).await;
                    }
                    return Ok(());
                }
            }
        }
        Err(AppError::Conflict("others keep changing this contact; try again".to_owned()))
    }
}
