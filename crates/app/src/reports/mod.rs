//! Reports about contacts and agents, worked out from events: work sessions, the export of contacts, the summary of
//! agents, and the conversations themselves (design, decision 7; contract gladly).
//!
//! Each report shows the world as it was known at a horizon, an hour ago unless asked otherwise (contract gladly X-5),
//! as a stream of rows in a fixed order that takes little memory however long it is.

mod rows;

pub use rows::{
    AgentInfo, AgentSummaryRow, ContactRow, ConversationView, CustomerConversations, TeamInfo, WorkSessionRow,
};
pub use touchline_analysis::sessions::{
    Accepted, BREAKDOWN, Buckets, ByChannel, ContactFacts, Ended, Figures, Fulfilled, HandleTimeSource,
    Level, Micros, Span, Window,
};

use crate::{App, AppError};
use futures::stream::BoxStream;
use jiff::tz::TimeZone;
use touchline_model::{Caller, GroupId, Inbox, InboxId, Timestamp, events::ContactChannel};

/// What an operator has chosen: section `reports` of the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReportSettings {
    /// How far reports stay behind, in seconds: setting `latency_seconds` (contract gladly X-5).
    pub latency_secs: u32,
    /// How handle time is found: setting `handle_time_source` (contract gladly X-8).
    pub handle_time_source: HandleTimeSource,
}

impl Default for ReportSettings {
    fn default() -> Self {
        Self { latency_secs: 3_600, handle_time_source: HandleTimeSource::Auto }
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
        todo!()
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
        todo!()
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
        todo!()
    }

    /// The Agent Summary report, by bucket and e-mail address (contract gladly §6, X-15).
    ///
    /// # Errors
    /// [`AppError::NotFound`] with `Kind::Group` for the first team that is asked for and unknown.
    pub async fn agent_summary(
        &self,
        caller: &Caller,
        query: AgentSummaryQuery,
    ) -> Result<Rows<AgentSummaryRow>, AppError> {
        todo!()
    }

    /// A conversation as it stands now; `None` when there is none, or it became part of another (contract gladly §7.1).
    pub async fn conversation(
        &self,
        caller: &Caller,
        id: &str,
    ) -> Result<Option<ConversationView>, AppError> {
        todo!()
    }

    /// The conversations of a customer, and of those who became part of this one; `None` when nothing is known of the
    /// customer (contract gladly R-25).
    pub async fn conversations_of(
        &self,
        caller: &Caller,
        customer: &str,
    ) -> Result<Option<CustomerConversations>, AppError> {
        todo!()
    }

    /// Every inbox, by id.
    pub async fn inboxes(&self, caller: &Caller) -> Result<Vec<Inbox>, AppError> {
        todo!()
    }

    /// Every team, by id.
    pub async fn teams(&self, caller: &Caller) -> Result<Vec<TeamInfo>, AppError> {
        todo!()
    }

    /// Every agent (each user), by id.
    pub async fn agents(&self, caller: &Caller) -> Result<Vec<AgentInfo>, AppError> {
        todo!()
    }
}
