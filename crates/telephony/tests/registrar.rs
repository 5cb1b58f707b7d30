//! Phones come, stay, move and go.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may end here")]

use touchline_model::Timestamp;
use touchline_telephony::{
    guard::{Peer, Transport},
    registrar::{FlowId, Path, Register, RegisterError, Registrar, RegistrarRules},
};

const NOW: Timestamp = Timestamp::from_micros(1_800_000_000_000_000);
const ANN: &str = "ann@pbx.example";

fn udp(port: u16) -> Path {
    Path { peer: Peer { address: ([203, 0, 113, 9], port).into(), transport: Transport::Udp }, flow: None }
}

fn over(flow: u64) -> Path {
    Path {
        peer: Peer { address: ([203, 0, 113, 9], 40_000).into(), transport: Transport::Wss },
        flow: Some(FlowId(flow)),
    }
}

/// A REGISTER of one Call-ID with what matters in a test.
fn ask<'a>(cseq: u32, contacts: &'a [&'a str], expires: Option<&'a str>) -> Register<'a> {
    Register { aor: ANN, call_id: "c1", cseq, contacts, expires, path: udp(5_060) }
}

fn registrar() -> Registrar {
    Registrar::new(RegistrarRules::default())
}

#[test]
fn a_phone_registers_renews_and_leaves() {
    let mut registrar = registrar();
    let shown = registrar.register(ask(1, &["<sip:ann@192.0.2.7:5060>"], Some("300")), NOW);
    assert_eq!(shown, Ok(vec!["<sip:ann@192.0.2.7:5060>;expires=300".into()]));
    assert_eq!(registrar.next_deadline(), Some(NOW.plus_secs(300)));
    let later = NOW.plus_secs(200);
    // Asking changes nothing and shows what is left.
    assert_eq!(
        registrar.register(ask(2, &[], None), later),
        Ok(vec!["<sip:ann@192.0.2.7:5060>;expires=100".into()])
    );
    assert_eq!(
        registrar.register(ask(3, &["<sip:ann@192.0.2.7:5060>;expires=99999"], None), later).unwrap().len(),
        1
    );
    assert_eq!(registrar.next_deadline(), Some(later.plus_secs(3_600)));
    assert_eq!(registrar.register(ask(4, &["<sip:ann@192.0.2.7:5060>"], Some("0")), later), Ok(vec![]));
    assert_eq!((registrar.next_deadline(), registrar.size()), (None, (0, 0)));
}

#[test]
fn the_way_back_is_where_the_registration_came_from() {
    let mut registrar = registrar();
    registrar
        .register(ask(1, &["<sip:ann@192.168.1.7:5060;x=1?Route=%3Csip:evil%3E>;unknown"], None), NOW)
        .unwrap();
    let [target] = registrar.lookup(ANN, NOW).try_into().unwrap();
    assert_eq!((target.uri.as_str(), target.path), ("sip:ann@192.168.1.7:5060;x=1", udp(5_060)));
    // The router gave another port: the same contact, a new way.
    registrar
        .register(Register { path: udp(6_001), ..ask(2, &["<sip:ann@192.168.1.7:5060;x=2>"], None) }, NOW)
        .unwrap();
    let [target] = registrar.lookup(ANN, NOW).try_into().unwrap();
    assert_eq!((target.uri.as_str(), target.path), ("sip:ann@192.168.1.7:5060;x=2", udp(6_001)));
}

