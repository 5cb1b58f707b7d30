//! Making sound a little shorter or longer, by whole periods of the voice, so that nobody hears it.

/// Samples over which both ends of a cut are faded into each other: 5 ms.
const OVERLAP: usize = 40;
const SHORTEST: usize = 40;
const LONGEST: usize = 120;

/// What [`shorten`] needs so that a tick is left.
pub(super) const ENOUGH: usize = crate::FRAME + LONGEST;

/// Removes about a period from the beginning of `sound`; gives how many samples, none if it is too short.
pub(super) fn shorten(sound: &mut Vec<i16>) -> usize {
    if sound.len() < ENOUGH {
        return 0;
    }
    let lag = period(sound);
    for index in 0..OVERLAP {
        sound[index + lag] = blend(sound[index], sound[index + lag], index);
    }
    sound.drain(..lag);
    lag
}

/// Repeats about a period at the beginning of `sound`; gives how many samples, none if it is too short.
pub(super) fn lengthen(sound: &mut Vec<i16>) -> usize {
    if sound.len() < crate::FRAME {
        return 0;
    }
    let lag = period(sound);
    let mut begin = [0i16; LONGEST + OVERLAP];
    for (index, place) in begin.iter_mut().enumerate().take(lag + OVERLAP) {
        *place =
            if index < lag { sound[index] } else { blend(sound[index], sound[index - lag], index - lag) };
    }
    sound.splice(..OVERLAP, begin.iter().take(lag + OVERLAP).copied());
    lag
}

/// From `old` to `new` over [`OVERLAP`] samples.
fn blend(old: i16, new: i16, index: usize) -> i16 {
    let weight = index as i32 * 2 + 1;
    let whole = OVERLAP as i32 * 2;
    ((i32::from(old) * (whole - weight) + i32::from(new) * weight) / whole) as i16
}

/// The distance at which the beginning of a sound is most like itself.
fn period(sound: &[i16]) -> usize {
    let begin = &sound[..OVERLAP];
    likest((SHORTEST..=LONGEST).map(|lag| (lag, begin, &sound[lag..lag + OVERLAP])))
}

/// The candidate whose two sides are most alike, by normalised correlation.
pub(super) fn likest<'a>(candidates: impl Iterator<Item = (usize, &'a [i16], &'a [i16])>) -> usize {
    let (mut best, mut found) = (f32::MIN, SHORTEST);
    for (lag, one, other) in candidates {
        let (mut product, mut power) = (0i64, 1i64);
        for (one, other) in one.iter().zip(other) {
            product += i64::from(*one) * i64::from(*other);
            power += i64::from(*other) * i64::from(*other);
        }
        let likeness = product as f32 / (power as f32).sqrt();
        if likeness > best {
            (best, found) = (likeness, lag);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tone::sine;

    fn steepest(sound: &[i16]) -> i32 {
        sound.windows(2).map(|pair| (i32::from(pair[1]) - i32::from(pair[0])).abs()).max().unwrap()
    }

    #[test]
    fn a_tone_loses_and_gains_whole_periods_without_a_click() {
        for hertz in [110.0, 433.0, 787.0, 1153.0] {
            let whole = sine(hertz, -12.0, 400);
            let (mut shorter, mut longer) = (whole.clone(), whole.clone());
            let removed = shorten(&mut shorter);
            let added = lengthen(&mut longer);
            assert!((SHORTEST..=LONGEST).contains(&removed) && removed == added);
            assert_eq!((shorter.len(), longer.len()), (400 - removed, 400 + added));
            assert_eq!(shorter[200 - removed..], whole[200..]);
            assert_eq!(longer[200 + added..], whole[200..]);
            for changed in [shorter, longer] {
                assert!(steepest(&changed) < steepest(&whole) * 13 / 10 + 20, "{hertz} Hz");
            }
        }
    }

    #[test]
    fn too_little_sound_is_left_alone() {
        let mut short = vec![5; ENOUGH - 1];
        assert_eq!(shorten(&mut short), 0);
        let mut short = vec![5; crate::FRAME - 1];
        assert_eq!(lengthen(&mut short), 0);
    }
}
