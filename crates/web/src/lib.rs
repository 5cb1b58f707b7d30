//! The pages: server-rendered HTML for supervisors, coaches, analysts, agents and administrators.
//!
//! A page is an operation like those of the APIs: a route with a policy (see [`routes`]), a handler that asks one use
//! case, a template, texts from `texts/`. Pages translate and decide nothing. There is no script that a page needs in
//! order to be read; our own small ES modules make some of them quicker to use.
//!
//! Who asks is told by a session cookie ([`SessionGate`]); requests that change something must come from our own pages
//! (`guard`), which is what keeps other sites from using the cookie.

mod assets;
mod charts;
mod csv;
mod error;
mod filters;
mod format;
mod gate;
mod guard;
mod news;
mod pages;
mod shell;
mod texts;
mod visit;

pub use gate::SessionGate;
pub use news::{News, TOPICS, WALL};

use axum::{Router, middleware};
use schemars::SchemaGenerator;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use touchline_app::{App, people::Oidc};
use touchline_http::{DocInfo, ErrorDoc, Gate, RouteOptions, Routes, Security, push};
use touchline_intake::desk::Desk;
use touchline_model::Caller;

/// Settings of the pages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WebConfig {
    /// Whether cookies are sent over HTTPS only, whatever a browser says. Without it they are for whoever signs in from
    /// a page that came over HTTPS.
    pub secure_cookies: bool,
}

/// What the handlers share.
#[derive(Clone, Debug)]
pub struct Web {
    pub(crate) app: App,
    pub(crate) config: Arc<WebConfig>,
    /// The identity provider, if there is one.
    pub(crate) oidc: Option<Arc<Oidc>>,
    /// Where files lie until they are brought in, if this server takes any.
    pub(crate) desk: Option<Arc<Desk>>,
    /// Tells pages what has changed, if anything does.
    pub(crate) news: Option<News>,
    /// Who watches how many meters.
    pub(crate) readers: pages::Readers,
    /// Opens the first-run set-up; made anew at each start.
    pub(crate) setup_key: Arc<str>,
    /// The configuration in force, as the settings page shows it.
    pub(crate) settings: Arc<[Setting]>,
}

/// One setting in force.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Its name, with its section.
    pub key: String,
    /// Its value, secrets left out.
    pub value: String,
    /// Where the value comes from: `default`, a file, an environment variable, a flag.
    pub source: String,
}

impl Web {
    /// The pages over an app. `setup_key` opens the set-up of the first administrator while nobody can sign in.
    pub fn new(app: App, config: WebConfig, setup_key: &str, settings: Vec<Setting>) -> Self {
        let (config, setup_key) = (Arc::new(config), setup_key.into());
        Self {
            app,
            config,
            oidc: None,
            desk: None,
            news: None,
            readers: pages::Readers::default(),
            setup_key,
            settings: settings.into(),
        }
    }

    /// Lets people bring files in.
    #[must_use]
    pub fn with_desk(self, desk: Arc<Desk>) -> Self {
        Self { desk: Some(desk), ..self }
    }

    /// Lets pages hear of changes as they happen; without it they ask every two seconds.
    #[must_use]
    pub fn with_news(self, news: News) -> Self {
        Self { news: Some(news), ..self }
    }

    /// Where pages hear news, if there are any.
    pub(crate) fn news_at(&self) -> Option<&'static str> {
        self.news.as_ref().map(|_| news::ENDPOINT)
    }

    /// A session of the caller's has ended: nothing is told to it any more.
    pub(crate) fn silence(&self, caller: &Caller, session: &str) {
        if let Some(news) = &self.news {
            news.silence(caller, session);
        }
    }

    /// Lets people sign in through an identity provider too.
    #[must_use]
    pub fn with_oidc(self, oidc: Option<Arc<Oidc>>) -> Self {
        Self { oidc, ..self }
    }
}

/// Every page with its handler; the isolation test walks it.
pub fn routes(web: &Web) -> Routes<SessionGate, Web> {
    mounted(SessionGate::new(web.app.clone()))
}

fn mounted<G: Gate>(gate: G) -> Routes<G, Web> {
    let error = ErrorDoc { content_type: "text/html", schema: SchemaGenerator::subschema_for::<String> };
    let info = DocInfo::new("Touchline pages", "1", "Pages for people.", Security::Bearer, error);
    let mut routes = Routes::new(gate, "", info);
    routes.options(RouteOptions { head: true, trailing_slash: false });
    pages::mount(&mut routes);
    routes
}

/// The router of the pages.
pub fn router(web: Web) -> Router {
    let news = web.news.clone().map(|news| {
        let entrance = news::PagesEntrance { web: web.clone(), news: news.clone() };
        touchline_http::envelope(push::routes(news.hub(), news::ENDPOINT, entrance))
    });
    routes(&web)
        .into_router_with(web.clone())
        .merge(assets::router())
        .merge(news.unwrap_or_default())
        .layer(middleware::from_fn_with_state(web, guard::guard))
}
