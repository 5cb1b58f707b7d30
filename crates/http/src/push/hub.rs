//! The engine, and those who wait for what it says.

use super::{
    announce::Translator,
    claims::{Held, Owed, Place},
    entrance::Turned,
    hush::{Hush, Quiet},
};
use bytes::Bytes;
use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
};
use tokio::sync::{Notify, mpsc, oneshot};
use touchline_bayeux::{
    Answer, Audience, Channel, Effect, Event, Identity, Instant, Message, Now, Outcome, Peer, Policy,
    Receipt, Server, Settings, SocketId, Stats, Ticket,
};
use touchline_model::{Clock, TenantId, UserId};

/// Limits of the transports; those of sessions and queues are in [`Settings`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PushLimits {
    /// Web sockets that may be open.
    pub sockets: usize,
    /// Web sockets that one user may have open.
    pub sockets_per_user: usize,
}

impl Default for PushLimits {
    fn default() -> Self {
        Self { sockets: 20_000, sockets_per_user: 200 }
    }
}

/// Holds a Bayeux engine, and carries out what it says. Cheap to clone.
#[derive(Clone)]
pub struct Hub(Arc<Inner>);

pub(super) struct Inner {
    state: Mutex<State>,
    /// Something is due earlier than was known.
    earlier: Notify,
    started: tokio::time::Instant,
    clock: Arc<dyn Clock>,
    settings: Settings,
    limits: PushLimits,
    translators: RwLock<Vec<Translator>>,
}

pub(super) struct State {
    pub(super) engine: Server,
    pub(super) held: HashMap<Ticket, oneshot::Sender<Delivery>>,
    sockets: HashMap<SocketId, mpsc::UnboundedSender<Out>>,
    /// Places of sockets, taken before the upgrade.
    pub(super) places: HashMap<Identity, usize>,
    pub(super) taken: usize,
    pub(super) quiet: Quiet,
    /// For when the timers are set.
    armed: Option<Instant>,
    hub: std::sync::Weak<Inner>,
}

/// What a socket is to send.
#[derive(Debug)]
pub(super) enum Out {
    Frame(Bytes, Option<Receipt>),
    Close(u16),
}

/// How a held request ends.
#[derive(Debug)]
pub(super) struct Delivery {
    pub(super) answer: Answer,
    pub(super) owed: Option<Owed>,
}

impl fmt::Debug for Hub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hub({:?})", self.stats())
    }
}

impl Hub {
    /// A hub without clients. `clock` is asked for the time of day alone; `entropy` fills with bytes that nobody can
    /// guess. Nothing that is due happens before somebody calls [`Hub::run`].
    pub fn new(
        settings: Settings,
        limits: PushLimits,
        policy: impl Policy + Send + Sync + 'static,
        clock: Arc<dyn Clock>,
        entropy: impl FnMut(&mut [u8]) + Send + 'static,
    ) -> Self {
        let engine = Server::new(settings.clone(), policy, entropy);
        let inner = Arc::new_cyclic(|hub| Inner {
            state: Mutex::new(State {
                engine,
                held: HashMap::new(),
                sockets: HashMap::new(),
                places: HashMap::new(),
                taken: 0,
                quiet: Quiet::default(),
                armed: None,
                hub: hub.clone(),
            }),
            earlier: Notify::new(),
            started: tokio::time::Instant::now(),
            clock,
            settings,
            limits,
            translators: RwLock::default(),
        });
        Self(inner)
    }

    /// The settings of the engine.
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    pub(super) fn translators(&self) -> &RwLock<Vec<Translator>> {
        &self.0.translators
    }

    /// How busy it is.
    pub fn stats(&self) -> Stats {
        self.lock().engine.stats()
    }

