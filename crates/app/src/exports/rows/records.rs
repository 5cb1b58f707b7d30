//! Contacts, evaluations, events and deletions.

use crate::exports::column::{Cell, Column, ColumnType as T, Tabular};
use touchline_model::{CallStats, Contact, Evaluation, Kind, Scorecard, Stored};
use touchline_store::{ArrivedEvent, ChangeRow};

/// A contact as it stands, with what was worked out from its words.
#[derive(Clone, Debug)]
pub(in crate::exports) struct ContactLine {
    pub(in crate::exports) contact: Stored<Contact>,
    pub(in crate::exports) stats: Option<CallStats>,
}

impl ContactLine {
    fn value(&self) -> &Contact {
        &self.contact.value
    }
}

const CONTACT: [Column<ContactLine>; 18] = [
    Column::always("id", T::Text, "The contact.", |it| it.value().id.as_str().into()),
    Column::always("channel", T::Text, "call, chat or mail.", |it| it.value().channel.name().into()),
    Column::always("direction", T::Text, "INBOUND, OUTBOUND or SCREENSHARE.", |it| {
        it.value().direction.name().into()
    }),
    Column::maybe("agent_id", T::Text, "The agent.", |it| {
        it.value().agent_id.as_ref().map(|id| id.as_str()).into()
    }),
    Column::always("started_at", T::Timestamp, "When it began.", |it| it.value().started_at.into()),
    Column::always("duration_seconds", T::Seconds, "How long it lasted.", |it| it.value().duration.into()),
    Column::maybe("state", T::Text, "Where it stands in the pipeline, such as COMPLETE.", |it| {
        it.value().state.as_ref().map(|it| it.0.as_str()).into()
    }),
    Column::maybe("original_path", T::Text, "Name or path of the recording as uploaded.", |it| {
        it.value().original_path.as_ref().into()
    }),
    Column::always("metadata", T::Json, "Fields of your own: a JSON object.", |it| {
        Cell::json(&it.value().metadata)
    }),
    Column::always("crm_matches", T::Json, "What CRMs know of it: a JSON list.", |it| {
        Cell::json(&it.value().crm_matches)
    }),
    Column::maybe(
        "internal_talk_seconds",
        T::Number,
        "Spoken by us; empty until analysed, like the next five.",
        |it| it.stats.as_ref().map(|it| it.internal_talk_time).into(),
    ),
    Column::maybe("external_talk_seconds", T::Number, "Spoken by the customer.", |it| {
        it.stats.as_ref().map(|it| it.external_talk_time).into()
    }),
    Column::maybe("talk_ratio", T::Number, "Our share of both, 0 to 1.", |it| {
        it.stats.as_ref().map(|it| it.talk_ratio).into()
    }),
    Column::maybe("silence_seconds", T::Number, "Time in which nobody spoke.", |it| {
        it.stats.as_ref().map(|it| it.silence).into()
    }),
    Column::maybe("overlap_seconds", T::Number, "Time in which several spoke at once.", |it| {
        it.stats.as_ref().map(|it| it.overlap).into()
    }),
    Column::maybe("interchanges_per_minute", T::Number, "Speaker changes per minute.", |it| {
        it.stats.as_ref().map(|it| it.interchanges_per_minute).into()
    }),
    Column::always("modified", T::Timestamp, "When it last changed; decides about its day.", |it| {
        it.contact.modified.into()
    }),
    Column::always(
        "seq",
        T::Integer,
        "Number of that change; of two rows of a contact the higher one counts.",
        |it| it.contact.seq.into(),
    ),
];

impl Tabular for ContactLine {
    fn columns() -> &'static [Column<Self>] {
        &CONTACT
    }
}

/// An evaluation with its score.
#[derive(Clone, Debug)]
pub(in crate::exports) struct EvaluationLine {
    pub(in crate::exports) evaluation: Stored<Evaluation>,
    pub(in crate::exports) scorecard: Option<std::sync::Arc<Scorecard>>,
}

impl EvaluationLine {
    fn value(&self) -> &Evaluation {
        &self.evaluation.value
    }
}

