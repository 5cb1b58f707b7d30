//! Whatever people and telephones do, in whatever order: nobody is told what is not so, and no line is left behind.

use crate::world::World;
use proptest::prelude::*;
use serde_json::Map;
use std::collections::BTreeMap;
use touchline_live::{
    AgentState, CallCommand, CallId, CallView, Cause, Command, DeviceId, Effect, From, LegState, LineId,
    Mode, Notice, Signal,
};

const NAMES: [&str; 4] = ["S", "T", "A", "B"];
const NUMBERS: [&str; 8] = ["5005", "5006", "5001", "5002", "+49301", "+49302", "500", "600"];

/// What an observer knows who hears only effects.
#[derive(Default)]
struct Heard {
    views: BTreeMap<(DeviceId, CallId), CallView>,
    /// Lines that the outside world knows, with whether they ring.
    open: BTreeMap<LineId, bool>,
    /// Calls for which somebody is looked for.
    hunts: BTreeMap<CallId, String>,
}

impl Heard {
    fn take(&mut self, effects: &[Effect]) {
        for effect in effects {
            match effect {
                Effect::Invite { line, .. } => _ = self.open.insert(*line, true),
                Effect::HangUp { line, .. } => _ = self.open.remove(line),
                Effect::Hunt { call, number: Some(number) } => _ = self.hunts.insert(*call, number.clone()),
                Effect::Hunt { call, number: None } => {
                    assert!(self.hunts.remove(call).is_some(), "nobody was looked for");
                }
                Effect::Tell { notice, .. } => {
                    if let Notice::Call { view, .. } = &**notice {
                        let key = (view.device.clone(), view.call);
                        if view.state == LegState::Released {
                            assert!(view.may.is_empty());
                            assert!(
                                self.views.remove(&key).is_some(),
                                "left twice, or never there: {view:?}"
                            );
                        } else {
                            self.views.insert(key, view.clone());
                        }
                    }
                }
                _ => {}
            }
        }
    }
}

