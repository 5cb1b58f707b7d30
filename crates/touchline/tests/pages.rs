//! The pages in a real browser: Chromium, driven by `clients/pages`, against the real program with the sample
//! organisation. `cargo xtask test` installs the browser and what drives it. Pictures of every page are kept in
//! `target/screens`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may end here")]

use serde_json::{Value, json};
use std::{
    fmt::Write as _,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

/// The program as a child process, ended with the test.
struct Program {
    child: Child,
    /// What it printed until it was ready.
    said: Vec<String>,
}

impl Program {
    /// Starts a command that serves, and reads what it says up to a line with the given words.
    fn start(args: &[&str], data: &Path, until: &str) -> Self {
        let mut child = command(args, data).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut said = Vec::new();
        while !said.last().is_some_and(|line: &String| line.contains(until)) {
            let line = lines.next().unwrap_or_else(|| panic!("no `{until}` in {said:?}"));
            said.push(line.unwrap());
        }
        // Keep the pipe open, or the program's next line would fail.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, said }
    }

    /// Where telephones register.
    fn telephones(&self) -> &str {
        let line = self.said.iter().find_map(|line| line.split_once("Telephones are served at "));
        line.unwrap().1.split_whitespace().next().unwrap()
    }

    /// The first address in what it said that has these words in it.
    fn address(&self, with: &str) -> String {
        let mut words = self.said.iter().flat_map(|line| line.split_whitespace());
        words.find(|word| word.starts_with("http://") && word.contains(with)).unwrap().to_owned()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn command(args: &[&str], data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_touchline"));
    command.args(args).args(["--listen", "127.0.0.1:0", "--data"]).arg(data);
    command
}

/// The folder of build results, where pictures go.
fn target() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().to_owned()
}

/// Runs one part of `clients/pages` against a fresh sample organisation with some contacts. Every check must pass, and
/// there must be at least so many.
fn browse(part: &str, contacts: u32, at_least: usize) {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let contacts = contacts.to_string();
    let loaded =
        command(&["demo", "--load-only", "--seed", "7", "--contacts", &contacts], &data).output().unwrap();
    assert!(loaded.status.success(), "{}", String::from_utf8_lossy(&loaded.stderr));
    // With telephones: there is a live call to be looked at.
    let server = Program::start(&["serve", "--sip", "127.0.0.1:0"], &data, "Telephones are served at");
    // A server that nobody has set up yet.
    let fresh = Program::start(&["serve"], &folder.path().join("fresh"), "/setup?key=");
    let logins = std::fs::read(data.join("demo-credentials.json")).unwrap();
    let logins: Value = serde_json::from_slice(&logins).unwrap();
    let site = json!({
        "base": server.address("http"), "setup": fresh.address("/setup?key="),
        "logins": logins["web"], "token": logins["native"]["token"], "c360": logins["c360"],
        "voice": logins["genesys"],
        "sip": { "server": server.telephones(), "accounts": logins["sip"] },
        "screens": target().join("screens"), "folder": folder.path(),
    });

    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../clients/pages/run.mjs");
    let mut browser = Command::new("node");
    browser.arg(script).arg(part).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut browser = browser.spawn().unwrap_or_else(|e| panic!("node: {e}: run `cargo xtask test` once"));
    write!(browser.stdin.take().unwrap(), "{site}").unwrap();
    let output = browser.wait_with_output().unwrap();
    assert!(output.status.success(), "the browser did not run: run `cargo xtask test` once");
    let output = String::from_utf8(output.stdout).unwrap();
    let result: Value = serde_json::from_str(output.lines().last().unwrap()).unwrap();
    let checks = result["checks"].as_array().unwrap();
    println!("{part}: {} checks, pictures in {}", checks.len(), site["screens"]);
    let wrong: String = checks.iter().filter(|check| check["problems"] != json!([])).map(told).collect();
    assert!(wrong.is_empty(), "{wrong}");
    assert!(checks.len() >= at_least, "only {} checks", checks.len());
}

/// A check that failed, for people.
fn told(check: &Value) -> String {
    let text = |key: &str| check[key].as_str().unwrap_or("-").to_owned();
    let mut told =
        format!("\n{}\n  page    {}\n  picture {}\n", text("name"), text("address"), text("picture"));
    for problem in check["problems"].as_array().into_iter().flatten() {
        let _ = writeln!(told, "  - {}", problem.as_str().unwrap_or_default());
    }
    told
}

#[test]
fn every_page_holds_in_both_themes_wide_and_narrow() {
    browse("pages", 40, 120);
}

#[test]
fn faults_that_are_put_into_a_page_are_found() {
    browse("faults", 1, 8);
}

#[test]
fn people_sign_in_are_locked_out_sign_out_and_see_what_is_theirs() {
    browse("sign-in", 30, 8);
}

#[test]
fn without_a_mouse_a_call_is_found_heard_and_commented_on() {
    browse("find", 30, 6);
}

#[test]
fn without_a_mouse_a_folder_of_recordings_is_brought_in() {
    browse("import", 1, 5);
}

#[test]
fn the_live_wall_hears_of_changes_and_says_when_it_cannot() {
    browse("live", 1, 6);
}

#[test]
fn without_a_mouse_a_topic_is_made_and_found() {
    browse("topic", 30, 4);
}
