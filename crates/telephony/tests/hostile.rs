//! Arbitrary bytes: nothing panics, what comes out is bounded, and what passed is sound.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may end here")]

use proptest::prelude::*;
use std::time::{Duration, Instant};
use touchline_model::Timestamp;
use touchline_telephony::guard::{
    Guard, Peer, Rules, Transport, Verdict,
    framer::{Frame, Framer},
};

/// Pieces of which messages that are nearly right can be put together.
const PIECES: [&str; 40] = [
    "INVITE sip:a@b.example SIP/2.0\r\n",
    "SIP/2.0 200 OK\r\n",
    "ACK ",
    "BYE sip:[::1]",
    " SIP/2.0\r\n",
    "\r\n",
    "\r\n\r\n",
    "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1",
    "v:SIP / 2.0 / TCP [2001:db8::1]:5060;rport",
    "From: <sip:a@b.example>;tag=1",
    "To: \"x\\\"\" <sip:b@b.example>",
    "t: sip:b@[2001:db8:::192.0.2.1]",
    "Call-ID: 1",
    "i: 2",
    "CSeq: 1 INVITE",
    "CSeq: 1 BYE",
    "CSeq: 1 ACK",
    "Content-Length: 4",
    "l: 0",
    "l: -1",
    "Max-Forwards: 0",
    "Require: x",
    "Contact: *",
    "Contact: <tel:1>,<sip:x>",
    "Content-Type: application/sdp",
    " folded",
    "\t;tag=\"",
    ",",
    ";",
    "\"",
    "<",
    ">",
    "%4",
    "\0",
    "\u{7f}",
    "é",
    ":",
    "=",
    "@",
    "v=0\n",
];

fn near_miss() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(
        prop_oneof![
            4 => prop::sample::select(PIECES.to_vec()).prop_map(|piece| piece.as_bytes().to_vec()),
            4 => prop::sample::select(PIECES.to_vec()).prop_map(|piece| [piece.as_bytes(), b"\r\n"].concat()),
            1 => prop::collection::vec(any::<u8>(), 0..8),
        ],
        0..40,
    )
    .prop_map(|pieces| pieces.concat())
}

fn peer(transport: Transport) -> Peer {
    Peer { address: "[::ffff:192.0.2.9]:5060".parse().unwrap(), transport }
}

fn check_verdict(message: &[u8], transport: Transport) -> Result<(), TestCaseError> {
    let guard = Guard::new(Rules::default(), [1; 16]);
    match guard.inspect(message, peer(transport)) {
        Verdict::Pass(passed) => {
            prop_assert!(passed.bytes.len() <= message.len() * 3 + 100);
            let Verdict::Pass(again) = guard.inspect(&passed.bytes, peer(transport)) else {
                return Err(TestCaseError::fail(format!(
                    "does not pass twice: {}",
                    String::from_utf8_lossy(&passed.bytes)
                )));
            };
            prop_assert_eq!(again, passed);
        }
        Verdict::Answer(answer) => {
            prop_assert!(answer.bytes.len() <= message.len() * 3 + 300, "an answer must not be an amplifier");
            prop_assert!(answer.bytes.starts_with(b"SIP/2.0 ") && answer.bytes.ends_with(b"\r\n\r\n"));
            prop_assert_eq!(answer.bytes.windows(4).filter(|window| window == b"\r\n\r\n").count(), 1);
        }
        Verdict::Drop(_) => {}
    }
    Ok(())
}

fn check_frames(stream: &[u8], cut: usize) -> Result<(), TestCaseError> {
    let rules = Rules { max_head: 120, max_body: 40, ..Rules::default() };
    let now = Timestamp::from_micros(0);
    let (mut whole, mut parts) = (Framer::new(&rules), Framer::new(&rules));
    let mut frames = Vec::new();
    for chunk in stream.chunks(cut) {
        frames.extend(parts.feed(chunk, now));
        prop_assert!(parts.buffered() <= 164);
    }
    let at_once = whole.feed(stream, now);
    let messages = |frames: &[Frame]| {
        frames.iter().filter(|frame| !matches!(frame, Frame::Broken(_))).cloned().collect::<Vec<_>>()
    };
    prop_assert_eq!(messages(&frames), messages(&at_once));
    for frame in frames {
        if let Frame::Message(bytes) | Frame::Broken(bytes) = frame {
            prop_assert!(bytes.len() <= 164);
            let _ = Guard::new(rules.clone(), [1; 16]).inspect(&bytes, peer(Transport::Tcp));
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn the_guard_survives_arbitrary_bytes(bytes in prop::collection::vec(any::<u8>(), 0..2_000)) {
        check_verdict(&bytes, Transport::Udp)?;
    }

    #[test]
    fn the_guard_survives_messages_that_are_nearly_right(bytes in near_miss()) {
        check_verdict(&bytes, Transport::Udp)?;
        check_verdict(&bytes, Transport::Tls)?;
    }

    #[test]
    fn a_stream_gives_the_same_messages_however_it_is_cut(bytes in near_miss(), cut in 1_usize..60) {
        check_frames(&bytes, cut)?;
    }
}

#[test]
fn a_sound_message_with_a_few_bytes_changed_harms_nobody_for_as_long_as_we_look() {
    let sound = include_bytes!("torture/rfc4475/wsinv.sip");
    let until = Instant::now() + Duration::from_secs(3);
    let mut random = 0x2545_F491_4F6C_DD1D_u64;
    let mut tried = 0;
    while tried < 1_000 || Instant::now() < until {
        let mut message = sound.to_vec();
        for _ in 0..=tried % 4 {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            let [at_low, at_high, byte, what, ..] = random.to_le_bytes();
            let at = usize::from(u16::from_le_bytes([at_low, at_high])) % message.len();
            match what % 3 {
                0 => message[at] = byte,
                1 => message.insert(at, byte),
                _ => drop(message.remove(at)),
            }
        }
        check_verdict(&message, Transport::Udp).unwrap();
        tried += 1;
    }
    assert!(tried >= 1_000, "{tried}");
}
