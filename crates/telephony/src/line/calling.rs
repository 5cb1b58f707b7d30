//! We call somebody: all telephones of a device at once, or the network over a trunk.

use super::{
    Dialog, Line, Phase, abilities, cause, session,
    transactions::{self, Purpose},
};
use crate::{
    digest::Challenge,
    endpoint::Shared,
    guard::{Peer, Transport},
    registrar,
    sound::LineKey,
    wire::{
        Flow,
        message::{code, escaped, header, lists, quoted, sequence, value},
    },
};
use rsipstack::sip::{Header, Method, Request, Response};
use std::{net::SocketAddr, sync::Arc};
use touchline_app::live::Shown;
use touchline_live::{Cause, Signal, numbers::Trunk};
use touchline_media::sdp::{Direction, Encryption, Local, Remote, Session};

/// A telephone is asked again after a challenge or for a longer timer, but not for ever.
const TRIES: u8 = 3;

/// Whom.
pub(crate) enum Called {
    /// The telephones of a device.
    Telephones(Vec<registrar::Target>),
    /// A number outside.
    Trunk { trunk: Box<Trunk>, number: String },
}

/// In whose name, and how.
pub(crate) struct Caller {
    pub(crate) shown: Shown,
    pub(crate) auto_answer: bool,
}

/// A call from us that nobody has answered yet.
pub(super) struct Calling {
    called: Called,
    caller: Caller,
    rang: bool,
}

/// One of the telephones that are called.
pub(super) struct Fork {
    dialog: Dialog,
    invite: Option<Request>,
    /// It has said something: only then it may be told that we have changed our mind (RFC 3261 §9.1).
    heard: bool,
    withdrawn: bool,
    cancelled: bool,
    /// Its last answer, if it was a refusal.
    refused: Option<u16>,
    answered: bool,
    tries: u8,
    least: u64,
    trunk: Option<Box<Trunk>>,
    proof: Option<Header>,
}

impl Line {
    /// A line that calls somebody as soon as it runs.
    pub(crate) fn to(key: LineKey, shared: Arc<Shared>, called: Called, caller: Caller) -> Self {
        let ours = matches!(called, Called::Telephones(_));
        let nothing = Local {
            address: std::net::Ipv4Addr::UNSPECIFIED.into(),
            port: 0,
            codecs: vec![],
            encryption: Encryption::Never,
        };
        let calling = Box::new(Calling { called, caller, rang: false });
        let channel = tokio::sync::mpsc::unbounded_channel();
        Self::new(key, shared, channel, Session::new(0, nothing), Phase::Calling(calling), ours)
    }

    /// Calls.
    pub(super) async fn call(&mut self) {
        let ways = self.ways().await;
        let first = ways.first().map(|(flow, ..)| flow.clone());
        let pair = first.as_ref().and_then(|flow| self.shared.studio.ports(flow.local.is_ipv6()).ok());
        let (Some(flow), Some(pair)) = (first, pair) else {
            self.tell(Signal::Failed(self.key.line, Cause::Unreachable));
            return self.over();
        };
        self.sound = self.shared.session(&flow, pair.port);
        self.shared.studio.open(&self.key, pair);
        let offer = self.shared.offer(&mut self.sound);
        for (flow, target, trunk) in ways {
            let from = self.from(&flow, trunk.as_deref());
            let by_route = trunk.is_some();
            let dialog = Dialog::ours(
                self.shared.wire.token(),
                &from,
                self.shared.wire.token(),
                target,
                flow,
                by_route,
            );
            self.shared.begin(&dialog, &self.key, self.inbox());
            self.forks.push(Fork {
                dialog,
                invite: None,
                heard: false,
                withdrawn: false,
                cancelled: false,
                refused: None,
                answered: false,
                tries: 0,
                least: 0,
                trunk,
                proof: None,
            });
            self.invite(self.forks.len() - 1, &offer);
        }
    }

    /// All ways to whom we call: flow, address, and the trunk if it is one.
    async fn ways(&self) -> Vec<(Flow, String, Option<Box<Trunk>>)> {
        let Phase::Calling(calling) = &self.phase else { return vec![] };
        match &calling.called {
            Called::Telephones(targets) => {
                let way = |target: &registrar::Target| {
                    let paths = std::iter::once(&target.path).chain(&target.also);
                    let mut flows = paths.filter_map(|path| self.shared.wire.flow(path.flow, path.peer));
                    Some((flows.find(Flow::is_open)?, target.uri.clone(), None))
                };
                targets.iter().filter_map(way).collect()
            }
            Called::Trunk { trunk, number } => {
                let Some(flow) = self.shared.trunk_flow(trunk).await else { return vec![] };
                let target = format!("sip:{}@{}", escaped(number), trunk.server);
                vec![(flow, target, Some(trunk.clone()))]
            }
        }
    }

