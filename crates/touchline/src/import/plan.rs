//! Which files there are, what each is (by content, not by name), and in which order they are read.

use super::{Format, What, lines::Source, whisper};
use std::{
    ffi::OsStr,
    fs::{self, File},
    io::{self, BufReader, Read},
    path::{Path, PathBuf},
    sync::Arc,
};

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Form {
    /// Native records, one a line.
    Records(What),
    /// A table of calls.
    Table,
    /// Neither JSON nor text.
    Recording,
    /// The transcript of a call.
    Whisper,
}

/// A file to be read.
#[derive(Clone, Debug)]
pub(super) struct Input {
    /// Where it lies; `-` is the standard input.
    pub(super) path: PathBuf,
    /// Its name as shown: below the folder that was given.
    pub(super) name: Arc<str>,
    /// Its length.
    pub(super) bytes: u64,
    /// What it is.
    pub(super) form: Form,
}

impl Input {
    /// Opens it.
    pub(super) fn open(&self) -> Result<Source, String> {
        if self.path == Path::new("-") {
            return Ok(Box::new(io::stdin()));
        }
        let file = File::open(&self.path).map_err(|e| format!("{}: {e}", self.path.display()))?;
        Ok(Box::new(file))
    }
    /// Its name as that of a recording: below the folder that was given, or without folders.
    pub(super) fn recording_name(&self) -> String {
        let whole = Path::new(&*self.name) == self.path;
        let name = self.path.file_name().filter(|_| whole).map(OsStr::to_string_lossy);
        name.map_or_else(|| self.name.to_string(), |it| it.into_owned())
    }
    /// Its name without ending.
    pub(super) fn stem(&self) -> String {
        self.path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
    }
}

/// Records that others refer to come first; what people said about contacts comes after them.
fn rank(form: Form) -> (u8, Form) {
    let rank = match form {
        Form::Records(what) if what < What::Contacts => 0,
        Form::Records(What::Contacts) | Form::Table => 1,
        Form::Recording => 2,
        Form::Whisper => 3,
        Form::Records(_) => 4,
    };
    (rank, form)
}

/// The files to read, in order.
pub(super) fn inputs(path: &Path, format: Format, kind: Option<What>) -> Result<Vec<Input>, String> {
    if path == Path::new("-") {
        let form = match format {
            Format::Auto | Format::Ndjson => Form::Records(kind.unwrap_or(What::Contacts)),
            Format::Csv => Form::Table,
            Format::Whisper => return Err("a transcript needs a file name that says whose it is".to_owned()),
        };
        return Ok(vec![Input { path: path.to_owned(), name: "-".into(), bytes: 0, form }]);
    }
    let mut files = Vec::new();
    let all = fs::metadata(path).map_err(|e| format!("{}: {e}", path.display()))?;
    match all.is_dir() {
        true => walk(path, &mut files)?,
        false => files.push((path.to_owned(), all.len())),
    }
    let mut inputs = Vec::with_capacity(files.len());
    for (file, bytes) in files {
        let name = file.strip_prefix(path).ok().filter(|it| *it != Path::new("")).unwrap_or(&file);
        let form = recognise(&file, format, kind).map_err(|e| format!("{}: {e}", file.display()))?;
        inputs.push(Input { name: name.display().to_string().into(), path: file, bytes, form });
    }
    // By folder and name among equals: the walk is sorted, and so is this.
    inputs.sort_by_key(|input| rank(input.form));
    Ok(inputs)
}

/// Files below a folder, in the order of their names. Hidden ones are left alone; links to folders are not followed.
fn walk(folder: &Path, files: &mut Vec<(PathBuf, u64)>) -> Result<(), String> {
    let failed = |e: io::Error| format!("{}: {e}", folder.display());
    let mut entries: Vec<_> =
        fs::read_dir(folder).map_err(failed)?.collect::<Result<_, _>>().map_err(failed)?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        let path = entry.path();
        if entry.file_type().map_err(failed)?.is_dir() {
            walk(&path, files)?;
        } else if let Ok(target) = fs::metadata(&path)
            && target.is_file()
        {
            files.push((path, target.len()));
        }
    }
    Ok(())
}

fn recognise(path: &Path, format: Format, kind: Option<What>) -> io::Result<Form> {
    let mut head = Vec::new();
    File::open(path)?.take(8 << 10).read_to_end(&mut head)?;
    let records = Form::Records(kind.or_else(|| kind_in_name(path)).unwrap_or(What::Contacts));
    let text = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&head).trim_ascii_start();
    let json = matches!(text.first(), Some(b'{' | b'['));
    if !json && is_binary(&head) {
        return Ok(Form::Recording);
    }
    Ok(match format {
        Format::Ndjson => records,
        Format::Csv => Form::Table,
        Format::Whisper => Form::Whisper,
        Format::Auto if text.is_empty() => records,
        Format::Auto if !json => Form::Table,
        Format::Auto
            if kind.is_none()
                && text.starts_with(b"{")
                && whisper::is_one(BufReader::new(File::open(path)?)) =>
        {
            Form::Whisper
        }
        Format::Auto => records,
    })
}

/// Control characters that no text has stand in the first bytes of every kind of recording.
fn is_binary(head: &[u8]) -> bool {
    // UTF-16 of a spreadsheet is a table too, which is then refused with a better reason.
    let utf16 = matches!(head, [0xFF, 0xFE, _, 0, ..] | [0xFE, 0xFF, 0, ..]);
    !utf16 && head.iter().any(|byte| matches!(byte, 0..=8 | 14..=26 | 28..=31))
}

/// The kind of records that a file's name speaks of, such as `users.ndjson` or `2026-03 users.jsonl`.
fn kind_in_name(path: &Path) -> Option<What> {
    let stem = path.file_stem().and_then(OsStr::to_str)?.to_lowercase();
    stem.split(|c: char| !c.is_ascii_alphabetic()).find_map(What::from_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_known_by_content_and_read_in_an_order_that_keeps_references() {
        let folder = tempfile::tempdir().unwrap();
        let contact = br#"{"id":"c","started_at":"2026-03-01T09:00:00Z","transcript":{"words":[]}}"#;
        for (name, content) in [
            ("a.txt", &b"id,started_at\n1,2026-03-01T09:00:00Z\n"[..]),
            ("b.txt", b"{\n  \"text\": \"hi\",\n  \"segments\": []\n}"),
            ("c.txt", contact),
            ("d.txt", b"RIFF\x24\x00\x00\x00WAVE"),
            ("evaluations.ndjson", b"{}"),
            ("2026 users.json", b"{}\n{}"),
            ("groups-1.txt", b"{\"broken\": "),
            (".hidden", b"{}"),
        ] {
            fs::write(folder.path().join(name), content).unwrap();
        }
        let found = inputs(folder.path(), Format::Auto, None).unwrap();
        let found: Vec<_> = found.iter().map(|it| (&*it.name, it.form)).collect();
        assert_eq!(
            found,
            [
                ("groups-1.txt", Form::Records(What::Groups)),
                ("2026 users.json", Form::Records(What::Users)),
                ("c.txt", Form::Records(What::Contacts)),
                ("a.txt", Form::Table),
                ("d.txt", Form::Recording),
                ("b.txt", Form::Whisper),
                ("evaluations.ndjson", Form::Records(What::Evaluations)),
            ]
        );
    }
}
