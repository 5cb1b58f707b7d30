//! Where trunks are and how they are reached: TCP, TLS, names in the DNS, and the next place when one does not answer.

use crate::{
    AGNES, CAROL, NETWORK,
    office::World,
    phone,
    sip::{Message, Phone, Stream},
    transports::certificate,
    trunks::trunk,
    until_heard,
};
use std::{
    collections::HashMap,
    net::{IpAddr, TcpListener},
    sync::Arc,
    time::Duration,
};
use tokio_rustls::rustls::{ServerConnection, StreamOwned};
use touchline_telephony::{
    endpoint::{EndpointRules, Promised},
    locate::{Names, Naptr, Srv},
};

/// What the DNS says in a test.
#[derive(Default)]
struct Book {
    naptr: HashMap<String, Vec<Naptr>>,
    srv: HashMap<String, Vec<Srv>>,
    addresses: HashMap<String, Vec<IpAddr>>,
}

fn of<T: Clone + Send + 'static>(book: &HashMap<String, Vec<T>>, name: &str) -> Promised<'static, Vec<T>> {
    let found = book.get(name).cloned().unwrap_or_default();
    Box::pin(async move { found })
}

impl Names for Book {
    fn naptr<'a>(&'a self, name: &'a str) -> Promised<'a, Vec<Naptr>> {
        of(&self.naptr, name)
    }
    fn srv<'a>(&'a self, name: &'a str) -> Promised<'a, Vec<Srv>> {
        of(&self.srv, name)
    }
    fn addresses<'a>(&'a self, name: &'a str) -> Promised<'a, Vec<IpAddr>> {
        of(&self.addresses, name)
    }
}

impl Book {
    fn host(&mut self, name: &str, ip: &str) {
        self.addresses.insert(name.into(), vec![ip.parse().unwrap()]);
    }

    fn service(&mut self, name: &str, places: &[(u16, u16, &str)]) {
        let record = |(priority, port, target): &(u16, u16, &str)| Srv {
            priority: *priority,
            weight: 1,
            port: *port,
            target: (*target).into(),
        };
        self.srv.insert(name.into(), places.iter().map(record).collect());
    }
}

// covers(sip): T5, T3
#[test]
fn a_trunk_over_tcp_is_registered_at_called_and_calls_over_one_connection() {
    let world = World::new(45_500);
    let (mut carol, mut agnes) = (phone(&world, "carol", CAROL), phone(&world, "agnes", AGNES));
    let way = Stream::listen("127.0.0.3", false, |stream| Some(Box::new(stream)));
    let mut network = Phone::over(Box::new(way), world.server, "+4930", NETWORK);
    let server = format!("{};transport=tcp", network.address());
    // No address is trusted: it is the connection that we have opened ourselves.
    world.office.set_trunks(vec![trunk(server, &[], Some("deep"))]);
    let register = network.wait("REGISTER", |it| it.start.starts_with("REGISTER"));
    assert!(register.start.starts_with(&format!("REGISTER sip:{} SIP", network.address())), "{register:?}");
    assert!(register.get("Via").starts_with("SIP/2.0/TCP "), "{register:?}");
    assert!(
        register.get("Contact").contains(&format!("<sip:acme@{};transport=tcp>", world.tcp)),
        "{register:?}"
    );
    network.reply(&register, 200, &["Expires: 600"], "");

    let mut call = carol.call("+442079460100");
    let mut incoming = network.ringing();
    assert!(incoming.invite.get("Via").starts_with("SIP/2.0/TCP "), "{:?}", incoming.invite);
    let target = format!("INVITE sip:+442079460100@{} SIP", network.address());
    assert!(incoming.invite.start.starts_with(&target), "{:?}", incoming.invite);
    network.answer(&mut incoming);
    carol.answered(&mut call);
    let levels = (until_heard(&carol, NETWORK, AGNES), until_heard(&network, CAROL, AGNES));
    println!("over a trunk by TCP: {levels:?} dBFS");
    network.hang_up(&mut incoming);
    carol.hung_up(&call);

    let sdp = network.sdp("sendrecv", 1);
    let mut call = network.call_with("1001", &[], &sdp);
    let mut incoming = agnes.ringing();
    agnes.answer(&mut incoming);
    network.answered(&mut call);
    until_heard(&agnes, NETWORK, CAROL);
    agnes.hang_up(&mut incoming);
    network.hung_up(&call);

    // A trunk that is not in the plan any more is a stranger, whatever connection it has.
    world.office.set_trunks(vec![]);
    let call = network.call_with("1001", &[], &sdp);
    let challenged = network.wait("401", |it| it.status() == 401);
    assert_eq!(challenged.get("Call-ID"), call.call_id);
}

fn secured(first_port: u16, trusted: bool) -> (World, Phone) {
    let (server, client) = certificate();
    let mut book = Book::default();
    book.host("localhost", "127.0.0.3");
    let rules = |rules: &mut EndpointRules| {
        rules.names = Arc::new(book);
        rules.trunk_tls = trusted.then_some(client);
    };
    let world = World::with(first_port, rules, |_| {});
    let way = Stream::listen("127.0.0.3", true, move |mut stream| {
        let mut session = ServerConnection::new(server.clone()).unwrap();
        while session.is_handshaking() {
            session.complete_io(&mut stream).ok()?;
        }
        Some(Box::new(StreamOwned::new(session, stream)))
    });
    let network = Phone::over(Box::new(way), world.server, "net", NETWORK);
    let at = format!("localhost:{};transport=tls", network.address().port());
    world.office.trunks.lock().unwrap().push(trunk(at, &[], None));
    (world, network)
}

