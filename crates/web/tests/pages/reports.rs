//! The report pages, cell by cell, on a day on which the clocks were moved.

use crate::{
    reports_events::{SUNDAY, sunday},
    world::{Browser, World, both},
};
use http::StatusCode;
use std::collections::HashMap;

/// What stands beside a label among the totals: the exact value.
#[track_caller]
fn total(page: &str, label: &str) -> String {
    let (_, rest) =
        page.split_once(&format!("<dt>{label}</dt>")).unwrap_or_else(|| panic!("{label}: {page}"));
    let (_, rest) = rest.split_once("<data value=\"").unwrap();
    rest.split_once('"').unwrap().0.to_owned()
}

#[track_caller]
fn totals(page: &str, expected: &[(&str, &str)]) {
    let found: Vec<(&str, String)> = expected.iter().map(|(label, _)| (*label, total(page, label))).collect();
    let expected: Vec<(&str, String)> =
        expected.iter().map(|(label, it)| (*label, (*it).to_owned())).collect();
    assert_eq!(found, expected);
}

/// The table of a chart, a row a line, cells parted by `|`.
#[track_caller]
fn table(page: &str, chart: &str) -> Vec<String> {
    let (_, rest) =
        page.split_once(&format!("<h3>{chart}</h3>")).unwrap_or_else(|| panic!("{chart}: {page}"));
    let body = rest.split_once("<tbody>").unwrap().1.split_once("</tbody>").unwrap().0;
    let cells = |row: &str| {
        let cells = row.split('<').filter_map(|part| part.split_once('>')).map(|it| it.1);
        cells.filter(|it| !it.is_empty()).collect::<Vec<_>>().join("|")
    };
    body.split("<tr>").skip(1).map(cells).collect()
}

/// The rows of a file by their header, read by hand: these have no commas in their cells.
async fn file(browser: &Browser<'_>, path: &str) -> Vec<HashMap<String, String>> {
    let answer = browser.get(path).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    assert_eq!(answer.headers["content-type"], "text/csv; charset=utf-8; header=present");
    let mut lines = answer.text.split("\r\n").filter(|it| !it.is_empty());
    let head: Vec<&str> = lines.next().unwrap().split(',').collect();
    let row =
        |line: &str| head.iter().map(|it| (*it).to_owned()).zip(line.split(',').map(str::to_owned)).collect();
    lines.map(row).collect()
}

fn column(rows: &[HashMap<String, String>], name: &str) -> Vec<String> {
    rows.iter().map(|row| row[name].clone()).collect()
}

fn sum(rows: &[HashMap<String, String>], name: &str) -> f64 {
    rows.iter().map(|row| row[name].parse::<f64>().unwrap_or(0.0)).sum()
}

