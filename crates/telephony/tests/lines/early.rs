//! What the telephone network lets a caller hear before somebody has answered.

use crate::{
    CAROL, NETWORK,
    earpiece::Earpiece,
    office::World,
    phone,
    sip::{Message, Phone},
    trunks::trunk,
    until_heard,
};
use std::time::Duration;

const OTHER: f64 = 1777.0;
const STRANGER: f64 = 2357.0;

// covers(sip): T4, L11
#[test]
fn what_the_network_says_is_heard_before_the_answer_and_acknowledged_where_that_is_wanted() {
    let mut world = World::new(45_000);
    let mut carol = phone(&world, "carol", CAROL);
    let mut network = Phone::at("127.0.0.3", world.server, "net", NETWORK);
    world.office.set_trunks(vec![trunk(network.address().to_string(), &[], None)]);
    let sdp = carol.sdp("sendrecv", 1);
    let mut call = carol.call_with("+442079460100", &["Require: 100rel"], &sdp);
    let mut incoming = network.offered();
    assert!(incoming.invite.get("Supported").contains("100rel"), "{:?}", incoming.invite);
    let described = network.sdp("sendrecv", 1);
    network.sound.speak_to(incoming.invite.sound_at());
    let reliable = ["Require: 100rel", "RSeq: 41"];
    network.say(&incoming, 183, &reliable, &described);
    let prack = network.wait("PRACK", |it| it.start.starts_with("PRACK"));
    let of = incoming.invite.get("CSeq").split(' ').next().unwrap();
    assert_eq!(prack.get("RAck"), format!("41 {of} INVITE"));
    assert!(prack.get("To").ends_with(&incoming.tags().0), "{prack:?}");
    network.reply(&prack, 200, &[], "");
    // Said again, it was acknowledged already; said out of turn, it is not yet.
    network.say(&incoming, 183, &reliable, &described);
    network.say(&incoming, 180, &["Require: 100rel", "RSeq: 43"], "");
    let another = |it: &Message| it.start.starts_with("PRACK") && it.get("CSeq") != prack.get("CSeq");
    network.never(Duration::from_millis(300), another);

    let wanted = call.call_id.clone();
    let early = carol.wait("183", |it| it.status() == 183 && it.get("Call-ID") == wanted);
    assert_eq!((early.get("Require"), early.get("RSeq")), ("100rel", "1"));
    carol.sound.speak_to(early.sound_at());
    let mut before = call.clone();
    before.them = early.get("To").to_owned();
    // The answer waits until the caller has the description.
    network.say(&incoming, 200, &[], "");
    network.wait("ACK", |it| it.start.starts_with("ACK"));
    let answered = |it: &Message| it.status() == 200 && it.method() == "INVITE";
    carol.never(Duration::from_millis(300), answered);
    assert_eq!(carol.ask(&mut before, "PRACK", &["RAck: 1 2 INVITE"], "").status(), 200);
    let answer = carol.answered(&mut call);
    assert_eq!(answer.body, "", "it was described reliably, once");
    call.cseq = before.cseq;
    until_heard(&carol, NETWORK, STRANGER);
    until_heard(&network, CAROL, STRANGER);
    carol.hang_up(&mut call);
    network.hung_up(&incoming);

    // Whatever is heard before the answer comes from who was called, and from nobody else.
    let sdp = carol.sdp("sendrecv", 1);
    let call = carol.call_with("+442079460101", &[], &sdp);
    incoming = network.offered();
    let at = incoming.invite.sound_at();
    let stranger = Earpiece::new("127.0.0.9", STRANGER);
    stranger.speak_to(at);
    network.sound.speak_to(at);
    network.say(&incoming, 183, &[], &described);
    let wanted = call.call_id.clone();
    let early = carol.wait("183", |it| it.status() == 183 && it.get("Call-ID") == wanted);
    assert!(early.find("RSeq").is_none() && early.find("Require").is_none(), "{early:?}");
    carol.sound.speak_to(early.sound_at());
    let levels = until_heard(&carol, NETWORK, STRANGER);
    println!("before the answer: {levels:?} dBFS");
    until_heard(&network, CAROL, STRANGER);
    assert_eq!(stranger.packets(), 0, "nothing is sent to a stranger");
    carol.never(Duration::from_millis(100), |it| it.status() == 200 && it.get("Call-ID") == wanted);
    network.refuse(&incoming, 486);
    assert_eq!(carol.refused(&call), 486);
    world.stop();
    assert_eq!(world.office.recorded.lock().unwrap().len(), 1, "what was not answered is not recorded");
}

// covers(sip): T4
#[test]
fn several_telephones_behind_a_number_speak_before_one_of_them_answers() {
    let world = World::new(45_100);
    let mut carol = phone(&world, "carol", CAROL);
    let mut network = Phone::at("127.0.0.3", world.server, "net", NETWORK);
    let other = Earpiece::new("127.0.0.3", OTHER);
    world.office.set_trunks(vec![trunk(network.address().to_string(), &[], None)]);
    let mut call = carol.call("+442079460100");
    let one = network.offered();
    let two = network.fork(&one);
    let described = network.sdp("sendrecv", 1);
    let ports = |port: u16| format!("m=audio {port} ");
    let elsewhere = described.replace(&ports(network.sound.port), &ports(other.port));
    // It rings and could be heard, but says nothing: the caller's telephone makes the tone.
    network.say(&one, 180, &[], &described);
    let ringing = carol.rings_there(&call);
    assert_eq!(ringing.body, "");
    let wanted = call.call_id.clone();
    let early = |it: &Message| it.status() == 183 && it.get("Call-ID") == wanted;
    carol.never(Duration::from_millis(200), early);
    network.sound.speak_to(one.invite.sound_at());
    let heard = carol.wait("183", early);
    carol.sound.speak_to(heard.sound_at());
    until_heard(&carol, NETWORK, OTHER);
    // The next one describes itself, and then it is that one that is heard.
    other.speak_to(one.invite.sound_at());
    network.say(&two, 183, &[], &elsewhere);
    until_heard(&carol, OTHER, NETWORK);
    // The first answers after all, without a description: it has given one.
    network.say(&one, 200, &[], "");
    let ack = network.wait("ACK", |it| it.start.starts_with("ACK"));
    assert!(ack.get("To").ends_with(&one.tags().0), "{ack:?}");
    let answer = carol.answered(&mut call);
    assert!(!answer.body.is_empty(), "what was described unreliably is described again");
    until_heard(&carol, NETWORK, OTHER);
    until_heard(&network, CAROL, OTHER);
    carol.hang_up(&mut call);
    network.hung_up(&one);
}
