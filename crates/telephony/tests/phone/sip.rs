//! A telephone for tests: its own SIP over UDP, its own digest, nothing of the server's but the codecs.
//!
//! Every step waits for the message that it expects, so a test reads like what two people do, and fails where something
//! else happens.

mod calls;
mod message;
mod ways;

pub use calls::Call;
pub use message::Message;
pub use ways::Way;
#[allow(unused_imports, reason = "not every test speaks over all of them")]
pub use ways::{Stream, Web};

use crate::earpiece::{DIGITS, Earpiece};
use std::{
    net::{SocketAddr, UdpSocket},
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};
use touchline_telephony::digest::Challenge;

static NUMBER: AtomicU32 = AtomicU32::new(1);

fn fresh(what: &str) -> String {
    format!("{what}{:06x}", NUMBER.fetch_add(7919, Ordering::Relaxed))
}

pub struct Phone {
    way: Box<dyn Way>,
    server: SocketAddr,
    pub user: String,
    password: String,
    pub sound: Earpiece,
    unread: Vec<Message>,
    /// The last request, until something is heard of it.
    unheard: std::cell::RefCell<Option<(String, String, Instant)>>,
}

impl Phone {
    pub fn new(server: SocketAddr, user: &str, hertz: f64) -> Self {
        Self::at("127.0.0.1", server, user, hertz)
    }

    pub fn at(ip: &str, server: SocketAddr, user: &str, hertz: f64) -> Self {
        let socket = UdpSocket::bind((ip, 0)).unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        Self::over(Box::new(ways::Datagrams { socket, server }), server, user, hertz)
    }

    /// Over whatever connection.
    pub fn over(way: Box<dyn Way>, server: SocketAddr, user: &str, hertz: f64) -> Self {
        let sound = Earpiece::new(&way.address().ip().to_string(), hertz);
        Self {
            way,
            server,
            user: user.into(),
            password: format!("{user}-secret"),
            sound,
            unread: vec![],
            unheard: None.into(),
        }
    }

    pub fn with_password(mut self, password: &str) -> Self {
        self.password = password.to_owned();
        self
    }

    /// Where the server is, for a telephone that was there first.
    pub fn answers_to(&mut self, server: SocketAddr) {
        self.server = server;
        self.way.towards(server);
    }

    pub fn address(&self) -> SocketAddr {
        self.way.address()
    }

    fn contact(&self) -> String {
        format!("<sip:{}@{}>", self.user, self.way.contact())
    }

    fn domain(&self) -> String {
        self.server.to_string().rsplit_once(':').unwrap().0.to_owned()
    }

    pub fn send(&self, text: &str) {
        self.way.send(text);
    }

    /// Builds and sends a request.
    #[allow(clippy::too_many_arguments, reason = "all that differs between requests")]
    fn request(
        &self,
        method: &str,
        target: &str,
        call: &Call,
        cseq: u32,
        branch: &str,
        lines: &[String],
        body: &str,
    ) -> String {
        let kind = match (body.is_empty(), method) {
            (true, _) => "",
            (_, "INFO") => "Content-Type: application/dtmf-relay\r\n",
            _ => "Content-Type: application/sdp\r\n",
        };
        let extra: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
        let text = format!(
            "{method} {target} SIP/2.0\r\nVia: SIP/2.0/{};branch={branch};rport\r\nMax-Forwards: 70\r\n\
             From: {}\r\nTo: {}\r\nCall-ID: {}\r\nCSeq: {cseq} {method}\r\nContact: {}\r\n{extra}{kind}\
             Content-Length: {}\r\n\r\n{body}",
            self.way.via(),
            call.us,
            call.them,
            call.call_id,
            self.contact(),
            body.len()
        );
        self.send(&text);
        if method != "ACK" {
            let which = format!("{} {cseq} {method}", call.call_id);
            *self.unheard.borrow_mut() = Some((which, text.clone(), Instant::now()));
        }
        text
    }

    fn respond(&self, to: &Message, code: u16, tag: &str, lines: &[String], body: &str) {
        let mut text = format!("SIP/2.0 {code} Answer\r\n");
        for (name, value) in &to.fields {
            match name.as_str() {
                "Via" | "From" | "Call-ID" | "CSeq" => text.push_str(&format!("{name}: {value}\r\n")),
                "To" if value.contains(";tag=") || tag.is_empty() => {
                    text.push_str(&format!("To: {value}\r\n"))
                }
                "To" => text.push_str(&format!("To: {value};tag={tag}\r\n")),
                _ => {}
            }
        }
        text.push_str(&format!("Contact: {}\r\n", self.contact()));
        lines.iter().for_each(|line| text.push_str(&format!("{line}\r\n")));
        if !body.is_empty() {
            text.push_str("Content-Type: application/sdp\r\n");
        }
        self.send(&format!("{text}Content-Length: {}\r\n\r\n{body}", body.len()));
    }

