//! Who gets in, and what strangers and wrong addresses see.

use crate::world::{World, basic, both, both_with};
use axum::{
    body::Body,
    http::{HeaderValue, Request, header},
};
use serde_json::json;
use std::io::Read;
use touchline_api_c360::C360Config;
use touchline_app::credentials::NewCredential;
use touchline_model::{Scorecard, User};

const EVERYWHERE: [&str; 21] = [
    "/check",
    "/users",
    "/teams",
    "/departments",
    "/calls?since=2020-01-01",
    "/calls/deleted?since=2020-01-01",
    "/calls/search?metadata.id=x",
    "/call/c1",
    "/call_topics?since=2020-01-01",
    "/listens?since=2020-01-01",
    "/scores?since=2020-01-01",
    "/scorecard/s1",
    "/topics",
    "/feedback?since=2020-01-01",
    "/shares?since=2020-01-01",
    "/meetings?since=2020-01-01",
    "/plans?since=2020-01-01",
    "/kpis?since=2020-01-01",
    "/kpi/1",
    "/transcript/c1",
    "/nothing/here",
];

// covers(c360): OP-1, X-15, S1.2
#[tokio::test]
async fn check_is_empty_and_says_so() {
    both(async |world| {
        let answer = world.get("/check").await;
        assert_eq!((answer.status.as_u16(), answer.body.len()), (200, 0));
        assert_eq!(answer.header("content-length"), "0");
    })
    .await;
}

// covers(c360): S1.2, X-11, X-30
#[tokio::test]
async fn without_a_right_password_everything_is_401() {
    both(async |world| {
        let wrong = (world.reader.0.clone(), format!("{}x", world.reader.1));
        let nobody = ("nobody".to_owned(), "whatever it takes".to_owned());
        for path in EVERYWHERE {
            for login in [&wrong, &nobody] {
                let answer = world.ask("GET", path, login).await;
                assert_eq!(answer.refusal(), (401, "unauthorized".into()), "{path}");
                assert_eq!(answer.header("www-authenticate"), "Basic realm=\"c360\"", "{path}");
            }
            let bare = Request::get(format!("/api/ev/2{path}")).body(Body::empty()).unwrap();
            assert_eq!(world.send(bare).await.refusal(), (401, "unauthorized".into()), "{path}");
        }
        assert_eq!(world.ask("DELETE", "/call/c1", &wrong).await.status, 401);
        assert_eq!(world.ask("PUT", "/users", &wrong).await.status, 401, "wrong methods too");
    })
    .await;
}

// covers(c360): S1.2, X-32
#[tokio::test]
async fn a_credential_sees_its_whole_tenant_until_it_is_revoked() {
    both(async |world| {
        world.put::<User>(json!({ "id": "u1", "email": "ana@example.com" })).await;
        let new = NewCredential {
            dialect: "c360".into(),
            name: "by hand".into(),
            login: Some("user-7".into()),
            secret: Some("a password: with colons".into()),
            abilities: None,
            can_delete: false,
        };
        let made = world.app.create_credential(&world.system, new).await.unwrap();
        let login = ("user-7".to_owned(), "a password: with colons".to_owned());
        assert_eq!(world.ask("GET", "/users", &login).await.json()[0]["userId"], "u1");
        for path in EVERYWHERE {
            assert_ne!(world.ask("GET", path, &login).await.status, 403, "{path}");
        }
        world.app.revoke_credential(&world.system, made.credential.id.as_str()).await.unwrap();
        assert_eq!(world.ask("GET", "/users", &login).await.status, 401);
    })
    .await;
}

// covers(c360)
#[tokio::test]
async fn addresses_are_tolerant_and_methods_are_not() {
    both(async |world| {
        world.put::<User>(json!({ "id": "u1", "email": "ana@example.com" })).await;
        let plain = world.get("/users").await;
        let slash = world.get("/users/").await;
        assert_eq!((slash.status.as_u16(), &slash.body), (200, &plain.body));
        let head = world.ask("HEAD", "/users", &world.reader).await;
        assert_eq!((head.status.as_u16(), head.body.len()), (200, 0));
        assert_eq!(head.header("content-type"), plain.header("content-type"));

        for method in ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
            let answer = world.ask(method, "/users", &world.reader).await;
            assert_eq!(answer.refusal(), (405, "method_not_allowed".into()), "{method}");
        }
        for path in ["/nothing", "/", "/user", "/calls/u1", "/call", "/users/u1", "/calls/deleted/x"] {
            assert_eq!(world.refusal(path).await, (404, "not_found".into()), "{path}");
        }
        for path in
            ["/call/none", "/scorecard/none", "/transcript/none", "/kpi/1", "/call/a%00b", "/call/%FF"]
        {
            assert_eq!(world.refusal(path).await, (404, "not_found".into()), "{path}");
        }
    })
    .await;
}

