//! Calling, answering, leaving, holding.

use super::{CallCommand, Refused};
use crate::{
    Board, CallId, CallKind, CallMay, Cause, Destination, DeviceId, Effect, Happened, LegState, LineId, Mode,
    Tried, What,
    board::LineState,
    call::{Call, CallData, Leg, Part},
    may::refused_in_silence,
};
use serde_json::{Map, Value};

/// How long a telephone may take that is asked to answer.
const ANSWERS_WITHIN_SECS: i64 = 3;
/// How often a call is sent on before it goes nowhere.
const MOST_FORWARDS: u32 = 5;

/// Who is rung, and why.
pub(crate) struct Rung {
    /// The telephone; none if outside.
    pub(crate) device: Option<DeviceId>,
    /// The number.
    pub(crate) number: String,
    /// In whose name: whose right it is to call that number.
    pub(crate) by: Option<DeviceId>,
    /// Who is told if it comes to nothing.
    pub(crate) asked: Option<(DeviceId, Tried)>,
    /// Whether it was found for a queue or a group.
    pub(crate) found: bool,
    /// Whether forwarding has gone round in a circle.
    pub(crate) loops: bool,
}

impl Board {
    /// Calls somebody: first the caller's own telephone is called, and when that was answered the other.
    pub(super) fn dial(
        &mut self,
        device: &DeviceId,
        number: &str,
        data: Map<String, Value>,
    ) -> Result<(), Refused> {
        let desk = self.desks.get(device).ok_or(Refused::NotFound("device"))?;
        if !desk.active {
            return Err(Refused::NotNow("nobody works at this device now"));
        }
        if number.is_empty() {
            return Err(Refused::Missing("destination.phoneNumber"));
        }
        if self.speaks(device).is_some() {
            return Err(Refused::NotNow("another call is being spoken in"));
        }
        let data = CallData::new(data)?;
        let id = self.begin(device, number, None);
        if let Some(call) = self.calls.get_mut(&id) {
            call.data = data;
        }
        self.go_on_dialling(id);
        Ok(())
    }

    /// A call of one of our telephones to a number, on the line that is there or on a new one.
    pub(super) fn begin(&mut self, device: &DeviceId, number: &str, parent: Option<CallId>) -> CallId {
        let there = self.line_of(device);
        let own = self.desks.get(device).map(|desk| desk.device.number.clone()).unwrap_or_default();
        let line = there.unwrap_or_else(|| {
            let line = self.new_line(LineState::Calling, Some(device.clone()));
            self.effects.push(Effect::Invite {
                line,
                to: Destination::Device(device.clone()),
                from: number.to_owned(),
                by: Some(device.clone()),
                auto_answer: true,
            });
            line
        });
        let id = self.new_call_id();
        let inside = self.is_inside(number);
        let tried = if parent.is_some() { Tried::Consult } else { Tried::Dial };
        let kind = match parent {
            Some(_) => CallKind::Consult,
            None if inside => CallKind::Internal,
            None => CallKind::Outbound,
        };
        let leg = Leg::new(line, Some(device.clone()), own, LegState::Dialing, self.now);
        let then = Some((number.to_owned(), tried));
        self.open(Call { parent, then, ..Call::new(id, kind, leg, number.to_owned()) });
        id
    }

    /// Calls whom the caller wants, once the caller's own line is up.
    pub(crate) fn go_on_dialling(&mut self, id: CallId) {
        let Some(call) = self.calls.get(&id) else { return };
        let ready = call.legs.first().is_some_and(|leg| self.is_up(leg.line));
        if !ready {
            return;
        }
        let caller = self.calls.get(&id).and_then(|call| call.legs.first()?.device.clone());
        let then = self.calls.get_mut(&id).and_then(|call| call.then.take());
        let Some((number, tried)) = then else { return };
        let asked = caller.clone().map(|caller| (caller, tried));
        self.invite(id, &number, asked, caller);
    }

    /// Calls a number into a call, in the name of `by`. Who has sent calls elsewhere is called there, and it is that one
    /// who calls.
    pub(crate) fn invite(
        &mut self,
        id: CallId,
        number: &str,
        asked: Option<(DeviceId, Tried)>,
        mut by: Option<DeviceId>,
    ) {
        let (mut number, mut hops) = (number.to_owned(), 0);
        let mut device = self.device_by_number(&number);
        while let Some(to) =
            device.as_ref().and_then(|it| self.desks.get(it)).and_then(|desk| desk.forward_to.clone())
        {
            hops += 1;
            if hops > MOST_FORWARDS {
                break;
            }
            number = to;
            by = device;
            device = self.device_by_number(&number);
        }
        if self.hunts.contains_key(&number) {
            self.hunt(id, &number, asked);
            return;
        }
        let loops = hops > MOST_FORWARDS;
        self.ring(id, Rung { device, number, by, asked, found: false, loops });
    }

