//! What passes the guard passes again unchanged; an answer is one response and not much larger than its request.
#![no_main]

use libfuzzer_sys::fuzz_target;
use touchline_telephony::guard::{Guard, Peer, Rules, Transport, Verdict};

fuzz_target!(|message: &[u8]| {
    let guard = Guard::new(Rules::default(), [1; 16]);
    for transport in [Transport::Udp, Transport::Tcp] {
        let peer = Peer { address: ([192, 0, 2, 9], 5_060).into(), transport };
        match guard.inspect(message, peer) {
            Verdict::Pass(passed) => assert_eq!(guard.inspect(&passed.bytes, peer), Verdict::Pass(passed)),
            Verdict::Answer(answer) => {
                assert!(answer.bytes.len() <= message.len() * 3 + 300);
                assert_eq!(answer.bytes.windows(4).filter(|window| window == b"\r\n\r\n").count(), 1);
            }
            Verdict::Drop(_) => {}
        }
    }
});
