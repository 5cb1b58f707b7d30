//! Conversations and the directory.

use crate::{
    thread::{Thread, event},
    world::both,
};
use serde_json::json;

// covers(gladly): OP-5, OP-6, OP-7, S7.2
#[tokio::test]
async fn the_directory_is_plain_arrays_and_single_objects() {
    both(async |world| {
        let ana = json!({ "id": "ana", "name": "Ana Ruiz", "emailAddress": "ana@acme.example" });
        let bob = json!({ "id": "bob", "name": "Bob Stone", "emailAddress": "bob@acme.example" });
        let eve = json!({ "id": "eve", "name": "Eve Lang", "emailAddress": "eve@acme.example" });
        assert_eq!(world.json("/agents").await, json!([ana, bob, eve]));
        assert_eq!(world.json("/agents/eve").await, eve);
        let billing = json!({ "id": "i-bill", "name": "Billing, EU", "disabled": false });
        let new = json!({ "id": "i-new", "name": "New", "disabled": false });
        let old = json!({ "id": "i-old", "name": "Old", "disabled": true });
        assert_eq!(world.json("/inboxes").await, json!([billing, new, old]));
        assert_eq!(world.json("/inboxes/i-old").await, old);
        let team =
            json!({ "id": "t-phone", "name": "Phones, \"north\"", "description": "", "agentIds": ["ana"] });
        assert_eq!(world.json("/teams").await, json!([team]), "departments are no teams");
        assert_eq!(world.json("/teams/t-phone").await, team);
        for (path, what) in [("/agents/x", "agent"), ("/inboxes/x", "inbox"), ("/teams/d1", "team")] {
            let answer = world.get(path).await;
            let expected =
                json!({ "errors": [{ "code": "not_exist", "detail": format!("{what} does not exist") }] });
            assert_eq!((answer.status.as_u16(), answer.json()), (404, expected));
        }
    })
    .await;
}

// covers(gladly): OP-3, S7.1, R-17, R-23, R-33, S9.10, X-25
#[tokio::test]
async fn a_conversation_shows_where_it_is_now() {
    both(async |world| {
        let contact = Thread::new("c1", "CHAT", "cu1", "i-new").starts("2026-03-02T10:00:00.25Z").accepted(
            "ana",
            "2026-03-02T10:00:10Z",
            "2026-03-02T10:01:00Z",
        );
        let about = |extra: serde_json::Value| {
            let mut content = json!({ "conversationId": "v-cu1", "customerId": "cu1" });
            for (name, value) in extra.as_object().unwrap() {
                content[name] = value.clone();
            }
            content
        };
        world.send(contact.events).await;
        let assignee = json!({ "assignee": { "inboxId": "i-bill", "agentId": "bob" } });
        let attributes = json!({ "customAttributes": [{ "id": "tier", "value": "gold" }, { "id": "tier", "value": 2 }] });
        let nobody = "system:";
        world
            .send(vec![
                event("e1", "CONVERSATION_ASSIGNEE/UPDATED", "2026-03-02T10:02:00Z", nobody, about(assignee)),
                event("e2", "CONVERSATION_TOPICS/UPDATED", "2026-03-02T10:03:00Z", nobody, about(json!({ "topicIds": ["t1", "t2"] }))),
                event("e3", "CONVERSATION_ATTRIBUTES/UPDATED", "2026-03-02T10:03:00Z", nobody, about(attributes)),
                event("e4", "CONVERSATION_STATUS/UPDATED", "2026-03-02T10:04:00Z", nobody, about(json!({ "status": "WAITING" }))),
            ])
            .await;
        let mut expected = json!({ "id": "v-cu1", "customerId": "cu1", "createdAt": "2026-03-02T10:00:00.250Z",
            "agentId": "bob", "inboxId": "i-bill", "status": "WAITING", "topicIds": ["t1", "t2"],
            "customAttributes": [{ "id": "tier", "value": "gold" }, { "id": "tier", "value": 2 }] });
        assert_eq!(world.json("/conversations/v-cu1").await, expected);
        world.send(vec![event("e5", "CONVERSATION/CLOSED", "2026-03-02T10:05:00Z", "agent:bob", about(json!({})))]).await;
        expected["status"] = "CLOSED".into();
        expected["closedAt"] = "2026-03-02T10:05:00.000Z".into();
        assert_eq!(world.json("/conversations/v-cu1").await, expected);
        world.send(vec![event("e6", "CONVERSATION/REOPENED", "2026-03-02T10:06:00Z", nobody, about(json!({})))]).await;
        expected["status"] = "OPEN".into();
        expected.as_object_mut().unwrap().remove("closedAt");
        assert_eq!(world.json("/conversations/v-cu1").await, expected);

        let answer = world.get("/conversations/none").await;
        let none = json!({ "errors": [{ "code": "not_exist", "detail": "conversation does not exist" }] });
        assert_eq!((answer.status.as_u16(), answer.json()), (404, none));
        // Part of another one: gone for good.
        let into = json!({ "intoConversationId": "v-cu9" });
        world.send(Thread::new("c9", "CHAT", "cu9", "i-new").starts("2026-03-02T10:07:00Z").events).await;
        world.send(vec![event("e7", "CONVERSATION/MERGED", "2026-03-02T10:08:00Z", nobody, about(into))]).await;
        assert_eq!(world.get("/conversations/v-cu1").await.status, 404);
        assert_eq!(world.get("/conversations/v-cu9").await.status, 200);
    })
    .await;
}

// covers(gladly): OP-4, R-25, R-26
#[tokio::test]
async fn a_customer_has_conversations_and_a_merged_one_is_elsewhere() {
    both(async |world| {
        let answer = world.get("/customers/cu1/conversations").await;
        let none = json!({ "errors": [{ "code": "not_exist", "detail": "customer does not exist" }] });
        assert_eq!((answer.status.as_u16(), answer.json()), (404, none));

        let conversation = |n: usize| {
            let content = json!({ "conversationId": format!("v{n:03}"), "customerId": "cu 1",
                "assignee": { "inboxId": "i-new" } });
            event(
                &format!("e{n}"),
                "CONVERSATION/CREATED",
                &format!("2026-03-02T10:00:{:02}.{:03}Z", n / 60, n % 60),
                "system:",
                content,
            )
        };
        world.send((1..=100).rev().map(conversation).collect()).await;
        let answer = world.get("/customers/cu%201/conversations").await;
        assert_eq!(answer.header("gladly-limited-data"), "false");
        let ids: Vec<String> = answer
            .json()
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it["id"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!((ids.len(), ids[0].as_str(), ids[99].as_str()), (100, "v001", "v100"), "the oldest first");
        world.send(vec![conversation(101)]).await;
        let answer = world.get("/customers/cu%201/conversations").await;
        assert_eq!(answer.header("gladly-limited-data"), "true");
        assert_eq!(answer.json().as_array().unwrap().len(), 100);

        let merged = json!({ "customerId": "cu 1", "intoCustomerId": "cu/2" });
        world.send(vec![event("m", "CUSTOMER/MERGED", "2026-03-02T11:00:00Z", "system:", merged)]).await;
        let answer = world.get("/customers/cu%201/conversations").await;
        assert_eq!(answer.code(), (301, "moved".into()));
        let location = answer.header("location");
        assert_eq!(location, "/api/v1/customers/cu%2F2/conversations");
        let there = world.get(location.strip_prefix("/api/v1").unwrap()).await;
        assert_eq!((there.status.as_u16(), there.header("gladly-limited-data")), (200, "true"));
        assert_eq!(there.json()[0]["customerId"], "cu/2");
    })
    .await;
}
