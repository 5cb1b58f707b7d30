//! Bringing the input in, step by step. Everything that is written was read whole before, and can be written again
//! without a change; so a run that breaks off is simply started again.

use crate::{
    IntakeError, Options, broken, calls,
    lines::{self, Given, Lines, ahead},
    plan::Input,
    recordings::{self, Folder, Sending},
    records,
    report::{Place, Tally},
    why,
};
use futures::StreamExt;
use serde::de::DeserializeOwned;
use std::{
    collections::{HashMap, HashSet},
    hash::{BuildHasher, RandomState},
    path::PathBuf,
    sync::{Arc, atomic::Ordering},
};
use touchline_app::{
    App, AppError,
    records::{PutStatus, Ruled},
    store::ContactRow,
};
use touchline_model::{Caller, ContactState, UserId};

/// The kinds that the summary names beside the records' own.
pub(crate) const CONTACTS: &str = "contacts";
pub(crate) const RECORDINGS: &str = "recordings";

/// What was seen of an id: enough to tell a repetition from a contradiction, in 24 bytes an id.
struct Seen {
    content: u64,
    file: u32,
    line: u32,
}

/// A contact that was written, and its recording.
pub(crate) struct Recorded {
    pub(crate) id: String,
    pub(crate) place: Place,
    pub(crate) recording: String,
}

/// An import under way.
pub(crate) struct Import<'w> {
    pub(crate) app: App,
    pub(crate) caller: Caller,
    pub(crate) tally: Tally<'w>,
    pub(crate) options: Options,
    pub(crate) audio: Option<Folder>,
    hasher: RandomState,
    seen: HashMap<u64, Seen>,
    files: Vec<Arc<str>>,
    pub(crate) users: Option<Arc<HashMap<String, Vec<UserId>>>>,
    used: HashSet<PathBuf>,
    /// Contacts whose recording the pipeline has still to read.
    unread: Vec<(String, Place)>,
}

impl<'w> Import<'w> {
    pub(crate) fn new(
        app: App,
        caller: Caller,
        tally: Tally<'w>,
        options: Options,
        audio: Option<Folder>,
    ) -> Self {
        Self {
            app,
            caller,
            tally,
            options,
            audio,
            hasher: RandomState::new(),
            seen: HashMap::new(),
            files: vec![],
            users: None,
            used: HashSet::new(),
            unread: vec![],
        }
    }

    pub(crate) fn place(input: &Input, line: Option<u64>) -> Place {
        Place { file: input.name.clone(), line }
    }

    pub(crate) fn refuse(
        &mut self,
        kind: &'static str,
        input: &Input,
        id: &str,
        reason: &str,
    ) -> Result<(), IntakeError> {
        self.tally.refuse(kind, &Self::place(input, None), id, reason)
    }

    pub(crate) fn read_bytes(&self, bytes: u64) {
        self.tally.bytes().fetch_add(bytes, Ordering::Relaxed);
    }

    /// Counts what became of one input.
    pub(crate) fn count(
        &mut self,
        kind: &'static str,
        place: &Place,
        id: &str,
        result: Result<PutStatus, AppError>,
    ) -> Result<(), IntakeError> {
        match result {
            Ok(status) => self.tally.took(kind, status),
            Err(error) => self.tally.refuse(kind, place, id, &why(error)?)?,
        }
        Ok(())
    }

    pub(crate) fn lines(&self, input: &Input) -> Result<Lines, IntakeError> {
        Ok(Lines::new(input.open()?, self.app.limits().json_bytes, self.tally.bytes()))
    }

    /// Whether an id comes for the first time. A repetition is counted, a contradiction refused.
    pub(crate) fn is_first(
        &mut self,
        kind: &'static str,
        input: &Input,
        line: u64,
        id: &str,
        raw: &[u8],
    ) -> Result<bool, IntakeError> {
        let key = self.hasher.hash_one((kind, id));
        let content = self.hasher.hash_one(raw.trim_ascii());
        if self.files.last() != Some(&input.name) {
            self.files.push(input.name.clone());
        }
        let Some(first) = self.seen.get(&key) else {
            let (file, line) = (self.files.len() as u32 - 1, u32::try_from(line).unwrap_or(u32::MAX));
            self.seen.insert(key, Seen { content, file, line });
            return Ok(true);
        };
        if first.content == content {
            self.tally.took(kind, PutStatus::Unchanged);
            return Ok(false);
        }
        let file = self.files.get(first.file as usize).cloned().unwrap_or_default();
        let reason = format!("this id stands in {file}:{} already, with other content", first.line);
        self.tally.refuse(kind, &Self::place(input, Some(line)), id, &reason)?;
        Ok(false)
    }

