//! Messages that are nearly right, over HTTP and over a web socket, by somebody who has a session.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may end here")]

#[path = "../../../fuzz/mutate.rs"]
#[allow(dead_code, unreachable_pub, clippy::cast_possible_truncation, reason = "shared by several tests")]
mod mutate;

use mutate::fuzz;
use serde_json::{Value, value::RawValue};
use touchline_bayeux::{
    Effect, Identity, Instant, Now, Outcome, Peer, Server, Settings, Standard, parse_form, parse_http,
};

/// Where the id of the session goes: as long as one.
const HANDSHAKE: &str = r#"[{"id":"1","channel":"/meta/handshake","version":"1.0","supportedConnectionTypes":["long-polling","websocket"],"ext":{"ack":true}}]"#;

const WORDS: [&[u8]; 24] = [
    b"{}",
    b"[]",
    b",",
    b"null",
    b"\"channel\":\"/meta/connect\"",
    b"\"channel\":\"/meta/handshake\"",
    b"\"channel\":\"/meta/subscribe\"",
    b"\"channel\":\"/meta/unsubscribe\"",
    b"\"channel\":\"/meta/disconnect\"",
    b"\"channel\":\"/test/a\"",
    b"\"channel\":\"/service/a\"",
    b"\"subscription\":\"/test/**\"",
    b"\"subscription\":[\"/v2/a\",\"/test/*\"]",
    b"\"data\":{\"a\":1}",
    b"\"advice\":{\"timeout\":0}",
    b"\"ext\":{\"ack\":7,\"timesync\":{\"tc\":1,\"l\":0,\"o\":-9e99}}",
    b"\"id\":\"7\"",
    b"\"\\ud800\"",
    b"\"\\u0000\"",
    b"[[[[[[[[",
    b"**",
    b"/",
    b"%5B",
    b"message=",
];

struct World {
    server: Server,
    ms: u64,
}

impl World {
    fn new() -> Self {
        let settings = Settings { test_channels: true, max_sessions_per_user: 50, ..Settings::default() };
        let policy = Standard::new(&settings);
        let mut state = 0x9E37_79B9_7F4A_7C15_u64;
        let entropy = move |bytes: &mut [u8]| {
            for byte in bytes {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                *byte = (state >> 56) as u8;
            }
        };
        Self { server: Server::new(settings, policy, entropy), ms: 1 }
    }

    fn now(&mut self) -> Now {
        self.ms += 40;
        Now {
            at: Instant::from_millis(self.ms),
            unix_ms: 1_767_225_600_000 + i64::try_from(self.ms).unwrap(),
        }
    }

    /// Everything that is due is done, everything that is said is JSON.
    fn settle(&mut self) {
        let at = self.now().at;
        self.server.poll(at);
        while let Some(effect) = self.server.next_effect() {
            match effect {
                Effect::Answer { answer: touchline_bayeux::Answer::Reply(reply), .. } => {
                    sound(&reply.body);
                    reply.receipt.into_iter().for_each(|receipt| self.server.written(at, receipt));
                }
                Effect::Send { socket, frame, receipt } => {
                    sound(&frame);
                    self.server.socket_sent(socket, frame.len());
                    receipt.into_iter().for_each(|receipt| self.server.written(at, receipt));
                }
                Effect::Answer { .. } | Effect::Close { .. } | Effect::Ended { .. } => {}
            }
        }
    }

    fn exchange(&mut self, peer: &mut Peer, body: &[u8]) -> Option<Value> {
        let messages = parse_http(body, self.server.settings()).ok()?;
        let now = self.now();
        let outcome = self.server.handle(now, peer, &messages);
        let answer = match outcome {
            Outcome::Held(_) => Value::Null,
            Outcome::Reply(reply) => {
                // A session is bound to the cookie that came with it.
                peer.browser = reply.browser.or(peer.browser.take());
                reply.receipt.into_iter().for_each(|receipt| self.server.written(now.at, receipt));
                sound(&reply.body)
            }
        };
        self.settle();
        Some(answer)
    }

