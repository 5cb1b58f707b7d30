//! WebVTT (W3C, <https://www.w3.org/TR/webvtt1/>): cues with voices; notes, styles and regions are passed over.

use super::{
    Fault, Spoken,
    cues::{self, Cue, Piece},
};

/// Bytes of the longest reference to a character that is looked for.
const LONGEST_REFERENCE: usize = 11;

/// Reads a file.
pub(super) fn read(text: &str, first: u16) -> Result<Spoken, Fault> {
    let mut lines = text.lines().zip(1_u64..);
    if !lines.next().is_some_and(|(line, _)| line.starts_with("WEBVTT")) {
        return Err(Fault::at(1, "does not begin with `WEBVTT`"));
    }
    // The header goes on to the first blank line.
    let lines: Vec<(&str, u64)> =
        lines.skip_while(|(line, _)| !line.trim().is_empty() && !line.contains("-->")).collect();
    let mut found = Vec::new();
    for block in lines.split(|(line, _)| line.trim().is_empty()).filter(|block| !block.is_empty()) {
        let word = block[0].0.split_whitespace().next().unwrap_or_default();
        if matches!(word, "NOTE" | "STYLE" | "REGION") && !block[0].0.contains("-->") {
            continue;
        }
        // §4.1: a cue may have an identifier in the line before its times; other blocks have no times.
        let Some(at) = block.iter().take(2).position(|(line, _)| line.contains("-->")) else { continue };
        let (line, number) = block[at];
        let (start, end) = match cues::timing(line) {
            Some(times) => times.map_err(|e| Fault::at(number, e))?,
            None => continue,
        };
        let body: Vec<&str> = block[at + 1..].iter().map(|(line, _)| *line).collect();
        found.push(Cue { line: number, start, end, pieces: pieces(&body) });
    }
    cues::spoken(found, first)
}

/// The lines of a cue, parted where the voice changes, where a time stands, and at their ends.
fn pieces(body: &[&str]) -> Vec<Piece> {
    let mut found = Vec::new();
    let mut piece = Piece::default();
    let mut next = |piece: &mut Piece| {
        let voice = piece.voice.clone();
        found.push(std::mem::replace(piece, Piece { voice, ..Piece::default() }));
    };
    for line in body {
        let mut rest = *line;
        while let Some(at) = rest.find('<') {
            piece.text.push_str(&decoded(&rest[..at]));
            // §3.4: text after `<` that is never closed is a tag to the end.
            let (tag, after) = rest[at + 1..].split_once('>').unwrap_or((&rest[at + 1..], ""));
            rest = after;
            if let Ok(time) = cues::clock(tag) {
                next(&mut piece);
                piece.start = Some(time);
            } else if let Some(name) = voice(tag) {
                next(&mut piece);
                piece.voice = name;
            }
        }
        piece.text.push_str(&decoded(rest));
        next(&mut piece);
    }
    found.retain(|piece| !piece.text.trim().is_empty() || piece.start.is_some());
    found
}

/// Whose voice a tag begins (`v Ann`, `v.loud Ann`), or that it ends (`/v`).
fn voice(tag: &str) -> Option<Option<String>> {
    if tag == "/v" {
        return Some(None);
    }
    let (name, annotation) = tag.split_once([' ', '\t'])?;
    let name = name.split('.').next().unwrap_or_default();
    let who = decoded(annotation.trim());
    (name == "v")
        .then(|| Some(who.split_whitespace().collect::<Vec<_>>().join(" ")).filter(|it| !it.is_empty()))
}

/// Text with its character references resolved.
fn decoded(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        plain.push_str(&rest[..at]);
        rest = &rest[at..];
        // No longer than that: a text of nothing but ampersands is read once, not once for each.
        let end = rest.bytes().take(LONGEST_REFERENCE).position(|byte| byte == b';');
        match end.and_then(|end| Some((reference(&rest[1..end])?, end))) {
            Some((character, end)) => {
                plain.extend(character);
                rest = &rest[end + 1..];
            }
            None => {
                plain.push('&');
                rest = &rest[1..];
            }
        }
    }
    plain.push_str(rest);
    plain
}

