//! Reports of nothing, wrong questions, strangers, and what is in the feed.

use crate::{
    reports_events::{MONDAY, SUNDAY, Thread, sunday},
    world::{ESCAPED, HOSTILE, World, both},
};
use http::StatusCode;
use serde_json::json;
use touchline_app::contacts::ContactUpload;
use touchline_model::{Caller, Contact, Role, User};

const REPORTS: [&str; 3] = ["/reports/contacts", "/reports/work-sessions", "/reports/agents"];

#[tokio::test(flavor = "multi_thread")]
async fn without_anything_to_show_a_page_says_why_and_leads_on() {
    let world = World::new().await;
    world.clock.set(MONDAY.parse().unwrap());
    let ada = world.admin().await;
    for path in REPORTS {
        let fresh = ada.page(path).await;
        assert!(
            fresh.contains("Reports begin with what happens") && fresh.contains("href=\"/imports\""),
            "{fresh}"
        );
        assert!(!fresh.contains("download"), "there is no file of nothing: {fresh}");
    }
    world.opens_a_centre().await;
    world.happens(sunday()).await;
    for path in REPORTS {
        let before = ada.page(&format!("{path}?from=2026-01-01")).await;
        assert!(before.contains("Nothing in this window") && before.contains("This month</a>"), "{before}");
        let later = ada.page(&format!("{path}?from=2026-04-01&zone=Europe/Berlin")).await;
        assert!(later.contains("Reports know everything up to 13:00. This window begins later."), "{later}");
    }
    let filtered = ada.page(&format!("/reports/contacts?{SUNDAY}&channel=sms")).await;
    assert!(filtered.contains("Nothing fits these filters in these days."), "{filtered}");
    assert!(filtered.contains("zone=Europe%2FBerlin\">Clear filters</a>"), "{filtered}");
    // A file of nothing is a file with a head.
    let empty = ada.get("/reports/contacts.csv?from=2026-01-01").await;
    assert_eq!((empty.status, empty.text.matches("\r\n").count()), (StatusCode::OK, 1), "{}", empty.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_wrongly_stays_with_the_reason() {
    let world = World::new().await;
    world.opens_a_centre().await;
    let ada = world.admin().await;
    for (query, field, reason, kept) in [
        ("from=soon", "from", "must be a day such as 2026-03-31", "value=\"soon\""),
        ("from=2026-03-02&to=2026-03-01", "to", "must not be before the first day", "value=\"2026-03-02\""),
        (
            "from=2026-01-01&to=2026-03-01",
            "to",
            "60 days are more than a page shows, which is 31.",
            "value=\"2026-03-01\"",
        ),
        ("zone=Mars", "zone", "is no time zone, such as Europe/Berlin", "value=\"Mars\""),
        ("channel=pigeon", "channel", "is no channel that reports know", "Phone"),
        ("inbox=gone", "inbox", "is not there any more", "<option value=\"gone\" selected>gone</option>"),
    ] {
        let page = ada.get(&format!("/reports/contacts?{query}")).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{query}");
        assert!(page.text.contains(&format!("<li id=\"{field}-wrong\">")), "{query}: {}", page.text);
        assert!(page.text.contains(reason) && page.text.contains(kept), "{query}: {}", page.text);
        assert!(page.text.contains(&format!("aria-describedby=\"{field}-wrong\"")), "{query}: {}", page.text);
    }
    let team = ada.get("/reports/agents?team=gone").await;
    assert_eq!(team.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(team.text.contains("<li id=\"team-wrong\">"), "{}", team.text);
    let file = ada.get("/reports/contacts.csv?from=2026-01-01&to=2026-03-01").await;
    assert_eq!(file.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(file.text.contains("60 days are more"), "{}", file.text);
    // What a report has no field for does not narrow it.
    world.happens(sunday()).await;
    let all = ada.page(&format!("/reports/contacts?{SUNDAY}&agent=nobody&team=gone")).await;
    assert!(all.contains("4 rows</h2>"), "{all}");
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_are_for_those_who_may_read_them() {
    let world = World::new().await;
    world.opens_a_centre().await;
    let agent = world.browser("ana", Role::Agent).await;
    let home = agent.page("/").await;
    assert!(!home.contains("href=\"/reports"));
    assert!(!home.contains("<kbd>r</kbd>") && home.contains("<kbd>c</kbd>"), "no key leads there: {home}");
    for path in [
        "/reports",
        "/reports/contacts",
        "/reports/contacts.csv",
        "/reports/work-sessions.csv",
        "/reports/agents",
        "/reports/feed",
    ] {
        let refused = agent.get(path).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{path}");
        assert!(
            refused.text.contains("This is for: Administrator, Manager, Coach, Analyst."),
            "{}",
            refused.text
        );
        assert!(refused.text.contains("href=\"/calls\">Go to your calls</a>"), "{}", refused.text);
        assert!(!refused.text.contains("credential"), "no word of programs: {}", refused.text);
    }
    for (id, role) in [("mia", Role::Manager), ("cy", Role::Coach), ("an", Role::Analyst)] {
        let browser = world.browser(id, role).await;
        assert!(browser.page("/").await.contains("<a href=\"/reports/contacts\" data-go=\"r\">"), "{role}");
        assert_eq!(browser.get("/reports").await.leads_to(), "/reports/contacts");
        assert!(browser.page("/reports/agents").await.contains("Agents"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_another_organisation_is_in_a_report() {
    both(async |world| {
        world.opens_a_centre().await;
        let stranger = world.stranger().await;
        world.happens_to(&stranger, sunday()).await;
        let ada = world.admin().await;
        for path in REPORTS {
            let page = ada.page(&format!("{path}?{SUNDAY}")).await;
            assert!(page.contains("Reports begin with what happens"), "{page}");
            let file = ada.get(&format!("{path}.csv?{SUNDAY}")).await;
            assert_eq!(file.text.matches("\r\n").count(), 1, "{}", file.text);
        }
        let feed = ada.page("/reports/feed").await;
        let events = feed.split_once("<b>Events</b>").unwrap().1.split_once("</tr>").unwrap().0;
        assert!(events.contains("data-label=\"Rows\">0</td>"), "{events}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_report_is_shown_in_part_and_taken_along_whole() {
    both(async |world| {
        world.opens_a_centre().await;
        for block in 0..6 {
            let contacts = (0..100).flat_map(|n| {
                let id = format!("n-{}", block * 100 + n);
                let inside = json!({ "entryPoint": "x".repeat(200) });
                let thread = Thread::new(&id, "SMS", "i-new").starts("2026-03-29T12:00:00Z", inside);
                thread.accepted("ana", "2026-03-29T12:00:30Z").ends("2026-03-29T12:01:30Z", "ANSWERED").events
            });
            world.happens(contacts.collect()).await;
        }
        let ada = world.admin().await;
        let page = ada.page(&format!("/reports/contacts?{SUNDAY}")).await;
        assert!(page.contains("The first 25 of 600 rows</h2>"), "{page}");
        // No view was ever sent: an agent works from acceptance to the end, a minute each.
        assert!(page.contains("<data value=\"36000\">10:00:00</data>"), "{page}");
        let file = ada.get(&format!("/reports/contacts.csv?{SUNDAY}")).await;
        assert!(file.text.len() > 200_000, "several parts: {}", file.text.len());
        assert_eq!(file.text.matches("\r\n").count(), 601);
        assert_eq!(file.text.matches(",60,").count(), 600, "handle time of each");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_contact_that_went_out_the_agent_who_placed_it_is_named() {
    both(async |world| {
        world.opens_a_centre().await;
        let out = |id: &str, until: Option<&str>| {
            let thread = Thread::new(id, "PHONE_CALL", "i-new").at(
                "2026-03-29T10:00:00Z",
                "STARTED",
                "agent:ana",
                json!({}),
            );
            match until {
                Some(time) => {
                    thread.seen_by("ana", "2026-03-29T10:00:00Z", time).ends(time, "ANSWERED").events
                }
                None => thread.events,
            }
        };
        world.happens(out("o-1", Some("2026-03-29T10:02:00Z"))).await;
        world.happens(out("o-2", None)).await;
        let given_up = Thread::new("i-1", "PHONE_CALL", "i-new").starts("2026-03-29T10:00:00Z", json!({}));
        world.happens(given_up.ends("2026-03-29T10:00:30Z", "ABANDONED").events).await;
        let page = world.admin().await.page(&format!("/reports/contacts?{SUNDAY}")).await;
        let who = "data-label=\"Taken or placed by\">Ana Ruiz</td>";
        let row = |id: &str| {
            page.split("<tr>")
                .find(|row| row.contains(&format!(">{id}</td>")))
                .unwrap_or_else(|| panic!("{id}: {page}"))
        };
        assert!(row("o-1").contains(who) && row("o-2").contains(who), "{page}");
        assert!(!row("i-1").contains("Taken or placed by"), "nobody took it: {page}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_and_very_long_names_are_words_and_nothing_else() {
    let world = World::new().await;
    world.opens_a_centre().await;
    let hostile = User {
        id: "ana".into(),
        first_name: HOSTILE.to_owned(),
        last_name: "y".repeat(90),
        email: "ana@example.com".to_owned(),
        active: true,
        ..User::default()
    };
    world.app.put_one(&world.admin, hostile).await.unwrap();
    world.happens(sunday()).await;
    let ada = world.admin().await;
    for path in REPORTS {
        let escaped: String = HOSTILE.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let page = ada.page(&format!("{path}?{SUNDAY}&agent=")).await;
        assert!(page.contains(ESCAPED) && !page.contains("<script>alert"), "{page}");
        assert!(page.contains('…') && page.contains(&"y".repeat(90)), "cut, and whole in its title: {page}");
        for field in ["from", "zone", "inbox", "team", "agent", "level", "window", "channel"] {
            let page = ada.get(&format!("{path}?{field}={escaped}")).await.text;
            assert!(!page.contains("<script>alert"), "{field}: {page}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_feed_page_counts_what_there_is_and_says_how_to_ask_for_it() {
    both(async |world| {
        world.opens_a_centre().await;
        world.happens(sunday()).await;
        let call: Contact =
            serde_json::from_value(json!({ "id": "c-9", "started_at": "2026-03-02T10:00:00Z" })).unwrap();
        world.app.put_contact(&world.admin, ContactUpload::new(call, None)).await.unwrap();
        let mia = world.browser("mia", Role::Manager).await;
        let page = mia.page("/reports/feed").await;
        let row = |name: &str| {
            let (_, rest) =
                page.split_once(&format!("<b>{name}</b>")).unwrap_or_else(|| panic!("{name}: {page}"));
            rest.split_once("</tr>").unwrap().0.to_owned()
        };
        let rows = |name: &str, n: &str| {
            let row = row(name);
            assert!(
                row.contains(&format!("<td class=\"number\" data-label=\"Rows\">{n}</td>")),
                "{name}: {row}"
            );
        };
        rows("Contacts", "1");
        rows("Inboxes", "2");
        rows("Deletions", "0");
        rows("Agent summary", "–");
        for (name, path, files) in [
            ("Contact report", "/reports/contacts", "contact-report"),
            ("Agent summary", "/reports/agent-summary", "agent-summary"),
            ("Deletions", "/changes", "deletions"),
        ] {
            let row = row(name);
            assert!(row.contains(&format!("<code>/api/touchline/v1{path}</code>")), "{row}");
            assert!(row.contains(&format!("data-label=\"As files\"><code>{files}</code>")), "{row}");
        }
        assert!(!row("Topics").contains("As files"), "they are in no export: {page}");
        for dataset in touchline_app::exports::Dataset::ALL {
            assert!(page.contains(&format!("\"><code>{dataset}</code></td>")), "{dataset}: {page}");
        }
        rows("Evaluations", "0");
        assert!(
            row("Evaluations").contains("never") && row("Inboxes").contains("datetime=\"2026-03-30T12:00:00")
        );
        assert!(
            row("Events").contains("<code>/api/touchline/v1/events</code>")
                && row("Events").contains("read_reports")
        );
        assert!(page.contains("People: Administrator, Manager, Coach, Analyst."), "{page}");
        assert!(
            page.contains("An administrator makes credentials.")
                && !page.contains("href=\"/admin/credentials\""),
            "{page}"
        );
        assert!(
            page.contains("-H &#34;Authorization: Bearer $TOUCHLINE_TOKEN&#34;"),
            "named, not shown: {page}"
        );
        assert!(page.contains("http://touchline.example:8443/api/v1/reports/work-session-events"), "{page}");
        assert!(page.contains("href=\"/api/docs\""), "{page}");
        for client in [
            "touchline export work-sessions --since 2026-03-29",
            "touchline export deletions --since 2026-03-29",
            "/reports/contacts?from=2026-03-29T00:00:00Z&#38;to=2026-03-30T00:00:00Z&#38;format=csv",
            "&#38;level=half_hourly&#38;format=csv",
            "from dlt_touchline import touchline",
            "tap-touchline --config",
        ] {
            assert!(page.contains(client), "{client}: {page}");
        }
        assert!(!page.contains("tl_"), "no token stands here: {page}");
        let ada = world.admin().await;
        assert!(ada.page("/reports/feed").await.contains("href=\"/admin/credentials\""));
        // Whoever may not read a kind of data is not told how much of it there is.
        let few = Caller { abilities: [touchline_model::Ability::ReadReports].into(), ..world.admin.clone() };
        let told = world.app.datasets(&few).await.unwrap();
        assert_eq!(told.len(), 4, "events, and the three reports: {told:?}");
    })
    .await;
}
