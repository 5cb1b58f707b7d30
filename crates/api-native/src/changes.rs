//! The change feed: pages, waiting for the next change, or a stream without end.

use crate::{
    Problem,
    mount::Mount,
    params::{MAX_LIMIT, Params, limited},
};
use axum::{
    Json,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use schemars::JsonSchema;
use serde::Serialize;
use std::time::Duration;
use touchline_app::{App, AppError, store::ChangeRow};
use touchline_http::{CallerOf, Gate, NDJSON, Operation, Shape, bearer_token};
use touchline_model::{Ability, Caller, Seq};

/// A stream without news sends a blank line this often, so that both sides know that the other is there.
const HEARTBEAT: Duration = Duration::from_secs(15);

const TEXT: &str = "Every committed write of the tenant, numbered in commit order: whoever reads on after the last \
     number it has seen misses nothing. With `wait` the answer waits for the first change. With \
     `Accept: application/x-ndjson` the answer never ends: one change a line as they are committed, a blank line \
     every 15 seconds without any.";

/// A page of changes.
#[derive(Debug, Serialize, JsonSchema)]
struct Changes {
    /// In commit order.
    items: Vec<ChangeRow>,
    /// Give it as `after` to read on.
    last_seq: Seq,
}

pub(crate) fn mount<G: Gate>(mount: &mut Mount<G>) {
    let after = "Number of the last change that is known; 0 unless given.";
    let wait = "Seconds to wait for the first change; 0 unless given.";
    mount.add(
        limited(Operation::get("list_changes", "/changes"))
            .tag("changes")
            .summary("Follow every change")
            .description(TEXT)
            .needs(&[Ability::ReadChanges])
            .query("after", Shape::Integer { min: Some(0), max: None }, false, after)
            .query("wait", Shape::integer(0, 60), false, wait)
            .answer_json::<Changes>(200, "A page, or a stream of lines."),
        list,
    );
}

async fn list(
    State(app): State<App>,
    CallerOf(caller): CallerOf,
    params: Params,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let after = params.number("after", 0, 0..=Seq::MAX)?;
    let wait = Duration::from_secs(params.number("wait", 0, 0..=60)?);
    let limit = params.limit()?;
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if accept.contains("application/x-ndjson") {
        let token = bearer_token(&headers).unwrap_or_default().to_owned();
        return Ok(stream(app, caller, token, after));
    }
    let items = app.changes(&caller, after, limit, wait).await?;
    let last_seq = items.last().map_or(after, |last| last.seq);
    Ok(Json(Changes { items, last_seq }).into_response())
}

fn stream(app: App, caller: Caller, token: String, after: Seq) -> Response {
    let follow = async move |after: Option<Seq>| match next(&app, &caller, &token, after?).await {
        Ok(Some((lines, last))) => Some((Ok(lines), Some(last))),
        Ok(None) => None,
        Err(error) => {
            tracing::warn!(%error, "a stream of changes broke off");
            Some((Err(error), None))
        }
    };
    let follow = std::sync::Arc::new(follow);
    let body = futures::stream::unfold(Some(after), move |after| {
        let follow = follow.clone();
        async move { follow(after).await }
    });
    ([(header::CONTENT_TYPE, NDJSON)], Body::from_stream(body)).into_response()
}

/// The next lines and the last number among them; `None` when the token is no longer good.
async fn next(app: &App, caller: &Caller, token: &str, after: Seq) -> Result<Option<(Bytes, Seq)>, AppError> {
    let found = app.changes(caller, after, MAX_LIMIT, HEARTBEAT).await?;
    // The credential may have been revoked while we waited.
    if app.prove_token(token, &caller.source).await?.is_none() {
        return Ok(None);
    }
    let Some(last) = found.last() else { return Ok(Some((Bytes::from_static(b"\n"), after))) };
    let last = last.seq;
    let mut lines = Vec::with_capacity(found.len() * 100);
    for change in &found {
        serde_json::to_writer(&mut lines, change).map_err(|e| AppError::Internal(Box::new(e)))?;
        lines.push(b'\n');
    }
    Ok(Some((lines.into(), last)))
}
