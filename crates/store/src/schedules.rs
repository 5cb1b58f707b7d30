//! Exports at fixed times (migration 0004).

use crate::{BadRow, Batch, Row, Store, StoreError, Value};
use touchline_model::{TenantId, Timestamp};

/// An export at fixed times, in the words of the app.
#[derive(Clone, Debug, PartialEq)]
pub struct ExportScheduleRow {
    /// Id.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// Name of the data set.
    pub dataset: String,
    /// Name of the format.
    pub format: String,
    /// `hour`, `day` or `week`.
    pub every: String,
    /// Minute of the day.
    pub minute: i64,
    /// 1 is Monday.
    pub weekday: Option<i64>,
    /// Zone of that time.
    pub zone: String,
    /// Zone of the days of the export.
    pub day_zone: String,
    /// The first day, `YYYY-MM-DD`.
    pub since: String,
    /// Below the destination of the tenant.
    pub folder: String,
    /// Whether days that are not closed are left out.
    pub closed_only: bool,
    /// Whether it runs by itself.
    pub active: bool,
    /// Moves with every change.
    pub version: i64,
    /// When it runs next.
    pub next_at: Option<Timestamp>,
    /// How the last run went.
    pub last_run: Option<serde_json::Value>,
    /// Who made it.
    pub created_by: String,
    /// When.
    pub created_at: Timestamp,
}

const INSERT: &str = "INSERT INTO export_schedules (tenant, id, name, dataset, format, every, minute, weekday, zone, \
     day_zone, since, folder, closed_only, active, version, next_at, last_run, created_by, created_at) \
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
// The version must be the one before: two who change it at once do not overwrite each other.
const CHANGE: &str = "UPDATE export_schedules SET name = ?, dataset = ?, format = ?, every = ?, minute = ?, weekday = ?, \
     zone = ?, day_zone = ?, since = ?, folder = ?, closed_only = ?, active = ?, version = ?, next_at = ? \
     WHERE tenant = ? AND id = ? AND version = ?";
const RAN: &str = "UPDATE export_schedules SET last_run = ?, \
     next_at = CASE WHEN version = ? THEN CAST(? AS BIGINT) ELSE next_at END WHERE tenant = ? AND id = ?";
const DELETE: &str = "DELETE FROM export_schedules WHERE tenant = ? AND id = ?";
const ONE: &str = "SELECT id, name, dataset, format, every, minute, weekday, zone, day_zone, since, folder, closed_only, \
     active, version, next_at, last_run, created_by, created_at FROM export_schedules WHERE tenant = ? AND id = ?";
const ALL: &str = "SELECT id, name, dataset, format, every, minute, weekday, zone, day_zone, since, folder, closed_only, \
     active, version, next_at, last_run, created_by, created_at FROM export_schedules WHERE tenant = ? \
     ORDER BY created_at, id LIMIT ?";

fn schedule(row: &Row<'_>) -> Result<ExportScheduleRow, BadRow> {
    let last_run = row.maybe_text(15)?.map(serde_json::from_str).transpose();
    Ok(ExportScheduleRow {
        id: row.string(0)?,
        name: row.string(1)?,
        dataset: row.string(2)?,
        format: row.string(3)?,
        every: row.string(4)?,
        minute: row.int(5)?,
        weekday: row.maybe_int(6)?,
        zone: row.string(7)?,
        day_zone: row.string(8)?,
        since: row.string(9)?,
        folder: row.string(10)?,
        closed_only: row.flag(11)?,
        active: row.flag(12)?,
        version: row.int(13)?,
        next_at: row.maybe_time(14)?,
        last_run: last_run.map_err(|e| BadRow::new(15, e))?,
        created_by: row.string(16)?,
        created_at: row.time(17)?,
    })
}

impl ExportScheduleRow {
    /// What can be changed, in the order of the statements.
    fn columns(&self) -> Vec<Value> {
        vec![
            (&self.name).into(),
            (&self.dataset).into(),
            (&self.format).into(),
            (&self.every).into(),
            self.minute.into(),
            self.weekday.into(),
            (&self.zone).into(),
            (&self.day_zone).into(),
            (&self.since).into(),
            (&self.folder).into(),
            self.closed_only.into(),
            self.active.into(),
            self.version.into(),
            self.next_at.into(),
        ]
    }
}

impl Batch {
    fn schedule(&self, id: &str) -> [Value; 2] {
        [Value::Text(self.tenant.0.clone()), id.into()]
    }

    /// Makes one.
    pub fn insert_export_schedule(&mut self, it: &ExportScheduleRow) -> &mut Self {
        let mut params = self.schedule(&it.id).to_vec();
        params.extend(it.columns());
        let last_run = it.last_run.as_ref().map(ToString::to_string);
        params.extend([last_run.into(), (&it.created_by).into(), it.created_at.into()]);
        self.run(INSERT, params)
    }

    /// Changes one. A conflict means that it is not of the version before any more.
    pub fn change_export_schedule(&mut self, it: &ExportScheduleRow) -> &mut Self {
        let mut params = it.columns();
        params.extend(self.schedule(&it.id));
        params.push((it.version - 1).into());
        self.run(CHANGE, params).expect(1)
    }

    /// Notes how a run went and, if it still is of this version, when it runs next.
    pub fn note_export_run(
        &mut self,
        id: &str,
        version: i64,
        run: &serde_json::Value,
        next_at: Option<Timestamp>,
    ) -> &mut Self {
        let mut params = vec![run.to_string().into(), version.into(), next_at.into()];
        params.extend(self.schedule(id));
        self.run(RAN, params)
    }

    /// Deletes one, which must exist.
    pub fn delete_export_schedule(&mut self, id: &str) -> &mut Self {
        let params = self.schedule(id).to_vec();
        self.run(DELETE, params).expect(1)
    }
}

impl Store {
    /// One of a tenant's exports at fixed times.
    pub async fn export_schedule(
        &self,
        tenant: &TenantId,
        id: &str,
    ) -> Result<Option<ExportScheduleRow>, StoreError> {
        self.first(ONE, vec![tenant.as_str().into(), id.into()], schedule).await
    }

    /// A tenant's exports at fixed times, the oldest first.
    pub async fn export_schedules(
        &self,
        tenant: &TenantId,
        limit: usize,
    ) -> Result<Vec<ExportScheduleRow>, StoreError> {
        self.query(ALL, vec![tenant.as_str().into(), (limit as i64).into()], schedule).await
    }
}

pub(crate) const STATEMENTS: &[&str] = &[INSERT, CHANGE, RAN, DELETE, ONE, ALL];
