//! What the page shows, put into words.

use super::{
    address,
    judged::{self, Judged},
    stats::{self, Talk},
    wave::{self, Timeline, Wave},
    words::{self, Voice, Words, name_of},
};
use crate::{filters, format, pages::calls::chips, shell::Shell, shell::When, texts, visit::Visit};
use askama::Template;
use std::collections::BTreeMap;
use touchline_app::contacts::{WholeCall, remark_text};
use touchline_model::{
    Ability, Channel, ContactState, CrmEntity, Direction, FeedbackKind, MediaTime, SpeakerType, SummaryLine,
    Timestamp, UserId,
};

/// Places of one topic that are linked.
const PLACES: usize = 20;
/// Characters of what a remark is about.
const QUOTED: usize = 240;

/// What was typed into a form of the page, and why it was refused.
#[derive(Clone, Debug, Default)]
pub(super) struct Typed {
    pub(super) kind: Option<FeedbackKind>,
    pub(super) start: String,
    pub(super) end: String,
    pub(super) text: String,
    pub(super) to: String,
    /// Field and reason.
    pub(super) wrong: Option<(String, String)>,
}

/// A text that leads to the words it rests on.
struct Line {
    text: String,
    start: MediaTime,
    /// First and last word.
    words: String,
}

struct Answered {
    question: Line,
    answer: Line,
}

struct TopicView {
    name: String,
    /// How often, in words.
    count: String,
    places: Vec<MediaTime>,
    /// How many more there are, in words; empty when all are linked.
    more: String,
}

struct RemarkView {
    /// The id as a part of an address.
    href: String,
    author: String,
    when: When,
    highlight: bool,
    text: String,
    /// The words that it is about; empty for a moment.
    quote: String,
    start: MediaTime,
    end: Option<MediaTime>,
    own: bool,
}

struct ShareView {
    author: String,
    when: When,
    to: String,
}

