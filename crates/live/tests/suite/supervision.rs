//! Watching agents (contract genesys-voice §4, §7, §8.3).

use crate::world::World;
use touchline_live::{
    By, CallCommand, Cause, Command, Effect, Given, Mode, Reach, Refused, Scope, SeatRole, Settings, Signal,
};

fn roles(world: &World) -> Vec<SeatRole> {
    let seats = world.done.iter().rev().find_map(|it| match it {
        Effect::Seats { seats, .. } => Some(seats.iter().map(|it| it.role).collect()),
        _ => None,
    });
    seats.unwrap()
}

#[test]
fn a_supervisor_coaches_the_next_call() {
    let mut world = World::new();
    world.watches("S", Mode::Coach, "A");
    assert_eq!(world.said(), ["S.dev NotReady(None) Coach A"]);
    world.customer_calls("A", false);
    assert_eq!(world.said(), ["A.call Status Ringing [C]"]);
    world.answers("A");
    assert_eq!(world.said(), ["A.call Status Established [C]", "S.call Status Ringing [C,A] monitoring"]);
    world.answers("S");
    let agent = world.line("A");
    let coach = SeatRole::Supervisor { of: agent, mode: Mode::Coach, whole_call: true };
    assert_eq!(roles(&world), [SeatRole::Customer, SeatRole::Agent, coach]);
    assert_eq!(
        world.said(),
        ["A.call Participants Established [C,S] supervised", "S.call Status Established [C,A] monitoring"]
    );
    world.hangs_up("C");
    assert_eq!(world.said(), ["A.call Status Released", "S.call Status Released"]);
    assert!(world.board.device_view(&"S".into()).unwrap().watch.is_some());
}

#[test]
fn each_mode_shows_itself_to_the_agent_as_the_contract_says() {
    for (mode, agent, supervisor) in [
        (Mode::Listen, "A.call Status Established [C] supervised", " muted monitoring"),
        (Mode::Coach, "A.call Participants Established [C,S] supervised", " monitoring"),
        (Mode::BargeIn, "A.call Participants Established [C,S]", " monitoring"),
    ] {
        let mut world = World::new();
        world.customer_calls("A", true);
        world.watches("S", mode, "A");
        world.said();
        world.answers("S");
        assert_eq!(world.said(), [agent.to_owned(), format!("S.call Status Established [C,A]{supervisor}")]);
    }
    let mut world = World::with(Settings { notify_agent: false, ..Settings::default() });
    world.customer_calls("A", true);
    world.watches("S", Mode::Listen, "A");
    world.said();
    world.answers("S");
    assert_eq!(world.said(), ["S.call Status Established [C,A] muted monitoring"]);
}

#[test]
fn in_mid_call_the_watch_is_told_before_the_telephone_rings() {
    let mut world = World::new();
    world.customer_calls("A", true);
    world.said();
    world.watches("S", Mode::Listen, "A");
    let mut said = world.said();
    said.sort();
    assert_eq!(said, ["S.call Status Ringing [C,A] muted monitoring", "S.dev NotReady(None) Listen A"]);
    let mut world = World::with(Settings { intrusion_enabled: false, ..Settings::default() });
    world.customer_calls("A", true);
    world.watches("S", Mode::Listen, "A");
    assert!(world.board.call_views(&"S".into()).is_empty());
}

