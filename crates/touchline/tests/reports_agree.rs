//! One truth, three ways to read it: the totals of a report page, its file, and the Gladly dialect's report of the same
//! days tell the same about the sample organisation.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may end here")]

mod common;

use common::{Engine, Server, Site, on_both_engines};
use reqwest::header;
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashMap};

on_both_engines!(pages_files_and_the_gladly_dialect_agree);

/// A row of a file, by header.
type Row = HashMap<String, String>;

/// Reads CSV (RFC 4180).
fn rows(text: &str) -> Vec<Row> {
    let (mut lines, mut line, mut cell) = (Vec::new(), Vec::new(), String::new());
    let (mut inside, mut chars) = (false, text.chars().peekable());
    while let Some(c) = chars.next() {
        match (inside, c) {
            (true, '"') if chars.peek() == Some(&'"') => {
                chars.next();
                cell.push('"');
            }
            (_, '"') => inside = !inside,
            (false, ',') => line.push(std::mem::take(&mut cell)),
            (false, '\r') => {}
            (false, '\n') => {
                line.push(std::mem::take(&mut cell));
                lines.push(std::mem::take(&mut line));
            }
            (_, c) => cell.push(c),
        }
    }
    let mut lines = lines.into_iter();
    let head = lines.next().unwrap();
    lines.map(|line| head.iter().cloned().zip(line).collect()).collect()
}

fn seconds(rows: &[Row], column: &str) -> f64 {
    rows.iter().map(|row| row[column].parse::<f64>().unwrap_or(0.0)).sum()
}

fn ids(rows: &[Row], column: &str) -> BTreeSet<String> {
    // An id that a spreadsheet would take for a formula has an apostrophe before it in our file.
    rows.iter().map(|row| row[column].trim_start_matches('\'').to_owned()).collect()
}

fn having(rows: &[Row], column: &str, value: &str) -> usize {
    rows.iter().filter(|row| row[column] == value).count()
}

/// The exact value beside a label among the totals of a page.
#[track_caller]
fn total(page: &str, label: &str) -> String {
    let (_, rest) =
        page.split_once(&format!("<dt>{label}</dt>")).unwrap_or_else(|| panic!("{label}: {page}"));
    rest.split_once("<data value=\"").unwrap().1.split_once('"').unwrap().0.to_owned()
}

/// Rounding each row to milliseconds, as that dialect does, moves a sum by half of one for each.
#[track_caller]
fn same(page: &str, label: &str, file: f64, gladly: f64, rows: usize) {
    let shown: f64 = total(page, label).parse().unwrap();
    assert!(
        (shown - file).abs() < 1e-6 * rows as f64 + 1e-6,
        "{label}: the page has {shown}, its file {file}"
    );
    assert!((shown - gladly).abs() <= 0.000_5 * rows as f64 + 1e-6, "{label}: {shown} here, {gladly} there");
    assert!(shown > 0.0, "{label}: nothing was compared");
}

/// Somebody with a browser, and somebody with a Gladly client.
struct Reader<'s> {
    server: &'s Server,
    cookie: String,
    gladly: (String, String),
}

impl Reader<'_> {
    async fn get(&self, path: &str) -> String {
        let request = self.server.client.get(format!("{}{path}", self.server.base));
        let answer = request.header(header::COOKIE, &self.cookie).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        answer.text().await.unwrap()
    }
    async fn report(&self, set: &str, days: (&str, &str), zone: &str, filters: Value) -> Vec<Row> {
        let body = json!({ "metricSet": set, "startAt": days.0, "endAt": days.1, "timezone": zone, "filters": filters });
        let request = self.server.client.post(format!("{}/api/v1/reports", self.server.base));
        let request = request.basic_auth(&self.gladly.0, Some(&self.gladly.1)).body(body.to_string());
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 200, "{body}");
        rows(&answer.text().await.unwrap())
    }
}

