//! Long answers in bounded memory: a JSON array or JSON lines from a stream of chunks of rows.
//!
//! Until the first part is full or the stream ends, nothing is sent: an error so far still gets its own status,
//! and a small answer gets a `Content-Length`. A later error aborts the connection, so that the client sees a
//! broken answer and never a silently short one.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::vec;

use axum::BoxError;
use axum::body::{Body, Bytes};
use axum::response::Response;
use futures::{Stream, StreamExt};
use http::{HeaderValue, header};
use serde::Serialize;

/// Content type of JSON answers (contract X-33).
pub const JSON: &str = "application/json; charset=utf-8";
/// Content type of JSON lines.
pub const NDJSON: &str = "application/x-ndjson; charset=utf-8";

/// A part is sent when it reaches this size: large enough to cost few writes, small enough to stay in cache.
const PART_BYTES: usize = 48 * 1024;
/// Room for the row that crosses the limit, so that parts rarely grow by copying.
const PART_CAPACITY: usize = 64 * 1024;

/// Answers 200 with a JSON array of all rows. Memory: one chunk and one part.
/// Errors: the stream's, if it fails before the first part is full.
pub async fn stream_array<S, T, E>(content_type: &'static str, rows: S) -> Result<Response, E>
where
    S: Stream<Item = Result<Vec<T>, E>> + Send + 'static,
    T: Serialize + Send + 'static,
    E: Into<BoxError> + Send + 'static,
{
    respond(content_type, Parts::new(Box::pin(rows), Form::Array)).await
}

/// Answers 200 with one line of JSON per row. The first chunk is awaited, then sent at once; so are later rows
/// whenever the stream pauses, which makes it fit for live feeds. Memory: one chunk and one part.
/// Errors: the stream's, if it fails before anything is sent.
pub async fn stream_ndjson<S, T, E>(content_type: &'static str, rows: S) -> Result<Response, E>
where
    S: Stream<Item = Result<Vec<T>, E>> + Send + 'static,
    T: Serialize + Send + 'static,
    E: Into<BoxError> + Send + 'static,
{
    respond(content_type, Parts::new(Box::pin(rows), Form::Lines)).await
}

async fn respond<S, T, E>(content_type: &'static str, mut parts: Parts<S, T>) -> Result<Response, E>
where
    S: Stream<Item = Result<Vec<T>, E>> + Send + 'static,
    T: Serialize + Send + 'static,
    E: Into<BoxError> + Send + 'static,
{
    let first = match parts.next().await {
        None => Bytes::new(),
        Some(Ok(first)) => first,
        Some(Err(Failure::Source(error))) => return Err(error),
        // The rows cannot be written: the status is out of our hands here, so the connection breaks.
        Some(Err(Failure::Json(error))) => return Ok(with_type(content_type, broken(error.into()))),
    };
    parts.sending = true;
    let body = if parts.ended {
        Body::from(first)
    } else {
        let rest = parts.map(|part| {
            part.map_err(|failure| {
                let error: BoxError = match failure {
                    Failure::Source(error) => error.into(),
                    Failure::Json(error) => error.into(),
                };
                tracing::error!(error, "an answer broke off half-way");
                error
            })
        });
        Body::from_stream(futures::stream::iter([Ok(first)]).chain(rest))
    };
    Ok(with_type(content_type, body))
}

fn broken(error: BoxError) -> Body {
    tracing::error!(error, "an answer could not be written as JSON");
    Body::from_stream(futures::stream::iter([Err::<Bytes, _>(error)]))
}

fn with_type(content_type: &'static str, body: Body) -> Response {
    let mut response = Response::new(body);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Array,
    Lines,
}

enum Failure<E> {
    Source(E),
    Json(serde_json::Error),
}

/// Turns chunks of rows into parts of text.
struct Parts<S, T> {
    rows: Pin<Box<S>>,
    chunk: vec::IntoIter<T>,
    part: Vec<u8>,
    form: Form,
    /// Whether the opening bracket was written, and whether a row was.
    opened: bool,
    any: bool,
    /// Whether the head of the answer is out, so that waiting for a full part only delays.
    sending: bool,
    ended: bool,
}

impl<S, T> Parts<S, T> {
    fn new(rows: Pin<Box<S>>, form: Form) -> Self {
        Self {
            rows,
            chunk: Vec::new().into_iter(),
            part: Vec::new(),
            form,
            opened: false,
            any: false,
            sending: false,
            ended: false,
        }
    }

    fn take(&mut self) -> Bytes {
        Bytes::from(std::mem::take(&mut self.part))
    }
}

impl<S, T: Serialize> Parts<S, T> {
    /// Writes rows of the present chunk until the part is full (true) or the chunk is used up (false).
    fn fill(&mut self) -> Result<bool, serde_json::Error> {
        if self.part.capacity() == 0 {
            self.part.reserve_exact(PART_CAPACITY);
        }
        if self.form == Form::Array && !self.opened {
            self.part.push(b'[');
            self.opened = true;
        }
        while self.part.len() < PART_BYTES {
            let Some(row) = self.chunk.next() else { return Ok(false) };
            if self.form == Form::Array && self.any {
                self.part.push(b',');
            }
            self.any = true;
            serde_json::to_writer(&mut self.part, &row)?;
            if self.form == Form::Lines {
                self.part.push(b'\n');
            }
        }
        Ok(true)
    }
}

// The stream inside is boxed, so nothing here is pinned in place.
impl<S, T> Unpin for Parts<S, T> {}

impl<S, T, E> Stream for Parts<S, T>
where
    S: Stream<Item = Result<Vec<T>, E>>,
    T: Serialize,
{
    type Item = Result<Bytes, Failure<E>>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            if this.ended {
                return Poll::Ready(None);
            }
            match this.fill() {
                Ok(true) => return Poll::Ready(Some(Ok(this.take()))),
                Ok(false) => {}
                Err(error) => {
                    this.ended = true;
                    return Poll::Ready(Some(Err(Failure::Json(error))));
                }
            }
            match this.rows.as_mut().poll_next(cx) {
                Poll::Ready(Some(Ok(chunk))) => this.chunk = chunk.into_iter(),
                Poll::Ready(Some(Err(error))) => {
                    this.ended = true;
                    return Poll::Ready(Some(Err(Failure::Source(error))));
                }
                Poll::Ready(None) => {
                    this.ended = true;
                    if this.form == Form::Array {
                        this.part.push(b']');
                    }
                    let last = this.take();
                    return Poll::Ready((!last.is_empty()).then_some(Ok(last)));
                }
                Poll::Pending => {
                    let send_early = match this.form {
                        Form::Array => this.sending && this.any,
                        Form::Lines => true,
                    };
                    if send_early && !this.part.is_empty() {
                        return Poll::Ready(Some(Ok(this.take())));
                    }
                    return Poll::Pending;
                }
            }
        }
    }
}
