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
    ClientOptions,
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
struct Service(Client<HttpsConnector<Plain>, HttpRequestBody>);

impl HttpConnector for ByHyper {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        let failed = |error: Box<dyn std::error::Error + Send + Sync>| object_store::Error::Generic {
            store: "S3",
            source: error,
        };
        let builder = HttpsConnectorBuilder::new()
            .with_provider_and_native_roots(Arc::new(ring::default_provider()))
            .map_err(|e| failed(Box::new(e)))?;
        // Whether plain HTTP will do, the object store has asked before.
        let connector = builder.https_or_http().enable_http1().build();
        let client = Client::builder(TokioExecutor::new()).pool_timer(TokioTimer::new()).build(connector);
        Ok(HttpClient::new(Service(client)))
    }
}

impl HttpService for Service {
    fn call<'a, 'f>(&'a self, request: HttpRequest) -> BoxFuture<'f, Result<HttpResponse, HttpError>>
    where
        'a: 'f,
        Self: 'f,
    {
        Box::pin(async move {
            let answer = tokio::time::timeout(PATIENCE, self.0.request(request)).await;
            let answer = answer.map_err(|late| HttpError::new(HttpErrorKind::Timeout, late))?;
            let answer = answer.map_err(|error| {
                let kind = if error.is_connect() { HttpErrorKind::Connect } else { HttpErrorKind::Request };
                HttpError::new(kind, error)
            })?;
            let broken = |error| HttpError::new(HttpErrorKind::Interrupted, error);
            Ok(answer.map(|body| HttpResponseBody::new(body.map_err(broken))))
        })
    }
}
