//! Agent Summary (contract §6). 41 columns, then a block of nine channels for each of eight metrics (contract X-10).

use crate::csv::{Column, Write};
use touchline_app::reports::AgentSummaryRow as Row;
use touchline_model::events::ContactChannel as C;

/// The account's state (contract §6 column 7).
fn status(row: &Row) -> &'static str {
    if row.agent.active { "Active" } else { "Deactivated" }
}

/// A table of the plain columns, and behind them the breakdown of each metric by channel.
macro_rules! columns {
    (
        $($name:literal: $write:expr;)*
        @by_channel $($metric:literal: $cell:ident $figure:ident;)*
    ) => {
        [
            $(Column { name: $name, write: $write },)*
            $(
                columns!(@cell $cell $metric, " - Chat", $figure, C::Chat),
                columns!(@cell $cell $metric, " - Email", $figure, C::Email),
                columns!(@cell $cell $metric, " - FB Messenger", $figure, C::FbMessenger),
                columns!(@cell $cell $metric, " - Instagram Direct", $figure, C::InstagramDirect),
                columns!(@cell $cell $metric, " - Phone Call", $figure, C::PhoneCall),
                columns!(@cell $cell $metric, " - SMS", $figure, C::Sms),
                columns!(@cell $cell $metric, " - Twitter", $figure, C::Twitter),
                columns!(@cell $cell $metric, " - Voicemail", $figure, C::Voicemail),
                columns!(@cell $cell $metric, " - WhatsApp", $figure, C::Whatsapp),
            )*
        ]
    };
    (@cell $cell:ident $metric:literal, $channel:literal, $figure:ident, $of:expr) => {
        Column { name: concat!($metric, $channel), write: |row, out| out.$cell(row.figures.$figure.of($of)) }
    };
}

/// The 113 columns.
#[rustfmt::skip]
pub(crate) const AGENT_SUMMARY: [Column<Write<Row>>; 113] = columns! {
    "Timezone Filter": |_, out| out.zone();
    "Bucket Beginning": |row, out| out.time(row.bucket.start);
    "Bucket End": |row, out| out.time(row.bucket.end);
    "Name": |row, out| out.text(&row.agent.name);
    "Email": |row, out| out.text(&row.agent.email);
    "Agent ID": |row, out| out.text(row.agent.id.as_str());
    "User Status": |row, out| out.text(status(row));
    "Role(s)": |row, out| out.text(&row.agent.roles.join(", "));
    "Inbox(es)": |row, out| out.text(&row.agent.inboxes.join(", "));
    "Team(s)": |row, out| out.text(&row.agent.teams.join(", "));
    "Logged In": |row, out| out.count(row.figures.logged_in);
    "Logged Out": |row, out| out.count(row.figures.logged_out);
    "Logged In Time in seconds": |row, out| out.seconds(row.figures.logged_in_time);
    "Went Away": |row, out| out.count(row.figures.went_away);
    "Returned from Away": |row, out| out.count(row.figures.returned_from_away);
    "Changed Active Reason": |row, out| out.count(row.figures.changed_active_reason);
    "Active Time in seconds": |row, out| out.seconds(row.figures.active_time());
    "Away Time in seconds": |row, out| out.seconds(row.figures.away_time);
    "Available Time in seconds - Any": |row, out| out.seconds(row.figures.available_any);
    // In the order of `ChannelType::ALL`.
    "Available Time in seconds - Mail": |row, out| out.seconds(row.figures.available[0]);
    "Available Time in seconds - Messaging": |row, out| out.seconds(row.figures.available[1]);
    "Available Time in seconds - Task": |row, out| out.seconds(row.figures.available[2]);
    "Available Time in seconds - Voice": |row, out| out.seconds(row.figures.available[3]);
    "Contact Offered": |row, out| out.count(row.figures.offered.total);
    "Contact Accepted": |row, out| out.count(row.figures.accepted.total);
    "Contact Declined": |row, out| out.count(row.figures.declined.total);
    "Contact Missed": |row, out| out.count(row.figures.missed.total);
    "Contact Started": |row, out| out.count(row.figures.started.total);
    "Contact Transferred": |row, out| out.count(row.figures.transferred);
    "Contact Ended": |row, out| out.count(row.figures.ended);
    "Message Sent": |row, out| out.count(row.figures.message_sent.total);
    "Handle Time in seconds": |row, out| out.seconds(row.figures.handle.total);
    "After Contact Time in seconds": |row, out| out.seconds(row.figures.after_contact.total);
    "Hold Time in seconds": |row, out| out.seconds(row.figures.hold);
    "Conversation Closed": |row, out| out.count(row.figures.conversation_closed);
    "Task Created": |row, out| out.count(row.figures.task_created);
    "Task Closed": |row, out| out.count(row.figures.task_closed);
    "Task Reopened": |row, out| out.count(row.figures.task_reopened);
    "Task Commented On": |row, out| out.count(row.figures.task_commented_on);
    "Task Content Updated": |row, out| out.count(row.figures.task_content_updated);
    "Task Due Date Updated": |row, out| out.count(row.figures.task_due_date_updated);
    @by_channel
    "Contact Offered": count offered;
    "Contact Accepted": count accepted;
    "Contact Declined": count declined;
    "Contact Missed": count missed;
    "Contact Started": count started;
    "Message Sent": count message_sent;
    "Handle Time in seconds": seconds handle;
    "After Contact Time in seconds": seconds after_contact;
};
