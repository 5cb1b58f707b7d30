//! What a simulated telephone does with calls.

use super::{Message, Phone, T2};
use std::time::Duration;
use tokio::time::Instant;

/// How long the other side may take to answer what is asked within a call.
const WITHIN: Duration = Duration::from_secs(8);

/// A call, as this telephone sees it.
#[derive(Clone)]
pub(super) struct Dialog {
    call_id: String,
    /// Our From and their To, as they stand in our requests.
    us: String,
    them: String,
    target: String,
    cseq: u32,
    /// What began it, if that was theirs.
    invite: Option<Message>,
    branch: String,
    stage: Stage,
    /// Of our description of sound.
    version: u32,
    /// The last acknowledgement, for answers that come again.
    acknowledged: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Calling,
    Ringing,
    Up,
}

/// What became of a call that was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It was answered.
    Up,
    /// It was refused, with this status, or nobody answered in time.
    Not(u16),
}

/// What became of waiting in a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stay {
    /// It goes on.
    On,
    /// The other side has hung up.
    Over,
}

impl Phone {
    fn description(&self, holding: bool, version: u32) -> String {
        let (ip, port) = (self.own.ip(), self.sound.port);
        let direction = if holding { "sendonly" } else { "sendrecv" };
        format!(
            "v=0\r\no=- 1 {version} IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\n\
             m=audio {port} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\na={direction}\r\n"
        )
    }

    fn request(&mut self, method: &str, call: &Dialog, branch: &str, more: &str, body: &str) -> String {
        let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
        format!(
            "{method} {} SIP/2.0\r\nVia: SIP/2.0/UDP {own};branch={branch};rport\r\nMax-Forwards: 70\r\n\
             From: {}\r\nTo: {}\r\nCall-ID: {}\r\nCSeq: {} {method}\r\nContact: <sip:{}@{own}>\r\n{more}{kind}\
             Content-Length: {}\r\n\r\n{body}",
            call.target,
            call.us,
            call.them,
            call.call_id,
            call.cseq,
            self.user,
            body.len(),
            own = self.own,
        )
    }

    /// Acknowledges an answer to an INVITE of ours.
    fn acknowledge(&mut self, call: &mut Dialog, answer: &Message) {
        let branch = if answer.status() < 300 { self.fresh("z9hG4bK") } else { call.branch.clone() };
        let mut acked = call.clone();
        acked.them = answer.get("To").to_owned();
        let text = self.request("ACK", &acked, &branch, "", "");
        self.transmit(&text);
        call.acknowledged = text;
    }

    /// Calls a number, and waits for an answer as long as patience lasts.
    pub(crate) async fn call(&mut self, number: &str, patience: Duration) -> Outcome {
        let until = Instant::now() + patience;
        let target = format!("sip:{number}@{}", self.server);
        let (call_id, tag) = (self.fresh("call"), self.fresh("t"));
        let mut call = Dialog {
            call_id,
            us: format!("<sip:{}@{}>;tag={tag}", self.user, self.server.ip()),
            them: format!("<{target}>"),
            target: target.clone(),
            cseq: 0,
            invite: None,
            branch: String::new(),
            stage: Stage::Calling,
            version: 1,
            acknowledged: String::new(),
        };
        let body = self.description(false, 1);
        let mut proof = String::new();
        for _ in 0..2 {
            call.cseq += 1;
            call.branch = self.fresh("z9hG4bK");
            let text = self.request("INVITE", &call, &call.branch.clone(), &proof, &body);
            self.send(&format!("{} {} INVITE", call.call_id, call.cseq), text);
            self.call = Some(call.clone());
            let Some(answer) = self.final_answer(&call, "INVITE", until).await else {
                self.cancel(&mut call).await;
                return Outcome::Not(487);
            };
            self.acknowledge(&mut call, &answer);
            match answer.status() {
                401 if proof.is_empty() => match self.proof(&answer, "INVITE", &target) {
                    Some(value) => proof = format!("Authorization: {value}\r\n"),
                    None => break,
                },
                200..=299 => {
                    self.is_up(&mut call, &answer);
                    return Outcome::Up;
                }
                code => {
                    self.call = None;
                    return Outcome::Not(code);
                }
            }
        }
        self.call = None;
        Outcome::Not(401)
    }

