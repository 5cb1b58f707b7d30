//! The sound of a live call: packets, codecs, lost packets, and who hears whom.
//!
//! Everything here is arithmetic. Bytes, samples and the time come in; bytes, samples and the next deadline go out.
//! There are no sockets, threads, clocks or files, so ten simulated minutes with lost packets are a unit test.
//!
//! | module | what happens there |
//! | --- | --- |
//! | [`rtp`] | Packets, and the numbers that wrap |
//! | [`rtcp`] | Reports: loss, jitter, round trip |
//! | [`sdp`] | Offers and answers |
//! | [`srtp`] | Encrypted sound |
//! | [`dtmf`] | Digits, in and out |
//! | [`codec`] | PCMU, PCMA and G.722, one coder and one decoder a leg |
//! | [`jitter`] | From packets that come when they like to a frame every 20 ms |
//! | [`room`] | Who hears whom, mixed tick by tick, and what is recorded of it |
//! | [`record`] | The bytes of a recording that is playable at any cut |
//! | [`level`] | How loud: meters for the pages, single tones for tests |
//! | [`tone`] | Comfort noise, ring-back, the tone over card data, beeps |
//!
//! # One rate
//! Rooms mix at 8 kHz, 20 ms a tick. Telephone lines carry nothing above 3.4 kHz, so nearly every leg is G.711 and
//! costs no conversion. A leg in G.722 is converted on its way in and out, and loses what is above 3.8 kHz, also when
//! both ends speak G.722. Mixing at 16 kHz instead would make every G.711 leg pay two filters a tick, several times
//! the price of the mixing itself, for a sound that transcription and the telephone network do not use.

pub mod codec;
pub mod dtmf;
pub mod jitter;
pub mod level;
pub mod record;
pub mod room;
pub mod rtcp;
pub mod rtp;
pub mod sdp;
pub mod srtp;
pub mod tone;

use std::time::Duration;

/// Samples a second in rooms and recordings.
pub const RATE: u32 = 8000;

/// Samples of one tick.
pub const FRAME: usize = 160;

/// How often a room mixes.
pub const TICK: Duration = Duration::from_millis(20);

/// The samples of one tick: 16 bit, linear, [`RATE`] a second.
pub type Frame = [i16; FRAME];

/// A tick in which nothing sounds.
pub const SILENCE: Frame = [0; FRAME];

/// The nearest 16-bit sample.
#[inline]
pub(crate) fn clamp16(value: i32) -> i16 {
    i16::try_from(value).unwrap_or(if value < 0 { i16::MIN } else { i16::MAX })
}
