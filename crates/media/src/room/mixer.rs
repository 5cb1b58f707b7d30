//! The room: a call's state with its sound, tick by tick.

use super::{
    Call, Mode, Party, PartyId, Presence, Role, RoomError, Routes, SEATS, Sources,
    mix::{VOICES, mix},
    routes,
};
use crate::{
    Frame, SILENCE,
    tone::{COMFORT, Noise, Tone},
};

/// What one tick adds to the recordings (contract genesys-voice §8.6).
#[derive(Clone, Debug)]
pub struct Tracks {
    /// Left: those outside. What the customer said.
    pub customer: Frame,
    /// Right: those inside whom the customer could hear. Never a whisper.
    pub agent: Frame,
    /// The whisper, for a file of its own, if that is kept at all.
    pub coach: Frame,
}

/// A live call. Each tick: [`put`](Self::put) what came from each leg, [`tick`](Self::tick), then send each leg what it
/// [`heard`](Self::heard) and append the [`tracks`](Self::tracks). Nothing is allocated in a tick.
///
/// A change of state is heard from the next tick on, all of it at once: in this tick's first 5 ms old paths close and
/// new ones open. The room has its own clock: an agent hears his coach also while nothing comes from the customer.
#[derive(Clone, Debug)]
pub struct Room {
    call: Call,
    /// The paths now, until something changes.
    now: Option<Routes>,
    before: Routes,
    /// The voice of each seat, then the treatment.
    voices: Box<[Frame; VOICES]>,
    fresh: Sources,
    announced: Sources,
    announcements: Box<[Frame; SEATS]>,
    heard: Box<[Frame; SEATS]>,
    tracks: Box<Tracks>,
    noise: Noise,
    masking: Option<Tone>,
}

impl Room {
    /// An empty room; `seed` is for its comfort noise.
    pub fn new(seed: u32) -> Self {
        Self {
            call: Call::default(),
            now: None,
            before: Routes::default(),
            voices: Box::new([SILENCE; VOICES]),
            fresh: Sources::NONE,
            announced: Sources::NONE,
            announcements: Box::new([SILENCE; SEATS]),
            heard: Box::new([SILENCE; SEATS]),
            tracks: Box::new(Tracks { customer: SILENCE, agent: SILENCE, coach: SILENCE }),
            noise: Noise::new(seed),
            masking: None,
        }
    }

    /// The state of the call.
    pub fn call(&self) -> &Call {
        &self.call
    }

    /// Somebody comes.
    ///
    /// # Errors
    /// [`RoomError::Full`].
    pub fn join(&mut self, role: Role) -> Result<PartyId, RoomError> {
        self.now = None;
        self.call.join(role)
    }

    /// Somebody goes. Whoever takes the seat next inherits no path, not even for the 5 ms in which one closes.
    ///
    /// # Errors
    /// [`RoomError::Gone`].
    pub fn leave(&mut self, id: PartyId) -> Result<(), RoomError> {
        let seat = self.call.leave(id)?;
        self.now = None;
        let gone = Sources::seat(seat);
        self.before.hears.iter_mut().for_each(|hears| *hears = hears.without(gone));
        let Routes { hears, customer_track, agent_track, coach_track } = &mut self.before;
        for track in [customer_track, agent_track, coach_track] {
            *track = track.without(gone);
        }
        if let (Some(hears), Some(heard)) = (hears.get_mut(seat), self.heard.get_mut(seat)) {
            *hears = Sources::NONE;
            *heard = SILENCE;
        }
        self.fresh = self.fresh.without(gone);
        self.announced = self.announced.without(gone);
        Ok(())
    }

    /// A party becomes something else, for instance a supervisor who follows the call to another agent.
    ///
    /// # Errors
    /// [`RoomError::Gone`].
    pub fn set_role(&mut self, id: PartyId, role: Role) -> Result<(), RoomError> {
        self.now = None;
        self.call.party_mut(id)?.role = role;
        Ok(())
    }

    /// Switches a supervisor.
    ///
    /// # Errors
    /// [`RoomError::Gone`], [`RoomError::NoSupervisor`].
    pub fn set_mode(&mut self, id: PartyId, mode: Mode) -> Result<(), RoomError> {
        self.now = None;
        self.call.set_mode(id, mode)
    }

    /// A party holds the call, comes back, or goes to another call meanwhile.
    ///
    /// # Errors
    /// [`RoomError::Gone`].
    pub fn set_presence(&mut self, id: PartyId, presence: Presence) -> Result<(), RoomError> {
        self.now = None;
        self.call.party_mut(id)?.presence = presence;
        Ok(())
    }

