//! `touchline`: one binary, one data directory, no cloud.

mod admin;

use clap::{Parser, Subcommand};
use std::process::ExitCode;
use touchline::{config::Place, demo, doctor, export, import, out, server, simulate};

/// A self-hosted server for contact-centre quality, coaching and live supervision.
#[derive(Parser)]
#[command(name = "touchline", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the APIs and pages.
    Serve {
        #[command(flatten)]
        place: Place,
        /// Address and port [default: 127.0.0.1:8080].
        #[arg(long)]
        listen: Option<String>,
        /// Address and port for telephones (SIP over UDP and TCP); without it there are none.
        #[arg(long)]
        sip: Option<String>,
    },
    /// Load a realistic sample organisation into ./touchline-demo (or --data), then serve it.
    Demo {
        #[command(flatten)]
        place: Place,
        /// Address and port [default: 127.0.0.1:8080].
        #[arg(long)]
        listen: Option<String>,
        /// Address and port for telephones (SIP over UDP and TCP); without it there are none.
        #[arg(long)]
        sip: Option<String>,
        /// The same seed and day give the same organisation.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// How many contacts.
        #[arg(long, default_value_t = 3_000)]
        contacts: usize,
        /// Load and stop, without serving.
        #[arg(long)]
        load_only: bool,
        /// So many simulated customers call simulated agents, over loopback: nobody needs a telephone to see live calls.
        #[arg(long, value_name = "CALLERS", value_parser = clap::value_parser!(u16).range(1..=100))]
        simulate: Option<u16>,
        /// Simulated calls last so many seconds at most.
        #[arg(long, value_name = "SECONDS", default_value_t = 150, value_parser = clap::value_parser!(u64).range(1..=3_600))]
        simulate_talk: u64,
    },
    /// Bring in contacts, directories and recordings from files.
    Import(import::Options),
    /// Write data for a warehouse: a file for each day, and a manifest.
    Export(export::Options),
    /// Make and list tenants.
    Tenant {
        #[command(flatten)]
        place: Place,
        #[command(subcommand)]
        what: admin::TenantCommand,
    },
    /// Make, list and revoke credentials.
    Key {
        #[command(flatten)]
        place: Place,
        #[command(subcommand)]
        what: admin::KeyCommand,
    },
    /// Let people sign in to the pages.
    User {
        #[command(flatten)]
        place: Place,
        #[command(subcommand)]
        what: admin::UserCommand,
    },
    /// Look after what reports are made from.
    Reports {
        #[command(flatten)]
        place: Place,
        #[command(subcommand)]
        what: admin::ReportsCommand,
    },
    /// Check a store from end to end: engine, audit chain, jobs, recordings, cross-references.
    Doctor {
        #[command(flatten)]
        place: Place,
    },
    /// Show the configuration in force, with where each value comes from.
    Config {
        #[command(flatten)]
        place: Place,
        #[command(subcommand)]
        what: ConfigCommand,
    },
}

#[derive(Subcommand)]
enum ConfigCommand {
    /// Print every setting, its value and its source.
    Show,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let filter = tracing_subscriber::EnvFilter::try_from_env("TOUCHLINE_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn,touchline=info"));
    let colours = std::io::IsTerminal::is_terminal(&std::io::stderr());
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colours).with_writer(std::io::stderr).init();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: no threads to run on: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(run(cli.command)) {
        Ok(code) => code,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> Result<ExitCode, String> {
    match command {
        Command::Serve { place, listen, sip } => {
            let settings = place.settings_with(listen.as_deref(), sip.as_deref())?;
            server::serve(&settings, None, server::stop_signal()).await?;
        }
        Command::Demo { mut place, listen, mut sip, seed, contacts, load_only, simulate, simulate_talk } => {
            // A folder of its own, so that trying things out never mixes with real data.
            if place.data.is_none() && place.config.is_none() {
                place.data = Some("./touchline-demo".into());
            }
            let mut settings = place.settings_with(listen.as_deref(), sip.as_deref())?;
            if simulate.is_some() && settings.config.telephony.sip.is_empty() {
                sip = Some("127.0.0.1:0".to_owned());
                settings = place.settings_with(listen.as_deref(), sip.as_deref())?;
            }
            let loaded = demo::load(&settings, seed, contacts).await?;
            if load_only {
                out::say(&loaded)?;
            } else {
                let pace = simulate::Pace::of(simulate_talk);
                let simulated = simulate.map(|it| simulate::Simulate { callers: it.into(), pace });
                let simulated = simulated.map(|it| (demo::TENANT, it));
                server::serve_with(&settings, Some(&loaded), simulated, server::stop_signal()).await?;
            }
        }
        Command::Import(options) => return import::run(options).await,
        Command::Export(options) => return export::run(options).await,
        Command::Tenant { place, what } => admin::tenant(&place.settings(None)?, what).await?,
        Command::Key { place, what } => admin::key(&place.settings(None)?, what).await?,
        Command::User { place, what } => admin::user(&place.settings(None)?, what).await?,
        Command::Reports { place, what } => admin::reports(&place.settings(None)?, what).await?,
        Command::Doctor { place } => {
            let found = doctor::check(&place.settings(None)?).await?;
            out::say(&found)?;
            return Ok(if found.is_healthy() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        Command::Config { place, what: ConfigCommand::Show } => {
            out::say(place.settings(None)?.show().trim_end())?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
