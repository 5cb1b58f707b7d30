//! Parts of a contact that are read or changed on their own.

use super::{Resource, collection, contacts::Contacts};
use crate::{Problem, input, mount::Mount, problem};
use axum::{
    Json,
    body::Body,
    extract::{Path, State},
    http::HeaderMap,
    response::Response,
};
use serde_json::{Map, Value};
use touchline_app::{App, contacts::TranscriptUpload, records::Put};
use touchline_http::{CallerOf, Gate, Operation};
use touchline_model::{Ability, CrmMatch, Transcript};

pub(super) fn mount<G: Gate>(mount: &mut Mount<G>) {
    let tag = Contacts::NAMES.many;
    mount.add(
        Operation::get("get_transcript", "/contacts/{id}/transcript")
            .tag(tag)
            .summary("Read what was said")
            .description("Leaves an entry in the audit trail.")
            .needs(&[Ability::ReadRecordings])
            .path_param("id", "Id of the contact.")
            .answer_json::<Transcript>(200, "The words with their times, in order.")
            .answer_error_when(404, "No such contact, or it has no transcript."),
        get_transcript,
    );
    let writes = |operation: Operation| {
        input::bounded_by_us(operation)
            .tag(tag)
            .needs(&[Ability::WriteContacts])
            .path_param("id", "Id of the contact, which must exist.")
            .answer_json::<Put>(200, "What became of it.")
            .answer_error(409)
            .answer_error(422)
    };
    mount.add(
        writes(
            Operation::put("put_transcript", "/contacts/{id}/transcript")
                .summary("Give a contact its transcript")
                .description("Words with times, or utterances whose words get times by their length.")
                .body_json::<TranscriptUpload>(),
        ),
        put_transcript,
    );
    mount.add(
        writes(
            Operation::put("put_metadata", "/contacts/{id}/metadata")
                .summary("Replace a contact's metadata")
                .body_json::<Map<String, Value>>(),
        ),
        put_metadata,
    );
    mount.add(
        writes(
            Operation::patch("patch_metadata", "/contacts/{id}/metadata")
                .summary("Change some of a contact's metadata")
                .description("Fields given replace those of the same name; `null` removes one.")
                .body_json::<Map<String, Value>>(),
        ),
        patch_metadata,
    );
    mount.add(
        writes(
            Operation::put("put_crm_matches", "/contacts/{id}/crm-matches")
                .summary("Replace what CRMs know of a contact")
                .body_json::<Vec<CrmMatch>>(),
        ),
        put_crm_matches,
    );
}

async fn get_transcript(
    State(app): State<App>,
    CallerOf(caller): CallerOf,
    Path(id): Path<String>,
) -> Result<Json<Transcript>, Problem> {
    let transcript = app.transcript(&caller, &id).await?;
    let none = || Problem::new(problem::NOT_FOUND, format!("contact `{id}` has no transcript"));
    transcript.map(Json).ok_or_else(none)
}

async fn put_transcript(
    State(app): State<App>,
    CallerOf(caller): CallerOf,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let upload: TranscriptUpload = input::json(&app, &headers, body).await?;
    Ok(collection::answer::<Contacts>(app.put_transcript(&caller, &id, upload).await?))
}

async fn put_metadata(
    State(app): State<App>,
    CallerOf(caller): CallerOf,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let metadata: Map<String, Value> = input::json(&app, &headers, body).await?;
    let put = app.change_contact(&caller, &id, |contact| {
        contact.metadata.clone_from(&metadata);
        Ok(())
    });
    Ok(collection::answer::<Contacts>(put.await?))
}

async fn patch_metadata(
    State(app): State<App>,
    CallerOf(caller): CallerOf,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let patch: Map<String, Value> = input::json(&app, &headers, body).await?;
    let put = app.change_contact(&caller, &id, |contact| {
        for (name, value) in &patch {
            if value.is_null() {
                contact.metadata.remove(name);
            } else {
                contact.metadata.insert(name.clone(), value.clone());
            }
        }
        Ok(())
    });
    Ok(collection::answer::<Contacts>(put.await?))
}

async fn put_crm_matches(
    State(app): State<App>,
    CallerOf(caller): CallerOf,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let matches: Vec<CrmMatch> = input::json_array(&app, &headers, body).await?;
    let put = app.change_contact(&caller, &id, |contact| {
        contact.crm_matches.clone_from(&matches);
        Ok(())
    });
    Ok(collection::answer::<Contacts>(put.await?))
}
