//! Jobs: leased by one worker, fenced by the number of the attempt, retried, put aside, taken out again.

use crate::{
    samples::Sample,
    world::{World, is_conflict},
};
use serde_json::json;
use touchline_model::{Clock, User};
use touchline_store::{Job, JobState, NewJob};

on_both_engines!(
    a_job_is_leased_finished_and_gone,
    effects_of_a_late_worker_are_refused,
    a_failed_job_waits_longer_each_time_and_dies_after_eight,
    a_job_that_kills_its_workers_is_put_aside,
    a_dead_job_can_be_tried_again,
    a_long_job_keeps_its_lease_and_its_place,
    a_dead_job_is_taken_up_again_when_there_is_a_new_reason,
    a_long_job_survives_any_number_of_restarts_as_long_as_it_gets_on,
    a_job_given_back_runs_at_once_and_has_not_failed,
    a_job_that_would_begin_again_from_its_start_counts_its_failures_on,
    who_gave_a_job_back_can_neither_keep_nor_renew_it,
    tenants_take_turns_whatever_waits,
    a_tenant_that_is_alone_gets_everything,
    taking_a_job_of_a_hundred_thousand_is_quick,
    workers_at_once_never_share_a_job,
    a_job_is_saved_with_its_cause_or_not_at_all,
);

fn new_job(world: &World, id: &str, after_secs: i64) -> NewJob {
    NewJob {
        id: id.to_owned(),
        kind: "transcribe",
        payload: json!({ "contact": "é\"'\\" }),
        due_at: world.clock.now().plus_secs(after_secs),
        created_at: world.clock.now(),
    }
}

async fn enqueue(world: &World, id: &str, after_secs: i64) {
    world.write(|batch| _ = batch.enqueue(&new_job(world, id, after_secs))).await.unwrap();
}

async fn lease_one(world: &World) -> Job {
    let mut jobs = world.store.lease_jobs(9, 60).await.unwrap();
    assert_eq!(jobs.len(), 1);
    jobs.remove(0)
}

async fn state_of(world: &World, id: &str) -> Option<Job> {
    let jobs = world.store.jobs_page(&world.tenant, None, 99).await.unwrap();
    jobs.into_iter().find(|job| job.id == id)
}

async fn a_job_is_leased_finished_and_gone(world: World) {
    let World { store, clock, .. } = &world;
    let start = clock.now();
    assert_eq!(store.next_job_at().await.unwrap(), None);
    enqueue(&world, "later", 100).await;
    enqueue(&world, "now", 0).await;
    enqueue(&world, "now", 50).await; // known already: nothing happens
    assert_eq!((store.open_jobs().await.unwrap(), store.next_job_at().await.unwrap()), (1, Some(start)));
    let waiting = Job {
        tenant: world.tenant.clone(),
        id: "now".to_owned(),
        kind: "transcribe".to_owned(),
        payload: json!({ "contact": "é\"'\\" }),
        due_at: start,
        attempts: 0,
        failures: 0,
        state: JobState::Open,
        error: None,
        created_at: start,
        running: false,
    };
    assert_eq!(state_of(&world, "now").await, Some(waiting.clone()));
    let leased = lease_one(&world).await;
    assert_eq!(leased, Job { due_at: start.plus_secs(60), attempts: 1, running: true, ..waiting });
    assert_eq!(store.lease_jobs(9, 60).await.unwrap(), []);
    world.write(|batch| _ = batch.finish(&leased).put(&User::full())).await.unwrap();
    assert_eq!(state_of(&world, "now").await, None);
    assert_eq!(store.open_jobs().await.unwrap(), 0, "what is planned for later is not open");
    assert_eq!(store.next_job_at().await.unwrap(), Some(start.plus_secs(100)));
    clock.advance_secs(100);
    assert_eq!(lease_one(&world).await.id, "later");
}

async fn effects_of_a_late_worker_are_refused(world: World) {
    enqueue(&world, "j", 0).await;
    let late = lease_one(&world).await;
    world.clock.advance_secs(60); // its lease has ended
    let second = lease_one(&world).await;
    assert_eq!((late.attempts, second.attempts), (1, 2));
    assert!(is_conflict(&world.write(|batch| _ = batch.put(&User::full()).finish(&late)).await));
    assert!(is_conflict(&world.write(|batch| _ = batch.keep(&late, world.clock.now(), &json!(0))).await));
    assert_eq!(world.store.get::<User>(&world.tenant, "u-1").await.unwrap(), None);
    world.store.fail_job(&late, "too late to matter", true).await.unwrap();
    assert_eq!(state_of(&world, "j").await, Some(second.clone()));
    world.write(|batch| _ = batch.put(&User::full()).finish(&second)).await.unwrap();
    assert!(is_conflict(&world.write(|batch| _ = batch.finish(&second)).await));
}

