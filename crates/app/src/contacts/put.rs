//! Creating and changing contacts, one or many.

use super::{ContactUpload, TranscriptUpload, fields, find};
use crate::{
    App, AppError,
    audit::counted,
    entropy,
    pipeline::jobs,
    records::{ATTEMPTS, Key, Put, PutResults, PutStatus, taken},
    require,
};
use std::collections::{HashMap, HashSet};
use touchline_model::{
    Ability, Caller, Contact, ContactState, Invalid, Kind, MediaTime, Record, Seq, Stored, Transcript,
    Validate,
};
use touchline_store::{AuditNote, Batch, ContactRow, StoreError};

/// A checked upload.
type Parts = (Contact, Option<Transcript>);

/// What is wanted of contacts that are there already.
#[derive(Clone, Copy)]
enum Mode<'a> {
    /// Replace them.
    Put,
    /// Refuse them; remember the idempotency key with what is made.
    Create(Option<&'a Key>),
    /// Replace the one that has this version, which must be there.
    Change(Seq),
}

/// What is there already.
struct Known {
    rows: HashMap<String, ContactRow>,
    transcripts: HashMap<String, Transcript>,
    erased: HashSet<String>,
}

impl App {
    /// Creates or changes contacts. Good ones are written together; each bad one gets its own error. When the same id
    /// comes twice, the later one counts as a change of the earlier one.
    pub async fn put_contacts(
        &self,
        caller: &Caller,
        uploads: Vec<ContactUpload>,
    ) -> Result<PutResults, AppError> {
        require(caller, Ability::WriteContacts)?;
        let mut results: PutResults = Vec::with_capacity(uploads.len());
        let mut waiting: Vec<(usize, Parts)> = Vec::new();
        let mut ids = HashSet::new();
        for mut upload in uploads {
            if upload.id.is_empty() {
                upload.id = entropy::new_id(&*self.entropy, self.clock.now()).into();
            }
            let at = results.len();
            match upload.into_parts() {
                Err(fault) => results.push(Err(fault.into())),
                Ok(parts) => {
                    if !ids.insert(parts.0.id.clone()) {
                        self.flush(caller, &mut waiting, &mut results).await?;
                        ids = HashSet::from([parts.0.id.clone()]);
                    }
                    // Taken when the batch it belongs to is written.
                    results.push(Ok(Put { id: parts.0.id.0.clone(), status: PutStatus::Unchanged }));
                    waiting.push((at, parts));
                }
            }
        }
        self.flush(caller, &mut waiting, &mut results).await?;
        Ok(results)
    }

    /// Creates or changes one contact.
    pub async fn put_contact(&self, caller: &Caller, upload: ContactUpload) -> Result<Put, AppError> {
        let mut results = self.put_contacts(caller, vec![upload]).await?;
        results.pop().unwrap_or_else(|| Err(AppError::Internal("no result for a contact".into())))
    }

    /// Creates one contact, which must be new or just so already; with an idempotency key, once (see [`App::create`]).
    pub async fn create_contact(
        &self,
        caller: &Caller,
        key: Option<&str>,
        mut upload: ContactUpload,
    ) -> Result<Put, AppError> {
        require(caller, Ability::WriteContacts)?;
        let key = key.map(|key| Key::new(Kind::Contact, key, &upload)).transpose()?;
        if upload.id.is_empty() {
            upload.id = entropy::new_id(&*self.entropy, self.clock.now()).into();
        }
        let parts = upload.into_parts()?;
        for _ in 0..ATTEMPTS {
            if let Some(made) = self.made_before(caller, key.as_ref()).await? {
                return Ok(made);
            }
            match self.try_put_one(caller, parts.clone(), Mode::Create(key.as_ref())).await? {
                // Either others changed the same contact, or another request used the same key.
                None => {}
                Some(done) => return done,
            }
        }
        Err(AppError::Conflict("others keep changing this contact; try again".to_owned()))
    }

    /// Reads a contact, lets `change` change it, checks and writes it. `change` runs again when others were faster.
    pub async fn change_contact<F>(&self, caller: &Caller, id: &str, change: F) -> Result<Put, AppError>
    where
        F: Fn(&mut Contact) -> Result<(), Invalid>,
    {
        require(caller, Ability::WriteContacts)?;
        for _ in 0..ATTEMPTS {
            let Stored { value: mut contact, seq, .. } = self.contact_row(caller, id).await?.contact;
            change(&mut contact)?;
            id.clone_into(&mut contact.id.0);
            contact.validate()?;
            match self.try_put_one(caller, (contact, None), Mode::Change(seq)).await? {
                None => {}
                Some(done) => return done,
            }
        }
        Err(AppError::Conflict("others keep changing this contact; try again".to_owned()))
    }

