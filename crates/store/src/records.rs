//! How each record lies in its table. The statements of a table are spelled by one macro from its column names, so
//! that the order of columns, parameters and results is written down once.

use crate::{
    BadRow, Row, Store, StoreError, Value,
    sql::{id_list, json},
};
use touchline_model::{
    CoachingSession, Contact, ContactState, Evaluation, Feedback, FeedbackKind, Frequency, Group, GroupKind,
    Kpi, Listen, MediaTime, Observation, Plan, Record, Scorecard, Seq, Share, Stored, TenantId, Timestamp,
    Topic, TopicScope, User,
};

/// A record with a table of its own.
pub trait Table: Record {
    /// Create one: tenant, id, the columns, modified, seq.
    const INSERT: &'static str;
    /// Create or replace one: the same.
    const PUT: &'static str;
    /// Delete one: tenant, id.
    const DELETE: &'static str;
    /// Read some: tenant, JSON list of ids.
    const GET: &'static str;
    /// Read in commit order: tenant, modified, modified, seq, limit (see [`Store::feed`]).
    const FEED: &'static str;
    /// Read in id order: tenant, id, limit.
    const LIST: &'static str;

    /// Appends the columns' values.
    fn columns(&self, to: &mut Vec<Value>);
    /// Reads the columns; the first stands at 1 (0 is the id).
    fn read(row: &Row<'_>) -> Result<Self, BadRow>;
    /// Number of columns between id and modified.
    const WIDTH: usize;
}

macro_rules! mark {
    ($column:ident) => {
        ", ?"
    };
}
macro_rules! one {
    ($column:ident) => {
        1
    };
}
/// The id list of a `GET`, as texts or as numbers.
macro_rules! ids {
    (text) => {
        "(SELECT value FROM json_each(?))"
    };
    (number) => {
        "(SELECT CAST(value AS BIGINT) FROM json_each(?))"
    };
}

macro_rules! table {
    ($type:ty, $table:literal, $ids:ident, [$($column:ident),+ $(,)?], |$it:ident| [$($value:expr),+ $(,)?], |$row:ident| $read:expr) => {
        impl Table for $type {
            const INSERT: &'static str = concat!(
                "INSERT INTO ", $table, " (tenant, id", $(", ", stringify!($column),)+ ", modified, seq) VALUES (?, ?",
                $(mark!($column),)+ ", ?, ?)"
            );
            const PUT: &'static str = concat!(
                "INSERT INTO ", $table, " (tenant, id", $(", ", stringify!($column),)+ ", modified, seq) VALUES (?, ?",
                $(mark!($column),)+ ", ?, ?) ON CONFLICT (tenant, id) DO UPDATE SET ",
                $(stringify!($column), " = excluded.", stringify!($column), ", ",)+
                "modified = excluded.modified, seq = excluded.seq"
            );
            const DELETE: &'static str = concat!("DELETE FROM ", $table, " WHERE tenant = ? AND id = ?");
            const GET: &'static str = concat!(
                "SELECT id", $(", ", stringify!($column),)+ ", modified, seq FROM ", $table,
                " WHERE tenant = ? AND id IN ", ids!($ids)
            );
            const FEED: &'static str = concat!(
                "SELECT id", $(", ", stringify!($column),)+ ", modified, seq FROM ", $table,
                " WHERE tenant = ? AND (modified, seq) > (?, ?) ORDER BY modified, seq LIMIT ?"
            );
            const LIST: &'static str = concat!(
                "SELECT id", $(", ", stringify!($column),)+ ", modified, seq FROM ", $table,
                " WHERE tenant = ? AND id > ? ORDER BY id LIMIT ?"
            );
            const WIDTH: usize = 0 $(+ one!($column))+;
            fn columns(&self, to: &mut Vec<Value>) {
                let $it = self;
                to.extend([$($value),+]);
            }
            fn read($row: &Row<'_>) -> Result<Self, BadRow> {
                Ok($read)
            }
        }
    };
}

fn text<T: AsRef<str>>(it: Option<&T>) -> Value {
    it.map(AsRef::as_ref).into()
}
macro_rules! as_text {
    ($it:expr) => {
        $it.as_ref().map(|id| id.0.as_str()).into()
    };
}
fn media(time: MediaTime) -> Value {
    Value::Int(time.micros())
}

