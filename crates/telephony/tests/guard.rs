//! What the guard answers, word for word, and what it refuses beyond the torture messages.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may end here")]

use std::net::SocketAddr;
use touchline_telephony::guard::{
    Answer, Dropped, Guard, MessageKind, Peer, Problem, Rules, Transport, Verdict,
};

fn guard() -> Guard {
    Guard::new(Rules::default(), [7; 16])
}

fn from(address: &str, transport: Transport) -> Peer {
    Peer { address: address.parse().unwrap(), transport }
}

fn udp() -> Peer {
    from("203.0.113.9:5081", Transport::Udp)
}

/// A sound INVITE whose lines can be changed: what to replace, and by what.
fn invite(changes: &[(&str, &str)]) -> String {
    let mut text = String::from(
        "INVITE sip:200@pbx.example SIP/2.0\r\n\
         Via: SIP/2.0/UDP 192.0.2.1:5070;branch=z9hG4bKabc;rport\r\n\
         Max-Forwards: 70\r\n\
         From: \"Ann\" <sip:100@pbx.example>;tag=f1\r\n\
         To: <sip:200@pbx.example>\r\n\
         Call-ID: call-1\r\n\
         CSeq: 1 INVITE\r\n\
         Contact: <sip:100@192.0.2.1:5070>\r\n\
         Content-Type: application/sdp\r\n\
         Content-Length: 5\r\n\
         \r\n\
         v=0\r\n",
    );
    for (what, by) in changes {
        assert!(text.contains(what), "`{what}` is not in the message");
        text = text.replace(what, by);
    }
    text
}

fn inspect(message: &str) -> Verdict {
    guard().inspect(message.as_bytes(), udp())
}

fn answer(message: &str) -> Answer {
    match inspect(message) {
        Verdict::Answer(answer) => answer,
        other => panic!("{other:?}\n{message}"),
    }
}

fn text(answer: &Answer) -> String {
    String::from_utf8(answer.bytes.clone()).unwrap()
}

#[test]
fn a_sound_call_passes() {
    let Verdict::Pass(passed) = inspect(&invite(&[])) else { panic!() };
    assert_eq!(passed.kind, MessageKind::Request("INVITE"));
    assert_eq!(String::from_utf8(passed.bytes).unwrap(), invite(&[]));
}

#[test]
fn an_answer_repeats_what_rfc_3261_wants_and_goes_where_the_request_came_from() {
    let answer = answer(&invite(&[
        ("CSeq: 1 INVITE", "CSeq: 1 BYE"),
        ("Max-Forwards: 70", "v: SIP/2.0/TCP a.example;branch=z9hG4bKx"),
    ]));
    assert_eq!((answer.code, answer.to), (400, udp().address));
    let text = text(&answer);
    let tag: String = text.split(";tag=").nth(2).unwrap().chars().take(16).collect();
    assert!(tag.bytes().all(|byte| byte.is_ascii_hexdigit()), "{tag}");
    assert_eq!(
        text,
        format!(
            "SIP/2.0 400 CSeq names another method\r\n\
             Via: SIP/2.0/UDP 192.0.2.1:5070;branch=z9hG4bKabc;received=203.0.113.9;rport=5081\r\n\
             Via: SIP/2.0/TCP a.example;branch=z9hG4bKx\r\n\
             From: \"Ann\" <sip:100@pbx.example>;tag=f1\r\n\
             To: <sip:200@pbx.example>;tag={tag}\r\n\
             Call-ID: call-1\r\n\
             CSeq: 1 BYE\r\n\
             Content-Length: 0\r\n\
             \r\n"
        )
    );
}

#[test]
fn without_rport_the_answer_goes_to_the_port_of_the_via_and_over_a_connection_back_on_it() {
    let message = invite(&[(";rport", ""), ("SIP/2.0\r\nVia", "SIP/3.0\r\nVia")]);
    assert_eq!(answer(&message).to, "203.0.113.9:5070".parse::<SocketAddr>().unwrap());
    let tcp = from("[2001:db8::7]:40000", Transport::Tcp);
    let Verdict::Answer(answer) = guard().inspect(message.as_bytes(), tcp) else { panic!() };
    assert_eq!((answer.code, answer.to), (505, tcp.address));
    assert!(
        text(&answer).contains("Via: SIP/2.0/UDP 192.0.2.1:5070;branch=z9hG4bKabc;received=2001:db8::7\r\n")
    );
}

