//! The change feed, positions in it, shares by time of sharing, and listening time by day.

use crate::{
    BadRow, Batch, Row, Store, StoreError, Table, Value,
    records::stored,
    sql::{id_list, json},
};
use touchline_model::{Kind, MediaTime, Seq, Share, Stored, TenantId, Timestamp};

/// A place in a feed: the time and number of a row's last change.
pub type Position = (Timestamp, Seq);

/// One committed change.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct ChangeRow {
    /// Its number.
    pub seq: Seq,
    /// What kind of record.
    pub kind: Kind,
    /// Which one.
    pub id: String,
    /// `put` or `delete`.
    pub op: String,
    /// When it was committed.
    pub at: Timestamp,
}

/// Where a page ended that was served to a credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServedPosition {
    /// To whom.
    pub credential: String,
    /// Name of the feed.
    pub feed: String,
    /// The last row's id.
    pub id: String,
    /// The last row's place as served.
    pub position: Position,
    /// When the row's contact began.
    pub started_at: Timestamp,
    /// When the page was served.
    pub served_at: Timestamp,
}

/// Listening time of a person for a contact on one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenDay {
    /// `YYYY-MM-DD`.
    pub day: String,
    /// The contact.
    pub contact: String,
    /// Who listened.
    pub listener: String,
    /// Whose contact it is.
    pub agent: Option<String>,
    /// How long.
    pub duration: MediaTime,
    /// When it was last worked out.
    pub modified: Timestamp,
    /// Number of its last change.
    pub seq: Seq,
}

const CHANGES: &str =
    "SELECT seq, kind, id, op, at FROM changes WHERE tenant = ? AND seq > ? ORDER BY seq LIMIT ?";
const CHANGE_IN: &str = "SELECT at, seq FROM changes WHERE tenant = ? AND at >= ? AND at < ? AND id = ? AND kind = ? \
     ORDER BY at, seq LIMIT 1";
const SERVED: &str = "SELECT credential, feed, id, modified, seq, started_at, served_at FROM served_positions \
     WHERE tenant = ? AND credential = ? AND feed = ? AND id = ?";
const PUT_SERVED: &str = "INSERT INTO served_positions (tenant, credential, feed, id, modified, seq, started_at, \
     served_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (tenant, credential, feed, id) DO UPDATE SET \
     modified = excluded.modified, seq = excluded.seq, started_at = excluded.started_at, \
     served_at = excluded.served_at";
const FORGET_SERVED: &str = "DELETE FROM served_positions WHERE tenant = ? AND served_at < ?";
const SHARES: &str = "SELECT id, contact, author, shared_at, recipient_ids, recipient_emails, modified, seq FROM shares \
     WHERE tenant = ? AND (shared_at, seq) > (?, ?) ORDER BY shared_at, seq LIMIT ?";
const OPEN_DAYS: &str = "SELECT DISTINCT day, contact, listener FROM listens WHERE tenant = ? AND counted = 0 \
     AND day < ? ORDER BY day, contact, listener LIMIT ?";
const SUM_DAY: &str = "SELECT CAST(COALESCE(SUM(duration), 0) AS BIGINT) FROM listens WHERE tenant = ? AND day = ? \
     AND contact = ? AND listener = ?";
// What the caller summed must still be the sum: a stretch that came in meanwhile would be marked but not counted.
const HOLD_DAY: &str = "UPDATE tenants SET seq = seq WHERE tenant = ? AND ? = (SELECT CAST(COALESCE(SUM(duration), 0) \
     AS BIGINT) FROM listens WHERE tenant = ? AND day = ? AND contact = ? AND listener = ?)";
const COUNT_DAY: &str = "UPDATE listens SET counted = 1 WHERE tenant = ? AND day = ? AND contact = ? AND listener = ? \
     AND counted = 0";
const PUT_DAY: &str = "INSERT INTO listen_days (tenant, day, contact, listener, agent, duration, modified, seq) \
     VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (tenant, day, contact, listener) DO UPDATE SET \
     agent = excluded.agent, duration = excluded.duration, modified = excluded.modified, seq = excluded.seq";
const DAYS: &str = "SELECT day, contact, listener, agent, duration, modified, seq FROM listen_days \
     WHERE tenant = ? AND (modified, seq) > (?, ?) ORDER BY modified, seq LIMIT ?";
