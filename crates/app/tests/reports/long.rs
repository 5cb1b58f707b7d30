//! What lasts for years, and what changes while it is read.

use crate::world::*;
use futures::TryStreamExt;
use serde_json::json;
use touchline_app::reports::{AgentSummaryQuery, ContactExportQuery, Level, Micros, ReportSettings, Window};
use touchline_model::*;

on_both_engines!(
    work_of_years_is_right_and_not_kept_day_by_day,
    a_year_of_half_hours_is_given_out_whole_and_in_order,
    reports_lose_nothing_while_customers_become_one,
);

fn days(from: &str, to: &str) -> Window {
    Window { start: at(&format!("{from}T00:00:00Z")), end: at(&format!("{to}T00:00:00Z")) }
}

async fn work_of_years_is_right_and_not_kept_day_by_day(world: World) {
    world.person("u1", None).await;
    world.clock.set(at("2026-03-02T12:00:00Z"));
    // One began when the platform's clock did, one three days ago.
    for (id, from, to) in [
        ("a", "1970-01-01T00:00:00Z", "2026-03-01T11:30:00Z"),
        ("b", "2026-02-26T11:00:00Z", "2026-03-01T11:30:00Z"),
    ] {
        let mut events = taken(id, "11:00", "11:01", "11:30", "u1");
        for (event, time) in events.iter_mut().zip([from, from, to]) {
            event["timestamp"] = json!(time);
        }
        world.tell(&events).await;
    }
    let hours = async |window: Window| {
        let rows = world.summary(summary(window, Level::Daily)).await;
        rows.iter().map(|row| row.figures.handle.total.0 / 3_600_000_000).collect::<Vec<_>>()
    };
    let tenant = &world.caller.tenant;
    for kept in 0..3 {
        match kept {
            0 => {}
            1 => assert_eq!(world.app.update_reports(tenant).await.unwrap(), 2),
            _ => assert_eq!(world.app.rebuild_reports(&world.caller).await.unwrap(), 2),
        }
        assert_eq!(hours(days("2026-02-25", "2026-03-03")).await, [24, 24 + 13, 48, 48, 23]);
        assert_eq!(hours(days("1969-12-30", "1970-01-03")).await, [24, 24]);
        let noon = Window { start: at("2001-01-01T12:00:00Z"), end: at("2001-01-01T18:00:00Z") };
        assert_eq!(hours(noon).await, [6]);
    }
    let all =
        world.app.store().agent_work(tenant, at("1960-01-01T00:00:00Z"), at(NOW), 99_999).await.unwrap();
    assert_eq!(all.len(), 4, "a row for each day of the short one");
}

async fn a_year_of_half_hours_is_given_out_whole_and_in_order(world: World) {
    world.person("u1", None).await;
    world.person("u2", None).await;
    world.tell(&[status("LOGGED_IN", "u1", "00:00"), status("LOGGED_IN", "u2", "00:00")]).await;
    world.clock.set(at("2027-03-01T00:45:00Z"));
    let mut events = taken("a", "11:00", "11:00", "11:30", "u1");
    for (event, time) in events.iter_mut().zip(["10:00:00", "10:10:00", "10:20:00"]) {
        event["timestamp"] = json!(format!("2026-09-01T{time}Z"));
    }
    world.tell(&events).await;
    let year = days("2026-03-01", "2027-03-02");
    let mut next = year.start;
    let (mut count, mut handled) = (0, Vec::new());
    for row in world.summary(summary(year, Level::HalfHourly)).await {
        let agent = if count % 2 == 0 { "u1" } else { "u2" };
        assert_eq!((row.bucket.start, row.agent.id.as_str()), (next, agent));
        // The horizon, an hour ago, is in the last one.
        let secs = if next == at("2027-02-28T23:30:00Z") { 900 } else { 1_800 };
        assert_eq!(row.figures.logged_in_time, Micros::from_secs(secs));
        if row.figures.handle.total.0 > 0 {
            handled.push((next, agent, row.figures.handle.total));
        }
        count += 1;
        next = if count % 2 == 0 { next.plus_secs(1_800) } else { next };
    }
    assert_eq!(count, 2 * 365 * 48);
    assert_eq!(handled, [(at("2026-09-01T10:00:00Z"), "u1", Micros::from_secs(600))]);
}

async fn reports_lose_nothing_while_customers_become_one(world: World) {
    const CONTACTS: usize = 40;
    let world = world.with(ReportSettings { page_rows: 2, ..ReportSettings::default() });
    let day = window("00:00", "23:00");
    for round in 0..3 {
        let caller = tenant(&world.app, &format!("round{round}")).await;
        let user = json!({ "id": "u1", "email": "u1@example.com" });
        world.app.put_one::<User>(&caller, serde_json::from_value(user).unwrap()).await.unwrap();
        let put = async |events: Vec<Event>| {
            for result in world.app.put_events(&caller, events).await.unwrap() {
                result.unwrap();
            }
        };
        let ids: Vec<String> = (0..CONTACTS).map(|n| format!("c{n:02}")).collect();
        for (n, id) in ids.iter().enumerate() {
            let (start, end) = (format!("10:{n:02}"), format!("11:{n:02}"));
            put(taken(id, &start, &start, &end, "u1").iter().map(event).collect()).await;
        }
        world.app.update_reports(&caller.tenant).await.unwrap();
        let query = ContactExportQuery { horizon: Some(clock("12:00")), ..export(day) };
        let agents = AgentSummaryQuery { horizon: Some(clock("12:00")), ..summary(day, Level::Daily) };
        // Each customer hears something, and at once turns out to be the one before.
        let joining = async {
            for n in (1..CONTACTS).rev() {
                put(vec![event(&view("u1", &ids[n], "13:00", "13:01"))]).await;
                put(vec![event(&json!({
                    "id": format!("m{n}"), "type": "CUSTOMER/MERGED", "timestamp": clock("13:02"),
                    "initiator": { "type": "SYSTEM" },
                    "content": {
                        "customerId": format!("customer-{}", ids[n]),
                        "intoCustomerId": format!("customer-{}", ids[n - 1]),
                    },
                }))])
                .await;
            }
        };
        let reading = async {
            for _ in 0..6 {
                let rows = world.app.contact_export(&caller, query.clone()).await.unwrap();
                let read: Vec<String> =
                    rows.map_ok(|row| row.facts.contact_id.0).try_collect().await.unwrap();
                assert_eq!(read, ids);
                let rows = world.app.agent_summary(&caller, agents.clone()).await.unwrap();
                let read: Vec<_> = rows.map_ok(|row| row.figures.handle.total).try_collect().await.unwrap();
                assert_eq!(read, [Micros::from_secs(3_600 * CONTACTS as i64)]);
            }
        };
        futures::join!(joining, reading);
    }
}
