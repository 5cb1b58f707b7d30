//! Whatever a trunk asks, the answer to it can be read by our own reader, or there is none.
#![no_main]

use libfuzzer_sys::fuzz_target;
use touchline_telephony::digest::{Challenge, Credentials};

fuzz_target!(|header: &str| {
    if let Some(challenge) = Challenge::read(header) {
        let answer = challenge.answer("acme", "p\"w\\", "REGISTER", "sip:x", "c");
        assert!(!answer.contains(['\r', '\n']) || header.contains(['\r', '\n']));
        let _without_qop_it_is_none_of_ours = Credentials::read(&answer);
    }
});
