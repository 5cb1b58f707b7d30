//! What people do with a call: they comment on it, judge it, show it to others, delete it.

use crate::{
    told::{contact, said, shows},
    world::{ESCAPED, HOSTILE, World},
};
use http::{StatusCode, header};
use touchline_model::{Answer, Contact, Evaluation, Question, Role, Scheme, Scorecard};

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
