//! Contacts and their recordings, from NDJSON and from tables.

use crate::{
    IntakeError, broken,
    lines::{Given, ahead},
    plan::Input,
    recordings::NotFound,
    records::{self, GivenContact},
    report::Place,
    table::Table,
    work::{CONTACTS, Import, RECORDINGS, Recorded},
};
use tokio::sync::mpsc;
use touchline_app::contacts::ContactUpload;

impl Import<'_> {
    /// Reads contacts as NDJSON.
    pub(crate) async fn contacts(&mut self, input: &Input) -> Result<(), IntakeError> {
        let mut source = self.lines(input)?;
        let recorded = self.audio.is_some();
        let steps = ahead(move || {
            let given = records::next::<ContactUpload>(&mut source)?;
            Ok(given.map(|Given { line, raw, item, about }| {
                let item = item.map(|mut upload| {
                    if upload.id.is_empty() {
                        upload.id = records::id_of_line(&raw).into();
                    }
                    let recording = upload.original_path.clone().filter(|_| recorded);
                    GivenContact { upload, agent_email: None, agent: None, recording }
                });
                Given { line, raw, item, about }
            }))
        });
        self.contact_steps(input, steps).await
    }

    /// Reads a table of calls.
    pub(crate) async fn table(&mut self, input: &Input) -> Result<(), IntakeError> {
        let mut source = self.lines(input)?;
        let zone = self.options.zone.clone();
        let opened = tokio::task::spawn_blocking(move || {
            let table = Table::open(&mut source, zone);
            table.map(|table| table.map(|table| (table, source)))
        });
        let opened = opened.await.map_err(|e| IntakeError::Broken(e.to_string()))?;
        let (table, mut source) = match opened.map_err(|e| format!("{}: {e}", input.name))? {
            Ok(opened) => opened,
            Err((line, reason)) => {
                return self.tally.refuse(CONTACTS, &Self::place(input, Some(line)), "", &reason);
            }
        };
        self.contact_steps(input, ahead(move || table.next(&mut source))).await
    }

    async fn contact_steps(
        &mut self,
        input: &Input,
        mut steps: mpsc::Receiver<std::io::Result<Vec<Given<GivenContact>>>>,
    ) -> Result<(), IntakeError> {
        while let Some(step) = steps.recv().await {
            let mut good = Vec::new();
            for Given { line, raw, item, about } in step.map_err(|e| format!("{}: {e}", input.name))? {
                let place = Self::place(input, Some(line));
                let item = match item {
                    Ok(item) => self.with_agent(item, &place).await?,
                    Err(reason) => Err((about.id, reason)),
                };
                match item.and_then(|item| self.with_recording(item)) {
                    Err((id, reason)) => {
                        self.turn_away(about.recording.as_deref());
                        self.tally.refuse(CONTACTS, &place, &id, &reason)?;
                    }
                    Ok(item) => {
                        if self.is_first(CONTACTS, input, line, item.upload.id.as_str(), &raw)? {
                            good.push((place, item));
                        } else {
                            self.turn_away(item.recording.as_deref());
                        }
                    }
                }
            }
            self.write_contacts(good).await?;
        }
        Ok(())
    }

    /// Finds the agent. The inner error names the contact.
    async fn with_agent(
        &mut self,
        mut given: GivenContact,
        place: &Place,
    ) -> Result<Result<GivenContact, (String, String)>, IntakeError> {
        if given.agent_email.is_none() && given.agent.is_none() {
            return Ok(Ok(given));
        }
        Ok(match given.set_agent(&*self.people().await?) {
            Ok(None) => Ok(given),
            Ok(Some(warning)) => {
                self.tally.warn(place, given.upload.id.as_str(), warning);
                Ok(given)
            }
            Err(reason) => Err((given.upload.id.0, reason)),
        })
    }

    /// Remembers that the line which names a recording was refused: the recording is not somebody else's then.
    fn turn_away(&mut self, recording: Option<&str>) {
        let found = self.audio.as_ref().zip(recording).map(|(audio, name)| audio.find(name));
        if let Some(Ok(path)) = found {
            self.turned_away.insert(path);
        }
    }

    /// Refuses a recording outside the folder, and with it the whole line: it was not written in good faith.
    fn with_recording(&self, mut given: GivenContact) -> Result<GivenContact, (String, String)> {
        let Some(audio) = &self.audio else {
            // Without a folder of recordings the column is a text like others.
            given.recording = None;
            return Ok(given);
        };
        match given.recording.as_deref().map(|name| audio.find(name)) {
            Some(Err(NotFound::Outside)) => {
                let name = given.recording.unwrap_or_default();
                let reason = format!("recording {name:?} leads out of the folder of recordings");
                Err((given.upload.id.0, reason))
            }
            _ => Ok(given),
        }
    }

    /// Writes contacts together, then sends their recordings.
    async fn write_contacts(&mut self, good: Vec<(Place, GivenContact)>) -> Result<(), IntakeError> {
        if good.is_empty() {
            return Ok(());
        }
        let (mut uploads, mut rest) = (Vec::new(), Vec::new());
        for (place, GivenContact { upload, recording, .. }) in good {
            rest.push((place, upload.id.0.clone(), upload.started_at, recording));
            uploads.push(upload);
        }
        let put = self.app.put_contacts(&self.caller, uploads).await;
        let put = put.map_err(broken)?;
        let mut recorded = Vec::new();
        for ((place, id, started_at, recording), result) in rest.into_iter().zip(put) {
            match (&result, recording) {
                (Ok(_), Some(recording)) => {
                    recorded.push(Recorded { id: id.clone(), place: place.clone(), recording });
                }
                (Err(_), recording) => self.turn_away(recording.as_deref()),
                _ => {}
            }
            if result.is_ok() {
                self.tally.brought(&id, started_at);
            }
            self.count(CONTACTS, &place, &id, result.map(|it| it.status))?;
        }
        self.tally.tick();
        let Some(audio) = self.audio.clone() else { return Ok(()) };
        let mut sending = Vec::new();
        for it in recorded {
            match audio.find(&it.recording) {
                Ok(path) => sending.push((it, path)),
                Err(_) => {
                    let reason =
                        format!("there is no recording {:?}; the rest of the line was taken", it.recording);
                    self.tally.refuse(RECORDINGS, &it.place, &it.id, &reason)?;
                }
            }
        }
        self.send(sending).await
    }
}
