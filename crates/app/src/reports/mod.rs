//! Reports about contacts and agents, worked out from events: work sessions, the export of contacts, the summary of
//! agents, and the conversations themselves (design, decision 7; contract gladly).
//!
//! Each report shows the world as it was known at a horizon, an hour ago unless asked otherwise (contract gladly X-5),
//! as a stream of rows in a fixed order that takes little memory however long it is.

mod agents;
mod contacts;
mod conversations;
pub mod datasets;
mod directory;
mod kept;
mod known;
mod packed;
mod project;
mod rows;
pub mod summary;
mod work;

pub use project::keep_family;
pub use rows::{
    AgentInfo, AgentSummaryRow, ContactRow, ConversationView, CustomerConversations, TeamInfo,
    WorkSessionRow, WorkSessionView,
};
pub use touchline_analysis::sessions::{
    Accepted, BREAKDOWN, Buckets, ByChannel, ContactFacts, Ended, Figures, Fulfilled, HandleTime,
    HandleTimeSource, Level, Micros, Span, Window,
};

use crate::{App, AppError, require};
use agents::Agents;
use contacts::{Contacts, Order, Page, Wanted};
use futures::{
    Stream, StreamExt, TryStreamExt, future,
    stream::{self, BoxStream},
};
use jiff::tz::TimeZone;
use kept::Kept;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use touchline_model::{
    Ability, Caller, GroupId, InboxId, Invalid, Timestamp, UserId, events::ContactChannel,
};
use touchline_store::{Asked, AuditNote, Batch};

/// What an operator has chosen: section `reports` of the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReportSettings {
    /// How far reports stay behind, in seconds: setting `latency_seconds` (contract gladly X-5).
    pub latency_secs: u32,
    /// How handle time is found: setting `handle_time_source` (contract gladly X-8).
    pub handle_time_source: HandleTimeSource,
    /// How many kept rows a report reads together: more are faster and take more memory.
    pub page_rows: usize,
}

impl Default for ReportSettings {
    fn default() -> Self {
        Self { latency_secs: 3_600, handle_time_source: HandleTimeSource::Auto, page_rows: 3_000 }
    }
}

/// The rows of a report, as they are worked out.
pub type Rows<T> = BoxStream<'static, Result<T, AppError>>;

/// Which work sessions.
#[derive(Clone, Debug)]
pub struct WorkSessionQuery {
    /// Contacts that ended in it, and open ones that started in it (contract gladly 9.4).
    pub window: Window,
    /// Of these channels; all when empty.
    pub channels: Vec<ContactChannel>,
    /// That started in these inboxes; all when empty (contract gladly X-21).
    pub inboxes: Vec<InboxId>,
    /// Of agents who are in these teams now; everybody's and nobody's when empty (contract gladly X-21).
    pub teams: Vec<GroupId>,
    /// As of when; [`App::report_horizon`] when absent.
    pub horizon: Option<Timestamp>,
    /// Rows wanted at most: bounds what the report has to remember. The stream may end after so many.
    pub at_most: Option<usize>,
}

/// Which contacts to export.
#[derive(Clone, Debug)]
pub struct ContactExportQuery {
    /// Contacts that were queued in it (contract gladly 9.6).
    pub window: Window,
    /// Of these channels; all when empty.
    pub channels: Vec<ContactChannel>,
    /// That are in these inboxes; all when empty (contract gladly X-21).
    pub inboxes: Vec<InboxId>,
    /// As of when; [`App::report_horizon`] when absent.
    pub horizon: Option<Timestamp>,
    /// Rows wanted at most, as for work sessions.
    pub at_most: Option<usize>,
}

/// Which buckets of which agents.
#[derive(Clone, Debug)]
pub struct AgentSummaryQuery {
    /// From when to when.
    pub window: Window,
    /// The zone of the buckets' borders.
    pub zone: TimeZone,
    /// How long they are.
    pub level: Level,
    /// Agents who are in these teams now; all when empty (contract gladly X-18).
    pub teams: Vec<GroupId>,
    /// As of when; [`App::report_horizon`] when absent.
    pub horizon: Option<Timestamp>,
}

impl App {
    /// The same app with these settings of reports.
    #[must_use]
    pub fn with_reports(self, reports: ReportSettings) -> Self {
        Self { reports, ..self }
    }

