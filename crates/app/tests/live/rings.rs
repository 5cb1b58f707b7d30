//! Who is rung for whom.

use crate::world::{CUSTOMER, World};
use serde_json::Map;
use touchline_app::live::{
    CallingFrom,
    board::{AgentState, CallCommand, Cause, Command, LegState, Signal, numbers::Refusal},
};

on_both_engines!(
    a_caller_of_a_queue_reaches_who_has_been_ready_longest,
    who_does_not_take_calls_is_made_unready,
    who_is_on_the_telephone_is_left_in_peace_by_queues,
    a_group_rings_together_and_then_the_queue_takes_over,
    a_call_goes_out_by_a_trunk_under_the_number_of_the_house,
    who_may_not_call_outside_is_told_so_a_moment_later,
    a_telephone_of_nobody_reaches_our_people_and_nobody_else,
    a_number_of_the_house_is_one_however_it_is_dialled,
);

async fn a_caller_of_a_queue_reaches_who_has_been_ready_longest(mut world: World) {
    world.is_ready("ben");
    world.passes(5);
    world.is_ready("ana");
    world.passes(5);
    world.customer_calls("+442079460500");
    assert_eq!(world.asked(), ["answer customer", "invite B for +442079460100 Mr C"]);
    let line = world.line("B");
    world.signal(Signal::Rings(line));
    world.passes(15);
    assert_eq!(world.asked(), ["hang up B NoAnswer", "invite A for +442079460100 Mr C"], "his time is over");
    world.answers("A");
    assert_eq!(world.view("ana").ani.as_deref(), Some(CUSTOMER));
    let queue = &world.live.queues(&world.admin).unwrap()[0];
    assert_eq!(
        (queue.name.as_str(), queue.waiting, queue.idle),
        ("Billing", 0, 1),
        "Ben is free, Ana is not"
    );
    // The next one gets Ben, who missed the last.
    world.customer_calls("+442079460500");
    assert_eq!(world.asked(), ["answer customer", "invite B for +442079460100 Mr C"]);
    world.hangs_up("customer");
    assert_eq!(world.asked(), ["hang up B Normal"]);
}

async fn who_does_not_take_calls_is_made_unready(mut world: World) {
    world.is_ready("ana");
    world.customer_calls("500");
    for _ in 0..2 {
        world.passes(15);
    }
    assert_eq!(world.told("ana").last().unwrap(), "call Ringing");
    world.passes(15);
    assert_eq!(world.told("ana"), ["call Released", "device NotReady(Some(\"missed calls\"))"]);
    let _ = world.asked();
    let queue = world.live.queues(&world.admin).unwrap()[0].clone();
    assert_eq!((queue.waiting, queue.idle), (1, 0), "the caller waits on");
    world.is_ready("ben");
    assert_eq!(world.asked(), ["invite B for +442079460100 Mr C"]);
}

async fn who_is_on_the_telephone_is_left_in_peace_by_queues(mut world: World) {
    world.is_ready("ana");
    world.customer_calls("5001");
    assert_eq!(world.asked(), ["invite A for +442079460100 Mr C"]);
    world.answers("A");
    let _ = world.asked();
    world.customer_calls("500");
    assert_eq!(world.asked(), ["answer customer"], "Ana speaks");
    world.on_call("ana", CallCommand::HangUp);
    assert_eq!(world.asked()[2..], ["invite A for +442079460100 Mr C"]);
    // A telephone that is not there is not rung either.
    world.live.reachable(&"acme".into(), &"A".into(), false);
    assert_eq!(world.asked(), ["hang up A Normal"]);
    world.live.reachable(&"acme".into(), &"A".into(), true);
    assert_eq!(world.asked(), ["invite A for +442079460100 Mr C"]);
    world.does("ana", Command::State(AgentState::NotReady(None)));
    assert_eq!(world.asked(), ["hang up A Normal"]);
}

