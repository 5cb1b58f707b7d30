//! What waits for whoever looks.

use super::{Scope, Whose};
use crate::{
    App, AppError,
    contacts::{
        find::{CallQuery, FoundCall},
        score,
    },
    require_own,
};
use std::collections::{BTreeSet, HashMap};
use touchline_model::{
    Ability, Caller, Contact, ContactId, Evaluation, MediaTime, Scorecard, ScorecardId, Timestamp, UserId,
};
use touchline_store::ContactRow;

/// Calls count as new for so long.
const NEW_SECS: i64 = 24 * 3_600;
/// What others said or shared is shown for so long.
const RECENT_SECS: i64 = 14 * 24 * 3_600;
/// Entries of a list.
const SHOWN: usize = 5;

/// What waits for somebody.
#[derive(Clone, Debug, PartialEq)]
pub struct Overview {
    /// Recordings that could not be read or transcribed; only for callers who bring recordings in. Counted up to
    /// [`crate::store::MOST_WAITING`] + 1, as the numbers below.
    pub failed: Option<i64>,
    /// Jobs that were given up; only for administrators.
    pub dead_jobs: Option<i64>,
    /// Whose calls are counted.
    pub whose: Whose,
    /// Calls that began after `since`.
    pub new_calls: i64,
    /// A day ago.
    pub since: Timestamp,
    /// Whether nothing at all has begun until now.
    pub is_fresh: bool,
    /// The newest of them.
    pub latest: Vec<FoundCall>,
    /// What was shared with the reader in the last two weeks, newest first.
    pub shares: Vec<Notice>,
    /// What others said about the reader's calls in the last two weeks, newest first.
    pub remarks: Vec<Notice>,
    /// Evaluations of the reader's calls of the last two weeks, newest first.
    pub evaluations: Vec<Notice>,
}

/// Something that somebody did about a call.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    /// The call.
    pub contact: Contact,
    /// Name of its agent, or the id of one who is not in the directory.
    pub agent: Option<String>,
    /// Who did it: name, or id of somebody who is not in the directory.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// What was said; the scorecard of an evaluation; empty for a share.
    pub text: String,
    /// Which time of the call it is about.
    pub start: MediaTime,
    /// The score of an evaluation, 0 to 1; none for anything else.
    pub score: Option<f64>,
}

/// A notice without the names.
struct Bare {
    contact: ContactId,
    by: UserId,
    at: Timestamp,
    text: String,
    start: MediaTime,
    score: Option<f64>,
}

impl App {
    /// What waits for the caller.
    ///
    /// # Errors
    /// [`AppError::NotAllowed`] without [`Ability::ReadContacts`].
    pub async fn overview(&self, caller: &Caller) -> Result<Overview, AppError> {
        require_own(caller, Ability::ReadContacts)?;
        let tenant = &caller.tenant;
        let since = self.clock.now().plus_secs(-NEW_SECS);
        let newest = self.newest_call(caller).await?;
        let is_fresh = newest.is_none() && !caller.own_only;
        let Scope { whose, agents } = self.scope(caller, self.shown_weeks(newest)).await?;
        let failed = match caller.may(Ability::WriteContacts) {
            true => Some(self.store.count_failed(tenant).await?),
            false => None,
        };
        let dead_jobs = match caller.may(Ability::Administer) {
            true => Some(self.store.count_dead(tenant).await?),
            false => None,
        };
        let query = CallQuery {
            teams: match &whose {
                Whose::Team(groups) => groups.iter().map(|group| group.id.clone()).collect(),
                Whose::Own | Whose::Everybody => Vec::new(),
            },
            from: Some(since),
            limit: SHOWN,
            ..CallQuery::default()
        };
        let new_calls = self.store.count_new(tenant, agents.as_deref(), since).await?;
        let latest = match new_calls {
            0 => Vec::new(),
            _ => self.find_calls(caller, &query).await?.rows,
        };
        let [shares, remarks, evaluations] = self.notices(caller).await?;
        Ok(Overview {
            failed,
            dead_jobs,
            whose,
            new_calls,
            since,
            is_fresh,
            latest,
            shares,
            remarks,
            evaluations,
        })
    }

