//! The first page.

use crate::world::{ESCAPED, HOSTILE, World};
use touchline_model::*;

async fn remark(world: &World, id: &str, contact: &str, author: &str, text: &str) {
    let remark = Feedback {
        id: id.into(),
        contact_id: contact.into(),
        author_id: author.into(),
        given_at: "2026-03-02T12:00:00Z".parse().unwrap(),
        kind: FeedbackKind::Comment,
        text: Some(text.to_owned()),
        start: MediaTime::from_secs(12.5),
        end: None,
    };
    world.app.put_one(&world.admin, remark).await.unwrap();
}

#[tokio::test]
async fn a_fresh_server_says_that_there_is_nothing_yet() {
    let world = World::new().await;
    let page = world.admin().await.page("/").await;
    for text in
        ["0 new calls", "None in the last 24 hours.", "No calls in these weeks.", "No topic was found"]
    {
        assert!(page.contains(text), "{text}: {page}");
    }
    assert!(!page.contains("Needs you"), "{page}");
    assert!(
        page.contains("Begin here") && page.contains("href=\"/imports\"") && page.contains("/api/docs"),
        "{page}"
    );
    world.talked("c-1", None, 30 * 1_440, &["a b c"]).await;
    let page = world.admin().await.page("/").await;
    assert!(!page.contains("Begin here") && page.contains("1 call in 8 weeks"), "{page}");
    assert!(page.contains("The 8 weeks up to 1 Feb 2026, with the newest call"), "{page}");
    // The newest call began on Saturday 31 January; the week before the last one is not named, the last one is.
    assert!(page.contains(">26 Jan</text>") && !page.contains(">19 Jan</text>"), "{page}");
}

#[tokio::test]
async fn a_leader_sees_the_team_and_what_waits() {
    let world = World::new().await;
    let leader = world.browser("lea", Role::Manager).await;
    world.group("t-1", "Billing", Some("lea")).await;
    world.person("ana", "Ana", "Ruiz", "t-1").await;
    // Half past nine on the day after is now.
    world.talked("c-1", Some("ana"), 0, &["a b c", "d e f"]).await;
    world.talked("c-2", Some("ana"), 3 * 1_440, &["a b c", "d"]).await;
    world.talked("c-3", Some("bo"), 0, &["a", "b c d"]).await;
    let page = leader.page("/").await;
    assert!(
        page.contains(
            "<a href=\"/calls?team=t-1&#38;from=2026-03-02T09:30:00Z\">1 new call of your team</a>"
        ),
        "{page}"
    );
    assert!(page.contains("<a href=\"/calls/c-1\">Ana Ruiz</a>") && !page.contains("All of them"), "{page}");
    assert!(page.contains("Your team had 2 calls in 8 weeks, most on Fri 27 Feb (1)."), "{page}");
    // Three words in a row last 1.4 s, one 0.4 s: 1.4 of 1.8 s in the week before, 1.4 of 2.8 s in this one.
    assert!(page.contains("Your team’s share of talk fell from 78 % to 50 %, n: 2 calls."), "{page}");
    assert!(page.contains("39 % everybody"), "1.8 of 4.6 s: {page}");
    for n in 0..5 {
        world.talked(&format!("d-{n}"), Some("bo"), n, &["a"]).await;
    }
    let all = world.admin().await.page("/").await;
    assert!(
        all.contains("href=\"/calls?from=2026-03-02T09:30:00Z\">All of them</a>"),
        "five of seven: {all}"
    );
    assert!(all.contains("7 new calls</a>") && all.contains("8 calls in 8 weeks"), "{all}");
}

