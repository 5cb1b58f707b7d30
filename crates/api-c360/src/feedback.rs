//! `GET /feedback`: comments and highlights (contract §4.12).

use crate::{
    ApiError, Dialect,
    paging::{self, CHUNK},
    params::{self, MAX_LIMIT, PageParams},
};
use axum::{
    extract::{RawQuery, State},
    response::Response,
};
use schemars::JsonSchema;
use serde::Serialize;
use touchline_app::feeds::Page;
use touchline_http::CallerOf;
use touchline_model::{ContactId, Feedback, FeedbackKind, MediaTime, Stored, Timestamp, UserId};

/// A comment or highlight.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Feedback")]
pub(crate) struct FeedbackBody {
    feedback_at: Timestamp,
    modified: Timestamp,
    call_id: ContactId,
    feedback_by: UserId,
    is_comment: bool,
    is_highlight: bool,
    text: Option<String>,
    start_time: MediaTime,
    /// Only highlights have an end.
    end_time: Option<MediaTime>,
}

impl From<Stored<Feedback>> for FeedbackBody {
    fn from(Stored { value, modified, .. }: Stored<Feedback>) -> Self {
        Self {
            feedback_at: value.given_at,
            modified,
            call_id: value.contact_id,
            feedback_by: value.author_id,
            is_comment: value.kind == FeedbackKind::Comment,
            is_highlight: value.kind == FeedbackKind::Highlight,
            text: value.text,
            start_time: value.start,
            end_time: value.end,
        }
    }
}

/// `GET /feedback`
pub(crate) async fn list(
    State(Dialect { app, .. }): State<Dialect>,
    CallerOf(caller): CallerOf,
    RawQuery(raw): RawQuery,
) -> Result<Response, ApiError> {
    let PageParams { since, limit } = PageParams::read(&params::parse(raw.as_deref())?, MAX_LIMIT)?;
    let fetch = move |after, asked| {
        let (app, caller) = (app.clone(), caller.clone());
        async move { app.feed::<Feedback>(&caller, after, asked).await }
    };
    let written =
        |rows: Vec<Stored<Feedback>>, _| async { Ok(rows.into_iter().map(FeedbackBody::from).collect()) };
    paging::page(Page::since(since, limit), CHUNK, paging::of_record, fetch, written).await
}
