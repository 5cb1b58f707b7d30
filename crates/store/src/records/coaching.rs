//! Coaching, and what it is measured by.

use super::{Table, text};
use crate::{BadRow, Row, Value, sql::json};
use touchline_model::{CoachingSession, Frequency, Kpi, Observation, Plan};

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
