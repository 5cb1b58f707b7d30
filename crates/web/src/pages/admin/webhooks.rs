//! Addresses that hear of changes: made, changed, tried, deleted; their keys.

use super::{Tab, Wrong, deliveries, frame, part, revealed};
use crate::{
    Web,
    error::Answer,
    filters,
    shell::Shell,
    texts,
    visit::{Fields, Visit, again, done, done_text},
};
use askama::Template;
use axum::extract::{Path, RawQuery, State};
use touchline_app::{
    AppError,
    webhooks::{ChangeWebhook, EventType, NewWebhook, Rotate, WebhookView, event_types},
};
use touchline_http::{Gate, Operation, Query, Routes};
use touchline_model::Ability;

/// An address is a credential that works outwards, so it needs both.
pub(super) const NEEDS: &[Ability] = &[Ability::ManageCredentials, Ability::ReadChanges];
/// There are never more of them.
const MOST: usize = 100;

pub(super) fn mount<G: Gate>(routes: &mut Routes<G, Web>) {
    let on = |id, path| Operation::post(id, path).needs(NEEDS).path_param("id", "Address.").body_form();
    routes
        .add(Operation::get("page_webhooks", "/admin/webhooks").needs(NEEDS), list)
        .add(Operation::get("page_new_webhook", "/admin/webhooks/new").needs(NEEDS), show_new)
        .add(Operation::post("create_webhook", "/admin/webhooks").needs(NEEDS).body_form(), create)
        .add(
            Operation::get("page_webhook", "/admin/webhooks/{id}").needs(NEEDS).path_param("id", "Address."),
            show,
        )
        .add(on("change_webhook", "/admin/webhooks/{id}"), change)
        .add(on("switch_webhook", "/admin/webhooks/{id}/switch"), switch)
        .add(on("rotate_webhook", "/admin/webhooks/{id}/rotate"), rotate)
        .add(on("test_webhook", "/admin/webhooks/{id}/test"), test)
        .add(on("delete_webhook", "/admin/webhooks/{id}/delete"), delete);
}

/// Where an address is looked at.
pub(super) fn place(id: &str) -> String {
    format!("/admin/webhooks/{}", part(id))
}

#[derive(Template)]
#[template(path = "admin/webhooks.html")]
struct List {
    shell: Shell,
    tabs: Vec<Tab>,
    webhooks: Vec<WebhookView>,
}

impl List {
    fn place(&self, it: &WebhookView) -> String {
        place(&it.id)
    }
    fn types(&self, it: &WebhookView) -> String {
        texts::count("admin_webhooks.types", i64::try_from(it.events.len()).unwrap_or(i64::MAX))
    }
    fn everything(&self, it: &WebhookView) -> bool {
        it.events.iter().any(|it| it == "*")
    }
}

async fn list(State(web): State<Web>, visit: Visit) -> Answer {
    let webhooks = web.app.webhooks(&visit.caller, None, MOST).await?;
    let (shell, tabs) = frame(&visit, texts::t("admin.webhooks"), "webhooks");
    Ok(visit.page(&List { shell, tabs, webhooks }))
}

/// What the form of an address holds.
#[derive(Default)]
pub(super) struct Form {
    pub(super) url: String,
    pub(super) name: String,
    pub(super) events: Vec<String>,
    pub(super) wrong: Wrong,
}

impl Form {
    pub(super) fn of(it: &WebhookView) -> Self {
        Self {
            url: it.url.clone(),
            name: it.name.clone(),
            events: it.events.clone(),
            wrong: Wrong::default(),
        }
    }
    fn typed(fields: &Fields) -> Self {
        Self {
            url: fields.text("url").to_owned(),
            name: fields.text("name").to_owned(),
            events: match fields.ticked("everything") {
                true => vec!["*".to_owned()],
                false => fields.all("event").into_iter().map(ToOwned::to_owned).collect(),
            },
            wrong: Wrong::default(),
        }
    }
    pub(super) fn at(&self, field: &str) -> Option<&str> {
        self.wrong.at(field)
    }
    pub(super) fn elsewhere(&self) -> Option<String> {
        self.wrong.elsewhere(&["url", "name", "events"])
    }
    pub(super) fn everything(&self) -> bool {
        self.events.iter().any(|it| it == "*")
    }
    pub(super) fn wants(&self, event: &str) -> bool {
        self.events.iter().any(|it| it == event)
    }
}

#[derive(Template)]
#[template(path = "admin/webhook_new.html")]
struct New {
    shell: Shell,
    tabs: Vec<Tab>,
    form: Form,
    types: Vec<EventType>,
    action: &'static str,
}

