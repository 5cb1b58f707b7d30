use super::*;
use serde_json::{Value, json};

fn event(kind: &str, content: Value) -> Value {
    json!({"id": "e-1", "type": kind, "timestamp": "2026-03-02T09:00:00.25Z",
           "initiator": {"type": "AGENT", "id": "ana"}, "content": content})
}

/// The fields that every event of a contact has, and some more.
fn contact(more: Value) -> Value {
    let mut content = json!({"contactId": "c-1", "channel": "PHONE_CALL", "conversationId": "v-1",
        "customerId": "k-1", "context": {"assignee": {"inboxId": "sales", "agentId": "bob"}}});
    for (name, value) in more.as_object().unwrap() {
        content[name] = value.clone();
    }
    content
}

fn conversation(more: Value) -> Value {
    let mut content = json!({"conversationId": "v-1", "customerId": "k-1"});
    for (name, value) in more.as_object().unwrap() {
        content[name] = value.clone();
    }
    content
}

/// One event of every type, with everything it may carry.
fn one_of_each() -> Vec<(&'static str, Value)> {
    let assignee = json!({"inboxId": "service", "agentId": "cem"});
    let status = json!({"agentId": "ana", "occurredAt": "2026-03-02T08:59:58Z",
        "activeReason": {"id": "r", "name": "Calls"}, "awayReason": {"id": "l", "name": "Lunch"},
        "awayAt": "2026-03-02T08:59:00Z"});
    vec![
        (
            "CONTACT/STARTED",
            contact(json!({"dueAt": "2026-03-02T09:01:00Z", "entryPoint": "+15550100",
                "finalIVRSelection": "2"})),
        ),
        ("CONTACT/OFFERED", contact(json!({"agentId": "ana", "matchReasons": ["LONGEST_IDLE"]}))),
        ("CONTACT/OFFER_ACCEPTED", contact(json!({"agentId": "ana"}))),
        ("CONTACT/OFFER_REJECTED", contact(json!({"agentId": "ana", "reason": "DEVICE ERROR"}))),
        ("CONTACT/JOINED", contact(json!({}))),
        ("CONTACT/MESSAGE_SENT", contact(json!({"messageId": "m-1"}))),
        ("CONTACT/MESSAGE_RECEIVED", contact(json!({"messageId": "m-2"}))),
        ("CONTACT/HOLD_STARTED", contact(json!({"reason": "WARM_TRANSFER"}))),
        ("CONTACT/HOLD_ENDED", contact(json!({"reason": "MANUAL"}))),
        (
            "CONTACT/TRANSFERRED",
            contact(json!({"reason": "MANUAL", "transferType": "WARM", "assignee": assignee})),
        ),
        ("CONTACT/FULFILLED", contact(json!({"fulfilledType": "RESPONDED"}))),
        ("CONTACT/ENDED", contact(json!({"status": "ANSWERED", "reason": "AGENT_ENDED"}))),
        ("CONVERSATION/CREATED", conversation(json!({"assignee": assignee}))),
        ("CONVERSATION/CLOSED", conversation(json!({"assignee": assignee}))),
        ("CONVERSATION/REOPENED", conversation(json!({}))),
        ("CONVERSATION/MERGED", conversation(json!({"intoConversationId": "v-2"}))),
        ("CONVERSATION_ASSIGNEE/UPDATED", conversation(json!({"assignee": assignee}))),
        ("CONVERSATION_STATUS/UPDATED", conversation(json!({"status": "WAITING", "assignee": assignee}))),
        ("CONVERSATION_TOPICS/UPDATED", conversation(json!({"topicIds": ["t-1"]}))),
        (
            "CONVERSATION_ATTRIBUTES/UPDATED",
            conversation(
                json!({"customAttributes": [{"id": "size", "value": 3}, {"id": "size", "value": "L"}]}),
            ),
        ),
        ("CUSTOMER/MERGED", json!({"customerId": "k-1", "intoCustomerId": "k-2"})),
        ("AGENT_STATUS/LOGGED_IN", status.clone()),
        ("AGENT_STATUS/LOGGED_OUT", status.clone()),
        ("AGENT_STATUS/WENT_AWAY", status.clone()),
        ("AGENT_STATUS/RETURNED_FROM_AWAY", status.clone()),
        ("AGENT_STATUS/CHANGED_ACTIVE_REASON", status),
        (
            "AGENT_AVAILABILITY/UPDATED",
            json!({"agentId": "ana", "availableFor": ["MAIL", "VOICE"], "occurredAt": "2026-03-02T08:00:00Z"}),
        ),
        ("TASK/CREATED", json!({"taskId": "t-1"})),
        ("TASK/CLOSED", json!({"taskId": "t-1"})),
        ("TASK/REOPENED", json!({"taskId": "t-1"})),
        ("TASK/COMMENT_ADDED", json!({"taskId": "t-1"})),
        ("TASK/CONTENT_UPDATED", json!({"taskId": "t-1"})),
        ("TASK/DUE_DATE_UPDATED", json!({"taskId": "t-1"})),
        (
            "X_AGENT_VIEW",
            json!({"agentId": "ana", "customerId": "k-1", "conversationId": "v-1",
                "startAt": "2026-03-02T08:58:00Z", "endAt": "2026-03-02T09:00:00Z"}),
        ),
    ]
}

