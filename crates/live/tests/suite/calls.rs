//! Calling, holding, conferences.

use crate::world::{CUSTOMER, World};
use serde_json::{Map, json};
use touchline_live::{
    AgentState, CallCommand, CallMay, Cause, Command, Device, DeviceMay, Effect, From, Happened, Recording,
    Refused, SeatRole, Signal,
};

fn dial(number: &str) -> Command {
    Command::Dial { number: number.to_owned(), data: Map::new() }
}

#[test]
fn a_customer_calls_and_each_side_sees_the_other() {
    let mut world = World::new();
    world.customer_calls("A", false);
    assert_eq!(world.said(), ["A.call Status Ringing [C]"]);
    let line = world.line("A");
    world.hears(Signal::Rings(line));
    assert_eq!(world.asked(), ["ringing C"]);
    world.answers("A");
    let seats = world.done.iter().rev().find_map(|it| match it {
        Effect::Seats { seats, waiting, .. } => {
            Some((seats.iter().map(|it| it.role).collect::<Vec<_>>(), *waiting))
        }
        _ => None,
    });
    assert_eq!(seats, Some((vec![SeatRole::Customer, SeatRole::Agent], false)));
    assert_eq!(world.done.iter().filter(|it| matches!(it, Effect::Answer(_))).count(), 1);
    assert_eq!(world.said(), ["A.call Status Established [C]"]);
    world.hangs_up("C");
    assert_eq!(world.said(), ["A.call Status Released"]);
    assert!(world.board.call_views(&"A".into()).is_empty());
}

#[test]
fn who_dials_is_called_first_and_then_the_other() {
    let mut world = World::new();
    world.does("A", dial(CUSTOMER)).unwrap();
    assert_eq!(world.asked(), ["invite A"]);
    world.answers("A");
    assert_eq!(world.asked(), [format!("invite {CUSTOMER}")]);
    world.answers(CUSTOMER);
    assert_eq!(world.said(), ["A.call Status Established [C]"]);
    world.on_call("A", CallCommand::HangUp).unwrap();
    let asked = world.asked();
    assert_eq!(asked, ["hang up A Normal".to_owned(), format!("hang up {CUSTOMER} Normal")]);
}

/// Who sits in the call now: the parties' roles, whether each is only heard early, and whether somebody is waited for.
fn seated(world: &World) -> (Vec<(SeatRole, bool)>, bool) {
    let last = world.done.iter().rev().find_map(|it| match it {
        Effect::Seats { seats, waiting, .. } => {
            Some((seats.iter().map(|it| (it.role, it.early)).collect(), *waiting))
        }
        _ => None,
    });
    last.unwrap()
}

#[test]
fn what_the_network_says_before_the_answer_is_heard_and_a_telephone_of_ours_is_not() {
    let (agent, customer) = (SeatRole::Agent, SeatRole::Customer);
    let mut world = World::new();
    world.does("A", dial(CUSTOMER)).unwrap();
    world.answers("A");
    assert_eq!(seated(&world), (vec![(agent, false)], true), "the caller hears our ring-back");
    let line = world.line(CUSTOMER);
    world.hears(Signal::Speaks(line));
    assert_eq!(
        seated(&world),
        (vec![(agent, false), (customer, true)], false),
        "the network makes the ringing"
    );
    world.answers(CUSTOMER);
    assert_eq!(seated(&world), (vec![(agent, false), (customer, false)], false));
    world.hangs_up(CUSTOMER);
    // A telephone that calls by itself has not been answered yet.
    let device = From::Device("A".into());
    let calling = world.board.offer_line(&device);
    world.hears(Signal::Calls { line: calling, from: device, number: CUSTOMER.into(), ring: None });
    world.asked();
    let line = world.line(CUSTOMER);
    world.hears(Signal::Speaks(line));
    assert_eq!(seated(&world), (vec![(agent, false), (customer, true)], false));
    assert_eq!(world.asked(), [format!("early {calling:?}")]);
    world.hears(Signal::Failed(line, Cause::Busy));
    assert_eq!(seated(&world), (vec![], false), "nothing is left");
    world.customer_calls("A", false);
    world.asked();
    let line = world.line("A");
    world.hears(Signal::Speaks(line));
    assert_eq!(world.asked(), ["ringing C"], "an agent's telephone is heard when it was answered");
}

