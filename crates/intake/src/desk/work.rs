//! The job that brings a staged import in. A restart runs it again from the start, which changes nothing twice.

use super::{Desk, StagedOptions};
use crate::{IntakeError, Progress, Refusal, Watcher, run};
use futures::future::BoxFuture;
use std::{
    fs::File,
    io::{BufWriter, Write},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use touchline_app::{
    App, AppError,
    pipeline::{JobEnd, JobFailure, JobWorker},
    store::Job,
};

/// How often it is noted how far an import has come.
const NOTE: Duration = Duration::from_secs(1);
/// How long an import waits while another runs, in seconds.
const TURN_SECS: i64 = 2;
/// Refusals that are written down.
const MOST_REFUSED: u64 = 200_000;
/// Outages in a row after which an import counts as failed, and somebody decides whether to go on.
const MOST_OUTAGES: i64 = 5;

/// Writes refusals to a file, and remembers how far the import is.
struct Notes {
    file: BufWriter<File>,
    written: u64,
    progress: Arc<Mutex<Option<Progress>>>,
}

impl Notes {
    fn new(file: &Path, progress: Arc<Mutex<Option<Progress>>>) -> std::io::Result<Self> {
        Ok(Self { file: BufWriter::new(File::create(file)?), written: 0, progress })
    }
}

impl Watcher for Notes {
    fn refused(&mut self, refusal: &Refusal) -> Result<(), String> {
        if self.written == MOST_REFUSED {
            return Ok(());
        }
        self.written += 1;
        let written = serde_json::to_writer(&mut self.file, refusal).map_err(std::io::Error::from);
        let written = written.and_then(|()| self.file.write_all(b"\n"));
        written.map_err(|e| format!("the list of refusals cannot be written: {e}"))
    }

    fn progress(&mut self, progress: Progress) {
        *self.progress.lock().unwrap_or_else(PoisonError::into_inner) = Some(progress);
    }
}

fn failure(error: &AppError) -> JobFailure {
    let mut reason = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(it) = cause {
        reason = format!("{reason}: {it}");
        cause = it.source();
    }
    JobFailure { reason, for_good: false }
}

impl JobWorker for Desk {
    fn work<'a>(&'a self, app: &'a App, job: &'a Job) -> BoxFuture<'a, Result<JobEnd, JobFailure>> {
        Box::pin(async move {
            let Ok(_turn) = self.turn.try_acquire() else {
                return Ok(JobEnd::Later(app.clock().now().plus_secs(TURN_SECS)));
            };
            self.bring_in(app, job).await
        })
    }
}

impl Desk {
    async fn bring_in(&self, app: &App, job: &Job) -> Result<JobEnd, JobFailure> {
        let Some((row, caller)) = app.begin_import(job).await.map_err(|e| failure(&e))? else {
            return Ok(JobEnd::Done);
        };
        let (id, options) = (row.id.clone(), StagedOptions::of(&row.options).read());
        let ended = async |end| {
            let ended = app.end_import(job, row, end).await.map_err(|e| failure(&e))?;
            Ok(if ended { JobEnd::Done } else { JobEnd::Lost })
        };
        let files = self.files(&id);
        let options = match options {
            Ok(options) => options,
            Err(invalid) => return ended(Err(invalid.to_string())).await,
        };
        if !files.is_dir() {
            return ended(Err("its files are not there any more".to_owned())).await;
        }
        let progress = Arc::default();
        let notes = match Notes::new(&self.refused_file(&id), Arc::clone(&progress)) {
            Ok(notes) => notes,
            Err(error) => return Err(JobFailure { reason: error.to_string(), for_good: false }),
        };
        let mut running = std::pin::pin!(run(app, &caller, &files, &options, notes));
        let report = loop {
            tokio::select! {
                report = &mut running => break report,
                () = tokio::time::sleep(NOTE) => {
                    let news = progress.lock().unwrap_or_else(PoisonError::into_inner).take();
                    let Some(news) = news else { continue };
                    if !app.note_import(job, &id, &serde_json::json!(news)).await.map_err(|e| failure(&e))? {
                        return Ok(JobEnd::Lost);
                    }
                }
            }
        };
        match report {
            Ok(report) => {
                // What is left to tell is the list of what was refused.
                let nothing_left = report.total().refused == 0;
                let end = ended(Ok(serde_json::json!(report))).await?;
                if end == JobEnd::Done {
                    let removed = match nothing_left {
                        true => self.remove(&self.folder(&id)).await,
                        false => self.clear(&id).await,
                    };
                    if let Err(error) = removed {
                        tracing::warn!(%error, import = %id, "the files of an import could not be removed");
                    }
                }
                Ok(end)
            }
            // No fault of the files: the next attempt goes on where this one broke off.
            Err(error @ IntakeError::Broken(_)) if job.failures + 1 < MOST_OUTAGES => {
                Err(JobFailure { reason: error.to_string(), for_good: false })
            }
            Err(error) => ended(Err(error.to_string())).await,
        }
    }
}
