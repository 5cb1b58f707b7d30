//! What a test's telephone does with calls: it calls, is called, and goes on within a call.

use super::{Message, Phone, fresh};

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
    pub(super) branch: String,
    pub ours: bool,
}

impl Call {
    pub fn tags(&self) -> (String, String) {
        let tag = |value: &str| value.split(";tag=").nth(1).unwrap_or_default().to_owned();
        (tag(&self.us), tag(&self.them))
    }
}

impl Phone {
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
        // Who was described before need not be described again.
        if !answer.body.is_empty() {
            self.sound.speak_to(answer.sound_at());
        }
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

    /// Says how it goes, before the answer or as the answer.
    pub fn say(&mut self, call: &Call, code: u16, lines: &[&str], body: &str) {
        let lines: Vec<String> = lines.iter().map(|it| (*it).to_owned()).collect();
        self.respond(&call.invite, code, &call.tags().0, &lines, body);
    }

    /// Another telephone behind the same number: the same call with a tag of its own.
    pub fn fork(&self, call: &Call) -> Call {
        let to = call.us.split(";tag=").next().unwrap();
        Call { us: format!("{to};tag={}", fresh("f")), ..call.clone() }
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