    /// Up to when reports know the world now (contract gladly 9.2, X-5).
    pub fn report_horizon(&self) -> Timestamp {
        touchline_analysis::sessions::horizon(self.clock.now(), self.reports.latency_secs)
    }

    /// The organisation's time zone, an IANA name; `UTC` unless it has chosen one (contract gladly R-9).
    pub async fn time_zone(&self, caller: &Caller) -> Result<String, AppError> {
        let zone = self.store.time_zone(&caller.tenant).await?;
        Ok(zone.unwrap_or_else(|| "UTC".to_owned()))
    }

    /// Chooses the organisation's time zone.
    ///
    /// # Errors
    /// [`AppError::Invalid`] naming `time_zone` when it is no IANA name that is known here.
    pub async fn set_time_zone(&self, caller: &Caller, zone: &str) -> Result<(), AppError> {
        require(caller, Ability::Administer)?;
        if zone.len() > 100 || TimeZone::get(zone).is_err() {
            return Err(Invalid::new("time_zone", "is no time zone, such as `Europe/Berlin`").into());
        }
        let mut batch = Batch::new(&caller.tenant);
        batch.set_time_zone(zone).audit(AuditNote::new(caller, "tenant.time_zone", "", zone));
        self.store.apply(batch).await?;
        Ok(())
    }

    /// The Work Sessions report, by anchor, contact and agent (contract gladly §4, X-15), many rows at a time. While one
    /// page is being used, the next few are read, and no further.
    ///
    /// # Errors
    /// [`AppError::NotFound`] with `Kind::Inbox` or `Kind::Group` for the first that is asked for and unknown.
    pub async fn work_session_pages(
        &self,
        caller: &Caller,
        query: WorkSessionQuery,
    ) -> Result<BoxStream<'static, Result<WorkSessionPage, AppError>>, AppError> {
        require(caller, Ability::ReadReports)?;
        let tenant = &caller.tenant;
        if !query.inboxes.is_empty() {
            self.inbox_names(tenant, &query.inboxes).await?;
        }
        let members = self.members_of(tenant, &query.teams).await?;
        let members: Option<HashSet<String>> =
            members.map(|members| members.into_iter().map(|id| id.0).collect());
        let view = self.view(tenant, self.asked(query.window, query.horizon), false).await?;
        let team = Arc::new(members);
        let shown = team.clone();
        let (channels, inboxes) = (query.channels, query.inboxes);
        let all = channels.is_empty() && inboxes.is_empty() && team.is_none();
        let wanted = move |contact: &Kept<'_>| {
            (channels.is_empty() || channels.contains(&contact.channel))
                && (inboxes.is_empty() || inboxes.iter().any(|it| it.as_str() == contact.inbox_created))
                && contact.sessions.iter().any(|session| of_team(&shown, session.agent))
        };
        let wanted: Wanted = if all { None } else { Some(Arc::new(wanted)) };
        let contacts = Contacts::new(view, Order::Anchor, query.window, wanted, query.at_most);
        let pages = pages(contacts).map_ok(move |page| WorkSessionPage { page, team: team.clone() });
        Ok(pages.boxed())
    }

    /// The Work Sessions report as [`App::work_session_pages`] gives it, row by row.
    ///
    /// # Errors
    /// The same.
    pub async fn work_sessions(
        &self,
        caller: &Caller,
        query: WorkSessionQuery,
    ) -> Result<Rows<WorkSessionRow>, AppError> {
        let pages = self.work_session_pages(caller, query).await?;
        let made = pages.and_then(async |page| {
            let mut rows = Vec::new();
            page.each(&mut |row| {
                rows.push(Ok(row.to_row()));
                true
            })?;
            Ok(stream::iter(rows))
        });
        Ok(made.try_flatten().boxed())
    }

    /// The Contact Export report, by start and contact (contract gladly §5, X-15).
    ///
    /// # Errors
    /// [`AppError::NotFound`] with `Kind::Inbox` for the first inbox that is asked for and unknown.
    pub async fn contact_export(
        &self,
        caller: &Caller,
        query: ContactExportQuery,
    ) -> Result<Rows<ContactRow>, AppError> {
        require(caller, Ability::ReadReports)?;
        let tenant = &caller.tenant;
        let inbox_names = self.inbox_names(tenant, &query.inboxes).await?;
        let people = self.agents_in(tenant).await?;
        let people: HashMap<UserId, String> = people.into_iter().map(|it| (it.id, it.name)).collect();
        let view = self.view(tenant, self.asked(query.window, query.horizon), false).await?;
        let (channels, inboxes) = (query.channels, query.inboxes);
        let all = channels.is_empty() && inboxes.is_empty();
        let wanted = move |contact: &Kept<'_>| {
            (channels.is_empty() || channels.contains(&contact.channel))
                && (inboxes.is_empty() || inboxes.iter().any(|it| it.as_str() == contact.inbox_current))
        };
        let wanted: Wanted = if all { None } else { Some(Arc::new(wanted)) };
        let contacts = Contacts::new(view, Order::Start, query.window, wanted, query.at_most);
        let make = move |facts: ContactFacts| {
            let inbox = |id: &InboxId| inbox_names.get(id).cloned().unwrap_or_default();
            let person = |id: &UserId| people.get(id).cloned().unwrap_or_default();
            ContactRow {
                inbox_created_name: inbox(&facts.inbox_created),
                inbox_current_name: inbox(&facts.inbox_current),
                first_accepted_name: facts.first_accepted.as_ref().map(|it| person(&it.agent_id)),
                agent_current_name: facts.agent_current.as_ref().map(person),
                facts,
            }
        };
        let made = pages(contacts).and_then(move |page| {
            let mut rows = Vec::new();
            let read = page.each(|contact| {
                rows.push(Ok(make(contact.to_facts())));
                true
            });
            future::ready(read.map(|()| stream::iter(rows)))
        });
        Ok(made.try_flatten().boxed())
    }

    /// The Agent Summary report, by bucket and e-mail address (contract gladly §6, X-15): everybody whom the directory
    /// knows and who did something.
    ///
    /// # Errors
    /// [`AppError::NotFound`] with `Kind::Group` for the first team that is asked for and unknown.
    pub async fn agent_summary(
        &self,
        caller: &Caller,
        query: AgentSummaryQuery,
    ) -> Result<Rows<AgentSummaryRow>, AppError> {
        require(caller, Ability::ReadReports)?;
        let tenant = &caller.tenant;
        let members = self.members_of(tenant, &query.teams).await?;
        let mut agents = self.agents_in(tenant).await?;
        agents.retain(|agent| members.as_ref().is_none_or(|members| members.contains(&agent.id)));
        agents.sort_by(|a, b| (&a.email, &a.id).cmp(&(&b.email, &b.id)));
        let view = self.view(tenant, self.asked(query.window, query.horizon), true).await?;
        let summary = Agents::new(view, &query, agents).await?;
        let pages = stream::try_unfold(summary, async |mut summary| {
            let rows = summary.next().await?;
            Ok::<_, AppError>(rows.map(|rows| (rows, summary)))
        });
        Ok(pages.map_ok(|rows| stream::iter(rows.into_iter().map(Ok))).try_flatten().boxed())
    }

    fn asked(&self, window: Window, horizon: Option<Timestamp>) -> Asked {
        let horizon = horizon.unwrap_or_else(|| self.report_horizon());
        Asked { from: window.start, to: window.end, horizon }
    }
}

