//! Section `telephony`: where telephones come in, and how live calls behave unless an organisation says otherwise.

use serde::{Deserialize, Serialize};
use std::{
    net::{IpAddr, SocketAddr},
    ops::RangeInclusive,
    path::PathBuf,
};
use touchline_app::live::{
    ConsultCalls, LiveSettings, Monitoring, MonitoringMode, MonitoringScope, MonitoringTone, RecordingPolicy,
};

/// How supervision behaves, with the names and defaults of contract genesys-voice §13. An organisation may set its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MonitoringConfig {
    /// Whether a supervisor is brought into a call that goes on already.
    pub intrusion_enabled: bool,
    /// What is watched when nothing is said of it: `Call` or `Agent`.
    pub default_scope: MonitoringScope,
    /// How many calls are watched when nothing is said of it: `AllCalls` or `NextCall`.
    pub default_mode: MonitoringMode,
    /// Whether calls between telephones of the organisation are watched.
    pub monitor_internal_calls: bool,
    /// Which calls to colleagues about another call are watched: `none`, `orig`, `dest` or `all`.
    pub monitor_consult_calls: ConsultCalls,
    /// Whether one may go back to coaching in a call.
    pub allow_switch_to_coach: bool,
    /// Whether agents see that somebody listens.
    pub notify_agent: bool,
    /// Whether the supervisor's telephone is asked to answer by itself.
    pub auto_answer_supervisor: bool,
    /// How long a supervisor's telephone rings, in seconds.
    pub ring_timeout: u16,
    /// Who hears a tone while a supervisor takes part: `none`, `supervisor_only` or `all`.
    pub tone: MonitoringTone,
    /// Whether what a silent supervisor may not do is left out of what is offered.
    pub strict_capabilities: bool,
}

impl Default for MonitoringConfig {
    fn default() -> Self {
        Self {
            intrusion_enabled: true,
            default_scope: MonitoringScope::Call,
            default_mode: MonitoringMode::AllCalls,
            monitor_internal_calls: true,
            monitor_consult_calls: ConsultCalls::None,
            allow_switch_to_coach: false,
            notify_agent: true,
            auto_answer_supervisor: false,
            ring_timeout: 30,
            tone: MonitoringTone::None,
            strict_capabilities: false,
        }
    }
}

/// What is recorded. An organisation may set its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RecordingConfig {
    /// Whether calls are recorded from their beginning.
    pub enabled: bool,
    /// Whether what a supervisor whispers is kept, in a file of its own.
    pub keep_whisper: bool,
}

impl Default for RecordingConfig {
    fn default() -> Self {
        Self { enabled: true, keep_whisper: false }
    }
}

/// Whether sound is encrypted (SDES-SRTP, RFC 4568); offer it only to telephones that come over TLS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EncryptionConfig {
    /// Never.
    Never,
    /// If the telephone asks for it.
    #[default]
    IfAsked,
    /// Always; telephones that cannot do it are refused.
    Always,
}

/// Telephony.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TelephonyConfig {
    /// Address and port for SIP over UDP and TCP. Empty: this node has no telephones.
    pub sip: String,
    /// Address and port for SIP over TLS. Empty: none.
    pub tls: String,
    /// Address and port for SIP over WebSocket, for telephones of browsers. With `tls_certificate` and `tls_key`, encrypted
    /// connections (`wss`) are served there as well as plain ones (`ws`). Empty: none.
    pub websocket: String,
    /// Origins of pages that may connect there, besides pages from the same host; `*` for all.
    pub websocket_origins: Vec<String>,
    /// PEM file with the certificate for TLS, and those above it.
    pub tls_certificate: PathBuf,
    /// PEM file with its key.
    pub tls_key: PathBuf,
    /// Address that telephones elsewhere are told for sound, for a server behind a router. Empty: the one that they see.
    pub advertised_address: String,
    /// First port for sound.
    pub rtp_port_first: u16,
    /// Last port for sound. A line takes two.
    pub rtp_port_last: u16,
    /// Whether sound is encrypted.
    pub encryption: EncryptionConfig,
    /// Name of this node, where several share a database: calls that it was killed with are ended when it starts again.
    pub node: String,
    /// How supervision behaves.
    pub monitoring: MonitoringConfig,
    /// What is recorded.
    pub recording: RecordingConfig,
}

impl Default for TelephonyConfig {
    fn default() -> Self {
        Self {
            sip: String::new(),
            tls: String::new(),
            websocket: String::new(),
            websocket_origins: Vec::new(),
            tls_certificate: PathBuf::new(),
            tls_key: PathBuf::new(),
            advertised_address: String::new(),
            rtp_port_first: 20_000,
            rtp_port_last: 39_999,
            encryption: EncryptionConfig::default(),
            node: LiveSettings::default().node,
            monitoring: MonitoringConfig::default(),
            recording: RecordingConfig::default(),
        }
    }
}

/// Where telephones come in, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listeners {
    /// SIP over UDP and TCP.
    pub sip: SocketAddr,
    /// SIP over TLS, with the files of certificate and key.
    pub tls: Option<(SocketAddr, PathBuf, PathBuf)>,
    /// SIP over WebSocket, with the files of certificate and key if there are.
    pub websocket: Option<(SocketAddr, Option<(PathBuf, PathBuf)>)>,
    /// What is told for sound.
    pub advertised: Option<IpAddr>,
    /// Ports for sound.
    pub ports: RangeInclusive<u16>,
}

