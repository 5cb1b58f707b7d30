//! Handle, after-contact and unknown time.

use super::world::*;
use touchline_model::events::ContactChannel::*;
use touchline_model::events::*;

// covers(gladly): X-8, S4
#[test]
fn handle_time_is_what_an_agent_saw_of_the_customer_while_the_contact_ran() {
    let mut log = Log::default();
    log.starts("09:00", "A", Chat).accepted("09:01", "A", "ana");
    log.looks("ana", "08:50", "09:01").looks("ana", "09:00:30", "09:02").looks("ana", "09:04", "09:06");
    log.looks("bob", "09:03", "09:03:35.529");
    log.ends("09:05", "A").closed("09:05");
    let a = log.seen("A", "10:00");
    assert_eq!(
        rows(&a),
        "ana 180/0/0, bob 35.529/0/0",
        "overlapping looks count once, nothing before or after"
    );
    assert_eq!(a.handle_time().unwrap().to_string(), "215.529");
    let handled =
        ["ana Handle 09:00:00-09:02:00", "bob Handle 09:03:00-09:03:35", "ana Handle 09:04:00-09:05:00"];
    assert_eq!(intervals(&a), handled);
}

// covers(gladly): X-8, S9.11
#[test]
fn after_contact_time_grows_until_the_conversation_is_closed() {
    let mut log = Log::default();
    log.starts("09:00", "A", Chat)
        .accepted("09:01", "A", "ana")
        .looks("ana", "09:01", "09:06")
        .ends("09:05", "A");
    log.looks("ana", "09:10", "09:20").closed("09:15").looks("ana", "09:30", "09:40");
    let after = |horizon: &str| rows(&log.seen("A", horizon));
    assert_eq!(after("09:05:59"), "ana 0/0/0", "the look is recorded when it ends");
    assert_eq!(after("09:06"), "ana 240/60/0");
    assert_eq!(after("09:20"), "ana 240/360/0");
    assert_eq!(after("23:00"), "ana 240/360/0");
}

// covers(gladly): X-8, S9.11
#[test]
fn after_contact_time_stops_at_the_next_contact_of_the_customer_or_at_the_horizon() {
    let mut log = Log::default();
    log.starts("09:00", "A", Chat).looks("ana", "09:00", "09:04").ends("09:05", "A");
    log.looks("ana", "09:05", "10:00");
    assert_eq!(rows(&log.seen("A", "11:00")), "ana 240/3300/0");
    log.conversation = "w".into();
    log.starts("09:10", "B", Email);
    let a = log.seen("A", "11:00");
    assert_eq!(rows(&a), "ana 240/300/0");
    assert_eq!(a.after_contact_time().unwrap().to_string(), "300");
    assert_eq!(intervals(&log.seen("B", "11:00")), ["ana Handle 09:10:00-10:00:00"], "B is open and counts");
}

// covers(gladly)
#[test]
fn a_look_that_was_announced_beyond_the_horizon_is_cut_there() {
    let mut log = Log::default();
    log.starts("09:00", "A", Chat).looks("ana", "09:00", "09:30").ends("09:10", "A");
    log.events[1].timestamp = t("09:00");
    assert_eq!(rows(&log.seen("A", "09:20")), "ana 600/600/0");
}

// covers(gladly): R-11
#[test]
fn a_close_before_the_end_of_a_contact_does_not_bound_what_comes_after_it() {
    let mut log = Log::default();
    log.starts("09:00", "A", Chat).closed("09:03").looks("ana", "09:02", "09:10").ends("09:05", "A");
    assert_eq!(rows(&log.seen("A", "09:30")), "ana 180/300/0");
    log.closed("09:05");
    assert_eq!(rows(&log.seen("A", "09:30")), "ana 180/0/0", "a close at the very end does");
}

// covers(gladly)
#[test]
fn a_status_of_closed_closes_too_and_other_conversations_do_not() {
    let mut log = Log::default();
    log.starts("09:00", "A", Chat).looks("ana", "09:02", "09:10").ends("09:05", "A");
    log.conversation("09:06", "ana", "other", ConversationChange::Closed { assignee: None });
    let waiting = ConversationChange::StatusUpdated { status: ConversationStatus::Waiting, assignee: None };
    log.conversation("09:06", "ana", "v", waiting);
    assert_eq!(rows(&log.seen("A", "09:30")), "ana 180/300/0");
    let closed = ConversationChange::StatusUpdated { status: ConversationStatus::Closed, assignee: None };
    log.conversation("09:07", "ana", "v", closed);
    assert_eq!(rows(&log.seen("A", "09:30")), "ana 180/120/0");
}

