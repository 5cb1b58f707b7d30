//! The Work Sessions report, cell by cell.

use crate::{
    thread::{Thread, event, view},
    world::{Row, both, cells, column},
};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// A day at work: a call that two agents handle, a mail that nobody takes, a text message of ours.
pub(crate) fn day() -> Vec<Value> {
    let started = json!({ "dueAt": "2026-03-02T10:05:00Z", "entryPoint": "+15550001",
        "finalIVRSelection": "Sales, new" });
    let hold = json!({ "reason": "MANUAL" });
    let handed_on =
        json!({ "assignee": { "inboxId": "i-bill" }, "reason": "MANUAL", "transferType": "COLD" });
    let call = Thread::new("c-call", "PHONE_CALL", "cu1", "i-new")
        .at("2026-03-02T10:00:00.25Z", "STARTED", "customer:cu1", started)
        .accepted("ana", "2026-03-02T10:00:10Z", "2026-03-02T10:00:20Z")
        .at("2026-03-02T10:00:25.5Z", "FULFILLED", "agent:ana", json!({ "fulfilledType": "RESPONDED" }))
        .at("2026-03-02T10:05:00Z", "HOLD_STARTED", "agent:ana", hold.clone())
        .at("2026-03-02T10:06:00.5Z", "HOLD_ENDED", "agent:ana", hold)
        .at("2026-03-02T10:10:00Z", "TRANSFERRED", "agent:ana", handed_on)
        .accepted("bob", "2026-03-02T10:10:05Z", "2026-03-02T10:10:30Z")
        .at(
            "2026-03-02T10:20:00Z",
            "ENDED",
            "agent:bob",
            json!({ "status": "ANSWERED", "reason": "AGENT_ENDED" }),
        );
    let refused = |agent: &str, reason: &str| json!({ "agentId": agent, "reason": reason });
    let mail = Thread::new("c-mail", "EMAIL", "cu2", "i-new")
        .starts("2026-03-02T11:00:00Z")
        .at("2026-03-02T11:01:00Z", "OFFERED", "system:", json!({ "agentId": "ana" }))
        .at("2026-03-02T11:02:00Z", "OFFER_REJECTED", "agent:ana", refused("ana", "DECLINED"))
        .at("2026-03-02T11:03:00Z", "OFFERED", "system:", json!({ "agentId": "bob" }))
        .at("2026-03-02T11:04:00Z", "OFFER_REJECTED", "system:", refused("bob", "MISSED"))
        .at(
            "2026-03-02T12:00:00Z",
            "ENDED",
            "system:",
            json!({ "status": "UNANSWERED", "reason": "CUSTOMER_NO_REPLY" }),
        );
    let text = Thread::new("c-text", "SMS", "cu3", "i-new")
        .started_by("bob", "2026-03-02T13:00:00Z")
        .at("2026-03-02T13:00:05Z", "MESSAGE_SENT", "agent:bob", json!({ "messageId": "m1" }))
        .ends("2026-03-02T13:10:00Z");
    let closed = json!({ "conversationId": "v-cu1", "customerId": "cu1" });
    let mut all = [call.events, mail.events, text.events].concat();
    all.extend([
        event("closed", "CONVERSATION/CLOSED", "2026-03-02T10:24:00Z", "agent:bob", closed),
        view("w1", "ana", "cu1", "2026-03-02T10:00:20Z", "2026-03-02T10:11:00Z"),
        view("w2", "bob", "cu1", "2026-03-02T10:10:30Z", "2026-03-02T10:25:00Z"),
        view("w3", "eve", "cu1", "2026-03-02T10:21:00Z", "2026-03-02T10:22:30.5Z"),
    ]);
    all
}

fn without_id(row: &str) -> String {
    row.split_once(',').unwrap().1.to_owned()
}

