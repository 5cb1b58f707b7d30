//! Contacts come, go and are reported (contract gladly §9.1), and what else the use cases promise.

use crate::world::*;
use futures::StreamExt;
use serde_json::json;
use touchline_app::{
    AppError,
    records::PutStatus,
    reports::{Level, Micros, ReportSettings, Window, WorkSessionRow},
};
use touchline_model::*;

on_both_engines!(
    a_contact_moves_from_the_window_of_its_start_to_that_of_its_end,
    events_are_taken_once_and_never_changed,
    a_contact_without_its_start_is_parked,
    events_that_come_late_change_what_was_kept,
    filters_name_inboxes_and_teams_that_exist,
    the_summary_knows_who_was_logged_in_before,
    the_summary_knows_work_that_goes_on_before_anybody_has_worked_it_out,
    names_come_from_the_directory,
    a_report_that_is_being_read_does_not_change,
    nobody_reads_or_writes_without_the_ability,
    the_organisation_chooses_its_zone,
);

fn ids(rows: &[WorkSessionRow]) -> Vec<(&str, Option<&str>)> {
    rows.iter().map(|it| (it.contact_id.as_str(), it.agent_id.as_ref().map(UserId::as_str))).collect()
}

// covers(gladly): S9.1, S9.4, S9.5, X-5
async fn a_contact_moves_from_the_window_of_its_start_to_that_of_its_end(world: World) {
    world.tell(&taken("a", "11:02", "11:04", "13:05", "u1")).await;
    let first = sessions(window("11:00", "12:00"));
    for kept in [false, true] {
        if kept {
            assert_eq!(world.app.update_reports(&world.caller.tenant).await.unwrap(), 1);
        }
        world.clock.set(clock("13:30"));
        let open = world.sessions(first.clone()).await;
        assert_eq!(ids(&open), [("a", None)], "an hour ago it ran");
        assert_eq!((&open[0].id, open[0].ended_at, open[0].handle), (&None, None, None));
        assert_eq!(open[0].anchor(), clock("11:02"));

        world.clock.set(clock("17:00"));
        assert_eq!(ids(&world.sessions(first.clone()).await), []);
        let full = world.sessions(sessions(window("13:00", "14:00"))).await;
        assert_eq!(ids(&full), [("a", Some("u1"))]);
        assert_eq!(full[0].id.as_ref().map(String::len), Some(22));
        assert_eq!(full[0].agent_accepted_at, Some(clock("11:04")));
        // Nobody ever sent a view, so it is the time for which it was assigned.
        assert_eq!(full[0].handle, Some(Micros::from_secs(2 * 3_600 + 60)));
        let exported = world.export(export(window("11:00", "12:00"))).await;
        assert_eq!(exported.len(), 1, "exports go by the start");
        assert_eq!(exported[0].facts.queued_to_accepted(), Some(Micros::from_secs(120)));
    }
}

async fn events_are_taken_once_and_never_changed(world: World) {
    let started = contact("STARTED", "a", "11:02", json!({}));
    world.tell(std::slice::from_ref(&started)).await;
    assert_eq!(world.tell_one(&started).await.unwrap(), PutStatus::Unchanged);
    let mut other = started.clone();
    other["content"]["channel"] = json!("EMAIL");
    assert!(matches!(world.tell_one(&other).await, Err(AppError::Conflict(_))));
    // Twice in one go: the first counts.
    let twice = vec![event(&view("u1", "a", "11:03", "11:04")), event(&view("u1", "a", "11:03", "11:04"))];
    let results = world.app.put_events(&world.caller, twice).await.unwrap();
    let statuses: Vec<PutStatus> = results.into_iter().map(|it| it.unwrap().status).collect();
    assert_eq!(statuses, [PutStatus::Created, PutStatus::Unchanged]);
    let all = world.app.events_after(&world.caller, (0, -1), 10).await.unwrap();
    assert_eq!(all[0].event, event(&started));
    assert_eq!(all.len(), 2);
    assert_eq!(world.app.events_after(&world.caller, all[0].arrival, 10).await.unwrap(), all[1..]);
    // Another organisation may use the same ids.
    let zeta = tenant(&world.app, "zeta").await;
    let theirs = world.app.put_events(&zeta, vec![event(&other)]).await.unwrap();
    assert_eq!(theirs.into_iter().next().unwrap().unwrap().status, PutStatus::Created);
    world.clock.set(clock("20:00"));
    let rows = world.sessions(sessions(window("11:00", "12:00"))).await;
    assert_eq!(rows[0].channel, ContactChannel::Chat);
    let changes = world.app.store().changes(&zeta.tenant, 0, 10).await.unwrap();
    assert_eq!(
        changes.iter().map(|it| (it.kind, it.id.as_str())).collect::<Vec<_>>(),
        [(Kind::Event, "a-STARTED-11:02")]
    );
}

