//! Many records from NDJSON. While one chunk of lines is committed, the next one is read and parsed; each line gets
//! its report line, in order, once it is on disk.
//!
//! The work runs in a task of its own and reports wait in a queue, because many clients read nothing before they have
//! sent everything: waiting for them here would stop both sides for ever.

use super::Resource;
use crate::{Problem, input, problem};
use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use futures::{StreamExt, stream};
use schemars::JsonSchema;
use serde::Serialize;
use std::{
    collections::HashSet,
    convert::Infallible,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::mpsc;
use touchline_app::{
    App, AppError,
    records::{Put, PutStatus},
};
use touchline_http::{Line, NDJSON, NdjsonLines};
use touchline_model::Caller;

/// Lines that are committed together at most. More at once cost less each: neighbours share pages of indexes, customers
/// and the sync of the disk. Others wait for no more than the tenth of a second that this takes.
const CHUNK_LINES: usize = 4_000;
/// Bytes of lines after which a chunk is full.
const CHUNK_BYTES: usize = 4 << 20;
/// A sender who pauses this long gets what it sent so far committed and reported.
const PAUSE: Duration = Duration::from_millis(50);
/// Reports of chunks that wait for a client who does not read yet: about a million lines.
const WAITING_REPORTS: usize = 256;

/// What became of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LineStatus {
    Created,
    Updated,
    Unchanged,
    Refused,
}

/// Report of one line, or at the end the summary.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum ReportLine {
    /// One line.
    Line {
        /// Its number in what was sent, from 1, blank lines counted.
        line: u64,
        /// Id of the record; absent when a refused line has none.
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        /// What became of it.
        status: LineStatus,
        /// Why it was refused.
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<Problem>,
    },
    /// The last line of the report.
    End {
        /// How many lines met which fate.
        summary: Summary,
    },
}

/// How many lines met which fate.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub(crate) struct Summary {
    /// Lines with content.
    lines: u64,
    /// Records that are new.
    created: u64,
    /// Records that are different now.
    updated: u64,
    /// Records that were there just so.
    unchanged: u64,
    /// Lines that were refused.
    refused: u64,
    /// Why the rest was not applied: the store failed, or the body broke off.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Problem>,
}

pub(super) fn is_ndjson(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let essence = value.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    matches!(essence.as_str(), "application/x-ndjson" | "application/ndjson" | "application/jsonl")
}

/// Takes the lines of a body; the answer is their report.
pub(super) fn answer<R: Resource>(app: App, caller: Caller, body: Body) -> Response {
    let (reports, waiting) = mpsc::channel(WAITING_REPORTS);
    let lines = NdjsonLines::new(body, app.limits().json_bytes);
    tokio::spawn(Upload { app, caller, reports, failed: Mutex::default() }.run::<R>(lines));
    let body = stream::unfold(waiting, async |mut waiting| {
        let report: Bytes = waiting.recv().await?;
        Some((Ok::<_, Infallible>(report), waiting))
    });
    ([(header::CONTENT_TYPE, NDJSON)], Body::from_stream(body)).into_response()
}

/// What became of a good line: id and status, or why it was refused.
type Outcome = Result<(String, LineStatus), Problem>;

/// A line that was read.
enum Parsed<T> {
    Good(T),
    Bad(Problem),
}

/// Lines that are committed together.
struct Chunk<T> {
    lines: Vec<(u64, Parsed<T>)>,
    /// What comes after it.
    then: Then,
}

enum Then {
    More,
    End,
    Broken(Problem),
}

struct Upload {
    app: App,
    caller: Caller,
    reports: mpsc::Sender<Bytes>,
    /// Why nothing more is tried.
    failed: Mutex<Option<Problem>>,
}

/// What became of the lines of a chunk, for the client and for the summary.
struct Reported {
    report: Bytes,
    summary: Summary,
}

