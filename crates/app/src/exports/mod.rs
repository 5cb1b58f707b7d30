//! Data on its way to a warehouse: one typed list of columns for each data set, from which every format is written; days
//! as files, and a manifest that says which of them are final (docs/export.md).

mod column;
mod dataset;
mod found;
mod manifest;
mod parquet;
mod part;
mod rows;
mod run;
mod schedule;
mod source;
mod text;

pub use column::{Cell, Column, ColumnType, Tabular};
pub use dataset::Dataset;
pub use manifest::{ColumnEntry, DayEntry, Manifest, PartEntry};
pub use part::{ExportError, Format};
pub use run::{ExportOrder, ExportProgress, Exported};
pub(crate) use schedule::JOB;
pub use schedule::{
    ChangeExportSchedule, Every, ExportRun, ExportRunState, ExportScheduleView, NewExportSchedule, Weekday,
};
pub use text::{TextForm, TextWriter};

use jiff::tz::TimeZone;

/// The time zone of this IANA name, if there is one.
pub fn zone_named(name: &str) -> Option<TimeZone> {
    let zone = TimeZone::get(name).ok().filter(|_| name.len() <= 100)?;
    (!zone.is_unknown()).then_some(zone)
}