// covers(gladly)
async fn a_contact_without_its_start_is_parked(world: World) {
    world.person("u1", None).await;
    let all = taken("a", "11:02", "11:04", "11:30", "u1");
    world.tell(&all[1..]).await;
    world.clock.set(clock("20:00"));
    let day = window("00:00", "23:59");
    assert_eq!(ids(&world.sessions(sessions(day)).await), []);
    assert_eq!(world.summary(summary(day, Level::Daily)).await, []);
    world.tell(&all[..1]).await;
    assert_eq!(ids(&world.sessions(sessions(day)).await), [("a", Some("u1"))]);
    let rows = world.summary(summary(day, Level::Daily)).await;
    assert_eq!((rows[0].figures.accepted.total, rows[0].figures.ended), (1, 1));
    assert_eq!(rows[0].figures.handle.total, Micros::from_secs(26 * 60));
}

async fn events_that_come_late_change_what_was_kept(world: World) {
    world.clock.set(clock("20:00"));
    world.tell(&taken("a", "11:00", "11:00", "12:00", "u1")).await;
    world.app.update_reports(&world.caller.tenant).await.unwrap();
    let day = window("00:00", "20:00");
    // The first view of all: from now on handle time is what was seen.
    world.tell(&[view("u1", "a", "11:10", "11:20")]).await;
    for _ in 0..2 {
        let rows = world.sessions(sessions(day)).await;
        assert_eq!(rows[0].handle, Some(Micros::from_secs(600)));
        world.app.update_reports(&world.caller.tenant).await.unwrap();
    }
    // Two customers turn out to be one: the next contact of either ends the time after the first one.
    let more = [
        contact("STARTED", "b", "12:30", json!({})),
        contact("ENDED", "b", "12:40", json!({ "status": "ABANDONED" })),
        view("u1", "a", "12:00", "13:00"),
    ];
    world.tell(&more).await;
    world.app.update_reports(&world.caller.tenant).await.unwrap();
    let after = async || world.sessions(sessions(day)).await[0].after_contact;
    assert_eq!(after().await, Some(Micros::from_secs(3_600)));
    let merged = json!({
        "id": "m", "type": "CUSTOMER/MERGED", "timestamp": clock("11:59"), "initiator": { "type": "SYSTEM" },
        "content": { "customerId": "customer-b", "intoCustomerId": "customer-a" },
    });
    world.tell(&[merged]).await;
    for _ in 0..2 {
        assert_eq!(after().await, Some(Micros::from_secs(1_800)));
        world.app.update_reports(&world.caller.tenant).await.unwrap();
    }
    assert_eq!(world.app.rebuild_reports(&world.caller).await.unwrap(), 1, "they are one family");
    assert_eq!(after().await, Some(Micros::from_secs(1_800)));
}

