//! Strangers, and very many of them.

use crate::{AGNES, CAROL, SETTLE, hears, office::World, talking};
use std::{
    net::UdpSocket,
    time::{Duration, Instant},
};

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
