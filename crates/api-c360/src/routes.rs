//! The 21 operations of the dialect (contract §2).

use crate::{
    C360Config, C360Gate, call_topics, calls, check, directory, errors::ErrorBody, feedback, kpis, listens,
    meetings, params::MAX_LIMIT, plans, scorecard, scores, shares, topics, transcript,
};
use axum::Router;
use schemars::JsonSchema;
use std::sync::Arc;
use touchline_app::App;
use touchline_http::{DocInfo, ErrorDoc, Operation, Routes, Security, Shape};
use touchline_model::Ability;

/// What stands before every path.
const PREFIX: &str = "/api/ev/2";

const DESCRIPTION: &str = "Compatible with the Coach360 / ExecVision Conversation Intelligence API, version 2. \
    Lists are read in pages: ask again with `since` set to the timestamp of the last object, and with `last_id` \
    set to its id where there is such a parameter. Seconds of `since` are ignored.";

/// What handlers share.
#[derive(Clone)]
pub struct Dialect {
    pub(crate) app: App,
    pub(crate) config: Arc<C360Config>,
}

impl Dialect {
    /// Over an app, with these settings.
    pub fn new(app: App, config: C360Config) -> Self {
        Self { app, config: Arc::new(config) }
    }
}

/// All operations, for the router, the document, and tests that walk them.
pub fn routes(app: App, config: C360Config) -> Routes<C360Gate, Dialect> {
    let error = ErrorDoc::of::<ErrorBody>("application/json");
    let info = DocInfo::new("Coach360 Conversation Intelligence", "2", DESCRIPTION, Security::Basic, error)
        .always_error(504, "The request waited a minute for its turn (only with `limits = \"vendor\"`).");
    let mut routes = Routes::new(C360Gate::new(app, config.limits), PREFIX, info);
    people(&mut routes);
    of_calls(&mut routes);
    quality(&mut routes);
    coaching(&mut routes);
    if config.transcript_endpoint {
        routes.add(
            Operation::get("getTranscript", "/transcript/{id}")
                .tag("Calls")
                .summary("The simplified transcript of a call")
                .needs(&[Ability::ReadContacts, Ability::ReadRecordings])
                .path_param("id", "Id of the call.")
                .answer_json::<transcript::TranscriptBody>(200, "Who spoke, and what was said.")
                .answer_error_when(404, "There is no such call, or it has no transcript."),
            transcript::one,
        );
    }
    routes
}

/// The router of the dialect.
pub fn router(app: App, config: C360Config) -> Router {
    routes(app.clone(), config.clone()).into_router_with(Dialect::new(app, config))
}

/// The OpenAPI 3.1 document of the dialect.
pub fn document(app: App, config: C360Config) -> serde_json::Value {
    routes(app, config).document()
}

type C360Routes = Routes<C360Gate, Dialect>;

/// A list that is read in pages by time.
fn paged<T: JsonSchema>(operation: Operation, max: u64, description: &'static str) -> Operation {
    let max = i64::try_from(max).unwrap_or(i64::MAX);
    operation
        .query("since", Shape::Timestamp, true, "From when on, inclusive; ISO 8601, seconds are ignored.")
        .query("limit", Shape::integer(0, max), false, "Most objects of the page; 100 by default.")
        .answer_json::<Vec<T>>(200, description)
}

/// The same for lists that know where a page ended.
fn with_last_id(operation: Operation) -> Operation {
    let meaning = "Id of the last object of the previous page, with its timestamp as `since`.";
    operation.query("last_id", Shape::Text, false, meaning)
}

fn people(routes: &mut C360Routes) {
    routes
        .add(
            Operation::get("check", "/check")
                .tag("Directory")
                .summary("Test access and connectivity")
                .answer_empty(200, "Access is fine."),
            check::check,
        )
        .add(
            Operation::get("listUsers", "/users")
                .tag("Directory")
                .summary("Active users")
                .needs(&[Ability::ReadDirectory])
                .answer_json::<Vec<directory::UserBody>>(200, "All of them."),
            directory::users,
        )
        .add(
            Operation::get("listTeams", "/teams")
                .tag("Directory")
                .summary("Active teams")
                .needs(&[Ability::ReadDirectory])
                .answer_json::<Vec<directory::TeamBody>>(200, "All of them."),
            directory::teams,
        )
        .add(
            Operation::get("listDepartments", "/departments")
                .tag("Directory")
                .summary("Active departments")
                .needs(&[Ability::ReadDirectory])
                .answer_json::<Vec<directory::DepartmentBody>>(200, "All of them."),
            directory::departments,
        );
}