#[test]
fn what_runs_out_is_gone_to_the_moment_and_whose_last_phone_it_was_is_told() {
    let mut registrar = registrar();
    registrar
        .register(ask(1, &["<sip:a@192.0.2.1>;expires=60", "<sip:a@192.0.2.2>;expires=90"], None), NOW)
        .unwrap();
    assert_eq!(registrar.lookup(ANN, NOW.plus_secs(59)).len(), 2);
    assert_eq!(registrar.lookup(ANN, NOW.plus_secs(60)).len(), 1);
    assert_eq!(registrar.expire(NOW.plus_secs(60)), Vec::<String>::new());
    assert_eq!(registrar.next_deadline(), Some(NOW.plus_secs(90)));
    assert!(
        registrar.is_registered(ANN, NOW.plus_secs(89)) && !registrar.is_registered(ANN, NOW.plus_secs(90))
    );
    // Asking what there is does not keep the news of it from whoever waits for them.
    assert_eq!(registrar.register(ask(2, &[], None), NOW.plus_secs(999)), Ok(vec![]));
    assert_eq!(registrar.expire(NOW.plus_secs(1_000)), [ANN]);
}

#[test]
fn too_brief_a_wish_is_refused_and_too_long_a_one_is_cut() {
    let mut registrar = registrar();
    let brief = registrar
        .register(ask(1, &["<sip:a@192.0.2.1>;expires=600, <sip:a@192.0.2.2>;expires=59"], None), NOW);
    assert_eq!(brief, Err(RegisterError::TooBrief { min: 60 }));
    assert_eq!(registrar.size(), (0, 0), "all or nothing");
    let shown =
        registrar.register(ask(1, &["<sip:a@192.0.2.1>"], Some("99999999999999999999")), NOW).unwrap();
    assert_eq!(shown, ["<sip:a@192.0.2.1>;expires=3600"]);
    let shown = registrar.register(ask(2, &["<sip:a@192.0.2.1>"], None), NOW).unwrap();
    assert_eq!(shown, ["<sip:a@192.0.2.1>;expires=600"]);
}

#[test]
fn an_older_request_of_the_same_call_changes_nothing_and_another_call_does() {
    let mut registrar = registrar();
    registrar.register(ask(5, &["<sip:a@192.0.2.1>"], Some("600")), NOW).unwrap();
    for cseq in [4, 5] {
        let late =
            registrar.register(ask(cseq, &["<sip:a@192.0.2.2>", "<sip:a@192.0.2.1>;expires=0"], None), NOW);
        assert_eq!(late, Err(RegisterError::OutOfOrder));
        assert_eq!(registrar.register(ask(cseq, &["*"], Some("0")), NOW), Err(RegisterError::OutOfOrder));
    }
    assert_eq!(registrar.shown(ANN, NOW), ["<sip:a@192.0.2.1>;expires=600"]);
    // The phone was restarted: it counts anew under another Call-ID.
    let restarted = Register { call_id: "c2", ..ask(1, &["<sip:a@192.0.2.1>"], Some("90")) };
    assert_eq!(registrar.register(restarted, NOW), Ok(vec!["<sip:a@192.0.2.1>;expires=90".into()]));
}

#[test]
fn a_star_removes_all_and_only_with_expires_0_and_alone() {
    let mut registrar = registrar();
    registrar.register(ask(1, &["<sip:a@192.0.2.1>, <sip:a@192.0.2.2>"], None), NOW).unwrap();
    let mut refused = |contacts: &[&str], expires| registrar.register(ask(2, contacts, expires), NOW);
    assert_eq!(refused(&["*"], None), Err(RegisterError::Malformed));
    assert_eq!(refused(&["*"], Some("60")), Err(RegisterError::Malformed));
    assert_eq!(refused(&["*", "<sip:a@192.0.2.3>"], Some("0")), Err(RegisterError::Malformed));
    assert_eq!(refused(&["*"], Some("0")), Ok(vec![]));
}

