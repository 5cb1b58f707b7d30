//! The templates with samples: empty, typical, hostile, very long.

use super::{
    jobs::{self, Jobs},
    list::{Imports, Row, bounds},
    one::{ImportPage, Stage},
    view::{PreviewView, ProgressView, ReportView, told},
};
use crate::shell::Shell;
use askama::Template;
use serde_json::json;
use std::collections::HashMap;
use touchline_app::{
    imports::{ImportRow, ImportState, ImportView},
    store::{Job, JobState},
};
use touchline_intake::{Preview, desk::StagedOptions};
use touchline_model::Timestamp;

const HOSTILE: &str = "<script>alert(1)</script>\"'&";
const ESCAPED: &str = "&#60;script&#62;alert(1)&#60;/script&#62;&#34;&#39;&#38;";

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn shell() -> Shell {
    Shell { now: time("2026-03-10T12:00:00Z"), ..Shell::bare("common.nav_imports") }
}

fn view(state: ImportState, name: &str) -> ImportView {
    let row = ImportRow {
        id: "0190".to_owned(),
        state,
        actor: "user:ana".to_owned(),
        user: Some("ana".to_owned().into()),
        source: String::new(),
        abilities: [].into(),
        files: 12,
        bytes: 1_536,
        name: name.to_owned(),
        options: json!({}),
        progress: None,
        report: None,
        error: None,
        runs: 1,
        created_at: time("2026-03-10T11:55:00Z"),
        changed_at: time("2026-03-10T11:56:00Z"),
    };
    ImportView { row, stuck: None }
}

fn report(refused: u64, reason: &str) -> serde_json::Value {
    json!({
        "counts": {
            "contacts": { "created": 1_240, "updated": 2, "unchanged": 3, "refused": refused },
            "transcripts": { "created": 5, "updated": 0, "unchanged": 0, "refused": 0 }
        },
        "recordings": 7,
        "refusals": [{ "file": format!("{HOSTILE}.csv"), "line": 17, "id": HOSTILE, "reason": reason }],
        "waiting": { "contacts": 9, "at_least": false }
    })
}

fn done(refused: u64, reason: &str) -> ImportView {
    let mut view = view(ImportState::Done, "march");
    view.row.report = Some(report(refused, reason));
    view
}

fn list(views: &[ImportView], may_see_jobs: bool, error: Option<&str>) -> String {
    let names = HashMap::from([("ana".to_owned(), HOSTILE.to_owned())]);
    let shell = shell();
    let rows = views.iter().map(|view| Row::new(view, &names, &shell)).collect();
    Imports { rows, may_see_jobs, error: error.map(str::to_owned), bounds: bounds(), shell }.render().unwrap()
}

fn page(view: &ImportView, stage: Stage, error: Option<(&str, &str)>) -> String {
    let shell = shell();
    ImportPage {
        id: view.row.id.clone(),
        files: "12 files".to_owned(),
        when: shell.when(&view.row.created_at),
        told: told(view),
        stage,
        options: StagedOptions { zone: HOSTILE.to_owned(), started_at: "file".to_owned() },
        error: error.map(|(field, reason)| (field.to_owned(), reason.to_owned())),
        shell,
    }
    .render()
    .unwrap()
}

fn preview(value: serde_json::Value) -> String {
    let preview: Preview = serde_json::from_value(value).unwrap();
    PreviewView::new(&preview, &shell()).render().unwrap()
}

#[test]
fn an_empty_list_offers_files_and_a_folder_without_any_script() {
    let page = list(&[], false, None);
    assert!(page.contains("Nothing has been brought in") && !page.contains("class=\"list imports\""));
    assert!(page.contains("enctype=\"multipart/form-data\"") && page.contains("webkitdirectory"));
    assert!(page.contains("Up to 20,000 files and 8.0 GiB"));
    assert!(!page.contains("/imports/jobs"), "jobs are the administrator's");
    assert!(list(&[], true, Some(HOSTILE)).contains(ESCAPED));
}

