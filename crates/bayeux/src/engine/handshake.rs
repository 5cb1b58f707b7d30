//! `/meta/handshake` (S3, S6.4).

use super::{
    Server,
    request::{Exchange, Origin},
};
use crate::{
    ids::{BrowserId, ClientId, SessionKey},
    message::{Ack, Message},
    session::{Expiry, Queue, Session, State},
    wire::{AckReply, Advice, Reconnect, TimesyncReply, transports},
};

impl Server {
    /// Always a new session; an older one of the same client lives until it expires (S5).
    pub(super) fn handshake(&mut self, exchange: &mut Exchange<'_>, message: &Message) {
        if message.id.as_ref().is_some_and(|id| !id.is_valid) {
            return deny(exchange, message, "405::message_id_invalid");
        }
        // Without a list, the transport in use is meant.
        let has_common = match &message.supported {
            None => self.settings.offers(exchange.origin.transport()),
            Some(names) => {
                self.settings.transports.iter().any(|offered| names.iter().any(|name| name == offered.name()))
            }
        };
        if !has_common {
            return deny(exchange, message, "412::no_common_connection_type");
        }
        let peer = exchange.origin.peer();
        if !self.policy.may_handshake(&peer.identity) || self.is_full(exchange) {
            return deny(exchange, message, "403::handshake_denied");
        }
        let id = ClientId::random(&mut *self.entropy);
        if self.by_id.contains_key(&id) {
            return deny(exchange, message, "403::handshake_failed");
        }
        let with_ack = message.ack == Some(Ack::Wanted(true)) && self.settings.ack_extension;
        self.create(exchange, id, with_ack);

        let timesync = message.timesync.as_deref().map(|asked| TimesyncReply::new(asked, exchange.now));
        let mut reply = exchange.replies.reply(message, true);
        reply.text("clientId", id.as_str());
        reply.text("version", "1.0");
        reply.text("minimumVersion", "1.0");
        reply.raw("supportedConnectionTypes", &transports(&self.settings.transports));
        reply.advice(Advice::normal(Reconnect::Retry, self.settings.interval, &self.settings));
        reply.ext(with_ack.then_some(AckReply::Enabled), timesync.as_ref(), exchange.now.at);
        reply.end();
    }

    /// Whether there are as many sessions as there may be: of all, of this user, or of this HTTP client.
    fn is_full(&self, exchange: &Exchange<'_>) -> bool {
        let peer = exchange.origin.peer();
        let of_user = self.users.get(&peer.identity).map_or(0, |keys| keys.len());
        let browser = peer.browser.as_ref().and_then(|browser| self.browsers.get(browser));
        let of_client = browser.map_or(0, |browser| browser.sessions);
        self.sessions.len() >= self.settings.max_sessions
            || of_user >= self.settings.max_sessions_per_user
            || of_client >= self.settings.max_sessions_per_client
    }

    fn create(&mut self, exchange: &mut Exchange<'_>, id: ClientId, with_ack: bool) {
        let peer = exchange.origin.peer();
        let browser = match exchange.origin {
            Origin::Socket(..) => None,
            Origin::Http(_) => Some(peer.browser.clone().unwrap_or_else(|| {
                let browser = BrowserId::random(&mut *self.entropy);
                exchange.browser = Some(browser.clone());
                browser
            })),
        };
        let key = SessionKey(self.next_key());
        if let Some(browser) = &browser {
            self.browsers.entry(browser.clone()).or_default().sessions += 1;
        }
        self.users.entry(peer.identity.clone()).or_default().insert(key);
        self.by_id.insert(id, key);
        let session = Session {
            id,
            identity: peer.identity.clone(),
            browser,
            http_session: None,
            transport: exchange.origin.transport(),
            socket: None,
            state: State::Handshaken,
            subscriptions: Vec::new(),
            queue: Queue::new(with_ack),
            connect_only: with_ack || self.settings.meta_connect_delivery_only,
            held: None,
            expiry: Expiry::Stopped,
            interval: self.settings.interval,
            serial: 0,
            is_busy: false,
            timer: None,
        };
        self.sessions.insert(key, Box::new(session));
        self.move_http_session(key, peer);
        if let Origin::Socket(socket, _) = exchange.origin {
            self.attach(exchange.now.at, key, socket);
        }
        exchange.receipt = self.begin_writing(exchange.now.at, key, self.settings.interval);
        self.reschedule(key);
    }
}

/// Refuses for good: clients that are not told so retry for ever (S13).
fn deny(exchange: &mut Exchange<'_>, message: &Message, error: &str) {
    let mut reply = exchange.replies.reply(message, false);
    reply.text("error", error);
    reply.advice(Advice::failed(Reconnect::Never));
    reply.end();
}
