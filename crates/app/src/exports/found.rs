//! What lies at a destination.

use super::manifest::{DayEntry, Manifest};
use std::collections::HashMap;
use touchline_store::{FileVersion, ListedFile};

/// The manifest, as published and with what a cut run had done, and the files.
pub(super) struct Found {
    pub(super) manifest: Manifest,
    /// The bytes of the manifest as published, and their version.
    pub(super) published: Option<(Vec<u8>, FileVersion)>,
    pub(super) half_done: bool,
    pub(super) files: HashMap<String, ListedFile>,
}

impl Found {
    /// Whether every file of a day is there.
    pub(super) fn has(&self, folder: &str, day: &DayEntry) -> bool {
        day.files.iter().all(|it| {
            let path = format!("{folder}/{}", it.path);
            self.files.get(&path).is_some_and(|file| file.bytes == it.bytes)
        })
    }

    /// Whether a day is final and there.
    pub(super) fn is_final(&self, folder: &str, date: &str) -> bool {
        self.manifest.day(date).is_some_and(|day| day.is_final && self.has(folder, day))
    }

    /// The manifest that was published when the run began.
    pub(super) fn published_manifest(&self) -> Option<Manifest> {
        self.published.as_ref().and_then(|(bytes, _)| serde_json::from_slice(bytes).ok())
    }
}

/// The last day of the final ones with which the manifest begins, without a gap.
pub(super) fn final_through(manifest: &Manifest) -> Option<String> {
    let mut last: Option<&DayEntry> = None;
    for day in &manifest.days {
        if !day.is_final || last.is_some_and(|last| last.to != day.from) {
            break;
        }
        last = Some(day);
    }
    last.map(|it| it.date.clone())
}
