//! Files on their way in: from a form, or one by one from the script that shows how far it is.

use super::{desk, list};
use crate::{
    Web,
    error::Answer,
    texts,
    visit::{Visit, again},
};
use axum::{
    Json,
    extract::{FromRequest, Multipart, Path, RawQuery, Request, State},
    response::{IntoResponse, Redirect, Response},
};
use futures::StreamExt;
use http::StatusCode;
use jiff::tz::TimeZone;
use serde_json::json;
use std::{collections::HashSet, time::Duration};
use touchline_app::AppError;
use touchline_http::Query;
use touchline_intake::desk::{Coming, Desk, StagedOptions};
use touchline_model::Timestamp;

/// How much of a refused file is still listened to, and how long: a browser hears no answer before it has sent all.
const PATIENCE: (usize, Duration) = (64 << 20, Duration::from_secs(20));

/// The folder that was chosen, and the name below it.
fn below(name: &str) -> (&str, &str) {
    name.split_once(['/', '\\']).unwrap_or(("", name))
}

fn hidden(name: &str) -> bool {
    name.split(['/', '\\']).any(|part| part.starts_with('.'))
}

/// Listens to the rest of a form that is refused.
async fn hear_out(mut form: Multipart) {
    let drain = async {
        let mut left = PATIENCE.0;
        while let Ok(Some(mut part)) = form.next_field().await {
            while let Ok(Some(chunk)) = part.chunk().await {
                left = left.saturating_sub(chunk.len());
                if left == 0 {
                    return;
                }
            }
        }
    };
    let _ = tokio::time::timeout(PATIENCE.1, drain).await;
}

/// Begins an import. Dates without a zone are the reader's own, as far as the browser has told where that is.
async fn begin(web: &Web, desk: &Desk, visit: &Visit) -> Result<String, AppError> {
    let id = web.app.stage_import(&visit.caller).await?.id;
    if let Some(zone) = visit.zone.iana_name().filter(|_| visit.zone != TimeZone::UTC) {
        let options = StagedOptions { zone: zone.to_owned(), ..StagedOptions::default() };
        desk.set_options(&web.app, &visit.caller, &id, &options).await?;
    }
    Ok(id)
}

/// All files in one form, for browsers without script.
pub(super) async fn form(State(web): State<Web>, visit: Visit, request: Request) -> Answer {
    let desk = desk(&web)?;
    let wrong = async |reason: String| Ok(again(&list::page(&web, &visit, Some(reason)).await?));
    let mut form = match Multipart::from_request(request, &web).await {
        Ok(form) => form,
        Err(error) => return wrong(error.body_text()).await,
    };
    let (mut id, mut names) = (None::<String>, HashSet::new());
    loop {
        let mut part = match form.next_field().await {
            Ok(Some(part)) => part,
            Ok(None) => break,
            Err(error) => {
                if let Some(id) = &id {
                    desk.discard(&web.app, &visit.caller, id).await?;
                }
                return wrong(error.body_text()).await;
            }
        };
        let whole = part.file_name().unwrap_or_default().to_owned();
        let (top, name) = if part.name() == Some("folder") { below(&whole) } else { ("", whole.as_str()) };
        if name.is_empty() || hidden(name) {
            continue;
        }
        // A file of a folder takes no other's place.
        let (top, name) = if names.insert(name.to_owned()) { (top, name) } else { ("", whole.as_str()) };
        let import = match &id {
            Some(id) => id,
            None => match begin(&web, &desk, &visit).await {
                Ok(new) => id.insert(new),
                Err(AppError::Conflict(reason)) => {
                    drop(part);
                    hear_out(form).await;
                    return wrong(reason).await;
                }
                Err(error) => return Err(error.into()),
            },
        };
        let coming = Coming { name, changed: None, top };
        if let Err(error) = desk.receive(&web.app, &visit.caller, import, coming, &mut part).await {
            let reason = format!("{name}: {error}");
            drop(part);
            hear_out(form).await;
            desk.discard(&web.app, &visit.caller, import).await?;
            return wrong(reason).await;
        }
    }
    match id {
        Some(id) => Ok(Redirect::to(&format!("/imports/{id}")).into_response()),
        None => wrong(texts::t("imports.no_files").to_owned()).await,
    }
}

/// An answer for the script.
fn told(error: &AppError) -> Response {
    let status = match error {
        AppError::NotAllowed(_) => StatusCode::FORBIDDEN,
        AppError::Missing { .. } => StatusCode::NOT_FOUND,
        AppError::Conflict(_) => StatusCode::CONFLICT,
        AppError::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
        AppError::Invalid(_) | AppError::Interrupted(_) => StatusCode::UNPROCESSABLE_ENTITY,
        AppError::DiskFull => StatusCode::INSUFFICIENT_STORAGE,
        AppError::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
        other => {
            tracing::error!(error = ?other, "a file could not be taken");
            StatusCode::INTERNAL_SERVER_ERROR
        }
    };
    (status, Json(json!({ "reason": error.to_string() }))).into_response()
}

/// Begins an import for the script, which sends the files one by one.
pub(super) async fn stage(State(web): State<Web>, visit: Visit) -> Answer {
    let desk = desk(&web)?;
    Ok(match begin(&web, &desk, &visit).await {
        Ok(id) => (StatusCode::CREATED, Json(json!({ "id": id }))).into_response(),
        Err(error) => told(&error),
    })
}

/// Takes one file from the script.
pub(super) async fn file(
    State(web): State<Web>,
    visit: Visit,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
    request: Request,
) -> Answer {
    let desk = desk(&web)?;
    let query = Query::parse(raw.as_deref())?;
    let millis = query.one("changed")?.and_then(|it| it.parse::<i64>().ok());
    let coming = Coming {
        name: query.one("name")?.unwrap_or_default(),
        changed: millis.and_then(|it| it.checked_mul(1_000)).map(Timestamp::from_micros),
        top: query.one("top")?.unwrap_or_default(),
    };
    let mut bytes = request.into_body().into_data_stream();
    Ok(match desk.receive(&web.app, &visit.caller, &id, coming, &mut bytes).await {
        Ok(length) => (StatusCode::CREATED, Json(json!({ "bytes": length }))).into_response(),
        Err(error) => {
            let drain = async {
                let mut left = PATIENCE.0;
                while let Some(Ok(chunk)) = bytes.next().await {
                    left = left.saturating_sub(chunk.len());
                    if left == 0 {
                        break;
                    }
                }
            };
            let _ = tokio::time::timeout(PATIENCE.1, drain).await;
            told(&error)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::{below, hidden};

    #[test]
    fn a_chosen_folder_is_told_from_what_lies_below_it() {
        assert_eq!(below("march/day 1/4711.wav"), ("march", "day 1/4711.wav"));
        assert_eq!(below("march\\4711.wav"), ("march", "4711.wav"));
        assert_eq!(below("4711.wav"), ("", "4711.wav"));
        assert!(hidden("a/.DS_Store") && hidden(".x") && !hidden("a/b.c"));
    }
}
