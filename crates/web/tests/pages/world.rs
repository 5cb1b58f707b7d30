//! A server with people in it, and browsers that are signed in.

use axum::{Router, body::Body, extract::ConnectInfo};
use futures::future::BoxFuture;
use http::{Request, Response, StatusCode, header};
use http_body_util::BodyExt;
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};
use touchline_app::{
    App, Entropy, Limits, SystemEntropy,
    people::{FirstAdministrator, NewLogin},
    store::{Blobs, Destination, Store},
    tenants::NewTenant,
    webhooks::{Answer, Outgoing, Sender, WebhookSettings, Webhooks},
};
use touchline_http::push::{Hub, PushLimits, Settings, Standard};
use touchline_intake::desk::Desk;
use touchline_model::{Caller, FakeClock, Role, SystemClock, TenantId, User};
use touchline_testkit::postgres::fresh_database;
use touchline_web::{News, Setting, TOPICS, Web, WebConfig, router};
use tower::ServiceExt;

/// What an attacker would write.
pub(crate) const HOSTILE: &str = "<script>alert(1)</script>\"'&";
/// The same as a page must show it.
pub(crate) const ESCAPED: &str = "&#60;script&#62;alert(1)&#60;/script&#62;&#34;&#39;&#38;";
pub(crate) const PASSWORD: &str = "tall ships at noon";

pub(crate) struct World {
    pub(crate) app: App,
    /// Answers of addresses to come; without one they answer 200.
    pub(crate) answers: Arc<Answers>,
    /// The first administrator, Ada Berg of Acme.
    pub(crate) admin: Caller,
    pub(crate) clock: Arc<FakeClock>,
    /// Carries the news.
    pub(crate) hub: Hub,
    pub(crate) news: News,
    /// Where exports go.
    pub(crate) exports: std::path::PathBuf,
    router: Router,
    _folder: tempfile::TempDir,
}

/// Receivers of webhooks, as they are told to answer.
#[derive(Default)]
pub(crate) struct Answers(pub(crate) Mutex<Vec<(u16, String)>>);

impl Sender for Answers {
    fn send<'a>(&'a self, _: &'a Outgoing) -> BoxFuture<'a, Result<Answer, String>> {
        let (status, body) = self.0.lock().unwrap().pop().unwrap_or((200, String::new()));
        Box::pin(async move { Ok(Answer { status, body, retry_after: None }) })
    }
}

/// A person's browser.
pub(crate) struct Browser<'w> {
    world: &'w World,
    cookie: String,
}

/// An answer that was read to its end.
pub(crate) struct Page {
    pub(crate) status: StatusCode,
    pub(crate) headers: http::HeaderMap,
    pub(crate) text: String,
}

impl World {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(FakeClock::at("2026-03-03T09:30:00Z".parse().unwrap()));
        let store = Store::open_sqlite(&folder.path().join("touchline.db"), clock.clone()).await.unwrap();
        Self::over(store, clock, folder).await
    }

    async fn over(store: Store, clock: Arc<FakeClock>, folder: tempfile::TempDir) -> Self {
        let blobs = Blobs::open(&folder.path().join("recordings")).unwrap();
        let answers = Arc::new(Answers::default());
        let webhooks = Webhooks::new(WebhookSettings::default(), answers.clone(), Arc::new(|_, _| None));
        let desk = Arc::new(Desk::new(folder.path().join("imports")));
        let app = App::new(store, blobs, clock.clone(), Arc::new(SystemEntropy), Limits::default())
            .with_webhooks(webhooks)
            .with_exports(Some(Destination::folder(&folder.path().join("exports"))))
            .with_worker(touchline_app::imports::JOB, desk.clone());
        let first = FirstAdministrator {
            organisation: "Acme".to_owned(),
            first_name: "Ada".to_owned(),
            last_name: "Berg".to_owned(),
            email: "ada@example.com".to_owned(),
            password: PASSWORD.to_owned(),
        };
        app.set_up("192.0.2.1", first).await.unwrap();
        let setting = |key: &str, value: &str, source: &str| Setting {
            key: key.to_owned(),
            value: value.to_owned(),
            source: source.to_owned(),
        };
        let settings =
            vec![setting("listen", "\"127.0.0.1:8080\"", "default"), setting("data", HOSTILE, "--data")];
        // However slow the machine is, nobody who listens is taken for gone.
        let push: Settings = serde_json::from_value(serde_json::json!({ "max_interval": 600_000 })).unwrap();
        let random = |bytes: &mut [u8]| SystemEntropy.fill(bytes);
        let policy = Standard::new(&push).listen(TOPICS);
        let hub = Hub::new(push, PushLimits::default(), policy, Arc::new(SystemClock), random);
        app.live().attach_announcer(Arc::new(hub.clone()));
        let news = News::new(app.clone(), hub.clone());
        let web = Web::new(app.clone(), WebConfig::default(), "key", settings).with_desk(desk);
        let web = web.with_news(news.clone());
        let session = app.sign_in("ada@example.com", PASSWORD, "192.0.2.1", "Browser").await.unwrap();
        let (admin, _) = app.session(&session.token, "192.0.2.1").await.unwrap().unwrap();
        let exports = folder.path().join("exports");
        Self { app, answers, admin, clock, hub, news, exports, router: router(web), _folder: folder }
    }

    /// Has news carried from now on.
    pub(crate) fn carries_news(&self) {
        let (hub, news) = (self.hub.clone(), self.news.clone());
        tokio::spawn(async move { hub.run().await });
        tokio::spawn(async move { news.run().await });
    }

    /// A browser in which nobody is signed in.
    pub(crate) fn anybody(&self) -> Browser<'_> {
        Browser { world: self, cookie: String::new() }
    }

    /// The browser of the first administrator.
    pub(crate) async fn admin(&self) -> Browser<'_> {
        self.enter("ada@example.com", PASSWORD).await
    }

    /// The browser of somebody new with a role.
    pub(crate) async fn browser(&self, id: &str, role: Role) -> Browser<'_> {
        let user =
            User { id: id.into(), email: format!("{id}@example.com"), active: true, ..User::default() };
        self.app.put_one(&self.admin, user).await.unwrap();
        let new = NewLogin { user: id.to_owned(), role, password: None, reset: false };
        let password = self.app.put_login(&self.admin, new).await.unwrap().unwrap();
        self.enter(&format!("{id}@example.com"), &password).await
    }

    pub(crate) async fn enter(&self, email: &str, password: &str) -> Browser<'_> {
        let session = self.app.sign_in(email, password, "192.0.2.1", "Browser").await.unwrap();
        Browser { world: self, cookie: format!("touchline_session={}", session.token) }
    }

    /// An administrator of another organisation on the same server.
    pub(crate) async fn stranger(&self) -> Caller {
        let operator = Caller::system("_server".into(), "cli");
        let operator = Caller { abilities: touchline_model::Ability::ALL.into(), ..operator };
        let new = NewTenant { id: "other".to_owned(), name: "Other".to_owned() };
        let id: TenantId = self.app.create_tenant(&operator, new).await.unwrap().id;
        Caller { tenant: id, ..self.admin.clone() }
    }
}

