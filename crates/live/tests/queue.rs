//! Calls that wait and agents who take them, minute by minute.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may end here")]

use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use touchline_live::numbers::{Dispatcher, QueueAction, QueueConfig, QueueEvent};
use touchline_model::{ContactId, Timestamp, UserId};

fn at(secs: i64) -> Timestamp {
    Timestamp::from_micros(1_800_000_000_000_000).plus_secs(secs)
}

fn queue(number: &str, members: &[&str]) -> QueueConfig {
    let text = format!(
        "number = \"{number}\"\nname = \"Q{number}\"\nmembers = {members:?}\nring_secs = 15\noverflow = \"200\"\n"
    );
    toml::from_str(&text).unwrap()
}

fn ready(agent: &str) -> QueueEvent {
    QueueEvent::Ready(agent.into())
}

fn arrived(call: &str, queue: &str) -> QueueEvent {
    QueueEvent::Arrived { call: call.into(), queue: queue.into() }
}

fn answered(call: &str, agent: &str) -> QueueEvent {
    QueueEvent::Answered { call: call.into(), agent: agent.into() }
}

fn declined(call: &str, agent: &str) -> QueueEvent {
    QueueEvent::Declined { call: call.into(), agent: agent.into() }
}

/// Actions in a few words.
fn words(actions: &[QueueAction]) -> Vec<String> {
    let word = |action: &QueueAction| match action {
        QueueAction::Ring { call, agent } => format!("ring {agent} for {call}"),
        QueueAction::StopRinging { call, agent, missed: true } => format!("{agent} missed {call}"),
        QueueAction::StopRinging { call, agent, missed: false } => format!("stop {agent} for {call}"),
        QueueAction::MadeNotReady(agent) => format!("{agent} not ready"),
        QueueAction::Connect { call, agent } => format!("connect {agent} and {call}"),
        QueueAction::TooLate { call, agent } => format!("{agent} too late for {call}"),
        QueueAction::Overflow { call, to } => format!("{call} to {}", to.as_deref().unwrap_or("nowhere")),
    };
    actions.iter().map(word).collect()
}

/// A dispatcher with a story: each step is a second, an event and what shall come of it.
struct Story(Dispatcher);

impl Story {
    fn new(queues: &[QueueConfig]) -> Self {
        Self(Dispatcher::new(queues))
    }
    fn on(&mut self, secs: i64, event: QueueEvent, wanted: &[&str]) -> &mut Self {
        assert_eq!(words(&self.0.handle(event.clone(), at(secs))), wanted, "{event:?} at {secs}");
        self
    }
    fn tick(&mut self, secs: i64, wanted: &[&str]) -> &mut Self {
        assert_eq!(self.0.next_deadline(), Some(at(secs)));
        assert_eq!(
            words(&self.0.tick(at(secs).plus_secs(-1))),
            Vec::<String>::new(),
            "nothing is due before {secs}"
        );
        assert_eq!(words(&self.0.tick(at(secs))), wanted, "at {secs}");
        self
    }
}

#[test]
fn the_agent_who_has_been_idle_longest_is_rung() {
    let mut story = Story::new(&[queue("500", &["ana", "ben", "cem"])]);
    story
        .on(0, ready("ben"), &[])
        .on(1, ready("ana"), &[])
        .on(2, ready("cem"), &[])
        .on(10, arrived("c1", "500"), &["ring ben for c1"])
        .on(11, arrived("c2", "500"), &["ring ana for c2"])
        .on(12, answered("c1", "ben"), &["connect ben and c1"])
        .on(13, answered("c2", "ana"), &["connect ana and c2"])
        .on(20, QueueEvent::Free("ana".into()), &[])
        .on(21, QueueEvent::Free("ben".into()), &[])
        .on(30, arrived("c3", "500"), &["ring cem for c3"])
        .on(31, arrived("c4", "500"), &["ring ana for c4"])
        // Saying it again does not jump the line.
        .on(32, ready("ben"), &[])
        .on(33, arrived("c5", "500"), &["ring ben for c5"]);
}

#[test]
fn who_does_not_answer_is_passed_over_and_comes_last_next_time() {
    let mut story = Story::new(&[queue("500", &["ana", "ben"])]);
    story
        .on(0, ready("ana"), &[])
        .on(1, ready("ben"), &[])
        .on(10, arrived("c1", "500"), &["ring ana for c1"])
        .tick(25, &["ana missed c1", "ring ben for c1"])
        .on(27, answered("c1", "ana"), &["ana too late for c1"])
        .on(30, declined("c1", "ben"), &["ring ana for c1"])
        .on(32, answered("c1", "ana"), &["connect ana and c1"])
        .on(40, QueueEvent::Free("ana".into()), &[])
        .on(50, arrived("c2", "500"), &["ring ben for c2"]);
}

