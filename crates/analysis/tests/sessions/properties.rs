//! What must hold for every world.

use super::naive::{AGENTS, World, at, instant, worlds};
use super::world::one;
use proptest::prelude::*;
use touchline_analysis::sessions::{ContactFacts, HandleTime, Micros, WorkSession, customer};
use touchline_model::Event;

/// The events of a world with times of their own, and an order of arrival.
fn shuffled() -> impl Strategy<Value = (Vec<Event>, Vec<Event>)> {
    worlds().prop_flat_map(|world| {
        let mut events = world.log().events;
        for (micros, event) in events.iter_mut().enumerate() {
            let moved = event.timestamp.micros() + i64::try_from(micros).unwrap();
            event.timestamp = touchline_model::Timestamp::from_micros(moved);
        }
        events.sort_by_key(|event| event.timestamp);
        (Just(events.clone()), Just(events).prop_shuffle())
    })
}

fn session<'a>(facts: &'a ContactFacts, agent: &str) -> Option<&'a WorkSession> {
    facts.sessions.iter().find(|session| session.agent_id.as_ref().is_some_and(|id| id.as_str() == agent))
}

/// Whether nobody was looking at anybody when the contact ended whose look had not been recorded at the horizon: such a
/// look changes handle time when it is recorded.
fn settled(world: &World, contact: usize, horizon: i64) -> bool {
    let ended = world.contacts[contact].end.filter(|end| *end <= horizon);
    ended.is_some_and(|end| !world.views.iter().any(|view| view.start < end && view.end > horizon))
}

proptest! {
    // covers(gladly)
    #[test]
    fn the_order_of_arrival_makes_no_difference((sorted, arrived) in shuffled()) {
        for mode in [HandleTime::Views, HandleTime::Assignment] {
            prop_assert_eq!(customer(&sorted, mode, instant(120)), customer(&arrived, mode, instant(120)));
        }
    }

    // covers(gladly)
    #[test]
    fn the_fold_agrees_with_looking_at_every_second(world in worlds(), horizon in 0..200_i64) {
        let facts = customer(&world.log().events, HandleTime::Views, instant(horizon));
        let known = world.known_at(horizon);
        prop_assert_eq!(facts.len(), known.contacts.len());
        // Ids were given by position in the world, which is kept by those that are known.
        let ids: Vec<String> = (0..world.contacts.len())
            .filter(|id| world.contacts[*id].start <= horizon).map(|id| format!("c{id}")).collect();
        for (at, id) in ids.iter().enumerate() {
            let contact = one(facts.clone(), id);
            let mine = &known.contacts[at];
            let mut total = 0;
            for agent in 0..AGENTS {
                let (handle, afterwards) = known.seconds(at, agent, horizon);
                total += handle;
                let found = session(&contact, &format!("a{agent}"));
                let Some(times) = found.and_then(|session| session.times) else {
                    prop_assert!(mine.end.is_none() || (handle, afterwards) == (0, 0), "{} lacks a{}", id, agent);
                    continue;
                };
                let (after, unknown) = if handle > 0 { (afterwards, 0) } else { (0, afterwards) };
                let wanted = [handle, after, unknown].map(Micros::from_secs);
                prop_assert_eq!([times.handle, times.after_contact, times.unknown], wanted, "{} a{}", id, agent);
            }
            let intervals = contact.intervals.iter()
                .filter(|i| i.kind == touchline_analysis::sessions::IntervalKind::Handle)
                .map(|i| Micros::between(i.start, i.end)).sum::<Micros>();
            prop_assert_eq!(intervals, Micros::from_secs(total), "intervals of {}, open ones too", id);
        }
    }

    // covers(gladly): S9.11, S9.2
    #[test]
    fn a_settled_row_only_gains_time_after_the_contact(
        world in worlds(), first in 0..180_i64, later in 0..60_i64
    ) {
        let events = world.log().events;
        for mode in [HandleTime::Views, HandleTime::Assignment] {
            let before = customer(&events, mode, instant(first));
            let after = customer(&events, mode, instant(first + later));
            for id in (0..world.contacts.len()).filter(|id| settled(&world, *id, first)) {
                let (old, new) = (one(before.clone(), &format!("c{id}")), one(after.clone(), &format!("c{id}")));
                let rest = |facts: &ContactFacts| ContactFacts {
                    sessions: vec![], intervals: vec![], ..facts.clone()
                };
                prop_assert_eq!(rest(&old), rest(&new));
                for row in old.sessions.iter().filter(|row| row.agent_id.is_some()) {
                    let same = new.sessions.iter().find(|other| other.id == row.id).expect("rows stay");
                    prop_assert_eq!((&row.agent_id, &row.accepted), (&same.agent_id, &same.accepted));
                    let (old, new) = (row.times.unwrap(), same.times.unwrap());
                    prop_assert_eq!(old.handle, new.handle);
                    prop_assert!(old.after_contact <= new.after_contact && old.unknown <= new.unknown);
                }
            }
        }
    }

    // covers(gladly): X-5, S9.2
    #[test]
    fn what_was_recorded_after_the_horizon_changes_nothing(world in worlds(), horizon in 0..180_i64) {
        let events = world.log().events;
        let limit = at(horizon).parse().unwrap();
        let known: Vec<Event> = events.iter().filter(|event| event.timestamp <= limit).cloned().collect();
        for mode in [HandleTime::Views, HandleTime::Assignment] {
            prop_assert_eq!(customer(&events, mode, limit), customer(&known, mode, limit));
        }
    }

    // covers(gladly): S4.3
    #[test]
    fn every_contact_has_a_row_and_an_open_one_exactly_one(world in worlds(), horizon in 0..180_i64) {
        for facts in customer(&world.log().events, HandleTime::Views, instant(horizon)) {
            let nobody = facts.sessions.iter().filter(|row| row.agent_id.is_none()).count();
            prop_assert!(!facts.sessions.is_empty());
            prop_assert!(nobody == 0 || facts.sessions.len() == 1);
            prop_assert!(facts.ended.is_some() || nobody == 1);
            prop_assert!(facts.sessions.iter().all(|row| row.id.is_some() == facts.ended.is_some()));
        }
    }
}
