//! The cast of the contract (genesys-voice §0) on a board, and what they are told, in short words.

use std::collections::BTreeMap;
use touchline_live::{
    By, CallCommand, CallId, Command, Device, DeviceId, Effect, From, Given, Hunt, LegState, LineId, Mode,
    Notice, Reach, Refused, Scope, Settings, Signal, WatchWish, What,
};
use touchline_model::Timestamp;

pub(crate) const CUSTOMER: &str = "+442079460100";

pub(crate) struct World {
    pub(crate) board: touchline_live::Board,
    pub(crate) now: Timestamp,
    /// Everything that was to be done since somebody looked.
    pub(crate) done: Vec<Effect>,
    /// The lines that lead to telephones, the newest last.
    lines: BTreeMap<String, LineId>,
}

fn device(name: &str, number: &str, supervises: bool) -> Device {
    Device {
        id: name.into(),
        number: number.to_owned(),
        user: Some(name.to_lowercase().as_str().into()),
        supervises,
        public: false,
    }
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(Settings::default())
    }

    /// S, T (supervisors), A, B (agents), all at work.
    pub(crate) fn with(settings: Settings) -> Self {
        let mut n = 0;
        let mut board = touchline_live::Board::new(settings, move || {
            n += 1;
            n
        });
        board.configure([
            device("S", "5005", true),
            device("T", "5006", true),
            device("A", "5001", false),
            device("B", "5002", false),
        ]);
        board.configure_hunts([("500".to_owned(), Hunt::Queue), ("600".to_owned(), Hunt::Group)]);
        let now = "2026-03-02T10:00:00Z".parse().unwrap();
        let mut world = Self { board, now, done: vec![], lines: BTreeMap::new() };
        for name in ["S", "T", "A", "B"] {
            world.does(name, Command::Start).unwrap();
        }
        world.said();
        world
    }

    fn take(&mut self, effects: Vec<Effect>) {
        for effect in &effects {
            if let Effect::Invite { line, to, .. } = effect {
                let name = match to {
                    touchline_live::Destination::Device(id) => id.0.clone(),
                    touchline_live::Destination::Outside(number) => number.clone(),
                };
                self.lines.insert(name, *line);
            }
        }
        self.done.extend(effects);
    }

    pub(crate) fn by(name: &str) -> By {
        let supervisor = matches!(name, "S" | "T");
        By {
            user: name.to_lowercase().as_str().into(),
            supervision: true,
            supervisor,
            reach: Reach::Everybody,
        }
    }

    pub(crate) fn does(&mut self, name: &str, command: Command) -> Result<(), Refused> {
        let effects = self.board.command(self.now, &Self::by(name), command)?;
        self.take(effects);
        Ok(())
    }

    /// Something with the only call that the telephone is on.
    pub(crate) fn on_call(&mut self, name: &str, command: CallCommand) -> Result<(), Refused> {
        let views = self.board.call_views(&name.into());
        assert_eq!(views.len(), 1, "{name} is on {} calls", views.len());
        self.does(name, Command::Call(views[0].call, command))
    }

    pub(crate) fn call_of(&self, name: &str, state: LegState) -> CallId {
        let views = self.board.call_views(&name.into());
        views
            .iter()
            .find(|view| view.state == state)
            .unwrap_or_else(|| panic!("{name} has none: {views:?}"))
            .call
    }

    pub(crate) fn hears(&mut self, signal: Signal) {
        let effects = self.board.signal(self.now, signal);
        self.take(effects);
    }

    pub(crate) fn line(&self, name: &str) -> LineId {
        self.lines[name]
    }

    pub(crate) fn answers(&mut self, name: &str) {
        let line = self.line(name);
        self.hears(Signal::Answered(line));
    }

    pub(crate) fn hangs_up(&mut self, name: &str) {
        let line = self.line(name);
        self.hears(Signal::HungUp(line));
    }

    pub(crate) fn passes(&mut self, secs: i64) {
        self.now = self.now.plus_secs(secs);
        let effects = self.board.poll(self.now);
        self.take(effects);
    }

    /// The customer calls a number behind which somebody is to be found; the call that comes of it.
    pub(crate) fn customer_calls_number(&mut self, number: &str) -> CallId {
        let from = From::Outside(CUSTOMER.to_owned());
        let line = self.board.offer_line(&from);
        self.lines.insert("C".to_owned(), line);
        self.hears(Signal::Calls { line, from, number: number.to_owned(), ring: None });
        let hunt = self.done.iter().rev().find_map(|it| match it {
            Effect::Hunt { call, number: Some(_) } => Some(*call),
            _ => None,
        });
        hunt.unwrap()
    }

    /// The customer calls a telephone; its owner answers if `answered`.
    pub(crate) fn customer_calls(&mut self, name: &str, answered: bool) {
        let from = From::Outside(CUSTOMER.to_owned());
        let line = self.board.offer_line(&from);
        self.lines.insert("C".to_owned(), line);
        let number = self.board.device_view(&name.into()).unwrap().device.number;
        self.hears(Signal::Calls { line, from, number: number.clone(), ring: Some(number) });
        if answered {
            self.answers(name);
        }
    }

    pub(crate) fn watch(mode: Mode, target: &str) -> WatchWish {
        let target = Some(Some(DeviceId(target.to_owned())));
        WatchWish { mode, target, number: None, scope: Given::Absent, once: Given::Absent }
    }

    pub(crate) fn watches(&mut self, who: &str, mode: Mode, target: &str) {
        self.does(who, Command::Watch(Self::watch(mode, target))).unwrap();
    }

    pub(crate) fn watches_so(&mut self, who: &str, mode: Mode, target: &str, scope: Scope, once: bool) {
        let wish =
            WatchWish { scope: Given::Value(scope), once: Given::Value(once), ..Self::watch(mode, target) };
        self.does(who, Command::Watch(wish)).unwrap();
    }

    /// What people were told since the last look: `A.call Status Established [C] …`.
    pub(crate) fn said(&mut self) -> Vec<String> {
        let done = std::mem::take(&mut self.done);
        done.iter()
            .filter_map(
                |effect| if let Effect::Tell { notice, .. } = effect { Some(told(notice)) } else { None },
            )
            .collect()
    }

    /// What lines were asked to do since the last look.
    pub(crate) fn asked(&mut self) -> Vec<String> {
        let done = std::mem::take(&mut self.done);
        let name = |line: &LineId| {
            self.lines
                .iter()
                .find(|(_, it)| *it == line)
                .map_or_else(|| format!("{line:?}"), |it| it.0.clone())
        };
        let one = |effect: &Effect| match effect {
            Effect::Invite { line, .. } => Some(format!("invite {}", name(line))),
            Effect::Answer(line) => Some(format!("answer {}", name(line))),
            Effect::Ringing(line) => Some(format!("ringing {}", name(line))),
            Effect::Early(line) => Some(format!("early {}", name(line))),
            Effect::PickUp(line) => Some(format!("pick up {}", name(line))),
            Effect::HangUp { line, cause } => Some(format!("hang up {} {cause:?}", name(line))),
            Effect::Hunt { number, .. } => Some(format!("hunt {}", number.as_deref().unwrap_or("no more"))),
            Effect::Dtmf { line, digits } => Some(format!("digits {digits} {}", name(line))),
            _ => None,
        };
        done.iter().filter_map(one).collect()
    }
}

