//! A call is a contact: what it tells, what is kept of it.

use crate::world::{CUSTOMER, World, at};
use serde_json::{Map, json};
use touchline_app::{
    live::{
        CallingFrom, RecordedCall,
        board::{AgentState, CallCommand, Command, Given, LegState, Mode, Signal, WatchWish},
    },
    reports::Micros,
};
use touchline_model::{
    Clock, ContactId, ContactState, Direction,
    events::{ContactStatus, EndReason},
};

on_both_engines!(
    a_call_is_held_transferred_and_coached_and_told_with_the_right_seconds,
    a_colleague_is_asked_and_takes_over_and_the_question_is_no_contact,
    who_calls_out_began_the_contact,
    who_gives_up_is_told_as_abandoned,
    the_recording_of_a_call_is_that_of_its_contact,
    a_call_that_the_server_was_killed_with_is_ended_and_marked,
    calls_among_ourselves_are_no_contacts_and_their_recordings_are_not_kept,
    what_agents_do_is_told_to_the_reports,
);

fn watch(mode: Mode, target: &str) -> Command {
    let target = Some(Some(target.into()));
    Command::Watch(WatchWish { mode, target, number: None, scope: Given::Absent, once: Given::Absent })
}

fn secs(secs: i64) -> Option<Micros> {
    Some(Micros::from_secs(secs))
}

async fn a_call_is_held_transferred_and_coached_and_told_with_the_right_seconds(mut world: World) {
    world.is_ready("ben");
    world.passes(10);
    world.is_ready("ana");
    world.does("sue", Command::Start);
    world.does("sue", watch(Mode::Coach, "B"));
    let start = world.clock.now().to_string();
    world.customer_calls("+442079460500");
    let _ = world.asked();
    world.passes(4);
    world.answers("B");
    let call = world.view("ben").call;
    // The supervisor's telephone rings, she coaches, then speaks to both.
    world.passes(2);
    world.answers("S");
    world.passes(10);
    world.on_call("sue", CallCommand::SwitchTo(Mode::BargeIn));
    world.passes(4);
    world.on_call("sue", CallCommand::HangUp);
    world.on_call("ben", CallCommand::Hold);
    world.passes(30);
    world.on_call("ben", CallCommand::Retrieve);
    world.passes(10);
    world.transfers("ben", "5001");
    world.passes(5);
    world.answers("A");
    assert_eq!(world.view("ana").call, call, "the same call for everybody");
    world.passes(60);
    world.hangs_up("customer");
    world.live.written().await;

    let contact = world.contact(call).await;
    assert_eq!(contact.started_at, at(&start));
    assert_eq!((contact.direction, contact.agent_id.as_ref().unwrap().as_str()), (Direction::Inbound, "ana"));
    assert_eq!(contact.duration.secs(), 121.0, "from the first answer to the end");
    assert_eq!(contact.metadata["customer_number"], json!(CUSTOMER));
    assert_eq!(contact.metadata["inbox"], json!("queue-500"));
    assert!(contact.state.unwrap().is(ContactState::UPLOADED), "it waits for its recording");

    let row = &world.export().await[0];
    let facts = &row.facts;
    assert_eq!(facts.contact_id, ContactId(call.to_string()));
    assert_eq!(
        (row.inbox_created_name.as_str(), facts.entry_point.as_deref()),
        ("Billing", Some("+442079460500"))
    );
    assert_eq!(facts.first_accepted.as_ref().unwrap().agent_id.as_str(), "ben");
    assert_eq!((facts.hold, facts.transfers), (Micros::from_secs(30), 1));
    let ended = facts.ended.as_ref().unwrap();
    assert_eq!((ended.status, ended.reason), (ContactStatus::Answered, None));

    let sessions = world.sessions().await;
    let work: Vec<_> =
        sessions.iter().map(|it| (it.agent_id.as_ref().unwrap().as_str(), it.handle)).collect();
    assert_eq!(work, [("ana", secs(60)), ("ben", secs(56))], "ben: 2 + 10 + 4 + 30 + 10, ana: the rest");
    assert_eq!(sessions[0].inbox_id.as_str(), "queue-500");

    let trail = world.app.audit_page(&world.admin, 0, 1_000).await.unwrap();
    let supervision: Vec<_> = trail
        .iter()
        .filter(|it| it.action.starts_with("supervision."))
        .map(|it| (it.actor.as_str(), it.action.as_str(), it.object.as_str(), it.detail.as_str()))
        .collect();
    let detail = |text: &str| format!("call {call}: {text}");
    assert_eq!(
        supervision,
        [
            ("user:sue", "supervision.start", "ben", &*detail("none to Coach")),
            ("user:sue", "supervision.switch", "ben", &*detail("Coach to BargeIn")),
            ("user:sue", "supervision.stop", "ben", &*detail("BargeIn to none")),
        ]
    );
}

