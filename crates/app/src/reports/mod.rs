//! Reports about contacts and agents, worked out from events: work sessions, the export of contacts, the summary of
//! agents, and the conversations themselves (design, decision 7; contract gladly).
//!
//! Each report shows the world as it was known at a horizon, an hour ago unless asked otherwise (contract gladly X-5),
//! as a stream of rows in a fixed order that takes little memory however long it is.

mod agents;
mod contacts;
mod conversations;
mod directory;
mod kept;
mod known;
mod project;
mod rows;

pub use rows::{
    AgentInfo, AgentSummaryRow, ContactRow, ConversationView, CustomerConversations, TeamInfo, WorkSessionRow,
};
pub use touchline_analysis::sessions::{
    Accepted, BREAKDOWN, Buckets, ByChannel, ContactFacts, Ended, Figures, Fulfilled, HandleTimeSource,
    Level, Micros, Span, Window,
};

use crate::{App, AppError, require};
use agents::Agents;
use contacts::{Contacts, Order};
use futures::{
    StreamExt, TryStreamExt,
    stream::{self, BoxStream},
};
use jiff::tz::TimeZone;
use std::collections::{BTreeSet, HashMap};
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
        Self { latency_secs: 3_600, handle_time_source: HandleTimeSource::Auto, page_rows: 1_000 }
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

    /// The Work Sessions report, by anchor, contact and agent (contract gladly §4, X-15).
    ///
    /// # Errors
    /// [`AppError::NotFound`] with `Kind::Inbox` or `Kind::Group` for the first that is asked for and unknown.
    pub async fn work_sessions(
        &self,
        caller: &Caller,
        query: WorkSessionQuery,
    ) -> Result<Rows<WorkSessionRow>, AppError> {
        require(caller, Ability::ReadReports)?;
        let tenant = &caller.tenant;
        if !query.inboxes.is_empty() {
            self.inbox_names(tenant, &query.inboxes).await?;
        }
        let members = self.members_of(tenant, &query.teams).await?;
        let view = self.view(tenant, self.asked(query.window, query.horizon), false).await?;
        let shown = members.clone();
        let (channels, inboxes) = (query.channels, query.inboxes);
        let wanted = Box::new(move |facts: &ContactFacts| {
            (channels.is_empty() || channels.contains(&facts.channel))
                && (inboxes.is_empty() || inboxes.contains(&facts.inbox_created))
                && facts.sessions.iter().any(|session| of_team(shown.as_ref(), session.agent_id.as_ref()))
        });
        let contacts = Contacts::new(view, Order::Anchor, query.window, wanted, query.at_most);
        Ok(rows(contacts, move |mut facts| {
            let sessions = std::mem::take(&mut facts.sessions);
            let kept = sessions.into_iter().filter(|it| of_team(members.as_ref(), it.agent_id.as_ref()));
            kept.map(|session| WorkSessionRow::new(&facts, session)).collect()
        }))
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
        let wanted = Box::new(move |facts: &ContactFacts| {
            (channels.is_empty() || channels.contains(&facts.channel))
                && (inboxes.is_empty() || inboxes.contains(&facts.inbox_current))
        });
        let contacts = Contacts::new(view, Order::Start, query.window, wanted, query.at_most);
        Ok(rows(contacts, move |facts| {
            let inbox = |id: &InboxId| inbox_names.get(id).cloned().unwrap_or_default();
            let person = |id: &UserId| people.get(id).cloned().unwrap_or_default();
            vec![ContactRow {
                inbox_created_name: inbox(&facts.inbox_created),
                inbox_current_name: inbox(&facts.inbox_current),
                first_accepted_name: facts.first_accepted.as_ref().map(|it| person(&it.agent_id)),
                agent_current_name: facts.agent_current.as_ref().map(person),
                facts,
            }]
        }))
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
        agents.retain(|agent| of_team(members.as_ref(), Some(&agent.id)));
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

/// Whether somebody is to be shown; everybody and nobody is when no team is asked for.
fn of_team(members: Option<&BTreeSet<UserId>>, agent: Option<&UserId>) -> bool {
    members.is_none_or(|members| agent.is_some_and(|agent| members.contains(agent)))
}

/// The rows of contacts as they come.
fn rows<T: Send + 'static>(
    contacts: Contacts,
    make: impl Fn(ContactFacts) -> Vec<T> + Send + 'static,
) -> Rows<T> {
    let pages = stream::try_unfold(contacts, async |mut contacts| {
        let page = contacts.next().await?;
        Ok::<_, AppError>(page.map(|page| (page, contacts)))
    });
    let made = pages.map_ok(move |page| {
        let rows: Vec<T> = page.into_iter().flat_map(&make).collect();
        stream::iter(rows.into_iter().map(Ok))
    });
    made.try_flatten().boxed()
}
