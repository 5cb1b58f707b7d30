//! The same random batches on both engines: the same ones are refused, in the same words, and afterwards everything
//! that can be read is equal.
//!
//! Always the same cases, unless `TOUCHLINE_TEST_SEED` (a number) or `PROPTEST_CASES` says otherwise.

use crate::{
    samples::{Sample, contact, transcript},
    world::{HARD_IDS, World, strings, time},
};
use proptest::{
    collection::vec,
    prelude::*,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use std::{collections::BTreeMap, fmt::Debug};
use touchline_model::*;
use touchline_store::*;

/// Ids are places in a short list, so that moves meet.
type Id = prop::sample::Index;

#[derive(Clone, Debug)]
enum Move {
    Put { kind: u8, id: Id, full: bool, number: f64 },
    Delete { kind: u8, id: Id },
    State { id: Id, stale: bool },
    Recording { id: Id, stale: bool },
    Erase { id: Id, stale: bool },
    Touch(Id),
    Hold { id: Id, stale: bool },
    Transcript { id: Id, words: Vec<String> },
    Analysis { id: Id, version: u32, number: f64 },
    Field { id: Id, put: bool },
    TopicSet { generation: i64, visible: bool },
    TopicResult { generation: i64, id: Id, hits: u32 },
    Epoch { stale: bool, moves: bool },
    Credential { id: Id, login: u8, revoked: bool },
    Idempotency { key: u8, id: Id },
    Listen { id: Id, secs: u8, day: u8 },
    ListenDay { day: u8, wrong: bool },
    Skill { name: Id, number: i64 },
    Job { id: Id, after: i64 },
    FinishJob { id: Id, stale: bool },
    Audit(String),
}
#[derive(Clone, Debug)]
enum Step {
    Batch { other_tenant: bool, moves: Vec<Move> },
    Clock(i64),
    Lease,
    FailJob { id: Id, for_good: bool },
    RetryJob(Id),
    Numbers(usize),
    DropResults(i64),
}

fn a_move() -> impl Strategy<Value = Move> {
    let id = any::<Id>;
    let stale = || prop::bool::weighted(0.15);
    let number = || prop::num::f64::NORMAL;
    let word = "[a-z'\"\\\\éß🎧 ]{1,8}";
    prop_oneof![
        8 => (0..13_u8, id(), any::<bool>(), number()).prop_map(|(kind, id, full, number)| Move::Put { kind, id, full, number }),
        2 => (2..3_u8, id(), any::<bool>(), number()).prop_map(|(kind, id, full, number)| Move::Put { kind, id, full, number }),
        1 => (0..13_u8, id()).prop_map(|(kind, id)| Move::Delete { kind, id }),
        2 => (id(), stale()).prop_map(|(id, stale)| Move::State { id, stale }),
        1 => (id(), stale()).prop_map(|(id, stale)| Move::Recording { id, stale }),
        1 => (id(), stale()).prop_map(|(id, stale)| Move::Erase { id, stale }),
        1 => id().prop_map(Move::Touch),
        1 => (id(), stale()).prop_map(|(id, stale)| Move::Hold { id, stale }),
        2 => (id(), vec(word, 0..4)).prop_map(|(id, words)| Move::Transcript { id, words }),
        2 => (id(), 0..3_u32, number()).prop_map(|(id, version, number)| Move::Analysis { id, version, number }),
        1 => (id(), any::<bool>()).prop_map(|(id, put)| Move::Field { id, put }),
        1 => (0..3_i64, any::<bool>()).prop_map(|(generation, visible)| Move::TopicSet { generation, visible }),
        2 => (0..3_i64, id(), 0..3_u32).prop_map(|(generation, id, hits)| Move::TopicResult { generation, id, hits }),
        1 => (stale(), any::<bool>()).prop_map(|(stale, moves)| Move::Epoch { stale, moves }),
        1 => (id(), 0..6_u8, any::<bool>()).prop_map(|(id, login, revoked)| Move::Credential { id, login, revoked }),
        1 => (0..20_u8, id()).prop_map(|(key, id)| Move::Idempotency { key, id }),
        2 => (id(), any::<u8>(), 0..3_u8).prop_map(|(id, secs, day)| Move::Listen { id, secs, day }),
        1 => (0..3_u8, stale()).prop_map(|(day, wrong)| Move::ListenDay { day, wrong }),
        1 => (id(), 0..9_i64).prop_map(|(name, number)| Move::Skill { name, number }),
        2 => (id(), -5..5_i64).prop_map(|(id, after)| Move::Job { id, after }),
        1 => (id(), stale()).prop_map(|(id, stale)| Move::FinishJob { id, stale }),
        1 => ".{0,12}".prop_map(Move::Audit),
    ]
}

fn a_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => (prop::bool::weighted(0.2), vec(a_move(), 1..6))
            .prop_map(|(other_tenant, moves)| Step::Batch { other_tenant, moves }),
        2 => (-30..60_i64).prop_map(Step::Clock),
        1 => Just(Step::Lease),
        1 => (any::<Id>(), any::<bool>()).prop_map(|(id, for_good)| Step::FailJob { id, for_good }),
        1 => any::<Id>().prop_map(Step::RetryJob),
        1 => (1..4_usize).prop_map(Step::Numbers),
        1 => (0..4_i64).prop_map(Step::DropResults),
    ]
}

