//! We call somebody: all telephones of a device at once, or the network over a trunk. What they say to that is heard in
//! [`answers`].

mod answers;
mod early;
mod places;

use super::{
    Dialog, Line, Phase, abilities, session,
    transactions::{self, Purpose},
};
use crate::{
    endpoint::Shared,
    locate::Server,
    registrar,
    sound::LineKey,
    wire::{
        Flow, Opened,
        message::{escaped, header, quoted},
    },
};
use early::Early;
use places::Way;
use rsipstack::sip::{Header, Method, Request};
use std::{collections::VecDeque, sync::Arc};
use tokio::time::Instant;
use touchline_app::live::Shown;
use touchline_live::{Cause, Signal, numbers::Trunk};
use touchline_media::sdp::{Direction, Encryption, Local, Session};

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
    /// Is heard already.
    speaks: bool,
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
    /// Other places of the same trunk, and when it is time to try the next.
    elsewhere: VecDeque<Arc<Opened>>,
    patience: Option<Instant>,
    /// What it has said before its answer.
    early: Early,
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
        let calling = Box::new(Calling { called, caller, rang: false, speaks: false });
        let channel = tokio::sync::mpsc::unbounded_channel();
        Self::new(key, shared, channel, Session::new(0, nothing), Phase::Calling(calling), ours)
    }

    /// Calls.
    pub(super) async fn call(&mut self) {
        let ways = self.ways().await;
        let first = ways.first().map(|way| way.flow.clone());
        let pair = first.as_ref().and_then(|flow| self.shared.studio.ports(flow.local.is_ipv6()).ok());
        let (Some(flow), Some(pair)) = (first, pair) else {
            self.tell(Signal::Failed(self.key.line, Cause::Unreachable));
            return self.over();
        };
        self.sound = self.shared.session(&flow, pair.port);
        self.shared.studio.open(&self.key, pair);
        let offer = self.shared.offer(&mut self.sound);
        for way in ways {
            self.fork(way, &offer);
        }
    }

    /// Calls one telephone, or one place of a trunk.
    fn fork(&mut self, way: Way, offer: &str) {
        let Way { flow, target, trunk, elsewhere } = way;
        let from = self.from(&flow, trunk.as_deref());
        let by_route = trunk.is_some();
        let (call_id, tag) = (self.shared.wire.token(), self.shared.wire.token());
        let dialog = Dialog::ours(call_id, &from, tag, target, flow, by_route);
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
            patience: (!elsewhere.is_empty()).then(|| Instant::now() + self.shared.trunk_patience),
            elsewhere,
            early: Early::default(),
        });
        self.invite(self.forks.len() - 1, offer);
    }

    /// All ways to whom we call.
    async fn ways(&self) -> Vec<Way> {
        let Phase::Calling(calling) = &self.phase else { return vec![] };
        match &calling.called {
            Called::Telephones(targets) => {
                let way = |target: &registrar::Target| {
                    let paths = std::iter::once(&target.path).chain(&target.also);
                    let mut flows = paths.filter_map(|path| self.shared.wire.flow(path.flow, path.peer));
                    let flow = flows.find(Flow::is_open)?;
                    Some(Way { flow, target: target.uri.clone(), trunk: None, elsewhere: VecDeque::new() })
                };
                targets.iter().filter_map(way).collect()
            }
            Called::Trunk { trunk, number } => {
                let places = self.shared.places(&self.key.tenant, trunk).await;
                self.way_out(trunk, number, places.into(), None).await.into_iter().collect()
            }
        }
    }

    /// From, without its tag.
    fn from(&self, flow: &Flow, trunk: Option<&Trunk>) -> String {
        let Phase::Calling(calling) = &self.phase else { return String::new() };
        let shown = &calling.caller.shown;
        let server = trunk.and_then(|trunk| Server::read(&trunk.server));
        let host = server.map_or_else(|| flow.local.to_string(), |server| server.address.to_owned());
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
        transactions::send(&self.shared.wire, Purpose::Invite(which), invite, &fork.dialog.flow, &self.me);
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
        transactions::send(&self.shared.wire, Purpose::Nothing, cancel, &flow, &self.me);
    }

    /// Asks a telephone that rings to answer (`Event: talk`, which many makers' telephones know).
    pub(super) fn ask_to_answer(&mut self) {
        for fork in self.forks.iter_mut().filter(|fork| fork.refused.is_none() && !fork.withdrawn) {
            if fork.dialog.remote_tag.is_none() {
                continue;
            }
            let lines = vec![header("Event", "talk"), header("Subscription-State", "active")];
            let notify = fork.dialog.next(Method::Notify, &self.shared.branch(), lines, None);
            transactions::send(&self.shared.wire, Purpose::Nothing, notify, &fork.dialog.way(), &self.me);
        }
    }
}

impl Shared {
    /// Our offer of sound, both ways.
    pub(crate) fn offer(&self, sound: &mut Session) -> String {
        let key = (self.encryption == Encryption::Always).then(|| self.key());
        sound.offer(Direction::SendRecv, key)
    }
}
