//! `touchline demo --simulate`: the real program with simulated customers, agents and a supervisor, who speak SIP and send
//! sound over loopback.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may end here")]

use reqwest::{Client, StatusCode, redirect::Policy};
use serde_json::Value;
use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

/// How long anything may take on a slow machine.
const LIMIT: Duration = Duration::from_secs(180);

fn touchline(args: &[&str], data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_touchline"));
    command.args(args).arg("--data").arg(data);
    command
}

/// The program, ended with the test.
struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Asks again until the answer is what is waited for.
async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let begin = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(begin.elapsed() < LIMIT, "never: {what}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Calls of simulated customers that were spoken in, and have their recordings.
async fn spoken(client: &Client, base: &str, token: &str) -> Vec<Value> {
    let (mut all, mut cursor) = (vec![], String::new());
    loop {
        let url = format!("{base}/api/touchline/v1/contacts?limit=500{cursor}");
        let page: Value = client.get(url).bearer_auth(token).send().await.unwrap().json().await.unwrap();
        all.extend(page["items"].as_array().unwrap_or_else(|| panic!("{page}")).clone());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    let simulated = |it: &Value| it["metadata"]["inbox"] == "queue-5110" && !it["recording"].is_null();
    all.retain(simulated);
    all
}

// covers(genesys): R-15
#[tokio::test]
async fn simulated_people_speak_until_the_server_ends_and_leave_nothing_open() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let args =
        ["demo", "--listen", "127.0.0.1:0", "--contacts", "60", "--simulate", "3", "--simulate-talk", "3"];
    let mut program = Program(touchline(&args, &data).stdout(Stdio::piped()).spawn().unwrap());
    let mut lines = BufReader::new(program.0.stdout.take().unwrap()).lines();
    let first = lines.next().unwrap().unwrap();
    let base = first.split_whitespace().find(|word| word.starts_with("http://")).unwrap().to_owned();
    let second = lines.next().unwrap().unwrap();
    assert!(second.contains("Telephones are served at 127.0.0.1:"), "without --sip it is loopback: {second}");
    std::thread::spawn(move || lines.for_each(drop));
    let logins: Value =
        serde_json::from_slice(&std::fs::read(data.join("demo-credentials.json")).unwrap()).unwrap();
    let supervisor =
        logins["genesys"].as_array().unwrap().iter().find(|it| it["role"] == "supervisor").unwrap();

    // Somebody without a telephone looks at the wall.
    let client = Client::builder().redirect(Policy::none()).build().unwrap();
    let form = [
        ("email", supervisor["userName"].as_str().unwrap()),
        ("password", supervisor["password"].as_str().unwrap()),
    ];
    let entered = client.post(format!("{base}/sign-in")).header("sec-fetch-site", "same-origin").form(&form);
    let entered = entered.send().await.unwrap();
    assert_eq!(entered.status(), StatusCode::SEE_OTHER);
    let cookie = entered.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let wall = async || {
        let page = client.get(format!("{base}/live/wall")).header("cookie", &cookie).send().await.unwrap();
        assert_eq!(page.status(), StatusCode::OK);
        page.text().await.unwrap()
    };
    let alive = until("two customers on the wall at once", async || {
        let page = wall().await;
        let there = (100..103).filter(|it| page.contains(&format!("07700900{it}"))).count();
        (there >= 2).then_some(page)
    });
    let alive = alive.await;
    assert!(alive.contains("Customer line (simulated)"), "with the queue that they have called");
    for name in ["Marcus Webb", "Ana Ruiz", "Joel Carver"] {
        assert!(
            alive.contains(name),
            "the supervisor of the sample may watch all agents, of whatever team: {name}"
        );
    }

    // Calls become contacts, of several customers and agents, one after another.
    let token = logins["native"]["token"].as_str().unwrap();
    let calls = until("six calls that were spoken in", async || {
        let all = spoken(&client, &base, token).await;
        (all.len() >= 6).then_some(all)
    });
    let calls = calls.await;
    let of = |name: &str| calls.iter().map(|it| it[name].to_string()).collect::<BTreeSet<_>>();
    assert!(of("agent_id").len() >= 2, "more than one agent: {calls:?}");
    let customers: BTreeSet<String> =
        calls.iter().map(|it| it["metadata"]["customer_number"].to_string()).collect();
    assert!(customers.len() >= 2, "more than one customer: {customers:?}");
    for call in &calls {
        assert!(call["duration"].as_f64().unwrap() > 0.0, "they have spoken: {call}");
        assert_eq!(call["metadata"].get("cut"), None, "whole: {call}");
    }

    // It ends when the server is told to, with everybody's last word.
    let told = Command::new("kill").args(["-TERM", &program.0.id().to_string()]).status().unwrap();
    assert!(told.success());
    let status = tokio::task::spawn_blocking(move || program.0.wait().unwrap()).await.unwrap();
    assert!(status.success(), "{status}");
    let file = data.join("touchline.db");
    let store = touchline_store::Store::open_sqlite(&file, std::sync::Arc::new(touchline_model::SystemClock));
    let store = store.await.unwrap();
    let open = store.open_calls("main").await.unwrap();
    assert_eq!(open.len(), 0, "no call is left open: {}", open.len());
    store.close().await;
    let Output { status, stdout, .. } = touchline(&["doctor"], &data).output().unwrap();
    assert!(status.success(), "{}", String::from_utf8_lossy(&stdout));
}
