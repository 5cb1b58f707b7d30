//! Which transcript files belong to which contact, by their names.

mod find;

pub(crate) use find::sort;

use crate::{
    IntakeError, Options, StartedAt, dates,
    plan::{Form, Input},
    recordings::{ENDINGS, stem},
    speech::{self, Fault, Shape, Spoken},
    why,
    work::{CONTACTS, Import},
};
use futures::StreamExt;
use std::io::Read;
use touchline_app::{
    AppError,
    contacts::{ContactUpload, TranscriptUpload},
    records::{Put, PutStatus},
};
use touchline_model::{
    Channel, Contact, ContactId, Direction, MediaTime, Speaker, SpeakerType, Timestamp, UserId,
};

/// Transcripts that are written at once: each waits for the disk.
const AT_ONCE: usize = 8;
/// The kind, as the summary names it.
pub(crate) const KIND: &str = "transcripts";

/// Said of a recording beside tables that name others.
const UNNAMED: &str = "no contact names this recording: name it in the table, or say when it was (--started-at), then it is a call of its own";

/// Which side of a call a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Side {
    Whole,
    Agent,
    Customer,
    Number(u16),
}

impl Side {
    pub(crate) fn speaker(self) -> u16 {
        match self {
            Self::Whole | Self::Agent => 0,
            Self::Customer => 1,
            Self::Number(number) => number,
        }
    }
}

/// The contact of one or several transcripts.
#[derive(Clone, Debug)]
pub(crate) enum Whose {
    /// It is there.
    Known(Box<Contact>),
    /// It will be made.
    New(ContactId, Timestamp),
}

impl Whose {
    pub(crate) fn id(&self) -> &ContactId {
        match self {
            Self::Known(contact) => &contact.id,
            Self::New(id, _) => id,
        }
    }
    fn agent(&self) -> Option<&UserId> {
        match self {
            Self::Known(contact) => contact.agent_id.as_ref(),
            Self::New(..) => None,
        }
    }
}

/// The files of one contact.
pub(crate) struct Call {
    pub(crate) whose: Whose,
    pub(crate) files: Vec<(Side, Input)>,
}

/// A file that is refused, and why.
pub(crate) struct Unclaimed {
    pub(crate) input: Input,
    pub(crate) name: String,
    pub(crate) reason: String,
}

/// What the files of one contact say together.
pub(crate) struct CallRead {
    pub(crate) transcript: TranscriptUpload,
    pub(crate) duration: Option<MediaTime>,
}

/// A name without the ending of a recording, as in `4711.wav.json`.
fn plain(name: &str) -> &str {
    let cut = name.rsplit_once('.').filter(|(_, ending)| ENDINGS.contains(&&*ending.to_ascii_lowercase()));
    cut.map_or(name, |(before, _)| before)
}

/// The call and the side that a name speaks of, if it speaks of a side.
fn side(name: &str) -> Option<(&str, Side)> {
    let (base, last) = name.rsplit_once(['.', '_', '-'])?;
    let side = match last.to_ascii_lowercase().as_str() {
        "agent" => Side::Agent,
        "customer" => Side::Customer,
        "0" => Side::Number(0),
        "1" => Side::Number(1),
        _ => return None,
    };
    (!base.is_empty()).then_some((base, side))
}

/// The names of contacts that a file's name may speak of: itself, and without its side.
pub(crate) fn names_of(name: &str) -> impl Iterator<Item = &str> {
    std::iter::once(name).chain(side(name).map(|(base, _)| base))
}

/// What the options say of a contact that nothing else dates.
pub(crate) fn started_at(options: &Options, input: &Input) -> Result<Option<Timestamp>, String> {
    Ok(match options.started_at {
        None => None,
        Some(StartedAt::At(time)) => Some(time),
        Some(StartedAt::FileTime) => Some(input.changed()?),
    })
}

