//! JSON as the store keeps it, turned into the contract's shape without copying more than needed: a page has up to a
//! thousand calls, and most of their text passes through as it is.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::{borrow::Cow, collections::BTreeMap};

/// Talk statistics (contract §4.4).
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all(serialize = "camelCase", deserialize = "snake_case"))]
#[schemars(rename = "CallStats")]
pub(crate) struct StatsBody<'a> {
    /// Seconds spoken by internal speakers.
    #[serde(borrow)]
    #[schemars(with = "f64")]
    internal_talk_time: &'a RawValue,
    /// Seconds spoken by external speakers.
    #[serde(borrow)]
    #[schemars(with = "f64")]
    external_talk_time: &'a RawValue,
    /// Internal share of both, 0 to 1.
    #[serde(borrow)]
    #[schemars(with = "f64")]
    talk_ratio: &'a RawValue,
    /// Speaker changes per minute.
    #[serde(borrow)]
    #[schemars(with = "f64")]
    interchanges_per_minute: &'a RawValue,
    /// Longest segment of each speaker, in seconds.
    #[serde(borrow, rename(serialize = "longestSegmentDurations", deserialize = "longest_segments"))]
    #[schemars(with = "BTreeMap<String, f64>")]
    longest_segment_durations: &'a RawValue,
    /// Sections of about five minutes.
    #[serde(borrow)]
    talk_speeds: Vec<SpeedBody<'a>>,
}

/// How fast each speaker spoke in a section.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all(serialize = "camelCase", deserialize = "snake_case"))]
#[schemars(rename = "TalkSpeed")]
struct SpeedBody<'a> {
    #[serde(borrow)]
    #[schemars(with = "f64")]
    start: &'a RawValue,
    #[serde(borrow)]
    #[schemars(with = "f64")]
    end: &'a RawValue,
    /// By speaker number.
    #[serde(borrow)]
    #[schemars(with = "BTreeMap<String, f64>")]
    words_per_minute: &'a RawValue,
}

/// A line of a summary; its evidence is not part of the dialect.
#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    text: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Pair<'a> {
    #[serde(borrow)]
    question: Line<'a>,
    #[serde(borrow)]
    answer: Line<'a>,
}

/// The model's summary.
#[derive(Deserialize)]
pub(super) struct StoredSummary<'a> {
    #[serde(borrow)]
    lines: Vec<Line<'a>>,
    #[serde(borrow)]
    next_steps: Vec<Line<'a>>,
    #[serde(borrow)]
    questions: Vec<Pair<'a>>,
}

/// What a call was about (contract §4.3).
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "CallSummary")]
pub(crate) struct SummaryBody<'a> {
    next_steps: Vec<Cow<'a, str>>,
    questions_and_answers: Vec<PairBody<'a>>,
    summary: Option<String>,
}

/// A question and its answer.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "QuestionAndAnswer")]
struct PairBody<'a> {
    question: Cow<'a, str>,
    answer: Cow<'a, str>,
}

impl<'a> From<StoredSummary<'a>> for SummaryBody<'a> {
    fn from(stored: StoredSummary<'a>) -> Self {
        let lines: Vec<&str> = stored.lines.iter().map(|line| &*line.text).collect();
        let pair = |it: Pair<'a>| PairBody { question: it.question.text, answer: it.answer.text };
        Self {
            summary: (!lines.is_empty()).then(|| lines.join(" ")),
            next_steps: stored.next_steps.into_iter().map(|line| line.text).collect(),
            questions_and_answers: stored.questions.into_iter().map(pair).collect(),
        }
    }
}

/// What a CRM knows of a call.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all(serialize = "camelCase", deserialize = "snake_case"))]
#[schemars(rename = "CrmMatch")]
pub(crate) struct CrmMatchBody<'a> {
    #[serde(borrow)]
    crm_name: Cow<'a, str>,
    #[serde(borrow)]
    activity_crm_id: Cow<'a, str>,
    #[serde(borrow)]
    account: Option<EntityBody<'a>>,
    #[serde(borrow)]
    contacts: Vec<EntityBody<'a>>,
    #[serde(borrow)]
    engagement: Option<EntityBody<'a>>,
}