// covers(c360): R-18, S1.4
#[tokio::test]
async fn ids_of_any_kind_are_percent_encoded() {
    both(async |world| {
        for (id, encoded) in
            [("a/b?c", "a%2Fb%3Fc"), ("Ü 1%2F", "%C3%9C%201%252F"), ("scorecard_mb1", "scorecard_mb1")]
        {
            let question = json!({ "id": "Q1C", "text": "Q1" });
            world
                .put::<Scorecard>(
                    json!({ "id": id, "name": "C", "scheme": "YesNo", "questions": [question] }),
                )
                .await;
            assert_eq!(world.json(&format!("/scorecard/{encoded}")).await[0]["scorecardId"], id);
            world.put_call(json!({ "id": id })).await;
            assert_eq!(world.json(&format!("/call/{encoded}")).await["id"], id);
        }
    })
    .await;
}

// covers(c360): X-33, S1.4
#[tokio::test]
async fn answers_are_utf8_json_and_gzip_when_asked_for() {
    both(async |world: World| {
        let calls = (0..50).map(|n| json!({ "id": format!("c{n}"), "metadata": { "city": "Zürich" } }));
        world.put_calls(calls.collect()).await;
        let path = "/calls?since=2020-01-01";
        let plain = world.get(path).await;
        assert_eq!(plain.header("content-type"), "application/json; charset=utf-8");
        assert_eq!(plain.header("content-encoding"), "");
        assert_eq!(plain.json()[49]["metadata"]["city"], "Zürich");

        let mut request = Request::get(format!("/api/ev/2{path}")).body(Body::empty()).unwrap();
        let login = HeaderValue::from_str(&basic(&world.reader)).unwrap();
        request.headers_mut().insert(header::AUTHORIZATION, login);
        request.headers_mut().insert(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
        let packed = world.send(request).await;
        assert_eq!(packed.header("content-encoding"), "gzip");
        assert!(packed.body.len() < plain.body.len() / 3);
        let mut text = Vec::new();
        flate2::read::GzDecoder::new(&packed.body[..]).read_to_end(&mut text).unwrap();
        assert_eq!(text, plain.body);
    })
    .await;
}

// covers(c360): X-26
#[tokio::test]
async fn an_endpoint_can_be_turned_off() {
    let config = C360Config { transcript_endpoint: false, ..C360Config::default() };
    both_with(&config, async |world| {
        world
            .put_call(json!({ "id": "c1", "transcript": { "words": crate::world::said(0.0, 0, "Hello.") } }))
            .await;
        world.settle().await;
        assert_eq!(world.refusal("/transcript/c1").await, (404, "not_found".into()));
        let on = world.restarted(C360Config::default());
        assert_eq!(on.json("/transcript/c1").await["transcript"][0]["text"], "Hello.");
    })
    .await;
}

// covers(c360)
#[tokio::test]
async fn data_does_not_enter_here_and_the_commit_dates_it() {
    both(async |world| {
        for path in ["/_ingest/c360/users", "/api/ev/2/_ingest/c360/users"] {
            let request = Request::put(path).header("authorization", basic(&world.deleter));
            let answer = world.send(request.body(Body::from("[]")).unwrap()).await;
            assert_eq!(answer.status, 404, "{path}");
        }
        world.put_call(json!({ "id": "c1", "started_at": "2030-01-01T00:00:00Z" })).await;
        world.now("2026-03-02T18:00:00Z");
        world.put_call(json!({ "id": "c2", "started_at": "2020-01-01T00:00:00Z" })).await;
        let modified = world.column("/calls?since=2020-01-01", "modified").await;
        assert_eq!(modified, ["2026-03-02T17:00:00Z", "2026-03-02T18:00:00Z"]);
    })
    .await;
}
