//! Customers and conversations that turn out to be one.

use super::world::*;
use touchline_model::events::ContactChannel::*;
use touchline_model::events::ConversationChange;

// covers(gladly): S4, R-23
#[test]
fn a_merger_rewrites_no_row_and_work_goes_on_under_the_new_name() {
    let mut log = Log::default();
    log.starts("09:00", "A", Chat).looks("ana", "09:00", "09:05").merged("09:10", "kim", "lee");
    log.customer = "lee".into();
    log.looks("ana", "09:12", "09:15").ends("09:20", "A");
    let a = log.seen("A", "10:00");
    assert_eq!((a.customer_id.as_str(), a.conversation_id.as_str()), ("kim", "v"));
    assert_eq!(rows(&a), "ana 480/0/0");
}

// covers(gladly)
#[test]
fn before_the_merger_two_customers_are_two() {
    let mut log = Log::default();
    log.starts("09:00", "A", Chat);
    log.customer = "lee".into();
    log.conversation = "w".into();
    log.starts("09:00", "B", PhoneCall).looks("ana", "09:00", "09:20");
    log.merged("09:10", "kim", "lee").ends("09:20", "A").ends("09:30", "B");
    assert_eq!(rows(&log.seen("B", "10:00")), "ana 1200/0/0", "a look at lee is one at lee");
    assert_eq!(
        rows(&log.seen("A", "10:00")),
        "- 0/0/0",
        "and from ten past nine on the call outranks the chat"
    );
    log.customer = "kim".into();
    log.looks("bob", "09:05", "09:15");
    assert_eq!(rows(&log.seen("A", "10:00")), "bob 300/0/0");
    assert_eq!(rows(&log.seen("B", "10:00")), "ana 1200/0/0, bob 300/0/0", "kim is lee by then");
}

// covers(gladly)
#[test]
fn the_next_contact_may_come_under_the_new_name_and_the_conversation_be_closed_under_its_new_one() {
    let story = |then: &dyn Fn(&mut Log)| {
        let mut log = Log::default();
        log.starts("09:00", "A", Chat).looks("ana", "09:00", "09:30").ends("09:10", "A");
        log.customer = "lee".into();
        log.conversation = "w".into();
        log.starts("09:12", "before", Email).ends("09:13", "before").closed("09:14");
        log.merged("09:15", "kim", "lee");
        let into_conversation_id = "w".into();
        log.conversation("09:15", "ana", "v", ConversationChange::Merged { into_conversation_id });
        then(&mut log);
        rows(&log.seen("A", "10:00"))
    };
    assert_eq!(story(&|_| {}), "ana 600/1200/0", "what lee did before the merger was somebody else's");
    assert_eq!(
        story(&|log| {
            log.starts("09:20", "next", Email);
        }),
        "ana 600/600/0"
    );
    assert_eq!(
        story(&|log| {
            log.closed("09:18");
        }),
        "ana 600/480/0"
    );
}

// covers(gladly)
#[test]
fn contacts_of_merged_customers_stack_only_while_they_are_one() {
    let story = |merged: &str| {
        let mut log = Log::default();
        log.reaches_out("09:00", "mail", Email, "ana").looks("ana", "09:00", "09:05").ends("09:10", "mail");
        log.customer = "lee".into();
        log.reaches_out("09:00", "text", Sms, "ana").ends("09:20", "text").merged(merged, "kim", "lee");
        rows(&log.seen("mail", "10:00"))
    };
    assert_eq!(story("09:09"), "- 0/0/0");
    assert_eq!(story("09:10"), "ana 300/0/0", "over when they became one");
    assert_eq!(story("09:15"), "ana 300/0/0");
}
