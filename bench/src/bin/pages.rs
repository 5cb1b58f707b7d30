//! `GET /api/ev/2/calls` over 1,000,000 calls, page by page, beside a bare rusqlite loop that builds the same JSON,
//! and beside datasette on the same table.
//!
//! `cargo run --release --bin pages` (after `cargo build --release` of the program); `pages.py` measures datasette.

use rusqlite::{Connection, OpenFlags};
use serde::Serialize;
use serde_json::value::RawValue;
use std::{collections::BTreeMap, path::Path, process::Command, sync::Arc, time::Instant};
use touchline_bench::{Client, Server, median, program, scratch};
use touchline_model::{
    CallStats, Contact, ContactState, MediaTime, Summary, SystemClock, TalkSpeed, TenantId, Timestamp, User,
};
use touchline_store::{Analysis, Batch, Store};

const CALLS: usize = 1_000_000;
const PAGE: usize = 1_000;

async fn build(data: &Path) {
    let store = Store::open_sqlite(&data.join("touchline.db"), Arc::new(SystemClock)).await.unwrap();
    let tenant = TenantId("acme".to_owned());
    let mut batch = Batch::new(&tenant);
    for n in 0..50 {
        batch.put(&User {
            id: format!("agent-{n}").into(),
            email: format!("agent{n}@example.com"),
            active: true,
            ..User::default()
        });
    }
    store.apply(batch).await.unwrap();
    let stats = |n: usize| CallStats {
        internal_talk_time: 418.0 + n as f64 % 7.0,
        external_talk_time: 238.25,
        talk_ratio: 0.637,
        interchanges_per_minute: 2.589_041,
        longest_segments: BTreeMap::from([(0, 76.0), (1, 34.47)]),
        talk_speeds: vec![TalkSpeed {
            start: 0.5,
            end: 299.5,
            words_per_minute: BTreeMap::from([(0, 102.7), (1, 56.6)]),
        }],
        silence: 12.5,
        overlap: 1.25,
        longest_monologue: 80.0,
    };
    for step in 0..CALLS / 2_000 {
        let mut batch = Batch::new(&tenant);
        for n in step * 2_000..(step + 1) * 2_000 {
            let metadata = serde_json::json!({ "queue": "billing", "company": format!("Company {}", n % 1_000), "score": n % 100 });
            let contact = Contact {
                id: format!("{:08x}-0000-7000-8000-{n:012x}", n.wrapping_mul(2_654_435_761) as u32).into(),
                agent_id: Some(format!("agent-{}", n % 50).into()),
                started_at: Timestamp::from_micros(1_700_000_000_000_000 + n as i64 * 1_000_000),
                duration: MediaTime::from_secs(720.0 + (n % 60) as f64),
                state: Some(ContactState::new(ContactState::COMPLETE)),
                original_path: Some(format!("recordings/{n}.wav")),
                metadata: metadata.as_object().unwrap().clone(),
                ..serde_json::from_str(r#"{"started_at":"2026-01-01T00:00:00Z"}"#).unwrap()
            };
            batch.put(&contact);
            let analysis = Analysis {
                version: touchline_analysis::VERSION,
                stats: stats(n),
                summary: Summary::default(),
                speakers: vec![],
            };
            batch.put_analysis(contact.id.as_str(), &analysis);
        }
        store.apply(batch).await.unwrap();
    }
    store.close().await;
}

/// What a call looks like on the wire: the bare loop builds the same bytes.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Call<'a> {
    id: &'a str,
    caller_email: Option<&'a str>,
    caller_id: &'a str,
    call_time: Timestamp,
    duration: MediaTime,
    direction: &'a str,
    state: &'a str,
    stats: Option<Stats>,
    original_path: Option<&'a str>,
    call_summary: Option<serde_json::Value>,
    metadata: &'a RawValue,
    modified: Timestamp,
}
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Stats {
    internal_talk_time: f64,
    external_talk_time: f64,
    talk_ratio: f64,
    interchanges_per_minute: f64,
    longest_segment_durations: BTreeMap<u16, f64>,
    talk_speeds: Vec<Speed>,
}
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Speed {
    start: f64,
    end: f64,
    words_per_minute: BTreeMap<u16, f64>,
}

const SQL: &str = "SELECT c.id, c.agent, u.email, c.started_at, c.duration, c.direction, c.state, c.original_path, \
     c.metadata, a.stats, a.summary, c.modified, c.seq FROM contacts c \
     LEFT JOIN analyses a ON a.tenant = c.tenant AND a.contact = c.id \
     LEFT JOIN users u ON u.tenant = c.tenant AND u.id = c.agent \
     WHERE c.tenant = 'acme' AND (c.modified, c.seq) > (?, ?) ORDER BY c.modified, c.seq LIMIT ?";

