//! A server of a test's own: an app over an empty store, the router over it, and a client.

use axum::{
    Router,
    body::{Body, Bytes},
    http::{HeaderMap, Request, StatusCode},
    response::Response,
};
use http_body_util::BodyExt;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::{collections::HashMap, sync::Arc};
use touchline_api_gladly::{GladlyConfig, router};
use touchline_app::{App, credentials::NewCredential, records::Ruled};
use touchline_model::{Ability, Caller, Event, FakeClock, Group, Inbox, Tenant, Timestamp, User};
use touchline_testkit::dialect::{self, on_both_engines};
use tower::ServiceExt;

/// A Tuesday evening: everything of Monday, the second of March, is settled.
pub(crate) const START: &str = "2026-03-03T20:00:00Z";

pub(crate) fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Tells a story on both engines.
pub(crate) async fn both(story: impl AsyncFn(World)) {
    both_with(&GladlyConfig::default(), story).await;
}

/// The same with other settings.
pub(crate) async fn both_with(config: &GladlyConfig, story: impl AsyncFn(World)) {
    let tell = async |app, clock| story(World::over(app, clock, config.clone()).await).await;
    on_both_engines(time(START), tell).await;
}

/// E-mail address and API token.
pub(crate) type Login = (String, String);

/// A row of a report, by header.
pub(crate) type Row = HashMap<String, String>;

#[derive(Clone)]
pub(crate) struct World {
    pub(crate) app: App,
    pub(crate) clock: Arc<FakeClock>,
    pub(crate) router: Router,
    /// Everything inside the tenant, for putting data in.
    pub(crate) system: Caller,
    /// An API user.
    pub(crate) reader: Login,
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
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.header("content-type"), "application/json", "{:?}", self.body);
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {:?}", self.body))
    }
    /// Status, and `attr code detail` of each error.
    pub(crate) fn refusal(&self) -> (u16, Vec<String>) {
        let body = self.json();
        let line = |error: &Value| {
            let part = |name: &str| error[name].as_str().unwrap_or("-").to_owned();
            ["attr", "code", "detail"].map(part).join(" | ")
        };
        (self.status.as_u16(), body["errors"].as_array().unwrap().iter().map(line).collect())
    }
    /// Status and code of the one error, which is about no field.
    pub(crate) fn code(&self) -> (u16, String) {
        let body = self.json();
        assert_eq!(body["errors"].as_array().unwrap().len(), 1, "{body}");
        assert_eq!(body["errors"][0].get("attr"), None, "{body}");
        assert!(!body["errors"][0]["detail"].as_str().unwrap().is_empty(), "{body}");
        (self.status.as_u16(), body["errors"][0]["code"].as_str().unwrap().to_owned())
    }
    /// The rows of a report, read by a CSV reader that nobody here wrote.
    pub(crate) fn rows(&self) -> Vec<Row> {
        assert_eq!(self.status, 200, "{}", self.text());
        assert_eq!(self.header("content-type"), "text/csv");
        csv::Reader::from_reader(&self.body[..]).deserialize().map(Result::unwrap).collect()
    }
}

/// One cell of each row.
pub(crate) fn column(rows: &[Row], name: &str) -> Vec<String> {
    rows.iter().map(|row| row[name].clone()).collect()
}

/// Some cells of a row, parted by `|`.
pub(crate) fn cells(row: &Row, names: &[&str]) -> String {
    names.iter().map(|name| row[*name].as_str()).collect::<Vec<_>>().join(" | ")
}

impl World {
    async fn over(app: App, clock: Arc<FakeClock>, config: GladlyConfig) -> Self {
        let router = router(app.clone(), config);
        let system = Caller::system("acme".into(), "test");
        let none = (String::new(), String::new());
        let mut world = Self { app, clock, router, system, reader: none };
        world.tenant("acme").await;
        world.reader = world.login("acme", "api@acme.example", None).await;
        world.directory().await;
        world
    }

    /// The same world with other settings, as after a restart.
    pub(crate) fn restarted(&self, config: GladlyConfig) -> Self {
        Self { router: router(self.app.clone(), config), ..self.clone() }
    }

    pub(crate) async fn tenant(&self, id: &str) {
        let tenant = Tenant { id: id.into(), name: id.to_owned(), created_at: time(START) };
        assert!(self.app.store().create_tenant(&tenant).await.unwrap());
    }

