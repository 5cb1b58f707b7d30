//! CSV of call metadata: a header row, then a call a row.

mod columns;

use crate::{
    dates,
    lines::{About, Given, Line, Lines, utf8},
    records::GivenContact,
    values::{channel, direction, length, typed},
};
use columns::{Column, columns};
use csv::StringRecord;
use jiff::tz::TimeZone;
use std::io;
use touchline_app::contacts::ContactUpload;
use touchline_model::Timestamp;

/// Most bytes of one row: a quotation mark that is never closed must not swallow the file.
const ROW_BYTES: usize = 1 << 20;
/// Most lines of one row.
const ROW_LINES: usize = 1_000;

/// A table whose header was understood.
#[derive(Debug)]
pub(crate) struct Table {
    columns: Vec<Column>,
    /// As the header has them.
    names: Vec<String>,
    delimiter: u8,
    zone: Option<TimeZone>,
}

/// A row as text, or why it is none.
struct Row {
    line: u64,
    raw: Vec<u8>,
    fields: Result<StringRecord, String>,
}

/// Follows quotation marks over the lines of a row.
#[derive(Default)]
struct Quotes {
    inside: bool,
    /// A quotation ended in the middle of a field: one of its marks was none.
    broken: bool,
}

impl Quotes {
    /// Goes over a line; whether a quotation is still open at its end.
    fn follow(&mut self, line: &[u8], delimiter: u8) -> bool {
        let (mut at, mut field_begins) = (0, !self.inside);
        while at < line.len() {
            let byte = line[at];
            if self.inside {
                if byte == b'"' {
                    match line.get(at + 1) {
                        Some(b'"') => at += 1,
                        next => {
                            self.inside = false;
                            self.broken |= next.is_some_and(|byte| *byte != delimiter);
                        }
                    }
                }
            } else if byte == b'"' && field_begins {
                self.inside = true;
            }
            field_begins = !self.inside && byte == delimiter;
            at += 1;
        }
        self.inside
    }
}

impl Table {
    /// Reads the header. The inner error is about the file's content.
    pub(crate) fn open(lines: &mut Lines, zone: Option<TimeZone>) -> io::Result<Result<Self, (u64, String)>> {
        let mut delimiter = None;
        loop {
            let Some(first) = lines.next()? else { return Ok(Err((1, "the file is empty".to_owned()))) };
            let content = first.content.clone();
            let text = match content.as_deref().map_err(|n| lines.too_long(*n)).and_then(utf8) {
                Ok(text) if text.trim().is_empty() => continue,
                Ok(text) => text,
                Err(reason) => return Ok(Err((first.number, reason))),
            };
            // Excel's way of naming the delimiter.
            if let [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', given] = text.as_bytes() {
                delimiter = Some(*given);
                continue;
            }
            let delimiter = delimiter.unwrap_or_else(|| likely_delimiter(text));
            lines.put_back(vec![first]);
            let Some(row) = next_row(lines, delimiter, None)? else { continue };
            let table = row.fields.and_then(|names| Self::from_header(&names, delimiter, zone));
            return Ok(table.map_err(|reason| (row.line, reason)));
        }
    }

    fn from_header(names: &StringRecord, delimiter: u8, zone: Option<TimeZone>) -> Result<Self, String> {
        let columns = columns(names);
        for (at, column) in columns.iter().enumerate() {
            if *column != Column::Nameless && columns[..at].contains(column) {
                return Err(format!(
                    "column {:?} means the same as one before it",
                    names.get(at).unwrap_or("")
                ));
            }
        }
        let has = |column| columns.contains(&column);
        if !has(Column::StartedAt) {
            return Err("there is no column `started_at`: is this the header of a table of calls?".to_owned());
        }
        if !has(Column::Id) && !has(Column::Recording) {
            return Err(
                "there is neither a column `id` nor `recording`: a second run could not know the calls again"
                    .to_owned(),
            );
        }
        if has(Column::AgentId) && has(Column::AgentEmail) {
            return Err("there are both `agent_id` and `agent_email`: leave one out".to_owned());
        }
        let names = names.iter().map(|name| name.trim().to_owned()).collect();
        Ok(Self { columns, names, delimiter, zone })
    }

    /// The columns, by what they mean or, where they are fields of the caller's own, by their names.
    pub(crate) fn fields(&self) -> Vec<String> {
        let name = |column: &Column| match column {
            Column::Metadata(name) => Some(format!("metadata.{name}")),
            column => column.meaning().map(str::to_owned),
        };
        self.columns.iter().filter_map(name).collect()
    }

    /// Each column as the header names it, and what it is read as; none for a field of the caller's own. Columns
    /// without a name are left out.
    pub(crate) fn meanings(&self) -> impl Iterator<Item = (&str, Option<&'static str>)> {
        let named = self.names.iter().zip(&self.columns).filter(|(_, column)| **column != Column::Nameless);
        named.map(|(name, column)| (name.as_str(), column.meaning()))
    }

