//! Hearing a recording in a browser: what the waveform is drawn from, and sound for browsers that cannot play the
//! format that was uploaded.

use crate::{App, AppError, require_own};
use bytes::Bytes;
use futures::{StreamExt, stream::BoxStream};
use std::{
    collections::HashMap,
    fs::File,
    io::{self, BufReader, Read, Seek, SeekFrom},
    ops::Range,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::{
    runtime::Handle,
    sync::{Semaphore, mpsc},
};
use touchline_model::{Ability, Caller, Recording, TenantId, Timestamp};
use touchline_speech::{DecodeError, Peaks, decode, measure};
use touchline_store::{Batch, BlobError, ContactRow, StoreError};

/// A person who goes on reading or hearing the same is noted again after so many seconds: a player asks for a recording
/// in many parts, and each would be an entry.
const NOTED_SECS: i64 = 300;
/// Notes kept in mind before those that are over are forgotten.
const NOTES: usize = 10_000;
/// Renditions that are made at once. One that nobody takes from waits, and costs little but its place.
const RENDITIONS: usize = 32;
/// How long it waits: players that pause stop taking, and would keep others from hearing anything for as long as their
/// pages are open. Those that go on ask for the rest.
const PATIENCE: Duration = Duration::from_secs(300);
/// Bytes of a rendition that are handed on together, and how many such pieces may wait.
const PIECE: usize = 64 * 1024;
const PIECES: usize = 4;
/// Bytes before the samples of a rendition.
const WAV_HEADER: u64 = 44;

/// Tenant, who, from where, what they did, to what.
type NoteKey = (TenantId, String, String, &'static str, String);

/// What this process keeps in mind about listeners.
pub struct Playback {
    noted: Mutex<HashMap<NoteKey, Timestamp>>,
    /// One recording is measured at a time.
    measuring: tokio::sync::Mutex<()>,
    renditions: Arc<Semaphore>,
}

impl Default for Playback {
    fn default() -> Self {
        Self {
            noted: Mutex::default(),
            measuring: tokio::sync::Mutex::default(),
            renditions: Arc::new(Semaphore::new(RENDITIONS)),
        }
    }
}

/// A part of a recording as 16-bit PCM in a WAV file.
pub struct Rendition {
    /// What it is made from.
    pub recording: Recording,
    /// Size of the whole file, in bytes.
    pub size: u64,
    /// Which bytes of it.
    pub range: Range<u64>,
    /// The bytes.
    pub bytes: BoxStream<'static, Result<Bytes, io::Error>>,
}

impl App {
    /// Writes an entry of the audit trail, for a person only if the same was not noted moments ago.
    pub(crate) async fn note_once(
        &self,
        caller: &Caller,
        action: &'static str,
        object: &str,
        detail: impl Into<String>,
    ) -> Result<(), AppError> {
        if caller.user.is_none() {
            return self.note(caller, action, object, detail).await;
        }
        let now = self.clock.now();
        let fresh = |at: &Timestamp| now < at.plus_secs(NOTED_SECS);
        let key =
            (caller.tenant.clone(), caller.actor.clone(), caller.source.clone(), action, object.to_owned());
        let noted = |playback: &Playback| {
            playback.noted.lock().unwrap_or_else(PoisonError::into_inner).get(&key).is_some_and(fresh)
        };
        if noted(&self.playback) {
            return Ok(());
        }
        self.note(caller, action, object, detail).await?;
        let mut known = self.playback.noted.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= NOTES {
            known.retain(|_, at| fresh(at));
        }
        known.insert(key, now);
        Ok(())
    }

    /// What the waveform of a contact's recording is drawn from; measured now if it never was, by one at a time. `None`
    /// without a recording, or when it cannot be read.
    pub async fn peaks(&self, caller: &Caller, id: &str) -> Result<Option<Peaks>, AppError> {
        require_own(caller, Ability::ReadRecordings)?;
        let row = self.contact_row(caller, id).await?;
        if let Some(known) = self.known_peaks(&caller.tenant, &row).await? {
            return Ok(Some(known));
        }
        // In a task of its own: somebody who goes away does not break off what the next one would begin again.
        let (app, caller) = (self.clone(), caller.clone());
        let measured = tokio::spawn(async move { app.measured(&caller, row).await });
        measured.await.unwrap_or_else(|error| Err(AppError::Internal(Box::new(error))))
    }

    pub(crate) async fn known_peaks(
        &self,
        tenant: &TenantId,
        row: &ContactRow,
    ) -> Result<Option<Peaks>, AppError> {
        let Some(recording) = &row.recording else { return Ok(None) };
        let body = self.store.peaks(tenant, &recording.sha256).await?;
        Ok(body.as_deref().and_then(Peaks::from_bytes))
    }

    async fn measured(&self, caller: &Caller, row: ContactRow) -> Result<Option<Peaks>, AppError> {
        let Some(recording) = &row.recording else { return Ok(None) };
        let _one_at_a_time = self.playback.measuring.lock().await;
        if let Some(known) = self.known_peaks(&caller.tenant, &row).await? {
            return Ok(Some(known));
        }
        let file = match self.blobs.file(&caller.tenant, &recording.sha256) {
            Err(BlobError::Missing) => return Ok(None),
            other => other?,
        };
        let read = tokio::task::spawn_blocking(move || measure(BufReader::new(file))).await;
        let peaks = match read.map_err(|error| AppError::Internal(Box::new(error)))? {
            Ok((_, peaks)) => peaks,
            Err(DecodeError::Read(error)) => return Err(AppError::Internal(Box::new(error))),
            // The pipeline tells why.
            Err(_) => return Ok(None),
        };
        let mut batch = Batch::new(&caller.tenant);
        batch
            .hold_contact(row.contact.value.id.as_str(), row.contact.seq)
            .put_peaks(&recording.sha256, &peaks.to_bytes());
        match self.store.apply(batch).await {
            // Changed or erased meanwhile: drawn, but not kept.
            Ok(_) | Err(StoreError::Conflict) => Ok(Some(peaks)),
            Err(error) => Err(error.into()),
        }
    }

    /// A part of a contact's recording as 16-bit PCM, for browsers that cannot play what was uploaded; decoded as it is
    /// taken. `wanted` is told the size of the whole and is cut to it. `None`: no recording, or one that cannot be read.
    pub async fn rendition(
        &self,
        caller: &Caller,
        id: &str,
        wanted: impl FnOnce(&Recording, u64) -> Range<u64>,
    ) -> Result<Option<Rendition>, AppError> {
        let Some(peaks) = self.peaks(caller, id).await? else { return Ok(None) };
        let Some(recording) = self.contact_row(caller, id).await?.recording else { return Ok(None) };
        let frame = 2 * peaks.channels.len() as u64;
        let size = WAV_HEADER + peaks.frames * frame;
        let wanted = wanted(&recording, size);
        let end = wanted.end.min(size);
        let range = wanted.start.min(end)..end;
        self.note_once(caller, "recording.read", id, format!("{} bytes, decoded", recording.bytes)).await?;
        let file = self.blobs.file(&caller.tenant, &recording.sha256)?;
        let permit = self.playback.renditions.clone().acquire_owned().await;
        let permit = permit.map_err(|error| AppError::Internal(Box::new(error)))?;
        let (to, from) = mpsc::channel(PIECES);
        let (header, part) = (wav_header(&peaks), range.clone());
        tokio::task::spawn_blocking(move || {
            render(file, &header, part, to, PATIENCE);
            drop(permit);
        });
        let bytes = futures::stream::unfold(from, |mut from| async { Some((from.recv().await?, from)) });
        Ok(Some(Rendition { recording, size, range, bytes: bytes.boxed() }))
    }
}

/// A file that ends in an error once nobody wants to hear more: that is how decoding is broken off.
struct While {
    file: BufReader<File>,
    over: Arc<AtomicBool>,
}

impl Read for While {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        match self.over.load(Ordering::Relaxed) {
            true => Err(io::Error::other("nobody listens any more")),
            false => self.file.read(to),
        }
    }
}
impl Seek for While {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

type Taker = mpsc::Sender<Result<Bytes, io::Error>>;

/// Decodes a recording from its start and hands on the bytes of the rendition that lie in `part`, until nobody has taken
/// any for so long. For a thread of a runtime that may block.
fn render(file: File, header: &[u8], part: Range<u64>, to: Taker, patience: Duration) {
    let over = Arc::new(AtomicBool::new(part.is_empty()));
    let mut cut =
        Cut { at: 0, part, piece: Vec::with_capacity(PIECE), to, patience, runtime: Handle::current() };
    if cut.push(header) {
        let source = While { file: BufReader::new(file), over: over.clone() };
        let mut bytes = Vec::new();
        let decoded = decode(source, &mut |_, samples| {
            if over.load(Ordering::Relaxed) {
                return;
            }
            let length = 2 * samples.len() as u64;
            if cut.at + length <= cut.part.start {
                cut.at += length;
                return;
            }
            bytes.clear();
            // Within 16 bits, so the cast only drops the fraction.
            let whole = |sample: &f32| (sample.clamp(-1.0, 1.0) * 32_767.0).round() as i16;
            bytes.extend(samples.iter().flat_map(|sample| whole(sample).to_le_bytes()));
            if !cut.push(&bytes) {
                over.store(true, Ordering::Relaxed);
            }
        });
        if let (Err(error), false) = (decoded, over.load(Ordering::Relaxed)) {
            // The answer must not look complete.
            cut.send(Err(io::Error::other(error)));
            return;
        }
    }
    cut.flush();
}

/// Lets through the bytes of a part, in pieces.
struct Cut {
    /// Place of the next byte.
    at: u64,
    part: Range<u64>,
    piece: Vec<u8>,
    to: Taker,
    patience: Duration,
    runtime: Handle,
}

impl Cut {
    /// Whether more is wanted.
    fn push(&mut self, bytes: &[u8]) -> bool {
        let place = |wanted: u64| {
            usize::try_from(wanted.saturating_sub(self.at)).map_or(bytes.len(), |it| it.min(bytes.len()))
        };
        let inside = place(self.part.start)..place(self.part.end);
        self.at += bytes.len() as u64;
        self.piece.extend_from_slice(bytes.get(inside).unwrap_or_default());
        (self.piece.len() < PIECE || self.flush()) && self.at < self.part.end
    }

    fn flush(&mut self) -> bool {
        let piece = std::mem::take(&mut self.piece);
        piece.is_empty() || self.send(Ok(piece.into()))
    }

    /// Whether somebody took it.
    fn send(&mut self, piece: Result<Bytes, io::Error>) -> bool {
        self.runtime.block_on(self.to.send_timeout(piece, self.patience)).is_ok()
    }
}

/// The header of a WAV file with 16-bit PCM. Sizes that it has no room for are left open, as streaming recorders do.
fn wav_header(peaks: &Peaks) -> Vec<u8> {
    let channels = u16::try_from(peaks.channels.len()).unwrap_or(1);
    let data = u32::try_from(peaks.frames * u64::from(channels) * 2).unwrap_or(u32::MAX);
    let mut header = b"RIFF".to_vec();
    header.extend(data.saturating_add(36).to_le_bytes());
    header.extend(b"WAVEfmt ");
    header.extend(16_u32.to_le_bytes());
    header.extend(1_u16.to_le_bytes());
    header.extend(channels.to_le_bytes());
    header.extend(peaks.sample_rate.to_le_bytes());
    header.extend((peaks.sample_rate * u32::from(channels) * 2).to_le_bytes());
    header.extend((channels * 2).to_le_bytes());
    header.extend(16_u16.to_le_bytes());
    header.extend(b"data");
    header.extend(data.to_le_bytes());
    header
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A second of silence in two channels, as a file and as the peaks of one.
    fn silence() -> (File, Vec<u8>) {
        let peaks = Peaks {
            sample_rate: 48_000,
            frames: 480_000,
            frames_per_stretch: 480,
            channels: vec![vec![], vec![]],
        };
        let header = wav_header(&peaks);
        let mut file = tempfile::tempfile().unwrap();
        io::Write::write_all(&mut file, &header).unwrap();
        io::Write::write_all(&mut file, &vec![0; 1_920_000]).unwrap();
        file.rewind().unwrap();
        (file, header)
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_rendition_that_nobody_takes_gives_its_place_back() {
        let render = |patience| {
            let (file, header) = silence();
            let (to, from) = mpsc::channel(PIECES);
            let made = tokio::task::spawn_blocking(move || render(file, &header, 0..1_920_044, to, patience));
            (made, from)
        };
        let (made, mut kept) = render(Duration::from_millis(50));
        made.await.unwrap();
        let mut taken = 0;
        while let Some(piece) = kept.recv().await {
            taken += piece.unwrap().len();
        }
        assert!((PIECES * PIECE..1_920_044).contains(&taken), "{taken} bytes, and the connection breaks off");
        // Somebody who takes a little now and then gets all of it.
        let (made, mut from) = render(Duration::from_secs(60));
        let mut taken = 0;
        while let Some(piece) = from.recv().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
            taken += piece.unwrap().len();
        }
        made.await.unwrap();
        assert_eq!(taken, 1_920_044);
    }
}