#[test]
fn the_list_says_where_each_import_stands() {
    let failed = view(ImportState::Failed, "");
    let stuck = ImportView { stuck: Some("it died".to_owned()), ..view(ImportState::Running, "c") };
    let long = format!("{HOSTILE}{}", "x".repeat(300));
    let all = [
        view(ImportState::Staged, &long),
        view(ImportState::Running, "b"),
        done(0, ""),
        done(2, ""),
        failed,
        stuck,
    ];
    let page = list(&all, true, None);
    for said in
        ["To be looked at", "Under way", "Done, some refused", "Failed", "Stuck", "href=\"/imports/jobs\""]
    {
        assert!(page.contains(said), "{said}");
    }
    assert!(page.contains("contacts: 1,240 new, 2 changed, 3 as before, 2 refused; transcripts: 5 new"));
    assert!(page.contains("12 files, 1.5 KiB") && page.contains("href=\"/imports/0190\""));
    assert!(page.contains(ESCAPED) && !page.contains("<script>alert") && page.contains(&"x".repeat(300)));
}

#[test]
fn a_preview_shows_contacts_and_problems_as_they_would_be() {
    let contact = |id: &str, exists: bool| {
        json!({
            "file": "all.csv", "id": id, "exists": exists, "channel": "call",
            "started_at": "2026-03-01T09:00:00Z", "duration": 374.0, "agent": HOSTILE, "recording": "a.wav",
            "speakers": [{ "number": 0, "side": "EXTERNAL", "name": "Bo" }, { "number": 1, "side": "INTERNAL", "name": "" }],
            "words": 1_200, "first_words": format!("hello {HOSTILE}")
        })
    };
    let shown = preview(json!({
        "files": [{ "name": "all.csv", "bytes": 2_048, "format": "csv", "kind": null, "records": 1_500 },
                  { "name": "a.wav", "bytes": 5, "format": null, "kind": null, "records": 0 },
                  { "name": "users.ndjson", "bytes": 5, "format": "ndjson", "kind": "users", "records": 1 },
                  { "name": "t.json", "bytes": 5, "format": "aws-transcribe", "kind": null, "records": 1 }],
        "records": { "contacts": 1_498, "recordings": 1 }, "complete": false,
        "contacts": [contact(HOSTILE, true), contact("c2", false)],
        "problems": [{ "file": "all.csv", "line": 7, "id": HOSTILE, "reason": HOSTILE },
                     { "file": "all.csv", "line": 8, "reason": "no time zone, or give --zone" }],
        "problem_count": 150, "fields": {}
    }));
    assert!(!shown.contains("<script>alert") && shown.matches(ESCAPED).count() >= 6, "{shown}");
    assert!(shown.contains("<b>1,498</b> contacts") && shown.contains("<b>1</b> recording<"));
    assert!(shown.contains("Table of calls") && shown.contains("Transcript (Amazon Transcribe)"));
    assert!(shown.contains("Records: users") && shown.contains("Recording"));
    assert!(shown.contains("there already") && shown.contains(", new<"));
    assert!(
        shown.contains("06:14") && shown.contains("1,200 words") && shown.contains("Bo (customer), agent")
    );
    assert!(shown.contains("150 problems") && shown.contains("all.csv:7") && shown.contains("and 148 more"));
    assert!(shown.contains("no time zone, or fill in “Time zone of dates without one” on this page"));
    assert!(shown.contains("Only the beginning was looked at"));
    let nothing =
        preview(json!({ "files": [], "records": {}, "complete": true, "contacts": [], "problems": [],
        "problem_count": 0, "fields": {} }));
    assert!(nothing.contains("Nothing that can be brought in.") && !nothing.contains("first contacts"));
}