fn name(id: &Id) -> &'static str {
    HARD_IDS[id.index(HARD_IDS.len())]
}

fn day(day: u8) -> String {
    format!("2026-01-0{}", day + 1)
}

/// Calls a generic function with the kind's record type.
macro_rules! with_kind {
    ($kind:expr, $do:ident) => {
        match $kind {
            0 => $do!(User),
            1 => $do!(Group),
            2 => $do!(Contact),
            3 => $do!(Topic),
            4 => $do!(Scorecard),
            5 => $do!(Evaluation),
            6 => $do!(Feedback),
            7 => $do!(Share),
            8 => $do!(Plan),
            9 => $do!(CoachingSession),
            10 => $do!(Kpi),
            11 => $do!(touchline_model::Listen),
            _ => $do!(Observation),
        }
    };
}

/// An id that suits the kind of record.
fn id_of<T: Record>(id: &Id) -> String {
    if T::NUMERIC { id.index(9).to_string() } else { name(id).to_owned() }
}

/// Adds a move to a batch. What must be known of the present is read from the store itself.
async fn play(world: &World, tenant: &TenantId, batch: &mut Batch, step: &Move) {
    let store = &world.store;
    let row = async |id| store.contact_row(tenant, name(id)).await.unwrap();
    let seq = async |id, stale: &bool| row(id).await.map_or(0, |row| row.contact.seq) - Seq::from(*stale);
    match step {
        Move::Put { kind: 2, id, full, number } => {
            let mut it = if *full {
                Contact::full().with_id(name(id))
            } else {
                contact(name(id), number.abs().min(9.0) as i64)
            };
            it.metadata.insert("number".to_owned(), (*number).into());
            batch.put(&it);
        }
        Move::Put { kind: 10, id, number, .. } => {
            _ = batch.put(&Kpi { target: *number, ..Kpi::full().with_id(&id_of::<Kpi>(id)) })
        }
        Move::Put { kind, id, full, .. } => {
            macro_rules! put {
                ($type:ty) => {
                    _ =
                        batch.put(&if *full { <$type>::full() } else { <$type>::sparse() }.with_id(&id_of::<
                            $type,
                        >(
                            id
                        )))
                };
            }
            with_kind!(kind, put)
        }
        Move::Delete { kind, id } => {
            macro_rules! delete {
                ($type:ty) => {
                    _ = batch.delete::<$type>(&id_of::<$type>(id))
                };
            }
            with_kind!(kind, delete)
        }
        Move::State { id, stale } => {
            _ = batch.set_state(name(id), seq(id, stale).await, "COMPLETE", stale.then_some("é"))
        }
        Move::Recording { id, stale } => {
            let recording = touchline_model::Recording {
                sha256: "00".repeat(32),
                bytes: 7,
                media_type: "audio/ogg".to_owned(),
            };
            batch.set_recording(name(id), seq(id, stale).await, &recording, Some("é.ogg"), "CONVERTING");
            batch.set_duration(name(id), MediaTime::from_secs(7.5));
        }
        Move::Erase { id, stale } => {
            if let Some(mut row) = row(id).await {
                row.contact.seq -= Seq::from(*stale);
                batch.erase(&row);
            }
        }
        Move::Touch(id) => _ = batch.touch(name(id)),
        Move::Hold { id, stale } => _ = batch.hold_contact(name(id), seq(id, stale).await),
        Move::Transcript { id, words } => {
            let words: Vec<_> = words.iter().map(String::as_str).collect();
            batch.put_transcript(name(id), &transcript(&words));
        }
        Move::Analysis { id, version, number } => {
            let stats = CallStats { silence: *number, ..CallStats::default() };
            batch.put_analysis(
                name(id),
                &touchline_store::Analysis { stats, ..crate::contacts::analysis(*version) },
            );
        }
        Move::Field { id, put: true } => {
            _ = batch.put_field(search_key("x", "y"), world.clock.now(), name(id))
        }
        Move::Field { id, put: false } => {
            _ = batch.delete_field(search_key("x", "y"), world.clock.now(), name(id))
        }
        Move::TopicSet { generation, visible } => {
            let state = if *visible { TopicSetState::Visible } else { TopicSetState::Building };
            let topics = vec![Topic::full()];
            let (generation, walked) = (*generation, "é".to_owned());
            batch.put_topic_set(&touchline_store::TopicSet {
                generation,
                state,
                topics,
                walked,
                done: 1,
                total: 2,
            });
        }
        Move::TopicResult { generation, id, hits } => {
            let questions = QuestionCounts { external: *hits, ..QuestionCounts::default() };
            let result = touchline_store::TopicResult { hits: vec![], questions };
            batch.put_topic_result(*generation, name(id), &result);
        }
        Move::Epoch { stale, moves } => {
            let (epoch, _) = store.topic_sets(tenant).await.unwrap();
            let epoch = epoch + i64::from(*stale);
            _ = if *moves { batch.move_topic_epoch(epoch) } else { batch.hold_topic_epoch(epoch) };
        }
        Move::Credential { id, login, revoked } => {
            batch.put_credential(&touchline_store::Credential {
                id: name(id).into(),
                tenant: tenant.clone(),
                dialect: "native".to_owned(),
                login: format!("login-{login}"),
                name: String::new(),
                secret: "sha256:".to_owned(),
                abilities: Ability::all_of_tenant(),
                created_at: world.clock.now(),
                revoked_at: revoked.then(|| world.clock.now()),
                last_used_at: None,
            });
        }
        Move::Idempotency { key, id } => _ = batch.put_idempotency(&format!("key {key}"), name(id)),
        Move::Listen { id, secs, day: of } => {
            let duration = MediaTime::from_secs(f64::from(*secs) / 10.0);
            let started_at = time(&format!("{}T12:00:00Z", day(*of)));
            batch.put(&touchline_model::Listen {
                duration,
                started_at,
                ..touchline_model::Listen::full().with_id(name(id))
            });
        }
        Move::ListenDay { day: of, wrong } => {
            let sum = store.listen_sum(tenant, &day(*of), "c-1", "u-2").await.unwrap();
            batch.put_listen_day(&touchline_store::ListenDay {
                day: day(*of),
                contact: "c-1".to_owned(),
                listener: "u-2".to_owned(),
                agent: None,
                duration: MediaTime::from_micros(sum.micros() + i64::from(*wrong)),
                modified: Timestamp::default(),
                seq: 0,
            });
        }
        Move::Skill { name: of, number } => _ = batch.put_skill(name(of), *number),
        Move::Job { id, after } => {
            let now = world.clock.now();
            let payload = serde_json::json!({ "id": name(id) });
            let (id, due_at) = (name(id).to_owned(), now.plus_secs(*after));
            batch.enqueue(&NewJob { id, kind: "k", payload, due_at, created_at: now });
        }
        Move::FinishJob { id, stale } => {
            if let Some(mut job) = job(world, tenant, id).await {
                job.attempts -= i64::from(*stale);
                batch.finish(&job);
            }
        }
        Move::Audit(text) => {
            let caller = Caller::system(tenant.clone(), "test");
            batch.audit(AuditNote::new(&caller, "test", text.as_str(), text.as_str()));
        }
    }
}

