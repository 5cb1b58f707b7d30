//! What supervisors said to agents alone in a call: a track of its own beside the recording, for supervisors' ears. It is
//! never part of the recording, and no dialect but our own knows it (contract genesys-voice §8.6, OC-82).

use super::{RecordingBytes, recording::describe};
use crate::{App, AppError, entropy, live::supervises, records::ATTEMPTS, require};
use bytes::Bytes;
use futures::{Stream, StreamExt};
use std::{collections::HashMap, ops::Range};
use touchline_model::{Ability, Caller, Recording};
use touchline_store::{AuditNote, Batch, StoreError};

/// Whether somebody may hear what supervisors said: who supervises. Agents have heard what was meant for them.
pub(super) fn may_hear(caller: &Caller) -> bool {
    !caller.own_only && supervises(&caller.abilities)
}

impl App {
    /// Keeps what supervisors said in a call, beside its recording.
    pub(crate) async fn keep_whisper<S, E>(&self, caller: &Caller, id: &str, bytes: S) -> Result<(), AppError>
    where
        S: Stream<Item = Result<Bytes, E>> + Unpin + Send,
        E: std::fmt::Display,
    {
        require(caller, Ability::WriteContacts)?;
        self.contact_row(caller, id).await?;
        let name = entropy::new_id(&*self.entropy, self.clock.now());
        let incoming = self.blobs.receive(&name, self.limits.recording_bytes, bytes).await?;
        let track = describe(&incoming)?;
        let old = self.store.whispers(&caller.tenant, &[id.to_owned()]).await?.remove(id);
        let old = old.filter(|old| old.sha256 != track.sha256);
        for _ in 0..ATTEMPTS {
            let row = self.contact_row(caller, id).await?;
            // Nobody removes bytes between their being kept and their being named.
            let naming = self.recordings.read().await;
            self.blobs.keep(&caller.tenant, &incoming).await?;
            let mut batch = Batch::new(&caller.tenant);
            if let Some(old) = &old {
                self.forget_recording_later(&mut batch, &old.sha256);
            }
            // It changes: who is erasing it looks again.
            batch.hold_contact(id, row.contact.seq).put_whisper(id, &track).touch(id).audit(AuditNote::new(
                caller,
                "whisper.put",
                id,
                format!("{} bytes", track.bytes),
            ));
            match self.store.apply(batch).await {
                Err(StoreError::Conflict) => {}
                Err(error) => return Err(error.into()),
                Ok(_) => {
                    // Another process may have removed the same bytes before it could see that they are named.
                    self.blobs.keep(&caller.tenant, &incoming).await?;
                    drop(naming);
                    if let Some(old) = old {
                        self.drop_recording_now(caller, &old.sha256).await;
                    }
                    return Ok(());
                }
            }
        }
        Err(AppError::Conflict("others keep changing this contact; try again".to_owned()))
    }

    /// What supervisors said in these contacts, where it is kept and the caller may hear it.
    pub(super) async fn whispers(
        &self,
        caller: &Caller,
        ids: &[String],
    ) -> Result<HashMap<String, Recording>, AppError> {
        match may_hear(caller) {
            true => Ok(self.store.whispers(&caller.tenant, ids).await?),
            false => Ok(HashMap::new()),
        }
    }

    /// A part of what supervisors said to the agents in a call; `wanted` is cut to what there is. `None`: nothing was kept,
    /// or it is not for this caller. Leaves a line in the audit trail.
    ///
    /// # Errors
    /// The contact is not there, or the caller may not hear recordings.
    pub async fn whisper(
        &self,
        caller: &Caller,
        id: &str,
        wanted: impl FnOnce(&Recording) -> Range<u64>,
    ) -> Result<Option<RecordingBytes>, AppError> {
        require(caller, Ability::ReadRecordings)?;
        self.contact_row(caller, id).await?;
        let Some(recording) = self.whispers(caller, &[id.to_owned()]).await?.remove(id) else {
            return Ok(None);
        };
        let wanted = wanted(&recording);
        let end = wanted.end.min(recording.bytes);
        let range = wanted.start.min(end)..end;
        let detail = format!("bytes {}-{} of {}", range.start, range.end, recording.bytes);
        self.note_once(caller, "whisper.read", id, detail).await?;
        let bytes = self.blobs.read(&caller.tenant, &recording.sha256, range.clone()).await?;
        let bytes = bytes.map(|chunk| chunk.map_err(std::io::Error::other)).boxed();
        Ok(Some(RecordingBytes { recording, range, bytes }))
    }
}
