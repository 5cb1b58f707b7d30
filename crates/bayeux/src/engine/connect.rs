//! `/meta/connect`: held until there is something to say (S6.1, S6.2, S7).

use super::{
    Answer, Effect, EndReason, Reply, Server,
    request::{Exchange, Origin},
};
use crate::{
    ids::{SessionKey, Ticket},
    message::{Ack, Message},
    session::{Expiry, Held, Place, State},
    time::{Instant, Millis},
    wire::{AckReply, Advice, Members, Reconnect, TimesyncReply},
};

const CONNECT: &str = "/meta/connect";
/// What a session hears that the server has ended (S5).
const DISMISSAL: &[u8] = br#"{"channel":"/meta/disconnect","successful":true}"#;

/// Why a held connect is answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Release {
    /// Its time is over, or there are events: an ordinary reply.
    Due,
    /// The client has disconnected: `reconnect: none`.
    Left,
    /// The server has ended the session: the news of it, and `reconnect: none`.
    Dismissed,
    /// The session is no more: 402.
    Unknown,
}

/// Whether a connect is held.
enum Decision {
    Hold {
        counts: bool,
    },
    Answer,
    /// Too many of this browser are held already.
    TooMany,
}

impl Server {
    pub(super) fn connect(&mut self, exchange: &mut Exchange<'_>, message: &Message) {
        let Some(key) = self.enter(exchange, message) else { return };
        self.supersede(key);
        let Some(session) = self.sessions.get_mut(&key) else { return };
        if session.state == State::Closing {
            return self.dismiss_now(exchange, message, key);
        }
        let is_first = session.state == State::Handshaken;
        session.state = State::Connected;
        if let Some(Ack::Seen(batch)) = message.ack {
            session.queue.acknowledge(batch);
        }
        let cap = self.settings.max_client_advice.max(self.settings.timeout);
        let asked =
            |wanted: Option<u64>, usual: Millis| wanted.map_or(usual, |wanted| Millis(wanted).min(cap));
        let timeout = asked(message.advice.timeout, self.settings.timeout);
        let interval = asked(message.advice.interval, self.settings.interval);
        session.interval = interval;
        let must_answer = session.queue.is_urgent() && !session.pushes();
        let may_hold = exchange.is_alone && !is_first && timeout > Millis(0) && !must_answer;
        let timesync = message.timesync.as_deref().map(|asked| TimesyncReply::new(asked, exchange.now));

        let decision = if may_hold { self.browser_decides(exchange, key) } else { Decision::Answer };
        let advice = match decision {
            Decision::Hold { counts } => {
                let until = exchange.now.at.plus(timeout);
                exchange.held = self.hold(exchange, key, message, (until, timesync, counts));
                return;
            }
            Decision::TooMany if self.settings.multi_session_interval == Millis(0) => {
                let mut reply = exchange.replies.reply(message, false);
                reply.advice(Advice::multiple_clients(Reconnect::Never, &self.settings));
                reply.end();
                exchange.receipt = self.begin_writing(exchange.now.at, key, interval);
                return;
            }
            Decision::TooMany => Advice::multiple_clients(Reconnect::Retry, &self.settings),
            Decision::Answer => Advice::normal(Reconnect::Retry, interval, &self.settings),
        };
        let advised = match decision {
            Decision::TooMany => self.settings.multi_session_interval,
            Decision::Answer | Decision::Hold { .. } => interval,
        };
        let batch = self.begin_batch(key);
        let mut reply = exchange.replies.reply(message, true);
        reply.advice(advice);
        reply.ext(batch, timesync.as_ref(), exchange.now.at);
        reply.end();
        exchange.has_connect_reply = true;
        exchange.receipt = self.begin_writing(exchange.now.at, key, advised);
    }

    /// The limit of connects that one browser holds (S7): HTTP/1.1 long-polling only.
    fn browser_decides(&self, exchange: &Exchange<'_>, key: SessionKey) -> Decision {
        let Origin::Http(peer) = exchange.origin else { return Decision::Hold { counts: false } };
        let session = self.sessions.get(&key);
        let browser = session.and_then(|session| self.browsers.get(session.browser.as_ref()?));
        let (Some(browser), false) = (browser, peer.multiplexed) else {
            return Decision::Hold { counts: false };
        };
        match usize::try_from(self.settings.max_sessions_per_browser) {
            Ok(limit) if browser.held >= limit => Decision::TooMany,
            _ => Decision::Hold { counts: true },
        }
    }

