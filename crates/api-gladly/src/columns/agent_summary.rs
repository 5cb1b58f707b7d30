//! Agent Summary (contract §6). 41 columns, then a block of nine channels for each of eight metrics (contract X-10).

use crate::csv::Column;
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
        @by_channel $($metric:literal: $figure:ident;)*
    ) => {
        [
            $(Column { name: $name, write: $write },)*
            $(
                columns!(@cell $metric, " - Chat", $figure, C::Chat),
                columns!(@cell $metric, " - Email", $figure, C::Email),
                columns!(@cell $metric, " - FB Messenger", $figure, C::FbMessenger),
                columns!(@cell $metric, " - Instagram Direct", $figure, C::InstagramDirect),
                columns!(@cell $metric, " - Phone Call", $figure, C::PhoneCall),
                columns!(@cell $metric, " - SMS", $figure, C::Sms),
                columns!(@cell $metric, " - Twitter", $figure, C::Twitter),
                columns!(@cell $metric, " - Voicemail", $figure, C::Voicemail),
                columns!(@cell $metric, " - WhatsApp", $figure, C::Whatsapp),
            )*
        ]
    };
    (@cell $metric:literal, $channel:literal, $figure:ident, $of:expr) => {
        Column { name: concat!($metric, $channel), write: |row, out| out.number(row.figures.$figure.of($of)) }
    };
}

/// The 113 columns.
#[rustfmt::skip]
pub(crate) const AGENT_SUMMARY: [Column<Row>; 113] = columns! {
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
    "Logged In": |row, out| out.number(row.figures.logged_in);
    "Logged Out": |row, out| out.number(row.figures.logged_out);
    "Logged In Time in seconds": |row, out| out.number(row.figures.logged_in_time);
    "Went Away": |row, out| out.number(row.figures.went_away);
    "Returned from Away": |row, out| out.number(row.figures.returned_from_away);
    "Changed Active Reason": |row, out| out.number(row.figures.changed_active_reason);
    "Active Time in seconds": |row, out| out.number(row.figures.active_time());
    "Away Time in seconds": |row, out| out.number(row.figures.away_time);
    "Available Time in seconds - Any": |row, out| out.number(row.figures.available_any);
    // In the order of `ChannelType::ALL`.
    "Available Time in seconds - Mail": |row, out| out.number(row.figures.available[0]);
    "Available Time in seconds - Messaging": |row, out| out.number(row.figures.available[1]);
    "Available Time in seconds - Task": |row, out| out.number(row.figures.available[2]);
    "Available Time in seconds - Voice": |row, out| out.number(row.figures.available[3]);
    "Contact Offered": |row, out| out.number(row.figures.offered.total);
    "Contact Accepted": |row, out| out.number(row.figures.accepted.total);
    "Contact Declined": |row, out| out.number(row.figures.declined.total);
    "Contact Missed": |row, out| out.number(row.figures.missed.total);
    "Contact Started": |row, out| out.number(row.figures.started.total);
    "Contact Transferred": |row, out| out.number(row.figures.transferred);
    "Contact Ended": |row, out| out.number(row.figures.ended);
    "Message Sent": |row, out| out.number(row.figures.message_sent.total);
    "Handle Time in seconds": |row, out| out.number(row.figures.handle.total);
    "After Contact Time in seconds": |row, out| out.number(row.figures.after_contact.total);
    "Hold Time in seconds": |row, out| out.number(row.figures.hold);
    "Conversation Closed": |row, out| out.number(row.figures.conversation_closed);
    "Task Created": |row, out| out.number(row.figures.task_created);
    "Task Closed": |row, out| out.number(row.figures.task_closed);
    "Task Reopened": |row, out| out.number(row.figures.task_reopened);
    "Task Commented On": |row, out| out.number(row.figures.task_commented_on);
    "Task Content Updated": |row, out| out.number(row.figures.task_content_updated);
    "Task Due Date Updated": |row, out| out.number(row.figures.task_due_date_updated);
    @by_channel
    "Contact Offered": offered;
    "Contact Accepted": accepted;
    "Contact Declined": declined;
    "Contact Missed": missed;
    "Contact Started": started;
    "Message Sent": message_sent;
    "Handle Time in seconds": handle;
    "After Contact Time in seconds": after_contact;
};
