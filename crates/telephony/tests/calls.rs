//! Telephones of our own, with real SIP and real sound, call each other through a real endpoint.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

#[path = "phone/earpiece.rs"]
#[allow(dead_code, unreachable_pub, reason = "other tests use the rest of it")]
mod earpiece;
#[path = "phone/office.rs"]
#[allow(dead_code, unreachable_pub, reason = "other tests use the rest of it")]
mod office;
#[path = "phone/sip.rs"]
#[allow(dead_code, unreachable_pub, reason = "other tests use the rest of it")]
mod sip;

use office::World;
use sip::{Call, Phone};
use std::time::Duration;
use touchline_live::{Cause, Command, Mode, Signal};

const CAROL: f64 = 433.0;
const AGNES: f64 = 787.0;
const SUSAN: f64 = 1153.0;
const BERT: f64 = 1777.0;
const HALF: Duration = Duration::from_millis(500);
const SETTLE: Duration = Duration::from_millis(300);

fn hears(phone: &Phone, hertz: f64) -> bool {
    let level = phone.sound.listen(HALF, &[hertz])[0];
    assert!(!(-60.0..-20.0).contains(&level), "{} hears {hertz} Hz at {level} dBFS: neither nor", phone.user);
    level > -20.0
}

fn phone(world: &World, user: &str, hertz: f64) -> Phone {
    let mut phone = Phone::new(world.server, user, hertz);
    assert_eq!(phone.register(600).status(), 200);
    phone
}

/// Carol calls Agnes, who answers.
fn talking(world: &World) -> (Phone, Call, Phone, Call) {
    let (mut carol, mut agnes) = (phone(world, "carol", CAROL), phone(world, "agnes", AGNES));
    let mut outgoing = carol.call("1001");
    let mut incoming = agnes.ringing();
    carol.rings_there(&outgoing);
    agnes.answer(&mut incoming);
    carol.answered(&mut outgoing);
    std::thread::sleep(SETTLE);
    (carol, outgoing, agnes, incoming)
}

// covers(sip): L1, L2
#[test]
fn a_telephone_registers_with_its_password_alone_and_for_as_long_as_it_says() {
    let world = World::new(44_000);
    let mut carol = Phone::new(world.server, "carol", CAROL);
    let registered = carol.register(600);
    assert_eq!(registered.status(), 200);
    assert!(registered.get("Contact").contains(&carol.address().to_string()), "{registered:?}");
    assert_eq!(world.office.reachable.lock().unwrap().get("carol"), Some(&true));
    let brief = carol.register(10);
    assert_eq!((brief.status(), brief.get("Min-Expires")), (423, "60"));
    assert_eq!(carol.register(0).status(), 200);
    assert_eq!(world.office.reachable.lock().unwrap().get("carol"), Some(&false));
    let mut thief = Phone::new(world.server, "carol", CAROL).with_password("guessed");
    assert_eq!(thief.register(600).status(), 401);
    let mut nobody = Phone::new(world.server, "nobody", CAROL);
    assert_eq!(nobody.register(600).status(), 401, "who is not there looks like who gave a wrong password");
    let options = carol.options();
    assert!(options.status() == 200 && options.get("Allow").contains("REFER"), "{options:?}");
}

// covers(sip): L3, L16
#[test]
fn two_telephones_hear_each_other_and_the_call_ends_when_one_hangs_up() {
    let world = World::new(44_100);
    let (mut carol, mut call, mut agnes, incoming) = talking(&world);
    assert!(incoming.invite.get("From").starts_with("\"Some 'One'\" <sip:1000@"), "{:?}", incoming.invite);
    assert!(hears(&carol, AGNES) && hears(&agnes, CAROL));
    carol.sound.press("15");
    std::thread::sleep(Duration::from_millis(600));
    assert_eq!(agnes.sound.pressed(), "15");
    let lines = "Signal=9\r\nDuration=160\r\n";
    assert_eq!(carol.ask(&mut call, "INFO", &[], lines).status(), 200);
    std::thread::sleep(HALF);
    assert_eq!(agnes.sound.pressed(), "159");
    carol.hang_up(&mut call);
    agnes.hung_up(&incoming);
    let packets = agnes.sound.packets();
    std::thread::sleep(HALF);
    assert_eq!(agnes.sound.packets(), packets, "nothing is sent after the end");
}

