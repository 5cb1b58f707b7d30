//! People sign in, are locked out, leave, change their passwords, and cannot do more than their role allows.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may end here")]

use std::sync::Arc;
use touchline_app::{
    App, AppError, Limits, SystemEntropy,
    people::{FirstAdministrator, NewLogin, SignInError, SignedIn},
};
use touchline_model::{Ability, Caller, Clock, Contact, FakeClock, Role, SystemClock, User};
use touchline_store::{Blobs, Store};

const PASSWORD: &str = "tall ships at noon";

struct World {
    app: App,
    clock: Arc<FakeClock>,
    admin: Caller,
    _folder: tempfile::TempDir,
}

fn first() -> FirstAdministrator {
    FirstAdministrator {
        organisation: "Acme Broadband".to_owned(),
        first_name: "Ada".to_owned(),
        last_name: "Berg".to_owned(),
        email: "Ada@Example.com".to_owned(),
        password: PASSWORD.to_owned(),
    }
}

/// A server that was set up a moment ago.
async fn world(postgres: bool) -> World {
    world_in(tempfile::tempdir().unwrap(), postgres).await
}

async fn world_in(folder: tempfile::TempDir, postgres: bool) -> World {
    let clock = Arc::new(FakeClock::at(SystemClock.now()));
    let store = match postgres {
        false => Store::open_sqlite(&folder.path().join("touchline.db"), clock.clone()).await,
        true => {
            let url = touchline_testkit::postgres::fresh_database().await;
            Store::open_postgres(&url, clock.clone()).await
        }
    };
    let blobs = Blobs::open(&folder.path().join("recordings")).unwrap();
    let app = App::new(store.unwrap(), blobs, clock.clone(), Arc::new(SystemEntropy), Limits::default());
    assert!(app.is_fresh().await.unwrap());
    app.set_up("192.0.2.1", first()).await.unwrap();
    let signed_in = app.sign_in("ada@example.com", PASSWORD, "192.0.2.1", "Browser").await.unwrap();
    let (admin, _) = app.session(&signed_in.token, "192.0.2.1").await.unwrap().unwrap();
    World { app, clock, admin, _folder: folder }
}

/// A person with a log-in; the password that was made.
async fn hire(world: &World, id: &str, role: Role) -> String {
    let user = User { id: id.into(), email: format!("{id}@example.com"), active: true, ..User::default() };
    world.app.put_one(&world.admin, user).await.unwrap();
    let new = NewLogin { user: id.to_owned(), role, password: None, reset: false };
    world.app.put_login(&world.admin, new).await.unwrap().expect("a password was made")
}

async fn enter(world: &World, id: &str, password: &str) -> Result<SignedIn, SignInError> {
    world.app.sign_in(&format!("{id}@example.com"), password, "192.0.2.9", "Browser").await
}

async fn caller(world: &World, id: &str, password: &str) -> Caller {
    let token = enter(world, id, password).await.unwrap().token;
    world.app.session(&token, "192.0.2.9").await.unwrap().unwrap().0
}