impl Upload {
    async fn run<R: Resource>(self, mut lines: NdjsonLines) {
        let max = self.app.limits().json_bytes;
        let (parsed, chunks) = mpsc::channel::<Chunk<R::In>>(1);
        let reading = async move {
            loop {
                let chunk = read::<R>(&mut lines, max).await;
                let more = matches!(chunk.then, Then::More);
                if parsed.send(chunk).await.is_err() || !more {
                    break;
                }
            }
            drop(parsed);
            std::future::pending().await
        };
        tokio::select! {
            () = self.commit_all::<R>(chunks) => {}
            () = reading => {}
        }
    }

    /// Commits one chunk after the other, some of them at a time, and reports each in its turn.
    async fn commit_all<R: Resource>(&self, chunks: mpsc::Receiver<Chunk<R::In>>) {
        let chunks = stream::unfold(chunks, async |mut chunks| Some((chunks.recv().await?, chunks)));
        let mut done = std::pin::pin!(chunks.map(|chunk| self.commit::<R>(chunk)).buffered(R::AT_ONCE));
        let mut summary = Summary::default();
        while let Some(Reported { report, summary: of_chunk }) = done.next().await {
            summary.add(of_chunk);
            if self.reports.is_closed() || !report.is_empty() && self.reports.send(report).await.is_err() {
                // Nobody is listening any more.
                return;
            }
        }
        summary.error = summary.error.or_else(|| self.failure().clone());
        let mut report = Vec::new();
        write(&mut report, &ReportLine::End { summary });
        let _ = self.reports.send(report.into()).await;
    }

    fn failure(&self) -> MutexGuard<'_, Option<Problem>> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Commits a chunk.
    async fn commit<R: Resource>(&self, chunk: Chunk<R::In>) -> Reported {
        let mut summary = Summary::default();
        let lines = match chunk.then {
            Then::More | Then::End => chunk.lines,
            Then::Broken(problem) => {
                // The sender is gone: what was not reported is not applied.
                summary.error = Some(problem);
                vec![]
            }
        };
        let mut places = Vec::with_capacity(lines.len());
        let mut items = Vec::with_capacity(lines.len());
        for (line, parsed) in lines {
            match parsed {
                Parsed::Good(item) => {
                    let id = R::id(&item);
                    places.push((line, Ok((!nameless(&id)).then_some(id))));
                    items.push(item);
                }
                Parsed::Bad(problem) => places.push((line, Err(problem))),
            }
        }
        let mut results = self.put::<R>(items).await;
        let mut report = Vec::with_capacity(places.len() * 80);
        for (line, place) in places {
            let (id, outcome) = match place {
                Err(problem) => (None, Err(problem)),
                Ok(id) => (id, results.next().unwrap_or_else(|| Err(no_result()))),
            };
            let entry = match outcome {
                Ok((id, status)) => ReportLine::Line { line, id: Some(id), status, error: None },
                Err(problem) => {
                    ReportLine::Line { line, id, status: LineStatus::Refused, error: Some(problem) }
                }
            };
            summary.count(&entry);
            write(&mut report, &entry);
        }
        Reported { report: report.into(), summary }
    }

    /// Puts the good lines of a chunk; one result a line. Once the store has failed, nothing more is tried.
    async fn put<R: Resource>(&self, items: Vec<R::In>) -> impl Iterator<Item = Outcome> + use<R> {
        let mut outcomes: Vec<Outcome> = Vec::with_capacity(items.len());
        let mut items = items.into_iter().peekable();
        while items.peek().is_some() {
            // An id that comes again begins a new group: what is put together succeeds or fails together, so that
            // no line is called refused whose record was written.
            let mut ids = HashSet::new();
            let mut group = Vec::new();
            while let Some(item) = items.next_if(|item| {
                let id = R::id(item);
                nameless(&id) || ids.insert(id)
            }) {
                group.push(item);
            }
            let count = group.len();
            match self.put_group::<R>(group).await {
                Ok(results) => outcomes.extend(results),
                Err(problem) => outcomes.extend((0..count).map(|_| Err(problem.clone()))),
            }
        }
        outcomes.into_iter()
    }

