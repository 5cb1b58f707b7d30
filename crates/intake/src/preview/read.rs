//! Looking at the lines of one file.

use super::{Bounds, PreviewContact, PreviewSpeaker};
use crate::{
    Kind,
    lines::{Given, Lines},
    messages,
    plan::{Form, Input},
    records::{self, GivenContact},
    table::Table,
    work::CONTACTS,
};
use jiff::tz::TimeZone;
use serde::de::{DeserializeOwned, IgnoredAny};
use std::{
    collections::{BTreeMap, HashSet},
    io,
    sync::Arc,
};
use touchline_app::contacts::ContactUpload;
use touchline_model::{
    CoachingSession, Contact, Evaluation, Feedback, Group, Kpi, Listen, MediaTime, Observation, Plan,
    Scorecard, Share, Speaker, Topic, Transcript, User, UserId, Validate,
};

/// Before what a file calls an agent whose id is not looked up yet; no id holds it.
pub(super) const CALLED: &str = "\0called:";
/// Words at the beginning of a contact that are shown.
const FIRST_WORDS: usize = 20;

/// What a table calls an agent.
pub(super) struct Agent {
    /// As the first row has it.
    pub(super) value: String,
    /// Whether it must be an address.
    pub(super) address: bool,
    /// The first row that has it.
    pub(super) line: u64,
    /// The id of that row.
    pub(super) id: String,
    /// How many rows have it.
    pub(super) rows: u64,
}

/// What was seen in one file.
pub(super) struct Look {
    pub(super) kind: &'static str,
    pub(super) records: u64,
    pub(super) taken: u64,
    /// Whether the file ended before the bound.
    pub(super) ended: bool,
    pub(super) contacts: Vec<PreviewContact>,
    /// Ids of all of them.
    pub(super) ids: HashSet<String>,
    /// Line, id and recording of those that name one.
    pub(super) recorded: Vec<(u64, String, String)>,
    /// Recordings that refused lines name.
    pub(super) turned_away: Vec<String>,
    /// What a table calls the agents, in small letters.
    pub(super) agents: BTreeMap<String, Agent>,
    /// The people that the file holds.
    pub(super) users: Vec<User>,
    /// Names of columns, and what they mean.
    pub(super) columns: Vec<(String, Option<&'static str>)>,
    /// Line, id, reason.
    pub(super) problems: Vec<(u64, String, String)>,
    pub(super) more_problems: u64,
    pub(super) fields: BTreeMap<String, u64>,
}

impl Look {
    fn new(kind: &'static str) -> Self {
        Self {
            kind,
            records: 0,
            taken: 0,
            ended: true,
            contacts: vec![],
            ids: HashSet::new(),
            recorded: vec![],
            turned_away: vec![],
            agents: BTreeMap::new(),
            users: vec![],
            columns: vec![],
            problems: vec![],
            more_problems: 0,
            fields: BTreeMap::new(),
        }
    }

    fn problem(&mut self, bounds: &Bounds, line: u64, id: &str, reason: String) {
        match self.problems.len() < bounds.problems {
            true => self.problems.push((line, id.to_owned(), reason)),
            false => self.more_problems += 1,
        }
    }