async fn a_colleague_is_asked_and_takes_over_and_the_question_is_no_contact(mut world: World) {
    world.customer_calls("5001");
    world.answers("A");
    let call = world.view("ana").call;
    world.passes(20);
    world.on_call("ana", CallCommand::Consult("5002".to_owned(), Map::new()));
    world.passes(5);
    world.answers("B");
    world.passes(15);
    let asked = world.view_in("ana", LegState::Established).call;
    world.does("ana", Command::Call(asked, CallCommand::CompleteTransfer(None)));
    world.passes(40);
    world.on_call("ben", CallCommand::HangUp);
    world.live.written().await;

    let all = world.export().await;
    assert_eq!(all.len(), 1, "the question was no contact");
    let facts = &all[0].facts;
    assert_eq!(facts.contact_id, ContactId(call.to_string()));
    assert_eq!((facts.hold, facts.transfers), (Micros::from_secs(20), 1));
    let ended = facts.ended.as_ref().unwrap();
    assert_eq!((ended.status, ended.reason), (ContactStatus::Answered, Some(EndReason::AgentEnded)));
    let sessions = world.sessions().await;
    let work: Vec<_> =
        sessions.iter().map(|it| (it.agent_id.as_ref().unwrap().as_str(), it.handle)).collect();
    assert_eq!(work, [("ana", secs(40)), ("ben", secs(40))]);
    assert_eq!(world.contact(call).await.agent_id.unwrap().as_str(), "ben");
}

async fn who_calls_out_began_the_contact(mut world: World) {
    world.does("ana", Command::Start);
    world.does("ana", Command::Dial { number: CUSTOMER.to_owned(), data: Map::new() });
    world.answers("A");
    let call = world.view("ana").call;
    world.passes(6);
    let _ = world.asked();
    let line = world.line(CUSTOMER);
    world.signal(Signal::Answered(line));
    world.passes(30);
    world.hangs_up(CUSTOMER);
    world.live.written().await;
    let contact = world.contact(call).await;
    assert_eq!((contact.direction, contact.duration.secs()), (Direction::Outbound, 30.0));
    assert_eq!(contact.metadata["customer_number"], json!(CUSTOMER));
    let sessions = world.sessions().await;
    assert_eq!(sessions.len(), 1);
    assert_eq!((sessions[0].direction, sessions[0].handle), (Direction::Outbound, secs(36)));
    assert_eq!(sessions[0].agent_id.as_ref().unwrap().as_str(), "ana");
}

async fn who_gives_up_is_told_as_abandoned(mut world: World) {
    world.customer_calls("500");
    world.passes(70);
    world.hangs_up("customer");
    world.live.written().await;
    let facts = &world.export().await[0].facts;
    let ended = facts.ended.as_ref().unwrap();
    assert_eq!((ended.status, ended.reason), (ContactStatus::Abandoned, Some(EndReason::CustomerAbandoned)));
    let sessions = world.sessions().await;
    assert_eq!((sessions.len(), sessions[0].agent_id.as_ref()), (1, None));
    let state = world.app.store().list::<touchline_model::Contact>(&world.tenant(), None, 9).await.unwrap();
    assert!(state[0].value.state.as_ref().unwrap().is(ContactState::COMPLETE), "no recording will come");
}

/// Two seconds of silence.
fn wav() -> Vec<u8> {
    let data = vec![0_u8; 32_000];
    let mut wav = b"RIFF".to_vec();
    wav.extend((36 + data.len() as u32).to_le_bytes());
    wav.extend(b"WAVEfmt ");
    wav.extend(16_u32.to_le_bytes());
    wav.extend(1_u16.to_le_bytes());
    wav.extend(1_u16.to_le_bytes());
    wav.extend(8_000_u32.to_le_bytes());
    wav.extend(16_000_u32.to_le_bytes());
    wav.extend(2_u16.to_le_bytes());
    wav.extend(16_u16.to_le_bytes());
    wav.extend(b"data");
    wav.extend((data.len() as u32).to_le_bytes());
    wav.extend(data);
    wav
}

