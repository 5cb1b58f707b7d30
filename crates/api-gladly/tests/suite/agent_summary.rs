//! The Agent Summary, figure by figure.

use crate::{
    thread::event,
    work_sessions::day,
    world::{Row, World, both, cells, column},
};
use serde_json::{Value, json};
use touchline_app::people::NewLogin;
use touchline_model::Role;

fn summary(fields: Value) -> Value {
    let mut body = json!({ "metricSet": "AgentSummary", "startAt": "2026-03-02", "endAt": "2026-03-02",
        "timezone": "UTC" });
    for (name, value) in fields.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

/// What happens to an agent: what follows `AGENT_STATUS/`.
fn status(agent: &str, kind: &str, at: &str) -> Value {
    let content = json!({ "agentId": agent, "occurredAt": at });
    event(&format!("{agent}-{kind}-{at}"), &format!("AGENT_STATUS/{kind}"), at, "system:", content)
}

fn available(agent: &str, at: &str, of: &[&str]) -> Value {
    let content = json!({ "agentId": agent, "availableFor": of });
    event(&format!("{agent}-av-{at}"), "AGENT_AVAILABILITY/UPDATED", at, "system:", content)
}

/// A shift of Ana's with a lunch break, and what she does to tasks.
fn shift() -> Vec<Value> {
    let mut all = vec![
        status("ana", "LOGGED_IN", "2026-03-02T09:00:00Z"),
        available("ana", "2026-03-02T09:00:00Z", &["VOICE", "MESSAGING"]),
        status("ana", "WENT_AWAY", "2026-03-02T12:00:00Z"),
        status("ana", "RETURNED_FROM_AWAY", "2026-03-02T12:30:00.5Z"),
        status("ana", "CHANGED_ACTIVE_REASON", "2026-03-02T13:00:00Z"),
        available("ana", "2026-03-02T15:00:00Z", &["MAIL"]),
        available("ana", "2026-03-02T16:00:00Z", &[]),
        status("ana", "LOGGED_OUT", "2026-03-02T18:00:00Z"),
    ];
    let tasks = [
        ("CREATED", 1),
        ("CLOSED", 2),
        ("REOPENED", 3),
        ("COMMENT_ADDED", 4),
        ("CONTENT_UPDATED", 5),
        ("DUE_DATE_UPDATED", 6),
    ];
    for (kind, times) in tasks {
        for n in 0..times {
            let content = json!({ "taskId": "task-1" });
            let id = format!("task-{kind}-{n}");
            all.push(event(&id, &format!("TASK/{kind}"), "2026-03-02T14:00:00Z", "agent:ana", content));
        }
    }
    all
}

async fn rows(world: &World, fields: Value) -> Vec<Row> {
    world.report(summary(fields)).await.rows()
}

/// The cells of a row that are neither zero nor about who and when.
fn figures(row: &Row) -> Vec<String> {
    let about = [
        "Timezone Filter",
        "Bucket Beginning",
        "Bucket End",
        "Name",
        "Email",
        "Agent ID",
        "User Status",
        "Role(s)",
        "Inbox(es)",
        "Team(s)",
    ];
    let mut all: Vec<String> = row
        .iter()
        .filter(|(name, value)| !about.contains(&name.as_str()) && *value != "0")
        .map(|(name, value)| format!("{name}: {value}"))
        .collect();
    all.sort();
    all
}

// covers(gladly): S6, C6-1, C6-2, C6-3, C6-4, C6-5, C6-6, C6-7, C6-8, X-10, X-14, X-15, X-18, S9.7, R-19, R-21
#[tokio::test]
async fn a_day_at_work_as_figures_of_agents() {
    both(async |world| {
        world.send([day(), shift()].concat()).await;
        let rows = rows(&world, json!({})).await;
        let who = ["Timezone Filter", "Bucket Beginning", "Bucket End", "Name", "Email", "Agent ID", "User Status",
            "Inbox(es)", "Team(s)"];
        let bucket = "UTC | 2026-03-02T00:00:00.000Z | 2026-03-03T00:00:00.000Z";
        assert_eq!(
            rows.iter().map(|row| cells(row, &who)).collect::<Vec<_>>(),
            [
                format!("{bucket} | Ana Ruiz | ana@acme.example | ana | Active | Billing, EU, New | Phones, \"north\""),
                format!("{bucket} | Bob Stone | bob@acme.example | bob | Active | New | "),
            ]
        );
        assert_eq!(
            figures(&rows[0]),
            [
                "Active Time in seconds: 30599.5",
                "Available Time in seconds - Any: 23399.5",
                "Available Time in seconds - Mail: 3600",
                "Available Time in seconds - Messaging: 19799.5",
                "Available Time in seconds - Voice: 19799.5",
                "Away Time in seconds: 1800.5",
                "Changed Active Reason: 1",
                "Contact Accepted - Phone Call: 1",
                "Contact Accepted: 1",
                "Contact Declined - Email: 1",
                "Contact Declined: 1",
                "Contact Offered - Email: 1",
                "Contact Offered - Phone Call: 1",
                "Contact Offered: 2",
                "Contact Transferred: 1",
                "Handle Time in seconds - Phone Call: 640",
                "Handle Time in seconds: 640",
                "Hold Time in seconds: 60.5",
                "Logged In Time in seconds: 32400",
                "Logged In: 1",
                "Logged Out: 1",
                "Returned from Away: 1",
                "Task Closed: 2",
                "Task Commented On: 4",
                "Task Content Updated: 5",
                "Task Created: 1",
                "Task Due Date Updated: 6",
                "Task Reopened: 3",
                "Went Away: 1",
            ]
        );
        assert_eq!(
            figures(&rows[1]),
            [
                "After Contact Time in seconds - Phone Call: 240",
                "After Contact Time in seconds: 240",
                "Contact Accepted - Phone Call: 1",
                "Contact Accepted: 1",
                "Contact Ended: 2",
                "Contact Missed - Email: 1",
                "Contact Missed: 1",
                "Contact Offered - Email: 1",
                "Contact Offered - Phone Call: 1",
                "Contact Offered: 2",
                "Contact Started - SMS: 1",
                "Contact Started: 1",
                "Conversation Closed: 1",
                "Handle Time in seconds - Phone Call: 570",
                "Handle Time in seconds: 570",
                "Message Sent - SMS: 1",
                "Message Sent: 1",
            ]
        );
    })
    .await;
}

// covers(gladly): X-18, S9.7, S3.1
#[tokio::test]
async fn half_hours_cut_spans_and_put_events_where_they_happened() {
    both(async |world| {
        world.send([day(), shift()].concat()).await;
        let rows =
            rows(&world, json!({ "aggregationLevel": "halfHourly", "filters": { "teams": ["t-phone"] } }))
                .await;
        assert_eq!(rows.len(), 19, "of nine hours and of the logout behind them, and of Ana only");
        let names = [
            "Bucket Beginning",
            "Logged In Time in seconds",
            "Away Time in seconds",
            "Handle Time in seconds",
            "Contact Offered",
            "Task Created",
        ];
        let of = |from: &str| {
            let row = rows.iter().find(|row| row["Bucket Beginning"].contains(from)).unwrap();
            cells(row, &names[1..])
        };
        assert_eq!(of("T09:00"), "1800 | 0 | 0 | 0 | 0");
        assert_eq!(of("T10:00"), "1800 | 0 | 640 | 1 | 0");
        assert_eq!(of("T11:00"), "1800 | 0 | 0 | 1 | 0");
        assert_eq!(of("T12:00"), "1800 | 1800 | 0 | 0 | 0");
        assert_eq!(of("T12:30"), "1800 | 0.5 | 0 | 0 | 0");
        assert_eq!(of("T14:00"), "1800 | 0 | 0 | 0 | 1");
        assert_eq!(of("T17:30"), "1800 | 0 | 0 | 0 | 0");
        assert_eq!(of("T18:00"), "0 | 0 | 0 | 0 | 0");
        assert_eq!(rows[18]["Logged Out"], "1");
    })
    .await;
}

// covers(gladly): X-18, S3.1, R-9
#[tokio::test]
async fn buckets_follow_the_calendar_of_the_zone_through_changes_of_the_clocks() {
    both(async |world| {
        world.send(vec![
            status("ana", "LOGGED_IN", "2026-03-20T11:00:00Z"),
            status("ana", "LOGGED_OUT", "2026-04-03T11:00:00Z"),
        ])
        .await;
        world.now("2026-05-01T00:00:00Z");
        let report = async |level: &str, start: &str, end: &str| {
            let body = json!({ "aggregationLevel": level, "startAt": start, "endAt": end, "timezone": "Europe/Berlin" });
            let names = ["Bucket Beginning", "Bucket End", "Logged In Time in seconds"];
            rows(&world, body).await.iter().map(|row| cells(row, &names)).collect::<Vec<_>>()
        };
        // The day on which an hour is missing.
        let daily = report("daily", "2026-03-28", "2026-03-30").await;
        assert_eq!(
            daily,
            [
                "2026-03-28T00:00:00.000+01:00 | 2026-03-29T00:00:00.000+01:00 | 86400",
                "2026-03-29T00:00:00.000+01:00 | 2026-03-30T00:00:00.000+02:00 | 82800",
                "2026-03-30T00:00:00.000+02:00 | 2026-03-31T00:00:00.000+02:00 | 86400",
            ]
        );
        let half = report("halfHourly", "2026-03-29", "2026-03-29").await;
        assert_eq!(half.len(), 46);
        assert_eq!(half[4], "2026-03-29T03:00:00.000+02:00 | 2026-03-29T03:30:00.000+02:00 | 1800");
        // Weeks begin on Monday; the first and the last are cut.
        let weekly = report("weekly", "2026-03-25", "2026-04-01").await;
        assert_eq!(
            weekly,
            [
                "2026-03-25T00:00:00.000+01:00 | 2026-03-30T00:00:00.000+02:00 | 428400",
                "2026-03-30T00:00:00.000+02:00 | 2026-04-02T00:00:00.000+02:00 | 259200",
            ]
        );
        let monthly = report("monthly", "2026-02-01", "2026-04-30").await;
        assert_eq!(
            monthly,
            [
                "2026-03-01T00:00:00.000+01:00 | 2026-04-01T00:00:00.000+02:00 | 990000",
                "2026-04-01T00:00:00.000+02:00 | 2026-05-01T00:00:00.000+02:00 | 219600",
            ]
        );
        let quarterly = report("quarterly", "2026-01-15", "2026-04-30").await;
        assert_eq!(quarterly[0], "2026-01-15T00:00:00.000+01:00 | 2026-04-01T00:00:00.000+02:00 | 990000");
    })
    .await;
}

// covers(gladly), S9.2
#[tokio::test]
async fn who_never_logs_out_is_counted_up_to_the_horizon() {
    both(async |world| {
        world.send(vec![status("ana", "LOGGED_IN", "2026-03-02T09:00:00Z")]).await;
        world.now("2026-03-02T10:30:00Z");
        let of = async || {
            let body = json!({ "metricSet": "AgentSummaryReport", "startAtTime": "2026-03-02T09:00Z",
                "endAtTime": "2026-03-02T12:00Z" });
            let names = ["Timezone Filter", "Bucket Beginning", "Bucket End", "Logged In Time in seconds"];
            world.report(body).await.rows().iter().map(|row| cells(row, &names)).collect::<Vec<_>>()
        };
        let bucket = "UTC | 2026-03-02T09:00:00.000Z | 2026-03-02T12:01:00.000Z";
        assert_eq!(of().await, [format!("{bucket} | 1800")]);
        world.now("2026-03-02T20:00:00Z");
        assert_eq!(of().await, [format!("{bucket} | 10860")]);
    })
    .await;
}

// covers(gladly): C6-2
#[tokio::test]
async fn an_agent_who_has_left_is_deactivated() {
    both(async |world| {
        world.send(vec![status("eve", "LOGGED_IN", "2026-03-02T09:00:00Z")]).await;
        let rows = rows(&world, json!({})).await;
        assert_eq!(column(&rows, "User Status"), ["Deactivated"]);
        let about = ["Name", "Role(s)", "Inbox(es)", "Team(s)", "Logged In"];
        assert_eq!(cells(&rows[0], &about), "Eve Lang |  |  |  | 1");
    })
    .await;
}

// covers(gladly): C6-2, S6
#[tokio::test]
async fn roles_are_those_of_the_pages_as_they_are_now() {
    both(async |world| {
        world.send(vec![status("ana", "LOGGED_IN", "2026-03-02T09:00:00Z")]).await;
        for (role, shown) in [(Role::Coach, "coach"), (Role::Manager, "manager")] {
            let login = NewLogin { user: "ana".into(), role, password: None, reset: false };
            world.app.put_login(&world.system, login).await.unwrap();
            assert_eq!(column(&rows(&world, json!({})).await, "Role(s)"), [shown]);
        }
    })
    .await;
}
