//! The column lists.

mod agent_summary;
mod contact_report;
mod people;
mod records;
mod work_sessions;

pub(super) use records::{ContactLine, Deletion, EvaluationLine, EventLine};