/// An account, a person or a deal of a CRM.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all(serialize = "camelCase", deserialize = "snake_case"))]
#[schemars(rename = "CrmEntity")]
struct EntityBody<'a> {
    #[serde(borrow)]
    crm_id: Cow<'a, str>,
    #[serde(borrow)]
    name: Cow<'a, str>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use touchline_model::{
        CallStats, CrmEntity, CrmMatch, QuestionAndAnswer, Summary, SummaryLine, TalkSpeed,
    };

    fn wire<T: Serialize>(body: &T) -> Value {
        serde_json::to_value(body).unwrap()
    }

    // covers(c360): S4.4
    #[test]
    fn the_statistics_of_the_model_get_the_names_of_the_contract() {
        let stats = CallStats {
            internal_talk_time: 418.0,
            external_talk_time: 238.0,
            talk_ratio: 0.637_195_121_951_219_5,
            interchanges_per_minute: 2.589_041_095_890_411,
            longest_segments: BTreeMap::from([(0, 76.0), (1, 34.470_000_000_000_03)]),
            talk_speeds: vec![TalkSpeed {
                start: 76.24,
                end: 375.23,
                words_per_minute: BTreeMap::from([(0, 102.745_911_234_489_45)]),
            }],
            silence: 1.0,
            overlap: 2.0,
            longest_monologue: 3.0,
        };
        let text = serde_json::to_string(&stats).unwrap();
        let body: StatsBody<'_> = serde_json::from_str(&text).unwrap();
        assert_eq!(
            wire(&body),
            json!({
                "internalTalkTime": 418.0,
                "externalTalkTime": 238.0,
                "talkRatio": 0.6371951219512195,
                "interchangesPerMinute": 2.589041095890411,
                "longestSegmentDurations": { "0": 76.0, "1": 34.47000000000003 },
                "talkSpeeds": [{
                    "start": 76.24, "end": 375.23, "wordsPerMinute": { "0": 102.74591123448945 },
                }],
            })
        );
    }

    // covers(c360): S4.3
    #[test]
    fn a_summary_is_plain_texts() {
        let line = |text: &str| SummaryLine { text: text.into(), first_word: 1, last_word: 2 };
        let summary = Summary {
            lines: vec![line("One \"quoted\"."), line("Two\n.")],
            next_steps: vec![line("I call back.")],
            questions: vec![QuestionAndAnswer { question: line("Why?"), answer: line("Because.") }],
        };
        let text = serde_json::to_string(&summary).unwrap();
        let body = SummaryBody::from(serde_json::from_str::<StoredSummary<'_>>(&text).unwrap());
        assert_eq!(
            wire(&body),
            json!({
                "nextSteps": ["I call back."],
                "questionsAndAnswers": [{ "question": "Why?", "answer": "Because." }],
                "summary": "One \"quoted\". Two\n.",
            })
        );
        let text = serde_json::to_string(&Summary::default()).unwrap();
        let body = SummaryBody::from(serde_json::from_str::<StoredSummary<'_>>(&text).unwrap());
        assert_eq!(wire(&body), json!({ "nextSteps": [], "questionsAndAnswers": [], "summary": null }));
    }

    // covers(c360): S4.3
    #[test]
    fn crm_matches_show_ids_and_names_only() {
        let entity = |id: &str| CrmEntity {
            crm_id: id.into(),
            name: format!("Name of {id}"),
            email: Some("secret@example.com".into()),
            phone_number: None,
        };
        let found = CrmMatch {
            crm_name: "Salesforce".into(),
            activity_crm_id: "00T".into(),
            account: Some(entity("a")),
            contacts: vec![entity("c")],
            engagement: None,
        };
        let text = serde_json::to_string(&[found]).unwrap();
        let body: Vec<CrmMatchBody<'_>> = serde_json::from_str(&text).unwrap();
        assert_eq!(
            wire(&body),
            json!([{
                "crmName": "Salesforce",
                "activityCrmId": "00T",
                "account": { "crmId": "a", "name": "Name of a" },
                "contacts": [{ "crmId": "c", "name": "Name of c" }],
                "engagement": null,
            }])
        );
    }
}
