//! Which transcript files belong to which contact, by their names.

use super::{
    dates,
    plan::Input,
    recordings::{ENDINGS, stem},
    whisper,
    work::{CONTACTS, Import, fatal},
};
use futures::StreamExt;
use std::{
    collections::{BTreeMap, BTreeSet},
    io::Read,
};
use touchline_app::{
    AppError,
    contacts::{ContactUpload, SearchField, TranscriptUpload},
    records::Put,
};
use touchline_model::{
    Channel, Contact, ContactId, Direction, MediaTime, Speaker, SpeakerType, Timestamp, UserId,
};

/// Transcripts that are written at once: each waits for the disk.
const AT_ONCE: usize = 8;
/// The kind, as the summary names it.
const KIND: &str = "transcripts";

/// Which side of a call a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Side {
    Whole,
    Agent,
    Customer,
    Number(u16),
}

impl Side {
    fn speaker(self) -> u16 {
        match self {
            Self::Whole | Self::Agent => 0,
            Self::Customer => 1,
            Self::Number(number) => number,
        }
    }
}

/// The files of one contact.
struct Call {
    agent: Option<UserId>,
    files: Vec<(Side, Input)>,
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

impl Import {
    /// Reads transcripts, one or several files a contact.
    pub(super) async fn transcripts(&mut self, inputs: Vec<Input>) -> Result<(), String> {
        let names: BTreeSet<String> = inputs.iter().map(|it| plain(&it.stem()).to_owned()).collect();
        let mut calls: BTreeMap<ContactId, Call> = BTreeMap::new();
        for input in inputs {
            let name = plain(&input.stem()).to_owned();
            match self.whose(&name, &names).await? {
                Err(reason) => self.refuse(KIND, &input, &name, &reason)?,
                Ok((contact, side)) => {
                    let call =
                        calls.entry(contact.id).or_insert(Call { agent: contact.agent_id, files: vec![] });
                    let clash = |(other, _): &&(Side, Input)| {
                        *other == side || *other == Side::Whole || side == Side::Whole
                    };
                    match call.files.iter().find(clash) {
                        None => call.files.push((side, input)),
                        Some((_, other)) => {
                            let reason = format!("this call has its transcript from {} already", other.name);
                            self.refuse(KIND, &input, &name, &reason)?;
                        }
                    }
                }
            }
        }
        let (app, caller) = (self.app.clone(), self.caller.clone());
        let mut ready = Vec::new();
        let mut calls = calls.into_iter().peekable();
        while let Some((id, call)) = calls.next() {
            if let Some(upload) = self.read_call(&id, call)? {
                ready.push((id, upload));
            }
            if ready.len() < AT_ONCE && calls.peek().is_some() {
                continue;
            }
            let step = ready.drain(..).map(|(id, (upload, input))| {
                let (app, caller) = (&app, &caller);
                async move {
                    let put = app.put_transcript(caller, id.as_str(), upload).await;
                    (id, input, put)
                }
            });
            let done: Vec<(ContactId, Input, Result<Put, AppError>)> =
                futures::stream::iter(step).buffer_unordered(AT_ONCE).collect().await;
            for (id, input, put) in done {
                self.count(KIND, &Self::place(&input, None), id.as_str(), put.map(|it| it.status))?;
            }
            self.report.tick();
        }
        Ok(())
    }

    /// The words of a call from all its files. A call of which one side cannot be read is not half written: a score
    /// given on half a conversation is worse than none.
    fn read_call(&mut self, id: &ContactId, call: Call) -> Result<Option<(TranscriptUpload, Input)>, String> {
        let (mut words, mut broken) = (Vec::new(), None);
        for (side, input) in &call.files {
            match self.read_file(input).and_then(|json| whisper::words(&json, side.speaker())) {
                Ok(mut some) => words.append(&mut some),
                Err(reason) => {
                    self.refuse(KIND, input, id.as_str(), &reason)?;
                    broken = Some(input.name.clone());
                }
            }
        }
        if let Some(broken) = broken {
            for (_, input) in call.files.iter().filter(|(_, input)| input.name != broken) {
                let reason = format!("the other side of this call, {broken}, cannot be read");
                self.refuse(KIND, input, id.as_str(), &reason)?;
            }
            return Ok(None);
        }
        let speakers =
            call.files.iter().filter_map(|(side, _)| speaker(*side, call.agent.as_ref())).collect();
        let input = call.files.into_iter().next().map(|(_, input)| input);
        Ok(input.map(|input| (TranscriptUpload { speakers, words: Some(words), utterances: None }, input)))
    }

