//! One server to a data folder. With two, each would run the jobs that the other thinks are its own.
//!
//! Only servers take the lock: `import`, `key`, `tenant` and `doctor` may work beside one, kept apart by the database. The
//! system lets go of it when the process ends, however it ends.

use crate::{config::Config, server};
use std::{
    fs::{File, TryLockError},
    io::{Read, Write},
};

/// The lock of a data folder, as long as it lives.
#[derive(Debug)]
pub struct FolderLock {
    _file: File,
}

/// Takes the lock of the data folder. `None` when the data lies in PostgreSQL, which several nodes share.
///
/// Errors: a sentence, when another server has the folder or the file cannot be written.
pub fn take(config: &Config) -> Result<Option<FolderLock>, String> {
    if !config.database.is_empty() {
        return Ok(None);
    }
    let folder = config.data.display();
    let failed = |error: std::io::Error| format!("data folder {folder}: {error}");
    server::make_private(&config.data).map_err(failed)?;
    let path = config.data.join("touchline.lock");
    let file = File::options().read(true).write(true).create(true).truncate(false).open(path);
    let mut file = file.map_err(failed)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            let _ = file.read_to_string(&mut holder);
            let process = holder.trim().parse::<u32>().map(|id| format!(" (process {id})"));
            return Err(format!(
                "another Touchline server{} is running on the data folder {folder}: stop it first, or choose another \
                 folder with --data",
                process.unwrap_or_default()
            ));
        }
        // Some network folders cannot lock; that is no reason not to serve from one.
        Err(TryLockError::Error(error)) if error.kind() == std::io::ErrorKind::Unsupported => {
            tracing::warn!("the data folder cannot be locked: see to it that only one server runs on it");
        }
        Err(TryLockError::Error(error)) => return Err(failed(error)),
    }
    file.set_len(0).and_then(|()| write!(file, "{}", std::process::id())).map_err(failed)?;
    Ok(Some(FolderLock { _file: file }))
}