/// What somebody is told by an effect, if it is for them.
pub(crate) fn said_to(effect: &Effect, name: &str) -> Option<String> {
    let Effect::Tell { notice, .. } = effect else { return None };
    Some(told(notice)).filter(|text| text.starts_with(name))
}

fn told(notice: &Notice) -> String {
    match notice {
        Notice::Device(view) => {
            let watch =
                view.watch.as_ref().map_or_else(String::new, |it| format!(" {:?} {}", it.mode, it.target));
            format!("{}.dev {:?}{watch}", view.device.id, view.state)
        }
        Notice::Failed { device, tried, cause, .. } => format!("{device}.failed {tried:?} {cause:?}"),
        Notice::Call { what, view } => {
            let others: Vec<String> = view
                .participants
                .iter()
                .map(|it| match &it.device {
                    Some(device) => device.0.clone(),
                    None if it.number == CUSTOMER => "C".to_owned(),
                    None => it.number.clone(),
                })
                .collect();
            let mut flags = String::new();
            for (on, name) in [
                (view.muted, " muted"),
                (view.supervised, " supervised"),
                (view.monitored_muted, " silenced"),
                (view.monitoring, " monitoring"),
            ] {
                if on {
                    flags.push_str(name);
                }
            }
            let what = match what {
                What::Status => "Status",
                What::Participants => "Participants",
                What::Data => "Data",
                What::DtmfSent => "DtmfSent",
                What::Recording => "Recording",
                What::MonitoredMuted => "MonitoredMuted",
            };
            let state = if view.state == LegState::Released {
                "Released".to_owned()
            } else {
                format!("{:?} [{}]{flags}", view.state, others.join(","))
            };
            format!("{}.call {what} {state}", view.device)
        }
    }
}
