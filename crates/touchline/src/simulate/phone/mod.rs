//! A simulated telephone: a small SIP user agent over UDP (RFC 3261), which registers, calls, answers, holds and hangs up.
//!
//! It speaks to the server on this machine and to nobody else. One call at a time; whoever calls meanwhile hears that it is
//! busy. Everything is done by whoever waits for something ([`Phone::next`]): repeating what was not answered, registering
//! again, answering what needs no thought.

mod calls;
mod message;
mod sound;

pub(super) use calls::{Outcome, Stay};
pub(crate) use message::Message;
use sound::Sound;

use calls::Dialog;
use std::{
    collections::VecDeque,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};
use tokio::{net::UdpSocket, time::Instant};
use touchline_demo::Dice;
use touchline_telephony::digest::Challenge;

/// The first repetition of what was not answered (RFC 3261 §17.1.1.1, T1); each further one comes twice as late, up to T2.
const T1: Duration = Duration::from_millis(500);
const T2: Duration = Duration::from_secs(4);
/// When it is given up (64 T1).
const GIVE_UP: Duration = Duration::from_secs(32);
/// How long a registration shall last, and how soon it is tried again after a failure.
const LIFETIME: u64 = 600;
const AGAIN: Duration = Duration::from_secs(3);
/// Answers that are kept for requests that come again.
const KEPT: usize = 16;

/// A request of ours, or an answer that has to be acknowledged, until something is heard of it.
struct Unheard {
    /// `Call-ID CSeq` of what is waited for.
    key: String,
    text: String,
    due: Instant,
    after: Duration,
    until: Instant,
}

/// How a telephone stands with the registrar.
struct Registration {
    call_id: String,
    tag: String,
    cseq: u32,
    /// When it is to be renewed; none while it is not wanted.
    due: Option<Instant>,
    done: bool,
    /// Whether the password was proved in the last one.
    proved: bool,
}

/// A simulated telephone.
pub(super) struct Phone {
    socket: UdpSocket,
    server: SocketAddr,
    own: SocketAddr,
    user: String,
    password: String,
    dice: Dice,
    sound: Sound,
    replied: VecDeque<(String, String)>,
    unheard: Vec<Unheard>,
    registration: Registration,
    call: Option<Dialog>,
}

