//! The operations that every kind of record has.

use super::{Names, Resource, bulk};
use crate::{
    PREFIX, Problem, input,
    mount::Mount,
    params::{Page, Params, paged},
    problem,
};
use axum::{
    Json,
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use touchline_app::{
    App, AppError,
    records::{Put, PutStatus},
};
use touchline_http::{CallerOf, Gate, Operation, Shape};
use touchline_model::{Invalid, Kind};

/// What must be escaped in a path segment: everything but RFC 3986's unreserved characters.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

const PUT_TEXT: &str = "Creates or replaces it. `id` may be left out of the body; when given it must agree with the \
     path. Sending the same again changes nothing.";
const CREATE_TEXT: &str = "`application/json`: creates one record and answers 201 with its address. An id is made \
     when none is given; one that is taken by another record is a conflict (PUT replaces). With `Idempotency-Key` \
     the same request may be sent again: it finds what the first one made.\n\n\
     `application/x-ndjson`: creates or replaces many, one a line, any number. The answer has one report line for \
     each line, in order, sent once it is on disk, and a summary at the end. A bad line is refused for itself; when \
     the same id comes twice, the later line changes what the earlier one made.";

pub(super) fn mount<R: Resource, G: Gate>(mount: &mut Mount<G>) {
    let names = R::NAMES;
    let tag = names.many;
    mount.add(
        paged(Operation::get(names.list_id, names.list_path))
            .tag(tag)
            .summary("List, in the order of ids")
            .needs(R::READ)
            .answer_json::<Page<R::Out>>(200, "A page."),
        list::<R>,
    );
    let key =
        "Makes it safe to send the request again: 1 to 200 characters. Only for one record. Kept for a day.";
    let create = Operation::post(names.create_id, names.list_path)
        .tag(tag)
        .summary("Create one, or many from NDJSON")
        .description(CREATE_TEXT)
        .needs(R::WRITE)
        .header("Idempotency-Key", Shape::Text, false, key)
        .body_json::<R::In>()
        .answer_json::<Put>(201, "It is new; `Location` is its address.")
        .answer_json::<Put>(200, "One record: it was there just so. Many: the report.")
        .answer_error(409)
        .answer_error(422);
    mount.add(input::bounded_by_us(gone::<R>(create)), post::<R>);
    mount.add(
        Operation::get(names.get_id, names.item_path)
            .tag(tag)
            .summary("Read one")
            .needs(R::READ)
            .path_param("id", "Its id.")
            .answer_json::<R::Out>(200, "The record."),
        get::<R>,
    );
    let put_one = Operation::put(names.put_id, names.item_path)
        .tag(tag)
        .summary("Create or replace one")
        .description(PUT_TEXT)
        .needs(R::WRITE)
        .path_param("id", "Its id.")
        .body_json::<R::In>()
        .answer_json::<Put>(201, "It is new; `Location` is its address.")
        .answer_json::<Put>(200, "It was there: replaced, or just so already.")
        .answer_error(409)
        .answer_error(422);
    mount.add(input::bounded_by_us(gone::<R>(put_one)), put::<R>);
    mount.add(
        Operation::delete(names.delete_id, names.item_path)
            .tag(tag)
            .summary("Delete one")
            .needs(R::DELETE)
            .path_param("id", "Its id.")
            .answer_empty(204, "It is gone.")
            .answer_error(409),
        delete::<R>,
    );
}

/// Only what is erased for good leaves a trace that keeps it from coming back.
fn gone<R: Resource>(operation: Operation) -> Operation {
    match R::KIND {
        Kind::Contact => operation.answer_error_when(410, "It was erased, and cannot come back."),
        _ => operation,
    }
}

async fn list<R: Resource>(
    State(app): State<App>,
    CallerOf(caller): CallerOf,
    params: Params,
) -> Result<Json<Page<R::Out>>, Problem> {
    let page = params.page(R::NAMES.many)?;
    let items = R::list(&app, &caller, page.after.as_deref(), page.fetch()).await?;
    Ok(Json(page.of(items, R::shown_id)))
}

async fn get<R: Resource>(
    State(app): State<App>,
    CallerOf(caller): CallerOf,
    Path(id): Path<String>,
) -> Result<Json<R::Out>, Problem> {
    there::<R>(&id)?;
    Ok(Json(R::get(&app, &caller, &id).await?))
}

async fn put<R: Resource>(
    State(app): State<App>,
    CallerOf(caller): CallerOf,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let mut item: R::In = input::json(&app, &headers, body).await?;
    if there::<R>(&id).is_err() {
        let reason = if R::NUMERIC { "must be a positive number" } else { "must not hold NUL" };
        return Err(AppError::from(Invalid::new("id", reason)).into());
    }
    let given = R::id(&item);
    if !matches!(given.as_str(), "" | "0") && given != id {
        let reason = format!("`{given}` is not the id in the path, `{id}`");
        return Err(AppError::from(Invalid::new("id", reason)).into());
    }
    R::set_id(&mut item, &id);
    let mut results = R::put(&app, &caller, vec![item]).await?;
    let nothing = || Err(AppError::Internal("no result for a record".into()));
    Ok(answer::<R>(results.pop().unwrap_or_else(nothing)?))
}

async fn post<R: Resource>(
    State(app): State<App>,
    CallerOf(caller): CallerOf,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let key = idempotency_key(&headers)?;
    if bulk::is_ndjson(&headers) {
        if key.is_some() {
            let detail = "`Idempotency-Key` is for one record; sending many again changes nothing anyway";
            return Err(Problem::malformed(detail).at("Idempotency-Key"));
        }
        return Ok(bulk::answer::<R>(app, caller, body));
    }
    let item: R::In = input::json(&app, &headers, body).await?;
    Ok(answer::<R>(R::create(&app, &caller, key, item).await?))
}

async fn delete<R: Resource>(
    State(app): State<App>,
    CallerOf(caller): CallerOf,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    there::<R>(&id)?;
    R::delete(&app, &caller, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Refuses texts that can be no id of this kind, such as `007`, which would otherwise be found as 7.
fn there<R: Resource>(id: &str) -> Result<(), Problem> {
    let possible = match R::NUMERIC {
        true => id.parse::<i64>().is_ok_and(|number| number > 0 && number.to_string() == id),
        false => !id.contains('\0'),
    };
    match possible {
        true => Ok(()),
        false => Err(AppError::NotFound { kind: R::KIND, id: id.replace('\0', "\u{fffd}") }.into()),
    }
}

/// The path of a record.
pub(super) fn address(names: Names, id: &str) -> String {
    format!("{PREFIX}{}/{}", names.list_path, utf8_percent_encode(id, SEGMENT))
}

/// 201 with the address for what is new, otherwise 200.
pub(super) fn answer<R: Resource>(put: Put) -> Response {
    let address = address(R::NAMES, &put.id);
    let status = match put.status {
        PutStatus::Created => StatusCode::CREATED,
        PutStatus::Updated | PutStatus::Unchanged => StatusCode::OK,
    };
    (status, [(header::LOCATION, address)], Json(put)).into_response()
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let mut values = headers.get_all("idempotency-key").iter();
    let Some(value) = values.next() else { return Ok(None) };
    match (value.to_str(), values.next()) {
        (Ok(key), None) => Ok(Some(key)),
        _ => {
            let detail = "`Idempotency-Key` must be given once, in visible ASCII";
            Err(Problem::new(problem::MALFORMED, detail).at("Idempotency-Key"))
        }
    }
}