    /// Creates or replaces the transcript of a contact.
    pub async fn put_transcript(
        &self,
        caller: &Caller,
        id: &str,
        upload: TranscriptUpload,
    ) -> Result<Put, AppError> {
        require(caller, Ability::WriteContacts)?;
        let transcript = upload.into_transcript()?;
        for _ in 0..ATTEMPTS {
            let Stored { value: mut contact, seq, .. } = self.contact_row(caller, id).await?.contact;
            contact.state = None;
            match self.try_put_one(caller, (contact, Some(transcript.clone())), Mode::Change(seq)).await? {
                None => {}
                Some(done) => return done,
            }
        }
        Err(AppError::Conflict("others keep changing this contact; try again".to_owned()))
    }

    async fn flush(
        &self,
        caller: &Caller,
        waiting: &mut Vec<(usize, Parts)>,
        results: &mut PutResults,
    ) -> Result<(), AppError> {
        let waiting = std::mem::take(waiting);
        if waiting.is_empty() {
            return Ok(());
        }
        for _ in 0..ATTEMPTS {
            match self.try_put_contacts(caller, &waiting, results, Mode::Put).await {
                Err(AppError::Conflict(_)) => {}
                other => return other,
            }
        }
        Err(AppError::Conflict("others keep changing the same contacts; try again".to_owned()))
    }

    /// One attempt to put one contact; `None`: somebody else was faster.
    async fn try_put_one(
        &self,
        caller: &Caller,
        parts: Parts,
        mode: Mode<'_>,
    ) -> Result<Option<Result<Put, AppError>>, AppError> {
        let id = parts.0.id.0.clone();
        let mut results = vec![Ok(Put { id, status: PutStatus::Unchanged })];
        match self.try_put_contacts(caller, &[(0, parts)], &mut results, mode).await {
            Err(AppError::Conflict(_)) => Ok(None),
            Err(other) => Err(other),
            Ok(()) => Ok(results.pop()),
        }
    }

    async fn try_put_contacts(
        &self,
        caller: &Caller,
        waiting: &[(usize, Parts)],
        results: &mut PutResults,
        mode: Mode<'_>,
    ) -> Result<(), AppError> {
        let known = self.known(caller, waiting).await?;
        let mut batch = Batch::new(&caller.tenant);
        let (mut analyse, mut analyse_words, mut changed) = (Vec::new(), Vec::new(), Vec::<&str>::new());
        let mut created = Vec::new();
        for (at, (contact, transcript)) in waiting {
            let id = contact.id.as_str();
            if known.erased.contains(id) {
                results[*at] = Err(AppError::Gone(id.to_owned()));
                continue;
            }
            let row = known.rows.get(id);
            if let Mode::Change(seq) = mode {
                let Some(row) = row else {
                    return Err(AppError::NotFound { kind: Kind::Contact, id: id.to_owned() });
                };
                if row.contact.seq != seq {
                    return Err(StoreError::Conflict.into());
                }
            }
            let transcript = transcript.as_ref().filter(|it| known.transcripts.get(id) != Some(*it));
            let settled = settle(contact, transcript, row);
            let status = status(&settled, transcript, row);
            if let Mode::Create(key) = mode {
                if status == PutStatus::Updated {
                    results[*at] = Err(taken(Kind::Contact, id));
                    continue;
                }
                if let Some(key) = key {
                    key.remember(&mut batch, id);
                }
            }
            if status == PutStatus::Created {
                created.push(id.to_owned());
            }
            if status != PutStatus::Unchanged {
                write(&mut batch, &settled, transcript, row, known.transcripts.get(id));
                changed.push(id);
            }
            if transcript.is_some() {
                analyse.push(id.to_owned());
            } else if row.is_some_and(|row| analysed_otherwise(&settled, &row.contact.value)) {
                analyse_words.push(id.to_owned());
            }
            results[*at] = Ok(Put { id: id.to_owned(), status });
        }
        let Some(first) = changed.first() else {
            self.store.apply(batch).await?;
            return Ok(());
        };
        if !created.is_empty() {
            // One that is known by its events alone may be erased at this moment.
            batch.hold_unerased(&created);
        }
        if !analyse_words.is_empty() {
            analyse.append(&mut self.store.transcribed(&caller.tenant, &analyse_words).await?);
        }
        if !analyse.is_empty() {
            let now = self.clock.now();
            batch.enqueue(&jobs::analyse(entropy::new_id(&*self.entropy, now), &analyse, now));
        }
        batch.audit(AuditNote::new(caller, "contact.put", *first, counted(Kind::Contact, &changed)));
        self.store.apply(batch).await?;
        Ok(())
    }