    fn is_up(&mut self, call: &mut Dialog, answer: &Message) {
        call.target = answer.contact().to_owned();
        call.them = answer.get("To").to_owned();
        call.stage = Stage::Up;
        if let Some(port) = answer.sound_port() {
            self.sound.connect(port);
        }
        self.call = Some(call.clone());
    }

    /// Waits for the final answer to the last request of a call.
    async fn final_answer(&mut self, call: &Dialog, method: &str, until: Instant) -> Option<Message> {
        let wanted = format!("{} {method}", call.cseq);
        loop {
            let message = self.next(until).await?;
            let fits = message.get("Call-ID") == call.call_id && message.get("CSeq") == wanted;
            if fits && message.status() >= 200 {
                return Some(message);
            }
        }
    }

    /// Takes a call back that was not answered (RFC 3261 §9.1). One that was answered meanwhile is ended.
    async fn cancel(&mut self, call: &mut Dialog) {
        let (key, branch) = (format!("{} {} CANCEL", call.call_id, call.cseq), call.branch.clone());
        let text = self.request("CANCEL", call, &branch, "", "");
        self.send(&key, text);
        self.call = None;
        let Some(answer) = self.final_answer(call, "INVITE", Instant::now() + WITHIN).await else { return };
        self.acknowledge(call, &answer);
        if answer.status() < 300 {
            self.is_up(call, &answer);
            self.bye().await;
        }
    }

    /// Waits for a call; the number of who calls.
    pub(crate) async fn ringing(&mut self, until: Instant) -> Option<String> {
        while self.call.as_ref().is_none_or(|call| call.stage != Stage::Ringing) {
            self.next(until).await?;
        }
        let invite = self.call.as_ref().and_then(|call| call.invite.as_ref());
        invite.map(|it| it.caller().to_owned())
    }

    /// Rings for a while, and answers; whether anybody was still there.
    pub(crate) async fn answer(&mut self, after: Duration) -> bool {
        let until = Instant::now() + after;
        while Instant::now() < until {
            if self.call.is_none() {
                return false;
            }
            self.next(until).await;
        }
        let Some(mut call) = self.call.clone() else { return false };
        let Some(invite) = call.invite.clone() else { return false };
        let tag = call.us.rsplit(";tag=").next().unwrap_or_default().to_owned();
        if let Some(port) = invite.sound_port() {
            self.sound.connect(port);
        }
        let body = self.description(false, call.version);
        let key = self.settle(&invite, 200, &tag, &body);
        call.stage = Stage::Up;
        self.call = Some(call);
        while self.unheard.iter().any(|it| it.key == key) {
            if self.call.is_none() {
                return false;
            }
            self.next(Instant::now() + super::T1).await;
        }
        self.call.is_some()
    }

    /// Stays in the call until then.
    pub(crate) async fn stay(&mut self, until: Instant) -> Stay {
        while self.call.is_some() {
            if self.next(until).await.is_none() && Instant::now() >= until {
                return Stay::On;
            }
        }
        Stay::Over
    }

    /// Puts the call aside, or takes it up again (RFC 3264 §8.4).
    pub(crate) async fn hold(&mut self, on: bool) {
        let Some(mut call) = self.call.clone().filter(|call| call.stage == Stage::Up) else { return };
        call.cseq += 1;
        call.version += 1;
        call.branch = self.fresh("z9hG4bK");
        let body = self.description(on, call.version);
        let text = self.request("INVITE", &call, &call.branch.clone(), "", &body);
        self.send(&format!("{} {} INVITE", call.call_id, call.cseq), text);
        self.call = Some(call.clone());
        if let Some(answer) = self.final_answer(&call, "INVITE", Instant::now() + WITHIN).await {
            self.acknowledge(&mut call, &answer);
        }
        // The other side may have hung up meanwhile.
        self.call = self.call.take().map(|_| call);
    }

