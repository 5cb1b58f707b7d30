//! Reading contacts with everything that was found in them, for dialects that show whole calls.

use crate::{App, AppError, require};
use std::collections::HashMap;
use touchline_model::{
    Ability, Caller, Evaluation, Kind, Plan, QuestionCounts, Scorecard, Segment, Share, SpeakerType, Stored,
    TenantId, Topic, TopicHit, TopicId, Transcript,
};
use touchline_store::{CallRow, DeletedContact, ListenDay, Position, TopicSetState};

/// A contact with its transcript, whose speakers are recognised.
#[derive(Clone, Debug)]
pub struct Call {
    /// The contact.
    pub row: CallRow,
    /// What was said; `None` when it was not asked for, or there is none.
    pub transcript: Option<Transcript>,
}

/// What topics found in a contact.
#[derive(Clone, Debug)]
pub struct CallTopics {
    /// The contact.
    pub row: CallRow,
    /// What was said.
    pub transcript: Transcript,
    /// Where phrases were found.
    pub hits: Vec<TopicHit>,
    /// Sentences with a canonical question.
    pub questions: QuestionCounts,
}

/// Matches that must stand close together for a topic to count (contract c360 X-8).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TopicWindow {
    /// Length of the span, in seconds.
    pub length: f64,
    /// Matches that must start within it.
    pub minimum_matches: u32,
}

impl CallTopics {
    /// Drops the hits of every topic that has too few matches close together; question counts stay.
    pub fn keep_within(&mut self, window: TopicWindow) {
        let mut times: HashMap<TopicId, Vec<f64>> = HashMap::new();
        for hit in &self.hits {
            if let Some(word) = self.transcript.words.get(hit.first_word as usize) {
                times.entry(hit.topic).or_default().push(word.start.secs());
            }
        }
        times.retain(|_, starts| {
            touchline_analysis::survives_window(starts, window.length, window.minimum_matches)
        });
        self.hits.retain(|hit| times.contains_key(&hit.topic));
    }

    /// The words of a hit as spoken, without punctuation at the edges (contract c360 R-10). `segments` are those of
    /// this transcript.
    pub fn spoken(&self, segments: &[Segment], hit: &TopicHit) -> String {
        touchline_analysis::matching_text(&self.transcript, segments, hit)
    }
}

impl App {
    /// Contacts after a position, in commit order; with what was said, if asked for.
    pub async fn calls(
        &self,
        caller: &Caller,
        after: Position,
        limit: usize,
        transcripts: bool,
    ) -> Result<Vec<Call>, AppError> {
        require(caller, Ability::ReadContacts)?;
        let rows = self.store.calls(&caller.tenant, after, limit, false).await?;
        if !transcripts {
            return Ok(rows.into_iter().map(|row| Call { row, transcript: None }).collect());
        }
        let mut said = self.said(caller, &rows).await?;
        Ok(rows
            .into_iter()
            .map(|row| {
                let transcript = said.remove(&row.id);
                Call { row, transcript }
            })
            .collect())
    }

    /// One contact with what was said.
    pub async fn call(&self, caller: &Caller, id: &str) -> Result<Call, AppError> {
        require(caller, Ability::ReadContacts)?;
        let found = match id.contains('\0') {
            true => None,
            false => self.store.call(&caller.tenant, id).await?,
        };
        let row = found.ok_or_else(|| AppError::NotFound { kind: Kind::Contact, id: id.to_owned() })?;
        let transcript = self.said(caller, std::slice::from_ref(&row)).await?.remove(id);
        Ok(Call { row, transcript })
    }

    /// Contacts in state COMPLETE after a position, in commit order, with what the visible topics found in them, and
    /// those topics.
    pub async fn call_topics(
        &self,
        caller: &Caller,
        after: Position,
        limit: usize,
    ) -> Result<(Vec<CallTopics>, Vec<Topic>), AppError> {
        require(caller, Ability::ReadContacts)?;
        let rows = self.store.calls(&caller.tenant, after, limit, true).await?;
        let ids: Vec<String> = rows.iter().map(|row| row.id.clone()).collect();
        let (_, sets) = self.store.topic_sets(&caller.tenant).await?;
        let visible = sets.into_iter().find(|set| set.state == TopicSetState::Visible);
        let (mut results, topics) = match visible {
            Some(set) => (self.store.topic_results(&caller.tenant, set.generation, &ids).await?, set.topics),
            None => (HashMap::new(), vec![]),
        };
        let mut said = self.said(caller, &rows).await?;
        let calls = rows.into_iter().map(|row| {
            let result = results.remove(&row.id).unwrap_or_default();
            let transcript = said.remove(&row.id).unwrap_or_default();
            CallTopics { row, transcript, hits: result.hits, questions: result.questions }
        });
        Ok((calls.collect(), topics))
    }

    /// What was said in these contacts, with the speakers recognised; noted in the audit trail first.
    async fn said(&self, caller: &Caller, rows: &[CallRow]) -> Result<HashMap<String, Transcript>, AppError> {
        require(caller, Ability::ReadRecordings)?;
        let ids: Vec<String> = rows.iter().map(|row| row.id.clone()).collect();
        self.audit_reading(caller, &ids).await?;
        self.recognised_words(&caller.tenant, &ids).await
    }

