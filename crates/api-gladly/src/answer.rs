//! A report on its way out: CSV in parts, in bounded memory (contract §2.2, §2.4, X-16, X-17).
//!
//! Whether rows were cut off is said in a header, which goes out before the rows. So the first part of the report is
//! made ahead. If it ends there, everything is known. If not, the rows are counted once, up to the cap and one more,
//! before the first byte goes out (`docs/decisions`). The answer is made as the client takes it, and no further; when
//! the client is gone, so is the work.

use crate::{
    ApiError,
    csv::{Cells, Column},
};
use axum::{
    BoxError,
    body::{Body, Bytes},
    http::{HeaderName, HeaderValue, header},
    response::Response,
};
use futures::{StreamExt, TryStreamExt, stream};
use jiff::tz::TimeZone;
use touchline_app::{AppError, reports::Rows};

/// Says that there is more than the answer holds.
pub(crate) static LIMITED: HeaderName = HeaderName::from_static("gladly-limited-data");

/// Made before the answer begins.
const AHEAD_BYTES: usize = 1024 * 1024;
/// A part is sent when it reaches this size.
const PART_BYTES: usize = 64 * 1024;

/// How a report is written.
pub(crate) struct Form<R: 'static> {
    pub(crate) file_name: String,
    pub(crate) columns: &'static [Column<R>],
    pub(crate) zone: TimeZone,
    pub(crate) base_url: String,
    /// Most rows; `None` for no limit.
    pub(crate) cap: Option<usize>,
}

/// Answers with the rows; `again` begins the same report a second time, to count them.
pub(crate) async fn csv<R, F>(
    form: Form<R>,
    mut rows: Rows<R>,
    again: impl FnOnce() -> F,
) -> Result<Response, ApiError>
where
    R: Send + 'static,
    F: Future<Output = Result<Rows<R>, AppError>>,
{
    let Form { file_name, columns, zone, base_url, cap } = form;
    let mut cells = Cells::new(zone, &base_url);
    cells.head(columns);
    let most = cap.unwrap_or(usize::MAX);
    let (mut written, mut ended) = (0, false);
    while cells.len() < AHEAD_BYTES && written < most && !ended {
        match rows.next().await.transpose()? {
            Some(row) => {
                cells.row(columns, &row);
                written += 1;
            }
            None => ended = true,
        }
    }
    let limited = if ended {
        false
    } else if written >= most {
        rows.next().await.transpose()?.is_some()
    } else {
        match cap {
            Some(cap) => exceeds(again().await?, cap).await?,
            None => false,
        }
    };
    let first = Bytes::from(cells.take());
    // What was counted is what is sent: rows that came in meanwhile are not dropped without a word.
    let left = if limited { most - written } else { usize::MAX };
    let body = if ended || left == 0 || (written >= most && !limited) {
        Body::from(first)
    } else {
        let rest =
            stream::try_unfold((rows, cells, left), move |(mut rows, mut cells, mut left)| async move {
                while cells.len() < PART_BYTES && left > 0 {
                    let Some(row) = rows.next().await.transpose()? else { break };
                    cells.row(columns, &row);
                    left -= 1;
                }
                let part = Bytes::from(cells.take());
                Ok::<_, AppError>((!part.is_empty()).then_some((part, (rows, cells, left))))
            });
        let rest = rest.map_err(|error| {
            tracing::error!(error = &error as &dyn std::error::Error, "a report broke off half-way");
            BoxError::from(error)
        });
        Body::from_stream(stream::iter([Ok(first)]).chain(rest))
    };
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv"));
    if let Ok(name) = HeaderValue::from_str(&format!("attachment; filename={file_name}")) {
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    if limited {
        headers.insert(LIMITED.clone(), HeaderValue::from_static("true"));
    }
    Ok(response)
}

/// Whether there are more rows than so many.
async fn exceeds<R>(mut rows: Rows<R>, cap: usize) -> Result<bool, AppError> {
    let mut counted = 0;
    while rows.next().await.transpose()?.is_some() {
        counted += 1;
        if counted > cap {
            return Ok(true);
        }
    }
    Ok(false)
}
