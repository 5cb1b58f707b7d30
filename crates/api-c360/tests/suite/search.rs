//! Finding calls by one field.

use crate::world::{World, both};
use serde_json::{Value, json};
use touchline_model::User;

async fn find(world: &World, query: &str) -> Value {
    world.json(&format!("/calls/search?{query}")).await
}

// covers(c360): V-12, OP-7, B-3, X-10
#[tokio::test]
async fn a_company_is_found_by_its_lower_case_name_only() {
    both(async |world| {
        world
            .put_calls(vec![
                json!({ "id": "c1", "metadata": { "company": "Hewlett Packard Enterprise" } }),
                json!({ "id": "c2", "metadata": { "company": "Hewlett Packard" } }),
            ])
            .await;
        let found = json!(["c1"]);
        assert_eq!(find(&world, "metadata.company=hewlett+packard+enterprise").await, found);
        assert_eq!(find(&world, "metadata.company=hewlett%20packard%20enterprise").await, found);
        for query in [
            "metadata.company=Hewlett+Packard+Enterprise",
            "metadata.company=hewlett+packard+enterprisE",
            "metadata.company=packard",
            "metadata.company=",
            "metadata.Company=hewlett+packard+enterprise",
            "company=hewlett+packard+enterprise",
            "metadata.other=hewlett+packard+enterprise",
            "metadata.company=a%00b",
        ] {
            assert_eq!(find(&world, query).await, json!([]), "{query}");
        }
    })
    .await;
}

// covers(c360): V-13, B-3, R-16, X-1
#[tokio::test]
async fn exactly_one_field_is_searched() {
    both(async |world| {
        for query in
            ["", "?", "?&", "?metadata.a=1&metadata.b=2", "?metadata.a=1&metadata.a=1", "?id=1&limit=5"]
        {
            assert_eq!(
                world.refusal(&format!("/calls/search{query}")).await,
                (400, "bad_request".into()),
                "{query}"
            );
        }
    })
    .await;
}

// covers(c360)
#[tokio::test]
async fn values_match_by_their_text_and_lists_by_any_entry() {
    both(async |world| {
        world
            .put_calls(vec![json!({ "id": "c1", "metadata": {
                "price": 50000, "rate": 1.5, "open": true, "none": null, "tags": ["Gold", 7, null], "empty": "",
                "ß": "STRASSE", "long": "X".repeat(5_000),
            } })])
            .await;
        let long = format!("metadata.long={}", "x".repeat(5_000));
        for query in [
            "metadata.price=50000",
            "metadata.rate=1.5",
            "metadata.open=true",
            "metadata.tags=gold",
            "metadata.tags=7",
            "metadata.empty=",
            "metadata.%C3%9F=strasse",
            &long,
        ] {
            assert_eq!(find(&world, query).await, json!(["c1"]), "{query}");
        }
        for query in ["metadata.price=50000.0", "metadata.none=null", "metadata.none=", "metadata.tags=null"] {
            assert_eq!(find(&world, query).await, json!([]), "{query}");
        }
    })
    .await;
}

// covers(c360): X-10, B-3
#[tokio::test]
async fn fields_of_the_call_itself_are_searched_without_a_prefix() {
    both(async |world| {
        world.put::<User>(json!({ "id": "Agent-1", "email": "Ana@Example.com" })).await;
        world
            .put_calls(vec![
                json!({ "id": "Call-1", "agent_id": "Agent-1", "direction": "OUTBOUND", "state": "CUSTOM",
                        "original_path": "Uploads/Foo.WAV", "started_at": "2026-03-01T09:00:00Z" }),
                json!({ "id": "other", "metadata": { "id": "call-1" }, "started_at": "2026-03-01T10:00:00Z" }),
            ])
            .await;
        for query in [
            "id=call-1",
            "callerId=agent-1",
            "callerEmail=ana@example.com",
            "direction=outbound",
            "state=custom",
            "originalPath=uploads/foo.wav",
        ] {
            let found = find(&world, query).await;
            assert!(found.as_array().unwrap().contains(&json!("Call-1")), "{query}: {found}");
        }
        assert_eq!(find(&world, "metadata.id=call-1").await, json!(["other", "Call-1"]), "own id and field, newest first");
        for query in ["id=Call-1", "callerId=Agent-1", "direction=OUTBOUND", "state=CUSTOM", "duration=0"] {
            assert_eq!(find(&world, query).await, json!([]), "{query}");
        }
    })
    .await;
}

// covers(c360): X-10, OP-7, B-3
#[tokio::test]
async fn the_newest_thousand_come_newest_first() {
    both(async |world| {
        let call = |n: i64| {
            let started = crate::world::time("2026-01-01T00:00:00Z").plus_secs(60 * (n / 2));
            json!({ "id": format!("c{n:04}"), "started_at": started, "metadata": { "batch": "one" } })
        };
        world.put_calls((0..1_005).map(call).collect()).await;
        let found = find(&world, "metadata.batch=one").await;
        let found: Vec<&str> = found.as_array().unwrap().iter().map(|id| id.as_str().unwrap()).collect();
        assert_eq!(found.len(), 1_000);
        assert_eq!(found[..4], ["c1004", "c1002", "c1003", "c1000"], "same start: by id");
    })
    .await;
}