async fn job(world: &World, tenant: &TenantId, id: &Id) -> Option<touchline_store::Job> {
    let jobs = world.store.jobs_page(tenant, None, 99).await.unwrap();
    jobs.into_iter().find(|job| job.id == name(id))
}

fn told<T: Debug>(it: T) -> String {
    format!("{it:?}")
}

/// Takes a step, and tells what came of it.
async fn take(world: &World, step: &Step) -> String {
    let (store, tenant) = (&world.store, &world.tenant);
    match step {
        Step::Batch { other_tenant, moves } => {
            let tenant = if *other_tenant { &"other".into() } else { tenant };
            let mut batch = Batch::new(tenant);
            for step in moves {
                play(world, tenant, &mut batch, step).await;
            }
            told(store.apply(batch).await)
        }
        Step::Clock(secs) => {
            world.clock.advance_secs(*secs);
            told(world.clock.now())
        }
        Step::Lease => told(store.lease_jobs(99, 20).await),
        Step::FailJob { id, for_good } => match job(world, tenant, id).await {
            Some(job) => told(store.fail_job(&job, "é", *for_good).await),
            None => String::new(),
        },
        Step::RetryJob(id) => told(store.retry_job(tenant, name(id)).await),
        Step::Numbers(count) => told(store.next_numbers(tenant, *count).await),
        Step::DropResults(generation) => told(store.drop_topic_results(tenant, *generation).await),
    }
}

