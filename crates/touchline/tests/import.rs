//! `touchline import` as a user runs it: the real program on real files, read back through the app.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may end here")]

mod common;

use common::{Engine, Site, on_both_engines};
use serde_json::{Value, json};
use std::{fs, path::Path};
use touchline::server;
use touchline_app::App;
use touchline_model::{Caller, Group, SpeakerType, TenantId, Topic, User};

on_both_engines!(
    a_folder_of_native_records_is_read_in_the_order_of_its_references,
    every_refused_line_is_reported_with_its_number_and_no_good_line_is_lost,
    a_table_with_semicolons_quotes_bom_and_crlf_brings_its_recordings,
    whisper_transcripts_find_their_calls_by_id_by_recording_and_by_side,
    real_recordings_make_contacts_of_their_own,
    a_run_that_cannot_start_says_why_and_ends_with_one,
);

/// How a run ended.
struct Ended {
    code: Option<i32>,
    out: String,
    err: String,
}

fn import(site: &Site, args: &[&str]) -> Ended {
    let output = site.run(&[&["import"], args].concat());
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ended { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

impl Ended {
    /// The last line of the summary, without the time.
    fn sum(&self) -> &str {
        let last = self.out.lines().last().unwrap_or_default();
        last.split(" recordings").next().unwrap().trim_start_matches("Import into `acme`: ")
    }
    #[track_caller]
    fn assert(&self, code: i32, sum: &str) {
        assert_eq!((self.code, self.sum()), (Some(code), sum), "{}{}", self.out, self.err);
    }
}

async fn open(site: &Site) -> (App, Caller) {
    let app = server::open(&site.config()).await.unwrap();
    (app, Caller::system(TenantId("acme".to_owned()), "test"))
}

async fn seq(site: &Site) -> i64 {
    let (app, caller) = open(site).await;
    app.store().tenant_state(&caller.tenant).await.unwrap().unwrap().seq
}

/// A second run of the same command changes nothing.
async fn assert_settled(site: &Site, args: &[&str]) {
    let before = seq(site).await;
    let again = import(site, args);
    assert!(again.sum().starts_with("0 created, 0 updated"), "{}{}", again.out, again.err);
    assert!(again.sum().ends_with(" 0"), "no recording is sent again: {}", again.out);
    assert_eq!(seq(site).await, before);
}

fn report(path: &Path) -> Vec<Value> {
    fs::read_to_string(path).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A second of a tone: 8 kHz, 16 bit, one channel.
fn wav(tone: u32) -> Vec<u8> {
    let samples = (0..8_000_u32).flat_map(|n| ((((n * tone) % 8_000) as i16 - 4_000) * 2).to_le_bytes());
    let data: Vec<u8> = samples.collect();
    let mut wav = b"RIFF".to_vec();
    wav.extend((36 + data.len() as u32).to_le_bytes());
    wav.extend(
        b"WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x40\x1f\x00\x00\x80\x3e\x00\x00\x02\x00\x10\x00data",
    );
    wav.extend((data.len() as u32).to_le_bytes());
    wav.extend(data);
    wav
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

async fn a_folder_of_native_records_is_read_in_the_order_of_its_references(engine: Engine) {
    let site = Site::fresh(engine).await;
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, lines: &str| fs::write(folder.path().join(name), lines).unwrap();
    write("groups.ndjson", "{\"id\":\"g\",\"name\":\"Team\"}\n");
    write(
        "users.ndjson",
        "{\"id\":\"u\",\"email\":\"u@x.example\",\"team_id\":\"g\"}\n{\"email\":\"v@x.example\"}\n",
    );
    write("topics.ndjson", "{\"name\":\"Refunds\",\"phrases\":[\"my money back\"]}\n");
    write(
        "scorecards.ndjson",
        "{\"id\":\"s\",\"name\":\"Card\",\"scheme\":\"YesNo\",\"questions\":[{\"id\":\"q\",\"text\":\"Polite?\",\"skills\":[\"Tone\"]}]}\n",
    );
    write("kpis.ndjson", "{\"description\":\"Sales\",\"frequency\":\"DAILY\",\"target\":3}\n");
    let words = json!([
        {"start": 0, "end": 0.4, "text": "I", "confidence": 0.9}, {"start": 0.5, "end": 0.9, "text": "want"},
        {"start": 1, "end": 1.3, "text": "my"}, {"start": 1.4, "end": 1.8, "text": "money"},
        {"start": 1.9, "end": 2.5, "text": "back", "punctuation": "."},
    ]);
    let contact = json!({"id": "c", "started_at": "2026-03-01T09:00:00+01:00", "agent_id": "u", "transcript": {"words": words}});
    // The name does not say what it holds: contacts.
    write("a.json", &format!("{contact}\n"));
    write(
        "feedback.ndjson",
        "{\"contact_id\":\"c\",\"author_id\":\"u\",\"given_at\":\"2026-03-02T09:00:00Z\",\"kind\":\"comment\",\"text\":\"Well done\"}\n",
    );
    let path = text(folder.path());
    let first = import(&site, &[path]);
    first.assert(0, "8 created, 0 updated, 0 unchanged, 0 refused, 0");
    assert!(first.out.contains("users: 2 created"), "{}", first.out);

    let (app, caller) = open(&site).await;
    assert_eq!(app.all::<Group>(&caller).await.unwrap().len(), 1);
    assert_eq!(app.all::<User>(&caller).await.unwrap().len(), 2);
    assert_eq!(app.all::<Topic>(&caller).await.unwrap()[0].name, "Refunds");
    let contact = app.contact(&caller, "c").await.unwrap();
    assert_eq!(contact.contact.started_at.to_string(), "2026-03-01T08:00:00Z");
    assert_eq!(contact.contact.duration.secs(), 2.5);
    assert_eq!(contact.contact.state.unwrap().0, "COMPLETE", "the pipeline has run");
    assert!(contact.stats.is_some());
    app.store().close().await;
    assert_settled(&site, &[path]).await;
    site.assert_healthy();
}

async fn every_refused_line_is_reported_with_its_number_and_no_good_line_is_lost(engine: Engine) {
    let site = Site::fresh(engine).await;
    let folder = tempfile::tempdir().unwrap();
    let (path, refused) = (folder.path().join("calls.ndjson"), folder.path().join("refused.ndjson"));
    let good = |id: &str| format!("{{\"id\":\"{id}\",\"started_at\":\"2026-03-01T09:00:00Z\"}}");
    let mut lines: Vec<Vec<u8>> = vec![
        good("a").into(),
        b"{\"id\":\"broken\", ".to_vec(),
        b"".to_vec(),
        good("b").into(),
        b"{\"id\":\"c\",\"started_at\":\"2026-03-01T09:00:00Z\",\"extra\":1}".to_vec(),
        b"{\"id\":\"d\",\"started_at\":\"2026-03-01T09:00:00\"}".to_vec(),
        b"{\"id\":\"e\",\"started_at\":7}".to_vec(),
        b"{\"id\":\"f\\u0000\",\"started_at\":\"2026-03-01T09:00:00Z\"}".to_vec(),
        b"{\"id\":\"\\ud800\",\"started_at\":\"2026-03-01T09:00:00Z\"}".to_vec(),
        b"{\"id\":\"g\xFF\",\"started_at\":\"2026-03-01T09:00:00Z\"}".to_vec(),
        b"{\"id\":\"h\",\"started_at\":\"2026-03-01T09:00:00Z\",\"duration\":-1}".to_vec(),
        b"{\"id\":\"i\",\"started_at\":\"2026-03-01T09:00:00Z\",\"transcript\":{\"words\":[{\"start\":2,\"end\":1,\"text\":\"x\"}]}}".to_vec(),
        b"{\"id\":\"a\",\"started_at\":\"2026-04-01T09:00:00Z\"}".to_vec(),
        good("a").into(),
        good("z").into(),
    ];
    lines.insert(0, b"\xEF\xBB\xBF".iter().chain(good("first").as_bytes()).copied().collect());
    fs::write(&path, lines.join(&b"\r\n"[..])).unwrap();
    let args = [text(&path), "--report", text(&refused), "--tenant", "acme"];
    let first = import(&site, &args);
    first.assert(2, "4 created, 0 updated, 1 unchanged, 10 refused, 0");

    let told = report(&refused);
    let wanted: &[(u64, &str, &str)] = &[
        (3, "", "EOF while parsing"),
        (6, "c", "unknown field `extra`"),
        (7, "d", "has no time zone"),
        (8, "e", "invalid type: integer `7`"),
        (9, "f\0", "`id`: must not contain"),
        (10, "", "hex escape"),
        (11, "", "is not UTF-8 text (byte 9)"),
        (12, "h", "-1 is not a time"),
        (13, "i", "`transcript.words[0].end`: 1 lies before its start 2"),
        (14, "a", "calls.ndjson:2 already, with other content"),
    ];
    let mut told_sorted: Vec<_> = told.iter().collect();
    told_sorted.sort_by_key(|it| it["line"].as_u64());
    assert_eq!(told_sorted.len(), wanted.len(), "{told:?}");
    for (told, (line, id, reason)) in told_sorted.iter().zip(wanted) {
        assert_eq!(told["line"], *line, "{told}");
        assert_eq!(told["id"].as_str().unwrap_or_default(), *id, "{told}");
        assert!(told["reason"].as_str().unwrap().contains(reason), "{told}");
        assert_eq!(told["file"].as_str().unwrap(), text(&path));
    }
    assert!(first.err.contains("calls.ndjson:3: EOF"), "{}", first.err);
    let (app, caller) = open(&site).await;
    let ids: Vec<_> =
        app.contacts(&caller, None, 10).await.unwrap().into_iter().map(|it| it.contact.id.0).collect();
    assert_eq!(ids, ["a", "b", "first", "z"]);
    app.store().close().await;
    assert_settled(&site, &args).await;
    assert_eq!(report(&refused), told, "the second run refuses the same");
}

async fn a_table_with_semicolons_quotes_bom_and_crlf_brings_its_recordings(engine: Engine) {
    let site = Site::fresh(engine).await;
    let folder = tempfile::tempdir().unwrap();
    let (table, audio) = (folder.path().join("calls.csv"), folder.path().join("audio"));
    let refused = folder.path().join("refused.ndjson");
    fs::create_dir_all(audio.join("march")).unwrap();
    fs::write(audio.join("march/one.wav"), wav(440)).unwrap();
    fs::write(audio.join("two.wav"), wav(880)).unwrap();
    fs::write(audio.join("notes.wav"), "these are notes").unwrap();
    let mut cut = wav(100);
    cut.truncate(9_000);
    fs::write(audio.join("cut.wav"), cut).unwrap();
    fs::write(folder.path().join("secret.wav"), wav(1)).unwrap();
    fs::write(folder.path().join("users.ndjson"), "{\"id\":\"u\",\"email\":\"Ann@x.example\"}").unwrap();
    let rows = [
        "\u{feff}ID;Start Time;Duration;Direction;Agent-Email;Recording;Order No;VIP;Note",
        "one;2026-03-01 09:00;1:30;out;ann@X.example;march\\one.wav;0042;true;\"said \"\"no\"\"; left\"",
        ";2026-03-01T09:00:00Z;;;;two.wav;42;;\"two",
        "lines\"",
        "away;2026-03-01 09:00;;;;gone.wav;;;",
        "out;2026-03-01 09:00;;;;../secret.wav;;;",
        "abs;2026-03-01 09:00;;;;/etc/passwd;;;",
        "text;2026-03-01 09:00;;;;notes.wav;;;",
        "cut;2026-03-01 09:00;;;;cut.wav;;;",
        "who;2026-03-01 09:00;;;bob@x.example;;;;",
        "when;yesterday;;;;;;;",
        "few;2026-03-01 09:00",
        ";;;;;;;;",
        "last;2026-03-01 09:00;;sideways;;;;;",
    ];
    fs::write(&table, rows.join("\r\n")).unwrap();
    import(&site, &[text(&folder.path().join("users.ndjson"))])
        .assert(0, "1 created, 0 updated, 0 unchanged, 0 refused, 0");
    let args = [text(&table), "--audio", text(&audio), "--zone", "Europe/Berlin", "--report", text(&refused)];
    let first = import(&site, &args);
    first.assert(2, "5 created, 0 updated, 0 unchanged, 9 refused, 3");
    let told = report(&refused);
    let reason = |line: u64| {
        let it =
            told.iter().find(|it| it["line"] == line).unwrap_or_else(|| panic!("no line {line}: {told:?}"));
        it["reason"].as_str().unwrap().to_owned()
    };
    for (line, part) in [
        (5, "there is no recording \"gone.wav\"; the rest of the line was taken"),
        (6, "leads out of the folder"),
        (7, "leads out of the folder"),
        (8, "its content is none of WAV"),
        (9, "broken recording"),
        (10, "no user has the address \"bob@x.example\""),
        (11, "`started_at`: `yesterday`"),
        (12, "has 2 fields where the header has 9"),
        (14, "`direction`: `sideways`"),
    ] {
        assert!(reason(line).contains(part), "line {line}: {}", reason(line));
    }
    assert_eq!(told.len(), 9, "{told:?}");

    let (app, caller) = open(&site).await;
    let one = app.contact(&caller, "one").await.unwrap();
    assert_eq!(one.contact.started_at.to_string(), "2026-03-01T08:00:00Z");
    assert_eq!((one.contact.duration.secs(), one.contact.direction.name()), (90.0, "OUTBOUND"));
    assert_eq!(one.contact.agent_id.as_ref().unwrap().as_str(), "u");
    assert_eq!(one.contact.original_path.as_deref(), Some("march\\one.wav"));
    assert_eq!(
        Value::Object(one.contact.metadata),
        json!({"Order No": "0042", "VIP": true, "Note": "said \"no\"; left"})
    );
    assert_eq!(one.recording.unwrap().bytes, wav(440).len() as u64);
    let two = app.contact(&caller, "two").await.unwrap();
    assert_eq!(Value::Object(two.contact.metadata), json!({"Order No": 42, "Note": "two\nlines"}));
    assert_eq!(two.contact.duration.secs(), 1.0, "read from the recording");
    assert!(app.contact(&caller, "away").await.unwrap().recording.is_none());
    assert!(app.contact(&caller, "out").await.is_err());
    app.store().close().await;
    assert_settled(&site, &args).await;

    // Another recording under the same name is noticed.
    fs::write(audio.join("two.wav"), wav(881)).unwrap();
    import(&site, &args).assert(2, "0 created, 0 updated, 5 unchanged, 9 refused, 1");
    site.assert_healthy();
}

async fn whisper_transcripts_find_their_calls_by_id_by_recording_and_by_side(engine: Engine) {
    let site = Site::fresh(engine).await;
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, content: &str| fs::write(folder.path().join(name), content).unwrap();
    let calls = "{\"id\":\"one\",\"started_at\":\"2026-03-01T09:00:00Z\"}\n\
                 {\"id\":\"two\",\"started_at\":\"2026-03-01T09:00:00Z\",\"agent_id\":\"u\"}\n\
                 {\"id\":\"42\",\"started_at\":\"2026-03-01T09:00:00Z\",\"original_path\":\"Rec-42.WAV\"}\n\
                 {\"id\":\"call_1\",\"started_at\":\"2026-03-01T09:00:00Z\"}\n\
                 {\"id\":\"quiet\",\"started_at\":\"2026-03-01T09:00:00Z\"}\n\
                 {\"id\":\"half\",\"started_at\":\"2026-03-01T09:00:00Z\"}\n";
    write("contacts.ndjson", calls);
    let said = |text: &str, start: f64| {
        json!({"task": "transcribe", "language": "english", "duration": 9.0, "text": text, "segments": [
            {"id": 0, "seek": 0, "start": start, "end": start + 1.0, "text": text, "tokens": [1], "temperature": 0.0,
             "avg_logprob": -0.2, "compression_ratio": 1.0, "no_speech_prob": 0.01}]})
    };
    write("one.json", &serde_json::to_string_pretty(&said(" Hello there.", 0.5)).unwrap());
    let words = json!({"text": "Good morning.", "segments": [{"start": 0.0, "end": 2.0, "text": " Good morning.", "words": [
        {"word": " Good", "start": 0.0, "end": 0.4, "probability": 0.9},
        {"word": " morning.", "start": 0.5, "end": 1.0, "probability": 0.8}]}]});
    write("two.agent.json", &words.to_string());
    write("two.customer.json", &said(" Hi", 0.3).to_string());
    write("Rec-42.wav.json", &said("By recording", 0.0).to_string());
    write("call_1.json", &said("A call of its own", 0.0).to_string());
    write("quiet.json", "{\"text\":\"\",\"segments\":[]}");
    write("half_0.json", &said("Half", 0.0).to_string());
    write("half_1.json", "{\"segments\":[{\"start\":-4,\"end\":1,\"text\":\"x\"}]}");
    write("20260301-093000.json", &said("Made from its name", 0.0).to_string());
    write("nobody.json", &said("Whose?", 0.0).to_string());
    let refused = tempfile::NamedTempFile::new().unwrap();
    let args = [text(folder.path()), "--zone", "Europe/Berlin", "--report", text(refused.path())];
    let first = import(&site, &args);
    first.assert(2, "8 created, 5 updated, 0 unchanged, 3 refused, 0");
    let told = report(refused.path());
    let reason = |file: &str| {
        told.iter()
            .find(|it| it["file"] == file)
            .map(|it| it["reason"].as_str().unwrap().to_owned())
            .unwrap_or_default()
    };
    assert!(reason("nobody.json").contains("there is no contact `nobody`"), "{told:?}");
    assert!(reason("half_1.json").contains("-4 is not a time"), "{told:?}");
    assert!(
        reason("half_0.json").contains("the other side of this call, half_1.json, cannot be read"),
        "{told:?}"
    );

    let (app, caller) = open(&site).await;
    let heard = async |id: &str| {
        let ids = [id.to_owned()];
        app.store().transcripts(&caller.tenant, &ids).await.unwrap().remove(id)
    };
    let line = |it: &touchline_model::Transcript| it.text(0, it.words.len());
    assert_eq!(line(&heard("one").await.unwrap()), "Hello there.");
    let two = heard("two").await.unwrap();
    assert_eq!(line(&two), "Good Hi morning.", "merged by time");
    assert_eq!(two.words.iter().map(|it| it.speaker).collect::<Vec<_>>(), [0, 1, 0]);
    assert!((two.words[0].confidence.unwrap() - 0.9).abs() < 1e-4);
    assert_eq!((two.speaker_type(0), two.speaker_type(1)), (SpeakerType::Internal, SpeakerType::External));
    assert_eq!(two.speakers[0].user_id.as_ref().unwrap().as_str(), "u");
    assert_eq!(line(&heard("42").await.unwrap()), "By recording");
    assert_eq!(line(&heard("call_1").await.unwrap()), "A call of its own");
    assert!(heard("half").await.is_none());
    let made = app.contact(&caller, "20260301-093000").await.unwrap();
    assert_eq!(made.contact.started_at.to_string(), "2026-03-01T08:30:00Z");
    assert_eq!(made.contact.state.unwrap().0, "COMPLETE");
    app.store().close().await;
    assert_settled(&site, &args).await;
}

async fn real_recordings_make_contacts_of_their_own(engine: Engine) {
    let speech = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/audio/speech");
    let folder = tempfile::tempdir().unwrap();
    let names = ["cards-002.wav", "goforward.wav", "two-channel.wav"];
    for (at, name) in names.iter().enumerate() {
        if speech.join(name).exists() {
            fs::copy(speech.join(name), folder.path().join(name)).unwrap();
        } else {
            println!("no {name}: a generated tone instead");
            fs::write(folder.path().join(name), wav(200 + at as u32)).unwrap();
        }
    }
    fs::write(folder.path().join("2026-03-01_093000_x.wav"), wav(300)).unwrap();
    let site = Site::fresh(engine).await;
    let args = [text(folder.path()), "--zone", "UTC"];
    import(&site, &args).assert(0, "4 created, 0 updated, 0 unchanged, 0 refused, 4");
    let (app, caller) = open(&site).await;
    for name in names {
        let it = app.contact(&caller, name.trim_end_matches(".wav")).await.unwrap();
        assert_eq!(it.recording.unwrap().bytes, fs::metadata(folder.path().join(name)).unwrap().len());
        assert!(it.contact.duration.secs() > 0.5, "{name}");
        assert_eq!(it.contact.state.unwrap().0, "COMPLETE");
    }
    let dated = app.contact(&caller, "2026-03-01_093000_x").await.unwrap();
    assert_eq!(dated.contact.started_at.to_string(), "2026-03-01T09:30:00Z");
    app.store().close().await;
    assert_settled(&site, &args).await;
    // A copy of the file has another time; the call has not.
    fs::write(folder.path().join(names[0]), fs::read(folder.path().join(names[0])).unwrap()).unwrap();
    assert_settled(&site, &args).await;
}

async fn a_run_that_cannot_start_says_why_and_ends_with_one(engine: Engine) {
    let site = Site::fresh(engine).await;
    let file = tempfile::NamedTempFile::new().unwrap();
    let path = text(file.path()).to_owned();
    for (args, reason) in [
        (vec!["/no/such/file"], "/no/such/file"),
        (vec![&path, "--tenant", "nobody"], "there is no tenant `nobody`"),
        (vec![&path, "--zone", "Mars/Base"], "no time zone `Mars/Base`"),
        (vec![&path, "--audio", "/no/such/folder"], "--audio"),
        (vec![&path, "--report", "/no/such/folder/x"], "/no/such/folder/x"),
    ] {
        let ended = import(&site, &args);
        assert_eq!(ended.code, Some(1), "{args:?}");
        assert!(ended.err.contains(reason), "{args:?}: {}", ended.err);
    }
    import(&site, &[&path]).assert(0, "0 created, 0 updated, 0 unchanged, 0 refused, 0");
    site.new_tenant("second");
    let ended = import(&site, &[&path]);
    assert!(ended.code == Some(1) && ended.err.contains("--tenant"), "{}", ended.err);
}
