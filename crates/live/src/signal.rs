//! What happens on lines, and what follows from somebody's leaving.

use crate::{
    Board, CallId, CallKind, Cause, DeviceId, Effect, Happened, LegState, LineId, Recording,
    board::LineState,
    call::{Call, Leg, Part},
    leave::Next,
};

/// Who calls us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum From {
    /// One of our telephones.
    Device(DeviceId),
    /// Somebody outside, with a number.
    Outside(String),
}

/// What a line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signal {
    /// A telephone calls; the line was made by [`Board::offer_line`].
    Calls {
        /// The line.
        line: LineId,
        /// Who.
        from: From,
        /// The number dialled.
        number: String,
        /// Whom to ring, where that is another number than the one dialled.
        ring: Option<String>,
    },
    /// Somebody was found for a call for which somebody is looked for ([`Effect::Hunt`]); several may ring at once.
    Try {
        /// The call.
        call: CallId,
        /// Whom to ring.
        device: DeviceId,
    },
    /// Somebody who was found shall ring no longer.
    Withdraw {
        /// The call.
        call: CallId,
        /// Who.
        device: DeviceId,
        /// It has rung in vain.
        missed: bool,
    },
    /// It is looked no further.
    HuntEnds {
        /// The call.
        call: CallId,
        /// The number that takes the call; without one it is over.
        to: Option<String>,
    },
    /// The telephone that was called rings.
    Rings(LineId),
    /// Who is called outside is heard before anybody has answered: ringing, an announcement. It rings as well.
    Speaks(LineId),
    /// The telephone that was called was answered.
    Answered(LineId),
    /// It was not.
    Failed(LineId, Cause),
    /// Somebody hung up.
    HungUp(LineId),
    /// A telephone has put its call aside, or taken it up again, by itself.
    Holds(LineId, bool),
    /// A telephone hands its call over to a number.
    Refers(LineId, String),
    /// A telephone hands its call over to who is on another line of its own.
    Replaces {
        /// The line of the call.
        line: LineId,
        /// The other line.
        with: LineId,
    },
}

impl Board {
    /// A line for a telephone that calls us.
    pub fn offer_line(&mut self, from: &From) -> LineId {
        let device = match from {
            From::Device(device) => Some(device.clone()),
            From::Outside(_) => None,
        };
        self.new_line(LineState::Offered, device)
    }

    pub(crate) fn heed(&mut self, signal: Signal) {
        match signal {
            Signal::Calls { line, from, number, ring } => self.called(line, from, number, ring),
            Signal::Try { call, device } => self.try_device(call, &device),
            Signal::Withdraw { call, device, missed } => self.withdraw(call, &device, missed),
            Signal::HuntEnds { call, to } => self.hunt_ends(call, to.as_deref()),
            Signal::Rings(line) => self.rings(line, Effect::Ringing),
            Signal::Speaks(line) => self.speaks_early(line),
            Signal::Answered(line) => self.answered(line),
            Signal::Failed(line, cause) => self.failed(line, cause),
            Signal::HungUp(line) => {
                self.lines.remove(&line);
                self.hung_up(line, Cause::Normal);
            }
            Signal::Holds(line, on) => self.holds(line, on),
            Signal::Refers(line, number) => self.refers(line, &number),
            Signal::Replaces { line, with } => self.replaces(line, with),
        }
    }

    /// A call begins.
    pub(crate) fn open(&mut self, mut call: Call) {
        let id = call.id;
        if self.settings.recording {
            call.recording = Recording::Running;
            self.effects.push(Effect::Record { call: id, recording: call.recording });
        }
        let by = call.legs.first().and_then(|leg| leg.device.clone());
        let (ani, dnis) = (call.ani.clone(), call.dnis.clone());
        self.happened(id, Happened::Started { kind: call.kind, ani, dnis, by });
        self.calls.insert(id, call);
        self.touch(id);
    }

