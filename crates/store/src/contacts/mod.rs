//! Contacts and what hangs on them.

pub(crate) mod analyses;
pub(crate) mod calls;
pub(crate) mod erased;
pub(crate) mod page;
pub(crate) mod search;
pub(crate) mod whispers;

pub use analyses::Analysis;
pub use calls::CallRow;
pub use erased::DeletedContact;
pub use search::{SearchKey, search_key};

use crate::{BadRow, Batch, Row, Store, StoreError, Table, Value, records::stored, sql::id_list};
use touchline_model::{Contact, ContactState, Kind, MediaTime, Recording, Seq, Stored, TenantId};

/// A contact with what the server keeps about it.
#[derive(Clone, Debug, PartialEq)]
pub struct ContactRow {
    /// The contact; its state is always given.
    pub contact: Stored<Contact>,
    /// Its recording.
    pub recording: Option<Recording>,
    /// Why the pipeline stopped, in words.
    pub failure: Option<String>,
}

impl ContactRow {
    /// The state, as a text.
    pub fn state(&self) -> &str {
        self.contact.value.state.as_ref().map_or(ContactState::UPLOADED, |state| &state.0)
    }
}

const ROWS: &str = "SELECT id, channel, direction, agent, started_at, duration, state, original_path, metadata, \
     crm_matches, modified, seq, audio_sha256, audio_bytes, audio_type, failure FROM contacts \
     WHERE tenant = ? AND id IN (SELECT value FROM json_each(?))";
const IDS_AFTER: &str = "SELECT id FROM contacts WHERE tenant = ? AND id > ? ORDER BY id LIMIT ?";
const COUNT: &str = "SELECT COUNT(*) FROM contacts WHERE tenant = ?";
const SET_STATE: &str = "UPDATE contacts SET state = ?, failure = ?, modified = ?, seq = ? \
     WHERE tenant = ? AND id = ? AND seq = ?";
const TOUCH: &str = "UPDATE contacts SET modified = ?, seq = ? WHERE tenant = ? AND id = ?";
const SET_AUDIO: &str = "UPDATE contacts SET audio_sha256 = ?, audio_bytes = ?, audio_type = ?, original_path = ?, \
     state = ?, failure = NULL, modified = ?, seq = ? WHERE tenant = ? AND id = ? AND seq = ?";
const SET_DURATION: &str = "UPDATE contacts SET duration = ? WHERE tenant = ? AND id = ?";
const AUDIO_USERS: &str = "SELECT (SELECT COUNT(*) FROM contacts WHERE tenant = ? AND audio_sha256 = ?) \
     + (SELECT COUNT(*) FROM whispers WHERE tenant = ? AND sha256 = ?)";
const NAMED_AUDIO: &str = "SELECT DISTINCT audio_sha256 FROM contacts WHERE tenant = ? \
     AND audio_sha256 IN (SELECT value FROM json_each(?)) UNION SELECT sha256 FROM whispers WHERE tenant = ? \
     AND sha256 IN (SELECT value FROM json_each(?))";
const HOLD: &str = "UPDATE contacts SET seq = seq WHERE tenant = ? AND id = ? AND seq = ?";
// By one row that every batch writes anyway, so that holding many contacts costs no writes of their own.
const HOLD_MANY: &str = "UPDATE tenants SET seq = seq WHERE tenant = ? AND ? = (SELECT COUNT(*) FROM contacts \
     WHERE tenant = ? AND seq <= ? AND id IN (SELECT value FROM json_each(?)))";

fn contact_row(row: &Row<'_>) -> Result<ContactRow, BadRow> {
    let after = Contact::WIDTH + 3;
    let recording = match row.maybe_string(after)? {
        Some(sha256) => Some(Recording {
            sha256,
            bytes: u64::try_from(row.int(after + 1)?).map_err(|e| BadRow::new(after + 1, e))?,
            media_type: row.string(after + 2)?,
        }),
        None => None,
    };
    Ok(ContactRow { contact: stored(row)?, recording, failure: row.maybe_string(after + 3)? })
}

impl Batch {
    fn t(&self) -> Value {
        Value::Text(self.tenant.0.clone())
    }

    /// Moves a contact that still is at version `seq` to another state. `failure` says why the pipeline stopped.
    pub fn set_state(&mut self, id: &str, seq: Seq, state: &str, failure: Option<&str>) -> &mut Self {
        let failure = failure.map(|text| text.replace('\0', " "));
        let params =
            vec![state.into(), failure.into(), Value::Now, Value::Seq, self.t(), id.into(), seq.into()];
        self.note(SET_STATE, params, Kind::Contact, id.to_owned(), "put");
        self.expect(1)
    }

