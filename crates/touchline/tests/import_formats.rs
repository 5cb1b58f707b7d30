//! Transcripts and messages of other programs, imported as a user does it, and the preview of the same files.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may end here")]

mod common;

use common::{Engine, Site, on_both_engines};
use std::{fs, path::Path};
use touchline::server;
use touchline_app::App;
use touchline_intake::{Bounds, Format, Options, Progress, StartedAt, preview};
use touchline_model::{Ability, Caller, Channel, ContactState, SpeakerType, TenantId, Transcript};

on_both_engines!(
    every_format_is_known_by_its_content_and_finds_its_contact,
    a_chat_becomes_a_contact_with_the_exact_times_of_its_messages,
    a_transcript_without_a_contact_needs_a_time,
    a_preview_shows_what_would_come_and_changes_nothing,
    what_is_left_to_the_server_is_counted,
);

const VTT: &str = "WEBVTT\n\nNOTE made by hand\n\n1\n00:00:01.000 --> 00:00:03.000 line:0\n<v Ann Lee (Agent)>Good morning,\nhow can I help?\n\n2\n00:00:03.500 --> 00:00:05.000\n<v Customer>My bill is wrong.\n";
const SRT: &str = "\u{feff}1\r\n00:00:01,000 --> 00:00:02,000\r\nAgent: Good morning.\r\n\r\n2\r\n00:00:02,500 --> 00:00:04,000\r\nCustomer: My bill\r\nis wrong.\r\n";
const AWS: &str = r#"{"jobName":"job","accountId":"1","results":{"transcripts":[{"transcript":"Good morning. Hello"}],
  "speaker_labels":{"speakers":2,"segments":[
    {"start_time":"0.5","end_time":"1.4","speaker_label":"spk_0","items":[{"start_time":"0.5","end_time":"0.8","speaker_label":"spk_0"},{"start_time":"0.9","end_time":"1.4","speaker_label":"spk_0"}]},
    {"start_time":"2.0","end_time":"2.4","speaker_label":"spk_1","items":[{"start_time":"2.0","end_time":"2.4","speaker_label":"spk_1"}]}]},
  "items":[{"start_time":"0.5","end_time":"0.8","alternatives":[{"confidence":"0.99","content":"Good"}],"type":"pronunciation"},
    {"start_time":"0.9","end_time":"1.4","alternatives":[{"confidence":"0.98","content":"morning"}],"type":"pronunciation"},
    {"alternatives":[{"confidence":"0.0","content":"."}],"type":"punctuation"},
    {"start_time":"2.0","end_time":"2.4","alternatives":[{"confidence":"0.9","content":"Hello"}],"type":"pronunciation"}]},"status":"COMPLETED"}"#;
const DEEPGRAM: &str = r#"{"metadata":{"request_id":"r","created":"2026-03-01T12:00:00.000Z","duration":20.5,"channels":2},"results":{"channels":[
  {"alternatives":[{"transcript":"good morning","confidence":0.99,"words":[{"word":"good","start":0.5,"end":0.8,"confidence":0.99,"punctuated_word":"Good"},{"word":"morning","start":0.9,"end":1.4,"confidence":0.98,"punctuated_word":"morning."}]}]},
  {"alternatives":[{"transcript":"hello","confidence":0.9,"words":[{"word":"hello","start":2.0,"end":2.4,"confidence":0.9,"punctuated_word":"Hello"}]}]}]}}"#;
const ASSEMBLY: &str = r#"{"id":"t","status":"completed","audio_url":"u","text":"Good morning. Hello","audio_duration":21,
  "words":[{"text":"Good","start":500,"end":800,"confidence":0.99,"speaker":"A"}],
  "utterances":[{"speaker":"A","text":"Good morning.","start":500,"end":1400,"confidence":0.99,"words":[{"text":"Good","start":500,"end":800,"confidence":0.99,"speaker":"A"},{"text":"morning.","start":900,"end":1400,"confidence":0.98,"speaker":"A"}]},
    {"speaker":"B","text":"Hello","start":2000,"end":2400,"confidence":0.9,"words":[{"text":"Hello","start":2000,"end":2400,"confidence":0.9,"speaker":"B"}]}]}"#;
