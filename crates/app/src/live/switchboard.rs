//! The switchboard of one organisation: the board, the number plan and the queues, which answer each other until all is
//! settled. Nothing here waits for anything: what is to be done lies in `out`, in order.

use super::{
    board::{
        AgentState, Board, By, CallCommand, CallId, Command, DeviceId, Effect, From, LineId, Mode, Notice,
        Refused, Seat, Signal,
        numbers::{Caller as Dials, Dispatcher, QueueAction, Refusal, Route},
    },
    hunts::GroupHunt,
    known::Known,
    notes::{Ended, Note},
    on_call::Story,
    ports::{CallingFrom, Order},
    presence::Presence,
    service::Service,
    since::Since,
};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use touchline_model::{Event, Timestamp, UserId};

/// Something to be done outside.
pub(crate) enum Out {
    Order(Order),
    Tell(UserId, Box<Notice>),
    Write(Write),
}

/// Something to be written down.
pub(crate) enum Write {
    /// What happened to a contact that goes on.
    Told { note: Box<Note>, events: Vec<Event> },
    /// A contact has ended.
    Ended(Box<Ended>),
    /// What an agent does.
    Status {
        /// Whose.
        user: UserId,
        /// Whether that one is at work from now on.
        at_work: bool,
        events: Vec<Event>,
    },
    /// A line of the audit trail.
    Audit { by: UserId, action: &'static str, object: String, detail: String },
}

/// The switchboard of one organisation.
pub(crate) struct Switchboard {
    pub(crate) known: Known,
    pub(crate) board: Board,
    pub(crate) dispatcher: Dispatcher,
    pub(crate) groups: BTreeMap<CallId, GroupHunt>,
    /// Calls that wait in queues.
    pub(crate) queued: BTreeSet<CallId>,
    pub(crate) notes: BTreeMap<CallId, Note>,
    /// How supervisors take part.
    pub(crate) modes: BTreeMap<(CallId, DeviceId), Mode>,
    pub(crate) reachable: BTreeSet<DeviceId>,
    pub(crate) presence: Presence,
    /// Since when everybody does what they do.
    pub(crate) since: Since,
    /// Waits in queues.
    pub(crate) service: Service,
    /// Who sits in the calls that go on.
    pub(crate) seats: BTreeMap<CallId, Vec<Seat>>,
    /// What has happened in the calls that go on.
    pub(crate) story: Story,
    /// Names of callers from outside by their numbers, while there are calls.
    pub(crate) displays: BTreeMap<String, String>,
    pub(crate) now: Timestamp,
    /// Moves whenever anything here may have changed.
    pub(crate) revision: u64,
    pub(crate) effects: VecDeque<Effect>,
    pub(crate) signals: VecDeque<Signal>,
    pub(crate) actions: VecDeque<QueueAction>,
    /// A queue has had this telephone ring in vain, and knows it.
    pub(crate) quiet: Option<(CallId, DeviceId)>,
    pub(crate) out: VecDeque<Out>,
    /// Somebody carries `out` out at this moment.
    pub(crate) draining: bool,
}

impl Switchboard {
    /// A switchboard without calls.
    pub(crate) fn new(known: Known, random: impl FnMut() -> u128 + Send + 'static) -> Self {
        let mut made = Self {
            board: Board::new(known.settings, random),
            dispatcher: Dispatcher::default(),
            groups: BTreeMap::new(),
            queued: BTreeSet::new(),
            notes: BTreeMap::new(),
            modes: BTreeMap::new(),
            reachable: BTreeSet::new(),
            presence: Presence::default(),
            since: Since::default(),
            service: Service::default(),
            seats: BTreeMap::new(),
            story: Story::default(),
            displays: BTreeMap::new(),
            now: Timestamp::default(),
            revision: 0,
            effects: VecDeque::new(),
            signals: VecDeque::new(),
            actions: VecDeque::new(),
            quiet: None,
            out: VecDeque::new(),
            draining: false,
            known,
        };
        made.configure();
        made
    }

    /// Takes over what has changed in the settings. Calls go on.
    pub(crate) fn reload(&mut self, now: Timestamp, known: Known) {
        self.now = now;
        self.known = known;
        self.configure();
        self.settle();
    }

    fn configure(&mut self) {
        self.board.set_settings(self.known.settings);
        let plan = self.known.plan.written();
        self.board.configure_hunts(super::hunts::numbers_of(plan));
        self.dispatcher.configure(&plan.queues);
        let effects = self.board.configure(self.known.desks());
        self.effects.extend(effects);
        self.reachable.retain(|device| self.known.devices.contains_key(device));
    }

    /// A telephone calls.
    pub(crate) fn call_in(
        &mut self,
        now: Timestamp,
        from: CallingFrom,
        dialled: &str,
    ) -> Result<LineId, Refusal> {
        self.now = now;
        let (from, ring) = {
            let (from, caller) = match &from {
                CallingFrom::Device(device) => {
                    let row = self.known.devices.get(device).ok_or(Refusal::Forbidden)?;
                    match &row.user {
                        Some(_) => (From::Device(device.clone()), Dials::User(&row.number)),
                        // One of nobody calls as if from outside, and only us.
                        None => (From::Outside(row.number.clone()), Dials::Trunk("")),
                    }
                }
                CallingFrom::Trunk { name, number, display } => {
                    if let Some(display) = display.clone().filter(|_| !number.is_empty()) {
                        self.displays.insert(number.clone(), display);
                    }
                    (From::Outside(number.clone()), Dials::Trunk(name))
                }
            };
            let ring = match self.known.plan.route(dialled, caller) {
                Route::User(user) => user.number.clone(),
                Route::Group(group) => group.number.clone(),
                Route::Queue(queue) => queue.number.clone(),
                Route::Trunk { .. } => dialled.to_owned(),
                Route::Refused(_) if self.guest(dialled).is_some() && matches!(caller, Dials::User(_)) => {
                    dialled.to_owned()
                }
                Route::Refused(refusal) => return Err(refusal),
            };
            (from, ring)
        };
        let line = self.board.offer_line(&from);
        let number = dialled.to_owned();
        self.signals.push_back(Signal::Calls { line, from, number, ring: Some(ring) });
        self.settle();
        Ok(line)
    }

