//! Exports at fixed times: made, changed, run by a durable job, announced to webhooks.

mod check;
mod given_up;
mod manage;
mod run;
mod times;

pub use manage::{ChangeExportSchedule, ExportScheduleView, NewExportSchedule};
pub use run::{ExportRun, ExportRunState};
pub use times::{Every, Weekday};

/// The kind of the job that runs one.
pub(crate) const JOB: &str = "export";

use crate::App;
use touchline_store::Destination;

impl App {
    /// The same app, whose exports at fixed times go below this destination.
    #[must_use]
    pub fn with_exports(self, destination: Option<Destination>) -> Self {
        Self { exports: destination, ..self }
    }

    /// Where exports at fixed times go, as a text for people; `None` when the operator has not said so, and there are
    /// none.
    pub fn exports_go_to(&self) -> Option<String> {
        self.exports.as_ref().map(Destination::name)
    }
}
