//! Transcripts lie as one compact blob per contact: a version byte, then postcard of [`CompactV1`].

use crate::{BadRow, Batch, Row, Store, StoreError, Value, sql::id_list};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use touchline_model::{MediaTime, Speaker, SpeakerType, TenantId, Transcript, UserId, Word};

/// Fixed forms, so that a change of the model cannot silently change what lies in stores.
#[derive(Serialize, Deserialize)]
struct CompactV1 {
    speakers: Vec<SpeakerV1>,
    /// Start after the previous word's start, length, text, punctuation, speaker, confidence in 1/65535 (0: none).
    words: Vec<(i64, i64, String, Option<String>, u16, u16)>,
}

#[derive(Serialize, Deserialize)]
struct SpeakerV1 {
    number: u16,
    side: Option<u8>,
    texts: [Option<String>; 6],
}

const VERSION: u8 = 1;

/// The blob of a transcript.
pub(crate) fn encode(transcript: &Transcript) -> Vec<u8> {
    let mut before = 0;
    let words = transcript.words.iter().map(|word| {
        let start = word.start.micros() - before;
        before = word.start.micros();
        let sure = word.confidence.map_or(0, |p| (p.clamp(0.0, 1.0) * 65_534.0).round() as u16 + 1);
        (
            start,
            word.end.since(word.start).micros(),
            word.text.clone(),
            word.punctuation.clone(),
            word.speaker,
            sure,
        )
    });
    let speakers = transcript.speakers.iter().map(|speaker| {
        let s = speaker.clone();
        SpeakerV1 {
            number: s.number,
            side: s.speaker_type.map(|side| side as u8),
            texts: [
                s.user_id.map(|id| id.0),
                s.email,
                s.first_name,
                s.last_name,
                s.phone_number,
                s.system_id,
            ],
        }
    });
    let compact = CompactV1 { words: words.collect(), speakers: speakers.collect() };
    let mut out = vec![VERSION];
    // Writing plain data to memory cannot fail.
    out.extend(postcard::to_stdvec(&compact).unwrap_or_default());
    out
}

/// The transcript of a blob.
pub(crate) fn decode(blob: &[u8]) -> Result<Transcript, String> {
    let (version, body) = blob.split_first().ok_or("is empty")?;
    if *version != VERSION {
        return Err(format!("has version {version}"));
    }
    let compact: CompactV1 = postcard::from_bytes(body).map_err(|e| e.to_string())?;
    let mut start = 0;
    let words = compact.words.into_iter().map(|(after, length, text, punctuation, speaker, sure)| {
        start += after;
        Word {
            start: MediaTime::from_micros(start),
            end: MediaTime::from_micros(start + length),
            text,
            punctuation,
            speaker,
            confidence: (sure > 0).then(|| f32::from(sure - 1) / 65_534.0),
        }
    });
    let speakers = compact.speakers.into_iter().map(|s| {
        let [user_id, email, first_name, last_name, phone_number, system_id] = s.texts;
        Speaker {
            number: s.number,
            speaker_type: s.side.map(|side| match side {
                0 => SpeakerType::Internal,
                1 => SpeakerType::External,
                _ => SpeakerType::Unknown,
            }),
            user_id: user_id.map(UserId),
            email,
            first_name,
            last_name,
            phone_number,
            system_id,
        }
    });
    Ok(Transcript { words: words.collect(), speakers: speakers.collect() })
}

const PUT: &str = "INSERT INTO transcripts (tenant, contact, body) VALUES (?, ?, ?) \
     ON CONFLICT (tenant, contact) DO UPDATE SET body = excluded.body";
pub(crate) const DELETE: &str = "DELETE FROM transcripts WHERE tenant = ? AND contact = ?";
const GET: &str = "SELECT contact, body FROM transcripts WHERE tenant = ? AND contact IN \
     (SELECT value FROM json_each(?))";
const HAVE: &str =
    "SELECT contact FROM transcripts WHERE tenant = ? AND contact IN (SELECT value FROM json_each(?))";

fn read(row: &Row<'_>) -> Result<(String, Transcript), BadRow> {
    Ok((row.string(0)?, decode(&row.blob(1)?).map_err(|e| BadRow::new(1, e))?))
}

impl Batch {
    /// Creates or replaces the transcript of a contact. The contact's own change goes beside it.
    pub fn put_transcript(&mut self, contact: &str, transcript: &Transcript) -> &mut Self {
        let params = vec![Value::Text(self.tenant.0.clone()), contact.into(), encode(transcript).into()];
        self.run(PUT, params)
    }
}

impl Store {
    /// The transcripts of these contacts; contacts without one are left out.
    pub async fn transcripts(
        &self,
        tenant: &TenantId,
        contacts: &[String],
    ) -> Result<HashMap<String, Transcript>, StoreError> {
        Ok(self
            .query(GET, vec![tenant.as_str().into(), id_list(contacts)], read)
            .await?
            .into_iter()
            .collect())
    }

    /// Which of these contacts have a transcript.
    pub async fn transcribed(
        &self,
        tenant: &TenantId,
        contacts: &[String],
    ) -> Result<Vec<String>, StoreError> {
        self.query(HAVE, vec![tenant.as_str().into(), id_list(contacts)], |row| row.string(0)).await
    }
}

pub(crate) const STATEMENTS: &[&str] = &[PUT, DELETE, GET, HAVE];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transcript_comes_back_as_it_was() {
        let word = |start: f64, text: &str, confidence| Word {
            start: MediaTime::from_secs(start),
            end: MediaTime::from_secs(start + 0.25),
            text: text.to_owned(),
            punctuation: (text == "hey").then(|| ",".to_owned()),
            speaker: 1,
            confidence,
        };
        let speaker = Speaker { number: 1, speaker_type: Some(SpeakerType::External), ..Speaker::default() };
        let transcript = Transcript {
            speakers: vec![Speaker { user_id: Some("u-1".into()), ..Speaker::default() }, speaker],
            words: vec![
                word(26.594, "hey", Some(1.0)),
                word(26.704, "you", Some(0.0)),
                word(27.0, "é", None),
            ],
        };
        assert_eq!(decode(&encode(&transcript)).unwrap(), transcript);
        assert!(decode(&[]).is_err() && decode(&[9]).is_err() && decode(&encode(&transcript)[..9]).is_err());
    }
}
