//! One import from its first file to its last.

use crate::{
    IntakeError, Kind, Options, Report, Waiting, Watcher, broken,
    lines::{Given, Lines},
    plan::{self, Form, Input},
    recordings::Folder,
    records,
    report::{Phase, Tally},
    table::Table,
    work::Import,
};
use std::{path::Path, sync::Arc, time::Duration};
use touchline_app::{
    App,
    contacts::{ContactUpload, SearchField},
};
use touchline_model::{
    Ability, Caller, CoachingSession, ContactState, Evaluation, Feedback, Group, Kpi, Listen, Observation,
    Plan, Scorecard, Share, Topic, User,
};

/// How often the analysis is asked how far it is.
const LOOK: Duration = Duration::from_millis(500);
/// Records of a file that are looked at for the names of recordings.
const LOOKED_AT: usize = 100;
/// Contacts of one state that are counted.
const COUNTED: usize = 100_000;

/// Imports a file, a folder, or `-` for the standard input.
///
/// Every write is one that can be made again without a change, so an import that broke off or was dropped is started
/// again with the same arguments. Runs on a server should set [`Options::leave_analysis`]: its workers do that part.
///
/// # Errors
/// When it cannot begin or not go on; refused lines and files are no errors but stand in the report.
pub async fn run(
    app: &App,
    caller: &Caller,
    path: &Path,
    options: &Options,
    mut watcher: impl Watcher,
) -> Result<Report, IntakeError> {
    allowed(caller)?;
    let (inputs, audio) = files(path, options).await?;
    let tally = Tally::new(&mut watcher, inputs.iter().map(|it| it.bytes).sum());
    let mut import = Import::new(app.clone(), caller.clone(), tally, options.clone(), audio);
    bring_in(&mut import, inputs).await?;
    if options.leave_analysis {
        let waiting = waiting(app, caller).await?;
        let mut report = import.tally.close();
        report.waiting = Some(waiting);
        return Ok(report);
    }
    analyse(&mut import).await?;
    import.check_recordings().await?;
    Ok(import.tally.close())
}

/// Imports write contacts and read which are there; more is asked by the use cases for what else a file holds.
pub(crate) fn allowed(caller: &Caller) -> Result<(), IntakeError> {
    for ability in [Ability::WriteContacts, Ability::ReadContacts] {
        if caller.own_only || !caller.may(ability) {
            return Err(IntakeError::NotAllowed(ability));
        }
    }
    Ok(())
}

/// The files and the folder of their recordings. Reads from the disk, on a thread for that.
pub(crate) async fn files(
    path: &Path,
    options: &Options,
) -> Result<(Vec<Input>, Option<Folder>), IntakeError> {
    let (path, options) = (path.to_owned(), options.clone());
    let found = tokio::task::spawn_blocking(move || {
        let inputs = plan::inputs(&path, options.format, options.kind)?;
        let transcripts = inputs.iter().filter(|it| matches!(it.form, Form::Transcript(_))).count();
        if options.contact.is_some() && transcripts == 0 {
            return Err("a contact was named, but there is no transcript that could belong to it".to_owned());
        }
        let audio = match &options.audio {
            Some(folder) => Some(Folder::open(folder)?),
            // An imported folder has recordings beside other things; they are looked for only if there are some.
            None if path.is_dir() && inputs.iter().any(|it| it.form == Form::Recording) => {
                Some(Folder::open(&path)?)
            }
            None => None,
        };
        Ok((inputs, audio))
    });
    let found = found.await.map_err(|e| IntakeError::Broken(e.to_string()))?;
    Ok(found?)
}

/// Whether no table and no contacts name recordings. What is no such file, whatever it holds, changes nothing for the
/// recordings beside it. Reads the beginnings of files, on a thread for that.
pub(crate) async fn recordings_are_alone(app: &App, inputs: &[Input]) -> Result<bool, IntakeError> {
    if !inputs.iter().any(|it| it.form == Form::Recording) {
        return Ok(true);
    }
    let of_contacts = |it: &&Input| matches!(it.form, Form::Table | Form::Records(Kind::Contacts));
    let files: Vec<Input> = inputs.iter().filter(of_contacts).cloned().collect();
    let limit = app.limits().json_bytes;
    let named = tokio::task::spawn_blocking(move || files.iter().any(|it| names_recordings(it, limit)));
    Ok(!named.await.map_err(|e| IntakeError::Broken(e.to_string()))?)
}