    /// Whether it says which recordings belong to its calls.
    pub(crate) fn names_recordings(&self) -> bool {
        self.columns.contains(&Column::Recording)
    }

    /// The next call.
    pub(crate) fn next(&self, lines: &mut Lines) -> io::Result<Option<Given<GivenContact>>> {
        loop {
            let Some(row) = next_row(lines, self.delimiter, Some(self.columns.len()))? else {
                return Ok(None);
            };
            // Spreadsheets end in rows of nothing but delimiters.
            if row.fields.as_ref().is_ok_and(|it| it.iter().all(|field| field.trim().is_empty())) {
                continue;
            }
            let about = row.fields.as_ref().map(|fields| self.about(fields)).unwrap_or_default();
            let item = row.fields.and_then(|fields| self.contact(&fields));
            return Ok(Some(Given { line: row.line, raw: row.raw, item, about }));
        }
    }

    fn about(&self, fields: &StringRecord) -> About {
        let cell = |wanted: Column| {
            let at = self.columns.iter().position(|column| *column == wanted)?;
            fields.get(at).map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
        };
        let recording = cell(Column::Recording);
        let id = cell(Column::Id).or_else(|| recording.as_deref().map(crate::recordings::stem));
        About { id: id.unwrap_or_default(), recording }
    }

    fn contact(&self, fields: &StringRecord) -> Result<GivenContact, String> {
        let mut contact = crate::calls::bare_contact("", Timestamp::default());
        let (mut started_at, mut agent_email, mut agent) = (None, None, None);
        for ((column, name), text) in self.columns.iter().zip(&self.names).zip(fields) {
            let value = text.trim();
            if value.is_empty() {
                continue;
            }
            let named = |name: &str, reason: String| format!("`{name}`: {reason}");
            match column {
                Column::Id => contact.id = value.into(),
                Column::StartedAt => {
                    let read = dates::instant(value, self.zone.as_ref());
                    started_at = Some(read.map_err(|e| named("started_at", e))?);
                }
                Column::Duration => contact.duration = length(value).map_err(|e| named("duration", e))?,
                Column::Direction => {
                    contact.direction = direction(value).map_err(|e| named("direction", e))?
                }
                Column::Channel => contact.channel = channel(value).map_err(|e| named("channel", e))?,
                Column::AgentId => contact.agent_id = Some(value.into()),
                Column::AgentEmail => agent_email = Some(value.to_owned()),
                Column::Agent => agent = Some((name.clone(), value.to_owned())),
                Column::Recording => contact.original_path = Some(value.to_owned()),
                Column::Metadata(name) => {
                    contact.metadata.insert(name.clone(), typed(text));
                }
                Column::Nameless => return Err(format!("{value:?} stands in a column without a name")),
            }
        }
        contact.started_at = started_at.ok_or("`started_at` is empty")?;
        let recording = contact.original_path.clone();
        if contact.id.is_empty() {
            let stem = recording.as_deref().map(crate::recordings::stem).filter(|it| !it.is_empty());
            contact.id = stem.ok_or("there is neither an `id` nor a recording to take it from")?.into();
        }
        Ok(GivenContact { upload: ContactUpload::new(contact, None), agent_email, agent, recording })
    }
}

/// The delimiter that stands most often outside quotation marks.
fn likely_delimiter(header: &str) -> u8 {
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0), (b'|', 0)];
    let mut inside = false;
    for byte in header.bytes() {
        inside ^= byte == b'"';
        if let Some((_, count)) = counts.iter_mut().find(|(it, _)| *it == byte && !inside) {
            *count += 1;
        }
    }
    // The first of equals.
    counts.iter().rev().max_by_key(|(_, count)| *count).map_or(b',', |(byte, _)| *byte)
}

/// The next row that is not blank. A row that is broken costs its first line only: what follows is read once more.
fn next_row(lines: &mut Lines, delimiter: u8, width: Option<usize>) -> io::Result<Option<Row>> {
    loop {
        let Some(first) = lines.next()? else { return Ok(None) };
        let line = first.number;
        let mut raw = match first.content {
            Ok(raw) if raw.iter().all(u8::is_ascii_whitespace) => continue,
            Ok(raw) => raw,
            Err(length) => {
                return Ok(Some(Row { line, raw: vec![], fields: Err(lines.too_long(length)) }));
            }
        };
        let mut quotes = Quotes::default();
        let mut more: Vec<Line> = Vec::new();
        let mut open = quotes.follow(&raw, delimiter);
        while open && !quotes.broken && more.len() < ROW_LINES && raw.len() < ROW_BYTES {
            let Some(next) = lines.next()? else { break };
            if let Ok(text) = &next.content {
                raw.push(b'\n');
                raw.extend_from_slice(text);
                open = quotes.follow(text, delimiter);
            }
            let too_long = next.content.is_err();
            more.push(next);
            if too_long {
                break;
            }
        }
        let fields = match (quotes.broken, open) {
            (true, _) => {
                Err("a quotation ends in the middle of a field: double the marks inside it".to_owned())
            }
            (_, true) => Err("a quotation mark is opened and not closed".to_owned()),
            _ => split(&raw, delimiter, width),
        };
        if fields.is_err() {
            lines.put_back(more);
        }
        return Ok(Some(Row { line, raw, fields }));
    }
}

