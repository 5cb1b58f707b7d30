//! Data on its way to a warehouse: one typed list of columns for each data set, from which every format is written.

mod column;
mod rows;
mod text;

pub use column::{Cell, Column, ColumnType, Tabular};
pub use text::{TextForm, TextWriter};

use jiff::tz::TimeZone;

/// The time zone of this IANA name, if there is one.
pub fn zone_named(name: &str) -> Option<TimeZone> {
    let zone = TimeZone::get(name).ok().filter(|_| name.len() <= 100)?;
    (!zone.is_unknown()).then_some(zone)
}