    fn session(&mut self, peer: &mut Peer) -> String {
        let answer = self.exchange(peer, HANDSHAKE.as_bytes()).unwrap();
        answer[0]["clientId"].as_str().unwrap_or_default().to_owned()
    }
}

/// A JSON array of replies and events.
fn sound(body: &[u8]) -> Value {
    let all: Vec<Box<RawValue>> = serde_json::from_slice(body)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(body)));
    // An id is given back as it came, also a number that is too large for most.
    let read = |message: &RawValue| serde_json::from_str(message.get()).unwrap_or(Value::Null);
    let all: Vec<Value> = all.iter().map(|message| read(message)).collect();
    for message in all.iter().filter(|message| !message.is_null()) {
        let is_event = message.get("data").is_some() && message.get("clientId").is_none();
        assert!(message["successful"].is_boolean() || is_event, "{message}");
        assert!(message["successful"] != false || message["error"].is_string(), "{message}");
    }
    Value::Array(all)
}

fn seeds() -> Vec<Vec<u8>> {
    let all = [
        HANDSHAKE,
        r#"[{"id":"2","channel":"/meta/subscribe","clientId":"CLIENT","subscription":["/test/a","/v2/**"]}]"#,
        r#"[{"id":"3","channel":"/meta/connect","clientId":"CLIENT","connectionType":"long-polling","advice":{"timeout":0},"ext":{"ack":1}}]"#,
        r#"[{"channel":"/test/a","clientId":"CLIENT","data":{"text":"\u00e9\ud83d\ude00"},"id":"4"},{"channel":"/test/a","clientId":"CLIENT","data":[1,2.5,null]}]"#,
        r#"{"id":"5","channel":"/meta/unsubscribe","clientId":"CLIENT","subscription":"/test/a"}"#,
        r#"[{"id":6,"channel":"/meta/disconnect","clientId":"CLIENT"}]"#,
    ];
    all.iter().map(|text| text.as_bytes().to_vec()).collect()
}

fn with_session(input: &[u8], id: &str) -> Vec<u8> {
    String::from_utf8_lossy(input).replace("CLIENT", id).into_bytes()
}

/// The words of a live session for `CLIENT`; a new one when it has ended.
#[test]
fn any_request_gets_an_answer_that_is_sound() {
    let mut peer = Peer::new(Identity::new("acme", "anna"));
    let mut world = World::new();
    let (mut id, mut since) = (String::new(), 0);
    fuzz("Bayeux over HTTP", seeds(), &WORDS, |input| {
        let _ = parse_form(input, world.server.settings());
        since += 1;
        if since % 20 == 1 || !is_alive(&world, &id) {
            id = world.session(&mut peer);
        }
        world.exchange(&mut peer, &with_session(input, &id)).is_some()
    });
}

fn is_alive(world: &World, id: &str) -> bool {
    touchline_bayeux::ClientId::parse(id).is_some_and(|id| world.server.waiting_for(&id).is_some())
}

/// The same on web sockets, which come and go.
#[test]
fn any_frame_is_survived_and_what_is_sent_back_is_sound() {
    let mut peer = Peer::new(Identity::new("acme", "anna"));
    let mut world = World::new();
    let (mut id, mut socket, mut since) = (String::new(), None, 0);
    fuzz("Bayeux on a web socket", seeds(), &WORDS, |input| {
        since += 1;
        if since % 20 == 1 {
            let at = world.now().at;
            if let Some(old) = socket.take() {
                world.server.socket_closed(at, old);
            }
            id = world.session(&mut peer);
            socket = world.server.open_socket(at, peer.clone());
        }
        let now = world.now();
        let frame = with_session(input, &id);
        let is_sound = touchline_bayeux::parse_frame(&frame, world.server.settings()).is_ok();
        if let Some(socket) = socket {
            world.server.socket_text(now, socket, &frame);
        }
        world.settle();
        is_sound
    });
}
