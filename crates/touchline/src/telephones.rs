//! Wiring of telephones: the endpoint that speaks SIP, on live calls.

use crate::config::{Config, EncryptionConfig, Listeners};
use std::{fmt::Display, net::SocketAddr, path::Path, sync::Arc, time::Duration};
use tokio_rustls::rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use touchline_app::{App, SystemEntropy};
use touchline_media::sdp::Encryption;
use touchline_model::SystemClock;
use touchline_telephony::endpoint::{Endpoint, EndpointRules, WebSocketRules};

/// How long a stopping server waits for the last events of calls to be written.
const LAST_WORDS: Duration = Duration::from_secs(10);

/// What speaks with telephones.
pub struct Telephones {
    endpoint: Endpoint,
}

impl Telephones {
    /// Opens what is configured; `None` if nothing is.
    ///
    /// # Errors
    /// A sentence about a setting, an address or a file.
    pub async fn start(app: &App, config: &Config) -> Result<Option<Self>, String> {
        let Some(listeners) = config.telephony.listeners()? else { return Ok(None) };
        // Numbers first: whoever calls in the first second is to be known.
        let live = app.live();
        live.start().await.map_err(|e| format!("telephones: {e}"))?;
        let Listeners { sip, tls, websocket, advertised, ports } = listeners;
        let tls = match tls {
            Some((at, certificate, key)) => Some((vec![at], Arc::new(server_config(&certificate, &key)?))),
            None => None,
        };
        let websocket = match websocket {
            Some((at, files)) => Some(WebSocketRules {
                addresses: vec![at],
                tls: files
                    .map(|(certificate, key)| server_config(&certificate, &key))
                    .transpose()?
                    .map(Arc::new),
                origins: config.telephony.websocket_origins.clone(),
            }),
            None => None,
        };
        let recordings = config.data.join("calls");
        crate::server::make_private(&recordings)
            .map_err(|e| format!("folder of calls {}: {e}", recordings.display()))?;
        let encryption = match config.telephony.encryption {
            EncryptionConfig::Never => Encryption::Never,
            EncryptionConfig::IfAsked => Encryption::IfAsked,
            EncryptionConfig::Always => Encryption::Always,
        };
        let usual = EndpointRules::new(sip, recordings, Arc::new(SystemClock), Arc::new(SystemEntropy));
        let rules = EndpointRules { tls, websocket, advertised, ports, encryption, ..usual };
        let endpoint = Endpoint::start(rules, Arc::new(live.clone())).await;
        let endpoint = endpoint.map_err(|e| format!("cannot listen for telephones on {sip}: {e}"))?;
        live.attach_lines(endpoint.control());
        Ok(Some(Self { endpoint }))
    }

    /// Where telephones come in by UDP and TCP.
    pub fn address(&self) -> Option<SocketAddr> {
        self.endpoint.udp().first().copied()
    }

    /// Hangs up, and completes recordings.
    pub async fn stop(self) {
        self.endpoint.stop().await;
    }
}

/// Ends everybody's work at a server that stops, and writes the last events.
pub(crate) async fn last_words(app: &App) {
    if tokio::time::timeout(LAST_WORDS, app.live().close()).await.is_err() {
        tracing::warn!("the last events of calls were not written; the next start ends these calls");
    }
}

fn server_config(certificate: &Path, key: &Path) -> Result<ServerConfig, String> {
    fn about<'a, E: Display>(file: &'a Path) -> impl Fn(E) -> String + 'a {
        move |error| format!("{}: {error}", file.display())
    }
    let chain: Result<Vec<_>, _> =
        CertificateDer::pem_file_iter(certificate).map_err(about(certificate))?.collect();
    let chain = chain.map_err(about(certificate))?;
    let private = PrivateKeyDer::from_pem_file(key).map_err(about(key))?;
    let made = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(about(certificate))?
        .with_no_client_auth()
        .with_single_cert(chain, private);
    made.map_err(about(certificate))
}
