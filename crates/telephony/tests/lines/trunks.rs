//! The network: who calls over a trunk, and how we call and register there.

use crate::{
    AGNES, CAROL, NETWORK, SETTLE, hears,
    office::World,
    phone,
    sip::{Message, Phone},
};
use std::time::Duration;
use touchline_live::numbers::{Secret, Trunk, TrunkRegistration};
use touchline_telephony::digest::{Challenge, Credentials};

pub(crate) fn trunk(server: String, addresses: &[&str], password: Option<&str>) -> Trunk {
    Trunk {
        name: "net".into(),
        server,
        addresses: addresses.iter().map(|it| (*it).to_owned()).collect(),
        register: password.map(|password| TrunkRegistration {
            username: "acme".into(),
            password: Secret(password.into()),
            expires_secs: 600,
        }),
        prefixes: vec![],
        caller_number: None,
        default: None,
    }
}

// covers(sip): T1, L2
#[test]
fn the_network_calls_by_its_address_and_everybody_else_needs_a_password() {
    let world = World::new(46_000);
    let mut agnes = phone(&world, "agnes", AGNES);
    world.office.set_trunks(vec![trunk("127.0.0.3".into(), &["127.0.0.3"], None)]);
    let mut network = Phone::at("127.0.0.3", world.server, "+4930", NETWORK);
    let sdp = network.sdp("sendrecv", 1);
    let asserted = "P-Asserted-Identity: \"A. Customer\" <sip:+442079460100@net>";
    let mut call = network.call_with("1001", &[asserted], &sdp);
    let mut incoming = agnes.ringing();
    assert!(incoming.invite.get("From").contains("<sip:+442079460100@"), "{:?}", incoming.invite);
    agnes.answer(&mut incoming);
    network.answered(&mut call);
    std::thread::sleep(SETTLE);
    assert!(hears(&network, AGNES) && hears(&agnes, NETWORK));
    let refused = network.ask(&mut call, "REFER", &["Refer-To: <sip:1002@x>"], "");
    assert_eq!(refused.status(), 403, "only our own telephones hand calls over");
    network.hang_up(&mut call);
    agnes.hung_up(&incoming);
    // A trunk may send as many calls as it has, and each is answered.
    let refused = (0..90).filter(|_| {
        let sdp = network.sdp("sendrecv", 1);
        let call = network.call_with("4711", &[], &sdp);
        network.refused(&call) == 404
    });
    assert_eq!(refused.count(), 90);
    let transactions = || world.endpoint.as_ref().unwrap().transactions().0;
    let before = transactions();
    let mut stranger = Phone::at("127.0.0.4", world.server, "carol", CAROL).with_password("guessed");
    let sdp = stranger.sdp("sendrecv", 1);
    let call = stranger.call_with("1001", &[asserted], &sdp);
    assert_eq!(stranger.refused(&call), 401);
    agnes.never(Duration::from_millis(200), |it| it.start.starts_with("INVITE"));
    assert!(transactions() <= before, "the library never heard of the stranger");
}

// covers(sip): T2
#[test]
fn a_call_goes_out_over_a_trunk_that_wants_a_password() {
    let world = World::new(46_100);
    let mut carol = phone(&world, "carol", CAROL);
    let mut network = Phone::at("127.0.0.3", world.server, "net", NETWORK);
    world.office.trunks.lock().unwrap().push(trunk(network.address().to_string(), &[], Some("deep")));
    let mut call = carol.call("+442079460100");
    let first = network.offered();
    assert!(first.invite.start.starts_with(&format!("INVITE sip:+442079460100@{} ", network.address())));
    let challenge = "Proxy-Authenticate: Digest realm=\"net\", nonce=\"abc\", qop=\"auth\"";
    network.reply(&first.invite, 407, &[challenge], "");
    network.wait("ACK", |it| it.start.starts_with("ACK"));
    let mut second = network.offered();
    let proof = second.invite.get("Proxy-Authorization").to_owned();
    let nonce = proof.split("cnonce=\"").nth(1).unwrap().split('"').next().unwrap();
    let target = second.invite.start.split(' ').nth(1).unwrap();
    let wanted = Challenge::read(challenge.split_once(": ").unwrap().1).unwrap();
    assert_eq!(proof, wanted.answer("acme", "deep", "INVITE", target, nonce));
    assert!(Credentials::read(&proof).unwrap().is_some());
    network.ring(&mut second);
    carol.rings_there(&call);
    network.answer(&mut second);
    carol.answered(&mut call);
    std::thread::sleep(SETTLE);
    assert!(hears(&carol, NETWORK) && hears(&network, CAROL));
    network.hang_up(&mut second);
    carol.hung_up(&call);
}

// covers(sip): T3
#[test]
fn the_server_registers_at_a_trunk_that_wants_it() {
    let world = World::new(46_200);
    let mut network = Phone::at("127.0.0.3", world.server, "net", NETWORK);
    world.office.set_trunks(vec![trunk(network.address().to_string(), &[], Some("deep"))]);
    let registers = |it: &Message| it.start.starts_with("REGISTER");
    let first = network.wait("REGISTER", registers);
    assert!(first.find("Authorization").is_none() && first.get("Expires") == "600");
    network.reply(&first, 401, &["WWW-Authenticate: Digest realm=\"net\", nonce=\"n\""], "");
    let second = network.wait("REGISTER", registers);
    assert!(second.get("Authorization").contains("username=\"acme\""), "{second:?}");
    assert!(second.get("Contact").contains(&format!("sip:acme@{}", world.server)), "{second:?}");
    network.reply(&second, 423, &["Min-Expires: 1800"], "");
    let third = network.wait("REGISTER", registers);
    assert_eq!(third.get("Expires"), "1800");
    network.reply(&third, 200, &["Expires: 1800"], "");
    network.never(Duration::from_millis(700), registers);
}
