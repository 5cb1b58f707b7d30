//! The vendor's rate limit.

use crate::world::{World, both, both_with, time};
use serde_json::json;
use std::{sync::Arc, time::Duration};
use touchline_api_c360::{
    C360Config, VendorLimits,
    limiter::{Limiter, Queue, Ticket, Verdict, per_second},
};
use touchline_model::{FakeClock, TenantId, Timestamp};

fn vendor() -> C360Config {
    C360Config { limits: VendorLimits::Vendor, ..C360Config::default() }
}

// covers(c360): S1.3, X-12
#[test]
fn the_day_has_five_and_the_night_twenty_five_also_when_clocks_change() {
    for (at, rate) in [
        ("2026-01-15T10:59:59.999999Z", 25), // 05:59:59 EST
        ("2026-01-15T11:00:00Z", 5),
        ("2026-01-16T01:59:59Z", 5),
        ("2026-01-16T02:00:00Z", 25), // 21:00 EST
        ("2026-07-15T09:59:59Z", 25), // 05:59:59 EDT
        ("2026-07-15T10:00:00Z", 5),
        ("2026-07-16T00:59:59Z", 5),
        ("2026-07-16T01:00:00Z", 25),
        ("2026-03-08T10:00:00Z", 5),  // the day summer time begins
        ("2026-11-01T10:59:59Z", 25), // the day it ends
        ("2026-11-01T11:00:00Z", 5),
    ] {
        assert_eq!(per_second(time(at)), rate, "{at}");
    }
}

/// How many of these go now; those that do are taken out.
fn go(queue: &mut Queue, tickets: &mut Vec<Ticket>, now: Timestamp) -> usize {
    let before = tickets.len();
    tickets.retain(|ticket| queue.ask(*ticket, now) != Verdict::Go);
    before - tickets.len()
}

// covers(c360): X-12, V-14, B-10
#[test]
fn a_queue_lets_five_go_each_second_in_the_order_of_arrival() {
    let mut queue = Queue::default();
    let noon = time("2026-03-02T17:00:00.4Z");
    let mut tickets: Vec<Ticket> = (0..12).map(|_| queue.arrive(noon)).collect();
    let last = tickets[11];
    assert_eq!(queue.ask(last, noon), Verdict::AskAt(time("2026-03-02T17:00:01Z")));
    assert_eq!(go(&mut queue, &mut tickets, noon), 5);
    assert_eq!(go(&mut queue, &mut tickets, time("2026-03-02T17:00:00.999999Z")), 0);
    let next = time("2026-03-02T17:00:01Z");
    let late = queue.arrive(next);
    assert_ne!(queue.ask(late, next), Verdict::Go, "it does not overtake those who wait");
    assert_eq!(go(&mut queue, &mut tickets, next), 5);
    let third = time("2026-03-02T17:00:02.5Z");
    assert_eq!(go(&mut queue, &mut tickets, third), 2);
    assert_eq!(queue.ask(late, third), Verdict::Go);
    assert!(queue.is_empty());
}

// covers(c360): X-12
#[test]
fn the_rate_changes_at_nine_in_the_evening() {
    let mut queue = Queue::default();
    let before = time("2026-03-03T01:59:59.9Z");
    let mut tickets: Vec<Ticket> = (0..40).map(|_| queue.arrive(before)).collect();
    assert_eq!(go(&mut queue, &mut tickets, before), 5);
    assert_eq!(go(&mut queue, &mut tickets, time("2026-03-03T02:00:00Z")), 25);
    assert_eq!(go(&mut queue, &mut tickets, time("2026-03-03T02:00:01Z")), 10);
}