// covers(gladly): X-21
async fn filters_name_inboxes_and_teams_that_exist(world: World) {
    let inbox = |id: &str| serde_json::from_value::<Inbox>(json!({ "id": id, "name": id })).unwrap();
    world.app.put_many(&world.caller, vec![inbox("i1"), inbox("i2")]).await.unwrap();
    let team: Group = serde_json::from_value(json!({ "id": "t1", "name": "One" })).unwrap();
    world.app.put_one(&world.caller, team).await.unwrap();
    world.person("u1", Some("t1")).await;
    world.person("u2", None).await;
    world.tell(&taken("a", "11:00", "11:01", "11:30", "u1")).await;
    world.tell(&taken("b", "11:00", "11:01", "11:30", "u2")).await;
    let moved =
        json!({ "assignee": { "inboxId": "i2" }, "reason": "MANUAL", "transferType": "COLD", "by": "u2" });
    world.tell(&[contact("TRANSFERRED", "b", "11:20", moved)]).await;
    world.clock.set(clock("20:00"));
    let day = window("00:00", "20:00");
    let of = async |inboxes: &[&str], teams: &[&str], channels: &[ContactChannel]| {
        let inboxes = inboxes.iter().map(|id| InboxId::from(*id)).collect();
        let teams = teams.iter().map(|id| GroupId::from(*id)).collect();
        let query = touchline_app::reports::WorkSessionQuery {
            inboxes,
            teams,
            channels: channels.to_vec(),
            ..sessions(day)
        };
        let rows = world.app.work_sessions(&world.caller, query).await?;
        let rows: Vec<_> = rows.map(|row| row.unwrap().contact_id.0).collect().await;
        Ok::<_, AppError>(rows.join(" "))
    };
    assert_eq!(of(&[], &[], &[]).await.unwrap(), "a b");
    assert_eq!(of(&["i1"], &[], &[]).await.unwrap(), "a b", "where they started");
    assert_eq!(of(&["i2"], &[], &[]).await.unwrap(), "");
    assert_eq!(of(&[], &["t1"], &[]).await.unwrap(), "a");
    assert_eq!(of(&[], &[], &[ContactChannel::Email]).await.unwrap(), "");
    let here = touchline_app::reports::ContactExportQuery { inboxes: vec!["i2".into()], ..export(day) };
    let exported = world.export(here).await;
    assert_eq!(exported.len(), 1, "where it is");
    assert_eq!((exported[0].inbox_created_name.as_str(), exported[0].facts.transfers), ("i1", 1));
    let unknown = |result: Result<String, AppError>| match result {
        Err(AppError::NotFound { kind, id }) => (kind, id),
        other => panic!("{other:?}"),
    };
    assert_eq!(unknown(of(&["i1", "x"], &[], &[]).await), (Kind::Inbox, "x".to_owned()));
    assert_eq!(unknown(of(&[], &["y"], &[]).await), (Kind::Group, "y".to_owned()));
    // Names of inboxes are unique.
    let taken = world.app.put_one(&world.caller, Inbox { name: "i1".to_owned(), ..inbox("i3") }).await;
    assert_eq!(taken.unwrap_err().to_string(), "`name`: inbox `i1` has this name");
    // In one go, a name that was given up is free.
    let swapped =
        vec![Inbox { name: "new".to_owned(), ..inbox("i1") }, Inbox { name: "i1".to_owned(), ..inbox("i2") }];
    for result in world.app.put_many(&world.caller, swapped).await.unwrap() {
        assert_eq!(result.unwrap().status, PutStatus::Updated);
    }
}

