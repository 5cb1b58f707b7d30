//! One import: looked at, ordered, followed, told of.

use super::{
    desk,
    view::{PreviewView, ProgressView, ReportView, Told, in_page, told},
};
use crate::{
    Web,
    error::{Answer, PageError, rendered},
    filters, format,
    shell::{Shell, When},
    texts,
    visit::{Fields, Visit, again, done},
};
use askama::Template;
use axum::{
    body::Body,
    extract::{Path, State},
    response::{IntoResponse, Redirect},
};
use http::{StatusCode, header};
use touchline_app::{
    AppError,
    imports::{ImportState, ImportView},
};
use touchline_intake::{
    IntakeError, StartedAt,
    desk::{Desk, StagedOptions},
};

#[derive(Template)]
#[template(path = "import.html")]
pub(super) struct ImportPage {
    pub(super) shell: Shell,
    pub(super) id: String,
    pub(super) files: String,
    pub(super) when: When,
    pub(super) told: Told,
    pub(super) stage: Stage,
    pub(super) options: StagedOptions,
    /// Which field is wrong, and why.
    pub(super) error: Option<(String, String)>,
}

/// What the page shows.
pub(super) enum Stage {
    /// What would come of it.
    Preview(PreviewView),
    /// Why nothing can come of it as it stands.
    Unreadable(String),
    /// How far it is.
    Running(ProgressView),
    /// How it ended.
    Done(ReportView),
    /// Why it did not come in.
    Failed(String),
}

impl ImportPage {
    fn wrong(&self, field: &str) -> Option<&str> {
        self.error.as_ref().filter(|(wrong, _)| wrong == field).map(|(_, reason)| reason.as_str())
    }
    fn can_start(&self) -> bool {
        matches!(&self.stage, Stage::Preview(preview) if preview.something())
    }
    /// Whether there is a preview that says that nothing can come in as it stands.
    fn nothing_yet(&self) -> bool {
        matches!(&self.stage, Stage::Preview(preview) if !preview.something())
    }
    /// Whether a time or a zone is what is missing: then the fields stand first.
    fn needs_options(&self) -> bool {
        matches!(&self.stage, Stage::Preview(preview) if preview.needs_options())
    }
    fn can_discard(&self) -> bool {
        !matches!(self.stage, Stage::Running(_))
    }
    fn has_options(&self) -> bool {
        matches!(self.stage, Stage::Preview(_) | Stage::Unreadable(_))
    }
}

async fn stage(
    web: &Web,
    visit: &Visit,
    desk: &Desk,
    view: &ImportView,
    shell: &Shell,
) -> Result<Stage, PageError> {
    let id = &view.row.id;
    if let Some(reason) = &view.stuck {
        return Ok(Stage::Failed(reason.clone()));
    }
    Ok(match view.row.state {
        ImportState::Staged => match desk.preview(&web.app, &visit.caller, id).await {
            Ok(preview) => Stage::Preview(PreviewView::new(&preview, shell)),
            Err(IntakeError::Input(reason)) => Stage::Unreadable(reason),
            Err(IntakeError::NotAllowed(ability)) => return Err(AppError::NotAllowed(ability).into()),
            Err(error) => return Err(PageError::new(StatusCode::SERVICE_UNAVAILABLE, error.to_string())),
        },
        ImportState::Running => Stage::Running(ProgressView::new(view)),
        ImportState::Done => {
            let file = desk.refused(&web.app, &visit.caller, id).await?;
            Stage::Done(ReportView::new(&view.row, file.is_some(), shell))
        }
        ImportState::Failed => Stage::Failed(view.row.error.clone().unwrap_or_default()),
    })
}

