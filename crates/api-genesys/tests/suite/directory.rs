//! What a supervisor needs to find somebody (contract §3.4), and how lists are asked for (§1.5).

use crate::world::{OWN, World, device_of};
use serde_json::{Value, json};

// covers(genesys): S3.4, S5.6, OC-06, OC-25, S1.5
#[tokio::test]
async fn people_are_found_by_agents_and_supervisors() {
    let world = World::new().await;
    let (mut s, mut a) = (world.at_work("S").await, world.logged_in("A").await);
    let me = a.found("/me", "user").await;
    assert_eq!(me["roles"], json!(["ROLE_AGENT"]));
    let id = me["id"].as_str().unwrap();
    assert!(id.len() == 32 && id.bytes().all(|it| matches!(it, b'0'..=b'9' | b'a'..=b'f')));
    assert_eq!(
        me,
        json!({ "id": id, "userName": "a@acme.example", "password": "", "firstName": "A", "lastName": "Test",
            "emailAddress": "a@acme.example", "roles": ["ROLE_AGENT"], "enabled": true, "changePasswordOnFirstLogin": false,
            "contactCenterId": "acme", "uri": format!("{OWN}/users/{id}"), "path": format!("/users/{id}") })
    );
    assert_eq!(a.found("/users", "uris").await.as_array().unwrap().len(), 4);
    assert_eq!(a.found(&format!("/users/{id}"), "user").await, me);
    let one = s.found("/users?fields=userName,nonsense&userName=b@acme.example", "users").await;
    assert_eq!(one.as_array().unwrap().len(), 1);
    assert_eq!(one[0].as_object().unwrap().keys().collect::<Vec<_>>(), ["id", "userName"]);
    let supervisors = s.found("/users?fields=*&roles=ROLE_SUPERVISOR", "users").await;
    assert_eq!(supervisors.as_array().unwrap().len(), 2);
    // With their telephones, by which they can be watched.
    let found = s.found("/users?subresources=*&userName=b@acme.example", "users").await;
    assert_eq!((&found[0]["devices"][0]["id"], &found[0]["skills"]), (&json!(device_of("B")), &json!([])));
    // An agent sees the people, not their telephones.
    let found = a.found("/users?subresources=devices&userName=b@acme.example", "users").await;
    assert_eq!(found[0]["devices"], json!([]));
    assert_eq!(s.get("/users?shoe=44").await.1["statusCode"], 2);
    assert_eq!(s.get("/users/0123").await.1["statusCode"], 6);
    let contacts = a.found("/contacts?phoneNumber=5002", "contacts").await;
    assert_eq!(contacts.as_array().unwrap().len(), 1);
    assert_eq!(contacts[0]["userName"], "b@acme.example");
    assert_eq!(contacts[0].as_object().unwrap().len(), 5);
}

// covers(genesys): S3.2, OC-19, OC-20, R-11, S1.1
#[tokio::test]
async fn telephones_are_listed_by_address_or_whole() {
    let world = World::new().await;
    let mut s = world.at_work("S").await;
    let own = format!("{OWN}/devices/{}", device_of("S"));
    assert_eq!(s.found("/me/devices", "uris").await, json!([own]));
    assert_eq!(
        s.found("/me/devices/?fields=phoneNumber", "devices").await,
        json!([{ "id": device_of("S"), "phoneNumber": "5005" }])
    );
    let all = s.found("/devices?fields=*", "devices").await;
    let numbers: Vec<&Value> = all.as_array().unwrap().iter().map(|it| &it["phoneNumber"]).collect();
    assert_eq!(numbers.len(), 4, "nobody's telephone is nobody's business: {numbers:?}");
    let b = s.found("/devices?fields=id&phoneNumber=5002", "devices").await;
    assert_eq!(b, json!([{ "id": device_of("B") }]));
    assert_eq!(s.found(&format!("/devices/{}", device_of("B")), "device").await["phoneNumber"], "5002");
    assert_eq!(s.get(&format!("/me/devices/{}", device_of("B"))).await.1["statusCode"], 6);
    let user = s.found("/users?fields=id&userName=b@acme.example", "users").await[0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(s.found(&format!("/users/{user}/devices?fields=id"), "devices").await, b);
    let environments = s.found("/voice-environments", "uris").await;
    let environment = environments[0].as_str().unwrap().strip_prefix(OWN).unwrap().to_owned();
    let whole = s.found(&environment, "voiceEnvironment").await;
    assert_eq!((&whole["path"], whole["name"].is_string()), (&json!(environment), true));
    assert_eq!(s.get("/voice-environments/7").await.1["statusCode"], 6);
}

// covers(genesys): OC-26, R-11
#[tokio::test]
async fn groups_name_their_people_and_who_leads_them() {
    let world = World::new().await;
    let group = json!({ "id": "g", "name": "North", "manager_id": "s" });
    world
        .app
        .put_one::<touchline_model::Group>(&world.system, serde_json::from_value(group).unwrap())
        .await
        .unwrap();
    let a = json!({ "id": "a", "email": "a@acme.example", "team_id": "g" });
    world
        .app
        .put_one::<touchline_model::User>(&world.system, serde_json::from_value(a).unwrap())
        .await
        .unwrap();
    let (mut s, mut agent) = (world.logged_in("S").await, world.logged_in("A").await);
    let user = agent.found("/me", "user").await;
    let groups = s.found("/agent-groups?fields=*", "agentGroups").await;
    assert_eq!((&groups[0]["name"], &groups[0]["members"]), (&json!("North"), &json!([user["uri"]])));
    assert_eq!(groups[0]["supervisors"], json!([s.found("/me", "user").await["uri"]]));
    assert_eq!(s.found("/agent-groups/g", "agentGroup").await, groups[0]);
    let people = s.found("/agent-groups/g/users?fields=*", "users").await;
    assert_eq!(people.as_array().unwrap().len(), 1);
    assert_eq!(people[0]["id"], user["id"]);
    assert_eq!(s.get("/agent-groups/h").await.1["statusCode"], 6);
}