    fn hold(
        &mut self,
        exchange: &Exchange<'_>,
        key: SessionKey,
        message: &Message,
        (until, timesync, counts): (Instant, Option<TimesyncReply>, bool),
    ) -> Option<Ticket> {
        let session = self.sessions.get_mut(&key)?;
        session.serial = session.serial.wrapping_add(1);
        let ticket = Ticket { session: key, serial: session.serial };
        let (place, ticket) = match exchange.origin {
            Origin::Http(_) => (Place::Request { ticket, counts }, Some(ticket)),
            Origin::Socket(..) => (Place::Socket, None),
        };
        if let Some(browser) = session.browser.as_ref().and_then(|browser| self.browsers.get_mut(browser)) {
            browser.held += usize::from(counts);
        }
        session.held = Some(Box::new(Held { place, id: message.id.clone(), until, timesync }));
        session.expiry = Expiry::Stopped;
        session.is_busy = false;
        self.held += 1;
        self.reschedule(key);
        ticket
    }

    /// Takes the held connect out of a session, and out of every count (S7).
    pub(super) fn unhold(&mut self, key: SessionKey) -> Option<Box<Held>> {
        let session = self.sessions.get_mut(&key)?;
        let held = session.held.take()?;
        self.held = self.held.saturating_sub(1);
        let counts = matches!(held.place, Place::Request { counts: true, .. });
        if let Some(browser) = session.browser.as_ref().and_then(|browser| self.browsers.get_mut(browser)) {
            browser.held = browser.held.saturating_sub(usize::from(counts));
        }
        Some(held)
    }

    /// A newer connect has come: the older gets no Bayeux reply, or the client would poll twice (S6.1, S6.2).
    fn supersede(&mut self, key: SessionKey) {
        if let Some(Place::Request { ticket, .. }) = self.unhold(key).map(|held| held.place) {
            let status = self.settings.duplicate_meta_connect_status;
            self.effects.push_back(Effect::Answer { ticket, answer: Answer::Superseded { status } });
        }
    }

    /// Answers the held connect, if there is one. Only after [`Release::Due`] does the session go on.
    pub(super) fn release(&mut self, now: Instant, key: SessionKey, why: Release) {
        let Some(held) = self.unhold(key) else { return };
        let Held { place, id, timesync, .. } = *held;
        let batch = if why == Release::Unknown { None } else { self.begin_batch(key) };
        let Some(session) = self.sessions.get_mut(&key) else { return };
        let mut members = match why {
            Release::Due | Release::Dismissed if !session.pushes() => session.queue.deliver(),
            _ => Members::default(),
        };
        if why == Release::Dismissed {
            members.push(DISMISSAL);
        }
        let (interval, socket) = (session.interval, session.socket);
        let mut reply = members.reply_to(id.as_ref(), Some(CONNECT), why != Release::Unknown);
        match why {
            Release::Due => reply.advice(Advice::normal(Reconnect::Retry, interval, &self.settings)),
            Release::Left | Release::Dismissed => {
                reply.advice(Advice::normal(Reconnect::Never, Millis(0), &self.settings));
            }
            Release::Unknown => {
                reply.text("error", "402::session_unknown");
                reply.advice(Advice::failed(Reconnect::Handshake));
            }
        }
        reply.ext(batch, timesync.as_ref(), now);
        reply.end();
        let body = members.into_array();
        let goes_on = why == Release::Due;
        let receipt = if goes_on { self.begin_writing(now, key, interval) } else { None };
        match (place, socket) {
            (Place::Request { ticket, .. }, _) => {
                let answer = Answer::Reply(Reply { body, receipt, browser: None });
                self.effects.push_back(Effect::Answer { ticket, answer });
            }
            (Place::Socket, Some(socket)) => self.send(now, socket, body, receipt),
            (Place::Socket, None) => {}
        }
        self.reschedule(key);
    }

    /// A connect of a session that the server has ended in the meantime.
    fn dismiss_now(&mut self, exchange: &mut Exchange<'_>, message: &Message, key: SessionKey) {
        let batch = self.begin_batch(key);
        if let Some(session) = self.sessions.get_mut(&key) {
            let mut events = session.queue.deliver();
            events.push(DISMISSAL);
            exchange.parting = events;
        }
        let mut reply = exchange.replies.reply(message, true);
        reply.advice(Advice::normal(Reconnect::Never, Millis(0), &self.settings));
        reply.ext(batch, None, exchange.now.at);
        reply.end();
        exchange.is_last = true;
        self.end(exchange.now.at, key, Release::Left, EndReason::Dismissed);
    }

    /// Sends the news that the server has ended a session to its socket, with what waited before.
    pub(super) fn push_dismissal(&mut self, now: Instant, key: SessionKey) {
        let Some(session) = self.sessions.get_mut(&key) else { return };
        let Some(socket) = session.socket else { return };
        // Events that need an acknowledgement cannot leave without a connect reply.
        let mut events = if session.connect_only { Members::default() } else { session.queue.deliver() };
        events.push(DISMISSAL);
        self.send(now, socket, events.into_array(), None);
    }

    fn begin_batch(&mut self, key: SessionKey) -> Option<AckReply> {
        self.sessions.get_mut(&key)?.queue.begin_batch().map(AckReply::Batch)
    }
}
