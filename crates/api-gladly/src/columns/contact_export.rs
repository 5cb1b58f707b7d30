//! Contact Export (contract §5). Headers are display names; the vendor's spelling of the columns from the 12th on is
//! not public (contract X-9).

use super::direction;
use crate::csv::{Column, Write};
use touchline_app::reports::ContactRow;
use touchline_model::events::InitiatorKind;

/// Who started the contact.
fn initiator(kind: InitiatorKind) -> &'static str {
    match kind {
        InitiatorKind::Customer => "Customer",
        InitiatorKind::Agent => "Agent",
        InitiatorKind::Automation => "Automation",
        InitiatorKind::Internal => "Internal",
        InitiatorKind::External => "External",
        InitiatorKind::Application => "Application",
        InitiatorKind::System => "System",
    }
}

/// The 36 columns.
pub(crate) const CONTACT_EXPORT: [Column<Write<ContactRow>>; 36] = [
    Column { name: "Timezone Filter", write: |_, out| out.zone() },
    Column { name: "Queued At", write: |row, out| out.time(row.facts.created_at) },
    Column { name: "Customer ID", write: |row, out| out.text(row.facts.customer_id.as_str()) },
    Column { name: "Conversation ID", write: |row, out| out.text(row.facts.conversation_id.as_str()) },
    Column { name: "Contact ID", write: |row, out| out.text(row.facts.contact_id.as_str()) },
    Column {
        name: "Link",
        write: |row, out| out.link(row.facts.customer_id.as_str(), row.facts.conversation_id.as_str()),
    },
    Column { name: "Channel", write: |row, out| out.text(row.facts.channel.name()) },
    Column { name: "Direction", write: |row, out| out.text(direction(row.facts.direction)) },
    Column { name: "Contact Initiator", write: |row, out| out.text(initiator(row.facts.initiator)) },
    Column { name: "Entry Point", write: |row, out| out.maybe(row.facts.entry_point.as_ref()) },
    Column {
        name: "Final IVR Selection",
        write: |row, out| out.maybe(row.facts.final_ivr_selection.as_ref()),
    },
    Column { name: "Due At", write: |row, out| out.maybe_time(row.facts.due_at) },
    Column {
        name: "First Accepted At",
        write: |row, out| out.maybe_time(row.facts.first_accepted.as_ref().map(|it| it.at)),
    },
    Column {
        name: "First Accepted Agent ID",
        write: |row, out| out.maybe(row.facts.first_accepted.as_ref().map(|it| it.agent_id.as_str())),
    },
    Column {
        name: "First Accepted Agent Name",
        write: |row, out| out.maybe(row.first_accepted_name.as_ref()),
    },
    Column { name: "Fulfilled At", write: |row, out| out.maybe_time(row.facts.fulfilled.map(|it| it.at)) },
    Column {
        name: "Fulfilled Type",
        write: |row, out| out.maybe(row.facts.fulfilled.map(|it| it.how.name())),
    },
    Column { name: "Fulfilled Before Due", write: |row, out| out.flag(row.facts.within_sla()) },
    Column { name: "Ended At", write: |row, out| out.maybe_time(row.facts.ended.map(|it| it.at)) },
    Column { name: "Ended Status", write: |row, out| out.maybe(row.facts.ended.map(|it| it.status.name())) },
    Column {
        name: "Ended Reason",
        write: |row, out| out.maybe(row.facts.ended.and_then(|it| it.reason).map(|it| it.name())),
    },
    Column { name: "Inbox ID - Created", write: |row, out| out.text(row.facts.inbox_created.as_str()) },
    Column { name: "Inbox Name - Created", write: |row, out| out.text(&row.inbox_created_name) },
    Column { name: "Inbox ID - Current", write: |row, out| out.text(row.facts.inbox_current.as_str()) },
    Column { name: "Inbox Name - Current", write: |row, out| out.text(&row.inbox_current_name) },
    Column {
        name: "Assigned Agent ID - Current",
        write: |row, out| out.maybe(row.facts.agent_current.as_ref().map(|it| it.as_str())),
    },
    Column {
        name: "Assigned Agent Name - Current",
        write: |row, out| out.maybe(row.agent_current_name.as_ref()),
    },
    Column {
        name: "Queued-to-First Accepted Time in seconds",
        write: |row, out| out.maybe_seconds(row.facts.queued_to_accepted()),
    },
    Column {
        name: "Queued-to-Fulfilled Time in seconds",
        write: |row, out| out.maybe_seconds(row.facts.queued_to_fulfilled()),
    },
    Column {
        name: "Queued-to-Ended Time in seconds",
        write: |row, out| out.maybe_seconds(row.facts.queued_to_ended()),
    },
    Column {
        name: "First Accepted-to-Fulfilled Time in seconds",
        write: |row, out| out.maybe_seconds(row.facts.accepted_to_fulfilled()),
    },
    Column { name: "Handle Time in seconds", write: |row, out| out.maybe_seconds(row.facts.handle_time()) },
    Column {
        name: "After Contact Time in seconds",
        write: |row, out| out.maybe_seconds(row.facts.after_contact_time()),
    },
    Column { name: "Hold Time in seconds", write: |row, out| out.maybe_seconds(row.facts.hold_time()) },
    Column { name: "Talk Time in seconds", write: |row, out| out.maybe_seconds(row.facts.talk_time()) },
    Column { name: "Transfers", write: |row, out| out.count(row.facts.transfers) },
];
