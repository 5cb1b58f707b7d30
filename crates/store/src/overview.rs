//! What the first page shows: how much there was a day and a week, and what waits for somebody. No read here looks at
//! more than a bounded number of contacts, however many there are.
//!
//! The counts of days and weeks follow every batch by themselves: what the contacts that it touches counted is taken
//! out before its changes and put in again after them, in the same transaction. So they are exact at every commit,
//! whatever a batch does (docs/decisions/0008).

use crate::{Batch, Store, StoreError, Value, batch::Op, sql::id_list};
use std::collections::BTreeSet;
use touchline_model::{
    ContactId, EvaluationId, MediaTime, ScorecardId, ShareId, TenantId, Timestamp, TopicId, UserId,
};

/// Shares and comments that are looked through for those that concern somebody.
const LOOKED_THROUGH: i64 = 1_000;
/// What waits is counted up to here.
pub const MOST_WAITING: i64 = 1_000;

/// How much there was on a day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DayCount {
    /// Days since 1970-01-01, UTC.
    pub day: i64,
    /// Contacts that began on it.
    pub contacts: i64,
    /// Those of them with results of the analysis.
    pub analysed: i64,
    /// Talk of internal speakers in those.
    pub internal: MediaTime,
    /// Talk of external speakers in those.
    pub external: MediaTime,
}

/// In how many contacts of a week a topic was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TopicWeek {
    /// Weeks since Monday 1969-12-29, UTC.
    pub week: i64,
    /// The topic.
    pub topic: TopicId,
    /// Contacts that began in it.
    pub contacts: i64,
}

/// A share that somebody received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// The share.
    pub id: ShareId,
    /// What was shared.
    pub contact: ContactId,
    /// By whom.
    pub author: UserId,
    /// When.
    pub at: Timestamp,
}

/// A comment or highlight on somebody's contact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// On which contact.
    pub contact: ContactId,
    /// By whom.
    pub author: UserId,
    /// When.
    pub at: Timestamp,
    /// What is said; none for a bare highlight.
    pub text: Option<String>,
    /// Which time of the contact it is about.
    pub start: MediaTime,
}

/// An evaluation of somebody's contact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// The evaluation.
    pub id: EvaluationId,
    /// The contact.
    pub contact: ContactId,
    /// The scorecard.
    pub scorecard: ScorecardId,
    /// Who filled it in.
    pub reviewer: UserId,
    /// When.
    pub at: Timestamp,
}

// CROSS JOIN: SQLite goes from the list to each contact. Left to itself it reads a whole index of the tenant.
macro_rules! count_days {
    ($sign:literal) => {
        concat!(
            "INSERT INTO contact_days (tenant, day, agent, contacts, analysed, internal, external) SELECT c.tenant, \
             c.started_at / 86400000000, COALESCE(c.agent, ''), ",
            $sign,
            "COUNT(*), ",
            $sign,
            "COUNT(a.contact), CAST(",
            $sign,
            "COALESCE(SUM(a.internal), 0) AS BIGINT), CAST(",
            $sign,
            "COALESCE(SUM(a.external), 0) AS BIGINT) FROM json_each(?) CROSS JOIN contacts c \
             LEFT JOIN analyses a ON a.tenant = c.tenant AND a.contact = c.id WHERE c.tenant = ? AND c.id = value \
             GROUP BY c.tenant, c.started_at / 86400000000, COALESCE(c.agent, '') \
             ON CONFLICT (tenant, day, agent) DO UPDATE SET contacts = contact_days.contacts + excluded.contacts, \
             analysed = contact_days.analysed + excluded.analysed, \
             internal = contact_days.internal + excluded.internal, \
             external = contact_days.external + excluded.external"
        )
    };
}
const DAYS_OUT: &str = count_days!("-");
const DAYS_IN: &str = count_days!("");

// 1970-01-01 was a Thursday.
macro_rules! count_weeks {
    ($sign:literal) => {
        concat!(
            "INSERT INTO topic_weeks (tenant, generation, week, topic, contacts) SELECT tenant, generation, \
             (started_at / 86400000000 + 3) / 7, topic, ",
            $sign,
            "COUNT(*) FROM json_each(?) CROSS JOIN topic_contacts WHERE tenant = ? AND contact = value \
             GROUP BY tenant, generation, (started_at / 86400000000 + 3) / 7, topic \
             ON CONFLICT (tenant, generation, week, topic) DO UPDATE SET \
             contacts = topic_weeks.contacts + excluded.contacts"
        )
    };
}
const WEEKS_OUT: &str = count_weeks!("-");
const WEEKS_IN: &str = count_weeks!("");
const FORGET_WEEKS: &str = "DELETE FROM topic_weeks WHERE tenant = ? AND generation < ?";

