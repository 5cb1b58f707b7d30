//! Ingest of events over HTTP beside a bare loop of prepared statements with the same durability.
//!
//! `cargo run --release --bin events [EVENTS]` (after `cargo build --release` of the program). Both sides take the same
//! NDJSON, parse it with serde_json, write each event to SQLite in WAL mode with `synchronous = FULL` under a key by
//! order and one by id, and commit every 4,000 events. The server besides validates, answers each line, finds out which
//! customers are one, keeps indexes for reports, the change feed and the audit trail, and works out the contacts at the
//! same time.

use serde::Deserialize;
use std::{path::Path, time::Instant};
use touchline_bench::{
    Client,
    centre::contact,
    load::{keys, serve},
    median, scratch,
};

const EVENTS: usize = 1_000_000;
const COMMIT: usize = 4_000;
const ROUNDS: usize = 3;

#[derive(Deserialize)]
struct Event {
    id: String,
    timestamp: String,
    #[serde(rename = "type")]
    kind: String,
    content: serde_json::Value,
}

/// Events of many contacts, as a centre would send them: by when they happened.
fn ndjson(events: usize) -> Vec<u8> {
    let mut all = Vec::with_capacity(events + 20);
    let mut n = 0;
    while all.len() < events {
        all.extend(contact(n));
        n += 1;
    }
    all.truncate(events);
    all.sort_by_key(|event| event.timestamp);
    let mut lines = Vec::with_capacity(events * 400);
    for event in &all {
        serde_json::to_writer(&mut lines, event).unwrap();
        lines.push(b'\n');
    }
    lines
}

fn bare(path: &Path, lines: &[u8], events: usize) -> f64 {
    let db = rusqlite::Connection::open(path).unwrap();
    db.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000;
         CREATE TABLE events (tenant TEXT NOT NULL, seq INTEGER NOT NULL, id TEXT NOT NULL, kind TEXT NOT NULL,
             recorded_at TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (tenant, seq)) STRICT;
         CREATE UNIQUE INDEX events_id ON events (tenant, id);",
    )
    .unwrap();
    let started = Instant::now();
    let all: Vec<&[u8]> = lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).collect();
    let mut seq = 0;
    for step in all.chunks(COMMIT) {
        db.execute_batch("BEGIN IMMEDIATE").unwrap();
        for line in step {
            let it: Event = serde_json::from_slice(line).unwrap();
            seq += 1;
            db.prepare_cached("INSERT INTO events VALUES ('acme', ?, ?, ?, ?, ?)")
                .unwrap()
                .execute((seq, &it.id, &it.kind, &it.timestamp, it.content.to_string()))
                .unwrap();
        }
        db.execute_batch("COMMIT").unwrap();
    }
    let took = started.elapsed().as_secs_f64();
    let count: i64 = db.query_row("SELECT COUNT(*) FROM events", [], |row| row.get(0)).unwrap();
    assert_eq!(count, events as i64);
    events as f64 / took
}

fn served(data: &Path, lines: &[u8], events: usize) -> f64 {
    let keys = keys(data);
    let server = serve(data);
    let mut client = Client::connect(&server.address, &keys.native);
    let started = Instant::now();
    let report = client.send("POST", "/api/touchline/v1/events", "application/x-ndjson", lines);
    let took = started.elapsed().as_secs_f64();
    let report = String::from_utf8(report).unwrap();
    let last: serde_json::Value = serde_json::from_str(report.lines().last().unwrap()).unwrap();
    assert_eq!(last["summary"]["created"], events);
    println!(
        "  server: {:.1} s of processor, {:.0} MiB of memory not of files",
        server.cpu(),
        server.memory_mib().1
    );
    events as f64 / took
}

fn main() {
    let events = std::env::args().nth(1).map_or(EVENTS, |text| text.parse().unwrap());
    let lines = ndjson(events);
    println!("{events} events, {:.1} MB of NDJSON, a commit every {COMMIT}", lines.len() as f64 / 1e6);
    let (mut ratios, mut ours, mut theirs) = (vec![], vec![], vec![]);
    for round in 0..ROUNDS {
        let folder = scratch("events");
        std::fs::remove_dir_all(&folder).unwrap();
        let folder = scratch("events");
        let b = bare(&folder.join("bare.db"), &lines, events);
        let data = folder.join("data");
        std::fs::create_dir(&data).unwrap();
        let s = served(&data, &lines, events);
        println!("round {round}: bare loop {b:.0} events/s, Touchline {s:.0} events/s, ratio {:.2}", s / b);
        ratios.push(s / b);
        ours.push(s);
        theirs.push(b);
    }
    println!(
        "median: bare {:.0}, Touchline {:.0} events/s, ratio {:.2} (goal 0.5)",
        median(theirs),
        median(ours),
        median(ratios)
    );
}
