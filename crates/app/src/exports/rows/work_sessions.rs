//! Work sessions: one agent's work on one contact.

use crate::{
    exports::column::{Column, ColumnType as T, Tabular},
    reports::WorkSessionRow as Row,
};

const COLUMNS: [Column<Row>; 19] = [
    Column::maybe("id", T::Text, "Given when the contact ends; the same for ever.", |it| {
        it.id.as_ref().into()
    }),
    Column::always("contact_id", T::Text, "The contact.", |it| it.contact_id.as_str().into()),
    Column::always("created_at", T::Timestamp, "When the contact was queued or begun.", |it| {
        it.created_at.into()
    }),
    Column::always("customer_id", T::Text, "Its customer then.", |it| it.customer_id.as_str().into()),
    Column::always("conversation_id", T::Text, "Its conversation then.", |it| {
        it.conversation_id.as_str().into()
    }),
    Column::always("inbox_id", T::Text, "The inbox where it started.", |it| it.inbox_id.as_str().into()),
    Column::always("channel", T::Text, "Its channel, such as PHONE_CALL.", |it| it.channel.name().into()),
    Column::always("direction", T::Text, "INBOUND or OUTBOUND.", |it| it.direction.name().into()),
    Column::maybe(
        "agent_accepted_at",
        T::Timestamp,
        "When this agent first took it; empty until it has ended.",
        |it| it.agent_accepted_at.into(),
    ),
    Column::maybe("routed_at", T::Timestamp, "When it was first offered to anybody.", |it| {
        it.routed_at.into()
    }),
    Column::maybe(
        "agent_id",
        T::Text,
        "Whose work this is; empty until the contact has ended, and when nobody worked on it.",
        |it| it.agent_id.as_ref().map(|id| id.as_str()).into(),
    ),
    Column::maybe("fulfilled_at", T::Timestamp, "When its service level was fulfilled.", |it| {
        it.fulfilled_at.into()
    }),
    Column::maybe("ended_at", T::Timestamp, "When it ended.", |it| it.ended_at.into()),
    Column::maybe("status", T::Text, "How it ended.", |it| it.status.map(|it| it.name()).into()),
    Column::maybe(
        "within_sla",
        T::Boolean,
        "Whether it was fulfilled in time; empty without a due date, and until fulfilled.",
        |it| it.within_sla.into(),
    ),
    Column::maybe(
        "handle_seconds",
        T::Seconds,
        "Worked on it while it ran; empty until it has ended, like the next two.",
        |it| it.handle.into(),
    ),
    Column::maybe("after_contact_seconds", T::Seconds, "Worked on it afterwards; may still grow.", |it| {
        it.after_contact.into()
    }),
    Column::maybe(
        "unknown_seconds",
        T::Seconds,
        "Had the customer open without having worked on it; may still grow.",
        |it| it.unknown.into(),
    ),
    Column::maybe("accepted_inbox_id", T::Text, "Where the contact was when this agent took it.", |it| {
        it.accepted_inbox_id.as_ref().map(|id| id.as_str()).into()
    }),
];

impl Tabular for Row {
    fn columns() -> &'static [Column<Self>] {
        &COLUMNS
    }
}
