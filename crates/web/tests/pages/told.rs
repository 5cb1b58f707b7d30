//! What tests of calls tell: calls, what was said in them, and who works here.

use crate::world::{Page, World};
use axum::body::Bytes;
use futures::stream;
use http::StatusCode;
use std::convert::Infallible;
use touchline_app::contacts::ContactUpload;
use touchline_model::{
    Channel, Contact, Direction, Group, MediaTime, Speaker, SpeakerType, Transcript, User, UserId, Word,
};

/// A call of a minute that began at ten o'clock on the day before.
pub(crate) fn contact(id: &str) -> Contact {
    Contact {
        id: id.into(),
        channel: Channel::Call,
        direction: Direction::Inbound,
        agent_id: None,
        started_at: "2026-03-02T10:00:00Z".parse().unwrap(),
        duration: MediaTime::from_secs(60.0),
        state: None,
        original_path: None,
        metadata: serde_json::Map::new(),
        crm_matches: vec![],
    }
}

/// Each text is said by one person after the other, half a second a word.
pub(crate) fn said(turns: &[&str]) -> Transcript {
    let mut words = Vec::new();
    for (turn, text) in turns.iter().enumerate() {
        for text in text.split(' ') {
            let start = 0.5 * words.len() as f64;
            words.push(Word {
                start: MediaTime::from_secs(start),
                end: MediaTime::from_secs(start + 0.4),
                text: text.to_owned(),
                punctuation: None,
                speaker: (turn % 2) as u16,
                confidence: None,
            });
        }
    }
    let side = |number, side| Speaker { number, speaker_type: Some(side), ..Speaker::default() };
    let speakers = vec![side(0, SpeakerType::Internal), side(1, SpeakerType::External)];
    Transcript { speakers, words }
}

impl World {
    /// Brings a call in, and waits until everything about it is worked out.
    pub(crate) async fn call(&self, contact: Contact, said: Option<Transcript>) {
        self.app.put_contact(&self.admin, ContactUpload::new(contact, said)).await.unwrap();
        self.app.work_until_idle().await.unwrap();
    }

    /// A finished call that began so many minutes before ten o'clock on the day before.
    pub(crate) async fn talked(&self, id: &str, agent: Option<&str>, minutes: i64, turns: &[&str]) {
        let ten = contact(id);
        let contact = Contact {
            agent_id: agent.map(UserId::from),
            started_at: ten.started_at.plus_secs(-60 * minutes),
            duration: MediaTime::from_secs(75.0),
            ..ten
        };
        self.call(contact, Some(said(turns))).await;
    }

    pub(crate) async fn group(&self, id: &str, name: &str, manager: Option<&str>) {
        let group = Group {
            id: id.into(),
            name: name.to_owned(),
            manager_id: manager.map(UserId::from),
            active: true,
            ..Group::default()
        };
        self.app.put_one(&self.admin, group).await.unwrap();
    }

    pub(crate) async fn person(&self, id: &str, first: &str, last: &str, team: &str) {
        let user = User {
            id: id.into(),
            first_name: first.to_owned(),
            last_name: last.to_owned(),
            email: format!("{id}@example.com"),
            team_id: Some(team.into()),
            active: true,
            ..User::default()
        };
        self.app.put_one(&self.admin, user).await.unwrap();
    }

    /// Three seconds of stereo PCM: left is loud in the first half, right in the second.
    pub(crate) async fn recording(&self, id: &str) -> Vec<u8> {
        let frames = 24_000_u32;
        let mut file = b"RIFF".to_vec();
        file.extend((36 + 4 * frames).to_le_bytes());
        file.extend(b"WAVEfmt \x10\0\0\0\x01\0\x02\0");
        file.extend(8_000_u32.to_le_bytes());
        file.extend(32_000_u32.to_le_bytes());
        file.extend(b"\x04\0\x10\0data");
        file.extend((4 * frames).to_le_bytes());
        for n in 0..frames {
            let loud: i16 = if n % 2 == 0 { 20_000 } else { -20_000 };
            let (left, right) = if n < frames / 2 { (loud, 0) } else { (0, loud) };
            file.extend(left.to_le_bytes());
            file.extend(right.to_le_bytes());
        }
        let bytes = stream::iter([Ok::<_, Infallible>(Bytes::from(file.clone()))]);
        self.app.receive_recording(&self.admin, id, None, bytes).await.unwrap();
        file
    }
}

/// A page that is there, with these texts in it.
#[track_caller]
pub(crate) fn shows(page: &Page, texts: &[&str]) {
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    for text in texts {
        assert!(page.text.contains(text), "{text} is not in\n{}", page.text);
    }
}
