//! The server: all sessions, and what happens to them.

mod connect;
mod effects;
mod handshake;
mod index;
mod lifecycle;
mod operations;
mod publish;
mod request;
mod sockets;
mod timers;

use crate::{
    channel::Pattern,
    ids::{BrowserId, ClientId, Entropy, Identity, KeyMap, SessionKey, SocketId},
    policy::Policy,
    session::{Limits, Session},
    settings::Settings,
    time::Instant,
};
pub use effects::{
    Answer, CLOSE_BINARY, CLOSE_FAILED, CLOSE_IDLE, CLOSE_NORMAL, CLOSE_OVERLOADED, CLOSE_TOO_BIG, Effect,
    EndReason, Outcome, Reply,
};
use index::Index;
pub use publish::Audience;
use sockets::Socket;
use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    fmt,
    sync::Arc,
};
use timers::Timers;

/// A Bayeux server without any I/O: see the crate's documentation for how to drive it.
pub struct Server {
    settings: Settings,
    policy: Box<dyn Policy + Send + Sync>,
    entropy: Box<dyn Entropy + Send>,
    limits: Limits,
    lazy: Vec<Pattern>,
    // Maps are only looked up in, never walked through: what happens does not depend on their order.
    sessions: KeyMap<SessionKey, Box<Session>>,
    by_id: HashMap<ClientId, SessionKey>,
    users: HashMap<Identity, BTreeSet<SessionKey>>,
    browsers: HashMap<BrowserId, Browser>,
    http_sessions: HashMap<Arc<str>, HttpSession>,
    sockets: KeyMap<SocketId, Socket>,
    index: Index,
    timers: Timers,
    effects: VecDeque<Effect>,
    last_key: u64,
    held: usize,
    /// Kept between publications, so that they allocate nothing.
    targets: Vec<SessionKey>,
}

/// What one browser cookie stands for.
#[derive(Debug, Default)]
struct Browser {
    sessions: usize,
    /// Connects that count against the limit of S7.
    held: usize,
}

/// What ends with one HTTP session.
#[derive(Debug, Default)]
struct HttpSession {
    sessions: BTreeSet<SessionKey>,
    sockets: BTreeSet<SocketId>,
}

/// How busy a server is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Stats {
    /// Sessions that have not ended.
    pub sessions: usize,
    /// Connects that are held, on any transport.
    pub held: usize,
    /// Web sockets that are open.
    pub sockets: usize,
    /// Pairs of a session and a pattern.
    pub subscriptions: usize,
}

impl Server {
    /// A server without sessions. Its settings should have passed [`Settings::check`].
    pub fn new(
        settings: Settings,
        policy: impl Policy + Send + Sync + 'static,
        entropy: impl Entropy + Send + 'static,
    ) -> Self {
        let lazy = settings.lazy_channels.iter().flat_map(|name| Pattern::parse(name)).collect();
        Self {
            limits: Limits::of(&settings),
            lazy,
            settings,
            policy: Box::new(policy),
            entropy: Box::new(entropy),
            sessions: KeyMap::default(),
            by_id: HashMap::new(),
            users: HashMap::new(),
            browsers: HashMap::new(),
            http_sessions: HashMap::new(),
            sockets: KeyMap::default(),
            index: Index::default(),
            timers: Timers::default(),
            effects: VecDeque::new(),
            last_key: 0,
            held: 0,
            targets: Vec::new(),
        }
    }

    /// The settings that it was made with.
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The next thing to do. Ask until there is none, after every call.
    pub fn next_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// When [`Server::poll`] must be called, if nothing happens before: then or earlier something is due. `None` while
    /// nobody is there.
    pub fn next_deadline(&self) -> Option<Instant> {
        self.timers.first()
    }

    /// How busy it is.
    pub fn stats(&self) -> Stats {
        Stats {
            sessions: self.sessions.len(),
            held: self.held,
            sockets: self.sockets.len(),
            subscriptions: self.index.len(),
        }
    }

    /// Whether an HTTP session is in use at this moment, by a held connect or an open web socket, so that it does not
    /// expire (B32).
    pub fn is_connected(&self, http_session: &str) -> bool {
        self.http_sessions.get(http_session).is_some_and(|ends| {
            let is_held = |key| self.sessions.get(key).is_some_and(|session| session.held.is_some());
            !ends.sockets.is_empty() || ends.sessions.iter().any(is_held)
        })
    }

    /// How many events and bytes wait for a session, or for its acknowledgement; `None` if there is no such session.
    pub fn waiting_for(&self, client: &ClientId) -> Option<(usize, usize)> {
        let session = self.sessions.get(self.by_id.get(client)?)?;
        Some((session.queue.len(), session.queue.bytes()))
    }

    fn next_key(&mut self) -> u64 {
        self.last_key += 1;
        self.last_key
    }

    /// Notes anew when something must happen to a session.
    fn reschedule(&mut self, key: SessionKey) {
        if let Some(session) = self.sessions.get_mut(&key) {
            let next = session.next_deadline(self.settings.sweep_period);
            // A note for an earlier moment stays: whoever polls a lot would otherwise be noted anew all the time.
            if next.is_some_and(|next| session.timer.is_none_or(|noted| next < noted)) {
                self.timers.replace(timers::Due::Session(key), session.timer, next);
                session.timer = next;
            }
        }
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("stats", &self.stats()).finish_non_exhaustive()
    }
}