    /// Shares, remarks and evaluations that concern the caller.
    async fn notices(&self, caller: &Caller) -> Result<[Vec<Notice>; 3], AppError> {
        let Some(user) = &caller.user else { return Ok([vec![], vec![], vec![]]) };
        let (tenant, since) = (&caller.tenant, self.clock.now().plus_secs(-RECENT_SECS));
        let (mut shares, mut remarks, mut judged) = (Vec::new(), Vec::new(), Vec::new());
        if caller.may(Ability::ReadCoaching) {
            let bare = |contact, by, at, text: Option<String>, start| Bare {
                contact,
                by,
                at,
                text: text.unwrap_or_default(),
                start,
                score: None,
            };
            let received = self.store.received(tenant, user, since).await?.into_iter();
            let share = |it: touchline_store::Received| {
                bare(it.contact, it.author, it.at, None, MediaTime::default())
            };
            shares.extend(received.map(share));
            let said = self.store.remarks_on(tenant, user, since, SHOWN).await?.into_iter();
            remarks.extend(said.map(|it| bare(it.contact, it.author, it.at, it.text, it.start)));
        }
        if caller.may(Ability::ReadQuality) {
            let found = self.store.judged(tenant, user, since, SHOWN).await?;
            let scorecards: Vec<String> = found.iter().map(|it| it.scorecard.0.clone()).collect();
            let scorecards = self.store.get_many::<Scorecard>(tenant, &scorecards).await?;
            let cards: HashMap<ScorecardId, Scorecard> =
                scorecards.into_iter().map(|it| (it.value.id.clone(), it.value)).collect();
            let ids: Vec<String> = found.iter().map(|it| it.id.0.clone()).collect();
            let whole = self.store.get_many::<Evaluation>(tenant, &ids).await?;
            let whole: HashMap<_, _> = whole.into_iter().map(|it| (it.value.id.clone(), it.value)).collect();
            judged.extend(found.into_iter().map(|it| {
                let card = cards.get(&it.scorecard);
                Bare {
                    contact: it.contact,
                    by: it.reviewer,
                    at: it.at,
                    text: card.map(|card| card.name.clone()).unwrap_or_default(),
                    start: MediaTime::default(),
                    score: whole.get(&it.id).zip(card).and_then(|(it, card)| score(it, card)),
                }
            }));
        }
        let all = || shares.iter().chain(&remarks).chain(&judged);
        let ids: BTreeSet<String> = all().map(|it| it.contact.0.clone()).collect();
        let rows = self.store.contact_rows(tenant, &ids.into_iter().collect::<Vec<_>>()).await?;
        // Somebody else's contact does not exist for a reader who sees only the own ones.
        let seen = |row: &ContactRow| !caller.own_only || row.contact.value.agent_id.as_ref() == Some(user);
        let contacts: HashMap<ContactId, Contact> = rows
            .into_iter()
            .filter(seen)
            .map(|row| (row.contact.value.id.clone(), row.contact.value))
            .collect();
        let people = all().map(|it| it.by.0.clone());
        let people: BTreeSet<String> =
            people.chain(contacts.values().filter_map(|it| Some(it.agent_id.as_ref()?.0.clone()))).collect();
        let names = self.names_of(caller, people.into_iter().collect()).await?;
        let named = |id: &UserId| names.get(id).cloned().unwrap_or_else(|| id.0.clone());
        let notice = |it: Bare| {
            let contact = contacts.get(&it.contact)?.clone();
            let agent = contact.agent_id.as_ref().map(named);
            let Bare { at, text, start, score, .. } = it;
            Some(Notice { by: named(&it.by), agent, contact, at, text, start, score })
        };
        Ok([shares, remarks, judged].map(|list| list.into_iter().filter_map(notice).take(SHOWN).collect()))
    }
}
