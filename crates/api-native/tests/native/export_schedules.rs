//! Exports at fixed times: made, run, changed, announced.

use crate::world::World;
use serde_json::{Value, json};
use touchline_app::store::Destination;
use touchline_model::Ability;

on_both_engines!(
    an_export_runs_at_its_time_and_plans_the_next,
    a_run_that_fails_says_why_and_tells_the_webhooks,
    a_run_waits_for_another_that_is_at_work_there,
    a_change_makes_the_planned_run_idle,
    what_makes_no_sense_is_refused_with_its_field,
    two_of_one_data_set_do_not_share_a_folder,
);

fn nightly() -> Value {
    json!({ "name": "Nightly", "dataset": "users", "format": "ndjson", "every": "day", "at": "02:30",
            "zone": "Europe/Berlin", "since": "2026-02-28" })
}

async fn with_destination(world: World) -> World {
    let folder = world.folder.path().join("warehouse");
    world.exporting_to(Destination::folder(&folder)).await
}

async fn last_run(world: &World, id: &str) -> Value {
    world.get(&format!("/export-schedules/{id}")).await.is(200).json()["last_run"].clone()
}

/// A webhook that hears of exports; nothing is sent in these tests.
async fn webhook(world: &World) -> String {
    let hook = json!({ "url": "https://example.com/hook", "name": "exports",
                       "events": ["export.published", "export.failed"] });
    world.post("/webhooks", &hook).await.is(201).json()["id"].as_str().unwrap().to_owned()
}

async fn told(world: &World, hook: &str) -> Vec<Value> {
    let page = world.get(&format!("/webhooks/{hook}/deliveries")).await.is(200).json();
    let bodies = page["items"].as_array().unwrap().iter();
    bodies.map(|it| serde_json::from_str(it["body"].as_str().unwrap()).unwrap()).collect()
}

async fn an_export_runs_at_its_time_and_plans_the_next(world: World) {
    let refused = world.post("/export-schedules", &nightly()).await.problem(409);
    assert!(refused["detail"].as_str().unwrap().contains("destination"), "{refused}");
    let world = with_destination(world).await;
    let hook = webhook(&world).await;
    world.post("/users", &json!({ "id": "u1", "email": "mia@example.com" })).await.is(201);
    let made = world.post("/export-schedules", &nightly()).await.is(201).json();
    let id = made["id"].as_str().unwrap();
    assert_eq!((&made["next_at"], &made["last_run"]), (&json!("2026-03-02T01:30:00Z"), &json!(null)));
    assert_eq!((&made["folder"], &made["day_zone"]), (&json!("ndjson"), &json!("UTC")));
    world.work().await;
    assert_eq!(last_run(&world, id).await, Value::Null, "its time has not come");

    world.clock.set(crate::world::time("2026-03-02T01:30:00Z"));
    world.work().await;
    let now = world.get(&format!("/export-schedules/{id}")).await.json();
    assert_eq!(
        (&now["last_run"]["state"], &now["next_at"]),
        (&json!("done"), &json!("2026-03-03T01:30:00Z"))
    );
    assert_eq!(now["last_run"]["exported"]["days_written"], 3);
    assert_eq!(now["last_run"]["exported"]["final_through"], "2026-03-01");
    let manifest = now["manifest"].as_str().unwrap();
    assert!(manifest.ends_with("warehouse/acme/ndjson/users/manifest.json"), "{manifest}");
    let written: Value = serde_json::from_slice(&std::fs::read(manifest).unwrap()).unwrap();
    assert_eq!(written["days"][1]["rows"], 1);
    let told_of = told(&world, &hook).await;
    assert_eq!(told_of.len(), 1);
    assert_eq!(
        (&told_of[0]["type"], &told_of[0]["data"]["schedule"]),
        (&json!("export.published"), &json!(id))
    );
    assert_eq!(
        (&told_of[0]["data"]["manifest"], &told_of[0]["data"]["rows_written"]),
        (&json!(manifest), &json!(1))
    );

    // Now, besides: nothing is new but the hour of the open day.
    world.clock.set(crate::world::time("2026-03-02T05:00:00Z"));
    let asked = world.post(&format!("/export-schedules/{id}/run"), &json!({})).await.is(202).json();
    assert_eq!(asked["running"], true);
    world.work().await;
    let after = world.get(&format!("/export-schedules/{id}")).await.json();
    assert_eq!((&after["running"], &after["next_at"]), (&json!(false), &json!("2026-03-03T01:30:00Z")));
    assert_eq!(after["last_run"]["started_at"], "2026-03-02T05:00:00Z");
    assert_eq!(after["last_run"]["exported"]["days_kept"], 2);
    let list = world.get("/export-schedules").await.json();
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    let other = world.add_tenant("other").await;
    let seen = world.request_as(&other, reqwest::Method::GET, &format!("/export-schedules/{id}"));
    crate::world::Answer::of(seen).await.problem(404);
}

