//! The templates with samples: empty, typical, hostile, very long.

use super::{
    edit::{DeleteTopic, TopicPage},
    list::{Progress, Row, Topics},
    preview::Preview,
};
use crate::{
    shell::{Shell, Theme},
    texts,
};
use askama::Template;
use jiff::tz::TimeZone;
use std::collections::HashMap;
use touchline_app::{
    AppError,
    contacts::find::{Piece, Snippet},
    pipeline::TopicProgress,
    topics::{TopicExample, TopicPreview, TopicTrend, TopicTrends},
};
use touchline_model::{Invalid, MediaTime, SpeakerType, Timestamp, Topic, TopicId, TopicScope};

const HOSTILE: &str = "<script>alert(1)</script>\"'&";
const ESCAPED: &str = "&#60;script&#62;alert(1)&#60;/script&#62;&#34;&#39;&#38;";

fn shell() -> Shell {
    let now = "2026-03-10T12:00:00Z".parse().unwrap();
    Shell { zone: TimeZone::UTC, now, theme: Theme::System, ..Shell::bare("common.nav_topics") }
}

fn topic(name: &str, phrases: &[&str]) -> Topic {
    Topic {
        id: TopicId(7),
        name: name.to_owned(),
        phrases: phrases.iter().map(|it| (*it).to_owned()).collect(),
        scope: TopicScope::External,
        canonical_questions: false,
        active: true,
    }
}

fn trends() -> TopicTrends {
    let weeks = (0..8).map(|week| Timestamp::from_micros(week * 604_800_000_000)).collect();
    let found = TopicTrend { calls: vec![0, 1, 2, 4, 0, 3, 2, 8] };
    TopicTrends { weeks, calls: vec![50; 8], topics: HashMap::from([(TopicId(7), found)]) }
}

fn list(rows: Vec<Row>, progress: TopicProgress, may_write: bool) -> String {
    let counts = texts::count("topics.count", rows.len() as i64);
    Topics { shell: shell(), progress: progress.into(), rows, counts, may_write }.render().unwrap()
}

const AT_REST: TopicProgress = TopicProgress { building: false, done: 0, total: 0 };

fn example(contact: &str, text: &str) -> TopicExample {
    let piece = |text: &str, hit| Piece { text: text.to_owned(), hit };
    TopicExample {
        contact: contact.to_owned().into(),
        started_at: "2026-03-10T10:02:00Z".parse().unwrap(),
        agent: Some(text.to_owned()),
        snippet: Snippet {
            start: MediaTime::from_secs(151.7),
            word: 3,
            speaker: SpeakerType::External,
            pieces: vec![piece("I'd like to ", false), piece(text, true), piece(" now", false)],
        },
    }
}

fn preview(found: Result<TopicPreview, AppError>, draft: &Topic) -> String {
    Preview::new(found, draft, &shell()).unwrap().render().unwrap()
}

fn editor(draft: Topic, error: Option<(&str, &str)>, may_write: bool) -> String {
    let phrases = draft.phrases.join("\n");
    let preview = Preview::new(Ok(TopicPreview::default()), &draft, &shell()).unwrap();
    let error = error.map(|(field, reason)| (field.to_owned(), reason.to_owned()));
    let id = draft.id.0;
    TopicPage { shell: shell(), id, draft, phrases, preview, trend: None, may_write, error }.render().unwrap()
}

#[test]
fn an_empty_list_says_what_a_topic_is_and_offers_one() {
    let page = list(vec![], AT_REST, true);
    assert!(page.contains("No topics yet") && page.contains("href=\"/topics/new\""));
    assert!(!page.contains("<table"));
    assert!(!list(vec![], AT_REST, false).contains("/topics/new"), "who may not write is offered nothing");
}

