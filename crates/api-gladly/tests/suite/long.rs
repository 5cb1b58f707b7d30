//! Long reports: capped, sent in parts, given up when nobody reads on.

use crate::{
    thread::Thread,
    world::{World, both_with, column, request},
};
use axum::body::Body;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use touchline_api_gladly::{GladlyConfig, VendorLimits};

/// More than is made ahead, by far.
const MANY: usize = 9_000;

fn capped(report_row_cap: u64) -> GladlyConfig {
    GladlyConfig { report_row_cap, ..GladlyConfig::default() }
}

/// Contacts that all end within one second, in the order of their numbers.
async fn contacts(world: &World, from: usize, to: usize) {
    let mut events = vec![];
    for n in from..to {
        let customer = format!("customer-with-a-rather-long-id-{n:06}");
        let end = format!("2026-03-02T12:00:00.{n:06}Z");
        let contact =
            Thread::new(&format!("c{n:06}"), "CHAT", &customer, "i-new").starts("2026-03-02T10:00:00Z");
        events.extend(contact.ends(&end).events);
        if events.len() >= 2_000 {
            world.send(std::mem::take(&mut events)).await;
        }
    }
    world.send(events).await;
}

fn noon() -> Value {
    json!({ "startAtTime": "2026-03-02T11:00Z", "endAtTime": "2026-03-02T12:00Z" })
}

// covers(gladly)
#[tokio::test]
async fn rows_beyond_the_cap_are_left_out_and_the_answer_says_so() {
    both_with(&capped(3), async |world| {
        contacts(&world, 0, 3).await;
        let path = "/reports/work-session-events";
        let exact = world.post(path, &noon()).await;
        assert_eq!((exact.rows().len(), exact.header("gladly-limited-data")), (3, ""));
        contacts(&world, 3, 5).await;
        let cut = world.post(path, &noon()).await;
        assert_eq!(cut.header("gladly-limited-data"), "true");
        assert_eq!(
            column(&cut.rows(), "contact_session_id"),
            ["c000000", "c000001", "c000002"],
            "cut after sorting"
        );
        let export =
            json!({ "metricSet": "ContactExportReport", "startAt": "2026-03-02", "endAt": "2026-03-02" });
        let cut = world.report(export).await;
        assert_eq!((cut.rows().len(), cut.header("gladly-limited-data")), (3, "true"));
        let all = world.restarted(capped(5)).post(path, &noon()).await;
        assert_eq!((all.rows().len(), all.header("gladly-limited-data")), (5, ""));
        let all = world.restarted(capped(0)).post(path, &noon()).await;
        assert_eq!((all.rows().len(), all.header("gladly-limited-data")), (5, ""), "0 is no cap");
    })
    .await;
}

// covers(gladly): S2.2, X-17, X-15, S2.4
#[tokio::test]
async fn a_long_report_is_sent_in_parts_and_counted_before_its_first_byte() {
    both_with(&capped(100_000), async |world| {
        contacts(&world, 0, MANY).await;
        let ask =
            || request(&world.reader, "POST", "/reports/work-session-events", Body::from(noon().to_string()));
        let answer = world.begin(ask()).await;
        assert_eq!(answer.headers().get("content-length"), None);
        assert_eq!(answer.headers().get("gladly-limited-data"), None);
        let (mut body, mut text, mut parts, mut largest) = (answer.into_body(), vec![], 0, 0);
        while let Some(frame) = body.frame().await {
            let part = frame.unwrap().into_data().unwrap();
            (parts, largest) = (parts + 1, largest.max(part.len()));
            text.extend_from_slice(&part);
        }
        assert!(
            parts > 5 && largest < 1_100_000 && text.len() > 1_300_000,
            "{parts} {largest} {}",
            text.len()
        );
        let ids: Vec<String> = std::str::from_utf8(&text)
            .unwrap()
            .lines()
            .skip(1)
            .map(|line| line.split(',').nth(1).unwrap().to_owned())
            .collect();
        assert_eq!(ids, (0..MANY).map(|n| format!("c{n:06}")).collect::<Vec<_>>());

        // The cap lies behind what is made ahead: found by counting.
        for (cap, limited) in [(MANY - 1, "true"), (MANY, "")] {
            let answer = world.restarted(capped(cap as u64)).ask(ask()).await;
            assert_eq!(answer.header("gladly-limited-data"), limited, "{cap}");
            assert_eq!(answer.text().lines().count(), cap + 1);
        }
        let all = world.restarted(capped(0)).ask(ask()).await;
        assert_eq!(all.body, text);
    })
    .await;
}

// covers(gladly): S2.2, X-27
#[tokio::test]
async fn a_client_that_goes_away_leaves_nothing_behind() {
    let config = GladlyConfig { limits: VendorLimits::Vendor, ..GladlyConfig::default() };
    both_with(&config, async |world| {
        contacts(&world, 0, MANY).await;
        let ask =
            || request(&world.reader, "POST", "/reports/work-session-events", Body::from(noon().to_string()));
        // Two clients read the first part, and then take their time.
        let lines_of = |part: &[u8]| part.iter().filter(|byte| **byte == b'\n').count();
        let (mut bodies, mut lines) = (vec![], 0);
        for _ in 0..2 {
            let mut body = world.begin(ask()).await.into_body();
            let first = body.frame().await.unwrap().unwrap().into_data().unwrap();
            assert!(first.len() > 1_000_000);
            lines = lines_of(&first);
            bodies.push(body);
        }
        assert_eq!(world.ask(ask()).await.status, 429);
        // While they rest, others write and read.
        contacts(&world, MANY, MANY + 1).await;
        assert_eq!(world.get("/agents").await.status, 200);
        // One goes away; the other reads on, and gets the whole report as it was.
        let mut body = bodies.pop().unwrap();
        drop(bodies);
        assert_eq!(world.ask(ask()).await.status, 200);
        while let Some(frame) = body.frame().await {
            lines += lines_of(&frame.unwrap().into_data().unwrap());
        }
        assert_eq!(lines, 1 + MANY);
    })
    .await;
}