#[test]
fn switches_go_where_the_contract_lets_them() {
    let mut world = World::new();
    world.customer_calls("A", true);
    world.watches("S", Mode::Coach, "A");
    world.answers("S");
    world.said();
    world.on_call("S", CallCommand::SwitchTo(Mode::BargeIn)).unwrap();
    assert_eq!(
        world.said(),
        ["A.call Status Established [C,S]", "S.call Status Established [C,A] monitoring"]
    );
    let refused = Err(Refused::NotNow("this cannot be done with the call now"));
    assert_eq!(world.on_call("S", CallCommand::SwitchTo(Mode::BargeIn)), refused);
    assert_eq!(world.on_call("S", CallCommand::SwitchTo(Mode::Coach)), refused);
    world.on_call("S", CallCommand::MuteMonitored(true)).unwrap();
    assert_eq!(
        world.said(),
        [
            "A.call MonitoredMuted Established [C,S] silenced",
            "S.call MonitoredMuted Established [C,A] silenced monitoring"
        ]
    );
    world.on_call("S", CallCommand::SwitchTo(Mode::Listen)).unwrap();
    // Who cannot take it back must not leave the agent muted.
    assert_eq!(
        world.said(),
        [
            "A.call Participants Established [C] supervised",
            "S.call Status Established [C,A] muted monitoring"
        ]
    );
    assert_eq!(world.on_call("S", CallCommand::SwitchTo(Mode::Coach)), refused);
    let watch = world.board.device_view(&"S".into()).unwrap().watch.unwrap();
    assert_eq!(watch.mode, Mode::Coach, "the next call begins as wished");
    let mut world = World::with(Settings { allow_switch_to_coach: true, ..Settings::default() });
    world.customer_calls("A", true);
    world.watches("S", Mode::Listen, "A");
    world.answers("S");
    world.on_call("S", CallCommand::SwitchTo(Mode::Coach)).unwrap();
}

#[test]
fn one_call_only_is_one_offer_whether_taken_or_not() {
    for takes in [true, false] {
        let mut world = World::new();
        world.watches_so("S", Mode::Listen, "A", Scope::Call, true);
        world.customer_calls("A", true);
        world.said();
        if takes {
            world.answers("S");
            world.said();
            world.hangs_up("S");
        } else {
            world.passes(30);
        }
        let said = world.said();
        assert!(said.contains(&"S.call Status Released".to_owned()), "{said:?}");
        assert_eq!(said.last().unwrap(), "S.dev NotReady(None)");
    }
}

#[test]
fn who_has_left_a_call_is_brought_into_the_next_one_but_not_into_the_same() {
    let mut world = World::new();
    world.watches("S", Mode::Listen, "A");
    world.customer_calls("A", true);
    world.answers("S");
    world.hangs_up("S");
    world.said();
    assert!(world.board.call_views(&"S".into()).is_empty());
    world.hangs_up("C");
    world.customer_calls("A", true);
    assert_eq!(world.board.call_views(&"S".into()).len(), 1);
}

#[test]
fn a_cancelled_watch_withdraws_what_rings_and_leaves_what_is_spoken() {
    let mut world = World::new();
    world.customer_calls("A", true);
    world.watches("S", Mode::Listen, "A");
    world.said();
    world.does("S", Command::Unwatch).unwrap();
    let mut said = world.said();
    said.sort();
    assert_eq!(said, ["S.call Status Released", "S.dev NotReady(None)"]);
    let mut world = World::new();
    world.customer_calls("A", true);
    world.watches("S", Mode::Listen, "A");
    world.answers("S");
    world.said();
    world.does("S", Command::Unwatch).unwrap();
    assert_eq!(world.said(), ["S.dev NotReady(None)"]);
    assert_eq!(world.board.call_views(&"S".into()).len(), 1);
    assert_eq!(world.does("S", Command::Unwatch), Err(Refused::NotNow("nobody is watched")));
}

// covers(genesys): S8.3, OC-79
#[test]
fn who_keeps_a_call_alive() {
    // The customer leaves: a supervisor who speaks to all stays with the agent; one who listens does not.
    for (mode, stays) in [(Mode::BargeIn, true), (Mode::Coach, false), (Mode::Listen, false)] {
        let mut world = World::new();
        world.customer_calls("A", true);
        world.watches("S", mode, "A");
        world.answers("S");
        world.hangs_up("C");
        assert_eq!(!world.board.call_views(&"A".into()).is_empty(), stays, "{mode:?}");
    }
    // The agent leaves: the same with the customer, and the supervisor takes part for himself.
    let mut world = World::new();
    world.customer_calls("A", true);
    world.watches("S", Mode::BargeIn, "A");
    world.answers("S");
    world.said();
    world.hangs_up("A");
    assert_eq!(world.said(), ["A.call Status Released", "S.call Status Established [C]"]);
    // With the agent alone as what is watched, all is over.
    let mut world = World::new();
    world.customer_calls("A", true);
    world.watches_so("S", Mode::BargeIn, "A", Scope::Agent, false);
    world.answers("S");
    world.hangs_up("A");
    assert!(world.board.call_views(&"S".into()).is_empty());
}