// covers(gladly)
#[test]
fn a_mail_that_ends_the_instant_it_begins_is_not_its_own_next_contact() {
    let mut log = Log::default();
    log.reaches_out("09:00", "A", Email, "ana").ends("09:00", "A").looks("ana", "09:00", "09:05");
    assert_eq!(rows(&log.seen("A", "10:00")), "ana 0/0/300");
    log.starts("09:00", "B", Email);
    assert_eq!(rows(&log.seen("A", "10:00")), "ana 0/0/0", "another one of the same instant is");
}

// covers(gladly)
#[test]
fn who_took_a_contact_without_looking_has_unknown_time_afterwards_and_the_time_of_taking_it() {
    let mut log = Log::default();
    log.starts("09:00", "A", Chat)
        .accepted("09:01", "A", "ana")
        .ends("09:05", "A")
        .looks("ana", "09:06", "09:07");
    let a = log.seen("A", "10:00");
    assert_eq!(rows(&a), "ana 0/0/60");
    assert_eq!(a.sessions[0].accepted, Some((t("09:01"), "sales".into())));
    assert_eq!(intervals(&a), [""; 0], "time that nobody can explain is nobody's work");
}

// covers(gladly)
#[test]
fn onlookers_after_the_end_replace_the_row_of_nobody() {
    let mut log = Log::default();
    log.starts("09:00", "A", PhoneCall).ends("09:05", "A");
    assert_eq!(rows(&log.seen("A", "09:05")), "- 0/0/0");
    log.looks("bob", "09:10", "09:11").looks("ana", "09:20", "09:22");
    let a = log.seen("A", "10:00");
    assert_eq!(rows(&a), "ana 0/0/120, bob 0/0/60");
    assert!(a.sessions.iter().all(|session| session.accepted.is_none()));
}

// covers(gladly)
#[test]
fn of_simultaneous_contacts_the_higher_ranking_one_has_the_second() {
    let mut log = Log::default();
    log.starts("09:00", "mail", Email).accepted("09:00", "mail", "ana");
    log.starts("09:10", "call", PhoneCall).accepted("09:10", "call", "ana");
    log.looks("ana", "09:00", "09:30").ends("09:20", "call").ends("09:30", "mail").closed("09:40");
    assert_eq!(rows(&log.seen("mail", "10:00")), "ana 1200/0/0");
    assert_eq!(
        rows(&log.seen("call", "10:00")),
        "ana 600/0/0",
        "while the mail is open, a look belongs to the mail"
    );
}

// covers(gladly): R-4
#[test]
fn a_tie_of_channels_goes_to_the_contact_that_began_first_and_then_to_the_smaller_id() {
    let mut log = Log::default();
    log.starts("09:01", "a", Sms)
        .starts("09:00", "z", Sms)
        .starts("09:01", "b", Sms)
        .looks("ana", "09:00", "09:10");
    for id in ["z", "a", "b"] {
        log.ends(if id == "z" { "09:04" } else { "09:10" }, id);
    }
    assert_eq!(rows(&log.seen("z", "10:00")), "ana 240/0/0");
    assert_eq!(rows(&log.seen("a", "10:00")), "ana 360/0/0");
    assert_eq!(rows(&log.seen("b", "10:00")), "- 0/0/0");
}

// covers(gladly): S9.9, R-3
#[test]
fn of_two_stacked_outbound_contacts_the_lower_loses_its_agent_and_all_its_time() {
    let mut log = Log::default();
    log.reaches_out("09:00", "mail", Email, "ana").reaches_out("09:10", "text", Sms, "ana");
    log.looks("ana", "09:00", "09:20").ends("09:20", "text").ends("09:30", "mail").closed("09:30");
    let mail = log.seen("mail", "10:00");
    assert_eq!(rows(&mail), "- 0/0/0", "although ten minutes ran before the text");
    assert_eq!(intervals(&mail), [""; 0]);
    assert_eq!(mail.sessions[0].accepted, None);
    assert_eq!(rows(&log.seen("text", "10:00")), "ana 600/0/0");
    assert_eq!(rows(&log.assigned("mail", "10:00")), "- 0/0/0");
    assert_eq!(rows(&log.assigned("text", "10:00")), "ana 600/0/0");
}

