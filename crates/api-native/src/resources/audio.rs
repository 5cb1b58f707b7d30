//! Recordings: streamed in to disk, streamed out in parts.

use super::{Resource, contacts::Contacts};
use crate::{Problem, mount::Mount, problem};
use axum::{
    Json,
    body::{Body, Bytes},
    extract::{FromRequest, Multipart, Path, Request, State},
    http::{HeaderMap, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use futures::{Stream, StreamExt};
use std::{ops::Range, time::Duration};
use touchline_app::{
    App, AppError,
    contacts::{Received, RecordingBytes},
};
use touchline_http::{CallerOf, Gate, Operation, Shape, Wanted, wanted};
use touchline_model::{Ability, Recording};

/// So much of a refused upload is still taken, and for so long.
const PATIENCE_BYTES: usize = 64 << 20;
const PATIENCE: Duration = Duration::from_secs(5);

const UPLOAD_TEXT: &str = "A form with one file in the part `file`, or the bytes themselves with an `audio/*` type \
     or `application/octet-stream`. WAV, MP3, OGG Vorbis or Opus, FLAC and M4A are known by their content, whatever \
     name and type they are given. When this answers, the recording is on disk; it is then read from end to end, and \
     the contact's state tells how that went. Only the first part is read.";

pub(super) fn mount<G: Gate>(mount: &mut Mount<G>) {
    let tag = Contacts::NAMES.many;
    mount.add(
        Operation::post("upload_audio", "/contacts/{id}/audio")
            .tag(tag)
            .summary("Give a contact its recording")
            .description(UPLOAD_TEXT)
            .needs(&[Ability::WriteContacts])
            .path_param("id", "Id of the contact, which must exist.")
            .body_multipart("The recording.")
            .part("file", Shape::Binary, true, "The recording; its file name is kept as `original_path`.")
            .answer_json::<Received>(200, "The contact had this very recording already.")
            .answer_json::<Received>(201, "It has arrived.")
            .answer_error(409)
            .answer_error(413)
            .answer_error_when(415, "It is no recording of a known format.")
            .answer_error(422),
        upload,
    );
    mount.add(
        Operation::get("get_audio", "/contacts/{id}/audio")
            .tag(tag)
            .summary("Hear a recording, or a part of it")
            .description("`ETag` is the SHA-256 of the recording. Leaves an entry in the audit trail.")
            .needs(&[Ability::ReadRecordings])
            .path_param("id", "Id of the contact.")
            .header("Range", Shape::Text, false, "One range of bytes, such as `bytes=0-1023`.")
            .header("If-Range", Shape::Text, false, "Answer the range only if this is still the `ETag`.")
            .header("If-None-Match", Shape::Text, false, "Answer 304 if this is still the `ETag`.")
            .answer_binary(200, "audio/*", "The recording.")
            .answer_binary(206, "audio/*", "The part asked for; `Content-Range` says which.")
            .answer_empty(304, "It is the one that the client has.")
            .answer_error_when(404, "No such contact, or it has no recording.")
            .answer_error(416),
        download,
    );
    mount.add(
        Operation::get("get_whisper", "/contacts/{id}/whisper")
            .tag(tag)
            .summary("Hear what supervisors said to the agent alone, or a part of it")
            .description(
                "Kept where `recording.keep_whisper` is set. It is in no recording and in no other dialect, and \
                 answered to those who supervise: who may hear recordings and write coaching, of everybody. `ETag` \
                 is its SHA-256. Leaves an entry in the audit trail.",
            )
            .needs(&[Ability::ReadRecordings, Ability::WriteCoaching])
            .path_param("id", "Id of the contact.")
            .header("Range", Shape::Text, false, "One range of bytes, such as `bytes=0-1023`.")
            .header("If-Range", Shape::Text, false, "Answer the range only if this is still the `ETag`.")
            .header("If-None-Match", Shape::Text, false, "Answer 304 if this is still the `ETag`.")
            .answer_binary(200, "audio/*", "What was said.")
            .answer_binary(206, "audio/*", "The part asked for; `Content-Range` says which.")
            .answer_empty(304, "It is the one that the client has.")
            .answer_error_when(404, "No such contact, or nothing was kept.")
            .answer_error(416),
        whisper,
    );
}

async fn upload(
    State(app): State<App>,
    CallerOf(caller): CallerOf,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let content_type = content_type.unwrap_or_default().trim().to_ascii_lowercase();
    let received = if content_type.starts_with("multipart/form-data") {
        let broken = |reason: String| Problem::new(problem::INTERRUPTED, reason);
        let form = Multipart::from_request(request, &()).await;
        let mut form = form.map_err(|e| Problem::malformed(e.body_text()))?;
        let Some(part) = form.next_field().await.map_err(|e| broken(e.body_text()))? else {
            return Err(Problem::malformed("the form has no part `file`").at("file"));
        };
        if part.name() != Some("file") {
            let detail =
                format!("the form begins with part `{}`, not `file`", part.name().unwrap_or_default());
            return Err(Problem::malformed(detail).at("file"));
        }
        let mut part = part;
        let name = part.file_name().map(str::to_owned);
        let received = app.receive_recording(&caller, &id, name.as_deref(), &mut part).await;
        heard_out(received, part).await?
    } else if content_type.starts_with("audio/") || content_type.starts_with("application/octet-stream") {
        let mut bytes = request.into_body().into_data_stream();
        let received = app.receive_recording(&caller, &id, None, &mut bytes).await;
        heard_out(received, bytes).await?
    } else {
        let detail = "send a form with the part `file`, or the bytes with an `audio/*` type";
        return Err(Problem::new(problem::UNSUPPORTED, detail));
    };
    let status = if received.changed { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json::<Received>(received)).into_response())
}

/// Many clients hear no answer before they have sent everything: takes a while of the rest of a refused upload, so
/// that they learn why instead of finding the connection closed.
async fn heard_out<T, E>(
    received: Result<T, AppError>,
    mut rest: impl Stream<Item = Result<Bytes, E>> + Unpin,
) -> Result<T, AppError> {
    if received.is_err() {
        let drain = async {
            let mut left = PATIENCE_BYTES;
            while let Some(Ok(chunk)) = rest.next().await {
                left = left.saturating_sub(chunk.len());
                if left == 0 {
                    break;
                }
            }
        };
        let _ = tokio::time::timeout(PATIENCE, drain).await;
    }
    received
}

async fn download(
    State(app): State<App>,
    CallerOf(caller): CallerOf,
    Path(id): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let mut answer = Wanted::Whole;
    let found = app.recording(&caller, &id, |it| part(it, &method, &headers, &mut answer)).await?;
    let missing = || Problem::new(problem::NOT_FOUND, format!("contact `{id}` has no recording"));
    answered(found.ok_or_else(missing)?, answer)
}

async fn whisper(
    State(app): State<App>,
    CallerOf(caller): CallerOf,
    Path(id): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let mut answer = Wanted::Whole;
    let found = app.whisper(&caller, &id, |it| part(it, &method, &headers, &mut answer)).await?;
    let missing =
        || Problem::new(problem::NOT_FOUND, format!("nothing that a supervisor said in `{id}` is kept"));
    answered(found.ok_or_else(missing)?, answer)
}

/// What of a recording has to be read for an answer.
fn part(recording: &Recording, method: &Method, headers: &HeaderMap, answer: &mut Wanted) -> Range<u64> {
    *answer = wanted(headers, &format!("\"{}\"", recording.sha256), recording.bytes);
    match answer {
        // Nothing of it will be read; the use case wants a part all the same.
        _ if method == Method::HEAD => 0..1,
        Wanted::NotModified | Wanted::Outside => 0..1,
        Wanted::Whole => 0..recording.bytes,
        Wanted::Part(part) => part.clone(),
    }
}

fn answered(found: RecordingBytes, answer: Wanted) -> Result<Response, Problem> {
    let size = found.recording.bytes;
    let common = [
        (header::ETAG, format!("\"{}\"", found.recording.sha256)),
        (header::ACCEPT_RANGES, "bytes".to_owned()),
        (header::CACHE_CONTROL, "private, no-cache".to_owned()),
    ];
    let (status, length, range) = match answer {
        Wanted::NotModified => return Ok((StatusCode::NOT_MODIFIED, common).into_response()),
        Wanted::Outside => {
            let detail = format!("the recording has {size} bytes");
            let range = [(header::CONTENT_RANGE, format!("bytes */{size}"))];
            return Ok((common, range, Problem::new(problem::RANGE, detail)).into_response());
        }
        Wanted::Whole => (StatusCode::OK, size, None),
        Wanted::Part(part) => {
            let range = format!("bytes {}-{}/{size}", part.start, part.end - 1);
            (StatusCode::PARTIAL_CONTENT, part.end - part.start, Some((header::CONTENT_RANGE, range)))
        }
    };
    let about =
        [(header::CONTENT_TYPE, found.recording.media_type), (header::CONTENT_LENGTH, length.to_string())];
    let mut response = (status, common, about, Body::from_stream(found.bytes)).into_response();
    if let Some((name, value)) = range
        && let Ok(value) = value.parse()
    {
        response.headers_mut().insert(name, value);
    }
    Ok(response)
}
