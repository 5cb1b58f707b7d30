//! Watching an agent (contract genesys-voice §4, §7, §9).

use super::{By, Reach, Refused, WatchWish};
use crate::{
    Board, CallId, CallKind, Cause, Consults, Destination, DeviceId, Effect, Happened, LegState, LineId,
    Mode, Watch, What,
    board::LineState,
    call::{Call, Leg, Part},
};
use touchline_model::Timestamp;

impl Board {
    /// The checks in the order of ruling R-5.
    pub(super) fn watch(&mut self, by: &By, device: &DeviceId, wish: WatchWish) -> Result<(), Refused> {
        if !by.supervision {
            return Err(Refused::Forbidden("supervision is not enabled"));
        }
        if !by.supervisor {
            return Err(Refused::NoRight("only supervisors may watch"));
        }
        let desk = self.desks.get(device).ok_or(Refused::NotFound("device"))?;
        if !desk.active || !desk.device.supervises {
            return Err(Refused::NotNow("nobody works at this device now"));
        }
        if wish.number.as_ref().is_some_and(|number| self.hunts.contains_key(number)) {
            return Err(Refused::Forbidden("queues and groups cannot be watched, only people"));
        }
        let by_number = wish.number.as_ref().map(|number| self.device_by_number(number));
        let target = match (wish.target, by_number) {
            (None, None) => return Err(Refused::Missing("targetDeviceUri")),
            (Some(None), _) | (None, Some(None)) => return Err(Refused::NotFound("device")),
            (Some(Some(target)), Some(other)) if other.as_ref() != Some(&target) => {
                return Err(Refused::NotNow("the device and the number are of two telephones"));
            }
            (Some(Some(target)), _) | (None, Some(Some(target))) => target,
        };
        if target == *device {
            return Err(Refused::NotNow("nobody watches themselves"));
        }
        let owner = self.desks.get(&target).ok_or(Refused::NotFound("device"))?.device.user.as_ref();
        let owner = owner.ok_or(Refused::NotNow("the device belongs to nobody"))?;
        if matches!(&by.reach, Reach::Only(users) if !users.contains(owner)) {
            return Err(Refused::NoRight("this agent is in none of your groups"));
        }
        let scope = wish.scope.or(self.settings.default_scope, "supervisorMonitoringScope")?;
        let once = wish.once.or(self.settings.default_once, "supervisorMonitoringMode")?;
        let watched = |desk: &&crate::desk::Desk| {
            desk.device.id != *device && desk.watch.as_ref().is_some_and(|it| it.target == target)
        };
        if self.desks.values().any(|desk| watched(&desk)) {
            return Err(Refused::Taken("somebody else watches this agent"));
        }
        let live = self.watcher_leg(device);
        let same = self.desks.get(device).and_then(|desk| desk.watch.as_ref());
        let same = same.is_some_and(|watch| watch.target == target);
        if live.is_some() && !same {
            return Err(Refused::NotNow("you are on a call of another agent"));
        }
        let watch = Watch { target, mode: wish.mode, scope, once, number: wish.number };
        if let Some(id) = live {
            self.adjust(id, device, &watch);
        }
        if let Some(desk) = self.desks.get_mut(device) {
            desk.watch = Some(watch);
        }
        self.touch_desk(device);
        if live.is_none() && self.settings.intrusion_enabled {
            self.intrude(device);
        }
        Ok(())
    }

    /// A leg that is there follows as far as switching allows (OC-36).
    fn adjust(&mut self, id: CallId, device: &DeviceId, watch: &Watch) {
        let settings = self.settings;
        let Some(leg) = self.calls.get_mut(&id).and_then(|call| call.leg_mut(device)) else { return };
        if let Part::Watcher { of, mode, .. } = leg.part {
            let ringing = leg.state == LegState::Ringing;
            let mode = if ringing || settings.may_switch(mode, watch.mode) { watch.mode } else { mode };
            leg.part = Part::Watcher { of, mode, scope: watch.scope, once: watch.once };
            self.touch(id);
        }
    }

    pub(super) fn unwatch(&mut self, by: &By, device: &DeviceId) -> Result<(), Refused> {
        if !by.supervision {
            return Err(Refused::Forbidden("supervision is not enabled"));
        }
        if !by.supervisor {
            return Err(Refused::NoRight("only supervisors may watch"));
        }
        let desk = self.desks.get_mut(device).ok_or(Refused::NotFound("device"))?;
        if desk.watch.take().is_none() {
            return Err(Refused::NotNow("nobody is watched"));
        }
        self.touch_desk(device);
        // What only rings is withdrawn; who takes part stays (§9.1).
        if let Some(id) = self.watcher_leg(device)
            && self.leg_of(device, id).is_ok_and(|leg| leg.state == LegState::Ringing)
        {
            self.leave(id, device, Cause::Normal);
        }
        Ok(())
    }

