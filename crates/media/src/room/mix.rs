//! Adding voices up: in 32 bit, limited once.

use super::Sources;
use crate::{FRAME, Frame, SILENCE};

/// Samples over which a path opens or closes, so that a switch does not click: 5 ms.
const FADE: usize = 40;

/// Up to here a mix is the plain sum: -2.5 dBFS.
const KNEE: i32 = 24_576;

/// One more voice than there are seats: the treatment.
pub(super) const VOICES: usize = super::SEATS + 1;

/// The gain of an opening path, of 32,768: 3t² - 2t³, which starts and ends level.
const OPENING: [i32; FADE] = {
    let mut gains = [0; FADE];
    let mut index = 0;
    while index < FADE {
        let (at, whole) = (index as i64 * 2 + 1, FADE as i64 * 2);
        gains[index] = (at * at * (3 * whole - 2 * at) * 32_768 / (whole * whole * whole)) as i32;
        index += 1;
    }
    gains
};

/// What one output carries in one tick: the sum of the voices on its paths `now`. A path that was open `before` and is
/// no longer closes within this tick's first 5 ms, a new one opens; then it is as if it had always been so. With no
/// path the output is exactly zero.
pub(super) fn mix(voices: &[Frame; VOICES], fresh: Sources, before: Sources, now: Sources, out: &mut Frame) {
    let (before, now) = (before.within(fresh), now.within(fresh));
    if before == now {
        match now.count() {
            0 => *out = SILENCE,
            // A single voice goes through untouched, however loud.
            1 => now.numbers().filter_map(|number| voices.get(number)).for_each(|voice| *out = *voice),
            _ => {
                let mut sum = [0i32; FRAME];
                for voice in now.numbers().filter_map(|number| voices.get(number)) {
                    add(&mut sum, voice);
                }
                limit(&sum, out);
            }
        }
        return;
    }
    let mut sum = [0i32; FRAME];
    let voices_of = |sources: Sources| sources.numbers().filter_map(|number| voices.get(number));
    voices_of(now.within(before)).for_each(|voice| add(&mut sum, voice));
    for voice in voices_of(now.without(before)) {
        for ((sum, sample), gain) in sum.iter_mut().zip(voice).zip(OPENING) {
            *sum += (i32::from(*sample) * gain) >> 15;
        }
        sum.iter_mut().zip(voice).skip(FADE).for_each(|(sum, sample)| *sum += i32::from(*sample));
    }
    for voice in voices_of(before.without(now)) {
        for ((sum, sample), gain) in sum.iter_mut().zip(voice).zip(OPENING.iter().rev()) {
            *sum += (i32::from(*sample) * gain) >> 15;
        }
    }
    limit(&sum, out);
}

fn add(sum: &mut [i32; FRAME], voice: &Frame) {
    for (sum, sample) in sum.iter_mut().zip(voice) {
        *sum += i32::from(*sample);
    }
}

/// Above the knee the sum bends towards full scale and never gets there: several people who shout distort a little,
/// and do not crack.
fn limit(sum: &[i32; FRAME], out: &mut Frame) {
    for (out, sum) in out.iter_mut().zip(sum) {
        *out = soft(*sum);
    }
}

#[inline]
fn soft(value: i32) -> i16 {
    const ROOM: i32 = 32_767 - KNEE;
    let over = value.abs() - KNEE;
    if over <= 0 {
        return value as i16; // below the knee, so it fits
    }
    let bent = KNEE + (i64::from(over) * i64::from(ROOM) / i64::from(over + ROOM)) as i32;
    (if value < 0 { -bent } else { bent }) as i16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limiter_changes_nothing_below_its_knee_and_never_wraps() {
        let mut last = soft(0);
        for value in 1..262_144 {
            let now = soft(value);
            assert!(now >= last && i32::from(now) <= value, "{value}");
            assert_eq!(soft(-value), -now);
            assert!(value > KNEE || i32::from(now) == value);
            last = now;
        }
        assert!(last > 32_400);
    }

    #[test]
    fn a_path_opens_and_closes_smoothly_and_both_add_up_to_one() {
        for (index, gain) in OPENING.iter().enumerate() {
            let sum = gain + OPENING[FADE - 1 - index];
            assert!((32_766..=32_768).contains(&sum), "{index}: {sum}");
        }
        assert!(OPENING.windows(2).all(|pair| (1..1300).contains(&(pair[1] - pair[0]))));
        assert!(OPENING[0] < 100);
    }

    #[test]
    fn a_voice_without_sound_this_tick_adds_nothing_of_the_last_one() {
        let mut voices = [SILENCE; VOICES];
        voices[1] = [1000; FRAME];
        let mut out = [7; FRAME];
        mix(&voices, Sources::NONE, Sources::seat(1), Sources::seat(1), &mut out);
        assert_eq!(out, SILENCE);
    }
}
