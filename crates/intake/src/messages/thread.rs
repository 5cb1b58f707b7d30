//! Messages of one conversation, made into a contact.

use super::{FromMessages, MessagesRead, line::Message};
use crate::speech;
use std::collections::HashMap;
use touchline_app::contacts::{ContactUpload, TranscriptUpload, Utterance};
use touchline_model::{Channel, Direction, MediaTime, Speaker, validate::MAX_NAME};

/// The messages of a conversation with their lines.
pub(super) struct Thread {
    id: String,
    messages: Vec<(u64, Message)>,
}

impl Thread {
    pub(super) fn new(id: String) -> Self {
        Self { id, messages: vec![] }
    }

    pub(super) fn add(&mut self, line: u64, message: Message) {
        self.messages.push((line, message));
    }

    /// Makes contacts of it: one, or more when it goes on for longer than a contact may last.
    pub(super) fn finish(mut self, done: &mut MessagesRead) {
        // Exports are often the newest first.
        self.messages.sort_by_key(|(_, message)| message.time);
        let mut rest = &self.messages[..];
        let mut part = 1;
        while let Some((_, first)) = rest.first() {
            let longest = MediaTime::MAX.micros() - rest.len() as i64;
            let fits = |message: &Message| message.time.micros() - first.time.micros() <= longest;
            let (now, later) = rest.split_at(rest.partition_point(|(_, message)| fits(message)));
            done.contacts.push(self.contact(now, part));
            (rest, part) = (later, part + 1);
        }
    }

    fn contact(&self, messages: &[(u64, Message)], part: usize) -> FromMessages {
        let (_, first) = &messages[0];
        let (mut labels, mut speakers) = (HashMap::<&str, usize>::new(), Vec::<Speaker>::new());
        let mut utterances = Vec::with_capacity(messages.len());
        let mut last = None;
        for (_, message) in messages {
            let next = labels.len();
            let at = *labels.entry(&message.label).or_insert(next);
            let number = u16::try_from(at).unwrap_or(u16::MAX);
            // Numbers are given in order.
            match speakers.get_mut(usize::from(number)) {
                Some(known) => fill(known, &message.author),
                None => speakers.push(Speaker { number, ..message.author.clone() }),
            }
            // What was sent in the same moment stays in its order.
            let since = message.time.micros() - first.time.micros();
            let since = last.map_or(since, |last: i64| since.max(last + 1));
            last = Some(since);
            let time = MediaTime::from_micros(since);
            utterances.push(Utterance { start: time, end: time, text: soft(&message.text), speaker: number });
        }
        let bare = |speaker: &Speaker| *speaker != Speaker { number: speaker.number, ..Speaker::default() };
        speakers.retain(bare);
        let staff = |speaker: &&Speaker| speaker.speaker_type.is_some_and(speech::is_staff);
        let agent_email = speakers.iter().find(staff).and_then(|it| it.email.clone());
        let opened_by_staff = first.author.speaker_type.is_some_and(speech::is_staff);
        let mut metadata = serde_json::Map::new();
        if let Some(subject) = messages.iter().find_map(|(_, it)| it.subject.clone()) {
            metadata.insert("subject".to_owned(), subject.into());
        }
        let mut id = self.id.clone();
        if part > 1 {
            metadata.insert("conversation".to_owned(), id.clone().into());
            id = format!("{id}~{part}");
        }
        let said = messages.iter().find_map(|(_, message)| message.channel);
        // Only mails have subjects.
        let channel =
            said.unwrap_or(if metadata.contains_key("subject") { Channel::Mail } else { Channel::Chat });
        let upload = ContactUpload {
            id: id.into(),
            channel,
            direction: if opened_by_staff { Direction::Outbound } else { Direction::Inbound },
            agent_id: None,
            started_at: first.time,
            duration: MediaTime::from_micros(last.unwrap_or_default()),
            state: None,
            original_path: None,
            metadata,
            crm_matches: vec![],
            transcript: Some(TranscriptUpload { speakers, words: None, utterances: Some(utterances) }),
        };
        let line = messages.iter().map(|(line, _)| *line).min().unwrap_or(1);
        FromMessages { line, upload, agent_email }
    }
}

/// Adds what a later message says of the same writer.
fn fill(known: &mut Speaker, more: &Speaker) {
    known.speaker_type = known.speaker_type.or(more.speaker_type);
    for (mine, theirs) in [
        (&mut known.email, &more.email),
        (&mut known.first_name, &more.first_name),
        (&mut known.last_name, &more.last_name),
        (&mut known.system_id, &more.system_id),
    ] {
        if mine.is_none() {
            mine.clone_from(theirs);
        }
    }
}