    /// Something happened on a line.
    pub(crate) fn signal(&mut self, now: Timestamp, signal: Signal) {
        self.now = now;
        let signal = match signal {
            Signal::Refers(line, number) => {
                let caller = self.board.device_on(line);
                let to = caller.map_or_else(|| number.clone(), |device| self.inside(&device, &number));
                Signal::Refers(line, to)
            }
            signal => signal,
        };
        self.signals.push_back(signal);
        self.settle();
    }

    /// Somebody wants something.
    pub(crate) fn command(&mut self, now: Timestamp, by: &By, command: Command) -> Result<(), Refused> {
        self.now = now;
        let command = match self.board.desk_of(&by.user) {
            Some(device) => self.resolved(&device, command),
            None => command,
        };
        let effects = self.board.command(now, by, command)?;
        self.effects.extend(effects);
        self.settle();
        Ok(())
    }

    /// Does what is due.
    pub(crate) fn poll(&mut self, now: Timestamp) {
        self.now = now;
        let effects = self.board.poll(now);
        self.effects.extend(effects);
        let actions = self.dispatcher.tick(now);
        self.actions.extend(actions);
        self.settle();
    }

    /// When something is due.
    pub(crate) fn next_deadline(&self) -> Option<Timestamp> {
        let groups = self.groups.values().map(|it| it.until).min();
        [self.board.next_deadline(), self.dispatcher.next_deadline(), groups].into_iter().flatten().min()
    }

    /// Lets board, plan and queues answer each other until nobody has anything to say.
    pub(crate) fn settle(&mut self) {
        loop {
            if let Some(effect) = self.effects.pop_front() {
                self.carry(effect);
            } else if let Some(action) = self.actions.pop_front() {
                self.act(action);
            } else if let Some(signal) = self.signals.pop_front() {
                self.at_once(signal);
            } else if !self.tell_queues() && !self.ring_on() {
                break;
            }
        }
        if self.notes.is_empty() {
            self.displays.clear();
        }
    }

    /// Has the board heed a signal before anything else that waits.
    pub(crate) fn at_once(&mut self, signal: Signal) {
        self.quiet = match &signal {
            Signal::Withdraw { call, device, missed: true } => Some((*call, device.clone())),
            _ => None,
        };
        let effects = self.board.signal(self.now, signal);
        self.effects.extend(effects);
    }

    fn carry(&mut self, effect: Effect) {
        let order = match effect {
            Effect::Invite { line, to, from, by, auto_answer } => match self.way(&to, &from, by.as_ref()) {
                Some((to, from)) => Order::Invite { line, to, from, auto_answer },
                None => {
                    self.signals.push_back(Signal::Failed(line, super::board::Cause::Unreachable));
                    return;
                }
            },
            Effect::Ringing(line) => Order::Ringing(line),
            Effect::Early(line) => Order::Early(line),
            Effect::Answer(line) => Order::Answer(line),
            Effect::PickUp(line) => Order::PickUp(line),
            Effect::HangUp { line, cause } => Order::HangUp { line, cause },
            Effect::Dtmf { line, digits } => Order::Dtmf { line, digits },
            Effect::Seats { call, seats, waiting } => {
                match seats.is_empty() {
                    true => self.seats.remove(&call),
                    false => self.seats.insert(call, seats.clone()),
                };
                Order::Seats { call, seats, waiting }
            }
            Effect::Record { call, recording } => {
                if recording == super::board::Recording::Running
                    && let Some(note) = self.notes.get_mut(&call)
                {
                    note.is_recorded();
                }
                Order::Record { call, recording }
            }
            Effect::Hunt { call, number } => return self.hunt(call, number),
            Effect::Tell { user, notice } => {
                self.since.told(self.now, &notice);
                return self.out.push_back(Out::Tell(user, notice));
            }
            Effect::Happened { call, at, what } => return self.happened(call, at, &what),
        };
        self.out.push_back(Out::Order(order));
    }

    pub(crate) fn write(&mut self, write: Write) {
        self.out.push_back(Out::Write(write));
    }

    /// A command with numbers as the board knows them.
    fn resolved(&self, device: &DeviceId, command: Command) -> Command {
        let inside = |number: String| self.inside(device, &number);
        match command {
            Command::Forward(Some(to)) => Command::Forward(Some(inside(to))),
            Command::Dial { number, data } => Command::Dial { number: inside(number), data },
            Command::Call(call, command) => Command::Call(
                call,
                match command {
                    CallCommand::Transfer(to, data) => CallCommand::Transfer(inside(to), data),
                    CallCommand::Consult(to, data) => CallCommand::Consult(inside(to), data),
                    CallCommand::Conference(to, data) => CallCommand::Conference(inside(to), data),
                    command => command,
                },
            ),
            command => command,
        }
    }

    /// A telephone's state, without being asked for by its owner.
    pub(crate) fn put_state(&mut self, device: &DeviceId, state: AgentState) {
        let effects = self.board.put_state(self.now, device, state);
        self.effects.extend(effects);
    }
}
