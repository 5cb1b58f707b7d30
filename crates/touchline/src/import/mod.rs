//! `touchline import`: contacts, directories, recordings and transcripts from files (docs/import.md).
//!
//! Everything goes through the same use cases as the APIs. Nothing is remembered between runs: a second run compares
//! with what is there, so that it changes nothing, and a run that was killed is simply started again.

mod calls;
mod contacts;
mod dates;
mod lines;
mod plan;
mod recordings;
mod records;
mod report;
mod table;
mod values;
mod whisper;
mod work;

use clap::{Args, ValueEnum};
use plan::{Form, Input};
use recordings::Folder;
use report::Report;
use std::{path::PathBuf, process::ExitCode, time::Duration};
use touchline_app::{App, tenants::SERVER};
use touchline_model::{
    Caller, CoachingSession, Evaluation, Feedback, Group, Kpi, Listen, Observation, Plan, Scorecard, Share,
    TenantId, Topic, User,
};
use work::Import;

/// Exit code when some of the input was refused and the rest is in.
const SOME_REFUSED: u8 = 2;

/// What to import, and how.
#[derive(Args, Debug)]
pub struct Options {
    /// A file, a folder, or `-` for the standard input.
    path: PathBuf,
    /// What the files are; `auto` tells by their content.
    #[arg(long, value_enum, default_value_t = Format::Auto)]
    format: Format,
    /// The tenant; may be left out when there is exactly one.
    #[arg(long)]
    tenant: Option<String>,
    /// Folder of the recordings that contacts name. Of a folder that is imported, the folder itself.
    #[arg(long, value_name = "DIR")]
    audio: Option<PathBuf>,
    /// What NDJSON files hold [default: by their name, such as users.ndjson, or else contacts].
    #[arg(long, value_enum)]
    kind: Option<What>,
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

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Auto,
    Ndjson,
    Csv,
    Whisper,
}

/// Kinds of records, in the order in which they are read: what others refer to comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
enum What {
    Groups,
    Users,
    Kpis,
    Topics,
    Scorecards,
    Contacts,
    Evaluations,
    Feedback,
    Shares,
    Listens,
    Plans,
    Sessions,
    Observations,
}

impl What {
    fn from_name(word: &str) -> Option<Self> {
        Self::value_variants().iter().copied().find(|it| it.name() == word)
    }
    fn name(self) -> &'static str {
        match self {
            Self::Groups => "groups",
            Self::Users => "users",
            Self::Kpis => "kpis",
            Self::Topics => "topics",
            Self::Scorecards => "scorecards",
            Self::Contacts => work::CONTACTS,
            Self::Evaluations => "evaluations",
            Self::Feedback => "feedback",
            Self::Shares => "shares",
            Self::Listens => "listens",
            Self::Plans => "plans",
            Self::Sessions => "sessions",
            Self::Observations => "observations",
        }
    }
}

/// Imports. The exit code is 0 when everything was taken and 2 when some of it was refused; an error is a run that could
/// not go on.
pub async fn run(options: Options) -> Result<ExitCode, String> {
    let settings = options.place.settings(None)?;
    let zone = options.zone.as_deref().map(|name| {
        jiff::tz::TimeZone::get(name).map_err(|_| format!("--zone: there is no time zone `{name}`"))
    });
    let zone = zone.transpose()?;
    let inputs = plan::inputs(&options.path, options.format, options.kind)?;
    let audio = match &options.audio {
        Some(folder) => Some(Folder::open(folder).map_err(|e| format!("--audio: {e}"))?),
        None if options.path.is_dir() => Some(Folder::open(&options.path)?),
        None => None,
    };
    let report = Report::new(options.report.as_deref(), inputs.iter().map(|it| it.bytes).sum())?;
    let app = crate::server::open(&settings.config).await?;
    let tenant = tenant(&app, options.tenant.as_deref()).await?;
    let caller = Caller::system(tenant.clone(), "import");
    // An imported folder has recordings beside other things; they are looked for only if there are some.
    let audio =
        audio.filter(|_| options.audio.is_some() || inputs.iter().any(|it| it.form == Form::Recording));
    let mut import = Import::new(app.clone(), caller, report, zone, audio);
    let done = bring_in(&mut import, inputs, options.no_analysis).await;
    app.store().close().await;
    done?;
    let refused = import.report.any_refused();
    import.report.close(tenant.as_str());
    Ok(if refused { ExitCode::from(SOME_REFUSED) } else { ExitCode::SUCCESS })
}

async fn tenant(app: &App, given: Option<&str>) -> Result<TenantId, String> {
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

async fn bring_in(import: &mut Import, inputs: Vec<Input>, no_analysis: bool) -> Result<(), String> {
    let names_recordings = |form| matches!(form, Form::Table | Form::Records(What::Contacts));
    let lone = !inputs.iter().any(|it| names_recordings(it.form));
    let mut inputs = inputs.into_iter().peekable();
    while let Some(input) = inputs.next() {
        match input.form {
            Form::Table => import.table(&input).await?,
            Form::Records(what) => records(import, &input, what).await?,
            Form::Recording | Form::Whisper => {
                // These belong together: all of them at once.
                let mut same = vec![input];
                while let Some(next) = inputs.next_if(|it| it.form == same[0].form) {
                    same.push(next);
                }
                match same[0].form {
                    Form::Whisper => import.transcripts(same).await?,
                    _ if lone => import.lone_recordings(&same).await?,
                    _ => import.left_over(&same)?,
                }
            }
        }
    }
    if no_analysis {
        return Ok(());
    }
    analyse(import).await?;
    import.check_recordings().await
}

async fn records(import: &mut Import, input: &Input, what: What) -> Result<(), String> {
    let name = what.name();
    match what {
        What::Groups => import.records::<Group>(input, name).await,
        What::Users => import.records::<User>(input, name).await,
        What::Kpis => import.records::<Kpi>(input, name).await,
        What::Topics => import.records::<Topic>(input, name).await,
        What::Scorecards => import.records::<Scorecard>(input, name).await,
        What::Contacts => import.contacts(input).await,
        What::Evaluations => import.records::<Evaluation>(input, name).await,
        What::Feedback => import.records::<Feedback>(input, name).await,
        What::Shares => import.records::<Share>(input, name).await,
        What::Listens => import.records::<Listen>(input, name).await,
        What::Plans => import.records::<Plan>(input, name).await,
        What::Sessions => import.records::<CoachingSession>(input, name).await,
        What::Observations => import.records::<Observation>(input, name).await,
    }
}

/// Runs the pipeline until nothing is due, and shows how far it is.
async fn analyse(import: &mut Import) -> Result<(), String> {
    let app = import.app.clone();
    let open = async || {
        app.store().open_jobs().await.map(|n| u64::try_from(n).unwrap_or(0)).map_err(|e| e.to_string())
    };
    let mut most = open().await?;
    import.report.analysing(most);
    let mut work = std::pin::pin!(app.work_until_idle());
    loop {
        tokio::select! {
            done = &mut work => return done.map_err(|e| e.to_string()),
            () = tokio::time::sleep(Duration::from_millis(500)) => {
                let now = open().await?;
                // Jobs make jobs.
                most = most.max(now);
                import.report.jobs(now, most);
            }
        }
    }
}
