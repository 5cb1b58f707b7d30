//! Addresses that hear of changes, and deliveries on their way to them.

use crate::{
    samples::Sample,
    world::{World, is_conflict, strings},
};
use touchline_model::{Clock, TenantId, User};
use touchline_store::{AttemptEnd, Batch, Delivery, DeliveryState, Webhook, WebhookPause, WebhookSecret};

on_both_engines!(
    an_address_hears_of_changes_after_it_was_made,
    what_signs_is_replaced_from_what_it_was,
    changes_become_deliveries_once,
    a_delivery_that_nobody_finishes_comes_back,
    workers_at_once_never_share_a_delivery,
    only_active_addresses_with_something_due_are_named,
    an_address_that_is_paused_says_why_until_it_is_switched_on,
    an_address_that_fails_is_given_up_whatever_it_is_called,
    deliveries_are_listed_from_the_newest_back,
    what_has_ended_is_sent_again_on_demand,
    another_tenant_sees_nothing,
    old_deliveries_are_forgotten_unless_they_wait,
);

fn webhook(world: &World, id: &str) -> Webhook {
    Webhook {
        id: id.to_owned(),
        url: "https://example.com/é?a='".to_owned(),
        name: "it's \"ours\"".to_owned(),
        events: strings(&["contact.put", "*"]),
        active: true,
        paused: None,
        secrets: vec![WebhookSecret { secret: "whsec_AAAA".to_owned(), until: None }],
        cursor: 0,
        created_at: world.clock.now(),
        last_at: None,
        failing_since: None,
    }
}

fn delivery(world: &World, id: &str, webhook: &str) -> Delivery {
    let now = world.clock.now();
    Delivery {
        id: format!("msg_{id}"),
        webhook: webhook.to_owned(),
        event: "contact.put".to_owned(),
        body: "{\"é\":1}".to_owned(),
        state: DeliveryState::Waiting,
        attempts: 0,
        next_at: now,
        status: None,
        response: None,
        error: None,
        took: None,
        created_at: now,
        last_at: None,
    }
}

fn end(world: &World, state: DeliveryState, error: Option<&str>) -> AttemptEnd {
    AttemptEnd {
        state,
        next_at: world.clock.now().plus_secs(5),
        status: error.map(|_| 500).or(Some(204)),
        response: Some("so so".to_owned()),
        error: error.map(str::to_owned),
        took: 1_234,
        at: world.clock.now(),
    }
}

fn another_user() -> User {
    User { id: "u-2".into(), ..User::full() }
}

async fn add(world: &World, id: &str) {
    world.write(|batch| _ = batch.insert_webhook(&webhook(world, id))).await.unwrap();
}

async fn send(world: &World, ids: &[&str]) {
    let fill =
        |batch: &mut Batch| ids.iter().for_each(|id| _ = batch.insert_delivery(&delivery(world, id, "w")));
    world.write(fill).await.unwrap();
}

async fn read(world: &World, id: &str) -> Webhook {
    world.store.webhook(&world.tenant, id).await.unwrap().unwrap()
}

async fn claim(world: &World) -> Option<Delivery> {
    world.store.claim_delivery(&world.tenant, "w", 25).await.unwrap()
}

async fn ids(world: &World, tenant: &TenantId, state: Option<DeliveryState>, before: Option<&str>) -> String {
    let page = world.store.deliveries_page(tenant, "w", state, None, before, 3).await.unwrap();
    page.iter().map(|it| it.id.trim_start_matches("msg_")).collect::<Vec<_>>().join(" ")
}

