//! Reports as rows, in lines of JSON and as CSV.

use crate::world::World;
use reqwest::Method;
use serde_json::{Value, json};
use touchline_model::Ability;

on_both_engines!(
    work_sessions_are_lines_with_our_own_words,
    contacts_and_agents_have_reports_too,
    a_report_is_as_of_a_horizon,
    a_question_that_makes_no_sense_is_refused_with_its_parameter,
    a_long_report_is_streamed_to_its_end,
);

/// An inbound chat that was accepted two minutes after its start and ended after ten and a half.
fn chat(id: &str, at: &str) -> Vec<Value> {
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
    let customer = json!({ "type": "CUSTOMER", "id": format!("k-{id}") });
    let agent = json!({ "type": "AGENT", "id": "u1" });
    vec![
        event(
            "STARTED",
            format!("2026-02-28T{at}:00Z"),
            customer,
            json!({ "dueAt": format!("2026-02-28T{at}:59Z") }),
        ),
        event("OFFER_ACCEPTED", format!("2026-02-28T{at}:02.5Z"), agent.clone(), json!({ "agentId": "u1" })),
        event(
            "ENDED",
            format!("2026-02-28T{at}:10.25Z"),
            agent,
            json!({ "status": "ANSWERED",
                    "context": { "assignee": { "inboxId": "i1", "agentId": "u1" } } }),
        ),
    ]
}

async fn tell(world: &World) {
    world
        .post("/users", &json!({ "id": "u1", "email": "mia@example.com", "first_name": "Mia" }))
        .await
        .is(201);
    world.post("/inboxes", &json!({ "id": "i1", "name": "Billing, \"hot\"" })).await.is(201);
    let lines: Vec<String> = chat("c1", "11:05").iter().map(Value::to_string).collect();
    world.bulk("/events", lines.join("\n")).await;
}

const DAY: &str = "from=2026-02-28T00:00:00Z&to=2026-03-01T00:00:00Z";

async fn work_sessions_are_lines_with_our_own_words(world: World) {
    tell(&world).await;
    let answer = world.get(&format!("/reports/work-sessions?{DAY}")).await.is(200);
    assert_eq!(answer.header("content-type"), "application/x-ndjson; charset=utf-8");
    assert_eq!(answer.header("touchline-horizon"), "2026-03-01T08:30:00Z", "an hour ago");
    let lines = answer.lines();
    assert_eq!(lines.len(), 1);
    let expected = json!({
        "id": lines[0]["id"], "contact_id": "c1", "created_at": "2026-02-28T11:05:00Z", "customer_id": "k-c1",
        "conversation_id": "v-c1", "inbox_id": "i1", "channel": "CHAT", "direction": "INBOUND",
        "agent_accepted_at": "2026-02-28T11:05:02.5Z", "routed_at": "2026-02-28T11:05:02.5Z", "agent_id": "u1", "fulfilled_at": null,
        "ended_at": "2026-02-28T11:05:10.25Z", "status": "ANSWERED", "within_sla": null, "handle_seconds": 7.75,
        "after_contact_seconds": 0, "unknown_seconds": 0, "accepted_inbox_id": "i1",
    });
    assert_eq!(lines[0], expected);
    let csv = world.get(&format!("/reports/work-sessions?{DAY}&format=csv")).await.is(200);
    assert!(csv.header("content-type").starts_with("text/csv"));
    let rows: Vec<&str> = csv.text().lines().collect();
    assert!(
        rows[0].starts_with("id,contact_id,created_at,") && rows[0].ends_with(",accepted_inbox_id"),
        "{}",
        rows[0]
    );
    assert!(rows[1].ends_with(",ANSWERED,,7.75,0,0,i1"), "{}", rows[1]);
    assert_eq!(rows.len(), 2);
    for (filter, count) in
        [("channel=CHAT", 1), ("channel=EMAIL", 0), ("channel=EMAIL&channel=CHAT", 1), ("inbox=i1", 1)]
    {
        let found = world.get(&format!("/reports/work-sessions?{DAY}&{filter}")).await.is(200);
        assert_eq!(found.lines().len(), count, "{filter}");
    }
    // The end is not part of the window.
    let short = "/reports/work-sessions?from=2026-02-28T00:00:00Z&to=2026-02-28T11:05:10.25Z";
    assert_eq!(world.get(short).await.is(200).text(), "");
}

