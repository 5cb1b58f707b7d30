//! A server, a clock that the test turns, and clients.

use serde_json::{Value, json};
use std::{cell::Cell, collections::BTreeMap, sync::Arc};
use touchline_bayeux::*;

/// 2026-01-01T00:00:00Z.
pub(crate) const EPOCH_MS: i64 = 1_767_225_600_000;

pub(crate) struct World {
    pub(crate) server: Server,
    pub(crate) ms: u64,
    /// Answers to held requests that nobody has looked at yet.
    pub(crate) answers: BTreeMap<Ticket, Answer>,
    /// Frames that nobody has looked at yet.
    pub(crate) frames: Vec<(SocketId, Value)>,
    pub(crate) closed: Vec<(SocketId, u16)>,
    pub(crate) ended: Vec<(ClientId, EndReason)>,
    /// Whether responses and frames are written at once.
    pub(crate) writes: bool,
    /// What is still to be written, when they are not.
    pub(crate) receipts: Vec<Receipt>,
}

/// What came of a request.
#[derive(Debug, PartialEq)]
pub(crate) enum Sent {
    Answered(Vec<Value>),
    Held(Ticket),
}

impl Sent {
    #[track_caller]
    pub(crate) fn answered(self) -> Vec<Value> {
        match self {
            Self::Answered(messages) => messages,
            Self::Held(ticket) => panic!("held: {ticket:?}"),
        }
    }
    #[track_caller]
    pub(crate) fn only(self) -> Value {
        let mut messages = self.answered();
        assert_eq!(messages.len(), 1, "{messages:?}");
        messages.remove(0)
    }
    #[track_caller]
    pub(crate) fn held(self) -> Ticket {
        match self {
            Self::Held(ticket) => ticket,
            Self::Answered(messages) => panic!("not held: {messages:?}"),
        }
    }
}

pub(crate) fn entropy() -> impl FnMut(&mut [u8]) + Send {
    let state = Cell::new(0x9E37_79B9_7F4A_7C15_u64);
    move |bytes: &mut [u8]| {
        for byte in bytes {
            // xorshift: good enough for names in tests.
            let mut x = state.get();
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            state.set(x);
            *byte = x.to_le_bytes()[3];
        }
    }
}

