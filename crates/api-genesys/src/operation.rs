//! Operation objects: `{"operationName": "...", ...parameters}` (contract §1.2). Everything is looked at before anything
//! is done.

use crate::{ApiError, answer::Code};
use axum::{
    body::{Body, HttpBody},
    extract::Request,
    http::{StatusCode, header},
};
use http_body_util::{BodyExt, Limited};
use schemars::JsonSchema;
use serde_json::{Map, Value};

/// Longest body, in bytes.
pub(crate) const MAX_BODY: usize = 64 * 1024;
/// Longest text of a parameter, in bytes.
const MAX_TEXT: usize = 1_024;
/// Longest number, in characters.
const MAX_NUMBER: usize = 64;
/// Most pairs of user data in one request.
const MAX_PAIRS: usize = 200;

/// The body of every POST, for the document.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "describes what is read by hand, with the contract's code for each mistake")]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Operation")]
pub(crate) struct OperationBody {
    /// What is to be done; one of the `capabilities` of the resource. Its parameters stand beside it.
    operation_name: String,
}

/// An operation object.
#[derive(Clone, Debug)]
pub(crate) struct Operation {
    pub(crate) name: String,
    body: Map<String, Value>,
}

impl Operation {
    /// Reads the body of a request.
    pub(crate) async fn read(request: Request) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        let kind = parts.headers.get(header::CONTENT_TYPE).map(|it| it.to_str().unwrap_or("?"));
        let essence = kind.and_then(|it| it.split(';').next()).map(|it| it.trim().to_ascii_lowercase());
        if essence.is_some_and(|it| it != "application/json") {
            let error = ApiError::new(Code::NotNow, "the body must be application/json");
            return Err(error.with_status(StatusCode::UNSUPPORTED_MEDIA_TYPE));
        }
        Self::parse(&bytes(body).await?)
    }

    fn parse(bytes: &[u8]) -> Result<Self, ApiError> {
        let object = serde_json::from_slice::<Value>(bytes);
        let Ok(Value::Object(body)) = object else {
            return Err(ApiError::new(Code::Missing, "the body must be a JSON object"));
        };
        let name = match body.get("operationName") {
            Some(Value::String(name)) if !name.is_empty() => name.clone(),
            None | Some(Value::Null) => return Err(ApiError::missing("operationName")),
            Some(Value::String(_)) => return Err(ApiError::missing("operationName")),
            Some(_) => return Err(unknown("of this kind")),
        };
        Ok(Self { name, body })
    }

    /// There is no such operation here (R-10).
    pub(crate) fn unknown(&self) -> ApiError {
        unknown(&self.name.chars().take(40).collect::<String>())
    }

    /// Whether a parameter is there, and not null.
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.body.get(name).filter(|it| !it.is_null())
    }

    /// A text; empty counts as absent.
    pub(crate) fn text(&self, name: &str) -> Result<Option<&str>, ApiError> {
        text(self.get(name), name)
    }

    /// A text that must be there.
    pub(crate) fn needed(&self, name: &str) -> Result<&str, ApiError> {
        self.text(name)?.ok_or_else(|| ApiError::missing(name))
    }

    /// A number in a text that must be there.
    pub(crate) fn number(&self, name: &str) -> Result<String, ApiError> {
        number(self.get(name), name)
    }

    /// `destination.phoneNumber`.
    pub(crate) fn destination(&self) -> Result<String, ApiError> {
        match self.get("destination") {
            None => Err(ApiError::missing("destination")),
            Some(Value::Object(destination)) => {
                number(destination.get("phoneNumber").filter(|it| !it.is_null()), "destination.phoneNumber")
            }
            Some(_) => Err(ApiError::bad_value("destination")),
        }
    }

    /// `userData`, empty if absent.
    pub(crate) fn user_data(&self) -> Result<Map<String, Value>, ApiError> {
        match self.get("userData") {
            None => Ok(Map::new()),
            Some(Value::Object(data)) => {
                let fits = |key: &String| !key.is_empty() && key.len() <= MAX_TEXT;
                if data.len() > MAX_PAIRS || !data.keys().all(fits) {
                    return Err(ApiError::bad_value("userData"));
                }
                Ok(data.clone())
            }
            Some(_) => Err(ApiError::bad_value("userData")),
        }
    }

    /// `userData`, which must be there.
    pub(crate) fn needed_user_data(&self) -> Result<Map<String, Value>, ApiError> {
        self.get("userData").ok_or_else(|| ApiError::missing("userData"))?;
        self.user_data()
    }

    /// A list of texts that must be there.
    pub(crate) fn texts(&self, name: &str) -> Result<Vec<&str>, ApiError> {
        let Some(Value::Array(all)) = self.get(name) else {
            return Err(if self.get(name).is_some() {
                ApiError::bad_value(name)
            } else {
                ApiError::missing(name)
            });
        };
        let all: Option<Vec<&str>> = all.iter().map(Value::as_str).collect();
        let all = all.filter(|it| it.len() <= MAX_PAIRS).ok_or_else(|| ApiError::bad_value(name))?;
        if all.is_empty() { Err(ApiError::missing(name)) } else { Ok(all) }
    }
}