#[test]
fn where_only_a_time_is_missing_its_field_stands_first() {
    let staged = view(ImportState::Staged, "a");
    let preview: Preview = serde_json::from_value(json!({ "files": [], "records": {}, "complete": true,
        "contacts": [{ "file": "r1.wav", "id": "r1", "exists": false, "channel": "call",
            "started_at": "2026-03-01T09:00:00Z", "duration": 0, "agent": null, "recording": "r1.wav",
            "speakers": [], "words": 0, "first_words": "" }],
        "problems": [{ "file": "4711.vtt", "reason": "say when it was (--started-at)" }], "problem_count": 1,
        "warnings": [{ "file": "march.csv", "line": 2, "id": "w", "reason": HOSTILE }],
        "columns": [{ "file": "march.csv", "name": HOSTILE, "meaning": null },
                    { "file": "march.csv", "name": "agent", "meaning": "agent" }], "fields": {} }))
    .unwrap();
    let shown = page(&staged, Stage::Preview(PreviewView::new(&preview, &shell())), None);
    assert!(!shown.contains("/start\"") && shown.contains("href=\"#options\""), "{shown}");
    assert!(shown.find("id=\"started_at\"") < shown.find("File by file"), "{shown}");
    assert_eq!(shown.matches("id=\"options\"").count(), 1);
    assert!(!shown.contains("--started-at") && !shown.contains("--zone"));
    assert!(shown.contains("<span class=\"quiet\">recording r1.wav</span>"), "no dot before it: {shown}");
    assert!(
        shown.contains("Worth a look") && shown.contains("march.csv:2") && !shown.contains("<script>alert")
    );
    assert!(shown.contains("<code>agent</code>") && shown.contains("kept as a field of its own"));
}

#[test]
fn a_report_leads_to_what_came_in() {
    let mut report = report(0, "");
    report["refusals"] = json!([]);
    let shown = |brought: serde_json::Value| {
        let mut report = report.clone();
        report["brought"] = brought;
        let mut view = view(ImportState::Done, "march");
        view.row.report = Some(report);
        ReportView::new(&view.row, false, &shell()).render().unwrap()
    };
    let (from, to) = ("2026-03-01T09:00:00Z", "2026-03-03T23:59:00Z");
    let one = shown(json!({ "ids": ["a/b"], "contacts": 1, "from": from, "to": from }));
    assert!(one.contains("href=\"/calls/a%2Fb\">See the call<"), "{one}");
    let many = shown(json!({ "ids": ["a", HOSTILE], "contacts": 7, "from": from, "to": to }));
    assert!(many.contains("href=\"/calls?from=2026-03-01&#38;to=2026-03-03\""), "{many}");
    assert!(many.contains("href=\"/calls/a\"") && many.contains(ESCAPED) && many.contains("and 5 more"));
    let refused = json!({ "counts": { "recordings": { "created": 0, "updated": 0, "unchanged": 0, "refused": 5 } },
        "recordings": 0, "refusals": [] });
    let mut nothing = view(ImportState::Done, "junk");
    nothing.row.report = Some(refused);
    assert_eq!(told(&nothing).text, "imports.state_nothing");
}

#[test]
fn every_stage_offers_what_can_be_done_in_it() {
    let staged = view(ImportState::Staged, "a");
    let empty: Preview =
        serde_json::from_value(json!({ "files": [], "records": {}, "complete": true, "contacts": [],
        "problems": [], "problem_count": 0, "fields": {} }))
        .unwrap();
    let shown = page(&staged, Stage::Preview(PreviewView::new(&empty, &shell())), Some(("zone", HOSTILE)));
    assert!(
        !shown.contains("/start\"") && shown.contains("action=\"/imports/0190/discard\""),
        "where nothing can come in, nothing is offered"
    );
    assert!(
        shown.contains("id=\"zone-wrong\"") && shown.contains(&format!("value=\"{ESCAPED}\"")),
        "what was typed stays"
    );
    assert!(shown.contains("value=\"file\" checked"));
    let shown = page(&staged, Stage::Unreadable(HOSTILE.to_owned()), None);
    assert!(shown.contains(ESCAPED) && !shown.contains("/start\""), "what cannot be read is not started");
    let running = view(ImportState::Running, "a");
    let shown = page(&running, Stage::Running(ProgressView::new(&running)), None);
    assert!(
        shown.contains("It begins in a moment.") && shown.contains("data-poll=\"/imports/0190/progress\"")
    );
    assert!(!shown.contains("/discard\"") && !shown.contains("/options\""));
    let failed = view(ImportState::Failed, "a");
    let shown = page(&failed, Stage::Failed(HOSTILE.to_owned()), None);
    assert!(shown.contains(ESCAPED) && shown.contains("/start\"") && shown.contains("Try again"));
}

