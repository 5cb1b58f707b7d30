//! Bodies of requests for reports (contract §3, X-2 to ).

use crate::{
    errors::Wrong,
    metric_sets::{self, Report},
    times,
};
use jiff::{ToSpan, civil::Date, tz::TimeZone};
use schemars::JsonSchema;
use serde_json::{Map, Value};
use std::collections::HashSet;
use touchline_app::reports::{Level, Window};
use touchline_model::{ContactChannel, GroupId, InboxId, Timestamp};

/// A JSON object.
pub(crate) type Object = Map<String, Value>;

/// Longest window of half hours, in days of the report's zone (contract ).
const HALF_HOURLY_DAYS: i64 = 31;

/// The body of `POST /reports`, for the document.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "describes what is read by hand, with the vendor's error for each mistake")]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "ReportRequest")]
pub(crate) struct ReportBody {
    /// Which report; upper and lower case are the same.
    metric_set: String,
    /// First day, `YYYY-mm-dd`.
    start_at: Option<String>,
    /// Last day, inclusive.
    end_at: Option<String>,
    /// IANA name of the zone of the days; the organisation's when absent.
    timezone: Option<String>,
    /// First minute, `YYYY-mm-ddThh:mm` with `Z` or an offset; instead of days.
    start_at_time: Option<String>,
    /// Last minute, inclusive.
    end_at_time: Option<String>,
    /// `halfHourly`, `daily`, `weekly`, `monthly` or `quarterly`; for the agent summary.
    aggregation_level: Option<String>,
    /// Which rows.
    filters: Option<FiltersBody>,
}

#[derive(JsonSchema)]
#[expect(dead_code, reason = "describes what is read by hand, with the vendor's error for each mistake")]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "ReportFilters")]
struct FiltersBody {
    /// `allChannels`, `chat`, `email`, `fbMessenger`, `sms`, `twitter`, `voice`, `whatsapp` or `instagramDirect`.
    channel: Option<String>,
    /// Ids of inboxes; all when empty.
    inboxes: Option<Vec<String>>,
    /// Ids of teams; all when empty.
    teams: Option<Vec<String>>,
}

/// The body of `POST /reports/work-session-events`, for the document.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "describes what is read by hand, with the vendor's error for each mistake")]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "WorkSessionEventsRequest")]
pub(crate) struct WorkSessionEventsBody {
    /// First minute, `YYYY-mm-ddThh:mm` with `Z` or an offset.
    start_at_time: String,
    /// Last minute, inclusive.
    end_at_time: String,
}

/// How a window was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Span {
    /// By its first and last day.
    Days(Date, Date),
    /// By its first and last minute.
    Minutes(Timestamp, Timestamp),
}

/// What is asked for.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    /// Canonical name.
    pub(crate) name: &'static str,
    pub(crate) report: Report,
    pub(crate) span: Span,
    pub(crate) window: Window,
    /// The zone of days, buckets and times.
    pub(crate) zone: TimeZone,
    pub(crate) level: Level,
    pub(crate) channels: Vec<ContactChannel>,
    pub(crate) inboxes: Vec<InboxId>,
    pub(crate) teams: Vec<GroupId>,
}

/// Ids that filters may name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Known {
    pub(crate) inboxes: HashSet<String>,
    pub(crate) teams: HashSet<String>,
}

/// Whether a filter names anything, so that the known ids are needed.
pub(crate) fn names_any(body: &Object, filter: &str) -> bool {
    let list = body.get("filters").and_then(|filters| filters.get(filter)).and_then(Value::as_array);
    list.is_some_and(|list| !list.is_empty())
}

/// The window of `POST /reports/work-session-events`.
pub(crate) fn work_session_events(body: &Object) -> Result<(Span, Window), Vec<Wrong>> {
    let mut wrong = Vec::new();
    let found = minutes(body, &mut wrong);
    found.filter(|_| wrong.is_empty()).ok_or(wrong)
}

/// Reads the body of `POST /reports`. `zone` is the organisation's. Errors: all that is wrong, in the order of the
/// table in contract §3.1.
pub(crate) fn read(body: &Object, zone: &TimeZone, known: &Known) -> Result<Wanted, Vec<Wrong>> {
    let mut wrong = Vec::new();
    let set = metric_set(body, &mut wrong);
    let by_time = given(body, "startAtTime").or(given(body, "endAtTime")).is_some();
    let when = if by_time {
        for (attr, there) in [
            ("startAt", given(body, "startAt").is_some()),
            ("endAt", given(body, "endAt").is_some()),
            ("timezone", value(body, "timezone").is_some()),
        ] {
            if there {
                let detail = format!("{attr} must not be specified together with startAtTime and endAtTime");
                wrong.push(Wrong::field(attr, "present", detail));
            }
        }
        minutes(body, &mut wrong).map(|(span, window)| (span, window, TimeZone::UTC))
    } else {
        days(body, zone, &mut wrong)
    };
    let level = level(body, set.map(|(_, report)| report), when.as_ref(), &mut wrong);
    let filters = Filters::read(body, set, known, &mut wrong);
    match (set, when) {
        (Some((name, report)), Some((span, window, zone))) if wrong.is_empty() => {
            let Filters { channels, inboxes, teams } = filters;
            Ok(Wanted { name, report, span, window, zone, level, channels, inboxes, teams })
        }
        _ => Err(wrong),
    }
}