/// The words of a call from all its files. A call of which one side cannot be read is not half written: a score given on
/// half a conversation is worse than none. The error tells of each file why it is not taken.
pub(crate) fn read_call(call: &Call, limit: usize) -> Result<CallRead, Vec<(Input, Fault)>> {
    let (mut words, mut speakers, mut duration) = (Vec::new(), Vec::<Speaker>::new(), None);
    let mut faults = Vec::new();
    for (side, input) in &call.files {
        match read_file(input, limit).and_then(|bytes| speech::read(shape(input), &bytes, side.speaker())) {
            Ok(Spoken { words: mut some, speakers: named, duration: length }) => {
                words.append(&mut some);
                duration = duration.max(length);
                let known = speaker(*side, call.whose.agent());
                for one in named.into_iter().map(|it| with_side(it, known.as_ref())).chain(known.clone()) {
                    if !speakers.iter().any(|it| it.number == one.number) {
                        speakers.push(one);
                    }
                }
            }
            Err(fault) => faults.push((input.clone(), fault)),
        }
    }
    let Some((broken, _)) = faults.first() else {
        let transcript = TranscriptUpload { speakers, words: Some(words), utterances: None };
        return Ok(CallRead { transcript, duration });
    };
    let reason = format!("the other side of this call, {}, cannot be read", broken.name);
    let whole = call.files.iter().filter(|(_, input)| !faults.iter().any(|(it, _)| it.name == input.name));
    let whole: Vec<_> = whole.map(|(_, input)| (input.clone(), Fault::from(reason.clone()))).collect();
    faults.extend(whole);
    Err(faults)
}

/// What the file says of a speaker, with the side that its name says.
fn with_side(mut named: Speaker, known: Option<&Speaker>) -> Speaker {
    if let Some(known) = known.filter(|it| it.number == named.number) {
        named.speaker_type = known.speaker_type;
        named.user_id.clone_from(&known.user_id);
    }
    named
}

fn shape(input: &Input) -> Shape {
    match input.form {
        Form::Transcript(shape) => shape,
        _ => Shape::Whisper,
    }
}

fn read_file(input: &Input, limit: usize) -> Result<Vec<u8>, Fault> {
    if input.bytes > limit as u64 {
        return Err(Fault::from(format!("is {} bytes long, at most {limit} are read", input.bytes)));
    }
    let mut bytes = Vec::new();
    let mut file = input.open()?.take(limit as u64);
    file.read_to_end(&mut bytes).map_err(|e| e.to_string())?;
    Ok(bytes)
}

impl Import<'_> {
    /// Reads transcripts, one or several files a contact.
    pub(crate) async fn transcripts(&mut self, inputs: Vec<Input>) -> Result<(), IntakeError> {
        let (calls, unclaimed) = sort(&self.app, &self.caller, &self.options, inputs).await?;
        for Unclaimed { input, name, reason } in unclaimed {
            self.read_bytes(input.bytes);
            self.refuse(KIND, &input, &name, &reason)?;
        }
        let (app, caller) = (self.app.clone(), self.caller.clone());
        let limit = app.limits().json_bytes;
        let mut calls = calls.into_iter().peekable();
        while calls.peek().is_some() {
            let some: Vec<Call> = calls.by_ref().take(AT_ONCE).collect();
            let bytes: u64 = some.iter().flat_map(|it| &it.files).map(|(_, input)| input.bytes).sum();
            let read = tokio::task::spawn_blocking(move || {
                let read = some.into_iter().map(|call| {
                    let read = read_call(&call, limit);
                    (call, read)
                });
                read.collect::<Vec<_>>()
            });
            let mut ready = Vec::new();
            for (call, read) in read.await.map_err(|e| IntakeError::Broken(e.to_string()))? {
                match read {
                    Ok(read) => {
                        if let Some(transcript) = self.made(&call, read).await? {
                            ready.push((call, transcript));
                        }
                    }
                    Err(faults) => {
                        for (input, fault) in faults {
                            let place = Self::place(&input, fault.line);
                            self.tally.refuse(KIND, &place, call.whose.id().as_str(), &fault.reason)?;
                        }
                    }
                }
            }
            let step = ready.into_iter().map(|(call, upload)| {
                let (app, caller) = (&app, &caller);
                async move {
                    let put = app.put_transcript(caller, call.whose.id().as_str(), upload).await;
                    (call, put)
                }
            });
            let done: Vec<(Call, Result<Put, AppError>)> =
                futures::stream::iter(step).buffer_unordered(AT_ONCE).collect().await;
            for (call, put) in done {
                if let Some((_, input)) = call.files.first() {
                    let place = Self::place(input, None);
                    // The contact that was made for it has changed by it; the transcript itself is new.
                    let new = matches!(call.whose, Whose::New(..));
                    let status = put.map(|it| match it.status {
                        PutStatus::Updated if new => PutStatus::Created,
                        status => status,
                    });
                    self.count(KIND, &place, call.whose.id().as_str(), status)?;
                }
            }
            self.read_bytes(bytes);
            self.tally.tick();
        }
        Ok(())
    }

    /// The transcript, once its contact is there.
    async fn made(&mut self, call: &Call, read: CallRead) -> Result<Option<TranscriptUpload>, IntakeError> {
        let (id, started_at) = match &call.whose {
            Whose::New(id, started_at) => (id, started_at),
            Whose::Known(contact) => {
                self.tally.brought(contact.id.as_str(), contact.started_at);
                return Ok(Some(read.transcript));
            }
        };
        let mut contact = bare_contact(id.as_str(), *started_at);
        contact.duration = read.duration.unwrap_or_default();
        let put = self.app.put_contact(&self.caller, ContactUpload::new(contact, None)).await;
        match put {
            Ok(put) => {
                self.tally.took(CONTACTS, put.status);
                self.tally.brought(id.as_str(), *started_at);
                Ok(Some(read.transcript))
            }
            Err(error) => {
                let reason = why(error)?;
                for (_, input) in &call.files {
                    self.refuse(KIND, input, id.as_str(), &reason)?;
                }
                Ok(None)
            }
        }
    }
}

