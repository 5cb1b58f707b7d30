//! The search of calls.

use crate::world::{ESCAPED, HOSTILE, World};
use http::StatusCode;
use touchline_model::*;

/// A team of two, a topic, and three calls.
async fn office() -> World {
    let world = World::new().await;
    world.group("t-1", "Billing", None).await;
    world.person("ana", "Ana", "Ruiz", "t-1").await;
    let topic = Topic {
        name: "Refund".to_owned(),
        phrases: vec!["money back".to_owned()],
        active: true,
        id: TopicId::default(),
        scope: TopicScope::Any,
        canonical_questions: false,
    };
    world.app.put_one(&world.admin, topic).await.unwrap();
    world.app.work_until_idle().await.unwrap();
    world.talked("c/1", Some("ana"), 0, &["good morning", "i want my money back now", "of course"]).await;
    world.talked("c-2", Some("ana"), 5, &["hello", "the line is dead"]).await;
    world.talked("c-3", None, 10, &["hello", "no money left"]).await;
    world
}

fn rows(page: &str) -> Vec<&str> {
    // With the words below, if any.
    page.split("<tr data-href=\"").skip(1).map(|row| row.split("</tbody>").next().unwrap()).collect()
}

#[tokio::test]
async fn words_that_were_said_are_marked_and_lead_to_their_second() {
    let world = office().await;
    let page = world.admin().await.page("/calls?text=%22money+back%22").await;
    let rows = rows(&page);
    assert_eq!(rows.len(), 1, "{page}");
    // `money` is the sixth word, and begins after two and a half seconds; the id is one part of the path.
    assert!(rows[0].starts_with("/calls/c%2F1#t=2.5\""), "{}", rows[0]);
    assert!(rows[0].contains("<mark>money back</mark>"), "{}", rows[0]);
    assert!(rows[0].contains("00:02") && rows[0].contains("Customer"), "{}", rows[0]);
    assert!(rows[0].contains("Ana Ruiz") && rows[0].contains("01:15"), "{}", rows[0]);
    assert!(rows[0].contains("<span class=\"chip\">Refund</span>"), "{}", rows[0]);
    assert!(page.contains("<tr class=\"words\"><td colspan=\"6\">"), "words have the whole width: {page}");
    assert!(page.contains("<h2 id=\"found\">1 call</h2>"), "{page}");
    // A quote that is not closed reaches to the end.
    let open = world.admin().await.page("/calls?text=%22money+back").await;
    assert!(open.contains("<mark>money back</mark>"), "{open}");
    let open = world.admin().await.page("/calls?text=morning+%22money+back+now").await;
    assert!(open.contains("<mark>morning</mark>") && open.contains("1 call</h2>"), "{open}");
    assert!(open.contains("The quote is not closed") && !page.contains("The quote is not closed"), "{open}");
    assert!(page.contains("value=\"&#34;money back&#34;\""), "what was typed stays: {page}");
}

#[tokio::test]
async fn filters_are_chips_that_take_themselves_away() {
    let world = office().await;
    let browser = world.admin().await;
    let page =
        browser.page("/calls?text=money&team=t-1&from=2026-03-02&to=2026-03-02&agent=&speaker=any").await;
    assert_eq!(rows(&page).len(), 1, "{page}");
    assert!(page.contains("title=\"team: Billing\""), "{page}");
    assert!(
        page.contains("href=\"/calls?text=money&#38;from=2026-03-02T00:00:00Z&#38;to=2026-03-03T00:00:00Z\""),
        "without the team: {page}"
    );
    assert!(
        page.contains("<input type=\"hidden\" name=\"team\" value=\"t-1\">"),
        "the form keeps it: {page}"
    );
    assert!(page.contains("type=\"date\" value=\"2026-03-02\""), "{page}");
    let topic = browser.page("/calls?topic=1").await;
    assert_eq!(rows(&topic).len(), 1, "{topic}");
    assert!(topic.contains("topic: Refund"), "{topic}");
}

#[tokio::test]
async fn pages_follow_each_other_and_lead_back_to_the_newest() {
    let world = office().await;
    let browser = world.admin().await;
    let first = browser.page("/calls?limit=2").await;
    let found = rows(&first);
    assert!(
        found[0].starts_with("/calls/c%2F1\"") && found[1].starts_with("/calls/c-2\""),
        "newest first: {first}"
    );
    assert!(first.contains("<h2 id=\"found\">3 calls</h2>"), "{first}");
    assert!(!first.contains(">Newest<"), "this is it: {first}");
    let next = first.split("rel=\"next\" href=\"").nth(1).unwrap().split('"').next().unwrap();
    let second = browser.page(&next.replace("&#38;", "&")).await;
    let found = rows(&second);
    assert!(found.len() == 1 && found[0].starts_with("/calls/c-3\""), "{second}");
    assert!(found[0].contains("Nobody"), "{second}");
    assert!(
        second.contains("href=\"/calls?limit=2\">Newest<") && !second.contains("rel=\"next\""),
        "{second}"
    );
}

