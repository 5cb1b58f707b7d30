//! Who is on which side of a call's recording.
//!
//! Hearing and recording are not the same question. Whoever is watched has to be an agent, for only an agent hears a
//! whisper; on the recording the caller has the customer's side, watched or not. Where no customer is on the call the two
//! answers may differ, and then the recording is mixed in a room of its own: the same parties with other roles. Nobody
//! hears that room.

use std::{borrow::Cow, collections::BTreeSet};
use touchline_live::{LineId, Seat, SeatRole};
use touchline_media::room::{Room, Tracks};

/// The two sides of a call's recording.
#[derive(Default)]
pub(super) struct Tape {
    /// Where the recording is mixed, once that is another room than the one that is heard.
    room: Option<Room>,
    /// Who of us has the customer's side.
    caller: Option<LineId>,
    /// Who of us has the other.
    inside: BTreeSet<LineId>,
}

impl Tape {
    /// Who of these, none of whom supervises, has the customer's side from now on; nobody where a customer is there to
    /// have it. Who stays keeps the own side: who comes into the place of the caller has the caller's.
    pub(super) fn sit(&mut self, seats: &[Seat]) -> Option<LineId> {
        let there = |line: &LineId| seats.iter().any(|seat| seat.line == *line);
        let mut lines = seats.iter().map(|seat| seat.line);
        self.caller = match seats.iter().any(|seat| seat.role == SeatRole::Customer) {
            true => None,
            false => self
                .caller
                .filter(there)
                .or_else(|| lines.find(|line| !self.inside.contains(line)))
                .or_else(|| seats.first().filter(|_| seats.len() > 1).map(|seat| seat.line)),
        };
        let agents = seats.iter().filter(|seat| seat.role == SeatRole::Agent).map(|seat| seat.line);
        self.inside = agents.filter(|line| Some(*line) != self.caller).collect();
        self.caller
    }

    /// From now on the recording has other sides than those who hear each other. The parties keep their ids.
    pub(super) fn part_from(&mut self, heard: &Room) {
        self.room.get_or_insert_with(|| heard.clone());
    }

    /// The room of the recording, if it is one of its own: all that happens in the one that is heard happens there.
    pub(super) fn room(&mut self) -> Option<&mut Room> {
        self.room.as_mut()
    }

    /// What the last tick adds to the recording. Whether a whisper reached its agent only the other room knows.
    pub(super) fn tracks<'a>(&self, heard: &'a Tracks) -> Cow<'a, Tracks> {
        match &self.room {
            Some(room) => Cow::Owned(Tracks { coach: heard.coach, ..room.tracks().clone() }),
            None => Cow::Borrowed(heard),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seats(lines: &[u64], role: SeatRole) -> Vec<Seat> {
        let seat = |line: &u64| Seat {
            line: LineId(*line),
            role,
            holding: false,
            away: false,
            muted: false,
            early: false,
            notice: false,
        };
        lines.iter().map(seat).collect()
    }

    /// Who has the customer's side when these are there.
    fn caller(tape: &mut Tape, agents: &[u64]) -> Option<u64> {
        tape.sit(&seats(agents, SeatRole::Agent)).map(|line| line.0)
    }

    #[test]
    fn the_first_has_the_customers_side_and_keeps_it() {
        let mut tape = Tape::default();
        assert_eq!(caller(&mut tape, &[1]), Some(1));
        assert_eq!(caller(&mut tape, &[1, 2]), Some(1));
        assert_eq!(caller(&mut tape, &[2, 1, 3]), Some(1));
    }

    #[test]
    fn who_takes_the_place_of_the_caller_has_the_callers_side_and_who_stays_has_the_own() {
        let mut tape = Tape::default();
        assert_eq!(caller(&mut tape, &[1, 2]), Some(1));
        assert_eq!(caller(&mut tape, &[2]), None, "alone, and speaks to nobody");
        assert_eq!(caller(&mut tape, &[2, 3]), Some(3));
        assert_eq!(caller(&mut tape, &[2, 9]), Some(9), "a supervisor who stays to speak, too");
        assert_eq!(caller(&mut tape, &[2, 9, 4]), Some(9));
        assert_eq!(caller(&mut tape, &[2, 4]), Some(2), "somebody has to");
    }

    #[test]
    fn where_a_customer_is_the_side_is_the_customers() {
        let mut tape = Tape::default();
        assert_eq!(caller(&mut tape, &[1, 2]), Some(1));
        let mut with = seats(&[7], SeatRole::Customer);
        with.extend(seats(&[1, 2], SeatRole::Agent));
        assert_eq!(tape.sit(&with), None);
        assert_eq!(
            caller(&mut tape, &[1, 2]),
            Some(1),
            "and the first one's again when the customer has gone"
        );
    }
}
