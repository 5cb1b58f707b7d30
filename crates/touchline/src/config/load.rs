//! Where values come from: defaults, then the TOML file, then `TOUCHLINE_*`, then flags. A wrong key is an error with
//! its line.
//!
//! A setting of a section is written `section.key` in flags and messages, and `TOUCHLINE_SECTION__KEY` in the
//! environment.

use super::Config;
use clap::Args;
use std::{
    collections::BTreeMap,
    fmt::Write,
    path::{Path, PathBuf},
};
use toml::{Table, Value};
use touchline_web::Setting;

/// The configuration in force, with the source of each value.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The values.
    pub config: Config,
    sources: BTreeMap<String, (String, String)>,
}

/// Environment variables with our prefix that are no settings: some are for tests, some for the programs under `clients/`
/// and the examples of the pages, which may run in the same shell.
const NOT_SETTINGS: [&str; 4] = ["TOUCHLINE_LOG", "TOUCHLINE_PYTHON", "TOUCHLINE_TOKEN", "TOUCHLINE_DUCKDB"];

impl Settings {
    /// Reads the file (if any), the environment and the flags.
    pub fn load(
        file: Option<&Path>,
        environment: impl Iterator<Item = (String, String)>,
        flags: impl Iterator<Item = (&'static str, String)>,
    ) -> Result<Self, String> {
        let mut table =
            Table::try_from(Config::default()).map_err(|e| format!("the defaults are broken: {e}"))?;
        let mut origin = BTreeMap::new();
        if let Some(path) = file {
            let text = std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
            // Read on its own first, so that a wrong key is reported with its line.
            toml::from_str::<Config>(&text).map_err(|e| format!("{}: {e}", path.display()))?;
            let given: Table = toml::from_str(&text).map_err(|e| format!("{}: {e}", path.display()))?;
            merge(&mut table, given, "", &path.display().to_string(), &mut origin);
        }
        for (name, value) in environment {
            if let Some(key) = name.strip_prefix("TOUCHLINE_")
                && !NOT_SETTINGS.contains(&name.as_str())
                && !name.starts_with("TOUCHLINE_TEST")
            {
                let key = key.to_ascii_lowercase().replace("__", ".");
                let meant = meant(&table, &key);
                set(&mut table, &key, &value)
                    .map_err(|e| format!("environment variable {name}: {e}{}", meant.unwrap_or_default()))?;
                origin.insert(key, name);
            }
        }
        for (key, value) in flags {
            let flag = key.rsplit('.').next().unwrap_or(key);
            set(&mut table, key, &value).map_err(|e| format!("--{flag}: {e}"))?;
            origin.insert(key.to_owned(), format!("--{flag}"));
        }
        let config: Config = table.clone().try_into().map_err(|e| format!("configuration: {e}"))?;
        let mut sources = BTreeMap::new();
        flatten(&table, "", &mut |key, value| {
            let shown = match key.as_str() {
                "database" => without_password(value),
                "oidc.client_secret" | "s3.secret_access_key" if value.as_str() != Some("") => {
                    Value::from("***").to_string()
                }
                _ => value.to_string(),
            };
            let source = origin.get(&key).cloned().unwrap_or_else(|| "default".to_owned());
            sources.insert(key, (shown, source));
        });
        Ok(Self { config, sources })
    }

    /// Every setting with its value and source, for the settings page. Secrets are left out.
    pub fn list(&self) -> Vec<Setting> {
        let one = |(key, (value, source)): (&String, &(String, String))| Setting {
            key: key.clone(),
            value: value.clone(),
            source: source.clone(),
        };
        self.sources.iter().map(one).collect()
    }

    /// Every setting on a line: value and source. The database's password is left out.
    pub fn show(&self) -> String {
        self.sources.iter().fold(String::new(), |mut out, (key, (value, source))| {
            let _ = writeln!(out, "{key} = {value}  # {source}");
            out
        })
    }
}

fn without_password(url: &Value) -> String {
    let text = url.as_str().unwrap_or_default();
    // Libpq's other ways of giving one: `?password=` and `host=... password=...`.
    if text.to_ascii_lowercase().contains("password") {
        return Value::from("***").to_string();
    }
    let hidden = text.split_once("://").and_then(|(scheme, rest)| {
        let (user, host) = rest.rsplit_once('@')?;
        let (name, _) = user.split_once(':')?;
        Some(format!("{scheme}://{name}:***@{host}"))
    });
    Value::from(hidden.unwrap_or_else(|| text.to_owned())).to_string()
}

fn merge(into: &mut Table, from: Table, prefix: &str, source: &str, origin: &mut BTreeMap<String, String>) {
    for (key, value) in from {
        let path = format!("{prefix}{key}");
        match (into.get_mut(&key), value) {
            (Some(Value::Table(inner)), Value::Table(given)) => {
                merge(inner, given, &format!("{path}."), source, origin);
            }
            (_, value) => {
                into.insert(key, value);
                origin.insert(path, source.to_owned());
            }
        }
    }
}

/// A hint at the setting that a name in the environment may have meant: written with one underscore after the section.
fn meant(table: &Table, key: &str) -> Option<String> {
    let mut right = None;
    flatten(table, "", &mut |it, _| {
        if it != key && it.replace('.', "_") == key.replace('.', "_") {
            right = Some(it);
        }
    });
    let right = right?.replace('.', "__").to_ascii_uppercase();
    Some(format!("; two underscores stand between section and name: TOUCHLINE_{right}"))
}

/// Sets a value given as text, in the type that the setting has now.
fn set(table: &mut Table, key: &str, text: &str) -> Result<(), String> {
    let unknown = || format!("there is no setting `{key}`");
    let mut here = table;
    let mut parts = key.split('.').peekable();
    while let Some(part) = parts.next() {
        let slot = here.get_mut(part).ok_or_else(unknown)?;
        if parts.peek().is_some() {
            here = slot.as_table_mut().ok_or_else(unknown)?;
            continue;
        }
        *slot = match slot {
            Value::Boolean(_) => {
                text.parse().map(Value::Boolean).map_err(|_| format!("`{text}` is neither true nor false"))?
            }
            Value::Integer(_) => {
                text.parse().map(Value::Integer).map_err(|_| format!("`{text}` is no whole number"))?
            }
            Value::String(_) => Value::String(text.to_owned()),
            _ => return Err(format!("`{key}` can only be set in the file")),
        };
        return Ok(());
    }
    Err(unknown())
}

fn flatten(table: &Table, prefix: &str, each: &mut impl FnMut(String, &Value)) {
    for (key, value) in table {
        match value {
            Value::Table(inner) if !inner.is_empty() => flatten(inner, &format!("{prefix}{key}."), each),
            value => each(format!("{prefix}{key}"), value),
        }
    }
}

/// Where the data lies. Flags win over `TOUCHLINE_*`, which wins over the file.
#[derive(Args, Clone, Debug, Default)]
pub struct Place {
    /// Configuration file (TOML).
    #[arg(long, global = true)]
    pub config: Option<PathBuf>,
    /// Data folder [default: ./touchline-data; the demo has its own].
    #[arg(long, global = true)]
    pub data: Option<PathBuf>,
    /// PostgreSQL URL; without it an SQLite file in the data folder.
    #[arg(long, global = true)]
    pub database: Option<String>,
}

impl Place {
    /// The configuration in force.
    ///
    /// # Errors
    /// What is wrong, and where it was said.
    pub fn settings(&self, listen: Option<&str>) -> Result<Settings, String> {
        self.settings_with(listen, None)
    }