    /// From, without its tag.
    fn from(&self, flow: &Flow, trunk: Option<&Trunk>) -> String {
        let Phase::Calling(calling) = &self.phase else { return String::new() };
        let shown = &calling.caller.shown;
        let host = trunk.map_or_else(|| flow.local.to_string(), |trunk| trunk.server.clone());
        let name = shown.name.as_deref().map(|name| format!("{} ", quoted(name))).unwrap_or_default();
        match shown.number.as_str() {
            // RFC 3323 §4.1.1.3.
            "" => "\"Anonymous\" <sip:anonymous@anonymous.invalid>".into(),
            number => format!("{name}<sip:{}@{host}>", escaped(number)),
        }
    }

    /// Sends an INVITE, or the next after an answer that asked for something.
    fn invite(&mut self, which: usize, offer: &str) {
        let Phase::Calling(calling) = &self.phase else { return };
        let Some(fork) = self.forks.get_mut(which) else { return };
        let mut lines = abilities();
        lines.extend(session::wish(fork.least.max(self.shared.session_least)));
        if calling.caller.auto_answer {
            // What telephones of different makers look for.
            lines.push(header("Call-Info", "<sip:touchline>;answer-after=0"));
            lines.push(header("Alert-Info", "<http://touchline>;info=alert-autoanswer;delay=0"));
        }
        lines.extend(fork.proof.clone());
        let branch = self.shared.branch();
        let body = Some(("application/sdp", offer.to_owned()));
        let invite = fork.dialog.next(Method::Invite, &branch, lines, body);
        fork.invite = Some(invite.clone());
        fork.tries += 1;
        self.open += 1;
        transactions::send(
            self.shared.wire.library(),
            Purpose::Invite(which),
            invite,
            &fork.dialog.flow,
            &self.me,
        );
    }

    /// A telephone has answered, for now or for good.
    pub(super) async fn invited(&mut self, which: usize, response: &Response) {
        match code(response) {
            ..=199 => self.progress(which, response),
            200..=299 => {
                self.open = self.open.saturating_sub(1);
                self.accepted(which, response).await;
            }
            status => {
                self.open = self.open.saturating_sub(1);
                self.refused(which, response, status);
            }
        }
    }

    /// A telephone cannot be reached at all.
    pub(super) fn lost(&mut self, which: usize) {
        self.open = self.open.saturating_sub(1);
        if let Some(fork) = self.forks.get_mut(which) {
            fork.refused = Some(503);
        }
        self.nobody_left();
    }

    fn progress(&mut self, which: usize, response: &Response) {
        let status = code(response);
        let Some(fork) = self.forks.get_mut(which) else { return };
        fork.heard = true;
        if status > 100 {
            fork.dialog.answered(response);
        }
        if fork.withdrawn {
            return self.cancel(which);
        }
        if lists(&response.headers, "Require", "100rel")
            && let (Some(number), Some(invite)) = (value(&response.headers, "RSeq"), &fork.invite)
        {
            let of = sequence(&invite.headers).unwrap_or_default();
            let lines = vec![header("RAck", format!("{number} {of} INVITE"))];
            let branch = self.shared.branch();
            let prack = fork.dialog.next(Method::PRack, &branch, lines, None);
            transactions::send(
                self.shared.wire.library(),
                Purpose::Nothing,
                prack,
                &fork.dialog.way(),
                &self.me,
            );
        }
        if let Phase::Calling(calling) = &mut self.phase
            && matches!(status, 180..=183)
            && !std::mem::replace(&mut calling.rang, true)
        {
            self.tell(Signal::Rings(self.key.line));
        }
    }

    async fn accepted(&mut self, which: usize, response: &Response) {
        let branch = self.shared.branch();
        let Some(fork) = self.forks.get_mut(which) else { return };
        fork.answered = true;
        fork.dialog.answered(response);
        let number = fork.invite.as_ref().and_then(|invite| sequence(&invite.headers)).unwrap_or_default();
        let lines = fork.proof.clone().into_iter().collect();
        let ack = fork.dialog.numbered(number, Method::Ack, &branch, lines, None);
        let mut dialog = fork.dialog.clone();
        self.shared.wire.acknowledge(response, ack, &dialog.way()).await;
        let agreed = match &self.phase {
            Phase::Calling(_) => {
                Remote::parse(&response.body).ok().and_then(|answer| self.sound.agree(&answer).ok())
            }
            // Somebody else was faster, or the call was withdrawn a moment ago.
            _ => None,
        };
        let Some(agreed) = agreed else {
            let bye = dialog.next(Method::Bye, &self.shared.branch(), vec![], None);
            transactions::send(self.shared.wire.library(), Purpose::Nothing, bye, &dialog.way(), &self.me);
            if let Some(fork) = self.forks.get_mut(which) {
                fork.refused = Some(488);
            }
            return self.nobody_left();
        };
        let flow = dialog.flow.clone();
        self.timer = session::agreed(&response.headers, self.shared.session_least);
        self.withdraw();
        self.phase = Phase::Up(Box::new(dialog));
        self.agree(agreed, &flow);
        self.tell(Signal::Answered(self.key.line));
    }

