//! How calls and working days end that do not end by themselves, and what stays of a call.

use crate::world::{World, at};
use serde_json::{Map, Value, json};
use touchline_app::live::board::{AgentState, CallCommand, Cause, Command, LegState, Signal};
use touchline_model::{
    Clock, Event, EventContent, Initiator,
    events::{ContactChange, TransferReason},
};

on_both_engines!(
    what_is_attached_to_a_call_belongs_to_its_contact,
    a_call_that_overflows_is_transferred_by_a_rule,
    who_is_at_work_when_the_server_stops_is_logged_out,
    who_was_at_work_when_the_server_was_killed_was_so_until_it_was_last_alive,
    whose_own_number_is_called_is_rung_for_half_a_minute,
    who_refuses_a_call_by_a_client_has_the_caller_told_and_the_queue_look_further,
);

fn map(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

async fn events(world: &World) -> Vec<Event> {
    let all = world.app.events_after(&world.admin, touchline_store::Arrival::default(), 200).await.unwrap();
    all.into_iter().map(|it| it.event).collect()
}

async fn what_is_attached_to_a_call_belongs_to_its_contact(mut world: World) {
    world.customer_calls("5001");
    world.answers("A");
    let call = world.view("ana").call;
    let first = json!({ "order": "4711", "vip": true, "tags": ["a", "b"], "gone": 1, "cut": "ours" });
    world.on_call("ana", CallCommand::AttachData(map(first)));
    let second = json!({ "order": "4712", "address": { "city": "Bath" }, "much": "x".repeat(200_000) });
    world.on_call("ana", CallCommand::AttachData(map(second)));
    world.on_call("ana", CallCommand::DeleteDataPair("gone".to_owned()));
    world.passes(5);
    // What was attached last is known even if the server is killed now.
    world.live.written().await;
    let world = world.after_a_crash(60).await;
    let metadata = world.contact(call).await.metadata;
    for (key, value) in [
        ("order", json!("4712")),
        ("vip", json!(true)),
        ("tags", json!(["a", "b"])),
        ("address", json!("{\"city\":\"Bath\"}")),
        ("attached_cut", json!("ours")),
        ("cut", json!(true)),
        ("customer_number", json!(crate::world::CUSTOMER)),
    ] {
        assert_eq!(metadata.get(key), Some(&value), "{key}");
    }
    assert_eq!(
        (metadata.get("gone"), metadata.get("much")),
        (None, None),
        "deleted; and more than a contact takes"
    );
}

async fn a_call_that_overflows_is_transferred_by_a_rule(mut world: World) {
    world.customer_calls("600");
    world.passes(20);
    world.is_ready("ana");
    world.answers("A");
    world.passes(10);
    world.hangs_up("customer");
    world.live.written().await;
    let moved: Vec<(String, Option<String>, TransferReason, Initiator)> = events(&world)
        .await
        .into_iter()
        .filter_map(|event| match event.content {
            EventContent::Contact(it) => match it.change {
                ContactChange::Transferred { assignee, reason, .. } => {
                    let agent = assignee.agent_id.map(|it| it.0);
                    Some((assignee.inbox_id.0, agent, reason, event.initiator))
                }
                _ => None,
            },
            _ => None,
        })
        .collect();
    let [(inbox, agent, reason, by)] = &*moved else { panic!("{moved:?}") };
    assert_eq!((inbox.as_str(), agent, *reason), ("queue-500", &None, TransferReason::Automation));
    assert!(matches!(by, Initiator::Other(..)), "nobody did it: {by:?}");
    let contacts = world.export().await;
    assert_eq!(contacts[0].facts.transfers, 1, "{:?}", contacts[0].facts);
    // A group has no inbox of its own: only the queue has, and so it goes nowhere else twice.
    let sessions = world.sessions().await;
    let agents: Vec<Option<&str>> =
        sessions.iter().map(|it| it.agent_id.as_ref().map(|id| id.as_str())).collect();
    assert!(agents.contains(&Some("ana")), "{agents:?}");
}

/// Names and times of what was told of somebody's work.
async fn work(world: &World, user: &str) -> Vec<(String, String)> {
    let of = |event: Event| match &event.content {
        EventContent::AgentStatus(it) if it.agent_id.as_str() == user => {
            Some((event.kind().name().to_owned(), event.timestamp.to_string()))
        }
        _ => None,
    };
    events(world).await.into_iter().filter_map(of).collect()
}

async fn who_is_at_work_when_the_server_stops_is_logged_out(world: World) {
    world.is_ready("ana");
    world.does("ben", Command::Start);
    world.does("sue", Command::Start);
    world.does("sue", Command::End);
    world.passes(600);
    world.live.close().await;
    let now = world.clock.now().to_string();
    for user in ["ana", "ben"] {
        let told = work(&world, user).await;
        assert_eq!(
            told.last().unwrap(),
            &("AGENT_STATUS/LOGGED_OUT".to_owned(), now.clone()),
            "{user}: {told:?}"
        );
    }
    let before = events(&world).await.len();
    assert!(world.app.store().open_calls("main").await.unwrap().is_empty());
    // The next start has nothing to add.
    let world = world.after_a_crash(60).await;
    assert_eq!(events(&world).await.len(), before);
}

async fn who_was_at_work_when_the_server_was_killed_was_so_until_it_was_last_alive(world: World) {
    world.is_ready("ana");
    world.is_ready("ben");
    world.passes(60);
    world.does("ben", Command::End);
    world.does("ana", Command::State(AgentState::AuxWork));
    world.live.written().await;
    let alive = world.clock.now().to_string();
    assert_eq!(alive, at("2026-03-02T10:01:00Z").to_string());

    let world = world.after_a_crash(7_200).await;
    let told = work(&world, "ana").await;
    assert_eq!(
        told.last().unwrap(),
        &("AGENT_STATUS/LOGGED_OUT".to_owned(), alive),
        "not two hours later: {told:?}"
    );
    let ends = |told: &[(String, String)]| told.iter().filter(|it| it.0 == "AGENT_STATUS/LOGGED_OUT").count();
    assert_eq!((ends(&told), ends(&work(&world, "ben").await)), (1, 1), "each has left once");
    let before = events(&world).await.len();
    let world = world.after_a_crash(10).await;
    assert_eq!(events(&world).await.len(), before, "told once, however often it is started");
}

async fn whose_own_number_is_called_is_rung_for_half_a_minute(mut world: World) {
    world.customer_calls("5001");
    let line = world.line("customer");
    assert_eq!(world.asked(), ["invite A for +442079460100 Mr C"]);
    world.passes(29);
    assert_eq!(world.asked(), Vec::<String>::new(), "it still rings");
    world.passes(1);
    assert_eq!(world.asked(), ["hang up A NoAnswer", "hang up customer NoAnswer"], "480 for who called");
    let _ = line;
    // An organisation has its own idea of how long that is.
    let mut settings = world.app.telephony(&world.admin).await.unwrap();
    settings.settings.plan.ring_secs = Some(5);
    let change = touchline_app::live::ChangeTelephony {
        version: settings.version,
        plan: settings.settings.plan,
        ..Default::default()
    };
    world.app.change_telephony(&world.admin, change).await.unwrap();
    world.customer_calls("5001");
    let _ = world.asked();
    world.passes(5);
    assert_eq!(world.asked(), ["hang up A NoAnswer", "hang up customer NoAnswer"]);
    // Who has answered is not cut off.
    world.customer_calls("5001");
    world.answers("A");
    let _ = world.asked();
    world.passes(60);
    assert_eq!(world.asked(), Vec::<String>::new());
    assert_eq!(world.view("ana").state, LegState::Established);
}

async fn who_refuses_a_call_by_a_client_has_the_caller_told_and_the_queue_look_further(mut world: World) {
    world.customer_calls("5001");
    let _ = world.asked();
    world.on_call("ana", CallCommand::HangUp);
    assert_eq!(world.asked(), ["hang up A Declined", "hang up customer Declined"], "603 for who called");
    world.live.written().await;
    let told: Vec<String> = events(&world).await.iter().map(|it| it.kind().name().to_owned()).collect();
    assert!(told.contains(&"CONTACT/OFFER_REJECTED".to_owned()), "{told:?}");
    // At a queue, the next one is rung at once.
    world.is_ready("ana");
    world.passes(1);
    world.is_ready("ben");
    world.customer_calls("500");
    assert_eq!(world.asked(), ["answer customer", "invite A for +442079460100 Mr C"]);
    world.on_call("ana", CallCommand::HangUp);
    assert_eq!(world.asked(), ["hang up A Declined", "invite B for +442079460100 Mr C"]);
    let line = world.line("B");
    world.signal(Signal::Failed(line, Cause::Busy));
}
