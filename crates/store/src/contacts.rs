//! Contacts and what hangs on them.

use crate::{
    BadRow, Batch, Row, Store, StoreError, Table, Value,
    records::stored,
    sql::{id_list, json},
    topics, transcripts,
};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use touchline_model::{
    CallStats, Contact, ContactState, Kind, MediaTime, Recording, Seq, Speaker, Stored, Summary, TenantId,
    Timestamp,
};

/// The key of a field and its lower-cased value in the search index: 63 bits of SHA-256.
pub type SearchKey = i64;

/// The key of a field and value. The value must already be in lower case.
pub fn search_key(field: &str, lower_value: &str) -> SearchKey {
    let mut hasher = Sha256::new();
    hasher.update(field.as_bytes());
    hasher.update([0]);
    hasher.update(lower_value.as_bytes());
    let digest = hasher.finalize();
    let mut first = [0; 8];
    first.copy_from_slice(&digest[..8]);
    i64::from_be_bytes(first) & i64::MAX
}

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

/// A contact as the list of calls shows it, with JSON left as text.
#[derive(Clone, Debug)]
pub struct CallRow {
    /// Id.
    pub id: String,
    /// The agent.
    pub agent: Option<String>,
    /// The agent's e-mail address.
    pub agent_email: Option<String>,
    /// When it began.
    pub started_at: Timestamp,
    /// How long it lasted.
    pub duration: MediaTime,
    /// Direction, as on the wire.
    pub direction: String,
    /// State.
    pub state: String,
    /// Name of the recording as uploaded.
    pub original_path: Option<String>,
    /// JSON object.
    pub metadata: String,
    /// JSON list of matches in the model's shape.
    pub crm_matches: String,
    /// JSON of [`CallStats`].
    pub stats: Option<String>,
    /// JSON of [`Summary`].
    pub summary: Option<String>,
    /// Last change.
    pub modified: Timestamp,
    /// Number of the last change.
    pub seq: Seq,
}

/// What the analysis found in the transcript of a contact.
#[derive(Clone, Debug, PartialEq)]
pub struct Analysis {
    /// Version of the algorithms.
    pub version: u32,
    /// Talk statistics.
    pub stats: CallStats,
    /// What it was about.
    pub summary: Summary,
    /// The transcript's speakers, recognised.
    pub speakers: Vec<Speaker>,
}

/// What is left of a contact that was deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeletedContact {
    /// Id.
    pub id: String,
    /// The agent.
    pub agent: Option<String>,
    /// When it began.
    pub started_at: Timestamp,
    /// When it was deleted.
    pub deleted_at: Timestamp,
    /// Number of the deletion.
    pub seq: Seq,
}

macro_rules! calls {
    ($condition:literal) => {
        concat!(
            "SELECT c.id, c.agent, u.email, c.started_at, c.duration, c.direction, c.state, c.original_path, \
             c.metadata, c.crm_matches, a.stats, a.summary, c.modified, c.seq FROM contacts c \
             LEFT JOIN analyses a ON a.tenant = c.tenant AND a.contact = c.id \
             LEFT JOIN users u ON u.tenant = c.tenant AND u.id = c.agent WHERE c.tenant = ? AND ",
            $condition
        )
    };
}
const CALLS: &str = calls!("(c.modified, c.seq) > (?, ?) ORDER BY c.modified, c.seq LIMIT ?");
const COMPLETE_CALLS: &str =
    calls!("c.state = 'COMPLETE' AND (c.modified, c.seq) > (?, ?) ORDER BY c.modified, c.seq LIMIT ?");
const CALL: &str = calls!("c.id = ?");
const ROWS: &str = "SELECT id, channel, direction, agent, started_at, duration, state, original_path, metadata, \
     crm_matches, modified, seq, audio_sha256, audio_bytes, audio_type, failure FROM contacts \
     WHERE tenant = ? AND id IN (SELECT value FROM json_each(?))";
const IDS_AFTER: &str = "SELECT id FROM contacts WHERE tenant = ? AND id > ? ORDER BY id LIMIT ?";
const COUNT: &str = "SELECT COUNT(*) FROM contacts WHERE tenant = ?";
const OUTDATED: &str =
    "SELECT contact FROM analyses WHERE tenant = ? AND version < ? ORDER BY contact LIMIT ?";
