//! An import that is killed at any moment is started again and ends as if nothing had happened.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may end here")]

mod common;

use common::{Engine, Site, on_both_engines};
use std::{
    fmt::Write as _,
    fs,
    io::Write,
    process::{Child, Stdio},
    time::Duration,
};
use touchline::server;
use touchline_model::{Caller, TenantId};

on_both_engines!(contacts_go_on_after_sigkill, recordings_go_on_after_sigkill,);

const CONTACTS: usize = 3_000;
const RECORDINGS: usize = 60;

fn start(site: &Site, args: &[&str]) -> Child {
    let mut command = site.command(&[&["import"], args].concat());
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// How many contacts there are, and how many have recordings.
async fn state(site: &Site) -> (usize, usize, i64) {
    let app = server::open(&site.config()).await.unwrap();
    let caller = Caller::system(TenantId("acme".to_owned()), "test");
    let seq = app.store().tenant_state(&caller.tenant).await.unwrap().unwrap().seq;
    let all = app.contacts(&caller, None, CONTACTS + 1).await.unwrap();
    let recorded = all.iter().filter(|it| it.recording.is_some()).count();
    app.store().close().await;
    (all.len(), recorded, seq)
}

fn wav(tone: usize) -> Vec<u8> {
    let data: Vec<u8> = (0..16_000).map(|n| ((n * tone) % 251) as u8).collect();
    let mut wav = b"RIFF".to_vec();
    wav.extend((36 + data.len() as u32).to_le_bytes());
    wav.extend(
        b"WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x40\x1f\x00\x00\x40\x1f\x00\x00\x01\x00\x08\x00data",
    );
    wav.extend((data.len() as u32).to_le_bytes());
    wav.extend(data);
    wav
}

async fn contacts_go_on_after_sigkill(engine: Engine) {
    let lines: String = (0..CONTACTS).fold(String::new(), |mut all, n| {
        let words = "{\"words\":[{\"start\":0,\"end\":1,\"text\":\"hello\"}]}";
        let _ = writeln!(
            all,
            "{{\"id\":\"{n:05}\",\"started_at\":\"2026-03-01T09:00:00Z\",\"transcript\":{words}}}"
        );
        all
    });
    let half = lines.len() / 2;
    let mut wait = Duration::from_millis(500);
    let site = loop {
        let site = Site::fresh(engine).await;
        let mut child = start(&site, &["-"]);
        let mut pipe = child.stdin.take().unwrap();
        // The rest never comes: the program is killed while it waits in the middle of a line.
        pipe.write_all(&lines.as_bytes()[..half]).unwrap();
        std::thread::sleep(wait);
        child.kill().unwrap();
        child.wait().unwrap();
        let (contacts, _, _) = state(&site).await;
        assert!(contacts < CONTACTS, "half the input cannot give {contacts} contacts");
        if contacts > 0 {
            break site;
        }
        wait *= 2;
        assert!(wait < Duration::from_secs(60), "nothing is ever written before the end");
    };
    site.assert_healthy();
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), &lines).unwrap();
    let path = file.path().to_str().unwrap();
    let whole = site.run(&["import", path]);
    assert!(whole.status.success(), "{}", String::from_utf8_lossy(&whole.stderr));
    let after = state(&site).await;
    assert_eq!(after.0, CONTACTS);
    assert!(site.run(&["import", path]).status.success());
    assert_eq!(state(&site).await, after, "a second run changes nothing");
    site.assert_healthy();
}

async fn recordings_go_on_after_sigkill(engine: Engine) {
    let folder = tempfile::tempdir().unwrap();
    let mut table = "id,started_at,recording\n".to_owned();
    for n in 0..RECORDINGS {
        fs::write(folder.path().join(format!("{n}.wav")), wav(n + 1)).unwrap();
        let _ = writeln!(table, "{n},2026-03-01T09:00:00Z,{n}.wav");
    }
    fs::write(folder.path().join("calls.csv"), table).unwrap();
    let path = folder.path().to_str().unwrap();
    let site = Site::fresh(engine).await;
    // Killed again and again, each time a little later, until it has come to the end.
    let (mut wait, mut cut) = (Duration::from_millis(20), 0_usize);
    loop {
        let mut child = start(&site, &[path]);
        std::thread::sleep(wait);
        child.kill().unwrap();
        let ended = child.wait().unwrap();
        let (_, recorded, _) = state(&site).await;
        cut += usize::from(recorded > 0 && recorded < RECORDINGS);
        if ended.success() || recorded == RECORDINGS {
            break;
        }
        wait += Duration::from_millis(8);
    }
    println!("killed {cut} times with some of the recordings in");
    assert!(cut > 0, "no run was cut in the middle");
    let whole = site.run(&["import", path]);
    assert!(whole.status.success(), "{}", String::from_utf8_lossy(&whole.stderr));
    let after = state(&site).await;
    assert_eq!((after.0, after.1), (RECORDINGS, RECORDINGS));
    assert!(site.run(&["import", path]).status.success());
    assert_eq!(state(&site).await, after, "a second run changes nothing");
    site.assert_healthy();
}
