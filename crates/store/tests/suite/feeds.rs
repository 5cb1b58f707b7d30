//! Positions in feeds, shares by time, listening by day, and skills.

use crate::{
    samples::Sample,
    world::{World, is_conflict, strings, time},
};
use touchline_model::*;
use touchline_store::{ListenDay, ServedPosition};

on_both_engines!(
    a_served_position_is_kept_per_credential_and_feed,
    the_earliest_change_of_a_record_in_a_stretch_is_found,
    shares_come_by_the_time_of_sharing,
    listening_is_counted_once_a_day,
    listening_that_came_in_meanwhile_is_not_lost,
    a_skill_gets_one_number,
    completed_sessions_are_counted_by_plan,
);

async fn a_served_position_is_kept_per_credential_and_feed(world: World) {
    let World { store, tenant, clock, .. } = &world;
    let served = |credential: &str, feed: &str, seq| ServedPosition {
        credential: credential.to_owned(),
        feed: feed.to_owned(),
        id: "c'é".to_owned(),
        position: (clock.now(), seq),
        started_at: time("1999-01-01T00:00:00Z"),
        served_at: clock.now(),
    };
    let (first, other) = (served("k", "calls", 1), served("k", "users", 2));
    world.write(|batch| _ = batch.put_served(&first).put_served(&other)).await.unwrap();
    assert_eq!(store.served(tenant, "k", "calls", "c'é").await.unwrap(), Some(first));
    assert_eq!(store.served(tenant, "l", "calls", "c'é").await.unwrap(), None);
    clock.advance_secs(1);
    let again = served("k", "calls", 7);
    world.write(|batch| _ = batch.put_served(&again).forget_served(clock.now())).await.unwrap();
    assert_eq!(store.served(tenant, "k", "calls", "c'é").await.unwrap(), Some(again));
    assert_eq!(store.served(tenant, "k", "users", "c'é").await.unwrap(), None);
    assert_eq!(store.changes(tenant, 0, 9).await.unwrap(), [], "serving a page is no change");
}

async fn the_earliest_change_of_a_record_in_a_stretch_is_found(world: World) {
    let World { store, tenant, clock, .. } = &world;
    let start = clock.now();
    for _ in 0..3 {
        world
            .write(|batch| _ = batch.put(&User::full().with_id("x")).put(&Group::full().with_id("x")))
            .await
            .unwrap();
        clock.advance_secs(60);
    }
    let earliest = async |kind, from, to| {
        let (from, to) = (start.plus_secs(from), start.plus_secs(to));
        store.earliest_change(tenant, kind, "x", from, to).await.unwrap()
    };
    assert_eq!(earliest(Kind::User, 0, 1).await, Some((start, 1)));
    assert_eq!(earliest(Kind::Group, 1, 999).await, Some((start.plus_secs(60), 4)));
    assert_eq!(earliest(Kind::User, 60, 61).await, Some((start.plus_secs(60), 3)));
    assert_eq!(earliest(Kind::User, 1, 60).await, None);
    assert_eq!(earliest(Kind::Kpi, 0, 999).await, None);
}

