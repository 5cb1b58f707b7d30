//! Settings of the dialect: section `genesys` of the configuration (contract genesys-voice §13).

use serde::{Deserialize, Serialize};

/// A feature that an operation may need (contract §2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Feature {
    /// Calls.
    #[serde(rename = "api-voice")]
    Voice,
    /// Watching agents.
    #[serde(rename = "api-supervisor-monitoring")]
    Monitoring,
    /// Starting and stopping recordings.
    #[serde(rename = "api-voice-recording")]
    Recording,
}

impl Feature {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Voice => "api-voice",
            Self::Monitoring => "api-supervisor-monitoring",
            Self::Recording => "api-voice-recording",
        }
    }
}

/// Which pages of other origins may use the API (contract §2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Cors {
    /// Origins such as `https://desk.example.com`; `*` for any. None by default.
    pub allowed_origins: Vec<String>,
    /// Methods.
    pub allowed_methods: Vec<String>,
    /// Headers of requests.
    pub allowed_headers: Vec<String>,
    /// Whether cookies and passwords may come along.
    pub allow_credentials: bool,
}

impl Default for Cors {
    fn default() -> Self {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect();
        Self {
            allowed_origins: Vec::new(),
            allowed_methods: words("GET POST PUT DELETE OPTIONS"),
            allowed_headers: words(
                "X-Requested-With Content-Type Accept Origin Cookie authorization ssid surl ContactCenterId \
                 X-CSRF-TOKEN",
            ),
            allow_credentials: true,
        }
    }
}

impl Cors {
    /// Whether pages of this origin may.
    pub fn allows(&self, origin: &str) -> bool {
        self.allowed_origins.iter().any(|it| it == "*" || it.eq_ignore_ascii_case(origin))
    }
}

/// What old clients need.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Compat {
    /// `participants` is a list of numbers, and the objects are in `participantsInfo` (OC-45).
    pub legacy_participants: bool,
    /// Participants have a `role` (OC-50).
    pub participant_roles: bool,
}

/// Settings of the dialect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GenesysConfig {
    /// What absolute addresses begin with, ending in `/api/v2`. Empty: `http`, and the address that is listened on (R-14).
    pub external_api_url_v2: String,
    /// Whether changes need the CSRF token (OC-08).
    pub enable_csrf_protection: bool,
    /// What this server offers.
    pub features: Vec<Feature>,
    /// How long a session lives without any request, in seconds (contract bayeux B32).
    pub session_timeout_seconds: u32,
    /// Pages of other origins.
    pub cors: Cors,
    /// What old clients need.
    pub compat: Compat,
}

impl Default for GenesysConfig {
    fn default() -> Self {
        Self {
            external_api_url_v2: String::new(),
            enable_csrf_protection: true,
            features: vec![Feature::Voice, Feature::Monitoring, Feature::Recording],
            session_timeout_seconds: 1_800,
            cors: Cors::default(),
            compat: Compat::default(),
        }
    }
}

impl GenesysConfig {
    /// What is wrong with the settings, as a sentence.
    pub fn check(&self) -> Result<(), String> {
        let url = &self.external_api_url_v2;
        let is_http = url.starts_with("http://") || url.starts_with("https://");
        let fits = url.is_empty() || (is_http && url.ends_with("/api/v2"));
        if !fits {
            return Err(
                "genesys.external_api_url_v2 must begin with http:// or https:// and end with /api/v2".into(),
            );
        }
        if self.session_timeout_seconds == 0 {
            return Err("genesys.session_timeout_seconds must be more than 0".into());
        }
        Ok(())
    }

    /// Whether a feature is offered.
    pub fn offers(&self, feature: Feature) -> bool {
        self.features.contains(&feature)
    }

    /// Whether clients come over HTTPS, so that cookies are for that alone.
    pub fn is_https(&self) -> bool {
        self.external_api_url_v2.starts_with("https://")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // covers(genesys): OC-08, OC-09, OC-45, OC-50
    #[test]
    fn settings_have_the_names_and_defaults_of_the_contract() {
        let config: GenesysConfig = serde_json::from_str("{}").unwrap();
        assert_eq!(config, GenesysConfig::default());
        assert!(config.enable_csrf_protection && config.check().is_ok());
        assert!(!config.compat.legacy_participants && !config.compat.participant_roles);
        assert!(config.cors.allowed_headers.contains(&"X-CSRF-TOKEN".to_owned()));
        assert!(!config.cors.allows("https://desk.example"));
        let text = r#"{"features":["api-voice"],"cors":{"allowed_origins":["https://Desk.example"]}}"#;
        let config: GenesysConfig = serde_json::from_str(text).unwrap();
        assert!(config.offers(Feature::Voice) && !config.offers(Feature::Monitoring));
        assert!(
            config.cors.allows("https://desk.example") && !config.cors.allows("https://desk.example.evil")
        );
        assert!(serde_json::from_str::<GenesysConfig>(r#"{"csrf":true}"#).is_err());
    }

    #[test]
    fn a_public_address_that_clients_could_not_use_is_refused() {
        for (url, fine) in [
            ("https://calls.example/api/v2", true),
            ("http://10.0.0.1:8080/gws/api/v2", true),
            ("calls.example/api/v2", false),
            ("https://calls.example/", false),
        ] {
            let config = GenesysConfig { external_api_url_v2: url.into(), ..GenesysConfig::default() };
            assert_eq!(config.check().is_ok(), fine, "{url}");
        }
    }
}
