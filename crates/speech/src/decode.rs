use std::io::{Read, Seek, SeekFrom};

use symphonia::core::codecs::audio::AudioDecoderOptions;
use symphonia::core::errors::Error;
use symphonia::core::formats::{FormatOptions, FormatReader, TrackType};
use symphonia::core::io::MediaSourceStream;
use symphonia::default::formats::{FlacReader, IsoMp4Reader, MpaReader, OggReader, WavReader};
use touchline_model::MediaTime;

use crate::containers::{flac, mp3, mp4, ogg, wav};
use crate::format::{id3v2_len, recognise_untagged};
use crate::guard::guarded;
use crate::sink::Sink;
use crate::source::Window;
use crate::{AudioFormat, AudioSpec, DecodeError, HEAD_BYTES, MAX_SECONDS, opus};

/// What is known of a recording once all of it was decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AudioInfo {
    /// What the content is.
    pub format: AudioFormat,
    /// Channels, 1 to [`crate::MAX_CHANNELS`].
    pub channels: u16,
    /// Frames a second, in Hz; 48,000 for Opus, whatever it was recorded with.
    pub sample_rate: u32,
    /// `frames` over `sample_rate`, to the microsecond.
    pub duration: MediaTime,
    /// Samples of one channel, without the delay and padding that the codec declares.
    pub frames: u64,
}

/// Decodes a whole recording in bounded memory. `on_samples` gets the samples piece by piece in
/// order, interleaved, full scale from -1 to 1 (lossy codecs may overshoot).
///
/// # Errors
/// Any [`DecodeError`]. Most are found before the first sample is handed on; damage inside the
/// recording only when it is reached, so what was handed on counts for nothing after an error.
pub fn decode<R: Read + Seek + Send + Sync + 'static>(
    source: R,
    on_samples: &mut dyn FnMut(&AudioSpec, &[f32]),
) -> Result<AudioInfo, DecodeError> {
    let mut source = Window::whole(source).map_err(DecodeError::Read)?;
    let format = find_format(&mut source)?;
    let mut sink = Sink::new(on_samples);
    match format {
        AudioFormat::Wav => decode_wav(source, &mut sink)?,
        AudioFormat::Mp3 => decode_mp3(source, &mut sink)?,
        AudioFormat::OggVorbis => decode_vorbis(source, &mut sink)?,
        AudioFormat::OggOpus => opus::decode(source, &mut sink)?,
        AudioFormat::Flac => decode_flac(source, &mut sink)?,
        AudioFormat::M4a => {
            if let Some(start) = mp4::survey(&mut source)? {
                sink.skip_time(start.units, start.per_second);
            }
            pump(format, source, &mut sink, false, IsoMp4Reader::try_new)?;
        }
    }
    let (spec, frames) = (sink.spec().ok_or(DecodeError::Empty)?, sink.frames());
    let micros = u128::from(frames) * 1_000_000 + u128::from(spec.sample_rate) / 2;
    let micros = micros / u128::from(spec.sample_rate);
    Ok(AudioInfo {
        format,
        channels: spec.channels,
        sample_rate: spec.sample_rate,
        duration: MediaTime::from_micros(i64::try_from(micros).map_err(|_| DecodeError::TooLong)?),
        frames,
    })
}

/// Decodes a whole recording to learn that it is sound and how long it is.
///
/// # Errors
/// As [`decode`].
pub fn inspect<R: Read + Seek + Send + Sync + 'static>(source: R) -> Result<AudioInfo, DecodeError> {
    decode(source, &mut |_, _| ())
}

/// Tells the format and hides the tags in front of the recording.
fn find_format<R: Read + Seek>(source: &mut Window<R>) -> Result<AudioFormat, DecodeError> {
    if source.len() == 0 {
        return Err(DecodeError::Empty);
    }
    let mut head = source.peek(0, HEAD_BYTES).map_err(DecodeError::Read)?;
    while let Some(tag) = id3v2_len(&head) {
        if tag >= source.len() {
            return Err(DecodeError::truncated(AudioFormat::Mp3, "it ends within its tag"));
        }
        let end = source.len();
        source.narrow(tag, end).map_err(DecodeError::Read)?;
        head = source.peek(0, HEAD_BYTES).map_err(DecodeError::Read)?;
    }
    match recognise_untagged(&head) {
        Some(format) => Ok(format),
        None if head.starts_with(b"OggS\0") => {
            Err(DecodeError::unsupported("it is an OGG file with neither Vorbis nor Opus in it"))
        }
        None => Err(DecodeError::NotAudio),
    }
}

