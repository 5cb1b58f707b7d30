//! Somebody calls us.

use super::{
    Channel, Dialog, Incoming, Line, Phase, UNACKNOWLEDGED, abilities,
    reliable::{Progress, Say, Told},
    session::{self, SessionTimer},
};
use crate::{
    endpoint::Shared,
    sound::{LineKey, Pair},
    wire::{
        Flow,
        message::{header, lists, value},
    },
};
use rsipstack::sip::{Header, Request};
use std::sync::Arc;
use tokio::time::Instant;
use touchline_live::Signal;
use touchline_media::sdp::{Agreed, Direction, Local, Remote, Session};

/// A call that the exchange has not heard of yet: its sound is understood, and has ports.
pub(crate) struct Offer {
    pub(crate) incoming: Incoming,
    dialog: Dialog,
    sound: Session,
    pair: Pair,
    answer: Option<(String, Agreed)>,
    timer: Option<SessionTimer>,
    ours: bool,
}

impl Offer {
    /// Looks at a call; if nothing can come of it, it is answered with the reason.
    pub(crate) fn new(shared: &Shared, incoming: Incoming, flow: &Flow, ours: bool) -> Option<Self> {
        let tag = shared.wire.token();
        let incoming = incoming.tagged(&tag);
        let refuse = |code, lines| -> Option<Self> {
            incoming.reply(code, lines, None);
            None
        };
        let Some(dialog) =
            untagged(&incoming.request).and_then(|it| Dialog::theirs(&it, tag, flow.clone(), !ours))
        else {
            return refuse(400, vec![]);
        };
        if value(&incoming.request.headers, "Replaces").is_some() {
            // Calls are taken over by REFER only, where the one who hands over is known.
            return refuse(481, vec![]);
        }
        let timer = match session::asked(&incoming.request.headers, shared.session_least) {
            Ok(timer) => timer,
            Err(least) => return refuse(422, vec![header("Min-SE", least.to_string())]),
        };
        let pair = match shared.studio.ports(flow.local.is_ipv6()) {
            Ok(pair) => pair,
            Err(error) => {
                tracing::error!(%error, "no ports for a call");
                return refuse(503, vec![header("Retry-After", "5")]);
            }
        };
        let mut sound = shared.session(flow, pair.port);
        let answer = if incoming.request.body.is_empty() {
            None
        } else {
            let answered = Remote::parse(&incoming.request.body)
                .ok()
                .and_then(|offer| sound.answer(&offer, Direction::SendRecv, shared.key()).ok());
            match answered {
                Some(answer) => Some(answer),
                None => return refuse(488, vec![]),
            }
        };
        Some(Self { incoming, dialog, sound, pair, answer, timer, ours })
    }

    /// The exchange does not put it through.
    pub(crate) fn refuse(self, code: u16) {
        self.incoming.reply(code, vec![], None);
    }

    /// The exchange knows it: it is a line from now on.
    pub(crate) fn line(self, key: LineKey, shared: Arc<Shared>, channel: Channel) -> Line {
        shared.studio.open(&key, self.pair);
        let reliable = lists(&self.incoming.request.headers, "Require", "100rel");
        let offered = Offered {
            incoming: self.incoming,
            dialog: self.dialog.clone(),
            answer: self.answer,
            told: Told::new(reliable),
            answer_due: false,
            timer: self.timer,
        };
        let line = Line::new(
            key.clone(),
            shared.clone(),
            channel,
            self.sound,
            Phase::Offered(Box::new(offered)),
            self.ours,
        );
        shared.begin(&self.dialog, &key, line.inbox());
        line
    }
}

/// The request as it was before our tag was added.
fn untagged(request: &Request) -> Option<Request> {
    let to = value(&request.headers, "To")?.rsplit_once(";tag=")?.0.to_owned();
    let mut request = request.clone();
    request.headers.unique_push(header("To", to));
    Some(request)
}

/// A call that waits for our answer.
pub(super) struct Offered {
    pub(super) incoming: Incoming,
    pub(super) dialog: Dialog,
    answer: Option<(String, Agreed)>,
    told: Told,
    /// Shall be answered, as soon as what was said before is acknowledged.
    answer_due: bool,
    timer: Option<SessionTimer>,
}

impl Offered {
    /// Tells the caller how far it is. While it rings without sound, the caller's own telephone makes the tone.
    fn tell(&mut self, progress: Progress) {
        if let Some(say) = self.told.tell(progress, Instant::now()) {
            self.say(say);
        }
    }

    pub(super) fn ring(&mut self) {
        self.tell(Progress::Rings);
    }

    fn say(&self, say: Say) {
        let mut lines = vec![header("Contact", self.dialog.flow.contact())];
        if let Some(number) = say.number {
            lines.extend([header("Require", "100rel"), header("RSeq", number.to_string())]);
        }
        let description = self.answer.as_ref().map(|(body, _)| body.clone());
        match say.progress {
            Progress::Rings => self.incoming.reply(180, lines, None),
            Progress::Speaks => self.incoming.reply(183, lines, description),
        }
    }