    /// Gives a contact a new place in the commit order because something that hangs on it changed.
    /// A contact that is gone is no conflict.
    pub fn touch(&mut self, id: &str) -> &mut Self {
        let params = vec![Value::Now, Value::Seq, self.t(), id.into()];
        self.note(TOUCH, params, Kind::Contact, id.to_owned(), "put");
        self
    }

    /// Gives a contact that still is at version `seq` its recording.
    pub fn set_recording(
        &mut self,
        id: &str,
        seq: Seq,
        recording: &Recording,
        original_path: Option<&str>,
        state: &str,
    ) -> &mut Self {
        let params = vec![
            (&recording.sha256).into(),
            (recording.bytes as i64).into(),
            (&recording.media_type).into(),
            original_path.into(),
            state.into(),
            Value::Now,
            Value::Seq,
            self.t(),
            id.into(),
            seq.into(),
        ];
        self.note(SET_AUDIO, params, Kind::Contact, id.to_owned(), "put");
        self.expect(1)
    }

    /// Sets how long a contact lasted, once its recording has been read. Goes beside a change of the contact.
    pub fn set_duration(&mut self, id: &str, duration: MediaTime) -> &mut Self {
        let params = vec![duration.micros().into(), self.t(), id.into()];
        self.run(SET_DURATION, params)
    }

    /// The batch holds only while a contact still is at version `seq`.
    pub fn hold_contact(&mut self, id: &str, seq: Seq) -> &mut Self {
        let params = vec![self.t(), id.into(), seq.into()];
        self.run(HOLD, params).expect(1)
    }

    /// The batch holds only while these contacts are there and were not changed after change `seq` of the tenant.
    pub fn hold_contacts(&mut self, ids: &[String], seq: Seq) -> &mut Self {
        let params = vec![self.t(), (ids.len() as i64).into(), self.t(), seq.into(), id_list(ids)];
        self.run(HOLD_MANY, params).expect(1)
    }
}

impl Store {
    /// Contacts with what the server keeps about them; ids that do not exist are left out.
    pub async fn contact_rows(
        &self,
        tenant: &TenantId,
        ids: &[String],
    ) -> Result<Vec<ContactRow>, StoreError> {
        self.query(ROWS, vec![tenant.as_str().into(), id_list(ids)], contact_row).await
    }

    /// One contact with what the server keeps about it.
    pub async fn contact_row(&self, tenant: &TenantId, id: &str) -> Result<Option<ContactRow>, StoreError> {
        Ok(self.contact_rows(tenant, &[id.to_owned()]).await?.into_iter().next())
    }

    /// Contact ids after one id, in order.
    pub async fn contact_ids(
        &self,
        tenant: &TenantId,
        after: &str,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        let params = vec![tenant.as_str().into(), after.into(), (limit as i64).into()];
        self.query(IDS_AFTER, params, |row| row.string(0)).await
    }

    /// Number of contacts.
    pub async fn contact_count(&self, tenant: &TenantId) -> Result<i64, StoreError> {
        Ok(self.first(COUNT, vec![tenant.as_str().into()], |row| row.int(0)).await?.unwrap_or_default())
    }

    /// Those of these recordings (by SHA-256) that a contact names.
    pub async fn named_recordings(
        &self,
        tenant: &TenantId,
        sha256: &[String],
    ) -> Result<Vec<String>, StoreError> {
        let (tenant, all) = (tenant.as_str(), || id_list(sha256));
        self.query(NAMED_AUDIO, vec![tenant.into(), all(), tenant.into(), all()], |row| row.string(0)).await
    }

    /// How many contacts share a recording, or what supervisors said in them.
    pub async fn recording_users(&self, tenant: &TenantId, sha256: &str) -> Result<i64, StoreError> {
        let tenant = tenant.as_str();
        let params = vec![tenant.into(), sha256.into(), tenant.into(), sha256.into()];
        Ok(self.first(AUDIO_USERS, params, |row| row.int(0)).await?.unwrap_or_default())
    }
}

pub(crate) const STATEMENTS: &[&str] = &[
    ROWS,
    IDS_AFTER,
    COUNT,
    SET_STATE,
    TOUCH,
    SET_AUDIO,
    SET_DURATION,
    AUDIO_USERS,
    NAMED_AUDIO,
    HOLD,
    HOLD_MANY,
];
