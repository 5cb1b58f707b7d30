//! Settings of the dialect: section `c360` of the configuration.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Whether the vendor's limits are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VendorLimits {
    /// No limits: the owner of a server is not throttled by somebody else's quota.
    #[default]
    Open,
    /// 5 requests a second by day and 25 by night, US Eastern, excess queued (contract §1.3, X-12).
    Vendor,
}

/// Settings of the dialect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "snake_case")]
pub struct C360Config {
    /// Fields that the vendor does not have: `modified` of calls, `percentage` of scores (contract X-13, R-5).
    pub extensions: bool,
    /// Whether `/transcript/{id}` exists (contract X-26).
    pub transcript_endpoint: bool,
    /// Whether the vendor's limits are kept.
    pub limits: VendorLimits,
    /// Call cards: name and text with `{{field}}` placeholders for metadata (contract X-9).
    pub call_card_templates: BTreeMap<String, String>,
}

impl Default for C360Config {
    fn default() -> Self {
        Self {
            extensions: true,
            transcript_endpoint: true,
            limits: VendorLimits::default(),
            call_card_templates: BTreeMap::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_have_defaults_and_refuse_what_they_do_not_know() {
        let config: C360Config = serde_json::from_str("{}").unwrap();
        assert_eq!(config, C360Config::default());
        assert!(config.extensions && config.transcript_endpoint);
        let config: C360Config = serde_json::from_str(r#"{"limits":"vendor","extensions":false}"#).unwrap();
        assert_eq!((config.limits, config.extensions), (VendorLimits::Vendor, false));
        assert!(serde_json::from_str::<C360Config>(r#"{"extension":false}"#).is_err());
    }
}
