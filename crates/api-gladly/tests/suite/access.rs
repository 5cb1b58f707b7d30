//! Who gets in, and what strangers and wrong addresses see.

use crate::{
    thread::Thread,
    world::{basic, both, request},
};
use axum::{body::Body, http::Request};
use serde_json::{Value, json};
use touchline_app::credentials::NewCredential;
use touchline_model::Ability;

const EVERYWHERE: [(&str, &str); 12] = [
    ("POST", "/reports"),
    ("POST", "/reports/work-session-events"),
    ("GET", "/conversations/v-cu1"),
    ("GET", "/customers/cu1/conversations"),
    ("GET", "/agents"),
    ("GET", "/agents/ana"),
    ("GET", "/inboxes"),
    ("GET", "/inboxes/i-new"),
    ("GET", "/teams"),
    ("GET", "/teams/t-phone"),
    ("GET", "/nothing/here"),
    ("DELETE", "/agents"),
];

// covers(gladly): S2.1, X-25, R-31, R-10
#[tokio::test]
async fn without_a_right_token_everything_is_401_whether_it_exists_or_not() {
    both(async |world| {
        let wrong = (world.reader.0.clone(), format!("{}x", world.reader.1));
        let nobody = ("nobody@acme.example".to_owned(), world.reader.1.clone());
        for (method, path) in EVERYWHERE {
            for login in [&wrong, &nobody] {
                let answer = world.as_user(login, method, path).await;
                assert_eq!(answer.code(), (401, "unauthorized".into()), "{method} {path}");
                assert_eq!(answer.header("www-authenticate"), "Basic realm=\"gladly\"");
                assert_eq!(answer.header("ratelimit-limit-second"), "10");
                assert_eq!(answer.header("ratelimit-remaining-second"), "10");
            }
            for header in ["Basic ???", "Bearer abc", "Basic"] {
                let bare = Request::builder().method(method).uri(format!("/api/v1{path}"));
                let answer =
                    world.ask(bare.header("authorization", header).body(Body::empty()).unwrap()).await;
                assert_eq!(answer.status, 401, "{method} {path} {header}");
            }
        }
    })
    .await;
}

// covers(gladly): S2.1, OP-5, R-10
#[tokio::test]
async fn a_token_opens_every_operation_whatever_the_host_is_called() {
    both(async |world| {
        for host in ["acme.gladly.com", "acme.us-1.gladly.com", "acme.gladly.qa", "127.0.0.1:1"] {
            let mut asked = request(&world.reader, "GET", "/agents", Body::empty());
            asked.headers_mut().insert("host", host.parse().unwrap());
            let answer = world.ask(asked).await;
            assert_eq!(answer.status, 200, "{host}");
            assert_eq!(answer.header("ratelimit-limit-second"), "10");
            assert_eq!(answer.header("ratelimit-remaining-second"), "10");
        }
        for (method, path) in &EVERYWHERE[2..10] {
            let status = world.as_user(&world.reader, method, path).await.status;
            assert!(![401, 403].contains(&status.as_u16()), "{path}: {status}");
        }
    })
    .await;
}

// covers(gladly): S2.1, X-25
#[tokio::test]
async fn a_user_without_api_permission_is_forbidden() {
    both(async |world| {
        let nothing = world.login("acme", "intern@acme.example", Some(&[])).await;
        let directory = world.login("acme", "hr@acme.example", Some(&[Ability::ReadDirectory])).await;
        for (method, path) in &EVERYWHERE[..10] {
            let answer = world.as_user(&nothing, method, path).await;
            assert_eq!(answer.code(), (403, "forbidden".into()), "{method} {path}");
        }
        assert_eq!(world.as_user(&nothing, "GET", "/nothing").await.status, 404);
        assert_eq!(world.as_user(&directory, "GET", "/agents").await.status, 200);
        assert_eq!(world.as_user(&directory, "GET", "/conversations/v-cu1").await.status, 403);
        assert_eq!(world.as_user(&directory, "POST", "/reports").await.status, 403);
    })
    .await;
}