#[test]
fn who_is_not_reached_ends_the_call_and_is_written_down_as_missed() {
    let mut world = World::new();
    world.customer_calls("A", false);
    world.said();
    let line = world.line("A");
    world.hears(Signal::Failed(line, Cause::NoAnswer));
    let missed = world.done.iter().any(|it| {
        matches!(it, Effect::Happened { what: Happened::Missed(device, Cause::NoAnswer), .. } if device.0 == "A")
    });
    assert!(missed);
    assert_eq!(world.asked(), ["hang up C NoAnswer"]);
}

#[test]
fn a_caller_is_told_whether_who_was_called_is_busy_refuses_does_not_answer_or_cannot_be_reached() {
    let mut world = World::new();
    for cause in [Cause::Busy, Cause::Declined, Cause::NoAnswer, Cause::Unreachable] {
        world.customer_calls("A", false);
        let line = world.line("A");
        world.hears(Signal::Rings(line));
        world.asked();
        world.hears(Signal::Failed(line, cause));
        assert_eq!(world.asked(), [format!("hang up C {cause:?}")]);
        // A colleague who calls is told the same.
        let from = From::Device("B".into());
        let (caller, number) = (world.board.offer_line(&from), "5001".to_owned());
        world.hears(Signal::Calls { line: caller, from, number: number.clone(), ring: Some(number) });
        let line = world.line("A");
        world.hears(Signal::Failed(line, cause));
        assert_eq!(world.asked(), ["invite A".to_owned(), format!("hang up {caller:?} {cause:?}")]);
        assert_eq!(world.board.calls(), []);
    }
}

#[test]
fn a_caller_who_was_put_through_is_not_told_why_somebody_else_was_not_reached() {
    let mut world = World::new();
    world.customer_calls("A", true);
    world.on_call("A", CallCommand::Transfer("5002".to_owned(), Map::new())).unwrap();
    world.asked();
    let line = world.line("B");
    world.hears(Signal::Failed(line, Cause::Busy));
    assert_eq!(world.asked(), ["hang up C Normal"]);
    // Who dialled with a click has answered the own telephone.
    world.does("A", dial("5002")).unwrap();
    world.answers("A");
    world.asked();
    let line = world.line("B");
    world.hears(Signal::Failed(line, Cause::Declined));
    assert_eq!(world.asked(), ["hang up A Normal"]);
}

#[test]
fn who_wants_no_calls_is_busy_and_who_sends_them_elsewhere_is_called_there() {
    let mut world = World::new();
    world.does("A", Command::DoNotDisturb(true)).unwrap();
    world.said();
    world.customer_calls("A", false);
    assert_eq!(world.asked(), ["hang up C Busy"]);
    world.does("A", Command::DoNotDisturb(false)).unwrap();
    world.does("A", Command::Forward(Some("5002".to_owned()))).unwrap();
    world.said();
    world.customer_calls("A", false);
    assert_eq!(world.asked(), ["invite B"]);
    assert_eq!(
        world.does("A", Command::Forward(Some("5003".to_owned()))),
        Err(Refused::NotNow("calls are forwarded so already"))
    );
}

#[test]
fn a_held_customer_is_told_to_nobody_but_the_holder() {
    let mut world = World::new();
    world.customer_calls("A", true);
    world.said();
    world.on_call("A", CallCommand::Hold).unwrap();
    assert_eq!(world.said(), ["A.call Status Held [C]"]);
    assert_eq!(
        world.on_call("A", CallCommand::Hold),
        Err(Refused::NotNow("this cannot be done with the call now"))
    );
    world.on_call("A", CallCommand::Retrieve).unwrap();
    assert_eq!(world.said(), ["A.call Status Established [C]"]);
    let line = world.line("A");
    world.hears(Signal::Holds(line, true));
    assert_eq!(world.said(), ["A.call Status Held [C]"]);
}