async fn page(web: &Web, visit: &Visit, id: &str) -> Result<ImportPage, PageError> {
    let desk = desk(web)?;
    let view = web.app.import(&visit.caller, id).await?;
    let staged = match view.row.state {
        ImportState::Staged => desk.staged(&view.row.id).await?,
        _ => touchline_app::imports::StagedFiles {
            files: u64::try_from(view.row.files).unwrap_or_default(),
            bytes: u64::try_from(view.row.bytes).unwrap_or_default(),
            name: view.row.name.clone(),
        },
    };
    let name = if staged.name.is_empty() { texts::t("imports.unnamed") } else { &staged.name };
    let shell = visit.shell(texts::fill("imports.title", &[("name", name)]), "imports");
    let files = texts::count("imports.files", i64::try_from(staged.files).unwrap_or(i64::MAX));
    Ok(ImportPage {
        id: view.row.id.clone(),
        files: format!("{files}, {}", format::bytes(staged.bytes)),
        when: shell.when(&view.row.created_at),
        told: told(&view),
        stage: stage(web, visit, &desk, &view, &shell).await?,
        options: Desk::options(&view.row),
        error: None,
        shell,
    })
}

pub(super) async fn show(State(web): State<Web>, visit: Visit, Path(id): Path<String>) -> Answer {
    Ok(visit.page(&page(&web, &visit, &id).await?))
}

/// The line about how far it is, for the script that keeps it fresh; nothing once it is through.
pub(super) async fn progress(State(web): State<Web>, visit: Visit, Path(id): Path<String>) -> Answer {
    let view = web.app.import(&visit.caller, &id).await?;
    Ok(rendered(&ProgressView::new(&view)))
}

pub(super) async fn options(
    State(web): State<Web>,
    visit: Visit,
    Path(id): Path<String>,
    fields: Fields,
) -> Answer {
    let zone = fields.text("zone").trim();
    let options = StagedOptions {
        zone: zone.to_owned(),
        started_at: match (fields.text("started"), fields.text("started_at").trim()) {
            ("file", _) => "file".to_owned(),
            // Whoever names no zone means the one that the pages show times in.
            (_, text) if zone.is_empty() => match StartedAt::parse(text, Some(&visit.zone)) {
                Ok(StartedAt::At(time)) => time.to_string(),
                _ => text.to_owned(),
            },
            (_, text) => text.to_owned(),
        },
    };
    match desk(&web)?.set_options(&web.app, &visit.caller, &id, &options).await {
        Ok(()) => Ok(Redirect::to(&format!("/imports/{id}")).into_response()),
        Err(AppError::Invalid(invalid)) => {
            let error = Some((invalid.field.clone(), in_page(&invalid.reason)));
            Ok(again(&ImportPage { options, error, ..page(&web, &visit, &id).await? }))
        }
        Err(error) => Err(error.into()),
    }
}

pub(super) async fn order(State(web): State<Web>, visit: Visit, Path(id): Path<String>) -> Answer {
    desk(&web)?.order(&web.app, &visit.caller, &id).await?;
    Ok(Redirect::to(&format!("/imports/{id}")).into_response())
}

pub(super) async fn discard(State(web): State<Web>, visit: Visit, Path(id): Path<String>) -> Answer {
    desk(&web)?.discard(&web.app, &visit.caller, &id).await?;
    Ok(done("/imports", "imports.discarded"))
}

/// Every input that was refused, one JSON object a line.
pub(super) async fn refused(State(web): State<Web>, visit: Visit, Path(id): Path<String>) -> Answer {
    let none = || PageError::new(StatusCode::NOT_FOUND, texts::t("imports.no_refused"));
    let file = desk(&web)?.refused(&web.app, &visit.caller, &id).await?.ok_or_else(none)?;
    let file = tokio::fs::File::open(file).await.map_err(|_| none())?;
    let headers = [
        (header::CONTENT_TYPE, "application/x-ndjson".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"refused-{}.ndjson\"", safe(&id))),
    ];
    Ok((headers, Body::from_stream(tokio_util::io::ReaderStream::new(file))).into_response())
}

/// An id is made by us; whatever else comes is no part of a header.
fn safe(id: &str) -> String {
    id.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect()
}