// covers(gladly): X-18
async fn the_summary_knows_who_was_logged_in_before(world: World) {
    for id in ["u1", "u2", "u3"] {
        world.person(id, None).await;
    }
    let available = json!({
        "id": "v", "type": "AGENT_AVAILABILITY/UPDATED", "timestamp": clock("01:00"),
        "initiator": { "type": "AGENT", "id": "u1" }, "content": { "agentId": "u1", "availableFor": ["VOICE"] },
    });
    let events = [
        status("LOGGED_IN", "u1", "02:00"),
        status("WENT_AWAY", "u1", "03:00"),
        available,
        // An earlier day of work, which is over.
        status("LOGGED_IN", "u2", "01:00"),
        status("WENT_AWAY", "u2", "01:10"),
        status("LOGGED_OUT", "u2", "01:20"),
        status("RETURNED_FROM_AWAY", "u1", "10:15"),
    ];
    world.tell(&events).await;
    world.clock.set(clock("11:45"));
    let rows = world.summary(summary(window("10:00", "12:00"), Level::HalfHourly)).await;
    let told: Vec<_> = rows
        .iter()
        .map(|row| {
            assert_eq!(row.agent.email, "u1@example.com");
            let it = &row.figures;
            let secs = [it.logged_in_time, it.away_time, it.available_any].map(|time| time.0 / 1_000_000);
            (row.bucket.start, secs, it.returned_from_away, it.logged_in)
        })
        .collect();
    assert_eq!(
        told,
        [
            (clock("10:00"), [1_800, 900, 900], 1, 0),
            // What is open ends with the horizon, an hour ago.
            (clock("10:30"), [900, 0, 900], 0, 0),
        ]
    );
}

async fn the_summary_knows_work_that_goes_on_before_anybody_has_worked_it_out(world: World) {
    world.person("u1", None).await;
    world.clock.set(at("2026-03-02T12:00:00Z"));
    let today = Window { start: at("2026-03-02T00:00:00Z"), end: at("2026-03-03T00:00:00Z") };
    let handled = async || {
        let rows = world.summary(summary(today, Level::Daily)).await;
        rows.iter().map(|row| row.figures.handle.total.0 / 3_600_000_000).collect::<Vec<_>>()
    };
    // Contacts of yesterday that go on, up to the horizon at eleven.
    let go_on = |id: &str, customer: &str| {
        let accepted = json!({ "customerId": customer, "agentId": "u1", "by": "u1" });
        let started = contact("STARTED", id, "11:00", json!({ "customerId": customer }));
        [started, contact("OFFER_ACCEPTED", id, "11:01", accepted)]
    };
    world.tell(&go_on("a", "one")).await;
    assert_eq!(handled().await, [11], "nothing is kept of the customer");
    world.app.update_reports(&world.caller.tenant).await.unwrap();
    assert_eq!(handled().await, [11]);

    world.tell(&[contact("STARTED", "b", "09:00", json!({ "customerId": "other" }))]).await;
    let ended = json!({ "customerId": "other", "status": "ABANDONED" });
    world.tell(&[contact("ENDED", "b", "09:30", ended)]).await;
    world.app.update_reports(&world.caller.tenant).await.unwrap();
    world.tell(&go_on("c", "other")).await;
    assert_eq!(handled().await, [22], "all that is kept of the other customer has ended");
    let merged = json!({
        "id": "m", "type": "CUSTOMER/MERGED", "timestamp": clock("11:59"), "initiator": { "type": "SYSTEM" },
        "content": { "customerId": "other", "intoCustomerId": "one" },
    });
    world.tell(&[merged]).await;
    assert_eq!(handled().await, [22], "they are one now");
    world.app.update_reports(&world.caller.tenant).await.unwrap();
    assert_eq!(handled().await, [22]);
}