fn read(value: &Value) -> Event {
    serde_json::from_value(value.clone()).unwrap_or_else(|e| panic!("{e}: {value}"))
}

/// Path and reason of a refusal.
fn refused(value: Value) -> (String, String) {
    let wire: EventWire = serde_json::from_value(value).expect("the envelope is fine");
    let invalid = Event::try_from(wire).unwrap_err();
    (invalid.field, invalid.reason)
}

// covers(gladly): S8, R-23
#[test]
fn every_type_of_event_is_read_and_written_as_it_came() {
    let all = one_of_each();
    assert_eq!(all.len(), EventKind::ALL.len());
    for ((name, content), kind) in all.into_iter().zip(EventKind::ALL) {
        let given = event(name, content);
        let read = read(&given);
        assert_eq!((read.kind().name(), read.kind()), (name, *kind));
        assert_eq!(serde_json::to_value(&read).unwrap(), given);
    }
}

// covers(gladly): S8
#[test]
fn each_field_that_a_type_needs_is_missed_by_its_path() {
    let optional =
        ["dueAt", "entryPoint", "finalIVRSelection", "matchReasons", "activeReason", "awayReason", "awayAt"];
    for (name, content) in one_of_each() {
        for field in content.as_object().unwrap().keys() {
            let mut without = content.clone();
            without.as_object_mut().unwrap().remove(field);
            let may_miss = optional.contains(&field.as_str())
                || (name == "CONTACT/ENDED" && field == "reason")
                || (name.starts_with("CONVERSATION/") && field == "assignee")
                || (name == "CONVERSATION_STATUS/UPDATED" && field == "assignee")
                || (name == "AGENT_AVAILABILITY/UPDATED" && field == "occurredAt")
                || (field == "customerId"
                    && [
                        "CONVERSATION/MERGED",
                        "CONVERSATION_TOPICS/UPDATED",
                        "CONVERSATION_ATTRIBUTES/UPDATED",
                    ]
                    .contains(&name));
            if may_miss {
                read(&event(name, without));
            } else {
                let (path, reason) = refused(event(name, without));
                assert_eq!(path, format!("content.{field}"), "{name}");
                assert_eq!(reason, format!("is missing, {name} needs it"));
            }
        }
    }
}

#[test]
fn what_does_not_belong_to_a_type_is_refused_by_its_path() {
    let stray = contact(json!({"agentId": "ana"}));
    assert_eq!(
        refused(event("CONTACT/JOINED", stray)),
        ("content.agentId".into(), "does not belong to CONTACT/JOINED".into())
    );
    let unknown = event("CONTACT/JOINED", contact(json!({"colour": "red"})));
    let error = serde_json::from_value::<Event>(unknown).unwrap_err().to_string();
    assert!(error.starts_with("unknown field `colour`"), "{error}");
}

