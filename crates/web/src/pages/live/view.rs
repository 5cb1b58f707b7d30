//! What moves on the wall: the banner, the queues, the tiles.

use super::{
    banner::Banner,
    tile::{Can, Tile, Timer},
};
use crate::{Web, error::PageError, filters, format, shell::Shell, texts, visit::Visit};
use askama::Template;
use touchline_app::live::{WallAgent, WatchStage, board::AgentState};
use touchline_model::Ability;

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
}

/// All of it.
#[derive(Template)]
#[template(path = "live_wall.html")]
pub(super) struct WallView {
    shell: Shell,
    /// The group whose people are shown; empty for all.
    group: String,
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
        let queues = match visit.caller.may(Ability::ReadReports) {
            true => live.queues(&visit.caller)?,
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
            group: group.to_owned(),
            note: note.filter(|_| !is_bare),
            queues: queues
                .into_iter()
                .map(|it| QueueRow {
                    waiting: many(it.waiting),
                    longest: it.since.map(|since| Timer::new(since, now)),
                    idle: many(it.idle),
                    name: it.name,
                })
                .collect(),
            counts,
            is_bare,
            is_empty,
        })
    }
}
