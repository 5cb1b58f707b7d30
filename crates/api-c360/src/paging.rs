//! Answers: one value, or the rows of a page as they come from the app.

use crate::ApiError;
use axum::{
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use futures::stream;
use serde::Serialize;
use std::sync::{Mutex, PoisonError};
use touchline_app::{
    App, AppError,
    feeds::{Page, from_minute},
    store::{CallRow, Position},
};
use touchline_http::{JSON, Query, stream_array};
use touchline_model::{Caller, Stored, Timestamp};

/// Rows fetched at once.
pub(crate) const CHUNK: usize = 500;
/// Rows fetched at once when each may be very long.
pub(crate) const SMALL_CHUNK: usize = 20;

/// 200 with one value.
pub(crate) fn json<T: Serialize>(value: &T) -> Result<Response, ApiError> {
    let text = serde_json::to_vec(value).map_err(|error| AppError::Internal(Box::new(error)))?;
    Ok(([(header::CONTENT_TYPE, HeaderValue::from_static(JSON))], text).into_response())
}

/// The position of a record in the feed of its kind.
pub(crate) fn of_record<T>(row: &Stored<T>) -> Position {
    (row.modified, row.seq)
}

/// 200 with the rows of a page, fetched `chunk` rows at a time.
///
/// `fetch` gives at most that many rows after a position; `written` turns the rows of a chunk into wire rows; it is
/// also told whether the page ends with them, before the last bytes of the answer can reach the client.
pub(crate) async fn page<R, W, F, FR, G, GW>(
    page: Page,
    chunk: usize,
    position: fn(&R) -> Position,
    fetch: F,
    written: G,
) -> Result<Response, ApiError>
where
    R: Send + 'static,
    W: Serialize + Send + 'static,
    F: Fn(Position, usize) -> FR + Send + 'static,
    FR: Future<Output = Result<Vec<R>, AppError>> + Send + 'static,
    G: Fn(Vec<R>, bool) -> GW + Send + 'static,
    GW: Future<Output = Result<Vec<W>, AppError>> + Send + 'static,
{
    let rows = stream::try_unfold((page, fetch, written), move |(mut page, fetch, written)| async move {
        let Some((after, asked)) = page.wants(chunk) else { return Ok(None) };
        let rows = fetch(after, asked).await?;
        let rows = page.take(asked, rows, position);
        let last = page.wants(chunk).is_none();
        let rows = written(rows, last).await?;
        Ok(Some((rows, (page, fetch, written))))
    });
    Ok(stream_array(JSON, Box::pin(rows)).await.map_err(|error: AppError| error)?)
}

/// A feed of calls that is paged with `last_id`: where its pages begin, and where they ended (contract R-2).
pub(crate) struct CallFeed {
    app: App,
    caller: Caller,
    name: &'static str,
    last: Mutex<Option<(String, Position, Timestamp)>>,
}

impl CallFeed {
    pub(crate) fn new(app: &App, caller: &Caller, name: &'static str) -> Self {
        Self { app: app.clone(), caller: caller.clone(), name, last: Mutex::default() }
    }

    /// The page that the query asks for.
    pub(crate) async fn page(&self, query: &Query, since: Timestamp, limit: usize) -> Result<Page, ApiError> {
        let after = match query.one("last_id")? {
            Some(id) => self.app.resume_contacts(&self.caller, self.name, since, id).await?,
            None => from_minute(since),
        };
        Ok(Page::after(after, limit))
    }

    /// Takes note of the rows of a chunk, and remembers the last row once the page has ended.
    pub(crate) fn served(&self, last: Option<&CallRow>, ended: bool) {
        let mut known = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(row) = last {
            *known = Some((row.id.clone(), (row.modified, row.seq), row.started_at));
        }
        if let Some((id, position, started_at)) = known.take_if(|_| ended) {
            self.app.remember_served(&self.caller, self.name, &id, position, started_at);
        }
    }
}