    /// Ends whatever call there is.
    pub(crate) async fn hang_up(&mut self) {
        let Some(mut call) = self.call.clone() else { return };
        match call.stage {
            Stage::Up => self.bye().await,
            Stage::Calling => self.cancel(&mut call).await,
            Stage::Ringing => {
                if let Some(invite) = &call.invite {
                    let tag = call.us.rsplit(";tag=").next().unwrap_or_default().to_owned();
                    self.settle(invite, 486, &tag, "");
                }
                self.ended();
            }
        }
    }

    async fn bye(&mut self) {
        let Some(mut call) = self.call.clone() else { return };
        call.cseq += 1;
        let (key, branch) = (format!("{} {} BYE", call.call_id, call.cseq), self.fresh("z9hG4bK"));
        let text = self.request("BYE", &call, &branch, "", "");
        self.send(&key, text);
        self.ended();
        let _late = self.final_answer(&call, "BYE", Instant::now() + T2).await;
    }

    /// Answers an INVITE for good: again and again until it is acknowledged (§13.3.1.4, §17.2.1). What is waited for then.
    fn settle(&mut self, invite: &Message, code: u16, tag: &str, body: &str) -> String {
        let text = self.reply(invite, code, tag, body);
        let number = invite.get("CSeq").split(' ').next().unwrap_or_default();
        let key = format!("{} {number} ACK", invite.get("Call-ID"));
        self.await_sign(&key, text);
        key
    }

    /// The other side has not heard our acknowledgement.
    pub(super) fn acknowledge_again(&self, answer: &Message) {
        let call = self.call.as_ref().filter(|call| call.call_id == answer.get("Call-ID"));
        let same = |call: &&Dialog| answer.get("CSeq") == format!("{} INVITE", call.cseq);
        if let Some(call) = call.filter(same).filter(|call| !call.acknowledged.is_empty()) {
            self.transmit(&call.acknowledged);
        }
    }

    fn ended(&mut self) {
        self.call = None;
        self.sound.disconnect();
    }

    /// A request about a call, or one that begins one.
    pub(super) fn sort_of_call(&mut self, message: Message) -> Option<Message> {
        let ours = self.call.as_ref().is_some_and(|call| call.call_id == message.get("Call-ID"));
        let begins = message.asks("INVITE") && !message.get("To").contains(";tag=");
        if begins {
            let tag = self.fresh("t");
            if self.call.is_some() {
                self.settle(&message, 486, &tag, "");
                return None;
            }
            self.reply(&message, 180, &tag, "");
            self.call = Some(Dialog {
                call_id: message.get("Call-ID").to_owned(),
                us: format!("{};tag={tag}", message.get("To")),
                them: message.get("From").to_owned(),
                target: message.contact().to_owned(),
                cseq: 0,
                invite: Some(message.clone()),
                branch: String::new(),
                stage: Stage::Ringing,
                version: 1,
                acknowledged: String::new(),
            });
        } else if message.asks("BYE") {
            self.reply(&message, 200, "", "");
            if ours {
                self.ended();
            }
        } else if message.asks("CANCEL") {
            self.reply(&message, 200, "", "");
            let rings = self.call.clone().filter(|call| ours && call.stage == Stage::Ringing);
            if let Some((call, invite)) = rings.and_then(|call| Some((call.clone(), call.invite?))) {
                let tag = call.us.rsplit(";tag=").next().unwrap_or_default().to_owned();
                self.settle(&invite, 487, &tag, "");
                self.ended();
            }
        } else if ours && message.asks("INVITE") {
            // What they change of the sound is taken as it is: only the port can differ.
            if let Some(port) = message.sound_port() {
                self.sound.connect(port);
            }
            let version = self.call.as_mut().map_or(1, |call| {
                call.version += 1;
                call.version
            });
            let body = self.description(false, version);
            self.reply(&message, 200, "", &body);
        } else {
            self.reply(&message, if ours { 200 } else { 481 }, "", "");
        }
        Some(message)
    }
}
