//! Recordings in and out.

use crate::world::{Answer, World, contact, files, wav};
use reqwest::{Method, multipart};
use serde_json::{Value, json};
use touchline_app::{Limits, contacts::SearchField, store::search_key};
use touchline_model::Caller;

on_both_engines!(
    a_recording_goes_in_and_comes_out_in_parts,
    a_contact_is_found_by_the_name_of_its_recording_until_it_is_erased,
    cut_and_mislabelled_recordings,
    what_is_no_upload,
);

async fn upload(world: &World, id: &str, name: &str, media_type: &str, bytes: Vec<u8>) -> Answer {
    let part = multipart::Part::bytes(bytes).file_name(name.to_owned()).mime_str(media_type).unwrap();
    let form = multipart::Form::new().part("file", part);
    Answer::of(world.request(Method::POST, &format!("/contacts/{id}/audio")).multipart(form)).await
}

async fn a_contact_is_found_by_the_name_of_its_recording_until_it_is_erased(world: World) {
    world.put("/contacts/c", &contact("c")).await.is(201);
    let caller = Caller::system("acme".into(), "test");
    let found = async |name: &str| {
        world.app.search(&caller, &SearchField::OriginalPath, name, 9).await.unwrap().len()
    };
    upload(&world, "c", "First.wav", "audio/wav", wav(0.5)).await.is(201);
    assert_eq!(found("first.wav").await, 1);
    upload(&world, "c", "Second.wav", "audio/wav", wav(0.75)).await.is(201);
    assert_eq!((found("first.wav").await, found("second.wav").await), (0, 1));
    world.work().await;
    let blobs = world.folder.path().join("blobs");
    let [kept] = &files(&blobs)[..] else { panic!("the first recording is not gone") };
    let bytes = std::fs::read(kept).unwrap();
    world.delete("/contacts/c").await.is(204);
    assert!(!kept.exists());
    // As if the power had failed between the commit and the removal.
    std::fs::write(kept, bytes).unwrap();
    world.work().await;
    assert!(!kept.exists(), "a job sees to it");
    for name in ["first.wav", "second.wav"] {
        let key = search_key("originalPath", name);
        assert!(world.app.store().by_field(&caller.tenant, key, 9).await.unwrap().is_empty(), "{name}");
    }
}

async fn a_recording_goes_in_and_comes_out_in_parts(world: World) {
    world.put("/contacts/c", &contact("c")).await.is(201);
    let file = wav(1.25);
    let received = upload(&world, "c", "Anruf ä.wav", "audio/wav", file.clone()).await.is(201).json();
    assert_eq!(received["changed"], true);
    assert_eq!(received["recording"]["bytes"], file.len());
    assert_eq!(received["recording"]["media_type"], "audio/wav");
    assert_eq!(world.get("/contacts/c").await.json()["state"], "UPLOADED");
    world.work().await;
    let seen = world.get("/contacts/c").await.json();
    assert_eq!((&seen["state"], &seen["duration"]), (&json!("COMPLETE"), &json!(1.25)));
    assert_eq!(seen["original_path"], "Anruf ä.wav");
    assert_eq!(
        upload(&world, "c", "Anruf ä.wav", "audio/wav", file.clone()).await.is(200).json()["changed"],
        false
    );

    let tag = format!("\"{}\"", received["recording"]["sha256"].as_str().unwrap());
    let whole = world.get("/contacts/c/audio").await.is(200);
    assert!(whole.bytes == file);
    assert_eq!(whole.header("content-type"), "audio/wav");
    assert_eq!((whole.header("etag"), whole.header("accept-ranges")), (tag.as_str(), "bytes"));
    let ask = async |headers: &[(&str, &str)]| {
        let request = world.request(Method::GET, "/contacts/c/audio");
        Answer::of(headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))).await
    };
    let size = file.len();
    for (range, part) in [
        ("bytes=0-0".to_owned(), 0..1),
        ("bytes=100-1099".to_owned(), 100..1_100),
        (format!("bytes={}-", size - 7), size - 7..size),
        ("bytes=-5".to_owned(), size - 5..size),
        (format!("bytes=10-{}", size * 2), 10..size),
    ] {
        let answer = ask(&[("range", &range)]).await.is(206);
        let shown = format!("bytes {}-{}/{size}", part.start, part.end - 1);
        assert_eq!(answer.header("content-range"), shown);
        assert_eq!(answer.header("content-length"), part.len().to_string());
        assert!(answer.bytes == file[part], "{range}");
    }
    let outside = ask(&[("range", &format!("bytes={size}-"))]).await;
    outside.problem(416);
    assert_eq!(outside.header("content-range"), format!("bytes */{size}"));
    ask(&[("range", "bytes=1-2"), ("if-range", &tag)]).await.is(206);
    assert_eq!(ask(&[("range", "bytes=1-2"), ("if-range", "\"old\"")]).await.is(200).bytes.len(), size);
    assert!(ask(&[("if-none-match", &tag)]).await.is(304).bytes.is_empty());
    let head = Answer::of(world.request(Method::HEAD, "/contacts/c/audio")).await.is(200);
    assert_eq!(
        (head.header("content-length"), head.header("etag")),
        (size.to_string().as_str(), tag.as_str())
    );
    assert!(head.bytes.is_empty());

    // The bytes themselves, without a form; another recording replaces the first, and its bytes go.
    let other = wav(0.5);
    let request = world.request(Method::POST, "/contacts/c/audio").header("content-type", "audio/x-whatever");
    Answer::of(request.body(other.clone())).await.is(201);
    assert!(world.get("/contacts/c/audio").await.is(200).bytes == other);
    assert_eq!(files(&world.folder.path().join("blobs")).len(), 1);
}

