//! Which files there are, what each is (by content, not by name), and in which order they are read.

use crate::{
    Format, Kind,
    lines::Source,
    recordings,
    speech::{self, Shape, probe::Found},
};
use std::{
    ffi::OsStr,
    fs::{self, File},
    io::{self, BufReader, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    sync::Arc,
};
use touchline_model::Timestamp;

/// What some programs write before UTF-8 text.
const BOM: &[u8] = b"\xEF\xBB\xBF";

/// Kind a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Form {
    /// Native records, one a line.
    Records(Kind),
    /// A table of calls.
    Table,
    /// Neither JSON nor text.
    Recording,
    /// Messages of chats or mails, one a line.
    Messages,
    /// The transcript of a contact.
    Transcript(Shape),
}

/// A file to be read.
#[derive(Clone, Debug)]
pub(crate) struct Input {
    /// Where it lies; `-` is the standard input.
    pub(crate) path: PathBuf,
    /// Its name as shown: below the folder that was given.
    pub(crate) name: Arc<str>,
    /// Its length.
    pub(crate) bytes: u64,
    /// Kind it is.
    pub(crate) form: Form,
}

impl Input {
    /// Opens it.
    pub(crate) fn open(&self) -> Result<Source, String> {
        if self.path == Path::new("-") {
            return Ok(Box::new(io::stdin()));
        }
        let file = File::open(&self.path).map_err(|e| format!("{}: {e}", self.path.display()))?;
        Ok(Box::new(file))
    }
    /// Its name as that of a recording: below the folder that was given, or without folders.
    pub(crate) fn recording_name(&self) -> String {
        let whole = Path::new(&*self.name) == self.path;
        let name = self.path.file_name().filter(|_| whole).map(OsStr::to_string_lossy);
        name.map_or_else(|| self.name.to_string(), |it| it.into_owned())
    }
    /// The name of another file in its folder, as recordings are named.
    pub(crate) fn beside(&self, name: &str) -> String {
        let whole = self.recording_name();
        match whole.rsplit_once(['/', '\\']) {
            Some((folder, _)) => format!("{folder}/{name}"),
            None => name.to_owned(),
        }
    }
    /// When it was last changed.
    pub(crate) fn changed(&self) -> Result<Timestamp, String> {
        let changed = fs::metadata(&self.path).and_then(|it| it.modified()).map_err(|e| e.to_string())?;
        Ok(jiff::Timestamp::try_from(changed).map_err(|e| e.to_string())?.into())
    }
    /// Its name without ending.
    pub(crate) fn stem(&self) -> String {
        self.path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
    }
}

/// Records that others refer to come first; what people said about contacts comes after them.
fn rank(form: Form) -> (u8, Form) {
    let rank = match form {
        Form::Records(what) if what < Kind::Contacts => 0,
        Form::Records(Kind::Contacts) | Form::Table => 1,
        Form::Messages => 2,
        Form::Recording => 3,
        // All of a contact's transcripts together, whatever they are.
        Form::Transcript(_) => return (4, Form::Messages),
        Form::Records(_) => 5,
    };
    (rank, form)
}

