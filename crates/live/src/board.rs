//! The board: all that is live in an organisation.

use crate::{
    AgentState, By, CallId, CallKind, Command, Device, DeviceId, DeviceView, Effect, Hunt, LineId, Refused,
    Settings, Signal, call::Call, desk::Desk,
};
use std::collections::BTreeMap;
use touchline_model::{Timestamp, UserId};

/// How far a line has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LineState {
    /// We call a telephone.
    Calling,
    /// A telephone calls us.
    Offered,
    /// Somebody speaks.
    Up,
}

#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) state: LineState,
    pub(crate) device: Option<DeviceId>,
}

/// The live state of one organisation.
pub struct Board {
    pub(crate) settings: Settings,
    pub(crate) desks: BTreeMap<DeviceId, Desk>,
    pub(crate) calls: BTreeMap<CallId, Call>,
    pub(crate) lines: BTreeMap<LineId, Line>,
    pub(crate) now: Timestamp,
    pub(crate) effects: Vec<Effect>,
    pub(crate) touched: Vec<CallId>,
    pub(crate) touched_desks: Vec<DeviceId>,
    /// So many of them were touched before any call, and are told of before.
    pub(crate) desks_first: usize,
    /// Numbers behind which somebody is to be found.
    pub(crate) hunts: BTreeMap<String, Hunt>,
    next_line: u64,
    random: Box<dyn FnMut() -> u128 + Send>,
}

impl std::fmt::Debug for Board {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Board").field("desks", &self.desks.len()).field("calls", &self.calls.len()).finish()
    }
}

impl Board {
    /// A board without calls. `random` gives numbers that nobody can guess, for the ids of calls.
    pub fn new(settings: Settings, random: impl FnMut() -> u128 + Send + 'static) -> Self {
        Self {
            settings,
            desks: BTreeMap::new(),
            calls: BTreeMap::new(),
            lines: BTreeMap::new(),
            now: Timestamp::default(),
            effects: Vec::new(),
            touched: Vec::new(),
            touched_desks: Vec::new(),
            desks_first: 0,
            hunts: BTreeMap::new(),
            next_line: 1,
            random: Box::new(random),
        }
    }

    /// Sets the telephones that there are. What goes on at those that stay goes on; calls of those that go end with
    /// their lines.
    pub fn configure(&mut self, devices: impl IntoIterator<Item = Device>) -> Vec<Effect> {
        let mut desks = BTreeMap::new();
        for device in devices {
            let id = device.id.clone();
            let desk = match self.desks.remove(&id) {
                Some(desk) => Desk { device, ..desk },
                None => Desk::new(device),
            };
            if desk.told.is_some() {
                self.touch_desk(&id);
            }
            desks.insert(id, desk);
        }
        let gone = std::mem::replace(&mut self.desks, desks);
        for desk in self.desks.values_mut() {
            if desk.watch.as_ref().is_some_and(|watch| gone.contains_key(&watch.target)) {
                desk.watch = None;
                self.touched_desks.push(desk.device.id.clone());
            }
        }
        self.settle(None)
    }

    /// Somebody wants something. Nothing has changed when it is refused.
    pub fn command(&mut self, now: Timestamp, by: &By, command: Command) -> Result<Vec<Effect>, Refused> {
        self.now = now;
        let hint = self.carry_out(by, command)?;
        Ok(self.settle(hint))
    }

    /// Something happened on a line.
    pub fn signal(&mut self, now: Timestamp, signal: Signal) -> Vec<Effect> {
        self.now = now;
        self.heed(signal);
        self.settle(None)
    }

    /// Does what is due.
    pub fn poll(&mut self, now: Timestamp) -> Vec<Effect> {
        self.now = now;
        self.stop_ringing();
        self.settle(None)
    }

