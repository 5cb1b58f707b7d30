//! What becomes of a great many changes at once.
#![allow(clippy::unwrap_used, reason = "a test may end here")]

use futures::future::BoxFuture;
use std::sync::{Arc, Mutex, OnceLock};
use touchline_app::{
    App, Limits, SystemEntropy,
    store::{Blobs, Store},
    tenants::NewTenant,
    webhooks::{Answer, DeliveryFilter, NewWebhook, Outgoing, Sender, WebhookSettings, Webhooks},
};
use touchline_model::{Ability, Caller, Clock, FakeClock, SystemClock, User};

const SMALL: &str = "https://zeta.example/";

/// Takes everything, and notes how many deliveries the large one had when that of the small one came.
#[derive(Default)]
struct Receiver {
    looked_at: OnceLock<(App, Caller, String)>,
    seen: Mutex<Vec<(String, usize)>>,
}

impl Sender for Receiver {
    fn send<'a>(&'a self, it: &'a Outgoing) -> BoxFuture<'a, Result<Answer, String>> {
        Box::pin(async move {
            let mut there = 0;
            if it.url == SMALL {
                let (app, caller, webhook) = self.looked_at.get().unwrap();
                let all = DeliveryFilter::default();
                there = app.webhook_deliveries(caller, webhook, &all, None, 5_000).await.unwrap().len();
            }
            self.seen.lock().unwrap().push((it.url.clone(), there));
            Ok(Answer { status: 204, ..Answer::default() })
        })
    }
}

async fn story(postgres: bool) {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(FakeClock::at(SystemClock.now()));
    let store = match postgres {
        false => Store::open_sqlite(&folder.path().join("touchline.db"), clock.clone()).await,
        true => {
            let url = touchline_testkit::postgres::fresh_database().await;
            Store::open_postgres(&url, clock.clone()).await
        }
    };
    let (blobs, receiver) =
        (Blobs::open(&folder.path().join("recordings")).unwrap(), Arc::new(Receiver::default()));
    let webhooks = Webhooks::new(WebhookSettings::default(), receiver.clone(), Arc::new(|_, _| None));
    let app = App::new(store.unwrap(), blobs, clock, Arc::new(SystemEntropy), Limits::default())
        .with_webhooks(webhooks);
    let operator = Caller { abilities: Ability::ALL.into(), ..Caller::system("_server".into(), "cli") };
    let mut callers = Vec::new();
    for id in ["acme", "zeta"] {
        let new = NewTenant { id: id.to_owned(), name: id.to_owned() };
        let tenant = app.create_tenant(&operator, new).await.unwrap().id;
        let caller = Caller { tenant, abilities: Ability::all_of_tenant(), ..operator.clone() };
        let new = NewWebhook {
            url: format!("https://{id}.example/"),
            name: id.to_owned(),
            events: vec!["user.put".to_owned()],
        };
        let webhook = app.create_webhook(&caller, new).await.unwrap().webhook.id;
        callers.push((caller, webhook));
    }
    let [(acme, its), (zeta, _)] = callers.try_into().unwrap();
    receiver.looked_at.set((app.clone(), acme.clone(), its)).ok().unwrap();
    let person = |n: usize| User {
        id: format!("u-{n:04}").into(),
        email: format!("u-{n}@example.com"),
        active: true,
        ..User::default()
    };
    app.put_many(&acme, (0..1_200).map(person).collect()).await.unwrap();
    app.put_one(&zeta, person(1)).await.unwrap();
    app.send_webhooks_until_idle().await.unwrap();

    let seen = receiver.seen.lock().unwrap();
    assert_eq!(seen.len(), 1_201, "everything has come");
    let (_, there) = seen.iter().find(|(url, _)| url == SMALL).unwrap();
    assert_eq!(*there, 500, "a small neighbour hears of it while the rest of a large import still waits");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_of_one_organisation_keeps_no_other_waiting_on_sqlite() {
    story(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_of_one_organisation_keeps_no_other_waiting_on_postgres() {
    story(true).await;
}