fn decode_wav<R: Read + Seek + Send + Sync + 'static>(
    mut source: Window<R>,
    sink: &mut Sink<'_>,
) -> Result<(), DecodeError> {
    let layout = wav::survey(&mut source)?;
    let spec = AudioSpec::new(usize::from(layout.channels), layout.sample_rate)?;
    if layout.data_len == 0 {
        return Err(DecodeError::Empty);
    }
    let Some(width) = layout.coding.width() else {
        let header = wav::plain_header(&layout).ok_or(DecodeError::TooLong)?;
        let start = layout
            .data_at
            .checked_sub(header.len() as u64)
            .ok_or_else(|| DecodeError::corrupt(AudioFormat::Wav, "its description is too short"))?;
        source.narrow(start, layout.data_at + layout.data_len).map_err(DecodeError::Read)?;
        source.overlay(0, &header);
        return pump(AudioFormat::Wav, source, sink, false, WavReader::try_new).map(drop);
    };
    let frame = width as u64 * u64::from(spec.channels);
    if layout.data_len / frame > MAX_SECONDS * u64::from(spec.sample_rate) {
        return Err(DecodeError::TooLong);
    }
    source.seek(SeekFrom::Start(layout.data_at)).map_err(DecodeError::Read)?;
    let (mut bytes, mut samples) = (vec![0; 4_096 * frame as usize], Vec::new());
    let mut left = layout.data_len;
    while left > 0 {
        let piece = bytes.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let piece = bytes.get_mut(..piece).unwrap_or_default();
        source.read_exact(piece).map_err(|error| DecodeError::reading(AudioFormat::Wav, error))?;
        samples.clear();
        wav::to_floats(layout.coding, piece, &mut samples);
        sink.push(spec, &mut samples)?;
        left -= piece.len() as u64;
    }
    Ok(())
}

fn decode_mp3<R: Read + Seek + Send + Sync + 'static>(
    mut source: Window<R>,
    sink: &mut Sink<'_>,
) -> Result<(), DecodeError> {
    let layout = mp3::survey(&mut source)?;
    if layout.start >= layout.end {
        return Err(DecodeError::Empty);
    }
    source.narrow(layout.start, layout.end).map_err(DecodeError::Read)?;
    sink.skip(layout.skip);
    sink.limit(layout.frames.unwrap_or(u64::MAX));
    pump(AudioFormat::Mp3, source, sink, false, MpaReader::try_new).map(drop)
}

fn decode_vorbis<R: Read + Seek + Send + Sync + 'static>(
    mut source: Window<R>,
    sink: &mut Sink<'_>,
) -> Result<(), DecodeError> {
    ogg::survey(AudioFormat::OggVorbis, &mut source)?;
    pump(AudioFormat::OggVorbis, source, sink, true, OggReader::try_new).map(drop)
}

fn decode_flac<R: Read + Seek + Send + Sync + 'static>(
    mut source: Window<R>,
    sink: &mut Sink<'_>,
) -> Result<(), DecodeError> {
    let declared = flac::survey(&mut source)?;
    let verified = pump(AudioFormat::Flac, source, sink, false, FlacReader::try_new)?;
    match declared {
        Some(declared) if sink.frames() < declared => Err(DecodeError::truncated(
            AudioFormat::Flac,
            format!("only {} of {declared} samples are there", sink.frames()),
        )),
        Some(declared) if sink.frames() > declared => {
            Err(DecodeError::corrupt(AudioFormat::Flac, "it has more samples than it says"))
        }
        _ if verified == Some(false) => {
            Err(DecodeError::corrupt(AudioFormat::Flac, "its samples do not match its own checksum"))
        }
        _ => Ok(()),
    }
}

