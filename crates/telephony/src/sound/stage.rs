//! One call: who sits in its room, what waiting sounds like, and its recording.

use super::{LineKey, leg::Leg, recording::Take, tape::Tape};
use std::{collections::HashMap, time::Duration};
use touchline_live::{LineId, Mode, Recording, Seat, SeatRole};
use touchline_media::{
    SILENCE,
    room::{self, PartyId, Presence, Role, Room, RoomError},
    tone::Tone,
};
use touchline_model::TenantId;

/// A call that is mixed.
pub(super) struct Stage {
    room: Room,
    tape: Tape,
    seated: Vec<(Seat, LineKey, PartyId)>,
    waiting: bool,
    ringback: Tone,
    notice: Tone,
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
            tape: Tape::default(),
            seated: Vec::new(),
            waiting: false,
            ringback: Tone::ringback(),
            notice: Tone::notice(),
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
        // Supervisors last, for each needs to be told whom it watches.
        let (supervisors, others): (Vec<Seat>, Vec<Seat>) =
            seats.into_iter().partition(|seat| matches!(seat.role, SeatRole::Supervisor { .. }));
        let heard_as = guest(&others, &supervisors);
        let taped_as = self.tape.sit(&others);
        if heard_as != taped_as {
            self.tape.part_from(&self.room);
        }
        let _always = self.in_rooms(|room| {
            room.set_waiting(waiting);
            Ok(())
        });
        let parties: HashMap<LineId, PartyId> =
            self.seated.iter().map(|(seat, _, party)| (seat.line, *party)).collect();
        for (seat, _, party) in std::mem::take(&mut self.seated) {
            if others.iter().chain(&supervisors).all(|now| now.line != seat.line) {
                let _gone = self.in_rooms(|room| room.leave(party));
            }
        }
        let mut all = parties;
        for seat in others.into_iter().chain(supervisors) {
            let party = match all.get(&seat.line) {
                Some(party) => *party,
                None => match self.in_rooms(|room| room.join(Role::Other)) {
                    Ok(party) => party,
                    Err(error) => {
                        tracing::warn!(%error, "somebody on a call can neither hear nor be heard");
                        continue;
                    }
                },
            };
            all.insert(seat.line, party);
            let role = |outside: Option<LineId>| match seat.role {
                SeatRole::Customer => Role::Customer,
                SeatRole::Agent if outside == Some(seat.line) => Role::Other,
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
            let _all_there = self.in_rooms(|room| {
                room.set_role(party, role(heard_as))?;
                room.set_presence(party, presence)?;
                room.set_muted(party, seat.muted)
            });
            if let Some(room) = self.tape.room() {
                let _there = room.set_role(party, role(taped_as));
            }
            let key = LineKey { tenant: tenant.clone(), line: seat.line };
            self.seated.push((seat, key, party));
        }
        let speaking = self.seated.iter().filter(|(seat, ..)| !is_supervisor(seat) && !seat.early).count();
        self.begun |= speaking > 1;
    }

    /// How the call is recorded from now on.
    pub(super) fn record(&mut self, recording: Recording) {
        self.recording = recording;
        let _always = self.in_rooms(|room| {
            room.set_masked(recording == Recording::Paused);
            Ok(())
        });
    }

    /// Does something in the room that is heard, and in that of the recording, if it is another: a party has the same id
    /// in both.
    fn in_rooms<T>(&mut self, what: impl Fn(&mut Room) -> Result<T, RoomError>) -> Result<T, RoomError> {
        if let Some(room) = self.tape.room() {
            what(room)?;
        }
        what(&mut self.room)
    }

    /// Those who are to know that a supervisor takes part hear so now and then; the recording does not.
    fn give_notice(&mut self) {
        if self.seated.iter().all(|(seat, ..)| !seat.notice) {
            self.notice.restart();
            return;
        }
        let mut sound = SILENCE;
        self.notice.fill(&mut sound);
        for (_, _, party) in self.seated.iter().filter(|(seat, ..)| seat.notice) {
            let _gone = self.room.announce(*party, &sound);
        }
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
            if let Some(room) = self.tape.room() {
                let _gone = room.put(*party, &leg.voice);
            }
            if is_supervisor(seat) {
                // What a supervisor presses is for nobody, however that one takes part (contract genesys-voice OC-77).
                leg.pressed.clear();
            } else if !leg.pressed.is_empty() && !seat.away && !seat.holding {
                pressed.push((seat.line, std::mem::take(&mut leg.pressed)));
            }
        }
        if self.waiting {
            let mut ringback = SILENCE;
            self.ringback.fill(&mut ringback);
            self.room.put_treatment(&ringback);
        }
        self.give_notice();
        self.room.tick();
        if let Some(room) = self.tape.room() {
            room.tick();
        }
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
            take.push(&self.tape.tracks(self.room.tracks()), coached);
        }
    }
}

/// Among ourselves, who is heard as the customer would be. Whoever is watched is an agent, for only an agent hears a
/// whisper. Who has the customer's side of the recording is the [`Tape`]'s to say.
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
