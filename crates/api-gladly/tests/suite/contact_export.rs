//! The Contact Export, cell by cell.

use crate::{
    thread::Thread,
    work_sessions::day,
    world::{both, both_with, cells},
};
use serde_json::{Value, json};
use touchline_api_gladly::GladlyConfig;

fn of_monday(fields: Value) -> Value {
    let mut body = json!({ "metricSet": "ContactExportReportV3", "startAt": "2026-03-02", "endAt": "2026-03-02",
        "timezone": "UTC" });
    for (name, value) in fields.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

// covers(gladly): S5, C5-1, C5-2, C5-3, C5-4, C5-5, C5-6, C5-7, C5-8, C5-9, C5-10, C5-11, C5-12, C5-13, C5-14
// covers(gladly): C5-15, C5-16, C5-17, C5-18, C5-19, C5-20, C5-21, C5-22, C5-23, C5-24, C5-25, C5-26, C5-27, C5-28
// covers(gladly): C5-29, C5-30, C5-31, C5-32, C5-33, C5-34, C5-35, C5-36, X-9, X-15, X-28, R-16, OP-2
#[tokio::test]
async fn a_day_at_work_as_contacts() {
    let config =
        GladlyConfig { public_base_url: "https://desk.acme.example/".into(), ..GladlyConfig::default() };
    both_with(&config, async |world| {
        world.send(day()).await;
        let answer = world.report(of_monday(json!({}))).await;
        let lines: Vec<&str> = answer.text().lines().skip(1).collect();
        let link = |n: u8| format!("https://desk.acme.example/customer/cu{n}/conversation/v-cu{n}");
        let expected = [
            format!(
                "UTC,2026-03-02T10:00:00.250Z,cu1,v-cu1,c-call,{},PHONE_CALL,INBOUND,Customer,+15550001,\"Sales, new\",\
                 2026-03-02T10:05:00.000Z,2026-03-02T10:00:20.000Z,ana,Ana Ruiz,2026-03-02T10:00:25.500Z,RESPONDED,true,\
                 2026-03-02T10:20:00.000Z,ANSWERED,AGENT_ENDED,i-new,New,i-bill,\"Billing, EU\",bob,Bob Stone,\
                 19.75,25.25,1199.75,5.5,1210,240,60.5,1119.5,1",
                link(1)
            ),
            format!(
                "UTC,2026-03-02T11:00:00.000Z,cu2,v-cu2,c-mail,{},EMAIL,INBOUND,Customer,,,,,,,,,,\
                 2026-03-02T12:00:00.000Z,UNANSWERED,CUSTOMER_NO_REPLY,i-new,New,i-new,New,,,,,3600,,0,0,,,0",
                link(2)
            ),
            format!(
                "UTC,2026-03-02T13:00:00.000Z,cu3,v-cu3,c-text,{},SMS,OUTBOUND,Agent,,,,,,,,,,\
                 2026-03-02T13:10:00.000Z,ANSWERED,,i-new,New,i-new,New,bob,Bob Stone,,,,,0,0,,,0",
                link(3)
            ),
        ];
        assert_eq!(lines, expected);
    })
    .await;
}

// covers(gladly): R-7, C5-24, C5-25, C5-32, C5-34, S9.10
#[tokio::test]
async fn an_open_contact_shows_what_is_known_of_it_and_nothing_of_its_end() {
    both(async |world| {
        let handed_on = json!({ "assignee": { "inboxId": "i-bill", "agentId": "bob" }, "reason": "MANUAL",
            "transferType": "WARM" });
        let call = Thread::new("c1", "PHONE_CALL", "cu1", "i-new")
            .starts("2026-03-02T10:00:00Z")
            .accepted("ana", "2026-03-02T10:00:10Z", "2026-03-02T10:00:20Z")
            .at("2026-03-02T10:01:00Z", "FULFILLED", "agent:ana", json!({ "fulfilledType": "RESPONDED" }))
            .at("2026-03-02T10:02:00Z", "HOLD_STARTED", "agent:ana", json!({ "reason": "WARM_TRANSFER" }))
            .at("2026-03-02T10:03:00Z", "TRANSFERRED", "agent:ana", handed_on);
        world.send(call.events).await;
        let rows = world.report(of_monday(json!({}))).await.rows();
        let known = [
            "First Accepted Agent ID",
            "Fulfilled Type",
            "Inbox ID - Created",
            "Inbox Name - Current",
            "Assigned Agent Name - Current",
            "Queued-to-First Accepted Time in seconds",
            "First Accepted-to-Fulfilled Time in seconds",
            "Transfers",
        ];
        assert_eq!(
            cells(&rows[0], &known),
            "ana | RESPONDED | i-new | Billing, EU | Bob Stone | 20 | 40 | 1"
        );
        let end = [
            "Ended At",
            "Ended Status",
            "Ended Reason",
            "Queued-to-Ended Time in seconds",
            "Handle Time in seconds",
            "After Contact Time in seconds",
            "Hold Time in seconds",
            "Talk Time in seconds",
            "Fulfilled Before Due",
        ];
        assert_eq!(cells(&rows[0], &end), " |  |  |  |  |  |  |  | ");
    })
    .await;
}

// covers(gladly), C5-1
#[tokio::test]
async fn contacts_are_filtered_by_channel_and_present_inbox_and_shown_in_the_zone() {
    both(async |world| {
        world.send(day()).await;
        let ids = async |fields: Value| {
            let rows = world.report(of_monday(fields)).await.rows();
            rows.iter()
                .map(|row| cells(row, &["Contact ID", "Queued At", "Timezone Filter"]))
                .collect::<Vec<_>>()
        };
        let london = |filters: Value| json!({ "timezone": "europe/london", "filters": filters });
        let call = "c-call | 2026-03-02T10:00:00.250+00:00 | Europe/London";
        assert_eq!(ids(london(json!({ "inboxes": ["i-bill"] }))).await, [call]);
        assert_eq!(ids(london(json!({ "channel": "voice" }))).await, [call]);
        assert_eq!(ids(london(json!({ "inboxes": ["i-bill"], "channel": "email" }))).await, [""; 0]);
        // In Tokyo the text message of 13:00 UTC is still of Monday, at 22:00.
        let tokyo = ids(json!({ "timezone": "Asia/Tokyo", "filters": { "channel": "sms" } })).await;
        assert_eq!(tokyo, ["c-text | 2026-03-02T22:00:00.000+09:00 | Asia/Tokyo"]);
        // In Honolulu it is 03:00, and the mail of 11:00 is of 01:00; the call of 10:00 is of midnight.
        assert_eq!(ids(json!({ "timezone": "Pacific/Honolulu" })).await.len(), 3);
        assert_eq!(ids(json!({ "timezone": "Pacific/Pago_Pago" })).await.len(), 2, "there it is of Sunday");
    })
    .await;
}

// covers(gladly), S3.1
#[tokio::test]
async fn days_are_days_of_the_organisations_zone_unless_another_is_asked_for() {
    both(async |world| {
        world.send(day()).await;
        world.app.set_time_zone(&world.system, "Pacific/Pago_Pago").await.unwrap();
        let rows = world.report(of_monday(json!({ "timezone": null }))).await.rows();
        assert_eq!(
            rows.iter()
                .map(|row| cells(row, &["Timezone Filter", "Queued At", "Contact ID"]))
                .collect::<Vec<_>>(),
            [
                "Pacific/Pago_Pago | 2026-03-02T00:00:00.000-11:00 | c-mail",
                "Pacific/Pago_Pago | 2026-03-02T02:00:00.000-11:00 | c-text",
            ]
        );
        assert_eq!(world.report(of_monday(json!({ "timezone": "UTC" }))).await.rows().len(), 3);
        let minutes = json!({ "metricSet": "ContactExportReport", "startAtTime": "2026-03-02T10:00Z",
            "endAtTime": "2026-03-02T10:01Z" });
        let rows = world.report(minutes).await.rows();
        assert_eq!(cells(&rows[0], &["Timezone Filter", "Queued At"]), "UTC | 2026-03-02T10:00:00.250Z");
    })
    .await;
}