#[test]
fn three_missed_calls_in_a_row_make_an_agent_not_ready_until_he_says_otherwise() {
    let mut story = Story::new(&[queue("500", &["ana"])]);
    story
        .on(0, ready("ana"), &[])
        .on(0, arrived("c1", "500"), &["ring ana for c1"])
        .tick(15, &["ana missed c1", "ring ana for c1"])
        // Who turns a call away is left in peace for a moment.
        .on(20, declined("c1", "ana"), &[])
        .tick(23, &["ring ana for c1"])
        .tick(38, &["ana missed c1", "ana not ready"]);
    assert_eq!(story.0.next_deadline(), None);
    story.on(50, ready("ana"), &["ring ana for c1"]);
}

#[test]
fn a_caller_who_waited_long_enough_goes_elsewhere_but_a_ring_is_finished_first() {
    let config = QueueConfig { overflow_after_secs: Some(40), ..queue("500", &["ana", "ben"]) };
    let mut story = Story::new(&[config]);
    story
        .on(0, arrived("c1", "500"), &[])
        .on(5, arrived("c2", "500"), &[])
        .on(30, ready("ana"), &["ring ana for c1"])
        .tick(45, &["ana missed c1", "c1 to 200", "c2 to 200"]);
    story
        .on(50, arrived("c3", "500"), &["ring ana for c3"])
        .on(60, QueueEvent::NotReady("ana".into()), &["stop ana for c3"])
        .tick(90, &["c3 to 200"]);
}

#[test]
fn a_queue_that_is_full_or_has_nobody_sends_callers_on_at_once() {
    let full = QueueConfig { max_waiting: 1, ..queue("500", &["ana"]) };
    let nobody = QueueConfig { overflow_when_nobody: true, overflow: None, ..queue("600", &["ben"]) };
    let mut story = Story::new(&[full, nobody]);
    story
        .on(0, arrived("c1", "500"), &[])
        .on(1, arrived("c2", "500"), &["c2 to 200"])
        .on(2, arrived("c3", "600"), &["c3 to nowhere"])
        // Logged in is enough to be somebody.
        .on(3, QueueEvent::NotReady("ben".into()), &[])
        .on(4, arrived("c4", "600"), &[])
        .on(5, arrived("c5", "700"), &["c5 to nowhere"]);
    assert_eq!(
        (story.0.waiting("500"), story.0.waiting("600"), story.0.waiting("700")),
        ((1, Some(at(0))), (1, Some(at(4))), (0, None))
    );
}

#[test]
fn after_a_call_there_is_time_to_write_it_up() {
    let config = QueueConfig { wrap_up_secs: 30, ..queue("500", &["ana"]) };
    let mut story = Story::new(&[config]);
    story
        .on(0, ready("ana"), &[])
        .on(0, arrived("c1", "500"), &["ring ana for c1"])
        .on(3, answered("c1", "ana"), &["connect ana and c1"])
        .on(5, arrived("c2", "500"), &[])
        .on(60, QueueEvent::Free("ana".into()), &[])
        .tick(90, &["ring ana for c2"])
        .on(91, answered("c2", "ana"), &["connect ana and c2"])
        .on(100, QueueEvent::Free("ana".into()), &[])
        .on(101, arrived("c3", "500"), &[])
        // She is done earlier.
        .on(105, ready("ana"), &["ring ana for c3"]);
}

#[test]
fn an_agent_on_another_call_or_gone_is_not_rung_and_what_rings_goes_to_the_next() {
    let mut story = Story::new(&[queue("500", &["ana", "ben", "cem"])]);
    story
        .on(0, ready("ana"), &[])
        .on(1, ready("ben"), &[])
        .on(2, ready("cem"), &[])
        .on(10, arrived("c1", "500"), &["ring ana for c1"])
        .on(11, QueueEvent::Busy("ana".into()), &["stop ana for c1", "ring ben for c1"])
        .on(12, QueueEvent::LoggedOut("ben".into()), &["stop ben for c1", "ring cem for c1"])
        .on(13, QueueEvent::Gone("c1".into()), &["stop cem for c1"])
        .on(14, arrived("c2", "500"), &["ring cem for c2"])
        .on(15, arrived("c3", "500"), &[])
        .on(16, QueueEvent::Free("ana".into()), &["ring ana for c3"]);
    assert_eq!(story.0.idle("500"), 0);
}

#[test]
fn who_comes_to_work_with_a_call_on_the_line_is_not_rung_for_another() {
    let mut story = Story::new(&[queue("500", &["ana"])]);
    story
        .on(0, QueueEvent::Busy("ana".into()), &[])
        .on(1, ready("ana"), &[])
        .on(2, arrived("c1", "500"), &[])
        .on(3, QueueEvent::LoggedOut("ana".into()), &[])
        .on(4, ready("ana"), &[])
        .on(5, QueueEvent::Free("ana".into()), &["ring ana for c1"]);
}