#[test]
fn data_digits_and_the_recording_are_told_as_what_they_are() {
    let mut world = World::new();
    world.customer_calls("A", true);
    world.said();
    let data = |value: i64| Map::from_iter([("case".to_owned(), json!(value))]);
    world.on_call("A", CallCommand::AttachData(data(1))).unwrap();
    world.on_call("A", CallCommand::AttachData(data(2))).unwrap();
    assert_eq!(world.said(), ["A.call Data Established [C]", "A.call Data Established [C]"]);
    let view = world.board.call_views(&"A".into()).remove(0);
    assert_eq!(view.data["case"], json!(2));
    world.on_call("A", CallCommand::SendDtmf("12#".to_owned())).unwrap();
    assert_eq!(world.asked(), ["digits 12# C"]);
    assert_eq!(world.on_call("A", CallCommand::SendDtmf("x".to_owned())), Err(Refused::BadValue("digits")));
    world.on_call("A", CallCommand::PauseRecording).unwrap();
    assert_eq!(world.said(), ["A.call Recording Established [C]"]);
    let view = world.board.call_views(&"A".into()).remove(0);
    assert_eq!(view.recording, Some(Recording::Paused));
    assert!(view.may.contains(&CallMay::ResumeRecording) && !view.may.contains(&CallMay::PauseRecording));
}

/// One pair with a value of so many bytes as JSON, with the key of one byte.
fn pair(key: &str, bytes: usize) -> Map<String, serde_json::Value> {
    Map::from_iter([(key.to_owned(), json!("x".repeat(bytes - 3)))])
}

// covers(genesys): OC-23
#[test]
fn a_call_keeps_so_much_data_and_what_would_be_more_changes_nothing() {
    let full = Err(Refused::NotNow(
        "the call has as much data as it may have: 1,000 values or 256 KiB; delete some first",
    ));
    let mut world = World::new();
    world.customer_calls("A", true);
    world.said();
    // A quarter of it four times by one key: what was there before is kept beside the newest, and counts.
    for _ in 0..4 {
        world.on_call("A", CallCommand::AttachData(pair("k", 64 * 1024))).unwrap();
    }
    assert_eq!(world.said().len(), 1, "the newest value is the same as before");
    for more in [
        CallCommand::AttachData(pair("l", 4)),
        CallCommand::UpdateData(pair("l", 4)),
        CallCommand::Transfer("5002".to_owned(), pair("l", 4)),
        CallCommand::Conference("5002".to_owned(), pair("l", 4)),
        CallCommand::Consult("5002".to_owned(), pair("l", 256 * 1024 + 1)),
    ] {
        assert_eq!(world.on_call("A", more.clone()), full, "{more:?}");
    }
    assert!(world.done.is_empty(), "nobody is told or called: {:?}", world.done);
    // What takes the place of all that was there by its key fits again, up to the last byte, and so does what comes
    // after a removal.
    world.on_call("A", CallCommand::UpdateData(pair("k", 256 * 1024))).unwrap();
    assert_eq!(world.on_call("A", CallCommand::UpdateData(pair("k", 256 * 1024 + 1))), full);
    world.on_call("A", CallCommand::DeleteDataPair("k".to_owned())).unwrap();
    // Many small ones are too many at some time as well, and none of a handful that does not fit is taken.
    let small =
        |from: usize, count: usize| (from..from + count).map(|n| (n.to_string(), json!(null))).collect();
    world.on_call("A", CallCommand::AttachData(small(0, 999))).unwrap();
    assert_eq!(world.on_call("A", CallCommand::AttachData(small(999, 2))), full);
    world.on_call("A", CallCommand::AttachData(small(999, 1))).unwrap();
    assert_eq!(world.on_call("A", CallCommand::AttachData(small(0, 1))), full, "by a key that is there too");
    assert_eq!(world.board.call_views(&"A".into()).remove(0).data.len(), 1_000);
    world.on_call("A", CallCommand::DeleteData).unwrap();
    world.on_call("A", CallCommand::AttachData(pair("k", 256 * 1024))).unwrap();
    let dial = Command::Dial { number: "5001".to_owned(), data: pair("k", 256 * 1024 + 1) };
    assert_eq!(world.does("B", dial), full);
    assert!(world.board.call_views(&"B".into()).is_empty());
}