    pub(super) fn refuse(&self, code: u16) {
        self.incoming.reply(code, vec![], None);
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.told.deadline()
    }

    /// Repeats what is not acknowledged; true when it is time to give up.
    pub(super) fn time(&mut self, now: Instant) -> bool {
        match self.told.time(now) {
            Ok(say) => {
                say.into_iter().for_each(|say| self.say(say));
                false
            }
            Err(()) => {
                self.refuse(504);
                true
            }
        }
    }

    /// PRACK: whether it was for what we have said.
    pub(super) fn acknowledge(&mut self, request: &Request) -> bool {
        let invite = value(&self.incoming.request.headers, "CSeq").unwrap_or_default();
        let rack = value(&request.headers, "RAck").and_then(|it| it.split_once(' '));
        let number = rack.filter(|(_, of)| of.trim() == invite).and_then(|(it, _)| it.parse().ok());
        let Some(next) = number.and_then(|it| self.told.acknowledged(it, Instant::now())) else {
            return false;
        };
        next.into_iter().for_each(|say| self.say(say));
        true
    }

    /// What was said is acknowledged, and the answer has waited for that.
    pub(super) fn is_answer_due(&self) -> bool {
        self.answer_due && !self.told.must_wait()
    }
}

impl Line {
    /// Answers the caller.
    pub(super) fn answer(&mut self) {
        let Phase::Offered(offered) = &mut self.phase else { return };
        if offered.told.must_wait() {
            offered.answer_due = true;
            return;
        }
        let dialog = offered.dialog.clone();
        let mut lines = abilities();
        lines.push(header("Contact", dialog.flow.contact()));
        lines.extend(offered.timer.as_ref().into_iter().flat_map(SessionTimer::answer_lines));
        let (body, agreed) = match offered.answer.take() {
            Some((_, agreed)) if offered.told.described() => (None, Some(agreed)),
            Some((body, agreed)) => (Some(body), Some(agreed)),
            // They have described nothing: now we do, and they answer in their ACK.
            None => (Some(self.shared.offer(&mut self.sound)), None),
        };
        self.late = agreed.is_none();
        self.timer = offered.timer.take();
        offered.incoming.reply(200, lines, body);
        self.unacknowledged = Some(Instant::now() + UNACKNOWLEDGED);
        if let Some(agreed) = agreed {
            self.agree(agreed, &dialog.flow);
        }
        self.phase = Phase::Up(Box::new(dialog));
    }

    /// Lets the caller hear who is called, before anybody has answered. Who has described nothing cannot, and is told that
    /// it rings.
    pub(super) fn early(&mut self) {
        let Phase::Offered(offered) = &mut self.phase else { return };
        let Some(agreed) = offered.answer.as_ref().map(|(_, agreed)| agreed.clone()) else {
            return offered.ring();
        };
        offered.tell(Progress::Speaks);
        self.shared.studio.describe(&self.key, agreed, Some(offered.dialog.flow.peer.address.ip()));
    }

    /// The caller has given up.
    pub(super) fn cancelled(&mut self) {
        if let Phase::Offered(offered) = &self.phase {
            offered.refuse(487);
            self.tell(Signal::HungUp(self.key.line));
            self.over();
        }
    }

    /// Our answer was acknowledged, perhaps with a description.
    pub(super) fn acknowledged(&mut self, request: &Request) {
        self.unacknowledged = None;
        self.asked_again = false;
        if !std::mem::take(&mut self.late) {
            return;
        }
        let Phase::Up(dialog) = &self.phase else { return };
        let flow = dialog.flow.clone();
        let agreed = Remote::parse(&request.body).ok().and_then(|answer| self.sound.agree(&answer).ok());
        match agreed {
            Some(agreed) => self.agree(agreed, &flow),
            None => self.gone(),
        }
    }
}

/// The lines of every 2xx to an INVITE within the dialog.
pub(super) fn answer_lines(dialog: &Dialog, timer: Option<&SessionTimer>) -> Vec<Header> {
    let mut lines = abilities();
    lines.push(header("Contact", dialog.flow.contact()));
    lines.extend(timer.into_iter().flat_map(SessionTimer::answer_lines));
    lines
}

impl Shared {
    /// Our side of a line's sound.
    pub(crate) fn session(&self, flow: &Flow, port: u16) -> Session {
        let local = Local {
            address: flow.local.ip(),
            port,
            codecs: self.codecs.clone(),
            encryption: self.encryption,
        };
        let mut id = [0; 8];
        self.entropy.fill(&mut id);
        Session::new(u64::from_be_bytes(id), local)
    }
}
