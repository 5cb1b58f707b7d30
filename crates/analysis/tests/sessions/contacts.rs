//! The facts of a contact: everything that does not depend on who looked at the customer.

use super::world::*;
use touchline_analysis::sessions::session_id;
use touchline_model::Direction;
use touchline_model::events::ContactChannel::*;
use touchline_model::events::*;

// covers(gladly): S4, S5, X-23
#[test]
fn a_call_is_offered_taken_answered_and_ended() {
    let mut log = Log::default();
    log.begins("09:00", "A", PhoneCall, Initiator::Customer("kim".into()), Some("09:01"));
    log.offered("09:00:05", "A", "bob").rejected("09:00:10", "A", "bob", RejectReason::Missed);
    log.offered("09:00:11", "A", "ana").accepted("09:00:20", "A", "ana");
    log.fulfilled("09:00:20.5", "A").ends("09:05", "A");
    let a = log.seen("A", "10:00");
    assert_eq!((a.direction, a.initiator), (Direction::Inbound, InitiatorKind::Customer));
    assert_eq!((a.created_at, a.routed_at), (t("09:00"), Some(t("09:00:05"))));
    assert_eq!(
        a.first_accepted.as_ref().map(|by| (by.agent_id.as_str(), by.at)),
        Some(("ana", t("09:00:20")))
    );
    assert_eq!(a.entry_point.as_deref(), Some("+15550100"));
    assert_eq!(a.final_ivr_selection.as_deref(), Some("2"));
    let seconds = |time: Option<touchline_analysis::sessions::Micros>| time.map(|time| time.to_string());
    assert_eq!(seconds(a.queued_to_accepted()).as_deref(), Some("20"));
    assert_eq!(seconds(a.queued_to_fulfilled()).as_deref(), Some("20.5"));
    assert_eq!(seconds(a.queued_to_ended()).as_deref(), Some("300"));
    assert_eq!(seconds(a.accepted_to_fulfilled()).as_deref(), Some("0.5"));
    assert_eq!(seconds(a.hold_time()).as_deref(), Some("0"));
    assert_eq!(seconds(a.talk_time()).as_deref(), Some("280"));
    assert_eq!((a.within_sla(), a.transfers), (Some(true), 0));
    assert_eq!(a.ended.unwrap().reason, Some(EndReason::AgentEnded));
}

// covers(gladly): X-22
#[test]
fn the_direction_follows_from_who_began_it() {
    let direction = |who: Initiator| {
        let mut log = Log::default();
        log.begins("09:00", "A", Email, who, None);
        log.seen("A", "10:00").direction
    };
    let other = |kind| direction(Initiator::Other(kind, String::new()));
    assert_eq!(direction(Initiator::Customer("kim".into())), Direction::Inbound);
    assert_eq!(other(OtherInitiator::Internal), Direction::Inbound);
    assert_eq!(other(OtherInitiator::External), Direction::Inbound);
    assert_eq!(direction(agent("ana")), Direction::Outbound);
    assert_eq!(other(OtherInitiator::Application), Direction::Outbound);
    assert_eq!(other(OtherInitiator::System), Direction::Outbound);
    assert_eq!(other(OtherInitiator::Automation), Direction::Outbound);
}

// covers(gladly): X-23
#[test]
fn routed_is_the_first_offer_or_without_one_the_first_acceptance_and_never_outbound() {
    let mut log = Log::default();
    log.starts("09:00", "A", Chat).accepted("09:02", "A", "ana");
    log.reaches_out("09:10", "B", Email, "ana").offered("09:11", "B", "bob").accepted("09:12", "B", "bob");
    log.starts("09:20", "C", Chat);
    assert_eq!(log.seen("A", "10:00").routed_at, Some(t("09:02")));
    assert_eq!(log.seen("B", "10:00").routed_at, None);
    assert_eq!(log.seen("C", "10:00").routed_at, None);
}

