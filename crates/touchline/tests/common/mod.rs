//! The real program as a child process, and somebody who talks to it over HTTP.
#![allow(dead_code, reason = "each test file uses its own part")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may end here")]

use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde_json::Value;
use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

/// Makes two tests of each story, one for each engine.
#[allow(unused_macros, unused_imports, reason = "each test file uses its own part")]
macro_rules! on_both_engines {
    ($($story:ident),+ $(,)?) => {
        mod on_sqlite {
            $(#[tokio::test] async fn $story() { super::$story(crate::common::Engine::Sqlite).await })+
        }
        mod on_postgres {
            $(#[tokio::test] async fn $story() { super::$story(crate::common::Engine::Postgres).await })+
        }
    };
}
#[allow(unused_imports, reason = "each test file uses its own part")]
pub(crate) use on_both_engines;

/// Which engine a story runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Engine {
    Sqlite,
    Postgres,
}

/// A data folder, its database, and a tenant's native token.
pub(crate) struct Site {
    folder: tempfile::TempDir,
    database: Option<String>,
    pub(crate) token: String,
}

impl Site {
    /// A fresh site with one tenant `acme`.
    pub(crate) async fn fresh(engine: Engine) -> Self {
        let database = match engine {
            Engine::Sqlite => None,
            Engine::Postgres => Some(touchline_testkit::postgres::fresh_database().await),
        };
        let mut site = Self { folder: tempfile::tempdir().unwrap(), database, token: String::new() };
        site.token = site.new_tenant("acme");
        site
    }

    /// Makes a tenant and returns its native token.
    pub(crate) fn new_tenant(&self, name: &str) -> String {
        let made = self.run(&["tenant", "create", name]);
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let text = String::from_utf8(made.stdout).unwrap();
        text.lines().find(|line| line.starts_with("tl_")).expect("a token").to_owned()
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// How the program is configured here.
    pub(crate) fn config(&self) -> touchline::config::Config {
        let database = self.database.clone().unwrap_or_default();
        touchline::config::Config { data: self.data(), database, ..Default::default() }
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_touchline"));
        command.args(args).arg("--data").arg(self.data());
        if let Some(database) = &self.database {
            command.arg("--database").arg(database);
        }
        command
    }

    /// Runs a command of the program to its end.
    pub(crate) fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    /// Starts `touchline serve` and waits until it is ready.
    pub(crate) fn serve(&self) -> Server {
        self.serve_with(&[])
    }

    pub(crate) fn serve_with(&self, more: &[&str]) -> Server {
        let args = [&["serve", "--listen", "127.0.0.1:0"], more].concat();
        let started = Instant::now();
        let mut child = self.command(&args).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        out.read_line(&mut line).unwrap();
        let base = line.split_whitespace().find(|word| word.starts_with("http://")).map(ToOwned::to_owned);
        let base = base.unwrap_or_else(|| panic!("no address in `{line}`"));
        let telephones = more.contains(&"--sip").then(|| {
            line.clear();
            out.read_line(&mut line).unwrap();
            let at = line.split_whitespace().find_map(|word| word.parse().ok());
            at.unwrap_or_else(|| panic!("no address of telephones in `{line}`"))
        });
        // Keep the pipe open, or the program's next line would fail.
        std::thread::spawn(move || out.lines().for_each(drop));
        Server {
            child,
            base,
            telephones,
            token: self.token.clone(),
            client: Client::new(),
            ready_after: started.elapsed(),
        }
    }

    /// `touchline doctor` finds nothing wrong.
    pub(crate) fn assert_healthy(&self) {
        let found = self.run(&["doctor"]);
        let text = String::from_utf8_lossy(&found.stdout);
        assert!(found.status.success(), "doctor: {text}{}", String::from_utf8_lossy(&found.stderr));
    }
}

/// A running server.
pub(crate) struct Server {
    child: Child,
    pub(crate) base: String,
    /// Where telephones come in, with `--sip`.
    pub(crate) telephones: Option<std::net::SocketAddr>,
    pub(crate) token: String,
    pub(crate) client: Client,
    pub(crate) ready_after: Duration,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Server {
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// SIGKILL: no chance to tidy up.
    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// A request to the native API.
    pub(crate) fn native(&self, method: &str, path: &str) -> RequestBuilder {
        let url = format!("{}/api/touchline/v1{path}", self.base);
        self.client.request(method.parse().unwrap(), url).bearer_auth(&self.token)
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        answer(self.native("GET", path), StatusCode::OK).await
    }

    /// Puts a record and expects it to be taken.
    pub(crate) async fn put(&self, path: &str, body: &Value) -> Value {
        let response = self.native("PUT", path).json(body).send().await.unwrap();
        let status = response.status();
        let text = response.text().await.unwrap();
        assert!(status.is_success(), "PUT {path}: {status} {text}");
        serde_json::from_str(&text).unwrap()
    }

    /// Sends NDJSON and returns the report's lines.
    pub(crate) async fn bulk(&self, path: &str, lines: String) -> Vec<Value> {
        let request = self.native("POST", path).header("content-type", "application/x-ndjson").body(lines);
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        let text = response.text().await.unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// A new Coach360 credential: user id, password.
    pub(crate) async fn c360_credential(&self, can_delete: bool) -> (String, String) {
        let body = serde_json::json!({ "dialect": "c360", "name": "test", "can_delete": can_delete });
        let made = answer(self.native("POST", "/credentials").json(&body), StatusCode::CREATED).await;
        (made["login"].as_str().unwrap().to_owned(), made["secret"].as_str().unwrap().to_owned())
    }

    /// A new Gladly credential: e-mail address, API token.
    pub(crate) async fn gladly_credential(&self, abilities: Option<&[&str]>) -> (String, String) {
        let body = serde_json::json!({ "dialect": "gladly", "name": "test", "abilities": abilities });
        let made = answer(self.native("POST", "/credentials").json(&body), StatusCode::CREATED).await;
        (made["login"].as_str().unwrap().to_owned(), made["secret"].as_str().unwrap().to_owned())
    }

    /// A request to the Coach360 dialect.
    pub(crate) async fn c360(&self, who: &(String, String), path: &str) -> Response {
        let url = format!("{}/api/ev/2{path}", self.base);
        self.client.get(url).basic_auth(&who.0, Some(&who.1)).send().await.unwrap()
    }

    /// Waits until no job is left.
    pub(crate) async fn settled(&self) {
        let deadline = Instant::now() + Duration::from_secs(120);
        loop {
            let text =
                self.client.get(format!("{}/metrics", self.base)).send().await.unwrap().text().await.unwrap();
            let open = text.lines().find_map(|line| line.strip_prefix("touchline_jobs_open "));
            if open == Some("0") {
                return;
            }
            assert!(Instant::now() < deadline, "jobs do not end: {text}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// Sends, expects a status, reads JSON.
pub(crate) async fn answer(request: RequestBuilder, status: StatusCode) -> Value {
    let response = request.send().await.unwrap();
    let (got, url) = (response.status(), response.url().clone());
    let text = response.text().await.unwrap();
    assert_eq!(got, status, "{url}: {text}");
    serde_json::from_str(&text).unwrap_or(Value::Null)
}

/// A folder of real data that lies beside the repository, if it is there.
pub(crate) fn shared_data(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(name);
    if path.exists() {
        return Some(path);
    }
    println!("left out: the data folder `{name}` is not beside the repository");
    None
}

/// A WAV file: 8 kHz, mono, 16 bit, a tone.
pub(crate) fn tone_wav(seconds: f64) -> Vec<u8> {
    let samples = (seconds * 8_000.0) as u32;
    let mut wav = Vec::new();
    wav.extend(b"RIFF");
    wav.extend((36 + samples * 2).to_le_bytes());
    wav.extend(b"WAVEfmt ");
    wav.extend(16_u32.to_le_bytes());
    wav.extend([1, 0, 1, 0]);
    wav.extend(8_000_u32.to_le_bytes());
    wav.extend(16_000_u32.to_le_bytes());
    wav.extend([2, 0, 16, 0]);
    wav.extend(b"data");
    wav.extend((samples * 2).to_le_bytes());
    for n in 0..samples {
        let value = (f64::from(n) * 433.0 * std::f64::consts::TAU / 8_000.0).sin() * 8_000.0;
        wav.extend((value as i16).to_le_bytes());
    }
    wav
}
