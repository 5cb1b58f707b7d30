//! The jobs of the server: what waits, runs, or was put aside.

use crate::{
    Web,
    error::{Answer, PageError},
    filters,
    shell::{Shell, When},
    texts,
    visit::{Visit, done},
};
use askama::Template;
use axum::extract::{Path, RawQuery, State};
use http::StatusCode;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use touchline_app::store::{Job, JobState};
use touchline_http::Query;

/// Jobs of a page.
const PAGE: usize = 100;
/// Kinds that have words.
const KINDS: &[&str] = &[
    "analyse",
    "convert",
    "rematch",
    "rematch-walk",
    "rematch-tell",
    "listens",
    "reanalyse",
    "forget-recording",
    "import",
];

#[derive(Template)]
#[template(path = "jobs.html")]
pub(super) struct Jobs {
    pub(super) shell: Shell,
    pub(super) rows: Vec<Row>,
    /// Where the next page begins.
    pub(super) next: Option<String>,
}

pub(super) struct Row {
    id: String,
    path_id: String,
    what: String,
    dead: bool,
    /// Text, drawing and colour of where it stands.
    state: (&'static str, &'static str, &'static str),
    attempts: i64,
    failures: i64,
    due: When,
    created: When,
    error: String,
}

impl Row {
    pub(super) fn new(job: Job, shell: &Shell) -> Self {
        Self {
            path_id: escaped(&job.id),
            what: match KINDS.contains(&job.kind.as_str()) {
                true => texts::t(&format!("imports.job_{}", job.kind.replace('-', "_"))).to_owned(),
                false => job.kind,
            },
            dead: job.state == JobState::Dead,
            state: match job.state {
                JobState::Dead => ("imports.job_dead", "bad", "bad"),
                // While it runs, it is due when its lease ends; after that nobody works on it.
                JobState::Open if job.running && job.due_at > shell.now => {
                    ("imports.job_runs", "play", "good")
                }
                JobState::Open if job.failures > 0 => ("imports.job_again", "warn", "warn"),
                JobState::Open if job.due_at <= shell.now => ("imports.job_waits", "pause", "quiet"),
                JobState::Open if job.attempts > 0 => ("imports.job_put_off", "pause", "quiet"),
                JobState::Open => ("imports.job_planned", "pause", "quiet"),
            },
            attempts: job.attempts,
            failures: job.failures,
            due: shell.when(&job.due_at),
            created: shell.when(&job.created_at),
            error: job.error.unwrap_or_default(),
            id: job.id,
        }
    }
}

fn escaped(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

pub(super) async fn show(State(web): State<Web>, visit: Visit, RawQuery(raw): RawQuery) -> Answer {
    let query = Query::parse(raw.as_deref())?;
    let jobs = web.app.jobs(&visit.caller, query.one("after")?, PAGE).await?;
    let next = jobs.last().filter(|_| jobs.len() == PAGE).map(|job| escaped(&job.id));
    let shell = visit.shell(texts::t("imports.jobs"), "imports");
    let rows = jobs.into_iter().map(|job| Row::new(job, &shell)).collect();
    Ok(visit.page(&Jobs { rows, next, shell }))
}

pub(super) async fn retry(State(web): State<Web>, visit: Visit, Path(id): Path<String>) -> Answer {
    if web.app.retry_job(&visit.caller, &id).await? {
        return Ok(done("/imports/jobs", "imports.job_retried"));
    }
    Err(PageError::new(StatusCode::NOT_FOUND, texts::t("imports.no_such_job")))
}
