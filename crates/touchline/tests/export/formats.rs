//! What is written is what the report says, in every format.

use crate::{
    common::{Engine, Server, Site, on_both_engines},
    tools::{MARCH, Target, chat, day, duckdb, export, tell},
};
use serde_json::{Value, json};
use std::{fs, process::Command};

on_both_engines!(every_format_holds_what_the_report_says,);

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
            row.remove(&format!("{name}_name"));
        }
        for name in ["agent_email", "agent_active", "agent_roles", "agent_inboxes", "agent_teams"] {
            row.remove(name);
        }
    }
    rows
}

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
