//! Reading contacts. Whoever reads what was said leaves an entry in the audit trail first.

use crate::{App, AppError, require, require_own};
use bytes::Bytes;
use futures::{StreamExt, stream::BoxStream};
use schemars::JsonSchema;
use serde::Serialize;
use std::ops::Range;
use touchline_model::{
    Ability, CallStats, Caller, Contact, Kind, Recording, Seq, Stored, Summary, Timestamp, Transcript,
};
use touchline_store::ContactRow;

/// A contact as the native API shows it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ContactView {
    /// The contact.
    #[serde(flatten)]
    pub contact: Contact,
    /// Its recording.
    pub recording: Option<Recording>,
    /// What supervisors said to the agents alone, where it is kept; only for callers who supervise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub whisper: Option<Recording>,
    /// Why the pipeline stopped, in words.
    pub failure: Option<String>,
    /// Talk statistics.
    pub stats: Option<CallStats>,
    /// What it was about; only for callers who may read transcripts.
    pub summary: Option<Summary>,
    /// When its last change was committed.
    pub modified: Timestamp,
    /// Number of its last change.
    pub seq: Seq,
}

/// A part of a recording.
pub struct RecordingBytes {
    /// The whole recording.
    pub recording: Recording,
    /// Which bytes of it.
    pub range: Range<u64>,
    /// The bytes.
    pub bytes: BoxStream<'static, Result<Bytes, std::io::Error>>,
}

impl App {
    pub(crate) async fn contact_row(&self, caller: &Caller, id: &str) -> Result<ContactRow, AppError> {
        let found = match id.contains('\0') {
            true => None,
            false => self.store.contact_row(&caller.tenant, id).await?,
        };
        // Somebody else's contact does not exist for a caller who sees only the own ones.
        let seen = |row: &ContactRow| {
            !caller.own_only || (caller.user.is_some() && row.contact.value.agent_id == caller.user)
        };
        found.filter(seen).ok_or_else(|| AppError::NotFound { kind: Kind::Contact, id: id.to_owned() })
    }

    /// One contact.
    pub async fn contact(&self, caller: &Caller, id: &str) -> Result<ContactView, AppError> {
        require_own(caller, Ability::ReadContacts)?;
        let row = self.contact_row(caller, id).await?;
        let mut views = self.views(caller, vec![row]).await?;
        views.pop().ok_or_else(|| AppError::NotFound { kind: Kind::Contact, id: id.to_owned() })
    }

    /// Contacts in the order of their ids, after one of them.
    pub async fn contacts(
        &self,
        caller: &Caller,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<ContactView>, AppError> {
        require(caller, Ability::ReadContacts)?;
        let ids = self.store.contact_ids(&caller.tenant, after.unwrap_or_default(), limit).await?;
        let mut rows = self.store.contact_rows(&caller.tenant, &ids).await?;
        rows.sort_by(|a, b| a.contact.value.id.cmp(&b.contact.value.id));
        self.views(caller, rows).await
    }

    async fn views(&self, caller: &Caller, rows: Vec<ContactRow>) -> Result<Vec<ContactView>, AppError> {
        let ids: Vec<String> = rows.iter().map(|row| row.contact.value.id.0.clone()).collect();
        let mut analyses = self.store.analyses(&caller.tenant, &ids).await?;
        let mut whispers = self.whispers(caller, &ids).await?;
        let may_read = caller.may(Ability::ReadRecordings);
        if may_read && !analyses.is_empty() {
            self.audit_reading(caller, &ids).await?;
        }
        let view = |row: ContactRow| {
            let Stored { value: contact, modified, seq } = row.contact;
            let analysis = analyses.remove(contact.id.as_str());
            let (stats, summary) = analysis.map(|it| (it.stats, it.summary)).unzip();
            let summary = summary.filter(|_| may_read);
            ContactView {
                whisper: whispers.remove(contact.id.as_str()),
                contact,
                recording: row.recording,
                failure: row.failure,
                stats,
                summary,
                modified,
                seq,
            }
        };
        Ok(rows.into_iter().map(view).collect())
    }

    /// What was said in a contact.
    pub async fn transcript(&self, caller: &Caller, id: &str) -> Result<Option<Transcript>, AppError> {
        require_own(caller, Ability::ReadRecordings)?;
        self.contact_row(caller, id).await?;
        let ids = [id.to_owned()];
        self.audit_reading(caller, &ids).await?;
        Ok(self.store.transcripts(&caller.tenant, &ids).await?.remove(id))
    }

    /// Notes that what was said in these contacts is about to be read.
    pub(crate) async fn audit_reading(&self, caller: &Caller, ids: &[String]) -> Result<(), AppError> {
        let Some(first) = ids.first() else { return Ok(()) };
        match ids {
            [_] => self.note_once(caller, "transcript.read", first, "").await,
            many => {
                let detail = format!("{} contacts, last `{}`", many.len(), many[many.len() - 1]);
                self.note(caller, "transcript.read", first, detail).await
            }
        }
    }

    /// A part of a contact's recording; `wanted` is cut to what there is. `None`: the contact has no recording.
    pub async fn recording(
        &self,
        caller: &Caller,
        id: &str,
        wanted: impl FnOnce(&Recording) -> Range<u64>,
    ) -> Result<Option<RecordingBytes>, AppError> {
        require_own(caller, Ability::ReadRecordings)?;
        let row = self.contact_row(caller, id).await?;
        let Some(recording) = row.recording else { return Ok(None) };
        let wanted = wanted(&recording);
        let end = wanted.end.min(recording.bytes);
        let range = wanted.start.min(end)..end;
        self.note_once(
            caller,
            "recording.read",
            id,
            format!("bytes {}-{} of {}", range.start, range.end, recording.bytes),
        )
        .await?;
        let bytes = self.blobs.read(&caller.tenant, &recording.sha256, range.clone()).await?;
        let bytes = bytes.map(|chunk| chunk.map_err(std::io::Error::other)).boxed();
        Ok(Some(RecordingBytes { recording, range, bytes }))
    }
}
