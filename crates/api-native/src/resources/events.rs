//! Events: sent one or many, read in the order in which they arrived.

use super::{Names, Resource, bulk, collection, names};
use crate::{
    Problem, input,
    mount::Mount,
    params::{Page, Params, cursor, paged},
};
use axum::{
    Json,
    body::Body,
    extract::{Path, State},
    http::HeaderMap,
    response::Response,
};
use schemars::JsonSchema;
use serde::Serialize;
use touchline_app::{
    App, AppError,
    records::{Put, PutResults},
    store::{Arrival, StoredEvent},
};
use touchline_http::{CallerOf, Gate, Operation};
use touchline_model::{Ability, Caller, Event, Kind};

pub(super) struct Events;

const WRITE_TEXT: &str = "What happens in the contact centre, in any order and however late. `timestamp` is when it was \
     recorded: reports show the world as of an hour ago by it.\n\n\
     The same id with the same content changes nothing; with another content it is refused, for what happened does not \
     change. Events of a contact whose `CONTACT/STARTED` has not arrived are kept, and count once it has.\n\n\
     Events about a contact replace what Touchline had worked out of its recording or transcript itself.\n\n\
     `application/json`: one event. `application/x-ndjson`: many, one a line, any number; the answer has one report line \
     for each line, in order, sent once it is on disk, and a summary at the end.";
const READ_TEXT: &str = "In the order of arrival. Those that arrived together stand as one entry in the change feed, of \
     kind `event`, with the id of the last of them. An entry can be sent to `POST /events` as it is.";

/// A page of events.
#[derive(Debug, Serialize, JsonSchema)]
struct EventPage {
    #[serde(flatten)]
    page: Page<Event>,
    /// Give it as `cursor` later to read what has arrived since; absent while nothing has arrived.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_cursor: Option<String>,
}

pub(super) fn mount<G: Gate>(mount: &mut Mount<G>) {
    let tag = Events::NAMES.many;
    mount.add(
        paged(Operation::get("list_events", "/events"))
            .tag(tag)
            .summary("Read what happened, in the order of arrival")
            .description(READ_TEXT)
            .needs(Events::READ)
            .answer_json::<EventPage>(200, "A page."),
        list,
    );
    mount.add(
        Operation::get("get_event", "/events/{id}")
            .tag(tag)
            .summary("Read one")
            .needs(Events::READ)
            .path_param("id", "Its id.")
            .answer_json::<Event>(200, "The event."),
        get,
    );
    let create = Operation::post("create_events", "/events")
        .tag(tag)
        .summary("Tell what happened: one event, or many from NDJSON")
        .description(WRITE_TEXT)
        .needs(Events::WRITE)
        .body_json::<Event>()
        .answer_json::<Put>(201, "It is new; `Location` is its address.")
        .answer_json::<Put>(200, "One event: it was there just so. Many: the report.")
        .answer_error(409)
        .answer_error_when(410, "It is about a contact that was erased.")
        .answer_error(422);
    mount.add(input::bounded_by_us(create), post);
}

fn place(arrival: Arrival) -> String {
    format!("{}.{}", arrival.0, arrival.1)
}

fn arrival(text: &str) -> Option<Arrival> {
    let (seq, part) = text.split_once('.')?;
    Some((seq.parse().ok()?, part.parse().ok()?))
}

async fn list(
    State(app): State<App>,
    CallerOf(caller): CallerOf,
    params: Params,
) -> Result<Json<EventPage>, Problem> {
    let page = params.page(Events::NAMES.many)?;
    let after = page.after.as_deref().and_then(arrival);
    if page.after.is_some() && after.is_none() {
        return Err(Problem::malformed("`cursor` is none of this list").at("cursor"));
    }
    let mut found = app.events_after(&caller, after.unwrap_or((0, -1)), page.fetch()).await?;
    let shown = found.len().min(page.shown());
    let next = (found.len() > shown).then(|| found[shown - 1].arrival);
    found.truncate(shown);
    let last = found.last().map(|it| it.arrival).or(after);
    let items = found.into_iter().map(|it| it.event).collect();
    let page = Page::with_cursor(items, next.map(|next| cursor(Events::NAMES.many, &place(next))));
    let last_cursor = last.map(|last| cursor(Events::NAMES.many, &place(last)));
    Ok(Json(EventPage { page, last_cursor }))
}

async fn get(
    State(app): State<App>,
    CallerOf(caller): CallerOf,
    Path(id): Path<String>,
) -> Result<Json<Event>, Problem> {
    Ok(Json(app.event(&caller, &id).await?.event))
}

async fn post(
    State(app): State<App>,
    CallerOf(caller): CallerOf,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    if bulk::is_ndjson(&headers) {
        return Ok(bulk::answer::<Events>(app, caller, body));
    }
    let event: Event = input::json(&app, &headers, body).await?;
    Ok(collection::answer::<Events>(Events::create(&app, &caller, None, event).await?))
}

impl Resource for Events {
    type In = Event;
    type Out = Event;

    const NAMES: Names = names!("events", "event");
    const KIND: Kind = Kind::Event;
    /// While one is written, the next one is decided.
    const AT_ONCE: usize = 2;
    const READ: &'static [Ability] = &[Ability::ReadReports];
    const WRITE: &'static [Ability] = &[Ability::WriteContacts];
    const DELETE: &'static [Ability] = &[];

    fn id(item: &Event) -> String {
        item.id.0.clone()
    }
    fn set_id(item: &mut Event, id: &str) {
        item.id = id.into();
    }
    fn shown_id(item: &Event) -> String {
        item.id.0.clone()
    }

    async fn list(
        app: &App,
        caller: &Caller,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Event>, AppError> {
        let after = after.and_then(arrival).unwrap_or((0, -1));
        let found: Vec<StoredEvent> = app.events_after(caller, after, limit).await?;
        Ok(found.into_iter().map(|it| it.event).collect())
    }
    async fn get(app: &App, caller: &Caller, id: &str) -> Result<Event, AppError> {
        Ok(app.event(caller, id).await?.event)
    }
    async fn put(app: &App, caller: &Caller, items: Vec<Event>) -> Result<PutResults, AppError> {
        app.put_events(caller, items).await
    }
    /// The id is the key.
    async fn create(app: &App, caller: &Caller, _: Option<&str>, item: Event) -> Result<Put, AppError> {
        let mut results = app.put_events(caller, vec![item]).await?;
        results.pop().unwrap_or_else(|| Err(AppError::Internal("no result for an event".into())))
    }
    async fn delete(_: &App, _: &Caller, id: &str) -> Result<(), AppError> {
        Err(AppError::Conflict(format!("`{id}` happened: only erasing its contact removes an event")))
    }
}
