//! Webhooks: addresses that hear of changes, and what was sent to them.

use crate::{
    Problem, input,
    mount::Mount,
    params::{Page, Params, paged},
};
use axum::{
    Json,
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
};
use schemars::JsonSchema;
use serde::Serialize;
use touchline_app::{
    App,
    store::{Delivery, DeliveryState},
    webhooks::{
        ChangeWebhook, CreatedWebhook, DeliveryFilter, EventType, NewWebhook, ReplaySince, Rotate,
        WebhookView, event_types,
    },
};
use touchline_http::{CallerOf, Gate, Operation, Shape};
use touchline_model::Ability;

/// An address is a credential that works outwards, and it hears of every change.
const NEEDS: &[Ability] = &[Ability::ManageCredentials, Ability::ReadChanges];

const ABOUT: &str = "Events are sent by the Standard Webhooks specification 1.0.0: a POST with a JSON body \
     `{\"type\",\"timestamp\",\"data\"}` and the headers `webhook-id`, `webhook-timestamp` and `webhook-signature`; the \
     libraries named `standardwebhooks` check them. `data` says what changed (`kind`, `id`, `seq`, `modified`) and where \
     to read it (`link`), never what it holds. Events may come twice, with the same `webhook-id`, and in any order.\n\n\
     2xx means received, 410 that no more is wanted. After anything else it is sent again after 5 s, 5 min, 30 min, 2 h, \
     5 h, 10 h, 14 h, 20 h and 24 h, or later if the answer's `Retry-After` says so; then the delivery is `dead`, and can be \
     replayed. An address that has only failed for five days is paused. Redirects are not followed.";

/// How many deliveries are sent again.
#[derive(Debug, Serialize, JsonSchema)]
struct Replayed {
    /// How many.
    count: usize,
}

pub(crate) fn mount<G: Gate>(mount: &mut Mount<G>) {
    addresses(mount);
    deliveries(mount);
}

fn on(operation: Operation) -> Operation {
    operation.tag("webhooks").needs(NEEDS)
}

fn of_one(operation: Operation) -> Operation {
    on(operation).path_param("id", "Id of the webhook.")
}

fn addresses<G: Gate>(mount: &mut Mount<G>) {
    mount.add(
        on(Operation::get("list_webhook_event_types", "/webhooks/event-types"))
            .summary("List the event types that an address can want")
            .answer_json::<Vec<EventType>>(200, "All of them, in the order of their names."),
        list_event_types,
    );
    mount.add(
        on(paged(Operation::get("list_webhooks", "/webhooks")))
            .summary("List webhooks, without keys")
            .answer_json::<Page<WebhookView>>(200, "A page."),
        list,
    );
    mount.add(
        on(Operation::post("create_webhook", "/webhooks"))
            .summary("Have changes sent to an address")
            .description(ABOUT)
            .body_json::<NewWebhook>()
            .answer_json::<CreatedWebhook>(
                201,
                "It hears of changes from now on. The key is shown this once.",
            )
            .answer_error(409)
            .answer_error(422),
        create,
    );
    mount.add(
        of_one(Operation::get("get_webhook", "/webhooks/{id}"))
            .summary("Read one webhook")
            .answer_json::<WebhookView>(200, "Without its key."),
        get,
    );
    mount.add(
        of_one(Operation::patch("change_webhook", "/webhooks/{id}"))
            .summary("Change some of a webhook, or switch it off and on")
            .description(
                "What is left out stays. `active: true` ends a pause; changes made meanwhile are sent.",
            )
            .body_json::<ChangeWebhook>()
            .answer_json::<WebhookView>(200, "As it is now.")
            .answer_error(409)
            .answer_error(422),
        change,
    );
    mount.add(
        of_one(Operation::delete("delete_webhook", "/webhooks/{id}"))
            .summary("Delete a webhook and everything on its way to it")
            .answer_empty(204, "It is gone.")
            .answer_error(409),
        delete,
    );
    mount.add(
        of_one(Operation::post("rotate_webhook", "/webhooks/{id}/rotate"))
            .summary("Give a webhook a new key")
            .description("Until the old key's time is over every event carries a signature of each key.")
            .body_json::<Rotate>()
            .answer_json::<CreatedWebhook>(200, "The new key is shown this once.")
            .answer_error(409)
            .answer_error(422),
        rotate,
    );
}