    /// The call that a telephone watches.
    pub(crate) fn watcher_leg(&self, device: &DeviceId) -> Option<CallId> {
        let on = |call: &&Call| {
            let leg = call.leg(device).filter(|leg| leg.is_watcher());
            leg.is_some_and(|leg| leg.state != LegState::Released)
        };
        self.calls.values().find(on).map(|call| call.id)
    }

    /// Brings a supervisor into the call that goes on: the one spoken in, else the one held last (OC-66).
    pub(crate) fn intrude(&mut self, device: &DeviceId) {
        let Some(watch) = self.desks.get(device).and_then(|desk| desk.watch.clone()) else { return };
        let leg = |call: &Call| call.leg(&watch.target).filter(|leg| !leg.is_watcher()).cloned();
        let of = |wanted: LegState| {
            let fits = |call: &&Call| {
                leg(call).is_some_and(|leg| leg.state == wanted)
                    && self.is_watched(call, &watch.target)
                    && !call.was_left_by(device)
            };
            let newest = |call: &&Call| leg(call).map(|leg| (leg.held_at, call.began));
            self.calls.values().filter(fits).max_by_key(newest).map(|call| call.id)
        };
        if let Some(id) = of(LegState::Established).or_else(|| of(LegState::Held)) {
            self.bring_in(device, id);
        }
    }

    /// Whether a call is of a kind that is watched, for the sake of one of those on it (OC-70, OC-83).
    fn is_watched(&self, call: &Call, target: &DeviceId) -> bool {
        let made = call.legs.first().is_some_and(|leg| leg.device.as_ref() == Some(target));
        let kind = match (call.kind, self.settings.monitor_consult_calls) {
            (CallKind::Internal, _) => self.settings.monitor_internal_calls,
            (CallKind::Consult, Consults::None) => false,
            (CallKind::Consult, Consults::Origin) => made,
            (CallKind::Consult, Consults::Destination) => !made,
            _ => true,
        };
        call.is_answered() && kind
    }

    /// Brings in those who watch somebody on a call that was just answered or joined.
    pub(crate) fn bring_in_watchers(&mut self, id: CallId) {
        let Some(call) = self.calls.get(&id) else { return };
        let on = |device: &DeviceId| call.leg(device).is_some_and(|leg| leg.is_on() && !leg.is_watcher());
        let watching = |desk: &&crate::desk::Desk| {
            desk.watch.as_ref().is_some_and(|it| on(&it.target) && self.is_watched(call, &it.target))
        };
        let all: Vec<DeviceId> =
            self.desks.values().filter(watching).map(|desk| desk.device.id.clone()).collect();
        for device in all {
            self.bring_in(&device, id);
        }
    }

    fn bring_in(&mut self, device: &DeviceId, id: CallId) {
        if self.watcher_leg(device).is_some() || self.line_of(device).is_some() {
            return;
        }
        let Some(desk) = self.desks.get(device) else { return };
        let Some(watch) = desk.watch.clone() else { return };
        let number = desk.device.number.clone();
        let Some(call) = self.calls.get(&id).filter(|call| !call.was_left_by(device)) else { return };
        let Some(of) = call.leg(&watch.target).map(|leg| leg.line) else { return };
        let from = call.own().next().map(|leg| leg.number.clone()).unwrap_or_default();
        let line = self.new_line(LineState::Calling, Some(device.clone()));
        let part = Part::Watcher { of, mode: watch.mode, scope: watch.scope, once: watch.once };
        let rings = Leg::new(line, Some(device.clone()), number, LegState::Ringing, self.now);
        let leg = Leg { part, ..rings };
        if let Some(call) = self.calls.get_mut(&id) {
            call.legs.push(leg);
        }
        self.touch(id);
        let auto_answer = self.settings.auto_answer_supervisor;
        self.effects.push(Effect::Invite {
            line,
            to: Destination::Device(device.clone()),
            from,
            by: None,
            auto_answer,
        });
    }

    pub(super) fn switch(&mut self, device: &DeviceId, id: CallId, mode: Mode) -> Result<(), Refused> {
        let leg = self.calls.get_mut(&id).and_then(|call| call.leg_mut(device));
        let leg = leg.ok_or(Refused::NotFound("call"))?;
        let Part::Watcher { of, scope, once, .. } = leg.part else {
            return Err(Refused::NotNow("this is not a call that you watch"));
        };
        leg.part = Part::Watcher { of, mode, scope, once };
        if mode != Mode::BargeIn {
            self.unsilence(id, of);
        }
        self.supervised(id, device, of, Some(mode));
        self.touch(id);
        Ok(())
    }