#[test]
fn a_retransmission_gets_the_same_tag_another_call_another_and_the_acknowledgement_goes_no_further() {
    let refused = invite(&[("CSeq: 1 INVITE", "CSeq: 1 INVITE\r\nRequire: magic")]);
    let first = text(&answer(&refused));
    assert_eq!(first, text(&answer(&refused)));
    let tag = |text: &str| {
        text.lines().find(|line| line.starts_with("To:")).unwrap().split(";tag=").nth(1).unwrap().to_owned()
    };
    assert_ne!(tag(&first), tag(&text(&answer(&refused.replace("call-1", "call-2")))));
    let ack = |tag: &str| {
        invite(&[
            ("INVITE", "ACK"),
            ("To: <sip:200@pbx.example>", &format!("To: <sip:200@pbx.example>;tag={tag}")),
        ])
    };
    assert_eq!(inspect(&ack(&tag(&first))), Verdict::Drop(Dropped::OwnAnswer));
    assert!(matches!(inspect(&ack("somebody-elses")), Verdict::Pass(_)));
    // Through a proxy the request had two Vias; the proxy acknowledges with its own.
    let proxied = refused.replace(";rport\r\n", ";rport, SIP/2.0/UDP b.example;branch=z9hG4bKb\r\n");
    assert_eq!(inspect(&ack(&tag(&text(&answer(&proxied))))), Verdict::Drop(Dropped::OwnAnswer));
}

#[test]
fn each_refusal_has_its_code_and_what_the_sender_needs_to_know() {
    let bye = |to: &str| invite(&[("INVITE", "BYE"), ("To: <sip:200@pbx.example>", to)]);
    let method = |name: &str| invite(&[("INVITE", name)]);
    let long = "x".repeat(5_000);
    let many = "X-Y: z\r\n".repeat(130);
    let allow = "Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, REGISTER, PRACK, UPDATE, REFER, INFO, NOTIFY\r\n";
    for (message, code, also) in [
        (method("DANCE"), 501, allow),
        (method("SUBSCRIBE"), 405, allow),
        (method("MESSAGE"), 405, allow),
        (method("PUBLISH"), 405, allow),
        (method("REFER"), 403, ""),
        (method("NOTIFY"), 481, ""),
        (method("PRACK"), 481, ""),
        (bye("To: <sip:200@pbx.example>"), 481, ""),
        (invite(&[("sip:200@pbx.example SIP", "http://pbx.example SIP")]), 416, ""),
        (invite(&[("sip:200@pbx.example SIP", "sip:200@pbx..example SIP")]), 400, "Malformed Request-URI"),
        (invite(&[("CSeq", "Require: timer, a\r\nRequire: b\r\nCSeq")]), 420, "Unsupported: a, b\r\n"),
        (invite(&[("Max-Forwards: 70", "Max-Forwards: 0")]), 483, ""),
        (invite(&[("Max-Forwards: 70", "Max-Forwards: 256")]), 400, "Malformed Max-Forwards"),
        (invite(&[("Max-Forwards: 70", "Max-Forwards: -1")]), 400, "Malformed Max-Forwards"),
        (invite(&[("Call-ID: call-1", "Call-ID: call-1\r\ni: call-2")]), 400, "More than one Call-ID"),
        (invite(&[("Length: 5", "Length: 6")]), 400, "Content-Length is larger than the message"),
        (invite(&[("Length: 5", "Length: 16385")]), 413, ""),
        (invite(&[("Length: 5", "Length: 99999999999999999999")]), 400, "Malformed Content-Length"),
        (invite(&[("Length: 5", "Length: +5")]), 400, "Malformed Content-Length"),
        (invite(&[("application/sdp", "text/plain")]), 415, "Accept: application/sdp\r\n"),
        (
            invite(&[("application/sdp", "application/sdp\r\nContent-Encoding: gzip")]),
            415,
            "Accept-Encoding: identity\r\n",
        ),
        (invite(&[("Content-Type: application/sdp\r\n", "")]), 400, "Missing Content-Type"),
        (invite(&[(";tag=f1", "")]), 400, "Missing tag in From"),
        (invite(&[("\"Ann\"", "\"A\0nn\"")]), 400, "Control character in the header"),
        (invite(&[("Max-Forwards: 70", "Max-Forwards: 70\rX: y")]), 400, "CR or LF alone"),
        (invite(&[("Max-Forwards: 70", "Max-Forwards: 70\nX: y")]), 400, "CR or LF alone"),
        (invite(&[("Max-Forwards: 70", "Max Forwards: 70")]), 400, "Malformed header line"),
        (invite(&[("<sip:100@192.0.2.1:5070>", "*")]), 400, "Malformed Contact"),
        (invite(&[("Max-Forwards: 70", &format!("X: {long}"))]), 513, ""),
        (invite(&[("Content-Type", &format!("{many}Content-Type"))]), 513, ""),
        (invite(&[("v=0\r\n", &"v".repeat(40_000))]), 513, ""),
        (invite(&[("Content-Type", &format!("X: {}\r\nContent-Type", "y\r\n ".repeat(5_000)))]), 513, ""),
    ] {
        let answer = answer(&message);
        let text = text(&answer);
        assert!(answer.code == code && text.contains(also), "wanted {code} {also}, got {text}");
        assert!(
            text.ends_with("Content-Length: 0\r\n\r\n") && text.starts_with(&format!("SIP/2.0 {code} ")),
            "{text}"
        );
    }
}