fn command(what: u8, name: u8, number: u8, calls: &[CallId]) -> Command {
    let to = NUMBERS[usize::from(number) % NUMBERS.len()].to_owned();
    let mode = [Mode::Listen, Mode::Coach, Mode::BargeIn][usize::from(number) % 3];
    let target = NAMES[usize::from(number) % 4];
    let pick = |n: u8| calls.get(usize::from(n) % calls.len().max(1)).copied().unwrap_or(CallId(0));
    let call = pick(name);
    let on = |command| Command::Call(call, command);
    match what % 24 {
        0 => Command::Start,
        1 => Command::End,
        2 => Command::State(AgentState::Ready),
        3 => Command::Dial { number: to, data: Map::new() },
        4 | 5 => Command::Watch(World::watch(mode, target)),
        6 => Command::Unwatch,
        7 => on(CallCommand::HangUp),
        8 => on(CallCommand::Hold),
        9 => on(CallCommand::Retrieve),
        10 => on(CallCommand::Mute(number.is_multiple_of(2))),
        11 => on(CallCommand::Transfer(to, Map::new())),
        12 | 13 => on(CallCommand::Consult(to, Map::new())),
        14 => on(CallCommand::CompleteTransfer(None)),
        15 => on(CallCommand::CompleteConference(None)),
        16 => on(CallCommand::Conference(to, Map::new())),
        17 => on(CallCommand::RemoveParty(to)),
        18 => on(CallCommand::Swap(pick(number))),
        19 => on(CallCommand::SwitchTo(mode)),
        20 => on(CallCommand::MuteMonitored(number.is_multiple_of(2))),
        21 => Command::DoNotDisturb(number.is_multiple_of(2)),
        22 => Command::Forward((number.is_multiple_of(2)).then_some(to)),
        _ => on(CallCommand::Answer),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn what_is_told_is_what_is_so_and_no_line_is_forgotten(
        steps in prop::collection::vec((0_u8..46, any::<u8>(), any::<u8>()), 1..60),
    ) {
        let mut world = World::new();
        let mut heard = Heard::default();
        for (what, one, two) in steps {
            world.now = world.now.plus_secs(i64::from(two % 8));
            let lines: Vec<LineId> = heard.open.keys().copied().collect();
            let line = lines.get(usize::from(one) % lines.len().max(1)).copied();
            let name = NAMES[usize::from(one) % 4];
            let effects = match (what, line) {
                (24..=30, Some(line)) if heard.open[&line] => {
                    heard.open.insert(line, false);
                    world.board.signal(world.now, Signal::Answered(line))
                }
                (31 | 32, Some(line)) if heard.open[&line] => {
                    heard.open.remove(&line);
                    world.board.signal(world.now, Signal::Failed(line, Cause::Busy))
                }
                (33 | 34, Some(line)) if !heard.open[&line] => {
                    heard.open.remove(&line);
                    world.board.signal(world.now, Signal::HungUp(line))
                }
                (35, Some(line)) => world.board.signal(world.now, Signal::Holds(line, two.is_multiple_of(2))),
                (36, Some(line)) if two.is_multiple_of(3) => {
                    let with = lines[usize::from(two) % lines.len()];
                    world.board.signal(world.now, Signal::Replaces { line, with })
                }
                (36, Some(line)) => {
                    let number = NUMBERS[usize::from(two) % NUMBERS.len()].to_owned();
                    world.board.signal(world.now, Signal::Refers(line, number))
                }
                (37 | 38, _) => {
                    let from = From::Outside(format!("+44{two}"));
                    let line = world.board.offer_line(&from);
                    heard.open.insert(line, false);
                    let number = NUMBERS[usize::from(two) % 8].to_owned();
                    world.board.signal(world.now, Signal::Calls { line, from, number: number.clone(), ring: Some(number) })
                }
                (39, _) => world.board.poll(world.now),
                (40..46, _) if !heard.hunts.is_empty() => {
                    let calls: Vec<CallId> = heard.hunts.keys().copied().collect();
                    let call = calls[usize::from(two) % calls.len()];
                    let to = NUMBERS.get(usize::from(one) % 9).map(|it| (*it).to_owned());
                    let device = DeviceId::from(name);
                    world.board.signal(world.now, match what {
                        40..=43 => Signal::Try { call, device },
                        44 => Signal::Withdraw { call, device, missed: two.is_multiple_of(2) },
                        _ => Signal::HuntEnds { call, to },
                    })
                }
                _ => {
                    let calls: Vec<CallId> =
                        world.board.call_views(&name.into()).iter().map(|view| view.call).collect();
                    let before: Vec<_> = NAMES.iter().map(|it| world.board.call_views(&(*it).into())).collect();
                    match world.board.command(world.now, &World::by(name), command(what, one, two, &calls)) {
                        Ok(effects) => effects,
                        Err(_) => {
                            let after: Vec<_> =
                                NAMES.iter().map(|it| world.board.call_views(&(*it).into())).collect();
                            prop_assert_eq!(before, after, "a refusal changed something");
                            vec![]
                        }
                    }
                }
            };
            heard.take(&effects);
            // Everybody knows what is so.
            let mut so = BTreeMap::new();
            for name in NAMES {
                for view in world.board.call_views(&name.into()) {
                    so.insert((view.device.clone(), view.call), view);
                }
            }
            for (key, view) in &so {
                let known = heard.views.get(key);
                prop_assert_eq!(known, Some(view), "{:?}", key);
            }
            prop_assert_eq!(so.len(), heard.views.len());
            for (call, number) in &heard.hunts {
                prop_assert_eq!(world.board.hunted_at(*call), Some(number.as_str()));
            }
        }
        // Everybody hangs up: nothing is left.
        while let Some(line) = heard.open.keys().next().copied() {
            heard.open.remove(&line);
            let effects = world.board.signal(world.now, Signal::HungUp(line));
            heard.take(&effects);
        }
        for name in NAMES {
            prop_assert!(world.board.call_views(&name.into()).is_empty());
        }
        prop_assert!(heard.views.is_empty());
        prop_assert!(heard.hunts.is_empty());
    }
}