// covers(gladly): OP-1, S4, C4-1, C4-2, C4-3, C4-4, C4-5, C4-6, C4-7, C4-8, C4-9, C4-10, C4-11, C4-12, C4-13
// covers(gladly): C4-14, C4-15, C4-16, C4-17, C4-18, C4-19, X-8, X-11, X-12, X-13, X-14, X-15, R-5, R-6, S4.3, S4.2
#[tokio::test]
async fn a_day_at_work_as_work_sessions() {
    both(async |world| {
        world.send(day()).await;
        let body = json!({ "startAtTime": "2026-03-02T00:00Z", "endAtTime": "2026-03-02T23:59Z" });
        let answer = world.post("/reports/work-session-events", &body).await;
        let lines: Vec<&str> = answer.text().lines().skip(1).collect();
        let call = "c-call,2026-03-02T10:00:00.250Z,cu1,v-cu1,i-new,PHONE_CALL,INBOUND";
        let ended = "2026-03-02T10:00:25.500Z,2026-03-02T10:20:00.000Z,ANSWERED,true";
        let routed = "2026-03-02T10:00:10.000Z";
        let expected = [
            format!("{call},2026-03-02T10:00:20.000Z,{routed},ana,{ended},640,0,0,i-new"),
            format!("{call},2026-03-02T10:10:30.000Z,{routed},bob,{ended},570,240,0,i-bill"),
            format!("{call},,{routed},eve,{ended},0,0,90.5,"),
            "c-mail,2026-03-02T11:00:00.000Z,cu2,v-cu2,i-new,EMAIL,INBOUND,,2026-03-02T11:01:00.000Z,,,\
             2026-03-02T12:00:00.000Z,UNANSWERED,,0,0,0,"
                .to_owned(),
            "c-text,2026-03-02T13:00:00.000Z,cu3,v-cu3,i-new,SMS,OUTBOUND,,,bob,,2026-03-02T13:10:00.000Z,ANSWERED,,\
             0,0,0,"
                .to_owned(),
        ];
        assert_eq!(lines.iter().map(|line| without_id(line)).collect::<Vec<_>>(), expected);
        let ids: BTreeSet<&str> = lines.iter().map(|line| line.split(',').next().unwrap()).collect();
        assert_eq!(ids.len(), 5, "each has an id of its own");
        for id in &ids {
            let safe = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
            assert!(id.len() == 22 && id.chars().all(safe), "{id}");
        }
        // The same events give the same ids elsewhere.
        world.tenant("twin").await;
        let twin = touchline_model::Caller::system("twin".into(), "test");
        let events = day().into_iter().map(|event| serde_json::from_value(event).unwrap()).collect();
        world.app.put_events(&twin, events).await.unwrap();
        let login = world.login("twin", "api@twin.example", None).await;
        let asked = crate::world::request(
            &login,
            "POST",
            "/reports/work-session-events",
            axum::body::Body::from(body.to_string()),
        );
        assert_eq!(world.ask(asked).await.text(), answer.text());
    })
    .await;
}

// covers(gladly): OP-2, X-4, R-8, X-13, S3.2
#[tokio::test]
async fn all_names_of_work_sessions_and_both_forms_of_a_window_give_the_same_rows() {
    both(async |world| {
        world.send(day()).await;
        let minutes = json!({ "startAtTime": "2026-03-02T00:00Z", "endAtTime": "2026-03-02T23:59Z" });
        let first = world.post("/reports/work-session-events", &minutes).await;
        for set in
            ["WorkSessionEventsReportV3", "workSessionEventsReportV4", "WorkSessionsReport", "WORKSESSIONSREPORTV3"]
        {
            let days = json!({ "metricSet": set, "startAt": "2026-03-02", "endAt": "2026-03-02", "timezone": "UTC" });
            assert_eq!(world.report(days).await.text(), first.text(), "{set}");
            let mut body = minutes.clone();
            body["metricSet"] = set.into();
            assert_eq!(world.report(body).await.text(), first.text(), "{set}");
        }
        let days = json!({ "metricSet": "WorkSessionsReport", "startAt": "2026-03-02", "endAt": "2026-03-02",
            "timezone": "Asia/Kolkata" });
        let rows = world.report(days).await.rows();
        assert_eq!(rows[0]["contact_session_created_at"], "2026-03-02T15:30:00.250+05:30");
        assert_eq!(rows[0]["contact_session_ended_at"], "2026-03-02T15:50:00.000+05:30");
    })
    .await;
}

// covers(gladly): X-21, S3.1
#[tokio::test]
async fn work_sessions_are_filtered_by_channel_first_inbox_and_team() {
    both(async |world| {
        world.send(day()).await;
        let report = async |filters: Value| {
            let body = json!({ "metricSet": "WorkSessionEventsReportV3", "startAt": "2026-03-02",
                "endAt": "2026-03-02", "timezone": "UTC", "filters": filters });
            let rows = world.report(body).await.rows();
            rows.iter().map(|row| cells(row, &["contact_session_id", "agent_id"])).collect::<Vec<_>>()
        };
        let call = ["c-call | ana", "c-call | bob", "c-call | eve"];
        assert_eq!(report(json!({ "channel": "voice" })).await, call);
        assert_eq!(report(json!({ "channel": "email" })).await, ["c-mail | "]);
        assert_eq!(report(json!({ "channel": "chat" })).await, [""; 0]);
        assert_eq!(
            report(json!({ "inboxes": ["i-bill", "i-old"] })).await,
            [""; 0],
            "where it first started"
        );
        assert_eq!(report(json!({ "inboxes": ["i-new"], "channel": "sms" })).await, ["c-text | bob"]);
        assert_eq!(report(json!({ "teams": ["t-phone"] })).await, call[..1]);
        assert_eq!(report(json!({ "channel": "allChannels", "teams": [], "inboxes": [] })).await.len(), 5);
    })
    .await;
}

