//! People who log in: to the voice dialect, and to the pages.

use crate::common::{Server, Site};
use reqwest::{Client, Method, StatusCode, header, redirect::Policy};
use serde_json::Value;

/// A new password for somebody of the directory.
pub(crate) fn new_login(site: &Site, email: &str, role: &str) -> String {
    let made = site.run(&["user", "add", email, "--tenant", "acme", "--role", role]);
    let text = String::from_utf8(made.stdout).unwrap();
    let password = text.lines().find_map(|line| line.strip_prefix("password"));
    password.unwrap_or_else(|| panic!("no password in `{text}`")).trim().to_owned()
}

/// Somebody with a voice client.
pub(crate) struct Voice {
    client: Client,
    base: String,
    cookie: String,
    token: String,
}

impl Voice {
    pub(crate) async fn log_in(server: &Server, email: &str, password: &str) -> Self {
        let (client, base) = (server.client.clone(), format!("{}/api/v2", server.base));
        let answer = client.get(format!("{base}/me")).basic_auth(email, Some(password)).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{email}");
        let text = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
        let cookie = text("set-cookie").split(';').next().unwrap().to_owned();
        let token = text("x-csrf-token");
        Self { client, base, cookie, token }
    }

    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Value {
        let request = self.client.request(method, format!("{}{path}", self.base));
        let request = request.header(header::COOKIE, &self.cookie).header("x-csrf-token", &self.token);
        let request = match &body {
            Some(body) => request.json(body),
            None => request,
        };
        let answer: Value = request.send().await.unwrap().json().await.unwrap();
        assert_eq!(answer["statusCode"], 0, "{path} {body:?}: {answer}");
        answer
    }

    pub(crate) async fn sees(&self, path: &str) -> Value {
        self.ask(Method::GET, path, None).await
    }

    pub(crate) async fn wants(&self, path: &str, body: Value) {
        self.ask(Method::POST, path, Some(body)).await;
    }
}

/// Somebody with a browser.
pub(crate) struct Pages {
    cookie: String,
}

pub(crate) async fn sign_in(server: &Server, email: &str, password: &str) -> Pages {
    let client = Client::builder().redirect(Policy::none()).build().unwrap();
    let request = client.post(format!("{}/sign-in", server.base)).header("sec-fetch-site", "same-origin");
    let answer = request.form(&[("email", email), ("password", password)]).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{email}");
    let cookie = answer.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    Pages { cookie }
}

impl Pages {
    pub(crate) async fn get(&self, server: &Server, path: &str) -> String {
        let request =
            server.client.get(format!("{}{path}", server.base)).header(header::COOKIE, &self.cookie);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        answer.text().await.unwrap()
    }
}
