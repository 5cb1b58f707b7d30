//! What two sides of a line may do to each other, over every transport; trunks; floods.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

#[path = "../phone/earpiece.rs"]
#[allow(dead_code, unreachable_pub, reason = "other tests use the rest of it")]
mod earpiece;
#[path = "../phone/office.rs"]
#[allow(dead_code, unreachable_pub, reason = "other tests use the rest of it")]
mod office;
#[path = "../phone/sip.rs"]
#[allow(dead_code, unreachable_pub, reason = "other tests use the rest of it")]
mod sip;

mod early;
mod flood;
mod places;
mod transports;
mod trunks;
mod websocket;
mod within;

use office::World;
use sip::{Call, Phone};
use std::time::{Duration, Instant};

const CAROL: f64 = 433.0;
const AGNES: f64 = 787.0;
const NETWORK: f64 = 1153.0;
const HALF: Duration = Duration::from_millis(500);
const SETTLE: Duration = Duration::from_millis(300);

fn hears(phone: &Phone, hertz: f64) -> bool {
    phone.sound.listen(HALF, &[hertz])[0] > -14.0
}

/// Waits until one tone is heard and another is not; the levels, in dBFS.
fn until_heard(phone: &Phone, wanted: f64, unwanted: f64) -> (f32, f32) {
    let begin = Instant::now();
    loop {
        let levels = phone.sound.listen(HALF, &[wanted, unwanted]);
        if levels[0] > -20.0 && levels[1] < -40.0 {
            return (levels[0], levels[1]);
        }
        assert!(begin.elapsed() < Duration::from_secs(120), "{} hears {levels:?}", phone.user);
    }
}

fn phone(world: &World, user: &str, hertz: f64) -> Phone {
    let mut phone = Phone::new(world.server, user, hertz);
    assert_eq!(phone.register(600).status(), 200);
    phone
}

fn talking(world: &World) -> (Phone, Call, Phone, Call) {
    let (mut carol, mut agnes) = (phone(world, "carol", CAROL), phone(world, "agnes", AGNES));
    let mut outgoing = carol.call("1001");
    let mut incoming = agnes.ringing();
    agnes.answer(&mut incoming);
    carol.answered(&mut outgoing);
    (carol, outgoing, agnes, incoming)
}
