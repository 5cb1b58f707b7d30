//! Why a service refused, in words that may stand in logs and go to webhooks. Its answer itself may not: it can hold the
//! id of the key, the session's token and what was signed.

use object_store::{Error, client::HttpError};
use std::error::Error as StdError;

/// A code of a service is one word, such as `SignatureDoesNotMatch`.
const LONGEST_CODE: usize = 64;

/// What went wrong: kind, status and the service's code.
pub(super) fn of(error: &Error) -> String {
    let what = match error {
        Error::NotFound { .. } => "there is nothing here",
        Error::PermissionDenied { .. } => "the credential may not do this",
        Error::Unauthenticated { .. } => "the service does not know the credential",
        Error::NotSupported { .. } | Error::NotImplemented { .. } => "the service cannot do this",
        Error::InvalidPath { .. } => "the path is not good",
        _ => "the service did not do it",
    };
    match detail(error) {
        Some(detail) => format!("{what} ({detail})"),
        None => what.to_owned(),
    }
}

fn detail(error: &Error) -> Option<String> {
    let mut cause: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(it) = cause {
        if let Some(http) = it.downcast_ref::<HttpError>() {
            return Some(innermost(http));
        }
        cause = it.source();
    }
    // Type and fields of what the service answered are private to the object store; its text has both.
    let whole = error.to_string();
    match (status(&whole), code(&whole)) {
        (Some(status), Some(code)) => Some(format!("{status}, {code}")),
        (Some(it), None) | (None, Some(it)) => Some(it.to_owned()),
        (None, None) => {
            whole.contains("redirect without LOCATION").then(|| "is the region right?".to_owned())
        }
    }
}

fn status(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("status code: ")?;
    rest.get(..3).filter(|it| it.bytes().all(|digit| digit.is_ascii_digit()))
}

/// Why there was no answer: the network's words, none of the service's.
fn innermost(error: &dyn StdError) -> String {
    let mut last = error.to_string();
    let mut cause = error.source();
    while let Some(it) = cause {
        last = it.to_string();
        cause = it.source();
    }
    last
}

fn code(body: &str) -> Option<&str> {
    let (_, rest) = body.split_once("<Code>")?;
    let (code, _) = rest.split_once("</Code>")?;
    let good = code.len() <= LONGEST_CODE && code.bytes().all(|it| it.is_ascii_alphanumeric());
    (good && !code.is_empty()).then_some(code)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may end here")]
    use super::super::{Destination, S3Settings};
    use std::path::Path;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    /// Asks a service that gives one answer and goes.
    async fn told(status: &str, body: &str) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let settings = S3Settings {
            endpoint: format!("http://{}", listener.local_addr().unwrap()),
            region: "eu-central-1".to_owned(),
            access_key_id: "id".to_owned(),
            secret_access_key: "secret".to_owned(),
            allow_http: true,
        };
        let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close", body.len());
        let answer = format!("{head}\r\n\r\n{body}");
        let to = Destination::parse("s3://bucket/prefix", &settings, Path::new("scratch")).unwrap();
        let answering = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let read = stream.read(&mut [0; 4_000]).await.unwrap();
            assert!(read > 0);
            stream.write_all(answer.as_bytes()).await.unwrap();
        };
        tokio::join!(to.read("users/manifest.json"), answering).0.unwrap_err().to_string()
    }

    #[tokio::test]
    async fn what_a_service_answers_is_not_passed_on_but_for_its_code() {
        let body = "<Error><Code>SignatureDoesNotMatch</Code><AWSAccessKeyId>AKIA1</AWSAccessKeyId>\
                    <X-Amz-Security-Token>hush</X-Amz-Security-Token></Error>";
        assert_eq!(
            told("403 Forbidden", body).await,
            "s3://bucket/prefix/users/manifest.json: the credential may not do this (403, SignatureDoesNotMatch)"
        );
        assert_eq!(
            told("400 Bad Request", "<Code>hush <b>AKIA1</b></Code>").await,
            "s3://bucket/prefix/users/manifest.json: the service did not do it (400)"
        );
    }
}