#[tokio::test]
async fn an_agent_reads_what_was_said_about_the_own_calls_only() {
    let world = World::new().await;
    let agent = world.browser("ana", Role::Agent).await;
    world.person("coach", "Cy", "Odell", "t-9").await;
    world.talked("c-1", Some("ana"), 0, &["a b c", "d e f"]).await;
    world.talked("c-2", Some("bo"), 0, &["a b c", "d e f"]).await;
    remark(&world, "f-1", "c-1", "coach", "<p><b>Well</b> asked</p>").await;
    remark(&world, "f-2", "c-2", "coach", "about bo").await;
    for contact in ["c-1", "c-2"] {
        let share = Share {
            id: format!("s-{contact}").as_str().into(),
            contact_id: contact.into(),
            author_id: "coach".into(),
            shared_at: "2026-03-02T12:00:00Z".parse().unwrap(),
            recipient_ids: vec!["ana".into()],
            recipient_emails: vec![],
        };
        world.app.put_one(&world.admin, share).await.unwrap();
    }
    let page = agent.page("/").await;
    assert!(page.contains("href=\"/calls/c-1#t=12.5\"") && page.contains("Well asked"), "{page}");
    assert!(page.contains("Cy Odell"), "{page}");
    assert!(!page.contains("about bo") && !page.contains("/calls/c-2"), "somebody else's call: {page}");
    assert!(
        page.contains("1 new call of yours") && page.contains("Your share of talk stayed at 50 %"),
        "{page}"
    );
    assert!(!page.contains("everybody") && !page.contains("Topics, share"), "{page}");
}

#[tokio::test]
async fn topics_that_moved_are_told_and_everything_hostile_is_escaped() {
    let world = World::new().await;
    world.person("ana", HOSTILE, &"y".repeat(120), "t-1").await;
    let topic = Topic {
        name: HOSTILE.to_owned(),
        phrases: vec!["price".to_owned()],
        active: true,
        id: TopicId::default(),
        scope: TopicScope::Any,
        canonical_questions: false,
    };
    world.app.put_one(&world.admin, topic).await.unwrap();
    world.app.work_until_idle().await.unwrap();
    // Nobody spoke of it five weeks ago, everybody does now.
    for n in 0..8 {
        world.talked(&format!("old-{n}"), Some("ana"), 35 * 1_440 + n, &["hello", "good day"]).await;
        world.talked(&format!("new-{n}"), Some("ana"), n, &["hello", "the price please"]).await;
    }
    remark(&world, "f-1", "new-1", "coach", HOSTILE).await;
    let page = world.admin().await.page("/").await;
    assert!(page.contains(&format!("“{ESCAPED}” rose most, from 0.0 % to 100 % of calls.")), "{page}");
    assert!(!page.contains("<script>alert"), "{page}");
    assert!(page.contains("n: 16 calls"), "{page}");
    let agent = world.browser("ana", Role::Agent).await.page("/").await;
    assert!(!agent.contains("<script>alert"), "{agent}");
}

#[tokio::test]
async fn recordings_that_failed_and_jobs_that_were_given_up_wait_for_those_who_can_help() {
    let world = World::new().await;
    world.talked("c-1", None, 0, &["a", "b"]).await;
    let upload = touchline_app::contacts::ContactUpload {
        state: Some(ContactState::new(ContactState::TRANSCRIPTION_FAILED)),
        ..serde_json::from_value(serde_json::json!({
            "id": "c-2", "channel": "call", "direction": "INBOUND", "started_at": "2026-03-02T10:00:00Z"
        }))
        .unwrap()
    };
    world.app.put_contact(&world.admin, upload).await.unwrap();
    let page = world.admin().await.page("/").await;
    assert!(page.contains("1 recording could not be used"), "{page}");
    let href = "/calls?state=CONVERTER_REJECTED&state=TRANSCRIPTION_FAILED";
    assert!(page.contains(&href.replace('&', "&#38;")), "{page}");
    let found = world.admin().await.page(href).await;
    assert!(
        found.contains("/calls/c-2\"")
            && !found.contains("/calls/c-1\"")
            && found.contains("Not transcribed"),
        "{found}"
    );
    let coach = world.browser("cy", Role::Coach).await.page("/").await;
    assert!(!coach.contains("could not be used"), "a coach brings no recordings in: {coach}");
}
