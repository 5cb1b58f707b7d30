//! `touchline export` as a user runs it: what it writes is what the reports and the records say, read back by DuckDB; a
//! closed day stays, a run that was cut is gone on with, and a bucket is as good as a folder.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may end here")]

mod common;

use common::{Engine, Server, Site, on_both_engines};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

on_both_engines!(
    every_format_holds_what_the_report_says,
    a_second_run_changes_nothing_and_a_later_change_comes_in_a_later_row,
    deletions_and_erasures_are_told,
    events_that_come_late_make_a_new_revision_of_a_closed_day,
    a_run_that_was_killed_is_gone_on_with,
    a_bucket_is_as_good_as_a_folder,
    what_cannot_be_done_is_said_and_leaves_no_manifest,
);

/// How a run ended.
struct Ended {
    code: Option<i32>,
    out: String,
    err: String,
}

fn export(site: &Site, args: &[&str]) -> Ended {
    let output = site.run(&[&["export"], args].concat());
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ended { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

impl Ended {
    #[track_caller]
    fn well(self) -> String {
        assert_eq!(self.code, Some(0), "{}{}", self.out, self.err);
        self.out
    }
    #[track_caller]
    fn refused(self) -> String {
        assert_eq!(self.code, Some(1), "{}{}", self.out, self.err);
        self.err
    }
}

/// A folder of a test's own, as a destination.
struct Target(tempfile::TempDir);

impl Target {
    fn fresh() -> Self {
        Self(tempfile::tempdir().unwrap())
    }
    fn path(&self) -> &Path {
        self.0.path()
    }
    fn arg(&self) -> &str {
        self.0.path().to_str().unwrap()
    }
    fn manifest(&self, dataset: &str) -> Value {
        let bytes = fs::read(self.path().join(dataset).join("manifest.json")).unwrap();
        serde_json::from_slice(&bytes).unwrap()
    }
    /// Every file with its bytes, by path; what is hidden is left out.
    fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let mut found = BTreeMap::new();
        let mut folders = vec![self.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.file_name().unwrap().to_str().unwrap().starts_with('.') {
                    continue;
                }
                match path.is_dir() {
                    true => folders.push(path),
                    false => {
                        let name = path.strip_prefix(self.path()).unwrap().to_str().unwrap().to_owned();
                        found.insert(name, fs::read(&path).unwrap());
                    }
                }
            }
        }
        found
    }
}

/// The day of a date in a manifest.
#[track_caller]
fn day<'a>(manifest: &'a Value, date: &str) -> &'a Value {
    let days = manifest["days"].as_array().unwrap();
    days.iter().find(|it| it["date"] == date).unwrap_or_else(|| panic!("no {date} in {manifest:#}"))
}

fn python() -> PathBuf {
    let given = std::env::var("TOUCHLINE_PYTHON").map(PathBuf::from);
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.venv/bin/python");
    let python = given.unwrap_or(here);
    assert!(python.exists(), "the Python clients are not installed: run `cargo xtask test` once");
    python
}

