//! Topics: made, previewed, changed, deleted.

use crate::world::{ESCAPED, HOSTILE, World};
use http::StatusCode;
use touchline_model::{Role, Topic, TopicScope};

const FORM: &[(&str, &str)] =
    &[("name", "Cancel"), ("phrases", "cancel my order, refund"), ("scope", "any"), ("active", "1")];

async fn topics(world: &World) -> Vec<Topic> {
    world.app.all::<Topic>(&world.admin).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_is_previewed_saved_and_seen_matched() {
    let world = World::new().await;
    world.talked("a/1", None, 0, &["how can I help", "please cancel my order today"]).await;
    world.talked("b", None, 5, &["hello", "good bye"]).await;
    let analyst = world.browser("ann", Role::Analyst).await;
    assert!(analyst.page("/topics").await.contains("No topics yet"));
    let shown = analyst.post("/topics/preview", FORM).await;
    assert_eq!(shown.status, StatusCode::OK);
    assert!(shown.text.contains("Said in 1 of the last 2 calls, 1 time in all."), "{}", shown.text);
    assert!(shown.text.contains("<mark>cancel my order</mark>") && shown.text.contains("/calls/a%2F1#t=2"));
    assert!(shown.text.contains("value=\"Cancel\""), "what was typed stays");
    let fragment = analyst.post("/topics/preview", &[FORM, &[("fragment", "1")]].concat()).await.text;
    assert!(fragment.contains("Said in 1 of the last 2 calls") && !fragment.contains("<html"));
    assert!(topics(&world).await.is_empty(), "looking saves nothing");
    assert_eq!(analyst.post("/topics", FORM).await.leads_to(), "/topics");
    let saved = topics(&world).await.remove(0);
    assert_eq!((saved.name.as_str(), saved.scope, saved.active), ("Cancel", TopicScope::Any, true));
    assert_eq!(saved.phrases, ["cancel my order", "refund"]);
    assert!(analyst.page("/topics").await.contains("Matching all calls again."));
    assert!(analyst.page("/topics/progress").await.contains("Matching all calls again."));
    world.app.work_until_idle().await.unwrap();
    assert_eq!(analyst.page("/topics/progress").await.trim(), "");
    let list = analyst.page("/topics").await;
    assert!(
        list.contains(&format!("href=\"/calls?topic={}\">1</a>", saved.id)) && list.contains("50 %"),
        "{list}"
    );
    let editor = analyst.page(&format!("/topics/{}", saved.id)).await;
    assert!(editor.contains("cancel my order\nrefund</textarea>"));
    assert!(editor.contains("Found in 1 of 2 calls in 8 weeks (50 %)."));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_is_changed_and_deleted_after_a_question() {
    let world = World::new().await;
    let admin = world.admin().await;
    admin.post("/topics", FORM).await;
    let id = topics(&world).await[0].id;
    let page = format!("/topics/{id}");
    let changed = [
        ("name", HOSTILE),
        ("phrases", "refund\nmoney back"),
        ("scope", "external"),
        ("canonical_questions", "1"),
    ];
    assert_eq!(admin.post(&page, &changed).await.leads_to(), "/topics");
    let topic = topics(&world).await.remove(0);
    assert_eq!(
        (topic.id, topic.scope, topic.canonical_questions, topic.active),
        (id, TopicScope::External, true, false)
    );
    assert_eq!(topic.phrases, ["refund", "money back"]);
    for path in ["/topics", &page] {
        let text = admin.page(path).await;
        assert!(text.contains(ESCAPED) && !text.contains(HOSTILE), "{path}");
    }
    let asked = admin.page(&format!("{page}/delete")).await;
    assert!(asked.contains(&format!("Delete “{ESCAPED}”?")) && asked.contains("The calls themselves stay."));
    assert_eq!(topics(&world).await.len(), 1);
    assert_eq!(admin.post(&format!("{page}/delete"), &[]).await.leads_to(), "/topics");
    assert!(topics(&world).await.is_empty());
    assert_eq!(admin.get(&page).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_said_beside_its_field_and_nothing_is_lost() {
    let world = World::new().await;
    let admin = world.admin().await;
    let long = "x".repeat(20_000);
    let page = admin.post("/topics", &[("name", ""), ("phrases", "keep me\nand me")]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.text.contains("id=\"name-wrong\"") && page.text.contains("keep me\nand me</textarea>"));
    let page = admin.post("/topics/preview", &[("name", "A"), ("phrases", &long)]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.text.contains("id=\"phrases-wrong\"") && page.text.contains("The phrases cannot be used:"));
    assert!(topics(&world).await.is_empty());
    let begun = admin.page("/topics/new?phrase=money%20back").await;
    assert!(begun.contains("money back</textarea>"), "a phrase may come from a call");
}

#[tokio::test(flavor = "multi_thread")]
async fn agents_and_strangers_see_no_topics() {
    let world = World::new().await;
    let admin = world.admin().await;
    admin.post("/topics", FORM).await;
    let id = topics(&world).await[0].id;
    let agent = world.browser("bob", Role::Agent).await;
    for path in ["/topics", "/topics/progress", "/topics/new", &format!("/topics/{id}")] {
        assert_eq!(agent.get(path).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    assert_eq!(agent.post("/topics/preview", FORM).await.status, StatusCode::FORBIDDEN);
    assert_eq!(agent.post(&format!("/topics/{id}/delete"), &[]).await.status, StatusCode::FORBIDDEN);
    assert_eq!(topics(&world).await.len(), 1);
}
