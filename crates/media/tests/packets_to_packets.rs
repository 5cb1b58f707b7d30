//! A coached call from datagrams to datagrams: every part of this crate in its place, as the call's task uses them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

use std::time::Duration;
use touchline_media::{
    RATE, SILENCE,
    codec::{Codec, Decoder, Encoder},
    dtmf,
    jitter::{JitterBuffer, Played},
    level::tone,
    record::Recorder,
    room::{Mode, PartyId, Role, Room},
    rtp::{Outgoing, Packet},
    srtp::{Inbound, Master, Outbound, Suite},
    tone::sine_tick,
};

const TONES: [f64; 3] = [433.0, 787.0, 1153.0];
const DIGITS: u8 = 101;

/// A phone that says a tone, and the server's side of its leg.
struct Leg {
    party: PartyId,
    codec: Codec,
    hertz: f64,
    microphone: Encoder,
    phone: Outgoing,
    buffer: JitterBuffer,
    server: Outgoing,
    to_phone: Encoder,
    seal: Outbound,
    open: Inbound,
    loudspeaker: Decoder,
    heard: Vec<i16>,
}

impl Leg {
    fn new(party: PartyId, codec: Codec, hertz: f64) -> Self {
        let (suite, key) = (Suite::AesCm128HmacSha1_80, Master([hertz as u8; 30]));
        Self {
            party,
            codec,
            hertz,
            microphone: Encoder::new(codec),
            phone: Outgoing::new(hertz as u32, 65_500, u32::MAX - 8000),
            buffer: JitterBuffer::new(codec, 1),
            server: Outgoing::new(1 + hertz as u32, 7, 7),
            to_phone: Encoder::new(codec),
            seal: Outbound::new(suite, &key),
            open: Inbound::new(suite, &key),
            loudspeaker: Decoder::new(codec),
            heard: Vec::new(),
        }
    }
}

#[test]
fn the_whisper_reaches_the_agent_over_lossy_encrypted_lines_and_the_customer_never() {
    let mut room = Room::new(1);
    let customer = room.join(Role::Customer).unwrap();
    let agent = room.join(Role::Agent).unwrap();
    let coach = room.join(Role::Supervisor { of: agent, mode: Mode::Coach }).unwrap();
    let mut legs = [
        Leg::new(customer, Codec::Pcmu, TONES[0]),
        Leg::new(agent, Codec::G722, TONES[1]),
        Leg::new(coach, Codec::Pcma, TONES[2]),
    ];
    let mut recorder = Recorder::new(2, 500);
    let (mut keypad, mut keys, mut pressed) =
        (dtmf::Sender::default(), dtmf::Receiver::default(), String::new());
    let mut right = Vec::new();
    for tick in 0..300usize {
        let now = Duration::from_millis(tick as u64 * 20);
        if tick == 150 {
            keypad.send("42").unwrap();
        }
        for leg in &mut legs {
            let mut datagram = Vec::new();
            // While the customer dials, his phone sends digits in place of sound.
            let digit = (leg.party == customer).then(|| keypad.tick(leg.phone.timestamp())).flatten();
            if let Some(digit) = digit {
                leg.phone
                    .event(DIGITS, digit.marker, digit.timestamp, &digit.payload, &mut datagram)
                    .unwrap();
                leg.phone.pass(160);
            } else {
                let payload = leg.microphone.encode(&sine_tick(leg.hertz, -12.0, tick));
                leg.phone.sound(leg.codec.payload_type(), &payload, 160, &mut datagram).unwrap();
            }
            leg.seal.protect(&mut datagram).unwrap();
            if tick % 40 != 39 {
                leg.open.open(&mut datagram).unwrap();
                let packet = Packet::parse(&datagram).unwrap();
                if packet.payload_type == DIGITS {
                    if let Some(dtmf::Key::Pressed(key)) = keys.push(now, packet.timestamp, packet.payload) {
                        pressed.push(key);
                    }
                } else {
                    leg.buffer.push(now, &packet);
                }
            }
            let mut frame = SILENCE;
            if leg.buffer.pull(now, &mut frame) != Played::Nothing {
                room.put(leg.party, &frame).unwrap();
            }
        }
        room.tick();
        let tracks = room.tracks();
        recorder.push(&[&tracks.customer, &tracks.agent]).unwrap();
        right.extend(tracks.agent);
        for leg in &mut legs {
            let (mut datagram, payload) = (Vec::new(), leg.to_phone.encode(room.heard(leg.party)));
            leg.server.sound(leg.codec.payload_type(), &payload, 160, &mut datagram).unwrap();
            let packet = Packet::parse(&datagram).unwrap();
            assert_eq!((packet.sequence, packet.timestamp), (7 + tick as u16, 7 + tick as u32 * 160));
            leg.loudspeaker.decode(packet.payload, &mut leg.heard);
        }
    }
    let [customer, agent, coach] = legs.map(|leg| leg.heard);
    // A second from which nothing was lost away from the edges; concealment is within it.
    let level = |heard: &[i16], hertz: f64| tone(&heard[8000..20_000], hertz, RATE);
    let present = |heard: &[i16], hertz: f64| (level(heard, hertz) + 12.0).abs() < 1.0;
    assert!(present(&customer, TONES[1]), "{}", level(&customer, TONES[1]));
    assert!(present(&agent, TONES[0]) && present(&agent, TONES[2]));
    assert!(present(&coach, TONES[0]) && present(&coach, TONES[1]));
    assert!(level(&customer, TONES[2]) < -60.0, "the whisper leaks: {}", level(&customer, TONES[2]));
    assert!(level(&right, TONES[2]) < -60.0, "the whisper is recorded: {}", level(&right, TONES[2]));
    assert_eq!(pressed, "42");
    assert_eq!(recorder.samples(), 300 * 160);
}