macro_rules! days {
    ($agents:literal) => {
        concat!(
            "SELECT day, CAST(SUM(contacts) AS BIGINT), CAST(SUM(analysed) AS BIGINT), \
             CAST(SUM(internal) AS BIGINT), CAST(SUM(external) AS BIGINT) FROM contact_days \
             WHERE tenant = ? AND day BETWEEN ? AND ?",
            $agents,
            " GROUP BY day ORDER BY day"
        )
    };
}
const DAYS: &str = days!("");
const DAYS_OF: &str = days!(" AND agent IN (SELECT value FROM json_each(?))");
const WEEKS: &str = "SELECT week, topic, contacts FROM topic_weeks WHERE tenant = ? AND generation = ? \
     AND week BETWEEN ? AND ? AND contacts <> 0 ORDER BY week, topic";
const TOPICS_OF: &str = "SELECT contact, topic FROM topic_contacts WHERE tenant = ? AND generation = ? \
     AND contact IN (SELECT value FROM json_each(?)) ORDER BY contact, topic";

const NEW: &str =
    "SELECT COUNT(*) FROM (SELECT 1 FROM contacts WHERE tenant = ? AND started_at >= ? LIMIT ?) AS n";
const NEW_OF: &str = "SELECT COUNT(*) FROM (SELECT 1 FROM contacts WHERE tenant = ? \
     AND agent IN (SELECT value FROM json_each(?)) AND started_at >= ? LIMIT ?) AS n";
// In the words of the index contacts_failed.
const FAILED: &str = "SELECT COUNT(*) FROM (SELECT 1 FROM contacts WHERE tenant = ? \
     AND state IN ('CONVERTER_REJECTED', 'TRANSCRIPTION_FAILED') LIMIT ?) AS n";
const DEAD: &str = "SELECT COUNT(*) FROM (SELECT 1 FROM jobs WHERE tenant = ? AND dead = 1 LIMIT ?) AS n";

const SHARES: &str = "SELECT id, contact, author, shared_at, recipient_ids FROM shares WHERE tenant = ? \
     AND shared_at >= ? ORDER BY shared_at DESC, seq DESC LIMIT ?";
const REMARKS: &str = "SELECT f.contact, f.author, f.given_at, f.text, f.start FROM (SELECT * FROM feedback \
     WHERE tenant = ? ORDER BY modified DESC, seq DESC LIMIT ?) AS f JOIN contacts c ON c.tenant = f.tenant \
     AND c.id = f.contact WHERE c.agent = ? AND f.author <> ? AND f.given_at >= ? ORDER BY f.given_at DESC, f.id \
     LIMIT ?";
const JUDGED: &str = "SELECT id, contact, scorecard, reviewer, scored_at FROM evaluations WHERE tenant = ? AND agent = ? \
     AND scored_at >= ? ORDER BY scored_at DESC, id LIMIT ?";

/// Contacts that a batch touches in what is counted.
#[derive(Default)]
pub(crate) struct Touched {
    /// In when they began, whose they are, or their talk.
    contacts: BTreeSet<String>,
    /// In their topics.
    topics: BTreeSet<String>,
}

impl Batch {
    /// A contact, or what the analysis found in it, is changed by this batch.
    pub(crate) fn count_contact(&mut self, id: &str) {
        self.touched.contacts.insert(id.to_owned());
    }

    /// The topics of a contact are changed by this batch.
    pub(crate) fn count_topics(&mut self, id: &str) {
        self.touched.topics.insert(id.to_owned());
    }

    /// Has the counts follow what the batch changes.
    pub(crate) fn follow_with_counts(&mut self) {
        let touched = std::mem::take(&mut self.touched);
        let both = [(touched.contacts, DAYS_OUT, DAYS_IN), (touched.topics, WEEKS_OUT, WEEKS_IN)];
        for (ids, out, back_in) in both.into_iter().filter(|(ids, ..)| !ids.is_empty()) {
            let ids: Vec<String> = ids.into_iter().collect();
            let op = |sql| {
                let params = vec![id_list(&ids), Value::Text(self.tenant.0.clone())];
                Op { sql, params, change: None, expect: None }
            };
            let (out, back_in) = (op(out), op(back_in));
            self.ops.insert(0, out);
            self.ops.push(back_in);
        }
    }

    /// Forgets what sets of topics older than `generation` counted.
    pub(crate) fn forget_topic_weeks(&mut self, generation: i64) {
        self.run(FORGET_WEEKS, vec![Value::Text(self.tenant.0.clone()), generation.into()]);
    }
}

impl Store {
    /// How much there was on the days from one to another, days without contacts left out; of some agents, or of all
    /// and nobody.
    pub async fn day_counts(
        &self,
        tenant: &TenantId,
        agents: Option<&[String]>,
        days: (i64, i64),
    ) -> Result<Vec<DayCount>, StoreError> {
        let mut params = vec![tenant.as_str().into(), days.0.into(), days.1.into()];
        params.extend(agents.map(id_list));
        let sql = if agents.is_some() { DAYS_OF } else { DAYS };
        let found = self.query(sql, params, |row| {
            Ok(DayCount {
                day: row.int(0)?,
                contacts: row.int(1)?,
                analysed: row.int(2)?,
                internal: MediaTime::from_micros(row.int(3)?),
                external: MediaTime::from_micros(row.int(4)?),
            })
        });
        // A day whose contacts are all gone keeps a row of zeros.
        Ok(found.await?.into_iter().filter(|day| day.contacts != 0).collect())
    }

