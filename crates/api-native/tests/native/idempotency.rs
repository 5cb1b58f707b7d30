//! Requests that are sent again because their answer was lost.

use crate::world::{Answer, World, contact};
use reqwest::Method;
use serde_json::{Value, json};

on_both_engines!(the_same_key_makes_one, a_refused_request_uses_up_no_key, keys_at_the_same_moment);

async fn create(world: &World, path: &str, key: &str, body: &Value) -> Answer {
    let request = world.request(Method::POST, path).header("idempotency-key", key);
    Answer::of(request.json(body)).await
}

async fn the_same_key_makes_one(world: World) {
    let nameless = json!({ "started_at": "2026-02-28T10:00:00Z" });
    for (path, body, other) in [
        ("/users", json!({ "email": "a@example.com" }), json!({ "email": "b@example.com" })),
        ("/topics", json!({ "name": "A", "phrases": [] }), json!({ "name": "B", "phrases": [] })),
        ("/contacts", nameless, json!({ "started_at": "2026-02-28T11:00:00Z" })),
    ] {
        let first = create(&world, path, "k1", &body).await.is(201);
        let again = create(&world, path, "k1", &body).await.is(200);
        assert_eq!(first.json()["id"], again.json()["id"]);
        assert_eq!(first.header("location"), again.header("location"));
        let problem = create(&world, path, "k1", &other).await.problem(409);
        assert!(problem["detail"].as_str().unwrap().contains("Idempotency-Key"), "{problem}");
        let second = create(&world, path, "k2", &body).await.is(201);
        assert_ne!(first.json()["id"], second.json()["id"], "another key, another record");
        assert_eq!(world.ids(path, 10).await.len(), 2);
    }
    // What became of the record since does not matter to the one who asks again.
    let user = json!({ "id": "u", "email": "a@example.com" });
    create(&world, "/users", "k3", &user).await.is(201);
    world.put("/users/u", &json!({ "email": "new@example.com" })).await.is(200);
    create(&world, "/users", "k3", &user).await.is(200);
    assert_eq!(world.get("/users/u").await.json()["email"], "new@example.com");
    world.delete("/users/u").await.is(204);
    create(&world, "/users", "k3", &user).await.is(200);
    world.get("/users/u").await.problem(404);

    create(&world, "/users", "", &user).await.problem(422);
    create(&world, "/users", &"k".repeat(201), &user).await.problem(422);
    let request = world.request(Method::POST, "/users").header("idempotency-key", "k9");
    let lines = request.header("content-type", "application/x-ndjson").body("{}\n");
    assert_eq!(Answer::of(lines).await.problem(400)["field"], "Idempotency-Key");
}

async fn a_refused_request_uses_up_no_key(world: World) {
    create(&world, "/users", "k", &json!({ "email": " " })).await.problem(422);
    create(&world, "/users", "k", &json!({ "email": "good@example.com" })).await.is(201);
    let mut late = contact("c");
    late["metadata"] = json!({ "x": {} });
    create(&world, "/contacts", "k", &late).await.problem(422);
    create(&world, "/contacts", "k", &contact("c")).await.is(201);
}

async fn keys_at_the_same_moment(world: World) {
    let user = json!({ "email": "a@example.com" });
    let nameless = json!({ "started_at": "2026-02-28T10:00:00Z" });
    for (path, body) in [("/users", user), ("/contacts", nameless)] {
        let answers = futures::future::join_all((0..8).map(|_| create(&world, path, "one", &body))).await;
        let made = answers.iter().filter(|it| it.status == 201).count();
        let found = answers.iter().filter(|it| it.status == 200).count();
        assert_eq!((made, found), (1, 7));
        assert_eq!(world.ids(path, 10).await.len(), 1);
    }
}