async fn cut_and_mislabelled_recordings(world: World) {
    let file = wav(2.0);
    for id in ["cut", "noise", "named", "words"] {
        world.put(&format!("/contacts/{id}"), &contact(id)).await.is(201);
    }
    upload(&world, "cut", "a.wav", "audio/wav", file[..file.len() / 2].to_vec()).await.is(201);
    let noise: Vec<u8> = b"OggS".iter().copied().chain((0..5_000_u32).map(|n| (n * 7 % 251) as u8)).collect();
    let noise = upload(&world, "noise", "a.ogg", "audio/ogg", noise).await;
    // Content counts, names do not.
    let named = upload(&world, "named", "a.mp3", "audio/mpeg", file.clone()).await.is(201).json();
    assert_eq!(named["recording"]["media_type"], "audio/wav");
    let text = upload(&world, "words", "a.wav", "audio/wav", b"These are words, not sounds.".to_vec()).await;
    let problem = text.problem(415);
    assert!(problem["detail"].as_str().unwrap().contains("WAV, MP3, OGG"), "{problem}");
    let empty = upload(&world, "words", "a.wav", "audio/wav", vec![]).await.problem(415);
    assert!(empty["detail"].as_str().unwrap().contains("empty"), "{empty}");

    world.work().await;
    let cut = world.get("/contacts/cut").await.json();
    assert_eq!(cut["state"], "CONVERTER_REJECTED");
    assert!(cut["failure"].as_str().is_some_and(|reason| !reason.is_empty()), "{cut}");
    // Known for what it is at once, or found out by reading it.
    match noise.status {
        201 => {
            let noise = world.get("/contacts/noise").await.json();
            assert_eq!(noise["state"], "CONVERTER_REJECTED");
            assert!(noise["failure"].is_string());
        }
        _ => drop(noise.problem(415)),
    }
    assert_eq!(world.get("/contacts/named").await.json()["state"], "COMPLETE");
    let words = world.get("/contacts/words").await.json();
    assert_eq!((&words["state"], &words["recording"]), (&json!("UPLOADED"), &Value::Null));
    // A whole recording makes good.
    upload(&world, "cut", "a.wav", "audio/wav", file).await.is(201);
    world.work().await;
    let cut = world.get("/contacts/cut").await.json();
    assert_eq!(
        (&cut["state"], &cut["failure"], &cut["duration"]),
        (&json!("COMPLETE"), &Value::Null, &json!(2))
    );
}

async fn what_is_no_upload(world: World) {
    world.put("/contacts/c", &contact("c")).await.is(201);
    // Large enough that the client is still sending when the server knows better.
    upload(&world, "none", "a.wav", "audio/wav", wav(1_200.0)).await.problem(404);
    let request = world.request(Method::POST, "/contacts/none/audio").header("content-type", "audio/wav");
    Answer::of(request.body(wav(1_200.0))).await.problem(404);
    let form = multipart::Form::new().text("title", "x");
    let answer = Answer::of(world.request(Method::POST, "/contacts/c/audio").multipart(form)).await;
    assert_eq!(answer.problem(400)["field"], "file");
    world.post("/contacts/c/audio", &json!({})).await.problem(415);
    let request =
        world.request(Method::POST, "/contacts/c/audio").header("content-type", "multipart/form-data");
    Answer::of(request.body("x")).await.problem(400);
    let request = world.request(Method::POST, "/contacts/c/audio");
    let request = request.header("content-type", "multipart/form-data; boundary=q");
    Answer::of(request.body("no boundary here")).await.problem(400);
    world.get("/contacts/c/audio").await.problem(404);
    assert!(files(&world.folder.path().join("blobs")).is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recording_that_is_too_large() {
    let limits = Limits { recording_bytes: 10_000, ..Limits::default() };
    let world = World::sqlite_in(tempfile::tempdir().unwrap(), limits).await;
    world.put("/contacts/c", &contact("c")).await.is(201);
    upload(&world, "c", "a.wav", "audio/wav", wav(0.5)).await.is(201);
    let problem = upload(&world, "c", "a.wav", "audio/wav", wav(0.7)).await.problem(413);
    assert_eq!(problem["detail"], "larger than the 10000 bytes that are allowed");
    assert_eq!(world.get("/contacts/c").await.json()["recording"]["bytes"], wav(0.5).len());
    assert_eq!(files(&world.folder.path().join("blobs")).len(), 1);
}
