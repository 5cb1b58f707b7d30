//! How contacts are judged and talked about.

use super::{Table, media, text};
use crate::{BadRow, Row, Value, sql::json};
use touchline_model::{Evaluation, Feedback, FeedbackKind, MediaTime, Scorecard, Share};

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
