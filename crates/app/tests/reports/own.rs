//! Contacts that came without events are in the reports too.

use crate::world::*;
use serde_json::json;
use touchline_app::{contacts::ContactUpload, events::OWN_INBOX, reports::Micros};
use touchline_model::{ContactChannel, Direction};

on_both_engines!(
    an_uploaded_call_is_reported_and_follows_its_times,
    events_from_elsewhere_replace_our_own,
    an_erased_contact_leaves_the_reports,
    contacts_of_an_older_release_get_their_events,
);

fn upload(id: &str, minutes: u32) -> ContactUpload {
    let json = json!({
        "id": id, "agent_id": "u1", "started_at": clock("11:00"), "duration": 60 * minutes,
        "direction": "OUTBOUND",
    });
    serde_json::from_value(json).unwrap()
}

async fn an_uploaded_call_is_reported_and_follows_its_times(world: World) {
    world.person("u1", None).await;
    world.app.put_contact(&world.caller, upload("a", 5)).await.unwrap();
    world.app.update_reports(&world.caller.tenant).await.unwrap();
    let hour = window("11:00", "12:00");
    let rows = world.sessions(sessions(hour)).await;
    assert_eq!(rows.len(), 1);
    let row = &rows[0];
    assert_eq!((row.channel, row.direction), (ContactChannel::PhoneCall, Direction::Outbound));
    assert_eq!((row.ended_at, row.handle), (Some(clock("11:05")), Some(Micros::from_secs(300))));
    assert_eq!((row.inbox_id.as_str(), row.agent_id.as_ref().unwrap().as_str()), (OWN_INBOX, "u1"));
    let first = row.id.clone();

    world.app.put_contact(&world.caller, upload("a", 7)).await.unwrap();
    for _ in 0..2 {
        let rows = world.sessions(sessions(hour)).await;
        assert_eq!((rows.len(), rows[0].handle, &rows[0].id), (1, Some(Micros::from_secs(420)), &first));
        world.app.update_reports(&world.caller.tenant).await.unwrap();
    }
    // The same again writes nothing.
    let before = world.app.events_after(&world.caller, (0, -1), 9).await.unwrap();
    world.app.put_contact(&world.caller, upload("a", 7)).await.unwrap();
    assert_eq!(world.app.events_after(&world.caller, (0, -1), 9).await.unwrap(), before);
    assert_eq!(before.len(), 2, "begun by its agent, and ended");
    let thread = world.app.conversation(&world.caller, "contact:a").await.unwrap().unwrap();
    assert_eq!(thread.created_at, clock("11:00"));
    assert_eq!(world.app.inboxes(&world.caller).await.unwrap()[0].name, "Touchline");
}

async fn events_from_elsewhere_replace_our_own(world: World) {
    world.app.put_contact(&world.caller, upload("a", 5)).await.unwrap();
    world.tell(&taken("a", "11:00", "11:01", "11:30", "u2")).await;
    let day = window("00:00", "23:00");
    for _ in 0..2 {
        let rows = world.sessions(sessions(day)).await;
        assert_eq!((rows.len(), rows[0].ended_at), (1, Some(clock("11:30"))));
        assert_eq!(rows[0].agent_id.as_ref().unwrap().as_str(), "u2");
        // Whatever the recording says afterwards.
        world.app.put_contact(&world.caller, upload("a", 9)).await.unwrap();
        world.app.update_reports(&world.caller.tenant).await.unwrap();
    }
    // In the other order, too.
    world.tell(&taken("b", "12:00", "12:01", "12:30", "u2")).await;
    world.app.put_contact(&world.caller, upload("b", 9)).await.unwrap();
    let rows = world.sessions(sessions(day)).await;
    assert_eq!((rows.len(), rows[1].ended_at), (2, Some(clock("12:30"))));
}

async fn an_erased_contact_leaves_the_reports(world: World) {
    world.app.put_contact(&world.caller, upload("a", 5)).await.unwrap();
    world.app.put_contact(&world.caller, upload("b", 5)).await.unwrap();
    world.app.update_reports(&world.caller.tenant).await.unwrap();
    world.app.erase_contact(&world.caller, "a", None).await.unwrap();
    let day = window("00:00", "23:00");
    for _ in 0..2 {
        let rows = world.sessions(sessions(day)).await;
        assert_eq!(rows.iter().map(|it| it.contact_id.as_str()).collect::<Vec<_>>(), ["b"]);
        world.app.update_reports(&world.caller.tenant).await.unwrap();
    }
    let refused = world.tell_one(&contact("STARTED", "a", "11:00", json!({}))).await;
    assert!(matches!(refused, Err(touchline_app::AppError::Gone(_))));
}

async fn contacts_of_an_older_release_get_their_events(world: World) {
    // As the older release wrote them: past the use case.
    let mut batch = touchline_store::Batch::new(&world.caller.tenant);
    for n in 0..250 {
        let json = json!({ "id": format!("c{n}"), "started_at": clock("11:00"), "duration": 60 });
        batch.insert(&serde_json::from_value::<touchline_model::Contact>(json).unwrap());
    }
    world.app.store().apply(batch).await.unwrap();
    world.app.put_contact(&world.caller, upload("new", 5)).await.unwrap();
    let day = window("00:00", "23:00");
    assert_eq!(world.sessions(sessions(day)).await.len(), 1);
    let contacts = async || world.app.store().contact_row(&world.caller.tenant, "c7").await.unwrap().unwrap();
    let before = contacts().await;
    assert_eq!(world.app.rebuild_reports(&world.caller).await.unwrap(), 251);
    assert_eq!(world.sessions(sessions(day)).await.len(), 251);
    assert_eq!(contacts().await, before, "nobody hears of it");
    assert_eq!(world.app.rebuild_reports(&world.caller).await.unwrap(), 251);
    assert_eq!(world.app.events_after(&world.caller, (0, -1), 2_000).await.unwrap().len(), 2 * 250 + 2);
}
