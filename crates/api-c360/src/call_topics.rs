//! `GET /call_topics`: where topics were found in complete calls (contract §4.6, X-27).

use crate::{
    ApiError, Dialect,
    paging::{self, CallFeed, SMALL_CHUNK},
    params::{self, PageParams},
};
use axum::{
    extract::{RawQuery, State},
    response::Response,
};
use schemars::JsonSchema;
use serde::Serialize;
use std::{cmp::Reverse, collections::HashMap, sync::Arc};
use touchline_app::{calls::CallTopics, store::Position};
use touchline_http::CallerOf;
use touchline_model::{MediaTime, Segment, SpeakerType, Timestamp, Topic, TopicHit, TopicId};

/// Largest `limit` here (contract §2).
pub(crate) const MAX_CALLS: u64 = 100;

/// What topics found in a call.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "TopicMatch")]
pub(crate) struct TopicMatchBody {
    call_id: String,
    /// Last change of the call.
    modified: Timestamp,
    question_counts: QuestionCountsBody,
    topic_matches: Vec<BlockBody>,
}

/// Sentences with a canonical question, by who asked.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "QuestionCounts")]
struct QuestionCountsBody {
    internal_speaker_question_count: u32,
    external_speaker_question_count: u32,
    unknown_speaker_question_count: u32,
}

/// What one speaker said until another one spoke, with the topics found in it.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "TopicBlock")]
struct BlockBody {
    start_time: MediaTime,
    end_time: MediaTime,
    text: String,
    speaker_type: SpeakerType,
    topics_with_matches: Vec<FoundBody>,
}

/// A topic with its matches.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "TopicWithMatches")]
struct FoundBody {
    topic_id: String,
    topic_name: String,
    matches: Vec<MatchBody>,
}

/// One place where phrases of a topic stand.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Match")]
struct MatchBody {
    /// The topic's phrases that stand here.
    search_text: Arc<[String]>,
    /// As it was said.
    matching_text: String,
    match_start_time: MediaTime,
    match_end_time: MediaTime,
    /// Position of the first word in the block's text, split at white space, from 0.
    match_start_index: u32,
    /// Position of the last word, inclusive.
    match_end_index: u32,
}

/// Names of topics.
type Names = HashMap<TopicId, String>;

fn found(found: &CallTopics, segments: &[Segment], hit: &TopicHit) -> MatchBody {
    let word = |at: u32| found.transcript.words.get(at as usize);
    MatchBody {
        search_text: hit.phrases.clone(),
        matching_text: found.spoken(segments, hit),
        match_start_time: word(hit.first_word).map(|word| word.start).unwrap_or_default(),
        match_end_time: word(hit.last_word).map(|word| word.end).unwrap_or_default(),
        match_start_index: hit.first_token,
        match_end_index: hit.last_token,
    }
}

/// The blocks of a call in order; in each its topics by number, with their matches in the order of contract R-10.
fn blocks(call: &mut CallTopics, names: &Names) -> Vec<BlockBody> {
    let order = |hit: &TopicHit| {
        (hit.segment, hit.topic, hit.first_token, Reverse(hit.last_token), hit.phrases.clone())
    };
    call.hits.sort_by_cached_key(order);
    let call = &*call;
    let segments = call.transcript.segments();
    let block = |hits: &[TopicHit]| {
        let segment = segments.get(hits.first()?.segment as usize)?;
        let topic = |hits: &[TopicHit]| {
            let id = hits.first()?.topic;
            Some(FoundBody {
                topic_id: id.to_string(),
                topic_name: names.get(&id)?.clone(),
                matches: hits.iter().map(|hit| found(call, &segments, hit)).collect(),
            })
        };
        Some(BlockBody {
            start_time: segment.start_time,
            end_time: segment.end_time,
            text: call.transcript.text(segment.first, segment.end),
            speaker_type: call.transcript.speaker_type(segment.speaker),
            topics_with_matches: hits.chunk_by(|a, b| a.topic == b.topic).filter_map(topic).collect(),
        })
    };
    call.hits.chunk_by(|a, b| a.segment == b.segment).filter_map(block).collect()
}

fn body(mut call: CallTopics, names: &Names) -> TopicMatchBody {
    let topic_matches = blocks(&mut call, names);
    TopicMatchBody {
        call_id: call.row.id,
        modified: call.row.modified,
        question_counts: QuestionCountsBody {
            internal_speaker_question_count: call.questions.internal,
            external_speaker_question_count: call.questions.external,
            unknown_speaker_question_count: call.questions.unknown,
        },
        topic_matches,
    }
}

/// A call with the names of the topics that were looked for in it.
type Row = (CallTopics, Arc<Names>);

fn of_call((call, _): &Row) -> Position {
    (call.row.modified, call.row.seq)
}

/// `GET /call_topics`
pub(crate) async fn list(
    State(Dialect { app, .. }): State<Dialect>,
    CallerOf(caller): CallerOf,
    RawQuery(raw): RawQuery,
) -> Result<Response, ApiError> {
    let query = params::parse(raw.as_deref())?;
    let window = params::window(&query)?;
    let PageParams { since, limit } = PageParams::read(&query, MAX_CALLS)?;
    let feed = Arc::new(CallFeed::new(&app, &caller, "call_topics"));
    let page = feed.page(&query, since, limit).await?;
    let fetch = move |after, asked| {
        let (app, caller) = (app.clone(), caller.clone());
        async move {
            let (calls, topics) = app.call_topics(&caller, after, asked).await?;
            let name = |topic: Topic| (topic.id, topic.name);
            let names: Arc<Names> = Arc::new(topics.into_iter().map(name).collect());
            Ok(calls.into_iter().map(|call| (call, names.clone())).collect())
        }
    };
    let written = move |rows: Vec<Row>, ended| {
        feed.served(rows.last().map(|(call, _)| &call.row), ended);
        let row = |(mut call, names): Row| {
            if let Some(window) = window {
                call.keep_within(window);
            }
            body(call, &names)
        };
        let bodies: Vec<TopicMatchBody> = rows.into_iter().map(row).collect();
        async { Ok(bodies) }
    };
    paging::page(page, SMALL_CHUNK, of_call, fetch, written).await
}