#[test]
fn a_refusal_lists_what_would_have_been_right() {
    let error = serde_json::from_value::<Event>(event("CONTACT/BEGUN", json!({}))).unwrap_err().to_string();
    assert!(error.contains("unknown variant `CONTACT/BEGUN`, expected one of `CONTACT/STARTED`"), "{error}");
    let (path, reason) = refused(event("CONTACT/ENDED", contact(json!({"status": "DONE"}))));
    assert_eq!(path, "content.status");
    assert!(reason.contains("`DONE`") && reason.contains("`ABANDONED`"), "{reason}");
    let error = serde_json::from_value::<Event>(event("TASK/CLOSED", json!({}))).unwrap_err().to_string();
    assert_eq!(error, "`content.taskId`: is missing, TASK/CLOSED needs it");
}

#[test]
fn ids_must_be_there_and_a_view_cannot_end_before_it_starts() {
    assert_eq!(refused(event("TASK/CLOSED", json!({"taskId": ""}))).0, "content.taskId");
    let nowhere = json!({"assignee": {"inboxId": ""}});
    assert_eq!(
        refused(event("CONTACT/JOINED", contact(json!({"context": nowhere})))).0,
        "content.context.assignee.inboxId"
    );
    let mut nobody = event("TASK/CLOSED", json!({"taskId": "t"}));
    nobody["initiator"] = json!({"type": "AGENT"});
    assert_eq!(refused(nobody.clone()).0, "initiator.id");
    nobody["initiator"] = json!({"type": "SYSTEM"});
    assert_eq!(read(&nobody).initiator, Initiator::Other(OtherInitiator::System, String::new()));
    let backwards = json!({"agentId": "ana", "customerId": "k", "conversationId": "v",
        "startAt": "2026-03-02T09:00:00Z", "endAt": "2026-03-02T08:00:00Z"});
    assert_eq!(refused(event("X_AGENT_VIEW", backwards)).0, "content.endAt");
}

// covers(gladly): R-18
#[test]
fn agent_status_happened_when_it_occurred_and_everything_else_when_it_was_recorded() {
    let happened = |kind: &str| {
        let (name, content) = one_of_each().into_iter().find(|(name, _)| *name == kind).unwrap();
        read(&event(name, content)).happened_at().to_string()
    };
    assert_eq!(happened("AGENT_STATUS/LOGGED_IN"), "2026-03-02T08:59:58Z");
    assert_eq!(happened("AGENT_AVAILABILITY/UPDATED"), "2026-03-02T08:00:00Z");
    assert_eq!(happened("CONTACT/STARTED"), "2026-03-02T09:00:00.25Z");
    assert_eq!(happened("TASK/CLOSED"), "2026-03-02T09:00:00.25Z");
}

// covers(gladly): S6, R-22
#[test]
fn an_event_counts_for_the_agent_it_names_or_who_had_the_contact_or_who_did_it() {
    let whose = |kind: &str| {
        let (name, content) = one_of_each().into_iter().find(|(name, _)| *name == kind).unwrap();
        let mut event = event(name, content);
        event["initiator"]["id"] = json!("doris");
        read(&event).agent_id().unwrap().to_string()
    };
    for named in ["CONTACT/OFFERED", "CONTACT/OFFER_REJECTED", "AGENT_STATUS/WENT_AWAY", "X_AGENT_VIEW"] {
        assert_eq!(whose(named), "ana", "{named}");
    }
    for assigned in ["CONTACT/ENDED", "CONTACT/HOLD_STARTED"] {
        assert_eq!(whose(assigned), "bob", "{assigned}");
    }
    for did in
        ["CONTACT/STARTED", "CONTACT/JOINED", "CONTACT/TRANSFERRED", "CONVERSATION/CLOSED", "TASK/CLOSED"]
    {
        assert_eq!(whose(did), "doris", "{did}");
    }
}

// covers(gladly): R-4
#[test]
fn channels_rank_from_calls_down_to_calls_that_nobody_took() {
    let mut shuffled: Vec<ContactChannel> = ContactChannel::ALL.iter().rev().copied().collect();
    shuffled.sort_by_key(|channel| channel.rank());
    let names: Vec<&str> = shuffled.iter().map(|channel| channel.name()).collect();
    let ranked =
        "PHONE_CALL CHAT FB_MESSENGER INSTAGRAM_DIRECT WHATSAPP SMS TWITTER EMAIL VOICEMAIL ABANDONED_CALL";
    assert_eq!(names.join(" "), ranked);
}