async fn a_run_that_fails_says_why_and_tells_the_webhooks(world: World) {
    let place = world.folder.path().join("a file");
    std::fs::write(&place, "no folder").unwrap();
    let world = world.exporting_to(Destination::folder(&place)).await;
    let hook = webhook(&world).await;
    let made = world.post("/export-schedules", &nightly()).await.is(201).json();
    let id = made["id"].as_str().unwrap();
    let mut now = crate::world::time("2026-03-02T01:30:00Z");
    for _ in 0..3 {
        world.clock.set(now);
        world.work().await;
        let run = last_run(&world, id).await;
        assert_eq!(run["state"], "failed");
        assert!(run["error"].as_str().unwrap().contains("a file"), "{run}");
        assert_eq!(told(&world, &hook).await.len(), 0, "it is tried again first");
        let seen = world.get(&format!("/export-schedules/{id}")).await.json();
        let again = seen["tried_again_at"].as_str().unwrap().parse::<touchline_model::Timestamp>().unwrap();
        assert!(again > now && again < now.plus_secs(200), "{seen}");
        now = now.plus_secs(200);
    }
    world.clock.set(now);
    world.work().await;
    let told_of = told(&world, &hook).await;
    assert_eq!(told_of.len(), 1);
    assert_eq!(told_of[0]["type"], "export.failed");
    assert!(
        told_of[0]["data"]["error"].as_str().unwrap().contains("nothing was published"),
        "{}",
        told_of[0]
    );
    let after = world.get(&format!("/export-schedules/{id}")).await.json();
    assert_eq!((&after["next_at"], &after["running"]), (&json!("2026-03-03T01:30:00Z"), &json!(false)));
    assert_eq!(after["tried_again_at"], json!(null), "it waits for its next time");
    // The reason is gone, and the next run finds its way.
    std::fs::remove_file(&place).unwrap();
    world.clock.set(crate::world::time("2026-03-03T01:30:00Z"));
    world.work().await;
    assert_eq!(last_run(&world, id).await["state"], "done");
}

async fn a_run_waits_for_another_that_is_at_work_there(world: World) {
    let folder = world.folder.path().join("warehouse");
    let world = with_destination(world).await;
    let hook = webhook(&world).await;
    let made = world.post("/export-schedules", &nightly()).await.is(201).json();
    let id = made["id"].as_str().unwrap();
    let (place, _) = made["manifest"].as_str().unwrap().rsplit_once("/users/").unwrap();
    assert!(std::path::Path::new(place).starts_with(&folder), "{place}");
    let held = Destination::folder(std::path::Path::new(place)).lock("users").unwrap();
    assert!(held.is_some());
    let mut now = crate::world::time("2026-03-02T01:30:00Z");
    for _ in 0..8 {
        world.clock.set(now);
        world.work().await;
        assert_eq!(last_run(&world, id).await, Value::Null);
        now = now.plus_secs(60);
    }
    drop(held);
    world.clock.set(now);
    world.work().await;
    assert_eq!(last_run(&world, id).await["state"], "done");
    let told_of = told(&world, &hook).await;
    assert_eq!(told_of.len(), 1);
    assert_eq!(told_of[0]["type"], "export.published", "waiting is no failure: {}", told_of[0]);
}