// covers(sip): L3, L4
#[test]
fn who_is_called_may_hang_up_be_busy_or_not_answer_and_the_caller_is_told() {
    let world = World::new(44_200);
    let (mut carol, call, mut agnes, mut incoming) = talking(&world);
    agnes.hang_up(&mut incoming);
    carol.hung_up(&call);
    for (code, cause, told) in [
        (486, Cause::Busy, 486),
        (600, Cause::Busy, 486),
        (603, Cause::Declined, 603),
        (302, Cause::Unreachable, 404),
        (480, Cause::NoAnswer, 480),
    ] {
        let call = carol.call("1001");
        let incoming = agnes.ringing();
        agnes.refuse(&incoming, code);
        assert_eq!(carol.refused(&call), told, "{code}");
        let last = world.office.signals.lock().unwrap().last().cloned();
        assert!(matches!(last, Some(Signal::Failed(_, told)) if told == cause), "{code}: {last:?}");
    }
    let call = carol.call("1002");
    assert_eq!(carol.refused(&call), 404, "Bert has no telephone that is on");
    world.office.command("agnes", Command::DoNotDisturb(true));
    let call = carol.call("1001");
    assert_eq!(carol.refused(&call), 486, "who wants no calls is busy");
    agnes.never(Duration::from_millis(100), |it| it.start.starts_with("INVITE"));
    let call = carol.call("4711");
    assert_eq!(carol.refused(&call), 404, "nobody has that number");
}

// covers(sip): L5
#[test]
fn a_caller_who_gives_up_stops_the_ringing_also_when_it_has_hardly_begun() {
    let world = World::new(44_300);
    let (mut carol, mut agnes) = (phone(&world, "carol", CAROL), phone(&world, "agnes", AGNES));
    let call = carol.call("1001");
    let incoming = agnes.ringing();
    carol.rings_there(&call);
    carol.cancel(&call);
    assert_eq!(carol.refused(&call), 487);
    agnes.taken_back(&incoming);
    // The telephone has said nothing when the caller gives up: it may be told only after it has.
    let call = carol.call("1001");
    let mut incoming = agnes.offered();
    carol.cancel(&call);
    assert_eq!(carol.refused(&call), 487);
    agnes.never(Duration::from_millis(200), |it| it.start.starts_with("CANCEL"));
    agnes.ring(&mut incoming);
    agnes.taken_back(&incoming);
    // It answers in the same moment: it is acknowledged, and hung up.
    let call = carol.call("1001");
    let mut incoming = agnes.offered();
    carol.cancel(&call);
    assert_eq!(carol.refused(&call), 487);
    agnes.answer(&mut incoming);
    agnes.hung_up(&incoming);
}

// covers(sip): L6
#[test]
fn all_telephones_of_a_person_ring_and_the_first_that_answers_has_the_call() {
    let world = World::new(44_400);
    let (mut carol, mut desk, mut mobile) =
        (phone(&world, "carol", CAROL), phone(&world, "agnes", AGNES), phone(&world, "agnes", BERT));
    let mut call = carol.call("1001");
    let (mut at_desk, at_mobile) = (desk.ringing(), mobile.ringing());
    desk.answer(&mut at_desk);
    mobile.taken_back(&at_mobile);
    carol.answered(&mut call);
    std::thread::sleep(SETTLE);
    assert!(hears(&carol, AGNES) && !hears(&carol, BERT));
    carol.hang_up(&mut call);
    desk.hung_up(&at_desk);
    // One is busy, the other answers.
    let mut call = carol.call("1001");
    let (at_desk, mut at_mobile) = (desk.ringing(), mobile.ringing());
    desk.refuse(&at_desk, 486);
    mobile.answer(&mut at_mobile);
    carol.answered(&mut call);
}