async fn a_failed_job_waits_longer_each_time_and_dies_after_eight(world: World) {
    let World { store, clock, tenant, .. } = &world;
    enqueue(&world, "j", 0).await;
    let mut pauses = Vec::new();
    for attempt in 1..=8 {
        let job = lease_one(&world).await;
        assert_eq!((job.attempts, job.failures), (attempt, attempt - 1));
        store.fail_job(&job, "no\0 luck", false).await.unwrap();
        let failed = state_of(&world, "j").await.unwrap();
        assert_eq!(failed.error.as_deref(), Some("no  luck"));
        assert_eq!(failed.state == JobState::Dead, attempt == 8);
        pauses.push((failed.due_at.micros() - clock.now().micros()) / 1_000_000);
        clock.set(failed.due_at.plus_secs(-1));
        assert_eq!(store.lease_jobs(9, 60).await.unwrap(), []);
        clock.advance_secs(1);
    }
    assert_eq!(pauses, [10, 20, 40, 80, 160, 320, 640, 1280]);
    assert_eq!(store.lease_jobs(9, 60).await.unwrap(), []);
    assert_eq!((store.open_jobs().await.unwrap(), store.next_job_at().await.unwrap()), (0, None));
    assert_eq!(store.jobs_page(tenant, None, 9).await.unwrap().len(), 1);
}

async fn a_job_that_kills_its_workers_is_put_aside(world: World) {
    enqueue(&world, "poison", 0).await;
    for attempt in 1..=8 {
        assert_eq!(lease_one(&world).await.attempts, attempt);
        world.clock.advance_secs(60); // nobody ever says how it went
    }
    enqueue(&world, "good", 0).await;
    assert_eq!(lease_one(&world).await.id, "good");
    let dead = state_of(&world, "poison").await.unwrap();
    assert_eq!((dead.state, dead.error.is_some()), (JobState::Dead, true));
}

async fn a_dead_job_is_taken_up_again_when_there_is_a_new_reason(world: World) {
    enqueue(&world, "j", 0).await;
    let job = lease_one(&world).await;
    world.store.fail_job(&job, "hopeless", true).await.unwrap();
    enqueue(&world, "j", 5).await;
    let open = state_of(&world, "j").await.unwrap();
    assert_eq!((open.state, open.failures, open.error), (JobState::Open, 0, None));
    assert_eq!(open.attempts, 1, "who worked on it before must not be taken for who works on it next");
    assert_eq!(open.due_at, world.clock.now().plus_secs(5));
}

async fn a_dead_job_can_be_tried_again(world: World) {
    let World { store, tenant, clock, .. } = &world;
    enqueue(&world, "j", 0).await;
    let job = lease_one(&world).await;
    assert!(!store.retry_job(tenant, "j").await.unwrap(), "it is not dead");
    store.fail_job(&job, "hopeless", true).await.unwrap();
    assert_eq!(state_of(&world, "j").await.unwrap().state, JobState::Dead);
    let other = world.add_tenant("other").await;
    assert!(!store.retry_job(&other, "j").await.unwrap());
    assert!(!store.retry_job(tenant, "k").await.unwrap());
    clock.advance_secs(5);
    let mut watch = store.watch();
    assert!(store.retry_job(tenant, "j").await.unwrap());
    assert!(watch.has_changed().unwrap(), "workers must wake");
    watch.mark_unchanged();
    let again = state_of(&world, "j").await.unwrap();
    assert_eq!((again.state, again.failures, again.due_at), (JobState::Open, 0, clock.now()));
    assert!(!store.retry_job(tenant, "j").await.unwrap() && !watch.has_changed().unwrap());
    assert!(is_conflict(&world.write(|batch| _ = batch.finish(&Job { attempts: 0, ..job.clone() })).await));
    let next = lease_one(&world).await;
    assert_eq!((next.attempts, next.failures), (2, 0));
    assert!(is_conflict(&world.write(|batch| _ = batch.finish(&job)).await), "the first worker is too late");
}

