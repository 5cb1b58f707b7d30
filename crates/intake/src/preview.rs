//! What an import would bring in, without bringing it in.

mod heard;
mod read;

use crate::{
    Format, IntakeError, Kind, Options, Refusal, broken,
    calls::{self, Call, CallRead, Unclaimed, Whose},
    people::People,
    plan::{Form, Input},
    report::Place,
    run,
};
use heard::{Heard, Named};
use read::{Look, contact_of};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    path::Path,
    sync::Arc,
};
use touchline_app::App;
use touchline_model::{Caller, Channel, MediaTime, SpeakerType, Timestamp, User, UserId};

/// How much a preview looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Records that are read, over all files.
    pub records: u64,
    /// Contacts that are shown.
    pub contacts: usize,
    /// Problems that are listed.
    pub problems: usize,
    /// Contacts whose transcript files are opened; of twice as many files the contacts are looked up.
    pub transcripts: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { records: 10_000, contacts: 20, problems: 100, transcripts: 200 }
    }
}

/// One file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviewFile {
    /// Its name below the folder.
    pub name: String,
    /// Its length.
    pub bytes: u64,
    /// What it is; none for a recording.
    pub format: Option<Format>,
    /// What its records are, when they are native ones.
    pub kind: Option<Kind>,
    /// Records that were looked at: lines, rows, messages; 1 for a transcript that was opened.
    pub records: u64,
}

/// Somebody in a transcript.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviewSpeaker {
    /// The number that words use.
    pub number: u16,
    /// The side, as far as the file or its name says it.
    pub side: SpeakerType,
    /// Name or address, where known; otherwise empty.
    pub name: String,
}

/// A contact as it would be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PreviewContact {
    /// The file that it comes from.
    pub file: Arc<str>,
    /// Its id.
    pub id: String,
    /// Whether the id is there already: then the contact is updated, or stays as it is.
    pub exists: bool,
    /// Call, chat or mail.
    pub channel: Channel,
    /// When it began.
    pub started_at: Timestamp,
    /// How long it lasted; 0 when only its recording will tell.
    pub duration: MediaTime,
    /// The agent's id.
    pub agent: Option<UserId>,
    /// The recording that it names.
    pub recording: Option<String>,
    /// Who speaks.
    pub speakers: Vec<PreviewSpeaker>,
    /// How many words.
    pub words: u64,
    /// The first of them.
    pub first_words: String,
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviewColumn {
    /// The file that has it.
    pub file: String,
    /// As its header names it.
    pub name: String,
    /// What it is read as, by the documented name; none for a field that is kept as it is.
    pub meaning: Option<String>,
}

/// What an import would bring in.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Preview {
    /// The files, in the order in which they would be read.
    pub files: Vec<PreviewFile>,
    /// Records that would be taken, by kind, of those that were looked at.
    pub records: BTreeMap<String, u64>,
    /// Whether everything was looked at.
    pub complete: bool,
    /// The first contacts.
    pub contacts: Vec<PreviewContact>,
    /// The first problems: what would be refused as far as the files alone tell.
    pub problems: Vec<Refusal>,
    /// How many problems were found.
    pub problem_count: u64,
    /// What would be taken in another way than it may be meant: agents who are nobody known, recordings that would take
    /// the place of others.
    #[serde(default)]
    pub warnings: Vec<Refusal>,
    /// The columns of tables.
    #[serde(default)]
    pub columns: Vec<PreviewColumn>,
    /// Fields that were seen, with how many records have them.
    pub fields: BTreeMap<String, u64>,
}

impl Preview {
    fn problem(&mut self, bounds: &Bounds, place: Place, id: String, reason: String) {
        self.problem_count += 1;
        if self.problems.len() < bounds.problems {
            self.problems.push(Refusal { place, id, reason });
        }
    }
    fn warn(&mut self, bounds: &Bounds, place: Place, id: String, reason: String) {
        if self.warnings.len() < bounds.problems && !self.warnings.iter().any(|it| it.reason == reason) {
            self.warnings.push(Refusal { place, id, reason });
        }
    }
    fn count(&mut self, kind: &str, more: u64) {
        if more > 0 {
            *self.records.entry(kind.to_owned()).or_default() += more;
        }
    }
}

