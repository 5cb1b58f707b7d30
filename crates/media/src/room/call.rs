//! The state of a call, as far as hearing goes.

use thiserror::Error;

/// The most parties that a call can have.
pub const SEATS: usize = 8;

/// One party of one call. Never used twice in a call, so that a whisper to an agent who has left reaches nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PartyId(u32);

/// How a supervisor takes part (contract genesys-voice §4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// Hears all, is heard by nobody.
    Listen,
    /// Hears all, is heard by the watched agent alone.
    Coach,
    /// Hears all, is heard by all.
    BargeIn,
}

/// What somebody is in a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// The customer: outside, on the customer's track of a recording.
    Customer,
    /// One of us at work: inside, on the agent's track. The only one who can be coached.
    Agent,
    /// Another party of a conference; treated as the customer in everything (contract §8.1).
    Other,
    /// Somebody who supervises the agent `of`.
    Supervisor {
        /// The watched agent.
        of: PartyId,
        /// How.
        mode: Mode,
    },
}

/// Whether a party takes part at this moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Presence {
    /// Yes.
    #[default]
    Here,
    /// Has put the call on hold (contract §8.4 and ruling R-8).
    Holding,
    /// Has put it on hold and speaks in another call: hears nothing of this one, not even a whisper (OC-71).
    Away,
}

/// A party and its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Party {
    /// Who.
    pub id: PartyId,
    /// What.
    pub role: Role,
    /// Whether there.
    pub presence: Presence,
    /// Heard by nobody (ruling R-7).
    pub muted: bool,
}

/// Why a call cannot be changed so.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum RoomError {
    /// All [`SEATS`] are taken.
    #[error("the call is full")]
    Full,
    /// The party is not, or no longer, in this call.
    #[error("no such party in this call")]
    Gone,
    /// Only a supervisor has a mode.
    #[error("the party is no supervisor")]
    NoSupervisor,
}

/// Who is in a call. A party keeps its seat until it leaves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Call {
    seats: [Option<Party>; SEATS],
    next: u32,
    waiting: bool,
}

impl Call {
    /// Adds a party, who is there and not muted.
    ///
    /// # Errors
    /// [`RoomError::Full`].
    pub fn join(&mut self, role: Role) -> Result<PartyId, RoomError> {
        let seat = self.seats.iter_mut().find(|seat| seat.is_none()).ok_or(RoomError::Full)?;
        let id = PartyId(self.next);
        self.next += 1;
        *seat = Some(Party { id, role, presence: Presence::Here, muted: false });
        Ok(id)
    }

    /// Removes a party; gives the seat that has become free.
    ///
    /// # Errors
    /// [`RoomError::Gone`].
    pub fn leave(&mut self, id: PartyId) -> Result<usize, RoomError> {
        let seat = self.seat(id).ok_or(RoomError::Gone)?;
        if let Some(seat) = self.seats.get_mut(seat) {
            *seat = None;
        }
        Ok(seat)
    }

    /// The state of a party, to be changed.
    ///
    /// # Errors
    /// [`RoomError::Gone`].
    pub fn party_mut(&mut self, id: PartyId) -> Result<&mut Party, RoomError> {
        self.seats.iter_mut().flatten().find(|party| party.id == id).ok_or(RoomError::Gone)
    }

    /// The state of a party.
    pub fn party(&self, id: PartyId) -> Option<&Party> {
        self.parties().map(|(_, party)| party).find(|party| party.id == id)
    }

    /// Switches a supervisor's mode. Which switches a client may ask for is decided elsewhere (contract §4.6).
    ///
    /// # Errors
    /// [`RoomError::Gone`], [`RoomError::NoSupervisor`].
    pub fn set_mode(&mut self, id: PartyId, mode: Mode) -> Result<(), RoomError> {
        let party = self.party_mut(id)?;
        let Role::Supervisor { of, .. } = party.role else { return Err(RoomError::NoSupervisor) };
        party.role = Role::Supervisor { of, mode };
        Ok(())
    }

    /// The call waits for somebody: in a queue, or between a transfer and its answer. Whoever hears nobody meanwhile
    /// hears music or ring-back, and so does a silent supervisor (ruling R-4).
    pub fn set_waiting(&mut self, waiting: bool) {
        self.waiting = waiting;
    }

    /// Whether the call waits for somebody.
    pub fn waiting(&self) -> bool {
        self.waiting
    }

    /// Where a party sits.
    pub fn seat(&self, id: PartyId) -> Option<usize> {
        self.parties().find(|(_, party)| party.id == id).map(|(seat, _)| seat)
    }

    /// Everybody, with the seat.
    pub fn parties(&self) -> impl Iterator<Item = (usize, &Party)> {
        self.seats.iter().enumerate().filter_map(|(seat, party)| Some((seat, party.as_ref()?)))
    }
}
