//! What a user sees of an import: refusals at once, progress, and the summary.

use crate::out;
use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;
use std::{
    fs::File,
    io::{BufWriter, IsTerminal, Write},
    path::Path,
    time::{Duration, Instant},
};
use touchline_intake::{Counts, Phase, Progress, Refusal, Report, Waiting, Watcher};

/// How often a line of progress is printed where there is no terminal.
const PLAIN: Duration = Duration::from_secs(5);

/// A line of the file of refusals.
#[derive(Serialize)]
struct Line<'a> {
    file: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u64>,
    #[serde(skip_serializing_if = "str::is_empty")]
    id: &'a str,
    reason: &'a str,
}

/// Shows an import.
pub(super) struct Shown {
    file: Option<BufWriter<File>>,
    bar: Option<ProgressBar>,
    analysing: bool,
    began: Instant,
    told: Instant,
}

impl Shown {
    /// Refusals are also written to `file`.
    pub(super) fn new(file: Option<&Path>) -> Result<Self, String> {
        let open = |path: &Path| File::create(path).map_err(|e| format!("{}: {e}", path.display()));
        let file = file.map(open).transpose()?.map(BufWriter::new);
        let began = Instant::now();
        Ok(Self { file, bar: None, analysing: false, began, told: began })
    }

    fn reading(&mut self, now: &Progress) {
        let total = now.total_bytes;
        let template = "{bar:30} {percent}% {binary_bytes}/{binary_total_bytes} {msg}, ETA {eta}";
        let bar = self.bar.get_or_insert_with(|| bar(total, template));
        let seconds = self.began.elapsed().as_secs_f64();
        let rate = now.records as f64 / seconds.max(0.001);
        let message = format!("{} records, {rate:.0}/s, {} recordings", now.records, now.recordings);
        if !bar.is_hidden() {
            bar.set_position(now.bytes);
            bar.set_message(message);
        } else if self.told.elapsed() >= PLAIN {
            self.told = Instant::now();
            let share = now.bytes as f64 / total.max(1) as f64;
            let left = Duration::from_secs_f64(seconds * (1.0 / share.clamp(1e-6, 1.0) - 1.0));
            match total {
                0 => eprintln!("{message}"),
                _ => eprintln!("{:.0}%: {message}, {} to go", share.min(1.0) * 100.0, HumanDuration(left)),
            }
        }
    }

    fn analysing(&mut self, open: u64, most: u64) {
        if !self.analysing {
            self.analysing = true;
            if let Some(bar) = self.bar.take() {
                bar.finish_and_clear();
            }
            let bar = bar(most, "{bar:30} {percent}% analysis, {pos} of {len} jobs, ETA {eta}");
            if bar.is_hidden() && open > 0 {
                eprintln!("Analysing, {open} to do");
            }
            self.bar = Some(bar);
            self.told = Instant::now();
            return;
        }
        if let Some(bar) = self.bar.as_ref().filter(|bar| !bar.is_hidden()) {
            bar.set_length(most);
            bar.set_position(most.saturating_sub(open));
        } else if self.told.elapsed() >= PLAIN {
            self.told = Instant::now();
            eprintln!("Analysing, {open} to do");
        }
    }

    /// Prints the summary.
    pub(super) fn close(self, tenant: &str, report: &Report) -> Result<(), String> {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
        for it in &report.warnings {
            eprintln!("{}: {}", it.place, it.reason);
        }
        for (kind, it) in &report.counts {
            out::say(format_args!("{kind}: {}", counts(it)))?;
        }
        let waits = report.waiting.as_ref().map(waits).unwrap_or_default();
        out::say(format_args!(
            "Import into `{tenant}`: {}, {} recordings, {:.1} seconds{waits}",
            counts(&report.total()),
            report.recordings,
            self.began.elapsed().as_secs_f64(),
        ))
    }
}

fn counts(it: &Counts) -> String {
    let Counts { created, updated, unchanged, refused } = it;
    format!("{created} created, {updated} updated, {unchanged} unchanged, {refused} refused")
}

fn waits(it: &Waiting) -> String {
    let least = if it.at_least { "at least " } else { "" };
    match it.contacts {
        0 => "; no contact waits for analysis".to_owned(),
        1 => "; 1 contact waits for analysis by the server".to_owned(),
        many => format!("; {least}{many} contacts wait for analysis by the server"),
    }
}

impl Watcher for &mut Shown {
    fn refused(&mut self, refusal: &Refusal) -> Result<(), String> {
        let Refusal { place, id, reason } = refusal;
        let whose = if id.is_empty() { String::new() } else { format!("{id:?}: ") };
        let tell = || eprintln!("{place}: {whose}{reason}");
        match &self.bar {
            Some(bar) => bar.suspend(tell),
            None => tell(),
        }
        if let Some(file) = &mut self.file {
            let line = Line { file: &place.file, line: place.line, id, reason };
            let written = serde_json::to_writer(&mut *file, &line).map_err(std::io::Error::from);
            // Flushed by the line: the report is wanted most when the run breaks off.
            let written = written.and_then(|()| file.write_all(b"\n")).and_then(|()| file.flush());
            written.map_err(|e| format!("the report cannot be written: {e}"))?;
        }
        Ok(())
    }

    fn progress(&mut self, progress: Progress) {
        match progress.phase {
            Phase::Reading => self.reading(&progress),
            Phase::Analysing { open, most } => self.analysing(open, most),
        }
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
