//! Administration of telephony: telephones, numbers, queues, trunks, policy.

use crate::world::{Browser, ESCAPED, HOSTILE, Page, World};
use http::{StatusCode, header};
use touchline_app::live::{
    ConsultCalls, MonitoringMode, RecordingPolicy, TelephonySettings,
    board::numbers::{RingOrder, UserNumber},
};
use touchline_model::{Role, User};

const HERE: &str = "/admin/telephony";

/// What stands in a hidden field.
fn version(page: &str) -> String {
    let (_, rest) =
        page.split_once("name=\"version\" value=\"").unwrap_or_else(|| panic!("no version: {page}"));
    rest.split_once('"').unwrap().0.to_owned()
}

/// Fills in the form at one address and sends it to another.
async fn fill(browser: &Browser<'_>, form: &str, to: &str, fields: &[(&str, &str)]) -> Page {
    let version = version(&browser.page(form).await);
    let all: Vec<(&str, &str)> =
        [("version", version.as_str())].into_iter().chain(fields.iter().copied()).collect();
    browser.post(to, &all).await
}

async fn person(world: &World, id: &str, name: &str) {
    let user = User {
        id: id.into(),
        email: format!("{id}@example.com"),
        first_name: name.to_owned(),
        active: true,
        ..User::default()
    };
    world.app.put_one(&world.admin, user).await.unwrap();
}

async fn settings(world: &World) -> TelephonySettings {
    world.app.telephony(&world.admin).await.unwrap().settings
}

