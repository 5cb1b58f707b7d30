//! What is heard: the recording as it is, the same as PCM for browsers that cannot play it, the waveform; and how long
//! somebody has listened.

use super::wave;
use crate::{
    Web,
    error::{Answer, PageError, rendered},
    visit::Fields,
};
use axum::{
    body::Body,
    extract::{Path, RawQuery, State},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use std::ops::Range;
use touchline_http::{CallerOf, Query, Wanted, wanted};
use touchline_model::Recording;

/// Which bytes are to be read for an answer; one for answers without a body.
fn part(answer: &Wanted, method: &Method, size: u64) -> Range<u64> {
    match answer {
        _ if method == Method::HEAD => 0..1,
        Wanted::NotModified | Wanted::Outside => 0..1,
        Wanted::Whole => 0..size,
        Wanted::Part(part) => part.clone(),
    }
}

/// A file of which a part may be wanted.
fn ranged(answer: Wanted, tag: &str, media_type: &str, size: u64, body: Body) -> Response {
    let common = [
        (header::ETAG, tag.to_owned()),
        (header::ACCEPT_RANGES, "bytes".to_owned()),
        (header::CACHE_CONTROL, "private, no-cache".to_owned()),
    ];
    let about = |length: u64| {
        [(header::CONTENT_TYPE, media_type.to_owned()), (header::CONTENT_LENGTH, length.to_string())]
    };
    match answer {
        Wanted::NotModified => (StatusCode::NOT_MODIFIED, common).into_response(),
        Wanted::Outside => {
            let range = [(header::CONTENT_RANGE, format!("bytes */{size}"))];
            (StatusCode::RANGE_NOT_SATISFIABLE, common, range).into_response()
        }
        Wanted::Whole => (common, about(size), body).into_response(),
        Wanted::Part(part) => {
            let range = [(header::CONTENT_RANGE, format!("bytes {}-{}/{size}", part.start, part.end - 1))];
            (StatusCode::PARTIAL_CONTENT, common, range, about(part.end - part.start), body).into_response()
        }
    }
}

/// The recording as it was uploaded; with `?download` to be kept.
pub(super) async fn audio(
    State(web): State<Web>,
    CallerOf(caller): CallerOf,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
    method: Method,
    headers: HeaderMap,
) -> Answer {
    let keep = Query::parse(raw.as_deref())?.one("download")?.is_some();
    let mut answer = Wanted::Whole;
    let mut tag = String::new();
    let found = web.app.recording(&caller, &id, |recording| {
        tag = format!("\"{}\"", recording.sha256);
        answer = wanted(&headers, &tag, recording.bytes);
        part(&answer, &method, recording.bytes)
    });
    let Some(found) = found.await? else { return Err(silent()) };
    let recording = &found.recording;
    let body = Body::from_stream(found.bytes);
    let mut response = ranged(answer, &tag, &recording.media_type, recording.bytes, body);
    if keep {
        let name = file_name(&id, ending(recording));
        response.headers_mut().insert(header::CONTENT_DISPOSITION, attachment(&name));
    }
    Ok(response)
}

/// The recording as 16-bit PCM.
pub(super) async fn rendition(
    State(web): State<Web>,
    CallerOf(caller): CallerOf,
    Path(id): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> Answer {
    let mut answer = Wanted::Whole;
    let mut tag = String::new();
    let found = web.app.rendition(&caller, &id, |recording, size| {
        tag = format!("\"{}-pcm\"", recording.sha256);
        answer = wanted(&headers, &tag, size);
        part(&answer, &method, size)
    });
    let Some(found) = found.await? else { return Err(silent()) };
    Ok(ranged(answer, &tag, "audio/wav", found.size, Body::from_stream(found.bytes)))
}

/// The waveform, measured now if it never was.
pub(super) async fn waveform(
    State(web): State<Web>,
    CallerOf(caller): CallerOf,
    Path(id): Path<String>,
) -> Answer {
    let Some(peaks) = web.app.peaks(&caller, &id).await? else { return Err(silent()) };
    let call = web.app.whole_call(&caller, &id).await?;
    Ok(rendered(&wave::wave(&peaks, Some(&call))))
}

/// The player tells how many seconds it has played since it last told.
pub(super) async fn listened(
    State(web): State<Web>,
    CallerOf(caller): CallerOf,
    Path(id): Path<String>,
    fields: Fields,
) -> Answer {
    let bad = || PageError::new(StatusCode::BAD_REQUEST, "seconds: must be a number");
    let seconds: f64 = fields.text("seconds").parse().map_err(|_| bad())?;
    web.app.listened(&caller, &id, seconds).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn silent() -> PageError {
    PageError::new(StatusCode::NOT_FOUND, crate::texts::t("call.no_recording"))
}

/// The usual end of the name of such a file.
fn ending(recording: &Recording) -> &'static str {
    match recording.media_type.split(';').next().unwrap_or_default() {
        "audio/wav" => "wav",
        "audio/mpeg" => "mp3",
        "audio/ogg" => "ogg",
        "audio/flac" => "flac",
        "audio/mp4" => "m4a",
        _ => "bin",
    }
}

/// The name of a file about a contact, as every system takes it.
pub(super) fn file_name(id: &str, ending: &str) -> String {
    let safe = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '_' };
    let name: String = id.chars().map(safe).take(80).collect();
    format!("call-{}.{ending}", name.trim_matches('.'))
}

/// A header by which browsers keep an answer as a file.
pub(super) fn attachment(name: &str) -> HeaderValue {
    HeaderValue::from_str(&format!("attachment; filename=\"{name}\""))
        .unwrap_or(HeaderValue::from_static("attachment"))
}
