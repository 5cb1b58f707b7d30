//! Exports at fixed times: made, listed, changed, deleted, run now.

use super::{
    super::{Dataset, Format, zone_named},
    JOB,
    check::{alone, minute_of, settle},
    run::ExportRun,
    times::{self, Every, Weekday},
};
use crate::{App, AppError, entropy, require};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use touchline_model::{Ability, Caller, Timestamp};
use touchline_store::{AuditNote, Batch, ExportScheduleRow, JobState, NewJob};

/// Exports at fixed times of a tenant at most.
pub(super) const MOST: usize = 50;

fn three_o_clock() -> String {
    "03:00".to_owned()
}

/// An export at fixed times that is to be made.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewExportSchedule {
    /// Name for people.
    pub name: String,
    /// What is exported.
    pub dataset: Dataset,
    /// What the files are written in.
    pub format: Format,
    /// How often.
    pub every: Every,
    /// `HH:MM`, when; every hour only the minutes count.
    #[serde(default = "three_o_clock")]
    pub at: String,
    /// On which day, every week; Monday unless given.
    #[serde(default)]
    pub weekday: Option<Weekday>,
    /// IANA zone of that time; the organisation's unless given.
    #[serde(default)]
    pub zone: Option<String>,
    /// IANA zone of the days that are exported; UTC unless given.
    #[serde(default)]
    pub day_zone: Option<String>,
    /// The first day that is exported, `YYYY-MM-DD`; today unless given.
    #[serde(default)]
    pub since: Option<String>,
    /// Where, below the organisation's part of the destination: words of letters, digits, `-`, `_` and `.` with slashes
    /// between them; the name of the format unless given.
    #[serde(default)]
    pub folder: Option<String>,
    /// Whether days that are not closed are left out.
    #[serde(default)]
    pub closed_only: bool,
}

/// What may be changed of one; what is left out stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeExportSchedule {
    /// Name for people.
    #[serde(default)]
    pub name: Option<String>,
    /// How often.
    #[serde(default)]
    pub every: Option<Every>,
    /// When.
    #[serde(default)]
    pub at: Option<String>,
    /// On which day, every week.
    #[serde(default)]
    pub weekday: Option<Weekday>,
    /// IANA zone of that time.
    #[serde(default)]
    pub zone: Option<String>,
    /// The first day that is exported.
    #[serde(default)]
    pub since: Option<String>,
    /// Whether days that are not closed are left out.
    #[serde(default)]
    pub closed_only: Option<bool>,
    /// Whether it runs by itself.
    #[serde(default)]
    pub active: Option<bool>,
}

/// An export at fixed times, as it may be shown.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ExportScheduleView {
    /// Id.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// What is exported.
    pub dataset: Dataset,
    /// What the files are written in.
    pub format: Format,
    /// How often.
    pub every: Every,
    /// `HH:MM`, when.
    pub at: String,
    /// On which day, every week.
    pub weekday: Option<Weekday>,
    /// Zone of that time.
    pub zone: String,
    /// Zone of the days that are exported.
    pub day_zone: String,
    /// The first day that is exported.
    pub since: String,
    /// Where, below the organisation's part of the destination.
    pub folder: String,
    /// Where the manifest lies; `null` while the operator has configured no destination, and nothing runs.
    pub manifest: Option<String>,
    /// Whether days that are not closed are left out.
    pub closed_only: bool,
    /// Whether it runs by itself.
    pub active: bool,
    /// When it runs next.
    pub next_at: Option<Timestamp>,
    /// Whether it runs now, or is about to.
    pub running: bool,
    /// How the last run went.
    pub last_run: Option<ExportRun>,
    /// When a run that failed is tried again; `null` when none waits for that.
    pub tried_again_at: Option<Timestamp>,
    /// Who made it.
    pub created_by: String,
    /// When.
    pub created_at: Timestamp,
}

pub(super) fn missing(id: &str) -> AppError {
    AppError::Missing { what: "scheduled export", id: id.to_owned() }
}

pub(super) fn job_id(id: &str, version: i64) -> String {
    format!("{JOB}-{id}-{version}")
}
pub(super) fn now_job_id(id: &str) -> String {
    format!("{JOB}-{id}-now")
}

/// The job that runs a schedule at its next time.
pub(super) fn planned(row: &ExportScheduleRow, now: Timestamp) -> Option<NewJob> {
    let due_at = row.next_at?;
    let payload = json!({ "schedule": row.id, "version": row.version });
    Some(NewJob { id: job_id(&row.id, row.version), kind: JOB, payload, due_at, created_at: now })
}