/// Whether a file of contacts says which recordings are theirs. One that cannot be read says nothing.
fn names_recordings(input: &Input, limit: usize) -> bool {
    let Ok(source) = input.open() else { return false };
    let mut lines = Lines::new(source, limit, Arc::default());
    if input.form == Form::Table {
        return matches!(Table::open(&mut lines, None), Ok(Ok(table)) if table.names_recordings());
    }
    for _ in 0..LOOKED_AT {
        match records::next::<ContactUpload>(&mut lines) {
            Ok(Some(Given { item: Ok(it), .. })) if it.original_path.is_some() => return true,
            Ok(Some(_)) => {}
            _ => return false,
        }
    }
    false
}

async fn bring_in(import: &mut Import<'_>, inputs: Vec<Input>) -> Result<(), IntakeError> {
    let alone = recordings_are_alone(&import.app, &inputs).await?;
    let mut inputs = inputs.into_iter().peekable();
    while let Some(input) = inputs.next() {
        match input.form {
            Form::Table => import.table(&input).await?,
            Form::Messages => import.messages(&input).await?,
            Form::Records(kind) => native(import, &input, kind).await?,
            Form::Recording | Form::Transcript(_) => {
                // These belong together: all of them at once.
                let recording = input.form == Form::Recording;
                let mut same = vec![input];
                while let Some(next) = inputs.next_if(|it| match it.form {
                    Form::Recording => recording,
                    Form::Transcript(_) => !recording,
                    _ => false,
                }) {
                    same.push(next);
                }
                match recording {
                    false => import.transcripts(same).await?,
                    true => import.lone_recordings(&same, alone).await?,
                }
            }
        }
    }
    Ok(())
}

async fn native(import: &mut Import<'_>, input: &Input, kind: Kind) -> Result<(), IntakeError> {
    let name = kind.name();
    match kind {
        Kind::Groups => import.records::<Group>(input, name).await,
        Kind::Users => import.records::<User>(input, name).await,
        Kind::Kpis => import.records::<Kpi>(input, name).await,
        Kind::Topics => import.records::<Topic>(input, name).await,
        Kind::Scorecards => import.records::<Scorecard>(input, name).await,
        Kind::Contacts => import.contacts(input).await,
        Kind::Evaluations => import.records::<Evaluation>(input, name).await,
        Kind::Feedback => import.records::<Feedback>(input, name).await,
        Kind::Shares => import.records::<Share>(input, name).await,
        Kind::Listens => import.records::<Listen>(input, name).await,
        Kind::Plans => import.records::<Plan>(input, name).await,
        Kind::Sessions => import.records::<CoachingSession>(input, name).await,
        Kind::Observations => import.records::<Observation>(input, name).await,
    }
}

/// Runs the pipeline until nothing is due, and tells how far it is.
async fn analyse(import: &mut Import<'_>) -> Result<(), IntakeError> {
    let app = import.app.clone();
    let mut most = open_jobs(&app).await?;
    import.tally.tell(Phase::Analysing { open: most, most });
    let mut work = std::pin::pin!(app.work_until_idle());
    loop {
        tokio::select! {
            done = &mut work => return done.map_err(broken),
            () = tokio::time::sleep(LOOK) => {
                let open = open_jobs(&app).await?;
                most = most.max(open);
                import.tally.tell(Phase::Analysing { open, most });
            }
        }
    }
}

async fn open_jobs(app: &App) -> Result<u64, IntakeError> {
    let open = app.store().open_jobs().await.map_err(broken)?;
    Ok(u64::try_from(open).unwrap_or_default())
}

/// How many contacts of the tenant wait for the server to look at their words or recording.
///
/// # Errors
/// When the caller may not read contacts, or the store cannot be asked.
pub async fn waiting(app: &App, caller: &Caller) -> Result<Waiting, IntakeError> {
    let mut waiting = Waiting::default();
    let states = [
        ContactState::UPLOADED,
        ContactState::CONVERTING,
        ContactState::TRANSCRIBING,
        ContactState::ANALYZING,
    ];
    for state in states {
        let found = app.search(caller, &SearchField::State, &state.to_lowercase(), COUNTED).await;
        let ids = found.map_err(broken)?;
        waiting.at_least |= ids.len() == COUNTED;
        if state != ContactState::UPLOADED {
            waiting.contacts += ids.len() as u64;
            continue;
        }
        // Without words and recording this is where a contact stays.
        for step in ids.chunks(crate::lines::STEP) {
            let rows = app.store().contact_rows(&caller.tenant, step).await.map_err(broken)?;
            waiting.contacts += rows.iter().filter(|row| row.recording.is_some()).count() as u64;
        }
    }
    Ok(waiting)
}
