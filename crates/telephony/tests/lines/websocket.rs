//! Telephones of browsers: SIP over WebSocket (RFC 7118), with a client library that others have written.

use crate::{
    AGNES, CAROL,
    office::World,
    phone,
    sip::{Phone, Web},
    transports::certificate,
    trunks::trunk,
    until_heard,
};
use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Error, client::IntoClientRequest, handshake::client::Request, http::HeaderValue},
};
use touchline_telephony::endpoint::{EndpointRules, WebSocketRules};

fn listens(rules: &mut EndpointRules) {
    rules.websocket = Some(WebSocketRules {
        addresses: vec!["127.0.0.1:0".parse().unwrap()],
        tls: None,
        origins: vec!["https://phone.example".into()],
    });
}

fn at(world: &World) -> SocketAddr {
    world.endpoint.as_ref().unwrap().websocket()[0]
}

fn asks(at: SocketAddr, protocol: Option<&'static str>, origin: Option<&'static str>) -> Request {
    let mut request = format!("ws://{at}/").into_client_request().unwrap();
    for (name, value) in [("Sec-WebSocket-Protocol", protocol), ("Origin", origin)] {
        if let Some(value) = value {
            request.headers_mut().insert(name, HeaderValue::from_static(value));
        }
    }
    request
}

fn connect(
    world: &World,
    protocol: Option<&'static str>,
    origin: Option<&'static str>,
) -> Result<(WebSocketStream<TcpStream>, SocketAddr), Error> {
    let at = at(world);
    world.runtime.block_on(async {
        let stream = TcpStream::connect(at).await.unwrap();
        let ours = stream.local_addr().unwrap();
        let (web, response) = client_async(asks(at, protocol, origin), stream).await?;
        assert_eq!(response.headers()["Sec-WebSocket-Protocol"], "sip");
        Ok((web, ours))
    })
}

fn browser(world: &World, user: &str, hertz: f64) -> Phone {
    let (web, ours) = connect(world, Some("sip"), None).unwrap();
    Phone::over(Box::new(Web::new(&world.runtime, web, ours, false)), at(world), user, hertz)
}

// covers(sip): L20
#[test]
fn a_browsers_telephone_registers_calls_is_called_and_hangs_up() {
    let world = World::with(45_200, listens, |_| {});
    let mut agnes = phone(&world, "agnes", AGNES);
    let mut carol = browser(&world, "carol", CAROL);
    assert_eq!(carol.register(600).status(), 200);
    let mut call = carol.call("1001");
    let mut incoming = agnes.ringing();
    agnes.answer(&mut incoming);
    let answer = carol.answered(&mut call);
    assert!(answer.get("Via").starts_with("SIP/2.0/WS x"), "{answer:?}");
    assert!(answer.get("Contact").ends_with(";transport=ws>"), "{answer:?}");
    let levels = (until_heard(&carol, AGNES, CAROL), until_heard(&agnes, CAROL, AGNES));
    println!("over a WebSocket: {levels:?} dBFS");
    carol.hang_up(&mut call);
    agnes.hung_up(&incoming);
    // The other way round, over the connection of the registration.
    let mut call = agnes.call("1000");
    let mut incoming = carol.ringing();
    let invite = &incoming.invite;
    assert!(invite.start.contains(".invalid;transport=ws SIP/2.0"), "{invite:?}");
    assert!(invite.get("Via").starts_with("SIP/2.0/WS 127.0.0.1:"), "{invite:?}");
    agnes.rings_there(&call);
    carol.answer(&mut incoming);
    agnes.answered(&mut call);
    until_heard(&carol, AGNES, CAROL);
    agnes.hang_up(&mut call);
    carol.hung_up(&incoming);
    let reachable = |wanted: bool| world.office.reachable.lock().unwrap().get("carol") == Some(&wanted);
    assert!(reachable(true));
    drop(carol);
    let begin = Instant::now();
    while !reachable(false) {
        assert!(begin.elapsed() < Duration::from_secs(60), "who has closed the page cannot be reached");
        std::thread::sleep(Duration::from_millis(20));
    }
}

// covers(sip): L20, T1
#[test]
fn strange_pages_other_protocols_and_trunks_do_not_get_in_by_websocket() {
    let world = World::with(45_300, listens, |office| {
        office.set_trunks(vec![trunk("127.0.0.1".into(), &["127.0.0.1"], None)]);
    });
    let status = |protocol, origin| match connect(&world, protocol, origin) {
        Ok(_) => 101,
        Err(Error::Http(response)) => response.status().as_u16(),
        Err(error) => panic!("{error}"),
    };
    assert_eq!(status(Some("sip"), Some("http://127.0.0.1:8080")), 101, "a page of this host");
    assert_eq!(status(Some("sip"), Some("https://phone.example")), 101, "a page that is listed");
    assert_eq!(status(Some("sip"), Some("https://evil.example")), 403);
    assert_eq!(status(Some("sip"), Some("null")), 403);
    assert_eq!(status(Some("chat"), None), 400);
    // Another protocol may stand beside it in the list; none at all is no telephone.
    assert_eq!(status(Some("chat, sip"), None), 101);
    // Over UDP the trunk's address is enough; a browser there has to know a password.
    let mut stranger = browser(&world, "carol", CAROL).with_password("guessed");
    let sdp = stranger.sdp("sendrecv", 1);
    let call = stranger.call_with("1001", &[], &sdp);
    assert_eq!(stranger.refused(&call), 401);
    // What is no SIP is not answered, what is far too long ends the connection, and the rest goes on.
    stranger.send("hello");
    assert_eq!(stranger.options().status(), 200);
    let long = format!("OPTIONS sip:x SIP/2.0\r\nSubject: {}\r\n\r\n", "x".repeat(40_000));
    stranger.send(&long);
    let mut carol = browser(&world, "carol", CAROL);
    assert_eq!(carol.register(600).status(), 200);
}

// covers(sip): L20, L18
#[test]
fn the_same_port_serves_encrypted_websockets_where_there_is_a_certificate() {
    let (server, client) = certificate();
    let world = World::with(
        45_400,
        |rules| {
            listens(rules);
            rules.websocket.as_mut().unwrap().tls = Some(server);
        },
        |_| {},
    );
    let at = at(&world);
    let (web, ours) = world.runtime.block_on(async {
        let stream = TcpStream::connect(at).await.unwrap();
        let ours = stream.local_addr().unwrap();
        let tls = tokio_rustls::TlsConnector::from(client);
        let stream = tls.connect("localhost".try_into().unwrap(), stream).await.unwrap();
        (client_async(asks(at, Some("sip"), None), stream).await.unwrap().0, ours)
    });
    let mut agnes = phone(&world, "agnes", AGNES);
    let way = Web::new(&world.runtime, web, ours, true);
    let mut carol = Phone::over(Box::new(way), at, "carol", CAROL);
    assert_eq!(carol.register(600).status(), 200);
    assert!(carol.options().get("Via").starts_with("SIP/2.0/WSS x"));
    let mut call = carol.call("1001");
    let mut incoming = agnes.ringing();
    agnes.answer(&mut incoming);
    carol.answered(&mut call);
    until_heard(&carol, AGNES, CAROL);
    carol.hang_up(&mut call);
    agnes.hung_up(&incoming);
    let mut plain = browser(&world, "carol", CAROL);
    assert!(plain.options().get("Via").starts_with("SIP/2.0/WS x"), "and plain ones as well");
}
