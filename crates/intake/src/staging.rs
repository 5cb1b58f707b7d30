//! A folder for files on their way in: what a browser sends is kept here until it is looked at and brought in.

use crate::IntakeError;
use std::{
    fs::{self, File},
    path::{Component, Path, PathBuf},
    time::{Duration, SystemTime},
};
use touchline_model::Timestamp;

/// Longest name of a file with its folders, in bytes.
const LONGEST: usize = 1_000;

/// The path for a file that the sender calls `name`, which may have folders (`march/4711.wav`), below `folder`; its
/// folders are made. Names that lead out, are absolute, hidden or empty are refused.
///
/// # Errors
/// Says what is wrong with the name, or that the folders could not be made.
pub fn place(folder: &Path, name: &str) -> Result<PathBuf, IntakeError> {
    let refused = |why: &str| IntakeError::Input(format!("{name:?} {why}"));
    // Browsers on Windows send either.
    let plain = name.replace('\\', "/");
    if plain.len() > LONGEST || plain.contains(char::is_control) {
        return Err(refused("is no name for a file"));
    }
    let mut path = folder.to_owned();
    let mut last = None;
    for part in Path::new(&plain).components() {
        match part {
            Component::CurDir => {}
            Component::Normal(part) => {
                let text = part.to_string_lossy();
                // What is hidden is not imported; `C:` is a drive elsewhere.
                if text.starts_with('.') || text.ends_with(':') {
                    return Err(refused("is no name for a file to import"));
                }
                last = Some(path.clone());
                path.push(part);
            }
            _ => return Err(refused("leads out of the folder")),
        }
    }
    let Some(parent) = last.filter(|_| !plain.ends_with('/')) else {
        return Err(refused("is no name for a file"));
    };
    fs::create_dir_all(&parent).map_err(|e| IntakeError::Broken(format!("{}: {e}", parent.display())))?;
    Ok(path)
}

/// Gives a staged file the time at which it was last changed where it came from, which may be all that says when a
/// recording was made.
///
/// # Errors
/// When the file cannot be changed.
pub fn keep_time(file: &Path, changed: Timestamp) -> Result<(), IntakeError> {
    let since = u64::try_from(changed.micros()).map(Duration::from_micros).unwrap_or_default();
    let set = File::options().write(true).open(file);
    set.and_then(|it| it.set_modified(SystemTime::UNIX_EPOCH + since))
        .map_err(|e| IntakeError::Broken(format!("{}: {e}", file.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_senders_name_never_leads_out_of_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let path = place(folder.path(), "march\\day 1/./4711.wav").unwrap();
        assert_eq!(path, folder.path().join("march/day 1/4711.wav"));
        assert!(folder.path().join("march/day 1").is_dir());
        for name in [
            "",
            "a/",
            "/etc/passwd",
            "../a",
            "a/../../b",
            "C:\\a.wav",
            ".hidden",
            "a/.git/config",
            "a\nb",
            ".",
        ] {
            assert!(place(folder.path(), name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn a_staged_file_keeps_its_time() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let changed: Timestamp = "2026-03-01T09:00:00.25Z".parse().unwrap();
        keep_time(file.path(), changed).unwrap();
        let kept = fs::metadata(file.path()).unwrap().modified().unwrap();
        assert_eq!(Timestamp::from(jiff::Timestamp::try_from(kept).unwrap()), changed);
    }
}