fn new(visit: &Visit, form: Form) -> New {
    let (shell, tabs) = frame(visit, texts::t("admin_webhooks.new"), "webhooks");
    New { shell, tabs, form, types: event_types(), action: "/admin/webhooks" }
}

async fn show_new(State(_): State<Web>, visit: Visit) -> Answer {
    let form = Form { events: vec!["contact.completed".to_owned()], ..Form::default() };
    Ok(visit.page(&new(&visit, form)))
}

async fn create(State(web): State<Web>, visit: Visit, fields: Fields) -> Answer {
    let mut form = Form::typed(&fields);
    let wanted = NewWebhook { url: form.url.clone(), name: form.name.clone(), events: form.events.clone() };
    match web.app.create_webhook(&visit.caller, wanted).await {
        Ok(made) => {
            let help = texts::fill("admin_webhooks.made", &[("name", &made.webhook.name)]);
            let shown = vec![revealed::Shown { label: "admin_webhooks.secret", value: made.secret }];
            revealed::page(&visit, "webhooks", help, shown, None, &place(&made.webhook.id))
        }
        Err(error) => {
            form.wrong = Wrong::of(error)?;
            Ok(again(&new(&visit, form)))
        }
    }
}

async fn show(
    State(web): State<Web>,
    visit: Visit,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Answer {
    let query = Query::parse(raw.as_deref())?;
    Ok(visit.page(&deliveries::page(&web, &visit, &id, &query, None).await?))
}

async fn change(State(web): State<Web>, visit: Visit, Path(id): Path<String>, fields: Fields) -> Answer {
    let mut form = Form::typed(&fields);
    let wanted = ChangeWebhook {
        url: Some(form.url.clone()),
        name: Some(form.name.clone()),
        events: Some(form.events.clone()),
        active: None,
    };
    match web.app.change_webhook(&visit.caller, &id, wanted).await {
        Ok(_) => Ok(done(&place(&id), "admin_webhooks.saved")),
        Err(error) => {
            form.wrong = Wrong::of(error)?;
            let query = Query::default();
            Ok(again(&deliveries::page(&web, &visit, &id, &query, Some(form)).await?))
        }
    }
}

async fn switch(State(web): State<Web>, visit: Visit, Path(id): Path<String>, fields: Fields) -> Answer {
    let on = fields.text("active") == "on";
    let wanted = ChangeWebhook { active: Some(on), ..ChangeWebhook::default() };
    web.app.change_webhook(&visit.caller, &id, wanted).await?;
    Ok(done(&place(&id), if on { "admin_webhooks.switched_on" } else { "admin_webhooks.switched_off" }))
}

async fn rotate(State(web): State<Web>, visit: Visit, Path(id): Path<String>, fields: Fields) -> Answer {
    let hours = fields.text("old_key_hours").parse().unwrap_or(u32::MAX);
    let made = web.app.rotate_webhook_secret(&visit.caller, &id, Rotate { old_key_hours: hours }).await?;
    let name = made.webhook.name;
    let help = match made.webhook.old_keys_until.first() {
        Some(until) => {
            let until = crate::format::exact(*until, &visit.zone);
            texts::fill("admin_webhooks.rotated_until", &[("name", &name), ("until", &until)])
        }
        None => texts::fill("admin_webhooks.rotated", &[("name", &name)]),
    };
    let shown = vec![revealed::Shown { label: "admin_webhooks.secret", value: made.secret }];
    revealed::page(&visit, "webhooks", help, shown, None, &place(&id))
}

async fn test(State(web): State<Web>, visit: Visit, Path(id): Path<String>) -> Answer {
    let sent = match web.app.test_webhook(&visit.caller, &id).await {
        Ok(sent) => sent,
        Err(AppError::Conflict(reason)) => return Ok(done_text(&place(&id), &reason)),
        Err(error) => return Err(error.into()),
    };
    let status = sent.status.map_or_else(String::new, |it| it.to_string());
    Ok(match &sent.error {
        None => done_text(&place(&id), &texts::fill("admin_webhooks.tested", &[("status", &status)])),
        Some(why) => done_text(&place(&id), &texts::fill("admin_webhooks.test_failed", &[("why", why)])),
    })
}

async fn delete(State(web): State<Web>, visit: Visit, Path(id): Path<String>) -> Answer {
    web.app.delete_webhook(&visit.caller, &id).await?;
    Ok(done("/admin/webhooks", "admin_webhooks.deleted"))
}
