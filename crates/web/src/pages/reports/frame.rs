//! What the three reports share: tabs, the form, freshness, and the page around what was made.

use super::{
    NEEDS,
    asked::{Asked, Chosen, LEVELS, QUICK, Wrong},
    made::{Made, channel},
    names::Names,
};
use crate::{
    Web,
    error::{Answer, PageError},
    filters, format,
    shell::{Shell, Tab},
    texts,
    visit::{Visit, again},
};
use askama::Template;
use http::StatusCode;
use std::sync::Arc;
use touchline_app::{AppError, reports::AgentInfo};
use touchline_http::Query;
use touchline_model::{Kind, events::ContactChannel};

/// The tabs: name, key of the text, address.
const TABS: [(&str, &str, &str); 4] = [
    ("contacts", "reports.contacts", "/reports/contacts"),
    ("sessions", "reports.sessions", "/reports/work-sessions"),
    ("agents", "reports.agents", "/reports/agents"),
    ("feed", "reports.feed", "/reports/feed"),
];

/// What stands around a page of reports.
pub(super) fn around(visit: &Visit, title: &str, tab: &str) -> (Shell, Vec<Tab>) {
    let tabs = TABS.iter().map(|(name, text, href)| Tab { text, href, active: *name == tab });
    (visit.shell(texts::t(title), "reports"), tabs.collect())
}

/// A report and the fields that its form has.
pub(super) struct Report {
    /// Name of its tab, and of its texts.
    pub(super) tab: &'static str,
    /// Its address.
    pub(super) path: &'static str,
    pub(super) by_channel: bool,
    pub(super) by_inbox: bool,
    pub(super) by_team: bool,
    pub(super) by_agent: bool,
    pub(super) by_level: bool,
}

/// A choice of a form: what is sent, and what is read.
type Choice = (String, String);

/// What the directory knows, for forms and for names.
#[derive(Default)]
pub(super) struct Directory {
    inboxes: Vec<Choice>,
    teams: Vec<Choice>,
    agents: Vec<Choice>,
    pub(super) names: Arc<Names>,
}

impl Directory {
    async fn read(web: &Web, visit: &Visit) -> Result<Self, AppError> {
        let app = &web.app;
        let (inboxes, teams, agents) =
            tokio::join!(app.inboxes(&visit.caller), app.teams(&visit.caller), app.agents(&visit.caller));
        let (inboxes, teams, agents): (_, _, Vec<AgentInfo>) = (inboxes?, teams?, agents?);
        let sorted = |mut all: Vec<Choice>| {
            all.sort_by_cached_key(|it| it.1.to_lowercase());
            all
        };
        Ok(Self {
            inboxes: sorted(inboxes.iter().map(|it| (it.id.0.clone(), it.name.clone())).collect()),
            teams: sorted(teams.into_iter().map(|it| (it.id.0, it.name)).collect()),
            agents: sorted(agents.iter().map(|it| (it.id.0.clone(), it.name.clone())).collect()),
            names: Arc::new(Names {
                agents: agents.into_iter().map(|it| (it.id, it.name)).collect(),
                inboxes: inboxes.into_iter().map(|it| (it.id, it.name)).collect(),
            }),
        })
    }
}

#[derive(Template)]
#[template(path = "reports/report.html")]
struct Page<'a> {
    shell: Shell,
    tabs: Vec<Tab>,
    kind: &'a Report,
    about: &'static str,
    asked: Asked,
    directory: Directory,
    /// First and last day, for the form.
    days: (String, String),
    zone: String,
    zones: Vec<String>,
    wrong: Vec<Wrong>,
    /// The window in words.
    span: String,
    /// Up to when the report knows the world: for machines, exactly, and in short.
    as_of: (String, String, String),
    /// Whether the window begins later than that.
    too_early: bool,
    /// Whether nothing ever happened here.
    is_fresh: bool,
    file: String,
    made: Option<Made>,
    shown: String,
}

