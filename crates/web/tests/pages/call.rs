//! The page of one call: read, heard, measured.

use crate::{
    told::{contact, said, shows},
    world::{ESCAPED, HOSTILE, World},
};
use axum::body::Bytes;
use futures::stream;
use http::{StatusCode, header};
use std::convert::Infallible;
use touchline_model::{Channel, Contact, CrmEntity, CrmMatch, Feedback, MediaTime, Share, Topic};

#[tokio::test]
async fn a_call_is_read_heard_and_measured_on_its_page() {
    let world = World::new().await;
    let topic = Topic {
        id: touchline_model::TopicId(7),
        name: "Cancellation".to_owned(),
        phrases: vec!["cancel it".to_owned()],
        scope: touchline_model::TopicScope::Any,
        canonical_questions: false,
        active: true,
    };
    world.app.put_one(&world.admin, topic).await.unwrap();
    world.app.work_until_idle().await.unwrap();
    let agent = Contact { agent_id: world.admin.user.clone(), ..contact("a/b c") };
    world.call(agent, Some(said(&["hello there", "I want to cancel it now"]))).await;
    world.recording("a/b c").await;
    world.app.work_until_idle().await.unwrap();
    let page = world.admin().await.get("/calls/a%2Fb%20c").await;
    shows(
        &page,
        &[
            "<title>Customer → Ada Berg · Touchline</title>",
            "01:00",
            r##"<a class="at" href="#t=1">00:01</a>"##,
            r#"<b class="who" title="Ada Berg">Ada Berg</b><p>hello there</p>"#,
            r#"<p>I want to <mark title="Topic: Cancellation">cancel it</mark> now</p>"#,
            // The first word of the hit is the sixth: 2.5 seconds.
            r##"<b class="break">Cancellation</b> <span class="quiet">1 time</span> <a href="#t=2.5">00:02</a>"##,
            r#"{"starts":[0,50,50,50,50,50,50,50],"tokens":{}}"#,
            r#"<source src="/calls/a%2Fb%20c/audio" type="audio/wav">"#,
            r#"data-secs="3""#,
            // The agent speaks first, and left is loud first.
            r#"data-sides="agent customer""#,
            "Our side spoke 24 % of the talking time.",
            r#"<rect class="agent""#,
        ],
    );
    assert_eq!(page.text.matches(r#"<li class="turn"#).count(), 2);
    assert!(!page.text.contains("data-working"));
    for inline in [" style=", " onclick", "<style", "<script>"] {
        assert!(!page.text.contains(inline), "{inline}");
    }
}

#[tokio::test]
async fn nothing_that_was_said_or_noted_becomes_markup() {
    let world = World::new().await;
    let entity = || CrmEntity {
        crm_id: HOSTILE.to_owned(),
        name: HOSTILE.to_owned(),
        email: Some(HOSTILE.to_owned()),
        phone_number: None,
    };
    let hostile = Contact {
        metadata: [(HOSTILE.to_owned(), HOSTILE.into())].into_iter().collect(),
        original_path: Some(HOSTILE.to_owned()),
        crm_matches: vec![CrmMatch {
            crm_name: HOSTILE.to_owned(),
            activity_crm_id: HOSTILE.to_owned(),
            account: Some(entity()),
            contacts: vec![entity()],
            engagement: None,
        }],
        ..contact(HOSTILE)
    };
    let mut words = said(&[HOSTILE, "</script><script>alert(2)</script>", "ok"]);
    words.speakers[1].first_name = Some(HOSTILE.to_owned());
    words.words[0].text = "two words\u{85}and".to_owned();
    words.words[0].punctuation = Some(HOSTILE.to_owned());
    world.call(hostile, Some(words)).await;
    let remark = Feedback {
        id: HOSTILE.into(),
        contact_id: HOSTILE.into(),
        author_id: HOSTILE.into(),
        given_at: "2026-03-02T11:00:00Z".parse().unwrap(),
        kind: touchline_model::FeedbackKind::Highlight,
        text: Some(HOSTILE.to_owned()),
        start: MediaTime::from_secs(1.0),
        end: Some(MediaTime::from_secs(2.0)),
    };
    world.app.put_one(&world.admin, remark).await.unwrap();
    let share = Share {
        id: "s".into(),
        contact_id: HOSTILE.into(),
        author_id: HOSTILE.into(),
        shared_at: "2026-03-02T11:00:00Z".parse().unwrap(),
        recipient_ids: vec![HOSTILE.into()],
        recipient_emails: vec![HOSTILE.to_owned()],
    };
    world.app.put_one(&world.admin, share).await.unwrap();
    let path = format!("/calls/{}", HOSTILE.bytes().map(|it| format!("%{it:02X}")).collect::<String>());
    let browser = world.admin().await;
    let page = browser.get(&path).await;
    shows(&page, &[ESCAPED, "two words and"]);
    assert!(!page.text.contains("<script>alert"), "{}", page.text);
    assert!(page.text.matches(ESCAPED).count() > 12, "{}", page.text.matches(ESCAPED).count());
    // Four pieces between spaces make the first word: its own three, and what follows it.
    assert!(page.text.contains(r#""tokens":{"0":3}"#), "{}", page.text);
    let asked = browser.get(&format!("{path}/delete")).await;
    shows(&asked, &[ESCAPED]);
    assert!(!asked.text.contains("<script>alert"));
}

#[tokio::test]
async fn every_state_says_what_is_going_on() {
    let world = World::new().await;
    let browser = world.admin().await;
    // Just uploaded: nothing has been done yet.
    world.call(contact("new"), Some(said(&["hello"]))).await;
    world.recording("new").await;
    let page = browser.get("/calls/new").await;
    shows(&page, &["This has just arrived", "data-working", "The waveform is being drawn."]);
    // A damaged recording.
    world.call(contact("broken"), None).await;
    let mut cut = world.recording("new").await;
    cut.truncate(30_000);
    let bytes = stream::iter([Ok::<_, Infallible>(Bytes::from(cut))]);
    world.app.receive_recording(&world.admin, "broken", None, bytes).await.unwrap();
    world.app.work_until_idle().await.unwrap();
    let page = browser.get("/calls/broken").await;
    shows(&page, &["The recording could not be read.", "cut short", "Nothing was written down here."]);
    assert!(!page.text.contains("data-working"));
    assert_eq!(browser.get("/calls/broken/waveform").await.status, StatusCode::NOT_FOUND);
    assert_eq!(browser.get("/calls/broken/audio.wav").await.status, StatusCode::NOT_FOUND);
    // Neither words nor a recording, and nobody who works on it: there is nothing to wait for.
    world.call(contact("bare"), None).await;
    let page = browser.get("/calls/bare").await;
    shows(&page, &["There is no transcript", "There is nothing to hear: no recording"]);
    assert!(!page.text.contains("data-working"), "a page that is loaded again and again changes nothing");
    // Neither of both, from a system that has given up.
    let foreign = Contact { state: Some(touchline_model::ContactState::new("LOST_LINE")), ..contact("lost") };
    world.call(foreign, None).await;
    shows(
        &browser.get("/calls/lost").await,
        &["Another system says of this call: LOST_LINE.", "There is nothing to hear"],
    );
    assert_eq!(browser.get("/calls/lost/transcript.txt").await.status, StatusCode::NOT_FOUND);
    // A chat has messages with the times at which they were written, and no player.
    let mut words = said(&["hi", "hello"]);
    words.words[1].start = MediaTime::from_secs(120.0);
    words.words[1].end = words.words[1].start;
    world.call(Contact { channel: Channel::Chat, ..contact("chat") }, Some(words)).await;
    let page = browser.get("/calls/chat").await;
    shows(&page, &["Messages", r#"<time class="at" title="Mon 2 Mar 2026, 10:02">10:02</time>"#]);
    assert!(!page.text.contains("id=\"player\"") && !page.text.contains("There is nothing to hear"));
    let page = browser.get("/calls/never").await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_recording_is_served_in_the_parts_that_browsers_ask_for() {
    let world = World::new().await;
    world.call(contact("c"), None).await;
    let file = world.recording("c").await;
    world.app.work_until_idle().await.unwrap();
    let browser = world.admin().await;
    let ask = async |path: &str, range: &str| browser.bytes(path, &[(header::RANGE, range)]).await;
    let (status, headers, bytes) = ask("/calls/c/audio", "bytes=100-199").await;
    assert_eq!(status, StatusCode::PARTIAL_CONTENT);
    assert_eq!(headers[header::CONTENT_RANGE], format!("bytes 100-199/{}", file.len()));
    assert_eq!(headers[header::CONTENT_TYPE], "audio/wav");
    assert!(bytes == file[100..200]);
    let tag = headers[header::ETAG].to_str().unwrap().to_owned();
    let (status, headers, bytes) = ask("/calls/c/audio", "bytes=-10").await;
    assert_eq!(
        (status, headers[header::CONTENT_LENGTH].to_str().unwrap()),
        (StatusCode::PARTIAL_CONTENT, "10")
    );
    assert!(bytes == file[file.len() - 10..]);
    let (status, headers, _) = ask("/calls/c/audio", "bytes=999999999-").await;
    assert_eq!(status, StatusCode::RANGE_NOT_SATISFIABLE);
    assert_eq!(headers[header::CONTENT_RANGE], format!("bytes */{}", file.len()));
    let (status, ..) = browser.bytes("/calls/c/audio", &[(header::IF_NONE_MATCH, &tag)]).await;
    assert_eq!(status, StatusCode::NOT_MODIFIED);
    let (status, headers, bytes) = browser.bytes("/calls/c/audio?download=1", &[]).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(headers[header::CONTENT_DISPOSITION], "attachment; filename=\"call-c.wav\"");
    assert!(bytes == file);
    // The rendition of what is PCM already has the same samples, but for rounding.
    let (status, headers, bytes) = ask("/calls/c/audio.wav", "bytes=44-51").await;
    assert_eq!(status, StatusCode::PARTIAL_CONTENT);
    assert_eq!(headers[header::CONTENT_RANGE], format!("bytes 44-51/{}", file.len()));
    let sample = |bytes: &[u8], at: usize| i32::from(i16::from_le_bytes([bytes[at], bytes[at + 1]]));
    for at in [0, 2, 4, 6] {
        assert!((sample(&bytes, at) - sample(&file, 44 + at)).abs() <= 1, "sample at {at}");
    }
    let drawing = browser.get("/calls/c/waveform").await;
    shows(&drawing, &["<svg class=\"wave\" viewBox=\"0 0 400 80\"", "data-secs=\"3\""]);
}

#[tokio::test]
async fn a_transcript_is_kept_as_text_and_as_captions() {
    let world = World::new().await;
    world.call(contact("c"), Some(said(&["hello", "a <b>", "bye"]))).await;
    let browser = world.admin().await;
    let text = browser.get("/calls/c/transcript.txt").await;
    assert_eq!(
        text.text,
        "Customer → Nobody\n\n[00:00] Agent: hello\n[00:00] Customer: a <b>\n[00:01] Agent: bye\n"
    );
    assert_eq!(text.headers[header::CONTENT_DISPOSITION], "attachment; filename=\"call-c.txt\"");
    let captions = browser.get("/calls/c/transcript.vtt").await;
    assert!(
        captions
            .text
            .starts_with("WEBVTT - Customer → Nobody\n\n00:00:00.000 --> 00:00:00.400\n<v Agent>hello\n"),
        "{}",
        captions.text
    );
    assert!(captions.text.contains("<v Customer>a &lt;b&gt;\n"));
}

#[tokio::test]
async fn a_call_of_two_hours_stays_small() {
    let world = World::new().await;
    let turn = vec!["word"; 25].join(" ");
    let turns = vec![turn.as_str(); 800];
    world
        .call(Contact { duration: MediaTime::from_secs(10_000.0), ..contact("long") }, Some(said(&turns)))
        .await;
    let short = vec![turn.as_str(); 36];
    world.call(contact("short"), Some(said(&short))).await;
    let browser = world.admin().await;
    let (long, short) = (browser.get("/calls/long").await, browser.get("/calls/short").await);
    assert_eq!(long.text.matches("<li class=\"turn").count(), 800);
    assert!(short.text.len() < 40_000, "nine hundred words take {} bytes", short.text.len());
    assert!(long.text.len() < 400_000, "twenty thousand words take {} bytes", long.text.len());
}