// covers(gladly): OP-8, OP-9, OP-10, X-25
#[tokio::test]
async fn what_is_not_offered_is_not_there() {
    both(async |world| {
        for path in
            ["/events?startAt=2026-03-02T10:00Z", "/organization", "/export/jobs", "/", "", "/reports/x"]
        {
            assert_eq!(world.get(path).await.code(), (404, "not_exist".into()), "{path}");
        }
        for (method, path, allow) in [
            ("PATCH", "/conversations/v-cu1", "GET, HEAD"),
            ("GET", "/reports", "POST"),
            ("PUT", "/reports/work-session-events", "POST"),
        ] {
            let answer = world.as_user(&world.reader, method, path).await;
            assert_eq!(answer.code(), (405, "method_not_allowed".into()), "{method} {path}");
            assert_eq!(answer.header("allow"), allow);
        }
    })
    .await;
}

// covers(gladly)
#[tokio::test]
async fn an_organisation_sees_nothing_of_another() {
    both(async |world| {
        world.send(Thread::new("c1", "CHAT", "cu1", "i-new").starts("2026-03-02T10:00:00Z").events).await;
        assert_eq!(world.sessions("2026-03-02T09:00", "2026-03-02T11:00").await.len(), 1);
        world.tenant("other").await;
        let other = world.login("other", "api@other.example", None).await;
        for path in ["/agents", "/inboxes", "/teams"] {
            assert_eq!(world.as_user(&other, "GET", path).await.json(), json!([]), "{path}");
        }
        for path in
            ["/agents/ana", "/inboxes/i-new", "/teams/t-phone", "/conversations/v-cu1", "/customers/cu1/conversations"]
        {
            let answer = world.as_user(&other, "GET", path).await;
            assert_eq!(answer.code(), (404, "not_exist".into()), "{path}");
        }
        for set in ["WorkSessionsReport", "ContactExportReport", "AgentSummary"] {
            let body = json!({ "metricSet": set, "startAt": "2026-03-01", "endAt": "2026-03-03" });
            let answer = world.ask(request(&other, "POST", "/reports", Body::from(body.to_string()))).await;
            assert_eq!(answer.rows().len(), 0, "{set}");
            let inbox = json!({ "metricSet": "WorkSessionsReport", "startAt": "2026-03-01", "endAt": "2026-03-03",
                "filters": { "inboxes": ["i-new"] } });
            let answer = world.ask(request(&other, "POST", "/reports", Body::from(inbox.to_string()))).await;
            assert_eq!(answer.status, 400, "its inboxes are unknown elsewhere");
        }
    })
    .await;
}

// covers(gladly): S2.1
#[tokio::test]
async fn logins_are_email_addresses_and_are_made_when_nobody_gives_one() {
    both(async |world| {
        let new = |login: Option<&str>, can_delete: bool| NewCredential {
            dialect: "gladly".into(),
            name: "client".into(),
            login: login.map(str::to_owned),
            secret: None,
            abilities: None,
            can_delete,
        };
        let made = world.app.create_credential(&world.system, new(None, false)).await.unwrap();
        assert!(made.credential.login.ends_with("@api.invalid"), "{}", made.credential.login);
        let login = (made.credential.login.clone(), made.secret);
        assert_eq!(world.as_user(&login, "GET", "/agents").await.status, 200);
        world.app.revoke_credential(&world.system, made.credential.id.as_str()).await.unwrap();
        assert_eq!(world.as_user(&login, "GET", "/agents").await.status, 401);
        for login in ["plain", "@acme.example", "ana@"] {
            assert!(
                world.app.create_credential(&world.system, new(Some(login), false)).await.is_err(),
                "{login}"
            );
        }
        assert!(world.app.create_credential(&world.system, new(None, true)).await.is_err(), "it only reads");
    })
    .await;
}

// covers(gladly): X-1
#[tokio::test]
async fn data_does_not_enter_here() {
    both(async |world| {
        for path in ["/_ingest/gladly/events", "/api/v1/_ingest/gladly/agents"] {
            let asked = Request::post(path).header("authorization", basic(&world.reader));
            assert_eq!(world.ask(asked.body(Body::from("{}")).unwrap()).await.status, 404, "{path}");
        }
        let agents: Value = world.json("/agents").await;
        assert_eq!(agents.as_array().unwrap().len(), 3);
    })
    .await;
}
