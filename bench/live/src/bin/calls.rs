//! Live calls on real sockets: what the sound of a call costs, as the program makes it.
//!
//!     cargo run --release --features calls --bin calls                    (in bench/live)
//!     cargo run --release --features calls --bin calls -- 1000 20 record
//!
//! So many calls of three: a customer, an agent, and a supervisor who coaches. Every telephone sends a tone, 50 packets a
//! second. Asserted of every telephone: it got a packet for each tick, in sequence; it heard the tones that it should, and
//! neither its own, nor those of other calls, nor, at the customer's, the coach.

use std::{
    collections::HashMap,
    net::{SocketAddr, UdpSocket},
    sync::Arc,
    time::{Duration, Instant},
};
use touchline_app::SystemEntropy;
use touchline_bench_live::{
    child::{cpu, thread_cpu},
    median,
};
use touchline_live::{CallId, LineId, Mode, Recording, Seat, SeatRole};
use touchline_media::{
    RATE, TICK,
    codec::{Codec, Decoder, Encoder},
    level::tone,
    room::{self, Role, Room},
    rtp::{Outgoing, Packet},
    sdp::{Agreed, Direction},
    tone::sine_tick,
};
use touchline_model::SystemClock;
use touchline_telephony::sound::{LineKey, SoundRules, Studio};

/// The tones of the three parties; five calls side by side have different ones.
const TONES: [[f64; 3]; 5] = [
    [400.0, 700.0, 1100.0],
    [450.0, 750.0, 1200.0],
    [500.0, 800.0, 1300.0],
    [550.0, 850.0, 1400.0],
    [600.0, 900.0, 1500.0],
];
/// Telephones that share a socket: the system's calls for them are not what is measured.
const SHARE: usize = 10;
/// Packets of each telephone that are listened to in the end: half a second.
const KEPT: usize = 25;
/// A tone repeats after so many ticks.
const PERIOD: usize = 50;

/// What one telephone is told.
struct Ear {
    call: usize,
    party: usize,
    packets: u64,
    sequence: Option<u16>,
    gaps: u64,
    kept: Vec<[u8; 160]>,
}

fn agreed(remote: SocketAddr) -> Agreed {
    Agreed {
        codec: Codec::Pcmu,
        payload_type: 0,
        dtmf: Some(101),
        comfort_noise: None,
        remote: Some(remote),
        rtcp: None,
        rtcp_mux: false,
        direction: Direction::SendRecv,
        held: false,
        keys: None,
    }
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let number = |index: usize, usual: usize| words.get(index).map_or(usual, |word| word.parse().unwrap());
    let record = words.get(2).is_some_and(|word| word == "record");
    mixing();
    calls(number(0, 1_000), number(1, 20), record);
}

/// The mixing of one call of three, alone.
fn mixing() {
    let mut room = Room::new(7);
    let customer = room.join(Role::Customer).unwrap();
    let agent = room.join(Role::Agent).unwrap();
    let coach = room.join(Role::Supervisor { of: agent, mode: room::Mode::Coach }).unwrap();
    let voices = TONES[0].map(|hertz| sine_tick(hertz, -12.0, 3));
    let rounds = 20_000;
    let mut times = Vec::new();
    for _ in 0..7 {
        let began = Instant::now();
        for _ in 0..rounds {
            for (party, voice) in [customer, agent, coach].into_iter().zip(&voices) {
                room.put(party, std::hint::black_box(voice)).unwrap();
            }
            room.tick();
            std::hint::black_box(room.heard(agent));
        }
        times.push(began.elapsed().as_nanos() as f64 / f64::from(rounds));
    }
    assert_eq!(*room.heard(customer), voices[1], "a single voice goes through untouched");
    let both: Vec<i32> =
        voices[0].iter().zip(&voices[2]).map(|(a, b)| i32::from(*a) + i32::from(*b)).collect();
    assert!(
        room.heard(agent).iter().zip(both).all(|(heard, sum)| i32::from(*heard) == sum),
        "the agent hears both"
    );
    println!("mixing: {:.0} ns a call of three and tick, recording tracks included", median(times));
}

