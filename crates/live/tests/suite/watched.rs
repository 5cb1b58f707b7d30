//! Which calls are watched, when, and who notices (contract genesys-voice §7, §9, §13).

use crate::world::World;
use touchline_live::{
    CallCommand, Command, Consults, Effect, LegState, Mode, Refused, Settings, Tone, WatchWish,
};

fn rings(world: &mut World, name: &str) -> bool {
    world.asked().contains(&format!("invite {name}"))
}

// covers(genesys): OC-70
#[test]
fn calls_to_colleagues_are_watched_only_where_that_is_set() {
    for (monitor_consult_calls, of_asker, of_asked) in [
        (Consults::None, false, false),
        (Consults::Origin, true, false),
        (Consults::Destination, false, true),
        (Consults::All, true, true),
    ] {
        for (target, wanted) in [("A", of_asker), ("B", of_asked)] {
            // Without intrusion nothing but the call to the colleague could bring the supervisor in.
            let settings =
                Settings { monitor_consult_calls, intrusion_enabled: false, ..Settings::default() };
            let mut world = World::with(settings);
            world.customer_calls("A", true);
            world.watches("S", Mode::Listen, target);
            world.on_call("A", CallCommand::Consult("5002".to_owned(), serde_json::Map::new())).unwrap();
            world.asked();
            world.answers("B");
            assert_eq!(rings(&mut world, "S"), wanted, "{monitor_consult_calls:?} of {target}");
        }
    }
}

// covers(genesys): OC-30
#[test]
fn queues_and_groups_are_not_watched() {
    let mut world = World::new();
    for number in ["500", "600"] {
        let wish =
            WatchWish { target: None, number: Some(number.to_owned()), ..World::watch(Mode::Coach, "A") };
        let refused = world.does("S", Command::Watch(wish));
        assert!(matches!(refused, Err(Refused::Forbidden(_))), "{number}: {refused:?}");
    }
    assert!(world.board.device_view(&"S".into()).unwrap().watch.is_none());
}

// covers(genesys): OC-83
#[test]
fn calls_among_ourselves_and_to_outside_are_watched_too() {
    let mut world = World::new();
    world.watches("S", Mode::Listen, "A");
    world.does("A", Command::Dial { number: "5002".to_owned(), data: serde_json::Map::new() }).unwrap();
    world.answers("A");
    world.answers("B");
    assert!(rings(&mut world, "S"), "a call to a colleague");
    world.hangs_up("B");
    world.does("A", Command::Dial { number: "+4930123".to_owned(), data: serde_json::Map::new() }).unwrap();
    world.answers("A");
    world.answers("+4930123");
    assert!(rings(&mut world, "S"), "a call to outside");
    let mut world = World::with(Settings { monitor_internal_calls: false, ..Settings::default() });
    world.watches("S", Mode::Listen, "A");
    world.does("A", Command::Dial { number: "5002".to_owned(), data: serde_json::Map::new() }).unwrap();
    world.answers("A");
    world.answers("B");
    assert!(!rings(&mut world, "S"), "not where calls among ourselves are left alone");
}

// covers(genesys): OC-66
#[test]
fn of_several_calls_the_one_spoken_in_is_watched_else_the_one_put_aside_last() {
    let mut world = World::new();
    world.customer_calls("A", true);
    let first = world.call_of("A", LegState::Established);
    world.passes(5);
    world.on_call("A", CallCommand::Hold).unwrap();
    world.does("A", Command::Dial { number: "+4930123".to_owned(), data: serde_json::Map::new() }).unwrap();
    world.answers("+4930123");
    let second = world.call_of("A", LegState::Established);
    let watched = |world: &mut World| {
        world.watches("S", Mode::Listen, "A");
        world.answers("S");
        let call = world.board.call_views(&"S".into())[0].call;
        world.hangs_up("S");
        world.does("S", Command::Unwatch).unwrap();
        call
    };
    assert_eq!(watched(&mut world), second, "the one spoken in, though it is not the only one");
    // The first one is spoken in again, and then put aside after the second: it counts, though it began earlier.
    let mut world = World::new();
    world.customer_calls("A", true);
    let older = world.call_of("A", LegState::Established);
    assert_eq!(older, first);
    world.on_call("A", CallCommand::Hold).unwrap();
    world.passes(5);
    world.does("A", Command::Dial { number: "+4930123".to_owned(), data: serde_json::Map::new() }).unwrap();
    world.answers("+4930123");
    let newer = world.call_of("A", LegState::Established);
    world.passes(5);
    world.does("A", Command::Call(older, CallCommand::Swap(newer))).unwrap();
    world.passes(5);
    world.does("A", Command::Call(older, CallCommand::Hold)).unwrap();
    assert_eq!(watched(&mut world), older);
}

