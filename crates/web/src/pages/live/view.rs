//! What moves on the wall: the banner, the queues, the tiles.

use super::{
    banner::Banner,
    tile::{Can, Tile, Timer},
};
use crate::{Web, error::PageError, filters, format, shell::Shell, texts, visit::Visit};
use askama::Template;
use touchline_app::live::{QueueView, WallAgent, WatchStage, board::AgentState};
use touchline_model::{Ability, Timestamp};

/// When the reader's day began.
fn begin_of_day(now: Timestamp, visit: &Visit) -> Timestamp {
    let day = now.to_jiff().to_zoned(visit.zone.clone()).start_of_day();
    day.map_or(now, |it| Timestamp::from_micros(it.timestamp().as_microsecond()))
}

fn service(in_time: usize, of: usize) -> String {
    if of == 0 {
        return texts::t("live.none_yet").to_owned();
    }
    let count = format::number(i64::try_from(of).unwrap_or(i64::MAX));
    let share = format::percent(in_time as f64 / of as f64);
    texts::fill("live.share_of", &[("share", &share), ("count", &count)])
}

/// What the service level counts, and since when.
fn service_help(queues: &[QueueView], midnight: Timestamp, visit: &Visit) -> String {
    let Some(level) = queues.first().map(|it| it.service) else { return String::new() };
    let secs = level.within_secs.to_string();
    match level.since > midnight {
        true => {
            let time = level.since.to_jiff().to_zoned(visit.zone.clone()).strftime("%H:%M").to_string();
            texts::fill("live.in_time_since", &[("secs", &secs), ("time", &time)])
        }
        false => texts::fill("live.in_time_today", &[("secs", &secs)]),
    }
}

/// Something to choose from.
pub(super) struct Choice {
    id: String,
    label: String,
    chosen: bool,
}

/// A queue.
pub(super) struct QueueRow {
    name: String,
    waiting: i64,
    longest: Option<Timer>,
    idle: i64,
    is_late: bool,
    /// Callers were counted.
    counts: bool,
    /// `82 % of 40`
    service: String,
}

/// All of it.
#[derive(Template)]
#[template(path = "live_wall.html")]
pub(super) struct WallView {
    shell: Shell,
    /// The field that leads back here, and its value: the group whose people are shown; empty for all.
    back: (&'static str, String),
    group: String,
    service_help: String,
    groups: Vec<Choice>,
    banner: Option<Banner>,
    /// What is to be known of the supervisor's own telephone.
    note: Option<String>,
    queues: Vec<QueueRow>,
    tiles: Vec<Tile>,
    counts: String,
    /// Nobody has a telephone.
    is_bare: bool,
    /// Nobody whom the supervisor may watch has one.
    is_empty: bool,
}

impl WallView {
    pub(super) fn new(web: &Web, visit: &Visit, group: &str) -> Result<Self, PageError> {
        let (live, now) = (web.app.live(), visit.now);
        let wall = live.wall(&visit.caller)?;
        let midnight = begin_of_day(now, visit);
        let queues = match visit.caller.may(Ability::ReadReports) {
            true => live.queues_since(&visit.caller, midnight)?,
            false => Vec::new(),
        };
        let is_bare = !wall.set_up;
        let is_empty = wall.agents.is_empty();
        let busy = wall.watching.as_ref().filter(|it| it.stage == WatchStage::TakesPart);
        let on_call_of = busy.and_then(|it| it.device.as_ref()).map(ToString::to_string);
        let can = Can {
            own_phone: wall.own.is_some(),
            on_call_of: on_call_of.as_deref(),
            may: busy.map_or(&[], |it| &it.may),
            busy: busy.is_some(),
        };
        let in_group = |it: &WallAgent| group.is_empty() || it.groups.iter().any(|id| id.as_str() == group);
        let agents: Vec<WallAgent> = wall.agents.into_iter().filter(in_group).collect();
        let many = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        let of = |fits: &dyn Fn(&WallAgent) -> bool| {
            format::number(many(agents.iter().filter(|it| fits(it)).count()))
        };
        let counts = texts::fill(
            "live.counts",
            &[
                ("agents", &texts::count("live.agents", many(agents.len()))),
                ("talking", &of(&|it| it.call.is_some())),
                ("ready", &of(&|it| it.call.is_none() && it.state == AgentState::Ready)),
                ("time", &now.to_jiff().to_zoned(visit.zone.clone()).strftime("%H:%M:%S").to_string()),
            ],
        );
        let note = match &wall.own {
            None => Some(texts::t("live.no_phone").to_owned()),
            Some(own) if !own.reachable => {
                Some(texts::fill("live.not_reachable", &[("number", &own.number)]))
            }
            Some(_) => None,
        };
        Ok(Self {
            shell: visit.shell(texts::t("live.title"), "live"),
            banner: wall.watching.as_ref().map(|it| Banner::new(it, now)),
            tiles: agents.into_iter().map(|it| Tile::new(it, can, now)).collect(),
            groups: wall
                .groups
                .into_iter()
                .map(|(id, label)| Choice { chosen: id.as_str() == group, id: id.to_string(), label })
                .collect(),
            back: ("group", group.to_owned()),
            group: group.to_owned(),
            service_help: service_help(&queues, midnight, visit),
            note: note.filter(|_| !is_bare),
            queues: queues
                .into_iter()
                .map(|it| QueueRow {
                    waiting: many(it.waiting),
                    longest: it.since.map(|since| Timer::new(since, now)),
                    idle: many(it.idle),
                    is_late: it.is_late,
                    counts: it.service.of > 0,
                    service: service(it.service.in_time, it.service.of),
                    name: it.name,
                })
                .collect(),
            counts,
            is_bare,
            is_empty,
        })
    }
}