impl Page<'_> {
    fn wrong(&self, field: &str) -> Option<&str> {
        self.wrong.iter().find(|it| it.0 == field).map(|it| it.1.as_str())
    }
    fn quick(&self) -> Vec<(&'static str, String, bool)> {
        let text = |name: &&'static str| match *name {
            "today" => "reports.today",
            "yesterday" => "reports.yesterday",
            "month" => "reports.month",
            _ => "reports.week",
        };
        let chosen = self.asked.quick();
        let choice = |name: &&'static str| {
            (text(name), self.asked.within(name).address(self.kind.path), chosen == Some(*name))
        };
        QUICK.iter().map(choice).collect()
    }
    fn channels(&self) -> Vec<(String, &'static str)> {
        ContactChannel::ALL.iter().map(|it| (it.name().to_ascii_lowercase(), channel(*it))).collect()
    }
    fn levels(&self) -> [(&'static str, &'static str); 4] {
        LEVELS.map(|(name, _)| (name, texts::t(level(name))))
    }
    /// What the label of a field says.
    fn field_text(&self, field: &str) -> &'static str {
        texts::t(match field {
            "from" => "reports.from",
            "to" => "reports.to",
            "zone" => "reports.zone",
            "channel" => "reports.channel",
            "inbox" => "reports.inbox",
            _ => "reports.team",
        })
    }
    /// Whether a column holds numbers.
    fn is_number(&self, column: &usize) -> bool {
        let first = self.made.as_ref().and_then(|it| it.cells.first());
        first.and_then(|row| row.get(*column)).is_some_and(|cell| cell.number)
    }
    /// The name of a column.
    fn label(&self, column: &usize) -> &'static str {
        self.made.as_ref().and_then(|it| it.head.get(*column)).copied().unwrap_or_default()
    }
    fn unfiltered(&self) -> String {
        self.asked.unfiltered().address(self.kind.path)
    }
    fn wider(&self) -> String {
        self.asked.within("month").address(self.kind.path)
    }
    /// Whether a choice is one that the form does not know, so that it has to be added.
    fn strange(&self, chosen: &str, choices: &[Choice]) -> bool {
        !chosen.is_empty() && !choices.iter().any(|it| it.0 == chosen)
    }
}

fn level(name: &str) -> &'static str {
    match name {
        "half_hour" => "reports.level_half_hour",
        "week" => "reports.level_week",
        "month" => "reports.level_month",
        _ => "reports.level_day",
    }
}

/// What was asked for, and what is wrong with it.
pub(super) struct Request<'a> {
    web: &'a Web,
    visit: Visit,
    kind: &'a Report,
    asked: Asked,
    pub(super) chosen: Result<Chosen, Vec<Wrong>>,
    home: String,
}

impl<'a> Request<'a> {
    pub(super) async fn read(
        web: &'a Web,
        visit: Visit,
        kind: &'a Report,
        raw: Option<&str>,
    ) -> Result<Self, PageError> {
        debug_assert!(NEEDS.iter().all(|it| visit.caller.may(*it)));
        let mut asked = Asked::read(&Query::parse(raw)?)?;
        // What the form has no field for is not asked for.
        for (has, field) in [
            (kind.by_channel, &mut asked.channel),
            (kind.by_inbox, &mut asked.inbox),
            (kind.by_team, &mut asked.team),
            (kind.by_agent, &mut asked.agent),
            (kind.by_level, &mut asked.level),
        ] {
            if !has {
                field.clear();
            }
        }
        let home = web.app.time_zone(&visit.caller).await?;
        let chosen = asked.choose(&home, visit.now);
        Ok(Self { web, visit, kind, asked, chosen, home })
    }

    pub(super) fn caller(&self) -> &touchline_model::Caller {
        &self.visit.caller
    }

    /// What the directory knows, for the form and for names.
    pub(super) async fn directory(&self) -> Result<Directory, AppError> {
        Directory::read(self.web, &self.visit).await
    }

