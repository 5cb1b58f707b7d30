//! What lies among the blobs, to be compared with what is named: a crash between keeping bytes and naming them leaves
//! them behind, and one while they are copied leaves a part of them.

use super::{BlobError, Blobs};
use object_store::path::Path as BlobPath;
use std::{
    io,
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};
use touchline_model::{TenantId, Timestamp};

/// A file among a tenant's blobs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lying {
    /// Its name: the SHA-256 of a blob, or something longer when it is part of one that was never finished.
    pub name: String,
    /// Size.
    pub bytes: u64,
    /// When it was last written.
    pub modified: Timestamp,
}

impl Lying {
    /// Whether it is a blob, and not a part of one that was never finished.
    pub fn is_whole(&self) -> bool {
        self.name.len() == 64 && self.name.bytes().all(|c| c.is_ascii_hexdigit())
    }
}

/// Removes what was half received more than a day ago. Younger files may be arriving right now.
pub(super) fn forget_half_received(incoming: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(incoming)?.flatten() {
        let age = entry.metadata().and_then(|it| it.modified()).ok().and_then(|at| at.elapsed().ok());
        if age.is_some_and(|age| age.as_secs() > 86_400) {
            // Another process may be doing the same.
            let _ = std::fs::remove_file(entry.path());
        }
    }
    Ok(())
}

impl Blobs {
    /// A tenant's files lie on 256 shelves, by the first byte of their names: so looking at all of them takes the
    /// memory of a few.
    fn shelf_folder(&self, tenant: &TenantId, shelf: u8) -> Result<PathBuf, BlobError> {
        let path = BlobPath::from_iter(["blobs", &tenant.0, &format!("{shelf:02x}")]);
        Ok(self.objects.path_to_filesystem(&path)?)
    }

    /// The files of a tenant whose names begin with a byte, in no order.
    pub async fn shelf(&self, tenant: &TenantId, shelf: u8) -> Result<Vec<Lying>, BlobError> {
        let folder = self.shelf_folder(tenant, shelf)?;
        let looked = tokio::task::spawn_blocking(move || look_at(&folder)).await;
        Ok(looked.map_err(|e| BlobError::Failed(e.to_string()))??)
    }

    /// Removes a file that [`Blobs::shelf`] has told of and that is no blob.
    pub async fn remove_part(&self, tenant: &TenantId, shelf: u8, part: &Lying) -> Result<(), BlobError> {
        let path = self.shelf_folder(tenant, shelf)?.join(&part.name);
        match tokio::fs::remove_file(path).await {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// Removes what was half received more than a day ago.
    pub async fn forget_half_received(&self) -> Result<(), BlobError> {
        let incoming = self.root.join("incoming");
        let looked = tokio::task::spawn_blocking(move || forget_half_received(&incoming)).await;
        Ok(looked.map_err(|e| BlobError::Failed(e.to_string()))??)
    }
}

fn look_at(folder: &Path) -> io::Result<Vec<Lying>> {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(vec![]),
        entries => entries?,
    };
    let mut lying = Vec::new();
    for entry in entries {
        let entry = entry?;
        let about = match entry.metadata() {
            // Removed in this moment.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            about => about?,
        };
        if let (true, Ok(name)) = (about.is_file(), entry.file_name().into_string()) {
            lying.push(Lying { name, bytes: about.len(), modified: timestamp(about.modified()?) });
        }
    }
    Ok(lying)
}

fn timestamp(at: SystemTime) -> Timestamp {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}
