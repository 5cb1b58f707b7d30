//! Credentials, webhooks, the audit trail, settings.

use crate::world::{ESCAPED, HOSTILE, World};
use http::StatusCode;
use touchline_app::{
    credentials::NewCredential,
    store::{AuditNote, Batch},
    webhooks::NewWebhook,
};
use touchline_model::{Caller, User};

#[tokio::test(flavor = "multi_thread")]
async fn a_native_token_is_shown_once_with_a_line_that_works_and_then_revoked_by_name() {
    let world = World::new().await;
    let ada = world.admin().await;
    let form = ada.page("/admin/credentials/new?dialect=native").await;
    assert!(form.contains("id=\"ability-read_contacts\" name=\"ability\" value=\"read_contacts\" checked"));
    let fields =
        [("dialect", "native"), ("name", HOSTILE), ("ability", "read_contacts"), ("ability", "read_changes")];
    let made = ada.post("/admin/credentials", &fields).await;
    assert_eq!((made.status, made.headers["cache-control"].to_str().unwrap()), (StatusCode::OK, "no-store"));
    let token = made.says("shown-1");
    assert_eq!(
        made.says("shown-curl"),
        format!(
            "curl -H &#39;Authorization: Bearer {token}&#39; http://touchline.example:8443/api/touchline/v1/me"
        )
    );
    let caller = world.app.prove_token(&token, "192.0.2.8").await.unwrap().unwrap();
    assert_eq!(
        caller.abilities.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["read_contacts", "read_changes"]
    );
    let list = ada.page("/admin/credentials").await;
    assert!(!list.contains(token.rsplit('_').next().unwrap()), "the secret is never shown again");
    assert!(list.contains(ESCAPED) && !list.contains("<script>alert"));
    assert!(list.contains("just now"), "it was used just now");
    assert!(list.contains(&format!("data-confirm=\"Revoke “{ESCAPED}”?")));
    let id = caller.actor.strip_prefix("credential:").unwrap().replace('-', "%2D");
    let gone = ada.post(&format!("/admin/credentials/{id}/revoke"), &[]).await;
    assert_eq!(gone.leads_to(), "/admin/credentials");
    assert!(world.app.prove_token(&token, "192.0.2.8").await.unwrap().is_none());
    let list = ada.page("/admin/credentials").await;
    assert!(list.contains("Revoked") && !list.contains("/revoke\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_coach360_credential_may_have_a_password_of_ones_own() {
    let world = World::new().await;
    let ada = world.admin().await;
    let short = ada
        .post(
            "/admin/credentials",
            &[("dialect", "c360"), ("name", "BI"), ("login", "bi"), ("secret", "short")],
        )
        .await;
    assert_eq!(short.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(short.text.contains("id=\"secret-wrong\"") && short.text.contains("value=\"bi\""));
    assert!(!short.text.contains("value=\"short\""), "a password is not sent back");
    let fields = [
        ("dialect", "c360"),
        ("name", "BI"),
        ("login", "bi"),
        ("secret", "it's a long one"),
        ("can_delete", "yes"),
    ];
    let made = ada.post("/admin/credentials", &fields).await;
    assert_eq!(made.says("shown-1"), "bi");
    assert!(
        made.says("shown-curl").starts_with("curl -u &#39;bi:it&#39;\\&#39;&#39;s a long one&#39; http://")
    );
    let caller = world.app.prove("c360", "bi", "it's a long one", "192.0.2.8").await.unwrap().unwrap();
    assert!(caller.may(touchline_model::Ability::DeleteContacts));
    let taken = ada.post("/admin/credentials", &fields).await;
    assert_eq!(taken.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(taken.text.contains("login “bi” is taken"));
    for (fields, field) in [
        (vec![("dialect", "native"), ("name", ""), ("ability", "read_contacts")], "name"),
        (vec![("dialect", "native"), ("name", "X")], "abilities"),
    ] {
        let again = ada.post("/admin/credentials", &fields).await;
        assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(again.text.contains(&format!("id=\"{field}-wrong\"")), "{field}");
    }
    assert_eq!(ada.get("/admin/credentials/new?dialect=morse").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gladly_credential_is_an_address_and_a_token_with_a_line_to_try_them() {
    let world = World::new().await;
    let ada = world.admin().await;
    let form = ada.page("/admin/credentials/new?dialect=gladly").await;
    assert!(form.contains("E-mail address") && form.contains("API token") && !form.contains("can_delete"));
    let wrong = [("dialect", "gladly"), ("name", "BI"), ("login", "bi")];
    let again = ada.post("/admin/credentials", &wrong).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(again.text.contains("id=\"login-wrong\"") && again.text.contains("must be an e-mail address"));
    let good = [("dialect", "gladly"), ("name", "BI"), ("login", "bi@acme.example")];
    let made = ada.post("/admin/credentials", &good).await;
    assert_eq!(made.says("shown-1"), "bi@acme.example");
    let token = made.says("shown-2");
    let line = made.says("shown-curl");
    assert!(line.starts_with(&format!("curl -u &#39;bi@acme.example:{token}&#39; http://")), "{line}");
    assert!(line.ends_with("/api/v1/agents"), "{line}");
    let caller = world.app.prove("gladly", "bi@acme.example", &token, "192.0.2.8").await.unwrap().unwrap();
    assert!(caller.may(touchline_model::Ability::ReadReports));
    assert!(!caller.may(touchline_model::Ability::ReadContacts));
    assert!(ada.page("/admin/credentials").await.contains("Gladly reporting"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_for_events_is_made_changed_paused_given_a_new_key_and_deleted() {
    let world = World::new().await;
    let ada = world.admin().await;
    assert!(ada.page("/admin/webhooks").await.contains("Nothing is sent anywhere yet."));
    let private = [("name", "CRM"), ("url", "http://127.0.0.1/x"), ("event", "contact.put")];
    let refused = ada.post("/admin/webhooks", &private).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("id=\"url-wrong\"") && refused.text.contains("http://127.0.0.1/x"));
    assert!(refused.text.contains("only with the setting “webhooks.allow_private”"), "{}", refused.text);
    let form = ada.page("/admin/webhooks/new").await;
    assert!(form.contains("An evaluation was made or changed.") && !form.contains("A evaluation"), "{form}");
    let good = [("name", HOSTILE), ("url", "https://crm.example/hook"), ("event", "contact.put")];
    let made = ada.post("/admin/webhooks", &good).await;
    let secret = made.says("shown-1");
    assert!(secret.starts_with("whsec_"));
    let id = world.app.webhooks(&world.admin, None, 9).await.unwrap().remove(0).id;
    let place = format!("/admin/webhooks/{}", id.replace('-', "%2D"));
    let page = ada.page(&place).await;
    assert!(page.contains(ESCAPED) && !page.contains("<script>alert") && !page.contains(&secret));
    assert!(page.contains("value=\"contact.put\" checked") && page.contains("Nothing was sent to it yet."));
    let all =
        [("name", "CRM"), ("url", "https://crm.example/2"), ("everything", "yes"), ("event", "kpi.put")];
    assert_eq!(ada.post(&place, &all).await.leads_to(), place);
    let seen = world.app.webhook(&world.admin, &id).await.unwrap();
    assert_eq!(
        (seen.url.as_str(), seen.events, seen.active),
        ("https://crm.example/2", vec!["*".to_owned()], true)
    );
    ada.post(&format!("{place}/switch"), &[("active", "off")]).await.leads_to();
    assert!(!world.app.webhook(&world.admin, &id).await.unwrap().active);
    assert!(ada.page("/admin/webhooks").await.contains("Paused by you"));
    ada.post(&format!("{place}/switch"), &[("active", "on")]).await.leads_to();
    assert!(world.app.webhook(&world.admin, &id).await.unwrap().active);
    let rotated = ada.post(&format!("{place}/rotate"), &[("old_key_hours", "24")]).await;
    assert_ne!(rotated.says("shown-1"), secret);
    assert!(rotated.text.contains("signs beside it until Wed 4 Mar 2026, 09:30"), "{}", rotated.text);
    assert!(ada.page(&place).await.contains("An old key signs until"));
    let odd = ada.post(&format!("{place}/rotate"), &[("old_key_hours", "900")]).await;
    assert_eq!(odd.status, StatusCode::UNPROCESSABLE_ENTITY);
    let wrong =
        ada.post(&place, &[("name", ""), ("url", "https://crm.example/3"), ("event", "kpi.put")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.text.contains("id=\"name-wrong\"") && wrong.text.contains("https://crm.example/3"));
    let replayed = ada.post(&format!("{place}/replay"), &[("since", "2026-03-01")]).await;
    assert_eq!(replayed.leads_to(), place);
    let odd = ada.post(&format!("{place}/replay"), &[("since", "soon")]).await;
    assert_eq!(odd.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(ada.post(&format!("{place}/delete"), &[]).await.leads_to(), "/admin/webhooks");
    assert_eq!(ada.get(&place).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn deliveries_are_seen_with_their_answers_and_sent_again() {
    let world = World::new().await;
    let ada = world.admin().await;
    let new = NewWebhook {
        url: "https://crm.example/hook".to_owned(),
        name: "CRM".to_owned(),
        events: vec!["group.put".to_owned()],
    };
    let id = world.app.create_webhook(&world.admin, new).await.unwrap().webhook.id;
    let place = format!("/admin/webhooks/{}", id.replace('-', "%2D"));
    world.answers.0.lock().unwrap().push((410, HOSTILE.to_owned()));
    let tested = ada.post(&format!("{place}/test"), &[]).await;
    assert_eq!(tested.leads_to(), place);
    assert!(tested.headers["set-cookie"].to_str().unwrap().contains("410"));
    let page = ada.page(&place).await;
    assert!(page.contains("it answered 410") && page.contains("Stopped by the server"), "{page}");
    assert!(page.contains(ESCAPED) && !page.contains("<script>alert"), "what strangers answer is only text");
    ada.post(&format!("{place}/switch"), &[("active", "on")]).await.leads_to();
    ada.post("/admin/people/groups", &[("name", "Sales"), ("kind", "team"), ("active", "yes")]).await;
    world.app.send_webhooks_until_idle().await.unwrap();
    let delivered = ada.page(&format!("{place}?state=delivered")).await;
    assert!(delivered.contains("<summary>group.put</summary>") && !delivered.contains("webhook.test"));
    let dead = ada.page(&format!("{place}?state=dead&event=group.put")).await;
    assert!(dead.contains("No delivery fits these filters."));
    let again = delivered.split("action=\"").find(|it| it.contains("/deliveries/")).unwrap();
    let again = again.split('"').next().unwrap();
    assert_eq!(ada.post(again, &[]).await.leads_to(), place);
    assert!(ada.page(&format!("{place}?state=waiting")).await.contains("group.put</summary>"));
    assert_eq!(ada.post(again, &[]).await.status, StatusCode::CONFLICT, "it is on its way already");
    world.app.send_webhooks_until_idle().await.unwrap();
    let since = ada.post(&format!("{place}/replay"), &[("since", "2026-03-03")]).await;
    assert!(since.headers["set-cookie"].to_str().unwrap().contains("1%20delivery%20is%20sent%20again"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_trail_is_filtered_paged_names_people_and_is_checked() {
    let world = World::new().await;
    let mut batch = Batch::new(&world.admin.tenant);
    let robot = Caller { actor: format!("job:{HOSTILE}"), ..world.admin.clone() };
    batch.audit(AuditNote::new(&robot, "contact.read", "c-1", HOSTILE));
    for n in 0..150 {
        batch.audit(AuditNote::new(&world.admin, "contact.read", format!("c-{n}"), "x".repeat(500)));
    }
    world.app.store().apply(batch).await.unwrap();
    let ada = world.admin().await;
    let newest = ada.page("/admin/audit").await;
    assert!(newest.contains("Ada Berg") && newest.contains("session.begin"));
    assert!(newest.contains("<option value=\"contact.read\">"));
    assert_eq!(newest.matches("<tr>").count(), 101, "a head and a hundred entries");
    let next = newest.split("href=\"").find(|it| it.contains("beyond=")).unwrap().split('"').next().unwrap();
    let older = ada.page(&next.replace("&#38;", "&")).await;
    assert!(older.contains("user.put") && older.contains(ESCAPED) && !older.contains("<script>alert"));
    let of_one = ada.page("/admin/audit?action=contact.read&object=c-1&order=number").await;
    assert_eq!(of_one.matches("<tr>").count(), 3, "the job's entry and Ada's");
    assert!(ada.page("/admin/audit?to=2026-03-02").await.contains("No entry fits these filters."));
    assert_eq!(
        ada.page("/admin/audit?from=2026-03-03&to=2026-03-03&object=c-9").await.matches("<tr>").count(),
        2
    );
    assert!(ada.page("/admin/audit?from=soon").await.contains("A day is written as 2026-03-01."));
    let check = ada.page("/admin/audit/check").await;
    assert!(check.contains("The chain holds up to its last entry, "), "{check}");
    let part = ada.page("/admin/audit/check?after=5").await;
    assert!(part.contains("This step began behind entry 5"), "a part is called a part");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_trail_is_asked_for_people_and_programs_by_name() {
    let world = World::new().await;
    let person = |id: &str, first: &str, last: &str| User {
        id: id.into(),
        email: format!("{id}@example.com"),
        first_name: first.to_owned(),
        last_name: last.to_owned(),
        active: true,
        ..User::default()
    };
    let people = vec![person("u-1", "Gareth", "Pryce"), person("u-2", "Gareth", "Owen")];
    world.app.put_many(&world.admin, people).await.unwrap();
    let new = NewCredential {
        dialect: "c360".to_owned(),
        name: "Power BI".to_owned(),
        login: Some("bi".to_owned()),
        secret: None,
        abilities: None,
        can_delete: false,
    };
    let key = world.app.create_credential(&world.admin, new).await.unwrap().credential.id;
    let mut batch = Batch::new(&world.admin.tenant);
    for (actor, object) in [
        ("user:u-1", "by-pryce"),
        ("user:u-2", "by-owen"),
        (&*format!("credential:{key}"), "by-bi"),
        ("cli", "by-cli"),
    ] {
        let actor = Caller { actor: actor.to_owned(), ..world.admin.clone() };
        batch.audit(AuditNote::new(&actor, "contact.read", object, ""));
    }
    world.app.store().apply(batch).await.unwrap();
    let ada = world.admin().await;
    let objects = ["by-pryce", "by-owen", "by-bi", "by-cli"];
    for (who, expected) in [
        ("Gareth", vec!["by-pryce", "by-owen"]),
        ("gareth%20pryce", vec!["by-pryce"]),
        ("U-2%40example.com", vec!["by-owen"]),
        ("u-1", vec!["by-pryce"]),
        ("user%3Au-2", vec!["by-owen"]),
        ("power", vec!["by-bi"]),
        ("bi", vec!["by-bi"]),
        ("cli", vec!["by-cli"]),
        ("nobody", vec![]),
    ] {
        let page = ada.page(&format!("/admin/audit?actor={who}&action=contact.read")).await;
        let found: Vec<&str> =
            objects.into_iter().filter(|it| page.contains(&format!("title=\"{it}\""))).collect();
        assert_eq!(found, expected, "{who}");
        let file = ada.get(&format!("/admin/audit/export?format=csv&actor={who}")).await.text;
        let found: Vec<&str> = objects.into_iter().filter(|it| file.contains(&format!(",{it},"))).collect();
        assert_eq!(found, expected, "{who}, as a file");
    }
    let put = ada.page("/admin/audit?action=user.put&object=u-1").await;
    assert!(put.contains("2 users: u-1, u-2"), "{put}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_trail_leaves_as_a_file_and_the_export_is_written_down() {
    let world = World::new().await;
    let mut batch = Batch::new(&world.admin.tenant);
    for n in 0..2_500 {
        batch.audit(AuditNote::new(&world.admin, "contact.read", format!("c-{n}"), "=1+1, \"quoted\""));
    }
    world.app.store().apply(batch).await.unwrap();
    let ada = world.admin().await;
    let csv = ada.get("/admin/audit/export?format=csv&action=contact.read").await;
    assert_eq!(csv.headers["content-disposition"], "attachment; filename=\"audit.csv\"");
    let lines: Vec<_> = csv.text.lines().collect();
    assert_eq!((lines.len(), lines[0]), (2_501, "n,at,actor,source,action,object,detail,hash"));
    assert!(lines[2_500].contains(",contact.read,c-2499,\"'=1+1, \"\"quoted\"\"\","), "{}", lines[2_500]);
    let ndjson = ada.get("/admin/audit/export?format=ndjson&object=c-7").await;
    let one: Vec<serde_json::Value> =
        ndjson.text.lines().map(|it| serde_json::from_str(it).unwrap()).collect();
    assert_eq!(
        (one.len(), one[0]["object"].as_str(), one[0]["detail"].as_str()),
        (1, Some("c-7"), Some("=1+1, \"quoted\""))
    );
    let trail = ada.page("/admin/audit?action=audit.export").await;
    assert_eq!(trail.matches("<code>audit.export</code>").count(), 2);
    assert_eq!(ada.get("/admin/audit/export?format=pdf").await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_tell_where_each_comes_from() {
    let world = World::new().await;
    let page = world.admin().await.page("/admin/settings").await;
    assert!(page.contains(concat!("Touchline ", env!("CARGO_PKG_VERSION"))) && page.contains("SQLite"));
    assert!(page.contains("The database answers") && page.contains("/api/docs"));
    assert!(page.contains("<code>listen</code>") && page.contains("--data") && page.contains(ESCAPED));
    let counted = world.admin().await.page("/admin/settings?count=yes").await;
    assert!(counted.contains("0 B, 0 files"));
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_webhooks_and_entries_of_another_organisation_are_not_there() {
    let world = World::new().await;
    let stranger = world.stranger().await;
    let new = NewCredential {
        dialect: "native".to_owned(),
        name: "Theirs".to_owned(),
        login: None,
        secret: None,
        abilities: None,
        can_delete: false,
    };
    let key = world.app.create_credential(&stranger, new).await.unwrap();
    let hook = NewWebhook {
        url: "https://theirs.example/".to_owned(),
        name: "Theirs".to_owned(),
        events: vec!["*".to_owned()],
    };
    let hook = world.app.create_webhook(&stranger, hook).await.unwrap().webhook;
    let ada = world.admin().await;
    for path in
        ["/admin/credentials", "/admin/webhooks", "/admin/audit", "/admin/audit?action=credential.create"]
    {
        let page = ada.page(path).await;
        assert!(!page.contains("Theirs") && !page.contains("theirs.example"), "{path}");
    }
    let revoked = ada.post(&format!("/admin/credentials/{}/revoke", key.credential.id), &[]).await;
    assert_eq!(revoked.status, StatusCode::NOT_FOUND);
    assert!(world.app.prove_token(&key.secret, "192.0.2.8").await.unwrap().is_some());
    let place = format!("/admin/webhooks/{}", hook.id);
    assert_eq!(ada.get(&place).await.status, StatusCode::NOT_FOUND);
    for (deed, fields) in [
        ("", [("name", "Mine"), ("url", "https://mine.example/"), ("everything", "yes")].as_slice()),
        ("/switch", &[("active", "off")]),
        ("/rotate", &[("old_key_hours", "0")]),
        ("/test", &[]),
        ("/delete", &[]),
        ("/replay", &[("since", "2026-03-01")]),
        ("/deliveries/msg_1/replay", &[]),
    ] {
        let refused = ada.post(&format!("{place}{deed}"), fields).await;
        assert_eq!(refused.status, StatusCode::NOT_FOUND, "{deed}");
    }
    assert!(world.app.webhook(&stranger, &hook.id).await.unwrap().active);
}
