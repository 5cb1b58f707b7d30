//! Who must be looked at, and when.

use super::Server;
use crate::{
    engine::{EndReason, connect::Release},
    ids::{SessionKey, SocketId},
    time::Instant,
};
use std::collections::BTreeSet;

/// Whom a deadline is about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Due {
    Session(SessionKey),
    Socket(SocketId),
}

/// Deadlines in order; each session and socket has one at most.
#[derive(Debug, Default)]
pub(super) struct Timers(BTreeSet<(Instant, Due)>);

impl Timers {
    pub(super) fn first(&self) -> Option<Instant> {
        self.0.first().map(|(at, _)| *at)
    }

    pub(super) fn replace(&mut self, due: Due, old: Option<Instant>, new: Option<Instant>) {
        if let Some(old) = old {
            self.0.remove(&(old, due));
        }
        if let Some(new) = new {
            self.0.insert((new, due));
        }
    }

    /// Takes the first that is due.
    fn take(&mut self, now: Instant) -> Option<(Instant, Due)> {
        let first = self.0.first().copied().filter(|(at, _)| *at <= now)?;
        self.0.remove(&first);
        Some(first)
    }
}

impl Server {
    /// Does what is due: connects that were held long enough, lazy events, sessions and sockets that have gone silent.
    pub fn poll(&mut self, now: Instant) {
        while let Some((_, due)) = self.timers.take(now) {
            match due {
                Due::Session(key) => self.session_is_due(now, key),
                Due::Socket(id) => self.socket_is_due(now, id),
            }
        }
    }

    fn session_is_due(&mut self, now: Instant, key: SessionKey) {
        let Some(session) = self.sessions.get_mut(&key) else { return };
        session.timer = None;
        if session.expiry.deadline().is_some_and(|at| at <= now) {
            return self.end(now, key, Release::Unknown, EndReason::Expired);
        }
        let is_over = session.held.as_ref().is_some_and(|held| held.until <= now);
        let pushes = session.pushes();
        // Without anybody to bring it to, a lazy event goes on waiting.
        let can_leave = pushes || session.held.is_some();
        let lazy_is_due = can_leave && session.queue.lazy_deadline().is_some_and(|at| at <= now);
        if lazy_is_due {
            session.queue.stop_waiting();
            if pushes {
                self.flush(key);
            }
        }
        if is_over || (lazy_is_due && !pushes) {
            self.release(now, key, Release::Due);
        }
        self.reschedule(key);
    }
}
