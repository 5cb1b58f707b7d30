//! One call: who sits in its room, what waiting sounds like, and its recording.

use super::{LineKey, leg::Leg, recording::Take};
use std::{collections::HashMap, time::Duration};
use touchline_live::{LineId, Mode, Recording, Seat, SeatRole};
use touchline_media::{
    SILENCE,
    room::{self, PartyId, Presence, Role, Room},
    tone::Tone,
};
use touchline_model::TenantId;

/// A call that is mixed.
pub(super) struct Stage {
    room: Room,
    seated: Vec<(Seat, LineKey, PartyId)>,
    waiting: bool,
    ringback: Tone,
    recording: Recording,
    /// Two have been on the call: before, there is nothing worth keeping.
    begun: bool,
    pub(super) take: Option<Take>,
    pub(super) born: Duration,
}

impl Stage {
    pub(super) fn new(seed: u32, born: Duration) -> Self {
        Self {
            room: Room::new(seed),
            seated: Vec::new(),
            waiting: false,
            ringback: Tone::ringback(),
            recording: Recording::Stopped,
            begun: false,
            take: None,
            born,
        }
    }

    /// Whether somebody was ever seated.
    pub(super) fn begun(&self) -> bool {
        self.begun || !self.seated.is_empty()
    }

    /// Who sits in the call from now on.
    pub(super) fn seat(&mut self, tenant: &TenantId, seats: Vec<Seat>, waiting: bool) {
        if waiting && !self.waiting {
            self.ringback.restart();
        }
        self.waiting = waiting;
        self.room.set_waiting(waiting);
        let parties: HashMap<LineId, PartyId> =
            self.seated.iter().map(|(seat, _, party)| (seat.line, *party)).collect();
        for (seat, _, party) in self.seated.drain(..) {
            if seats.iter().all(|now| now.line != seat.line) {
                let _gone = self.room.leave(party);
            }
        }
        let mut all = parties;
        // Supervisors last, for each needs to be told whom it watches.
        let (supervisors, others): (Vec<Seat>, Vec<Seat>) =
            seats.into_iter().partition(|seat| matches!(seat.role, SeatRole::Supervisor { .. }));
        let guest = guest(&others, &supervisors);
        for seat in others.into_iter().chain(supervisors) {
            let party = match all.get(&seat.line) {
                Some(party) => *party,
                None => match self.room.join(Role::Other) {
                    Ok(party) => party,
                    Err(error) => {
                        tracing::warn!(%error, "somebody on a call can neither hear nor be heard");
                        continue;
                    }
                },
            };
            all.insert(seat.line, party);
            let role = match seat.role {
                SeatRole::Customer => Role::Customer,
                SeatRole::Agent if guest == Some(seat.line) => Role::Other,
                SeatRole::Agent => Role::Agent,
                SeatRole::Supervisor { of, mode, .. } => Role::Supervisor {
                    // Who watches somebody who is not there whispers to nobody.
                    of: all.get(&of).copied().unwrap_or(party),
                    mode: mode_of(mode),
                },
            };
            let presence = match (seat.away, seat.holding) {
                (true, _) => Presence::Away,
                (false, true) => Presence::Holding,
                (false, false) => Presence::Here,
            };
            let _all_there = self
                .room
                .set_role(party, role)
                .and_then(|()| self.room.set_presence(party, presence))
                .and_then(|()| self.room.set_muted(party, seat.muted));
            let key = LineKey { tenant: tenant.clone(), line: seat.line };
            self.seated.push((seat, key, party));
        }
        let speaking = self.seated.iter().filter(|(seat, ..)| !is_supervisor(seat)).count();
        self.begun |= speaking > 1;
    }

    /// How the call is recorded from now on.
    pub(super) fn record(&mut self, recording: Recording) {
        self.recording = recording;
        self.room.set_masked(recording == Recording::Paused);
    }

    /// Whether this tick is to be recorded.
    pub(super) fn records(&self) -> bool {
        self.begun && self.recording != Recording::Stopped
    }

    /// One tick: from what the lines say to what they hear.
    pub(super) fn tick(&mut self, legs: &mut HashMap<LineKey, Leg>) {
        let mut pressed: Vec<(LineId, String)> = Vec::new();
        for (seat, key, party) in &self.seated {
            let Some(leg) = legs.get_mut(key) else { continue };
            let _gone = self.room.put(*party, &leg.voice);
            if !leg.pressed.is_empty() && !seat.away && !seat.holding {
                pressed.push((seat.line, std::mem::take(&mut leg.pressed)));
            }
        }
        if self.waiting {
            let mut ringback = SILENCE;
            self.ringback.fill(&mut ringback);
            self.room.put_treatment(&ringback);
        }
        self.room.tick();
        for (seat, key, party) in &self.seated {
            let Some(leg) = legs.get_mut(key) else { continue };
            // A line may sit in two calls, and hears the one in which it is there.
            let better = match (seat.away, seat.holding) {
                (true, _) => 1,
                (false, true) => 2,
                (false, false) => 3,
            };
            if better > leg.seat {
                leg.hears = *self.room.heard(*party);
                leg.seat = better;
            }
            for (_, digits) in pressed.iter().filter(|(from, _)| *from != seat.line) {
                // Digits are for who is spoken to: not for who has put the call aside, and not for a supervisor.
                if better == 3 && !is_supervisor(seat) {
                    leg.dial(digits);
                }
            }
        }
        if let Some(take) = self.take.as_mut().filter(|_| self.begun && self.recording != Recording::Stopped)
        {
            let coached = self
                .seated
                .iter()
                .any(|(seat, ..)| matches!(seat.role, SeatRole::Supervisor { mode: Mode::Coach, .. }));
            take.push(self.room.tracks(), coached);
        }
    }
}

/// Among ourselves, who takes the customer's place: on the recording there are two sides, and each needs somebody. Whoever
/// is watched is an agent, for only an agent hears a whisper.
fn guest(seats: &[Seat], supervisors: &[Seat]) -> Option<LineId> {
    if seats.iter().any(|seat| seat.role == SeatRole::Customer) {
        return None;
    }
    let watched = |line: LineId| {
        supervisors.iter().any(|seat| matches!(seat.role, SeatRole::Supervisor { of, .. } if of == line))
    };
    seats.iter().map(|seat| seat.line).find(|line| !watched(*line))
}

fn is_supervisor(seat: &Seat) -> bool {
    matches!(seat.role, SeatRole::Supervisor { .. })
}

fn mode_of(mode: Mode) -> room::Mode {
    match mode {
        Mode::Listen => room::Mode::Listen,
        Mode::Coach => room::Mode::Coach,
        Mode::BargeIn => room::Mode::BargeIn,
    }
}