// covers(gladly): S9.9, R-3
#[test]
fn stacking_needs_the_same_agent_the_same_time_and_two_outbound_contacts() {
    let rows_of_mail = |text: &dyn Fn(&mut Log)| {
        let mut log = Log::default();
        log.reaches_out("09:00", "mail", Email, "ana").ends("09:10", "mail").looks("ana", "09:00", "09:05");
        text(&mut log);
        rows(&log.seen("mail", "10:00"))
    };
    assert_eq!(
        rows_of_mail(&|log| {
            log.reaches_out("09:05", "text", Sms, "ana");
        }),
        "- 0/0/0"
    );
    assert_eq!(
        rows_of_mail(&|log| {
            log.reaches_out("09:05", "text", Sms, "bob");
        }),
        "ana 300/0/0"
    );
    assert_eq!(
        rows_of_mail(&|log| {
            log.starts("09:05", "text", Sms);
        }),
        "ana 300/0/0"
    );
    assert_eq!(
        rows_of_mail(&|log| {
            log.reaches_out("09:10", "text", Sms, "ana");
        }),
        "ana 300/0/0"
    );
    assert_eq!(
        rows_of_mail(&|log| {
            log.reaches_out("09:05", "mail2", Email, "ana");
        }),
        "ana 300/0/0"
    );
}

// covers(gladly): R-3, S4.3
#[test]
fn others_who_worked_on_a_stacked_contact_keep_their_rows() {
    let mut log = Log::default();
    log.reaches_out("09:00", "mail", Email, "ana")
        .reaches_out("09:00", "text", Sms, "ana")
        .joined("09:02", "mail", "bob");
    log.ends("09:05", "text").looks("bob", "09:05", "09:06").ends("09:10", "mail");
    assert_eq!(rows(&log.seen("mail", "10:00")), "bob 60/0/0");
}

// covers(gladly)
#[test]
fn by_assignment_handle_time_runs_from_taking_a_contact_to_giving_it_away_or_its_end() {
    let mut log = Log::default();
    log.starts("09:00", "A", Chat).accepted("09:01", "A", "ana");
    log.transferred("09:03", "A", "ana", "billing", Some("bob")).accepted("09:04", "A", "bob");
    log.ends("09:10", "A").looks("bob", "09:10", "09:20");
    let a = log.assigned("A", "10:00");
    assert_eq!(
        rows(&a),
        "ana 120/0/0, bob 360/0/0",
        "waiting for bob is nobody's, and nothing comes afterwards"
    );
    assert_eq!(intervals(&a), ["ana Handle 09:01:00-09:03:00", "bob Handle 09:04:00-09:10:00"]);
    assert_eq!(
        intervals(&log.assigned("A", "09:02")),
        ["ana Handle 09:01:00-09:02:00"],
        "open: up to the horizon"
    );
}

// covers(gladly): R-13
#[test]
fn by_assignment_only_a_transfer_to_somebody_else_or_the_end_stops_the_time() {
    let mut log = Log::default();
    log.starts("09:00", "A", PhoneCall).accepted("09:01", "A", "ana").accepted("09:02", "A", "ana");
    log.accepted("09:03", "A", "bob").transferred("09:04", "A", "ana", "billing", Some("bob"));
    log.transferred("09:06", "A", "bob", "returns", Some("bob")).ends("09:10", "A");
    assert_eq!(rows(&log.assigned("A", "10:00")), "ana 180/0/0, bob 420/0/0");
}

// covers(gladly): X-8
#[test]
fn by_assignment_an_outbound_contact_is_its_beginners_from_the_start() {
    let mut log = Log::default();
    log.reaches_out("09:00", "A", Email, "ana").transferred("09:02", "A", "ana", "billing", None);
    log.accepted("09:05", "A", "ana").ends("09:10", "A");
    assert_eq!(
        rows(&log.assigned("A", "10:00")),
        "ana 420/0/0",
        "two minutes, and five after taking it again"
    );
}

// covers(gladly): R-3
#[test]
fn by_assignment_simultaneous_inbound_contacts_all_count() {
    let mut log = Log::default();
    log.starts("09:00", "mail", Email).accepted("09:00", "mail", "ana").starts("09:00", "call", PhoneCall);
    log.accepted("09:00", "call", "ana").ends("09:05", "call").ends("09:10", "mail");
    assert_eq!(rows(&log.assigned("mail", "10:00")), "ana 600/0/0");
    assert_eq!(rows(&log.assigned("call", "10:00")), "ana 300/0/0");
}

// covers(gladly): X-8
#[test]
fn a_contact_may_cross_midnight_and_a_clock_change() {
    let mut log = Log::default();
    log.starts("2026-03-08T01:30:00-05:00", "A", PhoneCall).accepted("2026-03-08T01:31:00-05:00", "A", "ana");
    log.looks("ana", "2026-03-08T01:31:00-05:00", "2026-03-08T03:31:00-04:00");
    log.ends("2026-03-08T03:30:00-04:00", "A");
    assert_eq!(
        rows(&log.seen("A", "2026-03-09T00:00:00Z")),
        "ana 3540/60/0",
        "an hour by the sun, two by the clock"
    );
}
