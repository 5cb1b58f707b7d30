//! SubRip: numbered cues with times. There is no standard; this reads what the programs in use write.

use super::{
    Fault, Spoken,
    cues::{self, Cue, Piece},
};

/// Bytes of the longest tag that is looked for, such as a font with its colours.
const LONGEST_TAG: usize = 200;

/// Reads a file. Times begin a cue, whatever stands before them, so that missing numbers or blank lines do no harm.
pub(super) fn read(text: &str, first: u16) -> Result<Spoken, Fault> {
    let mut found: Vec<Cue> = Vec::new();
    let mut blank = true;
    let mut lines = text.lines().zip(1_u64..).peekable();
    while let Some((line, at)) = lines.next() {
        let line = line.trim();
        // Somebody may say what has an arrow in it.
        let times = cues::timing(line).filter(|_| line.starts_with(|c: char| c.is_ascii_digit()));
        if let Some(times) = times {
            let (start, end) = times.map_err(|e| Fault::at(at, e))?;
            found.push(Cue { line: at, start, end, pieces: vec![] });
        } else if let Some(cue) = found.last_mut() {
            // The number of the next cue.
            let number = blank && !line.is_empty() && line.bytes().all(|b| b.is_ascii_digit());
            let next = lines.peek().is_some_and(|(next, _)| cues::timing(next.trim()).is_some());
            if !(line.is_empty() || (number && next)) {
                cue.pieces.push(Piece { text: plain(line), ..Piece::default() });
            }
        }
        blank = line.is_empty();
    }
    if found.is_empty() && !text.trim().is_empty() {
        return Err(Fault::at(1, "has no cue such as `00:00:01,000 --> 00:00:02,500`"));
    }
    cues::spoken(found, first)
}

/// Text without `<i>`, `{\an8}` and the dash before a line of dialogue.
fn plain(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find(['<', '{']) {
        text.push_str(&rest[..at]);
        let tag = &rest[at..];
        let close = if tag.starts_with('<') { b'>' } else { b'}' };
        // No longer than that: a text of nothing but brackets is read once, not once for each.
        let end = tag.bytes().take(LONGEST_TAG).position(|byte| byte == close);
        match end.filter(|end| is_tag(&tag[1..*end])) {
            Some(end) => rest = &tag[end + 1..],
            None => {
                text.push_str(&tag[..1]);
                rest = &tag[1..];
            }
        }
    }
    text.push_str(rest);
    text.strip_prefix("- ").unwrap_or(&text).to_owned()
}

fn is_tag(inside: &str) -> bool {
    let name = inside.trim_start_matches('/').split([' ', '=']).next().unwrap_or_default().to_lowercase();
    inside.starts_with('\\') || matches!(name.as_str(), "i" | "b" | "u" | "s" | "font")
}

#[cfg(test)]
mod tests {
    use super::*;
    use touchline_model::SpeakerType;

    fn shown(text: &str) -> Vec<(u16, String)> {
        let spoken = read(text, 0).unwrap();
        spoken.words.iter().map(|it| (it.speaker, it.text.clone())).collect()
    }

    #[test]
    fn speakers_stand_before_a_colon_and_go_on_until_the_next() {
        let text = "1\r\n00:00:01,000 --> 00:00:03,000\r\nAgent: Good morning,\r\nthis is <i>Ann</i>.\r\n\r\n\
                    2\r\n00:00:03,500 --> 00:00:05,500\r\nStill me.\r\n\r\n3\r\n00:00:06,000 --> 00:00:07,000\r\n\
                    Customer: Hi. Note: 42\r\n";
        let spoken = read(text, 0).unwrap();
        let words: Vec<_> = spoken.words.iter().map(|it| (it.speaker, &*it.text)).collect();
        assert_eq!(
            words,
            [
                (0, "Good"),
                (0, "morning"),
                (0, "this"),
                (0, "is"),
                (0, "Ann"),
                (0, "Still"),
                (0, "me"),
                (1, "Hi"),
                (1, "Note"),
                (1, "42")
            ]
        );
        let sides: Vec<_> = spoken.speakers.iter().map(|it| (it.number, it.speaker_type)).collect();
        assert_eq!(sides, [(0, Some(SpeakerType::Internal)), (1, Some(SpeakerType::External))]);
        // The cue of four words takes its two seconds, of which "Still me." has all of its own.
        assert_eq!((spoken.words[5].start.secs(), spoken.words[6].end.secs()), (3.5, 5.5));
        assert_eq!((spoken.words[0].start.secs(), spoken.words[4].end.secs() <= 3.0), (1.0, true));
    }

    #[test]
    fn untidy_files_lose_no_word() {
        let text = "00:00:01,000 --> 00:00:02,000\n{\\an8}- one\n2\n\n3\n00:00:03.000 --> 00:00:04.000\nthree < four\n\nfive\n";
        assert_eq!(
            shown(text).into_iter().map(|it| it.1).collect::<Vec<_>>(),
            ["one", "2", "three", "<", "four", "five"]
        );
        assert_eq!(shown(""), []);
    }

    #[test]
    fn an_arrow_in_what_is_said_begins_no_cue() {
        let text = "1\n00:00:01,000 --> 00:00:02,000\npress File --> Open\n\n2\n00:00:03,000 --> 00:00:04,000\nyes\n";
        let words: Vec<_> = shown(text).into_iter().map(|it| it.1).collect();
        assert_eq!(words, ["press", "File", "-->", "Open", "yes"]);
    }

    #[test]
    fn what_cannot_be_read_is_told_with_its_line() {
        let fault = |text: &str| read(text, 0).unwrap_err();
        assert_eq!(fault("1\n00:00:02,000 --> 00:00:01,000\nx").line, Some(2));
        assert!(fault("1\n00:00:02,000 --> soon\nx").reason.contains("`soon`"));
        assert!(fault("Hello").reason.contains("no cue"));
    }
}
