//! Receiving a recording: streamed to disk, recognised by its content, kept, and handed to the pipeline.

use super::fields;
use crate::{App, AppError, entropy, pipeline::jobs, records::ATTEMPTS, require};
use bytes::Bytes;
use futures::Stream;
use schemars::JsonSchema;
use serde::Serialize;
use std::io::Read;
use touchline_model::{Ability, Caller, Contact, ContactState, Recording, validate};
use touchline_speech::{HEAD_BYTES, recognise};
use touchline_store::{AuditNote, Batch, Incoming, StoreError};

/// What was received.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Received {
    /// The recording as it is kept.
    pub recording: Recording,
    /// Whether it is another than before.
    pub changed: bool,
}

impl App {
    /// Gives a contact its recording. When this answers, the bytes are on disk and a job will read them.
    pub async fn receive_recording<S, E>(
        &self,
        caller: &Caller,
        id: &str,
        file_name: Option<&str>,
        bytes: S,
    ) -> Result<Received, AppError>
    where
        S: Stream<Item = Result<Bytes, E>> + Unpin + Send,
        E: std::fmt::Display,
    {
        require(caller, Ability::WriteContacts)?;
        validate::maybe_text("filename", file_name)?;
        self.contact_row(caller, id).await?;
        let name = entropy::new_id(&*self.entropy, self.clock.now());
        let incoming = self.blobs.receive(&name, self.limits.recording_bytes, bytes).await?;
        let recording = describe(&incoming)?;
        for _ in 0..ATTEMPTS {
            let row = self.contact_row(caller, id).await?;
            // Nobody removes bytes between their being kept and their being named.
            let naming = self.recordings.read().await;
            self.blobs.keep(&caller.tenant, &incoming).await?;
            let before = &row.contact.value;
            let path = file_name.or(before.original_path.as_deref());
            if row.recording.as_ref() == Some(&recording) && path == before.original_path.as_deref() {
                return Ok(Received { recording, changed: false });
            }
            let old = row.recording.as_ref().filter(|old| old.sha256 != recording.sha256);
            let now = self.clock.now();
            let mut batch = Batch::new(&caller.tenant);
            let renamed = Contact { original_path: path.map(str::to_owned), ..before.clone() };
            fields::change(&mut batch, Some(before), &renamed);
            if let Some(old) = old {
                self.forget_recording_later(&mut batch, &old.sha256);
            }
            batch
                .set_recording(id, row.contact.seq, &recording, path, ContactState::UPLOADED)
                .enqueue(&jobs::convert(entropy::new_id(&*self.entropy, now), id, now))
                .audit(AuditNote::new(caller, "recording.put", id, format!("{} bytes", recording.bytes)));
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
                    return Ok(Received { recording, changed: true });
                }
            }
        }
        Err(AppError::Conflict("others keep changing this contact; try again".to_owned()))
    }

    /// Removes the bytes of a recording if no contact names them any more.
    pub(crate) async fn drop_recording(&self, caller: &Caller, sha256: &str) -> Result<(), AppError> {
        let _removing = self.recordings.write().await;
        if self.store.recording_users(&caller.tenant, sha256).await? == 0 {
            let mut batch = Batch::new(&caller.tenant);
            batch.delete_peaks(sha256);
            self.store.apply(batch).await?;
            self.blobs.remove(&caller.tenant, sha256).await?;
        }
        Ok(())
    }

    /// The same without waiting for the job that sees to it if this fails.
    pub(crate) async fn drop_recording_now(&self, caller: &Caller, sha256: &str) {
        if let Err(error) = self.drop_recording(caller, sha256).await {
            tracing::warn!(%error, "a recording could not be removed yet");
        }
    }
}

pub(super) fn describe(incoming: &Incoming) -> Result<Recording, AppError> {
    let mut head = Vec::with_capacity(HEAD_BYTES);
    let read = incoming.open()?.take(HEAD_BYTES as u64).read_to_end(&mut head);
    read.map_err(|e| AppError::Internal(Box::new(e)))?;
    if head.is_empty() {
        return Err(AppError::NotAudio("it is empty".to_owned()));
    }
    let format = recognise(&head).ok_or_else(|| {
        AppError::NotAudio("its content is none of WAV, MP3, OGG Vorbis or Opus, FLAC, M4A".to_owned())
    })?;
    Ok(Recording {
        sha256: incoming.blob.sha256.clone(),
        bytes: incoming.blob.bytes,
        media_type: format.media_type().to_owned(),
    })
}