#[test]
fn progress_is_told_in_words_and_ends_empty() {
    let mut running = view(ImportState::Running, "a");
    running.row.progress =
        Some(json!({ "phase": "reading", "bytes": 450, "total_bytes": 1_000, "records": 1_240,
        "refused": 3, "recordings": 1 }));
    let shown = ProgressView::new(&running).render().unwrap();
    assert!(
        shown.contains("1,240 records read, 1 recording brought in, 3 refused")
            && shown.contains("value=\"45\"")
    );
    assert!(!shown.contains("interrupted"));
    running.row.runs = 2;
    assert!(ProgressView::new(&running).render().unwrap().contains("Nothing comes in twice."));
    assert_eq!(ProgressView::new(&done(0, "")).render().unwrap().trim(), "");
    running.stuck = Some(String::new());
    assert_eq!(ProgressView::new(&running).render().unwrap().trim(), "", "what is stuck does not run");
}

#[test]
fn a_report_counts_by_kind_and_lists_what_was_refused() {
    let long = format!("{HOSTILE}{}", "y".repeat(500));
    let shown = ReportView::new(&done(1_500, &long).row, true, &shell()).render().unwrap();
    assert!(shown.contains("contacts: 1,240 new, 2 changed, 3 as before, 1,500 refused; transcripts: 5 new"));
    assert!(
        shown.contains("<td class=\"number\">1,240</td>") && shown.contains("7 recordings were brought in.")
    );
    assert!(shown.contains("9 contacts are still being analysed."));
    assert!(shown.contains(&format!("{ESCAPED}.csv:17")) && !shown.contains("<script>alert"));
    assert!(shown.contains("and 1,499 more") && shown.contains("/imports/0190/refused.ndjson"));
    let fine = ReportView::new(&done(0, "").row, false, &shell()).render().unwrap();
    assert!(!fine.contains("refused.ndjson"));
    let empty = ReportView::new(&view(ImportState::Done, "a").row, false, &shell()).render().unwrap();
    assert!(empty.contains("There was nothing to bring in."));
}

#[test]
fn jobs_are_told_with_their_errors_and_dead_ones_can_be_tried_again() {
    let job = |id: &str, kind: &str, state, failures| Job {
        tenant: "acme".to_owned().into(),
        id: id.to_owned(),
        kind: kind.to_owned(),
        payload: json!({}),
        due_at: time("2026-03-10T12:10:00Z"),
        attempts: 9,
        failures,
        state,
        error: (failures > 0).then(|| HOSTILE.to_owned()),
        created_at: time("2026-03-10T11:00:00Z"),
        running: false,
    };
    let shown = |jobs: Vec<Job>, next: Option<&str>| {
        let shell = shell();
        let rows = jobs.into_iter().map(|job| jobs::Row::new(job, &shell)).collect();
        Jobs { rows, next: next.map(str::to_owned), shell }.render().unwrap()
    };
    let page = shown(
        vec![
            job("a/b", "forget-recording", JobState::Dead, 8),
            job("b", "convert", JobState::Open, 2),
            Job { running: true, ..job("c", HOSTILE, JobState::Open, 0) },
            job("put-off", "import", JobState::Open, 0),
            Job { attempts: 0, ..job("d", "listens", JobState::Open, 0) },
            Job {
                attempts: 0,
                due_at: time("2026-03-10T11:00:00Z"),
                ..job("e", "analyse", JobState::Open, 0)
            },
        ],
        Some("c%2F"),
    );
    assert!(page.contains("action=\"/imports/jobs/a%2Fb/retry\"") && page.matches("/retry\"").count() == 1);
    for state in ["Put aside", "Tried again soon", "Runs", "Put off", "Planned", "Waits"] {
        assert!(page.contains(&format!("</svg> {state}</span>")), "{state}: {page}");
    }
    assert!(page.contains("Remove a recording") && page.contains("Read a recording"));
    assert!(page.contains(ESCAPED) && !page.contains("<script>alert") && page.contains("?after=c%2F"));
    assert!(shown(vec![], None).contains("Nothing waits."));
}
