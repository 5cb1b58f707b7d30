//! Signing in through a real identity provider (npm `oidc-provider`), with groups that become roles.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may end here")]

mod common;

use common::{Engine, Site};
use reqwest::{Client, Response, StatusCode, redirect::Policy};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader},
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
};

struct Provider {
    child: Child,
    issuer: String,
}

impl Drop for Provider {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The server; it ends with the story, however that ends.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn provider(port: u16, back: &str) -> Provider {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../clients");
    assert!(
        folder.join("node_modules/oidc-provider").exists(),
        "run `cargo xtask test` once: it installs the clients"
    );
    let mut command = Command::new("node");
    command.current_dir(folder).arg("tests/identity_provider.mjs").arg(port.to_string());
    command.args(["touchline", "the provider's secret", back]).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while !line.contains("ready") {
        line.clear();
        assert!(out.read_line(&mut line).unwrap() > 0, "the provider does not start");
    }
    std::thread::spawn(move || out.lines().for_each(drop));
    Provider { child, issuer: format!("http://127.0.0.1:{port}") }
}

/// A browser as far as redirects and cookies go. Cookies are kept by name and port; paths do not clash here.
struct Browser {
    client: Client,
    cookies: BTreeMap<(String, String), String>,
}

impl Browser {
    fn new() -> Self {
        let client = Client::builder().redirect(Policy::none()).build().unwrap();
        Self { client, cookies: BTreeMap::new() }
    }

