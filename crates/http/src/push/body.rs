//! Reading requests: content types, charsets, sizes (contract bayeux §1).

use axum::body::{Body, HttpBody};
use encoding_rs::{Encoding, UTF_8};
use http::{HeaderMap, StatusCode, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use std::borrow::Cow;
use touchline_bayeux::{Message, Settings, parse_form, parse_http};

/// How a body is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    /// JSON in this charset.
    Json(&'static Encoding),
    /// An HTML form with parameters `message`.
    Form,
}

/// The messages of a request, or the status to answer with, without a body.
pub(super) async fn read(
    headers: &HeaderMap,
    body: Body,
    settings: &Settings,
) -> Result<Vec<Message>, StatusCode> {
    let kind = kind(headers)?;
    if body.size_hint().lower() > settings.max_message_size as u64 {
        return Err(StatusCode::PAYLOAD_TOO_LARGE);
    }
    let bytes = match Limited::new(body, settings.max_message_size).collect().await {
        Ok(collected) => collected.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => return Err(StatusCode::PAYLOAD_TOO_LARGE),
        Err(_) => return Err(StatusCode::BAD_REQUEST),
    };
    let parsed = match kind {
        Kind::Form => parse_form(&bytes, settings),
        Kind::Json(charset) => {
            let (text, _, was_damaged) = charset.decode(&bytes);
            if was_damaged {
                return Err(StatusCode::BAD_REQUEST);
            }
            match text {
                Cow::Borrowed(text) => parse_http(text.as_bytes(), settings),
                Cow::Owned(text) => parse_http(text.as_bytes(), settings),
            }
        }
    };
    parsed.map_err(|error| StatusCode::from_u16(error.status()).unwrap_or(StatusCode::BAD_REQUEST))
}

/// JSON in UTF-8 when nothing is said.
fn kind(headers: &HeaderMap) -> Result<Kind, StatusCode> {
    let Some(value) = headers.get(header::CONTENT_TYPE) else { return Ok(Kind::Json(UTF_8)) };
    let value = value.to_str().map_err(|_| StatusCode::UNSUPPORTED_MEDIA_TYPE)?;
    let mut parts = value.split(';').map(str::trim);
    match parts.next().unwrap_or_default().to_ascii_lowercase().as_str() {
        "" | "application/json" => {}
        "application/x-www-form-urlencoded" => return Ok(Kind::Form),
        _ => return Err(StatusCode::UNSUPPORTED_MEDIA_TYPE),
    }
    let charset = parts.find_map(|part| {
        let (name, value) = part.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches('"'))
    });
    match charset {
        None => Ok(Kind::Json(UTF_8)),
        Some(label) => {
            Encoding::for_label(label.as_bytes()).map(Kind::Json).ok_or(StatusCode::UNSUPPORTED_MEDIA_TYPE)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn of(value: &'static str) -> Result<Kind, StatusCode> {
        kind(&HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static(value))]))
    }

    // covers(bayeux): S1, T-CharsetTest, T-MissingContentTypeTest
    #[test]
    fn a_content_type_may_be_missing_and_name_any_charset() {
        assert_eq!(kind(&HeaderMap::new()), Ok(Kind::Json(UTF_8)));
        assert_eq!(of("application/json"), Ok(Kind::Json(UTF_8)));
        assert_eq!(
            of("Application/JSON ; x=1; Charset=\"iso-8859-2\""),
            Ok(Kind::Json(encoding_rs::ISO_8859_2))
        );
        assert_eq!(of("application/json;charset=UTF-16LE"), Ok(Kind::Json(encoding_rs::UTF_16LE)));
        assert_eq!(of("application/x-www-form-urlencoded; charset=UTF-8"), Ok(Kind::Form));
        for wrong in ["text/plain", "application/json;charset=klingon", "multipart/form-data"] {
            assert_eq!(of(wrong), Err(StatusCode::UNSUPPORTED_MEDIA_TYPE), "{wrong}");
        }
    }
}