    async fn put_group<R: Resource>(&self, group: Vec<R::In>) -> Result<Vec<Outcome>, Problem> {
        if self.reports.is_closed() {
            return Err(no_result());
        }
        if let Some(problem) = self.failure().clone() {
            return Err(problem);
        }
        // In a task of its own: whoever waits for a client who reads slowly must not hold up what others want to write.
        let (app, caller) = (self.app.clone(), self.caller.clone());
        let put = tokio::spawn(async move { R::put(&app, &caller, group).await });
        match put.await.unwrap_or_else(|stopped| Err(AppError::Internal(stopped.into()))) {
            Ok(results) => Ok(results.into_iter().map(outcome).collect()),
            Err(error) => {
                // Contradictions concern this group; everything else also those that follow.
                let passing = matches!(error, AppError::Conflict(_));
                let problem = Problem::from(error);
                if !passing {
                    *self.failure() = Some(problem.clone());
                }
                Err(problem)
            }
        }
    }
}

impl Summary {
    fn count(&mut self, entry: &ReportLine) {
        let ReportLine::Line { status, .. } = entry else { return };
        self.lines += 1;
        match status {
            LineStatus::Created => self.created += 1,
            LineStatus::Updated => self.updated += 1,
            LineStatus::Unchanged => self.unchanged += 1,
            LineStatus::Refused => self.refused += 1,
        }
    }

    fn add(&mut self, other: Self) {
        self.lines += other.lines;
        self.created += other.created;
        self.updated += other.updated;
        self.unchanged += other.unchanged;
        self.refused += other.refused;
        self.error = self.error.take().or(other.error);
    }
}

fn outcome(result: Result<Put, AppError>) -> Outcome {
    let Put { id, status } = result?;
    let status = match status {
        PutStatus::Created => LineStatus::Created,
        PutStatus::Updated => LineStatus::Updated,
        PutStatus::Unchanged => LineStatus::Unchanged,
    };
    Ok((id, status))
}

/// Whether an id is to be made.
fn nameless(id: &str) -> bool {
    matches!(id, "" | "0")
}

/// Reads and parses the next chunk.
async fn read<R: Resource>(lines: &mut NdjsonLines, max_line: usize) -> Chunk<R::In> {
    let (mut raw, mut bytes, mut then) = (Vec::new(), 0, Then::More);
    while raw.len() < CHUNK_LINES && bytes < CHUNK_BYTES {
        let next = match raw.is_empty() {
            true => Ok(lines.next().await),
            false => tokio::time::timeout(PAUSE, lines.next()).await,
        };
        match next {
            Err(_) => break,
            Ok(Ok(Some(line))) => {
                if let Line::Text { bytes: text, .. } = &line {
                    bytes += text.len();
                }
                raw.push(line);
            }
            Ok(Ok(None)) => {
                then = Then::End;
                break;
            }
            Ok(Err(error)) => {
                then = Then::Broken(Problem::new(problem::INTERRUPTED, error.to_string()));
                break;
            }
        }
    }
    let parsed = tokio::task::spawn_blocking(move || {
        raw.into_iter().map(|line| parse_line(line, max_line)).collect::<Vec<_>>()
    });
    match parsed.await {
        Ok(lines) => Chunk { lines, then },
        Err(error) => {
            tracing::error!(%error, "reading lines broke off");
            Chunk { lines: vec![], then: Then::Broken(no_result()) }
        }
    }
}

fn parse_line<T: serde::de::DeserializeOwned>(line: Line, max_line: usize) -> (u64, Parsed<T>) {
    match line {
        Line::Text { number, bytes } => match input::parse_line(&bytes) {
            Ok(item) => (number, Parsed::Good(item)),
            Err(problem) => (number, Parsed::Bad(problem)),
        },
        Line::TooLong { number, length } => {
            let detail = format!("the line is {length} bytes long, at most {max_line} are read");
            (number, Parsed::Bad(Problem::new(problem::TOO_LARGE, detail)))
        }
    }
}

fn no_result() -> Problem {
    Problem::from(AppError::Internal("a line without a result".into()))
}

fn write(to: &mut Vec<u8>, entry: &ReportLine) {
    if let Err(error) = serde_json::to_writer(&mut *to, entry) {
        tracing::error!(%error, "a report line could not be written");
    }
    to.push(b'\n');
}
