//! Senders who go away half-way.

use crate::world::{World, contact, files, wav};
use serde_json::Value;
use std::{collections::BTreeSet, time::Duration};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

on_both_engines!(
    what_was_reported_is_there_and_the_rest_is_not,
    half_a_recording_is_no_recording,
    half_a_record_is_none,
);

async fn what_was_reported_is_there_and_the_rest_is_not(world: World) {
    let head = "Content-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n";
    let mut stream = world.begin("POST", "/contacts", head).await;
    let mut lines: String = (0..1_200).map(|n| format!("{}\n", contact(&format!("c{n:05}")))).collect();
    stream.write_all(format!("{:x}\r\n{lines}\r\n", lines.len()).as_bytes()).await.unwrap();
    // Read the report until the server has told of every line, then send half a chunk and hang up.
    let mut report = String::new();
    while !report.contains("c01199") {
        let mut buffer = [0; 65_536];
        let read = tokio::time::timeout(Duration::from_secs(20), stream.read(&mut buffer)).await;
        let read = read.unwrap().unwrap();
        assert!(read > 0, "{report}");
        report.push_str(std::str::from_utf8(&buffer[..read]).unwrap());
    }
    lines = (0..40).map(|n| format!("{}\n", contact(&format!("late{n:05}")))).collect();
    stream
        .write_all(format!("{:x}\r\n{}", lines.len(), &lines[..lines.len() - 20]).as_bytes())
        .await
        .unwrap();
    drop(stream);

    let reported: BTreeSet<String> = report
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter_map(|line| Some(line["id"].as_str()?.to_owned()))
        .collect();
    assert!(reported.len() > 1_000);
    tokio::time::sleep(Duration::from_millis(300)).await;
    let there: BTreeSet<String> = world.ids("/contacts", 1_000).await.into_iter().collect();
    assert!(reported.is_subset(&there), "everything reported is there");
    assert_eq!(there.len(), 1_200, "the lines of the broken chunk are not applied");
    world.put("/contacts/next", &contact("next")).await.is(201);
}

async fn half_a_recording_is_no_recording(world: World) {
    world.put("/contacts/c", &contact("c")).await.is(201);
    let file = wav(20.0);
    for head in [
        format!("Content-Type: audio/wav\r\nContent-Length: {}\r\n", file.len()),
        "Content-Type: audio/wav\r\nTransfer-Encoding: chunked\r\n".to_owned(),
        format!("Content-Type: multipart/form-data; boundary=b\r\nContent-Length: {}\r\n", file.len() + 500),
    ] {
        let mut stream = world.begin("POST", "/contacts/c/audio", &head).await;
        if head.contains("chunked") {
            stream.write_all(format!("{:x}\r\n", file.len()).as_bytes()).await.unwrap();
        }
        if head.contains("boundary") {
            let part = b"--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x.wav\"\r\n\r\n";
            stream.write_all(part).await.unwrap();
        }
        stream.write_all(&file[..file.len() / 2]).await.unwrap();
        stream.flush().await.unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
        drop(stream);
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    let seen = world.get("/contacts/c").await.is(200).json();
    assert_eq!((&seen["recording"], &seen["state"]), (&Value::Null, &Value::from("UPLOADED")));
    world.get("/contacts/c/audio").await.problem(404);
    assert!(files(&world.folder.path().join("blobs")).is_empty(), "no bytes are left behind");

    // A half-closed connection still hears why.
    let head = format!("Content-Type: audio/wav\r\nContent-Length: {}\r\n", file.len());
    let mut stream = world.begin("POST", "/contacts/c/audio", &head).await;
    stream.write_all(&file[..1_000]).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answer = String::new();
    let _ = tokio::time::timeout(Duration::from_secs(10), stream.read_to_string(&mut answer)).await.unwrap();
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400"), "{answer}");
    assert_eq!(world.get("/contacts/c").await.json()["recording"], Value::Null);
}

async fn half_a_record_is_none(world: World) {
    let body = contact("c").to_string();
    let head = format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
    let mut stream = world.begin("PUT", "/contacts/c", &head).await;
    stream.write_all(&body.as_bytes()[..body.len() - 5]).await.unwrap();
    drop(stream);
    tokio::time::sleep(Duration::from_millis(200)).await;
    world.get("/contacts/c").await.problem(404);
}