table!(
    User,
    "users",
    text,
    [email, first_name, last_name, team, department, system_ids, phone_numbers, active],
    |u| [
        (&u.email).into(),
        (&u.first_name).into(),
        (&u.last_name).into(),
        as_text!(u.team_id),
        as_text!(u.department_id),
        json(&u.system_ids),
        json(&u.phone_numbers),
        u.active.into(),
    ],
    |row| User {
        id: row.string(0)?.into(),
        email: row.string(1)?,
        first_name: row.string(2)?,
        last_name: row.string(3)?,
        team_id: row.maybe_string(4)?.map(Into::into),
        department_id: row.maybe_string(5)?.map(Into::into),
        system_ids: row.json(6)?,
        phone_numbers: row.json(7)?,
        active: row.flag(8)?,
    }
);

table!(
    Group,
    "groups_",
    text,
    [name, kind, parent, manager, active],
    |g| [
        (&g.name).into(),
        group_kind(g.kind).into(),
        as_text!(g.parent_id),
        as_text!(g.manager_id),
        g.active.into(),
    ],
    |row| Group {
        id: row.string(0)?.into(),
        name: row.string(1)?,
        kind: if row.text(2)? == "department" { GroupKind::Department } else { GroupKind::Team },
        parent_id: row.maybe_string(3)?.map(Into::into),
        manager_id: row.maybe_string(4)?.map(Into::into),
        active: row.flag(5)?,
    }
);

const fn group_kind(kind: GroupKind) -> &'static str {
    match kind {
        GroupKind::Team => "team",
        GroupKind::Department => "department",
    }
}

table!(
    Contact,
    "contacts",
    text,
    [channel, direction, agent, started_at, duration, state, original_path, metadata, crm_matches],
    |c| [
        c.channel.name().into(),
        c.direction.name().into(),
        as_text!(c.agent_id),
        c.started_at.into(),
        media(c.duration),
        c.state.as_ref().map_or(ContactState::UPLOADED, |state| &state.0).into(),
        text(c.original_path.as_ref()),
        json(&c.metadata),
        json(&c.crm_matches),
    ],
    |row| Contact {
        id: row.string(0)?.into(),
        channel: row.parse(1)?,
        direction: row.parse(2)?,
        agent_id: row.maybe_string(3)?.map(Into::into),
        started_at: row.time(4)?,
        duration: MediaTime::from_micros(row.int(5)?),
        state: Some(ContactState(row.string(6)?)),
        original_path: row.maybe_string(7)?,
        metadata: row.json(8)?,
        crm_matches: row.json(9)?,
    }
);

table!(
    Topic,
    "topics",
    number,
    [name, phrases, scope, canonical_questions, active],
    |t| [(&t.name).into(), json(&t.phrases), json(&t.scope), t.canonical_questions.into(), t.active.into()],
    |row| Topic {
        id: touchline_model::TopicId(row.int(0)?),
        name: row.string(1)?,
        phrases: row.json(2)?,
        scope: row.json::<TopicScope>(3)?,
        canonical_questions: row.flag(4)?,
        active: row.flag(5)?,
    }
);

table!(
    Scorecard,
    "scorecards",
    text,
    [name, scheme, questions, active],
    |s| [(&s.name).into(), s.scheme.name().into(), json(&s.questions), s.active.into()],
    |row| Scorecard {
        id: row.string(0)?.into(),
        name: row.string(1)?,
        scheme: row.parse(2)?,
        questions: row.json(3)?,
        active: row.flag(4)?,
    }
);

table!(
    Evaluation,
    "evaluations",
    text,
    [contact, scorecard, reviewer, agent, scored_at, answers],
    |e| [
        (&e.contact_id.0).into(),
        (&e.scorecard_id.0).into(),
        (&e.reviewer_id.0).into(),
        as_text!(e.agent_id),
        e.scored_at.into(),
        json(&e.answers),
    ],
    |row| Evaluation {
        id: row.string(0)?.into(),
        contact_id: row.string(1)?.into(),
        scorecard_id: row.string(2)?.into(),
        reviewer_id: row.string(3)?.into(),
        agent_id: row.maybe_string(4)?.map(Into::into),
        scored_at: row.time(5)?,
        answers: row.json(6)?,
    }
);