async fn number(world: &World, admin: &Browser<'_>, id: &str, name: &str, number: &str) {
    person(world, id, name).await;
    let fields = [("number", number), ("user", id), ("outside", "yes")];
    let done = fill(admin, "/admin/telephony/numbers/new", "/admin/telephony/numbers", &fields).await;
    assert_eq!(done.leads_to(), HERE);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_telephone_is_made_its_password_is_shown_once_and_replaced_by_another() {
    let world = World::new().await;
    let admin = world.admin().await;
    person(&world, "ana", HOSTILE).await;
    let empty = admin.page(HERE).await;
    assert!(empty.contains("No telephone yet") && empty.contains("No queue."), "{empty}");
    let missing = admin.post(&format!("{HERE}/devices"), &[("user", "ana"), ("sip_user", "ana")]).await;
    assert_eq!(missing.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        missing.text.contains("id=\"number-wrong\"") && missing.text.contains("value=\"ana\""),
        "{}",
        missing.text
    );
    let made = admin
        .post(&format!("{HERE}/devices"), &[("user", "ana"), ("number", "5001"), ("sip_user", "ana")])
        .await;
    assert_eq!(made.status, StatusCode::OK);
    assert_eq!(made.headers[header::CACHE_CONTROL], "no-store");
    assert_eq!(made.says("shown-1"), "ana");
    let password = made.says("shown-2");
    assert!(password.len() >= 22, "128 bits: {password}");
    let page = admin.page(HERE).await;
    assert!(page.contains(ESCAPED) && !page.contains(HOSTILE) && !page.contains(&password), "{page}");
    assert!(page.contains("Not connected") && page.contains("<code title=\"ana\">ana</code>"), "{page}");
    assert_eq!(settings(&world).await.plan.users.len(), 1, "the number is in the plan");

    let taken = admin.post(&format!("{HERE}/devices"), &[("number", "5002"), ("sip_user", "ana")]).await;
    assert_eq!(taken.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(taken.text.contains("another telephone has this SIP user name already"), "{}", taken.text);
    let id = world.app.devices(&world.admin).await.unwrap()[0].id.clone();
    let renewed = admin.post(&format!("{HERE}/devices/{id}/password"), &[]).await;
    assert_ne!(renewed.says("shown-2"), password);
    assert_eq!(admin.post(&format!("{HERE}/devices/{id}/delete"), &[]).await.leads_to(), HERE);
    assert!(world.app.devices(&world.admin).await.unwrap().is_empty());
    assert_eq!(admin.post(&format!("{HERE}/devices/{id}/password"), &[]).await.status, StatusCode::NOT_FOUND);
    let trail = world.app.audit_page(&world.admin, 0, 200).await.unwrap();
    let told: Vec<_> =
        trail.iter().map(|it| it.action.as_str()).filter(|it| it.starts_with("device.")).collect();
    assert_eq!(told.len(), 3, "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_and_a_ring_group_are_made_changed_and_deleted() {
    let world = World::new().await;
    let admin = world.admin().await;
    number(&world, &admin, "ana", "Ana Ruiz", "5001").await;
    number(&world, &admin, "bea", "Bea Lind", "5002").await;
    let group = [
        ("number", "6000"),
        ("name", "Door"),
        ("members", "5002"),
        ("members", "5001"),
        ("order", "in_turn"),
        ("ring_secs", "9"),
    ];
    let made = fill(&admin, "/admin/telephony/groups/new", "/admin/telephony/groups", &group).await;
    assert_eq!(made.leads_to(), HERE);
    let queue = [
        ("number", "7000"),
        ("name", "Billing"),
        ("public", "+442079460018"),
        ("members", "ana"),
        ("members", "bea"),
        ("ring_secs", "20"),
        ("overflow", "6000"),
        ("overflow_after_secs", "90"),
        ("max_waiting", "5"),
        ("wrap_up_secs", "30"),
        ("misses", "2"),
        ("overflow_when_nobody", "yes"),
    ];
    let made = fill(&admin, "/admin/telephony/queues/new", "/admin/telephony/queues", &queue).await;
    assert_eq!(made.leads_to(), HERE);
    let plan = settings(&world).await.plan;
    let it = &plan.queues[0];
    assert_eq!(
        (it.number.as_str(), it.name.as_str(), it.public.as_deref()),
        ("7000", "Billing", Some("+442079460018"))
    );
    assert_eq!((it.ring_secs, it.overflow_after_secs, it.max_waiting), (20, Some(90), 5));
    assert_eq!((it.wrap_up_secs, it.misses, it.overflow_when_nobody), (30, 2, true));
    assert_eq!((it.members.len(), it.overflow.as_deref()), (2, Some("6000")));
    assert_eq!((plan.groups[0].order, plan.groups[0].members.len()), (RingOrder::InTurn, 2));
    let page = admin.page(HERE).await;
    assert!(
        page.contains("+442079460018 · 2 members · rings for 20 s · waits at most 90 s · then 6000 Door"),
        "{page}"
    );

    // What is there stands in the form, and what is not sent back is not kept.
    let form = admin.page("/admin/telephony/queues/7000").await;
    assert!(
        form.contains("value=\"ana\" checked") && form.contains("<option value=\"6000\" selected>"),
        "{form}"
    );
    let less = [("number", "7001"), ("name", "Billing"), ("members", "ana")];
    let at = "/admin/telephony/queues/7000";
    assert_eq!(fill(&admin, at, at, &less).await.leads_to(), HERE);
    let plan = settings(&world).await.plan;
    let it = &plan.queues[0];
    assert_eq!((plan.queues.len(), it.number.as_str(), it.overflow.as_deref()), (1, "7001", None));
    assert_eq!((it.ring_secs, it.overflow_after_secs, it.max_waiting), (15, None, 100), "the usual");
    assert_eq!(admin.get(at).await.status, StatusCode::NOT_FOUND);

    let at = "/admin/telephony/queues/7001";
    assert_eq!(fill(&admin, at, &format!("{at}/delete"), &[]).await.leads_to(), HERE);
    // A number that others name stays, and it is said why.
    let at = "/admin/telephony/numbers/5001";
    let refused = fill(&admin, at, &format!("{at}/delete"), &[]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("names number 5001, which is not in the plan"), "{}", refused.text);
    assert_eq!(settings(&world).await.plan.users.len(), 2);
    let trail = world.app.audit_page(&world.admin, 0, 200).await.unwrap();
    assert_eq!(trail.iter().filter(|it| it.action == "telephony.change").count(), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_stands_at_its_field_and_nothing_typed_is_lost() {
    let world = World::new().await;
    let admin = world.admin().await;
    number(&world, &admin, "ana", "Ana Ruiz", "5001").await;
    let queue = [
        ("number", "5001"),
        ("name", HOSTILE),
        ("public", "020 7946"),
        ("ring_secs", "soon"),
        ("max_waiting", "12"),
    ];
    let (new, list) = ("/admin/telephony/queues/new", "/admin/telephony/queues");
    let wrong = fill(&admin, new, list, &queue).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        wrong.text.contains("id=\"ring_secs-wrong\"") && wrong.text.contains("value=\"soon\""),
        "{}",
        wrong.text
    );
    assert!(wrong.text.contains(ESCAPED) && !wrong.text.contains(HOSTILE));
    let queue: Vec<_> =
        queue.iter().map(|it| if it.0 == "ring_secs" { ("ring_secs", "0") } else { *it }).collect();
    let wrong = fill(&admin, new, list, &queue).await;
    for field in ["number", "public", "ring_secs"] {
        assert!(wrong.text.contains(&format!("id=\"{field}-wrong\"")), "{field}: {}", wrong.text);
        assert!(
            wrong.text.contains(&format!("<a href=\"#{field}\">")),
            "{field} in the summary: {}",
            wrong.text
        );
    }
    assert!(
        wrong.text.contains("value=\"020 7946\"") && wrong.text.contains("value=\"12\""),
        "{}",
        wrong.text
    );
    assert!(wrong.text.contains("id=\"wrong\" tabindex=\"-1\" autofocus"), "the summary takes the focus");
    let group = [("number", "6000"), ("name", "Door"), ("overflow", "6000"), ("members", "5001")];
    let wrong = fill(&admin, "/admin/telephony/groups/new", "/admin/telephony/groups", &group).await;
    assert!(wrong.text.contains("id=\"overflow-wrong\""), "a circle: {}", wrong.text);
    let nobody = fill(&admin, "/admin/telephony/groups/new", "/admin/telephony/groups", &group[..2]).await;
    assert!(nobody.text.contains("id=\"members-wrong\""), "{}", nobody.text);
    let policy = "/admin/telephony/policy";
    let wrong =
        fill(&admin, policy, policy, &[("emergency", "112"), ("blocked", "0900"), ("country_code", "+44")])
            .await;
    assert!(wrong.text.contains("id=\"country_code-wrong\""), "{}", wrong.text);
    let wrong = fill(&admin, policy, policy, &[("emergency", "112"), ("blocked", "0900")]).await;
    assert!(wrong.text.contains("id=\"emergency-wrong\"") && wrong.text.contains("id=\"blocked-wrong\""));
    let plan = settings(&world).await.plan;
    assert!(plan.queues.is_empty() && plan.groups.is_empty() && plan.emergency.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_slower_is_told_so_keeps_what_was_typed_and_may_save_it_then() {
    let world = World::new().await;
    let (one, other) = (world.admin().await, world.admin().await);
    person(&world, "ana", "Ana Ruiz").await;
    person(&world, "bea", "Bea Lind").await;
    let (new, list) = ("/admin/telephony/numbers/new", "/admin/telephony/numbers");
    let old = version(&other.page(new).await);
    assert_eq!(fill(&one, new, list, &[("number", "5001"), ("user", "ana")]).await.leads_to(), HERE);
    let late = other.post(list, &[("version", &old), ("number", "5002"), ("user", "bea")]).await;
    assert_eq!(late.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(late.text.contains("Somebody else has changed telephony"), "{}", late.text);
    assert!(late.text.contains("value=\"5002\"") && late.text.contains("<option value=\"bea\" selected>"));
    assert_eq!(settings(&world).await.plan.users.len(), 1);
    let again = [("version", version(&late.text)), ("number", "5002".to_owned()), ("user", "bea".to_owned())];
    let again: Vec<(&str, &str)> = again.iter().map(|it| (it.0, it.1.as_str())).collect();
    assert_eq!(other.post(list, &again).await.leads_to(), HERE);
    let number = |number: &str, user: &str| UserNumber {
        number: number.to_owned(),
        user: user.into(),
        public: None,
        outside: false,
    };
    assert_eq!(settings(&world).await.plan.users, [number("5001", "ana"), number("5002", "bea")]);
    for version in ["", "nonsense"] {
        let none = other.post(list, &[("version", version), ("number", "5003"), ("user", "bea")]).await;
        assert_eq!(none.status, StatusCode::UNPROCESSABLE_ENTITY, "without having read anything");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_password_of_a_trunk_is_never_shown_and_stays_unless_another_one_is_typed() {
    let world = World::new().await;
    let admin = world.admin().await;
    let (new, list) = ("/admin/telephony/trunks/new", "/admin/telephony/trunks");
    let at = "/admin/telephony/trunks/Provider%20One";
    let trunk = |username: &'static str, password: &'static str| {
        [
            ("name", "Provider One"),
            ("server", "sip.provider.example"),
            ("addresses", "192.0.2.0/28\n198.51.100.7"),
            ("prefixes", "+49, +44"),
            ("username", username),
            ("password", password),
        ]
    };
    let missing = fill(&admin, new, list, &trunk("acme", "")).await;
    assert!(missing.text.contains("id=\"password-wrong\""), "{}", missing.text);
    assert_eq!(fill(&admin, new, list, &trunk("acme", "hunter-2-secret")).await.leads_to(), HERE);
    for page in [at, HERE] {
        let page = admin.page(page).await;
        assert!(
            page.contains("acme") && !page.contains("hunter-2-secret") && !page.contains("(kept)"),
            "{page}"
        );
    }
    assert_eq!(fill(&admin, at, at, &trunk("acme-2", "")).await.leads_to(), HERE);
    let kept = world.app.live().trunks().remove(0).1;
    let register = kept.register.unwrap();
    assert_eq!((register.username.as_str(), register.password.0.as_str()), ("acme-2", "hunter-2-secret"));
    assert_eq!((kept.addresses.len(), kept.prefixes), (2, vec!["+49".to_owned(), "+44".to_owned()]));
    let wrong =
        [("name", "Provider One"), ("server", "x"), ("addresses", "nowhere"), ("caller_number", "123")];
    let wrong = fill(&admin, at, at, &wrong).await;
    assert!(
        wrong.text.contains("id=\"addresses-wrong\"") && wrong.text.contains("id=\"caller_number-wrong\"")
    );
    let renamed = [("name", "Two"), ("server", "x"), ("username", "acme")];
    assert!(fill(&admin, at, at, &renamed).await.text.contains("id=\"password-wrong\""));
    assert_eq!(fill(&admin, at, &format!("{at}/delete"), &[]).await.leads_to(), HERE);
    assert!(settings(&world).await.plan.trunks.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_recorded_and_watched_is_chosen_or_left_to_the_operator() {
    let world = World::new().await;
    let admin = world.admin().await;
    let at = "/admin/telephony/policy";
    let chosen = [
        ("enabled", "no"),
        ("keep_whisper", ""),
        ("default_mode", "next"),
        ("monitor_consult_calls", "orig"),
        ("people_ring_secs", "25"),
        ("long_call", "600"),
        ("ring_timeout", "12"),
        ("national_prefix", "0"),
        ("country_code", "44"),
    ];
    assert_eq!(fill(&admin, at, at, &chosen).await.leads_to(), HERE);
    let now = settings(&world).await;
    assert_eq!(now.recording, RecordingPolicy { enabled: Some(false), keep_whisper: None });
    assert_eq!(
        (now.monitoring.default_mode, now.monitoring.ring_timeout),
        (Some(MonitoringMode::NextCall), Some(12))
    );
    assert_eq!((now.monitoring.notify_agent, now.monitoring.default_scope), (None, None));
    assert_eq!(
        (now.plan.dialling.country_code.as_str(), now.plan.dialling.international_prefix.as_str()),
        ("44", "")
    );
    assert_eq!(now.monitoring.monitor_consult_calls, Some(ConsultCalls::Orig));
    let limits = (now.plan.ring_secs, now.thresholds.long_call, now.thresholds.long_wait);
    assert_eq!(limits, (Some(25), Some(600), None));
    let page = admin.page(at).await;
    assert!(
        page.contains("<option value=\"no\" selected>No</option>") && page.contains("value=\"12\""),
        "{page}"
    );
    assert!(page.contains("As the operator has configured"));
}

#[tokio::test(flavor = "multi_thread")]
async fn telephony_is_for_administrators_alone() {
    let world = World::new().await;
    let admin = world.admin().await;
    number(&world, &admin, "ana", "Ana Ruiz", "5001").await;
    for role in [Role::Manager, Role::Coach, Role::Agent] {
        let other = world.browser(&format!("{role}"), role).await;
        for path in [
            "",
            "/policy",
            "/devices/new",
            "/numbers/new",
            "/numbers/5001",
            "/queues/new",
            "/groups/new",
            "/trunks/new",
        ] {
            let page = other.get(&format!("{HERE}{path}")).await;
            assert_eq!(page.status, StatusCode::FORBIDDEN, "{role} {path}");
            assert!(!page.text.contains("Ana Ruiz"));
        }
        for path in ["/devices", "/numbers", "/numbers/5001", "/numbers/5001/delete", "/policy"] {
            assert_eq!(
                other.post(&format!("{HERE}{path}"), &[]).await.status,
                StatusCode::FORBIDDEN,
                "{role} {path}"
            );
        }
    }
    assert!(!world.browser("mia", Role::Manager).await.page("/admin/people").await.contains(HERE));
    assert_eq!(settings(&world).await.plan.users.len(), 1);
}