async fn an_address_hears_of_changes_after_it_was_made(world: World) {
    let World { store, tenant, .. } = &world;
    let seq = world.write(|batch| _ = batch.put(&User::full())).await.unwrap().seq;
    add(&world, "w").await;
    assert_eq!(read(&world, "w").await, Webhook { cursor: seq, ..webhook(&world, "w") });
    assert_eq!(store.webhooks_behind().await.unwrap(), []);
    world.write(|batch| _ = batch.put(&another_user())).await.unwrap();
    assert_eq!(store.webhooks_behind().await.unwrap(), [(tenant.clone(), "w".to_owned())]);
    let off =
        Webhook { active: false, url: "https://b.example".to_owned(), cursor: 99, ..webhook(&world, "w") };
    world.write(|batch| _ = batch.change_webhook(&off)).await.unwrap();
    assert_eq!(store.webhooks_behind().await.unwrap(), [], "it is off");
    assert_eq!(read(&world, "w").await, Webhook { cursor: seq, ..off }, "changes wait for it");
    assert!(is_conflict(&world.write(|batch| _ = batch.change_webhook(&webhook(&world, "v"))).await));
    for id in ["v", "x", "é"] {
        add(&world, id).await;
    }
    let page = store.webhooks_page(tenant, "v", 2).await.unwrap();
    assert_eq!(page.iter().map(|it| it.id.as_str()).collect::<Vec<_>>(), ["w", "x"]);
    send(&world, &["1"]).await;
    world.write(|batch| _ = batch.delete_webhook("w")).await.unwrap();
    assert_eq!(store.webhook(tenant, "w").await.unwrap(), None);
    assert_eq!(store.delivery(tenant, "msg_1").await.unwrap(), None);
    assert!(is_conflict(&world.write(|batch| _ = batch.delete_webhook("w")).await));
}

async fn what_signs_is_replaced_from_what_it_was(world: World) {
    add(&world, "w").await;
    let before = webhook(&world, "w").secrets;
    let old = WebhookSecret { until: Some(world.clock.now().plus_secs(60)), ..before[0].clone() };
    let now = [WebhookSecret { secret: "whsec_BBBB".to_owned(), until: None }, old];
    world.write(|batch| _ = batch.change_webhook_secrets("w", &before, &now)).await.unwrap();
    assert_eq!(read(&world, "w").await.secrets, now);
    assert!(is_conflict(&world.write(|batch| _ = batch.change_webhook_secrets("w", &before, &now)).await));
}

async fn changes_become_deliveries_once(world: World) {
    let World { store, tenant, .. } = &world;
    add(&world, "w").await;
    let last = world.write(|batch| _ = batch.put(&User::full()).put(&another_user())).await.unwrap().seq;
    let step = |batch: &mut Batch, id: &str| {
        batch.advance_webhook("w", 0, last).insert_delivery(&delivery(&world, id, "w"));
    };
    world.write(|batch| step(batch, "1")).await.unwrap();
    assert_eq!(read(&world, "w").await.cursor, last);
    assert!(is_conflict(&world.write(|batch| step(batch, "2")).await), "another node was faster");
    assert_eq!(store.delivery(tenant, "msg_2").await.unwrap(), None);
    assert_eq!(store.webhooks_behind().await.unwrap(), []);
}

async fn a_delivery_that_nobody_finishes_comes_back(world: World) {
    let World { store, tenant, clock, .. } = &world;
    add(&world, "w").await;
    send(&world, &["1"]).await;
    let began = clock.now();
    let expected = Delivery {
        attempts: 1,
        next_at: began.plus_secs(25),
        last_at: Some(began),
        ..delivery(&world, "1", "w")
    };
    let late = claim(&world).await.unwrap();
    assert_eq!(late, expected);
    assert_eq!(claim(&world).await, None);
    clock.advance_secs(25); // whoever had it has died
    let second = claim(&world).await.unwrap();
    assert_eq!((second.attempts, second.last_at), (2, Some(clock.now())));
    assert!(is_conflict(
        &world
            .write(|batch| _ = batch.end_attempt(&late, &end(&world, DeliveryState::Delivered, None)))
            .await
    ));
    let failed = end(&world, DeliveryState::Waiting, Some("it answered 500"));
    world.write(|batch| _ = batch.end_attempt(&second, &failed)).await.unwrap();
    let noted = Delivery {
        next_at: clock.now().plus_secs(5),
        status: Some(500),
        response: Some("so so".to_owned()),
        error: Some("it answered 500".to_owned()),
        took: Some(1_234),
        ..second
    };
    assert_eq!(store.delivery(tenant, "msg_1").await.unwrap(), Some(noted));
    let since = clock.now();
    assert_eq!(read(&world, "w").await.failing_since, Some(since));
    clock.advance_secs(5);
    let third = claim(&world).await.unwrap();
    world.write(|batch| _ = batch.end_attempt(&third, &failed)).await.unwrap();
    assert_eq!(read(&world, "w").await.failing_since, Some(since), "since the first failure");
    clock.advance_secs(5);
    let fourth = claim(&world).await.unwrap();
    let done = end(&world, DeliveryState::Delivered, None);
    world.write(|batch| _ = batch.end_attempt(&fourth, &done)).await.unwrap();
    let well = read(&world, "w").await;
    assert_eq!((well.failing_since, well.last_at), (None, Some(clock.now())));
    clock.advance_secs(99);
    assert_eq!(claim(&world).await, None, "it is done");
}