// covers(sip): T5
#[test]
fn a_trunk_over_tls_shows_its_certificate_before_it_hears_anything() {
    let (world, mut network) = secured(45_600, true);
    let mut carol = phone(&world, "carol", CAROL);
    let mut call = carol.call("+442079460100");
    let mut incoming = network.ringing();
    assert!(incoming.invite.get("Via").starts_with("SIP/2.0/TLS "), "{:?}", incoming.invite);
    assert!(incoming.invite.get("Contact").ends_with(";transport=tls>"), "{:?}", incoming.invite);
    network.answer(&mut incoming);
    carol.answered(&mut call);
    until_heard(&carol, NETWORK, AGNES);
    carol.hang_up(&mut call);
    network.hung_up(&incoming);

    let (world, mut impostor) = secured(45_700, false);
    let mut carol = phone(&world, "carol", CAROL);
    let call = carol.call("+442079460100");
    assert_eq!(carol.refused(&call), 404, "nobody vouches for that certificate");
    impostor.never(Duration::from_millis(200), |_| true);
}

// covers(sip): T6
#[test]
fn a_trunk_by_its_name_has_several_places_and_the_next_is_called_when_one_is_silent_or_cannot() {
    // Nobody listens at the first, the second says nothing, the third cannot now.
    let refused = TcpListener::bind("127.0.0.6:0").unwrap().local_addr().unwrap();
    let anywhere = "127.0.0.1:5060".parse().unwrap();
    let mut silent = Phone::at("127.0.0.4", anywhere, "silent", 1.0);
    let mut overloaded = Phone::at("127.0.0.5", anywhere, "overloaded", 1.0);
    let mut network = Phone::at("127.0.0.3", anywhere, "net", NETWORK);
    let mut book = Book::default();
    for (name, ip) in [
        ("a.example", "127.0.0.6"),
        ("b.example", "127.0.0.4"),
        ("c.example", "127.0.0.5"),
        ("d.example", "127.0.0.3"),
    ] {
        book.host(name, ip);
    }
    let naptr = |order, service: &str, replacement: &str| Naptr {
        order,
        preference: 0,
        flags: "s".into(),
        service: service.into(),
        replacement: replacement.into(),
    };
    let offered =
        [naptr(2, "SIP+D2U", "_sip._udp.net.example"), naptr(1, "SIP+D2T", "_sip._tcp.net.example")];
    book.naptr.insert("net.example".into(), offered.into());
    book.service("_sip._tcp.net.example", &[(1, refused.port(), "a.example")]);
    let udp = [
        (3, network.address().port(), "d.example"),
        (1, silent.address().port(), "b.example"),
        (2, overloaded.address().port(), "c.example"),
    ];
    book.service("_sip._udp.net.example", &udp);
    let rules = |rules: &mut EndpointRules| {
        rules.names = Arc::new(book);
        rules.trunk_patience = Duration::from_secs(1);
    };
    let world = World::with(45_800, rules, |_| {});
    for phone in [&mut silent, &mut overloaded, &mut network] {
        phone.answers_to(world.server);
    }
    world.office.trunks.lock().unwrap().push(trunk("net.example".into(), &[], None));
    let mut carol = phone(&world, "carol", CAROL);
    let mut call = carol.call("+442079460100");
    let mut unheard = silent.offered();
    let cannot = overloaded.offered();
    overloaded.refuse(&cannot, 503);
    let mut incoming = network.ringing();
    assert!(incoming.invite.start.contains("@net.example SIP"), "{:?}", incoming.invite);
    carol.rings_there(&call);
    // It wakes up too late, and is told so.
    silent.ring(&mut unheard);
    silent.taken_back(&unheard);
    network.answer(&mut incoming);
    carol.answered(&mut call);
    until_heard(&carol, NETWORK, AGNES);
    until_heard(&network, CAROL, AGNES);
    carol.hang_up(&mut call);
    network.hung_up(&incoming);
}

// covers(sip): T6
#[test]
fn a_place_that_cannot_is_passed_over_and_one_that_decides_is_not() {
    let anywhere = "127.0.0.1:5060".parse().unwrap();
    let mut first = Phone::at("127.0.0.5", anywhere, "first", 1.0);
    let mut second = Phone::at("127.0.0.3", anywhere, "second", NETWORK);
    let mut book = Book::default();
    book.host("a.example", "127.0.0.5");
    book.host("b.example", "127.0.0.3");
    let places = [(1, first.address().port(), "a.example"), (2, second.address().port(), "b.example")];
    book.service("_sip._udp.net.example", &places);
    let rules = |rules: &mut EndpointRules| {
        rules.names = Arc::new(book);
        rules.trunk_patience = Duration::from_secs(600);
    };
    let world = World::with(45_900, rules, |_| {});
    first.answers_to(world.server);
    second.answers_to(world.server);
    world.office.trunks.lock().unwrap().push(trunk("net.example".into(), &[], None));
    let mut carol = phone(&world, "carol", CAROL);
    let call = carol.call("+442079460100");
    let cannot = first.offered();
    first.refuse(&cannot, 503);
    let busy = second.offered();
    second.refuse(&busy, 486);
    assert_eq!(carol.refused(&call), 486);
    let call = carol.call("+442079460101");
    let busy = first.offered();
    first.refuse(&busy, 486);
    assert_eq!(carol.refused(&call), 486, "busy is busy everywhere");
    second.never(Duration::from_millis(300), |it: &Message| it.start.starts_with("INVITE"));
}
