//! Imports that people begin in the pages: staged, ordered, run as a job, told of. The files are read above this crate
//! (`intake`); here stands who may do what, and what is kept.

use crate::{App, AppError, entropy, require};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use touchline_model::{Ability, Caller, TenantId, Timestamp};
use touchline_store::{AuditNote, Batch, Job, JobState, NewJob, StoreError};

pub use touchline_store::{ImportRow, ImportState};

/// The kind of the job that runs an import.
pub const JOB: &str = "import";
/// Imports of a tenant that may be staged at once: their files take room.
pub const MOST_STAGED: i64 = 5;

/// An import, and the job that runs it.
#[derive(Clone, Debug, PartialEq)]
pub struct ImportView {
    /// What is kept of it.
    pub row: ImportRow,
    /// Why its job was put aside, when it was: then it does not run, whatever its state says.
    pub stuck: Option<String>,
}

/// What lies in the folder of a staged import.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StagedFiles {
    /// How many files.
    pub files: u64,
    /// Bytes of all of them.
    pub bytes: u64,
    /// Name of the only file, or of the folder that was chosen.
    pub name: String,
}

fn job_id(import: &str) -> String {
    format!("{JOB}-{import}")
}

fn missing(id: &str) -> AppError {
    AppError::Missing { what: "import", id: id.to_owned() }
}

/// Imports write contacts and look up which are there.
fn require_import(caller: &Caller) -> Result<(), AppError> {
    require(caller, Ability::ReadContacts)?;
    require(caller, Ability::WriteContacts)
}

impl App {
    /// Begins an import whose files come next.
    ///
    /// # Errors
    /// [`AppError::Conflict`] while too many others are staged.
    pub async fn stage_import(&self, caller: &Caller) -> Result<ImportRow, AppError> {
        require_import(caller)?;
        if self.store.staged_imports(&caller.tenant).await? >= MOST_STAGED {
            return Err(AppError::Conflict(format!(
                "{MOST_STAGED} imports wait to be looked at; discard one of them first"
            )));
        }
        let now = self.clock.now();
        let row = ImportRow {
            id: entropy::new_id(&*self.entropy, now),
            state: ImportState::Staged,
            actor: caller.actor.clone(),
            user: caller.user.clone(),
            source: caller.source.clone(),
            abilities: BTreeSet::new(),
            files: 0,
            bytes: 0,
            name: String::new(),
            options: json!({}),
            progress: None,
            report: None,
            error: None,
            runs: 0,
            created_at: now,
            changed_at: now,
        };
        let mut batch = Batch::new(&caller.tenant);
        batch.put_import(&row).audit(AuditNote::new(caller, "import.stage", &row.id, ""));
        self.store.apply(batch).await?;
        Ok(row)
    }

    /// The newest imports, the newest first.
    pub async fn imports(&self, caller: &Caller, limit: usize) -> Result<Vec<ImportView>, AppError> {
        require_import(caller)?;
        let rows = self.store.imports(&caller.tenant, limit).await?;
        let mut views = Vec::with_capacity(rows.len());
        for row in rows {
            views.push(self.view_of(&caller.tenant, row).await?);
        }
        Ok(views)
    }

    /// One import.
    pub async fn import(&self, caller: &Caller, id: &str) -> Result<ImportView, AppError> {
        require_import(caller)?;
        let row = match id.contains('\0') {
            true => None,
            false => self.store.import(&caller.tenant, id).await?,
        };
        self.view_of(&caller.tenant, row.ok_or_else(|| missing(id))?).await
    }

    async fn view_of(&self, tenant: &TenantId, row: ImportRow) -> Result<ImportView, AppError> {
        let job = match row.state {
            ImportState::Running => self.store.job(tenant, &job_id(&row.id)).await?,
            _ => None,
        };
        let dead = job.filter(|job| job.state == JobState::Dead);
        Ok(ImportView { row, stuck: dead.map(|job| job.error.unwrap_or_default()) })
    }

    /// Says how the files of a staged import are to be read.
    ///
    /// # Errors
    /// [`AppError::Conflict`] once it is ordered.
    pub async fn set_import_options(
        &self,
        caller: &Caller,
        id: &str,
        options: Value,
    ) -> Result<(), AppError> {
        let view = self.import(caller, id).await?;
        if !matches!(view.row.state, ImportState::Staged | ImportState::Failed) {
            return Err(AppError::Conflict("this import is ordered already".to_owned()));
        }
        let changed_at = self.clock.now();
        let mut batch = Batch::new(&caller.tenant);
        batch.hold_import(id, view.row.state).put_import(&ImportRow {
            options,
            changed_at,
            ..view.row.clone()
        });
        self.store.apply(batch).await?;
        Ok(())
    }

    /// Orders a staged import, or one that failed: a job brings it in, with what the caller may do now.
    ///
    /// # Errors
    /// [`AppError::Conflict`] when it runs or has run.
    pub async fn order_import(&self, caller: &Caller, id: &str, staged: StagedFiles) -> Result<(), AppError> {
        let view = self.import(caller, id).await?;
        let stuck = view.stuck.is_some();
        if !stuck && !matches!(view.row.state, ImportState::Staged | ImportState::Failed) {
            return Err(AppError::Conflict("this import is ordered already".to_owned()));
        }
        if staged.files == 0 {
            return Err(AppError::Conflict("there are no files to import".to_owned()));
        }
        let now = self.clock.now();
        let detail = format!("{} files, {} bytes", staged.files, staged.bytes);
        let row = ImportRow {
            state: ImportState::Running,
            actor: caller.actor.clone(),
            user: caller.user.clone(),
            source: caller.source.clone(),
            abilities: caller.abilities.clone(),
            files: i64::try_from(staged.files).unwrap_or(i64::MAX),
            bytes: i64::try_from(staged.bytes).unwrap_or(i64::MAX),
            name: staged.name,
            progress: None,
            report: None,
            error: None,
            changed_at: now,
            ..view.row.clone()
        };
        let job = NewJob {
            id: job_id(id),
            kind: JOB,
            payload: json!({ "import": id }),
            due_at: now,
            created_at: now,
        };
        let mut batch = Batch::new(&caller.tenant);
        batch.hold_import(id, view.row.state).put_import(&row).enqueue(&job).audit(AuditNote::new(
            caller,
            "import.order",
            id,
            detail,
        ));
        self.store.apply(batch).await?;
        Ok(())
    }