#[test]
fn an_agent_of_two_queues_gets_the_call_that_has_waited_longest() {
    let mut story = Story::new(&[queue("500", &["ana"]), queue("600", &["ana", "ben"])]);
    story
        .on(0, arrived("c1", "600"), &[])
        .on(1, arrived("c2", "500"), &[])
        .on(2, ready("ana"), &["ring ana for c1"])
        .on(3, ready("ben"), &[])
        .on(4, declined("c1", "ana"), &["ring ben for c1", "ring ana for c2"]);
}

#[test]
fn when_a_queue_is_taken_out_of_the_plan_its_callers_are_not_forgotten() {
    let mut story = Story::new(&[queue("500", &["ana"])]);
    story.on(0, arrived("c1", "500"), &[]);
    story.0.configure(&[]);
    assert_eq!(words(&story.0.tick(at(1))), ["c1 to nowhere"]);
}

fn any_event() -> impl Strategy<Value = QueueEvent> {
    let agent = || prop::sample::select(vec!["ana", "ben", "cem"]).prop_map(UserId::from);
    let call = || prop::sample::select(vec!["c1", "c2", "c3", "c4"]).prop_map(ContactId::from);
    let number = prop::sample::select(vec!["500", "600", "700"]).prop_map(str::to_owned);
    prop_oneof![
        agent().prop_map(QueueEvent::Ready),
        agent().prop_map(QueueEvent::NotReady),
        agent().prop_map(QueueEvent::LoggedOut),
        agent().prop_map(QueueEvent::Busy),
        agent().prop_map(QueueEvent::Free),
        (call(), number).prop_map(|(call, queue)| QueueEvent::Arrived { call, queue }),
        call().prop_map(QueueEvent::Gone),
        (call(), agent()).prop_map(|(call, agent)| QueueEvent::Answered { call, agent }),
        (call(), agent()).prop_map(|(call, agent)| QueueEvent::Declined { call, agent }),
    ]
}

proptest! {
    /// Whatever happens in whatever order: nobody is rung for two calls or while talking, no call rings at two agents,
    /// each ring ends in one way, and once all deadlines have passed no call is left behind.
    #[test]
    fn nobody_is_rung_twice_and_no_caller_is_forgotten(events in prop::collection::vec((any_event(), 0_i64..20), 0..80)) {
        let config = |number, members: &[&str]| QueueConfig { overflow_after_secs: Some(60), wrap_up_secs: 5, ..queue(number, members) };
        let mut dispatcher = Dispatcher::new(&[config("500", &["ana", "ben"]), config("600", &["ben", "cem"])]);
        let mut rung: BTreeMap<UserId, ContactId> = BTreeMap::new();
        let mut talking: BTreeSet<UserId> = BTreeSet::new();
        let mut inside: BTreeSet<ContactId> = BTreeSet::new();
        let mut now = 0;
        let mut check = |actions: Vec<QueueAction>, inside: &mut BTreeSet<ContactId>, talking: &mut BTreeSet<UserId>, declined: Option<(UserId, ContactId)>| {
            if let Some((agent, call)) = declined && rung.get(&agent) == Some(&call) {
                rung.remove(&agent);
            }
            for action in actions {
                match action {
                    QueueAction::Ring { call, agent } => {
                        prop_assert!(inside.contains(&call), "{call} is not waiting");
                        prop_assert!(!talking.contains(&agent), "{agent} is talking");
                        prop_assert!(!rung.values().any(|other| *other == call), "{call} rings twice");
                        prop_assert_eq!(rung.insert(agent, call), None);
                    }
                    QueueAction::StopRinging { call, agent, .. } => prop_assert_eq!(rung.remove(&agent), Some(call)),
                    QueueAction::Connect { call, agent } => {
                        prop_assert_eq!(rung.remove(&agent), Some(call.clone()));
                        prop_assert!(inside.remove(&call) && talking.insert(agent));
                    }
                    QueueAction::Overflow { call, .. } => prop_assert!(inside.remove(&call)),
                    QueueAction::TooLate { .. } | QueueAction::MadeNotReady(_) => {}
                }
            }
            Ok(())
        };
        for (event, pause) in events {
            now += pause;
            let mut declined = None;
            match &event {
                QueueEvent::Arrived { call, .. } => drop(inside.insert(call.clone())),
                QueueEvent::Gone(call) => drop(inside.remove(call)),
                QueueEvent::Busy(agent) => drop(talking.insert(agent.clone())),
                QueueEvent::Free(agent) => drop(talking.remove(agent)),
                QueueEvent::Declined { call, agent } => declined = Some((agent.clone(), call.clone())),
                _ => {}
            }
            check(dispatcher.handle(event, at(now)), &mut inside, &mut talking, declined)?;
        }
        for _ in 0..200 {
            let Some(due) = dispatcher.next_deadline() else { break };
            check(dispatcher.tick(due.max(at(now))), &mut inside, &mut talking, None)?;
        }
        prop_assert_eq!(dispatcher.next_deadline(), None);
        prop_assert_eq!(inside, BTreeSet::new());
    }
}