/// Packets in a row without a single sample after which a file is taken for a trick.
const MAX_SILENT_PACKETS: u32 = 10_000;

/// Decodes the first track of sound into `sink`. Returns what a checksum inside the recording
/// says, if it has one.
fn pump<R, F, S>(
    format: AudioFormat,
    mut source: Window<R>,
    sink: &mut Sink<'_>,
    gapless: bool,
    open: S,
) -> Result<Option<bool>, DecodeError>
where
    R: Read + Seek + Send + Sync + 'static,
    F: FormatReader,
    S: FnOnce(MediaSourceStream<'static>, FormatOptions) -> Result<F, Error>,
{
    source.seek(SeekFrom::Start(0)).map_err(DecodeError::Read)?;
    let stream = MediaSourceStream::new(Box::new(source), Default::default());
    let (mut reader, track, mut decoder) = guarded(format, || {
        let reader = open(stream, FormatOptions::default()).map_err(|e| explain(format, e))?;
        let params = reader
            .default_track(TrackType::Audio)
            .and_then(|track| Some((track.id, track.codec_params.as_ref()?.audio()?)));
        let (track, params) = params.ok_or_else(|| DecodeError::unsupported("it holds no sound"))?;
        let mut options = AudioDecoderOptions::default();
        (options.gapless, options.verify) = (gapless, format == AudioFormat::Flac);
        let decoder = symphonia::default::get_codecs()
            .make_audio_decoder(params, &options)
            .map_err(|error| explain(format, error))?;
        Ok((reader, track, decoder))
    })?;
    let (mut samples, mut silent, mut position) = (Vec::new(), 0, 0);
    loop {
        let read = || reader.next_packet().map_err(|error| explain(format, error));
        let Some(packet) = guarded(format, read)? else { break };
        if packet.track_id != track {
            continue;
        }
        // FLAC numbers its frames; the reader skips those whose checksum is wrong.
        if format == AudioFormat::Flac && packet.pts.get() != position {
            return Err(DecodeError::corrupt(format, "a part in the middle is missing"));
        }
        let spec = guarded(format, || {
            let buffer = match decoder.decode(&packet) {
                Ok(buffer) => buffer,
                Err(error) => return Err(undecodable(format, &mut reader, error)),
            };
            position += i64::try_from(buffer.frames()).unwrap_or(i64::MAX);
            buffer.copy_to_vec_interleaved(&mut samples);
            Ok((!buffer.is_empty()).then(|| (buffer.spec().channels().count(), buffer.spec().rate())))
        })?;
        match spec {
            Some((channels, rate)) => {
                silent = 0;
                sink.push(AudioSpec::new(channels, rate)?, &mut samples)?;
            }
            None if silent == MAX_SILENT_PACKETS => {
                return Err(DecodeError::corrupt(format, "it goes on without any sound in it"));
            }
            None => silent += 1,
        }
    }
    guarded(format, || Ok(decoder.finalize().verify_ok))
}

/// A packet that cannot be decoded is damage, unless it is FLAC's last: then it was cut.
fn undecodable(format: AudioFormat, reader: &mut impl FormatReader, error: Error) -> DecodeError {
    match (format, error) {
        (AudioFormat::Flac, _) if matches!(reader.next_packet(), Ok(None)) => {
            DecodeError::truncated(format, "it ends within a frame")
        }
        (_, Error::IoError(_)) => DecodeError::corrupt(format, "a part of it cannot be decoded"),
        (_, error) => explain(format, error),
    }
}

/// What an error of the decoders means for the recording.
fn explain(format: AudioFormat, error: Error) -> DecodeError {
    match error {
        Error::IoError(error) => DecodeError::reading(format, error),
        Error::DecodeError(what) | Error::LimitError(what) => DecodeError::corrupt(format, what),
        Error::Unsupported(what) => {
            DecodeError::unsupported(format!("this kind of {format} is not known ({what})"))
        }
        Error::ResetRequired => DecodeError::unsupported("it is several recordings in one file"),
        other => DecodeError::corrupt(format, other.to_string()),
    }
}
