//! `GET /transcript/{id}`: the simplified transcript of a call (contract §4.17, X-26).

use crate::{ApiError, Dialect, paging::json};
use axum::{
    extract::{Path, State},
    response::Response,
};
use schemars::JsonSchema;
use serde::Serialize;
use touchline_http::CallerOf;
use touchline_model::{MediaTime, Speaker, SpeakerType, Transcript};

/// Who spoke, and what was said.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "SimplifiedTranscript")]
pub(crate) struct TranscriptBody {
    speakers: Vec<SpeakerBody>,
    transcript: Vec<EntryBody>,
}

/// Somebody who speaks.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Speaker")]
struct SpeakerBody {
    email: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
    speaker_number: u16,
    speaker_type: SpeakerType,
}

/// What one speaker said until another one spoke.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "TranscriptEntry")]
struct EntryBody {
    start_time: MediaTime,
    end_time: MediaTime,
    speaker_number: u16,
    text: String,
}

impl From<Speaker> for SpeakerBody {
    fn from(speaker: Speaker) -> Self {
        Self {
            email: speaker.email,
            first_name: speaker.first_name,
            last_name: speaker.last_name,
            speaker_number: speaker.number,
            speaker_type: speaker.speaker_type.unwrap_or_default(),
        }
    }
}

impl From<Transcript> for TranscriptBody {
    fn from(mut transcript: Transcript) -> Self {
        let mut speakers = std::mem::take(&mut transcript.speakers);
        speakers.sort_by_key(|speaker| speaker.number);
        let entry = |segment: touchline_model::Segment| EntryBody {
            start_time: segment.start_time,
            end_time: segment.end_time,
            speaker_number: segment.speaker,
            text: transcript.text(segment.first, segment.end),
        };
        Self {
            transcript: transcript.segments().into_iter().map(entry).collect(),
            speakers: speakers.into_iter().map(SpeakerBody::from).collect(),
        }
    }
}

/// `GET /transcript/{id}`
pub(crate) async fn one(
    State(Dialect { app, .. }): State<Dialect>,
    CallerOf(caller): CallerOf,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let call = app.call(&caller, &id).await?;
    let transcript = call.transcript;
    let transcript =
        transcript.ok_or_else(|| ApiError::not_found(format!("call `{id}` has no transcript")))?;
    json(&TranscriptBody::from(transcript))
}
