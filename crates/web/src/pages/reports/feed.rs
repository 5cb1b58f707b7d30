//! What is in the feed: the kinds of data that can be loaded, how much there is of each, and how to ask for it.

use super::frame::around;
use crate::{
    Web,
    error::Answer,
    filters, format,
    pages::admin::{origin, quoted},
    shell::{Shell, Tab, When},
    texts,
    visit::Visit,
};
use askama::Template;
use axum::extract::State;
use http::HeaderMap;
use touchline_app::{
    exports::Dataset as Files,
    reports::datasets::{MOST_COUNTED, ability_for},
    store::{Dataset, DatasetSize},
};
use touchline_model::{Ability, Role};

/// A kind of data.
struct Row {
    name: &'static str,
    about: &'static str,
    rows: String,
    changed: Option<When>,
    /// The ability that reading it takes, by its name.
    ability: &'static str,
    /// Where it is read.
    path: String,
    /// Its name in exports, if it is exported.
    files: &'static str,
}

/// A request to be copied.
struct Example {
    id: &'static str,
    title: &'static str,
    about: &'static str,
    text: String,
}

#[derive(Template)]
#[template(path = "reports/feed.html")]
struct Feed {
    shell: Shell,
    tabs: Vec<Tab>,
    rows: Vec<Row>,
    examples: Vec<Example>,
    /// Roles whose people may read reports, in words.
    roles: String,
    counted: String,
    /// Up to when reports know the world.
    as_of: When,
}

pub(super) async fn show(State(web): State<Web>, visit: Visit, headers: HeaderMap) -> Answer {
    let (shell, tabs) = around(&visit, "reports.feed", "feed");
    let found = web.app.datasets(&visit.caller).await?;
    let horizon = web.app.report_horizon();
    let row = |(dataset, size): (Dataset, DatasetSize)| {
        let (name, about, path) = words(dataset);
        Row {
            name: texts::t(name),
            about: texts::t(about),
            rows: match size.rows.map(format::number) {
                None => "–".to_owned(),
                Some(rows) if size.complete => rows,
                Some(rows) => texts::fill("reports.or_more", &[("n", &rows)]),
            },
            changed: size.changed_at.map(|at| shell.when(&at)),
            ability: ability_for(dataset).name(),
            path: format!("/api/touchline/v1{path}"),
            files: files(dataset).map(Files::name).unwrap_or_default(),
        }
    };
    let rows = found.into_iter().map(row).collect();
    let may = |role: &Role| role.abilities().contains(&Ability::ReadReports);
    let roles: Vec<&str> =
        Role::ALL.iter().filter(|role| may(role)).map(|role| texts::t(role_text(*role))).collect();
    let page = Feed {
        rows,
        examples: examples(&origin(&web, &headers), &visit),
        roles: roles.join(", "),
        counted: format::number(MOST_COUNTED),
        as_of: shell.when(&horizon),
        tabs,
        shell,
    };
    Ok(visit.page(&page))
}

const fn role_text(role: Role) -> &'static str {
    match role {
        Role::Administrator => "common.role_administrator",
        Role::Manager => "common.role_manager",
        Role::Coach => "common.role_coach",
        Role::Analyst => "common.role_analyst",
        Role::Agent => "common.role_agent",
    }
}

/// Name, meaning and address of a kind of data.
const fn words(dataset: Dataset) -> (&'static str, &'static str, &'static str) {
    match dataset {
        Dataset::Contacts => ("reports.set_contacts", "reports.set_contacts_about", "/contacts"),
        Dataset::Events => ("reports.set_events", "reports.set_events_about", "/events"),
        Dataset::WorkSessions => {
            ("reports.set_work_sessions", "reports.set_work_sessions_about", "/reports/work-sessions")
        }
        Dataset::ContactReport => {
            ("reports.set_contact_report", "reports.set_contact_report_about", "/reports/contacts")
        }
        Dataset::AgentSummary => {
            ("reports.set_agent_summary", "reports.set_agent_summary_about", "/reports/agent-summary")
        }
        Dataset::Evaluations => ("reports.set_evaluations", "reports.set_evaluations_about", "/evaluations"),
        Dataset::Scorecards => ("reports.set_scorecards", "reports.set_scorecards_about", "/scorecards"),
        Dataset::Topics => ("reports.set_topics", "reports.set_topics_about", "/topics"),
        Dataset::Feedback => ("reports.set_feedback", "reports.set_feedback_about", "/feedback"),
        Dataset::Shares => ("reports.set_shares", "reports.set_shares_about", "/shares"),
        Dataset::Listens => ("reports.set_listens", "reports.set_listens_about", "/listens"),
        Dataset::Plans => ("reports.set_plans", "reports.set_plans_about", "/plans"),
        Dataset::Sessions => ("reports.set_sessions", "reports.set_sessions_about", "/sessions"),
        Dataset::Kpis => ("reports.set_kpis", "reports.set_kpis_about", "/kpis"),
        Dataset::Observations => {
            ("reports.set_observations", "reports.set_observations_about", "/observations")
        }
        Dataset::Users => ("reports.set_users", "reports.set_users_about", "/users"),
        Dataset::Groups => ("reports.set_groups", "reports.set_groups_about", "/groups"),
        Dataset::Inboxes => ("reports.set_inboxes", "reports.set_inboxes_about", "/inboxes"),
        Dataset::Changes => ("reports.set_changes", "reports.set_changes_about", "/changes"),
        Dataset::Deletions => ("reports.set_deletions", "reports.set_deletions_about", "/changes"),
    }
}