    fn read_file(&self, input: &Input) -> Result<Vec<u8>, String> {
        let limit = self.app.limits().json_bytes;
        if input.bytes > limit as u64 {
            return Err(format!("is {} bytes long, at most {limit} are read", input.bytes));
        }
        let mut json = Vec::new();
        let mut file = input.open()?.take(limit as u64);
        file.read_to_end(&mut json).map_err(|e| e.to_string())?;
        self.read_bytes(input.bytes);
        Ok(match json.strip_prefix(b"\xEF\xBB\xBF") {
            Some(rest) => rest.to_vec(),
            None => json,
        })
    }

    /// The contact that a file's name speaks of: by its id, by the name of its recording, or made when the name carries
    /// the time. A whole name goes before a name with a side, because `call_0` may well be a call of its own.
    async fn whose(
        &mut self,
        name: &str,
        names: &BTreeSet<String>,
    ) -> Result<Result<(Contact, Side), String>, String> {
        if let Some(contact) = self.contact_named(name).await? {
            return Ok(Ok((contact, Side::Whole)));
        }
        let part = side(name);
        if let Some((base, side)) = part
            && let Some(contact) = self.contact_named(base).await?
        {
            return Ok(Ok((contact, side)));
        }
        let (new, side) = match part {
            Some((base, side @ (Side::Agent | Side::Customer))) => (base, side),
            Some((base, side))
                if ["0", "1"].iter().all(|n| {
                    // Numbers are sides only when both are there.
                    ['.', '_', '-'].iter().any(|mark| names.contains(&format!("{base}{mark}{n}")))
                }) =>
            {
                (base, side)
            }
            _ => (name, Side::Whole),
        };
        let started_at = match dates::in_name(new, self.zone.as_ref()) {
            Some(Ok(started_at)) => started_at,
            Some(Err(reason)) => return Ok(Err(reason)),
            None => return Ok(Err(format!("there is no contact `{new}`: import its metadata first"))),
        };
        let upload = ContactUpload::new(bare_contact(new, started_at), None);
        match self.app.put_contact(&self.caller, upload).await {
            Err(error) => fatal(error).map(Err),
            Ok(put) => match self.contact_named(new).await? {
                Some(contact) => {
                    self.report.took(CONTACTS, put.status);
                    Ok(Ok((contact, side)))
                }
                None => Ok(Err(format!("contact `{new}` was erased just now"))),
            },
        }
    }

    async fn contact_named(&self, name: &str) -> Result<Option<Contact>, String> {
        let store = self.app.store();
        let by_id = store.contact_row(&self.caller.tenant, name).await.map_err(|e| e.to_string())?;
        if let Some(row) = by_id {
            return Ok(Some(row.contact.value));
        }
        for ending in ENDINGS {
            let path = format!("{name}.{ending}").to_lowercase();
            let found = self.app.search(&self.caller, &SearchField::OriginalPath, &path, 2).await;
            let found = found.map_err(|e| e.to_string())?;
            // Two contacts with recordings of the same name: the name does not say which.
            if let [only] = &found[..] {
                let row = store.contact_row(&self.caller.tenant, only).await.map_err(|e| e.to_string())?;
                return Ok(row.map(|row| row.contact.value));
            }
        }
        Ok(None)
    }

    /// A recording on its own is a contact: its id is the file's name, its time the one in the name, or else when the
    /// file was last changed.
    pub(super) fn lone_recording(
        &self,
        input: &Input,
        known: Option<&Contact>,
    ) -> Result<ContactUpload, String> {
        let started_at = match (dates::in_name(&input.stem(), self.zone.as_ref()), known) {
            (Some(read), _) => read?,
            // Copying a file changes its time, not the call's.
            (None, Some(known)) => known.started_at,
            (None, None) => {
                let changed = std::fs::metadata(&input.path).and_then(|it| it.modified());
                let changed = changed.map_err(|e| e.to_string())?;
                jiff::Timestamp::try_from(changed).map_err(|e| e.to_string())?.into()
            }
        };
        let id = stem(&input.name);
        let mut contact = known.cloned().unwrap_or_else(|| bare_contact(&id, started_at));
        (contact.started_at, contact.state) = (started_at, None);
        contact.original_path = Some(input.recording_name());
        Ok(ContactUpload::new(contact, None))
    }
}

/// A contact of which nothing but its time is known.
pub(super) fn bare_contact(id: &str, started_at: Timestamp) -> Contact {
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