const SET_STATE: &str = "UPDATE contacts SET state = ?, failure = ?, modified = ?, seq = ? \
     WHERE tenant = ? AND id = ? AND seq = ?";
const TOUCH: &str = "UPDATE contacts SET modified = ?, seq = ? WHERE tenant = ? AND id = ?";
const SET_AUDIO: &str = "UPDATE contacts SET audio_sha256 = ?, audio_bytes = ?, audio_type = ?, original_path = ?, \
     state = ?, failure = NULL, modified = ?, seq = ? WHERE tenant = ? AND id = ? AND seq = ?";
const SET_DURATION: &str = "UPDATE contacts SET duration = ? WHERE tenant = ? AND id = ?";
const AUDIO_USERS: &str = "SELECT COUNT(*) FROM contacts WHERE tenant = ? AND audio_sha256 = ?";
const PUT_ANALYSIS: &str = "INSERT INTO analyses (tenant, contact, version, stats, summary, speakers) \
     VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (tenant, contact) DO UPDATE SET version = excluded.version, \
     stats = excluded.stats, summary = excluded.summary, speakers = excluded.speakers";
const HOLD: &str = "UPDATE contacts SET seq = seq WHERE tenant = ? AND id = ? AND seq = ?";
// By one row that every batch writes anyway, so that holding many contacts costs no writes of their own.
const HOLD_MANY: &str = "UPDATE tenants SET seq = seq WHERE tenant = ? AND ? = (SELECT COUNT(*) FROM contacts \
     WHERE tenant = ? AND seq <= ? AND id IN (SELECT value FROM json_each(?)))";
const DELETE_ANALYSIS: &str = "DELETE FROM analyses WHERE tenant = ? AND contact = ?";
const ANALYSES: &str = "SELECT contact, version, stats, summary, speakers FROM analyses \
     WHERE tenant = ? AND contact IN (SELECT value FROM json_each(?))";
const PUT_FIELD: &str = "INSERT INTO contact_fields (tenant, key, started_at, contact) VALUES (?, ?, ?, ?) \
     ON CONFLICT (tenant, key, started_at, contact) DO NOTHING";
const DELETE_FIELD: &str =
    "DELETE FROM contact_fields WHERE tenant = ? AND key = ? AND started_at = ? AND contact = ?";
const BY_FIELD: &str = "SELECT contact FROM contact_fields WHERE tenant = ? AND key = ? \
     ORDER BY started_at DESC, contact LIMIT ?";
const BY_STATE: &str =
    "SELECT id FROM contacts WHERE tenant = ? AND state = ? ORDER BY started_at DESC, id LIMIT ?";
const BY_DIRECTION: &str =
    "SELECT id FROM contacts WHERE tenant = ? AND direction = ? ORDER BY started_at DESC, id LIMIT ?";
const BY_AGENT: &str = "SELECT id FROM contacts WHERE tenant = ? AND agent IN (SELECT value FROM json_each(?)) \
     ORDER BY started_at DESC, id LIMIT ?";
const PUT_TOMBSTONE: &str = "INSERT INTO tombstones (tenant, id, agent, started_at, modified, seq) \
     VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (tenant, id) DO UPDATE SET agent = excluded.agent, \
     started_at = excluded.started_at, modified = excluded.modified, seq = excluded.seq";
const DELETED: &str = "SELECT id, agent, started_at, modified, seq FROM tombstones \
     WHERE tenant = ? AND (modified, seq) > (?, ?) ORDER BY modified, seq LIMIT ?";
const TOMBSTONES: &str = "SELECT id, agent, started_at, modified, seq FROM tombstones \
     WHERE tenant = ? AND id IN (SELECT value FROM json_each(?))";