pub(crate) fn anna() -> Identity {
    Identity::new("acme", "anna")
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(Settings::default())
    }

    /// A server in which everybody may speak below `/test`.
    pub(crate) fn open() -> Self {
        Self::with(Settings { test_channels: true, ..Settings::default() })
    }

    pub(crate) fn with(settings: Settings) -> Self {
        settings.check().unwrap();
        let policy = Standard::new(&settings);
        Self {
            server: Server::new(settings, policy, entropy()),
            ms: 0,
            answers: BTreeMap::new(),
            frames: Vec::new(),
            closed: Vec::new(),
            ended: Vec::new(),
            writes: true,
            receipts: Vec::new(),
        }
    }

    pub(crate) fn at(&self) -> Instant {
        Instant::from_millis(self.ms)
    }

    pub(crate) fn now(&self) -> Now {
        Now { at: self.at(), unix_ms: EPOCH_MS + self.ms as i64 }
    }

    /// Lets time pass, waking the server at each of its deadlines.
    pub(crate) fn wait(&mut self, ms: u64) {
        let end = self.ms + ms;
        while let Some(at) = self.server.next_deadline() {
            let due = at.since_start().as_micros().div_ceil(1_000) as u64;
            if due > end {
                break;
            }
            self.ms = self.ms.max(due);
            self.server.poll(self.at());
            assert!(
                self.server.next_deadline().is_none_or(|next| next > self.at()),
                "a deadline was not honoured"
            );
            self.settle();
        }
        self.ms = end;
    }

    fn receipt(&mut self, receipt: Option<Receipt>) {
        self.receipts.extend(receipt);
        if self.writes {
            self.write_all();
        }
    }

    pub(crate) fn write_all(&mut self) {
        for receipt in std::mem::take(&mut self.receipts) {
            self.server.written(self.at(), receipt);
        }
    }

    /// Does what the server wants done.
    pub(crate) fn settle(&mut self) {
        while let Some(effect) = self.server.next_effect() {
            match effect {
                Effect::Answer { ticket, answer } => {
                    if let Answer::Reply(reply) = &answer {
                        self.receipt(reply.receipt);
                    }
                    assert!(self.answers.insert(ticket, answer).is_none(), "answered twice");
                }
                Effect::Send { socket, frame, receipt } => {
                    if self.writes {
                        self.server.socket_sent(socket, frame.len());
                    }
                    self.receipt(receipt);
                    self.frames.push((socket, serde_json::from_slice(&frame).unwrap()));
                }
                Effect::Close { socket, code } => self.closed.push((socket, code)),
                Effect::Ended { client, why, .. } => self.ended.push((client, why)),
            }
        }
    }

    pub(crate) fn post_raw(&mut self, peer: &Peer, body: &[u8]) -> (Sent, Option<BrowserId>) {
        let messages = parse_http(body, self.server.settings()).unwrap();
        let outcome = self.server.handle(self.now(), peer, &messages);
        let sent = match outcome {
            Outcome::Held(ticket) => (Sent::Held(ticket), None),
            Outcome::Reply(reply) => {
                self.receipt(reply.receipt);
                (Sent::Answered(array(&reply.body)), reply.browser)
            }
        };
        self.settle();
        sent
    }

    pub(crate) fn post(&mut self, peer: &Peer, messages: Value) -> Sent {
        self.post_raw(peer, messages.to_string().as_bytes()).0
    }

    /// The response to a request that was held and is answered now.
    #[track_caller]
    pub(crate) fn answer(&mut self, ticket: Ticket) -> Vec<Value> {
        match self.answers.remove(&ticket) {
            Some(Answer::Reply(reply)) => array(&reply.body),
            other => panic!("no answer: {other:?}"),
        }
    }

    pub(crate) fn is_held(&self, ticket: Ticket) -> bool {
        !self.answers.contains_key(&ticket)
    }

    pub(crate) fn cut(&mut self, ticket: Ticket) {
        self.server.connection_lost(self.at(), ticket);
        self.settle();
    }

    pub(crate) fn tell(&mut self, who: &Identity, channel: &str, data: Value) -> usize {
        let event = Event::new(Channel::parse(channel).unwrap(), &data).unwrap();
        let count = self.server.publish(self.at(), &Audience::User(who), &event);
        self.settle();
        count
    }

    pub(crate) fn tell_lazily(&mut self, who: &Identity, channel: &str, data: Value) {
        let event = Event::lazy(Channel::parse(channel).unwrap(), &data).unwrap();
        self.server.publish(self.at(), &Audience::User(who), &event);
        self.settle();
    }

    /// A client that has shaken hands, in a browser of its own.
    pub(crate) fn client(&mut self, who: &Identity) -> Client {
        self.client_of(Peer::new(who.clone()), json!({}))
    }

    /// The same with the acknowledge extension.
    pub(crate) fn acknowledging(&mut self, who: &Identity) -> Client {
        self.client_of(Peer::new(who.clone()), json!({"ext": {"ack": true}}))
    }

    #[track_caller]
    pub(crate) fn client_of(&mut self, mut peer: Peer, extra: Value) -> Client {
        let mut hello = hello();
        merge(&mut hello, extra);
        let (sent, browser) = self.post_raw(&peer, hello.to_string().as_bytes());
        peer.browser = browser.or(peer.browser);
        let id = sent.only()["clientId"].as_str().expect("a session").to_owned();
        Client { peer, id }
    }

    /// The same, with its first connect done.
    pub(crate) fn connected(&mut self, who: &Identity) -> Client {
        let client = self.client(who);
        client.connect(self).only();
        client
    }

    /// A connected client that listens to `/v2/**`.
    pub(crate) fn listening(&mut self, who: &Identity) -> Client {
        let client = self.connected(who);
        client.subscribe(self, "/v2/**");
        client
    }

    pub(crate) fn socket(&mut self, who: &Identity) -> SocketId {
        self.server.open_socket(self.at(), Peer::new(who.clone())).unwrap()
    }

    /// Sends a frame and gives the frames that came back to this socket.
    pub(crate) fn frame(&mut self, socket: SocketId, messages: Value) -> Vec<Value> {
        self.server.socket_text(self.now(), socket, messages.to_string().as_bytes());
        self.settle();
        self.received(socket)
    }

    pub(crate) fn received(&mut self, socket: SocketId) -> Vec<Value> {
        let (mine, others) = std::mem::take(&mut self.frames).into_iter().partition(|(to, _)| *to == socket);
        self.frames = others;
        let mine: Vec<(SocketId, Value)> = mine;
        mine.into_iter().map(|(_, frame)| frame).collect()
    }

    /// Shakes hands over a socket and does the first connect; gives the client id.
    pub(crate) fn bring_up(&mut self, socket: SocketId, extra: Value) -> String {
        let mut hello = hello();
        merge(&mut hello, extra);
        let id = self.frame(socket, json!([hello]))[0][0]["clientId"].as_str().unwrap().to_owned();
        let first = self.frame(socket, json!([connect(&id)]));
        assert_eq!(first[0][0]["successful"], true, "the first connect returns at once");
        id
    }
}

