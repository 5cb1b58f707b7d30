//! The column lists.

mod agent_summary;
mod contact_report;
mod work_sessions;
