//! Recordings for transcripts: not speech, but sound with its rhythm, so that players and meters have something
//! true to show. Vowels are buzz through formants taken from the letters, consonants are noise.

use crate::dice::Dice;
use touchline_model::{MediaTime, SpeakerType, Transcript, Word};

/// Samples a second of each channel.
const RATE: usize = 8_000;
/// The longest recording that is made, in seconds; memory is taken for all of it.
const LONGEST: f64 = 4.0 * 3_600.0;

/// A stereo recording (left: the agent, right: everybody else) as a WAV file with 8 kHz G.711 mu-law.
///
/// Bursts of sound lie exactly where the words of the transcript do; between them there is only line noise.
/// The length is `duration`; words after its end are cut.
pub fn recording(transcript: &Transcript, duration: MediaTime, seed: u64) -> Vec<u8> {
    let (channels, mut dice) = spoken(transcript, duration, seed);
    let frames = channels[0].len();
    let mut data = Vec::with_capacity(2 * frames);
    for at in 0..frames {
        for channel in &channels {
            data.push(on_the_line(channel[at], &mut dice));
        }
    }
    wav(&data, frames)
}

/// What the agent and everybody else say in a conversation, each as 8 kHz G.711 mu-law without a header: what the
/// telephones of the two send, 160 bytes for 20 ms. The length of both is `duration`.
pub fn sides(transcript: &Transcript, duration: MediaTime, seed: u64) -> [Vec<u8>; 2] {
    let (channels, mut dice) = spoken(transcript, duration, seed);
    channels.map(|channel| channel.into_iter().map(|sample| on_the_line(sample, &mut dice)).collect())
}

/// A sample with the noise of a line.
fn on_the_line(sample: f32, dice: &mut Dice) -> u8 {
    let noise = (dice.next() & 0xF) as f32 - 7.5;
    mu_law((sample + noise).clamp(-32_000.0, 32_000.0) as i16)
}

/// The voices alone: the agent's, and everybody else's.
fn spoken(transcript: &Transcript, duration: MediaTime, seed: u64) -> ([Vec<f32>; 2], Dice) {
    let frames = (duration.secs().clamp(0.0, LONGEST) * RATE as f64).round() as usize;
    let mut dice = Dice::new(seed);
    let agent = agent_speaker(transcript);
    let mut channels = [vec![0.0f32; frames], vec![0.0f32; frames]];
    let mut voices: Vec<(u16, Voice)> = Vec::new();
    for word in &transcript.words {
        let at = match voices.iter().position(|(number, _)| *number == word.speaker) {
            Some(at) => at,
            None => {
                voices.push((word.speaker, Voice::new(&mut dice)));
                voices.len() - 1
            }
        };
        let channel = usize::from(word.speaker != agent);
        voices[at].1.say(word, &mut channels[channel], &mut dice);
    }
    (channels, dice)
}

/// The speaker who goes to the left: the first that is known to be ours, else speaker 0.
fn agent_speaker(transcript: &Transcript) -> u16 {
    let ours =
        |s: &&touchline_model::Speaker| s.speaker_type == Some(SpeakerType::Internal) || s.user_id.is_some();
    transcript.speakers.iter().find(ours).map_or(0, |speaker| speaker.number)
}

/// One person's way of sounding.
struct Voice {
    pitch: f32,
    /// Length of the vocal tract: shifts all formants.
    tract: f32,
    loudness: f32,
    phase: f32,
    formants: [Resonator; 3],
}

/// A two-pole filter.
#[derive(Clone, Copy, Default)]
struct Resonator {
    one: f32,
    two: f32,
    gain: f32,
    last: [f32; 2],
}

impl Resonator {
    fn tune(&mut self, frequency: f32, width: f32) {
        let radius = (-std::f32::consts::PI * width / RATE as f32).exp();
        let angle = std::f32::consts::TAU * frequency / RATE as f32;
        self.one = 2.0 * radius * angle.cos();
        self.two = -radius * radius;
        self.gain =
            (1.0 - radius) * (1.0 - 2.0 * radius * (2.0 * angle).cos() + radius * radius).max(0.0).sqrt();
    }
    fn pass(&mut self, input: f32) -> f32 {
        let out = self.gain * input + self.one * self.last[0] + self.two * self.last[1];
        self.last = [out, self.last[0]];
        out
    }
}

