//! Wiring of live calls: the hub that tells clients what changes, and the dialect of voice clients on it.

use crate::config::Config;
use std::{net::SocketAddr, sync::Arc};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use touchline_api_genesys::Dialect;
use touchline_app::{App, Entropy, SystemEntropy};
use touchline_http::push::{Hub, PushLimits, Standard};
use touchline_model::SystemClock;
use touchline_web::{News, TOPICS};

/// What tells clients of live calls.
#[derive(Clone, Debug)]
pub struct Voice {
    hub: Hub,
    dialect: Dialect,
    news: News,
    app: App,
}

impl Voice {
    /// Over an app that is served at an address.
    ///
    /// # Errors
    /// A sentence about a setting that makes no sense.
    pub fn new(app: &App, config: &Config, address: SocketAddr) -> Result<Self, String> {
        config.genesys.check()?;
        config.cometd.check().map_err(|error| format!("cometd.{} {}", error.name, error.problem))?;
        let policy = Standard::new(&config.cometd).listen(TOPICS);
        let random = |bytes: &mut [u8]| SystemEntropy.fill(bytes);
        let hub =
            Hub::new(config.cometd.clone(), PushLimits::default(), policy, Arc::new(SystemClock), random);
        let own_url = format!("http://{address}/api/v2");
        let dialect = Dialect::new(app.clone(), hub.clone(), config.genesys.clone(), &own_url);
        app.live().attach_announcer(Arc::new(hub.clone()));
        let news = News::new(app.clone(), hub.clone());
        Ok(Self { hub, dialect, news, app: app.clone() })
    }

    /// The resources of voice clients, and their notification endpoint.
    pub fn router(&self) -> axum::Router {
        self.dialect.router()
    }

    /// The hub, for whoever else has something to tell.
    pub fn hub(&self) -> &Hub {
        &self.hub
    }

    /// The server stops: everybody is told that there are no lines any more, and nobody waits for news any longer.
    pub fn say_goodbye(&self) {
        self.app.live().detach_lines();
        self.dialect.tell_services();
        self.hub.shutdown();
    }

    /// What tells pages of changes.
    pub fn news(&self) -> &News {
        &self.news
    }

    /// Everything that goes on by itself, until `stopping`.
    pub async fn run(self, stopping: CancellationToken) {
        let Self { hub, dialect, news, app } = self;
        let mut tasks = JoinSet::new();
        tasks.spawn(async move { hub.run().await });
        tasks.spawn(async move { dialect.run().await });
        tasks.spawn(async move { news.run().await });
        tasks.spawn(async move { app.live().run().await });
        stopping.cancelled().await;
        tasks.shutdown().await;
    }
}
