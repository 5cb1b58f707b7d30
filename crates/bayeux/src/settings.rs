//! The section `[cometd]` of the configuration.

use crate::{channel::Pattern, time::Millis};
use serde::{Deserialize, Serialize};

/// A way of carrying messages, by its Bayeux name.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Transport {
    /// A socket that stays open (S6.2).
    #[serde(rename = "websocket")]
    WebSocket,
    /// Requests that are held until there is something to say (S6.1).
    #[serde(rename = "long-polling")]
    LongPolling,
}

impl Transport {
    /// The name in `supportedConnectionTypes` and `connectionType`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::WebSocket => "websocket",
            Self::LongPolling => "long-polling",
        }
    }
}

/// Everything that can be set. Spans are milliseconds, sizes are bytes.
///
/// Names and defaults are those of the contract; below the line `limits` stand our own, against floods.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// How long a connect is held (S5).
    pub timeout: Millis,
    /// The pause that clients make between two connects (S5).
    pub interval: Millis,
    /// How long a session lives without a connect (S5).
    pub max_interval: Millis,
    /// How often sessions that have expired are swept out; they cannot be used after their deadline in any case (S5).
    pub sweep_period: Millis,
    /// How long a lazy event may wait while a connect is held (S8).
    pub max_lazy_timeout: Millis,
    /// How many connects of one browser are held at once: negative for any number, 0 for none (S7).
    pub max_sessions_per_browser: i32,
    /// The pause for the connects beyond that; 0 refuses them (S7).
    pub multi_session_interval: Millis,
    /// How many events may wait for a session before it is given up (B15).
    pub max_queue: usize,
    /// The longest request body or frame (B04).
    pub max_message_size: usize,
    /// What is offered, best first (B19).
    pub transports: Vec<Transport>,
    /// Opens `/test/**` for everybody to publish and subscribe (B11).
    pub test_channels: bool,
    /// Tells clients `maxInterval`, so that they can work out by themselves that their session is gone (B14).
    pub handshake_reconnect: bool,
    /// Lets a session be used under another browser cookie than its own (S5.1).
    pub trust_client_session: bool,
    /// The HTTP status for a held connect that a newer one overtakes; at least 400 (S6.1).
    pub duplicate_meta_connect_status: u16,
    /// How many events go into one frame of a web socket (S6.2).
    pub messages_per_frame: usize,
    /// Delivers events with connect replies only, as the acknowledge extension does (S9.1).
    pub meta_connect_delivery_only: bool,
    /// Offers the acknowledge extension (S9.1).
    pub ack_extension: bool,
    /// Channels whose events may wait: a pattern stands for all channels that it matches (S8, B26).
    pub lazy_channels: Vec<String>,
    /// Ends HTTP sessions that send nothing but heartbeats for so long; kept by the HTTP layer with
    /// [`crate::is_heartbeat`] (B32).
    pub max_inactivity: Option<Millis>,

    // --- limits ---
    /// How many bytes of events may wait for a session.
    pub max_queue_bytes: usize,
    /// How many sessions there may be.
    pub max_sessions: usize,
    /// How many sessions one user may have.
    pub max_sessions_per_user: usize,
    /// How many sessions one HTTP client (browser cookie) may have.
    pub max_sessions_per_client: usize,
    /// How many subscriptions one session may have.
    pub max_subscriptions: usize,
    /// How many messages one request or frame may have.
    pub max_messages: usize,
    /// How deep a request may be nested.
    pub max_nesting: usize,
    /// The longest `timeout` and `interval` that a client may ask for.
    pub max_client_advice: Millis,
    /// How many bytes may be under way to a web socket; further events wait in the queue of the session.
    pub send_window: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            timeout: Millis(30_000),
            interval: Millis(0),
            max_interval: Millis(10_000),
            sweep_period: Millis(1_000),
            max_lazy_timeout: Millis(5_000),
            max_sessions_per_browser: 1,
            multi_session_interval: Millis(2_000),
            max_queue: 10_000,
            max_message_size: 1 << 20,
            transports: vec![Transport::WebSocket, Transport::LongPolling],
            test_channels: false,
            handshake_reconnect: false,
            trust_client_session: false,
            duplicate_meta_connect_status: 500,
            messages_per_frame: 1,
            meta_connect_delivery_only: false,
            ack_extension: true,
            lazy_channels: Vec::new(),
            max_inactivity: None,
            max_queue_bytes: 16 << 20,
            max_sessions: 100_000,
            max_sessions_per_user: 2_000,
            max_sessions_per_client: 2_000,
            max_subscriptions: 1_000,
            max_messages: 1_000,
            max_nesting: 100,
            max_client_advice: Millis(120_000),
            send_window: 256 << 10,
        }
    }
}

