//! The verbs: one file a use case. Who may, what changes, what is announced. The only place that decides.
//!
//! A use case takes a [`Caller`] and our words, reads, decides, and hands one batch to the
//! store. Dialects translate to and from it; jobs run the slow follow-up that a batch has saved with it.

pub mod audit;
pub mod calls;
pub mod changes;
pub mod contacts;
pub mod credentials;
pub mod entropy;
pub mod error;
pub mod events;
pub mod exports;
pub mod feeds;
pub mod imports;
pub mod live;
pub mod overview;
pub mod people;
pub mod pipeline;
pub mod records;
pub mod reports;
pub mod server;
pub mod tenants;
mod tls;
pub mod topics;
pub mod webhooks;

pub use entropy::{Entropy, SystemEntropy};
pub use error::AppError;
pub use touchline_speech as speech;
pub use touchline_store as store;

use std::sync::Arc;
use touchline_model::{Ability, Caller, Clock};
use touchline_store::{Blobs, Store};

/// Bounds that an operator may set.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Largest recording, in bytes.
    pub recording_bytes: u64,
    /// Longest line or body of JSON, in bytes.
    pub json_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { recording_bytes: 2 << 30, json_bytes: 64 << 20 }
    }
}

/// Everything a use case needs. Cheap to clone.
#[derive(Clone)]
pub struct App {
    pub(crate) store: Store,
    pub(crate) blobs: Blobs,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) limits: Limits,
    pub(crate) proofs: Arc<credentials::Proofs>,
    pub(crate) used: Arc<credentials::Used>,
    pub(crate) strangers: Arc<people::Strangers>,
    pub(crate) served: Arc<feeds::Served>,
    pub(crate) matchers: Arc<pipeline::Matchers>,
    pub(crate) workers: Arc<pipeline::Workers>,
    pub(crate) webhooks: Arc<webhooks::Webhooks>,
    pub(crate) playback: Arc<contacts::Playback>,
    pub(crate) reports: reports::ReportSettings,
    pub(crate) ways: Arc<events::Ways>,
    /// Held by the one export at a fixed time that this node makes: two long ones would hold both workers.
    pub(crate) exporting: Arc<tokio::sync::Mutex<()>>,
    /// Where exports at fixed times go; nowhere unless an operator says so.
    pub(crate) exports: Option<touchline_store::Destination>,
    /// Read while a recording is being named, written while one is being removed.
    pub(crate) recordings: Arc<tokio::sync::RwLock<()>>,
    pub(crate) switchboards: Arc<live::Switchboards>,
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "App({:?})", self.store)
    }
}

impl App {
    /// An app over a store and its blobs.
    pub fn new(
        store: Store,
        blobs: Blobs,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        limits: Limits,
    ) -> Self {
        Self {
            store,
            blobs,
            clock,
            entropy,
            limits,
            proofs: Arc::default(),
            used: Arc::default(),
            strangers: Arc::default(),
            served: Arc::default(),
            matchers: Arc::default(),
            workers: Arc::default(),
            webhooks: Arc::default(),
            playback: Arc::default(),
            reports: reports::ReportSettings::default(),
            ways: Arc::default(),
            exporting: Arc::default(),
            exports: None,
            recordings: Arc::default(),
            switchboards: Arc::default(),
        }
    }

    /// The same app, which sends webhooks.
    #[must_use]
    pub fn with_webhooks(self, webhooks: webhooks::Webhooks) -> Self {
        Self { webhooks: Arc::new(webhooks), ..self }
    }

    /// The store, for reads that need no decision, and for tests.
    pub fn store(&self) -> &Store {
        &self.store
    }
    /// The blobs.
    pub fn blobs(&self) -> &Blobs {
        &self.blobs
    }
    /// A secret of 192 random bits, as 32 URL-safe characters.
    pub fn new_secret(&self) -> String {
        entropy::new_secret(&*self.entropy)
    }
    /// The clock.
    pub fn clock(&self) -> &dyn Clock {
        &*self.clock
    }
    /// The bounds in force.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }
}

/// Refuses a caller who lacks an ability, and one who sees only the own things: what the use case shows is everybody's.
pub(crate) fn require(caller: &Caller, ability: Ability) -> Result<(), AppError> {
    if caller.own_only { Err(AppError::NotAllowed(ability)) } else { require_own(caller, ability) }
}

/// Refuses a caller who lacks an ability. For use cases that show to a caller with `own_only` nothing but the own things.
pub(crate) fn require_own(caller: &Caller, ability: Ability) -> Result<(), AppError> {
    if caller.may(ability) { Ok(()) } else { Err(AppError::NotAllowed(ability)) }
}
