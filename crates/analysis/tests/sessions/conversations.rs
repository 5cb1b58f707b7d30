//! How conversations stand.

use super::world::*;
use touchline_analysis::sessions::{ConversationFacts, conversations};
use touchline_model::events::ContactChannel::*;
use touchline_model::events::*;

fn only(log: &Log, horizon: &str) -> ConversationFacts {
    let mut found = conversations(&log.events, t(horizon));
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

fn assignee(inbox: &str, agent: Option<&str>) -> Assignee {
    Assignee { inbox_id: inbox.into(), agent_id: agent.map(Into::into) }
}

// covers(gladly): R-23, S7.1
#[test]
fn a_conversation_exists_from_its_first_contact_even_if_nobody_says_so() {
    let mut log = Log::default();
    log.starts("09:00", "A", Chat).starts("09:30", "B", Email);
    let v = only(&log, "10:00");
    assert_eq!((v.created_at, v.status, v.closed_at), (t("09:00"), ConversationStatus::Open, None));
    assert_eq!(v.assignee, Some(assignee("sales", None)));
    log.conversation("08:59", "ana", "v", ConversationChange::Created { assignee: None });
    assert_eq!(only(&log, "10:00").created_at, t("08:59"));
    log.conversation = "heard-of".into();
    log.closed("09:40");
    assert_eq!(conversations(&log.events, t("10:00")).len(), 1);
}

// covers(gladly): R-33
#[test]
fn a_reopened_conversation_is_open_and_not_closed_at_any_time() {
    let mut log = Log::default();
    log.starts("09:00", "A", Chat).closed("09:10").closed("09:11");
    let closed = only(&log, "10:00");
    assert_eq!((closed.status, closed.closed_at), (ConversationStatus::Closed, Some(t("09:10"))));
    log.conversation("09:20", "ana", "v", ConversationChange::Reopened { assignee: None });
    let open = only(&log, "10:00");
    assert_eq!((open.status, open.closed_at), (ConversationStatus::Open, None));
    let change = |status| ConversationChange::StatusUpdated { status, assignee: None };
    log.conversation("09:30", "ana", "v", change(ConversationStatus::Closed));
    assert_eq!(only(&log, "10:00").closed_at, Some(t("09:30")));
    log.conversation("09:40", "ana", "v", change(ConversationStatus::Waiting));
    let waiting = only(&log, "10:00");
    assert_eq!((waiting.status, waiting.closed_at), (ConversationStatus::Waiting, None));
    assert_eq!(only(&log, "09:15"), closed, "as of then");
}

// covers(gladly): R-17, S9.10
#[test]
fn a_conversation_is_whose_its_contacts_are_until_it_is_given_to_somebody_itself() {
    let mut log = Log::default();
    log.starts("09:00", "A", Chat).accepted("09:01", "A", "ana");
    assert_eq!(only(&log, "10:00").assignee, Some(assignee("sales", Some("ana"))));
    log.transferred("09:02", "A", "ana", "billing", None);
    assert_eq!(only(&log, "10:00").assignee, Some(assignee("billing", None)));
    let change = ConversationChange::AssigneeUpdated { assignee: assignee("returns", Some("bob")) };
    log.conversation("09:03", "ana", "v", change);
    assert_eq!(only(&log, "10:00").assignee, Some(assignee("returns", Some("bob"))));
}

// covers(gladly)
#[test]
fn topics_fields_and_mergers_are_remembered() {
    let mut log = Log::default();
    log.starts("09:00", "A", Chat);
    let attribute = |value: &str| CustomAttribute { id: "size".into(), value: value.into() };
    for topic in ["old", "new"] {
        log.conversation(
            "09:01",
            "ana",
            "v",
            ConversationChange::TopicsUpdated { topic_ids: vec![topic.into()] },
        );
    }
    let custom_attributes = vec![attribute("S"), attribute("L")];
    log.conversation("09:02", "ana", "v", ConversationChange::AttributesUpdated { custom_attributes });
    log.merged("09:03", "kim", "lee").merged("09:04", "lee", "max").merged("09:05", "max", "kim");
    log.conversation("09:06", "ana", "v", ConversationChange::Merged { into_conversation_id: "w".into() });
    let v = only(&log, "09:04");
    assert_eq!((v.topic_ids, v.customer_id.as_str()), (vec!["new".to_owned()], "max"));
    assert_eq!(v.custom_attributes, [attribute("S"), attribute("L")]);
    assert_eq!(v.merged_into, None);
    assert_eq!(only(&log, "10:00").merged_into, Some("w".into()));
}

// covers(gladly): R-15
#[test]
fn a_parked_contact_moves_no_conversation() {
    let mut log = Log::default();
    log.starts("09:00", "A", Chat).accepted("09:01", "A", "ana");
    let start = log.events.remove(0);
    assert_eq!(conversations(&log.events, t("10:00")), []);
    log.conversation("08:00", "ana", "v", ConversationChange::Created { assignee: None });
    assert_eq!(only(&log, "10:00").assignee, None);
    log.events.push(start);
    assert_eq!(only(&log, "10:00").assignee, Some(assignee("sales", Some("ana"))));
}