    /// A new API user of a tenant.
    pub(crate) async fn login(&self, tenant: &str, email: &str, abilities: Option<&[Ability]>) -> Login {
        let new = NewCredential {
            dialect: "gladly".into(),
            name: "client".into(),
            login: Some(email.to_owned()),
            secret: None,
            abilities: abilities.map(|list| list.iter().copied().collect()),
            can_delete: false,
        };
        let caller = Caller::system(tenant.into(), "test");
        let made = self.app.create_credential(&caller, new).await.unwrap();
        (made.credential.login, made.secret)
    }

    /// Three people, a team and three inboxes.
    async fn directory(&self) {
        self.put::<Group>(json!({ "id": "t-phone", "name": "Phones, \"north\"" })).await;
        self.put::<Group>(json!({ "id": "d1", "name": "Service", "kind": "department" })).await;
        let user = |id: &str, first: &str, last: &str| json!({ "id": id, "email": format!("{id}@acme.example"), "first_name": first, "last_name": last });
        let mut ana = user("ana", "Ana", "Ruiz");
        ana["team_id"] = "t-phone".into();
        self.put::<User>(ana).await;
        self.put::<User>(user("bob", "Bob", "Stone")).await;
        let mut eve = user("eve", "Eve", "Lang");
        eve["active"] = false.into();
        self.put::<User>(eve).await;
        self.put::<Inbox>(json!({ "id": "i-new", "name": "New", "agent_ids": ["ana", "bob"] })).await;
        self.put::<Inbox>(json!({ "id": "i-bill", "name": "Billing, EU", "agent_ids": ["ana"] })).await;
        self.put::<Inbox>(json!({ "id": "i-old", "name": "Old", "disabled": true })).await;
    }

    // --- putting data in -----------------------------------------------------------------------

    pub(crate) async fn put<T: Ruled + DeserializeOwned>(&self, record: Value) {
        let record: T = serde_json::from_value(record).unwrap();
        self.app.put_one(&self.system, record).await.unwrap();
    }

    /// Sends events, as the native API takes them.
    pub(crate) async fn send(&self, events: Vec<Value>) {
        let read = |event: Value| -> Event {
            serde_json::from_value(event.clone()).unwrap_or_else(|error| panic!("{error}: {event}"))
        };
        let events = events.into_iter().map(read).collect();
        for result in self.app.put_events(&self.system, events).await.unwrap() {
            result.unwrap();
        }
    }

    pub(crate) fn now(&self, text: &str) {
        self.clock.set(time(text));
    }

    // --- asking --------------------------------------------------------------------------------

    /// The answer, its body not yet read.
    pub(crate) async fn begin(&self, request: Request<Body>) -> Response {
        self.router.clone().oneshot(request).await.unwrap()
    }

    pub(crate) async fn ask(&self, request: Request<Body>) -> Answer {
        let (parts, body) = self.begin(request).await.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// A request of an API user; the path follows `/api/v1`.
    pub(crate) async fn as_user(&self, login: &Login, method: &str, path: &str) -> Answer {
        self.ask(request(login, method, path, Body::empty())).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.as_user(&self.reader, "GET", path).await
    }

    /// The body of a good answer.
    pub(crate) async fn json(&self, path: &str) -> Value {
        let answer = self.get(path).await;
        assert_eq!(answer.status, 200, "{path}: {:?}", answer.body);
        answer.json()
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.ask(request(&self.reader, "POST", path, Body::from(body.to_string()))).await
    }

    /// Operation 2.
    pub(crate) async fn report(&self, body: Value) -> Answer {
        self.post("/reports", &body).await
    }

    /// Operation 1, the window in UTC minutes without `Z`.
    pub(crate) async fn sessions(&self, start: &str, end: &str) -> Vec<Row> {
        let body = json!({ "startAtTime": format!("{start}Z"), "endAtTime": format!("{end}Z") });
        self.post("/reports/work-session-events", &body).await.rows()
    }
}

pub(crate) fn request(login: &Login, method: &str, path: &str, body: Body) -> Request<Body> {
    let request = Request::builder().method(method).uri(format!("/api/v1{path}"));
    request.header("authorization", basic(login)).body(body).unwrap()
}

pub(crate) fn basic((user, token): &Login) -> String {
    dialect::basic(user, token)
}
