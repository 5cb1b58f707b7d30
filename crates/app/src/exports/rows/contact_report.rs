//! The contact report: a contact with its times.

use crate::{
    exports::column::{Column, ColumnType as T, Tabular},
    reports::ContactRow as Row,
};

const COLUMNS: [Column<Row>; 36] = [
    Column::always("contact_id", T::Text, "The contact.", |it| it.facts.contact_id.as_str().into()),
    Column::always("created_at", T::Timestamp, "When it was queued or begun.", |it| {
        it.facts.created_at.into()
    }),
    Column::always("customer_id", T::Text, "Its customer then.", |it| it.facts.customer_id.as_str().into()),
    Column::always("conversation_id", T::Text, "Its conversation then.", |it| {
        it.facts.conversation_id.as_str().into()
    }),
    Column::always("channel", T::Text, "Its channel, such as PHONE_CALL.", |it| {
        it.facts.channel.name().into()
    }),
    Column::always("direction", T::Text, "INBOUND or OUTBOUND.", |it| it.facts.direction.name().into()),
    Column::always("initiator", T::Text, "What kind of party began it.", |it| {
        it.facts.initiator.name().into()
    }),
    Column::maybe("entry_point", T::Text, "The address that the customer reached.", |it| {
        it.facts.entry_point.as_ref().into()
    }),
    Column::maybe("final_ivr_selection", T::Text, "The last choice in the telephone menu.", |it| {
        it.facts.final_ivr_selection.as_ref().into()
    }),
    Column::maybe("due_at", T::Timestamp, "Until when the service level wants an answer.", |it| {
        it.facts.due_at.into()
    }),
    Column::maybe("routed_at", T::Timestamp, "When it was first offered to anybody.", |it| {
        it.facts.routed_at.into()
    }),
    Column::maybe("first_accepted_at", T::Timestamp, "When an agent first took it.", |it| {
        it.facts.first_accepted.as_ref().map(|it| it.at).into()
    }),
    Column::maybe("first_accepted_agent_id", T::Text, "Who took it first.", |it| {
        it.facts.first_accepted.as_ref().map(|it| it.agent_id.as_str()).into()
    }),
    Column::directory("first_accepted_agent_name", T::Text, "That agent's name now.", |it| {
        it.first_accepted_name.as_ref().into()
    }),
    Column::maybe("fulfilled_at", T::Timestamp, "When its service level was fulfilled.", |it| {
        it.facts.fulfilled.map(|it| it.at).into()
    }),
    Column::maybe("fulfilled_type", T::Text, "How.", |it| it.facts.fulfilled.map(|it| it.how.name()).into()),
    Column::maybe(
        "within_sla",
        T::Boolean,
        "Whether it was fulfilled in time; empty without a due date, and until fulfilled.",
        |it| it.facts.within_sla().into(),
    ),
    Column::maybe("ended_at", T::Timestamp, "When it ended.", |it| it.facts.ended.map(|it| it.at).into()),
    Column::maybe("status", T::Text, "How it ended.", |it| it.facts.ended.map(|it| it.status.name()).into()),
    Column::maybe("end_reason", T::Text, "Why, where known.", |it| {
        it.facts.ended.and_then(|it| it.reason).map(|it| it.name()).into()
    }),
    Column::always("inbox_created_id", T::Text, "The inbox where it started.", |it| {
        it.facts.inbox_created.as_str().into()
    }),
    Column::directory("inbox_created_name", T::Text, "That inbox's name now.", |it| {
        (&it.inbox_created_name).into()
    }),
    Column::always("inbox_current_id", T::Text, "The inbox where it is, or was when it ended.", |it| {
        it.facts.inbox_current.as_str().into()
    }),
    Column::directory("inbox_current_name", T::Text, "That inbox's name now.", |it| {
        (&it.inbox_current_name).into()
    }),
    Column::maybe("agent_current_id", T::Text, "Whose it is, or was when it ended.", |it| {
        it.facts.agent_current.as_ref().map(|id| id.as_str()).into()
    }),
    Column::directory("agent_current_name", T::Text, "That agent's name now.", |it| {
        it.agent_current_name.as_ref().into()
    }),
    Column::maybe(
        "queued_to_accepted_seconds",
        T::Seconds,
        "From queued to first accepted; inbound only.",
        |it| it.facts.queued_to_accepted().into(),
    ),
    Column::maybe(
        "queued_to_fulfilled_seconds",
        T::Seconds,
        "From queued to fulfilled; inbound only.",
        |it| it.facts.queued_to_fulfilled().into(),
    ),
    Column::maybe("queued_to_ended_seconds", T::Seconds, "From queued to ended; inbound only.", |it| {
        it.facts.queued_to_ended().into()
    }),
    Column::maybe(
        "accepted_to_fulfilled_seconds",
        T::Seconds,
        "From first accepted to fulfilled; inbound only; negative when fulfilled first.",
        |it| it.facts.accepted_to_fulfilled().into(),
    ),
    Column::maybe(
        "handle_seconds",
        T::Seconds,
        "Worked on it by all agents while it ran; empty until it has ended.",
        |it| it.facts.handle_time().into(),
    ),
    Column::maybe(
        "after_contact_seconds",
        T::Seconds,
        "Worked on it by all agents afterwards; may still grow.",
        |it| it.facts.after_contact_time().into(),
    ),
    Column::maybe(
        "hold_seconds",
        T::Seconds,
        "How long the customer was on hold; calls that have ended only.",
        |it| it.facts.hold_time().into(),
    ),
    Column::maybe(
        "talk_seconds",
        T::Seconds,
        "From accepted to ended without hold; calls that have ended only.",
        |it| it.facts.talk_time().into(),
    ),
    Column::always("transfers", T::Integer, "How often it was transferred.", |it| it.facts.transfers.into()),
    Column::maybe("first_accepted_inbox_id", T::Text, "Where it was when it was first accepted.", |it| {
        it.facts.first_accepted.as_ref().map(|it| it.inbox_id.as_str()).into()
    }),
];

impl Tabular for Row {
    fn columns() -> &'static [Column<Self>] {
        &COLUMNS
    }
}