fn of_calls(routes: &mut C360Routes) {
    let list = Operation::get("listCalls", "/calls")
        .tag("Calls")
        .summary("Calls whose state changed since")
        .description("With `render_templates=true` the largest limit is 100.")
        .needs(&[Ability::ReadContacts, Ability::ReadRecordings]);
    let list = with_last_id(paged::<calls::wire::CallBody<'static>>(list, MAX_LIMIT, "Calls."))
        .query("include_transcripts", Shape::Boolean, false, "Put transcripts into the calls.")
        .query("include_crm_matches", Shape::Boolean, false, "Put CRM matches into the calls.")
        .query(
            "render_templates",
            Shape::Boolean,
            false,
            "Put call cards into `metadata.callCardTemplates`.",
        );
    routes.add(list, calls::list::list);

    let deleted = Operation::get("listDeletedCalls", "/calls/deleted")
        .tag("Calls")
        .summary("Calls deleted since")
        .needs(&[Ability::ReadContacts]);
    let deleted = with_last_id(paged::<calls::deleted::DeletedBody>(deleted, MAX_LIMIT, "Deleted calls."));
    routes.add(deleted, calls::deleted::list);

    routes.add(
        Operation::get("searchCalls", "/calls/search")
            .tag("Calls")
            .summary("Ids of calls with a value in one field")
            .description(
                "Takes exactly one parameter: `metadata.` and the name of a field, or `id`, `callerId`, \
                 `callerEmail`, `direction`, `state`, `originalPath`. The value must be all lower case. At most \
                 1000 ids, the newest calls first.",
            )
            .needs(&[Ability::ReadContacts])
            .query("metadata.id", Shape::Text, false, "For example: the id of the call.")
            .answer_json::<Vec<String>>(200, "Ids."),
        calls::search::search,
    );
    routes.add(
        Operation::get("getCall", "/call/{id}")
            .tag("Calls")
            .summary("One call with all optional data")
            .needs(&[Ability::ReadContacts, Ability::ReadRecordings])
            .path_param("id", "Id of the call.")
            .answer_json::<calls::wire::CallBody<'static>>(200, "The call."),
        calls::one::get,
    );
    routes.add(
        Operation::delete("deleteCall", "/call/{id}")
            .tag("Calls")
            .summary("Delete a call")
            .description("Only if it is enabled for the credential.")
            .needs(&[Ability::DeleteContacts])
            .path_param("id", "Id of the call.")
            .answer_empty(204, "It is deleted."),
        calls::one::delete,
    );

    let topics = Operation::get("listCallTopics", "/call_topics")
        .tag("Topics")
        .summary("Topic matches of complete calls updated since")
        .needs(&[Ability::ReadContacts, Ability::ReadRecordings]);
    let topics = paged::<call_topics::TopicMatchBody>(topics, call_topics::MAX_CALLS, "One object per call.");
    let topics = with_last_id(topics)
        .query("window_length", Shape::Number, false, "Seconds; goes with `minimum_matches`.")
        .query(
            "minimum_matches",
            Shape::Integer { min: Some(0), max: None },
            false,
            "Drops topics of a call without so many matches within `window_length`.",
        );
    routes.add(topics, call_topics::list);
}

fn quality(routes: &mut C360Routes) {
    let scores = Operation::get("listScores", "/scores")
        .tag("Scoring")
        .summary("Answers of scorecards modified since")
        .description("The limit counts filled-in scorecards, not answers.")
        .needs(&[Ability::ReadQuality, Ability::ReadDirectory, Ability::ReadContacts]);
    routes.add(paged::<scores::ScoreBody>(scores, MAX_LIMIT, "One object per answer."), scores::list);
    routes.add(
        Operation::get("getScorecard", "/scorecard/{id}")
            .tag("Scoring")
            .summary("The questions of a scorecard")
            .needs(&[Ability::ReadQuality])
            .path_param("id", "Id of the scorecard.")
            .answer_json::<Vec<scorecard::QuestionBody>>(200, "Its questions."),
        scorecard::one,
    );
    routes.add(
        Operation::get("listTopics", "/topics")
            .tag("Topics")
            .summary("Active topic definitions")
            .needs(&[Ability::ReadQuality])
            .answer_json::<Vec<topics::TopicBody>>(200, "All of them."),
        topics::topics,
    );
}

fn coaching(routes: &mut C360Routes) {
    const COACHING: &[Ability] = &[Ability::ReadCoaching];
    let list = |id, path, summary| Operation::get(id, path).tag("Coaching").summary(summary).needs(COACHING);

    let listens = list("listListens", "/listens", "Listening time by day, made in the night after");
    routes.add(paged::<listens::ListenBody>(listens, MAX_LIMIT, "Listens."), listens::list);
    let feedback = list("listFeedback", "/feedback", "Comments and highlights modified since");
    routes.add(paged::<feedback::FeedbackBody>(feedback, MAX_LIMIT, "Feedback."), feedback::list);
    let shares = list("listShares", "/shares", "Internal and external shares made since");
    routes.add(paged::<shares::ShareBody>(shares, MAX_LIMIT, "Shares."), shares::list);
    let meetings = list("listMeetings", "/meetings", "Coaching meetings modified since")
        .needs(&[Ability::ReadCoaching, Ability::ReadQuality]);
    routes.add(paged::<meetings::MeetingBody>(meetings, MAX_LIMIT, "Meetings."), meetings::list);
    let plans = list("listPlans", "/plans", "Coaching plans modified since");
    routes.add(paged::<plans::PlanBody>(plans, MAX_LIMIT, "Plans."), plans::list);
    let kpis = list("listKpis", "/kpis", "KPI observations modified since");
    routes.add(paged::<kpis::ObservationBody>(kpis, MAX_LIMIT, "Observations."), kpis::list);
    routes.add(
        Operation::get("getKpi", "/kpi/{id}")
            .tag("Coaching")
            .summary("The definition of a KPI")
            .needs(COACHING)
            .path_param("id", "Number of the KPI.")
            .answer_json::<kpis::KpiBody>(200, "The KPI."),
        kpis::one,
    );
}
