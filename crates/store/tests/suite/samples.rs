//! One record of each kind, with every field filled, and with everything empty that may be.

use crate::world::time;
use serde_json::json;
use touchline_model::*;

/// A record's two extremes, and a third value to replace them by.
pub(crate) trait Sample: touchline_store::Table + std::fmt::Debug {
    fn full() -> Self;
    fn sparse() -> Self;
    fn with_id(mut self, id: &str) -> Self {
        self.set_id(id);
        self
    }
}

fn read<T: serde::de::DeserializeOwned>(value: serde_json::Value) -> T {
    serde_json::from_value(value).unwrap()
}

/// Written as JSON, where `null` and absence show what is empty.
macro_rules! sample {
    ($type:ty, full: $full:tt, sparse: $sparse:tt) => {
        impl Sample for $type {
            fn full() -> Self {
                read(json!($full))
            }
            fn sparse() -> Self {
                read(json!($sparse))
            }
        }
    };
}

sample!(User, full: {
    "id": "u-1", "email": "o'brien@example.org", "first_name": "Åse \"A\"", "last_name": "O'Brien\\",
    "team_id": "t-1", "department_id": "d-1", "system_ids": ["7", "x,y"], "phone_numbers": ["+4930123"],
    "active": false
}, sparse: { "id": "u-2", "email": "x@example.org" });
sample!(Group, full: {
    "id": "d-1", "name": "Sales 日本", "kind": "department", "parent_id": "d-0", "manager_id": "u-1", "active": false
}, sparse: { "id": "t-1", "name": "" });
sample!(Inbox, full: {
    "id": "i-1", "name": "Billing \"B\" 日本", "disabled": true, "agent_ids": ["u-1", "é"]
}, sparse: { "id": "i-2", "name": "x" });
sample!(Contact, full: {
    "id": "c-1", "channel": "mail", "direction": "SCREENSHARE", "agent_id": "u-1",
    "started_at": "1969-12-31T23:59:59.000001Z", "duration": 604800, "state": "ON_HOLD_7",
    "original_path": "dir/a 'b'.wav",
    "metadata": {
        "text": "line\nbreak \u{1F3A7} \\ \" '", "none": null, "yes": true, "small": 0.1, "third": 0.333_333_333_333_333_3,
        "big": 9_007_199_254_740_993_i64, "list": [1, "two", null, 2.5], "": "empty key"
    },
    "crm_matches": [{
        "crm_name": "Salesforce", "activity_crm_id": "00T1", "account": { "crm_id": "1", "name": "Acme" },
        "contacts": [{ "crm_id": "2", "name": "Bo", "email": "bo@example.org", "phone_number": "+1" }],
        "engagement": { "crm_id": "3", "name": "Deal" }
    }]
}, sparse: { "id": "c-2", "started_at": "2026-02-01T10:00:00Z", "state": "UPLOADED" });
sample!(Topic, full: {
    "id": 41, "name": "Prices", "phrases": ["how much", "it's \"free\""], "scope": "external",
    "canonical_questions": true, "active": false
}, sparse: { "id": 42, "name": "", "phrases": [] });
sample!(Scorecard, full: {
    "id": "s-1", "name": "Service", "scheme": "OneToThree", "active": false,
    "questions": [{ "id": "q-1", "text": "Greeted?", "skills": ["Opening", "Tone"] }, { "id": "q-2", "text": "" }]
}, sparse: { "id": "s-2", "name": "", "scheme": "YesNo", "questions": [] });
sample!(Evaluation, full: {
    "id": "e-1", "contact_id": "c-1", "scorecard_id": "s-1", "reviewer_id": "u-2", "agent_id": "u-1",
    "scored_at": "2026-02-03T04:05:06.789Z",
    "answers": [{ "question_id": "q-1", "answer": 3, "reason": "late", "comment": "<b>why</b>" },
                { "question_id": "q-2", "answer": 0 }]
}, sparse: {
    "id": "e-2", "contact_id": "c-2", "scorecard_id": "s-2", "reviewer_id": "u-2",
    "scored_at": "2026-02-03T04:05:06Z", "answers": []
});
sample!(Feedback, full: {
    "id": "f-1", "contact_id": "c-1", "author_id": "u-2", "given_at": "2026-02-03T04:05:06.1Z", "kind": "highlight",
    "text": "<i>nice</i>", "start": 1.25, "end": 26.594
}, sparse: {
    "id": "f-2", "contact_id": "c-1", "author_id": "u-2", "given_at": "2026-02-03T04:05:06Z", "kind": "comment"
});
sample!(Share, full: {
    "id": "h-1", "contact_id": "c-1", "author_id": "u-2", "shared_at": "2026-02-04T00:00:00Z",
    "recipient_ids": ["u-1", "é"], "recipient_emails": ["a@example.org"]
}, sparse: { "id": "h-2", "contact_id": "c-1", "author_id": "u-2", "shared_at": "2026-02-03T00:00:00Z" });
sample!(Listen, full: {
    "id": "l-1", "contact_id": "c-1", "listener_id": "u-2", "started_at": "2026-02-01T12:00:00.000001Z",
    "duration": 12.25
}, sparse: {
    "id": "l-2", "contact_id": "c-1", "listener_id": "u-2", "started_at": "2026-02-01T12:00:00Z", "duration": 0
});
sample!(Plan, full: {
    "id": 51, "name": "Better openings", "objective": "Greet", "coach_id": "u-2", "recipient_id": "u-1",
    "starts_at": "2026-01-01T00:00:00Z", "ends_at": "2026-06-01T00:00:00Z", "completed_at": "2026-05-01T00:00:00Z",
    "planned_sessions": u32::MAX, "skills": ["Opening"]
}, sparse: {
    "id": 52, "name": "", "coach_id": "u-2", "recipient_id": "u-1", "starts_at": "2026-01-01T00:00:00Z",
    "ends_at": "2026-01-01T00:00:00Z"
});
sample!(CoachingSession, full: {
    "id": 61, "plan_id": 51, "coach_id": "u-2", "recipient_id": "u-1", "scheduled_at": "2026-01-02T00:00:00Z",
    "started_at": "2026-01-02T00:01:00Z", "ended_at": "2026-01-02T00:31:00.5Z",
    "scores": { "Opening": 66.666_666_666_666_67, "Tone": 0.1 },
    "call_reviews": [{ "contact_id": "c-1", "evaluation_id": "e-1", "questions": [{ "question": "Why?", "score": 2.5 }] }],
    "questions": [{ "question": "How?", "possible_score": 5.0, "actual_score": 3.3, "weight": 0.7 }],
    "comments": "went well"
}, sparse: { "id": 62, "plan_id": 51, "coach_id": "u-2", "recipient_id": "u-1" });
sample!(Kpi, full: { "id": 71, "description": "Resolved at once", "frequency": "QUARTERLY", "target": 0.1 },
    sparse: { "id": 72, "description": "", "frequency": "DAILY", "target": -1e300 });