async fn a_group_rings_together_and_then_the_queue_takes_over(mut world: World) {
    world.customer_calls("600");
    assert_eq!(
        world.asked(),
        ["ringing customer", "invite A for +442079460100 Mr C", "invite B for +442079460100 Mr C"],
        "nobody needs to be ready"
    );
    let line = world.line("A");
    world.signal(Signal::Failed(line, Cause::Declined));
    assert_eq!(world.asked(), Vec::<String>::new(), "Ben still rings");
    world.passes(20);
    assert_eq!(world.asked(), ["hang up B NoAnswer", "answer customer"], "now the caller waits in the queue");
    world.is_ready("ana");
    assert_eq!(world.asked(), ["invite A for +442079460100 Mr C"]);
}

async fn a_call_goes_out_by_a_trunk_under_the_number_of_the_house(mut world: World) {
    world.does("ana", Command::Start);
    world.does("ana", Command::Dial { number: "02079460100".to_owned(), data: Map::new() });
    assert_eq!(world.asked(), ["invite A for 02079460100"], "first her own telephone");
    world.answers("A");
    assert_eq!(world.asked(), ["invite provider +442079460100 for +442079460001"]);
    // From the keypad, by somebody without a public number.
    let from = CallingFrom::Device("S".into());
    world.live.call_in(&world.tenant(), from.clone(), "999").unwrap();
    assert_eq!(world.asked(), ["invite provider 999 for +442079460000"]);
    let refused = world.live.call_in(&world.tenant(), from, "12ab");
    assert_eq!(refused, Err(Refusal::NotANumber));
}

async fn who_may_not_call_outside_is_told_so_a_moment_later(mut world: World) {
    world.does("ben", Command::Start);
    world.does("ben", Command::Dial { number: CUSTOMER.to_owned(), data: Map::new() });
    world.answers("B");
    assert_eq!(world.told("ben").last_chunk::<2>().unwrap(), &["failed Dial Unreachable", "call Released"]);
    let refused = world.live.call_in(&world.tenant(), CallingFrom::Device("B".into()), CUSTOMER);
    assert_eq!(refused, Err(Refusal::Forbidden));
}

async fn a_telephone_of_nobody_reaches_our_people_and_nobody_else(mut world: World) {
    let from = || CallingFrom::Device("C".into());
    for (number, refusal) in [("+442079460100", Refusal::Unknown), ("999", Refusal::Unknown)] {
        assert_eq!(world.live.call_in(&world.tenant(), from(), number), Err(refusal), "{number}");
    }
    world.live.call_in(&world.tenant(), from(), "5001").unwrap();
    assert_eq!(world.asked(), ["invite A for 5000"]);
    world.answers("A");
    let view = world.view("ana");
    assert_eq!((view.ani.as_deref(), format!("{:?}", view.kind)), (Some("5000"), "Inbound".to_owned()));
    // And it is reached under its number.
    world.on_call("ana", CallCommand::HangUp);
    let _ = world.asked();
    world.does("ana", Command::Start);
    world.does("ana", Command::Dial { number: "5000".to_owned(), data: Map::new() });
    world.answers("A");
    assert_eq!(world.asked(), ["invite A for 5000", "invite C for 5001 ana"]);
}

async fn a_number_of_the_house_is_one_however_it_is_dialled(mut world: World) {
    world.does("ben", Command::Start);
    world.does("ben", Command::Dial { number: "+44 20 7946 0001".to_owned(), data: Map::new() });
    world.answers("B");
    assert_eq!(world.asked()[1..], ["invite A for 5002 ben"], "a colleague, not the trunk");
    world.answers("A");
    assert_eq!(world.view_in("ana", LegState::Established).participants[0].number, "5002");
    let _ = world.asked();
    world.transfers("ana", "500");
    assert_eq!(world.live.queues(&world.admin).unwrap()[0].waiting, 1, "Ben waits in a queue");
    assert_eq!(world.asked(), ["hang up A Normal"]);
}