    /// Follows every redirect; where it ended, and with what.
    async fn open(&mut self, url: &str) -> (String, Response) {
        let mut url = reqwest::Url::parse(url).unwrap();
        for _ in 0..20 {
            let site = url.port().unwrap().to_string();
            let mine = self.cookies.iter().filter(|((at, _), _)| *at == site);
            let line: Vec<String> = mine.map(|((_, name), value)| format!("{name}={value}")).collect();
            let request = self.client.get(url.clone()).header("accept", "text/html");
            let response = request.header("cookie", line.join("; ")).send().await.unwrap();
            for set in response.headers().get_all("set-cookie") {
                let (name, value) = set.to_str().unwrap().split(';').next().unwrap().split_once('=').unwrap();
                self.cookies.insert((site.clone(), name.to_owned()), value.to_owned());
            }
            match response.headers().get("location") {
                Some(next) => url = url.join(next.to_str().unwrap()).unwrap(),
                None => return (url.to_string(), response),
            }
        }
        panic!("too many redirects")
    }
}

async fn announce(provider: &Provider, person: Value) {
    let told = Client::new().post(format!("{}/next", provider.issuer)).json(&person).send().await.unwrap();
    assert_eq!(told.status(), StatusCode::OK);
}

async fn story(engine: Engine) {
    let site = Site::fresh(engine).await;
    let port = free_port();
    let base = format!("http://127.0.0.1:{port}");
    let (idp, back) = (free_port(), format!("{base}/sign-in/oidc/return"));
    let idp_first = provider(idp, &back);
    let added = site.run(&["user", "add", "ada@acme.example", "--tenant", "acme"]);
    assert!(added.status.success(), "{}", String::from_utf8_lossy(&added.stderr));
    let config = format!(
        "[oidc]\nissuer = \"{}\"\nclient_id = \"touchline\"\nclient_secret = \"the provider's secret\"\n\
         tenant = \"acme\"\npublic_url = \"{base}\"\n[oidc.roles]\nqa-coaches = \"coach\"\nagents = \"agent\"\n",
        idp_first.issuer
    );
    let file = site.data().join("touchline.toml");
    std::fs::write(&file, config).unwrap();
    let listen = format!("127.0.0.1:{port}");
    let args = ["serve", "--listen", &listen, "--config", file.to_str().unwrap()];
    let mut server = Running(site.command(&args).stdout(Stdio::piped()).spawn().unwrap());
    let mut out = BufReader::new(server.0.stdout.take().unwrap());
    out.read_line(&mut String::new()).unwrap();
    std::thread::spawn(move || out.lines().for_each(drop));

    let cleo = json!({ "email": "Cleo@Acme.example", "given_name": "Cleo", "family_name": "Marsh",
        "groups": ["everybody", "agents", "qa-coaches"], "email_verified": true });
    announce(&idp_first, cleo).await;
    let mut browser = Browser::new();
    let (at, page) = browser.open(&format!("{base}/sign-in/oidc?next=%2Faccount")).await;
    let (status, text) = (page.status(), page.text().await.unwrap());
    assert_eq!((at, status), (format!("{base}/account"), StatusCode::OK), "{text}");
    assert!(text.contains("Cleo Marsh") && text.contains("Coach, acme"), "the stronger of two roles: {text}");

    // The role follows the groups at the next sign-in.
    let cleo = json!({ "email": "cleo@acme.example", "groups": "agents", "email_verified": true });
    announce(&idp_first, cleo).await;
    let (_, page) = Browser::new().open(&format!("{base}/sign-in/oidc?next=%2Faccount")).await;
    let text = page.text().await.unwrap();
    assert!(text.contains("Cleo Marsh") && text.contains("Agent, acme"), "{text}");

    // Ada is the only one who can let others in, whatever her groups say.
    let ada = json!({ "email": "ada@acme.example", "groups": "agents", "email_verified": true });
    announce(&idp_first, ada).await;
    let (_, page) = Browser::new().open(&format!("{base}/sign-in/oidc?next=%2Faccount")).await;
    let text = page.text().await.unwrap();
    assert!(text.contains("Administrator, acme"), "{text}");

    // Her address changes in the directory and at the provider: she is still the same, and the only one.
    let native = |method: reqwest::Method, path: &str| {
        let request = Client::new().request(method, format!("{base}/api/touchline/v1{path}"));
        request.bearer_auth(&site.token)
    };
    let people: Value = native(reqwest::Method::GET, "/users").send().await.unwrap().json().await.unwrap();
    let mut ada = people["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|it| it["email"] == "ada@acme.example")
        .unwrap()
        .clone();
    ada["email"] = json!("berg@acme.example");
    ada.as_object_mut().unwrap().retain(|key, _| !["modified", "seq"].contains(&key.as_str()));
    let path = format!("/users/{}", ada["id"].as_str().unwrap());
    let put = native(reqwest::Method::PUT, &path).json(&ada).send().await.unwrap();
    assert!(put.status().is_success(), "{}", put.text().await.unwrap());
    let berg = json!({ "email": "berg@acme.example", "groups": "agents", "email_verified": true });
    announce(&idp_first, berg).await;
    let (_, page) = Browser::new().open(&format!("{base}/sign-in/oidc?next=%2Faccount")).await;
    let text = page.text().await.unwrap();
    assert!(text.contains("Administrator, acme"), "{text}");

    // Cleo has a log-in, but her groups let her in no more: that is in the trail.
    let cleo = json!({ "email": "cleo@acme.example", "groups": ["sales"], "email_verified": true });
    announce(&idp_first, cleo).await;
    let (_, page) = Browser::new().open(&format!("{base}/sign-in/oidc")).await;
    assert_eq!(page.status(), StatusCode::FORBIDDEN);
    let trail = native(reqwest::Method::GET, "/audit").send().await.unwrap().text().await.unwrap();
    assert!(trail.contains("session.refuse") && trail.contains("no group of ours"), "{trail}");

    for (why, person) in [
        (
            "no group of ours",
            json!({ "email": "eve@acme.example", "groups": ["sales"], "email_verified": true }),
        ),
        (
            "an address that is not proved",
            json!({ "email": "cleo@acme.example", "groups": ["agents"], "email_verified": false }),
        ),
        ("no address", json!({ "groups": ["agents"] })),
    ] {
        announce(&idp_first, person).await;
        let (_, page) = Browser::new().open(&format!("{base}/sign-in/oidc?next=%2Faccount")).await;
        assert_eq!(page.status(), StatusCode::FORBIDDEN, "{why}");
        assert!(
            !page.headers().get_all("set-cookie").iter().any(|it| it.to_str().unwrap().contains("session"))
        );
    }

    // A code that another browser has brought is worth nothing here.
    announce(
        &idp_first,
        json!({ "email": "cleo@acme.example", "groups": ["agents"], "email_verified": true }),
    )
    .await;
    let (_, page) = Browser::new().open(&format!("{base}/sign-in/oidc/return?code=abc&state=def")).await;
    assert_eq!(page.status(), StatusCode::FORBIDDEN);

    // An address too long for a cookie is forgotten; the person is let in all the same.
    let long = format!("{base}/sign-in/oidc?next=%2Fcalls%3Fq%3D{}", "a%2520".repeat(600));
    let (at, page) = Browser::new().open(&long).await;
    assert_eq!((at, page.status()), (format!("{base}/"), StatusCode::OK));

    // The provider replaces its key: nobody is kept out by what was known of it.
    drop(idp_first);
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    let idp_again = provider(idp, &back);
    let cleo = json!({ "email": "cleo@acme.example", "groups": ["agents"], "email_verified": true });
    announce(&idp_again, cleo).await;
    let (at, page) = Browser::new().open(&format!("{base}/sign-in/oidc?next=%2Faccount")).await;
    let (status, text) = (page.status(), page.text().await.unwrap());
    assert_eq!((at, status), (format!("{base}/account"), StatusCode::OK), "{text}");

    // The provider is offered on the page, and its secret is nowhere to be seen.
    let (_, page) = Browser::new().open(&format!("{base}/sign-in")).await;
    assert!(page.text().await.unwrap().contains("/sign-in/oidc?next="));
    let shown = site.run(&["config", "show", "--config", file.to_str().unwrap()]);
    assert!(!String::from_utf8(shown.stdout).unwrap().contains("the provider's secret"));
    drop(server);
    site.assert_healthy();
}

#[tokio::test(flavor = "multi_thread")]
async fn people_sign_in_through_an_identity_provider_on_sqlite() {
    story(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn people_sign_in_through_an_identity_provider_on_postgres() {
    story(Engine::Postgres).await;
}