async fn workers_at_once_never_share_a_delivery(world: World) {
    add(&world, "w").await;
    let names: Vec<String> = (0..60).map(|n| n.to_string()).collect();
    send(&world, &names.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let worker = async || {
        let (mut mine, mut nothing) = (Vec::new(), 0);
        // Nothing may mean that another was faster this time.
        while nothing < 20 {
            match claim(&world).await {
                Some(it) => mine.push(it.id),
                None => nothing += 1,
            }
        }
        mine
    };
    let mut all: Vec<_> = futures::future::join_all((0..6).map(|_| worker())).await.concat();
    let taken = all.len();
    all.sort();
    all.dedup();
    assert_eq!((taken, all.len()), (60, 60));
}

async fn only_active_addresses_with_something_due_are_named(world: World) {
    let World { store, tenant, clock, .. } = &world;
    add(&world, "idle").await;
    add(&world, "w").await;
    send(&world, &["1"]).await;
    let due = |failing| vec![(tenant.clone(), "w".to_owned(), failing)];
    assert_eq!(store.webhooks_due().await.unwrap(), due(false));
    let taken = claim(&world).await.unwrap();
    assert_eq!(store.webhooks_due().await.unwrap(), [], "it is being sent");
    world
        .write(|batch| _ = batch.end_attempt(&taken, &end(&world, DeliveryState::Waiting, Some("no"))))
        .await
        .unwrap();
    assert_eq!(store.webhooks_due().await.unwrap(), [], "its pause lasts");
    clock.advance_secs(5);
    assert_eq!(store.webhooks_due().await.unwrap(), due(true));
    world.write(|batch| _ = batch.pause_webhook("w", clock.now(), "why not")).await.unwrap();
    assert_eq!(store.webhooks_due().await.unwrap(), []);
}

async fn an_address_that_is_paused_says_why_until_it_is_switched_on(world: World) {
    add(&world, "w").await;
    let at = world.clock.now();
    world.write(|batch| _ = batch.pause_webhook("w", at, "it answered 410")).await.unwrap();
    let paused = read(&world, "w").await;
    let reason = "it answered 410".to_owned();
    assert_eq!((paused.active, paused.paused.clone()), (false, Some(WebhookPause { at, reason })));
    assert!(is_conflict(&world.write(|batch| _ = batch.pause_webhook("w", at, "again")).await));
    let renamed = Webhook { name: "theirs".to_owned(), ..paused };
    world.write(|batch| _ = batch.change_webhook(&renamed)).await.unwrap();
    assert_eq!(read(&world, "w").await.paused, renamed.paused, "another name is no other answer");
    world.write(|batch| _ = batch.change_webhook(&Webhook { active: true, ..renamed })).await.unwrap();
    let on = read(&world, "w").await;
    assert_eq!((on.active, on.paused, on.failing_since), (true, None, None));
}

async fn an_address_that_fails_is_given_up_whatever_it_is_called(world: World) {
    add(&world, "w").await;
    send(&world, &["1"]).await;
    let (first, since) = (claim(&world).await.unwrap(), world.clock.now());
    let failed = end(&world, DeliveryState::Waiting, Some("it answered 500"));
    world.write(|batch| _ = batch.end_attempt(&first, &failed)).await.unwrap();
    let renamed = Webhook { name: "theirs".to_owned(), ..read(&world, "w").await };
    world.write(|batch| _ = batch.change_webhook(&renamed)).await.unwrap();
    assert_eq!(read(&world, "w").await, Webhook { failing_since: Some(since), ..renamed.clone() });
    let moved = Webhook { url: "https://b.example".to_owned(), ..renamed };
    world.write(|batch| _ = batch.change_webhook(&moved)).await.unwrap();
    assert_eq!(
        read(&world, "w").await,
        Webhook { failing_since: None, ..moved },
        "elsewhere is a new beginning"
    );
}

async fn deliveries_are_listed_from_the_newest_back(world: World) {
    let World { store, tenant, .. } = &world;
    add(&world, "w").await;
    send(&world, &["1", "2", "3", "4"]).await;
    assert_eq!(ids(&world, tenant, None, None).await, "4 3 2");
    assert_eq!(ids(&world, tenant, None, Some("msg_2")).await, "1");
    let first = claim(&world).await.unwrap();
    world
        .write(|batch| _ = batch.end_attempt(&first, &end(&world, DeliveryState::Dead, Some("no"))))
        .await
        .unwrap();
    assert_eq!(ids(&world, tenant, Some(DeliveryState::Dead), None).await, "1");
    assert_eq!(ids(&world, tenant, Some(DeliveryState::Waiting), None).await, "4 3 2");
    assert_eq!(ids(&world, tenant, Some(DeliveryState::Delivered), None).await, "");
    let of =
        async |event| store.deliveries_page(tenant, "w", None, Some(event), None, 9).await.unwrap().len();
    assert_eq!((of("contact.put").await, of("contact.delete").await), (4, 0));
}

async fn what_has_ended_is_sent_again_on_demand(world: World) {
    let World { store, tenant, clock, .. } = &world;
    add(&world, "w").await;
    send(&world, &["1"]).await;
    clock.advance_secs(10);
    let later = clock.now();
    send(&world, &["2", "3", "4"]).await;
    assert!(!store.replay_delivery(tenant, "msg_1").await.unwrap(), "it waits anyway");
    for state in [DeliveryState::Dead, DeliveryState::Dead, DeliveryState::Delivered] {
        let taken = claim(&world).await.unwrap();
        let error = (state == DeliveryState::Dead).then_some("no");
        world.write(|batch| _ = batch.end_attempt(&taken, &end(&world, state, error))).await.unwrap();
    }
    let mut wakes = store.watch();
    assert!(store.replay_delivery(tenant, "msg_1").await.unwrap());
    assert!(wakes.has_changed().unwrap());
    wakes.mark_unchanged();
    let again = store.delivery(tenant, "msg_1").await.unwrap().unwrap();
    assert_eq!((again.state, again.attempts, again.next_at), (DeliveryState::Waiting, 0, clock.now()));
    assert_eq!(again.error.as_deref(), Some("no"), "what went wrong last is still known");
    assert_eq!(store.replay_since(tenant, "w", later.plus_secs(1), false).await.unwrap(), 0);
    assert_eq!(store.replay_since(tenant, "w", later, true).await.unwrap(), 1, "2, which is dead");
    assert_eq!(store.replay_since(tenant, "w", later, false).await.unwrap(), 1, "3, which was delivered");
    assert_eq!(store.replay_since(tenant, "v", later, false).await.unwrap(), 0);
    assert_eq!(ids(&world, tenant, Some(DeliveryState::Waiting), None).await, "4 3 2");
}

async fn another_tenant_sees_nothing(world: World) {
    let World { store, .. } = &world;
    add(&world, "w").await;
    send(&world, &["1"]).await;
    let other = world.add_tenant("other").await;
    assert_eq!(store.webhook(&other, "w").await.unwrap(), None);
    assert_eq!(store.webhooks_page(&other, "", 9).await.unwrap(), []);
    assert_eq!(store.claim_delivery(&other, "w", 25).await.unwrap(), None);
    assert_eq!(store.delivery(&other, "msg_1").await.unwrap(), None);
    assert_eq!(ids(&world, &other, None, None).await, "");
    let mut batch = Batch::new(&other);
    batch.delete_webhook("w");
    assert!(is_conflict(&store.apply(batch).await));
    // The same ids in both are two things.
    let mut batch = Batch::new(&other);
    batch.insert_webhook(&webhook(&world, "w")).insert_delivery(&delivery(&world, "1", "w"));
    store.apply(batch).await.unwrap();
    assert_eq!(store.webhooks_due().await.unwrap().len(), 2);
    store.claim_delivery(&other, "w", 25).await.unwrap().unwrap();
    assert_eq!(claim(&world).await.unwrap().id, "msg_1", "theirs was taken, ours was not");
}

async fn old_deliveries_are_forgotten_unless_they_wait(world: World) {
    let World { store, tenant, clock, .. } = &world;
    add(&world, "w").await;
    send(&world, &["1", "2"]).await;
    let taken = claim(&world).await.unwrap();
    world
        .write(|batch| _ = batch.end_attempt(&taken, &end(&world, DeliveryState::Delivered, None)))
        .await
        .unwrap();
    let made = clock.now();
    assert_eq!(store.forget_deliveries(made).await.unwrap(), 0);
    assert_eq!(store.forget_deliveries(made.plus_secs(1)).await.unwrap(), 1);
    assert_eq!(ids(&world, tenant, None, None).await, "2");
}
