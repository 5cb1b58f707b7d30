//! Handing a call over, asking a colleague, conferences (contract genesys-voice §3.3, §7.9, §7.11).

use super::Refused;
use crate::{
    Board, CallId, Cause, DeviceId, Happened, LegState, LineId, Tried,
    call::{CallData, Leg},
    leave::Next,
};
use serde_json::{Map, Value};

impl Board {
    /// The call keeps its id for everybody; supervisors of the agent alone leave first.
    pub(super) fn transfer(
        &mut self,
        device: &DeviceId,
        id: CallId,
        to: &str,
        data: Map<String, Value>,
    ) -> Result<(), Refused> {
        let line = self.may_reach(device, id, to)?;
        if let Some(call) = self.calls.get_mut(&id) {
            call.data.attach(data)?;
        }
        self.touch(id);
        self.watched_leaves(id, line, Next::Awaited);
        let what = Happened::Transferred { from: device.clone(), to: to.to_owned(), warm: false };
        self.happened(id, what);
        self.take_out(id, line);
        self.end_line_if_unused(line, Cause::Normal);
        self.invite(id, to, Some((device.clone(), Tried::Transfer)), Some(device.clone()));
        Ok(())
    }

    fn may_reach(&self, device: &DeviceId, id: CallId, to: &str) -> Result<LineId, Refused> {
        if to.is_empty() {
            return Err(Refused::Missing("destination.phoneNumber"));
        }
        let leg = self.leg_of(device, id)?;
        match leg.number == to {
            true => Err(Refused::NotNow("this is the own number")),
            false => Ok(leg.line),
        }
    }

    /// Puts the call aside and calls a colleague about it.
    pub(super) fn consult(
        &mut self,
        device: &DeviceId,
        id: CallId,
        to: &str,
        data: Map<String, Value>,
    ) -> Result<(), Refused> {
        self.may_reach(device, id, to)?;
        if self.consult_about(id, device).is_some() {
            return Err(Refused::NotNow("a colleague is being asked already"));
        }
        let data = CallData::new(data)?;
        if self.leg_of(device, id)?.state != LegState::Held {
            self.hold(device, id);
        }
        let asked = self.begin(device, to, Some(id));
        if let Some(call) = self.calls.get_mut(&asked) {
            call.data = data;
        }
        self.go_on_dialling(asked);
        Ok(())
    }

    /// The call in which a colleague is asked about another.
    fn consult_about(&self, id: CallId, device: &DeviceId) -> Option<CallId> {
        let about = |call: &&crate::call::Call| call.parent == Some(id) && call.leg(device).is_some();
        self.calls.values().find(about).map(|call| call.id)
    }

    /// The call that was put aside, and the one in which a colleague was asked.
    fn both(&self, device: &DeviceId, id: CallId, with: Option<CallId>) -> Result<(CallId, CallId), Refused> {
        let given = |asked: CallId| match self.calls.get(&asked).and_then(|call| call.leg(device)) {
            Some(_) => Ok(asked),
            None => Err(Refused::NotFound("call")),
        };
        let asked_about = self.calls.get(&id).and_then(|call| call.parent);
        let (original, asked) = match (asked_about, with) {
            (Some(original), _) => (original, id),
            (None, Some(with)) => (id, given(with)?),
            (None, None) => (id, self.consult_about(id, device).ok_or(Refused::NotNow("nobody was asked"))?),
        };
        given(original)?;
        match original == asked {
            true => Err(Refused::NotNow("these are the same call")),
            false => Ok((original, asked)),
        }
    }

    /// Whom the call with a colleague brings along: all but the one who asked. Those who watch it are released.
    fn bring_along(&mut self, original: CallId, asked: CallId, device: &DeviceId) -> Vec<LineId> {
        self.release_watchers(asked);
        let hunting = self.stop_hunting(asked);
        let Some(call) = self.calls.get_mut(&asked) else { return vec![] };
        let (stay, come): (Vec<Leg>, Vec<Leg>) =
            call.legs.drain(..).partition(|leg| leg.device.as_ref() == Some(device) || leg.is_watcher());
        call.legs = stay;
        // Who comes sees the call with the colleague end, as the one who asked does.
        let left = come.iter().map(|leg| Leg { state: LegState::Released, ..leg.clone() });
        call.legs.extend(left.filter(|leg| leg.device.is_some()));
        let lines = come.iter().map(|leg| leg.line).collect();
        if let Some(call) = self.calls.get_mut(&original) {
            call.legs.extend(come);
        }
        // Who is looked for by one is looked for by those who take over.
        if let Some(hunting) = hunting {
            self.hunt(original, &hunting.number, hunting.asked);
        }
        lines
    }

