//! What each report shows: one table of columns a report, so that a header can be corrected in one place.

mod agent_summary;
mod contact_export;
mod work_sessions;

pub(crate) use agent_summary::AGENT_SUMMARY;
pub(crate) use contact_export::CONTACT_EXPORT;
pub(crate) use work_sessions::WORK_SESSIONS;

use touchline_model::Direction;

/// Who began a contact (contract §4 column 8).
fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::Inbound => "INBOUND",
        // Screens that are shared without a call have no events; should one come, one of us began it.
        Direction::Outbound | Direction::Screenshare => "OUTBOUND",
    }
}
