//! An export at a fixed time is made by a durable job, which plans the next one.

use super::{
    super::{ExportError, ExportOrder, Exported},
    manage,
};
use crate::{
    App, AppError,
    pipeline::{JobEnd, JobFailure},
    webhooks::{EXPORT_FAILED, EXPORT_PUBLISHED},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use touchline_model::{Caller, Timestamp};
use touchline_store::{Batch, Destination, DestinationError, ExportScheduleRow, Job, StoreError};

/// A run that failed is tried again so often, before it waits for its next time.
const TRIES: i64 = 4;
/// After so many seconds is looked again whether another run has left the destination.
const WAIT_SECS: i64 = 60;
/// After so many seconds is looked again whether this node has ended another export.
const TURN_SECS: i64 = 5;

/// How a run went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ExportRun {
    /// When it began.
    pub started_at: Timestamp,
    /// When it was over.
    pub ended_at: Timestamp,
    /// Whether it came to its end.
    pub state: ExportRunState,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// What it has done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exported: Option<Exported>,
}

/// Whether a run came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExportRunState {
    /// It did.
    Done,
    /// It did not, and published nothing.
    Failed,
}

impl From<ExportError> for JobFailure {
    fn from(error: ExportError) -> Self {
        Self { reason: with_causes(&error), for_good: false }
    }
}
impl From<AppError> for JobFailure {
    fn from(error: AppError) -> Self {
        Self { reason: with_causes(&error), for_good: false }
    }
}
impl From<StoreError> for JobFailure {
    fn from(error: StoreError) -> Self {
        AppError::from(error).into()
    }
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let mut reason = error.to_string();
    let mut cause = error.source();
    while let Some(it) = cause {
        let more = it.to_string();
        if !reason.contains(&more) {
            reason = format!("{reason}: {more}");
        }
        cause = it.source();
    }
    reason
}

impl App {
    /// Where a schedule's exports go; `None` when no destination is configured.
    pub(super) fn schedule_destination(
        &self,
        caller: &Caller,
        row: &ExportScheduleRow,
    ) -> Option<Destination> {
        let base = self.exports.as_ref()?;
        Some(base.below(caller.tenant.as_str()).below(&row.folder))
    }

    /// Makes an export at its time, and plans the next one.
    pub(crate) async fn run_scheduled_export(&self, job: &Job) -> Result<JobEnd, JobFailure> {
        let id = job.payload["schedule"].as_str().unwrap_or_default();
        let version = job.payload["version"].as_i64().unwrap_or_default();
        let row = self.store.export_schedule(&job.tenant, id).await?;
        // 0 is a run besides the times. Any other must be of the schedule as it is now.
        let wanted = |it: &ExportScheduleRow| version == 0 || (it.active && it.version == version);
        let Some(row) = row.filter(wanted) else {
            let mut batch = Batch::new(&job.tenant);
            batch.finish(job);
            return self.ended(batch).await;
        };
        // One at a time: the other worker is left to everything else. Another node may take this one meanwhile.
        let Ok(_turn) = self.exporting.try_lock() else {
            return Ok(JobEnd::Later(self.clock.now().plus_secs(TURN_SECS)));
        };
        let caller = Caller::system(job.tenant.clone(), &format!("export:{}", row.name));
        let started_at = self.clock.now();
        let made = self.make_scheduled(&caller, &row).await;
        let ended_at = self.clock.now();
        // Another run of the same data is at work there: that is no failure of this one.
        if let Err(ExportError::Destination(DestinationError::Locked { .. })) = &made {
            return Ok(JobEnd::Later(ended_at.plus_secs(WAIT_SECS)));
        }
        let run = match &made {
            Ok(done) => ExportRun {
                started_at,
                ended_at,
                state: ExportRunState::Done,
                error: None,
                exported: Some(done.clone()),
            },
            Err(error) => ExportRun {
                started_at,
                ended_at,
                state: ExportRunState::Failed,
                error: Some(with_causes(error)),
                exported: None,
            },
        };
        let mut batch = Batch::new(&job.tenant);
        let noted = json!(run);
        if let Err(error) = made
            && job.failures + 1 < TRIES
        {
            batch.note_export_run(&row.id, -1, &noted, None);
            self.store.apply(batch).await?;
            return Err(error.into());
        }
        // What was changed or deleted meanwhile has a job of its own, or needs none.
        let next_at = manage::next_of(&row, ended_at);
        batch.note_export_run(&row.id, version, &noted, next_at).finish(job);
        if version > 0
            && let Some(next) = manage::planned(&ExportScheduleRow { next_at, ..row.clone() }, ended_at)
        {
            batch.enqueue(&next);
        }
        let exported = run.exported.as_ref();
        if let Some(exported) = exported.filter(|it| it.published) {
            self.announce(&mut batch, EXPORT_PUBLISHED, merged(about(&row), json!(exported))).await?;
        } else if exported.is_none() {
            tell_failed(self, &mut batch, &row, run.error.as_deref()).await?;
        }
        self.ended(batch).await
    }

    async fn make_scheduled(
        &self,
        caller: &Caller,
        row: &ExportScheduleRow,
    ) -> Result<Exported, ExportError> {
        let refused = |what: &str| ExportError::Refused(format!("the scheduled export has no good {what}"));
        let Some(to) = self.schedule_destination(caller, row) else {
            return Err(ExportError::Refused(
                "this server has no destination for exports any more".to_owned(),
            ));
        };
        let order = ExportOrder {
            dataset: row.dataset.parse().map_err(|()| refused("data set"))?,
            format: row.format.parse().map_err(|()| refused("format"))?,
            since: row.since.parse().map_err(|_| refused("first day"))?,
            until: None,
            zone: row.day_zone.clone(),
            closed_only: row.closed_only,
        };
        self.export(caller, &to, &order, &mut |_| {}).await
    }

    async fn ended(&self, batch: Batch) -> Result<JobEnd, JobFailure> {
        match self.store.apply(batch).await {
            Err(StoreError::Conflict) => Ok(JobEnd::Lost),
            Err(error) => Err(error.into()),
            Ok(_) => Ok(JobEnd::Done),
        }
    }
}

/// What webhooks are told of a schedule.
fn about(row: &ExportScheduleRow) -> Value {
    json!({ "schedule": row.id, "name": row.name, "dataset": row.dataset, "format": row.format })
}

/// Tells the webhooks that a run has failed for good.
pub(super) async fn tell_failed(
    app: &App,
    batch: &mut Batch,
    row: &ExportScheduleRow,
    error: Option<&str>,
) -> Result<(), AppError> {
    app.announce(batch, EXPORT_FAILED, merged(about(row), json!({ "error": error }))).await
}

/// Both objects in one.
fn merged(mut about: Value, more: Value) -> Value {
    if let (Some(about), Value::Object(more)) = (about.as_object_mut(), more) {
        about.extend(more);
    }
    about
}