// covers(c360): X-12, S1.3
#[test]
fn after_a_minute_in_the_queue_a_request_is_given_up() {
    let mut queue = Queue::default();
    let noon = time("2026-03-02T17:00:00.5Z");
    let tickets: Vec<Ticket> = (0..310).map(|_| queue.arrive(noon)).collect();
    for second in 0..60 {
        let now = noon.plus_secs(second);
        let gone = tickets.iter().filter(|ticket| queue.ask(**ticket, now) == Verdict::Go).count();
        assert_eq!(gone, 5, "second {second}");
    }
    let (waiting, first) = (queue.len(), noon.plus_secs(59));
    assert_eq!(waiting, 10);
    assert_eq!(queue.ask(tickets[309], first), Verdict::AskAt(time("2026-03-02T17:01:00Z")));
    // In the next second five more go; the rest has waited a minute half a second later.
    let next = time("2026-03-02T17:01:00.2Z");
    assert_eq!(tickets[300..305].iter().filter(|it| queue.ask(**it, next) == Verdict::Go).count(), 5);
    assert_eq!(queue.ask(tickets[309], next), Verdict::AskAt(time("2026-03-02T17:01:00.5Z")));
    let minute = noon.plus_secs(60);
    assert!(tickets[305..].iter().all(|it| queue.ask(*it, minute) == Verdict::TimedOut));
    assert!(queue.is_empty());
}

// covers(c360): X-12
#[test]
fn whoever_leaves_makes_room() {
    let mut queue = Queue::default();
    let noon = time("2026-03-02T17:00:00Z");
    let mut tickets: Vec<Ticket> = (0..7).map(|_| queue.arrive(noon)).collect();
    // The first ask lets five go; one of them hangs up before it hears of it, and one who waits.
    assert_eq!(queue.ask(tickets[0], noon), Verdict::Go);
    queue.leave(tickets[1]);
    queue.leave(tickets[5]);
    tickets.drain(..2);
    tickets.remove(3);
    assert_eq!(go(&mut queue, &mut tickets, noon), 4, "the sixth has the place of the second");
    // A place of a second that is over is not given back.
    let mut queue = Queue::default();
    let mut tickets: Vec<Ticket> = (0..11).map(|_| queue.arrive(noon)).collect();
    assert_eq!(queue.ask(tickets[0], noon), Verdict::Go);
    assert_ne!(queue.ask(tickets[10], noon.plus_secs(1)), Verdict::Go);
    queue.leave(tickets[1]);
    tickets.drain(..2);
    assert_eq!(go(&mut queue, &mut tickets, noon.plus_secs(1)), 8, "three of the first second, five of this");
}

// covers(c360): X-12
#[test]
fn a_clock_that_is_set_back_stops_nobody() {
    let mut queue = Queue::default();
    let noon = time("2026-03-02T17:00:00Z");
    let mut tickets: Vec<Ticket> = (0..12).map(|_| queue.arrive(noon)).collect();
    assert_eq!(go(&mut queue, &mut tickets, noon), 5);
    let back = noon.plus_secs(-3_600);
    assert_eq!(go(&mut queue, &mut tickets, back), 5);
    assert!(matches!(queue.ask(tickets[0], back), Verdict::AskAt(at) if at == back.plus_secs(1)));
    assert_eq!(
        queue.ask(tickets[1], back.plus_secs(60)),
        Verdict::TimedOut,
        "it waits a minute, not an hour"
    );
}