#[test]
fn wishes_are_refused_in_the_order_of_the_contract() {
    let mut world = World::new();
    let s = World::by("S");
    let wish = |target: &str| World::watch(Mode::Coach, target);
    let mut ask = |by: &By, wish: touchline_live::WatchWish| {
        world.board.command(world.now, by, Command::Watch(wish)).unwrap_err()
    };
    let no_feature = By { supervision: false, supervisor: false, ..s.clone() };
    assert_eq!(ask(&no_feature, wish("A")), Refused::Forbidden("supervision is not enabled"));
    let no_role = By { supervisor: false, ..s.clone() };
    assert_eq!(ask(&no_role, wish("X")), Refused::NoRight("only supervisors may watch"));
    let nobody = touchline_live::WatchWish { target: None, ..wish("A") };
    assert_eq!(ask(&s, nobody), Refused::Missing("targetDeviceUri"));
    let unknown = touchline_live::WatchWish { target: Some(None), ..wish("A") };
    assert_eq!(ask(&s, unknown), Refused::NotFound("device"));
    assert_eq!(ask(&s, wish("S")), Refused::NotNow("nobody watches themselves"));
    let few = By { reach: Reach::Only(["b".into()].into()), ..s.clone() };
    let bad = touchline_live::WatchWish { scope: Given::Bad, ..wish("A") };
    assert_eq!(ask(&few, bad.clone()), Refused::NoRight("this agent is in none of your groups"));
    assert_eq!(ask(&s, bad), Refused::BadValue("supervisorMonitoringScope"));
    let number = touchline_live::WatchWish { number: Some("5002".to_owned()), ..wish("A") };
    assert_eq!(ask(&s, number), Refused::NotNow("the device and the number are of two telephones"));
    world.watches("T", Mode::Listen, "A");
    assert_eq!(
        world.does("S", Command::Watch(wish("A"))),
        Err(Refused::Taken("somebody else watches this agent"))
    );
}

#[test]
fn another_agent_may_be_chosen_only_while_no_call_is_watched() {
    let mut world = World::new();
    world.watches("S", Mode::Listen, "A");
    world.watches("S", Mode::Coach, "B");
    assert_eq!(world.said().last().unwrap(), "S.dev NotReady(None) Coach B");
    world.customer_calls("B", true);
    world.answers("S");
    let other = Command::Watch(World::watch(Mode::Listen, "A"));
    assert_eq!(world.does("S", other), Err(Refused::NotNow("you are on a call of another agent")));
    // The same agent in another mode: the call follows where a switch is possible.
    world.said();
    world.watches("S", Mode::BargeIn, "B");
    let said = world.said();
    assert!(said.contains(&"B.call Status Established [C,S]".to_owned()), "{said:?}");
}

#[test]
fn a_supervisor_who_ends_work_or_does_not_answer_is_out_of_the_call() {
    let mut world = World::new();
    world.customer_calls("A", true);
    world.watches("S", Mode::Coach, "A");
    world.answers("S");
    world.said();
    world.does("S", Command::End).unwrap();
    let said = world.said();
    assert!(said.contains(&"S.call Status Released".to_owned()), "{said:?}");
    assert!(said.contains(&"A.call Participants Established [C]".to_owned()), "{said:?}");
    assert_eq!(said.last().unwrap(), "S.dev LoggedOut");
    let mut world = World::new();
    world.customer_calls("A", true);
    world.watches("S", Mode::Coach, "A");
    world.said();
    let line = world.line("S");
    world.hears(Signal::Failed(line, Cause::Busy));
    assert_eq!(world.said(), ["S.call Status Released"]);
    assert!(world.board.device_view(&"S".into()).unwrap().watch.is_some());
}