async fn names_come_from_the_directory(world: World) {
    let inbox = json!({ "id": "i1", "name": "Billing", "agent_ids": ["u1"] });
    world.app.put_one::<Inbox>(&world.caller, serde_json::from_value(inbox).unwrap()).await.unwrap();
    let group = json!({ "id": "t1", "name": "First line" });
    world.app.put_one::<Group>(&world.caller, serde_json::from_value(group).unwrap()).await.unwrap();
    world.person("u1", Some("t1")).await;
    world.tell(&taken("a", "11:00", "11:01", "11:30", "u1")).await;
    let rows = world.export(export(window("11:00", "12:00"))).await;
    assert_eq!(rows[0].inbox_current_name, "Billing");
    assert_eq!(rows[0].first_accepted_name.as_deref(), Some("u1"));
    let agent = &world.app.agents(&world.caller).await.unwrap()[0];
    assert_eq!((&*agent.inboxes[0], &*agent.teams[0], agent.active), ("Billing", "First line", true));
    let team = &world.app.teams(&world.caller).await.unwrap()[0];
    assert_eq!((team.id.as_str(), team.agent_ids.as_slice()), ("t1", &[UserId::from("u1")][..]));
}

async fn a_report_that_is_being_read_does_not_change(world: World) {
    let world = world.with(ReportSettings { page_rows: 2, ..ReportSettings::default() });
    let one = |n: usize| format!("c{n}");
    for n in 0..9 {
        world.tell(&[contact("STARTED", &one(n), &format!("10:0{n}"), json!({}))]).await;
    }
    world.app.update_reports(&world.caller.tenant).await.unwrap();
    world.clock.set(clock("13:00"));
    let rows = world.app.work_sessions(&world.caller, sessions(window("10:00", "11:00"))).await.unwrap();
    let mut rows = rows.map(|row| row.unwrap());
    assert_eq!(rows.next().await.unwrap().contact_id.as_str(), "c0");
    // All but one end meanwhile, most of them after the horizon; of one it becomes known that it had ended before.
    for n in 1..9 {
        let ended = if n == 5 { "10:30" } else { "12:30" };
        world.tell(&[contact("ENDED", &one(n), ended, json!({ "status": "ABANDONED" }))]).await;
    }
    world.app.update_reports(&world.caller.tenant).await.unwrap();
    let rest: Vec<_> = rows.map(|row| (row.contact_id.0, row.ended_at)).collect().await;
    assert_eq!(rest, (1..9).map(|n| (one(n), None)).collect::<Vec<_>>());
    let rows = world.sessions(sessions(window("10:00", "11:00"))).await;
    assert_eq!(rows.len(), 9);
    assert_eq!((rows[8].contact_id.as_str(), rows[8].ended_at), ("c5", Some(clock("10:30"))));
    let some =
        touchline_app::reports::WorkSessionQuery { at_most: Some(3), ..sessions(window("10:00", "11:00")) };
    let rows = world.sessions(some).await;
    assert_eq!(rows[..3].iter().map(|it| it.contact_id.as_str()).collect::<Vec<_>>(), ["c0", "c1", "c2"]);
}

async fn nobody_reads_or_writes_without_the_ability(world: World) {
    let bare = Caller { abilities: [Ability::ReadContacts].into(), ..world.caller.clone() };
    let refused = world.app.put_events(&bare, vec![]).await;
    assert!(matches!(refused, Err(AppError::NotAllowed(Ability::WriteContacts))));
    let refused = world.app.work_sessions(&bare, sessions(window("10:00", "11:00"))).await;
    assert!(matches!(refused.err(), Some(AppError::NotAllowed(Ability::ReadReports))));
    let refused = world.app.conversation(&bare, "x").await;
    assert!(matches!(refused, Err(AppError::NotAllowed(Ability::ReadReports))));
    let refused = world.app.rebuild_reports(&bare).await;
    assert!(matches!(refused, Err(AppError::NotAllowed(Ability::Administer))));
}

async fn the_organisation_chooses_its_zone(world: World) {
    assert_eq!(world.app.time_zone(&world.caller).await.unwrap(), "UTC");
    world.app.set_time_zone(&world.caller, "America/New_York").await.unwrap();
    assert_eq!(world.app.time_zone(&world.caller).await.unwrap(), "America/New_York");
    let refused = world.app.set_time_zone(&world.caller, "Mars/Olympus").await;
    assert!(matches!(refused, Err(AppError::Invalid(it)) if it.field == "time_zone"));
}