/// A field that is there and not null; clients send null for what they do not set.
fn value<'a>(body: &'a Object, name: &str) -> Option<&'a Value> {
    body.get(name).filter(|value| !value.is_null())
}

/// The same; an empty text counts as absent too.
fn given<'a>(body: &'a Object, name: &str) -> Option<&'a Value> {
    value(body, name).filter(|value| value.as_str() != Some(""))
}

fn metric_set(body: &Object, wrong: &mut Vec<Wrong>) -> Option<(&'static str, Report)> {
    let Some(name) = given(body, "metricSet") else {
        wrong.push(Wrong::blank("metricSet"));
        return None;
    };
    let name = name.as_str().map_or_else(|| name.to_string(), str::to_owned);
    metric_sets::find(&name)
        .map_err(|name| {
            wrong.push(Wrong::field(
                "metricSet",
                "invalid",
                format!("the {name} metricSet is not supported"),
            ));
        })
        .ok()
}

/// A required value in a form of its own; what is wrong with it otherwise.
fn required<T>(
    body: &Object,
    attr: &'static str,
    what: &str,
    read: impl Fn(&str) -> Option<T>,
) -> Result<T, Wrong> {
    let value = given(body, attr).ok_or_else(|| Wrong::blank(attr))?;
    value.as_str().and_then(read).ok_or_else(|| Wrong::invalid(attr, what))
}

/// Both values, or what is wrong with each.
fn both<T>(start: Result<T, Wrong>, end: Result<T, Wrong>, wrong: &mut Vec<Wrong>) -> Option<(T, T)> {
    match (start, end) {
        (Ok(start), Ok(end)) => Some((start, end)),
        (start, end) => {
            wrong.extend(start.err());
            wrong.extend(end.err());
            None
        }
    }
}

fn minutes(body: &Object, wrong: &mut Vec<Wrong>) -> Option<(Span, Window)> {
    let start = required(body, "startAtTime", "time", times::minute);
    let end = required(body, "endAtTime", "time", times::minute);
    let (start, end) = both(start, end, wrong)?;
    if end <= start {
        wrong.push(Wrong::field("startAtTime", "invalid", "endAtTime must occur after startAtTime"));
        return None;
    }
    Some((Span::Minutes(start, end), Window::of_minutes(start, end)))
}

fn days(body: &Object, zone: &TimeZone, wrong: &mut Vec<Wrong>) -> Option<(Span, Window, TimeZone)> {
    let start = required(body, "startAt", "date", times::date);
    let end = required(body, "endAt", "date", times::date);
    let days = both(start, end, wrong).filter(|(start, end)| {
        if end < start {
            wrong.push(Wrong::field("startAt", "invalid", "endAt must occur after startAt"));
        }
        start <= end
    });
    let zone = match value(body, "timezone") {
        None => zone.clone(),
        Some(name) => match name.as_str().and_then(times::zone) {
            Some(zone) => zone,
            None => {
                wrong.push(Wrong::invalid("timezone", "time zone"));
                return None;
            }
        },
    };
    let (first, last) = days?;
    Some((Span::Days(first, last), window_of_days(&zone, first, last), zone))
}

/// Where the calendar ends, the window does: `9999-12-31` is how some clients say "for ever".
fn window_of_days(zone: &TimeZone, first: Date, last: Date) -> Window {
    let midnight = |date: Date| date.to_zoned(zone.clone()).map(|day| day.timestamp());
    let end = last.tomorrow().and_then(midnight).unwrap_or(jiff::Timestamp::MAX);
    let clamp = if first.year() > 0 { jiff::Timestamp::MAX } else { jiff::Timestamp::MIN };
    Window { start: midnight(first).unwrap_or(clamp).into(), end: end.into() }
}

const LEVELS: [(&str, Level); 5] = [
    ("halfHourly", Level::HalfHourly),
    ("daily", Level::Daily),
    ("weekly", Level::Weekly),
    ("monthly", Level::Monthly),
    ("quarterly", Level::Quarterly),
];

