//! The agent summary: what an agent did in a bucket of time.

use crate::{
    exports::column::{Cell, Column, ColumnType as T, Tabular},
    reports::AgentSummaryRow as Row,
};
use touchline_model::events::ContactChannel as C;

/// The plain columns, and behind them the parts of the channels of each figure that has them.
macro_rules! columns {
    (
        $($plain:expr;)*
        @by_channel $($figure:ident $name:literal $suffix:literal $holds:expr, $about:literal;)*
    ) => {
        [
            $($plain,)*
            $(
                columns!(@one $figure, $name, "_chat", $suffix, $holds, $about, "chat", C::Chat),
                columns!(@one $figure, $name, "_email", $suffix, $holds, $about, "e-mail", C::Email),
                columns!(@one $figure, $name, "_fb_messenger", $suffix, $holds, $about, "Facebook Messenger", C::FbMessenger),
                columns!(@one $figure, $name, "_instagram_direct", $suffix, $holds, $about, "Instagram", C::InstagramDirect),
                columns!(@one $figure, $name, "_phone_call", $suffix, $holds, $about, "telephone", C::PhoneCall),
                columns!(@one $figure, $name, "_sms", $suffix, $holds, $about, "SMS", C::Sms),
                columns!(@one $figure, $name, "_twitter", $suffix, $holds, $about, "Twitter", C::Twitter),
                columns!(@one $figure, $name, "_voicemail", $suffix, $holds, $about, "voicemail", C::Voicemail),
                columns!(@one $figure, $name, "_whatsapp", $suffix, $holds, $about, "WhatsApp", C::Whatsapp),
            )*
        ]
    };
    (@one $figure:ident, $name:literal, $part:literal, $suffix:literal, $holds:expr, $about:literal, $by:literal, $of:expr) => {
        Column::always(concat!($name, $part, $suffix), $holds, concat!($about, ", by ", $by, "."), |it| {
            it.figures.$figure.of($of).into()
        })
    };
}

macro_rules! count {
    ($name:literal, $about:literal, $($figure:tt)+) => {
        Column::always($name, T::Integer, $about, |it| it.figures.$($figure)+.into())
    };
}
macro_rules! time {
    ($name:literal, $about:literal, $($figure:tt)+) => {
        Column::always($name, T::Seconds, $about, |it| it.figures.$($figure)+.into())
    };
}

const COLUMNS: [Column<Row>; 112] = columns! {
    Column::always("bucket_start", T::Timestamp, "The stretch of time begins, cut at the window.", |it| it.bucket.start.into());
    Column::always("bucket_end", T::Timestamp, "It is over.", |it| it.bucket.end.into());
    Column::always("agent_id", T::Text, "The agent.", |it| it.agent.id.as_str().into());
    Column::directory("agent_name", T::Text, "Name now.", |it| (&it.agent.name).into());
    Column::directory("agent_email", T::Text, "E-mail address now.", |it| (&it.agent.email).into());
    Column::directory("agent_active", T::Boolean, "Whether the person still works here.", |it| it.agent.active.into());
    Column::directory("agent_roles", T::Json, "Roles in the pages now.", |it| Cell::json(&it.agent.roles));
    Column::directory("agent_inboxes", T::Json, "Names of the inboxes now.", |it| Cell::json(&it.agent.inboxes));
    Column::directory("agent_teams", T::Json, "Names of the teams now.", |it| Cell::json(&it.agent.teams));
    count!("logged_in", "Times logged in.", logged_in);
    count!("logged_out", "Times logged out, by choice or for idling.", logged_out);
    time!("logged_in_seconds", "Time between them.", logged_in_time);
    count!("went_away", "Times gone away, by choice or for idling.", went_away);
    count!("returned_from_away", "Times come back.", returned_from_away);
    count!("changed_active_reason", "Times turned to something else.", changed_active_reason);
    time!("active_seconds", "Logged in and not away.", active_time());
    time!("away_seconds", "Away.", away_time);
    time!("available_seconds", "Available for anything, while logged in and not away.", available_any);
    // In the order of `ChannelType::ALL`.
    time!("available_mail_seconds", "Available for mail.", available[0]);
    time!("available_messaging_seconds", "Available for messages.", available[1]);
    time!("available_task_seconds", "Available for tasks.", available[2]);
    time!("available_voice_seconds", "Available for calls.", available[3]);
    count!("offered", "Contacts offered.", offered.total);
    count!("accepted", "Offers taken.", accepted.total);
    count!("declined", "Offers refused.", declined.total);
    count!("missed", "Offers not reacted to.", missed.total);
    count!("started", "Contacts begun.", started.total);
    count!("transferred", "Contacts handed on.", transferred);
    count!("ended", "Contacts that ended while they were this agent's.", ended);
    count!("message_sent", "Messages sent.", message_sent.total);
    time!("handle_seconds", "Handle time.", handle.total);
    time!("after_contact_seconds", "After-contact time.", after_contact.total);
    time!("hold_seconds", "Time on hold of contacts that were this agent's.", hold);
    count!("conversation_closed", "Conversations closed.", conversation_closed);
    count!("task_created", "Tasks begun.", task_created);
    count!("task_closed", "Tasks done.", task_closed);
    count!("task_reopened", "Tasks taken up again.", task_reopened);
    count!("task_commented_on", "Comments on tasks.", task_commented_on);
    count!("task_content_updated", "Texts of tasks changed.", task_content_updated);
    count!("task_due_date_updated", "Due dates of tasks changed.", task_due_date_updated);
    @by_channel
    offered "offered" "" T::Integer, "Contacts offered";
    accepted "accepted" "" T::Integer, "Offers taken";
    declined "declined" "" T::Integer, "Offers refused";
    missed "missed" "" T::Integer, "Offers not reacted to";
    started "started" "" T::Integer, "Contacts begun";
    message_sent "message_sent" "" T::Integer, "Messages sent";
    handle "handle" "_seconds" T::Seconds, "Handle time";
    after_contact "after_contact" "_seconds" T::Seconds, "After-contact time";
};

impl Tabular for Row {
    fn columns() -> &'static [Column<Self>] {
        &COLUMNS
    }
}
