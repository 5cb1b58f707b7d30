//! A full disk: said so, nothing lost that was reported, and all well again once there is room.
//!
//! The disk is a small tmpfs, which only root may mount. Elsewhere this test says so and passes.

use crate::world::{Answer, World, contact, wav};
use reqwest::Method;
use serde_json::{Value, json};
use std::{collections::BTreeSet, path::Path, process::Command};
use touchline_app::Limits;

struct SmallDisk(std::path::PathBuf);

impl SmallDisk {
    fn mount(at: &Path, megabytes: u32) -> Option<Self> {
        let size = format!("size={megabytes}m");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(at).output();
        if mounted.is_ok_and(|it| it.status.success()) {
            return Some(Self(at.to_owned()));
        }
        println!("not tested: a small disk cannot be mounted here");
        None
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: the database may still be closing its files.
        let _status = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_loses_nothing_that_was_reported() {
    let folder = tempfile::tempdir().unwrap();
    let Some(_disk) = SmallDisk::mount(folder.path(), 56) else { return };
    let world = World::sqlite_in(folder, Limits::default()).await;
    world.put("/contacts/first", &contact("first")).await.is(201);
    let room = world.folder.path().join("ballast");
    std::fs::write(&room, vec![0; 40 << 20]).unwrap();

    // More than fits, in one go.
    let note = "n".repeat(4_000);
    let body: String = (0..8_000)
        .map(|n| {
            let mut it = contact(&format!("c{n:05}"));
            it["metadata"] = json!({ "note": note, "n": n });
            format!("{it}\n")
        })
        .collect();
    let report = world.bulk("/contacts", body).await;
    assert_eq!(report.len(), 8_001);
    let summary = &report[8_000]["summary"];
    assert_eq!(summary["error"]["status"], 507, "{summary}");
    let created: BTreeSet<String> = report
        .iter()
        .filter(|line| line["status"] == "created")
        .map(|line| line["id"].as_str().unwrap().to_owned())
        .collect();
    assert!(created.len() >= 500 && created.len() < 8_000, "{}", created.len());
    assert_eq!(summary["created"], created.len());
    assert_eq!(summary["refused"], 8_000 - created.len());
    let refused: Vec<&Value> = report[..8_000].iter().filter(|line| line["status"] == "refused").collect();
    assert!(refused.iter().all(|line| line["error"]["type"] == "urn:touchline:problem:disk-full"));
    assert_eq!(refused[0]["line"], created.len() + 1, "once the disk is full, nothing more is tried");

    // A record and a recording are refused in the same way. Use up what crumbs are left first.
    let crumbs = world.folder.path().join("crumbs");
    let mut bytes = vec![0_u8; 16 << 20];
    while std::fs::write(&crumbs, &bytes).is_err() {
        bytes.truncate(bytes.len().saturating_sub(4_096));
    }
    let audio = world.request(Method::POST, "/contacts/first/audio").header("content-type", "audio/wav");
    let problem = Answer::of(audio.body(wav(60.0))).await.problem(507);
    assert_eq!(problem["title"], "The disk is full");
    let mut large = contact("large");
    let text = "nonsense ".repeat(40_000);
    let said = |n: usize| json!({ "start": n * 60, "end": n * 60 + 59, "speaker": 0, "text": text });
    large["transcript"] = json!({ "utterances": (0..12).map(said).collect::<Vec<_>>() });
    world.put("/contacts/large", &large).await.problem(507);

    std::fs::remove_file(&crumbs).unwrap();
    std::fs::remove_file(&room).unwrap();
    let there: BTreeSet<String> = world.ids("/contacts", 1_000).await.into_iter().collect();
    assert_eq!(there.len(), created.len() + 1, "exactly what was reported, and the first");
    assert!(created.is_subset(&there));
    assert_eq!(world.get("/contacts/c00007").await.is(200).json()["metadata"]["n"], 7);
    let audio = world.request(Method::POST, "/contacts/first/audio").header("content-type", "audio/wav");
    Answer::of(audio.body(wav(60.0))).await.is(201);
    world.put("/contacts/after", &contact("after")).await.is(201);
    world.work().await;
    assert_eq!(world.get("/contacts/first").await.json()["state"], "COMPLETE");
    assert_eq!(world.get("/audit/verify").await.json(), json!({ "intact": true }));
    assert_eq!(world.app.store().engine_check().await.unwrap(), Vec::<String>::new());
}
