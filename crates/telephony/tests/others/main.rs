//! Telephones and tools that nobody here wrote: PJSIP hands a call over after having asked, SIPp calls very often and
//! behaves badly.
//!
//! Each says so and passes where its tool is not installed (`cargo xtask install` brings both).

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

mod load;
mod pjsip;

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

/// Where the scripts and scenarios lie.
fn beside(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/others").join(name)
}

fn until(what: &str, mut is: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !is() {
        assert!(begin.elapsed() < Duration::from_secs(120), "{what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}
