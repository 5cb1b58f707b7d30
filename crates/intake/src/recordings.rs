//! Recordings beside the metadata: found inside one folder only, and sent only when they are other than before.

use futures::StreamExt;
use sha2::{Digest, Sha256};
use std::{
    fmt::Write,
    fs::File,
    io::{self, Read},
    path::{Component, Path, PathBuf},
};
use tokio_util::io::ReaderStream;
use touchline_app::{
    App, AppError,
    speech::{self, HEAD_BYTES},
    store::ContactRow,
};
use touchline_model::Caller;

/// Recordings that are sent at once: each waits for the disk once or twice.
pub(crate) const AT_ONCE: usize = 4;
/// Said of a recording that would be somebody else's if it became a contact on its own.
pub(crate) const TURNED_AWAY: &str = "the line that names this recording was refused";
/// Said of what is neither text nor sound.
const NO_RECORDING: &str =
    "is no recording that can be read: its content is none of WAV, MP3, OGG Vorbis or Opus, FLAC, M4A";
/// Endings that recordings have.
pub(crate) const ENDINGS: [&str; 10] =
    ["wav", "mp3", "ogg", "opus", "flac", "m4a", "mp4", "oga", "wave", "aac"];

/// Whether a file is called like a recording.
pub(crate) fn is_named_so(path: &Path) -> bool {
    let ending = path.extension().map(|it| it.to_string_lossy().to_ascii_lowercase());
    ending.is_some_and(|ending| ENDINGS.contains(&&*ending))
}

/// Why a file can be no recording, by its beginning; whether it can be read to its end turns out later.
pub(crate) fn unheard(path: &Path) -> Result<(), String> {
    let mut head = Vec::with_capacity(HEAD_BYTES);
    let read = File::open(path).and_then(|file| file.take(HEAD_BYTES as u64).read_to_end(&mut head));
    read.map_err(|e| e.to_string())?;
    match (head.is_empty(), speech::recognise(&head)) {
        (true, _) => Err("is empty".to_owned()),
        (_, None) => Err(NO_RECORDING.to_owned()),
        _ => Ok(()),
    }
}

/// A folder of recordings.
#[derive(Clone, Debug)]
pub(crate) struct Folder(PathBuf);

/// Why a name leads to no recording.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NotFound {
    /// It leads out of the folder.
    Outside,
    /// There is no such file.
    Missing,
}

impl Folder {
    /// The folder must exist.
    pub(crate) fn open(path: &Path) -> Result<Self, String> {
        let whole = path.canonicalize().map_err(|e| format!("{}: {e}", path.display()))?;
        if !whole.is_dir() {
            return Err(format!("{} is no folder", path.display()));
        }
        Ok(Self(whole))
    }

    /// The file of that name. Absolute paths, `..` and links that lead out are refused.
    pub(crate) fn find(&self, name: &str) -> Result<PathBuf, NotFound> {
        // Names from Windows.
        let name = name.replace('\\', "/");
        let parts = Path::new(&name).components();
        let drive = |part: &std::ffi::OsStr| part.to_string_lossy().ends_with(':');
        for part in parts.clone() {
            match part {
                Component::Normal(part) if !drive(part) => {}
                Component::CurDir => {}
                _ => return Err(NotFound::Outside),
            }
        }
        let path = self.0.join(parts.as_path()).canonicalize().map_err(|_| NotFound::Missing)?;
        match (path.starts_with(&self.0), path.is_file()) {
            (false, _) => Err(NotFound::Outside),
            (true, false) => Err(NotFound::Missing),
            (true, true) => Ok(path),
        }
    }
}

/// A file's name without folders and ending.
pub(crate) fn stem(path: &str) -> String {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
    let cut = name.rfind('.').filter(|at| *at > 0).unwrap_or(name.len());
    name[..cut].to_owned()
}

/// One recording to be sent.
pub(crate) struct Sending {
    /// Position in the caller's list.
    pub(crate) at: usize,
    /// The contact.
    pub(crate) id: String,
    /// Its name in the metadata.
    pub(crate) name: String,
    /// The file.
    pub(crate) path: PathBuf,
    /// The contact as it is now, when it was there before.
    pub(crate) known: Option<ContactRow>,
}

/// Sends recordings, several at once. For each: whether it is another than before.
pub(crate) fn send(
    app: &App,
    caller: &Caller,
    list: Vec<Sending>,
) -> impl futures::Stream<Item = (Sending, Result<bool, AppError>)> {
    let sending = list.into_iter().map(move |it| async move {
        let sent = send_one(app, caller, &it).await;
        (it, sent)
    });
    futures::stream::iter(sending).buffer_unordered(AT_ONCE)
}

async fn send_one(app: &App, caller: &Caller, it: &Sending) -> Result<bool, AppError> {
    let unreadable = |e: io::Error| AppError::Interrupted(e.to_string());
    if let Some(row) = &it.known
        && let Some(kept) = &row.recording
        && row.contact.value.original_path.as_deref() == Some(&*it.name)
        && tokio::fs::metadata(&it.path).await.map_err(unreadable)?.len() == kept.bytes
    {
        // Reading is cheaper than sending: nothing is written and nothing waits for the disk.
        let path = it.path.clone();
        let digest = tokio::task::spawn_blocking(move || sha256(&path)).await;
        let digest = digest.map_err(|e| AppError::Internal(Box::new(e)))?.map_err(unreadable)?;
        if digest == kept.sha256 {
            return Ok(false);
        }
    }
    let file = tokio::fs::File::open(&it.path).await.map_err(unreadable)?;
    let bytes = ReaderStream::with_capacity(file, 1 << 18);
    Ok(app.receive_recording(caller, &it.id, Some(&it.name), bytes).await?.changed)
}

pub(crate) fn sha256(path: &Path) -> io::Result<String> {
    let (mut file, mut hasher, mut buffer) = (File::open(path)?, Sha256::new(), vec![0; 1 << 18]);
    loop {
        match file.read(&mut buffer) {
            Ok(0) => break,
            Ok(n) => hasher.update(&buffer[..n]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(hasher.finalize().iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_never_leads_out_of_the_folder() {
        let outside = tempfile::tempdir().unwrap();
        std::fs::write(outside.path().join("secret.wav"), "x").unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("sub")).unwrap();
        std::fs::write(folder.path().join("sub/a.wav"), "x").unwrap();
        std::os::unix::fs::symlink(outside.path().join("secret.wav"), folder.path().join("link.wav"))
            .unwrap();
        let audio = Folder::open(folder.path()).unwrap();
        assert!(audio.find("sub/a.wav").is_ok());
        assert!(audio.find("./sub\\a.wav").is_ok());
        for name in [
            "../x.wav",
            "sub/../../x.wav",
            "sub/../sub/a.wav",
            "/etc/passwd",
            "C:\\a.wav",
            "\\\\host\\a.wav",
            "link.wav",
        ] {
            assert_eq!(audio.find(name), Err(NotFound::Outside), "{name}");
        }
        for name in ["b.wav", "sub", "", "a\0.wav"] {
            assert_eq!(audio.find(name), Err(NotFound::Missing), "{name}");
        }
    }

    #[test]
    fn stems_are_names_without_folders_and_ending() {
        for (path, name) in [("a/b.wav", "b"), ("C:\\x\\b.c.mp3", "b.c"), ("b", "b"), (".b", ".b")] {
            assert_eq!(stem(path), name);
        }
    }
}
