//! Telephones, numbers, and calls that go on.

use crate::world::{World, is_conflict};
use serde_json::json;
use touchline_model::{Clock, User};
use touchline_store::{DeviceRow, OpenCallRow};

on_both_engines!(
    settings_are_changed_only_by_who_has_read_the_last_ones,
    a_telephone_is_kept_and_its_names_are_its_own,
    who_is_deleted_leaves_no_telephone_behind,
    calls_that_go_on_are_known_by_their_node,
);

fn device(world: &World, id: &str, number: &str) -> DeviceRow {
    DeviceRow {
        id: id.to_owned(),
        user: Some("ana".into()),
        number: number.to_owned(),
        sip_user: format!("sip-{id}"),
        ha1_md5: "5f".repeat(16),
        ha1_sha256: "a0".repeat(32),
        public: true,
        created_at: world.clock.now(),
    }
}

async fn settings_are_changed_only_by_who_has_read_the_last_ones(world: World) {
    let (first, second) = (json!({ "plan": { "emergency": ["112"] } }), json!({ "plan": "März \"1\"" }));
    assert_eq!(world.store.telephony(&world.tenant).await.unwrap(), None);
    world.write(|batch| _ = batch.put_telephony(0, &first)).await.unwrap();
    assert_eq!(world.store.telephony(&world.tenant).await.unwrap(), Some((1, first)));
    assert!(is_conflict(&world.write(|batch| _ = batch.put_telephony(0, &second)).await));
    world.write(|batch| _ = batch.put_telephony(1, &second)).await.unwrap();
    assert!(is_conflict(&world.write(|batch| _ = batch.put_telephony(1, &json!({}))).await));
    assert_eq!(world.store.telephony(&world.tenant).await.unwrap(), Some((2, second)));
    world.add_tenant("other").await;
    assert_eq!(world.store.telephony(&"other".into()).await.unwrap(), None);
    assert_eq!(world.store.telephony_versions().await.unwrap(), [(world.tenant.clone(), 2)]);
}

async fn a_telephone_is_kept_and_its_names_are_its_own(world: World) {
    world.write(|batch| _ = batch.put_telephony(0, &json!({}))).await.unwrap();
    let (one, two) = (device(&world, "d1", "5001"), device(&world, "d2", "5002"));
    let two = DeviceRow { user: None, public: false, ..two };
    world.write(|batch| _ = batch.insert_device(&two).insert_device(&one)).await.unwrap();
    assert_eq!(world.store.devices(&world.tenant).await.unwrap(), [one.clone(), two.clone()]);
    assert_eq!(world.store.telephony_versions().await.unwrap()[0].1, 3, "each was a change");
    assert!(world.store.sip_user_taken("sip-d1").await.unwrap());
    assert!(!world.store.sip_user_taken("sip-d3").await.unwrap());
    let other = world.add_tenant("other").await;
    for taken in [
        DeviceRow { number: "5003".to_owned(), sip_user: "x".to_owned(), ..one.clone() },
        DeviceRow { id: "d3".to_owned(), sip_user: "x".to_owned(), ..one.clone() },
        DeviceRow { id: "d3".to_owned(), number: "5003".to_owned(), ..one.clone() },
    ] {
        assert!(is_conflict(&world.write(|batch| _ = batch.insert_device(&taken)).await), "{taken:?}");
    }
    let mut elsewhere = touchline_store::Batch::new(&other);
    elsewhere.insert_device(&one);
    assert!(is_conflict(&world.store.apply(elsewhere).await), "SIP user names are the server's");
    let mut elsewhere = touchline_store::Batch::new(&other);
    elsewhere.insert_device(&DeviceRow { sip_user: "x".to_owned(), ..one.clone() });
    world.store.apply(elsewhere).await.unwrap();

    world.write(|batch| _ = batch.new_device_password("d1", "11", "22")).await.unwrap();
    assert!(is_conflict(&world.write(|batch| _ = batch.new_device_password("d9", "11", "22")).await));
    let one = DeviceRow { ha1_md5: "11".to_owned(), ha1_sha256: "22".to_owned(), ..one };
    world.write(|batch| _ = batch.delete_device("d2")).await.unwrap();
    assert!(is_conflict(&world.write(|batch| _ = batch.delete_device("d2")).await));
    assert_eq!(world.store.devices(&world.tenant).await.unwrap(), [one]);
    assert_eq!(world.store.devices(&other).await.unwrap().len(), 1);
}

async fn who_is_deleted_leaves_no_telephone_behind(world: World) {
    let user = |id: &str| User {
        id: id.into(),
        email: format!("{id}@example.com"),
        active: true,
        ..User::default()
    };
    let (one, two) = (device(&world, "d1", "5001"), device(&world, "d2", "5002"));
    let two = DeviceRow { user: Some("ben".into()), ..two };
    world
        .write(|batch| {
            batch.put_telephony(0, &json!({})).put(&user("ana")).put(&user("ben"));
            batch.insert_device(&one).insert_device(&two);
        })
        .await
        .unwrap();
    world.write(|batch| _ = batch.delete::<User>("ana")).await.unwrap();
    assert_eq!(world.store.devices(&world.tenant).await.unwrap(), [two]);
    assert_eq!(world.store.telephony_versions().await.unwrap()[0].1, 4, "whoever keeps them reads again");
}

async fn calls_that_go_on_are_known_by_their_node(world: World) {
    let call = |contact: &str, node: &str| OpenCallRow {
        contact: contact.to_owned(),
        node: node.to_owned(),
        seen_at: world.clock.now(),
        note: json!({ "agent": "ana" }),
    };
    let (one, two) = (call("c1", "main"), call("c2", "other"));
    world.write(|batch| _ = batch.put_open_call(&one).put_open_call(&two)).await.unwrap();
    assert_eq!(world.store.open_calls("main").await.unwrap(), [(world.tenant.clone(), one.clone())]);
    let later = world.clock.now().plus_secs(10);
    world.write(|batch| _ = batch.open_calls_seen("main", later)).await.unwrap();
    let one = OpenCallRow { seen_at: later, ..one };
    assert_eq!(world.store.open_calls("main").await.unwrap(), [(world.tenant.clone(), one.clone())]);
    assert_eq!(world.store.open_calls("other").await.unwrap(), [(world.tenant.clone(), two)]);
    let one = OpenCallRow { note: json!({ "agent": "ben" }), ..one };
    world.write(|batch| _ = batch.put_open_call(&one)).await.unwrap();
    assert_eq!(world.store.open_calls("main").await.unwrap(), [(world.tenant.clone(), one)]);
    world.write(|batch| _ = batch.end_open_call("c1").end_open_call("never")).await.unwrap();
    assert!(world.store.open_calls("main").await.unwrap().is_empty());
}
