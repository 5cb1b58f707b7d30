//! Finding calls.

pub(crate) mod chips;
mod form;
pub(crate) mod rows;

use crate::{
    Web,
    error::{Answer, PageError},
    filters, format,
    shell::Shell,
    texts,
    visit::{Visit, again},
};
use askama::Template;
use axum::extract::{RawQuery, State};
use chips::{Chip, Names, address, chips, state};
use form::Form;
use rows::CallRow;
use std::collections::HashMap;
use touchline_app::{
    AppError,
    contacts::find::{CallCount, CallPage, CallQuery, FoundCall},
    overview::CallLists,
};
use touchline_http::{Gate, Operation, Query, Routes};
use touchline_model::{Ability, ContactState, Invalid, TopicId, UserId};

pub(super) fn mount<G: Gate>(routes: &mut Routes<G, Web>) {
    routes.add(Operation::get("page_calls", "/calls").needs(&[Ability::ReadContacts]), show);
}

/// States that can be chosen, in the order of a call's life.
const STATES: [&str; 7] = [
    ContactState::COMPLETE,
    ContactState::UPLOADED,
    ContactState::CONVERTING,
    ContactState::TRANSCRIBING,
    ContactState::ANALYZING,
    ContactState::CONVERTER_REJECTED,
    ContactState::TRANSCRIPTION_FAILED,
];

#[derive(Template)]
#[template(path = "calls.html")]
struct Calls {
    shell: Shell,
    form: Form,
    lists: CallLists,
    /// States to choose from, with their words.
    states: Vec<(&'static str, String)>,
    chips: Vec<Chip>,
    rows: Vec<CallRow>,
    /// `312 calls`, `1,000+ calls`; empty when nothing could be searched.
    count: String,
    as_of: String,
    /// The first page, when this is another.
    first: Option<String>,
    /// The next page.
    next: Option<String>,
    /// How far back was looked, when a page ended before it was full.
    looked_back_to: Option<String>,
    /// Whether words are looked for.
    with_words: bool,
    /// Whether the reader sees only the own calls.
    own: bool,
    /// Whether there are no calls at all, whatever is looked for.
    is_fresh: bool,
    /// What cannot be looked for.
    errors: Vec<Invalid>,
}

impl Calls {
    fn wrong(&self, field: &str) -> Option<&str> {
        self.errors.iter().find(|it| it.field == field).map(|it| it.reason.as_str())
    }
    /// What is wrong, above the form: how many fields are, and what the form has no field for.
    fn wrong_above(&self) -> Option<String> {
        const SEEN: [&str; 8] =
            ["text", "within_from", "within_to", "from", "to", "min_duration", "max_duration", "metadata"];
        let elsewhere = |it: &&Invalid| !SEEN.contains(&it.field.as_str());
        let fields = self.errors.iter().filter(|it| !elsewhere(it)).count();
        let below = (fields > 1)
            .then(|| texts::count("calls.wrong_fields", i64::try_from(fields).unwrap_or(i64::MAX)));
        let named = |it: &Invalid| texts::fill("calls.wrong", &[("name", &it.field), ("reason", &it.reason)]);
        let said: Vec<String> =
            below.into_iter().chain(self.errors.iter().filter(elsewhere).map(named)).collect();
        (!said.is_empty()).then(|| said.join(" "))
    }
    /// Whether a phrase is begun and not ended, which the search takes up to the end.
    fn has_open_quote(&self) -> bool {
        let quotes = self.form.text("text").matches(['"', '\u{201c}', '\u{201d}', '\u{201e}']);
        quotes.count() % 2 == 1
    }
    /// Columns of the table.
    fn columns(&self) -> usize {
        if self.own { 5 } else { 6 }
    }
}

/// Names from the lists, and of the people who are in none.
struct Known<'a> {
    lists: &'a CallLists,
    people: HashMap<UserId, String>,
}

impl Names for Known<'_> {
    fn agent(&self, id: &str) -> String {
        self.people.get(&UserId::from(id)).cloned().unwrap_or_else(|| id.to_owned())
    }
    fn team(&self, id: &str) -> String {
        let found = self.lists.teams.iter().find(|(known, _)| known.as_str() == id);
        found.map_or_else(|| id.to_owned(), |(_, name)| name.clone())
    }
    fn topic(&self, id: &str) -> String {
        let found = self.lists.topics.iter().find(|(known, _)| known.to_string() == id);
        found.map_or_else(|| id.to_owned(), |(_, name)| name.clone())
    }
}

