//! A folder as a destination.

use super::{DestinationError, FileVersion, ListedFile};
use std::{
    fs::{self, File, TryLockError},
    io::Write,
    path::{Path, PathBuf},
    time::{Duration, UNIX_EPOCH},
};
use touchline_model::Timestamp;

/// Where files are made. The leading dot hides it from patterns such as `*/*.parquet`.
const INCOMING: &str = ".incoming";
/// What a killed run left half-made is removed after so long; younger files may belong to a run under way.
const LEFT_OVER: Duration = Duration::from_secs(86_400);

#[derive(Clone, Debug)]
pub(super) struct Folder {
    root: PathBuf,
}

fn io(place: &Path) -> impl Fn(std::io::Error) -> DestinationError + '_ {
    move |error| DestinationError::io(place, &error)
}

impl Folder {
    pub(super) fn new(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    pub(super) fn below(&self, path: &str) -> Self {
        Self { root: self.at(path) }
    }

    pub(super) fn name(&self) -> String {
        self.root.display().to_string()
    }

    fn at(&self, path: &str) -> PathBuf {
        path.split('/').fold(self.root.clone(), |at, part| at.join(part))
    }

    pub(super) fn incoming(&self) -> Result<PathBuf, DestinationError> {
        let folder = self.root.join(INCOMING);
        ready(&folder)?;
        Ok(folder)
    }

    pub(super) fn lock(&self, name: &str) -> Result<Option<File>, DestinationError> {
        let folder = self.root.join(INCOMING);
        make(&folder)?;
        let path = folder.join(format!("{name}.lock"));
        let file = File::options().read(true).write(true).create(true).truncate(false).open(&path);
        let file = file.map_err(io(&path))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => {
                Err(DestinationError::Locked { place: self.name(), name: name.to_owned() })
            }
            // Some network folders cannot lock; the manifest still moves as a whole.
            Err(TryLockError::Error(error)) if error.kind() == std::io::ErrorKind::Unsupported => Ok(None),
            Err(TryLockError::Error(error)) => Err(DestinationError::io(&path, &error)),
        }
    }

    pub(super) fn keep(&self, from: &Path, to: &str) -> Result<(), DestinationError> {
        let to = self.at(to);
        let folder = to.parent().unwrap_or(&self.root);
        make(folder)?;
        fs::rename(from, &to).map_err(io(&to))?;
        // The name too must be on disk before a manifest speaks of it.
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(io(folder))
    }

    pub(super) fn read(&self, path: &str) -> Result<Option<(Vec<u8>, FileVersion)>, DestinationError> {
        let at = self.at(path);
        match fs::read(&at) {
            Ok(bytes) => Ok(Some((bytes, FileVersion(None)))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(DestinationError::io(&at, &error)),
        }
    }

    pub(super) fn write(&self, path: &str, bytes: &[u8]) -> Result<(), DestinationError> {
        let made = self.incoming()?.join(format!("{}.small", path.replace('/', "-")));
        let written = File::create(&made).and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        });
        written.map_err(io(&made)).and_then(|()| self.keep(&made, path)).inspect_err(|_| {
            let _ = fs::remove_file(&made);
        })
    }

    pub(super) fn list(&self, below: &str) -> Result<Vec<ListedFile>, DestinationError> {
        let mut found = Vec::new();
        let mut folders = vec![(self.at(below), below.to_owned())];
        while let Some((folder, path)) = folders.pop() {
            let entries = match fs::read_dir(&folder) {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                other => other.map_err(io(&folder))?,
            };
            for entry in entries {
                let entry = entry.map_err(io(&folder))?;
                let Ok(name) = entry.file_name().into_string() else { continue };
                let path = format!("{path}/{name}");
                let about = entry.metadata().map_err(io(&folder))?;
                if about.is_dir() {
                    folders.push((entry.path(), path));
                    continue;
                }
                let modified = about.modified().unwrap_or(UNIX_EPOCH).duration_since(UNIX_EPOCH);
                let micros = modified.unwrap_or_default().as_micros();
                let modified = Timestamp::from_micros(i64::try_from(micros).unwrap_or(i64::MAX));
                found.push(ListedFile { path, bytes: about.len(), modified });
            }
        }
        Ok(found)
    }

    pub(super) fn remove(&self, path: &str) -> Result<(), DestinationError> {
        let at = self.at(path);
        match fs::remove_file(&at) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(DestinationError::io(&at, &error))
            }
            _ => Ok(()),
        }
    }
}

/// A folder where files are made, without what was left over.
pub(super) fn ready(folder: &Path) -> Result<(), DestinationError> {
    make(folder)?;
    for entry in fs::read_dir(folder).map_err(io(folder))?.flatten() {
        // A lock's file is as old as the first export; without it two could hold the lock at once.
        if entry.path().extension().is_some_and(|it| it == "lock") {
            continue;
        }
        // A file that is gone by now, or has no time, is left alone.
        let changed = entry.metadata().and_then(|it| it.modified());
        if changed.is_ok_and(|it| it.elapsed().is_ok_and(|age| age > LEFT_OVER)) {
            let _ = fs::remove_file(entry.path());
        }
    }
    Ok(())
}

fn make(folder: &Path) -> Result<(), DestinationError> {
    fs::create_dir_all(folder).map_err(io(folder))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may end here")]
    use super::*;

    #[test]
    fn what_was_left_over_goes_after_a_day_and_a_lock_stays_held() {
        let root = tempfile::tempdir().unwrap();
        let folder = Folder::new(root.path());
        let _held = folder.lock("contacts").unwrap().unwrap();
        let incoming = root.path().join(INCOMING);
        let days_ago = fs::metadata(&incoming).unwrap().modified().unwrap() - 2 * LEFT_OVER;
        for name in ["old.csv", "contacts.lock", "new.csv"] {
            let file = File::options().write(true).create(true).truncate(false).open(incoming.join(name));
            if name != "new.csv" {
                file.unwrap().set_modified(days_ago).unwrap();
            }
        }
        folder.incoming().unwrap();
        let left = |name: &str| incoming.join(name).exists();
        assert_eq!((left("old.csv"), left("new.csv"), left("contacts.lock")), (false, true, true));
        let second = folder.lock("contacts");
        assert!(matches!(second, Err(DestinationError::Locked { .. })), "nobody else gets it: {second:?}");
        assert!(folder.lock("users").unwrap().is_some());
    }
}
