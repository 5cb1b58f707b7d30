//! The pages over 1,000,000 calls: the server's time of each, and what each weighs.
//!
//! `cargo run --release --bin web` (after `cargo build --release` of the program). The store is made once, through the
//! API, with transcripts, analyses, topics and the search index. Every page is asked for over one kept connection, again
//! and again with other calls, words and filters, as somebody who administers and as a manager; what must stand in it
//! is asserted. Each page is asked for as often without a watch before.

use std::{fmt::Write, path::Path, process::Command, time::Instant};
use touchline_bench::{Client, Server, form, program, scratch};

const CALLS: usize = 1_000_000;
const PORTION: usize = 20_000;
const AGENTS: usize = 200;
const TEAMS: usize = 20;
const TIMES: usize = 200;
/// Milliseconds that the 95th of 100 answers may take.
const GOAL: f64 = 30.0;
/// Bytes that a page may weigh with its style sheet and scripts.
const WEIGHT: usize = 150 * 1024;
/// The first call: 1 September 2026, one every 7 seconds from then on.
const BEGIN: i64 = 1_788_220_800;

/// Numbers that look random and are the same in each run.
fn mix(n: u64) -> u64 {
    let n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    n ^ (n >> 31)
}

/// A word as often as words are: the second half as often as the first, and so on, 5,000 of them.
fn word(seed: u64) -> String {
    let at = 5_000_f64.powf((mix(seed) % 10_000) as f64 / 10_000.0) as u64;
    const SOUNDS: [&str; 16] =
        ["ba", "co", "di", "fe", "gu", "ha", "ji", "ko", "lu", "me", "no", "pa", "re", "si", "to", "vu"];
    let mut left = at;
    let mut word = String::new();
    while word.is_empty() || left > 0 {
        word.push_str(SOUNDS[left as usize % 16]);
        left /= 16;
    }
    word
}

fn line(n: usize, out: &mut String) {
    let at = BEGIN + n as i64 * 7;
    let direction = if n.is_multiple_of(5) { "OUTBOUND" } else { "INBOUND" };
    write!(
        out,
        r#"{{"id":"c{n:07}","agent_id":"agent-{}","started_at":"{}","duration":{},"direction":"{direction}","metadata":{{"queue":"q{}","order":"o{n}"}},"transcript":{{"utterances":["#,
        mix(n as u64) as usize % AGENTS,
        touchline_model::Timestamp::from_micros(at * 1_000_000),
        60 + mix(n as u64 + 1) % 900,
        n % 7,
    )
    .unwrap();
    for part in 0..4 {
        let comma = if part == 0 { "" } else { "," };
        write!(
            out,
            r#"{comma}{{"start":{},"end":{},"speaker":{},"text":""#,
            part * 5,
            part * 5 + 4,
            part % 2
        )
        .unwrap();
        for at in 0..10 {
            out.push_str(&word((n * 40 + part * 10 + at) as u64));
            out.push(if at == 9 { '.' } else { ' ' });
        }
        // Things that are looked for: one in 20 calls, one in 1,000, and one in all.
        if part == 1 && n.is_multiple_of(20) {
            out.push_str(" I want to cancel my contract.");
        }
        if part == 2 && n % 1_000 == 7 {
            out.push_str(" The router is smoking.");
        }
        if part == 3 && n == CALLS / 2 {
            out.push_str(" A needle in the haystack.");
        }
        out.push_str("\"}");
    }
    out.push_str("]}}\n");
}

