//! Bulk ingest over HTTP beside a bare loop of prepared statements with the same durability.
//!
//! `cargo run --release --bin ingest [CONTACTS]` (after `cargo build --release` of the program). Both sides take the same NDJSON,
//! parse it with serde_json, write a contact and its transcript to SQLite in WAL mode with `synchronous = FULL`, and
//! commit every 500 contacts. The server besides validates, numbers every change, keeps the change feed, the search
//! index and the audit trail, queues the analysis, and runs it at the same time.

use serde::{Deserialize, Serialize};
use std::{fmt::Write, path::Path, process::Command, time::Instant};
use touchline_bench::{Client, Server, median, program, scratch};

const CONTACTS: usize = 10_000;
const WORDS: usize = 150;
const COMMIT: usize = 500;
const ROUNDS: usize = 3;

#[derive(Serialize, Deserialize)]
struct Word {
    start: f64,
    end: f64,
    text: String,
    speaker: u16,
}
#[derive(Deserialize)]
struct Transcript {
    words: Vec<Word>,
}
#[derive(Deserialize)]
struct Contact {
    id: String,
    agent_id: String,
    started_at: String,
    duration: f64,
    metadata: serde_json::Value,
    transcript: Transcript,
}

fn ndjson(contacts: usize) -> String {
    let vocabulary =
        ["hello", "thank", "you", "calling", "contract", "price", "cancel", "router", "invoice", "please"];
    let mut out = String::new();
    for n in 0..contacts {
        write!(
            out,
            r#"{{"id":"contact-{n:07}","agent_id":"agent-{}","started_at":"2026-03-01T09:00:00Z","duration":120,"metadata":{{"queue":"billing","number":{n}}},"transcript":{{"words":["#,
            n % 50
        )
        .unwrap();
        for w in 0..WORDS {
            let text = vocabulary[(n * 7 + w * 3) % vocabulary.len()];
            let start = w as f64 * 0.4;
            let comma = if w == 0 { "" } else { "," };
            write!(
                out,
                r#"{comma}{{"start":{start:.2},"end":{:.2},"text":"{text}","speaker":{}}}"#,
                start + 0.3,
                w / 12 % 2
            )
            .unwrap();
        }
        out.push_str("]}}\n");
    }
    out
}

fn bare(path: &Path, lines: &str, contacts: usize) -> f64 {
    let db = rusqlite::Connection::open(path).unwrap();
    db.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000;
         CREATE TABLE contacts (tenant TEXT NOT NULL, id TEXT NOT NULL, agent TEXT, started_at TEXT NOT NULL,
             duration REAL NOT NULL, metadata TEXT NOT NULL, PRIMARY KEY (tenant, id)) STRICT;
         CREATE TABLE transcripts (tenant TEXT NOT NULL, contact TEXT NOT NULL, body TEXT NOT NULL,
             PRIMARY KEY (tenant, contact)) STRICT;",
    )
    .unwrap();
    let started = Instant::now();
    let lines: Vec<&str> = lines.lines().collect();
    for step in lines.chunks(COMMIT) {
        db.execute_batch("BEGIN IMMEDIATE").unwrap();
        for line in step {
            let it: Contact = serde_json::from_str(line).unwrap();
            let words = serde_json::to_string(&it.transcript.words).unwrap();
            db.prepare_cached("INSERT INTO contacts VALUES ('acme', ?, ?, ?, ?, ?)")
                .unwrap()
                .execute((&it.id, &it.agent_id, &it.started_at, it.duration, it.metadata.to_string()))
                .unwrap();
            db.prepare_cached("INSERT INTO transcripts VALUES ('acme', ?, ?)")
                .unwrap()
                .execute((&it.id, &words))
                .unwrap();
        }
        db.execute_batch("COMMIT").unwrap();
    }
    let took = started.elapsed().as_secs_f64();
    let count: i64 = db.query_row("SELECT COUNT(*) FROM transcripts", [], |row| row.get(0)).unwrap();
    assert_eq!(count, contacts as i64);
    contacts as f64 / took
}

fn served(data: &Path, lines: &str, contacts: usize) -> f64 {
    let made =
        Command::new(program()).args(["tenant", "create", "acme", "--data"]).arg(data).output().unwrap();
    let text = String::from_utf8(made.stdout).unwrap();
    let token = text.lines().find(|line| line.starts_with("tl_")).unwrap();
    let server = Server::start(data);
    let mut client = Client::connect(&server.address, &format!("Authorization: Bearer {token}"));
    let started = Instant::now();
    let report = client.send("POST", "/api/touchline/v1/contacts", "application/x-ndjson", lines.as_bytes());
    let took = started.elapsed().as_secs_f64();
    let report = String::from_utf8(report).unwrap();
    let last: serde_json::Value = serde_json::from_str(report.lines().last().unwrap()).unwrap();
    assert_eq!(last["summary"]["created"], contacts);
    contacts as f64 / took
}

fn main() {
    let contacts = std::env::args().nth(1).map_or(CONTACTS, |text| text.parse().unwrap());
    let lines = ndjson(contacts);
    println!(
        "{contacts} contacts of {WORDS} words, {:.1} MB of NDJSON, a commit every {COMMIT}",
        lines.len() as f64 / 1e6
    );
    let (mut ratios, mut ours, mut theirs) = (vec![], vec![], vec![]);
    for round in 0..ROUNDS {
        let folder = scratch("ingest");
        std::fs::remove_dir_all(&folder).unwrap();
        let folder = scratch("ingest");
        let b = bare(&folder.join("bare.db"), &lines, contacts);
        let s = served(&folder.join("data"), &lines, contacts);
        println!(
            "round {round}: bare loop {b:.0} contacts/s, Touchline {s:.0} contacts/s, ratio {:.2}",
            s / b
        );
        ratios.push(s / b);
        ours.push(s);
        theirs.push(b);
    }
    println!(
        "median: bare {:.0}, Touchline {:.0} contacts/s, ratio {:.2} (goal 0.5)",
        median(theirs),
        median(ours),
        median(ratios)
    );
}
