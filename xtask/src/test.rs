//! Everything that must hold before a change lands, in one command.

use crate::{conformance, install, layers, shell};
use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};

/// What a step says when it went well, for the summary.
type Outcome = Result<String, String>;
type Step = (&'static str, fn(&Path) -> Outcome);

/// Cheap checks first, so that a slip is told in seconds.
const STEPS: [Step; 9] = [
    ("install", |root| install::all(root).map(|()| "everything needed is there".to_owned())),
    ("fmt", |root| cargo(root, &["fmt", "--check"])),
    ("layers", |root| layers::check(root).map(|()| String::new())),
    ("conformance", |root| conformance::check(root).map(|()| String::new())),
    ("clippy", |root| cargo(root, &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])),
    ("doc", doc),
    ("tests", tests),
    ("fuzz", fuzz),
    ("deny", deny),
];

/// How `cargo xtask test` was called.
pub(crate) struct Options {
    only: Option<String>,
    skip_install: bool,
}

impl Options {
    /// Reads the command line.
    pub(crate) fn parse(words: &[&str]) -> Result<Self, String> {
        let names: Vec<_> = STEPS.iter().map(|(name, _)| *name).collect();
        match words {
            [] => Ok(Self { only: None, skip_install: false }),
            ["--skip-install", rest @ ..] => Ok(Self { skip_install: true, ..Self::parse(rest)? }),
            ["--only", step, rest @ ..] if names.contains(step) => {
                Ok(Self { only: Some((*step).to_owned()), ..Self::parse(rest)? })
            }
            ["--only", ..] => Err(format!("--only needs one of: {}", names.join(", "))),
            [other, ..] => Err(format!("`{other}` is no option of test")),
        }
    }

    fn wants(&self, step: &str) -> bool {
        self.only.as_deref().is_none_or(|only| only == step) && !(self.skip_install && step == "install")
    }
}

/// Runs the steps and stops at the first that fails.
pub(crate) fn run(root: &Path, options: &Options) -> Result<(), String> {
    let mut summary = Vec::new();
    for (name, step) in STEPS.iter().filter(|(name, _)| options.wants(name)) {
        println!("\n== {name}");
        let began = Instant::now();
        let outcome = step(root);
        let took = seconds(began.elapsed());
        match outcome {
            Ok(said) => summary.push(format!("{name:<12} ok {took:>8}  {said}")),
            Err(message) => {
                summary.push(format!("{name:<12} FAILED {took}"));
                println!("\n== summary\n{}", summary.join("\n"));
                return Err(message);
            }
        }
    }
    println!("\n== summary\n{}", summary.join("\n"));
    Ok(())
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

fn cargo(root: &Path, arguments: &[&str]) -> Outcome {
    shell::run(shell::cargo(root).args(arguments)).map(|()| String::new())
}

fn doc(root: &Path) -> Outcome {
    let mut command = shell::cargo(root);
    command.args(["doc", "--no-deps", "--workspace"]).env("RUSTDOCFLAGS", "-D warnings");
    shell::run(&mut command).map(|()| String::new())
}

fn tests(root: &Path) -> Outcome {
    let mut command = shell::cargo(root);
    command.args(["test", "--workspace"]).stdout(Stdio::piped());
    if let Some(python) = install::python_of(root, install::CLIENTS) {
        command.env("TOUCHLINE_PYTHON", python);
    }
    if let Some(python) = install::python_of(root, install::WAREHOUSE) {
        command.env("TOUCHLINE_TEST_WAREHOUSE_PYTHON", python);
    }
    let mut process = command.spawn().map_err(|error| format!("could not run cargo test: {error}"))?;
    let mut counts = Counts::default();
    for line in process.stdout.take().into_iter().flat_map(|pipe| BufReader::new(pipe).split(b'\n')) {
        let line = line.map_err(|error| format!("could not read what cargo test says: {error}"))?;
        let line = String::from_utf8_lossy(&line);
        println!("{line}");
        counts.add(&line);
    }
    let status = process.wait().map_err(|error| format!("could not wait for cargo test: {error}"))?;
    match status.success() {
        false => Err(format!("cargo test failed ({status}): {counts}")),
        true if counts.passed == 0 => Err("cargo test ran no test".to_owned()),
        true => Ok(counts.to_string()),
    }
}

/// The tests named `fuzz` once more, now for a while: each a minute on CI, two at a time; some seconds at home.
fn fuzz(root: &Path) -> Outcome {
    let seconds = if std::env::var_os("CI").is_some() { "60" } else { "5" };
    let mut command = shell::cargo(root);
    // The same selection as for the tests, so that nothing is built anew.
    command.args(["test", "--workspace", "--test", "fuzz", "--", "--nocapture", "--test-threads=2"]);
    shell::run(command.env("TOUCHLINE_FUZZ_SECONDS", seconds)).map(|()| format!("{seconds} s each"))
}

/// What the lines `test result: ...` add up to.
#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    passed: u32,
    failed: u32,
    ignored: u32,
}

impl Counts {
    fn add(&mut self, line: &str) {
        let Some((_, counts)) = line.split_once("test result: ") else { return };
        let mut words = counts.split([' ', ';']).filter(|word| !word.is_empty()).peekable();
        while let Some(word) = words.next() {
            if let (Ok(n), Some(&what)) = (word.parse::<u32>(), words.peek()) {
                match what {
                    "passed" => self.passed += n,
                    "failed" => self.failed += n,
                    "ignored" => self.ignored += n,
                    _ => {}
                }
            }
        }
    }
}

impl std::fmt::Display for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} passed, {} failed, {} ignored", self.passed, self.failed, self.ignored)
    }
}

fn deny(root: &Path) -> Outcome {
    if !install::has_cargo_deny() {
        return Ok("LEFT OUT: cargo-deny is not installed (cargo install cargo-deny)".to_owned());
    }
    cargo(root, &["deny", "check"])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_of_several_test_programs_add_up() {
        let mut counts = Counts::default();
        counts.add("running 3 tests");
        counts.add(
            "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 7 filtered out; finished in 0.02s",
        );
        counts.add("test result: FAILED. 2 passed; 4 failed; 0 ignored; 0 measured; 0 filtered out");
        assert_eq!(counts, Counts { passed: 5, failed: 4, ignored: 1 });
    }

    #[test]
    fn options_choose_the_steps() {
        let wanted = |words: &[&str]| {
            let options = Options::parse(words).unwrap();
            STEPS.iter().map(|(name, _)| *name).filter(|name| options.wants(name)).collect::<Vec<_>>()
        };
        assert_eq!(wanted(&[]).len(), STEPS.len());
        assert_eq!(wanted(&["--only", "fmt"]), ["fmt"]);
        assert_eq!(wanted(&["--skip-install"]).first(), Some(&"fmt"));
        assert!(Options::parse(&["--only", "nothing"]).is_err_and(|message| message.contains("clippy")));
        assert!(Options::parse(&["--fast"]).is_err());
    }
}
