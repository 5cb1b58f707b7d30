//! Configuration: what can be set. Where each value comes from is told by [`Settings`].

mod load;
mod telephony;

pub use load::{Place, Settings};
pub use telephony::{EncryptionConfig, Listeners, MonitoringConfig, RecordingConfig, TelephonyConfig};

use serde::{Deserialize, Serialize};
use std::{
    net::SocketAddr,
    num::NonZeroU32,
    path::{Path, PathBuf},
};
use touchline_api_c360::C360Config;
use touchline_api_genesys::GenesysConfig;
use touchline_api_gladly::GladlyConfig;
use touchline_app::{
    people::OidcSettings,
    reports::{HandleTimeSource, ReportSettings},
    store::{Destination, S3Settings},
    webhooks::WebhookSettings,
};
use touchline_web::WebConfig;

/// Webhooks.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WebhooksConfig {
    /// Whether private addresses and plain HTTP are called: only where every administrator of every tenant may look
    /// into this server's network.
    pub allow_private: bool,
    /// How long an address has to answer, in seconds: 1 to 60.
    pub timeout_seconds: u64,
    /// Pauses between attempts, in seconds: 1 to 20 of them, each at most a week.
    pub retry_seconds: Vec<u64>,
}

impl Default for WebhooksConfig {
    fn default() -> Self {
        let WebhookSettings { allow_private, timeout_secs, retry_secs } = WebhookSettings::default();
        Self { allow_private, timeout_seconds: timeout_secs, retry_seconds: retry_secs }
    }
}

impl WebhooksConfig {
    /// The settings, or what is wrong with them.
    pub fn settings(&self) -> Result<WebhookSettings, String> {
        if !(1..=60).contains(&self.timeout_seconds) {
            return Err("webhooks.timeout_seconds must be from 1 to 60".to_owned());
        }
        let week = 7 * 86_400;
        if !(1..=20).contains(&self.retry_seconds.len()) || self.retry_seconds.iter().any(|it| *it > week) {
            return Err(
                "webhooks.retry_seconds must have 1 to 20 entries of at most 604800 seconds".to_owned()
            );
        }
        Ok(WebhookSettings {
            allow_private: self.allow_private,
            timeout_secs: self.timeout_seconds,
            retry_secs: self.retry_seconds.clone(),
        })
    }
}

/// Reports about contacts and agents.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReportsConfig {
    /// How far reports stay behind, in seconds: until then what comes late still gets into them.
    pub latency_seconds: u32,
    /// How handle time is found.
    pub handle_time_source: HandleTimeFrom,
}

/// How handle time is found.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HandleTimeFrom {
    /// From views, unless an organisation has never sent one.
    #[default]
    Auto,
    /// From the spans during which agents had the customer on their screens.
    Views,
    /// From the spans during which contacts were assigned.
    Assignment,
}

impl Default for ReportsConfig {
    fn default() -> Self {
        let latency_seconds = ReportSettings::default().latency_secs;
        Self { latency_seconds, handle_time_source: HandleTimeFrom::default() }
    }
}

impl ReportsConfig {
    /// The settings.
    pub fn settings(&self) -> ReportSettings {
        let handle_time_source = match self.handle_time_source {
            HandleTimeFrom::Auto => HandleTimeSource::Auto,
            HandleTimeFrom::Views => HandleTimeSource::Views,
            HandleTimeFrom::Assignment => HandleTimeSource::Assignment,
        };
        ReportSettings { latency_secs: self.latency_seconds, handle_time_source, ..ReportSettings::default() }
    }
}

/// Exports at fixed times.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ExportsConfig {
    /// Where they go: a folder, or s3://bucket/prefix; each organisation has a part of its own below it. Empty: there are
    /// no scheduled exports.
    pub destination: String,
}

impl ExportsConfig {
    /// The destination, or what is wrong with it.
    pub fn destination(&self, s3: &S3Settings, data: &Path) -> Result<Option<Destination>, String> {
        if self.destination.is_empty() {
            return Ok(None);
        }
        let found = Destination::parse(&self.destination, s3, &data.join("exports"));
        found.map(Some).map_err(|e| format!("exports.destination: {e}"))
    }
}

/// Every setting.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Data folder.
    pub data: PathBuf,
    /// Address and port of the HTTP listener.
    pub listen: SocketAddr,
    /// PostgreSQL URL; empty: an SQLite file in the data folder.
    pub database: String,
    /// Largest recording, in MiB.
    pub recording_mib: u64,
    /// Most open HTTP connections; further ones wait until one of them is closed.
    pub max_connections: NonZeroU32,
    /// The Coach360 dialect.
    pub c360: C360Config,
    /// The Gladly dialect.
    pub gladly: GladlyConfig,
    /// Telephones, and live calls.
    pub telephony: TelephonyConfig,
    /// The Genesys voice dialect.
    pub genesys: GenesysConfig,
    /// Notifications to its clients.
    pub cometd: touchline_http::push::Settings,
    /// Reports, in every dialect and in the pages.
    pub reports: ReportsConfig,
    /// Exports at fixed times.
    pub exports: ExportsConfig,
    /// The S3-compatible service of exports.
    pub s3: S3Settings,
    /// Webhooks.
    pub webhooks: WebhooksConfig,
    /// The pages.
    pub web: WebConfig,
    /// Signing in through an identity provider.
    pub oidc: OidcSettings,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data: "./touchline-data".into(),
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            database: String::new(),
            recording_mib: 2_048,
            max_connections: NonZeroU32::new(1_024).unwrap_or(NonZeroU32::MIN),
            c360: C360Config::default(),
            gladly: GladlyConfig::default(),
            telephony: TelephonyConfig::default(),
            genesys: GenesysConfig::default(),
            cometd: touchline_http::push::Settings::default(),
            reports: ReportsConfig::default(),
            exports: ExportsConfig::default(),
            s3: S3Settings::default(),
            webhooks: WebhooksConfig::default(),
            web: WebConfig::default(),
            oidc: OidcSettings::default(),
        }
    }
}
