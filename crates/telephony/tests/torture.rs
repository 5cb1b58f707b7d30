//! The messages of RFC 4475 and RFC 5118, each with what the guard does to it and why.
//!
//! The messages are files under `torture/`, byte for byte as the RFCs give them. The table here is the truth;
//! `docs/conformance/sip-torture.md` must show the same rows.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may end here")]

#[path = "torture/table.rs"]
mod table;

use std::{fs, path::Path};
use table::{CASES, Case};
use touchline_telephony::guard::{Dropped, Guard, Peer, Rules, Transport, Verdict};

const PEER: Peer = Peer {
    address: std::net::SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::new(203, 0, 113, 9)), 5081),
    transport: Transport::Udp,
};

fn message(case: &Case) -> Vec<u8> {
    let file =
        Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/torture/{}/{}.sip", case.rfc, case.name));
    fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

fn guard() -> Guard {
    Guard::new(Rules::default(), [7; 16])
}

/// The verdict in the words of the table.
fn words(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Pass(_) => "passes".into(),
        Verdict::Answer(answer) => format!("{} {}", answer.code, answer.problem.phrase()),
        Verdict::Drop(
            Dropped::Response(problem) | Dropped::Ack(problem) | Dropped::Unanswerable(problem),
        ) => {
            format!("dropped: {}", problem.phrase())
        }
        Verdict::Drop(why) => format!("dropped: {why:?}"),
    }
}

#[test]
fn each_torture_message_meets_its_verdict() {
    let wrong: Vec<String> = CASES
        .iter()
        .map(|case| (case, words(&guard().inspect(&message(case), PEER))))
        .filter(|(case, found)| *found != case.verdict)
        .map(|(case, found)| format!("{}: wanted `{}`, found `{found}`", case.name, case.verdict))
        .collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn all_messages_of_both_documents_are_there() {
    for (rfc, number) in [("rfc4475", 49), ("rfc5118", 12)] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/torture").join(rfc);
        let mut files: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        let mut named: Vec<String> =
            CASES.iter().filter(|case| case.rfc == rfc).map(|case| format!("{}.sip", case.name)).collect();
        files.sort();
        named.sort();
        assert_eq!((&files, files.len()), (&named, number));
    }
}

#[test]
fn the_document_shows_the_table() {
    let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/conformance/sip-torture.md");
    let document = fs::read_to_string(document).unwrap();
    let shown: Vec<&str> = document.lines().filter(|line| line.starts_with("| `")).collect();
    let wanted: Vec<String> = CASES
        .iter()
        .map(|case| {
            format!("| `{}` | {} {} | {} | {} |", case.name, case.rfc, case.section, case.verdict, case.why)
        })
        .collect();
    assert_eq!(shown, wanted.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn what_passed_passes_again_unchanged() {
    for case in CASES.iter().filter(|case| case.verdict == "passes") {
        let Verdict::Pass(once) = guard().inspect(&message(case), PEER) else { panic!("{}", case.name) };
        let Verdict::Pass(twice) = guard().inspect(&once.bytes, PEER) else {
            panic!("{} does not pass twice", case.name)
        };
        assert_eq!(once, twice, "{}", case.name);
    }
}

#[test]
fn the_short_tortuous_invite_comes_out_in_plain_form() {
    let case = CASES.iter().find(|case| case.name == "wsinv").unwrap();
    let Verdict::Pass(passed) = guard().inspect(&message(case), PEER) else { panic!() };
    let text = String::from_utf8(passed.bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let lines: Vec<&str> = head.split("\r\n").collect();
    assert_eq!(
        lines,
        [
            "INVITE sip:vivekg@chair-dnrc.example.com;unknownparam SIP/2.0",
            "To: <sip:vivekg@chair-dnrc.example.com>;tag=1918181833n",
            "From: \"J Rosenberg /'\" <sip:jdrosen@example.com>;tag=98asjd8",
            "Max-Forwards: 68",
            "Call-ID: wsinv.ndaksdj@192.0.2.1",
            "CSeq: 9 INVITE",
            "Via: SIP/2.0/UDP 192.0.2.2;branch=390skdjuw",
            "Subject: ",
            "NewFangledHeader: newfangled value continued newfangled value",
            "UnknownHeaderWithUnusualValue: ;;,,;;,;",
            "Content-Type: application/sdp",
            "Route: <sip:services.example.com;lr;unknownwith=value;unknown-no-value>",
            "Via: SIP/2.0/TCP spindle.example.com;branch=z9hG4bK9ikj8",
            "Via: SIP/2.0/UDP 192.168.255.111;branch=z9hG4bK30239",
            "Contact: \"Quoted string ''\" <sip:jdrosen@example.com>;newparam=newvalue;secondparam;q=0.33",
            "Content-Length: 150",
        ]
    );
    assert_eq!(body.len(), 150);
}

#[test]
fn what_lies_behind_the_body_of_a_datagram_is_not_passed_on() {
    let case = CASES.iter().find(|case| case.name == "dblreq").unwrap();
    let Verdict::Pass(passed) = guard().inspect(&message(case), PEER) else { panic!() };
    let text = String::from_utf8(passed.bytes).unwrap();
    assert!(
        text.starts_with("REGISTER ")
            && text.ends_with("Content-Length: 0\r\n\r\n")
            && !text.contains("INVITE"),
        "{text}"
    );
}