table!(
    Feedback,
    "feedback",
    text,
    [contact, author, given_at, kind, text, start, end_],
    |f| [
        (&f.contact_id.0).into(),
        (&f.author_id.0).into(),
        f.given_at.into(),
        match f.kind {
            FeedbackKind::Comment => "comment",
            FeedbackKind::Highlight => "highlight",
        }
        .into(),
        text(f.text.as_ref()),
        media(f.start),
        f.end.map(MediaTime::micros).into(),
    ],
    |row| Feedback {
        id: row.string(0)?.into(),
        contact_id: row.string(1)?.into(),
        author_id: row.string(2)?.into(),
        given_at: row.time(3)?,
        kind: if row.text(4)? == "highlight" { FeedbackKind::Highlight } else { FeedbackKind::Comment },
        text: row.maybe_string(5)?,
        start: MediaTime::from_micros(row.int(6)?),
        end: row.maybe_int(7)?.map(MediaTime::from_micros),
    }
);

table!(
    Share,
    "shares",
    text,
    [contact, author, shared_at, recipient_ids, recipient_emails],
    |s| [
        (&s.contact_id.0).into(),
        (&s.author_id.0).into(),
        s.shared_at.into(),
        json(&s.recipient_ids),
        json(&s.recipient_emails),
    ],
    |row| Share {
        id: row.string(0)?.into(),
        contact_id: row.string(1)?.into(),
        author_id: row.string(2)?.into(),
        shared_at: row.time(3)?,
        recipient_ids: row.json(4)?,
        recipient_emails: row.json(5)?,
    }
);

table!(
    Listen,
    "listens",
    text,
    [contact, listener, started_at, duration, day, counted],
    |l| [
        (&l.contact_id.0).into(),
        (&l.listener_id.0).into(),
        l.started_at.into(),
        media(l.duration),
        l.day().into(),
        false.into(),
    ],
    |row| Listen {
        id: row.string(0)?.into(),
        contact_id: row.string(1)?.into(),
        listener_id: row.string(2)?.into(),
        started_at: row.time(3)?,
        duration: MediaTime::from_micros(row.int(4)?),
    }
);

table!(
    Plan,
    "plans",
    number,
    [name, objective, coach, recipient, starts_at, ends_at, completed_at, planned_sessions, skills],
    |p| [
        (&p.name).into(),
        (&p.objective).into(),
        (&p.coach_id.0).into(),
        (&p.recipient_id.0).into(),
        p.starts_at.into(),
        p.ends_at.into(),
        p.completed_at.into(),
        p.planned_sessions.into(),
        json(&p.skills),
    ],
    |row| Plan {
        id: touchline_model::PlanId(row.int(0)?),
        name: row.string(1)?,
        objective: row.string(2)?,
        coach_id: row.string(3)?.into(),
        recipient_id: row.string(4)?.into(),
        starts_at: row.time(5)?,
        ends_at: row.time(6)?,
        completed_at: row.maybe_time(7)?,
        planned_sessions: u32::try_from(row.int(8)?).map_err(|e| BadRow::new(8, e))?,
        skills: row.json(9)?,
    }
);

table!(
    CoachingSession,
    "sessions",
    number,
    [plan, coach, recipient, scheduled_at, started_at, ended_at, scores, call_reviews, questions, comments],
    |s| [
        s.plan_id.0.into(),
        (&s.coach_id.0).into(),
        (&s.recipient_id.0).into(),
        s.scheduled_at.into(),
        s.started_at.into(),
        s.ended_at.into(),
        json(&s.scores),
        json(&s.call_reviews),
        json(&s.questions),
        text(s.comments.as_ref()),
    ],
    |row| CoachingSession {
        id: touchline_model::SessionId(row.int(0)?),
        plan_id: touchline_model::PlanId(row.int(1)?),
        coach_id: row.string(2)?.into(),
        recipient_id: row.string(3)?.into(),
        scheduled_at: row.maybe_time(4)?,
        started_at: row.maybe_time(5)?,
        ended_at: row.maybe_time(6)?,
        scores: row.json(7)?,
        call_reviews: row.json(8)?,
        questions: row.json(9)?,
        comments: row.maybe_string(10)?,
    }
);

