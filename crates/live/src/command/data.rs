//! What belongs to a call: data, digits, the recording (contract genesys-voice §3.3).

use super::{CallCommand, Refused};
use crate::{Board, CallId, CallMay, DeviceId, Effect, Happened, LegState, LineId, Notice, Recording, What};

impl Board {
    pub(super) fn change_data(
        &mut self,
        device: &DeviceId,
        id: CallId,
        command: CallCommand,
    ) -> Result<Option<What>, Refused> {
        self.leg_of(device, id)?;
        let call = self.calls.get_mut(&id).ok_or(Refused::NotFound("call"))?;
        match command {
            CallCommand::AttachData(data) => call.data.attach(data)?,
            CallCommand::UpdateData(data) => call.data.update(data)?,
            CallCommand::DeleteDataPair(key) if key.is_empty() => return Err(Refused::Missing("key")),
            CallCommand::DeleteDataPair(key) => call.data.remove(&key),
            _ => call.data.clear(),
        }
        self.touch(id);
        Ok(Some(What::Data))
    }

    pub(super) fn record(&mut self, id: CallId, may: CallMay) -> Result<Option<What>, Refused> {
        let call = self.calls.get_mut(&id).ok_or(Refused::NotFound("call"))?;
        call.recording = match may {
            CallMay::StartRecording | CallMay::ResumeRecording => Recording::Running,
            CallMay::PauseRecording => Recording::Paused,
            _ => Recording::Stopped,
        };
        let recording = call.recording;
        self.effects.push(Effect::Record { call: id, recording });
        self.touch(id);
        Ok(Some(What::Recording))
    }

    /// Digits go to all others who speak; the sender is told.
    pub(super) fn send_dtmf(
        &mut self,
        device: &DeviceId,
        id: CallId,
        digits: &str,
    ) -> Result<Option<What>, Refused> {
        if digits.is_empty() {
            return Err(Refused::Missing("digits"));
        }
        if digits.len() > 64 || !digits.bytes().all(|it| b"0123456789*#ABCDabcd".contains(&it)) {
            return Err(Refused::BadValue("digits"));
        }
        let call = self.calls.get(&id).ok_or(Refused::NotFound("call"))?;
        let leg = call.leg(device).ok_or(Refused::NotFound("call"))?;
        let others: Vec<LineId> = call
            .own()
            .filter(|it| it.line != leg.line && it.state == LegState::Established)
            .map(|it| it.line)
            .collect();
        let view = self.view(call, leg, device);
        for line in others {
            self.effects.push(Effect::Dtmf { line, digits: digits.to_ascii_uppercase() });
        }
        if let Some(user) = self.desks.get(device).and_then(|desk| desk.device.user.clone()) {
            let notice = Box::new(Notice::Call { what: What::DtmfSent, view });
            self.effects.push(Effect::Tell { user, notice });
        }
        Ok(None)
    }

    pub(crate) fn happened(&mut self, call: CallId, what: Happened) {
        self.effects.push(Effect::Happened { call, at: self.now, what });
    }
}
