//! Operators make tenants; tenants make credentials.

use crate::world::{Answer, World};
use reqwest::Method;
use serde_json::{Value, json};
use touchline_model::Ability;

on_both_engines!(an_operator_makes_a_tenant_and_its_first_credential, secrets_are_shown_once);

async fn an_operator_makes_a_tenant_and_its_first_credential(world: World) {
    // The tenant of operators exists or is made by whoever sets the server up.
    let _ = world
        .app
        .store()
        .create_tenant(&touchline_model::Tenant {
            id: touchline_app::tenants::SERVER.into(),
            name: "operators".into(),
            created_at: crate::world::time(crate::world::START),
        })
        .await
        .unwrap();
    let operator = world.token_of(touchline_app::tenants::SERVER, [Ability::Operate]).await;
    let ask = async |method: Method, path: &str, body: Value| {
        Answer::of(world.request_as(&operator, method, path).json(&body)).await
    };
    let made =
        ask(Method::POST, "/tenants", json!({ "id": "globex", "name": "Globex" })).await.is(201).json();
    assert_eq!(made, json!({ "id": "globex", "name": "Globex", "created_at": "2026-03-01T09:30:00Z" }));
    ask(Method::POST, "/tenants", json!({ "id": "globex", "name": "Again" })).await.problem(409);
    let bad = ask(Method::POST, "/tenants", json!({ "id": "_server", "name": "x" })).await.problem(422);
    assert_eq!(bad["field"], "id");
    let page = Answer::of(world.request_as(&operator, Method::GET, "/tenants?limit=1")).await.is(200).json();
    assert_eq!(page["items"].as_array().unwrap().len(), 1);
    assert!(page["next_cursor"].is_string());

    let new = json!({ "dialect": "native", "name": "first" });
    let made = ask(Method::POST, "/tenants/globex/credentials", new.clone()).await.is(201).json();
    let token = made["secret"].as_str().unwrap();
    let me = Answer::of(world.request_as(token, Method::GET, "/me")).await.is(200).json();
    assert_eq!(me["tenant"], "globex");
    assert_eq!(me["abilities"].as_array().unwrap().len(), Ability::ALL.len() - 1, "all but operate");
    for nobody in ["nobody", "_server"] {
        let path = format!("/tenants/{nobody}/credentials");
        assert_eq!(ask(Method::POST, &path, new.clone()).await.problem(422)["field"], "tenant");
    }
    let greedy = json!({ "dialect": "native", "name": "x", "abilities": ["operate"] });
    ask(Method::POST, "/tenants/globex/credentials", greedy).await.problem(403);
    // A tenant's own credential makes no tenants.
    world.post("/tenants", &json!({ "id": "mine", "name": "x" })).await.problem(403);
    world.get("/tenants").await.problem(403);
}

async fn secrets_are_shown_once(world: World) {
    let new = json!({ "dialect": "c360", "name": "ci", "login": "user-1", "can_delete": true });
    let made = world.post("/credentials", &new).await.is(201).json();
    assert_eq!(made["login"], "user-1");
    let secret = made["secret"].as_str().unwrap();
    let list = world.get("/credentials").await.is(200);
    assert!(!list.text().contains(secret));
    assert_eq!(list.json()["items"].as_array().unwrap().len(), 2);
    world.post("/credentials", &new).await.problem(409);
    let problem = world.post("/credentials", &json!({ "dialect": "smoke", "name": "x" })).await.problem(422);
    assert_eq!(problem["field"], "dialect");
    // Nobody hands out more than they have.
    let little = world.token_of("acme", [Ability::ManageCredentials]).await;
    let request = world.request_as(&little, Method::POST, "/credentials");
    Answer::of(request.json(&json!({ "dialect": "native", "name": "x" }))).await.problem(403);
    world.delete(&format!("/credentials/{}", made["id"].as_str().unwrap())).await.is(204);
    let list = world.get("/credentials").await.json();
    let revoked = list["items"].as_array().unwrap().iter().find(|it| it["login"] == "user-1").unwrap();
    assert_eq!(revoked["revoked_at"], "2026-03-01T09:30:00Z");
    world.delete("/credentials/none").await.problem(404);
}
