//! Handing calls over, asking colleagues, conferences (contract genesys-voice §7.9, §7.11).

use crate::world::World;
use serde_json::Map;
use touchline_live::{CallCommand, CallMay, Cause, LegState, Mode, Refused, Scope, Signal};

fn to(number: &str) -> (String, Map<String, serde_json::Value>) {
    (number.to_owned(), Map::new())
}
fn transfer(number: &str) -> CallCommand {
    let (number, data) = to(number);
    CallCommand::Transfer(number, data)
}
fn consult(number: &str) -> CallCommand {
    let (number, data) = to(number);
    CallCommand::Consult(number, data)
}

#[test]
fn a_call_handed_over_keeps_its_id() {
    let mut world = World::new();
    world.customer_calls("A", true);
    let id = world.call_of("A", LegState::Established);
    world.said();
    world.on_call("A", transfer("5002")).unwrap();
    assert_eq!(world.said(), ["A.call Status Released", "B.call Status Ringing [C]"]);
    world.answers("B");
    assert_eq!(world.said(), ["B.call Status Established [C]"]);
    assert_eq!(world.call_of("B", LegState::Established), id);
}

#[test]
fn a_call_handed_over_to_somebody_who_is_not_reached_ends() {
    let mut world = World::new();
    world.customer_calls("A", true);
    world.on_call("A", transfer("5002")).unwrap();
    world.said();
    let line = world.line("B");
    world.hears(Signal::Failed(line, Cause::Declined));
    assert_eq!(world.asked(), ["hang up C Normal"]);
}

#[test]
fn a_colleague_is_asked_and_takes_over() {
    let mut world = World::new();
    world.customer_calls("A", true);
    let original = world.call_of("A", LegState::Established);
    world.said();
    world.on_call("A", consult("5002")).unwrap();
    let said = world.said();
    assert_eq!(said[..2], ["A.call Status Held [C]", "A.call Status Dialing [B]"], "{said:?}");
    let asked = world.call_of("A", LegState::Dialing);
    assert_eq!(world.board.call_view(&"A".into(), asked).unwrap().parent, Some(original));
    world.answers("B");
    let said = world.said();
    assert!(said.contains(&"A.call Status Established [B]".to_owned()), "{said:?}");
    assert!(said.contains(&"B.call Status Established [A]".to_owned()), "{said:?}");
    let may = world.board.call_view(&"A".into(), asked).unwrap().may;
    assert!(may.contains(&CallMay::CompleteTransfer) && may.contains(&CallMay::Swap), "{may:?}");
    world.does("A", touchline_live::Command::Call(asked, CallCommand::CompleteTransfer(None))).unwrap();
    let of_a: Vec<String> = world.done.iter().filter_map(|it| crate::world::said_to(it, "A")).collect();
    assert_eq!(of_a, ["A.call Status Released", "A.call Status Released"]);
    assert_eq!(world.asked(), ["hang up A Normal"]);
    assert_eq!(world.call_of("B", LegState::Established), original);
    assert_eq!(world.board.call_views(&"B".into()).len(), 1);
}

#[test]
fn a_colleague_joins_and_is_asked_to_leave_again() {
    let mut world = World::new();
    world.customer_calls("A", true);
    let original = world.call_of("A", LegState::Established);
    world.on_call("A", consult("5002")).unwrap();
    world.answers("B");
    world.said();
    let held = touchline_live::Command::Call(original, CallCommand::CompleteConference(None));
    world.does("A", held).unwrap();
    let of_a: Vec<String> = world.done.iter().filter_map(|it| crate::world::said_to(it, "A")).collect();
    assert_eq!(of_a, ["A.call Status Released", "A.call Status Established [C,B]"]);
    world.said();
    world.on_call("A", CallCommand::RemoveParty("5002".to_owned())).unwrap();
    assert_eq!(world.said(), ["B.call Status Released", "A.call Participants Established [C]"]);
    assert_eq!(
        world.on_call("A", CallCommand::RemoveParty("5002".to_owned())),
        Err(Refused::NotFound("participant"))
    );
}

