//! The studio with real sockets and no SIP: who hears whom, strangers, digits, holding, and what is recorded.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

#[path = "phone/earpiece.rs"]
#[allow(dead_code, unreachable_pub, reason = "other tests use the rest of it")]
mod earpiece;

use earpiece::{DIGITS, Earpiece};
use std::{path::Path, sync::Arc, sync::mpsc, time::Duration};
use touchline_app::SystemEntropy;
use touchline_live::{CallId, LineId, Mode, Recording, Seat, SeatRole};
use touchline_media::{
    RATE,
    codec::Codec,
    level::tone,
    sdp::{Agreed, Direction, Keys},
    srtp::{Inbound, Master, Outbound, Suite},
};
use touchline_model::SystemClock;
use touchline_telephony::sound::{LineKey, Recorded, SoundRules, Studio};

const CUSTOMER: f64 = 433.0;
const AGENT: f64 = 787.0;
const COACH: f64 = 1153.0;
const SECOND_COACH: f64 = 1777.0;
const TONES: [f64; 4] = [CUSTOMER, AGENT, COACH, SECOND_COACH];
const CALL: CallId = CallId(77);

struct World {
    studio: Studio,
    phones: Vec<(LineKey, Earpiece, u16)>,
    finished: mpsc::Receiver<Recorded>,
    _folder: tempfile::TempDir,
}

fn agreed(port: u16, keys: Option<Keys>) -> Agreed {
    let remote = format!("127.0.0.1:{port}").parse().ok();
    Agreed {
        codec: Codec::Pcmu,
        payload_type: 0,
        dtmf: Some(DIGITS),
        comfort_noise: None,
        remote,
        rtcp: None,
        rtcp_mux: false,
        direction: Direction::SendRecv,
        held: false,
        keys,
    }
}

impl World {
    /// A telephone on each of four lines: customer, agent, and two supervisors, the second of whom is hardly needed.
    fn new(first_port: u16) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (tell, finished) = mpsc::channel();
        let rules = SoundRules {
            ports: first_port..=first_port + 19,
            recordings: folder.path().join("live-recordings"),
            clock: Arc::new(SystemClock),
            entropy: Arc::new(SystemEntropy),
        };
        let studio = Studio::start(rules, move |it| tell.send(it).unwrap()).unwrap();
        let mut phones = Vec::new();
        for (number, hertz) in (1..).zip(TONES) {
            let key = LineKey { tenant: "acme".into(), line: LineId(number) };
            let pair = studio.ports(false).unwrap();
            let port = pair.port;
            let phone = Earpiece::new("127.0.0.1", hertz);
            studio.open(&key, pair);
            studio.describe(&key, agreed(phone.port, None), None);
            phone.speak_to(format!("127.0.0.1:{port}").parse().unwrap());
            phones.push((key, phone, port));
        }
        Self { studio, phones, finished, _folder: folder }
    }

    fn seats(&self, mode: Option<Mode>, change: impl Fn(&mut Seat)) {
        let supervisor = |mode| SeatRole::Supervisor { of: LineId(2), mode, whole_call: true };
        let roles = [Some(SeatRole::Customer), Some(SeatRole::Agent), mode.map(supervisor)];
        let seats = (1..).zip(roles).filter_map(|(number, role)| {
            let mut seat = Seat {
                line: LineId(number),
                role: role?,
                holding: false,
                away: false,
                muted: false,
                early: false,
                notice: false,
            };
            change(&mut seat);
            Some(seat)
        });
        self.studio.seats(&"acme".into(), CALL, seats.collect(), false);
    }

    /// What each telephone hears of each tone within the next half second, after what has just changed has settled.
    fn levels(&self) -> Vec<Vec<f32>> {
        std::thread::sleep(Duration::from_millis(250));
        std::thread::scope(|scope| {
            let listen = |phone: &'_ Earpiece| phone.listen(Duration::from_millis(600), &TONES);
            let all: Vec<_> =
                self.phones.iter().map(|(_, phone, _)| scope.spawn(move || listen(phone))).collect();
            all.into_iter().map(|it| it.join().unwrap()).collect()
        })
    }
}

fn heard(level: f32) -> bool {
    (-13.0..-11.0).contains(&level)
}

fn silent(level: f32) -> bool {
    level < -60.0
}