    /// Does what is due, until the future is dropped. To be run once.
    pub async fn run(&self) {
        loop {
            let next = {
                let mut state = self.lock();
                state.armed = state.next_deadline();
                state.armed
            };
            let due = async {
                match next {
                    Some(at) => tokio::time::sleep_until(self.0.started + at.since_start()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = due => self.with(State::poll),
                () = self.0.earlier.notified() => {}
            }
        }
    }

    /// Tells one user something, on all their sessions that subscribe to the channel. Gives how many those are; 0 also
    /// while it waits for an answer (see [`Hub::hush`]), or if the channel is no channel.
    pub fn publish(
        &self,
        tenant: &TenantId,
        user: &UserId,
        channel: &str,
        data: &impl serde::Serialize,
    ) -> usize {
        let event = Channel::parse(channel).ok().and_then(|it| Event::new(it, data).ok());
        let Some(event) = event else {
            tracing::error!(channel, "what cannot be published was to be published");
            return 0;
        };
        let identity = identity(tenant, user);
        self.with(|state, now| {
            let events = state.quiet.sift(&identity, event, now.at);
            events.iter().map(|event| state.publish(now.at, &identity, event)).last().unwrap_or(0)
        })
    }

    /// Lets what is told to a user wait until the answer to their request has been written; hold it as long.
    pub fn hush(&self, tenant: &TenantId, user: &UserId) -> Hush {
        Hush::begin(self, identity(tenant, user))
    }

    /// Somebody has logged out: to be called when the answer to that was written (contract bayeux B30, R-9).
    pub fn logout(&self, http_session: &str) {
        self.with(|state, now| state.engine.logout(now.at, http_session));
    }

    /// An HTTP session is over (B31).
    pub fn expire_http_session(&self, http_session: &str) {
        self.with(|state, now| state.engine.expire_http_session(now.at, http_session));
    }

    /// Whether an HTTP session is in use at this moment (B32).
    pub fn is_connected(&self, http_session: &str) -> bool {
        self.lock().engine.is_connected(http_session)
    }

    /// Ends all sessions of a user from this side. Gives their number.
    pub fn disconnect(&self, tenant: &TenantId, user: &UserId) -> usize {
        self.with(|state, now| state.engine.disconnect_user(now.at, &identity(tenant, user)))
    }

    /// The server stops: held requests are answered, sockets closed.
    pub fn shutdown(&self) {
        self.with(|state, now| state.engine.shutdown(now.at));
    }

    /// Handles the messages of a request, and waits while it is held. Dropping the future means that the client is gone.
    pub(super) async fn exchange(&self, peer: &Peer, messages: &[Message]) -> Result<Delivery, Turned> {
        enum Step {
            Now(Delivery),
            Later(Ticket, oneshot::Receiver<Delivery>),
        }
        let step = self.with(|state, now| match state.engine.handle(now, peer, messages) {
            Outcome::Reply(reply) => Step::Now(self.delivery(Answer::Reply(reply))),
            Outcome::Held(ticket) => {
                let (sender, receiver) = oneshot::channel();
                state.held.insert(ticket, sender);
                Step::Later(ticket, receiver)
            }
        });
        match step {
            Step::Now(delivery) => Ok(delivery),
            Step::Later(ticket, receiver) => {
                let _held = Held { hub: self.clone(), ticket };
                receiver.await.map_err(|_| Turned::Unavailable)
            }
        }
    }

    fn delivery(&self, mut answer: Answer) -> Delivery {
        let receipt = match &mut answer {
            Answer::Reply(reply) => reply.receipt.take(),
            Answer::Superseded { .. } => None,
        };
        let owed = receipt.map(|receipt| Owed { hub: self.clone(), receipt: Some(receipt) });
        Delivery { answer, owed }
    }

    /// Takes a place for a web socket; `None` if there is no more room.
    pub(super) fn place(&self, identity: &Identity) -> Option<Place> {
        let limits = self.0.limits;
        self.with(|state, _| {
            let own = state.places.get(identity).copied().unwrap_or(0);
            if state.taken >= limits.sockets || own >= limits.sockets_per_user {
                return None;
            }
            state.taken += 1;
            *state.places.entry(identity.clone()).or_default() += 1;
            Some(Place { hub: self.clone(), identity: identity.clone() })
        })
    }

    /// A web socket is open.
    pub(super) fn open_socket(&self, peer: Peer) -> Option<(SocketId, mpsc::UnboundedReceiver<Out>)> {
        // What is in it is bounded by the engine's window for the socket.
        let (sender, receiver) = mpsc::unbounded_channel();
        self.with(|state, now| {
            let id = state.engine.open_socket(now.at, peer)?;
            state.sockets.insert(id, sender);
            Some((id, receiver))
        })
    }

    pub(super) fn socket(&self, work: impl FnOnce(&mut Server, Now)) {
        self.with(|state, now| work(&mut state.engine, now));
    }

    /// A frame has come that cannot even be read: the socket is closed with this code.
    pub(super) fn refuse(&self, id: SocketId, code: u16) {
        self.with(|state, now| {
            if let Some(sender) = state.sockets.remove(&id) {
                let _gone = sender.send(Out::Close(code));
            }
            state.engine.socket_closed(now.at, id);
        });
    }

    pub(super) fn socket_gone(&self, id: SocketId) {
        self.with(|state, now| {
            state.sockets.remove(&id);
            state.engine.socket_closed(now.at, id);
        });
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something with the engine, and what follows from it. Not to be nested.
    pub(super) fn with<T>(&self, work: impl FnOnce(&mut State, Now) -> T) -> T {
        let mut state = self.lock();
        // Read under the lock, so that time never goes back from one call to the next.
        let at = Instant::from(self.0.started.elapsed());
        let now = Now { at, unix_ms: self.0.clock.now().micros() / 1_000 };
        let result = work(&mut state, now);
        let unclaimed = state.carry_out(now.at);
        let next = state.next_deadline();
        let is_earlier = next.is_some_and(|next| state.armed.is_none_or(|armed| next < armed));
        if is_earlier {
            state.armed = next;
            self.0.earlier.notify_one();
        }
        drop(state);
        // Nobody waits for these any more; their receipts are due all the same, and need the lock.
        drop(unclaimed);
        result
    }
}

impl State {
    pub(super) fn publish(&mut self, now: Instant, identity: &Identity, event: &Event) -> usize {
        self.engine.publish(now, &Audience::User(identity), event)
    }

    fn next_deadline(&self) -> Option<Instant> {
        self.engine.next_deadline().into_iter().chain(self.quiet.deadline()).min()
    }

    fn poll(&mut self, now: Now) {
        self.armed = None;
        for (identity, events) in self.quiet.overdue(now.at) {
            for event in events {
                self.publish(now.at, &identity, &event);
            }
        }
        self.engine.poll(now.at);
    }

    /// Hands out what the engine wants done. Gives back the answers that nobody waits for.
    fn carry_out(&mut self, now: Instant) -> Vec<Delivery> {
        let mut unclaimed = Vec::new();
        while let Some(effect) = self.engine.next_effect() {
            match effect {
                Effect::Answer { ticket, answer } => {
                    let (Some(hub), Some(waiting)) = (self.hub.upgrade(), self.held.remove(&ticket)) else {
                        if let Answer::Reply(touchline_bayeux::Reply { receipt: Some(receipt), .. }) = answer
                        {
                            self.engine.written(now, receipt);
                        }
                        continue;
                    };
                    unclaimed.extend(waiting.send(Hub(hub).delivery(answer)).err());
                }
                Effect::Send { socket, frame, receipt } => {
                    let frame = Out::Frame(frame, receipt);
                    if self.sockets.get(&socket).is_none_or(|sender| sender.send(frame).is_err()) {
                        // Its task has ended, and says so in a moment.
                        receipt.into_iter().for_each(|receipt| self.engine.written(now, receipt));
                    }
                }
                Effect::Close { socket, code } => {
                    if let Some(sender) = self.sockets.remove(&socket) {
                        let _gone = sender.send(Out::Close(code));
                    }
                }
                Effect::Ended { client, why, .. } => {
                    tracing::debug!(?client, ?why, "a push session has ended")
                }
            }
        }
        unclaimed
    }
}

/// A user as the engine knows them.
fn identity(tenant: &TenantId, user: &UserId) -> Identity {
    Identity::new(tenant.as_str(), user.as_str())
}
