//! Who speaks, from the labels that files use.

use std::collections::{BTreeSet, HashMap};
use touchline_model::{Speaker, SpeakerType};

/// The side that a word for somebody's part means; none for other words. Bots speak for neither side: their words are
/// not an agent's work.
pub(crate) fn type_of_role(word: &str) -> Option<SpeakerType> {
    let word = word.trim().to_lowercase().replace(['-', '_', ' '], "");
    Some(match word.as_str() {
        "agent" | "advisor" | "adviser" | "operator" | "representative" | "rep" | "staff" | "internal"
        | "support" | "supportagent" | "employee" | "admin" | "teammate" | "salesrep" => {
            SpeakerType::Internal
        }
        "customer" | "client" | "caller" | "visitor" | "external" | "user" | "enduser" | "consumer"
        | "patient" | "guest" | "lead" | "requester" => SpeakerType::External,
        "bot" | "assistant" | "system" | "virtualagent" | "ivr" => SpeakerType::Unknown,
        _ => return None,
    })
}

/// Whether a role is one of ours.
pub(crate) fn is_staff(role: SpeakerType) -> bool {
    role == SpeakerType::Internal
}

/// What a label says of a speaker: a part (`Agent`, `Customer 2`), a name (`Ann Lee`), both (`Ann Lee (Agent)`), an
/// address; nothing when it only counts (`spk_0`, `Speaker 1`, `A`).
pub(crate) fn named(number: u16, label: &str) -> Option<Speaker> {
    let mut speaker = Speaker { number, ..Speaker::default() };
    let label = label.trim();
    let mut name = label;
    if let Some(side) = type_of_role(label.trim_end_matches(|c: char| c.is_ascii_digit() || c == ' ')) {
        speaker.speaker_type = Some(side);
        return Some(speaker);
    }
    if let Some((before, inside)) = label.strip_suffix(')').and_then(|it| it.rsplit_once('('))
        && let Some(side) = type_of_role(inside)
    {
        (speaker.speaker_type, name) = (Some(side), before.trim());
    }
    if let Some((before, address)) = name.strip_suffix('>').and_then(|it| it.rsplit_once('<'))
        && is_address(address)
    {
        speaker.email = Some(address.trim().to_owned());
        name = before.trim().trim_matches('"');
    } else if is_address(name) {
        speaker.email = Some(name.to_owned());
        name = "";
    }
    if !counts_only(name) {
        match name.rsplit_once(char::is_whitespace) {
            Some((first, last)) => {
                speaker.first_name = Some(first.trim().to_owned());
                speaker.last_name = Some(last.to_owned());
            }
            None => speaker.first_name = Some(name.to_owned()),
        }
    }
    let known = Speaker { number, ..Speaker::default() } != speaker;
    known.then_some(speaker)
}

fn is_address(text: &str) -> bool {
    let text = text.trim();
    !text.contains(char::is_whitespace)
        && text.split_once('@').is_some_and(|(a, b)| !a.is_empty() && b.contains('.'))
}

/// `spk_0`, `SPEAKER_01`, `Speaker A`, `ch_1`, `B`, `7` and nothing at all are no names.
fn counts_only(label: &str) -> bool {
    let lower = label.to_lowercase();
    let rest = ["speaker", "spk", "channel", "ch", "unknown"]
        .iter()
        .find_map(|word| lower.strip_prefix(word))
        .unwrap_or(&lower)
        .trim_matches(['_', '-', ' ', '#', ':']);
    rest.chars().count() <= 1 || rest.chars().all(|c| c.is_ascii_digit())
}

/// Speakers by their labels, numbered in the order in which they speak.
pub(super) struct Voices {
    first: u16,
    labels: Vec<String>,
    places: HashMap<String, usize>,
}

impl Voices {
    pub(super) fn new(first: u16) -> Self {
        Self { first, labels: vec![], places: HashMap::new() }
    }

