//! What all handlers share, and what the program wires.

use crate::{
    config::GenesysConfig,
    door, routes,
    sessions::Sessions,
    told::Telling,
    uris::Prefix,
    wire::{self, Calling},
};
use axum::{Router, middleware::from_fn_with_state};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use touchline_app::App;
use touchline_http::push::{self, Hub};

/// Where notifications come from.
pub const NOTIFICATIONS: &str = "/api/v2/notifications";
/// The topic of whether services are there (contract §6).
const SERVICES: &str = "/notifications/services";
/// How often sessions are looked after.
const SWEEP: Duration = Duration::from_secs(10);

/// The dialect over an app and a hub. Cheap to clone.
#[derive(Clone)]
pub struct Dialect {
    pub(crate) app: App,
    pub(crate) hub: Hub,
    pub(crate) config: Arc<GenesysConfig>,
    pub(crate) prefix: Prefix,
    pub(crate) sessions: Sessions,
    /// What people were told last of whether there are lines.
    served: Arc<AtomicBool>,
}

impl std::fmt::Debug for Dialect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Dialect").field("hub", &self.hub).finish_non_exhaustive()
    }
}

impl Dialect {
    /// Over an app and the hub that tells its clients. `own_url` is the public prefix where the settings name none, such
    /// as `http://127.0.0.1:8080/api/v2`.
    pub fn new(app: App, hub: Hub, config: GenesysConfig, own_url: &str) -> Self {
        let prefix = match config.external_api_url_v2.as_str() {
            "" => Prefix::new(own_url),
            url => Prefix::new(url),
        };
        let config = Arc::new(config);
        let telling = Telling::new(app.clone(), config.clone(), prefix.clone());
        hub.add_translator(Box::new(move |tenant, user, notice| telling.tell(tenant, user, notice)));
        let sessions = Sessions::new(app.clone(), hub.clone(), config.session_timeout_seconds);
        let served = Arc::new(AtomicBool::new(*app.live().lines().borrow()));
        Self { app, hub, config, prefix, sessions, served }
    }

    /// The resources, and the notification endpoint.
    pub fn router(&self) -> Router {
        let operations = routes::routes(&self.config).into_router_with(self.clone());
        let resources = operations.layer(from_fn_with_state(self.clone(), door::layer));
        let notifications = push::routes(&self.hub, NOTIFICATIONS, self.clone());
        resources
            .merge(touchline_http::envelope(notifications))
            .layer(from_fn_with_state(self.clone(), door::cors))
    }

    /// Looks after sessions, and tells whether there are lines, until it is dropped.
    pub async fn run(&self) {
        let mut lines = self.app.live().lines();
        let telling = async {
            loop {
                self.tell_services();
                if lines.changed().await.is_err() {
                    std::future::pending::<()>().await;
                }
            }
        };
        let sweeping = async {
            loop {
                tokio::time::sleep(SWEEP).await;
                self.sweep().await;
            }
        };
        tokio::join!(telling, sweeping);
    }

    /// Tells everybody who is logged in whether the voice service is there, if that has changed (OC-57).
    pub fn tell_services(&self) {
        let active = *self.app.live().lines().borrow();
        if self.served.swap(active, Ordering::SeqCst) != active {
            for (tenant, user) in self.sessions.people() {
                self.hub.publish(&tenant, &user, SERVICES, &wire::ServiceMessage::voice(active));
            }
        }
    }

    /// Looks after sessions once: ends those that are idle, keeps those that are connected.
    pub async fn sweep(&self) {
        self.sessions.sweep().await;
    }

    /// What writing a call takes, now.
    pub(crate) fn calling(&self) -> Calling<'_> {
        Calling { config: &self.config, prefix: &self.prefix, now: self.app.clock().now() }
    }
}