fn in_words(count: CallCount) -> String {
    let calls = i64::try_from(count.calls).unwrap_or(i64::MAX);
    match count.all {
        true => texts::count("calls.count", calls),
        false => texts::fill("calls.count_more", &[("n", &format::number(calls))]),
    }
}

async fn show(State(web): State<Web>, visit: Visit, RawQuery(raw): RawQuery) -> Answer {
    let sent = Query::parse(raw.as_deref())?;
    let mut form = Form::new(sent.pairs().map(|(name, value)| (name.to_owned(), value.to_owned())).collect());
    let query = match form.query(&visit.zone) {
        Ok(query) => query,
        Err(_) => {
            let wrongs = form.wrongs(&visit.zone);
            return refused(&web, &visit, form, wrongs).await;
        }
    };
    match web.app.find_and_count_calls(&visit.caller, &query).await {
        Ok((page, count)) => Ok(visit.page(&found(&web, &visit, &query, page, count).await?)),
        Err(AppError::Invalid(error)) => refused(&web, &visit, form, vec![error]).await,
        Err(error) => Err(error.into()),
    }
}

fn empty(web: &Web, visit: &Visit, form: Form, lists: CallLists) -> Calls {
    let now = web.app.clock().now();
    Calls {
        shell: visit.shell(texts::t("common.nav_calls"), "calls"),
        form,
        lists,
        states: STATES.iter().map(|&name| (name, state(name))).collect(),
        chips: Vec::new(),
        rows: Vec::new(),
        count: String::new(),
        as_of: now.to_jiff().to_zoned(visit.zone.clone()).strftime("%H:%M").to_string(),
        first: None,
        next: None,
        looked_back_to: None,
        with_words: false,
        own: visit.caller.own_only,
        is_fresh: false,
        errors: Vec::new(),
    }
}

/// The form with what was typed, and what is wrong with it.
async fn refused(web: &Web, visit: &Visit, form: Form, errors: Vec<Invalid>) -> Answer {
    let lists = web.app.call_lists(&visit.caller).await?;
    Ok(again(&Calls { errors, ..empty(web, visit, form, lists) }))
}

/// What was asked for comes first; and what most calls of a page are about tells them least apart.
fn rarest_first(topics: &mut HashMap<String, Vec<TopicId>>, asked: &[TopicId]) {
    let mut often: HashMap<TopicId, usize> = HashMap::new();
    for topic in topics.values().flatten() {
        *often.entry(*topic).or_default() += 1;
    }
    for found in topics.values_mut() {
        found.sort_by_key(|topic| (!asked.contains(topic), often.get(topic).copied(), *topic));
    }
}

async fn found(
    web: &Web,
    visit: &Visit,
    query: &CallQuery,
    page: CallPage,
    count: CallCount,
) -> Result<Calls, PageError> {
    let lists = web.app.call_lists(&visit.caller).await?;
    let mut topics = web.app.topics_of_page(&visit.caller, &page.rows).await?;
    rarest_first(&mut topics, &query.topics);
    let people = web.app.people_called(&visit.caller, &query.agents).await?;
    let chips = chips(query, &Known { lists: &lists, people }, &visit.zone);
    let start = CallQuery { cursor: None, ..query.clone() };
    let names: HashMap<TopicId, String> = lists.topics.iter().cloned().collect();
    let mut shown = empty(web, visit, Form::of(&start, &visit.zone), lists);
    let row = |it: &FoundCall| {
        let topics = topics.get(it.contact.id.as_str()).map(Vec::as_slice).unwrap_or_default();
        CallRow::new(it, topics, &names, &shown.shell)
    };
    let rows = page.rows.iter().map(row).collect();
    shown.rows = rows;
    shown.is_fresh = page.rows.is_empty() && chips.is_empty() && query.cursor.is_none();
    shown.count = in_words(count);
    shown.first = query.cursor.is_some().then(|| address(&start));
    shown.next = page.next.map(|next| address(&CallQuery { cursor: Some(next), ..query.clone() }));
    shown.looked_back_to = page.looked_back_to.map(|at| format::exact(at, &visit.zone));
    shown.with_words = !query.text.is_empty();
    shown.chips = chips;
    Ok(shown)
}