/// When a schedule runs after an instant, if it runs by itself.
pub(super) fn next_of(row: &ExportScheduleRow, now: Timestamp) -> Option<Timestamp> {
    let zone = zone_named(&row.zone)?;
    let every = Every::of(&row.every)?;
    times::next(every, row.minute, row.weekday.and_then(Weekday::of), &zone, now).filter(|_| row.active)
}

impl App {
    /// The tenant's exports at fixed times, the oldest first. Needs [`Ability::Administer`], as all of these do.
    pub async fn export_schedules(&self, caller: &Caller) -> Result<Vec<ExportScheduleView>, AppError> {
        require(caller, Ability::Administer)?;
        let rows = self.store.export_schedules(&caller.tenant, MOST).await?;
        let mut views = Vec::with_capacity(rows.len());
        for row in rows {
            views.push(self.view_of_schedule(caller, row).await?);
        }
        Ok(views)
    }

    /// One of them.
    ///
    /// # Errors
    /// [`AppError::Missing`] when there is none of this id.
    pub async fn export_schedule(&self, caller: &Caller, id: &str) -> Result<ExportScheduleView, AppError> {
        let row = self.known_schedule(caller, id).await?;
        self.view_of_schedule(caller, row).await
    }

    /// Makes one.
    ///
    /// # Errors
    /// [`AppError::Conflict`] when the operator has configured no destination, or there are too many already;
    /// [`AppError::Invalid`] naming the field.
    pub async fn create_export_schedule(
        &self,
        caller: &Caller,
        new: NewExportSchedule,
    ) -> Result<ExportScheduleView, AppError> {
        require(caller, Ability::Administer)?;
        require(caller, new.dataset.needs())?;
        if self.exports.is_none() {
            return Err(AppError::Conflict(
                "this server has no destination for exports: its operator sets `destination` in the section `exports`"
                    .to_owned(),
            ));
        }
        let others = self.store.export_schedules(&caller.tenant, MOST).await?;
        if others.len() >= MOST {
            return Err(AppError::Conflict(format!("there are {MOST} scheduled exports already")));
        }
        let now = self.clock.now();
        let zone = match new.zone {
            Some(zone) => zone,
            None => self.time_zone(caller).await?,
        };
        let day_zone = new.day_zone.unwrap_or_else(|| "UTC".to_owned());
        let today = || zone_named(&day_zone).map(|zone| now.to_jiff().to_zoned(zone).date().to_string());
        let mut row = ExportScheduleRow {
            id: entropy::new_id(&*self.entropy, now),
            name: new.name,
            dataset: new.dataset.name().to_owned(),
            format: new.format.name().to_owned(),
            every: new.every.name().to_owned(),
            minute: minute_of(&new.at)?,
            weekday: new.weekday.map(Weekday::number),
            zone,
            since: new.since.or_else(today).unwrap_or_default(),
            day_zone,
            folder: new.folder.unwrap_or_else(|| new.format.name().to_owned()),
            closed_only: new.closed_only,
            active: true,
            version: 1,
            next_at: None,
            last_run: None,
            created_by: caller.actor.clone(),
            created_at: now,
        };
        settle(&mut row, now)?;
        alone(&row, &others)?;
        let mut batch = Batch::new(&caller.tenant);
        batch.insert_export_schedule(&row);
        if let Some(job) = planned(&row, now) {
            batch.enqueue(&job);
        }
        batch.audit(AuditNote::new(caller, "export_schedule.create", &*row.id, &*row.name));
        self.store.apply(batch).await?;
        self.view_of_schedule(caller, row).await
    }

