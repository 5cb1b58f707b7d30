//! `touchline import`: the options, and what is shown. The work is done by `touchline-intake` (docs/import.md).

mod shown;

use clap::{
    Args,
    builder::{PossibleValuesParser, TypedValueParser},
};
use shown::Shown;
use std::{path::PathBuf, process::ExitCode};
use touchline_app::{App, tenants::SERVER};
use touchline_intake::{self as intake, Format, Kind, StartedAt};
use touchline_model::{Caller, TenantId};

/// Exit code when some of the input was refused and the rest is in.
const SOME_REFUSED: u8 = 2;

/// What to import, and how.
#[derive(Args, Debug)]
pub struct Options {
    /// A file, a folder, or `-` for the standard input.
    path: PathBuf,
    /// What the files are; `auto` tells by their content.
    #[arg(long, value_parser = format_parser(), default_value = Format::Auto.name())]
    format: Format,
    /// The tenant; may be left out when there is exactly one.
    #[arg(long)]
    tenant: Option<String>,
    /// Folder of the recordings that contacts name. Of a folder that is imported, the folder itself.
    #[arg(long, value_name = "DIR")]
    audio: Option<PathBuf>,
    /// What NDJSON files hold [default: by their name, such as users.ndjson, or else contacts].
    #[arg(long, value_parser = kind_parser())]
    kind: Option<Kind>,
    /// The contact that the transcript belongs to, whatever its file is called.
    #[arg(long, value_name = "ID")]
    contact: Option<String>,
    /// When new contacts began of which neither the data nor the file's name says it: a time, or `file` for when the file
    /// was last changed.
    #[arg(long, value_name = "TIME|file")]
    started_at: Option<String>,
    /// Write refused input to this file, as NDJSON with file, line, id and reason.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Time zone of dates that have none, such as Europe/Berlin.
    #[arg(long, value_name = "IANA")]
    zone: Option<String>,
    /// Leave the analysis to the server.
    #[arg(long)]
    no_analysis: bool,
    #[command(flatten)]
    place: crate::config::Place,
}

fn format_parser() -> impl TypedValueParser<Value = Format> {
    let names = PossibleValuesParser::new(Format::ALL.iter().map(|it| it.name()));
    names.map(|name| name.parse().unwrap_or_default())
}

fn kind_parser() -> impl TypedValueParser<Value = Kind> {
    let names = PossibleValuesParser::new(Kind::ALL.iter().map(|it| it.name()));
    names.map(|name| name.parse().unwrap_or(Kind::Contacts))
}

/// Imports. The exit code is 0 when everything was taken and 2 when some of it was refused; an error is a run that could
/// not go on.
pub async fn run(options: Options) -> Result<ExitCode, String> {
    let settings = options.place.settings(None)?;
    let how = how(&options)?;
    let mut shown = Shown::new(options.report.as_deref())?;
    // Before the database is opened, so that a wrong name costs nothing.
    if let Err(error) = std::fs::metadata(&options.path)
        && options.path.as_os_str() != "-"
    {
        return Err(format!("{}: {error}", options.path.display()));
    }
    let app = crate::server::open_existing(&settings.config).await?;
    let tenant = tenant(&app, options.tenant.as_deref()).await?;
    let caller = Caller::system(tenant.clone(), "import");
    let done = intake::run(&app, &caller, &options.path, &how, &mut shown).await;
    app.store().close().await;
    let report = done.map_err(|e| e.to_string())?;
    shown.close(tenant.as_str(), &report)?;
    Ok(if report.total().refused > 0 { ExitCode::from(SOME_REFUSED) } else { ExitCode::SUCCESS })
}

fn how(options: &Options) -> Result<intake::Options, String> {
    let zone = options.zone.as_deref().map(|name| {
        jiff::tz::TimeZone::get(name).map_err(|_| format!("--zone: there is no time zone `{name}`"))
    });
    let zone = zone.transpose()?;
    if let Some(folder) = &options.audio {
        let there = std::fs::metadata(folder).map_err(|e| format!("--audio: {}: {e}", folder.display()))?;
        if !there.is_dir() {
            return Err(format!("--audio: {} is no folder", folder.display()));
        }
    }
    let started_at = options
        .started_at
        .as_deref()
        .map(|text| StartedAt::parse(text, zone.as_ref()).map_err(|e| format!("--started-at: {e}")));
    Ok(intake::Options {
        format: options.format,
        kind: options.kind,
        started_at: started_at.transpose()?,
        zone,
        audio: options.audio.clone(),
        contact: options.contact.clone(),
        leave_analysis: options.no_analysis,
    })
}

/// The tenant of this name, or the only one there is.
pub(crate) async fn tenant(app: &App, given: Option<&str>) -> Result<TenantId, String> {
    let known = app.tenants(&Caller::system(TenantId(SERVER.to_owned()), "import")).await;
    let mut known: Vec<TenantId> = known
        .map_err(|e| e.to_string())?
        .into_iter()
        .map(|it| it.id)
        .filter(|it| it.as_str() != SERVER)
        .collect();
    match given {
        Some(name) => {
            let found = known.into_iter().find(|it| it.as_str() == name);
            found.ok_or_else(|| {
                format!("there is no tenant `{name}`: make it with `touchline tenant create {name}`")
            })
        }
        None if known.len() > 1 => Err("there are several tenants: give --tenant".to_owned()),
        None => known
            .pop()
            .ok_or("there is no tenant yet: make one with `touchline tenant create NAME`".to_owned()),
    }
}
