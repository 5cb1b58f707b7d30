//! Where exports go: a folder, or a bucket of an S3-compatible service.
//!
//! What is written appears whole or not at all. In a folder a file is made elsewhere on the same disk, synced and renamed;
//! a bucket shows an object when its upload has ended.

mod bucket;
mod folder;
mod reason;
mod wire;

pub use bucket::S3Settings;

use crate::audit::hex;
use bucket::Bucket;
use folder::Folder;
use sha2::{Digest, Sha256};
use std::{
    fs::File,
    io::Write,
    path::{Path, PathBuf},
};
use touchline_model::Timestamp;

/// Why something could not be written to a destination, or read from it.
#[derive(Debug, thiserror::Error)]
pub enum DestinationError {
    /// There is no more room.
    #[error("{place}: the disk is full")]
    Full {
        /// Where.
        place: String,
    },
    /// Somebody else has changed what was to be replaced.
    #[error("{place}: another export has been at work here meanwhile; run it again")]
    Changed {
        /// Where.
        place: String,
    },
    /// Another export is at work there.
    #[error("{place}: another export of {name} is at work here")]
    Locked {
        /// Where.
        place: String,
        /// What it exports.
        name: String,
    },
    /// Anything else.
    #[error("{place}: {reason}")]
    Failed {
        /// Where.
        place: String,
        /// Why.
        reason: String,
    },
}

impl DestinationError {
    /// What an error of the file system means at a place.
    pub fn io(place: &Path, error: &std::io::Error) -> Self {
        let place = place.display().to_string();
        match error.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => Self::Full { place },
            _ => Self::Failed { place, reason: error.to_string() },
        }
    }
}

/// Which version of a file was read; given back when it is replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileVersion(Option<String>);

/// A file that lies at a destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedFile {
    /// Its path below the destination, with slashes.
    pub path: String,
    /// Its size.
    pub bytes: u64,
    /// When it was written.
    pub modified: Timestamp,
}

/// A folder or a bucket.
#[derive(Clone, Debug)]
pub struct Destination(Kind);

#[derive(Clone, Debug)]
enum Kind {
    Folder(Folder),
    Bucket(Bucket),
}

/// A file that is being made. Dropped before it is kept: gone.
#[derive(Debug)]
pub struct NewFile {
    path: PathBuf,
    file: File,
    hash: Sha256,
    bytes: u64,
}

/// A file that was made, and is not yet at its place. Dropped before it is kept: gone.
#[derive(Debug)]
pub struct MadeFile {
    path: PathBuf,
    /// SHA-256, 64 hex digits.
    pub sha256: String,
    /// Its size.
    pub bytes: u64,
}

impl Drop for NewFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}
impl Drop for MadeFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

impl NewFile {
    /// Where it lies for now, for messages.
    pub fn place(&self) -> &Path {
        &self.path
    }

    /// Bytes so far.
    pub fn written(&self) -> u64 {
        self.bytes
    }

    /// What went wrong with writing it.
    pub fn failed(&self, error: &std::io::Error) -> DestinationError {
        DestinationError::io(&self.path, error)
    }

    /// Ends it. When this answers, it is on disk.
    pub fn end(mut self) -> Result<MadeFile, DestinationError> {
        self.file.sync_all().map_err(|e| self.failed(&e))?;
        let sha256 = hex(&std::mem::take(&mut self.hash).finalize());
        // From here on the other one owns the path.
        let path = std::mem::take(&mut self.path);
        Ok(MadeFile { path, sha256, bytes: self.bytes })
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hash.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }
    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}

/// Does something with a folder on a thread that may block: disks are slow to sync, those of a network slower.
async fn aside<T: Send + 'static>(
    folder: &Folder,
    work: impl FnOnce(Folder) -> Result<T, DestinationError> + Send + 'static,
) -> Result<T, DestinationError> {
    let (place, folder) = (folder.name(), folder.clone());
    let done = tokio::task::spawn_blocking(move || work(folder)).await;
    done.unwrap_or_else(|error| Err(DestinationError::Failed { place, reason: error.to_string() }))
}

impl Destination {
    /// A folder's path or `s3://bucket/prefix`. `scratch` is where files are made before they go to a bucket.
    ///
    /// # Errors
    /// A sentence that says what is wrong with it.
    pub fn parse(text: &str, s3: &S3Settings, scratch: &Path) -> Result<Self, String> {
        if text.trim().is_empty() {
            return Err("the destination is empty: give a folder, or s3://bucket/prefix".to_owned());
        }
        if let Some(rest) = text.strip_prefix("s3://") {
            return Ok(Self(Kind::Bucket(Bucket::open(rest, s3, scratch)?)));
        }
        match text.split_once("://") {
            Some((scheme, _)) => Err(format!(
                "there is no destination of the kind `{scheme}://`: give a folder, or s3://bucket/prefix"
            )),
            None => Ok(Self::folder(Path::new(text))),
        }
    }