    /// Changes one; what is left out stays.
    ///
    /// # Errors
    /// [`AppError::Invalid`] naming the field, also when it is to run again by itself where another does.
    pub async fn change_export_schedule(
        &self,
        caller: &Caller,
        id: &str,
        change: ChangeExportSchedule,
    ) -> Result<ExportScheduleView, AppError> {
        let mut row = self.known_schedule(caller, id).await?;
        let now = self.clock.now();
        let ChangeExportSchedule { name, every, at, weekday, zone, since, closed_only, active } = change;
        row.name = name.unwrap_or(row.name);
        row.every = every.map_or(row.every, |it| it.name().to_owned());
        row.minute = at.map_or(Ok(row.minute), |at| minute_of(&at))?;
        row.weekday = weekday.map(Weekday::number).or(row.weekday);
        row.zone = zone.unwrap_or(row.zone);
        row.since = since.unwrap_or(row.since);
        row.closed_only = closed_only.unwrap_or(row.closed_only);
        if active == Some(true) && !row.active {
            // Of before there was this rule; one that is made now is alone.
            let mut others = self.store.export_schedules(&caller.tenant, MOST).await?;
            others.retain(|it| it.active);
            alone(&row, &others)?;
        }
        row.active = active.unwrap_or(row.active);
        row.version += 1;
        settle(&mut row, now)?;
        let mut batch = Batch::new(&caller.tenant);
        batch.change_export_schedule(&row);
        // The job of the version before finds that it is no longer wanted.
        if let Some(job) = planned(&row, now) {
            batch.enqueue(&job);
        }
        batch.audit(AuditNote::new(caller, "export_schedule.change", id, &*row.name));
        self.store.apply(batch).await?;
        self.view_of_schedule(caller, row).await
    }

    /// Deletes one. What it has exported stays.
    pub async fn delete_export_schedule(&self, caller: &Caller, id: &str) -> Result<(), AppError> {
        let row = self.known_schedule(caller, id).await?;
        let mut batch = Batch::new(&caller.tenant);
        batch.delete_export_schedule(id);
        batch.audit(AuditNote::new(caller, "export_schedule.delete", id, &*row.name));
        self.store.apply(batch).await?;
        Ok(())
    }

    /// Has one run at once, besides its times.
    pub async fn run_export_schedule(
        &self,
        caller: &Caller,
        id: &str,
    ) -> Result<ExportScheduleView, AppError> {
        let row = self.known_schedule(caller, id).await?;
        let now = self.clock.now();
        let payload = json!({ "schedule": id, "version": 0 });
        let mut batch = Batch::new(&caller.tenant);
        batch.enqueue(&NewJob { id: now_job_id(id), kind: JOB, payload, due_at: now, created_at: now });
        batch.audit(AuditNote::new(caller, "export_schedule.run", id, &*row.name));
        self.store.apply(batch).await?;
        self.view_of_schedule(caller, row).await
    }

    async fn known_schedule(&self, caller: &Caller, id: &str) -> Result<ExportScheduleRow, AppError> {
        require(caller, Ability::Administer)?;
        self.store.export_schedule(&caller.tenant, id).await?.ok_or_else(|| missing(id))
    }

    async fn view_of_schedule(
        &self,
        caller: &Caller,
        row: ExportScheduleRow,
    ) -> Result<ExportScheduleView, AppError> {
        let mut running = false;
        let mut tried_again_at = None;
        let now = self.clock.now();
        // When each of them was to begin.
        let planned_at =
            [(now_job_id(&row.id), Some(row.created_at)), (job_id(&row.id, row.version), row.next_at)];
        for (id, begins) in planned_at {
            let job = self.store.job(&caller.tenant, &id).await?;
            let Some(job) = job.filter(|it| it.state == JobState::Open) else { continue };
            // One that waits for its turn is put off by seconds, again and again.
            let waits = job.failures == 0 && begins.is_some_and(|it| it <= now);
            match job.running || job.due_at <= now || waits {
                true => running = true,
                false if job.failures > 0 => tried_again_at = tried_again_at.max(Some(job.due_at)),
                false => {}
            }
        }
        let damaged =
            |what: &str| AppError::Internal(format!("a scheduled export has no good {what}").into());
        let dataset: Dataset = row.dataset.parse().map_err(|()| damaged("data set"))?;
        let manifest = self.schedule_destination(caller, &row);
        Ok(ExportScheduleView {
            dataset,
            format: row.format.parse().map_err(|()| damaged("format"))?,
            every: Every::of(&row.every).ok_or_else(|| damaged("rhythm"))?,
            at: format!("{:02}:{:02}", row.minute / 60, row.minute % 60),
            weekday: row.weekday.and_then(Weekday::of),
            manifest: manifest.map(|it| it.place(&format!("{dataset}/manifest.json"))),
            last_run: row.last_run.and_then(|it| serde_json::from_value(it).ok()),
            id: row.id,
            name: row.name,
            zone: row.zone,
            day_zone: row.day_zone,
            since: row.since,
            folder: row.folder,
            closed_only: row.closed_only,
            active: row.active,
            next_at: row.next_at,
            running,
            tried_again_at,
            created_by: row.created_by,
            created_at: row.created_at,
        })
    }
}