/// Work sessions in order.
pub struct WorkSessionPage {
    page: Page,
    /// Only of these agents; of everybody and nobody when absent.
    team: Arc<Option<HashSet<String>>>,
}

impl WorkSessionPage {
    /// Hands over one row after the other, until `take` wants no more.
    ///
    /// # Errors
    /// [`AppError::Internal`] when what is kept is damaged.
    pub fn each(&self, take: &mut dyn FnMut(&WorkSessionView<'_>) -> bool) -> Result<(), AppError> {
        self.page.each(|contact| {
            let shown = contact.sessions.iter().filter(|session| of_team(&self.team, session.agent));
            let mut rows = shown.map(|session| WorkSessionView::new(contact, session));
            rows.all(|row| take(&row))
        })
    }
}

/// Whether somebody is to be shown; everybody and nobody is when no team is asked for.
fn of_team(team: &Option<HashSet<String>>, agent: Option<&str>) -> bool {
    team.as_ref().is_none_or(|team| agent.is_some_and(|agent| team.contains(agent)))
}

/// The contacts as they come.
fn pages(contacts: Contacts) -> impl Stream<Item = Result<Page, AppError>> + Send + 'static {
    stream::try_unfold(contacts, async |mut contacts| {
        let page = contacts.next().await?;
        Ok::<_, AppError>(page.map(|page| (page, contacts)))
    })
}
