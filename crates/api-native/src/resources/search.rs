//! Finding contacts by words and facts.

use super::{Resource, contacts::Contacts};
use crate::{Problem, mount::Mount, params::Params};
use axum::{Json, extract::State};
use touchline_app::{
    App, AppError,
    contacts::find::{CallPage, CallQuery, REPEATABLE},
};
use touchline_http::{CallerOf, Gate, Operation, Shape};
use touchline_model::{Ability, Invalid};

const TEXT: &str = "Newest first. Every parameter that is given narrows the result; parameters that are lists may be \
     given several times, and then one of the values must fit (of `metadata`, all). With `text`, the words around up \
     to three places are shown with each contact, and the search leaves an entry in the audit trail; it needs \
     `read_recordings`.\n\n\
     One page does a bounded amount of work. When it ends before it is full, `looked_back_to` says how far it has \
     come, and `next` goes on from there.";

pub(super) fn mount<G: Gate>(mount: &mut Mount<G>) {
    let words = "Words that must all occur. Words in double quotes must stand side by side in what one speaker says. \
         Case and punctuation at the edges of words do not count.";
    let several = || Shape::of::<Vec<String>>();
    let limit =
        Shape::integer(1, i64::try_from(touchline_app::contacts::find::MAX_LIMIT).unwrap_or(i64::MAX));
    let operation = Operation::get("search_contacts", "/search/contacts")
        .tag(Contacts::NAMES.many)
        .summary("Find contacts by words and facts")
        .description(TEXT)
        .needs(&[Ability::ReadContacts])
        .query("text", Shape::Text, false, words)
        .query(
            "speaker",
            Shape::OneOf(&["internal", "external", "any"]),
            false,
            "Whose words `text` looks at.",
        )
        .query(
            "within_from",
            Shape::Number,
            false,
            "Words of `text` begin at or after this second of the contact.",
        )
        .query("within_to", Shape::Number, false, "Words of `text` begin before this second of the contact.")
        .query("agent", several(), false, "Ids of agents.")
        .query("team", several(), false, "Ids of groups; agents in groups below them count.")
        .query("from", Shape::Timestamp, false, "Began at or after; a date stands for its midnight UTC.")
        .query("to", Shape::Timestamp, false, "Began before; a date stands for its midnight UTC.")
        .query("channel", Shape::OneOf(&["call", "chat", "mail"]), false, "How the customer reached us.")
        .query("direction", Shape::OneOf(&["INBOUND", "OUTBOUND", "SCREENSHARE"]), false, "Who began it.")
        .query("state", several(), false, "States.")
        .query("topic", Shape::of::<Vec<i64>>(), false, "Numbers of topics that were found in it.")
        .query("min_duration", Shape::Number, false, "Lasted at least, in seconds.")
        .query("max_duration", Shape::Number, false, "Lasted at most, in seconds.")
        .query("comments", Shape::Boolean, false, "Whether somebody has commented on it.")
        .query("evaluation", Shape::Boolean, false, "Whether somebody has evaluated it.")
        .query(
            "metadata",
            several(),
            false,
            "`field=value`; the case of letters in the value does not count.",
        )
        .query("cursor", Shape::Text, false, "Where to go on: `next` of the page before.")
        .query("limit", limit, false, "Entries on a page; 50 unless given.")
        .answer_json::<CallPage>(200, "A page.");
    mount.add_with_lists(operation, &REPEATABLE, search);
}

async fn search(
    State(app): State<App>,
    CallerOf(caller): CallerOf,
    params: Params,
) -> Result<Json<CallPage>, Problem> {
    let query = CallQuery::from_pairs(params.pairs()).map_err(bad_parameter)?;
    match app.find_calls(&caller, &query).await {
        Ok(page) => Ok(Json(page)),
        Err(AppError::Invalid(invalid)) => Err(bad_parameter(invalid)),
        Err(other) => Err(other.into()),
    }
}

fn bad_parameter(invalid: Invalid) -> Problem {
    Problem::malformed(format!("`{}` {}", invalid.field, invalid.reason)).at(invalid.field)
}
