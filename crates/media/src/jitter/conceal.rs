//! Sound in place of lost packets: the last period of the voice goes on and fades, then the line's own noise.

use super::stretch::likest;
use crate::tone::{COMFORT, Noise};

const HISTORY: usize = 320;
const SHORTEST: usize = 40;
const LONGEST: usize = 160;
const TEMPLATE: usize = 80;
/// So long the repeated voice stays loud, and so long it is heard at all.
const LOUD: usize = 80;
const AUDIBLE: usize = 480;
const SEAM: usize = 20;
/// Over so many samples real sound takes over again: 5 ms.
const RETURN: usize = 40;
/// The loudest noise that is taken for the background of a line: about -40 dBFS.
const LOUDEST_BACKGROUND: i32 = 230;

/// What one line sounded like, and how to go on.
#[derive(Clone, Debug)]
pub(super) struct Conceal {
    history: [i16; HISTORY],
    period: [i16; LONGEST],
    lag: usize,
    made: Option<usize>,
    noise: Noise,
    background: i32,
}

impl Conceal {
    pub(super) fn new(seed: u32) -> Self {
        Self {
            history: [0; HISTORY],
            period: [0; LONGEST],
            lag: SHORTEST,
            made: None,
            noise: Noise::new(seed),
            background: COMFORT,
        }
    }

    /// Real sound. If it comes after made-up sound, its beginning is blended with what would have been made.
    pub(super) fn real(&mut self, sound: &mut [i16]) {
        if self.made.is_some() {
            for (index, sample) in sound.iter_mut().enumerate().take(RETURN) {
                let made = i32::from(self.next());
                let weight = index as i32 * 2 + 1;
                let whole = RETURN as i32 * 2;
                *sample = ((made * (whole - weight) + i32::from(*sample) * weight) / whole) as i16;
            }
            self.made = None;
        }
        self.listen(sound);
        self.remember(sound);
    }

    /// Appends `count` samples of made-up sound. `pause`: the sender fell silent on purpose, so noise comes at once.
    pub(super) fn make(&mut self, count: usize, pause: bool, out: &mut Vec<i16>) {
        if self.made.is_none() {
            self.begin();
        }
        if pause {
            self.made = self.made.map(|made| made.max(AUDIBLE - LOUD));
        }
        out.extend((0..count).map(|_| self.next()));
    }

    /// The noise level that the sender names for its pauses (RFC 3389), in -dBov.
    pub(super) fn background(&mut self, level: u8) {
        let amplitude = 32_768.0 * 10f64.powf(-f64::from(level & 0x7F) / 20.0);
        self.background = (amplitude as i32).clamp(1, LOUDEST_BACKGROUND);
    }

    /// Finds the period of the last voice and joins its end to its beginning.
    fn begin(&mut self) {
        let history = &self.history;
        let template = &history[HISTORY - TEMPLATE..];
        self.lag = likest(
            (SHORTEST..=LONGEST)
                .map(|lag| (lag, template, &history[HISTORY - TEMPLATE - lag..HISTORY - lag])),
        );
        let start = HISTORY - self.lag;
        self.period[..self.lag].copy_from_slice(&history[start..]);
        for index in 0..SEAM {
            let (end, before) = (self.period[self.lag - SEAM + index], history[start - SEAM + index]);
            let weight = index as i32 * 2 + 1;
            let whole = SEAM as i32 * 2;
            self.period[self.lag - SEAM + index] =
                ((i32::from(end) * (whole - weight) + i32::from(before) * weight) / whole) as i16;
        }
        self.made = Some(0);
    }

    fn next(&mut self) -> i16 {
        let made = self.made.unwrap_or(AUDIBLE);
        self.made = Some(made.saturating_add(1));
        let left = AUDIBLE.saturating_sub(made).min(AUDIBLE - LOUD) as i32;
        let whole = (AUDIBLE - LOUD) as i32;
        let voice = i32::from(self.period[made % self.lag]) * left / whole;
        let noise = i32::from(self.noise.sample(self.background)) * (whole - left) / whole;
        crate::clamp16(voice + noise)
    }

    /// The background is the quietest that the line has been lately: it falls at once and rises slowly.
    fn listen(&mut self, sound: &[i16]) {
        let squares: i64 = sound.iter().map(|sample| i64::from(*sample) * i64::from(*sample)).sum();
        let rms = (squares as f64 / sound.len().max(1) as f64).sqrt() as i32;
        self.background = if rms <= self.background {
            rms.max(1)
        } else {
            (self.background + 1 + self.background / 64).min(rms).min(LOUDEST_BACKGROUND)
        };
    }

    fn remember(&mut self, sound: &[i16]) {
        let new = &sound[sound.len().saturating_sub(HISTORY)..];
        self.history.copy_within(new.len().., 0);
        self.history[HISTORY - new.len()..].copy_from_slice(new);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        RATE,
        level::{measure, tone},
        tone::sine,
    };

    #[test]
    fn a_lost_packet_of_a_tone_is_hardly_heard() {
        for hertz in [200.0, 433.0, 787.0] {
            let whole = sine(hertz, -12.0, 1600);
            let mut conceal = Conceal::new(1);
            let (mut before, mut after) = (whole[..640].to_vec(), whole[800..].to_vec());
            conceal.real(&mut before);
            let mut heard = before;
            conceal.make(160, false, &mut heard);
            conceal.real(&mut after);
            heard.extend(after);
            let level = tone(&heard, hertz, RATE);
            assert!((level + 12.0).abs() < 1.0, "{hertz} Hz: {level}");
            let step = |sound: &[i16]| {
                sound.windows(2).map(|pair| (i32::from(pair[1]) - i32::from(pair[0])).abs()).max().unwrap()
            };
            assert!(step(&heard) < step(&whole) * 14 / 10, "{hertz} Hz clicks");
        }
    }

    #[test]
    fn after_sixty_milliseconds_only_the_lines_noise_is_left() {
        let mut conceal = Conceal::new(1);
        for _ in 0..30 {
            conceal.real(&mut sine(433.0, -12.0, 160));
        }
        conceal.background(60);
        let mut made = Vec::new();
        conceal.make(1600, false, &mut made);
        assert!(measure(&made[..160]).rms > -16.0);
        let level = measure(&made[480..]).rms;
        assert!((-61.0..-54.0).contains(&level), "{level}");
    }

    #[test]
    fn a_pause_on_purpose_turns_to_noise_at_once() {
        let mut conceal = Conceal::new(1);
        conceal.real(&mut sine(433.0, -12.0, 640));
        let mut made = Vec::new();
        conceal.make(320, true, &mut made);
        assert!(measure(&made[80..]).rms < -40.0);
    }

    #[test]
    fn noise_rests_at_the_level_of_the_lines_own_pauses() {
        let mut conceal = Conceal::new(1);
        let mut line = Noise::new(9);
        for index in 0..200 {
            let mut sound: Vec<i16> = if index % 4 == 3 {
                (0..160).map(|_| line.sample(60)).collect()
            } else {
                sine(433.0, -12.0, 160)
            };
            conceal.real(&mut sound);
        }
        let mut made = Vec::new();
        conceal.make(4000, false, &mut made);
        let (made, line) = (measure(&made[480..]).rms, 20.0 * (60.0f32 * 1.414 / 32_768.0).log10());
        assert!((made - line).abs() < 3.0, "{made} where the line has {line}");
    }
}
