//! Installs what the tests need on a bare Debian or Ubuntu; says what is missing anywhere else.

use crate::shell;
use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

/// A program that tests use, and the Debian packages that bring it.
struct Need {
    what: &'static str,
    is_there: fn() -> bool,
    packages: &'static [&'static str],
}

const NEEDS: [Need; 8] = [
    Need {
        what: "a C compiler (SQLite)",
        is_there: || shell::find("cc").is_some(),
        packages: &["gcc", "libc6-dev"],
    },
    Need { what: "PostgreSQL (store tests)", is_there: postgresql, packages: &["postgresql"] },
    Need { what: "curl (black-box tests)", is_there: || shell::find("curl").is_some(), packages: &["curl"] },
    Need {
        what: "Python (client tests)",
        is_there: || shell::find("python3").is_some(),
        packages: &["python3"],
    },
    Need {
        what: "Node.js and npm (client tests)",
        is_there: || shell::find("node").is_some() && shell::find("npm").is_some(),
        packages: &["nodejs", "npm"],
    },
    Need { what: "Chromium (tests of the pages)", is_there: chromium, packages: &["chromium"] },
    Need {
        what: "baresip (tests of calls with other people's telephones)",
        is_there: || shell::find("baresip").is_some(),
        packages: &["baresip-core"],
    },
    Need {
        what: "sipp (tests of many calls and of bad behaviour)",
        is_there: || shell::find("sipp").is_some(),
        packages: &["sip-tester"],
    },
];

/// Installs everything that is missing.
pub(crate) fn all(root: &Path) -> Result<(), String> {
    let missing: Vec<_> = NEEDS.iter().filter(|need| !(need.is_there)()).collect();
    for need in &missing {
        println!("missing: {}", need.what);
    }
    let packages: Vec<_> = missing.iter().flat_map(|need| need.packages).copied().collect();
    if !packages.is_empty() {
        apt(&packages)?;
    }
    rust_components(root)?;
    for clients in [CLIENTS, WAREHOUSE] {
        python(root, clients)?;
    }
    node(root)
}

/// A virtual environment of Python: its folder, and the file that says what it holds.
#[derive(Clone, Copy)]
pub(crate) struct Venv {
    folder: &'static str,
    requirements: &'static str,
}

/// What the client tests need.
pub(crate) const CLIENTS: Venv = Venv { folder: ".venv", requirements: "clients/requirements.txt" };
/// What the tests of the warehouse clients need. airbyte-cdk and schemathesis cannot live in one environment: they want
/// different versions of pyrate-limiter.
pub(crate) const WAREHOUSE: Venv =
    Venv { folder: ".venv-warehouse", requirements: "clients/requirements-warehouse.txt" };

/// The interpreter of an environment, if it has been installed.
pub(crate) fn python_of(root: &Path, venv: Venv) -> Option<PathBuf> {
    Some(root.join(venv.folder).join("bin/python")).filter(|python| python.exists())
}

fn postgresql() -> bool {
    // Debian keeps the server's programs off the path; the test kit looks there too.
    let debian = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    shell::find("initdb").is_some()
        || debian.into_iter().any(|entry| entry.path().join("bin/initdb").exists())
}

fn chromium() -> bool {
    // The names under which `clients/pages/lib/browser.mjs` looks for it.
    let names = ["chromium", "chromium-browser", "google-chrome"];
    env::var_os("TOUCHLINE_CHROMIUM").is_some() || names.iter().any(|name| shell::find(name).is_some())
}

fn apt(packages: &[&str]) -> Result<(), String> {
    let list = packages.join(" ");
    if shell::find("apt-get").is_none() {
        return Err(format!("there is no apt-get here; please install (Debian's names): {list}"));
    }
    let is_root = Command::new("id").arg("-u").output().is_ok_and(|said| said.stdout.trim_ascii() == b"0");
    if !is_root && shell::find("sudo").is_none() {
        return Err(format!("neither root nor sudo; please run: apt-get install {list}"));
    }
    let apt_get = |arguments: &[&str]| {
        let mut command = Command::new(if is_root { "env" } else { "sudo" });
        if !is_root {
            command.arg("env");
        }
        command.args(["DEBIAN_FRONTEND=noninteractive", "apt-get", "-q"]).args(arguments);
        shell::run(&mut command)
    };
    println!("installing with apt-get: {list}");
    apt_get(&["update"])?;
    apt_get(&[&["install", "-y", "--no-install-recommends"], packages].concat())
}

fn rust_components(root: &Path) -> Result<(), String> {
    for component in ["fmt", "clippy"] {
        if !shell::succeeds(shell::cargo(root).args([component, "--version"])) {
            let package = if component == "fmt" { "rustfmt" } else { component };
            println!("installing with rustup: {package}");
            shell::run(Command::new("rustup").args(["component", "add", package]))?;
        }
    }
    Ok(())
}

/// Makes an environment hold what its file says, and only does so again when that changes.
fn python(root: &Path, venv: Venv) -> Result<(), String> {
    let folder = root.join(venv.folder);
    let stamp = folder.join("requirements.installed");
    let requirements = root.join(venv.requirements);
    let wanted =
        fs::read_to_string(&requirements).map_err(|error| format!("{}: {error}", requirements.display()))?;
    let runs = |python: PathBuf| shell::succeeds(Command::new(python).arg("--version"));
    let works = python_of(root, venv).is_some_and(runs);
    if works && fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    println!("making {} from {}", folder.display(), venv.requirements);
    let make = || shell::succeeds(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder));
    if !make() {
        // Debian ships `venv` without what it needs.
        apt(&["python3-venv"])?;
        if !make() {
            return Err("`python3 -m venv` fails although python3-venv is installed".to_owned());
        }
    }
    let python = python_of(root, venv).ok_or("`python3 -m venv` made no bin/python")?;
    shell::run(Command::new(python).args(["-m", "pip", "install", "--quiet", "-r"]).arg(&requirements))?;
    fs::write(&stamp, wanted).map_err(|error| format!("{}: {error}", stamp.display()))
}

/// Makes `clients/node_modules` hold what `clients/package.json` says, and only does so again when that changes.
fn node(root: &Path) -> Result<(), String> {
    let clients = root.join("clients");
    let (package, stamp) = (clients.join("package.json"), clients.join("node_modules/package.installed"));
    let wanted = fs::read_to_string(&package).map_err(|error| format!("{}: {error}", package.display()))?;
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    println!("making clients/node_modules from clients/package.json");
    // Nothing that a package brings is run, and no lock file is written: the versions are exact.
    let options = ["install", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"];
    shell::run(Command::new("npm").args(options).current_dir(&clients))?;
    fs::write(&stamp, wanted).map_err(|error| format!("{}: {error}", stamp.display()))
}

/// Whether cargo has a subcommand that we use when it is there.
pub(crate) fn has_cargo_deny() -> bool {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let of_cargo = home.is_some_and(|home| home.join("bin/cargo-deny").exists());
    of_cargo || shell::find("cargo-deny").is_some()
}
