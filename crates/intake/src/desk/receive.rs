//! Files as they come, one by one, in bounded memory.

use super::{Desk, MOST_BYTES, MOST_FILES, Size, failed, walk};
use crate::{IntakeError, staging};
use futures::{Stream, StreamExt};
use std::{fs::DirBuilder, io, os::unix::fs::DirBuilderExt, path::Path, sync::PoisonError};
use tokio::io::AsyncWriteExt;
use touchline_app::{App, AppError, imports::ImportState};
use touchline_model::{Caller, Invalid, Timestamp};

/// A file on its way in.
#[derive(Clone, Copy, Debug)]
pub struct Coming<'f> {
    /// Its name as the sender calls it, with its folders.
    pub name: &'f str,
    /// When it was last changed where it comes from, if that is known: it may be all that says when a call was.
    pub changed: Option<Timestamp>,
    /// Name of the folder that was chosen, when it was one; `name` begins below it.
    pub top: &'f str,
}

impl Desk {
    /// Takes a file of a staged import. The same name again replaces the file. Its length.
    ///
    /// # Errors
    /// [`AppError::Invalid`] when the name is none, [`AppError::TooLarge`], [`AppError::Conflict`] once the import is
    /// ordered or has too many files, [`AppError::Interrupted`] when the sender stops half-way.
    pub async fn receive<B: AsRef<[u8]>, E: std::fmt::Display>(
        &self,
        app: &App,
        caller: &Caller,
        id: &str,
        file: Coming<'_>,
        bytes: impl Stream<Item = Result<B, E>> + Unpin,
    ) -> Result<u64, AppError> {
        let row = app.import(caller, id).await?.row;
        still_staged(row.state)?;
        let files = self.files(&row.id);
        private(&files).map_err(failed)?;
        if !file.top.is_empty() && !file.top.contains(char::is_control) {
            let top: String = file.top.chars().take(200).collect();
            tokio::fs::write(self.folder(&row.id).join("name"), top).await.map_err(failed)?;
        }
        let path = staging::place(&files, file.name).map_err(|error| match error {
            IntakeError::Input(reason) => AppError::Invalid(Invalid::new("name", reason)),
            other => AppError::Internal(Box::new(other)),
        })?;
        if path.is_dir() {
            return Err(Invalid::new("name", "is a folder already").into());
        }
        let before = tokio::fs::metadata(&path).await.ok().map(|it| it.len());
        self.admit(&row.id, &files, before.is_none())?;
        // Beside the files, so that a file that breaks off is never looked at.
        let part = self.folder(&row.id).join(format!("part-{}", app.new_secret()));
        let written = self.write(&row.id, app.limits().recording_bytes, &part, bytes).await;
        let moved = match written {
            Ok(length) => match self.put_in_place(app, caller, &row.id, &part, &path).await {
                Ok(()) => Ok(length),
                Err(error) => {
                    self.count(&row.id, |size| size.bytes = size.bytes.saturating_sub(length));
                    Err(error)
                }
            },
            Err(error) => Err(error),
        };
        if moved.is_err() {
            let _ = tokio::fs::remove_file(&part).await;
            self.count(&row.id, |size| size.files = size.files.saturating_sub(u64::from(before.is_none())));
        } else if let Some(before) = before {
            self.count(&row.id, |size| size.bytes = size.bytes.saturating_sub(before));
        }
        let length = moved?;
        if let Some(changed) = file.changed {
            staging::keep_time(&path, changed).map_err(|error| AppError::Internal(Box::new(error)))?;
        }
        Ok(length)
    }

    /// Gives a file that is here its place, unless its import was ordered while it came.
    async fn put_in_place(
        &self,
        app: &App,
        caller: &Caller,
        id: &str,
        part: &Path,
        path: &Path,
    ) -> Result<(), AppError> {
        let _nobody_else = self.placing.lock().await;
        still_staged(app.import(caller, id).await?.row.state)?;
        tokio::fs::rename(part, path).await.map_err(failed)
    }

    /// Counts one file more, unless there are too many.
    fn admit(&self, id: &str, files: &Path, new: bool) -> Result<(), AppError> {
        let mut sizes = self.sizes.lock().unwrap_or_else(PoisonError::into_inner);
        let size = match sizes.get_mut(id) {
            Some(size) => size,
            None => {
                // After a restart the folder tells.
                let mut size = Size::default();
                walk(files, &mut |_, bytes| {
                    size.files += 1;
                    size.bytes += bytes;
                })
                .map_err(failed)?;
                sizes.entry(id.to_owned()).or_insert(size)
            }
        };
        if new && size.files >= MOST_FILES {
            let reason =
                format!("an import in the pages has at most {MOST_FILES} files; the command line takes more");
            return Err(AppError::Conflict(reason));
        }
        size.files += u64::from(new);
        Ok(())
    }

    fn count(&self, id: &str, change: impl FnOnce(&mut Size)) -> u64 {
        let mut sizes = self.sizes.lock().unwrap_or_else(PoisonError::into_inner);
        // None when somebody discarded the import meanwhile.
        let Some(size) = sizes.get_mut(id) else { return 0 };
        change(size);
        size.bytes
    }

    async fn write<B: AsRef<[u8]>, E: std::fmt::Display>(
        &self,
        id: &str,
        limit: u64,
        part: &Path,
        mut bytes: impl Stream<Item = Result<B, E>> + Unpin,
    ) -> Result<u64, AppError> {
        let mut file = tokio::fs::File::create(part).await.map_err(failed)?;
        let (mut length, mut end) = (0, Ok(()));
        while let Some(chunk) = bytes.next().await {
            let written = match chunk {
                Err(error) => Err(AppError::Interrupted(error.to_string())),
                Ok(chunk) => {
                    let chunk = chunk.as_ref();
                    length += chunk.len() as u64;
                    let all = self.count(id, |size| size.bytes += chunk.len() as u64);
                    if length > limit {
                        Err(AppError::TooLarge(limit))
                    } else if all > MOST_BYTES {
                        Err(AppError::TooLarge(MOST_BYTES))
                    } else {
                        file.write_all(chunk).await.map_err(failed)
                    }
                }
            };
            if written.is_err() {
                end = written;
                break;
            }
        }
        let end = match end {
            Ok(()) => file.flush().await.map_err(failed),
            Err(error) => Err(error),
        };
        if end.is_err() {
            self.count(id, |size| size.bytes = size.bytes.saturating_sub(length));
        }
        end.map(|()| length)
    }
}

fn still_staged(state: ImportState) -> Result<(), AppError> {
    match state {
        ImportState::Staged => Ok(()),
        _ => Err(AppError::Conflict("this import is ordered already; begin another".to_owned())),
    }
}

/// Makes a folder into which only its owner may look: it holds what customers said.
fn private(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}
