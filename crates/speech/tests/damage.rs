//! Cut, damaged, mislabelled and hostile files get the right error, and never a panic.

mod common;

use std::io::{self, Cursor, Read, Seek, SeekFrom};

use common::{FIXTURES, decode_all, fixture, fmt, tone, wav_of, wav16};
use proptest::prelude::*;
use touchline_speech::{AudioFormat, DecodeError, inspect};

fn all_files() -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = FIXTURES.map(|name| (name.to_owned(), fixture(name))).into();
    files.push(("tone.wav".to_owned(), wav16(1, 8_000, &tone(440.0, 8_000, 2_000))));
    files.push(("ima.wav".to_owned(), adpcm(0x11, 2, &[])));
    files.push(("microsoft.wav".to_owned(), adpcm(2, 32, &[0; 30])));
    files
}

/// ADPCM of silence: blocks of zeros.
fn adpcm(tag: u16, extra_len: u16, extra: &[u8]) -> Vec<u8> {
    let mut chunk = fmt(tag, 1, 8_000, 4);
    chunk[12..14].copy_from_slice(&256_u16.to_le_bytes());
    chunk.extend(extra_len.to_le_bytes());
    chunk.extend((if tag == 2 { 500_u16 } else { 505 }).to_le_bytes());
    chunk.extend(extra);
    wav_of(&chunk, &[], &[0; 1_024], 1_024)
}

#[test]
fn whole_files_are_fine() {
    for (name, file) in all_files() {
        decode_all(&file).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

#[test]
fn cut_files_are_called_cut_short() {
    for (name, file) in all_files() {
        // Anywhere in the sound, down to the last byte.
        for kept in [file.len() / 2, file.len() * 3 / 4, file.len() - 150, file.len() - 1] {
            let result = inspect(Cursor::new(file[..kept].to_vec()));
            assert!(
                matches!(result, Err(DecodeError::Truncated { .. })),
                "{name}, {kept} of {} bytes: {result:?}",
                file.len()
            );
        }
    }
}

#[test]
fn a_cut_between_frames_shows_too() {
    // Without the last frame of an MP3, whose encoder counted them.
    let mp3 = fixture("tone.mp3");
    let last = (0..mp3.len()).rev().find(|at| mp3[*at..].starts_with(&[0xff, 0xf3])).unwrap();
    let result = inspect(Cursor::new(mp3[..last].to_vec()));
    assert!(matches!(result, Err(DecodeError::Truncated { .. })), "{result:?}");
    // Without the last page of an OGG file.
    for name in ["tone.opus", "tone-vorbis.ogg"] {
        let ogg = fixture(name);
        let last = (0..ogg.len()).rev().find(|at| ogg[*at..].starts_with(b"OggS")).unwrap();
        let result = inspect(Cursor::new(ogg[..last].to_vec()));
        assert!(matches!(result, Err(DecodeError::Truncated { .. })), "{name}: {result:?}");
    }
    // An M4A file whose index was never written.
    let m4a = fixture("tone-aac.m4a");
    let moov = m4a.windows(4).position(|w| w == b"moov").unwrap() - 4;
    let result = inspect(Cursor::new(m4a[..moov].to_vec()));
    assert!(matches!(result, Err(DecodeError::Truncated { .. })), "{result:?}");
}

#[test]
fn damage_in_the_middle_of_checked_formats_is_found() {
    for name in ["tone.flac", "tone.opus", "tone-vorbis.ogg"] {
        let whole = fixture(name);
        for at in [whole.len() / 2, whole.len() * 2 / 3] {
            let mut file = whole.clone();
            file[at] ^= 0x10;
            let result = inspect(Cursor::new(file));
            assert!(matches!(result, Err(DecodeError::Corrupt { .. })), "{name}: {result:?}");
        }
    }
}

#[test]
fn empty_is_empty() {
    let empty = |file: Vec<u8>| matches!(inspect(Cursor::new(file)), Err(DecodeError::Empty));
    assert!(empty(Vec::new()));
    assert!(empty(wav16(1, 8_000, &[])));
    let mut followed = wav16(1, 8_000, &[]);
    followed.extend(b"LIST\x04\0\0\0INFO");
    assert!(empty(followed), "what follows an empty data chunk is not sound");
}

#[test]
fn other_files_are_not_audio() {
    for file in [
        b"Dear colleague, please find the recording attached.".as_slice(),
        b"%PDF-1.7 %\xe2\xe3\xcf\xd3",
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
        b"PK\x03\x04\x14\0\0\0\x08\0",
        b"<!doctype html><title>Not found</title>",
        &[0; 5_000],
        &[0xff; 5_000],
        b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
        b"\x1aE\xdf\xa3\x9fB\x86\x81\x01", // Matroska
    ] {
        let result = inspect(Cursor::new(file.to_vec()));
        assert!(matches!(result, Err(DecodeError::NotAudio)), "{:?}: {result:?}", &file[..4]);
    }
}

#[test]
fn one_format_under_the_start_of_another_is_an_error() {
    let files = all_files();
    for (name, head) in &files {
        for (other, body) in files.iter().filter(|(other, _)| other != name) {
            // WAV believes any bytes to be samples.
            let spliced = [&head[..64.min(head.len())], &body[64..]].concat();
            if !name.ends_with(".wav") {
                assert!(inspect(Cursor::new(spliced)).is_err(), "{name} before {other}");
            }
        }
    }
}

#[test]
fn messages_are_sentences() {
    let mut file = fixture("tone.opus");
    file.truncate(2_000);
    let said = inspect(Cursor::new(file)).unwrap_err().to_string();
    assert_eq!(said, "The OGG Opus recording is cut short: it ends within a page.");
    let file = wav_of(&fmt(1, 1, 8_000, 16), &[], &[0; 10], 2_000);
    let said = inspect(Cursor::new(file)).unwrap_err().to_string();
    assert_eq!(said, "The WAV recording is cut short: only 10 of 2000 bytes of sound are there.");
}

/// Fails to read past `good` bytes, as a broken disk would.
struct Broken {
    bytes: Cursor<Vec<u8>>,
    good: u64,
}
impl Read for Broken {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.bytes.position() >= self.good {
            return Err(io::Error::other("the disk is broken"));
        }
        let room = (self.good - self.bytes.position()).min(buf.len() as u64) as usize;
        self.bytes.read(&mut buf[..room])
    }
}
impl Seek for Broken {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.bytes.seek(to)
    }
}