const SKILLS: &str =
    "SELECT name, id FROM skills WHERE tenant = ? AND name IN (SELECT value FROM json_each(?))";
const PUT_SKILL: &str = "INSERT INTO skills (tenant, name, id) VALUES (?, ?, ?)";
const TOUCH_PLAN: &str = "UPDATE plans SET modified = ?, seq = ? WHERE tenant = ? AND id = ?";
const HELD: &str = "SELECT plan, COUNT(*) FROM sessions WHERE tenant = ? AND ended_at IS NOT NULL \
     AND plan IN (SELECT CAST(value AS BIGINT) FROM json_each(?)) GROUP BY plan";

const SCORECARD_USED: &str = "SELECT COUNT(*) FROM (SELECT 1 FROM evaluations WHERE tenant = ? AND scorecard = ? \
     LIMIT 1) AS used";

fn change(row: &Row<'_>) -> Result<ChangeRow, BadRow> {
    Ok(ChangeRow {
        seq: row.int(0)?,
        kind: row.parse(1)?,
        id: row.string(2)?,
        op: row.string(3)?,
        at: row.time(4)?,
    })
}

fn served(row: &Row<'_>) -> Result<ServedPosition, BadRow> {
    Ok(ServedPosition {
        credential: row.string(0)?,
        feed: row.string(1)?,
        id: row.string(2)?,
        position: (row.time(3)?, row.int(4)?),
        started_at: row.time(5)?,
        served_at: row.time(6)?,
    })
}

fn listen_day(row: &Row<'_>) -> Result<ListenDay, BadRow> {
    Ok(ListenDay {
        day: row.string(0)?,
        contact: row.string(1)?,
        listener: row.string(2)?,
        agent: row.maybe_string(3)?,
        duration: MediaTime::from_micros(row.int(4)?),
        modified: row.time(5)?,
        seq: row.int(6)?,
    })
}

impl Batch {
    /// Remembers where a page ended.
    pub fn put_served(&mut self, it: &ServedPosition) -> &mut Self {
        let params = vec![
            Value::Text(self.tenant.0.clone()),
            (&it.credential).into(),
            (&it.feed).into(),
            (&it.id).into(),
            it.position.0.into(),
            it.position.1.into(),
            it.started_at.into(),
            it.served_at.into(),
        ];
        self.run(PUT_SERVED, params)
    }

    /// Forgets pages served before an instant.
    pub fn forget_served(&mut self, before: Timestamp) -> &mut Self {
        self.run(FORGET_SERVED, vec![Value::Text(self.tenant.0.clone()), before.into()])
    }

    /// Writes the listening time of a day, and marks what it was worked out from. A conflict means that the duration
    /// no longer is what [`Store::listen_sum`] says.
    pub fn put_listen_day(&mut self, day: &ListenDay) -> &mut Self {
        let key = || {
            vec![
                Value::Text(self.tenant.0.clone()),
                (&day.day).into(),
                (&day.contact).into(),
                (&day.listener).into(),
            ]
        };
        let mut params = key();
        params.extend([day.agent.as_deref().into(), day.duration.micros().into(), Value::Now, Value::Seq]);
        let mut held = vec![Value::Text(self.tenant.0.clone()), day.duration.micros().into()];
        held.extend(key());
        let counted = key();
        self.run(HOLD_DAY, held).expect(1);
        let id = format!("{}/{}/{}", day.day, day.contact, day.listener);
        self.note(PUT_DAY, params, Kind::Listen, id, "put");
        self.run(COUNT_DAY, counted)
    }

    /// Gives a plan a new place in the commit order because its sessions changed.
    pub fn touch_plan(&mut self, id: i64) -> &mut Self {
        let params = vec![Value::Now, Value::Seq, Value::Text(self.tenant.0.clone()), id.into()];
        self.note(TOUCH_PLAN, params, Kind::Plan, id.to_string(), "put");
        self.expect(1)
    }

    /// Gives a skill its number. A conflict means that somebody else has given it one.
    pub fn put_skill(&mut self, name: &str, id: i64) -> &mut Self {
        self.run(PUT_SKILL, vec![Value::Text(self.tenant.0.clone()), name.into(), id.into()])
    }
}

impl Store {
    /// Changes after a number, in order.
    pub async fn changes(
        &self,
        tenant: &TenantId,
        after: Seq,
        limit: usize,
    ) -> Result<Vec<ChangeRow>, StoreError> {
        self.query(CHANGES, vec![tenant.as_str().into(), after.into(), (limit as i64).into()], change).await
    }