fn call_row(row: &Row<'_>) -> Result<CallRow, BadRow> {
    Ok(CallRow {
        id: row.string(0)?,
        agent: row.maybe_string(1)?,
        agent_email: row.maybe_string(2)?,
        started_at: row.time(3)?,
        duration: MediaTime::from_micros(row.int(4)?),
        direction: row.string(5)?,
        state: row.string(6)?,
        original_path: row.maybe_string(7)?,
        metadata: row.string(8)?,
        crm_matches: row.string(9)?,
        stats: row.maybe_string(10)?,
        summary: row.maybe_string(11)?,
        modified: row.time(12)?,
        seq: row.int(13)?,
    })
}

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

fn deleted(row: &Row<'_>) -> Result<DeletedContact, BadRow> {
    Ok(DeletedContact {
        id: row.string(0)?,
        agent: row.maybe_string(1)?,
        started_at: row.time(2)?,
        deleted_at: row.time(3)?,
        seq: row.int(4)?,
    })
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

    /// Writes the results of the analysis of a contact.
    pub fn put_analysis(&mut self, id: &str, it: &Analysis) -> &mut Self {
        let params = vec![
            self.t(),
            id.into(),
            it.version.into(),
            json(&it.stats),
            json(&it.summary),
            json(&it.speakers),
        ];
        self.run(PUT_ANALYSIS, params)
    }

    /// Drops the results of the analysis of a contact.
    pub fn delete_analysis(&mut self, id: &str) -> &mut Self {
        self.run(DELETE_ANALYSIS, vec![self.t(), id.into()])
    }

    /// Makes a contact findable by a field.
    pub fn put_field(&mut self, key: SearchKey, started_at: Timestamp, id: &str) -> &mut Self {
        let params = vec![self.t(), key.into(), started_at.into(), id.into()];
        self.run(PUT_FIELD, params)
    }

    /// Takes a contact out of the search index.
    pub fn delete_field(&mut self, key: SearchKey, started_at: Timestamp, id: &str) -> &mut Self {
        let params = vec![self.t(), key.into(), started_at.into(), id.into()];
        self.run(DELETE_FIELD, params)
    }

    /// Erases a contact that still is at version `seq`, with everything that was said, and leaves a tombstone.
    /// Its search fields are taken out by the caller, who knows them.
    pub fn erase(&mut self, row: &ContactRow) -> &mut Self {
        let contact = &row.contact.value;
        let id = contact.id.as_str();
        let agent = contact.agent_id.as_ref().map(|agent| agent.0.as_str());
        let tombstone =
            vec![self.t(), id.into(), agent.into(), contact.started_at.into(), Value::Now, Value::Seq];
        self.note(PUT_TOMBSTONE, tombstone, Kind::Contact, id.to_owned(), "delete");
        self.run(
            "DELETE FROM contacts WHERE tenant = ? AND id = ? AND seq = ?",
            vec![self.t(), id.into(), row.contact.seq.into()],
        )
        .expect(1);
        self.run(transcripts::DELETE, vec![self.t(), id.into()]);
        self.drop_results(id)
    }

    /// Drops what was worked out from the words of a contact: they are gone or others.
    pub fn drop_results(&mut self, id: &str) -> &mut Self {
        self.run(DELETE_ANALYSIS, vec![self.t(), id.into()]);
        self.run(topics::DELETE_OF_CONTACT, vec![self.t(), id.into(), self.t()])
    }
}

impl Store {
    /// Contacts for the list of calls, after a position, in commit order.
    pub async fn calls(
        &self,
        tenant: &TenantId,
        after: (Timestamp, Seq),
        limit: usize,
        complete_only: bool,
    ) -> Result<Vec<CallRow>, StoreError> {
        let sql = if complete_only { COMPLETE_CALLS } else { CALLS };
        let params = vec![tenant.as_str().into(), after.0.into(), after.1.into(), (limit as i64).into()];
        self.query(sql, params, call_row).await
    }

    /// One contact, as the list of calls shows it.
    pub async fn call(&self, tenant: &TenantId, id: &str) -> Result<Option<CallRow>, StoreError> {
        self.first(CALL, vec![tenant.as_str().into(), id.into()], call_row).await
    }

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