    /// What a file is to hold. There is no form beside it that could say what is wrong.
    pub(super) fn to_export(&self) -> Result<Chosen, PageError> {
        self.chosen.clone().map_err(|wrong| {
            let told: Vec<String> = wrong.iter().map(|(field, text)| format!("{field} {text}")).collect();
            PageError::new(StatusCode::UNPROCESSABLE_ENTITY, told.join("; "))
        })
    }

    /// The page of a report that was made, or could not be.
    pub(super) async fn answer(self, directory: Directory, made: Result<Made, AppError>) -> Answer {
        let made = match made {
            Ok(made) => Ok(Some(made)),
            Err(AppError::NotFound { kind: Kind::Inbox, .. }) => Err(("inbox", "reports.no_inbox")),
            Err(AppError::NotFound { kind: Kind::Group, .. }) => Err(("team", "reports.no_team")),
            Err(error) => return Err(error.into()),
        };
        match made {
            Ok(made) => {
                let is_fresh = match made.as_ref().is_some_and(|it| it.rows == 0) && !self.asked.is_filtered()
                {
                    true => self.web.app.is_without_events(&self.visit.caller).await?,
                    false => false,
                };
                let page = self.page(directory, made, Vec::new(), is_fresh);
                Ok(page.1.page(&page.0))
            }
            Err((field, text)) => {
                Ok(again(&self.page(directory, None, vec![(field, texts::t(text).to_owned())], false).0))
            }
        }
    }

    /// The page with what is wrong in the form.
    pub(super) async fn refused(self) -> Answer {
        let wrong = self.chosen.as_ref().err().cloned().unwrap_or_default();
        let directory = self.directory().await?;
        Ok(again(&self.page(directory, None, wrong, false).0))
    }

    fn page(
        self,
        directory: Directory,
        made: Option<Made>,
        wrong: Vec<Wrong>,
        is_fresh: bool,
    ) -> (Page<'a>, Visit) {
        let Self { web, visit, kind, asked, chosen, home } = self;
        let (title, about) = match kind.tab {
            "contacts" => ("reports.contacts", "reports.about_contacts"),
            "sessions" => ("reports.sessions", "reports.about_sessions"),
            _ => ("reports.agents", "reports.about_agents"),
        };
        let (shell, tabs) = around(&visit, title, kind.tab);
        let horizon = web.app.report_horizon();
        let known = chosen.as_ref().ok();
        let mut zones = vec![home.clone()];
        zones.extend(visit.zone.iana_name().map(str::to_owned));
        zones.push("UTC".to_owned());
        zones.dedup();
        let typed = |text: &str, day: Option<jiff::civil::Date>| {
            day.map_or_else(|| text.to_owned(), |day| day.to_string())
        };
        let rows = made.as_ref().map_or(0, |it| it.rows);
        let all = format::number(i64::try_from(rows).unwrap_or(i64::MAX));
        let few = made.as_ref().map_or(0, |it| it.cells.len());
        let shown = match u64::try_from(few).is_ok_and(|few| few < rows) {
            true => texts::fill("reports.first_rows", &[("few", &few.to_string()), ("n", &all)]),
            false => texts::count("reports.all_rows", i64::try_from(rows).unwrap_or(i64::MAX)),
        };
        let page = Page {
            shell,
            tabs,
            kind,
            about: texts::t(about),
            directory,
            days: (
                typed(&asked.from, known.map(|it| it.days.0)),
                typed(&asked.to, known.map(|it| it.days.1)),
            ),
            zone: known.map_or_else(
                || if asked.zone.is_empty() { home.clone() } else { asked.zone.clone() },
                |it| it.zone_name.clone(),
            ),
            zones,
            wrong,
            span: known.map(Chosen::in_words).unwrap_or_default(),
            as_of: known
                .map(|it| (horizon.to_string(), it.exact(horizon), it.as_of(horizon, visit.now)))
                .unwrap_or_default(),
            too_early: known.is_some_and(|it| it.window.start >= horizon),
            is_fresh,
            file: asked.address(&format!("{}.csv", kind.path)),
            asked,
            made,
            shown,
        };
        (page, visit)
    }
}