/// What exports call it.
const fn files(dataset: Dataset) -> Option<Files> {
    match dataset {
        Dataset::Contacts => Some(Files::Contacts),
        Dataset::Events => Some(Files::Events),
        Dataset::WorkSessions => Some(Files::WorkSessions),
        Dataset::ContactReport => Some(Files::ContactReport),
        Dataset::AgentSummary => Some(Files::AgentSummary),
        Dataset::Evaluations => Some(Files::Evaluations),
        Dataset::Users => Some(Files::Users),
        Dataset::Groups => Some(Files::Groups),
        Dataset::Inboxes => Some(Files::Inboxes),
        Dataset::Deletions => Some(Files::Deletions),
        Dataset::Scorecards
        | Dataset::Topics
        | Dataset::Feedback
        | Dataset::Shares
        | Dataset::Listens
        | Dataset::Plans
        | Dataset::Sessions
        | Dataset::Kpis
        | Dataset::Observations
        | Dataset::Changes => None,
    }
}

/// Requests that somebody may copy. Secrets are named, never shown: a shell fills them in from its variables.
fn examples(origin: &str, visit: &Visit) -> Vec<Example> {
    let day =
        |ago: i64| visit.now.plus_secs(-ago * 24 * 3_600).to_string().chars().take(10).collect::<String>();
    let (day, next) = (day(1), day(0));
    let native = "-H \"Authorization: Bearer $TOUCHLINE_TOKEN\"";
    let get = |path: &str| {
        format!("curl -s {native} \\\n  {}", quoted(&format!("{origin}/api/touchline/v1{path}")))
    };
    let example =
        |id, title, about, text| Example { id, title: texts::t(title), about: texts::t(about), text };
    let body = format!(r#"{{"startAtTime":"{day}T00:00Z","endAtTime":"{day}T23:59Z"}}"#);
    vec![
        example(
            "native",
            "reports.example_native",
            "reports.example_native_about",
            get(&format!("/reports/work-sessions?from={day}T00:00:00Z&to={next}T00:00:00Z&format=csv")),
        ),
        example(
            "contacts",
            "reports.example_contacts",
            "reports.example_contacts_about",
            get(&format!("/reports/contacts?from={day}T00:00:00Z&to={next}T00:00:00Z&format=csv")),
        ),
        example(
            "agents",
            "reports.example_agents",
            "reports.example_agents_about",
            get(&format!(
                "/reports/agent-summary?from={day}T00:00:00Z&to={next}T00:00:00Z&level=half_hourly&format=csv"
            )),
        ),
        example(
            "records",
            "reports.example_records",
            "reports.example_records_about",
            get("/contacts?limit=100"),
        ),
        example(
            "changes",
            "reports.example_changes",
            "reports.example_changes_about",
            get("/changes?after=0&wait=30"),
        ),
        example(
            "gladly",
            "reports.example_gladly",
            "reports.example_gladly_about",
            format!(
                "curl -s -u \"$GLADLY_EMAIL:$GLADLY_TOKEN\" \\\n  -d {} \\\n  {}",
                quoted(&body),
                quoted(&format!("{origin}/api/v1/reports/work-session-events"))
            ),
        ),
        example(
            "files",
            "reports.example_files",
            "reports.example_files_about",
            format!("touchline export work-sessions --since {day} --format parquet --to ./warehouse"),
        ),
        example(
            "deletions",
            "reports.example_deletions",
            "reports.example_deletions_about",
            format!("touchline export deletions --since {day} --format parquet --to ./warehouse"),
        ),
        example(
            "dlt",
            "reports.example_dlt",
            "reports.example_dlt_about",
            format!(
                "import dlt, os\nfrom dlt_touchline import touchline\n\n\
                 warehouse = dlt.destinations.duckdb(\"warehouse.duckdb\")\n\
                 pipeline = dlt.pipeline(\"touchline\", destination=warehouse, dataset_name=\"touchline\")\n\
                 pipeline.run(touchline(\"{origin}\", token=os.environ[\"TOUCHLINE_TOKEN\"], start_date=\"{day}\"))"
            ),
        ),
        example(
            "singer",
            "reports.example_singer",
            "reports.example_singer_about",
            format!(
                "cat > tap.json <<END\n{{\"base_url\": \"{origin}\", \"token\": \"$TOUCHLINE_TOKEN\", \
                 \"start_date\": \"{day}T00:00:00Z\"}}\nEND\n\
                 [ -e state.json ] || echo '{{}}' > state.json\n\
                 tap-touchline --config tap.json --state state.json | target-duckdb --config target.json > states.jsonl\n\
                 tail -1 states.jsonl > state.json"
            ),
        ),
    ]
}
