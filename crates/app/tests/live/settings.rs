//! Numbers and telephones as an administrator sets them.

use crate::world::{World, device, plan};
use serde_json::{Value, json};
use touchline_app::{
    AppError,
    live::{ChangeTelephony, NewDevice},
};
use touchline_model::{Ability, Caller, User};

on_both_engines!(
    all_faults_of_a_plan_are_told_at_once,
    a_plan_is_changed_only_by_who_has_read_the_last_one,
    passwords_of_trunks_are_kept_and_never_shown,
    a_telephone_is_known_by_its_digests_alone,
    a_telephone_brings_its_number_and_takes_nobody_elses,
    only_administrators_change_numbers,
    who_leaves_takes_the_telephone_along,
);

fn change(version: i64, plan: Value) -> ChangeTelephony {
    serde_json::from_value(json!({ "version": version, "plan": plan })).unwrap()
}

async fn all_faults_of_a_plan_are_told_at_once(world: World) {
    let version = world.app.telephony(&world.admin).await.unwrap().version;
    let mut bad = plan();
    bad["groups"][0]["overflow"] = json!("777");
    bad["users"][1]["number"] = json!("5001");
    let refused = world.app.change_telephony(&world.admin, change(version, bad)).await;
    let Err(AppError::Invalid(invalid)) = refused else { panic!("{refused:?}") };
    assert!(invalid.reason.contains("number 5001 is given twice"), "{invalid}");
    assert!(invalid.reason.contains("names number 777"), "{invalid}");
    let mut strangers = plan();
    strangers["queues"][0]["members"] = json!(["ana", "zoe", "yan"]);
    let refused = world.app.change_telephony(&world.admin, change(version, strangers)).await;
    let Err(AppError::Invalid(invalid)) = refused else { panic!("{refused:?}") };
    assert_eq!(invalid.reason, "there are no users yan, zoe");
    assert_eq!(world.app.telephony(&world.admin).await.unwrap().version, version);
}

async fn a_plan_is_changed_only_by_who_has_read_the_last_one(world: World) {
    let version = world.app.telephony(&world.admin).await.unwrap().version;
    let made = world.app.change_telephony(&world.admin, change(version, plan())).await.unwrap();
    assert_eq!(made.version, version + 1);
    let late = world.app.change_telephony(&world.admin, change(version, plan())).await;
    assert!(matches!(late, Err(AppError::Conflict(_))), "{late:?}");
    let trail = world.app.audit_page(&world.admin, 0, 1_000).await.unwrap();
    assert_eq!(trail.last().unwrap().action, "telephony.change");
}

async fn passwords_of_trunks_are_kept_and_never_shown(world: World) {
    let view = world.app.telephony(&world.admin).await.unwrap();
    let shown = serde_json::to_value(&view).unwrap();
    assert_eq!(shown["plan"]["trunks"][0]["register"]["password"], json!("(kept)"));
    world.app.change_telephony(&world.admin, change(view.version, shown["plan"].clone())).await.unwrap();
    let (_, trunk) = &world.live.trunks()[0];
    assert_eq!(trunk.register.as_ref().unwrap().password.0, "s3cret");
    let mut renamed = shown["plan"].clone();
    renamed["trunks"][0]["name"] = json!("another");
    let refused = world.app.change_telephony(&world.admin, change(view.version + 1, renamed)).await;
    assert!(matches!(refused, Err(AppError::Invalid(_))), "there is none to be kept");
}

async fn a_telephone_is_known_by_its_digests_alone(world: World) {
    let made = world.make(NewDevice { sip_user: Some("door".to_owned()), ..device("D", None, "5010") }).await;
    assert_eq!(made.password.len(), 22, "128 bits");
    let account = world.live.sip_account("192.0.2.1", "DOOR").unwrap();
    assert_eq!(
        (account.device.0.as_str(), account.number.as_str(), account.realm.as_str()),
        ("D", "5010", "touchline")
    );
    let stored = serde_json::to_string(&world.app.store().telephony(&world.tenant()).await.unwrap()).unwrap();
    let shown = format!("{:?} {:?}", world.app.store().devices(&world.tenant()).await.unwrap(), account);
    assert!(!stored.contains(&made.password) && !shown.contains(&account.ha1_md5));
    let again = world.app.renew_device_password(&world.admin, "D").await.unwrap();
    assert_ne!(again.password, made.password);
    let renewed = world.live.sip_account("192.0.2.1", "door").unwrap();
    assert!(renewed.ha1_md5 != account.ha1_md5 && renewed.ha1_sha256 != account.ha1_sha256);
    world.app.delete_device(&world.admin, "D").await.unwrap();
    assert_eq!(world.live.sip_account("192.0.2.1", "door"), None);
    assert!(matches!(world.app.delete_device(&world.admin, "D").await, Err(AppError::Missing { .. })));
}

async fn a_telephone_brings_its_number_and_takes_nobody_elses(world: World) {
    let made = world.make(device("A2", Some("ana"), "5011")).await;
    assert_eq!(made.device.sip_user, "5011");
    let users = world.app.telephony(&world.admin).await.unwrap().settings.plan.users;
    assert!(users.iter().any(|it| it.number == "5011" && it.user.as_str() == "ana"));
    for (taken, why) in [
        (device("A", None, "5012"), "its id"),
        (device("D", None, "5000"), "the number of a telephone"),
        (device("D", Some("ana"), "500"), "a queue"),
        (device("D", None, "600"), "a group"),
        (device("D", Some("zoe"), "5012"), "nobody"),
        (NewDevice { sip_user: Some("5001".to_owned()), ..device("D", None, "5012") }, "its SIP user name"),
        (NewDevice { sip_user: Some("A B".to_owned()), ..device("D", None, "5012") }, "not a name"),
        (device("D", None, "door"), "no number"),
    ] {
        assert!(world.app.create_device(&world.admin, taken).await.is_err(), "{why}");
    }
    assert_eq!(world.app.devices(&world.admin).await.unwrap().len(), 5);
}

async fn only_administrators_change_numbers(world: World) {
    let rest = Ability::ALL.into_iter().filter(|it| *it != Ability::Administer).collect();
    let other = Caller { abilities: rest, ..world.admin.clone() };
    let refused =
        |it: Result<(), AppError>| assert!(matches!(it, Err(AppError::NotAllowed(Ability::Administer))));
    refused(world.app.telephony(&other).await.map(drop));
    refused(world.app.change_telephony(&other, ChangeTelephony::default()).await.map(drop));
    refused(world.app.devices(&other).await.map(drop));
    refused(world.app.create_device(&other, device("D", None, "5010")).await.map(drop));
    refused(world.app.renew_device_password(&other, "A").await.map(drop));
    refused(world.app.delete_device(&other, "A").await);
}

async fn who_leaves_takes_the_telephone_along(world: World) {
    let user =
        |active| User { id: "ben".into(), email: "ben@example.com".to_owned(), active, ..User::default() };
    world.app.put_one(&world.admin, user(false)).await.unwrap();
    world.live.start().await.unwrap();
    assert_eq!(world.live.sip_account("", "5002"), None, "who has left does not call");
    world.app.put_one(&world.admin, user(true)).await.unwrap();
    world.live.start().await.unwrap();
    assert!(world.live.sip_account("", "5002").is_some());
}
