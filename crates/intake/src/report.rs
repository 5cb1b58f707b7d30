//! What became of the input: refusals with file, line and reason; counts; progress.

use crate::IntakeError;
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, HashSet},
    fmt,
    hash::{BuildHasher, RandomState},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};
use touchline_app::records::PutStatus;
use touchline_model::Timestamp;

/// Refusals that a [`Report`] keeps; all of them go to the [`Watcher`].
const KEPT: usize = 1_000;
/// Warnings that a report keeps.
const WARNINGS: usize = 100;
/// Contacts that a report names.
const NAMED: usize = 20;

/// A place in the input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The file as shown: below the folder that is imported.
    pub file: Arc<str>,
    /// The line, from 1; none for the file as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        self.line.map_or(Ok(()), |line| write!(f, ":{line}"))
    }
}

/// One input that was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Where it stands.
    #[serde(flatten)]
    pub place: Place,
    /// Its id, where it could be read; otherwise empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// Why.
    pub reason: String,
}

/// What became of the input of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// New.
    pub created: u64,
    /// Other than before.
    pub updated: u64,
    /// As before.
    pub unchanged: u64,
    /// Not taken.
    pub refused: u64,
}

impl Counts {
    /// All of them together.
    pub const fn all(&self) -> u64 {
        self.created + self.updated + self.unchanged + self.refused
    }
}

/// Contacts of a tenant whose words or recording nobody has looked at yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// How many.
    pub contacts: u64,
    /// Whether there may be more: counting ends somewhere.
    pub at_least: bool,
}

/// The contacts that an import brought in, or found as they were.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Brought {
    /// Ids of the first twenty.
    pub ids: Vec<String>,
    /// How many there are.
    pub contacts: u64,
    /// When the earliest of them began.
    pub from: Timestamp,
    /// When the latest of them began.
    pub to: Timestamp,
}

/// How an import ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// By kind: `contacts`, `transcripts`, `recordings` (only refused ones), and the kinds of records.
    pub counts: BTreeMap<String, Counts>,
    /// Recordings that were brought in.
    pub recordings: u64,
    /// The first thousand refusals.
    pub refusals: Vec<Refusal>,
    /// What was taken in another way than it may have been meant, the first hundred; each reason once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Refusal>,
    /// Where to find what came in; none when there are no contacts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brought: Option<Brought>,
    /// What waits for the server, when the analysis was left to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting: Option<Waiting>,
}

impl Report {
    /// All kinds together.
    pub fn total(&self) -> Counts {
        self.counts.values().fold(Counts::default(), |sum, it| Counts {
            created: sum.created + it.created,
            updated: sum.updated + it.updated,
            unchanged: sum.unchanged + it.unchanged,
            refused: sum.refused + it.refused,
        })
    }
}

/// What is being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Files are read and written.
    Reading,
    /// The input is in; its analysis runs.
    Analysing {
        /// Jobs that are open.
        open: u64,
        /// The most that were open: jobs make jobs.
        most: u64,
    },
}

/// How far an import has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// What is being done.
    pub phase: Phase,
    /// Bytes that were read.
    pub bytes: u64,
    /// Bytes of all files; 0 when not known.
    pub total_bytes: u64,
    /// Records that were taken or refused.
    pub records: u64,
    /// Records that were refused.
    pub refused: u64,
    /// Recordings that were brought in.
    pub recordings: u64,
}

/// Somebody who watches an import. A closure that takes [`Progress`] is one who looks at progress only.
pub trait Watcher: Send {
    /// Something was refused.
    ///
    /// # Errors
    /// An error ends the import: a report that cannot be written is no report.
    fn refused(&mut self, refusal: &Refusal) -> Result<(), String> {
        let _ = refusal;
        Ok(())
    }

    /// A step is done.
    fn progress(&mut self, progress: Progress);
}

impl<F: FnMut(Progress) + Send> Watcher for F {
    fn progress(&mut self, progress: Progress) {
        self(progress);
    }
}

/// Counts and tells.
pub(crate) struct Tally<'w> {
    watcher: &'w mut dyn Watcher,
    report: Report,
    bytes: Arc<AtomicU64>,
    total_bytes: u64,
    /// Contacts that were counted, eight bytes each.
    ids: HashSet<u64>,
    hasher: RandomState,
}

impl<'w> Tally<'w> {
    /// `total_bytes`: 0 when not known.
    pub(crate) fn new(watcher: &'w mut dyn Watcher, total_bytes: u64) -> Self {
        Self {
            watcher,
            report: Report::default(),
            bytes: Arc::default(),
            total_bytes,
            ids: HashSet::new(),
            hasher: RandomState::new(),
        }
    }

    /// The counter of bytes that were read.
    pub(crate) fn bytes(&self) -> Arc<AtomicU64> {
        self.bytes.clone()
    }

    fn counts(&mut self, kind: &str) -> &mut Counts {
        self.report.counts.entry(kind.to_owned()).or_default()
    }

    /// Something was written, or was there just so.
    pub(crate) fn took(&mut self, kind: &str, status: PutStatus) {
        let counts = self.counts(kind);
        match status {
            PutStatus::Created => counts.created += 1,
            PutStatus::Updated => counts.updated += 1,
            PutStatus::Unchanged => counts.unchanged += 1,
        }
    }

    /// A contact came in, or was there just so. One that comes with several files counts once.
    pub(crate) fn brought(&mut self, id: &str, started_at: Timestamp) {
        if !self.ids.insert(self.hasher.hash_one(id)) {
            return;
        }
        let empty = Brought { ids: vec![], contacts: 0, from: started_at, to: started_at };
        let brought = self.report.brought.get_or_insert(empty);
        brought.contacts += 1;
        (brought.from, brought.to) = (brought.from.min(started_at), brought.to.max(started_at));
        if brought.ids.len() < NAMED {
            brought.ids.push(id.to_owned());
        }
    }

    /// Something was taken in another way than it may have been meant.
    pub(crate) fn warn(&mut self, place: &Place, id: &str, reason: String) {
        let warnings = &mut self.report.warnings;
        if warnings.len() < WARNINGS && !warnings.iter().any(|it| it.reason == reason) {
            warnings.push(Refusal { place: place.clone(), id: id.to_owned(), reason });
        }
    }

    /// A recording was brought in.
    pub(crate) fn recorded(&mut self) {
        self.report.recordings += 1;
    }

    /// Something was refused.
    pub(crate) fn refuse(
        &mut self,
        kind: &str,
        place: &Place,
        id: &str,
        reason: &str,
    ) -> Result<(), IntakeError> {
        self.counts(kind).refused += 1;
        let refusal = Refusal { place: place.clone(), id: id.to_owned(), reason: reason.to_owned() };
        self.watcher.refused(&refusal).map_err(IntakeError::Stopped)?;
        if self.report.refusals.len() < KEPT {
            self.report.refusals.push(refusal);
        }
        Ok(())
    }

    /// Tells how far it has come with the files.
    pub(crate) fn tick(&mut self) {
        self.tell(Phase::Reading);
    }

    /// Tells how far it has come.
    pub(crate) fn tell(&mut self, phase: Phase) {
        let total = self.report.total();
        self.watcher.progress(Progress {
            phase,
            bytes: self.bytes.load(Ordering::Relaxed),
            total_bytes: self.total_bytes,
            records: total.all(),
            refused: total.refused,
            recordings: self.report.recordings,
        });
    }

    /// What became of it all.
    pub(crate) fn close(self) -> Report {
        self.report
    }
}