#[test]
fn an_answer_never_holds_a_line_that_the_sender_smuggled_in() {
    let text = text(&answer(&invite(&[("call-1", "call-1\nX-Evil: 1"), ("\"Ann\"", "\"Ann\rX-Evil: 2\"")])));
    assert!(
        text.split("\r\n").all(|line| !line.starts_with("X-Evil") && !line.contains(['\r', '\n'])),
        "{text}"
    );
}

#[test]
fn nobody_is_answered_who_cannot_be_or_must_not_be() {
    for (message, why) in [
        ("\r\n\r\n".to_owned(), Dropped::KeepAlive),
        ("\0".to_owned(), Dropped::KeepAlive),
        ("GET / HTTP/1.1\r\n\r\n".to_owned(), Dropped::NotSip),
        ("\u{16}\u{3}\u{1}".to_owned(), Dropped::NotSip),
        (invite(&[("Call-ID: call-1\r\n", "")]), Dropped::Unanswerable(Problem::Missing("Call-ID"))),
        (invite(&[("INVITE sip", "ACK sip")]), Dropped::Ack(Problem::CSeqMethod)),
    ] {
        assert_eq!(inspect(&message), Verdict::Drop(why), "{message:?}");
    }
}

#[test]
fn responses_pass_when_they_are_ours_and_sound() {
    let response = |start: &str| invite(&[("INVITE sip:200@pbx.example SIP/2.0", start)]);
    let kind = |start: &str| match inspect(&response(start)) {
        Verdict::Pass(passed) => Ok(passed.kind),
        Verdict::Drop(why) => Err(why),
        Verdict::Answer(answer) => panic!("a response was answered: {answer:?}"),
    };
    assert_eq!(kind("SIP/2.0 180 Ringing"), Ok(MessageKind::Response(180)));
    assert_eq!(kind("sip/2.0 699"), Ok(MessageKind::Response(699)));
    for start in
        ["SIP/2.0 99 x", "SIP/2.0 700 x", "SIP/2.0 0200 OK", "SIP/2.0 +20 OK", "SIP/2.0", "SIP/2.0  200 OK"]
    {
        assert_eq!(kind(start), Err(Dropped::Response(Problem::StartLine)), "{start}");
    }
    assert_eq!(kind("SIP/3.0 200 OK"), Err(Dropped::Response(Problem::Version)));
}

#[test]
fn over_a_stream_the_length_is_a_must_and_over_a_datagram_it_is_added() {
    let message = invite(&[("Content-Length: 5\r\n", "")]);
    let Verdict::Pass(passed) = inspect(&message) else { panic!() };
    assert!(String::from_utf8(passed.bytes).unwrap().ends_with("\r\nContent-Length: 5\r\n\r\nv=0\r\n"));
    let at = |transport| guard().inspect(message.as_bytes(), from("192.0.2.1:5070", transport));
    assert!(matches!(at(Transport::Ws), Verdict::Pass(_)));
    assert!(
        matches!(at(Transport::Tcp), Verdict::Answer(answer) if answer.problem == Problem::Missing("Content-Length"))
    );
}

#[test]
fn what_a_phone_may_leave_open_is_left_open() {
    for changes in [
        [(
            "Contact: <sip:100@192.0.2.1:5070>",
            "Contact: \"*\" <sips:100@[2001:db8::1]:5071;ob>;+sip.instance=\"<urn:uuid:1>\"",
        )],
        [(
            "Content-Type: application/sdp",
            "Content-Type: application/isup\r\nContent-Disposition: signal ; handling = optional",
        )],
        [("sip:200@pbx.example SIP", "tel:+49-30-1234;phone-context=x SIP")],
        [("sip:200@pbx.example SIP", "sip:*21#@pbx.example;user=phone SIP")],
        [("\"Ann\"", "Ännchen von (Tharau)")],
        [("From: \"Ann\" <sip:100@pbx.example>", "From: <mailto:ann@pbx.example>")],
    ] {
        assert!(
            matches!(inspect(&invite(&changes)), Verdict::Pass(_)),
            "{changes:?}: {:?}",
            inspect(&invite(&changes))
        );
    }
}
