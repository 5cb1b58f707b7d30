//! Topics: what is looked for in calls, how often it is found, and what a draft would find before it is saved.

mod edit;
mod list;
mod preview;

use crate::Web;
use touchline_http::{Gate, Operation, Routes, Shape};
use touchline_model::Ability;

/// Bytes of a topic's form: thousands of phrases.
const MAX_FORM: u64 = 2 << 20;

pub(super) fn mount<G: Gate>(routes: &mut Routes<G, Web>) {
    use Ability::{ReadQuality, ReadRecordings, WriteQuality};
    let of_topic = |operation: Operation| operation.path_param("id", "Number of the topic.");
    routes
        .add(Operation::get("page_topics", "/topics").needs(&[ReadQuality]), list::show)
        .add(Operation::get("page_topics_progress", "/topics/progress").needs(&[ReadQuality]), list::progress)
        .add(
            Operation::get("page_new_topic", "/topics/new").needs(&[WriteQuality]).query(
                "phrase",
                Shape::Text,
                false,
                "A phrase to begin with.",
            ),
            edit::blank,
        )
        .add(
            Operation::post("page_create_topic", "/topics")
                .needs(&[WriteQuality])
                .body_form()
                .max_body(MAX_FORM),
            edit::create,
        )
        .add(
            Operation::post("page_preview_topic", "/topics/preview")
                .needs(&[ReadRecordings])
                .body_form()
                .max_body(MAX_FORM),
            preview::show,
        )
        .add(of_topic(Operation::get("page_topic", "/topics/{id}")).needs(&[ReadQuality]), edit::show)
        .add(
            of_topic(Operation::post("page_change_topic", "/topics/{id}"))
                .needs(&[WriteQuality])
                .body_form()
                .max_body(MAX_FORM),
            edit::change,
        )
        .add(
            of_topic(Operation::get("page_delete_topic", "/topics/{id}/delete")).needs(&[WriteQuality]),
            edit::ask_delete,
        )
        .add(
            of_topic(Operation::post("page_do_delete_topic", "/topics/{id}/delete"))
                .needs(&[WriteQuality])
                .body_form(),
            edit::delete,
        );
}

#[cfg(test)]
mod tests;
