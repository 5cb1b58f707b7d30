//! People, groups and log-ins.

use crate::world::{ESCAPED, HOSTILE, World};
use http::StatusCode;
use touchline_model::{Group, GroupKind, Role, User};

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_adds_a_team_and_a_person_and_gives_a_log_in_that_is_shown_once() {
    let world = World::new().await;
    let ada = world.admin().await;
    let fields = [("id", "billing"), ("name", "Billing"), ("kind", "team"), ("active", "yes")];
    assert_eq!(ada.post("/admin/people/groups", &fields).await.leads_to(), "/admin/people");
    let person = [
        ("id", "u/7"),
        ("email", "Bo@example.com"),
        ("first_name", "Bo"),
        ("last_name", HOSTILE),
        ("team_id", "billing"),
        ("system_ids", "dialer-1\r\n\r\n crm 2 \r\n"),
        ("phone_numbers", "+44 20 7946 0018"),
        ("active", "yes"),
    ];
    let made = ada.post("/admin/people/users", &person).await;
    assert_eq!(made.leads_to(), "/admin/people/users/u%2F7");
    let bo = world.app.get::<User>(&world.admin, "u/7").await.unwrap().value;
    assert_eq!(bo.system_ids, ["dialer-1", "crm 2"]);
    assert_eq!((bo.team_id.unwrap().as_str(), bo.active), ("billing", true));

    let page = ada.page("/admin/people/users/u%2F7").await;
    assert!(page.contains(ESCAPED) && !page.contains("<script>alert"), "{page}");
    assert!(page.contains("This person cannot sign in."));
    let given = ada.post("/admin/people/users/u%2F7/login", &[("role", "coach")]).await;
    assert_eq!(
        (given.status, given.headers["cache-control"].to_str().unwrap()),
        (StatusCode::OK, "no-store")
    );
    assert_eq!(given.says("shown-1"), "bo@example.com");
    let password = given.says("shown-2");
    assert_eq!(password.len(), 20);
    world.app.sign_in("bo@example.com", &password, "192.0.2.4", "").await.unwrap();
    for path in ["/admin/people", "/admin/people/users/u%2F7", "/admin/audit"] {
        assert!(!ada.page(path).await.contains(&password), "{path} shows the password again");
    }
    let page = ada.page("/admin/people/users/u%2F7").await;
    assert!(page.contains("<option value=\"coach\" selected>Coach</option>"));
    let changed = ada.post("/admin/people/users/u%2F7/login", &[("role", "analyst")]).await;
    assert_eq!(changed.leads_to(), "/admin/people/users/u%2F7", "an old password is kept");
    let anew = ada.post("/admin/people/users/u%2F7/login", &[("role", "analyst"), ("reset", "yes")]).await;
    assert_ne!(anew.says("shown-2"), password);
    ada.post("/admin/people/users/u%2F7/login/delete", &[]).await.leads_to();
    assert!(world.app.sign_in("bo@example.com", &anew.says("shown-2"), "", "").await.is_err());
    let odd = ada.post("/admin/people/users/u%2F7/login", &[("role", "king")]).await;
    assert_eq!(odd.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_typed_is_lost_and_the_fault_stands_beside_its_field() {
    let world = World::new().await;
    let ada = world.admin().await;
    let long = "x".repeat(3_000);
    let again = ada
        .post("/admin/people/users", &[("first_name", "Cleo"), ("email", &long), ("system_ids", HOSTILE)])
        .await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(again.text.contains("id=\"email-wrong\"") && again.text.contains("value=\"Cleo\""));
    assert!(again.text.contains(ESCAPED) && again.text.contains(&long));
    let taken = ada.post("/admin/people/groups", &[("id", "g"), ("name", ""), ("kind", "team")]).await;
    assert_eq!(taken.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(taken.text.contains("id=\"name-wrong\""));
    let itself = [("id", "g"), ("name", "G"), ("kind", "department"), ("parent_id", "g")];
    let itself = ada.post("/admin/people/groups", &itself).await;
    assert!(itself.text.contains("id=\"parent_id-wrong\""), "{}", itself.text);
    // A new form never overwrites somebody.
    let ada_id = world.admin.user.clone().unwrap();
    let taken = ada.post("/admin/people/users", &[("id", ada_id.as_str()), ("email", "x@example.com")]).await;
    assert_eq!(taken.status, StatusCode::UNPROCESSABLE_ENTITY);
    let kept = world.app.get::<User>(&world.admin, ada_id.as_str()).await.unwrap().value;
    assert_eq!(kept.email, "ada@example.com");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_directory_is_searched_filtered_by_group_and_paged() {
    let world = World::new().await;
    let group = |id: &str, kind, parent: Option<&str>| Group {
        id: id.into(),
        name: format!("Group {id}"),
        kind,
        parent_id: parent.map(Into::into),
        active: true,
        ..Group::default()
    };
    let groups = vec![
        group("north", GroupKind::Department, None),
        group("t1", GroupKind::Team, Some("north")),
        group("t2", GroupKind::Team, None),
    ];
    world.app.put_many(&world.admin, groups).await.unwrap();
    let people = (0..120).map(|n| User {
        id: format!("p-{n:03}").as_str().into(),
        email: format!("p{n:03}@example.com"),
        first_name: format!("Name{n:03}"),
        team_id: Some(if n < 60 { "t1" } else { "t2" }.into()),
        active: n % 10 != 0,
        ..User::default()
    });
    world.app.put_many(&world.admin, people.collect()).await.unwrap();
    let mona = world.browser("mona", Role::Manager).await;
    let first = mona.page("/admin/people?group=north").await;
    assert!(first.contains("54 people"), "who works in the department's team");
    assert!(first.contains("Name001") && !first.contains("Name059") && !first.contains("Name061"));
    let second = mona.page("/admin/people?group=north&page=2").await;
    assert!(second.contains("Name059") && !second.contains("Name001"));
    assert!(mona.page("/admin/people?group=t2&state=left").await.contains("6 people"));
    let found = mona.page("/admin/people?text=P063%40EXAMPLE").await;
    assert!(found.contains("1 person") && found.contains("Name063"));
    let none =
        mona.page(&format!("/admin/people?text={}", "%3Cscript%3Ealert(1)%3C%2Fscript%3E%22'%26")).await;
    assert!(none.contains("Nobody fits these filters.") && none.contains(ESCAPED));
    assert!(!none.contains("<script>alert"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manager_sees_people_and_changes_nothing() {
    let world = World::new().await;
    let mona = world.browser("mona", Role::Manager).await;
    let page = mona.page("/admin/people").await;
    assert!(
        page.contains("Ada Berg") && !page.contains("Add a person") && !page.contains("Administrator</td>")
    );
    assert!(!page.contains("/admin/credentials") && !page.contains("/admin/audit"), "no tabs for others");
    let person = mona.page("/admin/people/users/mona").await;
    assert!(person.contains("Administrators can change this.") && !person.contains("<textarea"));
    assert!(!person.contains("Take the log-in away"));
    for path in [
        "/admin/people/users/new",
        "/admin/people/groups/new",
        "/admin/credentials",
        "/admin/credentials/new",
        "/admin/webhooks",
        "/admin/webhooks/new",
        "/admin/audit",
        "/admin/audit/check",
        "/admin/audit/export?format=csv",
        "/admin/settings",
    ] {
        let refused = mona.get(path).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{path}");
        assert!(refused.text.contains("<h1>"), "{path} is a page");
    }
    for path in [
        "/admin/people/users",
        "/admin/people/users/mona",
        "/admin/people/users/mona/login",
        "/admin/people/users/mona/login/delete",
        "/admin/people/groups",
        "/admin/credentials",
        "/admin/webhooks",
    ] {
        let refused = mona.post(path, &[("role", "administrator"), ("email", "m@example.com")]).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{path}");
    }
    let andy = world.browser("andy", Role::Agent).await;
    assert_eq!(andy.get("/admin/people").await.status, StatusCode::FORBIDDEN);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_administrator_cannot_be_removed_in_any_way() {
    let world = World::new().await;
    let ada = world.admin().await;
    let id = world.admin.user.clone().unwrap().0;
    let place = format!("/admin/people/users/{}", id.replace('-', "%2D"));
    let demoted = ada.post(&format!("{place}/login"), &[("role", "coach")]).await;
    assert_eq!(demoted.status, StatusCode::CONFLICT);
    assert!(demoted.text.contains("the last administrator must stay one"));
    let taken = ada.post(&format!("{place}/login/delete"), &[]).await;
    assert_eq!(taken.status, StatusCode::CONFLICT);
    let left = ada.post(&place, &[("email", "ada@example.com"), ("first_name", "Ada")]).await;
    assert_eq!(left.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(left.text.contains("id=\"active-wrong\""));
    ada.page("/admin/people").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_log_in_is_shown_and_saving_it_ends_the_rest() {
    let world = World::new().await;
    world.browser("cleo", Role::Coach).await;
    for _ in 0..5 {
        world.app.sign_in("cleo@example.com", "wrong", "192.0.2.9", "").await.unwrap_err();
    }
    let ada = world.admin().await;
    assert!(ada.page("/admin/people/users/cleo").await.contains("Too many wrong passwords: rests until"));
    assert!(ada.page("/admin/people").await.contains("rests</span>"));
    ada.post("/admin/people/users/cleo/login", &[("role", "coach")]).await.leads_to();
    assert!(!ada.page("/admin/people/users/cleo").await.contains("Too many wrong passwords"));
}

#[tokio::test(flavor = "multi_thread")]
async fn people_and_groups_of_another_organisation_are_not_there() {
    let world = World::new().await;
    let stranger = world.stranger().await;
    let zoe =
        User { id: "zoe".into(), email: "zoe@other.example".to_owned(), active: true, ..User::default() };
    world.app.put_one(&stranger, zoe).await.unwrap();
    let theirs = Group { id: "theirs".into(), name: "Theirs".to_owned(), ..Group::default() };
    world.app.put_one(&stranger, theirs).await.unwrap();
    let ada = world.admin().await;
    for path in ["/admin/people/users/zoe", "/admin/people/groups/theirs"] {
        assert_eq!(ada.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
        let changed = ada.post(path, &[("email", "z@example.com"), ("name", "Z")]).await;
        assert_eq!(changed.status, StatusCode::NOT_FOUND, "{path}");
    }
    let given = ada.post("/admin/people/users/zoe/login", &[("role", "agent")]).await;
    assert_eq!(given.status, StatusCode::NOT_FOUND);
    assert_eq!(ada.post("/admin/people/users/zoe/login/delete", &[]).await.status, StatusCode::NOT_FOUND);
    let all = ada.page("/admin/people?state=all").await;
    assert!(!all.contains("zoe") && !all.contains("Theirs"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_somebody_has_is_refused_at_its_field_and_may_come_twice_from_elsewhere() {
    let world = World::new().await;
    let ada = world.admin().await;
    let person = [("id", "bea-1"), ("first_name", "Bea"), ("email", "bea@example.com"), ("active", "yes")];
    ada.post("/admin/people/users", &person).await.leads_to();
    let twice = [("id", "bea-2"), ("first_name", "Bee"), ("email", "BEA@example.com"), ("active", "yes")];
    let refused = ada.post("/admin/people/users", &twice).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("id=\"email-wrong\"") && refused.text.contains("value=\"Bee\""));
    assert!(refused.text.contains("Bea (“bea-1”) has this address"), "{}", refused.text);
    // What another system sends is taken; here it can be changed, but not made worse.
    let sent =
        User { id: "bea-2".into(), email: "Bea@example.com".to_owned(), active: true, ..User::default() };
    world.app.put_one(&world.admin, sent).await.unwrap();
    ada.post("/admin/people/users/bea-2", &twice).await.leads_to();
    let other = [("email", "bea@example.com"), ("active", "yes")];
    world.browser("cleo", Role::Coach).await;
    let refused = ada.post("/admin/people/users/cleo", &other).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("id=\"email-wrong\""));
    // One of the two signs in; the other is told why not, on the page of the person.
    ada.post("/admin/people/users/bea-1/login", &[("role", "coach")]).await.says("shown-2");
    let clash = ada.post("/admin/people/users/bea-2/login", &[("role", "coach")]).await;
    assert_eq!(clash.status, StatusCode::CONFLICT);
    assert!(clash.text.contains("Bea (“bea-1”) signs in with “bea@example.com” already"), "{}", clash.text);
    assert!(clash.text.contains("Give a log-in</button>"), "the form is there still");
    // Whoever has left gives the address free.
    ada.post("/admin/people/users/bea-1", &[("first_name", "Bea"), ("email", "bea@example.com")])
        .await
        .leads_to();
    ada.post("/admin/people/users/bea-2", &[("email", "x@example.com"), ("active", "yes")]).await.leads_to();
    ada.post("/admin/people/users/bea-2", &other).await.leads_to();
    let back = ada.post("/admin/people/users/bea-1", &person[1..]).await;
    assert_eq!(back.status, StatusCode::UNPROCESSABLE_ENTITY, "who comes back finds it taken");
}