/// What is wrong with a [`Settings`].
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("`{name}` {problem}")]
pub struct SettingsError {
    /// The setting.
    pub name: &'static str,
    /// What it should be instead.
    pub problem: &'static str,
}

impl Settings {
    /// Checks what the types cannot. The engine works with any values; these would only make no sense.
    pub fn check(&self) -> Result<(), SettingsError> {
        let wrong = |name, problem| Err(SettingsError { name, problem });
        if !(400..=599).contains(&self.duplicate_meta_connect_status) {
            return wrong("duplicate_meta_connect_status", "must be from 400 to 599");
        }
        if self.transports.is_empty() {
            return wrong("transports", "must name at least one of websocket, long-polling");
        }
        if self.lazy_channels.iter().any(|name| Pattern::parse(name).is_err()) {
            return wrong("lazy_channels", "must be names of channels, with * or ** as last segment at most");
        }
        let positive = [
            ("timeout", self.timeout.0),
            ("max_interval", self.max_interval.0),
            ("messages_per_frame", self.messages_per_frame as u64),
            ("max_queue", self.max_queue as u64),
            ("max_queue_bytes", self.max_queue_bytes as u64),
            ("max_message_size", self.max_message_size as u64),
            ("max_messages", self.max_messages as u64),
            ("max_nesting", self.max_nesting as u64),
            ("send_window", self.send_window as u64),
        ];
        match positive.iter().find(|(_, value)| *value == 0) {
            Some((name, _)) => wrong(name, "must be more than 0"),
            None => Ok(()),
        }
    }

    /// Whether a transport is offered.
    pub fn offers(&self, transport: Transport) -> bool {
        self.transports.contains(&transport)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // covers(bayeux): S5, R-8, B14, B15, B04, B19, B24
    #[test]
    fn an_empty_section_gives_the_defaults_of_the_contract() {
        let settings: Settings = toml::from_str("").unwrap();
        assert_eq!(settings, Settings::default());
        assert_eq!(settings.check(), Ok(()));
        let spans = [
            settings.timeout,
            settings.interval,
            settings.max_interval,
            settings.sweep_period,
            settings.max_lazy_timeout,
            settings.multi_session_interval,
        ];
        assert_eq!(spans.map(|span| span.0), [30_000, 0, 10_000, 1_000, 5_000, 2_000]);
        assert_eq!((settings.max_sessions_per_browser, settings.max_queue), (1, 10_000));
        assert_eq!((settings.max_message_size, settings.duplicate_meta_connect_status), (1_048_576, 500));
        assert!(!settings.test_channels && !settings.handshake_reconnect && !settings.trust_client_session);
    }

    // covers(bayeux): R-8, S6.2
    #[test]
    fn settings_have_the_names_of_the_contract_and_no_others() {
        let text =
            "transports = [\"long-polling\"]\nmax_sessions_per_browser = -1\nmax_inactivity = 1800000\n";
        let settings: Settings = toml::from_str(text).unwrap();
        assert!(!settings.offers(Transport::WebSocket) && settings.offers(Transport::LongPolling));
        assert_eq!(settings.max_sessions_per_browser, -1);
        assert_eq!(settings.max_inactivity, Some(Millis(1_800_000)));
        assert!(toml::from_str::<Settings>("maxInterval = 5").is_err());
        assert!(toml::from_str::<Settings>("transports = [\"callback-polling\"]").is_err());
    }

    #[test]
    fn settings_without_sense_are_named() {
        let name = |settings: Settings| settings.check().unwrap_err().name;
        assert_eq!(
            name(Settings { duplicate_meta_connect_status: 200, ..Settings::default() }),
            "duplicate_meta_connect_status"
        );
        assert_eq!(name(Settings { transports: vec![], ..Settings::default() }), "transports");
        assert_eq!(
            name(Settings { lazy_channels: vec!["x".into()], ..Settings::default() }),
            "lazy_channels"
        );
        assert_eq!(name(Settings { messages_per_frame: 0, ..Settings::default() }), "messages_per_frame");
    }
}
