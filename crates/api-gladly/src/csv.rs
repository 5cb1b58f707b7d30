//! CSV (contract §2.4, X-13 to X-16): header row always, `\n`, no BOM, RFC 4180 quotes, empty for what is not known.

use crate::times::Stamps;
use jiff::tz::TimeZone;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use touchline_app::reports::Micros;
use touchline_model::Timestamp;

/// What an id is escaped of inside an address; unreserved characters stay (RFC 3986).
const PART: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// An id as a part of a path.
pub(crate) fn part(id: &str) -> impl std::fmt::Display + '_ {
    utf8_percent_encode(id, PART)
}

/// A column of a report: its header, and what a row shows in it.
pub(crate) struct Column<W> {
    /// Header, exactly.
    pub(crate) name: &'static str,
    /// Writes the cell, a [`Write`]; nothing for an empty one.
    pub(crate) write: W,
}

/// Writes a cell of a row.
pub(crate) type Write<R> = fn(&R, &mut Cells);

/// Where cells are written to.
#[derive(Debug)]
pub(crate) struct Cells {
    out: Vec<u8>,
    stamps: Stamps,
    zone_name: String,
    /// What links begin with, without a slash at the end.
    base_url: String,
}

impl Cells {
    /// In a zone; links begin with an address.
    pub(crate) fn new(zone: TimeZone, base_url: &str) -> Self {
        let zone_name = crate::times::name(&zone).to_owned();
        let base_url = base_url.trim_end_matches('/').to_owned();
        Self { out: Vec::new(), stamps: Stamps::new(zone), zone_name, base_url }
    }

    /// Empty ones of the same kind, with room for as much.
    pub(crate) fn another(&self) -> Self {
        let Self { out, stamps, zone_name, base_url } = self;
        let out = Vec::with_capacity(out.capacity());
        Self { out, stamps: stamps.clone(), zone_name: zone_name.clone(), base_url: base_url.clone() }
    }

    /// The name of the zone.
    pub(crate) fn zone(&mut self) {
        let Self { out, zone_name, .. } = self;
        quoted(zone_name, out);
    }
    /// A text.
    pub(crate) fn text(&mut self, text: &str) {
        quoted(text, &mut self.out);
    }
    /// The address of a conversation (contract X-28).
    pub(crate) fn link(&mut self, customer: &str, conversation: &str) {
        let (customer, conversation) = (part(customer), part(conversation));
        let link = format!("{}/customer/{customer}/conversation/{conversation}", self.base_url);
        self.text(&link);
    }
    /// A text, where there is one.
    pub(crate) fn maybe(&mut self, text: Option<impl AsRef<str>>) {
        if let Some(text) = text {
            self.text(text.as_ref());
        }
    }
    /// An instant.
    pub(crate) fn time(&mut self, instant: Timestamp) {
        self.stamps.write(instant, &mut self.out);
    }
    /// An instant, where there is one.
    pub(crate) fn maybe_time(&mut self, instant: Option<Timestamp>) {
        if let Some(instant) = instant {
            self.time(instant);
        }
    }
    /// `true` or `false`, where known.
    pub(crate) fn flag(&mut self, flag: Option<bool>) {
        if let Some(flag) = flag {
            self.out.extend_from_slice(if flag { b"true" } else { b"false" });
        }
    }
    /// A count.
    pub(crate) fn count(&mut self, count: u64) {
        digits(count, &mut self.out);
    }
    /// A length of time as decimal seconds (contract X-14).
    pub(crate) fn seconds(&mut self, long: Micros) {
        let millis = long.0.unsigned_abs().saturating_add(500) / 1_000;
        if long.0 < 0 && millis > 0 {
            self.out.push(b'-');
        }
        digits(millis / 1_000, &mut self.out);
        let part = millis % 1_000;
        if part > 0 {
            let digit = |number: u64| b'0' + (number % 10) as u8;
            let text = [b'.', digit(part / 100), digit(part / 10), digit(part)];
            let zeros = text.iter().rev().take_while(|byte| **byte == b'0').count();
            self.out.extend_from_slice(&text[..text.len() - zeros]);
        }
    }
    /// The same, where there is one.
    pub(crate) fn maybe_seconds(&mut self, long: Option<Micros>) {
        if let Some(long) = long {
            self.seconds(long);
        }
    }