    pub(crate) fn supervised(&mut self, id: CallId, device: &DeviceId, of: LineId, mode: Option<Mode>) {
        let of = self.calls.get(&id).and_then(|call| call.by_line(of)).and_then(|leg| leg.device.clone());
        self.happened(id, Happened::Supervised { by: device.clone(), of, mode });
    }

    /// A supervisor who cannot take it back any more must not leave an agent muted.
    pub(crate) fn unsilence(&mut self, id: CallId, of: LineId) {
        if let Some(leg) = self.calls.get_mut(&id).and_then(|call| call.by_line_mut(of)) {
            leg.silenced = false;
        }
    }

    pub(super) fn mute_monitored(
        &mut self,
        device: &DeviceId,
        id: CallId,
        on: bool,
    ) -> Result<Option<What>, Refused> {
        let Part::Watcher { of, .. } = self.leg_of(device, id)?.part else {
            return Err(Refused::NotNow("this is not a call that you watch"));
        };
        if let Some(leg) = self.calls.get_mut(&id).and_then(|call| call.by_line_mut(of)) {
            leg.silenced = on;
        }
        self.touch(id);
        Ok(Some(What::MonitoredMuted))
    }

    pub(crate) fn release_watchers(&mut self, id: CallId) {
        let Some(call) = self.calls.get(&id) else { return };
        let watchers: Vec<LineId> =
            call.legs.iter().filter(|leg| leg.is_watcher()).map(|leg| leg.line).collect();
        for line in watchers {
            self.leave_line(id, line, Cause::Normal);
        }
    }

    /// What a watcher's leaving means for what it wishes (§7.6, §7.12): one call only, that was it.
    pub(crate) fn watcher_left(&mut self, id: CallId, device: &DeviceId, leg: &Leg) {
        let Part::Watcher { of, once, .. } = leg.part else { return };
        self.unsilence(id, of);
        if let Some(call) = self.calls.get_mut(&id) {
            call.left_by.push(device.clone());
        }
        if leg.is_on() {
            self.supervised(id, device, of, None);
        }
        if once && let Some(desk) = self.desks.get_mut(device) {
            desk.watch = None;
            self.touch_desk(device);
        } else if self.settings.intrusion_enabled {
            // Free again for a call that has come meanwhile (OC-84).
            self.intrude(device);
        }
    }

    pub(super) fn leave_as_watcher(&mut self, device: &DeviceId) {
        if let Some(id) = self.watcher_leg(device) {
            self.leave(id, device, Cause::Normal);
        }
    }

    /// Watchers whose telephones ring, and until when they may.
    pub(crate) fn ringing_watchers<'a>(
        &'a self,
        call: &'a Call,
    ) -> impl Iterator<Item = (LineId, Timestamp)> + 'a {
        let ringing = |leg: &&Leg| leg.is_watcher() && leg.state == LegState::Ringing;
        let until = |leg: &Leg| (leg.line, leg.since.plus_secs(self.settings.ring_timeout_secs));
        call.legs.iter().filter(ringing).map(until)
    }

    /// People whose telephones ring because their own number was called, and until when they may. Queues and groups have
    /// times of their own.
    pub(crate) fn ringing_people<'a>(
        &'a self,
        call: &'a Call,
    ) -> impl Iterator<Item = (LineId, Timestamp)> + 'a {
        let ringing = |leg: &&Leg| {
            leg.state == LegState::Ringing && leg.device.is_some() && !leg.is_watcher() && !leg.found
        };
        let until = |leg: &Leg| (leg.line, leg.since.plus_secs(self.settings.ring_people_secs));
        call.legs.iter().filter(ringing).map(until)
    }

    pub(crate) fn stop_ringing(&mut self) {
        let in_vain: Vec<(CallId, LineId)> = self
            .calls
            .values()
            .flat_map(|call| self.ringing_people(call).map(|(line, until)| (call.id, line, until)))
            .filter(|(_, _, until)| *until <= self.now)
            .map(|(id, line, _)| (id, line))
            .collect();
        for (id, line) in in_vain {
            self.not_reached(id, line, Cause::NoAnswer);
        }
        let late: Vec<(CallId, LineId)> = self
            .calls
            .values()
            .flat_map(|call| self.ringing_watchers(call).map(|(line, until)| (call.id, line, until)))
            .filter(|(_, _, until)| *until <= self.now)
            .map(|(id, line, _)| (id, line))
            .collect();
        for (id, line) in late {
            self.leave_line(id, line, Cause::NoAnswer);
        }
        self.give_up_answering();
    }
}