// covers(c360): X-12
#[tokio::test(start_paused = true)]
async fn waiting_requests_go_when_the_second_is_over_and_tenants_do_not_wait_for_each_other() {
    let clock = Arc::new(FakeClock::at(time("2026-03-02T17:00:00Z")));
    let limiter = Arc::new(Limiter::default());
    let (acme, other) = (TenantId::from("acme"), TenantId::from("other"));
    for _ in 0..5 {
        limiter.turn(&acme, &*clock).await.unwrap();
    }
    limiter.turn(&other, &*clock).await.unwrap();
    let turn = |tenant: &TenantId| {
        let (limiter, tenant, clock) = (limiter.clone(), tenant.clone(), clock.clone());
        tokio::spawn(async move { limiter.turn(&tenant, &*clock).await })
    };
    let waits = turn(&acme);
    let gives_up = turn(&acme);
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(limiter.waiting(&acme), 2, "the clock of the server counts, and it stands still");
    gives_up.abort();
    assert!(gives_up.await.unwrap_err().is_cancelled());
    assert_eq!(limiter.waiting(&acme), 1, "who hangs up leaves the queue");
    clock.advance_secs(1);
    assert_eq!(waits.await.unwrap(), Ok(()));
    for _ in 0..4 {
        limiter.turn(&acme, &*clock).await.unwrap();
    }
    let late = turn(&acme);
    tokio::time::sleep(Duration::from_secs(1)).await;
    clock.advance_secs(-1);
    clock.advance_secs(62);
    assert!(late.await.unwrap().is_err(), "a minute has passed");
}

async fn checks(world: &World, count: usize) -> Vec<tokio::task::JoinHandle<u16>> {
    let ask = |_| {
        let world = world.clone();
        tokio::spawn(async move { world.get("/check").await.status.as_u16() })
    };
    let asked = (0..count).map(ask).collect();
    tokio::time::sleep(Duration::from_millis(400)).await;
    asked
}

fn done(asked: &[tokio::task::JoinHandle<u16>]) -> usize {
    asked.iter().filter(|it| it.is_finished()).count()
}

// covers(c360): V-14, B-10, S1.3, X-12
#[tokio::test]
async fn the_sixth_request_of_a_noon_second_comes_in_the_next() {
    both_with(&vendor(), async |world| {
        world.now("2026-03-02T17:00:00.9Z");
        let asked = checks(&world, 6).await;
        assert_eq!(done(&asked), 5);
        world.now("2026-03-02T17:00:01Z");
        for answer in asked {
            assert_eq!(answer.await.unwrap(), 200);
        }
    })
    .await;
}

// covers(c360)
#[tokio::test]
async fn strangers_use_up_nothing_and_wrong_addresses_do() {
    both_with(&vendor(), async |world| {
        world.now("2026-03-02T17:00:00.9Z");
        let stranger = ("nobody".to_owned(), "wrong password".to_owned());
        for _ in 0..20 {
            assert_eq!(world.ask("GET", "/check", &stranger).await.status, 401);
        }
        assert_eq!(world.get("/nothing").await.status, 404);
        assert_eq!(world.ask("POST", "/check", &world.reader).await.status, 405);
        assert_eq!(world.ask("GET", "/users", &world.deleter).await.status, 200, "all credentials share");
        let asked = checks(&world, 4).await;
        assert_eq!(done(&asked), 2);
        world.now("2026-03-02T17:01:00.9Z");
        for answer in asked {
            let status = answer.await.unwrap();
            assert!(matches!(status, 200 | 504));
        }
    })
    .await;
}

// covers(c360)
#[tokio::test]
async fn a_minute_in_the_queue_ends_in_504() {
    both_with(&vendor(), async |world| {
        world.now("2026-03-02T17:00:00.9Z");
        for _ in 0..5 {
            assert_eq!(world.get("/check").await.status, 200);
        }
        let waiting = {
            let world = world.clone();
            tokio::spawn(async move { world.get("/users").await.refusal() })
        };
        tokio::time::sleep(Duration::from_millis(300)).await;
        world.now("2026-03-02T17:01:00.9Z");
        assert_eq!(waiting.await.unwrap(), (504, "queue_timeout".into()));
    })
    .await;
}

// covers(c360): X-12
#[tokio::test]
async fn limits_are_off_unless_chosen() {
    both(async |world| {
        let asked = checks(&world, 40).await;
        for answer in asked {
            assert_eq!(answer.await.unwrap(), 200);
        }
        world.put_call(json!({ "id": "c" })).await;
    })
    .await;
}
