//! Events to sessions (S8).

use super::{EndReason, Server, connect::Release};
use crate::{
    event::Event,
    ids::{Identity, SessionKey},
    session::Session,
    time::Instant,
};

/// To whom an event is published. Of these, it goes to the sessions that subscribe to its channel, to each once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Audience<'a> {
    /// One user, on all devices: the same channel tells each user something else.
    User(&'a Identity),
    /// Everybody in a realm.
    Realm(&'a str),
}

/// Whether a held connect has something to bring.
pub(super) const fn is_deliverable(session: &Session) -> bool {
    session.held.is_some() && session.queue.is_urgent()
}

impl Server {
    /// Publishes an event: held connects are answered, sockets get a frame, for the others it waits. Gives the number
    /// of sessions that it went to.
    pub fn publish(&mut self, now: Instant, audience: &Audience<'_>, event: &Event) -> usize {
        let mut targets = std::mem::take(&mut self.targets);
        match audience {
            Audience::Realm(realm) => self.index.subscribers(realm, event.channel(), &mut targets),
            Audience::User(identity) => {
                let wants = |key: &&SessionKey| {
                    self.sessions.get(*key).is_some_and(|session| session.wants(event.channel()))
                };
                targets.extend(self.users.get(identity).into_iter().flatten().filter(wants));
            }
        }
        let is_lazy = event.is_lazy() || self.lazy.iter().any(|pattern| pattern.matches(event.channel()));
        let lazy_until = is_lazy.then(|| now.plus(self.settings.max_lazy_timeout));
        for key in &targets {
            self.deliver(now, *key, event, lazy_until);
        }
        let count = targets.len();
        targets.clear();
        self.targets = targets;
        count
    }

    fn deliver(&mut self, now: Instant, key: SessionKey, event: &Event, lazy_until: Option<Instant>) {
        let Some(session) = self.sessions.get_mut(&key) else { return };
        if !session.queue.push(event, lazy_until, self.limits) {
            return self.end(now, key, Release::Unknown, EndReason::Overflow);
        }
        if lazy_until.is_some() {
            self.reschedule(key);
        } else if session.is_busy {
            // Leaves with the response to the request that is being handled.
        } else if session.pushes() {
            self.flush(key);
        } else if is_deliverable(session) {
            self.release(now, key, Release::Due);
        }
    }
}