    /// When [`Board::poll`] has something to do.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        let watchers = self.calls.values().flat_map(|call| self.ringing_watchers(call));
        let people = self.calls.values().flat_map(|call| self.ringing_people(call));
        let asked = self.calls.values().flat_map(|call| &call.legs).filter_map(|leg| leg.answers_by);
        watchers.chain(people).map(|(_, at)| at).chain(asked).min()
    }

    /// Sets what an agent is ready for, without being asked by that one: too many calls were missed, for example. Nothing
    /// happens where nobody works.
    pub fn put_state(&mut self, now: Timestamp, device: &DeviceId, state: AgentState) -> Vec<Effect> {
        self.now = now;
        if self.set_state(device, state).is_err() {
            self.touched_desks.clear();
        }
        self.settle(None)
    }

    /// Changes how supervision behaves, and whether calls that begin are recorded.
    pub fn set_settings(&mut self, settings: Settings) {
        self.settings = settings;
    }

    /// Our telephones that speak on a call for themselves, in the order of their coming.
    pub fn speaking_on(&self, call: CallId) -> Vec<DeviceId> {
        let legs = self.calls.get(&call).into_iter().flat_map(crate::call::Call::own);
        legs.filter(|leg| leg.is_on()).filter_map(|leg| leg.device.clone()).collect()
    }

    /// The telephone on a line, if it is one of ours.
    pub fn device_on(&self, line: LineId) -> Option<DeviceId> {
        self.lines.get(&line)?.device.clone()
    }

    /// The telephones with a line in use ([`Board::is_busy`]).
    pub fn busy_devices(&self) -> std::collections::BTreeSet<DeviceId> {
        let legs = self.calls.values().flat_map(|call| &call.legs);
        legs.filter(|leg| leg.is_there() && !leg.only_rings()).filter_map(|leg| leg.device.clone()).collect()
    }

    /// The calls that go on.
    pub fn calls(&self) -> Vec<CallId> {
        self.calls.keys().copied().collect()
    }

    /// What a call is, while it goes on.
    pub fn call_kind(&self, call: CallId) -> Option<CallKind> {
        self.calls.get(&call).map(|it| it.kind)
    }

    /// The telephone at which a user works; before that, the first one of theirs.
    pub fn desk_of(&self, user: &UserId) -> Option<DeviceId> {
        let own = |desk: &&Desk| desk.device.user.as_ref() == Some(user);
        let active = self.desks.values().filter(own).find(|desk| desk.active);
        active.or_else(|| self.desks.values().find(own)).map(|desk| desk.device.id.clone())
    }

    /// What the owner of a telephone sees of it.
    pub fn device_view(&self, device: &DeviceId) -> Option<DeviceView> {
        self.desks.get(device).map(Desk::view)
    }

    /// All telephones.
    pub fn device_views(&self) -> impl Iterator<Item = DeviceView> {
        self.desks.values().map(Desk::view)
    }

    /// The telephone with a number.
    pub fn device_by_number(&self, number: &str) -> Option<DeviceId> {
        self.desks.values().find(|desk| desk.device.number == number).map(|desk| desk.device.id.clone())
    }

    /// The telephone at which a user is ready for calls.
    pub fn ready_device(&self, user: &UserId) -> Option<DeviceId> {
        let ready = |desk: &&Desk| {
            desk.device.user.as_ref() == Some(user) && desk.active && desk.state == AgentState::Ready
        };
        self.desks.values().find(ready).map(|desk| desk.device.id.clone())
    }

    pub(crate) fn new_call_id(&mut self) -> CallId {
        CallId((self.random)())
    }

    pub(crate) fn new_line(&mut self, state: LineState, device: Option<DeviceId>) -> LineId {
        let id = LineId(self.next_line);
        self.next_line += 1;
        self.lines.insert(id, Line { state, device });
        id
    }

    pub(crate) fn is_up_now(&mut self, line: LineId) {
        if let Some(it) = self.lines.get_mut(&line) {
            it.state = LineState::Up;
        }
    }

    pub(crate) fn is_up(&self, line: LineId) -> bool {
        self.lines.get(&line).is_some_and(|it| it.state == LineState::Up)
    }

    /// Whether a telephone calls us on this line, and was not answered yet.
    pub(crate) fn is_offered(&self, line: LineId) -> bool {
        self.lines.get(&line).is_some_and(|it| it.state == LineState::Offered)
    }
}
