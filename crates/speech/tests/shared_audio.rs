//! Real recordings, where the machine has them.

mod common;

use std::fs::File;
use std::path::{Path, PathBuf};

use common::decode_all;
use touchline_speech::{AudioFormat, inspect};

fn wav_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            wav_files(&path, found);
        } else if path.extension().is_some_and(|e| e == "wav") {
            found.push(path);
        }
    }
}

#[test]
fn lengths_are_those_of_the_headers() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/audio");
    if !folder.is_dir() {
        println!("no shared recordings here: nothing to compare");
        return;
    }
    let mut files = Vec::new();
    wav_files(&folder, &mut files);
    assert!(!files.is_empty());
    for path in &files {
        let bytes = std::fs::read(path).unwrap();
        let word = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
        let find = |id: &[u8]| bytes.windows(4).position(|w| w == id).unwrap();
        let (fmt, data) = (find(b"fmt "), find(b"data"));
        let (rate, align) = (word(fmt + 12), word(fmt + 20) & 0xffff);
        let frames = word(data + 4) / align;
        let info = inspect(File::open(path).unwrap()).unwrap_or_else(|e| panic!("{path:?}: {e}"));
        assert_eq!(info.format, AudioFormat::Wav, "{path:?}");
        assert_eq!((info.frames, info.sample_rate), (u64::from(frames), rate), "{path:?}");
        let secs = f64::from(frames) / f64::from(rate);
        assert!((info.duration.secs() - secs).abs() < 1e-6, "{path:?}: {}", info.duration);
    }
    println!("{} recordings compared", files.len());

    let talk = files.iter().find(|path| path.ends_with("speech/two-channel.wav"));
    if let Some(talk) = talk {
        let (info, samples) = decode_all(&std::fs::read(talk).unwrap()).unwrap();
        assert_eq!((info.channels, info.sample_rate), (2, 11_025));
        assert!((info.duration.secs() - 20.9).abs() < 0.1, "{}", info.duration);
        assert!(common::level(&samples) > 0.005, "somebody speaks");
    }
}
