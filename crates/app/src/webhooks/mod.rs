//! Webhooks by the Standard Webhooks specification 1.0.0: a tenant's addresses hear of its changes.
//!
//! Nothing is sent from a handler. Sending follows the change feed ([`follow`](self)), so an event is sent if and only
//! if its change was committed, whichever dialect made it. Each event is a delivery that lies in the store until the
//! address has answered with 2xx or was tried for days. Deliveries may come twice and in any order; `webhook-id` says
//! which are the same.
//!
//! The bodies are thin: what changed, not what it says. Whoever hears of a change reads the record with a credential of
//! its own, whose abilities are checked and whose reading is audited.

mod address;
mod announce;
mod client;
mod events;
mod follow;
mod manage;
mod send;
mod sign;

pub use address::{is_public, refusal};
pub use client::HttpSender;
pub(crate) use events::{EXPORT_FAILED, EXPORT_PUBLISHED};
pub use events::{EventType, event_types};
pub use manage::{
    ChangeWebhook, CreatedWebhook, DeliveryFilter, NewWebhook, ReplaySince, Rotate, WebhookView,
};
pub use sign::{new_key, signatures};

use futures::future::BoxFuture;
use std::{sync::Arc, time::Duration};
use touchline_model::Kind;

/// Where the API keeps a record, for the `link` of a body.
pub type Links = Arc<dyn Fn(Kind, &str) -> Option<String> + Send + Sync>;

/// What an operator may set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookSettings {
    /// Whether addresses may be private, and plain HTTP.
    pub allow_private: bool,
    /// How long an address has to answer, in seconds.
    pub timeout_secs: u64,
    /// Pauses between attempts, in seconds; the last failure after them is final.
    pub retry_secs: Vec<u64>,
}

impl Default for WebhookSettings {
    fn default() -> Self {
        Self {
            allow_private: false,
            timeout_secs: 15,
            // 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h: the example of Standard Webhooks 1.0.0.
            retry_secs: vec![5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400],
        }
    }
}

/// What is sent: a POST with a JSON body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// Where to.
    pub url: String,
    /// `webhook-id`.
    pub id: String,
    /// `webhook-timestamp`, in seconds since 1970.
    pub timestamp: i64,
    /// `webhook-signature`.
    pub signature: String,
    /// The body.
    pub body: String,
}

/// What came back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Beginning of the body, at most [`ANSWER_BYTES`].
    pub body: String,
    /// Seconds that the address asks to be left alone, if it does.
    pub retry_after: Option<u64>,
}

/// How much of an answer is read and kept, in bytes.
pub const ANSWER_BYTES: usize = 4_096;

/// Puts requests on the wire. The program has [`HttpSender`]; tests bring their own.
pub trait Sender: Send + Sync {
    /// Sends once, follows no redirect. The error says in words why there is no answer.
    fn send<'a>(&'a self, it: &'a Outgoing) -> BoxFuture<'a, Result<Answer, String>>;
}

/// Requests of one node at once.
const AT_ONCE: usize = 64;

/// Everything that sending needs.
pub struct Webhooks {
    pub(crate) settings: WebhookSettings,
    pub(crate) sender: Option<Arc<dyn Sender>>,
    pub(crate) links: Links,
    pub(crate) turns: Arc<tokio::sync::Semaphore>,
}

impl Webhooks {
    /// Sends through `sender`; addresses of records come from `links`.
    pub fn new(settings: WebhookSettings, sender: Arc<dyn Sender>, links: Links) -> Self {
        Self { sender: Some(sender), links, settings, ..Self::default() }
    }

    fn timeout(&self) -> Duration {
        Duration::from_secs(self.settings.timeout_secs.max(1))
    }
}

/// Sends nothing: for tools and tests that have no server.
impl Default for Webhooks {
    fn default() -> Self {
        Self {
            settings: WebhookSettings::default(),
            sender: None,
            links: Arc::new(|_, _| None),
            turns: Arc::new(tokio::sync::Semaphore::new(AT_ONCE)),
        }
    }
}
