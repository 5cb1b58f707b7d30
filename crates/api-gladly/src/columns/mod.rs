//! What each report shows: one table of columns a report, so that a header can be corrected in one place.

mod agent_summary;
mod contact_export;
mod work_sessions;

pub(crate) use agent_summary::AGENT_SUMMARY;
pub(crate) use contact_export::CONTACT_EXPORT;
pub(crate) use work_sessions::WORK_SESSIONS;

use crate::{answer::Page, csv::Cells};
use touchline_app::{
    AppError,
    reports::{AgentSummaryRow, ContactRow, WorkSessionPage},
};
use touchline_model::Direction;

impl Page for WorkSessionPage {
    fn head(cells: &mut Cells) {
        cells.head(&WORK_SESSIONS);
    }
    fn write(&self, most: usize, cells: &mut Cells) -> Result<(usize, bool), AppError> {
        let (mut written, mut more) = (0, false);
        self.each(&mut |row| {
            more = written == most;
            if !more {
                cells.row(&WORK_SESSIONS, row);
                written += 1;
            }
            !more
        })?;
        Ok((written, more))
    }
    fn count(&self, most: usize) -> Result<usize, AppError> {
        let mut count = 0;
        self.each(&mut |_| {
            count += 1;
            count < most
        })?;
        Ok(count)
    }
}

macro_rules! page_of_rows {
    ($($row:ty: $columns:ident;)+) => {$(
        impl Page for Vec<$row> {
            fn head(cells: &mut Cells) {
                cells.head(&$columns);
            }
            fn write(&self, most: usize, cells: &mut Cells) -> Result<(usize, bool), AppError> {
                let written = self.len().min(most);
                self[..written].iter().for_each(|row| cells.row(&$columns, row));
                Ok((written, self.len() > written))
            }
            fn count(&self, most: usize) -> Result<usize, AppError> {
                Ok(self.len().min(most))
            }
        }
    )+};
}
page_of_rows! {
    ContactRow: CONTACT_EXPORT;
    AgentSummaryRow: AGENT_SUMMARY;
}

/// Who began a contact (contract §4 column 8).
fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::Inbound => "INBOUND",
        // Screens that are shared without a call have no events; should one come, one of us began it.
        Direction::Outbound | Direction::Screenshare => "OUTBOUND",
    }
}
