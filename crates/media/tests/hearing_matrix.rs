//! Every cell of the hearing matrix (contract genesys-voice §8.1, §8.4 to §8.6, §16), as a table.
//!
//! A call is written as its parties: C customer, X another outside party, A and B agents, S and T supervisors with mode
//! and agent (`S:coach@A`); `!` is muted, `/hold` holds the call, `/away` is in another call, `wait` in front is a call
//! that waits for somebody. The outcome is what each party hears, `~` being music or comfort noise, and after the bar
//! who is on the customer's, the agent's and the coach's track.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

use touchline_media::room::{Call, Mode, PartyId, Presence, Role, Routes, SEATS, Sources, routes};

fn call(text: &str) -> (Call, Vec<char>) {
    let (mut call, mut letters, mut ids) = (Call::default(), Vec::new(), Vec::<PartyId>::new());
    for word in text.split_whitespace() {
        if word == "wait" {
            call.set_waiting(true);
            continue;
        }
        let letter = word.chars().next().unwrap();
        let role = match letter {
            'C' => Role::Customer,
            'X' => Role::Other,
            'A' | 'B' => Role::Agent,
            _ => {
                let mode = match word {
                    _ if word.contains(":listen") => Mode::Listen,
                    _ if word.contains(":coach") => Mode::Coach,
                    _ if word.contains(":barge") => Mode::BargeIn,
                    _ => panic!("{word}"),
                };
                let watched = word.split_once('@').unwrap().1.chars().next().unwrap();
                let of = letters.iter().position(|letter| *letter == watched).unwrap();
                Role::Supervisor { of: ids[of], mode }
            }
        };
        let id = call.join(role).unwrap();
        let party = call.party_mut(id).unwrap();
        party.muted = word.contains('!');
        if word.contains("/hold") {
            party.presence = Presence::Holding;
        }
        if word.contains("/away") {
            party.presence = Presence::Away;
        }
        letters.push(letter);
        ids.push(id);
    }
    (call, letters)
}

fn outcome(text: &str) -> String {
    let (call, letters) = call(text);
    let Routes { hears, customer_track, agent_track, coach_track } = routes(&call);
    let names = |sources: Sources| -> String {
        let named: String =
            sources.numbers().map(|number| if number == SEATS { '~' } else { letters[number] }).collect();
        if named.is_empty() { "-".to_owned() } else { named }
    };
    let heard: Vec<String> =
        letters.iter().zip(hears).map(|(letter, hears)| format!("{letter}:{}", names(hears))).collect();
    format!("{} | {} {} {}", heard.join(" "), names(customer_track), names(agent_track), names(coach_track))
}

fn assert_table(table: &[(&str, &str)]) {
    for (state, expected) in table {
        assert_eq!(outcome(state), *expected, "{state}");
    }
}

// covers(genesys): S8.1, C-8
#[test]
fn each_mode_of_supervision_is_heard_by_whom_the_contract_says() {
    assert_table(&[
        ("C A", "C:A A:C | C A -"),
        ("C A S:listen@A", "C:A A:C S:CA | C A -"),
        ("C A S:coach@A", "C:A A:CS S:CA | C A S"),
        ("C A S:barge@A", "C:AS A:CS S:CA | C AS -"),
        ("C A! S:barge@A", "C:S A:CS S:C | C S -"),
    ]);
}

// covers(genesys): OC-74, R-7
#[test]
fn a_muted_party_is_heard_by_nobody_and_recorded_nowhere() {
    assert_table(&[
        ("C A!", "C:- A:C | C - -"),
        ("C! A", "C:A A:- | - A -"),
        ("C A! S:listen@A", "C:- A:C S:C | C - -"),
        ("C A! S:coach@A", "C:- A:CS S:C | C - S"),
        ("C A S:coach@A!", "C:A A:C S:CA | C A -"), // the supervisor's own mute
        ("C A S:barge@A!", "C:A A:C S:CA | C A -"),
    ]);
}

#[test]
fn another_party_of_a_conference_is_treated_as_the_customer() {
    assert_table(&[
        ("C A X", "C:AX A:CX X:CA | CX A -"),
        ("C A X S:listen@A", "C:AX A:CX X:CA S:CAX | CX A -"),
        ("C A X S:coach@A", "C:AX A:CXS X:CA S:CAX | CX A S"),
        ("C A X S:barge@A", "C:AXS A:CXS X:CAS S:CAX | CX AS -"),
        ("C A! X S:barge@A", "C:XS A:CXS X:CS S:CX | CX S -"),
    ]);
}

#[test]
fn a_second_agent_hears_no_whisper_that_is_not_for_him() {
    assert_table(&[
        ("C A B S:coach@A", "C:AB A:CBS B:CA S:CAB | C AB S"),
        ("C A B S:listen@A", "C:AB A:CB B:CA S:CAB | C AB -"),
    ]);
}

// covers(genesys): S8.4, R-8
#[test]
fn while_the_agent_holds_the_customer_has_music_and_the_supervisor_hears_both() {
    assert_table(&[
        ("C A/hold", "C:~ A:- | C - -"),
        ("C A/hold S:listen@A", "C:~ A:- S:CA | C - -"),
        ("C A/hold S:coach@A", "C:~ A:S S:CA | C - S"),
        ("C A/hold S:barge@A", "C:S A:S S:CA | C S -"),
        // A barged supervisor who says nothing still stands in the music's place.
        ("C A/hold S:barge@A!", "C:- A:- S:CA | C - -"),
        // In a conference the others go on talking, without music.
        ("C A/hold X", "C:X A:- X:C | CX - -"),
        ("C A/hold X S:coach@A", "C:X A:S X:C S:CAX | CX - S"),
    ]);
}

