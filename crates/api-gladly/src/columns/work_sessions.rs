//! Work Sessions (contract §4). Headers are the API's names.

use super::direction;
use crate::csv::{Cells, Column};
use touchline_app::reports::WorkSessionView;

/// Writes a cell of a work session, whatever page it is of.
type Write = fn(&WorkSessionView<'_>, &mut Cells);

/// The 19 columns.
pub(crate) const WORK_SESSIONS: [Column<Write>; 19] = [
    Column { name: "id", write: |row, out| out.maybe(row.id) },
    Column { name: "contact_session_id", write: |row, out| out.text(row.contact_id) },
    Column { name: "contact_session_created_at", write: |row, out| out.time(row.created_at) },
    Column { name: "customer_id", write: |row, out| out.text(row.customer_id) },
    Column { name: "conversation_id", write: |row, out| out.text(row.conversation_id) },
    Column { name: "inbox_id", write: |row, out| out.text(row.inbox_id) },
    Column { name: "channel", write: |row, out| out.text(row.channel.name()) },
    Column { name: "direction", write: |row, out| out.text(direction(row.direction)) },
    Column { name: "agent_accepted_at", write: |row, out| out.maybe_time(row.agent_accepted_at) },
    Column { name: "contact_session_routed_at", write: |row, out| out.maybe_time(row.routed_at) },
    Column { name: "agent_id", write: |row, out| out.maybe(row.agent_id) },
    Column { name: "sla_fulfilled_at", write: |row, out| out.maybe_time(row.fulfilled_at) },
    Column { name: "contact_session_ended_at", write: |row, out| out.maybe_time(row.ended_at) },
    Column { name: "status", write: |row, out| out.maybe(row.status.map(|it| it.name())) },
    Column { name: "within_sla", write: |row, out| out.flag(row.within_sla) },
    Column { name: "work_session_handle_time_sec", write: |row, out| out.maybe_seconds(row.handle) },
    Column {
        name: "work_session_after_contact_time_sec",
        write: |row, out| out.maybe_seconds(row.after_contact),
    },
    Column { name: "work_session_unknown_time_sec", write: |row, out| out.maybe_seconds(row.unknown) },
    Column { name: "accepted_inbox_id", write: |row, out| out.maybe(row.accepted_inbox_id) },
];
