//! One contact with everything that hangs on it, for the page that shows it.

use crate::{App, AppError, require_own};
use std::collections::{BTreeSet, HashMap, HashSet};
use touchline_model::{
    Ability, CallStats, Caller, Evaluation, Feedback, Kind, Scorecard, ScorecardId, Share, Stored, Summary,
    TenantId, Topic, TopicHit, Transcript, User, UserId,
};
use touchline_speech::Peaks;
use touchline_store::{ContactRow, TopicSetState};

/// Remarks, shares and evaluations that are shown of one contact.
const MOST: usize = 1_000;

/// A contact with everything that hangs on it, as far as the reader may know.
#[derive(Clone, Debug)]
pub struct WholeCall {
    /// The contact, its recording, why the pipeline stopped.
    pub row: ContactRow,
    /// What was said, with the speakers recognised.
    pub transcript: Option<Transcript>,
    /// Talk statistics, once analysed.
    pub stats: Option<CallStats>,
    /// What it was about, once analysed.
    pub summary: Option<Summary>,
    /// Where the topics were found.
    pub hits: Vec<TopicHit>,
    /// The topics that were found.
    pub topics: Vec<Topic>,
    /// Comments and highlights, by their place.
    pub remarks: Vec<Stored<Feedback>>,
    /// To whom it was shown. Not for readers who see only their own things.
    pub shares: Vec<Stored<Share>>,
    /// How it was judged, newest first; for readers who see only their own things, what was judged of themselves.
    pub evaluations: Vec<Stored<Evaluation>>,
    /// The scorecards of the evaluations.
    pub scorecards: HashMap<ScorecardId, Scorecard>,
    /// Everybody who is named above.
    pub people: HashMap<UserId, User>,
    /// What the waveform is drawn from, when the recording has been measured.
    pub peaks: Option<Peaks>,
}

/// The score of an evaluation, 0 to 1: the mean of what its answers are worth in their scheme, all questions alike
/// (contract c360 §4.9). `None` without an answer.
pub fn score(evaluation: &Evaluation, scorecard: &Scorecard) -> Option<f64> {
    let worth = |answer: u8| scorecard.scheme.percentage(answer).map(f64::from);
    let worth: Vec<f64> = evaluation.answers.iter().filter_map(|it| worth(it.answer)).collect();
    (!worth.is_empty()).then(|| worth.iter().sum::<f64>() / worth.len() as f64 / 100.0)
}

impl App {
    /// One contact with everything that hangs on it. Reading what was said is noted once.
    ///
    /// # Errors
    /// [`AppError::Gone`] for one that was erased, [`AppError::NotFound`] for one that never was or is somebody else's.
    pub async fn whole_call(&self, caller: &Caller, id: &str) -> Result<WholeCall, AppError> {
        require_own(caller, Ability::ReadContacts)?;
        let tenant = &caller.tenant;
        let row = match self.contact_row(caller, id).await {
            Err(AppError::NotFound { .. }) => return Err(self.gone_or_never(caller, id).await?),
            other => other?,
        };
        let ids = [id.to_owned()];
        let analysis = self.store.analyses(tenant, &ids).await?.remove(id);
        let (stats, summary) = analysis.map(|it| (it.stats, it.summary)).unzip();
        let mut call = WholeCall {
            peaks: self.known_peaks(tenant, &row).await?,
            row,
            transcript: None,
            stats,
            summary: None,
            hits: vec![],
            topics: vec![],
            remarks: vec![],
            shares: vec![],
            evaluations: vec![],
            scorecards: HashMap::new(),
            people: HashMap::new(),
        };
        if caller.may(Ability::ReadRecordings) {
            let said = self.recognised_words(tenant, &ids).await?.remove(id);
            if said.is_some() {
                self.audit_reading(caller, &ids).await?;
            }
            call.transcript = said;
            call.summary = summary;
            (call.hits, call.topics) = self.found_topics(tenant, id).await?;
        }
        if caller.may(Ability::ReadCoaching) {
            call.remarks = self.store.remarks(tenant, id, MOST).await?;
            if !caller.own_only {
                call.shares = self.store.shares_of(tenant, id, MOST).await?;
            }
        }
        if caller.may(Ability::ReadQuality) {
            call.evaluations = self.store.evaluations_of(tenant, id, MOST).await?;
            let of_reader = |it: &Stored<Evaluation>| !caller.own_only || it.value.agent_id == caller.user;
            call.evaluations.retain(of_reader);
            let cards: BTreeSet<String> =
                call.evaluations.iter().map(|it| it.value.scorecard_id.0.clone()).collect();
            let cards: Vec<String> = cards.into_iter().collect();
            let cards = self.store.get_many::<Scorecard>(tenant, &cards).await?;
            call.scorecards = cards.into_iter().map(|it| (it.value.id.clone(), it.value)).collect();
        }
        call.people = self.people_of(tenant, &call).await?;
        Ok(call)
    }

    /// The error for a contact that is not there: erased, unless it is none of the caller's business.
    async fn gone_or_never(&self, caller: &Caller, id: &str) -> Result<AppError, AppError> {
        let erased = match id.contains('\0') {
            true => vec![],
            false => self.store.tombstones(&caller.tenant, &[id.to_owned()]).await?,
        };
        let own = |agent: Option<&str>| agent.is_some() && agent == caller.user.as_ref().map(UserId::as_str);
        let known = erased.iter().any(|it| !caller.own_only || own(it.agent.as_deref()));
        Ok(match known {
            true => AppError::Gone(id.to_owned()),
            false => AppError::NotFound { kind: Kind::Contact, id: id.to_owned() },
        })
    }

    /// What the visible set of topics found in a contact, and those topics.
    async fn found_topics(
        &self,
        tenant: &TenantId,
        id: &str,
    ) -> Result<(Vec<TopicHit>, Vec<Topic>), AppError> {
        let (_, sets) = self.store.topic_sets(tenant).await?;
        let Some(set) = sets.into_iter().find(|set| set.state == TopicSetState::Visible) else {
            return Ok((vec![], vec![]));
        };
        let mut results = self.store.topic_results(tenant, set.generation, &[id.to_owned()]).await?;
        let hits = results.remove(id).unwrap_or_default().hits;
        let found: HashSet<_> = hits.iter().map(|hit| hit.topic).collect();
        let topics = set.topics.into_iter().filter(|topic| found.contains(&topic.id)).collect();
        Ok((hits, topics))
    }

    /// Everybody who is named in a contact and what hangs on it.
    async fn people_of(
        &self,
        tenant: &TenantId,
        call: &WholeCall,
    ) -> Result<HashMap<UserId, User>, AppError> {
        let speakers =
            call.transcript.iter().flat_map(|it| &it.speakers).filter_map(|it| it.user_id.as_ref());
        let named: BTreeSet<String> = speakers
            .chain(&call.row.contact.value.agent_id)
            .chain(call.remarks.iter().map(|it| &it.value.author_id))
            .chain(call.evaluations.iter().map(|it| &it.value.reviewer_id))
            .chain(
                call.shares.iter().flat_map(|it| it.value.recipient_ids.iter().chain([&it.value.author_id])),
            )
            .map(|id| id.0.clone())
            .collect();
        let named: Vec<String> = named.into_iter().collect();
        let users = self.store.get_many::<User>(tenant, &named).await?;
        Ok(users.into_iter().map(|user| (user.value.id.clone(), user.value)).collect())
    }
}