#[test]
fn phones_are_called_by_preference_and_then_the_one_heard_of_last() {
    let mut registrar = registrar();
    let contacts = [
        "<sip:a@192.0.2.1>;q=0.5",
        "<sip:a@192.0.2.2>;q=0.5",
        "<sip:a@192.0.2.3>;q=0.1",
        "<sip:a@192.0.2.4>",
    ];
    let shown = registrar.register(ask(1, &contacts, None), NOW).unwrap();
    assert_eq!(shown[2], "<sip:a@192.0.2.3>;expires=600;q=0.100");
    let order: Vec<_> = registrar.lookup(ANN, NOW).into_iter().map(|target| (target.uri, target.q)).collect();
    let host = |last, q| (format!("sip:a@192.0.2.{last}"), q);
    assert_eq!(order, [host(4, 1_000), host(2, 500), host(1, 500), host(3, 100)]);
    for bad in ["1.001", "2", "0.1234", "-1", ".5", ""] {
        let contact = format!("<sip:a@192.0.2.1>;q={bad}");
        assert_eq!(
            registrar.register(ask(2, &[&contact], None), NOW),
            Err(RegisterError::Malformed),
            "{bad}"
        );
    }
}

#[test]
fn a_browser_with_two_connections_is_one_phone_and_each_connection_takes_its_binding_along() {
    let mut registrar = registrar();
    let contact =
        |number| format!("<sip:x@abc.invalid;transport=ws>;+sip.instance=\"<urn:uuid:1>\";reg-id={number}");
    for number in [1, 2] {
        let (contact, path) = (contact(number), over(number));
        registrar.register(Register { path, call_id: "ws", ..ask(1, &[&contact], None) }, NOW).unwrap();
    }
    let [target] = registrar.lookup(ANN, NOW).try_into().unwrap();
    assert_eq!((target.path, target.also), (over(2), vec![over(1)]));
    // Its address changed, the flow is the same: one binding, not two.
    let moved = contact(2).replace("abc", "def");
    let shown = registrar
        .register(Register { path: over(3), call_id: "new", ..ask(1, &[&moved], None) }, NOW)
        .unwrap();
    assert_eq!(shown.len(), 2);
    assert!(shown[1].ends_with(";expires=600;+sip.instance=\"<urn:uuid:1>\";reg-id=2"), "{}", shown[1]);
    assert_eq!(registrar.flow_closed(FlowId(2)), Vec::<String>::new());
    assert_eq!(registrar.flow_closed(FlowId(3)), Vec::<String>::new());
    assert_eq!(registrar.lookup(ANN, NOW)[0].path, over(1));
    assert_eq!(registrar.flow_closed(FlowId(1)), [ANN]);
    assert_eq!((registrar.size(), registrar.next_deadline()), ((0, 0), None));
}

#[test]
fn a_user_has_so_many_phones_and_not_one_more() {
    let mut registrar = registrar();
    for number in 0..10 {
        registrar.register(ask(1, &[&format!("<sip:a@192.0.2.{number}>")], None), NOW).unwrap();
    }
    assert_eq!(registrar.register(ask(2, &["<sip:a@192.0.2.99>"], None), NOW), Err(RegisterError::TooMany));
    assert_eq!(registrar.register(ask(2, &["<sip:a@192.0.2.9>"], None), NOW).map(|all| all.len()), Ok(10));
    let swap = ["<sip:a@192.0.2.99>", "<sip:a@192.0.2.9>;expires=0"];
    assert_eq!(registrar.register(ask(3, &swap, None), NOW).map(|all| all.len()), Ok(10));
}

#[test]
fn what_is_no_phone_is_refused() {
    for contact in
        ["tel:+4930", "<name:John_Smith>", "<sip:a@b?x", "", "<sip:a@b>;reg-id=0;+sip.instance=\"x\""]
    {
        assert_eq!(
            registrar().register(ask(1, &[contact], None), NOW),
            Err(RegisterError::Malformed),
            "{contact}"
        );
    }
    let long = format!("<sip:{}@b>", "a".repeat(1_100));
    assert_eq!(registrar().register(ask(1, &[&long], None), NOW), Err(RegisterError::Malformed));
    assert_eq!(registrar().register(ask(1, &["<sip:a@b>"], Some("-1")), NOW), Err(RegisterError::Malformed));
}
