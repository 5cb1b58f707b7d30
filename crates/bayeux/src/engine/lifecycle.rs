//! How sessions live on, and how they end (S5).

use super::{CLOSE_NORMAL, Effect, EndReason, HttpSession, Server, connect::Release, timers::Due};
use crate::{
    ids::{ClientId, Identity, Peer, Receipt, SessionKey, SocketId, Ticket},
    session::{Expiry, Place, State},
    time::{Instant, Millis},
};
use std::sync::Arc;

impl Server {
    /// A reply has been written, or cannot be: the session's clock starts (S5). Late news of an older reply is ignored.
    pub fn written(&mut self, now: Instant, receipt: Receipt) {
        let is_current = self.sessions.get(&receipt.session).is_some_and(|session| {
            session.serial == receipt.serial && matches!(session.expiry, Expiry::Writing(_))
        });
        if is_current {
            self.start_expiry(now, receipt.session);
        }
    }

    /// The connection of a held request is gone: the clock starts at once, and what comes waits (B16).
    pub fn connection_lost(&mut self, now: Instant, ticket: Ticket) {
        let session = self.sessions.get(&ticket.session);
        let held = session.and_then(|session| session.held.as_ref());
        if held.is_some_and(
            |held| matches!(held.place, Place::Request { ticket: waiting, .. } if waiting == ticket),
        ) {
            self.unhold(ticket.session);
            self.start_expiry(now, ticket.session);
        }
    }

    /// Ends a session from this side (S5): a held connect or a socket hears of it at once, others with their next
    /// connect. `false` if there is no such session.
    pub fn disconnect(&mut self, now: Instant, client: &ClientId) -> bool {
        let key = self.by_id.get(client).copied();
        key.into_iter().for_each(|key| self.dismiss(now, key));
        key.is_some()
    }

    /// Ends all sessions of a user from this side. Gives their number.
    pub fn disconnect_user(&mut self, now: Instant, identity: &Identity) -> usize {
        let keys: Vec<_> = self.users.get(identity).into_iter().flatten().copied().collect();
        keys.iter().for_each(|key| self.dismiss(now, *key));
        keys.len()
    }

    /// Somebody has logged out: to be called when the HTTP response to that was written, and before the HTTP session is
    /// invalidated (B30, R-9). Its sockets are closed.
    pub fn logout(&mut self, now: Instant, http_session: &str) {
        let (sessions, sockets) = self.ends_with(http_session);
        sessions.into_iter().for_each(|key| self.dismiss(now, key));
        sockets.into_iter().for_each(|id| self.close_later(now, id, true));
    }

    /// An HTTP session has expired: clients shall try a handshake, and learn from its 401 that they must log in (B31).
    pub fn expire_http_session(&mut self, now: Instant, http_session: &str) {
        let (sessions, sockets) = self.ends_with(http_session);
        for key in sessions {
            self.end(now, key, Release::Unknown, EndReason::HttpSessionExpired);
        }
        sockets.into_iter().for_each(|id| self.close(now, id, CLOSE_NORMAL));
    }

    /// The server stops: held connects are answered as if their time were over, sockets are closed. Clients come back
    /// to the next server, whose 402 makes them shake hands again.
    pub fn shutdown(&mut self, now: Instant) {
        let mut keys: Vec<_> = self.sessions.keys().copied().collect();
        keys.sort_unstable();
        for key in keys {
            self.end(now, key, Release::Due, EndReason::Shutdown);
        }
        let mut sockets: Vec<_> = self.sockets.keys().copied().collect();
        sockets.sort_unstable();
        sockets.into_iter().for_each(|id| self.close(now, id, CLOSE_NORMAL));
    }

    fn ends_with(&self, http_session: &str) -> (Vec<SessionKey>, Vec<SocketId>) {
        self.http_sessions.get(http_session).map_or_else(Default::default, |ends| {
            (ends.sessions.iter().copied().collect(), ends.sockets.iter().copied().collect())
        })
    }

