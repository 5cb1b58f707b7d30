//! The page of a live call: who is on it, how loud, how one takes part, what has happened, and where it leads.

use crate::{
    floor::{Floor, press},
    world::{ESCAPED, HOSTILE},
};
use http::{StatusCode, header};
use std::time::Duration;
use touchline_app::live::board::{CallCommand, Command};
use touchline_model::{Group, GroupKind, Role};

/// A party of a call, by the name of its telephone.
fn party(page: &str, key: &str) -> String {
    let (_, rest) = page
        .split_once(&format!("data-part=\"party {key}\""))
        .unwrap_or_else(|| panic!("no party {key}: {page}"));
    rest.split_once("</article>").unwrap().0.to_owned()
}

/// Ana speaks with a customer; the address of the call's page.
async fn talking(floor: &Floor, name: &str, team: Option<&str>) -> String {
    floor.agent("ana", name, "5001", team).await;
    floor.phone("c", None, "5000").await;
    floor.customer_calls("5001");
    floor.answers("ana");
    format!("/live/calls/{}", floor.call_of("ana"))
}

#[tokio::test(flavor = "multi_thread")]
async fn from_the_wall_one_goes_to_a_call_sees_and_coaches_it() {
    let floor = Floor::new().await;
    let at = talking(&floor, HOSTILE, None).await;
    let sue = floor.supervisor("sue", "Sue Park", "5005").await;
    floor.passes(65);
    assert!(sue.page("/live").await.contains(&format!("href=\"{at}\"")));
    floor.sounds("ana", 70);
    let page = sue.page(&at).await;
    assert!(page.contains(ESCAPED) && !page.contains(HOSTILE), "{page}");
    let ana = party(&page, "d-ana");
    assert!(ana.contains("aria-valuenow=\"70\" aria-valuetext=\"Speaks\""), "{ana}");
    assert!(ana.contains(">01:05</span>") && ana.contains("value=\"coach\""), "{ana}");
    let customer = party(&page, "outside-0");
    assert!(
        customer.contains("5000") && customer.contains("Outside") && customer.contains("Silent"),
        "{customer}"
    );
    assert!(!customer.contains("<form"), "nobody coaches a customer");
    assert!(page.contains(&format!("{ESCAPED} answered")) && page.contains("The call began: 5000"), "{page}");
    assert!(page.contains("Recorded"), "{page}");

    // Who has muted the telephone is not heard, however loud it is.
    let muted = |on| Command::Call(floor.call_of("ana").parse().unwrap(), CallCommand::Mute(on));
    floor.does("ana", muted(true));
    let ana = party(&sue.page(&format!("{at}/now")).await, "d-ana");
    assert!(ana.contains("aria-valuenow=\"0\"") && ana.contains("Muted"), "{ana}");
    floor.does("ana", muted(false));

    let call = floor.call_of("ana");
    let fields: Vec<_> = press("d-ana", "coach").into_iter().chain([("call", call.as_str())]).collect();
    assert_eq!(sue.post("/live/supervise", &fields).await.leads_to(), format!("{at}#supervision"));
    floor.answers("sue");
    let page = sue.page(&at).await;
    assert!(page.contains("class=\"supervising coach on\""), "{page}");
    let own = party(&page, "d-sue");
    assert!(own.contains("Supervisor") && own.contains("you") && own.contains("Coach"), "{own}");
    assert!(page.contains(&format!("Sue Park coaches {ESCAPED}")), "{page}");
    let again = sue.post("/live/mute", &[("on", "yes"), ("call", &call)]).await;
    assert_eq!(again.status, StatusCode::CONFLICT, "only who has joined may mute");
    assert!(again.text.contains("That did not work") && again.text.contains("data-part=\"party d-ana\""));

    let fields: Vec<_> = press("d-ana", "barge").into_iter().chain([("call", call.as_str())]).collect();
    sue.post("/live/supervise", &fields).await.leads_to();
    let page = sue.page(&at).await;
    assert!(page.contains("name=\"on\" value=\"yes\""), "{page}");
    assert_eq!(
        sue.post("/live/mute", &[("on", "yes"), ("call", &call)]).await.leads_to(),
        format!("{at}#supervision")
    );
    let page = sue.page(&at).await;
    assert!(party(&page, "d-ana").contains("Muted by a supervisor"), "{page}");
    assert!(
        party(&page, "d-ana").contains("aria-valuenow=\"0\"") && page.contains("name=\"on\" value=\"no\"")
    );
    sue.post("/live/mute", &[("on", "no"), ("group", "")]).await.leads_to();
    assert!(!sue.page(&at).await.contains("Muted by a supervisor"));
}

