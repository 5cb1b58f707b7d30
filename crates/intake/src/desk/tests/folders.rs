//! Folders in which not everything is what it seems.

use super::*;
use crate::Report;

/// A short recording; `tone` tells it from others.
fn wav(tone: u8) -> String {
    let samples = [tone & 0x3f; 80];
    let mut bytes = b"RIFF".to_vec();
    bytes.extend((36 + samples.len() as u32).to_le_bytes());
    bytes.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    // Rates of which every byte is a character, so that the file can be sent as text.
    bytes.extend(8_192_u32.to_le_bytes());
    bytes.extend(16_384_u32.to_le_bytes());
    bytes.extend(b"\x02\0\x10\0data");
    bytes.extend((samples.len() as u32).to_le_bytes());
    bytes.extend(samples);
    String::from_utf8(bytes).unwrap()
}

impl World {
    async fn staged(&self, files: &[(&str, &str)], options: &StagedOptions) -> String {
        let id = self.stage().await;
        for (name, content) in files {
            self.send(&id, name, content).await.unwrap();
        }
        self.desk.set_options(&self.app, &self.caller, &id, options).await.unwrap();
        id
    }
    /// What was said before, and what came of it.
    async fn both(&self, files: &[(&str, &str)], options: &StagedOptions) -> (Preview, Report) {
        let id = self.staged(files, options).await;
        let preview = self.desk.preview(&self.app, &self.caller, &id).await.unwrap();
        self.desk.order(&self.app, &self.caller, &id).await.unwrap();
        self.work().await;
        let row = self.view(&id).await.row;
        (preview, serde_json::from_value(row.report.expect("it ended well")).unwrap())
    }
    async fn heard(&self, id: &str) -> bool {
        self.app.contact(&self.caller, id).await.unwrap().recording.is_some()
    }
}

