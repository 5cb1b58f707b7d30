//! Web sockets (S6.2).

use super::{
    CLOSE_BINARY, CLOSE_NORMAL, CLOSE_OVERLOADED, Effect, Server,
    connect::Release,
    publish::is_deliverable,
    request::{Exchange, Origin},
    timers::Due,
};
use crate::{
    ids::{Peer, Receipt, SessionKey, SocketId},
    message::parse_frame,
    session::{Expiry, Place},
    settings::{Settings, Transport},
    time::{Instant, Millis, Now},
    wire::Members,
};
use bytes::Bytes;

/// How long the client is left to close the connection by itself after a disconnect (B24).
const CLOSE_DELAY: Millis = Millis(1_000);

/// A connection.
#[derive(Debug)]
pub(super) struct Socket {
    peer: Peer,
    /// The session that it carries now.
    pub(super) session: Option<SessionKey>,
    /// Bytes that were given out and are not written yet.
    in_flight: usize,
    heard: Instant,
    pub(super) closing: Option<Closing>,
    pub(super) timer: Option<Instant>,
}

/// When it will be closed, and whether the client can still prevent that by going on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Closing {
    pub(super) at: Instant,
    is_final: bool,
}

impl Socket {
    pub(super) const fn idle_at(&self, settings: &Settings) -> Instant {
        self.heard.plus(settings.timeout).plus(settings.timeout)
    }
}

impl Server {
    /// A web socket is open; its peer has authenticated and its origin was checked. `None` if the transport is not
    /// offered: then the upgrade should have been refused with 400 (B20).
    pub fn open_socket(&mut self, now: Instant, peer: Peer) -> Option<SocketId> {
        if !self.settings.offers(Transport::WebSocket) {
            return None;
        }
        let id = SocketId(self.next_key());
        if let Some(http_session) = &peer.http_session {
            self.http_sessions.entry(http_session.clone()).or_default().sockets.insert(id);
        }
        let socket = Socket { peer, session: None, in_flight: 0, heard: now, closing: None, timer: None };
        self.sockets.insert(id, socket);
        self.reschedule_socket(id);
        Some(id)
    }

    /// A text frame has come.
    pub fn socket_text(&mut self, now: Now, id: SocketId, text: &[u8]) {
        let Some(socket) = self.sockets.get_mut(&id) else { return };
        socket.heard = now.at;
        if socket.closing.is_some_and(|closing| closing.is_final) {
            return;
        }
        if socket.in_flight > self.limits.bytes.max(self.settings.send_window.saturating_mul(4)) {
            return self.close(now.at, id, CLOSE_OVERLOADED);
        }
        let messages = match parse_frame(text, &self.settings) {
            Ok(messages) => messages,
            Err(error) => return self.close(now.at, id, error.close_code()),
        };
        // An empty frame is a keep-alive (B23).
        if messages.is_empty() {
            return;
        }
        let peer = socket.peer.clone();
        let mut exchange = Exchange::new(now, Origin::Socket(id, &peer), &messages);
        self.run(&mut exchange, &messages);
        self.finish_frame(id, exchange);
    }

    /// Events in frames of their own, then the replies; events that come with a connect reply, in one frame with it, so
    /// that they arrive together or not at all.
    fn finish_frame(&mut self, id: SocketId, exchange: Exchange<'_>) {
        let Exchange { now, replies, session, has_connect_reply, receipt, is_last, parting, .. } = exchange;
        let mut events = parting;
        if let Some((key, session)) = session.and_then(|key| Some((key, self.sessions.get_mut(&key)?))) {
            if !session.connect_only {
                self.flush(key);
            } else if has_connect_reply {
                events = session.queue.deliver();
            } else if is_deliverable(session) {
                self.release(now.at, key, Release::Due);
            }
            self.reschedule(key);
        }
        if !replies.is_empty() {
            self.send(now.at, id, replies.after(events), receipt);
        }
        if is_last {
            self.close_later(now.at, id, false);
        }
    }

    /// A binary frame has come: nobody speaks that here (B22).
    pub fn socket_binary(&mut self, now: Instant, id: SocketId) {
        self.close(now, id, CLOSE_BINARY);
    }

    /// A ping or pong has come.
    pub fn socket_alive(&mut self, now: Instant, id: SocketId) {
        if let Some(socket) = self.sockets.get_mut(&id) {
            socket.heard = now;
        }
    }

    /// So many bytes of frames have been written: there is room for more.
    pub fn socket_sent(&mut self, id: SocketId, bytes: usize) {
        let Some(socket) = self.sockets.get_mut(&id) else { return };
        socket.in_flight = socket.in_flight.saturating_sub(bytes);
        let Some(key) = socket.session else { return };
        let stuck = |queue: &crate::session::Queue| queue.is_urgent() || queue.lazy_deadline().is_none();
        if self.sessions.get(&key).is_some_and(|session| session.pushes() && stuck(&session.queue)) {
            self.flush(key);
        }
    }

