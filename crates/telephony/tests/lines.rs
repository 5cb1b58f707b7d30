//! What two sides of a line may do to each other, over every transport; trunks; floods.

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
use sip::{Call, Message, Phone};
use std::{
    io::{Read, Write},
    net::{TcpStream, UdpSocket},
    sync::Arc,
    time::{Duration, Instant},
};
use tokio_rustls::rustls::{self, pki_types::PrivatePkcs8KeyDer};
use touchline_live::numbers::{Secret, Trunk, TrunkRegistration};
use touchline_live::{CallCommand, Command};
use touchline_media::srtp::{Inbound, Master, Outbound, Suite};
use touchline_telephony::digest::{Challenge, Credentials};

const CAROL: f64 = 433.0;
const AGNES: f64 = 787.0;
const NETWORK: f64 = 1153.0;
const HALF: Duration = Duration::from_millis(500);
const SETTLE: Duration = Duration::from_millis(300);

fn hears(phone: &Phone, hertz: f64) -> bool {
    phone.sound.listen(HALF, &[hertz])[0] > -14.0
}

fn phone(world: &World, user: &str, hertz: f64) -> Phone {
    let mut phone = Phone::new(world.server, user, hertz);
    assert_eq!(phone.register(600).status(), 200);
    phone
}

fn talking(world: &World) -> (Phone, Call, Phone, Call) {
    let (mut carol, mut agnes) = (phone(world, "carol", CAROL), phone(world, "agnes", AGNES));
    let mut outgoing = carol.call("1001");
    let mut incoming = agnes.ringing();
    agnes.answer(&mut incoming);
    carol.answered(&mut outgoing);
    (carol, outgoing, agnes, incoming)
}