    /// Nobody hears this party any more, or all do again.
    ///
    /// # Errors
    /// [`RoomError::Gone`].
    pub fn set_muted(&mut self, id: PartyId, muted: bool) -> Result<(), RoomError> {
        self.now = None;
        self.call.party_mut(id)?.muted = muted;
        Ok(())
    }

    /// The call waits for somebody; see [`Call::set_waiting`].
    pub fn set_waiting(&mut self, waiting: bool) {
        self.now = None;
        self.call.set_waiting(waiting);
    }

    /// While on, all tracks of the recording have a steady tone in place of voices: card data is being said.
    pub fn set_masked(&mut self, masked: bool) {
        match (masked, &self.masking) {
            (true, None) => self.masking = Some(Tone::masking()),
            (true, Some(_)) => {}
            (false, _) => self.masking = None,
        }
    }

    /// What came from a party in this tick. A party of whom nothing came is silent.
    ///
    /// # Errors
    /// [`RoomError::Gone`].
    pub fn put(&mut self, id: PartyId, voice: &Frame) -> Result<(), RoomError> {
        let seat = self.call.seat(id).ok_or(RoomError::Gone)?;
        if let Some(place) = self.voices.get_mut(seat) {
            *place = *voice;
            self.fresh = self.fresh.and(Sources::seat(seat));
        }
        Ok(())
    }

    /// What those hear in this tick who are held or wait: music or ring-back. Without it they hear comfort noise.
    pub fn put_treatment(&mut self, music: &Frame) {
        if let Some(place) = self.voices.last_mut() {
            *place = *music;
            self.fresh = self.fresh.and(Sources::TREATMENT);
        }
    }

    /// One party, and nobody else, hears this in addition in this tick: a beep, a prompt. Not recorded.
    ///
    /// # Errors
    /// [`RoomError::Gone`].
    pub fn announce(&mut self, id: PartyId, sound: &Frame) -> Result<(), RoomError> {
        let seat = self.call.seat(id).ok_or(RoomError::Gone)?;
        if let Some(place) = self.announcements.get_mut(seat) {
            *place = *sound;
            self.announced = self.announced.and(Sources::seat(seat));
        }
        Ok(())
    }

    /// Mixes what was put since the last tick.
    pub fn tick(&mut self) {
        let now = *self.now.get_or_insert_with(|| routes(&self.call));
        if !self.fresh.has(Sources::TREATMENT) {
            if let Some(place) = self.voices.last_mut() {
                self.noise.fill(place, COMFORT);
            }
            self.fresh = self.fresh.and(Sources::TREATMENT);
        }
        let (voices, fresh, before) = (&self.voices, self.fresh, &self.before);
        for (seat, _) in self.call.parties() {
            let (Some(out), Some(before), Some(now)) =
                (self.heard.get_mut(seat), before.hears.get(seat), now.hears.get(seat))
            else {
                continue;
            };
            mix(voices, fresh, *before, *now, out);
            if let Some(sound) =
                self.announcements.get(seat).filter(|_| self.announced.has(Sources::seat(seat)))
            {
                for (out, sound) in out.iter_mut().zip(sound) {
                    *out = out.saturating_add(*sound);
                }
            }
        }
        let tracks = self.tracks.as_mut();
        if let Some(tone) = &mut self.masking {
            tone.fill(&mut tracks.customer);
            tracks.agent = tracks.customer;
            tracks.coach = tracks.customer;
        } else {
            mix(voices, fresh, before.customer_track, now.customer_track, &mut tracks.customer);
            mix(voices, fresh, before.agent_track, now.agent_track, &mut tracks.agent);
            mix(voices, fresh, before.coach_track, now.coach_track, &mut tracks.coach);
        }
        self.before = now;
        self.fresh = Sources::NONE;
        self.announced = Sources::NONE;
    }

    /// What a party heard in the last tick; nothing if it is not in the call.
    pub fn heard(&self, id: PartyId) -> &Frame {
        self.call.seat(id).and_then(|seat| self.heard.get(seat)).unwrap_or(&SILENCE)
    }

    /// What the last tick adds to the recordings.
    pub fn tracks(&self) -> &Tracks {
        &self.tracks
    }

    /// Everybody in the call.
    pub fn parties(&self) -> impl Iterator<Item = &Party> {
        self.call.parties().map(|(_, party)| party)
    }
}