const CHAT: &str = "{\"conversation_id\":\"chat-1\",\"time\":\"2026-03-01T09:00:00.5Z\",\"author\":\"Bob\",\"role\":\"customer\",\"text\":\"Hi, my bill is wrong.\"}\n\
  {\"conversation_id\":\"mail-1\",\"time\":\"2026-03-01T10:00:00Z\",\"author\":\"Eve <eve@c.example>\",\"subject\":\"Refund\",\"text\":\"Please refund me.\"}\n\
  {\"conversation_id\":\"chat-1\",\"time\":\"2026-03-01T09:00:42.123456Z\",\"author\":{\"name\":\"Ann Lee\",\"email\":\"Ann@x.example\",\"type\":\"agent\"},\"text\":\"Let me look.\"}\n\
  {\"conversation_id\":\"chat-1\",\"time\":\"noon\",\"author\":\"Bob\",\"text\":\"?\"}\n";

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Runs `touchline import`: exit code, output, errors.
fn import(site: &Site, args: &[&str]) -> (i32, String, String) {
    let output = site.run(&[&["import"], args].concat());
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// An import that refuses nothing; then once more, which changes nothing.
fn import_twice(site: &Site, args: &[&str], sum: &str) {
    let (code, out, err) = import(site, args);
    assert!(code == 0 && out.contains(sum), "{out}{err}");
    let (code, out, err) = import(site, args);
    assert!(code == 0 && out.contains(": 0 created, 0 updated"), "{out}{err}");
}

async fn open(site: &Site) -> (App, Caller) {
    let app = server::open(&site.config()).await.unwrap();
    (app, Caller::system(TenantId("acme".to_owned()), "test"))
}

async fn seq(app: &App, caller: &Caller) -> i64 {
    app.store().tenant_state(&caller.tenant).await.unwrap().unwrap().seq
}

async fn heard(app: &App, caller: &Caller, id: &str) -> Transcript {
    app.store().transcripts(&caller.tenant, &[id.to_owned()]).await.unwrap().remove(id).unwrap()
}

fn whole(transcript: &Transcript) -> String {
    transcript.text(0, transcript.words.len())
}

async fn every_format_is_known_by_its_content_and_finds_its_contact(engine: Engine) {
    let site = Site::fresh(engine).await;
    let folder = tempfile::tempdir().unwrap();
    let files = [("vtt", VTT), ("srt", SRT), ("aws", AWS), ("deepgram", DEEPGRAM), ("assembly", ASSEMBLY)];
    let mut contacts = String::new();
    for (name, content) in files {
        // By id, and by the recording's name in a folder; the endings say nothing.
        fs::create_dir_all(folder.path().join("march")).unwrap();
        fs::write(folder.path().join(format!("{name}.txt")), content).unwrap();
        fs::write(folder.path().join(format!("march/rec-{name}.mp3.dat")), content).unwrap();
        contacts += &format!("{{\"id\":\"{name}\",\"started_at\":\"2026-03-01T09:00:00Z\"}}\n");
        contacts += &format!(
            "{{\"id\":\"by-{name}\",\"started_at\":\"2026-03-01T09:00:00Z\",\"original_path\":\"march/Rec-{name}.mp3\"}}\n"
        );
    }
    fs::write(folder.path().join("contacts.ndjson"), contacts).unwrap();
    import_twice(&site, &[text(folder.path())], "transcripts: 0 created, 10 updated, 0 unchanged, 0 refused");

    let (app, caller) = open(&site).await;
    for (name, _) in files {
        let (by_id, by_recording) =
            (heard(&app, &caller, name).await, heard(&app, &caller, &format!("by-{name}")).await);
        assert_eq!(by_id, by_recording, "{name}");
        let contact = app.contact(&caller, name).await.unwrap().contact;
        assert!(contact.state.unwrap().is(ContactState::COMPLETE), "{name}");
    }
    assert_eq!(whole(&heard(&app, &caller, "vtt").await), "Good morning, how can I help? My bill is wrong.");
    assert_eq!(whole(&heard(&app, &caller, "srt").await), "Good morning. My bill is wrong.");
    for name in ["vtt", "srt"] {
        let it = heard(&app, &caller, name).await;
        assert_eq!((it.speaker_type(0), it.speaker_type(1)), (SpeakerType::Internal, SpeakerType::External));
    }
    assert_eq!(heard(&app, &caller, "vtt").await.speakers[0].last_name.as_deref(), Some("Lee"));
    for name in ["aws", "deepgram", "assembly"] {
        let it = heard(&app, &caller, name).await;
        assert_eq!(whole(&it), "Good morning. Hello", "{name}");
        let words: Vec<_> =
            it.words.iter().map(|it| (it.speaker, it.start.micros(), it.end.micros())).collect();
        assert_eq!(
            words,
            [(0, 500_000, 800_000), (0, 900_000, 1_400_000), (1, 2_000_000, 2_400_000)],
            "{name}"
        );
        assert!((it.words[2].confidence.unwrap() - 0.9).abs() < 1e-4, "{name}");
    }
    app.store().close().await;
    site.assert_healthy();
}

async fn a_chat_becomes_a_contact_with_the_exact_times_of_its_messages(engine: Engine) {
    let site = Site::fresh(engine).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("export.jsonl");
    fs::write(&file, CHAT).unwrap();
    fs::write(folder.path().join("users.ndjson"), "{\"id\":\"u\",\"email\":\"ann@x.example\"}").unwrap();
    let (code, out, err) = import(&site, &[text(folder.path())]);
    assert!(
        code == 2 && out.contains("contacts: 2 created, 0 updated, 0 unchanged, 1 refused"),
        "{out}{err}"
    );
    assert!(err.contains("export.jsonl:4: \"chat-1\": `time`: `noon`"), "{err}");

    let (app, caller) = open(&site).await;
    let chat = app.contact(&caller, "chat-1").await.unwrap().contact;
    assert_eq!(
        (chat.channel, chat.started_at.to_string().as_str()),
        (Channel::Chat, "2026-03-01T09:00:00.5Z")
    );
    assert_eq!(chat.agent_id.unwrap().as_str(), "u");
    let said = heard(&app, &caller, "chat-1").await;
    assert_eq!(whole(&said), "Hi, my bill is wrong. Let me look.");
    let reply = said.words.iter().find(|it| it.speaker == 1).unwrap();
    let sent = chat.started_at.micros() + reply.start.micros();
    assert_eq!(touchline_model::Timestamp::from_micros(sent).to_string(), "2026-03-01T09:00:42.123456Z");
    assert_eq!((said.speaker_type(0), said.speaker_type(1)), (SpeakerType::External, SpeakerType::Internal));
    let mail = app.contact(&caller, "mail-1").await.unwrap().contact;
    assert_eq!((mail.channel, mail.metadata["subject"].as_str()), (Channel::Mail, Some("Refund")));
    let before = seq(&app, &caller).await;
    app.store().close().await;

    let (_, out, err) = import(&site, &[text(folder.path())]);
    assert!(out.contains(": 0 created, 0 updated, 3 unchanged, 1 refused"), "{out}{err}");
    let (app, caller) = open(&site).await;
    assert_eq!(seq(&app, &caller).await, before);
    app.store().close().await;
}

async fn a_transcript_without_a_contact_needs_a_time(engine: Engine) {
    let site = Site::fresh(engine).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("4711.vtt");
    fs::write(&file, VTT).unwrap();
    let path = text(&file);
    let (code, _, err) = import(&site, &[path]);
    assert!(code == 2 && err.contains("there is no contact `4711`") && err.contains("--started-at"), "{err}");
    let (code, _, err) = import(&site, &[path, "--started-at", "2026-03-01 09:00"]);
    assert!(code == 1 && err.contains("--started-at") && err.contains("--zone"), "{err}");
    let (code, _, err) = import(&site, &[path, "--format", "srt", "--started-at", "2026-03-01T09:00:00Z"]);
    // Told what it is, it is read as that.
    assert_eq!(code, 0, "{err}");
    let at = ["--started-at", "2026-03-01 09:00", "--zone", "Europe/Berlin"];
    let other = folder.path().join("other.vtt");
    fs::write(&other, VTT).unwrap();
    import_twice(&site, &[&[text(&other)], &at[..]].concat(), ": 2 created, 0 updated");
    import_twice(&site, &[&[text(&other), "--contact", "named"], &at[..]].concat(), ": 2 created, 0 updated");
    let third = folder.path().join("third.vtt");
    fs::write(&third, VTT).unwrap();
    let made = fs::metadata(&third).unwrap().modified().unwrap();
    import_twice(&site, &[text(&third), "--started-at", "file"], ": 2 created, 0 updated");
    let (code, _, err) = import(&site, &[text(&other), "--format", "deepgram", "--contact", "named"]);
    assert!(code == 2 && err.contains("other.vtt:1: \"named\": expected value"), "{err}");

    let (app, caller) = open(&site).await;
    for id in ["other", "named"] {
        let contact = app.contact(&caller, id).await.unwrap().contact;
        assert_eq!(contact.started_at.to_string(), "2026-03-01T08:00:00Z", "{id}");
        assert_eq!(contact.duration.secs(), 5.0, "{id}");
    }
    let third = app.contact(&caller, "third").await.unwrap().contact;
    let made = jiff::Timestamp::try_from(made).unwrap().as_microsecond();
    assert_eq!(third.started_at.micros(), made);
    app.store().close().await;
}

async fn a_preview_shows_what_would_come_and_changes_nothing(engine: Engine) {
    let site = Site::fresh(engine).await;
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, content: &str| fs::write(folder.path().join(name), content).unwrap();
    write("users.ndjson", "{\"id\":\"u\",\"email\":\"ann@x.example\"}\n{\"email\":3}\n");
    import(&site, &[text(&folder.path().join("users.ndjson"))]);
    write("old.vtt", VTT);
    let (code, out, err) =
        import(&site, &[text(&folder.path().join("old.vtt")), "--started-at", "2026-01-01T09:00:00Z"]);
    assert_eq!(code, 0, "{out}{err}");
    write(
        "calls.csv",
        "id,started_at,duration,agent_email,Order\nnew,2026-03-01T09:00:00Z,1:30,ANN@x.example,42\nbad,soon,,,\n",
    );
    write("new.srt", SRT);
    write("orphan.json", AWS);
    write("chat.ndjson", CHAT);
    write("broken.vtt", "WEBVTT\n\n00:05.000 --> 00:01.000\nx\n");

    let (app, caller) = open(&site).await;
    let before = seq(&app, &caller).await;
    let options = Options::default();
    let bounds = Bounds::default();
    let look = preview(&app, &caller, folder.path(), &options, &bounds);
    let found = assert_send(look).await.unwrap();
    let files: Vec<_> = found.files.iter().map(|it| (it.name.as_str(), it.format)).collect();
    assert_eq!(
        files,
        [
            ("users.ndjson", Some(Format::Ndjson)),
            ("calls.csv", Some(Format::Csv)),
            ("chat.ndjson", Some(Format::Messages)),
            ("broken.vtt", Some(Format::Vtt)),
            ("new.srt", Some(Format::Srt)),
            ("old.vtt", Some(Format::Vtt)),
            ("orphan.json", Some(Format::AwsTranscribe)),
        ]
    );
    let records: Vec<_> = found.records.iter().map(|(kind, n)| (kind.as_str(), *n)).collect();
    assert_eq!(records, [("contacts", 3), ("transcripts", 2), ("users", 1)]);
    let problems: Vec<_> =
        found.problems.iter().map(|it| (it.place.to_string(), it.id.as_str(), it.reason.clone())).collect();
    let told = |place: &str, id: &str, reason: &str| {
        problems.iter().any(|it| it.0 == place && it.1 == id && it.2.contains(reason))
    };
    assert!(told("users.ndjson:2", "", "invalid type"), "{problems:?}");
    assert!(told("calls.csv:3", "bad", "`started_at`: `soon`"), "{problems:?}");
    assert!(told("chat.ndjson:4", "chat-1", "noon"), "{problems:?}");
    assert!(told("orphan.json", "orphan", "--started-at"), "{problems:?}");
    assert!(told("broken.vtt", "broken", "there is no contact"), "{problems:?}");
    assert_eq!((found.problem_count, found.complete), (5, true));
    let new = found.contacts.iter().find(|it| it.id == "new").unwrap();
    assert_eq!((new.exists, new.duration.secs(), new.agent.as_ref().unwrap().as_str()), (false, 90.0, "u"));
    let old = found.contacts.iter().find(|it| it.id == "old").unwrap();
    assert_eq!(
        (old.exists, old.words, old.first_words.as_str()),
        (true, 10, "Good morning, how can I help? My bill is wrong.")
    );
    assert_eq!((old.speakers[0].name.as_str(), old.speakers[0].side), ("Ann Lee", SpeakerType::Internal));
    let chat = found.contacts.iter().find(|it| it.id == "chat-1").unwrap();
    assert_eq!((chat.channel, chat.agent.as_ref().unwrap().as_str()), (Channel::Chat, "u"));
    assert_eq!(found.fields["metadata.Order"], 2);

    // With a time for those that have none, the broken file is told by its line.
    let at = "2026-03-01T09:00:00Z".parse().unwrap();
    let options = Options { started_at: Some(StartedAt::At(at)), ..Options::default() };
    let bounds = Bounds { contacts: 2, records: 3, problems: 1, ..Bounds::default() };
    let found = preview(&app, &caller, folder.path(), &options, &bounds).await.unwrap();
    assert_eq!((found.contacts.len(), found.problems.len(), found.complete), (2, 1, false));
    let found = preview(&app, &caller, folder.path(), &options, &Bounds::default()).await.unwrap();
    assert!(
        found
            .problems
            .iter()
            .any(|it| it.place.to_string() == "broken.vtt:3" && it.reason.contains("lies before"))
    );
    assert_eq!(seq(&app, &caller).await, before, "nothing was written");

    let mut reader = caller.clone();
    reader.abilities.remove(&Ability::WriteContacts);
    let refused = preview(&app, &reader, folder.path(), &options, &Bounds::default()).await.unwrap_err();
    assert!(refused.to_string().contains("ability"), "{refused}");
    app.store().close().await;
}

async fn what_is_left_to_the_server_is_counted(engine: Engine) {
    let site = Site::fresh(engine).await;
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, content: &[u8]| fs::write(folder.path().join(name), content).unwrap();
    write("one.vtt", VTT.as_bytes());
    write("two.srt", SRT.as_bytes());
    write(
        "calls.csv",
        b"id,started_at,recording\nthree,2026-03-01T09:00:00Z,three.wav\nfour,2026-03-01T09:00:00Z,\n",
    );
    write("three.wav", &common::tone_wav(0.5));
    let args = [text(folder.path()), "--started-at", "2026-03-01T09:00:00Z", "--no-analysis"];
    let (code, out, err) = import(&site, &args);
    assert_eq!(code, 0, "{out}{err}");
    let last = out.lines().last().unwrap();
    assert!(last.ends_with("; 3 contacts wait for analysis by the server"), "{out}");
    // Nobody has looked since: the second run brings nothing and still says what waits.
    let (_, out, _) = import(&site, &args);
    let last = out.lines().last().unwrap();
    assert!(
        last.contains(": 0 created, 0 updated")
            && last.ends_with("; 3 contacts wait for analysis by the server"),
        "{out}"
    );

    // As a page does it: inside a server, watched by a closure, the work left to the workers.
    let (app, caller) = open(&site).await;
    let seen = std::sync::Mutex::new(Vec::<Progress>::new());
    let options = Options { leave_analysis: true, ..Options::default() };
    let watch = |progress: Progress| seen.lock().unwrap().push(progress);
    let run = touchline_intake::run(&app, &caller, folder.path(), &options, watch);
    let report = assert_send(run).await.unwrap();
    assert_eq!((report.total().unchanged, report.waiting.unwrap().contacts), (4, 3), "{report:?}");
    let last = seen.lock().unwrap().last().cloned().unwrap();
    assert_eq!((last.records, last.refused, last.bytes), (4, 0, last.total_bytes));
    app.work_until_idle().await.unwrap();
    assert_eq!(touchline_intake::waiting(&app, &caller).await.unwrap().contacts, 0);
    app.store().close().await;
    let (_, out, _) = import(&site, &args);
    assert!(out.lines().last().unwrap().ends_with("; no contact waits for analysis"), "{out}");
}

/// A job of a server moves between threads.
fn assert_send<F: Future + Send>(future: F) -> F {
    future
}