/// Looks at a file or a folder as [`run`](crate::run) would, changes nothing, and says what would come of it. What only
/// the store could tell of each record (references to others, recordings that cannot be read) is left to the import.
///
/// # Errors
/// When the files cannot be read, the options do not fit them, or the store cannot be asked.
pub async fn preview(
    app: &App,
    caller: &Caller,
    path: &Path,
    options: &Options,
    bounds: &Bounds,
) -> Result<Preview, IntakeError> {
    run::allowed(caller)?;
    if path == Path::new("-") {
        return Err(IntakeError::Input("the standard input cannot be read twice".to_owned()));
    }
    let (inputs, audio) = run::files(path, options).await?;
    let alone = run::recordings_are_alone(app, &inputs).await?;
    let mut found = Preview { complete: true, ..Preview::default() };
    let (mut transcripts, mut left, mut named) = (Vec::new(), bounds.records, Named::default());
    let mut recordings = Vec::new();
    for input in inputs {
        let (format, kind) = match input.form {
            Form::Records(kind) => (Some(Format::Ndjson), Some(kind)),
            Form::Table => (Some(Format::Csv), None),
            Form::Messages => (Some(Format::Messages), None),
            Form::Recording => (None, None),
            Form::Transcript(shape) => (Some(shape.format()), None),
        };
        let name = input.name.to_string();
        found.files.push(PreviewFile { name, bytes: input.bytes, format, kind, records: 0 });
        match input.form {
            Form::Transcript(_) => transcripts.push((found.files.len() - 1, input)),
            Form::Recording => recordings.push(input),
            _ => {
                let mut look = look(app, options, bounds, &input, left).await?;
                left -= look.records;
                named.take(&mut look, &input);
                take(&mut found, bounds, &input, look);
            }
        }
    }
    let place = Heard { app, caller, options, bounds, alone };
    place.recordings(&mut found, &mut named, audio, recordings).await?;
    let names = named.names();
    spoken(app, caller, options, bounds, &mut found, transcripts, &names).await?;
    agents(app, caller, bounds, &mut found, named).await?;
    Ok(found)
}

async fn look(
    app: &App,
    options: &Options,
    bounds: &Bounds,
    input: &Input,
    left: u64,
) -> Result<Look, IntakeError> {
    let (file, zone, limit) = (input.clone(), options.zone.clone(), app.limits().json_bytes);
    let bounds = Bounds { records: left, ..*bounds };
    let look = tokio::task::spawn_blocking(move || read::look(&file, zone, limit, &bounds));
    let look = look.await.map_err(|e| IntakeError::Broken(e.to_string()))?;
    look.map_err(|e| IntakeError::Input(format!("{}: {e}", input.name)))
}

fn take(found: &mut Preview, bounds: &Bounds, input: &Input, look: Look) {
    found.complete &= look.ended;
    if let Some(file) = found.files.last_mut() {
        file.records = look.records;
    }
    found.count(look.kind, look.taken);
    let room = bounds.contacts.saturating_sub(found.contacts.len());
    found.contacts.extend(look.contacts.into_iter().take(room));
    for (field, count) in look.fields {
        *found.fields.entry(field).or_default() += count;
    }
    for (name, meaning) in look.columns {
        let file = input.name.to_string();
        found.columns.push(PreviewColumn { file, name, meaning: meaning.map(str::to_owned) });
    }
    for (line, id, reason) in look.problems {
        let place = Place { file: input.name.clone(), line: Some(line) };
        found.problem(bounds, place, id, reason);
    }
    found.problem_count += look.more_problems;
}

/// Looks at the transcripts, with the contacts that they belong to.
async fn spoken(
    app: &App,
    caller: &Caller,
    options: &Options,
    bounds: &Bounds,
    found: &mut Preview,
    transcripts: Vec<(usize, Input)>,
    names: &HashSet<String>,
) -> Result<(), IntakeError> {
    if transcripts.is_empty() {
        return Ok(());
    }
    // Each is looked up by its name; a call may have two.
    let most = bounds.transcripts.saturating_mul(2);
    found.complete &= transcripts.len() <= most;
    let transcripts: Vec<_> = transcripts.into_iter().take(most).collect();
    let at: HashMap<Arc<str>, usize> = transcripts.iter().map(|(at, it)| (it.name.clone(), *at)).collect();
    let inputs = transcripts.into_iter().map(|(_, input)| input).collect();
    let (mut calls, unclaimed) = calls::sort(app, caller, options, inputs).await?;
    // Those whose contacts come with the same files are claimed once these are in.
    let later = |it: &Unclaimed| calls::names_of(&it.name).any(|name| names.contains(name));
    found.count(calls::KIND, unclaimed.iter().filter(|it| later(it)).count() as u64);
    let unclaimed = unclaimed.into_iter().filter(|it| !later(it)).collect::<Vec<_>>();
    for Unclaimed { input, name, reason } in unclaimed {
        found.problem(bounds, Place { file: input.name, line: None }, name, reason);
    }
    found.complete &= calls.len() <= bounds.transcripts;
    calls.truncate(bounds.transcripts);
    let limit = app.limits().json_bytes;
    for call in calls {
        // One at a time: a transcript may be long.
        let read = tokio::task::spawn_blocking(move || {
            let read = calls::read_call(&call, limit);
            (call, read)
        });
        let (call, read) = read.await.map_err(|e| IntakeError::Broken(e.to_string()))?;
        for (_, input) in &call.files {
            found.files[at[&input.name]].records = 1;
        }
        match read {
            Ok(read) => transcript(found, bounds, &call, read),
            Err(faults) => {
                for (input, fault) in faults {
                    let place = Place { file: input.name, line: fault.line };
                    found.problem(bounds, place, call.whose.id().0.clone(), fault.reason);
                }
            }
        }
    }
    Ok(())
}

