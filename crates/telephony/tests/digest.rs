//! Who knows the password, who does not, and who only repeats what somebody else said.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may end here")]

use md5::{Digest, Md5};
use proptest::prelude::*;
use std::net::IpAddr;
use touchline_model::Timestamp;
use touchline_telephony::digest::{
    Algorithm, Asked, BadCredentials, Credentials, DigestRules, Ha1, Outcome, Verifier,
};

const NOW: Timestamp = Timestamp::from_micros(1_800_000_000_000_000);

fn source() -> IpAddr {
    "192.0.2.1".parse().unwrap()
}

fn verifier() -> Verifier {
    Verifier::new(DigestRules { nonces: 3, ..DigestRules::new("pbx.example") }, [9; 32])
}

fn md5(text: &str) -> String {
    Md5::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn nonce(verifier: &Verifier, random: u8, now: Timestamp) -> String {
    let challenges = verifier.challenge(source(), now, [random; 8], false);
    challenges[0].split("nonce=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

/// What a phone sends that was given that nonce.
fn phone(nonce: &str, nc: &str, password: &str) -> String {
    let ha1 = md5(&format!("ann:pbx.example:{password}"));
    let ha2 = md5("REGISTER:sip:pbx.example");
    let response = md5(&format!("{ha1}:{nonce}:{nc}:c0ffee:auth:{ha2}"));
    format!(
        "Digest username=\"ann\", realm=\"pbx.example\",nonce=\"{nonce}\", uri=\"sip:pbx.example\", \
         response=\"{response}\", algorithm=MD5, cnonce=\"c0ffee\", qop=auth, nc={nc}"
    )
}

fn check(verifier: &mut Verifier, header: &str, now: Timestamp) -> Outcome {
    let credentials = verifier.credentials([header]).unwrap().unwrap();
    let asked = Asked { method: "REGISTER", uri: "sip:pbx.example", source: source() };
    let stored = Ha1::new("ann", "pbx.example", "s3cret");
    verifier.check(&credentials, Some(&stored).filter(|_| credentials.username == "ann"), asked, now)
}

#[test]
fn who_knows_the_password_is_accepted_and_nobody_else() {
    let mut verifier = verifier();
    let nonce = nonce(&verifier, 1, NOW);
    assert_eq!(check(&mut verifier, &phone(&nonce, "00000001", "wrong"), NOW), Outcome::Wrong);
    assert_eq!(check(&mut verifier, &phone(&nonce, "00000001", "s3cret"), NOW), Outcome::Accepted);
    let stranger = phone(&nonce, "00000002", "s3cret").replace("\"ann\"", "\"bob\"");
    assert_eq!(check(&mut verifier, &stranger, NOW), Outcome::Wrong);
}

#[test]
fn counts_are_hexadecimal_and_each_is_good_once_in_any_order() {
    let mut verifier = verifier();
    let nonce = nonce(&verifier, 1, NOW);
    let mut outcome =
        |count: u32| check(&mut verifier, &phone(&nonce, &format!("{count:08x}"), "s3cret"), NOW);
    for fresh in [1, 10, 16, 256, 255, 193, 192] {
        assert_eq!(outcome(fresh), Outcome::Accepted, "{fresh:x}");
    }
    for used_or_too_old in [256, 255, 193, 192, 191, 1, 10] {
        assert_eq!(outcome(used_or_too_old), Outcome::Stale, "{used_or_too_old:x}");
    }
    assert_eq!(
        [outcome(0xffff_ffff), outcome(0xffff_ffff), outcome(0xffff_fffe)],
        [Outcome::Accepted, Outcome::Stale, Outcome::Accepted]
    );
}

#[test]
fn an_old_nonce_is_stale_only_for_those_who_know_the_password() {
    let mut verifier = verifier();
    let nonce = nonce(&verifier, 1, NOW);
    let later = NOW.plus_secs(601);
    assert_eq!(check(&mut verifier, &phone(&nonce, "00000001", "wrong"), later), Outcome::Wrong);
    assert_eq!(check(&mut verifier, &phone(&nonce, "00000001", "s3cret"), later), Outcome::Stale);
    assert_eq!(
        check(&mut verifier, &phone(&nonce, "00000001", "s3cret"), NOW.plus_secs(600)),
        Outcome::Accepted
    );
    assert!(verifier.challenge(source(), later, [2; 8], true)[0].ends_with(", stale=true"));
}

#[test]
fn a_nonce_of_somebody_else_or_for_another_address_is_foreign() {
    let mut verifier = verifier();
    let good = nonce(&verifier, 1, NOW);
    let other = Verifier::new(DigestRules::new("pbx.example"), [8; 32]);
    let forged = good.replacen('0', "1", 1);
    let other = nonce(&other, 1, NOW);
    for nonce in [&other, &forged, "", "0", &"é".repeat(32), &"f".repeat(64), &format!("+{}", &good[1..])] {
        assert_eq!(
            check(&mut verifier, &phone(nonce, "00000001", "s3cret"), NOW),
            Outcome::Foreign,
            "{nonce}"
        );
    }
    let credentials = Credentials::read(&phone(&good, "00000001", "s3cret")).unwrap().unwrap();
    let elsewhere =
        Asked { method: "REGISTER", uri: "sip:pbx.example", source: "192.0.2.2".parse().unwrap() };
    let stored = Ha1::new("ann", "pbx.example", "s3cret");
    assert_eq!(verifier.check(&credentials, Some(&stored), elsewhere, NOW), Outcome::Foreign);
    let mapped = Asked { source: "::ffff:192.0.2.1".parse().unwrap(), ..elsewhere };
    assert_eq!(verifier.check(&credentials, Some(&stored), mapped, NOW), Outcome::Accepted);
}

#[test]
fn credentials_for_one_request_are_no_good_for_another() {
    let mut verifier = verifier();
    let header = phone(&nonce(&verifier, 1, NOW), "00000001", "s3cret");
    let credentials = Credentials::read(&header).unwrap().unwrap();
    let stored = Ha1::new("ann", "pbx.example", "s3cret");
    let mut outcome = |method, uri| {
        verifier.check(&credentials, Some(&stored), Asked { method, uri, source: source() }, NOW)
    };
    assert_eq!(outcome("REGISTER", "sip:0900666@pbx.example"), Outcome::OtherRequest);
    assert_eq!(outcome("REGISTER", "tel:0900666"), Outcome::OtherRequest);
    assert_eq!(outcome("INVITE", "sip:pbx.example"), Outcome::Wrong);
    // A router rewrote the host.
    assert_eq!(outcome("REGISTER", "sip:192.0.2.99:5060;transport=udp"), Outcome::Accepted);
}

#[test]
fn memory_is_bounded_and_what_was_forgotten_is_not_accepted_again() {
    let mut verifier = verifier();
    let nonces: Vec<String> = (0..5).map(|at| nonce(&verifier, at, NOW.plus_secs(i64::from(at)))).collect();
    let later = NOW.plus_secs(10);
    for nonce in &nonces {
        assert_eq!(check(&mut verifier, &phone(nonce, "00000001", "s3cret"), later), Outcome::Accepted);
    }
    // Room is for three: the first two are forgotten, and nobody can tell which of their counts were used.
    let again: Vec<Outcome> =
        nonces.iter().map(|nonce| check(&mut verifier, &phone(nonce, "00000001", "s3cret"), later)).collect();
    assert_eq!(again, [Outcome::Stale; 5]);
    let next: Vec<Outcome> =
        nonces.iter().map(|nonce| check(&mut verifier, &phone(nonce, "00000002", "s3cret"), later)).collect();
    assert_eq!(
        next,
        [Outcome::Stale, Outcome::Stale, Outcome::Accepted, Outcome::Accepted, Outcome::Accepted]
    );
}

#[test]
fn sha_256_is_offered_first_where_it_is_wanted_and_checked() {
    use sha2::Sha256;
    let sha = |text: &str| Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let rules =
        DigestRules { algorithms: vec![Algorithm::Sha256, Algorithm::Md5], ..DigestRules::new("a \"b\"") };
    let mut verifier = Verifier::new(rules, [9; 32]);
    let challenges = verifier.challenge(source(), NOW, [1; 8], false);
    assert!(
        challenges[0].starts_with("Digest realm=\"a \\\"b\\\"\", nonce=\"")
            && challenges[0].contains("algorithm=SHA-256, qop=\"auth\"")
    );
    assert!(challenges[1].contains("algorithm=MD5"));
    let nonce = challenges[0].split("nonce=\"").nth(1).unwrap().split('"').next().unwrap();
    let (ha1, ha2) = (sha("ann:a \"b\":pw"), sha("INVITE:sip:2@pbx.example"));
    let response = sha(&format!("{ha1}:{nonce}:00000001:x:auth:{ha2}"));
    let header = format!(
        "digest username=ann,realm=\"a \\\"b\\\"\",nonce=\"{nonce}\",uri=\"sip:2@pbx.example\",algorithm=\"sha-256\",\
         qop=\"auth\",nc=00000001,cnonce=\"x\",response=\"{response}\",opaque=\"\""
    );
    let credentials = verifier.credentials(["Basic abc", &header]).unwrap().unwrap();
    let asked = Asked { method: "INVITE", uri: "sip:2@pbx.example", source: source() };
    assert_eq!(
        verifier.check(&credentials, Some(&Ha1::new("ann", "a \"b\"", "pw")), asked, NOW),
        Outcome::Accepted
    );
}

#[test]
fn credentials_that_are_malformed_say_where() {
    let good = phone("n", "00000001", "s3cret");
    assert!(Credentials::read(&good).unwrap().is_some());
    assert_eq!(Credentials::read("NoOneKnowsThisScheme opaque-data=here"), Ok(None));
    for (what, by, why) in [
        ("nc=00000001", "nc=1", BadCredentials::Wrong("nc")),
        ("nc=00000001", "nc=0000000g", BadCredentials::Wrong("nc")),
        ("nc=00000001", "nc=+0000001", BadCredentials::Wrong("nc")),
        ("nc=00000001", "nc=00000000", BadCredentials::Wrong("nc")),
        ("nc=00000001", "x=1", BadCredentials::Missing("nc")),
        ("qop=auth", "qop=auth-int", BadCredentials::Wrong("qop")),
        ("qop=auth, ", "", BadCredentials::Missing("qop")),
        ("algorithm=MD5", "algorithm=MD5-sess", BadCredentials::Wrong("algorithm")),
        ("\"ann\"", "\"ann", BadCredentials::Malformed),
        ("\"ann\"", "\"ann\", username=\"bob\"", BadCredentials::Malformed),
        ("qop=auth", "qop=auth,,", BadCredentials::Malformed),
        ("qop=auth", "qop=a b", BadCredentials::Malformed),
        ("cnonce=", "cno nce=", BadCredentials::Malformed),
    ] {
        assert!(good.contains(what), "{what}");
        assert_eq!(Credentials::read(&good.replace(what, by)), Err(why), "{by}");
    }
    assert_eq!(Credentials::read(&good.replace("ann", &"a".repeat(5_000))), Err(BadCredentials::Malformed));
}

#[test]
fn what_is_stored_does_not_show_itself() {
    let stored = Ha1::new("ann", "pbx.example", "s3cret");
    assert_eq!(format!("{stored:?}"), "Ha1(not shown)");
    let shown = format!("{:?}", Credentials::read(&phone("n", "00000001", "s3cret")).unwrap().unwrap());
    assert!(shown.contains("ann") && !shown.contains("response"), "{shown}");
}

proptest! {
    #[test]
    fn arbitrary_credentials_harm_nobody(text in "(Digest )?(\\PC|[\",=\\\\ ]){0,80}", parts in prop::collection::vec((
        prop::sample::select(vec!["username", "realm", "nonce", "uri", "response", "nc", "cnonce", "qop", "algorithm", "x"]),
        prop_oneof![Just("\"pbx.example\"".to_owned()), Just("auth".to_owned()), Just("00000001".to_owned()), "\\PC{0,70}"],
    ), 0..12)) {
        let built = format!("Digest {}", parts.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(","));
        for header in [text, built] {
            let mut verifier = verifier();
            if let Ok(Some(credentials)) = verifier.credentials([header.as_str()]) {
                let asked = Asked { method: "INVITE", uri: "sip:x", source: source() };
                let outcome = verifier.check(&credentials, Some(&Ha1::new("a", "b", "c")), asked, NOW);
                prop_assert_eq!(outcome, Outcome::Foreign);
            }
        }
    }
}
