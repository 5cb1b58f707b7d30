//! One client.

mod queue;

use crate::{
    channel::{Channel, Pattern, each_pattern},
    ids::{BrowserId, ClientId, Identity, SocketId, Ticket},
    message::MessageId,
    settings::Transport,
    time::{Instant, Millis},
    wire::TimesyncReply,
};
pub(crate) use queue::{Limits, Queue};
use std::sync::Arc;

/// Where a session stands (S5). Removed ones are not there any more.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum State {
    /// The handshake is done, the first connect has not come.
    Handshaken,
    /// There was a connect.
    Connected,
    /// The server has ended it and waits for a connect to say so.
    Closing,
}

/// A connect that is not answered yet.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) place: Place,
    pub(crate) id: Option<MessageId>,
    pub(crate) until: Instant,
    pub(crate) timesync: Option<TimesyncReply>,
}

/// Who waits for the answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Place {
    /// A request; it may count against the limit of its browser (S7).
    Request { ticket: Ticket, counts: bool },
    /// The socket of the session.
    Socket,
}

/// When a session is dropped (S5).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Expiry {
    /// Never: a connect is held.
    Stopped,
    /// A reply is being written; the clock starts when that is done. A client that does not even read its reply is
    /// dropped at this moment.
    Writing(Instant),
    /// At this moment.
    At(Instant),
}

impl Expiry {
    pub(crate) const fn deadline(self) -> Option<Instant> {
        match self {
            Self::Stopped => None,
            Self::Writing(at) | Self::At(at) => Some(at),
        }
    }
}

#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) id: ClientId,
    pub(crate) identity: Identity,
    /// The cookie that it is bound to; none for one that was created over a web socket.
    pub(crate) browser: Option<BrowserId>,
    pub(crate) http_session: Option<Arc<str>>,
    pub(crate) transport: Transport,
    pub(crate) socket: Option<SocketId>,
    pub(crate) state: State,
    /// Sorted: clients may send long lists of what they have already.
    pub(crate) subscriptions: Vec<Pattern>,
    pub(crate) queue: Queue,
    /// Events leave with connect replies only (S9.1).
    pub(crate) connect_only: bool,
    pub(crate) held: Option<Box<Held>>,
    pub(crate) expiry: Expiry,
    /// The pause that was advised with the last reply.
    pub(crate) interval: Millis,
    /// Counts tickets and receipts, so that late ones are recognised.
    pub(crate) serial: u32,
    /// A request of this session is being handled: its events leave with the response (S6.1).
    pub(crate) is_busy: bool,
    /// The moment for which the engine has noted this session.
    pub(crate) timer: Option<Instant>,
}

impl Session {
    /// Whether events go out over the socket as they come.
    pub(crate) const fn pushes(&self) -> bool {
        self.socket.is_some() && !self.connect_only
    }

    /// Whether a subscription wants this channel.
    pub(crate) fn wants(&self, channel: &Channel) -> bool {
        // Few are faster tried than looked up.
        if self.subscriptions.len() <= 8 {
            return self.subscriptions.iter().any(|pattern| pattern.matches(channel));
        }
        let mut found = false;
        each_pattern(channel, |key| {
            found = found || self.subscriptions.binary_search_by(|known| known.as_str().cmp(key)).is_ok();
        });
        found
    }

    /// When something must happen, if nothing comes before.
    pub(crate) fn next_deadline(&self, sweep: Millis) -> Option<Instant> {
        let held = self.held.as_ref().map(|held| held.until);
        let can_leave = self.held.is_some() || self.pushes();
        let lazy = self.queue.lazy_deadline().filter(|_| can_leave);
        let expiry = self.expiry.deadline().map(|at| at.round_up(sweep));
        [held, lazy, expiry].into_iter().flatten().min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // covers(bayeux): B29
    #[test]
    fn a_session_is_small() {
        assert!(size_of::<Session>() <= 512, "{}", size_of::<Session>());
        assert!(size_of::<Held>() <= 256, "{}", size_of::<Held>());
    }
}
