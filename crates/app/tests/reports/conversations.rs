//! Conversations as they stand now (contract gladly §7.1).

use crate::world::*;
use serde_json::{Value, json};
use touchline_app::reports::CustomerConversations;
use touchline_model::{UserId, events::ConversationStatus};

on_both_engines!(
    a_conversation_follows_its_contacts_and_what_is_said_of_it,
    merged_conversations_are_gone_and_merged_customers_lead_on,
);

fn conversation(what: &str, id: &str, time: &str, more: Value) -> Value {
    let mut content = json!({ "conversationId": id, "customerId": "customer-a" });
    for (key, value) in more.as_object().into_iter().flatten() {
        content[key] = value.clone();
    }
    json!({
        "id": format!("{id}-{what}-{time}"), "type": what, "timestamp": clock(time),
        "initiator": { "type": "SYSTEM" }, "content": content,
    })
}

async fn a_conversation_follows_its_contacts_and_what_is_said_of_it(world: World) {
    let now = async || world.app.conversation(&world.caller, "thread-a").await.unwrap();
    assert_eq!(now().await, None);
    world.tell(&taken("a", "11:00", "11:01", "11:30", "u1")).await;
    let it = now().await.unwrap();
    assert_eq!((it.customer_id.as_str(), it.created_at), ("customer-a", clock("11:00")));
    assert_eq!((it.agent_id, it.status), (Some(UserId::from("u1")), ConversationStatus::Open));
    assert_eq!(it.inbox_id.unwrap().as_str(), "i1");
    world.tell(&[conversation("CONVERSATION/CLOSED", "thread-a", "11:31", json!({}))]).await;
    let it = now().await.unwrap();
    assert_eq!((it.status, it.closed_at), (ConversationStatus::Closed, Some(clock("11:31"))));
    let reopened = conversation("CONVERSATION/REOPENED", "thread-a", "11:40", json!({}));
    let elsewhere = json!({ "assignee": { "inboxId": "i2" } });
    let moved = conversation("CONVERSATION_ASSIGNEE/UPDATED", "thread-a", "11:41", elsewhere);
    let topics =
        conversation("CONVERSATION_TOPICS/UPDATED", "thread-a", "11:42", json!({ "topicIds": ["x", "y"] }));
    world.tell(&[moved, topics, reopened]).await;
    let it = now().await.unwrap();
    assert_eq!((it.status, it.closed_at), (ConversationStatus::Open, None));
    assert_eq!((it.inbox_id.unwrap().as_str(), it.agent_id), ("i2", None));
    assert_eq!(it.topic_ids, ["x", "y"]);
}

async fn merged_conversations_are_gone_and_merged_customers_lead_on(world: World) {
    let of = async |customer: &str| world.app.conversations_of(&world.caller, customer).await.unwrap();
    world
        .tell(&[contact("STARTED", "b", "10:00", json!({})), contact("STARTED", "a", "11:00", json!({}))])
        .await;
    world.tell(&[contact("STARTED", "c", "12:00", json!({ "customerId": "customer-a" }))]).await;
    assert_eq!(of("nobody").await, None);
    let ids = |it: Option<CustomerConversations>| match it {
        Some(CustomerConversations::Here(all)) => {
            all.into_iter().map(|it| it.id.0).collect::<Vec<_>>().join(" ")
        }
        other => format!("{other:?}"),
    };
    assert_eq!(ids(of("customer-a").await), "thread-a thread-c");
    let into = json!({ "intoConversationId": "thread-a" });
    world.tell(&[conversation("CONVERSATION/MERGED", "thread-c", "12:10", into)]).await;
    assert_eq!(ids(of("customer-a").await), "thread-a");
    assert_eq!(world.app.conversation(&world.caller, "thread-c").await.unwrap(), None);
    let merged = json!({
        "id": "m", "type": "CUSTOMER/MERGED", "timestamp": clock("13:00"), "initiator": { "type": "SYSTEM" },
        "content": { "customerId": "customer-b", "intoCustomerId": "customer-a" },
    });
    world.tell(&[merged]).await;
    assert_eq!(of("customer-b").await, Some(CustomerConversations::Moved("customer-a".into())));
    assert_eq!(ids(of("customer-a").await), "thread-b thread-a");
    let it = world.app.conversation(&world.caller, "thread-b").await.unwrap().unwrap();
    assert_eq!(it.customer_id.as_str(), "customer-a");
}