#[tokio::test(flavor = "multi_thread")]
async fn when_it_is_over_the_call_leads_to_its_page_among_the_calls() {
    let floor = Floor::new().await;
    let at = talking(&floor, "Ana Ruiz", None).await;
    let sue = floor.supervisor("sue", "Sue Park", "5005").await;
    let id = floor.call_of("ana");
    floor.passes(30);
    floor.hangs_up("c");
    floor.world.app.live().written().await;
    let now = sue.page(&format!("{at}/now")).await;
    assert!(now.contains("This call is over.") && now.contains(&format!("href=\"/calls/{id}\"")), "{now}");
    assert_eq!(sue.get(&at).await.leads_to(), format!("/calls/{id}"));
    assert!(sue.page(&format!("/calls/{id}")).await.contains("Ana Ruiz"));
    let none = format!("/live/calls/{}", "0123456789ABCDEF".repeat(2));
    assert_eq!(sue.get(&none).await.status, StatusCode::NOT_FOUND);
    let now = sue.page(&format!("{none}/now")).await;
    assert!(now.contains("data-again") && !now.contains("/calls/"), "{now}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_seen_by_those_alone_who_may_watch_somebody_on_it() {
    let floor = Floor::new().await;
    let lead = floor.supervisor("tom", "Tom Hale", "5006").await;
    for (id, manager) in [("g-1", None), ("g-2", Some("tom"))] {
        let group = Group {
            id: id.into(),
            name: id.to_owned(),
            kind: GroupKind::Team,
            parent_id: None,
            manager_id: manager.map(Into::into),
            active: true,
        };
        floor.world.app.put_one(&floor.world.admin, group).await.unwrap();
    }
    let at = talking(&floor, "Ana Ruiz", Some("g-1")).await;
    let agent = floor.world.browser("ana", Role::Agent).await;
    let other = crate::news::stranger(&floor.world).await;
    for path in ["", "/now", "/levels"] {
        let path = format!("{at}{path}");
        for (who, browser) in [("of another group", &lead), ("of another organisation", &other)] {
            let page = browser.get(&path).await;
            // What moves says of each call that it is over.
            let is_over = page.status == StatusCode::OK && page.text.contains("This call is over.");
            assert!(page.status == StatusCode::NOT_FOUND || is_over, "{who} {path}: {}", page.status);
            assert!(!page.text.contains("Ana Ruiz") && !page.text.contains("5000"), "{who}: {}", page.text);
        }
        assert_eq!(agent.get(&path).await.status, StatusCode::FORBIDDEN, "{path}");
        assert_eq!(floor.world.anybody().get(&path).await.status, StatusCode::SEE_OTHER, "{path}");
    }
    assert_eq!(agent.post("/live/mute", &[("on", "yes")]).await.status, StatusCode::FORBIDDEN);
    for odd in ["7", "xyz", "0123456789abcdef0123456789abcdef"] {
        for path in ["", "/now", "/levels"] {
            let page = lead.get(&format!("/live/calls/{odd}{path}")).await;
            assert_eq!(page.status, StatusCode::NOT_FOUND, "{odd}{path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn levels_are_told_until_the_call_is_over() {
    let floor = Floor::new().await;
    let at = talking(&floor, "Ana Ruiz", None).await;
    let sue = floor.supervisor("sue", "Sue Park", "5005").await;
    floor.sounds("ana", 42);
    let path = format!("{at}/levels");
    let (stream, ()) = tokio::join!(sue.get(&path), async {
        // Both lines, once before the stream begins, and at least once in it.
        while floor.asked() < 4 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        floor.hangs_up("c");
    });
    assert_eq!(stream.status, StatusCode::OK);
    assert!(stream.headers[header::CONTENT_TYPE].to_str().unwrap().starts_with("text/event-stream"));
    assert_eq!(stream.headers[header::CACHE_CONTROL], "no-store");
    let first = stream.text.lines().find(|it| it.starts_with("data:")).unwrap();
    assert_eq!(first, "data: {\"d-ana\":42,\"outside-0\":0}");
    assert!(stream.text.trim_end().ends_with("event: over\ndata: {}"), "{}", stream.text);
}
