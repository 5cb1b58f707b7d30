//! The operations of the dialect (contract §1).

use crate::{
    GladlyConfig, GladlyGate, conversations, directory,
    errors::ErrorBody,
    reports,
    request::{ReportBody, WorkSessionEventsBody},
    turn,
};
use axum::{Router, middleware::from_fn};
use std::sync::Arc;
use touchline_app::App;
use touchline_http::{DocInfo, ErrorDoc, Operation, Routes, Security};
use touchline_model::Ability;

/// What stands before every path. The vendor's document repeats it in its server address; it is there once.
pub(crate) const PREFIX: &str = "/api/v1";

/// Longest body, in bytes.
pub(crate) const MAX_BODY: u64 = 1024 * 1024;

const DESCRIPTION: &str = "Compatible with the reporting part of the Gladly REST API: three reports as CSV, and the \
    lookups that their readers need. Reports show the world as it was an hour ago. A contact that is open stands in \
    the window of its start, and after it has ended in the window of its end: look back by the hour and by the time \
    in which after-contact time may still grow, four hours in all, and upsert.";

const DIRECTORY: &[Ability] = &[Ability::ReadDirectory];
const REPORTS: &[Ability] = &[Ability::ReadReports];

/// What handlers share.
#[derive(Clone)]
pub struct Dialect {
    pub(crate) app: App,
    pub(crate) config: Arc<GladlyConfig>,
}

impl Dialect {
    /// Over an app, with these settings.
    pub fn new(app: App, config: GladlyConfig) -> Self {
        Self { app, config: Arc::new(config) }
    }
}

/// All operations, for the router, the document, and tests that walk them.
pub fn routes(app: App, config: &GladlyConfig) -> Routes<GladlyGate, Dialect> {
    let error = ErrorDoc::of::<ErrorBody>("application/json");
    let info = DocInfo::new("Gladly reporting", "1", DESCRIPTION, Security::Basic, error)
        .always_error(429, "One request too many (only with `limits = \"vendor\"`).");
    let mut routes = Routes::new(GladlyGate::new(app, config.limits), PREFIX, info);
    report_operations(&mut routes);
    conversation_operations(&mut routes);
    directory_operations(&mut routes);
    routes
}

/// The router of the dialect.
pub fn router(app: App, config: GladlyConfig) -> Router {
    let routes = routes(app.clone(), &config);
    routes.into_router_with(Dialect::new(app, config)).layer(from_fn(turn::layer))
}

/// The OpenAPI 3.1 document of the dialect.
pub fn document(app: App, config: &GladlyConfig) -> serde_json::Value {
    routes(app, config).document()
}

type GladlyRoutes = Routes<GladlyGate, Dialect>;

fn report_operations(routes: &mut GladlyRoutes) {
    let csv = |id, path, summary| {
        Operation::post(id, path).tag("Reports").summary(summary).needs(REPORTS).answer_binary(
            200,
            "text/csv",
            "The report. The header `Gladly-Limited-Data: true` says that rows were cut off.",
        )
    };
    routes.add(
        csv("generateWorkSessionsReport", "/reports/work-session-events", "Work sessions")
            .description("One row for each contact and agent who worked on it.")
            .body_json::<WorkSessionEventsBody>()
            .max_body(MAX_BODY),
        reports::work_session_events,
    );
    routes.add(
        csv("generateReport", "/reports", "Contact export, agent summary or work sessions")
            .description(
                "`metricSet` is one of ContactExportReport, ContactExportReportV2, ContactExportReportV3, \
                 AgentSummaryReport, AgentSummary, AgentSummaryV2, WorkSessionEventsReportV3, \
                 WorkSessionEventsReportV4, WorkSessionsReport, WorkSessionsReportV3.",
            )
            .body_json::<ReportBody>()
            .max_body(MAX_BODY),
        reports::report,
    );
}

fn conversation_operations(routes: &mut GladlyRoutes) {
    routes.add(
        Operation::get("getConversation", "/conversations/{conversationId}")
            .tag("Conversations")
            .summary("One conversation as it stands now")
            .needs(REPORTS)
            .path_param("conversationId", "Id of the conversation.")
            .answer_json::<conversations::ConversationBody>(200, "The conversation."),
        conversations::one,
    );
    routes.add(
        Operation::get("listConversations", "/customers/{customerId}/conversations")
            .tag("Conversations")
            .summary("The conversations of a customer, the oldest first")
            .description("At most 100. The header `Gladly-Limited-Data` says whether there are more.")
            .needs(REPORTS)
            .path_param("customerId", "Id of the customer.")
            .answer_json::<Vec<conversations::ConversationBody>>(200, "Conversations.")
            .answer_error_when(301, "The customer became part of another one; `Location` says where."),
        conversations::of_customer,
    );
}

fn directory_operations(routes: &mut GladlyRoutes) {
    let get = |id, path, summary| Operation::get(id, path).tag("Directory").summary(summary).needs(DIRECTORY);
    routes
        .add(
            get("listAgents", "/agents", "Agents")
                .answer_json::<Vec<directory::AgentBody>>(200, "All of them."),
            directory::agents,
        )
        .add(
            get("getAgent", "/agents/{agentId}", "One agent")
                .path_param("agentId", "Id of the agent.")
                .answer_json::<directory::AgentBody>(200, "The agent."),
            directory::agent,
        )
        .add(
            get("listInboxes", "/inboxes", "Inboxes")
                .answer_json::<Vec<directory::InboxBody>>(200, "All of them."),
            directory::inboxes,
        )
        .add(
            get("getInbox", "/inboxes/{inboxId}", "One inbox")
                .path_param("inboxId", "Id of the inbox.")
                .answer_json::<directory::InboxBody>(200, "The inbox."),
            directory::inbox,
        )
        .add(
            get("listTeams", "/teams", "Teams").answer_json::<Vec<directory::TeamBody>>(200, "All of them."),
            directory::teams,
        )
        .add(
            get("getTeam", "/teams/{teamId}", "One team")
                .path_param("teamId", "Id of the team.")
                .answer_json::<directory::TeamBody>(200, "The team."),
            directory::team,
        );
}
