//! A server of a test's own: an app over an empty store, the router over it, and a client.

use axum::{
    Router,
    body::{Body, Bytes},
    http::{HeaderMap, Request, StatusCode},
};
use http_body_util::BodyExt;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::sync::Arc;
use touchline_api_c360::{C360Config, router};
use touchline_app::{
    App, Limits, SystemEntropy, contacts::ContactUpload, credentials::NewCredential, records::Ruled,
};
use touchline_model::{Caller, FakeClock, Tenant, Timestamp};
use touchline_testkit::dialect::{self, on_both_engines};
use tower::ServiceExt;

/// Noon on a Monday in New York.
pub(crate) const START: &str = "2026-03-02T17:00:00Z";
/// Before everything.
pub(crate) const EVER: &str = "2020-01-01";

pub(crate) fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Tells a story on both engines.
pub(crate) async fn both(story: impl AsyncFn(World)) {
    both_with(&C360Config::default(), story).await;
}

/// The same with other settings.
pub(crate) async fn both_with(config: &C360Config, story: impl AsyncFn(World)) {
    let tell = async |app, clock| story(World::over(app, clock, config.clone()).await).await;
    on_both_engines(time(START), tell).await;
}

/// User id and password of a credential.
pub(crate) type Login = (String, String);

#[derive(Clone)]
pub(crate) struct World {
    pub(crate) app: App,
    pub(crate) clock: Arc<FakeClock>,
    pub(crate) router: Router,
    /// Everything inside the tenant, for putting data in.
    pub(crate) system: Caller,
    /// May read.
    pub(crate) reader: Login,
    /// May read and delete.
    pub(crate) deleter: Login,
}

/// An answer, read to its end.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {:?}", self.body))
    }
    /// Status and error code.
    pub(crate) fn refusal(&self) -> (u16, String) {
        let body = self.json();
        assert!(!body["error"]["message"].as_str().unwrap().is_empty(), "{body}");
        (self.status.as_u16(), body["error"]["code"].as_str().unwrap().to_owned())
    }
}

impl World {
    async fn over(app: App, clock: Arc<FakeClock>, config: C360Config) -> Self {
        let tenant = Tenant { id: "acme".into(), name: "Acme".into(), created_at: time(START) };
        assert!(app.store().create_tenant(&tenant).await.unwrap());
        let system = Caller::system("acme".into(), "test");
        let router = router(app.clone(), config);
        let none = (String::new(), String::new());
        let mut world = Self { app, clock, router, system, reader: none.clone(), deleter: none };
        world.reader = world.login(false).await;
        world.deleter = world.login(true).await;
        world
    }

    /// A new credential of the dialect.
    pub(crate) async fn login(&self, can_delete: bool) -> Login {
        let new = NewCredential {
            dialect: "c360".into(),
            name: "client".into(),
            login: None,
            secret: None,
            abilities: None,
            can_delete,
        };
        let made = self.app.create_credential(&self.system, new).await.unwrap();
        (made.credential.login, made.secret)
    }

    /// The same server with an empty memory and other settings, as after a restart.
    pub(crate) fn restarted(&self, config: C360Config) -> Self {
        let app = App::new(
            self.app.store().clone(),
            self.app.blobs().clone(),
            self.clock.clone(),
            Arc::new(SystemEntropy),
            Limits::default(),
        );
        Self { router: router(app.clone(), config), app, ..self.clone() }
    }

    // --- putting data in -----------------------------------------------------------------------

    /// Puts a record, written as the native API would.
    pub(crate) async fn put<T: Ruled + DeserializeOwned>(&self, record: Value) {
        let record: T = serde_json::from_value(record).unwrap();
        self.app.put_one(&self.system, record).await.unwrap();
    }

    /// Puts contacts in one commit. `started_at` is the present when not given.
    pub(crate) async fn put_calls(&self, calls: Vec<Value>) {
        let now = self.app.clock().now();
        let upload = |mut call: Value| -> ContactUpload {
            let fields = call.as_object_mut().unwrap();
            fields.entry("started_at").or_insert_with(|| json!(now));
            serde_json::from_value(call).unwrap()
        };
        for result in
            self.app.put_contacts(&self.system, calls.into_iter().map(upload).collect()).await.unwrap()
        {
            result.unwrap();
        }
    }

    pub(crate) async fn put_call(&self, call: Value) {
        self.put_calls(vec![call]).await;
    }

    /// Lets the pipeline finish.
    pub(crate) async fn settle(&self) {
        self.app.work_until_idle().await.unwrap();
    }

    pub(crate) fn now(&self, text: &str) {
        self.clock.set(time(text));
    }

    // --- asking --------------------------------------------------------------------------------

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let answer = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = answer.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// A request of a credential. The path follows `/api/ev/2`.
    pub(crate) async fn ask(&self, method: &str, path: &str, login: &Login) -> Answer {
        let request = Request::builder().method(method).uri(format!("/api/ev/2{path}"));
        self.send(request.header("authorization", basic(login)).body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &self.reader).await
    }

    /// The body of a good answer.
    pub(crate) async fn json(&self, path: &str) -> Value {
        let answer = self.get(path).await;
        assert_eq!(answer.status, 200, "{path}: {:?}", answer.body);
        assert_eq!(answer.header("content-type"), "application/json; charset=utf-8", "{path}");
        answer.json()
    }

    /// The objects of a good answer.
    pub(crate) async fn list(&self, path: &str) -> Vec<Value> {
        match self.json(path).await {
            Value::Array(list) => list,
            other => panic!("{path} is no list: {other}"),
        }
    }

    /// One field of each object of a good answer.
    pub(crate) async fn column(&self, path: &str, field: &str) -> Vec<String> {
        column(&self.list(path).await, field)
    }

    pub(crate) async fn refusal(&self, path: &str) -> (u16, String) {
        self.get(path).await.refusal()
    }
}

/// One field of each object, as text.
pub(crate) fn column(list: &[Value], field: &str) -> Vec<String> {
    list.iter().map(|it| it[field].as_str().map_or_else(|| it[field].to_string(), str::to_owned)).collect()
}

/// The names of an object's fields, sorted.
pub(crate) fn keys(object: &Value) -> Vec<&str> {
    object.as_object().unwrap().keys().map(String::as_str).collect()
}

pub(crate) fn basic((user, password): &Login) -> String {
    dialect::basic(user, password)
}

/// A word of a transcript.
pub(crate) fn word(start: f64, end: f64, text: &str, speaker: u16) -> Value {
    json!({ "start": start, "end": end, "text": text, "speaker": speaker })
}

/// Words of one second each, one after another from `start` on; a mark at the end of a word is its punctuation.
pub(crate) fn said(start: f64, speaker: u16, text: &str) -> Vec<Value> {
    let word = |(at, token): (usize, &str)| {
        let begin = start + at as f64;
        let plain = token.trim_end_matches(['.', ',', '?', '!']);
        let mut word = word(begin, begin + 1.0, plain, speaker);
        if plain.len() < token.len() {
            word["punctuation"] = token[plain.len()..].into();
        }
        word
    };
    text.split_whitespace().enumerate().map(word).collect()
}

/// Speaker 0 is the agent, speaker 1 the customer.
pub(crate) fn two_sides() -> Value {
    json!([{ "number": 0, "type": "INTERNAL" }, { "number": 1, "type": "EXTERNAL" }])
}
