//! Somebody opens a call, hears it, says something about it, shows it to others; what of it is noted and counted.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may end here")]

use bytes::Bytes;
use futures::{StreamExt, stream};
use std::{convert::Infallible, sync::Arc};
use touchline_app::{
    App, AppError, Limits, SystemEntropy,
    contacts::{ContactUpload, NewRemark, Peaks},
    people::NewLogin,
};
use touchline_model::{
    Caller, Clock, Contact, FakeClock, FeedbackKind, Listen, MediaTime, Role, Share, Speaker, SpeakerType,
    Tenant, Timestamp, Transcript, User, Word,
};
use touchline_store::{Blobs, Store};

const START: &str = "2026-03-02T15:00:00Z";

struct World {
    app: App,
    clock: Arc<FakeClock>,
    system: Caller,
    _folder: tempfile::TempDir,
}

impl World {
    async fn new(postgres: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(FakeClock::at(START.parse().unwrap()));
        let store = match postgres {
            false => Store::open_sqlite(&folder.path().join("touchline.db"), clock.clone()).await,
            true => {
                let url = touchline_testkit::postgres::fresh_database().await;
                Store::open_postgres(&url, clock.clone()).await
            }
        };
        let blobs = Blobs::open(&folder.path().join("recordings")).unwrap();
        let app = App::new(store.unwrap(), blobs, clock.clone(), Arc::new(SystemEntropy), Limits::default());
        let tenant = Tenant { id: "acme".into(), name: "Acme".to_owned(), created_at: clock.now() };
        assert!(app.store().create_tenant(&tenant).await.unwrap());
        let world = Self { app, clock, system: Caller::system("acme".into(), "test"), _folder: folder };
        for (id, first, last) in [("ana", "Ana", "Ruiz"), ("ben", "Ben", "Ode"), ("ben-2", "Ben", "Ode")] {
            let user = User {
                id: id.into(),
                email: format!("{id}@acme.example"),
                first_name: first.to_owned(),
                last_name: last.to_owned(),
                active: true,
                ..User::default()
            };
            world.app.put_one(&world.system, user).await.unwrap();
        }
        world
    }

    fn person(id: &str, role: Role) -> Caller {
        Caller {
            tenant: "acme".into(),
            actor: format!("user:{id}"),
            user: Some(id.into()),
            own_only: role.own_only(),
            abilities: role.abilities(),
            source: "192.0.2.1".to_owned(),
        }
    }

    /// A call of Ana's with twenty words, a word a second.
    async fn call(&self, id: &str) {
        let word = |n: usize| Word {
            start: MediaTime::from_secs(n as f64),
            end: MediaTime::from_secs(n as f64 + 0.5),
            text: format!("w{n}"),
            punctuation: None,
            speaker: u16::from(n >= 10),
            confidence: None,
        };
        let side = |number, side, user: Option<&str>| Speaker {
            number,
            speaker_type: Some(side),
            user_id: user.map(Into::into),
            ..Speaker::default()
        };
        let speakers =
            vec![side(0, SpeakerType::Internal, Some("ana")), side(1, SpeakerType::External, None)];
        let said = Transcript { speakers, words: (0..20).map(word).collect() };
        let contact = Contact {
            id: id.into(),
            channel: touchline_model::Channel::Call,
            direction: touchline_model::Direction::Inbound,
            agent_id: Some("ana".into()),
            started_at: START.parse().unwrap(),
            duration: MediaTime::from_secs(20.0),
            state: None,
            original_path: None,
            metadata: serde_json::Map::new(),
            crm_matches: vec![],
        };
        self.app.put_contact(&self.system, ContactUpload::new(contact, Some(said))).await.unwrap();
        self.app.work_until_idle().await.unwrap();
    }

    async fn recording(&self, id: &str, bytes: Vec<u8>) {
        let bytes = stream::iter([Ok::<_, Infallible>(Bytes::from(bytes))]);
        self.app.receive_recording(&self.system, id, None, bytes).await.unwrap();
    }

    /// How often something stands in the audit trail.
    async fn noted(&self, action: &str) -> usize {
        let all = self.app.audit_page(&self.system, 0, 1_000).await.unwrap();
        all.iter().filter(|it| it.action == action).count()
    }
}

