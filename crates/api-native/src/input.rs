//! JSON coming in. What is refused is refused with the field, line and column.

use crate::Problem;
use axum::{body::Body, http::HeaderMap};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use touchline_app::App;
use touchline_http::{Operation, Refusal, read_json};

/// Reads a JSON object.
pub(crate) async fn json<T: DeserializeOwned>(
    app: &App,
    headers: &HeaderMap,
    body: Body,
) -> Result<T, Problem> {
    let raw = raw(app, headers, body).await?;
    object(raw.get().as_bytes())?;
    parse_with(raw.get().as_bytes(), described)
}

/// Reads a JSON array.
pub(crate) async fn json_array<T: DeserializeOwned>(
    app: &App,
    headers: &HeaderMap,
    body: Body,
) -> Result<Vec<T>, Problem> {
    let raw = raw(app, headers, body).await?;
    parse_with(raw.get().as_bytes(), described)
}

async fn raw(app: &App, headers: &HeaderMap, body: Body) -> Result<Box<RawValue>, Problem> {
    let max = app.limits().json_bytes as u64;
    read_json(headers, body, max).await.map_err(understandable)
}

/// The body of an operation is bounded by [`raw`] with the limit that the operator has set, and not before: a
/// text that is too long is better answered with the name of its field.
pub(crate) fn bounded_by_us(mut operation: Operation) -> Operation {
    if let Some(body) = &mut operation.body {
        body.max_bytes = None;
    }
    operation.answer_error(413)
}

/// Reads one line of NDJSON; its number stands elsewhere, so the complaint names the column alone.
pub(crate) fn parse_line<T: DeserializeOwned>(text: &[u8]) -> Result<T, Problem> {
    object(text)?;
    parse_with(text, |error| described(error).replacen("line 1, ", "", 1))
}

/// Refuses an array, which would otherwise be taken for a record whose fields stand in the order of our code.
fn object(text: &[u8]) -> Result<(), Problem> {
    match text.trim_ascii_start().first() {
        Some(b'[') => Err(Problem::malformed("a record must be a JSON object, not an array")),
        _ => Ok(()),
    }
}

fn understandable(refusal: Refusal) -> Problem {
    match refusal {
        Refusal::Bad(detail) => Problem::malformed(plain(detail)),
        other => other.into(),
    }
}

/// serde_json's words for half a surrogate pair are hard to understand.
fn plain(text: String) -> String {
    text.replace("unexpected end of hex escape", "a lone surrogate, or an escape that is not complete")
}

fn parse_with<T: DeserializeOwned>(
    text: &[u8],
    described: impl Fn(&serde_json::Error) -> String,
) -> Result<T, Problem> {
    serde_json::from_slice(text).map_err(|error| {
        let problem = Problem::malformed(described(&error));
        // Following the path costs time, so it is only done for what is refused anyway.
        match path_of_error::<T>(text) {
            Some(path) => problem.at(path),
            None => problem,
        }
    })
}

fn path_of_error<T: DeserializeOwned>(text: &[u8]) -> Option<String> {
    let mut reader = serde_json::Deserializer::from_slice(text);
    let error = serde_path_to_error::deserialize::<_, T>(&mut reader).err()?;
    if !error.inner().is_data() {
        return None;
    }
    let path = error.path().to_string();
    let unknown = error.inner().to_string();
    let unknown = unknown.strip_prefix("unknown field `").and_then(|rest| rest.split_once('`'));
    match (path.as_str(), unknown) {
        (".", None) => None,
        (".", Some((name, _))) => Some(name.to_owned()),
        (path, Some((name, _))) if path != name && !path.ends_with(&format!(".{name}")) => {
            Some(format!("{path}.{name}"))
        }
        (path, _) => Some(path.to_owned()),
    }
}

/// `line 3, column 7: missing field ...`: the place first, where readers see it.
fn described(error: &serde_json::Error) -> String {
    let text = plain(error.to_string());
    let place = format!(" at line {} column {}", error.line(), error.column());
    match text.strip_suffix(&place) {
        Some(what) => format!("line {}, column {}: {what}", error.line(), error.column()),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use touchline_app::contacts::ContactUpload;

    #[test]
    fn a_refusal_names_the_field_and_the_place() {
        let refused = |text: &str| {
            let problem = parse_with::<ContactUpload>(text.as_bytes(), described).unwrap_err();
            (problem.field, problem.detail)
        };
        let words = r#"{"started_at":"2026-01-01T00:00:00Z","transcript":{"words":[{"start":0,"end":"x","text":"a"}]}}"#;
        assert_eq!(refused(words).0.as_deref(), Some("transcript.words[0].end"));
        let unknown = "{\"started_at\":\"2026-01-01T00:00:00Z\",\n \"colour\":1}";
        let (field, detail) = refused(unknown);
        assert_eq!(field.as_deref(), Some("colour"));
        assert!(detail.starts_with("line 2, column 9: unknown field `colour`"), "{detail}");
        let deep =
            r#"{"started_at":"2026-01-01T00:00:00Z","transcript":{"speakers":[{"number":0,"shoe":1}]}}"#;
        assert_eq!(refused(deep).0.as_deref(), Some("transcript.speakers[0].shoe"));
        let (field, detail) = refused("{\"id\":\"a\"");
        assert_eq!((field, detail.as_str()), (None, "line 1, column 9: EOF while parsing an object"));
        let (field, detail) = refused(r#"{"id":"a","started_at":"2026-01-01T00:00:00"}"#);
        assert_eq!(field.as_deref(), Some("started_at"));
        assert!(detail.contains("has no time zone"), "{detail}");
    }
}
