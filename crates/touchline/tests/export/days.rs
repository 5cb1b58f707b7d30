//! A closed day stays; what comes later comes in later days, or as a revision.

use crate::{
    common::{Engine, Site, on_both_engines},
    tools::{MARCH, Target, chat, day, duckdb, export, tell},
};
use serde_json::{Value, json};
use std::{
    fs,
    process::{Child, Stdio},
    time::Duration,
};

on_both_engines!(
    a_second_run_changes_nothing_and_a_later_change_comes_in_a_later_row,
    deletions_and_erasures_are_told,
    events_that_come_late_make_a_new_revision_of_a_closed_day,
    a_run_that_was_killed_is_gone_on_with,
);

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
    // Who reads by the manifest of before can still do so, however old its files are; a later run clears them away.
    let files = || -> Vec<String> {
        target.files().into_keys().filter(|it| it.starts_with("contacts/date=")).collect()
    };
    assert_eq!(files().len(), 2);
    for name in files() {
        let file = fs::File::options().write(true).open(target.path().join(name)).unwrap();
        let written = file.metadata().unwrap().modified().unwrap();
        file.set_modified(written - Duration::from_secs(7_200)).unwrap();
    }
    server.put("/contacts/c1", &contact("last")).await;
    server.settled().await;
    export(&site, &contacts).well();
    let left = files();
    assert_eq!(left.len(), 2, "what the manifest of before named, and what that of now names: {left:?}");
    assert!(path.exists(), "a reader may have begun with it a moment ago");
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
