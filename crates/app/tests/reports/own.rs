//! Contacts that came without events are in the reports too.

use crate::world::*;
use serde_json::json;
use touchline_app::{contacts::ContactUpload, events::OWN_INBOX, reports::Micros};
use touchline_model::{ContactChannel, Direction};

on_both_engines!(
    an_uploaded_call_is_reported_and_follows_its_times,
    events_from_elsewhere_replace_our_own,
    an_erased_contact_leaves_the_reports,
    a_contact_of_which_only_events_tell_can_be_erased,
    what_cannot_tell_its_events_holds_nobody_up,
    contacts_of_an_older_release_get_their_events,
    a_contact_that_is_analysed_or_erased_before_anybody_looks_tells_once_or_nothing,
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

async fn a_contact_of_which_only_events_tell_can_be_erased(world: World) {
    world.tell(&taken("a", "11:00", "11:01", "11:30", "u2")).await;
    world.tell(&taken("b", "12:00", "12:01", "12:30", "u2")).await;
    world.app.update_reports(&world.caller.tenant).await.unwrap();
    world.app.erase_contact(&world.caller, "a", Some("asked for")).await.unwrap();
    let day = window("00:00", "23:00");
    for _ in 0..2 {
        let rows = world.sessions(sessions(day)).await;
        assert_eq!(rows.iter().map(|it| it.contact_id.as_str()).collect::<Vec<_>>(), ["b"]);
        world.app.update_reports(&world.caller.tenant).await.unwrap();
    }
    let left = world.app.store().tombstones(&world.caller.tenant, &["a".to_owned()]).await.unwrap();
    assert_eq!((left.len(), left[0].started_at), (1, clock("11:00")));
    for _ in 0..2 {
        let refused = world.tell_one(&contact("STARTED", "a", "11:00", json!({}))).await;
        assert!(matches!(refused, Err(touchline_app::AppError::Gone(_))));
        assert!(world.app.erase_contact(&world.caller, "a", None).await.is_err(), "it is gone already");
    }
    let nobody = world.app.erase_contact(&world.caller, "nobody", None).await;
    assert!(matches!(nobody, Err(touchline_app::AppError::NotFound { .. })));
}

async fn what_cannot_tell_its_events_holds_nobody_up(world: World) {
    // A contact that is there and erased, as no use case leaves it.
    let mut batch = touchline_store::Batch::new(&world.caller.tenant);
    batch.bury("c7", clock("11:00"));
    world.app.store().apply(batch).await.unwrap();
    let mut batch = touchline_store::Batch::new(&world.caller.tenant);
    for n in 0..700 {
        let json = json!({ "id": format!("c{n}"), "started_at": clock("11:00"), "duration": 60 });
        batch.insert(&serde_json::from_value::<touchline_model::Contact>(json).unwrap());
    }
    world.app.store().apply(batch).await.unwrap();
    let told = world.app.events_after(&world.caller, (0, -1), 9_000).await.unwrap();
    assert_eq!(told.len(), 2 * 699);
    assert!(told.iter().all(|it| it.event.contact_id().unwrap().as_str() != "c7"));
    // Nobody else can take the ids of what is derived; the same again is known.
    let mut event = told[0].event.clone();
    let sent = world.app.put_events(&world.caller, vec![event.clone()]).await.unwrap();
    assert_eq!(sent[0].as_ref().unwrap().status, touchline_app::records::PutStatus::Unchanged);
    event.id = "own-other".into();
    let sent = world.app.put_events(&world.caller, vec![event]).await.unwrap();
    assert!(matches!(&sent[0], Err(touchline_app::AppError::Invalid(it)) if it.field == "id"), "{sent:?}");
}

async fn contacts_of_an_older_release_get_their_events(world: World) {
    // As the older release wrote them: past the use case.
    let mut batch = touchline_store::Batch::new(&world.caller.tenant);
    for n in 0..1_250 {
        let json = json!({ "id": format!("c{n}"), "started_at": clock("11:00"), "duration": 60 });
        batch.insert(&serde_json::from_value::<touchline_model::Contact>(json).unwrap());
    }
    world.app.store().apply(batch).await.unwrap();
    let contacts = async || world.app.store().contact_row(&world.caller.tenant, "c7").await.unwrap().unwrap();
    let before = contacts().await;
    world.app.put_contact(&world.caller, upload("new", 5)).await.unwrap();
    let day = window("00:00", "23:00");
    assert_eq!(world.sessions(sessions(day)).await.len(), 1_251);
    assert_eq!(contacts().await, before, "nobody hears of it");
    let events = async || world.app.events_after(&world.caller, (0, -1), 9_000).await.unwrap();
    let told = events().await;
    assert_eq!(told.len(), 2 * 1_250 + 2);
    assert_eq!(world.app.rebuild_reports(&world.caller).await.unwrap(), 1_251);
    assert_eq!(events().await, told, "they are derived once");
}

async fn a_contact_that_is_analysed_or_erased_before_anybody_looks_tells_once_or_nothing(world: World) {
    world.app.put_contact(&world.caller, upload("gone", 5)).await.unwrap();
    world.app.put_contact(&world.caller, upload("stays", 5)).await.unwrap();
    world.app.erase_contact(&world.caller, "gone", None).await.unwrap();
    let events = async || world.app.events_after(&world.caller, (0, -1), 99).await.unwrap();
    let told = events().await;
    assert_eq!(
        told.iter().filter_map(|it| it.event.contact_id()).map(|id| id.as_str()).collect::<Vec<_>>(),
        ["stays", "stays"]
    );
    // A change that tells nothing new: the same events stay where they are.
    let words = json!({ "utterances": [{ "start": 0, "end": 2, "text": "hello there", "speaker": 0 }] });
    let words = serde_json::from_value(words).unwrap();
    world.app.put_transcript(&world.caller, "stays", words).await.unwrap();
    assert_eq!(events().await, told);
    // Another agent tells something new.
    let mut other = upload("stays", 5);
    other.agent_id = Some("u2".into());
    world.app.put_contact(&world.caller, other).await.unwrap();
    let now = events().await;
    assert_eq!(now.len(), 2);
    assert!(now[0].arrival > told[1].arrival, "in a new place, so that who follows events sees them");
    assert_eq!(now[0].event.id, told[0].event.id);
    assert_eq!(now[0].event.agent_id().map(|it| it.as_str()), Some("u2"));
}