    /// In how many contacts of the weeks from one to another a set found its topics.
    pub async fn topic_weeks(
        &self,
        tenant: &TenantId,
        generation: i64,
        weeks: (i64, i64),
    ) -> Result<Vec<TopicWeek>, StoreError> {
        let params = vec![tenant.as_str().into(), generation.into(), weeks.0.into(), weeks.1.into()];
        self.query(WEEKS, params, |row| {
            Ok(TopicWeek { week: row.int(0)?, topic: TopicId(row.int(1)?), contacts: row.int(2)? })
        })
        .await
    }

    /// The topics that a set found in these contacts.
    pub async fn topics_of(
        &self,
        tenant: &TenantId,
        generation: i64,
        contacts: &[String],
    ) -> Result<Vec<(String, TopicId)>, StoreError> {
        let params = vec![tenant.as_str().into(), generation.into(), id_list(contacts)];
        self.query(TOPICS_OF, params, |row| Ok((row.string(0)?, TopicId(row.int(1)?)))).await
    }

    /// How many contacts began at or after an instant, of some agents or of all; counted up to [`MOST_WAITING`] + 1.
    pub async fn count_new(
        &self,
        tenant: &TenantId,
        agents: Option<&[String]>,
        since: Timestamp,
    ) -> Result<i64, StoreError> {
        let mut params = vec![tenant.as_str().into()];
        params.extend(agents.map(id_list));
        params.extend([since.into(), (MOST_WAITING + 1).into()]);
        let sql = if agents.is_some() { NEW_OF } else { NEW };
        Ok(self.first(sql, params, |row| row.int(0)).await?.unwrap_or_default())
    }

    /// How many recordings could not be read or transcribed; counted up to [`MOST_WAITING`] + 1.
    pub async fn count_failed(&self, tenant: &TenantId) -> Result<i64, StoreError> {
        let params = vec![tenant.as_str().into(), (MOST_WAITING + 1).into()];
        Ok(self.first(FAILED, params, |row| row.int(0)).await?.unwrap_or_default())
    }

    /// How many jobs were given up; counted up to [`MOST_WAITING`] + 1.
    pub async fn count_dead(&self, tenant: &TenantId) -> Result<i64, StoreError> {
        let params = vec![tenant.as_str().into(), (MOST_WAITING + 1).into()];
        Ok(self.first(DEAD, params, |row| row.int(0)).await?.unwrap_or_default())
    }

    /// What was shared with somebody since an instant, newest first, among the tenant's last 1,000 shares.
    pub async fn received(
        &self,
        tenant: &TenantId,
        user: &UserId,
        since: Timestamp,
    ) -> Result<Vec<Received>, StoreError> {
        let (params, user) =
            (vec![tenant.as_str().into(), since.into(), LOOKED_THROUGH.into()], user.clone());
        let found = self.query(SHARES, params, move |row| {
            let recipients: Vec<UserId> = row.json(4)?;
            let received = Received {
                id: row.string(0)?.into(),
                contact: row.string(1)?.into(),
                author: row.string(2)?.into(),
                at: row.time(3)?,
            };
            Ok(recipients.contains(&user).then_some(received))
        });
        Ok(found.await?.into_iter().flatten().collect())
    }

    /// What others said about an agent's contacts since an instant, newest first, among the tenant's 1,000 remarks that
    /// changed last.
    pub async fn remarks_on(
        &self,
        tenant: &TenantId,
        agent: &UserId,
        since: Timestamp,
        limit: usize,
    ) -> Result<Vec<Remark>, StoreError> {
        let params = vec![
            tenant.as_str().into(),
            LOOKED_THROUGH.into(),
            agent.as_str().into(),
            agent.as_str().into(),
            since.into(),
            (limit as i64).into(),
        ];
        self.query(REMARKS, params, |row| {
            Ok(Remark {
                contact: row.string(0)?.into(),
                author: row.string(1)?.into(),
                at: row.time(2)?,
                text: row.maybe_string(3)?,
                start: MediaTime::from_micros(row.int(4)?),
            })
        })
        .await
    }

    /// Evaluations of an agent's contacts since an instant, newest first.
    pub async fn judged(
        &self,
        tenant: &TenantId,
        agent: &UserId,
        since: Timestamp,
        limit: usize,
    ) -> Result<Vec<Judged>, StoreError> {
        let params = vec![tenant.as_str().into(), agent.as_str().into(), since.into(), (limit as i64).into()];
        self.query(JUDGED, params, |row| {
            Ok(Judged {
                id: row.string(0)?.into(),
                contact: row.string(1)?.into(),
                scorecard: row.string(2)?.into(),
                reviewer: row.string(3)?.into(),
                at: row.time(4)?,
            })
        })
        .await
    }
}

pub(crate) const STATEMENTS: &[&str] = &[
    DAYS_OUT,
    DAYS_IN,
    WEEKS_OUT,
    WEEKS_IN,
    FORGET_WEEKS,
    DAYS,
    DAYS_OF,
    WEEKS,
    TOPICS_OF,
    NEW,
    NEW_OF,
    FAILED,
    DEAD,
    SHARES,
    REMARKS,
    JUDGED,
];
