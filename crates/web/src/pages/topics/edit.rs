//! One topic: reading, making, changing, deleting it.

use super::{
    list::share,
    preview::{Preview, Seen},
};
use crate::{
    Web,
    charts::{Chart, Series, Step, Tone, Unit},
    error::Answer,
    filters, format,
    shell::Shell,
    texts,
    visit::{Fields, Visit, again, done},
};
use askama::Template;
use axum::extract::{Path, RawQuery, State};
use std::collections::BTreeSet;
use touchline_app::{AppError, records::PutStatus, topics::TopicTrends};
use touchline_http::Query;
use touchline_model::{Invalid, Topic, TopicId, TopicScope};

#[derive(Template)]
#[template(path = "topic.html")]
pub(super) struct TopicPage {
    pub(super) shell: Shell,
    /// 0 for a new one.
    pub(super) id: i64,
    pub(super) draft: Topic,
    /// As they were typed.
    pub(super) phrases: String,
    pub(super) preview: Preview,
    pub(super) trend: Option<Chart>,
    pub(super) may_write: bool,
    /// Which field is wrong, and why.
    pub(super) error: Option<(String, String)>,
}

impl TopicPage {
    fn wrong(&self, field: &str) -> Option<&str> {
        self.error.as_ref().filter(|(wrong, _)| wrong == field).map(|(_, reason)| reason.as_str())
    }
    fn is_scope(&self, name: &str) -> bool {
        scope(name) == self.draft.scope
    }
    /// Where the form goes.
    fn action(&self) -> String {
        if self.id == 0 { "/topics".to_owned() } else { format!("/topics/{}", self.id) }
    }

    pub(super) fn new(visit: &Visit, draft: Topic, phrases: String) -> Self {
        let id = draft.id.0;
        let title = match (id, draft.name.as_str()) {
            (0, _) => texts::t("topics.new").to_owned(),
            (_, "") => texts::t("topics.unnamed").to_owned(),
            (_, name) => name.to_owned(),
        };
        let shell = visit.shell(title, "topics");
        let may_write = shell.may("write_quality");
        let preview = Preview { seen: Seen::Nothing };
        Self { shell, id, draft, phrases, preview, trend: None, may_write, error: None }
    }
}

#[derive(Template)]
#[template(path = "topic_delete.html")]
pub(super) struct DeleteTopic {
    pub(super) shell: Shell,
    pub(super) id: i64,
    pub(super) name: String,
}

fn scope(name: &str) -> TopicScope {
    match name {
        "internal" => TopicScope::Internal,
        "external" => TopicScope::External,
        _ => TopicScope::Any,
    }
}

fn empty() -> Topic {
    Topic {
        id: TopicId::default(),
        name: String::new(),
        phrases: vec![],
        scope: TopicScope::Any,
        canonical_questions: false,
        active: true,
    }
}

/// Phrases as they are typed: one a line, or with commas between. Those with a comma of their own, which come from
/// elsewhere, stay whole.
fn phrases_of(typed: &str, known: &[String]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let lines = typed.lines().map(str::trim);
    let parts = lines.flat_map(|line| match known.iter().any(|it| it == line) {
        true => vec![line],
        false => line.split(',').map(str::trim).collect(),
    });
    parts.filter(|it| !it.is_empty() && seen.insert(*it)).map(str::to_owned).collect()
}

/// The draft that a form holds.
pub(super) fn draft_of(fields: &Fields, id: TopicId, known: &[String]) -> Topic {
    Topic {
        id,
        name: fields.text("name").to_owned(),
        phrases: phrases_of(fields.raw("phrases"), known),
        scope: scope(fields.text("scope")),
        canonical_questions: fields.ticked("canonical_questions"),
        active: fields.ticked("active"),
    }
}

