//! Guard and limits together.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may end here")]

use touchline_model::Timestamp;
use touchline_telephony::{
    guard::{Door, Dropped, Guard, Peer, Rules, Transport, Verdict},
    limits::{LimitRules, Limits, Rate, Refused, What},
};

const NOW: Timestamp = Timestamp::from_micros(1_800_000_000_000_000);

fn door() -> Door {
    let few = Rate { burst: 3.0, per_second: 1.0 };
    let rules = LimitRules { invites: few, registers: few, failures: 2, ..LimitRules::default() };
    Door::new(Guard::new(Rules::default(), [0; 16]), Limits::new(rules))
}

fn request(method: &str, more: &str) -> Vec<u8> {
    format!(
        "{method} sip:200@pbx.example SIP/2.0\r\nVia: SIP/2.0/UDP a.example;branch=z9hG4bK1;rport\r\n{more}\
         From: <sip:1@a.example>;tag=1\r\nTo: <sip:2@pbx.example>\r\nCall-ID: 1\r\nCSeq: 1 {method}\r\n\r\n"
    )
    .into_bytes()
}

fn peer(last: u8) -> Peer {
    Peer { address: ([192, 0, 2, last], 5_060).into(), transport: Transport::Udp }
}

/// How many of ten such messages pass, and how many are answered.
fn of_ten(door: &mut Door, message: &[u8], last: u8) -> (usize, usize) {
    let verdicts: Vec<Verdict> = (0..10).map(|_| door.receive(message, peer(last), NOW)).collect();
    let count = |which: fn(&Verdict) -> bool| verdicts.iter().filter(|verdict| which(verdict)).count();
    (
        count(|verdict| matches!(verdict, Verdict::Pass(_))),
        count(|verdict| matches!(verdict, Verdict::Answer(_))),
    )
}

#[test]
fn a_flood_of_calls_or_registrations_is_cut_for_its_source_alone() {
    let mut door = door();
    assert_eq!(of_ten(&mut door, &request("INVITE", ""), 1), (3, 0));
    assert_eq!(of_ten(&mut door, &request("INVITE", ""), 2), (3, 0));
    assert_eq!(of_ten(&mut door, &request("REGISTER", ""), 1), (3, 0));
    // Calls that run go on.
    assert_eq!(of_ten(&mut door, &request("OPTIONS", ""), 1), (10, 0));
}

#[test]
fn a_scanner_gets_few_answers() {
    let mut door = door();
    assert_eq!(of_ten(&mut door, &request("MESSAGE", ""), 1), (0, 3));
    assert_eq!(of_ten(&mut door, &request("INVITE", "Require: magic\r\n"), 2), (0, 3));
    let refused = Verdict::Drop(Dropped::Flood(Refused::TooMany(What::Invite)));
    assert_eq!(door.receive(&request("DANCE", ""), peer(1), NOW), refused);
}

#[test]
fn who_is_banned_is_not_heard_until_the_ban_ends() {
    let mut door = door();
    door.limits().failed(peer(1).address.ip(), NOW);
    let until = door.limits().failed(peer(1).address.ip(), NOW).unwrap();
    let options = request("OPTIONS", "");
    assert_eq!(
        door.receive(&options, peer(1), NOW),
        Verdict::Drop(Dropped::Flood(Refused::Banned { until }))
    );
    assert!(matches!(door.receive(&options, peer(2), NOW), Verdict::Pass(_)));
    assert!(matches!(door.receive(&options, peer(1), until), Verdict::Pass(_)));
}
