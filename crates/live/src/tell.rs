//! After each input: what is told to whom, and who hears whom.

use crate::{
    Board, CallId, CallView, Cause, DeviceId, Effect, Happened, LegState, Notice, Seat, SeatRole, Tone,
    Tried, What,
    call::{Call, Leg, Part},
};
use std::collections::BTreeSet;

impl Board {
    /// Derives what has to be told from what has changed, in the order in which calls were touched. `hint` says what the
    /// input was about, where a view differs in several respects.
    pub(crate) fn settle(&mut self, hint: Option<What>) -> Vec<Effect> {
        let mut effects = std::mem::take(&mut self.effects);
        let mut touched = std::mem::take(&mut self.touched);
        let mut desks_first = std::mem::take(&mut self.touched_desks);
        let desks = desks_first.split_off(std::mem::take(&mut self.desks_first).min(desks_first.len()));
        self.tell_desks(desks_first, &mut effects);
        // What may be done with a call depends on what else goes on at the same telephone.
        let devices: BTreeSet<&DeviceId> = touched
            .iter()
            .filter_map(|id| self.calls.get(id))
            .flat_map(|call| call.legs.iter().filter_map(|leg| leg.device.as_ref()))
            .collect();
        let beside = self.calls.values().filter(|call| {
            let at = |leg: &Leg| leg.device.as_ref().is_some_and(|device| devices.contains(device));
            call.legs.iter().any(at) && !touched.contains(&call.id)
        });
        let beside: Vec<CallId> = beside.map(|call| call.id).collect();
        touched.extend(beside);
        for id in touched {
            let at = self.now;
            if let Some(data) = self.calls.get_mut(&id).and_then(|call| call.data.news()) {
                effects.push(Effect::Happened { call: id, at, what: Happened::Attached(data) });
            }
            let Some(call) = self.calls.get(&id) else { continue };
            let hunted = call.hunted_number().filter(|_| call.legs.iter().any(Leg::is_there)).cloned();
            if hunted != call.hunt_told {
                effects.push(Effect::Hunt { call: id, number: hunted.clone() });
            }
            let seats = self.seats(call);
            let seated = (seats != call.seats).then(|| Effect::Seats {
                call: id,
                seats: seats.clone(),
                waiting: is_waiting(call),
            });
            let views = self.views(call);
            let notices: Vec<Effect> =
                views.iter().filter_map(|(device, now)| self.told(call, device, now, hint)).collect();
            effects.extend(seated);
            effects.extend(notices);
            if let Some(call) = self.calls.get_mut(&id) {
                call.seats = seats;
                call.hunt_told = hunted;
                call.told = views.into_iter().filter(|(_, view)| view.state != LegState::Released).collect();
                call.legs.retain(|leg| leg.state != LegState::Released);
                if call.legs.is_empty() {
                    self.calls.remove(&id);
                }
            }
        }
        self.tell_desks(desks, &mut effects);
        effects
    }

    fn tell_desks(&mut self, devices: Vec<DeviceId>, effects: &mut Vec<Effect>) {
        for id in devices {
            let Some(desk) = self.desks.get_mut(&id) else { continue };
            let now = desk.view();
            if desk.told.as_ref() != Some(&now) {
                desk.told = Some(now.clone());
                if let Some(user) = desk.device.user.clone() {
                    effects.push(Effect::Tell { user, notice: Box::new(Notice::Device(now)) });
                }
            }
        }
    }

    /// The views of everybody of ours on a call: who has left it first, then in the order of their coming.
    fn views(&self, call: &Call) -> Vec<(DeviceId, CallView)> {
        let mut views: Vec<(DeviceId, CallView)> = Vec::new();
        let (there, gone): (Vec<&Leg>, Vec<&Leg>) = call.legs.iter().partition(|leg| leg.is_there());
        for leg in gone.into_iter().chain(there) {
            let Some(device) = &leg.device else { continue };
            // Who was called in vain while on the call has not left it.
            let counts = leg.is_there() || call.leg(device).is_none();
            if counts && views.iter().all(|(other, _)| other != device) {
                views.push((device.clone(), self.view(call, leg, device)));
            }
        }
        views
    }