fn deliveries<G: Gate>(mount: &mut Mount<G>) {
    mount.add(
        of_one(Operation::post("test_webhook", "/webhooks/{id}/test"))
            .summary("Send a test event now")
            .description("Its type is `webhook.test`. It is sent once, even while the webhook is off.")
            .answer_json::<Delivery>(200, "How it went: `delivered`, or `dead` with `status` or `error`.")
            .answer_error(409),
        test,
    );
    mount.add(
        of_one(paged(Operation::get("list_webhook_deliveries", "/webhooks/{id}/deliveries")))
            .summary("List what was sent and what waits, the newest first")
            .query(
                "state",
                Shape::OneOf(&["waiting", "delivered", "dead"]),
                false,
                "Only those in this state.",
            )
            .query("event", Shape::Text, false, "Only those of this event type.")
            .answer_json::<Page<Delivery>>(200, "A page. What has ended is kept for thirty days."),
        list_deliveries,
    );
    mount.add(
        of_one(Operation::post("replay_webhook_delivery", "/webhooks/{id}/deliveries/{delivery}/replay"))
            .summary("Send a delivery again")
            .path_param("delivery", "Id of the delivery.")
            .answer_json::<Delivery>(200, "It waits to be sent, with the same `webhook-id`.")
            .answer_error(409),
        replay_one,
    );
    mount.add(
        of_one(Operation::post("replay_webhook", "/webhooks/{id}/replay"))
            .summary("Send again everything since a time")
            .body_json::<ReplaySince>()
            .answer_json::<Replayed>(200, "They wait to be sent, with the same `webhook-id`s."),
        replay_since,
    );
}

async fn list_event_types() -> Json<Vec<EventType>> {
    Json(event_types())
}

async fn list(
    State(app): State<App>,
    CallerOf(caller): CallerOf,
    params: Params,
) -> Result<Json<Page<WebhookView>>, Problem> {
    let page = params.page("webhooks")?;
    let found = app.webhooks(&caller, page.after.as_deref(), page.fetch()).await?;
    Ok(Json(page.of(found, |it| it.id.clone())))
}

async fn create(
    State(app): State<App>,
    CallerOf(caller): CallerOf,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<CreatedWebhook>), Problem> {
    let new: NewWebhook = input::json(&app, &headers, body).await?;
    Ok((StatusCode::CREATED, Json(app.create_webhook(&caller, new).await?)))
}

async fn get(
    State(app): State<App>,
    CallerOf(caller): CallerOf,
    Path(id): Path<String>,
) -> Result<Json<WebhookView>, Problem> {
    Ok(Json(app.webhook(&caller, &id).await?))
}

async fn change(
    State(app): State<App>,
    CallerOf(caller): CallerOf,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<WebhookView>, Problem> {
    let change: ChangeWebhook = input::json(&app, &headers, body).await?;
    Ok(Json(app.change_webhook(&caller, &id, change).await?))
}

async fn delete(
    State(app): State<App>,
    CallerOf(caller): CallerOf,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    app.delete_webhook(&caller, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn rotate(
    State(app): State<App>,
    CallerOf(caller): CallerOf,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<CreatedWebhook>, Problem> {
    let how: Rotate = input::json(&app, &headers, body).await?;
    Ok(Json(app.rotate_webhook_secret(&caller, &id, how).await?))
}

async fn test(
    State(app): State<App>,
    CallerOf(caller): CallerOf,
    Path(id): Path<String>,
) -> Result<Json<Delivery>, Problem> {
    Ok(Json(app.test_webhook(&caller, &id).await?))
}

async fn list_deliveries(
    State(app): State<App>,
    CallerOf(caller): CallerOf,
    Path(id): Path<String>,
    params: Params,
) -> Result<Json<Page<Delivery>>, Problem> {
    let page = params.page("webhook-deliveries")?;
    let state = match params.text("state") {
        None => None,
        Some(text) => Some(text.parse::<DeliveryState>().map_err(|()| {
            Problem::malformed("`state` must be one of waiting, delivered, dead").at("state")
        })?),
    };
    let filter = DeliveryFilter { state, event: params.text("event").map(str::to_owned) };
    let found = app.webhook_deliveries(&caller, &id, &filter, page.after.as_deref(), page.fetch()).await?;
    Ok(Json(page.of(found, |it| it.id.clone())))
}

async fn replay_one(
    State(app): State<App>,
    CallerOf(caller): CallerOf,
    Path((id, delivery)): Path<(String, String)>,
) -> Result<Json<Delivery>, Problem> {
    Ok(Json(app.replay_delivery(&caller, &id, &delivery).await?))
}

async fn replay_since(
    State(app): State<App>,
    CallerOf(caller): CallerOf,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Replayed>, Problem> {
    let what: ReplaySince = input::json(&app, &headers, body).await?;
    Ok(Json(Replayed { count: app.replay_since(&caller, &id, what).await? }))
}