/// A recording on its own is a contact: its id is the file's name, its time the one in the name, or else the one that the
/// options give, or else when the file was last changed. Unless it is `alone`: beside files that say which recordings
/// there are it is that of the contact with its name, and a time must be given.
pub(crate) fn lone_recording(
    options: &Options,
    input: &Input,
    known: Option<&Contact>,
    alone: bool,
) -> Result<ContactUpload, String> {
    let plain = |path: &str| path.replace('\\', "/");
    let name = input.recording_name();
    let in_name = || dates::in_name(&input.stem(), options.zone.as_ref());
    let started_at = match known {
        Some(known) if !alone => match known.original_path.as_deref() {
            Some(other) if plain(other) != plain(&name) => {
                return Err(format!("the contact {:?} has another recording, {other:?}", known.id.as_str()));
            }
            _ => known.started_at,
        },
        _ => match (in_name(), known) {
            (Some(read), _) => read?,
            // Copying a file changes its time, not the call's.
            (None, Some(known)) => known.started_at,
            (None, None) => match started_at(options, input)? {
                Some(given) => given,
                None if alone => input.changed()?,
                None => return Err(UNNAMED.to_owned()),
            },
        },
    };
    let id = stem(&input.name);
    let mut contact = known.cloned().unwrap_or_else(|| bare_contact(&id, started_at));
    (contact.started_at, contact.state) = (started_at, None);
    contact.original_path = Some(name);
    Ok(ContactUpload::new(contact, None))
}

/// A contact of which nothing but its time is known.
pub(crate) fn bare_contact(id: &str, started_at: Timestamp) -> Contact {
    Contact {
        id: id.into(),
        channel: Channel::default(),
        direction: Direction::default(),
        agent_id: None,
        started_at,
        duration: MediaTime::default(),
        state: None,
        original_path: None,
        metadata: serde_json::Map::new(),
        crm_matches: vec![],
    }
}

/// What the name of a file says of its speaker.
fn speaker(side: Side, agent: Option<&UserId>) -> Option<Speaker> {
    let known = |speaker_type, user_id| {
        Some(Speaker {
            number: side.speaker(),
            speaker_type: Some(speaker_type),
            user_id,
            ..Speaker::default()
        })
    };
    match side {
        Side::Agent => known(SpeakerType::Internal, agent.cloned()),
        Side::Customer => known(SpeakerType::External, None),
        Side::Whole | Side::Number(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_speak_of_sides() {
        assert_eq!(side("4711.agent"), Some(("4711", Side::Agent)));
        assert_eq!(side("4711_Customer"), Some(("4711", Side::Customer)));
        assert_eq!(side("a-b_0"), Some(("a-b", Side::Number(0))));
        assert_eq!(side("4711_2"), None);
        assert_eq!(side("_1"), None);
        assert_eq!(plain("4711.WAV"), "4711");
        assert_eq!(plain("4711.agent"), "4711.agent");
    }
}
