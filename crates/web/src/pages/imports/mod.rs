//! Bringing calls in: files are sent, looked at, and brought in by a job; and the jobs of the server themselves.

mod jobs;
mod list;
mod one;
mod upload;
mod view;

use crate::{Web, error::PageError, texts};
use http::StatusCode;
use std::sync::Arc;
use touchline_http::{Gate, Operation, Routes, Shape};
use touchline_intake::desk::Desk;
use touchline_model::Ability;

pub(super) fn mount<G: Gate>(routes: &mut Routes<G, Web>) {
    use Ability::{Administer, WriteContacts};
    let of_import = |operation: Operation| operation.path_param("id", "The import.").needs(&[WriteContacts]);
    routes
        .add(Operation::get("page_imports", "/imports").needs(&[WriteContacts]), list::show)
        .add(
            Operation::post("page_upload", "/imports")
                .needs(&[WriteContacts])
                .body_multipart("The files, as `files` or `folder`."),
            upload::form,
        )
        .add(Operation::post("page_stage_import", "/imports/new").needs(&[WriteContacts]), upload::stage)
        .add(
            Operation::get("page_jobs", "/imports/jobs").needs(&[Administer]).query(
                "after",
                Shape::Text,
                false,
                "The last job of the page before.",
            ),
            jobs::show,
        )
        .add(
            Operation::post("page_retry_job", "/imports/jobs/{id}/retry")
                .needs(&[Administer])
                .path_param("id", "The job.")
                .body_form(),
            jobs::retry,
        )
        .add(of_import(Operation::get("page_import", "/imports/{id}")), one::show)
        .add(of_import(Operation::get("page_import_progress", "/imports/{id}/progress")), one::progress)
        .add(
            of_import(Operation::put("page_send_file", "/imports/{id}/file"))
                .query("name", Shape::Text, true, "Its name, with its folders.")
                .query(
                    "changed",
                    Shape::integer(0, i64::MAX),
                    false,
                    "When it was changed: milliseconds since 1970.",
                )
                .query("top", Shape::Text, false, "Name of the folder that was chosen.")
                .body_binary("*/*", "The file."),
            upload::file,
        )
        .add(
            of_import(Operation::post("page_import_options", "/imports/{id}/options")).body_form(),
            one::options,
        )
        .add(of_import(Operation::post("page_order_import", "/imports/{id}/start")).body_form(), one::order)
        .add(
            of_import(Operation::post("page_discard_import", "/imports/{id}/discard")).body_form(),
            one::discard,
        )
        .add(of_import(Operation::get("page_refused", "/imports/{id}/refused.ndjson")), one::refused);
}

/// Where files lie until they are brought in.
fn desk(web: &Web) -> Result<Arc<Desk>, PageError> {
    let none = || PageError::new(StatusCode::NOT_IMPLEMENTED, texts::t("imports.no_desk"));
    web.desk.clone().ok_or_else(none)
}

#[cfg(test)]
mod tests;