// covers(genesys): OC-84
#[test]
fn a_supervisor_who_was_busy_is_brought_into_the_call_that_has_come_meanwhile() {
    let mut world = World::new();
    world.watches("S", Mode::Listen, "A");
    world.customer_calls("A", true);
    world.answers("S");
    // The whole call is watched: the supervisor stays with it when the agent hands it over.
    world.on_call("A", CallCommand::Transfer("5002".to_owned(), serde_json::Map::new())).unwrap();
    world.answers("B");
    world.asked();
    world.does("A", Command::Dial { number: "+4930123".to_owned(), data: serde_json::Map::new() }).unwrap();
    world.answers("A");
    world.answers("+4930123");
    assert!(!rings(&mut world, "S"), "not while on another call");
    world.hangs_up("S");
    assert!(rings(&mut world, "S"), "but then");
}

// covers(genesys): R-6
#[test]
fn the_supervisor_of_who_joins_a_call_is_brought_in_when_that_one_joins() {
    for intrusion_enabled in [true, false] {
        let mut world = World::with(Settings { intrusion_enabled, ..Settings::default() });
        world.watches("S", Mode::Coach, "A");
        world.watches("T", Mode::Coach, "B");
        world.customer_calls("A", true);
        world.answers("S");
        world.on_call("A", CallCommand::Conference("5002".to_owned(), serde_json::Map::new())).unwrap();
        assert!(!rings(&mut world, "T"), "not before the other agent has joined");
        world.answers("B");
        assert_eq!(rings(&mut world, "T"), intrusion_enabled, "with the next call, if calls are left alone");
    }
}

// covers(genesys): OC-65
#[test]
fn a_supervisors_telephone_answers_by_itself_only_where_that_is_set() {
    for auto_answer_supervisor in [false, true] {
        let mut world = World::with(Settings { auto_answer_supervisor, ..Settings::default() });
        world.watches("S", Mode::Listen, "A");
        world.customer_calls("A", true);
        let line = world.line("S");
        let asked = world.done.iter().find_map(|it| match it {
            Effect::Invite { line: of, auto_answer, .. } if *of == line => Some(*auto_answer),
            _ => None,
        });
        assert_eq!(asked, Some(auto_answer_supervisor));
    }
}

// covers(genesys): OC-78
#[test]
fn who_hears_a_tone_while_a_supervisor_takes_part_is_a_setting_and_nobody_by_default() {
    let hears = |world: &World| -> Vec<bool> {
        let seats = world.done.iter().rev().find_map(|it| match it {
            Effect::Seats { seats, .. } => Some(seats.iter().map(|it| it.notice).collect()),
            _ => None,
        });
        seats.unwrap()
    };
    assert_eq!(Settings::default().tone, Tone::None);
    for (tone, wanted) in [
        (Tone::None, [false, false, false]),
        (Tone::SupervisorOnly, [false, false, true]),
        (Tone::All, [true, true, true]),
    ] {
        let mut world = World::with(Settings { tone, ..Settings::default() });
        world.customer_calls("A", true);
        world.watches("S", Mode::Listen, "A");
        assert_eq!(
            hears(&world),
            [false, false],
            "not while the supervisor's telephone only rings: {tone:?}"
        );
        world.answers("S");
        assert_eq!(hears(&world), wanted, "{tone:?}");
        world.hangs_up("S");
        assert_eq!(hears(&world), [false, false], "{tone:?}");
    }
}