fn trunk(server: String, addresses: &[&str], password: Option<&str>) -> Trunk {
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

// covers(sip): M3
#[test]
fn one_side_is_encrypted_and_the_other_is_not() {
    let world = World::new(46_500);
    let (mut carol, mut agnes) = (phone(&world, "carol", CAROL), phone(&world, "agnes", AGNES));
    let (suite, ours) = (Suite::AesCm128HmacSha1_80, Master([7; 30]));
    let sdp = carol.sdp("sendrecv", 1).replace("RTP/AVP", "RTP/SAVP")
        + &format!("a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{}\r\n", ours.to_base64());
    let mut call = carol.call_with("1001", &[], &sdp);
    let mut incoming = agnes.ringing();
    assert!(incoming.invite.body.contains("RTP/AVP") && !incoming.invite.body.contains("crypto"));
    agnes.answer(&mut incoming);
    let wanted = call.call_id.clone();
    let answer = carol.wait("200", |it| it.status() == 200 && it.get("Call-ID") == wanted);
    let theirs = answer.body.split("inline:").nth(1).unwrap().split_whitespace().next().unwrap();
    let theirs = Master::from_base64(theirs).unwrap();
    assert!(theirs != ours && answer.body.contains("RTP/SAVP"), "{answer:?}");
    carol.sound.encrypt(Outbound::new(suite, &ours), Inbound::new(suite, &theirs));
    carol.answer_came(&mut call, &answer);
    std::thread::sleep(SETTLE);
    assert!(hears(&carol, AGNES) && hears(&agnes, CAROL));
}

// covers(sip): L19
#[test]
fn telephones_speak_over_ipv6() {
    let listen = "[::1]:0".parse().unwrap();
    let world = World::with(46_600, |rules| (rules.udp, rules.tcp) = (vec![listen], vec![listen]), |_| {});
    let at = |user, hertz| {
        let mut phone = Phone::at("::1", world.server, user, hertz);
        assert_eq!(phone.register(600).status(), 200);
        phone
    };
    let (mut carol, mut agnes) = (at("carol", CAROL), at("agnes", AGNES));
    let mut call = carol.call("1001");
    let mut incoming = agnes.ringing();
    assert!(incoming.invite.body.contains("c=IN IP6 ::1"), "{:?}", incoming.invite);
    agnes.answer(&mut incoming);
    carol.answered(&mut call);
    std::thread::sleep(SETTLE);
    assert!(hears(&carol, AGNES) && hears(&agnes, CAROL));
    carol.hang_up(&mut call);
    agnes.hung_up(&incoming);
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

// covers(sip): L18
#[test]
fn an_encrypted_connection_is_served_and_a_plain_one_is_not_on_its_port() {
    let pair = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivatePkcs8KeyDer::from(pair.signing_key.serialize_der());
    let certificate = pair.cert.der().clone();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let versions = || {
        rustls::ServerConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions()
    };
    let server = versions().unwrap().with_no_client_auth();
    let server = Arc::new(server.with_single_cert(vec![certificate.clone()], key.into()).unwrap());
    let listen = vec!["127.0.0.1:0".parse().unwrap()];
    let world = World::with(48_000, |rules| rules.tls = Some((listen, server)), |_| {});
    let address = world.endpoint.as_ref().unwrap().tls()[0];
    let options = format!(
        "OPTIONS sip:{address} SIP/2.0\r\nVia: SIP/2.0/TLS 127.0.0.1:5061;branch=z9hG4bKo1\r\nMax-Forwards: 70\r\n\
         From: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: o\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
    );
    let mut roots = rustls::RootCertStore::empty();
    roots.add(certificate).unwrap();
    let client = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let client = Arc::new(client.unwrap().with_root_certificates(roots).with_no_client_auth());
    let mut session = rustls::ClientConnection::new(client, "localhost".try_into().unwrap()).unwrap();
    let mut socket = TcpStream::connect(address).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let mut stream = rustls::Stream::new(&mut session, &mut socket);
    stream.write_all(options.as_bytes()).unwrap();
    let mut bytes = [0; 2048];
    let count = stream.read(&mut bytes).unwrap();
    let answer = String::from_utf8_lossy(&bytes[..count]).into_owned();
    assert!(answer.starts_with("SIP/2.0 200 OK\r\n") && answer.contains("SIP/2.0/TLS"), "{answer}");
    let mut plain = TcpStream::connect(address).unwrap();
    plain.write_all(options.as_bytes()).unwrap();
    plain.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let count = plain.read(&mut bytes).unwrap_or(0);
    assert!(!bytes[..count].starts_with(b"SIP/"), "an alert, or nothing");
}

/// Reads one message from a connection.
fn next(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> String {
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    loop {
        let text = String::from_utf8(bytes.clone()).unwrap();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|it| it.strip_prefix("Content-Length: ")).unwrap();
            let length: usize = length.trim().parse().unwrap();
            if body.len() >= length {
                let whole = head.len() + 4 + length;
                bytes.drain(..whole);
                return text[..whole].to_owned();
            }
        }
        let mut part = [0; 4096];
        let count = stream.read(&mut part).unwrap();
        assert!(count > 0, "closed after {text}");
        bytes.extend_from_slice(&part[..count]);
    }
}

// covers(sip): L17
#[test]
fn a_telephone_is_called_over_its_connection_and_unreachable_when_that_closes() {
    let world = World::new(46_700);
    let mut carol = phone(&world, "carol", CAROL);
    let (mut stream, mut unread) = (TcpStream::connect(world.tcp).unwrap(), Vec::new());
    let register = |cseq: u32, proof: &str| {
        format!(
            "REGISTER sip:127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TCP 10.9.9.9:5060;branch=z9hG4bKt{cseq}\r\nMax-Forwards: 70\r\n\
             From: <sip:agnes@127.0.0.1>;tag=t1\r\nTo: <sip:agnes@127.0.0.1>\r\nCall-ID: tcp1\r\nCSeq: {cseq} REGISTER\r\n\
             Contact: <sip:agnes@10.9.9.9:5060;transport=tcp>\r\nExpires: 600\r\n{proof}Content-Length: 0\r\n\r\n"
        )
    };
    // In two pieces, with a keep-alive before it.
    let text = register(1, "");
    stream.write_all(b"\r\n\r\n").unwrap();
    stream.write_all(&text.as_bytes()[..100]).unwrap();
    std::thread::sleep(Duration::from_millis(50));
    stream.write_all(&text.as_bytes()[100..]).unwrap();
    let mut pong = [0; 2];
    stream.read_exact(&mut pong).unwrap();
    assert_eq!(&pong, b"\r\n");
    let refused = next(&mut stream, &mut unread);
    assert!(refused.starts_with("SIP/2.0 401"), "{refused}");
    let offered = refused.lines().find_map(|it| it.strip_prefix("WWW-Authenticate: ")).unwrap();
    let proof =
        Challenge::read(offered).unwrap().answer("agnes", "agnes-secret", "REGISTER", "sip:127.0.0.1", "c");
    stream.write_all(register(2, &format!("Authorization: {proof}\r\n")).as_bytes()).unwrap();
    let registered = next(&mut stream, &mut unread);
    assert!(registered.starts_with("SIP/2.0 200"), "{registered}");
    let call = carol.call("1001");
    let invite = next(&mut stream, &mut unread);
    assert!(invite.starts_with("INVITE sip:agnes@10.9.9.9:5060;transport=tcp SIP/2.0\r\n"), "{invite}");
    assert!(invite.contains("Via: SIP/2.0/TCP ") && invite.contains(";transport=tcp>"), "{invite}");
    let back: String = invite
        .lines()
        .filter(|it| ["Via:", "From:", "To:", "Call-ID:", "CSeq:"].iter().any(|name| it.starts_with(name)))
        .map(|it| if it.starts_with("To:") { format!("{it};tag=x\r\n") } else { format!("{it}\r\n") })
        .collect();
    let busy = format!("SIP/2.0 486 Busy Here\r\n{back}Content-Length: 0\r\n\r\n");
    stream.write_all(busy.as_bytes()).unwrap();
    let ack = next(&mut stream, &mut unread);
    assert!(ack.starts_with("ACK "), "{ack}");
    assert!(carol.refused(&call) >= 480);
    assert_eq!(world.office.reachable.lock().unwrap().get("agnes"), Some(&true));
    drop(stream);
    let gone = || world.office.reachable.lock().unwrap().get("agnes") == Some(&false);
    (0..100).take_while(|_| !gone()).for_each(|_| std::thread::sleep(Duration::from_millis(20)));
    assert!(gone());
}

// covers(sip): G1
#[test]
fn a_flood_of_strangers_does_not_stop_a_telephone_and_leaves_nothing_behind() {
    let world = World::new(46_800);
    let server = world.server;
    let until = Instant::now() + Duration::from_secs(8);
    let floods: Vec<_> = (0..3u8)
        .map(|which| {
            std::thread::spawn(move || {
                // Two that send thousands a second, which is soon not looked at any more, and one that seems to be a hundred,
                // each of which stays below its limit.
                let sockets: Vec<UdpSocket> = (0..if which == 2 { 100 } else { 1 })
                    .map(|at| UdpSocket::bind((format!("127.1.{which}.{}", at + 1).as_str(), 0)).unwrap())
                    .collect();
                let mut sent = 0_u32;
                while Instant::now() < until {
                    let socket = &sockets[sent as usize % sockets.len()];
                    let method = if sent.is_multiple_of(3) { "REGISTER" } else { "INVITE" };
                    let via = socket.local_addr().unwrap();
                    let text = format!(
                        "{method} sip:1001@{server} SIP/2.0\r\nVia: SIP/2.0/UDP {via};branch=z9hG4bKf{which}{sent}\r\n\
                         Max-Forwards: 70\r\nFrom: <sip:x@y>;tag=f{sent}\r\nTo: <sip:1001@{server}>\r\n\
                         Call-ID: f{which}{sent}\r\nCSeq: 1 {method}\r\nContact: <sip:x@{via}>\r\nContent-Length: 0\r\n\r\n"
                    );
                    let _full = socket.send_to(text.as_bytes(), server);
                    sent += 1;
                    if sent.is_multiple_of(if which == 2 { 3 } else { 20 }) {
                        std::thread::sleep(Duration::from_millis(3));
                    }
                }
                sent
            })
        })
        .collect();
    std::thread::sleep(Duration::from_millis(500));
    let (mut carol, mut call, mut agnes, incoming) = talking(&world);
    std::thread::sleep(SETTLE);
    assert!(hears(&carol, AGNES) && hears(&agnes, CAROL));
    assert!(Instant::now() < until, "the flood still went on");
    carol.hang_up(&mut call);
    agnes.hung_up(&incoming);
    let sent: u32 = floods.into_iter().map(|it| it.join().unwrap()).sum();
    let (running, finished) = world.endpoint.as_ref().unwrap().transactions();
    println!("{sent} messages of strangers; {running} transactions, {finished} kept answers");
    assert!(sent > 10_000 && running < 10 && finished < 30, "{sent} {running} {finished}");
}
