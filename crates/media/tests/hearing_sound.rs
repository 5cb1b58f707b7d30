//! The same with sound: each party says a tone of its own (433, 787 and 1153 Hz at -12 dBFS, ruling R-1), and what the
//! others hear is measured.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

use touchline_media::{
    FRAME, Frame, RATE, SILENCE,
    level::{FLOOR, measure, tone},
    room::{Mode, PartyId, Presence, Role, Room, RoomError},
    tone::sine_tick,
};

const CUSTOMER: f64 = 433.0;
const AGENT: f64 = 787.0;
const COACH: f64 = 1153.0;
const OTHER_COACH: f64 = 1579.0;

struct Talk {
    room: Room,
    customer: PartyId,
    agent: PartyId,
    coach: PartyId,
    tick: usize,
}

/// What somebody heard in a while, or what a track has.
#[derive(Default)]
struct Heard(Vec<i16>);

impl Heard {
    #[track_caller]
    fn has(&self, hertz: f64) -> &Self {
        let level = tone(&self.0, hertz, RATE);
        assert!((level + 12.0).abs() < 0.2, "{hertz} Hz at {level} dBFS");
        self
    }

    #[track_caller]
    fn lacks(&self, hertz: f64) -> &Self {
        let level = tone(&self.0, hertz, RATE);
        assert!(level < -90.0, "{hertz} Hz leaks at {level} dBFS");
        self
    }
}

#[derive(Default)]
struct While {
    customer: Heard,
    agent: Heard,
    coach: Heard,
    customer_track: Heard,
    agent_track: Heard,
    coach_track: Heard,
}

impl Talk {
    fn new(mode: Mode) -> Self {
        let mut room = Room::new(1);
        let customer = room.join(Role::Customer).unwrap();
        let agent = room.join(Role::Agent).unwrap();
        let coach = room.join(Role::Supervisor { of: agent, mode }).unwrap();
        Self { room, customer, agent, coach, tick: 0 }
    }

    /// Half a second in which all three talk; the first tick is not judged where `settle` is asked for.
    fn half_a_second(&mut self, settle: bool) -> While {
        let mut heard = While::default();
        for index in 0..26 {
            let Self { room, customer, agent, coach, tick } = self;
            for (party, hertz) in [(*customer, CUSTOMER), (*agent, AGENT), (*coach, COACH)] {
                let _gone = room.put(party, &sine_tick(hertz, -12.0, *tick));
            }
            room.tick();
            self.tick += 1;
            if settle && index == 0 {
                continue;
            }
            let tracks = self.room.tracks().clone();
            for (heard, frame) in [
                (&mut heard.customer, *self.room.heard(self.customer)),
                (&mut heard.agent, *self.room.heard(self.agent)),
                (&mut heard.coach, *self.room.heard(self.coach)),
                (&mut heard.customer_track, tracks.customer),
                (&mut heard.agent_track, tracks.agent),
                (&mut heard.coach_track, tracks.coach),
            ] {
                heard.0.extend(frame);
            }
        }
        heard
    }
}

#[test]
fn listening_is_heard_by_nobody() {
    let heard = Talk::new(Mode::Listen).half_a_second(true);
    heard.customer.has(AGENT).lacks(COACH).lacks(CUSTOMER);
    heard.agent.has(CUSTOMER).lacks(COACH).lacks(AGENT);
    heard.coach.has(CUSTOMER).has(AGENT).lacks(COACH);
    heard.customer_track.has(CUSTOMER).lacks(AGENT).lacks(COACH);
    heard.agent_track.has(AGENT).lacks(CUSTOMER).lacks(COACH);
    assert_eq!(measure(&heard.coach_track.0).rms, FLOOR);
}

// covers(genesys): S8.6, OC-82
#[test]
fn a_whisper_reaches_the_agent_and_its_own_track_and_nothing_else() {
    let heard = Talk::new(Mode::Coach).half_a_second(true);
    heard.customer.has(AGENT).lacks(COACH);
    heard.agent.has(CUSTOMER).has(COACH).lacks(AGENT);
    heard.coach.has(CUSTOMER).has(AGENT);
    heard.customer_track.has(CUSTOMER).lacks(COACH);
    heard.agent_track.has(AGENT).lacks(COACH);
    heard.coach_track.has(COACH).lacks(AGENT).lacks(CUSTOMER);
}

// covers(genesys): OC-82
#[test]
fn who_barges_in_is_heard_by_all_and_recorded_beside_the_agent() {
    let heard = Talk::new(Mode::BargeIn).half_a_second(true);
    heard.customer.has(AGENT).has(COACH);
    heard.agent.has(CUSTOMER).has(COACH);
    heard.coach.has(CUSTOMER).has(AGENT);
    heard.agent_track.has(AGENT).has(COACH).lacks(CUSTOMER);
    assert_eq!(measure(&heard.coach_track.0).rms, FLOOR);
}

