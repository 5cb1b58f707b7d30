//! Within a call, and while it rings: reliable answers, requests, session timers.

use crate::{AGNES, CAROL, SETTLE, hears, office::World, phone, sip::Message, talking};
use std::time::Duration;
use touchline_live::{CallCommand, Command};

// covers(sip): L11
#[test]
fn ringing_is_acknowledged_where_the_caller_wants_that() {
    let world = World::new(46_300);
    let (mut carol, mut agnes) = (phone(&world, "carol", CAROL), phone(&world, "agnes", AGNES));
    let sdp = carol.sdp("sendrecv", 1);
    let mut call = carol.call_with("1001", &["Require: 100rel"], &sdp);
    let mut incoming = agnes.ringing();
    let ringing = carol.rings_there(&call);
    assert_eq!((ringing.get("Require"), ringing.get("RSeq")), ("100rel", "1"));
    let again = carol.rings_there(&call);
    assert_eq!(again.get("RSeq"), "1", "until it is acknowledged, it is said again");
    let mut early = call.clone();
    early.them = ringing.get("To").to_owned();
    assert_eq!(carol.ask(&mut early, "PRACK", &["RAck: 7 2 INVITE"], "").status(), 481);
    assert_eq!(carol.ask(&mut early, "PRACK", &["RAck: 1 2 INVITE"], "").status(), 200);
    carol.never(Duration::from_millis(1500), |it| it.status() == 180);
    agnes.answer(&mut incoming);
    carol.answered(&mut call);
    call.cseq = early.cseq;
    carol.hang_up(&mut call);
    agnes.hung_up(&incoming);
}

// covers(sip): L12, L13
#[test]
fn requests_within_a_call_are_answered_as_the_standards_want() {
    let world = World::new(46_400);
    let (mut carol, mut call, mut agnes, mut incoming) = talking(&world);
    let sdp = carol.sdp("sendrecv", 9);
    let brief = carol.ask(&mut call, "UPDATE", &["Session-Expires: 60", "Supported: timer"], &sdp);
    assert_eq!((brief.status(), brief.get("Min-SE")), (422, "90"));
    let fine = carol.ask(&mut call, "UPDATE", &["Session-Expires: 120", "Supported: timer"], &sdp);
    assert_eq!((fine.status(), fine.get("Session-Expires")), (200, "120;refresher=uac"));
    assert!(fine.body.contains("m=audio"), "{fine:?}");
    let empty = carol.ask(&mut call, "UPDATE", &[], "");
    assert!(empty.status() == 200 && empty.body.is_empty());
    let bad =
        "v=0\r\no=- 1 9 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 96\r\n";
    assert_eq!(carol.ask(&mut call, "INVITE", &[], bad).status(), 488);
    assert!(hears(&carol, AGNES), "the call goes on as it was");
    for method in ["OPTIONS", "NOTIFY"] {
        assert_eq!(carol.ask(&mut call, method, &["Event: x"], "").status(), 200, "{method}");
    }
    assert_eq!(carol.ask(&mut call, "REFER", &[], "").status(), 400);
    assert_eq!(carol.ask(&mut call, "PRACK", &["RAck: 1 1 INVITE"], "").status(), 481);
    let mut old = call.clone();
    old.cseq = 3;
    assert_eq!(carol.ask(&mut old, "OPTIONS", &[], "").status(), 500, "older than what was seen");
    let mut unknown = call.clone();
    unknown.them = "<sip:1001@x>;tag=nobody".into();
    assert_eq!(carol.ask(&mut unknown, "BYE", &[], "").status(), 481);
    // The other side asks for our description.
    let offered = agnes.ask(&mut incoming, "UPDATE", &[], "");
    assert_eq!(offered.status(), 200);
    carol.hang_up(&mut call);
    agnes.hung_up(&incoming);
    assert_eq!(carol.ask(&mut call, "BYE", &[], "").status(), 200, "a moment later the line still knows");
}

// covers(sip): L13, L14
#[test]
fn we_show_that_we_are_there_and_give_up_who_does_not() {
    let world = World::with(46_900, |rules| rules.session_least = 2, |_| {});
    let (mut carol, mut agnes) = (phone(&world, "carol", CAROL), phone(&world, "agnes", AGNES));
    let mut call = carol.call("1001");
    let mut incoming = agnes.ringing();
    assert_eq!(incoming.invite.get("Session-Expires"), "1800");
    agnes.answer_with(&mut incoming, &["Session-Expires: 4;refresher=uac", "Require: timer"]);
    carol.answered(&mut call);
    // Agnes knows no UPDATE, so she is described to again; both at once first.
    let again = |it: &Message| it.start.starts_with("INVITE") && it.get("To").contains(";tag=");
    let refresh = agnes.wait("INVITE", again);
    assert_eq!(refresh.get("Session-Expires"), "4;refresher=uac");
    let sdp = agnes.sdp("sendrecv", 5);
    assert_eq!(agnes.ask(&mut incoming, "INVITE", &[], &sdp).status(), 491);
    agnes.reply(&refresh, 491, &[], "");
    let refresh = agnes.wait("INVITE", |it| again(it) && it.get("CSeq") != refresh.get("CSeq"));
    let body = agnes.sdp("sendrecv", 1);
    agnes.reply(
        &refresh,
        200,
        &["Allow: INVITE, ACK, BYE, UPDATE", "Session-Expires: 4;refresher=uac"],
        &body,
    );
    agnes.wait("ACK", |it| {
        it.start.starts_with("ACK")
            && it.get("CSeq").split(' ').next() == refresh.get("CSeq").split(' ').next()
    });
    std::thread::sleep(SETTLE);
    assert!(hears(&carol, AGNES) && hears(&agnes, CAROL));
    // Now she has said that she knows UPDATE, and then she knows nothing of a call any more.
    let update = agnes.wait("UPDATE", |it| it.start.starts_with("UPDATE"));
    assert!(update.body.is_empty());
    agnes.reply(&update, 481, &[], "");
    agnes.hung_up(&incoming);
    carol.hung_up(&call);
    // The caller promises to show up, and never does.
    let sdp = carol.sdp("sendrecv", 1);
    let mut call = carol.call_with("1001", &["Session-Expires: 3;refresher=uac", "Supported: timer"], &sdp);
    let mut incoming = agnes.ringing();
    agnes.answer(&mut incoming);
    let answer = carol.answered(&mut call);
    assert_eq!(answer.get("Session-Expires"), "3;refresher=uac");
    agnes.hung_up(&incoming);
    carol.hung_up(&call);
}

// covers(sip): L15
#[test]
fn a_telephone_that_rings_is_asked_to_answer() {
    let world = World::new(47_900);
    let (mut carol, mut agnes) = (phone(&world, "carol", CAROL), phone(&world, "agnes", AGNES));
    let mut call = carol.call("1001");
    let mut incoming = agnes.ringing();
    carol.rings_there(&call);
    let id = world.office.call_of("agnes");
    world.office.command("agnes", Command::Call(id, CallCommand::Answer));
    let talk = agnes.notified("talk");
    assert_eq!(talk.get("Call-ID"), incoming.call_id);
    agnes.answer(&mut incoming);
    carol.answered(&mut call);
}
