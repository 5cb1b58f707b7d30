//! Numbers behind which there is nobody in particular: a queue, a group of people. Who is to be rung is decided
//! elsewhere ([`crate::numbers`]); the board keeps the caller waiting, rings who was found, and withdraws who was too late.

use crate::{
    Board, CallId, Cause, DeviceId, Effect, Happened, LegState, LineId, Tried,
    call::{Call, Leg},
    command::calls::Rung,
};

/// How a number finds somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hunt {
    /// Callers wait, and hear music: their lines are answered.
    Queue,
    /// People are rung, and callers hear that it rings.
    Group,
}

/// A call for which somebody is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hunting {
    /// At which number.
    pub(crate) number: String,
    /// Who has it called, and why, to be told if nobody is found.
    pub(crate) asked: Option<(DeviceId, Tried)>,
}

impl Board {
    /// Sets the numbers behind which somebody is to be found.
    pub fn configure_hunts(&mut self, numbers: impl IntoIterator<Item = (String, Hunt)>) {
        self.hunts = numbers.into_iter().collect();
    }

    /// Whether a number is one of ours.
    pub(crate) fn is_inside(&self, number: &str) -> bool {
        self.hunts.contains_key(number) || self.device_by_number(number).is_some()
    }

    /// The number at which somebody is looked for, for a call.
    pub fn hunted_at(&self, call: CallId) -> Option<&str> {
        self.calls.get(&call)?.hunting.as_ref().map(|it| it.number.as_str())
    }

    /// Whom a call rings now, of those who were found for it.
    pub fn hunted(&self, call: CallId) -> Vec<DeviceId> {
        let legs = self.calls.get(&call).into_iter().flat_map(|call| &call.legs);
        legs.filter(|leg| leg.only_rings()).filter_map(|leg| leg.device.clone()).collect()
    }

    /// Whether a telephone has a line in use, other than one that only rings for a call of a queue or a group.
    pub fn is_busy(&self, device: &DeviceId) -> bool {
        let legs = self.calls.values().flat_map(|call| &call.legs);
        legs.filter(|leg| leg.device.as_ref() == Some(device)).any(|leg| leg.is_there() && !leg.only_rings())
    }

    /// Begins to look for somebody.
    pub(crate) fn hunt(&mut self, id: CallId, number: &str, asked: Option<(DeviceId, Tried)>) {
        if let Some(call) = self.calls.get_mut(&id) {
            call.hunting = Some(Hunting { number: number.to_owned(), asked });
        }
        self.touch(id);
        let callers = self.offered(id);
        match self.hunts.get(number) {
            Some(Hunt::Queue) => {
                for line in callers {
                    self.is_up_now(line);
                    self.effects.push(Effect::Answer(line));
                }
            }
            _ => self.effects.extend(callers.into_iter().map(Effect::Ringing)),
        }
    }

    /// Rings somebody who was found.
    pub(crate) fn try_device(&mut self, id: CallId, device: &DeviceId) {
        let Some(number) = self.desks.get(device).map(|desk| desk.device.number.clone()) else { return };
        if self.hunted_at(id).is_some() && !self.hunted(id).contains(device) {
            let device = Some(device.clone());
            self.ring(id, Rung { device, number, by: None, asked: None, found: true, loops: false });
        }
    }

    /// Rings somebody no longer; `missed`: for it has rung in vain.
    pub(crate) fn withdraw(&mut self, id: CallId, device: &DeviceId, missed: bool) {
        let leg = self.calls.get(&id).and_then(|call| call.leg(device)).filter(|leg| leg.only_rings());
        let Some(line) = leg.map(|leg| leg.line) else { return };
        match missed {
            true => self.not_reached(id, line, Cause::NoAnswer),
            false => self.leave_line(id, line, Cause::Normal),
        }
    }

    /// Looks no further; the call goes elsewhere, or is over if it has nowhere to go.
    pub(crate) fn hunt_ends(&mut self, id: CallId, to: Option<&str>) {
        let Some(hunting) = self.stop_hunting(id) else { return };
        match to {
            Some(number) => {
                self.happened(id, Happened::Overflowed(number.to_owned()));
                self.invite(id, number, hunting.asked, None);
            }
            None => {
                if let Some((asker, tried)) = hunting.asked {
                    self.tell_failure(id, &asker, tried, Cause::NoAnswer);
                }
                // Who waits for nobody any more is told why.
                let Some(call) = self.calls.get(&id) else { return };
                let alone: Vec<LineId> =
                    call.own().filter(|leg| leg.is_there()).map(|leg| leg.line).collect();
                if let [line] = *alone {
                    self.leave_line(id, line, Cause::NoAnswer);
                }
            }
        }
    }

    /// Withdraws all who ring, and forgets what was looked for.
    pub(crate) fn stop_hunting(&mut self, id: CallId) -> Option<Hunting> {
        for device in self.hunted(id) {
            self.withdraw(id, &device, false);
        }
        self.touch(id);
        self.calls.get_mut(&id)?.hunting.take()
    }

    /// Somebody has answered: the others ring no more.
    pub(crate) fn found(&mut self, id: CallId, line: LineId) {
        if let Some(leg) = self.calls.get_mut(&id).and_then(|call| call.by_line_mut(line)) {
            leg.found = false;
        }
        let _ = self.stop_hunting(id);
    }
}

impl Call {
    /// What whoever looks for somebody has to know.
    pub(crate) fn hunted_number(&self) -> Option<&String> {
        self.hunting.as_ref().map(|it| &it.number)
    }
}

impl Leg {
    /// Whether it was found for a call that others may take as well.
    pub(crate) fn only_rings(&self) -> bool {
        self.found && self.state == LegState::Ringing
    }
}
