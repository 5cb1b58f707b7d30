//! What exports read that nobody else reads: events by the day of their arrival, what was deleted, and how late events
//! came.

use crate::{BadRow, ChangeRow, Row, Store, StoreError};
use touchline_model::{Event, Kind, Seq, TenantId, Timestamp};

/// An event, and when it arrived.
#[derive(Clone, Debug, PartialEq)]
pub struct ArrivedEvent {
    /// The change that brought it.
    pub seq: Seq,
    /// Its place among those that came with it.
    pub part: i64,
    /// When that was committed.
    pub arrived_at: Timestamp,
    /// Worked out by us from a contact.
    pub own: bool,
    /// The event.
    pub event: Event,
}

const FIRST_SEQ: &str = "SELECT seq FROM changes WHERE tenant = ? AND at >= ? ORDER BY at, seq LIMIT 1";
const ARRIVED: &str = "SELECT e.seq, e.part, c.at, e.own, e.body FROM events e JOIN changes c \
     ON c.tenant = e.tenant AND c.seq = e.seq WHERE e.tenant = ? AND (e.seq, e.part) > (?, ?) AND e.seq < ? \
     ORDER BY e.seq, e.part LIMIT ?";
const DELETED: &str = "SELECT seq, kind, id, op, at FROM changes WHERE tenant = ? AND seq > ? AND seq < ? \
     AND op = 'delete' ORDER BY seq LIMIT ?";
const EARLIEST: &str = "SELECT MIN(recorded_at) FROM events WHERE tenant = ? AND seq > ? AND seq <= ?";

fn arrived(row: &Row<'_>) -> Result<ArrivedEvent, BadRow> {
    Ok(ArrivedEvent {
        seq: row.int(0)?,
        part: row.int(1)?,
        arrived_at: row.time(2)?,
        own: row.flag(3)?,
        event: row.json(4)?,
    })
}

fn deleted(row: &Row<'_>) -> Result<ChangeRow, BadRow> {
    Ok(ChangeRow {
        seq: row.int(0)?,
        kind: row.parse::<Kind>(1)?,
        id: row.string(2)?,
        op: row.string(3)?,
        at: row.time(4)?,
    })
}

impl Store {
    /// The first change at or after an instant; `None` when there is none yet.
    pub async fn first_change_at(
        &self,
        tenant: &TenantId,
        from: Timestamp,
    ) -> Result<Option<Seq>, StoreError> {
        self.first(FIRST_SEQ, vec![tenant.as_str().into(), from.into()], |row| row.int(0)).await
    }

    /// Events in the order of arrival after a place and before a change.
    pub async fn arrived_events(
        &self,
        tenant: &TenantId,
        after: (Seq, i64),
        before: Seq,
        limit: usize,
    ) -> Result<Vec<ArrivedEvent>, StoreError> {
        let params = vec![
            tenant.as_str().into(),
            after.0.into(),
            after.1.into(),
            before.into(),
            (limit as i64).into(),
        ];
        self.query(ARRIVED, params, arrived).await
    }

    /// Deletions after a change and before another, in order.
    pub async fn deletions(
        &self,
        tenant: &TenantId,
        after: Seq,
        before: Seq,
        limit: usize,
    ) -> Result<Vec<ChangeRow>, StoreError> {
        let params = vec![tenant.as_str().into(), after.into(), before.into(), (limit as i64).into()];
        self.query(DELETED, params, deleted).await
    }

    /// The earliest recording time of the events that arrived after a change, up to another.
    pub async fn earliest_recorded(
        &self,
        tenant: &TenantId,
        after: Seq,
        upto: Seq,
    ) -> Result<Option<Timestamp>, StoreError> {
        let params = vec![tenant.as_str().into(), after.into(), upto.into()];
        Ok(self.first(EARLIEST, params, |row| row.maybe_time(0)).await?.flatten())
    }
}

pub(crate) const STATEMENTS: &[&str] = &[FIRST_SEQ, ARRIVED, DELETED, EARLIEST];
