//! Finding contacts by words and facts, over HTTP.

use crate::world::{Answer, World, contact, words};
use serde_json::{Value, json};
use touchline_model::Ability;

on_both_engines!(words_and_facts_find_contacts, a_bad_parameter_is_named);

async fn words_and_facts_find_contacts(world: World) {
    for (id, agent, text) in
        [("c1", "u1", "I want my money back"), ("c2", "u2", "money or goods back"), ("search", "u3", "hello")]
    {
        let mut call = contact(id);
        call["agent_id"] = json!(agent);
        call["metadata"] = json!({ "queue": "sales" });
        call["transcript"] = json!({ "words": words(1, 3, text) });
        world.put(&format!("/contacts/{id}"), &call).await.is(201);
    }
    world.work().await;
    let found = async |query: &str| world.get(&format!("/search/contacts?{query}")).await.is(200).json();
    let ids = |page: &Value| -> Vec<String> {
        page["rows"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
    };
    let page = found("text=%22money+back%22").await;
    assert_eq!(ids(&page), ["c1"]);
    let expected = json!([{ "start": 6, "word": 3, "speaker": "UNKNOWN", "pieces": [
        { "text": "I want my ", "hit": false }, { "text": "money back", "hit": true }] }]);
    assert_eq!(page["rows"][0]["snippets"], expected);
    assert_eq!((&page["rows"][0]["agent_id"], &page["next"]), (&json!("u1"), &Value::Null));
    assert_eq!(ids(&found("agent=u1&agent=u3&metadata=queue%3DSales").await), ["c1", "search"]);
    assert_eq!(ids(&found("text=money&agent=u2").await), ["c2"]);
    let first = found("text=back&limit=1").await;
    assert_eq!(ids(&first), ["c1"]);
    let second = found(&format!("text=back&limit=1&cursor={}", first["next"].as_str().unwrap())).await;
    assert_eq!((ids(&second), &second["next"]), (vec!["c2".to_owned()], &Value::Null));
    assert_eq!(world.get("/contacts/search").await.is(200).json()["id"], "search", "an id like any other");

    let token = world.token_of("acme", [Ability::ReadContacts]).await;
    let read = async |query: &str| {
        let path = format!("/search/contacts{query}");
        Answer::of(world.request_as(&token, reqwest::Method::GET, &path)).await
    };
    assert_eq!(ids(&read("?agent=u1").await.is(200).json()), ["c1"]);
    read("?text=money").await.problem(403);
}

async fn a_bad_parameter_is_named(world: World) {
    for (query, field) in [
        ("colour=red", "colour"),
        ("limit=1000", "limit"),
        ("text=a&text=b", "text"),
        ("text=%22!%22", "text"),
        ("from=yesterday", "from"),
        ("cursor=nonsense", "cursor"),
        ("topic=prices", "topic"),
    ] {
        let problem = world.get(&format!("/search/contacts?{query}")).await.problem(400);
        assert_eq!(problem["field"], field, "{query}: {problem}");
    }
    world.get("/search/contacts?agent=a&agent=b").await.is(200);
}
