//! Recordings on their way to the disk, and what a killed server has left there.
//!
//! Each call has a folder of its own, `<tenant>/<call>`, with `customer.wav` (left the customer, right the agent) and,
//! if somebody was coached, `coach.wav`, which begins at the same moment. A thread of its own writes, because a disk may
//! take its time and the mixer may not.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write as _},
    path::{Path, PathBuf},
    sync::mpsc,
};
use touchline_live::CallId;
use touchline_media::{
    SILENCE,
    record::{HEADER, Recorder, Write, repair},
    room::Tracks,
};
use touchline_model::TenantId;

/// The conversation.
const CONVERSATION: &str = "customer.wav";
/// The whisper.
const WHISPER: &str = "coach.wav";
/// What a killed server may lose of a recording before it is repaired, in milliseconds; repaired, nothing.
const EVERY: u32 = 500;

/// A recording that is complete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Whose.
    pub tenant: TenantId,
    /// Of which call.
    pub call: CallId,
    /// Customer left, agent right.
    pub conversation: PathBuf,
    /// The whisper, if there was one.
    pub whisper: Option<PathBuf>,
    /// The server ended before the call did.
    pub cut: bool,
}

impl Recorded {
    /// Takes the folder away if it is empty: whoever has taken the recording over took its files, too, or lets a whisper
    /// lie where it is.
    pub fn tidy(&self) {
        if let Some(folder) = self.conversation.parent() {
            let _whisper_stays = fs::remove_dir(folder);
        }
    }
}

/// Where recordings are written.
#[derive(Clone, Debug)]
pub(super) struct Archive {
    folder: PathBuf,
    jobs: mpsc::Sender<Job>,
}

enum Job {
    Write { path: PathBuf, write: Write },
    Finish { recorded: Recorded },
}

impl Archive {
    /// Starts the thread that writes; it ends with the last archive, when all is written. `finished` is told of each
    /// recording that is complete.
    pub(super) fn open(folder: PathBuf, finished: impl Fn(Recorded) + Send + 'static) -> io::Result<Self> {
        fs::create_dir_all(&folder)?;
        let (jobs, todo) = mpsc::channel();
        std::thread::Builder::new().name("recordings".into()).spawn(move || write_all(&todo, finished))?;
        Ok(Self { folder, jobs })
    }

    /// A recording begins.
    pub(super) fn take(&self, tenant: &TenantId, call: CallId) -> Take {
        let folder = self.folder.join(folder_of(&tenant.0)).join(format!("{:032x}", call.0));
        Take {
            recorded: Recorded {
                tenant: tenant.clone(),
                call,
                conversation: folder.join(CONVERSATION),
                whisper: None,
                cut: false,
            },
            conversation: Recorder::new(2, EVERY),
            whisper: None,
            jobs: self.jobs.clone(),
        }
    }
}

/// One recording that goes on.
pub(super) struct Take {
    recorded: Recorded,
    conversation: Recorder,
    whisper: Option<Recorder>,
    jobs: mpsc::Sender<Job>,
}

impl Take {
    /// One tick more. The whisper's file is begun when somebody coaches for the first time.
    pub(super) fn push(&mut self, tracks: &Tracks, coached: bool) {
        if coached && self.whisper.is_none() {
            let mut whisper = Recorder::new(1, EVERY);
            for _ in 0..self.conversation.samples() / SILENCE.len() as u64 {
                let _full = whisper.push(&[&SILENCE]);
            }
            self.whisper = Some(whisper);
            self.recorded.whisper = Some(self.recorded.conversation.with_file_name(WHISPER));
        }
        // 37 hours fit; what comes after is not kept.
        let _full = self.conversation.push(&[&tracks.customer, &tracks.agent]);
        if let Some(whisper) = &mut self.whisper {
            let _full = whisper.push(&[&tracks.coach]);
        }
        self.hand_over();
    }

