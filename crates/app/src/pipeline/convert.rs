//! A recording is read from end to end: what it is, how long it lasts, or why it cannot be used.

use super::{Failure, Outcome, payload};
use crate::App;
use serde::Deserialize;
use touchline_model::{Caller, ContactState, MediaTime};
use touchline_speech::{AudioInfo, DecodeError, Peaks, measure};
use touchline_store::{Batch, BlobError, ContactRow, Job};

#[derive(Deserialize)]
struct OneContact {
    contact: String,
}

impl App {
    pub(super) async fn convert(&self, caller: &Caller, job: &Job) -> Result<Outcome, Failure> {
        let OneContact { contact: id } = payload(job)?;
        let finish = |mut batch: Batch| async move {
            batch.finish(job);
            self.end(batch).await
        };
        let Some((row, sha256)) = self.with_recording(caller, &id).await? else {
            // Erased meanwhile, or its recording was replaced and has a job of its own.
            return finish(Batch::new(&caller.tenant)).await;
        };
        if !row.contact.value.state.as_ref().is_some_and(|state| state.is(ContactState::CONVERTING)) {
            let mut batch = Batch::new(&caller.tenant);
            batch.set_state(&id, row.contact.seq, ContactState::CONVERTING, None).keep(
                job,
                self.lease_end(),
                &job.payload,
            );
            if !self.written(batch).await? {
                return Ok(Outcome::Lost);
            }
        }
        let read = self.read_recording(caller, &sha256).await?;
        let Some((row, now_sha256)) = self.with_recording(caller, &id).await? else {
            return finish(Batch::new(&caller.tenant)).await;
        };
        if now_sha256 != sha256 {
            return finish(Batch::new(&caller.tenant)).await;
        }
        let mut batch = Batch::new(&caller.tenant);
        match read {
            Err(reason) => {
                batch.set_state(&id, row.contact.seq, ContactState::CONVERTER_REJECTED, Some(&reason));
            }
            Ok((info, peaks)) => {
                // Together with the state, so that an erasure meanwhile takes them along.
                batch.put_peaks(&sha256, &peaks.to_bytes());
                self.converted(caller, &mut batch, &row, &info).await?;
            }
        }
        finish(batch).await
    }

    /// What comes after a recording that could be read: the words, if there are any.
    async fn converted(
        &self,
        caller: &Caller,
        batch: &mut Batch,
        row: &ContactRow,
        info: &AudioInfo,
    ) -> Result<(), Failure> {
        let id = row.contact.value.id.as_str();
        let words = !self.store.transcribed(&caller.tenant, &[id.to_owned()]).await?.is_empty();
        // Without a transcriber a recording without words is done.
        let next = if words { ContactState::ANALYZING } else { ContactState::COMPLETE };
        batch.set_state(id, row.contact.seq, next, None);
        if row.contact.value.duration == MediaTime::default() {
            batch.set_duration(id, info.duration);
        }
        if words {
            self.analyse_later(batch, id);
        }
        Ok(())
    }

    async fn with_recording(
        &self,
        caller: &Caller,
        id: &str,
    ) -> Result<Option<(ContactRow, String)>, Failure> {
        let row = self.store.contact_row(&caller.tenant, id).await?;
        Ok(row.and_then(|row| {
            let sha256 = row.recording.as_ref()?.sha256.clone();
            Some((row, sha256))
        }))
    }

    /// Decodes the whole recording. The inner error is about the recording and final, the outer one about us.
    async fn read_recording(
        &self,
        caller: &Caller,
        sha256: &str,
    ) -> Result<Result<(AudioInfo, Peaks), String>, Failure> {
        let file = match self.blobs.file(&caller.tenant, sha256) {
            Ok(file) => file,
            Err(BlobError::Missing) => return Ok(Err("the bytes of the recording are gone".to_owned())),
            Err(error) => return Err(Failure { reason: error.to_string(), for_good: false }),
        };
        let read = tokio::task::spawn_blocking(move || measure(std::io::BufReader::new(file))).await;
        match read {
            Ok(Err(DecodeError::Read(error))) => Err(Failure { reason: error.to_string(), for_good: false }),
            Ok(read) => Ok(read.map_err(|reason| reason.to_string())),
            // The contact must not wait for ever for a recording that breaks its reader.
            Err(error) => Ok(Err(format!("reading the recording broke off: {error}"))),
        }
    }
}
