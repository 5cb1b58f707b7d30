//! The files of a day: rows come in, finished parts go out. Formatting runs on a thread of its own.

use super::{
    column::Column,
    manifest::PartEntry,
    parquet::ParquetWriter,
    text::{TextForm, TextWriter},
};
use crate::{AppError, reports::Rows};
use futures::StreamExt;
use std::io::{BufWriter, Write};
use tokio::sync::mpsc;
use touchline_store::{Destination, DestinationError, MadeFile, NewFile};

/// A part is ended when it reaches this size: large enough for few files, small enough to be sent again.
const PART_BYTES: u64 = 256 << 20;
/// Text is handed over to the file in pieces of this size.
const PIECE: usize = 256 << 10;
/// Rows that are handed over together.
const CHUNK: usize = 500;

/// What files are written in.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Comma-separated values with a header.
    Csv,
    /// One JSON object a line.
    Ndjson,
    /// Apache Parquet, compressed with Snappy.
    Parquet,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Csv, Self::Ndjson, Self::Parquet];
    /// Its name, and what its files end with.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
            Self::Parquet => "parquet",
        }
    }
}
impl std::str::FromStr for Format {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|it| it.name() == text).ok_or(())
    }
}

/// Why an export did not end. Nothing of it is published; run again, it goes on where it was.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The use case said no, or the data could not be read.
    #[error(transparent)]
    App(#[from] AppError),
    /// It could not be written.
    #[error("{0}; nothing was published, and what was published before is untouched")]
    Destination(#[from] DestinationError),
    /// It makes no sense.
    #[error("{0}")]
    Refused(String),
}

impl ExportError {
    pub(super) fn internal(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::App(AppError::Internal(error.into()))
    }
}

impl From<touchline_store::StoreError> for ExportError {
    fn from(error: touchline_store::StoreError) -> Self {
        Self::App(error.into())
    }
}

/// A part that was made and not yet put at its place.
pub(super) struct MadePart {
    pub(super) file: MadeFile,
    pub(super) rows: u64,
}

enum Writer<R: 'static> {
    Text(Box<(TextWriter<R>, NewFile)>),
    Parquet(Box<ParquetWriter<R, BufWriter<NewFile>>>),
}

fn text_file<R>(form: TextForm, columns: Vec<&'static Column<R>>, file: NewFile) -> Writer<R> {
    Writer::Text(Box::new((TextWriter::with_columns(form, columns), file)))
}

fn parquet_error(place: &str, error: &parquet::errors::ParquetError) -> ExportError {
    // Why a file could not be written is inside.
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(it) = cause {
        if let Some(io) = it.downcast_ref::<std::io::Error>() {
            return DestinationError::io(std::path::Path::new(place), io).into();
        }
        cause = it.source();
    }
    DestinationError::Failed { place: place.to_owned(), reason: error.to_string() }.into()
}

/// Makes the parts of a day on a thread that may block.
struct Parts<R: 'static> {
    to: Destination,
    format: Format,
    columns: Vec<&'static Column<R>>,
    /// Unique among runs.
    name: String,
    open: Option<(Writer<R>, u64, String)>,
    made: Vec<MadePart>,
}