/// Text whose words are no longer than a word may be: addresses of pages and pasted codes are parted.
fn soft(text: &str) -> String {
    if text.split_whitespace().all(|word| word.len() <= MAX_NAME) {
        return text.to_owned();
    }
    let mut soft = String::with_capacity(text.len() + 64);
    let mut bytes = 0;
    for c in text.chars() {
        bytes = if c.is_whitespace() { 0 } else { bytes + c.len_utf8() };
        if bytes > MAX_NAME {
            soft.push(' ');
            bytes = c.len_utf8();
        }
        soft.push(c);
    }
    soft
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        lines::Lines,
        plan::{Form, Input},
    };
    use touchline_model::SpeakerType;

    fn read(text: &str) -> MessagesRead {
        let input = Input {
            path: "x/chat-7.ndjson".into(),
            name: "chat-7.ndjson".into(),
            bytes: 0,
            form: Form::Messages,
        };
        let source = std::io::Cursor::new(text.to_owned().into_bytes());
        super::super::read(
            &mut Lines::new(Box::new(source), 1 << 20, Default::default()),
            &input,
            None,
            u64::MAX,
        )
        .unwrap()
    }

    #[test]
    fn a_chat_keeps_the_exact_times_of_its_messages_and_the_order_of_those_sent_at_once() {
        let done = read(
            "{\"time\":\"2026-03-01T09:00:05.25Z\",\"author\":\"Ann\",\"role\":\"agent\",\"email\":\"ann@x.example\",\"text\":\"Hello, Bob.\"}\n\
             {\"time\":\"2026-03-01T09:00:00Z\",\"author\":\"Bob\",\"role\":\"customer\",\"text\":\"Hi\"}\n\
             {\"time\":\"2026-03-01T09:00:05.25Z\",\"author\":\"Bob\",\"text\":\"Anyone?\"}\n",
        );
        assert_eq!((done.contacts.len(), done.messages, done.refused.len()), (1, 3, 0));
        let FromMessages { line, upload, agent_email } = &done.contacts[0];
        assert_eq!((*line, upload.id.as_str(), upload.channel), (1, "chat-7", Channel::Chat));
        assert_eq!(upload.started_at.to_string(), "2026-03-01T09:00:00Z");
        assert_eq!((upload.direction, agent_email.as_deref()), (Direction::Inbound, Some("ann@x.example")));
        let transcript = upload.transcript.clone().unwrap().into_transcript().unwrap();
        let words: Vec<_> =
            transcript.words.iter().map(|it| (it.speaker, &*it.text, it.start.micros())).collect();
        assert_eq!(
            words,
            [(0, "Hi", 0), (1, "Hello", 5_250_000), (1, "Bob", 5_250_000), (0, "Anyone", 5_250_001)]
        );
        let sides: Vec<_> = transcript.speakers.iter().map(|it| it.speaker_type).collect();
        assert_eq!(sides, [Some(SpeakerType::External), Some(SpeakerType::Internal)]);
    }

    #[test]
    fn a_mail_thread_that_goes_on_for_weeks_is_several_contacts() {
        let mail = |day: u32| {
            format!(
                "{{\"thread_id\":\"t\",\"date\":\"2026-03-{day:02}T09:00:00Z\",\"from\":\"a@x.example\",\"subject\":\"Bill\",\"body\":\"day {day}\"}}\n"
            )
        };
        let done = read(&[mail(1), mail(8), mail(9), mail(20)].concat());
        let shown: Vec<_> = done.contacts.iter().map(|it| (it.upload.id.as_str(), it.line)).collect();
        // The eighth is seven days after the first to the second: a contact may last no longer.
        assert_eq!(shown, [("t", 1), ("t~2", 2), ("t~3", 4)]);
        assert_eq!(done.contacts[1].upload.metadata["conversation"], "t");
        assert_eq!(done.contacts[1].upload.channel, Channel::Mail);
        assert_eq!(done.contacts[1].upload.duration.secs(), 86_400.0);
    }

    #[test]
    fn words_longer_than_a_word_may_be_are_parted() {
        let done = read(&format!("{{\"time\":1772352000,\"text\":\"see {} end\"}}", "x".repeat(2_500)));
        let words = done.contacts[0].upload.transcript.clone().unwrap().into_transcript().unwrap().words;
        assert_eq!(words.iter().map(|it| it.text.len()).collect::<Vec<_>>(), [3, 1_000, 1_000, 500, 3]);
    }
}
