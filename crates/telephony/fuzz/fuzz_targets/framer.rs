//! A stream gives the same messages however it is cut, in bounded memory. The first byte says how.
#![no_main]

use libfuzzer_sys::fuzz_target;
use touchline_model::Timestamp;
use touchline_telephony::guard::{
    Rules,
    framer::{Frame, Framer},
};

fuzz_target!(|bytes: &[u8]| {
    let Some((cut, stream)) = bytes.split_first() else { return };
    let rules = Rules { max_head: 120, max_body: 40, ..Rules::default() };
    let (mut whole, mut parts) = (Framer::new(&rules), Framer::new(&rules));
    let now = Timestamp::from_micros(0);
    let sound = |frames: Vec<Frame>| {
        frames.into_iter().filter(|frame| !matches!(frame, Frame::Broken(_))).collect::<Vec<_>>()
    };
    let mut frames = Vec::new();
    for chunk in stream.chunks(usize::from(*cut).max(1)) {
        frames.extend(parts.feed(chunk, now));
        assert!(parts.buffered() <= 164);
    }
    assert_eq!(sound(frames), sound(whole.feed(stream, now)));
});
