//! What a draft would find in the newest calls: a fragment for the script, or the whole editor again without it.

use super::edit::{TopicPage, draft_of};
use crate::{
    Web,
    error::{Answer, rendered},
    filters, format,
    shell::{Shell, When},
    texts,
    visit::{Fields, Visit, again},
};
use askama::Template;
use axum::extract::State;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use touchline_app::{
    AppError,
    contacts::find::Piece,
    topics::{TopicExample, TopicPreview},
};
use touchline_model::{SpeakerType, Topic};

#[derive(Template)]
#[template(path = "topics_preview.html")]
pub(super) struct Preview {
    pub(super) seen: Seen,
}

/// What there is to see.
pub(super) enum Seen {
    /// Nobody has asked yet.
    Nothing,
    /// There is no phrase.
    NoPhrases,
    /// No call has words.
    NoCalls,
    /// The phrases break a rule.
    Wrong(String),
    /// What was found, in words, and lines.
    Found { sentence: String, rows: Vec<Line> },
}

/// A line that shows where something was found.
pub(super) struct Line {
    href: String,
    at: String,
    when: When,
    agent: String,
    side: &'static str,
    pieces: Vec<Piece>,
}

impl Line {
    fn new(example: TopicExample, shell: &Shell) -> Self {
        let id = utf8_percent_encode(example.contact.as_str(), NON_ALPHANUMERIC);
        let start = example.snippet.start.secs();
        let side = match example.snippet.speaker {
            SpeakerType::Internal => "topics.agent",
            SpeakerType::External => "topics.customer",
            SpeakerType::Unknown => "topics.somebody",
        };
        Self {
            href: format!("/calls/{id}#t={:.0}", start.floor()),
            at: format::clock(start),
            when: shell.when(&example.started_at),
            agent: example.agent.unwrap_or_default(),
            side,
            pieces: example.snippet.pieces,
        }
    }
}

impl Preview {
    pub(super) fn new(
        found: Result<TopicPreview, AppError>,
        draft: &Topic,
        shell: &Shell,
    ) -> Result<Self, AppError> {
        let found = match found {
            Ok(found) => found,
            Err(AppError::Invalid(invalid)) => return Ok(Self { seen: Seen::Wrong(invalid.reason) }),
            Err(error) => return Err(error),
        };
        if draft.phrases.is_empty() {
            return Ok(Self { seen: Seen::NoPhrases });
        }
        if found.calls == 0 {
            return Ok(Self { seen: Seen::NoCalls });
        }
        let (found_in, calls) = (format::number(found.found_in as i64), format::number(found.calls as i64));
        let sentence = match found.found_in {
            0 => texts::fill("topics.preview_none", &[("calls", &calls)]),
            _ => {
                let times = texts::count("topics.preview_times", found.hits as i64);
                texts::fill(
                    "topics.preview_found",
                    &[("found", &found_in), ("calls", &calls), ("times", &times)],
                )
            }
        };
        let rows = found.examples.into_iter().map(|example| Line::new(example, shell)).collect();
        Ok(Self { seen: Seen::Found { sentence, rows } })
    }
}

pub(super) async fn show(State(web): State<Web>, visit: Visit, fields: Fields) -> Answer {
    let id = fields.text("id").parse().unwrap_or_default();
    let known = match id {
        0 => vec![],
        _ => web.app.get::<Topic>(&visit.caller, &id.to_string()).await?.value.phrases,
    };
    let draft = draft_of(&fields, touchline_model::TopicId(id), &known);
    let found = web.app.preview_topic(&visit.caller, &draft).await;
    let shell = visit.shell("", "topics");
    let preview = Preview::new(found, &draft, &shell)?;
    if fields.ticked("fragment") {
        return Ok(rendered(&preview));
    }
    let page = TopicPage::new(&visit, draft, fields.raw("phrases").to_owned());
    let page = TopicPage { preview, ..page };
    Ok(match page.preview.seen {
        Seen::Wrong(ref reason) => {
            let error = Some(("phrases".to_owned(), reason.clone()));
            again(&TopicPage { error, ..page })
        }
        _ => visit.page(&page),
    })
}
