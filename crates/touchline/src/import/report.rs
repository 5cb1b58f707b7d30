//! What became of the input: refusals with file, line and reason; counts; progress.

use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;
use std::{
    collections::BTreeMap,
    fmt,
    fs::File,
    io::{BufWriter, IsTerminal, Write},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use touchline_app::records::PutStatus;

/// How often a line of progress is printed where there is no terminal.
const PLAIN: Duration = Duration::from_secs(5);

/// One input that was refused: a line of the report.
#[derive(Serialize)]
struct Refusal<'a> {
    file: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u64>,
    #[serde(skip_serializing_if = "str::is_empty")]
    id: &'a str,
    reason: &'a str,
}

/// A place in the input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// The file as shown.
    pub(super) file: Arc<str>,
    /// The line, from 1; none for the file as a whole.
    pub(super) line: Option<u64>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        self.line.map_or(Ok(()), |line| write!(f, ":{line}"))
    }
}

#[derive(Default)]
struct Counts {
    created: u64,
    updated: u64,
    unchanged: u64,
    refused: u64,
}

/// Counts, tells and shows progress.
pub(super) struct Report {
    file: Option<BufWriter<File>>,
    counts: BTreeMap<&'static str, Counts>,
    recordings: u64,
    bar: ProgressBar,
    bytes: Arc<AtomicU64>,
    total: u64,
    began: Instant,
    told: Instant,
}

impl Report {
    /// `total`: bytes to be read, 0 when not known.
    pub(super) fn new(file: Option<&Path>, total: u64) -> Result<Self, String> {
        let open = |path: &Path| File::create(path).map_err(|e| format!("{}: {e}", path.display()));
        let file = file.map(open).transpose()?.map(BufWriter::new);
        let began = Instant::now();
        let bar = bar(total, "{bar:30} {percent}% {binary_bytes}/{binary_total_bytes} {msg}, ETA {eta}");
        let (counts, bytes) = (BTreeMap::new(), Arc::default());
        Ok(Self { file, counts, recordings: 0, bar, bytes, total, began, told: began })
    }

    /// The counter of bytes that were read.
    pub(super) fn bytes(&self) -> Arc<AtomicU64> {
        self.bytes.clone()
    }

    /// Something was written, or was there just so.
    pub(super) fn took(&mut self, kind: &'static str, status: PutStatus) {
        let counts = self.counts.entry(kind).or_default();
        match status {
            PutStatus::Created => counts.created += 1,
            PutStatus::Updated => counts.updated += 1,
            PutStatus::Unchanged => counts.unchanged += 1,
        }
    }

    /// A recording was brought in.
    pub(super) fn recorded(&mut self) {
        self.recordings += 1;
    }

    /// Something was refused.
    pub(super) fn refuse(
        &mut self,
        kind: &'static str,
        place: &Place,
        id: &str,
        reason: &str,
    ) -> Result<(), String> {
        self.counts.entry(kind).or_default().refused += 1;
        let whose = if id.is_empty() { String::new() } else { format!("{id:?}: ") };
        self.bar.suspend(|| eprintln!("{place}: {whose}{reason}"));
        if let Some(file) = &mut self.file {
            let refusal = Refusal { file: &place.file, line: place.line, id, reason };
            let written = serde_json::to_writer(&mut *file, &refusal).map_err(std::io::Error::from);
            // Flushed by the line: the report is wanted most when the run breaks off.
            let written = written.and_then(|()| file.write_all(b"\n")).and_then(|()| file.flush());
            written.map_err(|e| format!("the report cannot be written: {e}"))?;
        }
        Ok(())
    }

    /// Shows how far it has come.
    pub(super) fn tick(&mut self) {
        let (done, records) = (self.bytes.load(Ordering::Relaxed), self.all());
        let seconds = self.began.elapsed().as_secs_f64();
        let rate = records as f64 / seconds.max(0.001);
        let message = format!("{records} records, {rate:.0}/s, {} recordings", self.recordings);
        if !self.bar.is_hidden() {
            self.bar.set_position(done);
            self.bar.set_message(message);
        } else if self.told.elapsed() >= PLAIN {
            self.told = Instant::now();
            let share = done as f64 / self.total.max(1) as f64;
            let left = Duration::from_secs_f64(seconds * (1.0 / share.clamp(1e-6, 1.0) - 1.0));
            match self.total {
                0 => eprintln!("{message}"),
                _ => eprintln!("{:.0}%: {message}, {} to go", share.min(1.0) * 100.0, HumanDuration(left)),
            }
        }
    }

    /// The input is read; what is left are `jobs` of analysis.
    pub(super) fn analysing(&mut self, jobs: u64) {
        self.bar.finish_and_clear();
        self.bar = bar(jobs, "{bar:30} {percent}% analysis, {pos} of {len} jobs, ETA {eta}");
        if self.bar.is_hidden() && jobs > 0 {
            eprintln!("Analysing, {jobs} to do");
        }
        self.told = Instant::now();
    }

    /// So many jobs are open, of `most`.
    pub(super) fn jobs(&mut self, open: u64, most: u64) {
        if !self.bar.is_hidden() {
            self.bar.set_length(most);
            self.bar.set_position(most.saturating_sub(open));
        } else if self.told.elapsed() >= PLAIN {
            self.told = Instant::now();
            eprintln!("Analysing, {open} to do");
        }
    }

    /// Whether anything was refused.
    pub(super) fn any_refused(&self) -> bool {
        self.counts.values().any(|it| it.refused > 0)
    }

    /// Prints the summary.
    pub(super) fn close(self, tenant: &str) {
        self.bar.finish_and_clear();
        for (kind, it) in &self.counts {
            let Counts { created, updated, unchanged, refused } = it;
            println!(
                "{kind}: {created} created, {updated} updated, {unchanged} unchanged, {refused} refused"
            );
        }
        let sum = |of: fn(&Counts) -> u64| self.counts.values().map(of).sum::<u64>();
        println!(
            "Import into `{tenant}`: {} created, {} updated, {} unchanged, {} refused, {} recordings, {:.1} seconds",
            sum(|it| it.created),
            sum(|it| it.updated),
            sum(|it| it.unchanged),
            sum(|it| it.refused),
            self.recordings,
            self.began.elapsed().as_secs_f64(),
        );
    }

    fn all(&self) -> u64 {
        let counts = self.counts.values();
        counts.map(|it| it.created + it.updated + it.unchanged + it.refused).sum()
    }
}

/// A bar on a terminal, nothing elsewhere.
fn bar(total: u64, template: &str) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::with_draw_target((total > 0).then_some(total), ProgressDrawTarget::stderr());
    let unknown = "{spinner} {binary_bytes} {msg}";
    if let Ok(style) = ProgressStyle::with_template(if total > 0 { template } else { unknown }) {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(250));
    bar
}