    fn refused(&mut self, which: usize, response: &Response, status: u16) {
        if self.try_again(which, response, status) {
            return;
        }
        if let Some(fork) = self.forks.get_mut(which) {
            fork.refused = Some(status);
        }
        if status >= 600 && matches!(self.phase, Phase::Calling(_)) {
            // The person has decided, not only this telephone (RFC 3261 §21.6).
            self.withdraw();
        }
        self.nobody_left();
    }

    /// What an answer asked for can be given.
    fn try_again(&mut self, which: usize, response: &Response, status: u16) -> bool {
        let token = self.shared.wire.token();
        let Some(fork) = self.forks.get_mut(which) else { return false };
        if !matches!(self.phase, Phase::Calling(_)) || fork.withdrawn || fork.tries >= TRIES {
            return false;
        }
        match status {
            401 | 407 => {
                let (asks, answers) = match status {
                    401 => ("WWW-Authenticate", "Authorization"),
                    _ => ("Proxy-Authenticate", "Proxy-Authorization"),
                };
                let account = fork.trunk.as_ref().and_then(|trunk| trunk.register.as_ref());
                let target = fork.invite.as_ref().map(|invite| invite.uri.to_string());
                let all = response.headers.iter().filter(|header| header.name() == asks);
                let challenge = all.filter_map(|header| Challenge::read(header.value())).next();
                let (Some(account), Some(target), Some(challenge)) = (account, target, challenge) else {
                    return false;
                };
                if fork.proof.is_some() && !challenge.stale {
                    return false;
                }
                let proof =
                    challenge.answer(&account.username, &account.password.0, "INVITE", &target, &token);
                fork.proof = Some(header(answers, proof));
            }
            422 => {
                let least = value(&response.headers, "Min-SE").and_then(|it| it.split(';').next());
                let Some(least) = least.and_then(crate::fields::digits) else { return false };
                fork.least = least.min(86_400);
            }
            _ => return false,
        }
        fork.heard = false;
        let offer = self.shared.offer(&mut self.sound);
        self.invite(which, &offer);
        true
    }

    /// Tells the exchange if nobody is left who could answer.
    fn nobody_left(&mut self) {
        if !matches!(self.phase, Phase::Calling(_)) || self.forks.iter().any(|fork| fork.refused.is_none()) {
            return;
        }
        // What somebody has said counts for more than what a machine has.
        let rank = |cause: &Cause| match cause {
            Cause::Busy => 4,
            Cause::Declined => 3,
            Cause::NoAnswer => 2,
            Cause::Normal | Cause::Unreachable => 1,
        };
        let causes = self.forks.iter().filter_map(|fork| fork.refused).map(cause);
        let best = causes.max_by_key(rank).unwrap_or(Cause::Unreachable);
        self.tell(Signal::Failed(self.key.line, best));
        self.over();
    }

    /// Nobody shall answer any more.
    pub(super) fn withdraw(&mut self) {
        for which in 0..self.forks.len() {
            let Some(fork) = self.forks.get_mut(which) else { continue };
            if fork.answered || fork.refused.is_some() || fork.withdrawn {
                continue;
            }
            fork.withdrawn = true;
            if fork.heard {
                self.cancel(which);
            }
        }
    }

    fn cancel(&mut self, which: usize) {
        let Some(fork) = self.forks.get_mut(which) else { return };
        // Once is enough; the library repeats it.
        let Some(invite) = fork.invite.as_ref().filter(|_| !fork.cancelled) else { return };
        let cancel = Dialog::cancel(invite);
        fork.cancelled = true;
        let flow = fork.dialog.flow.clone();
        transactions::send(self.shared.wire.library(), Purpose::Nothing, cancel, &flow, &self.me);
    }

    /// Asks a telephone that rings to answer (`Event: talk`, which many makers' telephones know).
    pub(super) fn ask_to_answer(&mut self) {
        for fork in self.forks.iter_mut().filter(|fork| fork.refused.is_none() && !fork.withdrawn) {
            if fork.dialog.remote_tag.is_none() {
                continue;
            }
            let lines = vec![header("Event", "talk"), header("Subscription-State", "active")];
            let notify = fork.dialog.next(Method::Notify, &self.shared.branch(), lines, None);
            transactions::send(
                self.shared.wire.library(),
                Purpose::Nothing,
                notify,
                &fork.dialog.way(),
                &self.me,
            );
        }
    }
}

impl Shared {
    /// The way to a trunk.
    pub(crate) async fn trunk_flow(&self, trunk: &Trunk) -> Option<Flow> {
        let address = resolve(&trunk.server).await?;
        let peer = Peer { address, transport: Transport::Udp };
        self.wire.flow(None, peer)
    }

    /// Our offer of sound, both ways.
    pub(crate) fn offer(&self, sound: &mut Session) -> String {
        let key = (self.encryption == Encryption::Always).then(|| self.key());
        sound.offer(Direction::SendRecv, key)
    }
}

/// The address of `host`, `host:port`, or an address.
async fn resolve(server: &str) -> Option<SocketAddr> {
    let (host, port) = crate::uri::host_and_port(server).ok()?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let mut found = tokio::net::lookup_host((host, port.unwrap_or(5060))).await.ok()?;
    found.next()
}