/// What DuckDB finds: rows as lists of values, by a query over `rows`.
fn duckdb(reader: &str, files: &str, query: &str) -> Vec<Value> {
    let script = "import duckdb, json, sys\n\
                  duckdb.sql(\"SET TimeZone='UTC'\")\n\
                  rows = duckdb.sql(f\"FROM {sys.argv[1]}('{sys.argv[2]}')\")\n\
                  for row in duckdb.sql(sys.argv[3]).fetchall(): print(json.dumps(row, default=str))\n";
    let output = Command::new(python()).args(["-c", script, reader, files, query]).output().unwrap();
    assert!(output.status.success(), "{query}: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// An inbound chat of 1 March that was accepted two minutes and a half after its start and ended ten minutes after it.
fn chat(id: &str, hour: u32) -> Vec<Value> {
    let event = |what: &str, time: String, by: Value, more: Value| {
        let mut content = json!({
            "channel": "CHAT", "contactId": id, "conversationId": format!("v-{id}"),
            "customerId": format!("k-{id}"), "context": { "assignee": { "inboxId": "i1" } },
        });
        for (key, value) in more.as_object().unwrap() {
            content[key] = value.clone();
        }
        json!({ "id": format!("{id}-{what}"), "type": format!("CONTACT/{what}"), "timestamp": time, "initiator": by,
                "content": content })
    };
    let at = |rest: &str| format!("2026-03-01T{hour:02}:{rest}Z");
    let customer = json!({ "type": "CUSTOMER", "id": format!("k-{id}") });
    let agent = json!({ "type": "AGENT", "id": "u1" });
    let menu = json!({ "entryPoint": "=1+1, \"hot\"\nline", "finalIVRSelection": "" });
    vec![
        event("STARTED", at("00:00"), customer, menu),
        event("OFFER_ACCEPTED", at("02:30.25"), agent.clone(), json!({ "agentId": "u1" })),
        event(
            "ENDED",
            at("10:00"),
            agent,
            json!({ "status": "ANSWERED", "context": { "assignee": { "inboxId": "i1", "agentId": "u1" } } }),
        ),
    ]
}

fn lines(events: &[Value]) -> String {
    events.iter().map(|it| format!("{it}\n")).collect()
}

async fn tell(server: &Server, events: &[Value]) {
    for line in server.bulk("/events", lines(events)).await {
        assert_ne!(line["status"], "refused", "{line}");
    }
}

/// What the native API says of a day, with the names of the directory left out.
async fn report(server: &Server, path: &str, horizon: &str) -> Vec<Value> {
    let day = "from=2026-03-01T00:00:00Z&to=2026-03-02T00:00:00Z";
    let text =
        server.native("GET", &format!("/reports/{path}?{day}&horizon={horizon}")).send().await.unwrap();
    let text = text.text().await.unwrap();
    let mut rows: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for row in &mut rows {
        let row = row.as_object_mut().unwrap();
        for name in ["first_accepted_agent", "inbox_created", "inbox_current", "agent_current", "agent"] {
            row.shift_remove_name(&format!("{name}_name"));
        }
        for name in ["agent_email", "agent_active", "agent_roles", "agent_inboxes", "agent_teams"] {
            row.shift_remove_name(name);
        }
    }
    rows
}

trait Without {
    fn shift_remove_name(&mut self, name: &str);
}
impl Without for serde_json::Map<String, Value> {
    fn shift_remove_name(&mut self, name: &str) {
        self.remove(name);
    }
}

const MARCH: [&str; 4] = ["--since", "2026-03-01", "--until", "2026-03-02"];

async fn every_format_holds_what_the_report_says(engine: Engine) {
    let site = Site::fresh(engine).await;
    let server = site.serve();
    server.put("/users/u1", &json!({ "email": "mia@example.com", "first_name": "Mia" })).await;
    server.put("/inboxes/i1", &json!({ "name": "Billing" })).await;
    tell(&server, &[chat("c1", 11), chat("c2", 9), chat("c3", 23)].concat()).await;
    // A day after its end: that is what a closed day shows.
    let horizon = "2026-03-03T00:00:00Z";
    for (dataset, path) in [
        ("work-sessions", "work-sessions"),
        ("contact-report", "contacts"),
        ("agent-summary", "agent-summary"),
    ] {
        let expected = report(&server, path, horizon).await;
        assert!(!expected.is_empty());
        let target = Target::fresh();
        // Beside a server that runs.
        for format in ["ndjson", "csv", "parquet"] {
            let to = format!("{}/{format}", target.arg());
            let args = [&[dataset, "--format", format, "--to", &to][..], &MARCH].concat();
            let said = export(&site, &args).well();
            assert!(said.contains("2 days written") && said.contains("final up to 2026-03-02"), "{said}");
        }
        let files = target.files();
        let of = |format: &str| {
            let start = format!("{format}/{dataset}/date=2026-03-01/part-00000-");
            let found: Vec<&str> =
                files.keys().map(String::as_str).filter(|it| it.starts_with(&start)).collect();
            assert_eq!(found.len(), 1, "{format}: {:?}", files.keys());
            target.path().join(found[0]).to_str().unwrap().to_owned()
        };
        let text = fs::read_to_string(of("ndjson")).unwrap();
        let rows: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(rows, expected);
        let key = if dataset == "agent-summary" { "agent_id" } else { "contact_id" };
        let handled = format!("SELECT {key}, handle_seconds FROM rows ORDER BY {key}");
        let mut wanted: Vec<Value> =
            expected.iter().map(|it| json!([it[key], it["handle_seconds"].as_f64()])).collect();
        wanted.sort_by_key(|it| it[0].as_str().unwrap().to_owned());
        assert_eq!(duckdb("read_parquet", &of("parquet"), &handled), wanted);
        let csv = duckdb("read_csv", &of("csv"), &handled);
        let numbers: Vec<Value> = csv.iter().map(|it| json!([it[0], it[1].as_f64()])).collect();
        assert_eq!(numbers, wanted);
        let manifest: Value =
            serde_json::from_slice(&files[&format!("parquet/{dataset}/manifest.json")]).unwrap();
        let first = day(&manifest, "2026-03-01");
        assert_eq!(
            (&first["final"], &first["revision"], &first["horizon"]),
            (&json!(true), &json!(1), &json!(horizon))
        );
        assert_eq!((&first["rows"], &first["files"][0]["rows"]), (&json!(rows.len()), &json!(rows.len())));
        let path =
            target.path().join("parquet").join(dataset).join(first["files"][0]["path"].as_str().unwrap());
        assert_eq!(first["files"][0]["bytes"].as_u64(), Some(fs::metadata(&path).unwrap().len()));
        let sum = Command::new("sha256sum").arg(&path).output().unwrap();
        let sum = String::from_utf8(sum.stdout).unwrap();
        assert!(sum.starts_with(first["files"][0]["sha256"].as_str().unwrap()), "{sum}");
        assert_eq!(day(&manifest, "2026-03-02")["files"], json!([]), "nothing happened");
    }
    // Types, and texts that a spreadsheet would take for something else.
    let target = Target::fresh();
    for format in ["csv", "parquet"] {
        let to = format!("{}/{format}", target.arg());
        export(&site, &[&["contact-report", "--format", format, "--to", &to][..], &MARCH].concat()).well();
    }
    let tricky = "SELECT entry_point, final_ivr_selection, created_at::VARCHAR, typeof(created_at), transfers, \
                  first_accepted_at::VARCHAR FROM rows ORDER BY contact_id LIMIT 1";
    let parquet = duckdb("read_parquet", &format!("{}/parquet/*/*/*.parquet", target.arg()), tricky);
    let hot = "=1+1, \"hot\"\nline";
    assert_eq!(
        parquet,
        [json!([
            hot,
            null,
            "2026-03-01 11:00:00+00",
            "TIMESTAMP WITH TIME ZONE",
            0,
            "2026-03-01 11:02:30.25+00"
        ])]
    );
    let csv = duckdb("read_csv", &format!("{}/csv/*/*/*.csv", target.arg()), tricky);
    assert_eq!((&csv[0][0], &csv[0][2]), (&json!(hot), &json!("2026-03-01 11:00:00+00")));
    let listed = site.run(&["export", "--list"]);
    assert!(String::from_utf8(listed.stdout).unwrap().lines().count() == 10);
}

async fn a_second_run_changes_nothing_and_a_later_change_comes_in_a_later_row(engine: Engine) {
    let site = Site::fresh(engine).await;
    let server = site.serve();
    tell(&server, &chat("c1", 11)).await;
    let contact = |note: &str| json!({ "started_at": "2026-03-01T10:00:00Z", "metadata": { "note": note } });
    server.put("/contacts/c1", &contact("a,\"b\"\n@c")).await;
    server.settled().await;
    let target = Target::fresh();
    let sessions = [&["work-sessions", "--format", "parquet", "--to", target.arg()][..], &MARCH].concat();
    export(&site, &sessions).well();
    let before = target.files();
    let said = export(&site, &sessions).well();
    assert!(said.starts_with("work-sessions: nothing has changed, 2 days kept"), "{said}");
    assert_eq!(target.files(), before);
    // Elsewhere, the same bytes come out again.
    let other = Target::fresh();
    let elsewhere = [&["work-sessions", "--format", "parquet", "--to", other.arg()][..], &MARCH].concat();
    export(&site, &elsewhere).well();
    assert_eq!(other.files(), before);

    // Contacts lie by the day of their last change, which is today: not closed, and left out if so wanted.
    let contacts = ["contacts", "--since", "0d", "--format", "csv", "--to", target.arg()];
    let closed = export(&site, &[&contacts[..], &["--closed-only"]].concat()).well();
    assert!(closed.contains("no day is final yet") && closed.contains("0 rows"), "{closed}");
    export(&site, &contacts).well();
    let rows = format!("{}/contacts/*/*.csv", target.arg());
    let notes = "SELECT id, metadata::JSON->>'note' FROM rows ORDER BY seq";
    assert_eq!(duckdb("read_csv", &rows, notes), [json!(["c1", "a,\"b\"\n@c"])]);
    server.put("/contacts/c1", &contact("later")).await;
    server.settled().await;
    export(&site, &contacts).well();
    let manifest = target.manifest("contacts");
    let today = &manifest["days"][0];
    assert_eq!(
        (&today["final"], &today["rows"], &manifest["key"]),
        (&json!(false), &json!(1), &json!(["id"]))
    );
    let path = target.path().join("contacts").join(today["files"][0]["path"].as_str().unwrap());
    let latest = duckdb("read_csv", path.to_str().unwrap(), notes);
    assert_eq!(latest, [json!(["c1", "later"])]);
    // Who reads by the manifest of before can still do so; an hour later the file is cleared away.
    assert_eq!(target.files().keys().filter(|it| it.starts_with("contacts/date=")).count(), 2);
}

async fn deletions_and_erasures_are_told(engine: Engine) {
    let site = Site::fresh(engine).await;
    let server = site.serve();
    server.put("/users/u1", &json!({ "email": "mia@example.com" })).await;
    server.put("/contacts/c1", &json!({ "started_at": "2026-03-01T10:00:00Z", "agent_id": "u1" })).await;
    server.settled().await;
    for path in ["/contacts/c1", "/users/u1"] {
        let gone = server.native("DELETE", path).send().await.unwrap();
        assert_eq!(gone.status().as_u16(), 204);
    }
    let target = Target::fresh();
    for dataset in ["deletions", "contacts", "users"] {
        export(&site, &[dataset, "--since", "0d", "--format", "parquet", "--to", target.arg()]).well();
    }
    let rows = format!("{}/deletions/*/*.parquet", target.arg());
    let found = duckdb("read_parquet", &rows, "SELECT kind, id, erased FROM rows ORDER BY seq");
    assert_eq!(found, [json!(["contact", "c1", true]), json!(["user", "u1", false])]);
    for dataset in ["contacts", "users"] {
        assert_eq!(target.manifest(dataset)["days"][0]["rows"], 0, "{dataset}: it is nowhere any more");
    }
}

async fn events_that_come_late_make_a_new_revision_of_a_closed_day(engine: Engine) {
    let site = Site::fresh(engine).await;
    let server = site.serve();
    tell(&server, &[chat("c1", 11), chat("c2", 12)].concat()).await;
    let target = Target::fresh();
    let args = [&["contact-report", "--format", "ndjson", "--to", target.arg()][..], &MARCH].concat();
    export(&site, &args).well();
    let old = day(&target.manifest("contact-report"), "2026-03-01").clone();
    // Of another month: the closed days have nothing to do with it.
    let mut june = chat("j1", 11);
    for event in &mut june {
        event["timestamp"] = json!(event["timestamp"].as_str().unwrap().replace("2026-03-01", "2026-06-01"));
    }
    tell(&server, &june).await;
    let said = export(&site, &args).well();
    assert!(said.contains("0 days written") && said.contains("2 days kept"), "{said}");
    assert_eq!(day(&target.manifest("contact-report"), "2026-03-01"), &old);
    tell(&server, &chat("late", 13)).await;
    // Whichever days are asked for.
    let june = ["contact-report", "--since", "2026-06-01", "--until", "2026-06-01", "--format", "ndjson"];
    let said = export(&site, &[&june[..], &["--to", target.arg()]].concat()).well();
    assert!(said.contains("made anew for events that came late: 2026-03-01"), "{said}");
    let manifest = target.manifest("contact-report");
    let new = day(&manifest, "2026-03-01");
    assert_eq!((&new["revision"], &new["rows"], &new["horizon"]), (&json!(2), &json!(3), &old["horizon"]));
    assert_eq!(day(&manifest, "2026-03-02")["revision"], 1);
    let still = target.path().join("contact-report").join(old["files"][0]["path"].as_str().unwrap());
    assert!(still.exists(), "for those who read by the manifest of before");
    let text = fs::read_to_string(
        target.path().join("contact-report").join(new["files"][0]["path"].as_str().unwrap()),
    );
    assert!(text.unwrap().contains("\"late\""));
    // A contact of 1 March that ends on the 4th closes its day a week after its end.
    let mut long = chat("long", 20);
    long[2]["timestamp"] = json!("2026-03-04T10:00:00Z");
    tell(&server, &long).await;
    export(&site, &args).well();
    assert_eq!(
        day(&target.manifest("contact-report"), "2026-03-01")["horizon"],
        old["horizon"],
        "closed is closed"
    );
    let fresh = Target::fresh();
    export(&site, &[&["contact-report", "--format", "ndjson", "--to", fresh.arg()][..], &MARCH].concat())
        .well();
    let manifest = fresh.manifest("contact-report");
    assert_eq!(
        day(&manifest, "2026-03-01")["horizon"],
        "2026-03-05T00:00:00Z",
        "at its second look all had ended"
    );
}

async fn a_run_that_was_killed_is_gone_on_with(engine: Engine) {
    let site = Site::fresh(engine).await;
    let server = site.serve();
    let events: Vec<Value> = (0..300).flat_map(|n| chat(&format!("c{n:03}"), n % 24)).collect();
    tell(&server, &events).await;
    let target = Target::fresh();
    // Thousands of days, most of them empty: long enough to be cut.
    let args = ["contact-report", "--since", "2020-01-01", "--format", "csv", "--to", target.arg()];
    let mut wait = Duration::from_millis(2_500);
    loop {
        let mut run: Child = site
            .command(&[&["export"], &args[..]].concat())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(wait);
        run.kill().unwrap();
        run.wait().unwrap();
        let noted = target.path().join("contact-report/_progress.json");
        assert!(!target.path().join("contact-report/manifest.json").exists(), "it came to its end too early");
        if noted.exists() {
            break;
        }
        wait *= 2;
        assert!(wait < Duration::from_secs(60), "nothing is ever noted");
    }
    let noted: Value =
        serde_json::from_slice(&fs::read(target.path().join("contact-report/_progress.json")).unwrap())
            .unwrap();
    let had = noted["days"].as_array().unwrap().len();
    let said = export(&site, &args).well();
    let kept: usize = said.split(" days kept").next().unwrap().rsplit(' ').next().unwrap().parse().unwrap();
    assert!(kept > 0 && kept <= had && said.contains(" with 300 rows "), "{had}: {said}");
    assert!(!target.path().join("contact-report/_progress.json").exists());
    let left = fs::read_dir(target.path().join(".incoming")).unwrap().flatten();
    let left: Vec<String> = left.map(|it| it.file_name().into_string().unwrap()).collect();
    println!("half-made files that are removed after a day: {left:?}");
    let whole = Target::fresh();
    export(&site, &["contact-report", "--since", "2020-01-01", "--format", "csv", "--to", whole.arg()])
        .well();
    // The day that is not over shows the world of another minute.
    let closed = |it: &Target| {
        let manifest = it.manifest("contact-report");
        let days = manifest["days"].as_array().unwrap().iter().filter(|it| it["final"] == true).cloned();
        days.collect::<Vec<_>>()
    };
    assert_eq!(closed(&target), closed(&whole));
    let data = |it: &Target| -> Vec<(String, Vec<u8>)> {
        it.files().into_iter().filter(|(name, _)| name.ends_with(".csv")).collect()
    };
    assert_eq!(data(&target), data(&whole));
}

/// A server that speaks S3, with the bucket `bucket`.
struct S3 {
    child: Child,
    port: u16,
}

impl Drop for S3 {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl S3 {
    async fn start() -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let moto = python().with_file_name("moto_server");
        let child = Command::new(moto)
            .args(["-H", "127.0.0.1", "-p", &port.to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let it = Self { child, port };
        for _ in 0..300 {
            if let Ok(made) = reqwest::Client::new().put(format!("{}/bucket", it.url())).send().await {
                assert!(made.status().is_success(), "{}", made.status());
                return it;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("the S3 server does not start");
    }
    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
    async fn get(&self, path: &str) -> Option<Vec<u8>> {
        // Nobody checks the signature; without any, the object is private.
        let signed = "AWS4-HMAC-SHA256 Credential=id/20260301/eu-central-1/s3/aws4_request, SignedHeaders=host, \
                      Signature=0";
        let request = reqwest::Client::new().get(format!("{}/bucket/{path}", self.url()));
        let answer = request.header("authorization", signed).send().await.unwrap();
        match answer.status().as_u16() {
            404 => None,
            status => {
                assert_eq!(status, 200, "{path}");
                Some(answer.bytes().await.unwrap().to_vec())
            }
        }
    }
}

async fn a_bucket_is_as_good_as_a_folder(engine: Engine) {
    let site = Site::fresh(engine).await;
    let server = site.serve();
    tell(&server, &[chat("c1", 11), chat("c2", 12)].concat()).await;
    let s3 = S3::start().await;
    let to_bucket = |args: &[&str]| {
        let output = site
            .command(&[&["export"], args, &MARCH[..], &["--to", "s3://bucket/warehouse/acme"]].concat())
            .env("TOUCHLINE_S3__ENDPOINT", s3.url())
            .env("TOUCHLINE_S3__REGION", "eu-central-1")
            .env("TOUCHLINE_S3__ACCESS_KEY_ID", "id")
            .env("TOUCHLINE_S3__SECRET_ACCESS_KEY", "secret")
            .env("TOUCHLINE_S3__ALLOW_HTTP", "true")
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Ended { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    };
    let said = to_bucket(&["work-sessions", "--format", "parquet"]).well();
    assert!(said.contains("s3://bucket/warehouse/acme/work-sessions/manifest.json"), "{said}");
    let folder = Target::fresh();
    export(&site, &[&["work-sessions", "--format", "parquet", "--to", folder.arg()][..], &MARCH].concat())
        .well();
    for (name, bytes) in folder.files() {
        assert_eq!(s3.get(&format!("warehouse/acme/{name}")).await.as_ref(), Some(&bytes), "{name}");
    }
    let again = to_bucket(&["work-sessions", "--format", "parquet"]).well();
    assert!(again.contains("nothing has changed"), "{again}");
    tell(&server, &chat("late", 13)).await;
    let revised = to_bucket(&["work-sessions", "--format", "parquet"]).well();
    assert!(revised.contains("made anew for events that came late: 2026-03-01"), "{revised}");
    let manifest: Value =
        serde_json::from_slice(&s3.get("warehouse/acme/work-sessions/manifest.json").await.unwrap()).unwrap();
    assert_eq!(day(&manifest, "2026-03-01")["rows"], 3);
    let other = to_bucket(&["work-sessions", "--format", "csv"]).refused();
    assert!(other.contains("format `parquet`, not `csv`"), "{other}");
    let shown =
        site.command(&["config", "show"]).env("TOUCHLINE_S3__SECRET_ACCESS_KEY", "hush").output().unwrap();
    assert!(!String::from_utf8(shown.stdout).unwrap().contains("hush"));
}

async fn what_cannot_be_done_is_said_and_leaves_no_manifest(engine: Engine) {
    let site = Site::fresh(engine).await;
    let server = site.serve();
    tell(&server, &chat("c1", 11)).await;
    let target = Target::fresh();
    let run = |args: &[&str]| export(&site, &[&["work-sessions"], args].concat());
    let to = ["--to", target.arg()];
    for (args, said) in [
        (&["--since", "yesterday"][..], "--since: `yesterday` is neither a date"),
        (&["--since", "2026-03-02", "--until", "2026-03-01"], "the last day lies before the first"),
        (&["--since", "2026-03-01", "--zone", "Nowhere"], "there is no time zone `Nowhere`"),
        (&["--since", "2026-03-01", "--tenant", "nobody"], "there is no tenant `nobody`"),
    ] {
        let error = run(&[args, &to].concat()).refused();
        assert!(error.contains(said), "{error}");
    }
    for (to, said) in [
        ("gs://bucket", "there is no destination of the kind `gs://`"),
        ("s3://", "names no bucket"),
        ("/proc/nowhere", "/proc/nowhere"),
    ] {
        let error = run(&["--since", "2026-03-01", "--to", to]).refused();
        assert!(error.contains(said), "{error}");
    }
    assert_eq!(export(&site, &["work-sessions", "--to", "x"]).code, Some(2), "--since is missing");
    assert_eq!(export(&site, &["shoes", "--since", "0d", "--to", "x"]).code, Some(2));
    // A disk without room: every write fails half-way.
    if let Some(disk) = SmallDisk::full() {
        for format in ["csv", "parquet"] {
            let args = [&MARCH[..], &["--format", format, "--to", disk.path().to_str().unwrap()]].concat();
            let error = run(&args).refused();
            assert!(error.contains("the disk is full") && error.contains("nothing was published"), "{error}");
            let manifest = disk.path().join("work-sessions/manifest.json");
            assert!(!manifest.exists());
            let ballast = fs::File::options().write(true).open(disk.ballast()).unwrap();
            ballast.set_len(0).unwrap();
            run(&args).well();
            fs::remove_dir_all(disk.path().join("work-sessions")).unwrap();
            let _full = fs::write(disk.ballast(), vec![0; 2 << 20]);
        }
    }
    assert!(target.files().is_empty());
    run(&[&MARCH[..], &to].concat()).well();
    // Another format, zone or tenant does not mix with what is there.
    for (args, said) in [
        (&["--format", "ndjson"][..], "format `csv`, not `ndjson`"),
        (&["--zone", "Asia/Kolkata"], "zone `UTC`"),
    ] {
        let before = target.files();
        let error = run(&[args, &MARCH, &to].concat()).refused();
        assert!(error.contains(said) && error.contains("choose another destination"), "{error}");
        assert_eq!(target.files(), before);
    }
    // Days of a zone, its change of clocks included.
    let zoned = Target::fresh();
    let args = ["work-sessions", "--since", "2026-03-29", "--until", "2026-03-29", "--zone", "Europe/Berlin"];
    export(&site, &[&args[..], &["--to", zoned.arg()]].concat()).well();
    let manifest = zoned.manifest("work-sessions");
    let short = &manifest["days"][0];
    assert_eq!(
        (&short["from"], &short["to"]),
        (&json!("2026-03-28T23:00:00Z"), &json!("2026-03-29T22:00:00Z"))
    );
    site.assert_healthy();
}

/// A small disk of its own, which only root may mount.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn full() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"]).arg(folder.path()).output();
        if !mounted.is_ok_and(|it| it.status.success()) {
            println!("not tested: a small disk cannot be mounted here");
            return None;
        }
        let disk = Self(folder);
        // Until nothing more fits.
        let _full = fs::write(disk.ballast(), vec![0; 2 << 20]);
        Some(disk)
    }
    fn path(&self) -> &Path {
        self.0.path()
    }
    fn ballast(&self) -> PathBuf {
        self.path().join("ballast")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _status = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}
