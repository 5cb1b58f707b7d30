//! The first page: what waits for this person, and how the last weeks went.

mod trends;

use crate::{
    Web,
    charts::Chart,
    error::Answer,
    filters, format,
    pages::{
        call,
        calls::{chips, rows::CallRow},
    },
    shell::{Shell, When},
    texts,
    visit::Visit,
};
use askama::Template;
use axum::extract::State;
use std::collections::HashMap;
use touchline_app::{
    contacts::{find::CallQuery, remark_text},
    overview::{Notice, Overview, Whose},
    store::MOST_WAITING,
};
use touchline_http::{Gate, Operation, Routes};
use touchline_model::{Ability, ContactState};

pub(super) fn mount<G: Gate>(routes: &mut Routes<G, Web>) {
    routes.add(Operation::get("page_home", "/").needs(&[Ability::ReadContacts]), show);
}

/// Longest part of a remark that is shown, in characters.
const MOST_SAID: usize = 140;

#[derive(Template)]
#[template(path = "home.html")]
struct Home {
    shell: Shell,
    waiting: Vec<Waiting>,
    /// `12 new calls of your team`.
    new_calls: String,
    /// All of them.
    new_href: String,
    /// Whether there are more than are shown.
    more: bool,
    /// Whether there are no calls at all.
    is_fresh: bool,
    /// What the charts are about.
    heading: String,
    rows: Vec<CallRow>,
    own: bool,
    /// What others did: heading, and what is said when there is nothing.
    lists: Vec<NoticeList>,
    volume: Chart,
    talk: Chart,
    /// For readers who see everybody's calls.
    topics: Option<Chart>,
}

/// Something that went wrong and waits for somebody.
struct Waiting {
    text: String,
    href: String,
}

struct NoticeList {
    id: &'static str,
    title: &'static str,
    none: &'static str,
    items: Vec<NoticeRow>,
}

struct NoticeRow {
    href: String,
    /// `Ana Ruiz, 3 Mar 10:02`.
    call: String,
    by: String,
    when: When,
    text: String,
    /// Of an evaluation.
    score: Option<String>,
}

/// A count that stopped at its bound, in words: `key_one`, `key_many`, or with a plus sign.
fn bounded(key: &str, count: i64) -> String {
    match count > MOST_WAITING {
        true => texts::fill(&format!("{key}_many"), &[("n", &format!("{}+", format::number(MOST_WAITING)))]),
        false => texts::count(key, count),
    }
}

/// A remark in one line, shortened at its end.
fn plain(text: &str) -> String {
    let words = remark_text(text).split_whitespace().collect::<Vec<_>>().join(" ");
    match words.char_indices().nth(MOST_SAID) {
        Some((end, _)) => format!("{}…", &words[..end]),
        None => words,
    }
}

fn waiting(overview: &Overview) -> Vec<Waiting> {
    let failed = overview.failed.filter(|count| *count > 0).map(|count| {
        let states = [ContactState::CONVERTER_REJECTED, ContactState::TRANSCRIPTION_FAILED];
        let query = CallQuery { states: states.map(str::to_owned).to_vec(), ..CallQuery::default() };
        Waiting { text: bounded("home.failed", count), href: chips::address(&query) }
    });
    let dead = overview.dead_jobs.filter(|count| *count > 0);
    let dead =
        dead.map(|count| Waiting { text: bounded("home.dead_jobs", count), href: "/imports".to_owned() });
    failed.into_iter().chain(dead).collect()
}

fn notices(visit: &Visit, shell: &Shell, of: Vec<Notice>) -> Vec<NoticeRow> {
    let row = |it: Notice| NoticeRow {
        href: match it.score {
            Some(_) => format!("{}#evaluations", call::address::call(it.contact.id.as_str())),
            None => format!("{}{}", call::address::call(it.contact.id.as_str()), trends::at(it.start)),
        },
        score: it.score.map(format::percent),
        call: match it.agent.filter(|_| !visit.caller.own_only) {
            Some(agent) => format!("{agent}, {}", format::exact(it.contact.started_at, &visit.zone)),
            None => format::exact(it.contact.started_at, &visit.zone),
        },
        by: it.by,
        when: shell.when(&it.at),
        text: plain(&it.text),
    };
    of.into_iter().map(row).collect()
}

async fn show(State(web): State<Web>, visit: Visit) -> Answer {
    let (overview, trends) = tokio::join!(web.app.overview(&visit.caller), web.app.trends(&visit.caller));
    let (overview, trends) = (overview?, trends?);
    let shell = visit.shell(texts::t("common.nav_home"), "home");
    let key = match overview.whose {
        Whose::Own => "home.new_own",
        Whose::Team(_) => "home.new_team",
        Whose::Everybody => "home.new_all",
    };
    let query = CallQuery {
        teams: match &overview.whose {
            Whose::Team(groups) => groups.iter().map(|group| group.id.clone()).collect(),
            Whose::Own | Whose::Everybody => Vec::new(),
        },
        from: Some(overview.since),
        ..CallQuery::default()
    };
    let (own, now) = (visit.caller.own_only, visit.now);
    let rows = overview.latest.iter().map(|it| CallRow::new(it, &[], &HashMap::new(), &shell)).collect();
    let (waiting, new_calls) = (waiting(&overview), bounded(key, overview.new_calls));
    let mut lists = Vec::new();
    let mut list = |id, title, none, of: Vec<Notice>, always: bool| {
        if always || !of.is_empty() {
            lists.push(NoticeList { id, title, none, items: notices(&visit, &shell, of) });
        }
    };
    // What concerns agents is always there, so that they know where it will be.
    list("evaluations", "home.evaluations", "home.evaluations_none", overview.evaluations, own);
    list("remarks", "home.remarks", "home.remarks_none", overview.remarks, own);
    list("shares", "home.shares", "home.shares_none", overview.shares, true);
    let more = overview.new_calls > i64::try_from(overview.latest.len()).unwrap_or(i64::MAX);
    let home = Home {
        more,
        is_fresh: overview.is_fresh,
        heading: trends::heading(&trends, now),
        waiting,
        new_calls,
        new_href: chips::address(&query),
        rows,
        own,
        lists,
        volume: trends::volume(&trends, now),
        talk: trends::talk(&trends, now),
        topics: (!own && visit.caller.may(Ability::ReadQuality)).then(|| trends::topics(&trends, now)),
        shell,
    };
    Ok(visit.page(&home))
}

#[cfg(test)]
mod tests;
