//! One request over HTTP, and what it has in common with a frame: messages in order, one response (S3.1).

use super::{Outcome, Reply, Server, connect::Release, publish::is_deliverable};
use crate::{
    ids::{BrowserId, ClientId, Peer, Receipt, SessionKey, SocketId, Ticket},
    message::{Message, Name},
    session::{Expiry, State},
    settings::Transport,
    time::Now,
    wire::{Advice, Members, Reconnect},
};

/// Where messages come from.
#[derive(Clone, Copy)]
pub(super) enum Origin<'a> {
    Http(&'a Peer),
    Socket(SocketId, &'a Peer),
}

impl<'a> Origin<'a> {
    pub(super) const fn peer(self) -> &'a Peer {
        match self {
            Self::Http(peer) | Self::Socket(_, peer) => peer,
        }
    }

    pub(super) const fn transport(self) -> Transport {
        match self {
            Self::Http(_) => Transport::LongPolling,
            Self::Socket(..) => Transport::WebSocket,
        }
    }
}

/// A request while it is being handled.
pub(super) struct Exchange<'a> {
    pub(super) now: Now,
    pub(super) origin: Origin<'a>,
    /// There is one message only, so that a connect may be held (S3.1).
    pub(super) is_alone: bool,
    pub(super) replies: Members,
    /// The session whose events leave with the response: that of the first message that has one.
    pub(super) session: Option<SessionKey>,
    /// One of the replies is to a connect: events of a connect-only session may leave.
    pub(super) has_connect_reply: bool,
    pub(super) receipt: Option<Receipt>,
    pub(super) browser: Option<BrowserId>,
    pub(super) held: Option<Ticket>,
    /// Client or server have said goodbye.
    pub(super) is_last: bool,
    /// The last events of a session that has ended with this request.
    pub(super) parting: Members,
}

impl<'a> Exchange<'a> {
    pub(super) fn new(now: Now, origin: Origin<'a>, messages: &[Message]) -> Self {
        Self {
            now,
            origin,
            is_alone: messages.len() == 1,
            replies: Members::default(),
            session: None,
            has_connect_reply: false,
            receipt: None,
            browser: None,
            held: None,
            is_last: false,
            parting: Members::default(),
        }
    }
}

impl Server {
    /// Handles the messages of one HTTP request, in order.
    pub fn handle(&mut self, now: Now, peer: &Peer, messages: &[Message]) -> Outcome {
        let mut exchange = Exchange::new(now, Origin::Http(peer), messages);
        self.run(&mut exchange, messages);
        if let Some(ticket) = exchange.held {
            return Outcome::Held(ticket);
        }
        let events = self.finish(&mut exchange);
        let Exchange { replies, receipt, browser, .. } = exchange;
        Outcome::Reply(Reply { body: replies.after(events), receipt, browser })
    }

    pub(super) fn run(&mut self, exchange: &mut Exchange<'_>, messages: &[Message]) {
        // A handshake is alone, whatever stands beside it (B13).
        if let Some(handshake) = messages.iter().find(|message| message.channel() == "/meta/handshake") {
            return self.handshake(exchange, handshake);
        }
        for message in messages {
            self.message(exchange, message);
        }
        if let Some(session) = exchange.session.and_then(|key| self.sessions.get_mut(&key)) {
            session.is_busy = false;
        }
    }

    /// The events that leave with the response: all or none (B25).
    fn finish(&mut self, exchange: &mut Exchange<'_>) -> Members {
        let Some((key, session)) = exchange.session.and_then(|key| Some((key, self.sessions.get_mut(&key)?)))
        else {
            return std::mem::take(&mut exchange.parting);
        };
        let may_leave = exchange.has_connect_reply || !session.connect_only;
        let events = if may_leave { session.queue.deliver() } else { Members::default() };
        if !may_leave && is_deliverable(session) {
            self.release(exchange.now.at, key, Release::Due);
        }
        self.reschedule(key);
        events
    }

    fn message(&mut self, exchange: &mut Exchange<'_>, message: &Message) {
        match &message.channel {
            Name::Missing => return refuse(exchange, message, "400::channel_missing"),
            Name::Invalid(_) => return refuse(exchange, message, "405::channel_invalid"),
            Name::Valid(_) => {}
        }
        match message.channel() {
            "/meta/connect" => self.connect(exchange, message),
            "/meta/subscribe" => self.subscribe(exchange, message),
            "/meta/unsubscribe" => self.unsubscribe(exchange, message),
            "/meta/disconnect" => self.disconnected(exchange, message),
            channel => self.published(exchange, message, channel),
        }
    }

    /// The session of a message, if it may use it (S5.1), made ready for the rest of the request. Otherwise the message
    /// is refused.
    pub(super) fn enter(&mut self, exchange: &mut Exchange<'_>, message: &Message) -> Option<SessionKey> {
        if message.id.as_ref().is_some_and(|id| !id.is_valid) {
            refuse(exchange, message, "405::message_id_invalid");
            return None;
        }
        let Some(key) = self.find(exchange, message) else {
            let mut reply = exchange.replies.reply(message, false);
            reply.text("error", "402::session_unknown");
            if message.channel() == "/meta/connect" {
                reply.advice(Advice::failed(Reconnect::Handshake));
            }
            reply.end();
            return None;
        };
        let origin = exchange.origin;
        if let Origin::Socket(id, _) = origin {
            self.attach(exchange.now.at, key, id);
        }
        self.move_http_session(key, origin.peer());
        let session = self.sessions.get_mut(&key)?;
        session.transport = origin.transport();
        // Any valid message moves the deadline, but does not stop the clock.
        let sign_of_life = exchange.now.at.plus(self.settings.max_interval);
        session.expiry = match session.expiry {
            Expiry::At(at) => Expiry::At(at.max(sign_of_life)),
            other => other,
        };
        if *exchange.session.get_or_insert(key) == key {
            session.is_busy = true;
        }
        Some(key)
    }

    fn find(&mut self, exchange: &Exchange<'_>, message: &Message) -> Option<SessionKey> {
        let key = *self.by_id.get(&ClientId::parse(message.client_id.as_deref()?)?)?;
        let session = self.sessions.get(&key)?;
        let peer = exchange.origin.peer();
        let same_user = session.identity == peer.identity;
        let bound = match exchange.origin {
            // From HTTP to a socket, but never back (S5.1).
            Origin::Socket(..) => true,
            Origin::Http(_) if session.transport == Transport::WebSocket => false,
            Origin::Http(_) => self.settings.trust_client_session || session.browser == peer.browser,
        };
        // A session that the server has ended hears so with its next connect, and is good for nothing else.
        let usable = session.state != State::Closing
            || matches!(message.channel(), "/meta/connect" | "/meta/disconnect");
        if !same_user || !bound || !usable {
            return None;
        }
        if session.expiry.deadline().is_some_and(|at| at <= exchange.now.at) {
            self.end(exchange.now.at, key, Release::Unknown, super::EndReason::Expired);
            return None;
        }
        Some(key)
    }
}

/// Answers that a message cannot be.
pub(super) fn refuse(exchange: &mut Exchange<'_>, message: &Message, error: &str) {
    let mut reply = exchange.replies.reply(message, false);
    reply.text("error", error);
    reply.end();
}