impl Phone {
    /// A telephone of a SIP account, not registered yet. `server` must be an address of this machine.
    pub(super) async fn open(
        server: SocketAddr,
        user: &str,
        password: &str,
        mut dice: Dice,
    ) -> std::io::Result<Self> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let own = socket.local_addr()?;
        let sound = Sound::open(dice.bits() as u32).await?;
        let registration = Registration {
            call_id: format!("{:016x}", dice.bits()),
            tag: format!("{:08x}", dice.bits() as u32),
            cseq: 0,
            due: None,
            done: false,
            proved: false,
        };
        let (user, password) = (user.to_owned(), password.to_owned());
        Ok(Self {
            socket,
            server,
            own,
            user,
            password,
            dice,
            sound,
            replied: VecDeque::new(),
            unheard: vec![],
            registration,
            call: None,
        })
    }

    /// A word that nobody has used before.
    fn fresh(&mut self, what: &str) -> String {
        format!("{what}{:016x}", self.dice.bits())
    }

    /// Is registered from now on.
    pub(super) async fn register(&mut self) {
        self.registration.due = Some(Instant::now());
        while !self.registration.done {
            self.next(Instant::now() + AGAIN).await;
        }
    }

    /// Is not registered any more, whether the server has heard it or not.
    async fn unregister(&mut self) {
        if std::mem::take(&mut self.registration.done) {
            self.registration.due = None;
            self.ask_to_register(0, None);
            let until = Instant::now() + T2;
            while !self.unheard.is_empty() && Instant::now() < until {
                self.next(until).await;
            }
        }
    }

    fn ask_to_register(&mut self, expires: u64, proof: Option<String>) {
        self.registration.cseq += 1;
        self.registration.proved = proof.is_some();
        let Registration { call_id, tag, cseq, .. } = &self.registration;
        let (user, host, own) = (&self.user, self.server.ip(), self.own);
        let (call_id, tag, cseq) = (call_id.clone(), tag.clone(), *cseq);
        let proof = proof.map(|it| format!("Authorization: {it}\r\n")).unwrap_or_default();
        let who = format!("<sip:{user}@{host}>");
        let rest = format!(
            "Max-Forwards: 70\r\nFrom: {who};tag={tag}\r\nTo: {who}\r\nCall-ID: {call_id}\r\n\
             CSeq: {cseq} REGISTER\r\nContact: <sip:{user}@{own}>\r\nExpires: {expires}\r\n{proof}\
             Content-Length: 0\r\n\r\n"
        );
        let branch = self.fresh("z9hG4bK");
        let text =
            format!("REGISTER sip:{host} SIP/2.0\r\nVia: SIP/2.0/UDP {own};branch={branch};rport\r\n{rest}");
        self.send(&format!("{call_id} {cseq} REGISTER"), text);
    }

    fn heard_of_registration(&mut self, answer: &Message) {
        let wanted = if self.registration.due.is_some() { LIFETIME } else { 0 };
        match answer.status() {
            401 => {
                let to = format!("sip:{}", self.server.ip());
                // Who insists on a wrong password is taken for somebody who guesses.
                let again = !self.registration.proved
                    || Challenge::read(answer.get("WWW-Authenticate")).is_some_and(|it| it.stale);
                match self.proof(answer, "REGISTER", &to).filter(|_| again) {
                    Some(proof) => self.ask_to_register(wanted, Some(proof)),
                    None => self.registration.due = self.registration.due.map(|_| Instant::now() + AGAIN),
                }
            }
            200 if wanted > 0 => {
                self.registration.done = true;
                self.registration.due = Some(Instant::now() + Duration::from_secs(LIFETIME / 2));
            }
            300.. if wanted > 0 => self.registration.due = Some(Instant::now() + AGAIN),
            _ => {}
        }
    }

    /// What proves the password to who has asked for it.
    fn proof(&mut self, refusal: &Message, method: &str, uri: &str) -> Option<String> {
        let challenge = Challenge::read(refusal.get("WWW-Authenticate"))?;
        let fresh = self.fresh("c");
        Some(challenge.answer(&self.user, &self.password, method, uri, &fresh))
    }

    /// Sends, and sends again until something is heard of `key`.
    fn send(&mut self, key: &str, text: String) {
        self.transmit(&text);
        self.await_sign(key, text);
    }

    fn await_sign(&mut self, key: &str, text: String) {
        let now = Instant::now();
        let key = key.to_owned();
        self.unheard.push(Unheard { key, text, due: now + T1, after: T1, until: now + GIVE_UP });
    }

    fn transmit(&self, text: &str) {
        // Datagrams get lost; what matters is sent again.
        let _lost = self.socket.try_send_to(text.as_bytes(), self.server);
    }

    /// Answers a request of theirs.
    fn reply(&mut self, to: &Message, code: u16, tag: &str, body: &str) -> String {
        let mut text = format!("SIP/2.0 {code} {}\r\n", reason(code));
        for (name, value) in to.echoed() {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        let known = to.get("To");
        match known.contains(";tag=") || tag.is_empty() {
            true => text.push_str(&format!("To: {known}\r\n")),
            false => text.push_str(&format!("To: {known};tag={tag}\r\n")),
        }
        text.push_str(&format!("Contact: <sip:{}@{}>\r\n", self.user, self.own));
        if !body.is_empty() {
            text.push_str("Content-Type: application/sdp\r\n");
        }
        text.push_str(&format!("Content-Length: {}\r\n\r\n{body}", body.len()));
        self.transmit(&text);
        let key = format!("{} {}", to.get("Call-ID"), to.get("CSeq"));
        self.replied.retain(|(known, _)| *known != key);
        self.replied.push_back((key, text.clone()));
        if self.replied.len() > KEPT {
            self.replied.pop_front();
        }
        text
    }

    /// The next message that needs thought, or nothing before `until`.
    async fn next(&mut self, until: Instant) -> Option<Message> {
        let mut bytes = vec![0; 65_535];
        loop {
            if self.registration.due.is_some_and(|due| due <= Instant::now()) {
                self.registration.due = Some(Instant::now() + GIVE_UP);
                self.ask_to_register(LIFETIME, None);
            }
            self.repeat();
            let dues = self.unheard.iter().map(|it| it.due).chain(self.registration.due);
            let wake = dues.chain([until]).min().unwrap_or(until);
            let came = tokio::time::timeout_at(wake, self.socket.recv_from(&mut bytes)).await;
            let Ok(came) = came else {
                if Instant::now() >= until {
                    return None;
                }
                continue;
            };
            // A connection refused by who has gone is no message; neither is anything of somebody else's.
            let Ok((length, from)) = came else { continue };
            let message = bytes.get(..length).filter(|_| from == self.server).and_then(Message::read);
            if let Some(message) = message
                && let Some(message) = self.sort(message)
            {
                return Some(message);
            }
        }
    }

    /// Does what needs no thought; anything else is for whoever waits.
    fn sort(&mut self, message: Message) -> Option<Message> {
        let key = format!("{} {}", message.get("Call-ID"), message.get("CSeq"));
        if message.status() > 0 {
            let provisional = message.status() < 200 && message.method() != "INVITE";
            if !provisional {
                self.unheard.retain(|it| it.key != key);
            }
            if message.method() == "REGISTER" {
                self.heard_of_registration(&message);
                return None;
            }
            self.acknowledge_again(&message);
            return Some(message);
        }
        if message.asks("ACK") {
            let number = message.get("CSeq").split(' ').next().unwrap_or_default();
            let of = format!("{} {number} ACK", message.get("Call-ID"));
            self.unheard.retain(|it| it.key != of);
            return Some(message);
        }
        if let Some((_, text)) = self.replied.iter().find(|(known, _)| *known == key) {
            self.transmit(&text.clone());
            return None;
        }
        if message.asks("OPTIONS") || message.asks("NOTIFY") || message.asks("INFO") {
            self.reply(&message, 200, "", "");
            return None;
        }
        self.sort_of_call(message)
    }

    fn repeat(&mut self) {
        let now = Instant::now();
        self.unheard.retain(|it| it.until > now);
        let mut due: Vec<String> = Vec::new();
        for it in self.unheard.iter_mut().filter(|it| it.due <= now) {
            due.push(it.text.clone());
            it.after = (it.after * 2).min(T2);
            it.due = now + it.after;
        }
        due.iter().for_each(|text| self.transmit(text));
    }

    /// Leaves everything: the call, and the registrar.
    pub(super) async fn leave(&mut self) {
        self.hang_up().await;
        self.unregister().await;
    }

    /// Says something from its beginning.
    pub(super) fn say(&self, voice: Arc<[u8]>) {
        self.sound.say(voice);
    }
}

/// What a status means, for whoever reads along.
fn reason(code: u16) -> &'static str {
    match code {
        180 => "Ringing",
        200 => "OK",
        486 => "Busy Here",
        487 => "Request Terminated",
        _ => "Answer",
    }
}
