//! A call as the contract shows it (§4.3).

use super::{
    stored::{CrmMatchBody, StatsBody, StoredSummary, SummaryBody},
    templates,
};
use crate::C360Config;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer, ser::Error};
use serde_json::{Map, Value, value::RawValue};
use std::{borrow::Cow, sync::Arc};
use touchline_app::calls::Call;
use touchline_model::{MediaTime, Timestamp, Word};

/// Which optional parts of a call are shown; the others' keys are left out (contract X-7).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parts {
    pub(crate) transcript: bool,
    pub(crate) crm_matches: bool,
    pub(crate) templates: bool,
}

impl Parts {
    pub(crate) const ALL: Self = Self { transcript: true, crm_matches: true, templates: true };
}

/// A call.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Call")]
pub(crate) struct CallBody<'a> {
    id: &'a str,
    /// E-mail address of the user whose call it is.
    caller_email: Option<&'a str>,
    /// The user whose call it is; empty when nobody's.
    caller_id: &'a str,
    /// Start of the call.
    call_time: Timestamp,
    duration: MediaTime,
    #[schemars(extend("enum" = ["INBOUND", "OUTBOUND", "SCREENSHARE"]))]
    direction: &'a str,
    /// Any upper-case token; ours are UPLOADED, CONVERTING, CONVERTER_REJECTED, TRANSCRIBING, TRANSCRIPTION_FAILED,
    /// ANALYZING and COMPLETE.
    state: &'a str,
    /// Only on request.
    #[serde(skip_serializing_if = "Option::is_none")]
    transcript: Option<Option<Vec<WordBody<'a>>>>,
    /// Only on request.
    #[serde(skip_serializing_if = "Option::is_none")]
    crm_matches: Option<Vec<CrmMatchBody<'a>>>,
    /// Null before the analysis.
    stats: Option<StatsBody<'a>>,
    /// Name or path of the recording as uploaded.
    original_path: Option<&'a str>,
    /// Null before the analysis.
    call_summary: Option<SummaryBody<'a>>,
    /// Fields of the customer's own.
    #[schemars(with = "Map<String, Value>")]
    metadata: &'a RawValue,
    /// Last change; an extension.
    #[serde(skip_serializing_if = "Option::is_none")]
    modified: Option<Timestamp>,
}

/// A word or phrase of a transcript.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Word")]
struct WordBody<'a> {
    start: Decimal,
    end: Decimal,
    word: &'a str,
    /// Punctuation that follows.
    #[serde(skip_serializing_if = "Option::is_none")]
    p: Option<&'a str>,
    /// Number of the speaker, from 0.
    v: u16,
}

impl<'a> From<&'a Word> for WordBody<'a> {
    fn from(word: &'a Word) -> Self {
        Self {
            start: Decimal(word.start),
            end: Decimal(word.end),
            word: &word.text,
            p: word.punctuation.as_deref().filter(|text| !text.is_empty()),
            v: word.speaker,
        }
    }
}

/// Seconds as a decimal text, such as `"26.594"`.
#[derive(Clone, Copy)]
struct Decimal(MediaTime);

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}
impl JsonSchema for Decimal {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "DecimalSeconds".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[0-9]+(\\.[0-9]+)?$" })
    }
}

/// A call with what of it is shown. It becomes wire words only while it is written, so that a page never holds its
/// rows twice.
pub(crate) struct CallView {
    pub(crate) call: Call,
    pub(crate) parts: Parts,
    pub(crate) config: Arc<C360Config>,
}

impl Serialize for CallView {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Call { row, transcript } = &self.call;
        // Damaged rows break the answer off: a call must not silently lose a part.
        let damaged =
            |e: serde_json::Error| S::Error::custom(format_args!("call `{}` is damaged: {e}", row.id));
        let rendered = match self.parts.templates {
            true => Some(
                templates::with_cards(&row.metadata, &self.config.call_card_templates).map_err(damaged)?,
            ),
            false => None,
        };
        let metadata: &RawValue = match &rendered {
            Some(metadata) => metadata,
            None => serde_json::from_str(&row.metadata).map_err(damaged)?,
        };
        let summary = row.summary.as_deref().map(serde_json::from_str::<StoredSummary<'_>>);
        let matches = self.parts.crm_matches.then(|| serde_json::from_str(&row.crm_matches));
        let words = || transcript.as_ref().map(|it| it.words.iter().map(WordBody::from).collect());
        CallBody {
            id: &row.id,
            caller_email: row.agent_email.as_deref(),
            caller_id: row.agent.as_deref().unwrap_or_default(),
            call_time: row.started_at,
            duration: row.duration,
            direction: &row.direction,
            state: &row.state,
            transcript: self.parts.transcript.then(words),
            crm_matches: matches.transpose().map_err(damaged)?,
            stats: row.stats.as_deref().map(serde_json::from_str).transpose().map_err(damaged)?,
            original_path: row.original_path.as_deref(),
            call_summary: summary.transpose().map_err(damaged)?.map(SummaryBody::from),
            metadata,
            modified: self.config.extensions.then_some(row.modified),
        }
        .serialize(serializer)
    }
}