fn transcript(found: &mut Preview, bounds: &Bounds, call: &Call, read: CallRead) {
    found.count(calls::KIND, 1);
    let words = read.transcript.words.as_deref().unwrap_or_default();
    for (field, there) in [
        ("words", !words.is_empty()),
        ("words.confidence", words.iter().any(|it| it.confidence.is_some())),
        ("words.punctuation", words.iter().any(|it| it.punctuation.is_some())),
        ("speakers", words.windows(2).any(|pair| pair[0].speaker != pair[1].speaker)),
        ("speakers.side", read.transcript.speakers.iter().any(|it| it.speaker_type.is_some())),
        ("speakers.name", read.transcript.speakers.iter().any(|it| it.first_name.is_some())),
        ("duration", read.duration.is_some()),
    ] {
        if there {
            *found.fields.entry(field.to_owned()).or_default() += 1;
        }
    }
    let Some((_, input)) = call.files.first().filter(|_| found.contacts.len() < bounds.contacts) else {
        return;
    };
    let mut contact = match &call.whose {
        Whose::Known(contact) => (**contact).clone(),
        Whose::New(id, started_at) => calls::bare_contact(id.as_str(), *started_at),
    };
    if let Some(duration) = read.duration.filter(|_| contact.duration == MediaTime::default()) {
        contact.duration = duration;
    }
    let upload = touchline_app::contacts::ContactUpload::new(contact, None);
    found.contacts.push(contact_of(&input.name, &upload, read.transcript.into_transcript().ok().as_ref()));
}

/// Looks up which of the contacts are there, and who the agents are whom tables name.
async fn agents(
    app: &App,
    caller: &Caller,
    bounds: &Bounds,
    found: &mut Preview,
    named: Named,
) -> Result<(), IntakeError> {
    let ids: Vec<String> = found.contacts.iter().map(|it| it.id.clone()).collect();
    if !ids.is_empty() {
        let rows = app.store().contact_rows(&caller.tenant, &ids).await.map_err(broken)?;
        let there: HashSet<String> = rows.into_iter().map(|row| row.contact.value.id.0).collect();
        found.contacts.iter_mut().for_each(|it| it.exists = there.contains(&it.id));
    }
    let unknown =
        |it: &PreviewContact| it.agent.as_ref().is_some_and(|it| it.as_str().starts_with(read::CALLED));
    if named.agents.is_empty() && !found.contacts.iter().any(unknown) {
        return Ok(());
    }
    // Users that come with the same files are there before the calls.
    let users = app.all::<User>(caller).await.map_err(broken)?;
    let new: HashSet<&UserId> = named.users.iter().map(|it| &it.id).collect();
    let old: Vec<User> = users.into_iter().filter(|it| !new.contains(&it.id)).collect();
    let people = People::new(old.into_iter().chain(named.users.iter().cloned()));
    for contact in &mut found.contacts {
        // Not an id yet: what the file gives.
        let called = contact.agent.as_ref().and_then(|it| it.as_str().strip_prefix(read::CALLED));
        if let Some(called) = called {
            contact.agent = people.called(called).ok();
        }
    }
    for (file, agent) in named.agents {
        let place = Place { file, line: Some(agent.line) };
        let known = if agent.address { people.with_email(&agent.value) } else { people.called(&agent.value) };
        match known {
            Ok(_) => {}
            Err(reason) if agent.address => {
                // Each of its rows is refused; the first stands for them.
                let rows = found.records.get_mut(crate::work::CONTACTS);
                rows.into_iter().for_each(|n| *n = n.saturating_sub(agent.rows));
                found.records.retain(|_, n| *n > 0);
                found.problem(bounds, place, agent.id, reason);
                found.problem_count += agent.rows - 1;
            }
            Err(reason) => found.warn(bounds, place, agent.id, reason),
        }
    }
    Ok(())
}