/// Formants of a vowel in Hz, for an average voice.
fn vowel(letter: char) -> Option<[f32; 3]> {
    Some(match letter {
        'a' => [730.0, 1_240.0, 2_440.0],
        'e' => [530.0, 1_840.0, 2_480.0],
        'i' | 'y' => [320.0, 2_250.0, 2_950.0],
        'o' => [500.0, 900.0, 2_410.0],
        'u' => [340.0, 980.0, 2_240.0],
        '0'..='9' => [600.0, 1_400.0, 2_450.0],
        _ => return None,
    })
}

impl Voice {
    fn new(dice: &mut Dice) -> Self {
        let high = dice.chance(0.5);
        let pitch = if high { dice.range(175.0, 225.0) } else { dice.range(95.0, 135.0) } as f32;
        Self {
            pitch,
            tract: if high { 1.12 } else { 1.0 },
            loudness: dice.range(5_200.0, 8_200.0) as f32,
            phase: 0.0,
            formants: [Resonator::default(); 3],
        }
    }

    fn say(&mut self, word: &Word, out: &mut [f32], dice: &mut Dice) {
        let first = (word.start.secs() * RATE as f64).round() as usize;
        let last = ((word.end.secs() * RATE as f64).round() as usize).min(out.len());
        let letters: Vec<char> =
            word.text.chars().flat_map(char::to_lowercase).filter(|c| c.is_alphanumeric()).collect();
        if first >= last || letters.is_empty() {
            return;
        }
        let (length, bend) = ((last - first) as f32, dice.range(-0.08, 0.06) as f32);
        // Rises towards the end of a question.
        let rise = if word.punctuation.as_deref().is_some_and(|p| p.contains('?')) { 0.25 } else { bend };
        self.formants.iter_mut().for_each(|formant| formant.last = [0.0; 2]);
        let mut now = usize::MAX;
        let (mut voiced, mut hiss) = (0.0f32, 0.0f32);
        for (offset, sample) in out[first..last].iter_mut().enumerate() {
            let done = offset as f32 / length;
            let letter = ((done * letters.len() as f32) as usize).min(letters.len() - 1);
            if letter != now {
                now = letter;
                let formants = vowel(letters[letter]).unwrap_or([420.0, 1_300.0, 2_400.0]);
                for (formant, frequency) in self.formants.iter_mut().zip(formants) {
                    formant.tune((frequency * self.tract).min(3_600.0), 110.0);
                }
                (voiced, hiss) = match letters[letter] {
                    's' | 'x' | 'z' | 'c' => (0.05, 0.9),
                    'f' | 'h' | 't' | 'k' | 'p' => (0.15, 0.5),
                    c if vowel(c).is_some() => (1.0, 0.03),
                    _ => (0.6, 0.1),
                };
            }
            self.phase += self.pitch * (1.0 + rise * done) / RATE as f32;
            self.phase -= self.phase.floor();
            // A falling ramp is close to what the vocal folds give.
            let buzz = (1.0 - 2.0 * self.phase) * voiced;
            let noise = ((dice.next() >> 40) as f32 / 8_388_608.0 - 1.0) * hiss;
            let spoken: f32 = self.formants.iter_mut().map(|f| f.pass(buzz + 0.3 * noise)).sum();
            let edge = (offset as f32 / 120.0).min((length - offset as f32) / 160.0).min(1.0);
            *sample += self.loudness * edge * (1.6 * spoken + 0.25 * buzz + 0.2 * noise);
        }
    }
}

/// G.711 mu-law of a linear sample.
fn mu_law(sample: i16) -> u8 {
    let sign = if sample < 0 { 0x80 } else { 0 };
    let biased = (i32::from(sample).abs()).min(32_635) + 132;
    let exponent = (31 - biased.leading_zeros() as i32) - 7;
    let mantissa = (biased >> (exponent + 3)) & 0xF;
    !(sign | (exponent << 4) | mantissa) as u8
}

/// RIFF header for mu-law (format 7), which has to name its extension size and number of frames.
fn wav(data: &[u8], frames: usize) -> Vec<u8> {
    let mut file = Vec::with_capacity(data.len() + 58);
    let u32_of = |value: usize| (value as u32).to_le_bytes();
    file.extend(b"RIFF");
    file.extend(u32_of(50 + data.len()));
    file.extend(b"WAVEfmt ");
    file.extend(u32_of(18));
    for value in [7u16, 2] {
        file.extend(value.to_le_bytes());
    }
    file.extend(u32_of(RATE));
    file.extend(u32_of(RATE * 2));
    for value in [2u16, 8, 0] {
        file.extend(value.to_le_bytes());
    }
    file.extend(b"fact");
    file.extend(u32_of(4));
    file.extend(u32_of(frames));
    file.extend(b"data");
    file.extend(u32_of(data.len()));
    file.extend(data);
    file
}
