//! Imports through the pages: files come one by one into a folder of the import's own, are looked at, and are brought
//! in by a job that survives a restart. What came in stays; the files go when the import is through, or after a day.

mod receive;
mod work;

pub use receive::Coming;

use crate::{Bounds, IntakeError, Options, Preview, StartedAt, preview};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use std::{
    collections::HashMap,
    fs, io,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};
use tokio::sync::Semaphore;
use touchline_app::{
    App, AppError,
    imports::{ImportState, StagedFiles},
};
use touchline_model::{Caller, Invalid};

/// Files of one import at most.
pub const MOST_FILES: u64 = 20_000;
/// Bytes of one import at most: 8 GiB. More goes through the command line, which reads where the files lie.
pub const MOST_BYTES: u64 = 8 << 30;
/// How long files wait for somebody to order their import, in seconds.
const STAGED_SECS: i64 = 86_400;
/// How long an import that is through is told of, in seconds.
const TOLD_SECS: i64 = 90 * 86_400;

/// How somebody in the pages wants the files to be read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct StagedOptions {
    /// Zone of dates that have none; empty: they are refused.
    pub zone: String,
    /// When contacts began of which nothing says it: `file`, a time, or empty.
    pub started_at: String,
}

impl StagedOptions {
    /// The options of [`crate::run`].
    ///
    /// # Errors
    /// Names the field that is wrong.
    pub fn read(&self) -> Result<Options, Invalid> {
        let zone = match self.zone.as_str() {
            "" => None,
            name => {
                let zone =
                    TimeZone::get(name).map_err(|_| Invalid::new("zone", "is no time zone that is known"))?;
                Some(zone)
            }
        };
        let started_at = match self.started_at.as_str() {
            "" => None,
            text => {
                let read = StartedAt::parse(text, zone.as_ref());
                Some(read.map_err(|reason| Invalid::new("started_at", reason))?)
            }
        };
        Ok(Options { zone, started_at, leave_analysis: true, ..Options::default() })
    }

    fn of(value: &serde_json::Value) -> Self {
        serde_json::from_value(value.clone()).unwrap_or_default()
    }
}

/// Where files lie until they are brought in. One of these for a program: it counts what comes, and runs one import
/// at a time, so that the analysis of what came in goes on beside it.
#[derive(Debug)]
pub struct Desk {
    root: PathBuf,
    sizes: Mutex<HashMap<String, Size>>,
    turn: Semaphore,
    /// Held while a file takes its place and while an import is ordered: whoever was told that a file is there must not
    /// find that it came too late.
    placing: tokio::sync::Mutex<()>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Size {
    files: u64,
    bytes: u64,
}

impl Desk {
    /// A desk whose files lie below `root`, which is made for the owner only when the first files come.
    pub fn new(root: PathBuf) -> Self {
        Self {
            root,
            sizes: Mutex::default(),
            turn: Semaphore::new(1),
            placing: tokio::sync::Mutex::default(),
        }
    }

    fn folder(&self, id: &str) -> PathBuf {
        self.root.join(id)
    }
    /// The files themselves.
    fn files(&self, id: &str) -> PathBuf {
        self.folder(id).join("files")
    }
    /// Every input that was refused, one JSON object a line.
    fn refused_file(&self, id: &str) -> PathBuf {
        self.folder(id).join("refused.ndjson")
    }

    /// How the files of an import are read.
    pub fn options(row: &touchline_app::imports::ImportRow) -> StagedOptions {
        StagedOptions::of(&row.options)
    }

    /// Says how the files of a staged import are to be read.
    ///
    /// # Errors
    /// [`AppError::Invalid`] naming the field; as [`App::set_import_options`].
    pub async fn set_options(
        &self,
        app: &App,
        caller: &Caller,
        id: &str,
        options: &StagedOptions,
    ) -> Result<(), AppError> {
        options.read()?;
        app.set_import_options(caller, id, serde_json::json!(options)).await
    }

    /// What would come of a staged import.
    ///
    /// # Errors
    /// As [`preview()`]; [`IntakeError::Input`] when there are no files.
    pub async fn preview(&self, app: &App, caller: &Caller, id: &str) -> Result<Preview, IntakeError> {
        let row = app.import(caller, id).await.map_err(crate::broken)?.row;
        let options =
            StagedOptions::of(&row.options).read().map_err(|e| IntakeError::Input(e.to_string()))?;
        let files = self.files(&row.id);
        if !files.is_dir() {
            return Err(IntakeError::Input("no files have come yet".to_owned()));
        }
        preview(app, caller, &files, &options, &Bounds::default()).await
    }

