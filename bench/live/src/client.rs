//! One Bayeux client, by long-polling or on a web socket: the same for every server.

use crate::wire::{self, Piece};
use mio::{Interest, Registry, Token, net::TcpStream};
use std::{
    io::{ErrorKind, Read, Write},
    net::SocketAddr,
};

/// How messages travel.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Transport {
    /// A held request.
    LongPolling,
    /// A web socket.
    WebSocket,
}

impl Transport {
    fn name(self) -> &'static str {
        match self {
            Self::LongPolling => "long-polling",
            Self::WebSocket => "websocket",
        }
    }
}

/// How far a client is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Step {
    /// The web socket is asked for.
    Upgrading,
    /// The handshake is under way.
    Shaking,
    /// The subscription is under way.
    Subscribing,
    /// It has subscribed: a connect is held, or on its way to be.
    Waiting,
}

/// A client.
pub struct Client {
    stream: TcpStream,
    transport: Transport,
    channel: String,
    headers: String,
    /// How far it is.
    pub step: Step,
    id: String,
    /// What has come of a piece that is not complete.
    rest: Vec<u8>,
    /// The request that is sent again and again.
    connect: Vec<u8>,
    /// How many messages have come.
    pub received: usize,
}

impl Client {
    /// Opens a connection and begins.
    pub fn open(
        address: SocketAddr,
        transport: Transport,
        number: usize,
        channel: &str,
        registry: &Registry,
    ) -> Self {
        let stream = std::net::TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_nonblocking(true).unwrap();
        let mut stream = TcpStream::from_std(stream);
        registry.register(&mut stream, Token(number), Interest::READABLE).unwrap();
        let headers = format!("Host: {address}\r\nX-User: user-{number}\r\n");
        let mut client = Self {
            stream,
            transport,
            channel: channel.to_owned(),
            headers,
            step: Step::Shaking,
            id: String::new(),
            rest: Vec::new(),
            connect: Vec::new(),
            received: 0,
        };
        match transport {
            Transport::LongPolling => client.shake(),
            Transport::WebSocket => {
                client.step = Step::Upgrading;
                let head = format!(
                    "GET /bayeux HTTP/1.1\r\n{}Connection: Upgrade\r\nUpgrade: websocket\r\n\
                     Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
                    client.headers
                );
                client.write(head.as_bytes());
            }
        }
        client
    }

    fn write(&mut self, bytes: &[u8]) {
        // Requests are short: if the system takes no more, the server does not read.
        self.stream.write_all(bytes).expect("a server that reads");
    }

    /// As it travels.
    fn wrapped(&self, json: &str) -> Vec<u8> {
        match self.transport {
            Transport::WebSocket => wire::masked(json),
            Transport::LongPolling => format!(
                "POST /bayeux HTTP/1.1\r\n{}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{json}",
                self.headers,
                json.len()
            )
            .into_bytes(),
        }
    }

    fn say(&mut self, json: &str) {
        let bytes = self.wrapped(json);
        self.write(&bytes);
    }

    fn shake(&mut self) {
        self.step = Step::Shaking;
        self.say(&format!(
            r#"[{{"channel":"/meta/handshake","version":"1.0","supportedConnectionTypes":["{}"],"id":"1"}}]"#,
            self.transport.name()
        ));
    }

    /// Publishes here from now on.
    pub fn set_channel(&mut self, channel: &str) {
        self.channel = channel.to_owned();
    }

    /// Publishes, on a web socket only.
    pub fn publish(&mut self, data: &str) {
        let (channel, id) = (&self.channel, &self.id);
        self.say(&format!(r#"[{{"channel":"{channel}","clientId":"{id}","data":{data},"id":"9"}}]"#));
    }

    /// Reads what has come; `message` gets the text from each message's data on.
    pub fn read(&mut self, buffer: &mut [u8], mut message: impl FnMut(&mut Self, &[u8])) {
        loop {
            let read = match self.stream.read(buffer) {
                Ok(0) => panic!("the server has closed a connection"),
                Ok(read) => read,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) => panic!("{error}"),
            };
            let is_full = read == buffer.len();
            if self.rest.is_empty() {
                let used = self.pieces(&buffer[..read], &mut message);
                self.rest.extend_from_slice(&buffer[used..read]);
            } else {
                let mut rest = std::mem::take(&mut self.rest);
                rest.extend_from_slice(&buffer[..read]);
                let used = self.pieces(&rest, &mut message);
                rest.drain(..used);
                self.rest = rest;
            }
            // A short read has emptied the socket; what comes later is told again.
            if !is_full {
                return;
            }
        }
    }

    fn pieces(&mut self, bytes: &[u8], message: &mut impl FnMut(&mut Self, &[u8])) -> usize {
        let mut used = 0;
        loop {
            let left = &bytes[used..];
            let as_frame = self.transport == Transport::WebSocket && self.step != Step::Upgrading;
            match if as_frame { wire::frame(left) } else { wire::answer(left) } {
                Piece::Part => return used,
                Piece::Frame(payload, length) => {
                    used += length;
                    self.heard(payload, message);
                }
                Piece::Answer(head, body, length) => {
                    used += length;
                    if self.step == Step::Upgrading {
                        assert!(head.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(head));
                        self.shake();
                        continue;
                    }
                    assert!(head.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(head));
                    if let Some(cookie) = wire::header(head, "set-cookie") {
                        let cookie = cookie.split(';').next().unwrap();
                        self.headers.push_str(&format!("Cookie: {cookie}\r\n"));
                    }
                    self.heard(body, message);
                }
            }
        }
    }

    /// A JSON array has come.
    fn heard(&mut self, json: &[u8], message: &mut impl FnMut(&mut Self, &[u8])) {
        let is_reply = match self.transport {
            Transport::LongPolling => true,
            Transport::WebSocket => memchr::memmem::find(json, b"/meta/").is_some(),
        };
        match self.step {
            Step::Upgrading => unreachable!(),
            Step::Shaking => {
                self.id = wire::text(json, "clientId").expect("a session").to_owned();
                self.step = Step::Subscribing;
                let (id, channel) = (&self.id, &self.channel);
                let subscribe = format!(
                    r#"[{{"channel":"/meta/subscribe","clientId":"{id}","subscription":"{channel}","id":"2"}}]"#
                );
                self.connect = self.wrapped(&format!(
                    r#"[{{"channel":"/meta/connect","clientId":"{id}","connectionType":"{}","id":"3"}}]"#,
                    self.transport.name()
                ));
                self.say(&subscribe);
            }
            Step::Subscribing => {
                assert!(
                    memchr::memmem::find(json, b"\"successful\":true").is_some(),
                    "{}",
                    String::from_utf8_lossy(json)
                );
                // Some servers answer the first connect at once, others hold it.
                self.step = Step::Waiting;
                self.again();
            }
            Step::Waiting => {
                if is_reply && memchr::memmem::find(json, b"/meta/connect").is_some() {
                    self.again();
                }
                for at in memchr::memmem::find_iter(json, b"\"data\":") {
                    message(self, &json[at + 7..]);
                }
            }
        }
    }

    fn again(&mut self) {
        self.stream.write_all(&self.connect).expect("a server that reads");
    }
}
