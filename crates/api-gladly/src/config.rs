//! Settings of the dialect: section `gladly` of the configuration.

use serde::{Deserialize, Serialize};

/// Whether the vendor's limits are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VendorLimits {
    /// No limits: the owner of a server is not throttled by somebody else's quota.
    #[default]
    Open,
    /// 10 requests a second for each method; 10 reports a minute, two at the same time (contract §2.2, X-27).
    Vendor,
}

/// Settings of the dialect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "snake_case")]
pub struct GladlyConfig {
    /// Whether the vendor's limits are kept.
    pub limits: VendorLimits,
    /// Most rows of a report; what is beyond is left out, and a header says so (contract X-17).
    pub report_row_cap: u64,
    /// What links to conversations begin with, such as `https://touchline.example.com` (contract X-28).
    pub public_base_url: String,
}

impl Default for GladlyConfig {
    fn default() -> Self {
        Self {
            limits: VendorLimits::default(),
            report_row_cap: 100_000,
            public_base_url: "http://127.0.0.1:8080".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_have_defaults_and_refuse_what_they_do_not_know() {
        let config: GladlyConfig = serde_json::from_str("{}").unwrap();
        assert_eq!((config.limits, config.report_row_cap), (VendorLimits::Open, 100_000));
        let config: GladlyConfig = serde_json::from_str(r#"{"limits":"vendor","report_row_cap":5}"#).unwrap();
        assert_eq!((config.limits, config.report_row_cap), (VendorLimits::Vendor, 5));
        assert!(serde_json::from_str::<GladlyConfig>(r#"{"row_cap":5}"#).is_err());
    }
}