async fn a_change_makes_the_planned_run_idle(world: World) {
    let world = with_destination(world).await;
    let made = world.post("/export-schedules", &nightly()).await.is(201).json();
    let path = format!("/export-schedules/{}", made["id"].as_str().unwrap());
    let weekly = json!({ "every": "week", "weekday": "wednesday", "at": "04:00", "zone": "UTC" });
    let changed = world.patch(&path, &weekly).await.is(200).json();
    assert_eq!((&changed["next_at"], &changed["name"]), (&json!("2026-03-04T04:00:00Z"), &json!("Nightly")));
    let off = world.patch(&path, &json!({ "active": false })).await.is(200).json();
    assert_eq!((&off["next_at"], &off["active"]), (&json!(null), &json!(false)));
    world.clock.set(crate::world::time("2026-03-05T00:00:00Z"));
    world.work().await;
    assert_eq!(
        world.get(&path).await.json()["last_run"],
        Value::Null,
        "neither the first nor the second plan ran"
    );
    let on = world.patch(&path, &json!({ "active": true })).await.is(200).json();
    assert_eq!(on["next_at"], "2026-03-11T04:00:00Z");
    world.clock.set(crate::world::time("2026-03-11T04:00:00Z"));
    world.work().await;
    assert_eq!(world.get(&path).await.json()["last_run"]["state"], "done");
    world.delete(&path).await.is(204);
    world.get(&path).await.problem(404);
    world.clock.set(crate::world::time("2026-03-18T04:00:00Z"));
    world.work().await;
    let jobs = world.get("/jobs").await.json();
    assert!(jobs["items"].as_array().unwrap().iter().all(|it| it["kind"] != "export"), "{jobs}");
}

async fn two_of_one_data_set_do_not_share_a_folder(world: World) {
    let world = with_destination(world).await;
    world.post("/export-schedules", &nightly()).await.is(201);
    for (field, value) in [
        ("name", "Another"),
        ("format", "ndjson"),
        ("every", "hour"),
        ("folder", "NDJSON"),
        ("since", "2026-03-01"),
    ] {
        let mut it = nightly();
        it[field] = json!(value);
        let refused = world.post("/export-schedules", &it).await.problem(422);
        assert_eq!(refused["field"], "folder", "{refused}");
        assert!(refused["detail"].as_str().unwrap().contains("`Nightly` writes users already"), "{refused}");
    }
    // Another format has another folder, unless one is given.
    let mut csv = nightly();
    csv["format"] = json!("csv");
    let id = world.post("/export-schedules", &csv).await.is(201).json()["id"].as_str().unwrap().to_owned();
    csv["folder"] = json!("ndjson");
    world.post("/export-schedules", &csv).await.problem(422);
    let mut groups = nightly();
    groups["dataset"] = json!("groups");
    world.post("/export-schedules", &groups).await.is(201);
    // What is there may be changed, and switched off and on.
    let path = format!("/export-schedules/{id}");
    for change in [json!({ "at": "05:00" }), json!({ "active": false }), json!({ "active": true })] {
        world.patch(&path, &change).await.is(200);
    }
    // Two that were made before this rule: one of them can be switched off, and not on again.
    let tenant = touchline_model::TenantId("acme".to_owned());
    let store = world.app.store();
    let mut row = store.export_schedule(&tenant, &id).await.unwrap().unwrap();
    row.folder = "ndjson".to_owned();
    row.version += 1;
    let mut batch = touchline_app::store::Batch::new(&tenant);
    batch.change_export_schedule(&row);
    store.apply(batch).await.unwrap();
    world.patch(&path, &json!({ "active": false })).await.is(200);
    assert_eq!(world.patch(&path, &json!({ "active": true })).await.problem(422)["field"], "folder");
    // Others have a folder of their own.
    let other = world.add_tenant("other").await;
    let request = world.request_as(&other, reqwest::Method::POST, "/export-schedules").json(&nightly());
    crate::world::Answer::of(request).await.is(201);
}

async fn what_makes_no_sense_is_refused_with_its_field(world: World) {
    let world = with_destination(world).await;
    for (field, wrong) in [
        ("name", json!(" ")),
        ("at", json!("24:00")),
        ("zone", json!("Nowhere")),
        ("day_zone", json!("Nowhere")),
        ("since", json!("yesterday")),
        ("since", json!("1900-01-01")),
        ("folder", json!("../other")),
    ] {
        let mut it = nightly();
        it[field] = wrong;
        assert_eq!(world.post("/export-schedules", &it).await.problem(422)["field"], field);
    }
    for field in ["dataset", "format", "every", "colour"] {
        let mut it = nightly();
        it[field] = json!("x");
        assert_eq!(world.post("/export-schedules", &it).await.problem(400)["field"], field);
    }
    // Whoever administers but may not see the data may not export it.
    let poor = world.token_of("acme", [Ability::Administer]).await;
    let request = world.request_as(&poor, reqwest::Method::POST, "/export-schedules").json(&nightly());
    crate::world::Answer::of(request).await.problem(403);
}
