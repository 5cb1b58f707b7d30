//! Reports over HTTP beside DuckDB, which reads the same rows from Parquet files.
//!
//! `cargo run --release --bin reports -- SESSIONS [ours|sessions]` (after `cargo build --release` of the program; DuckDB by
//! `reports.py`, with the Python that the environment variable PYTHON names).
//!
//! With `sessions` there is no Agent Summary, with `ours` no DuckDB either.
//!
//! The store is filled by `load.rs`. Both sides get two cores. Touchline's client reads the answer and throws it away,
//! DuckDB writes to /dev/null; then both write to a file.

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::Instant,
};
use touchline_bench::{
    Client, Server,
    centre::{A_DAY, AGENTS, BEGIN, DAY, contact},
    deeds,
    load::{Keys, contacts_of, fill, keys, serve},
    median, scratch,
};

const ROUNDS: usize = 5;
/// Days of which the summary of agents is asked for.
const DAYS: u64 = 30;
/// Work sessions of the small store that goes both ways.
const SMALL: u64 = 12_000;

/// DuckDB in a process of its own, which is told what to do line by line and answers with seconds.
struct Duck {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

impl Duck {
    fn start() -> Self {
        let python = std::env::var("PYTHON").unwrap_or_else(|_| "python3".to_owned());
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("reports.py");
        let mut child =
            Command::new(python).arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (to, from) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        Self { child, to, from }
    }

    fn ask(&mut self, words: &[&str]) -> String {
        writeln!(self.to, "{}", words.join(" ")).unwrap();
        let mut line = String::new();
        self.from.read_line(&mut line).unwrap();
        assert!(line.ends_with('\n'), "reports.py gave up");
        line.trim().to_owned()
    }

