//! Queues and groups: somebody is looked for while the caller waits.

use crate::world::{CUSTOMER, World};
use serde_json::Map;
use touchline_live::{
    CallCommand, CallId, Cause, Command, DeviceId, Effect, Happened, LegState, SeatRole, Signal,
};

fn tries(world: &mut World, call: CallId, name: &str) {
    world.hears(Signal::Try { call, device: name.into() });
}

fn missed(world: &World) -> Vec<(DeviceId, Cause)> {
    let one = |it: &Effect| match it {
        Effect::Happened { what: Happened::Missed(device, cause), .. } => Some((device.clone(), *cause)),
        _ => None,
    };
    world.done.iter().filter_map(one).collect()
}

#[test]
fn a_group_rings_together_and_who_is_first_has_the_call() {
    let mut world = World::new();
    let call = world.customer_calls_number("600");
    assert_eq!(world.asked(), ["ringing C", "hunt 600"], "the caller hears that it rings");
    tries(&mut world, call, "A");
    tries(&mut world, call, "B");
    assert_eq!(world.board.hunted(call), ["A".into(), "B".into()]);
    // Each sees who calls, and not who else is rung.
    assert_eq!(world.said(), ["A.call Status Ringing [C]", "B.call Status Ringing [C]"]);
    world.answers("B");
    assert_eq!(missed(&world), [], "who was slower has missed nothing");
    assert_eq!(world.board.hunted_at(call), None);
    assert!(world.done.iter().any(|it| matches!(it, Effect::Answer(_))));
    assert_eq!(world.said(), ["A.call Status Released", "B.call Status Established [C]"]);
}

#[test]
fn a_queue_lets_the_caller_in_and_rings_until_somebody_takes_the_call() {
    let mut world = World::new();
    let call = world.customer_calls_number("500");
    let seats = world.done.iter().find_map(|it| match it {
        Effect::Seats { seats, waiting, .. } => {
            Some((seats.iter().map(|it| it.role).collect::<Vec<_>>(), *waiting))
        }
        _ => None,
    });
    assert_eq!(seats, Some((vec![SeatRole::Customer], true)), "the caller hears music");
    assert_eq!(world.asked(), ["answer C", "hunt 500"]);
    tries(&mut world, call, "A");
    let line = world.line("A");
    world.hears(Signal::Failed(line, Cause::Declined));
    assert_eq!(missed(&world), [("A".into(), Cause::Declined)]);
    tries(&mut world, call, "B");
    world.hears(Signal::Withdraw { call, device: "B".into(), missed: true });
    assert_eq!(missed(&world), [("A".into(), Cause::Declined), ("B".into(), Cause::NoAnswer)]);
    assert!(world.board.hunted(call).is_empty());
    world.said();
    assert!(!world.board.is_busy(&"A".into()));
    tries(&mut world, call, "A");
    assert!(!world.board.is_busy(&"A".into()), "who only rings for a queue is free for others");
    world.answers("A");
    assert!(world.board.is_busy(&"A".into()));
    assert_eq!(world.said(), ["A.call Status Ringing [C]", "A.call Status Established [C]"]);
    world.hangs_up("C");
    assert_eq!(world.said(), ["A.call Status Released"]);
}

#[test]
fn a_caller_who_hangs_up_is_looked_for_nobody_any_more() {
    let mut world = World::new();
    let call = world.customer_calls_number("600");
    tries(&mut world, call, "A");
    tries(&mut world, call, "B");
    world.asked();
    world.hangs_up("C");
    assert_eq!(missed(&world), []);
    assert_eq!(world.asked(), ["hang up A Normal", "hang up B Normal", "hunt no more"]);
    assert!(world.board.call_views(&"A".into()).is_empty() && world.board.call_views(&"B".into()).is_empty());
}

#[test]
fn when_nobody_is_found_the_call_goes_elsewhere_or_ends() {
    let mut world = World::new();
    let call = world.customer_calls_number("500");
    tries(&mut world, call, "A");
    world.asked();
    world.hears(Signal::HuntEnds { call, to: Some("5002".to_owned()) });
    assert_eq!(world.asked(), ["hang up A Normal", "invite B", "hunt no more"]);
    let line = world.line("B");
    world.hears(Signal::Failed(line, Cause::NoAnswer));
    assert_eq!(world.asked(), ["hang up C Normal"]);
    let call = world.customer_calls_number("600");
    world.asked();
    world.hears(Signal::HuntEnds { call, to: None });
    assert_eq!(world.asked(), ["hang up C NoAnswer", "hunt no more"]);
}

#[test]
fn a_colleague_of_a_queue_may_be_asked_for_and_the_customer_waits_in_his_place() {
    let mut world = World::new();
    world.customer_calls("A", true);
    let original = world.call_of("A", LegState::Established);
    world.does("A", Command::Call(original, CallCommand::Consult("500".to_owned(), Map::new()))).unwrap();
    let asked = world.call_of("A", LegState::Dialing);
    assert_eq!(world.board.hunted_at(asked), Some("500"));
    assert_eq!(world.said().last().unwrap(), "A.call Status Dialing [500]", "whom A waits for");
    world.does("A", Command::Call(asked, CallCommand::CompleteTransfer(None))).unwrap();
    assert_eq!(world.board.hunted_at(original), Some("500"));
    assert_eq!(world.board.hunted_at(asked), None);
    world.said();
    tries(&mut world, original, "B");
    world.answers("B");
    assert_eq!(world.said(), ["B.call Status Ringing [C]", "B.call Status Established [C]"]);
    let view = world.board.call_view(&"B".into(), original).unwrap();
    assert_eq!(view.ani.as_deref(), Some(CUSTOMER));
}

#[test]
fn who_hands_a_call_to_a_queue_is_told_when_nobody_was_found() {
    let mut world = World::new();
    world.customer_calls("A", true);
    let call = world.call_of("A", LegState::Established);
    world.does("A", Command::Call(call, CallCommand::Transfer("500".to_owned(), Map::new()))).unwrap();
    assert_eq!(world.board.hunted_at(call), Some("500"), "the customer waits, and is not alone");
    world.said();
    world.hears(Signal::HuntEnds { call, to: None });
    assert_eq!(world.said(), ["A.failed Transfer NoAnswer"]);
    assert!(!world.board.is_busy(&"A".into()));
}
