//! Who hears whom, and what is recorded: contract genesys-voice §8.1, §8.4 to §8.6 and rulings.

use super::{Call, Mode, Party, Presence, Role, SEATS};

/// A set of sources of sound: seats, and the treatment (music, comfort noise or ring-back) that stands for them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sources(u16);

impl Sources {
    /// Nothing.
    pub const NONE: Self = Self(0);
    /// What a party hears who waits or is held.
    pub const TREATMENT: Self = Self(1 << SEATS);

    /// One seat.
    pub fn seat(seat: usize) -> Self {
        Self(1 << seat)
    }

    /// Whether all of `other` are in here.
    pub fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// How many.
    pub fn count(self) -> u32 {
        self.0.count_ones()
    }

    /// In either.
    pub fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// In both.
    pub fn within(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// In here but not in `other`.
    pub fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// The numbers of the sources: seats, and [`SEATS`] for the treatment.
    pub fn numbers(self) -> impl Iterator<Item = usize> {
        let mut left = self.0;
        std::iter::from_fn(move || {
            let number = (left != 0).then(|| left.trailing_zeros() as usize)?;
            left &= left - 1;
            Some(number)
        })
    }
}

/// Every path that sound takes in a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Routes {
    /// What each seat hears.
    pub hears: [Sources; SEATS],
    /// What the customer's track of the recording has: those outside.
    pub customer_track: Sources,
    /// What the agent's track has: those inside whom somebody outside hears.
    pub agent_track: Sources,
    /// What the coach's own track has: whispers that reach their agent.
    pub coach_track: Sources,
}

/// Derives all paths from the state of a call.
pub fn routes(call: &Call) -> Routes {
    let mut routes = Routes::default();
    let put_off = call.parties().any(|(_, party)| !party.is_supervisor() && party.presence != Presence::Here);
    let mut somebody_outside_waits = false;
    for (seat, listener) in call.parties() {
        let reached = sources(call, |speaker| reaches(speaker, listener));
        let mut hears = sources(call, |speaker| reaches(speaker, listener) && !speaker.muted);
        let left_alone =
            !listener.is_supervisor() && listener.presence == Presence::Here && reached.is_empty();
        if left_alone && (call.waiting() || put_off) {
            hears = hears.and(Sources::TREATMENT);
            somebody_outside_waits |= listener.is_outside() && call.waiting();
        }
        if let Some(place) = routes.hears.get_mut(seat) {
            *place = hears;
        }
    }
    for (seat, listener) in call.parties() {
        let silent = matches!(listener.role, Role::Supervisor { mode: Mode::Listen | Mode::Coach, .. });
        let place = routes.hears.get_mut(seat);
        if let Some(place) =
            place.filter(|_| somebody_outside_waits && silent && listener.presence == Presence::Here)
        {
            *place = place.and(Sources::TREATMENT);
        }
    }
    routes.customer_track =
        sources(call, |party| party.is_outside() && !party.muted && party.presence == Presence::Here);
    routes.agent_track =
        sources(call, |speaker| !speaker.is_outside() && heard_by(call, speaker, Party::is_outside));
    routes.coach_track = sources(call, |speaker| {
        matches!(speaker.role, Role::Supervisor { mode: Mode::Coach, .. })
            && heard_by(call, speaker, |listener| listener.role == Role::Agent)
    });
    routes
}

/// Whether a path leads from one party to another; a muted speaker keeps the path and says nothing on it.
fn reaches(speaker: &Party, listener: &Party) -> bool {
    let away = |party: &Party| party.presence == Presence::Away;
    if speaker.id == listener.id || away(speaker) || away(listener) {
        return false; // no party ever hears himself
    }
    let holding = |party: &Party| party.presence == Presence::Holding;
    match (speaker.role, listener.role) {
        // A supervisor's own hold stops his own sound only (OC-54).
        (Role::Supervisor { .. }, _) if holding(speaker) => false,
        (_, Role::Supervisor { .. }) if holding(listener) => false,
        (Role::Supervisor { mode: Mode::Listen, .. }, _) => false,
        (Role::Supervisor { mode: Mode::Coach, of }, Role::Agent) => listener.id == of,
        (Role::Supervisor { mode: Mode::Coach, .. }, _) => false,
        (Role::Supervisor { mode: Mode::BargeIn, .. }, _) => true,
        (_, Role::Supervisor { .. }) => true,
        _ => !holding(speaker) && !holding(listener),
    }
}

fn heard_by(call: &Call, speaker: &Party, which: impl Fn(&Party) -> bool) -> bool {
    !speaker.muted && call.parties().any(|(_, listener)| which(listener) && reaches(speaker, listener))
}

fn sources(call: &Call, which: impl Fn(&Party) -> bool) -> Sources {
    call.parties()
        .filter(|(_, party)| which(party))
        .fold(Sources::NONE, |all, (seat, _)| all.and(Sources::seat(seat)))
}

impl Party {
    fn is_supervisor(&self) -> bool {
        matches!(self.role, Role::Supervisor { .. })
    }

    fn is_outside(&self) -> bool {
        matches!(self.role, Role::Customer | Role::Other)
    }
}