impl<R: Send + 'static> Parts<R> {
    fn row(&mut self, row: &R) -> Result<(), ExportError> {
        let (mut writer, rows, place) = match self.open.take() {
            Some(open) => open,
            None => self.begin()?,
        };
        let full = match &mut writer {
            Writer::Text(it) => {
                let (text, file) = &mut **it;
                text.row(row);
                if text.len() >= PIECE {
                    file.write_all(&text.take()).map_err(|e| file.failed(&e))?;
                }
                file.written() + text.len() as u64 >= PART_BYTES
            }
            Writer::Parquet(parquet) => {
                parquet.row(row).map_err(|e| parquet_error(&place, &e))?;
                parquet.written() as u64 >= PART_BYTES
            }
        };
        self.open = Some((writer, rows + 1, place));
        if full { self.end() } else { Ok(()) }
    }

    fn begin(&self) -> Result<(Writer<R>, u64, String), ExportError> {
        let file = self.to.begin(&format!("{}-{}", self.name, self.made.len()))?;
        let place = file.place().display().to_string();
        let columns = self.columns.clone();
        let writer = match self.format {
            Format::Csv => text_file(TextForm::Csv, columns, file),
            Format::Ndjson => text_file(TextForm::Ndjson, columns, file),
            Format::Parquet => {
                let writer = ParquetWriter::new(columns, BufWriter::with_capacity(PIECE, file));
                Writer::Parquet(Box::new(writer.map_err(|e| parquet_error(&place, &e))?))
            }
        };
        Ok((writer, 0, place))
    }

    fn end(&mut self) -> Result<(), ExportError> {
        let Some((writer, rows, place)) = self.open.take() else { return Ok(()) };
        let file = match writer {
            Writer::Text(it) => {
                let (mut text, mut file) = *it;
                file.write_all(&text.take()).map_err(|e| file.failed(&e))?;
                file
            }
            Writer::Parquet(parquet) => {
                let file = parquet.end().map_err(|e| parquet_error(&place, &e))?;
                file.into_inner()
                    .map_err(|e| DestinationError::io(std::path::Path::new(&place), e.error()))?
            }
        };
        self.made.push(MadePart { file: file.end()?, rows });
        Ok(())
    }
}

/// Makes the parts of a day of all its rows; `see` looks at each. A day without rows has no parts.
pub(super) async fn make<R: Send + 'static>(
    to: &Destination,
    format: Format,
    name: String,
    columns: Vec<&'static Column<R>>,
    mut rows: Rows<R>,
    mut see: impl FnMut(&R),
) -> Result<Vec<MadePart>, ExportError> {
    let mut parts = Parts { to: to.clone(), format, columns, name, open: None, made: Vec::new() };
    let (give, mut take) = mpsc::channel::<Vec<R>>(2);
    let making = tokio::task::spawn_blocking(move || {
        while let Some(chunk) = take.blocking_recv() {
            for row in &chunk {
                parts.row(row)?;
            }
        }
        parts.end()?;
        Ok::<_, ExportError>(parts.made)
    });
    let mut chunk = Vec::with_capacity(CHUNK);
    let mut failed = None;
    while let Some(row) = rows.next().await {
        match row {
            Ok(row) => {
                see(&row);
                chunk.push(row);
            }
            Err(error) => {
                failed = Some(error);
                break;
            }
        }
        // Nobody takes it any more once writing has failed; why, says the other side.
        if chunk.len() == CHUNK
            && give.send(std::mem::replace(&mut chunk, Vec::with_capacity(CHUNK))).await.is_err()
        {
            break;
        }
    }
    if failed.is_none() && !chunk.is_empty() {
        let _why_is_said_below = give.send(chunk).await;
    }
    drop(give);
    let made = making.await.map_err(ExportError::internal)?;
    match failed {
        Some(error) => Err(error.into()),
        None => made,
    }
}

/// Puts parts at their places and says where they are. The name of a file says what is in it, so that one that is there
/// already need not be written again, and another revision of the day never takes its place.
pub(super) async fn keep(
    to: &Destination,
    folder: &str,
    date: &str,
    format: Format,
    parts: Vec<MadePart>,
    there: impl Fn(&str) -> Option<u64>,
) -> Result<Vec<PartEntry>, ExportError> {
    let mut entries = Vec::with_capacity(parts.len());
    for (number, part) in parts.into_iter().enumerate() {
        let MadePart { file, rows } = part;
        let sha = file.sha256.get(..16).unwrap_or_default();
        let path = format!("date={date}/part-{number:05}-{sha}.{}", format.name());
        let entry = PartEntry { path: path.clone(), rows, bytes: file.bytes, sha256: file.sha256.clone() };
        let at = format!("{folder}/{path}");
        if there(&at) != Some(file.bytes) {
            to.keep(file, &at).await?;
        }
        entries.push(entry);
    }
    Ok(entries)
}