#[test]
fn an_agent_in_another_call_hears_nothing_of_this_one_not_even_a_whisper() {
    assert_table(&[
        ("C A/away", "C:~ A:- | C - -"),
        ("C A/away S:listen@A", "C:~ A:- S:C | C - -"),
        ("C A/away S:coach@A", "C:~ A:- S:C | C - -"),
        ("C A/away S:barge@A", "C:S A:- S:C | C S -"),
    ]);
}

#[test]
fn a_customer_who_holds_is_not_recorded_and_the_agent_has_music() {
    assert_table(&[("C/hold A", "C:- A:~ | - - -"), ("C/hold A S:coach@A", "C:- A:S S:CA | - - S")]);
}

#[test]
fn a_supervisors_own_hold_stops_his_own_sound_only() {
    assert_table(&[
        ("C A S:listen@A/hold", "C:A A:C S:- | C A -"),
        ("C A S:coach@A/hold", "C:A A:C S:- | C A -"),
        ("C A S:barge@A/hold", "C:A A:C S:- | C A -"),
    ]);
}

// covers(genesys): S8.5, OC-81
#[test]
fn two_supervisors_never_hear_each_others_whisper() {
    assert_table(&[
        ("C A B S:coach@A T:coach@B", "C:AB A:CBS B:CAT S:CAB T:CAB | C AB ST"),
        ("C A B S:coach@A T:listen@B", "C:AB A:CBS B:CA S:CAB T:CAB | C AB S"),
        ("C A B S:barge@A T:coach@B", "C:ABS A:CBS B:CAST S:CAB T:CABS | C ABS T"),
        ("C A B S:barge@A T:barge@B", "C:ABST A:CBST B:CAST S:CABT T:CABS | C ABST -"),
        ("C A B S:listen@A T:listen@B", "C:AB A:CB B:CA S:CAB T:CAB | C AB -"),
    ]);
}

#[test]
fn a_call_that_waits_plays_to_the_customer_and_to_a_silent_supervisor() {
    assert_table(&[("wait C", "C:~ | C - -"), ("C", "C:- | C - -"), ("wait C A", "C:A A:C | C A -")]);
    // A blind transfer: the agent has left, the next one has not answered (ruling R-4).
    for (mode, expected) in [("listen", "C:~ S:C~"), ("coach", "C:~ S:C~"), ("barge", "C:S S:C")] {
        let (mut call, _) = call(&format!("C A S:{mode}@A"));
        let agent = call.parties().find(|(_, party)| party.role == Role::Agent).unwrap().1.id;
        call.leave(agent).unwrap();
        call.set_waiting(true);
        let hears = routes(&call).hears;
        let name = |sources: Sources| -> String {
            sources.numbers().map(|number| ['C', 'A', 'S', '?', '?', '?', '?', '?', '~'][number]).collect()
        };
        assert_eq!(format!("C:{} S:{}", name(hears[0]), name(hears[2])), expected, "{mode}");
    }
}

#[test]
fn a_whisper_to_an_agent_who_has_left_reaches_nobody_who_takes_the_seat() {
    let (mut call, _) = call("C A S:coach@A");
    let agent = call.parties().find(|(_, party)| party.role == Role::Agent).unwrap().1.id;
    assert_eq!(call.leave(agent), Ok(1));
    let next = call.join(Role::Agent).unwrap();
    assert_eq!(call.seat(next), Some(1));
    let routes = routes(&call);
    assert!(!routes.hears[1].has(Sources::seat(2)));
    assert!(routes.coach_track.is_empty());
}

#[test]
fn only_an_agent_can_be_coached() {
    let mut call = Call::default();
    let customer = call.join(Role::Customer).unwrap();
    call.join(Role::Agent).unwrap();
    call.join(Role::Supervisor { of: customer, mode: Mode::Coach }).unwrap();
    assert!(!routes(&call).hears[0].has(Sources::seat(2)), "a customer never hears a whisper");
}

/// Whatever the state, three things hold. Every state of a call of five is tried.
#[test]
fn in_no_state_does_anybody_outside_hear_a_whisper_or_anybody_himself() {
    let presences = ["", "/hold", "/away"];
    let mut tried = 0;
    for bits in 0..3 * 3 * 3 * 3 * 3 * 2 {
        let mode = ["listen", "coach", "barge"][bits % 3];
        let [a, c, x, s] =
            [bits / 3 % 3, bits / 9 % 3, bits / 27 % 3, bits / 81 % 3].map(|index| presences[index]);
        let waiting = if bits / 243 == 0 { "" } else { "wait " };
        let state = format!("{waiting}C{c} A{a} X{x} B S:{mode}@A{s}");
        let (call, _) = call(&state);
        let routes = routes(&call);
        for (seat, hears) in routes.hears.iter().enumerate() {
            assert!(!hears.has(Sources::seat(seat)), "{state}: {seat} hears himself");
        }
        if mode != "barge" {
            for outside in [0, 2, 3] {
                assert!(
                    !routes.hears[outside].has(Sources::seat(4)),
                    "{state}: {outside} hears the supervisor"
                );
            }
            assert!(!routes.agent_track.has(Sources::seat(4)), "{state}: recorded for the customer");
        }
        assert!(!routes.customer_track.has(Sources::seat(4)), "{state}");
        tried += 1;
    }
    assert_eq!(tried, 486);
}