// covers(gladly): S9.9, R-3, C4-11, C4-16
#[tokio::test]
async fn of_two_stacked_outbound_contacts_the_higher_channel_has_the_agent() {
    both(async |world| {
        let text = Thread::new("c-text", "SMS", "cu1", "i-new").started_by("ana", "2026-03-02T14:00:00Z");
        let mail = Thread::new("c-mail", "EMAIL", "cu1", "i-new").started_by("ana", "2026-03-02T14:10:00Z");
        let mut events = text.ends("2026-03-02T14:30:00Z").events;
        events.extend(mail.ends("2026-03-02T14:20:00Z").events);
        events.push(view("w1", "ana", "cu1", "2026-03-02T14:00:00Z", "2026-03-02T14:40:00Z"));
        world.send(events).await;
        let rows = world.sessions("2026-03-02T14:00", "2026-03-02T15:00").await;
        let shown = |row: &Row| {
            let durations =
                ["handle", "after_contact", "unknown"].map(|it| format!("work_session_{it}_time_sec"));
            let names = ["contact_session_id", "agent_id", &*durations[0], &*durations[1], &*durations[2]];
            cells(row, &names)
        };
        assert_eq!(
            rows.iter().map(shown).collect::<Vec<_>>(),
            ["c-mail |  | 0 | 0 | 0", "c-text | ana | 1800 | 600 | 0"]
        );
    })
    .await;
}

// covers(gladly): S9.11, C4-17, C4-18, R-11, X-12
#[tokio::test]
async fn after_contact_time_of_a_delivered_row_grows_and_its_ids_stay() {
    both(async |world| {
        let contact = Thread::new("c1", "CHAT", "cu1", "i-new").starts("2026-03-02T10:00:00Z").accepted(
            "ana",
            "2026-03-02T10:00:10Z",
            "2026-03-02T10:01:00Z",
        );
        let mut events = contact.ends("2026-03-02T10:10:00Z").events;
        events.push(view("w1", "ana", "cu1", "2026-03-02T10:01:00Z", "2026-03-02T10:12:00Z"));
        events.push(view("w2", "ana", "cu1", "2026-03-02T10:20:00Z", "2026-03-02T10:25:00Z"));
        events.extend(Thread::new("c2", "CHAT", "cu1", "i-new").starts("2026-03-02T10:24:00Z").events);
        world.send(events).await;
        let names =
            ["contact_session_id", "work_session_handle_time_sec", "work_session_after_contact_time_sec"];
        let mut ids = BTreeSet::new();
        for (now, expected) in [
            ("2026-03-02T11:15:00Z", "c1 | 540 | 120"),
            ("2026-03-02T11:40:00Z", "c1 | 540 | 360"),
            ("2026-03-03T00:00:00Z", "c1 | 540 | 360"),
        ] {
            world.now(now);
            let rows = world.sessions("2026-03-02T10:09", "2026-03-02T10:10").await;
            assert_eq!(cells(&rows[0], &names), expected, "{now}");
            ids.insert(rows[0]["id"].clone());
        }
        assert_eq!(ids.len(), 1);
    })
    .await;
}

// covers(gladly): S9.13, S9.1
#[tokio::test]
async fn the_six_questions_are_answered_from_work_sessions_alone() {
    both(async |world| {
        world.send(day()).await;
        let rows = world.sessions("2026-03-02T00:00", "2026-03-03T00:00").await;
        let contacts: BTreeMap<&str, &Row> =
            rows.iter().map(|row| (row["contact_session_id"].as_str(), row)).collect();
        let count = |of: &dyn Fn(&Row) -> bool| contacts.values().filter(|row| of(row)).count();
        let created =
            |row: &Row, from: &str, to: &str| (from..to).contains(&&*row["contact_session_created_at"]);
        assert_eq!(
            count(&|row| created(row, "2026-03-02T10", "2026-03-02T12")),
            2,
            "initiated from 10 to 12"
        );
        assert_eq!(
            count(&|row| row["contact_session_ended_at"].starts_with("2026-03-02T12")),
            1,
            "ended at 12"
        );
        assert_eq!(count(&|row| row["direction"] == "OUTBOUND"), 1);
        assert_eq!(count(&|row| row["conversation_id"] == "v-cu1"), 1, "of a conversation");
        let handlers =
            rows.iter().filter(|row| row["contact_session_id"] == "c-call" && !row["agent_id"].is_empty());
        assert_eq!(handlers.count(), 3, "agents of the call");
        let instant = |text: &str| text.parse::<touchline_model::Timestamp>().unwrap().micros();
        let speed = rows
            .iter()
            .filter(|row| row["direction"] == "INBOUND" && !row["agent_accepted_at"].is_empty())
            .map(|row| instant(&row["agent_accepted_at"]) - instant(&row["contact_session_created_at"]))
            .min();
        assert_eq!(speed, Some(19_750_000), "speed of answer of the only contact that was answered");
        assert_eq!(column(&rows, "customer_id").iter().collect::<BTreeSet<_>>().len(), 3);
    })
    .await;
}