struct CrmView {
    crm: String,
    activity: String,
    rows: Vec<(&'static str, String)>,
}

/// What stands in place of something that is not there (yet).
struct Waiting {
    text: String,
    /// `warn`, `bad` or nothing.
    class: &'static str,
    /// Why the pipeline stopped.
    reason: Option<String>,
    /// Whether it is worth looking again soon.
    soon: bool,
}

/// The page.
#[derive(Template)]
#[template(path = "call.html")]
pub(super) struct CallPage {
    shell: Shell,
    id: String,
    href: String,
    call: bool,
    icon: &'static str,
    direction: &'static str,
    duration: MediaTime,
    began: When,
    agent: Option<String>,
    state: Option<String>,
    waiting: Option<Waiting>,
    /// Whether there is a recording, and its type.
    sound: Option<String>,
    /// Why there is nothing to hear.
    unheard: &'static str,
    size: String,
    wave: Option<Wave>,
    secs: f64,
    timeline: Timeline,
    words: Option<Words>,
    lines: Vec<Line>,
    steps: Vec<Line>,
    questions: Vec<Answered>,
    topics: Vec<TopicView>,
    talk: Option<Talk>,
    judged: Vec<Judged>,
    remarks: Vec<RemarkView>,
    shares: Vec<ShareView>,
    metadata: Vec<(String, String)>,
    crm: Vec<CrmView>,
    may_comment: bool,
    may_share: bool,
    may_delete: bool,
    typed: Typed,
}

impl CallPage {
    fn wrong(&self, field: &str) -> Option<&str> {
        self.typed.wrong.as_ref().filter(|(wrong, _)| wrong == field).map(|(_, reason)| reason.as_str())
    }
    fn highlights(&self) -> bool {
        self.typed.kind == Some(FeedbackKind::Highlight)
    }
}

pub(super) fn person(call: &WholeCall, id: &UserId) -> String {
    call.people.get(id).map_or_else(|| id.0.clone(), name_of)
}

/// What a contact is called: who talked with whom.
pub(super) fn title(call: &WholeCall, voices: &BTreeMap<u16, Voice>) -> String {
    let contact = &call.row.contact.value;
    let agent = contact.agent_id.as_ref().map(|id| person(call, id));
    let agent = agent.unwrap_or_else(|| texts::t("call.nobody").to_owned());
    let said = call.transcript.as_ref();
    let outside = said
        .into_iter()
        .flat_map(|it| &it.speakers)
        .find(|it| it.speaker_type == Some(SpeakerType::External));
    let customer = outside.and_then(|it| voices.get(&it.number)).map(|it| it.name.clone());
    let crm = contact.crm_matches.iter().flat_map(|it| it.contacts.first().or(it.account.as_ref())).next();
    let number = outside.and_then(|it| it.phone_number.clone());
    let plain = texts::t("call.customer");
    let customer = customer.filter(|it| it != plain).or_else(|| crm.map(|it| it.name.clone())).or(number);
    let customer = customer.unwrap_or_else(|| plain.to_owned());
    match contact.direction {
        Direction::Inbound => format!("{customer} → {agent}"),
        Direction::Outbound | Direction::Screenshare => format!("{agent} → {customer}"),
    }
}

/// What is going on with a contact that is not complete.
fn waiting(call: &WholeCall) -> Option<Waiting> {
    let contact = &call.row.contact.value;
    let said = call.transcript.as_ref().is_some_and(|it| !it.words.is_empty());
    let state = contact.state.as_ref().map_or(ContactState::UPLOADED, |it| it.0.as_str());
    let (text, class, soon) = match state {
        // Without words and recording this is where a contact stays.
        ContactState::UPLOADED if !said && call.row.recording.is_none() => ("call.state_no_words", "", false),
        ContactState::UPLOADED => ("call.state_uploaded", "", true),
        ContactState::CONVERTING => ("call.state_converting", "", true),
        ContactState::TRANSCRIBING => ("call.state_transcribing", "", true),
        ContactState::ANALYZING => ("call.state_analyzing", "", true),
        ContactState::CONVERTER_REJECTED => ("call.state_rejected", "bad", false),
        ContactState::TRANSCRIPTION_FAILED => ("call.state_not_transcribed", "bad", false),
        ContactState::COMPLETE if said => return None,
        ContactState::COMPLETE => ("call.state_no_words", "", false),
        other => {
            let text = texts::fill("call.state_other", &[("state", &chips::state(other))]);
            return Some(Waiting { text, class: "warn", reason: call.row.failure.clone(), soon: false });
        }
    };
    Some(Waiting { text: texts::t(text).to_owned(), class, reason: call.row.failure.clone(), soon })
}

fn value_text(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Bool(true) => texts::t("call.yes").to_owned(),
        serde_json::Value::Bool(false) => texts::t("call.no").to_owned(),
        serde_json::Value::Null => "–".to_owned(),
        serde_json::Value::Array(list) => list.iter().map(value_text).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

/// Everything that the page shows.
pub(super) fn page(visit: &Visit, call: &WholeCall, typed: Typed) -> CallPage {
    let contact = &call.row.contact.value;
    let voices = words::voices(call);
    let shell = visit.shell(title(call, &voices), "calls");
    let sound = call.row.recording.as_ref().filter(|_| visit.caller.may(Ability::ReadRecordings));
    let wave = call.peaks.as_ref().filter(|_| sound.is_some()).map(|peaks| wave::wave(peaks, Some(call)));
    let secs = wave.as_ref().map_or(contact.duration.secs(), |wave| wave.secs);
    let when_written = |at: MediaTime| {
        let micros = contact.started_at.micros().saturating_add(at.micros());
        let at = Timestamp::from_micros(micros);
        let exact = format::exact(at, &visit.zone);
        let zoned = at.to_jiff().to_zoned(visit.zone.clone());
        let began = contact.started_at.to_jiff().to_zoned(visit.zone.clone());
        // The day only where it is another.
        let brief = if zoned.date() == began.date() { "%H:%M" } else { "%-d %b %H:%M" };
        (zoned.strftime(brief).to_string(), exact)
    };
    let (icon, direction) = match contact.direction {
        Direction::Inbound => ("in", texts::t("call.inbound")),
        Direction::Outbound => ("out", texts::t("call.outbound")),
        Direction::Screenshare => ("out", texts::t("call.screenshare")),
    };
    let state =
        contact.state.as_ref().filter(|it| !it.is(ContactState::COMPLETE)).map(|it| chips::state(&it.0));
    let summary = call.summary.clone().unwrap_or_default();
    let lines = |all: &[SummaryLine]| all.iter().map(|it| line(call, it)).collect::<Vec<_>>();
    let spoken = contact.channel == Channel::Call;
    let mut metadata: Vec<(String, String)> =
        contact.metadata.iter().map(|(name, value)| (name.clone(), value_text(value))).collect();
    if let Some(path) = &contact.original_path {
        metadata.push((texts::t("call.file").to_owned(), path.clone()));
    }
    CallPage {
        href: address::call(contact.id.as_str()),
        id: contact.id.0.clone(),
        call: spoken,
        icon,
        direction,
        duration: contact.duration,
        began: shell.when(&contact.started_at),
        agent: contact.agent_id.as_ref().map(|id| person(call, id)),
        state,
        waiting: waiting(call),
        sound: sound.map(|it| it.media_type.clone()),
        unheard: texts::t(match (&call.row.recording, &contact.original_path) {
            (Some(_), _) => "call.may_not_hear",
            (None, Some(_)) => "call.recording_elsewhere",
            (None, None) => "call.no_recording",
        }),
        size: sound.map(|it| format::bytes(it.bytes)).unwrap_or_default(),
        secs,
        timeline: wave::timeline(call, secs),
        words: words::words(call, &voices, when_written),
        lines: lines(&summary.lines),
        steps: lines(&summary.next_steps),
        questions: summary
            .questions
            .iter()
            .map(|it| Answered { question: line(call, &it.question), answer: line(call, &it.answer) })
            .collect(),
        topics: topics(call),
        talk: call
            .stats
            .as_ref()
            .filter(|_| spoken)
            .map(|it| stats::talk(it, contact.duration, call.transcript.as_ref(), &voices)),
        judged: judged::judged(&shell, call),
        remarks: remarks(visit, &shell, call),
        shares: shares(&shell, call),
        metadata,
        crm: crm(call),
        may_comment: visit.caller.may(Ability::WriteCoaching),
        may_share: visit.caller.may(Ability::WriteCoaching) && !visit.caller.own_only,
        may_delete: visit.caller.may(Ability::DeleteContacts) && !visit.caller.own_only,
        wave,
        shell,
        typed,
    }
}

fn line(call: &WholeCall, line: &SummaryLine) -> Line {
    let words = call.transcript.as_ref().map(|it| it.words.as_slice()).unwrap_or_default();
    Line {
        text: line.text.clone(),
        start: words.get(line.first_word).map(|it| it.start).unwrap_or_default(),
        words: format!("{}-{}", line.first_word, line.last_word),
    }
}

fn topics(call: &WholeCall) -> Vec<TopicView> {
    let words = call.transcript.as_ref().map(|it| it.words.as_slice()).unwrap_or_default();
    let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    let view = |found: wave::Found| TopicView {
        count: texts::count("call.hits", count(found.places.len())),
        places: found.places.iter().take(PLACES).filter_map(|at| Some(words.get(*at)?.start)).collect(),
        more: match found.places.len().saturating_sub(PLACES) {
            0 => String::new(),
            more => texts::count("call.more_hits", count(more)),
        },
        name: found.name,
    };
    wave::found(call).into_iter().map(view).collect()
}

fn remarks(visit: &Visit, shell: &Shell, call: &WholeCall) -> Vec<RemarkView> {
    let view = |it: &touchline_model::Feedback| RemarkView {
        href: address::part(it.id.as_str()),
        author: person(call, &it.author_id),
        when: shell.when(&it.given_at),
        highlight: it.kind == FeedbackKind::Highlight,
        text: remark_text(it.text.as_deref().unwrap_or_default()),
        quote: quote(call, it),
        start: it.start,
        end: it.end,
        own: visit.caller.user.as_ref() == Some(&it.author_id),
    };
    call.remarks.iter().map(|it| view(&it.value)).collect()
}

/// The words that a remark on a stretch of time is about, shortened in their middle.
fn quote(call: &WholeCall, remark: &touchline_model::Feedback) -> String {
    let (Some(said), Some(end)) = (&call.transcript, remark.end) else { return String::new() };
    let words = words::stretch(said, remark.start, end);
    format::middle(&said.text(words.start, words.end), QUOTED)
}

fn shares(shell: &Shell, call: &WholeCall) -> Vec<ShareView> {
    let view = |it: &touchline_model::Share| {
        let people = it.recipient_ids.iter().map(|id| person(call, id));
        ShareView {
            author: person(call, &it.author_id),
            when: shell.when(&it.shared_at),
            to: people.chain(it.recipient_emails.iter().cloned()).collect::<Vec<_>>().join(", "),
        }
    };
    call.shares.iter().map(|it| view(&it.value)).collect()
}

fn crm(call: &WholeCall) -> Vec<CrmView> {
    let entity = |it: &CrmEntity| {
        let more = [it.email.as_deref(), it.phone_number.as_deref()].into_iter().flatten();
        let about: Vec<&str> = [it.name.as_str(), it.crm_id.as_str()].into_iter().chain(more).collect();
        about.join(" · ")
    };
    let view = |it: &touchline_model::CrmMatch| {
        let account = it.account.iter().map(|it| (texts::t("call.account"), entity(it)));
        let contacts = it.contacts.iter().map(|it| (texts::t("call.customer"), entity(it)));
        let engagement = it.engagement.iter().map(|it| (texts::t("call.engagement"), entity(it)));
        CrmView {
            crm: it.crm_name.clone(),
            activity: it.activity_crm_id.clone(),
            rows: account.chain(contacts).chain(engagement).collect(),
        }
    };
    call.row.contact.value.crm_matches.iter().map(view).collect()
}