    /// Forgets an import that does not run. What it brought in stays.
    ///
    /// # Errors
    /// [`AppError::Conflict`] while it runs.
    pub async fn discard_import(&self, caller: &Caller, id: &str) -> Result<(), AppError> {
        let view = self.import(caller, id).await?;
        if view.row.state == ImportState::Running && view.stuck.is_none() {
            return Err(AppError::Conflict("this import runs; wait until it is through".to_owned()));
        }
        let mut batch = Batch::new(&caller.tenant);
        if view.stuck.is_some()
            && let Some(job) = self.store.job(&caller.tenant, &job_id(id)).await?
        {
            // Nothing is left that it could do.
            batch.finish(&job);
        }
        batch.hold_import(id, view.row.state).delete_import(id).audit(AuditNote::new(
            caller,
            "import.discard",
            id,
            view.row.state.name(),
        ));
        self.store.apply(batch).await?;
        Ok(())
    }

    /// The import that a job runs, with its next run counted, and who ordered it. `None`: there is nothing to run, and
    /// the job is ended.
    pub async fn begin_import(&self, job: &Job) -> Result<Option<(ImportRow, Caller)>, AppError> {
        let id = job.payload["import"].as_str().unwrap_or_default();
        let row = self.store.import(&job.tenant, id).await?;
        let mut batch = Batch::new(&job.tenant);
        let Some(mut row) = row.filter(|row| row.state == ImportState::Running) else {
            batch.finish(job);
            self.store.apply(batch).await?;
            return Ok(None);
        };
        row.runs += 1;
        row.changed_at = self.clock.now();
        batch.hold_import(&row.id, ImportState::Running).put_import(&row);
        self.store.apply(batch).await?;
        let caller = Caller {
            tenant: job.tenant.clone(),
            actor: row.actor.clone(),
            user: row.user.clone(),
            own_only: false,
            abilities: row.abilities.clone(),
            source: row.source.clone(),
        };
        Ok(Some((row, caller)))
    }

    /// Notes how far a running import has come. False: somebody else has taken the job over.
    pub async fn note_import(&self, job: &Job, id: &str, progress: &Value) -> Result<bool, AppError> {
        let mut batch = Batch::new(&job.tenant);
        // Outages are counted on: the next run would read everything again.
        batch.set_import_progress(id, progress, self.clock.now()).renew(job, self.lease_end());
        self.unless_overtaken(batch).await
    }

    /// Ends an import and its job: with a report, or with the reason why it could not be brought in. False: somebody
    /// else has taken the job over.
    pub async fn end_import(
        &self,
        job: &Job,
        row: ImportRow,
        end: Result<Value, String>,
    ) -> Result<bool, AppError> {
        let caller = Caller::system(job.tenant.clone(), &row.actor);
        let (state, report, error) = match end {
            Ok(report) => (ImportState::Done, Some(report), None),
            Err(reason) => (ImportState::Failed, None, Some(reason)),
        };
        let detail = error.clone().unwrap_or_default();
        let row = ImportRow { state, report, error, changed_at: self.clock.now(), ..row };
        let mut batch = Batch::new(&job.tenant);
        batch.put_import(&row).finish(job).audit(AuditNote::new(
            &caller,
            if state == ImportState::Done { "import.done" } else { "import.failed" },
            &row.id,
            detail,
        ));
        self.unless_overtaken(batch).await
    }

    async fn unless_overtaken(&self, batch: Batch) -> Result<bool, AppError> {
        match self.store.apply(batch).await {
            Err(StoreError::Conflict) => Ok(false),
            Err(error) => Err(error.into()),
            Ok(_) => Ok(true),
        }
    }

    /// Forgets imports of all tenants that nobody ordered or took up again since `staged`, and those that ended before
    /// `done`; their ids, for whoever keeps the files.
    pub async fn forget_imports(&self, staged: Timestamp, done: Timestamp) -> Result<Vec<String>, AppError> {
        let mut forgotten = Vec::new();
        for (tenant, id) in self.store.old_imports(staged, done, 1_000).await? {
            let mut batch = Batch::new(&tenant);
            batch.forget_import(&id);
            // One that was ordered a moment ago keeps its files.
            if self.unless_overtaken(batch).await? {
                forgotten.push(id);
            }
        }
        Ok(forgotten)
    }

    /// Those of some ids that belong to no import of any tenant, for whoever keeps the files.
    pub async fn unknown_imports(&self, ids: Vec<String>) -> Result<Vec<String>, AppError> {
        let known = self.store.known_imports(&ids).await?;
        Ok(ids.into_iter().filter(|id| !known.contains(id)).collect())
    }

    /// Those of some ids whose imports are through, for whoever keeps the files.
    pub async fn imports_that_are_through(&self, ids: &[String]) -> Result<Vec<String>, AppError> {
        Ok(self.store.done_imports(ids).await?)
    }
}