const EVALUATION: [Column<EvaluationLine>; 11] = [
    Column::always("id", T::Text, "The evaluation.", |it| it.value().id.as_str().into()),
    Column::always("contact_id", T::Text, "Of which contact.", |it| it.value().contact_id.as_str().into()),
    Column::always("scorecard_id", T::Text, "By which scorecard.", |it| {
        it.value().scorecard_id.as_str().into()
    }),
    Column::maybe("scheme", T::Text, "How answers are scored, such as OneToFive.", |it| {
        it.scorecard.as_ref().map(|it| it.scheme.name()).into()
    }),
    Column::always("reviewer_id", T::Text, "Who filled it in.", |it| it.value().reviewer_id.as_str().into()),
    Column::maybe("agent_id", T::Text, "Whose contact it is.", |it| {
        it.value().agent_id.as_ref().map(|id| id.as_str()).into()
    }),
    Column::always("scored_at", T::Timestamp, "When it was filled in.", |it| it.value().scored_at.into()),
    Column::maybe(
        "score",
        T::Number,
        "0 to 1: the mean of what its answers are worth; empty without an answer.",
        |it| it.scorecard.as_ref().and_then(|card| crate::contacts::score(it.value(), card)).into(),
    ),
    Column::always("answers", T::Json, "One answer a question: a JSON list.", |it| {
        Cell::json(&it.value().answers)
    }),
    Column::always("modified", T::Timestamp, "When it last changed; decides about its day.", |it| {
        it.evaluation.modified.into()
    }),
    Column::always(
        "seq",
        T::Integer,
        "Number of that change; of two rows of an evaluation the higher one counts.",
        |it| it.evaluation.seq.into(),
    ),
];

impl Tabular for EvaluationLine {
    fn columns() -> &'static [Column<Self>] {
        &EVALUATION
    }
}

/// An event, with its details as JSON.
#[derive(Clone, Debug)]
pub(in crate::exports) struct EventLine {
    arrived: ArrivedEvent,
    content: String,
}

impl From<ArrivedEvent> for EventLine {
    fn from(arrived: ArrivedEvent) -> Self {
        let mut whole = serde_json::to_value(&arrived.event).unwrap_or_default();
        Self { content: whole["content"].take().to_string(), arrived }
    }
}

const EVENT: [Column<EventLine>; 15] = [
    Column::always("id", T::Text, "The event.", |it| it.arrived.event.id.as_str().into()),
    Column::always("type", T::Text, "What happened, such as CONTACT/STARTED.", |it| {
        it.arrived.event.kind().name().into()
    }),
    Column::always("timestamp", T::Timestamp, "When it was recorded.", |it| {
        it.arrived.event.timestamp.into()
    }),
    Column::always("happened_at", T::Timestamp, "When it happened, as far as known.", |it| {
        it.arrived.event.happened_at().into()
    }),
    Column::always("initiator_type", T::Text, "What kind of party did it.", |it| {
        it.arrived.event.initiator.kind().name().into()
    }),
    Column::always("initiator_id", T::Text, "Who; may be an empty text.", |it| {
        it.arrived.event.initiator.id().into()
    }),
    Column::maybe("contact_id", T::Text, "The contact.", |it| {
        it.arrived.event.contact_id().map(|id| id.as_str()).into()
    }),
    Column::maybe("conversation_id", T::Text, "The conversation.", |it| {
        it.arrived.event.conversation_id().map(|id| id.as_str()).into()
    }),
    Column::maybe("customer_id", T::Text, "The customer.", |it| {
        it.arrived.event.customer_id().map(|id| id.as_str()).into()
    }),
    Column::maybe("agent_id", T::Text, "The agent for whom it counts.", |it| {
        it.arrived.event.agent_id().map(|id| id.as_str()).into()
    }),
    Column::always("content", T::Json, "All details: a JSON object.", |it| Cell::Json(it.content.clone())),
    Column::always("own", T::Boolean, "Whether Touchline worked it out itself from a contact.", |it| {
        it.arrived.own.into()
    }),
    Column::always("arrived_at", T::Timestamp, "When it arrived; decides about its day.", |it| {
        it.arrived.arrived_at.into()
    }),
    Column::always("seq", T::Integer, "Number of the change that brought it.", |it| it.arrived.seq.into()),
    Column::always("part", T::Integer, "Its place among those that came with it.", |it| {
        it.arrived.part.into()
    }),
];

impl Tabular for EventLine {
    fn columns() -> &'static [Column<Self>] {
        &EVENT
    }
}

/// Something that was deleted.
#[derive(Clone, Debug)]
pub(in crate::exports) struct Deletion(pub(in crate::exports) ChangeRow);

const DELETION: [Column<Deletion>; 5] = [
    Column::always("kind", T::Text, "What kind of record.", |it| it.0.kind.name().into()),
    Column::always("id", T::Text, "Which one.", |it| (&it.0.id).into()),
    Column::always(
        "erased",
        T::Boolean,
        "A contact: its words, recording, events and work sessions are gone with it, for good.",
        |it| (it.0.kind == Kind::Contact).into(),
    ),
    Column::always("deleted_at", T::Timestamp, "When; decides about its day.", |it| it.0.at.into()),
    Column::always(
        "seq",
        T::Integer,
        "Number of the change; a row of the record with a higher one is newer.",
        |it| it.0.seq.into(),
    ),
];

impl Tabular for Deletion {
    fn columns() -> &'static [Column<Self>] {
        &DELETION
    }
}