// covers(sip): L7
#[test]
fn a_call_is_held_and_taken_up_again_and_the_exchange_knows() {
    let world = World::new(44_500);
    let (carol, _call, mut agnes, mut incoming) = talking(&world);
    let answer = agnes.hold(&mut incoming, true);
    assert!(answer.body.contains("a=recvonly"), "{answer:?}");
    std::thread::sleep(SETTLE);
    assert!(!hears(&carol, AGNES) && !hears(&agnes, CAROL));
    agnes.hold(&mut incoming, false);
    std::thread::sleep(SETTLE);
    assert!(hears(&carol, AGNES) && hears(&agnes, CAROL));
    let signals = world.office.signals.lock().unwrap();
    let holds: Vec<bool> = signals
        .iter()
        .filter_map(|it| if let Signal::Holds(_, on) = it { Some(*on) } else { None })
        .collect();
    assert_eq!(holds, [true, false]);
}

// covers(sip): L8
#[test]
fn a_call_without_a_description_gets_ours_and_answers_in_its_acknowledgement() {
    let world = World::new(44_600);
    let (mut carol, mut agnes) = (phone(&world, "carol", CAROL), phone(&world, "agnes", AGNES));
    let mut call = carol.call_with("1001", &[], "");
    let mut incoming = agnes.ringing();
    agnes.answer(&mut incoming);
    let sdp = carol.sdp("sendrecv", 1);
    carol.acknowledge_with(&mut call, &sdp);
    std::thread::sleep(SETTLE);
    assert!(hears(&carol, AGNES) && hears(&agnes, CAROL));
    let call = carol.call_with(
        "1001",
        &[],
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=video 9 RTP/AVP 96\r\n",
    );
    assert_eq!(carol.refused(&call), 488);
}

// covers(sip): L9, M4
#[test]
fn a_call_is_handed_over_to_a_number_and_the_caller_notices_no_more_than_ringing() {
    let world = World::new(44_700);
    let (mut carol, _call, mut agnes, mut incoming) = talking(&world);
    let mut bert = phone(&world, "bert", BERT);
    let refer_to = format!("Refer-To: <sip:1002@{}>", world.server);
    assert_eq!(agnes.ask(&mut incoming, "REFER", &[&refer_to], "").status(), 202);
    let trying = agnes.notified("refer");
    assert!(trying.body.starts_with("SIP/2.0 100") && trying.get("Subscription-State").starts_with("active"));
    let done = agnes.notified("refer");
    assert!(done.body.starts_with("SIP/2.0 200") && done.get("Subscription-State").starts_with("terminated"));
    agnes.hung_up(&incoming);
    let mut at_bert = bert.ringing();
    let ringback = carol.sound.listen(Duration::from_millis(600), &[425.0])[0];
    assert!(ringback > -30.0, "{ringback}");
    bert.answer(&mut at_bert);
    std::thread::sleep(SETTLE);
    assert!(hears(&carol, BERT) && hears(&bert, CAROL));
    carol.never(Duration::from_millis(50), |it| it.status() == 0);
}

// covers(sip): L10
#[test]
fn a_call_is_handed_over_after_having_asked() {
    let world = World::new(44_800);
    let (carol, _call, mut agnes, mut incoming) = talking(&world);
    let mut bert = phone(&world, "bert", BERT);
    agnes.hold(&mut incoming, true);
    let mut asking = agnes.call("1002");
    let mut at_bert = bert.ringing();
    bert.answer(&mut at_bert);
    agnes.answered(&mut asking);
    std::thread::sleep(SETTLE);
    assert!(hears(&bert, AGNES) && !hears(&bert, CAROL));
    let (ours, theirs) = asking.tags();
    let refer_to = format!(
        "Refer-To: <sip:1002@{}?Replaces={}%3Bto-tag%3D{theirs}%3Bfrom-tag%3D{ours}>",
        world.server, asking.call_id
    );
    assert_eq!(agnes.ask(&mut incoming, "REFER", &[&refer_to], "").status(), 202);
    agnes.hung_up(&incoming);
    agnes.hung_up(&asking);
    std::thread::sleep(SETTLE);
    assert!(hears(&carol, BERT) && hears(&bert, CAROL));
    let unknown = format!("Refer-To: <sip:1@{}?Replaces=x%3Bto-tag%3D1%3Bfrom-tag%3D2>", world.server);
    assert_eq!(bert.ask(&mut at_bert, "REFER", &[&unknown], "").status(), 481);
}

