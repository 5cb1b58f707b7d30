//! What messages and sound travel over: IPv6, TCP, TLS, SRTP.

use crate::{AGNES, CAROL, SETTLE, hears, office::World, phone, sip::Phone};
use std::{
    io::{Read, Write},
    net::TcpStream,
    sync::Arc,
    time::Duration,
};
use tokio_rustls::rustls::{self, pki_types::PrivatePkcs8KeyDer};
use touchline_media::srtp::{Inbound, Master, Outbound, Suite};
use touchline_telephony::digest::Challenge;

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

/// A server's certificate, and a client that trusts it.
pub(crate) fn certificate() -> (Arc<rustls::ServerConfig>, Arc<rustls::ClientConfig>) {
    let pair = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivatePkcs8KeyDer::from(pair.signing_key.serialize_der());
    let certificate = pair.cert.der().clone();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let server = rustls::ServerConfig::builder_with_provider(provider.clone());
    let server = server.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    let server = server.with_single_cert(vec![certificate.clone()], key.into()).unwrap();
    let mut roots = rustls::RootCertStore::empty();
    roots.add(certificate).unwrap();
    let client = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let client = client.unwrap().with_root_certificates(roots).with_no_client_auth();
    (Arc::new(server), Arc::new(client))
}

// covers(sip): L18
#[test]
fn an_encrypted_connection_is_served_and_a_plain_one_is_not_on_its_port() {
    let (server, client) = certificate();
    let listen = vec!["127.0.0.1:0".parse().unwrap()];
    let world = World::with(48_000, |rules| rules.tls = Some((listen, server)), |_| {});
    let address = world.endpoint.as_ref().unwrap().tls()[0];
    let options = format!(
        "OPTIONS sip:{address} SIP/2.0\r\nVia: SIP/2.0/TLS 127.0.0.1:5061;branch=z9hG4bKo1\r\nMax-Forwards: 70\r\n\
         From: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: o\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
    );
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
    assert_eq!(carol.refused(&call), 486);
    assert_eq!(world.office.reachable.lock().unwrap().get("agnes"), Some(&true));
    drop(stream);
    let gone = || world.office.reachable.lock().unwrap().get("agnes") == Some(&false);
    (0..100).take_while(|_| !gone()).for_each(|_| std::thread::sleep(Duration::from_millis(20)));
    assert!(gone());
}