async fn shares_come_by_the_time_of_sharing(world: World) {
    let World { store, tenant, .. } = &world;
    let share = |id: &str, at: &str| Share { shared_at: time(at), ..Share::full().with_id(id) };
    let (day1, day2) = ("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z");
    world
        .write(|batch| _ = batch.put(&share("late", day2)).put(&share("b", day1)).put(&share("a", day1)))
        .await
        .unwrap();
    let ids = async |after, limit| {
        let found = store.shares_by_time(tenant, after, limit).await.unwrap();
        found.into_iter().map(|it| it.value.id.0).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(ids((Timestamp::default(), 0), 9).await, "b a late");
    assert_eq!(ids((Timestamp::default(), 0), 2).await, "b a");
    assert_eq!(ids((time(day1), 2), 9).await, "a late");
    assert_eq!(ids((time(day2), 1), 9).await, "");
    let found = store.shares_by_time(tenant, (time(day1), 2), 1).await.unwrap();
    assert_eq!((&found[0].value, found[0].seq, found[0].modified), (&share("a", day1), 3, world.clock.now()));
}

fn listen(id: &str, secs: f64) -> Listen {
    Listen { id: id.into(), duration: MediaTime::from_secs(secs), ..Listen::full() }
}

fn day_of(duration: MediaTime) -> ListenDay {
    ListenDay {
        day: "2026-02-01".to_owned(),
        contact: "c-1".to_owned(),
        listener: "u-2".to_owned(),
        agent: Some("u-1".to_owned()),
        duration,
        modified: Timestamp::default(),
        seq: 0,
    }
}

async fn listening_is_counted_once_a_day(world: World) {
    let World { store, tenant, clock, .. } = &world;
    let today = "2026-02-02";
    world
        .write(|batch| {
            batch.put(&listen("a", 1.5)).put(&listen("b", 2.0));
            batch.put(&Listen { started_at: time("2026-02-02T23:30:00Z"), ..listen("now", 9.0) });
        })
        .await
        .unwrap();
    let open = vec![("2026-02-01".to_owned(), "c-1".to_owned(), "u-2".to_owned())];
    assert_eq!(store.open_listen_days(tenant, today, 9).await.unwrap(), open);
    let sum = store.listen_sum(tenant, "2026-02-01", "c-1", "u-2").await.unwrap();
    assert_eq!(sum, MediaTime::from_secs(3.5));
    assert_eq!(store.listen_sum(tenant, "2026-02-01", "c-9", "u-2").await.unwrap(), MediaTime::default());
    clock.advance_secs(60);
    world.write(|batch| _ = batch.put_listen_day(&day_of(sum))).await.unwrap();
    let counted = ListenDay { modified: clock.now(), seq: 4, ..day_of(sum) };
    assert_eq!(
        store.listen_days(tenant, (Timestamp::default(), 0), 9).await.unwrap(),
        std::slice::from_ref(&counted)
    );
    assert_eq!(store.listen_days(tenant, (counted.modified, 4), 9).await.unwrap(), []);
    assert_eq!(store.open_listen_days(tenant, today, 9).await.unwrap(), []);
    let told = store.changes(tenant, 3, 9).await.unwrap();
    assert_eq!((told[0].kind, told[0].id.as_str(), told.len()), (Kind::Listen, "2026-02-01/c-1/u-2", 1));

    // A stretch that grows opens its day again.
    world.write(|batch| _ = batch.put(&listen("a", 4.0))).await.unwrap();
    assert_eq!(store.open_listen_days(tenant, today, 9).await.unwrap(), open);
    let sum = store.listen_sum(tenant, "2026-02-01", "c-1", "u-2").await.unwrap();
    world.write(|batch| _ = batch.put_listen_day(&day_of(sum))).await.unwrap();
    let days = store.listen_days(tenant, (Timestamp::default(), 0), 9).await.unwrap();
    assert_eq!((days.len(), days[0].duration, days[0].seq), (1, MediaTime::from_secs(6.0), 6));
}

async fn listening_that_came_in_meanwhile_is_not_lost(world: World) {
    let World { store, tenant, .. } = &world;
    world.write(|batch| _ = batch.put(&listen("a", 1.5))).await.unwrap();
    let sum = store.listen_sum(tenant, "2026-02-01", "c-1", "u-2").await.unwrap();
    world.write(|batch| _ = batch.put(&listen("late", 2.0))).await.unwrap();
    assert!(is_conflict(&world.write(|batch| _ = batch.put_listen_day(&day_of(sum))).await));
    assert_eq!(store.open_listen_days(tenant, "2026-02-02", 9).await.unwrap().len(), 1);
    assert_eq!(store.listen_days(tenant, (Timestamp::default(), 0), 9).await.unwrap(), []);
}

async fn a_skill_gets_one_number(world: World) {
    let World { store, tenant, .. } = &world;
    world.write(|batch| _ = batch.put_skill("Öffnen", 5).put_skill("Tone", 6)).await.unwrap();
    assert!(is_conflict(&world.write(|batch| _ = batch.put_skill("Tone", 7)).await));
    let mut skills = store.skills(tenant, &strings(&["Tone", "none", "Öffnen", "tone"])).await.unwrap();
    skills.sort();
    assert_eq!(skills, [("Tone".to_owned(), 6), ("Öffnen".to_owned(), 5)]);
}

async fn completed_sessions_are_counted_by_plan(world: World) {
    let World { store, tenant, .. } = &world;
    let session = |id: &str, plan, ended: bool| CoachingSession {
        plan_id: PlanId(plan),
        ended_at: ended.then(|| time("2026-01-01T00:00:00Z")),
        ..CoachingSession::sparse().with_id(id)
    };
    world
        .write(|batch| {
            for (id, plan, ended) in
                [("1", 1, true), ("2", 1, true), ("3", 1, false), ("4", 2, true), ("5", 3, false)]
            {
                batch.put(&session(id, plan, ended));
            }
        })
        .await
        .unwrap();
    let mut held = store.completed_sessions(tenant, &[1, 3, 9]).await.unwrap();
    assert_eq!(held, [(1, 2)]);
    held = store.completed_sessions(tenant, &[1, 2]).await.unwrap();
    held.sort_unstable();
    assert_eq!(held, [(1, 2), (2, 1)]);
}