fn reasons(refusals: &[crate::Refusal]) -> Vec<(String, &str)> {
    refusals.iter().map(|it| (it.place.to_string(), it.reason.as_str())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn junk_beside_recordings_keeps_none_of_them_out() {
    let world = world().await;
    let (one, two, three) = (wav(1), wav(2), wav(3));
    let files = [
        ("r1.wav", one.as_str()),
        ("r2.wav", &two),
        ("r3.wav", &three),
        ("broken.wav", "this is no sound"),
        ("empty.mp3", "x"),
        ("notes.txt", "Remember the milk.\n"),
        ("settings.json", "{\"volume\": 3}\n"),
    ];
    let (preview, report) = world.both(&files, &StagedOptions::default()).await;
    assert_eq!(preview.records["contacts"], 3, "{preview:?}");
    assert_eq!(world.contacts().await, ["r1", "r2", "r3"]);
    assert!(world.heard("r1").await && world.heard("r3").await);
    assert_eq!((report.recordings, report.total().created, report.total().refused), (3, 3, 4));
    assert_eq!(preview.problem_count, 4, "what was said before is what happens: {:?}", preview.problems);
    let mut said = reasons(&preview.problems);
    let mut done = reasons(&report.refusals);
    said.sort();
    done.sort();
    assert_eq!(said, done);
    assert!(done[0].1.contains("none of WAV"), "{done:?}");
    let brought = report.brought.unwrap();
    assert_eq!((brought.contacts, brought.ids), (3, vec!["r1".to_owned(), "r2".into(), "r3".into()]));
}

#[tokio::test(flavor = "multi_thread")]
async fn beside_a_table_a_recording_that_nobody_names_is_a_call_of_its_own_when_its_time_is_known() {
    let world = world().await;
    let (one, two, three, four) = (wav(1), wav(2), wav(3), wav(4));
    let table = "id,started_at,recording\na,2026-03-01T09:00:00Z,one.wav\nfour,2026-03-01T09:00:00Z,\n\
                 bad,soon,away/2026-03-02_090000Z.wav\n";
    let files = [
        ("calls.csv", table),
        ("one.wav", one.as_str()),
        ("20260301-093000Z.wav", &two),
        ("stray.wav", &three),
        ("four.wav", &four),
        ("away/2026-03-02_090000Z.wav", &one),
    ];
    let (preview, report) = world.both(&files, &StagedOptions::default()).await;
    assert_eq!(world.contacts().await, ["20260301-093000Z", "a", "four"]);
    assert!(world.heard("a").await && world.heard("20260301-093000Z").await);
    assert!(world.heard("four").await, "it has the name of the contact");
    assert_eq!((report.total().created, report.recordings), (3, 3), "{report:?}");
    assert_eq!((preview.records["contacts"], preview.records["recordings"]), (3, 2), "{preview:?}");
    let mut done = reasons(&report.refusals);
    done.sort();
    assert_eq!(done.len(), 3, "{done:?}");
    assert_eq!(done[0].1, crate::recordings::TURNED_AWAY);
    assert_eq!(done[1].0, "calls.csv:4");
    assert!(done[2].0 == "stray.wav" && done[2].1.contains("no contact names this recording"), "{done:?}");
    let mut said = reasons(&preview.problems);
    said.sort();
    assert_eq!(said, done);
    let refused = report.refusals.iter().find(|it| it.place.line == Some(4)).unwrap();
    assert_eq!(refused.id, "bad", "a row that is refused says which");

    // The stray one comes in once its time is said; the others are as they were.
    let dated = StagedOptions { started_at: "file".to_owned(), ..StagedOptions::default() };
    let (_, report) = world.both(&files, &dated).await;
    assert!(world.heard("stray").await);
    assert_eq!(
        (report.total().created, report.total().unchanged, report.recordings),
        (1, 3, 1),
        "{report:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recording_that_would_take_the_place_of_another_is_told_of_first() {
    let world = world().await;
    let (monday, tuesday) = (wav(1), wav(2));
    let (preview, _) = world.both(&[("0001.wav", &monday)], &StagedOptions::default()).await;
    assert!(preview.warnings.is_empty(), "{preview:?}");
    let (again, report) = world.both(&[("0001.wav", &monday)], &StagedOptions::default()).await;
    assert!(again.warnings.is_empty() && report.recordings == 0, "{again:?}");
    let staged = world.staged(&[("0001.wav", &tuesday)], &StagedOptions::default()).await;
    let preview = world.desk.preview(&world.app, &world.caller, &staged).await.unwrap();
    assert!(preview.warnings[0].reason.contains("would replace it"), "{preview:?}");
    assert_eq!(preview.warnings[0].id, "0001");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_is_found_by_name_and_one_who_is_nobody_is_told_once() {
    let world = world().await;
    let users = "{\"id\":\"u1\",\"email\":\"ann@x.example\",\"first_name\":\"Ann\",\"last_name\":\"Lee\"}\n";
    let table = "call_id,started_at,agent,order\na,2026-03-01T09:00:00Z,ann lee,1\nb,2026-03-01T09:00:00Z,Zoe,2\n\
                 c,2026-03-01T09:00:00Z,Zoe,3\nd,2026-03-01T09:00:00Z,ANN@x.example,4\n";
    let files = [("users.ndjson", users), ("calls.csv", table)];
    let (preview, report) = world.both(&files, &StagedOptions::default()).await;
    let columns: Vec<_> =
        preview.columns.iter().map(|it| (it.name.as_str(), it.meaning.as_deref())).collect();
    assert_eq!(
        columns,
        [
            ("call_id", Some("id")),
            ("started_at", Some("started_at")),
            ("agent", Some("agent")),
            ("order", None)
        ]
    );
    for warnings in [&preview.warnings, &report.warnings] {
        assert_eq!(warnings.len(), 1, "{warnings:?}");
        assert!(warnings[0].reason.contains("\"Zoe\" is nobody known here"), "{warnings:?}");
        assert_eq!(warnings[0].place.to_string(), "calls.csv:3");
    }
    let agents: Vec<_> = preview.contacts.iter().map(|it| it.agent.as_ref().map(|it| it.as_str())).collect();
    assert_eq!(agents, [Some("u1"), None, None, Some("u1")]);
    let contact = async |id: &str| world.app.contact(&world.caller, id).await.unwrap().contact;
    assert_eq!(contact("a").await.agent_id.unwrap().as_str(), "u1");
    let unknown = contact("b").await;
    assert_eq!((unknown.agent_id, &unknown.metadata["agent"]), (None, &serde_json::json!("Zoe")));
    // An address is a statement: that it is nobody's is said before, and is what happens.
    let table = "id,started_at,agent_email\nx,2026-03-01T09:00:00Z,no@x.example\n";
    let (preview, report) = world.both(&[("calls.csv", table)], &StagedOptions::default()).await;
    assert!(preview.problems[0].reason.contains("no user has the address") && preview.records.is_empty());
    assert_eq!((report.total().created, report.total().refused), (0, 1));
}
