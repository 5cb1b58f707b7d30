//! What was sent to an address, how it was answered, and sending it again.

use super::{Tab, address, frame, part, webhooks};
use crate::{
    Web,
    error::Answer,
    error::PageError,
    filters,
    shell::Shell,
    texts,
    visit::{Fields, Visit, done, done_text},
};
use askama::Template;
use axum::extract::{Path, State};
use http::StatusCode;
use touchline_app::{
    store::{Delivery, DeliveryState},
    webhooks::{DeliveryFilter, EventType, ReplaySince, WebhookView, event_types},
};
use touchline_http::{Gate, Operation, Query, Routes};

/// Deliveries on a page.
const PAGE: usize = 50;

pub(super) fn mount<G: Gate>(routes: &mut Routes<G, Web>) {
    let on =
        |id, path| Operation::post(id, path).needs(webhooks::NEEDS).path_param("id", "Address.").body_form();
    routes
        .add(
            on("replay_delivery", "/admin/webhooks/{id}/deliveries/{delivery}/replay")
                .path_param("delivery", "Delivery."),
            replay,
        )
        .add(on("replay_since", "/admin/webhooks/{id}/replay"), replay_since);
}

#[derive(Template)]
#[template(path = "admin/webhook.html")]
pub(super) struct Page {
    shell: Shell,
    tabs: Vec<Tab>,
    webhook: WebhookView,
    form: webhooks::Form,
    types: Vec<EventType>,
    action: String,
    deliveries: Vec<Delivery>,
    state: String,
    event: String,
    next: Option<String>,
}

impl Page {
    fn replay(&self, it: &Delivery) -> String {
        format!("{}/deliveries/{}/replay", self.action, part(&it.id))
    }
    fn waits(&self, it: &Delivery) -> bool {
        it.state == DeliveryState::Waiting
    }
    fn delivered(&self, it: &Delivery) -> bool {
        it.state == DeliveryState::Delivered
    }
    /// How long the last attempt took.
    fn took(&self, it: &Delivery) -> String {
        it.took.map(|micros| format!("{} ms", crate::format::number(micros / 1_000))).unwrap_or_default()
    }
}

/// An address with its deliveries; `form` holds what was typed wrongly.
pub(super) async fn page(
    web: &Web,
    visit: &Visit,
    id: &str,
    query: &Query,
    form: Option<webhooks::Form>,
) -> Result<Page, PageError> {
    let webhook = web.app.webhook(&visit.caller, id).await?;
    let of = |name: &str| query.one(name).map(|it| it.unwrap_or_default().trim().to_owned());
    let (state, event, before) = (of("state")?, of("event")?, of("before")?);
    let filter =
        DeliveryFilter { state: state.parse().ok(), event: Some(event.clone()).filter(|it| !it.is_empty()) };
    let before = Some(before.as_str()).filter(|it| !it.is_empty());
    let mut deliveries = web.app.webhook_deliveries(&visit.caller, id, &filter, before, PAGE + 1).await?;
    let more = deliveries.len() > PAGE;
    deliveries.truncate(PAGE);
    let action = webhooks::place(id);
    let next = deliveries
        .last()
        .filter(|_| more)
        .map(|it| address(&action, &[("state", &state), ("event", &event), ("before", &it.id)]));
    let (shell, tabs) = frame(visit, webhook.name.clone(), "webhooks");
    Ok(Page {
        shell,
        tabs,
        form: form.unwrap_or_else(|| webhooks::Form::of(&webhook)),
        types: event_types(),
        webhook,
        action,
        deliveries,
        state,
        event,
        next,
    })
}

async fn replay(
    State(web): State<Web>,
    visit: Visit,
    Path((id, delivery)): Path<(String, String)>,
) -> Answer {
    web.app.replay_delivery(&visit.caller, &id, &delivery).await?;
    Ok(done(&webhooks::place(&id), "admin_webhooks.replayed"))
}

async fn replay_since(
    State(web): State<Web>,
    visit: Visit,
    Path(id): Path<String>,
    fields: Fields,
) -> Answer {
    let odd = || PageError::new(StatusCode::UNPROCESSABLE_ENTITY, texts::t("admin_webhooks.no_day"));
    let since = super::day_begins(fields.text("since"), &visit.zone).ok_or_else(odd)?;
    let what = ReplaySince { since, dead_only: fields.ticked("dead_only") };
    let count = web.app.replay_since(&visit.caller, &id, what).await?;
    let told = texts::count("admin_webhooks.replayed_since", i64::try_from(count).unwrap_or(i64::MAX));
    Ok(done_text(&webhooks::place(&id), &told))
}
