//! One live call: who is on it and how loud, how one takes part, and what has happened so far. When it is over, the way to
//! its page among the calls.

use super::{
    SUPERVISES,
    banner::{Banner, ModeButton, buttons, name},
    tile::{Flag, Timer},
};
use crate::{
    Web,
    error::{Answer, PageError, rendered},
    filters,
    pages::part,
    shell::Shell,
    texts,
    visit::Visit,
};
use askama::Template;
use axum::{
    extract::{Path, State},
    response::{
        IntoResponse, Redirect,
        sse::{Event, Sse},
    },
};
use futures::stream;
use http::{HeaderValue, StatusCode, header};
use std::{collections::BTreeMap, convert::Infallible, time::Duration};
use tokio::time::MissedTickBehavior;
use touchline_app::{
    AppError,
    live::{
        CallNews, CallStep, OnCall, Party, PartyRole, WatchStage,
        board::{CallId, CallKind, LegState, Mode, Recording},
    },
};
use touchline_http::{Gate, Operation, Routes};
use touchline_model::Timestamp;

/// Levels are told so often.
const EVERY: Duration = Duration::from_millis(150);
/// After this the browser asks again.
const AGAIN: Duration = Duration::from_millis(300);
/// And so many times before the browser has to ask again, and to show its session again.
const TIMES: u32 = 100;
/// From this level on somebody speaks; the script has the same.
const SPEAKS: u8 = 25;

pub(super) fn mount<G: Gate>(routes: &mut Routes<G, Web>) {
    let get = |id, path| Operation::get(id, path).needs(SUPERVISES).path_param("id", "Call.");
    routes
        .add(get("page_live_call", "/live/calls/{id}"), show)
        .add(get("page_live_call_now", "/live/calls/{id}/now"), now)
        .add(get("live_call_levels", "/live/calls/{id}/levels"), levels);
}

/// The page of a call.
pub(super) fn at(call: CallId) -> String {
    format!("/live/calls/{call}")
}

fn unknown() -> PageError {
    PageError::new(StatusCode::NOT_FOUND, texts::t("live.call_unknown"))
}

fn parse(id: &str) -> Result<CallId, PageError> {
    id.parse().map_err(|()| unknown())
}

/// Somebody on the call.
struct PartyTile {
    key: String,
    name: String,
    number: String,
    role: &'static str,
    class: &'static str,
    icon: &'static str,
    state: &'static str,
    timer: Timer,
    level: u8,
    loud: &'static str,
    flags: Vec<Flag>,
    /// The telephone, if it can be supervised.
    device: Option<String>,
    modes: Vec<ModeButton>,
}

/// Something that has happened.
struct NewsLine {
    iso: String,
    time: String,
    text: String,
}