    fn told(&self, call: &Call, device: &DeviceId, now: &CallView, hint: Option<What>) -> Option<Effect> {
        let what = match call.told.get(device) {
            // Came and went within one input.
            None if now.state == LegState::Released => return None,
            None => What::Status,
            Some(before) => changed(before, now, hint)?,
        };
        let user = self.desks.get(device)?.device.user.clone()?;
        Some(Effect::Tell { user, notice: Box::new(Notice::Call { what, view: now.clone() }) })
    }

    pub(crate) fn tell_failure(&mut self, call: CallId, device: &DeviceId, tried: Tried, cause: Cause) {
        if let Some(user) = self.desks.get(device).and_then(|desk| desk.device.user.clone()) {
            let notice = Box::new(Notice::Failed { call, device: device.clone(), tried, cause });
            self.effects.push(Effect::Tell { user, notice });
        }
    }

    /// Telephones that were asked to answer and have not.
    pub(crate) fn give_up_answering(&mut self) {
        let now = self.now;
        let mut failed = Vec::new();
        for call in self.calls.values_mut() {
            for leg in call.legs.iter_mut().filter(|leg| leg.answers_by.is_some_and(|until| until <= now)) {
                leg.answers_by = None;
                failed.extend(leg.device.clone().map(|device| (call.id, device)));
            }
        }
        for (call, device) in failed {
            self.tell_failure(call, &device, Tried::Answer, Cause::NoAnswer);
        }
    }

    fn seats(&self, call: &Call) -> Vec<Seat> {
        let seat = |leg: &Leg| {
            let role = match leg.part {
                Part::Watcher { of, mode, scope, .. } => {
                    SeatRole::Supervisor { of, mode, whole_call: scope == crate::Scope::Call }
                }
                Part::Own if leg.is_outside() => SeatRole::Customer,
                Part::Own => SeatRole::Agent,
            };
            let holding = leg.state == LegState::Held;
            let elsewhere = |it: &Call| {
                it.id != call.id && it.by_line(leg.line).is_some_and(|leg| leg.state != LegState::Held)
            };
            let away = holding && self.calls.values().any(elsewhere);
            Seat {
                line: leg.line,
                role,
                holding,
                away,
                muted: leg.muted || leg.silenced,
                early: leg.is_early(),
                notice: match self.settings.tone {
                    Tone::None => false,
                    Tone::SupervisorOnly => leg.is_watcher(),
                    Tone::All => call.legs.iter().any(|it| it.is_watcher() && it.is_on()),
                },
            }
        };
        // Before somebody answers, the caller hears ring-back; the line of a caller from outside is there from the start.
        let early = is_early(call);
        let sits = |leg: &&Leg| {
            leg.is_on()
                || leg.is_early()
                || (leg.state == LegState::Dialing && (early || self.is_up(leg.line)))
        };
        call.legs.iter().filter(sits).map(seat).collect()
    }

    pub(crate) fn touch(&mut self, call: CallId) {
        if !self.touched.contains(&call) {
            self.touched.push(call);
        }
    }

    pub(crate) fn touch_desk(&mut self, device: &DeviceId) {
        if !self.touched_desks.contains(device) {
            self.touched_desks.push(device.clone());
            // Who begins to watch hears of that first, and then of the call (contract genesys-voice §7.3).
            if self.touched.is_empty() {
                self.desks_first = self.touched_desks.len();
            }
        }
    }
}

fn is_waiting(call: &Call) -> bool {
    let waits = |leg: &Leg| leg.state == LegState::Ringing && !leg.is_watcher();
    // Whoever is heard before the answer makes the ringing, too.
    call.then.is_some() || call.hunting.is_some() || call.legs.iter().any(waits) && !is_early(call)
}

/// Whether somebody is heard before the answer.
fn is_early(call: &Call) -> bool {
    call.legs.iter().any(Leg::is_early)
}

/// In which respect two views differ: one for each input.
fn changed(before: &CallView, now: &CallView, hint: Option<What>) -> Option<What> {
    if before == now {
        return None;
    }
    match hint {
        Some(What::MonitoredMuted) if before.monitored_muted != now.monitored_muted => return hint,
        Some(What::Recording) if before.recording != now.recording => return hint,
        Some(What::Data) if before.data != now.data => return hint,
        _ => {}
    }
    let status = before.state != now.state || before.muted != now.muted || before.may != now.may;
    if status || before.kind != now.kind || before.monitoring != now.monitoring {
        return Some(What::Status);
    }
    if before.participants != now.participants {
        return Some(What::Participants);
    }
    if before.data != now.data {
        return Some(What::Data);
    }
    Some(What::Status)
}
