//! People and credentials from the command line.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may end here")]

mod common;

use common::{Engine, Site};

/// What a command prints, and what it complains about when it refuses.
fn said(site: &Site, args: &[&str]) -> Result<String, String> {
    let outcome = site.run(args);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    match outcome.status.success() {
        true => Ok(text(outcome.stdout)),
        false => Err(text(outcome.stderr)),
    }
}

fn line(text: &str, name: &str) -> String {
    text.lines().find_map(|line| line.strip_prefix(name)).expect(name).trim().to_owned()
}

#[tokio::test]
async fn a_person_is_let_in_once_and_gets_a_new_password_only_when_asked_for() {
    let site = Site::fresh(Engine::Sqlite).await;
    let add = ["user", "add", "Ben@acme.example", "--tenant", "acme", "--role", "coach"];
    let first = line(&said(&site, &add).unwrap(), "password");
    assert_eq!(first.len(), 20);
    let again = said(&site, &["user", "add", "ben@acme.example ", "--tenant", "acme"]).unwrap_err();
    assert!(again.contains("`ben@acme.example` has a log-in already, as coach"), "{again}");
    assert!(again.contains("touchline user password ben@acme.example --tenant acme"), "{again}");
    let anew = said(&site, &["user", "password", "BEN@acme.example", "--tenant", "acme"]).unwrap();
    assert_eq!(
        (line(&anew, "role"), line(&anew, "e-mail")),
        ("coach".to_owned(), "ben@acme.example".to_owned())
    );
    assert_ne!(line(&anew, "password"), first);
    let nobody = said(&site, &["user", "password", "cleo@acme.example", "--tenant", "acme"]).unwrap_err();
    assert!(nobody.contains("nobody signs in with `cleo@acme.example`"), "{nobody}");
    assert_eq!(said(&site, &["user", "list", "--tenant", "acme"]).unwrap().lines().count(), 1);
}

#[tokio::test]
async fn a_credential_is_shown_in_the_words_of_its_dialect() {
    let site = Site::fresh(Engine::Sqlite).await;
    let make = |dialect| said(&site, &["key", "create", "--dialect", dialect, "--tenant", "acme"]).unwrap();
    let c360 = make("c360");
    let (user, password) = (line(&c360, "user id"), line(&c360, "password"));
    let server = site.serve();
    let calls = format!("{}/api/ev/2/calls?since=2020-01-01T00:00Z", server.base);
    let answer = reqwest::Client::new().get(calls).basic_auth(user, Some(password)).send().await.unwrap();
    assert_eq!(answer.status(), reqwest::StatusCode::OK);
    let gladly = make("gladly");
    assert!(line(&gladly, "e-mail").ends_with("@api.invalid") && !line(&gladly, "API token").is_empty());
    let native = make("native");
    assert!(line(&native, "token").starts_with("tl_") && !native.contains("login"), "{native}");
}

#[tokio::test]
async fn what_reports_keep_is_worked_out_anew() {
    let site = Site::fresh(Engine::Sqlite).await;
    let rebuild = ["reports", "rebuild", "--tenant", "acme"];
    assert!(said(&site, &rebuild).unwrap().contains("anew: 0 groups"));
    let server = site.serve();
    for id in ["a", "b"] {
        server
            .put(&format!("/contacts/{id}"), &serde_json::json!({ "started_at": "2026-03-01T09:00:00Z" }))
            .await;
    }
    drop(server);
    assert!(said(&site, &rebuild).unwrap().contains("anew: 2 groups"), "each is a group of its own");
    assert!(
        said(&site, &["reports", "rebuild", "--tenant", "none"]).unwrap_err().contains("no tenant `none`")
    );
}

#[test]
fn a_folder_without_data_is_named_and_none_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let (data, to) = (folder.path().join("misspelt"), folder.path().join("warehouse"));
    let calls = folder.path().join("calls.ndjson");
    std::fs::write(&calls, "{}").unwrap();
    for command in [
        &["export", "users", "--since", "1d", "--to", to.to_str().unwrap()][..],
        &["import", calls.to_str().unwrap()],
        &["tenant", "list"],
        &["key", "list", "--tenant", "acme"],
        &["key", "create", "--tenant", "acme"],
        &["user", "list", "--tenant", "acme"],
        &["reports", "rebuild", "--tenant", "acme"],
        &["doctor"],
    ] {
        let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_touchline"));
        let outcome = program.args(command).arg("--data").arg(&data).output().unwrap();
        let complaint = String::from_utf8(outcome.stderr).unwrap();
        assert_eq!(outcome.status.code(), Some(1), "{command:?}: {complaint}");
        assert!(complaint.contains(&format!("no Touchline database in {}", data.display())), "{complaint}");
        assert!(!data.exists() && !to.exists(), "{command:?} has made a folder");
    }
    let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_touchline"));
    let made = program.args(["key", "create", "--operator", "--data"]).arg(&data).output().unwrap();
    assert!(made.status.success() && data.join("touchline.db").exists(), "an operator begins with a key");
}

#[test]
fn a_reader_who_has_seen_enough_is_no_error_and_a_wrong_command_is_another_than_a_failed_one() {
    let run = |args: &[&str]| {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_touchline"));
        let outcome =
            program.args(args).stdout(writer).stderr(std::process::Stdio::piped()).output().unwrap();
        (outcome.status.code(), String::from_utf8(outcome.stderr).unwrap())
    };
    for args in [&["export", "--list"][..], &["config", "show"]] {
        assert_eq!(run(args), (Some(0), String::new()), "{args:?}");
    }
    let (code, complaint) = run(&["export", "nonsense", "--since", "1d", "--to", "x"]);
    assert_eq!(code, Some(2), "{complaint}");
    let (code, complaint) = run(&["export", "users", "--since", "soon", "--to", "x", "--zone", "Nowhere"]);
    assert_eq!(code, Some(1), "{complaint}");
}
