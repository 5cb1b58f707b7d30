//! Recordings and other large bytes: named by SHA-256 inside a tenant, in a folder, through `object_store`.

mod leftovers;

pub use leftovers::Lying;

use crate::audit::hex;
use bytes::Bytes;
use futures::{Stream, StreamExt, stream::BoxStream};
use object_store::{
    ObjectStore, ObjectStoreExt, WriteMultipart, local::LocalFileSystem, path::Path as BlobPath,
};
use sha2::{Digest, Sha256};
use std::{
    fs::File,
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use touchline_model::TenantId;

/// Why a blob could not be kept or read.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// Longer than allowed.
    #[error("more than {0} bytes")]
    TooLarge(u64),
    /// No such blob.
    #[error("there is no such recording")]
    Missing,
    /// The disk is full.
    #[error("the disk is full")]
    DiskFull,
    /// The sender stopped half-way.
    #[error("the upload broke off: {0}")]
    Interrupted(String),
    /// The folder or service failed.
    #[error("the blob store failed: {0}")]
    Failed(String),
}

/// Whether there is no more room, be it the disk's or the owner's.
fn is_full(error: &std::io::Error) -> bool {
    matches!(error.kind(), std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded)
}

impl From<std::io::Error> for BlobError {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            _ if is_full(&error) => Self::DiskFull,
            std::io::ErrorKind::NotFound => Self::Missing,
            _ => Self::Failed(error.to_string()),
        }
    }
}
impl From<object_store::Error> for BlobError {
    fn from(error: object_store::Error) -> Self {
        if matches!(error, object_store::Error::NotFound { .. }) {
            return Self::Missing;
        }
        let mut cause: Option<&dyn std::error::Error> = Some(&error);
        while let Some(it) = cause {
            if let Some(io) = it.downcast_ref::<std::io::Error>()
                && is_full(io)
            {
                return Self::DiskFull;
            }
            cause = it.source();
        }
        Self::Failed(error.to_string())
    }
}

/// A stored blob.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredBlob {
    /// SHA-256, 64 hex digits.
    pub sha256: String,
    /// Size.
    pub bytes: u64,
}

/// A part of a blob: bytes `start..end`.
pub type BlobRange = Range<u64>;

/// The blobs of all tenants.
#[derive(Clone, Debug)]
pub struct Blobs {
    root: PathBuf,
    objects: Arc<LocalFileSystem>,
}

/// Bytes that have arrived but are not kept yet. Dropped: gone.
#[derive(Debug)]
pub struct Incoming {
    path: PathBuf,
    /// What they are.
    pub blob: StoredBlob,
}

impl Incoming {
    /// Opens them for reading.
    pub fn open(&self) -> Result<File, BlobError> {
        Ok(File::open(&self.path)?)
    }
}
impl Drop for Incoming {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

impl Blobs {
    /// Blobs in a folder, which is made. What a killed run left half-received more than a day ago is removed; younger
    /// files may belong to another process that is receiving right now.
    pub fn open(root: &Path) -> Result<Self, BlobError> {
        let incoming = root.join("incoming");
        std::fs::create_dir_all(&incoming)?;
        leftovers::forget_half_received(&incoming)?;
        // fsync: an acknowledged upload is on disk.
        let objects = LocalFileSystem::new_with_prefix(root)?.with_fsync(true);
        Ok(Self { root: root.to_owned(), objects: Arc::new(objects) })
    }

    fn path(tenant: &TenantId, sha256: &str) -> BlobPath {
        BlobPath::from_iter(["blobs", &tenant.0, sha256.get(..2).unwrap_or("xx"), sha256])
    }

    /// Receives a stream into a file of its own, at most `limit` bytes, hashing as it comes. `name` is unique.
    pub async fn receive<S, E>(&self, name: &str, limit: u64, mut stream: S) -> Result<Incoming, BlobError>
    where
        S: Stream<Item = Result<Bytes, E>> + Unpin,
        E: std::fmt::Display,
    {
        let mut incoming = Incoming {
            path: self.root.join("incoming").join(name),
            blob: StoredBlob { sha256: String::new(), bytes: 0 },
        };
        let mut file = tokio::fs::File::create(&incoming.path).await?;
        let mut hasher = Sha256::new();
        while let Some(chunk) = stream.next().await {
            let chunk = chunk.map_err(|e| BlobError::Interrupted(e.to_string()))?;
            incoming.blob.bytes += chunk.len() as u64;
            if incoming.blob.bytes > limit {
                return Err(BlobError::TooLarge(limit));
            }
            hasher.update(&chunk);
            file.write_all(&chunk).await?;
        }
        file.flush().await?;
        incoming.blob.sha256 = hex(&hasher.finalize());
        Ok(incoming)
    }

    /// Keeps what has arrived under its hash. When this answers, it is on disk.
    pub async fn keep(&self, tenant: &TenantId, incoming: &Incoming) -> Result<(), BlobError> {
        let to = Self::path(tenant, &incoming.blob.sha256);
        if self.objects.head(&to).await.is_ok_and(|known| known.size == incoming.blob.bytes) {
            return Ok(());
        }
        let mut file = tokio::fs::File::open(&incoming.path).await?;
        let mut upload = WriteMultipart::new(self.objects.put_multipart(&to).await?);
        let mut buffer = vec![0; 256 * 1024];
        loop {
            let read = file.read(&mut buffer).await?;
            if read == 0 {
                break;
            }
            upload.wait_for_capacity(4).await?;
            upload.write(&buffer[..read]);
        }
        upload.finish().await?;
        Ok(())
    }

    /// Opens a blob for reading and seeking.
    pub fn file(&self, tenant: &TenantId, sha256: &str) -> Result<File, BlobError> {
        let path = self.objects.path_to_filesystem(&Self::path(tenant, sha256))?;
        Ok(File::open(path)?)
    }

    /// Streams a part of a blob.
    pub async fn read(
        &self,
        tenant: &TenantId,
        sha256: &str,
        range: BlobRange,
    ) -> Result<BoxStream<'static, Result<Bytes, object_store::Error>>, BlobError> {
        let options = object_store::GetOptions { range: Some(range.into()), ..Default::default() };
        Ok(self.objects.get_opts(&Self::path(tenant, sha256), options).await?.into_stream())
    }

    /// Whether a blob is there, with this size.
    pub async fn exists(&self, tenant: &TenantId, sha256: &str, bytes: u64) -> bool {
        self.objects.head(&Self::path(tenant, sha256)).await.is_ok_and(|known| known.size == bytes)
    }

    /// Removes a blob that nobody needs any more.
    pub async fn remove(&self, tenant: &TenantId, sha256: &str) -> Result<(), BlobError> {
        match self.objects.delete(&Self::path(tenant, sha256)).await.map_err(BlobError::from) {
            Err(BlobError::Missing) => Ok(()),
            other => other,
        }
    }
}