    /// The same, with where telephones come in.
    ///
    /// # Errors
    /// What is wrong, and where it was said.
    pub fn settings_with(&self, listen: Option<&str>, sip: Option<&str>) -> Result<Settings, String> {
        let flags = [
            ("data", self.data.as_ref().map(|path| path.display().to_string())),
            ("database", self.database.clone()),
            ("listen", listen.map(ToOwned::to_owned)),
            ("telephony.sip", sip.map(ToOwned::to_owned)),
        ];
        let flags = flags.into_iter().filter_map(|(key, value)| value.map(|value| (key, value)));
        Settings::load(self.config.as_deref(), std::env::vars(), flags)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use touchline_app::{
        reports::{HandleTimeSource, ReportSettings},
        webhooks::WebhookSettings,
    };

    fn load(
        file: Option<&str>,
        env: &[(&str, &str)],
        flags: &[(&'static str, &str)],
    ) -> Result<Settings, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = file.map(|text| {
            let path = folder.path().join("touchline.toml");
            std::fs::write(&path, text).unwrap();
            path
        });
        let env = env.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        Settings::load(path.as_deref(), env, flags.iter().map(|(k, v)| (*k, (*v).to_owned())))
    }

    #[test]
    fn flags_win_over_the_environment_which_wins_over_the_file() {
        let file = "listen = \"127.0.0.1:1\"\nrecording_mib = 5\n[c360]\nextensions = false\n";
        let env = [("TOUCHLINE_LISTEN", "127.0.0.1:2"), ("TOUCHLINE_RECORDING_MIB", "6"), ("HOME", "/")];
        let settings = load(Some(file), &env, &[("listen", "127.0.0.1:3")]).unwrap();
        assert_eq!(settings.config.listen.port(), 3);
        assert_eq!(settings.config.recording_mib, 6);
        assert!(!settings.config.c360.extensions);
        let shown = settings.show();
        assert!(shown.contains("listen = \"127.0.0.1:3\"  # --listen"), "{shown}");
        assert!(shown.contains("recording_mib = 6  # TOUCHLINE_RECORDING_MIB"), "{shown}");
        assert!(shown.contains("data = \"./touchline-data\"  # default"), "{shown}");
        let shown = load(None, &[], &[("telephony.sip", "127.0.0.1:5060")]).unwrap().show();
        assert!(shown.contains("telephony.sip = \"127.0.0.1:5060\"  # --sip"), "{shown}");
    }

    #[test]
    fn a_wrong_key_is_an_error_with_its_line() {
        let error = load(Some("recording_mib = 5\nlissten = 3\n"), &[], &[]).unwrap_err();
        assert!(error.contains("line 2") && error.contains("lissten"), "{error}");
        let error = load(None, &[("TOUCHLINE_C360__EXTENSION", "true")], &[]).unwrap_err();
        assert!(error.contains("c360.extension"), "{error}");
        let error = load(None, &[("TOUCHLINE_WEBHOOKS_ALLOW_PRIVATE", "true")], &[]).unwrap_err();
        assert!(
            error.contains("two underscores") && error.contains("TOUCHLINE_WEBHOOKS__ALLOW_PRIVATE"),
            "{error}"
        );
        let error = load(None, &[("TOUCHLINE_RECORDING_MIB", "many")], &[]).unwrap_err();
        assert!(error.contains("no whole number"), "{error}");
        let error = load(Some("recording_mib = 5\nmax_connections = 0\n"), &[], &[]).unwrap_err();
        assert!(error.contains("line 2") && error.contains("nonzero"), "{error}");
        let given = load(None, &[("TOUCHLINE_MAX_CONNECTIONS", "7")], &[]).unwrap();
        assert_eq!(given.config.max_connections.get(), 7);
    }

    // covers(gladly)
    #[test]
    fn reports_have_settings_in_the_file_and_in_the_environment() {
        let defaults = load(None, &[], &[]).unwrap().config;
        assert_eq!(defaults.reports.settings(), ReportSettings::default());
        assert_eq!(defaults.reports.latency_seconds, 3_600);
        let file = "[gladly]\nlimits = \"vendor\"\npublic_base_url = \"https://t.example\"\n\
                    [reports]\nhandle_time_source = \"assignment\"\n";
        let env = [("TOUCHLINE_REPORTS__LATENCY_SECONDS", "0"), ("TOUCHLINE_GLADLY__REPORT_ROW_CAP", "7")];
        let config = load(Some(file), &env, &[]).unwrap().config;
        let settings = config.reports.settings();
        assert_eq!((settings.latency_secs, settings.handle_time_source), (0, HandleTimeSource::Assignment));
        assert_eq!(
            (config.gladly.report_row_cap, config.gladly.public_base_url.as_str()),
            (7, "https://t.example")
        );
        assert_eq!(config.gladly.limits, touchline_api_gladly::VendorLimits::Vendor);
        let error = load(Some("[reports]\nlatency = 5\n"), &[], &[]).unwrap_err();
        assert!(error.contains("line 2"), "{error}");
    }

    #[test]
    fn a_setting_of_webhooks_that_cannot_work_is_refused() {
        let settings = |text: &str| load(Some(text), &[], &[]).unwrap().config.webhooks.settings();
        assert_eq!(settings("").unwrap(), WebhookSettings::default());
        let given = settings("[webhooks]\nallow_private = true\nretry_seconds = [1, 2]\n").unwrap();
        assert_eq!((given.allow_private, given.retry_secs), (true, vec![1, 2]));
        for wrong in
            ["timeout_seconds = 0", "timeout_seconds = 61", "retry_seconds = []", "retry_seconds = [604801]"]
        {
            let error = settings(&format!("[webhooks]\n{wrong}\n")).unwrap_err();
            assert!(error.contains(wrong.split(' ').next().unwrap_or_default()), "{error}");
        }
        let env = [("TOUCHLINE_WEBHOOKS__ALLOW_PRIVATE", "true")];
        assert!(load(None, &env, &[]).unwrap().config.webhooks.allow_private);
    }

    #[test]
    fn a_password_is_never_shown() {
        let shown = load(None, &[], &[("database", "postgres://me:hush@host/db")]).unwrap().show();
        assert!(shown.contains("postgres://me:***@host/db") && !shown.contains("hush"), "{shown}");
    }
}
