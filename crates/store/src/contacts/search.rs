//! What contacts are found by.

use crate::{Batch, Store, StoreError, sql::id_list};
use sha2::{Digest, Sha256};
use touchline_model::{TenantId, Timestamp};

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

impl Batch {
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
}

impl Store {
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
}

pub(crate) const STATEMENTS: &[&str] = &[PUT_FIELD, DELETE_FIELD, BY_FIELD, BY_STATE, BY_DIRECTION, BY_AGENT];