    fn time(&mut self, words: &[&str]) -> f64 {
        self.ask(words).parse().unwrap()
    }
}

impl Drop for Duck {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a report came to.
struct Read {
    secs: f64,
    bytes: usize,
    /// Processor seconds of the server.
    cpu: f64,
    /// The most memory, and the most that is not mapped of files.
    memory: (f64, f64),
}

/// Reads a report; `into` a file, or to nowhere.
fn read(server: &Server, keys: &Keys, path: &str, body: &str, into: Option<&Path>) -> Read {
    let mut client = Client::connect(&server.address, &keys.gladly);
    let (mut bytes, mut memory, mut looked) = (0, (0.0_f64, 0.0_f64), Instant::now());
    let mut file = into.map(|path| std::fs::File::create(path).unwrap());
    let (started, cpu) = (Instant::now(), server.cpu());
    client.stream("POST", path, "application/json", body.as_bytes(), |part| {
        bytes += part.len();
        if let Some(file) = &mut file {
            file.write_all(part).unwrap();
        }
        if looked.elapsed().as_millis() > 200 {
            let (all, own) = server.memory_mib();
            memory = (memory.0.max(all), memory.1.max(own));
            looked = Instant::now();
        }
    });
    Read { secs: started.elapsed().as_secs_f64(), bytes, cpu: server.cpu() - cpu, memory }
}

fn day(n: u64) -> String {
    jiff::Timestamp::from_microsecond(BEGIN + n as i64 * DAY).unwrap().strftime("%Y-%m-%d").to_string()
}

/// All of the work sessions, in the order of the report.
fn sessions_body(contacts: u64) -> String {
    let days = contacts / AGENTS / A_DAY + 2;
    format!(r#"{{"startAtTime":"2025-12-31T00:00Z","endAtTime":"{}T00:00Z"}}"#, day(days))
}

const SESSIONS: &str = "/api/v1/reports/work-session-events";

/// The same events through the front door and by `load.rs`: the same report.
fn both_ways() {
    let contacts = contacts_of(SMALL);
    let mut csv = vec![];
    for front in [true, false] {
        let folder = scratch("reports-small");
        std::fs::remove_dir_all(&folder).unwrap();
        let folder = scratch("reports-small");
        let keys = keys(&folder);
        if !front {
            runtime().block_on(fill(&folder, SMALL, 1));
        }
        let server = serve(&folder);
        if front {
            let events: Vec<_> = (0..contacts).flat_map(contact).collect();
            let mut lines = Vec::new();
            for event in &events {
                serde_json::to_writer(&mut lines, event).unwrap();
                lines.push(b'\n');
            }
            let mut client = Client::connect(&server.address, &keys.native);
            let report = client.send("POST", "/api/touchline/v1/events", "application/x-ndjson", &lines);
            let last = String::from_utf8(report).unwrap().lines().last().unwrap().to_owned();
            let last: serde_json::Value = serde_json::from_str(&last).unwrap();
            assert_eq!(last["summary"]["created"], events.len());
        }
        let into = folder.join("sessions.csv");
        read(&server, &keys, SESSIONS, &sessions_body(contacts), Some(&into));
        csv.push(std::fs::read(into).unwrap());
    }
    assert!(csv[0] == csv[1], "the two ways differ");
    assert_eq!(csv[0].iter().filter(|byte| **byte == b'\n').count() as u64, SMALL + 1);
    println!("{SMALL} work sessions through the front door and loaded: the same {} bytes", csv[0].len());
    std::fs::remove_dir_all(scratch("reports-small")).unwrap();
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap()
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let sessions: u64 = arguments.first().map_or(5_000_000, |n| n.parse().unwrap());
    both_ways();
    let folder = scratch(&format!("reports-{sessions}"));
    let contacts = contacts_of(sessions);
    let (marker, keys_file) = (folder.join("filled"), folder.join("keys"));
    if !marker.exists() {
        std::fs::remove_dir_all(&folder).unwrap();
        std::fs::create_dir_all(&folder).unwrap();
        let keys = keys(&folder);
        std::fs::write(&keys_file, format!("{}\n{}", keys.native, keys.gladly)).unwrap();
        runtime().block_on(fill(&folder, sessions, DAYS));
        std::fs::write(&marker, "").unwrap();
    }
    let known = std::fs::read_to_string(&keys_file).unwrap();
    let (native, gladly) = known.split_once('\n').unwrap();
    let keys = Keys { native: native.to_owned(), gladly: gladly.to_owned() };
    let server = serve(&folder);
    println!(
        "memory at rest: {:.0} MiB, {:.0} MiB of it not of files",
        server.memory_mib().0,
        server.memory_mib().1
    );
    let body = sessions_body(contacts);
    let csv = folder.join("ours.csv");
    let parquet = folder.join("sessions.parquet");
    let path = |path: &Path| path.to_str().unwrap().to_owned();
    let read_sessions = |into: Option<&Path>| read(&server, &keys, SESSIONS, &body, into);
    let first = read_sessions(Some(&csv));
    println!("Work Sessions, the first time: {}", shown(&first, sessions));
    let only_ours = arguments.get(1).is_some_and(|it| it == "ours");
    if only_ours {
        for _ in 0..3 {
            println!("Work Sessions: {}", shown(&read_sessions(None), sessions));
        }
        return;
    }
    let mut duck = Duck::start();
    if arguments.get(1).is_none_or(|it| it != "sessions") {
        agents(&server, &keys, &folder, contacts, &mut duck);
    }
    // The truth about the rows, from the events and not from the report.
    let expected = expected(contacts);
    assert_eq!(
        duck.ask(&["parquet", &path(&csv), &path(&parquet)]),
        format!("{sessions} {contacts} {expected}")
    );
    for (name, ours, theirs) in [
        ("to nowhere", None, "/dev/null".to_owned()),
        ("to a file", Some(folder.join("a.csv")), path(&folder.join("b.csv"))),
    ] {
        let (mut all, mut a, mut b) = (vec![], vec![], vec![]);
        for _ in 0..ROUNDS {
            let it = read_sessions(ours.as_deref());
            assert_eq!(it.bytes, first.bytes);
            let duck = duck.time(&["copy", &path(&parquet), &theirs]);
            println!("  {name}: {} | DuckDB {duck:.2} s", shown(&it, sessions));
            all.push(duck / it.secs);
            a.push(it.secs);
            b.push(duck);
        }
        println!(
            "Work Sessions {name}: Touchline {:.2} s, DuckDB {:.2} s, {:.2} times as fast (goal 1)",
            median(a),
            median(b),
            median(all)
        );
        if let Some(ours) = ours {
            assert_eq!(duck.ask(&["same", &path(&ours), &theirs]), "0");
            let _ = std::fs::remove_file(&ours);
            let _ = std::fs::remove_file(&theirs);
        }
    }
}

/// The summary of agents by half hours, beside the same made of what the agents did.
fn agents(server: &Server, keys: &Keys, folder: &Path, contacts: u64, duck: &mut Duck) {
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let body = format!(
        r#"{{"metricSet":"AgentSummary","startAt":"{}","endAt":"{}","aggregationLevel":"halfHourly"}}"#,
        day(0),
        day(DAYS - 1)
    );
    let read_agents = |into: Option<&Path>| read(server, keys, "/api/v1/reports", &body, into);
    let (counts, spans) = (folder.join("counts.csv"), folder.join("spans.csv"));
    if !counts.exists() {
        deeds::write(&counts, &spans, DAYS, contacts);
    }
    let first = read_agents(Some(&folder.join("agents.csv")));
    println!("Agent Summary, the first time: {:.2} s, {:.0} MB", first.secs, first.bytes as f64 / 1e6);
    let columns =
        duck.ask(&["deeds", &path("agents.csv"), &path("counts.csv"), &path("spans.csv"), &path("")]);
    assert_eq!(columns, "103");
    duck.time(&["summary", &path(""), &path("theirs.csv")]);
    let compared = duck.ask(&["compare", &path("agents.csv"), &path("theirs.csv")]);
    let (rows, differ) = compared.split_once(' ').unwrap();
    assert_eq!(differ, "0", "rows of {rows}");
    let (mut all, mut a, mut b) = (vec![], vec![], vec![]);
    for _ in 0..ROUNDS {
        let it = read_agents(None);
        assert_eq!(it.bytes, first.bytes);
        let duck = duck.time(&["summary", &path(""), "/dev/null"]);
        println!("  {} | DuckDB {duck:.2} s", shown(&it, rows.parse().unwrap()));
        all.push(it.secs / duck);
        a.push(it.secs);
        b.push(duck);
    }
    println!(
        "Agent Summary by half hours of {AGENTS} agents and {DAYS} days, {rows} rows: Touchline {:.2} s, DuckDB {:.2} s, \
         {:.2} times its time (goal 2)",
        median(a),
        median(b),
        median(all)
    );
}

/// Sum of handle time in milliseconds of all contacts, by their views: what was asked for in `centre.rs`.
fn expected(contacts: u64) -> i64 {
    use touchline_model::{EventContent, events::ContactChange};
    let mut sum = 0;
    for n in 0..contacts {
        let events = contact(n);
        let end = events.iter().find_map(|it| match &it.content {
            EventContent::Contact(contact) if matches!(contact.change, ContactChange::Ended { .. }) => {
                Some(it.timestamp)
            }
            _ => None,
        });
        for event in &events {
            if let EventContent::View(view) = &event.content {
                let micros = view.end_at.min(end.unwrap()).micros() - view.start_at.micros();
                sum += (micros + 500) / 1_000;
            }
        }
    }
    sum
}

fn shown(it: &Read, rows: u64) -> String {
    format!(
        "{:.2} s, {:.0} rows/s, {:.0} MB, server {:.2} s of processor, at most {:.0} MiB ({:.0} not of files)",
        it.secs,
        rows as f64 / it.secs,
        it.bytes as f64 / 1e6,
        it.cpu,
        it.memory.0,
        it.memory.1
    )
}