#[test]
fn the_list_shows_how_often_each_topic_is_found() {
    let never = Topic { id: TopicId(8), active: false, ..topic("Never", &[]) };
    let rows =
        vec![Row::new(topic("Cancel", &["cancel", "terminate"]), &trends()), Row::new(never, &trends())];
    let page = list(rows, TopicProgress { building: true, done: 1_240, total: 3_000 }, true);
    assert!(page.contains(">20</a>"), "20 calls: {page}");
    assert!(page.contains("5.0 %"), "20 of 400");
    assert!(page.contains("Calls a week, oldest first: 0, 1, 2, 4, 0, 3, 2, 8"));
    assert_eq!(page.matches("<rect").count(), 6, "weeks without a call have no bar");
    assert!(page.contains("height=\"22\""), "the highest bar is full");
    assert!(page.contains("Not found in the last 8 weeks") && page.contains("Switched off"));
    assert!(page.contains("Matching again: 1,240 of 3,000 calls.") && page.contains("max=\"3000\""));
    assert_eq!(Progress::from(AT_REST).render().unwrap().trim(), "", "nothing is said at rest");
    let soon = Progress::from(TopicProgress { building: true, done: 0, total: 0 }).render().unwrap();
    assert!(soon.contains("Matching all calls again.") && !soon.contains("<progress"));
}

#[test]
fn hostile_and_very_long_names_are_escaped_and_cut() {
    let long = format!("{HOSTILE}{}", "x".repeat(400));
    let page = list(vec![Row::new(topic(&long, &[]), &trends())], AT_REST, true);
    assert!(page.contains(ESCAPED) && !page.contains("<script>alert"));
    assert!(page.contains('…') && page.contains(&"x".repeat(400)), "the whole stands in the title");
    let delete = DeleteTopic { shell: shell(), id: 7, name: HOSTILE.to_owned() }.render().unwrap();
    assert!(delete.contains(&format!("Delete “{ESCAPED}”?")));
}

#[test]
fn the_editor_keeps_what_was_typed_and_puts_the_error_at_its_field() {
    let page =
        editor(topic(HOSTILE, &["</textarea><script>alert(1)</script>", "b"]), Some(("name", HOSTILE)), true);
    assert!(!page.contains("<script>alert") && !page.contains("</textarea><"));
    assert!(page.contains(&format!("value=\"{ESCAPED}\"")));
    assert!(
        page.contains("id=\"name-wrong\"")
            && page.contains("aria-invalid=\"true\" aria-describedby=\"name-wrong\"")
    );
    assert!(page.contains("value=\"external\" checked") && page.contains("action=\"/topics/7\""));
    let new = Topic { id: TopicId(0), ..topic("", &[]) };
    let page = editor(new, None, true);
    assert!(page.contains("action=\"/topics\"") && !page.contains("/delete"));
    let page = editor(topic("Cancel", &[]), None, false);
    assert!(page.contains("disabled") && page.contains("You may look at topics"));
}

#[test]
fn a_preview_says_how_many_calls_and_shows_the_words() {
    let draft = topic("", &["cancel"]);
    let found = TopicPreview { calls: 300, found_in: 23, hits: 41, examples: vec![example("a/1", HOSTILE)] };
    let shown = preview(Ok(found), &draft);
    assert!(shown.contains("Said in 23 of the last 300 calls, 41 times in all."));
    assert!(shown.contains("href=\"/calls/a%2F1#t=151\"") && shown.contains(">02:31</a>"));
    assert!(shown.contains(&format!("I&#39;d like to <mark>{ESCAPED}</mark> now")), "{shown}");
    let none = TopicPreview { calls: 300, ..TopicPreview::default() };
    assert!(preview(Ok(none), &draft).contains("Not said in any of the last 300 calls."));
    assert!(preview(Ok(TopicPreview::default()), &draft).contains("no calls with words"));
    assert!(preview(Ok(TopicPreview::default()), &topic("", &[])).contains("Type a phrase"));
    let wrong = preview(Err(Invalid::new("phrases", HOSTILE).into()), &draft);
    assert!(wrong.contains("cannot be used") && wrong.contains(ESCAPED));
}
