//! What a schedule must be like: by itself, and beside the others of its tenant.

use super::{
    super::{run::MOST_DAYS, zone_named},
    manage::next_of,
    times::{Every, Weekday},
};
use crate::AppError;
use jiff::{ToSpan, civil::Date, tz::TimeZone};
use touchline_model::{Invalid, Timestamp, validate};
use touchline_store::ExportScheduleRow;

/// The minute of the day of a time such as `03:00`.
pub(super) fn minute_of(at: &str) -> Result<i64, Invalid> {
    let read = || {
        let (hours, minutes) = at.split_once(':')?;
        let number = |text: &str, most: i64| {
            let digits = text.len() == 2 && text.bytes().all(|it| it.is_ascii_digit());
            text.parse::<i64>().ok().filter(|it| digits && *it <= most)
        };
        Some(number(hours, 23)? * 60 + number(minutes, 59)?)
    };
    read().ok_or_else(|| Invalid::new("at", "must be a time from 00:00 to 23:59"))
}

fn folder(text: &str) -> Result<(), Invalid> {
    let good = |part: &str| {
        let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        !part.is_empty() && !part.starts_with('.') && part.chars().all(word)
    };
    match text.len() <= 200 && text.split('/').all(good) {
        true => Ok(()),
        false => Err(Invalid::new(
            "folder",
            "must be words of letters, digits, `-`, `_` and `.` with slashes between them; none begins with `.`",
        )),
    }
}

/// The first day must be one from which a run can begin.
fn since(text: &str, now: Timestamp) -> Result<(), Invalid> {
    let Ok(date) = text.parse::<Date>() else {
        return Err(Invalid::new("since", "must be a date such as 2026-03-01"));
    };
    let today = now.to_jiff().to_zoned(TimeZone::UTC).date();
    match today.checked_sub(i64::from(MOST_DAYS).days()) {
        Ok(first) if date < first => {
            Err(Invalid::new("since", format!("must not lie more than {MOST_DAYS} days back")))
        }
        _ => Ok(()),
    }
}

/// Checks a schedule by itself, and says when it runs next.
pub(super) fn settle(row: &mut ExportScheduleRow, now: Timestamp) -> Result<(), AppError> {
    if row.name.trim().is_empty() {
        return Err(Invalid::new("name", "must not be empty").into());
    }
    validate::name("name", &row.name)?;
    for (field, zone) in [("zone", &row.zone), ("day_zone", &row.day_zone)] {
        if zone_named(zone).is_none() {
            return Err(Invalid::new(field, "is no time zone, such as `Europe/Berlin`").into());
        }
    }
    since(&row.since, now)?;
    folder(&row.folder)?;
    if row.every == Every::Week.name() && row.weekday.is_none() {
        row.weekday = Some(Weekday::Monday.number());
    }
    row.next_at = next_of(row, now);
    Ok(())
}

/// Two schedules of one data set must not share a folder: there is one manifest there, of one format and zone, and each
/// would replace the open days of the other.
pub(super) fn alone(row: &ExportScheduleRow, others: &[ExportScheduleRow]) -> Result<(), Invalid> {
    // Some file systems do not tell small letters from capitals.
    let same = |it: &&ExportScheduleRow| {
        it.id != row.id && it.dataset == row.dataset && it.folder.eq_ignore_ascii_case(&row.folder)
    };
    match others.iter().find(same) {
        None => Ok(()),
        Some(other) => Err(Invalid::new(
            "folder",
            format!(
                "`{}` is where the scheduled export `{}` writes {} already: choose another folder, or change that export",
                row.folder, other.name, row.dataset
            ),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_first_day_is_not_so_old_that_every_run_would_be_refused() {
        let now: Timestamp = "2026-03-01T12:00:00Z".parse().unwrap();
        for good in ["2026-03-01", "2027-01-01", "1971-05-29"] {
            assert_eq!(since(good, now), Ok(()), "{good}");
        }
        for wrong in ["1971-05-28", "0001-01-01", "1.3.2026", ""] {
            assert!(since(wrong, now).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_time_has_two_digits_each_and_a_folder_stays_below() {
        assert_eq!(minute_of("00:00"), Ok(0));
        assert_eq!(minute_of("23:59"), Ok(1_439));
        for wrong in ["24:00", "7:30", "07:60", "0730", "-1:00", "+7:00", ""] {
            assert!(minute_of(wrong).is_err(), "{wrong}");
        }
        for good in ["csv", "daily/wfm-2", "a.b_c"] {
            assert_eq!(folder(good), Ok(()), "{good}");
        }
        for wrong in ["", "/etc", "a/", "a//b", "..", "a/../b", ".hidden", "a b", "é"] {
            assert!(folder(wrong).is_err(), "{wrong}");
        }
    }
}