fn trend(topic: TopicId, trends: &TopicTrends) -> Option<Chart> {
    let found = trends.topics.get(&topic)?;
    let all = trends.all_calls();
    let sentence = texts::fill(
        "topics.trend_sentence",
        &[
            ("found", &format::number(trends.calls_of(topic))),
            ("all", &format::number(all)),
            ("share", &trends.share_of(topic).map(share).unwrap_or_default()),
        ],
    );
    let last = trends.weeks.len().saturating_sub(1);
    let steps = trends.weeks.iter().enumerate().map(|(at, week)| {
        let day = format::day(*week, &jiff::tz::TimeZone::UTC);
        let tick = week.to_jiff().to_zoned(jiff::tz::TimeZone::UTC).strftime("%-d %b").to_string();
        let label = texts::fill("topics.week_of", &[("day", &day)]);
        Step { label, tick: if at % 2 == last % 2 { tick } else { String::new() }, open: at == last }
    });
    let series = Series {
        label: texts::t("topics.calls").to_owned(),
        tone: Tone::Subject,
        values: found.calls.iter().map(|count| Some(*count as f64)).collect(),
    };
    let steps: Vec<Step> = steps.collect();
    let chart = Chart::bars(texts::t("topics.trend"), sentence, Unit::Count, &steps, &series);
    let analysed = |at: usize| vec![trends.calls.get(at).map(|it| format::number(*it)).unwrap_or_default()];
    Some(chart.with_columns(&[texts::t("topics.all_calls")], analysed))
}

pub(super) async fn blank(State(_): State<Web>, visit: Visit, RawQuery(raw): RawQuery) -> Answer {
    let query = Query::parse(raw.as_deref())?;
    let phrase = query.one("phrase")?.unwrap_or_default().trim().to_owned();
    Ok(visit.page(&TopicPage::new(&visit, empty(), phrase)))
}

pub(super) async fn show(State(web): State<Web>, visit: Visit, Path(id): Path<String>) -> Answer {
    let topic = web.app.get::<Topic>(&visit.caller, &id).await?.value;
    let trends = web.app.topics_by_week(&visit.caller).await?;
    let trend = trend(topic.id, &trends);
    let phrases = topic.phrases.join("\n");
    Ok(visit.page(&TopicPage { trend, ..TopicPage::new(&visit, topic, phrases) }))
}

pub(super) async fn create(State(web): State<Web>, visit: Visit, fields: Fields) -> Answer {
    let draft = draft_of(&fields, TopicId::default(), &[]);
    save(&web, &visit, &fields, draft).await
}

pub(super) async fn change(
    State(web): State<Web>,
    visit: Visit,
    Path(id): Path<String>,
    fields: Fields,
) -> Answer {
    let before = web.app.get::<Topic>(&visit.caller, &id).await?.value;
    let draft = draft_of(&fields, before.id, &before.phrases);
    save(&web, &visit, &fields, draft).await
}

async fn save(web: &Web, visit: &Visit, fields: &Fields, draft: Topic) -> Answer {
    // Programs may leave a topic without a name; people would not find it again.
    let put = match draft.name.is_empty() {
        true => Err(Invalid::new("name", "must not be empty").into()),
        false => web.app.put_one(&visit.caller, draft.clone()).await,
    };
    match put {
        Ok(put) => Ok(match put.status {
            PutStatus::Unchanged => done("/topics", "topics.unchanged"),
            _ => done("/topics", "topics.saved"),
        }),
        Err(AppError::Invalid(invalid)) => {
            let page = TopicPage::new(visit, draft, fields.raw("phrases").to_owned());
            Ok(again(&TopicPage { error: Some((invalid.field.clone(), invalid.reason)), ..page }))
        }
        Err(error) => Err(error.into()),
    }
}

pub(super) async fn ask_delete(State(web): State<Web>, visit: Visit, Path(id): Path<String>) -> Answer {
    let topic = web.app.get::<Topic>(&visit.caller, &id).await?.value;
    let shell = visit.shell(texts::t("topics.delete"), "topics");
    Ok(visit.page(&DeleteTopic { shell, id: topic.id.0, name: topic.name }))
}

pub(super) async fn delete(State(web): State<Web>, visit: Visit, Path(id): Path<String>) -> Answer {
    web.app.delete::<Topic>(&visit.caller, &id).await?;
    Ok(done("/topics", "topics.deleted"))
}

#[cfg(test)]
mod tests {
    use super::phrases_of;

    #[test]
    fn phrases_are_typed_one_a_line_or_with_commas() {
        let known = ["well, cancel".to_owned()];
        let typed = " cancel my order,refund ,, \r\n\r\nwell, cancel\nrefund\n  money back\n";
        assert_eq!(phrases_of(typed, &known), ["cancel my order", "refund", "well, cancel", "money back"]);
        assert_eq!(phrases_of(typed, &[])[2..], ["well", "cancel", "money back"]);
        assert!(phrases_of(" ,\n , \n", &known).is_empty());
    }
}