    /// The header row.
    pub(crate) fn head<W>(&mut self, columns: &[Column<W>]) {
        for (at, column) in columns.iter().enumerate() {
            if at > 0 {
                self.out.push(b',');
            }
            self.text(column.name);
        }
        self.out.push(b'\n');
    }
    /// A row.
    pub(crate) fn row<R, W: Fn(&R, &mut Self)>(&mut self, columns: &[Column<W>], row: &R) {
        for (at, column) in columns.iter().enumerate() {
            if at > 0 {
                self.out.push(b',');
            }
            (column.write)(row, self);
        }
        self.out.push(b'\n');
    }

    /// Bytes that wait to be taken.
    pub(crate) fn len(&self) -> usize {
        self.out.len()
    }
    /// Takes what was written, and makes room for as much again.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        let room = Vec::with_capacity(self.out.len());
        std::mem::replace(&mut self.out, room)
    }
}

/// A number in decimal digits.
fn digits(mut number: u64, out: &mut Vec<u8>) {
    if number < 10 {
        // Most figures of a report are zero.
        return out.push(b'0' + number as u8);
    }
    let mut text = [0; 20];
    let mut at = text.len();
    while number > 0 {
        at -= 1;
        text[at] = b'0' + (number % 10) as u8;
        number /= 10;
    }
    out.extend_from_slice(&text[at..]);
}

/// Quotes only where they are needed.
fn quoted(text: &str, out: &mut Vec<u8>) {
    // Most texts have nothing of the kind, nor anything that stands before it in the alphabet. Without a way out in the
    // middle the compiler looks at many bytes at once.
    let special = |byte: u8| matches!(byte, b',' | b'"' | b'\n' | b'\r');
    let low = text.as_bytes().iter().fold(false, |any, byte| any | (*byte <= b','));
    if !low || !text.bytes().any(special) {
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

#[cfg(test)]
mod tests {
    use super::*;

    struct Row(&'static str, Option<bool>);

    const COLUMNS: [Column<Write<Row>>; 4] = [
        Column { name: "a, b", write: |row, out| out.text(row.0) },
        Column { name: "flag", write: |row, out| out.flag(row.1) },
        Column { name: "n", write: |row, out| out.count(row.0.len() as u64) },
        Column { name: "Timezone Filter", write: |_, out| out.zone() },
    ];

    // covers(gladly): S2.4, X-16
    #[test]
    fn cells_are_quoted_where_they_must_be_and_lines_end_with_a_line_feed() {
        let mut cells = Cells::new(TimeZone::UTC, "https://t.example/");
        cells.head(&COLUMNS);
        cells.row(&COLUMNS, &Row("plain text; 'fine'", Some(true)));
        cells.row(&COLUMNS, &Row("x,\"y\"\r\nz", Some(false)));
        cells.row(&COLUMNS, &Row("", None));
        let text = String::from_utf8(cells.take()).unwrap();
        let rows = "plain text; 'fine',true,18,UTC\n\"x,\"\"y\"\"\r\nz\",false,8,UTC\n,,0,UTC\n";
        assert_eq!(text, format!("\"a, b\",flag,n,Timezone Filter\n{rows}"));
        assert_eq!(cells.len(), 0);
    }

    // covers(gladly): X-14
    #[test]
    fn numbers_are_written_as_they_print() {
        let mut cells = Cells::new(TimeZone::UTC, "");
        for number in [0, 9, 10, 99, 1_234_567_890, u64::MAX] {
            cells.count(number);
            assert_eq!(String::from_utf8(cells.take()).unwrap(), number.to_string());
        }
        let close = [0, 1, 499, 500, 999, 1_000, 1_499, 1_500, 10_000, 99_500, 100_000, 999_499, 999_500];
        for micros in close.into_iter().chain([1_000_000, 1_050_000, 35_529_000, i64::MAX]) {
            for micros in [micros, -micros] {
                cells.seconds(Micros(micros));
                assert_eq!(String::from_utf8(cells.take()).unwrap(), Micros(micros).to_string(), "{micros}");
            }
        }
    }

    // covers(gladly): X-28
    #[test]
    fn a_link_names_customer_and_conversation() {
        let mut cells = Cells::new(TimeZone::UTC, "https://t.example/");
        cells.link("cu-1", "a/b, c");
        let text = String::from_utf8(cells.take()).unwrap();
        assert_eq!(text, "https://t.example/customer/cu-1/conversation/a%2Fb%2C%20c");
    }
}