#[test]
fn agents_begin_unready_and_a_device_says_what_may_be_done_with_it() {
    let mut world = World::new();
    let view = world.board.device_view(&"S".into()).unwrap();
    assert_eq!(view.state, AgentState::NotReady(None));
    use DeviceMay::{BargeIn, CancelWatch, Coach, DoNotDisturbOff, DoNotDisturbOn, ForwardOn, Listen};
    assert_eq!(view.may, [ForwardOn, DoNotDisturbOn, Listen, Coach, BargeIn]);
    world.does("S", Command::DoNotDisturb(true)).unwrap();
    world.watches("S", touchline_live::Mode::Coach, "A");
    let view = world.board.device_view(&"S".into()).unwrap();
    assert_eq!(view.may, [ForwardOn, DoNotDisturbOff, Listen, Coach, BargeIn, CancelWatch]);
    world.said();
    world.does("A", Command::State(AgentState::Ready)).unwrap();
    assert_eq!(world.said(), ["A.dev Ready"]);
    world.does("A", Command::State(AgentState::LoggedOut)).unwrap();
    let view = world.board.device_view(&"A".into()).unwrap();
    assert_eq!((view.active, view.may), (false, vec![]));
}

#[test]
fn what_was_accepted_and_came_to_nothing_is_told() {
    let mut world = World::new();
    world.does("A", dial("999")).unwrap();
    world.answers("A");
    world.said();
    let line = world.line("999");
    world.hears(Signal::Failed(line, Cause::Unreachable));
    assert_eq!(world.said(), ["A.failed Dial Unreachable", "A.call Status Released"]);
    // A telephone that is asked to answer has three seconds.
    world.customer_calls("A", false);
    world.on_call("A", CallCommand::Answer).unwrap();
    assert_eq!(world.board.next_deadline(), Some(world.now.plus_secs(3)));
    world.said();
    world.passes(3);
    assert_eq!(world.said(), ["A.failed Answer NoAnswer"]);
    assert_eq!(world.board.next_deadline(), Some(world.now.plus_secs(27)), "it rings for half a minute");
    world.answers("A");
    assert_eq!(world.said(), ["A.call Status Established [C]"]);
}

#[test]
fn who_has_several_telephones_begins_at_the_one_that_is_named() {
    let mut world = World::new();
    world.does("A", Command::End).unwrap();
    let second = Device {
        id: "A2".into(),
        number: "5011".to_owned(),
        user: Some("a".into()),
        supervises: false,
        public: false,
    };
    let first = Device { id: "A".into(), number: "5001".to_owned(), ..second.clone() };
    let other = Device { id: "B".into(), number: "5002".to_owned(), user: Some("b".into()), ..first.clone() };
    world.board.configure([first, second, other]);
    assert_eq!(world.board.desk_of(&"a".into()), Some("A".into()), "until then the first");
    world.does("A", Command::StartAt("A2".into())).unwrap();
    assert_eq!(world.board.desk_of(&"a".into()), Some("A2".into()));
    assert_eq!(world.does("A", Command::StartAt("A2".into())), Ok(()), "twice is no harm");
    let elsewhere = world.does("A", Command::StartAt("A".into()));
    assert!(matches!(elsewhere, Err(Refused::NotNow(_))), "one place at a time: {elsewhere:?}");
    for not_theirs in ["B", "Z"] {
        assert_eq!(world.does("A", Command::StartAt(not_theirs.into())), Err(Refused::NotFound("device")));
    }
    world.does("A", Command::End).unwrap();
    world.does("A", Command::StartAt("A".into())).unwrap();
    assert_eq!(world.board.desk_of(&"a".into()), Some("A".into()));
}
