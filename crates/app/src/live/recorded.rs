//! The recording of a call becomes that of its contact.

use super::{Live, RecordedCall, board::CallId};
use crate::AppError;
use bytes::Bytes;
use futures::Stream;
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
        let pieces = pieces_of(&recording.customer_facing).await?;
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
        if let Some(coach) = &recording.coach {
            if self.keeps_whisper(tenant) {
                self.keep_coach(&caller, &id, coach).await?;
            }
            remove(coach).await;
        }
        remove(&recording.customer_facing).await;
        Ok(())
    }

    /// What supervisors said becomes a track of its own of the contact.
    async fn keep_coach(&self, caller: &Caller, id: &str, file: &Path) -> Result<(), AppError> {
        match self.app.keep_whisper(caller, id, pieces_of(file).await?).await {
            // A call among ourselves, a contact that was erased meanwhile, or a whisper of nothing.
            Ok(()) | Err(AppError::NotFound { .. } | AppError::Gone(_) | AppError::NotAudio(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn mark_cut(&self, caller: &Caller, id: &str) -> Result<(), AppError> {
        let cut = |contact: &mut touchline_model::Contact| {
            contact.metadata.insert("cut".to_owned(), true.into());
            Ok(())
        };
        self.app.change_contact(caller, id, cut).await.map(|_| ())
    }
}

/// A file, a piece at a time.
async fn pieces_of(
    file: &Path,
) -> Result<impl Stream<Item = std::io::Result<Bytes>> + Unpin + Send + use<>, AppError> {
    let file = tokio::fs::File::open(file).await.map_err(|e| AppError::Internal(Box::new(e)))?;
    let pieces = futures::stream::try_unfold(file, |mut file| async move {
        let mut piece = vec![0; PIECE];
        let read = file.read(&mut piece).await?;
        piece.truncate(read);
        Ok((read > 0).then(|| (Bytes::from(piece), file)))
    });
    Ok(Box::pin(pieces))
}

async fn remove(file: &Path) {
    if let Err(error) = tokio::fs::remove_file(file).await {
        tracing::warn!(%error, file = %file.display(), "the file of a recording could not be removed");
    }
}