sample!(Observation, full: {
    "id": "o-1", "kpi_id": 71, "observer_id": "u-2", "observed_id": "u-1", "observed_at": "2026-02-01T00:00:00Z",
    "value": 0.333_333_333_333_333_3
}, sparse: {
    "id": "o-2", "kpi_id": 0, "observer_id": "u-2", "observed_id": "u-1", "observed_at": "2026-02-01T00:00:00Z",
    "value": 0.0
});

/// A contact that began so many minutes after a fixed instant.
pub(crate) fn contact(id: &str, minutes: i64) -> Contact {
    let started_at = time("2026-02-01T00:00:00Z").plus_secs(60 * minutes);
    Contact { started_at, ..Contact::sparse().with_id(id) }
}

pub(crate) fn transcript(words: &[&str]) -> Transcript {
    let word = |(at, text): (usize, &&str)| Word {
        start: MediaTime::from_micros(at as i64 * 400_001),
        end: MediaTime::from_micros(at as i64 * 400_001 + 300_000),
        text: (*text).to_owned(),
        punctuation: at.is_multiple_of(2).then(|| "…".to_owned()),
        speaker: (at % 2) as u16,
        confidence: at.is_multiple_of(3).then_some(1.0),
    };
    let speaker = Speaker {
        number: 0,
        speaker_type: Some(SpeakerType::Internal),
        user_id: Some("u-1".into()),
        email: Some("a@example.org".to_owned()),
        ..Speaker::default()
    };
    Transcript { speakers: vec![speaker], words: words.iter().enumerate().map(word).collect() }
}
