//! Imports in words: where they stand, what a preview shows, how far they are, how they ended.

use crate::{
    filters, format,
    pages::call::address,
    shell::{Shell, When},
    texts,
};
use askama::Template;
use jiff::tz::TimeZone;
use touchline_app::imports::{ImportRow, ImportState, ImportView};
use touchline_intake::{Brought, Counts, Phase, Preview, PreviewContact, Progress, Refusal, Report};
use touchline_model::{Channel, SpeakerType, Timestamp};

/// Files that a preview names.
const FILES: usize = 50;
/// Columns of tables that a preview names.
const COLUMNS: usize = 200;
/// Refusals that the page of a report lists; the rest is in the file.
const REFUSALS: usize = 100;

/// Where an import stands: text, drawing, colour.
pub(super) struct Told {
    pub(super) text: &'static str,
    pub(super) icon: &'static str,
    pub(super) class: &'static str,
}

pub(super) fn told(view: &ImportView) -> Told {
    let (text, icon, class) = match view.row.state {
        _ if view.stuck.is_some() => ("imports.state_stuck", "bad", "bad"),
        ImportState::Staged => ("imports.state_staged", "pause", "warn"),
        ImportState::Running => ("imports.state_running", "play", "quiet"),
        ImportState::Failed => ("imports.state_failed", "bad", "bad"),
        ImportState::Done if refused(&view.row) > 0 => match nothing_came(&view.row) {
            true => ("imports.state_nothing", "bad", "bad"),
            false => ("imports.state_partly", "warn", "warn"),
        },
        ImportState::Done => ("imports.state_done", "good", "good"),
    };
    Told { text, icon, class }
}

fn report(row: &ImportRow) -> Option<Report> {
    serde_json::from_value(row.report.clone()?).ok()
}

fn refused(row: &ImportRow) -> u64 {
    report(row).map_or(0, |report| report.total().refused)
}

fn nothing_came(row: &ImportRow) -> bool {
    report(row).is_some_and(|it| it.recordings == 0 && it.total().all() == it.total().refused)
}

/// What came of an import, for the list: of each kind, where there are several, because the parts of one call are no
/// several calls.
pub(super) fn counts_in_words(row: &ImportRow) -> String {
    let Some(report) = report(row) else { return String::new() };
    let kinds: Vec<_> = report.counts.iter().filter(|(_, it)| it.all() > 0).collect();
    match kinds[..] {
        [(_, only)] => count_in_words(only),
        _ => {
            let said = kinds.into_iter().map(|(name, it)| format!("{}: {}", kind(name), count_in_words(it)));
            said.collect::<Vec<_>>().join("; ")
        }
    }
}

