//! What is wrong with a request, word for word.

use crate::world::{both, request};
use axum::{body::Body, http::Request};
use serde_json::json;

// covers(gladly): S2.3, R-28, R-27, X-3
#[tokio::test]
async fn the_documented_errors_are_reproduced_exactly() {
    both(async |world| {
        let days = |fields: serde_json::Value| {
            let mut body = json!({ "startAt": "2026-03-02", "endAt": "2026-03-02" });
            for (name, value) in fields.as_object().unwrap() {
                body[name] = value.clone();
            }
            body
        };
        for (body, attr, code, detail) in [
            (days(json!({})), "metricSet", "blank", "metricSet must be specified"),
            (
                days(json!({ "metricSet": "AgentSummary", "aggregationLevel": "hourly" })),
                "aggregationLevel",
                "invalid",
                "the specified value is not a valid aggregation level",
            ),
            (
                days(json!({ "metricSet": "agentSummary", "filters": { "inboxes": ["i-new"] } })),
                "filters.inboxes",
                "invalid",
                "the inboxes filter cannot be applied to the AgentSummary metricSet",
            ),
            (
                days(json!({ "metricSet": "WorkSessionsReport", "filters": { "inboxes": ["i-new", "i-nil"] } })),
                "filters.inboxes",
                "present",
                "the requested inbox does not exist",
            ),
            (
                days(json!({ "metricSet": "WorkSessionsReport", "filters": { "teams": ["d1"] } })),
                "filters.teams",
                "present",
                "the requested team does not exist",
            ),
            (
                days(json!({ "metricSet": "TopicSummaryReport" })),
                "metricSet",
                "invalid",
                "the TopicSummaryReport metricSet is not supported",
            ),
        ] {
            let answer = world.report(body.clone()).await;
            let expected = json!({ "errors": [{ "attr": attr, "code": code, "detail": detail }] });
            assert_eq!((answer.status.as_u16(), answer.json()), (400, expected), "{body}");
        }
        let body = json!({ "startAtTime": "2026-03-02T10:00Z", "endAtTime": "2026-03-02T10:00Z" });
        let answer = world.post("/reports/work-session-events", &body).await;
        let text = "startAtTime | invalid | endAtTime must occur after startAtTime";
        assert_eq!(answer.refusal(), (400, vec![text.to_owned()]));
    })
    .await;
}

// covers(gladly)
#[tokio::test]
async fn a_body_must_be_a_json_object_of_whatever_content_type() {
    both(async |world| {
        for path in ["/reports", "/reports/work-session-events"] {
            for body in ["", "{", "[]", "null", "metricSet=AgentSummary", "\u{feff}{}", "{\"a\":\"\\ud800\"}"]
            {
                let answer = world.ask(request(&world.reader, "POST", path, Body::from(body))).await;
                let expected =
                    json!({ "errors": [{ "code": "invalid", "detail": "request body is not valid JSON" }] });
                assert_eq!((answer.status.as_u16(), answer.json()), (400, expected), "{path} {body:?}");
            }
            let long = format!("{{\"x\":\"{}\"}}", "a".repeat(1024 * 1024));
            let answer = world.ask(request(&world.reader, "POST", path, Body::from(long))).await;
            assert_eq!(answer.code(), (400, "too_long".into()));
        }
        let body =
            json!({ "metricSet": "AgentSummary", "startAt": "2026-03-02", "endAt": "2026-03-02", "x": {} });
        for content_type in
            ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-8"]
        {
            let login = crate::world::basic(&world.reader);
            let asked = Request::post("/api/v1/reports").header("authorization", login);
            let asked =
                asked.header("content-type", content_type).body(Body::from(body.to_string())).unwrap();
            assert_eq!(world.ask(asked).await.status, 200, "{content_type}");
        }
    })
    .await;
}

// covers(gladly): X-16, S2.4, X-4
#[tokio::test]
async fn a_report_of_nothing_is_its_header_row() {
    both(async |world| {
        let days = |set: &str| json!({ "metricSet": set, "startAt": "2020-01-01", "endAt": "2020-01-01" });
        let first = |text: &str| text.split(',').next().unwrap().to_owned();
        for (set, begins, columns) in [
            ("WorkSessionEventsReportV3", "id", 19),
            ("WorkSessionEventsReportV4", "id", 19),
            ("WorkSessionsReport", "id", 19),
            ("WorkSessionsReportV3", "id", 19),
            ("ContactExportReport", "Timezone Filter", 36),
            ("ContactExportReportV2", "Timezone Filter", 36),
            ("ContactExportReportV3", "Timezone Filter", 36),
            ("AgentSummaryReport", "Timezone Filter", 113),
            ("AgentSummary", "Timezone Filter", 113),
            ("AgentSummaryV2", "Timezone Filter", 113),
        ] {
            let answer = world.report(days(set)).await;
            assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, "text/csv"), "{set}");
            let level = if set.starts_with("Agent") { "-Daily" } else { "" };
            let name = format!("attachment; filename={set}-20200101-20200101{level}.csv");
            assert_eq!(answer.header("content-disposition"), name);
            assert_eq!(answer.header("gladly-limited-data"), "");
            let text = answer.text();
            assert_eq!(
                (text.lines().count(), text.ends_with('\n'), text.contains('\r')),
                (1, true, false),
                "{set}"
            );
            assert_eq!((first(text).as_str(), text.split(',').count()), (begins, columns), "{set}");
        }
        let body = json!({ "startAtTime": "2020-03-02T10:00Z", "endAtTime": "2020-03-02T13:00+02:00" });
        let answer = world.post("/reports/work-session-events", &body).await;
        assert_eq!(answer.rows().len(), 0);
        let name = "attachment; filename=WorkSessionEventsReport-20200302T1000Z-20200302T1100Z.csv";
        assert_eq!(answer.header("content-disposition"), name);
    })
    .await;
}