// covers(sip): L15, M1, M5
// covers(genesys): S8.1, S8.2, OC-76
#[test]
fn a_supervisors_whisper_is_for_the_agent_and_never_for_the_customer() {
    let mut world = World::new(44_900);
    let (mut carol, mut call, agnes, incoming) = talking(&world);
    let mut susan = phone(&world, "susan", SUSAN);
    let id = world.office.call_of("agnes");
    world.office.watch(Mode::Coach, "agnes");
    let mut watching = susan.ringing();
    assert!(watching.invite.get("Call-Info").contains("answer-after=0"), "{:?}", watching.invite);
    susan.answer(&mut watching);
    std::thread::sleep(SETTLE);
    let at_carol = carol.sound.listen(Duration::from_secs(1), &[AGNES, SUSAN]);
    assert!(at_carol[0] > -13.0 && at_carol[1] < -60.0, "the customer: {at_carol:?}");
    let at_agnes = agnes.sound.listen(HALF, &[CAROL, SUSAN]);
    assert!(at_agnes[0] > -14.0 && at_agnes[1] > -14.0, "the agent: {at_agnes:?}");
    assert!(hears(&susan, CAROL) && hears(&susan, AGNES));
    carol.hang_up(&mut call);
    let mut agnes = agnes;
    agnes.hung_up(&incoming);
    susan.hung_up(&watching);
    world.stop();
    let recorded = world.office.recorded.lock().unwrap();
    let (call, recording) = &recorded[0];
    assert_eq!((*call, recording.cut), (id, false));
    let bytes = std::fs::read(&recording.customer_facing).unwrap();
    let samples: Vec<i16> = bytes[44..].chunks(2).map(|it| i16::from_le_bytes([it[0], it[1]])).collect();
    let level = |track: usize, hertz| {
        let track: Vec<i16> = samples.iter().skip(track).step_by(2).copied().collect();
        touchline_media::level::tone(&track, hertz, 8000)
    };
    // Among ourselves, the caller has the customer's side.
    assert!(level(0, CAROL) > -30.0 && level(1, AGNES) > -30.0, "{} {}", level(0, CAROL), level(1, AGNES));
    assert!(level(0, AGNES) < -70.0 && level(0, SUSAN) < -70.0 && level(1, SUSAN) < -70.0);
    assert!(recording.coach.is_some());
}

// covers(sip): M6
#[test]
fn a_killed_server_leaves_a_recording_that_the_next_one_hands_over() {
    let mut world = World::new(45_000);
    let (carol, _call, agnes, _incoming) = talking(&world);
    let id = world.office.call_of("agnes");
    std::thread::sleep(Duration::from_secs(2));
    // Nothing is closed, nothing is told: the folder is all that the next one has.
    let left = world.folder.path().join("live-recordings");
    let copied = tempfile::tempdir().unwrap();
    let status = std::process::Command::new("cp").arg("-r").arg(&left).arg(copied.path()).status().unwrap();
    assert!(status.success());
    let from = copied.path().join("live-recordings");
    let mut next = World::with(45_100, |rules| rules.recordings = from, |_| {});
    next.stop();
    let recorded = next.office.recorded.lock().unwrap();
    let (call, recording) = &recorded[0];
    assert_eq!((recorded.len(), *call, recording.cut), (1, id, true));
    let bytes = std::fs::read(&recording.customer_facing).unwrap();
    assert!(bytes.len() > 44 + 16_000 * 2, "more than a second: {}", bytes.len());
    assert_eq!(u32::from_le_bytes(bytes[40..44].try_into().unwrap()) as usize, bytes.len() - 44);
    drop((carol, agnes));
    world.stop();
}

// covers(sip): M6
#[test]
fn an_endpoint_that_stops_hangs_up_and_hands_its_recordings_over() {
    let mut world = World::new(45_200);
    let (mut carol, call, mut agnes, incoming) = talking(&world);
    std::thread::sleep(HALF);
    let waiting = std::thread::spawn(move || {
        carol.hung_up(&call);
        agnes.hung_up(&incoming);
    });
    world.stop();
    waiting.join().unwrap();
    let recorded = world.office.recorded.lock().unwrap();
    assert_eq!((recorded.len(), recorded[0].1.cut, recorded[0].1.coach.clone()), (1, false, None));
    assert!(std::fs::read_dir(world.folder.path().join("live-recordings/acme")).unwrap().next().is_none());
}
