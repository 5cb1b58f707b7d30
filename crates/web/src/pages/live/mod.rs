//! The live wall: who talks to whom, who waits, and listening, coaching and joining with one press. The wall is a
//! fragment that a script asks for anew; without the script a reload does the same.

mod banner;
mod call;
mod readers;
mod tile;
mod view;

pub(crate) use readers::Readers;

use crate::{
    Web,
    error::{Answer, PageError, rendered},
    filters, format,
    pages::address,
    shell::Shell,
    texts,
    visit::{Fields, Visit},
};
use askama::Template;
use axum::{
    extract::{RawQuery, State},
    response::{IntoResponse, Redirect},
};
use http::StatusCode;
use touchline_app::live::board::{DeviceId, Mode, Refused};
use touchline_http::{Gate, Operation, Query, Routes, Shape};
use touchline_model::Ability;
use view::WallView;

/// What supervisors may, and agents may not: to see everybody is what sets them apart.
const SUPERVISES: &[Ability] = &[Ability::ReadDirectory, Ability::ReadRecordings, Ability::WriteCoaching];

pub(super) fn mount<G: Gate>(routes: &mut Routes<G, Web>) {
    let group = |it: Operation| it.query("group", Shape::Text, false, "Only people of this group.");
    call::mount(routes);
    routes
        .add(group(Operation::get("page_live", "/live")).needs(SUPERVISES), show)
        .add(group(Operation::get("page_live_wall", "/live/wall")).needs(SUPERVISES), wall)
        .add(Operation::post("page_supervise", "/live/supervise").needs(SUPERVISES).body_form(), supervise)
        .add(Operation::post("page_mute_watched", "/live/mute").needs(SUPERVISES).body_form(), mute)
        .add(Operation::post("page_stop_supervising", "/live/stop").needs(SUPERVISES).body_form(), stop);
}

#[derive(Template)]
#[template(path = "live.html")]
struct LivePage {
    shell: Shell,
    wall: WallView,
    /// Where news are heard, if there are any.
    news: Option<&'static str>,
    /// Why what was just asked for was not done.
    wrong: Option<String>,
}

fn page(web: &Web, visit: &Visit, group: &str, wrong: Option<String>) -> Result<LivePage, PageError> {
    let shell = visit.shell(texts::t("live.title"), "live");
    Ok(LivePage { shell, wall: WallView::new(web, visit, group)?, news: web.news_at(), wrong })
}

fn group_of(query: Option<String>) -> Result<String, PageError> {
    let query = Query::parse(query.as_deref())?;
    Ok(query.one("group")?.unwrap_or_default().to_owned())
}

async fn show(State(web): State<Web>, visit: Visit, RawQuery(query): RawQuery) -> Answer {
    Ok(visit.page(&page(&web, &visit, &group_of(query)?, None)?))
}

/// What moves, for the script that keeps it fresh.
async fn wall(State(web): State<Web>, visit: Visit, RawQuery(query): RawQuery) -> Answer {
    Ok(rendered(&WallView::new(&web, &visit, &group_of(query)?)?))
}

async fn supervise(State(web): State<Web>, visit: Visit, fields: Fields) -> Answer {
    let mode = match fields.text("mode") {
        "listen" => Mode::Listen,
        "coach" => Mode::Coach,
        "barge" => Mode::BargeIn,
        _ => return Err(PageError::new(StatusCode::BAD_REQUEST, "there is no such mode")),
    };
    let target = DeviceId(fields.text("device").to_owned());
    let done = web.app.live().supervise(&visit.caller, &target, mode);
    told(&web, &visit, &fields, done)
}

async fn stop(State(web): State<Web>, visit: Visit, fields: Fields) -> Answer {
    let done = web.app.live().stop_supervising(&visit.caller);
    told(&web, &visit, &fields, done)
}

async fn mute(State(web): State<Web>, visit: Visit, fields: Fields) -> Answer {
    let done = web.app.live().mute_watched(&visit.caller, fields.text("on") == "yes");
    told(&web, &visit, &fields, done)
}

/// Back to where the button was, where the banner says what is; or there with the reason why not.
fn told(web: &Web, visit: &Visit, fields: &Fields, done: Result<(), Refused>) -> Answer {
    let group = fields.text("group");
    let call = fields.text("call").parse().ok();
    let reason = match done {
        Ok(()) => {
            let to = match call {
                Some(call) => call::at(call),
                None => address("/live", &[("group", group)]),
            };
            let to = format!("{to}#supervision");
            return Ok(Redirect::to(&to).into_response());
        }
        Err(Refused::Taken(_)) => texts::t("live.taken").to_owned(),
        Err(refused) => format::in_quotes(&refused.to_string()),
    };
    let wrong = texts::fill("live.refused", &[("reason", &reason)]);
    if let Some(call) = call
        && let Ok(page) = call::page(web, visit, call, Some(wrong.clone()))
    {
        return Ok((StatusCode::CONFLICT, rendered(&page)).into_response());
    }
    Ok((StatusCode::CONFLICT, rendered(&page(web, visit, group, Some(wrong))?)).into_response())
}
