//! Leaving a call, and what follows from it (contract genesys-voice §7.6, §7.7, §8.3).

use crate::{
    Board, CallId, Cause, DeviceId, Effect, Happened, LegState, LineId, Mode, Scope,
    call::{Call, Leg, Part},
};

/// Who takes the place of an agent who leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Who is there already.
    Line(LineId),
    /// Who is being called.
    Awaited,
    /// Nobody.
    Nobody,
}

impl Board {
    /// The owner of a telephone leaves a call.
    pub(crate) fn leave(&mut self, id: CallId, device: &DeviceId, cause: Cause) {
        if let Some(line) = self.calls.get(&id).and_then(|call| call.leg(device)).map(|leg| leg.line) {
            self.leave_line(id, line, cause);
        }
    }

    /// A party leaves a call.
    pub(crate) fn leave_line(&mut self, id: CallId, line: LineId, cause: Cause) {
        let leg = self.calls.get(&id).and_then(|call| call.by_line(line));
        let Some(leg) = leg.cloned() else { return };
        if !leg.is_watcher() {
            let next = self.other_agent(id, line).map_or(Next::Nobody, Next::Line);
            self.watched_leaves(id, line, next);
            if leg.is_on() {
                self.happened(id, Happened::Left(leg.number.clone()));
            }
        }
        self.take_out(id, line);
        self.end_line_if_unused(line, cause);
        match (&leg.device, leg.is_watcher()) {
            (Some(device), true) => self.watcher_left(id, device, &leg),
            _ => self.after_leaving(id, leg.device, cause),
        }
    }

    /// Another of our telephones that speaks for itself in a call.
    fn other_agent(&self, id: CallId, line: LineId) -> Option<LineId> {
        let fits = |leg: &&Leg| leg.line != line && leg.device.is_some() && leg.is_on();
        self.calls.get(&id)?.own().find(fits).map(|leg| leg.line)
    }

    pub(crate) fn take_out(&mut self, id: CallId, line: LineId) {
        if let Some(leg) = self.calls.get_mut(&id).and_then(|call| call.by_line_mut(line)) {
            leg.state = LegState::Released;
        }
        self.touch(id);
    }

    /// Ends a line that is in no call any more.
    pub(crate) fn end_line_if_unused(&mut self, line: LineId, cause: Cause) {
        let used = |leg: &crate::call::Leg| leg.line == line && leg.state != LegState::Released;
        if !self.calls.values().any(|call| call.legs.iter().any(used)) && self.lines.remove(&line).is_some() {
            self.effects.push(Effect::HangUp { line, cause });
        }
    }

    /// Ends a call that nobody has any more. An observer never keeps a call alive; who speaks to all does (OC-79).
    /// `cause` is why the last one left: a caller whom nobody has answered is told so.
    pub(crate) fn after_leaving(&mut self, id: CallId, by: Option<DeviceId>, cause: Cause) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        let there: Vec<LineId> =
            call.own().filter(|leg| leg.is_there() && !leg.only_rings()).map(|leg| leg.line).collect();
        let speaks = |leg: &&mut Leg| {
            let whole = matches!(leg.part, Part::Watcher { mode: Mode::BargeIn, scope: Scope::Call, .. });
            whole && leg.is_on()
        };
        let speaking = call.legs.iter_mut().filter(speaks).count();
        // A caller who waits for somebody to be found is not alone.
        if there.len() + speaking >= 2
            || (there.len() == 1 && (call.then.is_some() || call.hunting.is_some()))
        {
            for leg in call.legs.iter_mut().filter(speaks) {
                // Whom they watched has gone: from now on they take part for themselves.
                if let Part::Watcher { of, .. } = leg.part
                    && !there.contains(&of)
                {
                    leg.part = Part::Own;
                }
            }
            return;
        }
        let rest: Vec<Leg> = call.legs.iter().filter(|leg| leg.is_there()).cloned().collect();
        for leg in rest {
            // Whoever was put through, be it to music, is only told that it is over.
            let why = if self.is_offered(leg.line) { cause } else { Cause::Normal };
            self.take_out(id, leg.line);
            self.end_line_if_unused(leg.line, why);
            if let (Some(device), true) = (&leg.device, leg.is_watcher()) {
                self.watcher_left(id, device, &leg);
            }
        }
        self.happened(id, Happened::Ended { by });
    }

    /// The one who is watched leaves a call. Supervisors of the agent alone are released, the others go on with who
    /// takes over (OC-79, OC-80). A whisper to somebody who has left reaches nobody.
    pub(crate) fn watched_leaves(&mut self, id: CallId, line: LineId, next: Next) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        let mut released = Vec::new();
        for leg in call.legs.iter_mut().filter(|leg| leg.state != LegState::Released) {
            let Part::Watcher { of, mode, scope, once } = leg.part else { continue };
            if of != line {
                continue;
            }
            let (of, mode) = match (scope, next) {
                (Scope::Agent, _) => {
                    released.push(leg.line);
                    continue;
                }
                (Scope::Call, Next::Line(next)) => (next, mode),
                (Scope::Call, Next::Awaited) => (of, mode),
                (Scope::Call, Next::Nobody) => (of, quieter(mode)),
            };
            leg.part = Part::Watcher { of, mode, scope, once };
        }
        for line in released {
            self.leave_line(id, line, Cause::Normal);
        }
    }

    /// Somebody has come in whose place supervisors of the whole call were waiting for: they watch that one, if it is
    /// one of us, and fall silent if not (OC-80).
    pub(crate) fn follow(&mut self, id: CallId, line: LineId) {
        let ours = self.is_ours(line);
        let Some(call) = self.calls.get_mut(&id) else { return };
        let there: Vec<LineId> = call.own().filter(|leg| leg.is_there()).map(|leg| leg.line).collect();
        for leg in &mut call.legs {
            let Part::Watcher { of, mode, scope, once } = leg.part else { continue };
            if !there.contains(&of) {
                let (of, mode) = if ours { (line, mode) } else { (of, quieter(mode)) };
                leg.part = Part::Watcher { of, mode, scope, once };
            }
        }
    }
}

/// Who could only be heard by one who is not there is heard by nobody.
fn quieter(mode: Mode) -> Mode {
    if mode == Mode::Coach { Mode::Listen } else { mode }
}

impl Call {
    /// Whether somebody has left a call as a supervisor, and is not asked again (OC-69).
    pub(crate) fn was_left_by(&self, device: &DeviceId) -> bool {
        self.left_by.contains(device)
    }
}