async fn records_of<T: Table + Debug>(store: &Store, tenant: &TenantId) -> String {
    let list = store.list::<T>(tenant, None, 99).await.unwrap();
    told((list, store.feed::<T>(tenant, (Timestamp::default(), 0), 99).await.unwrap()))
}

/// Everything that can be read of a tenant.
async fn all_of(world: &World, tenant: &TenantId) -> Vec<String> {
    let s = &world.store;
    let (t, ids, start) = (tenant, strings(&HARD_IDS), (Timestamp::default(), 0));
    let mut all = Vec::new();
    for kind in 0..13 {
        macro_rules! read {
            ($type:ty) => {
                all.push(records_of::<$type>(s, t).await)
            };
        }
        with_kind!(kind, read);
    }
    let mut rows = s.contact_rows(t, &ids).await.unwrap();
    rows.sort_by_key(|row| row.contact.seq);
    all.push(told(rows));
    all.push(told((s.calls(t, start, 99, false).await.unwrap(), s.calls(t, start, 99, true).await.unwrap())));
    all.push(told((s.contact_ids(t, "", 99).await.unwrap(), s.contact_count(t).await.unwrap())));
    all.push(told(s.transcripts(t, &ids).await.unwrap().into_iter().collect::<BTreeMap<_, _>>()));
    all.push(told(s.analyses(t, &ids).await.unwrap().into_iter().collect::<BTreeMap<_, _>>()));
    all.push(told((
        s.outdated(t, 2, 99).await.unwrap(),
        s.recording_users(t, &"00".repeat(32)).await.unwrap(),
    )));
    all.push(told((
        s.by_field(t, search_key("x", "y"), 99).await.unwrap(),
        s.by_state(t, "COMPLETE", 99).await.unwrap(),
        s.by_direction(t, "INBOUND", 99).await.unwrap(),
        s.by_agents(t, &strings(&["u-1"]), 99).await.unwrap(),
    )));
    let mut stones = s.tombstones(t, &ids).await.unwrap();
    stones.sort_by_key(|stone| stone.seq);
    all.push(told((stones, s.deleted_contacts(t, start, 99).await.unwrap())));
    all.push(told(s.topic_sets(t).await.unwrap()));
    for generation in 0..3 {
        let results = s.topic_results(t, generation, &ids).await.unwrap();
        all.push(told(results.into_iter().collect::<BTreeMap<_, _>>()));
    }
    all.push(told(s.credentials(t, "", 99).await.unwrap()));
    for n in 0..20 {
        all.push(told(s.idempotency(t, &format!("key {n}")).await.unwrap()));
    }
    all.push(told((
        s.open_listen_days(t, "9", 99).await.unwrap(),
        s.listen_days(t, start, 99).await.unwrap(),
    )));
    let mut skills = s.skills(t, &ids).await.unwrap();
    skills.sort();
    all.push(told((skills, s.shares_by_time(t, start, 99).await.unwrap())));
    all.push(told((s.jobs_page(t, None, 99).await.unwrap(), s.next_job_at().await.unwrap())));
    all.push(told((s.audit_page(t, 0, 99).await.unwrap(), s.audit_verify(t).await.unwrap())));
    all.push(told((s.changes(t, 0, 999).await.unwrap(), s.tenant_state(t).await.unwrap())));
    all
}

async fn compare(steps: &[Step]) {
    let (one, two) = (World::sqlite().await, World::postgres().await);
    let other = one.add_tenant("other").await;
    two.add_tenant("other").await;
    for step in steps {
        assert_eq!(take(&one, step).await, take(&two, step).await, "{step:?}");
    }
    for tenant in [&one.tenant, &other] {
        assert_eq!(all_of(&one, tenant).await, all_of(&two, tenant).await);
        assert_eq!(one.store.audit_verify(tenant).await.unwrap(), None);
    }
}

#[test]
fn random_batches_end_alike_on_both_engines() {
    let seed = std::env::var("TOUCHLINE_TEST_SEED").map_or(1, |text| text.parse::<u64>().unwrap());
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let default = Config::default();
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { default.cases } else { 40 };
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 200, ..default };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runner
        .run(&vec(a_step(), 1..40), |steps| {
            runtime.block_on(compare(&steps));
            Ok(())
        })
        .unwrap();
}
