//! Arbitrary credentials are never accepted.
#![no_main]

use libfuzzer_sys::fuzz_target;
use touchline_model::Timestamp;
use touchline_telephony::digest::{Asked, DigestRules, Ha1, Outcome, Verifier};

fuzz_target!(|header: &str| {
    let mut verifier = Verifier::new(DigestRules::new("r"), [1; 32]);
    if let Ok(Some(credentials)) = verifier.credentials([header]) {
        let asked = Asked { method: "INVITE", uri: "sip:x", source: [192, 0, 2, 9].into() };
        let outcome =
            verifier.check(&credentials, Some(&Ha1::new("a", "r", "p")), asked, Timestamp::from_micros(0));
        assert_ne!(outcome, Outcome::Accepted);
    }
});