fn recorded(world: &World, cut: bool) -> RecordedCall {
    let file = |name: &str| {
        let path = world.folder.path().join(name);
        std::fs::write(&path, wav()).unwrap();
        path
    };
    RecordedCall { customer_facing: file("call.wav"), coach: Some(file("coach.wav")), cut }
}

async fn the_recording_of_a_call_is_that_of_its_contact(mut world: World) {
    world.customer_calls("5001");
    world.answers("A");
    let call = world.view("ana").call;
    world.passes(2);
    world.hangs_up("customer");
    let files = recorded(&world, false);
    world.live.recorded(&world.tenant(), call, files.clone()).await.unwrap();
    let row = world.app.store().contact_row(&world.tenant(), &call.to_string()).await.unwrap().unwrap();
    assert_eq!(row.recording.unwrap().bytes, 32_044);
    assert!(row.contact.value.state.unwrap().is(ContactState::UPLOADED));
    assert_eq!(row.contact.value.original_path, Some(format!("{call}.wav")));
    assert!(!files.customer_facing.exists(), "it is kept elsewhere now");
    assert!(!files.coach.unwrap().exists(), "a whisper is not kept unless somebody wants it");
    let jobs = world.app.jobs(&world.admin, None, 9).await.unwrap();
    assert!(jobs.iter().any(|job| job.kind == "convert"), "{jobs:?}");
}

async fn a_call_that_the_server_was_killed_with_is_ended_and_marked(mut world: World) {
    world.customer_calls("5001");
    world.answers("A");
    let call = world.view("ana").call;
    world.passes(3);
    world.on_call("ana", CallCommand::Hold);
    world.live.written().await;
    let alive = world.clock.now().to_string();

    let world = world.after_a_crash(3_600).await;
    let contact = world.contact(call).await;
    assert_eq!(contact.metadata["cut"], json!(true));
    assert_eq!(contact.agent_id.as_ref().unwrap().as_str(), "ana");
    assert_eq!(contact.duration.secs(), 3.0, "up to when the server was alive for sure");
    let facts = world.export().await[0].facts.clone();
    let ended = facts.ended.unwrap();
    assert_eq!((ended.at, ended.status), (at(&alive), ContactStatus::Answered));
    assert!(world.app.store().open_calls("main").await.unwrap().is_empty());
    // Its recording was salvaged.
    let files = recorded(&world, true);
    world.live.recorded(&world.tenant(), call, files).await.unwrap();
    let row = world.app.store().contact_row(&world.tenant(), &call.to_string()).await.unwrap().unwrap();
    assert_eq!((row.recording.unwrap().bytes, &row.contact.value.metadata["cut"]), (32_044, &json!(true)));
    // Killed again before it could forget: nothing is told twice.
    let before = world.export().await.len();
    let world = world.after_a_crash(10).await;
    assert_eq!(world.export().await.len(), before);
}

async fn calls_among_ourselves_are_no_contacts_and_their_recordings_are_not_kept(mut world: World) {
    world.live.call_in(&world.tenant(), CallingFrom::Device("A".into()), "5002").unwrap();
    world.answers("B");
    let call = world.view("ben").call;
    world.passes(5);
    world.on_call("ben", CallCommand::HangUp);
    let files = recorded(&world, false);
    world.live.recorded(&world.tenant(), call, files.clone()).await.unwrap();
    assert!(!files.customer_facing.exists() && !files.coach.unwrap().exists());
    assert!(world.export().await.is_empty());
    let known = world.app.store().contact_row(&world.tenant(), &call.to_string()).await.unwrap();
    assert!(known.is_none());
}

async fn what_agents_do_is_told_to_the_reports(world: World) {
    world.does("ana", Command::Start);
    world.passes(60);
    world.does("ana", Command::State(AgentState::Ready));
    world.passes(600);
    world.does("ana", Command::State(AgentState::NotReady(Some("lunch".to_owned()))));
    world.passes(300);
    world.does("ana", Command::End);
    world.live.written().await;
    let events = world.app.events_after(&world.admin, touchline_store::Arrival::default(), 99).await.unwrap();
    let told: Vec<String> = events.iter().map(|it| it.event.kind().name().to_owned()).collect();
    assert_eq!(
        told,
        [
            "AGENT_STATUS/LOGGED_IN",
            "AGENT_STATUS/WENT_AWAY",
            "AGENT_STATUS/RETURNED_FROM_AWAY",
            "AGENT_AVAILABILITY/UPDATED",
            "AGENT_STATUS/WENT_AWAY",
            "AGENT_AVAILABILITY/UPDATED",
            "AGENT_STATUS/LOGGED_OUT",
        ]
    );
}
