//! `touchline import`: contacts, directories and recordings from files.

use std::process::ExitCode;

/// What to import, and how.
#[derive(clap::Args, Debug)]
pub struct Options {}

/// Imports.
pub async fn run(_options: Options) -> Result<ExitCode, String> {
    Err("being written".to_owned())
}