#[test]
fn the_customer_hears_bit_for_bit_the_same_whether_a_coach_whispers_or_nobody_is_there() {
    let mut coached = Talk::new(Mode::Coach);
    let mut alone = Talk::new(Mode::Coach);
    alone.room.leave(alone.coach).unwrap();
    let (coached, alone) = (coached.half_a_second(false), alone.half_a_second(false));
    assert!(coached.customer.0 == alone.customer.0);
    assert!(coached.customer_track.0 == alone.customer_track.0);
    assert!(coached.agent_track.0 == alone.agent_track.0);
}

// covers(genesys): S8.2, OC-75, R-1, R-2
#[test]
fn through_every_switch_the_customer_hears_the_coach_only_in_barge_in() {
    let mut talk = Talk::new(Mode::Coach);
    let mut before = Mode::Coach;
    for mode in
        [Mode::Listen, Mode::Coach, Mode::BargeIn, Mode::Coach, Mode::BargeIn, Mode::Listen, Mode::BargeIn]
    {
        talk.room.set_mode(talk.coach, mode).unwrap();
        // Between modes that are silent for the customer not even the tick of the switch may leak.
        let settle = before == Mode::BargeIn || mode == Mode::BargeIn;
        let heard = talk.half_a_second(settle);
        if mode == Mode::BargeIn {
            heard.customer.has(COACH).has(AGENT);
            heard.agent_track.has(COACH);
        } else {
            heard.customer.lacks(COACH).has(AGENT);
            heard.agent_track.lacks(COACH);
        }
        before = mode;
    }
}

// covers(genesys): OC-75
#[test]
fn a_switch_is_complete_after_five_milliseconds_and_does_not_click() {
    let mut talk = Talk::new(Mode::Listen);
    talk.half_a_second(false);
    let loudest_step = |frame: &[i16]| {
        frame.windows(2).map(|pair| (i32::from(pair[1]) - i32::from(pair[0])).abs()).max().unwrap()
    };
    for (mode, present_after) in [(Mode::BargeIn, true), (Mode::Listen, false)] {
        let last = talk.room.heard(talk.customer)[FRAME - 1];
        talk.room.set_mode(talk.coach, mode).unwrap();
        for (party, hertz) in [(talk.agent, AGENT), (talk.coach, COACH)] {
            talk.room.put(party, &sine_tick(hertz, -12.0, talk.tick)).unwrap();
        }
        talk.room.tick();
        let heard = *talk.room.heard(talk.customer);
        let mut joined = vec![last];
        joined.extend(heard);
        // Both tones together climb at most 12,600 a sample; a click would be a jump of the whole amplitude more.
        assert!(loudest_step(&joined) < 12_600, "{mode:?}: {}", loudest_step(&joined));
        let agent = sine_tick(AGENT, -12.0, talk.tick);
        let differs = (40..FRAME).any(|index| heard[index] != agent[index]);
        assert_eq!(differs, present_after, "{mode:?}");
        talk.tick += 1;
    }
}

#[test]
fn the_held_customer_has_music_and_the_coach_keeps_hearing_all() {
    let mut talk = Talk::new(Mode::Coach);
    talk.room.set_presence(talk.agent, Presence::Holding).unwrap();
    let heard = talk.half_a_second(true);
    for absent in [AGENT, COACH] {
        let level = tone(&heard.customer.0, absent, RATE);
        assert!(level < -80.0, "{absent} Hz at {level}: more than its share of the noise");
    }
    let noise = measure(&heard.customer.0).rms;
    assert!((-64.0..-56.0).contains(&noise), "comfort noise at {noise}");
    heard.agent.has(COACH).lacks(CUSTOMER);
    heard.coach.has(CUSTOMER).has(AGENT);
    heard.agent_track.lacks(AGENT).lacks(COACH);

    // Music instead of noise, if there is some.
    talk.room.put_treatment(&sine_tick(2000.0, -12.0, 0));
    talk.room.tick();
    assert_eq!(*talk.room.heard(talk.customer), sine_tick(2000.0, -12.0, 0));

    talk.room.set_presence(talk.agent, Presence::Here).unwrap();
    let heard = talk.half_a_second(true);
    heard.customer.has(AGENT).lacks(COACH);
    heard.agent.has(CUSTOMER).has(COACH);
}

// covers(genesys): OC-74, R-7, S8.6
#[test]
fn a_muted_agent_is_silent_for_all_and_in_the_recording() {
    let mut talk = Talk::new(Mode::BargeIn);
    talk.room.set_muted(talk.agent, true).unwrap();
    let heard = talk.half_a_second(true);
    heard.customer.has(COACH).lacks(AGENT);
    heard.coach.has(CUSTOMER).lacks(AGENT);
    heard.agent.has(CUSTOMER).has(COACH);
    heard.agent_track.has(COACH).lacks(AGENT);
}