table!(
    Kpi,
    "kpis",
    number,
    [description, frequency, target],
    |k| [(&k.description).into(), json(&k.frequency), k.target.into()],
    |row| Kpi {
        id: touchline_model::KpiId(row.int(0)?),
        description: row.string(1)?,
        frequency: row.json::<Frequency>(2)?,
        target: row.real(3)?,
    }
);

table!(
    Observation,
    "observations",
    text,
    [kpi, observer, observed, observed_at, value],
    |o| [
        o.kpi_id.0.into(),
        (&o.observer_id.0).into(),
        (&o.observed_id.0).into(),
        o.observed_at.into(),
        o.value.into(),
    ],
    |row| Observation {
        id: row.string(0)?.into(),
        kpi_id: touchline_model::KpiId(row.int(1)?),
        observer_id: row.string(2)?.into(),
        observed_id: row.string(3)?.into(),
        observed_at: row.time(4)?,
        value: row.real(5)?,
    }
);

/// The id of a record as its column has it. A text that is no number matches no numeric id.
pub(crate) fn key<T: Record>(id: &str) -> Value {
    match T::NUMERIC {
        true => id.parse::<i64>().map_or(Value::Null, Value::Int),
        false => id.into(),
    }
}

/// Many ids for a `GET`; texts that are no number match no numeric id.
pub(crate) fn keys<T: Record>(ids: &[String]) -> Value {
    match T::NUMERIC {
        true => json(&ids.iter().filter_map(|id| id.parse::<i64>().ok()).collect::<Vec<_>>()),
        false => id_list(ids),
    }
}

/// A record with its place in the commit order, from the columns of the statements above.
pub(crate) fn stored<T: Table>(row: &Row<'_>) -> Result<Stored<T>, BadRow> {
    Ok(Stored { value: T::read(row)?, modified: row.time(T::WIDTH + 1)?, seq: row.int(T::WIDTH + 2)? })
}

impl Store {
    /// The records with these ids; ids that do not exist are left out. No order.
    pub async fn get_many<T: Table>(
        &self,
        tenant: &TenantId,
        ids: &[String],
    ) -> Result<Vec<Stored<T>>, StoreError> {
        self.query(T::GET, vec![tenant.as_str().into(), keys::<T>(ids)], stored).await
    }

    /// One record.
    pub async fn get<T: Table>(&self, tenant: &TenantId, id: &str) -> Result<Option<Stored<T>>, StoreError> {
        Ok(self.get_many(tenant, &[id.to_owned()]).await?.into_iter().next())
    }

    /// Records whose last change lies after a position, in commit order.
    pub async fn feed<T: Table>(
        &self,
        tenant: &TenantId,
        after: (Timestamp, Seq),
        limit: usize,
    ) -> Result<Vec<Stored<T>>, StoreError> {
        let params = vec![tenant.as_str().into(), after.0.into(), after.1.into(), (limit as i64).into()];
        self.query(T::FEED, params, stored).await
    }

    /// Records in the order of their ids, after one id (empty or absent: from the start).
    pub async fn list<T: Table>(
        &self,
        tenant: &TenantId,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Stored<T>>, StoreError> {
        let after = match (after, T::NUMERIC) {
            (Some(id), _) => key::<T>(id),
            (None, true) => Value::Int(i64::MIN),
            (None, false) => "".into(),
        };
        self.query(T::LIST, vec![tenant.as_str().into(), after, (limit as i64).into()], stored).await
    }
}

/// Every statement of this module.
pub(crate) fn statements() -> Vec<&'static str> {
    fn of<T: Table>() -> [&'static str; 6] {
        [T::INSERT, T::PUT, T::DELETE, T::GET, T::FEED, T::LIST]
    }
    [
        of::<User>(),
        of::<Group>(),
        of::<Contact>(),
        of::<Topic>(),
        of::<Scorecard>(),
        of::<Evaluation>(),
        of::<Feedback>(),
        of::<Share>(),
        of::<Listen>(),
        of::<Plan>(),
        of::<CoachingSession>(),
        of::<Kpi>(),
        of::<Observation>(),
    ]
    .concat()
}