    /// A folder, made when something is written to it.
    pub fn folder(path: &Path) -> Self {
        Self(Kind::Folder(Folder::new(path)))
    }

    /// A folder below it.
    #[must_use]
    pub fn below(&self, path: &str) -> Self {
        Self(match &self.0 {
            Kind::Folder(folder) => Kind::Folder(folder.below(path)),
            Kind::Bucket(bucket) => Kind::Bucket(bucket.below(path)),
        })
    }

    /// The folder or the bucket, as a text for people.
    pub fn name(&self) -> String {
        match &self.0 {
            Kind::Folder(folder) => folder.name(),
            Kind::Bucket(bucket) => bucket.name(),
        }
    }

    /// Where a path below it lies, for people and links.
    pub fn place(&self, path: &str) -> String {
        format!("{}/{path}", self.name())
    }

    /// Keeps other exports of this host from the part `name`, as long as the answer lives. A bucket has no such thing;
    /// there, who replaces a file second is refused.
    ///
    /// # Errors
    /// [`DestinationError::Locked`] when one is at work.
    pub fn lock(&self, name: &str) -> Result<Option<File>, DestinationError> {
        match &self.0 {
            Kind::Folder(folder) => folder.lock(name),
            Kind::Bucket(_) => Ok(None),
        }
    }

    /// Begins a file; `name` is unique.
    pub fn begin(&self, name: &str) -> Result<NewFile, DestinationError> {
        let folder = match &self.0 {
            Kind::Folder(folder) => folder.incoming()?,
            Kind::Bucket(bucket) => bucket.incoming()?,
        };
        let path = folder.join(name);
        let file = File::create(&path).map_err(|e| DestinationError::io(&path, &e))?;
        Ok(NewFile { path, file, hash: Sha256::new(), bytes: 0 })
    }

    /// Puts a file that was made at its place. When this answers, it is there to stay.
    pub async fn keep(&self, file: MadeFile, path: &str) -> Result<(), DestinationError> {
        match &self.0 {
            Kind::Folder(folder) => {
                let to = path.to_owned();
                aside(folder, move |folder| {
                    let mut file = file;
                    folder.keep(&file.path, &to)?;
                    // It has been moved away.
                    file.path = PathBuf::new();
                    Ok(())
                })
                .await
            }
            Kind::Bucket(bucket) => bucket.keep(&file.path, path).await,
        }
    }

    /// Reads a small file; `None` when there is none.
    pub async fn read(&self, path: &str) -> Result<Option<(Vec<u8>, FileVersion)>, DestinationError> {
        match &self.0 {
            Kind::Folder(folder) => {
                let path = path.to_owned();
                aside(folder, move |folder| folder.read(&path)).await
            }
            Kind::Bucket(bucket) => bucket.read(path).await,
        }
    }

    /// Writes a small file whole. `before` is the version that it replaces, `None` when there was none.
    ///
    /// # Errors
    /// [`DestinationError::Changed`] when a bucket holds another version by now.
    pub async fn replace(
        &self,
        path: &str,
        bytes: Vec<u8>,
        before: Option<&FileVersion>,
    ) -> Result<(), DestinationError> {
        match &self.0 {
            Kind::Folder(folder) => {
                let path = path.to_owned();
                aside(folder, move |folder| folder.write(&path, &bytes)).await
            }
            Kind::Bucket(bucket) => bucket.replace(path, bytes, Some(before)).await,
        }
    }

    /// Writes a small file whole, whatever was there.
    pub async fn write(&self, path: &str, bytes: Vec<u8>) -> Result<(), DestinationError> {
        match &self.0 {
            Kind::Folder(folder) => {
                let path = path.to_owned();
                aside(folder, move |folder| folder.write(&path, &bytes)).await
            }
            Kind::Bucket(bucket) => bucket.replace(path, bytes, None).await,
        }
    }

    /// Every file below a path, without order.
    pub async fn list(&self, below: &str) -> Result<Vec<ListedFile>, DestinationError> {
        match &self.0 {
            Kind::Folder(folder) => {
                let below = below.to_owned();
                aside(folder, move |folder| folder.list(&below)).await
            }
            Kind::Bucket(bucket) => bucket.list(below).await,
        }
    }

    /// Removes a file, if it is there.
    pub async fn remove(&self, path: &str) -> Result<(), DestinationError> {
        match &self.0 {
            Kind::Folder(folder) => {
                let path = path.to_owned();
                aside(folder, move |folder| folder.remove(&path)).await
            }
            Kind::Bucket(bucket) => bucket.remove(path).await,
        }
    }
}