fn calls(count: usize, seconds: usize, record: bool) {
    let folder = tempfile::tempdir().unwrap();
    let rules = SoundRules {
        ports: 10_000..=32_000,
        recordings: folder.path().join("recordings"),
        clock: Arc::new(SystemClock),
        entropy: Arc::new(SystemEntropy),
    };
    let studio = Studio::start(rules, |_| {}).unwrap();
    let legs = count * 3;
    let sockets: Vec<UdpSocket> = (0..legs.div_ceil(SHARE))
        .map(|_| {
            let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
            socket.set_nonblocking(true).unwrap();
            socket
        })
        .collect();
    let (mut ears, mut by_port, mut targets) = (Vec::new(), HashMap::new(), Vec::new());
    for call in 0..count {
        let mut seats = Vec::new();
        for party in 0..3 {
            let leg = call * 3 + party;
            let line = LineId(leg as u64 + 1);
            let key = LineKey { tenant: "acme".into(), line };
            let pair = studio.ports(false).unwrap();
            by_port.insert(pair.port, leg);
            targets.push(SocketAddr::from(([127, 0, 0, 1], pair.port)));
            studio.open(&key, pair);
            studio.describe(&key, agreed(sockets[leg / SHARE].local_addr().unwrap()), None);
            let role = match party {
                0 => SeatRole::Customer,
                1 => SeatRole::Agent,
                _ => SeatRole::Supervisor { of: LineId(leg as u64), mode: Mode::Coach, whole_call: true },
            };
            seats.push(Seat { line, role, holding: false, away: false, muted: false, early: false });
            ears.push(Ear { call, party, packets: 0, sequence: None, gaps: 0, kept: Vec::new() });
        }
        let id = CallId(call as u128 + 1);
        if record {
            studio.record(&"acme".into(), id, Recording::Running);
        }
        studio.seats(&"acme".into(), id, seats, false);
    }
    // A telephone of its own thread looks at the clock: when its packets come, against one every 20 ms.
    let (watch, watching) = std::sync::mpsc::channel::<()>();
    let late = watcher(&studio, watching);

    // What is sent is encoded beforehand.
    let mut encoded: HashMap<(usize, usize), Vec<[u8; 160]>> = HashMap::new();
    for (set, tones) in TONES.iter().enumerate() {
        for (party, hertz) in tones.iter().enumerate() {
            let mut encoder = Encoder::new(Codec::Pcmu);
            let ticks = (0..PERIOD).map(|tick| encoder.encode(&sine_tick(*hertz, -12.0, tick))).collect();
            encoded.insert((set, party), ticks);
        }
    }
    let mut streams: Vec<Outgoing> = (0..legs).map(|leg| Outgoing::new(leg as u32 + 1, 1, 1)).collect();
    let mut bytes = [0; 2048];
    let mut datagram = Vec::new();
    let warm = 100;
    let ticks = warm + seconds * 50;
    let (mut before, mut began, mut counted) = (0.0, Instant::now(), Vec::new());
    let started = Instant::now();
    for tick in 0..ticks {
        if tick == warm {
            before = spent();
            began = Instant::now();
            // What came while nobody listened yet is not counted.
            counted = ears.iter().map(|ear| ear.packets).collect();
            ears.iter_mut().for_each(|ear| ear.gaps = 0);
        }
        // Telephones do not send at the same moment.
        for part in 0..4 {
            let due = TICK * tick as u32 + TICK * part as u32 / 4;
            std::thread::sleep(due.saturating_sub(started.elapsed()));
            for leg in (part..legs).step_by(4) {
                let ear = &ears[leg];
                datagram.clear();
                let payload = &encoded[&(ear.call % TONES.len(), ear.party)][tick % PERIOD];
                streams[leg].sound(0, payload, 160, &mut datagram).unwrap();
                sockets[leg / SHARE].send_to(&datagram, targets[leg]).unwrap();
            }
            for socket in &sockets {
                while let Ok((length, from)) = socket.recv_from(&mut bytes) {
                    hear(&mut ears[by_port[&from.port()]], &bytes[..length]);
                }
            }
        }
    }
    let took = began.elapsed().as_secs_f64();
    let share = (spent() - before) / took;
    drop(watch);
    let mut late = late.join().unwrap();
    late.sort_by(f64::total_cmp);

    let expected = took / TICK.as_secs_f64();
    let mut fewest = u64::MAX;
    for (ear, counted) in ears.iter().zip(counted) {
        fewest = fewest.min(ear.packets - counted);
        assert_eq!(ear.gaps, 0, "call {} party {}: packets are missing", ear.call, ear.party);
        check(ear);
    }
    assert!(fewest as f64 > expected - 5.0, "a packet for every tick: {fewest} of {expected:.0}");
    println!(
        "{count} calls of three, {seconds} s{}: sound used {:.1} % of one core; ticks late by {:.1} ms \
         (median), {:.1} ms (99 %), {:.1} ms (worst); all {legs} telephones heard what they should",
        if record { ", recorded" } else { "" },
        share * 100.0,
        late[late.len() / 2],
        late[late.len() * 99 / 100],
        late[late.len() - 1],
    );
    assert!(studio.ports(false).is_ok());
}