impl TelephonyConfig {
    /// Where telephones come in; `None` if nowhere.
    ///
    /// # Errors
    /// A sentence that names the setting that cannot work.
    pub fn listeners(&self) -> Result<Option<Listeners>, String> {
        fn read<T: std::str::FromStr>(name: &str, text: &str, what: &str) -> Result<Option<T>, String> {
            if text.is_empty() {
                return Ok(None);
            }
            text.parse().map(Some).map_err(|_| format!("telephony.{name}: `{text}` is no {what}"))
        }
        let place = "address with a port, such as 0.0.0.0:5060";
        let sip = read::<SocketAddr>("sip", &self.sip, place)?;
        let tls = read::<SocketAddr>("tls", &self.tls, place)?;
        let websocket = read::<SocketAddr>("websocket", &self.websocket, place)?;
        let advertised = read::<IpAddr>("advertised_address", &self.advertised_address, "address")?;
        if u32::from(self.rtp_port_first) + 1 > u32::from(self.rtp_port_last) || self.rtp_port_first < 1_024 {
            return Err(
                "telephony.rtp_port_first and rtp_port_last must be a range of ports from 1024 on".to_owned()
            );
        }
        let files = !self.tls_certificate.as_os_str().is_empty() && !self.tls_key.as_os_str().is_empty();
        if tls.is_some() && !files {
            return Err("telephony.tls needs tls_certificate and tls_key".to_owned());
        }
        let Some(sip) = sip else {
            return match (tls, websocket) {
                (Some(_), _) => Err("telephony.tls needs telephony.sip as well".to_owned()),
                (None, Some(_)) => Err("telephony.websocket needs telephony.sip as well".to_owned()),
                (None, None) => Ok(None),
            };
        };
        Ok(Some(Listeners {
            sip,
            tls: tls.map(|at| (at, self.tls_certificate.clone(), self.tls_key.clone())),
            websocket: websocket
                .map(|at| (at, files.then(|| (self.tls_certificate.clone(), self.tls_key.clone())))),
            advertised,
            ports: self.rtp_port_first..=self.rtp_port_last,
        }))
    }

    /// How live calls behave.
    pub fn live(&self) -> LiveSettings {
        let it = self.monitoring;
        LiveSettings {
            node: self.node.clone(),
            monitoring: Monitoring {
                intrusion_enabled: Some(it.intrusion_enabled),
                default_scope: Some(it.default_scope),
                default_mode: Some(it.default_mode),
                monitor_internal_calls: Some(it.monitor_internal_calls),
                monitor_consult_calls: Some(it.monitor_consult_calls),
                allow_switch_to_coach: Some(it.allow_switch_to_coach),
                notify_agent: Some(it.notify_agent),
                auto_answer_supervisor: Some(it.auto_answer_supervisor),
                ring_timeout: Some(it.ring_timeout),
                tone: Some(it.tone),
                strict_capabilities: Some(it.strict_capabilities),
            },
            recording: RecordingPolicy {
                enabled: Some(self.recording.enabled),
                keep_whisper: Some(self.recording.keep_whisper),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> TelephonyConfig {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn without_an_address_there_are_no_telephones() {
        let config = TelephonyConfig::default();
        assert_eq!(config.listeners(), Ok(None));
        let settings = config.live();
        assert_eq!((settings.node.as_str(), settings.monitoring.ring_timeout), ("main", Some(30)));
    }

    #[test]
    fn addresses_ports_and_files_are_checked_before_anything_is_opened() {
        let config =
            read("sip = \"0.0.0.0:5060\"\nadvertised_address = \"203.0.113.5\"\nrtp_port_last = 20099");
        let found = config.listeners().unwrap().unwrap();
        assert_eq!((found.sip.port(), found.tls, found.ports), (5_060, None, 20_000..=20_099));
        assert_eq!(found.advertised, Some("203.0.113.5".parse().unwrap()));
        for (text, name) in [
            ("sip = \"5060\"", "telephony.sip"),
            ("sip = \"0.0.0.0:5060\"\nadvertised_address = \"here\"", "telephony.advertised_address"),
            ("sip = \"0.0.0.0:5060\"\ntls = \"0.0.0.0:5061\"", "tls_certificate"),
            ("tls = \"0.0.0.0:5061\"\ntls_certificate = \"a\"\ntls_key = \"b\"", "telephony.sip"),
            ("websocket = \"0.0.0.0:8089\"", "telephony.sip"),
            ("sip = \"0.0.0.0:5060\"\nwebsocket = \"8089\"", "telephony.websocket"),
            ("rtp_port_first = 30000\nrtp_port_last = 30000", "rtp_port_first"),
            ("rtp_port_first = 80", "rtp_port_first"),
        ] {
            let error = read(text).listeners().unwrap_err();
            assert!(error.contains(name), "{text}: {error}");
        }
    }

    #[test]
    fn supervision_has_the_names_of_the_contract() {
        let config = read(
            "[monitoring]\ndefault_mode = \"NextCall\"\ndefault_scope = \"Agent\"\nring_timeout = 5\n[recording]\nkeep_whisper = true",
        );
        let live = config.live();
        assert_eq!(live.monitoring.default_mode, Some(MonitoringMode::NextCall));
        assert_eq!(live.monitoring.default_scope, Some(MonitoringScope::Agent));
        assert_eq!((live.monitoring.ring_timeout, live.recording.keep_whisper), (Some(5), Some(true)));
        assert!(toml::from_str::<TelephonyConfig>("[monitoring]\nintrusion = true").is_err());
    }
}
