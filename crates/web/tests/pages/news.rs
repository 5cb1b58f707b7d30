//! News for pages: who hears that a wall has changed, and who does not.

use crate::{
    floor::Floor,
    world::{Browser, Page, World},
};
use http::{Method, StatusCode};
use serde_json::{Value, json};
use std::time::Duration;
use touchline_app::{
    live::board::{AgentState, Command},
    people::NewLogin,
};
use touchline_model::{Group, GroupKind, Role, User};
use touchline_web::WALL;

const OWN: &str = "/touchline/live/own";

async fn send(browser: &Browser<'_>, messages: Value) -> Page {
    browser.put("POST", "/live/news", "application/json", messages.to_string().into_bytes()).await
}

/// Somebody who hears.
struct Ear<'w> {
    browser: Browser<'w>,
    client: String,
    heard: Vec<Value>,
}

impl<'w> Ear<'w> {
    async fn open(browser: &Browser<'w>) -> Self {
        let hello = json!([{ "channel": "/meta/handshake", "version": "1.0", "supportedConnectionTypes": ["long-polling"] }]);
        let page = send(browser, hello).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.text);
        let replies: Value = serde_json::from_str(&page.text).unwrap();
        let client = replies[0]["clientId"].as_str().unwrap().to_owned();
        let browser = browser.with_cookie(page.headers[http::header::SET_COOKIE].to_str().unwrap());
        let mut ear = Self { browser, client, heard: vec![] };
        for topic in [WALL, OWN] {
            let told = ear.say(json!({ "channel": "/meta/subscribe", "subscription": topic })).await;
            assert_eq!(told["successful"], true, "{told}");
        }
        ear.connect(0).await;
        ear
    }

    /// The reply to a message; what else came is heard.
    async fn say(&mut self, mut message: Value) -> Value {
        message["clientId"] = self.client.clone().into();
        let page = send(&self.browser, json!([message])).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.text);
        let replies: Vec<Value> = serde_json::from_str(&page.text).unwrap();
        let (meta, news): (Vec<_>, Vec<_>) =
            replies.into_iter().partition(|it| it["channel"].as_str().unwrap().starts_with("/meta/"));
        self.heard.extend(news);
        meta.into_iter().next().unwrap()
    }

    async fn connect(&mut self, held: u32) -> Value {
        let advice = json!({ "timeout": held });
        self.say(json!({ "channel": "/meta/connect", "connectionType": "long-polling", "advice": advice }))
            .await
    }

    fn versions(&self) -> Vec<i64> {
        let of = |it: &Value| (it["channel"] == WALL).then(|| it["data"]["version"].as_i64().unwrap());
        self.heard.iter().filter_map(of).collect()
    }

    /// Waits until a wall of a later version is told of.
    async fn hears_of_the_wall(&mut self, after: i64) -> i64 {
        let heard = async {
            loop {
                if let Some(version) = self.versions().into_iter().find(|it| *it > after) {
                    return version;
                }
                self.connect(1_000).await;
            }
        };
        // Nothing that is told comes so late, however slow the machine is.
        tokio::time::timeout(Duration::from_secs(60), heard).await.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_looks_at_a_wall_is_told_that_it_has_changed_and_an_agent_only_of_the_own_telephone() {
    let floor = Floor::new().await;
    floor.world.carries_news();
    floor.agent("ana", "Ana Ruiz", "5001", None).await;
    let sue = floor.supervisor("sue", "Sue Park", "5005").await;
    let ana = floor.world.browser("ana", Role::Agent).await;
    let page = sue.page("/live").await;
    assert!(page.contains("data-news=\"/live/news\""), "{page}");
    let (mut supervisor, mut agent) = (Ear::open(&sue).await, Ear::open(&ana).await);
    let mut version = 0;
    // What was before is told too, if at all once; so the third can only be a change.
    for reason in ["Lunch", "Training", "Meeting"] {
        floor.does("ana", Command::State(AgentState::NotReady(Some(reason.to_owned()))));
        version = supervisor.hears_of_the_wall(version).await;
    }
    agent.connect(0).await;
    let own: Vec<_> = agent.heard.iter().filter(|it| it["channel"] == OWN).collect();
    assert_eq!(own.len(), 3, "{:?}", agent.heard);
    assert_eq!(own[2]["data"], json!({ "kind": "device", "device": "d-ana", "state": "not_ready" }));
    assert_eq!(agent.versions(), [0; 0], "an agent has no wall");
    assert!(supervisor.heard.iter().all(|it| it["channel"] == WALL), "{:?}", supervisor.heard);
    let text = format!("{:?}", supervisor.heard);
    assert!(!text.contains("Meeting"), "news carry nothing: {text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_leads_a_group_hears_nothing_of_others_and_another_organisation_nothing_at_all() {
    let floor = Floor::new().await;
    floor.world.carries_news();
    let sue = floor.supervisor("sue", "Sue Park", "5005").await;
    let tom = floor.supervisor("tom", "Tom Hale", "5006").await;
    for (id, manager) in [("g-1", Some("sue")), ("g-2", None)] {
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
    floor.agent("ana", "Ana Ruiz", "5001", Some("g-1")).await;
    floor.agent("bea", "Bea Lind", "5002", Some("g-2")).await;
    let other = stranger(&floor.world).await;
    let mut lead = Ear::open(&sue).await;
    let mut all = Ear::open(&tom).await;
    let mut elsewhere = Ear::open(&other).await;
    // Whatever there was to be told of the walls as they were found has been told when others have heard of changes.
    let mut version = 0;
    let mut settled = vec![];
    for reason in ["One", "Two", "Three", "Four", "Five", "Six"] {
        floor.does("bea", Command::State(AgentState::NotReady(Some(reason.to_owned()))));
        version = all.hears_of_the_wall(version).await;
        if reason == "Three" {
            lead.connect(0).await;
            settled = lead.versions();
        }
    }
    lead.connect(0).await;
    assert_eq!(lead.versions(), settled, "of somebody in another group");
    let before = settled.last().copied().unwrap_or_default();
    floor.does("ana", Command::State(AgentState::NotReady(None)));
    lead.hears_of_the_wall(before).await;
    elsewhere.connect(0).await;
    assert!(elsewhere.versions().len() <= 1, "only of the own, empty wall: {:?}", elsewhere.heard);
}

/// The browser of the administrator of another organisation, where nobody has a telephone.
pub(crate) async fn stranger(world: &World) -> Browser<'_> {
    let caller = world.stranger().await;
    let user =
        User { id: "zoe".into(), email: "zoe@example.com".to_owned(), active: true, ..User::default() };
    world.app.put_one(&caller, user).await.unwrap();
    let new = NewLogin { user: "zoe".to_owned(), role: Role::Administrator, password: None, reset: false };
    let password = world.app.put_login(&caller, new).await.unwrap().unwrap();
    world.enter("zoe@example.com", &password).await
}

#[tokio::test(flavor = "multi_thread")]
async fn news_are_for_those_who_are_signed_in_and_from_our_own_pages_only() {
    let floor = Floor::new().await;
    floor.world.carries_news();
    let hello = json!([{ "channel": "/meta/handshake", "version": "1.0", "supportedConnectionTypes": ["long-polling"] }]);
    let nobody = send(&floor.world.anybody(), hello.clone()).await;
    assert_eq!((nobody.status, &*nobody.text), (StatusCode::UNAUTHORIZED, ""));
    let coach = floor.world.browser("cory", Role::Coach).await;
    let foreign = coach.put_from("cross-site", "/live/news", hello.to_string().into_bytes()).await;
    assert_eq!(foreign.status, StatusCode::FORBIDDEN);
    assert!(!foreign.text.contains("clientId"), "{}", foreign.text);
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        let page = coach.put(method.as_str(), "/live/news", "application/json", vec![]).await;
        assert!(page.status.is_client_error(), "{method}: {}", page.status);
    }

    // Whoever signs out hears nothing any more, not even on a request that waits already.
    let mut ear = Ear::open(&coach).await;
    let (told, out) = tokio::join!(ear.connect(60_000), async {
        while floor.world.hub.stats().held == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        coach.post("/sign-out", &[]).await
    });
    assert_eq!(out.leads_to(), "/sign-in");
    assert_eq!(told["advice"]["reconnect"], "handshake", "{told}");
    let page = send(&coach, hello).await;
    assert_eq!(page.status, StatusCode::UNAUTHORIZED);
}
