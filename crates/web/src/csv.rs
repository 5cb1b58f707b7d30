//! CSV as a spreadsheet reads it: RFC 4180, UTF-8, and no cell that a spreadsheet would take for a formula.

use axum::{
    body::{Body, Bytes},
    response::Response,
};
use futures::{Stream, StreamExt, TryStreamExt, stream};
use http::{HeaderValue, header};
use jiff::tz::TimeZone;
use touchline_app::{
    AppError,
    exports::{Cell, Tabular},
};
use touchline_model::Timestamp;

/// A part is sent when it reaches this size.
const PART_BYTES: usize = 64 * 1024;

/// A column that a file for people has besides those of the report: its name, and what a row shows in it.
pub(crate) type Extra<R> = (&'static str, Box<dyn Fn(&R) -> String + Send + Sync>);

/// Writes rows.
struct Writer<R: Tabular> {
    out: String,
    zone: TimeZone,
    extra: Vec<Extra<R>>,
}

impl<R: Tabular> Writer<R> {
    /// With the header; times are those of a zone.
    fn new(zone: TimeZone, extra: Vec<Extra<R>>) -> Self {
        let names = R::columns().iter().map(|it| it.name).chain(extra.iter().map(|it| it.0));
        let out = format!("{}\r\n", names.collect::<Vec<_>>().join(","));
        Self { out, zone, extra }
    }

    fn row(&mut self, row: &R) {
        for (at, column) in R::columns().iter().enumerate() {
            if at > 0 {
                self.out.push(',');
            }
            self.cell(&(column.cell)(row));
        }
        for (_, text) in &self.extra {
            self.out.push(',');
            self.out.push_str(&cell(&text(row)));
        }
        self.out.push_str("\r\n");
    }

    /// Numbers and times are ours: there is nothing to quote in them.
    fn cell(&mut self, it: &Cell<'_>) {
        match it {
            Cell::Absent => {}
            Cell::Text(text) => self.out.push_str(&cell(text)),
            Cell::Json(text) => self.out.push_str(&cell(text)),
            Cell::Integer(number) => self.out.push_str(&number.to_string()),
            Cell::Number(number) => self.out.push_str(&number.to_string()),
            Cell::Boolean(flag) => self.out.push_str(if *flag { "true" } else { "false" }),
            Cell::Seconds(micros) => self.out.push_str(&seconds(*micros)),
            Cell::Timestamp(at) => self.out.push_str(&stamp(*at, &self.zone)),
        }
    }

    fn take(&mut self) -> Bytes {
        let room = String::with_capacity(self.out.len());
        Bytes::from(std::mem::replace(&mut self.out, room))
    }
}

/// An instant in a zone, with its offset: `2026-03-29T03:00:00.000+02:00`.
fn stamp(at: Timestamp, zone: &TimeZone) -> String {
    at.to_jiff().to_zoned(zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%.3f%:z").to_string()
}

/// Decimal seconds, exact, without trailing zeros.
pub(crate) fn seconds(micros: i64) -> String {
    let sign = if micros < 0 { "-" } else { "" };
    let micros = micros.unsigned_abs();
    let text = format!("{sign}{}.{:06}", micros / 1_000_000, micros % 1_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A file of rows as they come, in bounded memory: no further than somebody reads.
pub(crate) fn file<R: Tabular>(
    name: &str,
    zone: TimeZone,
    extra: Vec<Extra<R>>,
    rows: impl Stream<Item = Result<R, AppError>> + Send + Unpin + 'static,
) -> Response {
    let writer = Writer::new(zone, extra);
    let parts = stream::try_unfold((rows, writer, false), async |(mut rows, mut writer, mut done)| {
        while !done && writer.out.len() < PART_BYTES {
            match rows.next().await.transpose()? {
                Some(row) => writer.row(&row),
                None => done = true,
            }
        }
        let part = writer.take();
        Ok::<_, AppError>((!part.is_empty()).then_some((part, (rows, writer, done))))
    });
    let parts = parts.inspect_err(|error| {
        tracing::error!(error = error as &dyn std::error::Error, "a file broke off half-way");
    });
    attached(name, Body::from_stream(parts))
}

/// A file of CSV.
pub(crate) fn attached(name: &str, body: Body) -> Response {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8; header=present"));
    if let Ok(name) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// A cell. What a spreadsheet would take for a formula begins with an apostrophe: it may come from strangers.
pub(crate) fn cell(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    let text = if formula { format!("'{text}") } else { text.to_owned() };
    match text.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use touchline_app::exports::{Column, ColumnType};

    #[test]
    fn a_cell_is_quoted_where_it_must_be_and_is_never_a_formula() {
        for (text, expected) in [
            ("plain", "plain"),
            ("a,b", "\"a,b\""),
            ("say \"no\"", "\"say \"\"no\"\"\""),
            ("two\nlines", "\"two\nlines\""),
            ("=1+1", "'=1+1"),
            ("+15550001", "'+15550001"),
            ("@x,y", "\"'@x,y\""),
            ("\r=1", "\"'\r=1\""),
            ("", ""),
        ] {
            assert_eq!(cell(text), expected);
        }
    }

    struct Row(&'static str, i64);

    impl Tabular for Row {
        fn columns() -> &'static [Column<Self>] {
            const fn column(name: &'static str, cell: fn(&Row) -> Cell<'_>) -> Column<Row> {
                Column { name, holds: ColumnType::Text, optional: true, directory: false, about: "", cell }
            }
            const COLUMNS: [Column<Row>; 3] = [
                column("at", |row| row.0.parse::<Timestamp>().ok().into()),
                column("long", |row| Cell::Seconds(row.1)),
                column("ids", |row| Cell::Json(format!("[\"{}\"]", row.1))),
            ];
            &COLUMNS
        }
    }

    #[test]
    fn times_are_those_of_the_zone_and_lengths_are_exact() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let mut writer = Writer::new(zone, vec![("who", Box::new(|row: &Row| format!("={}", row.1)))]);
        for row in
            [Row("2026-10-25T00:30:00.25Z", 1_500_000), Row("2026-10-25T01:30:00Z", -1), Row("never", 0)]
        {
            writer.row(&row);
        }
        assert_eq!(
            writer.out,
            "at,long,ids,who\r\n2026-10-25T02:30:00.250+02:00,1.5,\"[\"\"1500000\"\"]\",'=1500000\r\n\
             2026-10-25T02:30:00.000+01:00,-0.000001,\"[\"\"-1\"\"]\",'=-1\r\n,0,\"[\"\"0\"\"]\",'=0\r\n"
        );
    }
}
