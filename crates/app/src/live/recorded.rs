//! The recording of a call becomes that of its contact.

use super::{Live, RecordedCall, board::CallId};
use crate::AppError;
use bytes::Bytes;
use std::path::Path;
use tokio::io::AsyncReadExt;
use touchline_model::{Caller, TenantId};

/// Bytes that are read at once.
const PIECE: usize = 256 * 1024;

impl Live {
    /// Takes over the recording of a call that is over, on this run of the server or on one before. The files are
    /// deleted. Of calls that became no contact nothing is kept; nor is a whisper, unless the organisation keeps them.
    ///
    /// # Errors
    /// Nothing was taken over, and the files are where they were: try again later.
    pub async fn recorded(
        &self,
        tenant: &TenantId,
        call: CallId,
        recording: RecordedCall,
    ) -> Result<(), AppError> {
        self.recover().await?;
        self.written().await;
        let caller = Caller::system(tenant.clone(), "telephony");
        let id = call.to_string();
        let name = format!("{id}.wav");
        let file = tokio::fs::File::open(&recording.customer_facing).await;
        let file = file.map_err(|e| AppError::Internal(Box::new(e)))?;
        let pieces = futures::stream::try_unfold(file, |mut file| async move {
            let mut piece = vec![0; PIECE];
            let read = file.read(&mut piece).await?;
            piece.truncate(read);
            Ok::<_, std::io::Error>((read > 0).then(|| (Bytes::from(piece), file)))
        });
        let pieces = Box::pin(pieces);
        match self.app.receive_recording(&caller, &id, Some(&name), pieces).await {
            Ok(_) => {
                if recording.cut {
                    self.mark_cut(&caller, &id).await?;
                }
            }
            // A call among ourselves, or a contact that was erased meanwhile.
            Err(AppError::NotFound { .. } | AppError::Gone(_)) => {}
            // A call that was over before anything was heard.
            Err(AppError::NotAudio(reason)) => {
                tracing::warn!(%tenant, id, reason, "the recording of a call holds nothing");
            }
            Err(error) => return Err(error),
        }
        remove(&recording.customer_facing).await;
        if let Some(coach) = &recording.coach
            && !self.keeps_whisper(tenant)
        {
            remove(coach).await;
        }
        Ok(())
    }

    async fn mark_cut(&self, caller: &Caller, id: &str) -> Result<(), AppError> {
        let cut = |contact: &mut touchline_model::Contact| {
            contact.metadata.insert("cut".to_owned(), true.into());
            Ok(())
        };
        self.app.change_contact(caller, id, cut).await.map(|_| ())
    }
}

async fn remove(file: &Path) {
    if let Err(error) = tokio::fs::remove_file(file).await {
        tracing::warn!(%error, file = %file.display(), "the file of a recording could not be removed");
    }
}