/// What moves.
#[derive(Template)]
#[template(path = "live_call_now.html")]
struct Now {
    shell: Shell,
    banner: Option<Banner>,
    back: (&'static str, String),
    note: Option<&'static str>,
    icon: &'static str,
    names: String,
    facts: String,
    timer: Timer,
    recording: Option<&'static str>,
    parties: Vec<PartyTile>,
    so_far: Vec<NewsLine>,
}

/// It is over.
#[derive(Template)]
#[template(path = "live_call_over.html")]
struct Over {
    /// Its page among the calls.
    page: Option<String>,
}

/// The page around what moves.
#[derive(Template)]
#[template(path = "live_call.html")]
pub(super) struct LiveCallPage {
    shell: Shell,
    href: String,
    news: Option<&'static str>,
    now: Now,
    wrong: Option<String>,
}

/// The page of a call that goes on.
pub(super) fn page(
    web: &Web,
    visit: &Visit,
    call: CallId,
    wrong: Option<String>,
) -> Result<LiveCallPage, PageError> {
    let live = web.app.live();
    let it = live.on_call(&visit.caller, call)?;
    let levels = live.levels(&visit.caller, call)?.into_iter().collect();
    let now = Now::new(visit, it, &levels);
    let title = texts::fill("live.call_with", &[("names", &now.names)]);
    Ok(LiveCallPage { shell: visit.shell(title, "live"), href: at(call), news: web.news_at(), now, wrong })
}

async fn show(State(web): State<Web>, visit: Visit, Path(id): Path<String>) -> Answer {
    let call = parse(&id)?;
    match web.app.live().on_call(&visit.caller, call) {
        Ok(_) => Ok(visit.page(&page(&web, &visit, call, None)?)),
        Err(AppError::Missing { .. }) => match web.app.live().contact_of(&visit.caller, call).await? {
            Some(contact) => Ok(Redirect::to(&of_contact(contact.as_str())).into_response()),
            None => Err(unknown()),
        },
        Err(other) => Err(other.into()),
    }
}

fn of_contact(id: &str) -> String {
    format!("/calls/{}", part(id))
}

/// What moves, for the script that keeps it fresh.
async fn now(State(web): State<Web>, visit: Visit, Path(id): Path<String>) -> Answer {
    let call = parse(&id)?;
    let live = web.app.live();
    match live.on_call(&visit.caller, call) {
        Ok(it) => {
            let levels = live.levels(&visit.caller, call).unwrap_or_default().into_iter().collect();
            Ok(rendered(&Now::new(&visit, it, &levels)))
        }
        Err(AppError::Missing { .. }) => {
            let contact = live.contact_of(&visit.caller, call).await?;
            Ok(rendered(&Over { page: contact.map(|it| of_contact(it.as_str())) }))
        }
        Err(other) => Err(other.into()),
    }
}

/// How loud everybody is, some times a second: lines of server-sent events, for a quarter of a minute.
async fn levels(State(web): State<Web>, visit: Visit, Path(id): Path<String>) -> Answer {
    let call = parse(&id)?;
    let live = web.app.live();
    live.levels(&visit.caller, call)?;
    let Some(reading) = web.readers.begin(&visit.caller) else {
        return Ok(StatusCode::TOO_MANY_REQUESTS.into_response());
    };
    // A server that stops does not wait for those who watch.
    let lines = live.lines();
    let mut clock = tokio::time::interval(EVERY);
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let caller = visit.caller;
    let told = stream::unfold(Some((clock, TIMES, reading)), move |state| {
        let (live, caller, lines) = (live.clone(), caller.clone(), lines.clone());
        async move {
            let (mut clock, left, reading) = state.filter(|it| it.1 > 0 && *lines.borrow())?;
            clock.tick().await;
            let Ok(levels) = live.levels(&caller, call) else {
                return Some((Event::default().event("over").data("{}"), None));
            };
            let levels: BTreeMap<String, u8> = levels.into_iter().collect();
            let event = Event::default().retry(AGAIN).json_data(levels).ok()?;
            Some((event, Some((clock, left - 1, reading))))
        }
    });
    let told = futures::StreamExt::map(told, Ok::<Event, Infallible>);
    let mut response = Sse::new(told).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

impl Now {
    fn new(visit: &Visit, it: OnCall, levels: &BTreeMap<String, u8>) -> Self {
        let (icon, kind) = match it.kind {
            CallKind::Inbound => ("in", "live.inbound"),
            CallKind::Outbound => ("out", "live.outbound"),
            CallKind::Internal => ("talking", "live.internal"),
            CallKind::Consult => ("talking", "live.consult"),
        };
        let facts = [Some(texts::t(kind)), it.queue.as_deref()];
        let busy = it.watching.as_ref().filter(|it| it.stage == WatchStage::TakesPart);
        let tile = |party: &Party| PartyTile::new(party, &it, levels, visit.now);
        let speaking = it.parties.iter().filter(|it| it.role != PartyRole::Supervisor);
        let names: Vec<String> = speaking.map(|it| shown(&it.name)).collect();
        Self {
            shell: visit.shell(texts::t("live.a_call"), "live"),
            banner: it.watching.as_ref().map(|it| Banner::new(it, visit.now)),
            back: ("call", it.call.to_string()),
            note: (!it.own_phone).then(|| texts::t("live.no_phone")),
            icon,
            names: match names.is_empty() {
                true => texts::t("live.a_call").to_owned(),
                false => names.join(", "),
            },
            facts: facts.into_iter().flatten().collect::<Vec<_>>().join(" · "),
            timer: Timer::new(it.began, visit.now),
            recording: it.recording.map(|it| {
                texts::t(match it {
                    Recording::Running => "live.recorded",
                    Recording::Paused => "live.recording_paused",
                    Recording::Stopped => "live.not_recorded",
                })
            }),
            parties: it.parties.iter().map(tile).collect(),
            so_far: it.news.iter().rev().map(|news| NewsLine::new(news, visit)).collect(),
        }
        .settled(busy.is_some())
    }

    /// Who takes part already is not told what to do first.
    fn settled(self, is_busy: bool) -> Self {
        Self { note: self.note.filter(|_| !is_busy), ..self }
    }
}

fn shown(name: &str) -> String {
    match name.trim() {
        "" => texts::t("live.withheld").to_owned(),
        name => name.to_owned(),
    }
}

impl PartyTile {
    fn new(it: &Party, on: &OnCall, levels: &BTreeMap<String, u8>, now: Timestamp) -> Self {
        let (role, mut class) = match it.role {
            PartyRole::Outside => (texts::t("live.outside"), "outside"),
            PartyRole::Agent => (texts::t("live.agent"), "talking"),
            PartyRole::Supervisor => (texts::t("live.supervisor"), "supervisor"),
        };
        let (icon, state) = match it.state {
            LegState::Held => ("pause", "live.held"),
            LegState::Ringing => ("in", "live.ringing"),
            LegState::Dialing => ("out", "live.dialing"),
            LegState::Established | LegState::Released => ("talking", "live.talking"),
        };
        if matches!(it.state, LegState::Held | LegState::Ringing) && it.role == PartyRole::Agent {
            class = "held";
        }
        let mut flags: Vec<Flag> = Vec::new();
        let mut flag = |class, icon, text: &str| flags.push(Flag { class, icon, text: text.to_owned() });
        if let Some(mode) = it.mode {
            let mode = name(mode);
            flag(mode, mode, texts::t(&format!("live.{mode}")));
        }
        if it.muted {
            flag("", "muted", texts::t("live.muted"));
        }
        if it.silenced {
            flag("warn", "muted", texts::t("live.silenced"));
        }
        if it.is_own {
            flag("", "good", texts::t("live.you"));
        }
        if it.is_taken {
            flag("", "listen", texts::t("live.watched_by_other"));
        }
        let watching = on.watching.as_ref();
        let busy = watching.filter(|it| it.stage == WatchStage::TakesPart);
        let own = watching.filter(|watching| watching.device.is_some() && watching.device == it.device);
        let may = |mode: Mode| match (busy, own) {
            (Some(busy), Some(_)) => busy.may.contains(&mode),
            (Some(_), None) => false,
            (None, _) => on.own_phone && !it.is_taken,
        };
        let level = levels.get(&it.key).copied().unwrap_or_default();
        Self {
            key: it.key.clone(),
            name: shown(&it.name),
            number: it.number.clone(),
            role,
            class,
            icon,
            state: texts::t(state),
            timer: Timer::new(it.since, now),
            level,
            loud: texts::t(if level >= SPEAKS { "live.speaks" } else { "live.silent" }),
            flags,
            device: it.device.as_ref().filter(|_| it.may_watch).map(ToString::to_string),
            modes: buttons(own.map(|it| it.mode), may),
        }
    }
}

impl NewsLine {
    fn new(it: &CallNews, visit: &Visit) -> Self {
        let key = match it.step {
            CallStep::Began => "live.began",
            CallStep::Offered => "live.offered",
            CallStep::Accepted => "live.accepted",
            CallStep::Missed => "live.missed",
            CallStep::Reached => "live.reached",
            CallStep::Held => "live.held_by",
            CallStep::Retrieved => "live.retrieved",
            CallStep::Transferred => "live.transferred",
            CallStep::Joined => "live.joined",
            CallStep::Left => "live.left",
            CallStep::Listens => "live.listens",
            CallStep::Coaches => "live.coaches",
            CallStep::Barges => "live.barges",
            CallStep::SupervisionEnded => "live.supervision_ended",
            CallStep::SentOn => "live.sent_on",
        };
        let other = it.other.as_deref().unwrap_or_default();
        Self {
            iso: it.at.to_string(),
            time: it.at.to_jiff().to_zoned(visit.zone.clone()).strftime("%H:%M:%S").to_string(),
            text: texts::fill(key, &[("who", &shown(&it.who)), ("other", &shown(other))]),
        }
    }
}