#[test]
fn a_disk_that_fails_is_not_the_recordings_fault() {
    for (name, file) in all_files() {
        let good = file.len() as u64 / 2;
        let result = inspect(Broken { bytes: Cursor::new(file), good });
        assert!(matches!(result, Err(DecodeError::Read(_))), "{name}: {result:?}");
    }
}

/// One way to spoil a file.
#[derive(Clone, Debug)]
enum Spoil {
    Flip(prop::sample::Index, u8),
    Write(prop::sample::Index, [u8; 4]),
    Cut(prop::sample::Index),
    Drop(prop::sample::Index, usize),
    Repeat(prop::sample::Index, usize),
}

fn spoil() -> impl Strategy<Value = Spoil> {
    let place = any::<prop::sample::Index>;
    let extreme = prop_oneof![
        any::<[u8; 4]>(),
        Just([0xff; 4]),
        Just([0; 4]),
        Just([0x7f, 0xff, 0xff, 0xff]),
        Just([0, 0, 0, 1])
    ];
    prop_oneof![
        4 => (place(), 1..=255_u8).prop_map(|(at, bits)| Spoil::Flip(at, bits)),
        4 => (place(), extreme).prop_map(|(at, bytes)| Spoil::Write(at, bytes)),
        1 => place().prop_map(Spoil::Cut),
        1 => (place(), 1..200_usize).prop_map(|(at, n)| Spoil::Drop(at, n)),
        1 => (place(), 1..200_usize).prop_map(|(at, n)| Spoil::Repeat(at, n)),
    ]
}

