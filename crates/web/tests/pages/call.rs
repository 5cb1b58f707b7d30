//! The page of one call.

use crate::world::{ESCAPED, HOSTILE, Page, World};
use axum::body::Bytes;
use futures::stream;
use http::{StatusCode, header};
use std::convert::Infallible;
use touchline_app::contacts::ContactUpload;
use touchline_model::{
    Answer, Channel, Contact, CrmEntity, CrmMatch, Direction, Evaluation, Feedback, MediaTime, Question,
    Role, Scheme, Scorecard, Share, Speaker, SpeakerType, Topic, Transcript, Word,
};

fn contact(id: &str) -> Contact {
    Contact {
        id: id.into(),
        channel: Channel::Call,
        direction: Direction::Inbound,
        agent_id: None,
        started_at: "2026-03-02T10:00:00Z".parse().unwrap(),
        duration: MediaTime::from_secs(60.0),
        state: None,
        original_path: None,
        metadata: serde_json::Map::new(),
        crm_matches: vec![],
    }
}

/// Each text is said by one person after the other, half a second a word.
fn said(turns: &[&str]) -> Transcript {
    let mut words = Vec::new();
    for (turn, text) in turns.iter().enumerate() {
        for text in text.split(' ') {
            let start = 0.5 * words.len() as f64;
            words.push(Word {
                start: MediaTime::from_secs(start),
                end: MediaTime::from_secs(start + 0.4),
                text: text.to_owned(),
                punctuation: None,
                speaker: (turn % 2) as u16,
                confidence: None,
            });
        }
    }
    let side = |number, side| Speaker { number, speaker_type: Some(side), ..Speaker::default() };
    let speakers = vec![side(0, SpeakerType::Internal), side(1, SpeakerType::External)];
    Transcript { speakers, words }
}

impl World {
    async fn call(&self, contact: Contact, said: Option<Transcript>) {
        self.app.put_contact(&self.admin, ContactUpload::new(contact, said)).await.unwrap();
        self.app.work_until_idle().await.unwrap();
    }

    /// Three seconds of stereo PCM: left is loud in the first half, right in the second.
    async fn recording(&self, id: &str) -> Vec<u8> {
        let frames = 24_000_u32;
        let mut file = b"RIFF".to_vec();
        file.extend((36 + 4 * frames).to_le_bytes());
        file.extend(b"WAVEfmt \x10\0\0\0\x01\0\x02\0");
        file.extend(8_000_u32.to_le_bytes());
        file.extend(32_000_u32.to_le_bytes());
        file.extend(b"\x04\0\x10\0data");
        file.extend((4 * frames).to_le_bytes());
        for n in 0..frames {
            let loud: i16 = if n % 2 == 0 { 20_000 } else { -20_000 };
            let (left, right) = if n < frames / 2 { (loud, 0) } else { (0, loud) };
            file.extend(left.to_le_bytes());
            file.extend(right.to_le_bytes());
        }
        let bytes = stream::iter([Ok::<_, Infallible>(Bytes::from(file.clone()))]);
        self.app.receive_recording(&self.admin, id, None, bytes).await.unwrap();
        file
    }
}