    /// Reads what has come.
    fn read(&mut self) {
        while let Some(bytes) = self.way.next() {
            let message = Message::read(&bytes);
            let which = format!("{} {}", message.get("Call-ID"), message.get("CSeq"));
            self.unheard.borrow_mut().take_if(|(of, ..)| message.status() > 0 && *of == which);
            self.unread.push(message);
        }
        // Datagrams get lost: what nobody has heard is said again (RFC 3261 §17.1).
        if let Some((_, text, at)) = self.unheard.borrow_mut().as_mut()
            && self.way.loses()
            && at.elapsed() > Duration::from_millis(500)
        {
            *at = Instant::now();
            self.way.send(text);
        }
    }

    /// The first message that fits, within two minutes; others stay for later.
    pub fn wait(&mut self, what: &str, fits: impl Fn(&Message) -> bool) -> Message {
        let begin = Instant::now();
        loop {
            if let Some(at) = self.unread.iter().position(&fits) {
                return self.unread.remove(at);
            }
            let late = begin.elapsed() > Duration::from_secs(120);
            assert!(!late, "{} waits for {what}; there is {:#?}", self.user, self.unread);
            self.read();
        }
    }

    /// Nothing of that kind comes.
    pub fn never(&mut self, time: Duration, fits: impl Fn(&Message) -> bool) {
        let begin = Instant::now();
        while begin.elapsed() < time {
            self.read();
            if let Some(message) = self.unread.iter().find(|it| fits(it)) {
                panic!("{} got {message:#?}", self.user);
            }
        }
    }

    fn answer_to(&mut self, call_id: &str, cseq: u32, method: &str) -> Message {
        let wanted = format!("{cseq} {method}");
        self.wait(&format!("the answer to {wanted}"), |it| {
            it.status() >= 200 && it.get("Call-ID") == call_id && it.get("CSeq") == wanted
        })
    }

    fn proof(&self, refused: &Message, method: &str, target: &str) -> String {
        let challenge = Challenge::read(refused.get("WWW-Authenticate")).unwrap();
        let value = challenge.answer(&self.user, &self.password, method, target, &fresh("c"));
        format!("Authorization: {value}")
    }

    fn outside_dialog(&self, to: &str) -> Call {
        Call {
            call_id: fresh("call"),
            us: format!("<sip:{}@{}>;tag={}", self.user, self.domain(), fresh("t")),
            them: format!("<{to}>"),
            target: to.to_owned(),
            cseq: 1,
            invite: Message { start: String::new(), fields: vec![], body: String::new() },
            branch: String::new(),
            ours: true,
        }
    }

    /// Registers for so long; the status of the last answer.
    pub fn register(&mut self, secs: u32) -> Message {
        let to = format!("sip:{}", self.domain());
        let call = self.outside_dialog(&format!("sip:{}@{}", self.user, self.domain()));
        let lines = [format!("Expires: {secs}")];
        self.request("REGISTER", &to, &call, 1, &fresh("z9hG4bKr"), &lines, "");
        let refused = self.answer_to(&call.call_id, 1, "REGISTER");
        if refused.status() != 401 {
            return refused;
        }
        let lines = [lines[0].clone(), self.proof(&refused, "REGISTER", &to)];
        self.request("REGISTER", &to, &call, 2, &fresh("z9hG4bKr"), &lines, "");
        self.answer_to(&call.call_id, 2, "REGISTER")
    }

    /// Asks whether the server is there.
    pub fn options(&mut self) -> Message {
        let to = format!("sip:{}", self.server);
        let call = self.outside_dialog(&to);
        self.request("OPTIONS", &to, &call, 1, &fresh("z9hG4bKo"), &[], "");
        self.answer_to(&call.call_id, 1, "OPTIONS")
    }

    /// A description of our sound.
    pub fn sdp(&self, direction: &str, version: u32) -> String {
        let ip = self.address().ip();
        let family = if ip.is_ipv6() { "IP6" } else { "IP4" };
        format!(
            "v=0\r\no=- 1 {version} IN {family} {ip}\r\ns=-\r\nc=IN {family} {ip}\r\nt=0 0\r\n\
             m=audio {} RTP/AVP 0 {DIGITS}\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:{DIGITS} telephone-event/8000\r\na={direction}\r\n",
            self.sound.port
        )
    }

    fn ack(&self, call: &Call, answer: &Message, body: &str) {
        let branch = if answer.status() < 300 { fresh("z9hG4bKa") } else { call.branch.clone() };
        let mut acked = call.clone();
        acked.them = answer.get("To").to_owned();
        self.request("ACK", &call.target, &acked, call.cseq, &branch, &[], body);
    }
}