    /// A contact is checked as it will be.
    fn contact(&mut self, bounds: &Bounds, input: &Input, line: u64, given: GivenContact) {
        let GivenContact { mut upload, agent_email, agent, .. } = given;
        let transcript =
            upload.transcript.take().map(|it| it.into_transcript().map_err(|e| e.under("transcript")));
        let checked = transcript.transpose().and_then(|it| contact(&upload).validate().map(|()| it));
        match checked {
            Err(invalid) => {
                self.turned_away.extend(upload.original_path);
                self.problem(bounds, line, upload.id.as_str(), invalid.to_string());
            }
            Ok(transcript) => {
                self.taken += 1;
                self.ids.insert(upload.id.0.clone());
                let recording = upload.original_path.clone();
                self.recorded.extend(recording.map(|name| (line, upload.id.0.clone(), name)));
                if self.contacts.len() < bounds.contacts {
                    if let Some(called) = agent_email.or(agent.map(|(_, value)| value)) {
                        upload.agent_id = Some(UserId(format!("{CALLED}{called}")));
                    }
                    self.contacts.push(contact_of(&input.name, &upload, transcript.as_ref()));
                }
            }
        }
    }
}

fn contact(upload: &ContactUpload) -> Contact {
    Contact {
        id: upload.id.clone(),
        channel: upload.channel,
        direction: upload.direction,
        agent_id: upload.agent_id.clone(),
        started_at: upload.started_at,
        duration: upload.duration,
        state: upload.state.clone(),
        original_path: upload.original_path.clone(),
        metadata: upload.metadata.clone(),
        crm_matches: upload.crm_matches.clone(),
    }
}

/// A contact as it is shown.
pub(super) fn contact_of(
    file: &Arc<str>,
    upload: &ContactUpload,
    transcript: Option<&Transcript>,
) -> PreviewContact {
    let words = transcript.map_or(&[][..], |it| &it.words);
    let mut numbers: Vec<u16> = words.iter().map(|it| it.speaker).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let speaker = |number: u16| {
        let known = transcript.and_then(|it| it.speakers.iter().find(|it| it.number == number));
        let side = known.and_then(|it| it.speaker_type).unwrap_or_default();
        PreviewSpeaker { number, side, name: known.map(name).unwrap_or_default() }
    };
    let said = words.iter().map(|word| word.end).max();
    let duration = said.filter(|_| upload.duration == MediaTime::default()).unwrap_or(upload.duration);
    PreviewContact {
        file: file.clone(),
        id: upload.id.0.clone(),
        exists: false,
        channel: upload.channel,
        started_at: upload.started_at,
        duration,
        agent: upload.agent_id.clone(),
        recording: upload.original_path.clone(),
        speakers: numbers.into_iter().map(speaker).collect(),
        words: words.len() as u64,
        first_words: transcript.map(|it| it.text(0, FIRST_WORDS.min(words.len()))).unwrap_or_default(),
    }
}

fn name(speaker: &Speaker) -> String {
    let names = [&speaker.first_name, &speaker.last_name];
    let whole: Vec<&str> = names.into_iter().filter_map(|it| it.as_deref()).collect();
    match whole.is_empty() {
        false => whole.join(" "),
        true => speaker.email.clone().unwrap_or_default(),
    }
}

/// Reads a file of lines up to the bound.
pub(super) fn look(input: &Input, zone: Option<TimeZone>, limit: usize, bounds: &Bounds) -> io::Result<Look> {
    let source = input.open().map_err(io::Error::other)?;
    let mut lines = Lines::new(source, limit, Arc::default());
    match input.form {
        Form::Table => table(&mut lines, input, zone, bounds),
        Form::Messages => from_messages(&mut lines, input, zone.as_ref(), bounds),
        Form::Records(Kind::Contacts) => contacts(&mut lines, input, bounds),
        Form::Records(kind) => match kind {
            Kind::Groups => native::<Group>(kind, &mut lines, bounds),
            Kind::Users => users(&mut lines, bounds),
            Kind::Kpis => native::<Kpi>(kind, &mut lines, bounds),
            Kind::Topics => native::<Topic>(kind, &mut lines, bounds),
            Kind::Scorecards => native::<Scorecard>(kind, &mut lines, bounds),
            Kind::Evaluations => native::<Evaluation>(kind, &mut lines, bounds),
            Kind::Feedback => native::<Feedback>(kind, &mut lines, bounds),
            Kind::Shares => native::<Share>(kind, &mut lines, bounds),
            Kind::Listens => native::<Listen>(kind, &mut lines, bounds),
            Kind::Plans => native::<Plan>(kind, &mut lines, bounds),
            Kind::Sessions => native::<CoachingSession>(kind, &mut lines, bounds),
            Kind::Observations => native::<Observation>(kind, &mut lines, bounds),
            Kind::Contacts => contacts(&mut lines, input, bounds),
        },
        Form::Recording | Form::Transcript(_) => Ok(Look::new(CONTACTS)),
    }
}

fn contacts(lines: &mut Lines, input: &Input, bounds: &Bounds) -> io::Result<Look> {
    let mut look = Look::new(CONTACTS);
    each::<ContactUpload>(lines, bounds, &mut look, |look, line, raw, mut upload| {
        if upload.id.is_empty() {
            upload.id = records::id_of_line(raw).into();
        }
        look.contact(
            bounds,
            input,
            line,
            GivenContact { upload, agent_email: None, agent: None, recording: None },
        );
    })?;
    Ok(look)
}

fn users(lines: &mut Lines, bounds: &Bounds) -> io::Result<Look> {
    let mut look = Look::new(Kind::Users.name());
    each::<User>(lines, bounds, &mut look, |look, _, _, user| {
        look.taken += 1;
        look.users.push(user);
    })?;
    Ok(look)
}

fn native<T: DeserializeOwned + Validate>(
    kind: Kind,
    lines: &mut Lines,
    bounds: &Bounds,
) -> io::Result<Look> {
    let mut look = Look::new(kind.name());
    each::<T>(lines, bounds, &mut look, |look, _, _, _| look.taken += 1)?;
    Ok(look)
}

fn each<T: DeserializeOwned>(
    lines: &mut Lines,
    bounds: &Bounds,
    look: &mut Look,
    mut take: impl FnMut(&mut Look, u64, &[u8], T),
) -> io::Result<()> {
    loop {
        if look.records == bounds.records {
            look.ended = lines.next()?.is_none();
            return Ok(());
        }
        let Some(Given { line, raw, item, about }) = records::next::<T>(lines)? else { return Ok(()) };
        look.records += 1;
        if let Ok(fields) = serde_json::from_slice::<BTreeMap<String, IgnoredAny>>(&raw) {
            fields.into_keys().for_each(|field| *look.fields.entry(field).or_default() += 1);
        }
        match item {
            Ok(item) => take(look, line, &raw, item),
            Err(reason) => {
                look.turned_away.extend(about.recording);
                look.problem(bounds, line, &about.id, reason);
            }
        }
    }
}

fn table(lines: &mut Lines, input: &Input, zone: Option<TimeZone>, bounds: &Bounds) -> io::Result<Look> {
    let mut look = Look::new(CONTACTS);
    let table = match Table::open(lines, zone)? {
        Ok(table) => table,
        Err((line, reason)) => {
            look.problem(bounds, line, "", reason);
            return Ok(look);
        }
    };
    loop {
        if look.records == bounds.records {
            look.ended = lines.next()?.is_none();
            break;
        }
        let Some(Given { line, item, about, .. }) = table.next(lines)? else { break };
        look.records += 1;
        match item {
            Ok(given) => {
                let called = given.agent_email.clone().map(|value| (value, true));
                let called = called.or(given.agent.clone().map(|(_, value)| (value, false)));
                if let Some((value, address)) = called {
                    let (key, id) = (value.to_lowercase(), about.id);
                    look.agents.entry(key).or_insert(Agent { value, address, line, id, rows: 0 }).rows += 1;
                }
                look.contact(bounds, input, line, given);
            }
            Err(reason) => {
                look.turned_away.extend(about.recording);
                look.problem(bounds, line, &about.id, reason);
            }
        }
    }
    look.columns = table.meanings().map(|(name, meaning)| (name.to_owned(), meaning)).collect();
    look.fields.extend(table.fields().into_iter().map(|field| (field, look.records)));
    Ok(look)
}

fn from_messages(
    lines: &mut Lines,
    input: &Input,
    zone: Option<&TimeZone>,
    bounds: &Bounds,
) -> io::Result<Look> {
    let mut look = Look::new(CONTACTS);
    let read = messages::read(lines, input, zone, bounds.records)?;
    look.records = read.messages.min(bounds.records);
    look.ended = read.messages < bounds.records || lines.next()?.is_none();
    look.fields = read.fields;
    for (line, id, reason) in read.refused {
        look.problem(bounds, line, &id, reason);
    }
    for messages::FromMessages { line, upload, agent_email } in read.contacts {
        look.contact(bounds, input, line, GivenContact { upload, agent_email, agent: None, recording: None });
    }
    Ok(look)
}