// covers(gladly): S4.1, C4-7, C4-8, C5-7, C5-8, C5-9, X-22
#[tokio::test]
async fn every_channel_and_every_initiator_is_named() {
    both(async |world| {
        let told = [
            ("CHAT", "customer:x", "INBOUND", "Customer"),
            ("EMAIL", "agent:ana", "OUTBOUND", "Agent"),
            ("FB_MESSENGER", "automation:rule-1", "OUTBOUND", "Automation"),
            ("INSTAGRAM_DIRECT", "internal:", "INBOUND", "Internal"),
            ("PHONE_CALL", "external:", "INBOUND", "External"),
            ("SMS", "application:bot", "OUTBOUND", "Application"),
            ("VOICEMAIL", "system:", "OUTBOUND", "System"),
            ("WHATSAPP", "customer:y", "INBOUND", "Customer"),
            ("TWITTER", "customer:z", "INBOUND", "Customer"),
            ("ABANDONED_CALL", "customer:q", "INBOUND", "Customer"),
        ];
        for (n, (channel, who, ..)) in told.iter().enumerate() {
            let contact = Thread::new(&format!("c{n}"), channel, &format!("cu{n}"), "i-new");
            let contact = contact.at("2026-03-02T10:00:00Z", "STARTED", who, json!({}));
            world.send(contact.ends("2026-03-02T10:10:00Z").events).await;
        }
        let sessions = world.sessions("2026-03-02T10:00", "2026-03-02T11:00").await;
        let shown: Vec<_> = sessions.iter().map(|row| cells(row, &["channel", "direction"])).collect();
        let expected: Vec<_> =
            told.iter().map(|(channel, _, direction, _)| format!("{channel} | {direction}")).collect();
        assert_eq!(shown, expected);
        let days =
            json!({ "metricSet": "ContactExportReport", "startAt": "2026-03-02", "endAt": "2026-03-02" });
        let contacts = world.report(days).await.rows();
        let shown: Vec<_> =
            contacts.iter().map(|row| cells(row, &["Channel", "Direction", "Contact Initiator"])).collect();
        let expected: Vec<_> = told
            .iter()
            .map(|(channel, _, direction, initiator)| format!("{channel} | {direction} | {initiator}"))
            .collect();
        assert_eq!(shown, expected);
    })
    .await;
}

// covers(gladly): C4-4, C4-5, C5-3, C5-4, S9.10
#[tokio::test]
async fn mergers_do_not_rewrite_what_was_reported() {
    both(async |world| {
        world.send(day()).await;
        let names = ["contact_session_id", "customer_id", "conversation_id"];
        let before: Vec<_> = world
            .sessions("2026-03-02T00:00", "2026-03-03T00:00")
            .await
            .iter()
            .map(|row| cells(row, &names))
            .collect();
        let conversation = json!({ "conversationId": "v-cu1", "intoConversationId": "v-cu2" });
        let customer = json!({ "customerId": "cu1", "intoCustomerId": "cu2" });
        let at = "2026-03-02T15:00:00Z";
        world.send(vec![event("m1", "CONVERSATION/MERGED", at, "system:", conversation)]).await;
        world.send(vec![event("m2", "CUSTOMER/MERGED", at, "system:", customer)]).await;
        let after = world.sessions("2026-03-02T00:00", "2026-03-03T00:00").await;
        assert_eq!(after.iter().map(|row| cells(row, &names)).collect::<Vec<_>>(), before);
        assert!(before.contains(&"c-call | cu1 | v-cu1".to_owned()));
        let days =
            json!({ "metricSet": "ContactExportReport", "startAt": "2026-03-02", "endAt": "2026-03-02" });
        let rows = world.report(days).await.rows();
        assert_eq!(
            cells(&rows[0], &["Contact ID", "Customer ID", "Conversation ID"]),
            "c-call | cu1 | v-cu1"
        );
    })
    .await;
}