/// The files to read, in order.
pub(crate) fn inputs(path: &Path, format: Format, kind: Option<Kind>) -> Result<Vec<Input>, String> {
    if path == Path::new("-") {
        let form = match format {
            Format::Auto | Format::Ndjson => Form::Records(kind.unwrap_or(Kind::Contacts)),
            Format::Csv => Form::Table,
            Format::Messages => Form::Messages,
            _ => return Err("a transcript needs a file name that says whose it is".to_owned()),
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

fn recognise(path: &Path, format: Format, kind: Option<Kind>) -> io::Result<Form> {
    let mut head = Vec::new();
    File::open(path)?.take(8 << 10).read_to_end(&mut head)?;
    let records = Form::Records(kind.or_else(|| kind_in_name(path)).unwrap_or(Kind::Contacts));
    let text = head.strip_prefix(BOM).unwrap_or(&head).trim_ascii_start();
    let json = matches!(text.first(), Some(b'{' | b'['));
    if !json && is_binary(&head) {
        return Ok(Form::Recording);
    }
    Ok(match format {
        Format::Ndjson => records,
        Format::Csv => Form::Table,
        Format::Messages => Form::Messages,
        Format::Whisper => Form::Transcript(Shape::Whisper),
        Format::Vtt => Form::Transcript(Shape::Vtt),
        Format::Srt => Form::Transcript(Shape::Srt),
        Format::AwsTranscribe => Form::Transcript(Shape::Aws),
        Format::Deepgram => Form::Transcript(Shape::Deepgram),
        Format::AssemblyAi => Form::Transcript(Shape::AssemblyAi),
        // Whatever stands in it: a file with such a name was meant to be heard, and is refused as that.
        Format::Auto if !json && recordings::is_named_so(path) => Form::Recording,
        Format::Auto if text.is_empty() => records,
        Format::Auto if !json => speech::in_text(text).map_or(Form::Table, Form::Transcript),
        Format::Auto if kind.is_none() && text.starts_with(b"{") => {
            let mut file = File::open(path)?;
            if head.starts_with(BOM) {
                file.seek(SeekFrom::Start(BOM.len() as u64))?;
            }
            match speech::probe::json(BufReader::new(file)) {
                Some(Found::Transcript(shape)) => Form::Transcript(shape),
                // A file that is named after records holds those: feedback has a text and a time too.
                Some(Found::Messages) if kind_in_name(path).is_none() => Form::Messages,
                _ => records,
            }
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
fn kind_in_name(path: &Path) -> Option<Kind> {
    let stem = path.file_stem().and_then(OsStr::to_str)?.to_lowercase();
    stem.split(|c: char| !c.is_ascii_alphabetic()).find_map(|word| word.parse().ok())
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
            ("e.bin", b"\xEF\xBB\xBFWEBVTT - call\n\n00:01.000 --> 00:02.000\nHi"),
            ("f", b"1\r\n00:00:01,000 --> 00:00:02,000\r\nHi"),
            (
                "g.csv",
                b"{\"jobName\":\"j\",\"results\":{\"transcripts\":[],\"items\":[]},\"status\":\"COMPLETED\"}",
            ),
            ("h.txt", b"\xEF\xBB\xBF{\"metadata\":{},\"results\":{\"channels\":[]}}"),
            ("i.txt", b"{\"id\":\"x\",\"status\":\"completed\",\"words\":[],\"audio_duration\":3}"),
            ("k.txt", b"{\"time\":\"2026-03-01T09:00:00Z\",\"from\":\"a\",\"text\":\"hi\"}\n"),
            (
                "l.txt",
                b"{\"JobName\":\"x\",\"Participants\":[],\"Transcript\":[{\"ParticipantRole\":\"AGENT\"}]}",
            ),
            ("feedback.json", b"{\"time\":1,\"text\":\"hi\"}"),
            ("y.mp3", b"\n"),
            ("z.wav", b"this is no sound"),
        ] {
            fs::write(folder.path().join(name), content).unwrap();
        }
        let found = inputs(folder.path(), Format::Auto, None).unwrap();
        let found: Vec<_> = found.iter().map(|it| (&*it.name, it.form)).collect();
        assert_eq!(
            found,
            [
                ("groups-1.txt", Form::Records(Kind::Groups)),
                ("2026 users.json", Form::Records(Kind::Users)),
                ("c.txt", Form::Records(Kind::Contacts)),
                ("a.txt", Form::Table),
                ("k.txt", Form::Messages),
                ("d.txt", Form::Recording),
                ("y.mp3", Form::Recording),
                ("z.wav", Form::Recording),
                ("b.txt", Form::Transcript(Shape::Whisper)),
                ("e.bin", Form::Transcript(Shape::Vtt)),
                ("f", Form::Transcript(Shape::Srt)),
                ("g.csv", Form::Transcript(Shape::Aws)),
                ("h.txt", Form::Transcript(Shape::Deepgram)),
                ("i.txt", Form::Transcript(Shape::AssemblyAi)),
                ("l.txt", Form::Transcript(Shape::Aws)),
                ("evaluations.ndjson", Form::Records(Kind::Evaluations)),
                ("feedback.json", Form::Records(Kind::Feedback)),
            ]
        );
    }
}
