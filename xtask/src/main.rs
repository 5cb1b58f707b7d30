//! Chores of this repository: `cargo xtask test | check-layers | conformance [--check] | release`.

mod conformance;
mod install;
mod layers;
mod release;
mod shell;
mod tags;
mod test;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

const HELP: &str = "\
cargo xtask test [--only STEP] [--skip-install]   install what is missing, then check everything
cargo xtask check-layers                          crates import only what ARCHITECTURE.md allows
cargo xtask conformance [--check]                 write (or compare) docs/conformance/*.md
cargo xtask release                               build the program as it is shipped";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let root = root();
    let result = match words.as_slice() {
        ["test", options @ ..] => {
            test::Options::parse(options).and_then(|options| test::run(&root, &options))
        }
        ["check-layers"] => layers::check(&root),
        ["conformance"] => conformance::write(&root),
        ["conformance", "--check"] => conformance::check(&root),
        ["release"] => release::build(&root),
        [] | ["help" | "--help" | "-h"] => {
            println!("{HELP}");
            Ok(())
        }
        _ => Err(format!("`{}` is not one of:\n{HELP}", words.join(" "))),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

/// The repository, wherever the command is called from.
fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}
