//! What is done on the page: comments and highlights, showing the call to others, deleting it.

use super::{
    address, back, page,
    view::{self, Typed},
    words,
};
use crate::{
    Web,
    error::{Answer, PageError},
    filters, format,
    shell::Shell,
    texts,
    visit::{Fields, Visit, again, done},
};
use askama::Template;
use axum::{
    Json,
    extract::{Path, RawQuery, State},
    response::IntoResponse,
};
use touchline_app::{AppError, contacts::NewRemark};
use touchline_http::{CallerOf, Query};
use touchline_model::{FeedbackKind, Invalid};

pub(super) async fn comment(
    State(web): State<Web>,
    visit: Visit,
    Path(id): Path<String>,
    fields: Fields,
) -> Answer {
    let kind = match fields.text("kind") {
        "highlight" => FeedbackKind::Highlight,
        _ => FeedbackKind::Comment,
    };
    let time = |field: &str| {
        let wrong = || Invalid::new(field, texts::t("call.bad_time"));
        address::time(fields.text(field)).ok_or_else(wrong)
    };
    let read = || {
        // Words that were selected have an end, whatever is left on them.
        let ends = kind == FeedbackKind::Highlight || fields.maybe("end").is_some();
        let end = ends.then(|| time("end")).transpose()?;
        Ok(NewRemark { kind, text: fields.text("text").to_owned(), start: time("start")?, end })
    };
    let left = match read() {
        Err(invalid) => Err(AppError::Invalid(invalid)),
        Ok(new) => {
            let at = format!("#t={}", new.start);
            web.app.remark(&visit.caller, &id, new).await.map(|_| at)
        }
    };
    match left {
        Ok(at) => Ok(match kind {
            FeedbackKind::Comment => back(&id, &at, "call.commented"),
            FeedbackKind::Highlight => back(&id, &at, "call.highlighted"),
        }),
        Err(AppError::Invalid(invalid)) => {
            let typed = Typed {
                kind: Some(kind),
                start: fields.text("start").to_owned(),
                end: fields.text("end").to_owned(),
                text: fields.raw("text").to_owned(),
                wrong: Some((invalid.field, invalid.reason)),
                ..Typed::default()
            };
            Ok(again(&page(&web, &visit, &id, typed).await?))
        }
        Err(error) => Err(error.into()),
    }
}

pub(super) async fn take_back(
    State(web): State<Web>,
    visit: Visit,
    Path((id, remark)): Path<(String, String)>,
) -> Answer {
    web.app.take_back_remark(&visit.caller, &id, &remark).await?;
    Ok(back(&id, "#comments", "call.taken_back"))
}

pub(super) async fn share(
    State(web): State<Web>,
    visit: Visit,
    Path(id): Path<String>,
    fields: Fields,
) -> Answer {
    let to = fields.text("to");
    let names: Vec<&str> = to.split([',', ';', '\n']).collect();
    match web.app.share_call(&visit.caller, &id, &names).await {
        Ok(_) => Ok(back(&id, "#share", "call.shared")),
        Err(AppError::Invalid(invalid)) => {
            let wrong = Some((invalid.field, invalid.reason));
            let typed = Typed { to: to.to_owned(), wrong, ..Typed::default() };
            Ok(again(&page(&web, &visit, &id, typed).await?))
        }
        Err(error) => Err(error.into()),
    }
}

/// People whose names fit what is being typed: a list of name and address.
pub(super) async fn people(
    State(web): State<Web>,
    CallerOf(caller): CallerOf,
    RawQuery(raw): RawQuery,
) -> Answer {
    let query = Query::parse(raw.as_deref())?;
    let found = web.app.propose_people(&caller, query.one("q")?.unwrap_or_default()).await?;
    let people: Vec<[String; 2]> =
        found.into_iter().map(|user| [words::name_of(&user), user.email]).collect();
    Ok(Json(people).into_response())
}

#[derive(Template)]
#[template(path = "call_delete.html")]
struct Delete {
    shell: Shell,
    call: String,
    href: String,
    began: String,
    reason: String,
    wrong: Option<String>,
}

async fn question(
    web: &Web,
    visit: &Visit,
    id: &str,
    reason: &str,
    wrong: Option<String>,
) -> Result<Delete, PageError> {
    let call = web.app.whole_call(&visit.caller, id).await?;
    Ok(Delete {
        shell: visit.shell(texts::t("call.delete_title"), "calls"),
        call: view::title(&call, &words::voices(&call)),
        href: address::call(id),
        began: format::exact(call.row.contact.value.started_at, &visit.zone),
        reason: reason.to_owned(),
        wrong,
    })
}

pub(super) async fn ask(State(web): State<Web>, visit: Visit, Path(id): Path<String>) -> Answer {
    Ok(visit.page(&question(&web, &visit, &id, "", None).await?))
}

pub(super) async fn delete(
    State(web): State<Web>,
    visit: Visit,
    Path(id): Path<String>,
    fields: Fields,
) -> Answer {
    let reason = fields.text("reason");
    match web.app.erase_contact(&visit.caller, &id, Some(reason)).await {
        Ok(()) => Ok(done("/calls", "call.deleted")),
        Err(AppError::Invalid(invalid)) => {
            Ok(again(&question(&web, &visit, &id, reason, Some(invalid.reason)).await?))
        }
        Err(error) => Err(error.into()),
    }
}
