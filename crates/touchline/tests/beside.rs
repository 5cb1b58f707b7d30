//! What may run beside a server on the same data folder, and what may not.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may end here")]

mod common;

use common::{Engine, Site};
use serde_json::json;

fn refused(site: &Site, args: &[&str]) -> String {
    let outcome = site.run(args);
    assert!(!outcome.status.success(), "{args:?} was let in");
    assert_eq!(outcome.stdout, b"", "it must not say that it is ready");
    String::from_utf8(outcome.stderr).unwrap()
}

#[tokio::test]
async fn a_second_server_on_one_folder_is_refused_and_everything_else_works_beside_the_first() {
    let site = Site::fresh(Engine::Sqlite).await;
    let mut server = site.serve();
    for args in [&["serve", "--listen", "127.0.0.1:0"][..], &["demo", "--load-only", "--contacts", "5"]] {
        let error = refused(&site, args);
        let folder = site.data().display().to_string();
        assert!(error.contains("another Touchline server") && error.contains(&folder), "{error}");
        assert!(error.contains(&format!("process {}", server.pid())), "{error}");
    }
    // The first one goes on, and sees what others write beside it.
    site.new_tenant("beside");
    let lines = site.data().with_file_name("contacts.ndjson");
    std::fs::write(&lines, "{\"id\":\"c-1\",\"started_at\":\"2026-03-01T09:00:00Z\",\"duration\":20}\n")
        .unwrap();
    let imported = site.run(&["import", lines.to_str().unwrap(), "--tenant", "acme"]);
    assert!(imported.status.success(), "{}", String::from_utf8_lossy(&imported.stderr));
    assert_eq!(server.get("/contacts/c-1").await["id"], "c-1");
    assert!(site.run(&["key", "list", "--tenant", "acme"]).status.success());
    server.put("/contacts/c-2", &json!({ "id": "c-2", "started_at": "2026-03-01T09:00:00Z" })).await;
    site.assert_healthy();
    // However a server ends, its folder is free.
    server.kill();
    let next = site.serve();
    assert_eq!(next.get("/contacts/c-2").await["id"], "c-2");
}

#[tokio::test]
async fn several_servers_share_postgres() {
    let site = Site::fresh(Engine::Postgres).await;
    let (one, two) = (site.serve(), site.serve());
    one.put("/contacts/c-1", &json!({ "id": "c-1", "started_at": "2026-03-01T09:00:00Z" })).await;
    assert_eq!(two.get("/contacts/c-1").await["id"], "c-1");
}