    /// What was said in these contacts, with the speakers recognised as far as they are.
    pub(crate) async fn recognised_words(
        &self,
        tenant: &TenantId,
        ids: &[String],
    ) -> Result<HashMap<String, Transcript>, AppError> {
        let mut said = self.store.transcripts(tenant, ids).await?;
        for (id, analysis) in self.store.analyses(tenant, ids).await? {
            if let Some(transcript) = said.get_mut(&id) {
                transcript.speakers = analysis.speakers;
            }
        }
        // Before the analysis: what was given, for those who occur.
        for transcript in said.values_mut() {
            let numbers: std::collections::BTreeSet<u16> =
                transcript.words.iter().map(|word| word.speaker).collect();
            transcript.speakers.retain(|speaker| numbers.contains(&speaker.number));
            for number in numbers {
                if !transcript.speakers.iter().any(|speaker| speaker.number == number) {
                    let unknown = Some(SpeakerType::Unknown);
                    let speaker =
                        touchline_model::Speaker { number, speaker_type: unknown, ..Default::default() };
                    transcript.speakers.push(speaker);
                }
            }
        }
        Ok(said)
    }

    /// Deleted contacts after a position, in commit order.
    pub async fn deleted_calls(
        &self,
        caller: &Caller,
        after: Position,
        limit: usize,
    ) -> Result<Vec<DeletedContact>, AppError> {
        require(caller, Ability::ReadContacts)?;
        Ok(self.store.deleted_contacts(&caller.tenant, after, limit).await?)
    }

    /// Listening time by day after a position, in commit order.
    pub async fn listen_days(
        &self,
        caller: &Caller,
        after: Position,
        limit: usize,
    ) -> Result<Vec<ListenDay>, AppError> {
        require(caller, Ability::ReadCoaching)?;
        Ok(self.store.listen_days(&caller.tenant, after, limit).await?)
    }

    /// Shares after a time of sharing and number, in that order.
    pub async fn shares_by_time(
        &self,
        caller: &Caller,
        after: Position,
        limit: usize,
    ) -> Result<Vec<Stored<Share>>, AppError> {
        require(caller, Ability::ReadCoaching)?;
        Ok(self.store.shares_by_time(&caller.tenant, after, limit).await?)
    }

    /// The agents of contacts, deleted ones too: contact, agent.
    pub async fn agents_of(
        &self,
        caller: &Caller,
        contacts: &[String],
    ) -> Result<HashMap<String, String>, AppError> {
        require(caller, Ability::ReadContacts)?;
        let rows = self.store.contact_rows(&caller.tenant, contacts).await?;
        let gone = self.store.tombstones(&caller.tenant, contacts).await?;
        let live = rows.into_iter().filter_map(|row| {
            let contact = row.contact.value;
            contact.agent_id.map(|agent| (contact.id.0, agent.0))
        });
        Ok(live.chain(gone.into_iter().filter_map(|it| it.agent.map(|agent| (it.id, agent)))).collect())
    }

    /// The scorecards with these ids; ids that do not exist are left out.
    pub async fn scorecards(&self, caller: &Caller, ids: &[String]) -> Result<Vec<Scorecard>, AppError> {
        require(caller, Ability::ReadQuality)?;
        let found = self.store.get_many::<Scorecard>(&caller.tenant, ids).await?;
        Ok(found.into_iter().map(|it| it.value).collect())
    }

    /// The evaluations with these ids; ids that do not exist are left out.
    pub async fn evaluations(&self, caller: &Caller, ids: &[String]) -> Result<Vec<Evaluation>, AppError> {
        require(caller, Ability::ReadQuality)?;
        let found = self.store.get_many::<Evaluation>(&caller.tenant, ids).await?;
        Ok(found.into_iter().map(|it| it.value).collect())
    }

    /// The numbers of skills by name (contract c360 R-13).
    pub async fn skill_numbers(
        &self,
        caller: &Caller,
        names: &[String],
    ) -> Result<HashMap<String, i64>, AppError> {
        require(caller, Ability::ReadCoaching)?;
        Ok(self.store.skills(&caller.tenant, names).await?.into_iter().collect())
    }

    /// How many sessions of each plan are completed (contract c360 R-13).
    pub async fn completed_sessions(
        &self,
        caller: &Caller,
        plans: &[i64],
    ) -> Result<HashMap<i64, i64>, AppError> {
        require(caller, Ability::ReadCoaching)?;
        Ok(self.store.completed_sessions(&caller.tenant, plans).await?.into_iter().collect())
    }

    /// About how many sessions of a plan should have been held by its completion, or by now, but were not (contract
    /// c360 X-22). `completed` are its completed sessions.
    pub fn missed_sessions(&self, plan: &Plan, completed: i64) -> u32 {
        touchline_analysis::estimated_missed(
            plan.starts_at,
            plan.ends_at,
            plan.planned_sessions,
            u32::try_from(completed).unwrap_or(u32::MAX),
            plan.completed_at.unwrap_or_else(|| self.clock.now()),
        )
    }
}
