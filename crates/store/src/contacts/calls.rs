//! Contacts as the list of calls shows them.

use crate::{BadRow, Row, Store, StoreError};
use touchline_model::{MediaTime, Seq, TenantId, Timestamp};

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
    /// JSON of `CallStats`.
    pub stats: Option<String>,
    /// JSON of `Summary`.
    pub summary: Option<String>,
    /// Last change.
    pub modified: Timestamp,
    /// Number of the last change.
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
}

pub(crate) const STATEMENTS: &[&str] = &[CALLS, COMPLETE_CALLS, CALL];