    /// The call is over.
    pub(super) fn finish(mut self) {
        self.conversation.flush();
        if let Some(whisper) = &mut self.whisper {
            whisper.flush();
        }
        self.hand_over();
        let _writer_gone = self.jobs.send(Job::Finish { recorded: self.recorded });
    }

    fn hand_over(&mut self) {
        let whisper = self.whisper.as_mut().zip(self.recorded.whisper.as_ref());
        for (recorder, path) in
            [(&mut self.conversation, &self.recorded.conversation)].into_iter().chain(whisper)
        {
            while let Some(write) = recorder.next_write() {
                let _writer_gone = self.jobs.send(Job::Write { path: path.clone(), write });
            }
        }
    }
}

fn write_all(todo: &mpsc::Receiver<Job>, finished: impl Fn(Recorded)) {
    let mut open: std::collections::HashMap<PathBuf, File> = std::collections::HashMap::new();
    for job in todo {
        match job {
            Job::Write { path, write } => {
                if let Err(error) = write_to(&mut open, &path, &write) {
                    tracing::error!(%error, path = %path.display(), "a recording cannot be written");
                }
            }
            Job::Finish { recorded } => {
                for path in [Some(&recorded.conversation), recorded.whisper.as_ref()].into_iter().flatten() {
                    if let Some(Err(error)) = open.remove(path).map(|file| file.sync_all()) {
                        tracing::error!(%error, path = %path.display(), "a recording may not be on the disk");
                    }
                }
                finished(recorded);
            }
        }
    }
}

fn write_to(
    open: &mut std::collections::HashMap<PathBuf, File>,
    path: &Path,
    write: &Write,
) -> io::Result<()> {
    if !open.contains_key(path) {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        open.insert(path.to_owned(), OpenOptions::new().write(true).create(true).truncate(false).open(path)?);
    }
    let Some(file) = open.get_mut(path) else { return Ok(()) };
    file.seek(SeekFrom::Start(write.offset))?;
    file.write_all(&write.bytes)
}

/// Finds what a killed server has left, and makes the most of each file.
///
/// # Errors
/// The folder cannot be read. A file that is no recording is left alone.
pub fn left_behind(folder: &Path) -> io::Result<Vec<Recorded>> {
    let mut found = Vec::new();
    for tenant in folders(folder)? {
        let Some(id) = tenant.file_name().and_then(|name| tenant_of(name.to_str()?)) else { continue };
        for call in folders(&tenant)? {
            let name = call.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let Ok(number) = u128::from_str_radix(name, 16) else { continue };
            let conversation = call.join(CONVERSATION);
            let whisper = Some(call.join(WHISPER)).filter(|path| path.is_file());
            if !conversation.exists() {
                // Taken over before; a whisper that is to be kept may lie here.
                continue;
            }
            match mend(&conversation) {
                Ok(samples) if samples > 0 => {}
                Ok(_) => {
                    // Nobody had spoken yet.
                    fs::remove_dir_all(&call)?;
                    continue;
                }
                Err(error) => {
                    tracing::warn!(%error, path = %conversation.display(), "left alone: not a recording");
                    continue;
                }
            }
            let whisper = whisper.filter(|path| mend(path).is_ok());
            found.push(Recorded {
                tenant: id.clone(),
                call: CallId(number),
                conversation,
                whisper,
                cut: true,
            });
        }
    }
    Ok(found)
}

/// Makes the header tell of all that is there; gives the samples of each track.
fn mend(path: &Path) -> io::Result<u64> {
    let mut file = OpenOptions::new().read(true).write(true).open(path)?;
    let length = file.metadata()?.len();
    let mut start = [0; HEADER];
    file.read_exact(&mut start)?;
    let mended = repair(&start, length).map_err(io::Error::other)?;
    file.set_len(mended.length)?;
    if let Some(write) = mended.header {
        file.seek(SeekFrom::Start(write.offset))?;
        file.write_all(&write.bytes)?;
    }
    file.sync_all()?;
    Ok(mended.samples)
}