    fn called(&mut self, line: LineId, from: From, number: String, ring: Option<String>) {
        let id = self.new_call_id();
        let (device, own, ani) = match from {
            From::Device(device) => {
                let own = self.desks.get(&device).map(|desk| desk.device.number.clone());
                (Some(device), own.unwrap_or_default(), None)
            }
            From::Outside(ani) => (None, ani.clone(), Some(ani)),
        };
        let ring = ring.unwrap_or_else(|| number.clone());
        let kind = match (&device, self.is_inside(&ring)) {
            (None, _) => CallKind::Inbound,
            (Some(_), true) => CallKind::Internal,
            (Some(_), false) => CallKind::Outbound,
        };
        let leg = Leg::new(line, device, own, LegState::Dialing, self.now);
        let by = leg.device.clone();
        self.open(Call { ani, ..Call::new(id, kind, leg, number) });
        self.invite(id, &ring, None, by);
    }

    /// The calls in which a line has a leg.
    fn calls_of(&self, line: LineId) -> Vec<CallId> {
        let on = |call: &&Call| call.by_line(line).is_some_and(|leg| leg.state != LegState::Released);
        self.calls.values().filter(on).map(|call| call.id).collect()
    }

    /// The callers of a call who have not been answered yet.
    pub(crate) fn offered(&self, id: CallId) -> Vec<LineId> {
        let Some(call) = self.calls.get(&id) else { return vec![] };
        call.own().filter(|leg| self.is_offered(leg.line)).map(|leg| leg.line).collect()
    }

    fn rings(&mut self, line: LineId, told: fn(LineId) -> Effect) {
        for id in self.calls_of(line) {
            let watches =
                self.calls.get(&id).and_then(|call| call.by_line(line)).is_some_and(Leg::is_watcher);
            if !watches {
                let all = self.offered(id);
                self.effects.extend(all.into_iter().filter(|it| *it != line).map(told));
            }
        }
    }

    /// The telephone network speaks before somebody has answered. A telephone of ours is heard when it has, and not before.
    fn speaks_early(&mut self, line: LineId) {
        if self.is_ours(line) {
            return self.rings(line, Effect::Ringing);
        }
        for id in self.calls_of(line) {
            if let Some(leg) = self.calls.get_mut(&id).and_then(|call| call.by_line_mut(line)) {
                leg.early = leg.state == LegState::Ringing;
                self.touch(id);
            }
        }
        self.rings(line, Effect::Early);
    }

    fn answered(&mut self, line: LineId) {
        let device = match self.lines.get_mut(&line) {
            Some(it) => {
                it.state = LineState::Up;
                it.device.clone()
            }
            // Withdrawn meanwhile: whoever answered is told so.
            None => return self.effects.push(Effect::HangUp { line, cause: Cause::Normal }),
        };
        for id in self.calls_of(line) {
            let Some(leg) = self.calls.get_mut(&id).and_then(|call| call.by_line_mut(line)) else { continue };
            leg.answers_by = None;
            self.touched.retain(|it| *it != id);
            self.touched.push(id);
            match (leg.state, leg.part) {
                // The caller's own telephone: now the other one is called.
                (LegState::Dialing, _) => self.go_on_dialling(id),
                (LegState::Ringing, Part::Own) => {
                    (leg.state, leg.early) = (LegState::Established, false);
                    self.reached(id, device.clone(), line);
                }
                (LegState::Ringing, Part::Watcher { of, mode, .. }) => {
                    leg.state = LegState::Established;
                    if let Some(device) = &device {
                        self.supervised(id, device, of, Some(mode));
                    }
                }
                _ => {}
            }
        }
    }