fn split(raw: &[u8], delimiter: u8, width: Option<usize>) -> Result<StringRecord, String> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .buffer_capacity(raw.len().max(16))
        .from_reader(utf8(raw)?.as_bytes());
    let mut fields = StringRecord::new();
    reader.read_record(&mut fields).map_err(|e| e.to_string())?;
    match width {
        Some(width) if width != fields.len() => {
            Err(format!("has {} fields where the header has {width}", fields.len()))
        }
        _ => Ok(fields),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &'static str) -> Vec<(u64, Result<GivenContact, String>)> {
        let mut lines = Lines::new(Box::new(text.as_bytes()), 1 << 20, Default::default());
        let table = Table::open(&mut lines, None).unwrap().unwrap();
        let rows = std::iter::from_fn(|| table.next(&mut lines).unwrap());
        rows.map(|row| (row.line, row.item)).collect()
    }

    #[test]
    fn a_stray_quotation_mark_costs_one_line() {
        let rows = read(
            "id,started_at,note\na,2026-03-01T09:00:00Z,\"two\nlines\"\nb,2026-03-01T09:00:00Z,\"open\nc,2026-03-01T09:00:00Z,5\" pipe\n",
        );
        let lines: Vec<_> = rows.iter().map(|(line, item)| (*line, item.is_ok())).collect();
        assert_eq!(lines, [(2, true), (4, false), (5, true)]);
        assert_eq!(rows[0].1.as_ref().unwrap().upload.metadata["note"], "two\nlines");
        assert!(rows[1].1.as_ref().unwrap_err().contains("middle of a field"));
        assert_eq!(rows[2].1.as_ref().unwrap().upload.metadata["note"], "5\" pipe");
    }

    #[test]
    fn a_row_that_is_wrong_gives_back_the_lines_that_it_swallowed() {
        let at = "2026-03-01T09:00:00Z";
        for last in ["\"z\"", "z", "\",2,3"] {
            let text = format!("id,started_at,note\na,{at},\"x\nb,{at},y\nc,{at},{last}\n");
            let rows = read(Box::leak(text.into_boxed_str()));
            let lines: Vec<_> = rows.iter().map(|(line, item)| (*line, item.is_ok())).collect();
            assert_eq!(lines, [(2, false), (3, true), (4, !last.ends_with('3'))], "{last}");
        }
    }
    #[test]
    fn delimiters_are_found_outside_quotation_marks() {
        assert_eq!(likely_delimiter("\"a,b,c\";d;e"), b';');
        assert_eq!(likely_delimiter("a\tb"), b'\t');
        assert_eq!(likely_delimiter("a"), b',');
    }

    #[test]
    fn an_agent_may_be_named_in_any_way() {
        let given = read("id,started_at,agent\na,2026-03-01T09:00:00Z,Ann Lee\n").remove(0).1.unwrap();
        assert_eq!(given.agent, Some(("agent".to_owned(), "Ann Lee".to_owned())));
    }

    #[test]
    fn a_row_that_is_refused_still_says_its_id() {
        let text = "call_id,started_at,recording\n7,soon,a/7.wav\n,soon,b/8.wav\n";
        let mut lines = Lines::new(Box::new(text.as_bytes()), 1 << 20, Default::default());
        let table = Table::open(&mut lines, None).unwrap().unwrap();
        let rows: Vec<_> = std::iter::from_fn(|| table.next(&mut lines).unwrap()).collect();
        assert!(rows.iter().all(|row| row.item.is_err()));
        let ids: Vec<_> = rows.iter().map(|row| row.about.id.as_str()).collect();
        assert_eq!(ids, ["7", "8"]);
    }

    #[test]
    fn a_header_must_make_sense() {
        let fault = |text: &'static str| {
            let mut lines = Lines::new(Box::new(text.as_bytes()), 1 << 20, Default::default());
            Table::open(&mut lines, None).unwrap().unwrap_err().1
        };
        assert!(fault("id,when").contains("started_at"));
        assert!(fault("started_at,topic").contains("neither a column `id`"));
        assert!(fault("id,started_at,call id").contains("means the same"));
        assert!(fault("").contains("empty"));
    }
}
