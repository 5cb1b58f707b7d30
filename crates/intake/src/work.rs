//! Bringing the input in, step by step. Everything that is written was read whole before, and can be written again
//! without a change; so a run that breaks off is simply started again.

use crate::{
    IntakeError, Options, broken, calls,
    lines::{self, Given, Lines, ahead},
    people::People,
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
use touchline_model::{Caller, ContactState};

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
    pub(crate) people: Option<Arc<People>>,
    /// Recordings that contacts have.
    used: HashSet<PathBuf>,
    /// Recordings that only refused lines name.
    pub(crate) turned_away: HashSet<PathBuf>,
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
            people: None,
            used: HashSet::new(),
            turned_away: HashSet::new(),
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

    /// Whether an id came before in this run.
    fn has_seen(&self, kind: &'static str, id: &str) -> bool {
        self.seen.contains_key(&self.hasher.hash_one((kind, id)))
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
            for Given { line, raw, item, about } in step.map_err(|e| format!("{}: {e}", input.name))? {
                match item {
                    Err(reason) => {
                        self.tally.refuse(kind, &Self::place(input, Some(line)), &about.id, &reason)?;
                    }
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
        self.people = None;
        Ok(())
    }

    /// Reads recordings that no line names: each is a contact on its own, or that of the contact with its name. `alone`:
    /// nothing else says which recordings there are; then a recording of which nothing tells when it was began when its
    /// file was last changed.
    pub(crate) async fn lone_recordings(&mut self, inputs: &[Input], alone: bool) -> Result<(), IntakeError> {
        for step in inputs.chunks(lines::STEP) {
            let files: Vec<PathBuf> = step.iter().map(|it| it.path.clone()).collect();
            let looked = tokio::task::spawn_blocking(move || {
                let look = |path: PathBuf| {
                    let unheard = recordings::unheard(&path);
                    (path.canonicalize().unwrap_or(path), unheard)
                };
                files.into_iter().map(look).collect::<Vec<_>>()
            });
            let looked = looked.await.map_err(|e| IntakeError::Broken(e.to_string()))?;
            let mut lone = Vec::new();
            for (input, (path, unheard)) in step.iter().zip(looked) {
                self.read_bytes(input.bytes);
                let id = recordings::stem(&input.name);
                match unheard {
                    _ if self.used.contains(&path) => {}
                    _ if self.turned_away.contains(&path) => {
                        self.refuse(RECORDINGS, input, &id, recordings::TURNED_AWAY)?;
                    }
                    Err(reason) => self.refuse(RECORDINGS, input, &id, &reason)?,
                    Ok(()) => lone.push((input, id)),
                }
            }
            self.lone(lone, alone).await?;
        }
        Ok(())
    }

    async fn lone(&mut self, lone: Vec<(&Input, String)>, alone: bool) -> Result<(), IntakeError> {
        let ids: Vec<String> = lone.iter().map(|(_, id)| id.clone()).collect();
        let known = self.rows(&ids).await?;
        let mut good = Vec::new();
        for (input, id) in lone {
            let known = known.get(&id).map(|row| &row.contact.value);
            let counted = self.has_seen(CONTACTS, &id);
            match calls::lone_recording(&self.options, input, known, alone && !counted) {
                Err(reason) => self.refuse(RECORDINGS, input, &id, &reason)?,
                Ok(upload) => {
                    if self.is_first(RECORDINGS, input, 1, &id, input.name.as_bytes())? {
                        good.push((input, upload, counted));
                    }
                }
            }
        }
        let uploads = good.iter().map(|(_, upload, _)| upload.clone()).collect();
        let put = self.app.put_contacts(&self.caller, uploads).await;
        let put = put.map_err(broken)?;
        let mut sending = Vec::new();
        for ((input, upload, counted), result) in good.into_iter().zip(put) {
            let place = Self::place(input, None);
            if result.is_ok() {
                let recording = input.recording_name();
                let it = Recorded { id: upload.id.0.clone(), place: place.clone(), recording };
                sending.push((it, input.path.clone()));
                self.tally.brought(upload.id.as_str(), upload.started_at);
            }
            // A contact that came with a line of these files is counted already.
            if !counted || result.is_err() {
                self.count(CONTACTS, &place, upload.id.as_str(), result.map(|it| it.status))?;
            }
        }
        self.send(sending).await
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
