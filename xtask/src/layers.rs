//! Who may import whom, as ARCHITECTURE.md draws it.

use std::{fs, path::Path};
use toml::Table;

/// What a room may import of ours; `None` for a room that nobody has drawn yet.
fn may_import(room: &str) -> Option<&'static [&'static str]> {
    Some(match room {
        "model" | "media" | "bayeux" => &[],
        "store" | "speech" | "analysis" | "live" | "demo" => &["model"],
        "app" => &["store", "speech", "analysis", "live", "model"],
        "telephony" => &["app", "live", "model", "media"],
        "http" => &["app", "model", "bayeux"],
        "intake" => &["app", "model"],
        "web" => &["http", "intake", "app", "model"],
        api if api.starts_with("api-") => &["http", "app", "model"],
        "touchline" | "testkit" => &["*"],
        _ => return None,
    })
}

/// Reads every `crates/*/Cargo.toml` and fails on an import that is not allowed.
pub(crate) fn check(root: &Path) -> Result<(), String> {
    let mut problems = Vec::new();
    let mut rooms = 0;
    let workspace = read(&root.join("Cargo.toml"))?;
    let folder = root.join("crates");
    let entries = fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    for entry in entries.flatten().filter(|entry| entry.path().join("Cargo.toml").is_file()) {
        let room = entry.file_name().to_string_lossy().into_owned();
        problems.extend(problems_of(&room, &read(&entry.path().join("Cargo.toml"))?, &workspace));
        rooms += 1;
    }
    if rooms == 0 {
        return Err(format!("no crates in {}", folder.display()));
    }
    if !problems.is_empty() {
        problems.sort();
        return Err(format!("layers (see ARCHITECTURE.md):\n  {}", problems.join("\n  ")));
    }
    println!("layers: {rooms} crates import only downward");
    Ok(())
}

fn read(path: &Path) -> Result<Table, String> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    text.parse().map_err(|error| format!("{}: {error}", path.display()))
}

fn problems_of(room: &str, manifest: &Table, workspace: &Table) -> Vec<String> {
    let Some(allowed) = may_import(room) else {
        return vec![format!(
            "crates/{room}: not a room we know; draw it in ARCHITECTURE.md and xtask/src/layers.rs"
        )];
    };
    let mut problems = Vec::new();
    let name = manifest.get("package").and_then(|package| package.get("name")?.as_str()).unwrap_or("");
    if room_of(name) != Some(room) {
        problems.push(format!("crates/{room}: is named `{name}`"));
    }
    for (is_dev, import) in imports(manifest, workspace) {
        let fine = match import.as_str() {
            "testkit" => is_dev,
            "demo" => room == "touchline",
            "touchline" => false,
            other => allowed.contains(&"*") || allowed.contains(&other),
        };
        if !fine {
            problems.push(format!("{room} → {import}: not allowed"));
        }
    }
    problems
}

/// Our crates among the dependencies, and whether each is for tests only.
fn imports(manifest: &Table, workspace: &Table) -> Vec<(bool, String)> {
    let shared = workspace.get("workspace").and_then(|table| table.get("dependencies")?.as_table());
    let targets = manifest.get("target").and_then(|targets| targets.as_table());
    let places = std::iter::once(manifest)
        .chain(targets.into_iter().flat_map(Table::values).filter_map(|target| target.as_table()));
    let mut found = Vec::new();
    for place in places {
        for (section, is_dev) in
            [("dependencies", false), ("build-dependencies", false), ("dev-dependencies", true)]
        {
            for (key, value) in
                place.get(section).and_then(|section| section.as_table()).into_iter().flatten()
            {
                // The name may differ from the package: here, or where the workspace declares it.
                let renamed = |value: &toml::Value| value.get("package")?.as_str().map(str::to_owned);
                let of_workspace = || renamed(shared?.get(key)?);
                let package = renamed(value).or_else(of_workspace).unwrap_or_else(|| key.clone());
                if let Some(import) = room_of(&package) {
                    found.push((is_dev, import.to_owned()));
                }
            }
        }
    }
    found
}

/// The folder of one of our packages.
fn room_of(package: &str) -> Option<&str> {
    if package == "touchline" { Some(package) } else { package.strip_prefix("touchline-") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(room: &str, dependencies: &str) -> Vec<String> {
        let name = if room == "touchline" { room.to_owned() } else { format!("touchline-{room}") };
        let manifest = format!("[package]\nname = \"{name}\"\n{dependencies}").parse().unwrap();
        let workspace =
            "[workspace.dependencies]\nshop = { package = 'touchline-store', path = 'crates/store' }";
        problems_of(room, &manifest, &workspace.parse().unwrap())
    }

    #[test]
    fn a_dialect_may_ask_the_app_but_not_the_store() {
        assert!(
            problems("api-c360", "[dependencies]\ntouchline-app.workspace = true\nserde = '1'").is_empty()
        );
        let wrong = problems("api-c360", "[dependencies]\ntouchline-store.workspace = true");
        assert_eq!(wrong, ["api-c360 → store: not allowed"]);
    }

    #[test]
    fn nothing_imports_upward() {
        for (room, import) in [("model", "store"), ("store", "app"), ("app", "http"), ("http", "touchline")] {
            let package =
                if import == "touchline" { "touchline".to_owned() } else { format!("touchline-{import}") };
            let found = problems(room, &format!("[dependencies]\n{package}.workspace = true"));
            assert_eq!(found, [format!("{room} → {import}: not allowed")]);
        }
    }

    #[test]
    fn a_wrong_import_cannot_hide() {
        for hidden in [
            "[dependencies]\nharmless = { package = 'touchline-store', version = '1' }",
            "[dependencies]\nshop.workspace = true",
            "[target.'cfg(unix)'.dependencies]\ntouchline-store.workspace = true",
            "[build-dependencies]\ntouchline-store.workspace = true",
            "[dev-dependencies]\ntouchline-store.workspace = true",
        ] {
            assert_eq!(problems("web", hidden), ["web → store: not allowed"], "{hidden}");
        }
    }

    #[test]
    fn the_testkit_is_for_tests_only() {
        assert!(problems("model", "[dev-dependencies]\ntouchline-testkit.workspace = true").is_empty());
        let wrong = problems("touchline", "[dependencies]\ntouchline-testkit.workspace = true");
        assert_eq!(wrong, ["touchline → testkit: not allowed"]);
    }

    #[test]
    fn only_the_program_loads_the_demo() {
        assert!(problems("touchline", "[dependencies]\ntouchline-demo.workspace = true").is_empty());
        assert_eq!(problems("testkit", "[dependencies]\ntouchline-demo.workspace = true").len(), 1);
        assert_eq!(problems("demo", "[dependencies]\ntouchline-app.workspace = true").len(), 1);
    }

    #[test]
    fn an_unknown_or_misnamed_crate_is_refused() {
        assert_eq!(problems("attic", "").len(), 1);
        let manifest = "[package]\nname = \"my-store\"".parse().unwrap();
        assert_eq!(problems_of("store", &manifest, &Table::new()), ["crates/store: is named `my-store`"]);
    }
}