async fn centre(world: &World) {
    world.opens_a_centre().await;
    world.happens(sunday()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn contacts_of_a_day_of_23_hours() {
    both(async |world| {
        centre(&world).await;
        let ada = world.admin().await;
        let page = ada.page(&format!("/reports/contacts?{SUNDAY}")).await;
        assert!(page.contains("Sun 29 Mar 2026 <span class=\"quiet\">Europe/Berlin</span>"), "{page}");
        assert!(page.contains("As of <time datetime=\"2026-03-30T11:00:00Z\""), "an hour behind: {page}");
        assert!(page.contains("title=\"Mon 30 Mar 2026, 13:00:00 +02:00\">13:00</time>"), "{page}");
        totals(
            &page,
            &[
                ("Contacts begun", "4"),
                ("Still open", "1"),
                // 20 s and 100 s.
                ("Speed of answer", "60"),
                ("In time", "1/2"),
                ("Handle time", "1200"),
                ("After-contact time", "60"),
                ("Transfers", "0"),
            ],
        );
        let arrivals = table(&page, "Arrivals by half hour");
        assert_eq!(arrivals[..4], ["01:00|0", "01:30|1", "03:00|1", "03:30|0"], "there was no 02:00");
        assert_eq!(
            (arrivals[14].as_str(), arrivals.len(), arrivals.last().unwrap().as_str()),
            ("09:00|1", 44, "23:30|1")
        );
        assert!(page.contains("4 contacts, most from 01:30 (1)."), "{page}");
        let answers = table(&page, "Speed of answer by half hour");
        assert_eq!(answers[1..3], ["01:30|00:20|1", "03:00|01:40|1"]);
        assert!(
            page.contains("01:00 on average over 2 contacts by phone and chat; slowest from 03:00 (01:40)."),
            "{page}"
        );
        let sla = table(&page, "Answered in time");
        assert_eq!(sla[1..3], ["01:30|100 %|1|21 to 100 %", "03:00|0 %|1|0 to 79 %"]);
        assert!(
            page.contains(
                "50 % of 2 contacts that were answered and had a due date (95 % interval: 9 to 91 %)."
            ),
            "{page}"
        );
        assert_eq!(table(&page, "Contacts by channel"), ["Phone|2|50 %", "Chat|1|25 %", "E-mail|1|25 %"]);
        assert!(
            page.contains("4 rows</h2>") && page.contains(">01:50</td>") && page.contains(">03:10</td>"),
            "{page}"
        );

        let rows = file(&ada, &format!("/reports/contacts.csv?{SUNDAY}")).await;
        assert_eq!(column(&rows, "contact_id"), ["c-1", "c-2", "c-3", "c-4"]);
        assert_eq!(
            column(&rows, "created_at"),
            [
                "2026-03-29T01:50:00.000+01:00",
                "2026-03-29T03:10:00.000+02:00",
                "2026-03-29T09:00:00.000+02:00",
                "2026-03-29T23:59:59.000+02:00"
            ]
        );
        assert_eq!(sum(&rows, "handle_seconds"), 1200.0);
        assert_eq!(sum(&rows, "after_contact_seconds"), 60.0);
        assert_eq!(sum(&rows, "queued_to_accepted_seconds"), 120.0);
        assert_eq!(column(&rows, "within_sla"), ["true", "false", "", ""]);
        let raw = ada.get(&format!("/reports/contacts.csv?{SUNDAY}")).await;
        assert!(raw.text.contains(",\"'=HYPERLINK(\"\"x\"\")\","), "no formula: {}", raw.text);
        assert_eq!(raw.headers["content-disposition"], "attachment; filename=\"contacts-2026-03-29.csv\"");

        let billing = ada.page(&format!("/reports/contacts?{SUNDAY}&inbox=i-bill")).await;
        totals(&billing, &[("Contacts begun", "1"), ("In time", "0/1"), ("Handle time", "300")]);
        assert!(billing.contains("<option value=\"i-bill\" selected>Billing</option>"), "{billing}");
        assert!(billing.contains("href=\"/reports/contacts.csv?from=2026%2D03%2D29"), "{billing}");
        assert!(billing.contains("inbox=i%2Dbill\" download"), "the file of what is chosen: {billing}");
        let chats = ada.page(&format!("/reports/contacts?{SUNDAY}&channel=chat")).await;
        totals(&chats, &[("Contacts begun", "1"), ("Still open", "0")]);
        assert!(chats.contains("No inbound contact was answered in this window."), "{chats}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_day_elsewhere_and_among_others() {
    both(async |world| {
        centre(&world).await;
        let ada = world.admin().await;
        // In Greenwich the day begins an hour later: without the Saturday's and with the first of the Monday.
        let utc = ada.page("/reports/contacts?from=2026-03-29&zone=UTC").await;
        totals(&utc, &[("Contacts begun", "5"), ("Handle time", "1260")]);
        let days = "from=2026-03-28&to=2026-03-30&zone=Europe/Berlin";
        let three = ada.page(&format!("/reports/contacts?{days}")).await;
        totals(&three, &[("Contacts begun", "6"), ("Handle time", "1851")]);
        // Half hours of the clock: a second before midnight on Saturday, and on Sunday.
        let arrivals = table(&three, "Arrivals by half hour");
        assert_eq!((arrivals.len(), arrivals[0].as_str(), arrivals[47].as_str()), (48, "00:00|1", "23:30|2"));
        assert!(
            three.contains("50 % In time</text>") && three.contains(">Sun 29 Mar</text>"),
            "of which day: {three}"
        );
        assert!(three.contains("6 contacts over all days, most from 23:30 (2)."), "{three}");
        let sla = table(&three, "Answered in time");
        assert_eq!(sla, ["Sat 28 Mar|–|0|–", "Sun 29 Mar|50 %|2|9 to 91 %", "Mon 30 Mar|–|0|–"]);
        // The organisation's zone, unless another one is asked for; the last seven days, unless others are.
        world.app.set_time_zone(&world.admin, "Europe/Berlin").await.unwrap();
        let usual = ada.page("/reports/contacts").await;
        assert!(
            usual.contains("Tue 24 Mar 2026 to Mon 30 Mar 2026 <span class=\"quiet\">Europe/Berlin"),
            "{usual}"
        );
        assert!(usual.contains("aria-current=\"true\">Last 7 days</a>"), "{usual}");
        totals(&usual, &[("Contacts begun", "6")]);
        let yesterday = ada.page("/reports/contacts?window=yesterday").await;
        totals(&yesterday, &[("Contacts begun", "4")]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn work_sessions_of_that_day() {
    both(async |world| {
        centre(&world).await;
        let ada = world.admin().await;
        let page = ada.page(&format!("/reports/work-sessions?{SUNDAY}")).await;
        totals(
            &page,
            &[
                // What ended on it, and what began on it and is open.
                ("Contacts", "5"),
                ("Still open", "1"),
                ("Work sessions", "3"),
                ("In time", "1/2"),
                ("Handle time", "1791"),
                ("Handle time each", "597"),
                ("After-contact time", "60"),
                ("Other time with customers", "0"),
            ],
        );
        assert_eq!(
            table(&page, "Handle and after-contact time by agent"),
            ["Ana Ruiz|2|24:51|12:25|01:00|24:51|–|–", "Bo Lind|1|05:00|05:00|00:00|05:00|–|–"]
        );
        assert!(
            page.contains(
                "2 agents worked on contacts; Ana Ruiz longest (25:51, with what came after the contacts)."
            ),
            "{page}"
        );
        assert_eq!(table(&page, "Handle and after-contact time by channel"), ["Phone|3|29:51|09:57|01:00"]);
        let days = ada.page("/reports/work-sessions?from=2026-03-28&to=2026-03-29&zone=Europe/Berlin").await;
        let began = "title=\"Sat 28 Mar 2026, 23:59:59 +01:00\">28 Mar 23:59</td>";
        assert!(days.contains(began) && days.contains(">29 Mar 00:10</td>"), "into another day: {days}");
        assert!(days.contains(">29 Mar 01:50</td>") && days.contains(">03:05</td>"), "the same day: {days}");
        let rows = file(&ada, &format!("/reports/work-sessions.csv?{SUNDAY}")).await;
        assert_eq!(column(&rows, "contact_id"), ["c-0", "c-1", "c-2", "c-3", "c-4"]);
        assert_eq!(column(&rows, "agent_name"), ["Ana Ruiz", "Ana Ruiz", "Bo Lind", "", ""]);
        assert_eq!((sum(&rows, "handle_seconds"), sum(&rows, "after_contact_seconds")), (1791.0, 60.0));
        for (filter, contacts, handle, ids) in [
            ("agent=bo", "1", "300", vec!["c-2"]),
            ("team=t-1", "2", "1491", vec!["c-0", "c-1"]),
            ("channel=phone_call&inbox=i-new", "2", "1491", vec!["c-0", "c-1"]),
        ] {
            let page = ada.page(&format!("/reports/work-sessions?{SUNDAY}&{filter}")).await;
            totals(&page, &[("Contacts", contacts), ("Handle time", handle)]);
            let rows = file(&ada, &format!("/reports/work-sessions.csv?{SUNDAY}&{filter}")).await;
            assert_eq!(column(&rows, "contact_id"), ids, "{filter}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn agents_on_that_day() {
    both(async |world| {
        centre(&world).await;
        let ada = world.admin().await;
        let page = ada.page(&format!("/reports/agents?{SUNDAY}")).await;
        totals(
            &page,
            &[
                ("Agents", "2"),
                // An hour and a half, and 23 hours.
                ("Logged in", "88200"),
                ("Available", "4500"),
                ("Away", "900"),
                ("Offered", "3"),
                ("Accepted", "3"),
                ("Handle time", "1791"),
                ("After-contact time", "60"),
            ],
        );
        assert_eq!(
            table(&page, "How time was spent"),
            ["Bo Lind|23:00:00|00:00|23:00:00|00:00", "Ana Ruiz|1:30:00|1:15:00|00:00|15:00"]
        );
        assert!(page.contains("2 agents were logged in for 24:30:00, and available 5 % of it."), "{page}");
        assert!(page.contains("2 rows</h2>"), "a row for each day: {page}");
        assert_eq!(table(&page, "Handle time by channel, in these days"), ["Phone|29:51|2 %"]);
        assert!(page.contains("29:51</data> <span class=\"quiet\">spent in these days</span>"), "{page}");
        let rows = file(&ada, &format!("/reports/agents.csv?{SUNDAY}&level=half_hour")).await;
        let halves = ada.page(&format!("/reports/agents?{SUNDAY}&level=half_hour")).await;
        // All of the day for one; of the other five half hours, the last of which tells only that she left.
        assert_eq!(rows.len(), 51);
        assert!(halves.contains("The first 25 of 51 rows</h2>"), "{halves}");
        totals(&halves, &[("Logged in", "88200"), ("Available", "4500"), ("Handle time", "1791")]);
        assert_eq!((sum(&rows, "logged_in_seconds"), sum(&rows, "away_seconds")), (88200.0, 900.0));
        assert_eq!((sum(&rows, "handle_seconds"), sum(&rows, "handle_phone_call_seconds")), (1791.0, 1791.0));
        let starts = column(&rows, "bucket_start");
        assert!(starts.contains(&"2026-03-29T03:00:00.000+02:00".to_owned()), "{starts:?}");
        assert!(!starts.iter().any(|it| it.contains("T02:")), "{starts:?}");
        let bo = ada.page(&format!("/reports/agents?{SUNDAY}&agent=bo")).await;
        totals(&bo, &[("Agents", "1"), ("Logged in", "82800"), ("Handle time", "300")]);
        let team = ada.page(&format!("/reports/agents?{SUNDAY}&team=t-1")).await;
        totals(&team, &[("Agents", "1"), ("Logged in", "5400"), ("Away", "900")]);
    })
    .await;
}