    /// Somebody has answered: who called is answered, too.
    fn reached(&mut self, id: CallId, device: Option<DeviceId>, line: LineId) {
        for caller in self.offered(id) {
            self.is_up_now(caller);
            self.effects.push(Effect::Answer(caller));
        }
        let Some(call) = self.calls.get_mut(&id) else { return };
        for leg in call.legs.iter_mut().filter(|leg| leg.state == LegState::Dialing) {
            leg.state = LegState::Established;
        }
        self.found(id, line);
        let (number, conference) = (self.number_of(id, line), self.is_conference(id));
        match device {
            Some(device) => self.happened(id, Happened::Accepted(device)),
            None => self.happened(id, Happened::Reached(number.clone())),
        }
        if conference {
            self.happened(id, Happened::Joined(number));
        }
        self.follow(id, line);
        // Who joins a call that goes on is joined by who watches only where that is allowed.
        if !conference || self.settings.intrusion_enabled {
            self.bring_in_watchers(id);
        }
    }

    fn is_conference(&self, id: CallId) -> bool {
        self.calls.get(&id).is_some_and(Call::is_conference)
    }

    pub(crate) fn is_ours(&self, line: LineId) -> bool {
        self.lines.get(&line).is_some_and(|it| it.device.is_some())
    }

    fn failed(&mut self, line: LineId, cause: Cause) {
        self.lines.remove(&line);
        for id in self.calls_of(line) {
            self.not_reached(id, line, cause);
        }
    }

    /// Somebody was not reached.
    pub(crate) fn not_reached(&mut self, id: CallId, line: LineId, cause: Cause) {
        let leg = self.calls.get(&id).and_then(|call| call.by_line(line));
        let Some((device, rang)) =
            leg.map(|leg| (leg.device.clone(), leg.state == LegState::Ringing && !leg.is_watcher()))
        else {
            return;
        };
        if let Some((asker, tried)) = leg.and_then(|leg| leg.asked.clone()) {
            self.tell_failure(id, &asker, tried, cause);
        }
        if rang && let Some(device) = device {
            self.happened(id, Happened::Missed(device, cause));
        }
        self.leave_line(id, line, cause);
    }

    fn hung_up(&mut self, line: LineId, cause: Cause) {
        for id in self.calls_of(line) {
            self.leave_line(id, line, cause);
        }
    }

    fn holds(&mut self, line: LineId, on: bool) {
        let (from, done) = match on {
            true => (LegState::Established, true),
            false => (LegState::Held, false),
        };
        for id in self.calls_of(line) {
            let leg = self.calls.get(&id).and_then(|call| call.by_line(line));
            let Some(device) = leg.filter(|leg| leg.state == from).and_then(|leg| leg.device.clone()) else {
                continue;
            };
            match done {
                true => self.hold(&device, id),
                // A call that waits behind another stays where it is.
                false if self.speaks(&device).is_none() => self.retrieve(&device, id),
                false => {}
            }
        }
    }

    fn refers(&mut self, line: LineId, number: &str) {
        let Some(id) = self.calls_of(line).first().copied() else { return };
        let leg = self.calls.get(&id).and_then(|call| call.by_line(line));
        let device = leg.filter(|leg| leg.is_on() && !leg.is_watcher()).and_then(|leg| leg.device.clone());
        let Some(device) = device else { return };
        self.touch(id);
        self.watched_leaves(id, line, Next::Awaited);
        let to = number.to_owned();
        self.happened(id, Happened::Transferred { from: device.clone(), to, warm: false });
        self.take_out(id, line);
        self.end_line_if_unused(line, Cause::Normal);
        self.invite(id, number, None, Some(device));
    }

    /// A telephone hands the call on one of its lines over to who is on another of its lines (RFC 3891).
    fn replaces(&mut self, line: LineId, with: LineId) {
        let (Some(original), Some(asked)) =
            (self.calls_of(line).first().copied(), self.calls_of(with).first().copied())
        else {
            return;
        };
        let device = |id: CallId, line: LineId| {
            let leg = self.calls.get(&id).and_then(|call| call.by_line(line));
            leg.filter(|leg| !leg.is_watcher()).and_then(|leg| leg.device.clone())
        };
        match (device(original, line), device(asked, with)) {
            // Nothing else can go wrong: the telephone is on both calls.
            (Some(one), Some(other)) if one == other && original != asked => {
                let _ = self.hand_over(&one, original, asked);
            }
            _ => {}
        }
    }
}