async fn a_long_job_keeps_its_lease_and_its_place(world: World) {
    let World { store, clock, .. } = &world;
    enqueue(&world, "walk", 0).await;
    let job = lease_one(&world).await;
    clock.advance_secs(50);
    let until = clock.now().plus_secs(60);
    world.write(|batch| _ = batch.keep(&job, until, &json!({ "after": "c-9" }))).await.unwrap();
    clock.advance_secs(59);
    assert_eq!(store.lease_jobs(9, 60).await.unwrap(), []);
    clock.advance_secs(1);
    let next = lease_one(&world).await;
    assert_eq!((next.payload.clone(), next.attempts), (json!({ "after": "c-9" }), 2));
}

async fn a_long_job_survives_any_number_of_restarts_as_long_as_it_gets_on(world: World) {
    enqueue(&world, "walk", 0).await;
    for attempt in 1..=30 {
        let job = lease_one(&world).await;
        // The first time nobody had it before; afterwards its worker was killed, once since it got on.
        assert_eq!((job.attempts, job.failures), (attempt, i64::from(attempt > 1)));
        let until = world.clock.now().plus_secs(60);
        world.write(|batch| _ = batch.keep(&job, until, &json!({ "step": attempt }))).await.unwrap();
        assert_eq!(state_of(&world, "walk").await.unwrap().failures, 0);
        world.clock.advance_secs(60);
    }
    // An error after it got on is its first, whatever the worker's copy of the job says.
    let job = lease_one(&world).await;
    world.write(|batch| _ = batch.keep(&job, world.clock.now(), &json!(0))).await.unwrap();
    world.store.fail_job(&job, "no luck", false).await.unwrap();
    let failed = state_of(&world, "walk").await.unwrap();
    assert_eq!((failed.failures, failed.due_at), (1, world.clock.now().plus_secs(10)));
}

async fn a_job_given_back_runs_at_once_and_has_not_failed(world: World) {
    enqueue(&world, "j", 0).await;
    for attempt in 1..=20 {
        let job = lease_one(&world).await;
        assert_eq!((job.attempts, job.failures), (attempt, 0));
        world.store.release_job(&job).await.unwrap();
    }
    // Who lost it cannot give it back.
    let late = lease_one(&world).await;
    world.clock.advance_secs(60);
    let next = lease_one(&world).await;
    world.store.release_job(&late).await.unwrap();
    assert_eq!(world.store.lease_jobs(9, 60).await.unwrap(), []);
    assert_eq!((next.attempts, next.failures), (22, 1));
}

async fn a_job_that_would_begin_again_from_its_start_counts_its_failures_on(world: World) {
    enqueue(&world, "import", 0).await;
    for failures in 0..3 {
        let job = lease_one(&world).await;
        assert_eq!(job.failures, failures);
        let until = world.clock.now().plus_secs(50);
        world.write(|batch| _ = batch.renew(&job, until)).await.unwrap();
        assert_eq!(state_of(&world, "import").await.unwrap().due_at, until);
        world.store.fail_job(&job, "no luck", false).await.unwrap();
        assert!(is_conflict(&world.write(|batch| _ = batch.renew(&job, until)).await), "it is given up");
        world.clock.advance_secs(600);
    }
}

async fn who_gave_a_job_back_can_neither_keep_nor_renew_it(world: World) {
    enqueue(&world, "j", 0).await;
    let job = lease_one(&world).await;
    world.store.release_job(&job).await.unwrap();
    // What was on its way while the worker was stopped.
    let until = world.clock.now().plus_secs(60);
    assert!(is_conflict(&world.write(|batch| _ = batch.keep(&job, until, &json!(0))).await));
    world.store.renew_lease(&job, 60).await.unwrap();
    assert_eq!(lease_one(&world).await.attempts, 2);
}

/// Jobs of a tenant, the longest due first.
async fn pile(world: &World, tenant: &touchline_model::TenantId, count: i64) {
    let mut batch = touchline_store::Batch::new(tenant);
    for n in 0..count {
        batch.enqueue(&new_job(world, &format!("{tenant}-{n:03}"), n - count));
    }
    world.store.apply(batch).await.unwrap();
}