#[test]
fn somebody_is_called_into_a_call() {
    let mut world = World::new();
    world.customer_calls("A", true);
    world.said();
    let (number, data) = to("5002");
    world.on_call("A", CallCommand::Conference(number, data)).unwrap();
    let said = world.said();
    assert!(said.contains(&"B.call Status Ringing [C,A]".to_owned()), "{said:?}");
    world.answers("B");
    let said = world.said();
    assert!(said.contains(&"A.call Participants Established [C,B]".to_owned()), "{said:?}");
    world.hangs_up("A");
    assert_eq!(world.said(), ["A.call Status Released", "B.call Participants Established [C]"]);
}

#[test]
fn calls_are_swapped_and_the_one_taken_up_is_told_first() {
    let mut world = World::new();
    world.customer_calls("A", true);
    let original = world.call_of("A", LegState::Established);
    world.on_call("A", consult("5002")).unwrap();
    world.answers("B");
    let asked = world.call_of("A", LegState::Established);
    world.said();
    world.does("A", touchline_live::Command::Call(asked, CallCommand::Swap(original))).unwrap();
    let of_a: Vec<String> = world.done.iter().filter_map(|it| crate::world::said_to(it, "A")).collect();
    assert_eq!(of_a, ["A.call Status Established [C]", "A.call Status Held [B]"]);
}

// covers(genesys): OC-80
#[test]
fn supervisors_of_the_agent_leave_with_the_agent_and_those_of_the_call_stay() {
    for (scope, expected) in [
        (Scope::Agent, vec!["S.call Status Released", "A.call Status Released", "B.call Status Ringing [C]"]),
        (
            Scope::Call,
            vec![
                "A.call Status Released",
                "S.call Participants Established [C] monitoring",
                "B.call Status Ringing [C]",
            ],
        ),
    ] {
        let mut world = World::new();
        world.watches_so("S", Mode::Coach, "A", scope, false);
        world.customer_calls("A", true);
        world.answers("S");
        world.said();
        world.on_call("A", transfer("5002")).unwrap();
        let mut said = world.said();
        let mut expected: Vec<String> = expected.into_iter().map(str::to_owned).collect();
        let released = said.iter().position(|it| it == "S.call Status Released");
        if scope == Scope::Agent {
            let rings = said.iter().position(|it| it.starts_with("B.call"));
            assert!(released < rings, "released before the next one rings: {said:?}");
        }
        said.sort();
        expected.sort();
        assert_eq!(said, expected);
        world.answers("B");
        let said = world.said();
        if scope == Scope::Call {
            assert!(said.contains(&"B.call Status Established [C,S] supervised".to_owned()), "{said:?}");
            assert!(
                said.contains(&"S.call Participants Established [C,B] monitoring".to_owned()),
                "{said:?}"
            );
        }
    }
}

// covers(genesys): OC-80
#[test]
fn a_coach_of_whom_the_call_goes_outside_falls_silent() {
    let mut world = World::new();
    world.watches("S", Mode::Coach, "A");
    world.customer_calls("A", true);
    world.answers("S");
    world.on_call("A", transfer("+493012345")).unwrap();
    world.said();
    world.answers("+493012345");
    assert_eq!(world.said(), ["S.call Status Established [C,+493012345] muted monitoring"]);
}

#[test]
fn a_telephone_with_two_lines_hands_one_call_over_to_the_other() {
    let mut world = World::new();
    world.watches("S", Mode::Coach, "A");
    world.customer_calls("A", true);
    world.answers("S");
    let (original, first) = (world.call_of("A", LegState::Established), world.line("A"));
    world.hears(Signal::Holds(first, true));
    let from = touchline_live::From::Device("A".into());
    let second = world.board.offer_line(&from);
    let number = "5002".to_owned();
    world.hears(Signal::Calls { line: second, from, number: number.clone(), ring: Some(number) });
    world.answers("B");
    world.said();
    world.hears(Signal::Replaces { line: first, with: second });
    assert_eq!(world.call_of("B", LegState::Established), original);
    assert!(world.board.call_views(&"A".into()).is_empty());
    let ended = world.done.iter().filter(|it| matches!(it, touchline_live::Effect::HangUp { .. })).count();
    assert_eq!(ended, 2, "both lines of the telephone end");
    let said = world.said();
    assert!(said.contains(&"S.call Participants Established [C,B] monitoring".to_owned()), "{said:?}");
    assert!(said.contains(&"B.call Status Established [C,S] supervised".to_owned()), "{said:?}");
}