    async fn known(&self, caller: &Caller, waiting: &[(usize, Parts)]) -> Result<Known, AppError> {
        let ids: Vec<String> = waiting.iter().map(|(_, (contact, _))| contact.id.0.clone()).collect();
        let rows = self.store.contact_rows(&caller.tenant, &ids).await?;
        let rows: HashMap<String, ContactRow> =
            rows.into_iter().map(|row| (row.contact.value.id(), row)).collect();
        let with_words: Vec<String> = waiting
            .iter()
            .filter(|(_, (contact, transcript))| {
                let row = rows.get(contact.id.as_str());
                row.is_some_and(|row| transcript.is_some() || found_elsewhere(contact, &row.contact.value))
            })
            .map(|(_, (contact, _))| contact.id.0.clone())
            .collect();
        let transcripts = match with_words.is_empty() {
            true => HashMap::new(),
            false => self.store.transcripts(&caller.tenant, &with_words).await?,
        };
        let fresh: Vec<String> = ids.into_iter().filter(|id| !rows.contains_key(id)).collect();
        let erased = match fresh.is_empty() {
            true => vec![],
            false => self.store.tombstones(&caller.tenant, &fresh).await?,
        };
        Ok(Known { rows, transcripts, erased: erased.into_iter().map(|it| it.id).collect() })
    }
}

/// The contact as it will be kept. `transcript` is given only when it is new or different.
fn settle(given: &Contact, transcript: Option<&Transcript>, row: Option<&ContactRow>) -> Contact {
    let mut contact = given.clone();
    let before = row.map(|row| &row.contact.value);
    let waits = transcript.is_some().then(|| ContactState::new(ContactState::ANALYZING));
    contact.state = given.state.clone().or(waits).or_else(|| before.and_then(|it| it.state.clone()));
    if contact.state.is_none() {
        contact.state = Some(ContactState::default());
    }
    // A caller who does not know the length keeps the one that the recording or the words have given.
    if contact.duration == MediaTime::default() {
        let said = transcript.and_then(|it| it.words.iter().map(|word| word.end).max());
        contact.duration = said.or_else(|| before.map(|it| it.duration)).unwrap_or_default();
    }
    if contact.original_path.is_none() && row.is_some_and(|row| row.recording.is_some()) {
        contact.original_path = before.and_then(|it| it.original_path.clone());
    }
    contact
}

fn status(contact: &Contact, transcript: Option<&Transcript>, row: Option<&ContactRow>) -> PutStatus {
    match row {
        None => PutStatus::Created,
        Some(row) if row.contact.value == *contact && transcript.is_none() => PutStatus::Unchanged,
        Some(_) => PutStatus::Updated,
    }
}

/// Whether the results of the analysis depend on the difference: who the speakers are, and how long it lasted.
fn analysed_otherwise(contact: &Contact, before: &Contact) -> bool {
    contact.crm_matches != before.crm_matches || contact.duration != before.duration
}

/// Whether the index of words knows the contact at another time, or by another agent.
fn found_elsewhere(contact: &Contact, before: &Contact) -> bool {
    contact.started_at != before.started_at || contact.agent_id != before.agent_id
}

/// Writes one contact as [`settle`]d. `said` are the words that it has so far; needed when there are new ones, and when
/// it is [`found_elsewhere`].
fn write(
    batch: &mut Batch,
    contact: &Contact,
    transcript: Option<&Transcript>,
    row: Option<&ContactRow>,
    said: Option<&Transcript>,
) {
    let id = contact.id.as_str();
    fields::change(batch, row.map(|row| &row.contact.value), contact);
    match row {
        Some(row) => batch.hold_contact(id, row.contact.seq).put(contact),
        // Not `put`: somebody may be creating the same contact at this moment.
        None => batch.insert(contact),
    };
    if let Some(transcript) = transcript {
        if row.is_some() {
            // Results of the old words must not stand beside the new ones.
            if let Some(said) = said {
                batch.unindex_words(id, &find::words_of(said));
            }
            batch.drop_results(id);
        }
        batch.put_transcript(id, transcript);
    } else if row.is_some_and(|row| found_elsewhere(contact, &row.contact.value)) {
        batch.move_topics(id, contact.started_at);
        if let Some(said) = said {
            batch.index_words(vec![find::indexed(contact, said)]);
        }
    }
}