    /// The number of a label. What has none is the first speaker.
    pub(super) fn number(&mut self, label: Option<&str>) -> Result<u16, String> {
        let Some(label) = label else { return Ok(self.first) };
        let at = match self.places.get(label) {
            Some(at) => *at,
            None => {
                self.labels.push(label.to_owned());
                self.places.insert(label.to_owned(), self.labels.len() - 1);
                self.labels.len() - 1
            }
        };
        number(self.first, at)
    }

    /// What the labels say.
    pub(super) fn speakers(&self) -> Vec<Speaker> {
        let numbers = (0_u16..).map(|at| self.first.saturating_add(at));
        numbers.zip(&self.labels).filter_map(|(number, label)| named(number, label)).collect()
    }
}

/// Speakers that the file itself numbers, by channel and inside it: a channel keeps its number where it is a speaker.
pub(super) struct Numbered {
    keys: Vec<(u16, Option<u16>)>,
    channels_only: bool,
    one_channel: bool,
}

impl Numbered {
    pub(super) fn new(keys: impl Iterator<Item = (u16, Option<u16>)>) -> Self {
        let keys: Vec<_> = keys.collect::<BTreeSet<_>>().into_iter().collect();
        let channels_only = keys.iter().all(|(_, inside)| inside.is_none());
        let one_channel = keys.iter().all(|(channel, inside)| *channel == 0 && inside.is_some());
        Self { keys, channels_only, one_channel }
    }

    pub(super) fn number(&self, first: u16, key: (u16, Option<u16>)) -> Result<u16, String> {
        match (self.channels_only, self.one_channel) {
            (true, _) => number(first, usize::from(key.0)),
            (_, true) => number(first, usize::from(key.1.unwrap_or_default())),
            _ => number(first, self.keys.binary_search(&key).unwrap_or_else(|at| at)),
        }
    }
}

fn number(first: u16, at: usize) -> Result<u16, String> {
    let number = u16::try_from(at).ok().and_then(|at| first.checked_add(at));
    number.ok_or_else(|| "has too many speakers".to_owned())
}

/// The number at the end of a label such as `spk_0` or `ch_1`.
pub(super) fn trailing_number(label: &str) -> Option<u16> {
    let start = label.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    label[start..].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_say_parts_and_names_or_nothing() {
        let shown = |label: &str| {
            named(3, label).map(|it| {
                let name = [it.first_name, it.last_name, it.email].into_iter().flatten();
                (it.speaker_type, name.collect::<Vec<_>>().join("|"))
            })
        };
        let (internal, external) = (Some(SpeakerType::Internal), Some(SpeakerType::External));
        for (label, side, name) in [
            ("Agent", internal, ""),
            ("AGENT 2", internal, ""),
            ("Customer", external, ""),
            ("end-user", external, ""),
            ("Ann Lee (Agent)", internal, "Ann|Lee"),
            ("Ann van Lee", None, "Ann van|Lee"),
            ("Ann", None, "Ann"),
            ("Ann Lee <ann@x.example>", None, "Ann|Lee|ann@x.example"),
            ("ann@x.example", None, "ann@x.example"),
            ("Bot", Some(SpeakerType::Unknown), ""),
        ] {
            assert_eq!(shown(label), Some((side, name.to_owned())), "{label}");
        }
        for label in ["spk_0", "SPEAKER_01", "Speaker A", "ch_1", "B", "7", "", " ", "Unknown"] {
            assert_eq!(shown(label), None, "{label}");
        }
    }

    #[test]
    fn numbers_of_the_file_are_kept_where_they_can_be() {
        let channels = Numbered::new([(1, None)].into_iter());
        assert_eq!(channels.number(0, (1, None)), Ok(1), "a silent channel keeps its place");
        let speakers = Numbered::new([(0, Some(2)), (0, Some(0))].into_iter());
        assert_eq!(speakers.number(0, (0, Some(2))), Ok(2));
        let both = Numbered::new([(0, Some(0)), (1, Some(0)), (1, Some(1))].into_iter());
        assert_eq!(
            [(0, Some(0)), (1, Some(0)), (1, Some(1))].map(|key| both.number(0, key).unwrap()),
            [0, 1, 2]
        );
        assert_eq!(trailing_number("spk_12"), Some(12));
        assert_eq!(trailing_number("agent"), None);
    }
}
