//! Exports at fixed times, made and run from the pages.

use crate::{
    reports_events::sunday,
    world::{ESCAPED, HOSTILE, both},
};
use http::StatusCode;
use touchline_model::{Clock, Role};

/// What the form sends, with one thing otherwise.
fn form<'a>(name: &'a str, value: &'a str) -> Vec<(&'a str, &'a str)> {
    let mut fields = vec![
        ("name", "Nightly"),
        ("dataset", "work-sessions"),
        ("format", "csv"),
        ("every", "week"),
        ("weekday", "tuesday"),
        ("at", "03:30"),
        ("zone", "Europe/Berlin"),
        ("since", "2026-03-28"),
        ("folder", "lake/sessions"),
    ];
    fields.retain(|it| it.0 != name);
    fields.push((name, value));
    fields
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_is_planned_run_paused_and_deleted() {
    both(async |world| {
        world.opens_a_centre().await;
        world.happens(sunday()).await;
        let ada = world.admin().await;
        let empty = ada.page("/admin/exports").await;
        assert!(
            empty.contains("Nothing is exported by itself yet.") && empty.contains("They go to "),
            "{empty}"
        );
        let fresh = ada.page("/admin/exports/new").await;
        assert!(fresh.contains("value=\"03:00\"") && fresh.contains("value=\"UTC\""), "{fresh}");
        let made = ada.post("/admin/exports", &form("closed_only", "")).await;
        assert_eq!(made.leads_to(), "/admin/exports");
        let list = ada.page("/admin/exports").await;
        for text in [
            "Nightly",
            "work-sessions, csv, <code>lake/sessions</code>",
            "Every Tuesday at 03:30, Europe/Berlin",
            // Monday noon it is; half past three of the summer's clock, whatever the reader's is.
            "<time datetime=\"2026-03-31T01:30:00Z\">Tue 31 Mar 2026, 03:30, Europe/Berlin</time>",
            "Never",
        ] {
            assert!(list.contains(text), "{text}: {list}");
        }
        let place =
            list.split("action=\"").find(|it| it.contains("/run\"")).unwrap().split("/run\"").next().unwrap();
        assert_eq!(ada.post(&format!("{place}/run"), &[]).await.leads_to(), "/admin/exports");
        assert!(ada.page("/admin/exports").await.contains("Runs now"));
        world.app.work_until_idle().await.unwrap();
        let ran = ada.page("/admin/exports").await;
        assert!(ran.contains("Done") && !ran.contains("Runs now"), "{ran}");
        assert!(ran.contains("days written, 6 rows, "), "the Sunday and the Monday: {ran}");
        let found = std::fs::read_dir(&world.exports).unwrap().count();
        assert!(found > 0, "there are files");
        assert_eq!(
            ada.post(&format!("{place}/switch"), &[("active", "off")]).await.leads_to(),
            "/admin/exports"
        );
        assert!(ada.page("/admin/exports").await.contains("Paused"));
        ada.post(&format!("{place}/switch"), &[("active", "on")]).await;
        assert!(ada.page("/admin/exports").await.contains("2026-03-31T01:30:00Z"));
        assert_eq!(ada.post(&format!("{place}/delete"), &[]).await.leads_to(), "/admin/exports");
        assert!(ada.page("/admin/exports").await.contains("Nothing is exported by itself yet."));
        assert_eq!(ada.post(&format!("{place}/run"), &[]).await.status, StatusCode::NOT_FOUND);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_run_that_failed_the_list_says_when_it_is_tried_again() {
    both(async |world| {
        // No folder can be made where a file lies.
        std::fs::write(&world.exports, "a file").unwrap();
        let ada = world.admin().await;
        ada.post("/admin/exports", &form("every", "day")).await;
        world.clock.set("2026-03-04T02:30:00Z".parse().unwrap());
        // Nobody stays signed in over night.
        let ada = world.admin().await;
        for again in [
            "It is tried again on Wed 4 Mar 2026, 03:30, Europe/Berlin.",
            "It is tried again on Wed 4 Mar 2026, 03:32, Europe/Berlin.",
            "It is tried again on Wed 4 Mar 2026, 03:34, Europe/Berlin.",
            "It is tried again at its next time.",
        ] {
            world.app.work_until_idle().await.unwrap();
            let list = ada.page("/admin/exports").await;
            assert!(list.contains("Failed</span>") && list.contains(again), "{again}: {list}");
            world.clock.set(world.clock.now().plus_secs(100));
        }
        let list = ada.page("/admin/exports").await;
        assert!(list.contains("Thu 5 Mar 2026, 03:30, Europe/Berlin</time>"), "{list}");
        let place =
            list.split("action=\"").find(|it| it.contains("/run\"")).unwrap().split("/run\"").next().unwrap();
        ada.post(&format!("{place}/switch"), &[("active", "off")]).await;
        let paused = ada.page("/admin/exports").await;
        assert!(paused.contains("It is paused, and tried again when you say so."), "{paused}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_planned_wrongly_stays_with_the_reason_and_nobody_else_plans() {
    both(async |world| {
        let ada = world.admin().await;
        for (field, value, reason) in [
            ("name", "", "must not be empty"),
            ("at", "25:00", "must be a time from 00:00 to 23:59"),
            ("zone", "Mars", "is no time zone"),
            ("since", "soon", "must be a date such as 2026-03-01"),
            ("folder", "../up", "must be words of letters"),
            ("dataset", "secrets", "is none of the list"),
            ("every", "minute", "is none of the list"),
        ] {
            let page = ada.post("/admin/exports", &form(field, value)).await;
            assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{field}: {}", page.text);
            assert!(
                page.text.contains(&format!("id=\"{field}-wrong\"")) && page.text.contains(reason),
                "{field}: {}",
                page.text
            );
            assert!(page.text.contains("value=\"lake/sessions\"") || field == "folder", "{}", page.text);
        }
        assert!(ada.page("/admin/exports").await.contains("Nothing is exported by itself yet."));
        ada.post("/admin/exports", &form("name", HOSTILE)).await;
        let page = ada.page("/admin/exports").await;
        assert!(page.contains(ESCAPED) && !page.contains("<script>alert"), "{page}");
        let place =
            page.split("action=\"").find(|it| it.contains("/run\"")).unwrap().split("/run\"").next().unwrap();
        let mia = world.browser("mia", Role::Manager).await;
        assert_eq!(mia.get("/admin/exports").await.status, StatusCode::FORBIDDEN);
        for deed in ["run", "switch", "delete"] {
            assert_eq!(
                mia.post(&format!("{place}/{deed}"), &[]).await.status,
                StatusCode::FORBIDDEN,
                "{deed}"
            );
        }
        // Another one into the same folder, whatever it is written in.
        let twice = ada.post("/admin/exports", &form("format", "parquet")).await;
        assert_eq!(twice.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", twice.text);
        assert!(
            twice.text.contains("id=\"folder-wrong\"") && twice.text.contains("choose another folder"),
            "{}",
            twice.text
        );
        assert!(twice.text.contains(ESCAPED) && !twice.text.contains("<script>alert"), "{}", twice.text);
        let stranger = world.stranger().await;
        assert!(world.app.export_schedules(&stranger).await.unwrap().is_empty());
    })
    .await;
}