fn count_in_words(total: &Counts) -> String {
    let mut said = Vec::new();
    for (key, count) in [
        ("imports.n_created", total.created),
        ("imports.n_updated", total.updated),
        ("imports.n_unchanged", total.unchanged),
        ("imports.n_refused", total.refused),
    ] {
        if count > 0 {
            said.push(texts::count(key, signed(count)));
        }
    }
    said.join(", ")
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn kind(name: &str) -> String {
    texts::t(&format!("imports.kind_{name}")).to_owned()
}

/// The kind after a number.
fn kinds(name: &str, n: u64) -> String {
    match n {
        1 => texts::t(&format!("imports.kind_one_{name}")).to_owned(),
        _ => kind(name),
    }
}

/// The command line says in options what are fields of the page here.
pub(super) fn in_page(reason: &str) -> String {
    let reason = reason.replace("give --zone", texts::t("imports.say_zone"));
    reason.replace("(--started-at)", texts::t("imports.say_started"))
}

/// One thing that cannot be taken.
pub(super) struct Problem {
    place: String,
    id: String,
    reason: String,
}

impl From<&Refusal> for Problem {
    fn from(it: &Refusal) -> Self {
        Self { place: it.place.to_string(), id: it.id.clone(), reason: in_page(&it.reason) }
    }
}

/// A preview in words.
#[derive(Template)]
#[template(path = "import_preview.html")]
pub(super) struct PreviewView {
    /// Kind and count.
    counts: Vec<(String, String)>,
    complete: bool,
    files: Vec<FileLine>,
    more_files: String,
    contacts: Vec<ContactLine>,
    problems: Vec<Problem>,
    problem_count: String,
    more_problems: String,
    warnings: Warnings,
    columns: Vec<ColumnLine>,
    needs_options: bool,
}

/// What is taken in another way than it may be meant.
#[derive(Template)]
#[template(path = "import_warnings.html")]
struct Warnings {
    problems: Vec<Problem>,
}

/// A column of a table: its name, and what it is read as; empty for a field of its own.
struct ColumnLine {
    file: String,
    name: String,
    meaning: String,
}

struct FileLine {
    name: String,
    format: String,
    bytes: String,
    records: String,
}

struct ContactLine {
    id: String,
    exists: bool,
    channel: &'static str,
    when: When,
    duration: String,
    agent: String,
    /// How many words, who speaks, which recording.
    about: String,
    first_words: String,
}

impl ContactLine {
    fn new(it: &PreviewContact, shell: &Shell) -> Self {
        let speakers = it.speakers.iter().map(|speaker| {
            let side = texts::t(match speaker.side {
                SpeakerType::Internal => "imports.side_agent",
                SpeakerType::External => "imports.side_customer",
                SpeakerType::Unknown => "imports.side_unknown",
            });
            if speaker.name.is_empty() { side.to_owned() } else { format!("{} ({side})", speaker.name) }
        });
        let speakers = speakers.collect::<Vec<_>>().join(", ");
        let words = (it.words > 0).then(|| texts::count("imports.words", signed(it.words)));
        let recording = it.recording.as_ref().filter(|name| !name.is_empty());
        let recording = recording
            .map(|name| format!("{} {}", texts::t("imports.with_recording"), format::middle(name, 40)));
        let speakers = (!speakers.is_empty()).then(|| format::middle(&speakers, 80));
        let about = [words, speakers, recording].into_iter().flatten().collect::<Vec<_>>().join(" · ");
        Self {
            id: it.id.clone(),
            exists: it.exists,
            channel: match it.channel {
                Channel::Call => "imports.channel_call",
                Channel::Chat => "imports.channel_chat",
                Channel::Mail => "imports.channel_email",
            },
            when: shell.when(&it.started_at),
            duration: match it.duration.micros() {
                0 => String::new(),
                _ => format::clock(it.duration.secs()),
            },
            agent: it.agent.as_ref().map(|agent| agent.0.clone()).unwrap_or_default(),
            about,
            first_words: it.first_words.clone(),
        }
    }
}

impl PreviewView {
    /// Whether anything can be brought in; what was not looked at may be something.
    pub(super) fn something(&self) -> bool {
        !self.counts.is_empty() || !self.complete
    }
    /// Whether a time or a zone would let more of it in.
    pub(super) const fn needs_options(&self) -> bool {
        self.needs_options
    }
    pub(super) fn new(preview: &Preview, shell: &Shell) -> Self {
        let file = |it: &touchline_intake::PreviewFile| FileLine {
            name: it.name.clone(),
            format: match (it.format, it.kind) {
                (None, _) => texts::t("imports.format_recording").to_owned(),
                (Some(_), Some(of)) => texts::fill("imports.records_of", &[("kind", &kind(of.name()))]),
                (Some(format), None) => {
                    texts::t(&format!("imports.format_{}", format.name().replace('-', "_"))).to_owned()
                }
            },
            bytes: format::bytes(it.bytes),
            records: if it.records == 0 { String::new() } else { format::number(signed(it.records)) },
        };
        let listed = preview.problems.len().min(REFUSALS);
        let more = |all: usize, shown: usize| match all.saturating_sub(shown) {
            0 => String::new(),
            more => texts::count("imports.more", more as i64),
        };
        let problems = usize::try_from(preview.problem_count).unwrap_or(usize::MAX);
        Self {
            counts: preview
                .records
                .iter()
                .map(|(name, n)| (kinds(name, *n), format::number(signed(*n))))
                .collect(),
            complete: preview.complete,
            files: preview.files.iter().take(FILES).map(file).collect(),
            more_files: more(preview.files.len(), FILES),
            contacts: preview.contacts.iter().map(|it| ContactLine::new(it, shell)).collect(),
            problems: preview.problems.iter().take(REFUSALS).map(Problem::from).collect(),
            problem_count: match preview.problem_count {
                0 => String::new(),
                count => texts::count("imports.problems", signed(count)),
            },
            more_problems: more(problems, listed),
            warnings: Warnings {
                problems: preview.warnings.iter().take(REFUSALS).map(Problem::from).collect(),
            },
            columns: preview
                .columns
                .iter()
                .take(COLUMNS)
                .map(|it| ColumnLine {
                    file: it.file.clone(),
                    name: it.name.clone(),
                    meaning: it.meaning.clone().unwrap_or_default(),
                })
                .collect(),
            needs_options: preview.problems.iter().any(|it| in_page(&it.reason) != it.reason),
        }
    }
}

/// How far an import is: kept fresh by the script.
#[derive(Template)]
#[template(path = "import_progress.html")]
pub(super) struct ProgressView {
    /// Whether it is under way.
    pub(super) running: bool,
    words: String,
    /// Per cent, when it is known.
    share: Option<u64>,
    again: bool,
}

impl ProgressView {
    pub(super) fn new(view: &ImportView) -> Self {
        let row = &view.row;
        let running = row.state == ImportState::Running && view.stuck.is_none();
        let progress = row.progress.clone().and_then(|it| serde_json::from_value::<Progress>(it).ok());
        let (words, share) = match progress {
            None => (texts::t("imports.starting").to_owned(), None),
            Some(it) => {
                let mut said = vec![texts::count("imports.read_records", signed(it.records))];
                if it.recordings > 0 {
                    said.push(texts::count("imports.read_recordings", signed(it.recordings)));
                }
                if it.refused > 0 {
                    said.push(texts::count("imports.n_refused", signed(it.refused)));
                }
                let share = (it.bytes * 100).checked_div(it.total_bytes).map(|it| it.min(100));
                (said.join(", "), share.filter(|_| it.phase == Phase::Reading))
            }
        };
        Self { running, words, share, again: row.runs > 1 }
    }
}

/// How an import ended.
#[derive(Template)]
#[template(path = "import_report.html")]
pub(super) struct ReportView {
    id: String,
    summary: String,
    counts: Vec<[String; 5]>,
    recordings: String,
    waiting: String,
    refused: Vec<Problem>,
    more_refused: String,
    has_file: bool,
    again: bool,
    /// Where what came in is found.
    to_calls: Option<String>,
    /// Whether that is one contact.
    one_call: bool,
    /// Contacts that came in: address and id.
    brought: Vec<(String, String)>,
    more_brought: String,
    warnings: Warnings,
}

/// The one contact, or the days of all of them.
fn calls_of(brought: &Brought, zone: &TimeZone) -> String {
    if let [only] = &brought.ids[..] {
        return address::call(only);
    }
    let day = |at: Timestamp| at.to_jiff().to_zoned(zone.clone()).date();
    format!("/calls?from={}&to={}", day(brought.from), day(brought.to))
}

impl ReportView {
    pub(super) fn new(row: &ImportRow, has_file: bool, shell: &Shell) -> Self {
        let report = report(row).unwrap_or_default();
        let number = |count: u64| format::number(signed(count));
        let counts = report.counts.iter().map(|(name, it)| {
            [kind(name), number(it.created), number(it.updated), number(it.unchanged), number(it.refused)]
        });
        let ids = report.brought.as_ref().map(|it| it.ids.clone()).unwrap_or_default();
        let listed = report.refusals.len().min(REFUSALS);
        let all = usize::try_from(report.total().refused).unwrap_or(usize::MAX);
        Self {
            id: row.id.clone(),
            summary: match counts_in_words(row) {
                words if words.is_empty() => texts::t("imports.nothing_there").to_owned(),
                words => words,
            },
            counts: counts.collect(),
            recordings: match report.recordings {
                0 => String::new(),
                count => texts::count("imports.brought_recordings", signed(count)),
            },
            waiting: match report.waiting.map_or(0, |it| it.contacts) {
                0 => String::new(),
                count => texts::count("imports.waiting", signed(count)),
            },
            refused: report.refusals.iter().take(REFUSALS).map(Problem::from).collect(),
            more_refused: match all - listed.min(all) {
                0 => String::new(),
                more => texts::count("imports.more", more as i64),
            },
            has_file: has_file && all > 0,
            again: row.runs > 1,
            to_calls: report.brought.as_ref().map(|it| calls_of(it, &shell.zone)),
            one_call: report.brought.as_ref().is_some_and(|it| it.contacts == 1),
            brought: ids.iter().map(|id| (address::call(id), id.clone())).collect(),
            more_brought: match report
                .brought
                .as_ref()
                .map_or(0, |it| it.contacts.saturating_sub(ids.len() as u64))
            {
                0 => String::new(),
                more => texts::count("imports.more", signed(more)),
            },
            warnings: Warnings { problems: report.warnings.iter().map(Problem::from).collect() },
        }
    }
}
