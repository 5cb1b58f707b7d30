//! What supervisors said to agents alone: kept beside the recording of a contact, never in it.

use crate::{BadRow, Batch, Row, Store, StoreError, Value, sql::id_list};
use std::collections::HashMap;
use touchline_model::{Recording, TenantId};

const PUT: &str = "INSERT INTO whispers (tenant, contact, sha256, bytes, media_type, kept_at) VALUES (?, ?, ?, ?, ?, ?) \
     ON CONFLICT (tenant, contact) DO UPDATE SET sha256 = excluded.sha256, bytes = excluded.bytes, \
     media_type = excluded.media_type, kept_at = excluded.kept_at";
const OF: &str = "SELECT contact, sha256, bytes, media_type FROM whispers WHERE tenant = ? \
     AND contact IN (SELECT value FROM json_each(?))";
pub(crate) const DELETE: &str = "DELETE FROM whispers WHERE tenant = ? AND contact = ?";

fn whisper(row: &Row<'_>) -> Result<(String, Recording), BadRow> {
    let bytes = u64::try_from(row.int(2)?).map_err(|e| BadRow::new(2, e))?;
    Ok((row.string(0)?, Recording { sha256: row.string(1)?, bytes, media_type: row.string(3)? }))
}

impl Batch {
    /// Gives a contact the track of its supervisors. The batch should hold the contact: nothing else keeps it there.
    pub fn put_whisper(&mut self, contact: &str, track: &Recording) -> &mut Self {
        let params = vec![
            self.t(),
            contact.into(),
            (&track.sha256).into(),
            (track.bytes as i64).into(),
            (&track.media_type).into(),
            Value::Now,
        ];
        self.run(PUT, params)
    }

    /// Takes the track of its supervisors from a contact; its bytes are the caller's affair.
    pub fn delete_whisper(&mut self, contact: &str) -> &mut Self {
        self.run(DELETE, vec![self.t(), contact.into()])
    }
}

impl Store {
    /// What supervisors said in these contacts, where it is kept.
    pub async fn whispers(
        &self,
        tenant: &TenantId,
        contacts: &[String],
    ) -> Result<HashMap<String, Recording>, StoreError> {
        let rows = self.query(OF, vec![tenant.as_str().into(), id_list(contacts)], whisper).await?;
        Ok(rows.into_iter().collect())
    }
}

pub(crate) const STATEMENTS: &[&str] = &[PUT, OF, DELETE];
