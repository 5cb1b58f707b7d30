//! The words of the pages, in one place: `texts/en/*.toml`, a file a page, flat keys. A translation is another folder.

use std::{collections::HashMap, sync::LazyLock};

/// Files of the English texts: name of the section, and content.
const ENGLISH: &[(&str, &str)] = &[
    ("common", include_str!("../texts/en/common.toml")),
    ("error", include_str!("../texts/en/error.toml")),
    ("account", include_str!("../texts/en/account.toml")),
    ("home", include_str!("../texts/en/home.toml")),
    ("admin", include_str!("../texts/en/admin.toml")),
    ("admin_people", include_str!("../texts/en/admin_people.toml")),
    ("admin_credentials", include_str!("../texts/en/admin_credentials.toml")),
    ("admin_webhooks", include_str!("../texts/en/admin_webhooks.toml")),
    ("admin_exports", include_str!("../texts/en/admin_exports.toml")),
    ("admin_audit", include_str!("../texts/en/admin_audit.toml")),
    ("admin_settings", include_str!("../texts/en/admin_settings.toml")),
    ("admin_telephony", include_str!("../texts/en/admin_telephony.toml")),
    ("imports", include_str!("../texts/en/imports.toml")),
    ("topics", include_str!("../texts/en/topics.toml")),
    ("reports", include_str!("../texts/en/reports.toml")),
    ("call", include_str!("../texts/en/call.toml")),
    ("calls", include_str!("../texts/en/calls.toml")),
    ("live", include_str!("../texts/en/live.toml")),
    ("charts", include_str!("../texts/en/charts.toml")),
];

static TEXTS: LazyLock<HashMap<String, String>> = LazyLock::new(|| {
    let mut all = HashMap::new();
    for (section, content) in ENGLISH {
        // A test reads every file, so none is broken here.
        let table: toml::Table = content.parse().unwrap_or_default();
        for (key, value) in table {
            if let toml::Value::String(text) = value {
                all.insert(format!("{section}.{key}"), text);
            }
        }
    }
    all
});

/// A text by `section.key`; the key itself when there is none, which a test rules out.
pub(crate) fn t(key: &str) -> &str {
    // The static map lives for ever, so its texts outlive any key.
    TEXTS.get(key).map_or(key, String::as_str)
}

/// A text with its `{name}`s filled in.
pub(crate) fn fill(key: &str, values: &[(&str, &str)]) -> String {
    values.iter().fold(t(key).to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
}

/// A text that counts: `key.one` or `key.many`, with `{n}` filled in and thousands set apart.
pub(crate) fn count(key: &str, n: i64) -> String {
    let form = if n == 1 { "one" } else { "many" };
    fill(&format!("{key}_{form}"), &[("n", &crate::format::number(n))])
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{collections::BTreeSet, fs, path::Path};

    fn files(folder: &str, ending: &str) -> Vec<(String, String)> {
        let mut found = vec![];
        let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.to_string_lossy().ends_with(ending) {
                    found.push((path.display().to_string(), fs::read_to_string(&path).unwrap()));
                }
            }
        }
        found
    }

    #[test]
    fn every_file_of_texts_can_be_read() {
        for (section, content) in ENGLISH {
            let table: toml::Table = content.parse().unwrap_or_else(|e| panic!("{section}: {e}"));
            assert!(table.values().all(toml::Value::is_str), "{section} holds more than texts");
        }
        assert_eq!(files("texts/en", ".toml").len(), ENGLISH.len(), "a file is not listed");
    }

    /// Whatever looks like a key (`"section.name"`) in templates and code exists, and whatever exists is used.
    #[test]
    fn every_key_exists_and_is_used() {
        let sections: BTreeSet<&str> = ENGLISH.iter().map(|(section, _)| *section).collect();
        let mut used: BTreeSet<String> = BTreeSet::new();
        let mut dynamic: BTreeSet<String> = BTreeSet::new();
        for (name, content) in files("templates", ".html").into_iter().chain(files("src", ".rs")) {
            for piece in content.split('"').skip(1) {
                let Some((section, key)) = piece.split_once('.') else { continue };
                let plain =
                    |s: &str| s.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
                if !sections.contains(section) || ["html", "toml", "css", "js"].contains(&key) {
                    continue;
                }
                if let Some((start, _)) = key.split_once('{') {
                    dynamic.insert(format!("{section}.{start}"));
                } else if plain(key) && !key.is_empty() {
                    let text = format!("{section}.{key}");
                    let known = TEXTS.contains_key(&text) || TEXTS.contains_key(&format!("{text}_one"));
                    assert!(known, "{name} uses the text `{text}`, which does not exist");
                    used.insert(format!("{text}_one"));
                    used.insert(format!("{text}_many"));
                    used.insert(text);
                }
            }
        }
        let idle = |key: &&String| {
            !used.contains(*key) && !dynamic.iter().any(|start| key.starts_with(start.as_str()))
        };
        let unused: Vec<_> = TEXTS.keys().filter(idle).collect();
        assert!(unused.is_empty(), "texts that nobody uses: {unused:?}");
    }
}