/// One page as JSON; moves `after` on.
fn bare_page(db: &Connection, after: &mut (i64, i64)) -> Vec<u8> {
    let mut statement = db.prepare_cached(SQL).unwrap();
    let mut rows = statement.query((after.0, after.1, PAGE as i64)).unwrap();
    let mut out = vec![b'['];
    while let Some(row) = rows.next().unwrap() {
        let text = |column: usize| row.get_ref(column).unwrap().as_str_or_null().unwrap();
        let stats: Option<CallStats> = text(9).map(|json| serde_json::from_str(json).unwrap());
        let summary: Option<Summary> = text(10).map(|json| serde_json::from_str(json).unwrap());
        if out.len() > 1 {
            out.push(b',');
        }
        *after = (row.get(11).unwrap(), row.get(12).unwrap());
        let call = Call {
            id: text(0).unwrap(),
            caller_email: text(2),
            caller_id: text(1).unwrap_or_default(),
            call_time: Timestamp::from_micros(row.get(3).unwrap()),
            duration: MediaTime::from_micros(row.get(4).unwrap()),
            direction: text(5).unwrap(),
            state: text(6).unwrap(),
            stats: stats.map(|it| Stats {
                internal_talk_time: it.internal_talk_time,
                external_talk_time: it.external_talk_time,
                talk_ratio: it.talk_ratio,
                interchanges_per_minute: it.interchanges_per_minute,
                longest_segment_durations: it.longest_segments,
                talk_speeds: it
                    .talk_speeds
                    .into_iter()
                    .map(|it| Speed { start: it.start, end: it.end, words_per_minute: it.words_per_minute })
                    .collect(),
            }),
            original_path: text(7),
            call_summary: summary
                .map(|_| serde_json::json!({ "nextSteps": [], "questionsAndAnswers": [], "summary": null })),
            metadata: serde_json::from_str(text(8).unwrap()).unwrap(),
            modified: Timestamp::from_micros(after.0),
        };
        serde_json::to_writer(&mut out, &call).unwrap();
    }
    out.push(b']');
    out
}

struct Pager {
    client: Client,
    next: String,
}

impl Pager {
    fn page(&mut self) -> Vec<u8> {
        let body = self.client.get(&format!("/api/ev/2/calls?limit={PAGE}&{}", self.next));
        // Only the last row is read, as little as a client can do.
        let last = body.windows(7).rposition(|window| window == b"{\"id\":\"").unwrap();
        let last: serde_json::Value = serde_json::from_slice(&body[last..body.len() - 1]).unwrap();
        self.next =
            format!("since={}&last_id={}", last["modified"].as_str().unwrap(), last["id"].as_str().unwrap());
        body
    }
}

fn same(ours: &[u8], theirs: &[u8]) {
    let (ours, theirs): (serde_json::Value, serde_json::Value) =
        (serde_json::from_slice(ours).unwrap(), serde_json::from_slice(theirs).unwrap());
    assert_eq!(ours, theirs);
}

fn main() {
    let data = scratch("pages");
    if !data.join("complete").exists() {
        let made =
            Command::new(program()).args(["tenant", "create", "acme", "--data"]).arg(&data).status().unwrap();
        assert!(made.success());
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        println!("building a store of {CALLS} calls ...");
        runtime.block_on(build(&data));
        std::fs::write(data.join("complete"), "").unwrap();
    }
    let key = Command::new(program())
        .args(["key", "create", "--dialect", "c360", "--tenant", "acme", "--data"])
        .arg(&data)
        .output()
        .unwrap();
    let key = String::from_utf8(key.stdout).unwrap();
    let of = |name: &str| key.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim().to_owned();
    let basic = format!("Authorization: Basic {}", base64(&format!("{}:{}", of("user id"), of("password"))));

    let server = Server::start(&data);
    println!("ready after {:.0} ms on a store of {CALLS} calls", server.ready_after.as_secs_f64() * 1e3);
    std::thread::sleep(std::time::Duration::from_secs(3));
    println!("idle: {:.1} MiB resident", server.resident_mib());
    let db =
        Connection::open_with_flags(data.join("touchline.db"), OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    db.execute_batch("PRAGMA cache_size = -8000; PRAGMA mmap_size = 268435456;").unwrap();

    let fresh = || Pager {
        client: Client::connect(&server.address, &basic),
        next: "since=2000-01-01T00:00Z".to_owned(),
    };
    let mut pager = fresh();
    let mut after = (0, 0);
    // In turn, ten pages each, so that both see the same machine; the whole table once.
    let (mut ours, mut theirs, mut ratios) = (vec![], vec![], vec![]);
    let mut times = vec![];
    let mut rows = 0;
    for block in 0..CALLS / PAGE / 10 {
        let mut bodies = vec![];
        let started = Instant::now();
        for _ in 0..10 {
            let page = Instant::now();
            bodies.push(pager.page());
            times.push(page.elapsed().as_secs_f64() * 1e3);
        }
        let mine = started.elapsed().as_secs_f64();
        let started = Instant::now();
        let bare: Vec<Vec<u8>> = (0..10).map(|_| bare_page(&db, &mut after)).collect();
        let its = started.elapsed().as_secs_f64();
        if block % 20 == 0 {
            bodies.iter().zip(&bare).for_each(|(ours, theirs)| same(ours, theirs));
        }
        rows += bodies
            .iter()
            .zip(&bare)
            .map(|(a, b)| {
                assert_eq!(a.len(), b.len());
                PAGE
            })
            .sum::<usize>();
        ours.push(10.0 * PAGE as f64 / mine);
        theirs.push(10.0 * PAGE as f64 / its);
        ratios.push(its / mine);
    }
    assert_eq!(rows, CALLS);
    let (mine, bare) = (median(ours), median(theirs));
    println!(
        "GET /calls, {PAGE} a page, {CALLS} calls: {mine:.0} rows/s; bare rusqlite loop {bare:.0} rows/s; median ratio {:.2} (goal 0.7)",
        median(ratios)
    );
    let at = |from: usize| median(times[from..from + 20].to_vec());
    println!("pages 1-20: {:.2} ms, pages 891-910: {:.2} ms (median)", at(0), at(890));
    println!("after a million rows: {:.1} MiB resident", server.resident_mib());
}

fn base64(text: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    text.as_bytes()
        .chunks(3)
        .flat_map(|part| {
            let bits =
                part.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - part.len()));
            (0..4).map(move |n| {
                if n <= part.len() { DIGITS[(bits >> (18 - 6 * n)) as usize & 63] as char } else { '=' }
            })
        })
        .collect()
}
