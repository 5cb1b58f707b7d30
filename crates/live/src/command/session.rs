//! Beginning and ending work, and what one is ready for (contract genesys-voice §3.1, §3.2).

use super::{By, Refused};
use crate::{AgentState, Board, DeviceId, desk::Desk};

impl Board {
    fn desk(&mut self, device: &DeviceId) -> Result<&mut Desk, Refused> {
        self.touch_desk(device);
        self.desks.get_mut(device).ok_or(Refused::NotFound("device"))
    }

    fn active(&mut self, device: &DeviceId) -> Result<&mut Desk, Refused> {
        let desk = self.desks.get(device).ok_or(Refused::NotFound("device"))?;
        if !desk.active {
            return Err(Refused::NotNow("nobody works at this device now"));
        }
        self.desk(device)
    }

    /// One who begins is not ready yet (OC-41). Beginning twice tells the state once more (OC-17).
    pub(super) fn start(&mut self, device: &DeviceId) -> Result<(), Refused> {
        let desk = self.desk(device)?;
        if !desk.active {
            desk.active = true;
            desk.state = AgentState::NotReady(None);
        }
        desk.told = None;
        Ok(())
    }

    /// Begins at a telephone that was named. Who works at another one ends that first.
    pub(super) fn start_at(&mut self, by: &By, now: &DeviceId, wanted: &DeviceId) -> Result<(), Refused> {
        let own = self.desks.get(wanted).is_some_and(|desk| desk.device.user.as_ref() == Some(&by.user));
        if !own {
            return Err(Refused::NotFound("device"));
        }
        if now != wanted && self.desks.get(now).is_some_and(|desk| desk.active) {
            return Err(Refused::NotNow("you work at another device now"));
        }
        self.start(wanted)
    }

    /// Who leaves watches nobody any more, and is on no call as a supervisor (OC-72).
    pub(super) fn end(&mut self, device: &DeviceId) -> Result<(), Refused> {
        self.desks.get_mut(device).ok_or(Refused::NotFound("device"))?.watch = None;
        self.leave_as_watcher(device);
        let desk = self.desk(device)?;
        desk.active = false;
        desk.state = AgentState::LoggedOut;
        Ok(())
    }

    /// Logging out makes the device idle, and nothing else.
    pub(crate) fn set_state(&mut self, device: &DeviceId, state: AgentState) -> Result<(), Refused> {
        let known = self.desks.get(device).ok_or(Refused::NotFound("device"))?;
        if !known.active && known.state == AgentState::LoggedOut && state == AgentState::LoggedOut {
            return Ok(());
        }
        let desk = if state == AgentState::LoggedOut { self.desk(device)? } else { self.active(device)? };
        desk.active = state != AgentState::LoggedOut;
        desk.state = state;
        Ok(())
    }

    pub(super) fn forward(&mut self, device: &DeviceId, to: Option<String>) -> Result<(), Refused> {
        let desk = self.active(device)?;
        match (&desk.forward_to, to) {
            (_, Some(to)) if to.is_empty() => Err(Refused::Missing("destination")),
            (None, Some(to)) => {
                desk.forward_to = Some(to);
                Ok(())
            }
            (Some(_), None) => {
                desk.forward_to = None;
                Ok(())
            }
            _ => Err(Refused::NotNow("calls are forwarded so already")),
        }
    }

    pub(super) fn do_not_disturb(&mut self, device: &DeviceId, on: bool) -> Result<(), Refused> {
        let desk = self.active(device)?;
        if desk.do_not_disturb == on {
            return Err(Refused::NotNow("it is so already"));
        }
        desk.do_not_disturb = on;
        Ok(())
    }
}