/// Spoils `file`, mostly in its first part, where the headers are, when `early`.
fn apply(file: &mut Vec<u8>, spoils: &[Spoil], early: bool) {
    for spoil in spoils {
        let reach = if early { file.len().min(300) } else { file.len() };
        if reach == 0 {
            return;
        }
        match spoil {
            Spoil::Flip(at, bits) => file[at.index(reach)] ^= bits,
            Spoil::Write(at, bytes) => {
                let at = at.index(reach);
                file.iter_mut().skip(at).zip(bytes).for_each(|(to, from)| *to = *from);
            }
            Spoil::Cut(at) => file.truncate(at.index(reach)),
            Spoil::Drop(at, n) => {
                let at = at.index(reach);
                file.drain(at..(at + n).min(file.len()));
            }
            Spoil::Repeat(at, n) => {
                let at = at.index(reach);
                let again = file[at..(at + n).min(file.len())].to_vec();
                file.splice(at..at, again);
            }
        }
    }
}

/// Makes the sums of the pages of an OGG file right again, so that damage reaches the decoders.
fn repair_sums(file: &mut [u8]) {
    let mut at = 0;
    while file.get(at..at + 27).is_some_and(|h| h.starts_with(b"OggS")) {
        let segments = usize::from(file[at + 26]);
        let Some(lacing) = file.get(at + 27..at + 27 + segments) else { return };
        let len = 27 + segments + lacing.iter().map(|n| usize::from(*n)).sum::<usize>();
        let Some(page) = file.get_mut(at..at + len) else { return };
        page[22..26].fill(0);
        let mut sum = 0_u32;
        for byte in page.iter() {
            sum ^= u32::from(*byte) << 24;
            for _ in 0..8 {
                sum = (sum << 1) ^ (if sum >> 31 == 1 { 0x04c1_1db7 } else { 0 });
            }
        }
        page[22..26].copy_from_slice(&sum.to_le_bytes());
        at += len;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is done to a file: an answer, and what it says agrees with what was handed on.
    #[test]
    fn spoilt_files_never_cause_a_panic(
        which in 0..9_usize,
        spoils in prop::collection::vec(spoil(), 1..6),
        early in any::<bool>(),
        repair in any::<bool>(),
    ) {
        let (_, mut file) = all_files().swap_remove(which);
        apply(&mut file, &spoils, early);
        if repair {
            repair_sums(&mut file);
        }
        if let Ok((info, samples)) = decode_all(&file) {
            prop_assert_eq!(info.frames * u64::from(info.channels), samples.len() as u64);
            prop_assert!(samples.iter().all(|sample| sample.is_finite()));
        }
    }

    /// The first bytes of the right kind, then anything.
    #[test]
    fn random_bytes_never_cause_a_panic(
        which in 0..9_usize,
        kept in 0..200_usize,
        noise in prop::collection::vec(any::<u8>(), 0..2_000),
    ) {
        let (_, mut file) = all_files().swap_remove(which);
        file.truncate(kept);
        file.extend(noise);
        let _ = inspect(Cursor::new(file));
    }
}

#[test]
fn the_format_is_named_in_the_error() {
    for (name, file) in all_files() {
        let expected = match name.as_str() {
            "tone.mp3" => AudioFormat::Mp3,
            "tone-vorbis.ogg" => AudioFormat::OggVorbis,
            "tone.opus" => AudioFormat::OggOpus,
            "tone.flac" => AudioFormat::Flac,
            name if name.ends_with(".m4a") => AudioFormat::M4a,
            _ => AudioFormat::Wav,
        };
        match inspect(Cursor::new(file[..file.len() - 1].to_vec())) {
            Err(DecodeError::Truncated { format, .. }) => assert_eq!(format, expected, "{name}"),
            other => panic!("{name}: {other:?}"),
        }
    }
}