#[tokio::test]
async fn an_empty_list_says_why_and_offers_a_way_on() {
    let world = World::new().await;
    let browser = world.admin().await;
    let fresh = browser.page("/calls").await;
    assert!(fresh.contains("There are no calls yet.") && fresh.contains("href=\"/imports\""), "{fresh}");
    let none = browser.page("/calls?text=unheard&direction=OUTBOUND").await;
    assert!(none.contains("No call matches."), "{none}");
    assert!(none.contains("href=\"/calls?text=unheard\">Clear “direction: Outbound”?"), "{none}");
    assert!(none.contains("href=\"/calls?direction=OUTBOUND\">Clear “words: unheard”?"), "{none}");
}

#[tokio::test]
async fn what_is_typed_wrongly_stays_with_the_reason_beside_it() {
    let world = office().await;
    let browser = world.admin().await;
    for (query, field, typed) in [
        ("text=money&within_to=soon", "within_to-wrong", "value=\"soon\""),
        ("metadata=queue&text=money", "metadata-wrong", "value=\"money\""),
        (
            "within_from=x&from=2026-13-01&min_duration=1m&metadata=queue",
            "from-wrong",
            "value=\"2026-13-01\"",
        ),
        (
            "within_from=x&from=2026-13-01&min_duration=1m&metadata=queue",
            "min_duration-wrong",
            "value=\"1m\"",
        ),
        ("within_from=x&from=2026-13-01&min_duration=1m&metadata=queue", "metadata-wrong", "value=\"queue\""),
        ("within_from=x&from=2026-13-01", "within_from-wrong", "2 fields below"),
        ("speaker=internal&channel=chat", "text-wrong", "<option value=\"chat\" selected>"),
    ] {
        let page = browser.get(&format!("/calls?{query}")).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{query}");
        assert!(page.text.contains(&format!("id=\"{field}\"")), "{query}: {}", page.text);
        assert!(page.text.contains(typed), "{query}: {}", page.text);
    }
    let page = browser.get("/calls?colour=red").await;
    assert!(page.text.contains("colour: is no parameter of this search"), "{}", page.text);
    let page = browser.get("/calls?cursor=broken").await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", page.text);
}

#[tokio::test]
async fn an_agent_finds_the_own_calls_and_no_names_of_others() {
    let world = office().await;
    world.talked("c-4", Some("bo"), 20, &["hello", "money is no object"]).await;
    let agent = world.browser("bo", Role::Agent).await;
    let page = agent.page("/calls?text=money").await;
    let found = rows(&page);
    assert!(found.len() == 1 && found[0].starts_with("/calls/c-4#"), "{page}");
    assert!(!page.contains("Ana") && !page.contains("Billing"), "{page}");
    // Asking for somebody else by id tells nothing either.
    let other = agent.page("/calls?agent=ana").await;
    assert!(rows(&other).is_empty() && !other.contains("Ruiz"), "{other}");
}

#[tokio::test]
async fn hostile_and_very_long_values_are_words_and_nothing_else() {
    let world = World::new().await;
    let long = format!("{HOSTILE}{}", "x".repeat(200));
    world.group("t-1", &long, None).await;
    world.person("ana", HOSTILE, &"y".repeat(150), "t-1").await;
    world.talked("c-1", Some("ana"), 0, &["hello", HOSTILE]).await;
    let browser = world.admin().await;
    let escape = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    for query in [
        format!("text={}", escape(HOSTILE)),
        format!("agent=ana&team=t-1&state={}&metadata={}", escape(HOSTILE), escape(&format!("a={HOSTILE}"))),
        format!("min_duration={}", escape(HOSTILE)),
        format!("{}=1", escape(HOSTILE)),
        "text=hello".to_owned(),
    ] {
        let page = browser.get(&format!("/calls?{query}")).await;
        assert!(!page.text.contains("<script>alert"), "{query}: {}", page.text);
        assert!(page.text.contains(ESCAPED), "{query}: {}", page.text);
    }
    let page = browser.page("/calls?text=hello").await;
    assert!(
        page.contains('…') && page.contains(&"y".repeat(150)),
        "cut in its middle, whole in its title: {page}"
    );
}
