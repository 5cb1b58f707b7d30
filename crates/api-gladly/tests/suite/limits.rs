//! The vendor's limits, when the owner wants them.

use crate::world::{World, both, both_with, request};
use axum::body::Body;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use touchline_api_gladly::{GladlyConfig, VendorLimits};

fn vendor() -> GladlyConfig {
    GladlyConfig { limits: VendorLimits::Vendor, ..GladlyConfig::default() }
}

fn report() -> Value {
    json!({ "metricSet": "AgentSummary", "startAt": "2026-03-02", "endAt": "2026-03-02" })
}

/// Status and what is left, of some requests in a row.
async fn some(world: &World, method: &str, path: &str, times: usize) -> Vec<(u16, String)> {
    let mut seen = vec![];
    for _ in 0..times {
        let answer = world.as_user(&world.reader, method, path).await;
        assert_eq!(answer.header("ratelimit-limit-second"), "10");
        assert_eq!(answer.header("retry-after"), "", "the vendor sends none");
        seen.push((answer.status.as_u16(), answer.header("ratelimit-remaining-second").to_owned()));
    }
    seen
}

// covers(gladly): S2.2, X-27, X-25
#[tokio::test]
async fn the_eleventh_request_of_a_second_is_one_too_many() {
    both_with(&vendor(), async |world| {
        let other = world.login("acme", "second@acme.example", None).await;
        let seen = some(&world, "GET", "/agents", 9).await;
        assert_eq!((seen[0].clone(), seen[8].clone()), ((200, "9".into()), (200, "1".into())));
        assert_eq!(
            world.as_user(&other, "GET", "/nothing").await.status,
            404,
            "all tokens count, and all paths"
        );
        let last = world.get("/agents").await;
        assert_eq!(last.code(), (429, "rate_limited".into()));
        assert_eq!(last.header("ratelimit-remaining-second"), "0");
        // Other methods have limits of their own, and so have other organisations.
        assert_eq!(some(&world, "DELETE", "/agents", 1).await, [(405, "9".to_owned())]);
        world.tenant("other").await;
        let elsewhere = world.login("other", "api@other.example", None).await;
        assert_eq!(world.as_user(&elsewhere, "GET", "/agents").await.status, 200);
        world.now("2026-03-03T20:00:01Z");
        assert_eq!(some(&world, "GET", "/agents", 1).await, [(200, "9".to_owned())]);
    })
    .await;
}

// covers(gladly): R-31
#[tokio::test]
async fn strangers_use_nothing_up() {
    both_with(&vendor(), async |world| {
        let wrong = (world.reader.0.clone(), "wrong".to_owned());
        for _ in 0..20 {
            let answer = world.as_user(&wrong, "GET", "/agents").await;
            assert_eq!((answer.status.as_u16(), answer.header("ratelimit-remaining-second")), (401, "10"));
        }
        assert_eq!(some(&world, "GET", "/agents", 1).await, [(200, "9".to_owned())]);
    })
    .await;
}

// covers(gladly): S2.2, X-27
#[tokio::test]
async fn ten_reports_of_a_minute_count_whatever_came_of_them() {
    both_with(&vendor(), async |world| {
        world.now("2026-03-03T20:00:30Z");
        let first = world.report(report()).await;
        assert_eq!((first.status.as_u16(), first.header("ratelimit-remaining-second")), (200, "9"));
        for left in (4..9).rev() {
            let bad = world.report(json!({})).await;
            let left = left.to_string();
            assert_eq!((bad.status.as_u16(), bad.header("ratelimit-remaining-second")), (400, &*left));
        }
        for _ in 0..4 {
            let body = json!({ "startAtTime": "2026-03-02T10:00Z", "endAtTime": "2026-03-02T11:00Z" });
            assert_eq!(world.post("/reports/work-session-events/", &body).await.status, 200);
        }
        world.now("2026-03-03T20:00:59Z");
        let last = world.report(report()).await;
        assert_eq!(last.code(), (429, "rate_limited".into()));
        assert_eq!(last.header("ratelimit-remaining-second"), "0");
        assert_eq!(world.get("/agents").await.status, 200, "other operations go on");
        world.now("2026-03-03T20:01:00Z");
        assert_eq!(world.report(report()).await.header("ratelimit-remaining-second"), "9");
    })
    .await;
}

// covers(gladly): S2.2, X-27
#[tokio::test]
async fn a_third_report_at_the_same_time_is_refused_until_one_is_read_or_its_client_is_gone() {
    both_with(&vendor(), async |world| {
        let ask = || request(&world.reader, "POST", "/reports", Body::from(report().to_string()));
        let (one, two) = (world.begin(ask()).await, world.begin(ask()).await);
        assert_eq!((one.status().as_u16(), two.status().as_u16()), (200, 200));
        let third = world.report(report()).await;
        assert_eq!(third.code(), (429, "rate_limited".into()));
        assert_eq!(third.header("ratelimit-remaining-second"), "7", "it counts all the same");
        assert!(!one.into_body().collect().await.unwrap().to_bytes().is_empty());
        assert_eq!(world.report(report()).await.status, 200);
        let again = world.begin(ask()).await;
        assert_eq!((again.status().as_u16(), world.report(report()).await.status.as_u16()), (200, 429));
        drop(two);
        assert_eq!(world.report(report()).await.status, 200);
    })
    .await;
}

// covers(gladly)
#[tokio::test]
async fn without_limits_ten_of_ten_are_always_left() {
    both(async |world| {
        let seen = some(&world, "GET", "/agents", 15).await;
        assert!(seen.iter().all(|it| *it == (200, "10".to_owned())), "{seen:?}");
        for _ in 0..15 {
            let answer = world.report(report()).await;
            assert_eq!((answer.status.as_u16(), answer.header("ratelimit-remaining-second")), (200, "10"));
        }
    })
    .await;
}
