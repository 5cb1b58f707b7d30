//! The recordings: a right header, and sound exactly where words are.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests, and helpers of tests")]

use touchline_demo::{Options, organisation, recording};
use touchline_model::{MediaTime, Transcript};

/// G.711 mu-law back to linear.
fn linear(code: u8) -> f64 {
    let code = !code;
    let magnitude = ((i32::from(code & 0x0F) * 8 + 132) << (code >> 4 & 7)) - 132;
    f64::from(if code & 0x80 == 0 { magnitude } else { -magnitude })
}

fn number(file: &[u8], at: usize) -> usize {
    u32::from_le_bytes(file[at..at + 4].try_into().unwrap()) as usize
}

#[test]
fn sound_is_where_the_words_are_and_only_in_their_channel() {
    let options =
        Options { contacts: 400, audio: 8, ..Options::new(3, "2026-03-02T06:30:00Z".parse().unwrap()) };
    let demo = organisation(&options);
    let recorded: Vec<_> = demo.contacts.iter().filter(|made| made.has_audio).collect();
    assert_eq!(recorded.len(), 8);
    for made in recorded {
        let file = recording(&made.transcript, made.contact.duration, 7);
        assert!(file == recording(&made.transcript, made.contact.duration, 7));
        let frames = (made.contact.duration.secs() * 8_000.0).round() as usize;
        assert_eq!((&file[..4], &file[8..16], &file[50..54]), (&b"RIFF"[..], &b"WAVEfmt "[..], &b"data"[..]));
        assert_eq!((number(&file, 4), number(&file, 54)), (file.len() - 8, 2 * frames));
        // Format 7, two channels, 8,000 frames and 16,000 bytes a second.
        assert_eq!(&file[20..24], &[7, 0, 2, 0]);
        assert_eq!((number(&file, 24), number(&file, 28), number(&file, 46)), (8_000, 16_000, frames));
        assert_eq!(file.len(), 58 + 2 * frames);
        for channel in 0..2 {
            let mut spoken = vec![false; frames];
            for word in made.transcript.words.iter().filter(|word| usize::from(word.speaker) == channel) {
                let sample = |time: MediaTime| ((time.secs() * 8_000.0).round() as usize).min(frames);
                spoken[sample(word.start)..sample(word.end)].fill(true);
            }
            let power = |wanted: bool| {
                let list: Vec<f64> = (0..frames)
                    .filter(|at| spoken[*at] == wanted)
                    .map(|at| linear(file[58 + 2 * at + channel]).powi(2))
                    .collect();
                (list.iter().sum::<f64>() / list.len() as f64).sqrt()
            };
            let (inside, outside) = (power(true), power(false));
            assert!(inside > 300.0 && outside < 20.0, "{inside} inside, {outside} outside");
        }
        // Every single word can be heard, not only their sum.
        for word in made.transcript.words.iter().filter(|word| word.text.len() > 1) {
            let (from, to) =
                ((word.start.secs() * 8_000.0) as usize, ((word.end.secs() * 8_000.0) as usize).min(frames));
            let side = usize::from(word.speaker);
            let loudest = (from..to).map(|at| linear(file[58 + 2 * at + side]).abs()).fold(0.0, f64::max);
            assert!(loudest > 300.0, "{} {loudest}", word.text);
        }
    }
}

#[test]
fn odd_transcripts_make_no_trouble() {
    let empty = recording(&Transcript::default(), MediaTime::from_secs(0.0), 1);
    assert_eq!(empty.len(), 58);
    let silent = recording(&Transcript::default(), MediaTime::from_secs(1.5), 1);
    assert_eq!(silent.len(), 58 + 24_000);
    let late: Transcript = serde_json::from_value(serde_json::json!({
        "words": [{ "start": 0.9, "end": 3.0, "text": "late" }, { "start": 5, "end": 6, "text": "gone", "speaker": 9 }]
    }))
    .unwrap();
    assert_eq!(recording(&late, MediaTime::from_secs(1.0), 1).len(), 58 + 16_000);
}