// covers(genesys): S8.2
#[test]
fn the_agent_hears_his_coach_while_nothing_comes_from_the_customer() {
    let mut talk = Talk::new(Mode::Coach);
    let mut heard = Heard::default();
    for tick in 0..26 {
        talk.room.put(talk.coach, &sine_tick(COACH, -12.0, tick)).unwrap();
        talk.room.tick();
        heard.0.extend(talk.room.heard(talk.agent));
    }
    heard.0.drain(..FRAME);
    heard.has(COACH);
    assert_eq!(*talk.room.heard(talk.customer), SILENCE);
}

// covers(genesys): S8.5, OC-81
#[test]
fn two_coaches_of_two_agents_do_not_hear_each_other() {
    let mut room = Room::new(1);
    room.join(Role::Customer).unwrap();
    let agents = [room.join(Role::Agent).unwrap(), room.join(Role::Agent).unwrap()];
    let coaches = agents.map(|of| room.join(Role::Supervisor { of, mode: Mode::Coach }).unwrap());
    let mut heard = [(); 4].map(|()| Heard::default());
    for tick in 0..27 {
        room.put(coaches[0], &sine_tick(COACH, -12.0, tick)).unwrap();
        room.put(coaches[1], &sine_tick(OTHER_COACH, -12.0, tick)).unwrap();
        room.tick();
        for (heard, party) in heard.iter_mut().zip(agents.into_iter().chain(coaches)).filter(|_| tick > 0) {
            heard.0.extend(room.heard(party));
        }
    }
    heard[0].has(COACH).lacks(OTHER_COACH);
    heard[1].has(OTHER_COACH).lacks(COACH);
    assert!(heard[2].0.iter().chain(&heard[3].0).all(|sample| *sample == 0));
}

#[test]
fn who_takes_the_seat_of_somebody_who_left_inherits_no_path() {
    let mut talk = Talk::new(Mode::BargeIn);
    talk.half_a_second(false);
    // The agent leaves; in the same tick a silent supervisor of nobody there takes his seat.
    talk.room.leave(talk.agent).unwrap();
    let silent = talk.room.join(Role::Supervisor { of: talk.agent, mode: Mode::Listen }).unwrap();
    assert_eq!(talk.room.call().seat(silent), Some(1));
    talk.room.put(silent, &sine_tick(AGENT, -12.0, 0)).unwrap();
    talk.room.tick();
    assert_eq!(*talk.room.heard(talk.customer), SILENCE);
    assert_eq!(talk.room.tracks().agent, SILENCE);
    assert_eq!(talk.room.put(talk.agent, &SILENCE), Err(RoomError::Gone));
    assert_eq!(*talk.room.heard(talk.agent), SILENCE);
}

#[test]
fn while_card_data_is_said_the_recording_has_a_tone_and_the_call_goes_on() {
    let mut talk = Talk::new(Mode::Coach);
    talk.room.set_masked(true);
    let heard = talk.half_a_second(true);
    heard.customer.has(AGENT);
    heard.agent.has(CUSTOMER).has(COACH);
    for track in [&heard.customer_track, &heard.agent_track, &heard.coach_track] {
        track.lacks(CUSTOMER).lacks(AGENT).lacks(COACH);
        assert!((measure(&track.0).rms + 30.0).abs() < 0.2);
    }
    talk.room.set_masked(false);
    let heard = talk.half_a_second(true);
    heard.customer_track.has(CUSTOMER);
    heard.agent_track.has(AGENT);
}

#[test]
fn a_beep_is_for_one_party_and_is_not_recorded() {
    let mut talk = Talk::new(Mode::Listen);
    let beep: Frame = sine_tick(1400.0, -24.0, 0);
    talk.room.announce(talk.coach, &beep).unwrap();
    talk.room.tick();
    assert_eq!(*talk.room.heard(talk.coach), beep);
    assert_eq!(*talk.room.heard(talk.agent), SILENCE);
    assert_eq!(talk.room.tracks().agent, SILENCE);
    talk.room.tick();
    assert_eq!(*talk.room.heard(talk.coach), SILENCE, "announced once, heard once");
}

#[test]
fn eight_people_who_shout_do_not_crack() {
    let mut room = Room::new(1);
    let people: Vec<PartyId> = (0..8).map(|_| room.join(Role::Other).unwrap()).collect();
    assert_eq!(room.join(Role::Other), Err(RoomError::Full));
    let shout = sine_tick(CUSTOMER, 0.0, 1);
    for _ in 0..2 {
        for person in &people {
            room.put(*person, &shout).unwrap();
        }
        room.tick();
    }
    let heard = room.heard(people[0]);
    for (heard, said) in heard.iter().zip(shout) {
        assert!(
            i32::from(*heard).signum() * i32::from(said).signum() >= 0,
            "the sign turned: {heard} of {said}"
        );
    }
    assert!(measure(heard).peak > -0.5);
}