pub(crate) struct Client {
    pub(crate) peer: Peer,
    pub(crate) id: String,
}

impl Client {
    pub(crate) fn message(&self, channel: &str, extra: Value) -> Value {
        let mut message = json!({"id": "7", "channel": channel, "clientId": self.id});
        merge(&mut message, extra);
        message
    }
    pub(crate) fn send(&self, world: &mut World, channel: &str, extra: Value) -> Sent {
        let message = self.message(channel, extra);
        world.post(&self.peer, json!([message]))
    }
    pub(crate) fn connect(&self, world: &mut World) -> Sent {
        self.connect_with(world, json!({}))
    }
    pub(crate) fn connect_with(&self, world: &mut World, extra: Value) -> Sent {
        let mut message = connect(&self.id);
        merge(&mut message, extra);
        world.post(&self.peer, json!([message]))
    }
    /// Connects with the number of the last batch that was seen.
    pub(crate) fn ack(&self, world: &mut World, batch: u64) -> Sent {
        self.connect_with(world, json!({"ext": {"ack": batch}}))
    }
    #[track_caller]
    pub(crate) fn subscribe(&self, world: &mut World, pattern: &str) {
        let reply = self.send(world, "/meta/subscribe", json!({"subscription": pattern})).only();
        assert_eq!(reply["successful"], true, "{reply}");
    }
    pub(crate) fn client_id(&self) -> ClientId {
        ClientId::parse(&self.id).unwrap()
    }
}

pub(crate) fn hello() -> Value {
    json!({
        "id": "1", "channel": "/meta/handshake", "version": "1.0",
        "supportedConnectionTypes": ["websocket", "long-polling", "callback-polling"],
    })
}

pub(crate) fn connect(client: &str) -> Value {
    json!({"id": "5", "channel": "/meta/connect", "clientId": client, "connectionType": "long-polling"})
}

pub(crate) fn merge(into: &mut Value, extra: Value) {
    for (key, value) in extra.as_object().unwrap() {
        into[key] = value.clone();
    }
}

pub(crate) fn array(body: &[u8]) -> Vec<Value> {
    serde_json::from_slice(body).unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(body)))
}

/// The data of the events among some messages.
pub(crate) fn data(messages: &[Value]) -> Vec<Value> {
    messages
        .iter()
        .filter(|message| message.get("successful").is_none())
        .map(|event| event["data"].clone())
        .collect()
}

pub(crate) fn named(identity: &Identity, http_session: &str) -> Peer {
    Peer { http_session: Some(Arc::from(http_session)), ..Peer::new(identity.clone()) }
}