async fn contacts_and_agents_have_reports_too(world: World) {
    tell(&world).await;
    let contact = world.get(&format!("/reports/contacts?{DAY}&inbox=i1")).await.is(200).lines().remove(0);
    assert_eq!(contact["inbox_created_name"], "Billing, \"hot\"");
    assert_eq!(
        (&contact["queued_to_accepted_seconds"], &contact["talk_seconds"]),
        (&json!(2.5), &json!(null))
    );
    assert_eq!((&contact["initiator"], &contact["transfers"]), (&json!("CUSTOMER"), &json!(0)));
    assert_eq!(
        (&contact["due_at"], &contact["first_accepted_agent_name"]),
        (&json!("2026-02-28T11:05:59Z"), &json!("Mia"))
    );
    let csv = world.get(&format!("/reports/contacts?{DAY}&format=csv")).await.is(200);
    assert!(csv.text().contains(",i1,\"Billing, \"\"hot\"\"\",i1,"), "{}", csv.text());

    let agents = "/reports/agent-summary";
    let day = world.get(&format!("{agents}?{DAY}")).await.is(200).lines();
    assert_eq!(day.len(), 1);
    assert_eq!((&day[0]["agent_id"], &day[0]["agent_name"]), (&json!("u1"), &json!("Mia")));
    assert_eq!(
        (&day[0]["accepted"], &day[0]["accepted_chat"], &day[0]["accepted_email"]),
        (&json!(1), &json!(1), &json!(0))
    );
    assert_eq!((&day[0]["handle_seconds"], &day[0]["handle_chat_seconds"]), (&json!(7.75), &json!(7.75)));
    let starts = async |query: &str| {
        let rows = world.get(&format!("{agents}?{DAY}&{query}")).await.is(200).lines();
        rows.iter().map(|it| it["bucket_start"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(starts("level=half_hourly").await, ["2026-02-28T11:00:00Z"]);
    assert_eq!(starts("zone=Asia/Kolkata").await, ["2026-02-28T00:00:00Z"], "cut at the window");
    world
        .request_as(&world.token, Method::PUT, "/settings")
        .json(&json!({ "time_zone": "Asia/Kolkata" }))
        .send()
        .await
        .unwrap();
    let two_days = "from=2026-02-27T00:00:00Z&to=2026-03-01T00:00:00Z";
    let own = world.get(&format!("{agents}?{two_days}")).await.is(200).lines();
    assert_eq!(own[0]["bucket_start"], "2026-02-27T18:30:00Z", "the organisation's zone");
}

async fn a_report_is_as_of_a_horizon(world: World) {
    tell(&world).await;
    let ask = async |horizon: &str| {
        let answer = world.get(&format!("/reports/work-sessions?{DAY}&horizon={horizon}")).await.is(200);
        (answer.header("touchline-horizon").to_owned(), answer.lines())
    };
    let (horizon, open) = ask("2026-02-28T12:05:05%2B01:00").await;
    assert_eq!(horizon, "2026-02-28T11:05:05Z");
    assert_eq!(
        (&open[0]["id"], &open[0]["ended_at"], &open[0]["handle_seconds"]),
        (&json!(null), &json!(null), &json!(null))
    );
    assert_eq!(ask("2026-02-28T11:05:10.25Z").await.1[0]["status"], "ANSWERED");
    assert!(ask("2026-02-28T11:04:00Z").await.1.is_empty());
}

async fn a_question_that_makes_no_sense_is_refused_with_its_parameter(world: World) {
    for (query, field) in [
        ("to=2026-03-01T00:00:00Z", "from"),
        ("from=2026-03-01T00:00:00Z", "to"),
        ("from=2026-03-01&to=2026-03-02T00:00:00Z", "from"),
        ("from=2026-03-01T00:00:00Z&to=2026-02-01T00:00:00Z", "to"),
        (&format!("{DAY}&format=xml"), "format"),
        (&format!("{DAY}&horizon=2026-03-01T09:30:01Z"), "horizon"),
        (&format!("{DAY}&colour=red"), "colour"),
        (&format!("{DAY}&team=t"), "team"),
    ] {
        let path = format!("/reports/work-sessions?{query}");
        let answer = world.get(&path).await;
        match field {
            "team" => _ = answer.problem(404),
            _ => assert_eq!(answer.problem(400)["field"], field, "{query}"),
        }
    }
    for (query, field) in [("channel=FAX", "channel")] {
        let problem = world.get(&format!("/reports/contacts?{DAY}&{query}")).await.problem(400);
        assert_eq!(problem["field"], field);
    }
    for (query, field) in [("zone=Nowhere", "zone"), ("level=hourly", "level"), ("channel=CHAT", "channel")] {
        let problem = world.get(&format!("/reports/agent-summary?{DAY}&{query}")).await.problem(400);
        assert_eq!(problem["field"], field);
    }
    world.get(&format!("/reports/contacts?{DAY}&inbox=nowhere")).await.problem(404);
    let stranger = world.token_of("acme", [Ability::ReadContacts]).await;
    let request = world.request_as(&stranger, Method::GET, &format!("/reports/contacts?{DAY}"));
    crate::world::Answer::of(request).await.problem(403);
}

async fn a_long_report_is_streamed_to_its_end(world: World) {
    let lines: Vec<String> =
        (0..700).flat_map(|n| chat(&format!("c{n:03}"), "11:05")).map(|it| it.to_string()).collect();
    world.bulk("/events", lines.join("\n")).await;
    let answer = world.get(&format!("/reports/contacts?{DAY}")).await.is(200);
    assert!(answer.headers.get("content-length").is_none(), "longer than the part that is made ahead");
    let ids: Vec<Value> = answer.lines().into_iter().map(|it| it["contact_id"].clone()).collect();
    assert_eq!(ids.len(), 700);
    assert_eq!((&ids[0], &ids[699]), (&json!("c000"), &json!("c699")));
}