    /// A socket has been closed, or has broken. Its session lives on until it expires (S6.2).
    pub fn socket_closed(&mut self, now: Instant, id: SocketId) {
        let Some(socket) = self.sockets.remove(&id) else { return };
        self.timers.replace(Due::Socket(id), socket.timer, None);
        if let Some(http_session) = &socket.peer.http_session {
            self.edit_http_session(http_session, |ends| ends.sockets.remove(&id));
        }
        if let Some(key) = socket.session {
            self.detach(now, key);
        }
    }

    /// Gives out as much of the queue as fits on the way to the socket.
    pub(super) fn flush(&mut self, key: SessionKey) {
        let Some(session) = self.sessions.get_mut(&key) else { return };
        let Some((id, socket)) = session.socket.and_then(|id| Some((id, self.sockets.get_mut(&id)?))) else {
            return;
        };
        while socket.in_flight < self.settings.send_window {
            let Some(event) = session.queue.next() else { break };
            let frame = if self.settings.messages_per_frame <= 1 {
                event.frame().clone()
            } else {
                let mut members = Members::default();
                members.push(event.json());
                let more = std::iter::from_fn(|| session.queue.next());
                more.take(self.settings.messages_per_frame - 1).for_each(|event| members.push(event.json()));
                members.into_array()
            };
            socket.in_flight += frame.len();
            self.effects.push_back(Effect::Send { socket: id, frame, receipt: None });
        }
        self.reschedule(key);
    }

    pub(super) fn send(&mut self, now: Instant, id: SocketId, frame: Bytes, receipt: Option<Receipt>) {
        match self.sockets.get_mut(&id) {
            Some(socket) => {
                socket.in_flight += frame.len();
                self.effects.push_back(Effect::Send { socket: id, frame, receipt });
            }
            // Gone while the request was handled: nothing will be written.
            None => receipt.into_iter().for_each(|receipt| self.written(now, receipt)),
        }
    }

    /// Moves a session to a socket (S5.1); another session that was there stays behind without one.
    pub(super) fn attach(&mut self, now: Instant, key: SessionKey, id: SocketId) {
        let Some(session) = self.sessions.get_mut(&key) else { return };
        let Some(socket) = self.sockets.get_mut(&id) else { return };
        if socket.closing.is_some_and(|closing| !closing.is_final) {
            socket.closing = None;
        }
        if session.socket == Some(id) {
            return;
        }
        let before = socket.session.replace(key);
        let old = session.socket.replace(id);
        if let Some(old) = old.and_then(|old| self.sockets.get_mut(&old)) {
            old.session = None;
        }
        if let Some(before) = before {
            self.detach(now, before);
        }
    }

    /// The connection of a session is gone: what was held breaks off, and the clock starts (B16).
    fn detach(&mut self, now: Instant, key: SessionKey) {
        let Some(session) = self.sessions.get_mut(&key) else { return };
        session.socket = None;
        let on_socket = session.held.as_ref().is_some_and(|held| held.place == Place::Socket);
        let is_writing = matches!(session.expiry, Expiry::Writing(_));
        if on_socket {
            self.unhold(key);
        }
        if on_socket || is_writing {
            self.start_expiry(now, key);
        }
        self.reschedule(key);
    }

    /// Closes a socket now.
    pub(super) fn close(&mut self, now: Instant, id: SocketId, code: u16) {
        if self.sockets.contains_key(&id) {
            self.effects.push_back(Effect::Close { socket: id, code });
            self.socket_closed(now, id);
        }
    }

    /// Leaves the closing to the client for a moment (B24). After a logout nothing more is heard from it.
    pub(super) fn close_later(&mut self, now: Instant, id: SocketId, is_final: bool) {
        if let Some(socket) = self.sockets.get_mut(&id) {
            let is_final = is_final || socket.closing.is_some_and(|closing| closing.is_final);
            socket.closing = Some(Closing { at: now.plus(CLOSE_DELAY), is_final });
            self.reschedule_socket(id);
        }
    }

    /// Notes when a socket must be looked at; a note for an earlier moment stays.
    fn reschedule_socket(&mut self, id: SocketId) {
        let Some(socket) = self.sockets.get_mut(&id) else { return };
        let idle = socket.idle_at(&self.settings);
        let next = socket.closing.map_or(idle, |closing| closing.at.min(idle));
        if socket.timer.is_none_or(|noted| next < noted) {
            self.timers.replace(Due::Socket(id), socket.timer, Some(next));
            socket.timer = Some(next);
        }
    }

    pub(super) fn socket_is_due(&mut self, now: Instant, id: SocketId) {
        let Some(socket) = self.sockets.get_mut(&id) else { return };
        socket.timer = None;
        if socket.closing.is_some_and(|closing| closing.at <= now) {
            self.close(now, id, CLOSE_NORMAL);
        } else if socket.idle_at(&self.settings) <= now {
            self.close(now, id, super::CLOSE_IDLE);
        } else {
            // It has been busy since the moment was noted.
            self.reschedule_socket(id);
        }
    }
}