    fn dismiss(&mut self, now: Instant, key: SessionKey) {
        let Some(session) = self.sessions.get_mut(&key) else { return };
        session.state = State::Closing;
        for pattern in std::mem::take(&mut session.subscriptions) {
            self.index.remove(&session.identity.realm, &pattern, key);
        }
        let has_socket = session.socket.is_some();
        if session.held.is_some() {
            self.end(now, key, Release::Dismissed, EndReason::Dismissed);
        } else if has_socket {
            self.push_dismissal(now, key);
            self.end(now, key, Release::Dismissed, EndReason::Dismissed);
        }
    }

    /// Removes a session: a held connect is answered, subscriptions, queue and id are gone.
    pub(super) fn end(&mut self, now: Instant, key: SessionKey, how: Release, why: EndReason) {
        self.release(now, key, how);
        let Some(session) = self.sessions.remove(&key) else { return };
        self.by_id.remove(&session.id);
        self.timers.replace(Due::Session(key), session.timer, None);
        for pattern in &session.subscriptions {
            self.index.remove(&session.identity.realm, pattern, key);
        }
        if let Some(keys) = self.users.get_mut(&session.identity) {
            keys.remove(&key);
            if keys.is_empty() {
                self.users.remove(&session.identity);
            }
        }
        if let Some((name, browser)) =
            session.browser.as_ref().and_then(|name| Some((name, self.browsers.get_mut(name)?)))
        {
            browser.sessions = browser.sessions.saturating_sub(1);
            if browser.sessions == 0 {
                self.browsers.remove(name);
            }
        }
        if let Some(http_session) = &session.http_session {
            self.edit_http_session(http_session, |ends| ends.sessions.remove(&key));
        }
        if let Some(id) = session.socket {
            if let Some(socket) = self.sockets.get_mut(&id) {
                socket.session = None;
            }
            match why {
                EndReason::Disconnected | EndReason::Dismissed => self.close_later(now, id, false),
                EndReason::Expired
                | EndReason::HttpSessionExpired
                | EndReason::Overflow
                | EndReason::Shutdown => self.close(now, id, CLOSE_NORMAL),
            }
        }
        let session = *session;
        self.effects.push_back(Effect::Ended {
            client: session.id,
            identity: session.identity,
            http_session: session.http_session,
            why,
        });
    }

    /// A reply to a handshake or connect is on its way, with this pause advised.
    pub(super) fn begin_writing(
        &mut self,
        now: Instant,
        key: SessionKey,
        interval: Millis,
    ) -> Option<Receipt> {
        let last_moment = now.plus(self.settings.timeout).plus(interval).plus(self.settings.max_interval);
        let session = self.sessions.get_mut(&key)?;
        session.serial = session.serial.wrapping_add(1);
        session.interval = interval;
        session.expiry = Expiry::Writing(last_moment);
        let receipt = Receipt { session: key, serial: session.serial };
        self.reschedule(key);
        Some(receipt)
    }

    /// Starts the clock of a session without a connect.
    pub(super) fn start_expiry(&mut self, now: Instant, key: SessionKey) {
        if let Some(session) = self.sessions.get_mut(&key) {
            session.expiry = Expiry::At(now.plus(session.interval).plus(self.settings.max_interval));
            self.reschedule(key);
        }
    }

    /// Notes under which HTTP session a Bayeux session is used now.
    pub(super) fn move_http_session(&mut self, key: SessionKey, peer: &Peer) {
        let Some(session) = self.sessions.get_mut(&key) else { return };
        if peer.http_session.is_none() || session.http_session == peer.http_session {
            return;
        }
        let old = std::mem::replace(&mut session.http_session, peer.http_session.clone());
        if let Some(old) = old {
            self.edit_http_session(&old, |ends| ends.sessions.remove(&key));
        }
        if let Some(new) = &peer.http_session {
            self.http_sessions.entry(Arc::clone(new)).or_default().sessions.insert(key);
        }
    }

    /// Takes something out of an HTTP session; one with nothing in it is forgotten.
    pub(super) fn edit_http_session(&mut self, name: &Arc<str>, edit: impl FnOnce(&mut HttpSession) -> bool) {
        if let Some(ends) = self.http_sessions.get_mut(name) {
            edit(ends);
            if ends.sessions.is_empty() && ends.sockets.is_empty() {
                self.http_sessions.remove(name);
            }
        }
    }
}
