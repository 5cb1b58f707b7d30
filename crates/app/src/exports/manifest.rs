//! The manifest of a data set: which days there are, in which files, and which of them are final.

use super::{Format, column::Column, dataset::Dataset};
use serde::{Deserialize, Serialize};
use touchline_model::{Seq, Timestamp};

/// What a reader finds in `manifest.json`. Whoever follows it never sees half an export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of this form.
    pub touchline_export: u32,
    /// Name of the data set.
    pub dataset: String,
    /// Whose data.
    pub tenant: String,
    /// What the files are written in.
    pub format: Format,
    /// The zone of the days.
    pub zone: String,
    /// The columns by which a later row replaces an earlier one.
    pub key: Vec<String>,
    /// From the start of the first day,
    pub from: Timestamp,
    /// to the end of the last.
    pub to: Timestamp,
    /// Events that arrived up to this change were looked at, whether they change a final day.
    pub checked: Seq,
    /// Lists of columns; each day says which one is its own. The last one is that of this release.
    pub schemas: Vec<Vec<ColumnEntry>>,
    /// The days, in order.
    pub days: Vec<DayEntry>,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnEntry {
    /// Name.
    pub name: String,
    /// What it holds: `text`, `integer`, `seconds`, `number`, `boolean`, `timestamp`, `json`.
    #[serde(rename = "type")]
    pub holds: String,
    /// Whether it may be empty.
    pub optional: bool,
    /// What it means.
    pub about: String,
}

/// A day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayEntry {
    /// `YYYY-MM-DD`.
    pub date: String,
    /// When it began in the zone.
    pub from: Timestamp,
    /// When it was over.
    pub to: Timestamp,
    /// Whether it is closed.
    #[serde(rename = "final")]
    pub is_final: bool,
    /// 1, and one more whenever a final day had to be made anew because of events that came late.
    pub revision: u32,
    /// As of when its rows show the world.
    pub horizon: Timestamp,
    /// Rows of all files.
    pub rows: u64,
    /// Which of `schemas` is that of its files.
    pub schema: usize,
    /// The files; none when there are no rows.
    pub files: Vec<PartEntry>,
}

/// A file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartEntry {
    /// Where, seen from the manifest.
    pub path: String,
    /// Its rows.
    pub rows: u64,
    /// Its size.
    pub bytes: u64,
    /// SHA-256, 64 hex digits.
    pub sha256: String,
}

/// The version of the form.
const VERSION: u32 = 1;

impl Manifest {
    /// One without days.
    pub(super) fn new(dataset: Dataset, tenant: &str, format: Format, zone: &str) -> Self {
        Self {
            touchline_export: VERSION,
            dataset: dataset.name().to_owned(),
            tenant: tenant.to_owned(),
            format,
            zone: zone.to_owned(),
            key: dataset.key().iter().map(|it| (*it).to_owned()).collect(),
            from: Timestamp::default(),
            to: Timestamp::default(),
            checked: 0,
            schemas: Vec::new(),
            days: Vec::new(),
        }
    }

    /// Reads one; a sentence when it cannot be gone on with.
    pub(super) fn read(bytes: &[u8], like: &Self, place: &str) -> Result<Self, String> {
        let found: Self = serde_json::from_slice(bytes).map_err(|e| {
            format!("{place} is no manifest of this release: {e}; choose another destination")
        })?;
        for (what, here, asked) in [
            ("form", found.touchline_export.to_string(), like.touchline_export.to_string()),
            ("tenant", found.tenant.clone(), like.tenant.clone()),
            ("format", found.format.name().to_owned(), like.format.name().to_owned()),
            ("zone", found.zone.clone(), like.zone.clone()),
        ] {
            if here != asked {
                return Err(format!(
                    "{place} holds an export with the {what} `{here}`, not `{asked}`: choose another destination"
                ));
            }
        }
        Ok(found)
    }

    /// The bytes to be written.
    pub(super) fn bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut bytes = serde_json::to_vec_pretty(self)?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// Every file that it names, with the data set's folder before it.
    pub(super) fn named(&self, folder: &str) -> impl Iterator<Item = String> {
        let files = self.days.iter().flat_map(|day| &day.files);
        files.map(move |it| format!("{folder}/{}", it.path))
    }

    /// The day of this date.
    pub(super) fn day(&self, date: &str) -> Option<&DayEntry> {
        self.days.binary_search_by(|it| it.date.as_str().cmp(date)).ok().map(|at| &self.days[at])
    }

    /// Puts a day in its place, instead of one of the same date.
    pub(super) fn put(&mut self, day: DayEntry) {
        match self.days.binary_search_by(|it| it.date.cmp(&day.date)) {
            Ok(at) => self.days[at] = day,
            Err(at) => self.days.insert(at, day),
        }
        self.from = self.days.first().map_or(self.from, |it| it.from);
        self.to = self.days.last().map_or(self.to, |it| it.to);
    }

    /// The number of this list of columns, which becomes the last one if it is new.
    pub(super) fn schema<R>(&mut self, columns: &[&'static Column<R>]) -> usize {
        let entries: Vec<ColumnEntry> = columns
            .iter()
            .map(|it| ColumnEntry {
                name: it.name.to_owned(),
                holds: it.holds.name().to_owned(),
                optional: it.optional,
                about: it.about.to_owned(),
            })
            .collect();
        // Other words about a column make no other column.
        let same = |known: &Vec<ColumnEntry>| {
            known.len() == entries.len()
                && known.iter().zip(&entries).all(|(one, other)| {
                    (&one.name, &one.holds, one.optional) == (&other.name, &other.holds, other.optional)
                })
        };
        match self.schemas.iter().position(same) {
            Some(at) => at,
            None => {
                self.schemas.push(entries);
                self.schemas.len() - 1
            }
        }
    }
}
