//! The requests to a bucket's service, sent by hyper with the TLS library and the trusted certificates that everything
//! else here uses.

use futures::future::BoxFuture;
use http_body_util::BodyExt;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector as Plain},
    rt::{TokioExecutor, TokioTimer},
};
use object_store::{
    ClientConfigKey, ClientOptions,
    client::{
        HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpRequestBody, HttpResponse,
        HttpResponseBody, HttpService,
    },
};
use std::{sync::Arc, time::Duration};
use tokio_rustls::rustls::crypto::ring;

/// How long a service may take to begin its answer. A part of some mebibytes is on its way meanwhile.
const PATIENCE: Duration = Duration::from_secs(120);

/// Connects object stores by hyper.
#[derive(Debug)]
pub(super) struct ByHyper;

#[derive(Debug)]
struct Service {
    client: Client<HttpsConnector<Plain>, HttpRequestBody>,
    /// Whether plain HTTP will do.
    plain: bool,
}

#[derive(Debug, thiserror::Error)]
#[error("plain HTTP is not allowed: set `s3.allow_http`, or use https")]
struct Unencrypted;

/// Whether an option, perhaps of the environment, says yes.
pub(super) fn is_yes(allow_http: Option<&str>) -> bool {
    allow_http.is_some_and(|it| {
        ["true", "1", "yes", "y", "on"].iter().any(|yes| it.trim().eq_ignore_ascii_case(yes))
    })
}

/// Whether TLS is what an error is about.
fn is_of_tls(error: &(dyn std::error::Error + 'static)) -> bool {
    // What a custom `io::Error` wraps is not its source.
    let wrapped = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    error.is::<tokio_rustls::rustls::Error>()
        || wrapped.is_some_and(|inner| is_of_tls(inner))
        || error.source().is_some_and(is_of_tls)
}

impl HttpConnector for ByHyper {
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        let failed = |error: Box<dyn std::error::Error + Send + Sync>| object_store::Error::Generic {
            store: "S3",
            source: error,
        };
        let builder = HttpsConnectorBuilder::new()
            .with_provider_and_native_roots(Arc::new(ring::default_provider()))
            .map_err(|e| failed(Box::new(e)))?;
        // Where a machine asks for its own role, the object store has said yes.
        let plain = is_yes(options.get_config_value(&ClientConfigKey::AllowHttp).as_deref());
        let connector = builder.https_or_http().enable_http1().build();
        let client = Client::builder(TokioExecutor::new()).pool_timer(TokioTimer::new()).build(connector);
        Ok(HttpClient::new(Service { client, plain }))
    }
}

impl HttpService for Service {
    fn call<'a, 'f>(&'a self, request: HttpRequest) -> BoxFuture<'f, Result<HttpResponse, HttpError>>
    where
        'a: 'f,
        Self: 'f,
    {
        Box::pin(async move {
            if !self.plain && request.uri().scheme_str() != Some("https") {
                // Of no kind that would be tried again.
                return Err(HttpError::new(HttpErrorKind::Unknown, Unencrypted));
            }
            let answer = tokio::time::timeout(PATIENCE, self.client.request(request)).await;
            let answer = answer.map_err(|late| HttpError::new(HttpErrorKind::Timeout, late))?;
            let answer = answer.map_err(|error| {
                let kind = match error.is_connect() {
                    // Whoever shows no certificate to be trusted will not in a minute either.
                    true if is_of_tls(&error) => HttpErrorKind::Unknown,
                    true => HttpErrorKind::Connect,
                    false => HttpErrorKind::Request,
                };
                HttpError::new(kind, error)
            })?;
            let broken = |error| HttpError::new(HttpErrorKind::Interrupted, error);
            Ok(answer.map(|body| HttpResponseBody::new(body.map_err(broken))))
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may end here")]
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    fn client(allow_http: bool) -> HttpClient {
        ByHyper.connect(&ClientOptions::new().with_allow_http(allow_http)).unwrap()
    }

    #[tokio::test]
    async fn plain_http_is_spoken_only_where_it_is_allowed() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/bucket", listener.local_addr().unwrap());
        let request = || {
            let mut made = HttpRequest::new(HttpRequestBody::empty());
            *made.uri_mut() = url.parse().unwrap();
            made
        };
        let refused = client(false).execute(request()).await.unwrap_err();
        assert!(refused.to_string().contains("allow_http"), "{refused}");
        let answering = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut heard = [0; 1_000];
            let read = stream.read(&mut heard).await.unwrap();
            stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.unwrap();
            read
        };
        let client = client(true);
        let (answer, heard) = tokio::join!(client.execute(request()), answering);
        assert_eq!(answer.unwrap().status().as_u16(), 204);
        assert!(heard > 0);
    }

    #[test]
    fn the_environment_says_yes_in_more_than_one_way() {
        for yes in ["true", "TRUE", "1", "yes", " on "] {
            assert!(is_yes(Some(yes)), "{yes}");
        }
        for no in [Some("false"), Some("0"), Some(""), None] {
            assert!(!is_yes(no), "{no:?}");
        }
    }
}