// covers(gladly): S5, R-16
#[test]
fn outbound_contacts_have_no_entry_point_and_no_waiting_times_and_chats_no_menu_and_no_hold() {
    let mut log = Log::default();
    log.reaches_out("09:00", "out", PhoneCall, "ana").accepted("09:01", "out", "ana");
    log.fulfilled("09:02", "out").ends("09:03", "out");
    let out = log.seen("out", "10:00");
    assert_eq!(out.entry_point, None);
    assert_eq!((out.queued_to_accepted(), out.queued_to_fulfilled()), (None, None));
    assert_eq!((out.queued_to_ended(), out.accepted_to_fulfilled()), (None, None));
    log.starts("09:10", "chat", Chat).accepted("09:11", "chat", "ana");
    log.hold("09:12", "chat", "ana").ends("09:13", "chat");
    let chat = log.seen("chat", "10:00");
    assert_eq!((chat.final_ivr_selection.as_deref(), chat.hold_time(), chat.talk_time()), (None, None, None));
}

// covers(gladly): R-7
#[test]
fn cells_of_an_open_contact_are_filled_as_soon_as_they_are_known() {
    let mut log = Log::default();
    log.begins("09:00", "A", PhoneCall, Initiator::Customer("kim".into()), Some("09:01"));
    log.accepted("09:00:30", "A", "ana").fulfilled("09:02", "A").hold("09:03", "A", "ana").ends("09:10", "A");
    let open = log.seen("A", "09:05");
    assert_eq!(open.queued_to_accepted().unwrap().to_string(), "30");
    assert_eq!(open.queued_to_fulfilled().unwrap().to_string(), "120");
    assert_eq!(open.accepted_to_fulfilled().unwrap().to_string(), "90");
    assert_eq!(open.within_sla(), Some(false));
    assert_eq!((open.queued_to_ended(), open.hold_time(), open.talk_time()), (None, None, None));
    assert_eq!(open.sessions[0].accepted, None, "who took it stands in the row once the contact has ended");
}

// covers(gladly): S9.12, X-24
#[test]
fn the_service_level_is_met_up_to_the_due_instant_and_unknown_until_fulfilled() {
    let met = |fulfilled: Option<&str>, due: Option<&str>| {
        let mut log = Log::default();
        log.begins("09:00", "A", Chat, Initiator::Customer("kim".into()), due);
        if let Some(at) = fulfilled {
            log.fulfilled(at, "A");
        }
        log.ends("09:30", "A").seen("A", "12:00").within_sla()
    };
    assert_eq!(met(Some("09:01:00"), Some("09:01")), Some(true));
    assert_eq!(met(Some("09:01:00.000001"), Some("09:01")), Some(false));
    assert_eq!(met(None, Some("09:01")), None, "past due, and still unknown");
    assert_eq!(met(Some("09:01"), None), None);
}

// covers(gladly): R-14
#[test]
fn of_repeated_fulfilments_ends_and_holds_the_first_counts() {
    let mut log = Log::default();
    log.starts("09:00", "A", PhoneCall).accepted("09:01", "A", "ana");
    log.hold("09:02", "A", "ana")
        .hold("09:03", "A", "ana")
        .unhold("09:04", "A", "ana")
        .unhold("09:05", "A", "ana");
    log.fulfilled("09:06", "A").fulfilled("09:07", "A").ends("09:10", "A").ends("09:20", "A");
    let a = log.seen("A", "10:00");
    assert_eq!(a.hold_time().unwrap().to_string(), "120");
    assert_eq!(a.fulfilled.unwrap().at, t("09:06"));
    assert_eq!(a.ended.unwrap().at, t("09:10"));
    assert_eq!(a.talk_time().unwrap().to_string(), "420");
}

