//! Imports: sent, looked at, brought in, told of; and the jobs.

use crate::world::{Browser, ESCAPED, HOSTILE, Page, World};
use http::StatusCode;
use touchline_app::store::{Batch, NewJob};
use touchline_model::Role;

const CALLS: &str = "id,started_at,duration\nc-1,2026-03-01T09:00:00Z,60\nc-2,yesterday,60\n";

/// Sends a form with files, as a browser without script does.
async fn upload(browser: &Browser<'_>, parts: &[(&str, &str, &str)]) -> Page {
    let mut body = String::new();
    for (field, name, content) in parts {
        body.push_str(&format!(
            "--cut\r\nContent-Disposition: form-data; name=\"{field}\"; filename=\"{name}\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n{content}\r\n"
        ));
    }
    body.push_str("--cut--\r\n");
    browser.put("POST", "/imports", "multipart/form-data; boundary=cut", body.into_bytes()).await
}

async fn contacts(world: &World) -> Vec<String> {
    let all = world.app.contacts(&world.admin, None, 99).await.unwrap();
    all.into_iter().map(|it| it.contact.id.0).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_is_sent_looked_at_and_brought_in() {
    let world = World::new().await;
    let manager = world.browser("mia", Role::Manager).await;
    assert!(manager.page("/imports").await.contains("Nothing has been brought in"));
    let sent = upload(
        &manager,
        &[("files", "", ""), ("folder", "march/calls.csv", CALLS), ("folder", "march/.DS_Store", "x")],
    )
    .await;
    let page = sent.leads_to().to_owned();
    let shown = manager.page(&page).await;
    assert!(shown.contains("Import of march") && shown.contains("Table of calls"), "{shown}");
    assert!(shown.contains("<b>1</b> contact<") && shown.contains("c-1") && shown.contains("calls.csv:3"));
    assert!(contacts(&world).await.is_empty(), "looking changes nothing");
    assert_eq!(manager.post(&format!("{page}/start"), &[]).await.leads_to(), page);
    assert!(manager.page(&page).await.contains("It begins in a moment."));
    assert_eq!(manager.post(&format!("{page}/start"), &[]).await.status, StatusCode::CONFLICT);
    assert_eq!(manager.post(&format!("{page}/discard"), &[]).await.status, StatusCode::CONFLICT);
    assert_eq!(manager.get(&format!("{page}/refused.ndjson")).await.status, StatusCode::NOT_FOUND);
    world.app.work_until_idle().await.unwrap();
    assert_eq!(manager.page(&format!("{page}/progress")).await.trim(), "");
    let told = manager.page(&page).await;
    assert!(told.contains("1 new, 1 refused") && told.contains("calls.csv:3"), "{told}");
    assert_eq!(contacts(&world).await, ["c-1"]);
    let refused = manager.get(&format!("{page}/refused.ndjson")).await;
    let line: serde_json::Value = serde_json::from_str(refused.text.trim()).unwrap();
    assert_eq!((line["file"].as_str(), line["line"].as_u64()), (Some("calls.csv"), Some(3)));
    assert!(refused.headers["content-disposition"].to_str().unwrap().starts_with("attachment"));
    let list = manager.page("/imports").await;
    assert!(
        list.contains("Done, some refused")
            && list.contains("1 new, 1 refused")
            && list.contains(">march</a>")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transcript_comes_in_once_somebody_says_when_the_call_was_and_the_report_leads_to_it() {
    let world = World::new().await;
    let admin = world.admin().await;
    assert!(admin.page("/imports").await.contains("call_id,started_at,duration"), "the formats are told");
    let words = "WEBVTT\n\n00:01.000 --> 00:02.000\n<v Ann>Good morning.\n";
    let page = upload(&admin, &[("files", "4711.vtt", words)]).await.leads_to().to_owned();
    let shown = admin.page(&page).await;
    assert!(
        shown.contains("Nothing of this can be brought in yet") && !shown.contains("/start\""),
        "{shown}"
    );
    let options = format!("{page}/options");
    let wrong = admin.post(&options, &[("zone", "Europe/Berlin"), ("started_at", "yesterday")]).await;
    assert!(
        wrong.text.contains("id=\"started_at-wrong\"") && !wrong.text.contains("--zone"),
        "{}",
        wrong.text
    );
    // No zone is the reader's own.
    admin.post(&options, &[("zone", ""), ("started_at", "2026-11-20 09:00")]).await;
    assert!(admin.page(&page).await.contains("value=\"2026-11-20T09:00:00Z\""));
    admin.post(&options, &[("zone", "Europe/Berlin"), ("started_at", "2026-11-20 09:00")]).await;
    assert!(admin.page(&page).await.contains("<b>1</b> transcript<"));
    admin.post(&format!("{page}/start"), &[]).await;
    world.app.work_until_idle().await.unwrap();
    let told = admin.page(&page).await;
    assert!(told.contains("contacts: 1 new; transcripts: 1 new"), "{told}");
    assert!(told.contains("href=\"/calls/4711\""), "{told}");
    let began = world.app.contact(&world.admin, "4711").await.unwrap().contact.started_at;
    assert_eq!(began.to_string(), "2026-11-20T08:00:00Z");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_script_sends_files_one_by_one() {
    let world = World::new().await;
    let admin = world.admin().await;
    let begun = admin.put("POST", "/imports/new", "text/plain", vec![]).await;
    assert_eq!(begun.status, StatusCode::CREATED);
    let begun: serde_json::Value = serde_json::from_str(&begun.text).unwrap();
    let page = format!("/imports/{}", begun["id"].as_str().unwrap());
    let empty = admin.page(&page).await;
    assert!(empty.contains("no files have come yet") && !empty.contains("/start\""));
    let send = async |name: &str, body: &str| {
        let path = format!("{page}/file?name={name}&changed=1767225600000&top=april");
        admin.put("PUT", &path, "application/octet-stream", body.as_bytes().to_vec()).await
    };
    let taken = send("a%2Fcalls.csv", CALLS).await;
    assert_eq!(
        (taken.status, taken.text.as_str()),
        (StatusCode::CREATED, &*format!("{{\"bytes\":{}}}", CALLS.len()))
    );
    let refused = send("..%2Fevil.csv", CALLS).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("reason") && refused.text.contains("leads out"));
    assert!(admin.page(&page).await.contains("Import of april"));
    let options = format!("{page}/options");
    let wrong = admin.post(&options, &[("zone", HOSTILE)]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        wrong.text.contains("id=\"zone-wrong\"")
            && wrong.text.contains(ESCAPED)
            && !wrong.text.contains(HOSTILE)
    );
    assert_eq!(
        admin.post(&options, &[("zone", "Europe/Berlin"), ("started", "file")]).await.leads_to(),
        page
    );
    let shown = admin.page(&page).await;
    assert!(shown.contains("value=\"Europe/Berlin\"") && shown.contains("value=\"file\" checked"));
    assert_eq!(admin.post(&format!("{page}/discard"), &[]).await.leads_to(), "/imports");
    assert_eq!(admin.get(&page).await.status, StatusCode::NOT_FOUND);
    let late = send("calls.csv", CALLS).await;
    assert_eq!(late.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_the_same_name_take_no_other_s_place() {
    let world = World::new().await;
    let admin = world.admin().await;
    let row = |id: &str| format!("id,started_at\n{id},2026-03-01T09:00:00Z\n");
    let (first, second) = (row("c-1"), row("c-2"));
    let parts = [("files", "calls.csv", first.as_str()), ("folder", "march/calls.csv", second.as_str())];
    let page = upload(&admin, &parts).await.leads_to().to_owned();
    admin.post(&format!("{page}/start"), &[]).await;
    world.app.work_until_idle().await.unwrap();
    assert_eq!(contacts(&world).await, ["c-1", "c-2"]);
    // A form that ends in the middle leaves nothing behind.
    let cut = format!(
        "--cut\r\nContent-Disposition: form-data; name=\"files\"; filename=\"a.csv\"\r\n\r\n{first}\r\n--cut\r\nCon"
    );
    let body = cut.into_bytes();
    let refused = admin.put("POST", "/imports", "multipart/form-data; boundary=cut", body).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(world.app.imports(&world.admin, 9).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_without_files_or_with_a_bad_one_says_so() {
    let world = World::new().await;
    let admin = world.admin().await;
    for parts in [&[("files", "", "")][..], &[("files", "../../evil.csv", "x")][..]] {
        let page = upload(&admin, parts).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(page.text.contains("class=\"wrong\" role=\"alert\""), "{}", page.text);
    }
    assert!(world.app.imports(&world.admin, 9).await.unwrap().is_empty(), "nothing is left behind");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_those_who_may_write_contacts_import_and_only_administrators_see_jobs() {
    let world = World::new().await;
    let manager = world.browser("mia", Role::Manager).await;
    let page = upload(&manager, &[("files", "calls.csv", CALLS)]).await.leads_to().to_owned();
    for role in [Role::Agent, Role::Analyst, Role::Coach] {
        let browser = world.browser(role.name(), role).await;
        for path in ["/imports", "/imports/jobs", &page] {
            assert_eq!(browser.get(path).await.status, StatusCode::FORBIDDEN, "{role} {path}");
        }
        assert_eq!(browser.post(&format!("{page}/start"), &[]).await.status, StatusCode::FORBIDDEN);
        assert_eq!(upload(&browser, &[("files", "a.csv", CALLS)]).await.status, StatusCode::FORBIDDEN);
    }
    assert_eq!(manager.get("/imports/jobs").await.status, StatusCode::FORBIDDEN);
    assert!(contacts(&world).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_was_put_aside_is_shown_and_tried_again() {
    let world = World::new().await;
    let admin = world.admin().await;
    assert!(admin.page("/imports/jobs").await.contains("Nothing waits."));
    let now = world.app.clock().now();
    let job = NewJob {
        id: "odd/1".to_owned(),
        kind: "no-such-kind",
        payload: serde_json::json!({}),
        due_at: now,
        created_at: now,
    };
    let mut batch = Batch::new(&world.admin.tenant);
    batch.enqueue(&job);
    world.app.store().apply(batch).await.unwrap();
    world.app.work_until_idle().await.unwrap();
    let page = admin.page("/imports/jobs").await;
    assert!(page.contains("Put aside") && page.contains("this release has no job `no-such-kind`"), "{page}");
    assert!(page.contains("action=\"/imports/jobs/odd%2F1/retry\""));
    assert_eq!(admin.post("/imports/jobs/odd%2F1/retry", &[]).await.leads_to(), "/imports/jobs");
    assert!(admin.page("/imports/jobs").await.contains("</svg> Waits</span>"));
    assert_eq!(admin.post("/imports/jobs/odd%2F1/retry", &[]).await.status, StatusCode::NOT_FOUND);
}
