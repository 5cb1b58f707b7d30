//! A tenant of a test's own, and short ways to say what was said.

use std::sync::Arc;
use touchline_app::{
    App, Limits, SystemEntropy,
    contacts::{
        ContactUpload,
        find::{CallPage, CallQuery},
    },
};
use touchline_model::*;
use touchline_store::{Blobs, Store};

pub(crate) const START: &str = "2026-03-01T09:30:00Z";

pub(crate) struct World {
    pub(crate) app: App,
    pub(crate) caller: Caller,
    pub(crate) folder: tempfile::TempDir,
}

impl World {
    pub(crate) async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(FakeClock::at(START.parse().unwrap()));
        let store = Store::open_sqlite(&folder.path().join("touchline.db"), clock.clone()).await.unwrap();
        Self::over(store, clock, folder).await
    }

    pub(crate) async fn postgres() -> Self {
        let clock = Arc::new(FakeClock::at(START.parse().unwrap()));
        let url = touchline_testkit::postgres::fresh_database().await;
        let store = Store::open_postgres(&url, clock.clone()).await.unwrap();
        Self::over(store, clock, tempfile::tempdir().unwrap()).await
    }

    async fn over(store: Store, clock: Arc<FakeClock>, folder: tempfile::TempDir) -> Self {
        let blobs = Blobs::open(&folder.path().join("recordings")).unwrap();
        let app = App::new(store, blobs, clock, Arc::new(SystemEntropy), Limits::default());
        let caller = tenant(&app, "acme").await;
        Self { app, caller, folder }
    }

    pub(crate) async fn work(&self) {
        self.app.work_until_idle().await.unwrap();
    }

    /// Puts calls and has them analysed.
    pub(crate) async fn put(&self, calls: Vec<ContactUpload>) {
        for result in self.app.put_contacts(&self.caller, calls).await.unwrap() {
            result.unwrap();
        }
        self.work().await;
    }

    pub(crate) async fn page(&self, query: &str) -> CallPage {
        self.app.find_calls(&self.caller, &self::query(query)).await.unwrap()
    }

    /// Ids of the first page, newest first.
    pub(crate) async fn ids(&self, query: &str) -> Vec<String> {
        ids(&self.page(query).await)
    }

    /// Every page, one after the other.
    pub(crate) async fn all(&self, query: &CallQuery) -> Vec<touchline_app::contacts::find::FoundCall> {
        let (mut rows, mut query) = (vec![], query.clone());
        loop {
            let page = self.app.find_calls(&self.caller, &query).await.unwrap();
            assert!(page.rows.len() <= query.limit);
            rows.extend(page.rows);
            query.cursor = page.next;
            if query.cursor.is_none() {
                return rows;
            }
        }
    }
}

pub(crate) async fn tenant(app: &App, id: &str) -> Caller {
    let tenant = Tenant { id: id.into(), name: id.to_owned(), created_at: START.parse().unwrap() };
    assert!(app.store().create_tenant(&tenant).await.unwrap());
    Caller::system(tenant.id, "test")
}

/// A query as it stands in an address, not escaped.
pub(crate) fn query(text: &str) -> CallQuery {
    let pairs = text.split('&').filter(|it| !it.is_empty()).map(|it| it.split_once('=').unwrap());
    CallQuery::from_pairs(pairs).unwrap()
}

pub(crate) fn ids(page: &CallPage) -> Vec<String> {
    page.rows.iter().map(|row| row.contact.id.0.clone()).collect()
}

/// A call that began so many minutes after a fixed instant.
pub(crate) fn contact(id: &str, minutes: i64) -> Contact {
    let json = serde_json::json!({ "id": id, "started_at": "2026-02-01T10:00:00Z" });
    let mut contact: Contact = serde_json::from_value(json).unwrap();
    contact.started_at = contact.started_at.plus_secs(60 * minutes);
    contact
}

/// What was said by the agent (0), the customer (1) and somebody else, one word a second. Marks at the end of a word
/// are its punctuation.
pub(crate) fn said(turns: &[(u16, &str)]) -> Transcript {
    let words = turns.iter().flat_map(|(speaker, text)| text.split(' ').map(move |word| (*speaker, word)));
    let word = |(at, (speaker, text)): (usize, (u16, &str))| {
        let bare = text.trim_end_matches([',', '.', '?', '!']);
        let marks = &text[bare.len()..];
        Word {
            start: MediaTime::from_micros(at as i64 * 1_000_000),
            end: MediaTime::from_micros(at as i64 * 1_000_000 + 400_000),
            text: bare.to_owned(),
            punctuation: (!marks.is_empty()).then(|| marks.to_owned()),
            speaker,
            confidence: None,
        }
    };
    let side = |number, side| Speaker { number, speaker_type: Some(side), ..Speaker::default() };
    Transcript {
        speakers: vec![side(0, SpeakerType::Internal), side(1, SpeakerType::External)],
        words: words.enumerate().map(word).collect(),
    }
}

pub(crate) fn call(id: &str, minutes: i64, turns: &[(u16, &str)]) -> ContactUpload {
    ContactUpload::new(contact(id, minutes), Some(said(turns)))
}
