//! Files sent through the pages: looked at, ordered, and all there even when the server is killed in the middle.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may end here")]

mod common;

use common::{Engine, Server, Site, on_both_engines};
use reqwest::{Client, RequestBuilder, StatusCode, redirect::Policy};
use std::{
    fmt::Write as _,
    time::{Duration, Instant},
};
use touchline::server;
use touchline_app::people::NewLogin;
use touchline_model::{Caller, Role, TenantId, User};

on_both_engines!(an_import_goes_on_after_the_server_was_killed,);

const CONTACTS: usize = 12_000;
const EMAIL: &str = "mia@example.com";

/// Somebody who is signed in to the pages.
struct Person {
    client: Client,
    cookie: String,
}

impl Person {
    /// Makes a manager, whose password is the answer.
    async fn hire(site: &Site) -> String {
        let app = server::open(&site.config()).await.unwrap();
        let caller = Caller::system(TenantId("acme".to_owned()), "test");
        let user = User { id: "mia".into(), email: EMAIL.to_owned(), active: true, ..User::default() };
        app.put_one(&caller, user).await.unwrap();
        let login = NewLogin { user: "mia".to_owned(), role: Role::Manager, password: None, reset: false };
        let password = app.put_login(&caller, login).await.unwrap().unwrap();
        app.store().close().await;
        password
    }

    async fn enter(server: &Server, password: &str) -> Self {
        let client = Client::builder().redirect(Policy::none()).build().unwrap();
        let form = client.post(format!("{}/sign-in", server.base)).header("sec-fetch-site", "same-origin");
        let answer = form.form(&[("email", EMAIL), ("password", password)]).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        let cookie = answer.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
        Self { client, cookie }
    }

    fn ask(&self, server: &Server, method: &str, path: &str) -> RequestBuilder {
        let url = format!("{}{path}", server.base);
        let request = self.client.request(method.parse().unwrap(), url).header("cookie", &self.cookie);
        request.header("sec-fetch-site", "same-origin").header("accept", "text/html")
    }

    async fn page(&self, server: &Server, path: &str) -> String {
        let answer = self.ask(server, "GET", path).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        answer.text().await.unwrap()
    }
}

fn lines() -> String {
    let mut all = (0..CONTACTS).fold(String::new(), |mut all, n| {
        let words = "{\"words\":[{\"start\":0,\"end\":1,\"text\":\"hello\"}]}";
        let _ = writeln!(
            all,
            "{{\"id\":\"{n:05}\",\"started_at\":\"2026-03-01T09:00:00Z\",\"transcript\":{words}}}"
        );
        all
    });
    all.push_str("{\"id\":\"bad\"}\n");
    all
}

async fn count(site: &Site) -> usize {
    let app = server::open(&site.config()).await.unwrap();
    let caller = Caller::system(TenantId("acme".to_owned()), "test");
    let all = app.store().contact_ids(&caller.tenant, "", CONTACTS + 9).await.unwrap();
    app.store().close().await;
    all.len()
}

async fn an_import_goes_on_after_the_server_was_killed(engine: Engine) {
    let site = Site::fresh(engine).await;
    let password = Person::hire(&site).await;
    let mut server = site.serve();
    let mia = Person::enter(&server, &password).await;

    let begun = mia.ask(&server, "POST", "/imports/new").send().await.unwrap();
    let begun: serde_json::Value = begun.json().await.unwrap();
    let page = format!("/imports/{}", begun["id"].as_str().unwrap());
    let send = mia.ask(&server, "PUT", &format!("{page}/file?name=contacts.ndjson&top=march"));
    assert_eq!(send.body(lines()).send().await.unwrap().status(), StatusCode::CREATED);
    // Files that nobody has ordered yet outlive the server.
    server.kill();
    server = site.serve();
    let looked = mia.page(&server, &page).await;
    assert!(looked.contains("Import of march") && looked.contains("Bring this in?"), "{looked}");
    assert!(looked.contains("00000") && looked.contains("Only the beginning was looked at"));
    assert!(server.get("/contacts?limit=1").await["items"].as_array().is_none_or(Vec::is_empty));

    let ordered = mia.ask(&server, "POST", &format!("{page}/start")).send().await.unwrap();
    assert_eq!(ordered.status(), StatusCode::SEE_OTHER);
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let there = server.native("GET", "/contacts/00000").send().await.unwrap();
        if there.status() == StatusCode::OK {
            break;
        }
        assert!(Instant::now() < deadline, "nothing comes in");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    server.kill();
    let cut = count(&site).await;
    println!("killed with {cut} of {CONTACTS} contacts in");
    assert!(cut > 0 && cut < CONTACTS, "{cut} contacts: not killed in the middle");

    server = site.serve();
    let deadline = Instant::now() + Duration::from_secs(120);
    let told = loop {
        let told = mia.page(&server, &page).await;
        if told.contains("What came in") {
            break told;
        }
        assert!(!told.contains("This did not come in"), "{told}");
        assert!(Instant::now() < deadline, "it does not go on: {told}");
        tokio::time::sleep(Duration::from_millis(250)).await;
    };
    assert!(told.contains("It was interrupted and started again"), "{told}");
    assert!(told.contains("1 refused") && told.contains(&format!("contacts.ndjson:{}", CONTACTS + 1)));
    let refused = mia.page(&server, &format!("{page}/refused.ndjson")).await;
    assert_eq!(refused.lines().count(), 1, "told once, though it was read twice");
    assert!(!site.data().join("imports").join(&page[9..]).join("files").exists(), "the files have gone");
    server.settled().await;
    let contact = server.get("/contacts/11999").await;
    assert_eq!(contact["state"], "COMPLETE", "its words were analysed: {contact}");
    server.kill();
    assert_eq!(count(&site).await, CONTACTS);
    site.assert_healthy();
}