    /// Reads records of one kind.
    pub(crate) async fn records<T: Ruled + DeserializeOwned>(
        &mut self,
        input: &Input,
        kind: &'static str,
    ) -> Result<(), IntakeError> {
        let mut source = self.lines(input)?;
        let mut steps = ahead(move || records::next::<T>(&mut source));
        while let Some(step) = steps.recv().await {
            let (mut items, mut lines) = (Vec::new(), Vec::new());
            for Given { line, raw, item } in step.map_err(|e| format!("{}: {e}", input.name))? {
                match item {
                    Err(reason) => self.tally.refuse(kind, &Self::place(input, Some(line)), "", &reason)?,
                    Ok(item) => {
                        let id = Some(item.id()).filter(|id| !matches!(id.as_str(), "" | "0"));
                        let id = id.unwrap_or_else(|| records::id_of_line(&raw));
                        if self.is_first(kind, input, line, &id, &raw)? {
                            items.push((item, id));
                            lines.push(line);
                        }
                    }
                }
            }
            let named = records::give_ids(&self.app, &self.caller, &mut items).await;
            named.map_err(broken)?;
            let (items, ids): (Vec<T>, Vec<String>) = items.into_iter().unzip();
            let put = records::put(&self.app, &self.caller, items).await;
            let put = put.map_err(broken)?;
            for ((line, id), result) in lines.into_iter().zip(ids).zip(put) {
                self.count(kind, &Self::place(input, Some(line)), &id, result.map(|it| it.status))?;
            }
            self.tally.tick();
        }
        // Users may have come.
        self.users = None;
        Ok(())
    }

    /// Reads recordings that are contacts on their own.
    pub(crate) async fn lone_recordings(&mut self, inputs: &[Input]) -> Result<(), IntakeError> {
        for step in inputs.chunks(lines::STEP) {
            let ids: Vec<String> = step.iter().map(|it| recordings::stem(&it.name)).collect();
            let known = self.rows(&ids).await?;
            let mut good = Vec::new();
            for (input, id) in step.iter().zip(ids) {
                let known = known.get(&id).map(|row| &row.contact.value);
                let upload = calls::lone_recording(&self.options, input, known);
                match upload {
                    Err(reason) => self.refuse(CONTACTS, input, &id, &reason)?,
                    Ok(upload) => {
                        if self.is_first(CONTACTS, input, 1, &id, input.name.as_bytes())? {
                            good.push((input, upload));
                        }
                    }
                }
            }
            let uploads = good.iter().map(|(_, upload)| upload.clone()).collect();
            let put = self.app.put_contacts(&self.caller, uploads).await;
            let put = put.map_err(broken)?;
            let mut sending = Vec::new();
            for ((input, upload), result) in good.into_iter().zip(put) {
                let place = Self::place(input, None);
                if result.is_ok() {
                    let recording = input.recording_name();
                    let it = Recorded { id: upload.id.0.clone(), place: place.clone(), recording };
                    sending.push((it, input.path.clone()));
                }
                self.count(CONTACTS, &place, upload.id.as_str(), result.map(|it| it.status))?;
                self.read_bytes(input.bytes);
            }
            self.send(sending).await?;
        }
        Ok(())
    }

    async fn rows(&mut self, ids: &[String]) -> Result<HashMap<String, ContactRow>, IntakeError> {
        let rows = self.app.store().contact_rows(&self.caller.tenant, ids).await.map_err(broken)?;
        Ok(rows.into_iter().map(|row| (row.contact.value.id.0.clone(), row)).collect())
    }

    pub(crate) async fn send(&mut self, list: Vec<(Recorded, PathBuf)>) -> Result<(), IntakeError> {
        if list.is_empty() {
            return Ok(());
        }
        let ids: Vec<String> = list.iter().map(|(it, _)| it.id.clone()).collect();
        let mut rows = self.rows(&ids).await?;
        let (mut about, mut sending) = (Vec::new(), Vec::new());
        for (it, path) in list {
            let known = rows.remove(&it.id);
            self.used.insert(path.clone());
            sending.push(Sending { at: about.len(), id: it.id, name: it.recording, path, known });
            about.push(it.place);
        }
        let (app, caller) = (self.app.clone(), self.caller.clone());
        let mut sent = std::pin::pin!(recordings::send(&app, &caller, sending));
        while let Some((it, result)) = sent.next().await {
            let place = &about[it.at];
            match result {
                Ok(changed) => {
                    if changed {
                        self.tally.recorded();
                    }
                    self.unread.push((it.id, place.clone()));
                }
                Err(error) => {
                    let reason = format!("recording {:?}: {}", it.name, why(error)?);
                    self.tally.refuse(RECORDINGS, place, &it.id, &reason)?;
                }
            }
            self.tally.tick();
        }
        Ok(())
    }

    /// Recordings in the folder that no contact has named.
    pub(crate) fn left_over(&mut self, inputs: &[Input]) -> Result<(), IntakeError> {
        for input in inputs {
            let whole = input.path.canonicalize().unwrap_or_else(|_| input.path.clone());
            if !self.used.contains(&whole) {
                self.refuse(RECORDINGS, input, "", "no contact names this recording")?;
            }
            self.read_bytes(input.bytes);
        }
        Ok(())
    }

    /// Tells which recordings turned out to be broken, once the pipeline has read them.
    pub(crate) async fn check_recordings(&mut self) -> Result<(), IntakeError> {
        let unread = std::mem::take(&mut self.unread);
        for step in unread.chunks(lines::STEP) {
            let ids: Vec<String> = step.iter().map(|(id, _)| id.clone()).collect();
            let rows = self.rows(&ids).await?;
            for (id, place) in step {
                let Some(row) = rows.get(id) else { continue };
                let state = row.contact.value.state.as_ref();
                if state.is_some_and(|it| it.is(ContactState::CONVERTER_REJECTED)) {
                    let why = row.failure.as_deref().unwrap_or("it could not be read");
                    self.tally.refuse(RECORDINGS, place, id, &format!("broken recording: {why}"))?;
                }
            }
        }
        Ok(())
    }
}