    /// Rings a telephone, or somebody outside, for a call. Who wants no calls, and who is on one, is busy.
    pub(crate) fn ring(&mut self, id: CallId, rung: Rung) {
        let Rung { device, number, by, asked, found, loops } = rung;
        let from = self.calls.get(&id).map(|call| self.caller_number(call)).unwrap_or_default();
        let busy = device.as_ref().is_some_and(|device| {
            let disturbed = self.desks.get(device).is_some_and(|desk| desk.do_not_disturb);
            let here = self.calls.get(&id).is_some_and(|call| call.leg(device).is_some());
            disturbed || here || self.line_of(device).is_some() || loops
        });
        let line = self.new_line(LineState::Calling, device.clone());
        let rings = Leg::new(line, device.clone(), number.clone(), LegState::Ringing, self.now);
        let leg = Leg { asked, found, ..rings };
        if let Some(call) = self.calls.get_mut(&id) {
            call.legs.push(leg);
        }
        self.touch(id);
        if busy {
            self.lines.remove(&line);
            self.not_reached(id, line, Cause::Busy);
            return;
        }
        let to = match device {
            Some(device) => {
                self.happened(id, Happened::Offered(device.clone()));
                Destination::Device(device)
            }
            None => Destination::Outside(number),
        };
        self.effects.push(Effect::Invite { line, to, from, by, auto_answer: false });
    }

    /// In whose name a call reaches others.
    fn caller_number(&self, call: &Call) -> String {
        let first = call.own().next().map(|leg| leg.number.clone());
        call.ani.clone().or(first).unwrap_or_default()
    }

    /// The line of a telephone on which it is in some call for itself.
    pub(crate) fn line_of(&self, device: &DeviceId) -> Option<LineId> {
        let legs = self.calls.values().flat_map(|call| &call.legs);
        let mine = |leg: &&Leg| leg.device.as_ref() == Some(device) && leg.state != LegState::Released;
        legs.filter(mine).map(|leg| leg.line).next()
    }

    /// The call that a telephone speaks in, or waits in for who was called.
    pub(crate) fn speaks(&self, device: &DeviceId) -> Option<CallId> {
        let on = |call: &&Call| {
            call.leg(device).is_some_and(|leg| {
                matches!(leg.state, LegState::Established | LegState::Dialing | LegState::Ringing)
            })
        };
        self.calls.values().find(on).map(|call| call.id)
    }

    /// Something with a call, if it is among what may be done.
    pub(super) fn with_call(
        &mut self,
        device: &DeviceId,
        id: CallId,
        command: CallCommand,
    ) -> Result<Option<What>, Refused> {
        let view = self.call_view(device, id).ok_or(Refused::NotFound("call"))?;
        let silent =
            matches!(self.leg_of(device, id)?.part, Part::Watcher { mode, .. } if mode != Mode::BargeIn);
        let needs = needed(&command);
        if silent && refused_in_silence(needs) {
            return Err(Refused::Forbidden("who is not heard by all cannot do this"));
        }
        if !view.may.contains(&needs) {
            return Err(Refused::NotNow("this cannot be done with the call now"));
        }
        match command {
            CallCommand::Answer => self.pick_up(device, id)?,
            CallCommand::HangUp => self.hang_up_or_refuse(device, id),
            CallCommand::Hold => self.hold(device, id),
            CallCommand::Retrieve => self.retrieve(device, id),
            CallCommand::Mute(on) => {
                if let Some(leg) = self.calls.get_mut(&id).and_then(|call| call.leg_mut(device)) {
                    leg.muted = on;
                }
                self.touch(id);
            }
            CallCommand::SendDtmf(digits) => return self.send_dtmf(device, id, &digits),
            CallCommand::Transfer(to, data) => self.transfer(device, id, &to, data)?,
            CallCommand::Consult(to, data) => self.consult(device, id, &to, data)?,
            CallCommand::CompleteTransfer(with) => self.complete_transfer(device, id, with)?,
            CallCommand::CompleteConference(with) => self.complete_conference(device, id, with)?,
            CallCommand::Conference(to, data) => self.conference(device, id, &to, data)?,
            CallCommand::RemoveParty(number) => self.remove_party(device, id, &number)?,
            CallCommand::Swap(other) => self.swap(device, id, other)?,
            CallCommand::AttachData(_)
            | CallCommand::UpdateData(_)
            | CallCommand::DeleteDataPair(_)
            | CallCommand::DeleteData => return self.change_data(device, id, command),
            CallCommand::StartRecording
            | CallCommand::PauseRecording
            | CallCommand::ResumeRecording
            | CallCommand::StopRecording => return self.record(id, needs),
            CallCommand::SwitchTo(mode) => self.switch(device, id, mode)?,
            CallCommand::MuteMonitored(on) => return self.mute_monitored(device, id, on),
        }
        Ok(None)
    }