fn tracks(path: &Path, channels: usize) -> Vec<Vec<i16>> {
    let bytes = std::fs::read(path).unwrap();
    let samples: Vec<i16> =
        bytes[44..].chunks(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect();
    (0..channels).map(|channel| samples.iter().skip(channel).step_by(channels).copied().collect()).collect()
}

// covers(sip): M1, M5
// covers(genesys): S8.6, OC-82
#[test]
fn a_whisper_reaches_the_agent_and_neither_the_customer_nor_the_customers_recording() {
    let world = World::new(43_000);
    world.studio.record(&"acme".into(), CALL, Recording::Running);
    for (mode, to_customer, to_agent) in [
        (None, false, false),
        (Some(Mode::Listen), false, false),
        (Some(Mode::Coach), false, true),
        (Some(Mode::BargeIn), true, true),
    ] {
        world.seats(mode, |_| {});
        let levels = world.levels();
        assert!(heard(levels[0][1]) && heard(levels[1][0]), "{mode:?}: both hear each other: {levels:?}");
        assert!(silent(levels[0][0]) && silent(levels[1][1]), "{mode:?}: nobody hears himself: {levels:?}");
        assert!(if to_customer { heard(levels[0][2]) } else { silent(levels[0][2]) }, "{mode:?}: {levels:?}");
        assert!(if to_agent { heard(levels[1][2]) } else { silent(levels[1][2]) }, "{mode:?}: {levels:?}");
        if mode.is_some() {
            assert!(
                heard(levels[2][0]) && heard(levels[2][1]),
                "{mode:?}: the supervisor hears both: {levels:?}"
            );
        }
        if mode == Some(Mode::Coach) {
            // Up to here nothing of the supervisor's may be in the conversation.
            world.seats(None, |_| {});
            std::thread::sleep(Duration::from_millis(50));
            world.studio.record(&"acme".into(), CALL, Recording::Paused);
            std::thread::sleep(Duration::from_millis(300));
        }
    }
    world.studio.seats(&"acme".into(), CALL, vec![], false);
    let recorded = world.finished.recv_timeout(Duration::from_secs(5)).unwrap();
    let conversation = tracks(&recorded.conversation, 2);
    let (begin, rate) = (RATE as usize / 2, RATE as usize);
    let level = |track: usize, hertz| tone(&conversation[track][begin..2 * rate], hertz, RATE);
    assert!(heard(level(0, CUSTOMER)) && silent(level(0, AGENT)), "left is the customer");
    assert!(heard(level(1, AGENT)) && silent(level(1, CUSTOMER)), "right is the agent");
    let masked = &conversation[1][conversation[1].len() - rate / 2..];
    assert!(
        silent(tone(masked, AGENT, RATE)) && tone(masked, 950.0, RATE) > -40.0,
        "a tone stands for the rest"
    );
    let (whole, whisper) = (&conversation[1], &tracks(recorded.whisper.as_ref().unwrap(), 1)[0]);
    // The last 1.2 s were paused or after the whisper, which had lasted for 0.85 s.
    let (from, to) = (whole.len() - 19 * rate / 10, whole.len() - 14 * rate / 10);
    assert!(silent(tone(&whole[from..to], COACH, RATE)), "no whisper in what the customer may hear");
    assert!(heard(tone(&whole[from..to], AGENT, RATE)));
    assert!(heard(tone(&whisper[from..to], COACH, RATE)), "the whisper has a file of its own");
    assert!(silent(tone(&whisper[..rate], COACH, RATE)), "which begins with the conversation");
}

/// One of us; with a mode a supervisor of the line `of`.
fn one_of_us(line: u64, watches: Option<(u64, Mode)>) -> Seat {
    let role = watches.map_or(SeatRole::Agent, |(of, mode)| SeatRole::Supervisor {
        of: LineId(of),
        mode,
        whole_call: true,
    });
    Seat { line: LineId(line), role, holding: false, away: false, muted: false, early: false, notice: false }
}

// covers(sip): M1, M5
#[test]
fn among_ourselves_the_caller_is_on_the_left_whoever_is_watched() {
    const CALLER: f64 = CUSTOMER;
    const CALLED: f64 = AGENT;
    let world = World::new(43_400);
    let coaches = |of| Some((of, Mode::Coach));
    for (number, third, fourth) in [
        (1, None, None),
        (2, coaches(2), None),
        (3, coaches(1), None),
        (4, coaches(1), coaches(2)),
        (5, Some((1, Mode::BargeIn)), coaches(2)),
    ] {
        let call = CallId(number);
        world.studio.record(&"acme".into(), call, Recording::Running);
        let mut seats = vec![one_of_us(1, None), one_of_us(2, None)];
        seats.extend(third.map(|watches| one_of_us(3, Some(watches))));
        seats.extend(fourth.map(|watches| one_of_us(4, Some(watches))));
        world.studio.seats(&"acme".into(), call, seats, false);
        let levels = world.levels();
        for (line, other, hertz) in [(1, 1, CALLED), (2, 0, CALLER)] {
            let at = &levels[line - 1];
            assert!(heard(at[other]), "{number}: {line} hears {hertz}: {levels:?}");
            for (watcher, watches) in [(2, third), (3, fourth)] {
                let reaches = watches.is_some_and(|(of, mode)| of == line as u64 || mode == Mode::BargeIn);
                let expected = if reaches { heard(at[watcher]) } else { silent(at[watcher]) };
                assert!(expected, "{number}: what {line} hears of {watcher}: {levels:?}");
            }
        }
        world.studio.seats(&"acme".into(), call, vec![], false);
        let recorded = world.finished.recv_timeout(Duration::from_secs(5)).unwrap();
        assert_eq!(recorded.call, call);
        let conversation = tracks(&recorded.conversation, 2);
        let track =
            |side: usize| TONES.map(|hertz| tone(&conversation[side][RATE as usize / 4..], hertz, RATE));
        let (left, right) = (track(0), track(1));
        assert!(heard(left[0]) && left[1..].iter().all(|it| silent(*it)), "{number}: the caller: {left:?}");
        assert!(silent(right[0]) && heard(right[1]) && silent(right[3]), "{number}: the called: {right:?}");
        let aloud = matches!(third, Some((_, Mode::BargeIn)));
        assert!(
            if aloud { heard(right[2]) } else { silent(right[2]) },
            "{number}: who speaks to all: {right:?}"
        );
        let whispers = [third, fourth].map(|it| matches!(it, Some((_, Mode::Coach))));
        assert_eq!(recorded.whisper.is_some(), whispers.contains(&true), "{number}");
        if let Some(path) = &recorded.whisper {
            let whisper = &tracks(path, 1)[0][RATE as usize / 4..];
            for (whispers, hertz) in whispers.into_iter().zip([COACH, SECOND_COACH]) {
                let level = tone(whisper, hertz, RATE);
                assert!(if whispers { heard(level) } else { silent(level) }, "{number}: {hertz}: {level}");
            }
        }
    }
}

// covers(sip): M5
#[test]
fn who_stays_when_the_caller_hands_over_keeps_the_own_side_of_the_recording() {
    let world = World::new(43_500);
    world.studio.record(&"acme".into(), CALL, Recording::Running);
    let rate = RATE as usize;
    for (others, coached) in [([1, 2], true), ([2, 4], false)] {
        let mut seats = others.map(|line| one_of_us(line, None)).to_vec();
        // The second one is coached at first. Afterwards nobody is watched, so that nothing but the side kept so far says
        // who is who: the first who is there would be the one who stays.
        seats.extend(coached.then(|| one_of_us(3, Some((2, Mode::Coach)))));
        world.studio.seats(&"acme".into(), CALL, seats, false);
        std::thread::sleep(Duration::from_secs(1));
    }
    world.studio.seats(&"acme".into(), CALL, vec![], false);
    let recorded = world.finished.recv_timeout(Duration::from_secs(5)).unwrap();
    let conversation = tracks(&recorded.conversation, 2);
    let whole = conversation[0].len();
    for (part, on_left) in [(rate / 4..rate * 3 / 4, 0), (whole - rate * 3 / 4..whole - rate / 4, 3)] {
        let track = |side: usize| TONES.map(|hertz| tone(&conversation[side][part.clone()], hertz, RATE));
        let (left, right) = (track(0), track(1));
        for (line, (left, right)) in left.into_iter().zip(right).enumerate() {
            assert!(
                if line == on_left { heard(left) } else { silent(left) },
                "left, {part:?}: {line} {left}"
            );
            assert!(if line == 1 { heard(right) } else { silent(right) }, "right, {part:?}: {line} {right}");
        }
    }
}

// covers(sip): M2
#[test]
fn a_stranger_is_not_heard_and_does_not_draw_the_sound_to_himself() {
    let world = World::new(43_100);
    world.seats(None, |_| {});
    let stranger = Earpiece::new("127.0.0.2", 1777.0);
    stranger.speak_to(format!("127.0.0.1:{}", world.phones[0].2).parse().unwrap());
    let neighbour = Earpiece::new("127.0.0.1", 2111.0);
    neighbour.speak_to(format!("127.0.0.1:{}", world.phones[0].2).parse().unwrap());
    std::thread::sleep(Duration::from_millis(300));
    let at_agent = world.phones[1].1.listen(Duration::from_millis(600), &[CUSTOMER, 1777.0, 2111.0]);
    assert!(heard(at_agent[0]) && silent(at_agent[1]) && silent(at_agent[2]), "{at_agent:?}");
    assert_eq!((stranger.packets(), neighbour.packets()), (0, 0));
    assert!(heard(world.phones[0].1.listen(Duration::from_millis(600), &[AGENT])[0]));
}

// covers(sip): M4, L16
#[test]
fn who_is_held_hears_comfort_noise_and_digits_go_to_the_other_party_alone() {
    let world = World::new(43_200);
    world.seats(Some(Mode::Listen), |_| {});
    world.phones[0].1.press("12#");
    std::thread::sleep(Duration::from_millis(900));
    assert_eq!(world.phones[1].1.pressed(), "12#");
    assert_eq!(world.phones[2].1.pressed(), "", "not for the supervisor");
    world.studio.dial(&world.phones[0].0, "7");
    std::thread::sleep(Duration::from_millis(400));
    assert_eq!(world.phones[0].1.pressed(), "7");
    world.seats(Some(Mode::Listen), |seat| seat.holding = seat.line == LineId(2));
    let before = world.phones[0].1.packets();
    let levels = world.levels();
    assert!(silent(levels[0][1]) && silent(levels[1][0]), "{levels:?}");
    assert!(world.phones[0].1.packets() > before + 30, "a line that is held is not dead");
}

// covers(sip): M3
#[test]
fn an_encrypted_line_is_heard_and_what_is_not_encrypted_with_its_key_is_not() {
    let world = World::new(43_300);
    let (suite, ours, theirs) = (Suite::AesCm128HmacSha1_80, Master([1; 30]), Master([2; 30]));
    let (key, phone, _) = &world.phones[0];
    world.studio.describe(key, agreed(phone.port, Some(Keys { suite, ours, theirs })), None);
    world.seats(None, |_| {});
    assert!(silent(world.levels()[1][0]), "not encrypted, not heard");
    phone.encrypt(Outbound::new(suite, &theirs), Inbound::new(suite, &ours));
    let levels = world.levels();
    assert!(heard(levels[1][0]) && heard(levels[0][1]), "{levels:?}");
}

// covers(genesys): OC-77, OC-78
#[test]
fn the_tone_of_supervision_is_for_who_is_to_hear_it_and_not_recorded_and_a_supervisors_digits_are_for_nobody()
{
    const NOTICE: f64 = 1_400.0;
    let world = World::new(43_600);
    world.studio.record(&"acme".into(), CALL, Recording::Running);
    // The agent and the supervisor are to hear it, the customer is not.
    world.seats(Some(Mode::Listen), |seat| seat.notice = seat.line != LineId(1));
    let tones = |phone: usize| world.phones[phone].1.listen(Duration::from_millis(200), &[NOTICE])[0];
    // It sounds for half a second, every fifteen: whoever listens long enough hears it.
    let begin = std::time::Instant::now();
    let mut loudest = [f32::MIN; 3];
    while loudest[1] < -40.0 || loudest[2] < -40.0 {
        assert!(begin.elapsed() < Duration::from_secs(60), "never heard: {loudest:?}");
        std::thread::scope(|scope| {
            let all = [0, 1, 2].map(|phone| scope.spawn(move || tones(phone)));
            for (most, level) in loudest.iter_mut().zip(all.map(|it| it.join().unwrap())) {
                *most = most.max(level);
            }
        });
    }
    assert!(loudest[0] < -50.0, "not the customer: {loudest:?}");
    // The supervisor presses a key, then the agent does: only the agent's is heard, and that proves that all has come.
    world.phones[2].1.press("5");
    world.phones[1].1.press("7");
    let begin = std::time::Instant::now();
    while world.phones[0].1.pressed().is_empty() {
        assert!(begin.elapsed() < Duration::from_secs(30), "the agent's digit never comes");
        std::thread::sleep(Duration::from_millis(20));
    }
    world.studio.seats(&"acme".into(), CALL, vec![], false);
    let recorded = world.finished.recv_timeout(Duration::from_secs(30)).unwrap();
    assert_eq!(world.phones[0].1.pressed(), "7");
    for track in tracks(&recorded.conversation, 2) {
        let loudest = track.chunks(1_600).map(|part| tone(part, NOTICE, RATE)).fold(f32::MIN, f32::max);
        assert!(loudest < -50.0, "it is in no recording: {loudest}");
    }
}