/// The level; where the report has none, whatever is said is ignored (contract X-20).
fn level(
    body: &Object,
    report: Option<Report>,
    when: Option<&(Span, Window, TimeZone)>,
    wrong: &mut Vec<Wrong>,
) -> Level {
    let Some(text) = value(body, "aggregationLevel").filter(|_| report.is_none_or(Report::has_levels)) else {
        return Level::Daily;
    };
    let level = LEVELS.iter().find(|(name, _)| text.as_str() == Some(name)).map(|(_, level)| *level);
    let too_long =
        level == Some(Level::HalfHourly) && when.is_some_and(|(span, _, zone)| is_long(*span, zone));
    match level.filter(|_| !too_long) {
        Some(level) => level,
        None => {
            wrong.push(Wrong::invalid("aggregationLevel", "aggregation level"));
            Level::Daily
        }
    }
}

/// Whether it is too long for half hours. The last minute is not counted: from midnight to the midnight 31 days later
/// is 31 days.
fn is_long(span: Span, zone: &TimeZone) -> bool {
    match span {
        Span::Days(first, last) => {
            first.checked_add(HALF_HOURLY_DAYS.days()).is_ok_and(|beyond| beyond <= last)
        }
        Span::Minutes(start, end) => {
            let limit = start.to_jiff().to_zoned(zone.clone()).checked_add(HALF_HOURLY_DAYS.days());
            limit.is_ok_and(|limit| Timestamp::from(limit.timestamp()) < end)
        }
    }
}

/// Which rows.
#[derive(Default)]
struct Filters {
    channels: Vec<ContactChannel>,
    inboxes: Vec<InboxId>,
    teams: Vec<GroupId>,
}

impl Filters {
    fn read(
        body: &Object,
        set: Option<(&'static str, Report)>,
        known: &Known,
        wrong: &mut Vec<Wrong>,
    ) -> Self {
        let filters = match value(body, "filters") {
            None => return Self::default(),
            Some(Value::Object(filters)) => filters,
            Some(_) => {
                wrong.push(Wrong::invalid("filters", "object"));
                return Self::default();
            }
        };
        let mut found = Self::default();
        // Of a report that is not known, nobody can say what applies.
        let applies = |does: fn(Report) -> bool| set.is_none_or(|(_, report)| does(report));
        let name = set.map_or("", |(name, _)| name);
        let misplaced = |attr, filter: &str| {
            let detail = format!("the {filter} filter cannot be applied to the {name} metricSet");
            Wrong::field(attr, "invalid", detail)
        };
        match value(filters, "channel") {
            Some(it) if applies(Report::by_channel_and_inbox) => match it.as_str().and_then(channels) {
                Some(channels) => found.channels = channels,
                None => wrong.push(Wrong::invalid("filters.channel", "channel")),
            },
            Some(it) if it.as_str() != Some("allChannels") => {
                wrong.push(misplaced("filters.channel", "channel"))
            }
            _ => {}
        }
        let lists = [
            ("inboxes", "filters.inboxes", "inbox", &known.inboxes, applies(Report::by_channel_and_inbox)),
            ("teams", "filters.teams", "team", &known.teams, applies(Report::by_team)),
        ];
        for (filter, attr, one, known, applies) in lists {
            let Some(list) = value(filters, filter) else { continue };
            let ids = list.as_array().map(|list| list.iter().map(Value::as_str).collect::<Option<Vec<_>>>());
            match ids {
                Some(Some(ids)) if ids.is_empty() => {}
                _ if !applies => wrong.push(misplaced(attr, filter)),
                Some(Some(ids)) if ids.iter().all(|id| known.contains(*id)) => match filter {
                    "inboxes" => found.inboxes = ids.into_iter().map(InboxId::from).collect(),
                    _ => found.teams = ids.into_iter().map(GroupId::from).collect(),
                },
                Some(Some(_)) => {
                    wrong.push(Wrong::field(attr, "present", format!("the requested {one} does not exist")));
                }
                _ => wrong.push(Wrong::invalid(attr, &format!("list of {one} ids"))),
            }
        }
        if value(filters, "phoneNumber").is_some() && set.is_some() {
            wrong.push(misplaced("filters.phoneNumber", "phoneNumber"));
        }
        found
    }
}

/// The channels that a filter stands for; none are all (contract X-21).
fn channels(filter: &str) -> Option<Vec<ContactChannel>> {
    use ContactChannel as C;
    Some(match filter {
        "allChannels" => vec![],
        "chat" => vec![C::Chat],
        "email" => vec![C::Email],
        "fbMessenger" => vec![C::FbMessenger],
        "sms" => vec![C::Sms],
        "twitter" => vec![C::Twitter],
        "voice" => vec![C::PhoneCall, C::Voicemail, C::AbandonedCall],
        "whatsapp" => vec![C::Whatsapp],
        "instagramDirect" => vec![C::InstagramDirect],
        _ => return None,
    })
}
