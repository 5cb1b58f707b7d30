//! The page of one call, chat or mail: hear it, read it, see what matters in it, say something about it.

pub(crate) mod address;
mod deeds;
mod files;
mod judged;
mod sound;
mod stats;
mod view;
mod wave;
mod words;

use crate::{
    Web,
    error::Answer,
    visit::{Visit, done},
};
use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use http::{StatusCode, header};
use touchline_app::{App, AppError, contacts::WholeCall};
use touchline_http::{CallerOf, Gate, Operation, Routes, Shape};
use touchline_model::{Ability, Caller};
use view::{CallPage, Typed};

const SEE: &[Ability] = &[Ability::ReadContacts];
const HEAR: &[Ability] = &[Ability::ReadRecordings];
const SAY: &[Ability] = &[Ability::ReadContacts, Ability::WriteCoaching];

pub(super) fn mount<G: Gate>(routes: &mut Routes<G, Web>) {
    let get = |id, path, needs| Operation::get(id, path).needs(needs).path_param("id", "Contact.");
    let post =
        |id, path, needs| Operation::post(id, path).needs(needs).path_param("id", "Contact.").body_form();
    routes
        .add(get("page_call", "/calls/{id}", SEE), show)
        .add(get("call_waveform", "/calls/{id}/waveform", HEAR), sound::waveform)
        .add(
            get("call_audio", "/calls/{id}/audio", HEAR).query("download", Shape::Text, false, "Keep it."),
            sound::audio,
        )
        .add(get("call_audio_pcm", "/calls/{id}/audio.wav", HEAR), sound::rendition)
        .add(get("call_text", "/calls/{id}/transcript.txt", HEAR), text)
        .add(get("call_captions", "/calls/{id}/transcript.vtt", HEAR), captions)
        .add(post("listened", "/calls/{id}/listened", HEAR), sound::listened)
        .add(post("comment", "/calls/{id}/comments", SAY), deeds::comment)
        // A form that came back has these addresses: loaded again, they lead to the call.
        .add(get("page_comments", "/calls/{id}/comments", SEE), lead_back)
        .add(get("page_share", "/calls/{id}/share", SEE), lead_back)
        .add(
            post("take_back_comment", "/calls/{id}/comments/{remark}/delete", SAY)
                .path_param("remark", "Comment or highlight."),
            deeds::take_back,
        )
        .add(post("share_call", "/calls/{id}/share", SAY), deeds::share)
        .add(
            Operation::get("propose_people", "/people").needs(&[Ability::ReadDirectory]).query(
                "q",
                Shape::Text,
                false,
                "Part of a name or address.",
            ),
            deeds::people,
        )
        .add(get("page_delete_call", "/calls/{id}/delete", &[Ability::DeleteContacts]), deeds::ask)
        .add(post("delete_call", "/calls/{id}/delete", &[Ability::DeleteContacts]), deeds::delete);
}

/// The page as it is, with what was typed and why it was refused.
async fn page(web: &Web, visit: &Visit, id: &str, typed: Typed) -> Result<CallPage, AppError> {
    let call = web.app.whole_call(&visit.caller, id).await?;
    Ok(view::page(visit, &call, typed))
}

async fn show(State(web): State<Web>, visit: Visit, Path(id): Path<String>) -> Answer {
    Ok(visit.page(&page(&web, &visit, &id, Typed::default()).await?))
}

async fn whole(app: &App, caller: &Caller, id: &str) -> Result<WholeCall, AppError> {
    let call = app.whole_call(caller, id).await?;
    match call.transcript {
        Some(_) => Ok(call),
        None => Err(AppError::Missing { what: "transcript of contact", id: id.to_owned() }),
    }
}

fn file(id: &str, ending: &str, media_type: &'static str, text: String) -> Response {
    let mut response = (StatusCode::OK, [(header::CONTENT_TYPE, media_type)], text).into_response();
    let name = sound::attachment(&sound::file_name(id, ending));
    response.headers_mut().insert(header::CONTENT_DISPOSITION, name);
    response
}

async fn text(State(web): State<Web>, CallerOf(caller): CallerOf, Path(id): Path<String>) -> Answer {
    let call = whole(&web.app, &caller, &id).await?;
    let voices = words::voices(&call);
    let title = view::title(&call, &voices);
    let said = call.transcript.unwrap_or_default();
    Ok(file(&id, "txt", "text/plain; charset=utf-8", files::plain(&title, &said, &voices)))
}

async fn captions(State(web): State<Web>, CallerOf(caller): CallerOf, Path(id): Path<String>) -> Answer {
    let call = whole(&web.app, &caller, &id).await?;
    let voices = words::voices(&call);
    let title = view::title(&call, &voices);
    let said = call.transcript.unwrap_or_default();
    Ok(file(&id, "vtt", "text/vtt; charset=utf-8", files::vtt(&title, &said, &voices)))
}

async fn lead_back(Path(id): Path<String>) -> Answer {
    Ok(Redirect::to(&address::call(&id)).into_response())
}

/// Goes back to the page of a contact, at a time, and says what was done.
fn back(id: &str, at: &str, text: &str) -> Response {
    done(&format!("{}{at}", address::call(id)), text)
}
