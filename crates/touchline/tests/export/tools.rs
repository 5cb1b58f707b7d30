//! The program and its output, and what DuckDB makes of it.

use crate::common::{Server, Site};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// How a run ended.
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

pub(crate) fn export(site: &Site, args: &[&str]) -> Ended {
    let output = site.run(&[&["export"], args].concat());
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ended { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

impl Ended {
    #[track_caller]
    pub(crate) fn well(self) -> String {
        assert_eq!(self.code, Some(0), "{}{}", self.out, self.err);
        self.out
    }
    #[track_caller]
    pub(crate) fn refused(self) -> String {
        assert_eq!(self.code, Some(1), "{}{}", self.out, self.err);
        self.err
    }
}

/// A folder of a test's own, as a destination.
pub(crate) struct Target(tempfile::TempDir);

impl Target {
    pub(crate) fn fresh() -> Self {
        Self(tempfile::tempdir().unwrap())
    }
    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }
    pub(crate) fn arg(&self) -> &str {
        self.0.path().to_str().unwrap()
    }
    pub(crate) fn manifest(&self, dataset: &str) -> Value {
        let bytes = fs::read(self.path().join(dataset).join("manifest.json")).unwrap();
        serde_json::from_slice(&bytes).unwrap()
    }
    /// Every file with its bytes, by path; what is hidden is left out.
    pub(crate) fn files(&self) -> BTreeMap<String, Vec<u8>> {
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
pub(crate) fn day<'a>(manifest: &'a Value, date: &str) -> &'a Value {
    let days = manifest["days"].as_array().unwrap();
    days.iter().find(|it| it["date"] == date).unwrap_or_else(|| panic!("no {date} in {manifest:#}"))
}

pub(crate) fn python() -> PathBuf {
    let given = std::env::var("TOUCHLINE_PYTHON").map(PathBuf::from);
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.venv/bin/python");
    let python = given.unwrap_or(here);
    assert!(python.exists(), "the Python clients are not installed: run `cargo xtask test` once");
    python
}

/// What DuckDB finds: rows as lists of values, by a query over `rows`.
pub(crate) fn duckdb(reader: &str, files: &str, query: &str) -> Vec<Value> {
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
pub(crate) fn chat(id: &str, hour: u32) -> Vec<Value> {
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

pub(crate) fn lines(events: &[Value]) -> String {
    events.iter().map(|it| format!("{it}\n")).collect()
}

pub(crate) async fn tell(server: &Server, events: &[Value]) {
    for line in server.bulk("/events", lines(events)).await {
        assert_ne!(line["status"], "refused", "{line}");
    }
}

pub(crate) const MARCH: [&str; 4] = ["--since", "2026-03-01", "--until", "2026-03-02"];
