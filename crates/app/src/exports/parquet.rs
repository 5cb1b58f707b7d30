//! Rows as Parquet: flat columns, compressed with Snappy, in groups of rows that bound the memory.

use super::column::{Cell, Column, ColumnType};
use parquet::{
    basic::Compression,
    column::writer::ColumnWriter,
    data_type::ByteArray,
    errors::ParquetError,
    file::{properties::WriterProperties, writer::SerializedFileWriter},
    schema::parser::parse_message_type,
};
use std::{io::Write, sync::Arc};

/// Rows of a group at most.
const GROUP_ROWS: usize = 100_000;
/// Bytes of a group at most, before they are packed.
const GROUP_BYTES: usize = 64 << 20;

/// The values of a column that wait for the end of their group.
enum Values {
    Text(Vec<ByteArray>),
    Whole(Vec<i64>),
    Real(Vec<f64>),
    Flag(Vec<bool>),
}

impl Values {
    fn of(holds: ColumnType) -> Self {
        match holds {
            ColumnType::Text | ColumnType::Json => Self::Text(Vec::new()),
            ColumnType::Integer | ColumnType::Timestamp => Self::Whole(Vec::new()),
            ColumnType::Seconds | ColumnType::Number => Self::Real(Vec::new()),
            ColumnType::Boolean => Self::Flag(Vec::new()),
        }
    }
}

struct Waiting {
    values: Values,
    /// 1 where there is a value, 0 where there is none; only for columns that may be empty.
    present: Vec<i16>,
}

/// Writes a Parquet file.
pub(super) struct ParquetWriter<R: 'static, W: Write + Send> {
    columns: Vec<&'static Column<R>>,
    file: SerializedFileWriter<W>,
    waiting: Vec<Waiting>,
    rows: usize,
    bytes: usize,
}

/// The type of a column in Parquet's language.
fn field<R>(column: &Column<R>) -> String {
    let (physical, logical) = match column.holds {
        ColumnType::Text => ("binary", " (STRING)"),
        ColumnType::Json => ("binary", " (JSON)"),
        ColumnType::Integer => ("int64", ""),
        ColumnType::Timestamp => ("int64", " (TIMESTAMP(MICROS,true))"),
        ColumnType::Seconds | ColumnType::Number => ("double", ""),
        ColumnType::Boolean => ("boolean", ""),
    };
    let needed = if column.optional { "optional" } else { "required" };
    format!("{needed} {physical} {}{logical};", column.name)
}

impl<R, W: Write + Send> ParquetWriter<R, W> {
    pub(super) fn new(columns: Vec<&'static Column<R>>, to: W) -> Result<Self, ParquetError> {
        let fields: String = columns.iter().map(|it| field(it)).collect();
        let schema = Arc::new(parse_message_type(&format!("message row {{ {fields} }}"))?);
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            // The library's version must not decide whether two files are the same.
            .set_created_by("touchline".to_owned())
            .build();
        let file = SerializedFileWriter::new(to, schema, Arc::new(properties))?;
        let waiting = fresh(&columns);
        Ok(Self { columns, file, waiting, rows: 0, bytes: 0 })
    }

    pub(super) fn row(&mut self, row: &R) -> Result<(), ParquetError> {
        for (column, waiting) in self.columns.iter().zip(&mut self.waiting) {
            let cell = (column.cell)(row);
            if column.optional {
                waiting.present.push(i16::from(cell != Cell::Absent));
            }
            self.bytes += 8;
            match (&mut waiting.values, cell) {
                (Values::Text(values), Cell::Text(text)) => {
                    self.bytes += text.len();
                    values.push(ByteArray::from(text.into_owned().into_bytes()));
                }
                (Values::Text(values), Cell::Json(text)) => {
                    self.bytes += text.len();
                    values.push(ByteArray::from(text.into_bytes()));
                }
                (Values::Whole(values), Cell::Integer(number)) => values.push(number),
                (Values::Whole(values), Cell::Timestamp(instant)) => values.push(instant.micros()),
                (Values::Real(values), Cell::Number(number)) => values.push(number),
                (Values::Real(values), Cell::Seconds(micros)) => values.push(micros as f64 / 1e6),
                (Values::Flag(values), Cell::Boolean(flag)) => values.push(flag),
                (_, Cell::Absent) if column.optional => {}
                (_, cell) => {
                    let name = column.name;
                    return Err(ParquetError::General(format!("column `{name}` cannot hold {cell:?}")));
                }
            }
        }
        self.rows += 1;
        if self.rows >= GROUP_ROWS || self.bytes >= GROUP_BYTES {
            self.end_group()?;
        }
        Ok(())
    }

    /// Bytes of the file so far.
    pub(super) fn written(&self) -> usize {
        self.file.bytes_written()
    }

    fn end_group(&mut self) -> Result<(), ParquetError> {
        if self.rows == 0 {
            return Ok(());
        }
        let waiting = std::mem::replace(&mut self.waiting, fresh(&self.columns));
        (self.rows, self.bytes) = (0, 0);
        let mut group = self.file.next_row_group()?;
        for (column, Waiting { values, present }) in self.columns.iter().zip(waiting) {
            let Some(mut to) = group.next_column()? else {
                return Err(ParquetError::General("fewer columns than the schema has".to_owned()));
            };
            let present = column.optional.then_some(present.as_slice());
            match (to.untyped(), values) {
                (ColumnWriter::ByteArrayColumnWriter(to), Values::Text(it)) => {
                    to.write_batch(&it, present, None)
                }
                (ColumnWriter::Int64ColumnWriter(to), Values::Whole(it)) => {
                    to.write_batch(&it, present, None)
                }
                (ColumnWriter::DoubleColumnWriter(to), Values::Real(it)) => {
                    to.write_batch(&it, present, None)
                }
                (ColumnWriter::BoolColumnWriter(to), Values::Flag(it)) => to.write_batch(&it, present, None),
                _ => Err(ParquetError::General(format!("column `{}` has two types", column.name))),
            }?;
            to.close()?;
        }
        group.close()?;
        Ok(())
    }

    /// Ends the file; what it was written to.
    pub(super) fn end(mut self) -> Result<W, ParquetError> {
        self.end_group()?;
        self.file.into_inner()
    }
}

fn fresh<R>(columns: &[&'static Column<R>]) -> Vec<Waiting> {
    columns.iter().map(|it| Waiting { values: Values::of(it.holds), present: Vec::new() }).collect()
}