/// Tells a story on both engines.
pub(crate) async fn both(story: impl AsyncFn(World)) {
    eprintln!("on SQLite:");
    story(World::new().await).await;
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(FakeClock::at("2026-03-03T09:30:00Z".parse().unwrap()));
    eprintln!("on PostgreSQL:");
    let store = Store::open_postgres(&fresh_database().await, clock.clone()).await.unwrap();
    story(World::over(store, clock, folder).await).await;
}

impl<'w> Browser<'w> {
    /// The same browser, which has taken a cookie.
    pub(crate) fn with_cookie(&self, given: &str) -> Browser<'w> {
        let pair = given.split(';').next().unwrap();
        Browser { world: self.world, cookie: format!("{}; {pair}", self.cookie) }
    }

    async fn send(&self, mut request: Request<Body>) -> Page {
        request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([192, 0, 2, 1], 9))));
        let response: Response<Body> = self.world.router.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        Page { status, headers, text: String::from_utf8(bytes.to_vec()).unwrap() }
    }

    pub(crate) async fn get(&self, path: &str) -> Page {
        let request = Request::get(path)
            .header(header::COOKIE, &self.cookie)
            .header(header::HOST, "touchline.example:8443")
            .header(header::ACCEPT, "text/html");
        self.send(request.body(Body::empty()).unwrap()).await
    }

    /// What is no text, asked for with more headers.
    pub(crate) async fn bytes(
        &self,
        path: &str,
        headers: &[(header::HeaderName, &str)],
    ) -> (StatusCode, http::HeaderMap, Vec<u8>) {
        let request = Request::get(path).header(header::COOKIE, &self.cookie);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(name, *value));
        let request = request.body(Body::empty()).unwrap();
        let response: Response<Body> = self.world.router.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        (status, headers, response.into_body().collect().await.unwrap().to_bytes().to_vec())
    }

    /// Sends bytes, as a script of ours or a form with files does.
    pub(crate) async fn put(&self, method: &str, path: &str, content_type: &str, body: Vec<u8>) -> Page {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::COOKIE, &self.cookie)
            .header(header::HOST, "touchline.example:8443")
            .header("sec-fetch-site", "same-origin")
            .header(header::CONTENT_TYPE, content_type);
        self.send(request.body(Body::from(body)).unwrap()).await
    }

    /// Sends bytes that a page of another site sends.
    pub(crate) async fn put_from(&self, site: &str, path: &str, body: Vec<u8>) -> Page {
        let request = Request::post(path)
            .header(header::COOKIE, &self.cookie)
            .header(header::HOST, "touchline.example:8443")
            .header("sec-fetch-site", site)
            .header(header::CONTENT_TYPE, "application/json");
        self.send(request.body(Body::from(body)).unwrap()).await
    }

    /// Sends a form.
    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        self.post_from("http://touchline.example:8443", path, fields).await
    }

    /// Sends a form of a page that came from somewhere.
    pub(crate) async fn post_from(&self, origin: &str, path: &str, fields: &[(&str, &str)]) -> Page {
        let escape = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
        let form: Vec<_> =
            fields.iter().map(|(name, value)| format!("{}={}", escape(name), escape(value))).collect();
        let request = Request::post(path)
            .header(header::COOKIE, &self.cookie)
            .header(header::ORIGIN, origin)
            .header(header::HOST, "touchline.example:8443")
            .header("sec-fetch-site", "same-origin")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request.body(Body::from(form.join("&"))).unwrap()).await
    }

    /// A page that is there.
    pub(crate) async fn page(&self, path: &str) -> String {
        let page = self.get(path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}: {}", page.text);
        page.text
    }
}

impl Page {
    /// Where it leads to.
    pub(crate) fn leads_to(&self) -> &str {
        assert_eq!(self.status, StatusCode::SEE_OTHER, "{}", self.text);
        self.headers.get(header::LOCATION).unwrap().to_str().unwrap()
    }
    /// What an element with an id says.
    pub(crate) fn says(&self, id: &str) -> String {
        let (_, rest) =
            self.text.split_once(&format!("id=\"{id}\"")).unwrap_or_else(|| panic!("{id}: {}", self.text));
        let (_, rest) = rest.split_once('>').unwrap();
        rest.split_once('<').unwrap().0.to_owned()
    }
}
