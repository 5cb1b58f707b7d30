//! Tenants do not see each other, and nobody does what they may not.

use crate::world::{Answer, World, contact, words};
use reqwest::Method;
use serde_json::json;
use touchline_http::Policy;
use touchline_model::Ability;

on_both_engines!(the_same_ids_in_two_tenants, every_operation_is_closed_to_strangers_and_the_wrong,);

async fn the_same_ids_in_two_tenants(world: World) {
    let other = world.add_tenant("other").await;
    let tokens = [("acme", world.token.clone()), ("other", other)];
    let ask = async |token: &str, method: Method, path: &str| {
        Answer::of(world.request_as(token, method, path)).await
    };
    for (name, token) in &tokens {
        let put = async |path: &str, body: serde_json::Value| {
            Answer::of(world.request_as(token, Method::PUT, path).json(&body)).await.is(201)
        };
        put("/users/u1", json!({ "email": format!("{name}@example.com") })).await;
        put("/topics/1", json!({ "name": name, "phrases": [] })).await;
        let mut call = contact("c1");
        call["metadata"] = json!({ "whose": name });
        call["transcript"] = json!({ "words": words(0, 0, name) });
        put("/contacts/c1", call).await;
        let audio = world.request_as(token, Method::POST, "/contacts/c1/audio");
        Answer::of(audio.header("content-type", "audio/wav").body(crate::world::wav(0.5))).await.is(201);
    }
    world.work().await;
    for (name, token) in &tokens {
        let get = async |path: &str| ask(token, Method::GET, path).await.is(200).json();
        assert_eq!(get("/me").await["tenant"], *name);
        assert_eq!(get("/users/u1").await["email"], format!("{name}@example.com"));
        assert_eq!(get("/users").await["items"].as_array().unwrap().len(), 1);
        assert_eq!(get("/topics/1").await["name"], *name);
        assert_eq!(get("/contacts/c1").await["metadata"]["whose"], *name);
        assert_eq!(get("/contacts/c1/transcript").await["words"][0]["text"], *name);
        let changes = get("/changes").await;
        let contacts =
            changes["items"].as_array().unwrap().iter().filter(|it| it["kind"] == "contact").count();
        assert!(contacts >= 1);
        assert!(get("/audit").await["items"].as_array().unwrap().iter().all(|it| it["actor"] != "nobody"));
    }
    // The same bytes, in both: erased in one, they stay in the other.
    let ids = [&tokens[0].1, &tokens[1].1];
    ask(ids[0], Method::DELETE, "/contacts/c1").await.is(204);
    ask(ids[0], Method::GET, "/contacts/c1/audio").await.problem(404);
    assert_eq!(
        ask(ids[1], Method::GET, "/contacts/c1/audio").await.is(200).bytes.len(),
        crate::world::wav(0.5).len()
    );
    // A credential, a job and a key of another tenant do not exist.
    let credentials = ask(ids[1], Method::GET, "/credentials").await.json();
    let id = credentials["items"][0]["id"].as_str().unwrap().to_owned();
    ask(ids[0], Method::DELETE, &format!("/credentials/{id}")).await.problem(404);
    ask(ids[1], Method::GET, "/me").await.is(200);
    for (name, token) in &tokens {
        let request = world.request_as(token, Method::POST, "/users").header("idempotency-key", "same");
        Answer::of(request.json(&json!({ "email": format!("{name}2@example.com") }))).await.is(201);
    }
}

async fn every_operation_is_closed_to_strangers_and_the_wrong(world: World) {
    let routes = touchline_api_native::routes(world.app.clone());
    assert!(routes.operations().len() > 70, "{}", routes.operations().len());
    let client = reqwest::Client::new();
    for operation in routes.operations() {
        let path = operation.path.replace("{id}", "1");
        let ask = |token: Option<&str>| {
            let mut request = client.request(operation.method.clone(), world.url(&path));
            if let Some(token) = token {
                request = request.bearer_auth(token);
            }
            Answer::of(request)
        };
        let abilities = match operation.policy {
            Policy::Public => {
                assert_eq!(operation.id, "get_openapi", "nothing else is public");
                ask(None).await.is(200);
                continue;
            }
            Policy::Anyone => &[][..],
            Policy::Needs(abilities) => abilities,
        };
        assert!(!abilities.is_empty() || operation.id == "get_me", "{} needs nothing", operation.id);
        let refused = ask(None).await;
        refused.problem(401);
        assert_eq!(refused.header("www-authenticate"), "Bearer realm=\"touchline\"");
        for wrong in ["x", "tl_x_y", "tl__", &world.token.replace("tl_", "tx_"), &format!("{}x", world.token)]
        {
            ask(Some(wrong)).await.problem(401);
        }
        for ability in abilities {
            let rest = Ability::ALL.into_iter().filter(|it| it != ability && *it != Ability::Operate);
            let problem = ask(Some(&world.token_of("acme", rest).await)).await.problem(403);
            assert!(problem["detail"].as_str().unwrap().contains(ability.name()), "{problem}");
        }
    }
}