fn build(data: &Path) {
    let made =
        Command::new(program()).args(["tenant", "create", "acme", "--data"]).arg(data).output().unwrap();
    let text = String::from_utf8(made.stdout).unwrap();
    let token = text.lines().find(|line| line.starts_with("tl_")).unwrap();
    let server = Server::start(data);
    let mut client = Client::connect(&server.address, &format!("Authorization: Bearer {token}"));
    let mut put = |path: String, body: String| {
        client.send("PUT", &format!("/api/touchline/v1{path}"), "application/json", body.as_bytes());
    };
    for n in 0..TEAMS {
        put(format!("/groups/{}", n + 1), format!(r#"{{"name":"Team {n}"}}"#));
    }
    for n in 0..AGENTS {
        let team = n % TEAMS + 1;
        put(
            format!("/users/agent-{n}"),
            format!(
                r#"{{"email":"agent{n}@example.com","first_name":"Ada","last_name":"Number {n}","team_id":"{team}"}}"#
            ),
        );
    }
    put("/topics/1".into(), r#"{"name":"Cancellation","phrases":["cancel my contract"]}"#.into());
    put("/topics/2".into(), r#"{"name":"Smoke","phrases":["router is smoking"]}"#.into());
    for n in 3..=20 {
        put(
            format!("/topics/{n}"),
            format!(r#"{{"name":"Word {n}","phrases":["{} {}"]}}"#, word(n), word(n * 7)),
        );
    }
    let started = Instant::now();
    for from in (0..CALLS).step_by(PORTION) {
        let mut lines = String::new();
        (from..from + PORTION).for_each(|n| line(n, &mut lines));
        client.send("POST", "/api/touchline/v1/contacts", "application/x-ndjson", lines.as_bytes());
    }
    println!("{CALLS} calls came in within {:.0} s", started.elapsed().as_secs_f64());
    loop {
        let metrics = String::from_utf8(client.get("/metrics")).unwrap();
        if metrics.lines().any(|line| line == "touchline_jobs_open 0") {
            break;
        }
        std::thread::sleep(std::time::Duration::from_secs(1));
    }
    println!("and were analysed {:.0} s after the first", started.elapsed().as_secs_f64());
}

/// Somebody who is signed in.
fn sign_in(data: &Path, server: &Server, role: &str) -> Client {
    let email = format!("{role}-{}@example.com", std::process::id());
    let made = Command::new(program())
        .args(["user", "add", &email, "--tenant", "acme", "--role", role, "--data"])
        .arg(data)
        .output()
        .unwrap();
    let text = String::from_utf8(made.stdout).unwrap();
    let password = text.lines().find_map(|line| line.strip_prefix("password")).unwrap().trim();
    let mut client = Client::connect(&server.address, "Sec-Fetch-Site: same-origin");
    let answer = client.exchange(
        "POST",
        "/sign-in",
        "application/x-www-form-urlencoded",
        form(&[("email", &email), ("password", password)]).as_bytes(),
    );
    let cookie = answer.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    Client::connect(&server.address, &format!("Cookie: {cookie}"))
}

/// A page: its name, its address in the n-th round, and what stands in it.
type Row = (&'static str, fn(usize) -> String, &'static str);

const PAGES: &[Row] = &[
    ("home", |_| "/".into(), "666,7"),
    ("calls, newest", |_| "/calls".into(), "/calls/c0999999"),
    ("calls, a rare phrase", |_| "/calls?text=%22router+is+smoking%22".into(), "<mark>router"),
    ("calls, a common phrase", |_| "/calls?text=%22cancel+my+contract%22".into(), "<mark>cancel"),
    ("calls, the one needle", |_| "/calls?text=needle+haystack".into(), "c0500000"),
    (
        "calls, words of all kinds",
        |n| format!("/calls?text={}+{}", word(n as u64), word(n as u64 * 31 + 5)),
        "calls",
    ),
    ("calls, agent and words", |n| format!("/calls?agent=agent-{}&text=cancel", n % AGENTS), "Number"),
    ("calls, team", |n| format!("/calls?team={}", n % TEAMS + 1), "Team"),
    ("calls, topic", |_| "/calls?topic=1".into(), "/calls/c0999980"),
    ("calls, metadata", |n| format!("/calls?metadata=order%3Do{}", n * 4_567), "calls"),
    (
        "calls, days, outbound, long",
        |n| format!("/calls?direction=OUTBOUND&min_duration=900&from=2026-09-{:02}", n % 28 + 1),
        "calls",
    ),
    ("calls, nothing", |_| "/calls?text=%22no+such+words%22".into(), "calls"),
    ("call", |n| format!("/calls/c{:07}", mix(n as u64) as usize % CALLS), "Ada Number"),
    ("topics", |_| "/topics".into(), "Smoke"),
    ("topic", |n| format!("/topics/{}", n % 20 + 1), "phrases"),
    ("imports", |_| "/imports".into(), "import"),
    ("jobs", |_| "/imports/jobs".into(), "job"),
    ("people", |_| "/admin/people".into(), "Number"),
    ("user", |n| format!("/admin/people/users/agent-{}", n % AGENTS), "Number"),
    ("credentials", |_| "/admin/credentials".into(), "redential"),
    ("webhooks", |_| "/admin/webhooks".into(), "ebhook"),
    ("audit", |_| "/admin/audit".into(), "import"),
    ("settings", |_| "/admin/settings".into(), "listen"),
    ("account", |_| "/account".into(), "assword"),
];

/// The addresses of style sheets and scripts of a page.
fn assets(page: &str) -> Vec<&str> {
    let parts = page.split(['"', '\'']);
    parts
        .filter(|part| part.starts_with("/static/") && (part.ends_with(".css") || part.ends_with(".js")))
        .collect()
}

fn main() {
    let data = scratch("web");
    if !data.join("complete").exists() {
        std::fs::remove_dir_all(&data).unwrap();
        std::fs::create_dir_all(&data).unwrap();
        build(&data);
        std::fs::write(data.join("complete"), "").unwrap();
    }
    let server = Server::start(&data);
    println!("ready after {:.0} ms on a store of {CALLS} calls", server.ready_after.as_secs_f64() * 1e3);
    let only = std::env::args().nth(1).unwrap_or_default();
    let mut slow = 0;
    for role in ["administrator", "manager"] {
        let mut client = sign_in(&data, &server, role);
        println!(
            "\n| as {role} | median ms | 95 % ms | slowest ms | KiB with style and scripts |\n|---|---|---|---|---|"
        );
        for (name, address, expected) in PAGES.iter().filter(|row| row.0.contains(&only)) {
            if client.exchange("GET", &address(0), "", b"").status == 403 {
                continue;
            }
            // Once without a watch: a server that has just started has nothing of the file in memory.
            (0..TIMES).for_each(|n| drop(client.get(&address(n))));
            let mut times = vec![];
            let mut weight = 0;
            for n in 0..TIMES {
                let started = Instant::now();
                let body = client.get(&address(n));
                times.push(started.elapsed().as_secs_f64() * 1e3);
                let page = String::from_utf8(body).unwrap();
                assert!(page.contains(expected), "{name}: {}\n{page}", address(n));
                if n == 0 {
                    weight = page.len() + assets(&page).iter().map(|it| client.get(it).len()).sum::<usize>();
                }
            }
            times.sort_by(f64::total_cmp);
            let late = times[TIMES * 95 / 100];
            slow += usize::from(late > GOAL || weight > WEIGHT);
            println!(
                "| {name} | {:.1} | {late:.1} | {:.1} | {:.0} |",
                times[TIMES / 2],
                times[TIMES - 1],
                weight as f64 / 1024.0
            );
        }
    }
    println!("\n{:.0} MiB resident; {slow} pages miss 30 ms or 150 KiB", server.resident_mib());
}