#[track_caller]
fn shows(page: &Page, texts: &[&str]) {
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    for text in texts {
        assert!(page.text.contains(text), "{text} is not in\n{}", page.text);
    }
}

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
async fn comments_are_left_read_and_taken_back_and_nothing_typed_is_lost() {
    let world = World::new().await;
    let coach = world.browser("cora", Role::Coach).await;
    world.call(contact("c"), Some(said(&["hello"]))).await;
    let wrong = coach
        .post(
            "/calls/c/comments",
            &[("kind", "highlight"), ("start", "0:10"), ("end", "soon"), ("text", HOSTILE)],
        )
        .await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    for kept in
        ["value=\"soon\"", "value=\"0:10\"", "id=\"end-wrong\"", ESCAPED, "<details id=\"remark\" open>"]
    {
        assert!(wrong.text.contains(kept), "{kept} is not in\n{}", wrong.text);
    }
    let left = coach
        .post("/calls/c/comments", &[("kind", "comment"), ("start", "0:10.5"), ("text", "Well done")])
        .await;
    assert_eq!(left.status, StatusCode::SEE_OTHER);
    assert_eq!(left.headers[header::LOCATION], "/calls/c#t=10.5");
    let page = coach.get("/calls/c").await;
    shows(
        &page,
        &["Well done", r##"<a href="#t=10.5">00:10</a> <b title="cora@example.com">cora@example.com</b>"##],
    );
    let start = page.text.find("/calls/c/comments/").unwrap();
    let path = page.text[start..].split('"').next().unwrap().to_owned();
    // The administrator sees it, but cannot take back what somebody else has said.
    let admin = world.admin().await;
    let page = admin.get("/calls/c").await;
    shows(&page, &["Well done"]);
    assert!(!page.text.contains("/delete\" data-confirm"));
    assert_eq!(admin.post(&path, &[]).await.status, StatusCode::FORBIDDEN);
    assert_eq!(coach.post(&path, &[]).await.status, StatusCode::SEE_OTHER);
    shows(&coach.get("/calls/c").await, &["Nobody has said anything about this yet."]);
}

#[tokio::test]
async fn what_is_written_is_shown_exactly_and_where_it_belongs() {
    let world = World::new().await;
    let coach = world.browser("cora", Role::Coach).await;
    world.call(contact("c"), Some(said(&["hello there", "I want to cancel it now"]))).await;
    let leave = async |text: &str, start: &str, end: &str| {
        let fields = [("kind", "comment"), ("start", start), ("end", end), ("text", text)];
        coach.post("/calls/c/comments", &fields).await
    };
    for text in ["score <10% and a<b then 5 > 3", "<b>Coach</b>", "<p>Say <b>p</b> &lt; here</p>"] {
        assert_eq!(leave(text, "0:00", "").await.status, StatusCode::SEE_OTHER);
    }
    // Words were selected: `want to cancel` begins after a second and a half, the next word after three.
    assert_eq!(leave("Ask why", "0:01.5", "0:03").await.status, StatusCode::SEE_OTHER);
    assert_eq!(leave(" ", "0:01.5", "0:03").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    shows(
        &coach.get("/calls/c").await,
        &[
            r#"<p class="break text">score &#60;10% and a&#60;b then 5 &#62; 3</p>"#,
            r#"<p class="break text">&#60;b&#62;Coach&#60;/b&#62;</p>"#,
            r#"<p class="break text">&#60;p&#62;Say &#60;b&#62;p&#60;/b&#62; &#38;lt; here&#60;/p&#62;</p>"#,
            r##"<a href="#t=1.5">00:01–00:03</a>"##,
            r#"<blockquote class="break">want to cancel</blockquote>"#,
            r#"<p>I <span class="noted" title="Remarked by cora@example.com">want to cancel</span> it now</p>"#,
        ],
    );
}

#[tokio::test]
async fn evaluations_are_read_by_whoever_may_and_agents_read_their_own() {
    let world = World::new().await;
    let agent = world.browser("ana", Role::Agent).await;
    world.call(Contact { agent_id: Some("ana".into()), ..contact("own") }, Some(said(&["hello"]))).await;
    let question = |id: &str, text: &str| Question { id: id.into(), text: text.to_owned(), skills: vec![] };
    let card = Scorecard {
        id: "s".into(),
        name: "Service".to_owned(),
        scheme: Scheme::OneToFive,
        questions: vec![question("q-1", "Greeted?"), question("q-2", "Solved?")],
        active: true,
    };
    world.app.put_one(&world.admin, card).await.unwrap();
    let answer = |id: &str, answer, comment: Option<&str>| Answer {
        question_id: id.into(),
        answer,
        reason: None,
        comment: comment.map(str::to_owned),
    };
    let judged = |id: &str, of: &str, answers| Evaluation {
        id: id.into(),
        contact_id: "own".into(),
        scorecard_id: "s".into(),
        reviewer_id: world.admin.user.clone().unwrap(),
        agent_id: Some(of.into()),
        scored_at: "2026-03-02T11:00:00Z".parse().unwrap(),
        answers,
    };
    let answers = vec![answer("q-2", 5, None), answer("q-1", 4, Some("a <b> name"))];
    world.app.put_one(&world.admin, judged("e-1", "ana", answers)).await.unwrap();
    world.app.put_one(&world.admin, judged("e-2", "bo", vec![answer("q-1", 0, None)])).await.unwrap();
    let page = agent.get("/calls/own").await;
    shows(
        &page,
        &[
            // Four of five is 80 %, five is 100 %.
            r#"<b class="break">Service</b> <span class="chip">90 %</span>"#,
            "Ada Berg",
            "Mon 2 Mar 2026, 11:00",
            r#"<dt class="break">Greeted?</dt><dd class="number">4 of 5</dd><dd class="break text">a &#60;b&#62; name</dd><dt class="break">Solved?</dt><dd class="number">5 of 5</dd>"#,
        ],
    );
    assert_eq!(page.text.matches(r#"<details class="judged""#).count(), 1, "not what others were told");
    assert_eq!(
        world.admin().await.get("/calls/own").await.text.matches(r#"<details class="judged""#).count(),
        2
    );
    let home = agent.page("/").await;
    assert!(home.contains(r##"<a href="/calls/own#evaluations">"##) && home.contains("Score 90 %"), "{home}");
}

#[tokio::test]
async fn an_agent_sees_and_comments_the_own_calls_and_no_others() {
    let world = World::new().await;
    let agent = world.browser("ana", Role::Agent).await;
    world.call(Contact { agent_id: Some("ana".into()), ..contact("own") }, Some(said(&["hello"]))).await;
    world.call(contact("other"), Some(said(&["hello"]))).await;
    for id in ["own", "other"] {
        world.recording(id).await;
    }
    world.app.work_until_idle().await.unwrap();
    let page = agent.get("/calls/own").await;
    shows(&page, &["id=\"player\"", "action=\"/calls/own/comments\""]);
    for missing in ["/calls/own/delete\"", "/calls/own/share", "id=\"share\""] {
        assert!(!page.text.contains(missing), "{missing}");
    }
    let fields =
        [("kind", "comment"), ("start", "0"), ("text", "Mine"), ("to", "x@y.example"), ("reason", "no")];
    assert_eq!(agent.post("/calls/own/comments", &fields).await.status, StatusCode::SEE_OTHER);
    assert_eq!(agent.post("/calls/own/share", &fields).await.status, StatusCode::FORBIDDEN);
    assert_eq!(agent.post("/calls/own/delete", &fields).await.status, StatusCode::FORBIDDEN);
    assert_eq!(agent.post("/calls/own/listened", &[("seconds", "3")]).await.status, StatusCode::NO_CONTENT);
    for path in ["", "/audio", "/audio.wav", "/waveform", "/transcript.txt", "/transcript.vtt"] {
        let page = agent.get(&format!("/calls/other{path}")).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{path}: {}", page.text);
    }
    for path in ["comments", "listened"] {
        let page = agent
            .post(&format!("/calls/other/{path}"), &[("seconds", "3"), ("start", "0"), ("text", "x")])
            .await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{path}: {}", page.text);
    }
}

#[tokio::test]
async fn a_call_is_shown_to_others_and_deleted_with_a_reason() {
    let world = World::new().await;
    let manager = world.browser("mia", Role::Manager).await;
    world.call(contact("c"), Some(said(&["hello"]))).await;
    let wrong = manager.post("/calls/c/share", &[("to", "ada@example.com, nobody")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        wrong.text.contains("value=\"ada@example.com, nobody\"")
            && wrong.text.contains("`nobody` is neither the name of somebody here nor")
    );
    // What is wrong is said first, leads to the field, and the field has the caret.
    assert!(wrong.text.contains(r#"<p class="wrong" role="alert">"#), "{}", wrong.text);
    assert!(wrong.text.contains(r##"<a href="#to">`nobody` is neither"##), "{}", wrong.text);
    assert!(wrong.text.contains(r#"data-people="/people" aria-invalid="true" autofocus>"#), "{}", wrong.text);
    // Loaded again, the address of the form leads to the call.
    for form in ["share", "comments"] {
        assert_eq!(manager.get(&format!("/calls/c/{form}")).await.leads_to(), "/calls/c");
    }
    let shared = manager.post("/calls/c/share", &[("to", "ada berg, x@else.example")]).await;
    assert_eq!(shared.status, StatusCode::SEE_OTHER);
    shows(&manager.get("/calls/c").await, &["Ada Berg, x@else.example"]);
    let people = manager.get("/people?q=berg").await;
    assert_eq!(people.text, r#"[["Ada Berg","ada@example.com"]]"#);

    shows(&manager.get("/calls/c/delete").await, &["Customer → Nobody", "What stays"]);
    let wrong = manager.post("/calls/c/delete", &[("reason", " ")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.text.contains("id=\"reason-wrong\""));
    let deleted = manager.post("/calls/c/delete", &[("reason", "Asked for")]).await;
    assert_eq!(deleted.headers[header::LOCATION], "/calls");
    let gone = manager.get("/calls/c").await;
    assert_eq!(gone.status, StatusCode::GONE);
    assert!(gone.text.contains("was deleted"), "{}", gone.text);
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
