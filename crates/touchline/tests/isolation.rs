//! Every route of every dialect × {no credential, another tenant's, one without the ability}: the right refusal. The
//! list of routes is the one that makes the router, so no new route can escape this table.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may end here")]

mod common;
#[path = "isolation/genesys.rs"]
mod genesys;

use common::{Engine, Server, Site};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::path::Path;
use touchline::{
    config::{Config, Settings},
    server,
};
use touchline_http::{Operation, Policy};

/// Stands in every record of tenant `acme`; must never reach anybody else.
const SECRET: &str = "acme-only-7c1f";
/// The name of a topic: every one of the tenant's people may read it, an agent too, nobody else.
const TOPIC: &str = "acme-topic-7c1f";

/// An operation with where it is mounted.
struct Route {
    url: String,
    method: Method,
    id: &'static str,
    policy: Policy,
}

fn routes_of(prefix: &str, operations: &[Operation]) -> Vec<Route> {
    let route = |operation: &Operation| {
        // One id for all: tenant acme has a record of every kind with it.
        let path = operation.path.split('/').map(|part| if part.starts_with('{') { "7" } else { part });
        let path = path.collect::<Vec<_>>().join("/");
        let query = match operation.path {
            "/calls/search" => "?metadata.secret=acme-only-7c1f",
            _ if operation.query_names().any(|name| name == "since") => "?since=2000-01-01T00:00Z",
            _ => "",
        };
        Route {
            url: format!("{prefix}{path}{query}"),
            method: operation.method.clone(),
            id: operation.id,
            policy: operation.policy,
        }
    };
    operations.iter().map(route).collect()
}

async fn all_routes(folder: &Path) -> (Vec<Route>, Vec<Route>, Vec<Route>) {
    let config = Config { data: folder.to_owned(), ..Config::default() };
    let app = server::open(&config).await.unwrap();
    let native = touchline_api_native::routes(app.clone());
    let c360 = touchline_api_c360::routes(app.clone(), config.c360);
    let gladly = touchline_api_gladly::routes(app, &config.gladly);
    (
        routes_of("/api/touchline/v1", native.operations()),
        routes_of("/api/ev/2", c360.operations()),
        routes_of("/api/v1", gladly.operations()),
    )
}

/// A record of every kind, all with id 7 and the secret in a text.
async fn fill(server: &Server) {
    let time = "2026-03-01T09:00:00Z";
    let words = json!({ "utterances": [{ "start": 0, "end": 3, "speaker": 0, "text": SECRET }] });
    for (path, body) in [
        ("users", json!({ "email": SECRET })),
        ("groups", json!({ "name": SECRET })),
        ("topics", json!({ "name": TOPIC, "phrases": [SECRET] })),
        (
            "scorecards",
            json!({ "name": SECRET, "scheme": "YesNo", "questions": [{ "id": "q", "text": SECRET }] }),
        ),
        ("contacts", json!({ "started_at": time, "metadata": { "secret": SECRET }, "transcript": words })),
        (
            "evaluations",
            json!({ "contact_id": "7", "scorecard_id": "7", "reviewer_id": "7", "scored_at": time,
            "answers": [{ "question_id": "q", "answer": 1, "comment": SECRET }] }),
        ),
        (
            "feedback",
            json!({ "contact_id": "7", "author_id": "7", "given_at": time, "kind": "comment", "text": SECRET }),
        ),
        (
            "shares",
            json!({ "contact_id": "7", "author_id": "7", "shared_at": time, "recipient_emails": [SECRET] }),
        ),
        ("listens", json!({ "contact_id": "7", "listener_id": SECRET, "started_at": time, "duration": 9 })),
        (
            "plans",
            json!({ "name": SECRET, "coach_id": "7", "recipient_id": "7", "starts_at": time, "ends_at": time }),
        ),
        ("sessions", json!({ "plan_id": 7, "coach_id": "7", "recipient_id": "7", "comments": SECRET })),
        ("kpis", json!({ "description": SECRET, "frequency": "DAILY", "target": 1.5 })),
        (
            "observations",
            json!({ "kpi_id": 7, "observer_id": SECRET, "observed_id": "7", "observed_at": time, "value": 1 }),
        ),
    ] {
        server.put(&format!("/{path}/7"), &body).await;
    }
    server.settled().await;
}

