//! SIP that is nearly right: the messages of RFC 4475 and RFC 5118, changed.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may end here")]

#[path = "../../../fuzz/mutate.rs"]
#[allow(dead_code, unreachable_pub, clippy::cast_possible_truncation, reason = "shared by several tests")]
mod mutate;

use mutate::fuzz;
use std::path::Path;
use touchline_model::Timestamp;
use touchline_telephony::guard::{
    Guard, Peer, Rules, Transport, Verdict,
    framer::{Frame, Framer},
};

const WORDS: [&[u8]; 24] = [
    b"\r\n",
    b"\r\n\r\n",
    b" SIP/2.0\r\n",
    b"INVITE ",
    b"ACK ",
    b"SIP/2.0 200 OK\r\n",
    b"Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1;rport\r\n",
    b"v: SIP / 2.0 / TCP [2001:db8::1]:5060\r\n",
    b"From: <sip:a@b.example>;tag=1\r\n",
    b"To: <sip:b@b.example>\r\n",
    b"Call-ID: 1\r\n",
    b"CSeq: 1 INVITE\r\n",
    b"Contact: *\r\n",
    b"Content-Length: 0\r\n",
    b"l: 7\r\n",
    b"Max-Forwards: 0\r\n",
    b"Require: x\r\n",
    b"sip:[::1]",
    b"%00",
    b";lr",
    b"\"",
    b"<",
    b",",
    b"\t ",
];

fn seeds() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/torture");
    let mut files: Vec<_> = ["rfc4475", "rfc5118"]
        .iter()
        .flat_map(|name| std::fs::read_dir(folder.join(name)).unwrap())
        .map(|file| file.unwrap().path())
        .collect();
    files.sort();
    assert!(files.len() > 50, "the messages of two RFCs");
    files.iter().map(|file| std::fs::read(file).unwrap()).collect()
}

/// What passes the guard passes again unchanged; an answer is one response and not much larger than its request.
#[test]
fn the_guard_survives_torture_that_was_changed() {
    let guard = Guard::new(Rules::default(), [1; 16]);
    fuzz("SIP guard", seeds(), &WORDS, |message| {
        let mut passes = false;
        for transport in [Transport::Udp, Transport::Tcp] {
            let peer = Peer { address: ([192, 0, 2, 9], 5_060).into(), transport };
            match guard.inspect(message, peer) {
                Verdict::Pass(passed) => {
                    passes = true;
                    assert!(passed.bytes.len() <= message.len() * 3 + 100);
                    assert_eq!(guard.inspect(&passed.bytes, peer), Verdict::Pass(passed));
                }
                Verdict::Answer(answer) => {
                    assert!(answer.bytes.len() <= message.len() * 3 + 300, "an amplifier");
                    assert!(answer.bytes.starts_with(b"SIP/2.0 ") && answer.bytes.ends_with(b"\r\n\r\n"));
                    assert_eq!(answer.bytes.windows(4).filter(|it| it == b"\r\n\r\n").count(), 1);
                }
                Verdict::Drop(_) => {}
            }
        }
        passes
    });
}

/// A stream gives the same messages however it is cut, in bounded memory.
#[test]
fn a_stream_of_torture_is_cut_into_the_same_messages() {
    let rules = Rules { max_head: 1_200, max_body: 400, ..Rules::default() };
    let now = Timestamp::from_micros(0);
    let whole_ones = |frames: &[Frame]| {
        frames.iter().filter(|frame| !matches!(frame, Frame::Broken(_))).cloned().collect::<Vec<_>>()
    };
    fuzz("SIP stream", seeds(), &WORDS, |stream| {
        let (mut whole, mut parts) = (Framer::new(&rules), Framer::new(&rules));
        let cut = usize::from(stream.first().copied().unwrap_or(1)) % 90 + 1;
        let mut frames = Vec::new();
        for chunk in stream.chunks(cut) {
            frames.extend(parts.feed(chunk, now));
            assert!(parts.buffered() <= 1_604, "{} bytes wait", parts.buffered());
        }
        let at_once = whole_ones(&whole.feed(stream, now));
        assert_eq!(whole_ones(&frames), at_once, "cut every {cut} bytes");
        !at_once.is_empty()
    });
}