    /// The colleague takes over; the call that was put aside keeps its id.
    pub(super) fn complete_transfer(
        &mut self,
        device: &DeviceId,
        id: CallId,
        with: Option<CallId>,
    ) -> Result<(), Refused> {
        let (original, asked) = self.both(device, id, with)?;
        self.hand_over(device, original, asked)
    }

    /// Brings the parties of two calls of a telephone together and takes the telephone out of both; it may have a line
    /// in each, when its owner called the second one by hand.
    pub(crate) fn hand_over(
        &mut self,
        device: &DeviceId,
        original: CallId,
        asked: CallId,
    ) -> Result<(), Refused> {
        let (line, other) = (self.leg_of(device, original)?.line, self.leg_of(device, asked)?.line);
        let to = self.calls.get(&asked).map(|call| call.dnis.clone()).unwrap_or_default();
        self.touch(original);
        self.touch(asked);
        let came = self.bring_along(original, asked, device);
        self.happened(original, Happened::Transferred { from: device.clone(), to, warm: true });
        let next = came.into_iter().find(|line| self.is_ours(*line)).map_or(Next::Nobody, Next::Line);
        self.watched_leaves(original, line, next);
        self.take_out(original, line);
        self.take_out(asked, other);
        self.end_line_if_unused(line, Cause::Normal);
        self.end_line_if_unused(other, Cause::Normal);
        self.after_leaving(asked, None, Cause::Normal);
        self.after_leaving(original, None, Cause::Normal);
        self.bring_in_watchers(original);
        Ok(())
    }

    /// The colleague joins.
    pub(super) fn complete_conference(
        &mut self,
        device: &DeviceId,
        id: CallId,
        with: Option<CallId>,
    ) -> Result<(), Refused> {
        let (original, asked) = self.both(device, id, with)?;
        let line = self.leg_of(device, original)?.line;
        self.touch(asked);
        self.touch(original);
        let came = self.bring_along(original, asked, device);
        self.take_out(asked, line);
        self.after_leaving(asked, None, Cause::Normal);
        self.retrieve(device, original);
        if let Some(call) = self.calls.get_mut(&original) {
            call.owner = Some(device.clone());
        }
        for line in came {
            let number = self.number_of(original, line);
            self.happened(original, Happened::Joined(number));
        }
        if self.settings.intrusion_enabled {
            self.bring_in_watchers(original);
        }
        Ok(())
    }

    pub(crate) fn number_of(&self, id: CallId, line: LineId) -> String {
        let leg = self.calls.get(&id).and_then(|call| call.by_line(line));
        leg.map(|leg| leg.number.clone()).unwrap_or_default()
    }

    pub(super) fn conference(
        &mut self,
        device: &DeviceId,
        id: CallId,
        to: &str,
        data: Map<String, Value>,
    ) -> Result<(), Refused> {
        self.may_reach(device, id, to)?;
        if let Some(call) = self.calls.get_mut(&id) {
            call.data.attach(data)?;
            call.owner = Some(device.clone());
        }
        self.invite(id, to, Some((device.clone(), Tried::Conference)), Some(device.clone()));
        Ok(())
    }

    pub(super) fn remove_party(
        &mut self,
        device: &DeviceId,
        id: CallId,
        number: &str,
    ) -> Result<(), Refused> {
        if number.is_empty() {
            return Err(Refused::Missing("participant"));
        }
        let call = self.calls.get(&id).ok_or(Refused::NotFound("call"))?;
        let named = |leg: &&Leg| {
            leg.number == number && leg.device.as_ref() != Some(device) && leg.state != LegState::Released
        };
        let line = call.own().find(named).map(|leg| leg.line).ok_or(Refused::NotFound("participant"))?;
        self.leave_line(id, line, Cause::Normal);
        Ok(())
    }

    pub(super) fn swap(&mut self, device: &DeviceId, id: CallId, other: CallId) -> Result<(), Refused> {
        let (one, two) = (self.leg_of(device, id)?.state, self.leg_of(device, other)?.state);
        let (speaking, held) = match (one, two) {
            (LegState::Held, LegState::Established) => (other, id),
            (LegState::Established, LegState::Held) => (id, other),
            _ => return Err(Refused::NotNow("one of the calls must be held, and the other one spoken in")),
        };
        // The one that is taken up is told first.
        self.touch(held);
        self.hold(device, speaking);
        self.retrieve(device, held);
        Ok(())
    }
}