// covers(gladly): R-14
#[test]
fn events_of_the_same_instant_count_in_the_order_of_their_arrival() {
    let mut log = Log::default();
    log.starts("09:00", "A", Chat);
    log.transferred("09:05", "A", "ana", "billing", None).transferred("09:05", "A", "ana", "returns", None);
    assert_eq!(log.seen("A", "10:00").inbox_current.as_str(), "returns");
    log.events.swap(1, 2);
    assert_eq!(log.seen("A", "10:00").inbox_current.as_str(), "billing");
}

// covers(gladly): S5
#[test]
fn a_hold_that_is_open_at_the_end_closes_with_the_contact() {
    let mut log = Log::default();
    log.starts("09:00", "A", PhoneCall)
        .accepted("09:01", "A", "ana")
        .hold("09:02", "A", "ana")
        .ends("09:10", "A");
    let a = log.seen("A", "10:00");
    assert_eq!(a.hold_time().unwrap().to_string(), "480");
    assert_eq!(intervals(&a), ["ana Hold 09:02:00-09:10:00"]);
    assert_eq!(intervals(&log.seen("A", "09:06")), ["ana Hold 09:02:00-09:06:00"], "open: up to the horizon");
}

// covers(gladly): S5, S6
#[test]
fn a_hold_across_a_transfer_counts_for_whoever_had_the_contact() {
    let mut log = Log::default();
    log.starts("09:00", "A", PhoneCall).accepted("09:01", "A", "ana").hold("09:02", "A", "ana");
    log.transferred("09:03", "A", "ana", "billing", None)
        .accepted("09:05", "A", "bob")
        .unhold("09:06", "A", "bob");
    log.ends("09:10", "A");
    let a = log.seen("A", "10:00");
    assert_eq!(a.hold_time().unwrap().to_string(), "240", "two minutes of it while nobody had the contact");
    assert_eq!(intervals(&a), ["ana Hold 09:02:00-09:03:00", "bob Hold 09:05:00-09:06:00"]);
}

// covers(gladly): S4, S5, S9.10
#[test]
fn a_transferred_contact_keeps_its_first_inbox_and_shows_its_last() {
    let mut log = Log::default();
    log.starts("09:00", "A", Chat).accepted("09:01", "A", "ana");
    log.transferred("09:05", "A", "ana", "billing", Some("bob")).accepted("09:06", "A", "bob");
    let open = log.seen("A", "09:05:30");
    assert_eq!(
        (open.inbox_current.as_str(), open.agent_current.as_ref().unwrap().as_str()),
        ("billing", "bob")
    );
    log.transferred("09:08", "A", "bob", "returns", None).ends("09:10", "A");
    log.transferred("09:12", "A", "bob", "lost", None);
    let a = log.seen("A", "10:00");
    assert_eq!((a.inbox_created.as_str(), a.inbox_current.as_str()), ("sales", "returns"));
    assert_eq!((a.agent_current, a.transfers), (None, 3));
    let taken: Vec<_> = a.sessions.iter().map(|session| session.accepted.clone().unwrap()).collect();
    assert_eq!(taken, [(t("09:01"), "sales".into()), (t("09:06"), "billing".into())]);
}

// covers(gladly): R-17
#[test]
fn a_conversation_that_changes_hands_leaves_its_open_contacts_where_they_are() {
    let mut log = Log::default();
    log.starts("09:00", "A", Chat).accepted("09:01", "A", "ana");
    let assignee = Assignee { inbox_id: "billing".into(), agent_id: Some("bob".into()) };
    log.conversation("09:02", "ana", "v", ConversationChange::AssigneeUpdated { assignee });
    let a = log.seen("A", "10:00");
    assert_eq!((a.inbox_current.as_str(), a.agent_current.unwrap().as_str()), ("sales", "ana"));
}

// covers(gladly)
#[test]
fn a_contact_whose_start_has_not_arrived_is_not_reported_and_then_wholly() {
    let mut log = Log::default();
    log.starts("09:00", "A", Chat)
        .accepted("09:01", "A", "ana")
        .looks("ana", "09:01", "09:03")
        .ends("09:05", "A");
    let start = log.events.remove(0);
    assert_eq!(log.facts("10:00"), []);
    log.events.push(start);
    assert_eq!(rows(&log.seen("A", "10:00")), "ana 120/0/0");
}