fn folders(within: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(within) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(vec![]),
        entries => entries?,
    };
    let mut folders = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            folders.push(path);
        }
    }
    folders.sort();
    Ok(folders)
}

/// A tenant's id as a folder: bytes that a path might take for something else become `~` and two digits.
fn folder_of(tenant: &str) -> String {
    let mut name = String::new();
    for byte in tenant.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => name.push(char::from(byte)),
            _ => name.push_str(&format!("~{byte:02x}")),
        }
    }
    name
}

fn tenant_of(folder: &str) -> Option<TenantId> {
    let mut bytes = Vec::new();
    let mut rest = folder.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'~' {
            let mut digit = || char::from(rest.next()?).to_digit(16);
            bytes.push(u8::try_from(digit()? * 16 + digit()?).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok().map(TenantId)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn tracks(level: i16) -> Tracks {
        Tracks { customer: [level; 160], agent: [-level; 160], coach: [level / 2; 160] }
    }

    fn samples(path: &Path) -> Vec<i16> {
        let bytes = fs::read(path).unwrap();
        let counted = u32::from_le_bytes(bytes[40..44].try_into().unwrap()) as usize;
        bytes[44..44 + counted].chunks(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect()
    }

    #[test]
    fn a_finished_recording_has_every_tick_and_the_whisper_begins_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let (tell, told) = mpsc::channel();
        let archive = Archive::open(folder.path().into(), move |it| tell.send(it).unwrap()).unwrap();
        let mut take = archive.take(&"acme/../x".into(), CallId(7));
        (0..10).for_each(|_| take.push(&tracks(1000), false));
        (0..10).for_each(|_| take.push(&tracks(2000), true));
        take.finish();
        let recorded = told.recv_timeout(Duration::from_secs(5)).unwrap();
        assert!(recorded.conversation.starts_with(folder.path()), "{recorded:?}");
        let heard = samples(&recorded.conversation);
        assert_eq!((heard.len(), heard[0], heard[1], heard[20 * 320 - 1]), (20 * 320, 1000, -1000, -2000));
        let whisper = samples(recorded.whisper.as_ref().unwrap());
        assert_eq!((whisper.len(), whisper[1599], whisper[1600]), (20 * 160, 0, 1000));
        assert_eq!(left_behind(folder.path()).unwrap()[0].tenant, "acme/../x".into());
        fs::remove_file(&recorded.conversation).unwrap();
        recorded.tidy();
        assert!(left_behind(folder.path()).unwrap().is_empty());
        assert!(recorded.whisper.as_ref().unwrap().exists(), "a whisper that is kept stays where it is");
        fs::remove_file(recorded.whisper.as_ref().unwrap()).unwrap();
        recorded.tidy();
        assert!(!recorded.conversation.parent().unwrap().exists());
    }

    #[test]
    fn what_a_killed_server_left_is_found_with_all_its_sound() {
        let folder = tempfile::tempdir().unwrap();
        let archive = Archive::open(folder.path().into(), |_| panic!("was never finished")).unwrap();
        let mut take = archive.take(&"acme".into(), CallId(9));
        (0..70).for_each(|_| take.push(&tracks(500), false));
        drop((take, archive)); // nothing is flushed
        let path = folder.path().join("acme").join(format!("{:032x}", 9)).join(CONVERSATION);
        let written = || fs::metadata(&path).is_ok_and(|it| it.len() >= 44 + 50 * 640);
        (0..200).take_while(|_| !written()).for_each(|_| std::thread::sleep(Duration::from_millis(10)));
        // The last moment was written, its header was not, and of one sample only half.
        let mut file = OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(&[1, 2, 3, 4, 5]).unwrap();
        let left = left_behind(folder.path()).unwrap();
        assert_eq!((left.len(), left[0].call, left[0].cut), (1, CallId(9), true));
        assert_eq!(samples(&left[0].conversation).len(), 50 * 320 + 2);
    }
}
