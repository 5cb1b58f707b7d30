//! Names of the files that reports are sent as (contract §2.4, X-29, R-29).

use crate::{
    request::{Span, Wanted},
    times::{compact_date, compact_minute},
};
use touchline_app::reports::Level;

/// `20200302T1000Z-20200302T1100Z`, or of days `20190501-20190516`.
fn window(span: Span) -> String {
    match span {
        Span::Days(first, last) => format!("{}-{}", compact_date(first), compact_date(last)),
        Span::Minutes(start, end) => format!("{}-{}", compact_minute(start), compact_minute(end)),
    }
}

/// The file of `POST /reports/work-session-events`.
pub(crate) fn work_session_events(span: Span) -> String {
    format!("WorkSessionEventsReport-{}.csv", window(span))
}

/// The file of `POST /reports`: with the level, where it applies.
pub(crate) fn report(wanted: &Wanted) -> String {
    let level = match wanted.level {
        _ if !wanted.report.has_levels() => "",
        Level::HalfHourly => "-HalfHourly",
        Level::Daily => "-Daily",
        Level::Weekly => "-Weekly",
        Level::Monthly => "-Monthly",
        Level::Quarterly => "-Quarterly",
    };
    format!("{}-{}{level}.csv", wanted.name, window(wanted.span))
}