fn unknown(name: &str) -> ApiError {
    ApiError::new(Code::NotNow, format!("there is no operation `{name}` here"))
}

fn text<'a>(value: Option<&'a Value>, name: &str) -> Result<Option<&'a str>, ApiError> {
    match value {
        None => Ok(None),
        Some(Value::String(text)) if text.len() > MAX_TEXT || text.chars().any(char::is_control) => {
            Err(ApiError::bad_value(name))
        }
        Some(Value::String(text)) => Ok(Some(text.trim()).filter(|it| !it.is_empty())),
        Some(_) => Err(ApiError::bad_value(name)),
    }
}

/// A telephone number; some clients send short ones without quotes.
fn number(value: Option<&Value>, name: &str) -> Result<String, ApiError> {
    let found = match value {
        Some(Value::Number(number)) if number.is_u64() => Some(number.to_string()),
        other => text(other, name)?.map(str::to_owned),
    };
    let found = found.ok_or_else(|| ApiError::missing(name))?;
    if found.chars().count() > MAX_NUMBER { Err(ApiError::bad_value(name)) } else { Ok(found) }
}

async fn bytes(body: Body) -> Result<axum::body::Bytes, ApiError> {
    let too_long = || {
        let message = format!("the body is longer than {MAX_BODY} bytes");
        ApiError::new(Code::BadValue, message).with_status(StatusCode::PAYLOAD_TOO_LARGE)
    };
    if body.size_hint().lower() > MAX_BODY as u64 {
        return Err(too_long());
    }
    match Limited::new(body, MAX_BODY).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<http_body_util::LengthLimitError>() => Err(too_long()),
        Err(_) => Err(ApiError::new(Code::Missing, "the body broke off")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code<T: std::fmt::Debug>(result: Result<T, ApiError>) -> u8 {
        result.unwrap_err().code.number()
    }

    fn read(body: &str) -> Result<Operation, ApiError> {
        Operation::parse(body.as_bytes())
    }

    // covers(genesys): S10, R-10
    #[test]
    fn a_body_that_is_no_operation_says_what_is_missing() {
        for body in [
            "",
            "[]",
            "7",
            "{",
            "null",
            "\"x\"",
            "{}",
            r#"{"operationName":""}"#,
            r#"{"operationName":null}"#,
        ] {
            assert_eq!(code(read(body)), 1, "{body}");
        }
        assert_eq!(code(read(r#"{"operationName":7}"#)), 2);
        assert_eq!(code(read(&format!("{}1{}", "[".repeat(500), "]".repeat(500)))), 1);
    }

    // covers(genesys): S3.3, S10
    #[test]
    fn parameters_are_there_and_of_their_kind_or_named() {
        let of = |parameters: &str| read(&format!("{{\"operationName\":\"Dial\",{parameters}}}")).unwrap();
        assert_eq!(of(r#""destination":{"phoneNumber":" 5001 "}"#).destination().unwrap(), "5001");
        assert_eq!(of(r#""destination":{"phoneNumber":5001}"#).destination().unwrap(), "5001");
        for missing in [
            r#""x":1"#,
            r#""destination":null"#,
            r#""destination":{}"#,
            r#""destination":{"phoneNumber":""}"#,
        ] {
            assert_eq!(code(of(missing).destination()), 1, "{missing}");
        }
        for bad in [
            r#""destination":"5001""#,
            r#""destination":{"phoneNumber":[]}"#,
            r#""destination":{"phoneNumber":-1}"#,
            r#""destination":{"phoneNumber":"50\u000001"}"#,
        ] {
            assert_eq!(code(of(bad).destination()), 10, "{bad}");
        }
        let long = format!(r#""destination":{{"phoneNumber":"{}"}}"#, "5".repeat(65));
        assert_eq!(code(of(&long).destination()), 10);
        assert_eq!(code(of(r#""userData":[]"#).user_data()), 10);
        assert_eq!(code(of(r#""userData":{"":1}"#).user_data()), 10);
        assert_eq!(code(of(r#""x":1"#).needed_user_data()), 1);
        assert_eq!(of(r#""x":1"#).user_data().unwrap(), Map::new());
        assert_eq!(of(r#""channels":["voice"]"#).texts("channels").unwrap(), ["voice"]);
        assert_eq!(code(of(r#""channels":[]"#).texts("channels")), 1);
        assert_eq!(code(of(r#""channels":"voice""#).texts("channels")), 10);
        assert_eq!(code(of(r#""channels":[7]"#).texts("channels")), 10);
    }
}
