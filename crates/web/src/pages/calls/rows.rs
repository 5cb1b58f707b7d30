//! A row of the list, ready to be shown.

use crate::{
    charts::Share,
    format,
    pages::call::address,
    shell::{Shell, When},
    texts,
};
use std::collections::HashMap;
use touchline_app::contacts::find::{FoundCall, Piece, Snippet};
use touchline_model::{Channel, ContactState, Direction, SpeakerType, TopicId};

/// Topics that are named in a row; the others are counted.
const TOPICS: usize = 2;
/// Characters before a hit, so that the hit itself is seen on a narrow screen too.
const LEAD: usize = 24;

/// A call that was found.
pub(crate) struct CallRow {
    /// Its page; with words, at the first of them.
    pub(crate) href: String,
    pub(crate) when: When,
    /// Name or id of the agent; empty for nobody.
    pub(crate) agent: String,
    /// Drawing and words for who began it.
    pub(crate) icon: &'static str,
    pub(crate) kind: String,
    pub(crate) duration: String,
    pub(crate) talk: Option<Share>,
    /// Whether there is a recording.
    pub(crate) audible: bool,
    /// Names of the first topics, and how many there are beside them.
    pub(crate) topics: Vec<String>,
    pub(crate) more_topics: usize,
    /// All names.
    pub(crate) all_topics: String,
    /// When it is not ready: class, drawing and words.
    pub(crate) state: Option<(&'static str, &'static str, String)>,
    pub(crate) hits: Vec<Hit>,
}

/// A place where words were found.
#[derive(Clone, Debug)]
pub(crate) struct Hit {
    /// The call at this place.
    pub(crate) href: String,
    /// `02:31`.
    pub(crate) at: String,
    /// Who says it.
    pub(crate) speaker: String,
    pub(crate) pieces: Vec<Piece>,
}

impl Hit {
    /// The words without marks.
    pub(crate) fn words(&self) -> String {
        self.pieces.iter().map(|piece| piece.text.as_str()).collect()
    }
}

/// Words before a hit, from a space on when there are more than fit before it in a row.
fn lead(text: &str) -> String {
    let Some((cut, _)) = text.char_indices().rev().nth(LEAD) else { return text.to_owned() };
    let rest = &text[cut..];
    // A word that is longer than this stays whole from where it is cut.
    format!(
        "…{}",
        rest.split_once(' ').map(|(_, words)| words).filter(|words| !words.is_empty()).unwrap_or(rest)
    )
}

fn hit(page: &str, snippet: &Snippet) -> Hit {
    let speaker = match snippet.speaker {
        SpeakerType::Internal => "calls.speaker_internal",
        SpeakerType::External => "calls.speaker_external",
        SpeakerType::Unknown => "calls.speaker_unknown",
    };
    let mut pieces = snippet.pieces.clone();
    if let Some(first) = pieces.first_mut().filter(|piece| !piece.hit) {
        first.text = lead(&first.text);
    }
    Hit {
        href: format!("{page}#t={}", snippet.start),
        at: format::clock(snippet.start.secs()),
        speaker: texts::t(speaker).to_owned(),
        pieces,
    }
}

fn state(name: &str) -> Option<(&'static str, &'static str, String)> {
    match name {
        ContactState::COMPLETE => None,
        ContactState::CONVERTER_REJECTED | ContactState::TRANSCRIPTION_FAILED => {
            Some(("bad", "bad", super::chips::state(name)))
        }
        _ => Some(("quiet", "warn", super::chips::state(name))),
    }
}

impl CallRow {
    /// A row with the names of its topics.
    pub(crate) fn new(
        it: &FoundCall,
        topics: &[TopicId],
        names: &HashMap<TopicId, String>,
        shell: &Shell,
    ) -> Self {
        let contact = &it.contact;
        let page = address::call(contact.id.as_str());
        let hits: Vec<Hit> = it.snippets.iter().map(|snippet| hit(&page, snippet)).collect();
        let names: Vec<String> = topics.iter().filter_map(|topic| names.get(topic).cloned()).collect();
        let (icon, direction) = match contact.direction {
            Direction::Inbound => ("in", "calls.direction_inbound"),
            Direction::Outbound => ("out", "calls.direction_outbound"),
            Direction::Screenshare => ("calls", "calls.direction_screenshare"),
        };
        let kind = match contact.channel {
            Channel::Call => texts::t(direction).to_owned(),
            other => {
                let channel = texts::t(&format!("calls.channel_{other}")).to_owned();
                texts::fill(
                    "calls.channel_and_direction",
                    &[("channel", &channel), ("direction", texts::t(direction))],
                )
            }
        };
        let agent = contact.agent_id.as_ref().map(|id| id.0.clone());
        Self {
            href: hits.first().map_or_else(|| page.clone(), |hit| hit.href.clone()),
            when: shell.when(&contact.started_at),
            agent: it.agent_name.clone().or(agent).unwrap_or_default(),
            icon,
            kind,
            duration: format::clock(contact.duration.secs()),
            // Who wrote how much of a mail says nothing.
            talk: it.talk_ratio.filter(|_| contact.channel == Channel::Call).map(Share::new),
            audible: it.has_recording,
            more_topics: names.len().saturating_sub(TOPICS),
            all_topics: names.join(", "),
            topics: names.into_iter().take(TOPICS).collect(),
            state: contact.state.as_ref().and_then(|it| state(&it.0)),
            hits,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::lead;

    #[test]
    fn words_before_a_hit_are_cut_between_words() {
        assert_eq!(lead("want my "), "want my ");
        assert_eq!(lead("and you're still taking money. I want my "), "…taking money. I want my ");
        assert_eq!(lead(&"ü".repeat(40)), format!("…{}", "ü".repeat(25)));
        assert_eq!(lead(""), "");
    }
}