    /// Contacts whose results come from algorithms older than `version`.
    pub async fn outdated(
        &self,
        tenant: &TenantId,
        version: u32,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        let params = vec![tenant.as_str().into(), version.into(), (limit as i64).into()];
        self.query(OUTDATED, params, |row| row.string(0)).await
    }

    /// How many contacts share a recording.
    pub async fn recording_users(&self, tenant: &TenantId, sha256: &str) -> Result<i64, StoreError> {
        let params = vec![tenant.as_str().into(), sha256.into()];
        Ok(self.first(AUDIO_USERS, params, |row| row.int(0)).await?.unwrap_or_default())
    }

    /// The results of the analysis of these contacts; contacts without are left out.
    pub async fn analyses(
        &self,
        tenant: &TenantId,
        contacts: &[String],
    ) -> Result<HashMap<String, Analysis>, StoreError> {
        let found = self.query(ANALYSES, vec![tenant.as_str().into(), id_list(contacts)], |row| {
            let version = u32::try_from(row.int(1)?).map_err(|e| BadRow::new(1, e))?;
            let analysis =
                Analysis { version, stats: row.json(2)?, summary: row.json(3)?, speakers: row.json(4)? };
            Ok((row.string(0)?, analysis))
        });
        Ok(found.await?.into_iter().collect())
    }

    /// Contacts that have a field value, newest first. The key may, very rarely, find others too: check.
    pub async fn by_field(
        &self,
        tenant: &TenantId,
        key: SearchKey,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        let params = vec![tenant.as_str().into(), key.into(), (limit as i64).into()];
        self.query(BY_FIELD, params, |row| row.string(0)).await
    }

    /// Contacts in a state, newest first.
    pub async fn by_state(
        &self,
        tenant: &TenantId,
        state: &str,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        let params = vec![tenant.as_str().into(), state.into(), (limit as i64).into()];
        self.query(BY_STATE, params, |row| row.string(0)).await
    }

    /// Contacts of a direction, newest first.
    pub async fn by_direction(
        &self,
        tenant: &TenantId,
        name: &str,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        let params = vec![tenant.as_str().into(), name.into(), (limit as i64).into()];
        self.query(BY_DIRECTION, params, |row| row.string(0)).await
    }

    /// Contacts of some agents, newest first.
    pub async fn by_agents(
        &self,
        tenant: &TenantId,
        ids: &[String],
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        let params = vec![tenant.as_str().into(), id_list(ids), (limit as i64).into()];
        self.query(BY_AGENT, params, |row| row.string(0)).await
    }

    /// Deleted contacts after a position, in commit order.
    pub async fn deleted_contacts(
        &self,
        tenant: &TenantId,
        after: (Timestamp, Seq),
        limit: usize,
    ) -> Result<Vec<DeletedContact>, StoreError> {
        let params = vec![tenant.as_str().into(), after.0.into(), after.1.into(), (limit as i64).into()];
        self.query(DELETED, params, deleted).await
    }

    /// What is left of these contacts, if they were deleted.
    pub async fn tombstones(
        &self,
        tenant: &TenantId,
        ids: &[String],
    ) -> Result<Vec<DeletedContact>, StoreError> {
        self.query(TOMBSTONES, vec![tenant.as_str().into(), id_list(ids)], deleted).await
    }
}

impl ContactRow {
    /// The state, as a text.
    pub fn state(&self) -> &str {
        self.contact.value.state.as_ref().map_or(ContactState::UPLOADED, |state| &state.0)
    }
}

pub(crate) const STATEMENTS: &[&str] = &[
    CALLS,
    COMPLETE_CALLS,
    CALL,
    ROWS,
    IDS_AFTER,
    COUNT,
    OUTDATED,
    SET_STATE,
    TOUCH,
    SET_AUDIO,
    SET_DURATION,
    AUDIO_USERS,
    PUT_ANALYSIS,
    DELETE_ANALYSIS,
    ANALYSES,
    HOLD,
    HOLD_MANY,
    PUT_FIELD,
    DELETE_FIELD,
    BY_FIELD,
    BY_STATE,
    BY_DIRECTION,
    BY_AGENT,
    PUT_TOMBSTONE,
    DELETED,
    TOMBSTONES,
];