    /// Who hangs up while it rings does not want the call: the caller is told so (603), and queues look further.
    fn hang_up_or_refuse(&mut self, device: &DeviceId, id: CallId) {
        let leg = self.calls.get(&id).and_then(|call| call.leg(device));
        match leg.filter(|leg| leg.state == LegState::Ringing && !leg.is_watcher()).map(|leg| leg.line) {
            Some(line) => self.not_reached(id, line, Cause::Declined),
            None => self.leave(id, device, Cause::Normal),
        }
    }

    fn pick_up(&mut self, device: &DeviceId, id: CallId) -> Result<(), Refused> {
        let until = self.now.plus_secs(ANSWERS_WITHIN_SECS);
        let leg = self.calls.get_mut(&id).and_then(|call| call.leg_mut(device));
        let leg = leg.ok_or(Refused::NotFound("call"))?;
        leg.answers_by = Some(until);
        let line = leg.line;
        self.effects.push(Effect::PickUp(line));
        Ok(())
    }

    pub(crate) fn hold(&mut self, device: &DeviceId, id: CallId) {
        let now = self.now;
        if let Some(leg) = self.calls.get_mut(&id).and_then(|call| call.leg_mut(device)) {
            (leg.state, leg.held_at) = (LegState::Held, now);
            if !leg.is_watcher() {
                self.happened(id, Happened::Held(device.clone()));
            }
            self.touch(id);
        }
    }

    pub(crate) fn retrieve(&mut self, device: &DeviceId, id: CallId) {
        if let Some(leg) = self.calls.get_mut(&id).and_then(|call| call.leg_mut(device)) {
            leg.state = LegState::Established;
            if !leg.is_watcher() {
                self.happened(id, Happened::Retrieved(device.clone()));
            }
            self.touch(id);
        }
    }
}

fn needed(command: &CallCommand) -> CallMay {
    match command {
        CallCommand::Answer => CallMay::Answer,
        CallCommand::HangUp => CallMay::HangUp,
        CallCommand::Hold => CallMay::Hold,
        CallCommand::Retrieve => CallMay::Retrieve,
        CallCommand::Mute(true) => CallMay::Mute,
        CallCommand::Mute(false) => CallMay::Unmute,
        CallCommand::SendDtmf(_) => CallMay::SendDtmf,
        CallCommand::Transfer(..) => CallMay::Transfer,
        CallCommand::Consult(..) => CallMay::Consult,
        CallCommand::CompleteTransfer(_) => CallMay::CompleteTransfer,
        CallCommand::CompleteConference(_) => CallMay::CompleteConference,
        CallCommand::Conference(..) => CallMay::Conference,
        CallCommand::RemoveParty(_) => CallMay::RemoveParty,
        CallCommand::Swap(_) => CallMay::Swap,
        CallCommand::AttachData(_) => CallMay::AttachData,
        CallCommand::UpdateData(_) => CallMay::UpdateData,
        CallCommand::DeleteDataPair(_) => CallMay::DeleteDataPair,
        CallCommand::DeleteData => CallMay::DeleteData,
        CallCommand::StartRecording => CallMay::StartRecording,
        CallCommand::PauseRecording => CallMay::PauseRecording,
        CallCommand::ResumeRecording => CallMay::ResumeRecording,
        CallCommand::StopRecording => CallMay::StopRecording,
        CallCommand::SwitchTo(Mode::Listen) => CallMay::SwitchToListen,
        CallCommand::SwitchTo(Mode::BargeIn) => CallMay::SwitchToBargeIn,
        CallCommand::SwitchTo(Mode::Coach) => CallMay::SwitchToCoach,
        CallCommand::MuteMonitored(true) => CallMay::MuteMonitored,
        CallCommand::MuteMonitored(false) => CallMay::UnmuteMonitored,
    }
}
