//! Rows as text: CSV (RFC 4180, header, line feeds, UTF-8 without mark) and lines of JSON.
//!
//! Nothing is changed to please spreadsheets: a text that begins with `=` is written as it is, because these files are
//! read by programs. In CSV what is absent is empty, and an empty text is `""`.

use super::column::{Cell, Column, Tabular};
use std::io::Write;

/// How rows are written as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextForm {
    /// Comma-separated values with a header.
    Csv,
    /// One JSON object a line.
    Ndjson,
}

/// Writes rows as text into memory, from where they are taken.
pub struct TextWriter<R: 'static> {
    form: TextForm,
    columns: Vec<&'static Column<R>>,
    /// The names as JSON keys, with the colon.
    keys: Vec<String>,
    out: Vec<u8>,
}

impl<R: Tabular> TextWriter<R> {
    /// All columns; writes the header if there is one.
    pub fn new(form: TextForm) -> Self {
        Self::with_columns(form, R::columns().iter().collect())
    }
}

impl<R> TextWriter<R> {
    /// Some columns; writes the header if there is one.
    pub(super) fn with_columns(form: TextForm, columns: Vec<&'static Column<R>>) -> Self {
        let keys = columns.iter().map(|it| format!("\"{}\":", it.name)).collect();
        let mut out = Vec::new();
        if form == TextForm::Csv {
            let names: Vec<&str> = columns.iter().map(|it| it.name).collect();
            out.extend_from_slice(names.join(",").as_bytes());
            out.push(b'\n');
        }
        Self { form, columns, keys, out }
    }

    /// Writes a row.
    pub fn row(&mut self, row: &R) {
        match self.form {
            TextForm::Csv => {
                for (at, column) in self.columns.iter().enumerate() {
                    if at > 0 {
                        self.out.push(b',');
                    }
                    csv_cell(&(column.cell)(row), &mut self.out);
                }
                self.out.push(b'\n');
            }
            TextForm::Ndjson => {
                for (at, (column, key)) in self.columns.iter().zip(&self.keys).enumerate() {
                    self.out.push(if at == 0 { b'{' } else { b',' });
                    self.out.extend_from_slice(key.as_bytes());
                    json_cell(&(column.cell)(row), &mut self.out);
                }
                self.out.extend_from_slice(b"}\n");
            }
        }
    }

    /// Bytes that wait to be taken.
    pub fn len(&self) -> usize {
        self.out.len()
    }
    /// Whether no bytes wait.
    pub fn is_empty(&self) -> bool {
        self.out.is_empty()
    }
    /// Takes what was written.
    pub fn take(&mut self) -> Vec<u8> {
        let room = Vec::with_capacity(self.out.len());
        std::mem::replace(&mut self.out, room)
    }
}

impl<R> std::fmt::Debug for TextWriter<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TextWriter({:?}, {} bytes)", self.form, self.out.len())
    }
}

// Writing to memory cannot fail.
fn show(out: &mut Vec<u8>, it: impl std::fmt::Display) {
    let _infallible = write!(out, "{it}");
}

/// Decimal seconds without trailing zeros.
fn seconds(micros: i64, out: &mut Vec<u8>) {
    if micros < 0 {
        out.push(b'-');
    }
    let micros = micros.unsigned_abs();
    show(out, micros / 1_000_000);
    let part = micros % 1_000_000;
    if part > 0 {
        let digits = format!(".{part:06}");
        out.extend_from_slice(digits.trim_end_matches('0').as_bytes());
    }
}

fn csv_cell(cell: &Cell<'_>, out: &mut Vec<u8>) {
    match cell {
        Cell::Absent => {}
        Cell::Text(text) => quoted(text, out),
        Cell::Json(text) => quoted(text, out),
        Cell::Integer(number) => show(out, number),
        Cell::Number(number) => show(out, number),
        Cell::Boolean(flag) => show(out, flag),
        Cell::Seconds(micros) => seconds(*micros, out),
        Cell::Timestamp(instant) => show(out, instant),
    }
}

/// Quotes only where they are needed.
fn quoted(text: &str, out: &mut Vec<u8>) {
    let needed = |byte| matches!(byte, b',' | b'"' | b'\n' | b'\r');
    // Readers cut blanks at the edges that are not quoted.
    if !text.is_empty() && !text.bytes().any(needed) && text.trim().len() == text.len() {
        out.extend_from_slice(text.as_bytes());
        return;
    }
    out.push(b'"');
    for byte in text.bytes() {
        if byte == b'"' {
            out.push(b'"');
        }
        out.push(byte);
    }
    out.push(b'"');
}

fn json_cell(cell: &Cell<'_>, out: &mut Vec<u8>) {
    match cell {
        Cell::Absent => out.extend_from_slice(b"null"),
        Cell::Text(text) => {
            let _infallible = serde_json::to_writer(out, text);
        }
        Cell::Json(text) => out.extend_from_slice(text.as_bytes()),
        // JSON has no word for what is no number.
        Cell::Number(number) if !number.is_finite() => out.extend_from_slice(b"null"),
        Cell::Timestamp(instant) => {
            out.push(b'"');
            show(out, instant);
            out.push(b'"');
        }
        other => csv_cell(other, out),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::column::ColumnType as T, *};

    struct Row(&'static str, Option<i64>);

    impl Tabular for Row {
        fn columns() -> &'static [Column<Self>] {
            const COLUMNS: [Column<Row>; 4] = [
                Column::always("text", T::Text, "", |row| row.0.into()),
                Column::maybe("length", T::Seconds, "", |row| row.1.map_or(Cell::Absent, Cell::Seconds)),
                Column::always("json", T::Json, "", |row| Cell::json(&[row.0])),
                Column::maybe("number", T::Number, "", |row| row.1.map(|it| it as f64 / 2.0).into()),
            ];
            &COLUMNS
        }
    }

    fn written(form: TextForm, rows: &[Row]) -> String {
        let mut writer = TextWriter::new(form);
        for row in rows {
            writer.row(row);
        }
        String::from_utf8(writer.take()).unwrap()
    }

    #[test]
    fn a_cell_of_csv_is_quoted_where_it_must_be_and_otherwise_as_it_is() {
        let rows =
            [Row("=SUM(A1)", Some(1_500_000)), Row("a,\"b\"\nc", Some(-1)), Row("", None), Row(" x", None)];
        let expected = "text,length,json,number\n=SUM(A1),1.5,\"[\"\"=SUM(A1)\"\"]\",750000\n\
             \"a,\"\"b\"\"\nc\",-0.000001,\"[\"\"a,\\\"\"b\\\"\"\\nc\"\"]\",-0.5\n\"\",,\"[\"\"\"\"]\",\n\" x\",,\"[\"\" x\"\"]\",\n";
        assert_eq!(written(TextForm::Csv, &rows), expected);
    }

    #[test]
    fn a_line_of_json_has_every_column_and_null_for_what_is_absent() {
        let text = written(TextForm::Ndjson, &[Row("ä\"\n", Some(61_000_000)), Row("", None)]);
        assert_eq!(
            text,
            "{\"text\":\"ä\\\"\\n\",\"length\":61,\"json\":[\"ä\\\"\\n\"],\"number\":30500000}\n\
             {\"text\":\"\",\"length\":null,\"json\":[\"\"],\"number\":null}\n"
        );
    }
}
