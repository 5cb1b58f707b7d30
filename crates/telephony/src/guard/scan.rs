//! Bytes to lines: start line, unfolded header fields, and where the body begins.

use super::{Problem, Rules};

/// A header field that the guard knows.
struct Known {
    name: &'static str,
    /// Its one-letter form (RFC 3261 §7.3.3 and later registrations).
    compact: &'static str,
    /// May stand only once, and something here depends on its value.
    single: bool,
}

const fn known(name: &'static str, compact: &'static str, single: bool) -> Known {
    Known { name, compact, single }
}

const KNOWN: [Known; 38] = [
    known("Via", "v", false),
    known("From", "f", true),
    known("To", "t", true),
    known("Call-ID", "i", true),
    known("CSeq", "", true),
    known("Max-Forwards", "", true),
    known("Contact", "m", false),
    known("Content-Length", "l", true),
    known("Content-Type", "c", true),
    known("Content-Encoding", "e", false),
    known("Content-Disposition", "", true),
    known("Route", "", false),
    known("Record-Route", "", false),
    known("Require", "", false),
    known("Proxy-Require", "", false),
    known("Supported", "k", false),
    known("Unsupported", "", false),
    known("Accept", "", false),
    known("Allow", "", false),
    known("Authorization", "", false),
    known("Proxy-Authorization", "", false),
    known("Expires", "", true),
    known("Min-Expires", "", true),
    known("Session-Expires", "x", true),
    known("Min-SE", "", true),
    known("Refer-To", "r", true),
    known("Referred-By", "b", true),
    known("Replaces", "", true),
    known("RAck", "", true),
    known("RSeq", "", true),
    known("Event", "o", true),
    known("Allow-Events", "u", false),
    known("Subscription-State", "", true),
    known("Subject", "s", false),
    known("Identity", "y", false),
    known("Accept-Contact", "a", false),
    known("Reject-Contact", "j", false),
    known("Request-Disposition", "d", false),
];

/// A header field, unfolded and trimmed.
#[derive(Debug)]
pub(super) struct Field {
    /// The registered long name, or the name as written.
    pub(super) name: String,
    pub(super) value: String,
}

/// What stands before the body.
#[derive(Debug)]
pub(super) struct Head {
    /// Request line or status line.
    pub(super) start: String,
    pub(super) fields: Vec<Field>,
    /// The first fault of the lines. Reading goes on behind it, because an answer needs the other fields.
    pub(super) problem: Option<Problem>,
    /// Where the body begins.
    pub(super) body_at: usize,
}

impl Head {
    /// The value of the first field of that name.
    pub(super) fn first(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|field| field.name == name).map(|field| field.value.as_str())
    }

    /// The values of all fields of that name.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.fields.iter().filter(move |field| field.name == name).map(|field| field.value.as_str())
    }

    fn note(&mut self, problem: Problem) {
        self.problem.get_or_insert(problem);
    }
}

/// Where the empty line behind the header is: the positions of its first byte and of the first byte of the body.
pub(super) fn end_of_head(message: &[u8]) -> Option<(usize, usize)> {
    message.windows(4).position(|window| window == b"\r\n\r\n").map(|at| (at, at + 4))
}

/// Reads the lines of a message. Never fails: what can be read of a faulty one is read.
pub(super) fn head(message: &[u8], rules: &Rules) -> Head {
    // RFC 3261 §7.5: empty lines before the start line are ignored.
    let skipped = message.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    let message = message.get(skipped..).unwrap_or_default();
    let mut head = Head { start: String::new(), fields: Vec::new(), problem: None, body_at: 0 };
    if message.len() > rules.max_message {
        head.note(Problem::TooLarge);
    }
    // What lies behind the limit is not even looked at.
    let reach = message.get(..rules.max_head).unwrap_or(message);
    let (end, body_at) = end_of_head(reach).unwrap_or_else(|| {
        head.note(if reach.len() < message.len() { Problem::TooLarge } else { Problem::NoEnd });
        (reach.len(), message.len())
    });
    head.body_at = skipped + body_at;
    let mut rest = reach.get(..end).unwrap_or_default();
    let mut is_start = true;
    while !rest.is_empty() {
        let at = rest.windows(2).position(|window| window == b"\r\n").unwrap_or(rest.len());
        let line = rest.get(..at).unwrap_or_default();
        rest = rest.get(at + 2..).unwrap_or_default();
        read_line(&mut head, line, std::mem::take(&mut is_start), rules);
    }
    for field in &mut head.fields {
        field.value.truncate(field.value.trim_end().len());
    }
    let mut doubled = None;
    for known in KNOWN.iter().filter(|known| known.single) {
        if head.all(known.name).nth(1).is_some() {
            doubled.get_or_insert(known.name);
        }
    }
    if let Some(name) = doubled {
        head.note(Problem::Doubled(name));
    }
    head
}

fn read_line(head: &mut Head, line: &[u8], is_start: bool, rules: &Rules) {
    if line.iter().any(|byte| matches!(byte, b'\r' | b'\n')) {
        head.note(Problem::LineBreak);
    } else if line.iter().any(|byte| *byte < b' ' && *byte != b'\t' || *byte == 0x7f) {
        head.note(Problem::Control);
    }
    if std::str::from_utf8(line).is_err() {
        head.note(Problem::NotUtf8);
    }
    // Only a faulty message is read with replacements, and it is answered, never passed on. A lone CR or LF must not get
    // into the answer, where it would begin a line.
    let text = String::from_utf8_lossy(line).replace(['\r', '\n'], " ");
    if is_start {
        head.start = text;
    } else if text.starts_with([' ', '\t']) {
        // RFC 3261 §7.3.1: a line that begins with white space goes on with the value before.
        match head.fields.last_mut() {
            Some(field) if field.value.len() + text.len() <= rules.max_value => {
                if !field.value.is_empty() {
                    field.value.push(' ');
                }
                field.value.push_str(text.trim());
            }
            Some(_) => head.note(Problem::TooLarge),
            None => head.note(Problem::FieldLine),
        }
    } else if head.fields.len() >= rules.max_fields {
        head.note(Problem::ManyFields);
    } else {
        match text.split_once(':') {
            Some((name, value)) if crate::fields::is_token(name.trim_end()) => {
                if value.len() > rules.max_value {
                    head.note(Problem::TooLarge);
                }
                let name = name.trim_end();
                let known = KNOWN.iter().find(|known| {
                    known.name.eq_ignore_ascii_case(name) || known.compact.eq_ignore_ascii_case(name)
                });
                let name = known.map_or(name, |known| known.name).to_owned();
                head.fields.push(Field { name, value: value.trim().to_owned() });
            }
            _ => head.note(Problem::FieldLine),
        }
    }
}
