//! A run that was put aside, because its worker ended without a word too often: it has failed, and the next one is
//! planned all the same.

use super::{
    manage,
    run::{ExportRun, ExportRunState, tell_failed},
};
use crate::{App, AppError};
use serde_json::json;
use touchline_model::TenantId;
use touchline_store::{Batch, ExportScheduleRow, Job, JobState, StoreError};

impl App {
    /// Notes of scheduled exports whose job was put aside that they failed, and plans them for their next time. How
    /// many there were.
    pub async fn plan_given_up_exports(&self) -> Result<usize, AppError> {
        let mut planned = 0;
        // A server without a destination has none.
        if self.exports.is_none() {
            return Ok(planned);
        }
        for tenant in self.store.tenants().await? {
            for row in self.store.export_schedules(&tenant.id, manage::MOST).await? {
                let jobs =
                    [(manage::job_id(&row.id, row.version), row.version), (manage::now_job_id(&row.id), 0)];
                for (id, version) in jobs {
                    let job = self.store.job(&tenant.id, &id).await?;
                    if let Some(job) = job.filter(|it| it.state == JobState::Dead) {
                        planned += usize::from(self.plan_given_up(&tenant.id, &row, version, &job).await?);
                    }
                }
            }
        }
        Ok(planned)
    }

    /// False when another node was faster.
    async fn plan_given_up(
        &self,
        tenant: &TenantId,
        row: &ExportScheduleRow,
        version: i64,
        job: &Job,
    ) -> Result<bool, AppError> {
        let now = self.clock.now();
        let run = ExportRun {
            started_at: row.next_at.filter(|_| version > 0).unwrap_or(job.created_at),
            ended_at: now,
            state: ExportRunState::Failed,
            error: Some(job.error.clone().unwrap_or_else(|| "it was put aside".to_owned())),
            exported: None,
        };
        let next_at = manage::next_of(row, now);
        let mut batch = Batch::new(tenant);
        batch.note_export_run(&row.id, version, &json!(run), next_at).finish(job);
        if version > 0
            && let Some(next) = manage::planned(&ExportScheduleRow { next_at, ..row.clone() }, now)
        {
            batch.enqueue(&next);
        }
        tell_failed(self, &mut batch, row, run.error.as_deref()).await?;
        match self.store.apply(batch).await {
            Err(StoreError::Conflict) => Ok(false),
            Err(error) => Err(error.into()),
            Ok(_) => Ok(true),
        }
    }
}
