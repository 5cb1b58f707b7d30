//! Erasing contacts, and what is left of them.

use crate::{BadRow, Batch, ContactRow, Row, Store, StoreError, Value, sql::id_list, transcripts};
use touchline_model::{Kind, Seq, TenantId, Timestamp};

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

const PUT_TOMBSTONE: &str = "INSERT INTO tombstones (tenant, id, agent, started_at, modified, seq) \
     VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (tenant, id) DO UPDATE SET agent = excluded.agent, \
     started_at = excluded.started_at, modified = excluded.modified, seq = excluded.seq";
const DELETED: &str = "SELECT id, agent, started_at, modified, seq FROM tombstones \
     WHERE tenant = ? AND (modified, seq) > (?, ?) ORDER BY modified, seq LIMIT ?";
const TOMBSTONES: &str = "SELECT id, agent, started_at, modified, seq FROM tombstones \
     WHERE tenant = ? AND id IN (SELECT value FROM json_each(?))";

const HOLD_ABSENT: &str = "UPDATE tenants SET seq = seq WHERE tenant = ? AND NOT EXISTS (SELECT 1 FROM contacts \
     WHERE tenant = ? AND id = ?)";

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
    /// Erases a contact that still is at version `seq`, with everything that was said, and leaves a tombstone.
    /// Its search fields are taken out by the caller, who knows them.
    pub fn erase(&mut self, row: &ContactRow) -> &mut Self {
        let contact = &row.contact.value;
        let id = contact.id.as_str();
        let agent = contact.agent_id.as_ref().map(|agent| agent.0.as_str());
        let tombstone =
            vec![self.t(), id.into(), agent.into(), contact.started_at.into(), Value::Now, Value::Seq];
        self.count_contact(id);
        self.note(PUT_TOMBSTONE, tombstone, Kind::Contact, id.to_owned(), "delete");
        self.run(
            "DELETE FROM contacts WHERE tenant = ? AND id = ? AND seq = ?",
            vec![self.t(), id.into(), row.contact.seq.into()],
        )
        .expect(1);
        self.run(transcripts::DELETE, vec![self.t(), id.into()]);
        self.run(super::whispers::DELETE, vec![self.t(), id.into()]);
        self.drop_results(id)
    }

    /// Leaves the tombstone of a contact of which only events tell. A conflict means that it is there by now.
    pub fn bury(&mut self, id: &str, started_at: Timestamp) -> &mut Self {
        self.run(HOLD_ABSENT, vec![self.t(), self.t(), id.into()]).expect(1);
        let tombstone = vec![self.t(), id.into(), Value::Null, started_at.into(), Value::Now, Value::Seq];
        self.note(PUT_TOMBSTONE, tombstone, Kind::Contact, id.to_owned(), "delete");
        self
    }
}

impl Store {
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

pub(crate) const STATEMENTS: &[&str] = &[PUT_TOMBSTONE, HOLD_ABSENT, DELETED, TOMBSTONES];