/// A body that would be good enough for most writes, so that what is refused is the caller and not the body.
fn body_for(route: &Route) -> Option<&'static str> {
    matches!(route.method, Method::POST | Method::PUT | Method::PATCH).then_some("{}")
}

enum Who<'a> {
    Nobody,
    Bearer(&'a str),
    Basic(&'a (String, String)),
    /// The cookie of a session of the pages.
    Session(&'a str),
}

async fn ask(server: &Server, route: &Route, who: &Who<'_>) -> (StatusCode, String) {
    let mut request = server.client.request(route.method.clone(), format!("{}{}", server.base, route.url));
    request = match who {
        Who::Nobody => request,
        Who::Bearer(token) => request.bearer_auth(token),
        Who::Basic((user, password)) => request.basic_auth(user, Some(password)),
        Who::Session(cookie) => request.header("cookie", *cookie).header("sec-fetch-site", "same-origin"),
    };
    if let Some(body) = body_for(route) {
        request = request.header("content-type", "application/json").body(body);
    }
    let response = request.send().await.unwrap();
    let status = response.status();
    // A stream that never ends is cut by its own time-out below.
    let text = tokio::time::timeout(std::time::Duration::from_secs(5), response.text()).await;
    (status, text.map(Result::unwrap_or_default).unwrap_or_default())
}

/// Lets a person of a tenant sign in; the password.
fn new_login(site: &Site, email: &str, tenant: &str, role: &str) -> String {
    let made = site.run(&["user", "add", email, "--tenant", tenant, "--role", role]);
    let text = String::from_utf8(made.stdout).unwrap();
    let password = text.lines().find_map(|line| line.strip_prefix("password"));
    password.unwrap_or_else(|| panic!("no password in `{text}`")).trim().to_owned()
}

/// Signs in to the pages as a new person of a tenant; the cookie.
async fn sign_in(site: &Site, server: &Server, tenant: &str, role: &str) -> String {
    let email = format!("{role}@{tenant}.example");
    let password = new_login(site, &email, tenant, role);
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let request = client.post(format!("{}/sign-in", server.base)).header("sec-fetch-site", "same-origin");
    let response = request.form(&[("email", &*email), ("password", &*password)]).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::SEE_OTHER, "{email} is let in");
    let cookie = response.headers()["set-cookie"].to_str().unwrap();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
    cookie.split(';').next().unwrap().to_owned()
}

/// The pages: strangers, other sites, other tenants and people of a lesser role get nothing.
async fn pages_story(engine: Engine) {
    let site = Site::fresh(engine).await;
    let scratch = tempfile::tempdir().unwrap();
    let settings = Settings::load(None, std::iter::empty(), std::iter::empty()).unwrap();
    let app = server::open(&Config { data: scratch.path().to_owned(), ..Config::default() }).await.unwrap();
    let web = touchline_web::routes(&server::web(&app, &settings, "key", None));
    let pages = routes_of("", web.operations());
    assert!(pages.len() > 10, "{} pages", pages.len());
    site.new_tenant("other");
    let server = site.serve();
    fill(&server).await;
    let admin = sign_in(&site, &server, "acme", "administrator").await;
    let agent = sign_in(&site, &server, "acme", "agent").await;
    let other = sign_in(&site, &server, "other", "administrator").await;
    let agents = touchline_model::Role::Agent.abilities();

    let mut seen = 0;
    for page in pages.iter().filter(|page| page.method == Method::GET) {
        let (status, text) = ask(&server, page, &Who::Session(&admin)).await;
        assert!(!status.is_server_error(), "{} as an administrator: {status} {text}", page.url);
        seen += usize::from(text.contains(SECRET));
    }
    assert!(seen > 0, "no page shows the secret to its owner");

    for page in &pages {
        let at = format!("{} {} ({})", page.method, page.url, page.id);
        if page.method != Method::GET {
            let (status, _) = ask(&server, page, &Who::Nobody).await;
            assert_eq!(status, StatusCode::FORBIDDEN, "{at}: a post that comes from none of our pages");
        }
        if let Policy::Public = page.policy {
            continue;
        }
        let (status, text) = ask(&server, page, &Who::Session("touchline_session=made-up")).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{at} with a made-up session: {text}");
        let token = &server.token;
        let (status, _) = ask(&server, page, &Who::Bearer(token)).await;
        let refused = [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN].contains(&status);
        assert!(refused, "{at} with another dialect's credential: {status}");
        // Signing out is what it says.
        if page.id == "sign_out" {
            continue;
        }
        if let Policy::Needs(needs) = page.policy
            && needs.iter().any(|ability| !agents.contains(ability))
        {
            let (status, text) = ask(&server, page, &Who::Session(&agent)).await;
            assert_eq!(status, StatusCode::FORBIDDEN, "{at} as an agent: {text}");
        }
        for who in [&agent, &other] {
            let (status, text) = ask(&server, page, &Who::Session(who)).await;
            assert!(!status.is_server_error(), "{at} as somebody else: {status} {text}");
            assert!(!text.contains(SECRET), "{at} shows what is not theirs: {text}");
            assert!(who == &agent || !text.contains(TOPIC), "{at} shows another tenant's topic: {text}");
            if page.url.contains("/7") && page.method == Method::GET {
                let hidden = [StatusCode::NOT_FOUND, StatusCode::FORBIDDEN].contains(&status);
                assert!(hidden, "{at} as somebody else: {status} {text}");
            }
        }
    }
    let contact: Value = server.get("/contacts/7").await;
    assert_eq!(contact["metadata"]["secret"], SECRET, "nobody changed or deleted it");
    drop(server);
    site.assert_healthy();
}

#[tokio::test(flavor = "multi_thread")]
async fn no_page_answers_strangers_other_sites_others_or_lesser_roles_on_sqlite() {
    pages_story(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_page_answers_strangers_other_sites_others_or_lesser_roles_on_postgres() {
    pages_story(Engine::Postgres).await;
}

async fn isolation_story(engine: Engine) {
    let site = Site::fresh(engine).await;
    let scratch = tempfile::tempdir().unwrap();
    let (native, c360, gladly) = all_routes(scratch.path()).await;
    assert!(native.len() > 60 && c360.len() == 21, "{} and {} routes", native.len(), c360.len());
    assert_eq!(gladly.len(), 10);
    let other = site.new_tenant("other");
    let mut server = site.serve();
    fill(&server).await;
    let acme_c360 = server.c360_credential(false).await;
    let acme_gladly = server.gladly_credential(None).await;
    let powerless_gladly = server.gladly_credential(Some(&[])).await;
    let nothing = json!({ "dialect": "native", "name": "may nothing", "abilities": [] });
    let nothing =
        common::answer(server.native("POST", "/credentials").json(&nothing), StatusCode::CREATED).await;
    let powerless = nothing["secret"].as_str().unwrap().to_owned();
    let seq_of =
        async |server: &Server| server.get("/changes?limit=1000").await["items"].as_array().unwrap().len();
    // Contacts tell their own events as soon as somebody looks at events: not later, in the middle of this.
    server.get("/events").await;
    let before = seq_of(&server).await;

    let own_token = std::mem::replace(&mut server.token, other.clone());
    let other_c360 = server.c360_credential(true).await;
    let other_gladly = server.gladly_credential(None).await;
    server.token = own_token;

    // The secret is really there for those who may see it: otherwise the rest proves nothing.
    let mut seen = 0;
    for route in native.iter().filter(|route| route.method == Method::GET) {
        let (_, text) = ask(&server, route, &Who::Bearer(&server.token)).await;
        seen += usize::from(text.contains(SECRET));
    }
    assert!(seen > 20, "only {seen} routes show the secret to its owner");

    for route in &native {
        let at = format!("{} {} ({})", route.method, route.url, route.id);
        let public = matches!(route.policy, Policy::Public);
        let (status, text) = ask(&server, route, &Who::Nobody).await;
        if !public {
            assert_eq!(status, StatusCode::UNAUTHORIZED, "{at} without credential: {text}");
        }
        assert!(!text.contains(SECRET), "{at} without credential");
        let (status, _) = ask(&server, route, &Who::Bearer("tl_no_such")).await;
        assert!(public || status == StatusCode::UNAUTHORIZED, "{at} with a wrong token: {status}");
        let (status, _) = ask(&server, route, &Who::Basic(&acme_c360)).await;
        assert!(
            public || status == StatusCode::UNAUTHORIZED,
            "{at} with another dialect's credential: {status}"
        );
        if let Policy::Needs(_) = route.policy {
            let (status, text) = ask(&server, route, &Who::Bearer(&powerless)).await;
            assert_eq!(status, StatusCode::FORBIDDEN, "{at} without the ability: {text}");
        }
        let (status, text) = ask(&server, route, &Who::Bearer(&other)).await;
        assert!(!status.is_server_error(), "{at} as another tenant: {status} {text}");
        assert!(
            ![SECRET, TOPIC].iter().any(|it| text.contains(it)),
            "{at} shows another tenant's data: {text}"
        );
        let names_a_record = route.url.contains("/7");
        if names_a_record && matches!(route.method, Method::GET | Method::DELETE) {
            assert_eq!(status, StatusCode::NOT_FOUND, "{at} as another tenant: {text}");
        }
    }
    for route in &c360 {
        let at = format!("{} {} ({})", route.method, route.url, route.id);
        let (status, text) = ask(&server, route, &Who::Nobody).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{at} without credential: {text}");
        let wrong = (acme_c360.0.clone(), "wrong".to_owned());
        let (status, _) = ask(&server, route, &Who::Basic(&wrong)).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{at} with a wrong password");
        let (status, _) = ask(&server, route, &Who::Bearer(&server.token)).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{at} with another dialect's credential");
        if route.method == Method::DELETE {
            let (status, _) = ask(&server, route, &Who::Basic(&acme_c360)).await;
            assert_eq!(status, StatusCode::FORBIDDEN, "{at} without the flag");
        }
        let (status, text) = ask(&server, route, &Who::Basic(&other_c360)).await;
        assert!(!status.is_server_error(), "{at} as another tenant: {status} {text}");
        assert!(
            ![SECRET, TOPIC].iter().any(|it| text.contains(it)),
            "{at} shows another tenant's data: {text}"
        );
        if route.url.contains("/7") {
            assert_eq!(status, StatusCode::NOT_FOUND, "{at} as another tenant: {text}");
        }
    }
    for route in &gladly {
        let at = format!("{} {} ({})", route.method, route.url, route.id);
        let (status, text) = ask(&server, route, &Who::Nobody).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{at} without credential: {text}");
        let wrong = (acme_gladly.0.clone(), "wrong".to_owned());
        for who in [Who::Basic(&wrong), Who::Basic(&acme_c360), Who::Bearer(&server.token)] {
            let (status, _) = ask(&server, route, &who).await;
            assert_eq!(status, StatusCode::UNAUTHORIZED, "{at} with a wrong credential or another dialect's");
        }
        let (status, text) = ask(&server, route, &Who::Basic(&powerless_gladly)).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{at} without the ability: {text}");
        let (status, text) = ask(&server, route, &Who::Basic(&other_gladly)).await;
        assert!(!status.is_server_error(), "{at} as another tenant: {status} {text}");
        assert!(!text.contains(SECRET), "{at} shows another tenant's data: {text}");
        if route.url.contains("/7") {
            assert_eq!(status, StatusCode::NOT_FOUND, "{at} as another tenant: {text}");
        }
        if ["listAgents", "getAgent", "listTeams", "getTeam"].contains(&route.id) {
            let (_, text) = ask(&server, route, &Who::Basic(&acme_gladly)).await;
            assert!(text.contains(SECRET), "{at} shows its owner what is theirs: {text}");
        }
    }
    // Nothing of acme was changed by all this: only its own two credentials came.
    let after = seq_of(&server).await;
    assert_eq!(after - before, 0, "tenant acme was changed by others");
    let contact: Value = server.get("/contacts/7").await;
    assert_eq!(contact["metadata"]["secret"], SECRET);
    drop(server);
    site.assert_healthy();
}

#[tokio::test(flavor = "multi_thread")]
async fn no_route_answers_strangers_others_or_the_powerless_on_sqlite() {
    isolation_story(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_route_answers_strangers_others_or_the_powerless_on_postgres() {
    isolation_story(Engine::Postgres).await;
}