async fn set_up_story(postgres: bool) {
    let World { app, admin, .. } = world(postgres).await;
    assert_eq!((admin.tenant.as_str(), admin.own_only), ("acme-broadband", false));
    assert_eq!(admin.abilities, Ability::all_of_tenant(), "everything but running the server");
    let viewer = app.viewer(&admin).await.unwrap();
    assert_eq!((viewer.name().as_str(), viewer.organisation.as_str()), ("Ada Berg", "Acme Broadband"));
    let again = app.set_up("192.0.2.66", first()).await;
    assert!(matches!(again, Err(AppError::Conflict(_))), "nobody becomes the first administrator twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fresh_server_is_set_up_once_on_sqlite() {
    set_up_story(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fresh_server_is_set_up_once_on_postgres() {
    set_up_story(true).await;
}

async fn lock_out_story(postgres: bool) {
    let world = world(postgres).await;
    let password = hire(&world, "cleo", Role::Coach).await;
    for _ in 0..5 {
        assert!(matches!(enter(&world, "cleo", "wrong").await, Err(SignInError::Wrong)));
    }
    let Err(SignInError::Resting { until }) = enter(&world, "cleo", &password).await else {
        panic!("even the right password is not looked at")
    };
    assert_eq!(until, world.clock.now().plus_secs(1));
    // The rest doubles with each wrong password that follows.
    for rest in [2, 4, 8] {
        world.clock.advance_secs(1_000);
        assert!(matches!(enter(&world, "cleo", "wrong").await, Err(SignInError::Wrong)));
        let Err(SignInError::Resting { until }) = enter(&world, "cleo", &password).await else { panic!() };
        assert_eq!(until, world.clock.now().plus_secs(rest));
    }
    world.clock.advance_secs(8);
    enter(&world, "cleo", &password).await.unwrap();
    assert!(matches!(enter(&world, "cleo", "wrong").await, Err(SignInError::Wrong)));
    enter(&world, "cleo", &password).await.expect("the right password has wiped the slate");
    assert!(matches!(enter(&world, "nobody", "x").await, Err(SignInError::Wrong)));
    assert!(matches!(enter(&world, "a\0b", "x").await, Err(SignInError::Wrong)));
    // An address that opens nothing is answered like one that does, so that nobody learns who works here.
    for _ in 0..4 {
        assert!(matches!(enter(&world, "nobody", "x").await, Err(SignInError::Wrong)));
    }
    let Err(SignInError::Resting { until }) = enter(&world, "nobody", "x").await else { panic!() };
    assert_eq!(until, world.clock.now().plus_secs(1));
    let trail = world.app.audit_page(&world.admin, 0, 100).await.unwrap();
    let refused = trail.iter().filter(|it| it.action == "session.refuse" && it.object == "cleo").count();
    assert_eq!(refused, 9, "each wrong password is in the trail");
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_passwords_make_a_log_in_rest_longer_and_longer_on_sqlite() {
    lock_out_story(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_passwords_make_a_log_in_rest_longer_and_longer_on_postgres() {
    lock_out_story(true).await;
}

async fn session_story(postgres: bool) {
    let world = world(postgres).await;
    let app = &world.app;
    let password = hire(&world, "cleo", Role::Coach).await;
    let (here, there) =
        (enter(&world, "cleo", &password).await.unwrap(), enter(&world, "cleo", &password).await.unwrap());
    let open = async |token: &str| app.session(token, "192.0.2.9").await.unwrap();
    let (cleo, id) = open(&here.token).await.unwrap();
    let seen = app.own_sessions(&cleo, &id).await.unwrap();
    assert_eq!(seen.iter().map(|it| it.current).filter(|current| *current).count(), 1);
    assert_eq!(seen.len(), 2);

    let wrong = app.change_password(&cleo, &id, "not it", "another long one").await;
    assert!(matches!(wrong, Err(AppError::Invalid(it)) if it.field == "old_password"));
    for short in ["short", "aaaaaaaaaaaaaaaa", "cleo@example.com"] {
        let bad = app.change_password(&cleo, &id, &password, short).await;
        assert!(matches!(bad, Err(AppError::Invalid(it)) if it.field == "new_password"), "{short}");
    }
    app.change_password(&cleo, &id, &password, "another long one").await.unwrap();
    assert!(open(&there.token).await.is_none(), "the other browser is out");
    assert!(open(&here.token).await.is_some(), "this one stays");
    assert!(matches!(enter(&world, "cleo", &password).await, Err(SignInError::Wrong)));

    let other = enter(&world, "cleo", "another long one").await.unwrap();
    let (_, other_id) = open(&other.token).await.unwrap();
    // Ending somebody else's session by its id does nothing.
    app.end_session(&world.admin, &other_id).await.unwrap();
    assert!(open(&other.token).await.is_some());
    app.end_session(&cleo, &other_id).await.unwrap();
    assert!(open(&other.token).await.is_none());

    world.clock.advance_secs(11 * 3_600);
    assert!(open(&here.token).await.is_some(), "in use within twelve hours");
    world.clock.advance_secs(11 * 3_600);
    assert!(open(&here.token).await.is_some(), "each use counts");
    world.clock.advance_secs(12 * 3_600);
    assert!(open(&here.token).await.is_none(), "not used for twelve hours");
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_end_when_they_should_on_sqlite() {
    session_story(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_end_when_they_should_on_postgres() {
    session_story(true).await;
}

async fn roles_story(postgres: bool) {
    let world = world(postgres).await;
    let app = &world.app;
    let mine = serde_json::json!({ "id": "mine", "started_at": "2026-02-01T10:00:00Z", "agent_id": "abe" });
    let other = serde_json::json!({ "id": "other", "started_at": "2026-02-01T10:00:00Z", "agent_id": "bea" });
    let password = hire(&world, "abe", Role::Agent).await;
    hire(&world, "bea", Role::Agent).await;
    for json in [mine, other] {
        let contact: Contact = serde_json::from_value(json).unwrap();
        let upload = touchline_app::contacts::ContactUpload::new(contact, None);
        app.put_contacts(&world.admin, vec![upload]).await.unwrap().remove(0).unwrap();
    }
    let abe = caller(&world, "abe", &password).await;
    assert_eq!(app.contact(&abe, "mine").await.unwrap().contact.id.as_str(), "mine");
    assert!(matches!(app.contact(&abe, "other").await, Err(AppError::NotFound { .. })), "as if it were not");
    assert!(matches!(app.transcript(&abe, "other").await, Err(AppError::NotFound { .. })));
    // What would show everybody's is refused as a whole.
    assert!(matches!(app.contacts(&abe, None, 10).await, Err(AppError::NotAllowed(_))));
    assert!(matches!(app.all::<touchline_model::Evaluation>(&abe).await, Err(AppError::NotAllowed(_))));
    assert!(matches!(app.erase_contact(&abe, "mine", None).await, Err(AppError::NotAllowed(_))));
    assert!(matches!(app.logins(&abe).await, Err(AppError::NotAllowed(_))));

    let password = hire(&world, "mia", Role::Manager).await;
    let mia = caller(&world, "mia", &password).await;
    let more = NewLogin { user: "abe".to_owned(), role: Role::Administrator, password: None, reset: false };
    assert!(matches!(app.put_login(&mia, more).await, Err(AppError::NotAllowed(_))));

    // Who loses the job is out at once, and cannot come back.
    let token = enter(&world, "mia", &password).await.unwrap().token;
    let gone =
        User { id: "mia".into(), email: "mia@example.com".to_owned(), active: false, ..User::default() };
    app.put_one(&world.admin, gone).await.unwrap();
    assert!(app.session(&token, "").await.unwrap().is_none());
    assert!(matches!(enter(&world, "mia", &password).await, Err(SignInError::Wrong)));

    // The last administrator stays one.
    let me = world.admin.user.clone().unwrap();
    let demoted = NewLogin { user: me.0.clone(), role: Role::Coach, password: None, reset: false };
    assert!(matches!(app.put_login(&world.admin, demoted).await, Err(AppError::Conflict(_))));
    assert!(matches!(app.delete_login(&world.admin, me.as_str()).await, Err(AppError::Conflict(_))));
    app.delete_login(&world.admin, "abe").await.unwrap();
    let names: Vec<String> = app.logins(&world.admin).await.unwrap().into_iter().map(|it| it.user).collect();
    assert_eq!(names.len(), 3, "{names:?}");
    assert!(!names.contains(&"abe".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_allow_what_they_say_on_sqlite() {
    roles_story(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_allow_what_they_say_on_postgres() {
    roles_story(true).await;
}

/// Forty guesses at once, the right one as the last of them.
async fn burst_story(postgres: bool) {
    let world = world(postgres).await;
    let password = hire(&world, "cleo", Role::Coach).await;
    let guesses = (0..40).map(|n| if n == 39 { password.clone() } else { format!("guess number {n}") });
    let tries = guesses.map(|guess| {
        let app = world.app.clone();
        tokio::spawn(async move { app.sign_in("cleo@example.com", &guess, "192.0.2.9", "Browser").await })
    });
    let tries: Vec<_> = tries.collect();
    let mut looked_at = 0;
    for one in tries {
        looked_at += usize::from(!matches!(one.await.unwrap(), Err(SignInError::Resting { .. })));
    }
    assert_eq!(looked_at, 5, "as many as if they had come one after the other");
    world.clock.advance_secs(1);
    enter(&world, "cleo", &password).await.unwrap();

    // The old password is guessed no faster where it is changed.
    let cleo = caller(&world, "cleo", &password).await;
    for n in 0..5 {
        let wrong =
            world.app.change_password(&cleo, "", &format!("guess number {n}"), "another long one").await;
        assert!(matches!(wrong, Err(AppError::Invalid(it)) if it.reason == "is not your password"), "{n}");
    }
    let rests = world.app.change_password(&cleo, "", &password, "another long one").await;
    assert!(matches!(rests, Err(AppError::Invalid(it)) if it.reason.contains("try again later")));
    world.clock.advance_secs(1);
    world.app.change_password(&cleo, "", &password, "another long one").await.unwrap();
    enter(&world, "cleo", "another long one").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_at_once_are_no_more_than_guesses_in_turn_on_sqlite() {
    burst_story(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_at_once_are_no_more_than_guesses_in_turn_on_postgres() {
    burst_story(true).await;
}

async fn together_story(postgres: bool) {
    let world = world(postgres).await;
    let app = &world.app;
    let password = hire(&world, "mia", Role::Manager).await;
    let role = |role| NewLogin { user: "mia".to_owned(), role, password: None, reset: false };
    let now = async |world: &World| {
        let logins = world.app.logins(&world.admin).await.unwrap();
        logins.into_iter().find(|it| it.user == "mia").map(|it| it.role)
    };
    // While the slow part of the change runs, an administrator makes her an agent, or takes the log-in away.
    let mia = caller(&world, "mia", &password).await;
    let changing = app.change_password(&mia, "", &password, "another long one");
    let demoting = async {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        app.put_login(&world.admin, role(Role::Agent)).await
    };
    let (changed, demoted) = tokio::join!(changing, demoting);
    changed.unwrap();
    demoted.unwrap();
    assert_eq!(now(&world).await, Some(Role::Agent), "a new password brings no role back");
    enter(&world, "mia", "another long one").await.expect("nor does a new role an old password");

    let mia = caller(&world, "mia", "another long one").await;
    let changing = app.change_password(&mia, "", "another long one", "and yet another one");
    let taking = async {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        app.delete_login(&world.admin, "mia").await
    };
    let (_, taken) = tokio::join!(changing, taking);
    taken.unwrap();
    assert_eq!(now(&world).await, None, "what was taken away does not come back");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_and_a_role_that_change_at_once_both_change_on_sqlite() {
    together_story(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_and_a_role_that_change_at_once_both_change_on_postgres() {
    together_story(true).await;
}

async fn deleted_story(postgres: bool) {
    let world = world(postgres).await;
    let app = &world.app;
    let password = hire(&world, "cleo", Role::Coach).await;
    let token = enter(&world, "cleo", &password).await.unwrap().token;
    app.delete::<User>(&world.admin, "cleo").await.unwrap();
    assert!(app.session(&token, "").await.unwrap().is_none());
    let names: Vec<String> = app.logins(&world.admin).await.unwrap().into_iter().map(|it| it.user).collect();
    assert!(!names.contains(&"cleo".to_owned()), "{names:?}");
    // The directory sends somebody under the same id, and somebody else gets the address.
    let same =
        User { id: "cleo".into(), email: "c.marsh@example.com".into(), active: true, ..User::default() };
    app.put_one(&world.admin, same).await.unwrap();
    assert!(app.session(&token, "").await.unwrap().is_none(), "an old cookie opens nothing");
    assert!(matches!(enter(&world, "cleo", &password).await, Err(SignInError::Wrong)));
    let heir = User { id: "dora".into(), email: "cleo@example.com".into(), active: true, ..User::default() };
    app.put_one(&world.admin, heir).await.unwrap();
    let new = NewLogin { user: "dora".to_owned(), role: Role::Agent, password: None, reset: false };
    app.put_login(&world.admin, new).await.expect("the address is free again");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_deleted_leaves_no_log_in_behind_on_sqlite() {
    deleted_story(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_deleted_leaves_no_log_in_behind_on_postgres() {
    deleted_story(true).await;
}

/// The disk is a small tmpfs, which only root may mount. Elsewhere this says so and passes.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_keeps_nobody_who_is_signed_in_from_reading() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().to_owned();
    let mount = std::process::Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=4m", "tmpfs"])
        .arg(&place)
        .output();
    if !mount.is_ok_and(|it| it.status.success()) {
        println!("not tested: a small disk cannot be mounted here");
        return;
    }
    let world = world_in(folder, false).await;
    let token = world.app.sign_in("ada@example.com", PASSWORD, "", "").await.unwrap().token;
    let (caller, id) = world.app.session(&token, "").await.unwrap().unwrap();
    let mut ballast = vec![0_u8; 8 << 20];
    while std::fs::write(place.join("ballast"), &ballast).is_err() {
        ballast.truncate(ballast.len() - 4_096);
    }
    world.clock.advance_secs(400);
    let noted = world.app.store().session_seen(&caller.tenant, &id, world.clock.now()).await;
    let open = world.app.session(&token, "").await;
    world.app.store().close().await;
    // Lazily: the engine may still be closing its files.
    let _status = std::process::Command::new("umount").arg("-l").arg(&place).status();
    assert!(matches!(noted, Err(touchline_store::StoreError::DiskFull)), "nothing can be noted: {noted:?}");
    assert_eq!(open.unwrap().map(|(caller, _)| caller.user), Some(caller.user));
}
