//! Contacts, and what is looked for in them.

use super::{Table, media, text};
use crate::{BadRow, Row, Value, sql::json};
use touchline_model::{Contact, ContactState, Listen, MediaTime, Topic, TopicScope};

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