async fn tenants_take_turns_whatever_waits(world: World) {
    let (late, quiet) = (world.add_tenant("later").await, world.add_tenant("quiet").await);
    pile(&world, &world.tenant, 50).await;
    pile(&world, &quiet, 0).await;
    pile(&world, &late, 3).await;
    let mut order = Vec::new();
    for _ in 0..8 {
        order.push(world.store.lease_jobs(1, 60).await.unwrap().remove(0).id);
    }
    let expected = "acme-000 later-000 acme-001 later-001 acme-002 later-002 acme-003 acme-004";
    assert_eq!(order.join(" "), expected);
    // Another process has a round of its own; many at once are shared out.
    pile(&world, &late, 6).await;
    let many = world.open_again().await.unwrap().lease_jobs(7, 60).await.unwrap();
    let of = |tenant: &str| many.iter().filter(|job| job.tenant.as_str() == tenant).count();
    assert_eq!((of("acme"), of("later")), (4, 3));
}

async fn a_tenant_that_is_alone_gets_everything(world: World) {
    let few = world.add_tenant("few").await;
    pile(&world, &world.tenant, 50).await;
    pile(&world, &few, 2).await;
    let leased = world.store.lease_jobs(20, 60).await.unwrap();
    let of_few = leased.iter().filter(|job| job.tenant == few).count();
    assert_eq!((leased.len(), of_few), (20, 2));
    assert_eq!(world.store.lease_jobs(99, 60).await.unwrap().len(), 32);
    assert_eq!(world.store.lease_jobs(0, 60).await.unwrap(), []);
}

async fn taking_a_job_of_a_hundred_thousand_is_quick(world: World) {
    for n in 0..200 {
        world.add_tenant(&format!("t{n:03}")).await;
    }
    let last = world.add_tenant("zz").await;
    // Half of them due, half for later: those must not be walked through either.
    let numbers = "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 100000)";
    let now = world.clock.now().micros();
    let fill = format!(
        "INSERT INTO jobs (tenant, id, kind, payload, due_at, created_at, attempts, dead) {numbers} \
         SELECT 'acme', 'j-' || n, 'analyse', '{{}}', {now} + CASE WHEN n % 2 = 0 THEN -n ELSE n END, {now}, 0, 0 \
         FROM n"
    );
    world.behind_its_back(&fill).await;
    pile(&world, &last, 1).await;
    let began = std::time::Instant::now();
    let mut order = Vec::new();
    for _ in 0..20 {
        order.push(world.store.lease_jobs(1, 60).await.unwrap().remove(0));
    }
    let each = began.elapsed() / 20;
    println!("{each:?} a job");
    assert_eq!((order[0].id.as_str(), order[2].id.as_str()), ("j-100000", "j-99998"), "what is due longest");
    assert_eq!(order[1].tenant, last, "one job waits behind one other, not behind fifty thousand");
    assert!(each < std::time::Duration::from_millis(100), "{each:?}");
}

async fn workers_at_once_never_share_a_job(world: World) {
    let other = world.add_tenant("other").await;
    for tenant in [&world.tenant, &other] {
        let mut batch = touchline_store::Batch::new(tenant);
        for n in 0..100 {
            batch.enqueue(&new_job(&world, &format!("j-{n}"), -n));
        }
        world.store.apply(batch).await.unwrap();
    }
    let worker = async || {
        let mut mine = Vec::new();
        loop {
            let jobs = world.store.lease_jobs(7, 60).await.unwrap();
            assert!(jobs.len() <= 7);
            if jobs.is_empty() {
                return mine;
            }
            mine.extend(jobs.into_iter().map(|job| (job.tenant.0, job.id)));
        }
    };
    let mut all: Vec<_> = futures::future::join_all((0..8).map(|_| worker())).await.concat();
    let taken = all.len();
    all.sort();
    all.dedup();
    assert_eq!((taken, all.len()), (200, 200));
}

async fn a_job_is_saved_with_its_cause_or_not_at_all(world: World) {
    let refused =
        world.write(|batch| _ = batch.enqueue(&new_job(&world, "j", 0)).delete::<User>("none")).await;
    assert!(is_conflict(&refused));
    assert_eq!(world.store.open_jobs().await.unwrap(), 0);
    for id in ["b", "a", "C"] {
        enqueue(&world, id, 0).await;
    }
    let ids = async |after| {
        let page = world.store.jobs_page(&world.tenant, after, 2).await.unwrap();
        page.into_iter().map(|job| job.id).collect::<Vec<_>>()
    };
    assert_eq!(
        (ids(None).await.join(" "), ids(Some("a")).await.join(" ")),
        ("C a".to_owned(), "b".to_owned())
    );
}