/// A line in a call of its own, heard on a blocking socket: milliseconds by which each packet was later than the
/// steadiest of all.
fn watcher(studio: &Studio, until: std::sync::mpsc::Receiver<()>) -> std::thread::JoinHandle<Vec<f64>> {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
    let key = LineKey { tenant: "acme".into(), line: LineId(u64::MAX) };
    let pair = studio.ports(false).unwrap();
    studio.open(&key, pair);
    studio.describe(&key, agreed(socket.local_addr().unwrap()), None);
    let seat = Seat {
        line: key.line,
        role: SeatRole::Agent,
        holding: false,
        away: false,
        muted: false,
        early: false,
    };
    studio.seats(&"acme".into(), CallId(u128::MAX), vec![seat], true);
    let thread = std::thread::Builder::new().name("watcher".into());
    let listen = move || {
        let (mut bytes, began, mut moments) = ([0; 2048], Instant::now(), Vec::new());
        while until.try_recv() != Err(std::sync::mpsc::TryRecvError::Disconnected) {
            if let Ok((length, _)) = socket.recv_from(&mut bytes) {
                let packet = Packet::parse(&bytes[..length]).unwrap();
                moments.push((began.elapsed().as_secs_f64() * 1e3, packet.timestamp));
            }
        }
        // The first second is not counted: lines are being opened.
        let moments = &moments[50.min(moments.len() - 1)..];
        let first = moments[0].1;
        let offsets: Vec<f64> =
            moments.iter().map(|(at, stamp)| at - f64::from(stamp.wrapping_sub(first)) / 8.0).collect();
        let earliest = offsets.iter().copied().fold(f64::INFINITY, f64::min);
        offsets.into_iter().map(|it| it - earliest).collect()
    };
    thread.spawn(listen).unwrap()
}

/// Seconds of processor time of all that is not the telephones': of the studio's threads, also those that have ended.
fn spent() -> f64 {
    let (own, system) = cpu(std::process::id());
    own + system - thread_cpu("calls") - thread_cpu("watcher")
}

fn hear(ear: &mut Ear, datagram: &[u8]) {
    if matches!(datagram.get(1), Some(192..=223)) {
        return;
    }
    let packet = Packet::parse(datagram).unwrap();
    if let Some(before) = ear.sequence.replace(packet.sequence) {
        ear.gaps += u64::from(packet.sequence.wrapping_sub(before).wrapping_sub(1));
    }
    let at = ear.packets as usize % KEPT;
    ear.packets += 1;
    let payload: [u8; 160] = packet.payload.try_into().unwrap();
    match ear.kept.get_mut(at) {
        Some(place) => *place = payload,
        None => ear.kept.push(payload),
    }
}

/// The last half second has the right tones and no others.
fn check(ear: &Ear) {
    let mut sound = Vec::new();
    let mut decoder = Decoder::new(Codec::Pcmu);
    let from = ear.packets as usize % KEPT;
    for at in 0..KEPT {
        decoder.decode(&ear.kept[(from + at) % KEPT], &mut sound);
    }
    for (set, tones) in TONES.iter().enumerate() {
        for (party, hertz) in tones.iter().enumerate() {
            let level = tone(&sound, *hertz, RATE);
            let here = set == ear.call % TONES.len();
            // Nobody hears himself; the customer does not hear the coach.
            let hears = here && party != ear.party && !(ear.party == 0 && party == 2);
            let (call, me) = (ear.call, ear.party);
            assert!(
                !hears || (-13.5..-10.5).contains(&level),
                "call {call} party {me}: {hertz} Hz at {level} dBFS"
            );
            assert!(
                hears || level < -35.0,
                "call {call} party {me}: {hertz} Hz at {level} dBFS, not to be heard"
            );
        }
    }
}
