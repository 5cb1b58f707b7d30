//! Every format is recognised by its content and decodes to what was recorded.

mod common;

use std::io::Cursor;

use common::{FIXTURES, assert_tone, decode_all, fixture, fmt, tone, wav_of, wav16};
use touchline_speech::{AudioFormat, DecodeError, decode, inspect, recognise};

#[test]
fn every_format_decodes_to_the_tone() {
    // Frames of the original; AAC fills its last packet.
    for (name, format, rate, frames, padding) in [
        ("tone.mp3", AudioFormat::Mp3, 16_000, 16_000, 0),
        ("tone-vorbis.ogg", AudioFormat::OggVorbis, 16_000, 16_000, 0),
        ("tone.opus", AudioFormat::OggOpus, 48_000, 48_000, 0),
        ("tone.flac", AudioFormat::Flac, 8_000, 4_000, 0),
        ("tone-aac.m4a", AudioFormat::M4a, 16_000, 16_000, 1_023),
        ("tone-alac.m4a", AudioFormat::M4a, 8_000, 4_000, 0),
    ] {
        let bytes = fixture(name);
        assert_eq!(recognise(&bytes[..bytes.len().min(4_096)]), Some(format), "{name}");
        let (info, samples) = decode_all(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!((info.format, info.channels, info.sample_rate), (format, 1, rate), "{name}");
        assert!((frames..=frames + padding).contains(&info.frames), "{name}: {}", info.frames);
        assert_eq!(info.frames, samples.len() as u64, "{name}");
        let secs = info.frames as f64 / f64::from(rate);
        assert!((info.duration.secs() - secs).abs() < 1e-6, "{name}: {}", info.duration);
        assert_tone(name, &samples, rate);
        assert_eq!(inspect(Cursor::new(bytes)).unwrap(), info, "{name}");
    }
}

#[test]
fn media_types_are_the_registered_ones() {
    let types = FIXTURES.map(|name| recognise(&fixture(name)).unwrap().media_type());
    assert_eq!(
        types,
        ["audio/mpeg", "audio/ogg", "audio/ogg; codecs=opus", "audio/flac", "audio/mp4", "audio/mp4"]
    );
    assert_eq!(recognise(&wav16(1, 8_000, &[0.0])).unwrap().media_type(), "audio/wav");
}

#[test]
fn every_width_of_wav_decodes() {
    let tone = tone(440.0, 8_000, 4_000);
    type Code = Box<dyn Fn(f64) -> Vec<u8>>;
    let codings: [(u16, u16, Code); 6] = [
        (1, 8, Box::new(|s| vec![(s * 127.0 + 128.0).round() as u8])),
        (1, 16, Box::new(|s| ((s * 32_767.0) as i16).to_le_bytes().to_vec())),
        (1, 24, Box::new(|s| ((s * 8_388_607.0) as i32).to_le_bytes()[..3].to_vec())),
        (1, 32, Box::new(|s| ((s * 2_147_483_647.0) as i32).to_le_bytes().to_vec())),
        (3, 32, Box::new(|s| (s as f32).to_le_bytes().to_vec())),
        (3, 64, Box::new(|s| s.to_le_bytes().to_vec())),
    ];
    for (tag, bits, code) in codings {
        let data: Vec<u8> = tone.iter().flat_map(|s| code(*s)).collect();
        let chunk = fmt(tag, 1, 8_000, bits);
        // Telephony systems put anything between the header and the samples.
        let extra = b"LIST\x03\0\0\0odd\0fact\x04\0\0\0\xa0\x0f\0\0";
        let file = wav_of(&chunk, extra, &data, data.len() as u32);
        let (info, samples) = decode_all(&file).unwrap();
        assert_eq!((info.frames, info.duration.micros()), (4_000, 500_000), "{tag} {bits}");
        assert_tone(&format!("{tag} {bits}"), &samples, 8_000);

        let mut extensible = fmt(0xfffe, 1, 8_000, bits);
        extensible.extend([22, 0, bits as u8, 0, 4, 0, 0, 0, tag as u8, 0]);
        extensible.extend(b"\0\0\0\0\x10\0\x80\0\0\xaa\0\x38\x9b\x71");
        let file = wav_of(&extensible, &[], &data, data.len() as u32);
        assert_eq!(decode_all(&file).unwrap().1, samples, "{tag} {bits} extensible");
    }
}

#[test]
fn telephone_codings_of_wav_decode() {
    // Encoders straight from the definitions: the nearest of 256 values.
    let mu = |byte: u8| {
        let byte = !byte;
        let size = ((f64::from(byte & 15) * 2.0 + 33.0) * f64::from(1 << (byte >> 4 & 7)) - 33.0) / 8_159.0;
        if byte < 128 { size } else { -size }
    };
    let a = |byte: u8| {
        let byte = byte ^ 0x55;
        let (low, segment) = (f64::from(byte & 15) * 2.0 + 1.0, byte >> 4 & 7);
        let size = match segment {
            0 => low / 4_096.0,
            _ => (low + 32.0) * f64::from(1 << (segment - 1)) / 4_096.0,
        };
        if byte < 128 { -size } else { size }
    };
    let tone = tone(440.0, 8_000, 4_000);
    for (tag, value) in [(7, &mu as &dyn Fn(u8) -> f64), (6, &a)] {
        let nearest = |s: &f64| {
            (0..=255_u8).min_by(|x, y| (value(*x) - s).abs().total_cmp(&(value(*y) - s).abs())).unwrap()
        };
        let data: Vec<u8> = tone.iter().map(nearest).collect();
        // 16 bytes of description, and the 18 that the standard asks for.
        for size in [16, 18] {
            let mut chunk = fmt(tag, 1, 8_000, 8);
            chunk.resize(size, 0);
            let (info, samples) = decode_all(&wav_of(&chunk, &[], &data, 4_000)).unwrap();
            assert_eq!(info.frames, 4_000);
            assert_tone(&format!("G.711 {tag}"), &samples, 8_000);
        }
    }
}

/// IMA ADPCM as in the recommendation: 4 bits a sample against a running prediction.
fn ima_blocks(samples: &[f64], block: usize) -> Vec<u8> {
    let steps: Vec<i32> = {
        let mut steps = vec![7_i32, 8, 9, 10, 11, 12, 13, 14, 16, 17, 19, 21, 23, 25, 28, 31, 34];
        steps.extend([37, 41, 45, 50, 55, 60, 66, 73, 80, 88, 97, 107, 118, 130, 143, 157, 173]);
        steps.extend([190, 209, 230, 253, 279, 307, 337, 371, 408, 449, 494, 544, 598, 658, 724]);
        steps.extend([796, 876, 963, 1060, 1166, 1282, 1411, 1552, 1707, 1878, 2066, 2272, 2499]);
        steps.extend([2749, 3024, 3327, 3660, 4026, 4428, 4871, 5358, 5894, 6484, 7132, 7845]);
        steps.extend([8630, 9493, 10442, 11487, 12635, 13899, 15289, 16818, 18500, 20350, 22385]);
        steps.extend([24623, 27086, 29794, 32767]);
        steps
    };
    let moves = [-1, -1, -1, -1, 2, 4, 6, 8];
    let (mut out, mut index) = (Vec::new(), 0_i32);
    for chunk in samples.chunks_exact((block - 4) * 2 + 1) {
        let mut value = (chunk[0] * 32_767.0) as i32;
        out.extend((value as i16).to_le_bytes());
        out.extend([index as u8, 0]);
        for pair in chunk[1..].chunks_exact(2) {
            let codes = [pair[0], pair[1]].map(|sample| {
                let (step, wanted) = (steps[index as usize], (sample * 32_767.0) as i32 - value);
                let size = (wanted.abs() * 4 / step).min(7);
                let change = (2 * size + 1) * step / 8;
                value = (value + if wanted < 0 { -change } else { change }).clamp(-32_768, 32_767);
                index = (index + moves[size as usize]).clamp(0, 88);
                size as u8 | if wanted < 0 { 8 } else { 0 }
            });
            out.push(codes[0] | codes[1] << 4);
        }
    }
    out
}

#[test]
fn ima_adpcm_decodes() {
    let (block, per_block) = (256_u16, 505_u16);
    let data = ima_blocks(&tone(440.0, 8_000, 505 * 8), usize::from(block));
    let mut chunk = fmt(0x11, 1, 8_000, 4);
    chunk[12..14].copy_from_slice(&block.to_le_bytes());
    chunk.extend([2, 0]);
    chunk.extend(per_block.to_le_bytes());
    for declared in [data.len() as u32, 0, u32::MAX] {
        let (info, samples) = decode_all(&wav_of(&chunk, &[], &data, declared)).unwrap();
        assert_eq!((info.frames, info.sample_rate), (505 * 8, 8_000));
        assert_tone("IMA ADPCM", &samples, 8_000);
    }
}

#[test]
fn channels_stay_apart() {
    let (left, right) = (tone(440.0, 8_000, 4_000), tone(1_000.0, 8_000, 4_000));
    let both: Vec<f64> = left.iter().zip(&right).flat_map(|(l, r)| [*l, *r]).collect();
    let (info, samples) = decode_all(&wav16(2, 8_000, &both)).unwrap();
    assert_eq!((info.channels, info.frames), (2, 4_000));
    let channel = |n: usize| samples.iter().skip(n).step_by(2).copied().collect::<Vec<_>>();
    assert_tone("left", &channel(0), 8_000);
    assert!(common::amplitude(&channel(1), 8_000, 1_000.0) > 0.49);
    assert!(common::amplitude(&channel(1), 8_000, 440.0) < 0.01);
}

#[test]
fn recorders_that_never_filled_in_the_length_are_read_to_the_end() {
    let whole = wav16(1, 8_000, &tone(440.0, 8_000, 4_000));
    for declared in [0, u32::MAX, 0x7fff_f000] {
        let mut streamed = whole.clone();
        streamed[4..8].copy_from_slice(&declared.to_le_bytes());
        streamed[40..44].copy_from_slice(&declared.to_le_bytes());
        streamed.push(7); // half a sample
        let (info, samples) = decode_all(&streamed).unwrap();
        assert_eq!(info.frames, 4_000, "{declared:#x}");
        assert_tone("streamed", &samples, 8_000);
    }
}

#[test]
fn tags_around_an_mp3_are_not_sound() {
    let plain = fixture("tone.mp3");
    let (info, samples) = decode_all(&plain).unwrap();
    // A tag larger than what recognition sees, another one, and the old kind behind.
    let mut tagged = b"ID3\x04\0\0\0\0\x40\0".to_vec();
    tagged.resize(10 + 8_192, 0xff);
    tagged.extend(b"ID3\x03\0\0\0\0\0\x04abcd");
    tagged.extend(&plain);
    tagged.extend(b"TAG");
    tagged.resize(tagged.len() + 125, b' ');
    assert_eq!(recognise(&tagged[..4_096]), Some(AudioFormat::Mp3));
    assert_eq!(decode_all(&tagged).unwrap(), (info, samples));

    let mut flac = b"ID3\x04\0\0\0\0\x40\0".to_vec();
    flac.resize(10 + 8_192, 0);
    flac.extend(fixture("tone.flac"));
    assert_eq!(decode_all(&flac).unwrap().0.format, AudioFormat::Flac);
}

#[test]
fn an_mp3_without_its_encoders_header_keeps_every_frame() {
    let plain = fixture("tone.mp3");
    // The encoder's header is a frame of its own: MPEG-2, 16 kHz, 64 kbit/s, so 288 bytes long.
    // It counts 30 frames of 576 samples behind it.
    let bare = &plain[288..];
    let (info, samples) = decode_all(bare).unwrap();
    assert_eq!(info.frames, 30 * 576);
    assert_tone("bare MP3", &samples[1_200..17_000], 16_000);
    // Joined recordings: the header speaks of the first part only.
    let twice = [plain.as_slice(), bare].concat();
    assert_eq!(decode_all(&twice).unwrap().0.frames, 2 * info.frames);
}

#[test]
fn limits_are_refused() {
    let unsupported =
        |file: Vec<u8>| matches!(inspect(Cursor::new(file)), Err(DecodeError::Unsupported { .. }));
    assert!(unsupported(wav16(9, 8_000, &[0.0; 90])));
    assert!(!unsupported(wav16(8, 8_000, &[0.0; 80])));
    assert!(unsupported(wav16(1, 3_999, &[0.0; 10])));
    assert!(unsupported(wav16(1, 200_000, &[0.0; 10])));
    assert!(unsupported(wav_of(&fmt(0x31, 1, 8_000, 16), &[], &[0; 65], 65)), "GSM in WAV");
    // A day and a second of 4 kHz in 8 bits, most of it a hole in the file.
    let header = wav_of(&fmt(1, 1, 4_000, 8), &[], &[], 86_401 * 4_000);
    let file = tempfile::tempfile().unwrap();
    std::io::Write::write_all(&mut &file, &header).unwrap();
    file.set_len(header.len() as u64 + 86_401 * 4_000).unwrap();
    let mut samples = 0;
    let result = decode(file, &mut |_, s| samples += s.len());
    assert!(matches!(result, Err(DecodeError::TooLong)) && samples == 0, "{result:?}");
}
