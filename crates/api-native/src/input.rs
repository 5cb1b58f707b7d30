//! JSON coming in. What is refused is refused with the field, line and column.

use crate::Problem;
use axum::{body::Body, http::HeaderMap};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use touchline_http::read_json;

/// Bytes of a JSON body other than a contact.
pub(crate) const MAX_JSON: u64 = 2 << 20;

/// Reads a JSON body of at most `max` bytes.
pub(crate) async fn json<T: DeserializeOwned>(
    headers: &HeaderMap,
    body: Body,
    max: u64,
) -> Result<T, Problem> {
    let raw: Box<RawValue> = read_json(headers, body, max).await?;
    parse(raw.get().as_bytes())
}

/// Reads one JSON value.
pub(crate) fn parse<T: DeserializeOwned>(text: &[u8]) -> Result<T, Problem> {
    parse_with(text, described)
}

/// Reads one line of NDJSON; its number stands elsewhere, so the complaint names the column alone.
pub(crate) fn parse_line<T: DeserializeOwned>(text: &[u8]) -> Result<T, Problem> {
    parse_with(text, |error| described(error).replacen("line 1, ", "", 1))
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
    let text = error.to_string();
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
            let problem = parse::<ContactUpload>(text.as_bytes()).unwrap_err();
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
