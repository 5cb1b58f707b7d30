//! Chats and e-mail threads: messages, one a line, put together into contacts.

mod line;
mod thread;

use crate::{
    IntakeError, broken,
    lines::{self, Line, Lines, utf8},
    people::People,
    plan::Input,
    report::Place,
    work::{CONTACTS, Import},
};
use jiff::tz::TimeZone;
use line::Message;
use std::{collections::HashMap, io, sync::Arc};
use thread::Thread;
use touchline_app::contacts::ContactUpload;
use touchline_model::User;

/// Most bytes of messages that one file may have: a conversation may go on anywhere in it, so it is read whole.
const FILE_BYTES: u64 = 128 << 20;

/// A contact from messages, with the line of its first.
pub(crate) struct FromMessages {
    pub(crate) line: u64,
    pub(crate) upload: ContactUpload,
    /// E-mail address of the first of ours who wrote.
    pub(crate) agent_email: Option<String>,
}

/// What a file of messages holds.
#[derive(Default)]
pub(crate) struct MessagesRead {
    /// Contacts, in the order of their first lines.
    pub(crate) contacts: Vec<FromMessages>,
    /// Lines that are refused: number, id of the conversation, reason.
    pub(crate) refused: Vec<(u64, String, String)>,
    /// Messages that were taken.
    pub(crate) messages: u64,
    /// How many messages have each field.
    pub(crate) fields: std::collections::BTreeMap<String, u64>,
}

/// Reads messages until the end, or until so many.
pub(crate) fn read(
    lines: &mut Lines,
    input: &Input,
    zone: Option<&TimeZone>,
    most: u64,
) -> io::Result<MessagesRead> {
    let mut done = MessagesRead::default();
    let mut threads = Vec::<Thread>::new();
    let mut places = HashMap::<String, usize>::new();
    let own = input.stem();
    while done.messages < most
        && let Some(Line { number, content }) = lines.next()?
    {
        let read = match content {
            Err(length) => Err(lines.too_long(length)),
            Ok(raw) if raw.iter().all(u8::is_ascii_whitespace) => continue,
            Ok(raw) => utf8(&raw).and_then(|text| Message::several(text, zone, &mut done.fields)),
        };
        let items = match read {
            Ok(items) => items,
            Err(reason) => {
                done.refused.push((number, String::new(), reason));
                continue;
            }
        };
        for item in items {
            let message = match item {
                Ok(message) => message,
                Err((id, reason)) => {
                    done.refused.push((number, id, reason));
                    continue;
                }
            };
            done.messages += 1;
            let id = message.conversation.clone().unwrap_or_else(|| own.clone());
            let at = *places.entry(id.clone()).or_insert_with(|| {
                threads.push(Thread::new(id));
                threads.len() - 1
            });
            threads[at].add(number, message);
        }
    }
    for thread in threads {
        thread.finish(&mut done);
    }
    done.contacts.sort_by_key(|it| it.line);
    Ok(done)
}

impl Import<'_> {
    /// Reads a file of messages.
    pub(crate) async fn messages(&mut self, input: &Input) -> Result<(), IntakeError> {
        if input.bytes > FILE_BYTES {
            let reason = format!("is {} bytes long, at most {FILE_BYTES} are read: split it", input.bytes);
            return self.refuse(CONTACTS, input, "", &reason);
        }
        let (mut source, file, zone) = (self.lines(input)?, input.clone(), self.options.zone.clone());
        let read = tokio::task::spawn_blocking(move || read(&mut source, &file, zone.as_ref(), u64::MAX));
        let read = read.await.map_err(|e| IntakeError::Broken(e.to_string()))?;
        let read = read.map_err(|e| IntakeError::Input(format!("{}: {e}", input.name)))?;
        for (line, id, reason) in read.refused {
            self.tally.refuse(CONTACTS, &Self::place(input, Some(line)), &id, &reason)?;
        }
        let people = self.people().await?;
        let mut contacts = read.contacts.into_iter().peekable();
        while contacts.peek().is_some() {
            let mut good: Vec<(Place, ContactUpload)> = Vec::new();
            for mut it in contacts.by_ref().take(lines::STEP) {
                // Unlike a table's column this is no statement about the agent, so an unknown address is no fault.
                if let Some([only]) = it.agent_email.as_deref().map(|email| people.by_email(email)) {
                    it.upload.agent_id = Some(only.clone());
                }
                let raw = serde_json::to_vec(&it.upload).map_err(|e| IntakeError::Broken(e.to_string()))?;
                if self.is_first(CONTACTS, input, it.line, it.upload.id.as_str(), &raw)? {
                    good.push((Self::place(input, Some(it.line)), it.upload));
                }
            }
            let uploads = good.iter().map(|(_, upload)| upload.clone()).collect();
            let put = self.app.put_contacts(&self.caller, uploads).await.map_err(broken)?;
            for ((place, upload), result) in good.into_iter().zip(put) {
                if result.is_ok() {
                    self.tally.brought(upload.id.as_str(), upload.started_at);
                }
                self.count(CONTACTS, &place, upload.id.as_str(), result.map(|it| it.status))?;
            }
            self.tally.tick();
        }
        Ok(())
    }

    /// The people whom files may name.
    pub(crate) async fn people(&mut self) -> Result<Arc<People>, IntakeError> {
        if let Some(people) = &self.people {
            return Ok(people.clone());
        }
        let people = Arc::new(People::new(self.app.all::<User>(&self.caller).await.map_err(broken)?));
        self.people = Some(people.clone());
        Ok(people)
    }
}
