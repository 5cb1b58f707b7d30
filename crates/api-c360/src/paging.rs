//! Answers: one value, or the rows of a page as they come from the app.

use crate::ApiError;
use axum::{
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use futures::stream;
use serde::Serialize;
use std::sync::{Mutex, PoisonError};
use tokio::task::JoinHandle;
use touchline_app::{
    App, AppError,
    feeds::{Page, from_minute},
    store::{CallRow, Position},
};
use touchline_http::{JSON, Query, stream_array};
use touchline_model::{Caller, Stored, Timestamp};

/// Rows fetched at once: enough to make the fetch cheap, few enough that fetching and writing overlap.
pub(crate) const CHUNK: usize = 250;
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

/// 200 with the rows of a page, fetched `chunk` rows at a time. While a chunk is being written, the next one is
/// fetched, so at most two are held.
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
    let next = move |page: &Page, fetch: &F| {
        let (after, asked) = page.wants(chunk)?;
        Some((asked, Fetching(tokio::spawn(fetch(after, asked)))))
    };
    let first = next(&page, &fetch);
    let start = (page, first, fetch, written);
    let rows = stream::try_unfold(start, move |(mut page, fetching, fetch, written)| async move {
        let Some((asked, mut rows)) = fetching else { return Ok(None) };
        let rows = (&mut rows.0).await.map_err(|error| AppError::Internal(Box::new(error)))??;
        let rows = page.take(asked, rows, position);
        let fetching = next(&page, &fetch);
        let rows = written(rows, fetching.is_none()).await?;
        Ok(Some((rows, (page, fetching, fetch, written))))
    });
    Ok(stream_array(JSON, Box::pin(rows)).await.map_err(|error: AppError| error)?)
}

/// A chunk on its way. It is given up when the client is gone.
struct Fetching<T>(JoinHandle<T>);

impl<T> Drop for Fetching<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
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