    /// The earliest change of a record in `[from, to)`.
    pub async fn earliest_change(
        &self,
        tenant: &TenantId,
        kind: Kind,
        id: &str,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Option<Position>, StoreError> {
        let params = vec![tenant.as_str().into(), from.into(), to.into(), id.into(), kind.name().into()];
        self.first(CHANGE_IN, params, |row| Ok((row.time(0)?, row.int(1)?))).await
    }

    /// Where a page ending in `id` was last served to a credential.
    pub async fn served(
        &self,
        tenant: &TenantId,
        credential: &str,
        feed: &str,
        id: &str,
    ) -> Result<Option<ServedPosition>, StoreError> {
        self.first(SERVED, vec![tenant.as_str().into(), credential.into(), feed.into(), id.into()], served)
            .await
    }

    /// Shares after a time of sharing and number, in that order.
    pub async fn shares_by_time(
        &self,
        tenant: &TenantId,
        after: Position,
        limit: usize,
    ) -> Result<Vec<Stored<Share>>, StoreError> {
        let params = vec![tenant.as_str().into(), after.0.into(), after.1.into(), (limit as i64).into()];
        self.query(SHARES, params, stored).await
    }

    /// Days before `today` with listening that was not counted yet: day, contact, listener.
    pub async fn open_listen_days(
        &self,
        tenant: &TenantId,
        today: &str,
        limit: usize,
    ) -> Result<Vec<(String, String, String)>, StoreError> {
        let params = vec![tenant.as_str().into(), today.into(), (limit as i64).into()];
        self.query(OPEN_DAYS, params, |row| Ok((row.string(0)?, row.string(1)?, row.string(2)?))).await
    }

    /// Listening time of a person for a contact on a day.
    pub async fn listen_sum(
        &self,
        tenant: &TenantId,
        day: &str,
        contact: &str,
        listener: &str,
    ) -> Result<MediaTime, StoreError> {
        let params = vec![tenant.as_str().into(), day.into(), contact.into(), listener.into()];
        let sum = self.first(SUM_DAY, params, |row| row.int(0)).await?;
        Ok(MediaTime::from_micros(sum.unwrap_or_default()))
    }

    /// Listening time by day after a position, in commit order.
    pub async fn listen_days(
        &self,
        tenant: &TenantId,
        after: Position,
        limit: usize,
    ) -> Result<Vec<ListenDay>, StoreError> {
        let params = vec![tenant.as_str().into(), after.0.into(), after.1.into(), (limit as i64).into()];
        self.query(DAYS, params, listen_day).await
    }

    /// The numbers of skills; skills without one are left out.
    pub async fn skills(
        &self,
        tenant: &TenantId,
        names: &[String],
    ) -> Result<Vec<(String, i64)>, StoreError> {
        self.query(SKILLS, vec![tenant.as_str().into(), id_list(names)], |row| {
            Ok((row.string(0)?, row.int(1)?))
        })
        .await
    }

    /// Whether an evaluation names a scorecard.
    pub async fn scorecard_used(&self, tenant: &TenantId, id: &str) -> Result<bool, StoreError> {
        let used =
            self.first(SCORECARD_USED, vec![tenant.as_str().into(), id.into()], |row| row.int(0)).await?;
        Ok(used.is_some_and(|n| n > 0))
    }

    /// Completed sessions of plans: plan, number.
    pub async fn completed_sessions(
        &self,
        tenant: &TenantId,
        plans: &[i64],
    ) -> Result<Vec<(i64, i64)>, StoreError> {
        self.query(HELD, vec![tenant.as_str().into(), json(plans)], |row| Ok((row.int(0)?, row.int(1)?)))
            .await
    }
}

pub(crate) const STATEMENTS: &[&str] = &[
    CHANGES,
    CHANGE_IN,
    SERVED,
    PUT_SERVED,
    FORGET_SERVED,
    SHARES,
    OPEN_DAYS,
    SUM_DAY,
    HOLD_DAY,
    COUNT_DAY,
    PUT_DAY,
    DAYS,
    SKILLS,
    PUT_SKILL,
    HELD,
    TOUCH_PLAN,
    SCORECARD_USED,
];

const _: () = assert!(<Share as Table>::WIDTH == 5, "SHARES spells the columns of a share");
