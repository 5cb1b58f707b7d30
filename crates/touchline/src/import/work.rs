//! Bringing the input in, step by step. Everything that is written was read whole before, and can be written again
//! without a change; so a run that breaks off is simply started again.

use super::{
    lines::{self, Given, Lines, ahead},
    plan::Input,
    recordings::{self, Folder, Sending},
    records,
    report::{Place, Report},
};
use futures::StreamExt;
use jiff::tz::TimeZone;
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
pub(super) const CONTACTS: &str = "contacts";
pub(super) const RECORDINGS: &str = "recordings";

/// What was seen of an id: enough to tell a repetition from a contradiction, in 24 bytes an id.
struct Seen {
    content: u64,
    file: u32,
    line: u32,
}

/// A contact that was written, and its recording.
pub(super) struct Recorded {
    pub(super) id: String,
    pub(super) place: Place,
    pub(super) recording: String,
}

/// An import under way.
pub(super) struct Import {
    pub(super) app: App,
    pub(super) caller: Caller,
    pub(super) report: Report,
    pub(super) zone: Option<TimeZone>,
    pub(super) audio: Option<Folder>,
    hasher: RandomState,
    seen: HashMap<u64, Seen>,
    files: Vec<Arc<str>>,
    pub(super) users: Option<HashMap<String, Vec<UserId>>>,
    used: HashSet<PathBuf>,
    /// Contacts whose recording the pipeline has still to read.
    unread: Vec<(String, Place)>,
}

/// Errors that are no fault of the input end the run; the others are its own.
pub(super) fn fatal(error: AppError) -> Result<String, String> {
    match error {
        AppError::DiskFull | AppError::Unavailable(_) | AppError::Internal(_) => {
            let cause = std::error::Error::source(&error).map(|it| format!(": {it}")).unwrap_or_default();
            Err(format!("{error}{cause}; run the same command again to go on"))
        }
        other => Ok(other.to_string()),
    }
}

impl Import {
    pub(super) fn new(
        app: App,
        caller: Caller,
        report: Report,
        zone: Option<TimeZone>,
        audio: Option<Folder>,
    ) -> Self {
        Self {
            app,
            caller,
            report,
            zone,
            audio,
            hasher: RandomState::new(),
            seen: HashMap::new(),
            files: vec![],
            users: None,
            used: HashSet::new(),
            unread: vec![],
        }
    }

    pub(super) fn place(input: &Input, line: Option<u64>) -> Place {
        Place { file: input.name.clone(), line }
    }

    pub(super) fn refuse(
        &mut self,
        kind: &'static str,
        input: &Input,
        id: &str,
        reason: &str,
    ) -> Result<(), String> {
        self.report.refuse(kind, &Self::place(input, None), id, reason)
    }

    pub(super) fn read_bytes(&self, bytes: u64) {
        self.report.bytes().fetch_add(bytes, Ordering::Relaxed);
    }

    /// Counts what became of one input.
    pub(super) fn count(
        &mut self,
        kind: &'static str,
        place: &Place,
        id: &str,
        result: Result<PutStatus, AppError>,
    ) -> Result<(), String> {
        match result {
            Ok(status) => self.report.took(kind, status),
            Err(error) => self.report.refuse(kind, place, id, &fatal(error)?)?,
        }
        Ok(())
    }

    pub(super) fn lines(&self, input: &Input) -> Result<Lines, String> {
        Ok(Lines::new(input.open()?, self.app.limits().json_bytes, self.report.bytes()))
    }

    /// Whether an id comes for the first time. A repetition is counted, a contradiction refused.
    pub(super) fn is_first(
        &mut self,
        kind: &'static str,
        input: &Input,
        line: u64,
        id: &str,
        raw: &[u8],
    ) -> Result<bool, String> {
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
            self.report.took(kind, PutStatus::Unchanged);
            return Ok(false);
        }
        let file = self.files.get(first.file as usize).cloned().unwrap_or_default();
        let reason = format!("this id stands in {file}:{} already, with other content", first.line);
        self.report.refuse(kind, &Self::place(input, Some(line)), id, &reason)?;
        Ok(false)
    }

    /// Reads records of one kind.
    pub(super) async fn records<T: Ruled + DeserializeOwned>(
        &mut self,
        input: &Input,
        kind: &'static str,
    ) -> Result<(), String> {
        let mut source = self.lines(input)?;
        let mut steps = ahead(move || records::next::<T>(&mut source));
        while let Some(step) = steps.recv().await {
            let (mut items, mut lines) = (Vec::new(), Vec::new());
            for Given { line, raw, item } in step.map_err(|e| format!("{}: {e}", input.name))? {
                match item {
                    Err(reason) => self.report.refuse(kind, &Self::place(input, Some(line)), "", &reason)?,
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
            named.or_else(|e| fatal(e).and_then(Err))?;
            let (items, ids): (Vec<T>, Vec<String>) = items.into_iter().unzip();
            let put = records::put(&self.app, &self.caller, items).await;
            let put = put.or_else(|e| fatal(e).and_then(Err))?;
            for ((line, id), result) in lines.into_iter().zip(ids).zip(put) {
                self.count(kind, &Self::place(input, Some(line)), &id, result.map(|it| it.status))?;
            }
            self.report.tick();
        }
        // Users may have come.
        self.users = None;
        Ok(())
    }

    /// Reads recordings that are contacts on their own.
    pub(super) async fn lone_recordings(&mut self, inputs: &[Input]) -> Result<(), String> {
        for step in inputs.chunks(lines::STEP) {
            let ids: Vec<String> = step.iter().map(|it| recordings::stem(&it.name)).collect();
            let known = self.rows(&ids).await?;
            let mut good = Vec::new();
            for (input, id) in step.iter().zip(ids) {
                let upload = self.lone_recording(input, known.get(&id).map(|row| &row.contact.value));
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
            let put = put.or_else(|e| fatal(e).and_then(Err))?;
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

    async fn rows(&self, ids: &[String]) -> Result<HashMap<String, ContactRow>, String> {
        let rows =
            self.app.store().contact_rows(&self.caller.tenant, ids).await.map_err(|e| e.to_string())?;
        Ok(rows.into_iter().map(|row| (row.contact.value.id.0.clone(), row)).collect())
    }

    pub(super) async fn send(&mut self, list: Vec<(Recorded, PathBuf)>) -> Result<(), String> {
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
                        self.report.recorded();
                    }
                    self.unread.push((it.id, place.clone()));
                }
                Err(error) => {
                    let reason = format!("recording {:?}: {}", it.name, fatal(error)?);
                    self.report.refuse(RECORDINGS, place, &it.id, &reason)?;
                }
            }
            self.report.tick();
        }
        Ok(())
    }

    /// Recordings in the folder that no contact has named.
    pub(super) fn left_over(&mut self, inputs: &[Input]) -> Result<(), String> {
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
    pub(super) async fn check_recordings(&mut self) -> Result<(), String> {
        let unread = std::mem::take(&mut self.unread);
        for step in unread.chunks(lines::STEP) {
            let ids: Vec<String> = step.iter().map(|(id, _)| id.clone()).collect();
            let rows = self.rows(&ids).await?;
            for (id, place) in step {
                let Some(row) = rows.get(id) else { continue };
                let state = row.contact.value.state.as_ref();
                if state.is_some_and(|it| it.is(ContactState::CONVERTER_REJECTED)) {
                    let why = row.failure.as_deref().unwrap_or("it could not be read");
                    self.report.refuse(RECORDINGS, place, id, &format!("broken recording: {why}"))?;
                }
            }
        }
        Ok(())
    }
}