async fn pages_files_and_the_gladly_dialect_agree(engine: Engine) {
    let site = Site::fresh(engine).await;
    let loaded = site.run(&["demo", "--load-only", "--seed", "7", "--contacts", "250"]);
    assert!(loaded.status.success(), "{}", String::from_utf8_lossy(&loaded.stderr));
    let server = site.serve();
    let logins = std::fs::read(site.data().join("demo-credentials.json")).unwrap();
    let logins: Value = serde_json::from_slice(&logins).unwrap();
    let manager = logins["web"].as_array().unwrap().iter().find(|it| it["role"] == "manager").unwrap();
    let text = |it: &Value| it.as_str().unwrap().to_owned();
    // The server's answer holds the cookie; it must not be lost on the way to the first page.
    let browser = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let form = [("email", text(&manager["email"])), ("password", text(&manager["password"]))];
    let request = browser.post(format!("{}/sign-in", server.base)).header("sec-fetch-site", "same-origin");
    let entered = request.form(&form).send().await.unwrap();
    let cookie =
        entered.headers()[header::SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();
    let gladly = (text(&logins["gladly"]["email"]), text(&logins["gladly"]["token"]));
    let reader = Reader { server: &server, cookie, gladly };
    // Two weeks that are over: nothing of them is still open.
    let day = |ago: i64| {
        let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_micros() as i64;
        let at = touchline_model::Timestamp::from_micros(now).plus_secs(-ago * 86_400);
        at.to_string()[..10].to_owned()
    };
    let (first, last) = (day(20), day(6));
    for zone in ["America/St_Johns", "Europe/Berlin"] {
        let asked = format!("from={first}&to={last}&zone={zone}");
        let days = (first.as_str(), last.as_str());

        let page = reader.get(&format!("/reports/contacts?{asked}")).await;
        let file = rows(&reader.get(&format!("/reports/contacts.csv?{asked}")).await);
        let there = reader.report("ContactExportReportV3", days, zone, json!({})).await;
        assert_eq!(ids(&file, "contact_id"), ids(&there, "Contact ID"));
        assert_eq!(total(&page, "Contacts begun"), there.len().to_string());
        let n = there.len();
        let handle = seconds(&there, "Handle Time in seconds");
        same(&page, "Handle time", seconds(&file, "handle_seconds"), handle, n);
        let after = seconds(&there, "After Contact Time in seconds");
        same(&page, "After-contact time", seconds(&file, "after_contact_seconds"), after, n);
        let (met, missed) = ("Fulfilled Before Due", having(&file, "within_sla", "false"));
        let (met, missed_there) = (having(&there, met, "true"), having(&there, met, "false"));
        assert_eq!(total(&page, "In time"), format!("{met}/{}", met + missed));
        assert_eq!((having(&file, "within_sla", "true"), missed), (met, missed_there));
        // Of those who wait on the line.
        let waited = "Queued-to-First Accepted Time in seconds";
        let live =
            |row: &&Row| ["PHONE_CALL", "CHAT"].contains(&row["Channel"].as_str()) && !row[waited].is_empty();
        let live: Vec<Row> = there.iter().filter(live).cloned().collect();
        assert!(!live.is_empty());
        let mean = seconds(&live, waited) / live.len() as f64;
        let shown: f64 = total(&page, "Speed of answer").parse().unwrap();
        assert!((shown - mean).abs() < 0.001, "{shown} here, {mean} there");

        for (filter, there) in [("", json!({})), ("&channel=chat", json!({ "channel": "chat" }))] {
            let asked = format!("{asked}{filter}");
            let page = reader.get(&format!("/reports/work-sessions?{asked}")).await;
            let file = rows(&reader.get(&format!("/reports/work-sessions.csv?{asked}")).await);
            let there = reader.report("WorkSessionsReportV3", days, zone, there).await;
            assert_eq!(ids(&file, "id"), ids(&there, "id"), "{filter}");
            let contacts = ids(&there, "contact_session_id").len();
            assert_eq!(total(&page, "Contacts"), contacts.to_string(), "{filter}");
            let handle = seconds(&there, "work_session_handle_time_sec");
            same(&page, "Handle time", seconds(&file, "handle_seconds"), handle, there.len());
            let after = seconds(&there, "work_session_after_contact_time_sec");
            same(&page, "After-contact time", seconds(&file, "after_contact_seconds"), after, there.len());
        }

        let page = reader.get(&format!("/reports/agents?{asked}")).await;
        let file = rows(&reader.get(&format!("/reports/agents.csv?{asked}")).await);
        let there = reader.report("AgentSummaryV2", days, zone, json!({})).await;
        assert_eq!((file.len(), ids(&file, "agent_id")), (there.len(), ids(&there, "Agent ID")));
        for (label, column, name) in [
            ("Logged in", "logged_in_seconds", "Logged In Time in seconds"),
            ("Available", "available_seconds", "Available Time in seconds - Any"),
            ("Away", "away_seconds", "Away Time in seconds"),
            ("Handle time", "handle_seconds", "Handle Time in seconds"),
            ("After-contact time", "after_contact_seconds", "After Contact Time in seconds"),
            ("Offered", "offered", "Contact Offered"),
            ("Accepted", "accepted", "Contact Accepted"),
        ] {
            same(&page, label, seconds(&file, column), seconds(&there, name), there.len());
        }
    }
}