/// The character of a reference; an empty one for marks of direction, which are no text.
fn reference(name: &str) -> Option<Option<char>> {
    let number = |text: &str, radix| u32::from_str_radix(text, radix).ok().and_then(char::from_u32);
    Some(match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "nbsp" => Some(' '),
        "lrm" | "rlm" => None,
        _ => match name.strip_prefix('#')? {
            hex if hex.starts_with(['x', 'X']) => Some(number(&hex[1..], 16)?),
            decimal => Some(number(decimal, 10)?),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use touchline_model::SpeakerType;

    #[test]
    fn voices_settings_notes_and_styles_are_understood() {
        let text = "WEBVTT Kind: captions; Language: en\nX-TIMESTAMP-MAP=LOCAL:00:00:00.000\n\nSTYLE\n::cue(v[voice=\"Ann\"]) { color: red }\n\n\
                    NOTE a remark\nof two lines --> no\n\nintro\n00:01.000 --> 00:03.000 align:start position:10%\n\
                    <v.loud Ann Lee (Agent)>Good <b>morning</b> &amp; welcome.\nHow are you?</v>\n\n\
                    00:00:04.000 --> 00:00:06.000\n<v Customer>Fine.</v> <v Ann Lee (Agent)>Good!\n\nREGION\nid:x\n";
        let spoken = read(text, 0).unwrap();
        let words: Vec<_> = spoken.words.iter().map(|it| (it.speaker, &*it.text)).collect();
        assert_eq!(
            words,
            [
                (0, "Good"),
                (0, "morning"),
                (0, "&"),
                (0, "welcome"),
                (0, "How"),
                (0, "are"),
                (0, "you"),
                (1, "Fine"),
                (0, "Good")
            ]
        );
        assert_eq!(spoken.words[0].start.secs(), 1.0);
        assert_eq!((spoken.words[7].start.secs(), spoken.words[7].end <= spoken.words[8].start), (4.0, true));
        let ann = &spoken.speakers[0];
        assert_eq!((ann.first_name.as_deref(), ann.last_name.as_deref()), (Some("Ann"), Some("Lee")));
        assert_eq!(ann.speaker_type, Some(SpeakerType::Internal));
        assert_eq!(spoken.speakers[1].speaker_type, Some(SpeakerType::External));
    }

    #[test]
    fn times_inside_a_cue_are_those_of_its_words() {
        let spoken =
            read("WEBVTT\n\n00:00.000 --> 00:04.000\none <00:01.000>two <00:03.500><c>three</c>", 5).unwrap();
        let times: Vec<_> =
            spoken.words.iter().map(|it| (&*it.text, it.start.secs(), it.end.secs(), it.speaker)).collect();
        assert_eq!(times[1].1, 1.0);
        assert_eq!(times[2], ("three", 3.5, times[2].2, 5));
        assert!(times[0].2 <= 1.0 && times[1].2 <= 3.5 && times[2].2 <= 4.0, "{times:?}");
    }

    #[test]
    fn names_before_a_colon_are_speakers_where_there_are_no_voices() {
        let text = "WEBVTT\n\n1\n00:00:01.000 --> 00:00:02.000\nAnn Lee: Hello.\n\n2\n00:00:02.000 --> 00:00:03.000\nBob: Hi.\n";
        let spoken = read(text, 0).unwrap();
        assert_eq!(spoken.words.iter().map(|it| it.speaker).collect::<Vec<_>>(), [0, 1]);
        assert_eq!(spoken.speakers[1].first_name.as_deref(), Some("Bob"));
    }

    #[test]
    fn a_cue_without_voice_beside_others_is_somebody_else() {
        let text = "WEBVTT\n\n00:01.000 --> 00:02.000\n<v Agent>Hello\n\n00:02.000 --> 00:03.000\nHi\n";
        assert_eq!(read(text, 0).unwrap().words[1].speaker, 1);
    }

    #[test]
    fn what_cannot_be_read_is_told_with_its_line() {
        let fault = |text: &str| read(text, 0).unwrap_err();
        assert_eq!(fault("WEBVTT\n\n00:01.000 --> 00:00.000\nx").line, Some(3));
        assert_eq!(fault("WEBVTT\n\nid\n00:01.000 --> later\nx").line, Some(4));
        assert!(read("WEBVTT\n", 0).unwrap().words.is_empty());
        assert_eq!(
            decoded("a &lt;b&gt; &#38; &#x26; &unknown; & c&nbsp;d&lrm;"),
            "a <b> & & &unknown; & c d"
        );
    }
}
