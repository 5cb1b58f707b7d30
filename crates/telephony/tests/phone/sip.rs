//! A telephone for tests: its own SIP over UDP, its own digest, nothing of the server's but the codecs.
//!
//! Every step waits for the message that it expects, so a test reads like what two people do, and fails where something
//! else happens.

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

/// A message as it came.
#[derive(Clone, Debug)]
pub struct Message {
    pub start: String,
    pub fields: Vec<(String, String)>,
    pub body: String,
}

impl Message {
    fn read(bytes: &[u8]) -> Self {
        let text = std::str::from_utf8(bytes).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let mut lines = head.split("\r\n");
        let start = lines.next().unwrap().to_owned();
        let field = |line: &str| {
            let (name, value) = line.split_once(':').unwrap();
            (name.trim().to_owned(), value.trim().to_owned())
        };
        let message = Self { start, fields: lines.map(field).collect(), body: body.to_owned() };
        assert_eq!(message.get("Content-Length").parse(), Ok(body.len()), "{text}");
        message
    }

    pub fn find(&self, name: &str) -> Option<&str> {
        self.fields
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    pub fn get(&self, name: &str) -> &str {
        self.find(name).unwrap_or_else(|| panic!("no {name} in {self:?}"))
    }

    /// The status of a response, 0 for a request.
    pub fn status(&self) -> u16 {
        self.start.strip_prefix("SIP/2.0 ").map_or(0, |rest| rest[..3].parse().unwrap())
    }

    /// The method of a request, or of the request that was answered.
    pub fn method(&self) -> &str {
        self.get("CSeq").split(' ').nth(1).unwrap()
    }

    fn is(&self, method: &str) -> bool {
        self.status() == 0 && self.method() == method
    }

    fn tag(&self, field: &str) -> String {
        self.get(field).split(";tag=").nth(1).unwrap_or_default().to_owned()
    }

    fn contact(&self) -> String {
        let value = self.get("Contact");
        value.split(['<', '>']).nth(1).unwrap().to_owned()
    }

    /// Where the description wants sound.
    pub fn sound_at(&self) -> SocketAddr {
        let line = |start: &str| self.body.lines().find_map(|line| line.strip_prefix(start)).unwrap();
        let port: u16 = line("m=audio ").split(' ').next().unwrap().parse().unwrap();
        let ip = line("c=IN IP").split(' ').nth(1).unwrap().parse().unwrap();
        SocketAddr::new(ip, port)
    }
}

/// A dialog as the telephone sees it.
#[derive(Clone, Debug)]
pub struct Call {
    pub call_id: String,
    /// Our From and their To, as they stand in our requests.
    pub us: String,
    pub them: String,
    pub target: String,
    pub cseq: u32,
    /// The INVITE: theirs, or the last of ours.
    pub invite: Message,
    branch: String,
    pub ours: bool,
}

impl Call {
    pub fn tags(&self) -> (String, String) {
        let tag = |value: &str| value.split(";tag=").nth(1).unwrap_or_default().to_owned();
        (tag(&self.us), tag(&self.them))
    }
}

pub struct Phone {
    socket: UdpSocket,
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
        let sound = Earpiece::new(ip, hertz);
        Self {
            socket,
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

    pub fn address(&self) -> SocketAddr {
        self.socket.local_addr().unwrap()
    }

    fn contact(&self) -> String {
        format!("<sip:{}@{}>", self.user, self.address())
    }

    fn domain(&self) -> String {
        self.server.to_string().rsplit_once(':').unwrap().0.to_owned()
    }

    pub fn send(&self, text: &str) {
        self.socket.send_to(text.as_bytes(), self.server).unwrap();
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
            "{method} {target} SIP/2.0\r\nVia: SIP/2.0/UDP {};branch={branch};rport\r\nMax-Forwards: 70\r\n\
             From: {}\r\nTo: {}\r\nCall-ID: {}\r\nCSeq: {cseq} {method}\r\nContact: {}\r\n{extra}{kind}\
             Content-Length: {}\r\n\r\n{body}",
            self.address(),
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
        let mut bytes = [0; 65_535];
        while let Ok((length, _)) = self.socket.recv_from(&mut bytes) {
            let message = Message::read(&bytes[..length]);
            let which = format!("{} {}", message.get("Call-ID"), message.get("CSeq"));
            self.unheard.borrow_mut().take_if(|(of, ..)| message.status() > 0 && *of == which);
            self.unread.push(message);
        }
        // Datagrams get lost: what nobody has heard is said again (RFC 3261 §17.1).
        if let Some((_, text, at)) = self.unheard.borrow_mut().as_mut()
            && at.elapsed() > Duration::from_millis(500)
        {
            *at = Instant::now();
            let _full = self.socket.send_to(text.as_bytes(), self.server);
        }
    }

    /// The first message that fits, within five seconds; others stay for later.
    pub fn wait(&mut self, what: &str, fits: impl Fn(&Message) -> bool) -> Message {
        let begin = Instant::now();
        loop {
            if let Some(at) = self.unread.iter().position(&fits) {
                return self.unread.remove(at);
            }
            let late = begin.elapsed() > Duration::from_secs(5);
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

    /// Calls a number, with a description or without one, and gives the password when asked.
    pub fn call_with(&mut self, number: &str, lines: &[&str], body: &str) -> Call {
        let target = format!("sip:{number}@{}", self.server);
        let mut call = self.outside_dialog(&target);
        let mut lines: Vec<String> = lines.iter().map(|it| (*it).to_owned()).collect();
        call.branch = fresh("z9hG4bKi");
        self.request("INVITE", &target, &call, 1, &call.branch, &lines, body);
        let wanted = call.call_id.clone();
        let first = self.wait("an answer to INVITE", |it| it.status() > 0 && it.get("Call-ID") == wanted);
        if first.status() != 401 {
            self.unread.push(first);
            return call;
        }
        self.ack(&call, &first, "");
        lines.push(self.proof(&first, "INVITE", &target));
        call.cseq = 2;
        call.branch = fresh("z9hG4bKi");
        self.request("INVITE", &target, &call, 2, &call.branch, &lines, body);
        call
    }

    pub fn call(&mut self, number: &str) -> Call {
        let sdp = self.sdp("sendrecv", 1);
        self.call_with(number, &[], &sdp)
    }

    /// Waits until our call is answered, acknowledges, and speaks.
    pub fn answered(&mut self, call: &mut Call) -> Message {
        let answer = self.answer_to(&call.call_id, call.cseq, "INVITE");
        self.answer_came(call, &answer);
        answer
    }

    /// The answer to our call is here: acknowledges, and speaks.
    pub fn answer_came(&mut self, call: &mut Call, answer: &Message) {
        assert_eq!(answer.status(), 200, "{answer:?}");
        call.target = answer.contact();
        call.them = answer.get("To").to_owned();
        self.ack(call, answer, "");
        self.sound.speak_to(answer.sound_at());
    }

    /// Waits until our call is refused, and acknowledges that.
    pub fn refused(&mut self, call: &Call) -> u16 {
        let answer = self.answer_to(&call.call_id, call.cseq, "INVITE");
        assert!(answer.status() >= 300, "{answer:?}");
        self.ack(call, &answer, "");
        answer.status()
    }

    /// Acknowledges an answer with a description: of a call that was begun without one.
    pub fn acknowledge_with(&mut self, call: &mut Call, body: &str) {
        let answer = self.answer_to(&call.call_id, call.cseq, "INVITE");
        call.target = answer.contact();
        call.them = answer.get("To").to_owned();
        self.ack(call, &answer, body);
        self.sound.speak_to(answer.sound_at());
    }

    pub fn rings_there(&mut self, call: &Call) -> Message {
        let wanted = call.call_id.clone();
        self.wait("180", |it| it.status() == 180 && it.get("Call-ID") == wanted)
    }

    pub fn cancel(&mut self, call: &Call) {
        let mut without_tag = call.clone();
        without_tag.them = call.them.split(";tag=").next().unwrap().to_owned();
        self.request("CANCEL", &call.target, &without_tag, call.cseq, &call.branch, &[], "");
        assert_eq!(self.answer_to(&call.call_id, call.cseq, "CANCEL").status(), 200);
    }

    /// Waits for a call; we ring.
    pub fn ringing(&mut self) -> Call {
        let mut call = self.offered();
        self.ring(&mut call);
        call
    }

    pub fn offered(&mut self) -> Call {
        let invite = self.wait("INVITE", |it| it.is("INVITE") && !it.get("To").contains(";tag="));
        Call {
            call_id: invite.get("Call-ID").to_owned(),
            us: format!("{};tag={}", invite.get("To"), fresh("t")),
            them: invite.get("From").to_owned(),
            target: invite.contact(),
            cseq: 0,
            branch: String::new(),
            invite,
            ours: false,
        }
    }

    pub fn ring(&mut self, call: &mut Call) {
        self.respond(&call.invite, 180, &call.tags().0, &[], "");
    }

    pub fn refuse(&mut self, call: &Call, code: u16) {
        self.respond(&call.invite, code, &call.tags().0, &[], "");
        let wanted = call.call_id.clone();
        self.wait("ACK", |it| it.is("ACK") && it.get("Call-ID") == wanted);
    }

    /// Answers, speaks, and waits for the acknowledgement.
    pub fn answer(&mut self, call: &mut Call) {
        self.answer_with(call, &[]);
    }

    pub fn answer_with(&mut self, call: &mut Call, lines: &[&str]) {
        let lines: Vec<String> = lines.iter().map(|it| (*it).to_owned()).collect();
        self.sound.speak_to(call.invite.sound_at());
        self.respond(&call.invite, 200, &call.tags().0, &lines, &self.sdp("sendrecv", 1));
        let wanted = call.call_id.clone();
        self.wait("ACK", |it| it.is("ACK") && it.get("Call-ID") == wanted);
    }

    /// A request within the dialog, and the status of its answer.
    pub fn ask(&mut self, call: &mut Call, method: &str, lines: &[&str], body: &str) -> Message {
        call.cseq += 1;
        let lines: Vec<String> = lines.iter().map(|it| (*it).to_owned()).collect();
        call.branch = fresh("z9hG4bKm");
        self.request(method, &call.target.clone(), call, call.cseq, &call.branch.clone(), &lines, body);
        let answer = self.answer_to(&call.call_id, call.cseq, method);
        if method == "INVITE" {
            self.ack(call, &answer, "");
        }
        answer
    }

    /// Puts the other side on hold, or takes the call up again.
    pub fn hold(&mut self, call: &mut Call, on: bool) -> Message {
        let sdp = self.sdp(if on { "sendonly" } else { "sendrecv" }, call.cseq + 10);
        let answer = self.ask(call, "INVITE", &[], &sdp);
        assert_eq!(answer.status(), 200, "{answer:?}");
        answer
    }

    pub fn hang_up(&mut self, call: &mut Call) {
        assert_eq!(self.ask(call, "BYE", &[], "").status(), 200);
    }

    /// Waits until the other side hangs up.
    pub fn hung_up(&mut self, call: &Call) {
        let wanted = call.call_id.clone();
        let bye = self.wait("BYE", |it| it.is("BYE") && it.get("Call-ID") == wanted);
        self.respond(&bye, 200, "", &[], "");
    }

    /// Waits until the call that rings here is taken back.
    pub fn taken_back(&mut self, call: &Call) {
        let wanted = call.call_id.clone();
        let cancel = self.wait("CANCEL", |it| it.is("CANCEL") && it.get("Call-ID") == wanted);
        self.respond(&cancel, 200, &call.tags().0, &[], "");
        self.refuse(call, 487);
    }

    /// Waits for a NOTIFY of an event and answers it; its body.
    pub fn notified(&mut self, event: &str) -> Message {
        let notify = self.wait(&format!("NOTIFY {event}"), |it| it.is("NOTIFY") && it.get("Event") == event);
        self.respond(&notify, 200, "", &[], "");
        notify
    }

    /// Answers a request of theirs.
    pub fn reply(&self, to: &Message, code: u16, lines: &[&str], body: &str) {
        let lines: Vec<String> = lines.iter().map(|it| (*it).to_owned()).collect();
        self.respond(to, code, "", &lines, body);
    }
}