/// Stereo A-law at 8 kHz: left is silent, right is loud.
fn a_law(frames: usize) -> Vec<u8> {
    let mut file = b"RIFF".to_vec();
    file.extend((36 + 2 * frames as u32).to_le_bytes());
    file.extend(b"WAVEfmt \x10\0\0\0\x06\0\x02\0");
    file.extend(8_000_u32.to_le_bytes());
    file.extend(16_000_u32.to_le_bytes());
    file.extend(b"\x02\0\x08\0data");
    file.extend((2 * frames as u32).to_le_bytes());
    // 0xD5 is the smallest step, 0xAA the largest (ITU-T G.711, table 1a).
    file.extend((0..frames).flat_map(|_| [0xD5, 0xAA]));
    file
}

async fn all(mut bytes: impl futures::Stream<Item = Result<Bytes, std::io::Error>> + Unpin) -> Vec<u8> {
    let mut whole = Vec::new();
    while let Some(piece) = bytes.next().await {
        whole.extend(piece.unwrap());
    }
    whole
}

#[tokio::test]
async fn the_peaks_are_measured_when_the_recording_is_read_and_go_with_it() {
    let world = World::new(false).await;
    world.call("c").await;
    world.recording("c", a_law(24_000)).await;
    world.app.work_until_idle().await.unwrap();
    let call = world.app.whole_call(&World::person("ben", Role::Coach), "c").await.unwrap();
    let sha256 = call.row.recording.clone().unwrap().sha256;
    let peaks = call.peaks.expect("measured by the job");
    assert_eq!((peaks.channels.len(), peaks.frames, peaks.sample_rate), (2, 24_000, 8_000));
    assert_eq!(peaks.columns(0, 2), [0, 0]);
    assert!(peaks.columns(1, 2).iter().all(|it| *it > 250), "{:?}", peaks.columns(1, 2));
    // Two calls with the same recording: it stays until the last is erased.
    world.call("d").await;
    world.recording("d", a_law(24_000)).await;
    world.app.work_until_idle().await.unwrap();
    world.app.erase_contact(&world.system, "c", None).await.unwrap();
    world.app.work_until_idle().await.unwrap();
    let tenant = &world.system.tenant;
    assert!(world.app.store().peaks(tenant, &sha256).await.unwrap().is_some());
    world.app.erase_contact(&world.system, "d", None).await.unwrap();
    world.app.work_until_idle().await.unwrap();
    assert_eq!(world.app.store().peaks(tenant, &sha256).await.unwrap(), None, "nothing is left of it");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn peaks_that_are_missing_are_measured_once_however_many_ask() {
    let world = World::new(false).await;
    world.call("c").await;
    world.recording("c", a_law(80_000)).await;
    // The job has not run: nothing is known yet.
    let ben = World::person("ben", Role::Coach);
    assert!(world.app.whole_call(&ben, "c").await.unwrap().peaks.is_none());
    let asked = (0..8).map(|_| world.app.peaks(&ben, "c"));
    let found: Vec<Option<Peaks>> =
        futures::future::join_all(asked).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(found[0].as_ref().map(|it| it.frames), Some(80_000));
    assert!(found.iter().all(|it| it == &found[0]));
    assert_eq!(world.app.whole_call(&ben, "c").await.unwrap().peaks, found[0], "and kept");
}

#[tokio::test]
async fn a_browser_hears_as_pcm_what_it_cannot_play_in_any_part_it_likes() {
    let world = World::new(false).await;
    world.call("c").await;
    world.recording("c", a_law(100_000)).await;
    let ben = World::person("ben", Role::Coach);
    let whole = world.app.rendition(&ben, "c", |_, size| 0..size).await.unwrap().unwrap();
    assert_eq!(whole.size, 44 + 400_000);
    let bytes = all(whole.bytes).await;
    assert_eq!(bytes.len(), 400_044);
    assert_eq!(&bytes[..4], b"RIFF");
    assert_eq!(&bytes[20..24], [1, 0, 2, 0], "PCM, two channels");
    assert_eq!(&bytes[40..44], 400_000_u32.to_le_bytes());
    let sample = |at: usize| i16::from_le_bytes([bytes[at], bytes[at + 1]]);
    assert!(sample(44).abs() <= 10 && sample(46).abs() > 32_000, "{} {}", sample(44), sample(46));
    for part in [0..10, 40..50, 44..45, 65_530..131_080, 399_999..400_044, 17..17] {
        let found = world.app.rendition(&ben, "c", |_, _| part.clone()).await.unwrap().unwrap();
        let range = part.start as usize..part.end as usize;
        assert!(all(found.bytes).await == bytes[range.clone()], "{range:?}");
    }
    // Somebody who goes away in the middle keeps nobody else from hearing.
    for _ in 0..100 {
        drop(world.app.rendition(&ben, "c", |_, size| 0..size).await.unwrap());
    }
    world.call("silent").await;
    assert!(world.app.rendition(&ben, "silent", |_, size| 0..size).await.unwrap().is_none());
}

#[tokio::test]
async fn one_look_at_a_call_is_one_entry_of_the_audit_trail() {
    let world = World::new(false).await;
    world.call("c").await;
    world.recording("c", a_law(8_000)).await;
    let ben = World::person("ben", Role::Coach);
    for _ in 0..20 {
        world.app.whole_call(&ben, "c").await.unwrap();
        world.app.recording(&ben, "c", |_| 0..100).await.unwrap().unwrap();
    }
    assert_eq!((world.noted("transcript.read").await, world.noted("recording.read").await), (1, 1));
    // Another person, another place, another call, later: each is noted.
    world.app.whole_call(&World::person("ana", Role::Agent), "c").await.unwrap();
    world.app.whole_call(&Caller { source: "192.0.2.2".to_owned(), ..ben.clone() }, "c").await.unwrap();
    world.call("d").await;
    world.app.whole_call(&ben, "d").await.unwrap();
    world.clock.advance_secs(301);
    world.app.whole_call(&ben, "c").await.unwrap();
    assert_eq!(world.noted("transcript.read").await, 5);
    // A program is noted each time.
    for _ in 0..3 {
        world.app.recording(&world.system, "c", |_| 0..100).await.unwrap().unwrap();
    }
    assert_eq!(world.noted("recording.read").await, 4);
}

async fn listening_never_exceeds_real_time(postgres: bool) {
    let world = World::new(postgres).await;
    for id in ["c", "d"] {
        world.call(id).await;
        world.recording(id, a_law(8_000)).await;
    }
    let ben = World::person("ben", Role::Coach);
    let told = async |call: &str, seconds: f64| world.app.listened(&ben, call, seconds).await.unwrap().secs();
    // An honest player: every fifteen seconds, whole seconds.
    for _ in 0..4 {
        world.clock.advance_secs(15);
        assert_eq!(told("c", 15.0).await, 15.0);
    }
    let listens = world.app.list::<Listen>(&world.system, None, 10).await.unwrap();
    assert_eq!(listens.len(), 1, "one stretch: {listens:?}");
    assert_eq!(listens[0].value.duration.secs(), 60.0);
    assert_eq!(listens[0].value.started_at.to_string(), START);
    // A dishonest one: at once again, from a second window, with absurd numbers.
    assert_eq!(told("c", 15.0).await, 0.0);
    assert_eq!(told("d", 60.0).await, 0.0);
    world.clock.advance_secs(10);
    assert_eq!(told("d", 1e12).await, 10.0);
    assert_eq!(told("c", 10.0).await, 0.0);
    for wrong in [f64::NAN, f64::INFINITY, -1.0] {
        assert!(matches!(world.app.listened(&ben, "c", wrong).await, Err(AppError::Invalid(_))), "{wrong}");
    }
    // A pause does not count, and what is told late is cut.
    world.clock.advance_secs(3_600);
    assert_eq!(told("d", 3_600.0).await, 120.0);
    // Many windows at the same moment.
    world.clock.advance_secs(30);
    let at_once = futures::future::join_all((0..6).map(|_| world.app.listened(&ben, "c", 30.0))).await;
    let sum: f64 = at_once.into_iter().map(|it| it.unwrap().secs()).sum();
    assert_eq!(sum, 30.0);
    let listens = world.app.list::<Listen>(&world.system, None, 10).await.unwrap();
    let total: f64 = listens.iter().map(|it| it.value.duration.secs()).sum();
    assert_eq!(total, 220.0, "60 + 10 + 120 + 30");
    // Nobody's own time is touched by another's.
    let ana = World::person("ana", Role::Agent);
    assert_eq!(world.app.listened(&ana, "c", 20.0).await.unwrap().secs(), 20.0);
    // The night after, it is what Coach360's list of listens shows.
    world.clock.advance_secs(86_400);
    world.app.work_until_idle().await.unwrap();
    let start = (Timestamp::from_micros(0), 0);
    let days = world.app.listen_days(&world.system, start, 10).await.unwrap();
    let mut days: Vec<_> = days.into_iter().map(|it| (it.contact, it.listener, it.duration.secs())).collect();
    days.sort_by(|one, other| one.partial_cmp(other).unwrap());
    let expected = [("c", "ana", 20.0), ("c", "ben", 90.0), ("d", "ben", 130.0)];
    assert_eq!(days, expected.map(|(call, who, secs)| (call.to_owned(), who.to_owned(), secs)));
}

#[tokio::test]
async fn listening_never_exceeds_real_time_on_sqlite() {
    listening_never_exceeds_real_time(false).await;
}
#[tokio::test]
async fn listening_never_exceeds_real_time_on_postgres() {
    listening_never_exceeds_real_time(true).await;
}

#[tokio::test]
async fn listening_needs_a_recording_a_person_and_a_call_of_theirs() {
    let world = World::new(false).await;
    world.call("c").await;
    let ben = World::person("ben", Role::Coach);
    assert!(matches!(world.app.listened(&ben, "c", 5.0).await, Err(AppError::Missing { .. })));
    world.recording("c", a_law(8_000)).await;
    assert!(matches!(world.app.listened(&world.system, "c", 5.0).await, Err(AppError::NotAllowed(_))));
    let other = World::person("ben-2", Role::Agent);
    assert!(matches!(world.app.listened(&other, "c", 5.0).await, Err(AppError::NotFound { .. })));
}

fn comment(text: &str, start: f64) -> NewRemark {
    NewRemark {
        kind: FeedbackKind::Comment,
        text: text.to_owned(),
        start: MediaTime::from_secs(start),
        end: None,
    }
}

#[tokio::test]
async fn comments_are_left_and_taken_back_by_their_authors_only() {
    let world = World::new(false).await;
    world.call("c").await;
    world.call("d").await;
    let (ana, ben) = (World::person("ana", Role::Agent), World::person("ben", Role::Coach));
    let invalid = async |new: NewRemark| match world.app.remark(&ben, "c", new).await {
        Err(AppError::Invalid(invalid)) => invalid.field,
        other => panic!("{other:?}"),
    };
    assert_eq!(invalid(comment(" \n", 1.0)).await, "text");
    assert_eq!(invalid(comment("late", 21.0)).await, "start");
    let highlight = NewRemark { kind: FeedbackKind::Highlight, ..comment("", 5.0) };
    assert_eq!(invalid(highlight.clone()).await, "end");
    let backwards = NewRemark { end: Some(MediaTime::from_secs(4.0)), ..highlight.clone() };
    assert_eq!(invalid(backwards).await, "end");

    let first = world.app.remark(&ben, "c", comment(" Well done <b> ", 7.5)).await.unwrap();
    let lit = NewRemark { end: Some(MediaTime::from_secs(6.0)), ..highlight };
    world.app.remark(&ana, "c", lit).await.unwrap();
    // An agent reads what others say about the own call; nobody else's calls exist for them.
    let call = world.app.whole_call(&ana, "c").await.unwrap();
    let told: Vec<_> = call
        .remarks
        .iter()
        .map(|it| (it.value.author_id.as_str(), it.value.start.secs(), it.value.text.as_deref()))
        .collect();
    assert_eq!(told, [("ana", 5.0, None), ("ben", 7.5, Some("Well done <b>"))]);
    assert_eq!(call.people.len(), 2);
    let other = World::person("ben-2", Role::Agent);
    assert!(matches!(world.app.whole_call(&other, "c").await, Err(AppError::NotFound { .. })));
    let said = world.app.remark(&other, "c", comment("hello", 0.0)).await;
    assert!(matches!(said, Err(AppError::NotFound { .. })), "{said:?}");
    let program = world.app.remark(&world.system, "c", comment("hello", 0.0)).await;
    assert!(matches!(program, Err(AppError::NotAllowed(_))), "{program:?}");

    let taken = world.app.take_back_remark(&ana, "c", &first).await;
    assert!(matches!(taken, Err(AppError::NotAllowed(_))), "{taken:?}");
    let elsewhere = world.app.take_back_remark(&ben, "d", &first).await;
    assert!(matches!(elsewhere, Err(AppError::NotFound { .. })), "{elsewhere:?}");
    world.app.take_back_remark(&ben, "c", &first).await.unwrap();
    assert_eq!(world.app.whole_call(&ben, "c").await.unwrap().remarks.len(), 1);
    assert_eq!((world.noted("feedback.put").await, world.noted("feedback.delete").await), (2, 1));
}

#[tokio::test]
async fn a_call_is_shown_to_people_by_name_or_address() {
    let world = World::new(false).await;
    world.call("c").await;
    let ben = World::person("ben", Role::Coach);
    let refused = async |to: &[&str]| match world.app.share_call(&ben, "c", to).await {
        Err(AppError::Invalid(invalid)) => (invalid.field, invalid.reason),
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(&[" ", ""]).await.0, "to");
    assert!(refused(&["Ben Ode"]).await.1.contains("several people"), "two are called so");
    for nobody in ["Cleo", "@", "a@", "@b", "a b@c.example", "a@b@c"] {
        assert!(
            refused(&["ana ruiz", nobody]).await.1.contains("neither the name of somebody here"),
            "{nobody}"
        );
    }
    world
        .app
        .share_call(&ben, "c", &["ana ruiz", "ANA@acme.example", "x@else.example", "ben-2@acme.example"])
        .await
        .unwrap();
    let shares = world.app.list::<Share>(&world.system, None, 10).await.unwrap();
    assert_eq!(shares.len(), 1);
    let share = &shares[0].value;
    assert_eq!((share.contact_id.as_str(), share.author_id.as_str()), ("c", "ben"));
    assert_eq!(share.recipient_ids, ["ana".into(), "ben-2".into()]);
    assert_eq!(share.recipient_emails, ["x@else.example"]);
    assert_eq!(world.app.whole_call(&ben, "c").await.unwrap().shares.len(), 1);
    // An agent neither shows calls to others nor learns who was shown them.
    let ana = World::person("ana", Role::Agent);
    assert!(matches!(world.app.share_call(&ana, "c", &["x@y.example"]).await, Err(AppError::NotAllowed(_))));
    assert!(world.app.whole_call(&ana, "c").await.unwrap().shares.is_empty());
    // Of several with one address who can sign in is meant; where nobody can, or several, one names an id.
    for id in ["two-1", "two-2"] {
        let user =
            User { id: id.into(), email: "two@acme.example".to_owned(), active: true, ..User::default() };
        world.app.put_one(&world.system, user).await.unwrap();
    }
    let both = refused(&["two@acme.example"]).await.1;
    assert!(both.contains("write an id, `two-1` or `two-2`"), "{both}");
    let login = NewLogin { user: "two-2".to_owned(), role: Role::Agent, password: None, reset: false };
    for (to, login) in [("two-1", Some(login)), ("two@acme.example", None)] {
        world.app.share_call(&ben, "c", &[to]).await.unwrap();
        if let Some(login) = login {
            world.app.put_login(&world.system, login).await.unwrap();
        }
    }
    let shares = world.app.list::<Share>(&world.system, None, 10).await.unwrap();
    let mut shown: Vec<&str> =
        shares.iter().flat_map(|it| &it.value.recipient_ids).map(|id| id.as_str()).collect();
    shown.sort_unstable();
    assert_eq!(shown, ["ana", "ben-2", "two-1", "two-2"]);
    let proposed = world.app.propose_people(&ben, "ode").await.unwrap();
    assert_eq!(proposed.iter().map(|it| it.id.as_str()).collect::<Vec<_>>(), ["ben", "ben-2"]);
    assert!(world.app.propose_people(&ben, "o").await.unwrap().is_empty());
}

#[tokio::test]
async fn an_erased_call_is_gone_for_those_who_knew_it_and_why_is_kept() {
    let world = World::new(false).await;
    world.call("c").await;
    let manager = World::person("ben", Role::Manager);
    let blank = world.app.erase_contact(&manager, "c", Some("  ")).await;
    assert!(matches!(blank, Err(AppError::Invalid(invalid)) if invalid.field == "reason"));
    world.app.erase_contact(&manager, "c", Some(" The customer asked for it. ")).await.unwrap();
    let gone = async |caller: Caller| world.app.whole_call(&caller, "c").await.unwrap_err();
    assert!(matches!(gone(manager.clone()).await, AppError::Gone(_)));
    assert!(matches!(gone(World::person("ana", Role::Agent)).await, AppError::Gone(_)), "it was hers");
    assert!(matches!(gone(World::person("ben-2", Role::Agent)).await, AppError::NotFound { .. }));
    let never = world.app.whole_call(&manager, "never").await.unwrap_err();
    assert!(matches!(never, AppError::NotFound { .. }));
    let trail = world.app.audit_page(&world.system, 0, 1_000).await.unwrap();
    let entry = trail.iter().find(|it| it.action == "contact.delete").unwrap();
    assert_eq!((entry.object.as_str(), entry.detail.as_str()), ("c", "The customer asked for it."));
}
