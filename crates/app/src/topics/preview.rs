//! What a topic would find, before it is saved: the draft is matched against the newest calls.

use crate::{
    App, AppError,
    contacts::find::{Snippet, around, name, parted},
    require,
};
use std::collections::{BTreeSet, HashMap};
use touchline_analysis::TopicMatcher;
use touchline_model::{Ability, Caller, ContactId, Timestamp, Topic, TopicHit, Transcript, User, Validate};
use touchline_store::{CallKey, CallStream};

/// Calls with words that a preview looks at.
const CALLS: usize = 300;
/// Contacts that it looks through for them: the newest may have no words yet.
const CONTACTS: usize = 1_000;
/// Contacts whose words are read together.
const STEP: usize = 20;
/// Words that it reads; calls of usual length do not come near.
const WORDS: usize = 2_000_000;
/// How long it may take, in microseconds: somebody is typing.
const TIME: i64 = 200_000;
/// Lines that it shows.
const EXAMPLES: usize = 10;

/// What a draft of a topic would find in the newest calls.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TopicPreview {
    /// Calls that were looked at: the newest with words.
    pub calls: usize,
    /// Those of them in which something was found.
    pub found_in: usize,
    /// Places in all of them.
    pub hits: usize,
    /// One place each of the newest calls in which something was found.
    pub examples: Vec<TopicExample>,
}

/// A place where a draft finds something.
#[derive(Clone, Debug, PartialEq)]
pub struct TopicExample {
    /// The contact.
    pub contact: ContactId,
    /// When it began.
    pub started_at: Timestamp,
    /// The agent's name, when it is known.
    pub agent: Option<String>,
    /// The words around it.
    pub snippet: Snippet,
}

impl App {
    /// Matches a draft against the newest 300 calls, or as many as can be looked at while somebody is typing. Its name
    /// may be missing, and whether it is active does not matter.
    ///
    /// # Errors
    /// [`AppError::Invalid`] when its phrases break a rule; [`AppError::NotAllowed`] without
    /// [`Ability::ReadRecordings`], because it shows what was said.
    pub async fn preview_topic(&self, caller: &Caller, draft: &Topic) -> Result<TopicPreview, AppError> {
        require(caller, Ability::ReadRecordings)?;
        let named = Topic { name: "draft".to_owned(), active: true, ..draft.clone() };
        named.validate()?;
        if named.phrases.is_empty() {
            return Ok(TopicPreview::default());
        }
        let phrases = named.phrases.join(", ");
        let phrases: String = phrases.chars().take(500).collect();
        self.note(caller, "topic.preview", &named.id.0.to_string(), phrases).await?;
        let began = self.clock.now();
        let (mut found, mut words, mut seen) = (TopicPreview::default(), 0, 0);
        let mut after = CallKey::newest();
        let mut matcher = TopicMatcher::new(std::slice::from_ref(&named));
        while found.calls < CALLS && words < WORDS && seen < CONTACTS {
            let since = Timestamp::from_micros(i64::MIN);
            let page = self.store.newest(&caller.tenant, &CallStream::All, &after, since, STEP).await?;
            let Some(last) = page.keys.last() else { break };
            after = last.clone();
            seen += page.keys.len();
            let ids: Vec<String> = page.keys.iter().map(|key| key.contact.clone()).collect();
            let bytes = self.store.spoken_bytes(&caller.tenant, &ids).await?.into_iter().collect();
            let late = || self.clock.now().micros() - began.micros() > TIME;
            let mut keys = page.keys.into_iter();
            for together in parted(&ids, &bytes) {
                let mut spoken: HashMap<String, Transcript> =
                    self.store.spoken(&caller.tenant, together).await?.into_iter().collect();
                words += spoken.values().map(|transcript| transcript.words.len()).sum::<usize>();
                let keys: Vec<CallKey> = keys.by_ref().take(together.len()).collect();
                let matched = tokio::task::spawn_blocking(move || {
                    let known = keys.into_iter().filter_map(|key| {
                        let transcript = spoken.remove(&key.contact).filter(|it| !it.words.is_empty())?;
                        let hits = matcher.find(&transcript).hits;
                        Some((key, example(&transcript, &hits), hits.len()))
                    });
                    let known: Vec<_> = known.collect();
                    (matcher, known)
                });
                let (back, matched) = matched.await.map_err(|e| AppError::Internal(Box::new(e)))?;
                matcher = back;
                found.take(matched);
                if words >= WORDS || late() {
                    break;
                }
            }
            if page.ended || late() {
                break;
            }
        }
        self.name_agents(caller, &mut found.examples).await?;
        Ok(found)
    }

    async fn name_agents(&self, caller: &Caller, examples: &mut [TopicExample]) -> Result<(), AppError> {
        let ids: Vec<String> = examples.iter().map(|it| it.contact.0.clone()).collect();
        if ids.is_empty() {
            return Ok(());
        }
        let facts = self.store.call_facts(&caller.tenant, &ids).await?;
        let agents: HashMap<String, String> =
            facts.into_iter().filter_map(|it| Some((it.key.contact, it.agent?))).collect();
        let users: BTreeSet<String> = agents.values().cloned().collect();
        let users: Vec<String> = users.into_iter().collect();
        let users = self.store.get_many::<User>(&caller.tenant, &users).await?;
        let names: HashMap<String, String> =
            users.into_iter().map(|user| (user.value.id.0.clone(), name(&user.value))).collect();
        for it in examples {
            it.agent = agents.get(it.contact.as_str()).and_then(|agent| names.get(agent)).cloned();
        }
        Ok(())
    }
}

impl TopicPreview {
    fn take(&mut self, matched: Vec<(CallKey, Option<Snippet>, usize)>) {
        for (key, snippet, hits) in matched.into_iter().take(CALLS - self.calls) {
            self.calls += 1;
            self.hits += hits;
            self.found_in += usize::from(hits > 0);
            if let Some(snippet) = snippet.filter(|_| self.examples.len() < EXAMPLES) {
                let contact = key.contact.into();
                let started_at = key.started_at;
                self.examples.push(TopicExample { contact, started_at, agent: None, snippet });
            }
        }
    }
}

/// The words around the first hit, with those hits that stand near it.
fn example(transcript: &Transcript, hits: &[TopicHit]) -> Option<Snippet> {
    let first = hits.first()?;
    let segment = transcript.segments().into_iter().nth(first.segment as usize)?;
    let places = hits.iter().take_while(|hit| hit.segment == first.segment);
    let places: Vec<(usize, usize)> =
        places.map(|hit| (hit.first_word as usize, hit.last_word as usize)).collect();
    around(transcript, segment, &places)
}