// covers(gladly): X-12
#[test]
fn the_id_of_a_work_session_is_short_and_always_the_same() {
    let id = session_id(&"A".into(), Some(&"ana".into()));
    assert_eq!(id.len(), 22);
    assert!(id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_'), "{id}");
    assert_eq!(id, session_id(&"A".into(), Some(&"ana".into())));
    assert_ne!(id, session_id(&"A".into(), Some(&"bob".into())));
    assert_ne!(id, session_id(&"A".into(), None));
    // Written down, so that a new version of the server cannot give other ids to old rows.
    assert_eq!(id, "6A4TFAkfWBqUIzH1TfQORA");
}

// covers(gladly): S4.3
#[test]
fn a_contact_that_nobody_handled_has_one_row_without_an_agent() {
    let mut log = Log::default();
    log.starts("09:00", "A", PhoneCall).offered("09:00:10", "A", "ana");
    log.rejected("09:00:20", "A", "ana", RejectReason::Declined);
    log.contact(
        "09:01",
        "A",
        system(),
        ContactChange::Ended { status: ContactStatus::Abandoned, reason: None },
    );
    let a = log.seen("A", "10:00");
    assert_eq!(rows(&a), "- 0/0/0");
    assert_eq!(a.sessions[0].id, Some(session_id(&"A".into(), None)));
    assert_eq!(a.talk_time(), None, "nobody took it");
    assert_eq!(a.ended.unwrap().status, ContactStatus::Abandoned);
}

// covers(gladly)
#[test]
fn whoever_took_joined_wrote_or_began_has_a_row_and_nobody_else() {
    let mut log = Log::default();
    log.starts("09:00", "A", Chat).offered("09:00:10", "A", "offered");
    log.rejected("09:00:20", "A", "offered", RejectReason::Missed);
    log.accepted("09:01", "A", "took").joined("09:02", "A", "joined").sent("09:03", "A", agent("wrote"));
    log.sent("09:03:30", "A", Initiator::Other(OtherInitiator::Automation, "rule".into()));
    log.transferred("09:04", "A", "moved", "billing", None).ends("09:05", "A");
    assert_eq!(rows(&log.seen("A", "10:00")), "joined 0/0/0, took 0/0/0, wrote 0/0/0");
    log.reaches_out("09:10", "B", Sms, "began").ends("09:11", "B");
    assert_eq!(rows(&log.seen("B", "10:00")), "began 0/0/0");
}

// covers(gladly): S9.1, S9.13
#[test]
fn the_questions_of_the_seed_are_answered_by_the_rows_alone() {
    let mut log = Log::default();
    log.starts("09:00", "A", Chat)
        .accepted("09:00:30", "A", "ana")
        .joined("09:01", "A", "bob")
        .ends("09:10", "A");
    log.closed("09:20");
    log.conversation = "w".into();
    log.starts("09:30", "B", Chat).accepted("09:31:30", "B", "bob").ends("09:40", "B");
    log.reaches_out("09:50", "C", Email, "ana").ends("09:55", "C");
    let all = log.facts("12:00");
    let agents: Vec<usize> = all.iter().map(|facts| facts.sessions.len()).collect();
    assert_eq!(agents, [2, 1, 1], "agents for each contact");
    assert_eq!(all.iter().filter(|facts| facts.conversation_id.as_str() == "w").count(), 2);
    assert_eq!(all.iter().filter(|facts| facts.direction == Direction::Outbound).count(), 1);
    let speeds: Vec<String> =
        all.iter().filter_map(|facts| facts.queued_to_accepted()).map(|s| s.to_string()).collect();
    assert_eq!(speeds, ["30", "90"]);
}