    /// What lies in the folder of an import. `top` is the name of the folder that was chosen, when it was one.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub async fn staged(&self, id: &str) -> Result<StagedFiles, AppError> {
        let files = self.files(id);
        let top = fs::read_to_string(self.folder(id).join("name")).unwrap_or_default();
        let walk = tokio::task::spawn_blocking(move || {
            let mut size = Size::default();
            let mut last = None;
            walk(&files, &mut |path, bytes| {
                size.files += 1;
                size.bytes += bytes;
                last = path.file_name().map(|name| name.to_string_lossy().into_owned());
            })?;
            Ok::<_, io::Error>((size, last))
        });
        let (size, last) = walk.await.map_err(|e| AppError::Internal(Box::new(e)))?.map_err(failed)?;
        let name = match (top.as_str(), size.files) {
            ("", 1) => last.unwrap_or_default(),
            (name, _) => name.to_owned(),
        };
        Ok(StagedFiles { files: size.files, bytes: size.bytes, name })
    }

    /// Orders an import: its job brings the files in.
    ///
    /// # Errors
    /// As [`App::order_import`].
    pub async fn order(&self, app: &App, caller: &Caller, id: &str) -> Result<(), AppError> {
        let _nobody_else = self.placing.lock().await;
        let id = app.import(caller, id).await?.row.id;
        let staged = self.staged(&id).await?;
        app.order_import(caller, &id, staged).await
    }

    /// Forgets an import and its files. What it brought in stays.
    ///
    /// # Errors
    /// As [`App::discard_import`].
    pub async fn discard(&self, app: &App, caller: &Caller, id: &str) -> Result<(), AppError> {
        let id = app.import(caller, id).await?.row.id;
        app.discard_import(caller, &id).await?;
        self.remove(&self.folder(&id)).await
    }

    /// The file that lists every input that an import refused; `None` when there is none.
    ///
    /// # Errors
    /// As [`App::import`].
    pub async fn refused(&self, app: &App, caller: &Caller, id: &str) -> Result<Option<PathBuf>, AppError> {
        let row = app.import(caller, id).await?.row;
        let file = self.refused_file(&row.id);
        Ok(Some(file).filter(|file| row.state == ImportState::Done && file.is_file()))
    }

    /// Forgets imports that nobody ordered for a day, those that were through three months ago, files that belong to no
    /// import, and files that a program which stopped left behind after their import was through.
    ///
    /// # Errors
    /// When the store or the folder cannot be asked.
    pub async fn sweep(&self, app: &App) -> Result<(), AppError> {
        let now = app.clock().now();
        for id in app.forget_imports(now.plus_secs(-STAGED_SECS), now.plus_secs(-TOLD_SECS)).await? {
            self.remove(&self.folder(&id)).await?;
        }
        let lying = match fs::read_dir(&self.root) {
            Ok(entries) => {
                entries.flatten().map(|it| it.file_name().to_string_lossy().into_owned()).collect()
            }
            Err(_) => Vec::new(),
        };
        for id in app.imports_that_are_through(&lying).await? {
            self.clear(&id).await?;
        }
        for id in app.unknown_imports(lying).await? {
            self.remove(&self.folder(&id)).await?;
        }
        Ok(())
    }

    /// Removes all files of an import but the list of what it refused.
    async fn clear(&self, id: &str) -> Result<(), AppError> {
        let (folder, kept) = (self.folder(id), self.refused_file(id));
        self.sizes.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
        let cleared = tokio::task::spawn_blocking(move || {
            for entry in fs::read_dir(&folder)? {
                let entry = entry?;
                if entry.file_type()?.is_dir() {
                    fs::remove_dir_all(entry.path())?;
                } else if entry.path() != kept {
                    fs::remove_file(entry.path())?;
                }
            }
            Ok(())
        });
        let cleared: io::Result<()> = cleared.await.map_err(|e| AppError::Internal(Box::new(e)))?;
        match cleared {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(error)),
            _ => Ok(()),
        }
    }

    async fn remove(&self, folder: &Path) -> Result<(), AppError> {
        if let Some(id) = folder.file_name() {
            let id = id.to_string_lossy();
            self.sizes.lock().unwrap_or_else(PoisonError::into_inner).remove(&*id);
        }
        match tokio::fs::remove_dir_all(folder).await {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(error)),
            _ => Ok(()),
        }
    }
}

/// An error of the folder.
fn failed(error: io::Error) -> AppError {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => AppError::DiskFull,
        _ => AppError::Internal(Box::new(error)),
    }
}

/// Every file below a folder, with its length.
fn walk(folder: &Path, each: &mut impl FnMut(&Path, u64)) -> io::Result<()> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        let about = entry.metadata()?;
        if about.is_dir() {
            walk(&entry.path(), each)?;
        } else {
            each(&entry.path(), about.len());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
