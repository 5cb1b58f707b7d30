//! A report on its way out: CSV in parts, in bounded memory (contract §2.2, §2.4, X-16, X-17).
//!
//! Whether rows were cut off is said in a header, which goes out before the rows. So the first part of the report is
//! made ahead. If it ends there, everything is known. If not, the rows are counted once, up to the cap and one more,
//! before the first byte goes out (`docs/decisions`). The answer is made as the client takes it, and no further; when
//! the client is gone, so is the work.

use crate::{ApiError, csv::Cells};
use axum::{
    BoxError,
    body::{Body, Bytes},
    http::{HeaderName, HeaderValue, header},
    response::Response,
};
use futures::{Stream, StreamExt, TryStreamExt, stream};
use jiff::tz::TimeZone;
use touchline_app::AppError;

/// Says that there is more than the answer holds.
pub(crate) static LIMITED: HeaderName = HeaderName::from_static("gladly-limited-data");

/// Made before the answer begins.
const AHEAD_BYTES: usize = 1024 * 1024;
/// What was written is sent when it reaches this size, at the end of a page, in pieces of this size.
const PART_BYTES: usize = 64 * 1024;

/// Rows of a report in order, as they come together.
pub(crate) trait Page: Send + 'static {
    /// Writes the header row.
    fn head(cells: &mut Cells);
    /// Writes so many rows at most; how many there were, and whether there are more.
    fn write(&self, most: usize, cells: &mut Cells) -> Result<(usize, bool), AppError>;
    /// How many rows there are, counted as far as so many.
    fn count(&self, most: usize) -> Result<usize, AppError>;
}

/// How a report is written.
pub(crate) struct Form {
    pub(crate) file_name: String,
    pub(crate) zone: TimeZone,
    pub(crate) base_url: String,
    /// Most rows; `None` for no limit.
    pub(crate) cap: Option<usize>,
}

/// Answers with the rows; `again` begins the same report a second time, to count them.
pub(crate) async fn csv<P, S, F>(
    form: Form,
    pages: S,
    again: impl FnOnce() -> F,
) -> Result<Response, ApiError>
where
    P: Page,
    S: Stream<Item = Result<P, AppError>> + Send + Unpin + 'static,
    F: Future<Output = Result<S, AppError>>,
{
    let Form { file_name, zone, base_url, cap } = form;
    let mut cells = Cells::new(zone, &base_url);
    P::head(&mut cells);
    let most = cap.unwrap_or(usize::MAX);
    let mut rest = Rest { pages, cells, left: most, more: false, ended: false };
    while rest.cells.len() < AHEAD_BYTES && !rest.ended {
        rest.page().await?;
    }
    let limited = if rest.ended {
        rest.more
    } else {
        match cap {
            Some(cap) => exceeds(again().await?, cap).await?,
            None => false,
        }
    };
    let mut first = Bytes::from(rest.cells.take());
    let second = first.split_off(first.len().min(AHEAD_BYTES));
    let body = if rest.ended && second.is_empty() {
        Body::from(first)
    } else {
        let rest = if limited || rest.ended { rest.in_turn().boxed() } else { rest.whole().boxed() };
        let rest = rest.map_ok(|part| stream::iter(pieces(part).map(Ok::<_, AppError>))).try_flatten();
        let rest = rest.map_err(|error| {
            tracing::error!(error = &error as &dyn std::error::Error, "a report broke off half-way");
            BoxError::from(error)
        });
        let made = [first].into_iter().chain(pieces(second));
        Body::from_stream(stream::iter(made.map(Ok)).chain(rest))
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

/// The same bytes, cut.
fn pieces(mut part: Bytes) -> impl Iterator<Item = Bytes> {
    std::iter::from_fn(move || {
        let piece = part.split_to(part.len().min(PART_BYTES));
        (!piece.is_empty()).then_some(piece)
    })
}

/// What of a report has not been sent.
struct Rest<S> {
    pages: S,
    cells: Cells,
    /// Rows that may still be written.
    left: usize,
    /// Rows were left out.
    more: bool,
    /// Nothing more is to be written.
    ended: bool,
}

impl<P: Page, S: Stream<Item = Result<P, AppError>> + Unpin> Rest<S> {
    /// Writes the next page.
    async fn page(&mut self) -> Result<(), AppError> {
        match self.pages.next().await.transpose()? {
            Some(page) => {
                let (written, more) = page.write(self.left, &mut self.cells)?;
                self.left -= written;
                (self.more, self.ended) = (more, more);
            }
            None => self.ended = true,
        }
        Ok(())
    }

    /// What is left, up to the cap.
    fn in_turn(self) -> impl Stream<Item = Result<Bytes, AppError>> {
        stream::try_unfold(self, async |mut rest| {
            while rest.cells.len() < PART_BYTES && !rest.ended {
                rest.page().await?;
            }
            let part = Bytes::from(rest.cells.take());
            Ok::<_, AppError>((!part.is_empty()).then_some((part, rest)))
        })
    }

    /// All that is left; while a thread writes one page, the next one is awaited. What was counted is what is sent: rows
    /// that came in meanwhile are not dropped without a word. Nothing is half-way while the client takes a part.
    fn whole(self) -> impl Stream<Item = Result<Bytes, AppError>> {
        stream::try_unfold((self, None), async |(mut rest, mut before)| {
            loop {
                let page = if rest.ended { None } else { rest.pages.next().await.transpose()? };
                rest.ended = page.is_none();
                let writing = page.map(|page| {
                    let mut cells = rest.cells.another();
                    tokio::task::spawn_blocking(move || {
                        page.write(usize::MAX, &mut cells)?;
                        Ok::<_, AppError>(Bytes::from(cells.take()))
                    })
                });
                let Some(written) = std::mem::replace(&mut before, writing) else {
                    match &before {
                        Some(_) => continue,
                        None => return Ok(None),
                    }
                };
                let part = written.await.map_err(|stopped| AppError::Internal(stopped.into()))??;
                return Ok(Some((part, (rest, before))));
            }
        })
    }
}

/// Whether there are more rows than so many.
async fn exceeds<P: Page>(
    mut pages: impl Stream<Item = Result<P, AppError>> + Unpin,
    cap: usize,
) -> Result<bool, AppError> {
    let mut counted = 0;
    while let Some(page) = pages.next().await.transpose()? {
        counted += page.count(cap - counted + 1)?;
        if counted > cap {
            return Ok(true);
        }
    }
    Ok(false)
}
